"""Limitation: ninety days before a claim can no longer be brought to court a person is told, once for each case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Case, TaskKind
from chalicelib.domain.plan import Proposal, note
from chalicelib.domain.view import View, new_task
from chalicelib.law.late_payment import time_bar_on

WARNED_AHEAD = timedelta(days=90)


def warn(view: View) -> list[Proposal]:
    """One task for all cases that have come within ninety days of their limit since the last look."""
    near = [(case, bar) for case, bar in _bars(view) if view.today >= bar - WARNED_AHEAD]
    if not near:
        return []
    first = min(bar for _, bar in near)
    past = "is past since" if first < view.today else "ends on"
    why = f"the time to go to court {past} {first}: decide what is done before, or write off"
    cases = [case for case, _ in near]
    task = replace(new_task(view, TaskKind.TIME_BAR, repr([c.number for c in cases]), cases, why), deadline_on=first)
    return [note(why, e.TaskRaised(task=task))]


def wake_days(view: View) -> Iterator[date]:
    yield from (bar - WARNED_AHEAD for _, bar in _bars(view) if bar - WARNED_AHEAD > view.today)


def _bars(view: View) -> Iterator[tuple[Case, date]]:
    """Open cases that nobody was warned of, each with its last day: the earlier of ours and the debtor's country."""
    rules, debtor = view.office.rules, view.file.debtor
    if rules is None:
        return
    warned = {n for t in view.file.tasks.values() if t.kind is TaskKind.TIME_BAR for n in t.numbers}
    countries = sorted({view.office.creditor.country, debtor.country})
    for case in view.file.open_cases():
        if case.number not in warned:
            bars = (time_bar_on(case.due_on, country, debtor.kind.value, rules) for country in countries)
            bar = min((bar for bar in bars if bar), default=None)
            if bar:
                yield case, bar
