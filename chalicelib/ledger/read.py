"""Read a ledger: each row checked and given as a record, or named with its line, its column and what to do.

    for item in read_invoices(open("invoices.csv", "rb")):
        ...  # InvoiceRow, or a Finding

The file is CSV or XLSX. Rows come as they are read: a CSV file of any size takes the memory of its invoice numbers.
`check` goes over the whole file first, for what must be all or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any, BinaryIO, Generic, TypeVar

from chalicelib.domain.debtor_file import DESK, DebtorKind, Role
from chalicelib.domain.money import Money
from chalicelib.errors import BadFile
from chalicelib.ledger import cells
from chalicelib.ledger.cells import Unreadable
from chalicelib.ledger.mapping import (
    INVOICE_COLUMNS,
    INVOICE_EXTRAS,
    OURS,
    PAYMENT_COLUMNS,
    PAYMENT_EXTRAS,
    ColumnMap,
)
from chalicelib.ledger.records import Finding, InvoiceRow, PaymentRow
from chalicelib.ledger.table import Row, find_encoding, plain, rows
from chalicelib.ledger.xlsx import is_workbook, sheet_rows

R = TypeVar("R", bound=InvoiceRow | PaymentRow)
Reader = Callable[[BinaryIO, ColumnMap], Generator[R | Finding, None, None]]

SHOWN = 20
"""So many findings are told one by one; of the others only the number."""
NOTES_KEPT = 1000


def read_invoices(source: BinaryIO, mapping: ColumnMap = OURS) -> Generator[InvoiceRow | Finding, None, None]:
    """Invoices and credit notes. The same number twice: an equal row is ignored and noted, another is an error."""
    seen: dict[str, tuple[int, int]] = {}  # number: the line that had it first, a hash of its content
    for item in _cells(source, mapping, INVOICE_COLUMNS, INVOICE_EXTRAS):
        if isinstance(item, Finding):
            yield item
            continue
        row = _Cells(item, mapping)
        invoice = _invoice(row)
        if invoice and not invoice.amount:
            yield row.note("amount", "the amount is zero: nothing to collect, the row is ignored")
            continue
        if invoice:
            content = hash(tuple(item.texts.items()))
            first = seen.setdefault(invoice.number, (item.line, content))
            if first == (item.line, content):
                yield from row.findings
                yield invoice
                continue
            if first[1] == content:
                yield row.note("number", f"{invoice.number} repeats line {first[0]} and is ignored")
                continue
            remedy = "keep the row that is right"
            row.wrong("number", f"{invoice.number} is in line {first[0]} with other content", remedy)
        yield from row.findings


def read_payments(source: BinaryIO, mapping: ColumnMap = OURS) -> Generator[PaymentRow | Finding, None, None]:
    """Payments received. Equal rows are payments of their own (to lose one would be to chase the paid), and noted."""
    seen: dict[int, tuple[int, int]] = {}  # hash of the content: first line, how often so far
    for item in _cells(source, mapping, PAYMENT_COLUMNS, PAYMENT_EXTRAS):
        if isinstance(item, Finding):
            yield item
            continue
        row = _Cells(item, mapping)
        content = hash(tuple(item.texts.items()))
        first, count = seen.get(content, (item.line, 0))
        payment = _payment(row, count + 1)
        if payment:
            seen[content] = first, count + 1
            if count:
                row.note_also("", f"equals line {first} and counts as a payment of its own", "delete it if it is none")
        yield from row.findings
        if payment:
            yield payment


def load(
    source: BinaryIO, reader: Reader[R], mapping: ColumnMap, *, name: str, skip_bad: bool
) -> tuple[list[R], list[Finding]]:
    """Every row of a file and its notes, in one go; refuses what `check` refuses."""
    good: list[R] = []
    findings = _weigh(reader(source, mapping), good.append, name=name, skip_bad=skip_bad)
    return good, findings


def check(source: BinaryIO, reader: Reader[R], mapping: ColumnMap, *, name: str, skip_bad: bool) -> list[Finding]:
    """Go over the whole file and return its notes (with `skip_bad` also its errors, whose rows are left out).

    BadFile names every wrong row (the first ones in full); a file whose table cannot be read at all is refused with
    `skip_bad` too.
    """
    return _weigh(reader(source, mapping), lambda row: None, name=name, skip_bad=skip_bad)


def good_rows(source: BinaryIO, reader: Reader[R], mapping: ColumnMap) -> Iterator[R]:
    """The usable rows of a file that `check` has let pass."""
    for item in reader(source, mapping):
        if not isinstance(item, Finding):
            yield item


class GoodRows(Generic[R]):
    """The usable rows of a file that `check` has let pass, read anew each time they are gone over."""

    def __init__(self, source: BinaryIO, reader: Reader[R], mapping: ColumnMap) -> None:
        self._source, self._reader, self._mapping = source, reader, mapping

    def __iter__(self) -> Iterator[R]:
        self._source.seek(0)
        return good_rows(self._source, self._reader, self._mapping)


def _weigh(items: Iterator[R | Finding], keep: Callable[[R], None], *, name: str, skip_bad: bool) -> list[Finding]:
    findings: list[Finding] = []
    good = errors = 0
    for item in items:
        if not isinstance(item, Finding):
            good += 1
            keep(item)
            continue
        errors += item.is_error
        if item.is_error or len(findings) < NOTES_KEPT:
            findings.append(item)
    refused = [f for f in findings if f.is_error]
    if refused and (not skip_bad or not good):
        shown = [f.as_error() for f in refused[:SHOWN]]
        if errors > SHOWN:
            shown.append(Finding(refused[SHOWN].line, "", f"{errors - SHOWN} more findings from here on").as_error())
        raise BadFile(name, shown)
    return findings


class _Texts:
    """The texts of one row by our column names, constants and value maps applied."""

    __slots__ = ("line", "texts")

    def __init__(self, line: int, texts: dict[str, str]) -> None:
        self.line, self.texts = line, texts


def _cells(
    source: BinaryIO, mapping: ColumnMap, required: Sequence[str], extras: Sequence[str]
) -> Iterator[_Texts | Finding]:
    wanted = {ours: plain(mapping.columns.get(ours, ours)) for ours in (*required, *extras)}
    if is_workbook(source):
        table = sheet_rows(source, tuple(wanted.values()), mapping.decimal)
    else:
        encoding = find_encoding(source, mapping.encoding)
        if isinstance(encoding, Finding):
            yield encoding
            return
        if encoding.said:
            yield Finding(1, "", encoding.said, is_error=False)
        table = rows(source, encoding, tuple(wanted.values()), mapping.separator)
    header = next(table, None)
    if header is None or isinstance(header, Finding):
        yield header or Finding(1, "", "the file is empty", "export it again")
        return
    places, findings = _places(header, mapping, wanted, required)
    yield from findings
    if any(f.is_error for f in findings):
        return
    width = len(header.cells)
    for row in table:
        if isinstance(row, Finding):
            yield row
        elif len(row.cells) > width and any(c.strip() for c in row.cells[width:]):
            what = f"the row has {len(row.cells)} cells, the header {width}"
            yield Finding(row.line, "", what, "put a cell that holds the separator in quotation marks")
        elif len(row.cells) < width and len(row.cells) <= max(places.values(), default=0):
            what = f"the row has {len(row.cells)} cells, the header {width}"
            yield Finding(row.line, "", what, "complete the row, or delete it")
        else:
            yield _Texts(row.line, _texts(row, places, mapping))


def _texts(row: Row, places: dict[str, int], mapping: ColumnMap) -> dict[str, str]:
    texts = dict(mapping.constants)
    for ours, place in places.items():
        text = " ".join(row.cells[place].replace("\u00a0", " ").split())
        texts[ours] = mapping.values[ours].get(text, text) if ours in mapping.values else text
    return texts


def _places(
    header: Row, mapping: ColumnMap, wanted: dict[str, str], required: Sequence[str]
) -> tuple[dict[str, int], list[Finding]]:
    """Where our columns stand, and what is wrong with the header."""
    names = [plain(name) for name in header.cells]
    findings = []
    for name in sorted({n for n in names if n and names.count(n) > 1 and n in wanted.values()}):
        findings.append(Finding(header.line, name, "the header names it twice", "keep one of the two columns"))
    places = {ours: names.index(theirs) for ours, theirs in wanted.items() if theirs in names}
    unused = [n for n in names if n and n not in wanted.values()]
    for ours, theirs in wanted.items():
        if ours in places or ours in mapping.constants:
            continue
        near = get_close_matches(theirs, unused, n=1, cutoff=0.6)
        remedy = f"did you mean {near[0]!r}?" if near else "add it to the file or to the mapping's constants"
        if ours in mapping.columns and ours not in mapping.where_present:
            what = f"the mapping takes it from {mapping.columns[ours]!r}, which the file does not have"
            findings.append(Finding(header.line, ours, what, remedy))
        elif ours in required:
            remedy = f"is it {near[0]!r}? Rename it" if near else "add it"
            remedy += ", or name it in a mapping (--map)"
            findings.append(Finding(header.line, ours, "the column is missing", remedy))
        elif near and get_close_matches(theirs, unused, n=1, cutoff=0.8):
            what = f"{near[0]!r} is not known and is ignored"
            findings.append(Finding(header.line, near[0], what, f"did you mean {ours}?", is_error=False))
    if any(f.is_error for f in findings):
        shown = ", ".join(repr(name.strip()[:40]) for name in header.cells[:20])
        findings.append(Finding(header.line, "", f"the columns of the file are {shown}"))
    return places, findings


class _Cells:
    """Reads the cells of one row and gathers what is wrong with them."""

    def __init__(self, item: _Texts, mapping: ColumnMap) -> None:
        self.line, self._texts, self._mapping = item.line, item.texts, mapping
        self.findings: list[Finding] = []

    def __getitem__(self, column: str) -> str:
        return self._texts.get(column, "")

    @property
    def is_wrong(self) -> bool:
        return any(f.is_error for f in self.findings)

    def wrong(self, column: str, what: str, remedy: str = "") -> None:
        self.findings.append(Finding(self.line, column, what, remedy))

    def note(self, column: str, what: str) -> Finding:
        return Finding(self.line, column, what, is_error=False)

    def note_also(self, column: str, what: str, remedy: str) -> None:
        self.findings.append(Finding(self.line, column, what, remedy, is_error=False))

    def required(self, *columns: str) -> None:
        for column in columns:
            if not self[column]:
                self.wrong(column, "is empty", "fill it in, or delete the row")

    def read(self, column: str, reader: Callable[[str], cells.T]) -> cells.T | None:
        """The value of a cell; None where it is empty or wrong (which is noted)."""
        text = self[column]
        if not text:
            return None
        try:
            return reader(text)
        except Unreadable as error:
            self.wrong(column, error.what, error.remedy)
            return None

    def day(self, column: str) -> date | None:
        return self.read(column, cells.day_reader(self._mapping.date_format))

    def amount(self) -> Money | None:
        code = self.read("currency", cells.currency)
        return self.read("amount", lambda text: cells.money(text, code, self._mapping.decimal)) if code else None

    def name(self, column: str, longest: int = 200) -> str:
        text = self[column]
        if len(text) > longest:
            self.wrong(column, f"is longer than {longest} characters", "shorten it")
        elif re.search(r"[\x00-\x1f\x7f]", text):
            self.wrong(column, "holds a control character", "remove it")
        elif column in ("number", "account") and re.fullmatch(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+", text):
            self.wrong(column, f"{text!r} was shortened by a spreadsheet", "export it as text with all its digits")
        return text

    def one_of(self, column: str, values: type[Role] | type[DebtorKind]) -> Role | DebtorKind | None:
        text = self[column].lower()
        if not text:
            return None
        known = [v.value for v in values]
        if text in known:
            return values(text)
        self.wrong(column, f"{self[column]!r} is unknown", f"write one of {', '.join(known)}")
        return None


def _invoice(row: _Cells) -> InvoiceRow | None:
    row.required(*INVOICE_COLUMNS)
    number, account = row.name("number", 64), _account(row)
    issued, due, paid = row.day("issued"), row.day("due"), row.day("paid_on")
    amount = row.amount()
    disputed, disputed_on = _disputed(row)
    country = row.read("country", cells.country)
    role, kind = row.one_of("role", Role), row.one_of("kind", DebtorKind)
    invoice_texts: dict[str, Any] = {
        name: row.name(name)
        for name in (
            "client",
            "purchase_order",
            "contact",
            "phone",
            "policy",
            "document",
            "legal_id",
            "vat_number",
        )
    }
    email, sales_rep = row.read("email", _email) or "", row.read("sales_rep", _email) or ""
    language = row.read("language", _language) or ""
    since = row.day("client_since")
    if issued and due and due < issued:
        row.wrong("due", f"{due} lies before the day of issue, {issued}", "correct one of the two dates")
    if row.is_wrong or issued is None or due is None or amount is None or country is None:
        return None
    return InvoiceRow(
        line=row.line, number=number, account=account, country=country, issued_on=issued, due_on=due, amount=amount,
        paid_on=paid, disputed=disputed, disputed_on=disputed_on, email=email, sales_rep=sales_rep,
        language=language, role=Role(role) if role else None, kind=DebtorKind(kind) if kind else None,
        client_since_on=since, address=tuple(p.strip() for p in row["address"].split("|") if p.strip()),
        **invoice_texts,
    )  # fmt: skip


def _payment(row: _Cells, occurrence: int) -> PaymentRow | None:
    row.required(*PAYMENT_COLUMNS)
    account, number, reference = _account(row), row.name("number", 64), row.name("reference")
    paid, amount = row.day("paid_on"), row.amount()
    if amount and amount.amount < 0:
        row.wrong("amount", f"{amount} was paid back", "a returned payment is undone on the debtor's file, by hand")
    elif amount is not None and not amount:
        row.wrong("amount", "a payment of zero", "delete the row")
    if row.is_wrong or paid is None or amount is None:
        return None
    return PaymentRow(
        line=row.line, account=account, number=number, paid_on=paid, amount=amount, reference=reference,
        occurrence=occurrence,
    )  # fmt: skip


def _account(row: _Cells) -> str:
    account = row.name("account", 64)
    if account == DESK:
        row.wrong("account", f"{DESK!r} is the name of our own desk", "give this debtor another account")
    return account


def _disputed(row: _Cells) -> tuple[bool, date | None]:
    """Yes, no, or the day since which the invoice is disputed."""
    text = row["disputed"]
    if re.search(r"[0-9]{2}", text):
        since = row.day("disputed")
        return since is not None, since
    return bool(row.read("disputed", cells.yes_or_no)), None


def _email(text: str) -> str:
    if not re.fullmatch(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]+\.[^\s@<>,;:\"()\[\]\\.]{2,}", text):
        raise Unreadable(f"{text!r} is no e-mail address", "write one address, for example compta@client.example")
    return text


def _language(text: str) -> str:
    if not re.fullmatch("[A-Za-z]{2}", text):
        raise Unreadable(f"{text!r} is no language of two letters", "write for example fr or en")
    return text.lower()
