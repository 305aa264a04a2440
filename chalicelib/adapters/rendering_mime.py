"""Put a mail into the form in which it travels: headers, alternatives, enclosures (RFC 5322, 2045–2047, 2387).

The headers are written here and not by the standard library, which encodes a long References as if it were prose
(nobody can thread by it then), decodes what merely looks encoded, and takes 150 ms for a name of 300 letters.
Every line that leaves is ASCII and at most 76 characters long where anything can be folded at all.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.errors import BadInput

_WORD_BYTES = 45  # 60 characters of Base64: an encoded word may have 75
_PLAIN_LONGEST = 60
_NAME_LONGEST = 120
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_ADDRESS = re.compile(
    r"(?=.{1,254}\Z)(?=[^@]{1,64}@)"
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?",
)
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,250}@[\x21-\x3b\x3d\x3f-\x7e]{1,250}>")
_UNSAFE_IN_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, kw_only=True)
class Enclosure:
    """A file that goes with a mail. With a content id it is shown inside the HTML (cid:…), else attached."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""


def mail(
    headers: Sequence[tuple[str, str]],
    *,
    text: str,
    html: str,
    shown: Sequence[Enclosure] = (),
    attached: Sequence[Enclosure] = (),
    seed: str,
) -> bytes:
    """One mail: `text` or `html` with what it shows, then what is attached. Header values come from this module.

    The boundaries are made of `seed`: the same notice gives the same bytes.
    """
    best = _part("text/html; charset=utf-8", "quoted-printable", _quoted_printable(html))
    if shown:
        best = _multipart('related; type="text/html"', [best, *map(_enclosed, shown)], boundary=f"=_related_{seed}")
    plain = _part("text/plain; charset=utf-8", "quoted-printable", _quoted_printable(text))
    body = _multipart("alternative", [plain, best], boundary=f"=_alternative_{seed}")
    if attached:
        body = _multipart("mixed", [body, *map(_enclosed, attached)], boundary=f"=_mixed_{seed}")
    head = "".join(f"{name}: {value}\r\n" for name, value in (*headers, ("MIME-Version", "1.0")))
    return head.encode("ascii") + body


def unstructured(text: str) -> str:
    """The value of a header of free text such as Subject; `text` is one line."""
    if text.isascii() and len(text) <= _PLAIN_LONGEST and "=?" not in text:
        return text
    return _encoded_words(text)


def mailbox(name: str, address: str) -> str:
    """The value for one person in From, To or Cc; `name` may be empty, and is cut where it is no name any more."""
    name = name if len(name) <= _NAME_LONGEST else name[: _NAME_LONGEST - 1] + "…"
    if not name:
        return address
    if name.isascii() and len(name) <= _PLAIN_LONGEST and "=?" not in name:
        quoted = name if _ATOMS.fullmatch(name) else '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
        fold = "\r\n " if len(quoted) + len(address) > _PLAIN_LONGEST else " "
        return f"{quoted}{fold}<{address}>"
    return f"{_encoded_words(name)}\r\n <{address}>"


def mailboxes(values: Sequence[str]) -> str:
    return ",\r\n ".join(values)


def message_ids(ids: Sequence[str]) -> str:
    """The value of References or In-Reply-To: one id a line. What is no message id is left out."""
    return "\r\n ".join(id_ for id_ in ids if _MESSAGE_ID.fullmatch(id_))


def checked_address(address: str, where: str) -> str:
    """The address itself if every mail server takes it, else BadInput.

    International addresses are refused: SES and many servers know neither SMTPUTF8 nor what to do with "é@".
    """
    if _ADDRESS.fullmatch(address):
        return address
    what = "has other letters than those of ASCII" if not address.isascii() else "is no e-mail address"
    raise BadInput(where, f"{address[:80]!r} {what}", "correct the contact's address")


def file_name(stem: str, suffix: str) -> str:
    """A name that every system takes, made of anything."""
    return f"{_UNSAFE_IN_FILE_NAME.sub('-', stem).strip('-.')[:60] or 'document'}{suffix}"


def _encoded_words(text: str) -> str:
    """RFC 2047, Base64, cut between characters, one word a line."""
    chunks: list[bytes] = [b""]
    for character in text:
        encoded = character.encode()
        if len(chunks[-1]) + len(encoded) > _WORD_BYTES:
            chunks.append(b"")
        chunks[-1] += encoded
    return "\r\n ".join(f"=?utf-8?b?{binascii.b2a_base64(chunk, newline=False).decode()}?=" for chunk in chunks)


def _part(content_type: str, encoding: str, body: bytes, *headers: str) -> bytes:
    head = [f"Content-Type: {content_type}", f"Content-Transfer-Encoding: {encoding}", *headers, "", ""]
    return "\r\n".join(head).encode("ascii") + body


def _multipart(subtype: str, parts: Sequence[bytes], *, boundary: str) -> bytes:
    """`=_` can stand in no quoted-printable text and in no Base64: the boundary never meets itself."""
    fence = f"\r\n--{boundary}".encode("ascii")
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n'.encode("ascii")
    return head + b"".join(fence + b"\r\n" + part for part in parts) + fence + b"--\r\n"


def _enclosed(file: Enclosure) -> bytes:
    disposition = "inline" if file.content_id else "attachment"
    headers = [f'Content-Disposition: {disposition};\r\n filename="{file.name}"']
    if file.content_id:
        headers.append(f"Content-ID: <{file.content_id}>")
    return _part(f'{file.content_type};\r\n name="{file.name}"', "base64", _base64(file.content), *headers)


def _quoted_printable(text: str) -> bytes:
    # In C, a hundred times faster than the standard library's encoder for mail bodies.
    return binascii.b2a_qp(text.encode(), istext=True).replace(b"\n", b"\r\n")


def _base64(content: bytes) -> bytes:
    lines = (content[start : start + 57] for start in range(0, len(content), 57))
    return b"".join(binascii.b2a_base64(line, newline=False) + b"\r\n" for line in lines)
