"""Fetch the samples that ship inside public source packages, once, and keep them unpacked beside the other parts.

`pip download` would build each package to learn its metadata, which takes minutes; only the archive is wanted. So the
index that pip is set up with is asked for the file itself.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import ssl
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from functools import cache
from html import unescape
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import pytest

KEPT = Path(__file__).resolve().parents[2] / ".relance" / "parts" / "samples"


@cache
def samples_of(name: str, version: str) -> Path:
    """The unpacked folder of a package's source (or its wheel, where that is all there is).

    The test that asks is left out aloud where the package cannot be had.
    """
    place = KEPT / f"{name}-{version}"
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the tests run in several processes
        if not (place / ".whole").is_file():
            try:
                _unpack(*_fetch(name, version), place)
            except (OSError, LookupError, tarfile.TarError, zipfile.BadZipFile) as error:
                pytest.skip(f"left out, the samples of {name} {version} cannot be had: {error}")
            (place / ".whole").touch()
    inside = [path for path in place.iterdir() if path.is_dir()]
    return inside[0] if len(inside) == 1 else place


def _fetch(name: str, version: str) -> tuple[str, bytes]:
    """The archive's file name and bytes, its digest compared with the index's."""
    page = f"{_index().rstrip('/')}/{_spelled(name)}/"
    links = [unescape(link) for link in re.findall(r'<a[^>]+href="([^"]+)"', _get(page).decode())]
    for ending in (".tar.gz", ".zip", "-py3-none-any.whl"):
        for link in links:
            url, digest = urldefrag(urljoin(page, link))
            file_name = url.rpartition("/")[2]
            if _spelled(file_name) == _spelled(f"{name}-{version}{ending}"):
                content = _get(url)
                if digest.startswith("sha256=") and hashlib.sha256(content).hexdigest() != digest[7:]:
                    raise LookupError(f"{file_name} is not what the index says")
                return file_name, content
    raise LookupError("the index has no such archive")


def _spelled(name: str) -> str:
    """A name as the index compares names: publishers write dots, dashes and underscores as they please."""
    return re.sub("[-_.]+", "-", name).lower()


def _unpack(file_name: str, content: bytes, place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    packed = place / file_name
    packed.write_bytes(content)
    if file_name.endswith(".tar.gz"):
        with tarfile.open(packed) as archive:
            archive.extractall(place, filter="data")
    else:
        with zipfile.ZipFile(packed) as archive:
            archive.extractall(place)  # noqa: S202 — into a folder of its own, from an archive whose digest is known
    packed.unlink()


@cache
def _index() -> str:
    """The index that pip is set up with."""
    told = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False
    )
    if os.environ.get("PIP_INDEX_URL") or told.stdout.strip():
        return os.environ.get("PIP_INDEX_URL") or told.stdout.strip()
    standard = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    return subprocess.run([sys.executable, "-c", standard], capture_output=True, text=True, check=True).stdout.strip()


def _get(url: str) -> bytes:
    trust = ssl.create_default_context(cafile=os.environ.get("PIP_CERT"))
    request = urllib.request.Request(url, headers={"Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=120, context=trust if url.startswith("https") else None) as answer:
        content: bytes = answer.read()
    return content
