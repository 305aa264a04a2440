"""The numbers as tables for a spreadsheet: one CSV, or a workbook with a sheet each. No cell is ever a formula."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.domain import numbers as n
from chalicelib.pipeline.pieces import table
from chalicelib.web.pages.marked import N_
from chalicelib.web.pages.money_words import BUCKETS, MEANS, STEPS

Cell = str | int | Decimal | date | None
Say = Callable[[str], str]

LONGEST = 2_000
WIDEST = 60
DAYS = "yyyy-mm-dd"
SUMS = "#,##0.00"


@dataclass(frozen=True)
class Sheet:
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    means: str = ""  # how it is reckoned


def sheets(numbers: n.Numbers, say: Say) -> list[Sheet]:
    """Every figure of the page, currency by currency. `say` translates."""
    currency, count, sum_ = say(N_("Currency")), say(N_("Invoices")), say(N_("Amount"))
    return [
        Sheet(
            say(N_("Ageing")),
            (currency, say(N_("Bucket")), count, sum_, say(N_("Disputed invoices")), say(N_("Disputed amount"))),
            tuple(_ageing(numbers, say)), say(MEANS["ageing"]),
        ),
        Sheet(
            say(N_("Cash expected")),
            (
                currency, say(N_("Week from")), say(N_("Promised")), say(N_("Planned")), say(N_("By habit")),
                say(N_("Total")),
            ),
            tuple(_forecast(numbers, say)), say(MEANS["forecast"]),
        ),
        Sheet(
            say(N_("Ratios")),
            (currency, say(N_("Figure")), say(N_("Value")), say(N_("How it is reckoned"))),
            tuple(_ratios(numbers, say)),
        ),
        Sheet(
            say(N_("Effect of steps")),
            (currency, say(N_("Step")), count, sum_, say(N_("Paid within 7 days")), say(N_("Amount paid")), "%"),
            tuple(_effects(numbers, say)), say(MEANS["effects"]),
        ),
        Sheet(
            say(N_("Top debtors")),
            (
                currency, say(N_("Account")), say(N_("Debtor")), say(N_("Overdue")), say(N_("Owed")),
                say(N_("Days late")),
            ),
            tuple(
                (c, o.debtor_id, o.name, o.overdue.amount, o.owed.amount, o.days_late)
                for c in numbers.currencies() for o in numbers.top.get(c, ())
            ), say(MEANS["top"]),
        ),
        Sheet(
            say(N_("Credit holds")),
            (
                currency, say(N_("Account")), say(N_("Debtor")), say(N_("On hold since")), say(N_("Sales asked on")),
                say(N_("Overdue")),
            ),
            tuple(
                (money.currency, h.debtor_id, h.name, h.held_since_on, h.asked_on, money.amount)
                for h in numbers.holds for money in h.overdue
            ), say(MEANS["holds"]),
        ),
    ]  # fmt: skip


def as_csv(numbers: n.Numbers, language: str, say: Say) -> str:
    """One table for all: section, then each of its cells under its own head."""
    return table(_flat(sheets(numbers, say), numbers.on, language, say), language).decode()


def as_xlsx(numbers: n.Numbers, say: Say) -> bytes:
    """A workbook: texts as texts, sums as numbers, days as days."""
    import openpyxl
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for one in sheets(numbers, say):
        sheet = book.create_sheet(one.title[:31])
        about = f"{say('As of the morning of')} {numbers.on.isoformat()}. {one.means}".strip()
        _write(sheet.cell(1, 1), about)
        for column, head in enumerate(one.heads, 1):
            cell = sheet.cell(3, column)
            _write(cell, head)
            cell.font = Font(bold=True)
        widths = [len(head) for head in one.heads]
        for line, row in enumerate(one.rows, 4):
            for column, value in enumerate(row, 1):
                widths[column - 1] = max(widths[column - 1], len(str(value or "")))
                cell = sheet.cell(line, column)
                if isinstance(value, str):
                    _write(cell, value)
                elif value is not None:
                    cell.value = value
                    if isinstance(value, Decimal):
                        cell.number_format = SUMS
                    elif isinstance(value, date):
                        cell.number_format = DAYS
        for column, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(column)].width = min(width + 2, WIDEST)
        sheet.freeze_panes = "A4"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def step_name(step: str, say: Say) -> str:
    return say(STEPS[step]) if step in STEPS else step.replace("_", " ")


def in_order(effects: Sequence[str]) -> list[str]:
    """Steps by the ladder; those of a policy of its own after them, by name."""
    known = list(STEPS)
    return sorted(effects, key=lambda step: (known.index(step) if step in STEPS else len(known), step))


def _flat(some: Sequence[Sheet], on: date, language: str, say: Say) -> Iterator[list[str]]:
    yield [say(N_("As of the morning of")), on.isoformat()]
    for sheet in some:
        yield []
        yield [sheet.title]
        yield list(sheet.heads)
        for row in sheet.rows:
            yield [_text(cell, language) for cell in row]


def _write(cell: Any, text: str) -> None:
    """A text as a text: said after it was set, for one that begins with "=" has become a formula by then."""
    cell.value = _plain(text)
    cell.data_type = "s"
    cell.quotePrefix = bool(re.match(r"\s*[=+\-@|%]", text))


def _text(cell: Cell, language: str) -> str:
    if isinstance(cell, Decimal):
        return str(cell).replace(".", ",") if language == "fr" else str(cell)
    return "" if cell is None else str(cell)


def _plain(text: str) -> str:
    """What may stand in a workbook's XML, on one line."""
    return re.sub(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]+", " ", text)[:LONGEST]


def _ageing(numbers: n.Numbers, say: Say) -> Iterator[tuple[Cell, ...]]:
    for currency in numbers.currencies():
        for name, band in zip(n.BUCKETS, numbers.ageing.get(currency, ()), strict=False):
            yield (
                currency, say(BUCKETS[name]), band.open.count, band.open.sum.amount, band.disputed.count,
                band.disputed.sum.amount,
            )  # fmt: skip


def _forecast(numbers: n.Numbers, say: Say) -> Iterator[tuple[Cell, ...]]:
    for currency, forecast in sorted(numbers.forecast.items()):
        for index, week in enumerate(forecast.weeks):
            amounts = (week.promised.amount, week.planned.amount, week.habit.amount, week.sum.amount)
            yield currency, numbers.on + timedelta(days=7 * index), *amounts
        yield currency, say(N_("Later")), None, None, None, forecast.later.amount
        yield currency, say(N_("Without a date")), None, None, None, forecast.undated.amount


def _ratios(numbers: n.Numbers, say: Say) -> Iterator[tuple[Cell, ...]]:
    for currency in numbers.currencies():
        found, word = n.dso(numbers, currency), numbers.word.get(currency)
        yield currency, say(N_("Owed")), numbers.owed(currency).amount, say(MEANS["ageing"])
        yield currency, say(N_("Overdue")), numbers.overdue(currency).amount, say(MEANS["overdue"])
        yield currency, say(N_("Disputed")), numbers.disputed(currency).amount, say(MEANS["disputed"])
        if found:
            at_least = f" {say(MEANS['dso_at_least'])}" if found.at_least else ""
            yield currency, say(N_("DSO, days")), found.days, say(MEANS["dso"]) + at_least
        if word:
            yield currency, say(N_("Promises kept, %")), n.kept_rate(word), say(MEANS["promises"])
            yield currency, say(N_("Promises kept by amount, %")), n.kept_rate_by_amount(word), say(MEANS["promises"])
    if numbers.paid.count:
        yield None, say(N_("Paid late on average, days")), n.average_days_late(numbers.paid), say(MEANS["late"])


def _effects(numbers: n.Numbers, say: Say) -> Iterator[tuple[Cell, ...]]:
    for currency, steps in sorted(numbers.effects.items()):
        for step in in_order(list(steps)):
            effect = steps[step]
            yield (
                currency, step_name(step, say), effect.taken.count, effect.taken.sum.amount, effect.paid.count,
                effect.paid.sum.amount, n.rate(effect.paid.count, effect.taken.count),
            )  # fmt: skip
