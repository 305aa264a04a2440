"""One debtor's path from the courtesy notice to the litigation file, on real parts: each mail and page looked at."""

from __future__ import annotations

import email.policy
import hashlib
import io
import itertools
import time
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest
from pypdf import PdfReader

from chalicelib.domain.debtor_file import Contact, DebtorFile, Letter, LetterState, NoticeState, Role, Task, TaskKind
from chalicelib.domain.events import Event
from chalicelib.domain.outcomes import Outcome as Said
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.pipeline.letters import post, prove
from chalicelib.pipeline.litigation_file import assemble
from chalicelib.pipeline.remind import remind
from chalicelib.pipeline.work_tasks import NoSuchTask, close_task
from infra.local.mailserver import MailServer
from infra.local.ministack import MiniStack
from tests.e2e.real import RealProgram, real_program
from tests.sample import case, file_of, paris

pytestmark = [pytest.mark.needs_java, pytest.mark.xdist_group("faults")]
_numbers = itertools.count(1)
HOSTILE = 'Morel & Fils <b>"#eval(1)" \u202e$x$'


class Path:
    """The program and its days: what is due is done, and every call that is due is made in vain once."""

    def __init__(self, program: RealProgram, mailserver: MailServer, address: str) -> None:
        self.program, self.mailserver, self.address = program, mailserver, address
        self.day = date(2026, 3, 2)

    def file(self) -> DebtorFile:
        return self.program.file()

    def until(self, day: str) -> None:
        """Live through the days up to and with this one."""
        while self.day < date.fromisoformat(day):
            self.day += timedelta(days=1)
            for clock in ("10:00", "11:00"):
                at = paris(self.day, clock)
                self.program.parts.offices.note_read("payments", at)
                self.program.parts.offices.note_read("mailbox", at)
                remind(self.program.parts, "C001", at=at)
            for task in self.tasks(TaskKind.CALL):
                if task.due_on <= self.day:
                    self.close(task, "refused", cause="cash", note="« on verra »")

    def tasks(self, kind: TaskKind) -> list[Task]:
        return [t for t in self.file().open_tasks() if t.kind is kind]

    def close(self, task: Task, outcome: str, **said: object) -> None:
        at = paris(self.day, "14:00")
        close_task(self.program.parts, "C001", task.id, Said(outcome=outcome, **said), at=at, who="lea")  # type: ignore[arg-type]

    def steps(self) -> list[str]:
        sent = [n for n in self.file().notices.values() if n.state is NoticeState.SENT and not n.internal]
        return [n.step for n in sorted(sent, key=lambda n: (n.on, n.claimed_at))]

    def letter(self) -> Letter:
        (letter,) = self.file().letters.values()
        return letter

    def mails(self, count: int) -> list[EmailMessage]:
        """What the debtor's mailbox got, once the stack has relayed it."""
        for _ in range(60):
            got = [d.raw for d in self.mailserver.deliveries() if self.address in d.recipients]
            if len(got) >= count:
                break
            time.sleep(0.1)
        return [BytesParser(policy=email.policy.default).parsebytes(raw) for raw in got]


@pytest.fixture
def path(dynamodb_local: str, ministack: MiniStack, mailserver: MailServer) -> Path:
    address = f"path-{next(_numbers)}@garage-morel.example"
    program = real_program(dynamodb_local, ministack, paris("2026-03-02"))
    contact = Contact(id="payer", role=Role.PAYER, name="Paul Morel", email=address, phone="+33 1 00 00 00 00")
    file = file_of(
        case("2026-0412", "2026-03-10", "1200.00", purchase_order="BC-77"), case("2026-0420", "2026-04-20", "300.00"),
        case("2026-0430", "2026-09-30", "990.00"),
        contact=contact, name=HOSTILE, address=("12 rue du Garage", "35000 Rennes"), legal_id="RCS Rennes 987 654 324",
        sales_rep="",
    )  # fmt: skip
    program.put(file, paris("2026-03-02"))
    return Path(program, mailserver, address)


def said(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body
    return " ".join(str(body.get_content()).split())


def pages(pdf: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def test_from_the_courtesy_notice_to_the_litigation_file(path: Path) -> None:
    # The reminders of the first invoice, and two talks that came to nothing, each confirmed in writing.
    path.until("2026-04-15")
    assert path.steps() == [
        "courtesy", "first_reminder", "call_agreed", "second_reminder", "third_reminder", "call_agreed",
        "last_reminder", "courtesy",
    ]  # fmt: skip
    mails = path.mails(8)
    senders = [str(mail["From"]) for mail in mails]
    assert ["Nadia Ferrand" in sender for sender in senders] == [True] * 4 + [False] + [True] + [False] + [True]
    assert all("2026-0412" in said(mail) for mail in mails)
    assert all("Auto-Submitted" in mail for mail in mails)

    # Nothing harder leaves by itself; a manager looks at the draft, and approves it with another deadline.
    path.until("2026-04-24")
    assert "formal_notice" not in path.steps()
    (task,) = path.tasks(TaskKind.APPROVE_NOTICE)
    path.close(task, "edited", on=date(2026, 5, 15), message="Un échéancier écrit reste possible. #eval(1)")
    path.until("2026-05-04")
    letter = path.letter()
    assert (letter.state, letter.deadline_on, letter.approved_by) == (LetterState.PRINTED, date(2026, 5, 15), "lea")
    assert letter.numbers == ("2026-0412", "2026-0420"), "what is due, and not what is not"

    # The mail, and in it the letter as it is archived.
    mail = path.mails(len(path.steps()))[-1]
    assert "Mise en demeure de payer" in str(mail["Subject"])
    assert "Hugo Perrin" in str(mail["From"])
    assert "au plus tard le 15 mai 2026" in said(mail)
    (pdf,) = [part.get_content() for part in mail.iter_attachments() if part.get_content_type() == "application/pdf"]
    archive = path.program.parts.archive
    assert pdf == archive.get(letter.key)
    assert hashlib.sha256(pdf).hexdigest() == letter.sha256

    # Its pages.
    first, *annexes = pages(pdf)
    annex = " ".join(annexes)
    for words in (
        "LETTRE RECOMMANDÉE AVEC ACCUSÉ DE RÉCEPTION", "MISE EN DEMEURE DE PAYER", "Atelier Verre Clair",
        "RCS Nantes 123 456 782", "RCS Rennes 987 654 324", "12 rue du Garage", "2026-0412", "2026-0420", "BC-77",
        "15 mai 2026", "Un échéancier écrit reste possible. #eval(1)", "Hugo Perrin", "L441-10", "D441-5",
    ):  # fmt: skip
        assert words in first + annex, words
    assert "2026-0430" not in first + annex, "not due"
    assert '<b>"#eval(1)"' in first, "a name is text, whatever stands in it"
    for day, what in (
        ("05/03/2026", "Avis avant échéance"), ("12/03/2026", "Première relance"), ("16/03/2026", "Appel"),
        ("23/03/2026", "Deuxième relance"), ("30/03/2026", "Troisième relance"), ("08/04/2026", "Dernière relance"),
    ):  # fmt: skip
        assert day in annex, (day, annex)
        assert what in annex, what

    # By post: the number on the day, the signed receipt some days later.
    (task,) = path.tasks(TaskKind.POST_LETTER)
    at = paris(path.day, "16:00")
    post(path.program.parts, "C001", letter.id, tracking="1A 234 567 8901 2", at=at, who="lea")
    path.until("2026-05-06")
    scan = b"%PDF-1.4 a signed receipt"
    prove(path.program.parts, "C001", letter.id, scan, on=date(2026, 5, 5), at=paris(path.day, "16:00"), who="lea")
    letter = path.letter()
    assert (letter.state, letter.tracking) == (LetterState.DELIVERED, "1A 234 567 8901 2")

    # While its deadline runs nothing is written about what it demands; then a person chooses.
    written = len(path.steps())
    path.until("2026-05-14")
    assert len(path.steps()) == written
    assert path.tasks(TaskKind.CHOOSE_ACTION) == []
    path.until("2026-05-15")
    (task,) = path.tasks(TaskKind.CHOOSE_ACTION)
    path.close(task, "court_order")
    (order,) = path.tasks(TaskKind.FILE_COURT_ORDER)
    assert "CPC art. 1405" in order.reason

    # The file to hand over.
    zipped = io.BytesIO()
    assemble(path.program.parts, "C001", zipped, language="fr")
    with zipfile.ZipFile(zipped) as litigation:
        names = litigation.namelist()
        content = {name: litigation.read(name) for name in names}
    assert pdf in content.values()
    assert scan in content.values()
    assert sum(name.endswith(".eml") for name in names) == len(path.steps())
    (journal,) = [content[name] for name in names if name.endswith(".pdf") and "journal" in name]
    told = " ".join(pages(journal))
    for words in ("Mise en demeure approuvée", "Mise en demeure imprimée et archivée", "1A 234 567 8901 2"):
        assert words in told, words

    # Money ends it all.
    pay(path)
    assert path.file().open_tasks() == []


def test_no_formal_notice_leaves_without_an_approval(path: Path) -> None:
    path.until("2026-04-24")
    (task,) = path.tasks(TaskKind.APPROVE_NOTICE)
    path.close(task, "rejected", note="they called", on=date(2026, 4, 28))
    path.until("2026-05-04")
    assert path.file().letters == {}
    assert "formal_notice" not in path.steps()
    (task,) = path.tasks(TaskKind.APPROVE_NOTICE)
    path.close(task, "approved")
    with pytest.raises(NoSuchTask):
        path.close(task, "approved")
    path.until("2026-05-10")
    assert "formal_notice" not in path.steps(), "another mail left on 4 May, and the policy keeps days between"

    # A worker is killed between the archive and the claim; the queue delivers again, three times.
    archive, at = path.program.parts.archive, paris("2026-05-11", "09:30")
    path.program.parts.offices.note_read("payments", at)
    path.program.parts.offices.note_read("mailbox", at)
    with pytest.raises(Killed):
        remind(replace(path.program.parts, store=DeadStore(path.program.store)), "C001", at=at)
    (key,) = archive.keys("letters/C001/")
    first = archive.get(key)
    assert path.letter().state is LetterState.APPROVED
    for _ in range(3):
        remind(path.program.parts, "C001", at=paris("2026-05-11", "09:45"))
    path.until("2026-05-14")
    assert path.steps().count("formal_notice") == 1
    assert list(archive.keys("letters/C001/")) == [key] == [path.letter().key]
    assert archive.get(key) == first
    assert path.letter().sha256 == hashlib.sha256(first).hexdigest()
    got = [mail for mail in path.mails(len(path.steps())) if "Mise en demeure" in str(mail["Subject"])]
    assert len(got) == 1


class Killed(BaseException):
    """The process is gone."""


class DeadStore:
    """A store that is read and dies when it is written."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def save(self, *args: Any, **kwargs: Any) -> Any:
        raise Killed


def pay(path: Path) -> None:
    """Everything is paid."""
    from chalicelib.domain.debtor_file import Credit, CreditKind
    from chalicelib.domain.settle import consequences, receive
    from tests.sample import after, eur

    on, at = path.day, paris(path.day, "17:00")

    def decide(file: DebtorFile) -> list[tuple[Event, str]]:
        credit = Credit(id="bank-1", kind=CreditKind.PAYMENT, on=on, amount=eur("1500"), remaining=eur("1500"))
        received = receive(file, credit, ["2026-0412", "2026-0420"])
        settled = after(file, *(event for event, _ in received), at=at)
        return [*received, *consequences(settled, on=on, at=at)]

    parts = path.program.parts
    keep(parts, office_of(parts), "C001", decide, at=at, who="bank")
