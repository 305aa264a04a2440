"""What stands in the demonstration's way is told in one line, and it ends with 1."""

from __future__ import annotations

import errno
import fcntl
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import __main__ as demo
from infra.local.process import PartUnavailable


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert demo.main(list(arguments)) == 1
    complaint = capsys.readouterr().err.splitlines()
    assert len(complaint) == 1
    assert complaint[0].startswith("demo: ")
    return complaint[0]


@pytest.mark.parametrize("option", ["--mail-page-port", "--aws-port"])
def test_a_port_in_use_is_named(
    option: str, taken_port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    complaint = refused(capsys, "--state", str(tmp_path), option, str(taken_port))
    assert f"port {taken_port}" in complaint
    assert "in use" in complaint


def test_a_second_one_in_the_same_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another demonstration runs" in refused(capsys, "--state", str(tmp_path))


def test_too_little_room_is_told_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=5_000_000))
    assert "5 MB free" in refused(capsys, "--state", str(tmp_path))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (PartUnavailable("MiniStack: python is not installed"), "python is not installed"),
    ],
)
def test_a_disk_that_fills_up_and_a_missing_tool_are_told_in_a_line(
    error: Exception, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> int:
        raise error

    monkeypatch.setattr(demo, "_demo", fails)
    assert said in refused(capsys, "--state", str(tmp_path))


def test_an_interruption_ends_it_with_130(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "_demo", interrupted)
    assert demo.main(["--state", str(tmp_path)]) == 130
    assert "interrupted" in capsys.readouterr().err
