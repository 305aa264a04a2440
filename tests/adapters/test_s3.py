"""The archive on S3 keeps bytes as they are, and says what is wrong."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib.adapters.s3 import S3Archive
from chalicelib.errors import PermanentError, RetryableError, Throttled
from infra.local.ports import free_port


@pytest.fixture
def client():
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="archive", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
        yield client


@pytest.mark.parametrize("content", [b"", b"Subject: \xe9\r\n\r\n\x00\xff", b"x" * 3_000_000])
def test_bytes_come_back_as_they_were(client, content):
    archive = S3Archive(client, "archive")
    archive.put("mail/2026/a+b é.eml", content, content_type="message/rfc822")
    assert archive.get("mail/2026/a+b é.eml") == content
    assert client.head_object(Bucket="archive", Key="mail/2026/a+b é.eml")["ContentType"] == "message/rfc822"


def test_the_same_content_may_be_put_twice(client):
    archive = S3Archive(client, "archive")
    for _ in range(2):
        archive.put("k", b"x", content_type="text/plain")
    assert archive.get("k") == b"x"


def test_a_key_that_is_not_there_is_named(client):
    with pytest.raises(PermanentError, match="cannot read mail/none.eml: it holds no such key"):
        S3Archive(client, "archive").get("mail/none.eml")


def test_a_bucket_that_is_not_there_is_named(client):
    with pytest.raises(PermanentError, match="no bucket nowhere"):
        S3Archive(client, "nowhere").put("k", b"x", content_type="text/plain")


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [("SlowDown", 503, Throttled), ("InternalError", 500, RetryableError), ("AccessDenied", 403, PermanentError)],
)  # fmt: skip
def test_errors_are_named_by_what_follows_from_them(code, status, meaning):
    def fail(**request: Any) -> Any:
        raise ClientError(
            {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
            "PutObject",
        )

    client: Any = type("Client", (), {"put_object": staticmethod(fail)})()
    with pytest.raises(meaning) as raised:
        S3Archive(client, "archive").put("k", b"x", content_type="text/plain")
    assert type(raised.value) is meaning


def test_when_nobody_listens_it_can_be_tried_again():
    config = Config(connect_timeout=1, retries={"total_max_attempts": 1})
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{free_port()}", config=config)
    with pytest.raises(RetryableError, match="did not answer"):
        S3Archive(client, "archive").get("k")
