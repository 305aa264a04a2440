"""The relance command on a deployed stack, its settings read from the stack itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from infra.local.deploy import deploy
from tests.sample import CREDITOR

REPOSITORY = Path(__file__).parents[2]
RELANCE = REPOSITORY / ".venv" / "bin" / "relance"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def relance(ministack, mailserver, tmp_path_factory) -> Run:
    """Runs the command with nothing in its environment but the way to the stack."""
    settings = {k: v for k, v in ministack.client_settings().items() if k != "endpoint_url"}
    domain = CREDITOR.mailbox.rpartition("@")[2]
    deployed = deploy(
        "local", endpoint=ministack.endpoint, settings=settings, say=lambda _: None,
        parameters={"SenderDomain": domain, "Schedules": "DISABLED"},
    )  # fmt: skip
    secrets = boto3.client("secretsmanager", **ministack.client_settings())
    login = {"host": mailserver.host, "port": mailserver.imap_port, "user": mailserver.creditor, "tls": False}
    secrets.put_secret_value(
        SecretId=deployed.outputs["MailboxSecret"], SecretString=json.dumps({**login, "password": mailserver.password})
    )
    boto3.client("ses", **ministack.client_settings()).verify_domain_identity(Domain="atelier-exemple.example")

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [RELANCE, *map(str, words), "--stack", deployed.stack],
            env={"PATH": "/usr/bin:/bin", **ministack.environment()},
            capture_output=True, text=True, check=False, cwd=REPOSITORY,
        )  # fmt: skip

    return run


@pytest.mark.slow
def test_a_stack_is_set_up_fed_worked_and_examined_from_the_command_line(relance, tmp_path):
    (tmp_path / "invoices.csv").write_text(
        "number;account;client;country;issued;due;amount;currency;email\n"
        "F1;C1;Café Nord;FR;05/01/2026;04/02/2026;1 200,50;EUR;compta@nord.example\n",
        "cp1252",
    )
    (tmp_path / "payments.csv").write_text("account,number,paid_on,amount,currency\n", "utf-8")

    before = relance("doctor")
    assert before.returncode == 1
    assert "run `relance setup FILE.yaml`" in before.stdout

    assert relance("setup", REPOSITORY / "templates" / "creditor.yaml").stdout.endswith(
        "Atelier Exemple is set up; `relance doctor` checks the rest\n"
    )
    imported = relance("import", "invoices", tmp_path / "invoices.csv")
    assert (imported.returncode, "1 new, 0 known" in imported.stdout) == (0, True), imported.stderr
    assert "Windows-1252" in imported.stderr
    again = relance("import", "invoices", tmp_path / "invoices.csv")
    assert "0 new, 1 known" in again.stdout
    assert relance("import", "payments", tmp_path / "payments.csv").returncode == 0
    assert relance("tasks").stdout == "0 open tasks\n"

    after = relance("doctor")
    states = {line[6:20].strip(): line[:4].strip() for line in after.stdout.splitlines() if line[:4].strip()}
    assert (after.returncode, set(states.values()) - {"ok", "warn"}) == (0, set()), after.stdout
    assert states["table"] == states["creditor"] == states["mailbox"] == states["fresh payments"] == "ok"
