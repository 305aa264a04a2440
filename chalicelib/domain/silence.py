"""Suspicious silence: nothing is heard of a debtor who used to answer, or about very much. Then somebody calls.

The ladder has calls of its own; this one is for those whom it has not called since their last sign of life.
"""

from __future__ import annotations

from datetime import date, datetime

from chalicelib.domain import events as e
from chalicelib.domain.calendar import local_day
from chalicelib.domain.calls import left_alone
from chalicelib.domain.debtor_file import Case, Notice, NoticeState, TaskKind, at_stake
from chalicelib.domain.plan import Proposal, note
from chalicelib.domain.view import View, new_task

_CALLS = (TaskKind.CALL, TaskKind.BROKEN_PROMISE)


def watch(view: View) -> list[Proposal]:
    """The call that a silence asks for, once; blind, we cannot know that it is one."""
    found = _suspicious(view)
    if found is None or view.blind or view.today < _call_on(view, found[0]):
        return []
    _, cases, why = found
    task = new_task(view, TaskKind.CALL, f"silence-{cases[0].number}", cases, f"call the debtor: {why}")
    return [note(why, e.TaskRaised(task=task))]


def wake_days(view: View) -> list[date]:
    found = _suspicious(view)
    return [_call_on(view, found[0])] if found else []


def _call_on(view: View, day: date) -> date:
    """The first day from then on, today at the earliest, on which somebody works here and at the client's."""
    return view.contact_day(max(day, view.today))


def _suspicious(view: View) -> tuple[date, list[Case], str] | None:
    """From which day the silence is suspicious, about which invoices, and why; None where it is not."""
    file, rules = view.file, view.policy.silence
    heard_on = local_day(file.last_heard_at, view.office.creditor.zone) if file.last_heard_at else None
    chased = [c for c in file.open_cases() if _chased(view, c)]
    mails = sorted((n for n in file.notices.values() if _reminds(n, chased, heard_on)), key=lambda n: (n.on, n.id))
    about = [c for c in chased if any(_was_late(c, n) for n in mails)]
    stake = at_stake(about)
    if not rules.mails or stake is None:
        return None
    large = stake.amount >= rules.large
    needed = min(rules.mails, rules.large_mails) if large else rules.mails
    used_to_answer = heard_on is not None and stake.amount >= rules.minimum
    if len(mails) < needed or not (large or used_to_answer) or _call_asked_for(view, about, file.last_heard_at):
        return None
    told = f"about {stake}" if large else f"the last sign of life was on {heard_on}"
    why = f"nothing was heard after {len(mails)} reminders, {told}"
    return view.calendar.add(mails[needed - 1].on, rules.after_business_days), about, why


def _chased(view: View, case: Case) -> bool:
    file = view.file
    held = left_alone(file, case.number) or case.number in view.covered
    return not held and file.insolvent_since_on is None


def _reminds(notice: Notice, cases: list[Case], heard_on: date | None) -> bool:
    """A reminder of ours that arrived, of what was late, after the last sign of life."""
    arrived = notice.state is NoticeState.SENT and not notice.ordered
    return arrived and (heard_on is None or notice.on > heard_on) and any(_was_late(c, notice) for c in cases)


def _was_late(case: Case, notice: Notice) -> bool:
    return case.due_on < notice.on and case.number in dict(notice.takes)


def _call_asked_for(view: View, cases: list[Case], heard_at: datetime | None) -> bool:
    numbers = {c.number for c in cases}
    heard_on = local_day(heard_at, view.office.creditor.zone) if heard_at else date.min
    return any(
        t.kind in _CALLS and numbers & set(t.numbers) and (t.is_open or t.raised_on >= heard_on)
        for t in view.file.tasks.values()
    )
