# ruff: noqa: E501  (one row of a table of phrases is one line)
"""The shortest answers, where the reminder is the question: a day alone, "done", "it's in the post".

Read only where the sentences say nothing by themselves. A day that lies ahead is a
promise, a day that lies behind a payment; "not the 12th but the 19th" is the 19th, a
range its last day, a day that no calendar has a promise without a date.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from chalicelib.reading import phrases as p
from chalicelib.reading.dates import FoundDate

LONGEST = 170  # characters; longer texts say what they mean


@dataclass(frozen=True, slots=True)
class Brief:
    intent: Literal["promise_to_pay", "remittance"]
    start: int
    end: int
    on: date | None
    certain: bool = True


def answer(folded: str, dates: Sequence[FoundDate], base: date) -> Brief | None:
    """What a very short text answers to a reminder; None where it is not an answer about a payment."""
    text = folded.strip()
    if not text or len(text) > LONGEST or "?" in text or _NO_ANSWER.search(text):
        return None
    lead = _LEAD.match(folded)
    at = lead.end() if lead else 0
    kept = _meant(folded, dates)
    done = _DONE.match(folded, at)
    if done and not _UNDONE.search(folded):
        return _done(folded, done, kept, base)
    coming = _COMING.match(folded, at)
    if coming and not kept and _TAKEN_IN_HAND.match(coming[0]):
        return None
    if coming:
        at = coming.end()
    short = next((d for d in dates if d.start <= at + 2 and d.end > at), None) or _after_that_is(folded, dates)
    if short is None:
        if coming and (kept or len(text.split()) <= 7):
            return _ahead(folded, coming.start(), at, kept, base)
        missing = _NO_SUCH_DAY.match(folded, at)
        return Brief("promise_to_pay", missing.start(), missing.end(), None) if missing else None
    if p.NOT_A_PAYMENT_DAY.search(text) and not p.PAY_STEM.search(text):
        return None
    if all((d.future is None or d.future < base) and not d.vague for d in kept):
        past = [d.past for d in kept if d.past and d.past < base]
        return Brief("remittance", short.start, short.end, max(past)) if past and not coming else None
    return _ahead(folded, short.start, short.end, kept, base)


def _ahead(folded: str, start: int, end: int, kept: Sequence[FoundDate], base: date) -> Brief:
    days = [d.future for d in kept if d.future is not None and not d.vague]
    unsure = any(not d.certain for d in kept) or bool(_UNSURE.search(folded))
    return Brief("promise_to_pay", start, end, max(days, default=None), certain=not unsure)


def _done(folded: str, done: re.Match[str], kept: Sequence[FoundDate], base: date) -> Brief:
    """ "Done", with the day if it says one; "done Friday" said of a day that only lies ahead is a promise."""
    told = [d for d in kept if not d.vague]
    if told and all(d.past is None or d.past > base for d in told):
        return _ahead(folded, done.start(), done.end(), kept, base)
    past = [d.past for d in told if d.past and d.past <= base]
    return Brief("remittance", done.start(), done.end(), max(past, default=None))


def _meant(folded: str, dates: Sequence[FoundDate]) -> list[FoundDate]:
    """The days that count: not those that are taken back."""
    kept = [
        d
        for d in dates
        if not _TAKEN_BACK.search(folded[max(0, d.start - 16) : d.start])
        and not _FAILED.match(folded[d.end : d.end + 24])
    ]
    return kept or list(dates)


def _after_that_is(folded: str, dates: Sequence[FoundDate]) -> FoundDate | None:
    """ "Sixty days from invoice, that is 15 April": the day behind the equation."""
    for d in dates:
        if d.future is not None and _THAT_IS.search(folded[max(0, d.start - 26) : d.start]):
            return d
    return None


# Words before the answer that say nothing about money.
_LEAD = re.compile(
    r"(?:[\s,.!:;-]{0,4}(?:bonjour|bonsoir|hello|hi there|hi|hey|hallo|guten (?:tag|morgen)|goedemorgen|goedemiddag|dag|hola|buenos dias|buongiorno|salve|ciao|coucou|salut|madame|monsieur|mesdames"
    r"|ok(?:ay)?|oui+|yes|yep|yup|yeah|ja|jep|jo|si|d'accord|entendu|note|bien recu|bien note|noted|understood|compris|well|so|alors|donc|bon|ben|right|sure|ras|voila|then"
    r"|merci(?: pour (?:le|votre|ce) (?:rappel|mail|message))?|thanks(?: for the (?:nudge|reminder|mail|prod))?|thank you|danke(?: fur die erinnerung)?|bedankt(?: voor de herinnering)?|gracias|grazie|desolee?|sorry|pardon|excuses?|scusi|mi dispiace|entschuldigung"
    r"|(?:au|de) plus tard|at the latest|spatestens|bis spatestens|uiterlijk|a mas tardar|al piu tardi|entro e non oltre|pas de souci|pas de probleme|no problem|no worries|promis(?: jure)?|jure|des|probably|normalement|in principe|en principe|c'est pour|ce sera|it'll be|it will be|that'll be|sera|sara|wird|wordt|(?:non pas|pas|not|nicht|niet|no|non)(?=\s(?:le |the |am |de |el |il |op |il )?\d)|apres|after|nach|na|dopo|despues del?|w/e|week ending|comme (?:convenu|d'habitude)|as (?:agreed|ever|usual)"
    r"|nouvelle date|new date|neuer termin|neues datum|nueva fecha|nuova data|nieuwe datum|somewhere|some ?time|entre|between|zwischen|tussen|tra|aux alentours(?: du| de)?|around|about|vers|gegen|rond|verso|sobre|l'an prochain|nous visons|we aim for|aiming for|first thing|tot|zum|am|bis|op|on|by|le|il|el|the|fur|pour|for|voor|per|para|a|vu|invoice|facture|rien d'autre)\b[\s,.!:;-]{0,4}){1,8}"
)
_DONE = re.compile(
    r"(?:(?:c'?(?:est|etait|e)|ce|elle est|it(?:'s| is| was|s)|its|all|that's|this is|tout est|es ist|ist|is|het is|e|e stato|esta|ya esta|on l'a|je l'ai|i've|ive|i|we)\s)?"
    r"(?:(?:deja|already|bereits|schon|al|gia|ya|bien|juste|just|all)\s)?"
    r"(?:(?:chq|cheque|check|vir|virt|virement|vrt|paiement|reglement|lcr|payment|bacs|transfer|wire|sepa|money|uberweisung|zahlung|betaling|bonifico|pago|transferencia)\s(?:is |was |est |ist |e |a ete )?)?"
    r"(?:fait(?:e|es|s)?|partie?s?|reglee?s?|payee?s?|viree?s?|postee?s?|envoyee?s?|transmise?s? a la banque|soldee?s?|versee?s?|sur le depart|done|sorted|paid|sent|posted|settled|gone|wired|transferred|mailed|cleared|processed|in (?:the )?(?:post|mail)|erl(?:edigt)?\b\.?|bezahlt|uberwiesen|raus|unterwegs|gezahlt|angewiesen|beglichen|gedaan|betaald|overgemaakt|gestort|voldaan|onderweg|geregeld|vertrokken|hecho|hecha|pagad[oa]s?|transferid[oa]s?|enviad[oa]s?|listo|fatto|fatta|pagat[oaie]|inviat[oa]|eseguit[oa]|saldat[oa]|versat[oa]|partit[oa])"
    r"(?![a-z])"
)
_UNDONE = re.compile(
    r"\b(?:pas|not|n't|nicht|niet|non|no|jamais|never|partiel\w*|si|if|when|quand|sera|will|bientot|soon|presque|almost|nearly|a moitie|half done|a faire|to do|said|dit|copie|copy|facture|invoice|rechnung|factuur|par erreur|twice|deux fois|stuff|patience|monopoly)\b"
)
# Words that announce a payment without naming it; a day or a few words may follow.
_COMING = re.compile(
    r"(?:kommt|komt (?:in orde|goed)|(?:ca|c') ?(?:arrive|vient|part|sera fait)|(?:on|je|j')\s?(?:s'en|m'en) (?:charge|occupe)|(?:is |it's |its |c'est )?(?:on (?:its|the) way|coming|en route vers vous)|will do|mach(?:e|en)? (?:ich|wir)|wird (?:gemacht|erledigt)|regel ik|doe ik|doen we|lo hago|lo faccio|provvedo|provvediamo|slitta a|verschoben auf|schuift op naar|(?:pushed|moved) (?:back )?to|decalee? au|reportee? au|se retrasa (?:al|a)"
    r"|(?:eingeplant|vorgemerkt|vorgesehen|ingepland|gepland|pencil+ed in|down|booked(?: in)?|lined up|scheduled|calee?|prevue?|notee?|programmee?|previst[oa]|programmat[oa]|programad[oa]|agendad[oa]|bon(?:ne)?s?|good|ok)(?=\s(?:fur|for|voor|pour|per|para|op|am|zum|in|on|le|il|el|kw|s\d|a)\b)"
    r"|you(?:'ll| will) (?:have|get|see) (?:it|this|the money|your money|payment)|vous (?:l'aurez|l'avez|etes (?:creditee?s?|payee?s?))|sie haben es|u heeft het|lo tendra\w*|lo (?:ha|avra)|(?:assuming|provided|unless)[^,.]{1,40},|it(?:'ll| will) be (?:done|sorted|dealt with|with you)|run)"
    r"[\s,.:!-]{0,3}(?:(?:fur|for|voor|pour|per|para|op|am|zum|in|on|by|within|le|il|el|den|het|the|at|bis|a)\s)?"
)
# "I'll see to it": a promise only together with a day.
_TAKEN_IN_HAND = re.compile(r"(?:on|je|j')\s?(?:s'en|m'en)|will do|mach|wir|regel|doe|lo |provved|komt goed|run|it")
_NO_ANSWER = re.compile(
    r"\b(?:absen\w*|conges?|ferme\w*|vacances|holiday|leave|closed|maladie|sick|urlaub|vakantie|ferie|rendez-vous|rdv|reunion|meeting|appel\w*|rappel(?:le|lerai|ez|er)\w*|telephon\w*|phone|call|livr\w+|deliver\w*|geliefert|lieferung|courses?|facture n'est|pas paye\w*|impayee?|litige|dispute\w*|contest\w*|avoir|credit note|gutschrift|avocat|lawyer|tribunal|insolv\w+|liquidation|fusion|retour de|refus\w*|manqu\w+|missing|casse\w*|defect\w*|wrong|faux|fausse|erreur|error|duplicat\w*|copie|copy|rib\b|jamais|never|rien a|nothing|lorsque|des que|quand le|once|as soon as|sobald|cuando cobr\w+|zodra|appena|until|tant que|depends on you|systeme?|stato =|statut? =)\b"
)
_TAKEN_BACK = re.compile(
    r"\b(?:non pas|pas|not|nicht|niet|no|non|instead of|au lieu du?|statt)\s(?:le |the |on |on the |am |de |el |il |op )?$"
)
_FAILED = re.compile(
    r",?\s?(?:no pudo ser|n'a pas pu|wasn't possible|didn't happen|hat nicht geklappt|ging nicht|non e stato possibile|lukte niet|c'etait faux|was wrong)"
)
_UNSURE = re.compile(
    r"\b(?:peut-etre|sans doute|probablement|un peu apres|some ?time|maybe|perhaps|probably|hopefully|vielleicht|wahrscheinlich|misschien|quiza\w?|forse|si tout va|assuming|unless|provided|before or after|ish|environ|aux alentours|around|if all goes)\b"
)
_THAT_IS = re.compile(
    r"\b(?:o sea|soit|c'est-a-dire|i\.e\.|so|donc|also|ossia|cioe|dus|that is|nouvelle date|new date|sera|sara|make it|disons|say)\s?:?\s(?:le |the |on |am |op |el |il |au )?$"
)
_NO_SUCH_DAY = re.compile(
    r"(?:le |the |am |el |il |op )?(?:3[0-9]|[4-9]\d)(?:st|nd|rd|th|\.|e)? (?:de |of )?(?:february|fevrier|februar|febrero|febbraio|februari|april|avril|june|juin|juni|junio|giugno|september|septembre|septiembre|settembre|november|novembre|noviembre)\b"
)
