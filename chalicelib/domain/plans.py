"""Payment plans: what may be offered, what is agreed, and each instalment watched one by one until the plan ends.

Money decides. What was paid on the plan's invoices since it was agreed meets the instalments in order, so early, late
and split payments need no rule of their own. A credit note shortens the plan from its end. A plan ends once: kept when
its invoices are settled, broken when an instalment and its grace passed, withdrawn by a person. Nobody is told that
he is late, and nothing is broken, while we are blind or while a dispute, an announced payment or a block is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.domain import events as e
from chalicelib.domain.calendar import BusinessCalendar
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import (
    BlockKind,
    Case,
    CreditKind,
    DebtorFile,
    Fact,
    Instalment,
    Order,
    PaymentPlan,
    PromiseState,
    TaskKind,
    by_currency,
)
from chalicelib.domain.money import Money, total
from chalicelib.domain.plan import Proposal, note
from chalicelib.domain.policy import PlanTerms
from chalicelib.domain.view import View, new_task, short
from chalicelib.errors import BadInput

Happened = tuple[e.Event, str]
MOST_INSTALMENTS = 24
INSTALMENT_MAILS = ("instalment_due", "instalment_late")
NEGOTIATING = frozenset({TaskKind.NEGOTIATE_PLAN, TaskKind.CALL, TaskKind.BROKEN_PROMISE})
"""Tasks in which a plan may be offered, and agreed."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What the policy allows to propose for the invoices of one currency. `why_not`: nothing, and why."""

    numbers: tuple[str, ...]
    owed: Money
    instalments: tuple[Instalment, ...] = ()
    why_not: str = ""


def offers(file: DebtorFile, numbers: Iterable[str], office: Office, *, on: date) -> list[Offer]:
    """What may be offered for these invoices (none named: all that are open), one offer for a currency.

    What is contested is not part of a plan: to pay by instalments is to owe. `on` is the day of the first one.
    """
    named, policy = set(numbers), office.policy(file.debtor.policy)
    cases = [
        c for c in file.open_cases()
        if (not named or c.number in named) and c.balance and file.dispute_on(c.number) is None
    ]  # fmt: skip
    found = []
    for currency, some in by_currency(cases):
        owed = total((c.balance for c in some), currency)
        why_not = ""
        if owed.amount < policy.plan.minimum:
            why_not = f"{owed} is below {policy.plan.minimum}, from which the policy offers instalments"
        found.append(
            Offer(
                numbers=tuple(c.number for c in some),
                owed=owed,
                instalments=() if why_not else instalments(owed, policy.plan, office.creditor.calendar, on=on),
                why_not=why_not,
            )
        )
    return found


def instalments(owed: Money, terms: PlanTerms, calendar: BusinessCalendar, *, on: date) -> tuple[Instalment, ...]:
    """The policy's parts of what is owed, to the cent, each on a business day; the last one is what is left."""
    left, result = owed, []
    for part in terms.parts:
        share = left
        if part.share is not None:
            exact = owed.amount * part.share.numerator / part.share.denominator
            share = min(Money.of(exact, owed.currency), left)
        left -= share
        if share:
            result.append(Instalment(due_on=calendar.on_or_after(on + timedelta(days=part.days)), amount=share))
    return tuple(result)


def agree(
    file: DebtorFile,
    numbers: Sequence[str],
    office: Office,
    *,
    today: date,
    at: datetime,
    source: str,
    given: Sequence[tuple[date, Money]] = (),
    first_on: date | None = None,
    means: str = "",
) -> Iterator[Happened]:
    """The entries of a plan agreed with the debtor: the policy's own offer, or the instalments that are given.

    Another plan for any of these invoices ends with it: a person who agrees again means the new one. `source` is
    what it was agreed in (a task's id): it makes the plan's id.
    """
    if first_on and first_on < today:
        raise BadInput("on", f"{first_on} is past", "the first instalment is for today or later")
    terms = office.policy(file.debtor.policy).plan
    found = offers(file, numbers, office, on=first_on or today)
    if given:
        currency = given[0][1].currency
        found = [
            Offer(numbers=o.numbers, owed=o.owed, instalments=_checked(given, o.owed, terms, today))
            for o in found if o.owed.currency == currency
        ]  # fmt: skip
        if not found:
            raise BadInput("instalments", f"nothing undisputed is owed in {currency}", "give the invoices' currency")
    happened: list[Happened] = []
    for offer in found:
        if offer.why_not:
            raise BadInput("instalments", offer.why_not, "give the instalments that were agreed")
        agreed = _agree(file, offer, today=today, source=source, means=means)
        # What ends with the plan of one currency (a promise, a block) does not end again with that of the next.
        happened += [one for one in agreed if one not in happened]
    agreed_on = {n for offer in found for n in offer.numbers}
    yield from (*happened, *spared(file, agreed_on, NEGOTIATING, "a payment plan is agreed", at=at, but=source))


def spared(
    file: DebtorFile, numbers: Set[str], kinds: Set[TaskKind], why: str, *, at: datetime, but: str = ""
) -> Iterator[Happened]:
    """Nobody is called, or asked again, about nothing else than what has just been agreed: such tasks are closed."""
    still_open = {c.number for c in file.open_cases()}
    for task in file.open_tasks():
        about = set(task.numbers) & still_open
        if task.id != but and task.kind in kinds and about and about <= numbers:
            yield e.TaskClosed(task_id=task.id, outcome="answered", note=why, at=at), why


def _agree(file: DebtorFile, offer: Offer, *, today: date, source: str, means: str) -> Iterator[Happened]:
    numbers, zero = set(offer.numbers), Money.zero(offer.owed.currency)
    for old in file.plans.values():
        if old.runs and numbers & set(old.numbers):
            yield e.PlanWithdrawn(plan_id=old.id, on=today), "replaced by another plan"
    for promise in file.promises.values():
        if promise.state is PromiseState.OPEN and numbers & set(promise.numbers):
            yield e.PromiseWithdrawn(promise_id=promise.id), "replaced by a payment plan"
    for block in file.blocks.values():
        if block.is_open and block.kind is BlockKind.PLAN and (not block.numbers or numbers & set(block.numbers)):
            yield e.BlockLifted(block_id=block.id, on=today), "the plan is agreed"
    plan = PaymentPlan(
        id=f"plan-{source}-{offer.owed.currency}",
        numbers=offer.numbers,
        instalments=offer.instalments,
        agreed_on=today,
        owed=offer.owed,
        paid=zero,
        credited=zero,
        means=means,
    )
    sums = ", ".join(f"{i.amount} on {i.due_on}" for i in plan.instalments)
    yield e.PlanAgreed(plan=plan), f"agreed: {sums}"
    first = plan.instalments[0]
    order = _order(plan, "plan_agreed", today, plan.numbers, first.amount, first.due_on, short_now=None)
    yield e.NoticeOrdered(order=order), "what was agreed, in writing"


def _checked(given: Sequence[tuple[date, Money]], owed: Money, terms: PlanTerms, today: date) -> tuple[Instalment, ...]:
    """Instalments as a person gives them: in order, in time, and neither more nor less than what is owed."""
    where = "instalments"
    if len(given) > MOST_INSTALMENTS:
        raise BadInput(where, f"{len(given)} of them", f"give {MOST_INSTALMENTS} at most")
    if any(money.currency != owed.currency or not money > Money.zero(owed.currency) for _, money in given):
        raise BadInput(where, "an amount is not above zero, or of another currency", f"give each in {owed.currency}")
    days = [day for day, _ in given]
    if days != sorted(set(days)) or days[0] < today:
        raise BadInput(where, "their days are not in order from today on", "give the earliest first, one a day")
    latest = today + timedelta(days=terms.longest_days)
    if days[-1] > latest:
        what = f"the last on {days[-1]} is later than the {terms.longest_days} days that the policy allows"
        raise BadInput(where, what, f"end by {latest}")
    given_total = total((money for _, money in given), owed.currency)
    if given_total != owed:
        raise BadInput(where, f"they come to {given_total}", f"the invoices come to {owed}")
    return tuple(Instalment(due_on=day, amount=money) for day, money in given)


# --- judging: the running sum


def demands(plan: PaymentPlan, credited: Money) -> tuple[Money, ...]:
    """What each instalment asks once credit notes are deducted, from the last one backwards."""
    left, asked = max(credited, Money.zero(credited.currency)), []
    for instalment in reversed(plan.instalments):
        cut = min(left, instalment.amount)
        left -= cut
        asked.append(instalment.amount - cut)
    return tuple(reversed(asked))


def missing(plan: PaymentPlan, file: DebtorFile) -> tuple[Money, ...]:
    """What is missing of each instalment: money meets them in order, whatever invoice it settled.

    Money that waits on the account for a person to say what it pays counts too: to call a plan broken beside it
    would be to chase the paid.
    """
    zero = Money.zero(plan.owed.currency)
    waiting = [c for c in file.credits.values() if c.remaining.currency == plan.owed.currency]
    since = [c.remaining for c in waiting if c.kind is CreditKind.PAYMENT and c.on >= plan.agreed_on]
    notes = [c.remaining for c in waiting if c.kind is CreditKind.CREDIT_NOTE]
    left = max(plan.paid + total(since, zero.currency), zero)
    result = []
    for demand in demands(plan, plan.credited + total(notes, zero.currency)):
        met = min(left, demand)
        left -= met
        result.append(demand - met)
    return tuple(result)


def next_instalment(plan: PaymentPlan, file: DebtorFile) -> tuple[Instalment, Money] | None:
    """The first instalment that is not met, with what is missing of it."""
    found = ((i, m) for i, m in zip(plan.instalments, missing(plan, file), strict=True) if m)
    return next(found, None)


# --- what money does


def met(file: DebtorFile, *, on: date) -> Iterator[Happened]:
    """Which instalments the money has met, and which plans it has brought to their end. `file`: after it came."""
    for plan in sorted(file.plans.values(), key=lambda p: p.id):
        if not plan.runs:
            continue
        left = plan.paid
        for index, demand in enumerate(demands(plan, plan.credited)):
            instalment = plan.instalments[index]
            if demand > left:
                break
            left -= demand
            if demand and instalment.met_on is None:
                yield (
                    e.InstalmentMet(plan_id=plan.id, index=index, on=on),
                    f"instalment {index + 1} of {plan.id}, due on {instalment.due_on}, is paid on {on}",
                )
        if not file.open_among(plan.numbers):
            yield _ended(plan, on)


def _ended(plan: PaymentPlan, on: date) -> Happened:
    if plan.paid > Money.zero(plan.owed.currency):
        return e.PlanKept(plan_id=plan.id, on=on), "every invoice of the plan is settled"
    return e.PlanWithdrawn(plan_id=plan.id, on=on), "nothing is left of what the plan was about, and nothing was paid"


# --- what time does


def watch(view: View) -> list[Proposal]:
    """What is to be said or noted about each running plan today."""
    found: list[Proposal] = []
    for plan in _running(view.file):
        cases = view.file.open_among(plan.numbers)
        if not cases:
            event, why = _ended(plan, view.today)
            found.append(note(why, event))
        elif not _paused(view, plan):
            found += _watch(view, plan, cases)
    return found


def wake_days(view: View) -> Iterator[date]:
    """The days on which `watch` may have something new to say, should nothing else happen."""
    for plan in _running(view.file):
        for instalment, short_of in zip(plan.instalments, missing(plan, view.file), strict=True):
            if short_of:
                days = [_late_on(view, instalment), _last_day(view, plan, instalment) + timedelta(days=1)]
                days += [day] if (day := _announced_on(view, plan, instalment)) else []
                # Blind, we say nothing and look again as soon as we see.
                yield from (day for day in days if day > view.today or view.blind)


def not_to_be_said(file: DebtorFile, order: Order, today: date) -> str:
    """Why a mail about a plan must not leave any more; empty while what it says holds."""
    plan = file.plans.get(order.about)
    if plan is None or not plan.runs:
        return "the payment plan has ended"
    if order.template == "instalment_due" and order.pay_by and order.pay_by < today:
        return f"its day, {order.pay_by}, is past"
    if order.template != "plan_agreed":
        this = next((fact.on for fact in order.facts if fact.name == "this"), None)
        shorts = zip(plan.instalments, missing(plan, file), strict=True)
        if not any(short_of for i, short_of in shorts if this is None or i.due_on <= this):
            return "the instalment is paid"
    return ""


def _watch(view: View, plan: PaymentPlan, cases: list[Case]) -> list[Proposal]:
    shorts = missing(plan, view.file)
    numbers = tuple(c.number for c in cases)
    unmet = [(i, plan.instalments[i], short_of) for i, short_of in enumerate(shorts) if short_of]
    broken = [
        (instalment, short_of) for _, instalment, short_of in unmet
        if instalment.missed_on and not _waits(view, plan, instalment.missed_on)
        and view.today > _last_day(view, plan, instalment)
    ]  # fmt: skip
    if broken:
        return [_break(view, plan, cases, *broken[0])]

    found: list[Proposal] = []
    late = [(i, x, m) for i, x, m in unmet if x.missed_on is None and view.today >= _late_on(view, x)]
    if late:
        due = total((m for _, x, m in unmet if x.due_on < view.today), plan.owed.currency)
        index, last, _ = late[-1]
        pay_by = _last_day(view, plan, last)
        events: list[e.Event] = [
            e.InstalmentMissed(plan_id=plan.id, index=i, on=view.today, short=m) for i, _, m in late
        ]
        order = _order(plan, "instalment_late", view.today, numbers, due, pay_by, short_now=due, index=index)
        why = f"{due} of the payment plan is missing since {late[0][1].due_on}; believed until {pay_by}"
        found.append(note(why, *events, e.NoticeOrdered(order=order)))
    for index, instalment, short_of in unmet:
        day = _announced_on(view, plan, instalment)
        if day and day <= view.today <= instalment.due_on:
            why = f"an instalment of {short_of} is due on {instalment.due_on}"
            order = _order(
                plan, "instalment_due", view.today, numbers, short_of, instalment.due_on, short_now=None, index=index
            )
            found.append(
                note(
                    why,
                    e.InstalmentAnnounced(plan_id=plan.id, index=index, on=view.today),
                    e.NoticeOrdered(order=order),
                )
            )
    return found


def _break(view: View, plan: PaymentPlan, cases: list[Case], instalment: Instalment, short_of: Money) -> Proposal:
    why = f"{short_of} of the instalment of {instalment.due_on} is missing, {plan.paid} of {plan.owed} came"
    task = new_task(view, TaskKind.BROKEN_PROMISE, plan.id, cases, f"call about a broken payment plan: {why}")
    return note(why, e.PlanBroken(plan_id=plan.id, on=view.today, short=short_of), e.TaskRaised(task=task))


def _announced_on(view: View, plan: PaymentPlan, instalment: Instalment) -> date | None:
    """When an instalment is announced; None where it was, or is too near to what was agreed to be announced."""
    day = instalment.due_on - timedelta(days=view.policy.plan.notice_days)
    told = instalment.announced_on is not None or not view.policy.plan.notice_days
    return None if told or day <= plan.agreed_on else day


def _late_on(view: View, instalment: Instalment) -> date:
    """From when on a missing instalment is reminded of."""
    return view.calendar.add(instalment.due_on, max(view.policy.plan.reminder_business_days, 1))


def _reminders(view: View, plan: PaymentPlan, missed_on: date) -> list[Order]:
    orders = view.file.orders.values()
    return [o for o in orders if (o.about, o.template, o.ordered_on) == (plan.id, "instalment_late", missed_on)]


def _waits(view: View, plan: PaymentPlan, missed_on: date) -> bool:
    """Whether the reminder has still to leave: a dispute, the hour or a dead address may hold it."""
    return any(order.is_open for order in _reminders(view, plan, missed_on))


def _last_day(view: View, plan: PaymentPlan, instalment: Instalment) -> date:
    """The last day on which the plan is believed: its grace, and always some days after the reminder left."""
    terms = view.policy.plan
    last = view.calendar.add(instalment.due_on, terms.grace_business_days)
    if instalment.missed_on is None:
        return max(last, view.calendar.add(_late_on(view, instalment), 1))
    rest = max(terms.grace_business_days - max(terms.reminder_business_days, 1), 1)
    reminders, notices = _reminders(view, plan, instalment.missed_on), view.file.notices
    left = [notices[order.id].on for order in reminders if order.id in notices]
    return max(last, view.calendar.add(max([instalment.missed_on, *left]), rest))


def _paused(view: View, plan: PaymentPlan) -> bool:
    """Whether something is open that makes it wrong to press: it must be settled first."""
    file = view.file
    numbers = [c.number for c in file.open_among(plan.numbers)]
    held = any(b.covers(n) and not b.over_on(view.today) for b in file.blocks.values() for n in numbers)
    asked = any(t.kind is TaskKind.UNCONFIRMED_PAYMENT and set(numbers) & set(t.numbers) for t in file.open_tasks())
    contested = any(file.dispute_on(n) or file.claim_on(n) for n in numbers)
    return bool(file.insolvent_since_on or view.blind or held or asked or contested)


def _order(
    plan: PaymentPlan,
    template: str,
    today: date,
    numbers: tuple[str, ...],
    to_pay: Money,
    pay_by: date,
    *,
    short_now: Money | None,
    index: int = 0,
) -> Order:
    """A mail about a plan, with its instalments as they were agreed."""
    facts = [Fact(name="instalment", on=i.due_on, amount=i.amount, text=_state(i)) for i in plan.instalments]
    facts.append(Fact(name="owed", amount=plan.owed, on=plan.agreed_on, text=plan.means))
    if template != "plan_agreed":
        facts.append(Fact(name="this", on=plan.instalments[index].due_on, amount=short_now or to_pay))
    return Order(
        id=f"{template}-{short(plan.id, template, str(index))}",
        template=template,
        ordered_on=today,
        numbers=numbers,
        currency=plan.owed.currency,
        facts=tuple(facts),
        to_pay=to_pay,
        pay_by=pay_by,
        about=plan.id,
    )


def _state(instalment: Instalment) -> str:
    return "paid" if instalment.met_on else "late" if instalment.missed_on else ""


def _running(file: DebtorFile) -> list[PaymentPlan]:
    return sorted((p for p in file.plans.values() if p.runs), key=lambda p: p.id)
