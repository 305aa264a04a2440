"""What every AuditLog does: keeps each deed, tells the last first, by person and span, a page at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.dynamodb_audit import DynamoAuditLog
from chalicelib.adapters.memory_office import FakeAuditLog
from chalicelib.ports import AuditLog, Change, Deed
from tests.contract.conftest import FAKE, REAL, one_of

AT = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def deed(days: int = 0, who: str = "maud@acme.test", **facts: object) -> Deed:
    return Deed(at=AT + days * DAY, who=who, what="/ops/settings", **facts)  # type: ignore[arg-type]


@pytest.fixture(params=[FAKE, REAL])
def log(request: pytest.FixtureRequest) -> AuditLog:
    return one_of(request, FakeAuditLog, DynamoAuditLog)


def test_a_deed_is_kept_as_it_was_told(log: AuditLog) -> None:
    assert log.page(limit=5).deeds == ()
    told = deed(debtor_id="C « é »", about="n1", why="moved", changes=(Change(what="mailbox", before="a", after="b"),))
    log.note(told)
    assert log.page(limit=5).deeds == (told,)


def test_the_last_comes_first_a_page_at_a_time_and_none_twice(log: AuditLog) -> None:
    deeds = [deed(n, about=str(n)) for n in range(7)]
    for one in deeds:
        log.note(one)
    found: list[Deed] = []
    after, pages = "", 0
    while True:
        page = log.page(limit=3, after=after)
        found += page.deeds
        pages += 1
        after = page.next
        if not after:
            break
    assert (found, pages) == (deeds[::-1], 3)


def test_a_page_that_is_full_and_last_offers_no_next(log: AuditLog) -> None:
    for n in range(3):
        log.note(deed(n))
    assert log.page(limit=3).next == ""
    assert log.page(limit=2).next != ""


def test_two_deeds_of_one_instant_are_both_kept(log: AuditLog) -> None:
    log.note(deed(about="a"))
    log.note(deed(about="b"))
    assert {one.about for one in log.page(limit=5).deeds} == {"a", "b"}


@pytest.mark.parametrize(("since", "until", "found"), [(0, 1, [0]), (1, 3, [2, 1]), (-2, 0, []), (2, 9, [2])])
def test_a_span_takes_its_beginning_in_and_its_end_not(log: AuditLog, since: int, until: int, found: list[int]) -> None:
    for n in range(3):
        log.note(deed(n))
    page = log.page(limit=5, since=AT + since * DAY, until=AT + until * DAY)
    assert [one.at for one in page.deeds] == [AT + n * DAY for n in found]


def test_one_persons_deeds_are_told_apart(log: AuditLog) -> None:
    log.note(deed(0))
    log.note(deed(1, who="colin@acme.test"))
    assert [one.who for one in log.page(limit=5, who="colin@acme.test").deeds] == ["colin@acme.test"]
    assert log.page(limit=5, who="nobody@acme.test").deeds == ()
    assert len(log.page(limit=5).deeds) == 2


def test_deeds_about_a_debtor_lose_words_and_nothing_else(log: AuditLog) -> None:
    told = deed(1, debtor_id="C1", why="Mme Blin est malade", changes=(Change(what="x", before="a", after="b"),))
    others = [deed(0, debtor_id="C1", why="long ago"), deed(2, debtor_id="C2", why="Mme Blin"), deed(3, debtor_id="C1")]
    for one in (told, *others):
        log.note(one)

    def redacted(one: Deed) -> Deed:
        if one.debtor_id != "C1":
            return one
        return replace(one, who="nobody", debtor_id="", why="[erased]" if one.why else "", changes=())

    assert log.redact(redacted, since=AT + DAY) == 1
    assert log.redact(redacted, since=AT + DAY) == 0
    left = replace(told, why="[erased]", changes=())
    assert list(log.page(limit=9).deeds) == [others[2], others[1], left, others[0]]
    assert list(log.page(limit=9, who=told.who).deeds) == [others[2], others[1], left, others[0]]
