"""The weekly review: the numbers of a morning as finance reads them, in words for a mail and bars for a chart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from chalicelib.domain import numbers as n
from chalicelib.domain.calendar import MONTHS
from chalicelib.domain.creditor import Creditor, Persona, WeeklyReview
from chalicelib.domain.letter_facts import Bar, BarGroup, ChartFacts
from chalicelib.domain.money import Money

CALLS_SHOWN = 5
TOP_SHOWN = 5

_WORDS = {
    "fr": {
        "title": "Encours clients", "ageing": "Balance âgée", "expected": "Encaissements attendus, semaine du",
        "not_due": "Non échu", "1_30": "1 à 30 jours", "31_60": "31 à 60 jours", "61_90": "61 à 90 jours",
        "over_90": "Plus de 90 jours", "one": "facture", "many": "factures",
    },
    "en": {
        "title": "Receivables", "ageing": "Ageing", "expected": "Cash expected, week of",
        "not_due": "Not due", "1_30": "1 to 30 days", "31_60": "31 to 60 days", "61_90": "61 to 90 days",
        "over_90": "Over 90 days", "one": "invoice", "many": "invoices",
    },
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Step:
    """What became of the invoices that one step was taken for."""

    name: str
    effect: n.Effect
    rate: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Review:
    """What the mail says. `language` is fr or en; sums of one currency each, `currency` being that of most invoices."""

    numbers: n.Numbers
    creditor: Creditor
    language: str

    @property
    def from_on(self) -> date:
        return self.numbers.on - timedelta(days=7)

    @property
    def to_on(self) -> date:
        return self.numbers.on - timedelta(days=1)

    @property
    def persona(self) -> Persona:
        return self.creditor.persona("collector")

    @property
    def currencies(self) -> list[str]:
        return self.numbers.currencies()

    @property
    def currency(self) -> str:
        return next(iter(self.currencies), "EUR")

    @property
    def money_in(self) -> list[n.Tally]:
        """By currency; a zero where nothing came in at all."""
        found = [t for _, t in sorted(self.numbers.last_week.money_in.items())]
        return found or [n.Tally(sum=Money.zero(self.currency))]

    @property
    def calls(self) -> list[n.CallFirst]:
        return self.numbers.first_calls(CALLS_SHOWN)

    @property
    def tasks(self) -> list[tuple[str, int]]:
        """Kinds of tasks with how many are due, the most first."""
        return sorted(self.numbers.this_week.tasks.items(), key=lambda pair: (-pair[1], pair[0]))

    def top(self, currency: str) -> tuple[n.Owing, ...]:
        return self.numbers.top.get(currency, ())[:TOP_SHOWN]

    def bands(self, currency: str) -> list[tuple[str, n.Band]]:
        bands = self.numbers.ageing.get(currency, ())
        return [(_WORDS[self.language][name], band) for name, band in zip(n.BUCKETS, bands, strict=False)]

    def credit(self, currency: str) -> n.Tally | None:
        return self.numbers.credit.get(currency)

    def dso(self, currency: str) -> n.Dso | None:
        return n.dso(self.numbers, currency)

    def expected(self, currency: str) -> list[tuple[str, n.Expected]]:
        """The weeks to come by the day that each begins on."""
        found = self.numbers.forecast.get(currency)
        days = [short_day(self.numbers.on + timedelta(days=7 * i), self.language) for i in range(n.WEEKS_AHEAD)]
        return list(zip(days, found.weeks, strict=True)) if found else []

    @property
    def word(self) -> n.Word | None:
        """Promises of every currency by count: the sums of each stand in the numbers."""
        return self.numbers.word.get(self.currency)

    @staticmethod
    def share(part: Money, whole: Money) -> Decimal | None:
        return n.rate(part.amount, whole.amount)

    @property
    def kept_rate(self) -> Decimal | None:
        return n.kept_rate(self.word) if self.word else None

    @property
    def kept_rate_by_amount(self) -> Decimal | None:
        return n.kept_rate_by_amount(self.word) if self.word else None

    @property
    def days_late(self) -> Decimal | None:
        return n.average_days_late(self.numbers.paid)

    @property
    def steps(self) -> list[Step]:
        """Of the main currency, that with the most invoices first."""
        effects = self.numbers.effects.get(self.currency, {})
        found = [Step(name=k, effect=e, rate=n.rate(e.paid.count, e.taken.count)) for k, e in effects.items()]
        return sorted(found, key=lambda step: (-step.effect.taken.count, step.name))


def review_of(numbers: n.Numbers, creditor: Creditor) -> Review:
    wanted = creditor.weekly_review or WeeklyReview(to=())
    return Review(numbers=numbers, creditor=creditor, language=wanted.language)


def chart_of(numbers: n.Numbers, language: str) -> ChartFacts | None:
    """The ageing and the cash expected in the currency of the most invoices; None where nothing is open."""
    words = _WORDS[language]
    currency = next((c for c in numbers.currencies() if c in numbers.ageing), None)
    if currency is None:
        return None
    ageing = tuple(
        Bar(label=words[name], value=band.open.sum, shade=shade, note=_count(band.open.count, words))
        for shade, (name, band) in enumerate(zip(n.BUCKETS, numbers.ageing[currency], strict=True))
    )
    weeks = numbers.forecast[currency].weeks if currency in numbers.forecast else ()
    expected = tuple(
        Bar(label=short_day(numbers.on + timedelta(days=7 * i), language), value=week.sum)
        for i, week in enumerate(weeks)
    )
    day = short_day(numbers.on, language)
    return ChartFacts(
        title=words["title"],
        subtitle=f"{day}/{numbers.on.year}" if language == "fr" else f"{day} {numbers.on.year}",
        groups=(BarGroup(title=words["ageing"], bars=ageing), BarGroup(title=words["expected"], bars=expected)),
    )


def short_day(day: date, language: str) -> str:
    """A day of this or the next months: 23/11, 23 Nov."""
    return f"{day:%d/%m}" if language == "fr" else f"{day.day} {MONTHS['en'][day.month - 1][:3]}"


def _count(count: int, words: dict[str, str]) -> str:
    return "" if not count else f"{count} {words['one' if count == 1 else 'many']}"
