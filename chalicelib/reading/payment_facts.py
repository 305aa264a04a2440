# ruff: noqa: E501  (one row of a table of phrases is one line)
"""The facts of a payment: its day, its amount, the client's reference."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from chalicelib.reading import amounts as amounts_
from chalicelib.reading import dates as dates_
from chalicelib.reading import phrases as p
from chalicelib.reading.clauses import Clause
from chalicelib.reading.talk import Talk

PRONOUN = re.compile(
    r"^\W*(?:(?:or|and|but|et|mais|ou|donc|so|then|puis)\s)?(?:elles?|ils?|ce(?:lle|lui)?-?c?i?|cela|ca|le tout|la somme|le (?:reglement|virement|paiement|montant)|it|this|that|they|these|the (?:payment|amount|transfer|money)|sie|es|dies|esta|este|questa|deze|het|dat|nous|on|je|we|i|both|all|dont|le cheque|virement|paiement|reglement|payment|transfer|settled|paid)\b"
)
_KEYED_AMOUNT = re.compile(
    r"\W*(?:montant|amount|importo|importe|betrag|bedrag|net (?:paye|vire|paid|amount)|net|gross|totale?|totaal|summe|sum)\b[^\n]{0,40}\d"
)
_SET_AGAINST = re.compile(
    r"\b(?:against|(?<=\d )of the|(?<=\d )des|in place of|von den|van de|de los|dei|statt|anstatt|davon|dont|of which|di cui|waarvan|de los cuales|sur les|facture de|invoice (?:of|for))\s(?:€ ?|£ ?|eur )?$"
)
_REFERENCE_LEAD = re.compile(
    r"(?:\b(?:ref(?:erence|s)?|reference (?:de |du )?(?:virement|paiement|notre)|libelle|intitule|sous (?:le |la )?(?:n[o°]|numero|reference|ref)|cro|trn|ordre(?: de virement)?|avis|swift|end.to.end|sepa|our doc|doc|beleg(?:nummer)?|zahlungsbeleg|verwendungszweck|kenmerk|referencia|riferimento|transaction(?: id)?|confirmation|remise|mandat[oi]?|piece(?: de paiement)?|trace|batch|eft|betaalkenmerk|communication|bordereau|bacs|chaps|wire|ach|payment|paiement|virement|vir|transfer|uberweisung|bank transfer|under|sous|lot|cheque|check|chq|chk|ck)\b)(?:\s?(?:n\s?°|n°|no\.?|nos\.?|nr\.?|num\.?|numero|number|#|id|ref\.?|reference|bancaire|:|-|=|\.|sepa|du \S{1,12}|de virement|de paiement|is|est))*\s*[:#(]?\s*"
)
_REFERENCE_TOKEN = re.compile(r"#?([a-z]{2,4} [a-z]{2,4} \d{3,8}|[a-z0-9][a-z0-9]*(?:[-/._][a-z0-9]+)*)")


# A payment is issued, too, and a bill of exchange pays on the day it falls due.
_SENT_MONEY = re.compile(
    r"\b(?:virements?|cheques?|paiements?|reglements?|versements?|mandats?|ordres?|bordereaux?|avis)\b"
)
_BILL = re.compile(
    r"\b(?:(?:when|as) it falls due|lcr|bor|traites?|effets?|billet a ordre|lettre de change|domicili\w+|echeance du|a echeance|a l'echeance|bill of exchange|wechsel|pagare|riba|ri\.ba|cambiale)\b"
)


def day_of(talk: Talk, index: int, clause: Clause, sentence: str, *, past: bool) -> tuple[date | None, bool, bool]:
    """The day the money leaves or left, whether that is certain, whether it is a vague 'soon'."""
    base = talk.ground.base
    candidates = [d for d in clause.dates if not other_day(talk, clause, d)]
    if not candidates:
        same = [c for c in talk.clauses if c.sentence == clause.sentence and c is not clause]
        taken = {s.clause for s in talk.statements}
        for other in same:
            if other.index not in taken and not p.ARRIVES.search(other.text):
                candidates += [d for d in other.dates if not other_day(talk, other, d) and not d.weak]
    if not past and candidates and all(d.future is None or d.future <= base for d in candidates):
        taken = {s.clause for s in talk.statements}
        for i, other in enumerate(talk.clauses):
            near = other.sentence == clause.sentence or (
                other.sentence == clause.sentence + 1 and not other.numbers and _LEAVES.search(other.text)
            )
            if near and i > index and i not in taken:
                candidates = candidates + [
                    d for d in other.dates if d.future and d.future > base and not other_day(talk, other, d)
                ]
    if not candidates and re.search(
        r"\b(?:ce (?:meme )?jour.la|le (?:meme|meme) jour|le jour meme|that (?:same )?day|same day|am selben tag|ese (?:mismo )?dia|lo stesso giorno|dezelfde dag|a cette date|on that date|by then|d'ici la)\b",
        sentence,
    ):
        earlier = [d for c in talk.clauses[:index] for d in c.dates]
        candidates = earlier[-1:]
    vague = any(d.vague for d in candidates)
    chosen: list[tuple[date, bool, dates_.FoundDate]] = []
    for d in candidates:
        on = d.on(past=past)
        if on is None or d.vague:
            continue
        if past and on > base + timedelta(14):
            continue
        chosen.append((on, d.certain, d))
    if past:  # "paid on the 9th, the rest on the 4th": what is still to come is another payment's day
        chosen = [c for c in chosen if c[0] <= base] or chosen
    if not chosen and not vague and not past and index:
        before = talk.clauses[index - 1]  # "our next run is on Friday the 8th; yours will be in it"
        runs = [d.future for d in before.dates if d.future and d.future > base and not other_day(talk, before, d)]
        if _RUN.search(before.text) and len(runs) == 1 and not any(s.clause == index - 1 for s in talk.statements):
            return runs[0], True, False
    if not chosen:
        following = [c for c in talk.clauses[index + 1 : index + 3] if c.sentence <= clause.sentence + 1]
        for c in following:
            if (
                not vague
                and c.dates
                and len(c.text) < 60
                and not any(s.clause == c.index for s in talk.statements)
                and not c.numbers
                and re.match(
                    r"\s*(?:date|le|on|am|ce sera|it will|value|valeur|prevu|probablement|normalement|sans doute|au plus tard|at the latest)\b",
                    c.text,
                )
            ):
                for d in c.dates:
                    on = d.on(past=past)
                    if on is not None and not other_day(talk, c, d):
                        return on, d.certain, False
        return None, True, vague
    if len(chosen) > 1 and any(re.search(r"\d", c[2].words) for c in chosen):
        # "the month end run on the 29th"; but "the 30th and the balance at the end of July"
        chosen = [c for c in chosen if re.search(r"\d", c[2].words) or dates_.NAMES_A_MONTH.search(c[2].words)]
    if len(chosen) > 1:  # "I had said the 20th, but it will be the 27th"
        turns = [m.start() + clause.start for m in _BUT.finditer(clause.text)]
        chosen = [c for c in chosen if turns and c[2].start > turns[-1]] or chosen
    if len(chosen) > 1:
        leaving = [c for c in chosen if not arrival(talk, clause, c[2])]
        chosen = leaving or chosen
    if past:
        value = [
            c
            for c in chosen
            if re.search(
                r"\b(?:valeur|value|execut\w+|wertstellung|valuta)\W{0,3}(?:date|le|du|on)?\W{0,3}$",
                talk.folded[max(0, c[2].start - 22) : c[2].start],
            )
        ]
        chosen = value or chosen
    if not past:
        dated = [c for c in chosen if re.search(r"\d", c[2].words)]
        latest = [c for c in dated if _AT_LATEST.search(talk.folded[max(0, c[2].start - 22) : c[2].start])]
        chosen = latest or chosen  # "at the end of May, on Friday the 28th at the latest"
    best = max(chosen, key=lambda c: c[0])
    if not past and _THIS_MONTH.fullmatch(best[2].words):
        best = next((day for day in _pay_days(talk, index) if day[0] <= best[0]), best)
    spread = {c[0] for c in chosen}
    certain = best[1] and (len(spread) == 1 or not past or len(spread) <= 2)
    return best[0], certain, False


_AT_LATEST = re.compile(r"\b(?:au plus tard|at the latest|spatestens|uiterlijk|a mas tardar|al piu tardi|no mais tardar)(?: (?:le|on|am|op|el|il))?\s$")
_THIS_MONTH = re.compile(r"(?:de |in |en |of |du |questo |van )?(?:este mes|this month|ce mois(?:-ci)?|diesen monat|deze maand|questo mese|este mes)")
_PAY_DAY = re.compile(
    r"\b(?:dias? de pago|jours? de paiement|pay(?:ment)? ?days?|zahltage?|betaaldag(?:en)?|giorn[oi] di pagamento|dias? de pagamento)\b"
)


def _pay_days(talk: Talk, index: int) -> Iterator[tuple[date, bool, dates_.FoundDate]]:
    """Days of a house's payments that an earlier sentence told: "our day is the 25th. It is in this month's run"."""
    for clause in talk.clauses[:index]:
        if _PAY_DAY.search(clause.text):
            yield from ((d.future, d.certain, d) for d in clause.dates if d.future and d.future >= talk.ground.base)


# "If the meeting of the 8th votes it": the day of the condition is no day of payment.
_IF = re.compile(
    r"\b(?:si|s'il|s'ils|if|wenn|falls|sofern|indien|sous reserve|provided)\b(?!-?\d)(?! (?:possible|tout|all|due|moglich|mogelijk))[^,;]{0,60}$"
)
_RUN = re.compile(
    r"\b(?:runs?|campagnes?|echeance|bordereau|zahllauf|zahlungslauf|betaalronde|betaalrun|remesa|distinta|next payments?|prochains? (?:paiements?|reglements?|virements?))\b"
)
_BUT = re.compile(
    r"\b(?:mais|finalement|en fait|but|instead|actually|aber|sondern|doch|maar|toch|pero|sino|finalmente|al final|ma|invece|alla fine)\b"
)
_LEAVES = re.compile(
    r"\b(?:funds|money|payment|transfer|it|virement|paiement|argent|fonds|reglement|geld|zahlung|betaling|dinero|pago|denaro|pagamento)\b[^.]{0,30}\b(?:leaves?|goes?|out|part|partira|sera|sort|sortira|will|prevu|raus|geht|erfolgt|gaat|volgt|sale|saldra|parte|partira)\b"
)


# "Cheque 000871 dated 11 March": the day of a payment, as no other paper's date is.
_CHEQUE_OF = re.compile(
    r"\b(?:cheque|check|scheck|assegno|virement|transfer|payment|bonifico|transferencia) (?:(?:n° ?|no\.? ?|number )?[\w/-]{2,20} )?(?:dated|date du|en date du|du|vom|del|van|of)\s$"
)


# "It was approved on the 11th": the day on which a house said yes.
_CHECKED = re.compile(
    r"\b(?:entro(?: en \w+)?|llego|registrad[oa]|enregistree?|comptabilisee?|arrivee?|received|booked|logged|eingegangen|erfasst|ontvangen|geboekt|registrata|ricevuta|pervenuta|conform(?:aron|o|ado)|aprob(?:aron|o|ado)|approved|signed(?: off)?|visee?|validee?|signee?|bonne a payer|freigegeben|goedgekeurd|approvat[ao]|aprovad[ao])\s(?:el|le|the|on|on the|am|il|op|op de|a|dia)\s$"
)


# "Our days are the 10th and the 25th of each month", "the 10th we do not manage".
_HABITUAL = re.compile(
    r"(?: (?:y|et|and|und|en|e) (?:el |le |the |am |de |il )?\d{1,2}(?:th|\.|e)?)? (?:de cada mes|de chaque mois|of (?:each|every) month|jeden monats|di ogni mese|van elke maand)\b| (?:no|non|nicht|not|niet) (?!later|before|piu|mas|spater)"
)
# "We are closed until the 5th": the day on which a house opens again.
_SHUT = re.compile(
    r"\b(?:ferm\w+|clos\w+|shut|geschlossen|gesloten|chius\w+|chiudiamo|cerra\w+|fecha\w+)(?: \S{1,9}){0,2}? (?:jusqu'?\S{0,2}|until|till|bis|tot|fino|hasta|ate)\b(?: \S{1,6}){0,2}$|\b(?:ferm\w+|clos\w+|shut|geschlossen|gesloten|chius\w+|chiudiamo|cerra\w+|fecha\w+)(?: \S{1,9}){0,2}? (?:jusqu'?\S{0,2}|until|till|bis|tot|fino|hasta|ate) "
)


def other_day(talk: Talk, clause: Clause, d: dates_.FoundDate) -> bool:
    """A date of an invoice, a delivery, a letter: not the day of a payment."""
    article = re.match(r"(?:le|du|au|the|on|of|am|vom|el|il|del|de|depuis le|des le|pour le|avant le)\s", d.words)
    before = talk.folded[max(clause.start, d.start - 44) : d.start] + (article[0] if article else "")
    if any(r.start <= d.start < r.end for r in clause.references if r.how == "issued"):
        return True
    if _CHEQUE_OF.search(before):
        return False
    if clause.row and len(clause.dates) > 1:  # a row repeats what our list says of the invoice
        ours = {day for i in talk.ground.items if i.number in clause.numbers for day in (i.issued_on, i.due_on)}
        if d.past == d.future and d.past in ours:
            return True
    if d.weak and _HABITUAL.match(talk.folded, d.end):
        return True
    if (d.weak and _CHECKED.search(before)) or _SHUT.search(before + d.words[:12]):
        return True
    if _IF.search(talk.folded[max(clause.start, d.start - 90) : d.start]):  # as far back as it looks
        return True
    if re.search(
        r"\b(?:echue?s? (?:le|au|du|depuis)|scad\w+ (?:il|el)?|vence|vervalt(?: op)?|echeance|due|fallig|payable|emise?s? (?:le|du)|dated|datee?s? du|factures? (?:\S{1,20} )?(?:du\b|de\b|d')|invoices? (?:\S{1,20} )?(?:of|dated|from)|\d (?:€ |euros? |eur )?du|rechnung (?:\S{1,20} )?vom|livre\w* (?:le|du)|delivered on|commande (?:\S{1,14} )?du|order (?:\S{1,14} )?of|relance du|mail du|courriel du|message du|courrier du|reminder of|letter of|email of|your (?:mail|email|letter|message) of|releve (?:au|du)|statement of|as at|depuis le mail|(?:courriel|mail|message|e-mail|email) (?:du|le|of|vom|del|van)|honoree du|devis (?:\S{1,10} )?du|quotation of|quote of|bon de livraison (?:\S{1,10} )?du|bl (?:\S{1,10} )?du|avoir (?:\S{1,10} )?du|loyers rentrent|reunion|conseil|meeting|absent\w*|conges?|ferme\w*|holiday|closed|on leave)\s?(?:le|du|on|of|the|au|:|d)?\s?\S{0,6}$",
        before,
    ):
        if re.search(
            r"\b(?:payment|transfer|remittance|proof of payment|cheque|check|paiement|virement|reglement|versement|avis de virement|ordre de virement|uberweisungsbeleg|uberweisung|zahlung|pago|transferencia|bonifico|betaling)\s(?:\S{1,12}\s)?(?:dated|of|du|de|en date du|vom|del|van)\s(?:the |le )?$",
            before,
        ):
            return False
        told = talk.folded[clause.start : d.start]
        if re.search(r"\bemise?s? (?:le|du)\s?$", before):
            return not _SENT_MONEY.search(told)
        if (
            re.search(r"\bpayable (?:le|au|on|by|the)?\s?(?:the\s)?$", before)
            and d.future
            and d.future > talk.ground.base
        ):
            return False
        return not _BILL.search(told) or bool(re.search(r"echue", before))
    return False


def arrival(talk: Talk, clause: Clause, d: dates_.FoundDate) -> bool:
    piece = re.split(r"[,;(]|\bet\b|\band\b|\bund\b", talk.folded[max(clause.start, d.start - 200) : d.start])[-1]
    tail = talk.folded[d.end : d.end + 30]
    return bool(
        p.ARRIVES.search(piece)
        or re.match(r"\s?(?:chez vous|bei ihnen|in your account|with you|sur votre compte)", tail)
    )


_LESS = re.compile(
    r"\b(?:moins|less|minus|abzuglich|meno|menos|min|apres deduction|after deducting|deduit\w*)\b|(?<![,.])[-–]\s"
)


_EQUALS = re.compile(r"(?:=|\b(?:soit|so|donc|makes|equals|also|macht|dus|quindi|totale|total))\s?(?:€|£|\$|eur|gbp|usd|chf)?\s?$")


def _net(clause: Clause) -> Decimal | None:
    """Of "5 664,00 (6 384,00 moins l'avoir de 720,00)" what is left, where all of them stand there."""
    values = list(dict.fromkeys(a.value for a in clause.amounts))
    if len(values) == 2 and _LESS.search(clause.text) and values[1] < values[0]:  # "1 918.00 less 2 % = 1 879.64"
        last = clause.amounts[-1]
        if last.value == values[1] and _EQUALS.search(clause.text[: last.start - clause.start]):
            return values[1]
    if 3 <= len(values) <= 5 and _LESS.search(clause.text):
        gross = max(values)
        nets = [v for v in values if v != gross and gross - sum(w for w in values if w not in (gross, v)) == v]
        return max(nets, default=None)  # of what is left and what was taken off, the greater
    return None


def amount_of(talk: Talk, index: int, clause: Clause) -> Decimal | None:
    net = _net(clause)
    if net is not None:
        return net
    usable = usable_amounts(talk, clause)
    if not usable and not clause.row:
        taken = {s.clause for s in talk.statements}
        same = [
            c for c in talk.clauses if c.sentence == clause.sentence and c is not clause and c.index not in taken
        ]
        net = next((n for n in map(_net, same) if n is not None), None)
        if net is not None:
            return net
        for other in same:
            usable += usable_amounts(talk, other)
    if not usable and not clause.references and index:
        earlier = [c for c in talk.clauses[:index] if c.sentence == clause.sentence - 1]
        taken = {s.clause for s in talk.statements}
        if earlier and all(c.index not in taken for c in earlier):
            usable = [a for c in earlier for a in usable_amounts(talk, c)]
            if not PRONOUN.search(clause.text) and not (
                len(usable) == 1 and any(usable[0].value == i.amount for i in talk.ground.items)
            ):
                usable = []
    if not usable and index + 1 < len(talk.clauses):
        below = talk.clauses[index + 1]
        if len(below.amounts) == 1 and len(below.text.strip()) < len(below.amounts[0].words) + 6:
            usable = list(below.amounts)  # "paid yesterday", and the sum on the next line
    if not usable:
        keyed = {
            a.value for c in talk.clauses if _KEYED_AMOUNT.match(c.text) and not c.references for a in c.amounts[-1:]
        }
        return keyed.pop() if len(keyed) == 1 else None
    if _one_after_another(talk, clause):
        return sum((a.value for a in clause.amounts), Decimal(0))
    if len(usable) > 1 and not clause.row:
        whole = _stated_whole(talk, clause, usable)
        if whole is not None:
            return whole
    if len(usable) > 1 and not clause.row and not _listed(talk.folded, usable):
        verb = p.PAID.search(clause.text) or p.WILL_PAY.search(clause.text) or p.PAY_STEM.search(clause.text)
        if verb:
            at = clause.start + verb.start()
            usable = [min(usable, key=lambda a: (abs(a.start - at), a.start))]
    return _total([a.value for a in usable], [i.amount for i in talk.ground.items])


_WHOLE_BEFORE = re.compile(
    r"\b(?:soit|total\w*|au total|en tout|donc|totall?ing|altogether|together|in all|insgesamt|zusammen|gesamt|summe|ensemble|ca fera|ca fait|ca faisait|that makes|makes|das macht|macht|dat maakt|samen|totaal|in totale|totale|en total|juntas?|insieme|=)(?: (?:un |de |of |a |di |von |:|=))?\W{0,3}$"
)
_WHOLE_AFTER = re.compile(
    r"\s?(?:ttc |€ )?(?:en tout|all in|all told|in tutto|en todo|au total|in total|total|in all|altogether|together|a elles (?:deux|trois)|zusammen|insgesamt|in totale|en total|samen|in totaal|insieme)\b"
)


def _one_after_another(talk: Talk, clause: Clause) -> bool:
    """ "1225 on the 10th and 1225 on Christmas Eve": as many sums as days, each beside its own, that make up an invoice."""
    days = [d for d in clause.dates if not d.vague and not other_day(talk, clause, d)]
    if not 2 <= len(clause.amounts) == len(days):
        return False
    order = sorted([(a.start, "sum") for a in clause.amounts] + [(d.start, "day") for d in days])
    kinds = [kind for _, kind in order]
    total = sum((a.value for a in clause.amounts), Decimal(0))
    base = talk.ground.base
    behind = [d for d in days if d.future is None or (d.past == d.future and d.past and d.past <= base)]
    return (
        len(behind) in (0, len(days))
        and all(a != b for a, b in pairwise(kinds))
        and any(i.amount == total for i in talk.ground.items)
    )


def told_as_whole(folded: str, start: int, end: int) -> bool:
    """Whether the words around a number say that it is all of them together."""
    return bool(_WHOLE_BEFORE.search(folded[max(0, start - 24) : start]) or _WHOLE_AFTER.match(folded, end))


def _stated_whole(talk: Talk, clause: Clause, usable: Sequence[amounts_.FoundAmount]) -> Decimal | None:
    """Of several amounts the one that is said, or adds up, to be all of them: "1 320 each, so 2 640", "£3,396.20, which
    is A in full plus £3,000 on account of B"."""
    told = [a for a in usable if told_as_whole(talk.folded, a.start, a.end)]
    largest = max(a.value for a in usable)
    if len({a.value for a in told}) == 1 and told[0].value == largest:
        return largest
    owed = {i.number: i.amount for i in talk.ground.items}
    if len(clause.numbers) > 1 and sum((owed.get(n, Decimal(0)) for n in clause.numbers), Decimal(0)) == largest:
        return largest  # "both of 7 344,60: 14 689,20 on the 10th"
    others = sum({a.value for a in usable} - {largest}, Decimal(0))
    named = {n for r in clause.references if r.how != "amount" for n in r.numbers}
    if any(i.number in named and i.amount + others == largest for i in talk.ground.items):
        return largest
    return None


REMAINS = re.compile(
    r"\b(?:restants?|reste|solde(?: restant)?(?: de)?|remaining|remainder of|balance of|restliche\w?|resto de|saldo di|resterende)(?: donc| encore| a payer)?\s?\S{0,3}$"
)


_AS_I_DO = re.compile(
    r"\b(?:que|qu'on) (?:je |on |nous )?(?:\S{1,6} )?(?:fais|ferai|fait|fera|paie|paierai|vire|virerai|regle|reglerai|solde|solderai)\b"
)
_TIMES = re.compile(r"\d ?[x×*] ?[€£$]?$")  # "15 x 24 €": a price, no sum


def _is_balance(talk: Talk, clause: Clause, a: amounts_.FoundAmount) -> bool:
    """'3 756,00 on the 1190 (4 056,00)': the balance in brackets behind its number."""
    return (
        talk.folded[a.start - 1 : a.start] == "("
        and any(r.how == "number" and 1 <= a.start - r.end <= 3 for r in clause.references)
        and a.value in {i.amount for i in talk.ground.items}
    )


def usable_amounts(talk: Talk, clause: Clause) -> list[amounts_.FoundAmount]:
    """Amounts that may be what is paid: not what remains, not unit prices, not what was billed before."""
    usable = []
    for a in clause.amounts:
        before = talk.folded[max(clause.start, a.start - 40) : a.start]
        if re.search(
            r"\b(?:reste(?:ra|rait|nt)?|restants?|solde (?:de|restant)|il reste|remain\w*|balance of|leaving|moins|less|minus|hors|sauf|frais|penalites?|indemnite|interets?|interest|fee|skonto\w*|escompte|avoir (?:de|n\S* de)|(?:nc|nota di credito|nota de credito|gutschrift|creditnota) (?:di|de|uber|von|van)|credit (?:note )?(?:of|for)|au lieu de|instead of|capital|discount|deduct\w*|deduction|deduit|retenue|remise)\s?(?:[^\s,]{0,3}\s?)?$",
            before,
        ) or _TIMES.search(before):
            continue
        if len(clause.amounts) > 1 and _is_balance(talk, clause, a):
            continue
        usable.append(a)
    if (
        not usable
        and len(clause.amounts) == 1
        and (
            p.WILL_PAY.search(clause.text)
            or _AS_I_DO.search(clause.text)
            or any(r.how in ("rest", "amount") for r in clause.references)
        )
        and REMAINS.search(talk.folded[max(clause.start, clause.amounts[0].start - 24) : clause.amounts[0].start])
    ):
        usable.append(clause.amounts[0])  # "the remaining 7,480.00 will be paid"
    if len(usable) > 1:  # what it is set against, or a part of it, counts only where nothing else is said
        apart = [a for a in usable if not _SET_AGAINST.search(talk.folded[max(clause.start, a.start - 24) : a.start])]
        usable = apart or usable
    values = {a.value for a in usable}
    return [a for i, a in enumerate(usable) if a.value in values and a.value not in {b.value for b in usable[:i]}]


def reference_of(talk: Talk, index: int, clause: Clause) -> str | None:
    start, end = clause.start, clause.end
    return (
        payment_reference(talk.folded[start:end], [r.words for r in clause.references], clause, start)
        or reference_nearby(talk, index, clause)
        or _lone_token(talk, clause)
    )


_STRUCTURED = re.compile(r"\+{3}\d{3}/\d{4}/\d{5}\+{3}")  # the Belgian communication of a transfer
_TOKEN = re.compile(r"(?<![\w./@-])([a-z]{1,6}[-/]?\d[\da-z]*(?:[-/]\d[\da-z]*)*)(?![\w@]|[./-]\w)")


def _lone_token(talk: Talk, clause: Clause) -> str | None:
    """The one number with letters in the sentence of a payment that is no invoice, order, sum or day: "(HAG2605/018)"."""
    inside = [c for c in talk.clauses if c.sentence == clause.sentence]
    start, end = inside[0].start, inside[-1].end
    structured = _STRUCTURED.search(talk.folded, start, end)
    if structured:
        return structured[0]
    taken = [(f.start, f.end) for c in inside for f in c.references] + [
        (a.start, a.end) for c in inside for a in c.amounts
    ]
    taken += [(d.start, d.end) for c in inside for d in c.dates]
    orders = {re.sub(r"[^a-z0-9]", "", (i.purchase_order or "").lower()) for i in talk.ground.items}
    found = {
        m[1]
        for m in _TOKEN.finditer(talk.folded, start, end)
        if len(re.sub(r"\D", "", m[1])) >= 3
        and not any(s < m.end() and m.start() < e for s, e in taken)
        and re.sub(r"[^a-z0-9]", "", m[1]) not in orders
        and not _NOT_OF_A_PAYMENT.search(talk.folded[max(start, m.start() - 18) : m.start()])
    }
    return found.pop().upper() if len(found) == 1 else None


_NOT_OF_A_PAYMENT = re.compile(
    r"\b(?:factures?|invoices?|rechnung(?:en)?|factuur|fattura|factura|commande|order|po|bon|bl|marche|avoir|credit note|note de (?:credit|debit)|compte|account|article|art\.?|iban|tva|vat|siret)\s?(?:n\s?°|no\.?|nr\.?|:|#)?\s?$"
)


def reference_nearby(talk: Talk, index: int, clause: Clause) -> str | None:
    for other in talk.clauses[index + 1 : index + 3]:
        if other.sentence <= clause.sentence + 1 and re.match(
            r"\W*(?:our |notre |sous |under |with |avec |la |the |payment |transfer )?\W*(?:ref|n°|reference|doc|libelle|ordre|cheque|check|vir\b|trn|cro|sous le|mandat|bacs|eft|ach|trace|batch|piece|bordereau|betaalkenmerk|kenmerk|verwendungszweck|communication)",
            other.text,
        ):
            found = payment_reference(other.text, [r.words for r in other.references], other, other.start)
            if found:
                return found
    return None


def _listed(folded: str, found: Sequence[amounts_.FoundAmount]) -> bool:
    """Amounts that stand side by side as a list: '409,81 + 564,31', 'A de 212,43 et B de 849,35', or with a total."""
    for first, second in pairwise(found):
        between = folded[first.end : second.start]
        if len(between) > 60 or re.search(
            r"\b(?:alors que|au lieu|instead|while|whereas|mais|but|for|pour une|n'est que|rather|reste|remain|not|et non|only|seulement)\b",
            between,
        ):
            return False
        if not re.search(
            r"\b(?:et|and|und|y|e|en|plus|puis|then|dann|poi|luego|soit|total|totalling|ensemble|respectivement|respectively)\b|[+&,=/(]",
            between,
        ):
            return False
    return True


def payment_reference(
    folded: str, invoices: Sequence[str], clause: Clause | None = None, offset: int = 0
) -> str | None:
    """The client's payment, transfer or cheque number in a clause, in capitals; None if there is none."""
    compact = {re.sub(r"[^a-z0-9]", "", w) for w in invoices}
    for lead in _REFERENCE_LEAD.finditer(folded):
        m = _REFERENCE_TOKEN.match(folded, lead.end())
        if not m:
            continue
        token = m[1].strip()
        bare = re.sub(r"[^a-z0-9]", "", token)
        if len(bare) < 3 or not re.search(r"\d", bare) or bare in compact:
            continue
        if re.fullmatch(r"\d{1,2}[/.-]\d{1,2}(?:[/.-]\d{2,4})?|20\d\d", token) or (
            len(bare) < 4 and not re.search(r"cheque|check|chq|ck", lead[0])
        ):
            continue
        if clause is not None:
            at = offset + m.start(1)
            if any(d.start <= at < d.end for d in clause.dates) or any(a.start <= at < a.end for a in clause.amounts):
                continue
        glued = re.search(r"\b([a-z]{2,6})-$", folded[: lead.end()])  # "BACS-78003" is one number
        return (f"{glued[1]}-{token}" if glued else token).upper()
    return None


def _total(values: Sequence[Decimal], balances: Sequence[Decimal]) -> Decimal | None:
    """Several amounts of one statement: the one that is the sum of the others, else their sum."""
    distinct = list(dict.fromkeys(v for v in values if v > 0))
    if not distinct:
        return None
    if len(distinct) == 1:
        return distinct[0]
    for v in distinct:
        rest = sum((o for o in distinct if o != v), Decimal(0))
        if rest == v:
            return v
    known = [v for v in distinct if v in balances]
    if known:
        return sum(known, Decimal(0))
    return sum(distinct, Decimal(0))
