"""Fetch what may be fetched for the tests, and list what is missing: `python -m tests.parts`."""

from __future__ import annotations

import shutil
import subprocess

from infra.local.process import PartUnavailable
from infra.web.assets import AssetsMissing, have_assets
from tests.parts import dynamodb_local
from tests.parts.missing import INSTALL, why_missing


def main() -> None:
    if shutil.which("java") and dynamodb_local.home() is None:
        print("fetching DynamoDB Local into the user's cache …", flush=True)
        try:
            dynamodb_local.fetch()
        except (PartUnavailable, OSError, subprocess.TimeoutExpired) as error:
            print(error)
    try:
        have_assets()
    except AssetsMissing as error:
        print(error)
    for part, how in INSTALL.items():
        reason = why_missing(part)
        print(f"{part:9} {'missing: ' + reason + '; install ' + how if reason else 'ready'}")


if __name__ == "__main__":
    main()
