"""Put one debtor's litigation file into a ZIP: letters, invoices, evidence, journal, mails, and an index with hashes.

What is missing is named in the index and stops nothing: who hands the file to a lawyer must know what it lacks. What we
wrote among ourselves is no part of it: neither the mails to our own people nor their entries in the journal. The
same store and archive give the same bytes, for nothing in it is dated by the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from chalicelib.domain.creditor import Creditor
from chalicelib.domain.debtor_file import DebtorFile, NoticeState
from chalicelib.domain.events import (
    Entry,
    Event,
    NoticeClaimed,
    NoticeOrdered,
    ReplyReceived,
    TaskRaised,
    TaskReopened,
)
from chalicelib.domain.journal_words import state_of, told
from chalicelib.domain.letter_facts import JournalFacts, JournalInvoice, JournalLine, LetterParty, facts_of
from chalicelib.domain.reasons import in_words
from chalicelib.pipeline.keep import load_whole
from chalicelib.pipeline.pieces import Assembled, Bound, Piece, PieceZip, keys_of, stem_of, table
from chalicelib.pipeline.remind import sent_key
from chalicelib.ports import Parts

_LEFT = {NoticeState.SENT, NoticeState.BOUNCED, NoticeState.UNKNOWN}
"""States of notices of which a mail left, or may have."""

_WORDS: dict[str, dict[str, Any]] = {
    "fr": {
        "letters": "1-mises-en-demeure", "invoices": "2-factures", "evidence": "3-preuves", "journal": "4-journal",
        "mails": "5-courriels", "readme": "LISEZMOI.txt", "sent": "envoye", "received": "recu", "invoice": "facture",
        "a letter": "Lettre", "a proof": "Preuve de distribution", "an invoice": "Facture {}", "evidence of": "Preuve",
        "the journal": "Journal du dossier",
        "a sent mail": "Courriel envoyé à {}", "a received mail": "Courriel reçu de {}",
        "columns": ("Fichier", "Pièce", "Date", "Octets", "SHA-256", "Remarque"),
        "entries": ("N°", "Date", "Heure", "Qui", "Quoi", "Pourquoi"),
        "missing": "MANQUANT : {}", "no document": "aucun document enregistré", "no letter": "aucune lettre archivée",
        "no record": "le courriel n’est plus enregistré", "is missing": "l’archive ne l’a pas",
        "altered": "ce n’est pas le fichier consigné au journal",
        "about": (
            "Dossier contentieux\r\n\r\nCréancier : {creditor}\r\nDébiteur : {debtor} (dossier {id})\r\n"
            "Arrêté au : {on}\r\n\r\n{files} fichiers, {missing} pièces manquantes.\r\n"
            "index.csv donne la nature, la date, la taille et l’empreinte SHA-256 de chaque fichier.\r\n"
            "Les courriels entre nous (à nos commerciaux) n’y sont pas : leurs numéros manquent au journal.\r\n"
        ),
        "lacks": "\r\nPièces manquantes :\r\n",
    },
    "en": {
        "letters": "1-formal-notices", "invoices": "2-invoices", "evidence": "3-evidence", "journal": "4-journal",
        "mails": "5-mails", "readme": "README.txt", "sent": "sent", "received": "received", "invoice": "invoice",
        "a letter": "Letter", "a proof": "Proof of delivery", "an invoice": "Invoice {}", "evidence of": "Evidence",
        "the journal": "Journal of the file",
        "a sent mail": "Mail sent to {}", "a received mail": "Mail received from {}",
        "columns": ("File", "Piece", "Date", "Bytes", "SHA-256", "Remark"),
        "entries": ("No.", "Date", "Time", "Who", "What", "Why"),
        "missing": "MISSING: {}", "no document": "no document is recorded", "no letter": "no letter is archived",
        "no record": "the mail is no longer recorded", "is missing": "the archive does not hold it",
        "altered": "this is not the file that the journal names",
        "about": (
            "Litigation file\r\n\r\nCreditor: {creditor}\r\nDebtor: {debtor} (file {id})\r\n"
            "As of: {on}\r\n\r\n{files} files, {missing} pieces missing.\r\n"
            "index.csv gives the kind, date, size and SHA-256 of each file.\r\n"
            "Mails among ourselves (to our sales people) are not in it: their numbers are missing in the journal.\r\n"
        ),
        "lacks": "\r\nMissing pieces:\r\n",
    },
}  # fmt: skip


WHILE_SOMEBODY_WAITS = Bound(pieces=400, bytes=60_000_000)
"""What a page may put together: a request has 29 seconds. `docs/letters.md` gives what was measured."""


def assemble(
    parts: Parts, debtor_id: str, to: BinaryIO, *, language: str = "fr", bound: Bound | None = None
) -> Assembled:
    """Write the ZIP. UnknownDebtor: there is no such file. RetryableError: the archive did not answer.

    TooLarge: there is more than `bound` allows.
    """
    file = load_whole(parts, debtor_id)
    creditor, entries = parts.offices.creditor(), _without_internal(parts, file)
    words = _WORDS["fr" if language == "fr" else "en"]
    at = entries[-1].at.astimezone(ZoneInfo(creditor.zone))
    written = PieceZip(to, parts.archive, words, language="fr" if language == "fr" else "en", at=at, bound=bound)
    written.add([
        *_letters(parts, file, words),
        *_invoices(file, words),
        *_evidence(parts, debtor_id, words),
        *_journal(parts, file, creditor, entries, language, words),
        *mail_pieces(parts, _to_others(file), entries, creditor.zone, words),
    ])  # fmt: skip
    return written.close(file, creditor)


def journal_facts(file: DebtorFile, creditor: Creditor, entries: Iterable[Entry], language: str) -> JournalFacts:
    """The journal as it is printed, on the creditor's clock."""
    lines = tuple(_line(entry, file, creditor.zone, language) for entry in entries)
    debtor = file.debtor
    return JournalFacts(
        sender=LetterParty(
            name=creditor.name,
            legal_form=creditor.legal_form,
            address=creditor.address,
            legal_id=creditor.legal_id,
            vat_number=creditor.vat_number,
        ),
        debtor=LetterParty(
            name=debtor.name, address=debtor.address, legal_id=debtor.legal_id, vat_number=debtor.vat_number
        ),
        debtor_id=debtor.id,
        zone=creditor.zone,
        written_on=lines[-1].on,
        invoices=tuple(
            JournalInvoice(
                number=case.number,
                issued_on=case.issued_on,
                due_on=case.due_on,
                amount=case.amount,
                balance=case.balance,
                state=state_of(file, case, language),
            )
            for case in sorted(file.cases.values(), key=lambda c: (c.due_on, c.number))
        ),
        entries=lines,
    )


def _line(entry: Entry, file: DebtorFile, zone: str, language: str) -> JournalLine:
    local = entry.at.astimezone(ZoneInfo(zone))
    return JournalLine(
        seq=entry.seq,
        on=local.date(),
        clock=f"{local:%H:%M}",
        who=entry.who,
        what=told(entry.event, file, language, why=entry.why),
        why=in_words(entry.why, language),
    )


# --- what stays among ourselves


def _to_others(file: DebtorFile) -> DebtorFile:
    return replace(file, notices={id_: notice for id_, notice in file.notices.items() if not notice.internal})


def _without_internal(parts: Parts, file: DebtorFile) -> list[Entry]:
    """The journal without the mails to our own people, what came back of them, and the tasks to mend that."""
    entries = list(parts.store.journal(file.id))
    # An order and its notice have the same id.
    to_us = {o.id: o.to.lower() for o in file.orders.values() if o.internal}
    to_us |= {n.id: n.to.lower() for n in file.notices.values() if n.internal}
    ours, people = set(to_us), set(to_us.values())
    for entry in entries:
        match entry.event:
            case ReplyReceived(kind=kind, mail=id_, sender=who) if ours and (kind == "bounce" or who.lower() in people):
                mail = parts.mail_log.get(id_)
                ours |= {id_} if mail and mail.notice_id in ours else set()
            case TaskRaised(task=task) if task.note in ours or task.mail in ours:
                ours.add(task.id)
    return [entry for entry in entries if not _about(entry.event) & ours]


def _about(event: Event) -> set[str]:
    """Ids of the mail and the task that an event speaks of."""
    match event:
        case NoticeOrdered(order=order):
            return {order.id}
        case NoticeClaimed(notice=notice):
            return {notice.id}
        case TaskRaised(task=task) | TaskReopened(task=task):
            return {task.id}
    return {str(getattr(event, name)) for name in ("notice_id", "order_id", "task_id", "mail") if hasattr(event, name)}


# --- the pieces


def _letters(parts: Parts, file: DebtorFile, words: Mapping[str, Any]) -> Iterator[Piece]:
    """Printed letters with the proof of their delivery as the file names them; then whatever else is archived."""
    named = [
        (key, on, what, sha256)
        for letter in sorted(file.letters.values(), key=lambda one: (one.printed_on or date.max, one.id))
        for key, on, what, sha256 in (
            (letter.key, letter.printed_on, words["a letter"], letter.sha256),
            (letter.proof, letter.delivered_on, words["a proof"], ""),
        )
        if key
    ]
    known = {key for key, *_ in named}
    keys = keys_of(parts.archive, "letters", file.id)
    others = [(key, None, words["a letter"], "") for key in keys if key not in known]
    for key, on, what, sha256 in (*named, *others):
        yield Piece(folder=words["letters"], stem=stem_of(key), what=what, on=on, key=key, sha256=sha256)
    if not named and not others:
        yield Piece(folder=words["letters"], stem="", what=words["a letter"], missing=words["no letter"])


def _invoices(file: DebtorFile, words: Mapping[str, Any]) -> Iterator[Piece]:
    """What is open, and whatever a formal notice demanded."""
    demanded = {number for letter in file.letters.values() for number in letter.numbers}
    cases = [case for case in file.cases.values() if case.is_open or case.number in demanded]
    for case in sorted(cases, key=lambda c: (c.due_on, c.number)):
        yield Piece(
            folder=words["invoices"],
            stem=f"{words['invoice']}-{case.number}",
            what=words["an invoice"].format(case.number),
            on=case.issued_on,
            key=case.document,
            missing="" if case.document else words["no document"],
        )


def _evidence(parts: Parts, debtor_id: str, words: Mapping[str, Any]) -> Iterator[Piece]:
    for key in keys_of(parts.archive, "evidence", debtor_id):
        yield Piece(folder=words["evidence"], stem=stem_of(key), what=words["evidence of"], key=key)


def _journal(
    parts: Parts, file: DebtorFile, creditor: Creditor, entries: list[Entry], language: str, words: Mapping[str, Any]
) -> Iterator[Piece]:
    facts = journal_facts(file, creditor, entries, language)
    made = {
        ".pdf": parts.printer.print("journal", language, facts_of(facts)),
        ".csv": table([words["entries"], *(row_of(line) for line in facts.entries)], language),
    }
    for suffix, content in made.items():
        yield Piece(
            folder=words["journal"], stem="journal", suffix=suffix, what=words["the journal"],
            on=facts.written_on, content=content,
        )  # fmt: skip


def row_of(line: JournalLine) -> list[str]:
    what = "".join(str(piece) for piece in line.what)
    return [str(line.seq), line.on.isoformat(), line.clock, line.who, what, line.why]


def mail_pieces(
    parts: Parts, file: DebtorFile, entries: list[Entry], zone: str, words: Mapping[str, Any]
) -> Iterator[Piece]:
    """What was sent and received, in the order of time."""
    found: list[tuple[datetime, str, Piece]] = []
    for notice in file.notices.values():
        at = notice.settled_at or notice.claimed_at
        if notice.state in _LEFT and at:
            on = at.astimezone(ZoneInfo(zone)).date()
            piece = Piece(
                folder=words["mails"],
                stem=f"{on}-{words['sent']}-{notice.step}-{notice.id}",
                what=words["a sent mail"].format(notice.to),
                on=on,
                suffix=".eml",
                key=sent_key(file.id, notice.id),
            )
            found.append((at, notice.id, piece))
    for entry in entries:
        if isinstance(entry.event, ReplyReceived):
            mail = parts.mail_log.get(entry.event.mail)
            at = mail.received_at if mail else entry.at
            on = at.astimezone(ZoneInfo(zone)).date()
            piece = Piece(
                folder=words["mails"],
                stem=f"{on}-{words['received']}-{entry.event.mail[:16]}",
                what=words["a received mail"].format(entry.event.sender or (mail.sender if mail else "")),
                on=on,
                suffix=".eml",
                key=mail.archive if mail else "",
                missing="" if mail else words["no record"],
            )
            found.append((at, entry.event.mail, piece))
    yield from (piece for _, _, piece in sorted(found, key=lambda one: one[:2]))
