"""relance match: one line an entry, amounts to the cent, figures beside; wrong files named with their line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chalicelib.cli import main

INVOICES = """number,account,client,country,issued,due,amount,currency,purchase_order
FA-2026-0101,C001,Garage Morel & Fils,FR,2026-01-10,2026-02-10,1200.50,EUR,
FA-2026-0102,C001,Garage Morel & Fils,FR,2026-01-10,2026-02-10,310.40,EUR,PO-45017
FA-2026-0252,C002,Hôtel du Vieux Port,FR,2026-01-10,2026-02-10,640.10,EUR,
"""
ACCOUNTS = """account,client,country,language,email_domains,iban
C001,Garage Morel & Fils,FR,fr,garage-morel.example,FR76 1009 6000 3012 3456 7890 185
C002,Hôtel du Vieux Port,FR,fr,hotel.example,
"""
STATEMENT = """:20:STARTUMS
:25:FR7630006000011234567890189
:28C:00001/001
:60F:C260301EUR1000,00
:61:2603020302C1510,90NTRFNONREF//BANK1
:86:166?00VIREMENT?20SVWZ+FA-2026-0101, FA-2026-?210102?31FR7610096000301234567890185?32GARAGE MOREL
:61:2603020302C640,10NTRFNONREF//BANK2
:86:166?00VIREMENT?20SVWZ+VIREMENT?32DUPONT JEAN
:61:2603030303D12,00NCHGNONREF//BANK3
:86:808?00FRAIS
:62F:C260303EUR3139,00
-
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "invoices.csv").write_text(INVOICES, "utf-8")
    (tmp_path / "accounts.csv").write_text(ACCOUNTS, "utf-8")
    (tmp_path / "march.sta").write_text(STATEMENT, "utf-8")
    return tmp_path


def run(folder: Path, *words: str) -> int:
    return main(["match", "--invoices", str(folder / "invoices.csv"), *words])


def test_one_json_line_an_entry(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--accounts", str(folder / "accounts.csv"), str(folder / "march.sta"), "--jsonl") == 0
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["entry"], line["amount"], line["certainty"]) for line in lines] == [
        ("BANK1", "1510.90", "certain"), ("BANK2", "640.10", "proposed"), ("BANK3", "-12.00", "none"),
    ]  # fmt: skip
    assert lines[0]["invoices"] == [
        {"number": "FA-2026-0101", "amount": "1200.50"}, {"number": "FA-2026-0102", "amount": "310.40"},
    ]  # fmt: skip
    assert all(line["reason"] for line in lines)
    assert "3 entries, 2 payments" in err


def test_a_statement_given_twice_is_read_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = str(folder / "march.sta")
    assert run(folder, name, name, "--jsonl") == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 3
    assert "3 repeated" in err


def test_without_accounts_names_come_from_the_invoices(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, str(folder / "march.sta")) == 0
    assert "certain   1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.sta", "", "line 1: the file is empty"),
        ("broken.xml", "<Document><BkToCstmrStmt>", "line 1: the XML is broken"),
        ("bomb.xml", '<!DOCTYPE x [<!ENTITY a "b">]>\n<Document/>', "line 1: the file declares a document type"),
        ("odd.sta", ":20:X\n:25:1\n:60F:C260301EUR1,\n:61:nonsense\n", "line 4: :61: 'nonsense' is no entry"),
        ("odd.csv", "a,b\n1,2\n", "line 1: no header of a statement is found"),
    ],
)
def test_a_wrong_statement_is_refused_with_its_line(
    folder: Path, name: str, content: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / name).write_text(content, "utf-8")
    assert run(folder, str(folder / name)) == 2
    assert f"{folder / name}: {told}" in capsys.readouterr().err


def test_a_missing_file_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "nowhere.xml") == 2
    assert "relance: nowhere.xml: there is no such file" in capsys.readouterr().err


def test_accounts_without_their_columns_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "accounts.csv").write_text("id;name\n", "utf-8")
    assert run(folder, "--accounts", str(folder / "accounts.csv"), str(folder / "march.sta")) == 2
    assert "column account, client is missing" in capsys.readouterr().err
