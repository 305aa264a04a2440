"""docs/calls.md: its commands run, its outcomes are those that exist, and the call sheet prints."""

from __future__ import annotations

import json
import re
import shlex
from datetime import date
from pathlib import Path

import pytest

from chalicelib import bootstrap, cli
from chalicelib.domain import calls
from chalicelib.domain.debtor_file import Task, TaskKind
from chalicelib.domain.events import TaskRaised
from chalicelib.pipeline.keep import keep, office_of
from tests.pipeline.desk import Program
from tests.sample import case, file_of, paris

AT = paris("2026-03-16")
PAGE = (Path(__file__).parents[1] / "docs" / "calls.md").read_text("utf-8")
COMMANDS = re.findall(r"(?m)^relance (tasks close .+)$", PAGE)


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Program:
    program = Program(AT)
    monkeypatch.setattr(bootstrap, "parts", lambda: program.parts)
    monkeypatch.setattr(bootstrap, "now", lambda: AT)
    program.put(file_of(case("F1", "2026-03-02")), paris("2026-03-11"))
    task = Task(
        id="t1", kind=TaskKind.CALL, raised_on=date(2026, 3, 16), due_on=date(2026, 3, 16), reason="call them",
        numbers=("F1",),
    )  # fmt: skip
    office = office_of(program.parts)
    keep(program.parts, office, "C001", lambda _: [(TaskRaised(task=task), "x")], at=AT, who="test")
    return program


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_the_page_log_a_call(program: Program, command: str) -> None:
    assert cli.main(shlex.split(command.replace("DEBTOR/TASK", "C001/t1"))) == 0
    assert len(program.file().calls) == 1


def test_the_page_names_every_outcome_and_every_cause() -> None:
    assert len(COMMANDS) == 3
    table = PAGE[PAGE.index("| outcome |") :]
    assert set(re.findall(r"`([a-z_]+)`", table)) >= calls.OUTCOMES | set(calls.CAUSES)


@pytest.mark.parametrize(("language", "title"), [("fr", "FICHE D’APPEL"), ("en", "CALL SHEET")])
def test_the_sheet_is_printed_in_both_languages(
    program: Program, capsys: pytest.CaptureFixture[str], language: str, title: str
) -> None:
    assert cli.main(["call-sheet", "C001/t1", "--language", language]) == 0
    page = capsys.readouterr().out
    assert page.startswith(title)
    assert "F1" in page
    assert not [line for line in page.splitlines() if len(line) > 140]


@pytest.mark.parametrize(
    ("language", "why"),
    [
        ("fr", "appeler après une promesse rompue : promis pour le 2 mars 2026, rien au 4 mars 2026"),
        ("en", "call about a broken promise: promised for 2026-03-02, nothing by 2026-03-04"),
    ],
)
def test_the_sheet_says_why_in_the_callers_language(
    program: Program, capsys: pytest.CaptureFixture[str], language: str, why: str
) -> None:
    reason = "call about a broken promise: promised for 2026-03-02, nothing by 2026-03-04"
    task = Task(
        id="t2", kind=TaskKind.BROKEN_PROMISE, raised_on=AT.date(), due_on=AT.date(), reason=reason, numbers=("F1",)
    )
    office = office_of(program.parts)
    keep(program.parts, office, "C001", lambda _: [(TaskRaised(task=task), reason)], at=AT, who="relance")
    assert cli.main(["call-sheet", "C001/t2", "--language", language]) == 0
    assert capsys.readouterr().out.splitlines()[2] == why


def test_the_sheet_is_one_json_object(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["call-sheet", "C001", "t1", "--json"]) == 0
    sheet = json.loads(capsys.readouterr().out)
    assert sheet["items"][0]["case"]["number"] == "F1"
    assert sheet["people"][0]["contact"]["phone"] == "+33 1 00 00 00 00"
    assert sheet["message"].startswith("Bonjour, Nadia Ferrand")


def test_a_hostile_name_prints_as_one_line(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    from dataclasses import replace

    from chalicelib.domain.events import DebtorChanged

    evil = replace(program.file().debtor, name="Nord\x1b[2J\nFacture {{ 7 * 7 }} <b>")
    office = office_of(program.parts)
    keep(program.parts, office, "C001", lambda _: [(DebtorChanged(debtor=evil), "x")], at=AT, who="test")
    cli.main(["call-sheet", "C001/t1"])
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "FICHE D’APPEL · Nord [2J Facture {{ 7 * 7 }} <b> · 16 mars 2026"


def test_only_a_call_has_a_sheet(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    task = Task(id="t2", kind=TaskKind.REVIEW_MAIL, raised_on=AT.date(), due_on=AT.date(), reason="x")
    office = office_of(program.parts)
    keep(program.parts, office, "C001", lambda _: [(TaskRaised(task=task), "x")], at=AT, who="test")
    assert cli.main(["call-sheet", "C001/t2"]) == 2
    assert "no call" in capsys.readouterr().err
