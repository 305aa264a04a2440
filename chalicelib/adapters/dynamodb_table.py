"""One DynamoDB table through boto3's client: rows in, rows out, and the only place that knows its errors.

Three things can come of a call besides success. A condition did not hold: `ConditionLost`, with the row
that stood in the way. It may work later: `RetryableError`. It never will: `PermanentError`, saying what to
do. A reply that was lost is a `RetryableError` too; who must know whether the write was done reads back.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.parsers import ResponseParserError

from chalicelib.adapters.dynamodb_items import Item, from_item, to_item
from chalicelib.errors import PermanentError, RetryableError, Throttled

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PATIENCE = Config(
    connect_timeout=2,
    read_timeout=5,
    # Safe for every call made here: a write carries a condition or a token, so a second attempt does not
    # act twice.
    retries={"mode": "standard", "total_max_attempts": 4},
)
"""Settings for the client that is passed in: fail within seconds, well before a function's time-out."""

KEYS_IN_A_BATCH = 100
BATCH_ATTEMPTS = 5
ROWS_BACKWARDS = 25

_THROTTLED = {
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
}
_TRANSIENT = {"InternalServerError", "RequestTimeout", "ServiceUnavailable", "TransactionInProgressException"}


class ConditionLost(Exception):
    """A condition did not hold: somebody else was first. `rows` stood in the way, where we were told."""

    def __init__(self, rows: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__("a condition did not hold")
        self.rows = tuple(rows)

    def made_by(self, save_id: str) -> bool:
        """Whether it was our own write: the first attempt was done, its reply was lost, the second met it."""
        return any(row.get("save") == save_id for row in self.rows)


class Table:
    """Rows are plain dicts with `pk` and `sk`. All reads are strongly consistent, but those of an index."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self.name = name

    def get(self, pk: str, sk: str) -> dict[str, Any] | None:
        with _translated(f"read {pk} {sk}", self.name):
            answer = self._client.get_item(TableName=self.name, Key=to_item({"pk": pk, "sk": sk}), ConsistentRead=True)
        return from_item(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Sequence[tuple[str, str]]) -> Iterator[dict[str, Any]]:
        """The rows that exist of these keys, in any order."""
        for start in range(0, len(keys), KEYS_IN_A_BATCH):
            wanted = [to_item({"pk": pk, "sk": sk}) for pk, sk in keys[start : start + KEYS_IN_A_BATCH]]
            for _ in range(BATCH_ATTEMPTS):
                with _translated(f"read {len(wanted)} rows", self.name):
                    answer = self._client.batch_get_item(
                        RequestItems={self.name: {"Keys": wanted, "ConsistentRead": True}}
                    )
                yield from map(from_item, answer["Responses"].get(self.name, ()))
                # Over 16 MB, or throttled in part: what is left over is no error, and is asked for again.
                wanted = list((answer.get("UnprocessedKeys") or {}).get(self.name, {"Keys": ()})["Keys"])
                if not wanted:
                    break
            else:
                raise Throttled(f"DynamoDB left {len(wanted)} of the rows asked for unread: later")

    def query(
        self, condition: str, *, index: str = "", backwards: bool = False, page: int = 0, **values: Any
    ) -> Iterator[dict[str, Any]]:
        """Rows in order, a page when it is needed. `condition` names the values as :name.

        `backwards`: the last row first, in small pages, for who stops soon; `page`: so many rows a page.
        """
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": to_item({f":{name}": value for name, value in values.items()}),
            **({"IndexName": index} if index else {"ConsistentRead": True}),
            **({"ScanIndexForward": False, "Limit": ROWS_BACKWARDS} if backwards else {}),
            **({"Limit": page} if page else {}),
        }
        while True:
            with _translated(f"query {' '.join(map(str, values.values()))}", self.name):
                answer = self._client.query(**request)
            yield from map(from_item, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def put(self, row: Mapping[str, Any], *, condition: str = "", **values: Any) -> None:
        """Write a row, under a condition where one is given; ConditionLost brings the row that was there."""
        request: dict[str, Any] = {"TableName": self.name, "Item": to_item(row)}
        with _translated(f"write {row['pk']} {row['sk']}", self.name):
            self._client.put_item(**request, **_terms(condition, values))

    def keep(self, row: Mapping[str, Any], *, condition: str, **values: Any) -> bool:
        """Write a row under a condition; False: somebody else was first.

        The row carries a mark of this very write. It is random: two runs of one scheduled instant write the same
        otherwise, and both would take it for their own.
        """
        save_id = secrets.token_hex(16)
        try:
            self.put({**row, "save": save_id}, condition=condition, **values)
        except ConditionLost as lost:
            return lost.made_by(save_id)
        return True

    def update(self, pk: str, sk: str, change: str, *, condition: str = "", **values: Any) -> None:
        """Change attributes of a row by an update expression, under a condition where one is given."""
        with _translated(f"change {pk} {sk}", self.name):
            self._client.update_item(**self.updating(pk, sk, change, condition=condition, **values)["Update"])

    def delete(self, pk: str, sk: str) -> dict[str, Any] | None:
        """Delete a row; gives what it was, None where there was none (of several that come at once, one gets it)."""
        try:
            with _translated(f"delete {pk} {sk}", self.name):
                # Clause "it is there": without it two that come at once may both be told what was deleted.
                answer = self._client.delete_item(
                    TableName=self.name, Key=to_item({"pk": pk, "sk": sk}), ReturnValues="ALL_OLD",
                    ConditionExpression="attribute_exists(pk)",
                )  # fmt: skip
        except ConditionLost:
            return None
        return from_item(answer["Attributes"]) if answer.get("Attributes") else None

    def remove(self, pk: str, sk: str, *, condition: str, **values: Any) -> None:
        """Delete a row under a condition."""
        with _translated(f"delete {pk} {sk}", self.name):
            request: dict[str, Any] = {"TableName": self.name, "Key": to_item({"pk": pk, "sk": sk})}
            self._client.delete_item(**request, **_terms(condition, values))

    def transact(self, actions: Sequence[Mapping[str, Any]], *, token: str, doing: str) -> None:
        """All of the actions or none. Within ten minutes one token is one transaction, done once."""
        with _translated(doing, self.name):
            self._client.transact_write_items(
                TransactItems=list(actions),  # type: ignore[arg-type]
                ClientRequestToken=token,
            )

    # The actions of a transaction. In conditions and changes :name is a value, #name an attribute whose own
    # name is a word of DynamoDB's.

    def putting(self, item: Item, *, condition: str = "", **values: Any) -> dict[str, Any]:
        return {"Put": {"TableName": self.name, "Item": item, **_terms(condition, values)}}

    def updating(self, pk: str, sk: str, change: str, *, condition: str = "", **values: Any) -> dict[str, Any]:
        request = {"TableName": self.name, "Key": to_item({"pk": pk, "sk": sk}), "UpdateExpression": change}
        return {"Update": request | _terms(condition, values, change)}

    def deleting(self, pk: str, sk: str) -> dict[str, Any]:
        return {"Delete": {"TableName": self.name, "Key": to_item({"pk": pk, "sk": sk})}}


def _terms(condition: str, values: Mapping[str, Any], change: str = "") -> dict[str, Any]:
    """What a conditional request carries besides its key; only what is used, as DynamoDB refuses the rest."""
    terms: dict[str, Any] = {}
    if values:
        terms["ExpressionAttributeValues"] = to_item({f":{name}": value for name, value in values.items()})
    if names := set(re.findall(r"#\w+", f"{condition} {change}")):
        terms["ExpressionAttributeNames"] = {name: name[1:] for name in names}
    if condition:
        terms["ConditionExpression"] = condition
        terms["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return terms


@contextmanager
def _translated(doing: str, table: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _meaning(error, doing, table) from error
    except (HTTPClientError, ConnectionError, IncompleteReadError, ResponseParserError) as error:
        # No connection, a time-out, a reset: the request may or may not have been carried out.
        raise RetryableError(f"DynamoDB did not answer when asked to {doing}: {error}") from error
    except BotoCoreError as error:
        raise PermanentError(f"DynamoDB cannot be asked to {doing}: {error}") from error


def _meaning(error: ClientError, doing: str, table: str) -> Exception:
    code = error.response["Error"].get("Code", "")
    told = error.response["Error"].get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "ConditionalCheckFailedException":
        return ConditionLost(_rows([error.response]))
    if code == "TransactionCanceledException":
        return _cancelled(error, doing, table)
    return _consequence(code, told, status, doing, table)


def _cancelled(error: ClientError, doing: str, table: str) -> Exception:
    answer: Mapping[str, Any] = error.response
    wrong = [r for r in answer.get("CancellationReasons", ()) if r.get("Code", "None") != "None"]
    # A conflict: another transaction is at one of our rows this very moment. It, not we, is first.
    if any(r["Code"] in ("ConditionalCheckFailed", "TransactionConflict") for r in wrong):
        return ConditionLost(_rows(wrong))
    if not wrong:
        return RetryableError(f"DynamoDB cancelled a transaction to {doing} without a reason: {error}")
    return _consequence(wrong[0]["Code"], str(wrong[0].get("Message", "")), 0, doing, table)


def _consequence(code: str, told: str, status: int, doing: str, table: str) -> Exception:
    if code in _THROTTLED:
        return Throttled(f"DynamoDB is throttled, asked to {doing}: {code}")
    if code in _TRANSIENT or status >= 500:
        return RetryableError(f"DynamoDB failed when asked to {doing}: {code} {told}")
    if code == "ResourceNotFoundException":
        return PermanentError(f"DynamoDB has no table {table}: deploy the stack, or correct the table's name")
    if "size has exceeded" in told or "size exceeded" in told.lower():
        return PermanentError(f"too large for a row of DynamoDB (400 KB), asked to {doing}: {told}")
    return PermanentError(f"DynamoDB refuses to {doing}: {code}: {told}")


def _rows(responses: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [from_item(r["Item"]) for r in responses if r.get("Item")]
