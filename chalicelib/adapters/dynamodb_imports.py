"""Keep what became of each imported file in DynamoDB.

    pk       sk         what
    IMPORTS  FILE#<id>  one file; ids begin with the instant, so the last files are one query from the end

Every row carries `forget_at`: the files themselves are kept no longer either.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.dynamodb_items import from_plain, to_plain
from chalicelib.adapters.dynamodb_table import Table
from chalicelib.ports import FileImport

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

IMPORTS = "IMPORTS"
KEPT = timedelta(days=90)


class DynamoImportLog:
    """An ImportLog on the table of the debtors' files."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._table = Table(client, table)

    def get(self, id_: str) -> FileImport | None:
        row = self._table.get(IMPORTS, f"FILE#{id_}")
        return None if row is None else _file(row)

    def keep(self, before: FileImport | None, after: FileImport) -> bool:
        row = {
            "pk": IMPORTS, "sk": f"FILE#{after.id}", "turn": after.turn, "file": to_plain(after),
            "forget_at": int((after.at + KEPT).timestamp()),
        }  # fmt: skip
        if before is None:
            # Clause "nobody has told of it". A queue delivers a file twice: the second import finds everything
            # known, and must not hide what the first one did.
            return self._table.keep(row, condition="attribute_not_exists(pk)")
        # Clause "still as we saw it". Two people name the columns of one file: it is read once.
        return self._table.keep(row, condition="turn = :turn", turn=before.turn)

    def latest(self, limit: int) -> tuple[FileImport, ...]:
        rows = self._table.query("pk = :pk AND begins_with(sk, :sk)", backwards=True, pk=IMPORTS, sk="FILE#")
        return tuple(_file(row) for row in islice(rows, limit))


def _file(row: dict[str, Any]) -> FileImport:
    return from_plain(row["file"], FileImport, f"the import {row['sk']}")
