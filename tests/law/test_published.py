"""Rates and amounts as others published them, with who published each: the rules must come to the same."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from chalicelib.bootstrap import law_rules
from chalicelib.domain.money import Money
from chalicelib.law.late_payment import LatePayment, Overdue, late_payment

RULES = law_rules()


def half_year(text: str) -> date:
    """ "2024/2" as its first day."""
    year, half = text.split("/")
    return date(int(year), 1 if half == "1" else 7, 1)


def claimed(amount: str, currency: str, country: str, due: str, days: int, kind: str = "business") -> LatePayment:
    due_on = date.fromisoformat(due)
    overdue = Overdue(amount=Money.of(amount, currency), due_on=due_on, country=country, kind=kind)
    return late_payment(overdue, RULES, on=due_on + timedelta(days=days))


RATES = {
    # Bpifrance Création, "Taux des pénalités de retard" (2/2024); Jesuisentrepreneur.fr, FAQ juridique (1/2014).
    ("FR", "business"): {"2014/1": "10.25", "2024/2": "14.25"},
    # BOE, resoluciones de la Secretaría General del Tesoro (2/2013 on); Ayuntamiento portal of La Rioja (1/2013).
    ("ES", "business"): {"2014/1": "8.25", "2014/2": "8.15", "2015/1": "8.05", "2017/1": "8.00", "2018/2": "8.00"},
    # SPF Finances, avis under art. 5 of the law of 2 August 2002, as listed by Schoups; Embuild (1/2026).
    ("BE", "business"): {
        "2013/2": "8.5", "2014/1": "8.5", "2014/2": "8.5", "2015/2": "8.5", "2016/1": "8.5", "2016/2": "8.0",
        "2017/1": "8.0", "2018/2": "8.0", "2021/1": "8.0", "2024/2": "12.5", "2026/1": "10.5",
    },
    # Department of Enterprise, Trade and Employment (gov.ie), "Late payment interest".
    ("IE", "business"): {"2014/2": "8.15", "2022/1": "8.00"},
    # Rijksoverheid, "Hoe hoog is de wettelijke rente?"; Metaalunie (2/2024); Bierens (2015).
    ("NL", "business"): {"2015/1": "8.05", "2022/1": "8.00", "2023/2": "12.00", "2024/2": "12.25"},
    # Deutsche Bundesbank, Basiszinssatz -0.73, -0.83, -0.88, 1.62 and 3.62 plus nine points; steuerprofis.de (1/2026).
    ("DE", "business"): {
        "2014/2": "8.27", "2015/1": "8.17", "2016/2": "8.12", "2021/1": "8.12", "2023/1": "10.62", "2024/1": "12.62",
        "2025/2": "10.27", "2026/1": "10.27",
    },
    # Pay On Time, table of reference rates plus 8 %; East Midlands Chamber News, 24 June 2005 (2/2005).
    ("GB", "business"): {
        "2005/2": "12.75",
        "2013/1": "8.50", "2016/2": "8.50", "2017/1": "8.25", "2017/2": "8.25", "2018/1": "8.50", "2019/1": "8.75",
        "2020/1": "8.75", "2020/2": "8.10", "2022/1": "8.25", "2022/2": "9.25", "2023/1": "11.50", "2023/2": "13.00",
        "2024/1": "13.25",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("country", "kind", "when", "rate"),
    [(*who, when, rate) for who, rates in RATES.items() for when, rate in rates.items()],
)
def test_the_rate_of_a_half_year_is_the_published_one(country, kind, when, rate):
    assert RULES.of(country, kind).claims[-1].rate_on(half_year(when)) == Decimal(rate)


@pytest.mark.parametrize("first", [half_year(f"{y}/{h}") for y in range(2015, 2026) for h in (1, 2)])
def test_the_german_base_rate_moves_with_the_main_refinancing_rate(first):
    """§ 247 (1) BGB: by the points by which the latest main refinancing operation moved; so they stay 0.88 apart."""
    assert RULES.series["ecb"].on(first) - RULES.series["bundesbank"].on(first) == Decimal("0.88")


@pytest.mark.parametrize(
    ("source", "days", "amount", "rate", "interest"),
    [
        ("agenceipro.com, Zoom sur les pénalités de retard", 30, "15000", "15", "184.93"),
        ("lesjooristes.fr, Comment calculer les pénalités de retard", 30, "5000", "10", "41.10"),
    ],
)
def test_french_examples_with_a_rate_fixed_by_contract(source, days, amount, rate, interest):
    due_on = date(2024, 1, 31)
    overdue = Overdue(amount=Money.of(amount, "EUR"), due_on=due_on, country="FR", agreed_rate=Decimal(rate))
    found = late_payment(overdue, RULES, on=due_on + timedelta(days=days))

    assert str(found.interest) == f"{interest} EUR", source
    assert str(found.indemnity) == "40.00 EUR"


def test_the_british_government_s_example():
    """GOV.UK, Late commercial payments: 1,000 pounds at 0.5 + 8 % are 85 pounds a year, 23 pence a day."""
    assert str(claimed("1000", "GBP", "GB", "2010-01-31", 365).interest) == "85.00 GBP"
    assert str(claimed("1000", "GBP", "GB", "2010-01-31", 1).interest) == "0.23 GBP"
    # GOV.UK rounds the day first (50 x 0.23 = 11.50); the Act does not, and neither do we.
    assert str(claimed("1000", "GBP", "GB", "2010-01-31", 50).interest) == "11.64 GBP"


def test_an_example_at_the_british_rate_of_2026():
    """usewolfx.com, glossary, June 2026: 10,000 pounds at 11.75 % accrue about 3.22 a day, and 100 pounds once."""
    found = claimed("10000", "GBP", "GB", "2026-02-27", 1)

    assert (str(found.interest), str(found.indemnity)) == ("3.22 GBP", "100.00 GBP")


@pytest.mark.parametrize(
    ("debt", "indemnity"),
    [("999.99", "40.00"), ("1000.00", "70.00"), ("1000.01", "70.00"),
     ("9999.99", "70.00"), ("10000.00", "100.00"), ("10000.01", "100.00")],
)  # fmt: skip
def test_british_compensation_by_the_size_of_the_debt(debt, indemnity):
    """Late Payment of Commercial Debts (Interest) Act 1998, s. 5A (2): less than 1,000, less than 10,000, or more."""
    assert str(claimed(debt, "GBP", "GB", "2024-06-15", 1).indemnity) == f"{indemnity} GBP"


@pytest.mark.parametrize(
    ("debt", "indemnity"),
    [("999.99", "40.00"), ("1000.00", "40.00"), ("1000.01", "70.00"),
     ("9999.99", "70.00"), ("10000.00", "70.00"), ("10000.01", "100.00")],
)  # fmt: skip
def test_irish_compensation_by_the_size_of_the_debt(debt, indemnity):
    """S.I. 580/2012, as told by IrelandTogether: not exceeding 1,000, not exceeding 10,000, or more."""
    assert str(claimed(debt, "EUR", "IE", "2024-06-15", 1).indemnity) == f"{indemnity} EUR"
