"""Tell which real parts this machine lacks, and how to get them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.parts import dynamodb_local

REPOSITORY = Path(__file__).resolve().parents[2]
LEDGER_BESIDE_US = REPOSITORY.parent / "shared" / "data" / "ibm-accounts-receivable.csv"

INSTALL = {
    "java": "a Java runtime (Debian: default-jre-headless) and DynamoDB Local (`make parts`, needs npm)",
    "dovecot": "Dovecot 2.3 (Debian 12: dovecot-imapd dovecot-lmtpd)",
    "chromium": "Chromium (Debian: chromium)",
    "ledger": "the public accounts-receivable ledger, its path in RELANCE_LEDGER",
}


def why_missing(part: str) -> str | None:
    """None if the part can be used here, else what is wrong."""
    return _CHECKS[part]()


def ledger() -> Path | None:
    """The public ledger: where RELANCE_LEDGER says, else where it usually lies beside the project."""
    path = Path(os.environ.get("RELANCE_LEDGER") or LEDGER_BESIDE_US)
    return path if path.is_file() else None


def _java() -> str | None:
    if shutil.which("java") is None:
        return "there is no java"
    if dynamodb_local.home() is None:
        return "DynamoDB Local was not fetched"
    return None


def _dovecot() -> str | None:
    if shutil.which("dovecot") is None:
        return "there is no dovecot"
    try:
        told = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"dovecot does not run: {error}"
    # 2.4 reads another configuration language.
    return (
        None
        if told.startswith("2.3.")
        else f"dovecot is {told.split(' ')[0] or 'of unknown version'}, not 2.3"
    )


def _chromium() -> str | None:
    return None if shutil.which("chromium") else "there is no chromium"


def _ledger() -> str | None:
    return None if ledger() else "the ledger was not found"


_CHECKS = {"java": _java, "dovecot": _dovecot, "chromium": _chromium, "ledger": _ledger}
