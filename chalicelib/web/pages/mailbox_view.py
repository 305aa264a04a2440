"""One mail as the page shows it: its words in pieces, the evidence among them, its files. Everything is plain text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from chalicelib.errors import PermanentError
from chalicelib.ports import MailRecord, Parts
from chalicelib.reading import InboundMessage, Unreadable, parse

LARGEST_SHOWN = 8_000_000
"""Bytes of a mail that a page takes apart; a larger one is downloaded."""

LONGEST_SHOWN = 40_000
"""Characters of a mail's text on a page."""

SNIPPET = 160


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A run of the client's words, and what it is evidence of: names of intents and facts, none for plain words."""

    text: str
    what: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class File:
    """An attached file as its sender named it. `number` counts from 1 within the mail."""

    number: int
    name: str
    size: int
    kind: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What of a mail is shown besides its record. `why`: it could not be taken apart."""

    text: str = ""
    cut: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    files: tuple[File, ...] = ()
    why: str = ""


def pieces(words: str, evidence: Iterable[Mapping[str, Any]]) -> list[Piece]:
    """The words cut at every border of evidence. Spans may overlap, lie in one another, or be plainly wrong."""
    spans = [span for one in evidence if one.get("where", "body") == "body" and (span := _span(words, one))]
    borders = sorted({0, len(words), *(start for start, _, _ in spans), *(end for _, end, _ in spans)})
    found: list[Piece] = []
    for start, end in pairwise(borders):
        what = tuple(sorted({name for a, b, name in spans if a <= start and end <= b}))
        if found and found[-1].what == what:
            found[-1] = Piece(text=found[-1].text + words[start:end], what=what)
        else:
            found.append(Piece(text=words[start:end], what=what))
    return [piece for piece in found if piece.text]


def shown(parts: Parts, mail: MailRecord) -> Shown:
    """The mail from the archive, taken apart; in words where it cannot be."""
    if not mail.size:
        return Shown(why="empty")
    if mail.size > LARGEST_SHOWN:
        return Shown(why="large")
    try:
        message = parse(parts.archive.get(mail.archive))
    except Unreadable:
        return Shown(why="unreadable")
    except PermanentError:
        return Shown(why="gone")
    return Shown(
        text=message.text[:LONGEST_SHOWN],
        cut=len(message.text) > LONGEST_SHOWN,
        headers=tuple(_headers(message)),
        files=tuple(
            File(number=n, name=one.name or f"{n}", size=len(one.content), kind=one.content_type)
            for n, one in enumerate(message.attachments, 1)
        ),
    )


def attached(parts: Parts, mail: MailRecord, number: int) -> tuple[str, str]:
    """(key, name) of one attached file, put beside the mail so that it can be downloaded by itself."""
    message = parse(parts.archive.get(mail.archive))
    if not 1 <= number <= len(message.attachments):
        raise PermanentError(f"mail {mail.id} has no file {number}")
    one = message.attachments[number - 1]
    key = f"attachments/{mail.id}/{number}"
    parts.archive.put_once(key, one.content, content_type="application/octet-stream")
    return key, safe_name(one.name) or f"{number}"


def safe_name(name: str) -> str:
    """A file's name as a person may save it: no folders, no control characters, not endless."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in bare if c.isprintable()).strip(" .")[-120:]


def snippet(mail: MailRecord) -> str:
    words = " ".join(str(mail.reading.get("own_words") or "").split())
    return words if len(words) <= SNIPPET else f"{words[: SNIPPET - 1]}…"


def _span(words: str, one: Mapping[str, Any]) -> tuple[int, int, str] | None:
    """Where the evidence stands; looked for again where the words were cut or are others."""
    said, start, end = str(one.get("words") or ""), one.get("start"), one.get("end")
    fits = isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(words)
    if fits and words[start:end][:500] == said[:500]:
        return int(str(start)), int(str(end)), str(one.get("what") or "")
    at = words.find(said) if said.strip() else -1
    return (at, at + len(said), str(one.get("what") or "")) if at >= 0 else None


def _headers(message: InboundMessage) -> Sequence[tuple[str, str]]:
    def people(found: Iterable[tuple[str, str]]) -> str:
        return ", ".join(f"{name} <{address}>" if name else address for name, address in found)[:500]

    told = [("From", people(message.from_addresses)), ("Reply-To", people(message.reply_to))]
    told += [(name, (message.header(name) or "")[:500]) for name in ("To", "Cc", "Date", "Message-ID")]
    told += [("Authentication-Results", result[:500]) for result in message.auth_results[:1]]
    return [(name, value) for name, value in told if value]
