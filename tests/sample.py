"""A sample creditor, debtor and invoices for tests: plain facts, changed by keyword where a test needs others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.domain import formal_notice
from chalicelib.domain.apply import apply_all
from chalicelib.domain.creditor import Creditor, Health, Office, Persona
from chalicelib.domain.debtor_file import Case, Contact, Credit, Debtor, DebtorFile, Demand, TaskKind
from chalicelib.domain.events import (
    ContactSet,
    DebtorOpened,
    Event,
    FormalNoticeApproved,
    InvoiceEntered,
    NoticeSent,
    TaskClosed,
    entries_after,
)
from chalicelib.domain.money import Money
from chalicelib.domain.plan import Proposal
from chalicelib.domain.policy import Policy
from chalicelib.domain.policy_file import load_policies
from chalicelib.domain.settle import consequences, receive
from chalicelib.domain.view import View

PARIS = ZoneInfo("Europe/Paris")
POLICIES = Path(__file__).parent.parent / "templates" / "policies"

CREDITOR = Creditor(
    name="Atelier Verre Clair",
    legal_form="SAS",
    address=("4 rue des Souffleurs", "44000 Nantes"),
    country="FR",
    legal_id="RCS Nantes 123 456 782",
    vat_number="FR40123456782",
    iban="FR7630006000011234567890189",
    bic="AGRIFRPP",
    mailbox="compta@verre-clair.example",
    authserv_id="mx.verre-clair.example",
    personas={
        "collector": Persona(
            name="Nadia Ferrand",
            title={"fr": "Comptabilité clients", "en": "Accounts receivable"},
            email="nadia.ferrand@verre-clair.example",
            phone="+33 2 61 91 00 00",
        ),
        "director": Persona(
            name="Hugo Perrin", title={"fr": "Directeur", "en": "Director"}, email="hugo.perrin@verre-clair.example"
        ),
    },
)


@cache
def policies() -> dict[str, Policy]:
    return load_policies({path.name: path.read_text("utf-8") for path in POLICIES.glob("*.yaml")})


def paris(day: date | str, clock: str = "10:00") -> datetime:
    """An instant on a Paris wall clock."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=PARIS).astimezone(UTC)


def office(at: datetime, **creditor: Any) -> Office:
    """An office that has read its payments and its mailbox just now."""
    return Office(
        creditor=replace(CREDITOR, **creditor),
        health=Health(payments_read_at=at, mailbox_read_at=at),
        policies=policies(),
    )


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def case(number: str, due: str, amount: str = "1200.00", **facts: Any) -> Case:
    currency = facts.pop("currency", "EUR")
    due_on = date.fromisoformat(due)
    known: dict[str, Any] = {
        "issued_on": date.fromordinal(due_on.toordinal() - 30),
        "entered_on": date.fromordinal(due_on.toordinal() - 30),
        "amount": Money.of(amount, currency),
        "balance": Money.of(amount, currency),
    }
    return Case(number=number, due_on=due_on, **{**known, **facts})


def file_of(*cases: Case, contact: Contact | None = None, no_contact: bool = False, **debtor: Any) -> DebtorFile:
    """A debtor's file with these cases and one payer."""
    facts: dict[str, Any] = {"id": "C001", "name": "Garage Morel", "sales_rep": "lea.dumas@verre-clair.example"}
    contact = contact or Contact(
        id="payer", name="Paul Morel", email="paul@garage-morel.example", phone="+33 1 00 00 00 00"
    )
    events: list[Event] = [DebtorOpened(debtor=Debtor(**{**facts, **debtor}))]
    events += [] if no_contact else [ContactSet(contact=contact)]
    events += [InvoiceEntered(case=c) for c in cases]
    return after(None, *events)


def after(file: DebtorFile | None, *events: Event, at: datetime | None = None) -> DebtorFile:
    """The file after these events."""
    happened = [(event, "sample") for event in events]
    at = at or datetime(2026, 1, 1, tzinfo=UTC)
    return apply_all(file, entries_after(file.entries if file else 0, happened, at=at, who="test"))


def performed(file: DebtorFile, proposals: Iterable[Proposal], at: datetime) -> DebtorFile:
    """The file after all that is proposed was done: mails are accepted at once."""
    for proposal in proposals:
        file = after(file, *(event for event, _ in proposal.events), at=at)
        if proposal.notice:
            file = after(file, NoticeSent(notice_id=proposal.notice.id, message_id="<m>", at=at), at=at)
    return file


def received(file: DebtorFile, credit: Credit, numbers: Sequence[str]) -> DebtorFile:
    """The file after money or a credit note came for these invoices, with what follows from it."""
    at = paris(credit.on)
    file = after(file, *(event for event, _ in receive(file, credit, numbers)), at=at)
    return after(file, *(event for event, _ in consequences(file, on=credit.on, at=at)), at=at)


def approved(file: DebtorFile, at: datetime, *, seen_at: datetime | None = None) -> DebtorFile:
    """The file after a manager's approval at `at` of the formal notice that is asked for, as it stood at `seen_at`."""
    (task,) = [t for t in file.open_tasks() if t.kind is TaskKind.APPROVE_NOTICE]
    view = View(file, office(at), seen_at or at)
    demands = tuple(Demand(number=c.number, balance=b) for c, b, _ in formal_notice.demandable(view))
    letter = formal_notice.letter(task, demands, tuple(d.balance for d in demands), at=at, who="manager")
    closed = TaskClosed(task_id=task.id, outcome="approved", note="", at=at)
    return after(file, closed, FormalNoticeApproved(letter=letter), at=at)
