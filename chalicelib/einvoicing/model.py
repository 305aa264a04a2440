"""What an electronic invoice says, as frozen records (terms of EN 16931 in comments)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from chalicelib.domain.lifecycle import InvoiceStatus
from chalicelib.domain.money import Money
from chalicelib.errors import BadInput


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something about one element of a document. An error makes the document contradict itself; a note only tells."""

    path: str
    line: int
    what: str
    remedy: str = ""
    is_error: bool = True

    @property
    def where(self) -> str:
        return f"line {self.line}, {self.path}" if self.line else self.path

    def __str__(self) -> str:
        return str(self.as_error())

    def as_error(self) -> BadInput:
        return BadInput(self.where, self.what, self.remedy)


@dataclass(frozen=True, kw_only=True, slots=True)
class Party:
    """A company named in an invoice; empty means that the document does not say."""

    name: str = ""
    siren: str = ""  # nine digits (scheme 0002), or the first nine of a SIRET (0009)
    legal_id: str = ""  # as registered, with whatever scheme
    vat_number: str = ""
    account: str = ""  # the identifier that the seller gave it: BT-46 without a scheme
    identifiers: tuple[tuple[str, str], ...] = ()  # (scheme, value)
    email: str = ""
    contact: str = ""
    phone: str = ""
    address: tuple[str, ...] = ()
    country: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preceding:
    """An earlier invoice that a credit note or a corrected invoice refers to (BG-3)."""

    number: str
    issued_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EInvoice:
    """An invoice, or a credit note where `is_credit_note`: then `total` is what it credits, above zero."""

    number: str  # BT-1
    type_code: str  # BT-3, UNTDID 1001
    is_credit_note: bool
    issued_on: date  # BT-2
    due_on: date | None  # BT-9
    terms: str  # BT-20
    currency: str  # BT-5
    net: Money | None  # BT-109
    tax: Money | None  # BT-110
    total: Money  # BT-112
    prepaid: Money  # BT-113
    rounding: Decimal  # BT-114
    due: Money  # BT-115
    seller: Party  # BG-4
    buyer: Party  # BG-7
    purchase_order: str = ""  # BT-13
    buyer_reference: str = ""  # BT-10
    contract: str = ""  # BT-12
    iban: str = ""  # BT-84
    bic: str = ""  # BT-86
    payment_reference: str = ""  # BT-83
    preceding: tuple[Preceding, ...] = ()  # BG-3
    notes: tuple[str, ...] = ()  # BT-22
    audience: str = ""  # the French note ADN: B2G, B2B …
    syntax: str = ""  # CII, UBL, ZUGFeRD 1.0
    profile: str = ""  # BT-24
    troubles: tuple[Trouble, ...] = field(default=())

    @property
    def contradictions(self) -> tuple[Trouble, ...]:
        return tuple(t for t in self.troubles if t.is_error)


Document = EInvoice | tuple[InvoiceStatus, ...]
