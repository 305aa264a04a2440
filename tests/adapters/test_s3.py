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


def test_what_is_put_once_stays_as_it_was_first(client):
    archive = S3Archive(client, "archive")
    assert archive.put_once("letters/C1/l.pdf", b"first", content_type="application/pdf")
    assert not archive.put_once("letters/C1/l.pdf", b"second", content_type="application/pdf")
    assert archive.get("letters/C1/l.pdf") == b"first"


def test_the_embedded_stack_keeps_the_first_of_many_at_once(ministack):
    from concurrent.futures import ThreadPoolExecutor

    client = boto3.client("s3", **ministack.client_settings())
    client.create_bucket(Bucket="once", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    archive = S3Archive(client, "once")

    def put(n: int) -> bool:
        try:
            return archive.put_once("letters/C1/l.pdf", b"%d" % n, content_type="application/pdf")
        except RetryableError:
            return False

    with ThreadPoolExecutor(8) as workers:
        won = list(workers.map(put, range(8)))
    assert won.count(True) == 1
    assert archive.get("letters/C1/l.pdf") == b"%d" % won.index(True)


def test_two_at_the_very_same_moment_are_told_to_try_again():
    def fail(**request: Any) -> Any:
        assert request["IfNoneMatch"] == "*"
        raise ClientError(
            {"Error": {"Code": "ConditionalRequestConflict"}, "ResponseMetadata": {"HTTPStatusCode": 409}},  # type: ignore[typeddict-item]
            "PutObject",
        )

    stub: Any = type("Stub", (), {"put_object": staticmethod(fail)})()
    with pytest.raises(RetryableError, match="at this moment"):
        S3Archive(stub, "archive").put_once("k", b"x", content_type="text/plain")


def test_a_link_says_which_key_and_for_how_long(client):
    link = S3Archive(client, "archive").link("letters/C1/l.pdf", seconds=600)
    assert "letters/C1/l.pdf" in link
    assert "Expires" in link or "X-Amz-Expires=600" in link


def fill_with_versions(client: Any, bucket: str) -> None:
    """Keys of two debtors and their folders, some replaced, some deleted as the bucket's own rules do."""
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in ("sent/C1/a.eml", "sent/C1/b é.eml", "sent/C1/2/c.eml", "sent/C12/d.eml", "mail/f.eml"):
        for content in (b"first", b"second"):
            client.put_object(Bucket=bucket, Key=key, Body=content)
    client.delete_object(Bucket=bucket, Key="sent/C1/a.eml")


def all_versions(client: Any, bucket: str) -> list[str]:
    found = client.list_object_versions(Bucket=bucket)
    return sorted({one["Key"] for one in (*found.get("Versions", ()), *found.get("DeleteMarkers", ()))})


KEPT = ["mail/f.eml", "sent/C1/2/c.eml", "sent/C12/d.eml"]


def test_what_is_erased_leaves_no_version_and_no_marker(client):
    fill_with_versions(client, "archive")
    archive = S3Archive(client, "archive")
    assert archive.erase(["sent/C1/"]) == 2
    assert archive.erase(["sent/C1/"]) == 0
    assert all_versions(client, "archive") == KEPT
    assert archive.erase(["mail/f.eml", "nothing/"]) == 1
    assert all_versions(client, "archive") == KEPT[1:]


def test_a_bucket_without_versions_is_erased_too(client):
    archive = S3Archive(client, "archive")
    archive.put("mail/f.eml", b"x", content_type="message/rfc822")
    assert archive.erase(["mail/f.eml", "nothing/"]) == 1
    assert list(archive.keys("")) == []


def test_many_pages_of_versions_are_erased(client):
    client.put_bucket_versioning(Bucket="archive", VersioningConfiguration={"Status": "Enabled"})
    archive = S3Archive(client, "archive")
    for n in range(1005):  # a page has a thousand
        archive.put(f"sent/C1/{n}.eml", b"x", content_type="message/rfc822")
    assert archive.erase(["sent/C1/"]) == 1005
    assert all_versions(client, "archive") == []


def test_the_embedded_stack_erases_every_version(ministack):
    client = boto3.client("s3", **ministack.client_settings())
    client.create_bucket(Bucket="erased", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    fill_with_versions(client, "erased")
    assert S3Archive(client, "erased").erase(["sent/C1/"]) == 2
    assert all_versions(client, "erased") == KEPT


@pytest.mark.parametrize(
    ("code", "status", "meaning"), [("InternalError", 500, RetryableError), ("AccessDenied", 403, PermanentError)]
)
def test_a_version_that_is_not_erased_is_told(code, status, meaning):
    class Stub:
        def get_paginator(self, name: str) -> Any:
            page = {"Versions": [{"Key": "k", "VersionId": "1"}]}
            return type("Pages", (), {"paginate": staticmethod(lambda **_: [page])})()

        def delete_object(self, **asked: Any) -> Any:
            assert asked["VersionId"] == "1"
            raise ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "DeleteObject")

    stub: Any = Stub()
    with pytest.raises(meaning, match="erase k"):
        S3Archive(stub, "archive").erase(["k"])
