"""Mail by SMTP leaves at most once: what broke before the final dot is tried again, what broke after it is not."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.adapters.smtp import SmtpOutbox, SmtpSettings
from chalicelib.errors import AddressRefused, OutcomeUnknown, PermanentError, Refused, RetryableError, Throttled
from infra.local.mailserver import PASSWORD, MailServer
from infra.local.ports import LOOPBACK, free_port

RAW = (
    b"From: a@acme.example\r\nTo: b@debtor.example\r\nMessage-ID: <relance.x@acme.example>\r\n\r\n"
    b"Bonjour\r\n.\r\n..deux points\r\n.fin\r\n"
)
TO = "b@debtor.example"
CC = "c@debtor.example"
SENDER = "a@acme.example"

CUT = "cut"


@dataclass
class Script:
    """What the server answers at a stage: a reply, or CUT; each counted down, then it behaves."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    taken: list[Envelope] = field(default_factory=list)
    sessions: int = 0

    def next(self, stage: str) -> str | None:
        waiting = self.answers.get(stage)
        return waiting.pop(0) if waiting else None


class ScriptedSmtp(SMTP):
    """aiosmtpd, misbehaving as told at each stage of the dialogue."""

    def __init__(self, script: Script, **options: Any) -> None:
        self._script = script
        super().__init__(script, hostname="mx.test", **options)

    async def _handle_client(self) -> None:
        self._script.sessions += 1
        if answer := self._script.next("greeting"):
            if answer != CUT:
                await self.push(answer)
            assert self.transport is not None
            self.transport.close()
            return
        await super()._handle_client()

    async def _misbehaves(self, stage: str) -> bool:
        answer = self._script.next(stage)
        if answer == CUT:
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.abort()
        elif answer:
            await self.push(answer)
        return answer is not None

    async def smtp_MAIL(self, arg: str) -> None:
        if not await self._misbehaves("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str) -> None:
        if not await self._misbehaves(f"rcpt {arg[4:-1]}") and not await self._misbehaves("rcpt"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if await self._misbehaves("data"):
            return
        if answer := self._script.next("middle"):
            await self.push("354 go ahead")
            assert answer == CUT
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.abort()
            return
        await super().smtp_DATA(arg)

    async def push(self, status: Any) -> None:
        # The reply to the whole mail is the one after handle_DATA took it.
        if getattr(self, "_dotted", False):
            self._dotted = False
            answer = self._script.next("dot")
            if answer == CUT:
                assert isinstance(self.transport, asyncio.Transport)
                self.transport.abort()
                return
            status = answer or status
        await super().push(status)


class Handler:
    """Keeps what the server took."""

    def __init__(self, script: Script) -> None:
        self.script = script

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        self.script.taken.append(envelope)
        server._dotted = True
        return "250 2.0.0 Ok: queued"


@contextmanager
def server(script: Script, **options: Any) -> Iterator[int]:
    class Ours(Controller):
        def factory(self) -> SMTP:
            smtp = ScriptedSmtp(script, **options)
            smtp.event_handler = Handler(script)
            smtp._handle_hooks = {"DATA": smtp.event_handler.handle_DATA}
            return smtp

    controller = Ours(Handler(script), hostname=LOOPBACK, port=free_port())
    controller.start()
    script.sessions = 0  # the controller knocked once to see whether it is up
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def outbox(script: Script) -> Iterator[SmtpOutbox]:
    with server(script) as port:
        outbox = SmtpOutbox(SmtpSettings(host=LOOPBACK, port=port, security="none", timeout_seconds=5))
        yield outbox
        outbox.close()


def send(outbox: SmtpOutbox, raw: bytes = RAW, *recipients: str) -> str:
    return outbox.send(raw, sender=SENDER, recipients=recipients or (TO, CC), tags={"notice": "n"})


def test_a_mail_arrives_byte_for_byte_for_everybody_and_keeps_its_id(outbox: SmtpOutbox, script: Script) -> None:
    assert send(outbox) == "<relance.x@acme.example>"
    (mail,) = script.taken
    assert mail.original_content == RAW
    assert (mail.mail_from, mail.rcpt_tos) == (SENDER, [TO, CC])


def test_one_connection_serves_a_batch(outbox: SmtpOutbox, script: Script) -> None:
    for _ in range(25):
        send(outbox)
    assert (len(script.taken), script.sessions) == (25, 1)


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_a_temporary_refusal_leaves_the_mail_due_and_the_connection_good(
    outbox: SmtpOutbox, script: Script, stage: str
) -> None:
    script.answers[stage] = ["451 4.7.1 greylisted"]
    with pytest.raises(Throttled, match=r"451 4\.7\.1 greylisted"):
        send(outbox)
    assert script.taken == []
    send(outbox)
    assert (len(script.taken), script.sessions) == (1, 1)


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_a_refusal_for_good_sends_nothing_and_leaves_the_connection_good(
    outbox: SmtpOutbox, script: Script, stage: str
) -> None:
    script.answers[stage] = ["550 5.7.1 not from you"]
    with pytest.raises(Refused, match=r"550 5\.7\.1 not from you") as refusal:
        send(outbox)
    assert not isinstance(refusal.value, AddressRefused)
    send(outbox)
    assert (len(script.taken), script.sessions) == (1, 1)


@pytest.mark.parametrize(
    ("reply", "dead"),
    [
        ("550 5.1.1 user unknown", True),
        ("550-5.1.1 The email account\r\n550 5.1.1 does not exist", True),
        ("553 5.1.3 bad address syntax", True),
        ("556 5.1.10 the domain takes no mail", True),
        ("552 5.2.2 mailbox full", False),
        ("550 5.7.1 blocked by policy, see 5.1.1.1", False),
        ("550 no", False),
    ],
)
def test_only_an_address_that_nobody_has_counts_as_dead(
    outbox: SmtpOutbox, script: Script, reply: str, dead: bool
) -> None:
    script.answers["rcpt"] = [reply]
    with pytest.raises(Refused) as refusal:
        send(outbox)
    assert isinstance(refusal.value, AddressRefused) is dead


def test_the_sender_s_own_address_never_kills_the_debtor_s(outbox: SmtpOutbox, script: Script) -> None:
    script.answers["mail"] = ["550 5.1.1 unknown sender"]
    with pytest.raises(Refused) as refusal:
        send(outbox)
    assert not isinstance(refusal.value, AddressRefused)


@pytest.mark.parametrize("reply", ["550 5.1.1 user unknown", "451 4.2.1 later"])
def test_a_refused_copy_does_not_hold_the_mail_back(
    outbox: SmtpOutbox, script: Script, reply: str, caplog: pytest.LogCaptureFixture
) -> None:
    script.answers[f"rcpt {CC}"] = [reply]
    with caplog.at_level(logging.WARNING):
        send(outbox)
    assert script.taken[0].rcpt_tos == [TO]
    assert CC in caplog.text


def test_a_refused_recipient_is_not_made_good_by_its_copies(outbox: SmtpOutbox, script: Script) -> None:
    script.answers[f"rcpt {TO}"] = ["550 5.1.1 user unknown"]
    with pytest.raises(AddressRefused):
        send(outbox)
    assert script.taken == []


@pytest.mark.parametrize("stage", ["greeting", "mail", "rcpt", "data"])
@pytest.mark.parametrize("answer", [CUT, "421 4.3.2 going down"])
def test_a_connection_that_breaks_before_the_mail_leaves_it_due(
    outbox: SmtpOutbox, script: Script, stage: str, answer: str
) -> None:
    script.answers[stage] = [answer]
    with pytest.raises(Throttled):
        send(outbox)
    assert script.taken == []
    send(outbox)
    assert len(script.taken) == 1


@pytest.mark.parametrize("answer", [CUT, "421 4.4.2 idle for too long"])
def test_a_kept_connection_that_the_server_closed_is_opened_again_unseen(
    outbox: SmtpOutbox, script: Script, answer: str
) -> None:
    send(outbox)
    script.answers["mail"] = [answer]
    send(outbox)
    assert (len(script.taken), script.sessions) == (2, 2)


def test_it_opens_again_once_only(outbox: SmtpOutbox, script: Script) -> None:
    send(outbox)
    script.answers["mail"] = [CUT, CUT]
    with pytest.raises(Throttled, match="hung up before it took the mail"):
        send(outbox)
    assert (script.taken[1:], script.sessions) == ([], 2)


def test_a_break_in_the_middle_of_a_large_mail_leaves_it_due(outbox: SmtpOutbox, script: Script) -> None:
    script.answers["middle"] = [CUT]
    with pytest.raises(Throttled, match="in the middle of the mail"):
        send(outbox, RAW + b"x" * 70 + b"\r\n" + (b"y" * 76 + b"\r\n") * 200_000)
    assert script.taken == []


def test_a_reply_lost_after_the_final_dot_is_never_taken_for_a_failure(outbox: SmtpOutbox, script: Script) -> None:
    script.answers["dot"] = [CUT]
    with pytest.raises(OutcomeUnknown):
        send(outbox)
    assert len(script.taken) == 1  # it did leave: to send it again would be the second mail
    send(outbox)
    assert script.sessions == 2


def test_a_server_that_is_silent_after_the_final_dot_leaves_the_outcome_unknown(script: Script) -> None:
    class Slow(Handler):
        async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
            await asyncio.sleep(1.5)
            return "250 ok"

    controller = Controller(Slow(script), hostname=LOOPBACK, port=free_port())
    controller.start()
    try:
        outbox = SmtpOutbox(SmtpSettings(host=LOOPBACK, port=controller.port, security="none", timeout_seconds=0.4))
        with pytest.raises(OutcomeUnknown):
            send(outbox)
    finally:
        controller.stop()


@pytest.mark.parametrize(
    ("reply", "means"),
    [
        ("451 4.3.0 queue file write error", Throttled),
        ("421 4.3.2 shutting down", Throttled),
        ("454 Throttling failure: Maximum sending rate exceeded", Throttled),
        ("554 5.7.1 spam", Refused),
        ("354 what?", OutcomeUnknown),
    ],
)
def test_the_reply_to_the_whole_mail_decides(
    outbox: SmtpOutbox, script: Script, reply: str, means: type[Exception]
) -> None:
    script.answers["dot"] = [reply]
    with pytest.raises(means) as told:
        send(outbox)
    assert reply[4:] in str(told.value)
    assert isinstance(told.value, RetryableError) is (means is Throttled)


def test_nobody_listening_leaves_the_mail_due() -> None:
    outbox = SmtpOutbox(SmtpSettings(host=LOOPBACK, port=free_port(), security="none", timeout_seconds=2))
    with pytest.raises(Throttled, match=f"mail server {LOOPBACK}"):
        send(outbox)


@pytest.mark.parametrize(
    "address", ["é@x.example", "a b@x.example", "a@x.example>\r\nRCPT TO:<z@y.example", "", "<a@b>"]
)
def test_an_address_that_would_break_the_dialogue_never_enters_it(
    outbox: SmtpOutbox, script: Script, address: str
) -> None:
    for recipients in ((address,), (TO, address)):
        with pytest.raises(Refused):
            send(outbox, RAW, *recipients)
    assert script.sessions == 0


def test_a_security_that_nobody_knows_is_refused_at_the_start() -> None:
    with pytest.raises(PermanentError, match="write starttls, tls or none"):
        SmtpOutbox(SmtpSettings(host="x", security="ssl"))


# Encryption and login


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the loopback that nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


def login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, secret: Any) -> AuthResult:
    right = isinstance(secret, LoginPassword) and secret.password == b"right-and-secret"
    return AuthResult(success=right, handled=right)


def test_it_encrypts_and_logs_in_before_it_says_anything(certificate: Path, script: Script) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    options = {
        "tls_context": context, "require_starttls": True, "authenticator": login, "auth_required": True,
    }  # fmt: skip
    with server(script, **options) as port:
        settings = SmtpSettings(
            host=LOOPBACK, port=port, user="relance", password="right-and-secret", tls_verify=False, timeout_seconds=5
        )
        outbox = SmtpOutbox(settings)
        send(outbox)
        outbox.close()
    assert script.taken[0].original_content == RAW


def test_a_server_that_cannot_prove_itself_gets_no_mail(certificate: Path, script: Script) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with server(script, tls_context=context) as port:
        outbox = SmtpOutbox(SmtpSettings(host=LOOPBACK, port=port, timeout_seconds=5))
        with pytest.raises(Throttled, match="certificate verify failed"):
            send(outbox)
    assert script.taken == []


def test_a_server_without_encryption_gets_no_mail_where_it_was_asked_for(script: Script) -> None:
    with server(script) as port:
        outbox = SmtpOutbox(SmtpSettings(host=LOOPBACK, port=port, timeout_seconds=5))
        with pytest.raises(Throttled, match="STARTTLS"):
            send(outbox)
    assert script.taken == []


def test_a_wrong_password_leaves_the_mail_due_and_is_never_quoted(
    mailserver: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    settings = SmtpSettings(
        host=mailserver.host, port=mailserver.smtp_port, user="u", password="wrong-and-secret", security="none"
    )
    with pytest.raises(Throttled, match="refuses the login of u: 535") as told:
        send(SmtpOutbox(settings))
    assert "wrong-and-secret" not in str(told.value) + caplog.text + repr(settings)
    assert told.value.__cause__ is None


def test_the_embedded_mail_server_takes_loses_and_refuses_as_told(mailserver: MailServer) -> None:
    outbox = SmtpOutbox(
        SmtpSettings(host=mailserver.host, port=mailserver.smtp_port, user="u", password=PASSWORD, security="none")
    )
    gone, lost, fine = "gone@smtp-test.example", "lost@smtp-test.example", "fine@smtp-test.example"
    mailserver.refuse(gone)
    mailserver.lose_reply(lost)
    with pytest.raises(AddressRefused):
        send(outbox, RAW, gone)
    with pytest.raises(OutcomeUnknown):
        send(outbox, RAW, lost)
    assert send(outbox, RAW, fine) == "<relance.x@acme.example>"
    for address, mails in ((gone, 0), (lost, 1), (fine, 1)):
        assert len([d for d in mailserver.deliveries() if d.recipients == (address,)]) == mails
    outbox.close()


@pytest.mark.parametrize(
    ("host", "reply", "message_id"),
    [
        ("email-smtp.eu-west-3.amazonaws.com", "Ok 0107018f-aa-00000", "<0107018f-aa-00000@eu-west-3.amazonses.com>"),
        ("email-smtp.us-east-1.amazonaws.com", "Ok 0100018f-aa-00000", "<0100018f-aa-00000@email.amazonses.com>"),
        ("email-smtp-fips.us-west-2.api.aws", "Ok 0101018f-aa-00000", "<0101018f-aa-00000@us-west-2.amazonses.com>"),
        ("email-smtp.eu-west-3.amazonaws.com", "queued", "<relance.x@acme.example>"),
        ("smtp.acme.example", "Ok 0107018f-aa-00000", "<relance.x@acme.example>"),
    ],
)  # fmt: skip
def test_amazon_s_servers_put_their_own_id_and_say_so(host: str, reply: str, message_id: str) -> None:
    assert SmtpOutbox(SmtpSettings(host=host))._message_id(RAW, reply) == message_id
