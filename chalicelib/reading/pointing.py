# ruff: noqa: E501  (one row of a table of phrases is one line)
"""Invoices that are pointed at instead of named: by building site, month, place in our list, size, 'all', 'the rest'."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.reading.amounts import FoundAmount
from chalicelib.reading.dates import MONTH, MONTH_OF, FoundDate
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


_ALL = re.compile(
    r"\b(?:(?:toutes|tous) (?:les |vos |ces |nos |leurs )?(?:factures(?! (?:d'|adress|destin|relativ|fourniss|et (?:les |vos |nos )?relances|de (?!votre|notre|vos|nos|ce\b|cette)))|trois|quatre|deux|ensemble|lignes|pieces|postes)|(?:les|vos|ces) (?:deux|trois|quatre|cinq|\d) factures|(?:mes|nos) (?:deux|trois|quatre) factures|(?:vos|les|aucune des|aucun des|chacune des) (?:deux|trois|quatre|cinq) (?:notes|factures|documents|dossiers|lignes|pieces)|aucune des (?:deux|trois|quatre)|les (?:deux|trois|quatre)(?= (?:sont|seront|ont|factures|partent|partiront|vont|en |le |vendredi|lundi|ensemble|par|demain|ensemble|\.|,))"
    r"|(?:tout|toutes?) (?:est|sera|a ete|ont ete|sont|seront) (?:regle|paye|solde|vire|acquitte|mandate|parti)\w{0,3}|(?:l'integralite|la totalite|l'ensemble|l'entier(?:ete)?) (?:des|de votre|de notre|de vos|de nos|de ces|du) (?:factures|impayes|compte|solde|sommes|montants|creances|echeances|relev\w*|retard|sommes dues|encours)|(?:solder|solde|soldons|apure\w*|regle\w*) (?:l'integralite|la totalite|l'ensemble|le tout|tout|notre compte|votre compte|le compte|l'integralite du compte)"
    r"|(?:le |la )?totalite (?:due|du solde|du compte)|l'integralite|le solde (?:de notre|du|de votre|total|de nos) (?:compte|solde)?|(?:l')?ensemble du solde|le solde total|la totalite de ce que|(?:vos|ces|les) [3-9] (?:factures|dernieres|offenes)|ihre (?:zwei|drei|vier|beiden) (?:offenen )?rechnungen|(?:le |las |las )?(?:vostre|sue) (?:due|tre|quattro) fatture|sus (?:dos|tres|cuatro) facturas|jullie (?:twee|drie|vier) facturen|l'ensemble de votre creance|les (?:deux|trois|quatre) duplicatas?|tout ce (?:que (?:nous vous devons|je vous dois)|qu'on vous doit|qui est du|qui est echu)|vos (?:deux|trois|quatre) factures"
    r"|all (?:of )?(?:the |your |our |these |those )?(?:three|two|four|five|\d |open |outstanding |overdue |unpaid )?(?:invoices|items|three|bills|of them|outstanding)|all (?:three|four)\b|both (?:invoices|items|bills|of them|are|were|have|went|will)|(?:the )?(?:whole|full|entire|total) (?:of the )?(?:outstanding )?(?:balance|account|amount (?:due|outstanding)|outstanding)|everything (?:open|outstanding|overdue|due|on|you|that|is|was|has|we|will)|the lot\b(?! to (?:your|the) )|the total outstanding|(?:balance|account) in full|clear(?:ed|ing)? (?:the|our|your) (?:whole |full |entire )?(?:account|balance)|the whole account|what we owe you|everything we owe|your balance"
    r"|alle (?:drei|vier|zwei|offenen|rechnungen|posten|openstaande|facturen|drie)|samtliche|beide rechnungen|der gesamte (?:saldo|betrag)|alle (?:offenen )?rechnungen|gesamtbetrag|todas (?:las|sus) facturas|las (?:tres|dos) facturas|la totalidad|todo el saldo|tutte (?:le|e tre)(?: vostre)?(?: fatture)?|l'intero (?:saldo|importo)|het (?:hele|volledige) (?:saldo|bedrag))\b"
)
_REST = re.compile(
    r"\b(?:le reste|le restant|le solde|les autres(?: factures)?|l'autre(?! (?:moitie|compte|jour|cote|banque|service|site|adresse|mail|fois|bout|main))|celles? qui restent?|les suivantes|la derniere|les deux autres|the rest|the others?(?! (?:\d|big|small|large|two|three|four|five|six|seven|eight|nine|ten|day|week|side|hand|party)\b)(?!\s(?:hand|side|day|week|party)\b)|the remaining(?: (?:invoices?|items?|bills?|balance))?(?! ?(?:[€£$\d]|on\b|of\b|two never|three never))|the remainder|the balance|the other (?:one|two|invoices?)|remaining (?:invoices?|balance|items?)|der rest|die (?:anderen|ubrigen|restlichen)(?: rechnungen)?|die andere(?! halfte)|el resto|las (?:otras|demas)|la otra|il resto|le altre|l'altra(?! meta)|de rest|de andere(?:n)?(?! helft)|het restant)\b"
)
_MONTH_REF = re.compile(
    rf"\b(?:(?P<both>les deux|les trois|the two|the three|die beiden|both|deux|le|la|celles?|facture|factures|invoices?|bill|bills|the|ones?|die|quella|quelle|document|rechnung|rechnungen|facturas?|faturas?|fattura|fatture|factuur|facturen|your|votre|vos)\s(?:(?:d'|(?:de|du|of|from|for|vom|von|del|di|dated|datee|van)\s)(?:mois (?:de\s|d'))?|emise?s? en )(?P<month>{MONTH})(?!\s?\d{{1,2}}\b)(?: (?:et|and|und|y|e|en) (?:d'|(?:de|of|von|vom|van|del|di) )?(?P<second>{MONTH})(?!\s?\d{{1,2}}\b))?|\b(?P<poss>{MONTH})'s (?:invoices?|bill|bills|one)|\b(?P<and>{MONTH}) (?:and|et|und|en|e|y) (?P<poss2>{MONTH}) (?:invoices|bills|ones)|\b(?:the|your|our|that) (?P<named>{MONTH}) (?P<noun>ones?|bills?|invoices?)|\b(?P<glued>januar|februar|marz|april|mai|juni|juli|august|september|oktober|november|dezember|januari|februari|maart|mei|augustus|december)-?(?P<paper>rechnung|rechnungen|factuur|rekening|nota))\b"
)
_BY_ISSUE = re.compile(
    r"(?:factures?|invoices?|bills?|documents?|rechnung(?:en)?|factura|fattura|factuur|piece|celles?|the one|votre fact\w*)(?: \S{1,12}){0,2} (?:du|of|from|dated|datee du|emise le|issued (?:on )?|vom|del|van|en date du|de|dd\.?) ?(?:the )?$"
)


# Words of an order's name that many orders have.
_COMMON = frozenset(
    "rue avenue place ecole residence chantier projet bureau salle etage hotel maison batiment site street road house"
    " office order school commande lot marche salon cuisine accueil agence project store shop building floor room haus"
    " strasse platz schule straat plein via piazza scuola calle plaza escuela villa parc park jardin mairie bistrot".split()
)


_STREET = re.compile(
    r"\b(rue|avenue|av|place|bd|boulevard|allee|impasse|chemin|quai|route|street|road|lane|via|viale|calle|strasse|platz|weg|straat|plein)\b[^,;:\n]{0,18}$"
)


def by_site(
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
    return out + _of_several_orders(folded, orders, named, debtor)


_SEVERAL = re.compile(
    r"\b(?:(?P<count>deux|trois|quatre|two|three|four|both|zwei|beiden?|drei|dos|tres|due|tre|twee|drie|\d) )?(?:factures|invoices|bills|rechnungen|facturas|faturas|fatture|facturen)(?: (?!de\b|of\b)\S{1,9}){0,1} (?:du|de la|de|of|for|vom|von|del|della|van|da|do) (?:the |le |la |les |het |l')?(?:chantier|site|project|projet|job|cantiere|obra|bouwplaats|baustelle|werf)?\s?$"
)


def _of_several_orders(
    folded: str, orders: dict[str, list[str]], named: set[str], debtor: str
) -> list[FoundReference]:
    """The name that several orders share, told of several invoices: "les deux factures du chantier Lormoy"."""
    out = []
    words = {w for order in orders for w in re.findall(r"[a-z]{4,}", order) if w not in debtor and w not in _COMMON}
    for word in sorted(words):
        of_it = tuple(n for order, numbers in orders.items() if word in order for n in numbers)
        if not 1 < sum(word in order for order in orders) < len(orders) or named & set(of_it):
            continue
        for m in re.finditer(rf"(?<![\w@.]){word}(?![\w@]|\.[a-z])", folded):
            told = _SEVERAL.search(folded[max(0, m.start() - 70) : m.start()])
            if told and _COUNTS.get(told["count"] or "", len(of_it)) == len(of_it):
                out.append(FoundReference(m.start(), m.end(), m[0], of_it, "site"))
                break
    return out


_A_BILL = re.compile(r"\s(?:one|invoice|bill)\b")


def by_issue(
    folded: str, items: Sequence[KnownItem], dates: Sequence[FoundDate], found: Sequence[FoundReference]
) -> list[FoundReference]:
    out = []
    named = {n for f in found for n in f.numbers}
    for d in dates:
        if (
            _BY_ISSUE.search(folded[max(0, d.start - 60) : d.start])
            or _BY_ISSUE.search(folded[max(0, d.start - 60) : d.start + 4].rstrip("0123456789"))
            or _A_BILL.match(folded, d.end)  # "the October 20th one"
        ):
            same = [i.number for i in items if i.issued_on in (d.past, d.future)]
            if len(same) == 1 and same[0] not in named:
                out.append(FoundReference(d.start, d.end, d.words, (same[0],), "issued"))
    for m in _MONTH_REF.finditer(folded):
        told = [w for w in (m["month"], m["second"], m["poss"], m["and"], m["poss2"], m["named"], m["glued"]) if w]
        months = {MONTH_OF.get(word.rstrip(".")) for word in told}
        same = [i.number for i in items if i.issued_on.month in months]
        plural = bool(
            m["and"]
            or m["second"]
            or (m["noun"] or m["paper"] or "").endswith(("s", "en"))
            or re.match(
                r"les|the two|the three|die beiden|both|deux|celles|factures|invoices|rechnungen|facturas|faturas|fatture|facturen|bills|vos|ones",
                m["both"] or "",
            )
        )
        if same and (len(same) == 1 or plural):
            out.append(FoundReference(m.start(), m.end(), m[0], tuple(same), "issued"))
    return out


_BUT_ONE = re.compile(
    r"(?:\s\S{1,12}){0,4}\s(?:bar|except|save|apart from|other than|sauf|hormis|a part|excepte|ausser|bis auf|salvo|excepto|tranne|behalve)\b"
)


def all_but(folded: str, items: Sequence[KnownItem], found: Sequence[FoundReference]) -> list[FoundReference]:
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


_HALVES = re.compile(r"\b(?:halves|instal?ments|parts|payments|tranches)\b")


def everything(
    folded: str, items: Sequence[KnownItem], found: Sequence[FoundReference], amounts: Sequence[FoundAmount] = ()
) -> list[FoundReference]:
    out = []
    for m in _ALL.finditer(folded):
        counted = re.search(r"\b(?:deux|two|both|zwei|beide|dos)\b", m[0])
        if counted and m[0].startswith("both ") and _HALVES.search(folded):
            continue  # the two parts of a payment
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
        if re.match(r"(?: one)?[,:]?\s?\(?(?:la |the |die |de )?(?:[a-z]{0,6}[-/]?\d{2}|[€£]?\d{1,3}[.,]\d{3})", folded[m.end() :]):
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
            beside = [f for f in found if f.how == "number" and 0 <= m.start() - f.end <= 160]
            if m[0] in ("le solde", "the balance", "le restant") and len({n for f in beside for n in f.numbers}) == 1:
                continue  # "the headboards (…1197) come off. The balance waits": that of the one just named
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


def ordinals(folded: str, found: Sequence[FoundReference]) -> list[FoundReference]:
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
        2: "deux|two|zwei|beiden|due|dos|duas|dois|twee|2|couple of", 3: "trois|three|drei|tre|tres|drie|3",
        4: "quatre|four|vier|quattro|cuatro|quatro|4",
    }.items()
    for word in words.split("|")
}  # fmt: skip
_COUNT = "(?:" + "|".join(_COUNTS) + ")"
_NO_INVOICE = r"(?!\s(?:fois|semaines?|jours?|relances?|rappels?|mois|annees?|quinzaine|moitie|echeances?|mensualites?|traites?|versements?|weeks?|days?|months?|years?|times?|reminders?|half|payments?|instal\w*|e-?mails?|messages?|calls?|letters?|tage|wochen|monate|mahnung\w*|keer|weken|dagen|volte|settimane|giorni|veces|semanas|dias|rate|plazos|cuotas|chairs|chaises|livraisons?|deliver\w*|clients?|points?))"
_ENDS = re.compile(
    rf"\b(?:les|vos|the|your|die|le|las|los|as|os|de|ihre)\s(?:(?P<before>{_COUNT})\s)?(?:(?P<first>premieres?|plus anciennes|plus vieilles|first|oldest|ersten|altesten|prime|primeras|primeir[ao]s|eerste|oudste)|dernieres?|plus recentes|last|latest|most recent|letzten|jungsten|ultime|ultim[ao]s|laatste)(?:\s(?P<after>{_COUNT}))?\b{_NO_INVOICE}"
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
_OF_MONTH = re.compile(rf"\s(?:de|d'|of|from|vom|van|di|del)\s?({MONTH})")
_SIZES = re.compile(
    rf"\b(?:les|the|die|le|las|de) (?:(?P<before>{_COUNT}) )?(?:(?P<big>plus grosses|plus grandes|biggest|larger|largest|gross?ten|piu grandi|mas grandes|grootste)|plus petites|smaller|smallest|kleinsten|piu piccole|mas pequenas|kleinste)(?: (?P<after>{_COUNT}))?\b"
)
_SIZE = re.compile(
    r"\b(?:(?P<big>la (?:plus )?grosse|the (?:big|bigger|biggest|large|larger|largest)(?: one| invoice| bill| of the two)?|die gross?e(?:re)?|die gross?te|(?:del)?la (?:piu )?grossa|la (?:piu )?grande|la gorda|de grote)|(?P<small>la (?:plus )?petite|the (?:small|smaller|smallest|little)(?: one| invoice| bill| of the two)?|die kleine(?:re)?|la (?:piu )?piccola|la pequena|de kleine))"
    r"(?= (?:facture|rechnung|fattura|factura|factuur|a \d|(?:de|d'|of|from|vom|van|di) ?[a-z\d])|\s?(?:$|[,;:)!?\n]|\.(?:\s|$))|\s(?:je|j'|on|nous|vous|c'|elle|part|est|sera|suit|suivra|is|was|will|went|goes|ist|wird|geht|folgt|gaat|is|volgt|bespreek|doe|betaal|moet|laat|wacht|bespreche|zahle|va|e|sara|sale|paye\w*|regle\w*|vire\w*|apres|debut|fin|mi|on|next|in|at|by|will|meta|des|zahle|doe|today|now|yesterday|hier|lundi|mardi|mercredi|jeudi|vendredi|demain|la semaine|en|au|le|monday|tuesday|wednesday|thursday|friday|the|no|la|del)\b)"
)


_THAT_OF = re.compile(r"\s?[,(]\s?(?:celle|the one|die|quella|la de|die van|a de)\b")


def of_our_list(folded: str, items: Sequence[KnownItem], found: Sequence[FoundReference]) -> list[FoundReference]:
    """'The last two on your list', 'la plus ancienne', 'la grosse': places in the list that our reminders show, oldest due first."""
    if not 2 <= len(items) <= 20:
        return []
    listed = [i.number for i in sorted(items, key=lambda i: (i.due_on, i.issued_on, i.number))]
    out: list[FoundReference] = []

    def add(m: re.Match[str], numbers: Sequence[str]) -> None:
        beside = {n for f in found if m.start() - 4 <= f.start <= m.end() + (28 if _THAT_OF.match(folded, m.end()) else 10) for n in f.numbers}
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
            [i for i in items if month and i.issued_on.month == MONTH_OF.get(month[1].rstrip("."))] if month else items
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
    return [f for f in out if not (told and set(f.numbers) <= told)]
