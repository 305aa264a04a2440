"""Facts of letters for tests: a plain formal notice, changed by keyword where a test needs another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from chalicelib.bootstrap import law_rules
from chalicelib.domain.letter_facts import (
    EarlierContact,
    FormalNoticeFacts,
    InterestPeriod,
    LetterInvoice,
    LetterParty,
    totals_of,
)
from chalicelib.domain.money import Money
from chalicelib.law.late_payment import Overdue, late_payment

SENDER = LetterParty(
    name="Atelier Verre Clair",
    legal_form="SAS au capital de 60 000 €",
    address=("4 rue des Souffleurs", "44000 Nantes"),
    legal_id="RCS Nantes 123 456 782",
    vat_number="FR40123456782",
    email="compta@verre-clair.example",
    phone="+33 2 61 91 00 00",
    iban="FR7630006000011234567890189",
    bic="AGRIFRPP",
)
RECIPIENT = LetterParty(
    name="Garage Morel",
    legal_form="SARL",
    address=("Service comptabilité fournisseurs", "118 avenue de la Gare", "35000 Rennes"),
    legal_id="RCS Rennes 987 654 324",
    vat_number="FR32987654324",
    attention="Paul Morel",
)
WRITTEN_ON = date(2026, 11, 21)


def invoice(
    number: str = "2026-0412", amount: str = "1200.00", currency: str = "EUR", *, english: bool = False, **facts: Any
) -> LetterInvoice:
    due_on = facts.pop("due_on", date(2026, 9, 15))
    owed, days = Money.of(amount, currency), (WRITTEN_ON - due_on).days
    late = late_payment(Overdue(amount=owed, due_on=due_on, country="FR"), law_rules(), on=WRITTEN_ON)
    periods = tuple(
        InterestPeriod(
            from_on=p.from_on, to_on=p.to_on, days=p.days, base=p.base, rate=p.rate, interest=p.interest,
            source=p.source if english else p.source_fr,
        )
        for p in late.periods
    )  # fmt: skip
    known: dict[str, Any] = {
        "issued_on": due_on - timedelta(days=30), "due_on": due_on, "days_late": days, "amount": owed,
        "balance": owed, "interest": late.interest, "indemnity": late.indemnity, "periods": periods,
    }  # fmt: skip
    return LetterInvoice(number=number, **{**known, **facts})


def formal_notice(*invoices: LetterInvoice, **facts: Any) -> FormalNoticeFacts:
    found = invoices or (invoice(),)
    notice = FormalNoticeFacts(
        reference="MD-C001-2026-11-21",
        place="Nantes",
        written_on=WRITTEN_ON,
        deadline_on=date(2026, 11, 29),
        sender=SENDER,
        recipient=RECIPIENT,
        signer_name="Hugo Perrin",
        signer_title="Directeur",
        invoices=found,
        totals=totals_of(found),
        articles=("Code de commerce, art. L441-10, II", "Code de commerce, art. D441-5"),
        earlier=(
            EarlierContact(
                on=date(2026, 9, 17), means="email", what="Première relance", to="paul@garage-morel.example"
            ),
            EarlierContact(
                on=date(2026, 9, 24),
                means="call",
                what="Appel : règlement promis pour le 30 septembre",
                to="Paul Morel",
            ),
            EarlierContact(
                on=date(2026, 10, 8), means="email", what="Deuxième relance", to="paul@garage-morel.example"
            ),
        ),
        remittance="2026-0412",
        enclosed=("Copie des factures",),
    )
    return replace(notice, **facts)
