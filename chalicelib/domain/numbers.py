"""The numbers of the whole ledger on one morning: what each debtor adds, folded together in any order.

`numbers_of` (in `contribution`) gives one debtor's share, `fold` adds two shares, `nothing` is the share of nobody.
All are the same record, so that a page of debtors, a run that was cut off and the whole ledger are reckoned alike.
Sums are kept by currency: two currencies are never added. What is a ratio (DSO, rates, averages) is reckoned from the
sums when somebody asks, for a mean of means would be none. docs/numbers.md gives each formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import TypeVar

from chalicelib.domain.money import Money, total

T = TypeVar("T")

WEEKS_AHEAD = 8
MONTHS_BACK = 24
"""So far back sales are kept for the DSO: what has been open for longer says nothing more about it."""
LISTED = 20
"""Debtors that each list keeps in a currency, so that a snapshot stays one small row."""

BUCKETS = ("not_due", "1_30", "31_60", "61_90", "over_90")
"""The ageing: days after the due date. Due today is not yet late."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many, and how much in one currency."""

    count: int = 0
    sum: Money

    def __add__(self, other: Tally) -> Tally:
        return Tally(count=self.count + other.count, sum=self.sum + other.sum)


@dataclass(frozen=True, kw_only=True)
class Band:
    """One bucket of the ageing: all that is open in it, and how much of that is disputed."""

    open: Tally
    disputed: Tally

    def __add__(self, other: Band) -> Band:
        return Band(open=self.open + other.open, disputed=self.disputed + other.disputed)


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What became of the invoices that a step was taken for: how many, and how many were paid within seven days."""

    taken: Tally
    paid: Tally

    def __add__(self, other: Effect) -> Effect:
        return Effect(taken=self.taken + other.taken, paid=self.paid + other.paid)


@dataclass(frozen=True, kw_only=True)
class Word:
    """Promises whose day and grace have passed. `came` of a promise partly kept counts towards what was promised."""

    kept: Tally
    partly_kept: Tally
    broken: Tally
    came: Money  # on those that were partly kept

    def __add__(self, other: Word) -> Word:
        return Word(
            kept=self.kept + other.kept,
            partly_kept=self.partly_kept + other.partly_kept,
            broken=self.broken + other.broken,
            came=self.came + other.came,
        )

    @property
    def judged(self) -> int:
        return self.kept.count + self.partly_kept.count + self.broken.count

    @property
    def promised(self) -> Money:
        return self.kept.sum + self.partly_kept.sum + self.broken.sum


@dataclass(frozen=True, kw_only=True)
class Paid:
    """Invoices that payment has settled: how many, how many by their due date, and how many days late in all."""

    count: int = 0
    on_time: int = 0
    days_late: int = 0

    def __add__(self, other: Paid) -> Paid:
        return Paid(
            count=self.count + other.count,
            on_time=self.on_time + other.on_time,
            days_late=self.days_late + other.days_late,
        )


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Cash of one week to come, by what lets us expect it; instalments of plans are `planned`."""

    promised: Money
    planned: Money
    habit: Money

    def __add__(self, other: Expected) -> Expected:
        return Expected(
            promised=self.promised + other.promised,
            planned=self.planned + other.planned,
            habit=self.habit + other.habit,
        )

    @property
    def sum(self) -> Money:
        return self.promised + self.planned + self.habit


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Cash by week from the snapshot's day. `undated`: overdue beyond its debtor's habit, or disputed, or insolvent."""

    weeks: tuple[Expected, ...]
    later: Money
    undated: Money

    def __add__(self, other: Forecast) -> Forecast:
        return Forecast(
            weeks=tuple(a + b for a, b in zip(self.weeks, other.weeks, strict=True)),
            later=self.later + other.later,
            undated=self.undated + other.undated,
        )


@dataclass(frozen=True, kw_only=True)
class Owing:
    """A debtor with something overdue in one currency."""

    debtor_id: str
    name: str
    overdue: Money
    owed: Money
    days_late: int  # of the oldest


@dataclass(frozen=True, kw_only=True)
class Held:
    """A debtor on credit hold, or about whom sales was asked. `overdue` is by currency, without what is disputed."""

    debtor_id: str
    name: str
    held_since_on: date | None
    asked_on: date | None
    overdue: tuple[Money, ...] = ()

    @property
    def since_on(self) -> date:
        return self.held_since_on or self.asked_on or date.max


class CallFor(StrEnum):
    """Why a debtor is worth a call: the first that holds."""

    BROKEN_WORD = "broken_word"
    UNPAID = "unpaid"  # several calls reached nobody
    CALL_DUE = "call_due"  # a task to call is open
    NO_ANSWER = "no_answer"  # reminded, and nothing heard
    OVERDUE = "overdue"


@dataclass(frozen=True, kw_only=True)
class CallFirst:
    """Whom to call. `weight` is money times days late, over the invoices that may be spoken of."""

    debtor_id: str
    name: str
    contact: str
    phone: str
    at_stake: Money
    days_late: int  # of the oldest
    weight: Decimal
    reason: CallFor
    since_on: date  # broken on, raised on, reminded on, due on


@dataclass(frozen=True, kw_only=True)
class LastWeek:
    """What happened in the seven days before the snapshot's day."""

    money_in: Mapping[str, Tally] = field(default_factory=dict)
    promises_kept: int = 0
    promises_partly_kept: int = 0
    promises_broken: int = 0
    disputes_opened: int = 0
    disputes_resolved: int = 0
    mails_sent: int = 0
    mails_failed: int = 0  # refused, bounced, or of unknown outcome
    calls_made: int = 0
    replies_read_alone: int = 0
    replies_read_by_people: int = 0

    def __add__(self, other: LastWeek) -> LastWeek:
        return LastWeek(
            money_in=merged(self.money_in, other.money_in),
            **{name: getattr(self, name) + getattr(other, name) for name in _COUNTS_OF_LAST_WEEK},
        )


_COUNTS_OF_LAST_WEEK = (
    "promises_kept", "promises_partly_kept", "promises_broken", "disputes_opened", "disputes_resolved", "mails_sent",
    "mails_failed", "calls_made", "replies_read_alone", "replies_read_by_people",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ThisWeek:
    """What is to be done in the seven days from the snapshot's day on; what is overdue already counts."""

    tasks: Mapping[str, int] = field(default_factory=dict)  # open tasks due by then, by kind
    tasks_late: int = 0  # of these, due before the snapshot's day
    promises: Mapping[str, Tally] = field(default_factory=dict)
    instalments: Mapping[str, Tally] = field(default_factory=dict)
    to_approve: Mapping[str, Tally] = field(default_factory=dict)  # formal notices that wait for an approval

    def __add__(self, other: ThisWeek) -> ThisWeek:
        return ThisWeek(
            tasks=merged(self.tasks, other.tasks),
            tasks_late=self.tasks_late + other.tasks_late,
            promises=merged(self.promises, other.promises),
            instalments=merged(self.instalments, other.instalments),
            to_approve=merged(self.to_approve, other.to_approve),
        )


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Everything that is counted, as it stands on the morning of `on`. Mappings are by currency unless they say so."""

    on: date
    debtors: int = 0  # with something open
    ageing: Mapping[str, tuple[Band, ...]] = field(default_factory=dict)
    credit: Mapping[str, Tally] = field(default_factory=dict)  # on accounts, not yet allocated
    invoiced: Mapping[str, Mapping[str, Money]] = field(default_factory=dict)  # by month: "2026-11"
    word: Mapping[str, Word] = field(default_factory=dict)
    effects: Mapping[str, Mapping[str, Effect]] = field(default_factory=dict)  # by step within a currency
    paid: Paid = field(default_factory=Paid)
    forecast: Mapping[str, Forecast] = field(default_factory=dict)
    top: Mapping[str, tuple[Owing, ...]] = field(default_factory=dict)
    calls: Mapping[str, tuple[CallFirst, ...]] = field(default_factory=dict)
    on_hold: int = 0  # debtors on credit hold
    hold_asked: int = 0  # debtors about whom sales has not answered
    holds: tuple[Held, ...] = ()
    last_week: LastWeek = field(default_factory=LastWeek)
    this_week: ThisWeek = field(default_factory=ThisWeek)

    def owed(self, currency: str) -> Money:
        """All that is open in one currency: the sum of its ageing."""
        return total((band.open.sum for band in self.ageing.get(currency, ())), currency)

    def overdue(self, currency: str) -> Money:
        return total((band.open.sum for band in self.ageing.get(currency, ())[1:]), currency)

    def disputed(self, currency: str) -> Money:
        return total((band.disputed.sum for band in self.ageing.get(currency, ())), currency)

    def invoices(self, currency: str) -> int:
        return sum(band.open.count for band in self.ageing.get(currency, ()))

    def currencies(self) -> list[str]:
        """Every currency in which something is open or came in, that of the most invoices first."""
        known = {*self.ageing, *self.last_week.money_in}
        return sorted(known, key=lambda c: (-self.invoices(c), c))

    def first_calls(self, most: int) -> list[CallFirst]:
        """Whom to call first, the currency of the most invoices first: money of two currencies does not compare."""
        return [call for currency in self.currencies() for call in self.calls.get(currency, ())][:most]


def nothing(on: date) -> Numbers:
    """The share of nobody."""
    return Numbers(on=on)


def fold(one: Numbers, other: Numbers) -> Numbers:
    """Both together. The order does not matter, nor how they are grouped; each debtor must be in one of them."""
    if one.on != other.on:
        raise ValueError(f"numbers of {one.on} and of {other.on} cannot be folded")
    return Numbers(
        on=one.on,
        debtors=one.debtors + other.debtors,
        ageing=merged(one.ageing, other.ageing, _bands),
        credit=merged(one.credit, other.credit),
        invoiced=merged(one.invoiced, other.invoiced, merged),
        word=merged(one.word, other.word),
        effects=merged(one.effects, other.effects, merged),
        paid=one.paid + other.paid,
        forecast=merged(one.forecast, other.forecast),
        top=merged(one.top, other.top, lambda a, b: tuple(sorted((*a, *b), key=_by_overdue)[:LISTED])),
        calls=merged(one.calls, other.calls, lambda a, b: tuple(sorted((*a, *b), key=_by_weight)[:LISTED])),
        on_hold=one.on_hold + other.on_hold,
        hold_asked=one.hold_asked + other.hold_asked,
        holds=tuple(sorted((*one.holds, *other.holds), key=_by_hold)[:LISTED]),
        last_week=one.last_week + other.last_week,
        this_week=one.this_week + other.this_week,
    )


def merged(one: Mapping[str, T], other: Mapping[str, T], add: Callable[[T, T], T] | None = None) -> dict[str, T]:
    """Two mappings as one; what stands in both is added."""
    join: Callable[[T, T], T] = add or (lambda a, b: a + b)  # type: ignore[operator]
    return {
        key: join(one[key], other[key]) if key in one and key in other else (one[key] if key in one else other[key])
        for key in sorted({*one, *other})
    }


# --- ratios


def bucket(due_on: date, on: date) -> int:
    """The index in BUCKETS: 0 until the due date is over, then by days late: 1–30, 31–60, 61–90, more."""
    late = (on - due_on).days
    return 0 if late <= 0 else min((late - 1) // 30 + 1, len(BUCKETS) - 1)


@dataclass(frozen=True, kw_only=True)
class Dso:
    """Days sales outstanding. `at_least`: the sales that we know of do not explain all that is open; it is higher."""

    days: Decimal
    at_least: bool = False


def dso(numbers: Numbers, currency: str) -> Dso | None:
    """Days sales outstanding by the count-back method, to a tenth of a day; None where nothing was invoiced.

    What is open (VAT included, disputed invoices too, unallocated credit deducted) is explained by the latest sales:
    the month that runs, as far as it has come, then the month before, and so on. A month explained whole gives all its
    days; the last one gives days × what is left ÷ its sales. Months without sales give their days: time passed in
    which nothing was sold. The method is that of https://aro2c.zendesk.com/hc/en-us/articles/217894658 and its like;
    it follows the season of sales, which a quotient over a quarter does not.
    """
    sales = numbers.invoiced.get(currency, {})
    if not any(sales.values()):
        return None
    credit = numbers.credit.get(currency)
    left = (numbers.owed(currency) - (credit.sum if credit else Money.zero(currency))).amount
    if left <= 0:
        return Dso(days=Decimal("0.0"))
    days = Decimal(0)
    for month, length in _months_back(numbers.on):
        sold = sales[month].amount if month in sales else Decimal(0)
        if sold > 0 and left <= sold:
            return Dso(days=_tenth(days + length * left / sold))
        days += length
        left -= max(sold, Decimal(0))
    return Dso(days=_tenth(days), at_least=True)


def ratios(numbers: Numbers) -> dict[str, dict[str, object]]:
    """What is reckoned from the sums, by currency: plain values for a table or a program."""
    result: dict[str, dict[str, object]] = {}
    for currency in numbers.currencies():
        found, word = dso(numbers, currency), numbers.word.get(currency)
        steps = numbers.effects.get(currency, {})
        result[currency] = {
            "owed": numbers.owed(currency),
            "overdue": numbers.overdue(currency),
            "disputed": numbers.disputed(currency),
            "dso_days": found.days if found else None,
            "dso_at_least": found.at_least if found else None,
            "kept_rate": kept_rate(word) if word else None,
            "kept_rate_by_amount": kept_rate_by_amount(word) if word else None,
            "effects": {step: rate(effect.paid.count, effect.taken.count) for step, effect in steps.items()},
        }
    return result


def rate(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    """Per cent to a tenth; None of nothing."""
    return _tenth(Decimal(100) * part / whole) if whole else None


def kept_rate(word: Word) -> Decimal | None:
    """Per cent of the promises judged that were kept whole."""
    return rate(word.kept.count, word.judged)


def kept_rate_by_amount(word: Word) -> Decimal | None:
    """Per cent of the money promised that came by its day and grace."""
    return rate(word.kept.sum.amount + word.came.amount, word.promised.amount)


def average_days_late(paid: Paid) -> Decimal | None:
    """Mean over the invoices paid; one paid by its due date counts as 0, and makes up for no other."""
    return _tenth(Decimal(paid.days_late) / paid.count) if paid.count else None


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def oldest_month(on: date) -> str:
    """The first month whose sales are kept."""
    *_, (month, _) = _months_back(on)
    return month


def _months_back(on: date) -> list[tuple[str, int]]:
    """Months with their number of days, the running one first: it has as many as have passed before `on`."""
    first = on.replace(day=1)
    found = [(month_of(on), on.day - 1)]
    while len(found) <= MONTHS_BACK:  # beside the running one
        last = first - timedelta(days=1)
        first = last.replace(day=1)
        found.append((month_of(last), last.day))
    return found


def _tenth(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"), ROUND_HALF_UP)


def _bands(one: tuple[Band, ...], other: tuple[Band, ...]) -> tuple[Band, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


# Whole orders: equal sums are told apart by id, so that the order of folding cannot change who is listed.


def _by_overdue(owing: Owing) -> tuple[Decimal, str]:
    return -owing.overdue.amount, owing.debtor_id


def _by_weight(call: CallFirst) -> tuple[Decimal, str]:
    return -call.weight, call.debtor_id


def _by_hold(held: Held) -> tuple[bool, date, str]:
    return held.held_since_on is None, held.since_on, held.debtor_id
