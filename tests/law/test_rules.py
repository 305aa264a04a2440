"""The file of rules and rates: what it must say, what is refused, and that one line mends a missing rate."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib.bootstrap import law_rules
from chalicelib.domain.message import INDEMNITY
from chalicelib.errors import BadFile
from chalicelib.law.rules import FILE, MissingRate, load_rules
from chalicelib.ledger.cells import COUNTRIES

TEXT = (Path(__file__).parents[2] / FILE).read_text("utf-8")
RULES = law_rules()
CLAIMS = [
    (country, kind, claim)
    for country, kinds in RULES.countries.items()
    for kind, rules in kinds.items()
    for claim in rules.claims
]


@pytest.mark.parametrize(
    ("series", "day", "rate"),
    [
        ("ecb", "1999-01-01", "3.00"),
        ("ecb", "2008-10-14", "4.25"),
        ("ecb", "2008-10-15", "3.75"),  # the day from which it holds
        ("ecb", "2008-11-11", "3.75"),
        ("ecb", "2022-07-01", "0.00"),
        ("ecb", "2023-01-01", "2.50"),
        ("ecb", "2023-07-01", "4.00"),
        ("ecb", "2024-01-01", "4.50"),
        ("ecb", "2024-07-01", "4.25"),
        ("ecb", "2025-01-01", "3.15"),
        ("ecb", "2025-07-01", "2.15"),
        ("ecb", "2026-01-01", "2.15"),
        ("ecb", "2026-06-16", "2.15"),
        ("ecb", "2026-06-17", "2.40"),
        ("bank_of_england", "2002-06-30", "4.00"),
        # BBC, Economy tracker: Interest rates (8 October 2008 to 5 March 2009).
        ("bank_of_england", "2008-10-07", "5.00"),
        ("bank_of_england", "2008-10-08", "4.50"),
        ("bank_of_england", "2008-11-06", "3.00"),
        ("bank_of_england", "2008-12-04", "2.00"),
        ("bank_of_england", "2009-01-08", "1.50"),
        ("bank_of_england", "2009-02-05", "1.00"),
        ("bank_of_england", "2009-03-05", "0.50"),
        ("bank_of_england", "2025-12-31", "3.75"),
    ],
)
def test_a_rate_holds_from_its_day_until_the_next(series, day, rate):
    assert RULES.series[series].on(date.fromisoformat(day)) == Decimal(rate)


def test_a_series_is_known_up_to_its_last_line_and_not_a_day_further():
    ecb = RULES.series["ecb"]

    assert ecb.on(ecb.known_until) == Decimal("2.40")
    with pytest.raises(MissingRate, match="no rate is known"):
        ecb.on(ecb.known_until.replace(day=2))


def test_a_day_before_the_first_line_is_not_guessed_either():
    with pytest.raises(MissingRate, match="is entered from 1999-01-01"):
        RULES.series["ecb"].on(date(1998, 12, 31))


def test_the_line_that_the_error_asks_for_is_all_that_has_to_be_added():
    with pytest.raises(MissingRate) as error:
        RULES.series["ecb"].on(date(2027, 1, 1))
    line = str(error.value).split('add the line "')[1].split('"')[0].replace("RATE", "1.75")

    mended = load_rules(TEXT.replace("      2026-07-01: 2.40\n", f"      2026-07-01: 2.40\n      {line}\n"))

    assert mended.series["ecb"].on(date(2027, 1, 1)) == Decimal("1.75")
    assert mended.of("FR", "business").claims[-1].rate_on(date(2027, 3, 1)) == Decimal("11.75")


@pytest.mark.parametrize(
    ("day", "wanted"),
    [
        ("2026-06-30", {"ecb": "2026-01-01", "bank_of_england": "2025-12-31"}),
        ("2026-07-01", {"ecb": "2026-07-01", "bank_of_england": "2026-06-30"}),
        ("2026-12-31", {"ecb": "2026-07-01", "bank_of_england": "2026-06-30"}),
        ("2027-01-01", {"ecb": "2027-01-01", "bank_of_england": "2026-12-31"}),
    ],
)
def test_each_half_year_wants_one_rate_of_each_series(day, wanted):
    for series, reference_on in wanted.items():
        assert RULES.wanted_on(RULES.series[series], date.fromisoformat(day)).isoformat() == reference_on


@pytest.mark.parametrize(("country", "kind", "claim"), CLAIMS, ids=lambda value: str(value)[:10])
def test_every_rule_names_its_articles_and_is_of_a_country(country, kind, claim):
    assert country in COUNTRIES
    assert claim.articles
    assert claim.series.url.startswith("https://")
    assert claim.reference_on(claim.since_on) >= claim.series.rates[0][0], "its first invoices have a rate"


@pytest.mark.parametrize(("country", "kinds"), RULES.countries.items())
def test_every_country_says_what_a_consumer_owes(country, kinds):
    assert kinds["consumer"].nothing


def test_the_mails_and_the_rules_name_the_same_indemnity():
    for kind in ("business", "public"):
        assert [tier.amount for tier in RULES.of("FR", kind).claims[-1].indemnity] == [INDEMNITY]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("2026-01-01: 2.15", "2026-01-01: two", "does not fit"),
        ("2026-01-01: 2.15", "2026-02-30: 2.15", "is no day"),
        ("2026-06-17: 2.40", "2025-06-17: 2.40", "the oldest rate first"),
        ("2026-06-17: 2.40", "2026-01-01: 2.40", "stands here again"),
        ("points: 10", "points: ten", "is no amount"),
        ("series: ecb", "series: ecm", "did you mean ecb"),
        ("indemnity: 40 EUR", "indemnity: forty", "is no amount"),
        ("counts: first_day", "counts: friday", "is unknown"),
        ("of: [DE]", "of: [FR]", "twice"),
        ("stays: yes", "stay: yes", "did you mean stays"),
        ("since: 2019-04-26", "since: 2012-04-26", "the oldest rule first"),
        ("years: 5", "years: 0", "out of bounds"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_key(old, new, told):
    assert old in TEXT
    with pytest.raises(BadFile) as error:
        load_rules(TEXT.replace(old, new, 1))

    assert told in str(error.value)
    assert "line " in str(error.value)
    assert FILE in str(error.value)


@pytest.mark.parametrize("forbidden", ["\ud800", "\x00", "\x07", "\ufffe"])
def test_a_character_that_yaml_forbids_is_told_with_its_line(forbidden):
    with pytest.raises(BadFile, match="line 2"):
        load_rules("# rates\nseries: " + forbidden)
