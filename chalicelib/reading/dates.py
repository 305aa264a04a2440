# ruff: noqa: E501  (one row of a table of phrases is one line)
"""Dates as people write them in payment phrases, relative to the day of the mail.

Every find carries two readings, one for a past and one for a future statement:
"le 10" is the last 10th in "réglée le 10" and the next one in "payée le 10". The
caller knows the tense. All phrases are matched on folded text (fold.py): lower
case, no accents.

Conventions: end of week = Friday, end of month = its last day, "semaine 48" = its
Friday, "début décembre" = the 5th, "mi-décembre" = the 15th, "sous huitaine" = +8
days; a week or a month named as a whole = its last working day or last day,
because the latest day counts. "Bientôt" has no date.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class FoundDate:
    """Where a date stands and what it means said of the past and of the future."""

    start: int
    end: int
    words: str
    past: date | None
    future: date | None
    certain: bool = True  # False: people disagree about what it means
    vague: bool = False  # "soon": a promise without a date
    full: bool = False  # day, month and year are written
    weak: bool = False  # a bare day number: a date only beside a word of payment

    def on(self, *, past: bool) -> date | None:
        return self.past if past else self.future


def find(
    folded: str, base: date, *, month_first: bool = False, holidays: frozenset[date] = frozenset()
) -> list[FoundDate]:
    """All dates of a folded text, left to right, without overlap; the longest phrase wins."""
    found: list[FoundDate] = []
    for pattern, build in _GRAMMAR:
        for match in pattern.finditer(folded):
            made = build(match, _Day(base, month_first, holidays))
            if made is not None:
                found.append(made)
    found.sort(key=lambda f: (f.start, -(f.end - f.start)))
    kept: list[FoundDate] = []
    for one in found:
        if kept and one.start < kept[-1].end:
            if one.end - one.start > kept[-1].end - kept[-1].start:
                kept[-1] = one
            continue
        if (
            kept
            and _SAME_DAY.fullmatch(folded[kept[-1].end : one.start])
            and kept[-1].words in _WEEKDAY_OF
            and one.words not in _NEXT_DAYS
        ):
            kept[-1] = replace(
                one, start=kept[-1].start, words=folded[kept[-1].start : one.end]
            )  # "Montag, dem 07.12." is one day, and the number says which
            continue
        kept.append(one)
    return [_amid(folded, base, kept, index) for index in range(len(kept))]


def _amid(folded: str, base: date, kept: list[FoundDate], index: int) -> FoundDate:
    """The date as its neighbours turn it: "the week of the 8th", "after the 15th", "Wednesday … the day after"."""
    one = kept[index]
    before = folded[max(0, one.start - 30) : one.start]
    article = _ARTICLE.match(one.words)
    lead = before + (article[0] if article else "")
    if one.words in _NEXT_DAYS:
        earlier = kept[index - 1] if index else None
        if earlier is None or earlier.future is None or one.start - earlier.end > 80:
            return replace(one, vague=True)
        return replace(one, past=None, future=earlier.future + timedelta(1))
    if one.past is None and one.future is None and not one.vague and (thereafter := _THEREAFTER.search(one.words)):
        earlier = kept[index - 1] if index else None
        start = earlier.future if earlier is not None and earlier.future and one.start - earlier.end < 120 else base
        ahead = (WEEKDAYS[thereafter[0]] - start.weekday()) % 7 or 7
        return replace(one, future=start + timedelta(ahead))
    if _WEEK_OF.search(lead) and not one.vague and re.search(r"\d", one.words):
        return replace(one, past=one.past and _friday(one.past), future=one.future and _friday(one.future))
    if _AFTER_THE.search(lead) and one.future is not None and one.future > base:
        return replace(one, future=None, past=None, vague=True)
    return one


_NEXT_DAYS = ("le lendemain", "the following morning", "the next morning", "the day after", "the next day", "the following day", "am tag danach", "am folgetag",
              "tags darauf", "el dia siguiente", "al dia siguiente", "il giorno dopo", "de dag erna", "de dag nadien")  # fmt: skip
_ARTICLE = re.compile(r"(?:le|du|the|of|am|dem|el|del|il|dal|de)\s")
_WEEK_OF = re.compile(
    r"\b(?:semaine du|week (?:commencing|beginning|starting|of|van)|w/c|wc|woche (?:vom|ab|ab dem)|settimana del|semana del)\s(?:the |le |el |il |dem |de )?(?:lundi |monday |montag |lunes |lunedi |maandag )?$"
)
_AFTER_THE = re.compile(
    r"(?<!jours )(?<!peu )(?<!day )(?<!days )\b(?:apres|after|nach|despues del?|dopo)\s(?:the |le |dem |el |il )?$"
)

_SAME_DAY = re.compile(r",?\s(?:dem |den |der |the |le |el |il |dia |de )?|,")


@dataclass(frozen=True, slots=True)
class _Day:
    base: date
    month_first: bool
    holidays: frozenset[date]

    def working(self, days: int) -> date:
        on, left = self.base, days
        while left > 0:
            on += timedelta(1)
            if on.weekday() < 5 and on not in self.holidays:
                left -= 1
        return on


# ---------------------------------------------------------------- words

_MONTHS = {
    1: "janvier|janv|january|jan|januar|januari|janner|enero|ene|gennaio|genn|janeiro",
    2: "fevrier|fevr|fev|february|feb|februar|februari|febrero|febbraio|febbr|fevereiro",
    3: "mars|march|mar|marz|maart|mrt|marzo|marco",
    4: "avril|avr|april|apr|abril|abr|aprile",
    5: "mai|may|mayo|maggio|magg|mei|maio",
    6: "juin|june|jun|juni|junio|giugno|giu|junho",
    7: "juillet|juil|july|jul|juli|julio|luglio|lug|julho",
    8: "aout|august|aug|augustus|agosto|ago",
    9: "septembre|sept|september|sep|septiembre|settembre|sett|setembro",
    10: "octobre|oct|october|oktober|okt|octubre|ottobre|ott|outubro",
    11: "novembre|nov|november|noviembre",
    12: "decembre|dec|december|dezember|dez|diciembre|dic|dicembre|dezembro",
}
MONTH_OF = {word: number for number, words in _MONTHS.items() for word in words.split("|")}
MONTH = "(?:" + "|".join(sorted(MONTH_OF, key=len, reverse=True)) + r")\b\.?"
NAMES_A_MONTH = re.compile(rf"\b{MONTH}")

_WEEKDAYS = {
    0: "lundi|lun|monday|mon|montag|lunes|lunedi|maandag|segunda-feira",
    1: "mardi|tuesday|tues|tue|dienstag|martes|martedi|dinsdag|terca-feira",
    2: "mercredi|mercr|wednesday|wed|mittwoch|miercoles|mercoledi|woensdag|quarta-feira",
    3: "jeudi|thursday|thurs|thu|donnerstag|jueves|giovedi|donderdag|quinta-feira",
    4: "vendredi|friday|fri|freitag|viernes|venerdi|vrijdag|sexta-feira",
    5: "samedi|saturday|sat|samstag|sonnabend|sabado|sabato|zaterdag",
    6: "dimanche|sunday|sun|sonntag|domingo|domenica|zondag",
}
WEEKDAYS = _WEEKDAY_OF = {word: number for number, words in _WEEKDAYS.items() for word in words.split("|")}
_SHORT = ("lun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_W = "(?:" + "|".join(sorted((w for w in _WEEKDAY_OF if w not in _SHORT), key=len, reverse=True)) + ")"
_WS = "(?:" + "|".join(sorted(_WEEKDAY_OF, key=len, reverse=True)) + r")\b\.?"

_THEREAFTER = re.compile(_W)

_NUMBERS = {
    "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9,
    "dix": 10, "douze": 12, "quinze": 15, "vingt": 20, "trente": 30, "quarante": 40, "soixante": 60,
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twelve": 12, "fourteen": 14, "fifteen": 15, "twenty": 20, "thirty": 30,
    "ein": 1, "eine": 1, "einer": 1, "einem": 1, "zwei": 2, "drei": 3, "vier": 4, "funf": 5, "sechs": 6, "sieben": 7,
    "acht": 8, "zehn": 10, "vierzehn": 14, "dos": 2, "tres": 3, "cinco": 5, "ocho": 8, "diez": 10, "quince": 15,
    "due": 2, "tre": 3, "cinque": 5, "otto": 8, "dieci": 10, "quindici": 15, "twee": 2, "drie": 3, "vijf": 5, "tien": 10,
    "veertien": 14, "um": 1, "uma": 1, "dois": 2, "duas": 2, "quatro": 4, "oito": 8, "dez": 10, "trinta": 30,
    "un'": 1, "uno": 1, "una": 1, "een": 1, "couple of": 2,
}  # fmt: skip
_N = r"(?:\d{1,3}|" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + ")"


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word]


# ---------------------------------------------------------------- building

Build = Callable[[re.Match[str], _Day], FoundDate | None]
_GRAMMAR: list[tuple[re.Pattern[str], Build]] = []


def _rule(pattern: str) -> Callable[[Build], Build]:
    def keep(build: Build) -> Build:
        _GRAMMAR.append((re.compile(pattern), build))
        return build

    return keep


def _fact(m: re.Match[str], past: date | None, future: date | None, **more: bool) -> FoundDate:
    return FoundDate(m.start(), m.end(), m[0], past, future, **more)


def _make(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _yearless(m: re.Match[str], day: _Day, month: int, number: int, **more: bool) -> FoundDate | None:
    """Day and month: the last such day for the past (today counts), the next one for the future."""
    years = [_make(day.base.year + shift, month, number) for shift in (-1, 0, 1)]
    dates = [d for d in years if d is not None]
    if not dates:
        return None
    past = max((d for d in dates if d <= day.base), default=None)
    future = min((d for d in dates if d >= day.base), default=None)
    # A date far behind in a promise is a date just missed ("sera réglé le 15/11" on the 20th), not one in a year.
    if past and future and (future - day.base).days > 270:
        future = past
    if past and future and (day.base - past).days > 300:
        past = future
    return _fact(m, past, future, **more)


def _year(text: str | None, day: _Day) -> int | None:
    if not text:
        return None
    year = int(text)
    return year + 2000 if year < 100 else year


def _end_of_month(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _month(day: _Day, shift: int) -> tuple[int, int]:
    index = day.base.year * 12 + day.base.month - 1 + shift
    return index // 12, index % 12 + 1


def _named_month(
    m: re.Match[str], day: _Day, word: str, year: str | None, pick: Callable[[int, int], date], **more: bool
) -> FoundDate | None:
    month = MONTH_OF[word.rstrip(".")]
    if year:
        on = pick(int(year), month)
        return _fact(m, on, on, **more)
    dates = [pick(day.base.year + shift, month) for shift in (-1, 0, 1)]
    future = min((d for d in dates if d >= day.base), default=None)
    past = max((d for d in dates if d <= day.base), default=None)
    if past and future and (future - day.base).days > 270:
        future = past
    return _fact(m, past, future, **more)


def _friday(of: date) -> date:
    return of + timedelta(4 - of.weekday())


# ---------------------------------------------------------------- calendar dates

_Y4 = r"(?:20\d\d)"
_AFTER = r"(?![\d/]|[.,]\d)"
_BEFORE = r"(?<![\d/.,-])"


@_rule(rf"{_BEFORE}({_Y4})[-/.]([01]?\d)[-/.]([0-3]?\d)(?!\d|[-/]\d)")
def _iso(m: re.Match[str], day: _Day) -> FoundDate | None:
    on = _make(int(m[1]), int(m[2]), int(m[3]))
    return _fact(m, on, on, full=True) if on else None


@_rule(rf"{_BEFORE}([0-3]?\d)\s?[/.-]\s?([0-3]?\d)\s?[/.-]\s?({_Y4}|\d\d)(?![\d/-]|[.,]\d)")
def _numeric(m: re.Match[str], day: _Day) -> FoundDate | None:
    year = _year(m[3], day) or 0
    first, second = int(m[1]), int(m[2])
    if not 2000 <= year <= 2100:
        return None
    usual = (second, first) if not day.month_first else (first, second)
    on = _make(year, *usual) or _make(year, usual[1], usual[0])
    return _fact(m, on, on, full=True) if on else None


@_rule(rf"{_BEFORE}(?!24/7|24/24|7/7)([0-3]?\d)/([0-3]?\d)(?![\d/]|[.,]\d|\s?(?:%|h\b|jours|days|pers))")
def _day_slash_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    first, second = int(m[1]), int(m[2])
    month, number = (first, second) if day.month_first else (second, first)
    if not 1 <= month <= 12:
        month, number = number, month
    return _yearless(m, day, month, number) if 1 <= month <= 12 and 1 <= number <= 31 else None


@_rule(
    r"(?<![\d/.,-])([0-3]?\d)\.([01]?\d)\.(?!\d)|(?:\b(?:le|du|au|am|vom|zum|on|per|del|il|el|op|bis)\s)([0-3]?\d)\.([01]\d)(?![\d.,]\d|\d|\s?(?:eur|€|k\b|%))"
)
def _day_dot_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    number, month = int(m[1] or m[3]), int(m[2] or m[4])
    return _yearless(m, day, month, number) if 1 <= month <= 12 and 1 <= number <= 31 else None


@_rule(r"(?:\b(?:le|du|au|pour le|on|am)\s)([0-3]?\d)-([01]\d)(?![-\d])")
def _day_dash_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    number, month = int(m[1]), int(m[2])
    return _yearless(m, day, month, number) if 1 <= month <= 12 and 1 <= number <= 31 else None


@_rule(r"(?<![\w/.,-])([0-3]\d)-([01]\d)(?![-/\d\w]|[.,]\d)")
def _bare_day_dash_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    number, month = int(m[1]), int(m[2])
    made = _yearless(m, day, month, number) if 1 <= month <= 12 and 1 <= number <= 31 else None
    return made and replace(made, weak=True)


@_rule(
    rf"(?:\b{_WS},?\s(?:the\s|le\s|den\s|dem\s|el\s|dia\s)?)?(?<![\d/.,-])([0-3]?\d)(?:er|st|nd|rd|th|\.|e|eme)?\s(?:of\s|de\s|d'|del\s)?({MONTH})(?:,?\s(?:de\s|del\s)?({_Y4}))?(?!\d)"
)
def _day_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    number, month = int(m[1]), MONTH_OF[m[2].rstrip(".")]
    if m[2] in ("mar", "mai", "may", "sept", "ago", "ene") and not m[3] and m[2] != "mai":
        if m[2] in ("mar", "ago") and not re.match(r"[\s.,;:)(|/]|$", m.string[m.end() : m.end() + 1] or " "):
            return None
        if m[2] == "ago":  # "5 ago" is rather "5 days ago" misspelt than August
            return None
    if m[3]:
        on = _make(int(m[3]), month, number)
        return _fact(m, on, on, full=True) if on else None
    return _yearless(m, day, month, number) if 1 <= number <= 31 else None


@_rule(rf"(?:\b{_WS},?\s)?\b({MONTH})\s?(?:the\s)?([0-3]?\d)(?:st|nd|rd|th)?\b(?![/.]\d|\s?%)(?:,?\s({_Y4}))?(?!\d)")
def _month_day(m: re.Match[str], day: _Day) -> FoundDate | None:
    number, month = int(m[2]), MONTH_OF[m[1].rstrip(".")]
    if not 1 <= number <= 31:
        return None
    if m[3]:
        on = _make(int(m[3]), month, number)
        return _fact(m, on, on, full=True) if on else None
    return _yearless(m, day, month, number)


@_rule(
    r"\b(?:le|the|au|du|el|il|op de|am|den)?\s?([0-3]?\d)(?:er|st|nd|rd|th|\.|de|e)?\s(?:du mois (?:prochain|suivant)|of the (?:following|next) month|del mes siguiente|del mese successivo|de le? mois prochain|(?:of )?next month|prochain mois|des (?:nachsten|kommenden|folge)[a-z]{0,6}\s?monats|prox\b\.?|p\.\s?m\b(?!\.?\s?(?:gmt|cet))\.?(?= v)|del (?:mes que viene|proximo mes|prossimo mese|mese prossimo)|van (?:de )?volgende maand)"
)
def _day_next_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    year, month = _month(day, 1)
    on = _make(year, month, int(m[1]))
    return _fact(m, None, on) if on else None


@_rule(
    r"\b([0-3]?\d)(?:er|st|nd|rd|th|\.)?\s(?:courant|ct\b|crt\b|inst\b|du mois(?: en cours| courant)?\b|de ce mois|(?:of )?(?:this|the) month|(?:dieses|d\.?) ?m(?:onats|ts)\b|de este mes|d(?:el?|o) (?:corrente|corr\b|c\.?m)|do presente\b|c\.\s?m\b\.?|corrente mese|d\.\s?m\b\.?|van deze maand|dezer\b|deze maand)(?! prochain)"
)
def _day_this_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    on = _make(day.base.year, day.base.month, int(m[1]))
    return _fact(m, on, on) if on else None


@_rule(
    r"\b(?:(?:le|du|au|pour le|avant le|depuis le|des le|jusqu'au|on the|by the|before the|of the|the|am|zum|vom|bis zum|ab dem|dem|el dia|al dia|del dia|dia|de dag|el|al|del|il|entro il|dal|op de|op|per|tegen de|de|den|c/o)\s)"
    rf"(?:({_W})\s)?([0-3]?\d)(er|st|nd|rd|th|\.|e)?(?!\.?\d)"
    r"(?=\s?(?:$|[().;:!?]|,(?!\d)|\n|-\s)|\s(?:via|par|par|sur|sans|pour|et|ou|au|a|de|d'|avec|max|maxi|ref|par|dernier|prochain|sous|ordre|at|with|by|and|or|in|under|for|from|without|as|via|ohne|per|mit|an|con|por|sin|senza|met|onder|bei|von|und|soit|directement|comme|a|est|sera|chez|dans|depuis|that|which|ref|last|next|dernier|eingeplant|vorgemerkt|vorgesehen|geplant|was|nous|vous|je|on|i|we|it|so|inclus|au plus|at the latest|spatestens|latest|midi|matin|if|mais|but|car|because|payment|run|campagne|echeance)\b)"
)
def _bare_day(m: re.Match[str], day: _Day) -> FoundDate | None:
    number = int(m[2])
    if not 1 <= number <= 31 or (m[0].startswith("the ") and not m[3]):
        return None
    if m[0].split()[0] in ("the", "of", "by", "before", "on") and m[3] not in ("st", "nd", "rd", "th"):
        return None
    if m[0].startswith("de ") and (not m[3] or m[1]):
        return None  # "de 17e" is Dutch, "de 17" French
    if m[0].startswith("den ") and m[3] != ".":
        return None
    told = _on_weekday(day, number, m[1]) if m[1] else None
    return _fact(m, *(told or _nearest(day, number)), weak=m[1] is None)


# Behind these words a number with its ending is a day, whatever follows but a thing that is counted.
@_rule(
    r"\b(?:on|by|before|until|till|for|from|around|about|op|tegen|voor|rond|per|gaat)\s(?:the\s|de\s)?([0-3]?\d)(?:st|nd|rd|th|e|de|ste)\b"
    rf"(?!\s(?:of\b|floor|time|invoice|reminder|anniversary|century|birthday|item|line|instal|call|letter|notice|street|avenue|week|verdieping|keer|factuur|herinnering|termijn|van\b|{MONTH}))"
)
@_rule(
    r"\b(?:le|pour le|avant le|des le|jusqu'au|d'ici le|(?:mandatement|virement|reglement|paiement|versement|campagne|bordereau|echeance) du|el|el dia|il|entro il)\s([0-3]?\d)(?:er)?"
    rf"(?=\s[a-z])(?!\s(?:{MONTH}|h\b|heures?|euros?|eur\b|k\b|km|kg|m2|bis\b|ter\b|rue|avenue|bd|boulevard|place|eme|premiers?|premieres?|derniers?|autres?|pieces?|colis|palettes?|cartons?|fois|jours|semaines|mois|ans|points?|facture|invoice|fattura|factura|por ciento|per cento|giorni|dias))"
)
def _lone_day(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, *_nearest(day, int(m[1])), weak=True) if 1 <= int(m[1]) <= 31 else None


def _nearest(day: _Day, number: int) -> tuple[date | None, date | None]:
    """The last and the next such day of a month, the day itself included in both."""
    near = [made for shift in (-2, -1, 0, 1, 2) if (made := _make(*_month(day, shift), number))]
    return max((d for d in near if d <= day.base), default=None), min((d for d in near if d >= day.base), default=None)


@_rule(
    rf"\b(?:next\s|this\s|last\s|coming\s)?({_W}),?\s(?:le\s|the\s|den\s|de\s|el\s|dia\s)?([0-3]?\d)(?:er|st|nd|rd|th|e|\.)?(?!\s\d{{3}})(?![\d/:h]|[.,]\d|\s?(?:€|eur|h|heures|uhr|am|pm|{MONTH})\b|\.\d)"
)
def _weekday_day(m: re.Match[str], day: _Day) -> FoundDate | None:
    told = _on_weekday(day, int(m[2]), m[1])
    return _fact(m, *told) if told else None


def _on_weekday(day: _Day, number: int, weekday: str) -> tuple[date | None, date | None] | None:
    """The day of that number that falls on that weekday, of the last month or the two to come."""
    months = (_make(*_month(day, shift), number) for shift in (-1, 0, 1, 2))
    near = [d for d in months if d and d.weekday() == _WEEKDAY_OF[weekday]]
    past = max((d for d in near if d <= day.base), default=None)
    future = min((d for d in near if d >= day.base), default=None)
    return (past or future, future or past) if near else None


# ---------------------------------------------------------------- weekdays

_NEXT_WEEK = (
    r"(?:de la semaine prochaine|semaine prochaine|(?:of )?next week|(?:der )?(?:nachste|kommende|nachster|kommender)[nr]? woche"
    r"|de la (?:proxima semana|semana que viene)|(?:della )?prossima settimana|della settimana prossima|(?:van )?volgende week)"
)


@_rule(rf"\b({_W})\s{_NEXT_WEEK}")
def _weekday_next_week(m: re.Match[str], day: _Day) -> FoundDate | None:
    monday = day.base - timedelta(day.base.weekday()) + timedelta(7)
    return _fact(m, None, monday + timedelta(_WEEKDAY_OF[m[1]]))


@_rule(
    rf"\b({_W})\s(?:de (?:la )?semaine (?:derniere|passee)|(?:of )?last week|(?:der )?(?:letzten|vergangenen|letzter|vorigen) woche|de la semana pasada|della settimana scorsa|(?:van )?vorige week|(?:letzte|vorige) woche)|\b(?:last week|vorige week|letzte woche) (?:on )?({_W})"
)
def _weekday_last_week(m: re.Match[str], day: _Day) -> FoundDate | None:
    on = day.base - timedelta(day.base.weekday() + 7) + timedelta(_WEEKDAY_OF[m[1] or m[2]])
    return _fact(m, on, on)


@_rule(
    rf"\b(?:(?:la )?semaine prochaine,? (?:le )?|next week,? (?:on )?|(?:volgende|komende) week,? (?:op )?|(?:nachste|kommende)[rn]? woche,? (?:am )?|(?:la )?(?:prossima settimana|settimana prossima),? (?:di )?|(?:la )?(?:proxima semana|semana que viene),? (?:el )?)({_W})\b"
)
def _next_week_weekday(m: re.Match[str], day: _Day) -> FoundDate | None:
    monday = day.base - timedelta(day.base.weekday()) + timedelta(7)
    return _fact(m, None, monday + timedelta(_WEEKDAY_OF[m[1]]))


@_rule(
    rf"\b(?:(last|the past|this|next|coming|this coming|past|vergangenen?|letzten?|letzter|kommenden?|nachsten?|diesen|dieser|pasado|proximo|este|scorso|prossimo|vorige|afgelopen|komende|volgende|aanstaande|deze|ce)\s)?({_W})(?:'?s)?(?:\s(prochaine?|qui vient|que viene|che viene|derniere?|passee?|passad[oa]|last|en huit|en quinze|week|a week|pasado|proximo|scorso|prossimo|jl|as))?\b(?!\s(?:au|to|bis|-|through)\s(?:{_W}))"
)
def _weekday(m: re.Match[str], day: _Day) -> FoundDate | None:
    target = _WEEKDAY_OF[m[2]]
    before, after = m[1] or "", m[3] or ""
    back = (day.base.weekday() - target) % 7 or 7
    ahead = (target - day.base.weekday()) % 7 or 7
    past, future = day.base - timedelta(back), day.base + timedelta(ahead)
    certain = True
    if before in ("this", "diesen", "dieser", "este", "deze", "ce") and past < day.base - timedelta(day.base.weekday()):
        return _fact(m, None, future)  # of this week, or the one that comes
    if after in ("en huit", "week", "a week"):
        future += timedelta(7)
    elif after == "en quinze":
        future += timedelta(14)
    elif before == "next" and ahead != 7 and target > day.base.weekday():
        certain = False  # "next Friday" on a Tuesday: this week's or next week's
    if re.match(r"last|the past|past|vergang|letzt|pasado|scorso|vorige|afgelop", before) or re.match(
        r"dernier|passe|passad|last|pasado|scorso|jl", after
    ):
        return _fact(m, past, past, certain=certain)
    if re.match(r"next|coming|this coming|kommend|nachst|proximo|prossimo|komende|volgende|aanst", before) or re.match(
        r"prochain|qui vient|que viene|che viene|en huit|en quinze|week|a week|proximo|prossimo|as", after
    ):
        return _fact(m, None, future, certain=certain)
    return _fact(m, past, future, certain=certain)


# ---------------------------------------------------------------- days from today


@_rule(
    r"\b(?:hier|yesterday|yday|y'day|yest|gestern|ayer|ieri|gisteren|ontem)(?:\s(?:soir|matin|apres-midi|afternoon|morning|evening))?\b"
)
def _yesterday(m: re.Match[str], day: _Day) -> FoundDate | None:
    if m[0] == "hier" and re.search(r"\b(?:ist|wir|nicht|der|die|das|und)\b", m.string):
        return None  # German "here"
    return _fact(m, day.base - timedelta(1), day.base - timedelta(1))


@_rule(r"\b(?:gisteravond|gistermorgen|gisterenavond|gestern abend|anoche|ieri sera|last night)\b")
def _last_evening(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, day.base - timedelta(1), day.base - timedelta(1))


@_rule(r"(?<!jours )\b(?:a |en )?fin de mois,? (?:le )?([0-3]?\d)\b(?! ?(?:%|€|eur|jours|/))")
def _month_end_plus(m: re.Match[str], day: _Day) -> FoundDate | None:
    """'Fin de mois le 10': paid on the 10th of the month after."""
    on = _make(*_month(day, 1), int(m[1]))
    return _fact(m, None, on) if on else None


@_rule(rf"\b(?:le |the )?(?:dernier|last) ({_W}) (?:du mois(?! prochain| dernier)|of (?:the|this) month|de ce mois)\b")
def _last_weekday_of_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    on = _end_of_month(day.base.year, day.base.month)
    on -= timedelta((on.weekday() - _WEEKDAY_OF[m[1]]) % 7)
    return _fact(m, on, on)


@_rule(
    r"\b(?:le )?premier du mois(?: prochain)?\b|\bthe first of next month\b|\bam ersten des (?:nachsten monats|monats)\b"
)
def _first_of_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, date(*_month(day, 1), 1))


@_rule(r"\b(?:avant-hier|avant hier|the day before yesterday|vorgestern|anteayer|eergisteren|l'altro ieri|anteontem)\b")
def _two_days_ago(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, day.base - timedelta(2), day.base - timedelta(2))


@_rule(
    r"\b(?:aujourd'?hui|ce jour|ce matin|ce soir|cet apres-midi|cette apres-midi|ce midi|a l'instant|tout de suite|dans la journee|today|this morning|this afternoon|tonight|this evening|by close of business|close of business|(?:by )?close of play|(?:by )?c\.?o\.?b\b\.?|end of (?:the |this )?(?:business )?day|end of play|(?:by )?eod|before we close|heute|hoje|esta manha|hoy|esta (?:misma )?manana|esta (?:misma )?tarde|oggi|stamattina|vandaag|vanmorgen|vanochtend|vanmiddag|vanavond|stasera|esta noche|heute abend|just now|right away|straight away|right now|in sofortiger ausfuhrung|meteen|ahora mismo)\b"
)
def _today(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, day.base, day.base)


@_rule(
    r"\b(?:apres-demain|apres demain|the day after tomorrow|ubermorgen|pasado manana|dopodomani|overmorgen|depois de amanha)\b"
)
def _in_two_days(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, day.base + timedelta(2))


@_rule(r"\b(?:tomorrow week|a week tomorrow|demain en huit|morgen in einer woche|morgen over een week)\b")
def _a_week_from_tomorrow(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, day.base + timedelta(8))


@_rule(
    r"\b(?:ate|na|nesta|esta|para|proxima) (segunda|terca|quarta|quinta|sexta)\b(?!-feira)(?! (?:via|vez|fatura|parte|prestacao|parcela|metade|relance|linha|da|do))"
)
def _weekday_in_short(m: re.Match[str], day: _Day) -> FoundDate | None:
    """Portuguese leaves the "-feira" away: "até sexta"."""
    weekday = ("segunda", "terca", "quarta", "quinta", "sexta").index(m[1])
    ahead = day.base + timedelta((weekday - day.base.weekday() - 1) % 7 + 1)
    return _fact(m, ahead - timedelta(7), ahead)


@_rule(
    r"(?<!jusqu'a )\b(?:demain|tomorrow|domani|(?<!depois de )amanha|tmrw|tmr|tomoz|tomo|2moro|2mrw|dmn)\b|(?<!guten )(?<!goede )(?<!schonen )\bmorgen\b(?! (?:frau|herr|zusammen|alle))|(?<!esta )(?<!misma )(?<!la )(?<!pasado )\bmanana\b"
)
def _tomorrow(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, day.base + timedelta(1))


@_rule(
    rf"\b(?:il y a|depuis|voila)\s(?:pile |exactement |environ |deja |a peine |tout juste |plus d'|plus de )?({_N})\s(jours?|semaines?|mois)\b|\b({_N})\s(days?|weeks?|months?)\s(?:ago|back)\b|\bvor\s({_N})\s(tag|tage|tagen|woche|wochen)\b|\bhace\s({_N})\s(dias?|semanas?)\b|\b({_N})\s(giorni|settimane|dagen|weken)\s(?:fa|geleden)\b"
)
def _ago(m: re.Match[str], day: _Day) -> FoundDate | None:
    pair = [g for g in m.groups() if g]
    count, unit = _number(pair[0]), pair[1]
    if unit.startswith(("mo",)):
        return _fact(m, None, None, certain=False)
    on = day.base - timedelta(count * (7 if unit[0] in "sw" else 1))
    return _fact(m, on, on, certain=unit[0] not in "sw")


@_rule(
    rf"\b(?:sous|d'ici(?: a)?|dans(?: un delai de)?|dans les|daqui a|em|sous un delai de|d'ici (?:a )?(?:environ )?|within(?: the next)?|in(?: the next)?|innerhalb(?: von| der nachsten)?|binnen|in den nachsten|en(?: un plazo de)?|inside|dentro de|(?:no|num) prazo de|entro|fra|tra|over)\s(?:a\s)?({_N})\s?(?:prochains?\s|next\s|(working|business|werk)[- ]?)?(jours?|j|jrs|days?|werktagen?|heures?|h|hours?|hrs|semaines?|weeks?|tage?n?|stunden|wochen?|dias|horas|semanas?|giorni|ore|settiman[ae]|dagen|uur|weken|mois|months?)\b(?:\s(ouvres?|ouvrables?|francs?|working|business)\b)?"
)
def _in_days(m: re.Match[str], day: _Day) -> FoundDate | None:
    count, unit = _number(m[1]), m[3]
    if count > 180:
        return None
    if m[2] or unit.startswith("werk") or (m[4] and not m[4].startswith("franc")):
        return _fact(m, None, day.working(count))
    if unit[0] == "h" or unit in ("stunden", "horas", "ore", "uur"):
        if count < 12:
            return None
        return _fact(m, None, day.base + timedelta((count + 23) // 24))
    if unit.startswith("mo"):
        year, month = _month(day, count)
        on = _make(year, month, min(day.base.day, monthrange(year, month)[1]))
        return _fact(m, None, on, certain=count == 1)
    if unit.startswith(("sem", "week", "woch", "set", "wek")):
        return _fact(m, None, day.base + timedelta(7 * count))
    return _fact(m, None, day.base + timedelta(count))


@_rule(
    rf"\b(?:laissez|donnez|accordez|laisse|donne|give|allow|geben sie|gib|geef|geeft u|dejenos|denos|ci dia|dateci)[- ](?:nous|moi|us|me|uns|mir|ons|mij)?\s?(?:encore |another |just |noch |nog )?({_N})\s(jours?|semaines?|days?|weeks?|tage|wochen?|dagen|weken|dias|semanas?|giorni|settimane?)\b"
)
def _respite(m: re.Match[str], day: _Day) -> FoundDate | None:
    """ "Give us three days": the day at their end."""
    return _fact(m, None, day.base + timedelta(_number(m[1]) * (7 if m[2][0] in "sw" else 1)))


@_rule(r"\b(24|48|72)\s?h(?:eures|rs|ours)?\b")
def _hours(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, day.base + timedelta(int(m[1]) // 24))


@_rule(
    r"\b(?:(?:sous|d'ici(?: a)?|dans|dans la) (?:une )?(huitaine|quinzaine|dizaine)(?: de jours)?|(?:in|within|inside) (?:a |the )?(fortnight)|a fortnight(?: from)?|in vierzehn tagen)\b"
)
def _about(m: re.Match[str], day: _Day) -> FoundDate | None:
    word = m[1] or m[2] or "fortnight"
    return _fact(m, None, day.base + timedelta({"huitaine": 8, "quinzaine": 15, "dizaine": 10}.get(word, 14)))


# ---------------------------------------------------------------- weeks


@_rule(
    r"\b(?:the week after next|(?:in )?(?:der )?ubernachste[rn]? woche|de week na volgende week)\b"
)
def _week_after_next(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, _friday(day.base - timedelta(day.base.weekday())) + timedelta(14))


@_rule(
    rf"\b(?:el |the |le |der |den |am |de |il )?({_W}) (?:siguiente al|following the|after the|qui suit le|suivant le|nach dem|na de|successivo al|seguinte ao)(?: dia| jour)?\s([0-3]?\d)(?:st|nd|rd|th|er|e|\.)?\b"
)
def _weekday_behind(m: re.Match[str], day: _Day) -> FoundDate | None:
    if not 1 <= int(m[2]) <= 31:
        return None
    ahead = _nearest(day, int(m[2]))[1]
    if ahead is None:
        return None
    return _fact(m, None, ahead + timedelta((_WEEKDAY_OF[m[1]] - ahead.weekday() - 1) % 7 + 1))


@_rule(
    r"(?:\b(?:en |la )?(?:semaine|sem|week|wk|kw|cw|semana|settimana)\.?\s?(?:n\s?°\s?|no\.?\s?|kalender)?|(?<![-/])\bs)([0-5]?\d)(?:\s?/?\s?(20\d\d))?\b(?!\s?(?:jours|days|%))(?!-\d\d)"
)
def _week_number(m: re.Match[str], day: _Day) -> FoundDate | None:
    week = int(m[1])
    if not 1 <= week <= 53 or (m[0][0] == "s" and m[0][1:2].isdigit() and len(m[1]) < 2):
        return None
    options = []
    for year in (int(m[2]),) if m[2] else (day.base.year - 1, day.base.year, day.base.year + 1):
        try:
            options.append(date.fromisocalendar(year, week, 5))
        except ValueError:
            continue
    if not options:
        return None
    past = max((d for d in options if d <= day.base), default=None)
    future = min((d for d in options if d >= day.base - timedelta(2)), default=None)
    return _fact(m, past or future, future or past)


@_rule(
    r"\b(?:(?:a |en |d'ici |avant |pour |vers )?(?:la )?fin (?:de |de la )?semaine prochaine|(?:by |at |before )?(?:the )?end of next week|late next week"
    r"|ende (?:der )?(?:nachsten|kommenden|nachster|kommender) woche|eind(?:e)? (?:van )?(?:de )?volgende week|finales de la (?:semana que viene|proxima semana)|(?:entro )?(?:la )?fine (?:della )?(?:prossima settimana|settimana prossima))\b"
)
def _end_of_next_week(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, _friday(day.base) + timedelta(7))


@_rule(
    r"\b(?:(?:d'ici |avant |pour |en |a |vers )?(?:la |cette )?fin (?:de |de la |de cette )?semaine(?! (?:n° ?)?\d)|(?:by |before |at )?(?:the )?(?:end of (?:the |this )?week|week'?s? ?end(?!s))|later this week|end of wk|eow"
    r"|(?:bis )?ende (?:der|dieser) woche|bis wochenende|(?:tegen het |voor het )?eind(?:e)? (?:van )?(?:de|deze) week|(?:a )?final(?:es)? de (?:la |esta )?semana|(?:ate )?(?:ao |no )?fi(?:nal|m) d(?:a|esta) semana|(?:entro )?(?:la )?fine settimana|entro fine settimana)\b(?! prochaine)"
)
def _end_of_week(m: re.Match[str], day: _Day) -> FoundDate | None:
    friday = _friday(day.base)
    return _fact(m, friday, friday if friday >= day.base else friday + timedelta(7))


@_rule(
    r"\b(?:(?:debut|en debut) (?:de (?:la )?)?semaine prochaine|early (?:in the )?next week|(?:the )?(?:beginning|start) of next week|anfang (?:der )?nachster? woche|begin volgende week|a principios de la (?:proxima semana|semana que viene)|inizio (?:della )?(?:prossima settimana|settimana prossima))\b"
)
def _early_next_week(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, _friday(day.base) + timedelta(4), certain=False)


@_rule(
    r"\b(?:(?:au |en |vers le )?milieu (?:de (?:la )?)?semaine prochaine|(?:(?:by |around )?(?:the )?middle of|mid)[ -]?next week|mitte (?:der )?(?:nachsten?|nachster|kommender) woche|half volgende week|midden volgende week|a mediados de la (?:semana que viene|proxima semana)|a meta (?:della )?(?:prossima settimana|settimana prossima))\b"
)
def _middle_of_next_week(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, _friday(day.base) + timedelta(5), certain=False)


@_rule(
    r"\b(?:(?:dans |sur |pour |durant |courant |en cours de |pendant )?(?:la |de )?semaine prochaine|la semaine qui vient|(?:during |in |some ?time )?next week|next week'?s?|(?:in der |im laufe der )?(?:nachsten?|kommenden?) woche|la (?:semana que viene|proxima semana)|(?:la )?(?:prossima settimana|settimana prossima)|volgende week|komende week|(?:a |na )?(?:proxima semana|semana que vem)|(?:la )?para a semana)\b"
)
def _next_week(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, _friday(day.base) + timedelta(7))


@_rule(
    r"\b(?:(?:dans |courant |durant |au cours de |pendant )?cette semaine|(?:dans |courant |en cours de |dans le courant de |au cours de |durant |courant de )(?:la )?semaine(?! prochaine| derniere| du| \d)|(?:during |in |some ?time )?this week|this week'?s?|diese woche|in dieser woche|im laufe der woche(?! vom)|in de loop van de week|en el transcurso de la semana|in settimana|(?:en )?esta semana|(?:in )?questa settimana|deze week|(?:durante )?esta semana)\b"
)
def _this_week(m: re.Match[str], day: _Day) -> FoundDate | None:
    friday = _friday(day.base)
    return _fact(m, None, friday if friday >= day.base else friday + timedelta(7))


@_rule(
    r"\b(?:la semaine derniere|semaine derniere|la semaine passee|last week|letzte woche|letzter woche|vorige woche|la semana pasada|la settimana scorsa|vorige week|afgelopen week)\b"
)
def _last_week(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, None)


# ---------------------------------------------------------------- months

_END = r"(?:(?:le |au )?dernier jour (?:de |d'|du mois de )|(?:the |on the )?last day of|(?:am )?letzten tag (?:des |im )|(?:op de )?laatste dag van|(?:l')?ultimo giorno di|(?:el )?ultimo dia de|(?:a |pour |d'ici |avant |vers |en )?(?:la |a la )?fin(?: du mois)?(?: de| d'| du mois de)?|(?:by |at |before )?(?:the )?end(?: of)?|late|ende|bis ende|(?:a |para )?fin(?:ales)?(?: de)?|(?:entro |a |per )?(?:la )?fine(?: di)?|eind(?:e)?(?: van)?|(?:ate ao |ate |no )?(?:fim|final) de)"
_START = r"(?:(?:au |des (?:le )?|en )?debut(?: du mois)?(?: de| d')?|early(?: in)?|(?:the )?(?:beginning|start) of|anfang|bis anfang|(?:a )?principios de|inizio(?: di)?|(?:a )?inicios de|begin(?: van)?|(?:a )?primeros(?: dias)? de|ai primi(?: giorni)?(?: di)?|(?:in |within )?the first (?:few )?days of|in den ersten tagen (?:des )?|dans les premiers jours (?:de |d')?|(?:no )?(?:inicio|comeco) de)"
_MIDDLE = r"(?:(?:a la |vers la |a |pour )?mi[ -]?|(?:au )?milieu(?: du mois)?(?: de| d')?|mid[ -]?|(?:the )?middle of|half(?: of)?|mitte|(?:a )?mediados de|(?:a )?meta(?: di)?|medio|half|(?:em |para )?meados de)"
_Y = rf"(?:\s(?:de\s)?({_Y4}))?"


@_rule(rf"\b{_END}\s({MONTH}){_Y}")
def _end_named(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _named_month(m, day, m[1], m[2], _end_of_month)


@_rule(rf"\b{_START}\s({MONTH}){_Y}")
def _start_named(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _named_month(m, day, m[1], m[2], lambda y, mo: date(y, mo, 5))


@_rule(rf"\b{_MIDDLE}\s?({MONTH}){_Y}")
def _middle_named(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _named_month(m, day, m[1], m[2], lambda y, mo: date(y, mo, 15))


@_rule(
    rf"\b(?:premiere|1ere|1re) (quinzaine)(?: de| d'| du mois de)?\s?({MONTH}){_Y}|\bfirst (half)(?: of)?\s({MONTH}){_Y}|\berste (halfte) (?:des )?({MONTH}){_Y}"
)
def _first_half(m: re.Match[str], day: _Day) -> FoundDate | None:
    got = [g for g in m.groups() if g]
    return _named_month(m, day, got[1], got[2] if len(got) > 2 else None, lambda y, mo: date(y, mo, 15))


@_rule(
    rf"\b(?:deuxieme|seconde|2eme|2nde|2e) quinzaine(?: de| d'| du mois de)?\s?({MONTH}){_Y}|\bsecond half(?: of)?\s({MONTH}){_Y}"
)
def _second_half(m: re.Match[str], day: _Day) -> FoundDate | None:
    got = [g for g in m.groups() if g]
    return _named_month(m, day, got[0], got[1] if len(got) > 1 else None, _end_of_month)


@_rule(rf"\b(?:premiere|1ere|1re) semaine (?:de |d')({MONTH}){_Y}|\bfirst week (?:of|in) ({MONTH}){_Y}")
def _first_week(m: re.Match[str], day: _Day) -> FoundDate | None:
    got = [g for g in m.groups() if g]
    return _named_month(m, day, got[0], got[1] if len(got) > 1 else None, lambda y, mo: date(y, mo, 7), certain=False)


@_rule(
    rf"\b(?:pour|for|by|fur|voor|courant(?: du mois)?(?: de| d')?|au cours (?:du mois )?de|au mois de|dans le mois de|durant|pendant|en(?: el mes de)?|in(?: the month of)?|during|im(?: laufe des)?(?: monats?)?|nel mese di|a|nel corso di)\s({MONTH}){_Y}(?!\s?\d)"
)
def _whole_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    if m[1] in ("mai", "may", "mar", "mars", "ago", "sep", "set", "jan", "dec") and m[0].startswith(
        ("a ", "en ", "in ")
    ):
        return None
    return _named_month(m, day, m[1], m[2], _end_of_month, certain=not m[0].startswith("a "))


@_rule(
    r"\b(?:(?:a |d'ici |avant |pour |vers )?(?:la )?fin (?:du |de |de ce |de le )?mois(?:-ci| ci)?(?: en cours| courant)?|(?:by |at |before |in )?(?:the )?(?:end of (?:the |this )?(?:current )?month|month[ -]?end|eom)|(?:bis |zum )?(?:ende (?:des |dieses |diesen )?monats?|monatsende|(?:zum )?monatsletzten|(?:monats)?ultimo(?! (?:giorno|dia|scorso))|letzten? (?:tag )?des monats)|(?:le |au )?dernier jour (?:du|de ce) mois|(?:ate ao |no |ao )?(?:fim|final) do mes|(?:on )?(?:the )?last day of (?:the|this) month|(?:op de )?laatste dag van (?:de|deze) maand|(?:a |para )?(?:final|fin|finales) de(?: este)? mes|(?:entro |a )?(?:la )?fine (?:del )?mese|(?:tegen |voor )?(?:het )?eind(?:e)? (?:van )?(?:de |deze )?maand|einde van de maand|per maandeinde|maandeinde|(?:entro )?la fine di questo mese)\b(?! prochain| suivant| de| d'| prossimo| que viene)"
)
def _end_of_this_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    before = m.string[max(0, m.start() - 14) : m.start()]
    if re.search(r"\d\s?(?:jours|days|j|tage|net)\s$", before) or re.search(
        r"^\s(?:le \d|\+|\d)", m.string[m.end() : m.end() + 6]
    ):
        return None  # payment terms: "30 jours fin de mois", "fin de mois le 15"
    on = _end_of_month(day.base.year, day.base.month)
    return _fact(m, on, on)


@_rule(
    r"\b(?:(?:a |d'ici |avant |pour )?(?:la )?fin (?:du |de )?mois (?:prochain|suivant)|(?:by |at )?(?:the )?end of next month|ende (?:des )?(?:nachsten|kommenden) monats|(?:a )?fin(?:ales)? del? (?:mes que viene|proximo mes|mes proximo)|fine (?:del )?(?:mese prossimo|prossimo mese)|eind(?:e)? (?:van )?volgende maand)\b"
)
def _end_of_next_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, _end_of_month(*_month(day, 1)))


@_rule(
    r"\b(?:(?:au |en )?debut (?:du |de )?mois prochain|early next month|(?:the )?(?:beginning|start) of next month|anfang (?:des )?nachsten monats|begin volgende maand|a principios del mes que viene|inizio (?:del )?mese prossimo)\b"
)
def _start_of_next_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, date(*_month(day, 1), 5))


@_rule(
    r"\b(?:(?:a la |a )?mi[ -]mois(?! prochain)|mid[ -]month|(?:the )?middle of the month|milieu (?:de|du) mois|monatsmitte|mitte (?:des )?monats|(?:a |per )?meta mese|a mediados de mes|half deze maand|medio deze maand|(?:em )?meados do mes)\b"
)
def _middle_of_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    this = date(day.base.year, day.base.month, 15)
    return _fact(m, this, this if this >= day.base else date(*_month(day, 1), 15))


@_rule(
    r"(?<!fin du )(?<!fin de )(?<!debut du )(?<!debut )(?<!end of )\b(?:(?:au |dans le |courant (?:du )?|le )?mois prochain|(?:some ?time |during )?next month(?:'s)?|(?:im )?nachsten monat|(?:el )?(?:proximo mes|mes que viene)|(?:il )?mese prossimo|volgende maand|(?:no )?(?:proximo mes|mes que vem))\b"
)
def _next_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, _end_of_month(*_month(day, 1)))


@_rule(
    r"\b(?:(?:d'ici |avant |en |pour )?(?:la )?fin (?:de |d'|de l')?annee(?: civile| en cours)?|(?:by |before |at )?(?:the )?(?:end of (?:the |this )?(?:calendar |current )?year|year[ -]?end|before the year is out|within the year)|(?:bis |zum )?jahresende|ende (?:des |dieses )?jahres|(?:noch )?in diesem jahr|dieses jahr noch|(?:avant|dans) l'annee|(?:a )?(?:fin|final|finales) de ano|fine (?:dell')?anno|eind(?:e)? (?:van )?het jaar)\b"
)
def _end_of_year(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, date(day.base.year, 12, 31))


@_rule(
    r"\b(?:avant|d'ici|before|by|pour) (?:noel|les fetes|la treve|christmas|xmas|the holidays|les conges)\b|\bvor weihnachten\b|\bvoor kerst\b|\bantes de navidad(?:es)?\b|\b(?:entro|prima di) natale\b"
)
def _before_christmas(m: re.Match[str], day: _Day) -> FoundDate | None:
    eve = date(day.base.year, 12, 24)
    if day.base.month <= 2:  # told in January, it is over
        eve = date(day.base.year - 1, 12, 24)
        return _fact(m, eve, None, certain=False)
    return _fact(m, None, eve, certain=False)


@_rule(
    rf"\b(?:(?:the |la |de |in der )?(last|derniere|letzten|letzte|laatste|ultima) (?:week|semaine|woche|settimana|semana)) (?:of|de|d'|in|im|van|di)\s?({MONTH}){_Y}"
)
def _last_week_of_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    """Its Friday: the last day on which a bank works in that week."""

    def on(year: int, month: int) -> date:
        last = _end_of_month(year, month)
        return last - timedelta((last.weekday() - 4) % 7)

    return _named_month(m, day, m[2], m[3], on, certain=False)


@_rule(r"\b(?:in )?(?:der |die )?([0-5]?\d)\. (?:kw|kalenderwoche)(?:\s?/?\s?(20\d\d))?\b")
def _counted_week(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _week_number(m, day)


@_rule(
    r"\b(?:(?:a la |en )?fin (?:du )?(?:t|trimestre )([1-4])|(?:by |at )?(?:the )?end of q([1-4])|(?:bis )?ende q([1-4])|einde? q([1-4]))\b"
)
def _end_of_named_quarter(m: re.Match[str], day: _Day) -> FoundDate | None:
    quarter = int(m[1] or m[2] or m[3] or m[4])
    on = _end_of_month(day.base.year, quarter * 3)
    return _fact(m, None, on if on >= day.base else _end_of_month(day.base.year + 1, quarter * 3))


@_rule(
    rf"\b({_N})\s(days?|weeks?|jours|semaines|tage|wochen|dagen|weken|giorni|settimane|dias|semanas) (?:from (?:today|now)|a (?:partir|compter) d'aujourd'hui|ab heute|vanaf (?:vandaag|nu)|da oggi|desde hoy)\b"
)
def _from_today(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, day.base + timedelta(_number(m[1]) * (7 if m[2][0] in "sw" else 1)))


# Days of the month in words. "Six" and the like are days only beside a month or behind "the day".
_SPELLED = {
    word: number
    for number, words in {
        1: "premier|first|ersten|primero|primo|eerste", 2: "deux|second|zweiten|dos|due|tweede", 3: "trois|third|dritten|tres|tre|derde",
        4: "quatre|fourth|vierten|cuatro|quattro|vierde", 5: "cinq|fifth|funften|cinco|cinque|vijfde", 6: "six|sixth|sechsten|seis|sei|zesde",
        7: "sept|seventh|siebten|siete|sette|zevende", 8: "huit|eighth|achten|ocho|otto|achtste", 9: "neuf|ninth|neunten|nueve|nove|negende",
        10: "dix|tenth|ten|zehnten|diez|dieci|tiende", 11: "onze|eleventh|elften|once|undici|elfde", 12: "douze|twelfth|zwolften|doce|dodici|twaalfde",
        13: "treize|thirteenth|dreizehnten|trece|tredici", 14: "quatorze|fourteenth|vierzehnten|catorce|quattordici",
        15: "quinze|fifteenth|fifteen|funfzehnten|quince|quindici|vijftiende", 16: "seize|sixteenth|sechzehnten", 17: "dix-sept|seventeenth",
        18: "dix-huit|eighteenth", 19: "dix-neuf|nineteenth", 20: "vingt|twentieth|twenty|zwanzigsten|veinte|venti|twintigste",
        21: "vingt et un|vingt-et-un|twenty-first", 22: "vingt-deux|twenty-second", 23: "vingt-trois|twenty-third", 24: "vingt-quatre|twenty-fourth",
        25: "vingt-cinq|twenty-fifth|funfundzwanzigsten|veinticinco|venticinque", 26: "vingt-six|twenty-sixth", 27: "vingt-sept|twenty-seventh",
        28: "vingt-huit|twenty-eighth", 29: "vingt-neuf|twenty-ninth", 30: "trente|thirtieth|thirty|dreissigsten|treinta|trenta|dertigste",
        31: "trente et un|trente-et-un|thirty-first",
    }.items()
    for word in words.split("|")
}  # fmt: skip
_S = "(" + "|".join(sorted(_SPELLED, key=len, reverse=True)) + ")"


@_rule(rf"\b(?:le |the |on the |am |el |il |the day |el dia )?{_S}(?: of| de)?\s({MONTH}){_Y}")
def _spelled_day(m: re.Match[str], day: _Day) -> FoundDate | None:
    month, number = MONTH_OF[m[2].rstrip(".")], _SPELLED[m[1]]
    if m[3]:
        on = _make(_year(m[3], day) or 0, month, number)
        return _fact(m, on, on, full=True) if on else None
    return _yearless(m, day, month, number)


@_rule(
    rf"\b(?:(?:on|by|before|until) the|the day|el dia|au|am|zum) {_S}(?: of (?:this|the) month)?(?=\s?(?:$|[.,;:!)\n]|at the latest|latest|spatestens|au plus tard|because|when|once|with|and|as|if)\b|\s?(?:$|[.,;:!)\n]))"
)
def _spelled_day_alone(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, *_nearest(day, _SPELLED[m[1]]), weak=True)


# ---------------------------------------------------------------- no date at all


@_rule(
    r"\b(?:dans les (?:tout )?(?:prochains|meilleurs|quelques) (?:jours|delais|temps|semaines)|dans les jours (?:qui viennent|a venir)|d'ici (?:quelques|peu|peu de) ?(?:jours)?|sous peu|bientot|prochainement|incessamment|rapidement|au plus vite|des que possible|au plus tot|tres vite|asap|as soon as (?:possible|we can|i can|practicable)|in the (?:next few|coming|next couple of) (?:days|weeks)|over the coming (?:days|weeks)|shortly|soon|in due course|momentarily|at the earliest|demnachst|in kurze|in den (?:nachsten|kommenden) tagen|baldmoglichst|schnellstmoglich|so bald wie moglich|proximamente|en breve|lo antes posible|en los proximos dias|any day now|any moment|d'un (?:jour|moment) a l'autre|a la rentree|en estos dias|eerstdaags|een dezer dagen|dieser tage|in arrivo|in (?:the )?near future|when (?:we|i) can|quand (?:je|on|nous) pourr\w+|a breve|al piu presto|quanto prima|nei prossimi giorni|binnenkort|zo spoedig mogelijk|zo snel mogelijk|de komende dagen)\b"
)
def _vague(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, None, vague=True)


@_rule(
    rf"\b(?:(?:le |de |den |the |il |el )?({_W}) (?:daarop|erna|daarna|darauf|danach|suivante?|d'apres|after(?: that)?|siguiente|successivo|seguente)|the following ({_W})|(?:de |den )?(?:daaropvolgende|darauffolgenden) ({_W}))\b"
)
def _weekday_thereafter(m: re.Match[str], day: _Day) -> FoundDate | None:
    """Which one, `_amid` reads off the day before it."""
    return _fact(m, None, None)


@_rule(r"\b(?:" + "|".join(_NEXT_DAYS) + r")\b(?! (?:du|de|of|tomorrow|demain|the))")
def _the_day_after(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, None)


@_rule(rf"{_BEFORE}([0-3]?\d)-({MONTH})-({_Y4}|\d\d)(?!\d)")
def _day_month_name_year(m: re.Match[str], day: _Day) -> FoundDate | None:
    on = _make(_year(m[3], day) or 0, MONTH_OF[m[2].rstrip(".")], int(m[1]))
    return _fact(m, on, on, full=True) if on else None


@_rule(rf"\b([0-3]?\d)(?:er|st|nd|rd|th|\.)? \(({MONTH})\b")
def _day_then_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    number = int(m[1])
    return _yearless(m, day, MONTH_OF[m[2].rstrip(".")], number) if 1 <= number <= 31 else None


# Abbreviated weekdays: "fri" is nothing else, "mo" and "ma" are weekdays only behind a preposition or alone.
_BRIEF = {
    "lun": 0, "mon": 0, "mo": 0, "ma": 0, "mar": 1, "tue": 1, "di": 1, "mer": 2, "wed": 2, "weds": 2, "mi": 2, "wo": 2,
    "jeu": 3, "thu": 3, "thur": 3, "do": 3, "ven": 4, "vend": 4, "vdr": 4, "vdi": 4, "fri": 4, "fr": 4, "vr": 4, "vie": 4,
    "sam": 5, "sat": 5, "gio": 3,
}  # fmt: skip


@_rule(
    r"\b(last )?(fri|thu|thur|tue|weds|vdr|vdi|vend)\b\.?|"
    r"(?:(?:^\s*|\b(?:on|by|this|next|until|til|till|before|am|bis|op|voor|tegen|le|ce|pour|avant|ok|run|file)\s)(last )?(mon|wed|sat|mo|di|mi|do|fr|ma|wo|vr|lun|mar|mer|jeu|ven|sam|vie|gio)\b\.?)"
    r"(?=\s*(?:$|[,.;!:)(\n-]|betaald|bezahlt|uberwiesen|gezahlt|overgemaakt|(?:paye|regle|vire|paid|prochain|next|first|1re|am|pm|matin|soir|promis)\b|\d))"
)
def _brief_weekday(m: re.Match[str], day: _Day) -> FoundDate | None:
    target = _BRIEF[m[2] or m[4]]
    back = (day.base.weekday() - target) % 7 or 7
    ahead = (target - day.base.weekday()) % 7 or 7
    return _fact(m, day.base - timedelta(back), None if (m[1] or m[3]) else day.base + timedelta(ahead))


@_rule(
    rf"\b(?:a week (?:on|from|next) ({_W})|({_W}) (?:in acht tagen|in einer woche|over een week|a otto|en ocho))\b|\b(?:a fortnight on ({_W})|({_W}) (?:fortnight|in vierzehn tagen|over twee weken|a quindici))\b"
)
def _weekday_after_next(m: re.Match[str], day: _Day) -> FoundDate | None:
    target = _WEEKDAY_OF[m[1] or m[2] or m[3] or m[4]]
    ahead = (target - day.base.weekday()) % 7 or 7
    return _fact(m, None, day.base + timedelta(ahead + (7 if m[1] or m[2] else 14)))


@_rule(
    r"\b(?:this time next week|a week today|d'aujourd'hui en huit|aujourd'hui en huit|today week|heute in einer woche|vandaag over een week|in a week's time|oggi a otto)\b"
)
def _today_week(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, day.base + timedelta(7))


_ORDINALS = {
    "premier": 1, "premiere": 1, "1er": 1, "first": 1, "1st": 1, "ersten": 1, "erster": 1, "erste": 1, "primer": 1, "primo": 1,
    "eerste": 1, "deuxieme": 2, "second": 2, "2e": 2, "2eme": 2, "2nd": 2, "zweiten": 2, "segundo": 2, "secondo": 2, "tweede": 2,
    "troisieme": 3, "3e": 3, "3eme": 3, "third": 3, "3rd": 3, "dritten": 3, "tercer": 3, "terzo": 3, "derde": 3,
    "dernier": -1, "last": -1, "letzten": -1, "letzter": -1, "ultimo": -1, "laatste": -1,
}  # fmt: skip
_ORDINAL = "(" + "|".join(sorted(_ORDINALS, key=len, reverse=True)) + ")"
_WORKDAY = r"(?:jour (?:ouvre|ouvrable)|(?:working|business|banking) day|(?:arbeits|werk|bank)tag|werkdag|giorno (?:lavorativo|feriale)|dia (?:habil|laborable))"
_OF = r"(?:de|d'|du mois de|of|in|im|des|di|van|del?)"
_THIS_MONTH = r"(?:du mois|de ce mois|of (?:the|this) month|des (?:laufenden )?monats|dieses monats|im monat|del mese|di questo mese|del mes|de este mes|van (?:de|deze) maand)"
_COMING_MONTH = r"(?:du mois (?:prochain|suivant)|(?:of |in )?(?:the )?(?:next|following|coming) month|(?:des |im )(?:nachsten|kommenden|folgenden|folge)\s?monats?|del (?:mese prossimo|prossimo mese|mes que viene|proximo mes)|van (?:de )?volgende maand)"


def _counted(year: int, month: int, which: int, weekday: int | None, holidays: frozenset[date]) -> date:
    """The first, second … or last such weekday of a month; without a weekday, its working day."""
    days = [date(year, month, n) for n in range(1, monthrange(year, month)[1] + 1)]
    fit = [d for d in days if (d.weekday() < 5 and d not in holidays if weekday is None else d.weekday() == weekday)]
    return fit[which] if which < 0 else fit[which - 1]


@_rule(
    rf"\b(?:le |the |am |el |il |de |l')?{_ORDINAL} (?:({_W})|{_WORKDAY}) (?:{_OF}\s?({MONTH}){_Y}|({_COMING_MONTH})|({_THIS_MONTH})(?! (?:prochain|suivant|prossimo|que viene)))"
)
def _counted_weekday(m: re.Match[str], day: _Day) -> FoundDate | None:
    which, weekday = _ORDINALS[m[1]], _WEEKDAY_OF[m[2]] if m[2] else None
    if m[3]:
        return _named_month(m, day, m[3], m[4], lambda year, month: _counted(year, month, which, weekday, day.holidays))
    if m[5]:
        return _fact(m, None, _counted(*_month(day, 1), which, weekday, day.holidays))
    on = _counted(day.base.year, day.base.month, which, weekday, day.holidays)
    later = on if on >= day.base else _counted(*_month(day, 1), which, weekday, day.holidays)
    return _fact(m, on if on <= day.base else None, later)


@_rule(
    r"\b(?:(?:a |d'ici |avant |pour |en )?(?:la )?fin (?:de |du |de ce )?trimestre|(?:at |by )?(?:the )?(?:end of (?:the |this )?quarter|quarter[ -]?end)|(?:bis |zum )?(?:quartalsende|ende des quartals)|(?:entro |a )?fine trimestre|(?:a )?final(?:es)? (?:de|del) trimestre|(?:het )?einde? van het kwartaal)\b"
)
def _end_of_quarter(m: re.Match[str], day: _Day) -> FoundDate | None:
    on = _end_of_month(day.base.year, (day.base.month + 2) // 3 * 3)
    return _fact(m, None, on)


@_rule(
    r"\b(?:(?:dans |courant |au cours de )?ce mois(?:-ci| ci)|(?:dans le |en |au )?(?:courant|cours) du mois(?! (?:de|d'|prochain|dernier|suivant))|(?:during |later |some ?time )?this month|(?:in )?diesem monat|diesen monat|(?:nog )?deze maand|(?:in )?questo mese|(?:en )?este mes)\b"
)
def _this_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, _end_of_month(day.base.year, day.base.month))


@_rule(
    r"\b(christmas eve|heiligabend|la veille de noel|nochebuena|vigilia di natale|kerstavond)\b|\b(new year's eve|saint-sylvestre|st-sylvestre|silvester|nochevieja|san silvestro|oudejaarsdag)\b"
)
def _eve(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, date(day.base.year, 12, 24 if m[1] else 31))


@_rule(
    r"\b(?:the )?([0-3]?\d)(?:st|nd|rd|th|\.|e)? (?:ult\b\.?|u\.\s?s\b\.?|ultimo scorso|du mois (?:dernier|passe|ecoule)|(?:of )?last month|(?:des )?(?:letzten|vergangenen|vor)\s?monats|del mes pasado|del mese scorso|van vorige maand)"
)
def _day_last_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    on = _make(*_month(day, -1), int(m[1]))
    return _fact(m, on, on) if on else None


@_rule(
    r"\b(?:(?:zum|am|bis zum) (?:ersten|1\.) (?:des folgemonats|des nachsten monats|nachsten monats)|(?:on |by )?the (?:first|1st) of (?:the )?(?:next|following|coming) month|il (?:primo|1°?) del (?:mese prossimo|prossimo mese)|el (?:primero|uno|1) del (?:mes que viene|proximo mes)|(?:op )?de eerste van (?:de )?volgende maand)\b"
)
def _first_of_next_month(m: re.Match[str], day: _Day) -> FoundDate | None:
    return _fact(m, None, date(*_month(day, 1), 1))


def words_of(founds: list[FoundDate]) -> Iterator[str]:
    """The phrases found, for tests and for the curious."""
    return (f.words for f in founds)
