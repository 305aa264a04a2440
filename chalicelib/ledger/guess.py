"""Columns that nobody has named: read a table's head, and propose which of its columns are ours. A person confirms.

Nothing here is acted on alone: what is proposed stands in a form, beside the first rows as they would be read.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, BinaryIO

import yaml

from chalicelib.ledger.cells import Unreadable, day_reader
from chalicelib.ledger.mapping import (
    INVOICE_COLUMNS,
    INVOICE_EXTRAS,
    PAYMENT_COLUMNS,
    PAYMENT_EXTRAS,
    ColumnMap,
)
from chalicelib.ledger.read import read_invoices, read_payments
from chalicelib.ledger.records import Finding, InvoiceRow, PaymentRow
from chalicelib.ledger.table import Row, find_encoding, plain, rows
from chalicelib.ledger.xlsx import is_workbook, sheet_rows

SAMPLE_ROWS = 5
MOST_COLUMNS = 60
CELL = 80

REQUIRED = {"invoices": INVOICE_COLUMNS, "payments": PAYMENT_COLUMNS}
EXTRAS = {
    "invoices": ("email", "phone", "contact", "purchase_order", "paid_on", "disputed", "language", "sales_rep"),
    "payments": PAYMENT_EXTRAS,
}
"""Of the columns that a file may have, those that are asked for; the others are for a mapping written by hand."""

CONSTANT = ("country", "currency")
"""What is often the same for a whole file, and then not in it."""

DATE_FORMATS = ("", "DD/MM/YYYY", "MM/DD/YYYY", "DD.MM.YYYY", "DD-MM-YYYY", "YYYYMMDD")

_WORDS = {
    "number": "numero_facture n_facture no_facture num_facture facture numero n_piece numero_piece piece"
    " reference_facture invoice invoice_number invoice_no invoice_id document_number doc_number document reference"
    " rechnungsnummer",
    "account": "code_client compte_client numero_client n_client no_client id_client compte compte_tiers code_tiers"
    " tiers customer_id customer_no customer_code account_number cust_number custnumber customer_account kundennummer",
    "client": "client nom_client raison_sociale nom nom_tiers intitule customer customer_name name company debtor"
    " name_customer kunde",
    "country": "pays code_pays country country_code land business_code",
    "issued": "date_facture date_de_facture date_emission date_d_emission date_piece date_document date emission"
    " invoice_date issue_date document_date posting_date document_create_date rechnungsdatum",
    "due": "echeance date_echeance date_d_echeance due_date due due_in_date payment_due falligkeit",
    "amount": "montant montant_ttc total_ttc ttc total solde montant_du reste_a_payer net_a_payer amount total_amount"
    " amount_due open_amount balance total_open_amount betrag",
    "currency": "devise monnaie code_devise currency currency_code invoice_currency wahrung",
    "paid_on": "date_reglement date_paiement date_de_reglement regle_le paye_le paid paid_date payment_date clear_date"
    " clearing_date date_valeur",
    "email": "email e_mail mail courriel adresse_mail adresse_email",
    "phone": "telephone tel phone phone_number",
    "contact": "contact nom_contact interlocuteur contact_name",
    "purchase_order": "commande numero_commande n_commande bon_de_commande purchase_order po po_number order_number",
    "disputed": "litige en_litige conteste disputed dispute",
    "language": "langue code_langue language",
    "sales_rep": "commercial email_commercial vendeur sales_rep salesperson",
    "reference": "libelle reference_bancaire reference label description bank_reference",
}  # fmt: skip
_DAYS = ("issued", "due", "paid_on", "booked_on", "valued_on")
_SHAPES = {
    "issued": r"[0-9]{1,4}[/.\-]?[0-9]{1,2}[/.\-]?[0-9]{1,4}.*",
    "amount": r"[-(]?[0-9][0-9 .,'\u00a0\u202f€]*\)?-?",
}


@dataclass(frozen=True)
class Head:
    """The names of a table's columns and its first rows."""

    columns: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]

    @property
    def mark(self) -> str:
        """The same for every file with these columns."""
        return hashlib.sha256("\n".join(plain(name) for name in self.columns).encode()).hexdigest()[:16]

    def has(self, wanted: Sequence[str]) -> bool:
        return {plain(name) for name in wanted} <= {plain(name) for name in self.columns}


def read_head(source: BinaryIO) -> Head | Finding:
    """The head of a CSV file or a workbook; a Finding where there is no table."""
    words = {word for some in _WORDS.values() for word in some.split()}
    known = sorted({*INVOICE_COLUMNS, *INVOICE_EXTRAS, *PAYMENT_COLUMNS, *words})
    table: Iterator[Row | Finding]
    if is_workbook(source):
        table = sheet_rows(source, known)
    else:
        encoding = find_encoding(source)
        if isinstance(encoding, Finding):
            return encoding
        table = rows(source, encoding, known)
    first = next(table, None)
    if not isinstance(first, Row):
        return first or Finding(1, "", "the file is empty", "export it again")
    if len([name for name in first.cells if name.strip()]) < 2:
        return Finding(first.line, "", "the file has a single column", "export it as CSV with a header, or as XLSX")
    some = [row for row in islice(table, SAMPLE_ROWS) if isinstance(row, Row)]
    width = min(len(first.cells), MOST_COLUMNS)
    sample = tuple(tuple(cell.strip()[:CELL] for cell in (row.cells + [""] * width)[:width]) for row in some)
    return Head(tuple(name.strip("\ufeff ")[:CELL] for name in first.cells[:width]), sample)


def propose(head: Head, kind: str) -> ColumnMap:
    """Which of their columns are probably ours, by their names and what stands in them; the rest is left open."""
    folded = [_folded(name) for name in head.columns]
    columns: dict[str, str] = {}
    for ours in (*REQUIRED[kind], *EXTRAS[kind]):
        words = [ours, *_WORDS.get(ours, "").split()]
        named = (folded.index(word) for word in words if word in folded)
        place = next((one for one in named if _fits(head, one, ours)), None)
        if place is not None and (head.columns[place] not in columns.values() or ours == "account"):
            columns[ours] = head.columns[place]
    if "client" in columns and "account" not in columns:
        columns["account"] = columns["client"]  # a file without codes: the name is the account
    if "account" in columns and "client" not in columns and kind == "invoices":
        columns["client"] = columns["account"]
    return ColumnMap(columns=columns, date_format=date_format_of(head, columns))


def looks_like_invoices(head: Head) -> bool:
    """Whether something in it is due or numbered as invoices are: no bank says that of its entries."""
    found = propose(head, "invoices").columns
    return "due" in found or _folded(found.get("number", "")) in _WORDS["number"].split()[:5]


def preview(head: Head, kind: str, mapping: ColumnMap) -> tuple[list[InvoiceRow | PaymentRow], list[Finding]]:
    """The first rows as they would be read, and what is wrong with them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([head.columns, *head.sample])
    source = io.BytesIO(text.getvalue().encode())
    plainly = replace(mapping, encoding="", separator=",")
    found = list(read_invoices(source, plainly) if kind == "invoices" else read_payments(source, plainly))
    good = [one for one in found if not isinstance(one, Finding)]
    return good, [one for one in found if isinstance(one, Finding)]


def written(mapping: ColumnMap, title: str) -> str:
    """The mapping as the file that `read_mapping` reads."""
    facts: dict[str, Any] = {"title": title, "columns": dict(mapping.columns)}
    if mapping.constants:
        facts["constants"] = dict(mapping.constants)
    if mapping.date_format:
        facts["date_format"] = mapping.date_format
    if mapping.decimal:
        facts["decimal"] = mapping.decimal
    if mapping.without:
        facts["without"] = list(mapping.without)
    return yaml.safe_dump(facts, allow_unicode=True, sort_keys=False)


def date_format_of(head: Head, columns: Mapping[str, str]) -> str:
    """The one format under which every day of the sample can be read; empty where none or several can."""
    texts = [row[head.columns.index(columns[ours])] for ours in _DAYS if ours in columns for row in head.sample]
    able = [form for form in DATE_FORMATS if all(_reads(form, text) for text in texts if text)]
    return able[0] if len(able) == 1 else ""


def _reads(form: str, text: str) -> bool:
    try:
        day_reader(form)(text)
    except Unreadable:
        return False
    return True


def _fits(head: Head, place: int, ours: str) -> bool:
    shape = _SHAPES.get("issued" if ours in _DAYS else ours)
    return not shape or all(re.fullmatch(shape, row[place]) for row in head.sample if row[place])


def _folded(name: str) -> str:
    bare = unicodedata.normalize("NFKD", name.replace("°", " ")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", bare).strip("_")
