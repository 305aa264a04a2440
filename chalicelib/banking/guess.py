"""Columns of a bank's table that nobody has named: find its header, propose what they hold. A person confirms."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, takewhile
from operator import itemgetter

from chalicelib.banking.csv import SUMS, Header, cells_of, find_header, first_lines, read_csv, rows_below, text_of
from chalicelib.banking.model import BankEntry
from chalicelib.errors import BadFile, BadInput
from chalicelib.ledger.guess import CELL, MOST_COLUMNS, SAMPLE_ROWS, Head, date_format_of
from chalicelib.ledger.mapping import BANK_COLUMNS, OURS, ColumnMap
from chalicelib.ledger.records import Finding
from chalicelib.ledger.table import SEPARATORS
from chalicelib.ledger.xlsx import is_workbook

REQUIRED = ("booked_on", "amount", "debit", "credit", "currency")
"""What a person is asked for first; of the three sums the amount is enough, or one of the two others."""
EXTRAS = ("payer", "text", "payer_iban", "reference", "valued_on", "account")

LOOKED_AT = 1_000_000
"""A header stands in so many bytes."""
LINES = 60
"""And in so many lines."""

_DAY = re.compile(r"[0-9]{1,4}[/.\-][0-9]{1,2}[/.\-][0-9]{1,4}(?:[ T].*)?|(?:19|20)[0-9]{6}")
_SUM = re.compile(r"[-+(]?[0-9][0-9 .,'\u00a0\u202f]*(?:€|EUR)?\)?-?")
_CENTS = re.compile(r"[.,][0-9]{2}(?![0-9])")


def read_bank_head(raw: bytes) -> Head | None:
    """The names of a statement's columns and its first rows, below the lines that banks put above them; None where
    nothing looks like a statement."""
    try:
        text, mapping = text_of(_beginning(raw), OURS, rows=LINES + SAMPLE_ROWS)
    except BadInput:
        return None
    try:
        header = find_header(text, mapping)
    except BadInput:
        found = _foreign_header(first_lines(text, LINES), mapping.separator or SEPARATORS)
        if found is None:
            return None
        header = found
    width = min(len(header.names), MOST_COLUMNS)
    some = islice((row for _, row in rows_below(text, header, [])), SAMPLE_ROWS)
    sample = tuple(tuple(cell.strip()[:CELL] for cell in (row + [""] * width)[:width]) for row in some)
    return Head(header.names[:width], sample)


def names_a_statement(head: Head) -> bool:
    """Whether its columns are those of a statement, in the words of banks."""
    return Header(head.columns).is_whole


def propose(head: Head) -> ColumnMap:
    """Which of their columns are probably ours: by the words of banks, then by what stands in them."""
    header = Header(head.columns)
    places = dict(header.places)
    days = [place for place in _free(head, places) if _all(head, place, _DAY)]
    if "booked_on" not in places and days:
        places["booked_on"] = days[0]
    sums = [place for place in _free(head, places) if _all(head, place, _SUM) and _has_cents(head, place)]
    if not places.keys() & set(SUMS) and len(sums) == 1:
        places["amount"] = sums[0]
    columns = {ours: head.columns[places[ours]] for ours in (*REQUIRED, *EXTRAS) if ours in places}
    constants = {"currency": header.currency} if header.currency and "currency" not in columns else {}
    return whole(ColumnMap(columns=columns, constants=constants, date_format=date_format_of(head, columns)))


def whole(mapping: ColumnMap) -> ColumnMap:
    """The mapping as all that is said of a statement: what it does not name is not in the file."""
    return replace(mapping, without=tuple(ours for ours in BANK_COLUMNS if ours not in mapping.columns))


def preview(head: Head, mapping: ColumnMap) -> tuple[list[BankEntry], list[Finding]]:
    """The first entries as they would be read, and what is wrong with them."""
    header = Header(head.columns, mapping)
    findings = list(_missing(header, mapping))
    if findings:
        return [], findings
    good: list[BankEntry] = []
    for row in head.sample:
        text = io.StringIO()
        csv.writer(text).writerows([head.columns, row])
        try:
            some = read_csv(text.getvalue().encode(), replace(mapping, encoding="utf-8", separator=","))
        except BadFile as refused:
            findings += [_as_finding(one) for one in refused.findings]
        except BadInput as refused:  # the header itself: a name of two lines is none of a statement
            return [], [_as_finding(refused)]
        else:
            good += [entry for statement in some for entry in statement.entries]
    return good, findings


def _missing(header: Header, mapping: ColumnMap) -> Iterator[Finding]:
    for ours in mapping.columns:
        if ours not in header.places:  # said of a field that is always shown, or with its name
            line = 1 if ours in REQUIRED else 0
            yield Finding(line, ours, "another field has this column already", "choose each column once")
    if "booked_on" not in header.places:
        yield Finding(1, "booked_on", "the column is missing")
    if not header.places.keys() & set(SUMS):
        yield Finding(1, "amount", "no column of amounts is named", "choose the amount, or the debit and the credit")
    if "currency" not in header.places and not mapping.constants.get("currency") and not header.currency:
        yield Finding(1, "currency", "the column is missing")


def _as_finding(error: BadInput) -> Finding:
    """Without its line: how many lines stand above the header is not known here."""
    found = re.search("column (.*)", error.where)
    return Finding(0, found[1] if found else "", error.what, error.remedy)


def _foreign_header(lines: Sequence[str], separators: Sequence[str]) -> Header | None:
    """The line above the longest run of rows with a day and a sum."""
    best: tuple[int, int, Header] | None = None
    for separator in separators:
        table = [
            (line, cells, _is_entry(cells))
            for line, cells in enumerate((cells_of(one, separator) for one in lines), 1)
            if any(cell.strip() for cell in cells)
        ]
        for place, (line, cells, _) in enumerate(table):
            run = len(list(takewhile(itemgetter(2), table[place + 1 :])))
            if run and _is_named(cells) and (best is None or (run, len(cells)) > best[:2]):
                header = Header(cells)
                header.line, header.separator = line, separator
                best = (run, len(cells), header)
    return best[2] if best else None


def _is_entry(cells: Sequence[str]) -> bool:
    some = [cell.strip() for cell in cells if cell.strip()]
    return any(_DAY.fullmatch(cell) for cell in some) and any(
        _SUM.fullmatch(cell) and not _DAY.fullmatch(cell) for cell in some
    )


def _is_named(cells: Sequence[str]) -> bool:
    some = [cell.strip() for cell in cells if cell.strip()]
    return len(some) >= 2 and not any(_DAY.fullmatch(cell) or _SUM.fullmatch(cell) for cell in some)


def _free(head: Head, places: dict[str, int]) -> list[int]:
    return [place for place in range(len(head.columns)) if head.columns[place] and place not in places.values()]


def _all(head: Head, place: int, shape: re.Pattern[str]) -> bool:
    texts = [row[place] for row in head.sample if row[place]]
    return bool(texts) and all(shape.fullmatch(text) for text in texts)


def _has_cents(head: Head, place: int) -> bool:
    return any(_CENTS.search(row[place]) for row in head.sample)


def _beginning(raw: bytes) -> bytes:
    """Whole lines of the first bytes; all of a workbook."""
    if len(raw) <= LOOKED_AT or is_workbook(io.BytesIO(raw)):
        return raw
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw[:LOOKED_AT]  # the byte of a line's end is half a letter there
    return raw[: raw.rfind(b"\n", 0, LOOKED_AT) + 1] or raw[:LOOKED_AT]
