"""Stores, archive and queue in memory: the fakes that quick tests and `relance simulate` run on.

They keep the contract of the real ones (`tests/contract` runs on both): a save loses its race as it would
there, and the journal is what the file is folded from. What they do not imitate is what fails by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, BinaryIO

from chalicelib.domain.apply import apply_all
from chalicelib.domain.company import SHORTEST_WORD, is_named, keys_of, words_of
from chalicelib.domain.creditor import Creditor, Health
from chalicelib.domain.debtor_file import Debtor, DebtorFile, Task, live_part
from chalicelib.domain.events import Entry, check_same_but_words, once
from chalicelib.errors import BadInput, PermanentError
from chalicelib.ports import Cursor, MailPage, MailRecord, MailState, SendingHold, Shelf

LOOKED_UP = ("token", "message_id", "address", "invoice", "credit", "mail", "company", "credit_hold")


class FakeCaseStore:
    """A CaseStore whose truth is the journal of each debtor.

    `meanwhile(act)` runs `act` once just before the next save: what another process does between our load and
    our save. `agenda` and `saves` (number of saves that won) are open to tests.
    """

    def __init__(self) -> None:
        self.agenda: dict[str, datetime] = {}
        self.saves = 0
        self._files: dict[str, DebtorFile] = {}
        self._journals: dict[str, list[Entry]] = {}
        self._known: dict[tuple[str, str], set[str]] = {}
        self._meanwhile: Callable[[], object] | None = None

    def load(self, debtor_id: str, *, whole: bool = False) -> DebtorFile | None:
        file = self._files.get(debtor_id)
        return file if file is None or whole else live_part(file)

    def save(
        self, before: DebtorFile | None, entries: Sequence[Entry], *, next_action_at: datetime | None
    ) -> DebtorFile | None:
        act, self._meanwhile = self._meanwhile, None
        if act:
            act()
        _check_aware(next_action_at)
        after = apply_all(before, entries)
        kept = self._files.get(after.id)
        if (kept.entries if kept else None) != (before.entries if before else None):
            return None
        if any(after.id in self._known.get(mail, ()) for mail in _answered(entries)):
            return None
        # Applied to the whole, as the caller may hold the live part only.
        self._files[after.id] = apply_all(kept, entries)
        self._journals.setdefault(after.id, []).extend(entries)
        for known in (*_lookups(after), *_answered(entries)):
            self._known.setdefault(known, set()).add(after.id)
        if next_action_at is None:
            self.agenda.pop(after.id, None)
        else:
            self.agenda[after.id] = next_action_at
        self.saves += 1
        return after

    def due(self, at: datetime) -> Iterator[str]:
        _check_aware(at)
        yield from [i for when, i in sorted((when, i) for i, when in self.agenda.items()) if when <= at]

    def journal(self, debtor_id: str) -> Iterator[Entry]:
        yield from tuple(self._journals.get(debtor_id, ()))

    def journal_since(self, debtor_id: str, at: datetime) -> Iterator[Entry]:
        _check_aware(at)
        for entry in reversed(self._journals.get(debtor_id, ())):
            if entry.at < at:
                return
            yield entry

    def journal_before(self, debtor_id: str, seq: int = 0) -> Iterator[Entry]:
        yield from [x for x in reversed(self._journals.get(debtor_id, ())) if not seq or x.seq < seq]

    def rewrite(self, debtor_id: str, entries: Iterable[Entry]) -> None:
        journal = self._journals[debtor_id]
        for entry in entries:
            before = journal[entry.seq - 1]
            check_same_but_words(before, entry)
            journal[entry.seq - 1] = entry

    def forget(self, debtor_id: str, what: str, values: Mapping[str, str]) -> None:
        for value, instead in values.items():
            key = (what, value.lower() if what == "address" else value)
            left = self._known.pop(key, set()) - {debtor_id}
            self._known |= {key: left} if left else {}
            if instead:
                self._known.setdefault((what, instead), set()).add(debtor_id)

    def find(self, what: str, value: str) -> tuple[str, ...]:
        if what not in LOOKED_UP:
            raise ValueError(f"nothing is found by {what!r}")
        value = value.lower() if what == "address" else value
        return tuple(sorted(self._known.get((what, value), ())))

    def find_many(self, what: str, values: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        found = {value: self.find(what, value) for value in values}
        return {value: ids for value, ids in found.items() if ids}

    def named(self, asked: Sequence[str]) -> tuple[str, ...]:
        if not any(len(word) >= SHORTEST_WORD for word in asked):
            return ()
        names = {id_: words_of(file.debtor.name) for id_, file in self._files.items()}
        return tuple(sorted(id_ for id_, words in names.items() if is_named(words, asked)))

    def open_tasks(self) -> Iterator[tuple[str, Task]]:
        found = [(file.id, task) for file in self._files.values() for task in file.open_tasks()]
        yield from sorted(found, key=lambda pair: (pair[1].due_on, pair[1].id, pair[0]))

    def debtors(self, debtor_ids: Iterable[str]) -> Mapping[str, Debtor]:
        return {id_: self._files[id_].debtor for id_ in debtor_ids if id_ in self._files}

    def debtor_ids(self, *, after: str = "") -> Iterator[str]:
        yield from sorted((id_ for id_ in self._files if id_.encode() > after.encode()), key=str.encode)

    def meanwhile(self, act: Callable[[], object]) -> None:
        self._meanwhile = act


class FakeOfficeStore:
    """An OfficeStore; `runs` holds the summaries that were noted, by their instant."""

    def __init__(self, creditor: Creditor | None = None, health: Health | None = None) -> None:
        self._creditor = creditor
        self._health = health or Health()
        self.runs: dict[str, dict[str, Any]] = {}
        self._hold: SendingHold | None = None

    def creditor(self) -> Creditor:
        if self._creditor is None:
            raise BadInput("creditor", "none is set up", "import the creditor's details first")
        return self._creditor

    def set_creditor(self, creditor: Creditor) -> None:
        self._creditor = creditor

    def health(self) -> Health:
        return replace(self._health, held_since_at=self._hold.at if self._hold else None)

    def load(self) -> tuple[Creditor, Health]:
        return self.creditor(), self.health()

    def note_read(self, source: str, at: datetime) -> None:
        _check_aware(at)
        if source == "statement":
            last_on = self._health.last_entry_on
            self._health = replace(self._health, last_entry_on=max(at.date(), last_on or at.date()))
            return
        field = {"payments": "payments_read_at", "mailbox": "mailbox_read_at"}.get(source)
        if field is None:
            raise ValueError(f"{source!r} is not read: payments, mailbox or statement")
        last = getattr(self._health, field)
        if last is None or last < at:
            self._health = replace(self._health, **{field: at})

    def note_run(self, run: Mapping[str, Any]) -> None:
        self.runs[str(run["at"])] = dict(run)

    def runs_since(self, at: datetime) -> Iterator[Mapping[str, Any]]:
        _check_aware(at)
        found = sorted(self.runs.values(), key=lambda run: _moment(run["at"]), reverse=True)
        yield from [run for run in found if _moment(run["at"]) >= at]

    def hold(self) -> SendingHold | None:
        return self._hold

    def set_hold(self, hold: SendingHold | None) -> None:
        self._hold = hold


class FakeMailLog:
    """A MailLog; `mails` holds the records by id."""

    def __init__(self) -> None:
        self.mails: dict[str, MailRecord] = {}
        self._cursors: dict[tuple[str, str], Cursor] = {}

    def cursor(self, mailbox: str, folder: str) -> Cursor | None:
        return self._cursors.get((mailbox, folder))

    def advance(self, mailbox: str, folder: str, cursor: Cursor) -> None:
        last = self._cursors.get((mailbox, folder))
        if last is None or last.uid_validity != cursor.uid_validity or last.uid < cursor.uid:
            self._cursors[mailbox, folder] = cursor

    def record(self, mail: MailRecord) -> bool:
        if mail.id in self.mails:
            return False
        self.mails[mail.id] = mail
        return True

    def get(self, mail_id: str) -> MailRecord | None:
        return self.mails.get(mail_id)

    def settle(self, mail: MailRecord) -> bool:
        kept = self.mails.get(mail.id)
        if kept is None or kept.state is not MailState.ARCHIVED:
            return False
        self.mails[mail.id] = mail
        return True

    def pending(self, before: datetime) -> Iterator[str]:
        _check_aware(before)
        waiting = [m for m in self.mails.values() if m.state is MailState.ARCHIVED and m.collected_at < before]
        yield from [m.id for m in sorted(waiting, key=lambda m: (m.collected_at, m.id))]

    def amend(self, before: MailRecord, after: MailRecord) -> bool:
        kept = self.mails.get(before.id)
        if kept is None or (kept.turn, kept.state) != (before.turn, before.state):
            return False
        self.mails[after.id] = after
        return True

    def on_shelf(self, *shelves: Shelf, limit: int, after: str = "") -> MailPage:
        def place(mail: MailRecord) -> str:
            return f"{mail.received_at.astimezone(UTC).isoformat(timespec='microseconds')}#{mail.id}"

        found = [m for m in self.mails.values() if m.shelf in (shelves or tuple(Shelf))]
        found = sorted((m for m in found if not after or place(m) < after), key=place, reverse=True)
        return MailPage(mails=tuple(found[:limit]), next=place(found[limit - 1]) if len(found) > limit else "")


class FakeArchive:
    """An Archive; `kept` holds content and content type by key."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, str]] = {}

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        self.kept[key] = (content, content_type)

    def put_once(self, key: str, content: bytes, *, content_type: str) -> bool:
        if key in self.kept:
            return False
        self.kept[key] = (content, content_type)
        return True

    def link(self, key: str, *, seconds: int, name: str = "") -> str:
        self.get(key)
        return f"memory://{key}?seconds={seconds}" + (f"&name={name}" if name else "")

    def get(self, key: str) -> bytes:
        if key not in self.kept:
            raise PermanentError(f"the archive holds no {key!r}")
        return self.kept[key][0]

    def fetch(self, key: str, to: BinaryIO) -> None:
        to.write(self.get(key))

    def keys(self, prefix: str) -> Iterator[str]:
        yield from sorted((key for key in self.kept if key.startswith(prefix)), key=str.encode)

    def erase(self, prefixes: Iterable[str]) -> int:
        some = tuple(prefixes)
        gone = [k for k in self.kept if any(k.startswith(p) and "/" not in k.removeprefix(p) for p in some)]
        for key in gone:
            del self.kept[key]
        return len(gone)


class FakeQueue:
    """A Queue that collects: `bodies` holds what was handed over, in order, as a consumer would read it."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def put(self, bodies: Iterable[Mapping[str, Any]]) -> int:
        before = len(self.bodies)
        for body in bodies:
            # There and back: what is no JSON fails here as it would on its way to the real queue.
            self.bodies.append(json.loads(json.dumps(body)))
        return len(self.bodies) - before

    def take(self) -> list[dict[str, Any]]:
        """Everything handed over since the last take."""
        taken, self.bodies = self.bodies, []
        return taken


def _lookups(file: DebtorFile) -> Iterator[tuple[str, str]]:
    for notice in file.notices.values():
        if notice.token:
            yield "token", notice.token
        if notice.message_id:
            yield "message_id", notice.message_id
    for contact in file.contacts.values():
        if contact.email:
            yield "address", contact.email.lower()
    for number in file.cases:
        if number:
            yield "invoice", number
    for id_ in file.credits:
        yield "credit", id_
    for key in keys_of(file.debtor):
        yield "company", key
    if file.credit_hold_asked_on:
        yield "credit_hold", "asked"


def _answered(entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        if said := once(entry.event):
            yield "mail", said


def _moment(at: Any) -> datetime:
    return at if isinstance(at, datetime) else datetime.fromisoformat(at)


def _check_aware(at: datetime | None) -> None:
    if at is not None and at.utcoffset() is None:
        raise ValueError(f"{at} says no zone: instants are aware")
