"""Print a formal notice once: the same letter, byte for byte, whoever asks for it again."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from typing import Any

from chalicelib.domain import events as e
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import DebtorFile, LetterState
from chalicelib.domain.formal_notice import FormalNotice, draft
from chalicelib.domain.letter_facts import facts_of
from chalicelib.errors import PermanentError
from chalicelib.ports import Parts

TEMPLATE = "formal_notice"


class NotPrinted(PermanentError):
    """The letter cannot be printed, or is not what was approved."""


def print_letter(parts: Parts, file: DebtorFile, office: Office, printing: e.LetterPrinted) -> e.LetterPrinted:
    """Print and archive an approved letter; the event again with what was printed.

    The archive keeps the first copy under its key: who comes second, or again after a crash, goes on with that one.
    """
    letter = file.letters.get(printing.letter_id)
    if letter is None or letter.state is not LetterState.APPROVED:
        raise NotPrinted(f"debtor {file.id} has no approved letter {printing.letter_id!r}")
    drafted = draft(
        file, office, parts.rules, on=printing.on, deadline_on=printing.deadline_on, added=letter.added,
        only=letter.numbers,
    )  # fmt: skip
    if drafted.missing:
        raise NotPrinted("; ".join(drafted.missing))
    if drafted.demands != letter.demands:
        raise NotPrinted("what is owed is no longer what was approved")
    pdf = _pdf(parts, drafted)
    if not parts.archive.put_once(printing.key, pdf, content_type="application/pdf"):
        pdf = parts.archive.get(printing.key)
    return replace(printing, sha256=hashlib.sha256(pdf).hexdigest(), totals=drafted.totals)


def print_draft(
    parts: Parts, file: DebtorFile, office: Office, *, on: date, **edits: Any
) -> tuple[FormalNotice, bytes | None]:
    """A draft with its PDF, marked as one on every page; no PDF where there is nothing that could be shown."""
    drafted = draft(file, office, parts.rules, on=on, is_draft=True, **edits)
    return drafted, _pdf(parts, drafted) if drafted.facts else None


def letter_pdf(parts: Parts, file: DebtorFile, letter_id: str) -> bytes:
    """The archived copy of a printed letter; PermanentError where it is missing or was changed."""
    letter = file.letters.get(letter_id)
    if letter is None or not letter.is_printed:
        raise NotPrinted(f"debtor {file.id} has no printed letter {letter_id!r}")
    pdf = parts.archive.get(letter.key)
    if hashlib.sha256(pdf).hexdigest() != letter.sha256:
        raise PermanentError(f"{letter.key} is not what was printed: its SHA-256 differs from the one on record")
    return pdf


def _pdf(parts: Parts, drafted: FormalNotice) -> bytes:
    if drafted.facts is None:
        raise NotPrinted("; ".join(drafted.missing))
    return parts.printer.print(TEMPLATE, drafted.language, facts_of(drafted.facts))
