"""What is due and what is held, at the borders of each rule: the day before, the day, the day after."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import events as e
from chalicelib.domain.creditor import Health, Office
from chalicelib.domain.debtor_file import (
    Block,
    BlockKind,
    Contact,
    Credit,
    CreditKind,
    DebtorFile,
    Dispute,
    NoticeState,
    PaymentClaim,
    Promise,
    TaskKind,
)
from chalicelib.domain.policy import Do
from chalicelib.domain.propose import Action, Hold, Plan, next_action_at, propose
from tests.sample import after, approved, case, eur, file_of, office, paris, performed, policies

TUESDAY_DUE = "2026-03-10"  # a Tuesday: + 2 business days is Thursday 12 March


def plan(file: DebtorFile, at: datetime) -> Plan:
    return propose(file, office(at), at=at)


def mails(plan: Plan) -> list[tuple[str, ...]]:
    return [p.numbers for p in plan.proposals if p.action is Action.EMAIL]


def holds(plan: Plan) -> dict[str, Hold]:
    return {h.number: h.hold for h in plan.held}


def perform(file: DebtorFile, at: datetime) -> DebtorFile:
    return performed(file, plan(file, at).proposals, at)


def walk(file: DebtorFile, first: str, days: int) -> tuple[DebtorFile, list[tuple[date, str, str, str]]]:
    """Perform every day at ten: (day, action, step, number) of all that was done."""
    done = []
    for n in range(days):
        at = paris(date.fromisoformat(first) + timedelta(days=n))
        for proposal in plan(file, at).proposals:
            for number, step in proposal.takes:
                done.append((at.date(), str(proposal.action), step, number))
        file = perform(file, at)
    return file, done


class TestLadder:
    @pytest.mark.parametrize(
        ("day", "step"),
        [("2026-03-04", None), ("2026-03-05", "courtesy"), ("2026-03-06", "courtesy"), ("2026-03-09", "courtesy"),
         ("2026-03-10", None), ("2026-03-11", None), ("2026-03-12", "first_reminder"),
         ("2026-03-13", "first_reminder")],
    )  # fmt: skip
    def test_the_notice_before_the_due_date_leaves_from_five_days_before_and_lapses_on_it(
        self, day: str, step: str | None
    ) -> None:
        found = [p.step for p in plan(file_of(case("F1", TUESDAY_DUE)), paris(day)).proposals]
        assert found == ([step] if step else [])

    def test_an_old_invoice_that_enters_late_starts_at_the_first_reminder(self) -> None:
        found = plan(file_of(case("F1", "2025-06-30")), paris("2026-03-12"))
        assert [(p.action, p.step) for p in found.proposals] == [(Action.EMAIL, "first_reminder")]

    def test_silence_climbs_every_step_once_in_order_and_ends_with_a_task(self) -> None:
        file, done = walk(file_of(case("F1", TUESDAY_DUE, "12000")), "2026-02-01", 120)
        steps = [step for _, _, step, _ in done]
        # The formal notice waits for a manager, who says nothing here.
        assert steps == [
            "early_call", "courtesy", "first_reminder", "first_call", "second_reminder", "third_reminder",
            "second_call", "last_reminder", "formal_notice",
        ]  # fmt: skip
        assert {t.kind for t in file.open_tasks()} == {TaskKind.CALL, TaskKind.APPROVE_NOTICE, TaskKind.CREDIT_HOLD}

    def test_small_invoices_skip_the_expensive_steps_and_still_end_with_a_person(self) -> None:
        file, done = walk(file_of(case("F1", TUESDAY_DUE, "40")), "2026-02-01", 120)
        assert [step for _, _, step, _ in done] == [
            "courtesy", "first_reminder", "second_reminder", "third_reminder", "last_reminder", "after_notice",
        ]  # fmt: skip
        assert [t.kind for t in file.open_tasks()] == [TaskKind.CHOOSE_ACTION]

    def test_a_month_of_missed_nights_is_caught_up_by_one_mail_and_not_by_a_burst(self) -> None:
        file = perform(file_of(case("F1", TUESDAY_DUE)), paris("2026-03-12"))  # the first reminder left
        _, done = walk(file, "2026-05-04", 3)
        assert [(str(day), step) for day, _, step, _ in done] == [
            ("2026-05-04", "first_call"), ("2026-05-06", "second_reminder"),
        ]  # fmt: skip

    @pytest.mark.parametrize(("amount", "calls"), [("149.99", 0), ("150.00", 1), ("150.01", 1)])
    def test_the_minimum_of_a_step_counts_the_invoice_that_meets_it(self, amount: str, calls: int) -> None:
        _, done = walk(file_of(case("F1", TUESDAY_DUE, amount)), "2026-03-12", 6)
        assert [step for _, _, step, _ in done].count("first_call") == calls

    @pytest.mark.parametrize(("issued_after_days", "early"), [(89, True), (90, True), (91, False)])
    def test_a_new_client_is_called_early_even_for_a_small_invoice(self, issued_after_days: int, early: bool) -> None:
        c = case("F1", TUESDAY_DUE, "500")
        file = file_of(c, client_since_on=c.issued_on - timedelta(days=issued_after_days))
        assert (("early_call") in [p.step for p in plan(file, paris("2026-02-25")).proposals]) is early


class TestOneMail:
    def test_everything_due_goes_in_one_mail_with_the_tone_of_the_highest_step(self) -> None:
        file = perform(file_of(case("OLD", TUESDAY_DUE, "100")), paris("2026-03-12"))
        file = after(file, e.InvoiceEntered(case=case("NEW", "2026-03-17")))
        found = [p for p in plan(file, paris("2026-03-19")).proposals if p.action is Action.EMAIL]
        assert [(p.step, dict(p.takes)) for p in found] == [
            ("second_reminder", {"OLD": "second_reminder", "NEW": "first_reminder"})
        ]

    def test_each_currency_has_a_mail_of_its_own(self) -> None:
        file = file_of(case("E", TUESDAY_DUE), case("G", TUESDAY_DUE, currency="GBP"))
        assert mails(plan(file, paris("2026-03-12"))) == [("E",), ("G",)]

    @pytest.mark.parametrize(("day", "sent"), [("2026-03-16", False), ("2026-03-17", True), ("2026-03-18", True)])
    def test_two_mails_to_a_debtor_keep_the_days_between_them(self, day: str, sent: bool) -> None:
        file = perform(file_of(case("F1", TUESDAY_DUE, "100")), paris("2026-03-12"))
        file = after(file, e.InvoiceEntered(case=case("F2", "2026-03-11")))
        assert bool(mails(plan(file, paris(day)))) is sent

    def test_a_second_look_on_the_same_day_finds_nothing_to_do(self) -> None:
        file = perform(file_of(case("F1", TUESDAY_DUE)), paris("2026-03-12"))
        assert plan(file, paris("2026-03-12", "11:00")).proposals == ()

    def test_calls_that_fall_due_later_join_the_call_that_is_still_to_be_made(self) -> None:
        file = perform(file_of(case("F1", TUESDAY_DUE), case("F2", "2026-03-13")), paris("2026-03-12"))
        file, _ = walk(file, "2026-03-13", 14)
        calls = [t for t in file.open_tasks() if t.kind is TaskKind.CALL]
        assert [set(t.numbers) for t in calls] == [{"F1", "F2"}]
        assert calls[0].at_stake == eur("2400")


class TestGate:
    @pytest.mark.parametrize(
        ("clock", "sent"),
        [("08:59", False), ("09:00", True), ("16:59", True), ("17:00", False)],
    )
    def test_mail_leaves_within_the_hours_of_the_client(self, clock: str, sent: bool) -> None:
        found = plan(file_of(case("F1", TUESDAY_DUE)), paris("2026-03-12", clock))
        assert bool(mails(found)) is sent
        assert sent or holds(found) == {"F1": Hold.CLOSED_HOUR}

    def test_the_hours_are_those_of_the_clients_own_zone(self) -> None:
        file = file_of(case("F1", TUESDAY_DUE), country="US")
        assert holds(plan(file, paris("2026-03-12", "10:00"))) == {"F1": Hold.CLOSED_HOUR}
        assert mails(plan(file, paris("2026-03-12", "15:30"))) == [("F1",)]

    @pytest.mark.parametrize(
        ("day", "why"),
        [("2026-05-01", "a holiday here"), ("2026-05-02", "a Saturday"), ("2026-05-03", "a Sunday"),
         ("2026-05-04", "a British holiday")],
    )  # fmt: skip
    def test_nobody_is_written_to_on_a_closed_day_here_or_there(self, day: str, why: str) -> None:
        found = plan(file_of(case("F1", "2026-04-20"), country="GB"), paris(day, "11:00"))
        assert mails(found) == [], why
        assert holds(found) == {"F1": Hold.CLOSED_DAY}

    @pytest.mark.parametrize(("hours", "sent"), [(95, True), (96, True), (97, False)])
    def test_nothing_leaves_when_the_payments_are_too_old(self, hours: int, sent: bool) -> None:
        at = paris("2026-03-12")
        health = Health(payments_read_at=at - timedelta(hours=hours), mailbox_read_at=at)
        blind = Office(creditor=office(at).creditor, health=health, policies=policies())
        found = propose(file_of(case("F1", TUESDAY_DUE)), blind, at=at)
        assert bool(mails(found)) is sent
        assert sent or holds(found) == {"F1": Hold.BLIND}

    @pytest.mark.parametrize(("hours", "sent"), [(5, True), (6, True), (7, False)])
    def test_nothing_leaves_when_the_mailbox_is_too_old(self, hours: int, sent: bool) -> None:
        at = paris("2026-03-12")
        health = Health(payments_read_at=at, mailbox_read_at=at - timedelta(hours=hours))
        blind = Office(creditor=office(at).creditor, health=health, policies=policies())
        assert bool(mails(propose(file_of(case("F1", TUESDAY_DUE)), blind, at=at))) is sent

    def test_a_program_that_never_read_anything_is_blind(self) -> None:
        at = paris("2026-03-12")
        never = Office(creditor=office(at).creditor, health=Health(), policies=policies())
        assert holds(propose(file_of(case("F1", TUESDAY_DUE)), never, at=at)) == {"F1": Hold.BLIND}

    def test_without_a_living_address_a_person_is_asked_once_and_the_step_waits(self) -> None:
        file = after(file_of(case("F1", TUESDAY_DUE)), e.ContactDied(contact_id="payer", on=date(2026, 3, 1)))
        file = perform(file, paris("2026-03-12"))
        found = plan(file, paris("2026-03-13"))
        assert [t.kind for t in file.open_tasks()] == [TaskKind.DEAD_ADDRESS]
        assert (found.proposals, holds(found)) == ((), {"F1": Hold.NO_ADDRESS})

    def test_the_absent_are_written_to_when_they_are_back_or_through_their_deputy(self) -> None:
        away = e.AbsenceNoted(contact_id="payer", until=date(2026, 3, 20))
        file = after(file_of(case("F1", TUESDAY_DUE)), away)
        assert holds(plan(file, paris("2026-03-19"))) == {"F1": Hold.AWAY}
        assert mails(plan(file, paris("2026-03-20"))) == [("F1",)]
        deputy = after(
            file, e.AbsenceNoted(contact_id="payer", until=date(2026, 3, 20), deputy="zoe@garage-morel.example")
        )
        (mail,) = plan(deputy, paris("2026-03-12")).proposals
        assert mail.notice
        assert mail.notice.to == "zoe@garage-morel.example"


class TestHolds:
    def test_a_disputed_invoice_stays_out_and_does_not_silence_the_others(self) -> None:
        dispute = Dispute(id="d", numbers=("F1",), reason="price", opened_on=date(2026, 3, 1))
        file = after(file_of(case("F1", TUESDAY_DUE), case("F2", TUESDAY_DUE)), e.DisputeOpened(dispute=dispute))
        found = plan(file, paris("2026-03-12"))
        assert mails(found) == [("F2",)]
        assert holds(found) == {"F1": Hold.DISPUTED}

    @pytest.mark.parametrize(("day", "broken"), [("2026-03-23", False), ("2026-03-24", False), ("2026-03-25", True)])
    def test_a_promise_is_believed_until_its_grace_and_then_resumes_harder_with_a_call(
        self, day: str, broken: bool
    ) -> None:
        promise = Promise(
            id="p", numbers=("F1",), made_on=date(2026, 3, 12), pay_on=date(2026, 3, 20), grace_on=date(2026, 3, 24)
        )
        file = perform(file_of(case("F1", TUESDAY_DUE, "100")), paris("2026-03-12"))
        file = after(file, e.PromiseMade(promise=promise))
        found = plan(file, paris(day))
        assert (holds(found) == {"F1": Hold.PROMISED}) is not broken
        if broken:
            file = perform(file, paris(day))
            assert TaskKind.BROKEN_PROMISE in {t.kind for t in file.open_tasks()}
            assert len(file.notices) == 1, "a person has until the next day to call first"
            file, _ = walk(file, "2026-03-26", 6)
            notice = max((n for n in file.notices.values() if not n.internal), key=lambda n: n.on)
            assert (notice.step, notice.template) == ("second_reminder", "third_reminder")

    @pytest.mark.parametrize(("day", "lapsed"), [("2026-03-18", False), ("2026-03-19", False), ("2026-03-20", True)])
    def test_an_announced_payment_holds_until_the_bank_had_its_days_and_then_a_person_asks(
        self, day: str, lapsed: bool
    ) -> None:
        claim = PaymentClaim(id="c", numbers=("F1",), claimed_on=date(2026, 3, 12), hold_on=date(2026, 3, 19))
        file = after(file_of(case("F1", TUESDAY_DUE)), e.PaymentClaimed(claim=claim))
        file = perform(file, paris(day))
        assert [t.kind for t in file.open_tasks()] == ([TaskKind.UNCONFIRMED_PAYMENT] if lapsed else [])
        # Lapsed or not, somebody who says that it has paid is not chased before a person has settled it.
        assert holds(plan(file, paris(day, "11:00"))) == {"F1": Hold.CLAIMED_PAID}

    @pytest.mark.parametrize(("day", "sent"), [("2026-03-16", False), ("2026-03-17", True), ("2026-03-18", True)])
    def test_a_block_holds_until_its_day_and_is_then_lifted_on_record(self, day: str, sent: bool) -> None:
        block = Block(
            id="b", kind=BlockKind.ANSWERED, reason="answered", placed_on=date(2026, 3, 12), until=date(2026, 3, 17)
        )
        file = after(file_of(case("F1", TUESDAY_DUE)), e.BlockPlaced(block=block))
        found = plan(file, paris(day))
        assert bool(mails(found)) is sent
        lifted = [ev for p in found.proposals for ev, _ in p.events if isinstance(ev, e.BlockLifted)]
        assert bool(lifted) is sent

    @pytest.mark.parametrize(("credit", "chased"), [("1199.99", True), ("1200.00", False), ("1200.01", False)])
    def test_money_on_the_account_holds_back_reminders_of_as_much(self, credit: str, chased: bool) -> None:
        money = Credit(
            id="n", kind=CreditKind.CREDIT_NOTE, on=date(2026, 3, 1), amount=eur(credit), remaining=eur(credit)
        )
        file = after(file_of(case("F1", TUESDAY_DUE)), e.CreditReceived(credit=money))
        found = plan(file, paris("2026-03-12"))
        assert bool(mails(found)) is chased
        assert chased or holds(found) == {"F1": Hold.COVERED}

    def test_an_insolvent_debtor_is_not_chased_at_all(self) -> None:
        file = after(file_of(case("F1", TUESDAY_DUE)), e.InsolvencyReported(on=date(2026, 3, 1)))
        assert holds(plan(file, paris("2026-03-12"))) == {"F1": Hold.INSOLVENT}


class TestClaim:
    def claimed(self) -> DebtorFile:
        at = paris("2026-03-12")
        (mail,) = plan(file_of(case("F1", TUESDAY_DUE)), at).proposals
        return after(file_of(case("F1", TUESDAY_DUE)), *(event for event, _ in mail.events), at=at)

    @pytest.mark.parametrize(("minutes", "lost"), [(14, False), (15, True), (16, True)])
    def test_a_claim_without_outcome_becomes_unknown_and_a_task_and_is_never_resent(
        self, minutes: int, lost: bool
    ) -> None:
        at = paris("2026-03-12") + timedelta(minutes=minutes)
        file = perform(self.claimed(), at)
        states = [n.state for n in file.notices.values()]
        assert states == [NoticeState.UNKNOWN if lost else NoticeState.CLAIMED]
        assert [t.kind for t in file.open_tasks()] == ([TaskKind.UNKNOWN_DELIVERY] if lost else [])
        assert holds(plan(file, paris("2026-06-01"))) == {"F1": Hold.UNCERTAIN} or not lost

    def test_a_claim_wakes_the_file_when_its_outcome_is_overdue(self) -> None:
        found = plan(self.claimed(), paris("2026-03-12", "10:05"))
        assert found.next_action_at == paris("2026-03-12", "10:15")

    def test_a_deferred_mail_is_still_due_and_keeps_its_name(self) -> None:
        file = self.claimed()
        (notice,) = file.notices.values()
        file = after(file, e.NoticeDeferred(notice_id=notice.id, at=paris("2026-03-12")))
        (again,) = plan(file, paris("2026-03-12", "11:00")).proposals
        assert again.notice
        assert (again.notice.id, again.notice.attempts) == (notice.id, 2)
        assert file.last_contact_on is None

    def test_a_bounced_mail_reminded_nobody(self) -> None:
        file = self.claimed()
        (notice,) = file.notices.values()
        file = after(
            file, e.NoticeSent(notice_id=notice.id, message_id="<m>", at=paris("2026-03-12")),
            e.NoticeBounced(notice_id=notice.id, at=paris("2026-03-12")),
            e.ContactDied(contact_id="payer", on=date(2026, 3, 12)),
            e.ContactSet(contact=Contact(id="payer", email="new@garage-morel.example")),
        )  # fmt: skip
        assert [p.step for p in plan(file, paris("2026-03-13")).proposals] == ["first_reminder"]


class TestFormalNotice:
    def ready(self) -> DebtorFile:
        file, _ = walk(file_of(case("F1", TUESDAY_DUE)), "2026-03-01", 60)
        return file

    def test_it_never_leaves_without_an_approval(self) -> None:
        file, _ = walk(self.ready(), "2026-05-01", 90)
        assert "formal_notice" not in {n.step for n in file.notices.values()}
        assert holds(plan(file, paris("2026-08-03"))) == {"F1": Hold.AWAITING_APPROVAL}

    @pytest.mark.parametrize(("outcome", "leaves"), [("approved", True), ("rejected", False)])
    def test_an_approval_lets_it_leave_once(self, outcome: str, leaves: bool) -> None:
        file = self.ready()
        (task,) = [t for t in file.open_tasks() if t.kind is TaskKind.APPROVE_NOTICE]
        at = paris("2026-05-04", "09:30")
        rejected = e.TaskClosed(task_id=task.id, outcome=outcome, note="", at=at)
        file = approved(file, at) if outcome == "approved" else after(file, rejected, at=at)
        file, _ = walk(file, "2026-05-04", 3)
        assert ("formal_notice" in {n.step for n in file.notices.values()}) is leaves

    @pytest.mark.parametrize(("days", "fresh"), [(14, True), (15, False), (16, False)])
    def test_an_approval_goes_stale(self, days: int, fresh: bool) -> None:
        file = self.ready()
        at = paris("2026-05-05")
        file = approved(file, at - timedelta(days=days), seen_at=at)
        actions = [p.action for p in plan(file, at).proposals]
        assert actions == ([Action.EMAIL] if fresh else [Action.NOTE, Action.APPROVE])

    def test_an_outcome_without_a_letter_on_record_lets_nothing_leave(self) -> None:
        file = self.ready()
        (task,) = [t for t in file.open_tasks() if t.kind is TaskKind.APPROVE_NOTICE]
        at = paris("2026-05-05")
        file = after(file, e.TaskClosed(task_id=task.id, outcome="approved", note="", at=at), at=at)
        assert [p.action for p in plan(file, at).proposals] == [Action.APPROVE]


class TestOneFormalNotice:
    """It speaks of every open invoice: one a month is enough, and nothing else rides in it."""

    def approved(self, *more: str) -> DebtorFile:
        file, _ = walk(file_of(case("F1", TUESDAY_DUE, "100")), "2026-03-01", 60)
        file = approved(file, paris("2026-05-04", "09:30"))
        return after(file, *(e.InvoiceEntered(case=case(n, "2026-04-28")) for n in more))

    def test_a_reminder_that_is_due_the_same_day_waits_for_the_next_mail(self) -> None:
        found = plan(self.approved("F2"), paris("2026-05-04"))
        assert [dict(p.takes) for p in found.proposals] == [{"F1": "formal_notice"}]
        assert holds(found) == {"F2": Hold.SPACING}

    @pytest.mark.parametrize(("days", "asked"), [(29, False), (30, True), (31, True)])
    def test_another_invoice_that_ripens_joins_the_next_one(self, days: int, asked: bool) -> None:
        file = perform(self.approved(), paris("2026-05-04"))
        (first,) = [n for n in file.notices.values() if n.step == "formal_notice"]
        taken = ("first_reminder", "second_reminder", "third_reminder", "last_reminder")
        file = after(file, e.InvoiceEntered(case=case("F2", "2026-03-20", "100")))
        for n, step in enumerate(taken):
            past = replace(first, id=f"past{n}", step=step, takes=(("F2", step),), on=date(2026, 4, 1 + n))
            file = replace(file, notices={**file.notices, past.id: past})
        at = paris(first.on + timedelta(days=days))
        found = plan(file, at)
        wants = any(p.action is Action.APPROVE and p.numbers == ("F2",) for p in found.proposals)
        assert wants is asked, (at, found)


class TestPromiseAndDueDate:
    def test_a_promise_is_not_broken_before_its_invoice_is_due(self) -> None:
        policy, calendar = policies()["standard"], office(paris("2026-03-02")).creditor.calendar
        early = policy.believed_until(date(2026, 3, 5), [case("F1", TUESDAY_DUE)], calendar)
        late = policy.believed_until(date(2026, 3, 20), [case("F1", TUESDAY_DUE)], calendar)
        assert (early, late) == (date(2026, 3, 12), date(2026, 3, 24))

    @pytest.mark.parametrize(("day", "held"), [("2026-03-24", True), ("2026-03-25", False), ("2026-03-26", False)])
    def test_after_the_part_that_was_promised_the_rest_has_some_days(self, day: str, held: bool) -> None:
        promise = Promise(
            id="p", numbers=("F1",), made_on=date(2026, 3, 12), pay_on=date(2026, 3, 20), grace_on=date(2026, 3, 24),
            amount=eur("500"), owed=eur("1200"),
        )  # fmt: skip
        file = after(
            file_of(case("F1", TUESDAY_DUE)), e.PromiseMade(promise=promise),
            e.PromiseKept(promise_id="p", on=date(2026, 3, 20)),
        )  # fmt: skip
        assert (holds(plan(file, paris(day))) == {"F1": Hold.BLOCKED}) is held


@st.composite
def ledgers(draw: st.DrawFn) -> DebtorFile:
    cases = [
        case(
            f"F{n}",
            str(date(2026, 3, 1) + timedelta(days=draw(st.integers(-40, 60)))),
            str(draw(st.integers(1, 20_000))),
            currency=draw(st.sampled_from(["EUR", "EUR", "GBP"])),
        )
        for n in range(draw(st.integers(1, 6)))
    ]
    return file_of(
        *cases, country=draw(st.sampled_from(["FR", "GB", "DE"])),
        policy=draw(st.sampled_from(["standard", "public_body", "key_account"])),
    )  # fmt: skip


@given(file=ledgers(), gaps=st.lists(st.integers(1, 9), min_size=5, max_size=40))
def test_whatever_the_ledger_and_the_missed_days_the_rules_hold(file: DebtorFile, gaps: list[int]) -> None:
    day = date(2026, 2, 2)
    policy = policies()[file.debtor.policy]
    done: dict[str, list[str]] = {}
    mailed: set[tuple[date, str]] = set()
    last_mail: date | None = None
    for gap in gaps:
        at = paris(day, "11:30")
        found = plan(file, at)
        taking = [number for p in found.proposals for number in p.numbers]
        held = [h.number for h in found.held]
        assert sorted({*taking, *held}) == sorted(c.number for c in file.open_cases()), "every case, in one place"
        assert not set(taking) & set(held)
        today = False
        for p in found.proposals:
            if p.action is Action.APPROVE:
                continue
            for number, step in p.takes:
                assert step not in done.get(number, []), "no step twice"
                done.setdefault(number, []).append(step)
            if p.notice and not p.notice.internal:
                assert (day, p.notice.currency) not in mailed, "one mail for a currency and day"
                mailed.add((day, p.notice.currency))
                today = True
        if today:
            assert last_mail is None or (day - last_mail).days >= policy.spacing_days
            last_mail = day
        file = perform(file, at)
        assert propose(file, office(at), at=at).proposals == (), "a second look has nothing left to do"
        day += timedelta(days=gap)
    order = {step.id: rank for rank, step in enumerate(policy.steps)}
    for number, steps in done.items():
        ranks = [order[s] for s in steps]
        assert ranks == sorted(ranks), "in the ladder's order"
        # Nothing between two steps taken was skipped, but what does not concern the invoice.
        for rank in range(ranks[0], ranks[-1]):
            step = policy.steps[rank]
            assert (
                rank in ranks
                or not step.concerns(file.cases[number], file.debtor)
                or step.before_due
                or step.do is Do.FORMAL_NOTICE
            )


@given(file=ledgers(), day=st.integers(0, 120), hour=st.integers(0, 23))
def test_nothing_can_change_before_the_instant_on_the_agenda(file: DebtorFile, day: int, hour: int) -> None:
    at = paris(date(2026, 2, 2) + timedelta(days=day), f"{hour:02}:00")
    file = perform(file, at)
    wake = plan(file, at).next_action_at
    assert wake is None or wake > at
    for hours in (1, 5, 13, 24, 60):
        soon = at + timedelta(hours=hours)
        if wake is None or soon < wake:
            assert plan(file, soon).proposals == ()


class TestWhatTimeBringsAbout:
    """Noted by the next run; until then the file may be saved for another reason, and stays on the agenda."""

    AT = paris("2026-03-25", "07:00")  # before the run of that day

    def test_a_broken_promise_stays_due_until_it_is_noted(self) -> None:
        promise = Promise(
            id="p", numbers=("F1",), made_on=date(2026, 3, 12), pay_on=date(2026, 3, 20), grace_on=date(2026, 3, 24)
        )
        file = after(file_of(case("F1", TUESDAY_DUE)), e.PromiseMade(promise=promise))
        assert plan(file, self.AT).next_action_at == self.AT
        assert next_action_at(perform(file, self.AT), office(self.AT), at=self.AT) != self.AT

    def test_an_announced_payment_that_never_came_stays_due_until_somebody_has_the_task(self) -> None:
        claim = PaymentClaim(id="c", numbers=("F1",), claimed_on=date(2026, 3, 17), hold_on=date(2026, 3, 24))
        file = after(file_of(case("F1", TUESDAY_DUE)), e.PaymentClaimed(claim=claim))
        assert plan(file, self.AT).next_action_at == self.AT
        assert plan(perform(file, self.AT), self.AT).next_action_at is None, "the task holds it from now on"

    def test_a_mail_without_an_outcome_stays_due_until_somebody_has_the_task(self) -> None:
        sent = paris("2026-03-12")
        (mail,) = (p for p in plan(file_of(case("F1", TUESDAY_DUE)), sent).proposals if p.notice)
        file = after(file_of(case("F1", TUESDAY_DUE)), *(event for event, _ in mail.events), at=sent)
        later = sent + timedelta(minutes=15)
        assert plan(file, later).next_action_at == later


class TestPartOfAPromise:
    @pytest.mark.parametrize(("paid", "kept"), [("499.99", False), ("500.00", True), ("500.01", True)])
    def test_a_promise_of_a_part_is_kept_when_the_part_was_paid(self, paid: str, kept: bool) -> None:
        promise = Promise(
            id="p", numbers=("F1",), made_on=date(2026, 3, 12), pay_on=date(2026, 3, 20), grace_on=date(2026, 3, 24),
            amount=eur("500"), owed=eur("1200"),
        )  # fmt: skip
        money = Credit(id="v", kind=CreditKind.PAYMENT, on=date(2026, 3, 20), amount=eur(paid), remaining=eur(paid))
        file = after(
            file_of(case("F1", TUESDAY_DUE)), e.PromiseMade(promise=promise), e.CreditReceived(credit=money),
            e.CreditAllocated(credit_id="v", number="F1", amount=eur(paid), on=date(2026, 3, 20)),
        )  # fmt: skip
        events = [ev for p in plan(file, paris("2026-03-25")).proposals for ev, _ in p.events]
        assert any(isinstance(ev, e.PromiseKept) for ev in events) is kept
        assert any(isinstance(ev, e.PromisePartlyKept) for ev in events) is not kept
