"""What docs/simulate.md shows is what the program does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chalicelib import cli
from chalicelib.ledger.mapping import INVOICE_COLUMNS, INVOICE_EXTRAS, PAYMENT_COLUMNS, PAYMENT_EXTRAS, read_mapping

PAGE = (Path(__file__).parents[1] / "docs" / "simulate.md").read_text("utf-8")
README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_figures_of_the_public_ledger_are_those_of_a_run(ibm_ledger, capsys):
    (shown,) = [block for block in blocks("console") if "ibm-accounts-receivable.csv" in block]
    command, figures = shown.split("\n", 1)
    words = command.removeprefix("$ relance ").replace("ibm-accounts-receivable.csv", str(ibm_ledger)).split()

    assert cli.main(words) == 0
    assert capsys.readouterr().out == figures


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("invoices", "invoices"),
        ("invoices paid by the due date", "paid by the due date"),
        ("invoices paid late, before any reminder", "paid late before any reminder"),
        ("invoices paid after a reminder", "paid after a reminder"),
        ("e-mails", "e-mails in all"),
    ],
)
def test_the_readme_gives_the_same_figures(name, row):
    (figure,) = re.findall(rf"(?m)^{re.escape(name)} {{2,}}([0-9]+)$", PAGE)
    (told,) = re.findall(rf"(?m)^\| {re.escape(row)} \| ([0-9,]+)", README)

    assert told.replace(",", "") == figure


def test_the_line_that_is_explained_is_a_line_that_is_printed(tmp_path, capsys):
    (tmp_path / "i.csv").write_text(
        "number,account,client,country,issued,due,amount,currency\n"
        "F1,C1,Nord,FR,2026-01-05,2026-02-04,1000,EUR\nF2,C1,Nord,FR,2026-01-12,2026-02-11,1000,EUR\n"
    )
    (explained,) = blocks("json")

    assert cli.main(["simulate", "--invoices", str(tmp_path / "i.csv"), "--jsonl"]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert json.loads(explained) in printed
    assert "joined" in {line["action"] for line in printed}


def test_the_mapping_that_is_explained_is_read():
    (explained,) = blocks("yaml")
    mapping = read_mapping(explained)

    assert (mapping.date_format, mapping.decimal, mapping.separator) == ("DD.MM.YYYY", ",", ";")
    assert mapping.values == {"disputed": {"J": "yes", "N": "no"}}


def test_every_column_is_explained():
    for column in {*INVOICE_COLUMNS, *INVOICE_EXTRAS, *PAYMENT_COLUMNS, *PAYMENT_EXTRAS}:
        assert re.search(rf"\b{column}\b", PAGE), column


def test_the_sample_ledger_shows_every_situation(capsys):
    docs = Path(__file__).parents[1] / "docs"
    files = ["--invoices", str(docs / "sample-invoices.csv"), "--payments", str(docs / "sample-payments.csv")]
    assert "docs/sample-invoices.csv --payments docs/sample-payments.csv" in README

    assert cli.main(["simulate", *files, "--jsonl"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert {line["action"] for line in lines} >= {"email", "call", "formal_notice", "choose", "task", "joined"}
    told = {number for line in lines for number in line["invoices"]}
    assert "S-1005" not in told, "disputed"
    assert "S-1006" not in {n for line in lines if line["date"] >= "2026-01-30" for n in line["invoices"]}, "credited"
