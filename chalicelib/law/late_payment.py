"""Interest and indemnity on one invoice that is paid late, by period, each with the rate and the source it rests on.

Simple interest, actual days / 365 in leap years too, from the day after the due date up to and including the day asked
for. Money that came in lowers the amount from the day after it came: the day of payment itself is still late. Each
period is rounded to the minor unit by itself, so that what a letter lists adds up to its total.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from chalicelib.domain.money import Money, total
from chalicelib.errors import BadInput
from chalicelib.law.rules import FILE, KINDS, Agreed, Claim, MissingRate, Rules

_DAY = timedelta(days=1)
_YEAR_DAYS = 365
_HIGHEST_RATE = Decimal(100)


@dataclass(frozen=True, kw_only=True)
class Overdue:
    """One invoice that was not paid on its day. `country` and `kind` say by which rules it is judged."""

    amount: Money
    due_on: date
    country: str
    kind: str = "business"  # business, public, consumer
    paid: tuple[tuple[date, Money], ...] = ()  # part payments and credit notes; a negative one was taken back
    agreed_rate: Decimal | None = None  # per cent a year, where the contract fixes one
    insolvent_on: date | None = None  # the day of the judgment that opened an insolvency procedure


@dataclass(frozen=True, kw_only=True)
class Period:
    """Days in a row, both ends counted, with one base and one rate."""

    from_on: date
    to_on: date
    base: Money
    rate: Decimal  # per cent a year
    interest: Money
    source: str  # publisher, rate and day, in English
    source_fr: str  # the same for a French letter
    reference_on: date | None = None  # the day whose published rate counts; None where the contract fixes the rate

    @property
    def days(self) -> int:
        return (self.to_on - self.from_on).days + 1


@dataclass(frozen=True, kw_only=True)
class LatePayment:
    """What may be claimed. The indemnity has a currency of its own: 40 EUR stay 40 EUR on an invoice in dollars."""

    interest: Money
    indemnity: Money
    periods: tuple[Period, ...] = ()
    articles: tuple[str, ...] = ()
    why: str


def late_payment(overdue: Overdue, rules: Rules, *, on: date) -> LatePayment:
    """Interest up to and including `on`, and the indemnity once it is a day late.

    Zero with the reason in `why` where nothing is late, nothing is owed, or the country has no rule for such a debtor.
    MissingRate where a rate of the period is not in the rules; BadInput for amounts that make no sense.
    """
    _check(overdue)
    first_on, last_on = overdue.due_on + _DAY, on
    if overdue.insolvent_on and overdue.insolvent_on <= on:
        last_on = overdue.insolvent_on - _DAY
    if on < first_on:
        return _nothing(overdue, f"not late on {on}: interest runs from {first_on}")
    owed = _owed(overdue, first_on)
    if not owed:
        return _nothing(overdue, f"nothing was owed any more on {overdue.due_on}")
    found = rules.of(overdue.country, overdue.kind)
    if not found.claims:
        none = f"no rule for a {overdue.kind} debtor of {overdue.country} is kept in {FILE}: nothing is claimed"
        return _nothing(overdue, found.nothing or none)
    claim = _claim_on(overdue, found.claims)
    if last_on < first_on:
        stops = rules.insolvency.get(overdue.country, ())
        why = f"an insolvency procedure was opened on {overdue.insolvent_on}, before anything was late"
        return _nothing(overdue, why, articles=stops)
    periods = _periods(overdue, claim, first_on, last_on)
    articles = claim.articles
    if last_on < on:
        articles += rules.insolvency.get(overdue.country, ())
    return LatePayment(
        interest=total((period.interest for period in periods), overdue.amount.currency),
        indemnity=_indemnity(claim, owed, agreed=_agreed(overdue, claim) is not None),
        periods=periods,
        articles=articles,
        why=_why(overdue, claim, stopped=last_on < on),
    )


def time_bar_on(due_on: date, country: str, kind: str, rules: Rules) -> date | None:
    """The last day on which the claim can be brought to court; None where the rules do not say.

    `kind` may also be "carriage" (of goods), whose year runs from the delivery: give that day as `due_on`.
    """
    bar = rules.of(country, kind).time_bar
    if not bar:
        return None
    if bar.from_year_end:
        return date(due_on.year + bar.years, 12, 31)
    try:
        return due_on.replace(year=due_on.year + bar.years)
    except ValueError:  # 29 February: the earlier day is the safe one
        return date(due_on.year + bar.years, 2, 28)


def _check(overdue: Overdue) -> None:
    if overdue.kind not in KINDS:
        raise BadInput("kind", f"{overdue.kind!r} is unknown", f"write one of {', '.join(KINDS)}")
    if overdue.amount.amount <= 0:
        raise BadInput("amount", f"{overdue.amount} is not above zero", "give what the invoice asked for")
    for day, money in overdue.paid:
        if money.currency != overdue.amount.currency:
            what = f"{money} on {day} is not in {overdue.amount.currency}"
            raise BadInput("paid", what, "give it in the invoice's currency")
    if overdue.agreed_rate is not None and not 0 <= overdue.agreed_rate <= _HIGHEST_RATE:
        raise BadInput("rate", f"{overdue.agreed_rate} is out of bounds", f"per cent a year, 0 to {_HIGHEST_RATE}")


def _owed(overdue: Overdue, day: date) -> Money:
    """What was open as the day began: what came in on a day lowers the next one."""
    came = total((money for paid_on, money in overdue.paid if paid_on < day), overdue.amount.currency)
    return min(max(overdue.amount - came, Money.zero(came.currency)), overdue.amount)


def _claim_on(overdue: Overdue, claims: tuple[Claim, ...]) -> Claim:
    in_force = [claim for claim in claims if claim.since_on <= overdue.due_on]
    if not in_force:
        what = f"the rules for {overdue.country} begin on {claims[0].since_on}, and it fell due on {overdue.due_on}"
        raise MissingRate(FILE, what, "add the rules of that time, or reckon by hand")
    return in_force[-1]


def _agreed(overdue: Overdue, claim: Claim) -> Decimal | None:
    return None if claim.agreed is Agreed.IGNORED else overdue.agreed_rate


def _periods(overdue: Overdue, claim: Claim, first_on: date, last_on: date) -> tuple[Period, ...]:
    cuts = {paid_on + _DAY for paid_on, _ in overdue.paid}
    if _agreed(overdue, claim) is None and not claim.stays:
        cuts |= {date(year, month, 1) for year in range(first_on.year, last_on.year + 1) for month in (1, 7)}
    starts = sorted({first_on} | {cut for cut in cuts if first_on < cut <= last_on})
    ends = [*(start - _DAY for start in starts[1:]), last_on]
    spans = zip(starts, ends, strict=True)
    return tuple(_period(overdue, claim, a, b, first_on) for a, b in spans if _owed(overdue, a))


def _period(overdue: Overdue, claim: Claim, from_on: date, to_on: date, first_on: date) -> Period:
    base = _owed(overdue, from_on)
    days = (to_on - from_on).days + 1
    agreed = _agreed(overdue, claim)
    if agreed is not None:
        interest = _interest(base, agreed, days)
        source, source_fr = f"{_number(agreed)} % fixed by contract", f"{_french(agreed)} % prévus au contrat"
        return Period(
            from_on=from_on, to_on=to_on, base=base, rate=agreed, interest=interest, source=source, source_fr=source_fr
        )
    day = first_on if claim.stays else from_on
    rate, reference_on = claim.rate_on(day), claim.reference_on(day)
    reference = claim.series.on(reference_on)
    source = (
        f"{claim.series.publisher}, {claim.series.page}: {reference} % on {reference_on}, "
        f"plus {_number(claim.points)} points"
    )
    source_fr = (
        f"{claim.series.fr} : {_french(reference)} % au {reference_on:%d/%m/%Y}, plus {_french(claim.points)} points"
    )
    if claim.round_up:
        source += f", rounded up to {_number(claim.round_up)}"
        source_fr += f", arrondi vers le haut à {_french(claim.round_up)}"
    return Period(
        from_on=from_on, to_on=to_on, base=base, rate=rate, interest=_interest(base, rate, days), source=source,
        source_fr=source_fr, reference_on=reference_on,
    )  # fmt: skip


def _interest(base: Money, rate: Decimal, days: int) -> Money:
    return Money.of(base.amount * rate * days / (100 * _YEAR_DAYS), base.currency)


def _indemnity(claim: Claim, owed: Money, *, agreed: bool) -> Money:
    """By the size of the debt as it began to be late; the first step where it is in another currency than the steps."""
    first = claim.indemnity[0]
    if agreed and claim.agreed is Agreed.REPLACES_ALL:
        return Money.zero(first.amount.currency)
    for tier in claim.indemnity:
        if not tier.below or tier.below.currency != owed.currency or owed < tier.below:
            return tier.amount
    return claim.indemnity[-1].amount


def _why(overdue: Overdue, claim: Claim, *, stopped: bool) -> str:
    agreed = _agreed(overdue, claim)
    days = "31 December and 30 June" if claim.day_before else "1 January and 1 July"
    if agreed is not None:
        told = f"the contract fixes {_number(agreed)} % a year"
    else:
        told = f"{claim.series.publisher} rate of {days} plus {_number(claim.points)} points"
        told += ", as it stood when interest began, until payment" if claim.stays else ", by half-year"
    parts = [told]
    if agreed is not None and claim.agreed is Agreed.REPLACES_ALL:
        parts.append("which replaces the legal interest and its compensation")
    if overdue.agreed_rate is not None and agreed is None:
        parts.append("a rate fixed by contract does not count here")
    if stopped:
        parts.append(f"until the insolvency procedure opened on {overdue.insolvent_on}")
    if claim.note:
        parts.append(claim.note)
    return "; ".join(parts)


def _nothing(overdue: Overdue, why: str, *, articles: tuple[str, ...] = ()) -> LatePayment:
    zero = Money.zero(overdue.amount.currency)
    return LatePayment(interest=zero, indemnity=zero, articles=articles, why=why)


def _number(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _french(value: Decimal) -> str:
    return str(value).replace(".", ",")
