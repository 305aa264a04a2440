# ruff: noqa: E501  (one row of a table of phrases is one line)
"""Payments made and promised. Tense decides: the verb's first, the date's where the verb leaves it open."""

from __future__ import annotations

import re
from dataclasses import replace

from chalicelib.reading import disputes, payment_facts
from chalicelib.reading import phrases as p
from chalicelib.reading.clauses import Clause
from chalicelib.reading.model import Intent
from chalicelib.reading.talk import Talk

STRONG_FUTURE = re.compile(
    r"\b(?:sera|seront|sere[zt]|va|vont|vais|allons|partira|partiront|quitter(?:a|ont)|reglera|reglerons|reglerai|paierons|paierai|paiera|virerons|virerai|virera|verserons|solderons|ferons|ferai|fera|effectuerons|procederons|procederai|enverrons|enverrai|aurez|auras|recevrez|interviendra|passera|will|'ll|shall|going to|wird|werden|worden|wordt|zal|zullen|pagaremos|pagheremo|sara|verra|scheduled|prevue?s?|programmee?s?|planned|gets cut|goes|going)\b"
)
UNRELATED_PAYMENT = re.compile(
    r"\b(?:aucun (?:virement|paiement|reglement) (?:fournisseur|ne)|s'engage a (?:payer|regler) ses fournisseurs|paie ses fournisseurs|supplier payments? due|payments? (?:is|are) made (?:by|on|every)|nos (?:paiements|reglements) (?:s'effectuent|se font|sont)|payment terms|conditions de (?:paiement|reglement)|notre client|nos clients|(?:nous|me|m') ?(?:paie|paient|payent|paiera|paieront|regle|reglent|reglera|verse|versent|versera)\b|(?:pay|pays|paying|paid) (?:us|me)\b(?! (?:back|a))|once (?:the )?payment has been (?:made|sent)|when (?:the )?payment is (?:made|sent)|zahlt uns|uns zahlt|nos paga\w?|ci paga\w{0,2}|betaalt ons|our (?:own )?(?:customer|client)s? (?:pay|has|have|will)|nous (?:doit|doivent)|m'ont (?:paye|regle)|owes us|owe us|maitre d'ouvrage|subvention|all'erario|au tresor public|hmrc|finanzamt|belastingdienst|early.payment|escompte|votre honoree|toujours (?:ete )?(?:paye|regle|honore)\w*|(?:reglons|payons|regle|paye) (?:toujours|habituellement|generalement|nos fournisseurs)|(?:always|usually|normally|generally) (?:pay|paid|settle)|zahlen (?:wir )?(?:immer|grundsatzlich|stets)|siempre (?:hemos )?pag|sempre pag|altijd betaal|will you pay|you will pay|allez-vous payer|reglement (?:interieur|general|des honoraires)|reglement par cheque (?:est )?accepte|rgpd|gdpr)\b"
)
_CANNOT = re.compile(
    r"\b(?:ne (?:peut|peuvent|pouvons|puis|pourra|pourrons|saurait)|cannot|can't|can not|unable to|kann nicht|konnen (?:wir )?nicht|no pued\w+|no podemos|non poss\w+|non puo|kan niet|kunnen (?:wij |we )?niet)\b"
)
_JUST_NOW = re.compile(
    r"\b(?:viens? (?:juste )?de|venons (?:juste )?de|viennent (?:juste )?de|vient d|just (?:paid|sent|made|wired|transferred|settled|now)|have just|soeben|gerade eben|acabo de|acabamos de|acabei de|acabamos de|ho appena|abbiamo appena|zojuist|net (?:betaald|overgemaakt))\b"
)
_MONEY_VERB = re.compile(
    r"regl|pay|paie|vire|virement|vers[eo]|sold|acquit|mandat|honor|decaiss|debit|remb|apur|liquid|ordonnanc|cheque|check|\bpaid|settl|clear|transf|remit|wire|fund|money|fric|argent|bezahl|uberw|beglich|beglei|angew|zahl|ausgeziff|pag|abon|ingres|transfer|liquid|sald|bonific|betal|betaal|overg|voldaan|gestort|comptes?\b|account|banque|bank|run\b|campagne|echeanc|bacs|chaps|lcr|traite|sepa|avis|remittance|invoice|facture"
)
_OTHER_GOODS = re.compile(
    r"\b(?:techniciens?|livraisons?|livre\w*|colis|palettes?|marchandises?|materiel|retours?|equipes?|collegues?|mails?|courriels?|courrier|reponse|dossier|visa|photos?|copies?|duplicata|facture corrigee|avoir|devis|commande|contrat|formulaire|attestation|technician|engineer|delivery|goods|parcel|pallets?|colleague|team|e-?mails?|answer|reply|photos?|pictures?|copy|form|quote|order|contract|credit note|corrected|reminder|letter|lieferung|ware|antwort|unterlagen|entrega|mercancia|respuesta|merce|consegna|risposta|levering|goederen|antwoord|offerte)\b"
)
_OWN_MEANS = re.compile(
    r"\b(?:(?:mon|notre|nos|mes|ma|le|la|l') ?(?:client|paie|paye|recette|caisse|prime|acompte|banque|maitre d'ouvrage|tresorerie|subvention|salaire|pret|credit|conseil|mairie|departement|etat|salon|saison)\w{0,2}|encaiss\w+|rentree? d'argent|j'ai (?:les|de quoi|l'argent|des)|que je peux|que possible|quand je peux|je pourrai|on pourra|me paie|nous paie|me regle|nous regle|nous payer|de la tresorerie|(?:our|my) (?:own )?(?:customer|client|bank|funding|grant|loan|season|money|cash|owner|boss|director|board)\w{0,2}|we (?:can|are paid|get paid|have the|receive (?:our|the) (?:money|payment|funds|grant))|i can|i have|i get|cash|funds|pays us|pay us|paid us|approval|signature|signs?|signed|wir (?:konnen|haben|wieder)|unser kunde|abgerechnet|sobald moglich|podamos|cobremos|nos paguen|potremo|ci pagano|incass\w+|we kunnen|onze klant|betaald krijgen|vote|votes?|budget|ouverture|accord du|visa|les fetes|conseil municipal)\b"
)
_SENT_BACK = re.compile(
    r"\b(?:virement|paiement|prelevement|cheque|fichier|payment|transfer|wire|uberweisung|bonifico|transferencia|pagamento|betaling)\b(?:[^.\n]|\.\d){0,60}\b(?:rejetee?|revenue?s?|retournee?|bounced|returned|rejected|failed|zuruckgekommen|respinto|tornato|rechazada|devuelta|devolvid[ao]|rejeitad[ao]|teruggekomen|geweigerd)\b"
)
_THEN_PAY = re.compile(
    r"\b(?:reissue|send|correct|fix|amend|replace|credit|refaites|envoyez|corrigez|rectifiez|bitte|schicken sie|korrigieren sie|corrijan|manden|correggete|mandate|stuur)\b[^.\n]{0,90}\b(?:and (?:then )?(?:we|i)(?:'ll| will)|then (?:we|i)(?:'ll| will)|dann|et (?:on|nous|je) (?:vous )?(?:pai|regl)|y (?:les )?pagamos|e paghiamo|dan betalen)|\berst danach\b"
)
_WHEN_PAID = re.compile(
    r"\b(?:clients?|customers?|kunden?|clientes?|klant|maitre d'ouvrage|donneur d'ordre|constructora|committente|insurers?|scheme|funder|assur\w+|promoteur|bailleur)\b[^.\n]{0,40}\b(?:pa(?:ye|ie|y|id|gh?[aoi])\w*|regl\w*|zahl\w*|uberw\w*|settl\w*|betaal\w*|come through|rembours\w*)\b|\b(?:cobremos|cobramos|nos paguen|ci pagano|incassiamo)\b|\bquand (?:je|on|nous) (?:peux|pourra\w*|peut|pouvons)\b|\b(?:customer|client) settles\b"
)


# A day that hangs on what somebody else does is for a person, however definite it sounds.
_HANGS_ON = re.compile(
    r"\b(?:a condition|sous reserve|si du moins|si toutefois|pour autant que|provided|on condition|assuming|only if|vorausgesetzt|sofern|mits|op voorwaarde|siempre que|siempre y cuando|a patto|a condizione)\b"
)
_BUT_FOR_ERROR = re.compile(r"\W*(?:sauf erreur|unless i am mistaken|salvo error|salvo errori?)\b")
_SINCE = re.compile(
    r"\b(?:depuis|since|seit|desde|sinds) (?:le |the |dem |el |de )?(?:\d|hier|yesterday|gestern|ayer|gisteren|lundi|mardi|mercredi|jeudi|vendredi|monday|tuesday|wednesday|thursday|friday|montag|dienstag|mittwoch|donnerstag|freitag|maandag|dinsdag|woensdag|donderdag|vrijdag|lunes|martes|miercoles|jueves|viernes|la semaine|last|deux|trois|two|three)"
)


def pay(talk: Talk, index: int, clause: Clause, sentence: str, disputed: bool) -> None:
    text = clause.text
    paid = p.PAID.search(text) or p.PAID_TOO.search(text)
    will = p.WILL_PAY.search(text) or p.WILL_PAY_TOO.search(text)
    if p.REFUSES.search(text) and not (paid and disputed):
        return
    if p.UNREAL.search(text):
        return
    if paid and (_SENT_BACK.search(sentence) or re.search(r"\b(?:les|des|en) soldes$", paid[0])):
        paid = None  # it came back; or the sales are meant
    if p.HEARSAY.search(sentence):
        talk.flags.add("hearsay")
        return
    if paid and p.HANDED_ON.search(sentence):
        talk.flags.add("hearsay")
    if paid and re.search(r"\bsur le point d'etre|\babout to be|\ben passe d'etre", text):
        paid, will = None, paid
    if re.match(r"\W*(?:si|if|wenn|falls|se|als|assuming|unless|provided)\b(?!-?\d)", sentence) and not re.match(
        r"\W*(?:si (?:conferma|comunica|informa|segnala|precisa|allega|trasmette|avvisa|vous|besoin|ca|cela|oui|ok|non|jamais|rien|pas|(?:le |un |votre |l')?(?:virement|paiement|reglement|argent|montant|somme)? ?n'|quelque chose|il (?:y a|manque))|if (?:you|that|this|not|so|yes|ok|anything|something|nothing|(?:it|they|the (?:money|payment|funds|transfer)|we)(?: \S{1,9})? ?(?:has|have|is|are|does|do|still|should|can)?n't|(?:it|they) (?:is|are|has) (?:still|not)|for (?:any|some) reason)|wenn (?:sie|es|ja|nicht|das geld)|falls (?:sie|nicht|ja|etwas|noch)|se (?:non|nao|ate|vuole|si|fra|tra|entro|ci|manca|mancasse)|als (?:u|je|ja|het (?:er |geld )?(?:nog )?niet))(?:\b|(?<='))",
        sentence,
    ):
        talk.flags.add("conditional")
    negated = p.NOT_YET_PAID.search(text)
    if negated and paid and negated.start() <= paid.end() and paid.start() <= negated.end() + 12:
        paid = None
    if negated and will and negated.start() < will.end() and will.start() < negated.end():
        will = None
    if will and re.search(
        r"\b(?:pour|afin de|um|in order to|so we can|so i can|om)\s(?:vous |la |le |les |it |you |them )?$",
        text[: will.start()],
    ):
        will = None  # "pour la passer au paiement": a purpose
    barred = _CANNOT.search(text)
    if barred and will and barred.start() <= will.start():
        will = None
    if disputed and not (paid or (will and clause.dates)):
        return
    if paid and not about_money(talk, clause, sentence, paid):
        paid = None
    if will and not about_money(talk, clause, sentence, will):
        will = None
    if not paid and not will:
        if not negated and not disputed:
            before = len(talk.statements)
            loose_payment(talk, index, clause, sentence)
            talk.statements[before:] = [replace(s, loose=True) for s in talk.statements[before:]]
        return
    if p.QUESTION_PAID.search(text) and (
        clause.question
        or not (
            clause.dates or clause.amounts or (_BUT_FOR_ERROR.match(text) and re.search(r"\d", sentence[len(text) :]))
        )
    ):
        talk.flags.add("payment-asked")
        return
    past = is_past(talk, clause, paid, will)
    if not past and will is None and paid is None:
        return
    if (
        not past
        and re.search(r"\b(?:by now|deja (?:du|etre|arrive)|inzwischen|by this time)\b", text)
        and not clause.dates
    ):
        return
    if not past:
        if not clause.dates and (
            _THEN_PAY.search(sentence) or (_WHEN_PAID.search(sentence) and p.CONDITION.search(sentence))
        ):
            talk.flags.add("conditional")
            return
        if sentence.rstrip().endswith("?") and re.match(r"\W*(?:si|if|wenn|falls|se|als)\b(?!-?\d)", sentence):
            talk.flags.add("question")
            return
        if is_conditional(clause, sentence):
            under_condition(talk, index, clause, sentence)
            return
        if clause.question and not (
            clause.dates and not re.match(r"\s*(?:would|could|can|pou|est-ce|serait|accept)", text)
        ):
            talk.flags.add("question")
            return
        if UNRELATED_PAYMENT.search(text) and not clause.numbers:
            return
        weak_only = (
            will is not None
            and re.match(r"(?:part|suivra|goes?|going|go|leave|je|on|nous|il|elle|we|i)\b", will[0].strip()) is not None
        )
        if weak_only and not (
            re.search(r"\b(?:vir|pai|paye|vers|sold)", will[0] if will else "")
            or clause.dates
            or p.PAYMENT_NOUN.search(sentence)
            or clause.numbers
            or clause.amounts
        ):
            return
        if not (
            clause.dates
            or p.PAYMENT_NOUN.search(sentence)
            or clause.numbers
            or clause.amounts
            or re.search(
                r"\b(?:paie|paye|regl|vir|sold|verse|acquit|pay|paid|settle|clear|bezahl|uberw|zahl|pag|bonific|betaal|overma)",
                text,
            )
        ):
            return
        say_promise(talk, index, clause, sentence, will or paid)
    else:
        if UNRELATED_PAYMENT.search(text) and not clause.numbers:
            return
        if clause.question and p.QUESTION_PAID.search(sentence):
            talk.flags.add("payment-asked")
            return
        say_payment(talk, index, clause, sentence, paid or will)


def about_money(talk: Talk, clause: Clause, sentence: str, m: re.Match[str]) -> bool:
    """'Sera envoyé lundi' and 'has been sent' speak of a payment only beside money, an invoice or an amount."""
    if _MONEY_VERB.search(m[0]):
        return True
    if p.PAYMENT_NOUN.search(clause.text) or clause.amounts:
        return True
    if _OTHER_GOODS.search(clause.text):
        return False
    if clause.numbers:
        return True
    return bool(p.PAYMENT_NOUN.search(sentence)) or bool(
        payment_facts.PRONOUN.match(clause.text) and talk.spoken_of_money(clause)
    )


_PARTICIPLE = re.compile(r"\W*(?:pay|regl|vir|sold|acquitt|mandat)ee?s?\b|\W*(?:paid|settled|bezahlt|betaald|pagad[ao]s?|pagat[oaie])\b")


def is_past(talk: Talk, clause: Clause, paid: re.Match[str] | None, will: re.Match[str] | None) -> bool:
    base = talk.ground.base
    if paid and _SINCE.search(clause.text):
        return True
    at = clause.start + paid.end() if paid else -100  # "versés le 29.12.", whatever other days stand further on
    if any(d.past and d.past == d.future and d.past < base and -8 <= d.start - at <= 6 for d in clause.dates):
        return True
    told = [d for d in clause.dates if d.past and d.future and d.past == d.future]
    only_future = any(
        d.past is None
        and d.future is not None
        and not re.search(
            r"\b(?:compte[rz]|allow|takes?|delai de|dauert|duurt)\s\S{0,8}\s?$",
            talk.folded[max(0, d.start - 18) : d.start],
        )
        for d in clause.dates
    )
    if (
        paid
        and re.search(r"\b(?:c'?est|est|sont|is|are|ist|sind|e|esta)\b", paid[0])
        and not re.search(r"\b(?:ete|deja|bien|already|been|bereits|schon|gia|ya)\b", paid[0])
        and len(clause.dates) == 1
        and not told
    ):
        # "le virement est effectué le 22": the nearer 22nd, the coming one in doubt
        one = clause.dates[0]
        if one.past and one.future and one.weak:
            return (base - one.past) < (one.future - base)
    if (
        will
        and told
        and re.search(r"\b(?:pagamos|transferimos|abonamos|ingresamos|hicimos)\b", clause.text)
        and all(d.past and d.past < base for d in told)
    ):
        return True
    if will and _PARTICIPLE.match(will[0]) and told and all(d.past and d.past < base for d in told):
        return True  # "payée avec la suivante le 20", of a 20th that is over
    if (
        paid
        and re.match(r"\W*(?:c'?est|it's|it is)\b", paid[0])
        and clause.dates
        and not told
        and not any(d.future is None for d in clause.dates)
    ):
        return False  # "lundi c'est réglé"
    if (
        paid
        and told
        and all(d.past and d.past > base for d in told)
        and re.search(r"\b(?:scadenza|echeance|maturity|fallig\w*|vencimiento|vervaldatum)\b", clause.text)
    ):
        return False
    if (
        paid
        and not will
        and not clause.dates
        and re.search(
            r"\b(?:is|are|est|sont|gets?) (?:\S{1,8} )?(?:payed|paid|settled|pay\w*|regl\w*)\b",
            paid[0] + " " + clause.text[paid.start() : paid.end() + 8],
        )
    ):
        near = [
            d
            for c in talk.clauses
            if c.sentence == clause.sentence
            for d in c.dates
            if not payment_facts.other_day(talk, c, d)
        ]
        if near and all((d.past is None) or (d.past == d.future and d.past > base) for d in near):
            return False
    if paid and not will and re.match(r"\W*c'est (?:fait|signe|regle)\b", paid[0]) and only_future:
        return False  # "it is signed, the payment is set for the 15th"
    if paid and not will:
        bare = re.match(
            r"[|,:;(.\n\s-]*(?:est|sont|is|are|facture\w?|la|les|et)?\s?(?:\w+ee?s?|paid|settled)\b", paid[0]
        ) and not re.search(r"\b(?:ai|a|avons|ont|ete|have|has|had|been|was|were|avis|preuve|advice|proof)\b", paid[0])
        if bare and (only_future or (told and all(d.past and d.past > base for d in told))):
            return False
        return not (
            only_future
            and not told
            and not re.search(r"\b(?:avis|preuve|ordre|advice|proof|ete|have|has|ai|avons|ont)\b", paid[0])
        )
    if will and not paid:
        if (
            told
            and re.search(
                r"payment date|date (?:de|of) (?:paiement|reglement|payment)|value date|zahlungsdatum", clause.text
            )
            and all(d.past and d.past <= base for d in told)
        ):
            return True
        if told and all(d.past and d.past < base for d in told) and not STRONG_FUTURE.search(clause.text):
            return bool(p.PAST_MARK.search(clause.text)) or clause.row
        return False
    if STRONG_FUTURE.search(clause.text):
        strong_past = paid is not None and re.search(
            r"\b(?:a|ont|avons|ai) (?:\S{1,12} ){0,2}(?:ete |bien |deja )?(?:regle|paye|vire|solde)|\b(?:has|have|had|was|were) (?:been )?(?:paid|settled|sent|wired|transferred)",
            paid[0],
        )
        return (
            bool(strong_past)
            and not only_future
            and (paid is not None and will is not None and paid.start() < will.start())
            and not told
        )
    if told:
        return all(d.past is not None and d.past <= base for d in told)
    return not only_future


# "As soon as the cooperative has paid me, and on 15 November at the latest, whatever happens."
_ANYWAY = re.compile(
    r"\b(?:au plus tard|at the latest|no later than|spatestens|uiterlijk|a mas tardar|al piu tardi|o mais tardar)\b.{0,40}\b(?:quoi qu'il (?:arrive|en soit)|dans tous les cas|en tout cas|de toutes? (?:facons?|manieres?)|whatever happens|in any case|either way|regardless|auf jeden fall|so oder so|hoe dan ook|in ogni caso|en todo caso|pase lo que pase|em todo o caso)\b"
)


def is_conditional(clause: Clause, sentence: str) -> bool:
    m = p.CONDITION.search(clause.text) or p.CONDITION.search(sentence)
    if not m or _ANYWAY.search(sentence):
        return False
    return not re.match(
        r"des que possible|as soon as possible|si (?:tout|besoin|ca|cela|vous (?:y |le |la |preferez|voulez|souhaitez|avez|desirez|pouvez|etes d))|if (?:you (?:have|need|would|require|prefer|like|want|wish)|that|need|any)|en attendant|selon",
        sentence[m.start() :],
    )


# "On the 22nd, if the general meeting votes it": a day that others may strike.
_IF_THEY_AGREE = re.compile(
    r"\b(?:si|if|wenn|falls|sofern|se|als|mits)\b[^.\n]{2,60}\b(?:vot\w+|adopt\w+|approuv\w+|accept\w+|accord\w+|valid\w+|approv\w+|agree\w*|zustimm\w+|genehmig\w+|aprueb\w+|apruev\w+|goedke\w+|akkoord)\b"
)


def under_condition(talk: Talk, index: int, clause: Clause, sentence: str) -> None:
    """'Paid once …': of ours it is a dispute or a request; of theirs, nothing to rely on."""
    m = p.CONDITION.search(sentence)
    after = sentence[m.start() :] if m else sentence
    reason, strong = disputes.strong_reason(talk, clause, sentence)
    if strong is not None and reason is not None and not _WHEN_PAID.search(sentence):
        if not any(s.clause == index and s.intent == "dispute" for s in talk.statements):
            talk.say("dispute", index, strong, reason=reason, numbers=talk.numbers(index))
        return
    if re.search(r"\bavoirs?\b|credit note|gutschrift|creditnota|nota di credito|abono", after):
        talk.say("dispute", index, None, reason="credit_note", numbers=talk.numbers(index))
        return
    if p.CORRECTED.search(after):
        if not any(s.intent == "dispute" for s in talk.statements):
            talk.say("dispute", index, None, reason=None, numbers=talk.numbers(index))
        return
    if p.DOCUMENT.search(after) and not clause.dates:
        talk.say("document_request", index, None, numbers=talk.numbers(index))
        return
    dated = [
        d
        for d in clause.dates
        if d.future and d.future >= talk.ground.base and not payment_facts.other_day(talk, clause, d)
    ]
    theirs = _OWN_MEANS.search(after) or _OWN_MEANS.search(sentence) or _WHEN_PAID.search(sentence)
    if dated and (theirs or not p.OUR_ACT.search(after)):
        if _IF_THEY_AGREE.search(after):
            talk.flags.add("conditional")
        say_promise(talk, index, clause, sentence, p.WILL_PAY.search(clause.text) or p.PAY_STEM.search(clause.text))
        return
    if any(
        s.intent == "dispute" and abs(talk.clauses[s.clause].sentence - clause.sentence) <= 2 for s in talk.statements
    ):
        return
    if theirs:
        say_promise(talk, index, clause, sentence, p.WILL_PAY.search(clause.text) or p.PAY_STEM.search(clause.text))
        talk.flags.add("conditional")
        return
    part = re.split(r"[,;.]|\b(?:je|nous|on|we|i|wir|ich)\b", after[2:])[0]
    if p.OUR_ACT.search(part) or p.CONTEST.search(after) or any(w.search(after) for w in p.DISPUTE_WEAK.values()):
        talk.say("dispute", index, None, reason=disputes.weak_reason(after), numbers=talk.numbers(index))
        return
    talk.flags.add("conditional")


def loose_payment(talk: Talk, index: int, clause: Clause, sentence: str) -> None:
    """No known turn of phrase: a word of paying (or an invoice, or a balance) and a day. The day's direction decides."""
    text = clause.text
    if p.UNREAL.search(text) or p.HEARSAY.search(text) or _SENT_BACK.search(sentence):
        return
    if re.search(
        r"\b(?:gave|granted|given|allowed) us (?:until|till)\b|\b(?:accorde|laisse)\w{0,2} jusqu|\bbis zum \S{1,12} zeit\b",
        text,
    ):
        return  # more time that was granted is no promise
    if p.ARRIVES.search(text) and any(s.intent == "remittance" for s in talk.statements):
        return  # "transferred yesterday; it will be on your account on Monday"
    if _HABIT.search(text) and not clause.numbers and not clause.amounts:
        return  # "we pay on the 10th and the 25th of each month"
    if _RUN_AFTER.search(text) and any(s.intent == "promise_to_pay" and s.on for s in talk.statements):
        return  # "the run after that isn't until the 11th"
    if clause.question and not re.search(r"\b(?:yes|ok|okay|oui|ja|si|hein|no)\s?\?", text):
        return
    days = [
        d for d in clause.dates if not d.vague and (d.past or d.future) and not payment_facts.other_day(talk, clause, d)
    ]
    money = p.PAY_STEM.search(text) or (payment_facts.PRONOUN.match(text) and p.PAY_STEM.search(sentence))
    known = [a for a in clause.amounts if any(a.value == i.amount for i in talk.ground.items)]
    named = bool(clause.numbers) or bool(payment_facts.PRONOUN.match(text) and len(text) < 80 and talk.numbers(index))
    if not days or len(text) > 200:
        return
    if not (
        money
        or (_THE_SECOND.match(text) and _said_before(talk, clause, "promise_to_pay"))
        or (named and clause.amounts)
        or (named and len(text) < 120)
        or (known and len(text) < 140)
        or (clause.amounts and len(text) < (60 if talk.statements else 120))
    ):
        return
    if (p.DOCUMENT.search(text) and p.ASK.search(text)) or p.PLAN_WORDS.search(text) or p.INSOLVENCY.search(text):
        return
    if re.match(
        r"\W*(?:r?envoy(?:ez|e)|renvoie|envoie|faites|send|resend|schick\w+|senden|stuur|mand\w+|envi\w+)\b", text
    ):
        return
    if p.NOT_A_PAYMENT_DAY.search(text) and not (money and (clause.amounts or named)):
        return
    if not money and (p.BLOCKED.search(text) or p.CONTEST.search(text)):
        return
    if p.QUESTION_PAID.search(text) and not re.search(r"\bje croi\w*|i think|i believe", text):
        talk.flags.add("payment-asked")
        return
    base = talk.ground.base
    ahead = any(
        (d.past is None and d.future is not None) or (d.past == d.future and d.future and d.future > base) for d in days
    )
    behind = any(
        (d.future is None and d.past is not None) or (d.past == d.future and d.past and d.past < base) for d in days
    )
    if any(
        re.search(
            r"\b(?:depuis|since|seit|desde|dal|sinds|al op|deja le)\s(?:le |the |dem |el )?$",
            talk.folded[max(clause.start, d.start - 14) : d.start],
        )
        or d.words.startswith(("depuis", "seit", "desde", "dal ", "sinds"))
        for d in days
    ):
        behind, ahead = True, False
    past_mark, future_mark = p.PAST_MARK.search(text), p.FUTURE_MARK.search(text)
    m = money or re.compile(re.escape(days[0].words)).search(text)
    if is_conditional(clause, sentence) and not ahead and not behind:
        under_condition(talk, index, clause, sentence)
        return
    if ahead and not behind:
        if (
            past_mark
            and not future_mark
            and not any(d.past is None for d in days)
            and money
            and re.search(r"\b(?:ordre de|payment order|instruct)", text)
        ):
            say_payment(talk, index, clause, sentence, m)
        else:
            say_promise(talk, index, clause, sentence, m)
    elif behind and not ahead:
        if future_mark and not past_mark:
            say_promise(talk, index, clause, sentence, m)
        elif (
            money
            or (
                clause.amounts
                and (named or past_mark or any(a.value == i.amount for a in clause.amounts for i in talk.ground.items))
            )
            or (named and past_mark)
        ):
            say_payment(talk, index, clause, sentence, m)
    elif (past_mark or _is_done(text)) and not future_mark and (money or clause.amounts):
        say_payment(talk, index, clause, sentence, m)
    elif not future_mark and all(d.past == base for d in days) and _said_before(talk, clause, "remittance"):
        say_payment(talk, index, clause, sentence, m)  # "paid 486 on the 18th and 1312 this evening"
    elif future_mark or not past_mark:
        say_promise(talk, index, clause, sentence, m)
        doubtful = re.search(r"\b(?:releves?|comptes?|account|statement|bank|banque|chez vous)\b", text)
        if talk.statements and (
            (future_mark is None and doubtful) or (ahead and behind)
        ):  # "Friday", said of the past or of the future
            talk.statements[-1] = replace(talk.statements[-1], certain=False)


def _said_before(talk: Talk, clause: Clause, intent: Intent) -> bool:
    """Whether the sentence has said so already."""
    return any(s.intent == intent and talk.clauses[s.clause].sentence == clause.sentence for s in talk.statements)


# "Pagada el viernes": of a Friday that may be over or to come, the participle says which.
_DONE = re.compile(
    r"\b(?:pagad[oa]s?|pagat[oaie]|liquidad[oa]s?|saldat[oaie]|bezahlt|uberwiesen|betaald|overgemaakt)\b"
)
_TO_BE_DONE = re.compile(
    r"\b(?:verr\w+|sar[ae]\w*|ser[ae]?\w*|va|vai|vao|wird|werden|worden|wordt|zal|zullen|will|be)\b"
)
_HABIT = re.compile(
    r"\b(?:de cada mes|todos los meses|dias de pago|jours de paiement|payment days|zahltage|betaaldagen|giorni di pagamento|(?:de |du )?chaque mois|tous les mois|(?:of )?(?:each|every) month|jeden monats?|ogni mese|(?:van )?elke maand|todos os meses|dias de pagamento)\b"
)
_RUN_AFTER = re.compile(
    r"\b(?:next|following) (?:\S{1,9} )?(?:run|one|batch)\b.{0,24}\b(?:isn't|is not|not) until\b|\b(?:run|one) after that\b|\bla (?:campagne )?suivante n'(?:est|a lieu|arrive) (?:que|qu')|\bder (?:nachste|ubernachste) (?:zahl)?lauf ist erst\b|\bde volgende (?:betaalronde|run) is pas\b"
)


_THE_SECOND = re.compile(  # "the first on 15 July and the second on 31 August"
    r"\W*(?:and |et |und |en |y |e )?(?:the|la|le|l'|die|der|den|de|el|il|a|o) ?(?:second|other|rest|balance|remainder|seconde|deuxieme|troisieme|autre|reste|solde|zweite|andere|rest|tweede|segund[ao]|outr[ao]|otra|altr[ao])\b"
)


def _is_done(text: str) -> bool:
    return bool(_DONE.search(text)) and not _TO_BE_DONE.search(text)


def say_promise(talk: Talk, index: int, clause: Clause, sentence: str, m: re.Match[str] | None) -> None:
    on, certain, vague = payment_facts.day_of(talk, index, clause, sentence, past=False)
    if _HANGS_ON.search(sentence):
        talk.flags.add("conditional")
    amount = payment_facts.amount_of(talk, index, clause)
    talk.say(
        "promise_to_pay", index, m, numbers=talk.numbers(index), on=on, amount=amount, certain=certain, vague=vague
    )


def say_payment(talk: Talk, index: int, clause: Clause, sentence: str, m: re.Match[str] | None) -> None:
    on, certain, _ = payment_facts.day_of(talk, index, clause, sentence, past=True)
    if p.HANDED_ON.search(sentence):
        talk.flags.add("hearsay")
    if on is None and not clause.dates and _JUST_NOW.search(clause.text):
        on = talk.ground.base
    amount = payment_facts.amount_of(talk, index, clause)
    reference = payment_facts.reference_of(talk, index, clause)
    talk.say(
        "remittance",
        index,
        m,
        numbers=talk.numbers(index),
        on=on,
        amount=amount,
        reference=reference,
        certain=certain,
    )
