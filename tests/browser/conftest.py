"""One ground and one browser a process; each role signs in once by the real flow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from infra.local.ministack import MiniStack
from infra.web.assets import AXE, AssetsMissing, have_assets
from tests.browser.ground import Ground, standing
from tests.browser.look import Watched

REPOSITORY = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
LOCALES = {"fr": "fr-FR", "en": "en-GB"}
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


# Of the package, not of the session: its settings must be gone when other tests build the application.
@pytest.fixture(scope="package")
def ground(ministack: MiniStack) -> Iterator[Ground]:
    """The pages, served; a test stores debtors of its own by `ground.program.put(file_of(…), at)`."""
    try:
        have_assets()
    except AssetsMissing as error:
        pytest.skip(f"left out, part missing: chromium ({error})")
    with standing(ministack, datetime.now(UTC)) as ground:
        yield ground


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS, chromium_sandbox=False)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def _signed_in(browser: Browser, ground: Ground) -> Callable[[str], Any]:
    """What a browser holds in which somebody of this role has signed in."""
    kept: dict[str, Any] = {}

    def state(role: str) -> Any:
        if role not in kept:
            context = browser.new_context(locale="en-GB")
            page = context.new_page()
            sign_in(page, ground, role)
            kept[role] = context.storage_state()
            context.close()
        return kept[role]

    return state


@pytest.fixture
def visit(
    browser: Browser, ground: Ground, _signed_in: Callable[[str], Any]
) -> Iterator[Callable[..., Page]]:
    """`visit("collector", "fr", path="/ops/today", viewport=PHONE)`: a page in a browser of its own.

    `role=""`: nobody is signed in. What it logs and loads is watched: `assert_quiet(page)`.
    """
    opened: list[BrowserContext] = []

    def open_(role: str = "collector", language: str = "en", *, path: str = "/ops/today", **context: Any) -> Page:
        known: dict[str, Any] = {
            "locale": LOCALES[language], "timezone_id": "Europe/Paris", "viewport": DESKTOP,
            "storage_state": _signed_in(role) if role else None,
            "reduced_motion": "reduce",  # a notice that fades in has no contrast until it stands
        }  # fmt: skip
        made = browser.new_context(**{**known, **context})
        made.set_default_timeout(10_000)
        opened.append(made)
        page = made.new_page()
        Watched.begin(page)
        page.goto(ground.to(path))
        return page

    yield open_
    for context in opened:
        context.close()


def sign_in(page: Page, ground: Ground, role: str, path: str = "/ops/today") -> None:
    """By the real flow: our page, the provider's form, and back."""
    page.goto(ground.to(path))
    page.locator("a.main").click()
    someone = ground.someone(role)
    page.fill("#username", someone.email)
    page.fill("#password", someone.password)
    page.locator("button[type=submit]").click()
    page.wait_for_url(f"{ground.url}/ops/**")


@pytest.fixture(scope="session")
def axe() -> str:
    return (REPOSITORY / AXE).read_text("utf-8")


@pytest.fixture
def assert_accessible(axe: str) -> Callable[[Page], None]:
    """No finding of axe-core, WCAG 2.2 AA and its best practices, on the page as it stands."""

    def look(page: Page) -> None:
        # By evaluation: our policy lets no script be added to the page.
        page.evaluate(axe)
        tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
        found = page.evaluate(f"axe.run(document, {{runOnly: {json.dumps(tags)}}})")["violations"]
        told = [f"{v['id']}: {v['help']}: {[n['html'][:120] for n in v['nodes']]}" for v in found]
        assert told == [], f"{page.url}\n" + "\n".join(told)

    return look
