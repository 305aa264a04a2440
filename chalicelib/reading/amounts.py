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
    "e": "EUR", "balles": "EUR", "quid": "GBP", "usd": "USD", "us$": "USD", "dollars": "USD", "chf": "CHF", "livres": "GBP", "fr.": "CHF", "fr": "CHF", "sfr": "CHF", "sfr.": "CHF", "keur": "EUR", "k€": "EUR", "ke": "EUR",
}  # fmt: skip
_BEFORE = r"(?:(?P<before>€|£|us\$|\$|(?:eur|gbp|usd|chf)\b|s?fr\.?(?=\s?\d))[^\S\n]{0,2})?"
_AFTER = r"(?:\s{0,2}(?P<after>€|£|\$|(?:euros?|eur|gbp|usd|chf|pounds|quid|balles|dollars)\b|(?<=\d\d\d)e\b))?"
_DIGITS = (
    r"(?P<number>\d{1,3}(?:[ .,']\d{3}){1,4}(?:[.,]\d{1,2}(?!\d))?"  # grouped
    r"|\d{1,9}[.,]\d{2}(?!\d)|\d{1,9}(?:[.,]\d)?)"  # plain
)
_PATTERN = re.compile(
    rf"(?<![\w/.,:+#-]){_BEFORE}(?<![\d/])\*{{0,3}}{_DIGITS}(?P<thousands>\s?k(?:€|eur|e)?\b)?(?P<dash>,-{{1,2}}|\.-{{1,2}})?{_AFTER}(?![\d%]|[.,/:-]\d|\s?%|/\d)"
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
        if not sign and not exact and not thousands and not m["dash"]:
            continue
        if thousands and not sign and value < 1000:
            continue
        found.append(FoundAmount(m.start(), m.end(), m[0].strip(), value, _CURRENCY.get(sign), exact))
    for m in _GLUED.finditer(folded):
        value, exact = _value(m["number"].rstrip(",."))
        if value is not None and not any(f.start < m.end() and m.start() < f.end for f in found):
            found.append(FoundAmount(m.start(), m.end(), m[0], value, _CURRENCY[m["before"]], exact))
    for at in (*_SPLIT.finditer(folded), *_SPOKEN.finditer(folded)):
        made = _odd(at)
        if made is not None:
            if any(made.start < f.end and f.start < made.end for f in found) and at.re is _SPOKEN:
                continue
            found = [f for f in found if f.end <= made.start or made.end <= f.start]
            found.append(made)
    return sorted(found, key=lambda f: f.start)


def _odd(m: re.Match[str]) -> FoundAmount | None:
    """ "1234€50", "1k2", and sums in words before a currency: "mille deux cents euros"."""
    if m.re is _SPLIT:
        whole, sign, rest = re.sub(r"[ .]", "", m[1]), m[2], m[3]
        if sign == "k":
            value = Decimal(whole) * 1000 + Decimal(rest) * 10 ** (3 - len(rest))
        elif len(rest) == 2:
            value = Decimal(f"{whole}.{rest}")
        else:
            return None
        return FoundAmount(m.start(), m.end(), m[0], value, _CURRENCY.get(sign, "EUR" if sign == "e" else None), True)
    worth = _in_words(m[1])
    if worth is None or re.fullmatch(r"(?:un|une) grand", m[1]):
        return None
    return FoundAmount(m.start(), m.end(), m[0], Decimal(worth), _CURRENCY.get(m[2]), True)


_UNITS = {
    0: "zero null nul", 1: "un une one ein eine een uno una", 2: "deux two zwei twee due dos", 3: "trois three drei drie tre tres",
    4: "quatre four vier quattro cuatro", 5: "cinq five funf vijf cinque cinco", 6: "six sechs zes sei seis",
    7: "sept seven sieben zeven sette siete", 8: "huit eight acht otto ocho", 9: "neuf nine neun negen nove nueve",
    10: "dix ten zehn tien dieci diez", 11: "onze eleven elf undici once", 12: "douze twelve zwolf twaalf dodici doce",
    13: "treize thirteen dreizehn dertien tredici trece", 14: "quatorze fourteen vierzehn veertien quattordici catorce",
    15: "quinze fifteen funfzehn vijftien quindici quince", 16: "seize sixteen sechzehn zestien sedici",
    17: "seventeen siebzehn zeventien", 18: "eighteen achtzehn achttien", 19: "nineteen neunzehn negentien",
    20: "vingt vingts twenty zwanzig twintig venti veinte", 30: "trente thirty dreissig dreisig dertig trenta treinta",
    40: "quarante forty vierzig veertig quaranta cuarenta", 50: "cinquante fifty funfzig vijftig cinquanta cincuenta",
    60: "soixante sixty sechzig zestig sessanta sesenta", 70: "septante seventy siebzig zeventig settanta setenta",
    80: "quatre-vingt quatre-vingts huitante octante eighty achtzig tachtig ottanta ochenta",
    90: "nonante ninety neunzig negentig novanta noventa", 200: "doscientos doscientas", 300: "trescientos", 400: "cuatrocientos",
    500: "quinientos", 600: "seiscientos", 700: "setecientos", 800: "ochocientos", 900: "novecientos",
    100: "cent cents hundred hundert honderd cento cien ciento", 1000: "mille thousand tausend duizend mila mil grand",
}  # fmt: skip
_WORTH = {word: value for value, words in _UNITS.items() for word in words.split()}
_WORD = "(?:" + "|".join(sorted(_WORTH, key=len, reverse=True)) + ")"
_LINK = r"(?:[ -]{0,2}|[ -](?:et|and|und|e|y|en|a)[ -]|und|en)"
_SPOKEN = re.compile(
    rf"\b((?:a )?{_WORD}(?:{_LINK}{_WORD}){{0,9}})(?:\s(euros?|eur|pounds|dollars|€|£|\$)|(?<=grand))(?![a-z])"
)
_SPLIT = re.compile(r"(?<![\w.,])(\d{1,6}|\d{1,3}[ .]\d{3})(€|£|k|e)(\d{1,2})(?![\w.,]\d|\w)")
_ONE_WORD = re.compile(_WORD)


def _in_words(text: str) -> int | None:
    """The value of a number in words; hundreds and thousands multiply what stands before them, the rest adds."""
    total = current = 0
    for m in _ONE_WORD.finditer(text):
        value = _WORTH[m[0]]
        if value == 1000:
            total, current = total + max(current, 1) * 1000, 0
        elif value == 100:
            current = max(current, 1) * 100 if current < 100 else current + 100
        else:
            current += value
    return (total + current) or None


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
