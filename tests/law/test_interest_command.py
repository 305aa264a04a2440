"""relance interest: what is printed for people and for programs, and how mistakes are told."""

from __future__ import annotations

import json

import pytest

from chalicelib import cli

SAMPLE = "interest --amount 1000 --currency EUR --country FR --due 2024-06-15 --on 2024-08-14"


def run(capsys, words: str) -> tuple[int, str, str]:
    code = cli.main(words.split())
    out, err = capsys.readouterr()
    return code, out, err


def test_json_gives_amounts_as_text_and_the_reckoning_by_period(capsys):
    code, out, err = run(capsys, f"{SAMPLE} --json")
    told = json.loads(out)

    assert (code, err) == (0, "")
    assert (told["interest"], told["indemnity"]) == ("23.53", "40.00")
    assert [list(period) for period in told["periods"]] == [
        ["from", "to", "days", "base", "rate", "interest", "source"]
    ] * 2
    first = told["periods"][0]
    assert (first["from"], first["to"], first["days"]) == ("2024-06-16", "2024-06-30", 15)
    assert (first["base"], first["rate"], first["interest"]) == ("1000.00", "14.50", "5.96")
    assert first["source"] == "European Central Bank, Key ECB interest rates: 4.50 % on 2024-01-01, plus 10 points"


def test_text_shows_each_period_and_the_totals(capsys):
    code, out, _ = run(capsys, SAMPLE)

    assert code == 0
    assert "2024-07-01 to 2024-08-14    45 days       1000.00 EUR  x 14.25 % / 365" in out
    assert "interest          23.53 EUR" in out
    assert "indemnity         40.00 EUR" in out
    assert "Law: Code de commerce, art. L441-10, II" in out


@pytest.mark.parametrize(
    ("more", "interest", "indemnity"),
    [
        ("--kind public", "20.55", "40.00"),
        ("--kind consumer", "0.00", "0.00"),
        ("--rate 12", "19.73", "40.00"),
        ("--rate 12%", "19.73", "40.00"),
        ("--paid 2024-07-01:200", "20.09", "40.00"),
        ("--paid 2024-07-31:100 --paid 2024-07-01:200", "19.55", "40.00"),
        ("--country fr", "23.53", "40.00"),
        ("--country US", "0.00", "0.00"),
        ("--country UK --currency gbp", "21.78", "70.00"),
        ("--insolvent 2024-06-10", "0.00", "0.00"),
        ("--on 2024-06-15", "0.00", "0.00"),
        ("--on 2024-06-01", "0.00", "0.00"),
    ],
)
def test_options_change_the_reckoning(capsys, more, interest, indemnity):
    code, out, _ = run(capsys, f"{SAMPLE} --json {more}")
    told = json.loads(out)

    assert code == 0
    assert (told["interest"], told["indemnity"]) == (interest, indemnity)
    assert told["why"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("--country XX", "--country: 'XX' is no ISO 3166 country"),
        ("--country France", "--country:"),
        ("--currency EURO", "'EURO' is no ISO 4217 code"),
        ("--due 2024-02-30", "--due: '2024-02-30' is no day"),
        ("--on yesterday", "--on: 'yesterday' is no day"),
        ("--on 2027-01-01", 'add the line "2027-01-01: RATE"'),
        ("--due 2010-01-01", "the rules for FR begin on 2013-01-01"),
        ("--kind shop", "--kind: 'shop' is unknown"),
        ("--amount abc", "--amount: 'abc' is no number"),
        ("--amount NaN", "--amount: 'NaN' is no number"),
        ("--amount 1e999999999", "--amount: '1e999999999' is no number"),
        ("--amount 1_000", "--amount: '1_000' is no number"),
        ("--amount 10.005", "--amount: 10.005 has more decimals than EUR has"),
        ("--amount 0", "--amount: 0 is not above zero"),
        ("--amount=-5", "--amount: -5 is not above zero"),
        ("--rate high", "--rate: 'high' is no number"),
        ("--rate 101", "rate: 101 is out of bounds"),
        ("--paid 200", "--paid: '200' is no payment"),
        ("--paid 2024-13-01:200", "--paid: '2024-13-01' is no day"),
    ],
)
def test_what_cannot_be_used_is_told_in_words_and_nothing_is_printed(capsys, more, told):
    code, out, err = run(capsys, f"{SAMPLE} --json {more}")

    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["interest", "--help"])

    assert ended.value.code == 0
    assert {"--amount", "--country", "--kind", "--paid", "--rate"} <= set(capsys.readouterr().out.split())


def test_the_command_is_listed(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])

    assert "interest" in capsys.readouterr().out
