"""relance personal: an export is a file, an erasure says what it would do, and who answers for it is on record."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from chalicelib import bootstrap, cli
from chalicelib.adapters.memory_office import FakeAuditLog
from tests.pipeline.desk import Program
from tests.pipeline.letters import PAUL, REMINDED
from tests.pipeline.test_personal import LATER, MARIE, everything, pay, with_a_past

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "personal-data.md").read_text("utf-8")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def audit() -> FakeAuditLog:
    return FakeAuditLog()


@pytest.fixture
def program(audit: FakeAuditLog) -> Program:
    program = Program(REMINDED)
    with_a_past(program, audit)
    return program


@pytest.fixture
def run(
    program: Program, audit: FakeAuditLog, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    monkeypatch.setattr(bootstrap, "parts", lambda: program.parts)
    monkeypatch.setattr(bootstrap, "audit_log", lambda: audit)
    monkeypatch.setattr(bootstrap, "now", lambda: LATER)

    def told(*words: str) -> tuple[int, str, str]:
        code = cli.main(["personal", *words])
        out, err = capsys.readouterr()
        return code, out, err

    return told


def test_an_export_is_a_zip_that_only_its_owner_reads(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "C001.zip"
    code, told, _ = run("export", "C001", "--out", str(out))
    assert code == 0
    assert f"{out}: 5 files of C001, 0 missing" in told
    assert "LISEZMOI.txt" in ZipFile(out).namelist()
    assert out.stat().st_mode & 0o077 == 0
    assert run("export", "C001", "--person", MARIE, "--out", str(out), "--language", "en")[0] == 0
    assert "README.txt" in ZipFile(out).namelist()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("export", "C404", "--out", "x.zip"), 1, "no debtor 'C404'"),
        (("export", "C001", "--out", "nowhere/x.zip"), 2, "there is no such folder"),
        (("export", "C001", "--out", "x.zip", "--person", "a@b.example"), 2, "nobody with the address"),
        (("erase", "C001", "--by", " "), 2, "nobody is named"),
        (("erase", "C001", "--by", "claire"), 2, "invoice F1 is open (1200.00 EUR)"),
    ],
)
def test_what_cannot_be_done_is_said(
    run: Run, words: tuple[str, ...], code: int, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    got, _, told = run(*words)
    assert got == code
    assert said in told
    assert list(tmp_path.iterdir()) == []


def test_an_erasure_is_asked_of_somebody(run: Run) -> None:
    with pytest.raises(SystemExit):
        run("erase", "C001")


def test_a_dry_run_tells_all_that_would_go_and_changes_nothing(
    run: Run, program: Program, audit: FakeAuditLog
) -> None:
    code, told, _ = run("erase", "C001", "--by", "claire", "--dry-run")
    assert code == 0
    assert told.startswith("in the way: invoice F1 is open")
    assert told.endswith("nothing would be erased now\n")
    pay(program)
    before = everything(program, audit)
    code, told, _ = run("erase", "C001", "--by", "claire", "--dry-run")
    assert everything(program, audit) == before
    assert f"contact: Paul Morel <{PAUL}> +33 1 00 00 00 00" in told
    for key in [key for key in program.archive.kept if key.startswith(("mail/", "sent/", "litigation/"))]:
        assert key in told
    assert "documents/" not in told
    assert "records: 2 contacts would lose words" in told
    assert "stays: sums" in told


def test_an_erasure_is_in_the_audit_log_without_the_words(run: Run, program: Program, audit: FakeAuditLog) -> None:
    pay(program)
    code, told, _ = run("erase", "C001", "--by", "claire")
    assert code == 0
    assert "2 mails received" in told
    assert "may still lie in compta@verre-clair.example" in told
    last = audit.deeds[-1]
    assert (last.who, last.debtor_id, last.what) == ("claire", "C001", "/ops/debtors/{debtor_id}/personal/erase")
    assert "paul" not in repr(audit.deeds[0]).lower()
    assert run("erase", "C001", "--by", "claire")[1] == "nothing that names them is on file\n"
    assert audit.deeds[-1] is last


def test_a_person_leaves_the_contacts_and_is_told_what_stays(run: Run) -> None:
    code, told, _ = run("erase", "C001", "--person", PAUL, "--by", "claire", "--dry-run")
    assert "nothing else would be erased now" in told
    code, told, _ = run("erase", "C001", "--person", PAUL, "--by", "claire")
    assert code == 0
    assert told.startswith("erased from the contacts; journal and mails stay while the claim needs them:\n  invoice F1")


@pytest.mark.parametrize(
    ("before", "listed"), [("2026-03-13", False), ("2026-03-14", True)]  # the last entry is of 2026-03-13
)
def test_who_owes_nothing_and_is_quiet_for_long_is_listed(
    run: Run, program: Program, before: str, listed: bool
) -> None:
    assert run("list", "--before", "2030-01-01") == (0, "", "")
    pay(program)
    code, told, _ = run("list", "--before", before)
    assert (code, told) == (0, "C001            2026-03-13  Garage Morel\n" if listed else "")
    run("erase", "C001", "--by", "claire")
    assert run("list", "--before", "2030-01-01")[1] == ""


@pytest.mark.parametrize("command", re.findall(r"(?m)^relance personal ([^#\n]+)", PAGE))
def test_the_commands_of_the_documentation_run(
    run: Run, program: Program, command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pay(program)
    monkeypatch.chdir(tmp_path)
    assert run(*shlex.split(command.replace("paul@garage.example", PAUL)))[0] == 0


def test_the_documentation_names_every_prefix_of_the_archive_that_an_erasure_empties() -> None:
    policy = json.loads((ROOT / ".chalice" / "policy-api.json").read_text("utf-8"))
    (one,) = [one for one in policy["Statement"] if one["Sid"] == "EraseVersions"]
    for resource in one["Resource"]:
        folder = resource["Fn::Sub"].removeprefix("${Archive.Arn}/").split("/")[0]
        assert re.search(rf"(?m)^\| archive .*`{folder}/", PAGE), folder
