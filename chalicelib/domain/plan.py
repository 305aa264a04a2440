"""The plan: proposals with their reasons, and for what is not due the hold that says why. Data, no decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain.debtor_file import Notice
from chalicelib.domain.events import Event


class Action(StrEnum):
    NOTE = "note"  # time passed: entries for the journal, perhaps with a task
    EMAIL = "email"
    CALL = "call"
    LETTER = "letter"  # a formal notice that goes by post alone: the debtor has no e-mail address
    APPROVE = "approve"  # ask a manager to approve the formal notice
    CHOOSE = "choose"


class Hold(StrEnum):
    """Why nothing is done about a case now."""

    NOT_DUE = "not_due"
    DISPUTED = "disputed"
    PROMISED = "promised"
    PLANNED = "planned"  # a payment plan runs
    SALES_REP = "sales_rep"  # told that the director is to write, and may stop it
    CLAIMED_PAID = "claimed_paid"
    BLOCKED = "blocked"
    INSOLVENT = "insolvent"
    COVERED = "covered"  # by credit notes or payments on the account
    SPACING = "spacing"
    CLOSED_DAY = "closed_day"
    CLOSED_HOUR = "closed_hour"
    NO_ADDRESS = "no_address"
    AWAY = "away"
    IN_NOTICE = "in_notice"  # a formal notice demands it, and its deadline has not come
    AWAITING_APPROVAL = "awaiting_approval"
    UNCERTAIN = "uncertain"  # a mail is in flight, or may have been lost
    REFUSED = "refused"  # our own mail provider refused the mail: a person mends the cause
    BLIND = "blind"
    LADDER_DONE = "ladder_done"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """One thing to do. Recording `events` is what performs it; an EMAIL must also be handed to the outbox."""

    action: Action
    reason: str
    events: tuple[tuple[Event, str], ...]
    step: str = ""
    takes: tuple[tuple[str, str], ...] = ()  # (invoice number, step taken for it)
    notice: Notice | None = None
    letter: str = ""  # id of the letter to be printed first, or (with a notice alone) to be enclosed again

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(number for number, _ in self.takes)

    @property
    def sends(self) -> bool:
        """Whether something leaves the house: a mail, a letter, or both."""
        return bool(self.notice or self.letter)


def note(reason: str, *events: Event) -> Proposal:
    """Entries for the journal alone, each for the same reason."""
    return Proposal(action=Action.NOTE, reason=reason, events=tuple((event, reason) for event in events))


@dataclass(frozen=True, kw_only=True)
class Held:
    """A case about which nothing is done now: why, in words, and from which day that may change."""

    number: str
    hold: Hold
    reason: str
    until: date | None = None
    step: str = ""  # the step that waits


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """An ordered mail that cannot leave now: why, in words, and from which instant that may change."""

    order_id: str
    hold: Hold
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything about one debtor at one instant. `next_action_at` is the earliest instant at which it can change."""

    proposals: tuple[Proposal, ...]
    held: tuple[Held, ...]
    next_action_at: datetime | None
    waiting: tuple[Waiting, ...] = ()
