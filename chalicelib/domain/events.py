"""What can happen to a debtor's file, in the past tense: the words of the journal.

An `Entry` is an event with its place in the journal, its instant, who caused it and why. Entries are the only way a
file changes (`apply`), so folding a journal gives the file again. An event names few records: a change of thousands
of invoices is thousands of events, which the store saves in order and in pieces that each leave a valid file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.domain.debtor_file import (
    Block,
    Case,
    Closed,
    Contact,
    Credit,
    Debtor,
    Dispute,
    Notice,
    PaymentClaim,
    Promise,
    Task,
)
from chalicelib.domain.money import Money


@dataclass(frozen=True, kw_only=True)
class DebtorOpened:
    """The file begins; always the first entry."""

    debtor: Debtor


@dataclass(frozen=True, kw_only=True)
class DebtorChanged:
    debtor: Debtor


@dataclass(frozen=True, kw_only=True)
class ContactSet:
    """A contact was added, or changed by a person or the ledger (which also revives a dead address)."""

    contact: Contact


@dataclass(frozen=True, kw_only=True)
class ContactDied:
    """Mail to this contact comes back for good."""

    contact_id: str
    on: date


@dataclass(frozen=True, kw_only=True)
class AbsenceNoted:
    """The contact is away until (not including) this day; `deputy` is the replacement's address, where named."""

    contact_id: str
    until: date
    deputy: str = ""


@dataclass(frozen=True, kw_only=True)
class InvoiceEntered:
    case: Case


@dataclass(frozen=True, kw_only=True)
class InvoiceCorrected:
    """The ledger states other facts (due date, order number, document…) for an invoice that we have."""

    number: str
    issued_on: date
    due_on: date
    purchase_order: str = ""
    document: str = ""


@dataclass(frozen=True, kw_only=True)
class BuyerStatusNoted:
    """The buyer, or a platform, states where the invoice is in its life (taken in hand, approved, refused…)."""

    number: str
    status: str
    on: date


@dataclass(frozen=True, kw_only=True)
class InvoiceWithdrawn:
    number: str
    on: date
    closed: Closed = Closed.WITHDRAWN


@dataclass(frozen=True, kw_only=True)
class CreditReceived:
    """A payment or a credit note stands on the account, not yet allocated."""

    credit: Credit


@dataclass(frozen=True, kw_only=True)
class CreditAllocated:
    """So much of a payment or credit note settles an invoice, as of the day the credit was received."""

    credit_id: str
    number: str
    amount: Money
    on: date


@dataclass(frozen=True, kw_only=True)
class AllocationUndone:
    credit_id: str
    number: str
    amount: Money


@dataclass(frozen=True, kw_only=True)
class CreditWithdrawn:
    """So much of a credit is not on this account any more: the bank took it back, or it is another debtor's."""

    credit_id: str
    amount: Money
    on: date


@dataclass(frozen=True, kw_only=True)
class NoticeClaimed:
    """We are about to hand this notice over: from now on nobody else may."""

    notice: Notice


@dataclass(frozen=True, kw_only=True)
class NoticeSent:
    notice_id: str
    message_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class NoticeDeferred:
    """The provider took nothing for now (quota, throttling): the steps stay due."""

    notice_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class NoticeFailed:
    """The provider refused the notice for good: nothing left."""

    notice_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class NoticeBounced:
    """It left and came back: its steps do not count as taken."""

    notice_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class NoticeLost:
    """A claim has no outcome: the mail may or may not have left."""

    notice_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ReplyReceived:
    """A mail of the debtor's was read: what kind, which intents, what was decided. `mail` names the archived record."""

    mail: str
    kind: str
    intents: tuple[str, ...]
    decision: str
    sender: str = ""


@dataclass(frozen=True, kw_only=True)
class PromiseMade:
    promise: Promise


@dataclass(frozen=True, kw_only=True)
class PromiseKept:
    promise_id: str
    on: date | None = None


@dataclass(frozen=True, kw_only=True)
class PromiseBroken:
    """The day and its grace passed without the money: its invoices resume one level harder."""

    promise_id: str


@dataclass(frozen=True, kw_only=True)
class PromiseWithdrawn:
    """Replaced by a newer promise or answer, or set aside by a person."""

    promise_id: str


@dataclass(frozen=True, kw_only=True)
class PaymentClaimed:
    claim: PaymentClaim


@dataclass(frozen=True, kw_only=True)
class PaymentClaimConfirmed:
    claim_id: str


@dataclass(frozen=True, kw_only=True)
class PaymentClaimLapsed:
    """The bank never showed the money that was announced."""

    claim_id: str


@dataclass(frozen=True, kw_only=True)
class DisputeOpened:
    dispute: Dispute


@dataclass(frozen=True, kw_only=True)
class DisputeResolved:
    dispute_id: str
    resolution: str
    on: date


@dataclass(frozen=True, kw_only=True)
class BlockPlaced:
    block: Block


@dataclass(frozen=True, kw_only=True)
class BlockLifted:
    """By its end date, or by a person."""

    block_id: str
    on: date


@dataclass(frozen=True, kw_only=True)
class InsolvencyReported:
    on: date


@dataclass(frozen=True, kw_only=True)
class TaskRaised:
    task: Task


@dataclass(frozen=True, kw_only=True)
class TaskExtended:
    """More invoices joined an open task: one call speaks of all that is due."""

    task_id: str
    takes: tuple[tuple[str, str, date], ...]
    at_stake: Money | None = None


@dataclass(frozen=True, kw_only=True)
class TaskAssigned:
    task_id: str
    assignee: str


@dataclass(frozen=True, kw_only=True)
class TaskClosed:
    task_id: str
    outcome: str
    note: str
    at: datetime


Event = (
    DebtorOpened | DebtorChanged | ContactSet | ContactDied | AbsenceNoted
    | InvoiceEntered | InvoiceCorrected | BuyerStatusNoted | InvoiceWithdrawn
    | CreditReceived | CreditAllocated | AllocationUndone | CreditWithdrawn
    | NoticeClaimed | NoticeSent | NoticeDeferred | NoticeFailed | NoticeBounced | NoticeLost
    | ReplyReceived | PromiseMade | PromiseKept | PromiseBroken | PromiseWithdrawn
    | PaymentClaimed | PaymentClaimConfirmed | PaymentClaimLapsed
    | DisputeOpened | DisputeResolved | BlockPlaced | BlockLifted | InsolvencyReported
    | TaskRaised | TaskExtended | TaskAssigned | TaskClosed
)  # fmt: skip

EVENTS: dict[str, type] = {event.__name__: event for event in Event.__args__}
"""Every event by its name: what the store writes beside an entry to read it back."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the journal. `seq` counts from 1 within a file; `who` is a person or a part of the program."""

    seq: int
    at: datetime
    who: str
    why: str
    event: Event


def entries_after(last_seq: int, happened: list[tuple[Event, str]], *, at: datetime, who: str) -> tuple[Entry, ...]:
    """Number events with their reasons as the entries that follow `last_seq`."""
    return tuple(
        Entry(seq=last_seq + i, at=at, who=who, why=why, event=event) for i, (event, why) in enumerate(happened, 1)
    )
