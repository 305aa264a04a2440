"""The key `weekly_review` of the creditor's profile: to whom the week is mailed, and when."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from chalicelib.adapters.dynamodb_items import from_plain, to_plain
from chalicelib.domain.creditor import Creditor, WeeklyReview
from chalicelib.domain.creditor_file import read_creditor
from chalicelib.errors import BadFile

SAMPLE = (Path(__file__).parents[2] / "templates" / "creditor.yaml").read_text("utf-8")


def profile(*lines: str) -> str:
    return SAMPLE + "\nweekly_review:\n" + "\n".join(f"  {line}" for line in lines) + "\n"


def test_without_the_key_nobody_is_mailed() -> None:
    assert read_creditor(SAMPLE).weekly_review is None


def test_the_sample_names_every_key_in_its_comment() -> None:
    lines = SAMPLE[SAMPLE.index("# weekly_review:") :].splitlines()[:5]
    shown = SAMPLE + "\n" + "\n".join(line.removeprefix("# ") for line in lines)
    assert read_creditor(shown).weekly_review == WeeklyReview(to=("finance@atelier-exemple.example",))


def test_day_hour_and_language_are_read_and_one_address_needs_no_list() -> None:
    found = read_creditor(profile("to: daf@example.fr", "on: friday", 'at: "16:05"', "language: en")).weekly_review
    assert found == WeeklyReview(to=("daf@example.fr",), on=4, at=time(16, 5), language="en")


def test_the_language_is_that_of_the_creditors_country() -> None:
    english = profile("to: daf@example.fr").replace("country: FR", "country: GB")
    assert read_creditor(english).weekly_review == WeeklyReview(to=("daf@example.fr",), language="en")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("to: [finance]", "no e-mail address"),
        ("on: mardi", "'mardi' is unknown"),
        ('at: "24:00"', "a time of day"),
        ('at: "7h30"', "a time of day"),
        ("language: de", "'de' is unknown"),
        ("every: week", "unknown key"),
    ],
)
def test_what_is_wrong_is_told_by_key(line: str, told: str) -> None:
    lines = [line] if line.startswith("to:") else ["to: a@example.fr", line]
    with pytest.raises(BadFile, match=told):
        read_creditor(profile(*lines))


def test_it_needs_somebody_to_write_to() -> None:
    with pytest.raises(BadFile, match="to"):
        read_creditor(profile("on: monday"))


def test_the_store_keeps_it() -> None:
    creditor = read_creditor(profile("to: daf@example.fr", 'at: "06:45"'))
    assert from_plain(to_plain(creditor), Creditor, "the creditor") == creditor
