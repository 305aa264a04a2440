"""Count the AWS calls that the code in a block makes, and reckon the DynamoDB units that they are billed as.

Emulators bill every call one unit, so the units are reckoned here from the sizes of what went in and came out, by the
rules of on-demand tables. Where the size of what a write replaced is not to be seen, the dearer case is counted.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.client import BaseClient

from chalicelib.adapters.dynamodb_items import size

READ_UNIT, WRITE_UNIT = 4096, 1024


@dataclass
class Calls:
    """What was called ("dynamodb.Query" → how often), and the units of DynamoDB, those of its index included."""

    by_name: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    write_units: float = 0.0

    @property
    def total(self) -> int:
        return self.by_name.total()


@contextmanager
def counted() -> Iterator[Calls]:
    """Counts every client of this process, whoever built it, while the block lasts; an SDK's retry is no new call."""
    calls, lock = Calls(), threading.Lock()
    original = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(client: Any, operation: str, request: Mapping[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        with lock:
            calls.by_name[f"{service}.{operation}"] += 1
        answer = original(client, operation, request)
        if service == "dynamodb":
            read, written = units(operation, request, answer)
            with lock:
                calls.read_units += read
                calls.write_units += written
        return answer

    BaseClient._make_api_call = call  # type: ignore[attr-defined]
    try:
        yield calls
    finally:
        BaseClient._make_api_call = original  # type: ignore[attr-defined]


def units(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[float, float]:
    """(read units, write units) of one call."""
    match operation:
        case "Query" | "Scan":
            # A page is summed up before it is rounded. What a filter or a projection drops is billed all the same,
            # and not seen here: only the scan for exports has one.
            each = 1.0 if request.get("ConsistentRead") else 0.5
            return each * max(1, math.ceil(sum(map(size, answer["Items"])) / READ_UNIT)), 0.0
        case "GetItem":
            return float(max(1, math.ceil(size(answer.get("Item", {})) / READ_UNIT))), 0.0
        case "BatchGetItem":
            asked = sum(len(table["Keys"]) for table in request["RequestItems"].values())
            found = [item for items in answer["Responses"].values() for item in items]
            return float(asked - len(found) + sum(math.ceil(size(i) / READ_UNIT) for i in found)), 0.0
        case "PutItem":
            return 0.0, _put_units(request["Item"])
        case "UpdateItem":
            return 0.0, _update_units(request)
        case "DeleteItem":
            return 0.0, 1.0
        case "TransactWriteItems":
            return 0.0, sum(map(_action_units, request["TransactItems"]))
    return 0.0, 0.0


def _action_units(action: Mapping[str, Any]) -> float:
    """Twice the units of the table (prepared, then done); the index is written once."""
    ((kind, request),) = action.items()
    match kind:
        case "Put":
            return 2 * _rounded(request["Item"]) + _index_units(request["Item"])
        case "Update":
            return 2 * _update_units(request)
    return 2.0


def _put_units(item: Mapping[str, Any]) -> float:
    return _rounded(item) + _index_units(item)


def _update_units(request: Mapping[str, Any]) -> float:
    values = request.get("ExpressionAttributeValues", {})
    agenda = 2.0 if "agenda" in request["UpdateExpression"] else 0.0
    return _rounded({**request["Key"], **values}) + agenda


def _index_units(item: Mapping[str, Any]) -> float:
    """A row that moves in the index is deleted there and put there anew."""
    if "agenda_pk" not in item:
        return 0.0
    kept = {name: item[name] for name in ("pk", "sk", "agenda_pk", "agenda_sk", "task") if name in item}
    return 1.0 + _rounded(kept)


def _rounded(item: Mapping[str, Any]) -> float:
    return float(max(1, math.ceil(size(item) / WRITE_UNIT)))
