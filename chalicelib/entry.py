"""What the entry points share: the event's own clock, a log that can be followed, failures one by one.

Every line of the log is one JSON object with the entry point, the request and the debtor or mail it is
about. It holds no secret and no word of a mail: of an error that is not ours only the type and the place
are told.
"""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

from chalice.app import SQSEvent

from chalicelib.errors import BadInput, PermanentError, RetryableError

TIME_FOR_ONE_MESSAGE_MS = 30_000
"""With less left a batch stops and gives the rest back: a function that is cut off fails the whole batch."""

PROMPT = timedelta(minutes=15)
"""A message that has waited no longer is taken at its word about what time it is."""

_log = logging.getLogger(__name__)
_about: ContextVar[Mapping[str, Any]] = ContextVar("about", default={})  # noqa: B039 — never changed, only replaced


class EntryFailed(Exception):
    """An entry point failed for a reason of which the log tells the type and the place."""


def on_schedule(name: str, event: Mapping[str, Any], context: Any, work: Callable[[datetime], Any]) -> Any:
    """Run `work` at the event's own time; its result as plain JSON values. A failure fails the function."""
    with about(entry=name, request_id=_request_id(context)):
        started = time.monotonic()
        try:
            result = plain(work(instant_of(event, "time")))
        except (PermanentError, RetryableError) as error:
            tell_failure(error)
            raise
        except Exception as error:  # noqa: BLE001 — told, and failed under a name that quotes nothing
            tell_failure(error)
            # The runtime prints what it is handed, and a library's words may quote a mail.
            raise EntryFailed(f"{name}: {type(error).__name__}") from None
        _log.info("done", extra={"facts": {"result": result, "ms": _ms_since(started)}})
        return result


def on_messages(name: str, event: SQSEvent, work: Callable[[Mapping[str, Any]], Any]) -> dict[str, Any]:
    """Run `work` for each message; name those that failed, and SQS gives back only these.

    What may pass is told as a warning, what needs a person as an error; either is tried again until the
    queue moves it to its dead-letter queue, whose alarm calls the person.
    """
    failed: list[str] = []
    for record in event:
        message_id = record.to_dict()["messageId"]
        with about(entry=name, request_id=_request_id(event.context), message_id=message_id):
            if _time_left_ms(event.context) < TIME_FOR_ONE_MESSAGE_MS:
                _log.warning("given back: too little time left")
                failed.append(message_id)
            elif not _done(record.body, work):
                failed.append(message_id)
    return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in failed]}


def instant_of(event: Mapping[str, Any], key: str) -> datetime:
    """The aware UTC instant under `key`; BadInput where there is none."""
    try:
        at = datetime.fromisoformat(text_of(event, key))
    except ValueError as error:
        raise BadInput(f"event, {key}", f"{event[key]!r} is no instant", "write 2026-01-05T08:00:00Z") from error
    if at.tzinfo is None:
        raise BadInput(f"event, {key}", f"{event[key]!r} has no time zone", "write 2026-01-05T08:00:00Z")
    return at.astimezone(UTC)


def acting_at(message: Mapping[str, Any]) -> datetime:
    """The instant at which a queue's message is acted on: its `at`, moved on by the time that it has waited.

    A queue that stood still, or dead letters that are redriven days later, must not make mail leave on a Sunday
    because it was Friday when they were written.
    """
    at = instant_of(message, "at")
    waited = datetime.now(UTC) - instant_of(message, "put_at") if "put_at" in message else timedelta(0)
    return at + waited if waited > PROMPT else at


def text_of(event: Mapping[str, Any], key: str) -> str:
    """The text under `key`; BadInput where there is none."""
    value = event.get(key)
    if not isinstance(value, str) or not value:
        raise BadInput("event", f"{key} is missing")
    return value


def reported_at(event: Mapping[str, Any]) -> datetime:
    """When the provider says that it happened: an event of Amazon SES, bare or in SNS, or our `at`."""
    kind = str(event.get("eventType") or event.get("notificationType") or "").lower()
    for holder, key in ((event, "at"), (event.get(kind), "timestamp"), (event.get("mail"), "timestamp")):
        if isinstance(holder, Mapping) and key in holder:
            return instant_of(holder, key)
    return instant_of(event, "Timestamp")


def dropped_files(message: Mapping[str, Any]) -> Iterator[tuple[str, datetime]]:
    """Key and instant of each object that S3 reports, or of the one that we name by `key` and `at`."""
    if "key" in message:
        yield text_of(message, "key"), instant_of(message, "at")
    # When a bucket is tied to a queue S3 sends a test message, which has no records.
    for record in message.get("Records", ()):
        yield unquote_plus(record["s3"]["object"]["key"]), instant_of(record, "eventTime")


def plain(value: Any) -> Any:
    """Records, dates and amounts as JSON values."""
    record = is_dataclass(value) and not isinstance(value, type)
    return json.loads(json.dumps(asdict(value) if record else value, default=str))


@contextmanager
def about(**facts: str) -> Iterator[None]:
    """Everything logged meanwhile carries these facts."""
    token = _about.set({**_about.get(), **{key: value for key, value in facts.items() if value}})
    try:
        yield
    finally:
        _about.reset(token)


def tell_failure(error: Exception) -> None:
    """Log an error: our own with its words, another's by type and place."""
    facts: dict[str, Any] = {"error": type(error).__name__}
    if isinstance(error, RetryableError):
        _log.warning(f"to be tried again: {error}", extra={"facts": facts})
    elif isinstance(error, PermanentError):
        _log.error(f"needs a person: {error}", extra={"facts": facts})
    else:
        facts["frames"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
        _log.error("unforeseen", extra={"facts": facts})


def log_as_json() -> None:
    """Make every line that the application logs a JSON object on the standard output."""
    ours = logging.getLogger("chalicelib")
    ours.handlers[:] = [_JsonPrinter()]
    ours.setLevel(logging.INFO)
    # Lambda's own handler sits at the root and would say everything twice.
    ours.propagate = False


class _JsonPrinter(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **_about.get(),
            **getattr(record, "facts", {}),
        }
        print(json.dumps(line, ensure_ascii=False, default=str), flush=True)


def _done(body: str, work: Callable[[Mapping[str, Any]], Any]) -> bool:
    started = time.monotonic()
    try:
        message = _message(body)
        with about(**{key: str(message[key]) for key in ("debtor_id", "mail_id") if key in message}):
            try:
                result = plain(work(message))
            except Exception as error:  # noqa: BLE001 — told, and the message is given back
                tell_failure(error)
                return False
            _log.info("done", extra={"facts": {"result": result, "ms": _ms_since(started)}})
            return True
    except BadInput as error:
        tell_failure(error)
        return False


def _message(body: str) -> Mapping[str, Any]:
    try:
        message = json.loads(body)
    except ValueError as error:
        raise BadInput("message", "its body is no JSON") from error
    if not isinstance(message, dict):
        raise BadInput("message", "its body is no JSON object")
    return message


def _request_id(context: Any) -> str:
    return str(getattr(context, "aws_request_id", ""))


def _time_left_ms(context: Any) -> int:
    left = getattr(context, "get_remaining_time_in_millis", None)
    return int(left()) if left else TIME_FOR_ONE_MESSAGE_MS


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
