"""`relance doctor` looks at the rates of the running half-year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from chalicelib.bootstrap import law_rules
from chalicelib.doctor import Line, State, examine
from chalicelib.errors import BadFile, BadInput, PermanentError
from tests.sample import policies


def no_parts():
    raise PermanentError("nothing is set up")


def rates(at: datetime) -> Iterator[Line]:
    return (line for line in examine(no_parts, {}, policies, law_rules, at=at) if line.name == "rates")


@pytest.mark.parametrize(
    ("day", "state"), [((2026, 12, 31), State.OK), ((2027, 1, 1), State.WARN), ((2027, 1, 2), State.WARN)]
)
def test_it_warns_from_the_first_day_of_a_half_year_whose_rate_is_missing(day, state):
    line = next(line for line in rates(datetime(*day, 12, tzinfo=UTC)) if "European" in line.what)

    assert line.state is state
    assert ("2027-01-01: RATE" in line.remedy) == (state is State.WARN)


def test_a_file_of_rules_that_cannot_be_read_is_a_failure():
    def broken():
        raise BadFile("late_payment.yaml", [BadInput("line 3", "no valid YAML")])

    (line,) = [line for line in examine(no_parts, {}, policies, broken, at=datetime.now(UTC)) if line.name == "law"]

    assert line.state is State.FAIL
    assert "line 3" in line.what
