# ruff: noqa: E501  (one row of a table of phrases is one line)
"""The client's own words: what is left when quotes, our own text, signatures, disclaimers and banners are gone.

Order of trust: the text we sent (known: removed wherever it stands), then the marks
that mail programs leave (> lines, "Le … a écrit :", header blocks), then rules on
lines. The full text is kept: nothing is thrown away, only set aside.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.reading.fold import fold

MAX_OWN_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    start: int
    end: int
    text: str
    kind: str  # own, quoted, ours, mark, signature, disclaimer, blank


@dataclass(frozen=True, slots=True)
class Words:
    """Lines of the body with what each is, and the own words as spans of the body."""

    text: str
    lines: tuple[Line, ...]
    forwarded_by: str | None = None  # who wrote the first forwarded block, when it is no text of ours
    forwarded_on: str | None = None  # the date line of that block, as written

    def own_spans(self) -> list[tuple[int, int]]:
        return _spans(self.lines, "own")

    def own(self) -> str:
        return "\n\n".join(self.own_blocks()).strip("\n")[:MAX_OWN_CHARS]

    def own_blocks(self) -> list[str]:
        """One text for each run of own lines; no spaces at line ends, so that a wrapped phrase has one between its words."""
        return [re.sub(r"[ \t\u00a0]+(?=\n|$)", "", self.text[s:e]) for s, e in self.own_spans()]

    def quoted(self) -> str:
        return "\n".join(line.text for line in self.lines if line.kind in ("quoted", "ours"))


def _spans(lines: Sequence[Line], kind: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    open_ = False
    for line in lines:
        if line.kind == kind:
            if open_:
                spans[-1] = (spans[-1][0], line.end)
            else:
                spans.append((line.start, line.end))
            open_ = True
        elif line.kind != "blank":
            open_ = False
    return spans


# ---------------------------------------------------------------- marks of mail programs

_WROTE = re.compile(
    r"^>?\s*(?:(?:on|le|am|el|op|il|em|den|a)\s.{3,200}(?:wrote|a ecrit|schrieb.{0,120}|escribio|schreef.{0,120}|ha scritto|escreveu)\s?:?"
    r"|.{3,160}(?:a ecrit|wrote|schrieb|escribio|schreef|ha scritto)\s?:)\s*$"
)
_WROTE_START = re.compile(
    r"^>?\s*(?:on|le|am|el|op|il)\s.{0,8}?\b(?:\d|lun|mar|mer|jeu|ven|sam|dim|mon|tue|wed|thu|fri|sat|sun|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|mo\b|di\b|mi\b|do\b|fr\b|ma\b|wo\b|vr\b|mie|jue|vie|gio)"
)
_RULE = re.compile(
    r"^\s*>?\s*(?:-{2,}\s?(?:message d'origine|message d.origine|original message|originalnachricht|ursprungliche nachricht|urspr\. nachricht|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|forwarded message|message transfere|weitergeleitete nachricht|mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|message initial|original appointment)\s?-{0,}"
    r"|> ?message du \d.*|begin forwarded message:?|debut du message (?:transfere|reexpedie)\s?:?|-{3,}\s?[^\n]{3,120}<[^>\n]{3,80}>[^\n]{0,40}-{3,})\s*$"
)
_BAR = re.compile(r"^\s*_{10,}\s*$")
_FROM_LINE = re.compile(
    r"^\s*[>*]?\s*\*?(?:de|from|von|van|da|expediteur|desde|sender)\s?\*?\s?:\*?\s?\S", re.IGNORECASE
)
_BARE_FROM = re.compile(r"^\s*[>*]?\s*\*?(?:de|from|von|van|da|expediteur|desde)\s?\*?\s?:\s*$")
_HEADER_LINE = re.compile(
    r"^\s*[>*]?\s*\*?(?:envoye(?: le)?|sent|gesendet|verzonden|enviad[oa](?: el| em)?|enviados|inviato|date|datum|fecha|data|to|a|an|aan|para|cc|copie(?: a)?|kopie|objet|subject|betreff|onderwerp|asunto|assunto|oggetto|destinataire)\s?\*?\s?:"
)
_DATE_HEADER = re.compile(
    r"^\s*[>*]?\s*\*?(?:envoye(?: le)?|sent|gesendet|verzonden|enviad[oa](?: el| em)?|enviados|inviato|date|datum|fecha|data)\s?\*?\s?:\*?\s?(.{4,80})"
)
_QUOTE = re.compile(r"^\s{0,3}(?:>|\|\s(?![^|\n]*\|))")
_SENT_FROM = re.compile(
    r"^\s*(?:envoye (?:de|depuis|a partir de|avec)\b.{0,60}|sent from\b.{0,60}|obtenir outlook\b.*|get outlook\b.*|telecharger outlook\b.*|sent with .{0,40}|von meinem .{0,40} gesendet|gesendet von\b.*|enviado desde\b.*|inviato da\b.{0,40}|verzonden vanaf\b.*|verstuurd vanaf\b.*|provenance : courrier.*|<https?://aka\.\S*>)\s*$"
)
_DASHES = re.compile(r"^\s*--\s?$")
_CLOSING = re.compile(
    r"^\s*(?:(?:bien |tres |sinceres? |meilleures? |mes |nos |avec (?:nos|mes) |vous souhaitant .{0,40}|dans l'attente .{0,80}|en vous remerciant.{0,60}|restant .{0,60}|je (?:vous prie|reste) .{0,80}|nous vous prions .{0,80}|veuillez (?:agreer|recevoir|croire|accepter) .{0,100})?"
    r"(?:cordialement|cdlt|cdt|sinceres salutations|salutations(?: distinguees| cordiales| sinceres| les meilleures)?|respectueusement|sentiments (?:distingues|les meilleurs)|bien a (?:vous|toi)|amicalement|bien cordialement|bonne (?:journee|reception|soiree|fin de (?:journee|semaine)|semaine)(?: a (?:vous|toi|tous))?|bon(?: |ne )?(?:week-end|weekend|apres-midi|courage)(?: a (?:vous|tous))?)\b[\s,.!]*"
    r"|(?:with )?(?:kind|best|warm|warmest|kindest|many)? ?(?:regards|wishes)[\s,.!]*|(?:kind|best|many thanks and best) regards.{0,20}|best[\s,.!]*|cheers[\s,.!]*|sincerely(?: yours)?[\s,.!]*|yours (?:sincerely|faithfully|truly|respectfully)[\s,.!]*|rgds[\s,.!]*|br[,.]?"
    r"|mit (?:freundlichen|besten|freundlichem|herzlichen|vielen) (?:grussen|gruss|grusse)[\s,.!]*|(?:viele|beste|freundliche|liebe|schone|herzliche) grusse?.{0,25}|mfg[\s,.!]*|gruss[\s,.!]*|hochachtungsvoll.{0,5}|un (?:cordial )?saludo.{0,10}|saludos(?: cordiales)?.{0,10}|atentamente.{0,5}|(?:cordiali|distinti|cari) saluti.{0,5}|saluti[\s,.!]*|(?:met )?(?:vriendelijke |hartelijke )?(?:groet(?:en|jes)?)[\s,.!]*|mvg[\s,.!]*|(?:com )?(?:os )?(?:melhores|meus|nossos)? ?cumprimentos.{0,12}|atenciosamente.{0,5}|obrigad[oa][\s,.!]*)\s*$"
)
_DISCLAIMER = re.compile(
    r"(?:confidentiality notice|this (?:e-?mail|message|communication)(?: and any attachments?| \(including.{0,40}\))? (?:is|are|may|contains?|was sent|has been)\b.{0,60}(?:confidential|privileged|intended|virus|scanned)|intended (?:only|solely) for|if you (?:are not|have received).{0,40}(?:intended recipient|in error)|privileged (?:and|or) confidential|nothing (?:herein|in this|contained)|please consider the environment|think before (?:you )?print"
    r"|ce (?:message|courriel|mail|e-mail)(?: et (?:toutes? )?(?:les|ses|leurs) (?:pieces|fichiers)[^.]{0,30})?,? (?:est|sont|peut|peuvent|contient|a ete|ainsi)\b.{0,80}(?:confidenti|destinataire|intention|exclusi|virus|propriete)|les informations contenues dans|si vous n'etes pas (?:le |un )?destinataire|l'emetteur decline|pensez a l'environnement|n'imprimez|avant d'imprimer|etablis a l'intention exclusive|membre d'une a(?:ssociation|ga)|caution:? this|warning:? this|external e?-?mail|\[external\]|originated (?:from )?outside|(?:^|\W)attention ?:? ce (?:message|mail|courriel)|provient de l'exterieur|expediteur externe|ne cliquez (?:pas|sur)|do not click"
    r"|diese (?:e-?mail|nachricht) (?:enthalt|ist|kann).{0,80}(?:vertraul|bestimmt)|este (?:mensaje|correo).{0,60}confidencial|ai sensi (?:del|dell)|le informazioni contenute|dit (?:e-?mail)?bericht (?:is|kan).{0,60}(?:vertrouwelijk|bestemd)|s'engage a payer ses fournisseurs|consultez (?:la|notre) charte|may monitor e-?mails?|views are those of|couvert\w* par le secret professionnel|aucun paiement ni changement|late payment of commercial debts)"
)
# What stands in a letterhead. A client may speak of it, too: "send us a copy with your USt-IdNr".
_LETTERHEAD = re.compile(
    r"registered in (?:england|scotland|wales|ireland)|registered office|capital (?:social )?de|au capital de|\brcs [a-z]|siret?\s?:?\s?\d|tva intracom|amtsgericht|geschaftsfuhrer|handelsregister|es gelten unsere|ust-id|\bkvk\b"
)
# Rules of a house: below a signature they are print, above it the client invokes them.
_HOUSE_RULE = re.compile(
    r"tout litige ne\b|competence (?:exclusive )?d(?:u|es) tribuna|nos conditions generales|our (?:general )?(?:terms|purchase conditions)|conformement a(?:u reglement| la loi)|droit d'acces|en cumplimiento (?:del|de la)|proteccion de datos"
)
_SPEAKS = re.compile(
    r"\b(?:nous|notre|nos|vous|votre|vos|merci|je|we|our|you|your|please|i|wir|uns|unser\w*|ihre?\w?|bitte|ons|onze|uw|graag|nostr[oae]|vostr[oae]|nuestr[oa]s?)\b"
)
_SIGNATURE_LINE = re.compile(
    r"(?:\b(?:tel|tél|phone|fax|mob|mobile|portable|standard|direct|poste|ext|telefon|telefono)\b\.?\s?:?\s?[+(\d]|\b0\d(?:[ .-]?\d\d){4}\b|\+\d{2}[\d ().-]{7,}|\(\d{3}\) ?\d{3}-\d{4}|www\.|https?://|\b\d{5}\s[a-z]|\b(?:gmbh|sarl|s\.a\.|sas|ltd|limited|plc|inc\.?|bv|b\.v\.|srl|s\.r\.l|s\.l\.|snc|eurl)\b|\b(?:comptab|accounts? payable|purchase ledger|finance|directeur|directrice|director|manager|gerant|responsable|assistant|secretar|chef |head of|controller|buchhaltung|kreditoren|crediteuren|amministrazione|administracion|service |chief|officer|treasur|president|adjoint|gestionnaire|aide-comptable|accountant|clerk|daf\b|cfo\b|ceo\b|raf\b))"
)
_REPLY_INSIDE = re.compile(
    r"\b(?:(?:repon\w{1,6}|remarques?|commentaires?|annotations?|precisions?|elements?|retours?) (?:\S{1,12} ){0,4}?(?:dans (?:le|votre|ton|vos) (?:texte|corps|mail|message|tableau|courriel|releve|liste)|ci-dessous|en dessous|plus bas|dans le corps|en rouge|en bleu|en gras|en couleur|entre les lignes|sous chaque|en face)|(?:voir|cf\.?|vois|regardez) (?:\S{1,12} ){0,3}?(?:en rouge|en bleu|ci-dessous|plus bas|dans le (?:texte|corps)|en face de|dans votre (?:tableau|texte|mail))|(?:rempli|complete|annote|ajoute|note|indique|mis) (?:\S{1,12} ){0,6}?(?:colonne|tableau|ci-dessous|plus bas|en face|dans votre|en rouge|en bleu)"
    r"|(?:see|answers?|repl\w{1,4}|comments?|notes?|responses?|remarks?|updates?) (?:\S{1,12} ){0,4}?(?:below|inline|in-?line|in (?:the )?(?:text|body|red|blue|table|bold|your)|underneath|against each|alongside|next to each|beside each)|(?:filled|added|completed|annotated|marked) (?:\S{1,12} ){0,6}?(?:column|table|below|in red|statement|list)"
    r"|(?:antworten?|anmerkungen?|siehe) (?:\S{1,12} ){0,3}?(?:unten|im text|in rot|weiter unten)|(?:zie|antwoord\w{0,3}) (?:\S{1,12} ){0,3}?(?:hieronder|onder|in rood|in de tekst)|(?:ver|respuestas?) (?:\S{1,12} ){0,3}?(?:abajo|en rojo|mas abajo|en el texto)|(?:vedi|risposte) (?:\S{1,12} ){0,3}?(?:sotto|in rosso|nel testo))\b"
)
_DUNNING = re.compile(
    r"(?:sauf erreur|malgre (?:notre|nos)|nous vous (?:remercions|rappelons|mettons|prions|saurions)|merci de (?:nous |bien |proceder|ne pas|preciser|communiquer)|restent? impayee|vous restez nous devoir|ne tenez? pas compte|mise en demeure|penalites|indemnite forfaitaire|iban\b|\bbic\b|en cas de litige|service contentieux|a defaut|avez-vous prevu|dites-le-moi|sur simple demande|pouvez-vous nous confirmer|l'avez bien recue|aucune contestation|laquelle le virement|echeancier peut encore|solde en notre faveur|passe ce delai|toute reclamation|nous nous permettons|je reviens vers vous|bien cordialement|cordialement|kind regards|best regards|yours faithfully|madame, monsieur|^bonjour|^hello|^dear|^good day|releve de compte|comptabilite clients|recouvrement|sera ferme|statement of account|according to our (?:records|books)|reminder|please disregard|final notice|unless the above|overdue|would be grateful|bank transfer|late.payment|if (?:payment|the money|your payment|there is)|in the event of a dispute|already paid|balance in our favour|courtesy note|you do not need to reply|our records show|could you let us know|credit control|accounts receivable|credit manager|lawyers|insolvency|administrator|receivables team|en cas de|votre societe|proceder au virement|direction financiere|direction generale|si vous avez deja|si votre reglement|si votre paiement|a ce jour|lettre de|soit un total|nous comptons sur|cher client|dear customer|\bdue\b|echue? le|echeance|total (?:du|due)|solde debiteur|art\. ?l|copie par courriel|vous trouverez ci-joint|n'est pas parvenu|n'avons pas recu|we have not received|has not (?:reached|been)|had not been paid|still outstanding|quoting the invoice)"
)


def own_words(
    text: str,
    *,
    sender_name: str = "",
    sender_address: str = "",
    sent_texts: Sequence[str] = (),
    our_names: Sequence[str] = (),
    our_addresses: Sequence[str] = (),
) -> Words:
    """Say of each line of a body whose it is. Linear; never raises."""
    raw = _split(text)
    folded = [fold(line) for _, _, line in raw]
    ours = _Ours(sent_texts)
    kinds = ["own"] * len(raw)
    forwarded_by: str | None = None
    forwarded_on: str | None = None
    index, inside = 0, False
    while index < len(raw):
        line = folded[index]
        if not line.strip():
            kinds[index] = "blank"
            index += 1
            continue
        mark = _mark(folded, index)
        if mark is not None:
            length, prefixed = mark
            block = folded[index : index + length]
            if forwarded_by is None and not inside:
                forwarded_by, forwarded_on = _author(block, [raw[i][2] for i in range(index, index + length)])
            for i in range(index, index + length):
                kinds[i] = "mark"
            index += length
            following = next((folded[i] for i in range(index, len(folded)) if folded[i].strip()), "")
            inside = (
                not _QUOTE.match(following)
                and not prefixed
                and not (length and _WROTE.match(" ".join(block)) and not following.strip())
            )
            continue
        if ours.has(line):
            kinds[index] = "ours"
        elif _QUOTE.match(line) or (inside and not ours.known):
            kinds[index] = "quoted"
        elif inside:
            kinds[index] = "own" if not _foreign_tail(line) else "disclaimer"
        index += 1
    _cut_signatures(raw, folded, kinds, sender_name, sender_address)
    _cut_boilerplate(folded, kinds)
    lines = tuple(Line(s, e, t, k) for (s, e, t), k in zip(raw, kinds, strict=True))
    words = Words(text, lines, forwarded_by, forwarded_on)
    if not ours.known:
        words = _answers_inside(words, folded)
    return words


def _split(text: str) -> list[tuple[int, int, str]]:
    out, at = [], 0
    for line in text.split("\n"):
        out.append((at, at + len(line), line))
        at += len(line) + 1
    return out


class _Ours:
    """The texts that we sent, without white space and marks, so that a rewrapped line is still found."""

    def __init__(self, sent_texts: Sequence[str]) -> None:
        self.known = bool(sent_texts)
        self._all = "\n".join(_bare(fold(t)) for t in sent_texts)

    def has(self, folded_line: str) -> bool:
        bare = _bare(folded_line)
        return self.known and len(bare) >= 6 and bare in self._all


def _bare(folded: str) -> str:
    return re.sub(r"[^a-z0-9]", "", folded)


def _mark(folded: Sequence[str], index: int) -> tuple[int, bool] | None:
    """How many lines the quote mark that begins here takes, and whether what follows is prefixed by '>'; None: no mark."""
    line = folded[index]
    if len(line) > 400:
        return None
    if _RULE.match(line):
        length = 1
        while (
            index + length < len(folded)
            and length < 9
            and (
                _HEADER_LINE.match(folded[index + length])
                or _FROM_LINE.match(folded[index + length])
                or (
                    not folded[index + length].strip()
                    and index + length + 1 < len(folded)
                    and (_FROM_LINE.match(folded[index + length + 1]) or _HEADER_LINE.match(folded[index + length + 1]))
                )
            )
        ):
            length += 1
        return length, line.lstrip().startswith(">")
    if _BAR.match(line) and index + 1 < len(folded) and _FROM_LINE.match(folded[index + 1]):
        inner = _header_block(folded, index + 1)
        return (1 + inner, False) if inner else None
    block = _header_block(folded, index)
    if block:
        return block, line.lstrip().startswith(">")
    if _WROTE_START.match(line) or re.search(r"(?:a ecrit|wrote|schrieb|escribio|schreef|ha scritto)\s?:?\s*$", line):
        joined = ""
        for length in range(1, 5):
            if index + length > len(folded) or (length > 1 and not folded[index + length - 1].strip()):
                break
            joined = f"{joined} {folded[index + length - 1].lstrip('> ').strip()}".strip()
            if len(joined) < 420 and _WROTE.match(joined) and _names_somebody(joined, length):
                return length, line.lstrip().startswith(">")
    return None


def _names_somebody(joined: str, length: int) -> bool:
    """'Le 3 novembre, votre commercial nous a écrit :' is content: no time, no address, 'nous'."""
    if re.search(
        r"\b(?:nous|vous|m'|t'|me|lui|leur|us|to me|uns|mir)\s?(?:a|avez|avait|have|has|had)? ?(?:ecrit|wrote|schrieb|written)",
        joined,
    ):
        return False
    if re.search(r"\bvous (?:nous |m')?(?:avez|aviez)\b", joined):
        return False
    return bool(
        "@" in joined or re.search(r"\d{1,2}[:h]\d\d|\b20\d\d\b|utc", joined) or re.search(r"<[^>]{3,}>", joined)
    )


def _header_block(folded: Sequence[str], index: int) -> int:
    """The length of a block 'From: / Sent: / To: / Subject:' (in any language and order) that begins here; 0 if none."""
    first = folded[index]
    if _BARE_FROM.match(first) and index + 1 < len(folded) and ("@" in folded[index + 1] or _named_next(folded, index)):
        pass  # a table of headers whose cells became lines: the label, then what it says
    elif not (
        _FROM_LINE.match(first)
        or re.match(r"^\s*>?\s*\*?(?:envoye|sent|date|objet|subject|gesendet|enviad[oa]|inviato)\s?:", first)
    ):
        return 0
    count, has_from, length, blanks = 0, False, 0, 0
    while index + length < len(folded) and length < 14:
        line = folded[index + length]
        if not line.strip():
            blanks += 1
            if (
                blanks > 1
                or index + length + 1 >= len(folded)
                or not (_HEADER_LINE.match(folded[index + length + 1]) or _FROM_LINE.match(folded[index + length + 1]))
            ):
                break
        elif _FROM_LINE.match(line) or _HEADER_LINE.match(line) or _BARE_FROM.match(line):
            blanks = 0
            has_from = has_from or bool(_FROM_LINE.match(line) or _BARE_FROM.match(line))
            count += 1
        elif (
            count
            and length
            and len(line) < 200
            and (line.startswith((" ", "\t")) or "@" in line or folded[index + length - 1].rstrip().endswith(":"))
        ):
            pass  # a folded list of recipients
        else:
            break
        length += 1
    while length and not folded[index + length - 1].strip():
        length -= 1
    return length if has_from and count >= 2 else 0


def _named_next(folded: Sequence[str], index: int) -> bool:
    """A second header label follows within three lines."""
    return any(_HEADER_LINE.match(line) for line in folded[index + 1 : index + 4])


def _author(block: Sequence[str], raw: Sequence[str]) -> tuple[str | None, str | None]:
    """Who wrote the quoted block, and when, as far as its header lines say."""
    author: str | None = None
    when: str | None = None
    for folded, line in zip(block, raw, strict=True):
        if author is None and _FROM_LINE.match(folded):
            author = line.split(":", 1)[1].strip()
        found = _DATE_HEADER.match(folded)
        if found and when is None:
            when = found[1].strip()
    if author is None and block:
        author = " ".join(raw).strip()
    return author, when


def _foreign_tail(line: str) -> bool:
    return bool(_DISCLAIMER.search(line) or (_LETTERHEAD.search(line) and not _SPEAKS.search(line)))


def _cut_signatures(
    raw: Sequence[tuple[int, int, str]], folded: Sequence[str], kinds: list[str], name: str, address: str
) -> None:
    """Mark signature lines in each run of own lines."""
    tokens = {t for t in re.findall(r"[a-z]{2,}", fold(name)) if t not in _NOT_A_NAME}
    tokens |= {t for t in re.findall(r"[a-z]{3,}", fold(address.partition("@")[0])) if t not in _NOT_A_NAME}
    start = 0
    while start < len(kinds):
        if kinds[start] != "own":
            start += 1
            continue
        end = start
        while end < len(kinds) and kinds[end] in ("own", "blank"):
            end += 1
        _cut_one(folded, kinds, start, end, tokens)
        start = end


_NOT_A_NAME = frozenset(
    "service compta comptabilite accounts payable finance finances direction contact info secretariat administration"
    " gestion team the and via facturation fournisseurs clients client societe sarl sas mme mr purchase ledger noreply"
    " reply hotel garage mairie clinique groupe de du la le les des of for ap ar fi no".split()
)


def _cut_one(folded: Sequence[str], kinds: list[str], start: int, end: int, tokens: set[str]) -> None:
    cut: int | None = None
    seen = 0
    for i in range(start, end):
        line = folded[i].strip()
        if not line:
            continue
        if _DASHES.match(folded[i]) or _SENT_FROM.match(line):
            cut = i
            break
        if len(line) <= 120 and _CLOSING.match(line) and not re.search(r"\d", line) and (seen or i + 1 < end):
            cut = i
            break
        line = re.sub(r"^(?:i\.\s?[av]\.|ppa\.|p\.\s?o\.)\s*", "", line)
        words = re.findall(r"[a-z][a-z'-]*", line)
        wrapped = i > start and len(folded[i - 1].strip()) > 54 and not re.search(r"[.!?,:;)]\s*$", folded[i - 1])
        if (
            seen
            and not wrapped
            and tokens
            and 1 <= len(words) <= 6
            and len(line) <= 60
            and not re.search(r"\d|[?!:;]", line)
            and any(w in tokens for w in words)
            and not re.search(
                r"\b(?:madame|monsieur|bonjour|hello|dear|hi|cher|chere|hallo|guten|est|sera|is|will|was|has|nous|vous|je|we|i)\b",
                line,
            )
            and (len(words) <= 3 or sum(w in tokens for w in words) >= 2)
            and not any(re.search(r"\d[.,]\d\d\b", below) for below in folded[i + 1 : end])  # the head of a notice
        ):
            cut = i
            break
        seen += 1
    if cut is None:
        cut = _trailing_signature(folded, start, end)
    if cut is None:
        return
    postscript = False
    blank_gap = 0
    for i in range(cut, end):
        line = folded[i].strip()
        if not line:
            blank_gap += 1
            continue
        if re.match(r"(?:p\.?\s?s\.?|nb|n\.b\.|post-scriptum)\s?[.:,-]?\s", line) and not re.match(r"ps \d", line):
            postscript = True
        elif postscript and blank_gap:
            postscript = False
        blank_gap = 0
        kinds[i] = "own" if postscript else "signature"


def _trailing_signature(folded: Sequence[str], start: int, end: int) -> int | None:
    """A last block of short lines with telephone numbers, job titles or legal forms, without a closing formula."""
    block_start: int | None = None
    i = end - 1
    while i > start and not folded[i].strip():
        i -= 1
    while i > start and folded[i].strip():
        line = folded[i].strip()
        if len(line) > 110 or (re.search(r"[.!?]$", line) and len(line) > 45 and not _foreign_tail(line)):
            break
        block_start = i
        i -= 1
    if block_start is None or block_start <= start:
        return None
    block = [folded[k].strip() for k in range(block_start, end) if folded[k].strip()]
    marks = sum(1 for line in block if _SIGNATURE_LINE.search(line) or _foreign_tail(line))
    verbs = any(
        re.search(
            r"\b(?:regle|paye|vire|facture n|invoice \d|sera|seront|will be|paid|avons|avez|pouvez|merci de)\w{0,3}\b",
            line,
        )
        for line in block
    )
    blank_before = not folded[block_start - 1].strip()
    if (
        marks
        and not verbs
        and (blank_before or marks >= 2)
        and any(folded[k].strip() for k in range(start, block_start))
    ):
        return block_start
    return None


def _cut_boilerplate(folded: Sequence[str], kinds: list[str]) -> None:
    """Disclaimers and banners: the matching line, and in wrapped text the rest of its paragraph."""
    i, signed = 0, False
    while i < len(kinds):
        line = folded[i]
        signed = signed or kinds[i] == "signature"
        if kinds[i] == "own" and len(line) < 3000 and (_foreign_tail(line) or (signed and _HOUSE_RULE.search(line))):
            long_ = len(line) > 130
            kinds[i] = "disclaimer"
            if not long_:
                k = i + 1
                while k < len(kinds) and folded[k].strip() and kinds[k] == "own" and len(folded[k - 1]) > 50:
                    kinds[k] = "disclaimer"
                    k += 1
        elif kinds[i] == "own" and (_SENT_FROM.match(line.strip()) or _DASHES.match(line)):
            kinds[i] = "signature"
        i += 1


def _answers_inside(words: Words, folded: Sequence[str]) -> Words:
    """Answers written into the quoted text without a mark: taken out only where the client says so, or wrote nothing above."""
    own_above = [line for line in words.lines if line.kind == "own"]
    own_text = fold(" ".join(line.text for line in own_above))
    says_so = bool(_REPLY_INSIDE.search(own_text))
    if not says_so and (len(own_text.strip()) > 40 or _ANSWER.search(own_text)):
        return words
    if not any(line.kind == "mark" for line in words.lines):
        return words
    lines = []
    below = _below_rows(words, folded)
    for index, (line, low) in enumerate(zip(words.lines, folded, strict=True)):
        if line.kind == "quoted" and not _QUOTE.match(low) and (index in below or _answers(low)):
            lines.append(Line(line.start, line.end, line.text, "own"))
        else:
            lines.append(line)
    return Words(words.text, tuple(lines), words.forwarded_by, words.forwarded_on)


_ROW = re.compile(r"\d{3}.{1,160}\d[.,]\d\d\b")


def _below_rows(words: Words, folded: Sequence[str]) -> set[int]:
    """Lines that stand below a row of our list and above the next one: answers; then what stands below the last row too."""
    quoted = [i for i, line in enumerate(words.lines) if line.kind in ("quoted", "own") and line.text.strip()]
    rows = [
        i
        for i in quoted
        if _ROW.search(folded[i]) and re.search(r"\d{1,2}/\d{1,2}/\d{2,4}|\d{4}-\d\d-\d\d|20\d\d", folded[i])
    ]
    answers = {i for i in quoted if rows and rows[0] < i < rows[-1] and i not in rows}
    if len(answers) < len(rows) - 1 or not answers:
        return set()
    last = next((i for i in quoted if i > rows[-1]), None)
    return answers | ({last} if last is not None and _ANSWER.search(folded[last]) else set())


_ANSWER = re.compile(
    r"\b(?:regle\w{0,3}|paye\w{0,3}|vire\w{0,3}|solde\w{0,2}|honore\w{0,2}|envoye\w{0,2}|part|partira|payee?s? le|en attente|bloque\w{0,3}|litige|conteste\w{0,3}|doublon|double emploi|avoir|duplicata|jamais|echeancier|vendredi|paid|sent|settled|cleared|transferred|wired|scheduled|run|blocked|on hold|disputed|dispute|copy|never|missing|waiting|bezahlt|uberwiesen|gesperrt|betaald|pagad[oa]|pagat[oa]|oui|yes|ok|non|nous avons|we have|we paid)\b"
)


def _answers(low: str) -> bool:
    line = low.strip()
    if not line or len(line) > 600:
        return False
    if re.match(
        r"(?:-{1,3}>|=+>|\*{2,3}\s?[a-z]|>{2,}|r\s?:\s|rep(?:onse)?\s?:|answer\s?:|reply\s?:|\[[a-z .]{2,20}\]\s?:?)",
        line,
    ):
        return True
    if " | " in line:
        cells = [c.strip() for c in line.split(" | ")]
        last = cells[-1]
        return bool(re.search(r"[a-z]{3,}", last)) and len(last.split()) >= 2 and bool(_ANSWER.search(last))
    first = re.split(r"(?<=[.?!])\s", line)[0]
    return bool(_ANSWER.search(line)) and not _DUNNING.search(line) and not first.endswith("?")


def quoted_day(when: str | None, base: date) -> date | None:
    """The day of a forwarded block's date line; None where it is not understood or later than the mail."""
    if not when:
        return None
    from chalicelib.reading.dates import find

    found = [f for f in find(fold(when), base) if f.full and f.past]
    return found[0].past if found and found[0].past and found[0].past <= base else None
