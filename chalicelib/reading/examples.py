"""Labelled examples: one JSON object a line, what somebody wrote and what it says. A person's correction is one more.

Fields: id, lang, date, text, intents, invoices, promise, remittance, dispute, contacts, decision, why.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.errors import BadInput
from chalicelib.reading.model import INTENTS, Decision, DisputeReason, Intent, Reading


@dataclass(frozen=True, slots=True)
class Example:
    """What training needs of a line."""

    id: str
    written_at: datetime
    text: str  # the client's own words
    intents: tuple[Intent, ...]
    invoices: tuple[str, ...]
    decision: Decision
    reason: DisputeReason | None = None  # of a dispute


def read_examples(text: str, name: str) -> list[Example]:
    """The examples of a file; BadInput names the first line that is none."""
    return [
        _example(line, f"{name}, line {number}") for number, line in enumerate(text.splitlines(), 1) if line.strip()
    ]


def corrected(
    reading: Reading,
    *,
    id: str,
    written_at: datetime,
    intents: Sequence[Intent],
    decision: Decision,
    why: str,
) -> str:
    """The line for a reading that a person corrected: what it ought to have said. Facts of wrong intents go."""
    promise, remittance = reading.promise, reading.remittance
    line = {
        "id": id,
        "lang": reading.language,
        "date": written_at.isoformat(),
        "text": reading.own_words,
        "intents": [i for i in INTENTS if i in intents],
        "invoices": list(reading.invoices),
        "promise": {
            "date": promise.date.isoformat() if promise and promise.date else None,
            "amount": str(promise.amount) if promise and promise.amount is not None else None,
        }
        if "promise_to_pay" in intents
        else None,
        "remittance": {
            "date": remittance.date.isoformat() if remittance and remittance.date else None,
            "amount": str(remittance.amount) if remittance and remittance.amount is not None else None,
            "reference": remittance.reference if remittance else None,
        }
        if "remittance" in intents
        else None,
        "dispute": {"reason": reading.dispute.reason if reading.dispute else "other"} if "dispute" in intents else None,
        "contacts": list(reading.contacts) if "contact_change" in intents else [],
        "decision": decision,
        "why": why,
    }
    return json.dumps(line, ensure_ascii=False)


def _example(line: str, where: str) -> Example:
    try:
        row = json.loads(line)
        written_at = datetime.fromisoformat(row["date"])
        wrong = set(row["intents"]) - set(INTENTS)
        if wrong:
            raise BadInput(where, f"unknown intents {sorted(wrong)}", f"use some of {', '.join(INTENTS)}")
        if row["decision"] not in ("apply", "review"):
            raise BadInput(where, f"unknown decision {row['decision']!r}", "write apply or review")
        if not isinstance(row["text"], str) or not row["text"].strip():
            raise BadInput(where, "no text", "give the client's own words")
        return Example(
            id=str(row["id"]),
            written_at=written_at,
            text=row["text"],
            intents=tuple(i for i in INTENTS if i in row["intents"]),
            invoices=tuple(str(n) for n in row["invoices"]),
            decision=row["decision"],
            reason=(row.get("dispute") or {}).get("reason"),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(where, f"no example: {error!r}", "see tests/corpus/examples/README.md") from error
