"""Credit hold: sales is asked, once for each episode, whether to deliver only against prepayment.

An episode begins when the policy's amount has been overdue for the policy's days, and ends when nothing of any age
counts any more: then a hold is released by itself. Disputed invoices and what credit on the account covers do not
count. The program never blocks a delivery: it asks, keeps what was decided, and lists it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Case, DebtorFile, TaskKind, by_currency
from chalicelib.domain.money import Money, total
from chalicelib.domain.plan import Proposal, note
from chalicelib.domain.view import View, new_task


def watch(view: View) -> list[Proposal]:
    """The question to sales, or the end of an episode."""
    file, rule = view.file, view.policy.credit_hold
    overdue = _overdue(view, view.today)
    if file.credit_hold_asked_on or file.credit_held_since_on:
        return [] if overdue else [_end(view)]
    if view.blind or not rule.overdue_amount or file.insolvent_since_on:
        return []
    for currency, some in by_currency(overdue):
        owed = total((c.balance for c in some), currency)
        if owed.amount >= rule.overdue_amount:
            return [_ask(view, some, owed)]
    return []


def wake_days(view: View) -> Iterator[date]:
    """The day on which enough will have been overdue for long enough, should nothing be paid."""
    file, rule = view.file, view.policy.credit_hold
    if not rule.overdue_amount or file.credit_hold_asked_on or file.credit_held_since_on or file.insolvent_since_on:
        return
    sums: dict[str, Money] = {}
    for case in _counting(view):  # the oldest due first
        currency = case.balance.currency
        sums[currency] = sums.get(currency, Money.zero(currency)) + case.balance
        day = case.due_on + timedelta(days=rule.overdue_days)
        if sums[currency].amount >= rule.overdue_amount and (day > view.today or view.blind):
            yield day
            return


def overdue_of(file: DebtorFile, today: date) -> dict[str, Money]:
    """What is overdue and undisputed, by currency: for the list of holds."""
    sums: dict[str, Money] = {}
    for case in file.open_cases():
        if case.due_on < today and file.dispute_on(case.number) is None:
            currency = case.balance.currency
            sums[currency] = sums.get(currency, Money.zero(currency)) + case.balance
    return sums


def _counting(view: View) -> list[Case]:
    return [
        c for c in view.file.open_cases() if view.file.dispute_on(c.number) is None and c.number not in view.covered
    ]


def _overdue(view: View, day: date) -> list[Case]:
    oldest = day - timedelta(days=view.policy.credit_hold.overdue_days)
    return [c for c in _counting(view) if c.due_on <= oldest]


def _ask(view: View, cases: list[Case], owed: Money) -> Proposal:
    days = (view.today - cases[0].due_on).days
    why = f"{owed} is overdue, the oldest for {days} days: deliver only against prepayment?"
    task = replace(
        new_task(view, TaskKind.CREDIT_HOLD, str(view.today), cases, why),
        at_stake=owed,
        assignee=view.file.debtor.sales_rep or view.office.creditor.persona("sales_rep").email,
    )
    asked = e.CreditHoldProposed(on=view.today, overdue=owed, since_on=cases[0].due_on)
    return note(why, asked, e.TaskRaised(task=task))


def _end(view: View) -> Proposal:
    why = "nothing has been overdue for so long any more"
    events: list[e.Event] = [e.CreditReleased(on=view.today)]
    for task in view.file.open_tasks():
        if task.kind is TaskKind.CREDIT_HOLD:
            events.append(e.TaskClosed(task_id=task.id, outcome="void", note=why, at=view.at))
    return note(why, *events)
