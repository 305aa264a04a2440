"""Hold all sending, and let it go on: the one switch that a manager turns when something is wrong.

The office's row is what each worker reads before its batch; the desk's journal tells who turned it, when and why. The
row comes first when it is turned on, and last when it is turned off: killed in between, nothing leaves.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import DESK
from chalicelib.errors import BadInput
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.ports import Parts, SendingHold


def hold_sending(parts: Parts, *, reason: str, at: datetime, who: str) -> SendingHold:
    """Nothing leaves any more but what five workers are at, ten debtors each. Twice is once: the first stands."""
    if not reason.strip():
        raise BadInput("reason", "everybody will ask why nothing leaves", "say it in a few words")
    standing = parts.offices.hold()
    if standing:
        return standing
    hold = SendingHold(who=who, at=at, reason=reason.strip()[:300])
    parts.offices.set_hold(hold)
    event = e.SendingHeld(reason=hold.reason)
    keep(parts, office_of(parts), DESK, lambda _: [(event, f"{who}: {hold.reason}")], at=at, who=who)
    return hold


def resume_sending(parts: Parts, *, at: datetime, who: str) -> None:
    """Mails leave again with the next run. What was due meanwhile is still due, and judged anew before it leaves."""
    if parts.offices.hold() is None:
        return
    why = f"{who} lets mails leave again"
    keep(parts, office_of(parts), DESK, lambda _: [(e.SendingResumed(), why)], at=at, who=who)
    parts.offices.set_hold(None)
