"""The mailbox adapter on a real Dovecot; what Dovecot never says, a server that reads from a script says."""

from __future__ import annotations

import re
import smtplib
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient

from chalicelib.adapters import imap
from chalicelib.adapters.imap import ImapMailbox, ImapSettings
from chalicelib.errors import PermanentError, RetryableError
from chalicelib.ports import Fetched
from infra.local.mailserver import MailServer
from tests.conftest import CREDITOR as MAILBOX
from tests.parts.dovecot import Dovecot

RAW = b"From: client@debtor.test\r\nTo: compta@acme.test\r\nSubject: re\r\n\r\npaye le 12\r\n"
AT = datetime(2026, 3, 2, 8, 30, tzinfo=timezone(timedelta(hours=1)))


class Box:
    """One mailbox of the real server, seen from both sides."""

    def __init__(self, server: Dovecot) -> None:
        self.server = server
        self.address = server.new_address()

    @property
    def maildir(self) -> Path:
        return self.server.home / "mail" / self.address / "Maildir"

    def settings(self, **changes: Any) -> ImapSettings:
        return ImapSettings(**{
            "host": self.server.host, "port": self.server.imap_port, "user": self.address,
            "password": self.server.password, "tls": False, **changes,
        })  # fmt: skip

    def open(self, **changes: Any) -> ImapMailbox:
        return ImapMailbox(self.settings(**changes))

    @contextmanager
    def person(self, folder: str = "INBOX") -> Iterator[IMAPClient]:
        """Somebody with a mail program of their own."""
        with IMAPClient(self.server.host, self.server.imap_port, ssl=False) as client:
            client.login(self.address, self.server.password)
            client.select_folder(folder)
            yield client

    def put(self, *raws: bytes, flags: tuple[bytes, ...] = (), folder: str = "INBOX") -> None:
        with self.person() as client:
            for raw in raws:
                client.append(folder, raw, flags=flags, msg_time=AT)

    def fetch(self, uid: int = 0, *, limit: int = 1000, folder: str = "INBOX") -> list[Fetched]:
        with self.open() as mailbox:
            return list(mailbox.fetch_after(folder, uid, limit=limit))


@pytest.fixture
def box(dovecot: Dovecot) -> Box:
    return Box(dovecot)


class TestLogin:
    def test_a_right_password_opens(self, box: Box) -> None:
        with box.open() as mailbox:
            assert mailbox.status("INBOX")[1] == 1

    def test_a_token_opens_by_xoauth2(self, box: Box) -> None:
        with box.open(password="", access_token=box.server.token(box.address)) as mailbox:
            assert mailbox.status("INBOX")[1] == 1

    def test_an_expired_token_is_refused_for_good_and_not_told(self, box: Box) -> None:
        token = box.server.token(box.address, expires_at=datetime(2020, 1, 1, tzinfo=UTC))
        with pytest.raises(PermanentError, match="renew the password or token") as refused:
            box.open(password="", access_token=token)
        assert token not in _everything_said(refused.value)

    @pytest.mark.parametrize("password", ["wr0ng-Pass", 'wr0ng "quoted\\ Pass', "wr0ng-motdepasséé€"])
    def test_a_wrong_password_is_refused_for_good_and_not_told(self, box: Box, password: str) -> None:
        with pytest.raises(PermanentError, match="renew the password or token") as refused:
            box.open(password=password)
        said = _everything_said(refused.value)
        assert "wr0ng" not in said
        assert box.address in said

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\0"])
    def test_a_password_pasted_with_its_line_break_is_told_as_such(self, box: Box, end: str) -> None:
        with pytest.raises(PermanentError, match="holds a line break"):
            box.open(password=box.server.password + end)

    def test_a_server_that_is_not_there_may_come_back(self, box: Box) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with pytest.raises(RetryableError, match=f"127.0.0.1:{port} cannot be reached"):
            box.open(port=port)

    def test_a_server_that_says_nothing_is_given_up_soon(self, box: Box) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            with pytest.raises(RetryableError, match="cannot be reached"):
                box.open(port=silent.getsockname()[1], timeout_seconds=0.3)

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (b"NO [UNAVAILABLE] Temporary authentication failure", RetryableError),
            (b"NO [ALERT] Too many simultaneous connections. (Failure)", RetryableError),
            (b"", RetryableError),  # hangs up
            (b"NO [AUTHENTICATIONFAILED] Invalid credentials, please try again", PermanentError),
            (b"NO LOGIN failed.", PermanentError),
        ],
    )
    def test_a_login_refused_for_now_is_no_wrong_password(self, answer: bytes, error: type[Exception]) -> None:
        with scripted({"LOGIN": [answer]}) as settings, pytest.raises(error):
            ImapMailbox(settings)

    def test_the_settings_do_not_show_the_password(self, box: Box) -> None:
        assert box.server.password not in repr(box.settings())


class TestTls:
    def test_a_certificate_that_nobody_vouches_for_is_refused(self, box: Box) -> None:
        with pytest.raises(PermanentError, match="is not trusted: self-signed"):
            box.open(tls=True, port=box.server.imaps_port)

    def test_a_certificate_of_a_trusted_authority_is_taken(self, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(box.server.certificate))
        with box.open(tls=True, port=box.server.imaps_port) as mailbox:
            assert mailbox.status("INBOX")[1] == 1

    def test_not_to_verify_must_be_asked_for(self, box: Box) -> None:
        with box.open(tls=True, port=box.server.imaps_port, tls_verify=False) as mailbox:
            assert mailbox.status("INBOX")[1] == 1


class TestNothingChanges:
    def test_reading_changes_no_flag(self, box: Box) -> None:
        box.put(RAW, flags=())
        box.put(RAW, flags=(b"\\Seen", b"\\Flagged"))
        assert len(box.fetch()) == 2
        with box.person() as client:
            flags = {uid: set(got[b"FLAGS"]) - {b"\\Recent"} for uid, got in client.fetch([1, 2], ["FLAGS"]).items()}
        assert flags == {1: set(), 2: {b"\\Seen", b"\\Flagged"}}

    def test_what_a_person_has_read_is_fetched_all_the_same(self, box: Box) -> None:
        box.put(RAW, flags=(b"\\Seen",))
        assert [m.uid for m in box.fetch()] == [1]


class TestWhatComes:
    def test_an_empty_mailbox_gives_nothing(self, box: Box) -> None:
        assert box.fetch() == []

    def test_a_mailbox_emptied_by_somebody_gives_nothing_and_keeps_its_next_uid(self, box: Box) -> None:
        box.put(RAW, RAW)
        with box.person() as client:
            client.delete_messages([1, 2])
            client.expunge()
        with box.open() as mailbox:
            assert mailbox.status("INBOX")[1] == 3
            assert list(mailbox.fetch_after("INBOX", 0, limit=9)) == []

    @pytest.mark.parametrize(("after", "uids"), [(0, [1, 2, 3]), (2, [3]), (3, []), (4, []), (900, [])])
    def test_only_higher_uids_come_though_a_star_names_the_last(self, box: Box, after: int, uids: list[int]) -> None:
        box.put(RAW, RAW, RAW)
        assert [m.uid for m in box.fetch(after)] == uids

    @pytest.mark.parametrize(
        "raw",
        [
            b"Subject: r\xe9ponse\r\n\r\npay\xe9 le 12 \x80\xff\r\n",
            b"Subject: x\r\n\r\n.\r\n..\r\n)\r\nA1 OK {5}\r\n",
            b"Subject: x\n\nunix\nlines\r\nmixed\r\n",
            b"\r\n\r\n",
            b"no header at all",
        ],
    )
    def test_every_byte_survives(self, box: Box, raw: bytes) -> None:
        expected = raw if b"unix" not in raw else b"Subject: x\r\n\r\nunix\r\nlines\r\nmixed\r\n"  # Dovecot's own rule
        box.put(raw)
        assert [m.raw for m in box.fetch()] == [expected]

    def test_a_nul_byte_harms_nothing_around_it(self, box: Box) -> None:
        box.put(RAW)
        (message,) = (box.maildir / "cur").iterdir()
        text = b"Subject: nul\r\n\r\nbe\x00fore\r\n"
        (box.maildir / "new" / "1.nul.here").write_bytes(text)
        assert [m.raw.replace(b"\x80", b"\x00") for m in box.fetch()] == [RAW, text]  # IMAP literals hold no NUL
        assert message.exists()

    def test_the_time_of_arrival_is_an_aware_utc_instant(self, box: Box) -> None:
        box.put(RAW)
        (message,) = box.fetch()
        assert message.received_at == AT
        assert message.received_at.tzinfo is UTC

    def test_a_message_over_the_cap_is_cut_one_byte_above_it(self, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(imap, "LARGEST", 1001)
        box.put(b"Subject: big\r\n\r\n" + b"x" * 5000, RAW)
        assert [len(m.raw) for m in box.fetch()] == [1001, len(RAW)]

    def test_what_is_deleted_between_search_and_fetch_is_left_out(self, box: Box) -> None:
        box.put(*[RAW] * 50)
        with box.open() as mailbox:
            coming = mailbox.fetch_after("INBOX", 0, limit=40)
            got = [next(coming).uid]
            with box.person() as client:
                client.delete_messages([22, 23, 24])
                client.expunge()
            got += [m.uid for m in coming]
        assert got == [u for u in range(1, 44) if u not in (22, 23, 24)]  # 40 of them: fewer would mean "no more"

    def test_a_folder_that_is_missing_is_named(self, box: Box) -> None:
        with box.open() as mailbox:
            with pytest.raises(PermanentError, match="folder Relances: "):
                mailbox.status("Relances")
            assert mailbox.status("INBOX")[1] == 1

    def test_a_new_uidvalidity_is_told(self, box: Box) -> None:
        box.put(RAW)
        with box.open() as mailbox:
            before, _ = mailbox.status("INBOX")
        ordered = box.server.renumber(box.address)
        with box.open() as mailbox:
            assert mailbox.status("INBOX") == (ordered, 2)
        assert before != ordered

    def test_500_messages_come_in_batches_and_few_stand_in_memory(
        self, box: Box, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(imap, "BYTES_AT_ONCE", 500_000)
        body = b"x" * 76 + b"\r\n"
        assert box.fetch() == []  # Dovecot makes the folder
        for n in range(500):
            (box.maildir / "new" / f"{n:03}.many.here").write_bytes(b"Subject: %d\r\n\r\n" % n + body * 500)
        tracemalloc.start()
        try:
            seen = 0
            with box.open() as mailbox:
                for message in mailbox.fetch_after("INBOX", 0, limit=1000):
                    seen += 1
                    assert len(message.raw) > 39_000
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert seen == 500  # 20 MB in all
        assert peak < 5_000_000

    @pytest.mark.parametrize(("limit", "uids"), [(1, [1]), (19, 19), (20, 20), (21, 21), (30, 30)])
    def test_the_limit_is_kept(self, box: Box, limit: int, uids: Any) -> None:
        box.put(*[RAW] * 30)
        assert len(box.fetch(limit=limit)) == limit

    def test_the_sizes_bound_a_batch(self, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(imap, "BYTES_AT_ONCE", 2500)
        box.put(*[b"Subject: x\r\n\r\n" + b"x" * 1000] * 3, b"Subject: x\r\n\r\n" + b"x" * 9000, RAW)
        with box.open() as mailbox:
            mailbox.status("INBOX")
            assert list(mailbox._batches(0)) == [[1, 2], [3], [4], [5]]


class TestSpamFolder:
    @pytest.mark.parametrize(
        ("folders", "found"),
        [([], ""), (["Archive"], ""), (["Junk"], "Junk"), (["Archive", "Courrier indésirable"], "Courrier indésirable"),
         (["Spam old", "Clients/Spam"], "Clients/Spam")],
    )  # fmt: skip
    def test_the_folder_of_spam_is_known_by_its_name(self, box: Box, folders: list[str], found: str) -> None:
        with box.person() as client:
            for folder in folders:
                client.create_folder(folder)
        with box.open() as mailbox:
            assert mailbox.spam_folder() == found

    def test_or_by_its_mark_whatever_its_name(self) -> None:
        listed = [b'* LIST (\\HasNoChildren) "/" INBOX', b'* LIST (\\HasNoChildren) "/" Spam',
                  b'* LIST (\\HasNoChildren \\Junk) "/" "[Gmail]/Pourriel"']  # fmt: skip
        with scripted({"LIST": [*listed, b"OK done"]}) as settings, ImapMailbox(settings) as mailbox:
            assert mailbox.spam_folder() == "[Gmail]/Pourriel"

    def test_it_is_read_like_any_other(self, box: Box) -> None:
        with box.person() as client:
            client.create_folder("Courrier indésirable")
        box.put(RAW, folder="Courrier indésirable")
        assert [m.raw for m in box.fetch(folder="Courrier indésirable")] == [RAW]


class TestEmbeddedServer:
    """The server of the demo, which is none of Dovecot's family."""

    def test_it_is_read_to_its_end_and_byte_for_byte(self, mailserver: MailServer) -> None:
        address = "embedded@debtor.test"
        login = ImapSettings(
            host=mailserver.host, port=mailserver.imap_port, user=MAILBOX, password=mailserver.password, tls=False
        )
        raws = [b"From: %s\r\nSubject: r\xe9 %d\r\n\r\npay\xe9 %d\r\n" % (address.encode(), n, n) for n in range(45)]
        with ImapMailbox(login) as mailbox:
            _, before = mailbox.status("INBOX")
        with smtplib.SMTP(mailserver.host, mailserver.smtp_port) as smtp:
            for raw in raws:
                smtp.sendmail(address, [MAILBOX], raw)
        with ImapMailbox(login) as mailbox:
            validity, uid_next = mailbox.status("INBOX")
            got = list(mailbox.fetch_after("INBOX", before - 1, limit=1000))
            assert list(mailbox.fetch_after("INBOX", uid_next - 1, limit=1000)) == []
            assert mailbox.spam_folder() in ("", "Junk", "Spam")
        assert validity > 0
        assert uid_next == before + 45
        assert [message.raw for message in got] == raws
        assert [message.uid for message in got] == list(range(before, uid_next))


class TestBroken:
    def test_a_connection_cut_during_the_fetch_may_come_back_and_loses_nothing(
        self, box: Box, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(imap, "AT_ONCE", 2)
        box.put(*[b"Subject: x\r\n\r\n" + b"x" * 10_000] * 6)
        got: list[int] = []
        with cut_after(box.server.imap_port, 45_000) as port:
            with pytest.raises(RetryableError, match="broke off"), box.open(port=port) as mailbox:
                got.extend(message.uid for message in mailbox.fetch_after("INBOX", 0, limit=10))
        assert got == [1, 2, 3, 4]
        assert [m.uid for m in box.fetch(4)] == [5, 6]

    def test_one_message_that_the_server_refuses_does_not_stop_the_later_ones(self) -> None:
        with scripted(_folder_of(3, refuses={2})) as settings, ImapMailbox(settings) as mailbox:
            got = list(mailbox.fetch_after("INBOX", 0, limit=10))
        assert [(m.uid, m.raw, bool(m.why)) for m in got] == [
            (1, b"mail 1", False),
            (2, b"", True),
            (3, b"mail 3", False),
        ]

    @pytest.mark.parametrize("refused", [{3}, {2, 3}, {1, 2, 3}])
    def test_a_server_that_refuses_all_that_is_left_is_asked_again_later(self, refused: set[int]) -> None:
        with scripted(_folder_of(3, refuses=refused)) as settings, ImapMailbox(settings) as mailbox:
            got: list[int] = []
            with pytest.raises(RetryableError, match=f"does not give message {min(refused)}"):
                got.extend(message.uid for message in mailbox.fetch_after("INBOX", 0, limit=10))
        assert got == [u for u in (1, 2, 3) if u < min(refused)]

    @pytest.mark.parametrize(("exists", "uid_next"), [(3, 4), (0, 1)])
    def test_a_server_without_uidnext_is_asked_for_its_last_uid(self, exists: int, uid_next: int) -> None:
        script = {**_folder_of(3), "EXAMINE": [b"* %d EXISTS" % exists, b"* OK [UIDVALIDITY 7] x", b"OK done"]}
        with scripted(script) as settings, ImapMailbox(settings) as mailbox:
            assert mailbox.status("INBOX") == (7, uid_next)

    def test_a_server_without_uidvalidity_cannot_be_used(self) -> None:
        script = {"EXAMINE": [b"* 3 EXISTS", b"* OK [UIDNEXT 4] x", b"OK done"]}
        with scripted(script) as settings, ImapMailbox(settings) as mailbox:
            with pytest.raises(PermanentError, match="gives no UIDVALIDITY"):
                mailbox.status("INBOX")

    @pytest.mark.parametrize("answer", [b"* SEARCH one two", b"* SEARCH 1 (2", b'* SEARCH "1'])
    def test_an_answer_that_makes_no_sense_may_make_sense_later(self, answer: bytes) -> None:
        script = {**_folder_of(3), "UID SEARCH": [answer, b"OK done"]}
        with scripted(script) as settings, ImapMailbox(settings) as mailbox, pytest.raises(RetryableError):
            list(mailbox.fetch_after("INBOX", 0, limit=10))

    def test_a_folder_that_is_refused_for_now_is_not_missing(self) -> None:
        with scripted({"EXAMINE": [b"NO [UNAVAILABLE] try later"]}) as settings, ImapMailbox(settings) as mailbox:
            with pytest.raises(RetryableError, match="cannot be opened for now"):
                mailbox.status("INBOX")


def _everything_said(error: BaseException | None) -> str:
    said = ""
    while error is not None:
        said += f"{error!r} {error} "
        error = error.__cause__ or error.__context__
    return said


EVERY_SERVER = {"CAPABILITY": [b"* CAPABILITY IMAP4rev1", b"OK done"]}
Script = Mapping[str, "list[bytes] | Callable[[str], list[bytes]]"]


def _folder_of(count: int, *, refuses: set[int] = frozenset()) -> Script:  # type: ignore[assignment]
    """The answers of a server with one folder of `count` messages, which fails on some as Exchange does."""

    def fetch(command: str) -> list[bytes]:
        uids = [int(u) for u in command.split()[2].split(",")]
        if "RFC822.SIZE" in command:
            return [*(b"* %d FETCH (UID %d RFC822.SIZE 6)" % (u, u) for u in uids), b"OK done"]
        if refuses & set(uids):
            return [b"NO Server error while fetching messages"]
        date = b'INTERNALDATE "02-Mar-2026 08:30:00 +0100"'
        return [*(b"* %d FETCH (UID %d %s BODY[]<0> {6}\r\nmail %d)" % (u, u, date, u) for u in uids), b"OK done"]

    def search(command: str) -> list[bytes]:
        low, _, high = command.split()[-1].replace("*", str(count)).partition(":")
        found = [u for u in range(1, count + 1) if int(low) <= u <= int(high or low)]
        return [b"* SEARCH " + b" ".join(b"%d" % u for u in found), b"OK done"]

    selected = [b"* %d EXISTS" % count, b"* OK [UIDVALIDITY 7] x", b"* OK [UIDNEXT %d] x" % (count + 1), b"OK done"]
    return {"EXAMINE": selected, "UID SEARCH": search, "UID FETCH": fetch}


@contextmanager
def scripted(script: Script) -> Iterator[ImapSettings]:
    """A server for one connection that answers each command by its script ("" hangs up), and else with OK."""

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rwb") as lines:
            lines.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
            lines.flush()
            for line in lines:
                tag, _, command = line.decode().strip().partition(" ")
                name = re.match(r"(UID )?\S+", command.upper())
                answer = script.get(name[0] if name else "", EVERY_SERVER.get(command.upper(), [b"OK done"]))
                said = answer(command) if callable(answer) else answer
                if said == [b""]:
                    return
                lines.write(b"".join(b"%s\r\n" % one for one in said[:-1]) + b"%s %s\r\n" % (tag.encode(), said[-1]))
                lines.flush()
                if name and name[0] == "LOGOUT":
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield ImapSettings(host="127.0.0.1", port=listening.getsockname()[1], user="u", password="p", tls=False)
        thread.join(5)


@contextmanager
def cut_after(upstream: int, count: int) -> Iterator[int]:
    """A port that leads to `upstream` for one connection, and cuts it once so many bytes came back."""

    def forward(source: socket.socket, target: socket.socket, left: float) -> None:
        try:
            while left > 0 and (content := source.recv(min(4096, int(min(left, 4096))))):
                target.sendall(content)
                left -= len(content)
        except OSError:
            return
        finally:
            for one in (source, target):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def serve(listening: socket.socket) -> None:
        inner, _ = listening.accept()
        outer = socket.create_connection(("127.0.0.1", upstream))
        threading.Thread(target=forward, args=(inner, outer, float("inf")), daemon=True).start()
        forward(outer, inner, count)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]
