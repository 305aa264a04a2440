"""What money does to a debtor's file: which invoices it settles, which promises it keeps, which tasks it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from chalicelib.domain import events as e
from chalicelib.domain import plans
from chalicelib.domain.debtor_file import (
    Case,
    ClaimState,
    Closed,
    Credit,
    CreditKind,
    DebtorFile,
    Dispute,
    PromiseState,
    TaskKind,
    at_stake,
)
from chalicelib.domain.money import Money

Happened = tuple[e.Event, str]

_NOTE_CAME = "the credit note has arrived"


def receive(file: DebtorFile, credit: Credit, numbers: Sequence[str]) -> list[Happened]:
    """The entries that a payment or credit note causes: received, then allocated to the invoices it names, in order.

    What it names and does not need, or names nobody, stays on the account and holds back reminders of as much.
    A credit with an id that the file has already is no news: the same import twice changes nothing. What waited for
    a credit note waits no more: the invoices that it names, or all that do where it names none.
    """
    if credit.id in file.credits:
        return []
    what = "payment" if credit.kind == "payment" else "credit note"
    happened: list[Happened] = [
        (e.CreditReceived(credit=credit), f"{what} of {credit.amount} on {credit.on} {credit.reference}".strip())
    ]
    left = credit.remaining
    for number in numbers:
        case = file.cases.get(number)
        if case is None or not case.is_open or case.balance.currency != left.currency or not left:
            continue
        part = min(left, case.balance)
        left -= part
        happened.append(
            (
                e.CreditAllocated(credit_id=credit.id, number=number, amount=part, on=credit.on),
                f"the {what} names {number}",
            )
        )
    return [*happened, *note_came(file, credit, numbers)]


def note_came(file: DebtorFile, credit: Credit, numbers: Sequence[str]) -> Iterator[Happened]:
    """The blocks that a credit note for these invoices ends, or makes smaller; one that names none ends them all."""
    for block in file.waiting_for_notes() if credit.kind is CreditKind.CREDIT_NOTE else ():
        left = tuple(n for n in block.numbers if n not in numbers) if numbers else ()
        if not file.open_among(left):
            # It may be older than the promise of it: nothing ends before it began.
            yield e.BlockLifted(block_id=block.id, on=max(credit.on, block.placed_on)), _NOTE_CAME
        elif left != block.numbers:
            yield e.BlockPlaced(block=replace(block, numbers=left)), _NOTE_CAME


def consequences(file: DebtorFile, *, on: date, at: datetime) -> list[Happened]:
    """What follows once invoices are settled: promises kept, announced payments confirmed, tasks without an object.

    `file` is the file after the allocations.
    """
    still_open = {c.number for c in file.open_cases()}
    happened: list[Happened] = list(plans.met(file, on=on))
    in_time = {
        number
        for event, _ in happened if isinstance(event, e.InstalmentMet | e.PlanKept)
        for number in file.plans[event.plan_id].numbers
    }  # fmt: skip
    for promise in file.promises.values():
        if promise.state is PromiseState.OPEN and promise.kept(file.cases):
            happened.append(
                (e.PromiseKept(promise_id=promise.id, on=on), f"paid on {on}, promised for {promise.pay_on}")
            )
    for claim in file.claims.values():
        arrived = not still_open & set(claim.numbers) or in_time & set(claim.numbers)
        if claim.state is ClaimState.OPEN and arrived:
            happened.append((e.PaymentClaimConfirmed(claim_id=claim.id), f"the money arrived on {on}"))
    credited: set[str] = set()
    for dispute in file.disputes.values():
        if not dispute.is_open:
            continue
        if not still_open & set(dispute.numbers):
            resolution = _how(file, dispute)
            why = f"paid on {on}" if resolution == "paid" else f"a credit note of {on} settles it"
        elif dispute.amount and dispute.credited and dispute.credited >= dispute.amount:
            resolution, why = "credit_note", f"credit notes come to {dispute.credited}, {dispute.amount} was contested"
            credited |= set(dispute.numbers)
        else:
            continue
        happened.append((e.DisputeResolved(dispute_id=dispute.id, resolution=resolution, on=on), why))
    happened += _notes(file, on=on, at=at)
    for task in file.open_tasks():
        about = set(task.numbers)
        if about and not still_open & about and task.kind not in _OUTLIVE_PAYMENT:
            why = "every invoice that it speaks of is settled"
        elif task.kind is TaskKind.ANSWER_DISPUTE and about and about <= credited:
            why = _NOTE_CAME
        elif task.kind is TaskKind.UNCONFIRMED_PAYMENT and about and about <= in_time:
            why = "the instalment has arrived"
        else:
            continue
        happened.append((e.TaskClosed(task_id=task.id, outcome="void", note=why, at=at), why))
    return happened


def _notes(file: DebtorFile, *, on: date, at: datetime) -> Iterator[Happened]:
    """What waits for a credit note once nothing of it is open, and the tasks that ask where the note is."""
    over = {b.id for b in file.waiting_for_notes() if not file.open_among(b.numbers)}
    for block_id in sorted(over):
        yield e.BlockLifted(block_id=block_id, on=on), "every invoice that it is about is settled"
    for task in file.open_tasks():
        block = file.blocks.get(task.note)
        if task.kind is not TaskKind.MISSING_CREDIT_NOTE or not file.open_among(task.numbers):
            continue
        if block is None or not block.is_open or block.id in over:
            yield e.TaskClosed(task_id=task.id, outcome="void", note=_NOTE_CAME, at=at), _NOTE_CAME
        elif not set(task.numbers) <= set(block.numbers):  # the block may have more: what was settled when we asked
            left = file.open_among(block.numbers)
            numbers = tuple(case.number for case in left)
            yield e.TaskNarrowed(task_id=task.id, numbers=numbers, at_stake=at_stake(left)), _NOTE_CAME


def _how(file: DebtorFile, dispute: Dispute) -> str:
    """How a contested invoice came to be settled: by our credit note, or by the client's money after all."""
    closed = [file.cases[n].closed for n in dispute.numbers if n in file.cases]
    return "credit_note" if closed and all(c is Closed.CREDITED for c in closed) else "paid"


def oldest_first(cases: Sequence[Case], amount: Money) -> list[str]:
    """Numbers of the oldest invoices that exactly this amount settles, taken in order; empty where none fits."""
    left, numbers = amount, []
    for case in sorted(cases, key=lambda c: (c.due_on, c.number)):
        if case.balance.currency != amount.currency or case.balance > left:
            continue
        left -= case.balance
        numbers.append(case.number)
        if not left:
            return numbers
    return []


_OUTLIVE_PAYMENT = frozenset(
    {
        TaskKind.REVIEW_MAIL,
        TaskKind.CONFIRM_CONTACT,
        TaskKind.DEAD_ADDRESS,
        TaskKind.COMPLAINT,
        TaskKind.INSOLVENCY,
        TaskKind.UNKNOWN_DELIVERY,
    }
)
"""What a person must still look at although the money is there: the mail, the address, the person behind it."""
