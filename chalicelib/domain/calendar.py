"""Business days, public holidays by country, and the hours at which a client may be written to."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

# The zone of a country's business life; a debtor elsewhere in a wide country names its own in its profile.
_ZONES = {
    "FR": "Europe/Paris", "BE": "Europe/Brussels", "LU": "Europe/Luxembourg", "CH": "Europe/Zurich",
    "DE": "Europe/Berlin", "AT": "Europe/Vienna", "NL": "Europe/Amsterdam", "ES": "Europe/Madrid",
    "IT": "Europe/Rome", "PT": "Europe/Lisbon", "GB": "Europe/London", "IE": "Europe/Dublin",
    "DK": "Europe/Copenhagen", "SE": "Europe/Stockholm", "NO": "Europe/Oslo", "FI": "Europe/Helsinki",
    "PL": "Europe/Warsaw", "CZ": "Europe/Prague", "GR": "Europe/Athens", "RO": "Europe/Bucharest",
    "HU": "Europe/Budapest", "MC": "Europe/Monaco", "MA": "Africa/Casablanca", "TN": "Africa/Tunis",
    "DZ": "Africa/Algiers", "US": "America/New_York", "CA": "America/Toronto", "RE": "Indian/Reunion",
    "GP": "America/Guadeloupe", "MQ": "America/Martinique", "GF": "America/Cayenne",
}  # fmt: skip


MONTHS = {
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
        "décembre",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
}  # fmt: skip


def zone_of(country: str, default: str) -> str:
    """The IANA zone of a country's business life, or `default` where we know none."""
    return _ZONES.get(country, default)


@lru_cache(maxsize=256)
def _holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    import holidays  # here, not above: its first import costs more than a run with nothing due

    try:
        return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))
    except NotImplementedError:  # a country the library does not know has week-ends only
        return frozenset()


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """The business days of one country (ISO 3166 code) and, where holidays differ, one subdivision of it."""

    country: str
    subdivision: str | None = None

    def is_business_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in _holidays(self.country, self.subdivision, day.year)

    def on_or_after(self, day: date) -> date:
        """`day` itself where it is a business day, else the next one."""
        return first_day(day, self.is_business_day)

    def add(self, day: date, business_days: int) -> date:
        """The day that lies so many business days after (or, negative, before) `day`; 0 gives `on_or_after`."""
        if business_days == 0:
            return self.on_or_after(day)
        stride = timedelta(days=1 if business_days > 0 else -1)
        left = abs(business_days)
        while left:
            day += stride
            left -= self.is_business_day(day)
        return day


def end_of_month(day: date) -> date:
    """The last day of a day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def first_day(day: date, fits: Callable[[date], bool]) -> date:
    """The first day on or after `day` that fits; gives up after a year, for then the calendar is wrong."""
    for _ in range(366):
        if fits(day):
            return day
        day += timedelta(days=1)
    raise ValueError("no fitting day within a year")


def local_day(at: datetime, zone: str) -> date:
    """The calendar day that an instant falls on in a zone. Refuses naive datetimes (invariant I8)."""
    if at.tzinfo is None:
        raise ValueError("an instant must know its zone")
    return at.astimezone(ZoneInfo(zone)).date()


def instant(day: date, clock: time, zone: str) -> datetime:
    """The UTC instant of a wall-clock time on a day in a zone (in the hour that daylight saving repeats: the first)."""
    return datetime.combine(day, clock, tzinfo=ZoneInfo(zone)).astimezone(UTC)
