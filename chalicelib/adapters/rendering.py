"""Write the mail of a notice: the message's words by Jinja2 templates, its transfer code, its enclosures.

A template is three files in `templates/email/<language>/`: `<template>-subject.j2`, `<template>-body-text.j2` and
`<template>-body-html.j2`. The text holds the words once, as blocks of plain paragraphs; the HTML file takes the
same blocks into the HTML layout. So both say the same, and an author edits one place.
"""

from __future__ import annotations

import hashlib
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup

from chalicelib.adapters import rendering_mime as mime
from chalicelib.adapters import rendering_words as words
from chalicelib.adapters.rendering_mime import Enclosure
from chalicelib.adapters.rendering_qr import png
from chalicelib.domain.creditor import Creditor
from chalicelib.domain.debtor_file import DebtorFile, Notice
from chalicelib.domain.message import Kind, Line, Message, compose
from chalicelib.errors import BadInput, PermanentError
from chalicelib.ports import Archive

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
"""Beside app.py, in the source tree as in the Lambda."""

ATTACHED_LARGEST_BYTES = 5_000_000
"""Enclosures weigh a third more on their way, and many companies' servers end at 10 MB."""

_SUBJECT_LONGEST = 180
_REFERENCES_MOST = 20
_TEXT_WIDTH = 76


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A message in words, before it becomes a mail."""

    subject: str
    text: str
    html: str


class TemplateWriter:
    """A NoticeWriter. One is enough for a process: templates are compiled once."""

    def __init__(self, archive: Archive, *, templates: Path = TEMPLATES) -> None:
        self._archive = archive
        self._folder = templates / "email"
        self._environments: dict[tuple[str, bool], jinja2.Environment] = {}

    def write(self, file: DebtorFile, notice: Notice, creditor: Creditor, *, today: date, at: datetime) -> bytes:
        """The mail as RFC 5322 bytes. BadInput: an address, a template or the notice itself cannot be used."""
        message = compose(file, notice, creditor, today=today)
        addresses = _Addresses.of(notice, creditor, message)
        attached, left_out = self._documents(message, notice)
        code = _code(message, addresses)
        rendered = self.render(
            message,
            content_id=code[0].content_id if code else "",
            attached=[file.name for file in attached],
            left_out=left_out,
        )
        return mime.mail(
            _headers(message, notice, addresses, rendered.subject, at),
            text=rendered.text,
            html=rendered.html,
            shown=code,
            attached=attached,
            seed=addresses.seed,
        )

    def render(
        self, message: Message, *, content_id: str = "", attached: Sequence[str] = (), left_out: bool = False
    ) -> Rendered:
        """The words of a message. `attached` names its enclosures; `left_out`: they would have been too heavy."""
        values = {
            "message": message,
            "content_id": content_id,
            "attached": attached,
            "left_out": left_out,
        }
        subject = self._render(message, "subject", values, html=False)
        if message.language != "fr":  # a subject is one line anyway, and plain ASCII travels as it is
            subject = subject.replace(words.NBSP, " ")
        return Rendered(
            subject=_shortened(_one_line(subject), _SUBJECT_LONGEST),
            text=tidy(self._render(message, "body-text", values, html=False)),
            html=dense(self._render(message, "body-html", values, html=True)),
        )

    def templates(self, language: str) -> frozenset[str]:
        """The names that a step of a policy may give as its template in this language."""
        ending = "-subject.j2"
        return frozenset(path.name.removesuffix(ending) for path in (self._folder / language).glob(f"*{ending}"))

    def _render(self, message: Message, part: str, values: dict[str, Any], *, html: bool) -> str:
        name = f"{message.language}/{message.template}-{part}.j2"
        try:
            return self._environment(message.language, html=html).get_template(name).render(values)
        except jinja2.TemplateNotFound as error:
            raise BadInput(
                f"templates/email/{error.name}", "there is no such template", "write it, or name another in the policy"
            ) from error
        except jinja2.TemplateError as error:
            raise BadInput(f"templates/email/{name}", str(error), "correct the template") from error

    def _environment(self, language: str, *, html: bool) -> jinja2.Environment:
        """Made when first needed: to compile what a cold start does not use would be most of it."""
        key = (language, html)
        if key not in self._environments:
            self._environments[key] = environment(self._folder, language, html=html)
        return self._environments[key]

    def _documents(self, message: Message, notice: Notice) -> tuple[list[Enclosure], bool]:
        """The documents of what is asked, and whether they were left out for their weight: all or none."""
        found: list[Enclosure] = []
        letter = self._letter(message)
        for line in message.documents:
            try:
                content = self._archive.get(line.document)
            except PermanentError:
                continue  # the reminder matters more than the copy, and says what it encloses
            found.append(_document(line, content, message.language, {file.name for file in found}))
            if sum(len(file.content) for file in (*letter, *found)) > ATTACHED_LARGEST_BYTES:
                found = []
                break
        left_out = bool(message.documents) and not found
        if message.kind is Kind.DOCUMENT_SENT and not message.documents:
            raise BadInput(f"notice {notice.id}", "no document is on file for its invoices", "file them first")
        return letter + found, left_out

    def _letter(self, message: Message) -> list[Enclosure]:
        """The letter that the mail speaks of. Without it there is no mail: PermanentError."""
        if message.letter is None:
            return []
        content = self._archive.get(message.letter.key)
        if hashlib.sha256(content).hexdigest() != message.letter.sha256:
            raise PermanentError(f"{message.letter.key} is not the letter that was printed")
        stem = "mise-en-demeure" if message.language == "fr" else "formal-notice"
        name = mime.file_name(f"{stem}-{message.letter.id}", ".pdf")
        return [Enclosure(name=name, content_type="application/pdf", content=content)]


@dataclass(frozen=True, kw_only=True)
class _Addresses:
    """The checked addresses of a mail, and the seed of its ids: its token, else its notice's id."""

    sender: str
    reply_to: str
    to: str
    cc: tuple[str, ...]
    seed: str

    @property
    def domain(self) -> str:
        return self.reply_to.rpartition("@")[2]

    @classmethod
    def of(cls, notice: Notice, creditor: Creditor, message: Message) -> _Addresses:
        local, _, domain = creditor.mailbox.rpartition("@")
        reply_to = f"{local}+{notice.token}@{domain}" if notice.token else creditor.mailbox
        if message.internal:  # colleagues answer each other; a bounce still comes back by the envelope
            reply_to = message.persona.email
        where = f"notice {notice.id}"
        to = mime.checked_address(notice.to, f"{where}, recipient")
        cc = [mime.checked_address(address, f"{where}, copy") for address in notice.cc]
        return cls(
            sender=mime.checked_address(message.persona.email, f"{where}, sender"),
            reply_to=mime.checked_address(reply_to, f"{where}, mailbox for replies"),
            to=to,
            cc=tuple(dict.fromkeys(address for address in cc if address.lower() != to.lower())),
            seed=re.sub(r"[^A-Za-z0-9.-]", "-", notice.token or notice.id),
        )


def _headers(
    message: Message, notice: Notice, addresses: _Addresses, subject: str, at: datetime
) -> list[tuple[str, str]]:
    sender = f"{message.persona.name} ({message.creditor.name})" if message.persona.name else message.creditor.name
    thread = message.thread[:1] + message.thread[1:][-_REFERENCES_MOST:]
    headers = [
        ("Date", format_datetime(at.astimezone(ZoneInfo(message.creditor.zone)))),
        ("From", mime.mailbox(sender, addresses.sender)),
        ("Reply-To", addresses.reply_to),
        ("To", mime.mailbox(message.addressee, addresses.to)),
        ("Cc", mime.mailboxes(addresses.cc)),
        ("Subject", mime.unstructured(subject)),
        ("Message-ID", f"<relance.{addresses.seed}@{addresses.domain}>"),
        ("In-Reply-To", mime.message_ids(thread[-1:])),
        ("References", mime.message_ids(thread)),
        # RFC 3834: no program must answer this as if a person had written it. Absences are wanted all the same, for
        # the day of return they name and the replacement, and so are the rules that say "I have left": Exchange
        # goes by the second header, and OOF and AutoReply are therefore not in it.
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "DR, RN, NRN"),
        ("Content-Language", message.language),
    ]
    return [(name, value) for name, value in headers if value]


def _code(message: Message, addresses: _Addresses) -> list[Enclosure]:
    """The picture of the transfer's QR code, where the transfer can have one."""
    if not message.transfer_code:
        return []
    return [
        Enclosure(
            name="virement.png" if message.language == "fr" else "transfer.png",
            content_type="image/png",
            content=png(message.transfer_code),
            content_id=f"transfer.{addresses.seed}@{addresses.domain}",
        )
    ]


def _document(line: Line, content: bytes, language: str, taken: set[str]) -> Enclosure:
    suffix, content_type = _kind_of(content)
    stem = f"{'facture' if language == 'fr' else 'invoice'}-{line.number}"
    name = mime.file_name(stem, suffix)
    if name in taken:  # two numbers that differ in letters a file name cannot have
        name = mime.file_name(f"{len(taken) + 1}-{stem}", suffix)
    return Enclosure(name=name, content_type=content_type, content=content)


def _kind_of(content: bytes) -> tuple[str, str]:
    """Suffix and content type, by the first bytes: archive keys need not end in what they hold."""
    if content.startswith(b"%PDF"):
        return ".pdf", "application/pdf"
    if content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<?xml"):
        return ".xml", "application/xml"
    return "", "application/octet-stream"


def environment(folder: Path, language: str, *, html: bool) -> jinja2.Environment:
    loader: jinja2.BaseLoader = jinja2.FileSystemLoader(folder)
    made = jinja2.Environment(
        loader=_FrenchLoader(folder) if language == "fr" else loader,
        autoescape=html,  # noqa: S701 — a plain text shows what would be escaped
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=False,
    )
    made.globals.update(
        layout="layout.html.j2" if html else "layout.text.j2",
        language=language,
        payment_link=words.payment_link,
    )
    made.filters.update(
        amount=partial(words.amount, language=language),
        day=partial(words.day, language=language),
        days=partial(words.days, language=language),
        short_day=partial(words.short_day, language=language),
        listing=partial(words.listing, language=language),
        count=words.count,
        figure=partial(words.figure, language=language),
        whole=partial(words.whole, language=language),
        dialled=words.dialled,
        iban=words.iban,
        unbroken=words.unbroken,
        strong=_strong_html if html else str,
        paragraphs=_paragraphs_html if html else _paragraphs_text,
    )
    made.globals["say"] = made.get_template(f"{language}/labels.j2").module
    return made


class _FrenchLoader(jinja2.FileSystemLoader):
    """Puts French no-break spaces into the templates of French mails as they are read."""

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        source, name, is_current = super().get_source(environment, template)
        return (words.french_spacing(source) if template.startswith("fr/") else source), name, is_current


def _strong_html(value: object) -> Markup:
    return Markup("<strong>{}</strong>").format(value)


def _paragraphs_html(value: Markup) -> Markup:
    """Blank lines part paragraphs; lines that begin with "- " are a list."""
    pieces = []
    for block in _blocks(str(value)):
        if block[0].startswith("- "):
            items = "".join(f"<li>{item}</li>" for item in _items(block))
            pieces.append(f'<ul class="list">{items}</ul>')
        else:
            pieces.append(f"<p>{' '.join(block)}</p>")
    return Markup("\n".join(pieces))  # noqa: S704 — the blocks were escaped as they were rendered


def _paragraphs_text(value: str) -> str:
    pieces = []
    for block in _blocks(value):
        if block[0].startswith("- "):
            pieces.append("\n".join(_filled(f"- {item}", "  ") for item in _items(block)))
        else:
            pieces.append(_filled(" ".join(block)))
    return "\n\n".join(pieces)


def _blocks(value: str) -> list[list[str]]:
    blocks = re.split(r"\n[ \t]*\n", value.strip())
    return [[line.strip() for line in block.splitlines() if line.strip()] for block in blocks if block.strip()]


def _items(block: list[str]) -> list[str]:
    return [line.removeprefix("- ") for line in block]


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(text, _TEXT_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def tidy(text: str) -> str:
    """No trailing blanks, no more than one empty line in a row, one newline at the end."""
    lines = [line.rstrip(" \t") for line in text.split("\n")]
    kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
    return "\n".join(kept).strip("\n") + "\n"


def dense(html: str) -> str:
    return "\n".join(line for line in html.split("\n") if line.strip()) + "\n"


def _one_line(text: str) -> str:
    """`str.split` would take the no-break spaces for blanks."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip(" ")


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
