"""relance match: which invoices the entries of bank statements pay, one line each, with certainty and reason.

relance match --invoices FILE.csv [--accounts FILE.csv] STATEMENT… [--jsonl]
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from chalicelib.banking.model import BankEntry, EntryKind
from chalicelib.banking.read import read_statements
from chalicelib.domain.money import Money
from chalicelib.errors import BadFile, BadInput
from chalicelib.ledger.mapping import ColumnMap
from chalicelib.ledger.records import InvoiceRow
from chalicelib.matching.match import match_all
from chalicelib.matching.model import Account, Certainty, Ledger, OpenItem, Proposal

_COMES_IN = (EntryKind.CREDIT, EntryKind.RETURNED_TRANSFER)


def match_files(
    invoices: Sequence[InvoiceRow], accounts: str, statements: Sequence[str], mapping: ColumnMap, *, jsonl: bool
) -> int:
    """Print a line for each entry of the statements; the figures go to stderr where lines are for programs."""
    entries = [entry for name in statements for entry in _entries(name, mapping)]
    ledger = ledger_of(invoices, _accounts(accounts) if accounts else ())
    made = {proposal.entry.id: proposal for proposal in match_all(entries, ledger)}
    proposals = [made[id_] for id_ in dict.fromkeys(entry.id for entry in entries)]
    for proposal in proposals:
        print(json.dumps(told(proposal), ensure_ascii=False) if jsonl else _row(proposal))
    credits = [p for p in proposals if p.entry.kind is EntryKind.CREDIT]
    to = sys.stderr if jsonl else sys.stdout
    repeated = len(entries) - len(proposals)
    print(
        f"{len(proposals)} entries, {len(credits)} payments" + (f", {repeated} repeated" if repeated else ""), file=to
    )
    for certainty in Certainty:
        print(f"{certainty.value:<9} {sum(p.certainty is certainty for p in credits)}", file=to)
    return 0


def ledger_of(invoices: Sequence[InvoiceRow], accounts: Sequence[Account]) -> Ledger:
    """What is open by the invoices (credit notes below zero), and who may pay it."""
    known = {account.id: account for account in accounts}
    for row in invoices:
        if row.account not in known:
            known[row.account] = Account(id=row.account, name=row.client)
    items = [
        OpenItem(
            number=row.number, account=row.account, due_on=row.due_on, issued_on=row.issued_on,
            balance=Money.zero(row.amount.currency) if row.paid_on else row.amount, purchase_order=row.purchase_order,
        )
        for row in invoices
    ]  # fmt: skip
    return Ledger(items=items, accounts=tuple(known.values()))


def told(proposal: Proposal) -> dict[str, object]:
    """A proposal as it is printed for programs: amounts as text with all their decimals."""
    entry = proposal.entry
    sign = 1 if entry.kind in _COMES_IN else -1
    return {
        "entry": entry.bank_reference or entry.id,
        "amount": str(entry.amount.amount * sign),
        "currency": entry.amount.currency,
        "date": entry.booked_on.isoformat(),
        "kind": entry.kind.value,
        "account": proposal.account,
        "invoices": [{"number": s.number, "amount": str(s.amount.amount)} for s in proposal.shares],
        "certainty": proposal.certainty.value,
        "reason": proposal.reason,
        "candidates": [
            {"account": c.account, "invoices": [s.number for s in c.shares], "why": c.why}
            for c in proposal.candidates[1:]
        ],
    }


def _row(proposal: Proposal) -> str:
    entry = proposal.entry
    sign = "" if entry.kind in _COMES_IN else "-"
    numbers = ", ".join(share.number for share in proposal.shares[:3])
    more = f" and {len(proposal.shares) - 3} more" if len(proposal.shares) > 3 else ""
    reference = entry.bank_reference or entry.id
    amount = f"{sign}{entry.amount}"
    return (
        f"{entry.booked_on}  {reference[:24]:<24}  {amount:>16}  {proposal.certainty.value:<9}"
        f"  {numbers + more:<36}  {proposal.reason}"
    )


def _entries(name: str, mapping: ColumnMap) -> Iterator[BankEntry]:
    if name != "-" and not Path(name).is_file():
        raise BadInput(name, "there is no such file", "check the path")
    raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    for statement in read_statements(raw, name=name, mapping=mapping):
        yield from statement.entries


def _accounts(name: str) -> list[Account]:
    """Accounts by a CSV with the columns account and client, and iban (several parted by blanks) where known."""
    if not Path(name).is_file():
        raise BadInput(name, "there is no such file", "check the path")
    raw = Path(name).read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    lines = text.splitlines()
    separator = max(",;\t", key=(lines or [""])[0].count)
    reader = csv.DictReader(lines, delimiter=separator)
    columns = {(column or "").strip().lower() for column in reader.fieldnames or ()}
    if missing := sorted({"account", "client"} - columns):
        raise BadFile(name, [BadInput("line 1", f"column {', '.join(missing)} is missing", "add it")])
    accounts: dict[str, Account] = {}
    findings = []
    for row in reader:
        said = {(k or "").strip().lower(): (v or "").strip() for k, v in row.items() if not isinstance(v, list)}
        id_ = said["account"]
        if not id_:
            findings.append(BadInput(f"line {reader.line_num}, column account", "is empty", "fill it in"))
            continue
        ibans = _ibans(said.get("iban", ""))
        if id_ in accounts:  # one line for each of its IBANs
            ibans = tuple(dict.fromkeys((*accounts[id_].ibans, *ibans)))
        accounts[id_] = Account(id=id_, name=said["client"] or id_, ibans=ibans)
    if findings:
        raise BadFile(name, findings[:20])
    return list(accounts.values())


def _ibans(text: str) -> tuple[str, ...]:
    """IBANs as people write them: in groups of four, several parted by commas, semicolons or bars."""
    found: list[str] = []
    for piece in text.upper().replace(",", "|").replace(";", "|").split("|"):
        for word in piece.split():
            if len(word) >= 15 or not found or (word[:2].isalpha() and word[2:4].isdigit() and len(found[-1]) >= 15):
                found.append(word)
            else:
                found[-1] += word
    return tuple(found)
