"""A workbook says the same as the CSV file that it could have been exported to, and cannot hurt its reader."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest

from chalicelib.ledger import xlsx
from chalicelib.ledger.mapping import OURS, ColumnMap
from chalicelib.ledger.read import load, read_invoices, read_payments
from chalicelib.ledger.records import Finding, InvoiceRow, PaymentRow

HEADER = ["number", "account", "client", "country", "issued", "due", "amount", "currency"]
ROW = ["F1", "C1", "Café Nord", "FR", date(2026, 1, 5), datetime(2026, 2, 4), 1200.5, "EUR"]  # noqa: DTZ001 — a cell has no zone


def workbook(*rows: Sequence[Any], title: str = "Factures", change: Callable[[Any], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def told(raw: bytes, mapping: ColumnMap = OURS) -> list[str]:
    return [str(item) if isinstance(item, Finding) else item.number for item in read_invoices(io.BytesIO(raw), mapping)]


def only(raw: bytes, mapping: ColumnMap = OURS) -> InvoiceRow:
    (row,) = read_invoices(io.BytesIO(raw), mapping)
    assert isinstance(row, InvoiceRow), row
    return row


def with_cell(column: str, value: Any, number_format: str = "") -> bytes:
    row = [value if name == column else cell for name, cell in zip(HEADER, ROW, strict=True)]

    def change(book: Any) -> None:
        if number_format:
            book.active.cell(2, HEADER.index(column) + 1).number_format = number_format

    return workbook(HEADER, row, change=change)


def repacked(raw: bytes, name: str, content: bytes) -> bytes:
    """The workbook with one part replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part.filename, old.read(part.filename))
        new.writestr(name, content)
    return out.getvalue()


def test_a_sheet_gives_what_the_same_csv_gives():
    csv = ",".join(HEADER) + "\nF1,C1,Café Nord,FR,2026-01-05,2026-02-04,1200.50,EUR\n"
    assert list(read_invoices(io.BytesIO(workbook(HEADER, ROW)))) == list(read_invoices(io.BytesIO(csv.encode())))


def test_payments_are_read_by_the_same_way():
    raw = workbook(["account", "paid on", "amount", "currency"], ["C1", date(2026, 2, 1), 99, "EUR"])
    (row,) = read_payments(io.BytesIO(raw))
    assert isinstance(row, PaymentRow)
    assert (row.account, row.paid_on, str(row.amount)) == ("C1", date(2026, 2, 1), "99.00 EUR")


@pytest.mark.parametrize(
    ("value", "decimal", "amount"),
    [
        (1200, "", "1200.00 EUR"), (1200.5, "", "1200.50 EUR"), (1200.5, ",", "1200.50 EUR"),
        (0.1 + 0.2, "", "0.30 EUR"), (-40.0, "", "-40.00 EUR"), ("1 200,50 €", "", "1200.50 EUR"),
        (1234567.89, "", "1234567.89 EUR"),
    ],
)  # fmt: skip
def test_an_amount_is_the_same_as_a_number_and_as_a_text(value, decimal, amount):
    assert str(only(with_cell("amount", value), ColumnMap(decimal=decimal)).amount) == amount


def test_three_decimals_in_a_number_cell_are_no_thousands():
    (finding,) = told(with_cell("amount", 1.234))
    assert "too many decimals" in finding


@pytest.mark.parametrize(
    ("value", "number_format", "number"),
    [
        (42, "00000", "00042"),
        (42, "General", "42"),
        (42.0, "0", "42"),
        ("00042", "@", "00042"),
        (12345, "0000", "12345"),
    ],
)
def test_leading_zeros_that_are_shown_are_kept(value, number_format, number):
    assert only(with_cell("number", value, number_format)).number == number


def test_a_wrong_cell_is_named_by_its_row_in_the_sheet():
    raw = workbook(["Balance clients au 31/01"], [], HEADER, ROW, [*ROW[:4], "soon", *ROW[5:]])
    assert told(raw) == [
        "F1", "line 5, column issued: 'soon' is no date; write YYYY-MM-DD or DD/MM/YYYY, or give a mapping with "
        "date_format",
    ]  # fmt: skip


def test_the_sheet_that_holds_the_columns_is_read_and_said():
    def change(book: Any) -> None:
        book.create_sheet("Notes", 0).append(["client", "remark"])
        book.create_sheet("Old").sheet_state = "hidden"

    assert told(workbook(HEADER, ROW, change=change)) == ["line 1: sheet 'Factures' is read, not 'Notes'", "F1"]


def test_yes_and_no_may_be_booleans_and_a_mapping_applies():
    raw = workbook([*HEADER[:-1], "Litige"], [*ROW[:-1], True])
    row = only(raw, ColumnMap(columns={"disputed": "Litige"}, constants={"currency": "CHF"}))
    assert (row.disputed, row.amount.currency) == (True, "CHF")


def test_an_empty_workbook_is_told():
    assert told(workbook()) == ["line 1: the workbook is empty; export it again"]


def test_a_sheet_without_the_columns_says_which_it_has():
    assert told(workbook(["a", "b"], [1, 2]))[-1] == "line 1: the columns of the file are 'a', 'b'"


# --- what a workbook could do to its reader


def test_a_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(xlsx, "MAX_UNPACKED", 1_000_000)
    bomb = repacked(workbook(HEADER, ROW), "xl/media/image1.xml", b" " * 5_000_000)
    assert len(bomb) < 30_000
    assert told(bomb) == ["line 1: the workbook is too large when unpacked; export the sheet as CSV (UTF-8)"]


def test_a_document_type_with_entities_is_refused():
    laughs = b'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a "ha">]><sst>&a;</sst>'
    (finding,) = told(repacked(workbook(HEADER, ROW), "xl/sharedStrings.xml", laughs))
    assert finding.startswith("line 1: xl/sharedStrings.xml declares a document type")


def test_a_document_type_in_utf_16_is_not_overlooked():
    laughs = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE sst [<!ENTITY a "ha">]><sst/>'.encode("utf-16")
    (finding,) = told(repacked(workbook(HEADER, ROW), "xl/sharedStrings.xml", laughs))
    assert finding.startswith("line 1: xl/sharedStrings.xml declares a document type")


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (workbook(HEADER, ROW)[:-200], "line 1: the workbook cannot be unpacked (BadZipFile)"),
        (repacked(workbook(HEADER, ROW), "xl/workbook.xml", b"<workbook"), "line 1: the workbook cannot be read"),
    ],
    ids=["cut short", "broken inside"],
)
def test_broken_workbooks_are_refused_in_words(raw, what):
    (finding,) = told(raw)
    assert finding.startswith(what)


def test_an_opendocument_sheet_is_refused_in_words():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as parts:
        parts.writestr("content.xml", "<x/>")
    assert told(out.getvalue()) == [
        "line 1: this is an OpenDocument file; save it anew as .xlsx, or export the sheet as CSV (UTF-8)"
    ]


def test_a_sheet_with_endless_cells_is_stopped(monkeypatch):
    monkeypatch.setattr(xlsx, "MAX_CELLS", 30)
    assert told(workbook(HEADER, *([*ROW[:0], f"F{i}", *ROW[1:]] for i in range(9))))[-1] == (
        "line 4: the sheet has more than 30 cells; split it, or export it as CSV"
    )


def test_a_broken_sheet_is_told_from_where_on_and_nothing_of_it_is_lost_in_silence():
    raw = workbook(HEADER, *([f"F{i}", *ROW[1:]] for i in range(200)))
    with zipfile.ZipFile(io.BytesIO(raw)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml")
    found = told(repacked(raw, "xl/worksheets/sheet1.xml", sheet[: len(sheet) // 2]))
    assert "the sheet cannot be read from here on" in found[-1]


def test_a_large_sheet_takes_the_memory_of_its_numbers():
    raw = workbook(HEADER, *([f"F{i}", *ROW[1:]] for i in range(5_000)))
    tracemalloc.start()
    rows, _ = load(io.BytesIO(raw), read_invoices, OURS, name="x", skip_bad=False)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(rows) == 5_000
    assert peak < 15_000_000
