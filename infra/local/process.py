"""A server in a process of its own: started, waited for, stopped by its id."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

POLL_SECONDS = 0.05
LOG_LINES_SHOWN = 5


class PartUnavailable(Exception):
    """A part of the embedded stack cannot be had. The message is one line: what, why, what to do."""


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    *,
    ready: Callable[[], bool],
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    start_within_seconds: float = 20.0,
    stop_within_seconds: float = 15.0,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` while the block lasts; enter it once `ready()` holds.

    `log` receives everything the process prints. The thread that enters the block must outlive it: the system
    takes the end of that thread for our end, and stops the process. Refuses with PartUnavailable: the command
    is missing, the process ends before it is ready, or it is not ready in time.
    """
    process = _start(name, command, log, env, cwd)
    try:
        _await_ready(name, process, ready, log, start_within_seconds)
        yield process
    finally:
        _stop(process, stop_within_seconds)


def environment_without_aws() -> dict[str, str]:
    """Our environment less everything that could lead an AWS client to a real account."""
    return {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}


def _start(
    name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None, cwd: Path | None
) -> subprocess.Popen[bytes]:
    if shutil.which(command[0]) is None:
        raise PartUnavailable(f"{name}: {command[0]} is not installed")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as sink:
        return subprocess.Popen(
            [*_ends_with_us(), *command],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            # A group of its own: Ctrl-C on our terminal must not stop it before we have asked for its state,
            # and what it leaves behind can be ended with it.
            start_new_session=True,
        )


def _ends_with_us() -> list[str]:
    """Where the system can: have the process asked to end when we are killed and cannot ask it any more."""
    return ["setpriv", "--pdeathsig", "TERM", "--"] if shutil.which("setpriv") else []


def _await_ready(
    name: str, process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path, seconds: float
) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise PartUnavailable(f"{name}: ended with code {process.returncode} at its start: {_tail(log)}")
        if time.monotonic() > deadline:
            raise PartUnavailable(f"{name}: not ready after {seconds:.0f} s: {_tail(log)}")
        time.sleep(POLL_SECONDS)


def _stop(process: subprocess.Popen[bytes], seconds: float) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    # Its own children (a worker, a function's process) share its group and may outlive it.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _tail(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return " / ".join(lines[-LOG_LINES_SHOWN:]) or f"it printed nothing to {log.name}"
