"""Money and Import in a real browser: charts with their tables, a count carried on, files handed to the real store."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from chalicelib import bootstrap
from chalicelib.domain import numbers as n
from chalicelib.domain.money import Money
from chalicelib.pipeline.import_dropped import import_dropped
from chalicelib.ports import Counting
from tests.browser.conftest import PHONE
from tests.browser.ground import Ground
from tests.browser.look import _watched, assert_fits, assert_quiet
from tests.parts.calls import counted

Visit = Callable[..., Page]
TITLES = {"fr": ("Balance âgée", "Import"), "en": ("Ageing", "Import")}
HOSTILE = '<script>document.title="owned"</script>=1+1'
LEDGER = (
    "N° facture;Code client;Raison sociale;Date facture;Échéance;Montant TTC;E-mail\n"
    "FA-77;IMP1;Verrerie Duval;05/03/2026;30/04/2026;1 200,50;compta@duval.example\n"
    f"FA-78;IMP2;{HOSTILE};06/03/2026;05/04/2026;99,00;\n"
)


def eur(amount: str | int) -> Money:
    return Money.of(str(amount), "EUR")


def numbers(on: date) -> n.Numbers:
    """A company of some size."""
    bands = [(212, 184_210), (96, 71_930), (41, 28_480), (17, 12_310), (23, 19_875)]
    ageing = tuple(
        n.Band(open=n.Tally(count=c, sum=eur(a)), disputed=n.Tally(count=c // 12, sum=eur(a // 9))) for c, a in bands
    )
    weeks = [(14_200, 2_500, 31_000), (9_800, 2_500, 27_400), (4_100, 0, 38_900), (0, 2_500, 22_600),
             (0, 0, 19_800), (0, 2_500, 12_400), (0, 0, 9_100), (0, 0, 6_300)]  # fmt: skip
    steps = {"courtesy": (310, 168), "first_reminder": (184, 83), "call_reached": (61, 39), "second_reminder": (97, 34),
             "third_reminder": (44, 12), "formal_notice": (11, 5)}  # fmt: skip
    names = ["Garage Morel", "Clinique des Tilleuls", "Transports Ngo & Fils", "Mairie de Vertou", HOSTILE, "Hôtel"]
    return n.Numbers(
        on=on, debtors=143, ageing={"EUR": ageing}, credit={"EUR": n.Tally(count=3, sum=eur(1_840))},
        invoiced={"EUR": {f"{on - timedelta(days=30 * m):%Y-%m}": eur(142_000 - 4_000 * m) for m in range(12)}},
        word={"EUR": n.Word(kept=n.Tally(count=31, sum=eur(48_200)), partly_kept=n.Tally(count=4, sum=eur(9_600)),
                            broken=n.Tally(count=9, sum=eur(14_100)), came=eur(5_200))},
        effects={"EUR": {s: n.Effect(taken=n.Tally(count=t, sum=eur(t * 700)), paid=n.Tally(count=p, sum=eur(p * 650)))
                         for s, (t, p) in steps.items()}},
        paid=n.Paid(count=402, on_time=211, days_late=4_503),
        forecast={"EUR": n.Forecast(
            weeks=tuple(n.Expected(promised=eur(a), planned=eur(b), habit=eur(c)) for a, b, c in weeks),
            later=eur(54_905), undated=eur(65_300))},
        top={"EUR": tuple(n.Owing(debtor_id=f"C{i:03}", name=name, overdue=eur(24_000 - 3_100 * i),
                                  owed=eur(31_000 - 3_000 * i), days_late=74 - 9 * i) for i, name in enumerate(names))},
        on_hold=1, hold_asked=1,
        holds=(n.Held(debtor_id="C001", name=names[1], held_since_on=on - timedelta(days=12), asked_on=None,
                      overdue=(eur("20900.00"),)),
               n.Held(debtor_id="C002", name=names[2], held_since_on=None, asked_on=on - timedelta(days=3),
                      overdue=(eur("17800.00"),))),
    )  # fmt: skip


@pytest.fixture
def snapshot(ground: Ground) -> n.Numbers:
    """Today's numbers, finished."""
    store, today = bootstrap.numbers_store(), datetime.now(UTC).date()
    found = numbers(today)
    store.advance(store.counting(today), Counting(numbers=found, after="~", done=True))
    return found


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_figures_are_drawn_told_and_accessible(
    visit: Visit, snapshot: n.Numbers, assert_accessible: Callable[[Page], None], language: str, scheme: str,
    viewport: dict[str, int] | None,
) -> None:  # fmt: skip
    shown = {"viewport": viewport} if viewport else {}
    page = visit("viewer", language, path="/ops/money", color_scheme=scheme, reduced_motion="reduce", **shown)
    expect(page.get_by_role("heading", name=TITLES[language][0], exact=True)).to_be_visible()
    for canvas in page.locator("canvas").all():
        assert canvas.evaluate("c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0)")
    assert page.title() != "owned"
    assert_accessible(page)
    assert_fits(page)
    assert_quiet(page)


def test_a_look_at_the_money_reads_a_session_a_hold_and_one_row(visit: Visit, snapshot: n.Numbers) -> None:
    page = visit("viewer", path="/ops/money")
    with counted() as calls:
        page.reload()
    assert calls.by_name["dynamodb.Query"] == 1
    assert calls.total <= 3
    assert len(page.content().encode()) < 200_000


def test_printed_it_shows_tables_and_no_charts(visit: Visit, snapshot: n.Numbers) -> None:
    page = visit("viewer", path="/ops/money")
    page.emulate_media(media="print")
    expect(page.locator("canvas").first).to_be_hidden()
    expect(page.get_by_role("row", name=re.compile("Over 90 days late")).first).to_be_visible()


def test_the_exports_arrive_as_files(visit: Visit, snapshot: n.Numbers) -> None:
    page = visit("viewer", path="/ops/money")
    for kind, magic in (("CSV", b"\xef\xbb\xbf"), ("XLSX", b"PK\x03\x04")):
        with page.expect_download() as begun:
            page.get_by_role("link", name=kind).click()
        assert begun.value.suggested_filename == f"relance-{snapshot.on}.{kind.lower()}"
        assert Path(begun.value.path()).read_bytes().startswith(magic)


def test_the_page_teaches_before_files_come(
    visit: Visit, assert_accessible: Callable[[Page], None]
) -> None:
    for language in ("fr", "en"):
        for viewport in ({"width": 1280, "height": 800}, PHONE):
            page = visit("collector", language, path="/ops/import", viewport=viewport)
            expect(page.get_by_role("heading", level=1)).to_have_text(TITLES[language][1])
            assert_accessible(page)
            assert_fits(page)
            assert_quiet(page)


def imported(ground: Ground) -> None:
    """What the queue's function does with what has arrived."""
    files = bootstrap.import_files()
    for key in files.keys("dropped/"):
        import_dropped(ground.program.parts, files, key, at=datetime.now(UTC), log=bootstrap.import_log())


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_file_is_handed_over_its_columns_are_named_and_it_is_taken_in(
    visit: Visit, ground: Ground, assert_accessible: Callable[[Page], None], tmp_path: Path, language: str
) -> None:
    words = {
        "fr": ("Choisir des fichiers", "colonnes à nommer", "Mémoriser et importer", "Importé"),
        "en": ("Choose files", "name its columns", "Remember, and take it in", "Taken in"),
    }[language]
    ledger = tmp_path / f"ledger-{language}.csv"
    # Columns of its own for each language: the first run has named those of the other.
    ledger.write_text(LEDGER.replace("E-mail", f"E-mail {language}").replace("FA-", f"{language}-"), "utf-8")
    page = visit("collector", language, path="/ops/import")
    page.get_by_label(words[0]).set_input_files(ledger)
    row = page.get_by_role("listitem").filter(has_text=ledger.name)
    expect(row.locator("a.cover")).to_be_visible()  # it has arrived, and asks by itself
    imported(ground)
    expect(row).to_contain_text(words[1])
    assert_accessible(page)
    row.locator("a.cover").click()
    expect(page.get_by_role("cell", name=re.compile("30 (avr|Apr)"))).to_be_visible()
    assert page.title() != "owned"
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name=words[2]).click()
    expect(page.locator("#state")).to_contain_text(re.compile("En cours de lecture|Being read"))
    imported(ground)
    expect(page.locator("#state")).to_contain_text(words[3])
    file = ground.program.file("IMP1")
    assert file.cases[f"{language}-77"].balance == Money.of(Decimal("1200.50"), "EUR")
    watched = _watched[page]
    store = urlsplit(bootstrap.upload_door().origin()).netloc
    assert {urlsplit(url).netloc for url in watched.asked} <= {urlsplit(ground.url).netloc, store}
    assert watched.said == []


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, PHONE], ids=["desktop", "phone"])
def test_a_banks_table_is_named_and_its_money_comes_in(
    visit: Visit, ground: Ground, assert_accessible: Callable[[Page], None], tmp_path: Path, language: str,
    viewport: dict[str, int],
) -> None:  # fmt: skip
    words = {
        "fr": ("Choisir des fichiers", "Libellé de l’opération", "Revoir avec ces", "Mémoriser et importer", "Importé"),
        "en": ("Choose files", "Text of the entry", "Look again with these", "Remember, and take it in", "Taken in"),
    }[language]
    mark = f"{language}{viewport['width']}"  # columns of its own: another run has named those of the others
    table = tmp_path / f"bank-{mark}.csv"
    rows = f"12/03/2026;VIR {HOSTILE};1 200,50\n13/03/2026;LOYER;-800,00\n"
    table.write_text(f"Relevé du compte\n\nJour {mark};Quoi;Somme\n{rows}", "utf-8")
    page = visit("collector", language, path="/ops/import", viewport=viewport)
    page.get_by_label(words[0]).set_input_files(table)
    row = page.get_by_role("listitem").filter(has_text=table.name)
    expect(row.locator("a.cover")).to_be_visible()
    imported(ground)
    expect(row.locator(".badge.warn")).to_be_visible()
    row.locator("a.cover").click()
    expect(page.get_by_role("cell", name=re.compile("13 (mars|Mar)"))).to_be_visible()
    page.get_by_label(words[1]).select_option("1")
    page.get_by_role("button", name=words[2]).click()
    expect(page.get_by_role("rowheader", name=re.compile("LOYER"))).to_be_visible()
    assert page.title() != "owned"
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name=words[3]).click()
    expect(page.locator("#state")).to_contain_text(re.compile("En cours de lecture|Being read"))
    imported(ground)
    expect(page.locator("#state")).to_contain_text(words[4])
    assert _watched[page].said == []


def test_without_scripts_a_plain_form_hands_the_file_over(visit: Visit, ground: Ground, tmp_path: Path) -> None:
    ledger = tmp_path / "plain.csv"
    ledger.write_text("number,account,client,country,issued,due,amount,currency\nPL1,IMP9,,FR,2026-01-01,2026-02-01,5,EUR\n")
    page = visit("collector", "en", path="/ops/import", java_script_enabled=False)
    page.get_by_role("button", name="Choose a file").click()
    page.get_by_label("File").set_input_files(ledger)
    page.get_by_role("button", name="Hand it over").click()
    expect(page.get_by_role("heading", name="Being read")).to_be_visible()
    imported(ground)
    page.reload()
    expect(page.get_by_role("heading", name="Refused: nothing of it was written")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("2 client is empty"))).to_be_visible()
