"""A part that cannot be had is told in one line, and never left running."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infra.local.process import PartUnavailable, running


def test_a_missing_command_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(PartUnavailable, match="^part: no-such-command is not installed$"),
        running("part", ["no-such-command"], ready=lambda: True, log=tmp_path / "log"),
    ):
        pass


def test_a_process_that_ends_at_its_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('the disk is full'); raise SystemExit(3)"]
    with (
        pytest.raises(PartUnavailable, match="^part: ended with code 3 at its start: the disk is full$"),
        running("part", command, ready=lambda: False, log=tmp_path / "log"),
    ):
        pass


def test_a_process_that_is_never_ready_is_ended(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    command = [
        sys.executable,
        "-c",
        f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)",
    ]
    with (
        pytest.raises(PartUnavailable, match="^part: not ready after 1 s: it printed nothing to log$"),
        running("part", command, ready=lambda: False, log=tmp_path / "log", start_within_seconds=1),
    ):
        pass
    assert not Path("/proc", pid.read_text()).exists()
