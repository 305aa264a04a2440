"""Make a function a page or an act: who may, from where, and what every answer carries.

`@page(path, role)` shows, `@act(path, role)` changes. A route is registered here or it is not a page: the list ROUTES
is what the matrix test walks through. An act wants a session of the role, the session's token and our own Origin; a
page wants the session. `Role.NOBODY` is a page before the sign-in.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from chalice.app import Blueprint, Response

from chalicelib import bootstrap
from chalicelib.domain.findings import told_whole
from chalicelib.entry import about, tell_failure
from chalicelib.errors import BadInput, PermanentError, RetryableError
from chalicelib.pipeline.agreements import NoSuchRecord
from chalicelib.pipeline.keep import LostRaces, UnknownDebtor
from chalicelib.pipeline.work_tasks import NoSuchTask
from chalicelib.ports import Change, Deed, Session
from chalicelib.web.pages.session import Cookies, Role, present_session

HOME = "/ops/today"
SIGN_IN = "/ops/sign-in"
FORM = "application/x-www-form-urlencoded"
LANGUAGES = ("fr", "en")
LARGEST_FORM = 64 * 1024
MOST_FIELDS = 500

pages = Blueprint("chalicelib.web.pages")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Route:
    """One way in, and who may take it."""

    method: str
    path: str
    role: Role
    view: str


ROUTES: list[Route] = []
"""Every page and act, as they were declared."""


class Denied(PermanentError):
    """Whoever asks may not, or asks from a place that is not ours."""


class NotFound(PermanentError):
    """There is no such thing to show."""


@dataclass(frozen=True)
class Visit:
    """One request: who, when, from where, with what; and the answers that it can be given."""

    at: datetime
    path: str
    prefix: str  # what stands before /ops: the stage of API Gateway, or nothing
    origin: str
    address: str
    cookies: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, list[str]]
    headers: Mapping[str, str]
    jar: Cookies
    session: Session | None = None
    baked: list[str] = field(default_factory=list)  # cookies that the answer sets
    changed: list[Change] = field(default_factory=list)  # what the act changed, for the audit log

    @property
    def who(self) -> str:
        """The person, as the journal names them."""
        return self.session.person.email if self.session else ""

    @property
    def role(self) -> Role:
        return Role[self.session.role.upper()] if self.session else Role.NOBODY

    @property
    def language(self) -> str:
        """French or English: what was chosen here, else the profile's, else what the browser asks for."""
        chosen = self.held("language")
        told = self.session.person.language if self.session else ""
        asked = [part.split(";")[0].strip() for part in self.headers.get("accept-language", "").split(",")]
        for wish in (chosen, told, *asked):
            if wish[:2].lower() in LANGUAGES:
                return wish[:2].lower()
        return "fr"

    @property
    def zone(self) -> str:
        """The person's time zone: the profile's, else the browser's own; empty where neither says."""
        told = self.session.person.zone if self.session else ""
        # Set by our script, which knows the browser's zone and no server does.
        return told or self.cookies.get("relance-zone", "").replace("%2F", "/")

    @property
    def is_piece(self) -> bool:
        """Whether the script asks for a part of a page, and not the browser for a whole one."""
        return self.headers.get("hx-request") == "true"

    def held(self, what: str) -> str:
        """What the browser holds in our cookie of this name."""
        return self.cookies.get(self.jar.name(what), "")

    def may(self, role: Role | str) -> bool:
        return self.role >= (Role[role.upper()] if isinstance(role, str) else role)

    def said(self, name: str) -> str:
        """The field of the form, without spaces around; empty where it was not sent."""
        return next(iter(self.form.get(name, ())), "").strip()

    def all_said(self, name: str) -> list[str]:
        return [value.strip() for value in self.form.get(name, ())]

    def url(self, path: str, **query: Any) -> str:
        """A link to a path of ours: behind a stage, behind a domain, locally."""
        asked = {key: value for key, value in query.items() if value not in (None, "")}
        return f"{self.prefix}{path}" + (f"?{urlencode(asked)}" if asked else "")

    def show(self, template: str, *, status: HTTPStatus = HTTPStatus.OK, **facts: Any) -> Response:
        """A page (or a piece of one) from `templates/web/`."""
        from chalicelib.web.pages.render import render

        return self._answer(render(self, template, facts), status)

    def go(self, path: str, *, said: str = "", undo: str = "", **query: Any) -> Response:
        """Send the browser on after an act, with a word that is shown there once.

        `said` is a sentence in the person's language; `undo` the path of the act that takes it back.
        """
        if said:
            self.baked.append(self.jar.bake("toast", quote(f"{said}\n{undo}"[:1500], safe="")))
        place = self.url(path, **query)
        if self.is_piece:
            return self._answer("", HTTPStatus.OK, {"HX-Redirect": place})
        return self._answer("", HTTPStatus.SEE_OTHER, {"Location": place})

    def leave(self, url: str) -> Response:
        """Send the browser to another site: the identity provider's alone."""
        if self.is_piece:
            return self._answer("", HTTPStatus.OK, {"HX-Redirect": url})
        return self._answer("", HTTPStatus.SEE_OTHER, {"Location": url})

    def download(self, content: str, *, name: str, kind: str) -> Response:
        """A text as a file. `name` is ours, ASCII."""
        headers = {"Content-Type": kind, "Content-Disposition": f'attachment; filename="{name}"'}
        return self._answer(content, HTTPStatus.OK, headers)

    def _answer(self, body: str, status: HTTPStatus, headers: Mapping[str, str] | None = None) -> Response:
        from chalicelib.web.pages.safety import headers_of_a_page

        sent: dict[str, Any] = {
            "Content-Type": "text/html; charset=utf-8", **headers_of_a_page(self.jar.secure), **(headers or {})
        }  # fmt: skip
        if self.baked:
            sent["Set-Cookie"] = list(self.baked)
        return Response(body=body, status_code=status.value, headers=sent)


View = Callable[..., Response]


def page(path: str, role: Role) -> Callable[[View], View]:
    """Register a page: GET, for this role and those above. The view takes the visit and the ids of its path."""
    return _registering("GET", path, role, _may_see)


def act(path: str, role: Role, *, noted: bool = True) -> Callable[[View], View]:
    """Register an act: POST of a form, for this role and those above, with the session's token and our Origin.

    What was done stands in the audit log, unless it is not `noted`: steps that a page takes by itself.
    """
    return _registering("POST", path, role, _may_do, noted=noted)


def local_path(text: str) -> str:
    """A path of ours to go back to; the first page instead of anything else (another site is no way back)."""
    if not (text.isascii() and text.isprintable()) or "\\" in text or " " in text:
        return HOME
    place = urlsplit(text)
    ours = text.startswith("/ops/") and not place.netloc and not place.scheme and "//" not in place.path
    return text if ours and ".." not in unquote(place.path) and not text.startswith(SIGN_IN) else HOME


def _registering(
    method: str, path: str, role: Role, allowed: Callable[[Visit, Role], Response | None], *, noted: bool = False
) -> Callable[[View], View]:
    def register(view: View) -> View:
        @wraps(view)
        def answered(**ids: str) -> Response:
            ids = {key: unquote(value) for key, value in ids.items()}
            context = pages.current_request.context
            with about(entry="pages", request_id=str(context.get("requestId", "")), **ids):
                response = _answered(view, allowed, role, ids, path if noted else "")
                _log.info(f"{method} {path}", extra={"facts": {"status": response.status_code}})
                return response

        kinds = {"content_types": [FORM]} if method == "POST" else {}
        pages.route(path, methods=[method], name=f"{method} {path}", **kinds)(answered)
        ROUTES.append(Route(method, path, role, f"{view.__module__}.{view.__name__}"))
        return view

    return register


def _answered(
    view: View, allowed: Callable[[Visit, Role], Response | None], role: Role, ids: dict[str, str], noted_as: str
) -> Response:
    visit = _visit()
    try:
        visit = replace(visit, session=present_session(bootstrap.sessions(), visit.held("session"), at=visit.at))
        if pages.current_request.method == "POST":
            visit = replace(visit, form=_form(pages.current_request.raw_body))
        if turned_away := allowed(visit, role):
            return turned_away
        response = view(visit, **ids)
    except Exception as error:  # noqa: BLE001 — told in the log, and in words to whoever asked
        return _troubled(visit, error)
    if noted_as and response.status_code < HTTPStatus.BAD_REQUEST:
        _note(visit, noted_as, ids)
    return response


def _note(visit: Visit, path: str, ids: Mapping[str, str]) -> None:
    """Into the audit log. The act is done: that it cannot be noted must not make it look as if it were not."""
    others = " ".join(value for name, value in ids.items() if name != "debtor_id")
    deed = Deed(
        at=visit.at, who=visit.who, what=path, debtor_id=ids.get("debtor_id", ""), about=others[:200],
        why=(visit.said("why") or visit.said("reason"))[:500], changes=tuple(visit.changed),
    )  # fmt: skip
    try:
        bootstrap.audit_log().note(deed)
    except Exception as error:  # noqa: BLE001 — told in the log with its place, and rings there
        tell_failure(error)


def _may_see(visit: Visit, role: Role) -> Response | None:
    if role is Role.NOBODY or visit.may(role):
        return None
    if visit.session:
        raise Denied("your role does not open this page")
    back = visit.path + (f"?{urlencode(dict(visit.query))}" if visit.query else "")
    return visit.leave(visit.url(SIGN_IN, to=back if back != HOME and not visit.is_piece else ""))


def _may_do(visit: Visit, role: Role) -> Response | None:
    _from_our_own_page(visit)
    if visit.session is None and role is not Role.NOBODY:
        return visit.leave(visit.url(SIGN_IN))
    if not visit.may(role):
        raise Denied("your role does not allow this")
    if visit.session:
        given = visit.headers.get("x-csrf-token") or visit.said("csrf")
        if not hmac.compare_digest(given.encode(), visit.session.csrf.encode()):
            raise Denied("the form does not belong to your session")
    return None


def _from_our_own_page(visit: Visit) -> None:
    """Origin, or Referer where a browser sends no Origin, is ours (RFC 6454; a sandboxed page says "null")."""
    told = visit.headers.get("origin") or _origin_of(visit.headers.get("referer", ""))
    if told != visit.origin or visit.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise Denied("the form was sent from another site")


def _origin_of(url: str) -> str:
    place = urlsplit(url)
    return f"{place.scheme}://{place.netloc}" if place.netloc else ""


def _visit() -> Visit:
    """What the request says by itself: nothing is read anywhere, and nothing can fail."""
    request = pages.current_request
    context = request.context
    configured = bootstrap.pages_url()
    path = _inner_path(request)
    if configured:
        # By configuration, never by what a request says of itself.
        place = urlsplit(configured)
        origin, prefix = f"{place.scheme}://{place.netloc}", place.path
    else:
        outer = str(context.get("path") or path)
        origin, prefix = f"https://{context.get('domainName', '')}", outer.removesuffix(path).rstrip("/")
    jar = Cookies(secure=not origin.startswith("http://127.0.0.1:"))
    headers = {key.lower(): value for key, value in request.headers.items()}
    return Visit(
        at=bootstrap.now(),
        path=path,
        prefix=prefix,
        origin=origin,
        address=str((context.get("identity") or {}).get("sourceIp") or ""),
        cookies=_cookies(headers.get("cookie", "")),
        query=dict(request.query_params or {}),
        form={},
        headers=headers,
        jar=jar,
    )


def _inner_path(request: Any) -> str:
    """The path with its ids, without what API Gateway puts before it."""
    path = str(request.path)
    for name, value in (request.uri_params or {}).items():
        path = path.replace(f"{{{name}}}", quote(unquote(value), safe=""))
    return path


def _cookies(header: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in header.split(";")[:50]:
        try:
            found.update({name: morsel.value for name, morsel in SimpleCookie(part.strip()).items()})
        except CookieError:
            continue  # another application's on the same host: one bad cookie does not lose the others
    return found


def _form(body: bytes | str) -> Mapping[str, list[str]]:
    raw = body.encode() if isinstance(body, str) else body
    if len(raw) > LARGEST_FORM:
        raise BadInput("form", "it is too long")
    try:
        return parse_qs(raw.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise BadInput("form", "it cannot be read") from error


_TROUBLE: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    # The first that fits: the particular before the general.
    (Denied, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (UnknownDebtor, HTTPStatus.NOT_FOUND),
    (NoSuchTask, HTTPStatus.CONFLICT),
    (NoSuchRecord, HTTPStatus.CONFLICT),
    (LostRaces, HTTPStatus.CONFLICT),
    (BadInput, HTTPStatus.BAD_REQUEST),
    (RetryableError, HTTPStatus.SERVICE_UNAVAILABLE),
)


def _troubled(visit: Visit, error: Exception) -> Response:
    """The error as a page, in the person's words; what nobody foresaw is told to the log alone."""
    status = next((s for kind, s in _TROUBLE if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    if status.value >= 500:
        tell_failure(error)
        _log.debug("the same in full, where the pages are worked on", exc_info=error)
    said = told_whole(error, visit.language) if isinstance(error, BadInput) else ""
    template = "ground/trouble_piece.html.j2" if visit.is_piece else "ground/trouble.html.j2"
    return visit.show(template, status=status, code=status.value, said=said)
