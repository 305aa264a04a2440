"""What closing a task does to the file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from chalicelib.bootstrap import law_rules
from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import (
    BlockKind,
    Contact,
    DebtorFile,
    Dispute,
    Notice,
    NoticeState,
    Promise,
    PromiseState,
    Role,
    Task,
    TaskKind,
)
from chalicelib.domain.outcomes import OUTCOMES, Outcome, close
from chalicelib.domain.plan import Hold
from chalicelib.domain.propose import propose
from chalicelib.errors import BadInput
from tests.sample import after, case, file_of, office, paris

AT = paris("2026-03-16")
TODAY = date(2026, 3, 16)
OFFICE = replace(office(AT), rules=law_rules())


def with_task(kind: TaskKind, **facts: Any) -> DebtorFile:
    task = Task(id="t1", kind=kind, raised_on=TODAY, due_on=TODAY, reason="because", **{"numbers": ("F1",), **facts})
    file = file_of(case("F1", "2026-03-10"), case("F2", "2026-03-10"), address=("1 rue du Garage", "35000 Rennes"))
    return after(file, e.TaskRaised(task=task))


def closed(file: DebtorFile, outcome: str, **facts: Any) -> DebtorFile:
    happened = close(file, file.tasks["t1"], Outcome(outcome=outcome, **facts), OFFICE, at=AT, who="lea")
    return after(file, *(event for event, _ in happened), at=AT)


@pytest.mark.parametrize("kind", list(TaskKind))
def test_every_kind_of_task_refuses_an_outcome_that_it_does_not_know(kind: TaskKind) -> None:
    with pytest.raises(BadInput, match="one of"):
        closed(with_task(kind), "sung to")


@pytest.mark.parametrize(("kind", "outcome"), [(k, o) for k, known in OUTCOMES.items() for o in sorted(known)])
def test_every_outcome_closes_its_task(kind: TaskKind, outcome: str) -> None:
    happened = kind in (TaskKind.INSOLVENCY, TaskKind.DECLARE_CLAIM)  # the others speak of a day to come
    on = date(2026, 3, 2) if happened else date(2026, 3, 20)
    said: dict[str, Any] = {"email": "new@garage-morel.example", "note": "said so", "phone": "+33 1 99 99 99 99"}
    said["on"] = on
    if outcome in ("approved", "posted"):  # the draft as it stands; a letter was posted today
        said["on"] = None
    file = closed(with_task(kind), outcome, **said)
    assert "t1" not in [t.id for t in file.open_tasks()]
    assert (file.tasks["t1"].outcome, file.tasks["t1"].note) == (outcome, "said so")


def test_a_promise_on_the_phone_is_a_promise_and_replaces_the_one_before() -> None:
    old = Promise(id="p0", numbers=("F1",), made_on=TODAY, pay_on=TODAY, grace_on=TODAY)
    file = after(with_task(TaskKind.CALL), e.PromiseMade(promise=old))
    file = closed(file, "promised", on=date(2026, 3, 20), means="transfer")
    assert {p.id: p.state for p in file.promises.values()} == {
        "p0": PromiseState.WITHDRAWN, "promise-t1": PromiseState.OPEN,
    }  # fmt: skip
    assert file.promises["promise-t1"].grace_on == date(2026, 3, 24)


@pytest.mark.parametrize(("on", "what"), [(None, "needs its day"), (date(2026, 3, 15), "is past")])
def test_a_promise_without_a_day_to_come_is_refused(on: date | None, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        closed(with_task(TaskKind.CALL), "promised", on=on)


def test_a_resolved_dispute_goes_back_to_the_ladder() -> None:
    dispute = Dispute(id="d", numbers=("F1",), reason="price", opened_on=TODAY)
    file = after(with_task(TaskKind.ANSWER_DISPUTE), e.DisputeOpened(dispute=dispute))
    file = closed(file, "rejected")
    assert file.dispute_on("F1") is None
    assert file.disputes["d"].resolution == "rejected"


@pytest.mark.parametrize("kind", [TaskKind.CALL, TaskKind.BROKEN_PROMISE, TaskKind.REVIEW_MAIL])
def test_a_dispute_told_to_a_person_is_somebodys_task_to_resolve(kind: TaskKind) -> None:
    file = closed(with_task(kind), "disputed")
    (answer,) = file.open_tasks()
    assert (answer.kind, answer.numbers, answer.assignee) == (
        TaskKind.ANSWER_DISPUTE, ("F1",), "lea.dumas@verre-clair.example",
    )  # fmt: skip
    resolved = close(file, answer, Outcome(outcome="rejected"), office(AT), at=AT, who="lea")
    assert after(file, *(event for event, _ in resolved), at=AT).dispute_on("F1") is None


@pytest.mark.parametrize("kind", [TaskKind.CALL, TaskKind.REVIEW_MAIL])
def test_a_dispute_that_is_open_already_is_not_opened_again(kind: TaskKind) -> None:
    known = Dispute(id="d", numbers=("F1",), reason="price", opened_on=TODAY)
    file = closed(after(with_task(kind), e.DisputeOpened(dispute=known)), "disputed")
    assert (list(file.disputes), file.open_tasks()) == (["d"], [])


@pytest.mark.parametrize("kind", [TaskKind.UNCONFIRMED_PAYMENT, TaskKind.REVIEW_MAIL, TaskKind.ANSWER_DISPUTE])
def test_nobody_writes_about_what_a_person_found_paid_until_the_bank_has_had_its_days(kind: TaskKind) -> None:
    file = closed(with_task(kind), "paid")
    claim = file.claim_on("F1")
    assert claim
    assert claim.hold_on == date(2026, 3, 23)
    assert {h.number: h.hold for h in propose(file, office(AT), at=AT).held} == {"F1": Hold.CLAIMED_PAID}
    past = paris("2026-03-24")
    raised = [event for p in propose(file, office(past), at=past).proposals for event, _ in p.events]
    assert any(isinstance(r, e.TaskRaised) and r.task.kind is TaskKind.UNCONFIRMED_PAYMENT for r in raised)


def test_a_confirmed_change_of_contact_is_the_payers_whoever_else_is_known() -> None:
    buyer = Contact(id="buyer", role=Role.BUYER, email="achats@garage-morel.example")
    file = after(with_task(TaskKind.CONFIRM_CONTACT), e.ContactSet(contact=buyer))
    file = closed(file, "confirmed", email="compta@garage-morel.example")
    assert {c.id: c.email for c in file.contacts.values()} == {
        "payer": "compta@garage-morel.example", "buyer": "achats@garage-morel.example",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "on", "until", "kind"),
    [
        ("credit_note", None, date(2026, 3, 23), BlockKind.CREDIT_NOTE),  # five business days, as for the bank
        ("corrected_invoice", date(2026, 4, 1), date(2026, 4, 1), BlockKind.MANUAL),
    ],
)
def test_what_was_settled_with_the_client_is_left_time_before_anything_is_asked_for(
    outcome: str, on: date | None, until: date, kind: BlockKind
) -> None:
    known = Dispute(id="d", numbers=("F1",), reason="price", opened_on=TODAY)
    file = closed(after(with_task(TaskKind.ANSWER_DISPUTE), e.DisputeOpened(dispute=known)), outcome, on=on)
    (block,) = file.blocks.values()
    assert (block.kind, block.until, block.numbers) == (kind, until, ("F1",))


def test_a_rejected_formal_notice_waits_before_it_is_asked_for_again() -> None:
    file = closed(with_task(TaskKind.APPROVE_NOTICE), "rejected", on=date(2026, 4, 1))
    (block,) = file.blocks.values()
    assert (block.kind, block.until, block.numbers) == (BlockKind.MANUAL, date(2026, 4, 1), ("F1",))


@pytest.mark.parametrize(
    ("on", "taken"), [(date(2026, 3, 15), False), (date(2026, 3, 16), False), (date(2026, 3, 17), True)]
)
def test_a_day_to_wait_for_lies_ahead(on: date, taken: bool) -> None:
    if taken:
        assert closed(with_task(TaskKind.APPROVE_NOTICE), "rejected", on=on).blocks
    else:
        with pytest.raises(BadInput, match="no day to wait for"):
            closed(with_task(TaskKind.APPROVE_NOTICE), "rejected", on=on)


def test_an_address_that_nobody_finds_is_asked_for_again_later_and_not_at_once() -> None:
    file = closed(with_task(TaskKind.DEAD_ADDRESS), "not_found")
    assert [b.until for b in file.blocks.values()] == [date(2026, 3, 30)]


def test_a_corrected_address_is_alive_again() -> None:
    file = after(with_task(TaskKind.DEAD_ADDRESS), e.ContactDied(contact_id="payer", on=TODAY))
    file = closed(file, "corrected", email="compta@garage-morel.example")
    assert (file.contacts["payer"].email, file.contacts["payer"].dead_since_on) == ("compta@garage-morel.example", None)


def test_a_corrected_address_must_be_one() -> None:
    with pytest.raises(BadInput, match="no e-mail address"):
        closed(with_task(TaskKind.DEAD_ADDRESS), "corrected", email="Paul")


@pytest.mark.parametrize(("outcome", "state"), [("sent", NoticeState.SENT), ("not_sent", NoticeState.FAILED)])
def test_a_person_settles_a_mail_whose_outcome_nobody_knew(outcome: str, state: NoticeState) -> None:
    notice = Notice(
        id="n1", step="first_reminder", takes=(("F1", "first_reminder"),), on=TODAY, language="fr", currency="EUR",
        contact="payer", to="paul@garage-morel.example",
    )  # fmt: skip
    file = after(
        with_task(TaskKind.UNKNOWN_DELIVERY, note="n1"),
        e.NoticeClaimed(notice=notice),
        e.NoticeLost(notice_id="n1", at=AT),
    )
    file = closed(file, outcome)
    assert file.notices["n1"].state is state
    assert (file.progress() == {}) is (outcome == "not_sent")


def test_a_confirmed_insolvency_is_on_record() -> None:
    assert closed(with_task(TaskKind.INSOLVENCY), "confirmed").insolvent_since_on == TODAY
