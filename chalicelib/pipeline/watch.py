"""Watch what nobody else would notice: a program gone blind, a mail that a queue lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.debtor_file import TaskKind
from chalicelib.pipeline.desk import close_alerts, raise_on_desk
from chalicelib.pipeline.keep import office_of
from chalicelib.ports import Parts

LOST_AFTER = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Watched:
    blind: str = ""
    requeued: int = 0


def watch(parts: Parts, *, at: datetime) -> Watched:
    """Raise or close the blind alert; hand mails to the queue again that have been waiting for an hour."""
    office = office_of(parts)
    blind = office.health.blind(office.policy("standard"), at)
    if blind:
        reason = f"nobody is chased while the program is blind: {blind}"
        raise_on_desk(parts, office, TaskKind.BLIND, reason, about="blind", at=at)
    else:
        close_alerts(parts, office, TaskKind.BLIND, "the program sees again", at=at)
    lost = parts.mail_log.pending(at - LOST_AFTER)
    requeued = parts.mail_queue.put({"mail_id": id_, "at": at.isoformat()} for id_ in lost)
    return Watched(blind=blind, requeued=requeued)
