"""How amounts, days and lists are written in French and in English.

French takes a no-break space (U+00A0) where typography asks for a narrow one (U+202F): old mail clients and
Windows-1252 know the first and show a box or a question mark for the second. A minus is the plain hyphen, so
that an amount can be pasted into a spreadsheet; an IBAN keeps plain spaces, for banks' forms refuse the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import quote

from chalicelib.domain.calendar import MONTHS
from chalicelib.domain.money import Money

NBSP = "\u00a0"
_SYMBOLS = {"EUR": "€", "GBP": "£"}
_TAGS = re.compile(r"({{.*?}}|{%.*?%}|{#.*?#})", re.DOTALL)


def amount(money: Money, language: str) -> str:
    """1 234,56 € and €1,234.56; another currency by its code, for there is more than one dollar."""
    digits = max(-int(money.amount.as_tuple().exponent), 0)
    figure, sign = f"{abs(money.amount):,.{digits}f}", "-" if money.amount < 0 else ""
    symbol = _SYMBOLS.get(money.currency, "")
    if language == "fr":
        figure = figure.replace(",", NBSP).replace(".", ",")
        return f"{sign}{figure}{NBSP}{symbol or money.currency}"
    return f"{sign}{symbol or money.currency + NBSP}{figure}"


def day(day_: date, language: str) -> str:
    """21 novembre 2026, 1er novembre 2026; 21 November 2026."""
    number = "1er" if language == "fr" and day_.day == 1 else str(day_.day)
    return f"{number}{NBSP}{MONTHS[language][day_.month - 1]} {day_.year}"


def days(several: Sequence[date], language: str) -> str:
    """4 et 12 novembre 2026, where month and year are the same; else each in full."""
    if len({(one.year, one.month) for one in several}) > 1:
        return listing([day(one, language) for one in several], language)
    *_, last = several
    numbers = [day(one, language).partition(NBSP)[0] for one in several]
    return listing(numbers, language) + NBSP + day(last, language).partition(NBSP)[2]


def short_day(day_: date, language: str) -> str:
    """21/11/2026; in English 21 Nov 2026, since half its readers take 11 for the day."""
    if language == "fr":
        return f"{day_:%d/%m/%Y}"
    return f"{day_.day}{NBSP}{MONTHS['en'][day_.month - 1][:3]}{NBSP}{day_.year}"


def count(number: int, one: str, many: str) -> str:
    """ "1 facture", "3 factures"."""
    return f"{number}{NBSP}{one if number == 1 else many}"


def whole(money: Money, language: str) -> str:
    """An amount without its hundredths, for a headline: 1 235 €."""
    rounded = money.amount.quantize(Decimal(1), ROUND_HALF_UP)
    return amount(Money(rounded, money.currency), language)


def dialled(phone: str) -> str:
    """A number as a tel: link takes it (RFC 3966): digits, with a plus in front where there is one."""
    digits = re.sub(r"[^0-9]", "", phone)
    return f"+{digits}" if phone.strip().startswith("+") else digits


def figure(value: Decimal | None, language: str) -> str:
    """41.5, in French 41,5; a dash where there is nothing to reckon."""
    if value is None:
        return "–"
    return f"{value:f}".replace(".", ",") if language == "fr" else f"{value:f}"


def listing(items: Iterable[str], language: str) -> str:
    """ "a", "a et b", "a, b et c"."""
    *head, last = list(items) or [""]
    if not head:
        return last
    return f"{', '.join(head)} {'et' if language == 'fr' else 'and'} {last}"


def iban(text: str) -> str:
    compact = "".join(text.split()).upper()
    return " ".join(compact[start : start + 4] for start in range(0, len(compact), 4))


def unbroken(text: str) -> str:
    """A phone number or the like, on one line wherever the mail is shown."""
    return text.replace(" ", NBSP)


def payment_link(pattern: str, number: str) -> str:
    """The address at which one invoice can be paid; nothing unless it is https (a script is a link too)."""
    return pattern.replace("{number}", quote(number, safe="")) if pattern.startswith("https://") else ""


def french_spacing(source: str) -> str:
    """A French template with its no-break spaces put in, so that authors can type plain ones. Data is not touched."""
    parts = _TAGS.split(source)
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r" ([;:!?»€])", NBSP + r"\1", parts[index])
        parts[index] = re.sub(r"(«|n°|art\.|§) ", r"\1" + NBSP, parts[index])
    return "".join(parts)
