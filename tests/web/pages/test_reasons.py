"""The program's reasons stand in the reader's language wherever a page shows one; a person's words stay theirs."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.rendering import TemplateWriter
from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Block, BlockKind, Task, TaskKind
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.web.pages.render import reason
from tests.sample import eur
from tests.web.pages.conftest import AT, Answer, Desk

PATHS = {
    "today": "/ops/today/{debtor_id}/{task_id}",
    "file": "/ops/debtors/{debtor_id}",
    "timeline": "/ops/debtors/{debtor_id}/timeline",
    "tonight": "/ops/tonight",
    "one": "/ops/tonight/{debtor_id}",
}
WHY = "call about a broken promise: promised for 2026-03-02, nothing by 2026-03-04"
FRENCH = "appeler après une promesse rompue : promis pour le 2 mars 2026, rien au 4 mars 2026"


@pytest.fixture(autouse=True)
def written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.program.parts = replace(desk.program.parts, writer=TemplateWriter(desk.program.archive))
    monkeypatch.setattr(bootstrap, "parts", lambda: desk.program.parts)


def happened(desk: Desk, event: e.Event, why: str) -> None:
    parts = desk.program.parts
    keep(parts, office_of(parts), "C001", lambda _: [(event, why)], at=AT - timedelta(minutes=5), who="relance")


def call(desk: Desk, why: str = WHY) -> None:
    task = Task(
        id="t1", kind=TaskKind.BROKEN_PROMISE, raised_on=AT.date(), due_on=AT.date(), reason=why, numbers=("F1",),
        at_stake=eur("1200.00"),
    )  # fmt: skip
    happened(desk, e.TaskRaised(task=task), why)


def shown(desk: Desk, page: str, language: str) -> Answer:
    cookies = {**desk.sign_in("viewer"), "__Host-relance-language": language}
    ids = {name: {"debtor_id": "C001", "task_id": "t1"}[name] for name in re.findall(r"\{(\w+)\}", PATHS[page])}
    return desk.ask("GET", PATHS[page], ids=ids, cookies=cookies)


def words(answer: Answer) -> str:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.body))
    return text.replace("\u202f", " ").replace("\xa0", " ").replace("&#39;", "'")


@pytest.mark.parametrize("page", ["today", "file", "timeline"])
def test_a_task_says_why_in_the_readers_language(desk: Desk, page: str) -> None:
    call(desk)
    assert FRENCH in words(shown(desk, page, "fr"))
    assert WHY in words(shown(desk, page, "en"))
    assert "promised for" not in words(shown(desk, page, "fr"))


@pytest.mark.parametrize("page", ["tonight", "one"])
def test_what_leaves_tonight_says_why_in_the_readers_language(desk: Desk, page: str) -> None:
    assert "« première relance » à faire depuis le " in words(shown(desk, page, "fr"))
    assert "is due since" not in words(shown(desk, page, "fr"))
    assert "first reminder is due since " in words(shown(desk, page, "en"))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_a_person_wrote_is_shown_as_it_was_written(desk: Desk, language: str) -> None:
    call(desk, "Rappeler lundi; first_floor, ask for x_y@example.com")
    block = Block(id="b", kind=BlockKind.MANUAL, reason="Madame Petit revient lundi", placed_on=AT.date(), until=None)
    happened(desk, e.BlockPlaced(block=block), "anna@example.com: Madame Petit revient lundi")
    assert "Rappeler lundi; first_floor, ask for x_y@example.com" in words(shown(desk, "today", language))
    assert "anna@example.com: Madame Petit revient lundi" in words(shown(desk, "file", language))


def test_markup_in_a_reason_is_shown_and_never_run(desk: Desk) -> None:
    call(desk, "mail from <script>alert(1)</script>@x.fr: no debtor is recognised")
    body = shown(desk, "today", "fr").body
    assert "<script>alert" not in body
    assert "courriel de &lt;script&gt;alert(1)&lt;/script&gt;@x.fr\xa0: aucun débiteur n’est reconnu" in body


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("first_reminder is due on 2026-03-12", "first reminder is due on 2026-03-12"),
        ("negotiate_plan closed by anna_b@x.fr: promised", "negotiate plan closed by anna_b@x.fr: promised"),
        ("accepted for first_reminder@x.fr", "accepted for first_reminder@x.fr"),
    ],
)
def test_in_english_a_step_is_told_in_plain_words_and_an_address_left_alone(kept: str, told: str) -> None:
    assert reason(kept, "en") == told
