"""The set-up says in one line what it lacks, and leaves what it could not finish to be tried again."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TOOLS = ("awk", "cat", "df", "dirname", "grep", "mkdir", "rm", "sh", "tail", "touch")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of the project as far as the set-up looks, and a folder of the tools it may use."""
    folder = tmp_path / "clone"
    (folder / "infra" / "local").mkdir(parents=True)
    shutil.copy(REPOSITORY / "infra/local/setup.sh", folder / "infra/local/setup.sh")
    tools = folder / "tools"
    tools.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (tools / tool).symlink_to(found)
    return folder


def replace_tool(clone: Path, name: str, script: str) -> None:
    path = clone / "tools" / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def set_up(clone: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(clone / "infra/local/setup.sh")],
        env={"PATH": str(clone / "tools"), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        timeout=30,
    )


def refusal(clone: Path) -> str:
    done = set_up(clone)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert not (clone / ".venv" / ".ready").exists()
    return line


def test_a_machine_without_python_is_told_which_to_install(clone: Path) -> None:
    assert refusal(clone).startswith("relance: Python 3.11, 3.12 or 3.13 was not found; install one")


def test_a_python_that_is_too_old_counts_as_none(clone: Path) -> None:
    replace_tool(clone, "python3", "exit 1")
    assert "was not found" in refusal(clone)


def test_a_python_without_venv_is_told_the_package(clone: Path) -> None:
    replace_tool(clone, "python3", 'case "$2" in *ensurepip*) exit 1 ;; esac')
    assert refusal(clone) == (
        "relance: python3 lacks the venv module; install it (Debian: apt-get install python3-venv)"
    )


def test_a_full_disk_is_told_before_anything_is_made(clone: Path) -> None:
    replace_tool(clone, "python3", "exit 0")
    replace_tool(clone, "df", "echo 'Filesystem 1024-blocks Used Available'; echo 'disk 999999 999998 1024 99%'")
    assert refusal(clone) == "relance: the disk is full: 1 MB are free here, the environment needs 700 MB"
    assert not (clone / ".venv").exists()


def test_a_failed_installation_shows_its_cause_and_where_the_rest_is(clone: Path) -> None:
    # A Python that can make the environment, in which pip then fails.
    fails = "echo 'ERROR: No matching distribution found for boto3' >&2; echo; exit 1"
    replace_tool(
        clone,
        "python3",
        'if [ "$1" = -m ]; then mkdir -p .venv/bin; cat >.venv/bin/python <<X\n'
        f"#!/bin/sh\n{fails}\nX\n"
        "/bin/chmod 755 .venv/bin/python; fi",
    )
    assert refusal(clone) == (
        "relance: installing the packages failed: ERROR: No matching distribution found for boto3 "
        "(all of it: .relance/setup.log)"
    )
