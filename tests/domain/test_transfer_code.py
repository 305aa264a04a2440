"""The transfer code fills in exactly what we ask for, or there is none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.money import Money
from chalicelib.domain.transfer_code import REMITTANCE_LONGEST, is_iban, remittance_text, transfer_code

IBAN = "FR7630006000011234567890189"


def code(**changes: Any) -> str:
    facts: dict[str, Any] = {
        "name": "Atelier Verre Clair",
        "iban": IBAN,
        "bic": "AGRIFRPP",
        "amount": Money.of("1234.50", "EUR"),
        "remittance": "F-1, F-2",
    }
    return transfer_code(**{**facts, **changes})


def test_it_has_the_eleven_elements_of_version_002() -> None:
    assert code().split("\n") == [
        "BCD", "002", "1", "SCT", "AGRIFRPP", "Atelier Verre Clair", IBAN, "EUR1234.50", "", "", "F-1, F-2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "has_code"),
    [("0.00", False), ("0.01", True), ("999999999.99", True), ("1000000000.00", False), ("-5.00", False)],
)
def test_it_knows_amounts_from_one_cent_to_999_999_999_euros_99(amount: str, has_code: bool) -> None:
    assert bool(code(amount=Money.of(amount, "EUR"))) is has_code


def test_there_is_none_in_another_currency() -> None:
    assert code(amount=Money.of("10.00", "CHF")) == ""


@pytest.mark.parametrize("iban", ["", "FR7630006000011234567890188", "FR76", "7630006000011234567890189", "ça"])
def test_there_is_none_for_an_account_number_with_wrong_check_digits(iban: str) -> None:
    assert not is_iban(iban)
    assert code(iban=iban) == ""


@pytest.mark.parametrize(
    "iban", ["FR76 3000 6000 0112 3456 7890 189", "de89370400440532013000", "GB82 WEST 1234 5698 7654 32"]
)
def test_spaces_and_small_letters_do_not_spoil_an_account_number(iban: str) -> None:
    assert is_iban(iban)
    assert code(iban=iban).split("\n")[6] == iban.replace(" ", "").upper()


def test_a_malformed_bic_is_left_out() -> None:
    assert code(bic="AGRI-FR").split("\n")[4] == ""
    assert code(bic="agrifrpp882").split("\n")[4] == "AGRIFRPP882"


def test_names_and_references_use_the_letters_that_every_bank_takes() -> None:
    elements = code(name="Société Générale d’Œuvres & Cie", remittance="N°12 – été\n#7").split("\n")
    assert elements[5] == "Societe Generale d'OEuvres + Cie"
    assert elements[10] == "N 12 ete 7"
    assert len(elements) == 11


@given(st.lists(st.text(min_size=1, max_size=60), max_size=40))
def test_a_remittance_names_whole_invoices_within_140_characters(numbers: list[str]) -> None:
    text = remittance_text(numbers)
    assert len(text) <= REMITTANCE_LONGEST
    named = next(n for n in range(len(numbers) + 1) if ", ".join(numbers[:n]) == text)
    if named < len(numbers):  # the next one would not have fitted
        assert len(", ".join(numbers[: named + 1])) > REMITTANCE_LONGEST


def test_a_single_number_that_is_too_long_is_cut() -> None:
    assert remittance_text(["A" * 200]) == "A" * 140


@given(st.text(max_size=300), st.text(max_size=300), st.decimals("0.01", "999999999.99", places=2))
def test_it_never_exceeds_the_331_bytes_of_the_standard(name: str, remittance: str, amount: Any) -> None:
    text = code(name=name, remittance=remittance, amount=Money.of(amount, "EUR"))
    assert len(text.encode()) <= 331
    assert text == "" or text.split("\n")[7] == f"EUR{amount:.2f}"
