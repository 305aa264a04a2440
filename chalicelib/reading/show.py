"""A reading as JSON: the fields of a label line, then the evidence and the facts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from chalicelib.reading.model import Reading


def to_json(reading: Reading) -> dict[str, Any]:
    """Plain values: dates as ISO strings, amounts as '1234.56'."""
    return {
        "language": reading.language,
        "kind": reading.kind,
        "intents": list(reading.intents),
        "invoices": list(reading.invoices),
        "promise": {"date": _day(reading.promise.date), "amount": _money(reading.promise.amount)}
        if reading.promise
        else None,
        "remittance": {
            "date": _day(reading.remittance.date),
            "amount": _money(reading.remittance.amount),
            "reference": reading.remittance.reference,
        }
        if reading.remittance
        else None,
        "dispute": {"reason": reading.dispute.reason} if reading.dispute else None,
        "return_date": _day(reading.return_date),
        "contacts": list(reading.contacts),
        "decision": reading.decision,
        "reason": reading.reason,
        "reason_text": reading.reason_text,
        "doubts": list(reading.doubts),
        "account": reading.account_id,
        "trust": reading.trust,
        "bounce": {
            "recipient": reading.bounce.recipient,
            "status": reading.bounce.status,
            "permanent": reading.bounce.permanent,
        }
        if reading.bounce
        else None,
        "facts": [
            {
                "intent": f.intent,
                "invoice": f.number,
                "date": _day(f.date),
                "amount": _money(f.amount),
                "reference": f.reference,
                "reason": f.reason,
            }
            for f in reading.facts
        ],
        "evidence": [
            {"what": e.what, "words": e.words, "start": e.start, "end": e.end, "where": e.where}
            for e in reading.evidence
        ],
        "own_words": reading.own_words,
    }


def _day(on: date | None) -> str | None:
    return on.isoformat() if on else None


def _money(value: Decimal | None) -> str | None:
    return f"{value:.2f}" if value is not None else None
