"""Write a client's mail as its mail program would: quoting ours its own way, in the thread, from its own clock."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime, formataddr, parseaddr
from hashlib import sha256
from zoneinfo import ZoneInfo

_DAYS = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")
_MONTHS = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
_NUMBER = re.compile(r"\bFK-\d{5}\b")


@dataclass(frozen=True, kw_only=True)
class Received:
    """One of our mails as the client has it before its eyes."""

    subject: str
    sender: str
    sender_name: str
    reply_to: str
    message_id: str
    references: str
    text: str
    sent_at: datetime
    to: str
    numbers: tuple[str, ...]  # our invoice numbers that it names


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail to send: who writes with which program, and what. `headers` come on top of the usual ones."""

    words: str
    name: str
    email: str
    program: str = "gmail"  # gmail, outlook, apple, phone, thunderbird, bare
    language: str = "fr"
    subject: str = ""  # a reply's own where it is left empty
    headers: Mapping[str, str] = field(default_factory=dict)
    envelope: str = ""  # who hands it in, where that is not the sender: a forger


def read_received(raw: bytes) -> Received:
    message = BytesParser(policy=policy.default).parsebytes(raw)
    name, address = parseaddr(str(message["From"]))
    body = message.get_body(("plain",))
    text = body.get_content().replace("\r\n", "\n") if body else ""
    sent_at = message["Date"].datetime
    return Received(
        subject=str(message["Subject"]), sender=address, sender_name=name,
        reply_to=parseaddr(str(message["Reply-To"] or message["From"]))[1], message_id=str(message["Message-ID"]),
        references=str(message["References"] or ""), text=text, sent_at=sent_at,
        to=parseaddr(str(message["To"]))[1], numbers=tuple(dict.fromkeys(_NUMBER.findall(text))),
    )  # fmt: skip


def write_letter(letter: Letter, mail: Received | None, *, to: str, at: datetime, zone: str) -> bytes:
    """The bytes of a letter; with `mail` it answers that one, else it begins a conversation of its own."""
    here = at.astimezone(ZoneInfo(zone))
    message = EmailMessage(policy=policy.SMTP)
    message["Date"] = format_datetime(here)
    message["From"] = formataddr((letter.name, letter.email))
    message["To"] = mail.reply_to if mail else to
    message["Subject"] = letter.subject or (_answering(mail.subject, letter) if mail else "")
    seed = f"{letter.email}{at.isoformat()}{letter.words}"
    message["Message-ID"] = f"<{sha256(seed.encode()).hexdigest()[:24]}@{letter.email.rpartition('@')[2]}>"
    if mail:
        message["In-Reply-To"] = mail.message_id
        message["References"] = f"{mail.references} {mail.message_id}".strip()
    for name, value in letter.headers.items():
        message[name] = value
    quoted = _quote(mail, letter, here) if mail else ""
    message.set_content(letter.words + quoted, cte="quoted-printable")
    if letter.program in ("gmail", "outlook") and mail:
        message.add_alternative(_as_html(letter, mail, here), subtype="html", cte="quoted-printable")
    return message.as_bytes()


def _answering(subject: str, letter: Letter) -> str:
    if re.match(r"(?i)(re|tr)\s?:", subject):
        return subject
    return f"{'RE' if letter.program == 'outlook' else 'Re'}: {subject}"


def _quote(mail: Received, letter: Letter, here: datetime) -> str:
    """Our mail below the client's words, as each program does it."""
    if letter.program == "bare":
        return ""
    if letter.program == "outlook":
        return "\n\n" + "\n".join(_outlook_head(mail, letter, here)) + "\n\n" + mail.text
    quoted = "\n".join(f"> {line}".rstrip() for line in mail.text.rstrip().split("\n"))
    sent = "\n\nEnvoyé de mon iPhone" if letter.program == "phone" and letter.language == "fr" else ""
    return f"{sent}\n\n{_line_above(mail, letter, here)}\n\n{quoted}\n"


def _line_above(mail: Received, letter: Letter, here: datetime) -> str:
    on = mail.sent_at.astimezone(here.tzinfo)
    who = f"{mail.sender_name} <{mail.sender}>"
    if letter.language == "en":
        return f"On {on:%a, %d %b %Y} at {on:%H:%M}, {who} wrote:"
    if letter.program == "thunderbird":
        return f"Le {on:%d/%m/%Y} à {on:%H:%M}, {mail.sender_name} a écrit :"
    if letter.program in ("apple", "phone"):
        return f"Le {on.day} {_MONTHS[on.month - 1]} {on.year} à {on:%H:%M}, {who} a écrit :"
    return f"Le {_DAYS[on.weekday()]} {on.day} {_MONTHS[on.month - 1]} {on.year} à {on:%H:%M}, {who} a écrit :"


def _outlook_head(mail: Received, letter: Letter, here: datetime) -> list[str]:
    on = mail.sent_at.astimezone(here.tzinfo)
    if letter.language == "en":
        return [
            "________________________________",
            f"From: {mail.sender_name} <{mail.sender}>",
            f"Sent: {on:%d %B %Y %H:%M}",
            f"To: {letter.name} <{mail.to}>",
            f"Subject: {mail.subject}",
        ]
    return [
        "________________________________",
        f"De\u00a0: {mail.sender_name} <{mail.sender}>",
        f"Envoyé\u00a0: {_DAYS[on.weekday()]} {on.day} {_MONTHS[on.month - 1]} {on.year} {on:%H:%M}",
        f"À\u00a0: {letter.name} <{mail.to}>",
        f"Objet\u00a0: {mail.subject}",
    ]


def _as_html(letter: Letter, mail: Received, here: datetime) -> str:
    own = "".join(f"<div>{html.escape(line) or '<br>'}</div>" for line in letter.words.split("\n"))
    theirs = "<br>\n".join(html.escape(line) for line in mail.text.split("\n"))
    if letter.program == "outlook":
        head = "<br>\n".join(html.escape(line) for line in _outlook_head(mail, letter, here)[1:])
        return (
            f'<html><body><div>{own}</div><hr tabindex="-1" style="display:inline-block;width:98%">'
            f'<div id="divRplyFwdMsg" dir="ltr">{head}</div><div>{theirs}</div></body></html>\n'
        )
    above = html.escape(_line_above(mail, letter, here))
    return (
        f'<div dir="ltr">{own}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{above}<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{theirs}</blockquote></div>\n'
    )
