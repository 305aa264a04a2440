"""Keep what people did on the pages in DynamoDB, once among everybody's deeds and once among each person's:

    pk            sk                what
    AUDIT         <instant>#<rand>  a deed
    AUDIT#<who>   the same          the same again: so one person's deeds are read without everybody's
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from chalicelib.adapters.dynamodb_items import from_plain, instant, to_item, to_plain
from chalicelib.adapters.dynamodb_table import ConditionLost, Table
from chalicelib.ports import Deed, DeedPage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AUDIT = "AUDIT"
FIRST, LAST = "0", "~"


class DynamoAuditLog:
    """An AuditLog on the table of the debtors' files."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._table = Table(client, table)

    def note(self, deed: Deed) -> None:
        id_ = uuid4().hex
        told = {"sk": f"{instant(deed.at)}#{id_[:12]}", "deed": to_plain(deed)}
        rows = [{"pk": pk, **told} for pk in (AUDIT, f"{AUDIT}#{deed.who}")]
        self._table.transact([self._table.putting(to_item(row)) for row in rows], token=id_, doing="note a deed")

    def redact(self, redacted: Callable[[Deed], Deed], *, since: datetime) -> int:
        count = 0
        for row in self._table.query("pk = :pk AND sk >= :a", pk=AUDIT, a=instant(since)):
            deed = from_plain(row["deed"], Deed, "a deed")
            after = redacted(deed)
            left = replace(deed, why=after.why, changes=after.changes)
            if left == deed:
                continue
            # Clause "it is there": a deed that somebody has taken out of the table must not come back.
            for pk in (f"{AUDIT}#{deed.who}", AUDIT):  # the one that is looked through last: it leads to the other
                with suppress(ConditionLost):
                    self._table.update(
                        pk, row["sk"], "SET deed = :deed", condition="attribute_exists(pk)", deed=to_plain(left)
                    )
            count += 1
        return count

    def page(
        self, *, limit: int, who: str = "", since: datetime | None = None, until: datetime | None = None,
        after: str = "",
    ) -> DeedPage:  # fmt: skip
        first = instant(since) if since else FIRST
        last = min(instant(until) if until else LAST, after or LAST)
        rows = self._table.query(
            "pk = :pk AND sk BETWEEN :a AND :z", backwards=True,
            pk=f"{AUDIT}#{who}" if who else AUDIT, a=first, z=max(first, last),
        )  # fmt: skip
        deeds: list[Deed] = []
        place = ""
        for row in rows:
            if row["sk"] == after:
                continue  # the last one of the page before: BETWEEN takes its ends in
            if len(deeds) == limit:
                return DeedPage(deeds=tuple(deeds), next=place)
            deeds.append(from_plain(row["deed"], Deed, "a deed"))
            place = row["sk"]
        return DeedPage(deeds=tuple(deeds))
