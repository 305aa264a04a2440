"""What docs/law.md shows is what the command prints, and its table is what the rules say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chalicelib import cli
from chalicelib.bootstrap import law_rules

PAGE = (Path(__file__).parents[2] / "docs" / "law.md").read_text("utf-8")
SHOWN = [block.split("\n", 1) for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)]


@pytest.mark.parametrize(("command", "printed"), SHOWN, ids=lambda text: text[:40])
def test_the_page_shows_what_is_printed(capsys, command, printed):
    cli.main(command.removeprefix("$ relance ").split())
    out, err = capsys.readouterr()

    assert out + err == printed


def test_every_country_of_the_rules_is_in_the_table():
    cells = re.findall(r"(?m)^\| ([A-Z]{2}[^|]*) \|", PAGE)
    told = {code for cell in cells for code in re.findall(r"\b[A-Z]{2}\b", cell)}

    assert told == set(law_rules().countries)


def test_every_option_is_explained():
    for option in ("--kind", "--rate", "--paid", "--insolvent", "--json", "--on", "--country"):
        assert option in PAGE
