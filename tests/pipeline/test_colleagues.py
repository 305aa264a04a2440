"""Mails to our own people: answered among colleagues, never counted as a contact, never holding the chasing back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from email import message_from_bytes, policy

from chalicelib.adapters.rendering import TemplateWriter
from chalicelib.domain.debtor_file import NoticeState, Order, TaskKind
from chalicelib.domain.events import NoticeOrdered
from chalicelib.errors import AddressRefused
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.pipeline.remind import remind
from chalicelib.pipeline.settle_notices import settle
from tests.pipeline.desk import Program
from tests.sample import case, file_of, paris

AT = paris("2026-03-16")
LEA = "lea.dumas@verre-clair.example"


def program_with_order() -> Program:
    program = Program(AT)
    program.parts = replace(program.parts, writer=TemplateWriter(program.archive))
    program.put(file_of(case("F1", "2026-06-30")), paris("2026-03-11"))
    order = Order(
        id="told", template="call_agreed", ordered_on=date(2026, 3, 16), numbers=("F1",), to=LEA, language="fr"
    )
    office = office_of(program.parts)
    keep(program.parts, office, "C001", lambda _: [(NoticeOrdered(order=order), "x")], at=AT, who="test")
    return program


def test_a_colleague_answers_a_colleague_and_the_envelope_brings_a_bounce_back() -> None:
    program = program_with_order()
    remind(program.parts, "C001", at=AT)
    assert [to for to, _ in program.outbox.sent] == [LEA]
    mail = message_from_bytes(program.archive.get("sent/C001/told.eml"), policy=policy.default)
    assert mail["Reply-To"] == "nadia.ferrand@verre-clair.example"
    assert program.file().last_contact_on is None


def test_a_refused_colleague_is_a_task_that_holds_no_invoice() -> None:
    program = program_with_order()
    program.outbox.script = [AddressRefused("550 no such user")]
    remind(program.parts, "C001", at=AT)
    (task,) = program.file().open_tasks()
    assert (task.kind, task.numbers) == (TaskKind.REFUSED_MAIL, ())
    assert program.file().contacts["payer"].dead_since_on is None


def test_a_colleague_whose_mail_bounces_is_not_written_to_there_again() -> None:
    program = program_with_order()
    remind(program.parts, "C001", at=AT)
    report = {
        "eventType": "Bounce",
        "bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": LEA}]},
        "mail": {"tags": {"debtor": ["C001"], "notice": ["told"]}},
    }
    settle(program.parts, report, at=AT)
    file = program.file()
    assert file.notices["told"].state is NoticeState.BOUNCED
    assert [(t.kind, t.numbers) for t in file.open_tasks()] == [(TaskKind.REFUSED_MAIL, ())]
    remind(program.parts, "C001", at=paris("2026-03-17"))
    assert len(program.outbox.sent) == 1
