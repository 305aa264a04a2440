"""The ladder: which step a case takes next, and on which day it falls due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from chalicelib.domain.debtor_file import Case
from chalicelib.domain.policy import Do, Policy, Step
from chalicelib.domain.view import View


@dataclass(frozen=True)
class Due:
    case: Case
    step: Step
    on: date
    why: str


def next_step(view: View, case: Case) -> tuple[Step | None, date | None]:
    """The first step that this case has not taken and can still take, with the day it falls due.

    Steps before the due date lapse on it: what enters late starts at the first reminder. No other step lapses, but
    those before a formal notice that demanded the invoice ahead of them.
    """
    taken = view.progress.get(case.number, {})
    past = _past(view, case, taken)
    if view.file.given_up(case) and (brought := _formal_notice(view, case, past, taken)):
        return brought
    for rank, step in enumerate(view.policy.steps):
        if rank <= past or not step.concerns(case, view.file.debtor):
            continue
        if step.before_due and view.today >= case.due_on:
            continue
        return step, _due_day(view, case, step, taken)
    return None, None


def demanded_early(view: View, cases: Iterable[Case]) -> list[str]:
    """Why no reminder comes, in words, for those of these cases that a formal notice demanded ahead of the ladder."""
    said: dict[date, list[str]] = {}
    for case in cases:
        if on := view.file.demanded_early_on(case.number):
            said.setdefault(on, []).append(case.number)
    return [
        f"the formal notice of {on} also demanded {', '.join(sorted(some))}, ahead of the ladder: no reminder follows"
        for on, some in sorted(said.items())
    ]


def _past(view: View, case: Case, taken: dict[str, date]) -> int:
    """The rank of the last rung that lies behind a case; -1 where none does.

    Behind a formal notice nothing softer is left, also under a policy that calls that step otherwise or has none.
    """
    ranks = [view.policy.rank(step) for step in taken if _known(view.policy, step)]
    if view.file.letter_on(case.number):
        formal = [rank for rank, step in enumerate(view.policy.steps) if step.do is Do.FORMAL_NOTICE]
        mails = [rank for rank, step in enumerate(view.policy.steps) if step.do is Do.EMAIL]
        ranks += formal[:1] or mails[-1:]
    return max(ranks, default=-1)


def _formal_notice(view: View, case: Case, past: int, taken: dict[str, date]) -> tuple[Step, date] | None:
    """The formal notice of a case about which nobody can be reached: now, whatever reminders were still to come."""
    for rank, step in enumerate(view.policy.steps):
        if rank > past and step.do is Do.FORMAL_NOTICE and step.concerns(case, view.file.debtor):
            since = case.unpaid_since_on or view.today
            return step, max([since, *(on + timedelta(days=2) for on in taken.values())])
    return None


def _due_day(view: View, case: Case, step: Step, taken: dict[str, date]) -> date:
    """The day a step falls due: counted from the day its anchor was really taken, so that nothing ever bunches up.

    An anchor that this case skips (too small for it) passes on the day on which it would have been due. A mail
    leaves the step before it two days at least, so that catching up is never a burst.
    """
    anchor = step.when.anchor
    if anchor == "due":
        on = step.when.day(case.due_on, view.calendar)
    else:
        on = step.when.day(taken.get(anchor) or _due_day(view, case, view.policy.step(anchor), taken), view.calendar)
    letter = view.file.letter_on(case.number)
    if step.do is Do.CHOOSE and letter and letter.deadline_on:  # which the manager may have set later
        on = max(on, letter.deadline_on)
    if taken and step.do in (Do.EMAIL, Do.FORMAL_NOTICE):
        on = max(on, max(taken.values()) + timedelta(days=2))
    return on


def _known(policy: Policy, step_id: str) -> bool:
    """A step taken under an earlier version of the policy may be gone from this one."""
    return any(step.id == step_id for step in policy.steps)
