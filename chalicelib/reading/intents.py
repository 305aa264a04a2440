# ruff: noqa: E501  (one row of a table of phrases is one line)
"""What the client's words say: intents and facts, clause by clause, each with the words that prove it.

A condition on something of ours ("dès réception de l'avoir") is no promise; a refusal is
a dispute; a question is neither. Each kind of statement has its module; this one cuts
the text, asks them clause by clause, and drops what another statement makes impossible.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations, islice

from chalicelib.reading import amounts as amounts_
from chalicelib.reading import brief as brief_
from chalicelib.reading import dates as dates_
from chalicelib.reading import disputes, grave, papers, payment_facts, payments, plans
from chalicelib.reading import phrases as p
from chalicelib.reading import references as references_
from chalicelib.reading.clauses import Clause, cut, soften
from chalicelib.reading.model import Intent
from chalicelib.reading.statements import Ground, Said, Statement
from chalicelib.reading.talk import EMAIL, Talk


def understand(own: str, ground: Ground) -> Said:
    """Read a text in the client's own words."""
    folded = soften(own)
    masked = _without_addresses(folded)
    month_first = ground.month_first or bool(_AMERICAN.search(masked))
    dates = dates_.find(masked, ground.base, month_first=month_first, holidays=ground.holidays)
    amounts = _amounts(masked, ground, dates)
    dates = [d for d in dates if not any(a.start <= d.start and d.end <= a.end for a in amounts)]
    found = references_.find(
        masked, ground.items, amounts, dates, known_elsewhere=ground.elsewhere, debtor=ground.debtor
    )
    hidden = {r.start for r in found.found if r.how == "number"}
    dates = [
        d
        for d in dates
        if not any(r.start <= d.start < r.end for r in found.found if r.how in ("number", "order"))
        or (d.start not in hidden and not any(r.start <= d.start < r.end for r in found.found))
    ]
    clauses = cut(masked, dates, amounts, found.found, _talks)
    talk = Talk(clauses, folded, ground)
    _read(talk)
    statements = tuple(sorted(talk.statements, key=lambda s: s.start))
    contacts = _contacts(folded, own, clauses, ground)
    if contacts and not any(s.intent == "contact_change" for s in statements):
        _, start, end = contacts[0]
        statements = (*statements, Statement("contact_change", start, end, (start, end), _at(clauses, start)))
    statements = _settle(statements, contacts, talk)
    return Said(
        statements=statements,
        contacts=contacts,
        numbers=found.numbers,
        references=found.found,
        foreign=found.foreign,
        flags=frozenset(talk.flags),
        clauses=tuple(clauses),
    )


def heard(intent: Intent, place: tuple[int, int], said: Said, own: str, ground: Ground) -> Statement:
    """The statement of an intent that no phrase told but the learned voice heard in a clause: with its facts."""
    talk = Talk(said.clauses, soften(own), ground)
    one = _heard(talk, intent, max(_at(said.clauses, place[0]), 0))
    told = {s.amount for s in said.statements if s.clause != one.clause}
    return replace(one, amount=None) if one.amount in told else one  # that sum was told of another


def _read(talk: Talk) -> None:
    _flags(talk)
    for index, clause in enumerate(talk.clauses):
        sentence = talk.sentence(clause)
        before = len(talk.statements)
        grave.insolvency(talk, index, clause)
        plan = plans.request(talk, index, clause, sentence)
        dispute = disputes.contest(talk, index, clause, sentence)
        if not plan:
            payments.pay(talk, index, clause, sentence, dispute)
        papers.request(talk, index, clause, sentence)
        grave.complaint(talk, index, clause)
        if clause.question and len(talk.statements) == before:
            talk.flags.add("question")
    _below_rows(talk)
    disputes.explain_refusals(talk)
    disputes.lift(talk)
    _shortest(talk)


def _flags(talk: Talk) -> None:
    text = _without_addresses(talk.folded)  # "…@dupont-avocats.example" threatens nobody
    letterhead = _TITLE.sub("", text)
    for flag, pattern in (
        ("legal", p.LEGAL),
        ("bank-details", p.BANK_WORRY),
        ("refund", p.REFUND),
        ("instructions", p.TO_A_MACHINE),
        ("internal", p.INTERNAL_NOTE),
        ("call", p.CALL_ME),
        ("hostile", p.HOSTILE),
        ("acompte", p.DOWN_PAYMENT),
        ("settlement", p.SETTLEMENT),
        ("hearsay", p.HEARSAY),
        ("taken-back", p.TAKEN_BACK),
        ("in-hand", p.IN_HAND),
    ):
        if pattern.search(letterhead if flag == "legal" else text):
            talk.flags.add(flag)


# The signature of a client who is a lawyer: a line that names the profession and says nothing.
_TITLE = re.compile(
    r"(?m)^(?![^\n]*\b(?:mon|notre|nos|our|my|unser\w*|mein\w*|onze|nuestr\w+|nostr\w+|saisi\w*|transmis\w*|sera|will|est|is|has|a ete|contact\w*|hands?|ubergeben|chez|through)\b)"
    r"[^\n]{0,80}\b(?:avocate?s?|rechtsanw\w+|anwalts\w+|solicitors?|attorneys?|barristers?|abogad\w+|avvocat\w+|advoca(?:at|ten)\w*|notaires?|huissiers?|commissaires? de justice|juristes?)\b[^\n.!?]{0,40}\.?$"
)


def _below_rows(talk: Talk) -> None:
    """An answer below a row of our list may be a day and no more: "this Friday", "18 Dec"."""
    for offset, numbers in talk.ground.above.items():
        end = talk.folded.find("\n\n", offset)
        end = len(talk.folded) if end < 0 else end
        here = [(i, c) for i, c in enumerate(talk.clauses) if offset <= c.start < end]
        if not here or any(offset <= s.start < end for s in talk.statements):
            continue
        days = [replace(d, start=d.start - offset, end=d.end - offset) for _, c in here for d in c.dates]
        found = brief_.answer(talk.folded[offset:end], days, talk.ground.base)
        if found is not None:
            index, clause = here[0]
            words = (offset + found.start, offset + found.end)
            talk.statements.append(
                Statement(
                    found.intent, clause.start, here[-1][1].end, words, index,
                    numbers=numbers, on=found.on, certain=found.certain, loose=True,
                )
            )  # fmt: skip


def _shortest(talk: Talk) -> None:
    """A text that says nothing by its sentences may still answer the reminder: "Friday", "done"."""
    if talk.statements or not talk.clauses or talk.flags & {"payment-asked", "instructions", "hearsay"}:
        return
    found = brief_.answer(talk.folded, [d for c in talk.clauses for d in c.dates], talk.ground.base)
    if found is None:
        return
    index = max(_at(talk.clauses, found.start), 0)
    clause = talk.clauses[index]
    said = Statement(found.intent, clause.start, clause.end, (found.start, found.end), index, loose=True)
    amount = payment_facts.amount_of(talk, index, clause) if len(talk.clauses) <= 2 else None
    talk.statements.append(
        replace(said, numbers=talk.numbers(index), on=found.on, amount=amount, certain=found.certain)
    )


def _heard(talk: Talk, intent: Intent, index: int) -> Statement:
    clause = talk.clauses[index]
    sentence = talk.sentence(clause)
    match intent:
        case "promise_to_pay":
            payments.say_promise(talk, index, clause, sentence, None)
        case "remittance":
            payments.say_payment(talk, index, clause, sentence, None)
        case "dispute":
            reason, strong = disputes.strong_reason(talk, clause, sentence)
            reason = reason or disputes.weak_reason(sentence) or disputes.weak_reason(talk.folded)
            talk.say(intent, index, strong, reason=reason, numbers=talk.numbers(index))
        case _:
            talk.say(intent, index, None, numbers=talk.numbers(index))
    return talk.statements[-1]


_AMERICAN = re.compile(r"\bach\b|\bck ?#|\bcheck ?#|\bcheck run\b|\$ ?\d{1,3}(?:,\d{3})*\.\d\d\b")


def _without_addresses(folded: str) -> str:
    """Mail and web addresses blanked out, same length: digits in them are no dates and no invoices."""
    blank = EMAIL.sub(lambda m: "@" * len(m[0]), folded)
    return re.sub(r"https?://\S{1,300}", lambda m: "@" * len(m[0]), blank)


def _amounts(folded: str, ground: Ground, dates: Sequence[dates_.FoundDate]) -> list[amounts_.FoundAmount]:
    """Amounts of the text; bare whole numbers count where they are one of the open balances."""
    full = [(d.start, d.end) for d in dates if d.full or not d.weak]
    found = [
        a for a in amounts_.find(folded) if not any(s <= a.start and a.end <= e and a.currency is None for s, e in full)
    ]
    spans = [(a.start, a.end) for a in found] + [(d.start, d.end) for d in dates]
    balances, numbers = [i.amount for i in ground.items], [i.number for i in ground.items]
    halves = {b / 2 for b in balances} if _HALF.search(folded) else set()
    parts = _parts(folded, found, balances)
    for m in _BARE_NUMBER.finditer(folded):
        if any(s < m.end(1) and m.start(1) < e for s, e in spans):
            continue
        value = amounts_.parse(m[1])
        if value is None or value < 20 or value != value.to_integral_value():
            continue
        before, after = folded[max(0, m.start(1) - 40) : m.start(1)], folded[m.end(1) : m.end(1) + 40]
        grouped = bool(re.search(r"[ .,']\d{3}$", m[1]))
        whole = any(int(b) == value for b in balances) or value in halves
        year = not grouped and 1990 <= value <= 2100
        number = any(m[1] in n.lower() for n in numbers)
        paying = _PAYING_IT.search(before)
        told = whole and value >= 50 and (grouped or paying or _THOSE.search(before))
        summed = (grouped or value >= 100) and payment_facts.told_as_whole(folded, m.start(1), m.end(1))
        if (told or value in parts or (summed and value in _sums_of(balances)) or _ON_ONE.match(after)) or (
            not year and not number and ((paying and _THEN.match(after)) or _IS_PAID.match(after))
        ):
            found.append(amounts_.FoundAmount(m.start(1), m.end(1), m[1], value, None, False))
    return sorted(found, key=lambda a: a.start)


def _parts(folded: str, found: Sequence[amounts_.FoundAmount], balances: Sequence[Decimal]) -> set[Decimal]:
    """Bare numbers that make up a balance two by two: "1000 yesterday, the other 1420 at the end of April"."""
    bare = [amounts_.parse(m[1]) or Decimal(0) for m in islice(_BARE_NUMBER.finditer(folded), 30)]
    others = [*bare, *(a.value for a in found[:30])]
    return {v for v in bare for w in others if v >= 50 and v + w in balances and (v != w or others.count(v) > 1)}


def _sums_of(balances: Sequence[Decimal]) -> set[Decimal]:
    few = sorted(balances)[:8]
    return {Decimal(int(sum(c, Decimal(0)))) for size in (2, 3) for c in combinations(few, size)}


# "4000 sur la grosse", "doe ik 1500": a part of one invoice.
_ON_ONE = re.compile(
    r"\s(?:(?:hier|yesterday|vendredi|friday|demain|tomorrow) )?(?:sur|on|off|against|towards?|auf|op|aan|su|a cuenta de) (?:the |la |le |die |de |della )?(?:\S*\d{2}|gros|plus|big|old|alt|oud|grot|grand)"
)
_BARE_NUMBER = re.compile(
    r"(?<![\w.,/:#°-])(\d{1,3}(?:[ .,']\d{3})+|\d{2,6})(?![\d%/:]|[.,-]\d|\s?(?:%|h\b|jours|days|pieces|pcs|units))"
)


# "sent 900 yesterday", "I'll drop 720 into your account", "1 100 sont partis hier": sums without a currency.
_PAYING_IT = re.compile(
    r"\b(?:fais|fait|faire|mets|mettre|mis|vire|virer|vires|virement|verse|verser|envoye|envoie|paie|paye|payes|passe|regle|posted?|pay|paid|send|sent|do|did|drop|put|make|made|transfer|transferred|wired?|release|acompte|deposit|tranche|half|instal?ment|moitie|pour|ok|of|de|first|second|another|encore|doe ik|zahle ich|betaal ik|faccio|cioe|sono|soit|namelijk|also|dus|ovvero|en lo|meta|half|halfte|overgemaakt|uberwiesen|parti|partie|transferi|transferir|pagare|pagamos|pagaremos|paguei|pago|mandato|versato)"
    r"(?: (?:you|vous|te|t'|the|les|la|another|encore|deja|already|just|it|of|de|you guys|jullie|ihnen|le|os|hier(?: soir| matin)?|yesterday|gestern|gisteren|ayer|ieri|ce matin|today))?\s$"
)
_THOSE = re.compile(
    r"(?:\b(?:the|les|des|der|dei|of|de|a|la|los|las|os|as|die|der|das|den|i|le|van|von|d'|of the|and|et|und|en|y|e|plus)\s|[:=,;(+]\s?|^|\n)$"
)
_HALF = re.compile(r"\b(?:moities?|half|halves|halfte|helft|mitad|meta|metade)\b")
_THEN = re.compile(
    r"\s?(?:$|[.!\n)]|[,;:](?!\d)|\s(?:€|euros?|quid|balles|sur|vendredi|lundi|mardi|mercredi|jeudi|samedi|demain|le|el|il|la semaine|on|for|fin|hier|this|next|last|today|tomorrow|yesterday|friday|monday|tuesday|wednesday|thursday|saturday|sunday|into|in your|to your|by|via|par|now|already|deja|cash|en especes|as|when|once|from|towards|against|whatever|et|and|mas|c'est|ce matin|ce soir|avant|comme|pour|pr|chez|debut|mi|eind|begin|half|ende|anfang|mitte|fine|inizio|meta|a finales|a principios|vrijdag|donderdag|maandag|dinsdag|woensdag|freitag|donnerstag|montag|dienstag|mittwoch|lunes|martes|viernes|jueves|lunedi|martedi|mercoledi|giovedi|venerdi|morgen|domani|manana)\b)"
)
_IS_PAID = re.compile(
    r"\s(?:(?:hier|yesterday|gestern|gisteren|ayer|ieri|was|were|is|are|has|have|been|just|all|c'est|sont|est|ont|a|ete|deja|bien|also|to be|again|another|go|ist|sind|wurden|werden|zijn) ){0,3}(?:transferred|paid|sent|wired|remitted|went|goes|leaves|left|gone|released|coming|partis?|parties?|vires?|verses?|payes?|regles?|bezahlt|betaald|uberwiesen|overgemaakt|pagad\w|pagat\w|transferid\w)\b"
)


# "the other on Friday", "la petite le sera le 12": said without a verb of paying, or with half of one.
_THE_OTHER = re.compile(
    r"\b(?:l'autre|les autres|la (?:seconde|deuxieme|troisieme|petite|grosse|suivante|une|deux|trois)|le (?:second|deuxieme|reste|solde)|la sera|le sera|l'est|the (?:other|others|second|third|rest|remainder|balance|small one|big one)|de (?:andere|tweede|rest)|d(?:ie|as|er) (?:andere|zweite|rest|restliche)\w?|(?:la|el) (?:otra|segunda|resto)|(?:l'altra|la seconda|il resto|il saldo)|celles? (?:de|du|d'))\b"
)


_SUM_FIRST = re.compile(
    r"\W*(?:(?:et|and|und|en|e|y|puis|then|dann) )?(?:(?:the other|les|la|l'autre|another|die andere|de andere|l'altra|la otra) )?[€£]?\d{2,6}(?:[.,]\d\d)?\s?(?:€|euros?|eur|£)?\s(?:le|on|am|op|il|el|fait|paid|sent|hier|yesterday|gestern|gisteren|tomorrow|demain|vendredi|friday)\b"
)


def _talks(text: str, dated: bool, named: bool) -> bool:
    return bool(
        (dated and (named or _THE_OTHER.search(text) or _SUM_FIRST.match(text)))
        or (named and p.CONTEST.search(text))
        or p.PAID.search(text)
        or p.WILL_PAY.search(text)
        or p.PAID_TOO.search(text)
        or p.WILL_PAY_TOO.search(text)
        or (p.PAY_STEM.search(text) and re.search(r"\d", text))
        or p.REFUSES.search(text)
        or p.BLOCKED.search(text)
        or any(r.search(text) for r in p.DISPUTE_STRONG.values())
        or p.NOT_YET_PAID.search(text)
        or (p.PLAN_WORDS.search(text))
        or (p.DOCUMENT.search(text) and p.ASK.search(text))
        or (len(text) > 9 and any(r.search(text) for r in p.GROUNDS.values()))
    )


def _at(clauses: Sequence[Clause], position: int) -> int:
    return next((i for i, c in enumerate(clauses) if c.start <= position < c.end), -1)


def asks_something_else(clauses: Sequence[Clause], statements: Sequence[Statement]) -> bool:
    """A question that is none of the requests, and no mere 'did it arrive?'."""
    told = {clauses[s.clause].sentence for s in statements if s.clause >= 0}
    told |= {clauses[s.clause].sentence - 1 for s in statements if s.intent == "dispute" and s.clause >= 0}
    for s in statements:  # "… could we have until December? Would that be all right?"
        if s.clause >= 0 and s.intent in ("payment_plan_request", "document_request"):
            told.add(clauses[s.clause].sentence + 1)
    return any(
        c.question and c.sentence not in told and len(c.text.split()) >= 5 and not _MERE_QUESTION.search(c.text)
        for c in clauses
    )


_MERE_QUESTION = re.compile(
    r"\b(?:pointer|verifi\w+|confirm\w*|accus\w+|vu(?:e|s|es)? (?:passer|arriver)|arrive\w*|seen|landed|show(?:n|ing)? up|reached you|gesehen|angekommen|llegad\w+|arrivat\w+|aangekomen|bien (?:recu|ca|sa)|recu|vos (?:releves|comptes)|ok|d'accord|convient|check|received?|allocate|apply|look again|another look|your side|votre cote|geboekt|verbucht|(?:autre|other|andere\w*) (?:client|customer|klant|kunde\w*|account|compte)|all right|alright|works?|hope|erhalten|eingegangen|recibid\w+|ricevut\w+|ontvangen|binnen|comprenez|comprendre|understand|pu(?:is|ede|o)|savez|in ordnung|kijk\w*|comprob\w+|verific\w+|controll\w+|nachsehen|prufen|afletter\w*|verbuchen|ausziffern|allocat\w*|lettrage|imputar|know|affectation|ca vous|lisible|mettre a jour|update|lettrer|kijken|in english|en francais|auf deutsch|en espanol|in het nederlands|in italiano)\b"
)


_MAX_ADDRESSES = 100  # more are a list, and no client names so many to write to


def _contacts(folded: str, own: str, clauses: Sequence[Clause], ground: Ground) -> tuple[tuple[str, int, int], ...]:
    """Addresses that the client tells us to write to."""
    out: list[tuple[str, int, int]] = []
    for m in islice(EMAIL.finditer(folded), _MAX_ADDRESSES):
        address = own[m.start() : m.end()].strip(".'")
        if address.lower() in ground.our_addresses or re.match(r"(?:no-?reply|ne-?pas|do-?not)", address.lower()):
            continue
        index = _at(clauses, m.start())
        around = folded[max(0, m.start() - 220) : m.end() + 120]
        line_start = folded.rfind("\n", 0, m.start()) + 1
        line = folded[line_start : m.start()]
        sentence = " ".join(c.text for c in clauses if index >= 0 and abs(c.sentence - clauses[index].sentence) <= 1)
        own_address = ground.sender is not None and address.lower() == ground.sender
        if own_address and not (p.REDIRECT.search(sentence + " " + around) or p.NOT_ME.search(sentence)):
            continue
        before = folded[max(0, m.start() - 60) : m.start()]
        if re.search(
            r"\b(?:ecrit a|envoye a|adresse a|transmis a|recu de|provenant de|mail de|message de|sent (?:it |this |them )?to|wrote to|written to|forwarded (?:it |this )?to|received from|came from|copied|from|de la part de|compte|paypal)\s?[:<(]?\s?$",
            before,
        ) and not re.search(r"\b(?:etre|be|please|doit|doivent|must|should|to be|merci)\b[^.]{0,40}$", before):
            continue
        if re.match(r"\s*(?:e-?mail|mail|courriel|m)\s?:\s*$", line) and not p.NOT_ME.search(folded):
            continue
        out.append((address, m.start(), m.end()))
    return tuple({a.lower(): (a, s, e) for a, s, e in reversed(out)}.values())[::-1]


_MANDATE = re.compile(
    r"\b(?:mandat\w*|ordonnanc\w*|vise\w?|valid\w+|approved|cleared for payment|freigegeben|goedgekeurd)\b"
)


def _only_ordered(paid: Statement, talk: Talk, later: Sequence[Statement]) -> bool:
    """A payment that was ordered or approved, of which the text tells later when it leaves."""
    return bool(
        paid.clause >= 0
        and paid.reference is None
        and _MANDATE.search(talk.clauses[paid.clause].text)
        and any(
            0 <= s.clause - paid.clause <= 2 and (not s.numbers or set(s.numbers) == set(paid.numbers)) for s in later
        )
    )


def _settle(statements: tuple[Statement, ...], contacts: Sequence[object], talk: Talk) -> tuple[Statement, ...]:
    """Drop what another statement makes impossible."""
    kept, flags = list(statements), talk.flags
    if contacts:
        kept = [s for s in kept if not (s.intent == "dispute" and s.reason in (None, "other") and not s.numbers)]
    if any(s.intent == "insolvency" for s in kept):
        grave = {s.clause for s in kept if s.intent == "insolvency"}
        kept = [s for s in kept if s.intent != "payment_plan_request" or s.clause not in grave]
    asked = {s.clause for s in kept if s.intent == "document_request"}
    kept = [
        s
        for s in kept
        if not (s.intent == "promise_to_pay" and s.on is None and any(0 < s.clause - a <= 1 for a in asked))
    ]
    short = {s.clause for s in kept if s.intent == "dispute"}
    kept = [
        s
        for s in kept
        if not (
            s.intent == "remittance"
            and s.on is None
            and s.reference is None
            and any(0 <= c - s.clause <= 1 for c in short)
            and "acompte" in flags
        )
    ]
    later = [s for s in kept if s.intent == "promise_to_pay" and s.on is not None]
    ordered = [s for s in kept if s.intent == "remittance" and _only_ordered(s, talk, later)]
    if ordered and len(later) == 1:
        flags.add("only-ordered")
    if ordered and len(later) == 1:  # a mandate that was signed is paid on the day that the next sentence tells
        kept = [
            replace(s, amount=s.amount or ordered[0].amount, numbers=s.numbers or ordered[0].numbers)
            if s in later
            else s
            for s in kept
            if s not in ordered
        ]
    paid_in = {s.clause for s in kept if s.intent == "remittance" and s.on is not None and not s.loose}
    kept = [s for s in kept if s.intent != "promise_to_pay" or s.on is not None or s.clause not in paid_in]
    doubles = [s for s in kept if s.intent == "dispute" and s.reason == "duplicate"]
    if doubles:
        kept = [
            s
            for s in kept
            if not (
                s.intent == "remittance"
                and s.reference is None
                and any(
                    abs(s.clause - d.clause) <= 2 and (set(s.numbers) <= set(d.numbers) or not s.numbers)
                    for d in doubles
                )
            )
        ]
    if (
        asked or "bank-details" in flags
    ):  # "without the delivery note we do not pay": a paper is wanted, nothing is contested
        kept = [s for s in kept if not (s.intent == "dispute" and s.vague)]
    disputed = {s.clause for s in kept if s.intent == "dispute"}
    kept = [
        s for s in kept if not (s.intent == "document_request" and s.vague and s.clause in disputed and not contacts)
    ]
    if any(s.intent == "insolvency" for s in kept):
        kept = [
            s
            for s in kept
            if s.intent != "promise_to_pay" and not (s.intent == "dispute" and s.reason in (None, "other"))
        ]
    if any(
        s.intent in ("contact_change", "complaint", "document_request", "payment_plan_request", "dispute") for s in kept
    ):
        kept = [
            s
            for s in kept
            if not (
                s.intent == "promise_to_pay" and s.on is None and s.amount is None and not s.vague and not s.numbers
            )
        ]
    return tuple(kept)
