"""Suspicious silence: when a person calls because nothing is heard any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import BlockKind, DebtorFile, Notice, Task, TaskKind
from chalicelib.domain.policy import SilenceRules
from chalicelib.domain.silence import wake_days, watch
from chalicelib.domain.view import View
from tests.domain.test_orders import promised
from tests.notices import sent, with_records
from tests.sample import after, case, file_of, office, paris, policies

HEARD = paris("2026-02-02")
MAILS = (date(2026, 3, 4), date(2026, 3, 11), date(2026, 3, 18))  # three Wednesdays
RULES = SilenceRules(mails=3, minimum=Decimal(150), large=Decimal(10000), large_mails=2, after_business_days=3)


def written_to(mails: int = 3, amount: str = "1200.00", *, heard: bool = True) -> DebtorFile:
    """A late debtor with so many reminders, who answered in February."""
    file = file_of(case("F1", "2026-02-20", amount))
    steps = ("first_reminder", "second_reminder", "third_reminder")
    notices: list[Notice] = [sent(step, on, "F1") for step, on in zip(steps, MAILS, strict=True)][:mails]
    file = with_records(file, notices=notices)
    return replace(file, last_heard_at=HEARD) if heard else file


def view(file: DebtorFile, on: str = "2026-03-30", rules: SilenceRules = RULES, *, blind: bool = False) -> View:
    at = paris(on)
    known = office(at)
    standard = replace(policies()["standard"], silence=rules)
    health = replace(known.health, payments_read_at=at - timedelta(days=9)) if blind else known.health
    return View(file, replace(known, health=health, policies={**policies(), "standard": standard}), at)


def calls(file: DebtorFile, on: str = "2026-03-30", rules: SilenceRules = RULES) -> list[Task]:
    raised = [event for p in watch(view(file, on, rules)) for event, _ in p.events]
    return [event.task for event in raised if isinstance(event, e.TaskRaised)]


@pytest.mark.parametrize(("mails", "called"), [(2, False), (3, True)])
def test_a_debtor_who_used_to_answer_is_called_after_so_many_reminders(mails: int, called: bool) -> None:
    assert [t.kind for t in calls(written_to(mails))] == ([TaskKind.CALL] if called else [])


@pytest.mark.parametrize(("on", "called"), [("2026-03-20", False), ("2026-03-23", True), ("2026-03-24", True)])
def test_the_last_of_them_has_time_to_be_answered(on: str, called: bool) -> None:
    assert bool(calls(written_to(), on)) is called
    assert wake_days(view(written_to(), "2026-03-20")) == [date(2026, 3, 23)]


@pytest.mark.parametrize(("amount", "called"), [("149.99", False), ("150.00", True), ("150.01", True)])
def test_small_amounts_are_not_called_about(amount: str, called: bool) -> None:
    assert bool(calls(written_to(amount=amount))) is called


@pytest.mark.parametrize(("amount", "called"), [("9999.99", False), ("10000.00", True), ("10000.01", True)])
def test_about_a_large_sum_fewer_mails_are_enough_even_of_a_stranger(amount: str, called: bool) -> None:
    assert bool(calls(written_to(2, amount, heard=False))) is called


def test_who_never_answered_is_left_to_the_ladder() -> None:
    assert calls(written_to(heard=False)) == []


def test_an_answer_after_the_mails_ends_the_silence() -> None:
    assert calls(replace(written_to(), last_heard_at=paris("2026-03-19"))) == []


def test_a_call_that_was_asked_for_since_is_enough() -> None:
    task = Task(
        id="t", kind=TaskKind.CALL, raised_on=MAILS[0], due_on=MAILS[0], reason="x", numbers=("F1",),
        closed_at=paris("2026-03-05"), outcome="voicemail",
    )  # fmt: skip
    assert calls(after(written_to(), e.TaskRaised(task=task))) == []


def test_what_is_promised_or_held_back_is_not_called_about() -> None:
    assert calls(after(written_to(), promised(date(2026, 4, 10), "F1"))) == []
    from chalicelib.domain.debtor_file import Block

    block = Block(id="b", kind=BlockKind.MANUAL, reason="x", placed_on=MAILS[0], until=date(2026, 5, 1))
    assert calls(after(written_to(), e.BlockPlaced(block=block))) == []


def test_no_silence_is_heard_by_the_blind_or_where_the_policy_says_never() -> None:
    assert watch(view(written_to(), blind=True)) == []
    assert calls(written_to(), rules=replace(RULES, mails=0)) == []


def test_nobody_is_called_on_a_holiday_at_the_clients() -> None:
    """Monday 2026-03-23 is open here and closed in the client's country: the call waits for the Tuesday."""
    file = written_to()
    abroad = replace(file, debtor=replace(file.debtor, country="CO"))  # San José, moved to the Monday
    assert calls(abroad, "2026-03-23") == []
    assert wake_days(view(abroad, "2026-03-20")) == [date(2026, 3, 24)]
    assert calls(abroad, "2026-03-24") != []
