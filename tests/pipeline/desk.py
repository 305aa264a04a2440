"""A whole program in memory: fakes for every part, and a mail client's view of what left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from chalicelib.adapters.memory import FakeArchive, FakeCaseStore, FakeMailLog, FakeOfficeStore, FakeQueue
from chalicelib.bootstrap import law_rules
from chalicelib.domain.creditor import Creditor, Health
from chalicelib.domain.debtor_file import DebtorFile, Notice
from chalicelib.domain.events import Event, entries_after
from chalicelib.domain.propose import next_action_at
from chalicelib.errors import PermanentError, RetryableError
from chalicelib.pipeline.keep import office_of
from chalicelib.ports import Fetched, Parts
from tests.sample import CREDITOR, policies


@dataclass
class FakeOutbox:
    """Accepts every mail, or does once what `script` says next: an error to raise, or a function to run first."""

    sent: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    script: list[Exception] = field(default_factory=list)

    def send(self, raw: bytes, *, sender: str, recipients: Sequence[str], tags: Mapping[str, str]) -> str:
        if self.script:
            raise self.script.pop(0)
        self.sent.append((recipients[0], dict(tags)))
        return f"<{len(self.sent)}@provider.example>"


class PlainWriter:
    """Writes just enough of a mail to be archived and quoted."""

    def write(self, file: DebtorFile, notice: Notice, creditor: Creditor, *, today: date, at: datetime) -> bytes:
        local, _, domain = creditor.mailbox.partition("@")
        lines = [
            f"From: {creditor.mailbox}", f"To: {notice.to}", f"Reply-To: {local}+{notice.token}@{domain}",
            f"Subject: {notice.step}", f"Message-ID: <{notice.token}@{domain}>", "", *(n for n, _ in notice.takes),
        ]  # fmt: skip
        return "\r\n".join(lines).encode()


class PlainPrinter:
    """Prints nothing, and keeps what it was to print: (template, language, facts)."""

    def __init__(self) -> None:
        self.printed: list[tuple[str, str, Mapping[str, Any]]] = []

    def print(self, template: str, language: str, facts: Mapping[str, Any]) -> bytes:
        self.printed.append((template, language, facts))
        return f"%PDF {template} {language}".encode()

    def picture(self, template: str, language: str, facts: Mapping[str, Any]) -> bytes:
        self.printed.append((template, language, facts))
        return b"\x89PNG"


class FakeMailbox:
    """Folders as an IMAP server keeps them: UIDs only ever rise. `refuses` is raised at the login, once and again.

    `break_after` cuts the connection after so many messages; the UIDs in `damaged` come without their bytes.
    """

    def __init__(self, *, received_at: datetime | None = None) -> None:
        self.folders: dict[str, dict[int, bytes]] = {"INBOX": {}}
        self.validity: dict[str, int] = {}
        self.received_at = received_at
        self.refuses: Exception | None = None
        self.break_after: int | None = None
        self.damaged: set[int] = set()
        self._next: dict[str, int] = {}

    def __enter__(self) -> FakeMailbox:
        return self

    def __exit__(self, *exc: object) -> None: ...

    def open(self) -> FakeMailbox:
        if self.refuses:
            raise self.refuses
        return self

    def deliver(self, raw: bytes, folder: str = "INBOX") -> int:
        uid = self._next.get(folder, 1)
        self._next[folder] = uid + 1
        self.folders.setdefault(folder, {})[uid] = raw
        return uid

    def renumber(self, folder: str = "INBOX") -> None:
        """Another UIDVALIDITY, and UIDs that begin anew."""
        kept = list(self.folders[folder].values())
        self.validity[folder] = self.validity.get(folder, 1) + 1
        self.folders[folder], self._next[folder] = {}, 1
        for raw in kept:
            self.deliver(raw, folder)

    def spam_folder(self) -> str:
        return "Junk" if "Junk" in self.folders else ""

    def status(self, folder: str) -> tuple[int, int]:
        if folder not in self.folders:
            raise PermanentError(f"folder {folder}: no such folder")
        return self.validity.get(folder, 1), self._next.get(folder, 1)

    def fetch_after(self, folder: str, uid: int, *, limit: int) -> Iterator[Fetched]:
        assert self.received_at, "say when the mail came"
        for n, u in enumerate([u for u in sorted(self.folders[folder]) if u > uid][:limit]):
            if self.break_after is not None and n >= self.break_after:
                raise RetryableError("the mailbox broke off")
            damaged = u in self.damaged
            raw = b"" if damaged else self.folders[folder][u]
            yield Fetched(uid=u, received_at=self.received_at, raw=raw, why="server error" if damaged else "")


class Program:
    """Parts of a running program and short ways to look at them."""

    def __init__(self, at: datetime | None = None) -> None:
        self.store = FakeCaseStore()
        self.offices = FakeOfficeStore(CREDITOR, Health(payments_read_at=at, mailbox_read_at=at))
        self.mail_log, self.archive = FakeMailLog(), FakeArchive()
        self.outbox, self.mailbox = FakeOutbox(), FakeMailbox(received_at=at)
        self.due_queue, self.mail_queue = FakeQueue(), FakeQueue()
        self.printer = PlainPrinter()
        self.parts = Parts(
            store=self.store, offices=self.offices, mail_log=self.mail_log, archive=self.archive, outbox=self.outbox,
            writer=PlainWriter(), printer=self.printer, due_queue=self.due_queue, mail_queue=self.mail_queue,
            mailbox=lambda: self.mailbox.open(), policies=policies(), rules=law_rules(),
        )  # fmt: skip

    def see(self, at: datetime) -> None:
        """Payments and mailbox have just been read."""
        self.offices.note_read("payments", at)
        self.offices.note_read("mailbox", at)

    def put(self, file: DebtorFile, at: datetime) -> DebtorFile:
        """Store a file that was made in memory, journal and all."""
        from chalicelib.domain.events import ContactSet, DebtorOpened, InvoiceEntered

        events: list[Event] = [DebtorOpened(debtor=file.debtor)]
        events += [ContactSet(contact=c) for c in file.contacts.values()]
        events += [InvoiceEntered(case=c) for c in file.cases.values()]
        entries = entries_after(0, [(event, "sample") for event in events], at=at, who="test")
        wake = next_action_at(file, office_of(self.parts), at=at)
        saved = self.store.save(None, entries, next_action_at=wake)
        assert saved, "the file was there already"
        return saved

    def file(self, debtor_id: str = "C001") -> DebtorFile:
        file = self.store.load(debtor_id, whole=True)
        assert file, f"no file {debtor_id}"
        return file


@contextmanager
def expect_one_winner(program: Program) -> Iterator[None]:
    before = len(program.outbox.sent)
    yield
    assert len(program.outbox.sent) == before + 1
