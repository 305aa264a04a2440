"""Read ISO 20022 camt.053 statements and camt.054 notifications, every version, as statements.

A booked entry (Ntry) is one movement of the account. Where the bank details a batch (several TxDtls whose amounts
come to the entry's), each detail is an entry of its own, named after the whole, so that a statement with the sum and
a notification with its parts are known to speak of the same money. Pending and informational entries are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from chalicelib.banking.identity import digest, facts_of, known, numbered_all
from chalicelib.banking.model import BankEntry, EntryKind, Statement
from chalicelib.banking.tree import Node, read_tree
from chalicelib.domain.money import Money, total
from chalicelib.errors import BadFile, BadInput

_MESSAGES = {
    "BkToCstmrStmt": ("Stmt", "camt.053"),
    "BkToCstmrDbtCdtNtfctn": ("Ntfctn", "camt.054"),
}
_CHARGES = frozenset({"CHRG", "FEES", "COMM", "COMI"})
_RETURNS = frozenset({"UPDD", "PRDD", "RRTN", "UPCQ", "RPCR", "UPCT", "CQRV"})
_GVC_RETURN = frozenset({"108", "109"})  # the German banks' codes of a returned direct debit
SHOWN = 20


def read_camt(raw: bytes) -> list[Statement]:
    """Statements with their entries. BadFile names the line of everything that cannot be read."""
    namespaces: list[str] = []
    root = read_tree(raw, namespace_of=namespaces)
    message = next((c for c in root.children if c.name in _MESSAGES), None)
    if root.name != "Document" or message is None:
        found = ", ".join(c.name for c in root.children[:3]) or root.name
        remedy = "give a camt.053 statement or a camt.054 notification"
        raise BadInput(f"line {root.line}", f"the message is {found}, no statement of an account", remedy)
    tag, kind = _MESSAGES[message.name]
    version = namespaces[0].rpartition(":")[2] if "camt." in namespaces[0] else kind
    findings: list[BadInput] = []
    statements = [_statement(node, version, findings) for node in message.all(tag)]
    if not statements:
        raise BadInput(f"line {message.line}", f"{message.name} holds no {tag}", "export it again")
    if findings:
        raise BadFile("camt", findings[:SHOWN])
    return numbered_all(statements)


def _statement(node: Node, version: str, findings: list[BadInput]) -> Statement:
    account = node.words("Acct/Id/IBAN", "Acct/Id/Othr/Id", "Acct/Id/PrtryAcct/Id")
    if not account:
        findings.append(BadInput(f"line {node.line}", "the account is not named", "export it again"))
    balances = {}
    for balance in node.all("Bal"):
        code = balance.words("Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry")
        try:
            balances[code] = _signed(balance)
        except BadInput as error:
            findings.append(error)
    entries: list[BankEntry] = []
    seen: Counter[tuple[str, ...]] = Counter()
    for entry in node.all("Ntry"):
        try:
            entries += _entry(entry, account, seen)
        except BadInput as error:
            findings.append(error)
    opening = next((balances[c] for c in ("OPBD", "PRCD", "OPAV") if c in balances), None)
    closing = next((balances[c] for c in ("CLBD", "CLAV") if c in balances), None)
    currency = node.words("Acct/Ccy") or next((m.currency for m in (opening, closing) if m), "")
    currency = currency or (entries[0].amount.currency if entries else "")
    return Statement(
        account=account, currency=currency, from_on=_day_at(node, "FrToDt/FrDtTm", "FrToDt/FrDt"),
        to_on=_day_at(node, "FrToDt/ToDtTm", "FrToDt/ToDt"), opening=opening, closing=closing,
        entries=tuple(entries), source=version,
    )  # fmt: skip


def _entry(node: Node, account: str, seen: Counter[tuple[str, ...]]) -> list[BankEntry]:
    status = node.words("Sts/Cd", "Sts/Prtry", "Sts")
    if status and status != "BOOK":
        return []
    amount = _amount(node.first("Amt"), node)
    booked = _day_at(node, "BookgDt/Dt", "BookgDt/DtTm")
    valued = _day_at(node, "ValDt/Dt", "ValDt/DtTm")
    if booked is None and valued is None:
        raise BadInput(f"line {node.line}", "the entry has no day", "ask the bank for BookgDt")
    reference = known(node.words("AcctSvcrRef")) or known(node.words("NtryRef"))
    details = list(node.all("NtryDtls/TxDtls"))
    whole = BankEntry(
        id="", account=account, booked_on=booked or valued or date.min, valued_on=valued, amount=amount,
        kind=_kind(node, details[0] if len(details) == 1 else None), bank_reference=reference,
    )  # fmt: skip
    if len(details) <= 1:
        return [_detailed(whole, node, details)]
    parts = _parts(whole, node, details)
    if not parts:
        return [_detailed(whole, node, details)]
    facts = facts_of(_detailed(whole, node, details))
    seen[facts] += 1
    base = f"bank-{digest(*facts, str(seen[facts]))}"
    return [replace(part, id=f"{base}-{place}") for place, part in enumerate(parts, 1)]


def _parts(whole: BankEntry, node: Node, details: list[Node]) -> list[BankEntry]:
    """The details as entries; none where their amounts do not come to the whole, which then stays in one piece."""
    parts: list[BankEntry] = []
    for place, detail in enumerate(details, 1):
        stated = detail.first("Amt", "AmtDtls/TxAmt/Amt")
        if stated is None:
            return []
        amount = _amount(stated, detail)
        if amount.currency != whole.amount.currency:
            return []
        own = known(detail.words("Refs/AcctSvcrRef"))
        reference = own or (f"{whole.bank_reference}/{place}" if whole.bank_reference else "")
        kind = _kind(node, detail)
        parts.append(_detailed(replace(whole, amount=amount, kind=kind), node, [detail], reference=reference))
    credits = (EntryKind.CREDIT, EntryKind.RETURNED_TRANSFER)
    come_in = total((p.amount if p.kind in credits else -p.amount for p in parts), whole.amount.currency)
    stated_in = whole.amount if whole.kind in credits else -whole.amount
    return parts if come_in == stated_in else []


def _detailed(whole: BankEntry, node: Node, details: list[Node], reference: str = "") -> BankEntry:
    """The entry with payer, text and references of its details (of several: only what they have in common counts)."""
    payer = iban = mandate = ""
    lines: list[str] = []
    references: list[str] = []
    for detail in details:
        if len(details) == 1:
            payer, iban = _payer(detail, whole.account)
            mandate = known(detail.words("Refs/MndtId"))
            reference = reference or known(detail.words("Refs/AcctSvcrRef"))
        lines += [n.text for n in detail.all("RmtInf/Ustrd") if n.text]
        lines += [n.text for n in detail.all("RmtInf/Strd/AddtlRmtInf") if n.text]
        lines += [n.text for n in detail.all("AddtlTxInf") if n.text]
        for path in (
            "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef", "RmtInf/Strd/RfrdDocInf/Nb",
            "RmtInf/Strd/RfrdDocInf/RfrdDocNb", "Refs/EndToEndId", "Refs/ChqNb",
        ):  # fmt: skip
            references += [n.text for n in detail.all(path) if known(n.text)]
    lines += [n.text for n in node.all("AddtlNtryInf") if n.text and n.text not in lines]
    return replace(
        whole, payer=payer, payer_iban=iban.replace(" ", "").upper(), text="\n".join(lines), mandate=mandate,
        references=tuple(dict.fromkeys(references)), bank_reference=reference or whole.bank_reference,
    )  # fmt: skip


def _payer(detail: Node, account: str) -> tuple[str, str]:
    """Name and account of the other side: whichever of debtor and creditor is not us."""
    parties = detail.first("RltdPties")
    if parties is None:
        return "", ""
    for role in ("Dbtr", "Cdtr"):
        iban = parties.words(f"{role}Acct/Id/IBAN", f"{role}Acct/Id/Othr/Id")
        name = parties.words(f"{role}/Nm", f"{role}/Pty/Nm")
        if (name or iban) and iban.replace(" ", "") != account.replace(" ", ""):
            ultimate = parties.words(f"Ultmt{role}/Nm", f"Ultmt{role}/Pty/Nm")
            return name or ultimate, iban
    return parties.words("UltmtDbtr/Nm", "UltmtDbtr/Pty/Nm"), ""


def _kind(node: Node, detail: Node | None) -> EntryKind:
    own = detail.words("CdtDbtInd") if detail else ""
    incoming = _is_credit(node, own)
    codes = {n.text for source in filter(None, (detail, node)) for n in _codes(source)}
    gone_back = node.words("RvslInd").lower() in ("true", "1")
    returned = bool(codes & _RETURNS) or (detail is not None and detail.first("RtrInf") is not None)
    if incoming:
        return EntryKind.RETURNED_TRANSFER if gone_back or returned else EntryKind.CREDIT
    german = any(code in _GVC_RETURN for text in codes for code in text.split("+"))
    mandate = detail is not None and bool(known(detail.words("Refs/MndtId")))
    if codes & _CHARGES:
        return EntryKind.CHARGE
    if "IDDT" in codes or german or (returned and mandate):
        return EntryKind.RETURNED_DEBIT
    return EntryKind.REVERSAL if gone_back or returned else EntryKind.DEBIT


def _codes(node: Node) -> Iterator[Node]:
    for path in ("BkTxCd/Domn/Fmly/Cd", "BkTxCd/Domn/Fmly/SubFmlyCd", "BkTxCd/Prtry/Cd"):
        yield from node.all(path)


def _is_credit(node: Node, own: str = "") -> bool:
    mark = own or node.words("CdtDbtInd")
    if mark not in ("CRDT", "DBIT"):
        raise BadInput(f"line {node.line}", f"CdtDbtInd is {mark!r}, neither CRDT nor DBIT", "export it again")
    return mark == "CRDT"


def _signed(node: Node) -> Money:
    amount = _amount(node.first("Amt"), node)
    return amount if _is_credit(node) else -amount


def _amount(node: Node | None, parent: Node) -> Money:
    if node is None:
        raise BadInput(f"line {parent.line}", f"{parent.name} has no amount", "export it again")
    where = f"line {node.line}"
    try:
        exact = Decimal(node.text)
    except InvalidOperation:
        raise BadInput(where, f"{node.text!r} is no amount", "write for example 1234.56") from None
    try:
        amount = Money.of(exact, node.attributes.get("Ccy", ""))
    except BadInput as error:
        raise BadInput(where, error.what, error.remedy) from error
    if exact < 0 or amount.amount != exact:
        what = f"{node.text!r} is below zero or has more decimals than {amount.currency}"
        raise BadInput(where, what, "the direction belongs in CdtDbtInd")
    return amount


def _day_at(node: Node, *paths: str) -> date | None:
    found = node.first(*paths)
    if found is None or not found.text:
        return None
    try:
        return datetime.fromisoformat(found.text).date() if "T" in found.text else date.fromisoformat(found.text[:10])
    except ValueError:
        raise BadInput(f"line {found.line}", f"{found.text!r} is no day", "write it as YYYY-MM-DD") from None
