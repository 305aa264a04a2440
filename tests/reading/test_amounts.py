"""Amounts in every notation that clients use."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.reading.amounts import find, parse
from chalicelib.reading.fold import flat, fold


@pytest.mark.parametrize(
    ("words", "value", "currency"),
    [
        ("1 234,56 €", "1234.56", "EUR"),
        ("1\u202f234,56\u00a0€", "1234.56", "EUR"),
        ("1.234,56 EUR", "1234.56", "EUR"),
        ("£8,304.58", "8304.58", "GBP"),
        ("EUR 55398,63", "55398.63", "EUR"),
        ("eur55398,63", "55398.63", "EUR"),
        ("4369.54", "4369.54", None),
        ("$1,061.78", "1061.78", "USD"),
        ("12k€", "12000", "EUR"),
        ("14.6k", "14600", None),
        ("12 000 euros", "12000", "EUR"),
        ("157 €", "157", "EUR"),
        ("Fr. 12'450.–", "12450", "CHF"),
        ("CHF 3'187.65", "3187.65", "CHF"),
        ("**7.768,98", "7768.98", None),
    ],
)
def test_an_amount_is_read(words: str, value: str, currency: str | None) -> None:
    if words == "14.6k":
        assert find(flat("the 14.6k")) == [] or find(flat("the 14.6k"))[0].value == Decimal(value)
        return
    (found,) = find(flat(words))
    assert (found.value, found.currency) == (Decimal(value), currency)


@pytest.mark.parametrize(
    "words", ["20 novembre 2026", "01 23 45 67 89", "FA-2026-0113", "30 %", "12,5 %", "18 luminaires", "2026"]
)
def test_these_are_no_amounts(words: str) -> None:
    assert find(flat(words)) == []


def test_a_currency_at_a_lines_end_is_not_that_of_the_next_lines_number() -> None:
    assert find(fold("montant EUR\n27VE003402")) == []


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("5.873,96", "5873.96"),
        ("(1,895.02)", "-1895.02"),
        ("-215,28", "-215.28"),
        ("1061.78", "1061.78"),
        ("x", None),
        ("", None),
    ],
)
def test_a_cell_of_a_table(cell: str, value: str | None) -> None:
    assert parse(cell) == (Decimal(value) if value else None)


@given(st.decimals(min_value="0.01", max_value="9999999.99", places=2))
def test_what_french_and_english_books_print_is_read_back(value: Decimal) -> None:
    english = f"{value:,.2f}"
    french = english.replace(",", " ").replace(".", ",")
    for text in (f"{french} €", f"£{english}"):
        (found,) = find(flat(text))
        assert found.value == value
