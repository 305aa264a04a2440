"""Keep the creditor, when payments and mailbox were last read, and the summaries of dunning runs in DynamoDB.

    pk         sk             what
    CREDITOR   PROFILE        the creditor
    CREDITOR   READ#<source>  when a source was last read successfully
    CREDITOR   RUN#<instant>  the summary of a dunning run
    CREDITOR   HOLD           who holds all sending, since when, and why

HOLD to READ# is one range of keys, so all that a run must know is one read; the runs, of which there are ever more,
lie beyond it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.dynamodb_items import from_plain, instant, to_plain
from chalicelib.adapters.dynamodb_table import ConditionLost, Table
from chalicelib.domain.creditor import Creditor, Health
from chalicelib.errors import BadInput
from chalicelib.ports import SendingHold

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CREDITOR = "CREDITOR"
SOURCES = ("payments", "mailbox", "statement")


class DynamoOfficeStore:
    """An OfficeStore on the table of the debtors' files."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._table = Table(client, table)

    def creditor(self) -> Creditor:
        row = self._table.get(CREDITOR, "PROFILE")
        return _creditor([row] if row else [])

    def set_creditor(self, creditor: Creditor) -> None:
        self._table.put({"pk": CREDITOR, "sk": "PROFILE", "creditor": to_plain(creditor)})

    def health(self) -> Health:
        return _health(self._state())

    def load(self) -> tuple[Creditor, Health]:
        rows = self._state()
        return _creditor(rows), _health(rows)

    def _state(self) -> list[dict[str, Any]]:
        return list(self._table.query("pk = :pk AND sk BETWEEN :a AND :z", pk=CREDITOR, a="HOLD", z="READ#~"))

    def note_read(self, source: str, at: datetime) -> None:
        if source not in SOURCES:
            raise ValueError(f"{source!r} is not read: payments, mailbox or statement")
        try:
            # Clause "later than what stands there". Poller A reads at 8:00 and is slow to say so, B reads
            # at 8:05 and says so first: A's note would make us look blinder than we are.
            self._table.update(
                CREDITOR, f"READ#{source}", "SET read_at = :at",
                condition="attribute_not_exists(read_at) OR read_at < :at", at=instant(at),
            )  # fmt: skip
        except ConditionLost:
            return  # somebody has read it since: all the better

    def note_run(self, run: Mapping[str, Any]) -> None:
        """`run["at"]` is the run's instant: the same run noted again replaces itself."""
        at = run["at"]
        when = instant(at if isinstance(at, datetime) else datetime.fromisoformat(at))
        self._table.put({"pk": CREDITOR, "sk": f"RUN#{when}", "run": to_plain(run)})

    def runs_since(self, at: datetime) -> Iterator[Mapping[str, Any]]:
        rows = self._table.query(
            "pk = :pk AND sk BETWEEN :a AND :z", backwards=True, pk=CREDITOR, a=f"RUN#{instant(at)}", z="RUN#~"
        )
        for row in rows:
            yield row["run"]

    def hold(self) -> SendingHold | None:
        row = self._table.get(CREDITOR, "HOLD")
        return _hold(row) if row else None

    def set_hold(self, hold: SendingHold | None) -> None:
        if hold is None:
            self._table.delete(CREDITOR, "HOLD")
        else:
            self._table.put({"pk": CREDITOR, "sk": "HOLD", "hold": to_plain(hold)})


def _creditor(rows: list[dict[str, Any]]) -> Creditor:
    for row in rows:
        if row["sk"] == "PROFILE":
            return from_plain(row["creditor"], Creditor, "the creditor")
    raise BadInput("creditor", "none is set up", "import the creditor's details first")


def _health(rows: list[dict[str, Any]]) -> Health:
    read = {row["sk"].removeprefix("READ#"): row["read_at"] for row in rows if row["sk"].startswith("READ#")}
    at = {source: datetime.fromisoformat(read[source]) for source in SOURCES if source in read}
    hold = next((_hold(row) for row in rows if row["sk"] == "HOLD"), None)
    return Health(
        payments_read_at=at.get("payments"), mailbox_read_at=at.get("mailbox"),
        last_entry_on=at["statement"].date() if "statement" in at else None, held_since_at=hold.at if hold else None,
    )  # fmt: skip


def _hold(row: Mapping[str, Any]) -> SendingHold:
    return from_plain(row["hold"], SendingHold, "the hold of all sending")
