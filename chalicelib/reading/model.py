"""The values of the reader: what goes in (caps, context), what lies between (message), what comes out (reading).

Everything is frozen and plain. Dates are local dates as the client wrote them,
instants are aware, money is Decimal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, get_args

from chalicelib.errors import PermanentError

Kind = Literal["reply", "auto_reply", "bounce", "receipt", "challenge", "unrelated"]
Intent = Literal[
    "promise_to_pay",
    "remittance",
    "dispute",
    "payment_plan_request",
    "document_request",
    "contact_change",
    "insolvency",
    "complaint",
]
DisputeReason = Literal[
    "price",
    "quantity",
    "quality",
    "not_delivered",
    "not_ordered",
    "duplicate",
    "missing_reference",
    "credit_note",
    "other",
]
Decision = Literal["apply", "review"]
Trust = Literal["verified", "unverified", "failed"]

DISPUTE_REASONS: tuple[DisputeReason, ...] = get_args(DisputeReason)
INTENTS: tuple[Intent, ...] = (
    "promise_to_pay",
    "remittance",
    "dispute",
    "payment_plan_request",
    "document_request",
    "contact_change",
    "insolvency",
    "complaint",
)


class Unreadable(PermanentError):
    """A message that was not parsed: too big, too deep, or broken beyond repair.

    It carries what is known, so that a person can be given a task that names the mail.
    """

    def __init__(
        self, reason: str, *, sender: str | None = None, subject: str | None = None, message_id: str | None = None
    ) -> None:
        super().__init__(f"mail from {sender or 'an unknown sender'} ({subject or 'no subject'}) not read: {reason}")
        self.reason = reason
        self.sender = sender
        self.subject = subject
        self.message_id = message_id


@dataclass(frozen=True, slots=True)
class Caps:
    """How much of a message we are willing to handle; everything above is refused or cut."""

    message_bytes: int = 30_000_000  # refused above
    parts: int = 300  # refused above
    depth: int = 30  # nested multiparts and attached mails; refused above
    header_bytes: int = 500_000  # the top header block; refused above
    header_line_bytes: int = 60_000  # one unfolded header; cut
    addresses: int = 500  # in one header; the rest is left out
    text_chars: int = 200_000  # of the body; the rest is left out
    attachments: int = 100
    attachment_bytes: int = 10_000_000  # above: kept, but never opened
    attachment_pages: int = 20  # of a PDF, sheets of a workbook
    attachment_chars: int = 200_000  # of text taken from one attachment
    cells: int = 50_000  # of a table
    seconds: float = 2.0  # for all attachments of one message together


DEFAULT_CAPS = Caps()

Address = tuple[str, str]  # display name, address as written (domain in lower case)


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attached file, never opened here. The name is what the sender wrote: for show only."""

    name: str
    content_type: str
    content: bytes = field(repr=False)
    sha256: str


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A mail as it came, decoded and repaired, not yet understood."""

    message_id: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    from_addresses: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[Address, ...] = ()
    tokens: tuple[str, ...] = ()  # of relance+<token>@ in any recipient address
    subject: str = ""
    sent_at: datetime | None = None  # the Date header, in the sender's own zone
    text: str = ""  # the plain body; made from the HTML where there is none
    plain: str = field(default="", repr=False)  # the text/plain part as it stands; empty where there is none
    html: str = field(default="", repr=False)  # raw, hostile
    html_text: str = field(default="", repr=False)  # the visible words of the HTML, tables as rows
    attachments: tuple[Attachment, ...] = ()
    attached_messages: tuple[InboundMessage, ...] = field(default=(), repr=False)
    report: tuple[Mapping[str, str], ...] = ()  # groups of fields of a delivery-status or disposition part
    report_type: str | None = None  # delivery-status, disposition-notification
    returned_headers: str = field(default="", repr=False)
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    auth_results: tuple[str, ...] = ()  # raw Authentication-Results values, topmost first
    size: int = 0
    defects: tuple[str, ...] = ()

    @property
    def sender(self) -> str | None:
        """The one From address in lower case; None where there is none or more than one."""
        return self.from_addresses[0][1].lower() if len(self.from_addresses) == 1 else None

    def header(self, name: str) -> str | None:
        """The first value of a header, decoded."""
        values = self.headers.get(name.lower())
        return values[0] if values else None


@dataclass(frozen=True, slots=True)
class KnownAccount:
    account_id: str
    name: str
    country: str = "FR"
    language: str = "fr"
    domains: frozenset[str] = frozenset()  # lower case
    addresses: frozenset[str] = frozenset()  # lower case


@dataclass(frozen=True, slots=True)
class KnownItem:
    """An open invoice, as far as the reader must know it."""

    number: str
    account_id: str
    amount: Decimal  # the open balance
    currency: str
    issued_on: date
    due_on: date
    purchase_order: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What we know when a mail comes in. Nothing here comes from the mail itself."""

    our_addresses: frozenset[str] = frozenset()  # lower case
    authserv_id: str | None = None  # None: a failing result counts, absence is no evidence
    received_at: datetime | None = None  # aware; when the mailbox got it
    accounts: Mapping[str, KnownAccount] = field(default_factory=lambda: MappingProxyType({}))
    items: Mapping[str, KnownItem] = field(default_factory=lambda: MappingProxyType({}))
    sent_texts: tuple[str, ...] = ()  # plain texts that we sent in this thread
    account_hint: str | None = None  # the debtor known by token or thread
    holidays: frozenset[date] = frozenset()  # non-business days besides Saturday and Sunday
    caps: Caps = DEFAULT_CAPS


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words on which an intent or a fact rests, and where they stand."""

    what: str  # an intent, or promise.date, remittance.amount, invoice, contact …
    words: str
    start: int
    end: int
    where: str = "body"  # body, subject, attachment:<name>


@dataclass(frozen=True, slots=True)
class Promise:
    date: date | None = None  # the latest day on which the client says the money leaves
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Remittance:
    date: date | None = None
    amount: Decimal | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    reason: DisputeReason = "other"


@dataclass(frozen=True, slots=True)
class Bounce:
    recipient: str | None
    status: str | None  # 5.1.1
    permanent: bool  # the address is dead; not: full, delayed, blocked


@dataclass(frozen=True, slots=True)
class Fact:
    """What is said of one invoice, or of an amount without an invoice (number None)."""

    intent: Intent
    number: str | None = None
    date: date | None = None
    amount: Decimal | None = None
    reference: str | None = None
    reason: DisputeReason | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a mail says, how sure we are, and whether a program may act on it alone."""

    kind: Kind
    language: str
    intents: tuple[Intent, ...] = ()
    invoices: tuple[str, ...] = ()
    promise: Promise | None = None
    remittance: Remittance | None = None
    dispute: Dispute | None = None
    return_date: date | None = None
    contacts: tuple[str, ...] = ()
    decision: Decision = "review"
    reason: str = ""  # a code, the same in every language: nothing-recognised, foreign-domain …
    reason_text: str = ""  # the same in English words
    doubts: tuple[str, ...] = ()  # the codes of all that speaks for a person to look, the first is `reason`
    account_id: str | None = None
    trust: Trust = "unverified"
    evidence: tuple[Evidence, ...] = ()
    bounce: Bounce | None = None
    own_words: str = ""
    facts: tuple[Fact, ...] = ()
