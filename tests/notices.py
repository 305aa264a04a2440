"""Notices for tests of what we write: plain facts, changed by keyword where a test needs others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from chalicelib.domain.debtor_file import DebtorFile, Notice, NoticeState

TODAY = date(2026, 3, 20)  # a Friday
TOKEN = "mfrggzdfmztwq2lknnwg23tpoa"
PAYER = "paul@garage-morel.example"

LADDER = (
    "courtesy",
    "first_reminder",
    "second_reminder",
    "third_reminder",
    "last_reminder",
    "formal_notice",
)
ANSWERS = ("call_agreed", "ask_promise", "document_sent")


def notice(step: str, *numbers: str, **facts: Any) -> Notice:
    """A notice that takes `step` for these invoices, to the sample debtor's payer."""
    known: dict[str, Any] = {
        "id": f"20260320-{step}-EUR-0a1b2c3d",
        "step": step,
        "template": step,
        "takes": tuple((number, step) for number in numbers),
        "on": TODAY,
        "language": "fr",
        "currency": "EUR",
        "contact": "payer",
        "to": PAYER,
        "token": TOKEN,
    }
    return Notice(**{**known, **facts})


def sent(step: str, on: date, *numbers: str, **facts: Any) -> Notice:
    """A notice that left on that day."""
    known: dict[str, Any] = {
        "id": f"{on:%Y%m%d}-{step}-EUR-0a1b2c3d",
        "on": on,
        "state": NoticeState.SENT,
        "message_id": f"<{on:%Y%m%d}.{step}@eu-west-3.amazonses.com>",
        "token": "",
    }
    return notice(step, *numbers, **{**known, **facts})


def keyed(*notices: Notice) -> dict[str, Notice]:
    return {notice.id: notice for notice in notices}


def with_records(file: DebtorFile, **records: Any) -> DebtorFile:
    """The file with these records, given as `promises=[…]` and so on, keyed by their ids."""
    keyed_records: dict[str, Any] = {kind: {r.id: r for r in found} for kind, found in records.items()}
    return replace(file, **keyed_records)
