"""Keep open tasks true: what is settled is not called about, and a question that stays unanswered becomes a call."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Order, OrderState, Task, TaskKind, at_stake
from chalicelib.domain.orders import unanswered
from chalicelib.domain.plan import Proposal, note
from chalicelib.domain.view import View, new_task, short

ASK = "ask_promise"

_ABOUT_OPEN_INVOICES = frozenset(
    {TaskKind.CALL, TaskKind.BROKEN_PROMISE, TaskKind.ASK_PROMISE, TaskKind.WRONG_PHONE}
)  # fmt: skip


def watch(view: View) -> list[Proposal]:
    """Tasks whose invoices are settled close or shrink; what we asked in writing and got no answer to is a task."""
    narrowed = (_narrowed(view, task) for task in view.file.open_tasks() if task.kind in _ABOUT_OPEN_INVOICES)
    asked = (_asked(view, order) for order, day in _questions(view) if view.today >= day)
    return [proposal for proposal in (*narrowed, *asked) if proposal]


def wake_days(view: View) -> list[date]:
    return [day for _, day in _questions(view)]


def _narrowed(view: View, task: Task) -> Proposal | None:
    cases = view.file.open_among(task.numbers)
    if not task.numbers:
        return None
    if not cases:
        why = "every invoice that it is about is settled"
        return note(why, e.TaskClosed(task_id=task.id, outcome="settled", note=why, at=view.at))
    stake = at_stake(cases)
    same = task.at_stake is None or (stake is not None and stake.currency != task.at_stake.currency)
    if len(cases) == len(task.numbers) and (same or stake is None or task.at_stake is None or stake >= task.at_stake):
        return None
    numbers = tuple(n for n in task.numbers if n in {c.number for c in cases})
    why = "money or credit came for some of what it is about"
    return note(why, e.TaskNarrowed(task_id=task.id, numbers=numbers, at_stake=stake))


def _questions(view: View) -> list[tuple[Order, date]]:
    """Our written questions for a date that are still open, each with the day on which a person takes over."""
    # By id: closing a task may overwrite its note.
    told = {task.id.rpartition("-")[2] for task in view.file.tasks.values() if task.kind is TaskKind.ASK_PROMISE}
    days = view.policy.promise_ask_business_days
    return [
        (order, view.calendar.add(order.ordered_on, days) + timedelta(days=1))
        for order in view.file.orders.values()
        if order.template == ASK and _told(view, order) not in told and unanswered(view.file, order)
        and order.state is not OrderState.WITHDRAWN  # then nothing was asked
        and view.file.insolvent_since_on is None
    ]  # fmt: skip


def _told(view: View, order: Order) -> str:
    """The end of the id of the task about a question."""
    return short(view.file.id, TaskKind.ASK_PROMISE, order.id)


def _asked(view: View, order: Order) -> Proposal:
    cases = view.file.open_among(unanswered(view.file, order))
    why = f"a vague promise: our mail of {order.ordered_on} has no answer, ask for the amount, the date and the means"
    task = new_task(view, TaskKind.ASK_PROMISE, order.id, cases, why)
    return note(why, e.TaskRaised(task=replace(task, note=order.id)))
