"""Hand mails to an SMTP server (RFC 5321), each at most once, over one connection kept for many.

The moment that counts is the final dot: before it is sent no server may have taken the mail, and whatever breaks is
tried again later; from then on, until the reply is read, nobody knows. The standard library's `sendmail` does not
tell the two apart, so the dialogue is led here, command by command.
"""

from __future__ import annotations

import logging
import re
import smtplib
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.errors import AddressRefused, OutcomeUnknown, PermanentError, Refused, Throttled

log = logging.getLogger(__name__)

_LINE_START_DOT = re.compile(rb"(?m)^\.")
_MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]+@[\x21-\x3b\x3d\x3f-\x7e]+")
# RFC 3463: bad destination mailbox, system or syntax, moved, and (RFC 7505) a domain that takes no mail.
_NO_SUCH_ADDRESS = re.compile(r"^5\.1\.(?:1|2|3|6|10)(?![\d.])", re.MULTILINE)
_AMAZON = re.compile(r"email-smtp(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com|api\.aws)")
_AMAZON_ID = re.compile(r"\bok\s+([0-9A-Za-z-]{16,})", re.IGNORECASE)

_STARTTLS, _TLS, _PLAIN = "starttls", "tls", "none"


@dataclass(frozen=True, kw_only=True, repr=False)
class SmtpSettings:
    """Where and how. `security`: starttls (port 587), tls (port 465), or none, for a server on this machine."""

    host: str
    port: int = 587
    user: str = ""
    password: str = ""
    security: str = _STARTTLS
    tls_verify: bool = True
    timeout_seconds: float = 30


class SmtpOutbox:
    """An Outbox. Connects when it is first used and again when the server has hung up."""

    def __init__(self, settings: SmtpSettings) -> None:
        if settings.security not in (_STARTTLS, _TLS, _PLAIN):
            raise PermanentError(f"SMTP security {settings.security!r} is unknown: write starttls, tls or none")
        self._settings = settings
        self._session: smtplib.SMTP | None = None

    def send(self, raw: bytes, *, sender: str, recipients: Sequence[str], tags: Mapping[str, str]) -> str:
        """The Message-ID of the mail as it stands in `raw` (Amazon's servers put their own, given back instead).

        The first recipient decides: if the server refuses it, nothing is sent; a copy that is refused is
        logged and does without. SMTP has no place for `tags`.
        """
        for address in (sender, *recipients):
            if not _ADDRESS.fullmatch(address):
                raise Refused(f"{address[:80]!r} is no address that SMTP can carry")
        was_open = self._session is not None
        try:
            session = self._open(sender)
            self._envelope(session, raw, sender, recipients)
        except _HungUp as error:
            self.close()
            if not was_open:
                raise Throttled(f"{self._where}: hung up before it took the mail: {error}") from error
            # It had closed a connection that we kept: nothing was lost, and a new one is not a second attempt.
            session = self._open(sender)
            try:
                self._envelope(session, raw, sender, recipients)
            except _HungUp as again:
                self.close()
                raise Throttled(f"{self._where}: hung up before it took the mail: {again}") from again
        return self._deliver(session, raw)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    @property
    def _where(self) -> str:
        return f"mail server {self._settings.host}:{self._settings.port}"

    def _open(self, sender: str) -> smtplib.SMTP:
        """The connection that is open, or a new one, logged in."""
        if self._session is not None:
            return self._session
        settings = self._settings
        # Else smtplib asks the DNS for our own name, which can take seconds and gives away what is not public.
        name = sender.rpartition("@")[2]
        try:
            if settings.security == _TLS:
                session: smtplib.SMTP = smtplib.SMTP_SSL(
                    settings.host, settings.port, local_hostname=name,
                    timeout=settings.timeout_seconds, context=self._tls_context(),
                )  # fmt: skip
            else:
                session = smtplib.SMTP(
                    settings.host, settings.port, local_hostname=name, timeout=settings.timeout_seconds
                )
            try:
                if settings.security == _STARTTLS:
                    session.starttls(context=self._tls_context())
                session.ehlo_or_helo_if_needed()
                if settings.user:
                    session.login(settings.user, settings.password)
                if session.sock is None:
                    raise smtplib.SMTPServerDisconnected("the connection is closed")
                # The final dot goes by itself: held back for an acknowledgement it would cost 40 ms a mail.
                session.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except BaseException:
                session.close()
                raise
        except smtplib.SMTPAuthenticationError as error:
            # Not this mail's fault: it stays due until somebody puts the login right.
            raise Throttled(f"{self._where}: refuses the login of {settings.user}: {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise Throttled(f"{self._where}: cannot be used: {error}") from error
        self._session = session
        return session

    def _tls_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if not self._settings.tls_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _envelope(self, session: smtplib.SMTP, raw: bytes, sender: str, recipients: Sequence[str]) -> None:
        """Everything up to the server's "354, go ahead". Nothing is sent yet, whatever breaks here."""
        size = [f"size={len(raw)}"] if session.has_extn("size") else []
        self._expect(250, session, f"MAIL FROM:<{sender}>{''.join(f' {o}' for o in size)}")
        self._expect(250, session, f"RCPT TO:<{recipients[0]}>", address=recipients[0])
        for copy in recipients[1:]:
            code, words = _command(session, f"RCPT TO:<{copy}>")
            if code // 100 != 2:
                log.warning("%s refuses the copy to %s: %s %s", self._where, copy, code, words)
        self._expect(354, session, "DATA")

    def _expect(self, wanted: int, session: smtplib.SMTP, line: str, *, address: str = "") -> None:
        code, words = _command(session, line)
        if code // 100 == wanted // 100:
            return
        told = f"{self._where} says to {line.split(':')[0]}: {code} {words}"
        try:
            _command(session, "RSET")
        except _HungUp:
            self.close()
        if code // 100 == 4:
            raise Throttled(told)
        if address and _NO_SUCH_ADDRESS.search(words):
            raise AddressRefused(told)
        raise Refused(told)

    def _deliver(self, session: smtplib.SMTP, raw: bytes) -> str:
        """The mail, the dot, the reply."""
        content = _LINE_START_DOT.sub(b"..", raw)
        try:
            session.send(content if content.endswith(b"\r\n") else content + b"\r\n")
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self.close()
            raise Throttled(f"{self._where}: broke off in the middle of the mail: {error}") from error
        try:
            session.send(b".\r\n")
            code, reply = session.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise OutcomeUnknown(f"{self._where}: no answer after the whole mail: {error}") from error
        words = reply.decode("utf-8", "replace")
        told = f"{self._where} says to the mail: {code} {words}"
        if code == 421:
            self.close()
        if code // 100 == 4:
            raise Throttled(told)
        if code // 100 == 5:
            raise Refused(told)
        if code // 100 != 2:
            self.close()
            raise OutcomeUnknown(told)
        return self._message_id(raw, words)

    def _message_id(self, raw: bytes, reply: str) -> str:
        amazon = _AMAZON.fullmatch(self._settings.host)
        if amazon and (given := _AMAZON_ID.search(reply)):
            region = "email" if amazon[1] == "us-east-1" else amazon[1]
            return f"<{given[1]}@{region}.amazonses.com>"
        ours = _MESSAGE_ID.search(raw.partition(b"\r\n\r\n")[0])
        return ours[1].decode("ascii") if ours else ""


class _HungUp(Exception):
    """The server closed the connection, or announced that it does (421), before the mail itself."""


def _command(session: smtplib.SMTP, line: str) -> tuple[int, str]:
    try:
        code, reply = session.docmd(line)
    except (smtplib.SMTPException, OSError) as error:
        raise _HungUp(str(error)) from error
    words = reply.decode("utf-8", "replace")
    if code == 421:
        raise _HungUp(f"421 {words}")
    return code, words
