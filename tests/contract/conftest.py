"""The stores under contract: the fakes, and the adapters on a real DynamoDB, a new table for each test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from chalicelib.adapters.dynamodb import DynamoCaseStore
from chalicelib.adapters.dynamodb_mail_log import DynamoMailLog
from chalicelib.adapters.dynamodb_office import DynamoOfficeStore
from chalicelib.adapters.memory import FakeCaseStore, FakeMailLog, FakeOfficeStore
from chalicelib.ports import CaseStore, MailLog, OfficeStore
from tests.parts.table import RealTable, new_real_table

P = TypeVar("P")

FAKE = pytest.param("fake", id="fake")
REAL = pytest.param("dynamodb", id="dynamodb", marks=pytest.mark.needs_java)


def one_of(request: pytest.FixtureRequest, fake: Callable[[], P], real: Callable[[Any, str], P]) -> P:
    """The fake, or the adapter on a fresh table, as the test's parameter says."""
    if request.param == "fake":
        return fake()
    table: RealTable = request.getfixturevalue("real")
    return real(table.client, table.name)


@pytest.fixture(scope="session")
def new_table(request: pytest.FixtureRequest) -> Callable[[], RealTable]:
    """Makes a fresh table; hypothesis needs many in one test."""
    endpoint = request.getfixturevalue("dynamodb_local")
    return lambda: new_real_table(endpoint)


@pytest.fixture
def real(new_table: Callable[[], RealTable]) -> RealTable:
    return new_table()


@pytest.fixture(params=[FAKE, REAL])
def new_store(request: pytest.FixtureRequest) -> Callable[[], CaseStore]:
    """Makes an empty CaseStore."""
    if request.param == "fake":
        return FakeCaseStore
    new_table = request.getfixturevalue("new_table")

    def build() -> CaseStore:
        table = new_table()
        return DynamoCaseStore(table.client, table.name)

    return build


@pytest.fixture
def store(new_store: Callable[[], CaseStore]) -> CaseStore:
    return new_store()


@pytest.fixture(params=[FAKE, REAL])
def offices(request: pytest.FixtureRequest) -> OfficeStore:
    return one_of(request, FakeOfficeStore, DynamoOfficeStore)


@pytest.fixture(params=[FAKE, REAL])
def mail_log(request: pytest.FixtureRequest) -> MailLog:
    return one_of(request, FakeMailLog, DynamoMailLog)
