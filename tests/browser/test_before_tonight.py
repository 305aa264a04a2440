"""Before tonight in a real browser: the mail as it will look, one held and let go, the switch and its banner.

First of the browser's tests by its name: another imports a bank's table of an old day, and the program is blind then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from chalicelib.domain.debtor_file import Contact
from chalicelib.web.pages import tonight
from tests.browser.conftest import PHONE
from tests.browser.ground import Ground
from tests.browser.look import assert_fits, assert_quiet
from tests.sample import case, file_of

Visit = Callable[..., Page]
Look = Callable[[Page], None]


def due(ground: Ground, id_: str) -> None:
    now = datetime.now(UTC)
    late = (now - timedelta(days=20)).date().isoformat()
    contact = Contact(id="payer", name="Paul Morel", email=f"paul@{id_.lower()}.example")
    ground.program.put(file_of(case(f"{id_}-1", late), contact=contact, id=id_, name=f"Verre {id_}"), now)
    ground.program.parts.offices.note_read("payments", now)
    ground.program.parts.offices.note_read("mailbox", now)


@pytest.fixture(autouse=True)
def _all_on_one_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The debtors of the other tests are due as well, and this test's comes behind them."""
    monkeypatch.setattr(tonight, "ON_A_PAGE", 500)


@pytest.fixture(autouse=True)
def _nothing_stays_held(ground: Ground) -> Iterator[None]:
    yield
    ground.program.parts.offices.set_hold(None)


@pytest.mark.parametrize(("language", "hold", "undo"), [("fr", "Suspendre", "Annuler"), ("en", "Hold", "Undo")])
def test_a_mail_is_seen_as_it_will_look_held_and_let_go(
    visit: Visit, ground: Ground, assert_accessible: Look, language: str, hold: str, undo: str
) -> None:
    id_ = f"TNO{language.upper()}"
    due(ground, id_)
    page = visit("collector", language, path="/ops/tonight")
    assert_accessible(page)
    page.get_by_role("link", name=f"Verre {id_}").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text(f"{id_}-1").first).to_be_visible()
    code = frame.locator("img").first  # of the transfer: within the mail, and styled by the mail
    assert code.evaluate("node => [node.naturalWidth > 0, getComputedStyle(node).display]") == [True, "block"]
    assert_accessible(page)
    page.locator("input[name=reason]").fill("il vient d’appeler")
    page.get_by_role("button", name=hold, exact=True).click()
    expect(page.get_by_role("link", name=f"Verre {id_}")).to_have_count(0)
    page.get_by_role("button", name=undo).click()
    expect(page.get_by_role("link", name=f"Verre {id_}")).to_be_visible()
    assert_quiet(page)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_manager_holds_all_and_everybody_sees_it(
    visit: Visit, ground: Ground, assert_accessible: Look, language: str
) -> None:
    page = visit("manager", language, path="/ops/tonight")
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("input[name=reason]").fill("grand livre faux")
    page.locator("button.danger").click()
    expect(page.locator(".banner")).to_contain_text("grand livre faux")
    assert_accessible(page)
    other = visit("viewer", language, path="/ops/mailbox")
    expect(other.locator(".banner")).to_contain_text(ground.someone("manager").email)
    assert_accessible(other)
    phone = visit("viewer", language, path="/ops/tonight", viewport=PHONE)
    assert_fits(phone)
    assert_accessible(phone)
    page.locator("main button.main").click()
    expect(page.locator(".banner")).to_have_count(0)
    assert_quiet(page)


def test_before_tonight_fits_a_phone(visit: Visit, ground: Ground, assert_accessible: Look) -> None:
    due(ground, "TNP")
    for path in ("/ops/tonight", "/ops/tonight/TNP"):
        page = visit("collector", "fr", path=path, viewport=PHONE)
        assert_fits(page)
        assert_accessible(page)
        assert_quiet(page)
