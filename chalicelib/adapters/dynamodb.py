"""Keep debtors' files in DynamoDB: one partition each, one query to load, a conditional transaction to save.

    pk                      sk                      what
    DEBTOR#<id>             FILE#PROFILE            the debtor, the file's counters, version and next instant
    DEBTOR#<id>             FILE#<kind>#<id>        a live record: all that a decision needs is FILE#
    DEBTOR#<id>             FILE-PAST#<kind>#<id>   a record that no decision needs any more
    DEBTOR#<id>             JOURNAL#<seq>           one entry of the journal
    LOOKUP#<what>#<value>   LOOKUP                  whose this token, Message-ID, address or invoice is
    DEBTORS                 <id>                    that there is such a debtor: to go through all, in order
    NAMED#<two letters>     <word>#<id>             a word of its name, with all of them: found by its beginning

The sparse index `agenda` holds AGENDA#<shard> (debtors by their next instant) and TASKS (open tasks by due
day). The profile sorts before all else of a file (capitals before small letters): a load reads it first.
"""

from __future__ import annotations

import heapq
import secrets
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.dynamodb_items import (
    MAX_ITEM_BYTES,
    MAX_KEY_BYTES,
    Item,
    from_plain,
    instant,
    key_part,
    size,
    to_item,
    to_plain,
)
from chalicelib.adapters.dynamodb_table import ConditionLost, Table
from chalicelib.domain.apply import apply_all
from chalicelib.domain.company import SHORTEST_WORD, is_named, keys_of, words_of
from chalicelib.domain.debtor_file import (
    KINDS,
    Case,
    Contact,
    Credit,
    Debtor,
    DebtorFile,
    Notice,
    Record,
    Task,
    live,
    live_part,
)
from chalicelib.domain.events import ERASED, EVENTS, Entry, once
from chalicelib.errors import PermanentError, RetryableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PROFILE = "FILE#PROFILE"
LIVE, PAST = "FILE#", "FILE-PAST#"
JOURNAL = "JOURNAL#"
DEBTORS = "DEBTORS"
LOOKED_UP = ("token", "message_id", "address", "invoice", "credit", "mail", "company", "credit_hold")
SCALARS = tuple(f.name for f in fields(DebtorFile) if f.name not in KINDS)

ROWS_IN_A_TRANSACTION = 90
"""DynamoDB takes 100 actions and 4 MB; a margin, as our own measure of bytes is near, not exact."""
BYTES_IN_A_TRANSACTION = 3_000_000
WORDS_OF_A_NAME, LETTERS_OF_A_WORD = 12, 60
"""So much of a name is found by its words; nobody types more."""
WORDS_ASKED, NAMES_A_WORD = 3, 200
"""A search reads so many words, and so many names of each."""
READS_OF_A_BUSY_FILE = 6
REWRITTEN_AT_ONCE = 8


class DynamoCaseStore:
    """A CaseStore on one table, shared with the office and the mail log.

    `shards` spreads the agenda over partitions of its index. It may be raised at any time; lowering it
    loses sight of debtors filed under the higher shards until they are saved again.
    """

    def __init__(self, client: DynamoDBClient, table: str, *, shards: int = 1) -> None:
        self._table = Table(client, table)
        self._shards = shards

    # Loading

    def load(self, debtor_id: str, *, whole: bool = False) -> DebtorFile | None:
        rows = self._settled_rows(debtor_id, whole=whole)
        if not rows:
            return None
        file = _file(rows, debtor_id)
        return file if whole else live_part(file)

    def journal(self, debtor_id: str) -> Iterator[Entry]:
        pk = _partition(debtor_id)
        for row in self._table.query("pk = :pk AND begins_with(sk, :sk)", pk=pk, sk=JOURNAL):
            yield _entry(row, debtor_id)

    def journal_since(self, debtor_id: str, at: datetime) -> Iterator[Entry]:
        pk = _partition(debtor_id)
        for row in self._table.query("pk = :pk AND begins_with(sk, :sk)", backwards=True, pk=pk, sk=JOURNAL):
            entry = _entry(row, debtor_id)
            if entry.at < at:
                return
            yield entry

    def journal_before(self, debtor_id: str, seq: int = 0) -> Iterator[Entry]:
        first, last = _journal_key(0), _journal_key(seq - 1 if seq else 10**10 - 1)
        for row in self._table.query(
            "pk = :pk AND sk BETWEEN :first AND :last", backwards=True,
            pk=_partition(debtor_id), first=first, last=last,
        ):  # fmt: skip
            yield _entry(row, debtor_id)

    def _settled_rows(self, debtor_id: str, *, whole: bool) -> list[dict[str, Any]]:
        """The rows of one state of the file.

        A query is not isolated from a transaction: it may meet some of its rows before and some after,
        between pages surely. A new version with an old, still open case would let a paid invoice be chased,
        and the version condition would not see it. So the rows must be those that the profile announces; if
        not, they are read again until they are, or until two readings agree (then it is a remnant, see
        `_move`).
        """
        seen: list[tuple[str, int]] = []
        for _ in range(READS_OF_A_BUSY_FILE):
            part = "FILE" if whole else LIVE
            pk = _partition(debtor_id)
            rows = list(self._table.query("pk = :pk AND begins_with(sk, :sk)", pk=pk, sk=part))
            now = [(row["sk"], row["entry"]) for row in rows]
            if not rows or _as_announced(rows, whole=whole) or (now == seen and rows[0]["sk"] == PROFILE):
                return rows
            seen = now
        raise RetryableError(f"the file of debtor {debtor_id} changed during each of {len(seen)} readings")

    # Saving

    def save(
        self, before: DebtorFile | None, entries: Sequence[Entry], *, next_action_at: datetime | None
    ) -> DebtorFile | None:
        if not entries:
            return self._put_on_agenda(before, next_action_at)
        after = before
        while entries:
            piece = _piece(after, entries)
            entries = entries[len(piece.entries) :]
            # A save that is killed between two pieces leaves the debtor due at once: the next run sees to it.
            at = next_action_at if not entries else piece.entries[-1].at
            if not self._write(piece, at):
                return None
            after = piece.after
        return after

    def _write(self, piece: _Piece, next_action_at: datetime | None) -> bool:
        # Random: two processes that save the very same entries must not be one transaction to DynamoDB,
        # else both would be told that they won (and both send). An attempt repeated by the SDK carries the
        # same token.
        save_id, pk = secrets.token_hex(16), _partition(piece.after.id)
        actions = [
            *(self._journal_action(piece.after, entry, save_id) for entry in piece.entries),
            *(self._table.putting(item) for item in piece.puts()),
            *(self._table.deleting(pk, sk) for sk in piece.deletes()),
            *(self._lookup_action(known, piece.after.id) for known in piece.lookups),
            *(self._table.putting(item) for item in piece.named()),
            *(self._table.deleting(*key) for key in piece.named_no_more()),
            self._profile_action(piece, next_action_at, save_id),
            *([] if piece.before else [self._table.putting(to_item({"pk": DEBTORS, "sk": piece.after.id}))]),
        ]
        doing = f"save debtor {piece.after.id}, entries {piece.entries[0].seq} to {piece.after.entries}"
        try:
            if piece.before:
                self._move(piece.before, piece.sooner)
            self._table.transact(actions, token=save_id, doing=doing)
        except ConditionLost as lost:
            if not lost.made_by(save_id) and (lost.rows or self._writer(piece) != save_id):
                return False
        except RetryableError:
            # What became of it stands in the journal. Somebody else's entry there: ours can never be done any
            # more. None: it may still be on its way, neither done nor lost for sure.
            writer = self._writer(piece)
            if writer is None:
                raise
            if writer != save_id:
                return False
        with suppress(ConditionLost, RetryableError):  # the save is done; what is left to do is tidiness
            self._move(piece.after, piece.later)
        return True

    def _writer(self, piece: _Piece) -> str | None:
        """The save that wrote the first journal row of a piece; None where there is no such row."""
        row = self._table.get(_partition(piece.after.id), _journal_key(piece.entries[0].seq))
        return None if row is None else str(row["save"])

    def _journal_action(self, after: DebtorFile, entry: Entry, save_id: str) -> dict[str, Any]:
        # Clause "this entry is new". The version on the profile already stops every race between savers that
        # loaded the same file. This one stops what the profile cannot: a profile put back by hand or from a
        # backup that would have history written over, and it brings back whose entry stands there, so that a
        # saver whose first attempt was done and whose reply was lost learns that it won.
        return self._table.putting(_journal_item(after.id, entry, save_id), condition="attribute_not_exists(pk)")

    def _lookup_action(self, known: tuple[str, str], debtor_id: str) -> dict[str, Any]:
        # One row a value, its debtors a set: many values are then found by few batched reads.
        key, added = _lookup_key(*known), {debtor_id}
        if known[0] != "mail":
            return self._table.updating(key, "LOOKUP", "ADD debtors :id", id=added)
        # Clause "not answered yet". The queue delivers a mail to A and to B. Both see that nobody has answered
        # it. A answers. B loses that race, loads again, and would answer on top of it: stopped.
        return self._table.updating(
            key, "LOOKUP", "ADD debtors :id",
            condition="attribute_not_exists(debtors) OR NOT contains(debtors, :one)", id=added, one=debtor_id,
        )  # fmt: skip

    def _profile_action(self, piece: _Piece, next_action_at: datetime | None, save_id: str) -> dict[str, Any]:
        item = _checked(self._profile_item(piece, next_action_at, save_id))
        if piece.before is None:
            # Clause "no such file". A: no file. B: no file. A creates it. B would begin its journal anew:
            # stopped.
            return self._table.putting(item, condition="attribute_not_exists(pk)")
        # Clause "nobody saved since we loaded". A loads 7. B loads 7, saves a payment: 8. A, which saw no
        # payment, would claim a reminder: its condition is 7, stopped. It loads again and sends nothing.
        return self._table.putting(item, condition="entries = :loaded", loaded=piece.before.entries)

    def _profile_item(self, piece: _Piece, next_action_at: datetime | None, save_id: str) -> Item:
        after = piece.after
        return to_item({
            "pk": _partition(after.id), "sk": PROFILE, "entry": after.entries, "save": save_id,
            "live_rows": piece.live_rows, "written": piece.written(LIVE), "written_past": piece.written(PAST),
            **{name: to_plain(getattr(after, name)) for name in SCALARS},
            **self._agenda(after.id, next_action_at),
        })  # fmt: skip

    def _move(self, file: DebtorFile, moves: Sequence[_Change]) -> None:
        """Move unchanged records between what is live and what is past, in transactions of their own.

        One entry may move more records than its own transaction takes: the last open case of many tasks is
        paid, or that payment is undone. What becomes live moves before the entry, what is past after it.
        Killed or overtaken in between, some past records stand among the live ones, which costs reading
        them, and no more: a load leaves out what is not live, and of two rows of one record the later counts.
        """
        pk = _partition(file.id)
        for start in range(0, len(moves), ROWS_IN_A_TRANSACTION // 2):
            some = moves[start : start + ROWS_IN_A_TRANSACTION // 2]
            up = some[0].now == LIVE
            actions = [self._table.putting(_record_item(file, move)) for move in some]
            actions += [self._table.deleting(pk, _record_key(move.was, move)) for move in some]
            # Clause "still this version". A pays the last case and is about to put its tasks aside. B undoes that
            # payment, which makes them live again. A would take them out of sight: stopped.
            actions.append(
                self._table.updating(
                    pk, PROFILE, f"ADD live_rows :more, {'written' if up else 'written_past'} :count",
                    condition="entries = :ours",
                    ours=file.entries, more=len(some) if up else -len(some), count=len(some),
                )
            )  # fmt: skip
            self._table.transact(actions, token=secrets.token_hex(16), doing=f"move records of debtor {file.id}")

    # Erasing

    def rewrite(self, debtor_id: str, entries: Iterable[Entry]) -> None:
        with ThreadPoolExecutor(REWRITTEN_AT_ONCE) as workers:
            for _ in workers.map(partial(self._rewrite, debtor_id), entries):
                pass  # a failure is raised here

    def _rewrite(self, debtor_id: str, entry: Entry) -> None:
        item = _journal_item(debtor_id, entry, "")
        try:
            # Clause "the very entry": an entry is somebody's history. One that was counted otherwise, or is not
            # there, is not made. The save's own mark stays: whoever asks for it learns who wrote the entry.
            self._table.update(
                _partition(debtor_id), item["sk"]["S"], "SET why = :why, who = :who, body = :body",
                condition="event = :event AND #at = :at AND (who = :who OR :who = :erased)",
                why=entry.why, body=to_plain(entry.event), event=type(entry.event).__name__,
                at=to_plain(entry.at), who=entry.who, erased=ERASED,
            )  # fmt: skip
        except ConditionLost as lost:
            raise ValueError(f"entry {entry.seq} is not what it was: an entry loses words and nothing else") from lost

    def forget(self, debtor_id: str, what: str, values: Mapping[str, str]) -> None:
        one = {debtor_id}
        for value, instead in values.items():
            if instead:  # first what keeps a ledger from bringing it back
                self._table.update(_lookup_key(what, instead), "LOOKUP", "ADD debtors :id", id=one)
            key = _lookup_key(what, value)
            self._table.update(key, "LOOKUP", "DELETE debtors :id", id=one)
            with suppress(ConditionLost):
                # Clause "nobody's": somebody else's too (an accountant of two debtors), it still finds the other.
                self._table.remove(key, "LOOKUP", condition="attribute_not_exists(debtors)")

    # The agenda

    def _put_on_agenda(self, file: DebtorFile | None, next_action_at: datetime | None) -> DebtorFile | None:
        if file is None:
            raise ValueError("no entry, no file")
        place = self._agenda(file.id, next_action_at)
        change = "SET " + ", ".join(f"{name} = :{name}" for name in place)
        try:
            # Clause "nobody saved since we loaded": their next instant is the newer one, ours would hide it.
            self._table.update(
                _partition(file.id), PROFILE,
                change if place else "REMOVE agenda_pk, agenda_sk, next_action_at",
                condition="entries = :loaded", loaded=file.entries, **place,
            )  # fmt: skip
        except ConditionLost:
            return None
        return file

    def _agenda(self, debtor_id: str, at: datetime | None) -> dict[str, str]:
        if at is None:
            return {}
        shard = zlib.crc32(debtor_id.encode()) % self._shards
        when = instant(at)
        return {"agenda_pk": f"AGENDA#{shard}", "agenda_sk": f"{when}#{debtor_id}", "next_action_at": when}

    def due(self, at: datetime) -> Iterator[str]:
        # "$" follows "#": everything that is due at this very instant is in.
        shards = [
            self._table.query(
                "agenda_pk = :pk AND agenda_sk < :end",
                index="agenda", pk=f"AGENDA#{shard}", end=f"{instant(at)}$",
            )
            for shard in range(self._shards)
        ]  # fmt: skip
        for row in heapq.merge(*shards, key=lambda row: str(row["agenda_sk"])):
            yield str(row["pk"]).removeprefix("DEBTOR#")

    def open_tasks(self) -> Iterator[tuple[str, Task]]:
        for row in self._table.query("agenda_pk = :pk", index="agenda", pk="TASKS"):
            debtor_id = str(row["pk"]).removeprefix("DEBTOR#")
            yield debtor_id, from_plain(row["task"], Task, f"a task of debtor {debtor_id}")

    # Finding

    def debtors(self, debtor_ids: Iterable[str]) -> Mapping[str, Debtor]:
        rows = self._table.get_many(sorted({(_partition(debtor_id), PROFILE) for debtor_id in debtor_ids}))
        found = [from_plain(row["debtor"], Debtor, f"the profile {row['pk']}") for row in rows]
        return {debtor.id: debtor for debtor in found}

    def find(self, what: str, value: str) -> tuple[str, ...]:
        return self.find_many(what, (value,)).get(value, ())

    def find_many(self, what: str, values: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        if what not in LOOKED_UP:
            raise ValueError(f"nothing is found by {what!r}")
        values = tuple(values)
        keys = sorted({(_lookup_key(what, value), "LOOKUP") for value in values if value})
        rows = {row["pk"]: tuple(sorted(row["debtors"])) for row in self._table.get_many(keys)}
        found = {value: rows.get(_lookup_key(what, value), ()) for value in values}
        return {value: ids for value, ids in found.items() if ids}

    def named(self, asked: Sequence[str]) -> tuple[str, ...]:
        found: set[str] = set()
        asked = [word[:LETTERS_OF_A_WORD] for word in asked]
        longest = sorted(_looked_up(asked), key=lambda word: (-len(word), word))
        for word in longest[:WORDS_ASKED]:
            rows = self._table.query(
                "pk = :pk AND begins_with(sk, :sk)", page=NAMES_A_WORD, pk=_names_key(word), sk=word
            )
            some = list(islice(rows, NAMES_A_WORD))
            found |= {str(row["debtor"]) for row in some if is_named(row["words"], asked)}
            if len(some) < NAMES_A_WORD:
                break  # every name with this word was seen
        return tuple(sorted(found))

    def debtor_ids(self, *, after: str = "") -> Iterator[str]:
        # A key cannot be empty; every id is above a blank's.
        for row in self._table.query("pk = :pk AND sk > :after", pk=DEBTORS, after=after or " "):
            yield str(row["sk"])


# What a save writes: computed before anything is sent.


@dataclass(frozen=True, kw_only=True)
class _Change:
    """A record that a save writes, and where it was and will be: LIVE, PAST, or "" (nowhere that we know)."""

    kind: str
    key: str
    record: Record
    known: frozenset[tuple[str, str]]  # lookups that the record newly gives
    was: str
    now: str
    same: bool  # only the place changes

    @property
    def moves(self) -> bool:
        return self.was not in ("", self.now)


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """As many entries as fit into one transaction, with the rows that they change."""

    before: DebtorFile | None
    after: DebtorFile
    entries: Sequence[Entry]
    changes: Sequence[_Change]
    sooner: Sequence[_Change]  # become live and did not fit: moved before
    later: Sequence[_Change]  # become past and did not fit: moved after
    live_rows: int  # beside the profile, what a load reads after this piece

    @property
    def lookups(self) -> list[tuple[str, str]]:
        records = {known for change in self.changes for known in change.known}
        answered = {("mail", said) for entry in self.entries if (said := once(entry.event))}
        known_as = keys_of(self.after.debtor) - (keys_of(self.before.debtor) if self.before else frozenset())
        asked = self.after.credit_hold_asked_on and not (self.before and self.before.credit_hold_asked_on)
        held = {("credit_hold", "asked")} if asked else set()
        return sorted(records | answered | held | {("company", key) for key in known_as})

    def named(self) -> list[Item]:
        """A row for each word of a name that is new. All of them: each holds the whole name."""
        words = _words(self.after)
        if self.before and _words(self.before) == words:
            return []
        id_ = self.after.id
        return [
            to_item({"pk": _names_key(word), "sk": f"{word}#{key_part(id_)}", "debtor": id_, "words": list(words)})
            for word in sorted(_looked_up(words))
        ]

    def named_no_more(self) -> list[tuple[str, str]]:
        left = _looked_up(_words(self.before)) - _looked_up(_words(self.after)) if self.before else frozenset()
        return [(_names_key(word), f"{word}#{key_part(self.after.id)}") for word in sorted(left)]

    def puts(self) -> list[Item]:
        return [_record_item(self.after, change) for change in self.changes]

    def deletes(self) -> list[str]:
        return [_record_key(change.was, change) for change in self.changes if change.moves]

    def written(self, place: str) -> int:
        return sum(change.now == place for change in self.changes)

    def actions(self) -> int:
        rows = sum(2 if change.moves else 1 for change in self.changes)
        names = len(self.named()) + len(self.named_no_more())
        return rows + len(self.entries) + len(self.lookups) + names + 1

    def bytes(self) -> int:
        return sum(map(size, self.puts())) + sum(
            size(_journal_item(self.after.id, entry, "")) for entry in self.entries
        )


def _piece(before: DebtorFile | None, entries: Sequence[Entry]) -> _Piece:
    """The longest prefix of the entries, but for a few, that one transaction takes."""
    count = min(len(entries), ROWS_IN_A_TRANSACTION - 1)
    while True:
        piece = _draft(before, entries[:count])
        over = max(piece.actions() / ROWS_IN_A_TRANSACTION, piece.bytes() / BYTES_IN_A_TRANSACTION)
        if over <= 1:
            return piece
        if count == 1:
            return _without_surplus(piece)
        count = max(1, min(count - 1, int(count / over)))


def _draft(before: DebtorFile | None, entries: Sequence[Entry]) -> _Piece:
    after = apply_all(before, entries)
    changes: list[_Change] = []
    live_rows = 0
    for kind in KINDS:
        olds: Mapping[str, Record] = getattr(before, kind) if before else {}
        for key, record in getattr(after, kind).items():
            now = _place(after, record)
            live_rows += now == LIVE
            old = olds.get(key)
            was = _place(before, old) if before and old else ""
            same = old == record
            if not same or was != now:
                known = _lookups(record) - (_lookups(old) if old else frozenset())
                changes.append(
                    _Change(kind=kind[:-1], key=key, record=record, known=known, was=was, now=now, same=same)
                )
    return _Piece(
        before=before, after=after, entries=entries, changes=changes, sooner=(), later=(), live_rows=live_rows
    )


def _without_surplus(piece: _Piece) -> _Piece:
    """One entry that moves too many rows: unchanged records move in transactions of their own."""
    surplus = -(-(piece.actions() - ROWS_IN_A_TRANSACTION) // 2)
    apart = [change for change in piece.changes if change.same][:surplus]
    later = [change for change in apart if change.now == PAST]
    return replace(
        piece,
        changes=[change for change in piece.changes if change not in apart],
        sooner=[change for change in apart if change.now == LIVE],
        later=later,
        live_rows=piece.live_rows + len(later),
    )


def _place(file: DebtorFile, record: Record) -> str:
    return LIVE if live(file, record) else PAST


def _lookups(record: Record) -> frozenset[tuple[str, str]]:
    """By what a record's debtor is found."""
    match record:
        case Notice():
            known = {("token", record.token), ("message_id", record.message_id)}
        case Contact():
            known = {("address", record.email.lower())}
        case Case():
            known = {("invoice", record.number)}
        case Credit():
            known = {("credit", record.id)}
        case _:
            known = set()
    return frozenset((what, value) for what, value in known if value)


def _words(file: DebtorFile) -> tuple[str, ...]:
    return tuple(word[:LETTERS_OF_A_WORD] for word in words_of(file.debtor.name)[:WORDS_OF_A_NAME])


def _looked_up(words: Sequence[str]) -> frozenset[str]:
    return frozenset(word for word in words if len(word) >= SHORTEST_WORD)


# Rows and keys.


def _partition(debtor_id: str) -> str:
    if len(debtor_id.encode(errors="replace")) > MAX_KEY_BYTES:
        raise PermanentError(f"a debtor's id of over {MAX_KEY_BYTES} bytes: {debtor_id[:40]}…")
    return f"DEBTOR#{debtor_id}"


def _journal_key(seq: int) -> str:
    return f"{JOURNAL}{seq:010d}"


def _lookup_key(what: str, value: str) -> str:
    return f"LOOKUP#{what}#{key_part(value.lower() if what == 'address' else value)}"


def _names_key(word: str) -> str:
    return f"NAMED#{word[:SHORTEST_WORD]}"


def _record_key(place: str, change: _Change) -> str:
    return f"{place}{change.kind}#{key_part(change.key)}"


def _record_item(after: DebtorFile, change: _Change) -> Item:
    row = {
        "pk": _partition(after.id),
        "sk": _record_key(change.now, change),
        "entry": after.entries,
        change.kind: to_plain(change.record),
    }
    if isinstance(change.record, Task) and change.record.is_open:
        row |= {"agenda_pk": "TASKS", "agenda_sk": f"{change.record.due_on}#{key_part(change.record.id)}"}
    return _checked(to_item(row))


def _journal_item(debtor_id: str, entry: Entry, save_id: str) -> Item:
    return _checked(to_item({
        "pk": _partition(debtor_id), "sk": _journal_key(entry.seq), "save": save_id,
        "at": to_plain(entry.at), "who": entry.who, "why": entry.why,
        "event": type(entry.event).__name__, "body": to_plain(entry.event),
    }))  # fmt: skip


def _entry(row: Mapping[str, Any], debtor_id: str) -> Entry:
    what = f"entry {row['sk'].removeprefix(JOURNAL)} of debtor {debtor_id}"
    if row["event"] not in EVENTS:
        raise PermanentError(f"{what} is a {row['event']}, which this version of the program does not know")
    return Entry(
        seq=int(row["sk"].removeprefix(JOURNAL)),
        at=datetime.fromisoformat(row["at"]),
        who=row["who"],
        why=row["why"],
        event=from_plain(row["body"], EVENTS[row["event"]], what),
    )


def _file(rows: Sequence[Mapping[str, Any]], debtor_id: str) -> DebtorFile:
    """A file from its rows; of two rows of one record (see `_move`) the later written counts."""
    profile, *others = rows
    plain: dict[str, Any] = {name: profile[name] for name in SCALARS if name in profile}
    latest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in others:
        _, kind, key = row["sk"].split("#", 2)
        if (kind, key) not in latest or latest[kind, key]["entry"] < row["entry"]:
            latest[kind, key] = row
    for (kind, _), row in latest.items():
        record = row[kind]
        plain.setdefault(f"{kind}s", {})[record["number" if kind == "case" else "id"]] = record
    return from_plain(plain, DebtorFile, f"the file of debtor {debtor_id}")


def _as_announced(rows: Sequence[Mapping[str, Any]], *, whole: bool) -> bool:
    profile, *others = rows
    if profile["sk"] != PROFILE:
        return False
    alive = [row for row in others if row["sk"].startswith(LIVE)]
    past = [row for row in others if row["sk"].startswith(PAST)]
    latest = profile["entries"]
    return (
        len(alive) == profile["live_rows"]
        and sum(row["entry"] == latest for row in alive) == profile["written"]
        and (not whole or sum(row["entry"] == latest for row in past) == profile["written_past"])
        and all(row["entry"] <= latest for row in others)
    )


def _checked(item: Item) -> Item:
    if size(item) > MAX_ITEM_BYTES:
        raise PermanentError(
            f"{item['pk']['S']} {item['sk']['S']} is too large for a row of DynamoDB (400 KB): "
            f"it has {size(item):,} bytes"
        )
    return item
