"""`make demo`: set the stage, play sixty days, show what happened, stay up while somebody looks.

Exit code 0: played. 1: something is in the way, and one line says what. 130: interrupted.
"""

from __future__ import annotations

import argparse
import errno
import fcntl
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.creditor_file import read_creditor
from chalicelib.errors import PermanentError, RetryableError
from demo.company import LEDGER
from demo.exhibits import happened
from demo.play import Played, play
from demo.show import Progress, table
from demo.stage import StageBroken
from infra.local.deploy import DeployFailed
from infra.local.package import PackagingFailed
from infra.local.process import PartUnavailable

STATE = Path(".relance")
SPACE_NEEDED = 1_500_000_000
IN_THE_WAY = (
    PartUnavailable, DeployFailed, PackagingFailed, StageBroken, PermanentError, RetryableError, BotoCoreError,
    ClientError, TimeoutError,
)  # fmt: skip


def main(arguments: list[str] | None = None, *, look: Callable[[Played], None] | None = None) -> int:
    """Play and show; `look` is shown what was played while everything is still up."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--state", type=Path, default=STATE, help="where mails, logs and demo.json go (.relance)")
    parser.add_argument("--last-day", type=date.fromisoformat, help="the story's last day, YYYY-MM-DD (today)")
    parser.add_argument("--aws-port", type=int, help="port of the embedded AWS (a free one)")
    parser.add_argument("--mail-page-port", type=int, help="port of the mail server's page (a free one)")
    chosen = parser.parse_args(arguments)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _end)
    try:
        with _only_one(chosen.state):
            return _demo(chosen, look)
    except KeyboardInterrupt:
        print("\ninterrupted; everything that was started has been ended", file=sys.stderr)
        return 130
    except IN_THE_WAY as error:
        return _refuse(str(error))
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return _refuse(f"the disk is full: make room and start again ({error})" if full else str(error))


def _demo(chosen: argparse.Namespace, look: Callable[[Played], None] | None) -> int:
    progress = Progress()
    creditor = read_creditor((LEDGER / "creditor.yaml").read_text("utf-8"), "creditor.yaml")
    started = time.monotonic()
    with play(
        chosen.state, creditor, progress=progress.day, say=progress.say, last_day=chosen.last_day,
        aws_port=chosen.aws_port, mail_page_port=chosen.mail_page_port,
    ) as played:  # fmt: skip
        seconds = time.monotonic() - started
        stays = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("CI", "") in ("", "0", "false")
        if stays:
            played.stage.wake(progress.say)
        _leave(chosen.state, played, seconds)
        if look:
            look(played)
        told = happened(
            played.files, played.chronicle, played.stage.numbers.latest(), played.exhibits, chosen.state
        )  # fmt: skip
        print("\n".join(["", table(played.figures), "", *told, ""]))
        print(_where(chosen.state, played, seconds))
        if stays:
            print("\nEverything stays up until Ctrl-C; the schedules now run by the real clock.", flush=True)
            with suppress(KeyboardInterrupt):
                _wait()
            print("\nended")
    return 0


def _leave(state: Path, played: Played, seconds: float) -> None:
    """demo.json: where everything is, who may come in, and the table's figures."""
    told = played.chronicle
    left: dict[str, Any] = {
        "played": {"from": told.first_day.isoformat(), "to": told.last_day.isoformat(), "seconds": round(seconds, 1)},
        "routes": played.stage.routes,
        "pages": "",
        "mail_page": played.stage.server.page,
        "sign_in": [
            {"for": "routes", "name": "test", "password": "test", "how": "AWS signature v4, service execute-api"},
            {"for": "mail page", "name": played.stage.server.creditor, "password": played.stage.server.password},
        ],
        "aws": {"endpoint": played.stage.stack.endpoint, "region": played.stage.stack.region},
        "outputs": dict(played.stage.outputs),
        "figures": played.figures.as_json(),
        "exhibits": asdict(played.exhibits),
    }  # fmt: skip
    partial = state / ".demo.json"
    partial.write_text(json.dumps(left, indent=2, ensure_ascii=False) + "\n", "utf-8")
    partial.rename(state / "demo.json")


def _where(state: Path, played: Played, seconds: float) -> str:
    stage = played.stage
    return "\n".join(
        [
            f"Played in {seconds:.0f} s, set-up of the stack included. Left in {state}/:",
            "  demo.json        addresses, sign-in, the figures above",
            f"  mail/out/        {len(played.chronicle.got)} mails as clients got them",
            f"  mail/in/         {len(played.mails)} mails as our mailbox got them",
            f"Routes (JSON, signed): {stage.routes}",
            f"Mail page:             {stage.server.page}  ({stage.server.creditor}, password {stage.server.password})",
        ]
    )


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """One demonstration in a folder, and room for it."""
    state.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(state).free
    if free < SPACE_NEEDED:
        raise StageBroken(f"the disk is full: {free // 10**6} MB free in {state}, {SPACE_NEEDED // 10**6} are needed")
    with (state / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StageBroken(f"another demonstration runs in {state}: end it, or choose another --state") from None
        yield


def _wait() -> None:
    while True:
        time.sleep(3600)


def _end(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _refuse(why: str) -> int:
    print(f"demo: {' '.join(why.split())}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
