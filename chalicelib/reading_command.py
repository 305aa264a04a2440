"""relance read: one JSON line for each mail of the files and folders given; a bad mail gives a line too, never an end.

relance read [--invoices F] [--accounts F] [--mailbox ADDRESS] [--authserv-id NAME] FILE|FOLDER…
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from chalicelib.reading import Context, KnownAccount, KnownItem, Unreadable, parse, read, to_json


class _Wrong(Exception):
    """What is wrong with the command line or its files, in one line."""


def main(args: Sequence[str]) -> int:
    """0: every mail has its line; 2: a file is missing or a CSV is wrong, said on stderr."""
    parser = argparse.ArgumentParser(prog="relance read", description="Read mails: one JSON line each.")
    parser.add_argument(
        "--invoices", metavar="FILE", help="open invoices: number, account, issued, due, amount, currency"
    )
    parser.add_argument("--accounts", metavar="FILE", help="debtors: account, client, country, language, email_domains")
    parser.add_argument("--mailbox", metavar="ADDRESS", action="append", default=[], help="our own address")
    parser.add_argument("--authserv-id", metavar="NAME", help="the server that must have vouched for a message")
    parser.add_argument("paths", metavar="FILE|FOLDER", nargs="+")
    try:
        options = parser.parse_args(list(args))
    except SystemExit as end:  # argparse has said why
        return int(end.code or 0) if isinstance(end.code, int) else 2
    try:
        context = Context(
            our_addresses=frozenset(a.strip().lower() for a in options.mailbox),
            authserv_id=options.authserv_id,
            accounts=_accounts(Path(options.accounts)) if options.accounts else {},
            items=_items(Path(options.invoices)) if options.invoices else {},
        )
        files = list(_files(options.paths))
    except _Wrong as wrong:
        print(f"relance read: {wrong}", file=sys.stderr)
        return 2
    for path in files:
        line = {"file": path.name, **_line(path, context)}
        sys.stdout.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8") + "\n")
    sys.stdout.flush()
    return 0


run = main


def _line(path: Path, context: Context) -> dict[str, Any]:
    started = time.monotonic()
    try:
        raw = path.read_bytes()
    except OSError as error:
        return _quarantined(f"cannot be read from the disk: {error.strerror}")
    try:
        message = parse(raw, caps=context.caps)
    except Unreadable as error:
        return _quarantined(error.reason, sender=error.sender, subject=error.subject)
    ours = context.our_addresses or frozenset(a.lower() for _, a in (*message.to, *message.delivered_to)[:1])
    if ours is not context.our_addresses:
        context = Context(ours, context.authserv_id, None, context.accounts, context.items)
    return to_json(read(message, context, elapsed=lambda: time.monotonic() - started))


def _quarantined(why: str, sender: str | None = None, subject: str | None = None) -> dict[str, Any]:
    return {
        "language": "en",
        "kind": "reply",
        "intents": [],
        "invoices": [],
        "promise": None,
        "remittance": None,
        "dispute": None,
        "return_date": None,
        "contacts": [],
        "decision": "review",
        "reason": "unreadable",
        "reason_text": why,
        "account": None,
        "trust": "unverified",
        "from": sender,
        "subject": subject,
    }


def _files(paths: Sequence[str]) -> Iterator[Path]:
    for name in paths:
        path = Path(name)
        if path.is_dir():
            yield from sorted(p for p in path.iterdir() if p.is_file())
        elif path.is_file():
            yield path
        else:
            raise _Wrong(f"{name}: no such file or folder")


def _rows(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _Wrong(f"{path}: {error.strerror}") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.DictReader(text.splitlines(), delimiter=separator)
    missing = [c for c in needed if c not in [(n or "").strip() for n in reader.fieldnames or ()]]
    if missing:
        raise _Wrong(f"{path}, line 1: column {', '.join(missing)} is missing")
    try:
        for row in reader:
            yield reader.line_num, {(k or "").strip(): (v or "").strip() for k, v in row.items() if isinstance(v, str)}
    except csv.Error as error:
        raise _Wrong(f"{path}, line {reader.line_num}: {error}") from error


def _items(path: Path) -> dict[str, KnownItem]:
    items: dict[str, KnownItem] = {}
    for line, row in _rows(path, ("number", "account", "issued", "due", "amount")):
        try:
            items[row["number"]] = KnownItem(
                number=row["number"],
                account_id=row["account"],
                amount=Decimal(row["amount"].replace(" ", "").replace(",", ".")),
                currency=row.get("currency") or "EUR",
                issued_on=date.fromisoformat(row["issued"]),
                due_on=date.fromisoformat(row["due"]),
                purchase_order=row.get("purchase_order") or None,
            )
        except (ValueError, InvalidOperation, KeyError) as error:
            raise _Wrong(f"{path}, line {line}: {error}") from error
    return items


def _accounts(path: Path) -> dict[str, KnownAccount]:
    accounts: dict[str, KnownAccount] = {}
    for _, row in _rows(path, ("account",)):
        accounts[row["account"]] = KnownAccount(
            account_id=row["account"],
            name=row.get("client") or row["account"],
            country=row.get("country") or "FR",
            language=row.get("language") or "fr",
            domains=frozenset(row.get("email_domains", "").lower().split()),
            addresses=frozenset(
                a for a in row.get("emails", row.get("email", "")).lower().replace(",", " ").split() if "@" in a
            ),
        )
    return accounts
