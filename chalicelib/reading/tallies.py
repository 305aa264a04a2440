# ruff: noqa: E501  (one family of words is one line)
"""Two figures that ought to be one: so many billed and so many come, one price agreed and another charged."""

from __future__ import annotations

import re
from collections.abc import Callable

from chalicelib.reading.families import NUMBER_WORDS

_BILLED = r"(?:you (?:have )?(?:billed|charged|invoiced)|billed|invoiced|charges? for|charged (?:for|us)?|charge|lists?|(?:on |vous )(?:nous |m'|me )?facturee?s?|facturees|facturez|avez facture|reclame[sz]?|comptez|porte sur la facture|porte|berechnet|in rechnung gestellt|fakturiert|stehen auf der rechnung|facturan|facturad[oa]s?|nos cobran|cobran|fatturat[oaie]|fatturate|addebitat[oaie]|gefactureerd|aangerekend|rekenen|factureren)"
_CAME = r"(?:(?:we|i|manager|team|they|keeping|housekeeping) (?:\S{1,8} )?(?:counted|received|got|had|took in|signed for)|counted|received|arrived|delivered|turned up|came|in the (?:hall|box|crate)|on the pallet|recue?s?|comptee?s?|livree?s?|arrivee?s?|dans le carton|avons|constate\w*|erhalten|geliefert|gezahlt|angekommen|recibid[oa]s?|recibimos|ontvingen|kregen|telden|erhielten|constan|llegaron|entregad[oa]s?|contad[oa]s?|ricevut[oaie]|contat[oaie]|consegnat[oaie]|arrivat[oaie]|ontvangen|geleverd|geteld|zaten)"
_AGREED = r"(?:agreed|quoted|(?:your|the|our) (?:quote|quotation|estimate|order|po) (?:said|says|was|is|shows)|order confirmation|rate card|contract(?:ual)? (?:price|rate)|convenu|avait dit|devis|bon de commande|avais note|avions convenu|accord|vereinbart|angebot\w*|auftragsbestatigung|presupuesto|acordado|acordamos|pactado|convenuto|avevamo (?:convenuto|concordato|pattuito)|concordat[oi]|preventivo|offerte|afgesproken|overeengekomen)"
_CHARGED = r"(?:charged|charging|billed|invoiced|is at|has (?:it|them) at|comes? (?:out )?at|came in at|now (?:reads|says|shows)|(?:on |vous )(?:nous |me )?facture|facturez|facturee?s?(?= (?:a|au|\d))|facturad[oa]s?|reclam\w+|(?:me|nous) demand\w+|ouvre|berechne\w*|verlang\w*|in rechnung|steht|cobran|facturan|figura|addebit\w+|fatturat[oaie]|trov\w+|chiede\w*|gefactureerd|rekenen|aangerekend|staat)"

_COUNT = re.compile(
    rf"(?<![\w.,/-])(?:\d{{1,4}}|{NUMBER_WORDS})\b(?![.,:/-]\d|\w)(?! ?(?:%|€|\$|£|eur|h\b|(?:invoices?|factures?|rechnung\w*|facturas|fatture|facturen|e-?mails?|mails?|letters?|reminders?|relances?|copies?|jours?|days?|tagen?|weeks?|semaines?|months?|mois|hours?|heures?|minutes|dias|giorni|dagen|fois|times|mal|keer|veces|volte|year|years|ans|instal?l?ments?|payments?|payment|virements?|of (?:january|february|march|april|may|june)|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|january|february|march|april|june|july|august|september|october|november|december)\b))"
)
_MONEY = re.compile(r"(?<![\w/-])(?:[€£$] ?)?(\d{1,3}(?:[ .,]\d{3})+|\d{2,6})(?:[.,](\d{2}))?\b(?![/-]\d|[.,]\d|\w)")
_WORDS = {
    w: n
    for n, words in {
        1: "un une one ein eine einen uno una een", 2: "deux two zwei dos due twee", 3: "trois three drei tres tre drie", 4: "quatre four vier cuatro quattro",
        5: "cinq five funf cinco cinque vijf", 6: "six sechs seis sei zes", 7: "sept seven sieben siete sette zeven", 8: "huit eight acht ocho otto",
        9: "neuf nine neun nueve nove negen", 10: "dix ten zehn diez dieci tien", 11: "onze eleven elf once", 12: "douze twelve dozen zwolf doce dodici twaalf",
        13: "treize thirteen", 14: "quatorze fourteen", 15: "quinze fifteen funfzehn quince quindici vijftien", 16: "seize sixteen", 20: "vingt twenty zwanzig veinte venti twintig",
        30: "trente thirty dreissig treinta trenta dertig", 40: "quarante forty vierzig", 50: "cinquante fifty",
    }.items()
    for w in words.split()
}  # fmt: skip
_GAP = 38


def counts_differ(text: str) -> re.Match[str] | None:
    """The words of billing, where another number is billed than is said to have come: '22 in the hall, it charges for 26'."""
    return _differ(text, _BILLED, _CAME, _numbers)


def prices_differ(text: str) -> re.Match[str] | None:
    """The words of charging, where another price is charged than was agreed: 'we agreed 18.50 and it is at 21'."""
    return _differ(text, _CHARGED, _AGREED, _prices)


def figures_agree(text: str) -> bool:
    """Whether several numbers stand in a text and all are the same: '12 billed, 12 delivered'."""
    values = [value for _, _, value in _numbers(text)]
    return len(values) >= 2 and len(set(values)) == 1


_Figures = list[tuple[int, int, int]]  # where it stands, and the figure


def _differ(text: str, one: str, other: str, find: Callable[[str], _Figures]) -> re.Match[str] | None:
    told = find(text)
    if len(told) < 2:
        return None
    first = list(_pattern(one).finditer(text))[:12]
    second = list(_pattern(other).finditer(text))[:12]
    if not first or not second:
        return None
    ones = {(_near(m, told, text), m) for m in first}
    others = {_near(m, told, text) for m in second} - {None}
    for figure, m in ones:
        if figure is None:
            continue
        if any(o is not None and o[0] != figure[0] and o[1] != figure[1] for o in others) and not any(
            o is not None and o[0] == figure[0] and o[1] != figure[1] for o in others
        ):
            return m
    return None


_compiled: dict[str, re.Pattern[str]] = {}


def _pattern(row: str) -> re.Pattern[str]:
    if row not in _compiled:
        _compiled[row] = re.compile(rf"\b{row}\b")
    return _compiled[row]


def _numbers(text: str) -> _Figures:
    out = []
    for m in _COUNT.finditer(text):
        word = m[0]
        if word.isdigit():
            value = int(word)
        else:
            parts = [_WORDS.get(p, 0) for p in word.replace("-", " ").split()]
            value = sum(parts)
        if 0 < value < 2000 and not (1 <= value <= 1 and not word.isdigit()):
            out.append((m.start(), m.end(), value))
    return out


def _prices(text: str) -> _Figures:
    out = []
    for m in _MONEY.finditer(text):
        whole = int(re.sub(r"[ .,]", "", m[1]))
        out.append((m.start(), m.end(), whole * 100 + int(m[2] or 0)))
    return out


def _near(m: re.Match[str], figures: _Figures, text: str) -> tuple[int, int] | None:
    """The figure that stands closest to a word within its clause: (value, where)."""
    best: tuple[int, tuple[int, int]] | None = None
    for start, end, value in figures:
        if start >= m.end():
            between, distance = text[m.end() : start], start - m.end()
        elif end <= m.start():
            between, distance = text[end : m.start()], m.start() - end + 4
        else:
            continue
        if distance > _GAP or re.search(r"[.;\n|!?]\s|,\s(?=\w+\s\w+\s)", between):
            continue
        if best is None or distance < best[0]:
            best = (distance, (value, start))
    return best[1] if best else None
