"""Read SWIFT MT940 customer statements (and interim MT942) as banks really write them.

    :25: account   :60F: opening   :61: an entry   :86: what is known of it   :62F: closing   - the statement ends

The text of :86: comes as German banks number it (?20, ?32), as Dutch banks mark it (/NAME/, /REMI/), or free.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from chalicelib.banking.identity import known, numbered_all
from chalicelib.banking.model import BankEntry, EntryKind, Statement
from chalicelib.domain.money import CURRENCIES, Money
from chalicelib.errors import BadFile, BadInput

MAX_BYTES = 64 * 1024 * 1024
SHOWN = 20

_TAG = re.compile(r":(?P<tag>[0-9]{2}[A-Z]?|NS):(?P<rest>.*)", re.DOTALL)
_BALANCE = re.compile(r"(?P<mark>[CD])(?P<day>[0-9]{6})?(?P<currency>[A-Z]{3})(?P<amount>[0-9]{1,15}(?:[.,][0-9]*)?)")
_ENTRY = re.compile(
    r"(?P<day>[0-9]{6})(?P<booked>[0-9]{4})?(?P<mark>R?[CD]|E[CD])(?P<funds>[A-Z])?\s?"
    r"(?P<amount>[0-9]{0,15},?[0-9]*)(?P<type>[A-Z][A-Z0-9 ]{3})?(?P<reference>[^\n]*?)"
    r"(?://(?P<bank>[^\n]*))?(?:\n(?P<more>.*))?",
    re.DOTALL,
)
_GERMAN_KEYS = re.compile(
    r"(?<![A-Z])(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|MTLG)(?:\+|(?<=MTLG):|: )"
)
_SLASHED = re.compile(
    r"/(TRTP|IBAN|BIC|NAME|REMI|EREF|MARF|CSID|ORDP|BENM|CNTP|ISDT|PURP|ADDR|ULTD|ULTB|ULTC|PREF|SVCL|RTRN|TRCD|"
    r"CREF|IREF|RREF|ORDEN|BIRTHDT|EXCH|OCMT|CHGS|ACCW|FEES|ID)/"
)
_CHARGES = frozenset({"CHG", "COM", "CHS"})


def read_mt940(raw: bytes) -> list[Statement]:
    """Every statement of the file. BadFile names the line of everything that cannot be read."""
    if len(raw) > MAX_BYTES:
        raise BadInput("line 1", f"the file has {len(raw)} bytes", f"{MAX_BYTES} at most are read: split it")
    findings: list[BadInput] = []
    statements: list[Statement] = []
    for fields in _messages(_decoded(raw)):
        statement = _statement(fields, findings)
        if statement:
            statements.append(statement)
    if findings:
        raise BadFile("mt940", findings[:SHOWN])
    if not statements:
        raise BadInput("line 1", "no statement begins here (no :20: and no :25:)", "export it as MT940")
    return numbered_all(statements)


@dataclass(frozen=True)
class _Field:
    tag: str
    text: str  # lines joined by newlines
    line: int


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _messages(text: str) -> Iterator[list[_Field]]:
    """The fields of one message after the other; what stands before its first field is the network's."""
    fields: list[_Field] = []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        bare = line.rstrip()
        if "{4:" in bare:
            bare = bare.rpartition("{4:")[2]
        found = _TAG.fullmatch(bare)
        if found and found["tag"] == "20" and fields:
            yield fields
            fields = []
        if found:
            fields.append(_Field(found["tag"], found["rest"], number))
        elif bare in ("-", "-}") or bare.startswith("-}"):
            if fields:
                yield fields
            fields = []
        elif fields and bare.strip("\x03\x00 "):
            last = fields[-1]
            fields[-1] = _Field(last.tag, f"{last.text}\n{bare}", last.line)
    if fields:
        yield fields


@dataclass
class _Reading:
    """What has been read of a message so far."""

    account: str = ""
    currency: str = ""
    opening: Money | None = None
    closing: Money | None = None
    from_on: date | None = None
    to_on: date | None = None
    entries: list[BankEntry] = field(default_factory=list)


def _statement(fields: list[_Field], findings: list[BadInput]) -> Statement | None:
    tags = {f.tag for f in fields}
    if not tags & {"20", "25", "61", "60F"}:
        return None
    read = _Reading()
    for one in fields:
        try:
            _heading(one, read)
        except BadInput as error:
            findings.append(error)
    detail_of: BankEntry | None = None
    for one in fields:
        try:
            if one.tag == "61":
                read.entries.append(_entry(one, read))
                detail_of = read.entries[-1]
            elif one.tag == "86" and detail_of is not None:
                read.entries[-1] = detail_of = _detailed(read.entries[-1], one.text)
            elif one.tag.startswith(("62", "64", "65")):
                detail_of = None
        except BadInput as error:
            findings.append(error)
            detail_of = None
    source = "MT942" if "34F" in tags else "MT940"
    return Statement(
        account=read.account, currency=read.currency, from_on=read.from_on, to_on=read.to_on, opening=read.opening,
        closing=read.closing, entries=tuple(read.entries), source=source,
    )  # fmt: skip


def _heading(one: _Field, read: _Reading) -> None:
    first = one.text.split("\n")[0].strip()
    match one.tag:
        case "25" | "25P":
            suffix = first[-3:]
            read.account = first[:-3].strip() if suffix in CURRENCIES and first[-4:-3].isdigit() else first
            read.account = read.account.replace(" ", "")
            read.currency = read.currency or (suffix if suffix in CURRENCIES else "")
        case "60F" | "60M" | "62F" | "62M" | "60" | "62":
            amount, on = _balance(one, first)
            read.currency = amount.currency
            if one.tag.startswith("60") and read.opening is None:
                read.opening, read.from_on = amount, on
            elif one.tag.startswith("62"):
                read.closing, read.to_on = amount, on
        case "34F" if first[:3] in CURRENCIES:
            read.currency = read.currency or first[:3]


def _balance(one: _Field, first: str) -> tuple[Money, date | None]:
    found = _BALANCE.match(first)
    if not found:
        raise BadInput(f"line {one.line}", f":{one.tag}: {first!r} is no balance", "for example C260131EUR1234,56")
    amount = _amount(found["amount"], found["currency"], one.line)
    on = _day(found["day"], one.line) if found["day"] and found["day"] != "000000" else None
    return (amount if found["mark"] == "C" else -amount), on


def _entry(one: _Field, read: _Reading) -> BankEntry:
    found = _ENTRY.fullmatch(one.text)
    if not found or not re.search("[0-9]", found["amount"]):
        shown = one.text.split("\n")[0]
        raise BadInput(f"line {one.line}", f":61: {shown!r} is no entry", "for example 2601310131C1234,56NTRFREF//BANK")
    if not read.currency:
        raise BadInput(f"line {one.line}", "no currency stands before this entry", "a statement needs :60F:")
    valued = _day(found["day"], one.line)
    booked = _booked(found["booked"], valued, one.line) if found["booked"] else valued
    reference = known(found["bank"] or "") or known(found["reference"] or "")
    more = [line.strip() for line in (found["more"] or "").split("\n") if line.strip()]
    own = known(found["reference"] or "")
    return BankEntry(
        id="", account=read.account, booked_on=booked, valued_on=valued,
        amount=_amount(found["amount"], read.currency, one.line),
        kind=_kind(found["mark"], (found["type"] or "")[1:].strip()), text="\n".join(more),
        references=(own,) if own else (), bank_reference=reference,
    )  # fmt: skip


def _kind(mark: str, type_: str) -> EntryKind:
    if mark in ("RD",):
        return EntryKind.RETURNED_TRANSFER
    if mark in ("RC",):
        return EntryKind.REVERSAL
    if mark.endswith("C"):
        return EntryKind.RETURNED_TRANSFER if type_ == "RTI" else EntryKind.CREDIT
    if type_ in _CHARGES:
        return EntryKind.CHARGE
    return EntryKind.REVERSAL if type_ == "RTI" else EntryKind.DEBIT


def _detailed(entry: BankEntry, text: str) -> BankEntry:
    """The entry with what :86: says, in whichever of the three ways."""
    german = re.match(r"(?P<code>[0-9]{3})(?P<mark>[?<>~@])[0-9]{2}", text)
    if german:
        return _german(entry, german["code"], german["mark"], text)
    if len(_SLASHED.findall(text.replace("\n", ""))) >= 2 or text.startswith(("/EREF/", "/REMI/", "/TRTP/")):
        return _slashed(entry, text.replace("\n", ""))
    return replace(entry, text=_joined(entry.text, text))


def _german(entry: BankEntry, code: str, mark: str, text: str) -> BankEntry:
    fields: dict[str, str] = {}
    glued = text.replace("\n", "")
    for number, value in re.findall(rf"{re.escape(mark)}([0-9]{{2}})([^{re.escape(mark)}]*)", glued):
        fields[number] = fields.get(number, "") + value
    purpose = [v for n, v in sorted(fields.items()) if "20" <= n <= "29" or "60" <= n <= "63"]
    pieces = _GERMAN_KEYS.split("\n".join(purpose))
    marked = {key: value.strip("\n ") for key, value in zip(pieces[1::2], pieces[2::2], strict=False)}
    said = marked.get("SVWZ", pieces[0] if marked else "\n".join(purpose)).strip("\n")
    if pieces[0].strip() and "SVWZ" in marked:
        said = f"{pieces[0].strip()}\n{said}"
    said = "\n".join(filter(None, (said, marked.get("MTLG", ""))))
    references = [known(marked.get(key, "").replace("\n", "")) for key in ("EREF", "KREF")]
    kind = entry.kind
    if kind in (EntryKind.DEBIT, EntryKind.REVERSAL) and code in ("108", "109"):
        kind = EntryKind.RETURNED_DEBIT
    elif kind is EntryKind.DEBIT and code == "808":
        kind = EntryKind.CHARGE
    elif kind is EntryKind.CREDIT and code == "159":
        kind = EntryKind.RETURNED_TRANSFER
    return replace(
        entry, kind=kind, text=_joined(entry.text, said),
        payer=(fields.get("32", "") + fields.get("33", "")).strip() or marked.get("ABWA", "").replace("\n", ""),
        payer_iban=fields.get("31", "").strip() or marked.get("IBAN", "").replace("\n", "").split(" ")[0],
        mandate=known(marked.get("MREF", "").replace("\n", "")),
        references=tuple(dict.fromkeys([*entry.references, *filter(None, references)])),
    )  # fmt: skip


def _slashed(entry: BankEntry, text: str) -> BankEntry:
    pieces = _SLASHED.split(text)
    marked: dict[str, str] = {}
    for key, value in zip(pieces[1::2], pieces[2::2], strict=False):
        marked.setdefault(key, value.strip("/ "))
    payer, iban = marked.get("NAME", ""), marked.get("IBAN", "")
    if "CNTP" in marked:  # /CNTP/account/BIC/name///
        iban, _, rest = marked["CNTP"].partition("/")
        payer = payer or rest.partition("/")[2].partition("/")[0]
    said = re.sub(r"^(?:USTD|STRD)//|^/?(?:USTD|STRD)/(?:CUR/|ISO/)?", "", marked.get("REMI", ""))
    references = [known(marked.get(key, "")) for key in ("EREF", "CREF", "PREF")]
    kind = entry.kind
    if "RTRN" in marked:
        returned = {EntryKind.CREDIT: EntryKind.RETURNED_TRANSFER, EntryKind.DEBIT: EntryKind.REVERSAL}
        kind = returned.get(kind, kind)
        if kind is EntryKind.REVERSAL and marked.get("MARF"):
            kind = EntryKind.RETURNED_DEBIT
    return replace(
        entry, kind=kind, text=_joined(entry.text, said or pieces[0].strip("/ ")), payer=payer.strip(),
        payer_iban=iban.replace(" ", ""), mandate=known(marked.get("MARF", "")),
        references=tuple(dict.fromkeys([*entry.references, *filter(None, references)])),
    )  # fmt: skip


def _joined(one: str, other: str) -> str:
    return "\n".join(filter(None, (one, other.strip())))


def _amount(text: str, currency: str, line: int) -> Money:
    try:
        return Money.of(Decimal(text.replace(",", ".").rstrip(".") or "0"), currency)
    except BadInput as error:
        raise BadInput(f"line {line}", error.what, error.remedy) from error


def _day(text: str, line: int) -> date:
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:6])
    year += 2000 if year < 80 else 1900
    if month == 2 and day in (29, 30):  # banks that reckon thirty days a month value on 30 February
        day = min(day, monthrange(year, 2)[1])
    try:
        return date(year, month, day)
    except ValueError:
        raise BadInput(f"line {line}", f"{text!r} is no day", "write it as YYMMDD") from None


def _booked(text: str, valued: date, line: int) -> date:
    """The day of booking has no year: the one that brings it nearest to the value day."""
    near = [_day(f"{(valued.year + shift) % 100:02}{text}", line) for shift in (-1, 0, 1)]
    return min(near, key=lambda day: abs((day - valued).days))
