"""Show the demonstration: a line that lives while days pass, then the table of what happened."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import TextIO

from demo.chronicle import Chronicle
from demo.figures import Figures

QUIET_EVERY_DAYS = 10
STEPS = {
    "courtesy": "courtesy, before the due date", "first_reminder": "first reminder",
    "second_reminder": "second reminder", "third_reminder": "third reminder", "last_reminder": "last reminder",
    "formal_notice": "formal notice", "call_agreed": "after a call, what was agreed",
    "plan_agreed": "a payment plan, as agreed", "instalment_due": "an instalment falls due",
    "instalment_late": "an instalment is missing", "ask_promise": "asking for the date",
    "document_sent": "a copy, as asked for",
}  # fmt: skip


class Progress:
    """One line a day: rewritten in place on a terminal, every ten days where nobody looks."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._lives = self._out.isatty()

    def day(self, day: date, told: Chronicle) -> None:
        number = (day - told.first_day).days + 1
        last = (told.last_day - told.first_day).days + 1
        line = (
            f"day {number:>2} of {last}  {day:%a %d %b}   {len(told.got):>3} mails sent, {len(told.said):>2} answers, "
            f"{sum(1 for p in told.paid if p.imported_at):>3} payments, {len(told.worked):>3} tasks done"
        )
        if self._lives:
            print(f"\r\x1b[K{line}", end="\n" if number == last else "", file=self._out, flush=True)
        elif number % QUIET_EVERY_DAYS == 0 or number == last:
            print(line, file=self._out, flush=True)

    def say(self, line: str) -> None:
        print(line, file=self._out, flush=True)


def table(figures: Figures) -> str:
    """What happened, in a page."""
    sent = sum(figures.sent.values())
    answers = sum(figures.answers.values())
    lines = [f"Mails sent: {sent} ({figures.came_back} came back)"]
    lines += _rows((STEPS.get(step, step), n) for step, n in figures.sent.items())
    lines += ["", f"Mails read: {answers} (a person looks at {figures.reviewed})"]
    lines += _rows(figures.answers.items())
    lines += ["  of the answers:", *_rows((f"  {_words(i)}", n) for i, n in figures.intents.items())]
    lines += ["", f"Invoices: {sum(figures.cases.values())}"]
    lines += _rows(figures.cases.items())
    lines += ["", f"{'Tasks':<34}{'open':>6}{'closed':>8}"]
    lines += [f"  {_words(kind):<32}{n['open']:>6}{n['closed']:>8}" for kind, n in figures.tasks.items()]
    lines += ["", f"{'Money':<24}{'EUR':>16}{'GBP':>16}"]
    for what, amounts in (
        ("collected", figures.collected),
        ("not yet allocated", figures.unallocated),
        ("still open", figures.still_open),
        ("of this overdue", figures.overdue),
    ):
        lines.append(f"  {what:<22}{_money(amounts, 'EUR'):>16}{_money(amounts, 'GBP'):>16}")
    return "\n".join(lines)


def _rows(pairs: Iterable[tuple[str, int]]) -> list[str]:
    return [f"  {_words(what):<32}{n:>6}" for what, n in pairs]


def _words(what: str) -> str:
    return what.replace("_", " ")


def _money(amounts: Mapping[str, str], currency: str) -> str:
    return f"{Decimal(amounts.get(currency, '0')):,.2f}".replace(",", " ")
