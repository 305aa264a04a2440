"""What Today reads: the same few calls for few tasks and for those of fifty thousand invoices."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.adapters.dynamodb_numbers import DynamoNumbersStore
from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Task, TaskKind
from chalicelib.pipeline.day import MOST, PAGE, Chosen, day_of
from chalicelib.pipeline.keep import keep, office_of
from infra.local.ministack import MiniStack
from tests.e2e.real import RealProgram, real_program
from tests.parts.calls import Calls, counted
from tests.sample import case, eur, file_of, paris

AT = paris("2026-03-12")
DEBTORS = 5000  # each with ten invoices open, and a call to be made about them

pytestmark = pytest.mark.needs_java


@pytest.fixture(scope="module")
def program(dynamodb_local: str, ministack: MiniStack) -> RealProgram:
    return real_program(dynamodb_local, ministack, AT)


def fill(program: RealProgram, count: int, prefix: str) -> None:
    """Debtors with a call each: one by the store, the others as copies of its rows."""
    numbers = tuple(f"F{n}" for n in range(10))
    program.put(file_of(*(case(number, "2026-03-01") for number in numbers), id=prefix, name=prefix), AT)
    task = Task(
        id=f"20260310-call-{prefix}", kind=TaskKind.CALL, raised_on=AT.date() - timedelta(days=2), due_on=AT.date(),
        reason="first reminder without an answer", numbers=numbers, at_stake=eur("12000.00"),
        takes=tuple((number, "call", AT.date()) for number in numbers),
    )  # fmt: skip
    keep(
        program.parts, office_of(program.parts), prefix, lambda _: [(e.TaskRaised(task=task), "sample")], at=AT,
        who="test",
    )  # fmt: skip
    rows = [
        row for row in program.table.rows(f"DEBTOR#{prefix}").values()
        if row["sk"]["S"].startswith(("FILE#PROFILE", "FILE#task"))
    ]  # fmt: skip
    text = json.dumps(rows)
    requests: list[Any] = []
    for n in range(count - 1):
        for row in json.loads(text.replace(prefix, f"{prefix}{n:05}")):
            requests.append({"PutRequest": {"Item": row}})
    for start in range(0, len(requests), 25):
        answer = program.table.client.batch_write_item(RequestItems={program.table.name: requests[start : start + 25]})
        assert not answer["UnprocessedItems"]


def morning(program: RealProgram, **chosen: Any) -> tuple[Calls, Any]:
    numbers = DynamoNumbersStore(program.table.client, program.table.name)
    with counted() as calls:
        day = day_of(program.parts, numbers, Chosen(**chosen), me="lea@acme.example", at=AT)
    return calls, day


def test_today_reads_no_more_for_fifty_thousand_invoices_than_a_page_and_a_bounded_index(
    program: RealProgram,
) -> None:
    fill(program, 20, "FEW-")
    few, day = morning(program, section="calls")
    assert (day.counts, len(day.items), day.cut) == ({"calls": 20}, 20, False)
    # office, tasks, runs, numbers; hold; names
    assert few.by_name == {"dynamodb.Query": 4, "dynamodb.GetItem": 1, "dynamodb.BatchGetItem": 1}

    fill(program, DEBTORS - 20, "MANY-")
    began = time.process_time()
    many, day = morning(program, section="calls")
    took = time.process_time() - began  # ours alone: not the store's, nor that of whoever shares this machine
    print(f"{MOST} of {DEBTORS} tasks read, sorted and named in {took:.2f} s of processor time")
    assert (len(day.items), day.counts["calls"], day.cut) == (PAGE, MOST, True)
    assert {item.debtor_id for item in day.items} <= set(day.debtors)
    assert many.by_name["dynamodb.GetItem"] == 1
    assert many.by_name["dynamodb.BatchGetItem"] == 1
    assert many.by_name["dynamodb.Query"] <= 4 + 3, "an index page is a megabyte: a thousand tasks are a few"
    assert many.total <= 9
    assert took < 2, "a page that takes so long is no page"


def test_the_next_pages_lose_and_repeat_nothing(program: RealProgram) -> None:
    seen: list[str] = []
    after = ""
    for _ in range(3):
        _, day = morning(program, section="calls", after=after)
        seen += [item.task.id for item in day.items]
        after = day.next
    assert len(seen) == len(set(seen)) == 3 * PAGE
