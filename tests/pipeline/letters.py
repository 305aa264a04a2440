"""Clients' mails for tests: written by keyword, delivered to the mailbox, collected and read as in production."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

from chalicelib.pipeline.apply_replies import apply_reply
from chalicelib.pipeline.collect_mail import collect_mail
from chalicelib.pipeline.remind import remind
from tests.pipeline.desk import Program
from tests.sample import CREDITOR, case, file_of, paris

REMINDED = paris("2026-03-12")
AT = paris("2026-03-13", "09:30")
PAUL = "paul@garage-morel.example"
_numbers: Iterator[int] = count(1)


def reminded(program: Program, *cases: object) -> str:
    """Garage Morel owes F1 and has been reminded of it; gives the token of that notice."""
    program.see(REMINDED)
    program.put(file_of(*(cases or (case("F1", "2026-03-10"),))), paris("2026-03-11"))  # type: ignore[arg-type]
    remind(program.parts, "C001", at=REMINDED)
    (notice,) = program.file().notices.values()
    return notice.token


def letter(
    text: str, *, sender: str = PAUL, token: str = "", subject: str = "Re: rappel", vouched: bool = True, **headers: str
) -> bytes:
    """A client's mail; `vouched` by the receiving server that the creditor trusts. Header names with _ for -."""
    local, _, domain = CREDITOR.mailbox.partition("@")
    seal = f"Authentication-Results: {CREDITOR.authserv_id}; dmarc=pass header.from={sender.rpartition('@')[2]}"
    lines = [
        *([seal] if vouched else []),
        f"From: {sender}",
        f"To: {local}+{token}@{domain}" if token else f"To: {CREDITOR.mailbox}",
        f"Subject: {subject}",
        f"Message-ID: <{next(_numbers)}@mail.example>",
        "Date: Fri, 13 Mar 2026 09:00:00 +0100",
        "Content-Type: text/plain; charset=utf-8",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]  # fmt: skip
    return "\r\n".join([*lines, "", text, ""]).encode()


def arrive(program: Program, *raws: bytes, folder: str = "INBOX", at: datetime = AT) -> list[str]:
    """Deliver, collect and read; what was made of each mail that the queue handed over."""
    program.mailbox.received_at = at - timedelta(minutes=5)
    for raw in raws:
        program.mailbox.deliver(raw, folder)
    collect_mail(program.parts, at=at)
    return [apply_reply(program.parts, body["mail_id"], at=at) for body in program.mail_queue.take()]


def bounce(to: str = PAUL, *, status: str = "5.1.1", original: str = "", full: bool = False, reason: str = "") -> bytes:
    """A delivery status notification with the headers of the original, or (`full`) the whole of it."""
    kind = "message/rfc822" if full else "text/rfc822-headers"
    return (
        f"From: MAILER-DAEMON@mx.debtor.test\r\nTo: {CREDITOR.mailbox}\r\nSubject: Undelivered Mail\r\n"
        f"Message-ID: <bounce{next(_numbers)}@mx.debtor.test>\r\nDate: Fri, 13 Mar 2026 09:00:00 +0100\r\n"
        f"Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        f"--b\r\n\r\nThis is the mail system. Your message could not be delivered.\r\n"
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.debtor.test\r\n\r\n"
        f"Final-Recipient: rfc822; {to}\r\nAction: failed\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {reason or f'550 {status} user unknown'}\r\n\r\n"
        f"--b\r\nContent-Type: {kind}\r\n\r\n{original}\r\n\r\n--b--\r\n"
    ).encode()
