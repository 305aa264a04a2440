"""Payment documents: what they pay, what they take off and why, what is only planned, row by row."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from chalicelib.reading.advice import Advice, find
from tests.reading.reading_of import TODAY, items

ITEMS = tuple(items().values())


def read(text: str, *, sure: bool = True) -> Advice:
    found = find(text, ITEMS, TODAY.date(), sure=sure)
    assert found is not None
    return found


def test_a_debit_note_is_taken_off_and_contested() -> None:
    found = read(
        "AVIS DE VIREMENT du 20/11/2026\nF-1041    facture                 1 250,00\n"
        "ND-88     note de débit, chaise abîmée   -250,00\nNET VIRE          1 000,00"
    )
    assert (found.total, found.problems, found.tied) == (Decimal("1000.00"), (), True)
    assert [numbers for _, numbers in found.contested] == [("F-1041",)]


def test_a_credit_note_a_discount_and_a_retention_are_taken_off_and_not_contested() -> None:
    for row in ("AV-12  votre avoir   120,00-", "escompte 2 %   -25,00", "retenue de garantie   - 62,50"):
        found = read(f"Avis de paiement\nF-1041    1 250,00\n{row}")
        assert found.contested == ()


def test_a_column_of_deductions_explains_why_less_was_paid() -> None:
    found = read("Rechnung | Brutto | Skonto | Netto\nF-1041 | 1.250,00 | 25,00 | 1.225,00\nSumme | 1.225,00 EUR")
    assert (found.total, found.tied, found.contested) == (Decimal("1225.00"), True, ())
    short = read("invoice | gross | deduction | reason | net\nF-1041 | 1250.00 | 250.00 | QTY 8/10 RECEIVED | 1000.00")
    assert [numbers for _, numbers in short.contested] == [("F-1041",)]


def test_a_total_that_does_not_tie_is_a_problem() -> None:
    assert read("Remittance advice\nF-1041 1,250.00\nF-1058 348.20\nTotal 1,600.00").problems == ("total",)
    assert read("Remittance advice\nF-1041 1,250.00\nF-1058 348.20\nTotal 1,598.20").problems == ()


def test_a_list_whose_day_is_to_come_is_a_plan_and_an_advice_of_tomorrow_is_none() -> None:
    assert read("Invoice | Amount | Pay date\nF-1041 | 1250.00 | 31/12/2026").kind == "promise"
    assert read("Invoice | Amount | Pay date\nF-1041 | 1250.00 | 26/11/2026").kind == "remittance"
    assert read("Remittance advice\nPayment date: 31/12/2026\nF-1041 1,250.00").kind == "remittance"


def test_a_statement_says_something_else_of_each_row() -> None:
    found = read(
        "Facture | Montant | Etat\nF-1041 | 1 250,00 | payée le 20/11/2026\n"
        "F-1058 | 348,20 | à payer le 11/12/2026\nF-1077 | 6 904,75 | litige : 2 lampes manquantes"
    )
    paid, planned = found.parts
    assert (paid.kind, paid.numbers, paid.total, paid.on) == (
        "remittance", ("F-1041",), Decimal("1250.00"), date(2026, 11, 20),
    )  # fmt: skip
    assert (planned.kind, planned.numbers, planned.on) == ("promise", ("F-1058",), date(2026, 12, 11))
    assert [numbers for _, numbers in paid.contested] == [("F-1077",)]


def test_a_statement_that_says_the_same_of_all_is_one_document() -> None:
    assert read("Facture | Etat\nF-1041 | payée 20/11/2026\nF-1058 | payée 20/11/2026").parts == ()
