"""Collecting the mailbox: one record for each message, whatever dies, moves or is renumbered meanwhile."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.imap import ImapMailbox, ImapSettings
from chalicelib.domain.debtor_file import TaskKind
from chalicelib.errors import PermanentError, RetryableError
from chalicelib.pipeline import collect_mail as collecting
from chalicelib.pipeline.collect_mail import Collected, collect_mail
from chalicelib.ports import Cursor, MailState, Parts
from tests.parts.dovecot import Dovecot
from tests.pipeline.desk import Program
from tests.sample import CREDITOR, paris

AT = paris("2026-03-12")
MINUTES = timedelta(minutes=5)


def raw(n: object) -> bytes:
    return f"From: client@debtor.test\r\nMessage-ID: <{n}@debtor.test>\r\n\r\nmail {n}\r\n".encode()


def id_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def program() -> Program:
    program = Program()
    program.mailbox.received_at = AT
    return program


def alerts(program: Program) -> list[TaskKind]:
    return [task.kind for _, task in program.store.open_tasks()]


def check(program: Program, *contents: bytes) -> None:
    """One record for each content, its bytes archived under the record's key, and each handed over to be read."""
    assert sorted(program.mail_log.mails) == sorted({id_of(c) for c in contents})
    for content in contents:
        kept, _ = program.archive.kept[program.mail_log.mails[id_of(content)].archive]
        assert kept == content
    assert {body["mail_id"] for body in program.mail_queue.bodies} == set(program.mail_log.mails)


class Killed(BaseException):
    """The function is ended from outside: nothing catches it."""


class Life:
    """Ends at the `last` step: before or after any call of a part. Counts them, so that a test can try them all."""

    def __init__(self, last: int | None = None) -> None:
        self.steps, self.last = 0, last

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.last:
            raise Killed

    def bind(self, part: Any) -> Any:
        life = self

        class Mortal:
            def __getattr__(self, name: str) -> Callable[..., Any]:
                def call(*args: Any, **kwargs: Any) -> Any:
                    life.step()
                    result = getattr(part, name)(*args, **kwargs)
                    life.step()
                    return result

                return call

        return Mortal()

    def parts(self, parts: Parts) -> Parts:
        mortal = {name: self.bind(getattr(parts, name)) for name in ("mail_log", "archive", "mail_queue", "offices")}
        return replace(parts, **mortal)


def test_each_message_is_archived_recorded_and_queued_once(program: Program) -> None:
    contents = [raw(n) for n in range(3)]
    for content in contents:
        program.mailbox.deliver(content)
    assert collect_mail(program.parts, at=AT) == Collected(fetched=3, new=3)
    check(program, *contents)
    mail = program.mail_log.mails[id_of(contents[0])]
    assert (mail.folder, mail.uid_validity, mail.uid, mail.size) == ("INBOX", 1, 1, len(contents[0]))
    assert (mail.received_at, mail.collected_at, mail.state) == (AT, AT, MailState.ARCHIVED)
    assert program.mail_log.cursor(CREDITOR.mailbox, "INBOX") == Cursor(uid_validity=1, uid=3)
    assert collect_mail(program.parts, at=AT + MINUTES) == Collected()
    assert len(program.mail_queue.bodies) == 3


def test_the_queue_is_told_the_instant_of_the_poll(program: Program) -> None:
    program.mailbox.deliver(raw(1))
    collect_mail(program.parts, at=AT)
    assert program.mail_queue.bodies == [{"mail_id": id_of(raw(1)), "at": AT.isoformat()}]


def steps_of_a_poll() -> int:
    program, life = Program(), Life()
    program.mailbox.received_at = AT
    for n in range(2):
        program.mailbox.deliver(raw(n))
    collect_mail(life.parts(program.parts), at=AT)
    return life.steps


STEPS = steps_of_a_poll()


def test_a_poll_has_the_steps_that_the_next_test_dies_at() -> None:
    assert STEPS >= 2 * (2 + 2 * 5)  # office, note; for each mail get, archive, record, queue, cursor


@pytest.mark.parametrize("last", range(1, STEPS + 1))
def test_a_poll_that_dies_anywhere_is_made_good_by_the_next(program: Program, last: int) -> None:
    for n in range(2):
        program.mailbox.deliver(raw(n))
    with pytest.raises(Killed):
        collect_mail(Life(last).parts(program.parts), at=AT)
    collect_mail(program.parts, at=AT + MINUTES)
    check(program, raw(0), raw(1))
    assert program.offices.health().mailbox_read_at == AT + MINUTES


def test_the_cursor_never_stands_beyond_what_is_recorded(program: Program) -> None:
    for n in range(2):
        program.mailbox.deliver(raw(n))
    for last in range(1, STEPS + 1):
        with pytest.raises(Killed):  # noqa: PT012 — the last life ends after its work
            collect_mail(Life(last).parts(program.parts), at=AT)
            raise Killed
        cursor = program.mail_log.cursor(CREDITOR.mailbox, "INBOX")
        recorded = {mail.uid for mail in program.mail_log.mails.values()}
        queued = {body["mail_id"] for body in program.mail_queue.bodies}
        behind = set(range(1, cursor.uid + 1)) if cursor else set()
        assert behind <= recorded
        assert {id_of(raw(uid - 1)) for uid in behind} <= queued


def test_two_polls_at_once_make_one_record_and_the_mail_is_queued(program: Program) -> None:
    program.mailbox.deliver(raw(1))

    class Slow:
        """Another poll is done between our look at the record and our own record; it dies before it queues."""

        def __getattr__(self, name: str) -> Any:
            return getattr(program.mail_log, name)

        def record(self, mail: Any) -> bool:
            program.mail_log.record(mail)
            return program.mail_log.record(mail)

    assert collect_mail(replace(program.parts, mail_log=Slow()), at=AT).new == 0
    check(program, raw(1))


def test_a_connection_that_breaks_off_keeps_what_came_and_stays_blind(program: Program) -> None:
    for n in range(5):
        program.mailbox.deliver(raw(n))
    program.mailbox.break_after = 3
    with pytest.raises(RetryableError, match="broke off"):
        collect_mail(program.parts, at=AT)
    check(program, *map(raw, range(3)))
    assert program.offices.health().mailbox_read_at is None
    program.mailbox.break_after = None
    assert collect_mail(program.parts, at=AT + MINUTES) == Collected(fetched=2, new=2)


class TestTheSameAgain:
    def test_the_same_bytes_delivered_twice_are_one_mail(self, program: Program) -> None:
        program.mailbox.deliver(raw(1))
        program.mailbox.deliver(raw(1))
        assert collect_mail(program.parts, at=AT) == Collected(fetched=2, new=1)
        check(program, raw(1))

    def test_a_new_uidvalidity_reads_the_folder_again_and_records_nothing_twice(self, program: Program) -> None:
        program.mailbox.deliver(raw(1))
        program.mailbox.deliver(raw(2))
        collect_mail(program.parts, at=AT)
        program.mailbox.folders["INBOX"].pop(1)
        program.mailbox.deliver(raw(3))
        program.mailbox.renumber()
        assert collect_mail(program.parts, at=AT + MINUTES) == Collected(fetched=2, new=1)
        check(program, raw(1), raw(2), raw(3))
        assert program.mail_log.cursor(CREDITOR.mailbox, "INBOX") == Cursor(uid_validity=2, uid=2)

    def test_what_has_been_read_is_not_queued_again(self, program: Program) -> None:
        program.mailbox.deliver(raw(1))
        collect_mail(program.parts, at=AT)
        program.mail_log.settle(program.mail_log.mails[id_of(raw(1))].becomes(MailState.READ))
        program.mail_queue.take()
        program.mailbox.renumber()
        assert collect_mail(program.parts, at=AT + MINUTES).new == 0
        assert program.mail_queue.bodies == []


class TestPeople:
    def test_what_they_delete_leaves_no_hole_that_would_keep_us_blind(self, program: Program) -> None:
        for n in range(4):
            program.mailbox.deliver(raw(n))
        for uid in (2, 4):
            del program.mailbox.folders["INBOX"][uid]
        assert collect_mail(program.parts, at=AT) == Collected(fetched=2, new=2, up_to_date=True)
        assert program.offices.health().mailbox_read_at == AT

    def test_what_they_move_to_another_folder_that_is_read_is_one_mail(self, program: Program) -> None:
        program.offices.set_creditor(replace(CREDITOR, folders=("INBOX", "Clients")))
        program.mailbox.deliver(raw(1))
        program.mailbox.deliver(raw(2), "Clients")
        collect_mail(program.parts, at=AT)
        program.mailbox.deliver(program.mailbox.folders["INBOX"].pop(1), "Clients")
        assert collect_mail(program.parts, at=AT + MINUTES) == Collected(fetched=1, new=0)
        check(program, raw(1), raw(2))


class TestBacklog:
    @pytest.mark.parametrize(("waiting", "polls"), [(2, 1), (3, 2), (4, 2), (6, 3), (7, 3)])
    def test_a_backlog_is_read_batch_by_batch_and_blind_until_its_end(
        self, program: Program, monkeypatch: pytest.MonkeyPatch, waiting: int, polls: int
    ) -> None:
        monkeypatch.setattr(collecting, "BATCH", 3)
        for n in range(waiting):
            program.mailbox.deliver(raw(n))
        for poll in range(polls):
            assert program.offices.health().mailbox_read_at is None
            collect_mail(program.parts, at=AT + poll * MINUTES)
        assert program.offices.health().mailbox_read_at == AT + (polls - 1) * MINUTES
        check(program, *map(raw, range(waiting)))

    def test_one_damaged_message_becomes_a_record_of_its_own_and_the_later_ones_come(self, program: Program) -> None:
        for n in range(4):
            program.mailbox.deliver(raw(n))
        program.mailbox.damaged = {2, 3}
        assert collect_mail(program.parts, at=AT) == Collected(fetched=4, new=4)
        damaged = [mail for mail in program.mail_log.mails.values() if mail.size == 0]
        assert [(mail.uid, mail.why) for mail in damaged] == [(2, "server error"), (3, "server error")]
        assert collect_mail(program.parts, at=AT + MINUTES) == Collected()


class TestFolders:
    def test_an_answer_in_the_folder_of_spam_is_an_answer(self, program: Program) -> None:
        program.mailbox.deliver(raw(1))
        program.mailbox.deliver(raw(2), "Junk")
        assert collect_mail(program.parts, at=AT) == Collected(fetched=2, new=2)
        check(program, raw(1), raw(2))
        assert program.mail_log.mails[id_of(raw(2))].folder == "Junk"

    def test_a_backlog_of_spam_makes_nobody_blind(self, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(collecting, "BATCH", 3)
        for n in range(5):
            program.mailbox.deliver(raw(n), "Junk")
        assert collect_mail(program.parts, at=AT) == Collected(fetched=3, new=3, up_to_date=False)
        assert program.offices.health().mailbox_read_at == AT

    @pytest.mark.parametrize("behind", ["INBOX", "Clients"])
    def test_every_folder_that_is_set_must_be_read_to_its_end(
        self, program: Program, monkeypatch: pytest.MonkeyPatch, behind: str
    ) -> None:
        monkeypatch.setattr(collecting, "BATCH", 3)
        program.offices.set_creditor(replace(CREDITOR, folders=("INBOX", "Clients")))
        program.mailbox.folders["Clients"] = {}
        for n in range(4):
            program.mailbox.deliver(raw(n), behind)
        assert not collect_mail(program.parts, at=AT).up_to_date
        assert program.offices.health().mailbox_read_at is None

    def test_a_folder_that_is_set_and_missing_is_an_alert_that_names_it(self, program: Program) -> None:
        program.offices.set_creditor(replace(CREDITOR, folders=("INBOX", "Clients")))
        program.mailbox.deliver(raw(1))
        with pytest.raises(PermanentError):
            collect_mail(program.parts, at=AT)
        check(program, raw(1))
        ((_, task),) = program.store.open_tasks()
        assert "folder Clients: no such folder" in task.reason

    def test_a_folder_of_spam_that_is_set_is_read_once(self, program: Program) -> None:
        program.offices.set_creditor(replace(CREDITOR, folders=("INBOX", "Junk")))
        program.mailbox.deliver(raw(1), "Junk")
        assert collect_mail(program.parts, at=AT) == Collected(fetched=1, new=1)


class TestAlerts:
    def test_a_wrong_password_raises_one_task_which_closes_as_soon_as_it_is_right(self, program: Program) -> None:
        program.mailbox.refuses = PermanentError("the mail server refuses the login of compta@acme.test")
        for poll in range(3):
            with pytest.raises(PermanentError):
                collect_mail(program.parts, at=AT + poll * MINUTES)
        assert alerts(program) == [TaskKind.MAILBOX]
        program.mailbox.refuses = None
        collect_mail(program.parts, at=AT + 3 * MINUTES)
        assert alerts(program) == []

    def test_it_closes_too_while_a_backlog_is_read(self, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(collecting, "BATCH", 1)
        for n in range(3):
            program.mailbox.deliver(raw(n))
        program.mailbox.refuses = PermanentError("refused")
        with pytest.raises(PermanentError):
            collect_mail(program.parts, at=AT)
        program.mailbox.refuses = None
        collect_mail(program.parts, at=AT + MINUTES)
        assert alerts(program) == []

    def test_an_unreachable_server_is_no_task_until_it_makes_us_blind(self, program: Program) -> None:
        program.mailbox.refuses = RetryableError("cannot be reached")
        with pytest.raises(RetryableError):
            collect_mail(program.parts, at=AT)
        assert alerts(program) == []
        assert program.offices.health().mailbox_read_at is None

    def test_the_password_of_a_real_server_is_in_no_task(self, program: Program, dovecot: Dovecot) -> None:
        wrong = ImapSettings(host=dovecot.host, port=dovecot.imap_port, user="u@acme.test", password="wr0ng", tls=False)
        with pytest.raises(PermanentError):
            collect_mail(replace(program.parts, mailbox=lambda: ImapMailbox(wrong)), at=AT)
        ((_, task),) = program.store.open_tasks()
        assert "refuses the login of u@acme.test" in task.reason
        assert "wr0ng" not in task.reason

    def test_a_real_server_that_is_away_is_tried_again(self, program: Program) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            away = ImapSettings(host="127.0.0.1", port=taken.getsockname()[1], tls=False)
        with pytest.raises(RetryableError):
            collect_mail(replace(program.parts, mailbox=lambda: ImapMailbox(away)), at=AT)


def test_a_real_mailbox_through_deliveries_a_renumbering_and_a_folder_of_spam(
    program: Program, dovecot: Dovecot
) -> None:
    from imapclient import IMAPClient

    address = dovecot.new_address()
    login = ImapSettings(host=dovecot.host, port=dovecot.imap_port, user=address, password=dovecot.password, tls=False)
    parts = replace(program.parts, mailbox=lambda: ImapMailbox(login))
    for n in range(3):
        dovecot.deliver(raw(n), to=address)
    assert collect_mail(parts, at=AT) == Collected(fetched=3, new=3)
    dovecot.renumber(address)
    dovecot.deliver(raw(3), to=address)
    assert collect_mail(parts, at=AT + MINUTES) == Collected(fetched=4, new=1)
    with IMAPClient(dovecot.host, dovecot.imap_port, ssl=False) as person:
        person.login(address, dovecot.password)
        person.create_folder("Junk")
        person.append("Junk", raw("spam"))
        person.select_folder("INBOX")
        person.delete_messages([1])
        person.expunge()
        person.move([2], "Junk")
    assert collect_mail(parts, at=AT + 2 * MINUTES) == Collected(fetched=2, new=1)
    assert len(program.mail_log.mails) == 5
    for mail in program.mail_log.mails.values():
        content, _ = program.archive.kept[mail.archive]
        assert id_of(content) == mail.id
    assert collect_mail(parts, at=AT + 3 * MINUTES) == Collected()


ACTIONS = st.one_of(
    st.tuples(st.just("deliver"), st.integers(0, 5), st.sampled_from(["INBOX", "Clients", "Junk"])),
    st.tuples(st.just("poll")),
    st.tuples(st.just("die"), st.integers(1, 40)),
    st.tuples(st.just("break"), st.integers(0, 3)),
    st.tuples(st.just("renumber"), st.sampled_from(["INBOX", "Clients"])),
    st.tuples(st.just("delete collected"), st.integers(0, 9)),
    st.tuples(st.just("read one")),
)


@settings(max_examples=150)
@given(st.lists(ACTIONS, max_size=25))
def test_whatever_happens_in_whatever_order_each_message_has_one_record(actions: list[tuple[Any, ...]]) -> None:
    program = Program()
    program.mailbox.received_at = AT
    program.mailbox.folders["Clients"] = {}
    program.offices.set_creditor(replace(CREDITOR, folders=("INBOX", "Clients")))
    collecting.BATCH, kept = 4, collecting.BATCH
    delivered: set[bytes] = set()
    queued: set[str] = set()
    try:
        for n, (action, *about) in enumerate(actions):
            _play(program, action, about, delivered, queued, n)
        program.mailbox.break_after = None
        for n in range(30):  # more polls than any backlog here needs
            collect_mail(program.parts, at=AT + (100 + n) * MINUTES)
    finally:
        collecting.BATCH = kept
    queued |= {body["mail_id"] for body in program.mail_queue.bodies}
    assert set(program.mail_log.mails) == {id_of(content) for content in delivered} == queued
    for content in delivered:
        assert program.archive.kept[f"mail/{id_of(content)}.eml"][0] == content
    for mail in program.mail_log.mails.values():
        program.mail_log.mails[mail.id] = mail.becomes(MailState.READ)
    collect_mail(program.parts, at=AT + 130 * MINUTES)
    assert program.offices.health().mailbox_read_at == AT + 130 * MINUTES


@pytest.mark.parametrize(("minutes", "seen"), [(29, True), (30, True), (31, False)])
def test_a_mail_that_nobody_understands_counts_as_one_that_was_not_read(minutes: int, seen: bool) -> None:
    program = Program()
    program.mailbox.received_at = AT
    program.mailbox.deliver(raw(1))
    later = AT + timedelta(minutes=minutes)
    collect_mail(program.parts, at=AT)
    collect_mail(program.parts, at=later)
    assert program.offices.health().mailbox_read_at == (later if seen else AT)


def _play(program: Program, action: str, about: list[Any], delivered: set[bytes], queued: set[str], n: int) -> None:
    match action:
        case "deliver":
            content = raw(about[0])
            delivered.add(content)
            program.mailbox.deliver(content, about[1])
        case "poll" | "die":
            parts = Life(about[0]).parts(program.parts) if about else program.parts
            try:
                collect_mail(parts, at=AT + n * MINUTES)
            except (Killed, RetryableError):
                return
        case "break":
            program.mailbox.break_after = about[0]
        case "renumber":
            program.mailbox.renumber(about[0])
        case "delete collected":
            for messages in program.mailbox.folders.values():
                for uid, content in list(messages.items()):
                    if uid == about[0] and id_of(content) in program.mail_log.mails:
                        del messages[uid]
        case "read one":
            for body in program.mail_queue.bodies[:1]:
                queued.add(body["mail_id"])
                program.mail_log.settle(program.mail_log.mails[body["mail_id"]].becomes(MailState.READ))
                del program.mail_queue.bodies[0]
