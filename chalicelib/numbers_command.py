"""relance numbers: ageing, DSO, promises kept, effect of the steps, cash to come; text, JSON or CSV files for a sheet.

relance numbers [--stack NAME] [--now] [--json] [--csv FILE]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from chalicelib.domain import numbers as n
from chalicelib.domain.calendar import local_day
from chalicelib.errors import BadInput
from chalicelib.pipeline.count_numbers import count_now
from chalicelib.pipeline.pieces import table
from chalicelib.ports import NumbersStore, Parts


def main(argv: Sequence[str], open_stack: Callable[[str], tuple[Parts, NumbersStore]], *, at: datetime) -> int:
    """Print the last snapshot, or count anew; `open_stack` gives the parts of a named stack ("": the environment's)."""
    args = _parser().parse_args(argv)
    parts, store = open_stack(args.stack)
    numbers = count_now(parts, on=local_day(at, parts.offices.creditor().zone)) if args.now else store.latest()
    if numbers is None:
        raise BadInput("numbers", "none have been counted yet", "wait for the morning's run, or add --now")
    if args.csv:
        Path(args.csv).write_bytes(table(rows(numbers), args.language))
        print(f"{args.csv}: the numbers of {numbers.on}")
    elif args.json:
        print(json.dumps(told(numbers), ensure_ascii=False, indent=2))
    else:
        print("\n".join(lines(numbers)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="relance numbers", description="The numbers of the ledger as counted last.")
    parser.add_argument("--stack", default="", metavar="NAME", help="of a deployed stack; else the environment says")
    parser.add_argument("--now", action="store_true", help="count every debtor at this moment; nothing is kept")
    parser.add_argument("--json", action="store_true", help="one JSON object, nothing else on stdout")
    parser.add_argument("--csv", metavar="FILE", help="write every figure as a row of a table")
    parser.add_argument("--language", choices=("fr", "en"), default="fr", help="whose spreadsheet opens it (fr: ;)")
    return parser


def told(numbers: n.Numbers) -> Any:
    """For programs: the ratios by currency, and every sum that they are reckoned from."""
    from msgspec import to_builtins

    average = n.average_days_late(numbers.paid)
    facts = {"on": numbers.on, "ratios": n.ratios(numbers), "average_days_late": average, "numbers": numbers}
    return to_builtins(facts)


def lines(numbers: n.Numbers) -> Iterator[str]:
    """For a terminal."""
    yield f"{numbers.on}: {numbers.debtors} debtors with something open"
    for currency in numbers.currencies():
        found, word = n.dso(numbers, currency), numbers.word.get(currency)
        yield ""
        yield f"{currency}: {numbers.owed(currency)} owed, {numbers.overdue(currency)} overdue"
        for name, band in zip(n.BUCKETS, numbers.ageing.get(currency, ()), strict=False):
            disputed = f", {band.disputed.sum} of it disputed" if band.disputed.count else ""
            yield f"  {name.replace('_', '-'):<10} {band.open.count:>6}  {band.open.sum!s:>20}{disputed}"
        if found:
            yield f"  DSO        {'over ' if found.at_least else ''}{found.days} days (count-back)"
        if word:
            yield f"  promises   {word.kept.count} of {word.judged} kept in 90 days ({n.kept_rate(word)} %)"
        for step, effect in sorted(numbers.effects.get(currency, {}).items()):
            share = n.rate(effect.paid.count, effect.taken.count)
            yield f"  {step:<20} {effect.paid.count} of {effect.taken.count} paid within 7 days ({share} %)"
        for call in numbers.calls.get(currency, ())[:5]:
            whom = f"{call.name}, {call.contact} {call.phone or 'no telephone'}"
            yield f"  call       {whom}: {call.at_stake}, {call.days_late} days late"
    if numbers.paid.count:
        yield ""
        average = n.average_days_late(numbers.paid)
        yield f"paid on average {average} days late ({numbers.paid.count} invoices in 90 days)"


def rows(numbers: n.Numbers) -> Iterator[list[str]]:
    """Every figure as a row: what, of what, currency, how many, how much."""
    yield ["figure", "of", "currency", "count", "value"]
    for currency in numbers.currencies():
        for name, band in zip(n.BUCKETS, numbers.ageing.get(currency, ()), strict=False):
            yield _tally("ageing", name, currency, band.open)
            yield _tally("ageing_disputed", name, currency, band.disputed)
        found, word, forecast = n.dso(numbers, currency), numbers.word.get(currency), numbers.forecast.get(currency)
        if found:
            yield ["dso_days", "at least" if found.at_least else "", currency, "", str(found.days)]
        if word:
            yield _tally("promises", "kept", currency, word.kept)
            yield _tally("promises", "partly_kept", currency, word.partly_kept)
            yield _tally("promises", "broken", currency, word.broken)
        for step, effect in numbers.effects.get(currency, {}).items():
            yield _tally("step_taken", step, currency, effect.taken)
            yield _tally("step_paid_within_7_days", step, currency, effect.paid)
        for index, week in enumerate(forecast.weeks if forecast else (), 1):
            yield ["cash_expected", f"week {index}", currency, "", str(week.sum.amount)]
        for owing in numbers.top.get(currency, ()):
            yield ["overdue", owing.name, currency, str(owing.days_late), str(owing.overdue.amount)]
        for call in numbers.calls.get(currency, ()):
            yield ["call_first", f"{call.name}, {call.contact} {call.phone}", currency, "", str(call.at_stake.amount)]


def _tally(what: str, of: str, currency: str, tally: n.Tally) -> list[str]:
    return [what, of, currency, str(tally.count), str(tally.sum.amount)]
