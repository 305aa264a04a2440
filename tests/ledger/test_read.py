"""A ledger file is read whole, or each wrong row is named by its line, its column and what to do."""

from __future__ import annotations

import csv
import io
import tracemalloc
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.debtor_file import DebtorKind, Role
from chalicelib.domain.money import Money
from chalicelib.errors import BadFile
from chalicelib.ledger.mapping import OURS, ColumnMap, read_mapping
from chalicelib.ledger.read import check, good_rows, read_invoices, read_payments
from chalicelib.ledger.records import Finding, InvoiceRow, PaymentRow

MAPPINGS = Path(__file__).parents[2] / "templates" / "mappings"
HEADER = "number,account,client,country,issued,due,amount,currency"
ROW = "F1,C1,Café Nord,FR,2026-01-05,2026-02-04,1200.50,EUR"


def read(text: str | bytes, mapping: ColumnMap = OURS) -> list[InvoiceRow | Finding]:
    return list(read_invoices(io.BytesIO(text.encode() if isinstance(text, str) else text), mapping))


def told(text: str | bytes, mapping: ColumnMap = OURS) -> list[str]:
    """What is found, in words; rows that are fine by their number."""
    return [str(item) if isinstance(item, Finding) else item.number for item in read(text, mapping)]


def row(**cells: str) -> str:
    """The good row with some cells changed, as CSV."""
    names = HEADER.split(",")
    values = dict(zip(names, ROW.split(","), strict=True)) | cells
    out = io.StringIO()
    csv.writer(out).writerow(list(values.values()))
    return out.getvalue().rstrip("\r\n")


def with_row(**cells: str) -> str:
    extra = [name for name in cells if name not in HEADER.split(",")]
    return ",".join([HEADER, *extra]) + "\n" + row(**cells) + "\n"


def test_a_row_is_read():
    (invoice,) = read(f"{HEADER}\n{ROW}\n")

    assert invoice == InvoiceRow(
        line=2, number="F1", account="C1", client="Café Nord", country="FR", issued_on=date(2026, 1, 5),
        due_on=date(2026, 2, 4), amount=Money(Decimal("1200.50"), "EUR"),
    )  # fmt: skip


def test_everything_optional_is_read_and_what_is_unknown_is_ignored():
    extras = {
        "paid_on": "2026-02-01", "disputed": "2026-01-20", "email": "compta@nord.example", "purchase_order": "PO 7",
        "contact": "Lou", "phone": "+33 4 00", "role": "Payer", "language": "FR", "kind": "public",
        "policy": "public_body", "sales_rep": "alex@us.example", "client_since": "01/12/2025", "document": "f1.pdf",
        "legal_id": "123", "vat_number": "FR1", "address": "1 rue A | 69000 Lyon", "colour": "blue",
    }  # fmt: skip
    (invoice,) = read(with_row(**extras))

    assert isinstance(invoice, InvoiceRow)
    assert (invoice.paid_on, invoice.disputed, invoice.disputed_on) == (date(2026, 2, 1), True, date(2026, 1, 20))
    assert (invoice.role, invoice.kind, invoice.language) == (Role.PAYER, DebtorKind.PUBLIC, "fr")
    assert invoice.client_since_on == date(2025, 12, 1)
    assert invoice.address == ("1 rue A", "69000 Lyon")
    assert (invoice.email, invoice.purchase_order, invoice.document) == ("compta@nord.example", "PO 7", "f1.pdf")


# --- bytes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-16-be-bom", "cp1252"])
def test_whatever_the_encoding_the_name_is_the_same(encoding):
    text = f"{HEADER}\r\n{row(client='Société Générale d’Œuvres', amount='5 €')}\r\n"
    marks = {"utf-16-le-bom": ("utf-16-le", b"\xff\xfe"), "utf-16-be-bom": ("utf-16-be", b"\xfe\xff")}
    name, mark = marks.get(encoding, (encoding, b""))

    rows = [item for item in read(mark + text.encode(name)) if isinstance(item, InvoiceRow)]

    assert [r.client for r in rows] == ["Société Générale d’Œuvres"]


def test_an_encoding_that_was_inferred_is_said():
    assert told(f"{HEADER}\n{ROW}\n".encode("cp1252")) == [
        "line 1: the file is not UTF-8 and was read as Windows-1252: check that accents look right", "F1",
    ]  # fmt: skip


def test_a_stated_encoding_is_used():
    (note, invoice) = read(
        f"{HEADER}\n{row(client='Prix 5 €')}\n".encode("iso8859-15"), ColumnMap(encoding="iso8859-15")
    )

    assert str(note) == "line 1: read as iso8859-15"
    assert isinstance(invoice, InvoiceRow)
    assert invoice.client == "Prix 5 €"


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"PK\x03\x04rest", "line 1: the workbook cannot be unpacked (BadZipFile); save it anew as .xlsx"),
        (b"\xd0\xcf\x11\xe0", "line 1: this is an old Excel workbook"),
        (b"%PDF-1.7", "line 1: this is a PDF"),
        (f"{HEADER}\n{ROW}".encode("utf-16-le"), "line 1: the bytes are neither UTF-8 nor Windows-1252"),
        (f"{HEADER}\n{ROW}\n".encode() + b"\x81\x8d\n", "line 3: the bytes are neither UTF-8 nor Windows-1252"),
        (b"\xef\xbb\xbf" + f"{HEADER}\n".encode() + b"\xff\n", "line 2: the file is no sound utf-8-sig from here on"),
        (b"\xff\xfe" + f"{HEADER}".encode("utf-16-le") + b"\x00", "line 1: the file is no sound utf-16 from here on"),
        (b"", "line 1: the file is empty"),
        (b"\xef\xbb\xbf", "line 1: the file is empty"),
        (b"\n \n;;;\n", "line 1: the file is empty"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_table_are_refused_in_words(raw, what):
    (finding,) = told(raw)

    assert finding.startswith(what)


def test_a_broken_byte_far_down_is_found_before_any_row_is_given():
    text = (HEADER + "\n" + "\n".join(row(number=f"F{i}") for i in range(5000))).encode() + b"\n\x81"

    assert [str(item) for item in read(text)] == [
        "line 5002: the bytes are neither UTF-8 nor Windows-1252; export it again as UTF-8"
    ]


# --- table


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(separator):
    names, cells = HEADER.replace(",", separator), ROW.replace(",", separator)

    assert told(f"{names}\n{cells}\n") == ["F1"]


def test_a_french_export_with_commas_in_its_amounts_is_read():
    (invoice,) = read(f"{HEADER.replace(',', ';')}\r\nF1;C1;A, B et fils;FR;05/01/2026;04/02/2026;1 200,50;EUR\r\n")

    assert isinstance(invoice, InvoiceRow)
    assert (invoice.client, str(invoice.amount)) == ("A, B et fils", "1200.50 EUR")


def test_the_hint_that_excel_writes_is_followed():
    assert told(f"sep=;\n{HEADER.replace(',', ';')}\n{ROW.replace(',', ';').replace('F1', '')}\n") == [
        "line 3, column number: is empty; fill it in, or delete the row"
    ]


def test_lines_are_counted_as_an_editor_does():
    text = f"\n{HEADER}\n\n{row(client='Line one' + chr(10) + 'line two')}\n\n{row(number='F2', due='x')}\n"

    assert told(text) == [
        "F1", "line 7, column due: 'x' is no date; write YYYY-MM-DD or DD/MM/YYYY, or give a mapping with date_format",
    ]  # fmt: skip


def test_a_quoted_newline_becomes_a_blank():
    (invoice,) = read(with_row(client="Line one\r\n  line two"))

    assert isinstance(invoice, InvoiceRow)
    assert invoice.client == "Line one line two"


@pytest.mark.parametrize("header", ["Number , ACCOUNT,client,Country,issued,due,amount,currency", HEADER.upper()])
def test_case_and_blanks_of_column_names_do_not_matter(header):
    assert told(f"{header}\n{ROW}\n") == ["F1"]


def test_missing_columns_are_told_with_the_nearest():
    text = "invoice_number,account,client,country,issue,due,amount\n"

    assert told(text) == [
        "line 1, column number: the column is missing; is it 'invoice_number'? Rename it, "
        "or name it in a mapping (--map)",
        "line 1, column issued: the column is missing; is it 'issue'? Rename it, or name it in a mapping (--map)",
        "line 1, column currency: the column is missing; add it, or name it in a mapping (--map)",
        "line 1: the columns of the file are "
        "'invoice_number', 'account', 'client', 'country', 'issue', 'due', 'amount'",
    ]


def test_a_column_that_looks_like_an_optional_one_is_noted():
    assert told(f"{HEADER},dispute\n{ROW},yes\n") == [
        "line 1, column dispute: 'dispute' is not known and is ignored; did you mean disputed?", "F1",
    ]  # fmt: skip


def test_a_column_named_twice_is_refused():
    assert told(f"{HEADER},amount\n{ROW},1\n")[0] == (
        "line 1, column amount: the header names it twice; keep one of the two columns"
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (ROW, "F1"), (ROW + ",,", "F1"),
        (ROW + ",x", "line 2: the row has 9 cells, the header 8; "
         "put a cell that holds the separator in quotation marks"),
        ("F1,C1,Nord", "line 2: the row has 3 cells, the header 8; complete the row, or delete it"),
    ],
)  # fmt: skip
def test_ragged_rows_are_named(line, expected):
    assert told(f"{HEADER}\n{line}\n") == [expected]


def test_a_quotation_mark_left_open_is_named_and_not_swallowed_in_silence():
    found = told(f'{HEADER}\n{ROW}\nF2,C1,"Nord,FR,2026-01-05\n' + "x" * 30_000)

    assert found[0] == "F1"
    assert found[1].startswith("line 3: the row cannot be read")


# --- what is wrong with a row


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"number": ""}, "line 2, column number: is empty; fill it in, or delete the row"),
        ({"account": " "}, "line 2, column account: is empty; fill it in, or delete the row"),
        ({"account": "desk"}, "line 2, column account: 'desk' is the name of our own desk; "
         "give this debtor another account"),
        ({"number": "9.00E+11"}, "line 2, column number: '9.00E+11' was shortened by a spreadsheet; "
         "export it as text with all its digits"),
        ({"number": "F" * 65}, "line 2, column number: is longer than 64 characters; shorten it"),
        ({"number": "F\x071"}, "line 2, column number: holds a control character; remove it"),
        ({"due": "2026-01-04"}, "line 2, column due: 2026-01-04 lies before the day of issue, 2026-01-05; "
         "correct one of the two dates"),
        ({"currency": "FRF"}, "line 2, column currency: 'FRF' is no ISO 4217 code; write for example EUR, GBP or CHF"),
        ({"country": "France"}, "line 2, column country: 'France' is no ISO 3166 country of two letters; write FR"),
        ({"amount": "1,200.505"}, "line 2, column amount: '1,200.505' has too many decimals; "
         "EUR has 2: round it where it comes from"),
        ({"email": "a@b.fr, c@d.fr"}, "line 2, column email: 'a@b.fr, c@d.fr' is no e-mail address; "
         "write one address, for example compta@client.example"),
        ({"email": "a@b.fr\nBcc: x@y.fr"}, "line 2, column email: 'a@b.fr Bcc: x@y.fr' is no e-mail address; "
         "write one address, for example compta@client.example"),
        ({"disputed": "perhaps"}, "line 2, column disputed: 'perhaps' is neither yes nor no; "
         "write yes or no, or leave it empty"),
        ({"role": "boss"}, "line 2, column role: 'boss' is unknown; "
         "write one of buyer, approver, payer, director, recipient"),
        ({"kind": "x"}, "line 2, column kind: 'x' is unknown; write one of business, public, consumer"),
        ({"language": "french"}, "line 2, column language: 'french' is no language of two letters; "
         "write for example fr or en"),
        ({"paid_on": "31/02/2026"}, "line 2, column paid_on: '31/02/2026' is no day of the calendar; correct it"),
    ],
    ids=lambda v: next(iter(v)) if isinstance(v, dict) else "",
)  # fmt: skip
def test_a_wrong_cell_is_named_with_what_to_do(cells, expected):
    assert told(with_row(**cells)) == [expected]


def test_every_wrong_cell_of_a_row_is_named():
    found = told(with_row(number="", due="x", amount="y"))

    assert [f.split(":")[0] for f in found] == ["line 2, column number", "line 2, column due", "line 2, column amount"]


@pytest.mark.parametrize(("due", "ok"), [("2026-01-04", False), ("2026-01-05", True), ("2026-01-06", True)])
def test_an_invoice_may_be_due_on_its_day_of_issue(due, ok):
    assert (told(with_row(due=due)) == ["F1"]) is ok


@pytest.mark.parametrize("amount", ["-50.00", "(50.00)", "50.00-"])
def test_a_negative_amount_is_a_credit_note(amount):
    (note,) = read(with_row(amount=amount))

    assert isinstance(note, InvoiceRow)
    assert note.is_credit_note
    assert note.amount == Money.of("-50", "EUR")


def test_an_amount_of_zero_is_noted_and_ignored():
    assert told(with_row(amount="0,00")) == [
        "line 2, column amount: the amount is zero: nothing to collect, the row is ignored"
    ]


def test_the_same_number_twice_is_ignored_where_it_is_equal_and_refused_where_not():
    text = f"{HEADER}\n{ROW}\n{ROW}\n{row(amount='7')}\n{row(account='C2')}\n"

    assert told(text) == [
        "F1",
        "line 3, column number: F1 repeats line 2 and is ignored",
        "line 4, column number: F1 is in line 2 with other content; keep the row that is right",
        "line 5, column number: F1 is in line 2 with other content; keep the row that is right",
    ]


def test_a_wrong_row_does_not_take_its_number():
    assert told(f"{HEADER}\n{row(due='x')}\n{ROW}\n")[1] == "F1"


# --- payments


def payments(text: str) -> list[PaymentRow | Finding]:
    return list(read_payments(io.BytesIO(("account,number,paid_on,amount,currency,reference\n" + text).encode())))


def test_payments_are_read():
    (first, second) = payments('C1,F1,03/02/2026,"1 200,50",EUR,VIR 77\nC1,,2026-02-04,10,EUR,\n')

    assert first == PaymentRow(
        line=2, account="C1", number="F1", paid_on=date(2026, 2, 3), amount=Money.of("1200.50", "EUR"),
        reference="VIR 77",
    )  # fmt: skip
    assert isinstance(second, PaymentRow)
    assert (second.number, second.reference) == ("", "")


def test_the_columns_number_and_reference_may_be_missing():
    rows = list(read_payments(io.BytesIO(b"account,paid_on,amount,currency\nC1,2026-02-04,10,EUR\n")))

    assert [type(r) for r in rows] == [PaymentRow]


def test_equal_payments_are_two_payments_and_this_is_said():
    found = payments("C1,F1,2026-02-04,10,EUR,VIR\nC1,F1,2026-02-04,10,EUR,VIR\n")

    assert [r.occurrence for r in found if isinstance(r, PaymentRow)] == [1, 2]
    assert [str(f) for f in found if isinstance(f, Finding)] == [
        "line 3: equals line 2 and counts as a payment of its own; delete it if it is none"
    ]


@pytest.mark.parametrize(("amount", "what"), [("-10", "was paid back"), ("0", "a payment of zero")])
def test_a_payment_is_above_zero(amount, what):
    (finding,) = payments(f"C1,F1,2026-02-04,{amount},EUR,\n")

    assert isinstance(finding, Finding)
    assert what in finding.what


# --- all or nothing


def test_a_file_with_a_wrong_row_is_refused_whole_and_every_wrong_row_is_named():
    text = f"{HEADER}\n{ROW}\n{row(number='F2', due='x')}\n{row(number='F3', amount='y')}\n"

    with pytest.raises(BadFile) as refused:
        check(io.BytesIO(text.encode()), read_invoices, OURS, name="f.csv", skip_bad=False)

    assert [f.where for f in refused.value.findings] == ["line 3, column due", "line 4, column amount"]
    assert str(refused.value).startswith("f.csv: line 3, column due: 'x' is no date; ")


def test_only_the_wrong_rows_are_left_out_where_that_is_asked_for():
    source = io.BytesIO(f"{HEADER}\n{ROW}\n{row(number='F2', due='x')}\n{row(number='F3')}\n".encode())

    left_out = check(source, read_invoices, OURS, name="f.csv", skip_bad=True)

    assert [f.line for f in left_out] == [3]
    assert [r.number for r in good_rows(source, read_invoices, OURS)] == ["F1", "F3"]


@pytest.mark.parametrize("text", ["number,account\n", "", f"{HEADER}\n{row(due='x')}\n"])
def test_a_file_without_any_good_row_is_refused_even_so(text):
    with pytest.raises(BadFile):
        check(io.BytesIO(text.encode()), read_invoices, OURS, name="f.csv", skip_bad=True)


@pytest.mark.parametrize("count", [19, 20, 21])
def test_many_findings_are_told_in_part_and_counted(count):
    text = HEADER + "\n" + "\n".join(row(number=f"F{i}", due="x") for i in range(count))

    with pytest.raises(BadFile) as refused:
        check(io.BytesIO(text.encode()), read_invoices, OURS, name="f.csv", skip_bad=False)

    assert len(refused.value.findings) == min(count, 21)
    assert ("1 more findings" in str(refused.value)) is (count == 21)


@given(st.binary(max_size=300))
def test_whatever_the_bytes_rows_or_findings_come_out(raw):
    assert all(isinstance(item, InvoiceRow | Finding) for item in read(raw))


@given(st.lists(st.text(max_size=20), min_size=8, max_size=8))
def test_whatever_the_cells_a_row_is_read_or_named(cells):
    out = io.StringIO()
    csv.writer(out).writerow(cells)

    items = read((HEADER + "\n" + out.getvalue()).encode("utf-8", "replace"))

    assert all(item.line >= 1 for item in items)


def test_a_large_file_takes_the_memory_of_its_numbers_only(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("w", encoding="utf-8") as out:
        out.write(HEADER + "\n")
        for i in range(10_000):
            out.write(f"F{i:06},C{i % 400},Client {i % 400},FR,2026-01-05,2026-02-04,{i}.50,EUR\n")
    tracemalloc.start()
    with path.open("rb") as source:
        count = sum(isinstance(item, InvoiceRow) for item in read_invoices(source))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 10_000
    assert peak < 5_000_000


# --- mappings


def test_the_shipped_mapping_of_the_public_ledger_reads_its_columns():
    mapping = read_mapping((MAPPINGS / "ibm_accounts_receivable.yaml").read_text("utf-8"))
    text = (
        "countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,"
        "PaperlessBill,DaysToSettle,DaysLate\n"
        "391,0000-AAAAA,4/6/2013,0000000001,1/2/2013,2/1/2013,12.3,Yes,1/15/2013,Paper,13,0\n"
    )

    (invoice,) = read(text, mapping)

    assert invoice == InvoiceRow(
        line=2, number="0000000001", account="0000-AAAAA", client="0000-AAAAA", country="US",
        issued_on=date(2013, 1, 2), due_on=date(2013, 2, 1), amount=Money.of("12.30", "USD"),
        paid_on=date(2013, 1, 15), disputed=True,
    )  # fmt: skip


def test_the_public_ledger_is_read_without_a_finding(ibm_ledger):
    mapping = read_mapping((MAPPINGS / "ibm_accounts_receivable.yaml").read_text("utf-8"))
    with Path(ibm_ledger).open("rb") as source:
        items = list(read_invoices(source, mapping))

    assert len(items) == 2466
    assert not [item for item in items if isinstance(item, Finding)]


def test_the_french_mapping_reads_a_french_export():
    mapping = read_mapping((MAPPINGS / "french.yaml").read_text("utf-8"))
    text = (
        "Numéro;Compte;Client;Pays;Émise le;Échéance;Montant;Devise\nF1;C1;Nord;FR;05/01/2026;04/02/2026;1.200,50;EUR\n"
    )

    (_, invoice) = read(text.encode("cp1252"), mapping)

    assert isinstance(invoice, InvoiceRow)
    assert str(invoice.amount) == "1200.50 EUR"


def test_a_column_that_the_mapping_names_must_be_there():
    mapping = read_mapping("columns: {paid_on: Settled}\n")

    assert told(f"{HEADER},Setled\n{ROW},2026-02-01\n", mapping)[0] == (
        "line 1, column paid_on: the mapping takes it from 'Settled', which the file does not have; "
        "did you mean 'setled'?"
    )


def test_constants_fill_in_what_the_file_lacks():
    mapping = read_mapping("constants: {currency: CHF, country: CH}\n")

    (invoice,) = read("number,account,client,issued,due,amount\nF1,C1,Nord,2026-01-05,2026-02-04,5\n", mapping)

    assert isinstance(invoice, InvoiceRow)
    assert (invoice.country, str(invoice.amount)) == ("CH", "5.00 CHF")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("column: {number: a}", "line 1, key column: unknown key; did you mean columns?"),
        ("columns: {numbr: a}", "line 1, key columns.numbr: unknown key; did you mean number?"),
        ("columns: {number: [a]}",
         "line 1, key columns.number: a list stands here; expected a piece of text"),
        ("date_format: DD/MM", "line 1, key date_format: 'DD/MM' lacks a day, a month or a year; "
         "expected for example M/D/YYYY, DD.MM.YYYY or YYYYMMDD"),
        ("decimal: x", "line 1, key decimal: 'x' is unknown; expected one of ., ,"),
        ("separator: x", "line 1, key separator: 'x' is unknown; expected one of ,, ;, |, tab"),
        ("encoding: utf-9", "line 1, key encoding: 'utf-9' is unknown; did you mean utf-8?"),
        ("columns: {number: a}\nconstants: {number: b}",
         "line 2, key constants.number: is a column and a constant; keep one of them"),
        ("where_present: [nummer]", "line 1, key where_present: 'nummer' is no column of ours; known here: number, "),
    ],
)  # fmt: skip
def test_a_wrong_mapping_is_refused_by_line_and_key(text, expected):
    with pytest.raises(BadFile) as refused:
        read_mapping(text)

    assert str(refused.value.findings[0]).startswith(expected)
