"""`relance read`: a line for every mail, a clear line for a wrong call."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chalicelib.reading_command import main
from tests.reading.reading_of import mail

INVOICES = "number,account,issued,due,amount,currency,purchase_order\nF-1041,A,2026-09-01,2026-10-01,1250.00,EUR,PO-1\n"
ACCOUNTS = "account,client,country,language,email_domains\nA,Client,FR,fr,client.example\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "invoices.csv").write_text(INVOICES)
    (tmp_path / "books" / "accounts.csv").write_text(ACCOUNTS)
    mails = tmp_path / "mails"
    mails.mkdir()
    (mails / "a.eml").write_bytes(mail("La F-1041 a été réglée le 20 novembre."))
    (mails / "b").write_bytes(b"")
    (mails / "c.txt").write_bytes(b"From: a@b\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n" * 9000)
    return tmp_path


def _call(folder: Path, *more: str) -> int:
    books = folder / "books"
    given = ["--invoices", str(books / "invoices.csv"), "--accounts", str(books / "accounts.csv")]
    return main([*given, "--mailbox", "compta@us.example", *more])


def test_a_folder_gives_a_line_for_every_file_whatever_its_ending(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _call(folder, str(folder / "mails")) == 0
    lines = {row["file"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert set(lines) == {"a.eml", "b", "c.txt"}
    assert lines["a.eml"]["intents"] == ["remittance"]
    assert lines["a.eml"]["remittance"]["date"] == "2026-11-20"
    assert lines["c.txt"]["decision"] == "review"
    assert lines["c.txt"]["reason"] == "unreadable"


def test_a_pinned_server_must_have_vouched(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _call(folder, "--authserv-id", "mx.us.example", str(folder / "mails" / "a.eml")) == 0
    assert json.loads(capsys.readouterr().out)["reason"] == "unverified"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["nowhere.eml"], "nowhere.eml: no such file or folder"),
        (["--invoices", "nowhere.csv", "."], "nowhere.csv: No such file"),
    ],
)
def test_what_is_missing_is_said_in_one_line(wrong: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(wrong) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


@pytest.mark.parametrize(
    ("invoices", "words"),
    [
        ("number,account\n1,A\n", "line 1: column issued, due, amount is missing"),
        (INVOICES + "F-2,A,yesterday,2026-10-01,1,EUR,\n", "line 3:"),
        (INVOICES + "F-2,A,2026-09-01,2026-10-01,much,EUR,\n", "line 3:"),
    ],
)
def test_a_wrong_row_is_named(folder: Path, invoices: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "books" / "invoices.csv").write_text(invoices)
    assert _call(folder, str(folder / "mails")) == 2
    assert words in capsys.readouterr().err


def test_the_wreck_of_a_mail_is_for_a_person(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mails" / "d").write_bytes(bytes(range(256)) * 3)
    assert _call(folder, str(folder / "mails" / "b"), str(folder / "mails" / "d")) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["decision"] for row in rows] == ["review", "review"]
