"""The call sheet: everything a person needs before, during and after one call to a debtor, on one page.

Only what may be spoken of is on it as such: contested, promised and announced invoices stand apart, as what not to do.
The file must be whole: the payment habit is read off the invoices that are settled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from chalicelib.domain import plans
from chalicelib.domain.calendar import end_of_month
from chalicelib.domain.calls import CAUSES, silenced, speakable, whom
from chalicelib.domain.creditor import Office, Persona
from chalicelib.domain.debtor_file import (
    Call,
    Case,
    Closed,
    Contact,
    Debtor,
    DebtorFile,
    Notice,
    NoticeState,
    PlanState,
    Promise,
    PromiseState,
    Role,
    Task,
    TaskKind,
    at_stake,
)
from chalicelib.domain.lifecycle import STATUSES
from chalicelib.domain.money import Money
from chalicelib.domain.plans import Offer
from chalicelib.domain.reliability import Reliability, reliability

HABIT_OF = timedelta(days=730)
"""How far back a payment habit is looked for."""
EARLIER_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody to call, and why in this place. Without a right number there is nobody to call yet."""

    contact: Contact
    why: str
    language: str

    @property
    def callable(self) -> bool:
        return self.contact.callable


@dataclass(frozen=True, kw_only=True)
class Item:
    """One invoice with its evidence. `silenced`: why it is not to be spoken of."""

    case: Case
    days_late: int
    status: str  # what the buyer's platform said last, in words
    silenced: str = ""


@dataclass(frozen=True, kw_only=True)
class Contacted:
    """An earlier contact: a mail that left, or a call and what came of it."""

    on: date
    what: str  # a notice's template, or "call"
    to: str
    outcome: str = ""
    cause: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Habit:
    """How this debtor pays: over how many settled invoices, days late on average and at worst."""

    invoices: int = 0
    days_late: int = 0
    worst: int = 0
    run_days: tuple[int, ...] = ()
    next_run_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class CallSheet:
    """What is prepared for one call on one day."""

    task: Task
    debtor: Debtor
    on: date
    people: tuple[Person, ...]
    items: tuple[Item, ...]
    at_stake: Money | None
    signed_by: tuple[Contact, ...]  # who signs for deliveries
    earlier: tuple[Contacted, ...]
    broken: tuple[Promise, ...]
    word: Reliability
    habit: Habit
    unanswered: int  # calls in vain since the last sign of life
    obtain: tuple[str, ...]
    causes: tuple[str, ...]
    offers: tuple[Offer, ...]
    leave_alone: tuple[Item, ...]
    caller: Persona
    creditor: str

    @property
    def reliability(self) -> int | None:
        """Promises kept of those judged, per cent (in part: half); None where none was."""
        return self.word.rate


def call_sheet(file: DebtorFile, task: Task, office: Office, *, on: date) -> CallSheet:
    """The sheet for a call task on a day of the creditor's calendar."""
    cases = speakable(file, task.numbers or tuple(file.cases))
    spoken = {c.number for c in cases}
    broken = tuple(p for p in _promises(file, spoken) if p.state is PromiseState.BROKEN)
    unanswered = max((file.unanswered_calls(number) for number in spoken), default=0)
    hard = bool(broken) or unanswered > 1 or any(file.given_up(c) for c in cases)
    stake = at_stake(cases)
    return CallSheet(
        task=task,
        debtor=file.debtor,
        on=on,
        people=tuple(
            Person(contact=contact, why=why, language=contact.language or file.debtor.language)
            for contact, why in whom(file, cases, hard=hard)
            if contact.role is not Role.RECIPIENT
        ),
        items=tuple(_item(file, c, on) for c in cases),
        at_stake=stake,
        signed_by=tuple(c for c in file.contacts.values() if c.role is Role.RECIPIENT),
        earlier=_earlier(file, spoken),
        broken=broken,
        word=reliability(file),
        habit=_habit(file, on),
        unanswered=unanswered,
        obtain=_obtain(cases, on),
        causes=CAUSES,
        offers=_offers(file, spoken, office, on),
        leave_alone=tuple(_item(file, c, on) for c in file.open_cases() if silenced(file, c.number)),
        caller=office.creditor.persona("collector"),
        creditor=office.creditor.name,
    )


def _item(file: DebtorFile, case: Case, on: date) -> Item:
    return Item(
        case=case,
        days_late=max((on - case.due_on).days, 0),
        status=STATUSES.get(case.buyer_status, case.buyer_status),
        silenced=silenced(file, case.number),
    )


def _promises(file: DebtorFile, numbers: set[str]) -> list[Promise]:
    found = [p for p in file.promises.values() if numbers & set(p.numbers)]
    return sorted(found, key=lambda p: (p.made_on, p.id))


def _earlier(file: DebtorFile, numbers: set[str]) -> tuple[Contacted, ...]:
    """Mails that left and calls about these invoices, the latest first."""
    mails = [n for n in file.notices.values() if _left(n) and numbers & {number for number, _ in n.takes}]
    calls = [c for c in file.calls.values() if numbers & set(c.numbers)]
    found = [Contacted(on=n.on, what=n.template or n.step, to=n.to) for n in mails]
    found += [_call(file, c) for c in calls]
    return tuple(sorted(found, key=lambda c: (c.on, c.what), reverse=True)[:EARLIER_SHOWN])


def _left(notice: Notice) -> bool:
    return notice.state in (NoticeState.SENT, NoticeState.UNKNOWN) and not notice.internal


def _call(file: DebtorFile, call: Call) -> Contacted:
    contact = file.contacts.get(call.contact)
    to = call.spoke_to or (contact.name or contact.email if contact else "")
    return Contacted(on=call.on, what="call", to=to, outcome=call.outcome, cause=call.cause, note=call.note)


def _habit(file: DebtorFile, on: date) -> Habit:
    paid = [
        (c.settled_on - c.due_on).days
        for c in file.cases.values()
        if c.closed is Closed.PAID and c.settled_on and on - c.settled_on <= HABIT_OF
    ]
    runs = tuple(sorted(file.debtor.payment_run_days))
    return Habit(
        invoices=len(paid),
        days_late=round(sum(paid) / len(paid)) if paid else 0,
        worst=max(paid, default=0),
        run_days=runs,
        next_run_on=_next_run(runs, on),
    )


def _next_run(runs: tuple[int, ...], on: date) -> date | None:
    """The debtor's next payment run; a day that a month has not is its last."""
    day = on
    for _ in range(62 if runs else 0):
        last = end_of_month(day).day
        if day.day in {min(run, last) for run in runs}:
            return day
        day += timedelta(days=1)
    return None


def _obtain(cases: list[Case], on: date) -> tuple[str, ...]:
    """What the call is for: before the due date that nothing stands in the way, after it a promise worth the name."""
    if cases and all(c.due_on >= on for c in cases):
        return ("received", "conforming", "approved", "run")
    return ("cause", "amount", "date", "means")


def _offers(file: DebtorFile, spoken: set[str], office: Office, on: date) -> tuple[Offer, ...]:
    """The instalments that the policy allows to offer; none while a plan runs, nor after one was broken."""
    if not spoken or any(p.state in (PlanState.AGREED, PlanState.BROKEN) for p in file.plans.values()):
        return ()
    return tuple(offer for offer in plans.offers(file, spoken, office, on=on) if offer.instalments)


CALLS = (TaskKind.CALL, TaskKind.BROKEN_PROMISE)
"""Kinds of task that are calls."""
