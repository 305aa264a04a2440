"""A proxy before an AWS endpoint that throttles, cuts, delays, or loses the reply of what was done."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from infra.local.ports import LOOPBACK, free_port
from infra.local.process import running

CONTROL = "_microburst"
# The proxy reads botocore's description of a service at its first request: seconds that a test with a
# time-out must not meet.
WARM_UP: dict[str, Callable[[Any], object]] = {
    "dynamodb": lambda client: client.list_tables(),
    "s3": lambda client: client.list_buckets(),
    "ses": lambda client: client.get_send_quota(),
    "sesv2": lambda client: client.list_email_identities(),
    "sqs": lambda client: client.list_queues(),
}


@dataclass(frozen=True)
class Fault:
    """A fault that struck: service and operation as the proxy names them, and what it did."""

    service: str
    operation: str
    action: str


@dataclass(frozen=True)
class Faults:
    """The proxy: clients go to `endpoint`, tests order faults. Each order strikes `times` times, then ends.

    The operations of SES v2 are seen as service "ses" without operation. Orders add up until `clear()`;
    of several that fit, the first given strikes.
    """

    endpoint: str
    upstream: str

    def refuse(
        self, service: str, operation: str | None = None, *, code: str, message: str = "", times: int = 1
    ) -> None:
        """Answer with the service's error `code` (such as ThrottlingException) without asking the service."""
        self._order(service, operation, times, error={"code": code, "message": message or code})

    def lose_reply(self, service: str, operation: str | None = None, *, times: int = 1) -> None:
        """Let the service do it, then cut the connection before one byte of the reply."""
        self._order(service, operation, times, response={"abort_bytes": 0})

    def reset(self, service: str, operation: str | None = None, *, times: int = 1) -> None:
        """Cut the connection before the service hears of it."""
        self._order(service, operation, times, reset=True)

    def delay(self, service: str, operation: str | None = None, *, milliseconds: int, times: int = 1) -> None:
        """Hold the request back before the service hears of it."""
        self._order(service, operation, times, latency=milliseconds)

    def struck(self) -> list[Fault]:
        """The faults that struck since `clear()`, oldest first."""
        return [Fault(f["service"], f["operation"], f["action"]) for f in self._control("GET", "fired")]

    def clear(self) -> None:
        """Withdraw every order and forget what struck."""
        self._control("POST", "rules", [])
        self._control("DELETE", "fired")

    def _order(self, service: str, operation: str | None, times: int, **effect: object) -> None:
        rule: dict[str, object] = {"service": service, "times": times, **effect}
        if operation:
            rule["operation"] = operation
        self._control("PATCH", "rules", [rule])

    def _control(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(
            f"{self.endpoint}/{CONTROL}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")


@contextmanager
def run_faults(upstream: str, *, logs: Path, services: tuple[str, ...]) -> Iterator[Faults]:
    """Run a proxy before `upstream` while the block lasts, warmed up for `services` (names of boto3)."""
    port = free_port()
    faults = Faults(endpoint=f"http://{LOOPBACK}:{port}", upstream=upstream)
    command = [sys.executable, "-m", "microburst", "-u", upstream, "-p", str(port), "--no-resign"]
    with running(
        "fault proxy",
        command,
        ready=lambda: _healthy(faults),
        log=logs / f"faults-{port}.log",
        stop_within_seconds=0.5,
    ):
        for service in services:
            WARM_UP[service](_patient_client(service, faults.endpoint))
        faults.clear()
        yield faults


def _healthy(faults: Faults) -> bool:
    try:
        return bool(faults._control("GET", "health")["status"] == "ok")
    except OSError:
        return False


def _patient_client(service: Any, endpoint: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="eu-west-3",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(read_timeout=30, retries={"total_max_attempts": 3}),
    )
