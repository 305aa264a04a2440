# ruff: noqa: E501  (one row of a table of phrases is one line)
"""What a person must see before anything is done: every doubt about a reading, by its code (decision.py says them in words)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations
from typing import TYPE_CHECKING

from chalicelib.reading import advice as advice_
from chalicelib.reading import amounts, machine, words
from chalicelib.reading import phrases as p
from chalicelib.reading.dates import MONTH
from chalicelib.reading.fold import fold
from chalicelib.reading.intents import asks_something_else
from chalicelib.reading.model import Context, Dispute, InboundMessage, Intent, Promise, Remittance
from chalicelib.reading.payment_facts import REMAINS
from chalicelib.reading.statements import Said, Statement

if TYPE_CHECKING:
    from chalicelib.reading.reader import Draft

# What a program can do nothing about without knowing the invoice.
_ABOUT_INVOICES = frozenset({"promise_to_pay", "remittance", "dispute", "payment_plan_request", "document_request"})
_SEND = re.compile(
    r"\b(?:send|e-?mail|mail|forward|envoyer|renvoyer|transmettre|adresser|schicken|senden|mailen|(?:door|toe|op)(?:mailen|sturen)|bezorgen|zusenden|(?:re)?enviar|mandar|inviar\w*|mandar\w*|sturen|toesturen)\b"
)


def judge(
    draft: Draft,
    said: Said,
    advices: Sequence[tuple[str, advice_.Advice]],
    statements: Sequence[Statement],
    promise: Promise | None,
    remittance: Remittance | None,
    dispute: Dispute | None,
    invoices: Sequence[str],
    contacts: Sequence[str],
    intents: Sequence[Intent],
) -> None:
    """Add the code of every doubt to the draft's: about who wrote, about danger in the words, about the facts."""
    codes, message, context = draft.codes, draft.message, draft.context
    flags = said.flags
    if draft.verdict.trust == "failed":
        codes.append(draft.verdict.why)
    if context.authserv_id is not None and draft.verdict.trust == "unverified":
        codes.append("unverified")
    if (
        "instructions" in flags
        or (p.TO_A_MACHINE.search(fold(message.text[:20_000])) and p.TO_A_MACHINE.search(fold(_not_ours(draft.words))))
        or _hidden_instructions(message.html)
    ):
        codes.append("instructions-inside")
    codes += _sender_doubts(draft, promise, intents, advices, invoices)
    for intent in ("insolvency", "complaint"):
        if intent in intents:
            codes.append(intent)
    if not advices and _shouts(draft.own) and not machine.automatic(message):
        codes.append("hostile")
    if "trouble" in flags:
        codes.append("trouble")
    for flag in ("settlement", "legal", "bank-details", "refund", "hostile", "internal", "taken-back", "in-hand"):
        if flag in flags:
            codes.append(flag)
    if contacts and any(not draft.own_domain(c) for c in contacts):
        codes.append("contact-elsewhere")
    doubled = dispute is not None and dispute.reason == "duplicate" and bool(said.numbers) and len(said.foreign) == 1
    if (said.foreign and not doubled) or draft.subject.foreign:  # a duplicate is one of an invoice that is no more open
        codes.append("foreign-invoice")
    for _, a in advices:
        codes += a.problems
    postponed = {n for s in statements if s.intent == "payment_plan_request" for n in s.numbers}
    opposed = {n for s in statements if s.intent == "dispute" for n in s.numbers}
    told = {n for s in statements if s.intent in _ABOUT_INVOICES for n in s.numbers}
    waiting = {n for c in said.clauses if _WAITS.search(c.text) for n in c.numbers}
    if told and not advices and not told | waiting >= set(said.numbers):
        codes.append("invoice-unexplained")
    if "payment_plan_request" in intents and dispute and (postponed & opposed or not postponed or not opposed):
        codes.append("debt-not-acknowledged")
    if flags & {"insolvency-denied", "ill"} and "payment_plan_request" in intents:
        codes.append("trouble")
    documents = [a for _, a in advices if a.kind == "remittance"]
    _check_facts(draft, statements, promise, remittance, dispute, invoices, documents)
    if promise is not None and promise.date is None and not _plainly_promised(draft, statements):
        codes.append("promise-without-date")
    if (
        remittance is not None
        and remittance.date is None
        and remittance.amount is None
        and remittance.reference is None
        and not invoices
    ):
        codes.append("payment-unclear")
    if (
        remittance is not None
        and (remittance.amount, remittance.date, remittance.reference) == (None, None, None)
        and not advices
        and any(a.text for a in draft.attached)
    ):
        codes.append("unreadable-attachment")
    if (
        asks_something_else(said.clauses, statements)
        and not contacts
        and not ("document_request" in intents and _SEND.search(_questions(said)))
        and not re.match(r"(?:no|do)[-_.]?(?:t[-_.]?)?reply|ne-?pas|donotreply|do_not", message.sender or "")
    ):
        codes.append("question")
    if set(intents) & {"dispute", "document_request", "payment_plan_request"} and promise is None:
        flags = flags - {"conditional"}  # what it waits for is what is contested or asked for
    if dispute or "document_request" in intents:
        flags = flags - {"blocked"}  # the dispute says why, or the paper that is wanted
    if dispute and not any(c.question for c in said.clauses):
        flags = flags - {"payment-asked"}
    if not advices and _sum_overheard(said, statements, promise, remittance):
        codes.append("sum-unclear")
    for flag in ("conditional", "hearsay", "payment-asked", "blocked"):
        if flag in flags:
            codes.append(flag)
    if not intents:
        codes += ["question"] if "question" in flags else []
        codes.append("nothing-recognised")
    _check_parts(draft, intents, advices)


# An invoice that is on its way through the house, or not yet due: named beside the others, and nothing to be done.
_WAITS = re.compile(
    r"\b(?:approver|approval|en (?:cours|attente) d(?:e|'|u) ?(?:visa|verif\w*|valid\w*|approb\w*|controle|traitement|signature)|(?:chez|with) (?:the |le |la |mon |ma |notre |my |our )?(?:approver|valideur|chef|service|demandeur|buyer|acheteur|direct\w+|patron\w*|responsable|comptable|associe\w?|boss|manager|gerante?)|pour signature|for signature|tombe (?:que|a echeance)|il (?:ne )?reste(?:ra)?|rest\w+ (?:chez vous |plus |donc )*que|(?:pas|not) (?:encore |yet )?(?:validee?s?|visee?s?|signee?s?|approved|signed off)|(?:je |nous )?revi?en\w* vers vous|(?:come|get) back to you|look into|voy(?:ez|ons) mon (?:message|mail|courriel)|see my (?:message|e-?mail|mail)|melde mich|kom (?:ik|je|u)? ?(?:er)? ?op terug|vous (?:ecri\w+|recontact\w+|rappel\w+)|will (?:write|e-?mail|call) you|bespreek|besprech\w+|s'occupe|kummer\w+ sich|looks? after|regarde\w? (?:ca |cela )?avec|zoek(?:en)? (?:ik|we|wij)? ?(?:nog )?(?:op|uit)|navragen|nachfragen|(?:ask|check with) (?:my|our)|demander? a (?:mon|ma|notre)|chiedere a|preguntar a|pas (?:encore )?echue|pas encore dues?|n'est pas echue|not (?:yet )?due|feu vert|pending|under review|in review|in prufung|zur (?:freigabe|prufung)|noch nicht fallig|in behandeling|ter goedkeuring|in approvazione|in verifica|non (?:ancora )?scaduta|en tramite|en revision|no ha vencido)\b"
)
_WHEN_WE_CAN = re.compile(
    r"\b(?:quand|des que|lorsque|when|as soon as|once|sobald|zodra|cuando|appena) (?:je|on|nous|we|i|wir|ich|wij|ik)?\s?(?:le |la )?(?:peu|pourr|can|could|konn|kunnen|podamos|pueda|posso|possiamo)"
)


_ONCE = re.compile(
    r"\b(?:quand|des qu[e']|lorsque|une fois que|when|once|as soon as|sobald|wenn|zodra|cuando|en cuanto|quando|appena)[^.\n]{0,50}\b(?:est la|arrive\w*|tomb\w+|verse\w*|debloqu\w+|encaiss\w+|aura|auront|m'a|nous a|ont|has|have|pays?|paid|pay[ée]?e?r?|zahlt|gezahlt|bezahlt|heeft|hebben|betaald|teruggestort|paga\w*|cobr\w+|incass\w+|avra\w*|rembours\w+)\b"
)
_A_DAY = re.compile(rf"\b\d{{1,2}} {MONTH}")  # one that the calendar does not know: the promise would have it else


def _plainly_promised(draft: Draft, statements: Sequence[Statement]) -> bool:
    """Said in so many words, of a named invoice or sum: the program asks for the day by itself."""
    told = [s for s in statements if s.intent == "promise_to_pay"]
    return (
        bool(told)
        and not any(s.loose for s in told)
        and bool(draft.numbers or any(s.amount for s in told))
        and not _ONCE.search(fold(draft.own))
        and not any(d.future and not d.vague for c in draft.said.clauses for d in c.dates)
        and not _WHEN_WE_CAN.search(fold(draft.own))
        and not any(_A_DAY.search(fold(draft.own[s.start : s.end])) for s in told)
    )


def _sender_doubts(
    draft: Draft,
    promise: Promise | None,
    intents: Sequence[Intent],
    advices: Sequence[tuple[str, advice_.Advice]],
    invoices: Sequence[str],
) -> list[str]:
    message, context = draft.message, draft.context
    out: list[str] = []
    sender = message.sender or ""
    if draft.account is None and context.accounts:
        out.append("unknown-debtor")
    elif draft.account is not None and not draft.own_domain(sender) and sender not in draft.account.addresses:
        # A portal's notice is believed only as far as a promise, and only with the client's name in its domain.
        label = re.sub(r"[^a-z]", "", sender.rpartition("@")[2].split(".")[0])
        client = any(
            label and (label in re.sub(r"[^a-z]", "", d) or re.sub(r"[^a-z]", "", d.split(".")[0]) in label)
            for d in draft.account.domains
        )
        exact = (
            promise is not None
            and promise.amount is not None
            and any(i.amount == promise.amount and i.number in invoices for i in draft.items)
        )
        if not (client and len(label) >= 6 and tuple(intents) == ("promise_to_pay",) and exact):
            out.append("foreign-domain")
    for _, address in message.reply_to:
        domain = address.rpartition("@")[2].lower()
        if domain and domain != sender.rpartition("@")[2] and not draft.own_domain(address):
            out.append("reply-goes-elsewhere")
    own_id = (message.message_id or "").rpartition("@")[2].rstrip(">").lower()
    for other in context.accounts.values():
        if (
            draft.account is not None
            and other.account_id != draft.account.account_id
            and own_id
            and any(own_id == d or own_id.endswith("." + d) for d in other.domains)
        ):
            out.append("message-id-of-another")
    return out


def _check_facts(
    draft: Draft,
    statements: Sequence[Statement],
    promise: Promise | None,
    remittance: Remittance | None,
    dispute: Dispute | None,
    invoices: Sequence[str],
    documents: Sequence[advice_.Advice],
) -> None:
    codes = draft.codes
    known = {i.number: i for i in draft.items}
    if (
        promise is not None
        and promise.date is not None
        and (promise.date < draft.base or promise.date > draft.base + timedelta(150))
    ):
        codes.append("date-unlikely")
    if (
        remittance is not None
        and remittance.date is not None
        and (remittance.date > draft.base + advice_.SOON or remittance.date < draft.base - timedelta(200))
    ):
        codes.append("date-unlikely")
    if any(not s.certain for s in statements if s.intent == "promise_to_pay"):
        codes.append("date-uncertain")
    paid = {n for s in statements if s.intent == "remittance" for n in s.numbers}
    promised = {n for s in statements if s.intent == "promise_to_pay" for n in s.numbers}
    given = (
        {s.amount for s in statements if s.intent == "remittance"},
        {s.amount for s in statements if s.intent == "promise_to_pay"},
    )
    part = sum((s.amount for s in statements if s.intent == "remittance" and s.amount), Decimal(0))
    owed = sum((known[n].amount for n in paid & promised if n in known), Decimal(0))
    rest = given[1] <= {None, owed - part} and 0 < part < owed  # a part was paid, and the rest is promised
    if paid & promised and not rest and (None in given[0] | given[1] or given[0] & given[1]):
        codes.append("contradiction")
    if paid and any(_STILL.search(c.text) and paid & set(c.numbers) for c in draft.said.clauses):
        codes.append("contradiction")
    codes += _amount_doubts(draft, statements, promise, remittance, dispute, invoices, documents)
    if any(s.intent == "remittance" and not s.numbers for s in statements) and any(
        s.intent == "promise_to_pay" and not s.numbers for s in statements
    ):
        codes.append("contradiction")
    contested = {n for s in statements if s.intent == "dispute" for n in s.numbers}
    whole = {
        n
        for s in statements
        if s.intent == "remittance"
        and (s.amount is None or s.amount >= sum((known[n].amount for n in s.numbers if n in known), Decimal(0)))
        for n in s.numbers
    }
    if contested & whole and dispute and dispute.reason not in ("duplicate",):
        codes.append("contradiction")
    if contested & promised and not any(
        s.intent == "promise_to_pay"
        and s.amount is not None
        and s.amount < sum((known[n].amount for n in s.numbers if n in known), Decimal(0))
        for s in statements
    ):
        codes.append("contradiction")
    told = {s.intent for s in statements if s.intent in _ABOUT_INVOICES}
    if (
        not invoices
        and (told or promise or remittance)
        and (_POINTS.search(fold(draft.own)) or not _answers_us(draft, told, statements))
    ):
        codes.append("invoice-not-named")
    contested_somewhere = any(s.numbers for s in statements if s.intent == "dispute") or len(invoices) == 1
    if dispute and not contested_somewhere and len(draft.items) != 1:
        codes.append("invoice-not-named")
    if dispute and dispute.reason == "duplicate":
        both = [known[n].amount for n in dict.fromkeys((*contested, *paid)) if n in known]
        if len(both) >= 2 and max(both) > min(both) * 2:
            codes.append("duplicate-differs")
    if dispute and "dispute-denied" in draft.said.flags and not promised:
        codes.append("contradiction")


# "Paid on the 26th … it is still waiting for its approval, no payment possible before."
_STILL = re.compile(
    r"\b(?:toujours|encore) (?:en attente|bloquee?|impayee?|en cours de validation)\b|\bpas de (?:reglement|paiement) possible\b|\bstill (?:waiting|pending|unpaid|blocked|on hold)\b|\bnoch (?:offen|gesperrt|nicht freigegeben)\b|\bnog (?:niet goedgekeurd|geblokkeerd|open)\b"
)
_BARE = re.compile(
    r"(?<![\w.,/:#°@-])(?:\d{1,3}(?:[ .,']\d{3})+|\d{3,6})(?![\d%/:@]|[.,-]\d|\s?(?:%|h\b|jours|days|pieces|pcs|units))"
)


_NUMBERED = re.compile(
    r"\b(?:n\s?°|no\.?|nr\.?|num\w*|mandat|bordereau|ordre|ref\w*|cheque|check|commande|order|bon|bl|dossier|compte|account|po|siret|tel\.?|order)\s?(?:n\s?°|no\.?|:|#)?\s?$"
)


_BOUND = re.compile(  # "over 5,000 € the board must agree": a bound, no sum
    r"\b(?:(?:au-dessus|au-dela|plus|a partir) de|above|over|more than|uber|ab|boven|vanaf|oltre|mas de|acima de)\s[€£$]?\s?$"
)
_MOVES = frozenset({"promise_to_pay", "remittance"})


def _sum_overheard(
    said: Said, statements: Sequence[Statement], promise: Promise | None, remittance: Remittance | None
) -> bool:
    """A payment of no known amount, beside a sum (or a number that may be one) of which nothing was made."""
    if all(one is None or one.amount is not None for one in (promise, remittance)):
        return False
    used = {s.amount for s in statements} | {one.amount for one in (promise, remittance) if one}
    paying = {said.clauses[s.clause].sentence for s in statements if s.intent in _MOVES and s.clause >= 0}
    apart = {s.clause for s in statements if s.intent not in _MOVES and s.clause >= 0}
    for c in said.clauses:
        if c.index in apart and c.sentence not in paying:
            continue  # the price that is contested, the sum of the invoice that is asked for
        if any(a.value not in used and not _BOUND.search(c.text[: a.start - c.start]) for a in c.amounts):
            return True
        known = [(a.start, a.end) for a in c.amounts]
        known += [(d.start, d.end) for d in c.dates]
        known += [(r.start, r.end) for r in c.references]
        for m in _BARE.finditer(c.text):
            start, end = c.start + m.start(), c.start + m.end()
            if _NUMBERED.search(c.text[: m.start()]) or re.fullmatch(r"(?:19|20)\d\d", m[0]):
                continue
            if not any(s < end and start < e for s, e in known):
                return True
    return False


# "La 58", "beide", "the first two": some of several, and which ones was not found out.
_POINTS = re.compile(
    r"\b(?:la|les|die|de|the|n°|nr\.?|no\.?|facture|invoice|rechnung|fattura|factura|factuur|fatura) ?\d{2,9}\b(?! ?(?:%|€|euros?|jours|days|tage|h\b))|\b(?:les deux|the two|both|die beiden|beide|allebei|l[ea]s? due|l[ao]s dos|die zwei|les 2|the 2|la prima|la premiere|the first one|die erste|la primera|de eerste|tutt[ei] e due|ambas|los dos|las dos|de twee|as duas|les trois|the three|alle drei|tutt[ei] e tre|las tres|de drie|one of (?:the|them)|l'une des|eine (?:davon|der))\b"
)


def _answers_us(draft: Draft, told: set[Intent], statements: Sequence[Statement]) -> bool:
    """One thing said in so many words in answer to a reminder of ours: it speaks of what the reminder asked for."""
    return (
        not any(s.loose for s in statements)
        and threaded(draft.message, draft.context)
        and len(told) == 1
        and told <= {"promise_to_pay", "remittance", "document_request", "payment_plan_request"}
    )


# "Less 2 % settlement discount".
_PERCENT_OFF = re.compile(
    r"(?:\b(?:discount|escompte|remise|skonto|sconto|descuento|desconto|korting|retention|retenue)\b[^\n%]{0,24}?)?(?<![\d.,])(\d{1,2}(?:[.,]\d{1,2})?) ?%(?:(?<=%)(?=[^\n]{0,40}\b(?:discount|escompte|remise|skonto|sconto|descuento|desconto|korting|retention|retenue|deduit\w*|deducted|abgezogen)\b))?"
)


def _less(owed: Decimal, percent: str) -> Decimal:
    return (owed * (100 - Decimal(percent.replace(",", "."))) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _asked_about(promise: Promise | None, folded: str, a: amounts.FoundAmount) -> bool:
    """What remains, beside a payment alone: "please see why 500 remain" explains nothing."""
    return promise is None and bool(REMAINS.search(folded[max(0, a.start - 24) : a.start]))


def _amount_doubts(
    draft: Draft,
    statements: Sequence[Statement],
    promise: Promise | None,
    remittance: Remittance | None,
    dispute: Dispute | None,
    invoices: Sequence[str],
    documents: Sequence[advice_.Advice],
) -> list[str]:
    """An amount that is none of the balances it speaks of, nor their sum: a typing error, a part payment, a trap."""
    known = {i.number: i.amount for i in draft.items}
    intents = {s.intent for s in statements}
    if "payment_plan_request" in intents or (dispute and remittance is not None):
        return []
    if invoices and re.search(
        r"\b(?:acompte|deposit|down payment|on account|a valoir|a compte|first instal?ment|premier (?:versement|reglement|virement)|first (?:transfer|instal\w*)|erste rate|primo bonifico|anzahlung|acconto|anticipo|aanbetaling|une (?:premiere )?partie|premier paiement|first (?:payment|part|bit)|part[ -]payment|towards|alvast|moitie|half|halfte|helft|mitad|meta|een deel|deelbetaling|teilzahlung|teilbetrag|einen teil|una parte|un primo|un primer|primer pago)\b",
        fold(draft.own),
    ):
        return []
    folded = fold(draft.own)
    if (
        invoices
        and _ON_ACCOUNT.search(folded)
        and not re.search(r"\b(?:on verra si|we'll see|mal sehen|vediamo se)\b", folded)
    ):
        return []
    told = amounts.find(folded)
    if not documents and _wrongly_added(folded, told):
        return ["total"]
    for intent, total in (
        ("promise_to_pay", promise.amount if promise else None),
        ("remittance", remittance.amount if remittance else None),
    ):
        if total is None or (intent == "remittance" and documents and all(a.tied for a in documents)):
            continue
        spoken = [s for s in statements if s.intent == intent]
        named = (
            [n for a in documents for n in a.numbers if n in known and intent == "remittance"]
            or list(dict.fromkeys(n for s in spoken for n in s.numbers if n in known))
            or list(draft.numbers)
            or list(invoices)
        )
        balances = [known[n] for n in named if n in known]
        if not balances:
            if invoices:
                return []
            if total not in _sums(tuple(known.values())):
                return ["amount-differs"]
            continue
        exact = any(a.value == total and a.exact for a in told)
        rounded = total == total.to_integral_value() and not exact
        owed = sum(balances, Decimal(0))
        if (
            len(spoken) == 1
            and len(spoken[0].numbers) > 1
            and exact
            and total != owed
            and total != sum(known.values(), Decimal(0))
        ):
            return ["amount-differs"]
        contested = dispute or draft.said.of("dispute")
        if total < owed and contested and intent == "promise_to_pay":
            continue  # what is contested is left out
        if total < owed and any(
            a.value == total and REMAINS.search(folded[max(0, a.start - 24) : a.start]) for a in told
        ):
            continue  # of a part that they paid before
        if total < owed and any(total == _less(owed, m[1]) for m in _PERCENT_OFF.finditer(folded)):
            continue
        reasons = [a for a in told if a.value != total and not _asked_about(promise, folded, a)]
        if total < owed and any(total + a.value in (owed, *balances) for a in reasons):
            continue  # what was taken off is told: a credit note, a discount
        both = [one.amount for one in (promise, remittance) if one and one.amount is not None]
        if len(both) == 2 and sum(both, Decimal(0)) in _sums(tuple(known[n] for n in invoices if n in known)):
            continue  # a part is paid, the rest is promised
        sums = _sums(balances)
        by_number = any(r.how == "number" for r in draft.said.references)
        if total in sums or (total == sum(known.values(), Decimal(0)) and not by_number):
            continue
        if rounded and any(abs(total - s) < (61 if total % 100 == 0 and s >= 2000 else 1) for s in sums):
            continue
        return ["amount-differs"]
    return []


# "1200 € sur la 198", "Put 1500 on the big one": a part, told as one.
_ON_ACCOUNT = re.compile(
    r"\d ?(?:€|£|\$|euros?|eur|k|quid)? (?:(?:hier|yesterday|vendredi|friday|demain|tomorrow|deja|already) )?(?:sur|on|off|against|towards?|auf|op|su|a cuenta de|a valoir sur|aan) (?:l'|la |le |the |die |de |inv\S* |fact\S* |rg |n° ?)?\S*(?:\d{2}|gros|plus|big|old|alt|oud|grot|grand)|\b(?:first|premiers?|erste[nr]?|eerste|primi|primeros) [€£$]? ?\d|\d ?(?:€|£|euros?)? (?:off|sur|on|auf|op) (?:the |la |celle de )?(?:january|february|march|april|may|june|july|august|september|october|november|december|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)|\b(?:le solde de (?:la|votre|notre)|the (?:balance|remainder|rest) (?:of|on) (?:the|inv\S*|your)|what's left of|restbetrag|il saldo della|el resto de la)\b|\d ?(?:€|£)? (?:that |which |que )?(?:we |nous |on )?(?:held|withheld|kept|retenus?|gardes?|einbehalten)(?: back)? (?:on|from|sur)|\b(?:en attendant|pour (?:commencer|demarrer|l'instant)|for (?:now|starters|the moment)|to start with|furs erste|zunachst|vorerst|erstmal|voorlopig|alvast|per (?:ora|cominciare)|por ahora|de momento|la suite (?:des|quand|a|suivra)|pour la suite|(?:the )?rest (?:when|later|to follow)|more when|credit note (?:received|has come|arrived)|(?:avoir|facture (?:corrigee|rectifi\w*)) (?:bien )?recue?|(?:corrected|revised|amended) (?:invoice|bill)|korrigierte rechnung|gutschrift erhalten|gecorrigeerde (?:factuur|nota|rekening)|fattura corretta|net (?:of|de) (?:a |les |des )?\S* ?(?:\S+ )?(?:fees?|frais|charges))\b"
)
_IN_ALL = re.compile(
    r"\b(?:soit(?: un total de| au total| en tout)?|total(?: de| :)?|au total|en tout|in all|in total|totall?ing|altogether|insgesamt|zusammen|en total|in totale|totaal|samen|a elles (?:deux|trois))\W{0,4}$"
)


def _wrongly_added(folded: str, told: Sequence[amounts.FoundAmount]) -> bool:
    """Whether a total is told that is not the sum of the amounts told before it in the same sentence."""
    for index, total in enumerate(told):
        if not _IN_ALL.search(folded[max(0, total.start - 40) : total.start]):
            continue
        sentence = max(folded.rfind(end, 0, total.start) for end in (". ", "! ", "? ", ".\n", "\n\n"))
        below = folded[folded.rfind("\n", 0, total.start) + 1 : total.start].strip()
        if _IN_ALL.fullmatch(f"{below} "):  # a line of its own, below rows
            sentence = -1
        parts = [a for a in told[max(0, index - 12) : index] if a.start > sentence]
        added = sum((a.value for a in parts), Decimal(0))
        if len(parts) >= 2 and added != total.value and all(a.exact for a in (*parts, total)):
            return True
    return False


def _sums(balances: Sequence[Decimal]) -> set[Decimal]:
    """One of the balances, some of them together, or all; of more than ten only one or all."""
    some = range(1, len(balances) + 1) if len(balances) <= 10 else (1, len(balances))
    return {sum(c, Decimal(0)) for size in some for c in combinations(balances, size)}


def _check_parts(draft: Draft, intents: Sequence[Intent], advices: Sequence[tuple[str, advice_.Advice]]) -> None:
    codes, message = draft.codes, draft.message
    if (
        any(d in ("damaged text encoding", "uncertain characters") for d in message.defects)
        or message.text.count("\ufffd") > 3
    ):
        codes.append("damaged")
    if "winmail.dat not opened" in message.defects:
        codes.append("unreadable-attachment")
    if "plain and HTML differ" in message.defects:
        codes.append("parts-differ")
    pictures = [a for a in draft.attached if a.picture]
    unread = [a for a in draft.attached if a.problem]
    told = {*draft.numbers, *(a.value for c in draft.said.clauses for a in c.amounts)}
    if unread and not advices and not (draft.numbers and len(told) > len(draft.numbers)):
        codes.append("unreadable-attachment")  # unless the words say of what and how much by themselves
    if not draft.own.strip():
        codes.append("picture-only" if pictures else "nothing-recognised")


def threaded(message: InboundMessage, context: Context) -> bool:
    """It answers a message of ours."""
    if message.tokens or context.account_hint:
        return True
    ours = {a.rpartition("@")[2] for a in context.our_addresses}
    return any(
        i.rpartition("@")[2].rstrip(">").lower() in ours for i in (message.in_reply_to or "", *message.references) if i
    )


def _questions(said: Said) -> str:
    return " ".join(c.text for c in said.clauses if c.question)


_TO_SOMEBODY = re.compile(
    r"\b(?:je|j'|vous|nous|on|tu|moi|you|we|i|me|stop|arretez|cessez|deja|never|jamais|pas|not|ich|wir|sie|ik|wij|u|no|non|mai|nao)\b|[!?]"
)


def _shouts(own: str) -> bool:
    """Capitals throughout, or through a sentence of some length."""
    head, _, rest = own.strip().partition("\n")
    if rest.strip() and not _TO_SOMEBODY.search(fold(head)):
        own = rest  # below a letterhead
    for text in (own, *re.split(r"[.!?\n]", own)):
        letters = [c for c in text if c.isalpha()]
        words_ = len(text.split())
        if len(letters) > 24 and words_ > 4 and sum(c.isupper() for c in letters) > 0.8 * len(letters):
            return not re.search(r"\d{4}|:", text) or len(letters) > 40
    return False


def _not_ours(found: words.Words) -> str:
    return "\n".join(line.text for line in found.lines if line.kind in ("own", "signature", "disclaimer"))


def _hidden_instructions(html: str) -> bool:
    return (
        bool(html)
        and len(html) < 600_000
        and bool(p.TO_A_MACHINE.search(fold(re.sub(r"<[^>]{0,500}>", " ", html[:200_000]))))
    )
