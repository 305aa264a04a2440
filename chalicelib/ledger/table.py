"""Read bytes as a table: its encoding, its separator, its header, then one row after the other with its line.

The bytes are read twice: once to see whether they are sound UTF-8 (or what they say they are), once to read rows, so
that a file of any size takes the same memory and nothing is decoded by trial and error half-way through.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from chalicelib.ledger.records import Finding

SEPARATORS = ",;\t|"
MAX_COLUMNS = 500
MAX_CELL = 20_000

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_NO_TABLES = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
}
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Encoding:
    name: str
    said: str  # in words, empty where it is plain UTF-8


@dataclass(frozen=True)
class Row:
    """The cells of one row and the line on which it begins."""

    line: int
    cells: list[str]


def find_encoding(source: BinaryIO, stated: str = "") -> Encoding | Finding:
    """What the bytes are: what a byte-order mark or the mapping says, else UTF-8 if they all are, else Windows-1252.

    Leaves the source at its beginning.
    """
    source.seek(0)
    head = source.read(4)
    for magic, kind in _NO_TABLES.items():
        if head.startswith(magic):
            return Finding(1, "", f"this is {kind}, no CSV file", "export the sheet as CSV (UTF-8)")
    marked = next((name for bom, name in _BOMS if head.startswith(bom)), "")
    if marked or stated:
        broken = _first_undecodable(source, marked or stated)
        if broken:
            remedy = "export it again as UTF-8"
            return Finding(broken, "", f"the file is no sound {marked or stated} from here on", remedy)
        said = "" if marked == "utf-8-sig" else f"read as {marked or stated}"
        return Encoding(marked or stated, said)
    if not _first_undecodable(source, "utf-8"):
        return Encoding("utf-8", "")
    broken = _first_undecodable(source, "cp1252")
    if broken:
        return Finding(broken, "", "the bytes are neither UTF-8 nor Windows-1252", "export it again as UTF-8")
    return Encoding("cp1252", "the file is not UTF-8 and was read as Windows-1252: check that accents look right")


def _first_undecodable(source: BinaryIO, encoding: str) -> int:
    """The line on which the bytes stop being text of that encoding; 0 where they never do."""
    source.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    try:
        while chunk := source.read(_CHUNK):
            text = decoder.decode(chunk)
            if "\0" in text:  # UTF-16 without its mark, or no text at all
                return line + text[: text.index("\0")].count("\n")
            line += text.count("\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return line + bytes(error.object[: error.start]).count(b"\n")
    except UnicodeError:  # a lone half of a UTF-16 pair has no position
        return line
    finally:
        source.seek(0)
    return 0


def rows(source: BinaryIO, encoding: Encoding, known: Sequence[str], separator: str = "") -> Iterator[Row | Finding]:
    """The rows of the table, the header first; empty ones are left out.

    The separator is the one under which the first line holds most of the `known` column names.
    """
    text = io.TextIOWrapper(source, encoding=encoding.name, newline="")
    try:
        yield from _rows(text, known, separator)
    finally:
        if not source.closed:  # who stopped reading half-way may have closed it
            text.detach()


def _rows(text: io.TextIOWrapper, known: Sequence[str], separator: str) -> Iterator[Row | Finding]:
    csv.field_size_limit(MAX_CELL)
    skipped, first = 0, text.readline(MAX_CELL)
    while first and not first.strip("\ufeff \t\r\n;,|"):
        skipped, first = skipped + 1, text.readline(MAX_CELL)
    if first.strip().lower().startswith("sep=") and len(first.strip()) <= 5:  # Excel's own hint
        separator = first.strip("\r\n")[4:] or "\t"
        skipped, first = skipped + 1, text.readline(MAX_CELL)
    if not first.strip():
        yield Finding(1, "", "the file is empty", "export it again")
        return
    separator = separator or _separator(first, known)
    reader = csv.reader(_chain(first, text), delimiter=separator, strict=True)
    while True:
        line = skipped + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            to = skipped + reader.line_num
            what = f"the row cannot be read{f' (up to line {to})' if to > line else ''}: {error}"
            yield Finding(line, "", what, "is a quotation mark open, or one single inside quotes?")
            continue
        if len(cells) > MAX_COLUMNS:
            yield Finding(line, "", f"the row has {len(cells)} cells", f"{MAX_COLUMNS} at most are read")
        elif any(cell.strip() for cell in cells):
            yield Row(line, cells)


def _chain(first: str, text: io.TextIOWrapper) -> Iterator[str]:
    yield first
    yield from text


def _separator(header: str, known: Sequence[str]) -> str:
    def score(separator: str) -> tuple[int, int]:
        names = next(csv.reader([header], delimiter=separator), [])
        return sum(plain(name) in known for name in names), len(names)

    return max(SEPARATORS, key=score)


def plain(name: str) -> str:
    """A column name as it is compared: without case, outer blanks, byte-order mark and kind of blank inside."""
    return "_".join(name.strip("\ufeff \t\u00a0").lower().replace("-", " ").replace("_", " ").split())
