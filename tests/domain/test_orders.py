"""Ordered mails: they leave once, in time, to a living address, and not at all once their facts are void."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import (
    Block,
    BlockKind,
    Credit,
    CreditKind,
    DebtorFile,
    Dispute,
    NoticeState,
    Order,
    OrderState,
    PaymentClaim,
    Promise,
    TaskKind,
)
from chalicelib.domain.money import Money
from chalicelib.domain.orders import void
from chalicelib.domain.plan import Action, Hold, Plan
from chalicelib.domain.propose import propose
from tests.sample import after, case, eur, file_of, office, paris

MONDAY = date(2026, 3, 16)
LATE = case("F1", "2026-03-10")


def order(**facts: Any) -> Order:
    known: dict[str, Any] = {
        "id": "20260316-document_sent-1", "template": "document_sent", "ordered_on": MONDAY, "numbers": ("F1",)
    }  # fmt: skip
    return Order(**{**known, **facts})


def confirming(**facts: Any) -> Order:
    known = {"id": "o-promise", "template": "call_agreed", "about": "p", "to_pay": eur("1200"), "pay_by": MONDAY}
    return order(**{**known, **facts})


def promised(pay_on: date, *numbers: str, **facts: Any) -> e.PromiseMade:
    grace_on = pay_on + timedelta(days=2)
    known: dict[str, Any] = {"id": "p", "numbers": numbers, "made_on": MONDAY, "pay_on": pay_on, "grace_on": grace_on}
    return e.PromiseMade(promise=Promise(**{**known, **facts}))


def with_order(file: DebtorFile | None = None, **facts: Any) -> DebtorFile:
    return after(file or file_of(LATE), e.NoticeOrdered(order=order(**facts)))


def plan(file: DebtorFile, at: str = "2026-03-16", clock: str = "10:00") -> Plan:
    when = paris(at, clock)
    return propose(file, office(when), at=when)


def mails(plan_: Plan) -> list[str]:
    return [p.notice.id for p in plan_.proposals if p.notice]


def paid(number: str, amount: Money) -> list[e.Event]:
    credit = Credit(id=f"c-{number}", kind=CreditKind.PAYMENT, on=MONDAY, amount=amount, remaining=amount)
    return [
        e.CreditReceived(credit=credit),
        e.CreditAllocated(credit_id=credit.id, number=number, amount=amount, on=MONDAY),
    ]


def test_an_ordered_mail_leaves_under_the_id_of_its_order() -> None:
    (proposal,) = [p for p in plan(with_order()).proposals if p.notice]
    assert proposal.notice is not None
    assert (proposal.notice.id, proposal.notice.to) == ("20260316-document_sent-1", "paul@garage-morel.example")
    assert (proposal.action, proposal.notice.ordered, proposal.takes) == (Action.EMAIL, True, ())


def test_once_it_is_claimed_it_never_leaves_again() -> None:
    file = with_order()
    for proposal in plan(file).proposals:
        file = after(file, *(event for event, _ in proposal.events))
    assert file.orders["20260316-document_sent-1"].state is OrderState.TAKEN
    assert not any("document_sent" in id_ for id_ in mails(plan(file, "2026-03-17")))


@pytest.mark.parametrize("outcome", [e.NoticeDeferred, e.NoticeFailed])
def test_a_mail_that_did_not_leave_is_open_again(outcome: Any) -> None:
    file = with_order()
    (notice,) = [p.notice for p in plan(file).proposals if p.notice]
    file = after(file, e.NoticeClaimed(notice=notice), outcome(notice_id=notice.id, at=paris("2026-03-16")))
    assert file.last_contact_on is None
    again = [p.notice for p in plan(file).proposals if p.notice]
    assert [(n.id, n.attempts) for n in again] == [(notice.id, 2)]


def test_a_mail_of_which_nobody_knows_whether_it_left_stays_claimed() -> None:
    file = with_order()
    (notice,) = [p.notice for p in plan(file).proposals if p.notice]
    lost = e.NoticeLost(notice_id=notice.id, at=paris("2026-03-16"))
    file = after(file, e.NoticeClaimed(notice=notice), lost)
    assert notice.id not in mails(plan(file, "2026-03-18"))


def test_it_takes_no_step_and_postpones_no_reminder_but_by_the_spacing() -> None:
    file = with_order()
    first = plan(file)
    assert mails(first) == ["20260316-document_sent-1"]  # the first reminder is due today, too
    assert [h.hold for h in first.held] == [Hold.SPACING]
    for proposal in first.proposals:
        file = after(file, *(event for event, _ in proposal.events))
    file = after(file, e.NoticeSent(notice_id=mails(first)[0], message_id="<1>", at=paris("2026-03-16")))
    assert file.progress() == {}
    assert mails(plan(file, "2026-03-20")) == []
    assert [p.step for p in plan(file, "2026-03-23").proposals] == ["first_reminder"]


@pytest.mark.parametrize(
    ("at", "clock", "hold"),
    [
        ("2026-03-16", "08:59", Hold.CLOSED_HOUR),
        ("2026-03-16", "09:00", None),
        ("2026-03-16", "16:59", None),
        ("2026-03-16", "17:00", Hold.CLOSED_HOUR),
        ("2026-03-21", "10:00", Hold.CLOSED_DAY),
    ],
)
def test_it_keeps_the_hours_and_the_business_days_of_the_client(at: str, clock: str, hold: Hold | None) -> None:
    looked = plan(with_order(), at, clock)
    assert [w.hold for w in looked.waiting] == ([hold] if hold else [])
    assert bool([m for m in mails(looked) if "document" in m]) is (hold is None)


def test_a_mail_ordered_in_the_evening_is_looked_at_when_the_client_opens() -> None:
    file = with_order(file_of(case("F1", "2026-06-30")))
    assert plan(file, clock="18:00").next_action_at == paris("2026-03-17", "09:00")


def test_neither_a_promise_nor_blindness_nor_the_spacing_holds_a_confirmation_back() -> None:
    file = after(
        replace(file_of(LATE), last_contact_on=MONDAY - timedelta(days=1)),
        promised(date(2026, 3, 20), "F1"),
        e.NoticeOrdered(order=confirming(pay_by=date(2026, 3, 20))),
    )
    at = paris("2026-03-16")
    blind = replace(office(at), health=replace(office(at).health, payments_read_at=at - timedelta(days=9)))
    looked = propose(file, blind, at=at)
    assert [h.hold for h in looked.held] == [Hold.PROMISED]
    assert mails(looked) == ["o-promise"]


@pytest.mark.parametrize(("on", "leaves"), [(19, True), (20, True), (21, False)])
def test_a_promise_is_confirmed_until_its_day(on: int, leaves: bool) -> None:
    file = after(file_of(LATE), promised(date(2026, 3, 20), "F1"))
    why = void(file, confirming(pay_by=date(2026, 3, 20)), today=date(2026, 3, on))
    assert (not why) is leaves


def test_a_withdrawn_promise_is_not_confirmed() -> None:
    file = after(file_of(LATE), promised(date(2026, 3, 20), "F1"), e.PromiseWithdrawn(promise_id="p"))
    file = after(file, e.NoticeOrdered(order=confirming(pay_by=date(2026, 3, 20))))
    (note,) = [p for p in plan(file).proposals if p.action is Action.NOTE]
    assert [type(event) for event, _ in note.events] == [e.OrderWithdrawn]
    assert "o-promise" not in mails(plan(file))


def test_nothing_is_written_about_invoices_that_were_paid_meanwhile_but_a_copy_that_was_asked_for() -> None:
    file = after(file_of(LATE), *paid("F1", eur("1200")))
    assert void(file, order(template="ask_promise"), today=MONDAY) == "its invoices are settled"
    assert void(file, order(), today=MONDAY) == ""


def test_a_question_is_not_asked_once_it_is_answered() -> None:
    asked = order(template="ask_promise")
    assert void(file_of(LATE), asked, today=MONDAY) == ""
    assert void(after(file_of(LATE), promised(date(2026, 3, 20), "F1")), asked, today=MONDAY)


@pytest.mark.parametrize(("days", "leaves"), [(13, True), (14, True), (15, False)])
def test_what_could_not_be_said_for_a_fortnight_is_not_said(days: int, leaves: bool) -> None:
    assert (void(file_of(LATE), order(), today=MONDAY + timedelta(days=days)) == "") is leaves


def test_an_insolvent_debtor_and_one_that_complains_get_none_but_our_own_people_do() -> None:
    block = Block(id="b", kind=BlockKind.COMPLAINT, reason="rude", placed_on=MONDAY, until=None)
    for event in (e.InsolvencyReported(on=MONDAY), e.BlockPlaced(block=block)):
        file = after(file_of(LATE), event)
        assert void(file, order(), today=MONDAY)
        assert void(file, order(to="lea.dumas@verre-clair.example"), today=MONDAY) == ""


def test_without_an_address_it_waits_and_a_person_is_asked_once_for_all() -> None:
    file = after(file_of(LATE), e.ContactDied(contact_id="payer", on=MONDAY), e.NoticeOrdered(order=order()))
    looked = plan(file)
    assert [w.hold for w in looked.waiting] == [Hold.NO_ADDRESS]
    raised = [v.task.kind for p in looked.proposals for v, _ in p.events if isinstance(v, e.TaskRaised)]
    assert raised == [TaskKind.DEAD_ADDRESS]
    for proposal in looked.proposals:
        file = after(file, *(event for event, _ in proposal.events))
    assert plan(file).proposals == ()


def test_what_came_back_goes_to_another_address_only() -> None:
    file = with_order()
    (notice,) = [p.notice for p in plan(file).proposals if p.notice]
    bounced = e.NoticeBounced(notice_id=notice.id, at=paris("2026-03-16"))
    file = after(file, e.NoticeClaimed(notice=notice), bounced)
    assert [w.hold for w in plan(file).waiting] == [Hold.NO_ADDRESS]
    other = replace(file.contacts["payer"], email="compta@garage-morel.example")
    assert notice.id in mails(plan(after(file, e.ContactSet(contact=other))))


def test_it_goes_to_the_contact_who_was_spoken_to() -> None:
    site = replace(file_of().contacts["payer"], id="site", email="chantier@garage-morel.example")
    file = after(file_of(LATE), e.ContactSet(contact=site), e.NoticeOrdered(order=order(contact="site")))
    (notice,) = [p.notice for p in plan(file).proposals if p.notice]
    assert notice.to == "chantier@garage-morel.example"
    dead = after(file, e.ContactDied(contact_id="site", on=MONDAY))
    (notice,) = [p.notice for p in plan(dead).proposals if p.notice]
    assert notice.to == "paul@garage-morel.example"


def test_a_mail_to_our_own_people_is_no_contact_with_the_debtor() -> None:
    file = with_order(template="sales_told", id="told", to="lea.dumas@verre-clair.example", numbers=("F1",))
    looked = plan(file)
    steps = {p.step for p in looked.proposals}
    assert steps == {"sales_told", "first_reminder"}
    told = next(p.notice for p in looked.proposals if p.notice and p.notice.internal)
    assert (told.language, told.contact, told.to) == ("fr", "", "lea.dumas@verre-clair.example")
    file = after(file, e.NoticeClaimed(notice=told))
    assert file.last_contact_on is None
    file = after(file, e.NoticeFailed(notice_id="told", at=paris("2026-03-16")))
    assert (file.last_contact_on, file.notices["told"].state) == (None, NoticeState.FAILED)


@given(st.lists(st.sampled_from(["sent", "deferred", "failed", "bounced", "lost", "died", "new address"]), max_size=25))
def test_whatever_becomes_of_it_no_recipient_accepts_it_twice(fates: list[str]) -> None:
    file = with_order(file_of(case("F1", "2026-06-30")))
    id_, at, accepted = order().id, paris("2026-03-16"), []
    for n, fate in enumerate(fates):
        if fate == "new address":
            file = after(file, e.ContactSet(contact=replace(file.contacts["payer"], email=f"p{n}@x.example")))
            continue
        if fate == "died":
            file = after(file, e.ContactDied(contact_id="payer", on=MONDAY))
            continue
        proposals = plan(file).proposals
        for proposal in proposals:
            file = after(file, *(event for event, _ in proposal.events))
        notice = file.notices.get(id_)
        if notice is None or not any(p.notice for p in proposals):
            continue
        happened: dict[str, list[e.Event]] = {
            "sent": [e.NoticeSent(notice_id=id_, message_id="<1>", at=at)],
            "deferred": [e.NoticeDeferred(notice_id=id_, at=at)],
            "failed": [e.NoticeFailed(notice_id=id_, at=at)],
            "lost": [e.NoticeLost(notice_id=id_, at=at)],
            "bounced": [
                e.NoticeSent(notice_id=id_, message_id="<1>", at=at),
                e.NoticeBounced(notice_id=id_, at=at),
            ],
        }
        accepted += [notice.to] if fate in ("sent", "bounced", "lost") else []
        file = after(file, *happened[fate])
    assert len(accepted) == len(set(accepted))
    assert file.orders[id_].is_open or file.orders[id_].state is OrderState.TAKEN


@pytest.mark.parametrize("template", ["call_agreed", "call_missed"])
@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        ([], ""),
        (
            [e.DisputeOpened(dispute=Dispute(id="d", numbers=("F1",), reason="price", opened_on=MONDAY))],
            "the debtor has answered meanwhile",
        ),
        (
            [e.PaymentClaimed(claim=PaymentClaim(id="c", numbers=("F1",), claimed_on=MONDAY, hold_on=MONDAY))],
            "the debtor has answered meanwhile",
        ),
        (paid("F1", eur("0.01")), "1200.00 EUR is not owed any more"),
    ],
    ids=["nothing", "contested", "announced", "paid in part"],
)
def test_a_mail_about_a_call_asks_for_no_money_that_is_contested_announced_or_paid(
    template: str, meanwhile: list[e.Event], why: str
) -> None:
    file = with_order(template=template, to_pay=eur("1200"), about="call")
    told = after(file, *meanwhile)
    assert void(told, next(iter(told.orders.values())), today=MONDAY) == why


def test_a_question_that_was_withdrawn_was_not_asked_and_nobody_is_told_that_it_has_no_answer() -> None:
    file = with_order(template="ask_promise")
    asked = after(file, e.OrderWithdrawn(order_id="20260316-document_sent-1"))
    kinds = {t.kind for p in plan(asked, "2026-03-27").proposals for x, _ in p.events
             if isinstance(x, e.TaskRaised) for t in [x.task]}
    assert TaskKind.ASK_PROMISE not in kinds


def test_a_question_that_a_person_took_over_and_closed_is_not_raised_again() -> None:
    file = with_order(template="ask_promise")
    for day in ("2026-03-16", "2026-03-20"):
        for proposal in plan(file, day).proposals:
            file = after(file, *(event for event, _ in proposal.events))
    (task,) = [t for t in file.open_tasks() if t.kind is TaskKind.ASK_PROMISE]
    closed = e.TaskClosed(task_id=task.id, outcome="asked", note="by phone", at=paris("2026-03-20"))
    again = [x.task.kind for p in plan(after(file, closed), "2026-03-21").proposals for x, _ in p.events
             if isinstance(x, e.TaskRaised)]
    assert TaskKind.ASK_PROMISE not in again
