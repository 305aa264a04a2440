"""The JSON routes of formal notices, and the same from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chalice.test import Client

from chalicelib import bootstrap, cli
from chalicelib.domain.debtor_file import LetterState, Task, TaskKind
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.pipeline.remind import remind
from tests.pipeline.desk import Program
from tests.pipeline.test_formal_notice import reminded
from tests.sample import case, file_of, paris

pytestmark = pytest.mark.filterwarnings("ignore:IAMAuthorizer is not a supported")
AT = paris("2026-05-04")


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Program:
    """A debtor without a postal address whose formal notice is to be approved."""
    from chalicelib.web import letters

    program = Program(AT)
    monkeypatch.setattr(bootstrap, "parts", lambda: program.parts)
    monkeypatch.setattr(bootstrap, "now", lambda: AT)
    monkeypatch.setattr(letters, "caller", lambda _: "hugo")
    program.put(file_of(case("F1", "2026-03-10"), case("F2", "2026-05-01", "300"), sales_rep=""), AT)
    happened = [(event, "test") for event in reminded()]
    keep(program.parts, office_of(program.parts), "C001", lambda _: happened, at=AT, who="test")
    remind(program.parts, "C001", at=AT)
    return program


@pytest.fixture
def client() -> Iterator[Client]:
    from app import app

    with Client(app, stage_name="local") as client:
        yield client


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*words: object) -> tuple[int, str, str]:
        code = cli.main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def task_of(program: Program) -> Task:
    (task,) = [t for t in program.file().open_tasks() if t.kind is TaskKind.APPROVE_NOTICE]
    return task


def post(client: Client, path: str, body: Any, status: int = 200) -> dict[str, Any]:
    response = client.http.post(path, body=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
    assert response.status_code == status, response.body
    return dict(response.json_body)


def get(client: Client, path: str) -> dict[str, Any]:
    response = client.http.get(path)
    assert response.status_code == 200, response.body
    return dict(response.json_body)


def test_a_draft_is_read_completed_approved_printed_and_posted(program: Program, client: Client) -> None:
    task = task_of(program)
    assert "cannot be approved yet: the postal address" in task.reason
    shown = get(client, f"/notices/C001/{task.id}/draft")
    assert [i["number"] for i in shown["draft"]["facts"]["invoices"]] == ["F1", "F2"]
    assert "postal address" in shown["draft"]["missing"][0]
    refused = post(client, f"/notices/C001/{task.id}/approve", {}, 400)
    assert "postal address of Garage Morel" in refused["message"]

    post(client, "/debtors/C001/identity", {"address": ["12 rue du Garage", "35000 Rennes"], "legal_id": "987 654 324"})
    body = {"deadline_on": "2026-05-20", "added": "Un accord reste possible.", "without": ["F2"]}
    letter = post(client, f"/notices/C001/{task.id}/approve", body)["letter"]
    assert (letter["approved_by"], letter["deadline_on"]) == ("hugo", "2026-05-20")
    assert [demand["number"] for demand in letter["demands"]] == ["F1"]
    again = post(client, f"/notices/C001/{task.id}/approve", {}, 409)
    assert "was closed" in again["message"]

    remind(program.parts, "C001", at=AT)
    shown = get(client, f"/letters/C001/{letter['id']}")
    assert shown["link"] == f"memory://{shown['letter']['key']}?seconds=600"
    assert shown["proof_link"] is None
    posted = post(client, f"/letters/C001/{letter['id']}/tracking", {"tracking": "1A 234", "on": "2026-05-04"})
    assert (posted["letter"]["state"], posted["letter"]["tracking"]) == ("posted", "1A 234")


@pytest.mark.parametrize(("body", "where"), [
    ({}, "body, reason"), ({"reason": " "}, "body, reason"), ({"reason": "no", "until": "soon"}, "body, until"),
    ({"reason": "no", "until": "2026-05-04"}, "on"), ({"because": "no"}, "body, because"),
])  # fmt: skip
def test_a_rejection_says_why_and_until_when(program: Program, client: Client, body: Any, where: str) -> None:
    task = task_of(program)
    assert post(client, f"/notices/C001/{task.id}/reject", body, 400)["where"] == where
    post(client, f"/notices/C001/{task.id}/reject", {"reason": "they called", "until": "2026-05-18"})
    assert program.file().letters == {}
    (block,) = program.file().blocks.values()
    assert str(block.until) == "2026-05-18"


def test_the_options_are_told_with_costs_and_needs(program: Program, client: Client) -> None:
    options = {option["outcome"]: option for option in get(client, "/after-notice")["options"]}
    assert "37" in options["court_order"]["costs"]["fr"]
    assert options["mediator"]["costs"] == {"fr": "gratuit", "en": "free"}


def test_the_same_from_the_command_line(program: Program, run: Callable[..., Any], tmp_path: Path) -> None:
    task = task_of(program)
    code, out, _ = run("notice", "C001", task.id, "--draft", tmp_path / "draft.pdf")
    assert code == 0
    assert (tmp_path / "draft.pdf").read_bytes().startswith(b"%PDF")
    assert "missing:             the postal address" in out
    code, _, err = run("notice", "C001", task.id, "--approve")
    assert (code, "postal address" in err) == (2, True)
    code, out, _ = run("debtor", "C001", "--address", "12 rue du Garage", "--address", "35000 Rennes")
    assert (code, out) == (0, "Garage Morel, 12 rue du Garage, 35000 Rennes\n")
    (tmp_path / "more.txt").write_text("Un accord reste possible.\n", "utf-8")
    code, out, err = run(
        "notice", "C001", task.id, "--approve", "--deadline", "2026-05-20", "--add-paragraph", tmp_path / "more.txt"
    )
    assert (code, "edited; letter-" in out) == (0, True), err
    remind(program.parts, "C001", at=AT)
    (letter,) = program.file().letters.values()
    assert letter.added == ("Un accord reste possible.",)
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.4 scan")
    assert run("letter", "C001", letter.id, "--tracking", "1A 234")[0] == 0
    code, out, err = run("letter", "C001", letter.id, "--proof", tmp_path / "scan.pdf")
    assert (code, "tracking:    1A 234" in out) == (0, True), err
    code, out, err = run("letter", "C001", letter.id, "--save", tmp_path / "letter.pdf")
    assert (code, (tmp_path / "letter.pdf").read_bytes()) == (0, program.archive.get(letter.key)), err
    (letter,) = program.file().letters.values()
    assert letter.state is LetterState.DELIVERED


def test_a_rejection_from_the_command_line(program: Program, run: Callable[..., Any]) -> None:
    code, out, _ = run("notice", "C001", task_of(program).id, "--reject", "they called", "--until", "2026-05-18")
    assert (code, out.endswith(": rejected\n")) == (0, True)


def test_what_is_no_letter_is_told(program: Program, run: Callable[..., Any]) -> None:
    code, _, err = run("letter", "C001", "letter-0", "--tracking", "1A")
    assert (code, "no such letter" in err) == (2, True)


