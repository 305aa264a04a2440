# ruff: noqa: E501  (one row of a table of phrases is one line)
"""Requests for time or instalments."""

from __future__ import annotations

import re

from chalicelib.reading import phrases as p
from chalicelib.reading.clauses import Clause
from chalicelib.reading.talk import Talk

_ASKS_LATER = re.compile(
    r"\b(?:would|could|can|may|might|is it|ok|okay|open to|possible|mag|zou\w*|kan|konnten|konnen|ware|podri\w+|podemos|potremmo|possiamo|sarebbe|serait|seriez|pourri\w+|pourrais|puis-je|peut-on|est-ce|accept\w*|d'accord|voudriez|auriez)\b[^?\n]{0,90}\b(?:pay|settle|clear|spread|later|regl\w+|pay\w+|vers\w+|solder|restants?|reste|betal\w*|zahl\w*|bezahl\w*|pagar\w*|pagare|gennaio|febbraio|marzo|aprile|enero|febrero|abril|januari|februari|maart|januar|februar|marz|january|february|march|april|may|june|july|august|september|october|november|december|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)\b[^?\n]{0,80}(?:\b(?:gennaio|febbraio|marzo|aprile|enero|febrero|abril|januari|februari|maart|januar|februar|marz|may|june|july|august|september|october|november|december|january|february|march|april|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|mois|months?|weeks?|semaines?|later|plus tard|fois|parts?|times|keer|raten|plazos|veces|rate)\b|(?<=januari)|(?<=februari)|(?<=gennaio)|(?<=febbraio)|(?<=januar)|(?<=enero)|(?<=january)|(?<=janvier)|(?<=february)|(?<=fevrier))"
)


def request(talk: Talk, index: int, clause: Clause, sentence: str) -> bool:
    m = p.PLAN_WORDS.search(clause.text)
    if not m and clause.question:
        m = _ASKS_LATER.search(clause.text)
    if (
        not m
        and (p.PAY_STEM.search(clause.text) or clause.amounts)
        and any(d.future for d in clause.dates)
        and not p.PAID.search(clause.text)
    ):
        near = sentence + (talk.next_sentence(clause) if len(talk.next_sentence(clause)) < 120 else "")
        m = p.CONSENT.search(near) and re.compile(r"\S.*", re.DOTALL).search(clause.text)
    if not m or (p.PLAN_AGREED.search(sentence) and not clause.question):
        return False
    if (
        re.match(r"patienter|attendre|bear with|wait until|hold|report\b|un (?:petit )?delai", m[0])
        and (clause.dates or talk.promised_nearby(clause))
        and not clause.question
        and not re.search(
            r"\b(?:report|sollicit|demand|accord|souhait|aimer|voudr|besoin|apprecia|grateful|would|could|need)\w*",
            clause.text,
        )
    ):
        return False
    near = sentence + talk.next_sentence(clause)
    ask = (
        clause.question
        or bool(p.CONSENT.search(near))
        or bool(p.PLAN_ASK.search(clause.text))
        or bool(p.PLAN_ASK.search(sentence))
        or bool(re.search(r"\?", near))
    )
    if not ask:
        return False
    if re.match(
        r"un (?:petit |court )?delai|mensualit|moitie|calendrier|report|attendre|patienter|hold|extend|arrangement|part.?payment|raten\b|plazos",
        m[0],
    ) and not (p.PLAN_ASK.search(clause.text) or clause.question):
        return False
    if re.search(r"\b(?:attendre|patienter|wait until|bear with)\b", m[0]) and (
        p.DISPUTE_STRONG["credit_note"].search(sentence)
    ):
        return False
    talk.say("payment_plan_request", index, m, numbers=talk.numbers(index))
    deposit = re.search(
        r"\b(?:acompte|premier (?:versement|reglement|paiement)|down payment|first (?:payment|instal?ment)|deposit|anzahlung|anticipo|acconto|aanbetaling)\b",
        clause.text,
    )
    return not (deposit and (p.WILL_PAY.search(clause.text) or clause.dates) and not clause.question)
