"""The creditor: the company that is owed, its people who write, its bank details, and how fresh its knowledge is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase

from chalicelib.domain.calendar import BusinessCalendar
from chalicelib.domain.policy import Policy
from chalicelib.law.rules import Rules


@dataclass(frozen=True, kw_only=True)
class Persona:
    """Who signs: different people write at different steps (collector, sales_rep, director)."""

    name: str
    title: Mapping[str, str]  # by language
    email: str
    phone: str = ""


@dataclass(frozen=True, kw_only=True)
class WeeklyReview:
    """To whom the numbers of the week are mailed, and when: from `at` o'clock on the weekday `on` (0: Monday)."""

    to: tuple[str, ...]
    on: int = 0
    at: time = time(7, 30)
    language: str = "fr"


@dataclass(frozen=True, kw_only=True)
class Creditor:
    name: str
    legal_form: str
    address: tuple[str, ...]
    country: str
    legal_id: str  # SIREN and register, as printed on letters
    vat_number: str
    iban: str
    bic: str
    mailbox: str  # where replies go: compta@… ; a token is added after "+"
    zone: str = "Europe/Paris"
    subdivision: str | None = None
    folders: tuple[str, ...] = ("INBOX",)  # of the mailbox, to be read; its folder for spam is found and read besides
    authserv_id: str = ""  # the receiving server whose Authentication-Results count
    personas: Mapping[str, Persona] = field(default_factory=dict)
    payment_link: str = ""  # https://…/{number} or empty
    weekly_review: WeeklyReview | None = None  # None: nobody wants one
    approvers: tuple[str, ...] = ()  # who may approve formal notices; none named: whoever may close tasks
    late_interest_rate: Decimal | None = None  # per cent a year by our terms of sale; None: the law's own

    @property
    def calendar(self) -> BusinessCalendar:
        return BusinessCalendar(self.country, self.subdivision)

    def reply_address(self, token: str) -> str:
        """The mailbox's own address for one notice: local+token@domain (RFC 5233 subaddress)."""
        local, _, domain = self.mailbox.rpartition("@")
        return f"{local}+{token}@{domain}"

    def may_approve(self, who: str) -> bool:
        """Whether somebody may approve a formal notice, by login or ARN; "*" stands for any part of it."""
        return not self.approvers or any(fnmatchcase(who, pattern) for pattern in self.approvers)

    def persona(self, role: str) -> Persona:
        """The persona of a role; the collector speaks for a role that nobody holds."""
        return self.personas.get(role) or self.personas["collector"]


STATEMENTS_LAG = timedelta(days=3)
"""A statement tells of the day before, and of a Thursday after a long weekend: so much older it may be."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """When the payments and the mailbox were last read successfully (aware UTC; None: never); whether mail is held.

    `last_entry_on` is the latest day that a bank statement told of: to read an old statement again makes nobody see.
    """

    payments_read_at: datetime | None = None
    mailbox_read_at: datetime | None = None
    last_entry_on: date | None = None
    held_since_at: datetime | None = None  # a manager holds all sending

    def blind(self, policy: Policy, at: datetime) -> str:
        """Why the program is blind at this instant, in words; empty when it sees."""
        for what, read_at, hours in (
            ("payments", self.payments_read_at, policy.blind_after_hours_payments),
            ("mailbox", self.mailbox_read_at, policy.blind_after_hours_mailbox),
        ):
            if read_at is None:
                return f"the {what} were never read" if what == "payments" else f"the {what} was never read"
            if at - read_at > timedelta(hours=hours):
                verb = "were" if what == "payments" else "was"
                return f"the {what} {verb} last read at {read_at:%Y-%m-%d %H:%M} UTC, over {hours} hours ago"
        oldest = (at - timedelta(hours=policy.blind_after_hours_payments) - STATEMENTS_LAG).date()
        if self.last_entry_on is not None and self.last_entry_on < oldest:
            return f"the bank's last statement reaches to {self.last_entry_on} only"
        return ""


@dataclass(frozen=True, kw_only=True)
class Office:
    """What every decision needs beside the debtor's file: the creditor, its policies and its health."""

    creditor: Creditor
    health: Health
    policies: Mapping[str, Policy]
    rules: Rules | None = None  # of law, by country; without them nobody is warned of limitation

    def policy(self, name: str) -> Policy:
        return self.policies.get(name) or self.policies["standard"]
