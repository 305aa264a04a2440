"""From a client's mail to the program's own answer: read, decided, ordered, sent and threaded, without a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.adapters.rendering import TemplateWriter
from chalicelib.domain.debtor_file import NoticeState, TaskKind
from chalicelib.pipeline.remind import remind
from tests.pipeline.desk import Program
from tests.pipeline.letters import AT, REMINDED, arrive, letter, reminded
from tests.sample import case


@pytest.fixture
def program() -> Program:
    program = Program(REMINDED)
    program.parts = replace(program.parts, writer=TemplateWriter(program.archive))
    program.archive.put("doc/F1.pdf", b"%PDF-1.7 copy", content_type="application/pdf")
    return program


def test_a_vague_promise_is_asked_about_and_the_answer_threads_to_the_question(program: Program) -> None:
    token = reminded(program)
    arrive(program, letter("Bonjour,\n\nNous allons régler la facture F1 prochainement.\n", token=token))
    assert [t.kind for t in program.file().open_tasks()] == []
    at = AT + timedelta(hours=1)
    assert program.due_queue.bodies == [{"debtor_id": "C001", "at": AT.isoformat()}]
    remind(program.parts, "C001", at=at)
    (asked,) = [n for n in program.file().notices.values() if n.ordered]
    assert (asked.template, asked.state) == ("ask_promise", NoticeState.SENT)
    arrive(program, letter("Virement de la facture F1 le 20 mars 2026.", token=asked.token), at=at + timedelta(hours=2))
    (promise,) = program.file().promises.values()
    assert (str(promise.pay_on), promise.numbers) == ("2026-03-20", ("F1",))


def test_a_copy_that_is_asked_for_leaves_with_its_pdf(program: Program) -> None:
    token = reminded(program, case("F1", "2026-03-10", document="doc/F1.pdf"))
    arrive(program, letter("Bonjour,\n\nPouvez-vous nous renvoyer la facture F1 ? Merci.\n", token=token))
    remind(program.parts, "C001", at=AT + timedelta(hours=1))
    (copy,) = [n for n in program.file().notices.values() if n.ordered]
    assert (copy.template, copy.state) == ("document_sent", NoticeState.SENT)
    assert b"facture-F1.pdf" in program.archive.get(f"sent/C001/{copy.id}.eml")
    assert TaskKind.SEND_DOCUMENT not in {t.kind for t in program.file().open_tasks()}


def test_a_mail_that_nobody_vouches_for_is_answered_by_a_person(program: Program) -> None:
    token = reminded(program)
    arrive(program, letter("Nous allons régler la facture F1 prochainement.", token=token, vouched=False))
    assert program.file().orders == {}
    assert program.file().open_tasks()
