"""What the pipeline needs of the world, by role. Adapters implement these; nothing else knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, BinaryIO, Protocol

from chalicelib.domain.creditor import Creditor, Health
from chalicelib.domain.debtor_file import Debtor, DebtorFile, Notice, Task
from chalicelib.domain.events import Entry
from chalicelib.domain.numbers import Numbers
from chalicelib.domain.policy import Policy
from chalicelib.law.rules import Rules


class CaseStore(Protocol):
    """Keeps debtors' files and their journals. All reads are strongly consistent but `due` and `open_tasks`."""

    def load(self, debtor_id: str, *, whole: bool = False) -> DebtorFile | None:
        """The live part of a file (`whole`: with everything that is past); None where there is none."""

    def save(
        self, before: DebtorFile | None, entries: Sequence[Entry], *, next_action_at: datetime | None
    ) -> DebtorFile | None:
        """Append entries to the journal and keep the file that they lead to, provided that nobody else has meanwhile.

        `before` is the file as loaded (None: the debtor is new), which need not be whole. With no entries only the
        agenda is written. Returns the file after, or None when the race was lost: then nothing of the last piece was
        written and the caller loads again. A save of many entries is written in pieces, each a valid file.
        """

    def due(self, at: datetime) -> Iterator[str]:
        """Ids of the debtors about whom something can change by `at`. A hint: the index lags, the file decides."""

    def journal(self, debtor_id: str) -> Iterator[Entry]:
        """Every entry in order."""

    def journal_since(self, debtor_id: str, at: datetime) -> Iterator[Entry]:
        """The latest entries, the last one first, down to those of `at`: reads no further back."""

    def journal_before(self, debtor_id: str, seq: int = 0) -> Iterator[Entry]:
        """The entries below `seq` (0: all), the last one first: reads no further back than is asked of it."""

    def rewrite(self, debtor_id: str, entries: Iterable[Entry]) -> None:
        """Write entries of the journal again without words that are erased: the one way in which history changes.

        In any order, many at once. Each stays what it was, when, and by whom; ValueError where one does not. The file
        itself is not touched.
        """

    def forget(self, debtor_id: str, what: str, values: Mapping[str, str]) -> None:
        """Find the debtor by these values no more, but by what is given in the place of each (empty: by nothing)."""

    def find(self, what: str, value: str) -> tuple[str, ...]:
        """Debtor ids by what the file has ever held, strongly consistent.

        `token` (of a notice), `message_id` (of a notice), `address` (of a contact, lower case), `invoice` (number of
        a case), `credit` (id), `mail` (what `events.once` says of an entry: written in the same transaction and refused
        twice for one debtor, so that a mail delivered twice by a queue is answered once), `company` (a key of
        `domain.company`: SIREN, VAT number, name), `credit_hold` (`asked`: debtors that sales was ever asked about).
        """

    def find_many(self, what: str, values: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """`find` for many values in few calls."""

    def named(self, asked: Sequence[str]) -> tuple[str, ...]:
        """Debtors in whose present name a word begins with each of `asked` (as `domain.company.words_of` gives them).

        A few reads, whatever the number of debtors: of words that begin hundreds of names not all are found. A word
        of one letter finds nobody by itself.
        """

    def open_tasks(self) -> Iterator[tuple[str, Task]]:
        """Every open task with its debtor's id, the earliest due first. Whoever stops early reads no further."""

    def debtors(self, debtor_ids: Iterable[str]) -> Mapping[str, Debtor]:
        """Who these debtors are, in few calls and without their files; those that there are."""

    def debtor_ids(self, *, after: str = "") -> Iterator[str]:
        """All debtors in the order of their ids (by their UTF-8 bytes), those after `after`. No file is read."""


@dataclass(frozen=True, kw_only=True)
class SendingHold:
    """A person holds all sending: who, since when, and why."""

    who: str
    at: datetime
    reason: str


class OfficeStore(Protocol):
    """Keeps what concerns the creditor and not one debtor."""

    def creditor(self) -> Creditor:
        """The creditor; BadInput when none is set up."""

    def set_creditor(self, creditor: Creditor) -> None: ...

    def health(self) -> Health: ...

    def load(self) -> tuple[Creditor, Health]:
        """Both, and whether all sending is held, in one read."""

    def note_read(self, source: str, at: datetime) -> None:
        """`payments` or `mailbox` was read successfully at that instant (never moves back).

        `statement`: a bank statement reaches to the day that begins at that instant, UTC.
        """

    def note_run(self, run: Mapping[str, Any]) -> None:
        """Keep the summary of a dunning run, one a run."""

    def runs_since(self, at: datetime) -> Iterator[Mapping[str, Any]]:
        """The summaries of the runs at or after that instant, the last one first: reads no further back."""

    def hold(self) -> SendingHold | None:
        """Who holds all sending, since when and why."""

    def set_hold(self, hold: SendingHold | None) -> None:
        """Hold all sending, or (None) let mails leave again."""


ERASED = "erased"
"""The verdict on a mail whose words are erased: its hash stays, so that a mailbox read anew does not bring it back."""


class MailState(StrEnum):
    ARCHIVED = "archived"
    READ = "read"
    UNMATCHED = "unmatched"
    QUARANTINED = "quarantined"


class Shelf(StrEnum):
    """Where people find a mail: each message that was looked at lies on one."""

    REVIEW = "review"  # understood, and a person is asked
    UNMATCHED = "unmatched"  # nobody knows whose it is
    QUARANTINED = "quarantined"  # it could not be read
    ALONE = "alone"  # the program acted on it, or there was nothing to do
    DONE = "done"  # a person has decided


@dataclass(frozen=True, kw_only=True)
class MailRecord:
    """One message of the mailbox: where its bytes are, and what was made of it. `id` is the SHA-256 of the bytes."""

    id: str
    mailbox: str
    folder: str
    uid_validity: int
    uid: int
    size: int
    received_at: datetime  # by the mailbox
    collected_at: datetime  # by us
    archive: str  # key in the archive
    state: MailState = MailState.ARCHIVED
    debtor_id: str = ""
    sender: str = ""
    subject: str = ""
    reading: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    notice_id: str = ""  # the notice of ours that it answers
    asks: bool = False  # a person is asked to look
    turn: int = 0  # how often a person has decided about it
    verdict: str = ""  # the last decision
    settled_by: str = ""
    settled_at: datetime | None = None

    @property
    def is_erased(self) -> bool:
        return self.verdict == ERASED

    @property
    def shelf(self) -> Shelf | None:
        """None while nobody has looked at it, and once its words are erased."""
        if self.state is MailState.ARCHIVED or self.is_erased:
            return None
        if self.verdict and not self.asks:
            return Shelf.DONE
        if self.state is MailState.READ:
            return Shelf.REVIEW if self.asks else Shelf.ALONE
        return Shelf(self.state.value)

    def becomes(self, state: MailState, **values: Any) -> MailRecord:
        return replace(self, state=state, **values)


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """How far a folder has been read: every UID up to `uid` of this UIDVALIDITY is archived and recorded."""

    uid_validity: int
    uid: int


@dataclass(frozen=True, kw_only=True)
class MailPage:
    """Some mails of a list, and where the next page begins (empty: this is the last)."""

    mails: tuple[MailRecord, ...]
    next: str = ""


class MailLog(Protocol):
    """Keeps one record for each message and how far each folder was read."""

    def cursor(self, mailbox: str, folder: str) -> Cursor | None: ...

    def advance(self, mailbox: str, folder: str, cursor: Cursor) -> None:
        """Move forward (a lower UID of the same UIDVALIDITY is a lost race and changes nothing)."""

    def record(self, mail: MailRecord) -> bool:
        """Keep a new message; False where this content is recorded already."""

    def get(self, mail_id: str) -> MailRecord | None: ...

    def settle(self, mail: MailRecord) -> bool:
        """Keep what was made of a message, once: False where it is no longer merely archived."""

    def pending(self, before: datetime) -> Iterator[str]:
        """Ids of mails collected before that instant and still merely archived (a queue lost them), oldest first."""

    def amend(self, before: MailRecord, after: MailRecord) -> bool:
        """Keep what a person decided about a message; False where somebody has decided since `before` was read."""

    def on_shelf(self, *shelves: Shelf, limit: int, after: str = "") -> MailPage:
        """A page of the mails on these shelves (none: on any), the last received first. The list lags a little."""


class Archive(Protocol):
    """Keeps bytes for good: mails as they came, documents of invoices."""

    def put(self, key: str, content: bytes, *, content_type: str) -> None: ...

    def put_once(self, key: str, content: bytes, *, content_type: str) -> bool:
        """Keep bytes under a key that holds none yet; False, and nothing changed, where it does."""

    def get(self, key: str) -> bytes: ...

    def link(self, key: str, *, seconds: int, name: str = "") -> str:
        """An address from which whoever has it can download a key for so long.

        `name`: it is saved under that name, as bytes that a browser does not open.
        """

    def fetch(self, key: str, to: BinaryIO) -> None:
        """Write what a key holds, piece by piece: a mail may be large. PermanentError: there is no such key."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that begins so, sorted by their UTF-8 bytes."""

    def erase(self, prefixes: Iterable[str]) -> int:
        """Delete, with every version that was kept, the keys that begin like one and go no folder deeper; how many."""


class Queue(Protocol):
    """Hands work to other functions; delivers at least once."""

    def put(self, bodies: Iterable[Mapping[str, Any]]) -> int:
        """Number of messages handed over (JSON bodies, batched)."""


class Outbox(Protocol):
    """Hands one mail to a provider, at most once."""

    def send(self, raw: bytes, *, sender: str, recipients: Sequence[str], tags: Mapping[str, str]) -> str:
        """The provider's Message-ID. Throttled, Refused: nothing left. OutcomeUnknown: it may have."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """One message as the mailbox gave it. `raw` is empty where the server refuses its bytes; `why` says so."""

    uid: int
    received_at: datetime
    raw: bytes
    why: str = ""


class Mailbox(Protocol):
    """Reads folders of the creditor's mailbox without changing them; a context manager that logs out."""

    def __enter__(self) -> Mailbox: ...

    def __exit__(self, *exc: object) -> None: ...

    def status(self, folder: str) -> tuple[int, int]:
        """(UIDVALIDITY, UIDNEXT). RetryableError: unreachable. PermanentError: it does not let us in."""

    def fetch_after(self, folder: str, uid: int, *, limit: int) -> Iterator[Fetched]:
        """Messages with a higher UID, lowest first; fewer than `limit` only where there are no more."""

    def spam_folder(self) -> str:
        """Where the server puts what it takes for spam: an answer may lie there. Empty where there is none."""


class NoticeWriter(Protocol):
    """Writes the mail of a notice: RFC 5322 bytes, ready to be handed over."""

    def write(self, file: DebtorFile, notice: Notice, creditor: Creditor, *, today: date, at: datetime) -> bytes: ...


class LetterPrinter(Protocol):
    """Prints pages from facts (`domain.letter_facts` says which), the same bytes for the same facts.

    Facts are plain text, whole numbers, Money, date, Decimal, records and sequences of these: data, never markup.
    BadInput: there is no such template. PermanentError: it cannot be printed.
    """

    def print(self, template: str, language: str, facts: Mapping[str, Any]) -> bytes:
        """A PDF/A-2b."""

    def picture(self, template: str, language: str, facts: Mapping[str, Any]) -> bytes:
        """A PNG of one page."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts that the pipeline works with, chosen by bootstrap. `mailbox` logs in when it is called."""

    store: CaseStore
    offices: OfficeStore
    mail_log: MailLog
    archive: Archive
    outbox: Outbox
    writer: NoticeWriter
    printer: LetterPrinter
    due_queue: Queue
    mail_queue: Queue
    mailbox: Callable[[], Mailbox]
    policies: Mapping[str, Policy]
    rules: Rules  # what the law grants on late payment, by country


@dataclass(frozen=True, kw_only=True)
class Counting:
    """How far a day's snapshot has come: the debtors up to `after`, in the order of their ids, are in the numbers."""

    numbers: Numbers
    after: str = ""
    done: bool = False


class ReviewState(StrEnum):
    CLAIMED = "claimed"  # about to be handed over: nobody else may
    SENT = "sent"
    DEFERRED = "deferred"  # nothing left: to be tried again
    FAILED = "failed"  # refused, and a task says so
    UNKNOWN = "unknown"  # it may have left: never sent again by itself


@dataclass(frozen=True, kw_only=True)
class Mailing:
    """What became of the review mail of one week ("2026-W48")."""

    week: str
    state: ReviewState
    at: datetime
    attempts: int = 1
    message_id: str = ""
    why: str = ""


NUMBERS_KEPT = timedelta(weeks=5)


class NumbersStore(Protocol):
    """Keeps one snapshot of the numbers a day, and one review mail a week."""

    def latest(self) -> Numbers | None:
        """The last snapshot that is finished: one row, whatever the size of the ledger."""

    def counting(self, on: date) -> Counting | None:
        """How far the snapshot of a day has come; None where it has not begun."""

    def advance(self, before: Counting | None, after: Counting) -> bool:
        """Keep what `after` counts, provided that `before` still stands; a finished day is never changed.

        A day that begins takes those away that are `NUMBERS_KEPT` older: they name whom to call.
        """

    def mailing(self, week: str) -> Mailing | None: ...

    def settle(self, before: Mailing | None, after: Mailing) -> bool:
        """Keep what became of a week's mail, provided that `before` still stands (None: nobody has claimed it)."""


class ReviewWriter(Protocol):
    """Writes the weekly review: RFC 5322 bytes, ready to be handed over."""

    def write(self, numbers: Numbers, creditor: Creditor, chart: bytes, *, at: datetime) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class Person:
    """Whoever signed in, as the identity provider vouches for it. `groups` are the names of theirs there."""

    subject: str
    email: str
    name: str = ""
    groups: tuple[str, ...] = ()
    language: str = ""
    zone: str = ""


@dataclass(frozen=True, kw_only=True)
class Session:
    """A person's stay on the pages. The id that opens it is known to the browser alone."""

    person: Person
    role: str
    csrf: str
    started_at: datetime
    seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class SignInAttempt:
    """What a browser that was sent to the identity provider must come back with."""

    state: str
    nonce: str
    verifier: str
    return_to: str
    started_at: datetime


class SessionStore(Protocol):
    """Keeps sessions and attempts under a key, which is the hash of the secret that the browser holds."""

    def open(self, key: str, session: Session, *, forget_at: datetime) -> None: ...

    def find(self, key: str) -> Session | None:
        """The session, perhaps one that has expired: whoever asks looks at its times."""

    def note_seen(self, key: str, at: datetime) -> None:
        """Nothing is made anew where the session has been ended meanwhile."""

    def end(self, key: str) -> None: ...

    def end_all(self, email: str) -> int:
        """End every stay of a person, written in capitals or not; gives how many there were."""

    def begin(self, key: str, attempt: SignInAttempt, *, forget_at: datetime) -> None: ...

    def take(self, key: str) -> SignInAttempt | None:
        """The attempt, once: it is gone afterwards."""

    def count(self, what: str, *, limit: int, forget_at: datetime) -> bool:
        """Count one more of `what`; False where there have been `limit` already."""


class IdentityProvider(Protocol):
    """Signs people in by OpenID Connect. Refused: it does not vouch. RetryableError: it cannot be asked now."""

    def origin(self) -> str:
        """Where the browser goes to sign in: scheme, host and port."""

    def sign_in_url(self, attempt: SignInAttempt, *, back: str, language: str) -> str: ...

    def redeem(self, code: str, attempt: SignInAttempt, *, back: str) -> Person:
        """Who came back with this code."""

    def sign_out_url(self, *, back: str) -> str:
        """Where the provider forgets the browser too; empty where it has no such page."""


@dataclass(frozen=True, kw_only=True)
class PolicyVersion:
    """A dunning policy that a person put in force: its file as text, by whom, when and why."""

    name: str
    number: int  # the `version` that stands in its text
    text: str
    who: str
    at: datetime
    why: str


@dataclass(frozen=True, kw_only=True)
class PolicyDraft:
    """A policy that somebody has written and tries on the ledger: its text, and how far the trial has come.

    `after`: the debtors up to this id have been looked at. `tally` holds what was counted so far, as plain values.
    """

    id: str
    name: str
    text: str
    who: str
    at: datetime
    after: str = ""
    turn: int = 0  # how often the trial went on: of two that go on at once one counts
    done: bool = False
    tally: Mapping[str, Any] = field(default_factory=dict)


class PolicyStore(Protocol):
    """Keeps the policies that people have put in force beside those that the program brings, and their drafts."""

    def adopted(self) -> tuple[PolicyVersion, ...]:
        """The version in force of each policy that was ever changed, in one read."""

    def versions(self, name: str, *, limit: int = 50) -> tuple[PolicyVersion, ...]:
        """The versions of a policy that people put in force, the last one first."""

    def version(self, name: str, number: int) -> PolicyVersion | None: ...

    def adopt(self, version: PolicyVersion) -> bool:
        """Put a version in force; False where one of this number, or a later one, is in force already."""

    def draft(self, id_: str) -> PolicyDraft | None: ...

    def keep_draft(self, draft: PolicyDraft, *, before: PolicyDraft | None, forget_at: datetime) -> bool:
        """Keep a new draft, or what its trial has counted, provided that `before` still stands."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What was, and what is now, in words; empty where there was or is nothing."""

    what: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What a person did on the pages. `what` is the route ("/ops/debtors/{debtor_id}/block"); `about` its other ids."""

    at: datetime
    who: str
    what: str
    debtor_id: str = ""
    about: str = ""
    why: str = ""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DeedPage:
    """Some deeds, and where the next page begins (empty: this is the last)."""

    deeds: tuple[Deed, ...]
    next: str = ""


class AuditLog(Protocol):
    """Keeps what people did; nothing in it is ever changed, but that words are erased."""

    def note(self, deed: Deed) -> None: ...

    def redact(self, redacted: Callable[[Deed], Deed], *, since: datetime) -> int:
        """Write the deeds since then again as `redacted` gives them; how many it changes.

        It may change `why` and `changes` alone: who did what, when and about whom stays.
        """

    def page(
        self, *, limit: int, who: str = "", since: datetime | None = None, until: datetime | None = None,
        after: str = "",
    ) -> DeedPage:
        """Deeds from `since` on and before `until`, the last one first; of one person, or of all."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody who may sign in, or might: `roles` are the groups of theirs that mean something here."""

    id: str
    email: str
    name: str = ""
    roles: tuple[str, ...] = ()
    enabled: bool = True
    confirmed: bool = True  # has chosen a password of their own


@dataclass(frozen=True, kw_only=True)
class MemberPage:
    members: tuple[Member, ...]
    next: str = ""


class Directory(Protocol):
    """The people of the identity provider. Refused: it will not. RetryableError: it cannot be asked now."""

    def page(self, *, after: str = "") -> MemberPage: ...

    def find(self, id_: str) -> Member | None: ...

    def invite(self, email: str, *, name: str, role: str) -> Member:
        """The provider writes to them. Refused: they are known already, or the address is none."""

    def set_role(self, member: Member, role: str) -> None:
        """One role, and none of the others; empty: none at all."""

    def set_enabled(self, member: Member, enabled: bool) -> None: ...


class ImportState(StrEnum):
    EXPECTED = "expected"  # is being uploaded, or waits to be read
    TAKEN = "taken"
    REFUSED = "refused"  # nothing of it was written
    UNNAMED = "unnamed"  # its columns are not known: a person says what they hold


@dataclass(frozen=True, kw_only=True)
class FileFinding:
    """Something about one line of a file, and what to do."""

    line: int = 0  # 0: about the file as a whole
    column: str = ""
    what: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class FileImport:
    """One file that was given to us, and what became of it. `id` begins with the instant, so that ids sort by time."""

    id: str
    who: str
    at: datetime
    state: ImportState = ImportState.EXPECTED
    turn: int = 0  # how often its state was kept
    name: str = ""
    key: str = ""
    kind: str = ""  # invoices, payments, statements, einvoices
    read_at: datetime | None = None
    rows: int = 0
    debtors: int = 0
    new: int = 0
    known: int = 0
    findings: tuple[FileFinding, ...] = ()
    more: int = 0  # findings that are not listed
    columns: tuple[str, ...] = ()  # of an unnamed file, or one refused by names that a person gave: its header
    sample: tuple[tuple[str, ...], ...] = ()  # and its first rows

    @property
    def may_be_named(self) -> bool:
        """Whether a person may say what its columns hold: nobody has, or what was said lets nothing be read."""
        return bool(self.columns) and self.state in (ImportState.UNNAMED, ImportState.REFUSED)


class ImportLog(Protocol):
    """Keeps what became of each file for ninety days."""

    def get(self, id_: str) -> FileImport | None: ...

    def keep(self, before: FileImport | None, after: FileImport) -> bool:
        """Keep `after`, provided that `before` still stands (None: nothing does)."""

    def latest(self, limit: int) -> tuple[FileImport, ...]:
        """The last files, the newest first: one bounded read."""


@dataclass(frozen=True, kw_only=True)
class UploadForm:
    """What a browser posts, before the file itself, to hand a file straight to the store."""

    url: str
    fields: Mapping[str, str]


class UploadDoor(Protocol):
    """Lets a browser hand over one file without passing through us."""

    def origin(self) -> str:
        """Scheme, host and port that the form goes to."""

    def open(self, prefix: str, *, largest: int, seconds: int, back: str = "", name: str = "") -> UploadForm:
        """A form for one file below `prefix`, under `name` or its own; sends the browser `back`, or answers 204."""
