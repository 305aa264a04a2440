"""GET /numbers: the last snapshot, in one read; nothing before the first morning."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from chalice.test import Client

from chalicelib import bootstrap
from chalicelib.adapters.memory_numbers import FakeNumbersStore
from chalicelib.pipeline.count_numbers import count_numbers
from tests.pipeline.desk import Program
from tests.sample import case, file_of, paris

AT = paris("2026-11-23", "09:00")


@pytest.fixture
def client() -> Iterator[Client]:
    from app import app

    with Client(app, stage_name="local") as client:
        yield client


def test_it_shows_the_last_snapshot(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    program, store = Program(AT), FakeNumbersStore()
    monkeypatch.setattr(bootstrap, "numbers_store", lambda: store)
    program.put(file_of(case("A", "2026-11-03", "1200.00")), AT)
    answer = client.http.get("/numbers")
    assert (answer.status_code, json.loads(answer.body)) == (200, {"numbers": None})

    count_numbers(program.parts, store, on=AT.date())
    told = json.loads(client.http.get("/numbers").body)
    assert told["numbers"]["on"] == "2026-11-23"
    assert told["ratios"]["EUR"]["overdue"] == {"amount": "1200.00", "currency": "EUR"}
    # All of it is explained by October's 1,200: 22 days of November and 31 of October.
    assert told["ratios"]["EUR"]["dso_days"] == "53.0"
    assert told["numbers"]["calls"]["EUR"][0]["reason"] == "overdue"
