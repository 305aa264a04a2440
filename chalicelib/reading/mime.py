# ruff: noqa: E501  (one row of a table of phrases is one line)
"""Bytes of a mail → InboundMessage: mail-parser gives the structure, this module guards and repairs.

Everything is bounded before anything is parsed: 1,200 nested parts or 500 nested
comments in To exhaust the parsers' recursion, a parameter list of quotes is
quadratic, and none of them raises something that a caller would expect.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime
from types import MappingProxyType

import mailparser
import mailparser.core
import mailparser.utils
from mailparser.exceptions import MailParserError
from mailparser.utils import get_addresses

from chalicelib.reading.html_text import visible_text
from chalicelib.reading.model import DEFAULT_CAPS, Address, Attachment, Caps, InboundMessage, Unreadable
from chalicelib.reading.winmail import Unpacked, is_winmail, unpack

for _module in (mailparser.core, mailparser.utils):
    _module.log.disabled = True  # it would write senders' words into our logs

_TOKEN = re.compile(r"\+([a-z2-7]{26})@", re.ASCII)
_ID = re.compile(r"<[^<>\s]{1,900}>")
_CONTAINER = re.compile(rb"(?im)^content-type:[ \t]*(?:\r?\n[ \t]+)?(?:multipart|message)/")
_LONG_FIELD = re.compile(rb"(?im)^content-[a-z-]{1,40}:[^\n]{20000}")
_FOLDED_FIELD = re.compile(rb"(?im)^content-[a-z-]{1,40}:[^\n]*\n(?:[ \t][^\n]*\n){300}")
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")

_COMMENT_DEPTH = 20
_MAX_CONTAINERS = 100  # twice a walk's recursion stays far below the interpreter's limit
_MAX_DASH_LINES = 5000  # each may be a boundary
_MAX_HEADERS = 2000
_MAX_ATTACHED_MESSAGES = 20
_RECIPIENT_HEADERS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to")


def parse(raw: bytes, *, caps: Caps = DEFAULT_CAPS) -> InboundMessage:
    """Decode one mail. Raises Unreadable, and nothing else, for what is too big, too deep or broken."""
    refused = _too_much(raw, caps)
    if refused:
        raise _unreadable(raw, refused)
    guarded = _tame_headers(raw, caps)
    try:
        try:
            parsed = mailparser.parse_from_bytes(guarded)
        except MessageError:  # an encoded word in a header is damaged: the headers are taken as they stand
            parsed = mailparser.parse_from_bytes(_without_encoded_words(guarded))
        return _message(parsed.message, caps, size=len(raw), nested=0)
    except (MailParserError, MessageError, RecursionError) as error:
        raise _unreadable(raw, f"the parser gave up: {type(error).__name__}") from error
    except _TooDeep as error:
        raise _unreadable(raw, str(error)) from error
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError, OverflowError) as error:
        # The parsers raise these on crafted or damaged input; the mail is set aside with what is known.
        raise _unreadable(raw, f"damaged beyond repair: {type(error).__name__}: {error}"[:200]) from error


def _without_encoded_words(raw: bytes) -> bytes:
    """The mail with '=?' taken apart in its own headers, so that no parser decodes them."""
    end = _BLANK_LINE.search(raw)
    cut = end.start() if end else len(raw)
    return raw[:cut].replace(b"=?", b"= ?") + raw[cut:]


class _TooDeep(Exception):
    pass


def _too_much(raw: bytes, caps: Caps) -> str | None:
    """Why this is not even parsed; None if it may be."""
    if len(raw) > caps.message_bytes:
        return f"{len(raw)} bytes, more than {caps.message_bytes}"
    if len(_top_headers(raw)) > caps.header_bytes:
        return f"the header alone exceeds {caps.header_bytes} bytes"
    if sum(1 for _ in _CONTAINER.finditer(raw)) > _MAX_CONTAINERS:
        return f"more than {_MAX_CONTAINERS} nested parts"
    if raw.count(b"\n--") > _MAX_DASH_LINES:
        return f"more than {_MAX_DASH_LINES} possible boundaries"
    if _LONG_FIELD.search(raw) or _FOLDED_FIELD.search(raw):
        return "a MIME field of extreme length"
    return None


def _top_headers(raw: bytes) -> bytes:
    if raw[:1] in (b"\n", b"\r"):
        return b""
    end = _BLANK_LINE.search(raw)
    return raw[: end.start()] if end else raw


def _tame_headers(raw: bytes, caps: Caps) -> bytes:
    """Cut endless header lines and flatten deep comments in the top header block; the body stays as it is."""
    head = _top_headers(raw)
    if b"\x00" not in head and head.count(b"(") <= _COMMENT_DEPTH and len(head) <= caps.header_line_bytes:
        return raw
    fields: list[bytes] = []
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] += b"\n" + line
        else:
            fields.append(line)
    tame = []
    for one in fields[:_MAX_HEADERS]:
        one = one.replace(b"\x00", b"")
        if len(one) > caps.header_line_bytes:
            one = one[: caps.header_line_bytes].rstrip(b"\r\n")
        if _comment_depth(one) > _COMMENT_DEPTH:
            one = one.replace(b"(", b" ").replace(b")", b" ")
        tame.append(one)
    return b"\n".join(tame) + raw[len(head) :]


def _comment_depth(field: bytes) -> int:
    depth = deepest = 0
    for byte in field:
        if byte == 0x28:
            depth += 1
            deepest = max(deepest, depth)
        elif byte == 0x29 and depth:
            depth -= 1
    return deepest


def _unreadable(raw: bytes, reason: str) -> Unreadable:
    known: dict[str, str] = {}
    for line in _top_headers(raw[:100_000])[:50_000].splitlines()[:400]:
        found = _FIELD.match(line)
        if found:
            name = found[1].decode("ascii").lower()
            if name in ("from", "subject", "message-id"):
                known.setdefault(name, header_text(line[found.end() :][:1000].decode("ascii", "surrogateescape")))
    return Unreadable(
        reason, sender=known.get("from"), subject=known.get("subject"), message_id=known.get("message-id")
    )


def _message(message: Message, caps: Caps, *, size: int, nested: int) -> InboundMessage:
    raw: list[tuple[str, str]] = []
    headers: dict[str, tuple[str, ...]] = {}
    defects: list[str] = []
    for name, value in list(message.raw_items())[:_MAX_HEADERS]:
        name, text = name.lower(), str(value)
        raw.append((name, text))
        decoded = header_text(text)
        if name in ("subject", "from", "reply-to", "to") and any(c in decoded for c in "\r\n\x00"):
            defects.append(f"control characters inside {name}")
        headers[name] = (*headers.get(name, ()), _CONTROL.sub(" ", decoded).strip())

    def addresses(name: str) -> tuple[Address, ...]:
        found: list[Address] = []
        for key, text in raw:
            if key == name:
                found.extend(_addresses(text, caps))
        return tuple(dict.fromkeys(found))[: caps.addresses]

    if len(headers.get("from", ())) > 1:
        defects.append("several From headers")
    parts = _parts(message, caps, nested, defects)
    delivered = tuple(a for name in _RECIPIENT_HEADERS[2:] for a in addresses(name))
    to, cc = addresses("to"), addresses("cc")
    own_id = _ID.search(_first(headers, "message-id"))
    reply_id = _ID.search(_first(headers, "in-reply-to"))
    text = _better(parts, defects)
    return InboundMessage(
        message_id=own_id[0] if own_id else None,
        in_reply_to=reply_id[0] if reply_id else None,
        references=tuple(_ID.findall(_first(headers, "references")))[-100:],
        from_addresses=addresses("from"),
        reply_to=addresses("reply-to"),
        to=to,
        cc=cc,
        delivered_to=delivered,
        tokens=tuple(dict.fromkeys(t for _, a in (*to, *cc, *delivered) for t in _TOKEN.findall(a.lower()))),
        subject=_first(headers, "subject")[:2000],
        sent_at=_instant(_first(headers, "date")),
        text=_without_long_runs(text[: caps.text_chars]),
        plain=_without_long_runs(parts.text[: caps.text_chars]),
        html=parts.html[: caps.text_chars * 3],
        html_text=_without_long_runs(parts.html_text[: caps.text_chars]),
        attachments=tuple(parts.attachments),
        attached_messages=tuple(parts.messages),
        report=tuple(parts.report),
        report_type=parts.report_type,
        returned_headers=parts.returned_headers[:20_000],
        headers=MappingProxyType(headers),
        auth_results=headers.get("authentication-results", ()),
        size=size,
        defects=tuple(dict.fromkeys(defects)),
    )


def _better(parts: _Parts, defects: list[str]) -> str:
    """The HTML's visible words where they are there: unwrapped lines, whole tables, nothing hidden. Else the plain part."""
    if not parts.html_text.strip():
        return parts.text
    plain, shown = _words(parts.text), _words(parts.html_text)
    if plain and shown and len(plain & shown) < 0.5 * min(len(plain), len(shown)) and min(len(plain), len(shown)) >= 6:
        defects.append("plain and HTML differ")
    if len(parts.html_text.strip()) < 0.4 * len(parts.text.strip()):
        return parts.text
    return parts.html_text


def _without_long_runs(text: str) -> str:
    # Sixty thousand blanks say what forty say, but whatever steps over blanks from each of them pays their square.
    text = re.sub(r"[^\S\n]{41,}", " " * 40, text)
    text = re.sub(r"(?:[^\S\n]{0,40}\n){9,}", "\n" * 8, text)
    return re.sub(r"([^\w\s]|_)\1{99,}", lambda run: run[1] * 99, text)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{4,}", text[:20_000].lower()))


_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def _first(headers: Mapping[str, tuple[str, ...]], name: str) -> str:
    return headers.get(name, ("",))[0]


def header_text(value: str) -> str:
    """A header value as words: folded lines joined, raw 8-bit letters and encoded words decoded, NFC not forced."""
    value = re.sub(r"\r?\n(?=[ \t])", "", value)
    try:
        octets = value.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        octets = value.encode("utf-8", "replace")
    if not octets.isascii():
        value = _decode(octets, None)[0]
    if "=?" not in value:
        return value.strip()
    out = []
    try:
        for chunk, charset in decode_header(value):
            out.append(_decode(chunk, charset)[0] if isinstance(chunk, bytes) else chunk)
    except (ValueError, LookupError, AssertionError, MessageError):  # binascii.Error is a ValueError
        return value.strip()
    return "".join(out).strip()


def _addresses(raw: str, caps: Caps) -> list[Address]:
    """Mailboxes of one address header; a display name with a bare comma stays one mailbox."""
    try:
        octets = raw.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        octets = raw.encode("utf-8", "replace")
    text = re.sub(r"[\r\n\x00]+", " ", _decode(octets, None)[0])
    if text.count("@") > caps.addresses:
        text = ",".join(text.split(",")[: caps.addresses])
    try:
        pairs = get_addresses(text, decode_names=False)
    except (ValueError, IndexError, RecursionError, TypeError, AttributeError):
        pairs = []
    found = []
    for name, address in pairs:
        if "@" not in address:
            continue
        local, _, domain = address.strip().rpartition("@")
        found.append((_CONTROL.sub(" ", header_text(name)).strip(), f"{local}@{domain.lower()}"))
    if (
        len(found) == 1
        and text.count("<") == 1
        and "," in text.partition("<")[0]
        and '"' not in text
        and "@" not in text.partition("<")[0]
    ):
        found = [(_CONTROL.sub(" ", header_text(text.partition("<")[0])).strip(), found[0][1])]
    if not found and text.count("<") == 1 and text.count("@") >= 1:
        # "Hansen & Vogt, Zahlungen <x@y>" and the like: one angle address is one mailbox.
        bare = re.search(r"<\s*([^<>\s@]{1,200}@[^<>\s@]{1,200})\s*>", text)
        if bare:
            found.append((header_text(text[: bare.start()]), bare[1]))
    return found


def _instant(value: str) -> datetime | None:
    """The Date header in its own zone; '-0000' and a missing zone count as UTC."""
    if not value or len(value) > 200:
        return None
    try:
        at = parsedate_to_datetime(re.sub(r"\([^()]*\)", " ", value))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return at if 1990 <= at.year <= 2200 else None


class _Parts:
    """What the walk over the parts collects."""

    def __init__(self) -> None:
        self.text = ""
        self.html = ""
        self.html_text = ""
        self.attachments: list[Attachment] = []
        self.messages: list[InboundMessage] = []
        self.report: list[Mapping[str, str]] = []
        self.report_type: str | None = None
        self.returned_headers = ""


def _parts(message: Message, caps: Caps, nested: int, defects: list[str]) -> _Parts:
    parts = _Parts()
    for count, part in enumerate(_walk(message, 0, caps.depth), 1):
        if count > caps.parts:
            raise _TooDeep(f"more than {caps.parts} parts")
        kind = part.get_content_type()
        if kind.startswith("message/"):
            _attached_message(part, kind, parts, caps, nested, defects)
        elif not part.is_multipart():
            _leaf(part, kind, parts, caps, defects)
        if part is message and kind == "multipart/report":
            parts.report_type = str(part.get_param("report-type") or "").lower() or None
    if parts.html:
        parts.html_text = visible_text(parts.html[: caps.text_chars * 3])
    return parts


def _walk(part: Message, depth: int, deepest: int) -> Iterator[Message]:
    """Parts in order, without stepping into attached mails."""
    if depth > deepest:
        raise _TooDeep(f"parts nested more than {deepest} deep")
    yield part
    if part.is_multipart() and not part.get_content_type().startswith("message/"):
        for child in part.get_payload():
            if isinstance(child, Message):
                yield from _walk(child, depth + 1, deepest)


def _attached_message(part: Message, kind: str, parts: _Parts, caps: Caps, nested: int, defects: list[str]) -> None:
    payload = part.get_payload()
    children = [p for p in payload if isinstance(p, Message)] if isinstance(payload, list) else []
    if kind in ("message/delivery-status", "message/global-delivery-status", "message/disposition-notification"):
        groups = children
        if not groups:
            groups = _groups(_body_text(part, defects))
        for group in groups[:200]:
            fields = {k.lower(): header_text(str(v)) for k, v in list(group.raw_items())[:100]}
            if fields:
                parts.report.append(MappingProxyType(fields))
        parts.report_type = parts.report_type or kind.partition("/")[2]
        return
    if nested >= 3 or len(parts.messages) >= _MAX_ATTACHED_MESSAGES:
        defects.append("attached mails too deep or too many")
        return
    for child in children[:1]:
        parts.messages.append(_message(child, caps, size=0, nested=nested + 1))


def _groups(text: str) -> list[Message]:
    from email.parser import HeaderParser

    return [HeaderParser().parsestr(g) for g in re.split(r"\n\s*\n", text.strip())[:50]]


def _leaf(part: Message, kind: str, parts: _Parts, caps: Caps, defects: list[str]) -> None:
    name = _file_name(part)
    disposition = part.get_content_disposition()
    if disposition != "attachment" and kind == "text/plain" and not (name and parts.text.strip()):
        body = _body_text(part, defects)
        if name and not body.strip():
            return
        parts.text = f"{parts.text}\n{body}" if parts.text.strip() else body
        return
    if disposition != "attachment" and kind == "text/html" and not name:
        body = _body_text(part, defects)
        parts.html = f"{parts.html}\n{body}" if parts.html else body
        return
    if kind == "text/rfc822-headers":
        parts.returned_headers = _body_text(part, defects)
        return
    if len(parts.attachments) >= caps.attachments:
        defects.append("attachments left out")
        return
    content = part.get_payload(decode=True)
    content = content if isinstance(content, bytes) else b""
    if name is None and not content:
        return
    if is_winmail(kind, name or ""):
        unpacked = unpack(
            content, most_files=caps.attachments - len(parts.attachments), most_chars=caps.attachment_chars
        )
        if unpacked is not None and (unpacked.text.strip() or unpacked.files):
            _unpacked(unpacked, parts)
            return
        defects.append("winmail.dat not opened")
    parts.attachments.append(_attachment(name or f"part.{kind.partition('/')[2]}", kind, content))


def _unpacked(unpacked: Unpacked, parts: _Parts) -> None:
    """The packed words where the mail has none of its own; the packed files as if they had been attached."""
    if not parts.text.strip():
        parts.text = unpacked.text
    for name, content in unpacked.files:
        parts.attachments.append(_attachment(_CONTROL.sub(" ", name), "application/octet-stream", content))


def _attachment(name: str, kind: str, content: bytes) -> Attachment:
    return Attachment(name=name, content_type=kind, content=content, sha256=hashlib.sha256(content).hexdigest())


def _file_name(part: Message) -> str | None:
    try:
        name = part.get_filename()
    except (ValueError, TypeError, LookupError):
        name = None
    if name is None:
        return None
    return _CONTROL.sub(" ", header_text(name))[:255]


def _body_text(part: Message, defects: list[str]) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    for defect in part.defects:
        kind = type(defect).__name__
        if "Base64" in kind:
            defects.append("damaged text encoding")
    try:
        charset = part.get_content_charset()
    except (ValueError, LookupError, TypeError, AttributeError):
        charset = None
    text, certain = _decode(content, charset)
    if not certain:
        defects.append("uncertain characters")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


# What senders call ISO-8859-1 or ASCII is Windows-1252 wherever the two differ.
_REALLY = {
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
}
_REFUSED = frozenset(
    {"utf-7", "utf7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "base64", "hex", "zip"}
)


def _decode(content: bytes, charset: str | None) -> tuple[str, bool]:
    """Bytes as text, and whether that is certain. Valid UTF-8 beyond ASCII is UTF-8, whatever the label says."""
    name = (charset or "").strip().strip("\"'").lower().replace("_", "-")
    if content.isascii() and not name.startswith(("utf-16", "utf-32", "iso-2022", "hz")):
        return content.decode("ascii"), True
    if not name.startswith(("utf-16", "utf-32")):
        try:
            return content.decode("utf-8"), True
        except UnicodeDecodeError:
            pass
    if name in _REFUSED:
        name = ""
    real = _REALLY.get(name, name)
    if real and real != "utf-8":
        try:
            text = content.decode(real)
            if isinstance(text, str) and not any(0xD800 <= ord(c) <= 0xDFFF for c in text[:5000]):
                return text, True
        except (UnicodeError, LookupError, ValueError, TypeError):
            pass
    as_utf8 = content.decode("utf-8", "replace")
    broken = as_utf8.count("\ufffd")
    high = sum(1 for b in content if b >= 0x80)
    if name in ("utf-8", "utf8") and broken * 4 < high:
        return as_utf8, False  # mostly UTF-8 with a few damaged letters
    return content.decode("cp1252", "replace"), broken * 10 < len(content)
