"""Read a bank's file whatever its format: told by its first bytes, never by its name."""

from __future__ import annotations

import re

from chalicelib.banking.camt import read_camt
from chalicelib.banking.csv import read_csv
from chalicelib.banking.model import Statement
from chalicelib.banking.mt940 import read_mt940
from chalicelib.banking.ofx import read_ofx
from chalicelib.errors import BadFile, BadInput
from chalicelib.ledger.mapping import OURS, ColumnMap


def read_statements(raw: bytes, *, name: str, mapping: ColumnMap = OURS) -> list[Statement]:
    """The statements of a file. BadFile names the file and the line of everything that is wrong with it."""
    if not raw.strip():
        raise BadFile(name, [BadInput("line 1", "the file is empty", "export it again")])
    try:
        match format_of(raw):
            case "camt":
                return read_camt(raw)
            case "ofx":
                return read_ofx(raw)
            case "mt940":
                return read_mt940(raw)
            case _:
                return read_csv(raw, mapping)
    except BadFile as refused:
        raise BadFile(name, refused.findings) from None
    except BadInput as refused:
        raise BadFile(name, [refused]) from None


def format_of(raw: bytes) -> str:
    """`camt` (any XML), `ofx`, `mt940`, or `csv` for the rest."""
    head = raw[:4000].decode("utf-8", "replace").replace("\0", "").lstrip("\ufeff\ufffd \t\r\n")
    if re.search(r"<OFX[ >]|OFXHEADER", head, re.IGNORECASE):
        return "ofx"
    if head.startswith("<"):
        return "camt"
    if re.search(r"(?m)\A(?:\{[1-5]:.*)?:(?:[0-9]{2}[A-Z]?|NS):|^:(?:20|25|60F|61):|\A\{1:F", head):
        return "mt940"
    return "csv"
