"""Invoices as people name them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from chalicelib.reading import amounts, dates
from chalicelib.reading.fold import fold
from chalicelib.reading.model import KnownItem
from chalicelib.reading.references import find


def _item(number: str, amount: str, issued: date, order: str | None = None) -> KnownItem:
    return KnownItem(number, "A", Decimal(amount), "EUR", issued, issued, order)


ITEMS = (
    _item("FA-2026-0113", "44215.18", date(2026, 9, 7), "PO-45391"),
    _item("202600826", "14606.34", date(2026, 10, 13)),
    _item("F2611/062", "16429.50", date(2026, 10, 22)),
)


def _named(words: str) -> set[str]:
    text = fold(words)
    return set(find(text, ITEMS, amounts.find(text), dates.find(text, date(2026, 11, 24))).numbers)


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("FA-2026-0113", {"FA-2026-0113"}),
        ("fa 2026 0113", {"FA-2026-0113"}),
        ("FA20260113", {"FA-2026-0113"}),
        ("F2611-062", {"F2611/062"}),
        ("la 0113 est réglée", {"FA-2026-0113"}),
        ("la 113 est réglée", {"FA-2026-0113"}),
        ("n° 826", {"202600826"}),
        ("factures 113 et 062", {"FA-2026-0113", "F2611/062"}),
        ("votre commande 45391", {"FA-2026-0113"}),
        ("les 44 215,18 € sont partis", {"FA-2026-0113"}),
        ("la facture du 13 octobre", {"202600826"}),
        ("celle de septembre", {"FA-2026-0113"}),
        ("les deux d'octobre", {"202600826", "F2611/062"}),
        ("toutes vos factures", {"FA-2026-0113", "202600826", "F2611/062"}),
        ("all three invoices", {"FA-2026-0113", "202600826", "F2611/062"}),
        ("la 0113 est payée, la 826 aussi, le reste suivra", {"FA-2026-0113", "202600826"}),
        ("tél. 04 99 00 01 13", set()),
        ("113 €", set()),
        ("113 pièces", set()),
        ("62 rue des Lilas, 69113 Lyon", set()),
    ],
)
def test_names_of_invoices(words: str, numbers: set[str]) -> None:
    assert _named(words) == numbers


SITES = (
    _item("S-26-0140", "9800.00", date(2026, 8, 3), "CH-LILAS"),
    _item("S-26-0158", "1200.00", date(2026, 8, 24), "CH-LILAS"),
    _item("S-26-0171", "1200.00", date(2026, 9, 14), "RESIDENCE DES ORMES"),
    _item("S-26-0190", "348.90", date(2026, 10, 5), "B-4471"),
)
OLDEST, LILAS, ORMES, SMALL = (i.number for i in SITES)


def _pointed(words: str) -> set[str]:
    text = fold(words)
    return set(find(text, SITES, amounts.find(text), dates.find(text, date(2026, 11, 24))).numbers)


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("the first two on your list go on Friday", {OLDEST, LILAS}),
        ("les deux dernières lignes de votre relevé", {ORMES, SMALL}),
        ("la plus ancienne est partie", {OLDEST}),
        ("the third on your list", {ORMES}),
        ("die ersten beiden auf Ihrer Liste", {OLDEST, LILAS}),
        ("les deux dernières semaines", set()),
        ("1000 sur la grosse vendredi", {OLDEST}),
        ("the small one will be paid by month end", {SMALL}),
        ("la petite table est rayée", set()),
        ("the October bill", {SMALL}),
        ("die Septemberrechnung", {ORMES}),
        ("the August and September invoices", {OLDEST, LILAS, ORMES}),
        ("les deux à 1 200 €", {LILAS, ORMES}),
        ("la 90 je vous la paye vendredi", {SMALL}),
        ("le 90 rue des Lilas", set()),
        ("Ormes, il manque 4 tables", {ORMES}),
        ("Lilas les 2 c'est pour le 27", {OLDEST, LILAS}),
        ("CH-LILAS : la S-26-0158 est payée", {LILAS}),
        ("tout est parti lundi sauf celle d'octobre", {OLDEST, LILAS, ORMES}),
        ("celle de presque 10 000 €", {OLDEST}),
        ("1 200,00 pour la S-26-0190", {SMALL}),
        ("moins un avoir de 348,90", set()),
        ("mes deux factures d'août", {OLDEST, LILAS}),
        ("the September 14th one is in the run", {ORMES}),
        ("the remaining one (0171) on Friday", {ORMES}),
        ("sur la 158 j ai 4 plans sur 6", {LILAS}),
        ("les factures d'août et de septembre", {OLDEST, LILAS, ORMES}),
        ("las facturas de agosto y septiembre", {OLDEST, LILAS, ORMES}),
        ("le due fatture di agosto", {OLDEST, LILAS}),
        ("as duas primeiras faturas", {OLDEST, LILAS}),
        ("pour la petite c'est mardi, l'autre (0171) est bloquée", {SMALL, ORMES}),
    ],
)
def test_invoices_are_pointed_at_by_place_size_month_site_and_sum(words: str, numbers: set[str]) -> None:
    assert _pointed(words) == numbers


def test_an_order_called_like_the_debtor_names_nothing() -> None:
    text = fold("Lilas SARL, service comptable")
    assert not find(text, SITES, (), (), debtor="lilas sarl lilas.example").numbers


def test_a_number_of_our_form_that_is_not_theirs_is_reported() -> None:
    text = fold("Nous avons payé la FA-2026-0999.")
    assert find(text, ITEMS).foreign == ("fa-2026-0999",)


def test_the_sum_of_two_names_both() -> None:
    assert _named("£60,644.68 in all") == {"FA-2026-0113", "F2611/062"}
