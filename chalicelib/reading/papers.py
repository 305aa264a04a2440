# ruff: noqa: E501  (one row of a table of phrases is one line)
"""Requests for a paper that is needed to pay."""

from __future__ import annotations

import re

from chalicelib.reading import phrases as p
from chalicelib.reading.clauses import Clause
from chalicelib.reading.talk import EMAIL, Talk

PLAIN_PAPER = re.compile(
    r"(?:factures?|invoices?|rechnung|factura|fattur[ae]|factuur|facturen|iban|statements?|vat number|copies|cop(?:y|ies)|releves?)"
)
_LACK = re.compile(
    r"\b(?:lay my hands on|never reached|m'a echappe\w?|(?:me|nous) manque|trouve plus|trouve pas|retrouve plus|retrouve pas|(?:not|n't) on (?:our|the|my) (?:ledger|system|books)|ik mis|non trovo|no encuentro|finde nicht|fehlt mir|mir fehlt|uns fehlt|(?:pas|jamais|rien|aucun\w?)(?: \S{1,8}){0,3}? ?(?:recue?s?|trouvee?s?|retrouvee?s?|vue?s?|trace)|introuvables?|impossible de (?:remettre la main|retrouver|trouver|mettre la main)|egare\w{0,2}|perdue?s?|ne (?:la |les |le )?(?:retrouv|trouv)\w+|chez moi je n'ai rien|(?:not|never|n't)(?: \S{1,8}){0,3}? (?:received?|got|get|seen|see|have(?! been| to)|find|locate|trace)|no (?:trace|record|sign|copy)|lost|mislaid|misplaced|missing|(?:can't|cannot|couldn't|unable to) (?:find|locate|trace)|nicht (?:erhalten|vor|auffindbar|gefunden)|liegt uns nicht|no (?:la |lo |hemos |he )?(?:hemos |encuentro|encontramos|recibid\w+|encontrad\w+)|non (?:la |abbiamo |ho |trov)\w*(?: mai)?(?: ricevut\w)?|niet (?:ontvangen|gevonden|terug|binnen)|kwijt|comer el perro|missen)\b"
)
_TRANSFER = re.compile(
    r"\b(?:r?envoy\w*|renvoie\w*|envoie\w*|enverr\w+|(?:re)?transmett\w*|adress(?:er|ez|iez)|joindre|joignez|fournir|fournissez|communiquer|communiquez|faire parvenir|faire suivre|remettre|reediter|obtenir|recevoir|avoir (?:la|une|copie|le)|refaire passer|repass\w+|(?:re|re-)?send\w*|resend|forward|e?-?mail (?:me|us|over|across|a|the)|provide|supply|let (?:me|us) have|have a|shoot|attach|senden|schicken|zusenden|zukommen|envi\w+|mand\w+|remit\w+|facilit\w+|inviar\w*|inoltr\w+|stuur\w{0,2}|sturen|toesturen|mailen|need|besoin|necesit\w+|hace falta|serve|nodig|benotig\w+|brauch\w+|il (?:nous|me) (?:faut|faudrait|manque)|exige|scan)\b"
)
_TRANSFER_AGAIN = re.compile(
    r"\b(?:remet\w*|doorsturen|mailen|mail|r?envoy(?:er|ez|iez)|renvoie\w*|rimand\w*|doormail\w*|doorsturen|opsturen|nasturen|remettre|retransm\w*|transmettre|repass\w*|refais\w*|ping|sending|faire suivre|faire parvenir|adresser|communiquer|email|e-mail|resend|re-send|send|forward|zusenden|schicken|senden|sturen|toesturen|enviar\w*|reenvi\w*|inviar\w*|mandar\w*|opnieuw)\b"
)
_WITHOUT = re.compile(
    r"\b(?:without|sans|ohne|zonder|sin|senza|faute d[e']|absence d[e']|failing|fehlende[rns]?|lack of|absent|missing)\b(?: \S{1,12}){0,2} ?$|faute d'$"
)
_HAVE = re.compile(
    r"(?:\b(?:j'ai|nous avons|on a|ai|avons|i have|i've|we have|we've|ich habe|wir haben|tengo|tenemos|abbiamo|ho|ik heb|we hebben|wij hebben)(?: (?:bien|already|now|got|found|deja|hier|also|aussi|just|schon|ya|gia|al|retrouve|recu|received|reperito|gevonden)){0,3} (?:la |le |les |l'|the |your |votre |vos |die |den |el |il |de |uw )?(?:copie de |copy of )?(?:la |the )?$)"
)
_THANKS = re.compile(
    r"\b(?:merci (?:\S{1,12} )?pour|thanks? (?:you )?(?:\S{1,8} )?for|danke? (?:\S{1,8} )?fur|grazie (?:\S{1,8} )?per|gracias (?:\S{1,8} )?por|merci de (?:m'|nous )?avoir (?:re)?(?:envoye|transmis|adresse)|thanks? (?:\S{1,8} )?for (?:re)?(?:sending|emailing|forwarding)(?: me| us| over)?|bedankt (?:\S{1,8} )?voor) (?:la |le |l'|les |votre |the |your |die |den |il |el |de )?(?:copie de |copy of )?(?:the |la |le |l')?$"
)
_AT_HAND = re.compile(
    r"(?: de livraison)? (?:sous les yeux|in front of me|before me|en main|vor mir|delante|davanti)\b|\s?acquittees?\b|\s?are due\b"
)


def request(talk: Talk, index: int, clause: Clause, sentence: str) -> None:
    text = clause.text
    m = p.DOCUMENT_SHORT.search(text)
    if (
        m
        and not p.CORRECTED.search(text)
        and not (EMAIL.search(talk.folded[clause.start : clause.end]))
        and not p.WILL_PAY.search(text[: m.start()])
    ):
        if re.search(r"marchandise|materiel|livr|goods|deliver", text) and not re.search(
            r"facture|invoice|copie|copy|duplicata|bon de livraison|delivery note|\bbl\b|pod", text
        ):
            return
        talk.say("document_request", index, m, numbers=talk.numbers(index))
        return
    asked = _asks_for_paper(text)
    if (
        asked is None
        and clause.references
        and (
            clause.question
            or re.search(r"\b(?:merci de|veuillez|svp|stp|please|pls|kindly|bitte|graag|gelieve|rogamos|prego)\b", text)
        )
    ):
        again = None if p.STOP_WRITING.search(text) else _TRANSFER_AGAIN.search(text)
        near = [r for r in clause.references if again and -50 < r.start - clause.start - again.end() < 30]
        asked = again if near else None
    if (
        asked is None
        and clause.references
        and not clause.amounts
        and _LACK.search(text)
        and not p.PAY_STEM.search(text)
        and not p.REFUSES.search(text)
        and not re.search(
            r"marchandise|materiel|livr|goods|deliver|lamp|ware|merce|mercanc|goederen|avoir|credit|gutschrift",
            text,
        )
    ):
        asked = _LACK.search(text)
    if asked is None and not p.GROUNDS["missing_reference"].search(text):
        asked = without_paper(text)
    if asked is None or any(s.intent == "complaint" and s.clause == index for s in talk.statements):
        return
    if p.CORRECTED.search(sentence) or (
        p.OFFERED.search(text)
        and not re.search(
            r"\?|pou[vr]\w+|(?:merci de|veuillez|please) (?!find|trouver|noter|note|see|voir|prendre|be|accept)(?:\S{1,12} ){0,2}?(?:r?envoy|transm|adress|fourn|commun|send|resend|provide|forward|confirm)|can you|could you|besoin|need",
            text,
        )
    ):
        return
    address = EMAIL.search(talk.folded[clause.start : clause.end])
    if (address or p.PORTAL.search(sentence)) and PLAIN_PAPER.fullmatch(asked[0]):
        return
    if re.search(r"\b(?:zero.balance|solde nul|quitus|main levee)\b", text):
        return
    plain = bool(PLAIN_PAPER.fullmatch(asked[0]) or not _TRANSFER.search(text))
    talk.say("document_request", index, asked, numbers=talk.numbers(index), vague=plain)


def without_paper(text: str) -> re.Match[str] | None:
    """'We cannot pay without a signed delivery note': the paper that payment waits for."""
    for paper in p.DOCUMENT.finditer(text):
        lead = text[max(0, paper.start() - 24) : paper.start()]
        if PLAIN_PAPER.fullmatch(paper[0]) or not _WITHOUT.search(lead):
            continue
        if p.REFUSES.search(text) or p.BLOCKED.search(text) or p.NOT_YET_PAID.search(text):
            return paper
    return None


def _asks_for_paper(text: str) -> re.Match[str] | None:
    """The paper that is asked for: a specific one with any polite turn, a plain 'invoice' only with send, need or lost."""
    for paper in p.DOCUMENT.finditer(text):
        if _HAVE.search(text[max(0, paper.start() - 40) : paper.start()]) or _AT_HAND.match(text, paper.end()):
            continue  # "I have the delivery note": nothing is asked
        if _THANKS.search(text[max(0, paper.start() - 40) : paper.start()]):
            continue
        around = text[max(0, paper.start() - 110) : paper.end() + 90]
        plain = bool(PLAIN_PAPER.fullmatch(paper[0]))
        transfer, lack = _TRANSFER.search(around), _LACK.search(around)
        if re.search(
            r"\b(?:notre|nos|mon|mes|our|my|unsere?n?|nuestr[oa]s?|nostr[oaei]|onze|ons)\s(?:propre |own )?$",
            text[: paper.start()],
        ):
            continue  # theirs, not ours
        if plain and not transfer and not lack:
            continue
        if (
            plain
            and transfer
            and not lack
            and re.match(r"need|besoin|brauch|nodig|serve|exige|mand", transfer[0])
            and not re.search(
                r"(?:need|besoin d\S{0,3}|brauchen?|benotigen?|nodig|serve|necesitamos)(?: \S{1,10}){0,3} (?:invoice|facture|rechnung|factuur|fattura|factura)",
                around,
            )
        ):
            continue
        if (
            plain
            and transfer
            and re.match(r"r?envoy|adress|transm|send|forward", transfer[0])
            and re.search(
                r"\b(?:vous (?:nous )?(?:avez|aviez) (?:envoye|adresse|transmis)|(?:nous|je|on) (?:vous )?(?:avons|ai|a|vais|allons) (?:\S{1,8} )?(?:envoye|transmis|adresse|transmettre|envoyer)|you (?:have )?sent|we (?:have )?(?:sent|forwarded|passed)|i(?:'ve| have)? (?:sent|forwarded|passed)|forwarded (?:it|your|the)|transmis(?:e)? (?:a|au))\b",
                around,
            )
            and not lack
        ):
            continue
        if re.match(r"\s(?:absente?|manquante?|erronee?|renvoyee|rejetee|refusee|retournee)", text[paper.end() :]):
            continue
        if not (transfer or lack) and not p.ASK.search(around):
            continue
        return paper
    return None
