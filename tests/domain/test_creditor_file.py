"""The creditor's profile is read whole, or refused by line and key; a wrong IBAN never gets on a notice."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.creditor_file import iban_is_sound, read_creditor, siren_is_sound
from chalicelib.errors import BadFile

SAMPLE = (Path(__file__).parents[2] / "templates" / "creditor.yaml").read_text("utf-8")
IBAN = "FR7630006000011234567890189"


def test_the_sample_is_read():
    creditor = read_creditor(SAMPLE)

    assert (creditor.name, creditor.country, creditor.zone) == ("Atelier Exemple", "FR", "Europe/Paris")
    assert creditor.iban == IBAN
    assert creditor.address == ("12 rue des Lilas", "69003 Lyon")
    assert set(creditor.personas) == {"collector", "sales_rep", "director"}
    assert creditor.personas["collector"].title == {"fr": "Service clients", "en": "Customer accounts"}


@pytest.mark.parametrize(
    ("line", "folders"),
    [("", ("INBOX",)), ("folders: Clients", ("Clients",)), ("folders: [INBOX, Clients, INBOX]", ("INBOX", "Clients"))],
)
def test_the_folders_of_the_mailbox_are_those_named_or_the_inbox(line, folders):
    assert read_creditor(f"{SAMPLE}\n{line}\n").folders == folders


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("name: Atelier Exemple", "name:", "key name: has no value; expected a piece of text"),
        ("country: FR", "country: France",
         "key country: 'France' does not fit; expected two capital letters, for example FR"),
        ("189\n", "198\n", "key iban: the check digits do not agree; copy it again from the bank's own paper"),
        ("7890 189\n", "7890 18\n", "key iban: has 26 characters; an IBAN of FR has 27"),
        ("456 782  ", "456 789  ", "key legal_id: 'RCS Lyon 123 456 789' holds no sound SIREN; "
         "expected nine digits whose check digit agrees"),
        ("bic: AGRIFRPP", "bic: AGRI", "key bic: 'AGRI' does not fit; expected 8 or 11 letters and digits"),
        ("mailbox: compta@", "mailbox: compta+x@", "key mailbox: 'compta+x@atelier-exemple.example' has a + already; "
         "Relance adds +token itself: give the plain address"),
        ("zone: Europe/Paris", "zone: Europe/Lyon",
         "key zone: 'Europe/Lyon' is no time zone; expected for example Europe/Paris"),
        ("  collector:\n", "  colector:\n",
         "key personas.collector: is missing; the collector speaks for every role that nobody holds"),
        ("    name: Camille Martin\n", "",
         "key personas.collector.name: is missing; expected a piece of text"),
        ("# payment_link: https://pay", "payment_link: http://pay",
         "key payment_link: 'http://pay.atelier-exemple.example/{number}' does not fit; "
         "expected https://…/{number}, or nothing"),
        ("# payment_link: https://pay.atelier-exemple.example/{number}", "payment_link: https://pay.example/{amount}",
         "key payment_link: only {number} is replaced in it; expected for example https://pay.example/{number}"),
        ("# late_interest_rate: 12 ", "late_interest_rate: 12 % ",
         "key late_interest_rate: '12 %' does not fit; expected per cent a year, for example 12 or 11.5"),
        ("vat_number: FR11123456782", "vat: FR11123456782", "key vat: unknown key; did you mean vat_number?"),
    ],
    ids=lambda v: v[:25],
)  # fmt: skip
def test_a_wrong_profile_is_refused_by_key(old, new, expected):
    assert SAMPLE.count(old) == 1, old
    with pytest.raises(BadFile) as refused:
        read_creditor(SAMPLE.replace(old, new))

    found = [str(f).split(", ", 1)[1] for f in refused.value.findings]
    assert expected in found
    assert all(str(f).startswith("line ") for f in refused.value.findings)


def test_the_interest_of_the_terms_of_sale_is_read_exactly():
    assert read_creditor(SAMPLE).late_interest_rate is None
    changed = SAMPLE.replace("# late_interest_rate: 12 ", "late_interest_rate: 11.55 ")
    assert read_creditor(changed).late_interest_rate == Decimal("11.55")


@pytest.mark.parametrize("iban", [IBAN, "DE89370400440532013000", "GB82WEST12345698765432", "BE68539007547034"])
def test_specimen_ibans_are_sound(iban):
    assert iban_is_sound(iban)


@given(st.integers(4, len(IBAN) - 1), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(place, by):
    wrong = IBAN[:place] + str((int(IBAN[place]) + by) % 10) + IBAN[place + 1 :]

    assert not iban_is_sound(wrong)


@given(st.integers(4, len(IBAN) - 2))
def test_two_digits_exchanged_are_always_found(place):
    wrong = IBAN[:place] + IBAN[place + 1] + IBAN[place] + IBAN[place + 2 :]

    assert wrong == IBAN or not iban_is_sound(wrong)


@pytest.mark.parametrize("iban", ["", "FR76", IBAN.lower(), IBAN + "0", " " + IBAN, "FR76٣0006000011234567890189"])
def test_what_is_no_iban_is_not_sound(iban):
    assert not iban_is_sound(iban)


@pytest.mark.parametrize(
    ("digits", "sound"),
    [("732829320", True), ("732829321", False), ("73282932000074", True), ("73282932", False), ("", False)],
)
def test_a_siren_passes_its_luhn_check(digits, sound):
    assert siren_is_sound(digits) is sound
