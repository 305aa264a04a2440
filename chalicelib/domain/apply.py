"""Apply an event to a debtor's file: the only way in which a file changes, and how a journal becomes a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import (
    KINDS,
    ClaimState,
    Closed,
    CreditKind,
    DebtorFile,
    LetterState,
    Notice,
    NoticeState,
    OrderState,
    PaymentPlan,
    PlanState,
    PromiseState,
    Settlement,
)
from chalicelib.domain.money import Money


def apply(file: DebtorFile | None, entry: e.Entry) -> DebtorFile:
    """The file after an entry. The first entry opens the file; each later one must be the next in sequence."""
    if isinstance(entry.event, e.DebtorOpened):
        if file is not None:
            raise ValueError(f"file {file.id} is open already")
        return DebtorFile(debtor=entry.event.debtor, entries=entry.seq)
    if file is None:
        raise ValueError("a journal begins with DebtorOpened")
    if entry.seq != file.entries + 1:
        raise ValueError(f"entry {entry.seq} does not follow entry {file.entries} of file {file.id}")
    after = replace(_changed(file, entry.event), entries=entry.seq)
    return replace(after, last_heard_at=entry.at) if _is_sign_of_life(entry.event) else after


def apply_all(file: DebtorFile | None, entries: Iterable[e.Entry]) -> DebtorFile:
    for entry in entries:
        file = apply(file, entry)
    if file is None:
        raise ValueError("no entry, no file")
    return file


def foreseen(file: DebtorFile, happened: Sequence[tuple[e.Event, str]], *, at: datetime) -> DebtorFile:
    """The file as it will be once this is on record; itself where nothing has happened."""
    return apply_all(file, e.entries_after(file.entries, happened, at=at, who="")) if happened else file


def _changed(file: DebtorFile, event: e.Event) -> DebtorFile:
    match event:
        case e.DebtorOpened():
            raise AssertionError("handled by apply")
        case e.DebtorChanged(debtor=debtor):
            return replace(file, debtor=debtor)
        case e.ContactSet(contact=contact):
            return _put(file, "contacts", contact)
        case e.ContactDied(contact_id=id_, on=on):
            return _change(file, "contacts", id_, dead_since_on=on)
        case e.AbsenceNoted(contact_id=id_, until=until, deputy=deputy):
            return _change(file, "contacts", id_, away_until=until, deputy=deputy)
        case e.InvoiceEntered(case=case):
            return _put(file, "cases", case, key=case.number)
        case e.InvoiceCorrected():
            return _change(
                file,
                "cases",
                event.number,
                issued_on=event.issued_on,
                due_on=event.due_on,
                purchase_order=event.purchase_order,
                document=event.document,
            )
        case e.BuyerStatusNoted(number=number, status=status, on=on):
            return _change(file, "cases", number, buyer_status=status, buyer_status_on=on)
        case e.InvoiceWithdrawn(number=number, on=on, closed=closed):
            withdrawn = file.cases.get(number)
            if withdrawn and withdrawn.is_open:
                file = _count(file, number, withdrawn.balance, CreditKind.CREDIT_NOTE)
            return _change(file, "cases", number, settled_on=on, closed=closed)
        case e.CreditReceived(credit=credit):
            return _put(file, "credits", credit)
        case e.CreditAllocated():
            return _allocate(file, event)
        case e.AllocationUndone():
            return _undo_allocation(file, event)
        case e.CreditWithdrawn(credit_id=id_, amount=amount):
            left = file.credits[id_].remaining
            if amount > left:
                raise ValueError(f"{amount} of {id_} cannot be withdrawn: {left} are left")
            return _change(file, "credits", id_, remaining=left - amount)
        case e.NoticeClaimed(notice=notice):
            return _claimed(file, notice)
        case e.NoticeSent(notice_id=id_, message_id=message_id, at=at):
            return _change(file, "notices", id_, state=NoticeState.SENT, message_id=message_id, settled_at=at, why="")
        case e.NoticeDeferred(notice_id=id_, at=at):
            return _unsent(file, id_, NoticeState.DEFERRED, at)
        case e.NoticeFailed(notice_id=id_, at=at):
            return _unsent(file, id_, NoticeState.FAILED, at)
        case e.NoticeBounced(notice_id=id_, at=at):
            return _unsent(file, id_, NoticeState.BOUNCED, at)
        case e.NoticeLost(notice_id=id_, at=at):
            return _change(file, "notices", id_, state=NoticeState.UNKNOWN, settled_at=at)
        case e.CallLogged(call=call):
            return _put(file, "calls", call)
        case e.PhoneFoundWrong(contact_id=id_, on=on):
            return _change(file, "contacts", id_, phone_wrong_since_on=on)
        case e.CaseDeclaredUnpaid(number=number, on=on):
            return _change(file, "cases", number, unpaid_since_on=on)
        case e.TaskNarrowed(task_id=id_):
            return _change(file, "tasks", id_, numbers=event.numbers, at_stake=event.at_stake)
        case e.NoticeOrdered(order=order):
            return _put(file, "orders", order)
        case e.OrderWithdrawn(order_id=id_):
            return _change(file, "orders", id_, state=OrderState.WITHDRAWN)
        case e.NoteWritten() | e.ReplyReceived() | e.ReplySettled() | e.SendingHeld() | e.SendingResumed():
            return file  # what it leads to are events of their own; that it came stands in the journal
        case e.PromiseMade(promise=promise):
            return _put(file, "promises", promise)
        case e.PromiseKept(promise_id=id_, on=on):
            kept = _change(file, "promises", id_, state=PromiseState.KEPT, kept_on=on)
            pay_on = kept.promises[id_].pay_on
            kept = _came(kept, due_on=pay_on, on=on) if on else kept
            return _word(replace(kept, promises_kept=file.promises_kept + 1), PromiseState.KEPT, on or pay_on)
        case e.PromisePartlyKept(promise_id=id_, on=on, came=came):
            partly = _change(file, "promises", id_, state=PromiseState.PARTLY_KEPT, came=came)
            partly = replace(partly, promises_partly_kept=file.promises_partly_kept + 1)
            return _word(partly, PromiseState.PARTLY_KEPT, on)
        case e.PromiseBroken(promise_id=id_):
            broken = _change(file, "promises", id_, state=PromiseState.BROKEN)
            broken = replace(broken, promises_broken=file.promises_broken + 1)
            return _word(broken, PromiseState.BROKEN, broken.promises[id_].grace_on)
        case e.PromiseWithdrawn(promise_id=id_):
            return _change(file, "promises", id_, state=PromiseState.WITHDRAWN)
        case e.PlanAgreed(plan=plan):
            return _put(file, "plans", plan)
        case e.InstalmentAnnounced(plan_id=id_, index=index, on=on):
            return _change_instalment(file, id_, index, announced_on=on)
        case e.InstalmentMissed(plan_id=id_, index=index, on=on):
            return _change_instalment(file, id_, index, missed_on=on)
        case e.InstalmentMet(plan_id=id_, index=index, on=on):
            met = _change_instalment(file, id_, index, met_on=on)
            return _came(met, due_on=met.plans[id_].instalments[index].due_on, on=on)
        case e.PlanKept(plan_id=id_, on=on):
            kept = _end_plan(file, id_, PlanState.KEPT, on)
            return _word(replace(kept, promises_kept=file.promises_kept + 1), PromiseState.KEPT, on)
        case e.PlanBroken(plan_id=id_, on=on):
            broken = _end_plan(file, id_, PlanState.BROKEN, on)
            return _word(replace(broken, promises_broken=file.promises_broken + 1), PromiseState.BROKEN, on)
        case e.PlanWithdrawn(plan_id=id_, on=on):
            return _end_plan(file, id_, PlanState.WITHDRAWN, on)
        case e.PaymentClaimed(claim=claim):
            return _put(file, "claims", claim)
        case e.PaymentClaimConfirmed(claim_id=id_):
            return _change(file, "claims", id_, state=ClaimState.CONFIRMED)
        case e.PaymentClaimLapsed(claim_id=id_):
            return _change(file, "claims", id_, state=ClaimState.LAPSED)
        case e.DisputeOpened(dispute=dispute):
            return _put(file, "disputes", dispute)
        case e.DisputeProgressed(dispute_id=id_, note=note, on=on):
            return _change(file, "disputes", id_, progressed_on=on, progress=note, escalated_on=None)
        case e.DisputeEscalated(dispute_id=id_, to=to, on=on):
            return _change(file, "disputes", id_, escalated_on=on, escalated_to=to)
        case e.DisputeResolved(dispute_id=id_, resolution=resolution, on=on):
            return _change(file, "disputes", id_, resolution=resolution, resolved_on=on)
        case e.BlockPlaced(block=block):
            placed = _put(file, "blocks", block)
            if block.kind == "unverified":
                placed = replace(placed, paused_unverified_on=block.placed_on)
            return placed
        case e.BlockReviewed(block_id=id_, on=on):
            return _change(file, "blocks", id_, reviewed_on=on)
        case e.BlockLifted(block_id=id_, on=on):
            return _change(file, "blocks", id_, lifted_on=on)
        case e.InsolvencyReported(on=on, published_on=published_on):
            published_on = published_on or file.insolvency_published_on
            return replace(file, insolvent_since_on=on, insolvency_published_on=published_on)
        case e.InsolvencyRefuted():
            return replace(file, insolvent_since_on=None, insolvency_published_on=None, declared_on=None)
        case e.DebtDeclared(on=on):
            return replace(file, declared_on=on)
        case e.CreditHoldProposed(on=on):
            return replace(file, credit_hold_asked_on=on)
        case e.CreditHeld(on=on):
            return replace(file, credit_hold_asked_on=file.credit_hold_asked_on or on, credit_held_since_on=on)
        case e.CreditReleased():
            return replace(file, credit_hold_asked_on=None, credit_held_since_on=None)
        case e.FormalNoticeApproved(letter=letter):
            return _put(file, "letters", letter)
        case e.LetterWithdrawn(letter_id=id_, reason=reason):
            return _change(file, "letters", id_, state=LetterState.WITHDRAWN, why=reason)
        case e.LetterPrinted():
            return _printed(file, event)
        case e.LetterPosted(letter_id=id_, on=on, tracking=tracking):
            posted = _change(file, "letters", id_, posted_on=on, tracking=tracking, why="")
            delivered = posted.letters[id_].delivered_on  # the proof may be noted first
            return _change(posted, "letters", id_, state=LetterState.DELIVERED if delivered else LetterState.POSTED)
        case e.LetterNotPosted(letter_id=id_, reason=reason):
            return _change(file, "letters", id_, why=reason)
        case e.LetterDelivered(letter_id=id_, on=on, proof=proof):
            return _change(file, "letters", id_, state=LetterState.DELIVERED, delivered_on=on, proof=proof)
        case e.ErasureBegun(on=on):
            return replace(file, erasing_since_on=on)
        case e.RecordsRedacted():
            return _redacted(file, event)
        case e.PersonalErased(on=on, person=person):
            return replace(file, erasing_since_on=None, erased_on=file.erased_on if person else on)
        case e.TaskUrged(task_id=id_, due_on=due_on, urgency=urgency, reason=reason):
            return _change(file, "tasks", id_, due_on=due_on, urgency=urgency, reason=reason)
        case e.TaskRaised(task=task):
            return _put(file, "tasks", task)
        case e.TaskExtended():
            task = file.tasks[event.task_id]
            numbers = dict.fromkeys((*task.numbers, *(number for number, _, _ in event.takes)))
            return _change(
                file,
                "tasks",
                task.id,
                takes=(*task.takes, *event.takes),
                numbers=tuple(numbers),
                at_stake=event.at_stake,
            )
        case e.TaskAssigned(task_id=id_, assignee=assignee):
            return _change(file, "tasks", id_, assignee=assignee)
        case e.TaskSnoozed(task_id=id_, due_on=due_on, reason=reason):
            return _change(file, "tasks", id_, due_on=due_on, snoozed=reason)
        case e.TaskReopened(task=task):
            return _put(file, "tasks", task)
        case e.TaskClosed(task_id=id_, outcome=outcome, note=note, at=at):
            return _change(file, "tasks", id_, outcome=outcome, note=note, closed_at=at)


def _is_sign_of_life(event: e.Event) -> bool:
    match event:
        case e.ReplyReceived(kind=kind, trusted=trusted):
            return trusted and kind == "reply"
        case e.CreditReceived(credit=credit):
            return credit.kind is CreditKind.PAYMENT
        case e.CallLogged(call=call):
            return call.reached
    return False


def _put(file: DebtorFile, kind: str, record: Any, key: str = "") -> DebtorFile:
    return replace(file, **{kind: {**getattr(file, kind), (key or record.id): record}})  # type: ignore[arg-type]


def _change(file: DebtorFile, kind: str, key: str, **values: Any) -> DebtorFile:
    records = getattr(file, kind)
    if key not in records:
        raise ValueError(f"file {file.id} has no live {kind[:-1]} {key!r}")
    return _put(file, kind, replace(records[key], **values), key=key)


def _allocate(file: DebtorFile, event: e.CreditAllocated) -> DebtorFile:
    credit, case = file.credits[event.credit_id], file.cases[event.number]
    if not Money.zero(event.amount.currency) < event.amount <= min(credit.remaining, case.balance):
        raise ValueError(
            f"{event.amount} of {credit.id} ({credit.remaining} left) cannot settle {case.number} ({case.balance} open)"
        )
    balance = case.balance - event.amount
    settled = (
        {}
        if balance
        else {
            "settled_on": event.on,
            "closed": Closed.PAID if credit.kind is CreditKind.PAYMENT else Closed.CREDITED,
        }
    )
    file = _count(file, case.number, event.amount, credit.kind)
    file = _change(file, "credits", credit.id, remaining=credit.remaining - event.amount)
    settlements = (*case.settlements, Settlement(credit_id=credit.id, on=event.on, amount=event.amount))
    return _change(file, "cases", case.number, balance=balance, settlements=settlements, **settled)


def _undo_allocation(file: DebtorFile, event: e.AllocationUndone) -> DebtorFile:
    credit, case = file.credits[event.credit_id], file.cases[event.number]
    file = _count(file, case.number, -event.amount, credit.kind)
    if case.closed is Closed.WITHDRAWN:  # it is open again, with what was open of it when it was withdrawn
        file = _count(file, case.number, -case.balance, CreditKind.CREDIT_NOTE)
    file = _change(file, "credits", credit.id, remaining=credit.remaining + event.amount)
    return _change(
        file, "cases", case.number, balance=case.balance + event.amount, settled_on=None, closed=None,
        settlements=_without(case.settlements, event),
    )  # fmt: skip


def _without(settlements: tuple[Settlement, ...], event: e.AllocationUndone) -> tuple[Settlement, ...]:
    """What is left of them once so much of a credit is taken back, the last of it first."""
    left, kept = event.amount, []
    for one in reversed(settlements):
        if one.credit_id == event.credit_id and left:
            back = min(one.amount, left)
            left -= back
            if one.amount != back:
                kept.append(replace(one, amount=one.amount - back))
        else:
            kept.append(one)
    return tuple(reversed(kept))


def _printed(file: DebtorFile, event: e.LetterPrinted) -> DebtorFile:
    """A letter is printed once, and only after its approval."""
    letter = file.letters.get(event.letter_id)
    if letter is None or letter.state is not LetterState.APPROVED:
        raise ValueError(f"file {file.id} has no approved letter {event.letter_id!r}")
    printed = replace(
        letter, state=LetterState.PRINTED, printed_on=event.on, notice=event.notice_id, deadline_on=event.deadline_on,
        takes=event.takes, totals=event.totals, key=event.key, sha256=event.sha256,
    )  # fmt: skip
    return _put(file, "letters", printed)


def _redacted(file: DebtorFile, event: e.RecordsRedacted) -> DebtorFile:
    file = replace(file, debtor=event.debtor) if event.debtor else file
    for kind in KINDS:
        for record in getattr(event, kind, ()):
            file = _put(file, kind, record)
    return file


def _count(file: DebtorFile, number: str, amount: Money, kind: CreditKind) -> DebtorFile:
    """Count what settles part of an invoice (or, below zero, does so no more) on what was agreed or is contested.

    The records count it themselves because the cases that it closes leave the live part of the file.
    """
    paid = kind is CreditKind.PAYMENT
    for promise in file.promises.values():
        if paid and promise.state is PromiseState.OPEN and number in promise.numbers:
            came = promise.came or Money.zero((promise.expected or amount).currency)
            if came.currency == amount.currency:
                file = _change(file, "promises", promise.id, came=came + amount)
    for plan in file.plans.values():
        if plan.runs and number in plan.numbers and plan.owed.currency == amount.currency:
            counted = {"paid": plan.paid + amount} if paid else {"credited": plan.credited + amount}
            file = _change(file, "plans", plan.id, **counted)
    for dispute in file.disputes.values():
        if not paid and dispute.is_open and number in dispute.numbers:
            credited = dispute.credited or Money.zero((dispute.amount or amount).currency)
            if credited.currency == amount.currency:
                file = _change(file, "disputes", dispute.id, credited=credited + amount)
    return file


def _change_instalment(file: DebtorFile, plan_id: str, index: int, **values: Any) -> DebtorFile:
    plan = _running(file, plan_id)
    changed = replace(plan.instalments[index], **values)
    return _change(
        file, "plans", plan_id, instalments=(*plan.instalments[:index], changed, *plan.instalments[index + 1 :])
    )


def _end_plan(file: DebtorFile, plan_id: str, state: PlanState, on: date) -> DebtorFile:
    """A plan ends once, in one state."""
    return _change(file, "plans", _running(file, plan_id).id, state=state, ended_on=on)


def _running(file: DebtorFile, plan_id: str) -> PaymentPlan:
    plan = file.plans.get(plan_id)
    if plan is None or not plan.runs:
        raise ValueError(f"file {file.id} has no running plan {plan_id!r}")
    return plan


def _came(file: DebtorFile, *, due_on: date, on: date) -> DebtorFile:
    """Money that was promised came, early or late."""
    late = max((on - due_on).days, 0)
    return replace(
        file, promised_payments=file.promised_payments + 1, promised_days_late=file.promised_days_late + late
    )


def _word(file: DebtorFile, became: PromiseState, on: date) -> DebtorFile:
    return replace(file, last_word=became.value, last_word_on=on)


def _claimed(file: DebtorFile, notice: Notice) -> DebtorFile:
    file = _put(file, "notices", notice)
    if notice.id in file.orders:
        file = _change(file, "orders", notice.id, state=OrderState.TAKEN)
    return file if notice.internal else replace(file, last_contact_on=notice.on)


def _unsent(file: DebtorFile, notice_id: str, state: NoticeState, at: datetime) -> DebtorFile:
    """Nothing reached the debtor: the steps are due again and the spacing counts from the contact before."""
    file = _change(file, "notices", notice_id, state=state, settled_at=at)
    notice = file.notices[notice_id]
    if notice_id in file.orders:
        file = _change(file, "orders", notice_id, state=OrderState.OPEN)
    if notice.internal or any(
        n.counts and not n.internal and n.on == file.last_contact_on for n in file.notices.values()
    ):
        return file
    return replace(file, last_contact_on=notice.contact_before_on)
