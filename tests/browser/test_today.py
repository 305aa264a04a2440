"""Today in a browser: the whole of its work by keyboard alone, and how it looks in both languages, wide and narrow."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chalicelib import bootstrap
from chalicelib.domain import events as e
from chalicelib.domain.calendar import local_day
from chalicelib.domain.debtor_file import DESK, Call, Contact, Promise, PromiseState, Task, TaskKind
from chalicelib.domain.money import Money
from chalicelib.pipeline.keep import keep, load, office_of
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.ground import Ground
from tests.browser.look import assert_fits, assert_quiet
from tests.sample import case, file_of

Visit = Callable[..., Page]
Check = Callable[[Page], None]
EVIL = '"><img src=x onerror=alert(1)>{{7*7}}'
TYPED = "%m%d%Y"  # a field for a day takes its order from Chromium's own language, not from the page's
SHOTS = os.environ.get("RELANCE_SHOTS", "")


@dataclass(frozen=True)
class Work:
    """Tasks of this module on the ground, raised with more at stake than any other's."""

    ground: Ground
    at: datetime
    on: date

    def debtor(self, id_: str, name: str, *, days_late: int = 20, amount: str = "1200.00", **facts: Any) -> None:
        due = (self.on - timedelta(days=days_late)).isoformat()
        first = case(f"{id_}-F1", due, amount, purchase_order="BC-4471")
        contact = Contact(
            id="payer", name="Paul Morel", title="Comptable", email=f"compta@{id_.lower()}.example",
            phone="+33 1 44 00 12 34",
        )  # fmt: skip
        file = file_of(first, case(f"{id_}-F2", due, "310.40"), contact=contact, id=id_, name=name, **facts)
        self.ground.program.put(file, self.at - timedelta(days=60))

    def raised(self, debtor_id: str, kind: TaskKind, **facts: Any) -> Task:
        known: dict[str, Any] = {
            "raised_on": self.on - timedelta(days=3), "due_on": self.on, "reason": "first reminder without an answer",
            "numbers": () if debtor_id == DESK else (f"{debtor_id}-F1", f"{debtor_id}-F2"),
        }  # fmt: skip
        task = Task(id=f"{kind}-{debtor_id}", kind=kind, **{**known, **facts})
        self.happened(debtor_id, e.TaskRaised(task=task))
        return task

    def happened(self, debtor_id: str, *events: e.Event) -> None:
        parts = self.ground.program.parts
        keep(
            parts, office_of(parts), debtor_id, lambda _: [(event, "test") for event in events],
            at=self.at - timedelta(minutes=5), who="relance",
        )  # fmt: skip

    def task(self, debtor_id: str, kind: TaskKind) -> Task:
        file = self.ground.program.parts.store.load(debtor_id, whole=True)
        assert file
        return file.tasks[f"{kind}-{debtor_id}"]


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


@pytest.fixture(scope="module")
def work(ground: Ground) -> Work:
    at = bootstrap.now()
    work = Work(ground, at, local_day(at, "Europe/Paris"))
    names = {
        "T-MOREL": ("Garage Morel", "18400.00"), "T-LEFEVRE": ("Boulangerie Lefèvre", "9250.50"),
        "T-TILLEULS": ("Clinique des Tilleuls", "31200.00"), "T-NGO": ("Transports Ngo & Fils", "4100.00"),
        "T-VERTOU": ("Mairie de Vertou", "12890.00"), "T-EVIL": (EVIL, "10.00"),
    }  # fmt: skip
    for id_, (name, amount) in names.items():
        work.debtor(id_, name, days_late=44 if id_ == "T-TILLEULS" else 20, amount=amount)
    for id_, stake, days in (("T-MOREL", "18710.40", 3), ("T-LEFEVRE", "9560.90", 2), ("T-NGO", "4410.40", 1)):
        work.raised(id_, TaskKind.CALL, at_stake=eur(stake), raised_on=work.on - timedelta(days=days))
    broken = Promise(
        id="p0", numbers=("T-MOREL-F1",), made_on=work.on - timedelta(days=16), pay_on=work.on - timedelta(days=9),
        grace_on=work.on - timedelta(days=6), amount=eur("18400.00"), state=PromiseState.BROKEN,
    )  # fmt: skip
    said = Call(
        id="c0", task="t0", at=work.at - timedelta(days=16), on=work.on - timedelta(days=16), outcome="promised",
        numbers=("T-MOREL-F1",), next_on=work.on, contact="payer", cause="cash", note="virement après la paie",
    )  # fmt: skip
    work.happened("T-MOREL", e.CallLogged(call=said), e.PromiseMade(promise=broken))
    work.raised("T-TILLEULS", TaskKind.APPROVE_NOTICE, at_stake=eur("31510.40"), reason="approve the formal notice")
    manager = ground.someone("manager").email
    work.raised("T-VERTOU", TaskKind.REVIEW_MAIL, at_stake=eur("13200.40"), mail="m" * 64, assignee=manager)
    work.raised("T-VERTOU", TaskKind.SEND_DOCUMENT, at_stake=eur("12890.00"), raised_on=work.on)
    work.raised("T-NGO", TaskKind.DEAD_ADDRESS, at_stake=eur("4410.40"), raised_on=work.on)
    work.raised(
        "T-LEFEVRE", TaskKind.DECLARE_CLAIM, at_stake=eur("9560.90"), deadline_on=work.on + timedelta(days=12),
        urgency=1,
    )  # fmt: skip
    work.raised(
        "T-EVIL", TaskKind.ANSWER_DISPUTE, at_stake=eur("320.40"), reason=EVIL, snoozed=EVIL, assignee=EVIL,
    )  # fmt: skip
    return work


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), caret="initial")


def marked(page: Page) -> str:
    return page.locator("[data-row].here .cover").inner_text()


def said(page: Page) -> Any:
    return expect(page.locator("#toasts"))


@pytest.mark.parametrize(
    ("language", "viewport", "scheme"),
    [("fr", DESKTOP, "light"), ("en", DESKTOP, "light"), ("fr", PHONE, "light"), ("en", PHONE, "dark")],
)
def test_the_list_and_each_kind_of_task_are_accessible_and_fit(
    visit: Visit, work: Work, assert_accessible: Check, language: str, viewport: dict[str, int], scheme: str
) -> None:
    page = visit("manager", language, viewport=viewport, color_scheme=scheme)
    wide = viewport is DESKTOP
    name = f"today-{language}-{'wide' if wide else 'phone'}"
    expect(page.get_by_role("link", name="Garage Morel").first).to_be_visible()
    shot(page, f"{name}-list")
    assert_accessible(page)
    assert_fits(page)
    for number, who in enumerate(("Garage Morel", "Clinique des Tilleuls", "Boulangerie Lefèvre", "Mairie de Vertou")):
        page.locator("a.cover", has_text=who).first.click()
        expect(page.locator("#panel-title")).to_have_text(who)
        shot(page, f"{name}-open{number}")
        page.locator("#do input[type=radio]").first.check()
        assert_accessible(page)
        assert_fits(page)
    shot(page, f"{name}-form")
    page.go_back()
    expect(page.locator("#panel-title")).to_have_text("Boulangerie Lefèvre")
    expect(page.locator("nav.side")).to_have_count(1)
    assert_quiet(page)


def test_a_key_pressed_the_moment_an_answer_stands_is_an_act_in_place(visit: Visit, work: Work) -> None:
    work.debtor("K-SWIFT", "Keys Swift", amount="60000.00")
    work.raised("K-SWIFT", TaskKind.CALL, at_stake=eur("60000.00"), raised_on=work.on - timedelta(days=9))
    page = visit("collector", "en", path="/ops/today?section=calls")
    page.evaluate(
        """() => new MutationObserver((_, watcher) => {
             const undo = document.querySelector("[data-key=u]");
             if (undo) { watcher.disconnect(); undo.click(); }
           }).observe(document.body, { childList: true, subtree: true })"""
    )
    page.locator("a.cover", has_text="Keys Swift").focus()
    page.keyboard.press("a")
    said(page).to_contain_text("Given to nobody")
    assert marked(page) == "Keys Swift"


def test_a_morning_is_worked_through_by_keyboard_alone(visit: Visit, work: Work, assert_accessible: Check) -> None:
    work.debtor("K-ONE", "Keys One", amount="90000.00")
    work.debtor("K-TWO", "Keys Two", amount="80000.00")
    work.debtor("K-THREE", "Keys Three", amount="70000.00")
    for id_, stake in (("K-ONE", "90000.00"), ("K-TWO", "80000.00"), ("K-THREE", "70000.00")):
        work.raised(id_, TaskKind.CALL, at_stake=eur(stake), raised_on=work.on - timedelta(days=9))
    page = visit("collector", "en", path="/ops/today?section=calls")
    keys = page.keyboard

    keys.press("j")
    assert marked(page) == "Keys One"
    keys.press("j")
    keys.press("k")
    assert marked(page) == "Keys One"

    keys.press("a")  # to me, and back
    said(page).to_contain_text("Assigned to you")
    expect(page.locator("[data-row].here .who")).to_have_text("you")
    assert marked(page) == "Keys One"
    assert work.task("K-ONE", TaskKind.CALL).assignee == work.ground.someone("collector").email
    keys.press("u")
    said(page).to_contain_text("Given to nobody")
    assert work.task("K-ONE", TaskKind.CALL).assignee == ""
    assert marked(page) == "Keys One"

    keys.press("Enter")  # the call sheet, and back to the row
    expect(page.locator("#panel-title")).to_be_focused()
    expect(page.locator("a.tel")).to_have_attribute("href", "tel:+33144001234")
    assert_accessible(page)
    keys.press("Escape")
    expect(page.locator("[data-row].here .cover")).to_be_focused()
    assert marked(page) == "Keys One"

    keys.press("s")  # put off: a wrong day first, then until the week after
    expect(page.locator("#f-until")).to_be_focused()
    keys.type(work.on.strftime(TYPED))
    keys.press("Tab")
    while page.evaluate("document.activeElement.id") != "f-reason":
        keys.press("Tab")
    keys.type("Mrs Blin is back then")
    keys.press("Enter")
    expect(page.locator("#f-until-error")).to_contain_text("after today")
    expect(page.locator("#f-reason")).to_have_value("Mrs Blin is back then")
    expect(page.locator("#f-until")).to_be_focused()
    keys.type((work.on + timedelta(days=7)).strftime(TYPED))
    while page.evaluate("document.activeElement.id") != "f-reason":
        keys.press("Tab")
    keys.press("Enter")
    said(page).to_contain_text("Put off until")
    assert marked(page) == "Keys Two"  # the next row stands where the first one was
    assert work.task("K-ONE", TaskKind.CALL).due_on == work.on + timedelta(days=7)
    keys.press("u")
    said(page).to_contain_text("Due again")
    assert work.task("K-ONE", TaskKind.CALL).due_on == work.on

    assert marked(page) == "Keys Two"
    keys.press("d")  # what came of the call
    expect(page.locator("#do input[type=radio]").first).to_be_focused()
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    while page.evaluate("document.activeElement.name") != "promised.on":
        keys.press("ArrowDown") if page.evaluate(
            "document.querySelector('#do input:checked')?.value !== 'promised'"
        ) else keys.press("Tab")
    keys.type((work.on + timedelta(days=5)).strftime(TYPED))
    while page.evaluate("document.activeElement.name") != "promised.amount":
        keys.press("Tab")
    keys.type("80000")
    keys.press("Enter")
    said(page).to_contain_text("Noted: They promise to pay")
    expect(page.locator("#toasts [data-key=u]")).to_have_count(0)  # a promise is not taken back here
    assert marked(page) == "Keys Three"
    (promise,) = load(work.ground.program.parts, "K-TWO").promises.values()
    assert (promise.pay_on, promise.amount) == (work.on + timedelta(days=5), eur("80000.00"))
    assert_quiet(page)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_closing_without_effect_is_done_and_undone(visit: Visit, work: Work, language: str) -> None:
    id_ = f"U-{language.upper()}"
    work.debtor(id_, f"Undo {language}")
    work.raised(id_, TaskKind.SEND_DOCUMENT, at_stake=eur("66000.00"), raised_on=work.on - timedelta(days=9))
    page = visit("collector", language, path="/ops/today?section=documents")
    page.keyboard.press("j")
    assert marked(page) == f"Undo {language}"
    page.keyboard.press("d")
    expect(page.locator("#do input[type=radio]").first).to_be_focused()
    page.get_by_role("button", name={"fr": "Enregistrer", "en": "Note it"}[language]).click()
    said(page).to_contain_text({"fr": "Enregistré : Envoyé", "en": "Noted: It was sent"}[language])
    assert not work.task(id_, TaskKind.SEND_DOCUMENT).is_open
    page.keyboard.press("u")
    said(page).to_contain_text({"fr": "la tâche est rouverte", "en": "the task is open again"}[language])
    assert work.task(id_, TaskKind.SEND_DOCUMENT).is_open
    assert_quiet(page)


def test_without_scripts_the_same_work_is_done_by_links_and_forms(visit: Visit, work: Work) -> None:
    work.debtor("N-JS", "Without Script")
    work.raised("N-JS", TaskKind.CHECK_INVOICE, at_stake=eur("77000.00"), raised_on=work.on - timedelta(days=9))
    page = visit("collector", "en", path="/ops/today?section=documents", java_script_enabled=False)
    page.locator("a.cover", has_text="Without Script").click()
    expect(page.locator("#panel-title")).to_have_text("Without Script")
    page.locator("#do button[type=submit]").click()
    expect(page.locator("#toasts")).to_contain_text("Noted: Done")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("Taken back")
    assert work.task("N-JS", TaskKind.CHECK_INVOICE).is_open


def test_what_others_wrote_is_shown_and_never_run(visit: Visit, work: Work) -> None:
    page = visit("collector", "en", path="/ops/today?section=disputes")
    row = page.locator("a.cover", has_text="onerror").first
    assert row.inner_text() == EVIL
    row.click()
    expect(page.locator("#panel-title")).to_have_text(EVIL)
    assert page.locator("main img").count() == 0
    assert_quiet(page)


def test_a_debtor_is_found_from_anywhere_by_keyboard(visit: Visit, work: Work) -> None:
    page = visit("viewer", "en")
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("nobody at all")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2)).to_have_text("No debtor is found by that")
    assert_quiet(page)
