"""`relance numbers`: the last snapshot or a count on the spot, as text, JSON, or a table that no spreadsheet runs."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from chalicelib.adapters.memory_numbers import FakeNumbersStore
from chalicelib.errors import BadInput
from chalicelib.numbers_command import main
from chalicelib.pipeline.count_numbers import count_numbers
from chalicelib.ports import NumbersStore, Parts
from tests.pipeline.desk import Program
from tests.sample import case, file_of, paris

AT = paris("2026-11-23", "09:00")
PAGE = (Path(__file__).parents[1] / "docs" / "numbers.md").read_text("utf-8")
SHOWN = re.findall(r"```console\n\$ relance numbers\n(.*?)```", PAGE, re.DOTALL)


class Stack:
    """Two debtors of which one is late; `counted`: the morning's count is done."""

    def __init__(self, *, counted: bool = True) -> None:
        self.program, self.store = Program(AT), FakeNumbersStore()
        self.program.put(file_of(case("A", "2026-11-03", "1200.00"), name="Garage Morel"), AT)
        self.program.put(file_of(case("B", "2026-12-03", "300.00"), id="C002", name="=cmd|'/c calc'!A1"), AT)
        self.program.put(file_of(case("C", "2026-11-20", "50.00"), id="C003", name="=HYPERLINK(1)"), AT)
        if counted:
            count_numbers(self.program.parts, self.store, on=AT.date())

    def open(self, _: str) -> tuple[Parts, NumbersStore]:
        return self.program.parts, self.store


def test_it_prints_what_its_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    stack = Stack(counted=False)
    stack.program, stack.store = Program(AT), FakeNumbersStore()
    stack.program.put(file_of(case("A", "2026-11-03", "1200.00"), name="Garage Morel"), AT)
    stack.program.put(file_of(case("B", "2026-12-03", "300.00"), id="C002", name="Hôtel des Remparts"), AT)
    count_numbers(stack.program.parts, stack.store, on=AT.date())
    assert main([], stack.open, at=AT) == 0
    assert [capsys.readouterr().out] == SHOWN


def test_json_holds_ratios_and_the_sums_they_are_reckoned_from(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--json"], Stack().open, at=AT)
    told = json.loads(capsys.readouterr().out)
    assert told["on"] == "2026-11-23"
    assert told["ratios"]["EUR"]["owed"] == {"amount": "1550.00", "currency": "EUR"}
    # Issued 30 days before they are due: 4 October, 21 October and 3 November.
    assert told["numbers"]["invoiced"]["EUR"]["2026-10"]["amount"] == "1250.00"
    assert told["numbers"]["ageing"]["EUR"][1]["open"] == {"count": 2, "sum": {"amount": "1250.00", "currency": "EUR"}}


def test_no_cell_of_the_table_is_a_formula(tmp_path: Path) -> None:
    target = tmp_path / "numbers.csv"
    main(["--csv", str(target)], Stack().open, at=AT)
    rows = list(csv.reader(target.read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert rows[0] == ["figure", "of", "currency", "count", "value"]
    assert ["ageing", "1_30", "EUR", "2", "1250.00"] in rows
    assert any("=HYPERLINK(1)" in cell for row in rows for cell in row)
    assert not [cell for row in rows for cell in row if re.match(r"\s*[=+@|\-]", cell)]


def test_before_the_first_count_it_says_what_to_do_and_now_counts_on_the_spot(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack = Stack(counted=False)
    with pytest.raises(BadInput, match="--now"):
        main([], stack.open, at=AT)
    assert main(["--now"], stack.open, at=AT) == 0
    assert "1550.00 EUR owed" in capsys.readouterr().out
    assert stack.store.latest() is None, "nothing is kept"
