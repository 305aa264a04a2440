"""Read OFX and QFX bank downloads: SGML with tags left open, or XML; accounts, entries, balances.

Every transaction carries the bank's id (FITID), which is unique for the account; where a bank leaves it empty the
entry is told by all it says. Investment accounts have no entries that concern a debtor and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from html import unescape

from chalicelib.banking.identity import known, numbered_all
from chalicelib.banking.model import BankEntry, EntryKind, Statement
from chalicelib.domain.money import CURRENCIES, Money
from chalicelib.errors import BadFile, BadInput

MAX_BYTES = 64 * 1024 * 1024
MAX_TAGS = 4_000_000
SHOWN = 20

_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9._]*)[^<>]*?(?P<empty>/?)>(?P<text>[^<]*)")
_STATEMENTS = {"STMTRS": "BANKACCTFROM", "CCSTMTRS": "CCACCTFROM"}


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    text: str
    line: int
    closes: bool


def read_ofx(raw: bytes) -> list[Statement]:
    """Every account of the file. BadFile names the line of everything that cannot be read."""
    if len(raw) > MAX_BYTES:
        raise BadInput("line 1", f"the file has {len(raw)} bytes", f"{MAX_BYTES} at most are read: split it")
    text = _decoded(raw)
    begin = re.search(r"<OFX[ >]", text, re.IGNORECASE)
    if not begin:
        raise BadInput("line 1", "there is no <OFX> in it", "export it as OFX")
    if "<!ENTITY" in text or "<!DOCTYPE" in text:
        raise BadInput("line 1", "the file declares entities, which OFX never has", "export it again")
    tags = list(_tags(text, begin.start()))
    findings: list[BadInput] = []
    statements = [s for some in _sections(tags, findings) if (s := _statement(*some, findings))]
    findings += [] if statements else list(_refusals(tags))
    if findings:
        raise BadFile("ofx", findings[:SHOWN])
    if not statements:
        line = text.count("\n", 0, begin.start()) + 1
        raise BadInput(f"line {line}", "the file holds no bank or card account", "choose a statement of the account")
    return numbered_all(statements)


def _decoded(raw: bytes) -> str:
    head = raw[:1000].decode("ascii", "replace").upper()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("iso8859-1" if "8859-1" in head and "ISO" in head else "cp1252", "replace")


def _tags(text: str, start: int) -> Iterator[_Tag]:
    line, at = text.count("\n", 0, start) + 1, start
    for count, found in enumerate(_TAG.finditer(text, start)):
        if count > MAX_TAGS:
            raise BadInput(f"line {line}", f"more than {MAX_TAGS} tags", "split it")
        line += text.count("\n", at, found.start())
        at = found.start()
        said = unescape(found["text"]).strip()
        yield _Tag(found["name"].upper(), "" if found["empty"] else said, line, bool(found["close"]))


def _sections(tags: list[_Tag], findings: list[BadInput]) -> Iterator[tuple[str, list[_Tag]]]:
    """The tags of one statement after the other, with its kind."""
    kind, begin = "", 0
    for place, tag in enumerate(tags):
        if tag.name in _STATEMENTS and not tag.closes:
            kind, begin = tag.name, place
        elif tag.name == kind and tag.closes:
            yield kind, tags[begin + 1 : place]
            kind = ""
    if kind:
        findings.append(BadInput(f"line {tags[begin].line}", f"<{kind}> is never closed", "export it again: it is cut"))


def _statement(kind: str, tags: list[_Tag], findings: list[BadInput]) -> Statement | None:
    whole = _values(tags, stop=("BANKTRANLIST",))
    currency = whole.get("CURDEF", ("", 0))[0].upper()
    account = whole.get("ACCTID", ("", 0))[0]
    if whole.get("BANKID", ("", 0))[0]:
        account = f"{whole['BANKID'][0]}/{account}"
    days: dict[str, date | None] = {}
    inside = False
    block: list[_Tag] = []
    entries: list[BankEntry] = []
    balance: list[_Tag] = []
    in_balance = False
    for tag in tags:
        if tag.name == "STMTTRN":
            if inside:
                _add(entries, block, account, currency, findings)
            inside, block = not tag.closes, [tag]
        elif tag.name == "BANKTRANLIST" and tag.closes and inside:
            _add(entries, block, account, currency, findings)
            inside = False
        elif inside:
            block.append(tag)
        elif tag.name == "LEDGERBAL":
            in_balance = not tag.closes
        elif in_balance:
            balance.append(tag)
        elif tag.name in ("DTSTART", "DTEND") and tag.text:
            days[tag.name] = _lenient_day(tag)
    return Statement(
        account=account, currency=currency, from_on=days.get("DTSTART"), to_on=days.get("DTEND"),
        closing=_closing(balance, currency, findings), entries=tuple(entries),
        source="OFX",
    )  # fmt: skip


def _values(tags: list[_Tag], stop: tuple[str, ...] = ()) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for tag in tags:
        if tag.name in stop:
            break
        if tag.text and not tag.closes:
            found.setdefault(tag.name, (tag.text, tag.line))
    return found


def _add(entries: list[BankEntry], block: list[_Tag], account: str, currency: str, findings: list[BadInput]) -> None:
    try:
        entries.append(_entry(block, account, currency))
    except BadInput as error:
        findings.append(error)


def _entry(block: list[_Tag], account: str, currency: str) -> BankEntry:
    line = block[0].line
    said = {name: text for name, (text, _) in _values(block).items()}
    posted = next((t for t in block if t.name == "DTPOSTED" and t.text), None)
    stated = next((t for t in block if t.name == "TRNAMT" and t.text), None)
    if posted is None or stated is None:
        missing = "day (DTPOSTED)" if posted is None else "amount (TRNAMT)"
        raise BadInput(f"line {line}", f"the entry has no {missing}", "export it again")
    exact = _decimal(stated)
    code = said.get("CURSYM", "").upper() or currency
    if code not in CURRENCIES:
        raise BadInput(f"line {line}", f"the currency is {code!r}" if code else "no currency is stated", "see CURDEF")
    user = next((t for t in block if t.name == "DTUSER" and t.text), None)
    iban = ""
    for place, tag in enumerate(block):
        if tag.name in ("BANKACCTTO", "BANKACCTFROM") and not tag.closes:
            iban = next((t.text for t in block[place:] if t.name == "ACCTID"), "")
    names = [t.text for t in block if t.name in ("NAME", "PAYEE") and t.text]
    lines = [t.text for t in block if t.name in ("MEMO", "MEMO2") and t.text]
    references = [known(said.get(name, "")) for name in ("REFNUM", "CHECKNUM", "CHKNUM")]
    return BankEntry(
        id="", account=account, booked_on=_day(posted), valued_on=_lenient_day(user) if user else None,
        amount=Money.of(abs(exact), code), kind=_kind(said.get("TRNTYPE", "").upper(), exact),
        payer=names[0] if names else "", payer_iban=iban, text="\n".join([*names, *lines]),
        references=tuple(r for r in references if r), bank_reference=known(said.get("FITID", "")),
    )  # fmt: skip


def _kind(type_: str, amount: Decimal) -> EntryKind:
    if amount >= 0:
        return EntryKind.CREDIT
    return EntryKind.CHARGE if type_ in ("FEE", "SRVCHG") else EntryKind.DEBIT


def _decimal(tag: _Tag) -> Decimal:
    bare = tag.text.replace(" ", "").replace("\u00a0", "")
    if "," in bare and "." in bare:
        point = max(",.", key=bare.rfind)
        bare = bare.replace("," if point == "." else ".", "")
    try:
        return Decimal(bare.replace(",", "."))
    except InvalidOperation:
        raise BadInput(f"line {tag.line}", f"{tag.name} {tag.text!r} is no amount", "for example -1234.56") from None


def _day(tag: _Tag) -> date:
    """YYYYMMDD and whatever time follows."""
    try:
        return date(int(tag.text[:4]), int(tag.text[4:6]), int(tag.text[6:8]))
    except ValueError:
        raise BadInput(f"line {tag.line}", f"{tag.name} {tag.text!r} is no day", "it begins with YYYYMMDD") from None


def _lenient_day(tag: _Tag) -> date | None:
    """A period's own days are nonsense in some downloads: nothing rests on them."""
    try:
        return _day(tag)
    except BadInput:
        return None


def _closing(tags: list[_Tag], currency: str, findings: list[BadInput]) -> Money | None:
    stated = next((t for t in tags if t.name == "BALAMT"), None)
    if stated is None or not stated.text or currency not in CURRENCIES:
        return None
    try:
        return Money.of(_decimal(stated), currency)
    except BadInput as error:
        findings.append(error)
        return None


def _refusals(tags: list[_Tag]) -> Iterator[BadInput]:
    """What the bank's server says instead of a statement."""
    code: _Tag | None = None
    for tag in tags:
        if tag.name == "STATUS":
            code = None
        elif tag.name == "CODE" and tag.text not in ("", "0"):
            code = tag
        elif tag.name == "MESSAGE" and code is not None:
            yield BadInput(f"line {code.line}", f"the bank answered {code.text}: {tag.text}", "download it again")
