"""The queue on SQS takes every message of any number, or says which it did not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib.adapters.sqs import SqsQueue
from chalicelib.errors import PermanentError, RetryableError, Throttled
from infra.local.ports import free_port
from tests.parts.calls import counted


@pytest.fixture
def queue():
    with mock_aws():
        client = boto3.client("sqs")
        yield client, client.create_queue(QueueName="due")["QueueUrl"]


def drained(client, url) -> list[dict[str, Any]]:
    found = []
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"]) for message in messages]
    return found


@pytest.mark.parametrize(("number", "calls"), [(0, 0), (1, 1), (10, 1), (11, 2), (25, 3)])
def test_messages_go_ten_a_call(queue, number, calls):
    client, url = queue
    bodies = [{"debtor_id": f"D é {n}", "at": "2026-03-02T08:00:00Z"} for n in range(number)]
    with counted() as made:
        assert SqsQueue(client, url).put(iter(bodies)) == number
    assert made.total == calls
    found = drained(client, url)
    now = datetime.now(UTC)
    assert all(timedelta(0) <= now - datetime.fromisoformat(one.pop("put_at")) < timedelta(minutes=1) for one in found)
    assert sorted(found, key=str) == sorted(bodies, key=str)


def test_large_messages_go_fewer_a_call(queue):
    client, url = queue
    with counted() as made:
        assert SqsQueue(client, url).put({"text": "x" * 100_000} for _ in range(5)) == 5
    assert made.total == 3
    assert len(drained(client, url)) == 5


def test_messages_go_as_they_are_made():
    """The first ten are handed over before the eleventh is asked for: a run of thousands holds none of them."""
    made: list[int] = []
    sent: list[int] = []

    def bodies() -> Iterator[dict[str, int]]:
        for number in range(30):
            made.append(number)
            yield {"n": number}

    def send(QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803 — boto3's own names
        sent.append(len(made))
        return {"Successful": []}

    SqsQueue(stub(send), "q").put(bodies())
    assert sent == [11, 21, 30]


def test_what_was_not_taken_is_offered_again():
    offered: list[list[str]] = []

    def send(QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803 — boto3's own names
        offered.append([json.loads(entry["MessageBody"])["n"] for entry in Entries])
        return {
            "Failed": [{"Id": Entries[-1]["Id"], "SenderFault": False, "Code": "InternalError"}][: 3 - len(offered)]
        }

    assert SqsQueue(stub(send), "q").put({"n": n} for n in range(3)) == 3
    assert offered == [[0, 1, 2], [2], [2]]


def test_what_is_never_taken_is_told():
    def send(QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803 — boto3's own names
        return {
            "Failed": [{"Id": e["Id"], "SenderFault": False, "Code": "x"} for e in Entries[-1:] if len(Entries) < 3]
        }

    with pytest.raises(RetryableError, match=r"did not take 1 messages \(10 before them are in\)"):
        SqsQueue(stub(send), "q").put({"n": n} for n in range(12))


def test_a_message_that_the_queue_refuses_is_no_matter_of_time():
    def send(QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803 — boto3's own names
        return {"Failed": [{"Id": "0", "SenderFault": True, "Code": "InvalidMessageContents", "Message": "bad char"}]}

    with pytest.raises(PermanentError, match="bad char"):
        SqsQueue(stub(send), "q").put([{"n": 1}])


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [
        ("RequestThrottled", 403, Throttled), ("AWS.SimpleQueueService.RequestThrottled", 400, Throttled),
        ("ServiceUnavailable", 503, RetryableError), ("AccessDenied", 403, PermanentError),
        ("AWS.SimpleQueueService.NonExistentQueue", 400, PermanentError),
    ],
)  # fmt: skip
def test_errors_are_named_by_what_follows_from_them(code, status, meaning):
    def send(**request: Any) -> Any:
        raise ClientError(
            {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
            "SendMessageBatch",
        )

    with pytest.raises(meaning) as raised:
        SqsQueue(stub(send), "q").put([{"n": 1}])
    assert type(raised.value) is meaning


def test_when_nobody_listens_it_can_be_tried_again():
    url = f"http://127.0.0.1:{free_port()}"
    client = boto3.client("sqs", endpoint_url=url, config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(RetryableError, match="did not answer"):
        SqsQueue(client, f"{url}/000000000000/due").put([{"n": 1}])


def stub(send: Any) -> Any:
    return type("Client", (), {"send_message_batch": staticmethod(send)})()
