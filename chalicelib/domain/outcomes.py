"""What closing a task does: a person's outcome as entries of the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from chalicelib.domain import events as e
from chalicelib.domain.calendar import local_day
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import (
    Block,
    BlockKind,
    Contact,
    DebtorFile,
    Dispute,
    NoticeState,
    PaymentClaim,
    Promise,
    PromiseState,
    Role,
    Task,
    TaskKind,
    at_stake,
)
from chalicelib.domain.money import Money
from chalicelib.errors import BadInput

Happened = tuple[e.Event, str]

_CONVERSATION = frozenset({"reached", "voicemail", "no_answer", "wrong_number", "refused", "promised", "disputed"})
_AFTER_NOTICE = frozenset(
    {"court_order", "summary_proceedings", "collection_agency", "factoring", "mediator", "write_off", "wait"}
)
_LOOK = frozenset({"done", "promised", "paid", "disputed", "nothing"})

_ON_ITS_WAY = {"credit_note": "a credit note", "corrected_invoice": "a corrected invoice"}

OUTCOMES: dict[TaskKind, frozenset[str]] = {
    TaskKind.CALL: _CONVERSATION,
    TaskKind.BROKEN_PROMISE: _CONVERSATION,
    TaskKind.APPROVE_NOTICE: frozenset({"approved", "rejected"}),
    TaskKind.CHOOSE_ACTION: _AFTER_NOTICE,
    TaskKind.REVIEW_MAIL: _LOOK,
    TaskKind.ANSWER_DISPUTE: frozenset({"credit_note", "corrected_invoice", "rejected", "paid"}),
    TaskKind.SEND_DOCUMENT: frozenset({"sent"}),
    TaskKind.NEGOTIATE_PLAN: frozenset({"promised", "refused", "agreed"}),
    TaskKind.CONFIRM_CONTACT: frozenset({"confirmed", "rejected"}),
    TaskKind.ASK_PROMISE: frozenset({"promised", "asked", "refused"}),
    TaskKind.DEAD_ADDRESS: frozenset({"corrected", "not_found"}),
    TaskKind.UNCONFIRMED_PAYMENT: frozenset({"paid", "not_paid", "promised"}),
    TaskKind.UNKNOWN_DELIVERY: frozenset({"sent", "not_sent"}),
    TaskKind.REFUSED_MAIL: frozenset({"mended"}),
    TaskKind.INSOLVENCY: frozenset({"confirmed", "not_so"}),
    TaskKind.COMPLAINT: frozenset({"answered"}),
}
"""The outcomes that a kind of task knows; a kind that is not named closes as `done`."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a person says on closing a task. `on` is the promised day, or the day until which to wait."""

    outcome: str
    note: str = ""
    on: date | None = None
    amount: Money | None = None
    means: str = ""
    email: str = ""


def close(file: DebtorFile, task: Task, said: Outcome, office: Office, *, at: datetime, who: str) -> list[Happened]:
    """The entries that closing a task causes. BadInput where the outcome does not fit the task or lacks its facts."""
    known = OUTCOMES.get(task.kind, frozenset({"done"}))
    if said.outcome not in known:
        raise BadInput(
            "outcome", f"{said.outcome!r} is no outcome of {task.kind}", f"one of {', '.join(sorted(known))}"
        )
    why = said.note or f"{task.kind} closed by {who}: {said.outcome}"
    today = local_day(at, office.creditor.zone)
    closing = e.TaskClosed(task_id=task.id, outcome=said.outcome, note=said.note, at=at)
    return [(closing, why), *((event, why) for event in _effects(file, task, said, office, today, at))]


def _effects(
    file: DebtorFile, task: Task, said: Outcome, office: Office, today: date, at: datetime
) -> Iterator[e.Event]:
    numbers = tuple(c.number for c in file.open_cases() if c.number in task.numbers)
    match task.kind, said.outcome:
        case _, "promised":
            yield from _promise(file, task, said, office, numbers, today)
        case _, "disputed":
            yield from _dispute(file, task, numbers, today)
        case _, "paid":
            yield from _resolved(file, task, said.outcome, today)
            yield from _claim(file, task, said, office, numbers, today)
        case TaskKind.DEAD_ADDRESS, "not_found":
            yield _wait(
                task, numbers, said.on or today + timedelta(days=14), "no address of the debtor's was found", today
            )
        case TaskKind.APPROVE_NOTICE, "rejected":
            yield _wait(task, numbers, said.on or today + timedelta(days=14), "the formal notice was rejected", today)
        case TaskKind.CHOOSE_ACTION, "wait":
            yield _wait(task, numbers, said.on or today + timedelta(days=14), "a person chose to wait", today)
        case TaskKind.NEGOTIATE_PLAN, "agreed":
            yield _wait(task, numbers, said.on or today + timedelta(days=14), "a payment plan is agreed", today)
        case TaskKind.ANSWER_DISPUTE, resolution:
            yield from _resolved(file, task, resolution, today)
            if resolution in _ON_ITS_WAY and numbers:
                # What settles it has to reach our ledger, and the client, before anything is asked for.
                pause = timedelta(days=office.policy(file.debtor.policy).document_pause_days)
                yield _wait(task, numbers, said.on or today + pause, f"resolved by {_ON_ITS_WAY[resolution]}", today)
        case TaskKind.DEAD_ADDRESS | TaskKind.CONFIRM_CONTACT, "corrected" | "confirmed":
            yield e.ContactSet(contact=_contact(file, said))
        case TaskKind.UNKNOWN_DELIVERY, outcome:
            notice = file.notices.get(task.note)
            if notice and notice.state is NoticeState.UNKNOWN:
                if outcome == "sent":
                    yield e.NoticeSent(notice_id=notice.id, message_id=notice.message_id, at=at)
                else:
                    yield e.NoticeFailed(notice_id=notice.id, at=at)
        case TaskKind.INSOLVENCY, "confirmed":
            yield e.InsolvencyReported(on=today)
        case TaskKind.INSOLVENCY, "not_so":
            yield from _lift(file, BlockKind.INSOLVENCY, today)
        case TaskKind.COMPLAINT, _:
            yield from _lift(file, BlockKind.COMPLAINT, today)


def _promise(
    file: DebtorFile, task: Task, said: Outcome, office: Office, numbers: tuple[str, ...], today: date
) -> Iterator[e.Event]:
    if said.on is None:
        raise BadInput("on", "a promise needs its day", "give the day on which the money leaves, as YYYY-MM-DD")
    if said.on < today:
        raise BadInput("on", f"{said.on} is past", "a promise is for today or later")
    for promise in file.promises.values():
        if promise.state is PromiseState.OPEN and set(promise.numbers) & set(numbers):
            yield e.PromiseWithdrawn(promise_id=promise.id)
    policy = office.policy(file.debtor.policy)
    cases = [c for c in file.open_cases() if c.number in numbers]
    grace_on = policy.believed_until(said.on, cases, office.creditor.calendar)
    if cases:
        promise = Promise(
            id=f"promise-{task.id}",
            numbers=numbers,
            made_on=today,
            pay_on=said.on,
            grace_on=grace_on,
            amount=said.amount,
            owed=at_stake(cases),
            means=said.means,
        )
        yield e.PromiseMade(promise=promise)


def _dispute(file: DebtorFile, task: Task, numbers: tuple[str, ...], today: date) -> Iterator[e.Event]:
    """A dispute told to a person, with the task to answer it: without one it would hold its invoices for ever."""
    cases = [c for c in file.open_cases() if c.number in numbers and file.dispute_on(c.number) is None]
    if not cases:
        return
    fresh, owner = tuple(c.number for c in cases), file.debtor.sales_rep
    yield e.DisputeOpened(
        dispute=Dispute(id=f"dispute-{task.id}", numbers=fresh, reason="other", opened_on=today, owner=owner)
    )
    yield e.TaskRaised(
        task=Task(
            id=f"{TaskKind.ANSWER_DISPUTE}-{task.id}",
            kind=TaskKind.ANSWER_DISPUTE,
            raised_on=today,
            due_on=today,
            reason="the client disputes, as told to a person: find out and resolve",
            numbers=fresh,
            at_stake=at_stake(cases),
            assignee=owner,
        )
    )


def _resolved(file: DebtorFile, task: Task, resolution: str, today: date) -> Iterator[e.Event]:
    if task.kind is TaskKind.ANSWER_DISPUTE:
        for dispute in file.disputes.values():
            if dispute.is_open and set(dispute.numbers) & set(task.numbers):
                yield e.DisputeResolved(dispute_id=dispute.id, resolution=resolution, on=today)


def _claim(
    file: DebtorFile, task: Task, said: Outcome, office: Office, numbers: tuple[str, ...], today: date
) -> Iterator[e.Event]:
    """A person says that it is paid: the bank has some days to show it, and meanwhile nobody writes."""
    if numbers:
        policy = office.policy(file.debtor.policy)
        yield e.PaymentClaimed(
            claim=PaymentClaim(
                id=f"claim-{task.id}",
                numbers=numbers,
                claimed_on=today,
                hold_on=office.creditor.calendar.add(today, policy.claim_hold_business_days),
                paid_on=said.on,
                amount=said.amount,
                mail=task.mail,
            )
        )


def _wait(task: Task, numbers: tuple[str, ...], until: date, reason: str, today: date) -> e.BlockPlaced:
    if until <= today:
        raise BadInput("on", f"{until} is no day to wait for", "give a day after today")
    block = Block(
        id=f"block-{task.id}", kind=BlockKind.MANUAL, reason=reason, placed_on=today, until=until, numbers=numbers
    )
    return e.BlockPlaced(block=block)


def _contact(file: DebtorFile, said: Outcome) -> Contact:
    if "@" not in said.email:
        raise BadInput("email", f"{said.email!r} is no e-mail address", "give the address to write to from now on")
    dead = [c for c in file.contacts.values() if c.dead_since_on]
    old = min(dead or file.contacts.values(), key=_first_to_write_to, default=Contact(id="payer"))
    return replace(old, email=said.email, dead_since_on=None, away_until=None, deputy="")


def _first_to_write_to(contact: Contact) -> tuple[bool, str]:
    """The payer is whom reminders go to: a new address is the payer's, not that of whose id comes first."""
    return contact.role is not Role.PAYER, contact.id


def _lift(file: DebtorFile, kind: BlockKind, today: date) -> Iterator[e.Event]:
    for block in file.blocks.values():
        if block.is_open and block.kind is kind:
            yield e.BlockLifted(block_id=block.id, on=today)
