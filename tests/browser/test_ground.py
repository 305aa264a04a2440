"""Sign-in, sign-out, language, keyboard help, and the frame of every page, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from chalicelib import bootstrap
from chalicelib.web.pages.session import key_of
from tests.browser.conftest import PHONE, sign_in
from tests.browser.ground import Ground
from tests.browser.look import assert_fits, assert_quiet

TITLES = {"fr": "Aujourd’hui", "en": "Today"}
Visit = Callable[..., Page]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("role", ["viewer", "collector", "manager"])
def test_each_role_signs_in_by_the_provider_and_comes_to_today(
    visit: Visit, ground: Ground, role: str, language: str
) -> None:
    page = visit(role, language)
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLES[language])
    expect(page.locator(".me")).to_contain_text(ground.someone(role).name)
    assert_quiet(page)


def test_the_way_back_leads_where_one_wanted_to_go(visit: Visit, ground: Ground) -> None:
    page = visit("", path="/ops/today")
    assert urlsplit(page.url).path == "/api/ops/sign-in"
    sign_in(page, ground, "viewer", "/ops/sign-in?to=/ops/today%3Fkind%3Dcall")
    assert page.url == ground.to("/ops/today?kind=call")


def test_after_the_sign_out_the_session_opens_nothing(visit: Visit, ground: Ground) -> None:
    page = visit("")
    sign_in(page, ground, "collector")
    kept = page.context.cookies()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    page.context.add_cookies(kept)  # somebody who had copied them
    page.goto(ground.to("/ops/today"))
    assert urlsplit(page.url).path == "/api/ops/sign-in"


def test_an_answer_of_the_provider_with_another_state_is_refused(visit: Visit, ground: Ground) -> None:
    page = visit("")
    page.locator("a.main").click()
    assert parse_qs(urlsplit(page.url).query)["code_challenge_method"] == ["S256"]
    page.goto(ground.to("/ops/signed-in?code=stolen&state=anothers"))
    expect(page.get_by_role("heading", level=1)).to_have_text("You are not signed in")
    page.goto(ground.to("/ops/today"))
    assert urlsplit(page.url).path == "/api/ops/sign-in"


def test_an_answer_that_another_browser_was_to_get_is_refused(
    visit: Visit, ground: Ground, browser: Browser
) -> None:
    page = visit("")
    page.locator("a.main").click()
    fields = page.eval_on_selector_all("form input", "inputs => Object.fromEntries(inputs.map(i => [i.name, i.value]))")
    someone = ground.someone("manager")
    answer = page.request.post(
        f"{ground.stack.endpoint}/login", max_redirects=0,
        form={**fields, "username": someone.email, "password": someone.password},
    )  # fmt: skip
    victim = browser.new_page(locale="en-GB")
    victim.goto(answer.headers["location"])
    expect(victim.get_by_role("heading", level=1)).to_have_text("You are not signed in")
    victim.close()


def test_a_session_that_stood_idle_leads_to_the_sign_in(visit: Visit, ground: Ground) -> None:
    page = visit("")
    sign_in(page, ground, "viewer")
    (id_,) = [c["value"] for c in page.context.cookies() if c["name"] == "relance-session"]
    bootstrap.sessions().note_seen(key_of(id_), datetime.now(UTC) - timedelta(minutes=31))
    page.reload()
    assert urlsplit(page.url).path == "/api/ops/sign-in"


def test_scripts_cannot_read_the_session(visit: Visit) -> None:
    page = visit("viewer")
    assert "relance-session" not in page.evaluate("document.cookie")


def test_the_language_is_switched_and_stays(visit: Visit, ground: Ground) -> None:
    page = visit("viewer", "en")
    page.get_by_role("link", name="Français").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLES["fr"])
    assert page.locator("html").get_attribute("lang") == "fr"
    page.goto(ground.to("/ops/today"))
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLES["fr"])


def test_the_keyboard_shows_its_help_and_leads_to_places(visit: Visit) -> None:
    page = visit("viewer")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("t")
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    assert_quiet(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("role", ["", "manager"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_frame_is_accessible_and_fits_a_phone(
    visit: Visit, assert_accessible: Callable[[Page], None], role: str, language: str, scheme: str
) -> None:
    page = visit(role, language, viewport=PHONE, color_scheme=scheme)
    assert_accessible(page)
    assert_fits(page)
    if role:
        page.keyboard.press("?")
        assert_accessible(page)
    assert_quiet(page)


def test_an_unknown_address_below_ours_is_told_in_words(visit: Visit) -> None:
    page = visit("viewer", "fr", path="/ops/static/nothing.0.css")
    expect(page.get_by_role("heading", level=2)).to_have_text("Il n’y a rien ici")
