"""Mail the week in numbers to those who look after the cash: once a week, never twice, and never left out in silence.

The week's row is the one door, as the claim on a file is for a notice: whoever writes "claimed" sends, everybody else
finds it claimed. A claim without an outcome is `unknown` after a while and never sent again; a mail that could not
leave is tried again by the next run. Whatever keeps it from leaving hangs on the desk as a task.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from chalicelib.domain.calendar import instant, local_day
from chalicelib.domain.creditor import Office, WeeklyReview
from chalicelib.domain.debtor_file import DESK, TaskKind
from chalicelib.domain.elapsed import OUTCOME_WITHIN
from chalicelib.domain.letter_facts import facts_of
from chalicelib.domain.numbers import Numbers
from chalicelib.domain.review import chart_of
from chalicelib.errors import OutcomeUnknown, PermanentError, RetryableError
from chalicelib.pipeline.count_numbers import count_numbers
from chalicelib.pipeline.desk import close_alerts, raise_on_desk
from chalicelib.pipeline.keep import office_of
from chalicelib.pipeline.remind import sent_key
from chalicelib.ports import Mailing, NumbersStore, Parts, ReviewState, ReviewWriter

TOLD_AFTER = timedelta(hours=4)
"""A review that is so late is told of: until then the next run mends it."""


@dataclass(frozen=True, kw_only=True)
class LookedBack:
    """What one run did: debtors counted, whether the day's numbers are finished, what became of the week's mail."""

    on: date
    counted: int
    done: bool
    review: str = ""  # empty: none is wanted, or not yet


def look_back(parts: Parts, store: NumbersStore, writer: ReviewWriter, *, at: datetime) -> LookedBack:
    """Every quarter of an hour: go on with today's snapshot, and see to the week's review once it is due."""
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)
    counted = count_numbers(parts, store, on=today)
    review = ""
    if office.creditor.weekly_review:
        review = _see_to(parts, store, writer, office, office.creditor.weekly_review, today=today, at=at)
    return LookedBack(on=today, counted=counted.debtors, done=counted.done, review=review)


def _see_to(
    parts: Parts, store: NumbersStore, writer: ReviewWriter, office: Office, wanted: WeeklyReview,
    *, today: date, at: datetime,
) -> str:  # fmt: skip
    due_on = last_due_on(wanted, today, at, office.creditor.zone)
    due_at = instant(due_on, wanted.at, office.creditor.zone)
    week = week_of(due_on)
    mailing = store.mailing(week)
    if mailing and mailing.state is ReviewState.CLAIMED and at - mailing.at > OUTCOME_WITHIN:
        why = f"the review of {week} was about to leave, and nobody knows whether it did"
        return _settle(parts, store, office, mailing, ReviewState.UNKNOWN, why, at=at)
    if mailing and mailing.state is not ReviewState.DEFERRED:
        return mailing.state.value
    counting = store.counting(today)
    if counting is None or not counting.done:
        if at - due_at > TOLD_AFTER:
            _tell(parts, office, week, f"the review of {week} waits for the numbers of {today}", at=at)
        return "waiting"
    if office.health.held_since_at:
        if at - due_at > TOLD_AFTER:
            _tell(parts, office, week, f"the review of {week} has not left: all sending is held", at=at)
        return "held"
    if mailing and at - due_at > TOLD_AFTER:
        _tell(parts, office, week, f"the review of {week} has not left yet: {mailing.why}", at=at)
    return _send(parts, store, writer, office, wanted, counting.numbers, mailing, week=week, at=at)


def _send(
    parts: Parts, store: NumbersStore, writer: ReviewWriter, office: Office, wanted: WeeklyReview, numbers: Numbers,
    mailing: Mailing | None, *, week: str, at: datetime,
) -> str:  # fmt: skip
    """Write first, then claim, then hand over: what cannot be written claims nothing."""
    why, raw = "", b""
    try:
        raw = writer.write(numbers, office.creditor, _chart(parts, numbers, wanted.language), at=at)
    except PermanentError as error:
        why = f"the review of {week} cannot be written: {error}"
    claim = Mailing(week=week, state=ReviewState.CLAIMED, at=at, attempts=mailing.attempts + 1 if mailing else 1)
    if not store.settle(mailing, claim):
        return "lost_race"
    if why:
        return _settle(parts, store, office, claim, ReviewState.FAILED, why, at=at)
    name = f"weekly-review-{week}"
    try:
        parts.archive.put(sent_key(DESK, name), raw, content_type="message/rfc822")
        message_id = parts.outbox.send(
            raw, sender=office.creditor.mailbox, recipients=wanted.to, tags={"debtor": DESK, "notice": name}
        )
    except RetryableError as error:
        store.settle(claim, replace(claim, state=ReviewState.DEFERRED, why=f"nothing left: {error}"))
        return ReviewState.DEFERRED.value
    except OutcomeUnknown as error:
        why = f"whether the review of {week} left is not known: {error}"
        return _settle(parts, store, office, claim, ReviewState.UNKNOWN, why, at=at)
    except PermanentError as error:
        why = f"the review of {week} cannot leave: {error}"
        return _settle(parts, store, office, claim, ReviewState.FAILED, why, at=at)
    store.settle(claim, replace(claim, state=ReviewState.SENT, message_id=message_id))
    close_alerts(parts, office, TaskKind.WEEKLY_REVIEW, f"the review of {week} has left", at=at)
    return ReviewState.SENT.value


def _settle(
    parts: Parts, store: NumbersStore, office: Office, mailing: Mailing, state: ReviewState, why: str, *, at: datetime
) -> str:
    """The task first: killed in between, the next run comes here again and finds the task raised."""
    _tell(parts, office, mailing.week, why, at=at)
    store.settle(mailing, replace(mailing, state=state, why=why))
    return state.value


def _tell(parts: Parts, office: Office, week: str, why: str, *, at: datetime) -> None:
    raise_on_desk(parts, office, TaskKind.WEEKLY_REVIEW, why, about=week, at=at)


def _chart(parts: Parts, numbers: Numbers, language: str) -> bytes:
    """The picture; none where there is nothing to draw, or nothing to draw it with: the table says the same."""
    facts = chart_of(numbers, language)
    if facts is None:
        return b""
    try:
        return parts.printer.picture("chart", language, facts_of(facts))
    except PermanentError:
        return b""


def last_due_on(wanted: WeeklyReview, today: date, at: datetime, zone: str) -> date:
    """The day of the last review that is due by `at`: today's weekday counts from its hour on."""
    day = today - timedelta(days=(today.weekday() - wanted.on) % 7)
    return day if instant(day, wanted.at, zone) <= at else day - timedelta(days=7)


def week_of(day: date) -> str:
    """The ISO 8601 week of a day: "2026-W48"."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"
