"""How quickly the pages answer with fifty thousand open invoices in the store: p95 beside a page that reads nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from chalicelib import bootstrap
from chalicelib.adapters.dynamodb_numbers import DynamoNumbersStore
from chalicelib.adapters.memory_sessions import FakeSessionStore
from infra.local.ministack import run_ministack
from tests.bench.figure import Figure
from tests.e2e import test_cost, test_today_cost
from tests.e2e.real import RealProgram, real_program
from tests.parts.dynamodb_local import run_dynamodb_local
from tests.sample import case, file_of, paris
from tests.web.pages.conftest import Desk, FakeProvider

AT = paris("2026-03-12")
ASKED = 60


def measure(directory: Path) -> Iterator[Figure]:
    with run_dynamodb_local(directory) as dynamodb, run_ministack(directory / "stack", persist=False) as stack:
        program = real_program(dynamodb, stack, AT)
        program.put(file_of(case("S1", "2026-03-01"), case("S2", "2026-06-30"), id="SMALL"), AT)
        test_cost.fill(program, 5_000, "OTHER", invoices=10)
        test_today_cost.fill(program, 1_000, "CALLED-")
        desk = _desk(program)
        cookies = desk.sign_in("viewer")
        logging.disable()  # a line for each request is not what is measured
        small = {"debtor_id": "SMALL"}
        pages: tuple[tuple[str, Callable[[], Any]], ...] = (
            ("sign-in page, which reads nothing", lambda: desk.ask("GET", "/ops/sign-in")),
            ("Today, 1,000 calls to be made", lambda: desk.ask("GET", "/ops/today", cookies=cookies)),
            ("a debtor's file", lambda: desk.ask("GET", "/ops/debtors/{debtor_id}", ids=small, cookies=cookies)),
        )
        for title, ask in pages:
            took, largest = _ask(ask)
            yield Figure(f"p95 of {title}", took[int(len(took) * 0.95)] * 1000, "ms")
            yield Figure("  largest answer", largest / 1000, "kB", at_most=200)


def _ask(ask: Callable[[], Any]) -> tuple[list[float], int]:
    ask()  # templates are compiled and catalogues read once
    took, largest = [], 0
    for _ in range(ASKED):
        began = time.perf_counter()
        answer = ask()
        took.append(time.perf_counter() - began)
        assert answer.status == 200, answer.status
        largest = max(largest, len(answer.body.encode()))
    return sorted(took), largest


def _desk(program: RealProgram) -> Desk:
    desk = Desk(program, FakeSessionStore(), FakeProvider())  # type: ignore[arg-type]
    numbers = DynamoNumbersStore(program.table.client, program.table.name)
    for name, part in (
        ("parts", program.parts), ("sessions", desk.sessions), ("identity", desk.provider), ("numbers_store", numbers),
        ("now", AT),
    ):  # fmt: skip
        setattr(bootstrap, name, lambda part=part: part)
    return desk
