"""Turn records into DynamoDB items and back: text, dates and amounts to be read in the console, no blobs.

Reading ignores what it does not know and fills in what is missing from the record's defaults, so that a
version of the program reads what the version before or after it wrote.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from chalicelib.errors import PermanentError

T = TypeVar("T")
Item = dict[str, Any]
"""A row as boto3's client takes and gives it: {"sk": {"S": "FILE#PROFILE"}, …}."""

MAX_KEY_BYTES = 800
"""So much of a text goes into a key as it is (DynamoDB takes 1,024 bytes of sort key, prefixes included)."""
MAX_ITEM_BYTES = 400 * 1024
"""DynamoDB keeps no larger row."""


def to_plain(record: Any) -> Any:
    """A record as dicts, lists, text and numbers: dates in ISO format, decimals as text, enums by value."""
    return msgspec.to_builtins(record, enc_hook=_unknown_to_msgspec)


def from_plain(plain: Any, kind: type[T], what: str) -> T:
    """The record again. PermanentError names `what` where the row cannot be read."""
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise PermanentError(f"{what} cannot be read: {error}") from error


def to_item(row: Mapping[str, Any]) -> Item:
    """A flat or nested row of plain values in the typed notation of DynamoDB."""
    return {name: attribute(value) for name, value in row.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in item.items()}


def attribute(value: Any) -> dict[str, Any]:
    """One value in DynamoDB's notation."""
    match value:
        case str():
            return {"S": _well_formed(value)}
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": repr(value)}
        case dict():
            return {"M": {name: attribute(v) for name, v in value.items()}}
        case list() | tuple():
            return {"L": [attribute(v) for v in value]}
        case set():
            return {"SS": sorted(value)}
    raise TypeError(f"{type(value).__name__} has no place in a row")


def size(item: Mapping[str, Any]) -> int:
    """Bytes of an item as DynamoDB counts and bills them, within a few in a hundred."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def key_part(text: str) -> str:
    """A text of any length as part of a key: as it is, or cut and made unique by its hash."""
    raw = _well_formed(text).encode()
    if len(raw) <= MAX_KEY_BYTES:
        return raw.decode()
    return f"{raw[: MAX_KEY_BYTES - 70].decode(errors='ignore')}…{hashlib.sha256(raw).hexdigest()}"


def instant(at: datetime) -> str:
    """An aware instant in a fixed width, so that text sorts as time does."""
    if at.utcoffset() is None:
        raise ValueError(f"{at} says no zone: instants are aware")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def _unknown_to_msgspec(value: Any) -> Any:
    if isinstance(value, Mapping):  # a record promises a mapping, not a dict
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in a row")


def _value(typed: Mapping[str, Any]) -> Any:
    ((kind, value),) = typed.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return int(value) if value.lstrip("-").isdecimal() else float(value)
        case "NULL":
            return None
        case "M":
            return {name: _value(v) for name, v in value.items()}
        case "L":
            return [_value(v) for v in value]
        case "SS":
            return set(value)
    raise PermanentError(f"an attribute of type {kind} was written by somebody else")


def _well_formed(text: str) -> str:
    """Half characters (lone surrogates, out of mails with broken encodings) are no UTF-8: shown as U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _size(typed: Mapping[str, Any]) -> int:
    ((kind, value),) = typed.items()
    match kind:
        case "S":
            return len(value) if value.isascii() else len(value.encode())
        case "N":
            return len(value) // 2 + 2
        case "M":
            return 3 + sum(1 + len(name.encode()) + _size(v) for name, v in value.items())
        case "L":
            return 3 + sum(1 + _size(v) for v in value)
        case "SS":
            return sum(len(text.encode()) for text in value)
    return 1
