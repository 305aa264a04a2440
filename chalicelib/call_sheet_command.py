"""relance call-sheet DEBTOR/TASK [--language fr|en] [--json]: everything for one call, on one page to print."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.domain.call_sheet import CallSheet
from chalicelib.domain.money import Money
from chalicelib.pipeline.work_tasks import sheet_of

if TYPE_CHECKING:
    from chalicelib.ports import Parts


class Sheets(Protocol):
    """Words a call sheet."""

    def page(self, sheet: CallSheet, *, language: str) -> str: ...

    def message(self, sheet: CallSheet) -> str: ...


def print_sheet(
    parts: Parts, sheets: Sheets, debtor_id: str, task_id: str, *, at: datetime, language: str, as_json: bool
) -> int:
    """Print the sheet of a call as of now; the language is that of whoever calls, by default the creditor's."""
    sheet = sheet_of(parts, debtor_id, task_id, at=at)
    if as_json:
        told = {**_plain(sheet), "reliability": sheet.reliability, "message": sheets.message(sheet)}
        print(json.dumps(told, ensure_ascii=False))
        return 0
    home = "fr" if parts.offices.creditor().country == "FR" else "en"
    print(sheets.page(sheet, language=language or home), end="")
    return 0


def _plain(value: Any) -> Any:
    match value:
        case Money():
            return str(value)
        case Enum():
            return value.value
        case date():
            return value.isoformat()
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case tuple() | list():
            return [_plain(item) for item in value]
        case _ if is_dataclass(value):
            return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return value
