"""What a text says before anybody decides, and what it is read against: plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from chalicelib.reading.clauses import Clause
from chalicelib.reading.model import DisputeReason, Intent, KnownItem
from chalicelib.reading.pointing import FoundReference


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing said: of some invoices, of an amount, of a day."""

    intent: Intent
    start: int
    end: int
    words: tuple[int, int]  # the span of the deciding words
    clause: int
    numbers: tuple[str, ...] = ()
    on: date | None = None
    amount: Decimal | None = None
    reference: str | None = None
    reason: DisputeReason | None = None
    certain: bool = True  # the date is what anybody would understand
    vague: bool = False
    loose: bool = False  # a word of paying and a day, no turn of phrase


@dataclass(frozen=True, slots=True)
class Said:
    """All that a text says, before anybody decides."""

    statements: tuple[Statement, ...] = ()
    contacts: tuple[tuple[str, int, int], ...] = ()  # address and where it stands
    numbers: tuple[str, ...] = ()
    references: tuple[FoundReference, ...] = ()
    foreign: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()  # what a person ought to know
    clauses: tuple[Clause, ...] = field(default=(), repr=False)

    def of(self, intent: Intent) -> tuple[Statement, ...]:
        return tuple(s for s in self.statements if s.intent == intent)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the text is read against."""

    base: date
    items: tuple[KnownItem, ...] = ()  # the debtor's open items
    elsewhere: Mapping[str, KnownItem] = field(default_factory=dict)
    month_first: bool = False
    holidays: frozenset[date] = frozenset()
    our_addresses: frozenset[str] = frozenset()
    sender: str | None = None
    debtor: str = ""  # its names and domains, folded
    above: Mapping[int, tuple[str, ...]] = field(
        default_factory=dict
    )  # offset of an own block → invoices of the quoted line above


def found_by(statements: Iterable[Statement]) -> dict[Intent, bool]:
    """The intents of the rules, each with whether one of its statements at least rests on a turn of phrase."""
    found: dict[Intent, bool] = {}
    for s in statements:
        found[s.intent] = found.get(s.intent, False) or not s.loose
    return found
