"""Collect the mailbox: archive each message, record it, then move the cursor. Understanding comes later, elsewhere.

The order is what keeps a reply from ever being lost: whatever dies in between, the next poll begins again at the
cursor and finds what is archived and recorded already. Flags such as \\Seen are neither read nor written: people use
this mailbox too. A changed UIDVALIDITY (RFC 3501, 2.3.1.1) means that UIDs say nothing any more: the folder is read
again from the start, and the content's hash tells what we have.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.debtor_file import TaskKind
from chalicelib.errors import PermanentError
from chalicelib.pipeline.desk import close_alerts, raise_on_desk
from chalicelib.pipeline.keep import office_of
from chalicelib.ports import Cursor, Fetched, MailRecord, MailState, Parts

FOLDERS = ("INBOX",)

BATCH = 200
"""Messages a poll: well within a function's time, and the next poll goes on where this one stopped."""


@dataclass(frozen=True, kw_only=True)
class Collected:
    fetched: int = 0
    new: int = 0
    up_to_date: bool = True


def collect_mail(parts: Parts, *, at: datetime) -> Collected:
    """One poll. A mailbox that does not let us in raises an alert; one that is unreachable is tried again later."""
    office = office_of(parts)
    address = office.creditor.mailbox
    try:
        with parts.mailbox() as mailbox:
            fetched = new = 0
            up_to_date = True
            for folder in FOLDERS:
                validity, uid_next = mailbox.status(folder)
                cursor = parts.mail_log.cursor(address, folder)
                last = cursor.uid if cursor and cursor.uid_validity == validity else 0
                if uid_next <= last + 1:
                    continue
                for message in mailbox.fetch_after(folder, last, limit=BATCH):
                    new += _take_in(parts, address, folder, validity, message, at=at)
                    fetched += 1
                    last = message.uid
                    parts.mail_log.advance(address, folder, Cursor(uid_validity=validity, uid=last))
                up_to_date = up_to_date and (fetched == 0 or uid_next <= last + 1)
    except PermanentError as error:
        raise_on_desk(
            parts, office, TaskKind.MAILBOX, f"the mailbox {address} does not let us in: {error}", about=address, at=at
        )
        raise
    if up_to_date:  # while a backlog is being read there may be an answer in it: we stay blind
        parts.offices.note_read("mailbox", at)
        if office.health.mailbox_read_at is None or (at - office.health.mailbox_read_at).total_seconds() > 3600:
            close_alerts(parts, office, TaskKind.MAILBOX, "the mailbox is read again", at=at)
    return Collected(fetched=fetched, new=new, up_to_date=up_to_date)


def _take_in(parts: Parts, address: str, folder: str, validity: int, message: Fetched, *, at: datetime) -> bool:
    """Archive, record, queue. What is recorded but still unread is queued again: the queue may have lost it."""
    id_ = hashlib.sha256(message.raw).hexdigest()
    key = f"mail/{id_}.eml"
    known = parts.mail_log.get(id_)
    if known is None:
        parts.archive.put(key, message.raw, content_type="message/rfc822")
        record = MailRecord(
            id=id_,
            mailbox=address,
            folder=folder,
            uid_validity=validity,
            uid=message.uid,
            size=len(message.raw),
            received_at=message.received_at,
            archive=key,
        )
        new = parts.mail_log.record(record)
    else:
        new = False
    if new or (known is not None and known.state is MailState.ARCHIVED):
        parts.mail_queue.put([{"mail_id": id_, "at": at.isoformat()}])
    return new
