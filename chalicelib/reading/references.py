# ruff: noqa: E501  (one row of a table of phrases is one line)
"""Which invoices a text speaks of: numbers as people write them, fragments, order numbers, amounts, months, 'all three'.

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

from chalicelib.reading.amounts import FoundAmount
from chalicelib.reading.dates import _M, _MONTH_OF, FoundDate
from chalicelib.reading.fold import fold
from chalicelib.reading.model import KnownItem

HOW = ("number", "fragment", "order", "issued", "amount", "site", "all", "rest")


@dataclass(frozen=True, slots=True)
class FoundReference:
    start: int
    end: int
    words: str
    numbers: tuple[str, ...]  # more than one for "all three", "the two of October"
    how: str  # one of HOW


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
    r"(?:(?<=^)|(?<=\n)|(?<=[\s(,+&#/°:;.]))(?P<digits>\d{2,9})(?![\d€£$%]|[.,/:-]\d|-[a-z]|['’]|\s?(?:€|eur\b|euros?\b|gbp|usd|£|\$|k\b|%|h\b|h\d|jours?\b|j\b(?!')|days?\b|tage?\b|pieces?\b|pcs\b|mois\b|months?\b|ans\b|years?\b|fois\b|x\b|°))"
)
_AFTER_FRAGMENT = re.compile(
    r"(?:\s?(?:[,;:()+&?!]|\.(?=\s|$)|$)|\s(?:et|and|en|und|y|e|is|was|are|were|has|have|goes?|went|in|on|for|to|the|by|until|staat|gaat|est|sont|sera|seront|c'?|le|la|pas|only|follows|folgt|will|wird|apres|vendredi|lundi|mardi|mercredi|jeudi|demain|hier|ca|partira|part|paid|ist|wurde|met|mee|op|n'|ne|a|ont|comes|gets|still|needs|i|je|we|includes|fait|de)\b)"
)
_BEFORE_FRAGMENT = re.compile(rf"(?:^|[\s(,.;:!?\n>|-]){_LEAD}\s?$")
_ORDER_LEAD = re.compile(
    r"(?:p\.?o\.?|order|orders|commandes?|cde|bc|bon de commande|engagement|bestell(?:ung|nummer|nr)?\.?|pedido|ordine|bestelling)(?:\s?(?:n\s?°|no\.?|nr\.?|number|numero|#|:|-))?\s?$"
)
_OURS_SHAPE = re.compile(r"\b(?:fa|f|fc|inv|fac)[-\s]?\d{2,4}[-/]\d{2,5}\b|\b20\d{7}\b|\binv-?\d{3,8}\b")
_ALL = re.compile(
    r"\b(?:(?:toutes|tous) (?:les |vos |ces |nos |leurs )?(?:factures|trois|quatre|deux|ensemble|lignes|pieces|postes)|(?:les|vos|ces) (?:deux|trois|quatre|cinq|\d) factures|(?:vos|les|aucune des|aucun des|chacune des) (?:deux|trois|quatre|cinq) (?:notes|factures|documents|dossiers|lignes|pieces)|aucune des (?:deux|trois|quatre)|les (?:deux|trois|quatre)(?= (?:sont|seront|ont|factures|partent|partiront|vont|en |le |vendredi|lundi|ensemble|par|demain|ensemble|\.|,))"
    r"|(?:tout|toutes?) (?:est|sera|a ete|ont ete|sont|seront) (?:regle|paye|solde|vire|acquitte|mandate|parti)\w{0,3}|(?:l'integralite|la totalite|l'ensemble|l'entier(?:ete)?) (?:des|de votre|de notre|de vos|de nos|de ces|du) (?:factures|impayes|compte|solde|sommes|montants|creances|echeances|relev\w*|retard|sommes dues|encours)|(?:solder|solde|soldons|apure\w*|regle\w*) (?:l'integralite|la totalite|l'ensemble|le tout|tout|notre compte|votre compte|le compte|l'integralite du compte)"
    r"|(?:le |la )?totalite (?:due|du solde|du compte)|l'integralite|le solde (?:de notre|du|de votre|total|de nos) (?:compte|solde)?|(?:l')?ensemble du solde|le solde total|la totalite de ce que|(?:vos|ces|les) [3-9] (?:factures|dernieres|offenes)|ihre (?:zwei|drei|vier|beiden) (?:offenen )?rechnungen|(?:le |las |las )?(?:vostre|sue) (?:due|tre|quattro) fatture|sus (?:dos|tres|cuatro) facturas|jullie (?:twee|drie|vier) facturen|l'ensemble de votre creance|les (?:deux|trois|quatre) duplicatas?|tout ce (?:que nous vous devons|qu'on vous doit|qui est du|qui est echu)|vos (?:deux|trois|quatre) factures"
    r"|all (?:of )?(?:the |your |our |these |those )?(?:three|two|four|five|\d |open |outstanding |overdue |unpaid )?(?:invoices|items|three|bills|of them|outstanding)|all (?:three|four)\b|both (?:invoices|items|bills|of them|are|were|have|went|will)|(?:the )?(?:whole|full|entire|total) (?:of the )?(?:outstanding )?(?:balance|account|amount (?:due|outstanding)|outstanding)|everything (?:open|outstanding|overdue|due|on|you|that|is|was|has|we|will)|the lot\b|the total outstanding|(?:balance|account) in full|clear(?:ed|ing)? (?:the|our|your) (?:whole |full |entire )?(?:account|balance)|the whole account|what we owe you|everything we owe|your balance"
    r"|alle (?:drei|vier|zwei|offenen|rechnungen|posten|openstaande|facturen|drie)|samtliche|beide rechnungen|der gesamte (?:saldo|betrag)|alle (?:offenen )?rechnungen|gesamtbetrag|todas (?:las|sus) facturas|las (?:tres|dos) facturas|la totalidad|todo el saldo|tutte (?:le|e tre)(?: vostre)?(?: fatture)?|l'intero (?:saldo|importo)|het (?:hele|volledige) (?:saldo|bedrag))\b"
)
_REST = re.compile(
    r"\b(?:le reste|le restant|le solde|les autres(?: factures)?|l'autre(?! moitie)|celles? qui restent?|les suivantes|la derniere|les deux autres|the rest|the others?(?! (?:\d|big|small|large|two|three|four|five|six|seven|eight|nine|ten|day|week|side|hand|party)\b)|the remaining(?: (?:invoices?|items?|bills?|balance))?(?! ?(?:[€£$\d]|on\b|of\b|two never|three never))|the remainder|the balance|the other (?:one|two|invoices?)|remaining (?:invoices?|balance|items?)|der rest|die (?:anderen|ubrigen|restlichen)(?: rechnungen)?|die andere(?! halfte)|el resto|las (?:otras|demas)|la otra|il resto|le altre|l'altra(?! meta)|de rest|de andere(?:n)?(?! helft)|het restant)\b"
)
_MONTH_REF = re.compile(
    rf"\b(?:(?P<both>les deux|les trois|the two|the three|die beiden|both|deux|le|la|celles?|facture|factures|invoices?|bill|bills|the|ones?|die|quella|quelle|document|rechnung|rechnungen|factura|fattura|factuur|your|votre|vos)\s(?:(?:d'|(?:de|du|of|from|for|vom|von|del|di|dated|datee|van)\s)(?:mois (?:de\s|d'))?|emise?s? en )(?P<month>{_M})(?!\s?\d{{1,2}}\b)|\b(?P<poss>{_M})'s (?:invoices?|bill|bills|one)|\b(?P<and>{_M}) (?:and|et|und|en|e|y) (?P<poss2>{_M}) (?:invoices|bills|ones)|\b(?:the|your|our|that) (?P<named>{_M}) (?P<noun>ones?|bills?|invoices?)|\b(?P<glued>januar|februar|marz|april|mai|juni|juli|august|september|oktober|november|dezember|januari|februari|maart|mei|augustus|december)-?(?P<paper>rechnung|rechnungen|factuur|rekening|nota))\b"
)
_BY_ISSUE = re.compile(
    r"(?:factures?|invoices?|bills?|documents?|rechnung(?:en)?|factura|fattura|factuur|piece|celles?|the one|votre fact\w*)(?: \S{1,12}){0,2} (?:du|of|from|dated|datee du|emise le|issued (?:on )?|vom|del|van|en date du|de|dd\.?) ?(?:the )?$"
)


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
    found += _by_issue(folded, items, dates, found)
    found += _by_amount(folded, items, amounts, found)
    found += _by_site(folded, items, found, debtor)
    found = _all_but(folded, items, found) or [*found, *_everything(folded, items, found, amounts)]
    found = _without_overlap(found)
    found = _without_overlap(found + _ordinals(folded, found))
    found = _without_overlap(found + _of_our_list(folded, items, found))
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
_ENDING = re.compile(r"(?<![\w/.,-])(\d{2,6}[-/]\d{1,5})(?![\w/-]|[.,]\d)")


def _endings(folded: str, items: Sequence[KnownItem], free: Callable[[int, int], bool]) -> list[FoundReference]:
    """The end of a number with its sign: '703-2' of FC260703-2. Unique among the items, and no date."""
    out = []
    for m in _ENDING.finditer(folded):
        matches = {i.number for i in items if fold(i.number).endswith(m[1]) and len(m[1]) < len(i.number)}
        if len(matches) == 1 and free(m.start(), m.end()):
            out.append(FoundReference(m.start(), m.end(), m[1], tuple(matches), "fragment"))
    return out


# Words of an order's name that many orders have.
_COMMON = frozenset(
    "rue avenue place ecole residence chantier projet bureau salle etage hotel maison batiment site street road house"
    " office order school commande lot marche salon cuisine accueil agence project store shop building floor room haus"
    " strasse platz schule straat plein via piazza scuola calle plaza escuela villa parc park jardin mairie bistrot".split()
)


_STREET = re.compile(
    r"\b(rue|avenue|av|place|bd|boulevard|allee|impasse|chemin|quai|route|street|road|lane|via|viale|calle|strasse|platz|weg|straat|plein)\b[^,;:\n]{0,18}$"
)


def _by_site(
    folded: str, items: Sequence[KnownItem], found: Sequence[FoundReference], debtor: str
) -> list[FoundReference]:
    """The name of an order, as builders and house managers say it: "Lilas, les deux, c'est pour le 27"."""
    orders: dict[str, list[str]] = defaultdict(list)
    for item in items:
        if item.purchase_order:
            orders[fold(item.purchase_order)].append(item.number)
    named = {n for f in found for n in f.numbers}
    out = []
    for order, numbers in orders.items():
        words = [w for w in re.findall(r"[a-z]{4,}", order) if w not in debtor]
        own = [w for w in words if w not in _COMMON and sum(w in o for o in orders) == 1]
        if not words or named & set(numbers):
            continue
        here = {w: m for w in words if (m := re.search(rf"(?<![\w@.]){w}s?(?![\w@]|\.[a-z])", folded))}
        told = [m for w, m in here.items() if w in own] or (list(here.values()) if len(here) >= 2 else [])
        told = [
            m
            for m in told
            if not (street := _STREET.search(folded[max(0, m.start() - 30) : m.start()])) or street[1] in order
        ]
        if told:
            first = min(told, key=lambda m: m.start())
            out.append(FoundReference(first.start(), first.end(), first[0], tuple(numbers), "site"))
    return out


def _by_issue(
    folded: str, items: Sequence[KnownItem], dates: Sequence[FoundDate], found: Sequence[FoundReference]
) -> list[FoundReference]:
    out = []
    named = {n for f in found for n in f.numbers}
    for d in dates:
        if _BY_ISSUE.search(folded[max(0, d.start - 60) : d.start]) or (
            _BY_ISSUE.search(folded[max(0, d.start - 60) : d.start + 4].rstrip("0123456789"))
        ):
            same = [i.number for i in items if i.issued_on in (d.past, d.future)]
            if len(same) == 1 and same[0] not in named:
                out.append(FoundReference(d.start, d.end, d.words, (same[0],), "issued"))
    for m in _MONTH_REF.finditer(folded):
        told = [w for w in (m["month"], m["poss"], m["and"], m["poss2"], m["named"], m["glued"]) if w]
        months = {_MONTH_OF.get(word.rstrip(".")) for word in told}
        same = [i.number for i in items if i.issued_on.month in months]
        plural = bool(
            m["and"]
            or (m["noun"] or m["paper"] or "").endswith(("s", "en"))
            or re.match(
                r"les|the two|the three|die beiden|both|deux|celles|factures|invoices|rechnungen|bills|vos|ones",
                m["both"] or "",
            )
        )
        if same and (len(same) == 1 or plural):
            out.append(FoundReference(m.start(), m.end(), m[0], tuple(same), "issued"))
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
        elif not same and a.exact and 2 <= len(items) <= 12:
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


_BUT_ONE = re.compile(
    r"(?:\s\S{1,12}){0,4}\s(?:bar|except|save|apart from|other than|sauf|hormis|a part|excepte|ausser|bis auf|salvo|excepto|tranne|behalve)\b"
)


def _all_but(folded: str, items: Sequence[KnownItem], found: Sequence[FoundReference]) -> list[FoundReference]:
    """'Everything has gone but the December one': all of them without what is named behind the 'but'; else nothing."""
    for m in _ALL.finditer(folded):
        but = _BUT_ONE.match(folded, m.end())
        if but is None:
            continue
        left_out = [f for f in found if but.end() <= f.start <= but.end() + 40 and f.how != "amount"]
        numbers = {n for f in left_out for n in f.numbers}
        if not re.search(
            r"\b(?:part\w*|pa(?:y|ye|ie|id)\w*|regl\w*|vir\w*|sold\w*|sent|gone|goes?|settl\w*|clear\w*|bezahlt|uberw\w*|betaald|overgemaakt|pagat\w*|pagad\w*)\b",
            folded[max(0, m.start() - 30) : but.end()],
        ):
            continue  # "everything on it bar one I can see": what is told is told of the one
        rest = tuple(i.number for i in items if i.number not in numbers)
        if numbers and rest:
            return [*(f for f in found if f not in left_out), FoundReference(m.start(), m.end(), m[0], rest, "all")]
    return []


_PARTIAL = re.compile(
    r"\b(?:acompte|avoir|gutschrift|credit|creditnota|partiel\w*|part payment|deposit|instal?ment|premier versement|tiers)\b"
)


def _everything(
    folded: str, items: Sequence[KnownItem], found: Sequence[FoundReference], amounts: Sequence[FoundAmount] = ()
) -> list[FoundReference]:
    out = []
    for m in _ALL.finditer(folded):
        counted = re.search(r"\b(?:deux|two|both|zwei|beide|dos)\b", m[0])
        if (counted and len(items) != 2) or _BUT_ONE.match(folded, m.end()):
            continue
        out.append(FoundReference(m.start(), m.end(), m[0], tuple(i.number for i in items), "all"))
    if out:
        return out
    named = {n for f in found for n in f.numbers}
    partial = _PARTIAL.search(folded) or (named and any(a.value not in {i.amount for i in items} for a in amounts))
    for m in _REST.finditer(folded):
        if re.match(
            r"\s(?:ecri\w+|voyez|contact\w*|voir|adress\w+|please|write|est un|c'est|quand|suivra|de (?:la|cette|l')|(?:est|sont|is|are|was|were) (?:tres|bien|superbe|parfait|joli|beau|very|fine|lovely|great))",
            folded[m.end() : m.end() + 18],
        ):
            continue
        if partial and m[0] in (
            "le reste",
            "le restant",
            "the rest",
            "der rest",
            "el resto",
            "il resto",
            "de rest",
            "the remainder",
            "the balance",
            "le solde",
        ):
            continue
        others = tuple(i.number for i in items if i.number not in named)
        if re.match(
            r"(?: de la \S{1,16})? (?:et|and|und|y|e|en) (?:la|le|the|die|der|il|el|de|n°)?\s?[a-z/-]{0,6}\d",
            folded[m.end() :],
        ):
            continue  # "the balance and the 0342": the balance of the one that was spoken of
        other_of_two = len(items) == 2 and m[0] in ("l'autre", "the other", "the other one", "die andere", "de andere")
        if (
            len(named) < 2
            and not other_of_two
            and not _OF_INVOICES.search(m[0])
            and (amounts or not _GOES.match(folded, m.end()))
        ):
            continue  # with one invoice named, "the rest" is rather that of the invoice, or of the chairs
        if re.match(r"[,:]?\s?(?:la |the |die |de )?[a-z]{0,6}[-/]?\d{2}", folded[m.end() :]):
            continue  # "for the rest, FV118477": it says itself which
        if re.search(
            r"\b(?:comme|like|wie|como|come|zoals|tot|until|till|bis|hasta que|avant que|before)\s$",
            folded[max(0, m.start() - 11) : m.start()],
        ):
            continue
        if named and others:
            single = m[0] in (
                "l'autre",
                "la derniere",
                "the other",
                "die andere",
                "la otra",
                "l'altra",
                "the other one",
                "de andere",
                "the other invoice",
            )
            if single and len(others) != 1:
                continue
            if (
                m[0]
                in ("le solde", "the balance", "the remaining balance", "the remainder", "le restant", "het restant")
                and len(others) > 1
                and len(named) == 1
            ):
                continue  # the balance of that invoice, more likely than the other invoices
            out.append(FoundReference(m.start(), m.end(), m[0], others, "rest"))
            break
    return out


_OF_INVOICES = re.compile(r"factur|invoice|rechnung|fattur|item|une$|one$")
_GOES = re.compile(
    r"[^.\n]{0,24}\b(?:part|partira|sera|seront|suit|suivra|regle|paye|paie|vire|est|sont|will|goes|go|follows?|is|are|at|by|on|in|fin|wird|werden|folgt|sigue|va|segue|volgt|wordt)\b"
)
_ORDINAL = re.compile(
    r"\b(?:(?P<first>la premiere|le premier|the first(?: one)?|the former|die erste|la primera|la prima|de eerste)|(?P<last>la seconde|la deuxieme|la derniere|le second|the second(?: one)?|the latter|the last one|die zweite|la segunda|la seconda|de tweede))\b(?! (?:quinzaine|semaine|moitie|fois|relance|echeance|mensualite|half|week|time|reminder|instal|payment|ligne|line|woche|rappel|lettre))"
)


def _ordinals(folded: str, found: Sequence[FoundReference]) -> list[FoundReference]:
    """'The former', 'la seconde': of two or three invoices named just before."""
    out = []
    for m in _ORDINAL.finditer(folded):
        named = list(dict.fromkeys(n for f in found if f.end <= m.start() and f.how != "amount" for n in f.numbers))
        if len(named) in (2, 3) and not any(f.start < m.end() and m.start() < f.end for f in found):
            out.append(FoundReference(m.start(), m.end(), m[0], (named[0] if m["first"] else named[-1],), "number"))
    return out


_COUNTS = {
    word: number
    for number, words in {
        2: "deux|two|zwei|beiden|due|dos|twee|2|couple of", 3: "trois|three|drei|tre|tres|drie|3", 4: "quatre|four|vier|quattro|cuatro|4"
    }.items()
    for word in words.split("|")
}  # fmt: skip
_COUNT = "(?:" + "|".join(_COUNTS) + ")"
_NO_INVOICE = r"(?!\s(?:fois|semaines?|jours?|relances?|rappels?|mois|annees?|quinzaine|moitie|echeances?|mensualites?|traites?|versements?|weeks?|days?|months?|years?|times?|reminders?|half|payments?|instal\w*|e-?mails?|messages?|calls?|letters?|tage|wochen|monate|mahnung\w*|keer|weken|dagen|volte|settimane|giorni|veces|semanas|dias|rate|plazos|cuotas|chairs|chaises|livraisons?|deliver\w*|clients?|points?))"
_ENDS = re.compile(
    rf"\b(?:les|vos|the|your|die|le|las|los|de|ihre)\s(?:(?P<before>{_COUNT})\s)?(?:(?P<first>premieres?|plus anciennes|plus vieilles|first|oldest|ersten|altesten|prime|primeras|eerste|oudste)|dernieres?|plus recentes|last|latest|most recent|letzten|jungsten|ultime|ultimas|laatste)(?:\s(?P<after>{_COUNT}))?\b{_NO_INVOICE}"
)
_ON_A_LIST = re.compile(
    r"\b(?:(?:de|sur|of|on|in|from|auf|aus|van|op|della|nella|de la|en la) (?:ta|votre|la|your|the|this|ihrer|der|uw|je|tu|su|vostra|le|votre dernier|your last) ?(?:liste|releve|tableau|mail|relance|list|statement|table|reminder|e-?mail|aufstellung|liste|lijst|overzicht|elenco|lista)|\b(?:dell'elenco|della lista|de la lista)|(?:deux|two|trois|three|zwei|due|dos|twee) (?:premieres|dernieres|first|last|ersten|letzten)|(?:first|last) (?:two|three)|(?:ultime|prime) (?:due|tre)|(?:premieres|dernieres|plus anciennes|plus recentes)\b)"
)
_PLACE = re.compile(
    r"\b(?:la|celle|the|die|de|your)\s(?:(?P<one>premiere|1re|1ere|first|1st|erste|prima|primera|eerste)|(?P<two>seconde|deuxieme|2e|2eme|second|2nd|zweite|seconda|segunda|tweede)|(?P<three>troisieme|3e|3eme|third|3rd|dritte|terza|tercera|derde)|(?P<four>quatrieme|4e|4eme|fourth|4th|vierte|quarta|cuarta|vierde)|(?P<last>derniere|last|letzte|ultima|laatste))"
    rf"(?: (?:one|invoice|facture|ligne|line|item|rechnung|fattura|factura|factuur))?\b{_NO_INVOICE}"
)
_AGE = re.compile(
    r"\b(?:(?P<old>la plus (?:ancienne|vieille)|the (?:oldest|earliest)(?: one| invoice)?|die alteste|la piu vecchia|la mas antigua|de oudste)|(?P<new>la plus recente|the (?:latest|newest|most recent)(?: one| invoice)|die neueste|die jungste|la piu recente|la mas reciente|de nieuwste))\b"
)
_OF_MONTH = re.compile(rf"\s(?:de|d'|of|from|vom|van|di|del)\s?({_M})")
_SIZES = re.compile(
    rf"\b(?:les|the|die|le|las|de) (?:(?P<before>{_COUNT}) )?(?:(?P<big>plus grosses|plus grandes|biggest|larger|largest|gross?ten|piu grandi|mas grandes|grootste)|plus petites|smaller|smallest|kleinsten|piu piccole|mas pequenas|kleinste)(?: (?P<after>{_COUNT}))?\b"
)
_SIZE = re.compile(
    r"\b(?:(?P<big>la (?:plus )?grosse|the (?:big|bigger|biggest|large|larger|largest)(?: one| invoice| bill| of the two)?|die gross?e(?:re)?|die gross?te|(?:del)?la (?:piu )?grossa|la (?:piu )?grande|la gorda|de grote)|(?P<small>la (?:plus )?petite|the (?:small|smaller|smallest|little)(?: one| invoice| bill| of the two)?|die kleine(?:re)?|la (?:piu )?piccola|la pequena|de kleine))"
    r"(?= (?:facture|rechnung|fattura|factura|factuur|a \d|(?:de|d'|of|from|vom|van|di) ?[a-z\d])|\s?(?:$|[,;:)!?\n]|\.(?:\s|$))|\s(?:je|j'|on|nous|vous|c'|elle|part|est|sera|suit|suivra|is|was|will|went|goes|ist|wird|geht|folgt|gaat|is|volgt|va|e|sara|sale|paye\w*|regle\w*|vire\w*|apres|debut|fin|mi|on|next|in|at|by|will|meta|des|zahle|doe|today|now|yesterday|hier|lundi|mardi|mercredi|jeudi|vendredi|demain|la semaine|en|au|le|monday|tuesday|wednesday|thursday|friday|the|no|la|del)\b)"
)


def _of_our_list(folded: str, items: Sequence[KnownItem], found: Sequence[FoundReference]) -> list[FoundReference]:
    """'The last two on your list', 'la plus ancienne', 'la grosse': places in the list that our reminders show, oldest due first."""
    if not 2 <= len(items) <= 20:
        return []
    listed = [i.number for i in sorted(items, key=lambda i: (i.due_on, i.issued_on, i.number))]
    out: list[FoundReference] = []

    def add(m: re.Match[str], numbers: Sequence[str]) -> None:
        beside = {n for f in found if m.start() - 4 <= f.start <= m.end() + 10 for n in f.numbers}
        if not beside:  # else it says itself which
            out.append(FoundReference(m.start(), m.end(), m[0], tuple(numbers), "issued"))

    for m in _ENDS.finditer(folded):
        count = _COUNTS.get(m["before"] or m["after"] or "", 0)
        if count and count <= len(listed):
            add(m, listed[:count] if m["first"] else listed[-count:])
    if _ON_A_LIST.search(folded):
        for m in _PLACE.finditer(folded):
            place = next((i for i, name in enumerate(("one", "two", "three", "four")) if m[name]), -1)
            if place < len(listed):
                add(m, [listed[place]])
    for m in _AGE.finditer(folded):
        add(m, [listed[0] if m["old"] else listed[-1]])
    for m in _SIZE.finditer(folded):
        month = _OF_MONTH.match(folded, m.end())
        meant = (
            [i for i in items if month and i.issued_on.month == _MONTH_OF.get(month[1].rstrip("."))] if month else items
        )
        by_size = sorted(meant, key=lambda i: i.amount)
        if len(by_size) == 1:
            add(m, [by_size[0].number])
        if len(by_size) < 2:
            continue
        big, small = by_size[-1], by_size[0]
        if m["big"] and big.amount > by_size[-2].amount:
            add(m, [big.number])
        elif m["small"] and small.amount < by_size[1].amount:
            add(m, [small.number])
    by_size = sorted(items, key=lambda i: i.amount)
    for m in _SIZES.finditer(folded):
        count = _COUNTS.get(m["before"] or m["after"] or "", len(items))  # without a count it says not where they end
        if count < len(items):
            add(m, [i.number for i in (by_size[-count:] if m["big"] else by_size[:count])])
    told = {n for f in found for n in f.numbers}
    return [f for f in out if not (told and set(f.numbers) <= told)] if told else out


def _without_overlap(found: list[FoundReference]) -> list[FoundReference]:
    kept: list[FoundReference] = []
    for one in sorted(found, key=lambda f: (f.start, HOW.index(f.how), -(f.end - f.start))):
        if kept and one.start < kept[-1].end:
            if kept[-1].how in ("issued", "amount") and one.how in ("number", "fragment"):
                kept[-1] = one
            continue
        kept.append(one)
    return kept
