# ruff: noqa: E501  (one row of a table of phrases is one line)
"""Mail that no person wrote: bounces first (nearly half carry auto-reply marks), receipts, challenges, absences, acknowledgements.

Each test asks for structure (a delivery-status part), headers (Auto-Submitted,
RFC 3834) or a phrase of the kind that mail programs use. What a client's
accounting program says of a payment is a reply, whatever its headers say: the
reader decides that, these tests only say what a mail looks like.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from chalicelib.reading import dates
from chalicelib.reading.fold import flat, fold
from chalicelib.reading.model import Bounce, InboundMessage

_MAX = 12_000

_DAEMON = re.compile(
    r"^(?:mailer-?daemon|postmaster|mail-?daemon|maildaemon|double-bounce|bounces?|mdaemon|mail\.?delivery.*|postfix|smtp.*daemon|uucp|mmdf|root|mail-system|delivery|nobody|exim|smail|sendmail|mailadm.*|.*mailer.?daemon.*|microsoftexchange[0-9a-f]*|yahoo-delivers|mailsystem|<>)$"
)
_BOUNCE_SUBJECT = re.compile(
    r"(?:undeliver(?:ed|able)|failed mail|mail failed|processing error|failure delivery|delivery warning|returned mail|mail returned|return(?:ed)? to sender|delivery (?:status notification|failure|failed|problem|has failed|report|notification|error|unsuccessful|delayed)|deliver(?:y|ing) (?:your )?(?:mail|message) (?:failed|failure)|failure notice|failed delivery|mail delivery (?:failed|failure|problem|system|subsystem|error|status|delayed)|message (?:undeliverable|not delivered|delivery failure)|non.?delivery|nondeliverable|could not (?:be delivered|deliver)|unable to deliver|not delivered|delayed mail|warning: (?:could not send|message)|mail (?:system )?error|user unknown|unknown user|mail could not|permanent (?:delivery )?(?:failure|error)|email delivery failure|problem delivering|ndn:|nondelivery|automatically rejected mail|mail failure|bounce(?:d)? (?:message|mail|action)|unzustellbar|nicht zustellbar|zustell\w* (?:fehl|nicht)|ubermittlungsfehler|non remis|non-remise|non remise|echec (?:de )?(?:la )?(?:remise|distribution|livraison|l'envoi|d'envoi)|courrier non delivre|message non (?:delivre|distribue|remis)|notification d'etat de (?:remise|distribution)|retour a l'expediteur|no entregado|no se (?:puede|pudo) entregar|error de entrega|devuelto|mancata consegna|non recapitabile|errore di recapito|onbestelbaar|niet bezorgd|mislukte aflevering|mensagem nao entregue)"
)
_BOUNCE_BODY = re.compile(
    r"(?:qmail-send program|(?:mail|message) has been returned|no valid recipients|has been postponed|was automatically rejected|wasn'?t able to (?:deliver|establish)|unable to deliver|无法(?:发送|送达)|无法送达|配信できません|не удалось доставить|i'?m afraid i wasn'?t able to deliver|unable to deliver your (?:message|mail)|could(?: not|n'?t) (?:be )?deliver(?:ed)?|was not delivered|wasn'?t delivered|has not been delivered|not been delivered|undeliverable|delivery (?:to the following|has failed|failed|attempt)|failed (?:to deliver|permanently)|permanent (?:fatal )?(?:error|failure)|permanent delivery failure|did not reach the following|could not be reached|user unknown|unknown user|no such (?:user|mailbox|recipient|address|person)|mailbox (?:unavailable|not found|full|is full|does not exist|disabled|has been disabled|quota)|recipient (?:address )?(?:rejected|unknown|not found|does not exist)|address (?:rejected|couldn'?t be found|not found|does not exist|unknown)|account (?:disabled|that you tried to reach|is disabled|does not exist|has been disabled)|over (?:its )?quota|quota exceeded|returned (?:mail|message|to sender)|message (?:is|was|has been) (?:being )?(?:returned|bounced|rejected)|this is (?:a permanent error|the mail system|a delivery status|an automatically generated delivery)|mail (?:could not|cannot) be delivered|retry (?:time|timeout)|giving up|host (?:or domain name )?(?:not found|unknown)|domain (?:not found|does not exist)|5\d\d[ -]5\.\d\.\d|\b55[0-4]\b"
    r"|n'a pas (?:pu etre |ete )(?:remis|delivre|distribue|achemine|envoye)|pas (?:reussi|pu) (?:a )?(?:transmettre|remettre|delivrer|distribuer|acheminer)|erreur (?:permanente|definitive)|destinataires? (?:inconnu|introuvable|suivants? n'ont)|adresse (?:introuvable|inexistante|inconnue)|boite (?:aux lettres )?(?:pleine|inexistante|desactivee)|utilisateur inconnu|ne figure pas dans l'annuaire|aucun abonne|konnte nicht (?:zugestellt|ubermittelt)|nicht zugestellt werden|empfanger (?:unbekannt|existiert nicht)|postfach (?:voll|existiert)|no (?:se )?(?:ha podido|pudo|fue posible) (?:ser )?entrega|usuario desconocido|buzon lleno|non e stato (?:possibile )?(?:consegnat|recapitat)|destinatario sconosciuto|casella piena|kon niet worden (?:bezorgd|afgeleverd)|onbekende gebruiker)"
)
_FULL = re.compile(
    r"(?:mailbox (?:is )?full|quota|over ?quota|storage (?:limit|full)|boite (?:aux lettres )?pleine|postfach (?:ist )?voll|buzon lleno|casella piena|mailbox vol|\b4\.2\.2\b|\b5\.2\.2\b|insufficient (?:system )?storage)"
)
_BLOCKED = re.compile(
    r"(?:block(?:ed)?\s?list|blacklist|blocklisted|spamhaus|\brbl\b|\bdnsbl\b|blocked using|poor reputation|rejected (?:as|for) (?:spam|policy|content)|spam(?:my)? content|listed (?:at|in|by)|client host .{0,60}blocked|reported as unsolicited|policy (?:reasons|violation|rejection)|dmarc|\b5\.7\.\d{1,3}\b|sender (?:address )?(?:rejected|denied)|liste noire|considere comme (?:du )?spam)"
)
_DELAY = re.compile(
    r"(?:warning only|delayed|will (?:be )?retr(?:y|ied)|will keep trying|not yet been delivered|still being retried|delivery (?:has been |is )?delayed|temporar(?:y|ily)|do not need to resend|retard(?:e|ee)? de (?:remise|distribution)|nouvelle tentative|wird weiter versucht|verzogert|se seguira intentando|riprover|nog niet bezorgd)"
)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_SMTP = re.compile(r"(?<![\d.])(5[0-5]\d|4[0-5]\d)(?:[ -]|$)")
_ADDRESS = re.compile(r"[a-z0-9._%+'&=/-]{1,64}@[a-z0-9.-]{1,190}\.[a-z]{2,24}", re.IGNORECASE)

_RECEIPT_SUBJECT = re.compile(
    r"^\s*(?:read|not read|lu|non lu|gelesen|ungelesen|nicht gelesen|leido|no leido|letto|non letto|gelezen|niet gelezen|delivered|remis|zugestellt|entregado|relayed|relaye|consegnato|return receipt|read receipt|accuse de lecture|confirmation de lecture|lesebestatigung|confirmacion de lectura|conferma di lettura|leesbevestiging|deleted|supprime)\s?(?::|\(|$|displayed)"
    r"|^\s*(?:consegna|accettazione|posta certificata|avvenuta consegna|ricevuta di)\s?[: ]"
    r"|^\s*(?:disposition notification|read:|return receipt \(displayed\)|successful mail delivery report|delivery (?:status )?notification \((?:success|relay)|confirmation de remise|accuse de remise)"
)
_RECEIPT_BODY = re.compile(
    r"(?:ricevuta di (?:avvenuta )?(?:consegna|accettazione)|e stato consegnato nella casella|this is a (?:return|read) receipt|your message (?:was|has been) (?:read|displayed|opened|deleted without)|was (?:read|displayed|opened) on|(?:was|has been) successfully (?:delivered|passed on|relayed)|delivery to these recipients .{0,60}is complete|votre message a (?:bien )?ete (?:lu|affiche|remis|ouvert|supprime)|ceci est un accuse de (?:reception|lecture) (?:pour|du)|message a ete lu le|a bien ete (?:remis|delivre) (?:a|aux)|ihre nachricht wurde (?:gelesen|am .{0,30} gelesen|geoffnet)|su mensaje (?:ha sido|fue) leido|il (?:tuo|suo|vostro) messaggio e stato letto|uw bericht is gelezen)"
)

_CHALLENGE = re.compile(
    r"(?:verif(?:y|ier) (?:that )?(?:you(?:'re| are)|vous etes) (?:a )?(?:human|real|not a|humain)|you are (?:a )?(?:human|not a (?:robot|spammer|machine|bot))|(?:prove|confirm|show) (?:that )?(?:you(?:'re| are)|your(?:self)? (?:is|are|to be)?) ?(?:a )?(?:human|real|not|genuine|legitimate)|not a robot|n'etes pas un robot|pas un (?:robot|spammeur|automate)|kein (?:roboter|spammer)|no es(?: un| usted un)? robot|non (?:sei|e) un robot|geen robot|(?:release|deliver) (?:it|your (?:message|mail|e-?mail)) (?:with|by|,)?.{0,40}click|(?:not|isn'?t) on (?:his|her|my|their|our|the) (?:guest|allow|white|approved|safe|contact)\w* ?list|whitelist|liste blanche|expediteurs? (?:autorise|approuve|valide)|authentifi(?:er|ez|cation) (?:votre|vous|de l'expediteur)|m'authentifie|anti-?spam.{0,120}(?:clic|click|valid|confirm|authent)|(?:click|clic|cliquez|cliquer|klicken).{0,160}(?:deliver|remis|delivre|zugestellt|entreg|recapit|afgelever|release|liber|unblock|debloqu)|(?:deliver|remis|delivre|zugestellt|entreg|released?|liber|unblock|debloqu).{0,160}(?:click|clic\b|cliqu|klick|confirm your|captcha)|challenge.response|sender (?:verification|confirmation|authentication)|not yet a (?:trusted|known|verified) sender|(?:em|en|in) (?:quarentena|cuarentena|quarantena|quarantane|quarantaine)\b.{0,160}(?:entregue|entregad|recapitat|consegnat|zugestellt|bezorgd|codigo|codice)|verification de l'expediteur|action requise pour que votre message|(?:message|courriel|courrier|mail)(?: to \S+)? (?:is|has been|est) (?:being )?(?:held|on hold|quarantin|retenu|conserve|mis en attente)|confirm (?:this|your) (?:message|e-?mail|address) (?:by|to)|first[ -]time sender|premiere fois et ma boite)"
)
_CHALLENGE_ACT = re.compile(
    r"(?:complete the (?:\S+ )?(?:check|form|test|steps?)|respond[ae]r? a esta mensa(?:gem|je)|rispond\w+ a questo messaggio|antworten sie auf diese|click|clic\b|cliqu|klick|reply (?:to|with)|repond(?:ez|re)|https?://|captcha|code|haz clic|fai clic|klik)"
)

# Three things that every such service says, in whatever words: the mail waits, do this, because we do not know you.
_GATE_HELD = re.compile(
    r"(?:(?:will not|won't|cannot) be delivered|ne sera pas (?:remis|delivre|distribue)|en quarantaine|in attesa|en espera|in der warteschlange|sara (?:eliminato|consegnato)|wacht op (?:uw )?(?:bevestiging|goedkeuring)|wartet auf|wordt het verwijderd|sera eliminado|per consegnar|n'est pas encore (?:arrive|remis|delivre)|in quarantena|en cuarentena|em quarentena|retida|retenido|trattenut[oa]|is waiting|est en attente|(?:votre |your )(?:message|courrier|courriel|mail|e-?mail|letter|note)(?: \S{1,40}){0,6} (?:attend|est retenu|est conserve|is (?:parked|held|waiting|on hold|being held|pending)|has been (?:held|parked|quarantined)|goes through)|release your (?:message|mail|e-?mail)|(?:have|get) your (?:message|mail|e-?mail) delivered|unconfirmed (?:messages|mails)|(?:into|reach) (?:my|his|her|their|the) inbox|(?:vous|lui|me) sera remis|sera (?:remis|delivre|efface|supprime)|purged|thrown away|be deleted|will be (?:delivered|released)|goes through|parked|quarantin|(?:pour qu'il|pour que (?:le votre|votre \S{4,9})|afin qu'il) (?:me |lui |nous )?(?:soit|parvienne)|me soit remis|lui parvienne|(?:sera|seront) detruits?|(?:mail|message|it) gets? (?:in|through)|waits? outside|be destroyed|wird (?:zugestellt|geloscht|zuruckgehalten)|sera entregado|verra consegnato|wordt (?:bezorgd|vastgehouden)|does not know you)"
)
_GATE_ACT = re.compile(
    r"(?:click|follow (?:the|this) link|tick the box|follow https?|suivez|saisissez|conferm[ai]|confirme|responda|responder|with the word|bestatigen sie|bevestig|vul (?:\S{1,12} ){0,4}in\b|geben sie|https?://|repondez (?:par )?.{1,20} a ce (?:message|mail)|confirmez que|clic\b|cliqu|ouvrez la page|recopiez|type the|enter the|validez|confirmer que|confirm (?:that|you|your)|repondez a ce message|reply to this (?:message|mail|e-?mail)|solve|captcha|klick|klik|haga clic|pulse|clicca|code)"
)
_GATE_WHY = re.compile(
    r"(?:junk|spam|indesirable|robo\b|robot|for the first time|protected mailbox|only (?:need|have) to do this once|programma\b|you are a person|uma pessoa|human|humain|(?:adresse|expediteur) (?:\S{1,6} ){0,2}(?:inconnue?|(?:n'est|pas) (?:\S{1,5} )?connue?)|approved senders?|una persona|wacht op bevestiging|ein mensch|een mens|mittente|bien une personne|real person|does not know you|expediteurs? (?:connus?|verifie|inconnu)|sender(?:s)? (?:is|are|must|not)|unknown sender|validez votre adresse|verif|unconfirmed|only (?:ever )?do this one time|une fois pour toutes|qu'une (?:seule )?fois|filtre|filter|moat|protege|premier (?:message|mail)|first (?:message|mail|e-?mail)|expediteurs? inconnus?|unbekannte absender)"
)

_AUTO_SUBJECT = re.compile(
    r"^\s*(?:(?:re|tr|fw|fwd|aw)\s?:\s?)?\W{0,3}(?:automatic reply|auto(?:matic|mated)?[- ]?(?:reply|response|responder|antwort)|out of (?:the )?office|ooo\b|absen(?:t|te|ce|ces)\b|conges?\b|en conges|vacances|vacation|holiday|on leave|away|away from|reponse automatique|message automatique|message d'absence|repondeur|fermeture|abwesen|automatische antwort|abwesenheitsnotiz|ich bin (?:nicht|im urlaub)|urlaub|respuesta automatica|fuera de (?:la )?oficina|ausen(?:cia|te)|risposta automatica|fuori (?:sede|ufficio)|assen(?:te|za)|automatisch antwoord|afwezig|niet aanwezig|resposta automatica)"
)
_AUTO_ANYWHERE = re.compile(
    r"(?:\[?automatic reply\]?|out of office|reponse automatique|absence du bureau|automatische antwort|abwesenheits(?:notiz|assistent)|respuesta automatica|risposta automatica|automatisch antwoord)"
)
_ACK_SUBJECT = re.compile(
    r"(?:accuse de reception|votre demande (?:n|#|a ete|est)|\[?(?:ticket|case|request|incident|demande|dossier)\s?[#:n\[]|(?:ticket|case|request|incident|demande) .{0,30}(?:received|opened|created|logged|cree|enregistre|ouvert|recue)|has been (?:opened|created|received|logged)|we(?:'ve| have) received your|thank(?:s| you) for (?:contacting|your (?:message|e-?mail|enquiry|inquiry|request))|bien recu|nous avons (?:bien )?recu votre (?:message|demande|courriel|mail)|eingangsbestatigung|empfangsbestatigung|vielen dank fur ihre (?:nachricht|anfrage|e-?mail)|acuse de recibo|hemos recibido su|conferma di ricezione|abbiamo ricevuto la (?:sua|vostra)|ontvangstbevestiging)"
)
_AWAY = re.compile(
    r"(?:(?:je (?:suis|serai)|nous sommes|nos bureaux sont|sommes) (?:actuellement |en ce moment |momentanement )?(?:absent|en (?:conge|vacances|deplacement|formation|arret|rtt|conges)|hors du bureau|injoignable|fermes)|(?:actuellement|en ce moment) (?:absent|en conge)|en (?:mon|son) absence|n'a pas acces a (?:ses|mes|sa)|\babsen(?:t|te) (?:du bureau|jusqu|du \d|ce jour|pour)|de retour (?:le|au bureau|lundi|mardi|mercredi|jeudi|vendredi|a partir|parmi)|retour (?:le |au bureau )?(?:lundi|mardi|mercredi|jeudi|vendredi|\d)|je reviens (?:le|lundi)|mon repondeur|ceci est (?:un message|une reponse|mon) (?:automatique|repondeur|repond)|message automatique|reponse automatique|ne (?:lis|lirai|consulte|consulterai|releve) pas (?:mes|ma)|conge (?:maternite|parental|maladie)|je serai (?:a mon poste|de retour|joignable a nouveau)|(?:fermeture|ferme\w{0,2}) (?:annuelle|pour conges|ses portes|du \d|jusqu)|me libere jusqu"
    r"|i(?:'m| am| will be|'ll be) (?:currently |now )?(?:out of (?:the )?office|out of the|on (?:annual |maternity |paternity |sick |parental )?leave|on (?:vacation|holiday|holidays|pto)|away|travelling|traveling|off (?:sick|work|until)|out (?:until|from|of))|out of (?:the )?office|back (?:at my desk |in the office |at work |in )?(?:on|in the office)|return(?:ing)? (?:to (?:the office|work|my desk) )?on|limited access to (?:my )?e-?mail|won'?t be (?:picking up|checking|reading)|in my absence|while i(?:'m| am) away|this is an automat(?:ic|ed) (?:reply|response|message)|automat(?:ic|ed) (?:reply|response)|this (?:inbox|mailbox|address) is (?:being |to be |going to be )?(?:not monitored|retired|no longer|unmonitored|closed|switched off|decommissioned)|(?:offices?|shops?|practice|premises|we) (?:is|are|will be) closed|\breopens? (?:on|at|the)|i (?:don't|do not|only) work\b|next be (?:in|at|back)"
    r"|ich bin (?:\S{1,14} ){0,6}(?:nicht (?:im|in|erreichbar|da)|abwesend|im urlaub|ausser haus|unterwegs)|(?:bin|sind) (?:\S{1,14} ){0,8}(?:nicht im (?:haus|buro)|im urlaub|abwesend)|wieder (?:im buro|erreichbar|fur sie da|da\b)|in (?:meiner )?abwesenheit|automatisch (?:erstellt|generiert)|estoy (?:fuera|de vacaciones|ausente)|estare (?:fuera|ausente|de vuelta)|de vacaciones (?:hasta|del)|fuera de la oficina|vuelvo el|sono (?:fuori|assente|in ferie)|saro (?:assente|fuori|di nuovo|di ritorno)|rientr(?:o|ero) (?:il|in)|ik ben (?:\S{1,14} ){0,5}(?:afwezig|niet aanwezig|met vakantie|op vakantie|met verlof|niet op kantoor)|terug op|weer (?:bereikbaar|aanwezig|op kantoor))"
)
_ACK_BODY = re.compile(
    r"(?:(?:a |your )?(?:ticket|case|request|incident|enquiry|inquiry|query) (?:\S{1,24} ){0,3}(?:has been|was|is) (?:\S{1,12} )?(?:opened|created|logged|received|registered|assigned|submitted)|(?:we have|we've|has been|have) (?:successfully )?received your (?:e-?mail|message|request|enquiry|inquiry|query)|will (?:respond|reply|be answered|be processed|get back to you|be dealt with|revert) (?:\S{1,12} ){0,5}(?:within|in|shortly|as soon)|one of our (?:agents|team|colleagues)|please do not reply to this|do not reply|ne pas repondre|votre (?:demande|message|courriel|mail|envoi|requete|courrier) (?:\S{1,20} ){0,5}(?:a (?:bien )?ete (?:\S{1,12} )?(?:recue?|enregistree?|prise? en compte|transmise?|creee?)|est (?:bien )?(?:enregistree?|en cours de traitement|prise? en charge)|a (?:bien )?ete (?:affectee?|attribuee?|confiee?|adressee?))|delai cible|avons bien recu votre (?:message|demande|courriel|mail|envoi|e-mail|courrier)|a recu votre (?:envoi|demande|message)|il porte le numero|sous le numero|(?:ticket|dossier|demande) (?:n°|numero|no)|sera traitee? (?:dans|sous)|reponse (?:vous sera|sera) apportee|accuse (?:de )?reception|ihre (?:anfrage|nachricht|e-?mail) (?:ist|wurde) (?:\S{1,12} ){0,3}(?:eingegangen|erhalten|registriert|weitergeleitet)|wir haben ihre (?:nachricht|anfrage|e-?mail) erhalten|vorgangsnummer|ticketnummer|hemos recibido su|su (?:solicitud|consulta) (?:ha sido|fue)|abbiamo ricevuto (?:la|il)|la (?:sua|vostra) richiesta|uw (?:bericht|aanvraag|vraag) is (?:ontvangen|geregistreerd)|wij hebben uw .{0,20} ontvangen)"
)


def bounce(message: InboundMessage, our_addresses: frozenset[str]) -> Bounce | None:
    """The undelivered recipient, RFC 3463 status and whether the address is dead; None if this is no bounce."""
    failed = [
        g
        for g in message.report
        if g.get("action", "").lower().split(" ")[0] in ("failed", "delayed", "failure", "error")
    ]
    if message.report and message.report_type != "disposition-notification":
        actions = [g["action"].lower() for g in message.report if "action" in g]
        if actions and not failed:
            return None
        if failed:
            group = next((g for g in failed if g["action"].lower().startswith(("fail", "error"))), failed[0])
            recipient = _recipient(group.get("original-recipient") or "") or _recipient(
                group.get("final-recipient") or ""
            )
            status = _STATUS.search(group.get("status", ""))
            words = fold(" ".join((group.get("diagnostic-code", ""), message.text[:3000])))
            precise = _STATUS.search(group.get("diagnostic-code", ""))
            code = status[1] if status else None
            if precise and (code is None or code.endswith(".0.0")):
                code = precise[1]
            delayed = group["action"].lower().startswith("delay")
            return Bounce(
                recipient or _named_recipient(message, our_addresses), code, not delayed and _dead(code, words)
            )
        if any("final-recipient" in g for g in message.report) and any("status" in g for g in message.report):
            status = next((_STATUS.search(g["status"]) for g in message.report if "status" in g), None)
            code = status[1] if status else None
            if code and code[0] in "45":
                group = next(g for g in message.report if "final-recipient" in g)
                return Bounce(_recipient(group["final-recipient"]), code, _dead(code, fold(message.text[:3000])))
    if message.report_type == "disposition-notification" and not re.search(
        r"rejected|undeliver|quota exceeded", flat(f"{message.subject} {message.text[:400]}")
    ):
        return None
    subject = fold(message.subject)
    body = flat(message.text[:_MAX])
    local = (message.sender or "").partition("@")[0]
    name = fold(message.from_addresses[0][0]) if message.from_addresses else ""
    daemon = bool(_DAEMON.match(local)) or bool(
        re.search(r"mail delivery|mailer.daemon|postmaster|mail administrator|delivery subsystem|mail system", name)
    )
    empty_path = (message.header("return-path") or "").strip() == "<>"
    named = message.header("x-failed-recipients")
    subject_says = bool(_BOUNCE_SUBJECT.search(subject))
    body_says = bool(_BOUNCE_BODY.search(body))
    answer = bool(re.match(r"\s*(?:re|aw|antw|sv)\s?:", subject))
    signs = (
        daemon
        + empty_path
        + subject_says * 2
        + body_says
        + bool(named) * 2
        + (message.report_type == "delivery-status")
    )
    if _RECEIPT_SUBJECT.search(subject) and not named:
        return None
    if not (
        (
            signs >= 3
            or (daemon and (subject_says or body_says))
            or (message.report_type == "delivery-status" and body_says)
        )
        and (subject_says or body_says or named)
        and not (answer and not daemon)
    ):
        return None
    text = _before_copy(message.text[:_MAX])
    words = flat(text)
    status = _STATUS.search(words)
    code = status[1] if status and status[1][0] in "45" else None
    delayed = bool(_DELAY.search(words)) and not re.search(r"permanent|given up|giving up|definitive|5\d\d", words)
    recipient = (_recipient(named) if named else None) or _first_address(text, our_addresses, message)
    smtp = _SMTP.search(words)
    if code is None and smtp and smtp[1][0] == "4":
        delayed = True
    return Bounce(recipient or _named_recipient(message, our_addresses), code, not delayed and _dead(code, words))


def needs_somebody(message: InboundMessage) -> bool:
    """A bounce that says more than 'dead address': our server is blocked or our mail refused as spam."""
    diagnostics = " ".join(g.get("diagnostic-code", "") for g in message.report)
    return bool(_BLOCKED.search(flat(f"{diagnostics} {_before_copy(message.text[:_MAX])}")))


def _dead(code: str | None, words: str) -> bool:
    if _FULL.search(words) or (code or "")[2:] in ("2.2", "2.3") or _BLOCKED.search(words):
        return False
    return code is None or code.startswith("5")


def _before_copy(text: str) -> str:
    """The report itself, without the copy of our mail below it."""
    cut = re.search(
        r"(?im)^.{0,12}(?:below this line is a copy|en dessous de cette ligne|original message (?:follows|headers|header)|this is a copy of (?:the|your) message|message (?:original|d'origine)|returned message follows|unsent message (?:follows|below)|----- message (?:header )?follows|ursprungliche nachricht|mensaje original).{0,80}$",
        text,
    )
    return text[: cut.start()] if cut and cut.start() > 20 else text


def _recipient(value: str) -> str | None:
    found = _ADDRESS.search(value.rpartition(";")[2])
    return found[0].lower() if found else None


def _first_address(text: str, ours: frozenset[str], message: InboundMessage) -> str | None:
    sender = message.sender or ""
    for found in _ADDRESS.finditer(text):
        address = found[0].lower()
        if address not in ours and address != sender and not address.startswith(("mailer-daemon", "postmaster")):
            return address
    return None


def _named_recipient(message: InboundMessage, ours: frozenset[str]) -> str | None:
    """To of the returned original."""
    for original in message.attached_messages:
        for _, address in original.to:
            if address.lower() not in ours:
                return address.lower()
    found = re.search(r"(?im)^to:.*?([^\s<>:,]+@[^\s<>,]+)", message.returned_headers)
    return found[1].lower() if found else None


def is_receipt(message: InboundMessage) -> bool:
    """A read or delivery receipt, also 'deleted unread'."""
    if message.report_type == "disposition-notification":
        return True
    actions = [g["action"].lower().split(" ")[0] for g in message.report if "action" in g]
    if actions and all(a in ("delivered", "relayed", "expanded") for a in actions):
        return True
    body = flat(message.text[:3000])
    return bool(
        _RECEIPT_SUBJECT.search(fold(message.subject))
        and len(body) < 1500
        and (_RECEIPT_BODY.search(body) or len(body) < 300)
    ) or bool(len(body) < 700 and _RECEIPT_BODY.search(body) and automatic(message))


def is_challenge(message: InboundMessage, own: str) -> bool:
    """An anti-spam service asks us to prove ourselves."""
    words = flat(f"{message.subject}\n{own[:4000]}")
    found = {m[0][:12] for m in _CHALLENGE.finditer(words)}
    if len(words) < 1500 and _GATE_HELD.search(words) and _GATE_ACT.search(words) and _GATE_WHY.search(words):
        return True
    if not found or not _CHALLENGE_ACT.search(words):
        return False
    return len(found) >= 2 or bool(
        re.search(r"robot|human|humain|spam|quar[ae]nt|cuarent|sender verif|guest list|whitelist|liste blanche|authentif", words)
    )


def away(own: str) -> bool:
    """The words of somebody who is not there, or of when they are back."""
    words = flat(own[:4000])
    return bool(_AWAY.search(words) or _COMES_BACK.search(words))


_COMES_BACK = re.compile(
    r"\b(?:back (?:at|in|on|from|this|next)|de retour|wieder (?:da|im|am|fur)|terug (?:op|in|aan)|weer (?:op|in|aan)|di nuovo in|de vuelta|regreso el|vuelvo el|volvemos|next in)\b"
)


def absent(own: str) -> bool:
    """The words of somebody who is away, or of a house that is closed: no word on an invoice."""
    return bool(_ABSENT.search(flat(own[:4000])))


_ABSENT = re.compile(
    r"\b(?:absen(?:ce(?! (?:de|d'|du|des)\b)|\w*(?<!ce))|(?:en|de) conges?|vacances|out of (?:the )?office|on (?:annual |maternity |parental |sick )?leave|(?:on|our) holidays?|im urlaub|abwesen\w+|afwezig\w*|vakantie|in ferie|vacaciones|ausente|chius[oaie]|(?:bureaux?|magasin|hotel|etablissement|atelier|cabinet) (?:est|sont|sera|seront) fermes?|nous sommes fermes|geschlossen|gesloten|(?:we are|office is) closed)\b"
)


def acknowledges(words: str) -> bool:
    """The words of a ticket system."""
    flat_words = flat(words)
    return bool(_ACK_BODY.search(flat_words) or _ACK_SUBJECT.search(flat_words))


def explains_itself(words: str, *, sure: bool) -> bool:
    """An absence, an acknowledgement; where a machine surely wrote, anything that wants no click of us."""
    flat_words = flat(words)
    return (sure and not _WANTS_US.search(flat_words)) or bool(
        _AWAY.search(flat_words)
        or _ACK_BODY.search(flat_words)
        or _ACK_SUBJECT.search(flat_words)
        or _AUTO_ANYWHERE.search(flat_words)
    )


_WANTS_US = re.compile(
    r"(?:click|clic\b|cliqu|klick|klik|clicca|captcha|confirm (?:that|you|your)|confirmez|validez|bestatigen sie|verify|verifiez|humain|human|robot|\bspam|filtr|\bfilter|retenu|mis en attente|is (?:being )?held|on hold|quarantin|pas encore (?:ete )?(?:remis|delivre)|not (?:yet )?(?:been )?delivered|inconnu|unknown|approuv|approve|autoris|allow ?list|white ?list|liste blanche|genehmig|freigeb|autorizz|goedkeur)"
)


def automatic(message: InboundMessage) -> bool:
    """Headers that only programs set."""
    submitted = (message.header("auto-submitted") or "").lower()
    if submitted and not submitted.startswith("no"):
        return True
    precedence = (message.header("precedence") or "").lower()
    return (
        precedence in ("auto_reply", "auto-reply")
        or any(
            message.header(h) is not None
            for h in ("x-autoreply", "x-autorespond", "x-autoreply-from", "x-mail-autoreply", "x-autogenerated")
        )
        or "auto-replied" in (message.header("x-auto-submitted") or "").lower()
    )


def answered_by_itself(message: InboundMessage, own: str) -> int:
    """How sure it is that an absence notice or an acknowledgement speaks: 0 no, 1 perhaps (words only), 2 surely."""
    subject, body = fold(message.subject), flat(own[:4000])
    header = automatic(message)
    away = bool(_AWAY.search(body))
    ack = bool(_ACK_BODY.search(body)) or bool(_ACK_SUBJECT.search(subject))
    if header:
        return 2
    if _AUTO_SUBJECT.search(subject) or _AUTO_ANYWHERE.search(subject):
        return 2 if away or ack or len(body) < 400 else 1
    noreply = bool(
        re.match(
            r"(?:no-?reply|ne-?pas-?repondre|do-?not-?reply|nepasrepondre|noreponse|donotreply|automat|robot|notification|support|ticket|helpdesk|servicedesk)",
            (message.sender or ""),
        )
    )
    if ack and (noreply or _ACK_SUBJECT.search(subject)):
        return 2
    if away or (ack and len(body) < 1200):
        return 1
    return 0


_BACK = re.compile(
    r"(?:de retour|retour|je rentre|je reviens|reviens|reviendr\w*|revenons|\breprise|repren\w+|reouverture|rouvr\w*|reouvr\w*|je serai (?:a mon poste|de nouveau|joignable)|a nouveau joignable|(?:be |am |i'll be )?back\b|return(?:ing|s)?|reopen\w*|open again|home (?:on|from)|re-open\w*|resum\w*|available again|next (?:be |in|at|here|working)|pick (?:\w+ ){0,3}up|wieder|zuruck|offnen|geoffnet ab|ab (?:dem|montag|dienstag|mittwoch|donnerstag|freitag)|de vuelta|regres\w+|vuelv\w+|volv\w+|abrimos|reabr\w+|reanud\w+|incorpor\w+|rientr\w+|di nuovo|torn[oai]\w*|di ritorno|riapr\w+|ripren\w+|atender\w*|volto|voltamos|voltar\w*|retom\w+|terug|hervat\w*|heropen\w*|weer (?:aanwezig|bereikbaar|op|open|aan)|\bab\b|vanaf|a compter du|a partir du|a partir de|des le|lirai|vous lira|lirons|connaissance|traite\w{1,4}|repondr\w+|(?:will|'ll) (?:read|answer|reply|respond|deal|look|get)|answer\w*|respond\w*|reply|repl(?:y|ies)|lese|bearbeite\w*|beantworte\w*|leer[eo]\w*|contestar\w*|risponder\w+|legger\w+|responder\w+|lees|beantwoord\w*)\b"
)
_SURELY_BACK = re.compile(
    r"(?:de retour|\bretour|je rentre|open again|home on|reviens|reviendr|revenons|\breprise|reprendr|reprenons|reouv|rouvr|a mon poste|joignable|\bback\b|return|reopen|re-open|resum|next (?:be |in|at|here)|pick .{0,12}up|again|wieder|zuruck|offnen|de vuelta|regres|vuelv|volv|abrimos|reabr|atenderle|rientr|di nuovo|torno|tornero|torna\b|tornera|di ritorno|riapr|riprend|volto|voltamos|retom|terug|hervat|heropen|weer )"
)
_WEEK_OF = re.compile(r"(?:w/c|wc|week (?:commencing|beginning|of)|semaine du)\s(?:the |lundi |monday )?$")
_UNTIL = re.compile(
    r"(?:jusqu'?\s?(?:au|a)|until|till|through|thru|up to|up until|bis(?: zum| einschliesslich| einschlieslich| inklusive| inkl\.?)?|hasta(?: el)?|fino (?:al|a)|ate(?: ao| a)?|tot(?: en met| t/m)?|t/m|au|to|al|inclus|and)\b"
)
_INCLUDED = re.compile(
    r"\W{0,2}(?:at the latest|inclus\w*|included|inclusive|incluso|inclusi\w*|inbegrepen|einschlies\w*|au soir|compris|inclusief|evening)\b"
)
_THROUGH = re.compile(
    r"(?:einschli|\binkl|\ben met\b|t/m|through|thru|including|y compris|inclus|compreso|incluido|incluindo)"
)
_AGAIN = re.compile(
    r"(?:,?\s(?=(?:ben ik|bin ich|sind wir|zijn wij)))?\s?(?:(?:ben ik|bin ich|sind wir|zijn wij) (?:er )?)?(?:wieder|zuruck|back|again|terug|weer|(?:lees|lese|beantworte|beantwoord) ich (?:\S{1,12} ){0,4}?wieder|(?:lees|beantwoord) ik (?:\S{1,12} ){0,4}?weer|de retour|de nouveau|a nouveau|de vuelta|di nuovo)\b"
)
_BEGINS = re.compile(
    r"\b(?:du|des|from|depuis|since|vom|von|seit|vanaf|van|dal|dall'|desde|del|de|between|entre|zwischen|tussen|tra)\s(?:the |le |el |il |dem |lundi |mardi |mercredi |jeudi |vendredi |monday |tuesday |wednesday |thursday |friday )?$"
)
_SPAN = re.compile(
    r"(?:within|sous|dans|in|binnen|innerhalb|entro|en|d'ici)\b.*\b(?:da|jour|heure|hour|stund|tag|dag|uur|giorn|or|dia|hora|woche|week|semaine)"
)
_HABIT = re.compile(r"\b(?:les|every|each|only|jeden|immer|elke|todos los|ogni|uniquement|seulement)\b[^.;!?\n]{0,40}$")


def return_on(own: str, base: date, *, month_first: bool = False) -> tuple[date | None, bool]:
    """The day an absent person is back, and whether that is certain. 'Until the 4th' is back on the next working day."""
    folded = flat(own[:4000])
    found = [f for f in dates.find(folded, base, month_first=month_first) if f.future or f.past]
    surely: list[date] = []
    back: list[date] = []
    until: list[tuple[date, bool]] = []
    others: list[date] = []
    for one in found:
        on = one.future or one.past
        if on is None or not base - timedelta(2) <= on <= base + timedelta(400):
            continue
        before = folded[max(0, one.start - 60) : one.start]
        clause = re.split(r"[.;!?\n]", before)[-1] + folded[one.start : one.start + 4]
        if one.words.endswith("s") and one.words.rstrip("s") in dates.WEEKDAYS:
            continue  # "I only work Tuesdays and Thursdays"
        if _WEEK_OF.search(before):
            on -= timedelta(on.weekday())  # a payment has until the Friday of a week, a person is back on its Monday
        if (
            not re.search(r"\d", one.words)
            and one.words.split()[-1] in dates.WEEKDAYS
            and until
            and on <= max(until)[0]
        ):
            last = max(until)[0]  # "up to and including Tuesday the 23rd, back Wednesday"
            on = last + timedelta((dates.WEEKDAYS[one.words.split()[-1]] - last.weekday()) % 7 or 7)
        if until and _DAY_ALONE.fullmatch(one.words) and on <= max(until)[0]:
            on = _day_after(max(until)[0], on.day)  # "until 15 August, back on the 16th"
        after = folded[one.end : one.end + 30]
        ends = re.search(
            r"(?:jusqu|until|till|bis |hasta|fino|tot |ate |from .{0,20} to|urgen|avant mon|including)\S{0,8}\s?\S{0,9}$",
            clause[:-4].strip()[-26:],
        )
        if _AGAIN.match(after):
            surely.append(on)
        elif _INCLUDED.match(after) or (_THROUGH.search(clause[-30:]) and not _SURELY_BACK.search(clause[-30:])):
            until.append((on, True))
        elif _BACK.search(clause) and not ends:
            if _SURELY_BACK.search(clause):
                surely.append(on)
            elif not _SPAN.match(one.words):  # "we answer within 3 days" is nobody's return
                back.append(on)
        elif _UNTIL.search(clause):
            until.append((on, False))
        elif on > base and not _BEGINS.search(before) and not _HABIT.search(before):
            others.append(on)
    if surely:
        return surely[-1], len(set(surely)) == 1
    if until and not back:
        return _after(max(until), found)
    if back:
        return back[-1], len(set(back)) == 1
    if others:
        return others[-1], False  # a day, and nothing that says what happens on it
    return None, True


_DAY_ALONE = re.compile(r"(?:[a-z']{1,3} )*\d{1,2}(?:st|nd|rd|th|er|e|\.)?")


def _day_after(last: date, day: int) -> date:
    """The next day of that number behind the last day of an absence; the last day itself where no month has it soon."""
    return next((d for d in (last + timedelta(n) for n in range(1, 62)) if d.day == day), last)


def _after(until: tuple[date, bool], found: Sequence[dates.FoundDate]) -> tuple[date, bool]:
    """The working day after the last day of an absence; whether it is certain that the day itself belongs to it."""
    on, inclusive = until
    if inclusive or on.weekday() >= 4:
        return _next_working(on), True
    if on.weekday() == 0:
        return on, True
    back_on = _next_working(on)
    return back_on, any(back_on in (f.future, f.past) for f in found)


def _next_working(on: date) -> date:
    on += timedelta(1)
    while on.weekday() >= 5:
        on += timedelta(1)
    return on


_UNSUBSCRIBE = re.compile(
    r"(?:unsubscribe|se desinscrire|desinscription|desabonn|abbestellen|abmelden|darse de baja|cancellarsi|disiscri|uitschrijven|vous recevez (?:cette|ce) (?:lettre|message|e-?mail|courriel|newsletter)|view (?:this email|it) in (?:your )?browser|version en ligne|voir (?:cet email|ce message) dans (?:votre )?navigateur|manage (?:your )?preferences|opt[ -]out|(?:repond\w*|reply|antwort\w*|antwoord\w*|repondez|respond\w*|rispond\w*) (?:par |with |mit |met |con )?(?:stop|non|no)\b|come off (?:this|our) list|ne plus recevoir (?:cette|notre|nos) (?:lettre|newsletter|infolettre|offres?)|(?:vous|me|te) desinscrire|desinscrivez|afmelden voor|annulla(?:re)? (?:la )?iscrizione|cancelar (?:la )?suscripcion|anular a subscricao)"
)
_OFFER = re.compile(
    r"(?:offre|promo(?:tion)?s?\b|remise de|gratuit|sans engagement|decouvr|webinar|newsletter|livre blanc|demo\b|essai|abonn|nos (?:solutions|juristes|experts|services)|boostez|profitez|inscri(?:vez|ption)|jusqu'au .{0,30}(?:offert|offre)|free (?:trial|demo|guide)|special offer|discount|webinar|white ?paper|sign up|register now|limited time|click here|learn more|book a (?:demo|call)|boost your|grow your|our (?:solution|platform|services) (?:help|can)|casino|bitcoin|crypto|viagra|lottery|winner|inheritance|beneficiary|million (?:dollars|euros)|prince|seo\b|ranking|leads?\b|angebot|kostenlos|gratis|jetzt (?:testen|anmelden)|oferta|descubr|gratuito|scopri|prova|aanbieding|ontdek)"
)
_THEIR_INVOICE = re.compile(
    r"(?:(?:attached|enclosed)(?: \S{1,12}){0,2} invoice (?:no\.? ?)?[a-z]{0,5}-?\d|payment is due within \d|votre (?:facture|commande|abonnement|releve|avis d'echeance|contrat)(?: \S{1,20}){0,6} (?:est|sera) (?:disponible|jointe?|prelevee?|en ligne|joint|accessible|prete)|votre facture (?:n|du|d[e'])|(?:ci-joint|en piece jointe|veuillez trouver|vous trouverez)(?: \S{1,14}){0,4} (?:notre|la|votre) facture|sera prelevee?|notre facture|nous vous (?:adressons|transmettons|envoyons) (?:notre|la|votre) facture|(?:your|our) (?:new |latest |monthly )?(?:invoice|bill|receipt|order|subscription|statement)(?: \S{1,20}){0,6} (?:is|are) (?:ready|available|attached|enclosed|now|due|overdue)|(?:please find|attached|enclosed)(?: \S{1,12}){0,5} our invoice|we (?:have )?invoiced you|you(?:'ll| will) be (?:charged|billed|debited)|payment (?:is )?due (?:by|on|date)|anbei (?:\S{1,14} ){0,4}(?:unsere|ihre) rechnung|unsere rechnung|ihre rechnung (?:ist|vom|nr|steht)|(?:in allegato|alleghiamo|trasmettiamo|invio)(?: \S{1,12}){0,3} (?:la )?(?:nostra )?fattura|nostra fattura|adjunt\w+ (?:\S{1,12} ){0,4}(?:nuestra )?factura|nuestra factura|bijgaand (?:\S{1,12} ){0,4}(?:onze )?factuur|onze factuur|new invoice from|invio fattura|facture n\S{0,3} \S+ (?:de|pour) .{0,40}(?:ttc|ht)\b)"
)


_COURTESY = re.compile(
    r"(?:\bvoeux\b|bonne(?:s)? (?:annee|fetes)|joyeu(?:x|ses) (?:noel|fetes)|season'?s greetings|merry christmas|happy new year|frohe (?:weihnachten|feiertage)|gutes neues jahr|felices fiestas|feliz (?:navidad|ano)|buone feste|buon (?:natale|anno)|prettige (?:feestdagen|kerst)|invit(?:ation|e)\b.{0,60}(?:porte|inauguration|salon|foire|cocktail)|remise des offres|appel d'offres|correspond a votre alerte|newsletter|webinar)"
)


def courtesy(own: str) -> bool:
    """Greetings, invitations, alerts: nothing that answers a reminder."""
    return bool(_COURTESY.search(flat(own[:3000])))


def newsletter(message: InboundMessage, own: str) -> bool:
    """An offer that says how to be rid of it, whatever day it ends on."""
    words = flat(f"{message.subject}\n{own[:6000]}")
    return bool(_UNSUBSCRIBE.search(words)) and bool(_OFFER.search(words) or _DEAL.search(words))


_DEAL = re.compile(
    r"(?:\d ?%|reserve[rz]|book (?:now|early)|points?\b|soldes\b|sale\b|rabat\w*|prenot\w+|risparm\w+|reserv\w+|boek nu|korting|rabatt\w*|buchen)"
)


def their_invoice(own: str) -> bool:
    """Somebody sends us an invoice of his own."""
    return bool(
        re.search(
            r"\b(?:notre|our|unsere|nuestra|nostra|onze) (?:facture|invoice|rechnung|factura|fattura|factuur)\b(?! (?:n\S{0,3} )?(?:a|est|sera|has|is|was|dated))",
            flat(own[:3000]),
        )
        and _THEIR_INVOICE.search(flat(own[:3000]))
    )


def unrelated(message: InboundMessage, own: str, *, known_sender: bool, names_us: bool) -> str | None:
    """'bulk' for newsletters and spam, 'supplier' for somebody's invoice to us, None for mail that may concern a debt.

    names_us: a known invoice number, or an answer to one of our messages.
    """
    if names_us:
        return None
    words = flat(f"{message.subject}\n{own[:6000]}")
    if known_sender:  # a client's newsletter, too, says how to be rid of it
        return "bulk" if _UNSUBSCRIBE.search(words) else None
    bulk_header = (
        message.header("list-unsubscribe") is not None
        or (message.header("precedence") or "").lower() in ("bulk", "list", "junk")
        or message.header("list-id") is not None
    )
    if _THEIR_INVOICE.search(words):
        return "supplier"
    offers = len({m[0] for m in _OFFER.finditer(words)})
    if bulk_header and (offers or _UNSUBSCRIBE.search(words)):
        return "bulk"
    if _UNSUBSCRIBE.search(words) and offers >= 1:
        return "bulk"
    if offers >= 3:
        return "bulk"
    return None
