"""Today's work in order: which section a task belongs to, what of it waits for its day, what comes first.

Money at stake times the days that it has waited decides; a legal last day and an urgent task go before all else.
Amounts of two currencies are compared by their figures: an order among tasks needs no rate of exchange.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from chalicelib.domain.debtor_file import Task, TaskKind

SECTIONS: dict[str, tuple[TaskKind, ...]] = {
    "alerts": (TaskKind.BLIND, TaskKind.MAILBOX, TaskKind.LEDGER, TaskKind.WEEKLY_REVIEW),
    "deadlines": (TaskKind.INSOLVENCY, TaskKind.DECLARE_CLAIM, TaskKind.TIME_BAR),
    "notices": (TaskKind.APPROVE_NOTICE, TaskKind.POST_LETTER),
    "calls": (TaskKind.CALL,),
    "broken": (TaskKind.BROKEN_PROMISE,),
    "mail": (TaskKind.REVIEW_MAIL, TaskKind.COMPLAINT),
    "disputes": (TaskKind.ANSWER_DISPUTE, TaskKind.MISSING_CREDIT_NOTE),
    "agreements": (TaskKind.ASK_PROMISE, TaskKind.NEGOTIATE_PLAN),
    "payments": (TaskKind.ALLOCATE_PAYMENT, TaskKind.UNCONFIRMED_PAYMENT),
    "contacts": (TaskKind.DEAD_ADDRESS, TaskKind.WRONG_PHONE, TaskKind.CONFIRM_CONTACT),
    "documents": (TaskKind.SEND_DOCUMENT, TaskKind.CHECK_INVOICE),
    "court": (
        TaskKind.CHOOSE_ACTION, TaskKind.FILE_COURT_ORDER, TaskKind.FILE_SUMMARY_PROCEEDINGS, TaskKind.HAND_TO_AGENCY,
        TaskKind.SELL_CLAIM, TaskKind.ASK_MEDIATOR, TaskKind.WRITE_OFF,
    ),
    "credit": (TaskKind.CREDIT_HOLD, TaskKind.REVIEW_BLOCK),
    "sending": (TaskKind.UNKNOWN_DELIVERY, TaskKind.REFUSED_MAIL),
}  # fmt: skip
"""The sections of Today in their order, each with its kinds of task."""

SECTION_OF = {kind: section for section, kinds in SECTIONS.items() for kind in kinds}

_APPOINTED = frozenset({TaskKind.CALL, TaskKind.WRONG_PHONE})
_MOST = Decimal(10) ** 15


@dataclass(frozen=True, kw_only=True)
class Item:
    """One task of the list. `place` sorts as the list does, and is where a next page goes on."""

    debtor_id: str
    task: Task
    place: str

    @property
    def section(self) -> str:
        return SECTION_OF[self.task.kind]


def sorted_work(tasks: Iterable[tuple[str, Task]], *, today: date) -> tuple[list[Item], list[Item]]:
    """What is to be done now, the heaviest first, and what waits for its day, the nearest first."""
    now: list[Item] = []
    later: list[Item] = []
    for debtor_id, task in tasks:
        if waits(task, today):
            later.append(Item(debtor_id=debtor_id, task=task, place=f"{task.due_on}/{debtor_id}/{task.id}"))
        else:
            now.append(Item(debtor_id=debtor_id, task=task, place=_place(debtor_id, task, today)))
    return sorted(now, key=lambda item: item.place), sorted(later, key=lambda item: item.place)


def waits(task: Task, today: date) -> bool:
    """Whether a task is for a later day: a person put it off, or a call was agreed for that day.

    The due day of any other task is until when it should be done: it is shown as soon as it is raised. A call that
    takes a step of the ladder is no appointment either.
    """
    return task.due_on > today and (bool(task.snoozed) or (task.kind in _APPOINTED and not task.takes))


def weight(task: Task, today: date) -> Decimal:
    """Money at stake times the days since it was raised, the first day counted."""
    money = abs(task.at_stake.amount) if task.at_stake else Decimal(0)
    return money * max((today - task.raised_on).days + 1, 1)


def days_left(task: Task, today: date) -> int | None:
    """Days until the legal last day, that day counted as 0; negative when it is past; None where there is none."""
    return (task.deadline_on - today).days if task.deadline_on else None


def _place(debtor_id: str, task: Task, today: date) -> str:
    # Text that sorts: the more urgent and the heavier, the smaller the figure.
    heavy = _MOST - min(weight(task, today) * 100, _MOST)
    return f"{99 - min(max(task.urgency, 0), 99):02d}/{int(heavy):016d}/{debtor_id}/{task.id}"
