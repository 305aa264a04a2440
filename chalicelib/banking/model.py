"""What a bank says: statements of one account, and their entries with direction, payer, text and references."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from chalicelib.domain.money import Money


class EntryKind(StrEnum):
    CREDIT = "credit"
    DEBIT = "debit"
    CHARGE = "charge"
    REVERSAL = "reversal"  # a credit that the bank took back
    RETURNED_DEBIT = "returned_debit"  # a direct debit of ours that came back
    RETURNED_TRANSFER = "returned_transfer"  # money that we had sent and that came back: no debtor paid


@dataclass(frozen=True, kw_only=True)
class BankEntry:
    """One movement of our account. `amount` is never below zero: `kind` tells the direction.

    `id` is the same whenever the same bank states the same entry again, and in a file that overlaps another.
    """

    id: str
    account: str  # our IBAN, or what the bank calls the account
    booked_on: date
    valued_on: date | None = None
    amount: Money
    kind: EntryKind
    payer: str = ""
    payer_iban: str = ""
    text: str = ""  # unstructured remittance information, whole
    references: tuple[str, ...] = ()  # structured: creditor reference, end-to-end id, cheque number…
    bank_reference: str = ""
    mandate: str = ""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The entries of one account over a time; balances where the bank states them."""

    account: str
    currency: str
    from_on: date | None = None
    to_on: date | None = None
    opening: Money | None = None
    closing: Money | None = None
    entries: tuple[BankEntry, ...] = ()
    source: str = ""  # the format it was read from
