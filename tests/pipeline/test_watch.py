"""Watching: one alert while the program is blind, and no mail that waits for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from chalicelib.domain.debtor_file import DESK, TaskKind
from chalicelib.pipeline.collect_mail import collect_mail
from chalicelib.pipeline.watch import watch
from chalicelib.ports import MailState
from tests.pipeline.desk import Program
from tests.pipeline.letters import PAUL, letter, reminded
from tests.sample import paris

AT = paris("2026-03-12")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def open_tasks(program: Program, debtor_id: str = DESK) -> list[TaskKind]:
    file = program.store.load(debtor_id)
    return [task.kind for task in file.open_tasks()] if file else []


def waiting(at: datetime = AT, *, received_at: datetime = AT, sender: str = PAUL) -> Program:
    """A program whose queue has just lost a mail."""
    program = Program(at)
    program.mailbox.received_at = received_at
    program.mailbox.deliver(letter("Bonjour", sender=sender))
    collect_mail(program.parts, at=at)
    program.mail_queue.take()
    return program


class TestBlindness:
    @pytest.mark.parametrize(("hours", "minutes", "blind"), [(5, 59, False), (6, 0, False), (6, 1, True)])
    def test_the_mailbox_makes_blind_after_six_hours(self, hours: int, minutes: int, blind: bool) -> None:
        program = Program(AT)
        at = AT + timedelta(hours=hours, minutes=minutes)
        program.offices.note_read("payments", at)
        assert bool(watch(program.parts, at=at).blind) is blind
        assert open_tasks(program) == [TaskKind.BLIND] * blind

    def test_the_alert_is_opened_once_and_closed_once(self) -> None:
        program = Program()
        for n in range(3):
            watch(program.parts, at=AT + n * HOUR)
        assert open_tasks(program) == [TaskKind.BLIND]
        program.see(AT + 3 * HOUR)
        for n in range(3, 6):
            assert watch(program.parts, at=AT + n * HOUR).blind == ""
        assert open_tasks(program) == []
        kinds = [type(entry.event).__name__ for entry in program.store.journal(DESK)]
        assert kinds == ["DebtorOpened", "TaskRaised", "TaskClosed"]

    def test_it_is_opened_again_when_it_happens_again(self) -> None:
        program = Program(AT)
        watch(program.parts, at=AT + 200 * HOUR)
        program.see(AT + 201 * HOUR)
        watch(program.parts, at=AT + 201 * HOUR)
        watch(program.parts, at=AT + 400 * HOUR)
        assert open_tasks(program) == [TaskKind.BLIND]

    def test_it_says_what_was_not_read(self) -> None:
        program = Program()
        program.offices.note_read("payments", AT)
        watch(program.parts, at=AT)
        ((_, task),) = program.store.open_tasks()
        assert task.reason == "nobody is chased while the program is blind: the mailbox was never read"

    def test_the_alert_of_the_mailbox_is_not_closed_with_it(self) -> None:
        from chalicelib.errors import PermanentError

        program = Program(AT)
        program.mailbox.refuses = PermanentError("refused")
        with pytest.raises(PermanentError):
            collect_mail(program.parts, at=AT)
        watch(program.parts, at=AT)
        assert open_tasks(program) == [TaskKind.MAILBOX]


class TestLostMails:
    @pytest.mark.parametrize(("minutes", "requeued"), [(59, 0), (60, 0), (61, 1)])
    def test_a_mail_that_waits_for_an_hour_is_queued_again(self, minutes: int, requeued: int) -> None:
        program = waiting()
        at = AT + minutes * MINUTE
        assert watch(program.parts, at=at).requeued == requeued
        ids = list(program.mail_log.mails)
        assert program.mail_queue.bodies == [{"mail_id": id_, "at": at.isoformat()} for id_ in ids * requeued]

    def test_an_old_mail_that_was_collected_just_now_is_not_lost(self) -> None:
        program = waiting(received_at=AT - timedelta(days=900))
        assert watch(program.parts, at=AT + 10 * MINUTE).requeued == 0

    def test_it_is_queued_again_every_hour_until_it_is_read(self) -> None:
        program = waiting()
        assert [watch(program.parts, at=AT + n * HOUR + MINUTE).requeued for n in (1, 2, 3)] == [1, 1, 1]
        ((_, mail),) = program.mail_log.mails.items()
        program.mail_log.settle(mail.becomes(MailState.READ))
        assert watch(program.parts, at=AT + 4 * HOUR).requeued == 0

    @pytest.mark.parametrize(("minutes", "given_up"), [(-1, 0), (0, 0), (1, 1)])
    def test_one_that_ends_its_reader_for_three_days_is_quarantined_with_a_task(
        self, minutes: int, given_up: int
    ) -> None:
        program = waiting(sender="x@elsewhere.example")
        at = AT + timedelta(hours=4) + minutes * MINUTE
        program.see(at)
        watched = watch(program.parts, at=at)
        assert (watched.given_up, watched.requeued) == (given_up, 1 - given_up)
        assert open_tasks(program) == [TaskKind.REVIEW_MAIL] * given_up
        (mail,) = program.mail_log.mails.values()
        assert mail.state is (MailState.QUARANTINED if given_up else MailState.ARCHIVED)
        assert watch(program.parts, at=at + HOUR).given_up == (0 if given_up else 1)
        assert open_tasks(program) == [TaskKind.REVIEW_MAIL]

    def test_a_watch_that_dies_after_the_task_raises_it_once(self) -> None:
        from dataclasses import replace
        from typing import Any

        program = waiting()

        class Dies:
            def __getattr__(self, name: str) -> Any:
                return getattr(program.mail_log, name)

            def settle(self, mail: Any) -> bool:
                raise KeyboardInterrupt

        at = AT + timedelta(days=4)
        program.see(at)
        with pytest.raises(KeyboardInterrupt):
            watch(replace(program.parts, mail_log=Dies()), at=at)
        watch(program.parts, at=at + HOUR)
        assert open_tasks(program) == [TaskKind.REVIEW_MAIL]


def test_a_quiet_hour_writes_nothing() -> None:
    program = Program(AT)
    reminded(program)
    saves = program.store.saves
    program.see(AT)
    watch(program.parts, at=AT + HOUR)
    assert (program.store.saves, program.mail_queue.bodies) == (saves, [])
