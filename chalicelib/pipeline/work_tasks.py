"""Work the tasks: list them, give them to somebody, close them with an outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time

from chalicelib.domain import events as e
from chalicelib.domain.calendar import instant, local_day
from chalicelib.domain.call_sheet import CALLS, CallSheet, call_sheet
from chalicelib.domain.debtor_file import DebtorFile, Task, TaskKind
from chalicelib.domain.outcomes import Outcome, close
from chalicelib.domain.snooze import reopen, snooze, unsnooze
from chalicelib.errors import BadInput, PermanentError
from chalicelib.pipeline.keep import Happened, hand_over, keep, load_whole, office_of
from chalicelib.ports import Parts, Shelf


class NoSuchTask(PermanentError):
    """The task is closed, or never was."""


def list_tasks(parts: Parts, *, kind: str = "", assignee: str = "") -> Iterator[tuple[str, Task]]:
    """Open tasks with their debtors' ids, the earliest due first."""
    for debtor_id, task in parts.store.open_tasks():
        if (not kind or task.kind == kind) and (not assignee or task.assignee == assignee):
            yield debtor_id, task


def assign_task(parts: Parts, debtor_id: str, task_id: str, *, assignee: str, at: datetime, who: str) -> DebtorFile:
    def decide(file: DebtorFile) -> Happened:
        task = _open_task(file, task_id)
        if task.assignee == assignee:
            return []
        return [(e.TaskAssigned(task_id=task_id, assignee=assignee), f"assigned by {who}")]

    return keep(parts, office_of(parts), debtor_id, decide, at=at, who=who)


def snooze_task(
    parts: Parts, debtor_id: str, task_id: str, *, until: date, reason: str, at: datetime, who: str
) -> date:
    """Put an open task off until a day; gives the day on which it was due before."""
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)
    before: list[date] = []

    def decide(file: DebtorFile) -> Happened:
        task = _open_task(file, task_id)
        before[:] = [task.due_on]
        return [(snooze(task, until, reason, today=today), f"{who}: {reason.strip()}")]

    keep(parts, office, debtor_id, decide, at=at, who=who)
    return before[0]


def unsnooze_task(parts: Parts, debtor_id: str, task_id: str, *, back_to: date, at: datetime, who: str) -> DebtorFile:
    """Take a putting off back: the task is due again on `back_to`, today at the latest."""
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)

    def decide(file: DebtorFile) -> Happened:
        event = unsnooze(_open_task(file, task_id), back_to, today=today)
        return [(event, f"{who} took it back")] if event else []

    return keep(parts, office, debtor_id, decide, at=at, who=who)


def reopen_task(parts: Parts, debtor_id: str, task_id: str, *, at: datetime, who: str) -> DebtorFile:
    """Take a closing back that nothing has followed from. BadInput says in words where something has."""
    office = office_of(parts)
    whole = parts.store.load(debtor_id, whole=True)
    closed = whole.tasks.get(task_id) if whole else None
    if whole is None or closed is None:
        raise NoSuchTask(f"debtor {debtor_id} has no task {task_id!r}")
    raised_at = instant(closed.raised_on, time.min, office.creditor.zone)

    def decide(file: DebtorFile) -> Happened:
        # A task that was closed may be past by now, and no part of what is loaded after a lost race.
        task = file.tasks.get(task_id, closed)
        return [(reopen(task, parts.store.journal_since(debtor_id, raised_at), at=at), f"{who} took the closing back")]

    return keep(parts, office, debtor_id, decide, at=at, who=who, file=whole)


def has_followed(parts: Parts, debtor_id: str, task_id: str, *, at: datetime) -> bool:
    """Whether closing a task at that instant has led to more than its being closed."""
    since = list(parts.store.journal_since(debtor_id, at))
    return any(not (isinstance(x.event, e.TaskClosed) and x.event.task_id == task_id) for x in since)


def close_task(parts: Parts, debtor_id: str, task_id: str, said: Outcome, *, at: datetime, who: str) -> DebtorFile:
    """Close with an outcome, which may change the file (a promise, a resolved dispute, a new address)."""
    office = office_of(parts)

    def decide(file: DebtorFile) -> Happened:
        task = _open_task(file, task_id)
        closed[:] = [task]
        return close(file, task, said, office, at=at, who=who)

    closed: list[Task] = []
    file = keep(parts, office, debtor_id, decide, at=at, who=who)
    for task in closed:
        _take_off_the_shelf(parts, task, at=at, who=who)
    hand_over(parts, file, at=at)
    return file


def _take_off_the_shelf(parts: Parts, task: Task, *, at: datetime, who: str) -> None:
    """A mail that waited for a person has had one. Whoever settles the mail itself at this moment is first."""
    asked = (TaskKind.REVIEW_MAIL, TaskKind.INSOLVENCY, TaskKind.COMPLAINT)
    mail = parts.mail_log.get(task.mail) if task.mail and task.kind in asked else None
    if mail and mail.shelf in (Shelf.REVIEW, Shelf.UNMATCHED, Shelf.QUARANTINED):
        done = replace(mail, asks=False, verdict="worked", turn=mail.turn + 1, settled_by=who, settled_at=at)
        parts.mail_log.amend(mail, done)


def sheet_of(parts: Parts, debtor_id: str, task_id: str, *, at: datetime) -> CallSheet:
    """The call sheet of a task that is a call, as of now. It reads the whole file, for the payment habit."""
    office = office_of(parts)
    file = load_whole(parts, debtor_id)
    task = file.tasks.get(task_id)
    if task is None:
        raise NoSuchTask(f"debtor {debtor_id} has no task {task_id!r}")
    if task.kind not in CALLS:
        raise BadInput(f"{debtor_id}/{task_id}", f"a task of the kind {task.kind} is no call", "name a call")
    return call_sheet(file, task, office, on=local_day(at, office.creditor.zone))


def _open_task(file: DebtorFile, task_id: str) -> Task:
    task = file.tasks.get(task_id)
    if task is None or not task.is_open:
        raise NoSuchTask(f"debtor {file.id} has no open task {task_id!r}")
    return task
