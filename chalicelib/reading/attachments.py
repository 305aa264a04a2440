"""Attached files as lines of text: PDF, XLSX, CSV and text, under caps; the libraries are loaded only when needed.

A file that cannot be read says so ("scan", "locked", "too big", "unknown"); nothing
here raises. Pictures are counted, never read.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.reading.model import Attachment, Caps

_PICTURE = re.compile(r"^image/")
_INERT = re.compile(r"\.(?:ics|vcf|p7s|asc|sig|gif)$|^smime\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AttachedText:
    name: str
    text: str  # lines; cells of a row joined by " | "
    problem: str | None = None  # scan, locked, too big, broken, unknown, slow
    picture: bool = False


def texts(
    attachments: tuple[Attachment, ...], caps: Caps, *, elapsed: Callable[[], float] | None = None
) -> tuple[AttachedText, ...]:
    """What stands in the attachments. elapsed: seconds since the reading began, where the caller bounds time."""
    out = []
    for one in attachments:
        if _INERT.search(one.name) or one.content_type in (
            "application/pgp-signature",
            "application/pkcs7-signature",
            "text/calendar",
            "text/vcard",
        ):
            continue
        if elapsed is not None and elapsed() > caps.seconds:
            out.append(AttachedText(one.name, "", "slow"))
            continue
        out.append(_text(one, caps, elapsed))
    return tuple(out)


def _text(one: Attachment, caps: Caps, elapsed: Callable[[], float] | None) -> AttachedText:
    name, content = one.name, one.content
    if _PICTURE.match(one.content_type) or content[:4] in (b"\x89PNG", b"GIF8") or content[:3] == b"\xff\xd8\xff":
        return AttachedText(name, "", None, picture=True)
    if len(content) > caps.attachment_bytes:
        return AttachedText(name, "", "too big")
    lower = name.lower()
    try:
        if content[:5] == b"%PDF-" or b"%PDF-" in content[:1024]:
            return _pdf(name, content, caps, elapsed)
        if content[:4] == b"PK\x03\x04" and (lower.endswith((".xlsx", ".xlsm")) or "spreadsheet" in one.content_type):
            return _workbook(name, content, caps)
        if b"BkToCstmr" in content[:4000]:
            return AttachedText(name, _bank_notice(content)[: caps.attachment_chars])
        if lower.endswith((".csv", ".txt", ".tsv", ".asc", ".xml")) or one.content_type.startswith("text/"):
            return AttachedText(name, _table(_decode(content), caps)[: caps.attachment_chars])
        if lower.endswith((".htm", ".html")):
            from chalicelib.reading.html_text import visible_text

            return AttachedText(name, visible_text(_decode(content)[: caps.attachment_chars]))
    except Exception as error:  # noqa: BLE001 whatever a parser makes of a hostile file, the mail goes on; said, not hidden
        return AttachedText(name, "", f"broken: {type(error).__name__}")
    return AttachedText(name, "", "unknown")


def _decode(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _pdf(name: str, content: bytes, caps: Caps, elapsed: Callable[[], float] | None) -> AttachedText:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        return AttachedText(name, "", "locked")
    if len(reader.pages) > caps.attachment_pages * 10:
        return AttachedText(name, "", "too big")
    pieces: list[str] = []
    for page in reader.pages[: caps.attachment_pages]:
        if elapsed is not None and elapsed() > caps.seconds:
            return AttachedText(name, "\n".join(pieces), "slow")
        plain = page.extract_text() or ""
        if len(plain) < 30_000:
            try:
                laid = page.extract_text(extraction_mode="layout", layout_mode_space_vertically=False) or ""
            except Exception:  # noqa: BLE001 the layout mode is younger than the plain one; the plain text stands
                laid = ""
            if len(re.sub(r"\s", "", laid)) >= 0.9 * len(re.sub(r"\s", "", plain)):
                plain = "\n".join(re.sub(r"\s{3,}", " | ", line.strip()) for line in laid.split("\n"))
        pieces.append(plain)
    text = "\n".join(pieces).strip()[: caps.attachment_chars]
    return AttachedText(name, text, None if len(re.sub(r"\W", "", text)) >= 8 else "scan")


def _workbook(name: str, content: bytes, caps: Caps) -> AttachedText:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(i.file_size for i in archive.infolist()) > caps.attachment_bytes * 5 or len(archive.infolist()) > 500:
            return AttachedText(name, "", "too big")
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    lines: list[str] = []
    cells = 0
    for sheet in book.worksheets[: caps.attachment_pages]:
        for row in sheet.iter_rows(values_only=True, max_col=40, max_row=5000):
            cells += len(row)
            if cells > caps.cells:
                return AttachedText(name, "\n".join(lines), "too big")
            filled = [_cell(v) for v in row]
            if any(filled):
                lines.append(" | ".join(filled).strip(" |"))
    return AttachedText(name, "\n".join(lines)[: caps.attachment_chars])


def _bank_notice(content: bytes) -> str:
    """A camt.054 notification (or camt.053 statement) of the client's bank as the lines of a payment advice."""
    from chalicelib.banking.camt import read_camt

    lines: list[str] = []
    for statement in read_camt(content):
        for entry in statement.entries:
            lines += ["Payment advice", f"Payment date: {(entry.valued_on or entry.booked_on).isoformat()}"]
            if entry.references:
                lines.append(f"Payment reference: {entry.references[0]}")
            lines += [entry.text.replace("\n", " "), f"Total: {entry.amount.amount} {entry.amount.currency}"]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}"
    shown = getattr(value, "date", None)
    if callable(shown):
        return str(shown().isoformat())
    return str(value).replace("\n", " ")[:300]


def _table(text: str, caps: Caps) -> str:
    """A separated file as rows; other text as it is."""
    head = text[:5000]
    separator = max(";\t,|", key=head.count)
    lines = head.splitlines()
    if not lines or sum(line.count(separator) >= 1 for line in lines[:20]) < max(2, len(lines[:20]) // 2):
        return text
    if separator == "," and not re.search(r'"|,\S', head):
        return text
    rows = []
    for count, row in enumerate(csv.reader(io.StringIO(text[: caps.attachment_chars]), delimiter=separator)):
        if count * max(1, len(row)) > caps.cells:
            break
        rows.append(" | ".join(c.strip() for c in row))
    return "\n".join(rows)
