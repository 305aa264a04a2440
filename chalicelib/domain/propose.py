"""Propose what is due for one debtor now, and say for everything else why not.

The plan is data: the dunning run performs it, the forecast and the simulation only show it. It is made in three looks:

1. what happened merely because time passed (a promise broken, an instalment missed, a dispute that nobody moves);
2. the gate and the ladder: for each open case its next step, or what holds it;
3. the bundle: one e-mail for a currency carries every case that is due, one call is made for all that are due.

Every open case appears exactly once, in a proposal that takes a step for it or in `held` (invariant I5).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.domain import sales_rep
from chalicelib.domain.apply import foreseen
from chalicelib.domain.bundle import bundle, letters_again, letters_wait_until
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import Case, DebtorFile, NoticeState
from chalicelib.domain.elapsed import OUTCOME_WITHIN, elapsed, wake_days
from chalicelib.domain.gate import held_back
from chalicelib.domain.ladder import Due, demanded_early, next_step
from chalicelib.domain.orders import GOOD_FOR, ordered_mails
from chalicelib.domain.plan import Action, Held, Hold, Plan, Proposal, Waiting
from chalicelib.domain.policy import Do
from chalicelib.domain.view import View

__all__ = ["Action", "Held", "Hold", "Plan", "Proposal", "Waiting", "next_action_at", "propose"]


def propose(file: DebtorFile, office: Office, *, at: datetime) -> Plan:
    """What is due for this debtor at `at` (aware UTC), and why the rest is not. Changes nothing."""
    view = View(file, office, at)
    noted = elapsed(view)
    view = _after(view, noted)

    looks = [look_at(view, case) for case in view.file.open_cases()]
    told = sales_rep.tell(view, looks)
    view, noted = _after(view, told), noted + told
    due: list[Due] = []
    held: list[Held] = []
    for look in looks:
        look = sales_rep.waits(view, look)
        (due if isinstance(look, Due) else held).append(look)  # type: ignore[arg-type]

    ordered, unwritten = ordered_mails(view)
    ordered = letters_again(view) + ordered
    written = any(p.notice and not p.notice.internal for p in ordered)
    view = _after(view, [p for p in ordered if not p.notice])  # what they ask for is not asked for twice
    proposals, waiting = bundle(view, due, written=written)
    held += waiting
    return Plan(
        proposals=tuple(noted + ordered + proposals),
        held=tuple(held),
        next_action_at=_wake_at(view, held, noted + ordered + proposals, unwritten),
        waiting=tuple(unwritten),
    )


def next_action_at(file: DebtorFile, office: Office, *, at: datetime) -> datetime | None:
    """When to look at this file again: kept on the agenda by every save."""
    return propose(file, office, at=at).next_action_at


def look_at(view: View, case: Case) -> Due | Held:
    """The next step of one case if it is due today, else what holds it. First match wins."""
    held = held_back(view, case)
    if held:
        return held
    step, on = next_step(view, case)
    early = demanded_early(view, [case])
    if step is None or on is None:
        why = "; ".join(early) or "every step of the ladder has been taken"
        return Held(number=case.number, hold=Hold.LADDER_DONE, reason=why)
    if view.today < on:
        why = "; ".join([f"{step.id} is due on {on}", *early])
        return Held(number=case.number, hold=Hold.NOT_DUE, reason=why, until=on, step=step.id)
    return Due(case, step, on, f"{step.id} is due since {on} ({step.when})")


def _wake_at(view: View, held: list[Held], proposals: list[Proposal], unwritten: list[Waiting]) -> datetime | None:
    """The earliest instant at which anything can change: now where something is due, else when a hold may end.

    What time has brought about counts as due until it is on record: whoever saves the file for another reason in
    between (an answer, a payment) must not take a broken promise off the agenda.
    """
    if proposals or any(h.hold is Hold.BLIND for h in held):
        return view.at
    # A mail leaves when the client's office opens. A formal notice is asked for before: its approval waits for no hour.
    mails = {step.id for step in view.policy.steps if step.do is Do.EMAIL}
    instants = [
        (view.opening if h.step in mails or h.hold is Hold.CLOSED_HOUR else view.midnight)(view.contact_day(h.until))
        for h in held
        if h.until
    ]
    instants += [w.until for w in unwritten if w.until]
    instants += letters_wait_until(view)
    instants += [
        n.claimed_at + OUTCOME_WITHIN
        for n in view.file.notices.values()
        if n.state is NoticeState.CLAIMED and n.claimed_at
    ]
    ends = [o.ordered_on + GOOD_FOR + timedelta(days=1) for o in view.file.open_orders()]
    ends += wake_days(view) + sales_rep.wake_days(view, held)
    return min(instants + [view.midnight(day) for day in ends], default=None)


def _after(view: View, proposals: Sequence[Proposal]) -> View:
    """The file as it will be once these are on record; the very view where there are none."""
    happened = [event for proposal in proposals for event in proposal.events]
    return View(foreseen(view.file, happened, at=view.at), view.office, view.at) if happened else view
