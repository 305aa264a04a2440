"""Settle notices by what the mail provider reports later: it left, bounced, was rejected, was complained about.

Amazon SES publishes these as JSON (through SNS, so the report may be wrapped once). Reports come late, twice and
out of order: each changes a notice only from the states in which it is news. A report says whose it is by the tags
that the outbox gave, or by the token in the Reply-To header; the provider's Message-ID is not needed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chalicelib.domain import events as e
from chalicelib.domain.calendar import local_day
from chalicelib.domain.debtor_file import Block, BlockKind, DebtorFile, Notice, NoticeState, Task, TaskKind
from chalicelib.errors import BadInput, RetryableError
from chalicelib.pipeline.keep import Happened, UnknownDebtor, keep, load, office_of
from chalicelib.ports import Parts

_TOKEN = re.compile(r"\+([a-z2-7]{26})@")
_TEST_OF_SNS = "Successfully validated SNS topic"


@dataclass(frozen=True, kw_only=True)
class _Report:
    """One report, checked: nothing in it is of another type than it seems."""

    kind: str  # Send, Delivery, DeliveryDelay, Bounce, Complaint, Reject, Open …
    about: Mapping[str, Any]  # the object of that kind
    debtor_id: str
    notice_id: str
    token: str

    @property
    def recipients(self) -> frozenset[str]:
        """Addresses that bounced."""
        return frozenset(
            _text(one, "emailAddress").strip(" <>").lower() for one in _objects(self.about, "bouncedRecipients")
        )

    @property
    def diagnosis(self) -> str:
        for one in _objects(self.about, "bouncedRecipients"):
            if found := _text(one, "diagnosticCode") or _text(one, "status"):
                return found[:300]
        return _text(self.about, "bounceSubType") or "no reason given"

    @property
    def is_permanent(self) -> bool:
        return _text(self.about, "bounceType") == "Permanent"

    @property
    def is_failure(self) -> bool:
        """Automatic answers are reported as transient bounces of the general kind, but without a delivery status."""
        general = _text(self.about, "bounceSubType") == "General" and _text(self.about, "bounceType") == "Transient"
        return not general or any(_text(r, "action") == "failed" for r in _objects(self.about, "bouncedRecipients"))


def settle(parts: Parts, event: Mapping[str, Any], *, at: datetime) -> str:
    """What was made of a provider's event, in a word. An event about nobody we know changes nothing."""
    unwrapped = _unwrapped(event)
    if unwrapped is None:
        return "test"
    report = _report(unwrapped)
    file = _file(parts, report)
    if file is None:
        return "unknown"
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)

    def decide(file: DebtorFile) -> Happened:
        notice = file.notices.get(report.notice_id) or _by_token(file, report.token)
        return list(_effects(file, notice, report, today, at))

    keep(parts, office, file.id, decide, at=at, who="provider", file=file)
    return report.kind.lower()


def _effects(
    file: DebtorFile, notice: Notice | None, report: _Report, today: date, at: datetime
) -> Iterator[tuple[e.Event, str]]:
    match report.kind:
        case "Send" | "Delivery" | "DeliveryDelay" if notice:
            yield from _left(file, notice, f"the provider reports: {report.kind}", at)
        case "Bounce" if report.is_permanent:
            yield from _dead(file, notice, report, today, at)
        case "Bounce" if notice and report.is_failure and notice.to.lower() in report.recipients:
            why = f"the mail did not arrive, the address may be good: {report.diagnosis}"
            yield from _task_once(TaskKind.REFUSED_MAIL, notice.id, file, f"call, or send it again: {why}", today)
        case "Reject" if notice and notice.state in (NoticeState.CLAIMED, NoticeState.SENT, NoticeState.UNKNOWN):
            why = f"our mail provider rejected the mail: {_text(report.about, 'reason') or 'no reason given'}"
            yield e.NoticeFailed(notice_id=notice.id, at=at), why
            yield from _task_once(TaskKind.REFUSED_MAIL, notice.id, file, why, today)
        case "Complaint" if _text(report.about, "complaintFeedbackType") != "not-spam":
            yield from _complained(file, notice, today)


def _left(file: DebtorFile, notice: Notice, why: str, at: datetime) -> Iterator[tuple[e.Event, str]]:
    """Whether it left is known now; whoever was asked to find out need not."""
    if notice.state not in (NoticeState.UNKNOWN, NoticeState.CLAIMED):
        return
    yield e.NoticeSent(notice_id=notice.id, message_id=notice.message_id, at=at), why
    for task in file.open_tasks():
        if task.kind is TaskKind.UNKNOWN_DELIVERY and task.note == notice.id:
            yield e.TaskClosed(task_id=task.id, outcome="sent", note=why, at=at), why


def _dead(
    file: DebtorFile, notice: Notice | None, report: _Report, today: date, at: datetime
) -> Iterator[tuple[e.Event, str]]:
    """The address is dead. The notice bounced if it was addressed there; a copy that bounces leaves it as it is."""
    bounced = notice if notice and notice.to.lower() in report.recipients else None
    if bounced and bounced.state is NoticeState.CLAIMED:
        # Its sender is about to say that it left, which would hide the bounce: let it go first.
        raise RetryableError(f"notice {bounced.id} bounced before it is known to have left")
    why = f"the provider reports a bounce: {report.diagnosis}"
    if bounced and bounced.state in (NoticeState.SENT, NoticeState.UNKNOWN):
        yield e.NoticeBounced(notice_id=bounced.id, at=at), why
        if bounced.internal:
            reason = f"correct our own address {bounced.to}: {why}"
            yield from _task_once(TaskKind.REFUSED_MAIL, bounced.id, file, reason, today, numbers=())
    dead = [c for c in file.contacts.values() if c.email.lower() in report.recipients and not c.dead_since_on]
    for contact in dead:
        yield e.ContactDied(contact_id=contact.id, on=today), why
        reason = f"find the right contact instead of {contact.email}: {why}"
        yield from _task_once(TaskKind.DEAD_ADDRESS, f"{contact.id}-{today:%Y%m%d}", file, reason, today)


def _complained(file: DebtorFile, notice: Notice | None, today: date) -> Iterator[tuple[e.Event, str]]:
    if any(b.kind is BlockKind.COMPLAINT and b.is_open for b in file.blocks.values()):
        return
    why = "the recipient marked our mail as spam"
    of = notice.id if notice else f"{today:%Y%m%d}"
    yield (
        e.BlockPlaced(
            block=Block(id=f"complaint-{of}", kind=BlockKind.COMPLAINT, reason=why, placed_on=today, until=None)
        ),
        why,
    )
    yield from _task_once(TaskKind.COMPLAINT, of, file, f"{why}: answer in person", today)


def _task_once(
    kind: TaskKind, of: str, file: DebtorFile, reason: str, today: date, *, numbers: tuple[str, ...] | None = None
) -> Iterator[tuple[e.Event, str]]:
    """About all open invoices unless told which."""
    id_ = f"{kind}-{of}"
    if id_ not in file.tasks:
        numbers = tuple(c.number for c in file.open_cases()) if numbers is None else numbers
        task = Task(id=id_, kind=kind, raised_on=today, due_on=today, reason=reason, numbers=numbers)
        yield e.TaskRaised(task=task), reason


def _file(parts: Parts, report: _Report) -> DebtorFile | None:
    """By the tag; a debtor's id that has characters which no tag may have is found by the token."""
    for debtor_id in filter(None, (report.debtor_id, *_found(parts, report.token))):
        try:
            return load(parts, debtor_id)
        except UnknownDebtor:
            continue
    return None


def _found(parts: Parts, token: str) -> tuple[str, ...]:
    return parts.store.find("token", token) if token else ()


def _by_token(file: DebtorFile, token: str) -> Notice | None:
    return next((n for n in file.notices.values() if token and n.token == token), None)


def _unwrapped(event: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The report itself; None for the message by which Amazon tries out a new topic."""
    if "Message" not in event or "eventType" in event:
        return event
    text = str(event["Message"])
    if text.startswith(_TEST_OF_SNS):
        return None
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput("event", "its Message is no JSON") from error
    if not isinstance(inner, Mapping):
        raise BadInput("event", "its Message is no JSON object")
    return inner


def _report(event: Mapping[str, Any]) -> _Report:
    kind = _text(event, "eventType") or _text(event, "notificationType")
    mail = event.get("mail")
    if not kind or not isinstance(mail, Mapping):
        raise BadInput("event", "this is no event of the mail provider: it has no eventType or no mail")
    about = event.get(kind[0].lower() + kind[1:])
    tags = mail.get("tags")
    reply_to = [_text(h, "value") for h in _objects(mail, "headers") if _text(h, "name").lower() == "reply-to"]
    token = _TOKEN.search(" ".join(reply_to).lower())
    return _Report(
        kind=kind,
        about=about if isinstance(about, Mapping) else {},
        debtor_id=_tag(tags, "debtor"),
        notice_id=_tag(tags, "notice"),
        token=token[1] if token else "",
    )


def _tag(tags: object, name: str) -> str:
    values = tags.get(name) if isinstance(tags, Mapping) else None
    return values[0] if isinstance(values, list) and values and isinstance(values[0], str) else ""


def _text(holder: Mapping[str, Any], key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def _objects(holder: Mapping[str, Any], key: str) -> Iterable[Mapping[str, Any]]:
    value = holder.get(key)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
