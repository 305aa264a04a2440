"""The entry points' common ground: the event's clock, the log, and failures one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from chalice.app import SQSEvent

from chalicelib.domain.creditor import Health
from chalicelib.entry import (
    PROMPT,
    EntryFailed,
    acting_at,
    dropped_files,
    instant_of,
    log_as_json,
    on_messages,
    on_schedule,
    reported_at,
)
from chalicelib.errors import BadInput, PermanentError, RetryableError
from tests.sample import policies

AT = datetime(2026, 1, 5, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _log() -> None:
    log_as_json()


class Context:
    """What Lambda hands to a function."""

    aws_request_id = "r-1"

    def __init__(self, ms: int = 60_000) -> None:
        self.ms = ms

    def get_remaining_time_in_millis(self) -> int:
        return self.ms


def batch(*bodies: str, context: Context | None = None) -> SQSEvent:
    records = [{"messageId": f"m{n}", "body": body, "receiptHandle": f"h{n}"} for n, body in enumerate(bodies)]
    handed: Any = context or Context()
    return SQSEvent({"Records": records}, handed)


def due(debtor_id: str) -> str:
    return json.dumps({"debtor_id": debtor_id, "at": "2026-01-05T08:00:00+00:00"})


def failed(result: Mapping[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in result["batchItemFailures"]]


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_failure_does_not_fail_the_others() -> None:
    def work(message: Mapping[str, Any]) -> None:
        if message["debtor_id"] == "C2":
            raise RetryableError("later")

    assert failed(on_messages("due", batch(due("C1"), due("C2"), due("C3")), work)) == ["m1"]


def test_a_batch_that_succeeds_names_no_failure() -> None:
    assert on_messages("due", batch(due("C1")), lambda _: None) == {"batchItemFailures": []}


@pytest.mark.parametrize(
    ("error", "level"),
    [(RetryableError("later"), "warning"), (PermanentError("never"), "error"), (KeyError("x"), "error")],
)
def test_every_kind_of_error_gives_the_message_back_and_says_so_at_its_level(
    error: Exception, level: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(_: Mapping[str, Any]) -> None:
        raise error

    assert failed(on_messages("due", batch(due("C1")), work)) == ["m0"]
    (line,) = logged(capsys)
    assert (line["level"], line["error"]) == (level, type(error).__name__)
    assert (line["entry"], line["request_id"], line["debtor_id"]) == ("due", "r-1", "C1")


@pytest.mark.parametrize("body", ["", "no json", "[]", "3"])
def test_a_message_that_is_no_object_is_given_back(body: str) -> None:
    assert failed(on_messages("due", batch(body, due("C1")), lambda _: None)) == ["m0"]


@pytest.mark.parametrize(("left", "given_back"), [(29_999, ["m0"]), (30_000, []), (30_001, [])])
def test_a_message_for_which_no_time_is_left_is_given_back_unworked(left: int, given_back: list[str]) -> None:
    worked: list[object] = []
    assert failed(on_messages("due", batch(due("C1"), context=Context(left)), worked.append)) == given_back
    assert len(worked) == 1 - len(given_back)


def test_the_words_of_an_error_that_is_not_ours_stay_out_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    def work(_: object) -> None:
        raise ValueError("Bonjour, voici notre RIB")

    on_messages("mail", batch('{"mail_id": "abc"}'), work)
    with pytest.raises(EntryFailed) as raised:
        on_schedule("watch", {"time": "2026-01-05T08:00:00Z"}, Context(), work)
    assert "RIB" not in capsys.readouterr().out
    assert "RIB" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_an_error_of_ours_fails_a_schedule_in_its_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    def work(_: datetime) -> None:
        raise PermanentError("the mailbox does not let us in")

    with pytest.raises(PermanentError, match="let us in"):
        on_schedule("mailbox_poll", {"time": "2026-01-05T08:00:00Z"}, Context(), work)
    assert logged(capsys)[0]["level"] == "error"


def test_a_schedule_works_at_the_time_of_its_event() -> None:
    assert on_schedule("watch", {"time": "2026-01-05T09:00:00+01:00"}, Context(), str) == str(AT)


@pytest.mark.parametrize("event", [{}, {"time": ""}, {"time": "soon"}, {"time": "2026-01-05T08:00:00"}, {"time": 3}])
def test_an_event_without_an_instant_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="event"):
        instant_of(event, "time")


@pytest.mark.parametrize(
    "event",
    [
        {"eventType": "Bounce", "bounce": {"timestamp": "2026-01-05T08:00:00.000Z"}, "mail": {"timestamp": "x"}},
        {"eventType": "Send", "send": {}, "mail": {"timestamp": "2026-01-05T08:00:00.000Z"}},
        {"notificationType": "Delivery", "delivery": {"timestamp": "2026-01-05T08:00:00Z"}},
        {"Type": "Notification", "Message": "{}", "Timestamp": "2026-01-05T08:00:00.000Z"},
        {"eventType": "Bounce", "bounce": {"timestamp": "2020-01-01T00:00:00Z"}, "at": "2026-01-05T08:00:00Z"},
    ],
)
def test_a_providers_event_has_its_own_clock(event: dict[str, Any]) -> None:
    assert reported_at(event) == AT


def test_a_dropped_file_is_named_as_it_was_uploaded() -> None:
    record = {"eventTime": "2026-01-05T08:00:00.000Z", "s3": {"object": {"key": "invoices/march+%C3%A9+1.csv"}}}
    assert list(dropped_files({"Records": [record]})) == [("invoices/march é 1.csv", AT)]


def test_the_test_message_of_s3_names_no_file() -> None:
    assert list(dropped_files({"Service": "Amazon S3", "Event": "s3:TestEvent"})) == []


def test_a_file_can_be_imported_as_of_a_day_of_our_own() -> None:
    message = {"key": "payments/x.csv", "at": "2026-01-05T08:00:00Z"}
    assert list(dropped_files(message)) == [("payments/x.csv", AT)]


@pytest.mark.parametrize(
    "health", [Health(), Health(payments_read_at=AT), Health(payments_read_at=AT, mailbox_read_at=AT)]
)
def test_the_reason_of_blindness_begins_as_the_metric_filter_expects(health: Health) -> None:
    blind = health.blind(policies()["standard"], datetime(2026, 3, 1, tzinfo=UTC))
    assert blind.startswith("the ")


@pytest.mark.parametrize(
    ("waited", "moved"),
    [
        (timedelta(0), timedelta(0)),
        (PROMPT - timedelta(minutes=1), timedelta(0)),
        (PROMPT + timedelta(minutes=1), PROMPT + timedelta(minutes=1)),
        (timedelta(days=2), timedelta(days=2)),
    ],
)
def test_a_message_that_has_waited_is_acted_on_at_the_time_it_is_now(waited: timedelta, moved: timedelta) -> None:
    message = {"at": AT.isoformat(), "put_at": (datetime.now(UTC) - waited).isoformat()}
    assert timedelta(0) <= acting_at(message) - AT - moved < timedelta(minutes=1)


def test_a_message_that_does_not_say_when_it_was_put_is_taken_at_its_word() -> None:
    assert acting_at({"at": AT.isoformat()}) == AT
