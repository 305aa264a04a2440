"""Sign in, come back, sign out, change the language: OpenID Connect with PKCE, bound to the browser that began.

    /ops/sign-in          a page with one button
    /ops/sign-in/start    → identity provider, with state, nonce and challenge; a cookie binds them to this browser
    /ops/signed-in        ← code and state; the session is opened under a new id
    /ops/sign-out         the session is ended here, then the provider forgets the browser too
"""

from __future__ import annotations

import hmac
import logging
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.errors import Refused
from chalicelib.web.pages.guard import HOME, LANGUAGES, Visit, act, local_path, page
from chalicelib.web.pages.session import (
    ATTEMPT_LASTS,
    Role,
    begin_attempt,
    end_session,
    may_try,
    open_session,
    role_of,
    take_attempt,
)

BACK = "/ops/signed-in"
LANGUAGE_KEPT = timedelta(days=365)

_log = logging.getLogger(__name__)


@page("/", Role.NOBODY)
def front(visit: Visit) -> Response:
    """The pages begin at Today."""
    return visit.go(HOME)


@page("/ops", Role.NOBODY)
def front_of_pages(visit: Visit) -> Response:
    return visit.go(HOME)


@page("/ops/sign-in", Role.NOBODY)
def sign_in(visit: Visit) -> Response:
    if visit.session:
        return visit.go(HOME)
    return visit.show("ground/sign_in.html.j2", to=local_path(visit.query.get("to", "")))


@page("/ops/sign-in/start", Role.NOBODY)
def start(visit: Visit) -> Response:
    """Send the browser to the identity provider."""
    if not may_try(bootstrap.sessions(), "start", visit.address, at=visit.at):
        return _refused(visit, "often")
    id_, attempt = begin_attempt(bootstrap.sessions(), local_path(visit.query.get("to", "")), at=visit.at)
    visit.baked.append(visit.jar.bake("attempt", id_, lasts=ATTEMPT_LASTS))
    return visit.leave(bootstrap.identity().sign_in_url(attempt, back=_back(visit), language=visit.language))


@page(BACK, Role.NOBODY)
def signed_in(visit: Visit) -> Response:
    """The browser is back from the identity provider."""
    if not may_try(bootstrap.sessions(), "back", visit.address, at=visit.at):
        return _refused(visit, "often")
    attempt = take_attempt(bootstrap.sessions(), visit.held("attempt"), at=visit.at)
    visit.baked.append(visit.jar.clear("attempt"))
    state = visit.query.get("state", "")
    if attempt is None or not hmac.compare_digest(state.encode(), attempt.state.encode()):
        return _refused(visit, "lost")
    if not visit.query.get("code"):
        return _refused(visit, "declined")  # somebody turned back at the provider's page
    try:
        person = bootstrap.identity().redeem(visit.query["code"], attempt, back=_back(visit))
    except Refused as error:
        _log.warning(f"sign-in refused: {error}")
        return _refused(visit, "declined")
    role = role_of(person)
    if role is None:
        return _refused(visit, "no_role")
    end_session(bootstrap.sessions(), visit.held("session"))
    id_ = open_session(bootstrap.sessions(), person, role, at=visit.at)
    visit.baked.append(visit.jar.bake("session", id_))
    _log.info("signed in", extra={"facts": {"subject": person.subject, "role": role.name.lower()}})
    return visit.go(local_path(attempt.return_to).partition("?")[0], **_query_of(attempt.return_to))


@act("/ops/sign-out", Role.VIEWER)
def sign_out(visit: Visit) -> Response:
    end_session(bootstrap.sessions(), visit.held("session"))
    visit.baked.extend([visit.jar.clear("session"), visit.jar.clear("toast")])
    away = bootstrap.identity().sign_out_url(back=f"{visit.origin}{visit.url('/ops/signed-out')}")
    return visit.leave(away) if away else visit.go("/ops/signed-out")


@page("/ops/signed-out", Role.NOBODY)
def signed_out(visit: Visit) -> Response:
    return visit.show("ground/signed_out.html.j2")


@page("/ops/language/{language}", Role.NOBODY)
def language(visit: Visit, language: str) -> Response:
    """Choose the language of this browser. It changes nothing but how we speak, so a link may do it."""
    if language in LANGUAGES:
        visit.baked.append(visit.jar.bake("language", language, lasts=LANGUAGE_KEPT))
    to = visit.query.get("to", "")
    if to.startswith("/ops/sign-in"):
        return visit.go("/ops/sign-in")
    return visit.go(local_path(to).partition("?")[0], **_query_of(local_path(to)))


def _back(visit: Visit) -> str:
    return f"{visit.origin}{visit.url(BACK)}"


def _refused(visit: Visit, why: str) -> Response:
    status = HTTPStatus.TOO_MANY_REQUESTS if why == "often" else HTTPStatus.FORBIDDEN
    return visit.show("ground/refused.html.j2", status=status, why=why)


def _query_of(path: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(path).query))
