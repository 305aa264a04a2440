"""Payment plans: what is offered, how each instalment is watched, and how a plan ends once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import events as e
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import (
    Block,
    BlockKind,
    Credit,
    CreditKind,
    DebtorFile,
    Dispute,
    Instalment,
    PaymentClaim,
    PaymentPlan,
    PlanState,
    Promise,
    Task,
    TaskKind,
)
from chalicelib.domain.money import Money, total
from chalicelib.domain.outcomes import Outcome, close
from chalicelib.domain.plan import Action, Hold, Plan
from chalicelib.domain.plans import demands, instalments, missing, offers
from chalicelib.domain.policy import Part, PlanTerms
from chalicelib.domain.propose import propose
from chalicelib.errors import BadInput
from tests.sample import CREDITOR, after, case, eur, file_of, office, paris, performed, received

TODAY = date(2026, 3, 2)  # a Monday: instalments on 2 and 17 March and 1 April
NOW = paris(TODAY)


def negotiating(*numbers: str, **amounts: str) -> DebtorFile:
    """A file whose client asks for time: the task is open."""
    cases = [case(n, "2026-02-10", amounts.get(n, "1200")) for n in numbers or ("F1",)]
    task = Task(
        id="t1", kind=TaskKind.NEGOTIATE_PLAN, raised_on=TODAY, due_on=TODAY, reason="asks for time",
        numbers=tuple(c.number for c in cases),
    )  # fmt: skip
    return after(file_of(*cases), e.TaskRaised(task=task))


def said(file: DebtorFile, task_id: str, outcome: str, at: Any = NOW, **facts: Any) -> DebtorFile:
    happened = close(file, file.tasks[task_id], Outcome(outcome=outcome, **facts), office(at), at=at, who="lea")
    return after(file, *(event for event, _ in happened), at=at)


def agreed(*numbers: str, **facts: Any) -> DebtorFile:
    return said(negotiating(*numbers), "t1", "agreed", **facts)


def pay(file: DebtorFile, day: str, amount: str, *numbers: str, kind: CreditKind = CreditKind.PAYMENT) -> DebtorFile:
    on = date.fromisoformat(day)
    credit = Credit(id=f"{kind}-{day}-{amount}", kind=kind, on=on, amount=eur(amount), remaining=eur(amount))
    return received(file, credit, numbers or sorted(file.cases))


def look(file: DebtorFile, day: str | date, of: Office | None = None) -> Plan:
    at = paris(day)
    return propose(file, of or office(at), at=at)


def perform(file: DebtorFile, day: str | date) -> DebtorFile:
    return performed(file, look(file, day).proposals, paris(day))


def walk(file: DebtorFile, first: str, last: str) -> DebtorFile:
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        file = perform(file, day)
        day += timedelta(days=1)
    return file


def the(file: DebtorFile) -> PaymentPlan:
    return next(p for p in file.plans.values() if p.runs or len(file.plans) == 1)


def ordered(file: DebtorFile) -> list[str]:
    return sorted(o.template for o in file.orders.values())


class TestOffer:
    def test_a_third_now_a_third_after_fifteen_days_and_the_rest_after_thirty(self) -> None:
        (offer,) = offers(negotiating(F1="1000"), ["F1"], office(NOW), on=TODAY)
        assert [(i.due_on, i.amount) for i in offer.instalments] == [
            (date(2026, 3, 2), eur("333.33")), (date(2026, 3, 17), eur("333.33")), (date(2026, 4, 1), eur("333.34")),
        ]  # fmt: skip

    def test_an_instalment_falls_on_a_business_day(self) -> None:
        (offer,) = offers(negotiating(F1="900"), ["F1"], office(NOW), on=date(2026, 3, 7))  # a Saturday
        assert [i.due_on for i in offer.instalments] == [date(2026, 3, 9), date(2026, 3, 23), date(2026, 4, 7)]

    @pytest.mark.parametrize(("amount", "offered"), [("299.99", False), ("300.00", True), ("300.01", True)])
    def test_small_sums_are_not_worth_a_plan(self, amount: str, offered: bool) -> None:
        (offer,) = offers(negotiating(F1=amount), ["F1"], office(NOW), on=TODAY)
        assert (bool(offer.instalments), bool(offer.why_not)) == (offered, not offered)

    def test_what_is_contested_is_not_part_of_it(self) -> None:
        contested = Dispute(id="d", numbers=("F1",), reason="price", opened_on=TODAY)
        file = after(negotiating("F1", "F2"), e.DisputeOpened(dispute=contested))
        (offer,) = offers(file, [], office(NOW), on=TODAY)
        assert offer.numbers == ("F2",)

    def test_each_currency_has_an_offer_of_its_own(self) -> None:
        file = file_of(case("E", "2026-02-10"), case("G", "2026-02-10", currency="GBP"))
        assert [(o.owed.currency, o.numbers) for o in offers(file, [], office(NOW), on=TODAY)] == [
            ("EUR", ("E",)), ("GBP", ("G",)),
        ]  # fmt: skip

    @given(
        cents=st.integers(1, 10**10),
        shares=st.lists(st.fractions(Fraction(1, 100), Fraction(1, 2)), max_size=6).filter(lambda some: sum(some) < 1),
        currency=st.sampled_from(["EUR", "JPY", "TND"]),
        on=st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    )
    def test_the_instalments_come_to_what_is_owed_to_the_cent(
        self, cents: int, shares: list[Fraction], currency: str, on: date
    ) -> None:
        owed = Money.of(Decimal(cents) / 100, currency)
        if not owed:
            return
        parts = (*(Part(share, 15 * n) for n, share in enumerate(shares)), Part(None, 15 * len(shares)))
        found = instalments(owed, PlanTerms(parts=parts), CREDITOR.calendar, on=on)
        assert total((i.amount for i in found), currency) == owed
        assert all(i.amount > Money.zero(currency) for i in found)
        assert all(CREDITOR.calendar.is_business_day(i.due_on) for i in found)
        assert [i.due_on for i in found] == sorted({i.due_on for i in found})


class TestAgreement:
    def test_it_holds_its_invoices_and_is_confirmed_in_writing_the_same_day(self) -> None:
        found = look(agreed(), TODAY)
        (held,) = found.held
        assert (held.hold, "400.00 EUR is due on 2026-03-02" in held.reason) == (Hold.PLANNED, True)
        (mail,) = [p for p in found.proposals if p.action is Action.EMAIL]
        assert mail.notice
        assert (mail.step, mail.notice.ordered) == ("plan_agreed", True)

    def test_a_person_may_agree_otherwise(self) -> None:
        own = ((date(2026, 3, 10), eur("200")), (date(2026, 5, 29), eur("1000")))
        plan = the(agreed(instalments=own))
        assert [(i.due_on, i.amount) for i in plan.instalments] == list(own)

    @pytest.mark.parametrize(
        ("own", "what"),
        [
            ([("2026-03-10", "1199.99")], "come to 1199.99"),
            ([("2026-03-10", "1200.01")], "come to 1200.01"),
            ([("2026-03-01", "1200")], "not in order from today"),
            ([("2026-04-10", "600"), ("2026-04-01", "600")], "not in order"),
            ([("2026-04-10", "600"), ("2026-04-10", "600")], "not in order"),
            ([("2026-03-10", "0"), ("2026-04-10", "1200")], "not above zero"),
            ([("2026-03-10", "1300"), ("2026-04-10", "-100")], "not above zero"),
            ([("2026-06-01", "1200")], "later than the 90 days"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, own: list[tuple[str, str]], what: str) -> None:
        given_ = tuple((date.fromisoformat(day), eur(amount)) for day, amount in own)
        with pytest.raises(BadInput, match=what):
            agreed(instalments=given_)

    @pytest.mark.parametrize(("day", "taken"), [("2026-05-30", True), ("2026-05-31", True), ("2026-06-01", False)])
    def test_the_longest_days_of_the_policy_count_the_last_one(self, day: str, taken: bool) -> None:
        own = ((date.fromisoformat(day), eur("1200")),)
        if taken:
            assert the(agreed(instalments=own)).runs
        else:
            with pytest.raises(BadInput):
                agreed(instalments=own)

    def test_below_the_policys_minimum_a_person_says_the_instalments(self) -> None:
        with pytest.raises(BadInput, match="below 300"):
            said(negotiating(F1="100"), "t1", "agreed")
        small = said(negotiating(F1="100"), "t1", "agreed", instalments=((date(2026, 3, 9), eur("100")),))
        assert the(small).owed == eur("100")

    @pytest.mark.parametrize(("numbers", "spared"), [(("F1",), True), (("F1", "F2"), False)])
    def test_nobody_is_called_about_what_was_agreed(self, numbers: tuple[str, ...], spared: bool) -> None:
        call = Task(id="c", kind=TaskKind.CALL, raised_on=TODAY, due_on=TODAY, reason="", numbers=numbers)
        file = after(negotiating(), e.InvoiceEntered(case=case("F2", "2026-02-10")), e.TaskRaised(task=call))
        assert ("c" not in [t.id for t in said(file, "t1", "agreed").open_tasks()]) is spared

    def test_a_second_plan_for_the_same_invoice_ends_the_first(self) -> None:
        file = agreed()
        again = Task(id="t2", kind=TaskKind.CALL, raised_on=TODAY, due_on=TODAY, reason="calls", numbers=("F1",))
        file = said(after(file, e.TaskRaised(task=again)), "t2", "agreed")
        assert sorted((p.id, p.state) for p in file.plans.values()) == [
            ("plan-t1-EUR", PlanState.WITHDRAWN), ("plan-t2-EUR", PlanState.AGREED),
        ]  # fmt: skip


def test_plans_of_two_currencies_end_a_block_and_a_promise_about_both_once() -> None:
    file = file_of(case("F1", "2026-02-10"), case("F2", "2026-02-10", currency="GBP"))
    asked = Task(id="t1", kind=TaskKind.NEGOTIATE_PLAN, raised_on=TODAY, due_on=TODAY, reason="", numbers=("F1", "F2"))
    file = after(
        file, e.TaskRaised(task=asked),
        e.BlockPlaced(block=Block(id="b", kind=BlockKind.PLAN, reason="asks", placed_on=TODAY, until=None)),
        e.PromiseMade(promise=Promise(
            id="p", numbers=("F1", "F2"), made_on=TODAY, pay_on=TODAY, grace_on=TODAY,
        )),
    )  # fmt: skip
    happened = [x for x, _ in close(file, asked, Outcome(outcome="agreed"), office(NOW), at=NOW, who="lea")]
    ended = [x for x in happened if isinstance(x, e.BlockLifted | e.PromiseWithdrawn)]
    assert sorted(type(x).__name__ for x in ended) == ["BlockLifted", "PromiseWithdrawn"]
    assert len([x for x in happened if isinstance(x, e.PlanAgreed)]) == 2


class TestWatch:
    """Instalments of 400 on Monday 2 March, Tuesday 17 March and Wednesday 1 April; two and five business days."""

    def running(self) -> DebtorFile:
        return pay(perform(agreed(), TODAY), "2026-03-02", "400")

    @pytest.mark.parametrize(
        ("day", "told"), [("2026-03-13", False), ("2026-03-14", True), ("2026-03-16", True), ("2026-03-17", True),
                          ("2026-03-18", False)],
    )  # fmt: skip
    def test_the_next_one_is_announced_three_days_before_and_not_after_its_day(self, day: str, told: bool) -> None:
        assert ("instalment_due" in ordered(perform(self.running(), day))) is told

    def test_the_first_one_that_the_agreement_names_is_not_announced_again(self) -> None:
        assert ordered(perform(agreed(), TODAY)) == ["plan_agreed"]

    @pytest.mark.parametrize(("day", "late"), [("2026-03-18", False), ("2026-03-19", True), ("2026-03-20", True)])
    def test_a_missing_one_is_reminded_of_two_business_days_after(self, day: str, late: bool) -> None:
        file = perform(self.running(), day)
        assert ("instalment_late" in ordered(file)) is late
        assert (the(file).instalments[1].missed_on is not None) is late

    @pytest.mark.parametrize(("day", "broken"), [("2026-03-23", False), ("2026-03-24", False), ("2026-03-25", True)])
    def test_after_its_grace_the_plan_is_broken_with_a_task_and_the_tone_rises(self, day: str, broken: bool) -> None:
        file = walk(self.running(), "2026-03-14", day)
        assert (the(file).state is PlanState.BROKEN) is broken
        assert file.hardened("F1") == broken
        assert [t.kind for t in file.open_tasks() if t.kind is TaskKind.BROKEN_PROMISE] == (
            [TaskKind.BROKEN_PROMISE] if broken else []
        )

    @pytest.mark.parametrize(("paid", "broken"), [("399.99", True), ("400.00", False), ("400.01", False)])
    def test_the_running_sum_decides_to_the_cent(self, paid: str, broken: bool) -> None:
        file = walk(pay(self.running(), "2026-03-16", paid), "2026-03-16", "2026-03-26")
        assert (the(file).state is PlanState.BROKEN) is broken

    def test_an_early_payment_meets_what_comes_later(self) -> None:
        file = pay(perform(agreed(), TODAY), "2026-03-03", "800")
        assert [i.met_on for i in the(file).instalments] == [date(2026, 3, 3), date(2026, 3, 3), None]
        assert ordered(walk(file, "2026-03-03", "2026-03-26")) == ["plan_agreed"]

    def test_two_parts_meet_one_instalment(self) -> None:
        file = pay(pay(perform(agreed(), TODAY), "2026-03-02", "150"), "2026-03-05", "250")
        assert the(file).instalments[0].met_on == date(2026, 3, 5)

    def test_when_everything_is_paid_the_plan_is_kept_and_counts_as_a_word_kept(self) -> None:
        file = pay(pay(self.running(), "2026-03-17", "400"), "2026-04-02", "400")
        assert (the(file).state, file.promises_kept, file.last_word) == (PlanState.KEPT, 1, "kept")
        assert (file.promised_payments, file.promised_days_late) == (3, 1)

    def test_more_than_is_owed_does_no_harm(self) -> None:
        assert the(pay(self.running(), "2026-03-05", "5000")).state is PlanState.KEPT

    def test_a_credit_note_shortens_the_plan_from_its_end(self) -> None:
        file = pay(self.running(), "2026-03-05", "500", kind=CreditKind.CREDIT_NOTE)
        plan = the(file)
        assert demands(plan, plan.credited) == (eur("400"), eur("300"), eur("0"))
        assert missing(plan, file) == (eur("0"), eur("300"), eur("0"))

    def test_money_that_waits_for_a_person_to_allocate_it_counts_before_anybody_is_pressed(self) -> None:
        waiting = Credit(
            id="w", kind=CreditKind.PAYMENT, on=date(2026, 3, 16), amount=eur("400"), remaining=eur("400")
        )
        file = walk(after(self.running(), e.CreditReceived(credit=waiting)), "2026-03-16", "2026-03-27")
        assert the(file).runs
        assert "instalment_late" not in ordered(file)

    def test_a_payment_taken_back_is_missing_again(self) -> None:
        file = self.running()
        undone = e.AllocationUndone(credit_id="payment-2026-03-02-400", number="F1", amount=eur("400"))
        file = after(file, undone, e.CreditWithdrawn(credit_id=undone.credit_id, amount=eur("400"), on=TODAY))
        assert missing(the(file), file)[0] == eur("400")

    def test_an_announced_payment_of_an_instalment_is_confirmed_by_it(self) -> None:
        said_so = PaymentClaim(id="c", numbers=("F1",), claimed_on=date(2026, 3, 16), hold_on=date(2026, 3, 23))
        file = pay(after(self.running(), e.PaymentClaimed(claim=said_so)), "2026-03-18", "400")
        assert file.claims["c"].state == "confirmed"

    @pytest.mark.parametrize(
        "pause",
        [
            e.DisputeOpened(dispute=Dispute(id="d", numbers=("F1",), reason="price", opened_on=date(2026, 3, 16))),
            e.PaymentClaimed(
                claim=PaymentClaim(id="c", numbers=("F1",), claimed_on=date(2026, 3, 16), hold_on=date(2026, 4, 30))
            ),
            e.BlockPlaced(
                block=Block(
                    id="b", kind=BlockKind.MANUAL, reason="flooded", placed_on=date(2026, 3, 16), until=date(2026, 5, 1)
                )
            ),
        ],
        ids=["a dispute", "an announced payment", "a block"],
    )
    def test_nobody_is_pressed_and_nothing_broken_beside(self, pause: e.Event) -> None:
        file = walk(after(self.running(), pause), "2026-03-16", "2026-04-15")
        assert the(file).runs
        assert not {"instalment_late", "instalment_due"} & set(ordered(file))

    def test_after_a_pause_a_reminder_comes_first_and_its_days_again_before_the_plan_is_broken(self) -> None:
        block = Block(
            id="b", kind=BlockKind.MANUAL, reason="flooded", placed_on=date(2026, 3, 16), until=date(2026, 4, 20)
        )
        file = walk(after(self.running(), e.BlockPlaced(block=block)), "2026-03-16", "2026-04-20")
        assert (the(file).runs, the(file).instalments[1].missed_on) == (True, date(2026, 4, 20))
        assert the(walk(file, "2026-04-21", "2026-04-23")).runs
        assert the(walk(file, "2026-04-21", "2026-04-24")).state is PlanState.BROKEN

    def test_blind_we_neither_remind_nor_break(self) -> None:
        seen = office(paris("2026-03-13"))
        late = paris("2026-04-15")
        assert propose(self.running(), seen, at=late).proposals == ()

    def test_nights_that_were_missed_never_lead_straight_to_a_broken_plan(self) -> None:
        file = perform(self.running(), "2026-05-04")
        assert (the(file).runs, "instalment_late" in ordered(file)) == (True, True)

    def test_an_instalment_paid_before_its_mail_left_is_not_reminded_of(self) -> None:
        file = self.running()
        at = paris("2026-03-19", "20:00")  # after hours: ordered, and waits for the morning
        for proposal in propose(file, office(at), at=at).proposals:
            file = after(file, *(event for event, _ in proposal.events), at=at)
        file = perform(pay(file, "2026-03-20", "400"), "2026-03-20")
        assert [n.template for n in file.notices.values() if n.template == "instalment_late"] == []

    def test_what_is_contested_before_the_reminder_left_is_not_reminded_of_nor_broken_without_it(self) -> None:
        file = self.running()
        night = paris("2026-03-19", "20:00")  # after hours: ordered, and waits for the morning
        for proposal in propose(file, office(night), at=night).proposals:
            file = after(file, *(event for event, _ in proposal.events), at=night)
        contested = Dispute(id="d", numbers=("F1",), reason="price", opened_on=date(2026, 3, 19))
        file = walk(after(file, e.DisputeOpened(dispute=contested)), "2026-03-20", "2026-03-30")
        assert not [n for n in file.notices.values() if n.template == "instalment_late"]
        resolved = e.DisputeResolved(dispute_id="d", resolution="rejected", on=date(2026, 3, 30))
        file = walk(after(file, resolved), "2026-03-31", "2026-04-02")
        assert [n.on for n in file.notices.values() if n.template == "instalment_late"] == [date(2026, 3, 31)]
        assert the(file).runs, "the reminder has its days"
        assert the(walk(file, "2026-04-03", "2026-04-08")).state is PlanState.BROKEN

    def test_every_edge_is_on_the_agenda_to_the_day(self) -> None:
        file, edges = self.running(), []
        at = paris("2026-03-02", "16:00")
        for _ in range(12):
            wake = propose(file, office(at), at=at).next_action_at
            if wake is None or wake > paris("2026-03-27"):
                break
            at = max(wake, at + timedelta(hours=1))
            found = propose(file, office(at), at=at)
            for event in (event for proposal in found.proposals for event, _ in proposal.events):
                if isinstance(event, e.InstalmentAnnounced | e.InstalmentMissed | e.PlanBroken):
                    edges.append((type(event).__name__, at.astimezone().date()))
            file = performed(file, found.proposals, at)
        assert [name for name, _ in edges] == ["InstalmentAnnounced", "InstalmentMissed", "PlanBroken"]
        assert the(file).ended_on == date(2026, 3, 25)


class TestEnd:
    def test_a_plan_ends_once(self) -> None:
        file = after(agreed(), e.PlanWithdrawn(plan_id="plan-t1-EUR", on=TODAY))
        with pytest.raises(ValueError, match="no running plan"):
            after(file, e.PlanBroken(plan_id="plan-t1-EUR", on=TODAY, short=eur("1")))

    def test_an_insolvency_ends_it(self) -> None:
        told = Task(id="i", kind=TaskKind.INSOLVENCY, raised_on=TODAY, due_on=TODAY, reason="", numbers=("F1",))
        file = said(after(agreed(), e.TaskRaised(task=told)), "i", "confirmed")
        assert the(file).state is PlanState.WITHDRAWN

    def test_what_credit_notes_alone_settle_is_no_word_kept(self) -> None:
        file = pay(agreed(), "2026-03-05", "1200", kind=CreditKind.CREDIT_NOTE)
        assert (the(file).state, file.promises_kept) == (PlanState.WITHDRAWN, 0)


@given(
    owed=st.integers(300_00, 100_000_00),
    moves=st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from(["pay", "note", "withdraw", "look"]),
                  st.integers(1, 60_000_00)),
        max_size=12,
    ),
)  # fmt: skip
def test_whatever_happens_a_plan_ends_once_and_counts_what_is_open_to_the_cent(
    owed: int, moves: list[tuple[int, str, int]]
) -> None:
    half = str(Decimal(owed // 2) / 100)
    rest = str(Decimal(owed - owed // 2) / 100)
    file = said(negotiating("F1", "F2", F1=half, F2=rest), "t1", "agreed")
    plan_id, day = next(iter(file.plans)), TODAY
    for n, (days, move, cents) in enumerate(moves):
        day += timedelta(days=days)
        ended = [] if file.plans[plan_id].runs else [file.plans[plan_id].state]
        if move in ("pay", "note"):
            kind = CreditKind.PAYMENT if move == "pay" else CreditKind.CREDIT_NOTE
            file = pay(file, str(day), str(Decimal(cents) / 100 + n), kind=kind)  # n: no two credits of one id
        elif move == "withdraw" and file.cases["F2"].is_open:
            file = after(file, e.InvoiceWithdrawn(number="F2", on=day), at=paris(day))
        elif move == "look":
            file = perform(file, day)
        plan = file.plans[plan_id]
        if plan.runs:
            left = total((c.balance for c in file.open_cases()), "EUR")
            assert plan.owed - plan.paid - plan.credited == left, "what is open, to the cent"
        assert not ended or [plan.state] == ended, "ended once"
    last = walk(file, str(day), str(day + timedelta(days=1)))
    for _ in range(60):
        day += timedelta(days=2)
        last = perform(last, day)
    assert not last.plans[plan_id].runs, "left alone, every plan ends"


@given(
    parts=st.lists(st.integers(1, 5), min_size=1, max_size=5),
    early=st.integers(0, 6),
)
def test_no_plan_is_broken_whose_money_comes_in_time(parts: list[int], early: int) -> None:
    """However the sum of each instalment is split, and however early it comes, by its day."""
    file = perform(agreed(), TODAY)
    for n, instalment in enumerate(the(file).instalments):
        day = max(TODAY, instalment.due_on - timedelta(days=early)) if n else TODAY
        left, weights = instalment.amount, sum(parts)
        for k, weight in enumerate(parts):
            last = k == len(parts) - 1
            part = left if last else Money.of(instalment.amount.amount * weight / weights, "EUR")
            left -= part
            credit = Credit(id=f"p{n}{k}", kind=CreditKind.PAYMENT, on=day, amount=part, remaining=part)
            file = received(file, credit, ["F1"])
        until = the(file).instalments[n + 1].due_on if n + 1 < 3 else day
        while day < until:
            file = perform(file, day)
            assert file.plans["plan-t1-EUR"].state is not PlanState.BROKEN
            day += timedelta(days=1)
    assert the(file).state is PlanState.KEPT
    assert not {"instalment_late"} & set(ordered(file))


def test_the_instalments_of_a_record_are_kept_as_they_were_agreed() -> None:
    plan = the(agreed())
    assert plan.instalments[0] == Instalment(due_on=date(2026, 3, 2), amount=eur("400"))
