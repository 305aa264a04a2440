"""Promises judged, disputes that stall, blocks without an end, credit holds, the word to sales, last legal days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.bootstrap import law_rules
from chalicelib.domain import events as e
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import (
    Block,
    BlockKind,
    Credit,
    CreditKind,
    DebtorFile,
    DebtorKind,
    Dispute,
    Promise,
    PromiseState,
    Task,
    TaskKind,
)
from chalicelib.domain.insolvency import declaration_ends_on
from chalicelib.domain.outcomes import Outcome, close
from chalicelib.domain.plan import Hold
from chalicelib.domain.propose import propose
from chalicelib.domain.reliability import reliability
from chalicelib.domain.settle import consequences, receive
from chalicelib.errors import BadInput
from tests.domain.test_plans import look, perform, walk
from tests.sample import after, case, eur, file_of, office, paris, performed, received

LEA, HUGO = "lea.dumas@verre-clair.example", "hugo.perrin@verre-clair.example"
DUE = "2026-03-10"


def receive_money(file: DebtorFile, on: date, amount: str, *numbers: str, kind: str = "payment") -> DebtorFile:
    credit = Credit(id=f"{kind}{on}{amount}", kind=CreditKind(kind), on=on, amount=eur(amount), remaining=eur(amount))
    return received(file, credit, numbers)


def said(file: DebtorFile, task: Task, outcome: str, day: str, **facts: Any) -> DebtorFile:
    at = paris(day)
    happened = close(file, task, Outcome(outcome=outcome, **facts), office(at), at=at, who="lea")
    return after(file, *(event for event, _ in happened), at=at)


def only(file: DebtorFile, kind: TaskKind) -> Task:
    (task,) = [t for t in file.open_tasks() if t.kind is kind]
    return task


def kinds(file: DebtorFile) -> list[TaskKind]:
    return [t.kind for t in file.open_tasks()]


class TestPromise:
    def promised(self, amount: str | None = None) -> DebtorFile:
        promise = Promise(
            id="p", numbers=("F1",), made_on=date(2026, 3, 12), pay_on=date(2026, 3, 20), grace_on=date(2026, 3, 24),
            amount=eur(amount) if amount else None, owed=eur("1200"),
        )  # fmt: skip
        return after(file_of(case("F1", DUE)), e.PromiseMade(promise=promise))

    @pytest.mark.parametrize(
        ("paid", "state", "harder"),
        [("0.01", PromiseState.PARTLY_KEPT, 1), ("599.99", PromiseState.PARTLY_KEPT, 1),
         ("600.00", PromiseState.PARTLY_KEPT, 0), ("1199.99", PromiseState.PARTLY_KEPT, 0),
         ("1200.00", PromiseState.KEPT, 0)],
    )  # fmt: skip
    def test_part_of_the_money_is_a_promise_kept_in_part_and_half_of_it_spares_the_harder_tone(
        self, paid: str, state: PromiseState, harder: int
    ) -> None:
        file = receive_money(self.promised(), date(2026, 3, 20), paid, "F1")
        file = perform(file, "2026-03-25")
        assert (file.promises["p"].state, file.hardened("F1")) == (state, harder)

    def test_the_call_about_the_rest_says_how_much_came(self) -> None:
        file = perform(receive_money(self.promised(), date(2026, 3, 20), "700", "F1"), "2026-03-25")
        assert "700.00 EUR of the 1200.00 EUR promised" in only(file, TaskKind.BROKEN_PROMISE).reason
        assert file.promises["p"].came == eur("700")

    def test_a_credit_note_is_no_payment(self) -> None:
        file = receive_money(self.promised("500"), date(2026, 3, 16), "500", "F1", kind="credit_note")
        assert perform(file, "2026-03-25").promises["p"].state is PromiseState.BROKEN

    def test_blind_nobodys_promise_is_broken(self) -> None:
        at = paris("2026-03-25")
        assert not propose(self.promised(), office(paris("2026-03-16")), at=at).proposals


class TestReliability:
    def test_a_word_never_given_has_no_figures(self) -> None:
        word = reliability(file_of(case("F1", DUE)))
        assert (word.rate, word.average_days_late, str(word)) == (None, None, "no promise has been judged yet")

    @pytest.mark.parametrize(("given", "few"), [(2, True), (3, False), (4, False)])
    def test_few_promises_are_told_as_such(self, given: int, few: bool) -> None:
        word = reliability(replace(file_of(), promises_kept=given, last_word="kept", last_word_on=date(2026, 3, 2)))
        assert (word.few, "few promises" in str(word)) == (few, few)

    def test_kept_in_part_counts_half_and_days_late_are_an_average(self) -> None:
        file = replace(
            file_of(), promises_kept=2, promises_partly_kept=1, promises_broken=1, promised_payments=2,
            promised_days_late=5, last_word="broken", last_word_on=date(2026, 3, 2),
        )  # fmt: skip
        word = reliability(file)
        assert (word.rate, word.average_days_late, word.last) == (63, 3, "broken")
        told = "2 of 4 promises kept, 1 in part, 3 days late on average, the last broken on 2026-03-02: 63 %"
        assert str(word) == told

    def test_it_is_read_off_what_happened(self) -> None:
        file = TestPromise().promised()
        file = receive_money(file, date(2026, 3, 23), "1200", "F1")
        word = reliability(file)
        assert (word.kept, word.average_days_late, word.last, word.last_on) == (1, 3, "kept", date(2026, 3, 23))


class TestDispute:
    """Opened on Monday 2 March; the standard policy is patient for five business days: until Monday 9 March."""

    def disputed(self, *, task: bool = True, amount: str | None = None) -> DebtorFile:
        on = date(2026, 3, 2)
        dispute = Dispute(
            id="d", numbers=("F1",), reason="price", opened_on=on, owner=LEA, amount=eur(amount) if amount else None
        )
        answer = Task(
            id="t", kind=TaskKind.ANSWER_DISPUTE, raised_on=on, due_on=on, reason="resolve", numbers=("F1",),
            assignee=LEA,
        )  # fmt: skip
        file = after(file_of(case("F1", "2026-02-20")), e.DisputeOpened(dispute=dispute))
        return after(file, e.TaskRaised(task=answer)) if task else file

    @pytest.mark.parametrize(("day", "escalated"), [("2026-03-08", False), ("2026-03-09", True), ("2026-03-10", True)])
    def test_without_progress_it_goes_to_the_director(self, day: str, escalated: bool) -> None:
        file = perform(self.disputed(), day)
        task = only(file, TaskKind.ANSWER_DISPUTE)
        assert (task.assignee, task.urgency) == ((HUGO, 1) if escalated else (LEA, 0))

    def test_it_is_escalated_once_and_where_nobody_has_a_task_one_is_raised(self) -> None:
        file = walk(self.disputed(task=False), "2026-03-02", "2026-05-29")
        assert only(file, TaskKind.ANSWER_DISPUTE).assignee == HUGO

    def test_progress_starts_its_days_again_and_another_stall_escalates_again(self) -> None:
        moved = e.DisputeProgressed(dispute_id="d", note="asked the warehouse", on=date(2026, 3, 6))
        file = after(self.disputed(), moved)
        assert perform(file, "2026-03-12").disputes["d"].escalated_on is None
        file = perform(file, "2026-03-13")
        assert file.disputes["d"].escalated_on == date(2026, 3, 13)
        again = e.DisputeProgressed(dispute_id="d", note="credit note asked for", on=date(2026, 3, 16))
        assert perform(after(file, again), "2026-03-23").disputes["d"].escalated_on == date(2026, 3, 23)

    def test_the_day_is_on_the_agenda(self) -> None:
        assert look(self.disputed(), "2026-03-02").next_action_at == paris("2026-03-09", "00:00")

    def test_a_credit_note_that_covers_the_invoice_resolves_it_and_its_task(self) -> None:
        file = receive_money(self.disputed(), date(2026, 3, 5), "1200", "F1", kind="credit_note")
        assert (file.disputes["d"].resolution, kinds(file)) == ("credit_note", [])

    def test_one_that_is_paid_after_all_says_so(self) -> None:
        file = receive_money(self.disputed(), date(2026, 3, 5), "1200", "F1")
        assert file.disputes["d"].resolution == "paid"

    @pytest.mark.parametrize(("note", "resolved"), [("199.99", False), ("200.00", True), ("200.01", True)])
    def test_where_a_part_is_contested_credit_notes_of_as_much_resolve_it(self, note: str, resolved: bool) -> None:
        file = receive_money(self.disputed(amount="200"), date(2026, 3, 5), note, "F1", kind="credit_note")
        assert (file.dispute_on("F1") is None, kinds(file) == []) == (resolved, resolved)

    def test_a_part_of_an_invoice_that_is_wholly_contested_resolves_nothing(self) -> None:
        file = receive_money(self.disputed(), date(2026, 3, 5), "200", "F1", kind="credit_note")
        assert file.dispute_on("F1")

    def test_a_rejection_with_words_for_the_client_is_mailed_and_the_invoice_is_back_on_the_ladder(self) -> None:
        file = self.disputed()
        file = said(file, file.tasks["t"], "rejected", "2026-03-04", note="they are wrong", message="Hello\n\nNo.\n")
        (order,) = file.orders.values()
        assert (order.template, [f.text for f in order.facts]) == ("dispute_answer", ["Hello", "No."])
        assert "they are wrong" not in str(order)
        assert Hold.DISPUTED not in {h.hold for h in look(file, "2026-03-04").held}

    def test_a_rejection_without_words_sends_nothing(self) -> None:
        file = self.disputed()
        assert not said(file, file.tasks["t"], "rejected", "2026-03-04", note="they are wrong").orders


class TestPromisedCreditNote:
    """A dispute about F1 and F2 ended on 4 March with the word to credit: in the books by the 11th."""

    def promised(self, *before: e.Event, owner: str = LEA, day: str = "2026-03-04", **facts: Any) -> DebtorFile:
        dispute = Dispute(id="d", numbers=("F1", "F2"), reason="price", opened_on=date(2026, 3, 2), owner=owner)
        answer = Task(
            id="t", kind=TaskKind.ANSWER_DISPUTE, raised_on=date(2026, 3, 2), due_on=date(2026, 3, 3), reason="answer",
            numbers=("F1", "F2"),
        )  # fmt: skip
        file = file_of(case("F1", "2026-02-20"), case("F2", "2026-02-20", "300"), case("F3", "2026-03-30"))
        file = after(file, e.DisputeOpened(dispute=dispute), e.TaskRaised(task=answer), *before)
        return said(file, answer, "credit_note", day, **facts)

    def held(self, file: DebtorFile, day: str) -> set[str]:
        return {h.number for h in look(file, day).held if h.hold is Hold.BLOCKED}

    @pytest.mark.parametrize(("day", "asked"), [("2026-03-10", False), ("2026-03-11", True), ("2026-03-12", True)])
    def test_where_it_has_not_come_by_its_day_the_owner_is_asked_and_the_invoices_wait_on(
        self, day: str, asked: bool
    ) -> None:
        file = perform(self.promised(), day)
        assert (TaskKind.MISSING_CREDIT_NOTE in kinds(file)) is asked
        assert self.held(file, day) == {"F1", "F2"}
        if asked:
            task = only(file, TaskKind.MISSING_CREDIT_NOTE)
            assert (task.numbers, task.assignee, task.at_stake) == (("F1", "F2"), LEA, eur("1500"))
            assert "promised on 2026-03-04 has not come: issue it, or reopen the dispute" in task.reason

    def test_it_is_asked_once_however_long_nobody_answers(self) -> None:
        file = walk(self.promised(), "2026-03-05", "2026-08-31")
        assert [t.kind for t in file.tasks.values()].count(TaskKind.MISSING_CREDIT_NOTE) == 1
        assert TaskKind.REVIEW_BLOCK not in kinds(file)
        assert {number for n in file.notices.values() for number, _ in n.takes} == {"F3"}

    def test_the_day_is_on_the_agenda_and_the_one_that_a_person_gives_counts(self) -> None:
        assert look(self.promised(), "2026-03-05").next_action_at == paris("2026-03-11", "00:00")
        later = self.promised(on=date(2026, 3, 24))
        assert TaskKind.MISSING_CREDIT_NOTE not in kinds(perform(later, "2026-03-23"))
        assert TaskKind.MISSING_CREDIT_NOTE in kinds(perform(later, "2026-03-24"))

    def test_without_an_owner_it_is_the_sales_representative_s(self) -> None:
        file = perform(self.promised(owner=""), "2026-03-11")
        assert only(file, TaskKind.MISSING_CREDIT_NOTE).assignee == file.debtor.sales_rep

    @pytest.mark.parametrize("day", ["2026-03-09", "2026-03-17"], ids=["before it is asked for", "after"])
    @pytest.mark.parametrize(("names", "waits"), [
        (("F1", "F2"), set()), (("F1",), {"F2"}), (("F3",), {"F1", "F2"}), ((), set()),
    ], ids=str)  # fmt: skip
    def test_its_coming_lets_the_rest_be_chased(self, day: str, names: tuple[str, ...], waits: set[str]) -> None:
        file = walk(self.promised(), "2026-03-05", day)
        file = receive_money(file, date.fromisoformat(day), "200", *names, kind="credit_note")
        assert self.held(file, day) == waits
        tasks = [t for t in file.open_tasks() if t.kind is TaskKind.MISSING_CREDIT_NOTE]
        assert [set(t.numbers) for t in tasks] == ([waits] if waits and day > "2026-03-11" else [])
        rest = walk(file, day, "2026-04-30")
        assert {"F1", "F2"} & {number for n in rest.notices.values() for number, _ in n.takes} == {"F1", "F2"} - waits

    def test_money_is_no_credit_note_and_money_for_all_of_it_ends_it(self) -> None:
        file = perform(self.promised(), "2026-03-11")
        part = receive_money(file, date(2026, 3, 12), "500", "F1")
        assert self.held(part, "2026-03-12") == {"F1", "F2"}
        whole = receive_money(part, date(2026, 3, 13), "1000", "F1", "F2")
        assert TaskKind.MISSING_CREDIT_NOTE not in kinds(whole)
        assert not [b for b in whole.blocks.values() if b.is_open]

    def test_the_question_is_about_what_was_open_when_it_was_asked_whatever_money_comes_later(self) -> None:
        file = perform(receive_money(self.promised(), date(2026, 3, 9), "300", "F2"), "2026-03-11")
        asked = only(file, TaskKind.MISSING_CREDIT_NOTE)
        assert asked.numbers == ("F1",)
        later = receive_money(file, date(2026, 3, 12), "10", "F3")
        assert only(later, TaskKind.MISSING_CREDIT_NOTE) == asked

    def test_with_a_note_for_one_and_money_for_the_other_in_one_import_nothing_is_asked_any_more(self) -> None:
        file, at = perform(self.promised(), "2026-03-11"), paris("2026-03-12")
        for kind, amount, number in ((CreditKind.CREDIT_NOTE, "200", "F1"), (CreditKind.PAYMENT, "300", "F2")):
            came = Credit(id=number, kind=kind, on=at.date(), amount=eur(amount), remaining=eur(amount))
            file = after(file, *(event for event, _ in receive(file, came, [number])), at=at)
        file = after(file, *(event for event, _ in consequences(file, on=at.date(), at=at)), at=at)
        assert [c.number for c in file.open_cases()] == ["F1", "F3"]
        assert (kinds(file), self.held(file, "2026-03-12")) == ([], set())

    def test_one_that_came_while_it_was_disputed_is_not_waited_for(self) -> None:
        note = Credit(id="n", kind=CreditKind.CREDIT_NOTE, on=date(2026, 3, 3), amount=eur("9"), remaining=eur("9"))
        old = replace(note, on=date(2026, 3, 1))
        spent = e.CreditAllocated(credit_id="n", number="F1", amount=eur("9"), on=date(2026, 3, 3))
        for before, waits in (
            ([e.CreditReceived(credit=note)], False), ([e.CreditReceived(credit=note), spent], False),
            ([e.CreditReceived(credit=old)], True),
        ):  # fmt: skip
            file = perform(self.promised(*before), "2026-03-11")
            assert (TaskKind.MISSING_CREDIT_NOTE in kinds(file)) is waits
            assert self.held(file, "2026-03-11") == ({"F1", "F2"} if waits else set())

    def test_issued_only_now_it_is_waited_for_and_asked_for_again(self) -> None:
        file = perform(self.promised(), "2026-03-11")
        file = said(file, only(file, TaskKind.MISSING_CREDIT_NOTE), "credit_note", "2026-03-16")
        file = perform(file, "2026-03-20")
        assert (self.held(file, "2026-03-20"), kinds(file)) == ({"F1", "F2"}, [])
        again = only(perform(file, "2026-03-23"), TaskKind.MISSING_CREDIT_NOTE)
        assert "promised on 2026-03-16 has not come" in again.reason

    def test_reopened_it_is_a_dispute_with_its_task_again(self) -> None:
        file = perform(self.promised(), "2026-03-11")
        file = said(file, only(file, TaskKind.MISSING_CREDIT_NOTE), "reopen", "2026-03-12")
        assert only(file, TaskKind.ANSWER_DISPUTE).numbers == ("F1", "F2")
        assert {h.number for h in look(file, "2026-03-12").held if h.hold is Hold.DISPUTED} == {"F1", "F2"}
        assert not [b for b in file.blocks.values() if b.is_open]

    def test_where_a_person_says_so_what_is_left_is_chased(self) -> None:
        file = perform(self.promised(), "2026-03-11")
        file = said(file, only(file, TaskKind.MISSING_CREDIT_NOTE), "resume", "2026-03-12")
        assert (self.held(file, "2026-03-12"), kinds(file)) == (set(), [])

    @pytest.mark.parametrize(("on", "taken"), [("2026-03-12", False), ("2026-03-13", False), ("2026-03-14", True)])
    def test_the_day_to_wait_for_lies_ahead(self, on: str, taken: bool) -> None:
        file = perform(self.promised(), "2026-03-11")
        task = only(file, TaskKind.MISSING_CREDIT_NOTE)
        if taken:
            assert said(file, task, "credit_note", "2026-03-13", on=date.fromisoformat(on)).block_on("F1")
        else:
            with pytest.raises(BadInput, match="no day to wait for"):
                said(file, task, "credit_note", "2026-03-13", on=date.fromisoformat(on))


class TestBlock:
    def blocked(self, until: date | None = None) -> DebtorFile:
        block = Block(
            id="b", kind=BlockKind.MANUAL, reason="the director is in talks", placed_on=date(2026, 1, 2), until=until,
            owner=LEA,
        )  # fmt: skip
        return after(file_of(case("F1", DUE)), e.BlockPlaced(block=block))

    @pytest.mark.parametrize(("day", "asked"), [("2026-04-01", False), ("2026-04-02", True), ("2026-04-03", True)])
    def test_one_without_an_end_is_looked_at_after_the_policys_days(self, day: str, asked: bool) -> None:
        file = perform(self.blocked(), day)
        assert (TaskKind.REVIEW_BLOCK in kinds(file)) is asked
        assert not asked or only(file, TaskKind.REVIEW_BLOCK).assignee == LEA

    def test_one_about_settled_invoices_is_not(self) -> None:
        block = Block(
            id="b", kind=BlockKind.MANUAL, reason="x", placed_on=date(2026, 1, 2), until=None, numbers=("F1",)
        )
        file = after(file_of(case("F1", DUE), case("F2", DUE)), e.BlockPlaced(block=block))
        assert TaskKind.REVIEW_BLOCK in kinds(perform(file, "2026-04-02"))
        paid = receive_money(file, date(2026, 4, 1), "1200", "F1")
        assert TaskKind.REVIEW_BLOCK not in kinds(perform(paid, "2026-04-02"))

    def test_one_with_an_end_is_not(self) -> None:
        assert TaskKind.REVIEW_BLOCK not in kinds(perform(self.blocked(date(2026, 12, 24)), "2026-04-03"))

    def test_kept_it_is_looked_at_again_later_and_lifted_it_ends(self) -> None:
        file = perform(self.blocked(), "2026-04-02")
        kept = said(file, only(file, TaskKind.REVIEW_BLOCK), "keep", "2026-04-03")
        assert kept.blocks["b"].is_open
        assert TaskKind.REVIEW_BLOCK not in kinds(perform(kept, "2026-07-01"))
        assert TaskKind.REVIEW_BLOCK in kinds(perform(kept, "2026-07-02"))
        ended = said(file, only(file, TaskKind.REVIEW_BLOCK), "keep", "2026-04-03", on=date(2026, 4, 30))
        assert ended.blocks["b"].until == date(2026, 4, 30)
        assert not said(file, only(file, TaskKind.REVIEW_BLOCK), "lift", "2026-04-03").blocks["b"].is_open


class TestCreditHold:
    """Five thousand overdue for sixty days: an invoice due on 10 March counts from 9 May."""

    @pytest.mark.parametrize(("day", "asked"), [("2026-05-08", False), ("2026-05-09", True), ("2026-05-10", True)])
    def test_sales_is_asked_when_it_has_been_overdue_for_long_enough(self, day: str, asked: bool) -> None:
        file = perform(file_of(case("F1", DUE, "5000")), day)
        assert (TaskKind.CREDIT_HOLD in kinds(file)) is asked
        assert not asked or only(file, TaskKind.CREDIT_HOLD).assignee == LEA

    @pytest.mark.parametrize(("amount", "asked"), [("2499.99", False), ("2500.00", True), ("2500.01", True)])
    def test_the_invoices_of_a_currency_count_together(self, amount: str, asked: bool) -> None:
        file = file_of(case("F1", DUE, "2500"), case("F2", DUE, amount), case("G", DUE, "9", currency="GBP"))
        assert (TaskKind.CREDIT_HOLD in kinds(perform(file, "2026-05-11"))) is asked

    def test_the_day_is_on_the_agenda(self) -> None:
        blocked = Block(id="b", kind=BlockKind.MANUAL, reason="x", placed_on=date(2026, 3, 2), until=date(2026, 12, 1))
        file = after(file_of(case("F1", DUE, "5000")), e.BlockPlaced(block=blocked))
        assert look(file, "2026-03-16").next_action_at == paris("2026-05-09", "00:00")

    def test_disputed_invoices_do_not_count(self) -> None:
        contested = Dispute(id="d", numbers=("F1",), reason="price", opened_on=date(2026, 5, 1))
        file = after(file_of(case("F1", DUE, "5000")), e.DisputeOpened(dispute=contested))
        assert TaskKind.CREDIT_HOLD not in kinds(perform(file, "2026-05-11"))

    def test_sales_is_asked_once_and_again_only_after_everything_old_was_paid(self) -> None:
        file = perform(file_of(case("F1", DUE, "5000"), case("F2", "2026-06-10", "6000")), "2026-05-11")
        file = said(file, only(file, TaskKind.CREDIT_HOLD), "no_hold", "2026-05-11")
        file = walk(file, "2026-05-12", "2026-06-30")
        assert TaskKind.CREDIT_HOLD not in kinds(file)
        file = perform(receive_money(file, date(2026, 7, 1), "5000", "F1"), "2026-07-01")
        assert file.credit_hold_asked_on is None
        assert TaskKind.CREDIT_HOLD in kinds(walk(file, "2026-07-02", "2026-08-11"))

    def test_a_hold_is_released_by_itself_when_what_is_old_is_paid(self) -> None:
        file = perform(file_of(case("F1", DUE, "5000")), "2026-05-11")
        file = said(file, only(file, TaskKind.CREDIT_HOLD), "hold", "2026-05-11")
        assert file.credit_held_since_on == date(2026, 5, 11)
        assert perform(receive_money(file, date(2026, 5, 20), "4999", "F1"), "2026-05-20").credit_held_since_on
        assert perform(receive_money(file, date(2026, 5, 20), "5000", "F1"), "2026-05-20").credit_held_since_on is None


class TestSalesRep:
    """The third reminder is the director's, on 26 March; he is told of it two business days ahead."""

    def told(self, file: DebtorFile) -> list[date]:
        return [o.ordered_on for o in file.orders.values() if o.template == "sales_heads_up"]

    @pytest.mark.parametrize(("day", "told"), [("2026-03-23", False), ("2026-03-24", True), ("2026-03-25", True)])
    def test_told_two_business_days_before_the_director_writes(self, day: str, told: bool) -> None:
        assert bool(self.told(walk(file_of(case("F1", DUE, "100")), "2026-03-02", day))) is told

    def test_told_once_in_a_mail_of_our_own_that_is_no_contact_and_delays_nothing(self) -> None:
        file = walk(file_of(case("F1", DUE, "100")), "2026-03-02", "2026-04-30")
        assert self.told(file) == [date(2026, 3, 24)]
        (mail,) = [n for n in file.notices.values() if n.internal]
        assert (mail.to, mail.on) == (LEA, date(2026, 3, 24))
        director = min((n for n in file.notices.values() if n.sender == "director"), key=lambda n: n.on)
        assert (director.on, director.template, director.cc) == (date(2026, 3, 26), "third_reminder", (LEA,))

    def test_every_hard_letter_comes_from_the_director_with_the_sales_rep_in_copy_where_the_policy_says_so(
        self,
    ) -> None:
        file = walk(file_of(case("F1", DUE, "100")), "2026-03-02", "2026-04-30")
        sent = {n.step: (n.sender, bool(n.cc)) for n in file.notices.values() if not n.internal}
        assert sent == {
            "courtesy": ("collector", False), "first_reminder": ("collector", False),
            "second_reminder": ("collector", True), "third_reminder": ("director", True),
            "last_reminder": ("director", True),
        }  # fmt: skip

    def test_nights_that_were_missed_do_not_let_the_director_write_before_he_was_told(self) -> None:
        file = walk(file_of(case("F1", DUE, "100")), "2026-03-02", "2026-03-20")
        file = perform(file, "2026-04-08")
        assert self.told(file) == [date(2026, 4, 8)]
        held = {h.number: h.hold for h in look(file, "2026-04-09").held}
        assert held == {"F1": Hold.SALES_REP}
        file = walk(file, "2026-04-09", "2026-04-10")
        assert [n.on for n in file.notices.values() if n.sender == "director"] == [date(2026, 4, 10)]

    def test_a_block_of_his_stops_it(self) -> None:
        file = walk(file_of(case("F1", DUE, "100")), "2026-03-02", "2026-03-24")
        on = date(2026, 3, 24)
        block = Block(id="b", kind=BlockKind.MANUAL, reason="I call", placed_on=on, until=None, owner=LEA)
        file = walk(after(file, e.BlockPlaced(block=block)), "2026-03-25", "2026-04-10")
        assert not [n for n in file.notices.values() if n.sender == "director"]

    def test_what_is_contested_before_he_reads_of_it_is_not_told_and_the_rest_is_told_anew(self) -> None:
        file = walk(file_of(case("F1", DUE, "100"), case("F2", DUE, "200")), "2026-03-02", "2026-03-23")
        night = paris("2026-03-24", "06:00")
        for proposal in propose(file, office(night), at=night).proposals:
            file = after(file, *(event for event, _ in proposal.events), at=night)
        (early,) = [o for o in file.orders.values() if o.template == "sales_heads_up"]
        assert early.numbers == ("F1", "F2")
        contested = Dispute(id="d", numbers=("F1",), reason="price", opened_on=date(2026, 3, 24))
        file = walk(after(file, e.DisputeOpened(dispute=contested)), "2026-03-24", "2026-03-27")
        told = [n for n in file.notices.values() if n.internal]
        assert [dict(n.takes).keys() for n in told] == [{"F2"}]
        director = [n for n in file.notices.values() if n.sender == "director"]
        assert [(n.on, tuple(dict(n.takes))) for n in director] == [(file.orders[told[0].id].ordered_on
                + timedelta(days=2), ("F2",))]

    def test_without_a_sales_representative_nothing_waits(self) -> None:
        file = walk(file_of(case("F1", DUE, "100"), sales_rep=""), "2026-03-02", "2026-03-26")
        assert [n.on for n in file.notices.values() if n.sender == "director"] == [date(2026, 3, 26)]


class TestInsolvency:
    @pytest.mark.parametrize(
        ("published", "creditor", "debtor", "last"),
        [
            ("2026-01-15", "FR", "FR", "2026-03-15"),  # a Sunday: that it moves on is not counted on
            ("2025-12-31", "FR", "FR", "2026-02-28"),
            ("2023-12-31", "FR", "FR", "2024-02-29"),
            ("2026-07-31", "FR", "FR", "2026-09-30"),
            ("2026-11-10", "FR", "FR", "2027-01-10"),
            ("2026-01-15", "BE", "FR", "2026-05-15"),
            ("2026-01-15", "FR", "BE", None),
        ],
    )
    def test_two_months_from_the_publication_and_four_from_abroad(
        self, published: str, creditor: str, debtor: str, last: str | None
    ) -> None:
        found = declaration_ends_on(date.fromisoformat(published), creditor, debtor)
        assert found == (date.fromisoformat(last) if last else None)

    def announced(self) -> DebtorFile:
        on = date(2026, 3, 2)
        told = Task(id="i", kind=TaskKind.INSOLVENCY, raised_on=on, due_on=on, reason="announced", numbers=("F1",))
        return after(file_of(case("F1", "2026-02-10")), e.TaskRaised(task=told))

    def confirmed(self) -> DebtorFile:
        file = self.announced()
        return said(
            file, file.tasks["i"], "confirmed", "2026-03-02", on=date(2026, 2, 20), since=date(2026, 2, 12)
        )

    def test_the_judgment_and_its_publication_are_on_record_and_the_last_day_is_counted(self) -> None:
        file = self.confirmed()
        assert (file.insolvent_since_on, file.insolvency_published_on) == (date(2026, 2, 12), date(2026, 2, 20))
        task = only(file, TaskKind.DECLARE_CLAIM)
        assert (task.deadline_on, task.due_on) == (date(2026, 4, 20), date(2026, 3, 21))
        assert "2026-04-20 at the latest (49 days left" in task.reason
        assert {h.hold for h in look(file, "2026-03-02").held} == {Hold.INSOLVENT}

    @pytest.mark.parametrize(
        ("day", "urgency"),
        [("2026-04-05", 0), ("2026-04-06", 1), ("2026-04-07", 1), ("2026-04-12", 1), ("2026-04-13", 2),
         ("2026-04-17", 2), ("2026-04-18", 3), ("2026-04-20", 3), ("2026-04-21", 4)],
    )  # fmt: skip
    def test_it_grows_urgent_fourteen_seven_and_two_days_before_and_when_it_is_past(
        self, day: str, urgency: int
    ) -> None:
        task = only(walk(self.confirmed(), "2026-03-30", day), TaskKind.DECLARE_CLAIM)
        assert (task.urgency, task.assignee == HUGO) == (urgency, urgency >= 3)

    def test_each_of_these_days_is_on_the_agenda(self) -> None:
        file, woken = self.confirmed(), []
        for day in ("2026-03-02", "2026-04-06", "2026-04-13", "2026-04-18", "2026-04-21"):
            file = perform(file, day)
            wake = look(file, day).next_action_at
            woken.append(wake and (wake + timedelta(hours=3)).date())
        assert woken == [date(2026, 4, 6), date(2026, 4, 13), date(2026, 4, 18), date(2026, 4, 21), None]

    def test_past_the_last_day_it_tells_of_the_relief(self) -> None:
        task = only(walk(self.confirmed(), "2026-04-15", "2026-04-21"), TaskKind.DECLARE_CLAIM)
        assert "ask the judge for relief by 2026-08-20" in task.reason

    def test_declared_it_is_closed_with_its_reference(self) -> None:
        file = self.confirmed()
        file = said(
            file, only(file, TaskKind.DECLARE_CLAIM), "declared", "2026-03-20", on=date(2026, 3, 19), note="n° 12/2026"
        )
        assert (file.declared_on, kinds(file)) == (date(2026, 3, 19), [])

    def test_where_nobody_knows_the_publication_yet_a_person_finds_it_and_the_days_are_counted_then(self) -> None:
        file = self.announced()
        file = said(file, file.tasks["i"], "confirmed", "2026-03-02")
        task = only(file, TaskKind.DECLARE_CLAIM)
        assert (task.deadline_on, task.due_on) == (None, date(2026, 3, 3))
        file = said(file, task, "published", "2026-03-05", on=date(2026, 3, 4))
        assert only(file, TaskKind.DECLARE_CLAIM).deadline_on == date(2026, 5, 4)

    def test_a_mistake_is_taken_back_and_chasing_goes_on(self) -> None:
        file = self.confirmed()
        file = said(file, only(file, TaskKind.DECLARE_CLAIM), "not_so", "2026-03-03", note="another Morel")
        assert (file.insolvent_since_on, file.insolvency_published_on, kinds(file)) == (None, None, [])
        assert Hold.INSOLVENT not in {h.hold for h in look(file, "2026-03-03").held}
        assert "first_reminder" in [n.step for n in walk(file, "2026-03-04", "2026-03-06").notices.values()]

    @pytest.mark.parametrize(("on", "taken"), [("2026-03-01", True), ("2026-03-02", True), ("2026-03-03", False)])
    def test_nothing_is_published_on_a_day_to_come(self, on: str, taken: bool) -> None:
        file = self.announced()
        if taken:
            assert said(file, file.tasks["i"], "confirmed", "2026-03-02", on=date.fromisoformat(on)).insolvent_since_on
        else:
            with pytest.raises(BadInput, match="has not come yet"):
                said(file, file.tasks["i"], "confirmed", "2026-03-02", on=date.fromisoformat(on))


class TestTimeBar:
    """Due on 10 March 2026 between French companies: five years, and ninety days before is 10 December 2030."""

    def at(self, file: DebtorFile, day: str) -> DebtorFile:
        of: Office = replace(office(paris(day)), rules=law_rules())
        for proposal in propose(file, of, at=paris(day)).proposals:
            file = after(file, *(event for event, _ in proposal.events), at=paris(day))
        return file

    def quiet(self, kind: DebtorKind = DebtorKind.BUSINESS) -> DebtorFile:
        block = Block(id="b", kind=BlockKind.MANUAL, reason="x", placed_on=date(2026, 3, 1), until=date(2040, 1, 1))
        return after(file_of(case("F1", DUE), kind=kind), e.BlockPlaced(block=block))

    @pytest.mark.parametrize(("day", "warned"), [("2030-12-09", False), ("2030-12-10", True), ("2030-12-11", True)])
    def test_a_person_is_warned_ninety_days_before(self, day: str, warned: bool) -> None:
        file = self.at(self.quiet(), day)
        assert (TaskKind.TIME_BAR in kinds(file)) is warned
        assert not warned or only(file, TaskKind.TIME_BAR).deadline_on == date(2031, 3, 10)

    @pytest.mark.parametrize(("day", "warned"), [("2027-12-10", False), ("2027-12-11", True), ("2027-12-12", True)])
    def test_against_a_consumer_it_is_two_years(self, day: str, warned: bool) -> None:
        assert (TaskKind.TIME_BAR in kinds(self.at(self.quiet(DebtorKind.CONSUMER), day))) is warned

    def test_once_for_a_case(self) -> None:
        file = self.at(self.quiet(), "2030-12-10")
        file = said(file, only(file, TaskKind.TIME_BAR), "done", "2030-12-10")
        assert TaskKind.TIME_BAR not in kinds(self.at(file, "2031-02-01"))

    def test_the_day_is_on_the_agenda(self) -> None:
        of = replace(office(paris("2030-12-01")), rules=law_rules())
        file = self.at(self.quiet(), "2030-12-01")
        assert propose(file, of, at=paris("2030-12-01")).next_action_at == paris("2030-12-10", "00:00")


@given(
    day=st.integers(0, 160),
    hour=st.integers(0, 23),
    with_plan=st.booleans(),
    disputed=st.booleans(),
    blocked=st.booleans(),
    insolvent=st.booleans(),
    large=st.booleans(),
)
# A holiday, and a formal notice to be asked for on the next business day: asking waits for no office hours.
@example(day=67, hour=12, with_plan=True, disputed=False, blocked=False, insolvent=False, large=False)
def test_nothing_that_is_agreed_can_change_before_the_instant_on_the_agenda(
    day: int, hour: int, with_plan: bool, disputed: bool, blocked: bool, insolvent: bool, large: bool
) -> None:
    on = date(2026, 3, 2)
    file = file_of(case("F1", "2026-02-10", "9000" if large else "900"), case("F2", "2026-02-24", "400"))
    told = [Task(id="i", kind=TaskKind.INSOLVENCY, raised_on=on, due_on=on, reason="", numbers=("F1",))]
    told += [Task(id="n", kind=TaskKind.NEGOTIATE_PLAN, raised_on=on, due_on=on, reason="", numbers=("F1",))]
    file = after(file, *(e.TaskRaised(task=t) for t in told))
    if with_plan:
        file = said(file, file.tasks["n"], "agreed", "2026-03-02")
    if disputed:
        contested = Dispute(id="d", numbers=("F2",), reason="price", opened_on=on)
        file = after(file, e.DisputeOpened(dispute=contested))
    if blocked:
        block = Block(id="b", kind=BlockKind.MANUAL, reason="x", placed_on=on, until=None, numbers=("F2",))
        file = after(file, e.BlockPlaced(block=block))
    if insolvent:
        file = said(file, file.tasks["i"], "confirmed", "2026-03-02", on=date(2026, 2, 20))
    of = replace(office(paris(on)), rules=law_rules())
    for n in range(0, day, 7):
        file = perform(file, on + timedelta(days=n))
    at = paris(on + timedelta(days=day), f"{hour:02}:00")
    for _ in range(3):
        file = performed(file, propose(file, replace(of, health=office(at).health), at=at).proposals, at)
    wake = propose(file, replace(of, health=office(at).health), at=at).next_action_at
    assert wake is None or wake > at
    for hours in (1, 5, 13, 24, 60, 170):
        soon = at + timedelta(hours=hours)
        if wake is None or soon < wake:
            found = propose(file, replace(of, health=office(soon).health), at=soon)
            assert found.proposals == (), (at, soon, wake)
