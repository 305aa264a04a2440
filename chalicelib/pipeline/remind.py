"""Do what is due for one debtor: claim it in the file, hand the mail over, record what became of it.

The claim is the one door: of any number of workers, one saves it and the others find nothing left to do. A worker
that dies after the claim leaves a notice without an outcome, which the next look turns into a task (never a resend).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain import events as e
from chalicelib.domain.apply import foreseen
from chalicelib.domain.calendar import local_day
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import DebtorFile, Notice, Task, TaskKind
from chalicelib.domain.policy import Do
from chalicelib.domain.propose import Proposal, propose
from chalicelib.errors import AddressRefused, OutcomeUnknown, PermanentError, RetryableError
from chalicelib.pipeline.keep import Happened, keep, load, office_of, save
from chalicelib.pipeline.print_letter import print_letter
from chalicelib.ports import Parts


class Outcome(StrEnum):
    NOTHING_DUE = "nothing_due"
    DONE = "done"
    LOST_RACE = "lost_race"  # somebody else is at it: normal
    DEFERRED = "deferred"  # the provider takes nothing more for now
    HELD = "held"  # a manager holds all sending: what is due stays due


def remind(parts: Parts, debtor_id: str, *, at: datetime, office: Office | None = None) -> Outcome:
    """Everything that is due for one debtor at `at`: tasks raised, at most one mail for each currency."""
    office = office or office_of(parts)
    file = load(parts, debtor_id)
    plan = propose(file, office, at=at)
    if not plan.proposals:
        parts.store.save(file, (), next_action_at=plan.next_action_at)
        return Outcome.NOTHING_DUE

    proposals, held = _leaving(office, plan.proposals)
    if not proposals:
        parts.store.save(file, (), next_action_at=plan.next_action_at)
        return Outcome.HELD

    written, seen = [], file
    for proposal in proposals:
        one = _write(parts, seen, office, proposal, at=at)
        seen = _with_fresh(seen, one[1], at=at)
        written.append(one)
    claimed = save(parts, office, file, [h for _, happened, _ in written for h in happened], at=at, who="run")
    if claimed is None:
        return Outcome.LOST_RACE

    outcomes: list[tuple[e.Event, str]] = []
    for notice, _, raw in written:
        if notice and raw:  # without bytes it could not be written, or is a letter without an e-mail
            outcomes += _hand_over(parts, office, debtor_id, notice, raw, at=at)
    if outcomes:
        keep(parts, office, debtor_id, lambda _: outcomes, at=at, who="outbox", file=claimed)
    if any(isinstance(event, e.NoticeDeferred) for event, _ in outcomes):
        return Outcome.DEFERRED
    return Outcome.HELD if held else Outcome.DONE


def _leaving(office: Office, proposals: Sequence[Proposal]) -> tuple[Sequence[Proposal], bool]:
    """What may be done now: while a manager holds all sending, what leaves the house stays due, the rest goes on.

    The switch is read with the office: whatever the queue has held for how long does not leave, but a worker in the
    middle of its batch (ten debtors, some seconds) ends it.
    """
    if office.health.held_since_at is None:
        return proposals, False
    kept = [p for p in proposals if not p.sends]
    return kept, len(kept) < len(proposals)


def _write(
    parts: Parts, file: DebtorFile, office: Office, proposal: Proposal, *, at: datetime
) -> tuple[Notice | None, Happened, bytes]:
    """Write the mail of a proposal before anything is claimed: what cannot be written becomes a task, not a claim."""
    today = local_day(at, office.creditor.zone)
    if _is_formal(proposal, office, file) and not proposal.letter:
        raise PermanentError(f"{proposal.step} of debtor {file.id} has no approved letter: nothing was sent")
    try:
        printed: list[tuple[e.Event, str]] = [
            (print_letter(parts, file, office, event), why) if isinstance(event, e.LetterPrinted) else (event, why)
            for event, why in proposal.events if not isinstance(event, e.NoticeClaimed)
        ]  # fmt: skip
    except PermanentError as error:
        return None, [(_withdrawn(proposal, error, today), f"the letter cannot be printed: {error}")], b""
    if proposal.notice is None:
        return None, printed, b""
    notice = replace(proposal.notice, token=_token())
    file = _with_fresh(file, printed, at=at)
    if proposal.letter and not file.letters[proposal.letter].is_printed:
        return None, [], b""  # its second mail, of another currency: it could not be printed for the first
    try:
        raw = parts.writer.write(file, notice, office.creditor, today=today, at=at)
    except PermanentError as error:
        why = f"the mail cannot be written: {error}"
        claimed = (e.NoticeClaimed(notice=notice), proposal.reason)
        return None, [*printed, claimed, *_failed(notice, TaskKind.REFUSED_MAIL, why, today, at=at)], b""
    return notice, [*printed, (e.NoticeClaimed(notice=notice), proposal.reason)], raw


def _with_fresh(file: DebtorFile, happened: Happened, *, at: datetime) -> DebtorFile:
    """The file with the letter just printed and the mails just ordered: a mail of the same look is written by them."""
    fresh = [(event, why) for event, why in happened if isinstance(event, e.LetterPrinted | e.NoticeOrdered)]
    return foreseen(file, fresh, at=at)


def _is_formal(proposal: Proposal, office: Office, file: DebtorFile) -> bool:
    """The last door: whatever proposes it, a formal notice leaves with an approved letter only."""
    steps = {s.id: s.do for s in office.policy(file.debtor.policy).steps}
    return proposal.notice is not None and steps.get(proposal.notice.step) is Do.FORMAL_NOTICE


def _withdrawn(proposal: Proposal, error: PermanentError, today: date) -> e.LetterWithdrawn:
    """What cannot be printed is no longer approved: a new draft says why, and a person mends it."""
    return e.LetterWithdrawn(letter_id=proposal.letter, on=today, reason=f"it could not be printed: {error}")


def _hand_over(
    parts: Parts, office: Office, debtor_id: str, notice: Notice, raw: bytes, *, at: datetime
) -> list[tuple[e.Event, str]]:
    """Keep a copy, send once, and say in entries what became of it."""
    today = local_day(at, office.creditor.zone)
    try:
        parts.archive.put(sent_key(debtor_id, notice.id), raw, content_type="message/rfc822")
        message_id = parts.outbox.send(
            raw,
            sender=office.creditor.reply_address(notice.token),  # so that a bounce comes back with the token
            recipients=(notice.to, *notice.cc),
            tags={"debtor": debtor_id, "notice": notice.id},
        )
    except RetryableError as error:
        return [(e.NoticeDeferred(notice_id=notice.id, at=at), f"nothing left, still due: {error}")]
    except OutcomeUnknown as error:
        why = f"whether the mail left is not known: {error}"
        return [
            (e.NoticeLost(notice_id=notice.id, at=at), why),
            (_task(TaskKind.UNKNOWN_DELIVERY, notice, why, today), why),
        ]
    except AddressRefused as error:
        why = f"{notice.to} is refused: {error}"
        if notice.internal:
            return _failed(notice, TaskKind.REFUSED_MAIL, why, today, at=at)
        failed, task = _failed(notice, TaskKind.DEAD_ADDRESS, why, today, at=at)
        return [failed, (e.ContactDied(contact_id=notice.contact, on=today), why), task]
    except PermanentError as error:  # the provider's Refused, or an archive that will not take the copy
        return _failed(notice, TaskKind.REFUSED_MAIL, f"the mail cannot leave: {error}", today, at=at)
    return [(e.NoticeSent(notice_id=notice.id, message_id=message_id, at=at), f"accepted for {notice.to}")]


def _failed(notice: Notice, kind: TaskKind, why: str, today: date, *, at: datetime) -> list[tuple[e.Event, str]]:
    """Nothing left, and a person is asked to mend the cause."""
    return [(e.NoticeFailed(notice_id=notice.id, at=at), why), (_task(kind, notice, why, today), why)]


def sent_key(debtor_id: str, notice_id: str) -> str:
    """Where the mail of a notice is archived."""
    return f"sent/{debtor_id}/{notice_id}.eml"


def _task(kind: TaskKind, notice: Notice, reason: str, today: date) -> e.TaskRaised:
    return e.TaskRaised(
        task=Task(
            id=f"{kind}-{notice.id}-{notice.attempts}",
            kind=kind,
            raised_on=today,
            due_on=today,
            reason=reason,
            # What goes to our own people holds no chasing back.
            numbers=() if notice.internal else tuple(number for number, _ in notice.takes),
            note=notice.id,
        )
    )


def _token() -> str:
    """128 random bits as lower-case base32: cannot be guessed, survives mail systems that fold case."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
