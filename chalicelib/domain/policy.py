"""The dunning policy: a ladder of steps, each with its day, its means and its tone, and the patience around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import StrEnum

from chalicelib.domain.calendar import BusinessCalendar
from chalicelib.domain.debtor_file import Case, Debtor


class Do(StrEnum):
    """What a step does."""

    EMAIL = "email"
    CALL = "call"
    FORMAL_NOTICE = "formal_notice"  # e-mailed only once a manager has approved it
    CHOOSE = "choose"  # a person chooses what follows the ladder


@dataclass(frozen=True, slots=True)
class When:
    """A day relative to the due date or to the day on which an earlier step was taken."""

    anchor: str  # "due" or the id of an earlier step
    offset: int
    business: bool = False

    def day(self, anchor_on: date, calendar: BusinessCalendar) -> date:
        return calendar.add(anchor_on, self.offset) if self.business else anchor_on + timedelta(days=self.offset)

    def __str__(self) -> str:
        unit = ("business day" if self.business else "day") + ("s" if abs(self.offset) != 1 else "")
        return self.anchor if not self.offset else f"{self.anchor} {'-+'[self.offset > 0]} {abs(self.offset)} {unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung. `minimum` leaves small invoices out; `new_within_days` adds new clients' ones below it again."""

    id: str
    when: When
    do: Do
    template: str = ""
    sender: str = "collector"
    copy_sales_rep: bool = False
    minimum: Decimal = Decimal(0)
    new_within_days: int = 0

    @property
    def before_due(self) -> bool:
        return self.when.anchor == "due" and self.when.offset < 0

    def concerns(self, case: Case, debtor: Debtor) -> bool:
        """Whether the ladder of this invoice has this rung at all. Never changes while the invoice is open."""
        if case.amount.amount >= self.minimum:
            return True
        since = debtor.client_since_on
        return bool(self.new_within_days and since and (case.issued_on - since).days <= self.new_within_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A ladder and its patience. Days are calendar days unless named business days; hours are the client's own."""

    name: str
    version: int
    title: dict[str, str]
    steps: tuple[Step, ...]
    hours: tuple[time, time] = (time(9), time(17))
    spacing_days: int = 5
    formal_notice_spacing_days: int = 30
    promise_grace_business_days: int = 2
    promise_longest_days: int = 60
    claim_hold_business_days: int = 5
    reply_pause_days: int = 5
    unverified_pause_days: int = 3
    document_pause_days: int = 3
    call_due_business_days: int = 1
    review_due_business_days: int = 1
    blind_after_hours_payments: int = 96
    blind_after_hours_mailbox: int = 6

    def step(self, id_: str) -> Step:
        return next(step for step in self.steps if step.id == id_)

    def believed_until(self, pay_on: date, cases: Iterable[Case], calendar: BusinessCalendar) -> date:
        """The last day on which a promise is believed: its grace, and never before what it speaks of is due."""
        return calendar.add(max((pay_on, *(c.due_on for c in cases))), self.promise_grace_business_days)

    def rank(self, id_: str) -> int:
        """The place of a step on the ladder, from 0."""
        return next(i for i, step in enumerate(self.steps) if step.id == id_)

    def tone(self, step_id: str, hardened: int) -> Step:
        """The step whose words a reminder borrows: its own, or a later reminder's after broken promises.

        A reminder never borrows the words of the formal notice, and a notice before the due date stays friendly.
        """
        step = self.step(step_id)
        if step.do is not Do.EMAIL or step.before_due:
            return step
        reminders = [s for s in self.steps if s.do is Do.EMAIL and not s.before_due]
        return reminders[min(reminders.index(step) + hardened, len(reminders) - 1)]
