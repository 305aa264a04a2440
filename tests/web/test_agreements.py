"""The JSON routes of what is agreed and decided."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from chalice.test import Client

from chalicelib import bootstrap
from chalicelib.domain.debtor_file import Dispute, Task, TaskKind
from chalicelib.domain.events import DisputeOpened, Event, InsolvencyReported, TaskRaised
from chalicelib.pipeline.keep import keep, office_of
from tests.pipeline.desk import Program
from tests.sample import case, file_of, paris

pytestmark = pytest.mark.filterwarnings("ignore:IAMAuthorizer is not a supported")
AT = paris("2026-03-02")


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Program:
    from chalicelib.web import agreements, routes

    program = Program(AT)
    monkeypatch.setattr(bootstrap, "parts", lambda: program.parts)
    monkeypatch.setattr(bootstrap, "now", lambda: AT)
    for module in (agreements, routes):
        monkeypatch.setattr(module, "caller", lambda _: "anne")
    program.put(file_of(case("F1", "2026-02-10")), AT)
    task = Task(
        id="t1", kind=TaskKind.NEGOTIATE_PLAN, raised_on=AT.date(), due_on=AT.date(), reason="", numbers=("F1",)
    )
    dispute = Dispute(id="d", numbers=("F2",), reason="price", opened_on=AT.date())
    happened: list[tuple[Event, str]] = [(TaskRaised(task=task), "test"), (DisputeOpened(dispute=dispute), "test")]
    keep(program.parts, office_of(program.parts), "C001", lambda _: happened, at=AT, who="test")
    return program


@pytest.fixture
def client() -> Iterator[Client]:
    from app import app

    with Client(app, stage_name="local") as client:
        yield client


def post(client: Client, path: str, body: Any, status: int = 200) -> dict[str, Any]:
    response = client.http.post(path, body=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
    assert response.status_code == status, response.body
    return dict(response.json_body)


def get(client: Client, path: str) -> dict[str, Any]:
    response = client.http.get(path)
    assert response.status_code == 200, response.body
    return dict(response.json_body)


def test_a_plan_is_offered_agreed_shown_and_withdrawn(program: Program, client: Client) -> None:
    (offer,) = get(client, "/debtors/C001/plan-offer?on=2026-03-02")["offers"]
    assert [i["amount"]["amount"] for i in offer["instalments"]] == ["400.00"] * 3
    assert get(client, "/tasks/C001/t1")["offers"] == [offer]
    own = [
        {"on": "2026-03-10", "amount": {"amount": "200.00", "currency": "EUR"}},
        {"on": "2026-04-10", "amount": {"amount": "1000.00", "currency": "EUR"}},
    ]
    post(client, "/tasks/C001/t1/close", {"outcome": "agreed", "instalments": own})
    shown = get(client, "/debtors/C001")
    assert [m["amount"] for m in shown["plans"][0]["missing"]] == ["200.00", "1000.00"]
    assert (shown["cases"][0]["held"], shown["word"]["kept"]) == ("planned", 0)
    plan_id = shown["plans"][0]["plan"]["id"]
    post(client, f"/debtors/C001/plans/{plan_id}/withdraw", {"why": "another client's"})
    assert not program.file().plans[plan_id].runs


def test_a_block_is_placed_for_its_caller_and_lifted(program: Program, client: Client) -> None:
    placed = post(client, "/debtors/C001/blocks", {"reason": "in talks", "until": "2026-04-01", "invoices": ["F1"]})
    block = placed["block"]
    assert (block["owner"], block["until"], block["numbers"]) == ("anne", "2026-04-01", ["F1"])
    post(client, f"/debtors/C001/blocks/{block['id']}/lift", {"why": "done"})
    assert not program.file().blocks[block["id"]].is_open


def test_progress_of_a_dispute_is_noted(program: Program, client: Client) -> None:
    post(client, "/debtors/C001/disputes/d/progress", {"note": "asked the warehouse"})
    assert program.file().disputes["d"].progress == "asked the warehouse"


def test_a_credit_hold_is_listed_until_it_is_released(program: Program, client: Client) -> None:
    post(client, "/debtors/C001/credit-hold", {"hold": True, "why": "three months late"})
    (held,) = get(client, "/credit-holds")["holds"]
    assert (held["debtor"], held["held_since_on"]) == ("C001", "2026-03-02")
    post(client, "/debtors/C001/credit-hold", {"hold": False})
    assert get(client, "/credit-holds")["holds"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/debtors/C001/blocks", {"reason": ""}),
        ("/debtors/C001/blocks", {"reason": "x", "invoices": "F1"}),
        ("/debtors/C001/credit-hold", {"hold": "yes"}),
        ("/debtors/C001/disputes/d/progress", {"note": " "}),
        ("/tasks/C001/t1/close", {"outcome": "agreed", "instalments": [{"on": "2026-03-10"}]}),
    ],
)
def test_what_lacks_its_facts_is_refused_in_words(
    program: Program, client: Client, path: str, body: dict[str, Any]
) -> None:
    refused = post(client, path, body, 400)
    assert refused["error"] == "bad_request"
    assert refused["message"]


def test_an_insolvency_is_taken_back_with_a_reason(program: Program, client: Client) -> None:
    happened: list[tuple[Event, str]] = [(InsolvencyReported(on=AT.date()), "test")]
    keep(program.parts, office_of(program.parts), "C001", lambda _: happened, at=AT, who="test")
    assert "say" in str(post(client, "/debtors/C001/not-insolvent", {"why": " "}, status=400)).lower()
    told = post(client, "/debtors/C001/not-insolvent", {"why": "another Morel"})
    assert told == {"debtor": "C001", "insolvent": False}
    assert program.file().insolvent_since_on is None
    post(client, "/debtors/C001/not-insolvent", {"why": "again"}, status=404)
