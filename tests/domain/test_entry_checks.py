"""What is looked at when an invoice comes in; each border of the law on its day, before it and after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.domain.debtor_file import Debtor, DebtorKind
from chalicelib.domain.entry_checks import entry_checks, latest_due_on
from tests.sample import case

CLIENT = Debtor(id="C1", name="Garage Morel")


@pytest.mark.parametrize(
    ("issued", "latest"),
    [
        # 60 days: 2 April. 45 days and the end of the month: 31 March. The end of the month and 45 days: 14 April.
        ("2026-02-01", "2026-04-14"),
        ("2026-02-28", "2026-04-30"),
        ("2026-01-16", "2026-03-31"),
        ("2025-12-31", "2026-03-01"),
    ],
)
def test_the_latest_due_date_is_the_latest_of_the_three_that_the_law_allows(issued: str, latest: str) -> None:
    assert latest_due_on(date.fromisoformat(issued)) == date.fromisoformat(latest)


@pytest.mark.parametrize(("days", "found"), [(-1, False), (0, False), (1, True)])
def test_terms_above_the_maximum_are_found(days: int, found: bool) -> None:
    issued = date(2026, 2, 1)
    due = latest_due_on(issued) + timedelta(days=days)
    told = entry_checks(replace(case("F1", "2026-03-01"), issued_on=issued, due_on=due), CLIENT, "FR")
    assert bool(told) == found
    assert all("L441-10" in finding for finding in told)


@pytest.mark.parametrize(("days", "found"), [(59, False), (60, False), (61, True)])
def test_a_public_buyer_pays_within_sixty_days_at_the_most(days: int, found: bool) -> None:
    issued = date(2026, 2, 1)
    invoice = replace(
        case("F1", "2026-03-01", purchase_order="E1"), issued_on=issued, due_on=issued + timedelta(days=days)
    )
    told = entry_checks(invoice, replace(CLIENT, kind=DebtorKind.PUBLIC), "FR")
    assert bool(told) == found


@pytest.mark.parametrize(
    ("debtor", "home"),
    [(replace(CLIENT, country="DE"), "FR"), (CLIENT, "BE"), (replace(CLIENT, kind=DebtorKind.CONSUMER), "FR")],
)
def test_of_other_countries_and_of_consumers_nothing_is_claimed(debtor: Debtor, home: str) -> None:
    assert entry_checks(case("F1", "2026-12-31", issued_on=date(2026, 1, 1)), debtor, home) == []


@pytest.mark.parametrize(("order", "required", "found"), [("", True, True), ("BC-7", True, False), ("", False, False)])
def test_an_order_number_is_missed_where_it_is_demanded(order: str, required: bool, found: bool) -> None:
    client = replace(CLIENT, purchase_order_required=required)
    assert bool(entry_checks(case("F1", "2026-03-01", purchase_order=order), client, "FR")) == found
