"""What the README shows works: its commands run, its links lead somewhere, its figures are those of today."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ").split(" #")[0].strip() for line in lines if line.startswith("$ ")]


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_the_readme_begins_with_its_two_commands() -> None:
    assert commands()[:2] == ["make demo", "make test"]


@pytest.mark.parametrize("command", [c for c in commands() if c.startswith("make ")])
def test_every_make_target_that_it_names_is_there(command: str) -> None:
    done = run([*shlex.split(command), "--dry-run"])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [c for c in commands() if re.search(" (simulate|read|match) ", c)])
def test_the_commands_that_need_no_aws_do_what_they_say(command: str) -> None:
    done = run(shlex.split(command))
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 5


@pytest.mark.parametrize("command", [c for c in commands() if " setup " in c or " doctor" in c])
def test_the_commands_for_a_deployed_stack_know_their_options(command: str) -> None:
    program, subcommand, *arguments = shlex.split(command)
    told = run([program, subcommand, "--help"]).stdout
    for option in arguments:
        assert not option.startswith("--") or option in told


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_and_picture_leads_to_a_file(document: Path) -> None:
    text = document.read_text("utf-8")
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) + re.findall(r'src="([^"]+)"', text)
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert not missing


@pytest.mark.needs_ledger
def test_its_figures_of_the_public_ledger_are_those_of_today(ibm_ledger: Path) -> None:
    done = run([
        ".venv/bin/relance", "simulate", "--invoices", str(ibm_ledger), "--map", "ibm_accounts_receivable", "--summary",
    ])  # fmt: skip
    figures = dict(re.findall(r"^(.+?)\s{2,}([\d.]+)", done.stdout, re.MULTILINE))
    for words, figure in (
        ("paid by the due date", "invoices paid by the due date"),
        ("paid late before any reminder", "invoices paid late, before any reminder"),
        ("paid after a reminder", "invoices paid after a reminder"),
        ("e-mails in all", "e-mails"),
    ):
        (told,) = re.findall(rf"^\| {words} \| ([\d,]+)", README, re.MULTILINE)
        assert told.replace(",", "") == figures[figure], figure
