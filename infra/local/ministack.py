"""MiniStack: the AWS services of the application, in one process on the loopback."""

from __future__ import annotations

import json
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from infra.local.ports import LOOPBACK, claim_port
from infra.local.process import environment_without_aws, running

REGION = "eu-west-3"
# Any pair is accepted when policies are not enforced; with enforcement, "test" is the account's root.
ACCESS_KEY = "test"
SECRET_KEY = "test"


class ClientSettings(TypedDict):
    """What `boto3.client` takes to reach one place and no other."""

    endpoint_url: str
    region_name: str
    aws_access_key_id: str
    aws_secret_access_key: str


@dataclass(frozen=True)
class MiniStack:
    """A running MiniStack: where it is, and what an AWS client needs to reach it."""

    endpoint: str
    port: int
    region: str
    log: Path

    def client_settings(self) -> ClientSettings:
        """Keyword arguments for `boto3.client(...)`."""
        return {
            "endpoint_url": self.endpoint,
            "region_name": self.region,
            "aws_access_key_id": ACCESS_KEY,
            "aws_secret_access_key": SECRET_KEY,
        }

    def environment(self) -> dict[str, str]:
        """Variables that lead a process of ours, and any AWS client in it, to this stack and nowhere else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def run_ministack(
    state: Path,
    *,
    port: int | None = None,
    smtp_relay: tuple[str, int] | None = None,
    enforce_policies: bool = False,
    persist: bool = True,
    region: str = REGION,
) -> Iterator[MiniStack]:
    """Run MiniStack while the block lasts.

    state: its folder (created); with `persist`, what it held is written there when it stops and read when it
    starts again. That happens on an orderly stop only: good for trials, never for production.
    smtp_relay: where SES hands its mail on; a refusal there is logged and nobody hears of it, so a dead address
    is one the relay takes and bounces. enforce_policies: AWS calls are checked against the caller's
    role. port: keep it from one start to the next, queues remember their address with it. Refuses with
    PartUnavailable when the port is taken or it does not come up.
    """
    claimed = claim_port(port, "MiniStack")
    endpoint = f"http://{LOOPBACK}:{claimed}"
    state.mkdir(parents=True, exist_ok=True)
    log = state / "ministack.log"
    unpacked = state / "tmp"
    unpacked.mkdir(exist_ok=True)
    env = {
        **environment_without_aws(),
        # Without it the server listens on every interface.
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(claimed),
        # The name its answers give for themselves, for instance in a queue's URL.
        "MINISTACK_HOST": LOOPBACK,
        "MINISTACK_REGION": region,
        "PERSIST_STATE": "1" if persist else "0",
        "STATE_DIR": str(state.resolve()),
        "S3_PERSIST": "1" if persist else "0",
        "S3_DATA_DIR": str(state.resolve() / "s3"),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        # It unpacks a function's code anew for each of its workers, and leaves it there.
        "TMPDIR": str(unpacked.resolve()),
        "AUTH": "true" if enforce_policies else "false",
        "SMTP_HOST": f"{smtp_relay[0]}:{smtp_relay[1]}" if smtp_relay else "",
    }
    try:
        with running(
            "MiniStack",
            [sys.executable, "-m", "ministack"],
            ready=lambda: _is_ready(endpoint),
            log=log,
            env=env,
        ):
            yield MiniStack(endpoint=endpoint, port=claimed, region=region, log=log)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _is_ready(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/ready", timeout=2) as answer:  # noqa: S310 — our own http URL
            return bool(json.loads(answer.read()).get("status") == "completed")
    except (OSError, ValueError, urllib.error.HTTPError):
        return False
