"""What a printed page says, as facts: the formal notice, the debtor's journal and a chart, before any layout.

A letter is a template and facts. The facts are plain records of text, whole numbers, `Money`, `date` and `Decimal`;
the printer writes amounts and days as the language wants them, and prints every text as text: nothing in it is ever
markup. Who drafts a letter fills one of the records below and calls

    printer.print("formal_notice", "fr", facts_of(formal_notice))     PDF/A-2b
    printer.print("journal", "fr", facts_of(journal))                 PDF/A-2b
    printer.picture("chart", "fr", facts_of(chart))                   PNG

The same facts give the same bytes: the only date in a page is `written_on`.

A formal notice is complete when it says who demands of whom (`sender`, `recipient`, with their legal identity), what
for (`invoices`, with interest and indemnity where a law or contract grants them), how much in each currency
(`totals`), by which day (`deadline_on`), after which requests (`earlier`), what follows, and who signs (Code civil
1344, in force since 1 October 2016: "interpellation suffisante").
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from chalicelib.domain.money import Money, total

Told = str | Money | date
"""A piece of a sentence: the printer writes sums and days as the language wants them."""


@dataclass(frozen=True, kw_only=True)
class LetterParty:
    """A company or person as a letter names it. Of the recipient `iban` and `bic` are left empty.

    `address` is the lines under the name, as they stand on an envelope; `legal_id` as printed ("RCS Lyon …").
    """

    name: str
    address: tuple[str, ...]
    legal_form: str = ""  # with the capital, where known
    legal_id: str = ""
    vat_number: str = ""
    attention: str = ""  # the person whom it is for
    email: str = ""
    phone: str = ""
    iban: str = ""
    bic: str = ""


@dataclass(frozen=True, kw_only=True)
class InterestPeriod:
    """Interest at one rate on one base: `days` from `from_on` to `to_on`, both counted; `rate` is per cent a year."""

    from_on: date
    to_on: date
    days: int
    base: Money
    rate: Decimal
    interest: Money
    source: str  # where the rate is published


@dataclass(frozen=True, kw_only=True)
class LetterInvoice:
    """One invoice that is demanded: what it was for, what is open of it, and what is due on top."""

    number: str
    issued_on: date
    due_on: date
    days_late: int
    amount: Money
    balance: Money
    interest: Money
    indemnity: Money  # its currency may be another: 40 EUR are owed for an invoice in dollars too
    purchase_order: str = ""
    periods: tuple[InterestPeriod, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LetterTotal:
    """What is demanded in one currency."""

    balance: Money
    interest: Money
    indemnity: Money

    @property
    def sum(self) -> Money:
        return self.balance + self.interest + self.indemnity


@dataclass(frozen=True, kw_only=True)
class EarlierContact:
    """A reminder or call before this letter. `what` is in the letter's language: "Première relance", "Appel : …"."""

    on: date
    means: str  # email, call or letter
    what: str
    to: str = ""


@dataclass(frozen=True, kw_only=True)
class FormalNoticeFacts:
    """A formal notice to pay.

    `totals` has one entry for each currency (`totals_of` reckons them). `articles` are named as the law file names
    them; without interest, indemnity and articles nothing of them is said. `country` is the law that the letter
    stands under: only under FR does it cite the French code. `cause` says in words what was delivered; empty, it is
    "our deliveries and services". `follows` replaces the standard words on what follows; `added` are paragraphs that
    a person added. `registered` prints the mention of registered post.
    """

    reference: str
    place: str
    written_on: date
    deadline_on: date
    sender: LetterParty
    recipient: LetterParty
    signer_name: str
    signer_title: str
    invoices: tuple[LetterInvoice, ...]
    totals: tuple[LetterTotal, ...]
    days_to_pay: int = 8
    country: str = "FR"
    articles: tuple[str, ...] = ()
    cause: str = ""
    earlier: tuple[EarlierContact, ...] = ()
    added: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    remittance: str = ""  # what the transfer should quote
    enclosed: tuple[str, ...] = ()  # beside the annexes: "Copie des 3 factures"
    registered: bool = True
    is_draft: bool = False  # prints DRAFT across every page

    def __post_init__(self) -> None:
        if not self.invoices or not self.totals:
            raise ValueError("a formal notice demands at least one invoice and one total")


@dataclass(frozen=True, kw_only=True)
class JournalLine:
    """One entry, on the creditor's wall clock (`clock`: "10:04"). `what` is pieces to be put one after the other."""

    seq: int
    on: date
    clock: str
    who: str
    what: tuple[Told, ...]
    why: str


@dataclass(frozen=True, kw_only=True)
class JournalInvoice:
    number: str
    issued_on: date
    due_on: date
    amount: Money
    balance: Money
    state: str  # in words


@dataclass(frozen=True, kw_only=True)
class JournalFacts:
    """A debtor's journal for the court's file: the invoices as they stand, then every entry in order."""

    sender: LetterParty
    debtor: LetterParty
    debtor_id: str
    zone: str
    written_on: date  # the day of the last entry
    invoices: tuple[JournalInvoice, ...]
    entries: tuple[JournalLine, ...]


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar. `shade`: 0 harmless (not due, expected) to 4 (over 90 days); `note` follows the amount."""

    label: str
    value: Money
    shade: int = 0
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class BarGroup:
    """Bars of one scale, under a heading of their own. A value below zero is drawn as none and written as it is."""

    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, kw_only=True)
class ChartFacts:
    """Horizontal bars: ageing, cash expected. All values of a group share its scale, so they share a currency."""

    title: str
    groups: tuple[BarGroup, ...]
    subtitle: str = ""


def facts_of(record: Any) -> dict[str, Any]:
    """The facts of a record, by name, as the printer takes them."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def totals_of(invoices: tuple[LetterInvoice, ...]) -> tuple[LetterTotal, ...]:
    """What is demanded, by currency: that of the largest sum of balances first."""
    currencies = dict.fromkeys(c for i in invoices for c in (i.balance.currency, i.indemnity.currency) if i.indemnity)
    currencies |= dict.fromkeys(i.balance.currency for i in invoices)
    found = [
        LetterTotal(
            balance=total((i.balance for i in invoices if i.balance.currency == c), c),
            interest=total((i.interest for i in invoices if i.interest.currency == c), c),
            indemnity=total((i.indemnity for i in invoices if i.indemnity.currency == c), c),
        )
        for c in currencies
    ]
    return tuple(sorted(found, key=lambda t: (-t.balance.amount, t.balance.currency)))
