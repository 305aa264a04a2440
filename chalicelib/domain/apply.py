"""Apply an event to a debtor's file: the only way in which a file changes, and how a journal becomes a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import (
    ClaimState,
    Closed,
    CreditKind,
    DebtorFile,
    NoticeState,
    PromiseState,
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
    return replace(_changed(file, entry.event), entries=entry.seq)


def apply_all(file: DebtorFile | None, entries: Iterable[e.Entry]) -> DebtorFile:
    for entry in entries:
        file = apply(file, entry)
    if file is None:
        raise ValueError("no entry, no file")
    return file


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
            return replace(_put(file, "notices", notice), last_contact_on=notice.on)
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
        case e.ReplyReceived():
            return file  # what it leads to are events of their own; that it came stands in the journal
        case e.PromiseMade(promise=promise):
            return _put(file, "promises", promise)
        case e.PromiseKept(promise_id=id_, on=on):
            kept = _change(file, "promises", id_, state=PromiseState.KEPT, kept_on=on)
            return replace(kept, promises_kept=file.promises_kept + 1)
        case e.PromiseBroken(promise_id=id_):
            broken = _change(file, "promises", id_, state=PromiseState.BROKEN)
            return replace(broken, promises_broken=file.promises_broken + 1)
        case e.PromiseWithdrawn(promise_id=id_):
            return _change(file, "promises", id_, state=PromiseState.WITHDRAWN)
        case e.PaymentClaimed(claim=claim):
            return _put(file, "claims", claim)
        case e.PaymentClaimConfirmed(claim_id=id_):
            return _change(file, "claims", id_, state=ClaimState.CONFIRMED)
        case e.PaymentClaimLapsed(claim_id=id_):
            return _change(file, "claims", id_, state=ClaimState.LAPSED)
        case e.DisputeOpened(dispute=dispute):
            return _put(file, "disputes", dispute)
        case e.DisputeResolved(dispute_id=id_, resolution=resolution, on=on):
            return _change(file, "disputes", id_, resolution=resolution, resolved_on=on)
        case e.BlockPlaced(block=block):
            placed = _put(file, "blocks", block)
            if block.kind == "unverified":
                placed = replace(placed, paused_unverified_on=block.placed_on)
            return placed
        case e.BlockLifted(block_id=id_, on=on):
            return _change(file, "blocks", id_, lifted_on=on)
        case e.InsolvencyReported(on=on):
            return replace(file, insolvent_since_on=on)
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
        case e.TaskClosed(task_id=id_, outcome=outcome, note=note, at=at):
            return _change(file, "tasks", id_, outcome=outcome, note=note, closed_at=at)


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
    file = _change(file, "credits", credit.id, remaining=credit.remaining - event.amount)
    return _change(file, "cases", case.number, balance=balance, **settled)


def _undo_allocation(file: DebtorFile, event: e.AllocationUndone) -> DebtorFile:
    credit, case = file.credits[event.credit_id], file.cases[event.number]
    file = _change(file, "credits", credit.id, remaining=credit.remaining + event.amount)
    return _change(file, "cases", case.number, balance=case.balance + event.amount, settled_on=None, closed=None)


def _unsent(file: DebtorFile, notice_id: str, state: NoticeState, at: datetime) -> DebtorFile:
    """Nothing reached the debtor: the steps are due again and the spacing counts from the contact before."""
    file = _change(file, "notices", notice_id, state=state, settled_at=at)
    notice = file.notices[notice_id]
    if any(n.counts and n.on == file.last_contact_on for n in file.notices.values()):
        return file
    return replace(file, last_contact_on=notice.contact_before_on)
