"""Raise tasks that belong to no debtor: alerts and mail that nobody could be found for."""

from __future__ import annotations

import hashlib
from datetime import datetime

from chalicelib.domain.calendar import local_day
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import DESK, DebtorFile, Task, TaskKind
from chalicelib.domain.events import TaskClosed, TaskRaised
from chalicelib.pipeline.keep import Happened, keep
from chalicelib.ports import Parts


def raise_on_desk(
    parts: Parts, office: Office, kind: TaskKind, reason: str, *, about: str, at: datetime, mail: str = ""
) -> None:
    """Raise a task unless one of this kind about the same thing has been raised that is still open."""
    today = local_day(at, office.creditor.zone)
    short = hashlib.sha256(about.encode()).hexdigest()[:8]

    def decide(file: DebtorFile) -> Happened:
        if any(t.kind is kind and t.id.endswith(short) for t in file.open_tasks()):
            return []
        task = Task(
            id=f"{today:%Y%m%d}-{kind}-{short}", kind=kind, raised_on=today, due_on=today, reason=reason, mail=mail
        )
        return [(TaskRaised(task=task), reason)]

    keep(parts, office, DESK, decide, at=at, who="relance")


def close_alerts(parts: Parts, office: Office, kind: TaskKind, reason: str, *, at: datetime) -> None:
    """Close the desk's alerts of a kind: what they warned of is over."""

    def decide(file: DebtorFile) -> Happened:
        return [
            (TaskClosed(task_id=t.id, outcome="over", note=reason, at=at), reason)
            for t in file.open_tasks()
            if t.kind is kind
        ]

    keep(parts, office, DESK, decide, at=at, who="relance")
