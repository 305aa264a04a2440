"""What a debtor's page costs in AWS calls: bounded, whatever the size of the debtor's past or of the store."""

from __future__ import annotations

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.memory_numbers import FakeNumbersStore
from chalicelib.adapters.memory_sessions import FakeSessionStore
from infra.local.ministack import MiniStack
from tests.e2e.real import RealProgram, real_program
from tests.e2e.test_cost import fill
from tests.parts.calls import Calls, counted
from tests.sample import case, file_of, paris
from tests.web.pages.conftest import Answer, Desk, FakeProvider

AT = paris("2026-03-12")

pytestmark = pytest.mark.needs_java


@pytest.fixture(scope="module")
def program(dynamodb_local: str, ministack: MiniStack) -> RealProgram:
    return real_program(dynamodb_local, ministack, AT)


@pytest.fixture
def desk(program: RealProgram, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(program, FakeSessionStore(), FakeProvider())  # type: ignore[arg-type]
    for name, part in (
        ("parts", program.parts), ("sessions", desk.sessions), ("identity", desk.provider),
        ("numbers_store", FakeNumbersStore()), ("now", AT),
    ):  # fmt: skip
        monkeypatch.setattr(bootstrap, name, lambda part=part: part)
    return desk


def look(desk: Desk, path: str, **asked: str) -> tuple[Answer, Calls]:
    cookies = desk.sign_in("viewer")
    ids = {"debtor_id": asked.pop("debtor_id")} if "debtor_id" in asked else None
    desk.ask("GET", path, ids=ids, query=asked or None, cookies=cookies)  # whatever is kept is kept now
    with counted() as calls:
        answer = desk.ask("GET", path, ids=ids, query=asked or None, cookies=cookies)
    assert answer.status == 200
    assert len(answer.body.encode()) < 200_000
    return answer, calls


def test_a_debtors_page_makes_the_same_few_calls_beside_fifty_thousand_invoices_as_alone(
    desk: Desk, program: RealProgram
) -> None:
    program.put(file_of(case("S1", "2026-03-01"), case("S2", "2026-06-30"), id="SMALL"), AT)
    _, alone = look(desk, "/ops/debtors/{debtor_id}", debtor_id="SMALL")
    fill(program, 5_000, "OTHER", invoices=10)
    _, among_many = look(desk, "/ops/debtors/{debtor_id}", debtor_id="SMALL")
    assert among_many.by_name == alone.by_name
    assert among_many.total <= 6, among_many.by_name
    assert among_many.read_units == alone.read_units
    _, found = look(desk, "/ops/debtors", q="garage morel")
    assert found.total <= 6, found.by_name


def test_a_debtor_with_two_thousand_invoices_costs_two_queries_more_at_most(desk: Desk, program: RealProgram) -> None:
    cases = [case(f"B{n:04}", f"2026-0{1 + n % 3}-1{n % 9}") for n in range(2000)]
    program.put(file_of(*cases, id="BIG"), paris("2026-01-02"))
    _, calls = look(desk, "/ops/debtors/{debtor_id}", debtor_id="BIG")
    assert calls.by_name["dynamodb.Query"] <= 4, calls.by_name
    assert calls.total <= 6, calls.by_name
    _, calls = look(desk, "/ops/debtors/{debtor_id}/timeline", debtor_id="BIG")
    assert calls.total <= 6, calls.by_name
