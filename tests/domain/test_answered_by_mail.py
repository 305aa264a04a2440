"""Answers that the program gives by itself: a question for the date, a copy of an invoice. Only where all is clear."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.answers import Answer, respond
from chalicelib.domain.debtor_file import DebtorFile, TaskKind
from chalicelib.domain.open_tasks import watch
from chalicelib.domain.view import View
from chalicelib.reading.wanted import wants_invoice
from tests.sample import after, case, file_of, office, paris

AT = paris("2026-03-16")
ORDER = "ask_promise"


def answered(file: DebtorFile, **facts: Any) -> DebtorFile:
    known: dict[str, Any] = {
        "mail": "m1", "kind": "reply", "decision": "apply", "reason": "clear", "trusted": True,
        "sender": "paul@garage-morel.example", "numbers": ("F1",),
    }  # fmt: skip
    answer = Answer(**{**known, **facts})
    return after(file, *(event for event, _ in respond(file, answer, office(AT), at=AT)), at=AT)


def late(**facts: Any) -> DebtorFile:
    return file_of(case("F1", "2026-03-02", **facts))


def ordered(file: DebtorFile) -> list[str]:
    return [o.template for o in file.open_orders()]


def kinds(file: DebtorFile) -> list[TaskKind]:
    return [t.kind for t in file.open_tasks()]


VAGUE: dict[str, Any] = {
    "intents": ("promise_to_pay",), "decision": "review", "doubts": ("promise-without-date",),
}  # fmt: skip


def test_a_vague_promise_is_asked_about_by_mail_and_by_nobody() -> None:
    file = answered(late(), **VAGUE)
    assert (ordered(file), kinds(file)) == ([ORDER], [])
    (order,) = file.open_orders()
    assert (order.numbers, order.contact) == (("F1",), "payer")


@pytest.mark.parametrize(
    "facts",
    [
        {"doubts": ("promise-without-date", "hostile")},
        {"doubts": ("promise-without-date", "unverified")},
        {"doubts": ()},
    ],
)
def test_where_anything_else_is_doubtful_a_person_asks(facts: dict[str, Any]) -> None:
    file = answered(late(), **{**VAGUE, **facts})
    assert (ordered(file), kinds(file)) == ([], [TaskKind.ASK_PROMISE])


def test_who_is_not_proven_gets_no_answer_from_a_program() -> None:
    assert ordered(answered(late(), **VAGUE, trusted=False)) == []


def test_the_question_is_asked_once() -> None:
    file = answered(answered(late(), **VAGUE), **VAGUE, mail="m2")
    assert (ordered(file), kinds(file)) == ([ORDER], [TaskKind.ASK_PROMISE])


@pytest.mark.parametrize(("days", "raised"), [(3, False), (4, True), (5, True)])
def test_a_question_without_an_answer_becomes_a_task(days: int, raised: bool) -> None:
    file = answered(late(), **VAGUE)
    at = AT + timedelta(days=days)  # the question may take three business days, and was asked on a Monday
    found = watch(View(file, office(at), at))
    assert bool(found) is raised
    for proposal in found:
        file = after(file, *(event for event, _ in proposal.events))
    assert watch(View(file, office(at), at)) == []


def test_an_answer_closes_the_question_and_its_task() -> None:
    file = answered(answered(late(), **VAGUE), **VAGUE, mail="m2")
    file = answered(file, mail="m3", intents=("promise_to_pay",), promise_on=date(2026, 3, 20))
    assert kinds(file) == []
    at = AT + timedelta(days=9)
    assert not any(isinstance(event, e.TaskRaised) for p in watch(View(file, office(at), at)) for event, _ in p.events)


ASKS: dict[str, Any] = {"intents": ("document_request",), "wants_invoice": True}


def test_a_copy_that_we_have_is_sent_by_the_program() -> None:
    file = answered(late(document="doc/F1.pdf"), **ASKS)
    assert (ordered(file), kinds(file)) == (["document_sent"], [])


@pytest.mark.parametrize(
    ("document", "facts"),
    [
        ("", {}),
        ("doc/F1.pdf", {"wants_invoice": False}),
        ("doc/F1.pdf", {"decision": "review"}),
        ("doc/F1.pdf", {"trusted": False}),
    ],
)
def test_any_other_document_is_for_a_person(document: str, facts: dict[str, Any]) -> None:
    file = answered(late(document=document), **{**ASKS, **facts})
    assert ordered(file) == []
    assert kinds(file)


def test_a_copy_asked_for_again_is_looked_at_by_a_person() -> None:
    file = answered(answered(late(document="doc/F1.pdf"), **ASKS), **ASKS, mail="m2")
    assert (ordered(file), kinds(file)) == (["document_sent"], [TaskKind.SEND_DOCUMENT])


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("Pouvez-vous nous renvoyer la facture F1 ?", True),
        ("un duplicata de facture svp", True),
        ("please send a copy of invoice F1", True),
        ("la facture et le bon de livraison", False),
        ("the signed delivery note for this invoice", False),
        ("votre RIB", False),
        ("a corrected invoice, please", False),
        ("le document", False),
    ],
)
def test_only_a_request_for_the_invoice_itself_is_one(words: str, wanted: bool) -> None:
    assert wants_invoice([words]) is wanted


def test_two_requests_are_both_for_the_invoice_or_for_a_person() -> None:
    assert not wants_invoice(["la facture", "le bon de commande"])
    assert not wants_invoice([])
