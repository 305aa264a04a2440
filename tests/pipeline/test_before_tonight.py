"""What the next run will send: the run's own decision and words, read without changing anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from chalicelib.adapters.rendering import TemplateWriter
from chalicelib.domain.debtor_file import Order
from chalicelib.pipeline.before_tonight import before_tonight, next_run_at, preview, preview_order
from chalicelib.pipeline.remind import remind
from tests.pipeline.desk import Program
from tests.sample import case, file_of, paris

AT = paris("2026-03-11", "19:30")
RUN = paris("2026-03-12", "07:00")


@pytest.fixture
def program() -> Program:
    program = Program(AT)
    program.parts = replace(program.parts, writer=TemplateWriter(program.archive))
    for n in range(3):
        file = file_of(case(f"F{n}", "2026-03-10"), id=f"C00{n}", name=f"Garage {n}")
        program.put(file, paris("2026-03-10"))
    program.put(file_of(case("N", "2026-06-30"), id="C-NOT-DUE"), AT)
    return program


@pytest.mark.parametrize(
    ("at", "run"),
    [
        (paris("2026-03-12", "06:59"), paris("2026-03-12", "07:00")),
        (paris("2026-03-12", "07:00"), paris("2026-03-12", "08:00")),
        (paris("2026-03-12", "17:59"), paris("2026-03-12", "18:00")),
        (paris("2026-03-12", "18:00"), paris("2026-03-13", "07:00")),
        (paris("2026-03-13", "18:30"), paris("2026-03-16", "07:00")),
        (paris("2026-03-28", "12:00"), paris("2026-03-30", "07:00")),  # the clocks go forward in between
    ],
)
def test_the_next_run_is_the_next_full_hour_of_a_weekday(at: datetime, run: datetime) -> None:
    assert next_run_at(at, "Europe/Paris") == run


def test_what_will_be_sent_is_what_the_run_then_sends(program: Program) -> None:
    at = paris("2026-03-12", "08:30")
    program.see(at)
    shown = before_tonight(program.parts, at=at)
    assert (shown.due, shown.looked_at, shown.next, shown.blind) == (3, 3, "", "")
    for sending in shown.sendings:
        assert sending.at == paris("2026-03-12", "09:00"), "mail leaves within the client's hours"
        remind(program.parts, sending.debtor_id, at=sending.at)
    assert len(shown.sendings) == 3
    assert [(s.to, s.debtor_id) for s in shown.sendings] == [(to, tags["debtor"]) for to, tags in program.outbox.sent]


def test_in_the_evening_the_next_working_day_is_shown(program: Program) -> None:
    shown = before_tonight(program.parts, at=AT)
    assert (shown.at, shown.until) == (RUN, paris("2026-03-12", "18:00"))
    assert [s.debtor_id for s in shown.sendings] == ["C000", "C001", "C002"]


def test_a_preview_is_the_mail_itself_and_changes_nothing(program: Program) -> None:
    at = paris("2026-03-12", "08:30")
    program.see(at)
    before = program.file("C001")
    ((sending, mail, why),) = preview(program.parts, "C001", at=at)
    assert why == ""
    assert mail is not None
    assert "F1" in mail.subject
    assert "F1" in mail.text
    assert "F1" in mail.html
    assert "cid:" not in mail.html
    assert "data:image/png;base64," in mail.html
    assert sending.to in mail.to
    assert (program.file("C001"), program.outbox.sent) == (before, [])


def test_a_page_reads_its_own_debtors_and_the_next_goes_on_after_them(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = paris("2026-03-12", "08:30")
    program.see(at)
    loaded: list[str] = []
    load = program.store.load
    monkeypatch.setattr(program.store, "load", lambda id_, **kw: (loaded.append(id_), load(id_, **kw))[1])
    first = before_tonight(program.parts, at=at, limit=2)
    assert loaded == ["C000", "C001"]
    second = before_tonight(program.parts, at=at, limit=2, after=first.next)
    assert loaded == ["C000", "C001", "C002"]
    assert [s.debtor_id for s in second.sendings] == ["C002"]
    assert second.next == ""


def test_a_blind_program_sends_nothing_and_says_why(program: Program) -> None:
    at = paris("2026-04-12", "08:30")
    shown = before_tonight(program.parts, at=at)
    assert shown.blind
    assert shown.sendings == ()


def test_an_answer_is_previewed_before_it_is_ordered(program: Program) -> None:
    file = program.file("C001")
    order = Order(id="o", template="ask_promise", ordered_on=RUN.date(), numbers=("F1",), about="m")
    mail, why = preview_order(program.parts, file, order, at=AT)
    assert why == ""
    assert mail is not None
    assert "F1" in mail.text
    assert program.file("C001") == file
