"""What a ledger says, row by row: invoices (credit notes among them), payments, and findings about wrong rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chalicelib.domain.debtor_file import DebtorKind, Role
from chalicelib.domain.money import Money
from chalicelib.errors import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceRow:
    """One invoice, or a credit note where `amount` is below zero. Empty means that the ledger does not say.

    `disputed_on` is None where the ledger says that it is disputed, but not since when.
    """

    line: int  # in the file, the header being line 1
    number: str
    account: str
    client: str
    country: str
    issued_on: date
    due_on: date
    amount: Money
    paid_on: date | None = None
    disputed: bool = False
    disputed_on: date | None = None
    purchase_order: str = ""
    document: str = ""
    email: str = ""
    contact: str = ""
    phone: str = ""
    role: Role | None = None
    language: str = ""
    kind: DebtorKind | None = None
    policy: str = ""
    sales_rep: str = ""
    client_since_on: date | None = None
    legal_id: str = ""
    vat_number: str = ""
    address: tuple[str, ...] = ()
    owed: Money | None = None  # where part of `amount` was paid before it came in
    credits: tuple[str, ...] = ()  # the invoices that a credit note refers to
    remarks: tuple[str, ...] = ()  # what a person has to look at

    @property
    def is_credit_note(self) -> bool:
        return self.amount.amount < 0


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentRow:
    """Money received from a debtor; `number` is empty where the payment names no invoice.

    `occurrence` counts equal rows of one file (2 for the second transfer of the same sum on the same day with the
    same reference), so that an id made of the content tells them apart and stays the same when the file comes again.
    """

    line: int
    account: str
    paid_on: date
    amount: Money
    number: str = ""
    reference: str = ""
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a row: an error makes the row unusable, a note only tells what was made of it."""

    line: int
    column: str
    what: str
    remedy: str = ""
    is_error: bool = True

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", column {self.column}" if self.column else "")
        return str(BadInput(where, self.what, self.remedy))

    def as_error(self) -> BadInput:
        where = f"line {self.line}" + (f", column {self.column}" if self.column else "")
        return BadInput(where, self.what, self.remedy)
