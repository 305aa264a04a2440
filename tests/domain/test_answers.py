"""What an answer does to the file, kind by kind; and that what nobody vouches for does next to nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import events as e
from chalicelib.domain.answers import Answer, respond
from chalicelib.domain.debtor_file import (
    BlockKind,
    DebtorFile,
    Notice,
    NoticeState,
    TaskKind,
)
from chalicelib.domain.propose import Action, propose
from tests.sample import after, case, eur, file_of, office, paris

AT = paris("2026-03-16")
TODAY = date(2026, 3, 16)
SENT = Notice(
    id="n1", step="first_reminder", takes=(("F1", "first_reminder"), ("F2", "first_reminder")), on=date(2026, 3, 12),
    language="fr", currency="EUR", contact="payer", to="paul@garage-morel.example", token="t" * 26,
)  # fmt: skip


def written_to() -> DebtorFile:
    """A debtor with three invoices, two of which we wrote about; the third is not due yet."""
    file = file_of(case("F1", "2026-03-10"), case("F2", "2026-03-10"), case("F3", "2026-04-30"))
    return after(file, e.NoticeClaimed(notice=SENT), e.NoticeSent(notice_id="n1", message_id="<1@p>", at=AT))


def answered(file: DebtorFile, **facts: Any) -> DebtorFile:
    said: dict[str, Any] = {
        "mail": "m1", "kind": "reply", "decision": "apply", "reason": "clear", "trusted": True,
        "sender": "paul@garage-morel.example", "notice_id": "n1",
    }  # fmt: skip
    answer = Answer(**{**said, **facts})
    happened = respond(file, answer, office(AT), at=AT)
    return after(file, *(event for event, _ in happened), at=AT)


def kinds(file: DebtorFile) -> list[TaskKind]:
    return sorted(t.kind for t in file.open_tasks())


def reminded(file: DebtorFile, day: str) -> set[str]:
    at = paris(day)
    return {n for p in propose(file, office(at), at=at).proposals if p.action is Action.EMAIL for n in p.numbers}


class TestPromise:
    def test_it_holds_what_we_wrote_about_until_its_grace(self) -> None:
        file = answered(written_to(), intents=("promise_to_pay",), promise_on=date(2026, 3, 20))
        (promise,) = file.promises.values()
        assert (promise.numbers, promise.pay_on, promise.grace_on) == (
            ("F1", "F2"), date(2026, 3, 20), date(2026, 3, 24),
        )  # fmt: skip

    def test_it_holds_only_the_invoices_that_it_names(self) -> None:
        file = answered(written_to(), intents=("promise_to_pay",), numbers=("F2",), promise_on=date(2026, 3, 20))
        assert [p.numbers for p in file.promises.values()] == [("F2",)]
        # The answer itself pauses the debtor for some days; then the other invoice goes on.
        assert reminded(file, "2026-03-20") == set()
        assert reminded(file, "2026-03-24") == set()
        file = after(file, e.TaskRaised(task=_call(file)), at=AT)
        assert reminded(file, "2026-03-23") == {"F1"}

    @pytest.mark.parametrize(
        ("day", "promised"),
        [(date(2026, 3, 15), False), (date(2026, 3, 16), True), (date(2026, 5, 15), True), (date(2026, 5, 16), False)],
    )
    def test_a_day_that_is_past_or_too_far_off_is_negotiated_and_not_believed(self, day: date, promised: bool) -> None:
        file = answered(written_to(), intents=("promise_to_pay",), promise_on=day)
        assert bool(file.promises) is promised
        assert kinds(file) == ([] if promised else [TaskKind.NEGOTIATE_PLAN])

    def test_a_vague_promise_that_a_person_is_to_look_at_asks_for_amount_date_and_means(self) -> None:
        file = answered(written_to(), decision="review", reason="no date", intents=("promise_to_pay",))
        assert kinds(file) == [TaskKind.ASK_PROMISE]

    def test_a_vague_promise_is_not_accepted_as_one(self) -> None:
        file = answered(written_to(), intents=("promise_to_pay",))
        assert (file.promises, [o.template for o in file.open_orders()]) == ({}, ["ask_promise"])

    def test_two_days_are_two_promises_each_judged_on_its_own(self) -> None:
        days = (("F1", "promise_to_pay", date(2026, 3, 18)), ("F2", "promise_to_pay", date(2026, 3, 30)))
        file = answered(written_to(), intents=("promise_to_pay",), promise_on=date(2026, 3, 30), per_invoice=days)
        assert {(p.numbers, p.pay_on.day) for p in file.promises.values()} == {(("F1",), 18), (("F2",), 30)}
        assert "F2" not in reminded(file, "2026-03-25")

    def test_one_of_two_promises_without_a_day_takes_the_day_of_the_mail(self) -> None:
        facts = (("F1", "promise_to_pay", date(2026, 3, 18)), ("F2", "promise_to_pay", None))
        file = answered(written_to(), intents=("promise_to_pay",), promise_on=date(2026, 3, 20), per_invoice=facts)
        assert {(p.numbers, p.pay_on.day) for p in file.promises.values()} == {(("F1",), 18), (("F2",), 20)}

    def test_a_newer_promise_replaces_the_older(self) -> None:
        file = answered(written_to(), intents=("promise_to_pay",), promise_on=date(2026, 3, 20))
        file = answered(file, mail="m2", intents=("promise_to_pay",), promise_on=date(2026, 3, 27))
        assert sorted((p.pay_on.day, str(p.state)) for p in file.promises.values()) == [(20, "withdrawn"), (27, "open")]


def _call(file: DebtorFile) -> Any:
    """The call that the ladder makes between the two reminders."""
    from chalicelib.domain.debtor_file import Task

    takes = (("F1", "first_call", TODAY), ("F2", "first_call", TODAY))
    return Task(id="c", kind=TaskKind.CALL, raised_on=TODAY, due_on=TODAY, reason="", numbers=("F1", "F2"), takes=takes)


@pytest.mark.parametrize(
    ("facts", "called"),
    [
        ({"intents": ("promise_to_pay",), "promise_on": date(2026, 3, 20)}, False),
        ({"intents": ("promise_to_pay",), "promise_on": date(2026, 3, 20), "numbers": ("F1",)}, True),
        ({"intents": ("promise_to_pay",)}, True),
        ({"intents": ("remittance",)}, False),
        ({"intents": ("dispute",), "dispute_reason": "price"}, False),
        (
            {
                "intents": ("promise_to_pay", "dispute"), "promise_on": date(2026, 3, 20), "numbers": ("F1", "F2"),
                "per_invoice": (("F1", "promise_to_pay", date(2026, 3, 20)), ("F2", "dispute", None)),
            },
            False,
        ),
        ({"intents": ("document_request",)}, True),
    ],
)  # fmt: skip
def test_nobody_is_called_about_what_was_answered_in_writing(facts: dict[str, Any], called: bool) -> None:
    file = after(written_to(), e.TaskRaised(task=_call(written_to())), at=AT)
    assert (TaskKind.CALL in kinds(answered(file, **facts))) is called


def test_a_remittance_notice_is_a_claim_that_waits_for_the_bank() -> None:
    file = answered(
        written_to(), intents=("remittance",), numbers=("F1",), paid_on=TODAY, paid_amount=eur("1200"), reference="V-9"
    )
    (claim,) = file.claims.values()
    assert (claim.numbers, claim.hold_on, claim.amount) == (("F1",), date(2026, 3, 23), eur("1200"))
    assert file.cases["F1"].balance == eur("1200"), "nothing is paid before the bank says so"


def test_a_dispute_takes_its_invoice_out_and_gives_the_sales_representative_a_task() -> None:
    file = answered(written_to(), intents=("dispute",), numbers=("F2",), dispute_reason="price")
    assert [d.numbers for d in file.disputes.values()] == [("F2",)]
    assert [(t.kind, t.assignee) for t in file.open_tasks()] == [
        (TaskKind.ANSWER_DISPUTE, "lea.dumas@verre-clair.example")
    ]


def test_an_answer_invoice_by_invoice_does_to_each_what_it_says_of_it() -> None:
    file = answered(
        written_to(), intents=("remittance", "dispute"), numbers=("F1", "F2"), dispute_reason="quality",
        per_invoice=(("F1", "remittance", None), ("F2", "dispute", None)),
    )  # fmt: skip
    assert [c.numbers for c in file.claims.values()] == [("F1",)]
    assert [d.numbers for d in file.disputes.values()] == [("F2",)]


@pytest.mark.parametrize(
    ("intent", "task"),
    [
        ("payment_plan_request", TaskKind.NEGOTIATE_PLAN),
        ("document_request", TaskKind.SEND_DOCUMENT),
        ("contact_change", TaskKind.CONFIRM_CONTACT),
        ("complaint", TaskKind.COMPLAINT),
        ("insolvency", TaskKind.INSOLVENCY),
    ],
)
def test_what_only_a_person_can_do_becomes_its_task(intent: str, task: TaskKind) -> None:
    assert kinds(answered(written_to(), intents=(intent,))) == [task]


def test_a_new_address_in_a_mail_changes_no_contact_by_itself() -> None:
    before = written_to()
    file = answered(before, intents=("contact_change",), contacts=("evil@garage-morel.example",))
    assert file.contacts == before.contacts


@pytest.mark.parametrize("intent", ["insolvency", "complaint"])
def test_insolvency_and_complaints_stop_everything_until_a_person_lifts_it(intent: str) -> None:
    file = answered(written_to(), intents=(intent,), decision="review")
    assert None in {b.until for b in file.blocks.values()}
    assert reminded(file, "2026-09-15") == set()


@pytest.mark.parametrize("decision", ["apply", "review"])
@pytest.mark.parametrize("intents", [(), ("promise_to_pay",), ("remittance",), ("dispute",)])
def test_any_answer_of_a_person_pauses_the_whole_debtor_with_an_end(intents: tuple[str, ...], decision: str) -> None:
    file = answered(written_to(), intents=intents, decision=decision, promise_on=date(2026, 3, 20))
    (pause,) = [b for b in file.blocks.values() if b.kind is BlockKind.ANSWERED]
    assert (pause.numbers, pause.until) == ((), date(2026, 3, 21))
    assert reminded(file, "2026-03-20") == set()


def test_an_unclear_answer_is_read_by_a_person() -> None:
    unclear = answered(written_to(), decision="review", intents=("promise_to_pay",), promise_on=date(2026, 3, 20))
    assert kinds(unclear) == [TaskKind.REVIEW_MAIL]
    assert kinds(answered(written_to(), intents=())) == [TaskKind.REVIEW_MAIL]


class TestUntrusted:
    """I4: unverified mail changes nothing but a task and one bounded pause."""

    @given(
        intents=st.lists(
            st.sampled_from([
                "promise_to_pay", "remittance", "dispute", "payment_plan_request", "document_request",
                "contact_change", "insolvency", "complaint",
            ]), unique=True,
        ),
        decision=st.sampled_from(["apply", "review"]),
        kind=st.sampled_from(["reply", "auto_reply", "receipt", "unrelated", "challenge", "bounce"]),
    )  # fmt: skip
    def test_whatever_it_says_it_opens_a_task_and_pauses_once(
        self, intents: list[str], decision: str, kind: str
    ) -> None:
        before = written_to()
        file = answered(
            before, trusted=False, intents=tuple(intents), decision=decision, kind=kind,
            promise_on=date(2026, 3, 20), return_on=date(2026, 3, 27), contacts=("a@garage-morel.example",),
        )  # fmt: skip
        again = answered(file, mail="m2", trusted=False, intents=tuple(intents), decision=decision, kind=kind)
        pauses = list(again.blocks.values())
        assert len(pauses) <= 1
        assert all(b.until == TODAY + timedelta(days=3) for b in pauses)
        untouched = replace(
            again, tasks=before.tasks, blocks=before.blocks, entries=before.entries, paused_unverified_on=None
        )
        assert untouched == before


class TestMachines:
    def test_an_absence_moves_the_next_mail_and_is_no_answer(self) -> None:
        file = answered(written_to(), kind="auto_reply", return_on=date(2026, 3, 27))
        assert file.contacts["payer"].away_until == date(2026, 3, 27)
        assert (file.blocks, kinds(file)) == ({}, [])

    def test_an_absence_cannot_silence_us_for_longer_than_a_month(self) -> None:
        file = answered(written_to(), kind="auto_reply", return_on=date(2028, 1, 1))
        assert file.contacts["payer"].away_until == TODAY + timedelta(days=30)

    @pytest.mark.parametrize(
        ("deputy", "taken"), [("zoe@garage-morel.example", "zoe@garage-morel.example"), ("zoe@elsewhere.example", "")]
    )
    def test_a_deputy_is_written_to_only_in_the_same_house(self, deputy: str, taken: str) -> None:
        file = answered(written_to(), kind="auto_reply", return_on=date(2026, 3, 27), contacts=(deputy,))
        assert file.contacts["payer"].deputy == taken

    def test_a_deputy_whom_the_reader_doubts_is_not_written_to(self) -> None:
        facts: dict[str, Any] = {"return_on": date(2026, 3, 27), "contacts": ("zoe@garage-morel.example",)}
        file = answered(written_to(), kind="auto_reply", decision="review", **facts)
        assert (file.contacts["payer"].deputy, file.contacts["payer"].away_until) == ("", date(2026, 3, 27))

    def test_a_bounce_kills_the_address_undoes_the_step_and_asks_a_person(self) -> None:
        file = answered(written_to(), kind="bounce", bounced="paul@garage-morel.example", bounced_for_good=True)
        assert file.contacts["payer"].dead_since_on == TODAY
        assert file.notices["n1"].state is NoticeState.BOUNCED
        assert file.progress() == {}
        assert kinds(file) == [TaskKind.DEAD_ADDRESS]

    @pytest.mark.parametrize(
        "facts",
        [
            {"bounced_for_good": False, "bounced": "paul@garage-morel.example"},
            {"bounced_for_good": True, "bounced": "somebody@else.example"},
            {"bounced_for_good": True, "bounced": "paul@garage-morel.example", "notice_id": "another"},
        ],
        ids=["only delayed", "not an address of ours", "not of a notice of ours"],
    )
    def test_other_bounces_are_only_on_record(self, facts: dict[str, Any]) -> None:
        before = written_to()
        file = answered(before, kind="bounce", **facts)
        assert replace(file, entries=before.entries) == before

    def test_a_report_that_cannot_be_proven_to_answer_our_mail_kills_no_address(self) -> None:
        before = written_to()
        file = answered(before, kind="bounce", bounced="paul@garage-morel.example", bounced_for_good=True, notice_id="")
        assert kinds(file) == [TaskKind.REVIEW_MAIL]
        assert replace(file, entries=before.entries, tasks=before.tasks) == before

    @pytest.mark.parametrize(("days", "believed"), [(14, True), (15, False)])
    def test_a_bounce_is_believed_for_a_fortnight_only(self, days: int, believed: bool) -> None:
        file = written_to()
        old = replace(SENT, on=TODAY - timedelta(days=days), state=NoticeState.SENT)
        file = replace(file, notices={"n1": old})
        file = answered(file, kind="bounce", bounced="paul@garage-morel.example", bounced_for_good=True)
        assert bool(file.open_tasks()) is believed

    @pytest.mark.parametrize("kind", ["receipt", "unrelated"])
    def test_receipts_and_advertising_change_nothing(self, kind: str) -> None:
        before = written_to()
        assert replace(answered(before, kind=kind), entries=before.entries) == before

    def test_a_challenge_needs_a_person_to_click(self) -> None:
        assert kinds(answered(written_to(), kind="challenge")) == [TaskKind.REVIEW_MAIL]


def test_two_statements_of_a_mail_that_ask_for_the_same_work_are_one_task_about_both() -> None:
    far = TODAY + timedelta(days=90)
    file = answered(
        written_to(), intents=("promise_to_pay", "payment_plan_request"),
        per_invoice=(("F1", "promise_to_pay", far), ("F2", "payment_plan_request", None)),
    )  # fmt: skip
    (task,) = [t for t in file.open_tasks() if t.kind is TaskKind.NEGOTIATE_PLAN]
    assert (set(task.numbers), task.at_stake) == ({"F1", "F2"}, eur("2400.00"))
    assert "far off" in task.reason
    assert "instalments" in task.reason
