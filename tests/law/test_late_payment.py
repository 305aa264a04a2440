"""Days at their edges, part payments, who owes nothing, and what holds for every invoice."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.bootstrap import law_rules
from chalicelib.domain.money import Money
from chalicelib.errors import BadInput
from chalicelib.law.late_payment import LatePayment, Overdue, late_payment, time_bar_on
from chalicelib.law.rules import MissingRate

RULES = law_rules()
DAY = timedelta(days=1)


def overdue(
    due: str = "2024-06-15", amount: str = "1000", currency: str = "EUR", country: str = "FR", **more
) -> Overdue:
    more["paid"] = tuple((date.fromisoformat(day), Money.of(sum_, currency)) for day, sum_ in more.get("paid", ()))
    return Overdue(amount=Money.of(amount, currency), due_on=date.fromisoformat(due), country=country, **more)


def on(day: str, one: Overdue | None = None, **more) -> LatePayment:
    return late_payment(one or overdue(**more), RULES, on=date.fromisoformat(day))


def spans(found: LatePayment) -> list[tuple[str, str, int, str, str]]:
    return [
        (f"{p.from_on:%m-%d}", f"{p.to_on:%m-%d}", p.days, str(p.base.amount), str(p.interest.amount))
        for p in found.periods
    ]


def test_interest_is_reckoned_by_the_rate_of_each_half_year():
    found = on("2024-08-14")

    assert spans(found) == [("06-16", "06-30", 15, "1000.00", "5.96"), ("07-01", "08-14", 45, "1000.00", "17.57")]
    assert [str(p.rate) for p in found.periods] == ["14.50", "14.25"]
    assert (str(found.interest), str(found.indemnity)) == ("23.53 EUR", "40.00 EUR")
    assert [p.reference_on for p in found.periods] == [date(2024, 1, 1), date(2024, 7, 1)]
    assert "L441-10" in found.articles[0]
    assert "D441-5" in found.articles[1]


def test_each_period_names_its_source_for_letters_in_both_languages():
    first = on("2024-08-14").periods[0]
    belgian = on("2024-08-14", country="BE").periods[0]
    contract = on("2024-08-14", agreed_rate=Decimal("11.5")).periods[0]

    assert first.source == "European Central Bank, Key ECB interest rates: 4.50 % on 2024-01-01, plus 10 points"
    assert first.source_fr == (
        "Banque centrale européenne, opérations principales de refinancement : 4,50 % au 01/01/2024, plus 10 points"
    )
    assert belgian.source_fr.endswith("4,50 % au 01/01/2024, plus 8 points, arrondi vers le haut à 0,5")
    assert (contract.source, contract.source_fr) == ("11.5 % fixed by contract", "11,5 % prévus au contrat")


@pytest.mark.parametrize(
    ("day", "days", "indemnity"), [("2024-06-14", [], "0.00"), ("2024-06-15", [], "0.00"), ("2024-06-16", [1], "40.00")]
)
def test_it_begins_on_the_day_after_the_due_date(day, days, indemnity):
    found = on(day)

    assert [p.days for p in found.periods] == days
    assert str(found.indemnity.amount) == indemnity


@pytest.mark.parametrize(
    ("due", "day", "days"),
    [
        ("2024-06-29", "2024-06-30", [1]),  # the half-year's last day
        ("2024-06-29", "2024-07-01", [1, 1]),
        ("2024-06-30", "2024-07-01", [1]),  # due on the half-year's last day: the new rate from the first day
        ("2024-12-30", "2024-12-31", [1]),
        ("2024-12-30", "2025-01-01", [1, 1]),
        ("2024-12-31", "2025-01-01", [1]),
        ("2024-02-27", "2024-02-28", [1]),  # a leap year has its 29 February
        ("2024-02-27", "2024-02-29", [2]),
        ("2024-02-27", "2024-03-01", [3]),
        ("2023-02-27", "2023-03-01", [2]),
        ("2024-01-31", "2024-02-29", [29]),  # month ends
        ("2024-04-30", "2024-05-31", [31]),
        ("2023-12-31", "2024-12-31", [182, 184]),  # 366 days of a leap year, still divided by 365
        ("2022-12-31", "2023-12-31", [181, 184]),
    ],
)
def test_days_are_counted_at_half_year_leap_year_and_month_end(due, day, days):
    assert [p.days for p in on(day, due=due).periods] == days


def test_a_leap_year_bears_interest_for_366_days_of_365():
    found = on("2024-12-31", due="2023-12-31", agreed_rate=Decimal("10"))

    assert str(found.interest) == "100.27 EUR"


def test_the_day_of_a_part_payment_is_still_late_for_the_whole():
    found = on("2024-08-14", paid=[("2024-07-01", "200")])

    assert spans(found) == [
        ("06-16", "06-30", 15, "1000.00", "5.96"),
        ("07-01", "07-01", 1, "1000.00", "0.39"),
        ("07-02", "08-14", 44, "800.00", "13.74"),
    ]


@pytest.mark.parametrize(
    ("paid_on", "bases", "indemnity"),
    [("2024-06-14", [], "0.00"), ("2024-06-15", [], "0.00"), ("2024-06-16", ["1000.00"], "40.00")],
)
def test_paid_by_the_due_date_is_not_late_and_a_day_after_is(paid_on, bases, indemnity):
    found = on("2024-06-20", paid=[(paid_on, "1000")])

    assert [str(p.base.amount) for p in found.periods] == bases
    assert str(found.indemnity.amount) == indemnity


def test_a_payment_that_was_taken_back_raises_the_base_again_and_never_above_the_invoice():
    paid = [("2024-06-01", "600"), ("2024-06-20", "-600"), ("2024-06-25", "-50")]

    assert [str(p.base.amount) for p in on("2024-06-30", paid=paid).periods] == ["400.00", "1000.00", "1000.00"]


def test_overpaying_earns_nothing():
    assert str(on("2024-09-30", paid=[("2024-06-20", "5000")]).interest.amount) == "1.99"


def test_a_french_public_body_keeps_the_rate_of_the_half_year_in_which_it_became_late():
    """CCP art. R2192-31: the rate in force on the first day of the half-year in which interest began to run."""
    found = on("2024-08-14", kind="public")

    assert [(p.days, str(p.rate)) for p in found.periods] == [(60, "12.50")]
    assert str(found.indemnity) == "40.00 EUR"
    assert any("R2192-31" in article for article in found.articles)


def test_a_part_payment_of_a_later_half_year_does_not_change_the_rate_that_stays():
    found = on("2024-12-31", kind="public", paid=[("2024-09-30", "400")])

    assert [(str(p.base.amount), str(p.rate)) for p in found.periods] == [("1000.00", "12.50"), ("600.00", "12.50")]


def test_steps_in_pounds_do_not_measure_euros_the_lowest_is_claimed():
    found = on("2024-08-14", country="GB", amount="50000")

    assert (found.interest.currency, str(found.indemnity)) == ("EUR", "40.00 GBP")


@pytest.mark.parametrize(("due", "rate"), [("2023-12-30", "13.00"), ("2023-12-31", "13.25"), ("2024-01-01", "13.25")])
def test_british_interest_keeps_the_rate_of_the_day_before_its_half_year(due, rate):
    """SI 2002/1675 art. 4: the rate in force on 31 December or 30 June before interest starts to run."""
    found = on("2025-09-30", due=due, country="GB", currency="GBP")

    assert [str(p.rate) for p in found.periods] == [rate]


def test_a_rate_fixed_by_contract_replaces_the_law_s_and_leaves_the_indemnity():
    found = on("2024-08-14", agreed_rate=Decimal("12"))

    assert (str(found.interest), str(found.indemnity)) == ("19.73 EUR", "40.00 EUR")
    assert [p.source for p in found.periods] == ["12 % fixed by contract"]


def test_a_contract_s_rate_does_not_bind_a_public_body_and_says_so():
    found = on("2024-08-14", kind="public", agreed_rate=Decimal("30"))

    assert [str(p.rate) for p in found.periods] == ["12.50"]
    assert "does not count" in found.why


def test_in_britain_a_contract_s_rate_replaces_the_compensation_too():
    """Act of 1998, s. 5A and 8: the fixed sum comes with statutory interest, not with a remedy of the contract."""
    found = on("2024-08-14", country="GB", currency="GBP", agreed_rate=Decimal("12"))

    assert (str(found.interest), str(found.indemnity)) == ("19.73 GBP", "0.00 GBP")


def test_the_indemnity_keeps_its_currency():
    found = on("2024-08-14", currency="USD")

    assert (found.interest.currency, str(found.indemnity)) == ("USD", "40.00 EUR")


def test_a_currency_without_cents_is_rounded_to_its_unit():
    assert str(on("2024-08-14", amount="100000", currency="JPY").interest) == "2353 JPY"


@pytest.mark.parametrize(
    ("country", "kind", "told"),
    [("US", "business", "no rule"), ("PL", "business", "no rule"), ("FR", "consumer", "formal notice"),
     ("GB", "consumer", "consumer")],
)  # fmt: skip
def test_where_the_law_grants_nothing_nothing_is_claimed_and_the_reason_given(country, kind, told):
    found = on("2024-08-14", country=country, kind=kind)

    assert not found.interest
    assert not found.indemnity
    assert found.periods == ()
    assert told in found.why


@pytest.mark.parametrize(
    ("opened", "days", "indemnity"),
    [("2024-06-15", 0, "0.00"), ("2024-06-16", 0, "0.00"), ("2024-06-17", 1, "40.00"), ("2024-08-14", 59, "40.00"),
     ("2024-08-15", 60, "40.00")],
)  # fmt: skip
def test_interest_stops_on_the_day_before_an_insolvency_judgment(opened, days, indemnity):
    found = on("2024-08-14", insolvent_on=date.fromisoformat(opened))

    assert sum(p.days for p in found.periods) == days
    assert str(found.indemnity.amount) == indemnity
    assert any("L622-28" in article for article in found.articles) == (opened != "2024-08-15")


def test_a_rate_that_is_not_entered_is_an_error_in_words_and_never_a_guess():
    with pytest.raises(MissingRate) as error:
        on("2027-01-01", due="2026-11-30")

    words = str(error.value)
    assert "templates/law/late_payment.yaml, series ecb" in words
    assert "the first half of 2027" in words
    assert 'add the line "2027-01-01: RATE"' in words


def test_the_last_day_of_the_half_year_that_is_known_still_has_its_rate():
    assert on("2026-12-31", due="2026-11-30").interest


def test_british_debts_of_the_next_half_year_miss_the_rate_of_the_day_before():
    late = Overdue(amount=Money.of(1000, "GBP"), due_on=date(2026, 12, 31), country="GB")

    with pytest.raises(MissingRate, match="the first half of 2027.*2026-12-31"):
        late_payment(late, RULES, on=date(2027, 1, 1))


@pytest.mark.parametrize(
    ("due", "article"), [("2019-04-25", "L441-6"), ("2019-04-26", "L441-10"), ("2019-04-27", "L441-10")]
)
def test_the_article_is_that_in_force_on_the_due_date(due, article):
    """Ordonnance 2019-359 of 24 April 2019 is in force since the 26th."""
    found = on("2019-06-30", due=due)

    assert found.articles[0].split("art. ")[1].split(",")[0] == article


def test_an_invoice_older_than_the_rules_is_an_error_in_words():
    with pytest.raises(MissingRate, match="begin on 2013-01-01"):
        on("2013-02-01", due="2012-12-31")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"amount": "0"}, "not above zero"),
        ({"amount": "-5"}, "not above zero"),
        ({"kind": "shop"}, "unknown"),
        ({"agreed_rate": Decimal("-1")}, "out of bounds"),
        ({"agreed_rate": Decimal("100.01")}, "out of bounds"),
    ],
)
def test_what_makes_no_sense_is_refused(more, told):
    with pytest.raises(BadInput, match=told):
        on("2024-08-14", **more)


def test_a_payment_in_another_currency_is_refused():
    one = Overdue(
        amount=Money.of(1000, "EUR"), due_on=date(2024, 6, 15), country="FR",
        paid=((date(2024, 6, 20), Money.of(10, "USD")),),
    )  # fmt: skip

    with pytest.raises(BadInput, match="not in EUR"):
        on("2024-08-14", one)


@pytest.mark.parametrize(
    ("due", "country", "kind", "last_on"),
    [
        ("2024-06-15", "FR", "business", "2029-06-15"),  # C. com. L110-4
        ("2024-06-15", "FR", "consumer", "2026-06-15"),  # C. conso. L218-2
        ("2024-06-15", "FR", "carriage", "2025-06-15"),  # C. com. L133-6
        ("2024-06-15", "FR", "public", "2028-12-31"),  # loi 68-1250 art. 1: four years from 1 January 2025
        ("2024-06-15", "DE", "business", "2027-12-31"),  # BGB 195, 199
        ("2024-02-29", "FR", "business", "2029-02-28"),
        ("2024-06-15", "GB", "business", "2030-06-15"),
    ],
)
def test_a_claim_is_time_barred_after(due, country, kind, last_on):
    assert time_bar_on(date.fromisoformat(due), country, kind, RULES) == date.fromisoformat(last_on)


def test_where_no_limit_is_kept_none_is_told():
    assert time_bar_on(date(2024, 6, 15), "US", "business", RULES) is None


# --- what holds for every invoice

days = st.dates(date(2013, 7, 1), date(2026, 12, 31))
countries = st.sampled_from(["FR", "BE", "ES", "IT", "PT"])
amounts = st.decimals("0.01", "9999999.99", places=2).map(lambda a: Money.of(a, "EUR"))


@st.composite
def late_invoices(draw) -> tuple[Overdue, date]:
    due_on = draw(days.filter(lambda day: day < date(2026, 12, 31)))
    until = draw(st.dates(due_on, min(due_on + timedelta(days=1500), date(2026, 12, 31))))
    amount = draw(amounts)
    paid = draw(st.lists(st.tuples(st.dates(due_on - 9 * DAY, until), amounts), max_size=4))
    one = Overdue(
        amount=amount, due_on=due_on, country=draw(countries), paid=tuple(sorted(paid, key=lambda p: p[0])),
        agreed_rate=draw(st.none() | st.decimals("0", "40", places=2)),
    )  # fmt: skip
    return one, until


@given(late_invoices())
def test_interest_is_never_negative_and_is_the_sum_of_its_periods(drawn):
    one, until = drawn
    found = late_payment(one, RULES, on=until)

    assert found.interest.amount >= 0
    assert found.interest.amount == sum((p.interest.amount for p in found.periods), Decimal(0))
    assert all(p.base.amount > 0 and p.rate >= 0 for p in found.periods)


@given(late_invoices())
def test_periods_follow_each_other_without_gap_or_overlap_while_something_is_owed(drawn):
    one, until = drawn
    periods = late_payment(one, RULES, on=until).periods

    for before, after in pairwise(periods):
        assert before.to_on + DAY == after.from_on
    if periods:
        assert periods[0].from_on == one.due_on + DAY
        assert periods[-1].to_on <= until


@given(late_invoices(), st.integers(2013, 2026), st.sampled_from([(6, 30), (12, 31)]))
def test_splitting_the_time_at_the_end_of_a_half_year_changes_no_cent(drawn, year, end):
    one, until = drawn
    split = date(year, *end)
    if not one.due_on < split < until or one.agreed_rate is not None:
        return
    before = late_payment(one, RULES, on=split)
    whole = late_payment(one, RULES, on=until)

    assert whole.periods[: len(before.periods)] == before.periods
    after = [p for p in whole.periods if p.from_on > split]
    assert whole.interest.amount == before.interest.amount + sum((p.interest.amount for p in after), Decimal(0))


@given(late_invoices(), st.integers(0, 400))
def test_splitting_it_anywhere_changes_at_most_a_cent(drawn, n):
    """The second part is reckoned as an invoice of its own that fell due on the day of the split."""
    one, until = drawn
    split = one.due_on + timedelta(days=n)
    if not split < until or any(paid_on >= one.due_on for paid_on, _ in one.paid):
        return
    rest = late_payment(
        Overdue(amount=one.amount, due_on=split, country=one.country, paid=one.paid, agreed_rate=one.agreed_rate),
        RULES,
        on=until,
    )
    parts = late_payment(one, RULES, on=split).interest.amount + rest.interest.amount

    assert abs(parts - late_payment(one, RULES, on=until).interest.amount) <= Decimal("0.01")


@given(late_invoices())
def test_another_day_never_lowers_the_interest(drawn):
    one, until = drawn
    if until > one.due_on:
        # A day on which money came closes a period early: its rounding may differ by a cent, never by more.
        closes = any(paid_on == until - DAY for paid_on, _ in one.paid)
        allowed = Decimal("0.01") if closes else Decimal(0)
        earlier = late_payment(one, RULES, on=until - DAY).interest.amount
        assert late_payment(one, RULES, on=until).interest.amount >= earlier - allowed


@given(late_invoices())
def test_paying_less_never_lowers_the_interest(drawn):
    one, until = drawn
    without = Overdue(amount=one.amount, due_on=one.due_on, country=one.country, agreed_rate=one.agreed_rate)
    cents = Decimal("0.01") * (len(one.paid) + 1)  # each payment cuts a period in two, each rounded by itself

    assert (
        late_payment(without, RULES, on=until).interest.amount + cents
        >= late_payment(one, RULES, on=until).interest.amount
    )
