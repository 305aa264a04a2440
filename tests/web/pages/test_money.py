"""The money page: one row is read, every figure is explained, nothing in an export is a formula."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import openpyxl
import pytest

from chalicelib import bootstrap
from chalicelib.adapters.memory_numbers import FakeNumbersStore
from chalicelib.domain import numbers as n
from chalicelib.domain.money import Money
from chalicelib.pipeline.count_numbers import count_numbers
from chalicelib.ports import Counting
from tests.contract.test_numbers_store import full
from tests.sample import case, file_of, paris
from tests.web.pages.conftest import AT, Desk

TODAY = AT.date()
HOSTILE = '=HYPERLINK("https://evil.example","x")<script>alert(1)</script>'


def counted(desk: Desk, numbers: n.Numbers | None = None) -> n.Numbers:
    numbers = numbers or full(TODAY)
    desk.numbers.advance(None, Counting(numbers=numbers, done=True))
    return numbers


def test_the_page_says_as_of_when_and_explains_every_figure(desk: Desk) -> None:
    counted(desk)
    answer = desk.ask("GET", "/ops/money", cookies=desk.sign_in("viewer"))
    assert answer.status == 200
    assert "As counted on the morning of 12 March 2026" in answer.body
    assert answer.body.count("How it is reckoned") == 6 + 6
    for text in ("€6,172.80", "days sales outstanding", "First reminder", "Hôtel", "/api/ops/debtors/D1", "on hold"):
        assert text.lower() in answer.body.lower(), text
    assert len(answer.body.encode()) < 200_000


@dataclass
class Counts:
    """A store that counts how often it is asked."""

    store: Any
    asked: int = 0

    def __getattr__(self, name: str) -> Any:
        self.asked += 1
        return getattr(self.store, name)


def test_the_page_reads_one_row_and_no_debtor(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    counted(desk)
    store, cases = Counts(desk.numbers), Counts(desk.program.store)
    offices = Counts(desk.program.offices)
    parts = replace(desk.program.parts, store=cases, offices=offices)
    monkeypatch.setattr(bootstrap, "parts", lambda: parts)
    monkeypatch.setattr(bootstrap, "numbers_store", lambda: store)
    cookies = {**desk.sign_in("viewer"), "relance-zone": "Europe/Paris"}
    assert desk.ask("GET", "/ops/money", cookies=cookies).status == 200
    assert (store.asked, cases.asked) == (1, 0)
    assert offices.asked == 1, "the frame of every page: is all sending held?"


def test_before_the_first_count_the_page_says_how_it_comes_to_show_something(desk: Desk) -> None:
    answer = desk.ask("GET", "/ops/money", cookies=desk.sign_in("viewer"))
    assert answer.status == 200
    assert "Nothing is counted yet" in answer.body
    assert "/ops/import" in answer.body
    assert "Count now</button>" not in answer.body, "a viewer may not"


def test_an_unknown_currency_shows_the_first(desk: Desk) -> None:
    counted(desk)
    answer = desk.ask("GET", "/ops/money", cookies=desk.sign_in("viewer"), query={"currency": "<b>"})
    assert "Ageing in EUR" in answer.body


def test_two_currencies_are_two_views(desk: Desk) -> None:
    eur = full(TODAY)
    tally = n.Tally(count=2, sum=Money.of("9.00", "USD"))
    usd = {"USD": (n.Band(open=tally, disputed=tally),) * 5}
    counted(desk, replace(eur, ageing={**eur.ageing, **usd}))
    answer = desk.ask("GET", "/ops/money", cookies=desk.sign_in("viewer"), query={"currency": "USD"})
    assert answer.status == 200
    assert "currency=EUR" in answer.body


def test_a_collector_counts_today_piece_by_piece(desk: Desk) -> None:
    counted(desk, full(TODAY - timedelta(days=1)))
    for number in range(150):
        desk.program.put(file_of(case(f"X{number}", "2026-03-01"), id=f"X{number:03}"), paris("2026-03-02"))
    cookies = desk.sign_in("collector")
    page = desk.ask("GET", "/ops/money", cookies=cookies)
    assert "Count now" in page.body
    piece = {"HX-Request": "true"}
    assert "not counted yet" in desk.ask("GET", "/ops/money/count", cookies=cookies, headers=piece).body
    first = desk.act("/ops/money/count", cookies, headers=piece)
    assert first.status == 200
    assert "load delay" in first.body, "it goes on by itself"
    assert "100 debtors" in first.body
    second = desk.act("/ops/money/count", cookies, headers=piece)
    assert second.headers["HX-Redirect"] == "/api/ops/money"
    assert desk.numbers.latest() == count_of(desk)


def count_of(desk: Desk) -> n.Numbers | None:
    store = FakeNumbersStore()
    count_numbers(desk.program.parts, store, on=TODAY)
    return store.latest()


def test_without_scripts_each_press_counts_some_more(desk: Desk) -> None:
    answer = desk.act("/ops/money/count", desk.sign_in("collector"))
    assert (answer.status, answer.place) == (303, "/api/ops/money")
    assert desk.numbers.latest() is not None


def hostile() -> n.Numbers:
    numbers = full(TODAY)
    owing = replace(numbers.top["EUR"][0], name=HOSTILE, debtor_id="@SUM(A1)")
    held = replace(numbers.holds[0], name="\t=1+1\x00")
    effects = {"EUR": {"=cmd": numbers.effects["EUR"]["first_reminder"]}}
    return replace(numbers, top={"EUR": (owing,)}, holds=(held,), effects=effects)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_cell_of_the_csv_is_a_formula(desk: Desk, language: str) -> None:
    counted(desk, hostile())
    answer = desk.ask(
        "GET", "/ops/money/export.csv", cookies=desk.sign_in("viewer"), headers={"Accept-Language": language}
    )
    assert answer.headers["Content-Disposition"] == 'attachment; filename="relance-2026-03-12.csv"'
    separator = ";" if language == "fr" else ","
    cells = [cell.strip('"') for line in answer.body.lstrip("\ufeff").splitlines() for cell in line.split(separator)]
    assert "'@SUM(A1)" in cells
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@", "\t")]


def test_no_cell_of_the_workbook_is_a_formula(desk: Desk) -> None:
    counted(desk, hostile())
    answer = desk.ask("GET", "/ops/money/export.xlsx", cookies=desk.sign_in("viewer"))
    assert answer.status == 303
    (key,) = [key for key in desk.program.archive.kept if key.startswith("exports/2026-03-12-")]
    book = openpyxl.load_workbook(io.BytesIO(desk.program.archive.get(key)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    assert HOSTILE in [cell.value for cell in cells]
    assert book.sheetnames == ["Ageing", "Cash expected", "Ratios", "Effect of steps", "Top debtors", "Credit holds"]


def test_a_hostile_name_stays_text_on_the_page(desk: Desk) -> None:
    counted(desk, hostile())
    body = desk.ask("GET", "/ops/money", cookies=desk.sign_in("viewer")).body
    assert "<script>alert" not in body
    assert "&lt;script&gt;" in body


@pytest.mark.parametrize("path", ["/ops/money/export.csv", "/ops/money/export.xlsx"])
def test_nothing_counted_is_nothing_to_export(desk: Desk, path: str) -> None:
    assert desk.ask("GET", path, cookies=desk.sign_in("viewer")).status == 404
