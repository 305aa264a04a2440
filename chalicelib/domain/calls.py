"""What follows a call: it is logged as data, confirmed in writing the same day, and always has a next date.

Whoever could not be reached is tried again; after so many vain calls a late case is an unpaid one. What the debtor
said decides what is prepared: a promise is watched, a dispute examined, a missing document sent, cash negotiated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.domain import events as e
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import (
    Block,
    BlockKind,
    Call,
    Case,
    Contact,
    DebtorFile,
    Fact,
    Order,
    Role,
    Task,
    TaskKind,
    at_stake,
    by_currency,
)
from chalicelib.domain.money import total
from chalicelib.domain.view import short
from chalicelib.errors import BadInput

if TYPE_CHECKING:
    from chalicelib.domain.outcomes import Outcome

OUTCOMES = frozenset({"reached", "voicemail", "no_answer", "wrong_number", "refused", "promised", "disputed", "paid"})

CAUSES = ("forgot", "not_received", "missing_document", "approval_pending", "cash", "dispute", "other")
"""Why it is not paid, as the debtor says."""

APPROVED = frozenset({"205", "211", "212"})
"""Statuses of the buyer's platform with which an invoice is good to pay; no status says nothing either way."""


def whom(file: DebtorFile, cases: list[Case], *, hard: bool = False) -> list[tuple[Contact, str]]:
    """Whom to call, in order, each with the reason for the place: who can be reached by phone before who cannot.

    The approver comes first where the buyer's platform says that an invoice is not approved yet: the payer can do
    nothing about it. `hard`: after broken promises and vain calls the director follows the payer at once.
    """
    not_approved = any(c.buyer_status and c.buyer_status not in APPROVED for c in cases)
    last = "last resort"
    ranks: dict[Role, tuple[int, str]] = {
        Role.APPROVER: (0, "not approved yet") if not_approved else (3, "marks invoices good to pay"),
        Role.PAYER: (1, "triggers the payment"),
        Role.DIRECTOR: (2, "the others did not help") if hard else (4, last),
        Role.BUYER: (5, "ordered"),
        Role.RECIPIENT: (6, "signed the delivery"),
    }
    found = sorted(file.contacts.values(), key=lambda c: (not c.callable, ranks[c.role][0], c.id))
    return [(c, ranks[c.role][1]) for c in found]


def speakable(file: DebtorFile, numbers: tuple[str, ...]) -> list[Case]:
    """The invoices of a task that a call may speak of: open, and neither contested, promised nor announced."""
    return [c for c in file.open_among(numbers) if not silenced(file, c.number)]


def silenced(file: DebtorFile, number: str) -> str:
    """Why an invoice is not to be spoken of; empty where it may."""
    if file.dispute_on(number):
        return "disputed"
    if file.plan_on(number):
        return "a payment plan runs"
    if promise := file.promise_on(number):
        return f"promised for {promise.pay_on}"
    return "payment announced" if file.claim_on(number) else ""


def left_alone(file: DebtorFile, number: str) -> bool:
    """Whether nothing is asked about an invoice now: it is not to be spoken of, or blocked."""
    return bool(silenced(file, number) or file.block_on(number))


def called(
    file: DebtorFile, task: Task, said: Outcome, office: Office, *, today: date, at: datetime, who: str
) -> Iterator[e.Event]:
    """The entries that a call's outcome causes beside its promise, dispute or payment claim.

    `file` is the file before the outcome. BadInput where what is said does not fit together.
    """
    cases = speakable(file, task.numbers)
    call = _call(file, task, said, office, cases, today=today, at=at, who=who)
    yield e.CallLogged(call=call)
    match said.outcome:
        case "voicemail" | "no_answer":
            yield from _unreached(file, task, call, office, cases, today)
        case "wrong_number":
            yield from _wrong_number(file, task, call, cases, today)
        case "reached":
            yield from _talked(file, task, call, said, office, cases, today)
    if said.outcome in OUTCOMES - {"no_answer", "wrong_number"}:
        yield from _confirmed(file, task, call, said, office, cases, today)


def new_phone(file: DebtorFile, task: Task, phone: str, office: Office, *, today: date) -> Iterator[e.Event]:
    """A right number was found: it is noted, and the call that failed is to be made again."""
    contact = file.contacts.get(task.note)
    if sum(c.isdigit() for c in phone) < 6:
        raise BadInput("phone", f"{phone!r} is no phone number", "give the number to call from now on")
    if contact is None:
        return
    yield e.ContactSet(contact=replace(contact, phone=phone, phone_wrong_since_on=None))
    cases = speakable(file, task.numbers)
    if cases and not _open_call(file, task):
        yield _again(
            task, cases, office.creditor.calendar.on_or_after(today), f"call {phone}: a number was found", today
        )


def _call(
    file: DebtorFile,
    task: Task,
    said: Outcome,
    office: Office,
    cases: list[Case],
    *,
    today: date,
    at: datetime,
    who: str,
) -> Call:
    if said.cause and said.cause not in CAUSES:
        raise BadInput("cause", f"{said.cause!r} is no cause", f"one of {', '.join(CAUSES)}")
    if said.contact and said.contact not in file.contacts:
        known = ", ".join(sorted(file.contacts)) or "none is on file"
        raise BadInput("contact", f"{said.contact!r} is no contact of this debtor", f"one of {known}")
    first = next((c.id for c, _ in whom(file, cases) if c.callable), "")
    return Call(
        id=f"call-{task.id}",
        task=task.id,
        at=at,
        on=today,
        outcome=said.outcome,
        numbers=tuple(c.number for c in cases),
        next_on=_next_on(file, said, office, cases, today),
        caller=who,
        contact=said.contact or first,
        spoke_to=said.spoke_to,
        cause=said.cause or ("dispute" if said.outcome == "disputed" else ""),
        amount=said.amount,
        pay_on=said.on if said.outcome == "promised" else None,
        means=said.means,
        note=said.note,
    )


def _next_on(file: DebtorFile, said: Outcome, office: Office, cases: list[Case], today: date) -> date:
    """The day on which something follows: as agreed, else as the policy says. Never none."""
    if said.next_on is not None:
        if said.next_on <= today:
            raise BadInput("next_on", f"{said.next_on} is no day to come", "give a day after today")
        return said.next_on
    policy, calendar = office.policy(file.debtor.policy), office.creditor.calendar
    match said.outcome:
        case "promised" if said.on:
            return calendar.add(policy.believed_until(said.on, cases, calendar), 1)
        case "paid":
            return calendar.add(today, policy.claim_hold_business_days + 1)
        case "voicemail" | "no_answer" | "wrong_number":
            return calendar.add(today, policy.calls.retry_business_days)
    return calendar.on_or_after(today + timedelta(days=policy.calls.follow_up_days))


def _unreached(
    file: DebtorFile, task: Task, call: Call, office: Office, cases: list[Case], today: date
) -> Iterator[e.Event]:
    """Try again; a late case that was called about in vain so many times is unpaid."""
    most = office.policy(file.debtor.policy).calls.unreached_calls
    vain = {c.number: file.unanswered_calls(c.number) + 1 for c in cases}
    given_up = [c for c in cases if vain[c.number] >= most and c.due_on < today]
    for case in given_up:
        if case.unpaid_since_on is None:
            yield e.CaseDeclaredUnpaid(number=case.number, on=today)
    left = [c for c in cases if c not in given_up]
    if left and not _open_call(file, task):
        yield _again(task, left, call.next_on, f"call again: {call.outcome} on {today}", today)


def _wrong_number(file: DebtorFile, task: Task, call: Call, cases: list[Case], today: date) -> Iterator[e.Event]:
    contact = file.contacts.get(call.contact)
    if contact is None:
        raise BadInput("contact", "no contact with a phone number is on file", "say whose number was called")
    yield e.PhoneFoundWrong(contact_id=contact.id, on=today)
    if not any(t.kind is TaskKind.WRONG_PHONE and t.note == contact.id for t in file.open_tasks()):
        yield e.TaskRaised(
            task=Task(
                id=f"{TaskKind.WRONG_PHONE}-{task.id}",
                kind=TaskKind.WRONG_PHONE,
                raised_on=today,
                due_on=call.next_on,
                reason=f"find the number of {contact.name or contact.id}: {contact.phone} is wrong",
                numbers=call.numbers,
                at_stake=at_stake(cases),
                note=contact.id,
            )
        )
    others = [c for c, _ in whom(file, cases) if c.callable and c.id != contact.id]
    if cases and others and not _open_call(file, task):
        why = f"call {others[0].name or others[0].id} instead of {contact.name or contact.id}"
        yield _again(task, cases, call.next_on, why, today)


def _talked(
    file: DebtorFile, task: Task, call: Call, said: Outcome, office: Office, cases: list[Case], today: date
) -> Iterator[e.Event]:
    """A talk that ended in no promise: what it calls for, and peace until the next date."""
    if not cases:
        return
    missing = [c for c in cases if not c.document]
    if call.cause == "missing_document" or (call.cause == "not_received" and missing):
        about = cases if call.cause == "missing_document" else missing
        yield _task(
            TaskKind.SEND_DOCUMENT, task, about, call.next_on, f"send what is missing: {said.note or '?'}", today
        )
    if call.cause == "cash":
        why = "short of cash: obtain a first instalment now"
        yield _task(TaskKind.NEGOTIATE_PLAN, task, cases, office.creditor.calendar.add(today, 1), why, today)
    if said.next_on and not _open_call(file, task):
        yield _again(task, cases, said.next_on, f"call back as agreed on {today}", today)
    block = Block(
        id=f"block-{call.id}",
        kind=BlockKind.ANSWERED,
        reason=f"talked to on {today}: {call.cause or 'no cause told'}",
        placed_on=today,
        until=call.next_on,
        numbers=call.numbers,
    )
    yield e.BlockPlaced(block=block)


def _confirmed(
    file: DebtorFile, task: Task, call: Call, said: Outcome, office: Office, cases: list[Case], today: date
) -> Iterator[e.Event]:
    """The mail that puts the call into writing, one a currency."""
    if call.unanswered and not office.policy(file.debtor.policy).calls.voicemail_mail:
        return
    for currency, some in by_currency(cases):
        if said.amount and said.amount.currency != currency:
            continue
        yield e.NoticeOrdered(order=_order(file, task, call, said, some, currency, today))


def _order(
    file: DebtorFile, task: Task, call: Call, said: Outcome, cases: list[Case], currency: str, today: date
) -> Order:
    template = "call_missed" if call.unanswered else "call_agreed"
    owed = total((c.balance for c in cases), currency)
    facts = [
        Fact(name="outcome", text=call.outcome),
        Fact(name="cause", text=call.cause),
        Fact(name="called", on=call.on),
        Fact(name="spoke_to", text=call.spoke_to),
        Fact(name="message", text=said.message),
        Fact(name="next", on=call.next_on),
    ]
    if call.outcome == "paid":
        facts.append(Fact(name="paid", on=said.on, amount=said.amount, text=said.means))
    asks = call.outcome in ("promised", "refused", "voicemail") or (
        call.outcome == "reached" and call.cause not in ("missing_document", "approval_pending", "cash", "dispute")
    )
    return Order(
        id=f"{today:%Y%m%d}-{template}-{currency}-{short(task.id)}",
        template=template,
        ordered_on=today,
        numbers=tuple(c.number for c in cases),
        currency=currency,
        facts=tuple(facts),
        to_pay=(said.amount or owed) if asks else None,
        pay_by=call.pay_on,
        about=f"promise-{task.id}" if call.outcome == "promised" else call.id,
        contact=said.contact,
    )


def _open_call(file: DebtorFile, closing: Task) -> bool:
    """Whether another call is to be made anyway: one call speaks of all that is due."""
    return any(t.kind is TaskKind.CALL and t.id != closing.id for t in file.open_tasks())


def _again(task: Task, cases: list[Case], due_on: date, reason: str, today: date) -> e.TaskRaised:
    return _task(TaskKind.CALL, task, cases, due_on, reason, today)


def _task(kind: TaskKind, of: Task, cases: list[Case], due_on: date, reason: str, today: date) -> e.TaskRaised:
    return e.TaskRaised(
        task=Task(
            id=f"{today:%Y%m%d}-{kind}-{short(of.id, kind)}",
            kind=kind,
            raised_on=today,
            due_on=due_on,
            reason=reason,
            numbers=tuple(c.number for c in cases),
            at_stake=at_stake(cases),
            assignee=of.assignee if kind is TaskKind.CALL else "",
        )
    )
