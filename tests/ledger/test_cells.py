"""A cell is read as one thing only, or refused with what to do."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ledger.cells import Unreadable, country, currency, day_reader, money, yes_or_no

NBSP, NARROW, THIN = "\u00a0", "\u202f", "\u2009"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234.56", "1234.56"), ("1234,56", "1234.56"), ("1 234,56", "1234.56"), (f"1{NBSP}234,56", "1234.56"),
        (f"1{NARROW}234,56", "1234.56"), (f"12{THIN}345{THIN}678,9", "12345678.90"), ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"), ("1.234.567", "1234567.00"), ("1,234,567", "1234567.00"),
        ("1.234.567,8", "1234567.80"), ("1'234.50", "1234.50"), ("1’234.50", "1234.50"), ("12", "12.00"),
        ("0,5", "0.50"), ("0.5", "0.50"), ("0.500", "0.50"), ("1234.500", "1234.50"), ("+12", "12.00"),
        ("(123.45)", "-123.45"), ("123.45-", "-123.45"), ("-123.45", "-123.45"), ("\u2212123,45", "-123.45"),
        ("(1.234,00)", "-1234.00"), ("12 €", "12.00"), (f"12,5{NBSP}€", "12.50"), ("€12", "12.00"),
        ("EUR 12", "12.00"), ("12 EUR", "12.00"), ("-12 €", "-12.00"), ("(12 €)", "-12.00"), ("  7 ", "7.00"),
    ],
)  # fmt: skip
def test_an_amount_is_read(text, value):
    assert money(text, "EUR", "").amount == Decimal(value)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("1,234", "can be 1234 or 1 and 234 thousandths"), ("12.345", "can be 12345 or 12 and 345 thousandths"),
        ("abc", "is no amount"), ("", "is no amount"), ("-", "is no amount"), ("1..2", "is no amount"),
        ("1 23,45", "is no amount"), ("1,23,456", "is no amount"), ("12 USD", "is in USD"), ("£12", "bears £"),
        ("12.345,678", "too many decimals"), ("0.001", "too many decimals"), ("1E+05", "shortened by a spreadsheet"),
        ("1.5e3", "shortened by a spreadsheet"), ("NaN", "is no amount"), ("inf", "is no amount"),
        ("1_000", "is no amount"), ("١٢", "is no amount"), ("10000000000000", "too large"), ("--5", "is no amount"),
        ("=1+1", "is no amount"), ("1,", "is no amount"),
    ],
)  # fmt: skip
def test_an_amount_that_could_mean_two_things_or_none_is_refused(text, what):
    with pytest.raises(Unreadable) as refused:
        money(text, "EUR", "")

    assert what in refused.value.what
    assert refused.value.remedy


@pytest.mark.parametrize(("mark", "value"), [(".", "1.234"), (",", "1234")])
def test_a_mapping_settles_which_mark_is_the_decimal_one(mark, value):
    assert money("1.234", "TND", mark).amount == Decimal(value)


@pytest.mark.parametrize(("text", "mark"), [("1,5", "."), ("1.5", ","), ("1,234.56", ",")])
def test_the_other_mark_is_then_refused_where_it_groups_nothing(text, mark):
    with pytest.raises(Unreadable):
        money(text, "EUR", mark)


@pytest.mark.parametrize(("code", "text", "ok"), [
    ("JPY", "100", True), ("JPY", "100.5", False), ("EUR", "0.01", True), ("EUR", "0.015", False),
    ("TND", "0.125", True), ("TND", "0.1255", False),
])  # fmt: skip
def test_an_amount_has_no_more_decimals_than_its_currency(code, text, ok):
    if ok:
        assert str(money(text, code, ".")) == f"{Decimal(text)} {code}"
    else:
        with pytest.raises(Unreadable, match="too many decimals"):
            money(text, code, ".")


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2), st.sampled_from([" ", NBSP, NARROW, ".", ""]))
def test_whatever_french_amount_is_written_is_read_back(amount, group):
    written = f"{abs(amount):,.2f}".replace(",", group).replace(".", "·", 0)
    whole, cents = f"{abs(amount):,.2f}".split(".")
    written = ("-" if amount < 0 else "") + whole.replace(",", group) + "," + cents

    assert money(written, "EUR", ",").amount == amount


@given(st.text(max_size=12))
def test_whatever_the_text_an_amount_is_read_or_refused(text):
    try:
        read = money(text, "EUR", "").currency
    except Unreadable as refused:
        read = refused.what
    assert read


# --- dates


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-02-03", date(2026, 2, 3)), ("2026-02-03T00:00:00", date(2026, 2, 3)),
        ("2026-02-03 00:00:00.000", date(2026, 2, 3)), ("03/02/2026", date(2026, 2, 3)),
        ("3/2/2026", date(2026, 2, 3)), ("03.02.2026", date(2026, 2, 3)), ("03-02-2026", date(2026, 2, 3)),
        (" 03/02/2026 00:00 ", date(2026, 2, 3)), ("29/02/2024", date(2024, 2, 29)),
    ],
)  # fmt: skip
def test_a_day_is_read_as_iso_or_day_first(text, day):
    assert day_reader("")(text) == day


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("02/15/2026", "has no month 15"), ("31/02/2026", "no day of the calendar"), ("2026-13-01", "no day of the"),
        ("2025-02-29", "no day of the calendar"), ("03/02/26", "is no date"), ("03/02-2026", "is no date"),
        ("46055", "a spreadsheet's day number"), ("soon", "is no date"), ("1926-02-03", "in the year 1926"),
        ("2026-02-03T23:30:00", "is no date"), ("20260203", "is no date"),
    ],
)  # fmt: skip
def test_a_day_that_is_none_is_refused(text, what):
    with pytest.raises(Unreadable) as refused:
        day_reader("")(text)

    assert what in refused.value.what


@pytest.mark.parametrize(
    ("form", "text", "day"),
    [
        ("M/D/YYYY", "2/15/2026", date(2026, 2, 15)), ("MM/DD/YYYY", "02/03/2026", date(2026, 2, 3)),
        ("DD.MM.YY", "03.02.26", date(2026, 2, 3)), ("YYYYMMDD", "20260203", date(2026, 2, 3)),
        ("YYYY/MM/DD", "2026/02/03", date(2026, 2, 3)), ("M/D/YYYY", "2026-02-03", date(2026, 2, 3)),
        ("DDMMYYYY", "03022026", date(2026, 2, 3)),
    ],
)  # fmt: skip
def test_a_stated_format_is_followed(form, text, day):
    assert day_reader(form)(text) == day


def test_which_number_is_the_month_is_never_guessed():
    with pytest.raises(Unreadable, match="has no month 15") as refused:
        day_reader("")("1/15/2013")

    assert "date_format: M/D/YYYY" in refused.value.remedy
    with pytest.raises(Unreadable, match="has no month 15"):
        day_reader("M/D/YYYY")("15/1/2013")


@pytest.mark.parametrize("form", ["YYYY", "DD/MM", "DD/MM/MM/YYYY", "%d/%m/%Y", ""])
def test_a_format_without_its_three_parts_is_refused(form):
    if form:
        with pytest.raises(ValueError, match="lacks|twice"):
            day_reader(form)


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.sampled_from(["YYYY-MM-DD", "DD/MM/YYYY", "M/D/YYYY"]))
def test_whatever_day_is_written_is_read_back(day, form):
    written = form.replace("YYYY", f"{day:%Y}")
    written = written.replace("MM", f"{day:%m}").replace("DD", f"{day:%d}")
    written = written.replace("M", str(day.month)).replace("D", str(day.day))

    assert day_reader("" if form == "YYYY-MM-DD" else form)(written) == day


# --- the rest


@pytest.mark.parametrize(("text", "is_yes"), [("yes", True), ("OUI", True), ("1", True), ("No", False), ("non", False)])
def test_yes_and_no_are_read(text, is_yes):
    assert yes_or_no(text) is is_yes


def test_what_is_neither_yes_nor_no_is_refused():
    with pytest.raises(Unreadable, match="neither yes nor no"):
        yes_or_no("perhaps")


def test_currencies_and_countries_are_codes():
    assert (currency("eur"), country("fr")) == ("EUR", "FR")
    for reader, text, remedy in (
        (currency, "€", "write EUR"), (currency, "EU", "for example EUR"),
        (country, "UK", "write GB"), (country, "391", "mapping"), (country, "XX", "for example FR"),
    ):  # fmt: skip
        with pytest.raises(Unreadable) as refused:
            reader(text)
        assert remedy in refused.value.remedy
