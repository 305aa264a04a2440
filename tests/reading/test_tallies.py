"""Two figures that ought to be one: what differs is told, what agrees or is no figure of goods is left alone."""

from __future__ import annotations

import pytest

from chalicelib.reading import tallies
from chalicelib.reading.fold import fold


@pytest.mark.parametrize(
    "text",
    [
        "Nous avons reçu 18 chaises, vous en facturez 20.",
        "we counted nine lanterns, you billed a dozen",
        "Es wurden 8 Tische geliefert, berechnet sind 10.",
        "Ne abbiamo ricevuti 12, fatturati 15.",
        "Wij ontvingen 4 stoelen, jullie hebben 6 gefactureerd.",
    ],
)
def test_more_billed_than_has_come_is_told(text: str) -> None:
    assert tallies.counts_differ(fold(text))


@pytest.mark.parametrize(
    "text",
    [
        "Nous avons reçu 20 chaises, vous en facturez 20.",
        "we received 3 invoices and you billed 2 months",
        "We received 12 lamps yesterday, thanks.",
        "you billed us on time",
    ],
)
def test_equal_counts_and_counts_of_papers_are_left_alone(text: str) -> None:
    assert tallies.counts_differ(fold(text)) is None


@pytest.mark.parametrize(
    ("text", "differs"),
    [
        ("We agreed 90 per unit and you've charged 110", True),
        ("We agreed 90 per unit and you've charged 90", False),
        ("Le devis disait 1 200, vous nous facturez 1 450", True),
        ("Vereinbart waren 45 Euro, berechnet wurden 52", True),
        ("thanks for the quote of 1 200", False),
    ],
)
def test_another_price_than_agreed_is_told(text: str, differs: bool) -> None:
    assert bool(tallies.prices_differ(fold(text))) is differs
