"""Keep a snapshot of the numbers for each day, and what became of each week's review mail, in DynamoDB.

    pk         sk               what
    NUMBERS    DAY#<day>        how far the snapshot of a day has come, and its numbers
    REVIEWS    WEEK#<week>      the review mail of a week

A finished snapshot is one row of some 10 KB: a page or a mail reads that row and no debtor's file. It names whom to
call, so those that nobody looks at any more are deleted when a new one begins.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.dynamodb_items import from_plain, instant, to_plain
from chalicelib.adapters.dynamodb_table import Table
from chalicelib.domain.numbers import Numbers
from chalicelib.ports import NUMBERS_KEPT, Counting, Mailing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NUMBERS, REVIEWS = "NUMBERS", "REVIEWS"


class DynamoNumbersStore:
    """A NumbersStore on the table of the debtors' files."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._table = Table(client, table)

    def latest(self) -> Numbers | None:
        for row in self._table.query("pk = :pk AND begins_with(sk, :sk)", backwards=True, pk=NUMBERS, sk="DAY#"):
            if row["done"]:
                return _counting(row).numbers
        return None

    def counting(self, on: date) -> Counting | None:
        row = self._table.get(NUMBERS, f"DAY#{on}")
        return None if row is None else _counting(row)

    def advance(self, before: Counting | None, after: Counting) -> bool:
        row = {
            "pk": NUMBERS, "sk": f"DAY#{after.numbers.on}", "reached": after.after, "done": after.done,
            "numbers": to_plain(after.numbers),
        }  # fmt: skip
        if before is None:
            # Clause "not begun". A and B begin the day's count at once: the second would count from anew what the
            # first has counted already, and its row would hide the first one's.
            begun = self._table.keep(row, condition="attribute_not_exists(pk)")
            self._forget_before(after.numbers.on - NUMBERS_KEPT)
            return begun
        # Clause "still where we took it up, and not finished". A counts debtors 1 to 500 and is slow to say so, B
        # does the same and goes on to 1,000: A's row would bring the count back, or open a finished day again.
        return self._table.keep(row, condition="reached = :reached AND done = :no", reached=before.after, no=False)

    def _forget_before(self, on: date) -> None:
        # No time to live: days are played by hand in trials, and a row of a day long past would be gone at once.
        past = self._table.query("pk = :pk AND sk BETWEEN :a AND :z", pk=NUMBERS, a="DAY#", z=f"DAY#{on}")
        for row in past:
            self._table.delete(NUMBERS, row["sk"])

    def mailing(self, week: str) -> Mailing | None:
        row = self._table.get(REVIEWS, f"WEEK#{week}")
        return None if row is None else from_plain(row["mailing"], Mailing, f"the review mail of {week}")

    def settle(self, before: Mailing | None, after: Mailing) -> bool:
        row = {
            "pk": REVIEWS, "sk": f"WEEK#{after.week}", "state": after.state.value, "attempts": after.attempts,
            "at": instant(after.at), "mailing": to_plain(after),
        }  # fmt: skip
        if before is None:
            # Clause "nobody has claimed it". Two runs find the week's mail due. One claims it and sends; the other,
            # stopped here, sends nothing.
            return self._table.keep(row, condition="attribute_not_exists(pk)")
        # Clause "still as we saw it". A deferred mail is claimed by A and by B: the second finds it claimed.
        # Attempts tell apart two claims of one mail: a run that was thought dead must not settle the next one's.
        return self._table.keep(
            row, condition="#state = :state AND attempts = :attempts",
            state=before.state.value, attempts=before.attempts,
        )  # fmt: skip


def _counting(row: dict[str, Any]) -> Counting:
    numbers = from_plain(row["numbers"], Numbers, f"the numbers of {row['sk'].removeprefix('DAY#')}")
    return Counting(numbers=numbers, after=row["reached"], done=row["done"])
