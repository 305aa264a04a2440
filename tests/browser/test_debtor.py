"""The debtor's file in a real browser: its main acts in both languages, accessible, quiet, on a phone too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Contact, Task, TaskKind
from chalicelib.pipeline import by_hand
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.pipeline.remind import remind
from tests.browser.conftest import PHONE
from tests.browser.ground import Ground
from tests.browser.look import assert_fits, assert_quiet
from tests.sample import case, eur, file_of
from tests.web.pages.test_proof import print_letter

Visit = Callable[..., Page]
Check = Callable[[Page], None]
HOSTILE = '<img src=x onerror="document.title=1">'


def stored(ground: Ground, id_: str, **facts: object) -> str:
    """A debtor with a history: two late invoices, one to come, a reminder that left, a call to make."""
    at = datetime.now(UTC)

    def due(days: int) -> str:
        return (at + timedelta(days=days)).date().isoformat()

    contact = Contact(id="payer", name="Claire Petit", title="Comptable", email=f"claire@{id_.lower()}.example",
                      phone="+33 1 44 55 66 77")  # fmt: skip
    file = file_of(
        case(f"{id_}-101", due(-24), "4820.00"), case(f"{id_}-102", due(-9), "1240.50", purchase_order="BC 2231"),
        case(f"{id_}-103", due(20), "2600.00"), id=id_, contact=contact,
        **{"name": "Menuiserie Duval & Fils", "legal_id": "RCS Nantes 552 100 554",
           "address": ("12 quai de la Fosse", "44000 Nantes"), "payment_run_days": (10, 25), **facts},
    )  # fmt: skip
    ground.program.put(file, at - timedelta(days=40))
    parts = ground.program.parts
    happened: list[tuple[e.Event, str]] = [
        (e.ContactSet(contact=Contact(id="approver", role="approver", name="Marc Aubry", phone="+33 6 12 34 56 78")),
         "import"),
        (e.TaskRaised(task=Task(id=f"{id_}-T", kind=TaskKind.CALL, raised_on=at.date(), due_on=at.date(),
                                reason="call about what is late", numbers=(f"{id_}-101", f"{id_}-102"),
                                at_stake=eur("6060.50"))), "first_call is due since " + due(-1) + " (first_reminder)"),
    ]  # fmt: skip
    keep(parts, office_of(parts), id_, lambda _: happened, at=at - timedelta(days=1), who="run")
    return id_


@pytest.mark.parametrize(
    ("language", "button", "reason", "said"),
    [("fr", "Bloquer", "Motif", "Relances bloquées"), ("en", "Block", "Reason", "Blocked")],
)
def test_a_block_is_placed_by_keyboard_and_undone_from_the_toast(
    visit: Visit, ground: Ground, assert_accessible: Check, language: str, button: str, reason: str, said: str
) -> None:
    id_ = stored(ground, f"DB{language.upper()}")
    page = visit("collector", language, path=f"/ops/debtors/{id_}")
    assert_accessible(page)
    page.keyboard.press("b")
    page.get_by_label(reason).first.fill("une visite est prévue")
    assert_accessible(page)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("status").first).to_contain_text(said)
    expect(page.locator("main")).to_contain_text("une visite est prévue")
    page.keyboard.press("u")
    expect(page.locator(".marks")).not_to_contain_text("bloqu" if language == "fr" else "blocked")
    assert_quiet(page)


@pytest.mark.parametrize(
    ("language", "button", "error"), [("fr", "Noter la promesse", "À remplir"), ("en", "Note the promise", "Fill this")]
)
def test_a_promise_is_noted_and_what_is_missing_is_said_at_the_field(
    visit: Visit, ground: Ground, assert_accessible: Check, language: str, button: str, error: str
) -> None:
    id_ = stored(ground, f"DP{language.upper()}")
    page = visit("collector", language, path=f"/ops/debtors/{id_}/promise")
    page.locator("#f-on").evaluate("node => node.required = false")  # what a browser without its own check sends
    page.locator("#f-said_by").fill("Mme Petit")
    page.get_by_role("button", name=button).click()
    expect(page.locator("#f-on-error")).to_contain_text(error)
    expect(page.locator("#f-said_by")).to_have_value("Mme Petit")
    assert_accessible(page)
    day = (datetime.now(UTC) + timedelta(days=6)).date()
    page.locator("#f-on").fill(day.isoformat())
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("status").first).to_be_visible()
    expect(page.locator(".marks")).to_contain_text("promesse" if language == "fr" else "promise")
    assert [str(p.pay_on) for p in ground.program.file(id_).promises.values()] == [day.isoformat()]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_plan_that_does_not_come_to_the_cent_says_what_is_missing(
    visit: Visit, ground: Ground, assert_accessible: Check, language: str
) -> None:
    id_ = stored(ground, f"DN{language.upper()}")
    page = visit("collector", language, path=f"/ops/debtors/{id_}/plan")
    page.locator("#f-amount-0").fill("1")
    page.locator("button.main").click()
    expect(page.locator("#f-instalments-error")).to_contain_text("manque" if language == "fr" else "is missing")
    assert_accessible(page)
    page.locator("button[value=again]").click()
    page.locator("button.main").click()
    expect(page.locator(".marks")).to_contain_text("échéancier" if language == "fr" else "payment plan")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_call_is_logged_from_its_sheet(
    visit: Visit, ground: Ground, assert_accessible: Check, language: str
) -> None:
    id_ = stored(ground, f"DC{language.upper()}")
    page = visit("collector", language, path=f"/ops/debtors/{id_}/calls/{id_}-T")
    assert_accessible(page)
    page.locator("#f-outcome").select_option("promised")
    page.locator("#f-on").fill((datetime.now(UTC) + timedelta(days=5)).date().isoformat())
    page.locator("section.outcome button.main").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Menuiserie Duval & Fils")
    assert len(ground.program.file(id_).calls) == 1
    assert_quiet(page)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 800}, PHONE], ids=["desktop", "phone"])
def test_a_scan_of_the_receipt_is_handed_over_and_noted_as_the_proof(
    visit: Visit, ground: Ground, assert_accessible: Check, tmp_path: Path, language: str, viewport: dict[str, int]
) -> None:
    words = {
        "fr": ("Classer la preuve", "Scan de l’avis", "Déposer", "Noter la distribution", "ni PDF", "autre fichier",
               "est au dossier", "Télécharger la preuve"),
        "en": ("File the proof", "Scan of the signed", "Hand it over", "Note the delivery", "neither PDF",
               "another file", "is on file", "Download the proof"),
    }[language]  # fmt: skip
    link, field, hand_over, note, wrong, another, filed, download = words
    id_ = stored(ground, f"DL{language.upper()}{viewport['width']}")
    letter = print_letter(ground.program.parts, id_, f"{id_}-101", at=datetime.now(UTC) - timedelta(days=3))
    (tmp_path / 'it"s <b>.pdf').write_bytes(b"<html>no scan</html>")
    (tmp_path / "receipt.jpg").write_bytes(b"\xff\xd8\xff signed")
    page = visit("collector", language, path=f"/ops/debtors/{id_}/letters/{letter}", viewport=viewport)
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("link", name=link).click()
    page.get_by_label(field).set_input_files(tmp_path / 'it"s <b>.pdf')
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name=hand_over).click()
    page.get_by_role("button", name=note).click()
    expect(page.locator("main")).to_contain_text(wrong)
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("link", name=another).click()
    page.get_by_label(field).set_input_files(tmp_path / "receipt.jpg")
    page.get_by_role("button", name=hand_over).click()
    page.get_by_role("button", name=note).click()
    expect(page.get_by_role("status").first).to_contain_text(filed)
    with page.expect_download() as begun:
        page.get_by_role("link", name=download).click()
    assert begun.value.suggested_filename == "proof-of-delivery.jpg"
    assert Path(begun.value.path()).read_bytes() == b"\xff\xd8\xff signed"
    assert_fits(page)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 800}, PHONE], ids=["desktop", "phone"])
def test_a_debtor_is_found_by_the_beginning_of_a_word_of_its_name(
    visit: Visit, ground: Ground, assert_accessible: Check, language: str, viewport: dict[str, int]
) -> None:
    mark = f"zy{language}{viewport['width']}"  # a word of this run alone
    stored(ground, f"F1{mark}", name=f"Étanchéité {mark.upper()}oux SARL")
    stored(ground, f"F2{mark}", name=f"Garage {mark}elle & Fils")
    page = visit("viewer", language, viewport=viewport)
    search = page.locator("[data-search]")
    search.fill(mark)
    search.press("Enter")
    expect(page.locator("a.cover")).to_have_count(2)
    assert_accessible(page)
    assert_fits(page)
    search.fill(f"étan {mark}")
    search.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Étanchéité")
    page.goto(ground.to(f"/ops/debtors?q={mark}e"))
    expect(page.locator("section[aria-labelledby=found] a.cover")).to_have_count(1)
    assert_accessible(page)
    assert_fits(page)
    page.goto(ground.to("/ops/debtors?q=qqq"))
    expect(page.locator("section[aria-labelledby=found]")).to_contain_text("« mor »" if language == "fr" else "“mor”")
    assert_fits(page)
    assert_quiet(page)


def test_what_others_wrote_stays_text_in_the_browser(visit: Visit, ground: Ground) -> None:
    id_ = stored(ground, "DX", name=HOSTILE, legal_id=HOSTILE, address=(HOSTILE,))
    by_hand.write_note(ground.program.parts, id_, HOSTILE, at=datetime.now(UTC), who="a@b.example")
    for path in ("", "/timeline", "/invoices", "/mail", "/contact"):
        page = visit("collector", "en", path=f"/ops/debtors/{id_}{path}")
        expect(page.locator("h1")).to_be_visible()
        assert page.title() != "1"
        assert page.locator("main img").count() == 0
        assert_quiet(page)


@pytest.mark.parametrize(
    "path", ["", "/invoices", "/timeline", "/block", "/promise", "/plan", "/dispute", "/contact", "/identity",
             "/policy", "/mail", "/litigation", "/calls/DZ-T"]
)  # fmt: skip
def test_every_page_of_a_debtor_is_accessible_and_fits_a_phone(
    visit: Visit, ground: Ground, assert_accessible: Check, path: str
) -> None:
    if not ground.program.store.load("DZ"):
        stored(ground, "DZ")
        remind(ground.program.parts, "DZ", at=datetime.now(UTC))
    page = visit("manager", "fr", path=f"/ops/debtors/DZ{path}", viewport=PHONE)
    page.wait_for_load_state("networkidle")
    assert_accessible(page)
    assert_fits(page)
    assert_quiet(page)


@pytest.mark.parametrize(("language", "nobody"), [("fr", "Personne n’est connu"), ("en", "Nobody is known")])
def test_a_debtor_is_found_from_the_list(
    visit: Visit, ground: Ground, assert_accessible: Check, language: str, nobody: str
) -> None:
    stored(ground, f"DL{language.upper()}")
    page = visit("viewer", language, path="/ops/debtors")
    assert_accessible(page)
    page.locator("#ask").fill("nobody at all")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text(nobody)
    page.locator("#ask").fill(f"DL{language.upper()}-101")
    page.keyboard.press("Enter")
    page.locator("main a.cover").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Menuiserie Duval & Fils")
    page.goto(ground.to("/ops/debtors"))
    expect(page.locator("#recent + ul")).to_contain_text("Menuiserie Duval & Fils")
    assert_quiet(page)
