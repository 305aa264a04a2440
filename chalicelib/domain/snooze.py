"""Put a task off until a day, and take back what can be taken back of a person's work on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Task
from chalicelib.errors import BadInput

LONGEST = timedelta(days=92)
"""Who waits longer than a quarter decides something else: a block, a plan, a write-off."""

UNDONE_WITHIN = timedelta(hours=1)
"""Later the program may have gone on from a closing."""

LONGEST_REASON = 300


def snooze(task: Task, until: date, reason: str, *, today: date) -> e.TaskSnoozed:
    """BadInput where the day is none to wait for, or a legal last day would pass meanwhile."""
    if not reason.strip():
        raise BadInput("reason", "a task that is put off says why", "give it in a few words")
    if len(reason) > LONGEST_REASON:
        raise BadInput("reason", f"{len(reason)} characters", f"write {LONGEST_REASON} at most")
    if until <= today:
        raise BadInput("until", f"{until} is no day to wait for", "give a day after today")
    if until > today + LONGEST:
        raise BadInput("until", f"{until} is too far", f"give a day until {today + LONGEST}")
    if task.deadline_on and until > task.deadline_on:
        raise BadInput("until", f"the last day is {task.deadline_on}", "give a day before it")
    return e.TaskSnoozed(task_id=task.id, due_on=until, reason=reason.strip())


def unsnooze(task: Task, back_to: date, *, today: date) -> e.TaskSnoozed | None:
    """Take a putting off back; None where there is none."""
    return e.TaskSnoozed(task_id=task.id, due_on=min(back_to, today)) if task.snoozed else None


def reopen(task: Task, journal: Iterable[e.Entry], *, at: datetime) -> e.TaskReopened:
    """Take a closing back that had no other effect. `journal` is its debtor's, the last entry first.

    BadInput in words where it cannot be: a promise was noted, a mail ordered, a letter approved, or it is long ago.
    """
    if task.closed_at is None:
        raise BadInput(task.id, "it is open", "load the page anew")
    if at - task.closed_at > UNDONE_WITHIN:
        raise BadInput(task.id, "it was closed over an hour ago", "change what followed in the debtor's file")
    note = ""
    for entry in journal:
        ours = entry.at == task.closed_at and isinstance(entry.event, e.TaskClosed) and entry.event.task_id == task.id
        if entry.at >= task.closed_at and not ours:
            raise BadInput(task.id, "something has followed from it", "change that in the debtor's file")
        if isinstance(entry.event, e.TaskRaised) and entry.event.task.id == task.id:
            note = entry.event.task.note  # a closing writes its own over it
            break
    return e.TaskReopened(task=replace(task, outcome="", note=note, closed_at=None, closed_by=""))
