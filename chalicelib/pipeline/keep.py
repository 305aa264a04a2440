"""Keep what a decision leads to: load a file, decide, save, and decide again where somebody else was faster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from chalicelib.domain.apply import apply_all
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import DESK, Debtor, DebtorFile
from chalicelib.domain.events import DebtorOpened, Event, entries_after
from chalicelib.domain.propose import next_action_at
from chalicelib.errors import PermanentError, RetryableError
from chalicelib.ports import Parts

Happened = Sequence[tuple[Event, str]]

RACES = 8
"""So many lost races in a row mean that a file is rewritten in a loop: let the queue wait and try later."""


class UnknownDebtor(PermanentError):
    """There is no file with this id."""


class LostRaces(RetryableError):
    """Others changed the file each time before we could save."""


def office_of(parts: Parts) -> Office:
    creditor, health = parts.offices.load()
    return Office(creditor=creditor, health=health, policies=dict(parts.policies), rules=parts.rules)


def keep(
    parts: Parts,
    office: Office,
    debtor_id: str,
    decide: Callable[[DebtorFile], Happened],
    *,
    at: datetime,
    who: str,
    file: DebtorFile | None = None,
    opens: Debtor | None = None,
) -> DebtorFile:
    """Record what `decide` says has happened to a debtor, under the version it looked at.

    `file` saves the first load where the caller has just saved it; `opens` is who the file is opened for where there
    is none yet. `decide` is called again on a fresh file after
    each lost race, so it must be a function of the file alone. Deciding nothing writes nothing.
    """
    for _ in range(RACES):
        file = file or load(parts, debtor_id, opens=opens)
        happened = decide(file)
        if not happened:
            return file
        saved = save(parts, office, file, happened, at=at, who=who)
        if saved is not None:
            return saved
        file = None
    raise LostRaces(f"file {debtor_id} was changed by others {RACES} times in a row")


def load(parts: Parts, debtor_id: str, *, opens: Debtor | None = None) -> DebtorFile:
    """The live part of a file. The desk's own file needs no opening: it is always there."""
    opens = Debtor(id=DESK, name="Desk") if debtor_id == DESK else opens
    file = parts.store.load(debtor_id) or (DebtorFile(debtor=opens) if opens else None)
    if file is None:
        raise UnknownDebtor(f"no debtor {debtor_id!r}")
    return file


def load_whole(parts: Parts, debtor_id: str) -> DebtorFile:
    """A file with all that has ever been in it: what no decision needs any more, too."""
    file = parts.store.load(debtor_id, whole=True)
    if file is None:
        raise UnknownDebtor(f"no debtor {debtor_id!r}")
    return file


def hand_over(parts: Parts, file: DebtorFile, *, at: datetime) -> None:
    """Let ordered mails leave at once: a call is confirmed while it is fresh, though the program may be blind.

    What is not handed over (no right to, no queue) waits for the next hourly run: it is on the agenda.
    """
    if file.open_orders():
        with suppress(RetryableError, PermanentError):
            parts.due_queue.put([{"debtor_id": file.id, "at": at.isoformat()}])


def save(
    parts: Parts, office: Office, file: DebtorFile, happened: Happened, *, at: datetime, who: str
) -> DebtorFile | None:
    """Save once; None where the race was lost."""
    new = file.entries == 0
    happened = [(DebtorOpened(debtor=file.debtor), "first entry"), *happened] if new else list(happened)
    entries = entries_after(file.entries, happened, at=at, who=who)
    after = apply_all(None if new else file, entries)
    return parts.store.save(None if new else file, entries, next_action_at=next_action_at(after, office, at=at))
