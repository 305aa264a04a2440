# ruff: noqa: E501  (one row of a table of phrases is one line)
"""Disputes: refusals and blocks, and the ground of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from chalicelib.reading import papers, tallies
from chalicelib.reading import phrases as p
from chalicelib.reading.clauses import Clause
from chalicelib.reading.model import DisputeReason
from chalicelib.reading.statements import Statement
from chalicelib.reading.talk import EMAIL, Talk

_NOT_THAT_ONE = re.compile(
    r"\s?[:,-]?\s?(?:non|not|no|nicht|nein|niet|nee)\b\s?(?=[,.;:!-]|$|because|car|weil|want|porque|perche|parce)"
)
_NO_GOODS_MISSING = re.compile(
    r"\s?(?:signature|validation|piece\b|reponse|info\w*|ligne\b|date\b|tampon|visa\b|annexe|page\b|approval|stamp|unterschrift|handtekening|firma\b)"
)
_NO_SECOND_BILL = re.compile(
    r"\s(?:of (?:ticket|the ticket|case)|du ticket|ticket|reminders?|e-?mails?|request|message|relance|rappel|mahnung|herinnering|recordatorio|sollecito)"
)


def contest(talk: Talk, index: int, clause: Clause, sentence: str) -> bool:
    text = clause.text
    if p.NO_DISPUTE.search(text) or (p.NO_DISPUTE.search(sentence) and not p.REFUSES.search(text)):
        talk.flags.add("dispute-denied")
        return False
    reason, m = strong_reason(talk, clause, sentence)
    refuses = p.REFUSES.search(text)
    asking = clause.question and (
        p.PLAN_WORDS.search(text)
        or re.match(r"\W*(?:would|could|can|may|pou|peut|est-ce|serait|accept|mag|kan|konn|podr|potre)", text)
    )
    if asking and not p.CONTEST.search(text):
        return False
    if not refuses and clause.references:
        refuses = _NOT_THAT_ONE.match(talk.folded, clause.references[-1].end) or re.compile(
            r"(?:en revanche|par contre|mais|but|aber|maar|pero|ma),? (?:pas|not|nicht|niet|no|non) (?:la |le |les |the |die |de |el )?$"
        ).search(talk.folded[max(clause.start, clause.references[0].start - 30) : clause.references[0].start])
        if refuses:
            talk.statements.append(
                Statement(
                    "dispute",
                    clause.start,
                    clause.end,
                    refuses.span(),
                    index,
                    numbers=talk.numbers(index),
                    reason=reason,
                )
            )
            return True
    if m is not None and reason is not None:
        if (
            clause.question
            and not refuses
            and not p.CONTEST.search(text)
            and reason == "quality"
            and re.search(r"\bpanne\b", m[0])
        ):
            return False
        if clause.question and not refuses and reason in ("credit_note", "price") and not p.CONTEST.search(text):
            return False
        talk.say("dispute", index, refuses or m, reason=reason, numbers=talk.numbers(index))
        return True
    if refuses and not about_means(sentence) and not (p.PLAN_WORDS.search(text) and p.PLAN_ASK.search(text)):
        talk.say("dispute", index, refuses, reason=None, numbers=talk.numbers(index), vague=True)
        return True
    blocked, contest = p.BLOCKED.search(text), p.CONTEST.search(text)
    if contest and re.search(r"\brumeurs?\b|\brumou?rs?\b|geruchte?\b", sentence):
        contest = None
    if contest and contest[0] == "not due" and re.match(r"\s(?:until|before|for|till|yet)", text[contest.end() :]):
        contest = None
    if (
        contest
        and re.match(r"(?:erreur|error|fehler|error|anomalie|mistake)", contest[0])
        and re.search(
            r"sauf erreur|erreur d'aiguillage|erreur de destinataire|in error|par erreur|unless i am mistaken|bevue",
            text,
        )
    ):
        contest = None
    if contest and (
        re.search(
            r"\b(?:iban|rib|bic|konto\w*|bank details|account number|compte)\W{1,3}(?:est |is |was |ist )?$",
            text[: contest.start()],
        )
        or re.search(r"\b(?:have|got|reached|vous (?:m'|nous )avez) (?:the )?$", text[: contest.start()])
        or p.NOT_A_PROCEDURE.search(sentence)
    ):
        contest = None
    if blocked and re.search(r"\bvous (?:m'|nous )avez $", text[: blocked.start()]):
        blocked = None  # what they were refused, not what they refuse
    weak = weak_reason(sentence)
    if contest and (
        weak
        or re.match(
            r"contest|disput|litig|desaccord|pas d'accord|disagree|oppos|n'est pas due|ne (?:vous )?do|don't owe|not (?:due|owed|ours)|(?<!rumeur est )fausse|faux|errone|incorrect|wrong|falsch|klopt|onjuist|errat|sbagliat|equivocad|stimmt|bestreit|reklam|betwist",
            contest[0],
        )
    ):
        if re.match(
            r"\s(?:person|department|address|mailbox|inbox|number|contact|service|adresse|personne)",
            text[contest.end() : contest.end() + 12],
        ):
            return False
        if clause.question and not re.match(r"contest|disput|litig", contest[0]):
            talk.flags.add("question")
            return False
        talk.say("dispute", index, contest, reason=weak, numbers=talk.numbers(index))
        return True
    if blocked and weak and not p.WILL_PAY.search(text):
        waits = papers.without_paper(text) is not None
        talk.say("dispute", index, blocked, reason=weak, numbers=talk.numbers(index), vague=waits)
        return True
    if (
        blocked
        and re.search(
            r"bloqu|rejet|refus|blocked|on hold|rejected|gesperrt|geblokkeerd|bounced|retourn|hold queue|mise? en attente",
            blocked[0],
        )
        and not re.search(
            r"\b(?:rien|plus|no longer|nothing|nichts|mehr|niente|nada|niets|meer)\b[^.]{0,24}$|debloqu",
            text[: blocked.end()],
        )
        and not _RELEASED.search(talk.folded, clause.start + blocked.end())
    ):
        talk.flags.add("blocked")
        talk.blocked_at = index
    return False


_TAKEN_OFF = re.compile(
    r"\b(?:deduction faite|apres deduction|moins|net d[eu']|less|after deducting|net of|minus|abzuglich|meno|menos|verminderd|min) "
)
_WAS = re.compile(r"\b(?:etai(?:t|ent)|avai(?:t|ent)|were|was|had|waren|war|estaba\w?|era\w?|eran)\b")
_RELEASED = re.compile(
    r"\b(?:debloqu\w+|releas\w+|unblocked|block is (?:now )?(?:removed|lifted|gone)|leve\w?|freigegeben|desbloquead\w|sbloccat\w|vrijgegeven|(?:that's|is|are|now|so) (?:all )?(?:closed|settled|sorted|resolved|cleared up)|(?:c'est|est|sont) (?:clos\w?|regle|resolu|retrouve\w*|rentre dans l'ordre)|erledigt|opgelost|resuelto|risolto|bon a payer (?:obtenu|donne|signe|ok|recu)|vient d'accepter)\b"
)
# "Our warehouse has found the two that were missing": what was missing is there.
_FOUND = re.compile(
    r"\b(?:(?:has|have|had|we|they|'ve) (?:now |since )?(?:found|located|traced) (?:the |them|it|both|all)|(?:a|ont|avons|ai) (?:bien |enfin |finalement )?retrouve\b|(?:ete|sont|est) retrouvee?s?|wiedergefunden|(?:teruggevonden|gevonden)\b|aparecieron|ritrovat\w)"
)


def strong_reason(talk: Talk, clause: Clause, sentence: str) -> tuple[DisputeReason | None, re.Match[str] | None]:
    text = clause.text
    found: list[tuple[DisputeReason, re.Match[str]]] = list(grounds(talk, clause))
    for reason, pattern in p.DISPUTE_STRONG.items():
        m = pattern.search(text if reason != "quantity" else talk.unmarked(clause, figures=False))
        if m is None or any(f[0] == reason for f in found):
            continue
        if is_no_ground(talk, reason, m, clause, sentence):
            continue
        if (
            reason == "quantity"
            and re.search(r"manqu|missing|faltan|mancano", m[0])
            and any(
                r.start - clause.start < m.end()
                and m.start() < r.end - clause.start
                and r.how in ("number", "fragment")
                for r in clause.references
            )
        ):
            continue  # "il me manque la F-1058": the paper, not the goods
        if (
            reason == "duplicate"
            and re.search(r"\bduplicatas?\b|\bduplicate (?:copy|invoice)\b|copie", text)
            and not re.search(r"double emploi|doublon|twice|deux fois|is a duplicate", text)
        ):
            continue
        if reason == "duplicate" and re.match(r"duplicad", m[0]) and p.ASK.search(sentence):
            continue
        if reason == "credit_note" and re.match(r"(?:devez|doit) (?:deja |bien |normalement )?(?:l'|les )avoir$", m[0]):
            continue  # to have received it: a verb
        if reason == "credit_note" and p.PAID.search(text) and _TAKEN_OFF.search(text):
            continue
        if (
            reason == "credit_note"
            and re.search(
                r"\b(?:deja|bien) (?:recu|deduit|impute)|credit note (?:received|already|applied|taken)|deducted",
                text,
            )
            and p.PAID.search(text)
        ):
            continue
        if (
            reason == "price"
            and not re.search(r"prec|prezz|prijs|preis|rabatt|scont|descuent|korting", m[0])
            and not (
                p.CONTEST.search(sentence)
                or p.REFUSES.search(sentence)
                or p.BLOCKED.search(sentence)
                or re.search(
                    r"surfactur|promised|exced|exceeds|what|over.?charg|failed|ecart|erreur|difference|mismatch|discrep|au lieu|instead|rather than|wrong|incorrect|trop |oubli|missing|omitted|forgot|pas (?:ete )?(?:applique|deduit)|not (?:been )?(?:applied|deducted)|should (?:be|have been)|vous (?:l'avez|avez) (?:passe|factur)|you (?:have )?(?:charged|invoiced|billed)|factur|higher|inversion|ne correspond|never agreed|falsch|weicht|stimmt|incorrecto|errato|klopt",
                    sentence,
                )
                or talk.near_refusal(clause)
            )
        ):
            continue
        if (
            reason == "other"
            and re.search(r"\b(?:contact|adresse mail|ecrire|e-?mail)\b", text)
            and not p.REFUSES.search(sentence)
        ):
            continue
        found.append((reason, m))  # type: ignore[arg-type]
    if not found:
        return None, None
    order = (
        "credit_note",
        "duplicate",
        "not_ordered",
        "missing_reference",
        "quality",
        "not_delivered",
        "quantity",
        "price",
        "other",
    )
    found.sort(key=lambda f: order.index(f[0]))
    told = {f[0]: f for f in found}
    if "price" in told and p.FEE.search(text) and found[0][0] in ("not_ordered", "quality", "quantity"):
        return told["price"]  # a surcharge that nobody asked for
    if "price" in told and found[0][0] == "quality" and "conform" in found[0][1][0]:
        return told["price"]  # "prix non conforme au marche"
    if "other" in told and p.TAX.search(told["other"][1][0]):
        return told["other"]
    return found[0]


def is_no_ground(talk: Talk, reason: DisputeReason | str, m: re.Match[str], clause: Clause, around: str) -> bool:
    """Words of a ground that are none: of somebody else's goods, of nothing missing, of a paper, of an address."""
    rest = clause.text[m.end() :]
    match reason:
        case "quality":
            return p.NOT_THEIR_GOODS.search(around) is not None
        case "duplicate":
            return _NO_SECOND_BILL.match(rest) is not None
        case "quantity" if _NO_GOODS_MISSING.match(rest) or tallies.figures_agree(m[0]):
            return True
        case "missing_reference":
            return m[0].startswith("quot") and EMAIL.search(talk.folded[clause.start : clause.end]) is not None
        case "not_delivered" | "quantity":
            return bool(about_a_paper(clause.text, m))
    return False


def grounds(talk: Talk, clause: Clause) -> Iterator[tuple[DisputeReason, re.Match[str]]]:
    """Grounds that need no other word beside them, and figures that ought to be one."""
    text = clause.text
    for reason, pattern in p.GROUNDS.items():
        m = pattern.search(text if reason != "quantity" else talk.unmarked(clause, figures=False))
        if m is None or (clause.question and reason not in ("not_ordered", "price")):
            continue
        if is_no_ground(talk, reason, m, clause, text):
            continue
        yield reason, m  # type: ignore[misc]
    if clause.question:
        return
    m = tallies.counts_differ(talk.unmarked(clause, figures=False))
    if m:
        yield "quantity", m
    m = tallies.prices_differ(talk.unmarked(clause, figures=True))
    if m:
        yield "price", m


def about_a_paper(text: str, m: re.Match[str]) -> bool:
    """'La facture n'est jamais arrivée' is no missing delivery."""
    goods = re.search(
        r"\b(?:marchandise|materiel|colis|produit|livr|luminaire|lampe|projecteur|palette|article|carton|goods|delivery|deliver|order|lamp|light|fitting|shipment|parcel|pallet|items?|boxes|pieces?|units?|geliefert|ware|merce|mercancia|geleverd)\w*",
        text,
    )
    paper = re.search(
        r"\b(?:factures?|mails?|courriers?|courriels?|relances?|copies?|duplicata|rib|releves?|avoirs?|invoices?|e-?mails?|letters?|reminders?|copy|statements?|reponse|bon de livraison|bl|pod|delivery note|justificatifs?|documents?|rechnung|factura|fattura|factuur|paiement|virement|payment)\b",
        text,
    )
    return bool(paper) and not goods


def weak_reason(sentence: str) -> DisputeReason | None:
    for reason in (
        "credit_note",
        "duplicate",
        "not_ordered",
        "missing_reference",
        "quality",
        "quantity",
        "not_delivered",
        "price",
    ):
        if p.DISPUTE_WEAK[reason].search(sentence):
            return reason
    return None


def about_means(sentence: str) -> bool:
    """'We cannot pay in one go' is want of money, no dispute."""
    return bool(
        re.search(
            r"\b(?:tresorerie|difficult\w*|d'un coup|en une (?:seule )?fois|tout de suite|pour l'instant|actuellement|cash|in one go|at once|right now|at the moment|at present|currently|struggling|unable|tight|difficult|before|avant|this month|ce mois|moyens|liquid\w+|momentan|derzeit|de golpe|ora|nu)\b",
            sentence,
        )
    )


def lift(talk: Talk) -> None:
    """What was blocked and is released contests nothing any more: "étaient bloquées … le blocage est levé"."""
    for s in [s for s in talk.statements if s.intent == "dispute"]:
        clause = talk.clauses[s.clause]
        later = talk.folded[clause.end : clause.end + 400]
        if _FOUND.search(clause.text):
            talk.statements.remove(s)
            continue
        if _WAS.search(talk.sentence(clause)) and (
            _RELEASED.search(later) or p.NO_DISPUTE.search(later) or _FOUND.search(later)
        ):
            talk.statements.remove(s)


def explain_refusals(talk: Talk) -> None:
    """Reasons for refusals that stood alone, and blocks that a later or earlier sentence explains."""
    whole = talk.folded
    for i, said in enumerate(talk.statements):
        if said.intent == "dispute" and said.reason is None:
            others = [s.reason for s in talk.statements if s.intent == "dispute" and s.reason is not None]
            reason: DisputeReason = (
                others[0]
                if others
                else (weak_reason(whole) if weak_reason(whole) not in ("price",) or p.CONTEST.search(whole) else None)
                or "other"
            )
            talk.statements[i] = replace(said, reason=reason)
    if (
        "blocked" in talk.flags
        and not any(s.intent == "dispute" for s in talk.statements)
        and talk.blocked_at is not None
    ):
        clause = talk.clauses[talk.blocked_at]
        near = [c for c in talk.clauses if abs(c.sentence - clause.sentence) <= 2]
        text = " ".join(c.text for c in near)
        contest = p.CONTEST.search(text)
        weak = weak_reason(text)
        if weak and (contest or weak in ("quantity", "missing_reference", "quality", "not_delivered", "credit_note")):
            talk.say(
                "dispute",
                talk.blocked_at,
                p.BLOCKED.search(clause.text),
                reason=weak,
                numbers=talk.numbers(talk.blocked_at),
                vague=True,
            )
            talk.flags.discard("blocked")
    elif any(s.intent == "dispute" for s in talk.statements):
        talk.flags.discard("blocked")
