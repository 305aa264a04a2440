"""What money does to a debtor's file: which invoices it settles, which promises it keeps, which tasks it ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Case, ClaimState, Credit, DebtorFile, PromiseState, TaskKind
from chalicelib.domain.money import Money

Happened = tuple[e.Event, str]


def receive(file: DebtorFile, credit: Credit, numbers: Sequence[str]) -> list[Happened]:
    """The entries that a payment or credit note causes: received, then allocated to the invoices it names, in order.

    What it names and does not need, or names nobody, stays on the account and holds back reminders of as much.
    A credit with an id that the file has already is no news: the same import twice changes nothing.
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
    return happened


def consequences(file: DebtorFile, *, on: date, at: datetime) -> list[Happened]:
    """What follows once invoices are settled: promises kept, announced payments confirmed, tasks without an object.

    `file` is the file after the allocations.
    """
    still_open = {c.number for c in file.open_cases()}
    happened: list[Happened] = []
    for promise in file.promises.values():
        if promise.state is PromiseState.OPEN and promise.kept(file.cases):
            happened.append(
                (e.PromiseKept(promise_id=promise.id, on=on), f"paid on {on}, promised for {promise.pay_on}")
            )
    for claim in file.claims.values():
        if claim.state is ClaimState.OPEN and not still_open & set(claim.numbers):
            happened.append((e.PaymentClaimConfirmed(claim_id=claim.id), f"the money arrived on {on}"))
    for dispute in file.disputes.values():
        if dispute.is_open and not still_open & set(dispute.numbers):
            happened.append((e.DisputeResolved(dispute_id=dispute.id, resolution="paid", on=on), f"paid on {on}"))
    for task in file.open_tasks():
        if task.numbers and not still_open & set(task.numbers) and task.kind not in _OUTLIVE_PAYMENT:
            why = "every invoice that it speaks of is settled"
            happened.append((e.TaskClosed(task_id=task.id, outcome="void", note=why, at=at), why))
    return happened


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
