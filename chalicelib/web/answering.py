"""Make a function a route: authorised by IAM, answered in JSON, every error in words and none with a stack trace."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from chalice.app import BadRequestError, Blueprint, IAMAuthorizer, Response

from chalicelib.entry import about, tell_failure
from chalicelib.errors import BadInput, PermanentError, RetryableError
from chalicelib.pipeline.agreements import NoSuchRecord
from chalicelib.pipeline.keep import LostRaces, UnknownDebtor
from chalicelib.pipeline.work_tasks import NoSuchTask
from chalicelib.web.shapes import shape

View = Callable[..., Any]

_log = logging.getLogger(__name__)
_iam = IAMAuthorizer()


class Conflict(PermanentError):
    """Somebody else was first."""


class Nobody(PermanentError):
    """Whoever asks did not say who it is."""


_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    # The first that fits: the particular before the general.
    (UnknownDebtor, HTTPStatus.NOT_FOUND),
    (NoSuchTask, HTTPStatus.NOT_FOUND),
    (NoSuchRecord, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (LostRaces, HTTPStatus.CONFLICT),
    (Nobody, HTTPStatus.FORBIDDEN),
    (BadInput, HTTPStatus.BAD_REQUEST),
    (BadRequestError, HTTPStatus.BAD_REQUEST),  # Chalice's own, where a body is no JSON
    (RetryableError, HTTPStatus.SERVICE_UNAVAILABLE),
)


def answering(routes: Blueprint, path: str, *, method: str = "GET") -> Callable[[View], View]:
    """Register a view. It gives records or plain values; ids in its path come decoded."""

    def register(view: View) -> View:
        @wraps(view)
        def answered(**ids: str) -> Response:
            ids = {key: unquote(value) for key, value in ids.items()}
            context = routes.current_request.context
            with about(entry="api", request_id=str(context.get("requestId", "")), **ids):
                response = _answer(view, ids)
                _log.info(f"{method} {path}", extra={"facts": {"status": response.status_code}})
                return response

        routes.route(path, methods=[method], authorizer=_iam, content_types=["application/json"])(answered)
        return answered

    return register


def caller(routes: Blueprint) -> str:
    """The ARN of whoever asks, as IAM proved it."""
    identity = routes.current_request.context.get("identity") or {}
    arn = identity.get("userArn")
    if not arn:
        raise Nobody("the request says not who asks; sign it with AWS credentials")
    return str(arn)


def _answer(view: View, ids: dict[str, str]) -> Response:
    try:
        return Response(body=shape(view(**ids)))
    except Exception as error:  # noqa: BLE001 — told in the log, and in words to whoever asked
        status = _status(error)
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            tell_failure(error)
            return _error(status, "something went wrong that nobody foresaw; the log tells where")
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            tell_failure(error)
        return _error(status, str(error), where=error.where if isinstance(error, BadInput) else "")


def _status(error: Exception) -> HTTPStatus:
    found = (status for kind, status in _STATUS if isinstance(error, kind))
    return next(found, HTTPStatus.INTERNAL_SERVER_ERROR)


def _error(status: HTTPStatus, message: str, *, where: str = "") -> Response:
    body = {"error": status.phrase.lower().replace(" ", "_"), "message": message}
    return Response(body={**body, "where": where} if where else body, status_code=status.value)
