"""Serve our own style and script and those fetched by lock, each under a name that carries its content's hash.

The files lie in `templates/web/static/` (ours) and `templates/web/vendor/` (fetched by `make assets`, not committed).
Only text: API Gateway is told of no binary types.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.web.pages.guard import NotFound, Visit, page
from chalicelib.web.pages.safety import headers_of_a_static_file
from chalicelib.web.pages.session import Role

PLACES = ("static", "vendor")
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".webmanifest": "application/manifest+json; charset=utf-8",
}


@page("/ops/static/{name}", Role.NOBODY)
def static_file(visit: Visit, name: str) -> Response:
    """A file by its hashed name; another hash is another file, and not there."""
    plain = _plain_name(name)
    path = _files().get(plain)
    if path is None or hashed(plain) != name:
        raise NotFound(f"no file {name}")
    headers: dict[str, str | list[str]] = {"Content-Type": KINDS[path.suffix], **headers_of_a_static_file()}
    return Response(body=path.read_text("utf-8"), headers=headers)


def hashed(plain: str) -> str:
    """The name of a file with its content's hash: ops.css → ops.1f2e3d4c5b.css. Empty where it was not fetched."""
    path = _files().get(plain)
    if path is None:
        return ""
    return f"{path.stem}.{_hash(path, path.stat().st_mtime_ns)}{path.suffix}"


def _plain_name(name: str) -> str:
    stem, _, rest = name.rpartition(".")
    return f"{stem.rpartition('.')[0]}.{rest}"


@cache
def _files() -> dict[str, Path]:
    return {
        path.name: path
        for place in PLACES
        for path in sorted((bootstrap.TEMPLATES / "web" / place).glob("*"))
        if path.suffix in KINDS
    }


@cache
def _hash(path: Path, changed_at: int) -> str:
    """`changed_at` makes a file that is being worked on hashed anew; a deployed one never changes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
