"""Read a sheet of an XLSX workbook as the rows that a CSV file would have given, so that all else stays the same.

The sheet is the one whose header holds most of the wanted columns; the header may stand below a title. A date is
given as YYYY-MM-DD, a number with all its digits and the file's decimal mark, a formula by the value that was saved
with it. What a zip can do to its reader is capped before it is unpacked, and XML with a document type is refused.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO

from chalicelib.ledger.records import Finding
from chalicelib.ledger.table import MAX_CELL, MAX_COLUMNS, Row, plain

MAX_UNPACKED = 400_000_000
MAX_PARTS = 2_000
MAX_CELLS = 20_000_000
HEADER_WITHIN = 20
"""The header is looked for in so many rows."""

_CHUNK = 1 << 18
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_AGAIN = "save it anew as .xlsx, or export the sheet as CSV (UTF-8)"


def is_workbook(source: BinaryIO) -> bool:
    """Whether the bytes begin as a zip does. Leaves the source at its beginning."""
    source.seek(0)
    head = source.read(4)
    source.seek(0)
    return head == b"PK\x03\x04"


def sheet_rows(source: BinaryIO, known: Sequence[str], decimal: str = "") -> Iterator[Row | Finding]:
    """The rows of the fitting sheet, its header first; a Finding in its place where nothing can be read."""
    wrong = _look_inside(source)
    if wrong:
        yield wrong
        return
    import openpyxl  # here: nothing but a workbook needs it

    source.seek(0)
    try:
        workbook = openpyxl.load_workbook(source, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # noqa: BLE001 — hostile bytes: a parser fails at them in ways of its own
        yield Finding(1, "", f"the workbook cannot be read ({type(error).__name__})", _AGAIN)
        return
    try:
        yield from _rows(workbook, known, decimal)
    finally:
        workbook.close()


def _look_inside(source: BinaryIO) -> Finding | None:
    """What forbids unpacking it. A zip gives no more bytes than it declares: it is enough to cap what it declares."""
    source.seek(0)
    try:
        with zipfile.ZipFile(source) as parts:
            listed = parts.infolist()
            names = {part.filename for part in listed}
            if "xl/workbook.xml" not in names:
                what = "an OpenDocument file" if "content.xml" in names else "a zip, but no XLSX workbook"
                return Finding(1, "", f"this is {what}", _AGAIN)
            if any(part.flag_bits & 1 for part in listed):
                return Finding(1, "", "the workbook is encrypted", "save it without a password")
            if len(listed) > MAX_PARTS or sum(part.file_size for part in listed) > MAX_UNPACKED:
                return Finding(1, "", "the workbook is too large when unpacked", "export the sheet as CSV (UTF-8)")
            for part in listed:
                if part.filename.endswith((".xml", ".rels")) and _declares(parts, part):
                    return Finding(1, "", f"{part.filename} declares a document type, which is not read", _AGAIN)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError, zlib.error) as error:
        return Finding(1, "", f"the workbook cannot be unpacked ({type(error).__name__})", _AGAIN)
    return None


def _declares(parts: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a part could hold entities: it declares a document type, or is in UTF-16, where we would not see it."""
    with parts.open(part) as stream:
        tail = b""
        while chunk := stream.read(_CHUNK):
            if not tail and b"\0" in chunk[:64]:
                return True
            if any(word in tail + chunk for word in _DECLARATIONS):
                return True
            tail = chunk[-16:]
    return False


def _rows(workbook: Any, known: Sequence[str], decimal: str) -> Iterator[Row | Finding]:
    visible = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"] or workbook.worksheets
    best: tuple[int, int, Any] | None = None  # how many columns are known, the header's row, the sheet
    for sheet in visible:
        for row in islice(_table(sheet, decimal), HEADER_WITHIN):
            if isinstance(row, Finding):
                break
            score = sum(plain(cell) in known for cell in row.cells)
            if best is None or score > best[0]:
                best = (score, row.line, sheet)
    if best is None:
        yield Finding(1, "", "the workbook is empty", "export it again")
        return
    _, header, sheet = best
    for place, row in enumerate(row for row in _table(sheet, decimal) if row.line >= header):
        yield row
        if place == 0 and len(visible) > 1:
            others = ", ".join(repr(s.title[:31]) for s in visible if s is not sheet)
            yield Finding(header, "", f"sheet {sheet.title[:31]!r} is read, not {others[:120]}", is_error=False)


def _table(sheet: Any, decimal: str) -> Iterator[Row | Finding]:
    """The rows of a sheet that hold anything. Never more than the caps: a sheet can claim any size."""
    sheet.reset_dimensions()  # what a sheet says of its size may be wrong: the cells tell
    cells_read = line = 0
    try:
        for line, cells in enumerate(sheet.iter_rows(), 1):
            cells_read += len(cells) + 1
            if cells_read > MAX_CELLS:
                yield Finding(line, "", f"the sheet has more than {MAX_CELLS:,} cells", "split it, or export it as CSV")
                return
            texts = [_text(cell, decimal) for cell in cells[:MAX_COLUMNS]]
            if len(cells) > MAX_COLUMNS and any(cell.value is not None for cell in cells[MAX_COLUMNS:]):
                yield Finding(line, "", f"the row has {len(cells)} cells", f"{MAX_COLUMNS} at most are read")
            elif any(len(text) > MAX_CELL for text in texts):
                yield Finding(line, "", f"a cell holds more than {MAX_CELL:,} characters", "shorten it")
            elif any(text.strip() for text in texts):
                yield Row(line, texts)
    except Exception as error:  # noqa: BLE001 — hostile bytes again: the rows are parsed as they are asked for
        yield Finding(line + 1, "", f"the sheet cannot be read from here on ({type(error).__name__})", _AGAIN)


def _text(cell: Any, decimal: str) -> str:
    """What a person would have typed into a CSV file."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(value, str(cell.number_format or ""), decimal)
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _number(value: int | float, number_format: str, decimal: str) -> str:
    if isinstance(value, float):
        # A workbook keeps fifteen digits: what a float has beyond them was never typed.
        exact = Decimal(format(value, ".15g"))
        if exact != exact.to_integral_value():
            whole, _, cents = format(exact, "f").partition(".")
            # Three decimals could be thousands in a text; in a number cell they are not.
            cents += "0" if len(cents) == 3 and not decimal else ""
            return f"{whole}{decimal or '.'}{cents}"
        value = int(exact)
    # A format of zeros alone shows leading zeros: 00042 is the account, not 42.
    return f"{value:0{len(number_format)}d}" if number_format and not number_format.strip("0") else str(value)
