"""The switch: while it is on nothing leaves, not even what waits in the queue; work goes on; it is told who and why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.domain.debtor_file import DESK
from chalicelib.domain.events import SendingHeld, SendingResumed
from chalicelib.errors import BadInput
from chalicelib.pipeline.hold_sending import hold_sending, resume_sending
from chalicelib.pipeline.keep import office_of
from chalicelib.pipeline.remind import Outcome, remind
from chalicelib.pipeline.run_dunning import run_dunning
from tests.pipeline.desk import Program
from tests.sample import case, file_of, paris

AT = paris("2026-03-12")
LATER = AT + timedelta(hours=1)


@pytest.fixture
def program() -> Program:
    program = Program(AT)
    program.put(file_of(case("F1", "2026-03-10")), paris("2026-03-11"))
    return program


def test_what_waits_in_the_queue_does_not_leave_while_all_sending_is_held(program: Program) -> None:
    run_dunning(program.parts, at=AT)
    (body,) = program.due_queue.take()
    hold_sending(program.parts, reason="the ledger is wrong", at=AT, who="hugo")
    before = program.file()
    assert remind(program.parts, body["debtor_id"], at=AT, office=office_of(program.parts)) is Outcome.HELD
    assert program.outbox.sent == []
    assert program.file() == before, "nothing was claimed"


def test_what_was_held_is_still_due_and_leaves_once_the_switch_is_off(program: Program) -> None:
    hold_sending(program.parts, reason="the ledger is wrong", at=AT, who="hugo")
    assert run_dunning(program.parts, at=AT).due == 1
    assert remind(program.parts, "C001", at=AT) is Outcome.HELD
    resume_sending(program.parts, at=LATER, who="hugo")
    program.see(LATER)
    assert run_dunning(program.parts, at=LATER).due == 1
    assert remind(program.parts, "C001", at=LATER) is Outcome.DONE
    assert len(program.outbox.sent) == 1


def test_tasks_and_broken_promises_go_on_while_mail_is_held(program: Program) -> None:
    program.put(file_of(case("G1", "2026-02-10"), id="C002", no_contact=True), paris("2026-03-11"))
    hold_sending(program.parts, reason="the ledger is wrong", at=AT, who="hugo")
    assert remind(program.parts, "C002", at=AT) is Outcome.DONE
    assert program.file("C002").open_tasks()
    assert program.outbox.sent == []


def test_the_switch_stands_in_the_desks_journal_with_who_and_why(program: Program) -> None:
    first = hold_sending(program.parts, reason=" the ledger is wrong ", at=AT, who="hugo")
    again = hold_sending(program.parts, reason="me too", at=LATER, who="nadia")
    assert again == first == program.offices.hold()
    resume_sending(program.parts, at=LATER, who="nadia")
    resume_sending(program.parts, at=LATER, who="nadia")
    told = [(entry.who, type(entry.event)) for entry in program.store.journal(DESK)]
    assert told[1:] == [("hugo", SendingHeld), ("nadia", SendingResumed)], "after the desk's opening"
    assert program.offices.hold() is None


def test_a_switch_without_a_reason_is_not_turned(program: Program) -> None:
    with pytest.raises(BadInput):
        hold_sending(program.parts, reason=" ", at=AT, who="hugo")
    assert program.offices.hold() is None
