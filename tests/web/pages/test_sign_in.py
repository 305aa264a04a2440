"""Sign-in and session: bound to the browser that began, new at each sign-in, over in time, gone at the sign-out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib import bootstrap
from chalicelib.web.pages.guard import HOME, local_path
from chalicelib.web.pages.session import ATTEMPTS_OF_ALL, ATTEMPTS_OF_ONE_ADDRESS, key_of
from tests.web.pages.conftest import ORIGIN, PROVIDER, Answer, Desk, value_of

Later = Callable[[timedelta], None]
SESSION, ATTEMPT = "__Host-relance-session", "__Host-relance-attempt"


def begin(desk: Desk, to: str = "") -> tuple[dict[str, str], str]:
    """(the browser's cookies, the state that the provider was sent)."""
    answer = desk.ask("GET", "/ops/sign-in/start", query={"to": to} if to else None)
    assert answer.place.startswith(f"{PROVIDER}/authorize")
    return {ATTEMPT: value_of(answer.cookies[ATTEMPT])}, desk.provider.attempts[-1].state


def come_back(desk: Desk, cookies: dict[str, str], state: str, code: str = "c0de") -> Answer:
    return desk.ask("GET", "/ops/signed-in", query={"code": code, "state": state}, cookies=cookies)


def test_the_browser_that_began_comes_in_with_its_role(desk: Desk) -> None:
    desk.provider.person = desk.person("collector")
    answer = come_back(desk, *begin(desk, "/ops/today?kind=call"))
    assert (answer.status, answer.place) == (303, "/api/ops/today?kind=call")
    session = desk.sessions.sessions[key_of(value_of(answer.cookies[SESSION]))]
    assert (session.role, session.person.email) == ("collector", "collector@acme.example")


def test_the_way_back_that_the_provider_gets_is_our_own_address(desk: Desk) -> None:
    answer = desk.ask("GET", "/ops/sign-in/start", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert parse_qs(urlsplit(answer.place).query)["redirect_uri"] == [f"{ORIGIN}/api/ops/signed-in"]


def test_a_configured_address_goes_before_what_api_gateway_says(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELANCE_PAGES_URL", "https://relances.acme.example/")
    answer = desk.ask("GET", "/ops/sign-in/start")
    back = parse_qs(urlsplit(answer.place).query)["redirect_uri"]
    assert back == ["https://relances.acme.example/ops/signed-in"]
    assert desk.ask("GET", "/ops/today").place == "/ops/sign-in"


def test_the_highest_of_several_roles_counts_and_none_opens_nothing(desk: Desk) -> None:
    desk.provider.person = desk.person("x", groups=("viewer", "manager", "other"))
    answer = come_back(desk, *begin(desk))
    assert desk.sessions.sessions[key_of(value_of(answer.cookies[SESSION]))].role == "manager"
    desk.provider.person = desk.person("x", groups=("other", "nobody"))
    refused = come_back(desk, *begin(desk))
    assert (refused.status, SESSION in refused.cookies) == (403, False)


@pytest.mark.parametrize("wrong", ["state", "cookie", "none"])
def test_another_state_or_another_browser_is_refused(desk: Desk, wrong: str) -> None:
    desk.provider.person = desk.person("manager")
    cookies, state = begin(desk)
    others, _ = begin(desk)
    given = {"state": (cookies, "x" * 43), "cookie": (others, state), "none": ({}, state)}[wrong]
    answer = come_back(desk, *given)
    assert (answer.status, desk.sessions.sessions) == (403, {})


def test_an_answer_counts_once(desk: Desk) -> None:
    desk.provider.person = desk.person("viewer")
    cookies, state = begin(desk)
    assert come_back(desk, cookies, state).status == 303
    assert come_back(desk, cookies, state).status == 403


@pytest.mark.parametrize(("waited", "status"), [(9.9, 303), (10, 403), (11, 403)])
def test_an_answer_is_waited_for_ten_minutes(desk: Desk, later: Later, waited: float, status: int) -> None:
    desk.provider.person = desk.person("viewer")
    cookies, state = begin(desk)
    later(timedelta(minutes=waited))
    assert come_back(desk, cookies, state).status == status


def test_who_turned_back_at_the_provider_is_told(desk: Desk) -> None:
    cookies, state = begin(desk)
    assert come_back(desk, cookies, state, code="").status == 403
    cookies, state = begin(desk)
    assert come_back(desk, cookies, state).status == 403  # the provider vouches for nobody


def test_a_session_planted_before_the_sign_in_opens_nothing_afterwards(desk: Desk) -> None:
    planted = desk.sign_in("viewer")
    desk.provider.person = desk.person("manager")
    cookies, state = begin(desk)
    answer = come_back(desk, {**cookies, **planted}, state)
    assert value_of(answer.cookies[SESSION]) != planted[SESSION]
    assert desk.ask("GET", "/ops/today", cookies=planted).status == 303
    assert desk.ask("GET", "/ops/today", cookies={SESSION: value_of(answer.cookies[SESSION])}).status == 200


def test_an_id_of_ones_own_choice_opens_nothing(desk: Desk) -> None:
    assert desk.ask("GET", "/ops/today", cookies={SESSION: "chosen"}).status == 303


@pytest.mark.parametrize(("minutes", "status"), [(29.9, 200), (30, 303), (31, 303)])
def test_a_session_that_stands_idle_is_over_in_half_an_hour(
    desk: Desk, later: Later, minutes: float, status: int
) -> None:
    cookies = desk.sign_in("viewer")
    later(timedelta(minutes=minutes))
    assert desk.ask("GET", "/ops/today", cookies=cookies).status == status


def test_a_session_in_use_is_over_after_ten_hours(desk: Desk, later: Later) -> None:
    cookies = desk.sign_in("viewer")
    for _ in range(29):
        later(timedelta(minutes=20))
        assert desk.ask("GET", "/ops/today", cookies=cookies).status == 200
    later(timedelta(minutes=20))
    assert desk.ask("GET", "/ops/today", cookies=cookies).status == 303
    assert desk.sessions.sessions == {}


def test_the_sign_out_ends_the_session_and_the_providers_too(desk: Desk) -> None:
    cookies = desk.sign_in("viewer")
    answer = desk.act("/ops/sign-out", cookies)
    assert answer.place.startswith(f"{PROVIDER}/logout")
    assert parse_qs(urlsplit(answer.place).query)["logout_uri"] == [f"{ORIGIN}/api/ops/signed-out"]
    assert "Max-Age=0" in answer.cookies[SESSION]
    assert desk.ask("GET", "/ops/today", cookies=cookies).status == 303


def test_the_cookies_are_the_hosts_alone_and_no_scripts(desk: Desk) -> None:
    desk.provider.person = desk.person("viewer")
    started = desk.ask("GET", "/ops/sign-in/start")
    cookies, state = begin(desk)
    baked = [started.cookies[ATTEMPT], come_back(desk, cookies, state).cookies[SESSION]]
    for cookie in baked:
        assert cookie.startswith("__Host-")
        for part in ("; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"):
            assert part in f"{cookie};"
        assert "Domain" not in cookie
    assert "Max-Age" not in baked[1]  # the browser forgets it when it is closed


def test_only_a_configured_loopback_does_without_tls(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {"Host": "127.0.0.1:8600", "X-Forwarded-Proto": "http"}
    assert "Secure" in desk.ask("GET", "/ops/sign-in/start", headers=plain).cookies[ATTEMPT]
    monkeypatch.setenv("RELANCE_PAGES_URL", "http://127.0.0.1:8600/api")
    (cookie,) = desk.ask("GET", "/ops/sign-in/start").cookies.values()
    assert cookie.startswith("relance-attempt=")
    assert "Secure" not in cookie


def test_the_store_holds_no_id_that_opens_a_session(desk: Desk) -> None:
    cookies = desk.sign_in("viewer")
    assert cookies[SESSION] not in desk.sessions.sessions
    assert len(cookies[SESSION]) >= 43  # 256 bits


def test_too_many_attempts_from_one_address_are_turned_away_for_a_while(desk: Desk, later: Later) -> None:
    for _ in range(ATTEMPTS_OF_ONE_ADDRESS):
        assert desk.ask("GET", "/ops/sign-in/start").status == 303
    assert desk.ask("GET", "/ops/sign-in/start").status == 429
    assert desk.ask("GET", "/ops/sign-in/start", headers={"X-Forwarded-For": "198.51.100.1"}).status == 429
    assert desk.ask("GET", "/ops/sign-in/start", address="198.51.100.1").status == 303
    later(timedelta(minutes=5))
    assert desk.ask("GET", "/ops/sign-in/start").status == 303


def test_too_many_answers_from_one_address_are_turned_away(desk: Desk) -> None:
    for _ in range(ATTEMPTS_OF_ONE_ADDRESS):
        assert come_back(desk, {}, "guessed").status == 403
    assert come_back(desk, {}, "guessed").status == 429


def test_all_addresses_together_have_a_limit_and_one_cannot_use_it_up(desk: Desk) -> None:
    for _ in range(ATTEMPTS_OF_ONE_ADDRESS * 3):
        desk.ask("GET", "/ops/sign-in/start")
    used = max(count for what, count in desk.sessions.counts.items() if what.endswith("#all"))
    assert used == ATTEMPTS_OF_ONE_ADDRESS
    for number in range(ATTEMPTS_OF_ALL - used):
        assert desk.ask("GET", "/ops/sign-in/start", address=f"198.51.100.{number}").status == 303
    assert desk.ask("GET", "/ops/sign-in/start", address="192.0.2.1").status == 429


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "/ops//evil.example", "javascript:alert(1)", "",
        "/ops/../tasks", "/ops/%2e%2e/tasks", "/tasks", "ops/today", "/ops/today\r\nSet-Cookie: a=b", "/ops/ü",
        "/ops/sign-out-not", "/ops/sign-in", "/ops/sign-in/start", " /ops/today", "/ops/to day", "\t//evil.example",
    ],
)  # fmt: skip
def test_no_way_back_leads_to_another_site(desk: Desk, to: str) -> None:
    assert local_path(to) in (HOME, "/ops/sign-out-not")
    desk.provider.person = desk.person("viewer")
    place = come_back(desk, *begin(desk, to)).place
    assert place in (f"/api{HOME}", "/api/ops/sign-out-not")
    switched = desk.ask("GET", "/ops/language/{language}", ids={"language": "fr"}, query={"to": to}).place
    assert switched.startswith("/api/ops/")


def test_a_store_that_does_not_answer_is_told_in_words(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.errors import Throttled

    def fails(key: str) -> None:
        raise Throttled("later")

    monkeypatch.setattr(desk.sessions, "find", fails)
    answer = desk.ask("GET", "/ops/today", cookies={SESSION: "any"}, headers={"Accept-Language": "fr"})
    assert answer.status == 503
    assert "Pas maintenant" in answer.body
    assert bootstrap.sessions() is desk.sessions
