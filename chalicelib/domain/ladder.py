"""The ladder: which step a case takes next, and on which day it falls due."""

from __future__ import annotations

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

    Steps before the due date lapse on it: what enters late starts at the first reminder. No other step lapses.
    """
    taken = view.progress.get(case.number, {})
    past = max((view.policy.rank(s) for s in taken if _known(view.policy, s)), default=-1)
    if view.file.given_up(case) and (brought := _formal_notice(view, case, past, taken)):
        return brought
    for rank, step in enumerate(view.policy.steps):
        if rank <= past or not step.concerns(case, view.file.debtor):
            continue
        if step.before_due and view.today >= case.due_on:
            continue
        return step, _due_day(view, case, step, taken)
    return None, None


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
