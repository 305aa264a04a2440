"""What matching looks at and what it answers: open items and accounts in, proposals with their certainty out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from chalicelib.banking.model import BankEntry
from chalicelib.domain.money import Money


class Certainty(StrEnum):
    CERTAIN = "certain"  # applied alone
    PROPOSED = "proposed"  # a person decides
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class OpenItem:
    """An invoice, or a credit note where `balance` is below zero. A settled one (balance zero) is known, not open."""

    number: str
    account: str
    balance: Money
    due_on: date
    issued_on: date
    purchase_order: str = ""


@dataclass(frozen=True, kw_only=True)
class Account:
    """A debtor as a payer is recognised by: its name, and the IBANs from which it has paid."""

    id: str
    name: str
    ibans: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Advice:
    """A remittance advice that waits for its money: a debtor said what it pays."""

    account: str
    numbers: tuple[str, ...]
    amount: Money | None = None
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class Ledger:
    items: Sequence[OpenItem]
    accounts: Sequence[Account] = ()
    advices: Sequence[Advice] = ()


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """How much less than was invoiced is taken for the whole: bank charges by amount, a cash discount by its rate.

    A discount is only proposed while `discount` is zero: whether it was agreed is not for a program to guess.
    """

    charges: Decimal = Decimal("5.00")
    charges_rate: Decimal = Decimal("0.02")  # and never more than this part of what was owed
    discount: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Share:
    """What an invoice gets of a payment; a credit note that was deducted has a share below zero."""

    number: str
    amount: Money


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One way in which a person might allocate the money, the likeliest first."""

    account: str
    shares: tuple[Share, ...]
    why: str


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What is made of an entry. `account` is empty where nobody knows who paid; `left` is what no invoice takes.

    `deductions` are what the payer kept back of an invoice, within the tolerance: with them it is settled.
    `undoes` names the entry whose money the bank took back. `learned_iban` is the account's from now on.
    """

    entry: BankEntry
    certainty: Certainty
    reason: str
    account: str = ""
    shares: tuple[Share, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    deductions: Mapping[str, Money] = field(default_factory=dict)
    undoes: str = ""
    learned_iban: str = ""

    @property
    def left(self) -> Money:
        left = self.entry.amount
        for share in self.shares:
            left = left - share.amount
        return left
