"""Personal data in a real browser: handed out, refused while something is owed, erased once the id is typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from chalicelib.domain import events as e
from chalicelib.pipeline.keep import keep, office_of
from tests.browser.conftest import PHONE
from tests.browser.ground import Ground
from tests.browser.look import assert_fits, assert_quiet
from tests.browser.test_debtor import stored

Visit = Callable[..., Page]
Check = Callable[[Page], None]


@pytest.mark.parametrize(
    ("language", "together", "stands", "erase", "erased"),
    [
        ("fr", "Constituer", "est ouverte", "Effacer définitivement", "[effacé]"),
        ("en", "Put it together", "is open", "Erase for good", "[erased]"),
    ],
)
def test_what_names_people_is_handed_out_and_then_erased(
    visit: Visit, ground: Ground, assert_accessible: Check, language: str, together: str, stands: str, erase: str,
    erased: str,
) -> None:  # fmt: skip
    id_ = stored(ground, f"PERSONAL-{language.upper()}")
    page = visit("manager", language, path=f"/ops/debtors/{id_}/personal")
    assert_accessible(page)
    expect(page.locator("main")).to_contain_text(stands)
    expect(page.get_by_role("button", name=erase)).to_have_count(0)
    page.get_by_role("button", name=together).click()
    expect(page.get_by_role("link", name="ZIP")).to_be_visible()
    assert_accessible(page)

    parts, at = ground.program.parts, datetime.now(UTC)
    numbers = [case.number for case in ground.program.parts.store.load(id_).open_cases()]  # type: ignore[union-attr]
    happened = [(e.InvoiceWithdrawn(number=number, on=at.date()), "") for number in numbers]
    keep(parts, office_of(parts), id_, lambda _: happened, at=at, who="test")
    page.reload()
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert_fits(page)
    assert_quiet(page)  # what is refused below is an error to the console
    page.get_by_label(id_).fill("something else")
    page.get_by_role("button", name=erase).click()
    expect(page.locator(".error")).to_contain_text(id_)
    page.get_by_label(id_).fill(id_)
    page.get_by_role("button", name=erase).click()
    expect(page.locator("[aria-labelledby=people]")).to_contain_text(erased)
    expect(page.locator("main")).not_to_contain_text("Claire Petit")
