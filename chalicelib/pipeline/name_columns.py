"""What the columns of an unnamed table may hold, kind by kind: what is asked for, proposed, and read by the answers."""

from __future__ import annotations

from chalicelib.banking import guess as bank
from chalicelib.banking.csv import SUMS
from chalicelib.banking.model import BankEntry
from chalicelib.ledger import guess as ledger
from chalicelib.ledger.guess import Head
from chalicelib.ledger.mapping import ColumnMap
from chalicelib.ledger.records import Finding, InvoiceRow, PaymentRow

KINDS = ("invoices", "payments", "statements")
REQUIRED = {**ledger.REQUIRED, "statements": bank.REQUIRED}
EXTRAS = {**ledger.EXTRAS, "statements": bank.EXTRAS}


def likely_kind(head: Head) -> str:
    """What it probably holds. A ledger has dates and amounts as a statement has: only a ledger knows what is due."""
    if ledger.looks_like_invoices(head):
        return "invoices"
    if {"account", "paid_on", "amount"} <= ledger.propose(head, "payments").columns.keys():
        return "payments"
    found = bank.propose(head).columns
    return "statements" if "booked_on" in found and found.keys() & set(SUMS) else "payments"


def propose(head: Head, kind: str) -> ColumnMap:
    return bank.propose(head) if kind == "statements" else ledger.propose(head, kind)


def chosen(mapping: ColumnMap, kind: str) -> ColumnMap:
    """What a person chose, as all that is to be read of such a file."""
    return bank.whole(mapping) if kind == "statements" else mapping


def preview(
    head: Head, kind: str, mapping: ColumnMap
) -> tuple[list[InvoiceRow | PaymentRow] | list[BankEntry], list[Finding]]:
    """The first rows as they would be read, and what is wrong with them."""
    return bank.preview(head, mapping) if kind == "statements" else ledger.preview(head, kind, mapping)


def is_missing(finding: Finding, kind: str) -> bool:
    """Whether it is said of a field of the form, and not of a row."""
    return finding.line == 1 and finding.column in REQUIRED[kind]
