"""The composition root says what is missing, quotes no secret, and builds what the environment asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib import bootstrap
from chalicelib.adapters.ses import SesOutbox
from chalicelib.errors import PermanentError, RetryableError, Throttled

SETTINGS = {
    "RELANCE_TABLE": "table", "RELANCE_ARCHIVE_BUCKET": "archive", "RELANCE_IMPORT_BUCKET": "imports",
    "RELANCE_DUE_QUEUE_URL": "https://sqs/due", "RELANCE_MAIL_QUEUE_URL": "https://sqs/mail",
    "RELANCE_MAILBOX_SECRET": "mailbox", "RELANCE_OUTBOX": "ses", "RELANCE_SES_CONFIGURATION_SET": "set",
    "RELANCE_SMTP_SECRET": "smtp",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _fresh_container(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    cached = (bootstrap.parts, bootstrap.import_files, bootstrap._secrets)
    for function in cached:
        function.cache_clear()
    yield
    for function in cached:
        function.cache_clear()


@pytest.fixture
def secrets() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="eu-west-3")


def test_the_parts_are_built_once_a_container() -> None:
    assert bootstrap.parts() is bootstrap.parts()


def test_every_variable_is_explained() -> None:
    assert set(bootstrap.WHAT) >= set(SETTINGS)


@pytest.mark.parametrize(
    "name",
    ["RELANCE_TABLE", "RELANCE_ARCHIVE_BUCKET", "RELANCE_DUE_QUEUE_URL", "RELANCE_MAIL_QUEUE_URL", "RELANCE_OUTBOX"],
)
def test_a_variable_that_is_missing_is_named_with_what_it_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(bootstrap.MissingSetting, match=f"{name} is not set: "):
        bootstrap.parts()


def test_an_outbox_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELANCE_OUTBOX", "pigeon")
    with pytest.raises(PermanentError, match="write ses or smtp"):
        bootstrap.parts()


def test_amazon_ses_is_asked_once_for_each_mail() -> None:
    assert isinstance(bootstrap.parts().outbox, SesOutbox)  # it refuses a client that would try more than once


@pytest.mark.parametrize("text", ["hunter2", '{"host": "h", "passwort": "hunter2"}', '["hunter2"]', '"hunter2"'])
def test_a_secret_that_cannot_be_used_is_named_and_not_quoted(secrets: Any, text: str) -> None:
    secrets.create_secret(Name="mailbox", SecretString=text)
    with pytest.raises(PermanentError, match="secret mailbox is no JSON object with keys among host, port") as raised:
        bootstrap.open_mailbox()
    assert "hunter2" not in str(raised.value)


def test_building_the_parts_reads_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELANCE_OUTBOX", "smtp")
    with mock_aws():
        bootstrap.parts()  # there is no secret at all


@pytest.mark.parametrize("text", ["", "no json", '{"host": "127.0.0.1", "security": "tea"}'])
def test_without_a_usable_smtp_login_mail_stays_due(secrets: Any, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("RELANCE_OUTBOX", "smtp")
    if text:
        secrets.create_secret(Name="smtp", SecretString=text)
    with pytest.raises(Throttled, match="login cannot be had"):
        bootstrap.parts().outbox.send(b"Subject: x\r\n\r\n", sender="a@b.example", recipients=["c@d.example"], tags={})


def test_a_mailbox_that_is_unreachable_is_tried_again_later(secrets: Any) -> None:
    from infra.local.ports import free_port

    login = f'{{"host": "127.0.0.1", "port": {free_port()}, "user": "u", "password": "p", "tls": false}}'
    secrets.create_secret(Name="mailbox", SecretString=login)
    with pytest.raises(RetryableError, match="cannot be reached"):
        bootstrap.open_mailbox()
