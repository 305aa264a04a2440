# ruff: noqa: E501  (one row of a table of phrases is one line)
"""Which invoices a text speaks of: numbers as people write them, fragments, order numbers, amounts (others: pointing.py).

Everything is resolved against the open items of the debtor. A number that has the
form of our numbers and is none of the debtor's is reported as foreign.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import combinations

from chalicelib.reading import pointing
from chalicelib.reading.amounts import FoundAmount
from chalicelib.reading.dates import FoundDate
from chalicelib.reading.fold import fold
from chalicelib.reading.model import KnownItem
from chalicelib.reading.pointing import HOW, FoundReference


@dataclass(frozen=True, slots=True)
class References:
    found: tuple[FoundReference, ...]
    foreign: tuple[str, ...]  # looks like one of our numbers, is none of this debtor's

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(n for f in self.found for n in f.numbers))


_NAMES = re.compile(r"\d{2}|.{2}[-/].{3}")
_CHUNK = re.compile(r"[a-z]+|\d+")
_LEAD = r"(?:n\s?°|n°|no\.?|nos\.?|nr\.?|num(?:ero)?|numeros|#|factures?|fact\.?|fac\.?|fa|fc|invoices?|inv\.?|bills?|la|les|las|le|de la|re|rg|rechnung(?:en)?|rech\.?|faktura|factura|fattura|fatt\.?|factuur|facturen|the|pour|for|fur|die|der|voor de|voor|de|dossier|piece|doc\.?|document|et|and|und|y|e|en|ou|or|to|on|through|,|\+|&|/|;|ref\.?|:|-)"
_FRAGMENT = re.compile(
    r"(?:(?<=^)|(?<=\n)|(?<=[\s(,+&#/°:;.]))(?P<digits>\d{2,9})(?![\d€£$%]|[.,/:-]\d|-[a-z]|['’]|\s?(?:€|eur\b|euros?\b|gbp|usd|£|\$|k\b|%|h\b|h\d|jours?\b|j\b(?!'| ?ai\b| ?en ai\b)|days?\b|tage?\b|pieces?\b|pcs\b|mois\b|months?\b|ans\b|years?\b|fois\b|x\b|°))"
)
_AFTER_FRAGMENT = re.compile(
    r"(?:\s?(?:[,;:()+&?!]|\.(?=\s|$)|$)|\s(?:et|and|en|und|y|e|is|was|are|were|has|have|goes?|went|in|on|for|to|the|by|until|staat|gaat|est|sont|sera|seront|c'?|le|la|pas|only|follows|folgt|will|wird|apres|vendredi|lundi|mardi|mercredi|jeudi|demain|hier|ca|partira|part|paid|ist|wurde|met|mee|op|n'|ne|a|ont|comes|gets|still|needs|i|je|we|includes|fait|de)\b)"
)
_BEFORE_FRAGMENT = re.compile(rf"(?:^|[\s(,.;:!?\n>|-]){_LEAD}\s?$")
_ORDER_LEAD = re.compile(
    r"(?:p\.?o\.?|order|orders|commandes?|cde|bc|bon de commande|engagement|bestell(?:ung|nummer|nr)?\.?|pedido|ordine|bestelling)(?:\s?(?:n\s?°|no\.?|nr\.?|number|numero|#|:|-))?\s?$|\b(?:orders?|commandes?|cde|pos?) (?:numbers?|nos?\.?|n°s?|numeros?)\b[^.\n]{0,24}$"
)
_OURS_SHAPE = re.compile(r"\b(?:fa|f|fc|inv|fac)[-\s]?\d{2,4}[-/]\d{2,5}\b|\b20\d{7}\b|\binv-?\d{3,8}\b")


@lru_cache(maxsize=4096)
def _number_pattern(number: str) -> re.Pattern[str]:
    chunks = _CHUNK.findall(fold(number))
    return re.compile(
        r"(?<![a-z0-9])(?:n°\s?)?" + r"[\s\-/._]{0,3}".join(map(re.escape, chunks)) + r"(?![0-9])(?![-/]\d)"
    )


@lru_cache(maxsize=4096)
def _compact(number: str) -> str:
    return re.sub(r"[^a-z0-9]", "", fold(number))


def find(
    folded: str,
    items: Sequence[KnownItem],
    amounts: Sequence[FoundAmount] = (),
    dates: Sequence[FoundDate] = (),
    *,
    known_elsewhere: Mapping[str, KnownItem] | None = None,
    debtor: str = "",
    taken: Iterable[tuple[int, int]] = (),
) -> References:
    """References to the debtor's open items in a folded text; known_elsewhere are the other debtors' items,
    debtor the folded names of the debtor, after which an order may be called."""
    found: list[FoundReference] = []
    spans = [(a.start, a.end) for a in amounts] + [(d.start, d.end) for d in dates if not d.weak] + list(taken)

    def free(start: int, end: int) -> bool:
        return all(end <= s or e <= start for s, e in spans)

    for item in items:
        for m in _number_pattern(item.number).finditer(folded):
            found.append(FoundReference(m.start(), m.end(), m[0], (item.number,), "number"))
    found += _by_order(folded, items, found)
    spans += [(f.start, f.end) for f in found]
    foreign = _foreign(folded, items, found, known_elsewhere or {})
    spans += [(s, e) for s, e, _ in foreign]
    found += _fragments(folded, items, free)
    spans += [(f.start, f.end) for f in found]
    found += _endings(folded, items, free)
    spans += [(f.start, f.end) for f in found]
    found += pointing.by_issue(folded, items, dates, found)
    found += _by_amount(folded, items, amounts, found)
    found += pointing.by_site(folded, items, found, debtor)
    found = pointing.all_but(folded, items, found) or [*found, *pointing.everything(folded, items, found, amounts)]
    found = _without_overlap(found)
    found = _without_overlap(found + pointing.ordinals(folded, found))
    found = _without_overlap(found + pointing.of_our_list(folded, items, found))
    return References(tuple(found), tuple(dict.fromkeys(w for _, _, w in foreign)))


def _by_order(folded: str, items: Sequence[KnownItem], found: Sequence[FoundReference]) -> list[FoundReference]:
    """An order's number: all invoices of the order, or those of them that the text names besides."""
    named = {n for f in found for n in f.numbers}
    orders: dict[str, list[str]] = defaultdict(list)
    for item in items:
        if item.purchase_order and _NAMES.search(item.purchase_order):  # a word alone names nothing
            orders[item.purchase_order].append(item.number)
    out = []
    for order, all_of in orders.items():
        numbers = tuple(n for n in all_of if n in named) or tuple(all_of)
        digits = re.sub(r"\D", "", order)
        places = list(_number_pattern(order).finditer(folded))
        if len(digits) >= 4:
            places += [
                m
                for m in re.finditer(rf"(?<!\d){digits}(?!\d)", folded)
                if _ORDER_LEAD.search(folded[max(0, m.start() - 40) : m.start()])
            ]
        out += [FoundReference(m.start(), m.end(), m[0], numbers, "order") for m in places]
    return out


@lru_cache(maxsize=64)
def _shapes(numbers: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Patterns of what our numbers look like: letters as they are, digits any; all-digit numbers keep their first three."""
    shapes: dict[str, None] = {}
    for number in numbers:
        low = fold(number)
        if re.search(r"[a-z]", low) and sum(c.isdigit() for c in low) >= 4:
            first = re.sub(r"\d", "#", low)
            head = re.match(r"\d*", low)
            keep = head[0][:2] if head and head[0] else ""
            shapes[re.escape(keep + first[len(keep) :]).replace("\\#", "\\d").replace("#", "\\d")] = None
        elif len(low) >= 8 and sum(c.isdigit() for c in low) >= 8:
            shapes[re.escape(low[:4]) + re.sub(r"\d", lambda m: r"\d", re.escape(low[4:]))] = None
    return tuple(re.compile(rf"(?<![\w/-]){s}(?![\w/-])") for s in list(shapes)[:40])


def _foreign(
    folded: str, items: Sequence[KnownItem], found: Sequence[FoundReference], elsewhere: Mapping[str, KnownItem]
) -> list[tuple[int, int, str]]:
    out: list[tuple[int, int, str]] = []
    ours = {_compact(i.number) for i in items}
    shapes = [
        m
        for pattern in _shapes(tuple(sorted({*(i.number for i in items), *list(elsewhere)[:400]})))
        for m in pattern.finditer(folded)
    ]
    for m in [*_OURS_SHAPE.finditer(folded), *shapes]:
        if any(s < m.end() and m.start() < e for s, e, _ in out) or _ORDER_LEAD.search(
            folded[max(0, m.start() - 40) : m.start()]
        ):
            continue
        if _compact(m[0]) in ours or any(f.start < m.end() and m.start() < f.end for f in found):
            continue
        out.append((m.start(), m.end(), m[0]))
    mine = {i.number for i in items}
    compact_text = None
    for number in elsewhere:
        if number in mine:
            continue
        if compact_text is None:
            compact_text = re.sub(r"[^a-z0-9]", "", folded)
        if _compact(number) in compact_text:
            for m in _number_pattern(number).finditer(folded):
                if not any(s < m.end() and m.start() < e for s, e, _ in out):
                    out.append((m.start(), m.end(), m[0]))
    return out


def _fragments(folded: str, items: Sequence[KnownItem], free: Callable[[int, int], bool]) -> list[FoundReference]:
    """The last digits of a number: 'la 0113', 'n° 137 et 138', '826 follows'. Never fewer than two; unique or nothing."""
    by_digits: dict[str, set[str]] = defaultdict(set)
    for item in items:
        compact = re.sub(r"\D", "", item.number)
        for length in range(2, min(len(compact), 7) + 1):
            by_digits[compact[-length:]].add(item.number)
        groups = re.findall(r"\d+", item.number) or [""]
        of_year = len(groups) > 1 and groups[-1] in (str(item.issued_on.year), f"{item.issued_on:%y}")
        last = groups[-2 if of_year else -1]  # 1204/26 is the 1204th of a year
        short = last.lstrip("0")
        if len(last) <= 6 and short:
            by_digits[short].add(item.number)
            if of_year and len(last) >= 3:
                by_digits[last[-3:].lstrip("0")].add(item.number)
        elif len(last) > 6:
            for length in range(2, 5):
                by_digits[last[-length:].lstrip("0")].add(item.number)
    out: list[FoundReference] = []
    for m in _FRAGMENT.finditer(folded):
        digits = m["digits"]
        matches = by_digits.get(digits) or by_digits.get(digits.lstrip("0"), set())
        if len(matches) != 1 or not free(m.start(), m.end()):
            continue
        before = folded[max(0, m.start() - 24) : m.start()]
        line_start = before.rpartition("\n")[2].strip() == "" and ("\n" in before or m.start() < 24)
        led = bool(_BEFORE_FRAGMENT.search(before)) or bool(re.search(r"(?:[,;:(+&/]\s?|[.!?]\s)$", before))
        follows = bool(_AFTER_FRAGMENT.match(folded, m.end()))
        if len(digits) < 3 and not (
            re.search(r"(?:n°|\bn|factur\w*|fatura|fattura|invoices?|rechnung|#|no\.|nr\.?)\s?$", before)
            or (_SHE.search(before) and (follows or _SHE_IS.match(folded, m.end())))
        ):
            continue
        if not (
            led
            or line_start
            or len(digits) >= 5
            or (len(digits) == 4 and not digits.startswith(("19", "20")) and not _COUNTED.match(folded, m.end()))
            or (digits[0] == "0" and len(digits) >= 3)
            or (len(digits) >= 3 and follows)
        ):
            continue
        rest = folded[m.end() : m.end() + 12]
        street = folded[max(0, m.start() - 40) : m.start()].rpartition("\n")[2]
        if re.match(r",?\s(?:[a-z]-?)?\d{4,5}\s[a-z]", rest) or re.search(
            r"(?:strasse|strase|straat|str\.|weg|platz|\brue|\bavenue|\broad|\bstreet|\bvia|\bcalle|plein|laan|chaussee)\b[^,;]{0,20}$",
            street,
        ):
            continue
        if re.search(
            r"(?:article|art\.|tel\.?|fax|poste|ext\.?|rue|bp|cs|code|capital|po|commande|order|cheque|check|chq|ref\.?|reference|virement|vir|bank|iban|siret|siren|rcs|ht|lot|devis|quote|bl)\s?(?:n\s?°|no\.?|:|#)?\s?$",
            before,
        ):
            continue
        out.append(FoundReference(m.start(), m.end(), digits, tuple(matches), "fragment"))
    return out


# "La 58 je vous la paye vendredi": in French, Italian and Spanish an invoice is a she, a day of the month a he.
_SHE = re.compile(r"(?:^|[\s(,.;:!?'])la\s?$")
_SHE_IS = re.compile(
    r"\s?(?:$|[,;:)!?\n]|\.(?:\s|$))|\s(?:je|j'|on|nous|vous|c'|elle|part|paye\w*|regle\w*|vire\w*|la|lo|le|se|si|e|va|sale|ya|gia|deja|aussi|seulement)\b"
)
_COUNTED = re.compile(
    r"\s?(?:€|eur|£|\$|chf|%|euros?|pieces?|pcs|units?|kg|km|m2|m3|heures?|hours?|jours|days|personnes|people|rue|avenue|habitants)\b"
)
_ENDING = re.compile(r"(?<![\w/.,@-])(\d{2,6}[-/]\d{1,5}|[a-z]{1,3}\d{3,6})(?![\w/@-]|[.,]\d)")


def _endings(folded: str, items: Sequence[KnownItem], free: Callable[[int, int], bool]) -> list[FoundReference]:
    """The end of a number with its sign: '703-2' of FC260703-2, or its last part: 'K0377' of F-27-K0377. Unique among
    the items, and no date."""
    out = []
    for m in _ENDING.finditer(folded):
        matches = {
            i.number
            for i in items
            if fold(i.number).endswith(m[1] if m[1][0].isdigit() else f"-{m[1]}") and len(m[1]) < len(i.number)
        }
        if len(matches) == 1 and free(m.start(), m.end()):
            out.append(FoundReference(m.start(), m.end(), m[1], tuple(matches), "fragment"))
    return out


def _by_amount(
    folded: str, items: Sequence[KnownItem], amounts: Sequence[FoundAmount], found: Sequence[FoundReference]
) -> list[FoundReference]:
    """An amount that is exactly one balance (or, rounded, only one balance), of both that are told, or the sum of some."""
    out = []
    for a in amounts:
        if _bound(folded, a, found) or _TAKEN_OFF.search(folded[max(0, a.start - 24) : a.start]):
            continue  # it says itself of which invoice it is, rightly or not; or it is what was taken off
        same = [i.number for i in items if i.amount == a.value]
        if not same and not a.exact and a.value:
            same = [i.number for i in items if _rounds_to(i.amount, a)]
        if not same and (_SOME.search(folded[max(0, a.start - 16) : a.start]) or _ODD.match(folded, a.end)):
            same = [i.number for i in items if abs(i.amount - a.value) <= a.value / 10]
        if len(same) == 1 or (len(same) == 2 and _BOTH_AT.search(folded[max(0, a.start - 30) : a.start])):
            out.append(FoundReference(a.start, a.end, a.words, tuple(same), "amount"))
        elif not same and (a.exact or a.value >= 100) and 2 <= len(items) <= 12:
            for size in (len(items), 2, 3):
                sums = [c for c in combinations(items, size) if sum((i.amount for i in c), Decimal(0)) == a.value]
                if len(sums) == 1:
                    out.append(FoundReference(a.start, a.end, a.words, tuple(i.number for i in sums[0]), "amount"))
                    break
    return out


_SOME = re.compile(
    r"\b(?:presque|environ|quelque|pres de|dans les|about|around|nearly|almost|some|roughly|fast|etwa|rund|circa|ungefahr|bijna|ongeveer|quasi|unos|casi)\s[€£$]?\s?$"
)
_ODD = re.compile(
    r"\s?(?:et quelques?|et des poussieres|environ|and something|and a bit|odd\b|or so\b|er\b|e passa|y pico|e rotti|en nog wat|something)"
)
_TAKEN_OFF = re.compile(
    r"\b(?:difference|ecart|retenue|deduction|deduit\w*|deduct\w*|shortfall|avoir|credit note|remise|moins|less|abzug|abzuglich|differenz|verschil|differenza|diferencia)(?: of| de| von| van| di)?\s[€£]?\s?$"
)
_BINDS = re.compile(
    r"\s?(?:€|eur|£|\$)?\s?(?:(?:\(|:|=|-|–)\s?|(?:(?:pour|for|fur|voor|por|per|de|of|du|von|van|del|di) )?(?:(?:la|the|die|de|le|notre|votre|your|our) )?(?:facture|invoice|rechnung|factuur|factura|fattura)?\s?)"
)


def _bound(folded: str, a: FoundAmount, found: Sequence[FoundReference]) -> bool:
    """Whether an invoice's number stands right beside the amount: "2 831,40 pour la BE27-0209"."""
    return any(
        r.how == "number"
        and (
            (a.end <= r.start <= a.end + 24 and _BINDS.fullmatch(folded, a.end, r.start))
            or (r.end <= a.start <= r.end + 6 and re.fullmatch(r"\s?[(:=]\s?[€£]?\s?", folded[r.end : a.start]))
        )
        for r in found
    )


_BOTH_AT = re.compile(
    r"\b(?:les deux|les 2|the two|the 2|both|die beiden|beide|allebei|le due|las dos|de twee|deux factures|two invoices|zwei rechnungen|due fatture|dos facturas|twee facturen)(?: \S{1,10})?(?: (?:a|de|of|at|for|uber|zu|von|da|die van|van))? ?[€£]? ?$"
)


def _rounds_to(amount: Decimal, a: FoundAmount) -> bool:
    if "k" in a.words:
        step = Decimal(100) if re.search(r"[.,]\d", a.words) else Decimal(1000)
        return abs(amount - a.value) < step and a.value >= 1000 and abs(amount - a.value) <= step / 2 + step / 5
    return int(amount) == int(a.value) and amount != a.value


def _without_overlap(found: list[FoundReference]) -> list[FoundReference]:
    kept: list[FoundReference] = []
    for one in sorted(found, key=lambda f: (f.start, HOW.index(f.how), -(f.end - f.start))):
        if kept and one.start < kept[-1].end:
            if kept[-1].how in ("issued", "amount") and one.how in ("number", "fragment"):
                kept[-1] = one
            continue
        kept.append(one)
    return kept
