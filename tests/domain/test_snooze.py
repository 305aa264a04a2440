"""Putting a task off and taking a closing back, at their borders; the order of a day's work."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Task, TaskKind
from chalicelib.domain.snooze import LONGEST, UNDONE_WITHIN, reopen, snooze, unsnooze
from chalicelib.domain.worklist import SECTION_OF, days_left, sorted_work, waits, weight
from chalicelib.errors import BadInput
from tests.sample import eur

ON = date(2026, 3, 12)
AT = datetime(2026, 3, 12, 9, tzinfo=UTC)


def task(id_: str = "t", kind: TaskKind = TaskKind.CALL, **facts: object) -> Task:
    known = {"raised_on": ON, "due_on": ON, "reason": "why", **facts}
    return Task(id=id_, kind=kind, **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(("days", "fits"), [(0, False), (1, True), (92, True), (93, False)])
def test_a_task_is_put_off_from_tomorrow_to_a_quarter_ahead(days: int, fits: bool) -> None:
    until = ON + timedelta(days=days)
    assert timedelta(days=92) == LONGEST
    if fits:
        assert snooze(task(), until, " away ", today=ON) == e.TaskSnoozed(task_id="t", due_on=until, reason="away")
    else:
        with pytest.raises(BadInput, match="until"):
            snooze(task(), until, "away", today=ON)


@pytest.mark.parametrize(("days", "fits"), [(4, True), (5, True), (6, False)])
def test_nothing_is_put_off_beyond_a_legal_last_day(days: int, fits: bool) -> None:
    one = task(deadline_on=ON + timedelta(days=5))
    if fits:
        assert snooze(one, ON + timedelta(days=days), "x", today=ON)
    else:
        with pytest.raises(BadInput, match="last day"):
            snooze(one, ON + timedelta(days=days), "x", today=ON)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_a_task_that_is_put_off_says_why_in_few_words(reason: str) -> None:
    with pytest.raises(BadInput, match="reason"):
        snooze(task(), ON + timedelta(days=1), reason, today=ON)


def test_only_what_was_put_off_is_taken_back_and_no_later_than_today() -> None:
    assert unsnooze(task(), ON, today=ON) is None
    put_off = task(snoozed="away", due_on=ON + timedelta(days=9))
    assert unsnooze(put_off, ON + timedelta(days=5), today=ON) == e.TaskSnoozed(task_id="t", due_on=ON)


def journal(*events: e.Event, at: datetime = AT) -> list[e.Entry]:
    """The last entry first, as a store gives it."""
    return list(reversed(e.entries_after(0, [(event, "") for event in events], at=at, who="test")))


@pytest.mark.parametrize(("after", "fits"), [(-1, True), (0, True), (1, False)])
def test_a_closing_is_taken_back_within_an_hour(after: int, fits: bool) -> None:
    raised = journal(e.TaskRaised(task=task(note="about")), at=AT - timedelta(days=1))
    closing = journal(e.TaskClosed(task_id="t", outcome="done", note="mine", at=AT))
    closed = task(outcome="done", note="mine", closed_at=AT)
    at = AT + UNDONE_WITHIN + timedelta(seconds=after)
    if fits:
        assert reopen(closed, [*closing, *raised], at=at) == e.TaskReopened(task=task(note="about"))
    else:
        with pytest.raises(BadInput, match="hour"):
            reopen(closed, [*closing, *raised], at=at)


def test_a_closing_with_an_effect_stands() -> None:
    closed = task(outcome="sent", closed_at=AT)
    entries = journal(
        e.TaskClosed(task_id="t", outcome="sent", note="", at=AT), e.CreditHeld(on=ON),
    )  # fmt: skip
    with pytest.raises(BadInput, match="followed"):
        reopen(closed, entries, at=AT)
    with pytest.raises(BadInput, match="open"):
        reopen(task(), [], at=AT)


def test_a_task_that_was_put_off_or_a_call_that_was_agreed_waits_for_its_day() -> None:
    tomorrow = ON + timedelta(days=1)
    assert waits(task(due_on=tomorrow), ON)
    assert not waits(task(due_on=ON), ON)
    assert not waits(task(due_on=tomorrow, takes=(("F1", "call", ON),)), ON)
    assert not waits(task(kind=TaskKind.REVIEW_MAIL, due_on=tomorrow), ON)
    assert waits(task(kind=TaskKind.REVIEW_MAIL, due_on=tomorrow, snoozed="x"), ON)


def test_every_kind_of_task_has_its_section() -> None:
    assert set(SECTION_OF) == set(TaskKind)


@pytest.mark.parametrize(("days", "left"), [(0, 0), (1, 1), (-1, -1)])
def test_the_days_to_a_legal_last_day_are_counted(days: int, left: int) -> None:
    assert days_left(task(deadline_on=ON + timedelta(days=days)), ON) == left
    assert days_left(task(), ON) is None


@given(
    st.lists(
        st.tuples(st.integers(0, 10**7), st.integers(0, 400), st.integers(0, 4)), min_size=2, max_size=12, unique=True
    )
)
def test_the_work_is_sorted_by_urgency_then_by_money_times_days(made: list[tuple[int, int, int]]) -> None:
    tasks = [
        ("D", task(f"t{n}", at_stake=eur(f"{cents / 100:.2f}"), raised_on=ON - timedelta(days=days), urgency=urgency))
        for n, (cents, days, urgency) in enumerate(made)
    ]  # fmt: skip
    now, later = sorted_work(tasks, today=ON)
    assert later == []
    order = [(-item.task.urgency, -weight(item.task, ON)) for item in now]
    assert order == sorted(order)
    assert [item.place for item in now] == sorted(item.place for item in now)
    assert len({item.place for item in now}) == len(made)
