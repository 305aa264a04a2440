"""Insolvency: until when what is owed must be declared, and a task that grows urgent as that day nears.

France: the claim is declared within two months of the publication of the opening judgment in the Bulletin officiel
des annonces civiles et commerciales (BODACC), four for a creditor outside metropolitan France (Code de commerce
L622-24, L622-26 and R622-24; L631-14 and L641-3 for receivership and liquidation). Who is late may ask the judge for
relief within six months of the publication (L622-26). The judgment stops the course of interest (L622-28), and the
indemnity cannot be claimed where the procedure forbids payment at the due date (L441-10 II).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from chalicelib.domain import events as e
from chalicelib.domain.calendar import end_of_month
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import BlockKind, DebtorFile, Task, TaskKind, at_stake
from chalicelib.domain.plan import Proposal, note
from chalicelib.domain.view import View, short

DECLARED_AHEAD = timedelta(days=30)
"""The task is due so long before the last day: the post, a missing document and a holiday fit in between."""

NEARING = (14, 7, 2)
"""Days before the last one on which the task grows more urgent; it does so once more when the day is past."""


def declaration_ends_on(published_on: date, creditor_country: str, debtor_country: str) -> date | None:
    """The last day to declare; None where we know no rule (then a person finds it out).

    A period of months ends on the day with the same number, or on the last of a shorter month (Code de procédure
    civile 641). That it moves on where it ends on a Saturday, Sunday or holiday (642) is not counted on.
    """
    if debtor_country != "FR":
        return None
    return _months_after(published_on, 2 if creditor_country == "FR" else 4)


def declaring(file: DebtorFile, office: Office, *, published_on: date | None, today: date, collector: str) -> Task:
    """The task to declare the claim, for a procedure published on that day (None: nobody knows yet)."""
    creditor = office.creditor
    ends_on = declaration_ends_on(published_on, creditor.country, file.debtor.country) if published_on else None
    review = creditor.calendar.add(today, office.policy(file.debtor.policy).review_due_business_days)
    cases = file.open_cases()
    return Task(
        id=f"{TaskKind.DECLARE_CLAIM}-{short(file.id, str(published_on), str(today))}",
        kind=TaskKind.DECLARE_CLAIM,
        raised_on=today,
        due_on=max(today, ends_on - DECLARED_AHEAD) if ends_on else review,
        reason=_reason(file.debtor.country, published_on, ends_on, today),
        numbers=tuple(c.number for c in cases),
        at_stake=at_stake(cases),
        assignee=collector,
        deadline_on=ends_on,
        urgency=_urgency(ends_on, today),
    )


def refuted(file: DebtorFile, *, today: date, at: datetime, why: str) -> Iterator[e.Event]:
    """No procedure is open after all: what was asked because of it ends, and the ladder goes on where it stood.

    Plans and promises that it ended stay ended: the debtor says anew what holds.
    """
    if file.insolvent_since_on:
        yield e.InsolvencyRefuted(on=today)
    for block in file.blocks.values():
        if block.is_open and block.kind is BlockKind.INSOLVENCY:
            yield e.BlockLifted(block_id=block.id, on=today)
    for task in file.open_tasks():
        if task.kind in (TaskKind.INSOLVENCY, TaskKind.DECLARE_CLAIM):
            yield e.TaskClosed(task_id=task.id, outcome="not_so", note=why, at=at)


def watch(view: View) -> list[Proposal]:
    """Declarations whose last day has come nearer."""
    found = []
    for task in view.file.open_tasks():
        if task.kind is TaskKind.DECLARE_CLAIM and task.deadline_on:
            urgency = _urgency(task.deadline_on, view.today)
            if urgency > task.urgency:
                found.append(_urge(view, task, task.deadline_on, urgency))
    return found


def wake_days(view: View) -> list[date]:
    return [
        day
        for task in view.file.open_tasks() if task.kind is TaskKind.DECLARE_CLAIM and task.deadline_on
        for day in _steps(task.deadline_on) if day > view.today
    ]  # fmt: skip


def _urge(view: View, task: Task, ends_on: date, urgency: int) -> Proposal:
    file = view.file
    why = _reason(file.debtor.country, file.insolvency_published_on, ends_on, view.today)
    urged = e.TaskUrged(task_id=task.id, due_on=min(task.due_on, view.today), urgency=urgency, reason=why)
    events: list[e.Event] = [urged]
    director = view.office.creditor.persona("director").email
    if urgency >= len(NEARING) and task.assignee != director:
        events.append(e.TaskAssigned(task_id=task.id, assignee=director))
    return note(why, *events)


def _steps(ends_on: date) -> list[date]:
    """The days on which the urgency rises: three before the last day, and the day after it."""
    return [*(ends_on - timedelta(days=days) for days in NEARING), ends_on + timedelta(days=1)]


def _urgency(ends_on: date | None, today: date) -> int:
    return sum(today >= day for day in _steps(ends_on)) if ends_on else 0


def _reason(country: str, published_on: date | None, ends_on: date | None, today: date) -> str:
    if country != "FR":
        return "declare what is owed to the insolvency procedure: find out by which day its law wants it"
    if published_on is None or ends_on is None:
        return (
            "declare what is owed to the court's representative: find the day on which the judgment was published in "
            "the BODACC and close this task as published with it (2 months from then, Code de commerce R622-24)"
        )
    if today > ends_on:
        relief = _months_after(published_on, 6)
        return (
            f"the last day to declare what is owed, {ends_on}, is past: ask the judge for relief by {relief} "
            "(Code de commerce L622-26)"
        )
    left = (ends_on - today).days
    return (
        f"declare what is owed to the court's representative by {ends_on} at the latest ({left} days left; published "
        f"on {published_on}, Code de commerce R622-24)"
    )


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = end_of_month(date(year, month + 1, 1))
    return last.replace(day=min(day.day, last.day))
