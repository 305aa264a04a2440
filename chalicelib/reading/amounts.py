# ruff: noqa: E501  (one row of a table of phrases is one line)
"""Amounts of money in every notation: 1 234,56 € · 1.234,56 · £1,234.56 · EUR 1234.56 · 12k · 12 000 euros.

A number is an amount when a currency stands beside it, when it has two decimals, or
when the caller knows that it equals an open balance. Dates, telephone numbers, IBANs
and percentages are not amounts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation


@dataclass(frozen=True, slots=True)
class FoundAmount:
    start: int
    end: int
    words: str
    value: Decimal
    currency: str | None  # ISO 4217, None where none is written
    exact: bool  # written with decimals; False: "12k", "157 €"


_CURRENCY = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "gbp": "GBP", "pounds": "GBP", "$": "USD",
    "usd": "USD", "us$": "USD", "dollars": "USD", "chf": "CHF", "livres": "GBP", "fr.": "CHF", "fr": "CHF", "sfr": "CHF", "sfr.": "CHF", "keur": "EUR", "k€": "EUR", "ke": "EUR",
}  # fmt: skip
_BEFORE = r"(?:(?P<before>€|£|us\$|\$|(?:eur|gbp|usd|chf)\b|s?fr\.?(?=\s?\d))\s{0,2})?"
_AFTER = r"(?:\s{0,2}(?P<after>€|£|\$|(?:euros?|eur|gbp|usd|chf|pounds|dollars)\b))?"
_DIGITS = (
    r"(?P<number>\d{1,3}(?:[ .,']\d{3}){1,4}(?:[.,]\d{1,2}(?!\d))?"  # grouped
    r"|\d{1,9}[.,]\d{2}(?!\d)|\d{1,9}(?:[.,]\d)?)"  # plain
)
_PATTERN = re.compile(
    rf"(?<![\w/.,:+#-]){_BEFORE}(?<![\d/])\*{{0,3}}{_DIGITS}(?P<thousands>\s?k(?:€|eur|e)?\b)?(?:,-{{1,2}}|\.-{{1,2}})?{_AFTER}(?![\d%]|[.,/:-]\d|\s?%|/\d)"
)
_GLUED = re.compile(r"(?P<before>eur|gbp|usd|chf)(?P<number>\d{1,12}[.,]\d{0,2})(?!\d)")


def find(folded: str) -> list[FoundAmount]:
    """All amounts of a folded text, left to right. Bare whole numbers are left out."""
    found = []
    for m in _PATTERN.finditer(folded):
        sign = m["before"] or m["after"] or ""
        thousands = m["thousands"] or ""
        value, exact = _value(m["number"])
        if value is None:
            continue
        if thousands:
            value, exact = value * 1000, False
            if "€" in thousands or "e" in thousands.strip()[1:]:
                sign = sign or "€"
        if not sign and not exact and not thousands:
            continue
        if thousands and not sign and value < 1000:
            continue
        found.append(FoundAmount(m.start(), m.end(), m[0].strip(), value, _CURRENCY.get(sign), exact))
    for m in _GLUED.finditer(folded):
        value, exact = _value(m["number"].rstrip(",."))
        if value is not None and not any(f.start < m.end() and m.start() < f.end for f in found):
            found.append(FoundAmount(m.start(), m.end(), m[0], value, _CURRENCY[m["before"]], exact))
    return sorted(found, key=lambda f: f.start)


def parse(text: str) -> Decimal | None:
    """One amount of a table cell: '5.873,96', '(1,895.02)', '-12 000,00 €', '**7.768,98'."""
    cleaned = re.sub(r"[^\d.,\-() ']", "", text.strip().replace("\u00a0", " ").replace("\u202f", " ")).strip()
    negative = cleaned.startswith(("-", "(")) or cleaned.endswith("-")
    digits = cleaned.strip("-() ")
    if not re.fullmatch(r"\d{1,12}(?:[ .,']\d{3})*(?:[.,]\d{1,4})?", digits):
        return None
    value, _ = _value(digits)
    return None if value is None else -value if negative else value


def _value(number: str) -> tuple[Decimal | None, bool]:
    """The value, and whether it was written with two decimals."""
    plain = number.replace(" ", "").replace("'", "")
    cut = max(plain.rfind("."), plain.rfind(","))
    decimals = len(plain) - cut - 1 if cut >= 0 else 0
    several = len(re.findall(r"[.,]", plain)) > 1
    if cut >= 0 and (decimals != 3 or (several and plain[cut] not in plain[:cut])):
        whole, fraction = re.sub(r"[.,]", "", plain[:cut]), plain[cut + 1 :]
        text = f"{whole}.{fraction}" if fraction else whole
    else:
        text, decimals = re.sub(r"[.,]", "", plain), 0
    try:
        value = Decimal(text or "0")
    except InvalidOperation:
        return None, False
    return value, decimals == 2
