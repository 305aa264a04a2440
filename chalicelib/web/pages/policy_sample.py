"""A mail of the ladder with real data, or with a sample's: the real writer, on the day on which the step would come.

Only what a reminder needs is taken of a debtor's file: a promise or a dispute would hold the mail back, and this is
about how the words look.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from decimal import Decimal

from chalicelib.domain.calendar import instant
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import Case, Contact, Debtor, DebtorFile, Notice
from chalicelib.domain.money import Money
from chalicelib.domain.policy import Policy, Step
from chalicelib.pipeline.before_tonight import Mail, written
from chalicelib.ports import Parts
from chalicelib.web.pages.policy_words import nominal_days

SHOWN = 3
"""Invoices in a preview at most."""

NOBODY = "client@example.com"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A preview: whose, as on which day, and the mail; or why there is none."""

    name: str
    debtor_id: str  # empty: the sample
    on: date
    mail: Mail | None
    why: str


def sample(parts: Parts, office: Office, policy: Policy, step: Step, file: DebtorFile | None, language: str) -> Sample:
    """The mail of one step in one language."""
    kept = _of(file, language) if file else None
    real = kept or _made_up(office.creditor.country, language)
    cases = sorted(real.cases.values(), key=lambda c: (c.due_on, c.number))
    on = cases[0].due_on + timedelta(days=nominal_days(policy)[step.id])
    contact = next(iter(real.contacts.values()))
    notice = Notice(
        id="preview", step=step.id, takes=tuple((case.number, step.id) for case in cases), on=on, language=language,
        currency=cases[0].balance.currency, contact=contact.id, to=contact.email, sender=step.sender,
        template=step.template, claimed_at=None,
    )  # fmt: skip
    at = instant(on, time(10), office.creditor.zone)
    mail, why = written(parts, office, real, notice, at=at)
    return Sample(name=real.debtor.name, debtor_id=file.id if kept and file else "", on=on, mail=mail, why=why)


def _of(file: DebtorFile, language: str) -> DebtorFile | None:
    """What a reminder to this debtor needs; None where nothing of it is open."""
    cases = file.open_cases()
    cases = [c for c in cases if c.balance.currency == cases[0].balance.currency][:SHOWN]
    if not cases:
        return None
    contact = next((c for c in file.contacts.values() if c.email), None) or Contact(id="payer", email=NOBODY)
    return DebtorFile(
        debtor=replace(file.debtor, language=language),
        contacts={contact.id: replace(contact, language=language)},
        cases={case.number: replace(case, document="") for case in cases},
    )


def _made_up(country: str, language: str) -> DebtorFile:
    debtor = Debtor(
        id="sample", name="Garage Morel" if country == "FR" else "Morel Motors", country=country, language=language
    )
    contact = Contact(id="payer", name="Paul Morel", email=NOBODY, language=language)
    due_on = date(2026, 3, 10)
    cases = [
        Case(
            number=f"F-2026-{n:03}", issued_on=due_on - timedelta(days=30), due_on=due_on + timedelta(days=n - 1),
            amount=money, balance=money, entered_on=due_on - timedelta(days=30),
        )
        for n, money in enumerate((Money(Decimal("1840.00"), "EUR"), Money(Decimal("612.50"), "EUR")), 1)
    ]  # fmt: skip
    return DebtorFile(debtor=debtor, contacts={contact.id: contact}, cases={case.number: case for case in cases})
