"""Hand work to a queue of SQS: JSON bodies, ten a call, those that it did not take offered again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from chalicelib.errors import PermanentError, RetryableError, Throttled

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MESSAGES_IN_A_BATCH = 10
BYTES_IN_A_BATCH = 256 * 1024
"""The limit of a single message and of a batch together."""
OFFERS = 3

_THROTTLED = {"RequestThrottled", "ThrottlingException", "Throttling", "KmsThrottled", "OverLimit"}


class SqsQueue:
    """A Queue. A reply that is lost may leave a message there twice: consumers bear that.

    Each message says by `put_at` when it was handed over, so that its consumer knows how long it has waited.
    """

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def put(self, bodies: Iterable[Mapping[str, Any]]) -> int:
        taken = 0
        for batch in _batches(json.dumps({**body, "put_at": _now()}) for body in bodies):
            self._send(batch, taken)
            taken += len(batch)
        return taken

    def _send(self, batch: list[str], before: int) -> None:
        """All of a batch. A call may succeed in part: what was not taken is offered again."""
        left = {str(place): body for place, body in enumerate(batch)}
        for _ in range(OFFERS):
            try:
                answer = self._client.send_message_batch(
                    QueueUrl=self._url, Entries=[{"Id": i, "MessageBody": body} for i, body in left.items()]
                )
            except (ClientError, BotoCoreError) as error:
                raise self._meaning(error, before) from error
            failed = answer.get("Failed", [])
            for refused in failed:
                if refused["SenderFault"]:
                    raise PermanentError(f"queue {self._url} refuses a message: {refused.get('Message')}")
            left = {refused["Id"]: left[refused["Id"]] for refused in failed}
            if not left:
                return
        raise RetryableError(f"queue {self._url} did not take {len(left)} messages ({before} before them are in)")

    def _meaning(self, error: ClientError | BotoCoreError, before: int) -> Exception:
        so_far = f"{before} messages before are in"
        if isinstance(error, HTTPClientError | ConnectionError):
            return RetryableError(f"queue {self._url} did not answer ({so_far}): {error}")
        if isinstance(error, BotoCoreError):
            return PermanentError(f"queue {self._url} cannot be asked ({so_far}): {error}")
        code = error.response["Error"].get("Code", "")
        if any(code.endswith(name) for name in _THROTTLED):
            return Throttled(f"queue {self._url} is throttled ({so_far}): {code}")
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
            return RetryableError(f"queue {self._url} failed ({so_far}): {code}")
        if "NonExistentQueue" in code or "QueueDoesNotExist" in code:
            return PermanentError(f"there is no queue {self._url}: deploy the stack, or correct its address")
        return PermanentError(f"queue {self._url} refuses ({so_far}): {error}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _batches(bodies: Iterable[str]) -> Iterator[list[str]]:
    """Up to ten messages and 256 KB together, formed as the bodies come."""
    batch: list[str] = []
    for body in bodies:
        full = len(batch) == MESSAGES_IN_A_BATCH or sum(map(len, batch)) + len(body) > BYTES_IN_A_BATCH
        if batch and full:
            yield batch
            batch = []
        batch.append(body)
    if batch:
        yield batch
