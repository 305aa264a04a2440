"""What one debtor adds to the numbers: read off its whole file, closed invoices included.

`on` is the morning of the snapshot: a day of last week is one of the seven before it. One debtor is one share,
whatever its currencies; `numbers.fold` adds the shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.domain import numbers as n
from chalicelib.domain.calendar import local_day
from chalicelib.domain.calls import left_alone, whom
from chalicelib.domain.credit_hold import overdue_of
from chalicelib.domain.debtor_file import (
    Case,
    Closed,
    Contact,
    CreditKind,
    DebtorFile,
    NoticeState,
    Promise,
    PromiseState,
    Task,
    TaskKind,
    by_currency,
)
from chalicelib.domain.events import Entry, ReplyReceived
from chalicelib.domain.money import Money, total
from chalicelib.domain.plans import missing

WORD_DAYS = 90
"""A debtor's word and punctuality are those of the last quarter."""
HABIT_DAYS = 365
EFFECT_DAYS = 180
WITHIN_DAYS = 7
"""Whether a step had an effect is seen after a week: the ladder's next step comes then."""

CALL_STEP = "call_reached"
"""The name under which calls that reached somebody stand among the steps."""


def numbers_of(file: DebtorFile, entries: Sequence[Entry], *, on: date, zone: str) -> n.Numbers:
    """One debtor's share of the numbers of the morning of `on`.

    `file` is whole. `entries` are the journal's of the last week at least; they are asked for replies only, and may be
    left out where `heard_lately` says that there are none. `zone` is the creditor's.
    """
    cases = file.open_cases()
    return n.Numbers(
        on=on,
        debtors=1 if cases else 0,
        ageing=_ageing(file, cases, on),
        credit=_summed(c.remaining for c in file.credits.values() if c.remaining),
        invoiced=_invoiced(file, on),
        word=_word(file, on),
        effects=_effects(file, on),
        paid=_paid(file, on, WORD_DAYS),
        forecast=_forecast(file, cases, on),
        top=_top(file, cases, on),
        calls=_calls(file, cases, on, zone),
        **_holds(file, on),
        last_week=_last_week(file, entries, on, zone),
        this_week=_this_week(file, on),
    )


def heard_lately(file: DebtorFile, *, on: date, zone: str) -> bool:
    """Whether the journal of last week can hold a reply: else nobody need read it."""
    heard = file.last_heard_at is not None and local_day(file.last_heard_at, zone) >= _week_start(on)
    return heard or any(t.mail and t.raised_on >= _week_start(on) for t in file.tasks.values())


def _week_start(on: date) -> date:
    return on - timedelta(days=7)


# --- what is open


def _ageing(file: DebtorFile, cases: list[Case], on: date) -> dict[str, tuple[n.Band, ...]]:
    result: dict[str, tuple[n.Band, ...]] = {}
    for currency, owed in by_currency(cases):
        bands = []
        for index in range(len(n.BUCKETS)):
            some = [c for c in owed if n.bucket(c.due_on, on) == index]
            disputed = [c for c in some if file.dispute_on(c.number)]
            bands.append(n.Band(open=_tally(some, currency), disputed=_tally(disputed, currency)))
        result[currency] = tuple(bands)
    return result


def _top(file: DebtorFile, cases: list[Case], on: date) -> dict[str, tuple[n.Owing, ...]]:
    result: dict[str, tuple[n.Owing, ...]] = {}
    for currency, late in by_currency(c for c in cases if c.due_on < on):
        result[currency] = (
            n.Owing(
                debtor_id=file.id,
                name=file.debtor.name,
                overdue=total((c.balance for c in late), currency),
                owed=file.owed(currency),
                days_late=(on - late[0].due_on).days,
            ),
        )
    return result


def _holds(file: DebtorFile, on: date) -> dict[str, Any]:
    if not (file.credit_held_since_on or file.credit_hold_asked_on):
        return {}
    held = n.Held(
        debtor_id=file.id,
        name=file.debtor.name,
        held_since_on=file.credit_held_since_on,
        asked_on=file.credit_hold_asked_on,
        overdue=tuple(overdue_of(file, on).values()),
    )
    return {"on_hold": int(held.held_since_on is not None), "hold_asked": int(not held.held_since_on), "holds": (held,)}


def _calls(file: DebtorFile, cases: list[Case], on: date, zone: str) -> dict[str, tuple[n.CallFirst, ...]]:
    if file.insolvent_since_on:
        return {}
    result: dict[str, tuple[n.CallFirst, ...]] = {}
    for currency, overdue in by_currency(c for c in cases if c.due_on < on):
        covered, _ = file.covered(currency)
        late = [c for c in overdue if c.number not in covered and not left_alone(file, c.number)]
        if late:
            contact = next((c for c, _ in whom(file, late) if c.callable), None)
            result[currency] = (_call(file, late, contact, on, zone),)
    return result


def _call(file: DebtorFile, late: list[Case], contact: Contact | None, on: date, zone: str) -> n.CallFirst:
    reason, since_on = next(_reasons(file, late, zone))
    return n.CallFirst(
        debtor_id=file.id,
        name=file.debtor.name,
        contact=contact.name if contact else "",
        phone=contact.phone if contact else "",
        at_stake=total((c.balance for c in late), late[0].balance.currency),
        days_late=(on - late[0].due_on).days,
        weight=sum((c.balance.amount * (on - c.due_on).days for c in late), Decimal(0)),
        reason=reason,
        since_on=since_on,
    )


def _reasons(file: DebtorFile, late: list[Case], zone: str) -> Iterator[tuple[n.CallFor, date]]:
    """Why to call, the strongest reason first; the last always holds."""
    numbers = {c.number for c in late}
    if file.last_word == "broken" and file.last_word_on:
        yield n.CallFor.BROKEN_WORD, file.last_word_on
    unpaid = [c.unpaid_since_on for c in late if c.unpaid_since_on]
    if unpaid:
        yield n.CallFor.UNPAID, min(unpaid)
    calls = [t.raised_on for t in file.open_tasks() if t.kind is TaskKind.CALL]
    if calls:
        yield n.CallFor.CALL_DUE, min(calls)
    reminded = [
        notice.on for notice in file.notices.values()
        if notice.counts and not notice.ordered and any(number in numbers for number, _ in notice.takes)
    ]  # fmt: skip
    heard = file.last_heard_at
    if reminded and (heard is None or local_day(heard, zone) < min(reminded)):
        yield n.CallFor.NO_ANSWER, min(reminded)
    yield n.CallFor.OVERDUE, late[0].due_on


def _forecast(file: DebtorFile, cases: list[Case], on: date) -> dict[str, n.Forecast]:
    habit, shares = habit_days(file, on), _promise_shares(file)
    result: dict[str, n.Forecast] = {}
    for currency, some in by_currency(cases):
        covered, _ = file.covered(currency)
        parts = _promised(file, some, shares, on)
        for case in some:
            left = case.balance - shares.get(case.number, Money.zero(currency))
            if left and not file.plan_on(case.number):
                by_habit = case.due_on + timedelta(days=habit)
                unknown = file.insolvent_since_on or case.number in covered or file.dispute_on(case.number)
                parts.append(("habit", None if unknown or by_habit < on else by_habit, left))
        parts += _planned(file, currency, on)
        result[currency] = _by_week(parts, currency, on)
    return result


_Part = tuple[str, date | None, Money]
"""Why some cash is expected (promised, planned, habit), on which day (None: nobody knows), how much."""


def _promised(file: DebtorFile, cases: list[Case], shares: Mapping[str, Money], on: date) -> list[_Part]:
    found: list[_Part] = []
    for case in cases:
        promise = file.promise_on(case.number)
        if promise and case.number in shares:
            found.append(("promised", max(promise.pay_on, on), shares[case.number]))
    return found


def _promise_shares(file: DebtorFile) -> dict[str, Money]:
    """How much of each invoice is promised: what is left of the promise's sum, for its oldest invoices first."""
    shares: dict[str, Money] = {}
    if file.insolvent_since_on:
        return shares
    for promise in file.promises.values():
        if promise.state is not PromiseState.OPEN:
            continue
        left = _left_of(promise)
        for case in file.open_cases():
            held = file.promise_on(case.number)
            if held is None or held.id != promise.id or file.plan_on(case.number) or file.dispute_on(case.number):
                continue
            share = case.balance
            if left is not None and left.currency == share.currency:
                share = min(share, left)
                left -= share
            if share:
                shares[case.number] = share
    return shares


def _left_of(promise: Promise) -> Money | None:
    """What is still to come of a promise of a sum; None where all was promised."""
    if promise.amount is None:
        return None
    came = promise.came
    left = promise.amount - came if came and came.currency == promise.amount.currency else promise.amount
    return max(left, Money.zero(left.currency))


def _planned(file: DebtorFile, currency: str, on: date) -> list[_Part]:
    found: list[_Part] = []
    for plan in file.plans.values():
        if plan.runs and plan.owed.currency == currency:
            short = zip(plan.instalments, missing(plan, file), strict=True)
            found += [("planned", max(one.due_on, on), left) for one, left in short if left]
    return found


def _by_week(parts: Iterable[_Part], currency: str, on: date) -> n.Forecast:
    zero = Money.zero(currency)
    weeks = [{"promised": zero, "planned": zero, "habit": zero} for _ in range(n.WEEKS_AHEAD)]
    later = undated = zero
    for why, day, amount in parts:
        index = None if day is None else (day - on).days // 7
        if index is None:
            undated += amount
        elif index >= n.WEEKS_AHEAD:
            later += amount
        else:
            weeks[index][why] += amount
    return n.Forecast(weeks=tuple(n.Expected(**week) for week in weeks), later=later, undated=undated)


def habit_days(file: DebtorFile, on: date) -> int:
    """By how many days late this debtor pays on average, by what it paid in a year; 0 where nothing is known."""
    average = n.average_days_late(_paid(file, on, HABIT_DAYS))
    return int(average.to_integral_value()) if average else 0


# --- what has been


def _invoiced(file: DebtorFile, on: date) -> dict[str, dict[str, Money]]:
    """Amounts invoiced by month. What was withdrawn or credited away was no sale."""
    oldest = n.oldest_month(on)
    result: dict[str, dict[str, Money]] = {}
    for case in file.cases.values():
        month = n.month_of(case.issued_on)
        if case.issued_on <= on and month >= oldest and case.closed not in (Closed.WITHDRAWN, Closed.CREDITED):
            months = result.setdefault(case.amount.currency, {})
            months[month] = months.get(month, Money.zero(case.amount.currency)) + case.amount
    return result


def _word(file: DebtorFile, on: date) -> dict[str, n.Word]:
    result: dict[str, n.Word] = {}
    for promise in file.promises.values():
        day, expected = judged_on(promise), promise.expected
        if day is None or expected is None or not on - timedelta(days=WORD_DAYS) <= day < on:
            continue
        currency = expected.currency
        none, one = n.Tally(sum=Money.zero(currency)), n.Tally(count=1, sum=expected)
        partly = promise.state is PromiseState.PARTLY_KEPT
        came = promise.came if partly and promise.came and promise.came.currency == currency else Money.zero(currency)
        share = n.Word(
            kept=one if promise.state is PromiseState.KEPT else none,
            partly_kept=one if partly else none,
            broken=one if promise.state is PromiseState.BROKEN else none,
            came=min(came, expected),
        )
        result[currency] = result[currency] + share if currency in result else share
    return result


def judged_on(promise: Promise) -> date | None:
    """The day that settled whether a promise was kept: when the money came, or the morning after its grace."""
    match promise.state:
        case PromiseState.KEPT:
            return promise.kept_on
        case PromiseState.PARTLY_KEPT | PromiseState.BROKEN:
            return promise.grace_on + timedelta(days=1)
    return None


def _paid(file: DebtorFile, on: date, days: int) -> n.Paid:
    found = n.Paid()
    for case in file.cases.values():
        if case.closed is Closed.PAID and case.settled_on and on - timedelta(days=days) <= case.settled_on < on:
            late = max((case.settled_on - case.due_on).days, 0)
            found += n.Paid(count=1, on_time=1 if not late else 0, days_late=late)
    return found


def _effects(file: DebtorFile, on: date) -> dict[str, dict[str, n.Effect]]:
    """Of each step taken 8 to 180 days ago: the invoices, and those that payment closed in the seven days after it.

    Left out: what was settled by the very day (it was on its way), and what a promise or plan of before covered (it
    came by the debtor's word). Steps closer together than a week both have their effect on an invoice.
    """
    result: dict[str, dict[str, n.Effect]] = {}
    first, last = on - timedelta(days=EFFECT_DAYS), on - timedelta(days=WITHIN_DAYS + 1)
    for number, step, day in sorted(set(_steps(file))):
        case = file.cases.get(number)
        if case is None or not first <= day <= last or _given(file, number, day):
            continue
        if case.closed in (Closed.WITHDRAWN, Closed.CREDITED) or (case.settled_on and case.settled_on <= day):
            continue
        currency = case.amount.currency
        none, one = n.Tally(sum=Money.zero(currency)), n.Tally(count=1, sum=case.amount)
        paid = case.closed is Closed.PAID and case.settled_on and case.settled_on <= day + timedelta(days=WITHIN_DAYS)
        share = n.Effect(taken=one, paid=one if paid else none)
        steps = result.setdefault(currency, {})
        steps[step] = steps[step] + share if step in steps else share
    return result


def _steps(file: DebtorFile) -> Iterator[tuple[str, str, date]]:
    """(invoice, step, day) of every mail that reminded somebody and every call that reached somebody."""
    for notice in file.notices.values():
        if notice.state is NoticeState.SENT and not notice.ordered and not notice.internal:
            for number, step in notice.takes:
                yield number, step, notice.on
    for call in file.calls.values():
        if call.reached:
            for number in call.numbers:
                yield number, CALL_STEP, call.on


def _given(file: DebtorFile, number: str, day: date) -> bool:
    """Whether the debtor's word, given before that day, was still believed on it."""
    return any(
        number in p.numbers and p.made_on < day <= p.grace_on and p.state is not PromiseState.WITHDRAWN
        for p in file.promises.values()
    ) or any(
        number in p.numbers and p.agreed_on < day and (p.ended_on is None or day <= p.ended_on)
        for p in file.plans.values()
    )


def _last_week(file: DebtorFile, entries: Sequence[Entry], on: date, zone: str) -> n.LastWeek:
    def inside(day: date | None) -> bool:
        return day is not None and _week_start(on) <= day < on

    judged = [p.state for p in file.promises.values() if inside(judged_on(p))]
    mails = [m for m in file.notices.values() if inside(m.on) and not m.internal]
    alone, by_people = _replies(file, entries, on, zone)
    return n.LastWeek(
        money_in=_summed(c.amount for c in file.credits.values() if c.kind is CreditKind.PAYMENT and inside(c.on)),
        promises_kept=judged.count(PromiseState.KEPT),
        promises_partly_kept=judged.count(PromiseState.PARTLY_KEPT),
        promises_broken=judged.count(PromiseState.BROKEN),
        disputes_opened=sum(inside(d.opened_on) for d in file.disputes.values()),
        disputes_resolved=sum(inside(d.resolved_on) for d in file.disputes.values()),
        mails_sent=sum(m.state is NoticeState.SENT for m in mails),
        mails_failed=sum(m.state in _NOT_ARRIVED for m in mails),
        calls_made=sum(inside(c.on) for c in file.calls.values()),
        replies_read_alone=alone,
        replies_read_by_people=by_people,
    )


_NOT_ARRIVED = (NoticeState.FAILED, NoticeState.BOUNCED, NoticeState.UNKNOWN)


def _replies(file: DebtorFile, entries: Sequence[Entry], on: date, zone: str) -> tuple[int, int]:
    """Mails of people that were read alone, and that a person was asked to read (those of nobody we know too)."""
    start = _week_start(on)
    applied: set[str] = set()
    reviewed: set[str] = set()
    for entry in entries:
        event = entry.event
        if isinstance(event, ReplyReceived) and event.kind == "reply" and start <= local_day(entry.at, zone) < on:
            (applied if event.decision == "apply" else reviewed).add(event.mail)
    for task in file.tasks.values():
        if task.kind is TaskKind.REVIEW_MAIL and task.mail and start <= task.raised_on < on:
            reviewed.add(task.mail)
    return len(applied - reviewed), len(reviewed)


def _this_week(file: DebtorFile, on: date) -> n.ThisWeek:
    last = on + timedelta(days=6)
    due = [t for t in file.open_tasks() if t.due_on <= last]
    promises = [p for p in file.promises.values() if p.state is PromiseState.OPEN and p.pay_on <= last]
    return n.ThisWeek(
        tasks={kind: sum(t.kind == kind for t in due) for kind in sorted({t.kind.value for t in due})},
        tasks_late=sum(t.due_on < on for t in due),
        promises=_summed(left for p in promises if (left := _to_come(file, p))),
        instalments=_summed(_instalments(file, last)),
        to_approve=_summed(_stake(t) for t in file.open_tasks() if t.kind is TaskKind.APPROVE_NOTICE),
    )


def _to_come(file: DebtorFile, promise: Promise) -> Money | None:
    if promise.amount is not None:
        return _left_of(promise)
    open_of = [c.balance for c in file.open_among(promise.numbers)]
    return total((b for b in open_of if b.currency == open_of[0].currency), open_of[0].currency) if open_of else None


def _instalments(file: DebtorFile, last: date) -> Iterator[Money]:
    for plan in file.plans.values():
        if plan.runs:
            for one, left in zip(plan.instalments, missing(plan, file), strict=True):
                if left and one.due_on <= last:
                    yield left


def _stake(task: Task) -> Money:
    return task.at_stake or Money.zero("EUR")


def _tally(cases: Sequence[Case], currency: str) -> n.Tally:
    return n.Tally(count=len(cases), sum=total((c.balance for c in cases), currency))


def _summed(amounts: Iterable[Money]) -> dict[str, n.Tally]:
    result: dict[str, n.Tally] = {}
    for amount in amounts:
        one = n.Tally(count=1, sum=amount)
        result[amount.currency] = result[amount.currency] + one if amount.currency in result else one
    return result
