"""The JSON routes: what they show, what they change, and how they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from chalice.test import Client, HTTPResponse

from chalicelib import bootstrap
from chalicelib.domain.debtor_file import Task, TaskKind
from chalicelib.domain.events import Event, TaskRaised
from chalicelib.errors import Throttled
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.pipeline.remind import remind
from chalicelib.pipeline.work_tasks import close_task
from chalicelib.web.pages.guard import ROUTES
from chalicelib.web.shapes import read_outcome
from tests.pipeline.desk import Program
from tests.sample import case, file_of, paris

# Chalice's test client checks no signature; the deployed routes are tried in tests/infra.
pytestmark = pytest.mark.filterwarnings("ignore:IAMAuthorizer is not a supported")

AT = paris("2026-03-12")
ANNE = "arn:aws:iam::123456789012:user/anne"


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Program:
    """A program in memory with one debtor, whose clock stands at 10:00 on 12 March."""
    program = Program(AT)
    monkeypatch.setattr(bootstrap, "parts", lambda: program.parts)
    monkeypatch.setattr(bootstrap, "now", lambda: AT)
    program.put(file_of(case("F1", "2026-03-10"), case("F2", "2026-06-30")), paris("2026-03-11"))
    return program


@pytest.fixture
def client() -> Iterator[Client]:
    from app import app

    with Client(app, stage_name="local") as client:
        yield client


@pytest.fixture
def anne(monkeypatch: pytest.MonkeyPatch) -> str:
    """Chalice's test client signs nothing: say who it is."""
    from chalicelib.web import routes

    monkeypatch.setattr(routes, "caller", lambda _: ANNE)
    return ANNE


@pytest.fixture
def task(program: Program) -> Callable[..., Task]:
    def raise_task(id_: str = "t1", **facts: Any) -> Task:
        known: dict[str, Any] = {
            "kind": TaskKind.CALL, "raised_on": date(2026, 3, 11), "due_on": date(2026, 3, 13), "reason": "call them",
            "numbers": ("F1",),
        }  # fmt: skip
        task = Task(id=id_, **{**known, **facts})
        happened: list[tuple[Event, str]] = [(TaskRaised(task=task), "test")]
        keep(program.parts, office_of(program.parts), "C001", lambda _: happened, at=AT, who="test")
        return task

    return raise_task


def get(client: Client, path: str) -> dict[str, Any]:
    response = client.http.get(path)
    assert response.status_code == 200, response.body
    return dict(response.json_body)


def post(client: Client, path: str, body: Any) -> HTTPResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.http.post(path, headers={"Content-Type": "application/json"}, body=raw)


def ids(page: dict[str, Any]) -> list[str]:
    return [item["task"]["id"] for item in page["tasks"]]


# Tasks


def test_open_tasks_are_listed_the_earliest_due_first(
    client: Client, program: Program, task: Callable[..., Task]
) -> None:
    task("later", due_on=date(2026, 3, 20))
    task("sooner", due_on=date(2026, 3, 13))
    page = get(client, "/tasks")
    assert ids(page) == ["sooner", "later"]
    assert page["next"] is None
    assert page["tasks"][0]["debtor"] == "C001"
    assert page["tasks"][0]["task"]["due_on"] == "2026-03-13"


def test_tasks_are_chosen_by_kind_and_by_assignee(client: Client, program: Program, task: Callable[..., Task]) -> None:
    task("call", assignee="anne")
    task("review", kind=TaskKind.REVIEW_MAIL)
    assert ids(get(client, "/tasks?kind=review_mail")) == ["review"]
    assert ids(get(client, "/tasks?assignee=anne")) == ["call"]
    assert ids(get(client, "/tasks?kind=review_mail&assignee=anne")) == []


@pytest.mark.parametrize(("due_on", "overdue"), [("2026-03-11", True), ("2026-03-12", False), ("2026-03-13", False)])
def test_a_task_is_overdue_from_the_day_after_it_was_due(
    client: Client, program: Program, task: Callable[..., Task], due_on: str, overdue: bool
) -> None:
    task("t1", due_on=date.fromisoformat(due_on))
    assert ids(get(client, "/tasks?overdue=true")) == (["t1"] if overdue else [])


def test_pages_follow_one_another_without_gap_or_repetition(
    client: Client, program: Program, task: Callable[..., Task]
) -> None:
    for number in range(7):
        task(f"t{number}", due_on=date(2026, 3, 13) + timedelta(days=number // 3))
    seen: list[str] = []
    after = ""
    for _ in range(3):
        page = get(client, f"/tasks?limit=3&after={after}")
        seen += ids(page)
        after = page["next"] or ""
    assert seen == [f"t{number}" for number in range(7)]
    assert after == ""


def test_a_page_goes_on_although_its_last_task_was_closed_meanwhile(
    client: Client, program: Program, task: Callable[..., Task]
) -> None:
    for number in range(4):
        task(f"t{number}")
    first = get(client, "/tasks?limit=2")
    said = read_outcome({"outcome": "no_answer"})
    close_task(program.parts, "C001", "t1", said, at=AT, who="test")
    assert ids(get(client, f"/tasks?limit=2&after={first['next']}")) == ["t2", "t3"]


def test_a_task_is_shown_with_its_outcomes_and_invoices(
    client: Client, program: Program, task: Callable[..., Task]
) -> None:
    task("t1")
    shown = get(client, "/tasks/C001/t1")
    assert "promised" in shown["outcomes"]
    assert [c["number"] for c in shown["cases"]] == ["F1"]
    assert shown["cases"][0]["balance"] == {"amount": "1200.00", "currency": "EUR"}
    assert shown["contacts"][0]["phone"] == "+33 1 00 00 00 00"


def test_an_assignment_is_kept_with_who_made_it(
    client: Client, program: Program, task: Callable[..., Task], anne: str
) -> None:
    task("t1")
    response = post(client, "/tasks/C001/t1/assign", {"assignee": "leo@verre-clair.example"})
    assert response.status_code == 200
    assert response.json_body["task"]["assignee"] == "leo@verre-clair.example"
    assert list(program.store.journal("C001"))[-1].who == ANNE


def test_a_promise_that_closes_a_call_holds_its_invoice(
    client: Client, program: Program, task: Callable[..., Task], anne: str
) -> None:
    task("t1")
    said = {"outcome": "promised", "on": "2026-03-20", "means": "transfer", "note": "Mr Morel, by phone"}
    response = post(client, "/tasks/C001/t1/close", {**said, "amount": {"amount": "1200", "currency": "EUR"}})
    assert response.status_code == 200, response.body
    assert response.json_body["task"]["outcome"] == "promised"
    (promise,) = program.file().promises.values()
    assert (promise.pay_on, promise.means) == (date(2026, 3, 20), "transfer")
    (f1,) = [c for c in get(client, "/debtors/C001")["cases"] if c["case"]["number"] == "F1"]
    assert f1["held"] == "promised"


def test_a_task_that_somebody_else_closed_first_is_a_conflict(
    client: Client, program: Program, task: Callable[..., Task], anne: str
) -> None:
    task("t1")
    assert post(client, "/tasks/C001/t1/close", {"outcome": "no_answer"}).status_code == 200
    for path, body in (("close", {"outcome": "reached"}), ("assign", {"assignee": "leo"})):
        response = post(client, f"/tasks/C001/t1/{path}", body)
        assert response.status_code == 409
        assert "no_answer" in response.json_body["message"]
    assert program.file().tasks["t1"].outcome == "no_answer"


def test_a_file_that_others_keep_changing_is_a_conflict(
    client: Client, program: Program, task: Callable[..., Task], anne: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    task("t1")
    monkeypatch.setattr(program.store, "save", lambda *_, **__: None)
    response = post(client, "/tasks/C001/t1/assign", {"assignee": "leo"})
    assert response.status_code == 409


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"{", ""),
        ([], "body"),
        ({}, "body, outcome"),
        ({"outcome": "sung"}, "outcome"),
        ({"outcome": 3}, "body, outcome"),
        ({"outcome": "promised"}, "on"),
        ({"outcome": "promised", "on": "31/12/2026"}, "body, on"),
        ({"outcome": "promised", "on": "2026-03-11"}, "on"),
        ({"outcome": "promised", "on": "2026-03-20", "amount": 5}, "body, amount"),
        ({"outcome": "promised", "on": "2026-03-20", "amount": {"amount": "x", "currency": "EUR"}}, "amount"),
        ({"outcome": "promised", "on": "2026-03-20", "amount": {"amount": "-1", "currency": "EUR"}}, "amount"),
        ({"outcome": "promised", "on": "2026-03-20", "amount": {"amount": "1", "currency": "QQQ"}}, "currency"),
        ({"outcome": "reached", "note": "x" * 4001}, "body, note"),
        ({"outcome": "reached", "notes": ""}, "body, notes"),
    ],
)
def test_a_closing_that_cannot_be_used_says_where_and_changes_nothing(
    client: Client, program: Program, task: Callable[..., Task], anne: str, body: Any, where: str
) -> None:
    task("t1")
    entries = program.file().entries
    response = post(client, "/tasks/C001/t1/close", body)
    assert response.status_code == 400
    assert where in response.json_body.get("where", "")
    assert "Traceback" not in response.body.decode()
    assert program.file().entries == entries


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "overdue=perhaps", "limit=-1"])
def test_a_query_that_cannot_be_used_is_refused(client: Client, program: Program, query: str) -> None:
    assert client.http.get(f"/tasks?{query}").status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/tasks/C001/none"), ("GET", "/tasks/none/none"), ("GET", "/debtors/none"),
        ("GET", "/debtors/none/journal"), ("POST", "/tasks/C001/none/close"), ("POST", "/tasks/none/t/assign"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(client: Client, program: Program, anne: str, method: str, path: str) -> None:
    body = {"outcome": "reached"} if path.endswith("close") else {"assignee": "leo"}
    response = client.http.get(path) if method == "GET" else post(client, path, body)
    assert response.status_code == 404
    assert response.json_body["error"] == "not_found"
    assert "none" in response.json_body["message"]


def test_nobody_changes_anything_without_saying_who(
    client: Client, program: Program, task: Callable[..., Task]
) -> None:
    task("t1")
    assert post(client, "/tasks/C001/t1/close", {"outcome": "reached"}).status_code == 403
    assert program.file().tasks["t1"].is_open


# A debtor's file


def test_a_file_says_of_every_open_invoice_what_happens_next_and_why(client: Client, program: Program) -> None:
    shown = get(client, "/debtors/C001")
    f1, f2 = shown["cases"]
    assert (f1["does"], f1["step"]) == ("email", "first_reminder")
    assert "first_reminder is due" in f1["why"]
    assert (f2["held"], f2["until"]) == ("not_due", "2026-06-25")
    assert shown["next"][0]["numbers"] == ["F1"]
    assert shown["owed"] == [{"amount": "2400.00", "currency": "EUR"}]


def test_looking_at_a_file_changes_nothing(client: Client, program: Program) -> None:
    saves = program.store.saves
    get(client, "/debtors/C001")
    get(client, "/debtors/C001/journal")
    assert program.store.saves == saves


def test_the_token_that_answers_in_a_debtors_name_is_never_shown(client: Client, program: Program) -> None:
    remind(program.parts, "C001", at=AT)
    (notice,) = program.file().notices.values()
    assert notice.token
    for path in ("/debtors/C001", "/debtors/C001/journal"):
        assert notice.token not in client.http.get(path).body.decode()


def test_the_journal_comes_in_pages(client: Client, program: Program) -> None:
    first = get(client, "/debtors/C001/journal?limit=2")
    assert [e["seq"] for e in first["entries"]] == [1, 2]
    assert first["entries"][0]["event"] == "DebtorOpened"
    rest = get(client, f"/debtors/C001/journal?after={first['next']}")
    assert [e["seq"] for e in rest["entries"]] == [3, 4]
    assert rest["next"] is None


def test_an_id_with_odd_characters_is_found(client: Client, program: Program) -> None:
    program.put(file_of(case("F9", "2026-03-10"), id="C 1&é"), paris("2026-03-11"))
    assert get(client, "/debtors/C%201%26%C3%A9")["debtor"]["id"] == "C 1&é"


# Health


def test_health_tells_when_everything_was_last_read(client: Client, program: Program) -> None:
    shown = get(client, "/health")
    assert shown["blind"] is False
    assert shown["payments_read_at"] == AT.isoformat()


def test_health_says_why_it_is_blind(client: Client, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "now", lambda: AT + timedelta(days=30))
    shown = get(client, "/health")
    assert shown["blind"] is True
    assert "last read" in shown["why"]


# Failures


def test_an_unforeseen_error_shows_nobody_its_words(
    client: Client, program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("the secret detail")

    monkeypatch.setattr(program.store, "load", broken)
    response = client.http.get("/debtors/C001")
    assert response.status_code == 500
    said = response.body.decode() + capsys.readouterr().out
    assert "secret detail" not in said
    assert '"error": "ValueError"' in said


def test_a_store_that_is_throttled_is_to_be_asked_again(
    client: Client, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def throttled(*_: object, **__: object) -> None:
        raise Throttled("later")

    monkeypatch.setattr(program.store, "load", throttled)
    assert client.http.get("/debtors/C001").status_code == 503


def test_every_request_is_logged_once_with_what_it_was_about(
    client: Client, program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    get(client, "/debtors/C001")
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert (line["entry"], line["debtor_id"], line["status"]) == ("api", "C001", 200)


def test_every_route_demands_a_signature() -> None:
    from app import app

    # The pages are entered by session instead: tests/web/pages/ walks through every one of them.
    paged = {(route.method, route.path) for route in ROUTES}
    entries = [
        entry for path, methods in app.routes.items() for method, entry in methods.items()
        if (method, path) not in paged
    ]  # fmt: skip
    assert len(entries) >= 15
    assert all(entry.authorizer is not None for entry in entries)


def test_who_acts_is_the_caller_that_iam_has_proved(program: Program, task: Callable[..., Task]) -> None:
    from app import app

    task("t1")
    event = {
        "requestContext": {
            "resourcePath": "/tasks/{debtor_id}/{task_id}/close", "httpMethod": "POST", "requestId": "r1",
            "identity": {"userArn": ANNE},
        },
        "pathParameters": {"debtor_id": "C001", "task_id": "t1"}, "headers": {"content-type": "application/json"},
        "multiValueQueryStringParameters": None, "stageVariables": None, "isBase64Encoded": False,
        "body": json.dumps({"outcome": "reached"}),
    }  # fmt: skip
    assert app(event, None)["statusCode"] == 200
    assert list(program.store.journal("C001"))[-1].who == ANNE


def test_a_call_has_its_sheet(client: Client, task: Callable[..., Task]) -> None:
    task()
    told = get(client, "/tasks/C001/t1/call-sheet")
    assert [item["case"]["number"] for item in told["sheet"]["items"]] == ["F1"]
    assert told["sheet"]["people"][0]["contact"]["phone"] == "+33 1 00 00 00 00"
    assert told["message"].startswith("Bonjour, Nadia Ferrand")


def test_the_outcome_of_a_call_is_taken_with_its_facts(
    client: Client, task: Callable[..., Task], program: Program, anne: str
) -> None:
    task()
    said = {"cause": "cash", "spoke_to": "Mme Blin", "next_on": "2026-03-18", "message": "À jeudi."}
    body = {"outcome": "reached", **said}
    assert post(client, "/tasks/C001/t1/close", body).status_code == 200
    (call,) = program.file().calls.values()
    assert (call.cause, call.spoke_to, call.caller, str(call.next_on)) == ("cash", "Mme Blin", ANNE, "2026-03-18")
    assert [order["template"] for order in get(client, "/debtors/C001")["orders"]] == ["call_agreed"]
