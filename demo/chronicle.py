"""What really happened, as an onlooker knows it who never asks the program."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from demo.company import Books, Sale, Transfer
from demo.letters import Received
from demo.scene import Meaning
from infra.local.mailserver import Delivery


@dataclass(frozen=True, kw_only=True)
class Paid:
    """A transfer, what it was meant for, and when our program was told (None: not yet)."""

    transfer: Transfer
    meant: tuple[tuple[str, Decimal], ...]
    imported_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Said:
    """A client's mail as it reached our mailbox. `id` is the hash of its bytes, `read_at` the poll that took it."""

    account: str
    at: datetime
    id: str
    means: tuple[Meaning, ...]
    read_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Got:
    """One of our mails as a client got it (`bounced`: its server sent it back)."""

    account: str
    delivery: Delivery
    mail: Received
    bounced: bool = False


@dataclass(frozen=True, kw_only=True)
class Worked:
    """A task that a person closed: what was said, and for a promise its day (`amount`: only so much of it)."""

    account: str
    kind: str
    outcome: str
    numbers: tuple[str, ...]
    at: datetime
    on: date | None = None
    amount: Decimal | None = None
    said: str = ""  # of a call: the sentence that its confirming mail has to hand on
    id: str = ""  # the task's


@dataclass
class Chronicle:
    """What really happened, as an onlooker knows it who never asks the program."""

    first_day: date
    last_day: date
    books: Books
    paid: list[Paid] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    got: list[Got] = field(default_factory=list)
    inside: list[Delivery] = field(default_factory=list)  # mails to our own people: sales, finance
    worked: list[Worked] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # addresses that a client's server refused
    statements: list[bytes] = field(default_factory=list)  # of our bank, one a business day
    sent_again: list[str] = field(default_factory=list)  # a statement that was dropped a second time
    plans: dict[str, tuple[tuple[date, Decimal], ...]] = field(default_factory=dict)  # agreed, by account
    posted: dict[str, tuple[str, date]] = field(default_factory=dict)  # registered letters, by account: id, day
    proven: set[str] = field(default_factory=set)  # of these, whose receipt came back
    last_run_at: datetime | None = None

    def left(self, sale: Sale) -> Decimal:
        """What the client still means to owe of an invoice (money on its way counts as paid)."""
        meant = sum((a for p in self.paid for n, a in p.meant if n == sale.number), Decimal())
        return sale.amount - meant
