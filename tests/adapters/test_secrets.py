"""Secrets are read seldom, read again when refused, and never quoted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from moto import mock_aws

from chalicelib.adapters.secrets import KEPT_SECONDS, SecretsManagerSecrets
from chalicelib.errors import PermanentError, RetryableError


class Clock:
    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def manager() -> Iterator[Any]:
    with mock_aws():
        manager = boto3.client("secretsmanager", region_name="eu-west-3")
        manager.create_secret(Name="mailbox", SecretString="old")
        yield manager


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def secrets(manager: Any, clock: Clock) -> SecretsManagerSecrets:
    return SecretsManagerSecrets(manager, clock=clock)


@pytest.mark.parametrize(("later", "value"), [(-1, "old"), (0, "new"), (1, "new")])
def test_a_secret_is_kept_for_five_minutes(
    manager: Any, secrets: SecretsManagerSecrets, clock: Clock, later: float, value: str
) -> None:
    assert secrets.get("mailbox") == "old"
    manager.put_secret_value(SecretId="mailbox", SecretString="new")
    clock.seconds += KEPT_SECONDS + later
    assert secrets.get("mailbox") == value


def test_a_secret_that_was_rotated_is_read_again_when_the_old_one_is_refused(
    manager: Any, secrets: SecretsManagerSecrets
) -> None:
    secrets.get("mailbox")
    manager.put_secret_value(SecretId="mailbox", SecretString="new")
    tried: list[str] = []

    def login(value: str) -> str:
        tried.append(value)
        if value != "new":
            raise PermanentError("login refused")
        return "in"

    assert secrets.use("mailbox", login) == "in"
    assert tried == ["old", "new"]
    assert secrets.use("mailbox", login) == "in"
    assert tried == ["old", "new", "new"]


def test_a_wrong_secret_is_tried_once_only(secrets: SecretsManagerSecrets) -> None:
    tried: list[str] = []

    def login(value: str) -> None:
        tried.append(value)
        raise PermanentError("login refused")

    with pytest.raises(PermanentError, match="login refused"):
        secrets.use("mailbox", login)
    assert tried == ["old"]


def test_a_server_that_is_down_says_nothing_about_the_secret(secrets: SecretsManagerSecrets) -> None:
    tried: list[str] = []

    def login(value: str) -> None:
        tried.append(value)
        raise RetryableError("unreachable")

    with pytest.raises(RetryableError):
        secrets.use("mailbox", login)
    assert tried == ["old"]


@pytest.mark.parametrize("name", ["none", "empty"])
def test_a_secret_without_a_value_says_what_to_do(manager: Any, secrets: SecretsManagerSecrets, name: str) -> None:
    manager.create_secret(Name="empty")
    with pytest.raises(PermanentError, match="put one into it"):
        secrets.get(name)


class Failing:
    """A Secrets Manager that fails in one way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def get_secret_value(self, **_: str) -> dict[str, str]:
        raise self.error


def refusal(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetSecretValue")


@pytest.mark.parametrize(
    ("error", "consequence"),
    [
        (refusal("ThrottlingException"), RetryableError),
        (refusal("InternalServiceError", 500), RetryableError),
        (refusal("Unheard", 503), RetryableError),
        (ConnectTimeoutError(endpoint_url="x"), RetryableError),
        (refusal("AccessDeniedException"), PermanentError),
        (refusal("InvalidRequestException"), PermanentError),
        (refusal("DecryptionFailure"), PermanentError),
    ],
)
def test_every_failure_is_named_by_its_consequence(error: Exception, consequence: type[Exception]) -> None:
    client: Any = Failing(error)
    with pytest.raises(consequence, match="mailbox"):
        SecretsManagerSecrets(client).get("mailbox")
