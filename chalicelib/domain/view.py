"""A debtor's file at one instant, with its policy, its calendars and what several looks need of it."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, time

from chalicelib.domain.calendar import BusinessCalendar, first_day, instant, local_day, zone_of
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import Case, DebtorFile, Task, TaskKind, at_stake
from chalicelib.domain.policy import Policy


class View:
    """A file, its policy and calendars at one instant, with what several looks need of them."""

    def __init__(self, file: DebtorFile, office: Office, at: datetime) -> None:
        self.file, self.office, self.at = file, office, at
        creditor, debtor = office.creditor, file.debtor
        self.policy: Policy = office.policy(debtor.policy)
        self.today = local_day(at, creditor.zone)
        self.calendar = creditor.calendar
        self.client_calendar = BusinessCalendar(debtor.country, debtor.subdivision)
        self.client_zone = debtor.zone or zone_of(debtor.country, creditor.zone)
        self.progress = file.progress()
        self.covered = frozenset(
            number
            for currency in {c.balance.currency for c in file.open_cases()}
            for number in file.covered(currency)[0]
        )
        self.blind = office.health.blind(self.policy, at)

    def contact_day(self, day: date) -> date:
        """The first day on or after `day` that is a business day here and at the client."""
        return first_day(day, lambda d: self.calendar.is_business_day(d) and self.client_calendar.is_business_day(d))

    def opening(self, day: date) -> datetime:
        return instant(day, self.policy.hours[0], self.client_zone)

    def midnight(self, day: date) -> datetime:
        return instant(day, time(0), self.office.creditor.zone)


def new_task(view: View, kind: TaskKind, of: str, cases: list[Case], reason: str) -> Task:
    days = view.policy.call_due_business_days if kind is TaskKind.CALL else view.policy.review_due_business_days
    return Task(
        id=f"{view.today:%Y%m%d}-{kind}-{short(view.file.id, kind, of)}",
        kind=kind,
        raised_on=view.today,
        due_on=view.calendar.add(view.today, days),
        reason=reason,
        numbers=tuple(c.number for c in cases),
        at_stake=at_stake(cases),
    )


def short(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
