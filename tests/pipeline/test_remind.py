"""One debtor's work: claimed once, sent once, and never silent whatever dies on the way."""

from __future__ import annotations

import pytest

from chalicelib.domain.debtor_file import NoticeState, TaskKind
from chalicelib.errors import AddressRefused, OutcomeUnknown, PermanentError, Refused, RetryableError, Throttled
from chalicelib.pipeline.keep import UnknownDebtor
from chalicelib.pipeline.remind import Outcome, remind
from chalicelib.pipeline.run_dunning import run_dunning
from tests.pipeline.desk import Program
from tests.sample import case, file_of, paris

AT = paris("2026-03-12")


@pytest.fixture
def program() -> Program:
    program = Program(AT)
    program.put(file_of(case("F1", "2026-03-10")), paris("2026-03-11"))
    return program


def states(program: Program) -> list[NoticeState]:
    return [n.state for n in program.file().notices.values()]


def kinds(program: Program) -> list[TaskKind]:
    return [t.kind for t in program.file().open_tasks()]


def test_what_is_due_is_claimed_archived_sent_and_confirmed(program: Program) -> None:
    assert remind(program.parts, "C001", at=AT) is Outcome.DONE
    (notice,) = program.file().notices.values()
    assert (notice.state, notice.message_id) == (NoticeState.SENT, "<1@provider.example>")
    assert program.outbox.sent == [("paul@garage-morel.example", {"debtor": "C001", "notice": notice.id})]
    assert list(program.archive.kept) == [f"sent/C001/{notice.id}.eml"]
    assert len(notice.token) == 26


def test_a_queue_that_delivers_twice_sends_once(program: Program) -> None:
    assert [remind(program.parts, "C001", at=AT) for _ in range(3)] == [
        Outcome.DONE, Outcome.NOTHING_DUE, Outcome.NOTHING_DUE,
    ]  # fmt: skip
    assert len(program.outbox.sent) == 1


def test_the_worker_that_loses_the_claim_sends_nothing(program: Program) -> None:
    program.store.meanwhile(lambda: remind(program.parts, "C001", at=AT))
    assert remind(program.parts, "C001", at=AT) is Outcome.LOST_RACE
    assert len(program.outbox.sent) == 1


def test_an_answer_that_comes_between_the_look_and_the_claim_stops_the_mail(program: Program) -> None:
    from datetime import date

    from chalicelib.domain.debtor_file import Promise
    from chalicelib.domain.events import PromiseMade
    from chalicelib.pipeline.keep import keep, office_of

    promise = Promise(id="p", numbers=("F1",), made_on=AT.date(), pay_on=date(2026, 3, 20), grace_on=date(2026, 3, 24))
    office = office_of(program.parts)
    program.store.meanwhile(
        lambda: keep(
            program.parts, office, "C001", lambda f: [(PromiseMade(promise=promise), "said so")], at=AT, who="x"
        )
    )
    assert remind(program.parts, "C001", at=AT) is Outcome.LOST_RACE
    assert remind(program.parts, "C001", at=AT) is Outcome.NOTHING_DUE
    assert program.outbox.sent == []


@pytest.mark.parametrize(
    ("error", "state", "tasks"),
    [
        (OutcomeUnknown("the answer was lost"), NoticeState.UNKNOWN, [TaskKind.UNKNOWN_DELIVERY]),
        (Refused("sending is paused"), NoticeState.FAILED, [TaskKind.REFUSED_MAIL]),
        (AddressRefused("550 5.1.1 no such user"), NoticeState.FAILED, [TaskKind.DEAD_ADDRESS]),
    ],
)
def test_what_does_not_go_out_for_sure_becomes_a_task_and_is_not_tried_again(
    program: Program, error: Exception, state: NoticeState, tasks: list[TaskKind]
) -> None:
    program.outbox.script = [error]
    remind(program.parts, "C001", at=AT)
    assert states(program) == [state]
    assert kinds(program) == tasks
    assert remind(program.parts, "C001", at=paris("2026-03-12", "11:00")) is Outcome.NOTHING_DUE
    assert remind(program.parts, "C001", at=paris("2026-03-20")) is Outcome.NOTHING_DUE
    assert program.outbox.sent == []


@pytest.mark.parametrize("error", [Throttled("maximum sending rate"), RetryableError("cannot connect")])
def test_over_quota_the_mail_stays_due_and_leaves_with_the_next_run(program: Program, error: Exception) -> None:
    program.outbox.script = [error]
    assert remind(program.parts, "C001", at=AT) is Outcome.DEFERRED
    assert list(program.store.due(AT)) == ["C001"]
    assert remind(program.parts, "C001", at=paris("2026-03-12", "11:00")) is Outcome.DONE
    (notice,) = program.file().notices.values()
    assert (notice.state, notice.attempts) == (NoticeState.SENT, 2)


def test_a_mail_that_cannot_be_written_is_not_claimed_and_says_so(program: Program) -> None:
    class BrokenWriter:
        def write(self, *args: object, **kwargs: object) -> bytes:
            raise PermanentError("the address is not usable")

    from dataclasses import replace

    remind(replace(program.parts, writer=BrokenWriter()), "C001", at=AT)
    assert states(program) == [NoticeState.FAILED]
    assert kinds(program) == [TaskKind.REFUSED_MAIL]


def test_a_worker_killed_after_the_claim_leaves_a_task_and_no_second_mail(program: Program) -> None:
    class Killed(BaseException):
        pass

    class DeadlyOutbox:
        def send(self, *args: object, **kwargs: object) -> str:
            raise Killed

    from dataclasses import replace

    with pytest.raises(Killed):
        remind(replace(program.parts, outbox=DeadlyOutbox()), "C001", at=AT)
    assert states(program) == [NoticeState.CLAIMED]
    assert list(program.store.due(paris("2026-03-12", "10:15"))) == ["C001"]
    remind(program.parts, "C001", at=paris("2026-03-12", "11:00"))
    assert (states(program), kinds(program)) == ([NoticeState.UNKNOWN], [TaskKind.UNKNOWN_DELIVERY])
    assert program.outbox.sent == []


def test_an_unknown_debtor_is_said_by_name(program: Program) -> None:
    with pytest.raises(UnknownDebtor, match="C999"):
        remind(program.parts, "C999", at=AT)


class TestRun:
    def test_the_run_hands_over_who_is_due_and_nobody_else(self, program: Program) -> None:
        program.put(file_of(case("G1", "2026-04-30"), id="C002"), paris("2026-03-11"))
        summary = run_dunning(program.parts, at=AT)
        assert summary.due == 1
        assert program.due_queue.bodies == [{"debtor_id": "C001", "at": AT.isoformat()}]

    def test_a_missed_night_is_caught_up_by_the_next_run(self, program: Program) -> None:
        assert run_dunning(program.parts, at=paris("2026-03-11")).due == 0
        later = paris("2026-03-25")
        program.see(later)
        assert run_dunning(program.parts, at=later).due == 1

    def test_a_blind_run_chases_nobody_and_raises_one_alert(self) -> None:
        program = Program()
        program.put(file_of(case("F1", "2026-03-10")), paris("2026-03-11"))
        for _ in range(2):
            assert run_dunning(program.parts, at=AT).blind == "the payments were never read"
        assert program.due_queue.bodies == []
        assert [t.kind for _, t in program.store.open_tasks()] == [TaskKind.BLIND]
