"""Keep sessions of the pages, attempts to sign in and their counters in DynamoDB.

    pk              sk       what
    SESSION#<hash>  SESSION  somebody's stay
    STAYS#<email>   <hash>   one of a person's stays, to end them all
    ATTEMPT#<hash>  ATTEMPT  a browser that was sent to the identity provider
    COUNT#<what>    COUNT    how many attempts there were in a span of time

Every row carries `forget_at` in seconds, after which DynamoDB deletes it in its own time: nobody relies on that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.dynamodb_items import from_plain, instant, to_plain
from chalicelib.adapters.dynamodb_table import ConditionLost, Table
from chalicelib.ports import Session, SignInAttempt

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoSessionStore:
    """A SessionStore on the table of the debtors' files."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._table = Table(client, table)

    def open(self, key: str, session: Session, *, forget_at: datetime) -> None:
        # The list first: a stay that it does not name could not be ended with the others.
        self._put(_stays(session.person.email), key, {}, forget_at)
        self._put(f"SESSION#{key}", "SESSION", {"session": to_plain(session)}, forget_at)

    def find(self, key: str) -> Session | None:
        row = self._table.get(f"SESSION#{key}", "SESSION")
        return None if row is None else from_plain(row["session"], Session, "a session")

    def note_seen(self, key: str, at: datetime) -> None:
        try:
            # Clause "is there": A signs out while a request of B's other tab is under way; without it the update
            # would write half a row anew.
            self._table.update(
                f"SESSION#{key}", "SESSION", "SET #session.seen_at = :at",
                condition="attribute_exists(pk)", at=instant(at),
            )  # fmt: skip
        except ConditionLost:
            return  # it has been ended: it stays so

    def end(self, key: str) -> None:
        row = self._table.delete(f"SESSION#{key}", "SESSION")
        if row is not None:
            self._table.delete(_stays(from_plain(row["session"], Session, "a session").person.email), key)

    def end_all(self, email: str) -> int:
        listed = [row["sk"] for row in self._table.query("pk = :pk", pk=_stays(email))]
        for key in listed:
            self.end(key)
        return len(listed)

    def begin(self, key: str, attempt: SignInAttempt, *, forget_at: datetime) -> None:
        self._put(f"ATTEMPT#{key}", "ATTEMPT", {"attempt": to_plain(attempt)}, forget_at)

    def take(self, key: str) -> SignInAttempt | None:
        # One call reads and deletes: of two that come with the same code, one finds the attempt.
        row = self._table.delete(f"ATTEMPT#{key}", "ATTEMPT")
        return None if row is None else from_plain(row["attempt"], SignInAttempt, "an attempt to sign in")

    def count(self, what: str, *, limit: int, forget_at: datetime) -> bool:
        try:
            # Clause "below the limit": two that come at once are both counted, and the last place goes to one.
            self._table.update(
                f"COUNT#{what}", "COUNT", "ADD times :one SET forget_at = :forget",
                condition="attribute_not_exists(times) OR times < :limit",
                one=1, limit=limit, forget=_seconds(forget_at),
            )  # fmt: skip
        except ConditionLost:
            return False
        return True

    def _put(self, pk: str, sk: str, facts: Mapping[str, Any], forget_at: datetime) -> None:
        self._table.put({"pk": pk, "sk": sk, **facts, "forget_at": _seconds(forget_at)})


def _stays(email: str) -> str:
    return f"STAYS#{email.casefold()}"


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
