"""How much memory and time a ledger takes to come in: ten times the rows must not take more memory."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from chalicelib.domain.apply import apply_all
from chalicelib.domain.debtor_file import DebtorFile
from chalicelib.domain.events import Entry
from chalicelib.ledger.mapping import OURS
from chalicelib.ledger.read import GoodRows, check, read_invoices
from chalicelib.pipeline.import_ledger import import_invoices
from chalicelib.ports import Parts
from tests.bench.figure import Figure
from tests.pipeline.desk import Program
from tests.sample import paris

AT = paris("2026-03-12")
FEW, MANY, DEBTORS = 10_000, 100_000, 5_000
HEADER = "number,account,client,country,issued,due,amount,currency,email\n"


class ForgetfulStore:
    """Takes every save and keeps none: what an import holds by itself is all that is left in memory."""

    def load(self, debtor_id: str, *, whole: bool = False) -> DebtorFile | None:
        return None

    def save(
        self, before: DebtorFile | None, entries: Sequence[Entry], *, next_action_at: datetime | None
    ) -> DebtorFile | None:
        return apply_all(before, entries)

    def find(self, what: str, value: str) -> tuple[str, ...]:
        return ()

    def find_many(self, what: str, values: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        return {}

    def named(self, asked: Sequence[str]) -> tuple[str, ...]:
        return ()


def measure(directory: Path) -> Iterator[Figure]:
    few, many = directory / "few.csv", directory / "many.csv"
    write_ledger(few, FEW)
    write_ledger(many, MANY)
    started = time.process_time()
    import_file(many)
    took = time.process_time() - started
    yield Figure(f"invoices checked, compared and entered a second, of {MANY:,}", MANY / took, at_least=2_000)
    small, large = peak_mb(few), peak_mb(many)
    yield Figure(f"memory at most, {FEW:,} invoices", small, "MB")
    # What grows are the numbers that tell a repeated row, at some hundred bytes each.
    yield Figure(f"memory at most, {MANY:,} invoices", large, "MB", at_most=small + 25)


def write_ledger(path: Path, count: int) -> None:
    """A ledger in the order of its numbers: the invoices of a debtor lie far from one another."""
    with path.open("w", encoding="utf-8") as out:
        out.write(HEADER)
        for n in range(count):
            of, day = n % DEBTORS, 1 + n % 28
            out.write(
                f"F{n:06d},C{of:05d},Client {of},FR,2026-01-{day:02d},2026-03-{day:02d},"
                f"{100 + n % 9999}.{n % 100:02d},EUR,compta{of}@client.example\n"
            )


def import_file(path: Path) -> int:
    """Import as the command does; how many rows were reported as done."""
    reported = 0

    def progress(done: int, of: int) -> None:
        nonlocal reported
        reported = done

    program = Program(AT)
    parts: Parts = replace(program.parts, store=ForgetfulStore())  # type: ignore[arg-type]
    with path.open("rb") as source:
        check(source, read_invoices, OURS, name=path.name, skip_bad=False)
        rows = GoodRows(source, read_invoices, OURS)
        import_invoices(parts, rows, at=AT, who="bench", progress=progress)
    return reported


def peak_mb(path: Path) -> float:
    tracemalloc.start()
    import_file(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6
