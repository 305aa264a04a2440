"""Gather a person's day in a bounded number of reads: the work, what the program did meanwhile, what it cannot do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from chalicelib.domain.calendar import local_day
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import DESK, Debtor
from chalicelib.domain.numbers import Numbers
from chalicelib.domain.worklist import SECTIONS, Item, sorted_work
from chalicelib.pipeline.keep import office_of
from chalicelib.ports import NumbersStore, Parts, SendingHold

MOST = 1000
"""So many open tasks are read and sorted, the earliest due first: more than a team does in a week."""

LOOKED_BACK = timedelta(hours=24)
PAGE = 50
SHOWN_OF_A_SECTION = 6


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What somebody wants to see of the work."""

    section: str = ""
    assignee: str = ""
    unassigned: bool = False
    later: bool = False
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class Done:
    """What the program did by itself: since yesterday its runs, in the last week the rest."""

    runs: int = 0
    looked_at: int = 0
    numbers: Numbers | None = None


@dataclass(frozen=True, kw_only=True)
class Day:
    """One page of the work, with the counts of all of it. `cut`: there is more than was read."""

    office: Office
    counts: Mapping[str, int]  # by section, of what is to be done now under the filters
    mine: int
    unassigned: int
    total: int
    later: int
    items: tuple[Item, ...]
    debtors: Mapping[str, Debtor]
    people: tuple[str, ...]
    next: str = ""
    cut: bool = False
    blind: str = ""
    hold: SendingHold | None = None
    done: Done = field(default_factory=Done)

    def of(self, section: str) -> list[Item]:
        return [item for item in self.items if item.section == section]


def day_of(parts: Parts, numbers: NumbersStore, chosen: Chosen, *, me: str, at: datetime) -> Day:
    """The work as `me` wants to see it. No debtor's file is read, however many there are."""
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)
    read = list(islice(parts.store.open_tasks(), MOST + 1))
    now, later = sorted_work(read[:MOST], today=today)
    list_ = later if chosen.later else now
    wanted = [
        item for item in list_
        if (not chosen.assignee or item.task.assignee == chosen.assignee)
        and (not chosen.unassigned or not item.task.assignee)
    ]  # fmt: skip
    counts = Counter(item.section for item in wanted)
    page, next_ = _page(wanted, chosen)
    ids = {item.debtor_id for item in page} - {DESK}
    return Day(
        office=office,
        counts={section: counts[section] for section in SECTIONS if counts[section]},
        mine=sum(item.task.assignee == me for item in list_),
        unassigned=sum(not item.task.assignee for item in list_),
        total=len(list_),
        later=len(later),
        items=tuple(page),
        debtors=parts.store.debtors(sorted(ids)) if ids else {},
        people=tuple(sorted({item.task.assignee for item in (*now, *later)} - {""})),
        next=next_,
        cut=len(read) > MOST,
        blind=office.health.blind(office.policy("standard"), at),
        hold=parts.offices.hold(),
        done=_done(parts, numbers, at=at),
    )


def _page(wanted: list[Item], chosen: Chosen) -> tuple[list[Item], str]:
    """One section (or what waits) by pages; of all sections the first few each."""
    if not chosen.section and not chosen.later:
        seen: Counter[str] = Counter()
        first = []
        for item in wanted:
            if seen[item.section] < SHOWN_OF_A_SECTION:
                seen[item.section] += 1
                first.append(item)
        order = list(SECTIONS)
        return sorted(first, key=lambda item: order.index(item.section)), ""
    found = [
        item for item in wanted
        if (not chosen.section or item.section == chosen.section) and item.place > chosen.after
    ]  # fmt: skip
    return found[:PAGE], found[PAGE - 1].place if len(found) > PAGE else ""


def _done(parts: Parts, numbers: NumbersStore, *, at: datetime) -> Done:
    runs = list(islice(parts.offices.runs_since(at - LOOKED_BACK), 25))
    return Done(runs=len(runs), looked_at=sum(int(run.get("due", 0)) for run in runs), numbers=numbers.latest())
