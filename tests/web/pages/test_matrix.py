"""Every route with every role, without the token, from another site: found in the application, not listed here."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chalicelib.web.pages.guard import ROUTES, Route
from chalicelib.web.pages.session import Role
from tests.web.pages.conftest import ORIGIN, Desk

PEOPLE = [role.name.lower() for role in Role if role]
OPEN = {
    ("GET", "/"), ("GET", "/ops"), ("GET", "/ops/sign-in"), ("GET", "/ops/sign-in/start"), ("GET", "/ops/signed-in"),
    ("GET", "/ops/signed-out"), ("GET", "/ops/language/{language}"), ("GET", "/ops/static/{name}"),
}  # fmt: skip
"""What is there before the sign-in. Whatever else is declared for nobody is a mistake."""

ROUTE = pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.path}")
ACT = pytest.mark.parametrize("route", [r for r in ROUTES if r.method == "POST"], ids=lambda r: r.path)


def ask(desk: Desk, route: Route, **asked: Any) -> Any:
    ids = dict.fromkeys(re.findall(r"{(\w+)}", route.path), "C001")
    return desk.ask(route.method, route.path, ids=ids or None, **asked)


def turned_away(answer: Any) -> bool:
    return answer.status == 303 and "/ops/sign-in" in answer.place


def test_every_route_of_the_application_is_a_page_with_a_role_or_wants_a_signature() -> None:
    from app import app

    declared = {(route.method, route.path) for route in ROUTES}
    for path, methods in app.routes.items():
        for method, entry in methods.items():
            assert (method, path) in declared or entry.authorizer is not None, f"{method} {path} stands open"
    assert len(declared) == len(ROUTES)


def test_only_what_leads_to_the_sign_in_is_open_to_nobody() -> None:
    assert {(r.method, r.path) for r in ROUTES if r.role is Role.NOBODY} == OPEN


@ROUTE
@pytest.mark.parametrize("person", PEOPLE)
def test_a_role_opens_what_was_declared_and_nothing_above(desk: Desk, route: Route, person: str) -> None:
    cookies = desk.sign_in(person)
    if route.method == "GET":
        answer = ask(desk, route, cookies=cookies)
    else:
        answer = ask(desk, route, cookies=cookies, form={"csrf": desk.token(cookies)}, headers={"Origin": ORIGIN})
    allowed = Role[person.upper()] >= route.role
    refused = answer.status == 403 and route.path != "/ops/signed-in"
    assert refused is not allowed, (answer.status, answer.body[:300])
    assert not turned_away(answer) or route.role is Role.NOBODY or route.path == "/ops/sign-out"


@ROUTE
def test_nobody_is_led_to_the_sign_in(desk: Desk, route: Route) -> None:
    answer = ask(desk, route, headers={"Origin": ORIGIN})
    assert turned_away(answer) or route.role is Role.NOBODY


@ACT
@pytest.mark.parametrize("token", ["", "anothers", None])
def test_an_act_without_the_sessions_token_is_refused(desk: Desk, route: Route, token: str | None) -> None:
    cookies = desk.sign_in("manager")
    form = {} if token is None else {"csrf": token}
    assert ask(desk, route, cookies=cookies, form=form, headers={"Origin": ORIGIN}).status == 403


@ACT
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"{ORIGIN}.evil.example"},
        {"Origin": ORIGIN.replace("https", "http")},
        {"Referer": "https://evil.example/form"},
        {"Origin": "https://evil.example", "Referer": f"{ORIGIN}/api/ops/today"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"},
        {"X-Forwarded-Host": "evil.example", "Host": "evil.example", "Origin": "https://evil.example"},
    ],
)
def test_an_act_from_another_site_is_refused_even_with_the_token(
    desk: Desk, route: Route, headers: dict[str, str]
) -> None:
    cookies = desk.sign_in("manager")
    answer = ask(desk, route, cookies=cookies, form={"csrf": desk.token(cookies)}, headers=headers)
    assert answer.status == 403


@ACT
def test_the_token_of_one_session_opens_no_other(desk: Desk, route: Route) -> None:
    mine, theirs = desk.sign_in("manager"), desk.sign_in("manager")
    form = {"csrf": desk.token(theirs)}
    assert ask(desk, route, cookies=mine, form=form, headers={"Origin": ORIGIN}).status == 403


@ROUTE
def test_every_answer_forbids_what_is_inline_or_foreign_and_copies(desk: Desk, route: Route) -> None:
    headers = ask(desk, route, cookies=desk.sign_in("manager")).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert headers["Strict-Transport-Security"].startswith("max-age=63072000")
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
