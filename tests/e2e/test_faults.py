"""At most one mail and nothing silent, on a real table and a real outbox, whatever breaks between them."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.debtor_file import DebtorFile, NoticeState, TaskKind
from chalicelib.errors import RetryableError
from chalicelib.pipeline.remind import Outcome, remind
from infra.local.mailserver import MailServer
from infra.local.ministack import MiniStack
from tests.e2e.real import RealProgram, real_program
from tests.parts.faults import Faults
from tests.sample import case, file_of, paris

AT = paris("2026-03-12")
_numbers = itertools.count(1)

pytestmark = [pytest.mark.needs_java, pytest.mark.xdist_group("faults")]


@pytest.fixture
def dynamodb_faults(faults: Callable[..., Faults], dynamodb_local: str) -> Faults:
    return faults(dynamodb_local, "dynamodb")


@pytest.fixture
def ses_faults(faults: Callable[..., Faults], ministack: MiniStack) -> Faults:
    return faults(ministack.endpoint, "ses", "sesv2")


@pytest.fixture
def client_address() -> str:
    return f"paul-{next(_numbers)}@garage-morel.example"


@pytest.fixture
def program(
    dynamodb_local: str, ministack: MiniStack, dynamodb_faults: Faults, ses_faults: Faults, client_address: str
) -> RealProgram:
    program = real_program(
        dynamodb_local, ministack, AT, dynamodb_through=dynamodb_faults.endpoint, ses_through=ses_faults.endpoint
    )
    program.put(debtor(client_address), paris("2026-03-11"))
    return program


def debtor(address: str, id_: str = "C001") -> DebtorFile:
    from chalicelib.domain.debtor_file import Contact

    return file_of(case(f"{id_}-F1", "2026-03-10"), contact=Contact(id="payer", name="Paul", email=address), id=id_)


def received(mailserver: MailServer, address: str) -> int:
    return sum(address in d.recipients for d in mailserver.deliveries())


def settled(mailserver: MailServer, address: str) -> int:
    """How many mails have come once the stack has had the time to relay all it accepted."""
    import time

    before = -1
    for _ in range(20):
        time.sleep(0.15)
        now = received(mailserver, address)
        if now == before and now:
            break
        before = now
    return received(mailserver, address)


def test_one_reminder_reaches_the_client_as_written(
    program: RealProgram, mailserver: MailServer, client_address: str
) -> None:
    assert remind(program.parts, "C001", at=AT) is Outcome.DONE
    assert settled(mailserver, client_address) == 1
    (delivery,) = [d for d in mailserver.deliveries() if client_address in d.recipients]
    (notice,) = program.file().notices.values()
    assert f"+{notice.token}@verre-clair.example".encode() in delivery.raw
    assert b"Auto-Submitted: auto-generated" in delivery.raw
    assert delivery.sender == f"compta+{notice.token}@verre-clair.example"


def test_started_by_many_at_once_it_leaves_once(
    program: RealProgram, mailserver: MailServer, client_address: str
) -> None:
    outcomes: list[Outcome] = []
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        outcomes.append(remind(program.parts, "C001", at=AT))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outcomes.count(Outcome.DONE) == 1
    assert set(outcomes) <= {Outcome.DONE, Outcome.LOST_RACE, Outcome.NOTHING_DUE}
    assert settled(mailserver, client_address) == 1


def test_the_claim_is_kept_although_its_reply_is_lost(
    program: RealProgram, dynamodb_faults: Faults, mailserver: MailServer, client_address: str
) -> None:
    dynamodb_faults.lose_reply("dynamodb", "TransactWriteItems")
    assert remind(program.parts, "C001", at=AT) is Outcome.DONE
    assert [f.operation for f in dynamodb_faults.struck()] == ["TransactWriteItems"]
    assert settled(mailserver, client_address) == 1
    assert remind(program.parts, "C001", at=AT) is Outcome.NOTHING_DUE


def test_when_the_table_refuses_the_claim_nothing_leaves_and_the_next_try_does_it(
    program: RealProgram, dynamodb_faults: Faults, mailserver: MailServer, client_address: str
) -> None:
    dynamodb_faults.refuse("dynamodb", "TransactWriteItems", code="ThrottlingException", times=20)
    with pytest.raises(RetryableError):
        remind(program.parts, "C001", at=AT)
    dynamodb_faults.clear()
    assert program.file().notices == {}
    assert remind(program.parts, "C001", at=AT) is Outcome.DONE
    assert settled(mailserver, client_address) == 1


def test_the_providers_lost_answer_is_unknown_and_never_a_second_mail(
    program: RealProgram, ses_faults: Faults, mailserver: MailServer, client_address: str
) -> None:
    ses_faults.lose_reply("ses", "SendRawEmail")
    remind(program.parts, "C001", at=AT)
    assert [n.state for n in program.file().notices.values()] == [NoticeState.UNKNOWN]
    assert [t.kind for t in program.file().open_tasks()] == [TaskKind.UNKNOWN_DELIVERY]
    for day in ("2026-03-12", "2026-03-13", "2026-03-20"):
        program.parts.offices.note_read("payments", paris(day, "11:00"))
        program.parts.offices.note_read("mailbox", paris(day, "11:00"))
        assert remind(program.parts, "C001", at=paris(day, "11:00")) is Outcome.NOTHING_DUE
    assert settled(mailserver, client_address) == 1, "it had left: exactly this one"


def test_a_throttled_provider_leaves_the_step_due(
    program: RealProgram, ses_faults: Faults, mailserver: MailServer, client_address: str
) -> None:
    ses_faults.refuse("ses", "SendRawEmail", code="Throttling", message="Maximum sending rate exceeded.")
    assert remind(program.parts, "C001", at=AT) is Outcome.DEFERRED
    assert received(mailserver, client_address) == 0
    assert remind(program.parts, "C001", at=paris("2026-03-12", "11:00")) is Outcome.DONE
    assert settled(mailserver, client_address) == 1


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("when", ["after the claim", "after the send"])
def test_a_worker_killed_leaves_one_mail_at_most_and_a_task(
    program: RealProgram, mailserver: MailServer, client_address: str, when: str
) -> None:
    real = program.parts.outbox

    class DeadlyOutbox:
        def send(self, *args: Any, **kwargs: Any) -> str:
            if when == "after the send":
                real.send(*args, **kwargs)
            raise Killed

    with pytest.raises(Killed):
        remind(replace(program.parts, outbox=DeadlyOutbox()), "C001", at=AT)
    assert [n.state for n in program.file().notices.values()] == [NoticeState.CLAIMED]
    assert list(program.store.due(paris("2026-03-12", "10:14"))) == []
    assert list(program.store.due(paris("2026-03-12", "10:15"))) == ["C001"]
    for clock in ("10:20", "11:05", "12:05"):
        remind(program.parts, "C001", at=paris("2026-03-12", clock))
    assert [n.state for n in program.file().notices.values()] == [NoticeState.UNKNOWN]
    assert [t.kind for t in program.file().open_tasks()] == [TaskKind.UNKNOWN_DELIVERY]
    assert settled(mailserver, client_address) == (1 if when == "after the send" else 0)


def test_when_the_outcome_cannot_be_kept_the_claim_stands_and_becomes_a_task(
    program: RealProgram, dynamodb_faults: Faults, mailserver: MailServer, client_address: str
) -> None:
    real = program.parts.outbox

    class ThenTheTableFails:
        def send(self, *args: Any, **kwargs: Any) -> str:
            id_ = real.send(*args, **kwargs)
            dynamodb_faults.refuse("dynamodb", "TransactWriteItems", code="ThrottlingException", times=50)
            return id_

    with pytest.raises(RetryableError):
        remind(replace(program.parts, outbox=ThenTheTableFails()), "C001", at=AT)
    dynamodb_faults.clear()
    remind(program.parts, "C001", at=AT)  # the queue delivers again at once
    remind(program.parts, "C001", at=paris("2026-03-12", "11:05"))
    assert [n.state for n in program.file().notices.values()] == [NoticeState.UNKNOWN]
    assert [t.kind for t in program.file().open_tasks()] == [TaskKind.UNKNOWN_DELIVERY]
    assert settled(mailserver, client_address) == 1
