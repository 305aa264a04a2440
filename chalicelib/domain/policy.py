"""The dunning policy: a ladder of steps, each with its day, its means and its tone, and the patience around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

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


@dataclass(frozen=True, slots=True)
class Part:
    """One instalment that may be offered: its share of what is owed (None: what is left), and in how many days."""

    share: Fraction | None
    days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """The payment plans that may be offered, and how their instalments are watched."""

    parts: tuple[Part, ...] = (Part(Fraction(1, 3)), Part(Fraction(1, 3), 15), Part(None, 30))
    minimum: Decimal = Decimal(300)
    longest_days: int = 90
    notice_days: int = 3  # before an instalment; 0: none
    reminder_business_days: int = 2  # after it
    grace_business_days: int = 5  # after it: then the plan is broken


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditHoldRule:
    """When sales is asked to deliver only against prepayment: so much (0: never) overdue for so many days."""

    overdue_days: int = 60
    overdue_amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRules:
    """What follows a call: when to try again, and after how many vain ones a late case is an unpaid one."""

    retry_business_days: int = 1
    follow_up_days: int = 5  # the next date after a talk in which none was agreed
    unreached_calls: int = 3
    voicemail_mail: bool = False  # write that we tried to reach them


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRules:
    """When silence is suspicious: so many reminders (0: never) of so much, and nothing heard of a debtor who answers.

    Where `large` is at stake fewer mails are enough, and the debtor need never have answered before.
    """

    mails: int = 3
    minimum: Decimal = Decimal(150)
    large: Decimal = Decimal(10000)
    large_mails: int = 2
    after_business_days: int = 3  # since the last of them


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
    promise_ask_business_days: int = 3  # how long an answer may take to our question for the date
    calls: CallRules = CallRules()
    silence: SilenceRules = SilenceRules()
    claim_hold_business_days: int = 5
    reply_pause_days: int = 5
    unverified_pause_days: int = 3
    document_pause_days: int = 3
    call_due_business_days: int = 1
    review_due_business_days: int = 1
    blind_after_hours_payments: int = 96
    blind_after_hours_mailbox: int = 6
    plan: PlanTerms = PlanTerms()
    credit_hold: CreditHoldRule = CreditHoldRule()
    dispute_progress_business_days: int = 5
    dispute_escalate_to: str = "director"
    block_review_days: int = 90
    tell_sales_rep_business_days: int = 0  # before the director first writes; 0: not told

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
