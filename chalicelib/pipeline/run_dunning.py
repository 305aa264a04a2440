"""The dunning run: hand every debtor that is due to the queue, or say why nobody is chased today."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from chalicelib.domain.debtor_file import TaskKind
from chalicelib.pipeline.desk import raise_on_desk
from chalicelib.pipeline.keep import office_of
from chalicelib.ports import Parts


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """One dated run: how many debtors were due, or why the run saw nothing."""

    at: datetime
    due: int
    blind: str = ""


def run_dunning(parts: Parts, *, at: datetime) -> RunSummary:
    """One evaluation of the agenda. Costs the same few calls whatever the number of debtors that are not due.

    Nights that were missed are caught up by the next run: what was due stays due. A run started twice hands the
    same debtors over twice, which the claim on each file makes harmless.
    """
    office = office_of(parts)
    blind = office.health.blind(office.policy("standard"), at)
    if blind:
        reason = f"nobody is chased while the program is blind: {blind}"
        raise_on_desk(parts, office, TaskKind.BLIND, reason, about="blind", at=at)
        summary = RunSummary(at=at, due=0, blind=blind)
    else:
        due = parts.due_queue.put({"debtor_id": id_, "at": at.isoformat()} for id_ in parts.store.due(at))
        summary = RunSummary(at=at, due=due)
    parts.offices.note_run({**asdict(summary), "at": at.isoformat()})
    return summary
