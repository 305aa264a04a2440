"""What every ImportLog does: one row a file, moved on by one at a time, the last ones in one bounded read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.adapters.dynamodb_imports import KEPT, DynamoImportLog
from chalicelib.adapters.memory_imports import FakeImportLog
from chalicelib.ports import FileFinding, FileImport, ImportLog, ImportState
from tests.contract.conftest import FAKE, REAL, one_of
from tests.parts.table import RealTable

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(params=[FAKE, REAL])
def log(request: pytest.FixtureRequest) -> ImportLog:
    return one_of(request, FakeImportLog, DynamoImportLog)


def file(number: int = 0, **facts: Any) -> FileImport:
    at = AT + timedelta(minutes=number)
    return FileImport(**{"id": f"{at:%Y%m%dT%H%M%S}-x", "who": "léa@acme.example", "at": at, **facts})


def full() -> FileImport:
    """Something in every field, so that what the store loses is seen."""
    return file(
        state=ImportState.UNNAMED, turn=2, name="<b>été.csv", key="dropped/x/été.csv", kind="invoices", read_at=AT,
        rows=5, debtors=2, new=3, known=1,
        findings=(FileFinding(line=3, column="due", what="31/02 is no date", remedy="write it"),), more=7,
        columns=("N° facture", "Échéance"), sample=(("F1", "31/12/2026"), ("F2", "")),
    )  # fmt: skip


def test_a_file_comes_back_as_it_was_kept(log: ImportLog) -> None:
    assert log.get(full().id) is None
    assert log.keep(None, full())
    assert log.get(full().id) == full()


def test_what_was_kept_first_stands(log: ImportLog) -> None:
    assert log.keep(None, file(rows=5))
    assert not log.keep(None, file(rows=0)), "the second delivery finds everything known"
    assert log.get(file().id) == file(rows=5)


def test_of_two_who_saw_the_same_one_moves_it_on(log: ImportLog) -> None:
    seen = file()
    log.keep(None, seen)
    assert log.keep(seen, replace(seen, turn=1, state=ImportState.TAKEN))
    assert not log.keep(seen, replace(seen, turn=1, state=ImportState.REFUSED))
    kept = log.get(seen.id)
    assert kept
    assert kept.state is ImportState.TAKEN


def test_the_last_ones_come_first_and_no_more_than_asked_for(log: ImportLog) -> None:
    for number in range(30):  # more than are read at once
        log.keep(None, file(number))
    assert [f.at for f in log.latest(3)] == [AT + timedelta(minutes=n) for n in (29, 28, 27)]


@pytest.mark.needs_java
def test_a_row_is_forgotten_with_its_file(real: RealTable) -> None:
    DynamoImportLog(real.client, real.name).keep(None, file())
    (row,) = real.rows("IMPORTS").values()
    assert int(row["forget_at"]["N"]) == int((AT + KEPT).timestamp())
