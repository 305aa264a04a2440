"""Policy, settings, people and audit log in Chromium: the ladder, a draft tried and adopted, a change that is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.ground import Ground
from tests.browser.look import assert_fits, assert_quiet
from tests.sample import case, file_of

HOSTILE = "<img src=x onerror=alert(1)><script>alert(1)</script>"
Look = Callable[[Page], None]
WORDS = {
    "en": {"try": "Check and compare", "differ": "Debtors treated differently", "adopt": "Put it in force",
           "saved": "Saved", "log": "changed the settings"},
    "fr": {"try": "Vérifier et comparer", "differ": "Débiteurs traités autrement", "adopt": "Mettre en vigueur",
           "saved": "Enregistré", "log": "a modifié les réglages"},
}  # fmt: skip


@pytest.fixture(scope="module")
def late(ground: Ground) -> Ground:
    """Two debtors whose invoices fell due weeks ago; one whose name would like to be a script."""
    now = datetime.now(UTC)
    due = (now - timedelta(days=45)).date().isoformat()
    for id_, name in (("C-LADDER", "Menuiserie Alba"), ("C-LADDER-X", HOSTILE)):
        ground.program.put(file_of(case(f"F-{id_}", due), id=id_, name=name), now)
    return ground


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_change_of_the_policy_is_tried_and_adopted(
    visit: Callable[..., Page], late: Ground, assert_accessible: Look, language: str
) -> None:
    words = WORDS[language]
    page = visit("manager", language, path="/ops/policy/key_account/edit")
    text = page.locator("#f-text")
    before = text.input_value()
    number = re.search(r"^spacing_days: (\d)", before, re.MULTILINE)  # the other language has changed it before us
    assert number
    text.fill(before.replace(number[0], "spacing_days: six"))
    page.get_by_role("button", name=words["try"]).click()
    expect(page.locator("#findings")).to_contain_text("spacing_days: six")
    expect(page.locator(".gutter .wrong")).to_have_count(1)
    assert "spacing_days: six" in page.locator("#f-text").input_value()
    assert_accessible(page)
    page.locator("#f-text").fill(before.replace(number[0], f"spacing_days: {int(number[1]) + 1}"))
    page.get_by_role("button", name=words["try"]).click()
    expect(page.locator("#trial")).to_be_attached()
    expect(page.locator("#trial progress")).to_have_count(0, timeout=30_000)  # it has come to its end by itself
    expect(page.locator(".diff .new")).to_have_count(2)
    assert_accessible(page)
    page.locator("#f-why").fill(HOSTILE)
    page.get_by_role("button", name=words["adopt"]).click()
    expect(page.get_by_role("status")).to_contain_text("version", ignore_case=True)
    expect(page.get_by_text(HOSTILE).first).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_trial_shows_whom_a_change_would_have_met(
    visit: Callable[..., Page], late: Ground, assert_accessible: Look, language: str
) -> None:
    words = WORDS[language]
    page = visit("collector", language, path="/ops/policy/standard/edit")
    text = page.locator("#f-text")
    text.fill(text.input_value().replace("when: due + 2 business days", "when: due + 20 business days"))
    page.get_by_role("button", name=words["try"]).click()
    expect(page.get_by_text(words["differ"])).to_be_visible(timeout=30_000)
    expect(page.get_by_role("link", name=HOSTILE)).to_be_visible()
    assert_accessible(page)
    assert_quiet(page)
    assert_fits(page)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "path",
    [
        "/ops/policy", "/ops/policy/standard", "/ops/policy/standard/versions", "/ops/policy/standard/edit",
        "/ops/policy/standard/mails/second_reminder?debtor=C-LADDER",
        "/ops/policy/standard/mails/formal_notice?debtor=C-LADDER-X",
        "/ops/settings", "/ops/settings/edit", "/ops/people", "/ops/audit",
    ],
)  # fmt: skip
def test_every_page_is_accessible_quiet_and_fits(
    visit: Callable[..., Page], late: Ground, assert_accessible: Look, language: str, path: str
) -> None:
    for viewport in ({"width": 1280, "height": 800}, PHONE):
        page = visit("manager", language, path=path, viewport=viewport)
        expect(page.locator("h1")).to_be_visible()
        assert_accessible(page)
        assert_quiet(page)
        assert_fits(page)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_setting_is_corrected_at_its_field_kept_and_noted(
    visit: Callable[..., Page], late: Ground, assert_accessible: Look, language: str
) -> None:
    words = WORDS[language]
    page = visit("manager", language, path="/ops/settings/edit")
    iban, phone = page.locator("#f-iban"), page.locator('[id="f-personas.collector.phone"]')
    iban.fill("FR76 0000")
    phone.fill(f"+33 2 61 91 00 0{len(language)}{ord(language[0]) % 10}")
    page.locator("form.sections button.main").click()
    expect(page.locator("#f-iban-error")).to_be_visible()
    assert_accessible(page)
    page.locator("#f-iban").fill("")
    page.locator("form.sections button.main").click()
    expect(page.get_by_role("status")).to_contain_text(words["saved"])
    page.goto(late.to("/ops/audit"))
    expect(page.get_by_text(words["log"]).first).to_be_visible()
    expect(page.locator(".changes").first).to_contain_text("personas.collector.phone")
    assert_accessible(page)


def test_somebody_is_invited_given_a_role_and_switched_off(visit: Callable[..., Page], late: Ground) -> None:
    page = visit("manager", "en", path="/ops/people")
    page.locator("#f-email").fill("nina@relance.example")
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("nina@relance.example is invited")
    row = page.locator(".person", has_text="nina@relance.example")
    row.get_by_role("combobox").select_option("collector")
    row.get_by_role("button", name="Change the role of nina@relance.example").click()
    expect(page.get_by_role("status")).to_contain_text("is changed")
    expect(row.get_by_role("combobox")).to_have_value("collector")
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Switch nina@relance.example off").click()
    expect(page.locator(".person", has_text="nina@relance.example")).to_contain_text("switched off")
