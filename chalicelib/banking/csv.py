"""Read a statement that is a table (CSV, or a sheet of a workbook): the columns that banks name, or a mapping's.

Lines before the header (account, period, balance) are passed over. A cell that could mean two things is refused,
never guessed: dates by ISO, by day first or as the mapping says, amounts by the ledger's own rules.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import islice

from chalicelib.banking.identity import known, numbered_all
from chalicelib.banking.model import BankEntry, EntryKind, Statement
from chalicelib.domain.money import Money
from chalicelib.errors import BadFile, BadInput
from chalicelib.ledger import cells
from chalicelib.ledger.cells import Unreadable
from chalicelib.ledger.guess import CELL
from chalicelib.ledger.mapping import OURS, ColumnMap
from chalicelib.ledger.records import Finding
from chalicelib.ledger.table import MAX_CELL, MAX_COLUMNS, SEPARATORS, find_encoding, plain
from chalicelib.ledger.xlsx import is_workbook, sheet_rows

MAX_BYTES = 64 * 1024 * 1024
SHOWN = 20
HEADER_WITHIN = 40
SUMS = ("amount", "debit", "credit")

_ALIASES = {
    "booked_on": "date date_operation date_d'operation date_de_l'operation date_comptable date_de_comptabilisation"
    " date_d’operation buchungstag buchungsdatum booking_date transaction_date posting_date date_posted boekdatum datum"
    " fecha fecha_operacion data data_contabile completed_date",
    "valued_on": "date_valeur date_de_valeur value_date valuta valutadatum wertstellung fecha_valor data_valuta",
    "amount": "montant montant_de_l'operation betrag umsatz bedrag importe importo amount_eur",
    "debit": "debit_euros montant_debit soll paid_out money_out withdrawals af addebiti cargo",
    "credit": "credit_euros montant_credit haben paid_in money_in deposits bij accrediti abono",
    "currency": "devise wahrung waehrung valuta_code munt divisa ccy",
    "payer": "counterparty counterparty_name contrepartie nom_contrepartie nom_de_la_contrepartie name nom tiers"
    " beguenstigter/zahlungspflichtiger auftraggeber/beguenstigter name_zahlungsbeteiligter naam_tegenpartij"
    " ordenante debiteur emetteur",
    "payer_iban": "iban_contrepartie compte_contrepartie counterparty_iban counterparty_account kontonummer/iban"
    " iban_zahlungsbeteiligter tegenrekening rekening_tegenpartij iban_emetteur",
    "text": "libelle libelle_operation libelle_de_l'operation libelle_simplifie label description communication"
    " remittance_information details motif verwendungszweck omschrijving mededelingen concepto causale memo"
    " information informations_complementaires detail_de_l'ecriture",
    "reference": "bank_reference reference_banque numero_d'operation transaction_id id_transaction referenz"
    " kundenreferenz referentie numero_de_reference ref",
    "account": "compte iban numero_de_compte compte_bancaire auftragskonto iban_auftragskonto rekening cuenta",
}
_RETURNED = re.compile(
    r"\b(?:rejets?|impayes?|retours?)\b.{0,20}\b(?:prlv|prelevements?|sdd)\b|rucklastschrift|ruecklastschrift"
    r"|returned direct debit|\bunpaid dd\b"
)


def read_csv(raw: bytes, mapping: ColumnMap = OURS) -> list[Statement]:
    """One statement for each account of the file. BadFile names the line of every row that cannot be read."""
    if len(raw) > MAX_BYTES:
        raise BadInput("line 1", f"the file has {len(raw)} bytes", f"{MAX_BYTES} at most are read: split it")
    text, mapping = text_of(raw, mapping)
    header = find_header(text, mapping)
    findings: list[BadInput] = []
    entries: dict[str, list[BankEntry]] = {}
    for line, row in rows_below(text, header, findings):
        try:
            entry = _entry(line, row, header, mapping)
        except BadInput as error:
            findings.append(error)
            continue
        if entry is not None:
            entries.setdefault(entry.account, []).append(entry)
    if findings:
        raise BadFile("csv", findings[:SHOWN])
    return numbered_all([_statement(account, some) for account, some in entries.items()])


def text_of(raw: bytes, mapping: ColumnMap, *, rows: int | None = None) -> tuple[str, ColumnMap]:
    """The table as text, and how it is read; a sheet of a workbook line by line as it stands there, `rows` at most."""
    csv.field_size_limit(MAX_CELL)
    if is_workbook(io.BytesIO(raw)):
        return _sheet_text(raw, mapping, rows), replace(mapping, encoding="", separator=";")
    encoding = find_encoding(io.BytesIO(raw), mapping.encoding)
    if isinstance(encoding, Finding):
        raise encoding.as_error()
    return raw.decode(encoding.name).removeprefix("\ufeff"), mapping


def _sheet_text(raw: bytes, mapping: ColumnMap, rows: int | None) -> str:
    aliases = [name for some in _ALIASES.values() for name in some.split()]
    known = sorted({*_ALIASES, *aliases, *map(plain, mapping.columns.values())})
    text, line = io.StringIO(), 1
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    for row in islice(sheet_rows(io.BytesIO(raw), known, mapping.decimal), rows):
        if isinstance(row, Finding):
            if row.is_error:
                raise row.as_error()
            continue
        text.write("\n" * (row.line - line))
        writer.writerow([" ".join(cell.split()) for cell in row.cells])
        line = row.line + 1
    return text.getvalue()


class Header:
    """Where our columns stand; `currency` where the header itself names one, as in Montant(EUROS)."""

    def __init__(self, names: Sequence[str], mapping: ColumnMap = OURS) -> None:
        self.names = tuple(name.strip("\ufeff ")[:CELL] for name in names)
        self.places: dict[str, int] = {}
        self.currency = ""
        plain_names = [_folded(name) for name in names]
        for ours, aliases in _ALIASES.items():
            if ours in mapping.without:
                continue
            theirs = mapping.columns.get(ours)
            wanted = [_folded(theirs)] if theirs else [ours, *aliases.split()]
            place = next((plain_names.index(name) for name in wanted if name in plain_names), None)
            if theirs in self.names:  # two names may differ in their brackets alone
                place = self.names.index(theirs)
            if place is not None and place not in self.places.values():
                self.places[ours] = place
        for ours in SUMS:
            if ours in self.places:
                within = re.search(r"\b(EUR|EUROS|€|GBP|CHF|USD)\b|€", names[self.places[ours]].upper())
                self.currency = {"EUROS": "EUR", "€": "EUR"}.get(within[0], within[0]) if within else self.currency
        self.line, self.separator = 1, ","

    @property
    def is_whole(self) -> bool:
        return "booked_on" in self.places and bool(self.places.keys() & set(SUMS))


def _folded(name: str) -> str:
    bare = re.sub(r"\(.*?\)", "", name)
    for accents, letter in (("éèêë", "e"), ("àâä", "a"), ("ôö", "o"), ("ùûü", "u"), ("îï", "i"), ("ç", "c")):
        bare = re.sub(f"[{accents}{accents.upper()}]", letter, bare)
    return plain(bare).strip("_:.")


def find_header(text: str, mapping: ColumnMap) -> Header:
    """The first line that names a day and an amount. BadInput where there is none."""
    separators = mapping.separator or SEPARATORS
    head = first_lines(text, HEADER_WITHIN)
    for line, content in enumerate(head, 1):
        for separator in separators:
            names = cells_of(content, separator)
            if len(names) < 2 or len(names) > MAX_COLUMNS:
                continue
            header = Header(names, mapping)
            if header.is_whole:
                header.line, header.separator = line, separator
                return header
    shown = (head or [""])[0][:120]
    remedy = "a day and an amount are needed (date, montant, débit, crédit…): name the columns in a mapping (--map)"
    raise BadInput("line 1", f"no header of a statement is found; the file begins {shown!r}", remedy)


def first_lines(text: str, count: int) -> list[str]:
    """Lines as `rows_below` counts them; `str.splitlines` ends one at a form feed too: entries would be lost."""
    return [line.rstrip("\r\n") for line in islice(io.StringIO(text, newline=""), count)]


def cells_of(line: str, separator: str) -> list[str]:
    """The cells of one line; none where it is no line of a table."""
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def rows_below(text: str, header: Header, findings: list[BadInput]) -> Iterator[tuple[int, list[str]]]:
    """The rows under the header that hold anything, each with its line."""
    body = io.StringIO(text, newline="")
    for _ in range(header.line):
        body.readline()
    reader = csv.reader(body, delimiter=header.separator, strict=True)
    while True:
        line = header.line + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            findings.append(BadInput(f"line {line}", f"the row cannot be read: {error}", "is a quotation mark open?"))
            continue
        if any(cell.strip() for cell in row):
            yield line, row


def _entry(line: int, row: list[str], header: Header, mapping: ColumnMap) -> BankEntry | None:
    def cell(ours: str) -> str:
        place = header.places.get(ours)
        text = row[place].strip() if place is not None and place < len(row) else ""
        if not text:
            return mapping.constants.get(ours, "")
        return mapping.values.get(ours, {}).get(text, text)

    def wrong(column: str, error: Unreadable) -> BadInput:
        return BadInput(f"line {line}, column {column}", error.what, error.remedy)

    code = (cell("currency") or header.currency).upper()
    if not code:
        raise BadInput(f"line {line}", "no currency", "give a mapping with constants: {currency: EUR}")
    amounts: dict[str, Decimal] = {}
    for column in SUMS:
        if cell(column):
            try:
                amounts[column] = cells.money(cell(column), cells.currency(code), mapping.decimal).amount
            except Unreadable as error:
                raise wrong(column, error) from error
    if "amount" in amounts:
        signed = amounts["amount"]
    else:
        signed = abs(amounts.get("credit", Decimal(0))) - abs(amounts.get("debit", Decimal(0)))
    if not amounts and not cell("booked_on"):
        return None  # a line of totals under the table
    if not amounts:
        raise BadInput(f"line {line}", "the row has no amount", "complete the row, or delete it")
    booked = _day(cell("booked_on"), mapping)
    if isinstance(booked, Unreadable):
        raise wrong("booked_on", booked)
    valued = _day(cell("valued_on"), mapping) if cell("valued_on") else None
    if isinstance(valued, Unreadable):
        raise wrong("valued_on", valued)
    if not signed:
        return None
    text = cell("text")
    return BankEntry(
        id="", account=cell("account").replace(" ", ""), booked_on=booked, valued_on=valued,
        amount=Money.of(abs(signed), code), kind=_kind(signed, text), payer=cell("payer"),
        payer_iban=cell("payer_iban").replace(" ", "").upper(), text=text,
        bank_reference=known(cell("reference")),
    )  # fmt: skip


def _kind(signed: Decimal, text: str) -> EntryKind:
    if signed > 0:
        return EntryKind.CREDIT
    return EntryKind.RETURNED_DEBIT if _RETURNED.search(_folded(text).replace("_", " ")) else EntryKind.DEBIT


def _day(text: str, mapping: ColumnMap) -> date | Unreadable:
    if not text:
        return Unreadable("is empty", "fill it in, or delete the row")
    try:
        return cells.day_reader(mapping.date_format)(text)
    except Unreadable as error:
        return error


def _statement(account: str, entries: list[BankEntry]) -> Statement:
    days = [entry.booked_on for entry in entries]
    return Statement(
        account=account, currency=entries[0].amount.currency, from_on=min(days), to_on=max(days),
        entries=tuple(entries), source="CSV",
    )  # fmt: skip
