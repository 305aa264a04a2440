"""Collect the mailbox: archive each message, record it, then move the cursor. Understanding comes later, elsewhere.

The order is what keeps a reply from ever being lost: whatever dies in between, the next poll begins again at the
cursor and finds what is archived and recorded already. Flags such as \\Seen are neither read nor written: people use
this mailbox too. A changed UIDVALIDITY (RFC 3501, 2.3.1.1) means that UIDs say nothing any more: the folder is read
again from the start, and the content's hash tells what we have.

The folder of spam is read besides: an answer that a filter took for spam is an answer all the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.debtor_file import TaskKind
from chalicelib.errors import PermanentError
from chalicelib.pipeline.desk import close_alerts, raise_on_desk
from chalicelib.pipeline.keep import office_of
from chalicelib.ports import Cursor, Fetched, Mailbox, MailRecord, MailState, Parts

BATCH = 200
"""Messages of a folder that a poll takes in: well within a function's time, and the next poll goes on from there."""

UNREAD_FOR = timedelta(minutes=30)
"""A mail that is archived for so long and still not understood counts as one that was not read."""


@dataclass(frozen=True, kw_only=True)
class Collected:
    fetched: int = 0
    new: int = 0
    up_to_date: bool = True

    def __add__(self, other: Collected) -> Collected:
        return Collected(
            fetched=self.fetched + other.fetched,
            new=self.new + other.new,
            up_to_date=self.up_to_date and other.up_to_date,
        )


def collect_mail(parts: Parts, *, at: datetime) -> Collected:
    """One poll. What a person must mend (a password, a folder) raises one alert; what may pass is tried again later."""
    office = office_of(parts)
    address = office.creditor.mailbox
    try:
        with parts.mailbox() as mailbox:
            collected = Collected()
            for folder in office.creditor.folders:
                collected += _collect(parts, mailbox, address, folder, at=at)
            spam = mailbox.spam_folder()
            seen = collected.up_to_date  # a backlog of spam makes nobody blind
            if spam and spam not in office.creditor.folders:
                collected += _collect(parts, mailbox, address, spam, at=at)
    except PermanentError as error:
        why = f"the mailbox {address} cannot be collected: {error}"
        raise_on_desk(parts, office, TaskKind.MAILBOX, why, about=address, at=at)
        raise
    close_alerts(parts, office, TaskKind.MAILBOX, "the mailbox is read again", at=at)
    # While a backlog is being fetched, or fetched and not understood, there may be an answer in it: we stay blind.
    if seen and next(parts.mail_log.pending(at - UNREAD_FOR), None) is None:
        parts.offices.note_read("mailbox", at)
    return collected


def _collect(parts: Parts, mailbox: Mailbox, address: str, folder: str, *, at: datetime) -> Collected:
    """Take in what a folder holds beyond its cursor, a batch at most."""
    validity, uid_next = mailbox.status(folder)
    cursor = parts.mail_log.cursor(address, folder)
    last = cursor.uid if cursor and cursor.uid_validity == validity else 0
    if uid_next <= last + 1:
        return Collected()
    fetched = new = 0
    for message in mailbox.fetch_after(folder, last, limit=BATCH):
        new += _take_in(parts, message, address, folder, validity, at=at)
        fetched += 1
        parts.mail_log.advance(address, folder, Cursor(uid_validity=validity, uid=message.uid))
    return Collected(fetched=fetched, new=new, up_to_date=fetched < BATCH)


def _take_in(parts: Parts, message: Fetched, address: str, folder: str, validity: int, *, at: datetime) -> bool:
    """Archive, record, queue; whether it is new. What waits to be read is queued again: a poll may have died here."""
    place = f"{address} {folder} {validity} {message.uid}"  # what was not given has no content to be told apart by
    id_ = hashlib.sha256(message.raw or place.encode()).hexdigest()
    mail = parts.mail_log.get(id_)
    new = False
    if mail is None:
        mail = MailRecord(
            id=id_,
            mailbox=address,
            folder=folder,
            uid_validity=validity,
            uid=message.uid,
            size=len(message.raw),
            received_at=message.received_at,
            collected_at=at,
            archive=f"mail/{id_}.eml",
            why=message.why,
        )
        parts.archive.put(mail.archive, message.raw, content_type="message/rfc822")
        new = parts.mail_log.record(mail)
    if mail.state is MailState.ARCHIVED:
        parts.mail_queue.put([{"mail_id": id_, "at": at.isoformat()}])
    return new
