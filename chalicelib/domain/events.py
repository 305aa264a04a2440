"""What can happen to a debtor's file, in the past tense: the words of the journal.

An `Entry` is an event with its place in the journal, its instant, who caused it and why. Entries are the only way a
file changes (`apply`), so folding a journal gives the file again. An event names few records: a change of thousands
of invoices is thousands of events, which the store saves in order and in pieces that each leave a valid file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.domain.debtor_file import (
    Block,
    Call,
    Case,
    Closed,
    Contact,
    Credit,
    Debtor,
    Dispute,
    Letter,
    Notice,
    Order,
    PaymentClaim,
    PaymentPlan,
    Promise,
    Task,
)
from chalicelib.domain.money import Money

ERASED = "[erased]"
"""What stands where words were that named somebody."""


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
class NoticeOrdered:
    """A mail is to leave that no step asks for: what was agreed on the phone, a question, a document."""

    order: Order


@dataclass(frozen=True, kw_only=True)
class OrderWithdrawn:
    """An ordered mail will not leave: what it says is not true any more, or it is too late to say it."""

    order_id: str


@dataclass(frozen=True, kw_only=True)
class ReplyReceived:
    """A mail of the debtor's was read: what kind, which intents, what was decided. `mail` names the archived record."""

    mail: str
    kind: str
    intents: tuple[str, ...]
    decision: str
    sender: str = ""
    trusted: bool = False  # proven to be the debtor's own


@dataclass(frozen=True, kw_only=True)
class ReplySettled:
    """A person decided what a mail means, the `turn`-th time. What follows from it are events of their own."""

    mail: str
    turn: int
    verdict: str  # accepted, corrected, nothing, reassigned, answered
    intents: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class SendingHeld:
    """No mail leaves any more, for any debtor: a manager's decision. It stands in the desk's journal."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class SendingResumed:
    """Mails leave again."""

    reason: str = ""


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
class PromisePartlyKept:
    """The day and its grace passed and part of the money came: `came` of `expected`."""

    promise_id: str
    on: date
    came: Money
    expected: Money


@dataclass(frozen=True, kw_only=True)
class PromiseWithdrawn:
    """Replaced by a newer promise or answer, or set aside by a person."""

    promise_id: str


@dataclass(frozen=True, kw_only=True)
class PlanAgreed:
    """Debtor and creditor agree on instalments: the invoices are held while they are met."""

    plan: PaymentPlan


@dataclass(frozen=True, kw_only=True)
class InstalmentAnnounced:
    """A friendly notice of the instalment to come was ordered. `index` counts the plan's instalments from 0."""

    plan_id: str
    index: int
    on: date


@dataclass(frozen=True, kw_only=True)
class InstalmentMissed:
    """Its day passed and so much of it is missing: a reminder was ordered."""

    plan_id: str
    index: int
    on: date
    short: Money


@dataclass(frozen=True, kw_only=True)
class InstalmentMet:
    plan_id: str
    index: int
    on: date


@dataclass(frozen=True, kw_only=True)
class PlanKept:
    """Everything that the plan was about is settled."""

    plan_id: str
    on: date


@dataclass(frozen=True, kw_only=True)
class PlanBroken:
    """An instalment and its grace passed without the money: the invoices resume one level harder."""

    plan_id: str
    on: date
    short: Money


@dataclass(frozen=True, kw_only=True)
class PlanWithdrawn:
    """By a person, replaced by another plan, or overtaken by what makes it pointless."""

    plan_id: str
    on: date


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
class DisputeProgressed:
    """Somebody did something about a dispute, and says what."""

    dispute_id: str
    note: str
    on: date


@dataclass(frozen=True, kw_only=True)
class DisputeEscalated:
    """Nothing was done about a dispute for too long: `to` is who has it now."""

    dispute_id: str
    to: str
    on: date


@dataclass(frozen=True, kw_only=True)
class BlockPlaced:
    block: Block


@dataclass(frozen=True, kw_only=True)
class BlockReviewed:
    """A person looked at a block without an end, and it stays."""

    block_id: str
    on: date


@dataclass(frozen=True, kw_only=True)
class BlockLifted:
    """By its end date, or by a person."""

    block_id: str
    on: date


@dataclass(frozen=True, kw_only=True)
class InsolvencyReported:
    """An insolvency procedure is open since `on` (the judgment); `published_on`: in the official gazette."""

    on: date
    published_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class InsolvencyRefuted:
    """No procedure is open after all: it was another company's, or a mistake. Chasing may go on."""

    on: date


@dataclass(frozen=True, kw_only=True)
class DebtDeclared:
    """What is owed was declared to the insolvency procedure; `reference` is what its office answered."""

    on: date
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class CreditHoldProposed:
    """So much has been overdue for so long that sales is asked whether to deliver only against prepayment."""

    on: date
    overdue: Money
    since_on: date  # the oldest due date


@dataclass(frozen=True, kw_only=True)
class CreditHeld:
    on: date


@dataclass(frozen=True, kw_only=True)
class CreditReleased:
    """The reason is gone, or a person says so: the next episode asks anew."""

    on: date



@dataclass(frozen=True, kw_only=True)
class TaskUrged:
    """A task's deadline has come nearer: it is due now."""

    task_id: str
    due_on: date
    urgency: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class CallLogged:
    """Somebody called: what was said, and what comes next."""

    call: Call


@dataclass(frozen=True, kw_only=True)
class PhoneFoundWrong:
    """Whoever answers at a contact's number is somebody else, or nobody ever will."""

    contact_id: str
    on: date


@dataclass(frozen=True, kw_only=True)
class CaseDeclaredUnpaid:
    """Several calls reached nobody: the case is no longer merely late, and the formal notice need not wait."""

    number: str
    on: date


@dataclass(frozen=True, kw_only=True)
class FormalNoticeApproved:
    """A manager approved a formal notice: what it demands of which invoices, by which day."""

    letter: Letter


@dataclass(frozen=True, kw_only=True)
class LetterWithdrawn:
    """An approved letter will not be printed: what the manager approved is no longer so."""

    letter_id: str
    on: date
    reason: str


@dataclass(frozen=True, kw_only=True)
class LetterPrinted:
    """The one copy was printed and archived. From this day on the steps in `takes` are taken, by post or by e-mail."""

    letter_id: str
    notice_id: str
    on: date
    deadline_on: date
    takes: tuple[tuple[str, str], ...]
    totals: tuple[Money, ...]
    key: str
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class LetterPosted:
    """It was handed to the post as a registered letter with acknowledgement of receipt."""

    letter_id: str
    on: date
    tracking: str = ""


@dataclass(frozen=True, kw_only=True)
class LetterNotPosted:
    letter_id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class LetterDelivered:
    """The proof of delivery is on file: `proof` is where its scan is archived."""

    letter_id: str
    on: date
    proof: str = ""
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class NoteWritten:
    """A person's own words about the debtor. They change nothing and are told to nobody outside."""

    text: str


@dataclass(frozen=True, kw_only=True)
class ErasureBegun:
    """Personal data is being erased: of everybody at the debtor, or (`person`) of one; again until it is done."""

    on: date
    person: bool = False


@dataclass(frozen=True, kw_only=True)
class RecordsRedacted:
    """Records without the words that are erased, in the place of those that had them. No sum, day or number changes."""

    debtor: Debtor | None = None
    contacts: tuple[Contact, ...] = ()
    credits: tuple[Credit, ...] = ()
    notices: tuple[Notice, ...] = ()
    orders: tuple[Order, ...] = ()
    calls: tuple[Call, ...] = ()
    tasks: tuple[Task, ...] = ()
    claims: tuple[PaymentClaim, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    blocks: tuple[Block, ...] = ()
    letters: tuple[Letter, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PersonalErased:
    """It is done, in the file, in its journal, among mails and letters: how many of these are gone."""

    on: date
    person: bool = False
    mails: int = 0
    objects: int = 0


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
class TaskNarrowed:
    """Some of a task's invoices are settled: it is about the others from now on."""

    task_id: str
    numbers: tuple[str, ...]
    at_stake: Money | None = None


@dataclass(frozen=True, kw_only=True)
class TaskAssigned:
    task_id: str
    assignee: str


@dataclass(frozen=True, kw_only=True)
class TaskSnoozed:
    """A person puts an open task off until a day, and says why (with no reason: the putting off is taken back)."""

    task_id: str
    due_on: date
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class TaskReopened:
    """A closing that had no effect yet is taken back: the task stands as it stood before."""

    task: Task


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
    | NoticeOrdered | OrderWithdrawn | CallLogged | PhoneFoundWrong | CaseDeclaredUnpaid | TaskNarrowed
    | ReplyReceived | ReplySettled | SendingHeld | SendingResumed
    | PromiseMade | PromiseKept | PromisePartlyKept | PromiseBroken | PromiseWithdrawn
    | PlanAgreed | InstalmentAnnounced | InstalmentMissed | InstalmentMet | PlanKept | PlanBroken | PlanWithdrawn
    | PaymentClaimed | PaymentClaimConfirmed | PaymentClaimLapsed
    | DisputeOpened | DisputeProgressed | DisputeEscalated | DisputeResolved
    | BlockPlaced | BlockReviewed | BlockLifted | InsolvencyReported | InsolvencyRefuted | DebtDeclared
    | CreditHoldProposed | CreditHeld | CreditReleased | TaskUrged
    | FormalNoticeApproved | LetterWithdrawn | LetterPrinted | LetterPosted | LetterNotPosted | LetterDelivered
    | ErasureBegun | RecordsRedacted | PersonalErased
    | NoteWritten | TaskRaised | TaskExtended | TaskAssigned | TaskSnoozed | TaskClosed | TaskReopened
)  # fmt: skip

EVENTS: dict[str, type] = {event.__name__: event for event in Event.__args__}
"""Every event by its name: what the store writes beside an entry to read it back."""


def once(event: Event) -> str:
    """What a store lets happen once in a file: the answer to a mail, and each decision about it. Empty for all else."""
    match event:
        case ReplyReceived(mail=mail):
            return mail
        case ReplySettled(mail=mail, turn=turn):
            return f"{mail}#{turn}"
    return ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the journal. `seq` counts from 1 within a file; `who` is a person or a part of the program."""

    seq: int
    at: datetime
    who: str
    why: str
    event: Event


def entries_after(last_seq: int, happened: Sequence[tuple[Event, str]], *, at: datetime, who: str) -> tuple[Entry, ...]:
    """Number events with their reasons as the entries that follow `last_seq`."""
    return tuple(
        Entry(seq=last_seq + i, at=at, who=who, why=why, event=event) for i, (event, why) in enumerate(happened, 1)
    )


def check_same_but_words(before: Entry, after: Entry) -> None:
    """What a store lets stand in the place of an entry: the same kind of event, at its instant, by whom it was."""
    what, stays = ((x.seq, x.at, type(x.event)) for x in (before, after))
    if what != stays or after.who not in (before.who, ERASED):
        raise ValueError(f"entry {after.seq} is not what it was: an entry loses words and nothing else")
