"""What every NumbersStore does: one snapshot a day, one mail a week, each moved on by one at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.adapters.dynamodb_numbers import DynamoNumbersStore
from chalicelib.adapters.memory_numbers import FakeNumbersStore
from chalicelib.domain import events as e
from chalicelib.domain import numbers as n
from chalicelib.domain.money import Money
from chalicelib.ports import CaseStore, Counting, Mailing, NumbersStore, ReviewState
from tests.contract.conftest import FAKE, REAL, one_of
from tests.contract.samples import AT, entries, invoice, opened

MONDAY = date(2026, 11, 23)


@pytest.fixture(params=[FAKE, REAL])
def numbers_store(request: pytest.FixtureRequest) -> NumbersStore:
    return one_of(request, FakeNumbersStore, DynamoNumbersStore)


def full(on: date = MONDAY) -> n.Numbers:
    """Numbers with something in every field, so that what the store loses is seen."""
    eur = Money.of("1234.56", "EUR")
    tally = n.Tally(count=2, sum=eur)
    expected = n.Expected(promised=eur, planned=eur, habit=eur)
    call = n.CallFirst(
        debtor_id="D1", name="Hôtel <b>", contact="Léa", phone="+33", at_stake=eur, days_late=3,
        weight=Decimal("3703.68"), reason=n.CallFor.NO_ANSWER, since_on=on,
    )  # fmt: skip
    owing = n.Owing(debtor_id="D1", name="Hôtel", overdue=eur, owed=eur, days_late=3)
    return n.Numbers(
        on=on, debtors=1, ageing={"EUR": (n.Band(open=tally, disputed=tally),) * 5}, credit={"EUR": tally},
        invoiced={"EUR": {"2026-10": eur}}, word={"EUR": n.Word(kept=tally, partly_kept=tally, broken=tally, came=eur)},
        effects={"EUR": {"first_reminder": n.Effect(taken=tally, paid=tally)}},
        paid=n.Paid(count=3, on_time=1, days_late=15),
        forecast={"EUR": n.Forecast(weeks=(expected,) * 8, later=eur, undated=eur)},
        top={"EUR": (owing,)}, calls={"EUR": (call,)}, on_hold=1, hold_asked=2,
        holds=(n.Held(debtor_id="D1", name="Hôtel", held_since_on=on, asked_on=None, overdue=(eur,)),),
        last_week=n.LastWeek(money_in={"EUR": tally}, promises_kept=1, replies_read_alone=2),
        this_week=n.ThisWeek(tasks={"call": 2}, tasks_late=1, promises={"EUR": tally}, to_approve={"EUR": tally}),
    )  # fmt: skip


def test_a_snapshot_comes_back_as_it_was_kept(numbers_store: NumbersStore) -> None:
    assert numbers_store.counting(MONDAY) is None
    kept = Counting(numbers=full(), after="Société €/#1", done=True)
    assert numbers_store.advance(None, kept)
    assert numbers_store.counting(MONDAY) == kept
    assert numbers_store.latest() == full()


def test_the_latest_is_the_last_one_that_is_finished(numbers_store: NumbersStore) -> None:
    assert numbers_store.latest() is None
    for days in range(30):  # more than are read at once
        on = MONDAY + timedelta(days=days)
        assert numbers_store.advance(None, Counting(numbers=full(on), done=days < 2))
    assert numbers_store.latest() == full(MONDAY + timedelta(days=1))


def test_a_day_is_begun_once_and_moved_on_from_where_it_stands(numbers_store: NumbersStore) -> None:
    first = Counting(numbers=n.nothing(MONDAY), after="D1")
    second = Counting(numbers=full(), after="D2")
    assert numbers_store.advance(None, first)
    assert not numbers_store.advance(None, first)
    assert numbers_store.advance(first, second)
    assert not numbers_store.advance(first, second), "somebody who saw D1 would bring the count back"
    assert numbers_store.counting(MONDAY) == second


def test_a_finished_day_is_never_changed(numbers_store: NumbersStore) -> None:
    done = Counting(numbers=full(), after="D9", done=True)
    assert numbers_store.advance(None, done)
    assert not numbers_store.advance(done, replace(done, numbers=n.nothing(MONDAY)))
    assert numbers_store.latest() == full()


def test_a_day_that_begins_takes_away_those_of_five_weeks_ago(numbers_store: NumbersStore) -> None:
    days = [MONDAY + timedelta(days=n) for n in range(3)]
    for on in days:
        assert numbers_store.advance(None, Counting(numbers=full(on), done=True))
    new = Counting(numbers=full(days[1] + timedelta(days=35)))
    assert numbers_store.advance(None, new)
    assert numbers_store.advance(new, replace(new, done=True))
    assert [bool(numbers_store.counting(on)) for on in days] == [False, False, True]


def test_a_weeks_mail_is_claimed_once_and_settled_by_its_claim_alone(numbers_store: NumbersStore) -> None:
    claim = Mailing(week="2026-W48", state=ReviewState.CLAIMED, at=datetime(2026, 11, 23, 6, 30, tzinfo=UTC))
    assert numbers_store.mailing("2026-W48") is None
    assert numbers_store.settle(None, claim)
    assert not numbers_store.settle(None, claim), "the same instant, the same words, another run"
    deferred = replace(claim, state=ReviewState.DEFERRED, why="nothing left")
    assert numbers_store.settle(claim, deferred)
    assert not numbers_store.settle(claim, replace(claim, state=ReviewState.SENT))
    again = replace(claim, attempts=2)
    assert numbers_store.settle(deferred, again)
    assert not numbers_store.settle(claim, replace(claim, state=ReviewState.SENT)), "the first claim is history"
    assert numbers_store.mailing("2026-W48") == again
    assert numbers_store.mailing("2026-W49") is None


@pytest.mark.needs_java
def test_of_many_runs_at_once_one_claims(real: object) -> None:
    store = DynamoNumbersStore(real.client, real.name)  # type: ignore[attr-defined]
    claim = Mailing(week="2026-W48", state=ReviewState.CLAIMED, at=datetime(2026, 11, 23, 6, 30, tzinfo=UTC))
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda _: store.settle(None, claim), range(16)))
    assert sum(won) == 1


# What the count reads of debtors


def test_debtors_come_in_the_order_of_their_ids_and_from_any_of_them_on(new_store: Callable[[], CaseStore]) -> None:
    store = new_store()
    for id_ in ("b", "é", "a", "B#1"):
        opened(store, id_)
    assert list(store.debtor_ids()) == ["B#1", "a", "b", "é"]
    assert list(store.debtor_ids(after="a")) == ["b", "é"]
    assert list(store.debtor_ids(after="aa")) == ["b", "é"]
    assert list(store.debtor_ids(after="é")) == []


def test_the_journals_end_is_read_backwards_and_no_further_than_asked(new_store: Callable[[], CaseStore]) -> None:
    store = new_store()
    file = opened(store, "D1", *(invoice(f"A{i}") for i in range(40)))
    later = AT + timedelta(days=1)
    saved = store.save(file, entries(file, invoice("B1"), invoice("B2"), at=later), next_action_at=None)
    assert saved is not None
    assert [entry.seq for entry in store.journal_since("D1", later)] == [43, 42]
    assert [entry.seq for entry in store.journal_since("D1", AT)] == list(range(43, 0, -1))
    assert list(store.journal_since("D1", later + timedelta(seconds=1))) == []
    assert list(store.journal_since("nobody", AT)) == []
    assert all(isinstance(entry.event, e.InvoiceEntered) for entry in store.journal_since("D1", later))
