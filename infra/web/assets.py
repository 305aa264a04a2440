"""Fetch the scripts of the operations pages, as the lock names them: `python -m infra.web.assets`, `make assets`.

npm checks each package against the lock's integrity and is told to run none of their scripts. What the pages need
lies afterwards in `templates/web/vendor/`, what their tests need in `.relance/npm/node_modules/`. Neither is
committed. The lock names no registry: npm takes its own.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
LOCK = Path("infra", "web")
UNPACKED = Path(".relance", "npm")
VENDOR = Path("templates", "web", "vendor")
TAKEN = {
    # What is served, and where it stands in its package.
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "chart.umd.min.js": "chart.js/dist/chart.umd.min.js",
}
AXE = UNPACKED / "node_modules" / "axe-core" / "axe.min.js"
FETCH_WITHIN_SECONDS = 300


class AssetsMissing(Exception):
    """The scripts could not be fetched; the message says why."""


def have_assets(project: Path = PROJECT) -> None:
    """Fetch what the lock names unless it is there already. AssetsMissing: npm is missing, or failed."""
    wanted = _hash_of_lock(project)
    mark = project / VENDOR / ".lock"
    complete = all((project / VENDOR / name).is_file() for name in TAKEN) and (project / AXE).is_file()
    if complete and mark.is_file() and mark.read_text() == wanted:
        return
    if shutil.which("npm") is None:
        raise AssetsMissing("the pages' scripts were not fetched: npm is not installed (Debian: npm)")
    folder = project / UNPACKED
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(project / LOCK / name, folder / name)
    try:
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=FETCH_WITHIN_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise AssetsMissing(f"npm ci did not end within {FETCH_WITHIN_SECONDS} s") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["it did not say why"]
        raise AssetsMissing(f"npm ci failed: {lines[0]}")
    (project / VENDOR).mkdir(parents=True, exist_ok=True)
    for name, place in TAKEN.items():
        text = (folder / "node_modules" / place).read_text("utf-8")
        # A source map is not served, and a browser's tools would ask for it.
        lines = [line for line in text.splitlines() if not line.startswith("//# sourceMappingURL=")]
        (project / VENDOR / name).write_text("\n".join(lines) + "\n", "utf-8")
    mark.write_text(wanted)


def _hash_of_lock(project: Path) -> str:
    taken = repr(sorted(TAKEN.items())).encode()
    return hashlib.sha256((project / LOCK / "package-lock.json").read_bytes() + taken).hexdigest()


def main() -> int:
    try:
        have_assets()
    except AssetsMissing as error:
        print(f"assets: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
