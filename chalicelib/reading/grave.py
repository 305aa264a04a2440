# ruff: noqa: E501  (one row of a table of phrases is one line)
"""Insolvency and complaints: what a person must see at once."""

from __future__ import annotations

import re

from chalicelib.reading import phrases as p
from chalicelib.reading.clauses import Clause
from chalicelib.reading.talk import Talk

_ILL = re.compile(
    r"\b(?:hospitalis\w+|in hospital|im krankenhaus|ricoverat\w|hospitalizad\w|(?:in|naar) het ziekenhuis)\b"
)


def insolvency(talk: Talk, index: int, clause: Clause) -> None:
    if re.search(
        r"\b(?:looking at filing|have to file|may file|might file|call in the loan|we're done|we are done|going under|go under|mettre la cle|fermer boutique|l'activite ne tient plus|(?:je|nous|on) ferm(?:e|ons) (?:l'atelier|la boutique|le (?:magasin|restaurant|commerce|cabinet|garage)|l'entreprise|definitivement|boutique)|cessation d'activite|clos(?:e|ing) (?:the business|the shop|for good)|pas (?:certaine?s?|sure?s?) (?:que nous soyons|que je sois|d'etre|de pouvoir)(?: \S{1,12}){0,6} (?:d')?(?:honorer|payer|regler)|not sure (?:that )?(?:we|i) (?:can|will be able to) (?:ever )?pay|cesser (?:notre|l'|mon) activite|close (?:the|our) doors|boeken (?:\S{1,8} ){0,2}?neer ?(?:te )?leggen|faillissement|pleite|insolvenz anmelden|zumachen mussen|cerrar el negocio|echar el cierre|chiudere (?:l'attivita|bottega)|portare i libri)\b",
        clause.text,
    ):
        talk.flags.add("trouble")
    if _ILL.search(clause.text):
        talk.flags.add("ill")
    for m in p.INSOLVENCY.finditer(clause.text):
        before = clause.text[max(0, m.start() - 60) : m.start()]
        after = clause.text[m.end() : m.end() + 50]
        if p.NOT_A_PROCEDURE.search(talk.sentence(clause)) or (
            p.THIRD_PARTY.search(before) and not p.LEGAL.search(talk.folded)  # a lawyer's client is the debtor
        ):
            continue
        if p.DENIES.search(before) or (
            re.search(r"\b(?:rumeur|unfounded|n'est pas|not true|has been started|is planned)\b", after)
            and p.DENIES.search(clause.text)
        ):
            talk.flags.add("insolvency-denied")
            continue
        if re.search(r"\b(?:si|if|falls|en cas de|in case of|in the event)\b", before):
            continue
        if re.search(
            r"\b(?:devoir|vais devoir|risque\w*|sinon|otherwise|would have to|might have to|may have to|force\w* (?:a|de)|oblige\w* de|menace\w*)\b",
            before,
        ):
            talk.flags.add("trouble")
            continue
        talk.say("insolvency", index, m)
        return


_FOOT = re.compile(r"\W*(?:unsubscribe|desabonn\w+|desinscri\w+|abmelden|uitschrijven|cancellami|darme de baja)\W*")


def complaint(talk: Talk, index: int, clause: Clause) -> None:
    m = p.STOP_WRITING.search(clause.text) or p.PRIVACY.search(clause.text) or p.THREAT.search(clause.text)
    if m and clause.index > 1 and _FOOT.fullmatch(clause.text):
        return  # the foot of a newsletter; an answer of this one word stands alone
    if m and p.NO_COMPLAINT.search(talk.sentence(clause)):
        return
    if m:
        talk.say("complaint", index, m)
        return
    hits = list({h[0]: h for h in p.HOSTILE.finditer(clause.text)}.values())
    if not hits:
        return
    loud = talk.folded.count("!") >= 2 or bool(
        re.search(
            r"\b(?:votre|vos|your|ihre?r?|su|sus|vostr[aoie]|uw|jullie|you|vous|c'est|this is|cette?|ces)\b",
            clause.text,
        )
    )
    everywhere = len({h[0] for h in p.HOSTILE.finditer(talk.folded)})
    if len(hits) >= 2 or loud or everywhere >= 2:
        talk.say("complaint", index, hits[0])
