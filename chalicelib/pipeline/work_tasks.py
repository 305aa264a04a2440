"""Work the tasks: list them, give them to somebody, close them with an outcome."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import DebtorFile, Task
from chalicelib.domain.outcomes import Outcome, close
from chalicelib.errors import PermanentError
from chalicelib.pipeline.keep import Happened, keep, office_of
from chalicelib.ports import Parts


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


def close_task(parts: Parts, debtor_id: str, task_id: str, said: Outcome, *, at: datetime, who: str) -> DebtorFile:
    """Close with an outcome, which may change the file (a promise, a resolved dispute, a new address)."""
    office = office_of(parts)

    def decide(file: DebtorFile) -> Happened:
        return close(file, _open_task(file, task_id), said, office, at=at, who=who)

    return keep(parts, office, debtor_id, decide, at=at, who=who)


def _open_task(file: DebtorFile, task_id: str) -> Task:
    task = file.tasks.get(task_id)
    if task is None or not task.is_open:
        raise NoSuchTask(f"debtor {file.id} has no open task {task_id!r}")
    return task
