"""Follow a formal notice on paper: its draft, who it goes to, its tracking number, the proof that it arrived."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from chalicelib.domain import events as e
from chalicelib.domain.calendar import local_day
from chalicelib.domain.debtor_file import DebtorFile, Letter, TaskKind
from chalicelib.domain.formal_notice import FormalNotice, draft, proof_key
from chalicelib.errors import BadInput
from chalicelib.pipeline.keep import Happened, keep, load, load_whole, office_of
from chalicelib.pipeline.print_letter import print_draft
from chalicelib.pipeline.work_tasks import NoSuchTask
from chalicelib.ports import Parts

LARGEST_PROOF_BYTES = 10_000_000
LONGEST_TRACKING = 60
LONGEST_LINE = 120
_KINDS = (
    (b"%PDF", ".pdf", "application/pdf"),
    (b"\xff\xd8\xff", ".jpg", "image/jpeg"),
    (b"\x89PNG", ".png", "image/png"),
)


def draft_of(
    parts: Parts, debtor_id: str, task_id: str, *, at: datetime, printed: bool = True, **edits: Any
) -> tuple[FormalNotice, bytes | None]:
    """The draft that a task asks to approve, as it stands today, and (`printed`) its PDF marked as a draft."""
    file, office = load(parts, debtor_id), office_of(parts)
    task = file.tasks.get(task_id)
    if task is None or not task.is_open or task.kind is not TaskKind.APPROVE_NOTICE:
        raise NoSuchTask(f"debtor {debtor_id} has no formal notice to approve under {task_id!r}")
    on = local_day(at, office.creditor.zone)
    if not printed:
        return draft(file, office, parts.rules, on=on, is_draft=True, **edits), None
    return print_draft(parts, file, office, on=on, **edits)


def identify(
    parts: Parts, debtor_id: str, *, address: tuple[str, ...] = (), legal_id: str = "", vat_number: str = "",
    at: datetime, who: str,
) -> DebtorFile:  # fmt: skip
    """Complete what a letter must say of a debtor; what is not given stays as it is."""
    address = tuple(line.strip() for line in address if line.strip())
    if long := [line for line in (*address, legal_id, vat_number) if len(line) > LONGEST_LINE]:
        raise BadInput("address", f"{long[0][:40]}… has {len(long[0])} characters", f"write {LONGEST_LINE} at most")

    def decide(file: DebtorFile) -> Happened:
        debtor = replace(
            file.debtor, address=address or file.debtor.address, legal_id=legal_id or file.debtor.legal_id,
            vat_number=vat_number or file.debtor.vat_number,
        )  # fmt: skip
        if debtor == file.debtor:
            return []
        return [(e.DebtorChanged(debtor=debtor), f"completed by {who}")]

    return keep(parts, office_of(parts), debtor_id, decide, at=at, who=who)


def post(
    parts: Parts, debtor_id: str, letter_id: str, *, tracking: str, on: date | None = None, at: datetime, who: str
) -> Letter:
    """The letter was posted, with this tracking number; the task that asked for it is done. May be said again."""
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)
    _check_past(on, today)
    if len(tracking) > LONGEST_TRACKING or not tracking.replace(" ", "").isalnum():
        remedy = "copy it from the receipt, for example 1A 123 456 7890 1"
        raise BadInput("tracking", f"{tracking[:60]!r} is no tracking number", remedy)

    def decide(file: DebtorFile) -> Happened:
        letter = _printed(file, letter_id)
        if letter.tracking == tracking and letter.posted_on and (on is None or on == letter.posted_on):
            return []
        why = f"posted as {tracking}"
        posted = e.LetterPosted(letter_id=letter_id, on=on or letter.posted_on or today, tracking=tracking)
        tasks = [t for t in file.open_tasks() if t.kind is TaskKind.POST_LETTER and t.note == letter_id]
        closed = [(e.TaskClosed(task_id=t.id, outcome="posted", note=tracking, at=at), why) for t in tasks]
        return [(posted, why), *closed]

    return keep(parts, office, debtor_id, decide, at=at, who=who).letters[letter_id]


def prove(
    parts: Parts, debtor_id: str, letter_id: str, proof: bytes, *, on: date | None = None, at: datetime, who: str
) -> Letter:
    """Keep the scan of the signed receipt (PDF, JPEG or PNG); `on` is the day on which the debtor got the letter."""
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)
    _check_past(on, today)
    kind = next(((suffix, what) for start, suffix, what in _KINDS if proof.startswith(start)), None)
    if kind is None or len(proof) > LARGEST_PROOF_BYTES:
        what = "is neither PDF, JPEG nor PNG" if kind is None else f"weighs {len(proof)} bytes"
        largest = LARGEST_PROOF_BYTES // 1_000_000
        raise BadInput("proof", f"the scan {what}", f"give a PDF or a picture of {largest} MB at most")
    letter = _printed(load(parts, debtor_id), letter_id)
    if on and letter.printed_on and on < letter.printed_on:
        raise BadInput("on", f"{on} lies before the letter, of {letter.printed_on}", "give the day of its delivery")
    suffix, content_type = kind
    sha256 = hashlib.sha256(proof).hexdigest()
    key = proof_key(debtor_id, f"{letter.notice}-{sha256[:8]}", suffix)
    parts.archive.put_once(key, proof, content_type=content_type)

    def decide(file: DebtorFile) -> Happened:
        before = _printed(file, letter_id)
        if before.proof == key and before.delivered_on and (on is None or on == before.delivered_on):
            return []
        came_on = on or before.delivered_on or today  # a better scan of the receipt says nothing of another day
        delivered = e.LetterDelivered(letter_id=letter_id, on=came_on, proof=key, sha256=sha256)
        return [(delivered, f"the proof of delivery is on file: {key}")]

    return keep(parts, office, debtor_id, decide, at=at, who=who).letters[letter_id]


def letter_of(parts: Parts, debtor_id: str, letter_id: str) -> tuple[DebtorFile, Letter]:
    """A letter, whatever became of it, with the whole file."""
    file = load_whole(parts, debtor_id)
    return file, _known(file, letter_id)


def approved_by_task(parts: Parts, debtor_id: str, task_id: str) -> Letter | None:
    """The letter that the approval of a task led to."""
    file = parts.store.load(debtor_id, whole=True)
    return next((one for one in file.letters.values() if one.task == task_id), None) if file else None


def _printed(file: DebtorFile, letter_id: str) -> Letter:
    letter = _known(file, letter_id)
    if not letter.is_printed:
        what = f"the letter is {letter.state}: there is no printed copy"
        raise BadInput(letter_id, what, "look at the debtor's tasks")
    return letter


def _known(file: DebtorFile, letter_id: str) -> Letter:
    if letter_id not in file.letters:
        known = ", ".join(sorted(file.letters)) or "none"
        raise BadInput(letter_id, f"debtor {file.id} has no such letter under way", f"known are: {known}")
    return file.letters[letter_id]


def _check_past(on: date | None, today: date) -> None:
    if on and on > today:
        raise BadInput("on", f"{on} has not come yet", "give the day on which it happened")
