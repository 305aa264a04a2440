"""Keep one record for each mail, and how far each folder was read, in DynamoDB.

    pk                  sk               what
    MAIL#<sha256>       MAIL             the record
    MAILBOX#<address>   CURSOR#<folder>  the cursor

Mails that are archived and not yet read stand in the sparse index `agenda` under MAIL, by the time when they
were collected; all others under MAIL#<shelf>, by the time when they were received.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.dynamodb_items import from_plain, instant, key_part, to_plain
from chalicelib.adapters.dynamodb_table import ConditionLost, Table
from chalicelib.ports import Cursor, MailPage, MailRecord, MailState, Shelf

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoMailLog:
    """A MailLog on the table of the debtors' files."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._table = Table(client, table)

    def cursor(self, mailbox: str, folder: str) -> Cursor | None:
        row = self._table.get(_mailbox(mailbox), _cursor(folder))
        return Cursor(uid_validity=row["uid_validity"], uid=row["uid"]) if row else None

    def advance(self, mailbox: str, folder: str, cursor: Cursor) -> None:
        try:
            # Clause "forward". Poller A fetches up to UID 20, B up to 30 and is done first: A would lead
            # the next poll back. Clause "another UIDVALIDITY": the folder's UIDs began anew, so it is read
            # from its start.
            self._table.update(
                _mailbox(mailbox), _cursor(folder), "SET uid_validity = :validity, uid = :uid",
                condition="attribute_not_exists(pk) OR uid_validity <> :validity OR uid < :uid",
                validity=cursor.uid_validity, uid=cursor.uid,
            )  # fmt: skip
        except ConditionLost:
            return

    def record(self, mail: MailRecord) -> bool:
        # Clause "a new content". Two pollers fetch the same message, or the mailbox holds it twice: one
        # record.
        return self._put(mail, "attribute_not_exists(pk)")

    def get(self, mail_id: str) -> MailRecord | None:
        row = self._table.get(_mail(mail_id), "MAIL")
        return from_plain(row, MailRecord, f"the record of mail {mail_id}") if row else None

    def settle(self, mail: MailRecord) -> bool:
        # Clause "merely archived". The queue delivers a mail twice and both readings come to an end: the
        # first one counts, the second would overwrite it, perhaps after a person has corrected it.
        return self._put(mail, "#state = :archived", archived=MailState.ARCHIVED.value)

    def pending(self, before: datetime) -> Iterator[str]:
        for row in self._table.query(
            "agenda_pk = :pk AND agenda_sk < :end", index="agenda", pk="MAIL", end=instant(before)
        ):
            yield str(row["pk"]).removeprefix("MAIL#")

    def amend(self, before: MailRecord, after: MailRecord) -> bool:
        # Clause "nobody has decided since". A and B look at one mail, A accepts it, B takes it for another
        # debtor's: B is told, and looks again. A mail from before there was a turn has none.
        return self._put(
            after, "#state = :state AND (attribute_not_exists(turn) OR turn = :turn)",
            state=before.state.value, turn=before.turn,
        )  # fmt: skip

    def on_shelf(self, *shelves: Shelf, limit: int, after: str = "") -> MailPage:
        lists = [self._keys_on(shelf, after) for shelf in shelves or tuple(Shelf)]
        # One more than are shown tells whether there is another page.
        keys = list(islice(heapq.merge(*lists, reverse=True), limit + 1))
        shown = keys[:limit]
        rows = {row["pk"]: row for row in self._table.get_many([(pk, "MAIL") for _, pk in shown])}
        mails = [from_plain(rows[pk], MailRecord, f"the record of {pk}") for _, pk in shown if pk in rows]
        return MailPage(mails=tuple(mails), next=shown[-1][0] if len(keys) > limit else "")

    def _keys_on(self, shelf: Shelf, after: str) -> Iterator[tuple[str, str]]:
        """Places and keys on a shelf, the last received first."""
        for row in self._table.query(
            "agenda_pk = :pk AND agenda_sk < :before", index="agenda", backwards=True,
            pk=f"MAIL#{shelf}", before=after or "~",
        ):  # fmt: skip
            yield str(row["agenda_sk"]), str(row["pk"])

    def _put(self, mail: MailRecord, condition: str, **values: Any) -> bool:
        row = {"pk": _mail(mail.id), "sk": "MAIL", **to_plain(mail)}
        if mail.state is MailState.ARCHIVED:
            row |= {"agenda_pk": "MAIL", "agenda_sk": f"{instant(mail.collected_at)}#{mail.id}"}
        elif mail.shelf:
            row |= {"agenda_pk": f"MAIL#{mail.shelf}", "agenda_sk": f"{instant(mail.received_at)}#{mail.id}"}
        return self._table.keep(row, condition=condition, **values)


def _mail(mail_id: str) -> str:
    return f"MAIL#{key_part(mail_id)}"


def _mailbox(address: str) -> str:
    return f"MAILBOX#{key_part(address)}"


def _cursor(folder: str) -> str:
    return f"CURSOR#{key_part(folder)}"
