"""The debtor's file: everything that is known of one debtor and what it owes, as frozen records.

The file is the aggregate: one load brings it, one conditional save keeps it, and it changes only by `apply`.
Records are kept by id in one mapping a kind. `live` tells which of them a decision still needs; the store keeps
the others apart, so that ten years of paid invoices cost nothing on the next night.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from chalicelib.domain.money import Money, total

DESK = "desk"
"""The id of the creditor's own file: tasks that belong to no debtor (unmatched mail, blind alerts) hang there."""


class DebtorKind(StrEnum):
    BUSINESS = "business"
    PUBLIC = "public"
    CONSUMER = "consumer"


class Role(StrEnum):
    """What a contact does at the debtor (the buyer is not the payer)."""

    BUYER = "buyer"
    APPROVER = "approver"
    PAYER = "payer"
    DIRECTOR = "director"
    RECIPIENT = "recipient"


@dataclass(frozen=True, kw_only=True)
class Debtor:
    """Who owes. `policy` names the dunning policy; `zone` is an IANA zone where the country's own does not fit."""

    id: str
    name: str
    country: str = "FR"
    language: str = "fr"
    kind: DebtorKind = DebtorKind.BUSINESS
    policy: str = "standard"
    legal_id: str = ""  # SIREN, company number
    vat_number: str = ""
    address: tuple[str, ...] = ()
    subdivision: str | None = None
    zone: str = ""
    purchase_order_required: bool = False
    payment_run_days: tuple[int, ...] = ()
    client_since_on: date | None = None
    sales_rep: str = ""  # e-mail of the creditor's person who owns the relation
    ibans: tuple[str, ...] = ()  # from which it has paid


@dataclass(frozen=True, kw_only=True)
class Contact:
    """One person or desk at the debtor. An address that bounced is dead until somebody changes it."""

    id: str
    role: Role = Role.PAYER
    name: str = ""
    email: str = ""
    phone: str = ""
    title: str = ""
    language: str = ""
    dead_since_on: date | None = None
    away_until: date | None = None
    deputy: str = ""  # e-mail of the replacement named in an absence
    phone_wrong_since_on: date | None = None

    @property
    def callable(self) -> bool:
        return bool(self.phone) and self.phone_wrong_since_on is None

    def reachable(self, on: date) -> bool:
        return bool(self.email) and self.dead_since_on is None and not (self.away_until and on < self.away_until)

    def address_on(self, day: date) -> str:
        """Where a mail of that day goes: who stands in for somebody away gets it, where one is named."""
        return self.email if self.reachable(day) else self.deputy or self.email


class Closed(StrEnum):
    PAID = "paid"
    CREDITED = "credited"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """Part of an invoice that a payment or a credit note settled, as of the day on which that was received."""

    credit_id: str
    on: date
    amount: Money


@dataclass(frozen=True, kw_only=True)
class Case:
    """An invoice being chased. `balance` is what is still owed of `amount` (VAT included)."""

    number: str
    issued_on: date
    due_on: date
    amount: Money
    balance: Money
    entered_on: date
    purchase_order: str = ""
    document: str = ""  # where the invoice's PDF is archived
    settled_on: date | None = None
    closed: Closed | None = None
    buyer_status: str = ""  # what the buyer's platform said last of it: a French lifecycle code, 200 to 228
    buyer_status_on: date | None = None
    unpaid_since_on: date | None = None  # nobody could be reached: no longer merely late
    settlements: tuple[Settlement, ...] = ()  # what lowered the balance, as far as we were told when

    @property
    def is_open(self) -> bool:
        return self.closed is None


class CreditKind(StrEnum):
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"


@dataclass(frozen=True, kw_only=True)
class Credit:
    """Money or a credit note of the debtor's; `remaining` is not yet allocated to an invoice and holds chasing back."""

    id: str
    kind: CreditKind
    on: date
    amount: Money
    remaining: Money
    reference: str = ""


class NoticeState(StrEnum):
    CLAIMED = "claimed"  # about to be handed over: nobody else may
    SENT = "sent"
    DEFERRED = "deferred"  # provider's quota: nothing left, still due
    FAILED = "failed"  # refused: nothing left, a task says so
    BOUNCED = "bounced"  # left, and came back
    UNKNOWN = "unknown"  # claimed, and no outcome is known: never resent by itself


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One e-mail to a debtor: which step it takes for which invoice, to whom, and what became of it."""

    id: str
    step: str  # the highest step among `takes`: gives tone, template and sender
    takes: tuple[tuple[str, str], ...]  # (invoice number, step)
    on: date
    language: str
    currency: str
    contact: str
    to: str
    cc: tuple[str, ...] = ()
    sender: str = "collector"
    template: str = ""
    token: str = ""  # 128 random bits in the Reply-To address
    state: NoticeState = NoticeState.CLAIMED
    attempts: int = 1
    contact_before_on: date | None = None  # the file's last contact before this one, to go back to if nothing leaves
    claimed_at: datetime | None = None
    settled_at: datetime | None = None
    message_id: str = ""
    why: str = ""
    ordered: bool = False  # by an order of its id: it takes no step of the ladder
    internal: bool = False  # to one of our own people: no contact with the debtor
    letter: str = ""  # id of the letter that it encloses

    @property
    def counts(self) -> bool:
        """Whether the steps that it takes count as taken (a bounced or refused mail reminded nobody)."""
        return self.state in (NoticeState.CLAIMED, NoticeState.SENT, NoticeState.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing that an ordered mail says: words, a day, a sum. Data, never markup. A name may come several times."""

    name: str
    text: str = ""
    on: date | None = None
    amount: Money | None = None


class OrderState(StrEnum):
    OPEN = "open"
    TAKEN = "taken"  # its notice has been claimed
    WITHDRAWN = "withdrawn"  # what it says is not true any more, or too late to say


@dataclass(frozen=True, kw_only=True)
class Order:
    """A mail that no step of the ladder asks for: it confirms, asks or tells, and chases nobody.

    Its notice has its id, so that it leaves once. `about` is the id of the record that it speaks of (a promise, a
    call, a plan, a task). Without `to` it goes to the debtor: to `contact`, else to whom reminders go.
    """

    id: str
    template: str
    ordered_on: date
    numbers: tuple[str, ...] = ()
    currency: str = "EUR"
    facts: tuple[Fact, ...] = ()
    to_pay: Money | None = None  # what it asks to be paid (then it gives the bank details), by which day
    pay_by: date | None = None
    about: str = ""
    contact: str = ""
    to: str = ""  # the address of one of our own people
    language: str = ""
    sender: str = "collector"
    copy_sales_rep: bool = False
    state: OrderState = OrderState.OPEN

    @property
    def is_open(self) -> bool:
        return self.state is OrderState.OPEN

    @property
    def internal(self) -> bool:
        return bool(self.to)


class LetterState(StrEnum):
    APPROVED = "approved"  # it may leave, as long as what it demands is still what is owed
    PRINTED = "printed"  # it exists, once, in the archive
    POSTED = "posted"
    DELIVERED = "delivered"  # the proof is on file
    WITHDRAWN = "withdrawn"  # it never left: what the manager approved was no longer so


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What a formal notice demands of one invoice, before interest and indemnity."""

    number: str
    balance: Money


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A formal notice from its approval on: what was approved, then the one printed copy, its way and its proof.

    `demands` is everything that it demands; `takes` are those for which it takes a step of the ladder, known once it
    is printed. `deadline_on` is set before that only where the manager fixed it.
    """

    id: str
    task: str  # the approval
    approved_at: datetime
    approved_by: str
    demands: tuple[Demand, ...]
    totals: tuple[Money, ...]  # interest and indemnities included: as approved, then as printed
    deadline_on: date | None = None
    added: tuple[str, ...] = ()  # paragraphs of the manager's
    state: LetterState = LetterState.APPROVED
    why: str = ""  # it was withdrawn, or not posted
    takes: tuple[tuple[str, str], ...] = ()
    notice: str = ""  # id of its e-mail, and the name under which it is archived
    printed_on: date | None = None
    key: str = ""
    sha256: str = ""
    tracking: str = ""
    posted_on: date | None = None
    proof: str = ""  # where the scan of the receipt is archived
    delivered_on: date | None = None

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(demand.number for demand in self.demands)

    @property
    def is_printed(self) -> bool:
        return self.printed_on is not None

    @property
    def early(self) -> tuple[str, ...]:
        """What it demands before its own turn: the ladder had not come to a formal notice of it."""
        return tuple(number for number in self.numbers if number not in dict(self.takes))

    @property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """The step that each demand has behind it once this is printed: in its turn, or as early as the others'."""
        return (*self.takes, *((number, step) for _, step in self.takes[:1] for number in self.early))


class TaskKind(StrEnum):
    CALL = "call"
    APPROVE_NOTICE = "approve_notice"
    CHOOSE_ACTION = "choose_action"
    REVIEW_MAIL = "review_mail"
    ANSWER_DISPUTE = "answer_dispute"
    SEND_DOCUMENT = "send_document"
    NEGOTIATE_PLAN = "negotiate_plan"
    CONFIRM_CONTACT = "confirm_contact"
    ASK_PROMISE = "ask_promise"
    DEAD_ADDRESS = "dead_address"
    WRONG_PHONE = "wrong_phone"
    BROKEN_PROMISE = "broken_promise"
    UNCONFIRMED_PAYMENT = "unconfirmed_payment"
    UNKNOWN_DELIVERY = "unknown_delivery"
    REFUSED_MAIL = "refused_mail"
    INSOLVENCY = "insolvency"
    COMPLAINT = "complaint"
    CHECK_INVOICE = "check_invoice"
    TIME_BAR = "time_bar"
    BLIND = "blind"
    MAILBOX = "mailbox"
    ALLOCATE_PAYMENT = "allocate_payment"  # money came in, and which invoices it pays is for a person to say
    LEDGER = "ledger"  # a ledger file that was dropped for import was refused
    CREDIT_HOLD = "credit_hold"  # sales is asked whether deliveries go on without prepayment
    REVIEW_BLOCK = "review_block"  # is a block without an end still right?
    MISSING_CREDIT_NOTE = "missing_credit_note"  # it was promised, and is not in the books
    WEEKLY_REVIEW = "weekly_review"  # the review mail of a week did not leave, or nobody knows whether it did
    POST_LETTER = "post_letter"  # print the archived letter, send it registered
    FILE_COURT_ORDER = "file_court_order"
    FILE_SUMMARY_PROCEEDINGS = "file_summary_proceedings"
    HAND_TO_AGENCY = "hand_to_agency"
    SELL_CLAIM = "sell_claim"
    ASK_MEDIATOR = "ask_mediator"
    WRITE_OFF = "write_off"
    DECLARE_CLAIM = "declare_claim"  # declare what is owed to the insolvency procedure, before its last day


@dataclass(frozen=True, kw_only=True)
class Task:
    """Work for a person. `takes` names the steps that raising it takes: (invoice number, step, day)."""

    id: str
    kind: TaskKind
    raised_on: date
    due_on: date
    reason: str
    numbers: tuple[str, ...] = ()
    takes: tuple[tuple[str, str, date], ...] = ()
    at_stake: Money | None = None
    mail: str = ""  # id of the archived mail that it is about
    assignee: str = ""
    outcome: str = ""
    note: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""
    deadline_on: date | None = None  # the last day that a law leaves, where one does
    urgency: int = 0  # rises as the deadline nears
    snoozed: str = ""  # why a person put it off until `due_on`

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call that was made: about which invoices, who was spoken to, what was said, and what comes next, when."""

    id: str
    task: str
    at: datetime
    on: date
    outcome: str
    numbers: tuple[str, ...]
    next_on: date
    caller: str = ""
    contact: str = ""  # id of whom was called
    spoke_to: str = ""  # in words, where somebody else answered
    cause: str = ""
    amount: Money | None = None
    pay_on: date | None = None
    means: str = ""
    note: str = ""

    @property
    def reached(self) -> bool:
        return self.outcome not in ("voicemail", "no_answer", "wrong_number")

    @property
    def unanswered(self) -> bool:
        return self.outcome in ("voicemail", "no_answer")


class PromiseState(StrEnum):
    OPEN = "open"
    KEPT = "kept"
    PARTLY_KEPT = "partly_kept"  # part of the money came by the grace
    BROKEN = "broken"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Promise:
    """The debtor's word: which invoices, by which day, how much (None: all of it), believed until `grace_on`."""

    id: str
    numbers: tuple[str, ...]
    made_on: date
    pay_on: date
    grace_on: date
    amount: Money | None = None
    owed: Money | None = None  # what its invoices came to when it was made, in the currency of `amount`
    means: str = ""
    mail: str = ""
    state: PromiseState = PromiseState.OPEN
    kept_on: date | None = None
    came: Money | None = None  # what has been paid on its invoices since (credit notes are no payments)

    @property
    def expected(self) -> Money | None:
        """How much was promised: the amount that was named, else all that its invoices came to."""
        return self.amount or self.owed

    @property
    def hardens(self) -> bool:
        """Whether the tone rises after it: it was broken, or less than half of it came."""
        if self.state is PromiseState.PARTLY_KEPT and self.came and self.expected:
            return self.came + self.came < self.expected
        return self.state is PromiseState.BROKEN

    def kept(self, cases: Mapping[str, Case]) -> bool:
        """Whether the money came: every invoice settled, or at least as much paid on them as was promised."""
        if not any(n in self.numbers and c.is_open for n, c in cases.items()):
            return True
        if self.amount is None or self.came is None or self.came.currency != self.amount.currency:
            return False
        return self.came >= self.amount


class PlanState(StrEnum):
    AGREED = "agreed"  # it runs
    KEPT = "kept"
    BROKEN = "broken"
    WITHDRAWN = "withdrawn"  # by a person, replaced by another, or overtaken by an insolvency


@dataclass(frozen=True, kw_only=True)
class Instalment:
    """One payment of a plan, and what was said about it. Whether it is met the running sum alone decides."""

    due_on: date
    amount: Money
    announced_on: date | None = None  # a friendly notice before it was ordered
    missed_on: date | None = None  # a reminder after it was ordered
    met_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentPlan:
    """What the debtor pays by which days, for invoices of one currency. They are not chased while it runs.

    `paid` is the money that settled any of them since, `credited` what credit notes (or a withdrawn invoice) took
    off: what is open of its invoices is `owed` less both.
    """

    id: str
    numbers: tuple[str, ...]
    instalments: tuple[Instalment, ...]
    agreed_on: date
    owed: Money
    paid: Money
    credited: Money
    means: str = ""
    state: PlanState = PlanState.AGREED
    ended_on: date | None = None

    @property
    def runs(self) -> bool:
        return self.state is PlanState.AGREED


class ClaimState(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    LAPSED = "lapsed"


@dataclass(frozen=True, kw_only=True)
class PaymentClaim:
    """A remittance advice: the debtor says that it has paid. No payment; it holds chasing until `hold_on`."""

    id: str
    numbers: tuple[str, ...]
    claimed_on: date
    hold_on: date
    paid_on: date | None = None
    amount: Money | None = None
    reference: str = ""
    mail: str = ""
    state: ClaimState = ClaimState.OPEN


@dataclass(frozen=True, kw_only=True)
class Dispute:
    """An invoice that the debtor contests; it leaves the chasing until a person resolves it."""

    id: str
    numbers: tuple[str, ...]
    reason: str
    opened_on: date
    owner: str = ""
    mail: str = ""
    resolution: str = ""
    resolved_on: date | None = None
    amount: Money | None = None  # the part that is contested, where the debtor names one
    credited: Money | None = None  # by credit notes on its invoices since it was opened
    progressed_on: date | None = None
    progress: str = ""  # what was done last about it
    escalated_on: date | None = None  # for want of progress; progress clears it
    escalated_to: str = ""

    @property
    def is_open(self) -> bool:
        return self.resolved_on is None

    @property
    def moved_on(self) -> date:
        """When something was last done about it."""
        return self.progressed_on or self.opened_on


class BlockKind(StrEnum):
    MANUAL = "manual"
    ANSWERED = "answered"  # a person answered: pause, then go on
    UNVERIFIED = "unverified"  # somebody unproven answered: one bounded pause, never renewed
    DOCUMENT = "document"
    PLAN = "plan"
    COMPLAINT = "complaint"
    INSOLVENCY = "insolvency"
    CREDIT_NOTE = "credit_note"  # the dispute ended with our word to credit: until that is in the books


@dataclass(frozen=True, kw_only=True)
class Block:
    """Why chasing is on hold, for which invoices (none named: all), until when (None: until a person lifts it)."""

    id: str
    kind: BlockKind
    reason: str
    placed_on: date
    until: date | None
    owner: str = ""
    numbers: tuple[str, ...] = ()
    lifted_on: date | None = None
    reviewed_on: date | None = None  # a person last found it right to go on

    @property
    def is_open(self) -> bool:
        return self.lifted_on is None

    def over_on(self, day: date) -> bool:
        """Whether it ends by itself on that day or before. One for a credit note never does: a person is asked then."""
        return self.is_open and self.until is not None and self.until <= day and self.kind is not BlockKind.CREDIT_NOTE

    def covers(self, number: str) -> bool:
        return self.is_open and (not self.numbers or number in self.numbers)


Record = (
    Contact | Case | Credit | Notice | Order | Call | Task | Promise | PaymentClaim | PaymentPlan | Dispute | Block
    | Letter
)  # fmt: skip

KINDS: dict[str, type] = {
    "contacts": Contact, "cases": Case, "credits": Credit, "notices": Notice, "tasks": Task,
    "promises": Promise, "claims": PaymentClaim, "disputes": Dispute, "blocks": Block, "orders": Order, "calls": Call,
    "plans": PaymentPlan, "letters": Letter,
}  # fmt: skip
"""The mappings of a file by name, each with the kind of record that it keeps."""


@dataclass(frozen=True, kw_only=True)
class DebtorFile:
    """One debtor's whole file. `entries` counts the journal: it is the version that a save is conditional on."""

    debtor: Debtor
    entries: int = 0
    last_contact_on: date | None = None
    last_heard_at: datetime | None = None  # the debtor's last sign of life: an answer, a talk, money
    insolvent_since_on: date | None = None
    insolvency_published_on: date | None = None
    declared_on: date | None = None  # what it owes was declared to the insolvency procedure
    promises_kept: int = 0  # with payment plans, as is all that counts the debtor's word
    promises_partly_kept: int = 0
    promises_broken: int = 0
    promised_payments: int = 0  # promises and instalments whose money came, and by how many days late in all
    promised_days_late: int = 0
    last_word: str = ""  # what became of its last promise or plan: kept, partly_kept, broken
    last_word_on: date | None = None
    credit_hold_asked_on: date | None = None  # sales was asked, and the reason has not gone since
    credit_held_since_on: date | None = None  # deliveries only against prepayment
    paused_unverified_on: date | None = None  # the one bounded pause that unproven mail may cause has been used
    erasing_since_on: date | None = None  # personal data is being erased; while it stands it is not done
    erased_on: date | None = None  # everybody's personal data was erased, last on this day
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    cases: Mapping[str, Case] = field(default_factory=dict)
    credits: Mapping[str, Credit] = field(default_factory=dict)
    notices: Mapping[str, Notice] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)
    promises: Mapping[str, Promise] = field(default_factory=dict)
    claims: Mapping[str, PaymentClaim] = field(default_factory=dict)
    disputes: Mapping[str, Dispute] = field(default_factory=dict)
    blocks: Mapping[str, Block] = field(default_factory=dict)
    orders: Mapping[str, Order] = field(default_factory=dict)
    calls: Mapping[str, Call] = field(default_factory=dict)
    plans: Mapping[str, PaymentPlan] = field(default_factory=dict)
    letters: Mapping[str, Letter] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.debtor.id

    def open_cases(self) -> list[Case]:
        """Open cases, the oldest due first."""
        return sorted((c for c in self.cases.values() if c.is_open), key=lambda c: (c.due_on, c.number))

    def open_among(self, numbers: Collection[str]) -> list[Case]:
        """The open ones of these invoices, the oldest due first."""
        return [c for c in self.open_cases() if c.number in numbers]

    def contact_at(self, address: str) -> Contact | None:
        """Who has this e-mail address; nobody has an empty one."""
        wanted = address.lower()
        return next((c for c in self.contacts.values() if wanted and c.email.lower() == wanted), None)

    def open_tasks(self) -> list[Task]:
        return sorted((t for t in self.tasks.values() if t.is_open), key=lambda t: (t.due_on, t.id))

    def open_orders(self) -> list[Order]:
        """Mails that are ordered and have not left, the oldest order first."""
        return sorted((o for o in self.orders.values() if o.is_open), key=lambda o: (o.ordered_on, o.id))

    def given_up(self, case: Case) -> bool:
        """Whether nobody could be reached about it, and nothing was heard since."""
        since = case.unpaid_since_on
        return since is not None and (self.last_heard_at is None or self.last_heard_at.date() <= since)

    def unanswered_calls(self, number: str) -> int:
        """Calls about an invoice at which nobody answered, since the debtor's last sign of life."""
        heard_at = self.last_heard_at
        return sum(
            c.unanswered and number in c.numbers and (heard_at is None or c.at > heard_at) for c in self.calls.values()
        )

    def promise_on(self, number: str) -> Promise | None:
        """The open promise that reaches furthest (the order of a mapping says nothing: a store may change it)."""
        found = [p for p in self.promises.values() if p.state is PromiseState.OPEN and number in p.numbers]
        return max(found, key=lambda p: (p.grace_on, p.id), default=None)

    def claim_on(self, number: str) -> PaymentClaim | None:
        """The open announcement of a payment that the bank has the longest time to confirm."""
        found = [c for c in self.claims.values() if c.state is ClaimState.OPEN and number in c.numbers]
        return max(found, key=lambda c: (c.hold_on, c.id), default=None)

    def plan_on(self, number: str) -> PaymentPlan | None:
        """The payment plan that runs for this invoice (the last agreed, should there be two)."""
        found = [p for p in self.plans.values() if p.runs and number in p.numbers]
        return max(found, key=lambda p: (p.agreed_on, p.id), default=None)

    def letter_on(self, number: str) -> Letter | None:
        """The last formal notice that was printed and demands this invoice."""
        found = [x for x in self.letters.values() if x.is_printed and number in x.numbers]
        return max(found, key=lambda x: (x.printed_on or date.min, x.id), default=None)

    def demanded_early_on(self, number: str) -> date | None:
        """When a formal notice first demanded an invoice whose own turn had not come; None where none did."""
        printed = [x for x in self.letters.values() if x.is_printed]
        if any(number in dict(x.takes) for x in printed):
            return None
        return min((x.printed_on for x in printed if x.printed_on and number in x.numbers), default=None)

    def dispute_on(self, number: str) -> Dispute | None:
        """The oldest open dispute."""
        found = [d for d in self.disputes.values() if d.is_open and number in d.numbers]
        return min(found, key=lambda d: (d.opened_on, d.id), default=None)

    def block_on(self, number: str) -> Block | None:
        """The block that holds this invoice the longest."""
        blocks = [b for b in self.blocks.values() if b.covers(number)]
        return max(blocks, key=lambda b: (b.until or date.max, b.id), default=None)

    def waiting_for_notes(self) -> list[Block]:
        """The blocks that a promised credit note ends."""
        found = [b for b in self.blocks.values() if b.is_open and b.kind is BlockKind.CREDIT_NOTE]
        return sorted(found, key=lambda b: b.id)

    def progress(self) -> dict[str, dict[str, date]]:
        """Steps taken by invoice number: read off the notices that count, the letters and the tasks that are steps.

        A letter is a formal notice of all that it demands, and the first one counts.
        """
        result: dict[str, dict[str, date]] = {}
        for notice in self.notices.values():
            if notice.counts and not notice.ordered:
                for number, step in notice.takes:
                    result.setdefault(number, {})[step] = notice.on
        for letter in self.letters.values():  # it goes by post whatever becomes of its e-mail
            if letter.printed_on:
                for number, step in letter.steps:
                    steps = result.setdefault(number, {})
                    steps[step] = min(steps.get(step, letter.printed_on), letter.printed_on)
        for task in self.tasks.values():
            for number, step, on in task.takes:
                result.setdefault(number, {})[step] = on
        return result

    def part_paid_on(self, number: str) -> date | None:
        """When the part that was promised of an invoice came; None where no promise of a part was kept whole."""
        kept = [p for p in self.promises.values() if p.state is PromiseState.KEPT and number in p.numbers]
        return max((p.kept_on for p in kept if p.kept_on), default=None)

    def hardened(self, number: str) -> int:
        """By how many levels the tone about an invoice rises: one for each promise or payment plan broken."""
        plans = sum(p.state is PlanState.BROKEN and number in p.numbers for p in self.plans.values())
        return plans + sum(p.hardens and number in p.numbers for p in self.promises.values())

    def owed(self, currency: str) -> Money:
        """What is open in one currency, credits not deducted."""
        return total((c.balance for c in self.open_cases() if c.balance.currency == currency), currency)

    def covered(self, currency: str) -> tuple[frozenset[str], Money]:
        """The invoices that credit on the account would settle whole, oldest first, and what is left of it then.

        To chase what is covered would be to chase the paid; what is left lowers what may be asked for the rest.
        """
        numbers, left = [], self.unallocated(currency)
        for case in self.open_cases():
            if case.balance.currency == currency and case.balance <= left:
                left -= case.balance
                numbers.append(case.number)
        return frozenset(numbers), left

    def unallocated(self, currency: str) -> Money:
        """Credit notes and payments of one currency that no invoice has absorbed yet."""
        return total((c.remaining for c in self.credits.values() if c.remaining.currency == currency), currency)


def at_stake(cases: Sequence[Case]) -> Money | None:
    """The sum of balances in the currency of the largest (sums of two currencies would mean nothing)."""
    if not cases:
        return None
    currency = max(cases, key=lambda c: c.balance.amount).balance.currency
    return total((c.balance for c in cases if c.balance.currency == currency), currency)


def by_currency(cases: Iterable[Case]) -> list[tuple[str, list[Case]]]:
    """The cases of each currency, in their order: a mail, a sum or a plan speaks of one currency."""
    found: dict[str, list[Case]] = {}
    for case in cases:
        found.setdefault(case.balance.currency, []).append(case)
    return sorted(found.items())


def live(file: DebtorFile, record: Record) -> bool:
    """Whether a decision about this debtor may still need the record."""
    match record:
        case Contact():
            return True
        case Case():
            return record.is_open
        case Credit():
            return bool(record.remaining)
        case Promise():
            judged = record.state is not PromiseState.WITHDRAWN
            return record.state is PromiseState.OPEN or (judged and any(_open(file, n) for n in record.numbers))
        case PaymentPlan():
            broken = record.state is PlanState.BROKEN
            return record.runs or (broken and any(_open(file, n) for n in record.numbers))
        case PaymentClaim():
            return record.state is ClaimState.OPEN
        case Dispute() | Block():
            return record.is_open
        case Letter():
            return record.state is LetterState.APPROVED or any(_open(file, number) for number in record.numbers)
        case Call():
            return any(_open(file, number) for number in record.numbers)
        case Order():
            # As long as its notice: a mail that bounces or is deferred is open again.
            return record.is_open or (record.id in file.notices and live(file, file.notices[record.id]))
        case Notice():
            in_flight = record.state is NoticeState.CLAIMED or record.on == file.last_contact_on
            return in_flight or any(_open(file, number) for number, _ in record.takes)
        case Task():
            return record.is_open or (bool(record.numbers) and any(_open(file, n) for n in record.numbers))


def live_part(file: DebtorFile) -> DebtorFile:
    """The file as a load for a decision brings it: only what is live."""
    records: dict[str, Any] = {k: {i: r for i, r in getattr(file, k).items() if live(file, r)} for k in KINDS}
    return replace(file, **records)


def _open(file: DebtorFile, number: str) -> bool:
    case = file.cases.get(number)
    return case is not None and case.is_open
