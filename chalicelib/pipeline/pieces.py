"""Write pieces of a debtor's file into a ZIP, with an index of their SHA-256, and a read-me that names what is missing.

The same pieces give the same bytes: nothing is dated by the clock. They are copied through temporary files, and the
next few are fetched meanwhile: an archive answers in its own time, and a file may have hundreds. A large mail is never
held in memory.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from chalicelib.domain.creditor import Creditor
from chalicelib.domain.debtor_file import DebtorFile
from chalicelib.errors import BadInput, PermanentError
from chalicelib.ports import Archive

HELD_IN_MEMORY_BYTES = 4_000_000
FETCHED_AT_ONCE = 8
NAME_LONGEST = 80


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """What the ZIP holds: number of files (index and read-me not counted), and what is missing, in words."""

    files: int
    missing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One file to be. `key` is where its bytes are archived, or `content` them; else `missing` says why there are none.

    `suffix` empty: by the first bytes.
    """

    folder: str
    stem: str
    what: str
    on: date | None = None
    suffix: str = ""
    key: str = ""
    content: bytes = b""
    missing: str = ""
    sha256: str = ""  # as the journal has it, where it has


@dataclass(frozen=True, kw_only=True)
class Bound:
    """How much may be put together while somebody waits for it."""

    pieces: int
    bytes: int


class TooLarge(BadInput):
    """There is more than the bound allows: it is put together where nobody waits."""


class PieceZip:
    """The ZIP being written, its index, and what is missing. Above `bound` it is given up with TooLarge."""

    def __init__(
        self, to: BinaryIO, archive: Archive, words: Mapping[str, Any], *, language: str, at: datetime,
        bound: Bound | None = None,
    ) -> None:  # fmt: skip
        self._zip = ZipFile(to, "w", ZIP_DEFLATED)
        self._archive, self._words, self._language, self._at = archive, words, language, at
        self._bound, self._bytes = bound, 0
        self._rows: list[list[str]] = []
        self._names: set[str] = set()
        self._missing: list[str] = []

    def add(self, pieces: Iterable[Piece]) -> None:
        """Add them in their order."""
        pieces = list(pieces)
        if self._bound and len(pieces) > self._bound.pieces:
            self._zip.close()
            raise TooLarge("pieces", f"there are {len(pieces)}, and {self._bound.pieces} may be")
        ahead: deque[tuple[Piece, Future[IO[bytes] | None]]] = deque()
        with ThreadPoolExecutor(FETCHED_AT_ONCE) as workers:
            try:
                for piece in pieces:
                    ahead.append((piece, workers.submit(self._fetched, piece)))
                    if len(ahead) == FETCHED_AT_ONCE:
                        self._add(*ahead.popleft())
                while ahead:
                    self._add(*ahead.popleft())
            except BaseException:
                for _, coming in ahead:
                    if not coming.cancel():
                        coming.add_done_callback(_let_go)
                self._zip.close()  # while its target is open: left to itself it would write to it later
                raise

    def _fetched(self, piece: Piece) -> IO[bytes] | None:
        """A piece's bytes, to be read from their begin; None where there are none, or the archive has lost them."""
        if piece.missing:
            return None
        held = SpooledTemporaryFile(max_size=HELD_IN_MEMORY_BYTES)  # noqa: SIM115 — closed by whoever copies it
        try:
            if piece.key:
                self._archive.fetch(piece.key, held)  # type: ignore[arg-type]
            else:
                held.write(piece.content)
        except PermanentError:
            held.close()
            return None
        except BaseException:
            held.close()
            raise
        return held

    def _add(self, piece: Piece, coming: Future[IO[bytes] | None]) -> None:
        on, held = piece.on.isoformat() if piece.on else "", coming.result()
        if held is None:
            return self._lacks(piece, on, piece.missing or self._words["is missing"])
        with held:
            size = held.tell()
            self._bytes += size
            if self._bound and self._bytes > self._bound.bytes:
                raise TooLarge("bytes", f"there are over {self._bound.bytes}")
            held.seek(0)
            name = self._name(piece, held.read(1024))
            held.seek(0)
            digest = self._copy(name, held)
            remark = self._words["altered"] if piece.sha256 not in ("", digest) else ""
            self._rows.append([name, piece.what, on, str(size), digest, remark])
            if remark:
                self._missing.append(f"{piece.what}: {remark}")
        return None

    def close(self, file: DebtorFile, creditor: Creditor) -> Assembled:
        index = table([self._words["columns"], *self._rows], self._language)
        about = self._words["about"].format(
            creditor=creditor.name, debtor=file.debtor.name, id=file.id, on=self._at.date().isoformat(),
            files=len(self._names), missing=len(self._missing),
        )  # fmt: skip
        if self._missing:
            about += self._words["lacks"] + "".join(f"- {line}\r\n" for line in self._missing)
        files = len(self._names)
        for name, content in (("index.csv", index), (self._words["readme"], b"\xef\xbb\xbf" + about.encode())):
            self._copy(name, io.BytesIO(content))
        self._zip.close()
        return Assembled(files=files, missing=tuple(self._missing))

    def _lacks(self, piece: Piece, on: str, why: str) -> None:
        remark = self._words["missing"].format(why)
        self._rows.append(["", piece.what, on, "", "", remark])
        self._missing.append(f"{piece.what}: {why}")

    def _copy(self, name: str, source: IO[bytes]) -> str:
        """Write an entry; its SHA-256."""
        info = ZipInfo(name, self._at.timetuple()[:6])
        info.compress_type = ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        digest = hashlib.sha256()
        with self._zip.open(info, "w", force_zip64=True) as target:
            while block := source.read(1 << 20):
                digest.update(block)
                target.write(block)
        return digest.hexdigest()

    def _name(self, piece: Piece, head: bytes) -> str:
        stem, suffix = _safe(piece.stem), piece.suffix or _suffix_of(head)
        name, count = f"{piece.folder}/{stem}{suffix}", 1
        while name.lower() in self._names:  # file systems that fold case must not lose one
            count += 1
            name = f"{piece.folder}/{stem}-{count}{suffix}"
        self._names.add(name.lower())
        return name


def _let_go(coming: Future[IO[bytes] | None]) -> None:
    """Close what was fetched ahead and nobody copies any more."""
    held = None if coming.exception() else coming.result()
    if held:
        held.close()


def keys_of(archive: Archive, kind: str, debtor_id: str) -> Iterator[str]:
    """The keys of this debtor alone: another's id may begin with this one's and a slash."""
    prefix = f"{kind}/{debtor_id}/"
    return (key for key in archive.keys(prefix) if "/" not in key.removeprefix(prefix))


def stem_of(key: str) -> str:
    return key.rpartition("/")[2].rpartition(".")[0] or key.rpartition("/")[2]


def _safe(stem: str) -> str:
    """A name that no system reads as a path or a device: letters, digits, dots within, dashes."""
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+|\.(?=\.)|^[.-]+", "-", plain).strip(".-_")[:NAME_LONGEST] or "piece"


def _suffix_of(head: bytes) -> str:
    if head.startswith(b"%PDF"):
        return ".pdf"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<?xml"):
        return ".xml"
    if head.startswith(b"\x89PNG"):
        return ".png"
    return ".jpg" if head.startswith(b"\xff\xd8\xff") else ".bin"


def table(rows: Iterable[Iterable[str]], language: str) -> bytes:
    """CSV as a spreadsheet of that language opens it: UTF-8 with its mark, `;` in French, no cell a formula."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if language == "fr" else ",", lineterminator="\r\n")
    writer.writerows([_inert(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def _inert(cell: str) -> str:
    """One line that a spreadsheet shows and does not reckon; numbers of our own stay numbers."""
    line = re.sub(r"[\x00-\x1f\x7f]+", " ", cell)
    return f"'{line}" if re.match(r"\s*[=+\-@|%＝＋－＠]", line) else line
