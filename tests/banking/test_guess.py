"""A bank's table that nobody has named: its header is found below other lines, and nothing doubtful is proposed."""

from __future__ import annotations

import io

import pytest
from openpyxl import Workbook

from chalicelib.banking.csv import read_csv
from chalicelib.banking.guess import names_a_statement, preview, propose, read_bank_head, whole
from chalicelib.errors import BadInput
from chalicelib.ledger.guess import Head, written
from chalicelib.ledger.mapping import ColumnMap, read_mapping
from chalicelib.ledger.table import MAX_CELL

ROWS = "12/03/2026;VIR A;1 200,50\n13/03/2026;LOYER;-800,00\n"


def head_of(text: str) -> Head:
    head = read_bank_head(text.encode())
    assert head
    return head


@pytest.mark.parametrize(
    "above",
    ["", "\n\n", "Relevé\n", "Compte;FR76\n", "Solde au;31/12/2026;1 200,50\n\n", "a,b,c,d,e\n", "a;b;c;d\n",
     "Relevé\x0cdu\u2028compte\x85\n"],
)  # fmt: skip
def test_the_header_is_the_line_above_the_entries(above: str) -> None:
    assert head_of(f"{above}Quand;Quoi;Combien\n{ROWS}").columns == ("Quand", "Quoi", "Combien")


@pytest.mark.parametrize("sign", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_no_entry_is_lost_below_a_line_that_holds_a_rare_end_of_line(sign: str) -> None:
    (statement,) = read_csv(f"Page 1{sign}2\nDate;Libellé;Montant (EUR)\n{ROWS}".encode())
    assert [entry.text for entry in statement.entries] == ["VIR A", "LOYER"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_of_a_large_file_only_the_beginning_is_looked_at(encoding: str) -> None:
    long = f"12/03/2026;{'x' * 1_000};1,50\n" * 1_200
    head = read_bank_head(f"Quand;Quoi;Combien\n{ROWS}{long}".encode(encoding))
    assert head
    assert head.columns == ("Quand", "Quoi", "Combien")


def test_of_a_large_workbook_only_the_first_rows_are_looked_at() -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in [["Quand", "Quoi", "Combien"], *[["12/03/2026", "VIR", "1,50"]] * 100, ["x" * (MAX_CELL + 1)]]:
        sheet.append(row)
    raw = io.BytesIO()
    book.save(raw)
    head = read_bank_head(raw.getvalue())
    assert head
    assert head.columns == ("Quand", "Quoi", "Combien")
    with pytest.raises(BadInput, match="a cell holds more"):
        read_csv(raw.getvalue())


def test_a_name_of_two_lines_is_told_and_not_raised() -> None:
    head = Head(("Quand", "Somme\nen EUR"), (("12/03/2026", "1,50"),) * 2)
    good, (finding,) = preview(head, propose(head))
    assert (good, finding.what[:30]) == ([], "no header of a statement is fo")


@pytest.mark.parametrize("text", ["", "one\ntwo\n", "a;b\nc;d\n", ROWS, "Quand;Quoi;Combien\n"])
def test_without_a_header_above_entries_there_is_no_statement(text: str) -> None:
    assert read_bank_head(text.encode()) is None


def test_the_words_of_banks_are_a_header_without_a_single_entry() -> None:
    head = head_of("Relevé\nDate;Libellé;Montant\n")
    assert (names_a_statement(head), head.sample) == (True, ())


def test_of_two_columns_of_sums_none_is_proposed_for_one_may_be_the_balance() -> None:
    found = propose(head_of("Quand;Quoi;Combien;Reste\n12/03/2026;VIR;1,50;99,00\n13/03/2026;VIR;2,50;96,50\n"))
    assert dict(found.columns) == {"booked_on": "Quand"}


def test_a_currency_that_the_header_names_is_proposed() -> None:
    found = propose(head_of("Date;Libellé;Montant (CHF)\n12/03/2026;VIR;1,50\n"))
    assert dict(found.constants) == {"currency": "CHF"}


def test_two_columns_whose_names_differ_in_their_brackets_are_two() -> None:
    head = head_of("Date;Montant (EUR);Montant (USD)\n12/03/2026;1,50;1,70\n")
    named = {"booked_on": "Date", "amount": "Montant (USD)"}
    good, findings = preview(head, whole(ColumnMap(columns=named, constants={"currency": "USD"})))
    assert (findings, [str(one.amount) for one in good]) == ([], ["1.70 USD"])


def test_what_is_chosen_is_kept_as_it_was_chosen() -> None:
    mapping = whole(ColumnMap(columns={"booked_on": "Quand", "credit": "Combien"}, constants={"currency": "EUR"}))
    assert read_mapping(written(mapping, "bank.csv")) == mapping
    assert {"payer", "debit", "amount"} <= set(mapping.without)
