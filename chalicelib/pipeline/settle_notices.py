"""Settle notices by what the mail provider reports later: delivered, bounced, complained about.

Amazon SES publishes these as JSON (through SNS, so the notification may be wrapped once). Reports come late, twice and
out of order: each changes a notice only from the states in which it is news.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.domain import events as e
from chalicelib.domain.calendar import local_day
from chalicelib.domain.debtor_file import Block, BlockKind, DebtorFile, NoticeState, Task, TaskKind
from chalicelib.errors import PermanentError
from chalicelib.pipeline.keep import Happened, keep, office_of
from chalicelib.ports import Parts

_LEFT = ("Send", "Delivery", "DeliveryDelay")


def settle(parts: Parts, event: Mapping[str, Any], *, at: datetime) -> str:
    """What was made of a provider's event, in a word. An event about nobody we know changes nothing."""
    if "Message" in event and "eventType" not in event:
        event = json.loads(str(event["Message"]))
    kind = str(event.get("eventType") or event.get("notificationType") or "")
    mail = event.get("mail")
    if not kind or not isinstance(mail, Mapping):
        raise PermanentError("this is no event of the mail provider: it has no eventType or no mail")
    tags = mail.get("tags") or {}
    debtor_id = next(iter(tags.get("debtor") or ()), "") or _by_message_id(parts, str(mail.get("messageId", "")))
    notice_id = next(iter(tags.get("notice") or ()), "")
    if not debtor_id:
        return "unknown"
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)

    def decide(file: DebtorFile) -> Happened:
        notice = file.notices.get(notice_id) or next(
            (n for n in file.notices.values() if str(mail.get("messageId")) in n.message_id), None
        )
        if notice is None:
            return []
        happened: list[tuple[e.Event, str]] = []
        if kind in _LEFT and notice.state in (NoticeState.UNKNOWN, NoticeState.CLAIMED):
            why = f"the provider reports: {kind}"
            happened.append((e.NoticeSent(notice_id=notice.id, message_id=notice.message_id, at=at), why))
            happened += [
                (e.TaskClosed(task_id=t.id, outcome="sent", note=why, at=at), why)
                for t in file.open_tasks()
                if t.kind is TaskKind.UNKNOWN_DELIVERY and t.note == notice.id
            ]
        elif kind == "Bounce" and _permanent(event) and notice.state in (NoticeState.SENT, NoticeState.UNKNOWN):
            why = f"the provider reports a bounce: {_diagnosis(event)}"
            happened.append((e.NoticeBounced(notice_id=notice.id, at=at), why))
            if notice.contact in file.contacts and not file.contacts[notice.contact].dead_since_on:
                happened.append((e.ContactDied(contact_id=notice.contact, on=today), why))
            happened.append(
                (_task(TaskKind.DEAD_ADDRESS, notice.id, file, f"find the right contact: {why}", today), why)
            )
        elif kind == "Complaint" and not any(b.kind is BlockKind.COMPLAINT and b.is_open for b in file.blocks.values()):
            why = "the recipient marked our mail as spam"
            block = Block(
                id=f"complaint-{notice.id}", kind=BlockKind.COMPLAINT, reason=why, placed_on=today, until=None
            )
            happened.append((e.BlockPlaced(block=block), why))
            happened.append((_task(TaskKind.COMPLAINT, notice.id, file, f"{why}: answer in person", today), why))
        return happened

    keep(parts, office, debtor_id, decide, at=at, who="provider")
    return kind.lower()


def _by_message_id(parts: Parts, provider_id: str) -> str:
    for domain in ("eu-west-3.amazonses.com", "eu-west-1.amazonses.com", "email.amazonses.com"):
        found = parts.store.find("message_id", f"<{provider_id}@{domain}>") if provider_id else ()
        if found:
            return found[0]
    return ""


def _permanent(event: Mapping[str, Any]) -> bool:
    return (event.get("bounce") or {}).get("bounceType") == "Permanent"


def _diagnosis(event: Mapping[str, Any]) -> str:
    recipients = (event.get("bounce") or {}).get("bouncedRecipients") or [{}]
    return str(recipients[0].get("diagnosticCode") or recipients[0].get("status") or "no reason given")[:300]


def _task(kind: TaskKind, of: str, file: DebtorFile, reason: str, today: Any) -> e.TaskRaised:
    numbers = tuple(c.number for c in file.open_cases())
    return e.TaskRaised(
        task=Task(id=f"{kind}-{of}", kind=kind, raised_on=today, due_on=today, reason=reason, numbers=numbers)
    )
