"""Give somebody their personal data: a ZIP of everything on record that names them.

(Regulation (EU) 2016/679, art. 15(3) and 20(1).) Of one person it holds what is theirs and no mail of a colleague's
(art. 15(4)).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from chalicelib.domain import events as e
from chalicelib.domain.calendar import local_day
from chalicelib.domain.creditor import Creditor
from chalicelib.domain.debtor_file import KINDS, DebtorFile
from chalicelib.domain.money import Money
from chalicelib.domain.personal import is_known, redacted
from chalicelib.errors import BadInput
from chalicelib.pipeline.litigation_file import journal_facts, mail_pieces, row_of
from chalicelib.pipeline.personal import Survey, at_the_desk, records_of, survey
from chalicelib.pipeline.pieces import Assembled, Piece, PieceZip, keys_of, stem_of, table
from chalicelib.ports import Parts

_WORDS: dict[str, dict[str, Any]] = {
    "fr": {
        "data": "1-donnees", "journal": "2-journal", "mails": "3-courriels", "letters": "4-lettres",
        "readme": "LISEZMOI.txt", "sent": "envoye", "received": "recu", "the data": "Données enregistrées",
        "the journal": "Journal du dossier", "a letter": "Lettre", "a sent mail": "Courriel envoyé à {}",
        "a received mail": "Courriel reçu de {}",
        "columns": ("Fichier", "Pièce", "Date", "Octets", "SHA-256", "Remarque"),
        "entries": ("N°", "Date", "Heure", "Qui", "Quoi", "Pourquoi"),
        "missing": "MANQUANT : {}", "no record": "le courriel n’est plus enregistré",
        "is missing": "l’archive ne l’a pas", "altered": "ce n’est pas le fichier consigné au journal",
        "about": (
            "Données personnelles (règlement (UE) 2016/679, art. 15 et 20)\r\n\r\n"
            "Responsable du traitement : {creditor}\r\nDossier : {debtor} ({id})\r\nArrêté au : {on}\r\n\r\n"
            "Pourquoi : suivre le paiement de factures, intérêt légitime (art. 6(1)(f)).\r\n"
            "D’où : le grand livre, les courriels et les appels.\r\n"
            "Combien de temps : tant que la créance en a besoin.\r\n"
            "Droits : rectification, effacement, limitation, opposition (art. 16 à 18, 21) ; réclamation à l’autorité "
            "de contrôle (art. 77), en France la CNIL.\r\n\r\n"
            "{files} fichiers, {missing} manquants. personal-data.json tient tout ce qui est enregistré, journal.csv "
            "ce qui s’est passé ; les courriels sont tels quels.\r\n"
        ),
        "lacks": "\r\nManquent :\r\n",
    },
    "en": {
        "data": "1-data", "journal": "2-journal", "mails": "3-mails", "letters": "4-letters",
        "readme": "README.txt", "sent": "sent", "received": "received", "the data": "Data on record",
        "the journal": "Journal of the file", "a letter": "Letter", "a sent mail": "Mail sent to {}",
        "a received mail": "Mail received from {}",
        "columns": ("File", "Piece", "Date", "Bytes", "SHA-256", "Remark"),
        "entries": ("No.", "Date", "Time", "Who", "What", "Why"),
        "missing": "MISSING: {}", "no record": "the mail is no longer recorded",
        "is missing": "the archive does not hold it", "altered": "this is not the file that the journal names",
        "about": (
            "Personal data (Regulation (EU) 2016/679, art. 15 and 20)\r\n\r\n"
            "Controller: {creditor}\r\nFile: {debtor} ({id})\r\nAs of: {on}\r\n\r\n"
            "Why: to follow the payment of invoices, a legitimate interest (art. 6(1)(f)).\r\n"
            "Where from: the ledger, mails and calls.\r\n"
            "How long: as long as the claim needs it.\r\n"
            "Rights: rectification, erasure, restriction, objection (art. 16 to 18, 21); a complaint to the "
            "supervisory authority (art. 77).\r\n\r\n"
            "{files} files, {missing} missing. personal-data.json holds all that is on record, journal.csv what "
            "happened; mails are as they came or left.\r\n"
        ),
        "lacks": "\r\nMissing:\r\n",
    },
}  # fmt: skip


def export_personal(
    parts: Parts, debtor_id: str, to: BinaryIO, *, person: str = "", language: str = "fr", at: datetime
) -> Assembled:
    """Write it: data as JSON, the journal as CSV, mails as they came and left, our letters. BadInput: of a stranger."""
    found = survey(parts, debtor_id, person=person, at=at)
    if person and not is_known(found.whose):
        raise BadInput("person", f"nobody with the address {person!r} is on file", "look at the debtor's contacts")
    language = "fr" if language == "fr" else "en"
    words, creditor = _WORDS[language], parts.offices.creditor()
    at = found.entries[-1].at.astimezone(ZoneInfo(creditor.zone))
    zip_ = PieceZip(to, parts.archive, words, language=language, at=at)
    zip_.add(_pieces(parts, found, creditor, language, person))
    return zip_.close(found.file, creditor)


def _pieces(parts: Parts, found: Survey, creditor: Creditor, language: str, person: str) -> Iterator[Piece]:
    words, on = _WORDS[language], local_day(found.entries[-1].at, creditor.zone)
    file, whose = found.file, found.whose
    entries = [x for x in found.entries if not person or redacted(x, whose) != x]
    data = json.dumps(_data(parts, found, person), ensure_ascii=False, indent=2).encode()
    yield Piece(
        folder=words["data"], stem="personal-data", suffix=".json", what=words["the data"], on=on, content=data
    )
    if entries:
        facts = journal_facts(file, creditor, entries, language)
        lines = [words["entries"], *(row_of(line) for line in facts.entries)]
        content = table(lines, language)
        yield Piece(
            folder=words["journal"], stem="journal", suffix=".csv", what=words["the journal"], on=on, content=content
        )
    theirs = {id_: n for id_, n in file.notices.items() if not n.internal and (not person or id_ in whose.notices)}
    mails = [x for x in found.entries if isinstance(x.event, e.ReplyReceived) and x.event.mail in whose.mails]
    yield from mail_pieces(parts, replace(file, notices=theirs), mails, creditor.zone, words)
    for key in () if person else keys_of(parts.archive, "letters", file.id):
        yield Piece(folder=words["letters"], stem=stem_of(key), what=words["a letter"], key=key)


def _data(parts: Parts, found: Survey, person: str) -> dict[str, Any]:
    """Everything on record about them, as it is on record."""
    file, whose = found.file, found.whose
    records: dict[str, list[Any]] = {}
    for kind, record in records_of(file, whose) if person else _all_records(file):
        records.setdefault(kind, []).append(_plain(record))
    mails = [mail for id_ in sorted(whose.mails) if (mail := parts.mail_log.get(id_))]
    about = {"debtor": file.id, "name": file.debtor.name} if person else {"debtor": file.id, **_plain(file.debtor)}
    return {
        "about": {"person": person, **about} if person else about,
        "known_by": {what: sorted(getattr(whose, what)) for what in ("addresses", "names", "phones")},
        **records,
        "mails": [_plain(mail) for mail in mails],
        "before_anybody_knew_whose": [_plain(entry) for entry in at_the_desk(parts, found)],
    }


def _all_records(file: DebtorFile) -> Iterator[tuple[str, Any]]:
    return ((kind, record) for kind in KINDS for record in getattr(file, kind).values())


def _plain(value: Any) -> Any:
    """A record as text and numbers; what is empty is left out."""
    if isinstance(value, Money | Decimal):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return _told((one.name, getattr(value, one.name)) for one in fields(value))
    if isinstance(value, Mapping):
        return _told(value.items())
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _told(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {str(name): _plain(value) for name, value in items if value not in ("", None, (), [], {})}
