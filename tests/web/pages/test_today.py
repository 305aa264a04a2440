"""Today without a browser: what stands in the list, in which order, and what each act does and takes back."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.memory_numbers import FakeNumbersStore
from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import DESK, Call, Promise, PromiseState, Task, TaskKind
from chalicelib.domain.outcomes import OUTCOMES
from chalicelib.domain.worklist import SECTION_OF
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.ports import SendingHold
from chalicelib.web.pages import today_form, today_words
from tests.sample import case, eur, file_of, paris
from tests.web.pages.conftest import AT, Answer, Desk

ON = date(2026, 3, 12)
TASK = "/ops/today/{debtor_id}/{task_id}"


@pytest.fixture(autouse=True)
def _numbers(monkeypatch: pytest.MonkeyPatch) -> FakeNumbersStore:
    store = FakeNumbersStore()
    monkeypatch.setattr(bootstrap, "numbers_store", lambda: store)
    return store


def raised(desk: Desk, id_: str, kind: TaskKind = TaskKind.CALL, debtor_id: str = "C001", **facts: Any) -> Task:
    known: dict[str, Any] = {
        "raised_on": ON, "due_on": ON, "reason": "why", "numbers": ("F1",) if debtor_id == "C001" else (),
        "at_stake": eur("1200.00"),
    }  # fmt: skip
    task = Task(id=id_, kind=kind, **{**known, **facts})
    keep(
        desk.program.parts, office_of(desk.program.parts), debtor_id,
        lambda _: [(e.TaskRaised(task=task), "test")], at=AT - timedelta(minutes=5), who="relance",
    )  # fmt: skip
    return task


def ask(desk: Desk, role: str = "collector", *, piece: bool = False, **asked: Any) -> Answer:
    headers = {"HX-Request": "true"} if piece else {}
    return desk.ask("GET", "/ops/today", cookies=desk.sign_in(role), headers=headers, **asked)


def do(desk: Desk, task_id: str, what: str, form: dict[str, str], *, role: str = "collector", piece: bool = False,
       debtor_id: str = "C001", query: dict[str, str] | None = None) -> Answer:  # fmt: skip
    return desk.act(
        f"{TASK}/{what}", desk.sign_in(role), form, ids={"debtor_id": debtor_id, "task_id": task_id}, query=query,
        headers={"HX-Request": "true"} if piece else {},
    )  # fmt: skip


def names(answer: Answer) -> list[str]:
    return re.findall(r'class="cover"[^>]*>([^<]*)<', answer.body)


def test_without_a_task_the_page_teaches_what_will_stand_here(desk: Desk) -> None:
    body = ask(desk).body
    assert "Nothing waits for you" in body
    assert "/api/ops/import" in body


def test_the_most_money_times_days_comes_first_and_urgent_law_before_it(desk: Desk) -> None:
    for number, (stake, days, urgency) in enumerate([("100.00", 0, 0), ("90.00", 2, 0), ("5.00", 0, 1)]):
        desk.program.put(file_of(case(f"X{number}", "2026-03-01"), id=f"D{number}", name=f"N{number}"), AT)
        raised(
            desk, f"t{number}", debtor_id=f"D{number}", at_stake=eur(stake), raised_on=ON - timedelta(days=days),
            urgency=urgency,
        )  # fmt: skip
    assert names(ask(desk)) == ["N2", "N1", "N0"]


def test_each_section_tells_its_count_and_a_filter_keeps_in_the_address(desk: Desk) -> None:
    raised(desk, "t1")
    raised(desk, "t2", TaskKind.REVIEW_MAIL, mail="m1", assignee="collector@acme.example")
    body = ask(desk).body
    assert re.findall(r'id="s-(\w+)">([^<]+) <span class="count">(\d+)', body) == [
        ("calls", "Calls to make", "1"), ("mail", "Mail to review", "1"),
    ]  # fmt: skip
    mine = ask(desk, query={"who": "me"})
    assert len(names(mine)) == 1
    assert "who=me&amp;section=mail" in mine.body or "section=mail&amp;who=me" in mine.body
    assert len(names(ask(desk, query={"who": "nobody"}))) == 1
    assert "Nothing here" in ask(desk, query={"section": "disputes"}).body


@pytest.mark.parametrize("wrong", ["<script>", "nothing", "calls'"])
def test_a_filter_that_there_is_not_is_passed_over(desk: Desk, wrong: str) -> None:
    raised(desk, "t1")
    assert len(names(ask(desk, query={"section": wrong, "who": wrong, "when": wrong, "after": wrong}))) in (0, 1)
    assert ask(desk, query={"section": wrong}).status == 200


def test_a_section_is_shown_by_pages_of_fifty_and_none_is_lost_between(desk: Desk) -> None:
    for number in range(120):
        raised(desk, f"t{number}", at_stake=eur(f"{number + 1}.00"))
    seen, after = [], ""
    for _ in range(4):
        answer = ask(desk, query={"section": "calls", **({"after": after} if after else {})})
        seen += re.findall(r'id="(task-\w+)"', answer.body)
        found = re.search(r'rel="next" href="[^"]*after=([^"&]+)', answer.body)
        if not found:
            break
        after = unquote(found[1])
    assert (len(seen), len(set(seen))) == (120, 120)


def test_a_call_agreed_for_a_later_day_waits_for_it_and_a_step_of_the_ladder_does_not(desk: Desk) -> None:
    later = ON + timedelta(days=3)
    raised(desk, "agreed", due_on=later)
    raised(desk, "step", due_on=later, takes=(("F1", "call", ON),))
    assert len(names(ask(desk))) == 1
    assert len(names(ask(desk, query={"when": "later"}))) == 1


def test_a_task_is_taken_and_given_back(desk: Desk) -> None:
    raised(desk, "t1", assignee="lea@acme.example")
    answer = do(desk, "t1", "assign", {"to": "me"}, piece=True)
    assert "Assigned to you" in answer.body
    assert desk.program.file().tasks["t1"].assignee == "collector@acme.example"
    undo = re.search(r'action="[^"]*assign\?[^"]*to=([^"&]+)', answer.body)
    assert undo
    assert undo[1] == "lea%40acme.example"
    do(desk, "t1", "assign", {}, query={"to": "lea@acme.example"})
    assert desk.program.file().tasks["t1"].assignee == "lea@acme.example"


def test_what_is_put_off_is_gone_until_its_day_and_tells_why_when_it_is_back(desk: Desk) -> None:
    raised(desk, "t1", TaskKind.SEND_DOCUMENT)
    answer = do(desk, "t1", "snooze", {"until": "2026-03-16", "reason": "Paul is away"})
    assert answer.place == "/api/ops/today"
    assert names(ask(desk)) == []
    desk.at = paris("2026-03-16")
    assert "put off: Paul is away" in ask(desk).body
    entry = list(desk.program.store.journal("C001"))[-1]
    assert (entry.who, entry.why) == ("collector@acme.example", "collector@acme.example: Paul is away")


def test_putting_off_is_taken_back(desk: Desk) -> None:
    raised(desk, "t1", due_on=ON - timedelta(days=2))
    do(desk, "t1", "snooze", {"until": "2026-03-16", "reason": "away"})
    do(desk, "t1", "unsnooze", {}, query={"back": "2026-03-10"})
    task = desk.program.file().tasks["t1"]
    assert (task.due_on, task.snoozed) == (date(2026, 3, 10), "")


@pytest.mark.parametrize(
    ("until", "reason", "field"),
    [
        ("", "x", "until"), ("soon", "x", "until"), ("2026-03-11", "x", "until"), ("2026-03-12", "x", "until"),
        ("2026-06-13", "x", "until"), ("2026-03-13", "", "reason"), ("2026-03-13", "x" * 301, "reason"),
        ("2026-03-21", "x", "until"),
    ],
)  # fmt: skip
def test_a_day_that_is_none_to_wait_for_is_told_at_its_field_and_nothing_typed_is_lost(
    desk: Desk, until: str, reason: str, field: str
) -> None:
    raised(desk, "t1", deadline_on=date(2026, 3, 20))
    answer = do(desk, "t1", "snooze", {"until": until, "reason": reason})
    assert answer.status == 422
    assert f'id="f-{field}-error"' in answer.body
    assert f'value="{reason}"' in answer.body
    assert desk.program.file().tasks["t1"].due_on == ON


def test_a_promise_from_a_call_is_noted_with_its_sum_and_the_call_is_logged(desk: Desk) -> None:
    raised(desk, "t1")
    answer = do(
        desk, "t1", "do", {
            "outcome": "promised", "promised.on": "2026-03-20", "promised.amount": "1 200,00",
            "promised.means": "transfer",
            "promised.note": "sounds sure", "reached.note": "not chosen",
        }, piece=True,
    )  # fmt: skip
    assert "They promise to pay" in answer.body
    assert "Undo" not in answer.body
    file = desk.program.file()
    (promise,) = file.promises.values()
    assert (promise.pay_on, promise.amount, promise.means) == (date(2026, 3, 20), eur("1200.00"), "transfer")
    (call,) = file.calls.values()
    assert (call.caller, call.note) == ("collector@acme.example", "sounds sure")


def test_a_wrong_field_is_told_and_what_was_typed_is_still_there(desk: Desk) -> None:
    raised(desk, "t1")
    for form, where in (
        ({"outcome": "promised", "promised.note": "<b>kept</b>"}, "promised.on"),
        ({"outcome": "promised", "promised.on": "2026-03-11", "promised.note": "<b>kept</b>"}, "promised.on"),
        ({"outcome": "promised", "promised.on": "2026-03-20", "promised.amount": "9e2", "promised.note": "<b>kept</b>"},
         "promised.amount"),
        ({"outcome": "reached", "reached.next_on": "2026-03-12", "reached.note": "<b>kept</b>"}, "reached.next_on"),
    ):
        answer = do(desk, "t1", "do", form)
        assert answer.status == 422
        assert f'id="f-{where}-error"' in answer.body, where
        assert "&lt;b&gt;kept&lt;/b&gt;" in answer.body
    assert do(desk, "t1", "do", {"outcome": "forged"}).status == 422
    assert desk.program.file().tasks["t1"].is_open


def test_a_closing_without_effect_is_taken_back_whole(desk: Desk) -> None:
    raised(desk, "t1", TaskKind.REVIEW_MAIL, note="about", mail="m1")
    before = desk.program.file().tasks["t1"]
    answer = do(desk, "t1", "do", {"outcome": "nothing", "nothing.note": "spam"}, piece=True)
    assert "reopen" in answer.body
    assert not desk.program.file().tasks["t1"].is_open
    do(desk, "t1", "reopen", {})
    assert desk.program.file().tasks["t1"] == before


def test_a_closing_that_something_followed_from_is_not_taken_back(desk: Desk) -> None:
    raised(desk, "t1")
    do(desk, "t1", "do", {"outcome": "no_answer"})
    answer = do(desk, "t1", "reopen", {}, piece=True)
    assert "can no longer be taken back" in answer.body
    assert not desk.program.file().tasks["t1"].is_open


@pytest.mark.parametrize(("minutes", "open_"), [(59, True), (60, True), (61, False)])
def test_a_closing_is_taken_back_within_an_hour(desk: Desk, minutes: int, open_: bool) -> None:
    raised(desk, "t1", TaskKind.SEND_DOCUMENT)
    do(desk, "t1", "do", {"outcome": "sent"})
    desk.at += timedelta(minutes=minutes)
    do(desk, "t1", "reopen", {})
    assert desk.program.file().tasks["t1"].is_open is open_


def test_a_task_that_somebody_else_has_closed_is_a_normal_answer(desk: Desk) -> None:
    raised(desk, "t1")
    do(desk, "t1", "do", {"outcome": "no_answer"})
    for what, form in (("assign", {"to": "me"}), ("snooze", {"until": "2026-03-16", "reason": "x"}),
                       ("do", {"outcome": "no_answer"})):  # fmt: skip
        answer = do(desk, "t1", what, form, piece=True)
        assert answer.status == 200
        assert "Somebody has closed this task meanwhile" in answer.body


def test_a_formal_notice_is_closed_by_managers_alone(desk: Desk) -> None:
    raised(desk, "t1", TaskKind.APPROVE_NOTICE)
    assert do(desk, "t1", "do", {"outcome": "rejected", "rejected.note": "not yet"}).status == 403
    shown = desk.ask("GET", TASK, cookies=desk.sign_in("collector"), ids={"debtor_id": "C001", "task_id": "t1"}).body
    assert "A manager approves or rejects it" in shown
    answer = do(desk, "t1", "do", {"outcome": "rejected", "rejected.note": "not yet"}, role="manager")
    assert answer.status == 303
    assert desk.program.file().tasks["t1"].outcome == "rejected"


def test_a_draft_that_lacks_something_says_so_and_is_not_approved(desk: Desk) -> None:
    raised(desk, "t1", TaskKind.APPROVE_NOTICE)
    shown = desk.ask("GET", TASK, cookies=desk.sign_in("manager"), ids={"debtor_id": "C001", "task_id": "t1"}).body
    assert "It cannot be approved yet" in shown
    answer = do(desk, "t1", "do", {"outcome": "approved"}, role="manager")
    assert answer.status == 422
    assert desk.program.file().tasks["t1"].is_open


def test_the_call_sheet_stands_beside_the_list_with_a_number_to_call(desk: Desk) -> None:
    raised(desk, "t1")
    said = Call(
        id="c0", task="t0", at=AT - timedelta(days=3), on=ON - timedelta(days=3), outcome="reached", numbers=("F1",),
        next_on=ON, note="asks for a copy",
    )  # fmt: skip
    broken = Promise(
        id="p0", numbers=("F1",), made_on=ON - timedelta(days=9), pay_on=ON - timedelta(days=5),
        grace_on=ON - timedelta(days=3), amount=eur("1200.00"), state=PromiseState.BROKEN,
    )  # fmt: skip
    keep(
        desk.program.parts, office_of(desk.program.parts), "C001",
        lambda _: [(e.CallLogged(call=said), ""), (e.PromiseMade(promise=broken), "")], at=AT, who="test",
    )  # fmt: skip
    shown = desk.ask("GET", TASK, cookies=desk.sign_in("viewer"), ids={"debtor_id": "C001", "task_id": "t1"}).body
    assert 'href="tel:+33100000000"' in shown
    assert "asks for a copy" in shown
    assert "broken" in shown
    assert "Your role sees the work" in shown


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", list(TaskKind))
def test_every_kind_of_task_opens_with_all_its_outcomes_in_words(desk: Desk, kind: TaskKind, language: str) -> None:
    raised(desk, "t1", kind, note="c1")
    answer = desk.ask(
        "GET", TASK, cookies=desk.sign_in("manager"), ids={"debtor_id": "C001", "task_id": "t1"},
        headers={"Accept-Language": language},
    )  # fmt: skip
    assert answer.status == 200
    offered = set(re.findall(r'name="outcome" value="(\w+)"', answer.body))
    assert offered == set(OUTCOMES.get(kind, {"done"}))
    assert kind in SECTION_OF
    assert kind in today_words.KINDS
    for outcome in offered:
        for name in today_form._names(kind, outcome):
            assert f'name="{outcome}.{name.rstrip("!")}"' in answer.body


def test_the_script_is_given_the_panel_alone_and_going_back_the_whole_page(desk: Desk) -> None:
    raised(desk, "t1")
    ids = {"debtor_id": "C001", "task_id": "t1"}
    piece = desk.ask("GET", TASK, cookies=desk.sign_in("viewer"), ids=ids, headers={"HX-Request": "true"})
    assert piece.body.lstrip().startswith('<section class="panel"')
    back = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<!doctype html>" in desk.ask("GET", TASK, cookies=desk.sign_in("viewer"), ids=ids, headers=back).body
    wrong = do(desk, "t1", "do", {"outcome": "promised"}, piece=True)
    assert wrong.status == 200  # a script puts in place only what answers with success
    assert 'id="f-promised.on-error"' in wrong.body
    assert wrong.body.lstrip().startswith('<section class="panel"')


def test_a_task_of_nobody_hangs_on_the_desk(desk: Desk) -> None:
    raised(desk, "t1", TaskKind.BLIND, debtor_id=DESK, at_stake=None)
    answer = ask(desk)
    assert names(answer) == ["No debtor: your own desk"]
    shown = desk.ask("GET", TASK, cookies=desk.sign_in("collector"), ids={"debtor_id": DESK, "task_id": "t1"})
    assert shown.status == 200
    assert "/ops/debtors/desk" not in shown.body


def test_a_program_that_is_blind_or_held_says_so_first(desk: Desk) -> None:
    desk.program.offices.set_hold(SendingHold(who="maud@acme.example", at=AT, reason="<b>wrong template</b>"))
    desk.at = AT + timedelta(days=9)
    body = ask(desk).body
    assert "All sending is held" in body
    assert "&lt;b&gt;wrong template&lt;/b&gt;" in body
    assert "Nobody is reminded: the program is blind" in body


def test_a_link_to_a_task_that_is_closed_still_shows_the_work(desk: Desk) -> None:
    answer = desk.ask("GET", TASK, cookies=desk.sign_in("viewer"), ids={"debtor_id": "C001", "task_id": "gone"})
    assert answer.status == 200
    assert "This task is closed, or never was" in answer.body


def test_names_and_reasons_that_bear_markup_are_shown_as_written(desk: Desk) -> None:
    evil = '"><script>alert(1)</script>'
    desk.program.put(file_of(case(f"F{evil}", "2026-03-01"), id="EVIL", name=evil), AT)
    raised(desk, f"t{evil}", debtor_id="EVIL", reason=evil, numbers=(f"F{evil}",), snoozed=evil, assignee=evil)
    answer = desk.ask("GET", TASK, cookies=desk.sign_in("manager"), ids={"debtor_id": "EVIL", "task_id": f"t{evil}"})
    assert answer.status == 200
    assert "<script>alert" not in answer.body
    assert answer.body.count("&lt;script&gt;alert(1)") >= 4


def test_the_page_is_small_and_reads_a_bounded_number_of_times(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(300):
        raised(desk, f"t{number}", at_stake=eur("10.00"))
    def no_file(*_: Any, **__: Any) -> None:
        raise AssertionError("a file is read for the list")

    monkeypatch.setattr(desk.program.store, "load", no_file)
    answer = ask(desk, query={"section": "calls"})
    assert answer.status == 200
    assert len(answer.body.encode()) < 200_000
