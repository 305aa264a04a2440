"""Short cuts for the reader's tests: a message of words, a debtor with three open invoices, a corpus read whole."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.reading import Context, InboundMessage, KnownAccount, KnownItem, Reading, parse, read, to_json
from chalicelib.reading_command import _accounts, _items

HERE = Path(__file__).parent
CORPUS = HERE.parent / "corpus"
TODAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday
US = "compta@us.example"
THEM = "marie@client.example"


def items(**amounts: str) -> dict[str, KnownItem]:
    given = amounts or {"F-1041": "1250.00", "F-1058": "348.20", "F-1077": "6904.75"}
    return {
        number: KnownItem(
            number, "A", Decimal(amount), "EUR", date(2026, 9, 1 + 7 * n), date(2026, 10, 1 + 7 * n), f"PO-77{n}01"
        )
        for n, (number, amount) in enumerate(given.items())
    }


def context(**more: Any) -> Context:
    account = KnownAccount("A", "Client SARL", "FR", "fr", frozenset({"client.example"}))
    return Context(**{"our_addresses": frozenset({US}), "accounts": {"A": account}, "items": items(), **more})


def message(text: str, **more: Any) -> InboundMessage:
    given = {
        "from_addresses": (("Marie Client", THEM),),
        "text": text,
        "sent_at": TODAY,
        "in_reply_to": "<1@us.example>",
    }
    return InboundMessage(**{**given, **more})


def said(text: str, **more: Any) -> Reading:
    return read(message(text, **more), context())


def mail(text: str, *, subject: str = "Re: rappel", sender: str = THEM, **headers: str) -> bytes:
    out = EmailMessage()
    out["From"] = sender
    out["To"] = US
    out["Subject"] = subject
    out["Date"] = "Tue, 24 Nov 2026 09:00:00 +0100"
    out["Message-ID"] = "<m1@client.example>"
    for name, value in headers.items():
        out[name.replace("_", "-")] = value
    out.set_content(text)
    return out.as_bytes()


@cache
def corpus(folder: str, mailbox: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Labels and readings of a folder of the corpus, by file name."""
    where = CORPUS / folder
    books = where if (where / "invoices.csv").exists() else where.parent
    known = Context(
        our_addresses=frozenset({mailbox}),
        accounts=_accounts(books / "accounts.csv"),
        items=_items(books / "invoices.csv"),
    )
    labels = {r["file"]: r for r in map(json.loads, (where / "labels.jsonl").read_text("utf-8").splitlines())}
    readings = {name: to_json(read(parse((where / "mail" / name).read_bytes()), known)) for name in labels}
    return labels, readings
