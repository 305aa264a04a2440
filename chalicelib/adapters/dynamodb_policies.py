"""Keep the policies that people have put in force, and the drafts that they try, in DynamoDB.

    pk             sk             what
    POLICIES       NOW#<name>     the version in force: the whole row of it
    POLICY#<name>  <number>       every version that was ever put in force, numbered in eight digits
    DRAFT#<id>     DRAFT          a draft and its trial; forgotten after a while

What is in force and its place among the versions are written in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from chalicelib.adapters.dynamodb_items import from_plain, to_item, to_plain
from chalicelib.adapters.dynamodb_table import ConditionLost, Table
from chalicelib.ports import PolicyDraft, PolicyVersion

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

POLICIES = "POLICIES"


class DynamoPolicyStore:
    """A PolicyStore on the table of the debtors' files."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._table = Table(client, table)

    def adopted(self) -> tuple[PolicyVersion, ...]:
        return tuple(map(_version, self._table.query("pk = :pk AND begins_with(sk, :sk)", pk=POLICIES, sk="NOW#")))

    def versions(self, name: str, *, limit: int = 50) -> tuple[PolicyVersion, ...]:
        rows = self._table.query("pk = :pk", backwards=True, pk=f"POLICY#{name}")
        return tuple(map(_version, islice(rows, limit)))

    def version(self, name: str, number: int) -> PolicyVersion | None:
        row = self._table.get(f"POLICY#{name}", _place(number))
        return _version(row) if row else None

    def adopt(self, version: PolicyVersion) -> bool:
        save_id = uuid4().hex
        told = {"version": to_plain(version), "number": version.number, "save": save_id}
        try:
            self._table.transact(
                [
                    # Clause "later than what is in force". A and B both change version 2 and both call it 3: B, who is
                    # second, would put out of force what A has just adopted, and nobody would have compared the two.
                    self._table.putting(
                        to_item({"pk": POLICIES, "sk": f"NOW#{version.name}", **told}),
                        condition="attribute_not_exists(pk) OR #number < :number", number=version.number,
                    ),
                    # Clause "not there": what was in force is never written anew.
                    self._table.putting(
                        to_item({"pk": f"POLICY#{version.name}", "sk": _place(version.number), **told}),
                        condition="attribute_not_exists(pk)",
                    ),
                ],
                token=save_id, doing=f"adopt {version.name} {version.number}",
            )  # fmt: skip
        except ConditionLost as lost:
            return lost.made_by(save_id)
        return True

    def draft(self, id_: str) -> PolicyDraft | None:
        row = self._table.get(f"DRAFT#{id_}", "DRAFT")
        return from_plain(row["draft"], PolicyDraft, "a draft of a policy") if row else None

    def keep_draft(self, draft: PolicyDraft, *, before: PolicyDraft | None, forget_at: datetime) -> bool:
        row = {
            "pk": f"DRAFT#{draft.id}", "sk": "DRAFT", "draft": to_plain(draft), "turn": draft.turn,
            "forget_at": int(forget_at.timestamp()),
        }  # fmt: skip
        if before is None:
            return self._table.keep(row, condition="attribute_not_exists(pk)")
        # Clause "the turn that we went on from". Two tabs let a trial go on at once: each would count the same
        # debtors, and both counts would be added.
        return self._table.keep(row, condition="turn = :turn", turn=before.turn)


def _place(number: int) -> str:
    return f"{number:08}"


def _version(row: Mapping[str, Any]) -> PolicyVersion:
    return from_plain(row["version"], PolicyVersion, "a version of a policy")
