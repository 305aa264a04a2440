"""Records as JSON, and JSON bodies as what a person says: strict, and clear about what is wrong where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from chalicelib.domain.money import Money
from chalicelib.domain.outcomes import Outcome
from chalicelib.errors import BadInput

LONGEST_TEXT = 4000
NEVER_SHOWN = frozenset({"token"})
"""Whoever knows a notice's token could answer in its debtor's name."""


def shape(value: Any) -> Any:
    """Any record as JSON values: dates and instants in ISO 8601, money as {"amount", "currency"}."""
    match value:
        case Money():
            return {"amount": str(value.amount), "currency": value.currency}
        case Enum():
            return value.value
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case Mapping():
            return {str(key): shape(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [shape(item) for item in value]
        case _ if is_dataclass(value):
            return {f.name: shape(getattr(value, f.name)) for f in fields(value) if f.name not in NEVER_SHOWN}
        case _:
            return value


def read_outcome(body: Any) -> Outcome:
    """The body of a closing: {"outcome", "note", "on", "amount": {"amount", "currency"}, "means", "email"}.

    Of a call also {"cause", "contact", "spoke_to", "message", "next_on"}; of a wrong number {"phone"}; of a plan
    {"instalments": [{"on", "amount"}]} where they are not the policy's; of an insolvency {"since"}; of a formal notice
    {"without": [numbers]}, of a letter {"reference"}.
    """
    texts = ("note", "means", "email", "cause", "contact", "spoke_to", "message", "phone", "reference")
    keys = _object(body, "body", ("outcome",), (*texts, "on", "amount", "next_on", "instalments", "since", "without"))
    return Outcome(
        outcome=_text(keys, "outcome"),
        on=_day(keys, "on"),
        amount=_money(keys, "amount"),
        next_on=_day(keys, "next_on"),
        instalments=_instalments(keys),
        since=_day(keys, "since"),
        note=_text(keys, "note"),
        means=_text(keys, "means"),
        email=_text(keys, "email"),
        cause=_text(keys, "cause"),
        contact=_text(keys, "contact"),
        spoke_to=_text(keys, "spoke_to"),
        message=_text(keys, "message"),
        phone=_text(keys, "phone"),
        reference=_text(keys, "reference"),
        without=_texts(keys, "without"),
    )


def read_block(body: Any) -> dict[str, Any]:
    """The body of a block: {"reason", "until", "owner", "invoices": […]}."""
    keys = _object(body, "body", ("reason",), ("until", "owner", "invoices"))
    numbers = keys.get("invoices") or []
    if not isinstance(numbers, list) or not all(isinstance(n, str) for n in numbers):
        raise BadInput("body, invoices", f"{numbers!r} is no list of numbers")
    return {
        "reason": _text(keys, "reason"), "until": _day(keys, "until"), "owner": _text(keys, "owner"),
        "numbers": tuple(numbers),
    }  # fmt: skip


def read_words(body: Any, key: str) -> str:
    """A body of one text, {key: "…"}."""
    return _text(_object(body, "body", (key,), ()), key)


def read_hold(body: Any) -> tuple[bool, str]:
    """The body of a credit hold: {"hold": true or false, "why"}."""
    keys = _object(body, "body", ("hold",), ("why",))
    if not isinstance(keys["hold"], bool):
        raise BadInput("body, hold", f"{keys['hold']!r} is neither true nor false")
    return keys["hold"], _text(keys, "why")


def read_approval(body: Any) -> Outcome:
    """The body of an approval: {} or {"deadline_on", "added", "without": [numbers]}, "note" with either."""
    keys = _object(body if body is not None else {}, "body", (), ("deadline_on", "added", "without", "note"))
    on, added, without = _day(keys, "deadline_on"), _text(keys, "added"), _texts(keys, "without")
    outcome = "edited" if on or added or without else "approved"
    return Outcome(outcome=outcome, note=_text(keys, "note"), on=on, message=added, without=without)


def read_rejection(body: Any) -> Outcome:
    """The body of a rejection: {"reason", "until"}."""
    keys = _object(body, "body", ("reason",), ("until",))
    if not _text(keys, "reason"):
        raise BadInput("body, reason", "it is empty", "say why")
    return Outcome(outcome="rejected", note=_text(keys, "reason"), on=_day(keys, "until"))


def read_tracking(body: Any) -> tuple[str, date | None]:
    """The body of a posting: {"tracking", "on"}."""
    keys = _object(body, "body", ("tracking",), ("on",))
    return _text(keys, "tracking"), _day(keys, "on")


def read_identity(body: Any) -> dict[str, Any]:
    """The body of a debtor's identity: {"address": [lines], "legal_id", "vat_number"}."""
    keys = _object(body, "body", (), ("address", "legal_id", "vat_number"))
    return {
        "address": _texts(keys, "address"),
        "legal_id": _text(keys, "legal_id"),
        "vat_number": _text(keys, "vat_number"),
    }


def read_assignee(body: Any) -> str:
    """The body of an assignment, {"assignee"}; an empty one gives the task back to everybody."""
    return _text(_object(body, "body", ("assignee",), ()), "assignee")


def read_flag(value: str | None, where: str) -> bool:
    if value not in (None, "", "true", "false"):
        raise BadInput(where, f"{value!r} is neither true nor false")
    return value == "true"


def read_count(value: str | None, where: str, *, default: int, most: int) -> int:
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= most):
        raise BadInput(where, f"{value!r} is no number from 1 to {most}")
    return int(value)


def _object(body: Any, where: str, needed: tuple[str, ...], allowed: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise BadInput(where, "it is no JSON object", f"give {', '.join((*needed, *allowed))}")
    for key in body:
        if key not in (*needed, *allowed):
            raise BadInput(f"{where}, {key}", "unknown key", f"known are {', '.join((*needed, *allowed))}")
    for key in needed:
        if key not in body:
            raise BadInput(f"{where}, {key}", "it is missing")
    return body


def _text(keys: Mapping[str, Any], key: str) -> str:
    value = keys.get(key) or ""
    if not isinstance(value, str):
        raise BadInput(f"body, {key}", f"{value!r} is no text")
    if len(value) > LONGEST_TEXT:
        raise BadInput(f"body, {key}", f"{len(value)} characters", f"write {LONGEST_TEXT} at most")
    return value.strip()


def _texts(keys: Mapping[str, Any], key: str) -> tuple[str, ...]:
    given = keys.get(key) or []
    if not isinstance(given, list) or not all(isinstance(one, str) and len(one) <= LONGEST_TEXT for one in given):
        raise BadInput(f"body, {key}", "it is no list of texts", 'give ["…", "…"]')
    return tuple(one.strip() for one in given if one.strip())


def _day(keys: Mapping[str, Any], key: str) -> date | None:
    text = _text(keys, key)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadInput(f"body, {key}", f"{text!r} is no day", "write YYYY-MM-DD") from None


def _instalments(keys: Mapping[str, Any]) -> tuple[tuple[date, Money], ...]:
    given = keys.get("instalments") or []
    if not isinstance(given, list):
        raise BadInput("body, instalments", f"{given!r} is no list", 'give [{"on": …, "amount": …}, …]')
    found = []
    for item in given:
        inner = _object(item, "body, instalments", ("on", "amount"), ())
        day, money = _day(inner, "on"), _money(inner, "amount")
        if day is None or money is None:
            raise BadInput("body, instalments", "one lacks its day or its amount")
        found.append((day, money))
    return tuple(found)


def _money(keys: Mapping[str, Any], key: str) -> Money | None:
    if keys.get(key) is None:
        return None
    inner = _object(keys[key], f"body, {key}", ("amount", "currency"), ())
    amount, currency = _text(inner, "amount"), _text(inner, "currency")
    try:
        money = Money.of(amount, currency)
    except BadInput as error:
        raise BadInput(f"body, {key}, {error.where}", error.what, error.remedy) from None
    if not money > Money.zero(money.currency):
        raise BadInput(f"body, {key}, amount", f"{amount} is not above zero")
    return money
