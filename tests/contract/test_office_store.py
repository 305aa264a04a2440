"""What every OfficeStore does: keep the creditor, and know how fresh the knowledge is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.creditor import Creditor, Health, Persona
from chalicelib.errors import BadInput
from chalicelib.ports import SendingHold

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ACME = Creditor(
    name="ACME Matériaux", legal_form="SAS au capital de 50 000 €", address=("1 rue de la Paix", "75002 Paris"),
    country="FR", legal_id="RCS Paris 732 829 320", vat_number="FR44732829320", iban="FR1420041010050500013M02606",
    bic="PSSTFRPPPAR", mailbox="compta@acme.test", late_interest_rate=Decimal("11.50"),
    personas={"collector": Persona(name="Léa", title={"fr": "Comptable", "en": "Accountant"}, email="l@acme.test")},
)  # fmt: skip


def test_without_a_creditor_it_says_what_to_do(offices):
    with pytest.raises(BadInput, match="import the creditor"):
        offices.creditor()
    offices.note_read("payments", AT)
    with pytest.raises(BadInput, match="import the creditor"):
        offices.load()
    assert offices.health() == Health(payments_read_at=AT)


def test_the_creditor_is_kept(offices):
    offices.set_creditor(ACME)
    assert offices.creditor() == ACME
    assert offices.load() == (ACME, Health())


def test_both_come_in_one_load(offices):
    offices.set_creditor(ACME)
    offices.note_read("payments", AT)
    offices.note_read("mailbox", AT + SECOND)
    offices.note_run({"at": AT.isoformat(), "due": 3})
    health = Health(payments_read_at=AT, mailbox_read_at=AT + SECOND)
    assert offices.load() == (ACME, health)
    assert offices.health() == health


@pytest.mark.parametrize("source", ["payments", "mailbox"])
def test_an_older_reading_never_moves_the_note_back(offices, source):
    for at in (AT, AT - SECOND, AT):
        offices.note_read(source, at)
        assert getattr(offices.health(), f"{source}_read_at") == AT
    offices.note_read(source, AT + SECOND)
    assert getattr(offices.health(), f"{source}_read_at") == AT + SECOND


def test_only_payments_and_mailbox_are_read(offices):
    with pytest.raises(ValueError, match="weather"):
        offices.note_read("weather", AT)


def test_all_sending_is_held_and_let_go_on(offices):
    assert offices.hold() is None
    hold = SendingHold(who="hugo@acme.test", at=AT, reason="prices were « wrong »")
    offices.set_hold(hold)
    assert offices.hold() == hold
    assert offices.health().held_since_at == AT, "the run reads it with the rest"
    offices.set_hold(None)
    offices.set_hold(None)
    assert offices.hold() is None


def test_runs_are_told_the_last_one_first_and_no_further_back(offices):
    for hour in range(4):
        offices.note_run({"at": (AT + timedelta(hours=hour)).isoformat(), "due": hour, "blind": ""})
    assert [run["due"] for run in offices.runs_since(AT + timedelta(hours=1))] == [3, 2, 1]
    assert list(offices.runs_since(AT + timedelta(hours=3, seconds=1))) == []
