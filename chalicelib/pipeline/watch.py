"""Watch what nobody else would notice: a program gone blind, a mail that a queue lost or that nothing can read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import TaskKind
from chalicelib.pipeline.apply_replies import quarantine
from chalicelib.pipeline.desk import close_alerts, raise_on_desk
from chalicelib.pipeline.keep import office_of
from chalicelib.ports import Parts
from chalicelib.reading import Unreadable

LOST_AFTER = timedelta(hours=1)

GIVEN_UP_AFTER = timedelta(hours=4)
"""A mail that ends the function each time (time, memory) comes back until then: a person reads it from now on.

Sooner than the policies call the program blind: one bad mail does not stop the chasing of everybody."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    blind: str = ""
    requeued: int = 0
    given_up: int = 0


def watch(parts: Parts, *, at: datetime) -> Watched:
    """Raise or close the blind alert; hand mails to the queue again that have been waiting for an hour."""
    office = office_of(parts)
    blind = office.health.blind(office.policy("standard"), at)
    if blind:
        reason = f"nobody is chased while the program is blind: {blind}"
        raise_on_desk(parts, office, TaskKind.BLIND, reason, about="blind", at=at)
    else:
        close_alerts(parts, office, TaskKind.BLIND, "the program sees again", at=at)
    given_up = _give_up(parts, office, at=at)
    lost = parts.mail_log.pending(at - LOST_AFTER)
    # The index lags: a mail given up just now may still stand in it, and its reader then finds it settled.
    requeued = parts.mail_queue.put({"mail_id": id_, "at": at.isoformat()} for id_ in lost if id_ not in given_up)
    return Watched(blind=blind, requeued=requeued, given_up=len(given_up))


def _give_up(parts: Parts, office: Office, *, at: datetime) -> set[str]:
    """Quarantine what has been tried for hours: in all probability the mail itself is what stops its reader."""
    given_up = set()
    for id_ in parts.mail_log.pending(at - GIVEN_UP_AFTER):
        mail = parts.mail_log.get(id_)
        if mail is not None:
            why = Unreadable(f"its reader did not come to an end in {GIVEN_UP_AFTER.seconds // 3600} hours")
            parts.mail_log.settle(quarantine(parts, office, mail, why, at=at))
            given_up.add(id_)
    return given_up
