"""Read the text of one cell as an amount, a day, a yes or no, a country; refuse whatever could mean two things."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from chalicelib.domain.money import CURRENCIES, Money


class Unreadable(ValueError):
    """A cell cannot be read; says what is wrong and what to do."""

    def __init__(self, what: str, remedy: str = "") -> None:
        self.what, self.remedy = what, remedy
        super().__init__(what)


# Signs that belong to one currency; "$" and "¥" belong to several, so that they are accepted and prove nothing.
_SIGNS = {"€": "EUR", "£": "GBP", "₹": "INR", "zł": "PLN", "Kč": "CZK", "$": "", "¥": ""}
_SPACES = dict.fromkeys(map(ord, " \t\u00a0\u2007\u2009\u202f"), " ")
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2010": "-", "\u2011": "-"})

# ISO 3166-1 alpha-2, officially assigned, with XK in use for Kosovo.
_COUNTRIES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM
    FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN
    MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT
    PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL
    TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_COUNTRIES.split())
_OTHER_COUNTRY = {"UK": "GB", "EL": "GR", "FRA": "FR", "FRANCE": "FR", "DEU": "DE", "GBR": "GB", "USA": "US"}

_YES = frozenset({"yes", "y", "oui", "o", "true", "vrai", "1", "x"})
_NO = frozenset({"no", "n", "non", "false", "faux", "0", "-", ""})


def currency(text: str) -> str:
    code = text.strip().upper()
    if code not in CURRENCIES:
        near = _SIGNS.get(text.strip())
        raise Unreadable(f"{text!r} is no ISO 4217 code", f"write {near or 'for example EUR, GBP or CHF'}")
    return code


def money(text: str, code: str, decimal: str) -> Money:
    """An amount of a currency. `decimal` is the file's decimal mark, or empty: then both marks, but never a guess.

    >>> money("1 234,56 €", "EUR", ""), money("(99.50)", "EUR", "")
    (Money(amount=Decimal('1234.56'), currency='EUR'), Money(amount=Decimal('-99.50'), currency='EUR'))
    """
    bare = text.translate(_SPACES).translate(_MINUS).strip()
    bare = _without_currency(bare, code)
    negative = False
    if bare.startswith("(") and bare.endswith(")"):
        negative, bare = True, bare[1:-1].strip()
    elif bare.startswith("-") or bare.endswith("-"):
        negative, bare = True, bare.removeprefix("-").removesuffix("-").strip()
    elif bare.startswith("+"):
        bare = bare[1:].strip()
    bare = _without_currency(bare, code)
    if re.fullmatch(r"[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+", bare):
        raise Unreadable(f"{text!r} was shortened by a spreadsheet", "export the amounts with all their digits")
    exact = _decimal(bare, text, decimal)
    amount = Money.of(exact, code)
    if amount.amount != exact:
        digits = -int(amount.amount.as_tuple().exponent)
        raise Unreadable(f"{text!r} has too many decimals", f"{code} has {digits}: round it where it comes from")
    if abs(exact) >= Decimal(10) ** 13:
        raise Unreadable(f"{text!r} is too large to be an amount", "is this a number of another column?")
    return -amount if negative else amount


def _without_currency(bare: str, code: str) -> str:
    for sign, of in _SIGNS.items():
        if bare.startswith(sign) or bare.endswith(sign):
            if of and of != code:
                raise Unreadable(f"{bare!r} bears {sign}, the currency column says {code}", "correct one of them")
            return bare.removeprefix(sign).removesuffix(sign).strip()
    found = re.fullmatch(r"([A-Za-z]{3}) ?([^A-Za-z]+)|([^A-Za-z]+) ?([A-Za-z]{3})", bare)
    if not found:
        return bare
    named, number = (found[1] or found[4]).upper(), (found[2] or found[3]).strip()
    if named in CURRENCIES and named != code:
        raise Unreadable(f"{bare!r} is in {named}, the currency column says {code}", "correct one of them")
    return number if named == code else bare


def _decimal(bare: str, text: str, decimal: str) -> Decimal:
    wrong = Unreadable(f"{text!r} is no amount", "write for example 1234.56 or 1234,56")
    if not re.fullmatch(r"[0-9][0-9 .,'’]*", bare) or bare[-1] in " '’":
        raise wrong
    mark = decimal or _decimal_mark(bare, text)
    whole, marked, cents = bare.partition(mark) if mark else (bare, "", "")
    if not re.fullmatch(r"[0-9]+" if marked else "", cents):
        remedy = f"the decimal mark here is {mark!r}: write for example 1234{mark}56"
        raise Unreadable(f"{text!r} is no amount", remedy)
    groups = re.split(r"[ .,'’]", whole)
    separators = set(re.findall(r"[ .,'’]", whole))
    grouped = all(len(g) == 3 for g in groups[1:]) and 1 <= len(groups[0]) <= 3 and len(separators) == 1
    if len(groups) > 1 and not grouped:
        raise wrong
    return Decimal("".join(groups) + (f".{cents}" if cents else ""))


def _decimal_mark(bare: str, text: str) -> str:
    """The decimal mark that an amount shows by itself: the later of two marks, or one with no three digits after it."""
    points, commas = bare.count("."), bare.count(",")
    if points and commas:
        return max(".,", key=bare.rfind)
    if points + commas != 1:
        return ""  # none, or one mark repeated: thousands
    mark = "." if points else ","
    whole, _, rest = bare.partition(mark)
    if len(rest) == 3 and re.fullmatch("[1-9][0-9]{0,2}", whole):
        raise Unreadable(
            f"{text!r} can be {whole}{rest} or {whole} and {rest} thousandths",
            'say which mark is the decimal one: a mapping with decimal: "," or decimal: "."',
        )
    return mark


def yes_or_no(text: str) -> bool:
    word = text.strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Unreadable(f"{text!r} is neither yes nor no", "write yes or no, or leave it empty")


def country(text: str) -> str:
    code = text.strip().upper()
    if code in COUNTRIES:
        return code
    near = _OTHER_COUNTRY.get(code)
    remedy = f"write {near}" if near else "write for example FR or BE, or give a mapping with its values"
    raise Unreadable(f"{text!r} is no ISO 3166 country of two letters", remedy)


T = TypeVar("T")

DayReader = Callable[[str], date]

_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?")
_DAY_FIRST = re.compile(r"(?P<D>[0-9]{1,2})([/.-])(?P<M>[0-9]{1,2})\2(?P<Y>[0-9]{4})(?: 00:00(?::00)?)?")
_TOKENS = {"YYYY": "(?P<Y>[0-9]{4})", "YY": "(?P<Y>[0-9]{2})", "MM": "(?P<M>[0-9]{1,2})", "M": "(?P<M>[0-9]{1,2})",
           "DD": "(?P<D>[0-9]{1,2})", "D": "(?P<D>[0-9]{1,2})"}  # fmt: skip


@lru_cache(maxsize=16)
def day_reader(date_format: str) -> DayReader:
    """Reads days as YYYY-MM-DD, and in one more way: DD/MM/YYYY, or as the format says (M/D/YYYY, DD.MM.YY, YYYYMMDD).

    Which of two numbers is the month is never guessed from the data. Raises ValueError for a format without a day, a
    month and a year.
    """
    pattern, shown = (_format(date_format), date_format) if date_format else (_DAY_FIRST, "DD/MM/YYYY")

    def read(text: str) -> date:
        bare = text.strip()
        found = _ISO.fullmatch(bare)
        if found:
            return _day(int(found[1]), int(found[2]), int(found[3]), text, shown)
        stated = pattern.fullmatch(bare)
        if stated:
            year = int(stated["Y"])
            year += 2000 if len(stated["Y"]) == 2 else 0
            return _day(year, int(stated["M"]), int(stated["D"]), text, shown)
        if re.fullmatch(r"[34][0-9]{4}", bare):
            raise Unreadable(f"{text!r} is a spreadsheet's day number", "format the column as a date and export again")
        raise Unreadable(f"{text!r} is no date", f"write YYYY-MM-DD or {shown}, or give a mapping with date_format")

    return read


def _day(year: int, month: int, day: int, text: str, shown: str) -> date:
    if month > 12 >= day and not _ISO.fullmatch(text.strip()):
        remedy = f"dates are read as {shown}; if the month comes first, give a mapping with date_format: M/D/YYYY"
        raise Unreadable(f"{text!r} has no month {month}", remedy)
    try:
        result = date(year, month, day)
    except ValueError:
        raise Unreadable(f"{text!r} is no day of the calendar", "correct it") from None
    if not 1990 <= year <= 2100:
        raise Unreadable(f"{text!r} is in the year {year}", "is the year right?")
    return result


def _format(date_format: str) -> re.Pattern[str]:
    parts = re.split(r"(YYYY|YY|MM|M|DD|D)", date_format.strip())
    pattern = "".join(_TOKENS.get(part) or re.escape(part) for part in parts)
    if date_format.strip().startswith("YYYYMM") or re.search("MMDD|DDMM|MMYY|DDYY", date_format):
        pattern = pattern.replace("{1,2}", "{2}")
    try:
        compiled = re.compile(pattern)
    except re.error:
        raise ValueError(f"{date_format!r} names a part twice") from None
    if set(compiled.groupindex) != {"Y", "M", "D"}:
        raise ValueError(f"{date_format!r} lacks a day, a month or a year")
    return compiled
