"""Before tonight over a program in memory: what is shown, who may hold what, what it costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.rendering import TemplateWriter
from chalicelib.domain.debtor_file import DESK
from chalicelib.domain.events import SendingHeld
from chalicelib.pipeline.remind import remind
from chalicelib.web.pages import tonight_words as words
from tests.sample import case, file_of, paris
from tests.web.pages.conftest import Desk

LIST = "/ops/tonight"
ONE = "/ops/tonight/{debtor_id}"
MAIL = "/ops/tonight/{debtor_id}/mail/{number}"
HOLD, RESUME = "/ops/tonight/all/hold", "/ops/tonight/all/resume"
C001 = {"debtor_id": "C001"}


@pytest.fixture(autouse=True)
def written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real writer: a preview is the mail itself."""
    desk.program.parts = replace(desk.program.parts, writer=TemplateWriter(desk.program.archive))
    monkeypatch.setattr(bootstrap, "parts", lambda: desk.program.parts)


def test_what_is_due_is_listed_with_its_reason_and_nothing_is_changed(desk: Desk) -> None:
    before = desk.program.file()
    body = desk.ask("GET", LIST, cookies=desk.sign_in("viewer")).body
    for said in ("Garage Morel", "First reminder", "paul@garage-morel.example", "€1,200.00", "F1"):
        assert said in body
    assert desk.program.file() == before
    assert len(body) < 200_000


def test_a_mail_is_shown_in_a_frame_that_can_do_nothing(desk: Desk) -> None:
    cookies = desk.sign_in("viewer")
    body = desk.ask("GET", ONE, ids=C001, cookies=cookies).body
    assert "sandbox" in body
    assert "/api/ops/tonight/C001/mail/0" in body
    shown = desk.ask("GET", MAIL, ids={**C001, "number": "0"}, cookies=cookies)
    assert "F1" in shown.body
    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox" in policy
    assert "frame-ancestors 'self'" in policy
    assert shown.headers["X-Frame-Options"] == "SAMEORIGIN"
    for number in ("1", "x", "-1"):
        assert desk.ask("GET", MAIL, ids={**C001, "number": number}, cookies=cookies).status == 404


def test_one_is_held_with_a_reason_and_let_go_by_the_undo(desk: Desk) -> None:
    cookies = desk.sign_in("collector")
    refused = desk.act(f"{ONE}/hold", cookies, {"days": "3", "reason": " "}, ids=C001)
    assert refused.status == 422
    assert "Say why" in refused.body
    answer = desk.act(f"{ONE}/hold", cookies, {"days": "3", "reason": "he called"}, ids=C001)
    assert answer.status == 303
    (block,) = desk.program.file().blocks.values()
    assert (block.reason, block.owner) == ("he called", "collector@acme.example")
    assert "First reminder" not in desk.ask("GET", LIST, cookies=cookies).body
    lift = {**C001, "block_id": block.id}
    assert desk.act(f"{ONE}/lift/{{block_id}}", cookies, ids=lift).status == 303
    assert "First reminder" in desk.ask("GET", LIST, cookies=cookies).body
    assert desk.act(f"{ONE}/lift/{{block_id}}", cookies, ids=lift).status in (303, 404), "twice is told"


def test_days_that_are_not_offered_are_refused(desk: Desk) -> None:
    for days in ("0", "9999", "x", ""):
        assert desk.act(f"{ONE}/hold", desk.sign_in("collector"), {"days": days, "reason": "r"}, ids=C001).status == 400


def test_only_a_manager_holds_all_and_every_page_says_so(desk: Desk) -> None:
    assert desk.act(HOLD, desk.sign_in("collector"), {"reason": "no"}).status == 403
    manager = desk.sign_in("manager")
    assert desk.act(HOLD, manager, {"reason": ""}).status == 422
    assert desk.act(HOLD, manager, {"reason": "wrong <prices>"}).status == 303
    for path in (LIST, "/ops/mailbox", "/ops/today"):
        body = desk.ask("GET", path, cookies=desk.sign_in("viewer")).body
        assert "All sending is held" in body
        assert "wrong &lt;prices&gt;" in body
        assert "manager@acme.example" in body
    remind(desk.program.parts, "C001", at=desk.at)
    assert desk.program.outbox.sent == []
    assert [e.who for e in desk.program.store.journal(DESK) if isinstance(e.event, SendingHeld)] == [
        "manager@acme.example"
    ]
    assert desk.act(RESUME, desk.sign_in("collector")).status == 403
    assert desk.act(RESUME, manager).status == 303
    assert "All sending is held" not in desk.ask("GET", "/ops/mailbox", cookies=manager).body
    remind(desk.program.parts, "C001", at=desk.at)
    assert len(desk.program.outbox.sent) == 1


def test_a_page_reads_as_many_files_as_it_shows(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(60):
        desk.program.put(file_of(case(f"X{n}", "2026-03-10"), id=f"X{n:03}"), paris("2026-03-11"))
    loads: list[str] = []
    load = desk.program.store.load
    monkeypatch.setattr(desk.program.store, "load", lambda id_, **kw: (loads.append(id_), load(id_, **kw))[1])
    answer = desk.ask("GET", LIST, cookies=desk.sign_in("viewer"))
    assert len(loads) == 25
    assert 'rel="next"' in answer.body
    assert len(answer.body) < 200_000


def test_every_template_of_our_mails_has_its_name() -> None:
    assert set(words.STEPS) == TemplateWriter(desk_archive()).templates("fr")


def desk_archive() -> object:
    from chalicelib.adapters.memory import FakeArchive

    return FakeArchive()
