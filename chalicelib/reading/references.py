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

HOW = ("number", "fragment", "order", "issued", "amount", "all", "rest")


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


_CHUNK = re.compile(r"[a-z]+|\d+")
_LEAD = r"(?:n\s?°|n°|no\.?|nos\.?|nr\.?|num(?:ero)?|numeros|#|factures?|fact\.?|fac\.?|fa|fc|invoices?|inv\.?|bills?|la|les|las|le|de la|re|rg|rechnung(?:en)?|rech\.?|faktura|factura|fattura|fatt\.?|factuur|facturen|the|pour|for|fur|die|der|voor de|voor|de|dossier|piece|doc\.?|document|et|and|und|y|e|en|ou|or|to|through|,|\+|&|/|;|ref\.?|:|-)"
_FRAGMENT = re.compile(
    r"(?:(?<=^)|(?<=\n)|(?<=[\s(,+&#/°:;.]))(?P<digits>\d{2,9})(?![\d€£$%]|[.,/:-]\d|-[a-z]|['’]|\s?(?:€|eur\b|euros?\b|gbp|usd|£|\$|k\b|%|h\b|h\d|jours?\b|j\b|days?\b|tage?\b|pieces?\b|pcs\b|mois\b|months?\b|ans\b|years?\b|fois\b|x\b|°))"
)
_AFTER_FRAGMENT = re.compile(
    r"(?:\s?(?:[,;:()+&]|\.(?=\s|$)|$)|\s(?:et|and|en|und|y|e|is|was|are|were|has|have|goes?|went|in|on|for|to|the|by|until|staat|gaat|est|sont|sera|seront|c'?|le|la|pas|only|follows|folgt|will|wird|apres|vendredi|lundi|mardi|mercredi|jeudi|demain|hier|ca|partira|part|paid|ist|wurde|met|mee|op|n'|ne|a|ont|comes|gets|still|needs|i|je|we|includes|fait|de)\b)"
)
_BEFORE_FRAGMENT = re.compile(rf"(?:^|[\s(,.;:!?\n>|-]){_LEAD}\s?$")
_ORDER_LEAD = re.compile(
    r"(?:p\.?o\.?|order|orders|commandes?|cde|bc|bon de commande|engagement|bestell(?:ung|nummer|nr)?\.?|pedido|ordine|bestelling)(?:\s?(?:n\s?°|no\.?|nr\.?|number|numero|#|:|-))?\s?$"
)
_OURS_SHAPE = re.compile(r"\b(?:fa|f|fc|inv|fac)[-\s]?\d{2,4}[-/]\d{2,5}\b|\b20\d{7}\b|\binv-?\d{3,8}\b")
_ALL = re.compile(
    r"\b(?:(?:toutes|tous) (?:les |vos |ces |nos |leurs )?(?:factures|trois|quatre|deux|ensemble|lignes|pieces|postes)|(?:les|vos|ces) (?:deux|trois|quatre|cinq|\d) factures|(?:vos|les|aucune des|aucun des|chacune des) (?:deux|trois|quatre|cinq) (?:notes|factures|documents|dossiers|lignes|pieces)|aucune des (?:deux|trois|quatre)|les (?:deux|trois|quatre)(?= (?:sont|seront|ont|factures|partent|partiront|vont|en |le |vendredi|lundi|ensemble|par|demain|ensemble|\.|,))"
    r"|(?:tout|toutes?) (?:est|sera|a ete|ont ete|sont|seront) (?:regle|paye|solde|vire|acquitte|mandate|parti)\w{0,3}|(?:l'integralite|la totalite|l'ensemble) (?:des|de vos|de nos|de ces|du) (?:factures|impayes|compte|solde|sommes|montants|creances|echeances|relev\w*|retard|sommes dues|encours)|(?:solder|solde|soldons|apure\w*|regle\w*) (?:l'integralite|la totalite|l'ensemble|le tout|tout|notre compte|votre compte|le compte|l'integralite du compte)"
    r"|(?:le |la )?totalite (?:due|du solde|du compte)|l'integralite|le solde (?:de notre|du|de votre|total|de nos) (?:compte|solde)?|(?:l')?ensemble du solde|le solde total|la totalite de ce que|(?:vos|ces|les) [3-9] (?:factures|dernieres|offenes)|ihre (?:zwei|drei|vier|beiden) (?:offenen )?rechnungen|(?:le |las |las )?(?:vostre|sue) (?:due|tre|quattro) fatture|sus (?:dos|tres|cuatro) facturas|jullie (?:twee|drie|vier) facturen|l'ensemble de votre creance|les (?:deux|trois|quatre) duplicatas?|tout ce (?:que nous vous devons|qu'on vous doit|qui est du|qui est echu)|vos (?:deux|trois|quatre) factures"
    r"|all (?:of )?(?:the |your |our |these |those )?(?:three|two|four|five|\d |open |outstanding |overdue |unpaid )?(?:invoices|items|three|bills|of them|outstanding)|all (?:three|four)\b|both (?:invoices|items|bills|of them|are|were|have|went|will)|(?:the )?(?:whole|full|entire|total) (?:of the )?(?:outstanding )?(?:balance|account|amount (?:due|outstanding)|outstanding)|everything (?:open|outstanding|overdue|due|on|you|that|is|was|has|we|will)|the lot\b|the total outstanding|(?:balance|account) in full|clear(?:ed|ing)? (?:the|our|your) (?:whole |full |entire )?(?:account|balance)|the whole account|what we owe you|everything we owe|your balance"
    r"|alle (?:drei|vier|zwei|offenen|rechnungen|posten|openstaande|facturen|drie)|samtliche|beide rechnungen|der gesamte (?:saldo|betrag)|alle (?:offenen )?rechnungen|gesamtbetrag|todas (?:las|sus) facturas|las (?:tres|dos) facturas|la totalidad|todo el saldo|tutte (?:le|e tre)(?: vostre)?(?: fatture)?|l'intero (?:saldo|importo)|het (?:hele|volledige) (?:saldo|bedrag))\b"
)
_REST = re.compile(
    r"\b(?:le reste|le restant|le solde|les autres(?: factures)?|l'autre|celles? qui restent?|les suivantes|la derniere|les deux autres|the rest|the others?(?! (?:\d|big|small|large|two|three|four|five|six|seven|eight|nine|ten|day|week|side|hand|party)\b)|the remaining(?: (?:invoices?|items?|bills?|balance))?(?! ?(?:[€£$\d]|on\b|of\b|two never|three never))|the remainder|the balance|the other (?:one|two|invoices?)|remaining (?:invoices?|balance|items?)|der rest|die (?:anderen|ubrigen|restlichen)(?: rechnungen)?|die andere|el resto|las (?:otras|demas)|la otra|il resto|le altre|l'altra|de rest|de andere(?:n)?|het restant)\b"
)
_MONTH_REF = re.compile(
    rf"\b(?:(?P<both>les deux|les trois|the two|the three|die beiden|both|deux|le|la|celles?|facture|factures|invoices?|bill|bills|the|ones?|document|rechnung|rechnungen|factura|fattura|factuur|your|votre|vos)\s(?:(?:d'|(?:de|du|of|from|for|vom|von|del|di|dated|datee|van)\s)(?:mois (?:de\s|d'))?|emise?s? en )(?P<month>{_M})(?!\s?\d{{1,2}}\b)|\b(?P<poss>{_M})'s (?:invoices?|bill|bills|one))"
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
    taken: Iterable[tuple[int, int]] = (),
) -> References:
    """References to the debtor's open items in a folded text; known_elsewhere are the other debtors' items."""
    found: list[FoundReference] = []
    spans = [(a.start, a.end) for a in amounts] + [(d.start, d.end) for d in dates if not d.weak] + list(taken)

    def free(start: int, end: int) -> bool:
        return all(end <= s or e <= start for s, e in spans)

    for item in items:
        for m in _number_pattern(item.number).finditer(folded):
            found.append(FoundReference(m.start(), m.end(), m[0], (item.number,), "number"))
        if item.purchase_order and re.search(r"\d{2}", item.purchase_order):  # a word alone names nothing
            digits = re.sub(r"\D", "", item.purchase_order)
            for m in _number_pattern(item.purchase_order).finditer(folded):
                found.append(FoundReference(m.start(), m.end(), m[0], (item.number,), "order"))
            if len(digits) >= 4:
                for m in re.finditer(rf"(?<!\d){digits}(?!\d)", folded):
                    if _ORDER_LEAD.search(folded[max(0, m.start() - 40) : m.start()]):
                        found.append(FoundReference(m.start(), m.end(), m[0], (item.number,), "order"))
    spans += [(f.start, f.end) for f in found]
    foreign = _foreign(folded, items, found, known_elsewhere or {})
    spans += [(s, e) for s, e, _ in foreign]
    found += _fragments(folded, items, free)
    spans += [(f.start, f.end) for f in found]
    found += _endings(folded, items, free)
    spans += [(f.start, f.end) for f in found]
    found += _by_issue(folded, items, dates, found)
    found += _by_amount(items, amounts, found)
    found += _everything(folded, items, found, amounts)
    found = _without_overlap(found)
    found = _without_overlap(found + _ordinals(folded, found))
    return References(tuple(found), tuple(dict.fromkeys(w for _, _, w in foreign)))


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
        last = re.findall(r"\d+", item.number)[-1] if re.search(r"\d", item.number) else ""
        short = last.lstrip("0")
        if len(last) <= 6 and short:
            by_digits[short].add(item.number)
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
        if len(digits) < 3 and not re.search(r"(?:n°|factures?|invoices?|#|no\.|nr\.)\s?$", before):
            continue
        follows = bool(_AFTER_FRAGMENT.match(folded, m.end()))
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
        word = (m["month"] or m["poss"]).rstrip(".")
        month = _MONTH_OF.get(word)
        same = [i.number for i in items if i.issued_on.month == month]
        plural = bool(
            re.match(
                r"les|the two|the three|die beiden|both|deux|celles|factures|invoices|rechnungen|bills|vos|ones",
                m["both"] or "",
            )
        )
        if same and (len(same) == 1 or plural):
            out.append(FoundReference(m.start(), m.end(), m[0], tuple(same), "issued"))
    return out


def _by_amount(
    items: Sequence[KnownItem], amounts: Sequence[FoundAmount], found: Sequence[FoundReference]
) -> list[FoundReference]:
    """An amount that is exactly one balance (or, rounded, only one balance), or the sum of two or all of them."""
    out = []
    for a in amounts:
        same = [i.number for i in items if i.amount == a.value]
        if not same and not a.exact and a.value:
            same = [i.number for i in items if _rounds_to(i.amount, a)]
        if len(same) == 1:
            out.append(FoundReference(a.start, a.end, a.words, (same[0],), "amount"))
        elif not same and a.exact and 2 <= len(items) <= 12:
            for size in (len(items), 2, 3):
                sums = [c for c in combinations(items, size) if sum((i.amount for i in c), Decimal(0)) == a.value]
                if len(sums) == 1:
                    out.append(FoundReference(a.start, a.end, a.words, tuple(i.number for i in sums[0]), "amount"))
                    break
    return out


def _rounds_to(amount: Decimal, a: FoundAmount) -> bool:
    if "k" in a.words:
        step = Decimal(100) if re.search(r"[.,]\d", a.words) else Decimal(1000)
        return abs(amount - a.value) < step and a.value >= 1000 and abs(amount - a.value) <= step / 2 + step / 5
    return int(amount) == int(a.value) and amount != a.value


_BUT_ONE = re.compile(
    r"(?:\s\S{1,12}){0,4}\s(?:bar|except|save|apart from|other than|sauf|hormis|a part|excepte|ausser|bis auf|salvo|excepto|tranne|behalve)\b"
)
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
        if len(named) < 2 and not _OF_INVOICES.search(m[0]) and (amounts or not _GOES.match(folded, m.end())):
            continue  # with one invoice named, "the rest" is rather that of the invoice, or of the chairs
        if re.search(r"\b(?:comme|like|wie|como|come|zoals)\s$", folded[max(0, m.start() - 8) : m.start()]):
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


def _without_overlap(found: list[FoundReference]) -> list[FoundReference]:
    kept: list[FoundReference] = []
    for one in sorted(found, key=lambda f: (f.start, HOW.index(f.how), -(f.end - f.start))):
        if kept and one.start < kept[-1].end:
            if kept[-1].how in ("issued", "amount") and one.how in ("number", "fragment"):
                kept[-1] = one
            continue
        kept.append(one)
    return kept
