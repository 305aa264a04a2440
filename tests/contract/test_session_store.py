"""What every SessionStore does: sessions that end for good, attempts that count once, counters that stop."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.dynamodb_sessions import DynamoSessionStore
from chalicelib.adapters.memory_sessions import FakeSessionStore
from chalicelib.ports import Person, Session, SessionStore, SignInAttempt
from tests.contract.conftest import FAKE, REAL, one_of
from tests.parts.table import RealTable

AT = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=10)
SESSION = Session(
    person=Person(subject="s1", email="anne@acme.example", name="Anne", groups=("collector",), language="fr"),
    role="collector", csrf="c", started_at=AT, seen_at=AT,
)  # fmt: skip
ATTEMPT = SignInAttempt(state="s", nonce="n", verifier="v", return_to="/ops/today", started_at=AT)


@pytest.fixture(params=[FAKE, REAL])
def sessions(request: pytest.FixtureRequest) -> SessionStore:
    return one_of(request, FakeSessionStore, DynamoSessionStore)


def test_a_session_is_found_as_it_was_opened_until_it_ends(sessions: SessionStore) -> None:
    assert sessions.find("k") is None
    sessions.open("k", SESSION, forget_at=LATER)
    assert sessions.find("k") == SESSION
    assert sessions.find("other") is None
    sessions.end("k")
    sessions.end("k")
    assert sessions.find("k") is None


def test_when_it_was_seen_is_noted_and_nothing_else(sessions: SessionStore) -> None:
    sessions.open("k", SESSION, forget_at=LATER)
    sessions.note_seen("k", AT + timedelta(minutes=5))
    assert sessions.find("k") == replace(SESSION, seen_at=AT + timedelta(minutes=5))


def test_a_session_that_has_ended_is_not_brought_back_by_being_seen(sessions: SessionStore) -> None:
    sessions.open("k", SESSION, forget_at=LATER)
    sessions.end("k")
    sessions.note_seen("k", AT)
    assert sessions.find("k") is None


def test_all_stays_of_a_person_end_at_once_and_nobody_elses(sessions: SessionStore) -> None:
    bob = replace(SESSION, person=replace(SESSION.person, email="bob@acme.example"))
    for key, session in (("k", SESSION), ("l", SESSION), ("m", SESSION), ("b", bob)):
        sessions.open(key, session, forget_at=LATER)
    sessions.end("m")
    assert sessions.end_all("Anne@ACME.example") == 2
    assert [sessions.find(key) for key in "klmb"] == [None, None, None, bob]
    assert sessions.end_all("anne@acme.example") == 0


def test_an_attempt_is_taken_once(sessions: SessionStore) -> None:
    sessions.begin("k", ATTEMPT, forget_at=LATER)
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: sessions.take("k"), range(8)))
    assert [found for found in taken if found] == [ATTEMPT]


def test_a_session_is_no_attempt(sessions: SessionStore) -> None:
    sessions.open("k", SESSION, forget_at=LATER)
    assert sessions.take("k") is None
    assert sessions.find("k") == SESSION


def test_as_many_are_counted_as_there_may_be_whoever_comes_at_once(sessions: SessionStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        let_in = list(threads.map(lambda _: sessions.count("a", limit=5, forget_at=LATER), range(16)))
    assert let_in.count(True) == 5
    assert sessions.count("b", limit=1, forget_at=LATER)
    assert not sessions.count("b", limit=1, forget_at=LATER)


@pytest.mark.needs_java
def test_every_row_tells_when_dynamodb_may_forget_it(real: RealTable) -> None:
    sessions = DynamoSessionStore(real.client, real.name)
    sessions.open("k", SESSION, forget_at=LATER)
    sessions.begin("k", ATTEMPT, forget_at=LATER)
    sessions.count("a", limit=5, forget_at=LATER)
    for pk in ("SESSION#k", "STAYS#anne@acme.example", "ATTEMPT#k", "COUNT#a"):
        (row,) = real.rows(pk).values()
        assert row["forget_at"] == {"N": str(int(LATER.timestamp()))}
