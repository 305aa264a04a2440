"""The day's count and the week's mail: once, whatever is cut off, raced, refused or killed."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage

import pytest

from chalicelib.adapters.memory_numbers import FakeNumbersStore
from chalicelib.adapters.rendering_review import TemplateReviewWriter
from chalicelib.bootstrap import TEMPLATES
from chalicelib.domain import numbers as n
from chalicelib.domain.calendar import local_day
from chalicelib.domain.creditor import Creditor, WeeklyReview
from chalicelib.domain.debtor_file import DESK, TaskKind
from chalicelib.errors import OutcomeUnknown, PermanentError, Refused, Throttled
from chalicelib.pipeline.count_numbers import count_now, count_numbers
from chalicelib.pipeline.hold_sending import hold_sending, resume_sending
from chalicelib.pipeline.remind import sent_key
from chalicelib.pipeline.settle_notices import settle
from chalicelib.pipeline.weekly_review import last_due_on, look_back, week_of
from chalicelib.ports import ReviewState
from tests.pipeline.desk import Program
from tests.sample import CREDITOR, case, eur, file_of, paris

MONDAY = date(2026, 11, 23)
WANTED = WeeklyReview(to=("finance@verre-clair.example", "direction@verre-clair.example"))
BEFORE, DUE = paris(MONDAY, "07:29"), paris(MONDAY, "07:30")
WEEK = "2026-W48"


class PlainReviewWriter:
    """Writes the sum that is owed; `broken` writes nothing."""

    def __init__(self) -> None:
        self.broken = False
        self.charts: list[bytes] = []

    def write(self, numbers: n.Numbers, creditor: Creditor, chart: bytes, *, at: datetime) -> bytes:
        if self.broken:
            raise PermanentError("templates/review/review.html.j2: no such macro")
        self.charts.append(chart)
        return f"Subject: {numbers.owed('EUR')}\r\n\r\n".encode()


class Room:
    """A program with some debtors, its numbers and its writer."""

    def __init__(self, wanted: WeeklyReview | None = WANTED, debtors: int = 7) -> None:
        self.program = Program(BEFORE)
        self.program.offices.set_creditor(replace(CREDITOR, weekly_review=wanted))
        self.numbers, self.writer = FakeNumbersStore(), PlainReviewWriter()
        for i in range(debtors):
            file = file_of(case("A", "2026-11-10", "100.00"), id=f"D{i}", name=f"Debtor {i}")
            self.program.put(file, BEFORE)

    def run(self, at: datetime) -> str:
        return look_back(self.program.parts, self.numbers, self.writer, at=at).review

    @property
    def sent(self) -> list[tuple[str, Mapping[str, str]]]:
        return self.program.outbox.sent

    def tasks(self) -> list[str]:
        file = self.program.store.load(DESK)
        return [t.reason for t in file.open_tasks() if t.kind is TaskKind.WEEKLY_REVIEW] if file else []


# --- counting


def test_a_count_that_is_cut_off_goes_on_where_it_stopped_and_counts_nobody_twice() -> None:
    room = Room()
    parts, store = room.program.parts, room.numbers
    assert not count_numbers(parts, store, on=MONDAY, most=3, page=2).done
    half = store.counting(MONDAY)
    assert half is not None
    assert (half.after, half.numbers.debtors) == ("D2", 3)
    assert store.latest() is None, "half a count is no number"
    done = count_numbers(parts, store, on=MONDAY, page=2)
    assert (done.debtors, done.done) == (4, True)
    assert store.latest() == count_now(parts, on=MONDAY)
    latest = store.latest()
    assert latest is not None
    assert (latest.debtors, latest.owed("EUR")) == (7, eur("700.00"))


def test_a_finished_day_is_counted_no_more_and_gives_the_same_numbers() -> None:
    room = Room()
    count_numbers(room.program.parts, room.numbers, on=MONDAY)
    first = room.numbers.latest()
    room.program.put(file_of(case("Z", "2026-11-10"), id="late"), DUE)
    again = count_numbers(room.program.parts, room.numbers, on=MONDAY)
    assert (again.debtors, again.done) == (0, True)
    assert room.numbers.latest() == first


def test_of_two_counts_at_once_the_slower_one_stops_and_nobody_is_counted_twice() -> None:
    room = Room()
    parts, store = room.program.parts, room.numbers
    store.meanwhile(lambda: count_numbers(parts, store, on=MONDAY, most=4, page=2))
    slow = count_numbers(parts, store, on=MONDAY, page=2)
    assert not slow.done
    count_numbers(parts, store, on=MONDAY)
    assert store.latest() == count_now(parts, on=MONDAY)


# --- the mail


def test_the_review_leaves_at_its_hour_once_a_week_to_all_who_want_it() -> None:
    room = Room()
    assert room.run(BEFORE) == "sent", "last week's, which nobody had sent: a late review beats none"
    assert room.run(DUE) == "sent"
    for at in (DUE, DUE + timedelta(minutes=15), DUE + timedelta(days=6, hours=12)):
        assert room.run(at) == "sent"
    assert [tags["notice"] for _, tags in room.sent] == ["weekly-review-2026-W47", "weekly-review-2026-W48"]
    assert room.program.archive.get(sent_key(DESK, "weekly-review-2026-W48")) == b"Subject: 700.00 EUR\r\n\r\n"
    assert room.run(DUE + timedelta(days=7)) == "sent"
    assert len(room.sent) == 3
    assert room.tasks() == []


def test_nobody_is_mailed_where_nobody_wants_it_and_the_numbers_are_counted_all_the_same() -> None:
    room = Room(wanted=None)
    assert room.run(DUE) == ""
    assert room.sent == []
    assert room.numbers.latest() is not None


def test_two_runs_of_one_instant_send_one_mail() -> None:
    room = Room()
    count_numbers(room.program.parts, room.numbers, on=MONDAY)
    room.numbers.meanwhile(lambda: room.run(DUE))
    assert room.run(DUE) == "lost_race"
    assert len(room.sent) == 1


def test_a_run_killed_before_it_could_say_what_became_of_the_mail_is_never_repeated() -> None:
    room = Room()

    class Killed(BaseException):
        pass

    def dies(raw: bytes, *, sender: str, recipients: Sequence[str], tags: Mapping[str, str]) -> str:
        room.sent.append((recipients[0], dict(tags)))  # it was accepted
        raise Killed

    sends, room.program.outbox.send = room.program.outbox.send, dies  # type: ignore[method-assign]
    with pytest.raises(Killed):
        room.run(DUE)
    room.program.outbox.send = sends  # type: ignore[method-assign]
    assert room.run(DUE + timedelta(minutes=15)) == "claimed", "it may still be under way"
    assert room.run(DUE + timedelta(minutes=15, seconds=1)) == "unknown"
    assert room.run(DUE + timedelta(days=1)) == "unknown"
    assert len(room.sent) == 1
    assert room.tasks() == ["the review of 2026-W48 was about to leave, and nobody knows whether it did"]


def test_killed_between_the_task_and_the_record_the_next_run_ends_it_with_one_task() -> None:
    room = Room()
    count_numbers(room.program.parts, room.numbers, on=MONDAY)
    room.program.outbox.script = [OutcomeUnknown("the connection broke")]
    kept = room.numbers.settle
    calls = iter([kept, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)])
    room.numbers.settle = lambda b, a: next(calls)(b, a)  # type: ignore[method-assign,operator,no-any-return]
    with pytest.raises(KeyboardInterrupt):
        room.run(DUE)
    room.numbers.settle = kept  # type: ignore[method-assign]
    assert room.run(DUE + timedelta(minutes=30)) == "unknown"
    assert len(room.tasks()) == 1


def test_what_the_provider_did_not_take_is_tried_again_and_told_when_it_is_late() -> None:
    room = Room()
    room.program.outbox.script = [Throttled("quota")] * 3
    assert room.run(DUE) == "deferred"
    assert room.run(DUE + timedelta(minutes=15)) == "deferred"
    assert room.tasks() == []
    assert room.run(DUE + timedelta(hours=4, minutes=15)) == "deferred"
    assert room.tasks() == ["the review of 2026-W48 has not left yet: nothing left: quota"]
    assert room.run(DUE + timedelta(hours=4, minutes=30)) == "sent"
    assert len(room.sent) == 1
    assert room.tasks() == [], "it has left after all"
    mailing = room.numbers.mailing(WEEK)
    assert mailing is not None
    assert (mailing.state, mailing.attempts) == (ReviewState.SENT, 4)


@pytest.mark.parametrize("error", [Refused("no such identity"), PermanentError("the archive is closed")])
def test_what_is_refused_is_told_and_not_tried_again(error: Exception) -> None:
    room = Room()
    room.program.outbox.script = [error]
    assert room.run(DUE) == room.run(DUE + timedelta(minutes=15)) == "failed"
    (reason,) = room.tasks()
    assert str(error) in reason


def test_what_cannot_be_written_is_told() -> None:
    room = Room()
    room.writer.broken = True
    assert room.run(DUE) == "failed"
    assert room.sent == []
    (reason,) = room.tasks()
    assert "no such macro" in reason


def test_without_its_chart_the_mail_leaves_all_the_same() -> None:
    room = Room()

    def broken(template: str, language: str, facts: Mapping[str, object]) -> bytes:
        raise PermanentError("no printer")

    room.program.printer.picture = broken  # type: ignore[method-assign]
    assert room.run(DUE) == "sent"
    assert room.writer.charts == [b""]


def test_a_count_that_does_not_end_keeps_the_mail_back_and_is_told() -> None:
    room = Room()

    def unreadable(debtor_id: str, *, whole: bool = False) -> None:
        raise Throttled("DynamoDB is throttled")

    load, room.program.store.load = room.program.store.load, unreadable  # type: ignore[method-assign,assignment]
    with pytest.raises(Throttled):
        room.run(DUE)
    room.program.store.load = load  # type: ignore[method-assign]
    assert room.sent == []
    assert room.run(DUE + timedelta(minutes=15)) == "sent"


@pytest.mark.parametrize(
    ("at", "due_on"),
    [
        (paris("2026-11-23", "07:29"), "2026-11-16"),
        (paris("2026-11-23", "07:30"), "2026-11-23"),
        (paris("2026-11-23", "07:31"), "2026-11-23"),
        (paris("2026-11-29", "23:59"), "2026-11-23"),
        (paris("2026-11-30", "07:29"), "2026-11-23"),
        # Through the changes of the clock the hour is that of the wall.
        (paris("2026-03-30", "07:29"), "2026-03-23"),
        (paris("2026-03-30", "07:30"), "2026-03-30"),
        (paris("2026-10-26", "07:30"), "2026-10-26"),
    ],
)
def test_the_hour_of_the_review_is_that_of_the_creditors_wall(at: datetime, due_on: str) -> None:
    assert last_due_on(WANTED, local_day(at, "Europe/Paris"), at, "Europe/Paris").isoformat() == due_on


@pytest.mark.parametrize(
    ("on", "week"), [("2026-12-31", "2026-W53"), ("2027-01-03", "2026-W53"), ("2027-01-04", "2027-W01")]
)
def test_a_week_keeps_its_name_over_new_year(on: str, week: str) -> None:
    assert week_of(date.fromisoformat(on)) == week


# --- the real words of it


def written(program: Program, language: str, **creditor: object) -> EmailMessage:
    wanted = replace(WANTED, language=language, at=time(7, 30))
    numbers = count_now(program.parts, on=MONDAY)
    raw = TemplateReviewWriter(TEMPLATES).write(
        numbers, replace(CREDITOR, weekly_review=wanted, **creditor), b"\x89PNG chart", at=DUE
    )
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.parametrize(
    ("language", "owed", "heading"), [("fr", "1 234,50 €", "balance âgée"), ("en", "€1,234.50", "ageing")]
)
def test_both_parts_say_the_same_figures_in_the_creditors_language(language: str, owed: str, heading: str) -> None:
    program = Program(DUE)
    program.put(file_of(case("A", "2026-11-10", "1234.50"), name="Hôtel des Remparts"), DUE)
    mail = written(program, language)
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    for part in (text.get_content(), html.get_content()):
        said = part.replace("\xa0", " ")
        assert all(word in said for word in (owed, "Hôtel des Remparts", "+33 1 00 00 00 00"))
        assert heading in said.lower()
    assert mail["To"] == "finance@verre-clair.example, direction@verre-clair.example"
    assert mail["Content-Language"] == language
    assert mail["Auto-Submitted"] == "auto-generated"


def test_the_chart_is_in_the_mail_with_words_for_who_does_not_see_it() -> None:
    program = Program(DUE)
    program.put(file_of(case("A", "2026-11-10", "100.00")), DUE)
    mail = written(program, "fr")
    (image,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    html = mail.get_body(("html",))
    assert html is not None
    assert f"cid:{image['Content-ID'].strip('<>')}" in html.get_content()
    assert 'alt="Graphique de la balance âgée' in html.get_content()
    assert "http" not in html.get_content(), "nothing is fetched"


def test_a_hostile_name_is_text_in_the_html_and_one_line_in_the_subject() -> None:
    program = Program(DUE)
    program.put(file_of(case("A", "2026-11-10", "100.00"), name="<script>x</script>{{ 7*7 }}\r\nBcc: a@b.example"), DUE)
    mail = written(program, "en")
    html = mail.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    assert "&lt;script&gt;x&lt;/script&gt;{{ 7*7 }}" in html.get_content()
    assert mail["Bcc"] is None


def test_a_ledger_without_a_debt_gives_a_short_mail() -> None:
    mail = written(Program(DUE), "fr")
    text = mail.get_body(("plain",))
    assert text is not None
    assert "Rien n’est dû ce matin." in text.get_content()


@pytest.mark.parametrize("kind", ["Delivery", "Bounce", "Complaint", "Reject"])
def test_what_the_provider_reports_of_the_review_breaks_nothing(kind: str) -> None:
    room = Room()
    room.program.outbox.script = [OutcomeUnknown("the connection broke")]  # so that the desk has a file
    room.run(DUE)
    report = {
        "eventType": kind,
        "mail": {"messageId": "0102", "tags": {"debtor": [DESK], "notice": [f"weekly-review-{WEEK}"]}},
        kind.lower(): {
            "bounceType": "Permanent", "timestamp": "2026-11-23T06:31:00.000Z", "reason": "Bad content",
            "bouncedRecipients": [{"emailAddress": WANTED.to[0], "action": "failed", "status": "5.1.1"}],
            "complainedRecipients": [{"emailAddress": WANTED.to[0]}],
        },
    }  # fmt: skip
    assert settle(room.program.parts, report, at=DUE) == kind.lower()
    desk = room.program.file(DESK)
    assert set(desk.contacts) == set(desk.notices) == set()


def test_every_kind_of_task_has_its_french_words() -> None:
    labels = (TEMPLATES / "review" / "fr" / "labels.j2").read_text("utf-8")
    assert [kind.value for kind in TaskKind if f'"{kind.value}": "' not in labels] == []


@pytest.mark.parametrize(("hours", "told"), [(1, 0), (4, 0), (5, 1)])
def test_a_review_that_is_held_with_all_sending_is_told_of_after_some_hours(hours: int, told: int) -> None:
    room = Room()
    hold_sending(room.program.parts, reason="the ledger is wrong", at=BEFORE, who="hugo")
    for hour in range(hours + 1):
        assert room.run(DUE + timedelta(hours=hour)) == "held"
    assert (room.sent, len(room.tasks())) == ([], told)
    resume_sending(room.program.parts, at=DUE + timedelta(hours=hours), who="hugo")
    assert room.run(DUE + timedelta(hours=hours)) == "sent"
    assert room.tasks() == []
