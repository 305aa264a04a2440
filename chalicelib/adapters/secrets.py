"""Read secrets from AWS Secrets Manager, keep them some minutes, read a refused one again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from chalicelib.errors import PermanentError, RetryableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_T = TypeVar("_T")

KEPT_SECONDS = 300.0
"""A secret is read once in five minutes at most: a poll that runs every five minutes costs one call."""

_TRANSIENT = {
    "InternalServiceError",
    "InternalServiceErrorException",
    "ThrottlingException",
    "RequestLimitExceeded",
}


class SecretsManagerSecrets:
    """Secrets by name or ARN. No error of ours ever quotes a value."""

    def __init__(
        self,
        client: SecretsManagerClient,
        *,
        kept_seconds: float = KEPT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._kept_seconds, self._clock = client, kept_seconds, clock
        self._kept: dict[str, tuple[float, str]] = {}

    def get(self, name: str) -> str:
        """The secret's value. RetryableError: not to be had now. PermanentError: missing, or not for us."""
        read_at, value = self._kept.get(name, (float("-inf"), ""))
        return value if self._clock() - read_at < self._kept_seconds else self._read(name)

    def use(self, name: str, login: Callable[[str], _T]) -> _T:
        """Log in with a secret; where it is refused, once more with the secret as it is now, if it changed.

        A secret that was rotated while we kept the old one costs one refused login and no run.
        """
        value = self.get(name)
        try:
            return login(value)
        except PermanentError:
            now = self._read(name)
            if now == value:
                raise
            return login(now)

    def _read(self, name: str) -> str:
        try:
            answer = self._client.get_secret_value(SecretId=name)
        except ClientError as error:
            raise _meaning(error, name) from error
        except (ConnectionError, HTTPClientError) as error:
            raise RetryableError(f"Secrets Manager did not answer when asked for {name}") from error
        except BotoCoreError as error:
            raise PermanentError(f"Secrets Manager cannot be asked for {name}: {error}") from error
        value = answer.get("SecretString", "")
        if not value:
            raise PermanentError(f"secret {name} holds no text: put a JSON text into it")
        self._kept[name] = (self._clock(), value)
        return value


def _meaning(error: ClientError, name: str) -> Exception:
    code = error.response["Error"].get("Code", "")
    if code in _TRANSIENT or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
        return RetryableError(f"Secrets Manager failed when asked for {name}: {code}")
    if code == "ResourceNotFoundException":
        return PermanentError(f"secret {name} does not exist or has no value: put one into it (docs/deploy.md)")
    if code == "InvalidRequestException":
        return PermanentError(f"secret {name} is marked for deletion: restore it")
    return PermanentError(f"secret {name} cannot be read: {code}")
