"""The stores under contract: the fakes, and the adapters on a real DynamoDB, a new table for each test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.adapters.dynamodb import DynamoCaseStore
from chalicelib.adapters.dynamodb_mail_log import DynamoMailLog
from chalicelib.adapters.dynamodb_office import DynamoOfficeStore
from chalicelib.adapters.memory import FakeCaseStore, FakeMailLog, FakeOfficeStore
from chalicelib.ports import CaseStore, MailLog, OfficeStore
from tests.parts.table import RealTable, new_real_table

FAKE = pytest.param("fake", id="fake")
REAL = pytest.param("dynamodb", id="dynamodb", marks=pytest.mark.needs_java)


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
    if request.param == "fake":
        return FakeOfficeStore()
    table = request.getfixturevalue("real")
    return DynamoOfficeStore(table.client, table.name)


@pytest.fixture(params=[FAKE, REAL])
def mail_log(request: pytest.FixtureRequest) -> MailLog:
    if request.param == "fake":
        return FakeMailLog()
    table = request.getfixturevalue("real")
    return DynamoMailLog(table.client, table.name)
