"""Before the tone hardens: the sales representative is told days ahead of the director's first mail, and can stop it.

Told once for an invoice, by an ordered mail of our own; the step waits until the days have passed, also where the tone
rose at once because a promise was broken. Without a sales representative nobody is told and nothing waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from chalicelib.domain import events as e
from chalicelib.domain.calls import silenced
from chalicelib.domain.debtor_file import Case, DebtorFile, Fact, Order, OrderState
from chalicelib.domain.ladder import Due
from chalicelib.domain.plan import Held, Hold, Proposal, note
from chalicelib.domain.policy import Do
from chalicelib.domain.view import View, short

TEMPLATE = "sales_heads_up"
DIRECTOR = "director"


def tell(view: View, looks: Sequence[Due | Held]) -> list[Proposal]:
    """The mail to the sales representative about every invoice that the director is to write about soon."""
    if view.blind:
        return []
    coming = [(case, step, on) for look in looks for case, step, on in _coming(view, look)]
    if not any(view.today >= _told_by(view, case, on) for case, _, on in coming):
        return []
    why = f"the director is to write about {', '.join(case.number for case, _, _ in coming)}: the sales rep may stop it"
    proposals = []
    for currency in sorted({case.balance.currency for case, _, _ in coming}):
        some = [(c, step, on) for c, step, on in coming if c.balance.currency == currency]
        order = Order(
            id=f"{TEMPLATE}-{short(view.file.id, str(view.today), currency, *(case.number for case, _, _ in some))}",
            template=TEMPLATE,
            ordered_on=view.today,
            numbers=tuple(case.number for case, _, _ in some),
            currency=currency,
            facts=(
                Fact(name="days", text=str(view.policy.tell_sales_rep_business_days)),
                *(Fact(name="letter", text=case.number, on=on, amount=case.balance) for case, _, on in some),
                *(Fact(name="step", text=step) for _, step, _ in some),
            ),
            to=view.file.debtor.sales_rep,
        )
        proposals.append(note(why, e.NoticeOrdered(order=order)))
    return proposals


def waits(view: View, look: Due | Held) -> Due | Held:
    """A step of the director's that is due waits until the sales representative has had the policy's days."""
    if not isinstance(look, Due) or not _first_of_director(view, look.case, look.step.id):
        return look
    told_on = _told_on(view, look.case.number)
    if told_on is None:  # blind: nothing leaves anyway
        return look
    free_on = view.calendar.add(told_on, view.policy.tell_sales_rep_business_days)
    if view.today >= free_on:
        return look
    reason = f"{look.why}, but the sales representative was told on {told_on} and may stop it until {free_on}"
    return Held(number=look.case.number, hold=Hold.SALES_REP, reason=reason, until=free_on, step=look.step.id)


def not_to_be_said(file: DebtorFile, order: Order, today: date) -> str:
    """Why he must not be told any more: the director will not write about one of these. He is told of the rest anew."""
    for number in order.numbers:
        case = file.cases.get(number)
        if case is None or not case.is_open:
            return f"{number} is settled"
        if why := silenced(file, number):
            return f"{number}: {why}"
    return ""


def wake_days(view: View, looks: Sequence[Due | Held]) -> list[date]:
    days = [_told_by(view, case, on) for look in looks for case, _, on in _coming(view, look)]
    return [day for day in days if day > view.today or view.blind]


def _coming(view: View, look: Due | Held) -> list[tuple[Case, str, date]]:
    """The director's first step for this invoice and its day, where the sales representative does not know of it."""
    if isinstance(look, Due):
        case, step, on = look.case, look.step.id, max(look.on, view.today)
    elif look.hold is Hold.NOT_DUE and look.until:
        case, step, on = view.file.cases[look.number], look.step, look.until
    else:
        return []
    if not _first_of_director(view, case, step) or _told_on(view, case.number):
        return []
    return [(case, step, view.contact_day(on))]


def _first_of_director(view: View, case: Case, step_id: str) -> bool:
    policy, file = view.policy, view.file
    if not policy.tell_sales_rep_business_days or not file.debtor.sales_rep:
        return False
    step = policy.step(step_id)
    if step.do not in (Do.EMAIL, Do.FORMAL_NOTICE):
        return False
    if policy.tone(step_id, file.hardened(case.number)).sender != DIRECTOR:
        return False
    return not any(
        n.sender == DIRECTOR and n.counts and not n.ordered and case.number in dict(n.takes)
        for n in file.notices.values()
    )


def _told_by(view: View, case: Case, on: date) -> date:
    """When he is to know: never on the very day of the step before, which a catch-up would make possible."""
    day = view.calendar.add(on, -view.policy.tell_sales_rep_business_days)
    last = max(view.progress.get(case.number, {}).values(), default=None)
    return max(day, last + timedelta(days=1)) if last else day


def _told_on(view: View, number: str) -> date | None:
    told = [
        o.ordered_on for o in view.file.orders.values()
        if o.template == TEMPLATE and number in o.numbers and o.state is not OrderState.WITHDRAWN
    ]  # fmt: skip
    return max(told, default=None)
