"""Calls: what a person says on the phone is logged, confirmed in writing the same day, and has a next date."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from chalicelib.adapters.rendering import TemplateWriter
from chalicelib.domain.debtor_file import (
    BlockKind,
    Contact,
    NoticeState,
    PromiseState,
    Role,
    Task,
    TaskKind,
)
from chalicelib.domain.events import ContactSet, Event, InvoiceCorrected, TaskRaised
from chalicelib.domain.outcomes import Outcome
from chalicelib.domain.plan import Action, Hold
from chalicelib.domain.propose import propose
from chalicelib.errors import BadInput
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.pipeline.remind import remind
from chalicelib.pipeline.work_tasks import close_task, sheet_of
from tests.pipeline.desk import Program
from tests.sample import case, eur, file_of, paris

AT = paris("2026-03-16")  # a Monday
TODAY = date(2026, 3, 16)


@pytest.fixture
def program() -> Program:
    program = Program(AT)
    program.parts = replace(program.parts, writer=TemplateWriter(program.archive))
    program.put(file_of(case("F1", "2026-03-02"), case("F2", "2026-03-12", "300.00")), paris("2026-03-11"))
    record(program, TaskRaised(task=call()))
    return program


def call(id_: str = "t1", **facts: Any) -> Task:
    known: dict[str, Any] = {
        "kind": TaskKind.CALL, "raised_on": TODAY, "due_on": TODAY, "reason": "call them", "numbers": ("F1",),
    }  # fmt: skip
    return Task(id=id_, **{**known, **facts})


def record(program: Program, *events: Event) -> None:
    happened = [(event, "test") for event in events]
    keep(program.parts, office_of(program.parts), "C001", lambda _: happened, at=AT, who="test")


def close(program: Program, outcome: str, task: str = "t1", at: Any = AT, **facts: Any) -> None:
    close_task(program.parts, "C001", task, Outcome(outcome=outcome, **facts), at=at, who="nadia")


def text_of(program: Program, notice_id: str) -> str:
    mail = message_from_bytes(program.archive.get(f"sent/C001/{notice_id}.eml"), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    assert body
    return " ".join(f"{mail['Subject']}\n{body.get_content()}".replace("\u00a0", " ").split())


def confirmed(program: Program, at: Any = AT) -> str:
    """What the mail says that left about the call."""
    remind(program.parts, "C001", at=at)
    (notice,) = [n for n in program.file().notices.values() if n.ordered]
    assert notice.state is NoticeState.SENT
    return text_of(program, notice.id)


def open_kinds(program: Program) -> set[TaskKind]:
    return {t.kind for t in program.file().open_tasks()}


def test_a_promise_on_the_phone_is_confirmed_the_same_day_while_it_holds_its_invoice(program: Program) -> None:
    close(program, "promised", on=date(2026, 3, 20), amount=eur("1200"), means="transfer", note="rude on the phone")
    assert [m["debtor_id"] for m in program.due_queue.bodies] == ["C001"]
    said = confirmed(program)
    assert "1 200,00 € au plus tard le 20 mars 2026, par virement (facture F1)" in said
    assert "rude" not in said
    assert [p.state for p in program.file().promises.values()] == [PromiseState.OPEN]
    (logged,) = program.file().calls.values()
    assert (logged.outcome, logged.pay_on, logged.amount) == ("promised", date(2026, 3, 20), eur("1200"))
    assert (logged.caller, logged.next_on) == ("nadia", date(2026, 3, 25))


@pytest.mark.parametrize(
    ("outcome", "facts", "words"),
    [
        ("disputed", {}, "Vous nous avez indiqué contester cette facture"),
        ("refused", {}, "la somme de 1 200,00 € reste due"),
        ("paid", {"on": date(2026, 3, 13)}, "réglée le 13 mars 2026"),
        ("reached", {"cause": "forgot"}, "avait échappé à votre attention"),
        ("reached", {"cause": "not_received"}, "ne pas avoir reçu cette facture. Nous vous l’adressons séparément"),
        ("reached", {"cause": "missing_document"}, "Il vous manque un document"),
        ("reached", {"cause": "approval_pending"}, "attend d’être validée"),
        ("reached", {"cause": "cash"}, "convenir d’un échéancier"),
        ("reached", {"cause": "other", "message": "Mme Blin valide jeudi."}, "Mme Blin valide jeudi."),
        ("reached", {"spoke_to": "M. Roy"}, "du 16 mars 2026 avec M. Roy"),
    ],
)
def test_every_outcome_reads_well_in_its_mail(
    program: Program, outcome: str, facts: dict[str, Any], words: str
) -> None:
    close(program, outcome, **facts)
    said = confirmed(program)
    assert words in said
    assert "  " not in said
    assert "None" not in said


@pytest.mark.parametrize("outcome", ["voicemail", "no_answer"])
def test_who_was_not_reached_is_called_again_and_not_written_to(program: Program, outcome: str) -> None:
    close(program, outcome)
    (again,) = [t for t in program.file().open_tasks() if t.kind is TaskKind.CALL]
    assert (again.due_on, again.numbers) == (date(2026, 3, 17), ("F1",))
    assert program.file().orders == {}


def test_a_voicemail_is_followed_by_a_mail_where_the_policy_says_so(program: Program) -> None:
    standard = program.parts.policies["standard"]
    writes = replace(standard, calls=replace(standard.calls, voicemail_mail=True))
    program.parts = replace(program.parts, policies={**program.parts.policies, "standard": writes})
    close(program, "voicemail")
    assert "Nous avons cherché à vous joindre par téléphone le 16 mars 2026" in confirmed(program)


@pytest.mark.parametrize(("calls", "unpaid"), [(2, False), (3, True), (4, True)])
def test_after_several_vain_calls_a_late_case_is_unpaid(program: Program, calls: int, unpaid: bool) -> None:
    at = AT
    for _ in range(calls):
        open_calls = [t for t in program.file().open_tasks() if t.kind is TaskKind.CALL]
        if not open_calls:
            break
        close(program, "no_answer", open_calls[0].id, at=at)
        at += timedelta(days=1)
    assert (program.file().cases["F1"].unpaid_since_on is not None) is unpaid
    program.see(at)
    remind(program.parts, "C001", at=at)  # the sales representative is told before the tone hardens
    later = paris("2026-03-25")
    program.see(later)
    plan = propose(program.file(), office_of(program.parts), at=later)
    asked = [(p.action, p.numbers) for p in plan.proposals if p.step == "formal_notice"]
    assert asked == ([(Action.APPROVE, ("F1",))] if unpaid else [])
    assert not any(n.step == "formal_notice" for n in program.file().notices.values())


def test_a_word_from_the_debtor_takes_the_formal_notice_back_to_its_place(program: Program) -> None:
    for day in range(3):
        (open_call,) = [t for t in program.file().open_tasks() if t.kind is TaskKind.CALL]
        close(program, "no_answer", open_call.id, at=AT + timedelta(days=day))
    at = AT + timedelta(days=3)
    keep(
        program.parts, office_of(program.parts), "C001",
        lambda _: [(TaskRaised(task=call("t9")), "test")], at=at, who="test",
    )  # fmt: skip
    close(program, "reached", "t9", at=at)
    assert not program.file().given_up(program.file().cases["F1"])


def test_an_invoice_that_is_not_due_yet_is_never_declared_unpaid() -> None:
    program = Program(AT)
    program.put(file_of(case("F1", "2026-03-30", "20000.00")), paris("2026-03-11"))
    record(program, TaskRaised(task=call()))
    for day in range(4):
        open_call = next(t for t in program.file().open_tasks() if t.kind is TaskKind.CALL)
        close(program, "no_answer", open_call.id, at=AT + timedelta(days=day))
    assert program.file().cases["F1"].unpaid_since_on is None


def test_a_wrong_number_is_marked_and_somebody_looks_for_the_right_one(program: Program) -> None:
    close(program, "wrong_number")
    file = program.file()
    assert file.contacts["payer"].phone_wrong_since_on == TODAY
    (task,) = [t for t in file.open_tasks() if t.kind is TaskKind.WRONG_PHONE]
    with pytest.raises(BadInput, match="phone"):
        close(program, "corrected", task.id, phone="none")
    close(program, "corrected", task.id, phone="+33 1 44 00 00 00")
    file = program.file()
    assert (file.contacts["payer"].phone, file.contacts["payer"].callable) == ("+33 1 44 00 00 00", True)
    assert TaskKind.CALL in open_kinds(program)


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        ("cash", TaskKind.NEGOTIATE_PLAN),
        ("missing_document", TaskKind.SEND_DOCUMENT),
        ("not_received", TaskKind.SEND_DOCUMENT),
    ],
)
def test_what_a_cause_calls_for_is_prepared(program: Program, cause: str, kind: TaskKind) -> None:
    close(program, "reached", cause=cause)
    assert kind in open_kinds(program)
    assert [b.kind for b in program.file().blocks.values()] == [BlockKind.ANSWERED]


def test_an_invoice_never_received_that_we_have_goes_with_the_mail(program: Program) -> None:
    program.archive.put("doc/F1.pdf", b"%PDF-1.7 copy", content_type="application/pdf")
    record(program, _filed("F1", "doc/F1.pdf"))
    close(program, "reached", cause="not_received")
    assert "Elle est jointe à ce message" in confirmed(program)
    assert TaskKind.SEND_DOCUMENT not in open_kinds(program)


@pytest.mark.parametrize(("days", "fits"), [(-1, False), (0, False), (1, True)])
def test_the_next_date_lies_ahead(program: Program, days: int, fits: bool) -> None:
    next_on = TODAY + timedelta(days=days)
    if not fits:
        with pytest.raises(BadInput, match="next_on"):
            close(program, "reached", next_on=next_on)
        return
    close(program, "reached", next_on=next_on)
    (again,) = [t for t in program.file().open_tasks() if t.kind is TaskKind.CALL]
    assert again.due_on == next_on


def test_nothing_is_understood_that_was_not_said(program: Program) -> None:
    with pytest.raises(BadInput, match="cause"):
        close(program, "reached", cause="moody")
    with pytest.raises(BadInput, match="contact"):
        close(program, "reached", contact="nobody")


def test_a_call_task_whose_invoices_are_paid_closes_by_itself(program: Program) -> None:
    from tests.domain.test_orders import paid

    record(program, TaskRaised(task=call("t2", numbers=("F1", "F2"), at_stake=eur("1500"))))
    record(program, *paid("F1", eur("1200")))
    remind(program.parts, "C001", at=AT)
    file = program.file()
    assert (file.tasks["t1"].outcome, file.tasks["t2"].is_open) == ("settled", True)
    assert (file.tasks["t2"].numbers, file.tasks["t2"].at_stake) == (("F2",), eur("300"))


def test_the_sheet_says_whom_to_call_about_what_and_what_to_leave_alone(program: Program) -> None:
    boss = Contact(id="boss", role=Role.DIRECTOR, name="Anne Roy", phone="+33 1 22 22 22 22")
    site = Contact(id="site", role=Role.APPROVER, name="Luc Blin", phone="+33 1 33 33 33 33")
    record(program, ContactSet(contact=boss), ContactSet(contact=site))
    record(program, TaskRaised(task=call("t2", numbers=("F1", "F2"))), TaskRaised(task=call("t3", numbers=("F2",))))
    close(program, "promised", "t3", on=date(2026, 3, 20))
    sheet = sheet_of(program.parts, "C001", "t2", at=AT)
    assert [p.contact.id for p in sheet.people] == ["payer", "site", "boss"]
    assert [i.case.number for i in sheet.items] == ["F1"]
    assert [(i.case.number, i.silenced) for i in sheet.leave_alone] == [("F2", "promised for 2026-03-20")]
    assert (sheet.items[0].days_late, sheet.at_stake) == (14, eur("1200"))
    assert [o.amount for offer in sheet.offers for o in offer.instalments] == [eur("400")] * 3


def _filed(number: str, document: str) -> Event:
    return InvoiceCorrected(number=number, issued_on=date(2026, 1, 31), due_on=date(2026, 3, 2), document=document)


def test_a_held_order_is_told_beside_the_plan(program: Program) -> None:
    close(program, "promised", on=date(2026, 3, 20))
    evening = paris("2026-03-16", "18:00")
    (waiting,) = propose(program.file(), office_of(program.parts), at=evening).waiting
    assert (waiting.hold, waiting.until) == (Hold.CLOSED_HOUR, paris("2026-03-17", "09:00"))
