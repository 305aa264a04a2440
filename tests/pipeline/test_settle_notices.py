"""What Amazon SES reports of a notice: twice, late, out of order, about others, and in the wrong shape."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import BlockKind, Contact, NoticeState, TaskKind
from chalicelib.errors import OutcomeUnknown, PermanentError, RetryableError
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.pipeline.remind import remind
from chalicelib.pipeline.settle_notices import settle
from tests.pipeline.desk import Program
from tests.pipeline.letters import PAUL, REMINDED, reminded
from tests.sample import CREDITOR, case, file_of, paris

AT = paris("2026-03-12", "10:02")


@pytest.fixture
def program() -> Program:
    program = Program(REMINDED)
    reminded(program)
    return program


def event(program: Program, kind: str, *, tags: bool = True, headers: bool = False, **about: Any) -> dict[str, Any]:
    """An event as Amazon SES publishes it for the debtor's one notice."""
    (notice,) = program.file().notices.values()
    mail: dict[str, Any] = {
        "timestamp": "2026-03-12T09:00:01.123Z", "source": CREDITOR.mailbox, "sendingAccountId": "123456789012",
        "messageId": "0102018f-example-000000", "destination": [notice.to],
    }  # fmt: skip
    if tags:
        mail["tags"] = {"ses:configuration-set": ["relance"], "debtor": ["C001"], "notice": [notice.id]}
    if headers:
        local, _, domain = CREDITOR.mailbox.partition("@")
        mail["headers"] = [{"name": "Subject", "value": "Rappel"},
                           {"name": "Reply-To", "value": f"Compta <{local}+{notice.token}@{domain}>"}]  # fmt: skip
    return {"eventType": kind, "mail": mail, kind[0].lower() + kind[1:]: about}


def bounced(program: Program, to: str = PAUL, kind: str = "Permanent", sub: str = "General", **one: str) -> Any:
    about: dict[str, Any] = {
        "bounceType": kind, "bounceSubType": sub, "timestamp": "2026-03-12T09:02:00.000Z", "feedbackId": "x",
        "bouncedRecipients": [{"emailAddress": to, **one}],
    }  # fmt: skip
    return event(program, "Bounce", **about)


DSN = {"action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}


def state(program: Program) -> NoticeState:
    (notice,) = program.file().notices.values()
    return notice.state


def kinds(program: Program) -> list[TaskKind]:
    return sorted(task.kind for task in program.file().open_tasks())


def entries(program: Program) -> int:
    return program.file().entries


def lose(program: Program) -> Program:
    """A program whose notice left, or did not."""
    program = Program(REMINDED)
    program.put(file_of(case("F1", "2026-03-10")), paris("2026-03-11"))
    program.outbox.script = [OutcomeUnknown("the answer was lost")]
    remind(program.parts, "C001", at=REMINDED)
    return program


def claimed() -> Program:
    """A program whose worker ended between the claim and the confirmation."""
    program = Program(REMINDED)
    program.put(file_of(case("F1", "2026-03-10")), paris("2026-03-11"))

    class Deadly:
        def send(self, *args: object, **kwargs: object) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remind(replace(program.parts, outbox=Deadly()), "C001", at=REMINDED)
    return program


class TestItLeft:
    @pytest.mark.parametrize("kind", ["Send", "Delivery", "DeliveryDelay"])
    def test_a_notice_whose_outcome_was_unknown_left_and_nobody_need_find_out(
        self, program: Program, kind: str
    ) -> None:
        program = lose(program)
        assert (state(program), kinds(program)) == (NoticeState.UNKNOWN, [TaskKind.UNKNOWN_DELIVERY])
        assert settle(program.parts, event(program, kind), at=AT) == kind.lower()
        assert (state(program), kinds(program)) == (NoticeState.SENT, [])

    @pytest.mark.parametrize("kind", ["Send", "Delivery"])
    def test_one_that_was_only_claimed_left(self, kind: str) -> None:
        program = claimed()
        settle(program.parts, event(program, kind), at=AT)
        assert state(program) is NoticeState.SENT
        remind(program.parts, "C001", at=paris("2026-03-12", "12:00"))
        assert kinds(program) == []

    def test_the_worker_that_confirms_later_still_notes_the_message_id(self, program: Program) -> None:
        program = Program(REMINDED)
        program.put(file_of(case("F1", "2026-03-10")), paris("2026-03-11"))
        outbox = program.outbox.send

        def reported_first(raw: bytes, **to: Any) -> str:
            settle(program.parts, event(program, "Send"), at=AT)
            return outbox(raw, **to)

        program.outbox.send = reported_first  # type: ignore[method-assign]
        remind(program.parts, "C001", at=REMINDED)
        (notice,) = program.file().notices.values()
        assert (notice.state, notice.message_id) == (NoticeState.SENT, "<1@provider.example>")

    @pytest.mark.parametrize("kind", ["Send", "Delivery", "DeliveryDelay", "Open", "Click", "Rendering Failure"])
    def test_of_a_notice_that_is_known_to_have_left_nothing_is_news(self, program: Program, kind: str) -> None:
        before = entries(program)
        settle(program.parts, event(program, kind), at=AT)
        assert (state(program), entries(program)) == (NoticeState.SENT, before)


class TestBounce:
    def test_a_permanent_bounce_ends_the_address_and_asks_for_another(self, program: Program) -> None:
        settle(program.parts, bounced(program, **DSN), at=AT)
        assert (state(program), kinds(program)) == (NoticeState.BOUNCED, [TaskKind.DEAD_ADDRESS])
        assert program.file().contacts["payer"].dead_since_on == AT.date()
        ((_, task),) = program.store.open_tasks()
        assert f"instead of {PAUL}" in task.reason
        assert "550 5.1.1 user unknown" in task.reason

    def test_twice_is_once(self, program: Program) -> None:
        report = bounced(program, **DSN)
        settle(program.parts, report, at=AT)
        before = entries(program)
        settle(program.parts, report, at=paris("2026-03-13"))
        assert (entries(program), kinds(program)) == (before, [TaskKind.DEAD_ADDRESS])

    def test_a_delivery_that_is_reported_after_the_bounce_changes_nothing(self, program: Program) -> None:
        settle(program.parts, bounced(program), at=AT)
        settle(program.parts, event(program, "Delivery"), at=AT)
        assert state(program) is NoticeState.BOUNCED

    def test_a_bounce_that_comes_before_the_confirmation_comes_again(self) -> None:
        program = claimed()
        with pytest.raises(RetryableError, match="before it is known to have left"):
            settle(program.parts, bounced(program), at=AT)
        settle(program.parts, event(program, "Send"), at=AT)
        settle(program.parts, bounced(program), at=AT)
        assert state(program) is NoticeState.BOUNCED

    def test_an_unknown_outcome_may_turn_out_to_be_a_bounce(self, program: Program) -> None:
        program = lose(program)
        settle(program.parts, bounced(program), at=AT)
        assert state(program) is NoticeState.BOUNCED
        assert TaskKind.DEAD_ADDRESS in kinds(program)

    def test_a_copy_that_bounces_ends_its_own_address_only(self, program: Program) -> None:
        boss = e.ContactSet(contact=Contact(id="boss", email="Boss@garage-morel.example"))
        keep(program.parts, office_of(program.parts), "C001", lambda _: [(boss, "x")], at=AT, who="x")
        settle(program.parts, bounced(program, to="boss@garage-morel.example"), at=AT)
        dead = {c.id for c in program.file().contacts.values() if c.dead_since_on}
        assert (state(program), dead, kinds(program)) == (NoticeState.SENT, {"boss"}, [TaskKind.DEAD_ADDRESS])

    def test_an_address_that_is_nobodys_any_more_ends_nothing(self, program: Program) -> None:
        settle(program.parts, bounced(program, to="old@garage-morel.example"), at=AT)
        assert (state(program), kinds(program)) == (NoticeState.SENT, [])

    def test_the_address_is_dead_too_where_the_invoices_were_paid_meanwhile(self, program: Program) -> None:
        report = bounced(program)
        closed = e.InvoiceWithdrawn(number="F1", on=AT.date())
        late = case("F2", "2026-06-30")
        keep(
            program.parts, office_of(program.parts), "C001",
            lambda _: [(closed, "x"), (e.InvoiceEntered(case=late), "x")], at=AT, who="x",
        )  # fmt: skip
        settle(program.parts, report, at=paris("2026-03-20"))
        assert program.file().contacts["payer"].dead_since_on is not None
        assert kinds(program) == [TaskKind.DEAD_ADDRESS]

    @pytest.mark.parametrize(
        ("kind", "sub", "one", "tasks"),
        [
            ("Transient", "MailboxFull", {}, [TaskKind.REFUSED_MAIL]),
            ("Transient", "MessageTooLarge", {}, [TaskKind.REFUSED_MAIL]),
            ("Transient", "ContentRejected", {}, [TaskKind.REFUSED_MAIL]),
            ("Transient", "General", {"action": "failed", "status": "4.4.7"}, [TaskKind.REFUSED_MAIL]),
            ("Undetermined", "Undetermined", {}, [TaskKind.REFUSED_MAIL]),
            ("Transient", "General", {}, []),  # an automatic answer
        ],
    )
    def test_what_did_not_arrive_for_now_is_a_task_and_no_dead_address(
        self, program: Program, kind: str, sub: str, one: dict[str, str], tasks: list[TaskKind]
    ) -> None:
        for _ in range(2):
            settle(program.parts, bounced(program, kind=kind, sub=sub, **one), at=AT)
        assert (state(program), kinds(program)) == (NoticeState.SENT, tasks)
        assert program.file().contacts["payer"].dead_since_on is None


class TestComplaint:
    @pytest.mark.parametrize("feedback", ["abuse", "fraud", "other", ""])
    def test_a_complaint_stops_all_mail_and_asks_for_an_answer_in_person(self, program: Program, feedback: str) -> None:
        report = event(
            program, "Complaint", complainedRecipients=[{"emailAddress": PAUL}], complaintFeedbackType=feedback
        )
        for _ in range(2):
            settle(program.parts, report, at=AT)
        assert [b.kind for b in program.file().blocks.values()] == [BlockKind.COMPLAINT]
        assert kinds(program) == [TaskKind.COMPLAINT]
        remind(program.parts, "C001", at=paris("2026-04-20"))
        assert len(program.outbox.sent) == 1

    def test_who_says_that_it_is_no_spam_does_not_complain(self, program: Program) -> None:
        settle(program.parts, event(program, "Complaint", complaintFeedbackType="not-spam"), at=AT)
        assert (program.file().blocks, kinds(program)) == ({}, [])

    def test_a_rejected_mail_was_not_sent(self, program: Program) -> None:
        settle(program.parts, event(program, "Reject", reason="Bad content"), at=AT)
        assert (state(program), kinds(program)) == (NoticeState.FAILED, [TaskKind.REFUSED_MAIL])


class TestWhose:
    def test_wrapped_by_sns_it_is_the_same(self, program: Program) -> None:
        wrapped = {"Type": "Notification", "MessageId": "x", "Message": json.dumps(bounced(program))}
        assert settle(program.parts, wrapped, at=AT) == "bounce"
        assert state(program) is NoticeState.BOUNCED

    def test_notifications_without_event_publishing_are_known_by_their_token(self, program: Program) -> None:
        report = event(program, "Bounce", tags=False, headers=True, **bounced(program)["bounce"])
        report["notificationType"] = report.pop("eventType")
        assert settle(program.parts, report, at=AT) == "bounce"
        assert state(program) is NoticeState.BOUNCED

    def test_a_debtor_whose_number_no_tag_can_hold_is_known_by_its_token(self) -> None:
        program = Program(REMINDED)
        program.put(file_of(case("F1", "2026-03-10"), id="C 001/É"), paris("2026-03-11"))
        remind(program.parts, "C 001/É", at=REMINDED)
        (notice,) = program.file("C 001/É").notices.values()
        report = {
            "eventType": "Bounce",
            "bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": PAUL}]},
            "mail": {
                "tags": {"debtor": ["C_001__"], "notice": ["n_1"]},
                "headers": [{"name": "Reply-To", "value": f"compta+{notice.token}@verre-clair.example"}],
            },
        }
        assert settle(program.parts, report, at=AT) == "bounce"
        (notice,) = program.file("C 001/É").notices.values()
        assert notice.state is NoticeState.BOUNCED

    @pytest.mark.parametrize(
        "tags",
        [None, {}, {"debtor": []}, {"debtor": ["C999"], "notice": ["n"]}, {"debtor": "C001"}, {"debtor": [1]}, []],
    )
    def test_of_nobody_we_know_it_changes_nothing(self, program: Program, tags: Any) -> None:
        report = bounced(program)
        report["mail"]["tags"] = tags
        before = entries(program)
        assert settle(program.parts, report, at=AT) == "unknown"
        assert entries(program) == before

    def test_of_a_notice_that_we_do_not_know_only_the_address_counts(self, program: Program) -> None:
        report = bounced(program)
        report["mail"]["tags"]["notice"] = ["another"]
        settle(program.parts, report, at=AT)
        assert state(program) is NoticeState.SENT
        assert kinds(program) == [TaskKind.DEAD_ADDRESS]

    def test_the_message_that_tries_out_a_topic_is_no_failure(self, program: Program) -> None:
        tried = {"Type": "Notification", "Message": "Successfully validated SNS topic for Amazon SES event publishing."}
        assert settle(program.parts, tried, at=AT) == "test"


class TestHostile:
    @pytest.mark.parametrize(
        "report",
        [
            {}, {"eventType": "Bounce"}, {"mail": {}}, {"eventType": 1, "mail": {}},
            {"eventType": "Bounce", "mail": []},
            {"Message": "{"}, {"Message": "[]"}, {"Message": None}, {"Message": "[" * 100_000}, {"Message": "null"},
        ],
        ids=lambda r: repr(r)[:30],
    )  # fmt: skip
    def test_what_is_no_event_is_told(self, program: Program, report: dict[str, Any]) -> None:
        with pytest.raises(PermanentError, match="event: "):
            settle(program.parts, report, at=AT)

    @settings(max_examples=150)
    @given(data=st.data())
    def test_wrong_types_anywhere_do_nothing_that_is_not_foreseen(self, data: st.DataObject) -> None:
        program = Program(REMINDED)
        reminded(program)
        kind = data.draw(st.sampled_from(["Bounce", "Complaint", "Delivery", "Reject", "Send"]))
        report = deepcopy(bounced(program, **DSN)) if kind == "Bounce" else event(program, kind, headers=True)
        for _ in range(data.draw(st.integers(1, 4))):
            _spoil(report, data)
        before = program.file()
        try:
            settle(program.parts, report, at=AT)
        except (PermanentError, RetryableError):
            assert program.file() == before
        assert program.file().cases == before.cases
        assert {c.email for c in program.file().contacts.values()} == {PAUL}


# Made anew each time: a list that is shared would be spoilt for the next example.
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.builds(list), st.builds(dict),
    st.builds(lambda: [None]), st.builds(lambda: [[]]),
)  # fmt: skip


def _spoil(node: Any, data: st.DataObject) -> None:
    """Replace one value somewhere in a JSON tree."""
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        child = node[key]
        if not isinstance(child, dict | list) or not child or data.draw(st.booleans()):
            node[key] = data.draw(JUNK)
            return
        node = child
