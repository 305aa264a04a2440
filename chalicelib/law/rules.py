"""The rules of late payment by country and the dated rates they refer to, read from templates/law/late_payment.yaml.

A series is known up to its last line. A day after it has no rate here: it is never guessed from the day before.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from chalicelib.domain.money import Money
from chalicelib.domain.yaml_keys import Keys, read_keys
from chalicelib.errors import BadFile, BadInput

FILE = "templates/law/late_payment.yaml"
"""Where the rules are, as told to who has to mend them."""

KINDS = ("business", "public", "consumer")

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_RATE = r"-?[0-9]{1,2}(\.[0-9]{1,4})?"
_TIER = re.compile(r"(?:below ([0-9.]+) ([A-Z]{3}): )?([0-9.]+) ([A-Z]{3})")


class MissingRate(BadInput):
    """The rules or rates do not reach to a period that is asked for: a line must be added, nothing is guessed."""


class Agreed(StrEnum):
    """What a rate that the contract fixes does to what the law grants."""

    REPLACES = "replaces"  # the rate alone
    REPLACES_ALL = "replaces_all"  # the indemnity goes with the legal rate
    IGNORED = "ignored"


@dataclass(frozen=True, kw_only=True)
class Series:
    """A published rate, per cent a year, by the day from which it holds."""

    id: str
    title: str
    publisher: str
    page: str
    url: str
    fr: str  # publisher and rate as French letters name them
    rates: tuple[tuple[date, Decimal], ...]  # ascending

    @property
    def known_until(self) -> date:
        return self.rates[-1][0]

    def on(self, day: date) -> Decimal:
        """The rate in force on a day. MissingRate says which line has to be added."""
        if day > self.known_until:
            raise MissingRate(
                f"{FILE}, series {self.id}",
                f"no rate is known for {_half_year(day)}: {self.publisher}, {self.page}, is entered up to "
                f"{self.known_until} and the rate of {day} counts",
                self.remedy(day),
            )
        place = bisect_right(self.rates, day, key=lambda rate: rate[0])
        if not place:
            what = f"no rate is known for {day}: {self.publisher}, {self.page}, is entered from {self.rates[0][0]}"
            raise MissingRate(f"{FILE}, series {self.id}", what, self.remedy(day))
        return self.rates[place - 1][1]

    def remedy(self, day: date) -> str:
        """What to do where the rate of a day is missing."""
        return f'add the line "{day}: RATE" as published at {self.url}'


@dataclass(frozen=True, kw_only=True)
class Tier:
    """An indemnity for a debt below so much (None: of any size)."""

    amount: Money
    below: Money | None = None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What may be claimed on an invoice that falls due on `since_on` or later."""

    since_on: date
    series: Series
    points: Decimal
    day_before: bool  # 31 December and 30 June count, not 1 January and 1 July
    stays: bool  # the rate of the half-year in which interest begins to run stays until payment
    round_up: Decimal  # the rate is rounded up to a multiple of it; 0: as it is
    indemnity: tuple[Tier, ...]
    agreed: Agreed
    articles: tuple[str, ...]
    note: str = ""

    def reference_on(self, day: date) -> date:
        """The day whose published rate counts for the half-year in which `day` lies."""
        first = half_year_start(day)
        return first - timedelta(days=1) if self.day_before else first

    def rate_on(self, day: date) -> Decimal:
        """Per cent a year for the half-year in which `day` lies; never below zero."""
        rate = self.series.on(self.reference_on(day)) + self.points
        if self.round_up:
            rate = (rate / self.round_up).to_integral_value(ROUND_CEILING) * self.round_up
        return max(rate, Decimal(0))


@dataclass(frozen=True, kw_only=True)
class TimeBar:
    """How long a claim can be brought to court, counted from the due date or from the end of its year."""

    years: int
    from_year_end: bool
    article: str


@dataclass(frozen=True, kw_only=True)
class KindRules:
    """One kind of debtor in one country. Without claims `nothing` says why."""

    claims: tuple[Claim, ...] = ()  # by their day, the latest last
    nothing: str = ""
    time_bar: TimeBar | None = None


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Everything that the file says."""

    series: Mapping[str, Series]
    countries: Mapping[str, Mapping[str, KindRules]]
    insolvency: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # articles that stop the claim

    def of(self, country: str, kind: str) -> KindRules:
        """The rules for a kind of debtor of a country; empty where there are none."""
        return self.countries.get(country, {}).get(kind, KindRules())

    def wanted_on(self, series: Series, day: date) -> date:
        """The day whose rate of a series counts for the half-year of `day`, by the rules that use it."""
        claims = (c for kinds in self.countries.values() for rules in kinds.values() for c in rules.claims)
        return max((claim.reference_on(day) for claim in claims if claim.series == series), default=date.min)


def half_year_start(day: date) -> date:
    return date(day.year, 1 if day.month < 7 else 7, 1)


def load_rules(text: str) -> Rules:
    """Rules and rates from the text of their file; BadFile with every finding by line and key."""
    findings: list[BadInput] = []
    top = read_keys(text, FILE, findings)
    series = _all_series(top.section("series", required=True))
    countries: dict[str, Mapping[str, KindRules]] = {}
    insolvency: dict[str, tuple[str, ...]] = {}
    for item in top.items("countries", required=True):
        codes = item.texts("of", required=True)
        stops = tuple(item.texts("insolvency"))
        kinds: dict[str, KindRules] = {}
        for kind in (*KINDS, "carriage"):
            if kind in item:
                kinds[kind] = _kind_rules(item.section(kind), series, kinds)
        item.done((*KINDS, "carriage"))
        for code in codes:
            if not re.fullmatch("[A-Z]{2}", code) or code in countries:
                item.report("of", f"{code!r} is no country code or stands here twice", "expected for example [FR]")
            countries[code] = kinds
            if stops:
                insolvency[code] = stops
    top.done()
    if findings:
        raise BadFile(FILE, findings)
    return Rules(series=series, countries=countries, insolvency=insolvency)


def _all_series(keys: Keys) -> dict[str, Series]:
    found = {}
    for id_ in keys.names():
        one = keys.section(id_)
        found[id_] = Series(
            id=id_, title=one.text("title"), publisher=one.text("publisher"), page=one.text("page"), fr=one.text("fr"),
            url=one.text("url", pattern=r"https://\S+", example="the address of the official page"),
            rates=_rates(one.section("rates", required=True)),
        )  # fmt: skip
        one.done()
    keys.done()
    return found


def _rates(keys: Keys) -> tuple[tuple[date, Decimal], ...]:
    rates: list[tuple[date, Decimal]] = []
    for day in keys.names():
        rate = keys.text(day, pattern=_RATE, example="per cent a year, for example 2.15")
        try:
            since_on = date.fromisoformat(day)
        except ValueError:
            keys.report(day, "is no day", "expected for example 2026-01-01: 2.15")
            continue
        if rates and since_on <= rates[-1][0]:
            keys.report(day, f"stands after {rates[-1][0]}", "the oldest rate first")
        rates.append((since_on, Decimal(rate or 0)))
    if not rates:
        keys.report("rates", "names no rate", "expected for example 2026-01-01: 2.15")
        rates.append((date.min, Decimal(0)))
    return tuple(rates)


def _kind_rules(keys: Keys, series: Mapping[str, Series], others: Mapping[str, KindRules]) -> KindRules:
    claims = tuple(_claim(item, series) for item in keys.items("claims"))
    if list(claims) != sorted(claims, key=lambda claim: claim.since_on):
        keys.report("claims", "are not in the order of their days", "the oldest rule first")
    if "like" in keys:
        claims = others.get(keys.text("like", one_of=tuple(others)), KindRules()).claims
        agreed = keys.text("agreed", "", one_of=[a.value for a in Agreed])
        claims = tuple(replace(claim, agreed=Agreed(agreed) if agreed else claim.agreed) for claim in claims)
    nothing = keys.text("nothing", "")
    bar = _time_bar(keys.section("time_bar")) if "time_bar" in keys else None
    keys.done(("time_bar", "like"))
    return KindRules(claims=claims, nothing=nothing, time_bar=bar)


def _time_bar(keys: Keys) -> TimeBar:
    bar = TimeBar(
        years=keys.whole("years", lowest=1, highest=30),
        from_year_end=keys.text("from", one_of=("due", "year_end")) == "year_end",
        article=keys.text("article"),
    )
    keys.done()
    return bar


def _claim(keys: Keys, series: Mapping[str, Series]) -> Claim:
    name = keys.text("series", one_of=tuple(series))
    claim = Claim(
        since_on=_day(keys, "since"),
        series=series.get(name) or next(iter(series.values())),
        points=keys.amount("points", Decimal(0)),
        day_before=keys.text("counts", one_of=("first_day", "day_before")) == "day_before",
        stays=keys.truth("stays", False),
        round_up=keys.amount("round_up", Decimal(0)),
        indemnity=_tiers(keys),
        agreed=Agreed(keys.text("agreed", "replaces", one_of=[a.value for a in Agreed])),
        articles=tuple(keys.texts("articles", required=True)),
        note=keys.text("note", ""),
    )
    keys.done()
    return claim


def _day(keys: Keys, key: str) -> date:
    text = keys.text(key, pattern=_DAY, example="a day, for example 2026-01-01")
    try:
        return date.fromisoformat(text)
    except ValueError:
        if text:
            keys.report(key, f"{text} is no day", "expected for example 2026-01-01")
        return date.max


def _tiers(keys: Keys) -> tuple[Tier, ...]:
    tiers = []
    for text in keys.texts("indemnity", required=True):
        found = _TIER.fullmatch(text)
        if not found:
            keys.report("indemnity", f"{text!r} is no amount", 'expected "40 EUR" or "below 1000 GBP: 40 GBP"')
            continue
        limit, currency, amount, of = found.groups()
        tiers.append(Tier(amount=Money.of(amount, of), below=Money.of(limit, currency) if limit else None))
    return tuple(tiers)


def _half_year(day: date) -> str:
    """As people say it; 31 December counts for the half-year that follows."""
    day += timedelta(days=1)
    return f"the {'first' if day.month < 7 else 'second'} half of {day.year}"
