"""The policy pages: the ladder, its mails, a draft that is tried and adopted, what is wrong at its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.rendering import TemplateWriter
from chalicelib.domain.debtor_file import DebtorFile
from chalicelib.pipeline.policies import PoliciesInForce, in_force, numbered
from tests.sample import case, file_of, paris
from tests.web.pages.conftest import Desk

EDIT, DRAFTS = "/ops/policy/{name}/edit", "/ops/policy/{name}/drafts"
DRAFT = "/ops/policy/{name}/drafts/{draft}"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def writing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The desk with the writer that really writes."""
    parts = replace(desk.program.parts, writer=TemplateWriter(desk.program.archive))
    monkeypatch.setattr(bootstrap, "parts", lambda: parts)
    return desk


def text_with(old: str, new: str, *, name: str = "standard", number: int = 2) -> str:
    text = numbered(bootstrap.policy_texts()[name], number)
    assert old in text
    return text.replace(old, new)


def see(desk: Desk, resource: str, role: str = "manager", **asked: object) -> str:
    answer = desk.ask("GET", resource, cookies=desk.sign_in(role), **asked)  # type: ignore[arg-type]
    assert answer.status == 200, answer.body[:500]
    assert len(answer.body) < 200_000
    return answer.body


def drafted(desk: Desk, text: str, role: str = "manager") -> str:
    answer = desk.act(DRAFTS, desk.sign_in(role), {"text": text}, ids={"name": "standard"})
    assert answer.status == 303, re.findall(r"<li>.*?</li>", answer.body)
    return answer.place.rpartition("/")[2]


def tried(desk: Desk, id_: str) -> None:
    for _ in range(5):
        if desk.policies.drafts[id_].done:
            return
        desk.act(f"{DRAFT}/try", desk.sign_in("manager"), ids={"name": "standard", "draft": id_})
    raise AssertionError("the trial never ends")


def test_the_list_shows_every_policy_with_its_version(desk: Desk) -> None:
    body = see(desk, "/ops/policy", "viewer")
    assert [title in body for title in ("Companies", "Key accounts", "Public bodies")] == [True] * 3
    assert body.index("Companies") < body.index("Key accounts")


@pytest.mark.parametrize("name", ["standard", "key_account", "public_body"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_ladder_is_a_picture_and_the_same_in_words(desk: Desk, name: str, language: str) -> None:
    body = see(desk, "/ops/policy/{name}", "viewer", ids={"name": name}, headers={"Accept-Language": language})
    steps = bootstrap.policies()[name].steps
    assert body.count('class="rung ') - 4 == len(steps)  # the legend has four
    assert 'role="img"' in body
    assert "<title id=" in body
    assert "<desc id=" in body
    assert body.count("/mails/") == sum(bool(step.template) for step in steps)


def test_a_policy_that_is_not_there_is_not_found(desk: Desk) -> None:
    answer = desk.ask("GET", "/ops/policy/{name}", ids={"name": "none"}, cookies=desk.sign_in("viewer"))
    assert answer.status == 404


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_mail_is_written_with_a_debtors_own_invoices_in_either_language(writing: Desk, language: str) -> None:
    for step in bootstrap.policies()["standard"].steps:
        if step.template:
            ids = {"name": "standard", "step": step.id}
            body = see(
                writing, "/ops/policy/{name}/mails/{step}", "viewer", ids=ids,
                query={"debtor": "C001", "language": language},
            )  # fmt: skip
            assert "F1" in body
            assert "Garage Morel" in body
            assert "cannot be written" not in body


def test_the_html_of_a_mail_stands_in_a_frame_that_can_do_nothing(writing: Desk) -> None:
    ids = {"name": "standard", "step": "first_reminder", "language": "fr"}
    answer = writing.ask(
        "GET", "/ops/policy/{name}/mails/{step}/{language}", ids=ids, cookies=writing.sign_in("viewer")
    )
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "F-2026-001" in answer.body


def test_a_debtor_that_is_not_there_is_told_and_a_sample_shown(writing: Desk) -> None:
    ids = {"name": "standard", "step": "first_reminder"}
    body = see(writing, "/ops/policy/{name}/mails/{step}", ids=ids, query={"debtor": HOSTILE})
    assert "There is no debtor of this number" in body
    assert "made-up debtor" in body
    assert HOSTILE not in body


def test_names_and_numbers_with_markup_stay_words(writing: Desk) -> None:
    file = file_of(case(f"F{HOSTILE}", "2026-03-01"), id="C-X", name=HOSTILE)
    writing.program.put(file, paris("2026-03-11"))
    ids = {"name": "standard", "step": "first_reminder"}
    body = see(writing, "/ops/policy/{name}/mails/{step}", ids=ids, query={"debtor": "C-X"})
    assert HOSTILE not in body
    assert "&lt;script&gt;" in body


def test_the_editor_offers_the_next_number_and_keeps_the_comments(desk: Desk) -> None:
    body = see(desk, EDIT, "collector", ids={"name": "standard"})
    assert "version: 2" in body
    assert "# The ladder for companies." in body


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("spacing_days: 5 ", "spacing_days: ninety ", "spacing_days: ninety", "no whole number"),
        ("version: 2", "version: 7", "version: 7", "write version: 2"),
        ("name: standard", "name: other", "name: other", "write name: standard"),
        ("do: choose", "do: chose", "do: chose", "did you mean choose?"),
        ("steps:", "steps: &x", "", "an alias or an anchor"),
    ],
)
def test_what_is_wrong_is_told_at_its_line_and_nothing_typed_is_lost(
    desk: Desk, old: str, new: str, line: str, told: str
) -> None:
    text = text_with(old, f"{new} # {HOSTILE}" if line else new)
    answer = desk.act(DRAFTS, desk.sign_in("collector"), {"text": text}, ids={"name": "standard"})
    assert answer.status == 422
    assert told in answer.body
    assert line in answer.body
    assert HOSTILE not in answer.body
    assert desk.policies.drafts == {}
    assert "# The ladder for companies." in answer.body


def test_a_draft_is_compared_tried_and_adopted_by_a_manager(desk: Desk) -> None:
    text = text_with("when: due + 2 business days", "when: due + 1 business day")
    id_ = drafted(desk, text)
    ids = {"name": "standard", "draft": id_}
    body = see(desk, DRAFT, ids=ids)
    assert "−     when: due + 2 business days" in body
    assert "+     when: due + 1 business day" in body
    early = desk.act(f"{DRAFT}/adopt", desk.sign_in("manager"), {"why": "sooner"}, ids=ids)
    assert early.status == 422
    tried(desk, id_)
    unsaid = desk.act(f"{DRAFT}/adopt", desk.sign_in("manager"), ids=ids)
    assert unsaid.status == 422
    assert desk.policies.kept == {}
    done = desk.act(f"{DRAFT}/adopt", desk.sign_in("manager"), {"why": "sooner <b>"}, ids=ids)
    assert done.status == 303
    (version,) = desk.policies.adopted()
    assert (version.number, version.who, version.why) == (2, "manager@acme.example", "sooner <b>")
    assert version.text == text
    assert str(in_force(bootstrap.policies(), desk.policies)["standard"].step("first_reminder").when) == (
        "due + 1 business day"
    )
    (deed,) = [one for one in desk.audit.deeds if one.what.endswith("/adopt")]
    assert (deed.who, deed.why, deed.changes[0].after) == ("manager@acme.example", "sooner <b>", "version 2")
    body = see(desk, "/ops/policy/{name}", ids={"name": "standard"})
    assert "put in force by manager@acme.example" in body
    assert "sooner &lt;b&gt;" in body
    body = see(desk, "/ops/policy/{name}/versions", ids={"name": "standard"})
    assert "+     when: due + 1 business day" in body


def test_a_draft_on_top_of_an_older_version_is_not_adopted(desk: Desk) -> None:
    first, second = (drafted(desk, text_with("spacing_days: 5 ", f"spacing_days: {n} ")) for n in (6, 7))
    for id_ in (first, second):
        tried(desk, id_)
    answers = [
        desk.act(f"{DRAFT}/adopt", desk.sign_in("manager"), {"why": "x"}, ids={"name": "standard", "draft": id_})
        for id_ in (first, second)
    ]
    assert [answer.status for answer in answers] == [303, 422]
    assert "Somebody has put another version in force since" in answers[1].body
    assert [one.number for one in desk.policies.versions("standard")] == [2]
    again = see(desk, EDIT, ids={"name": "standard"}, query={"draft": second})
    assert "version: 3" in again
    assert "spacing_days: 7 " in again


def test_the_trial_tells_what_would_have_differed_and_supposes_aloud(desk: Desk) -> None:
    # At AT, 12 March 2026: an invoice that fell due in January has climbed most of the ladder since.
    desk.program.put(file_of(case("F9", "2026-01-12"), id="C-LATE", name=HOSTILE), paris("2026-03-11"))
    id_ = drafted(desk, text_with("when: due + 2 business days", "when: due + 20 business days"))
    tried(desk, id_)
    tally = desk.policies.drafts[id_].tally
    assert tally["replayed"] >= 1
    assert tally["differing"] >= 1
    assert sum(tally["now"]["email"]) > sum(tally["then"]["email"])
    body = see(desk, DRAFT, ids={"name": "standard", "draft": id_})
    assert "Debtors treated differently" in body
    assert "paid and disputed on the same days" in body
    assert HOSTILE not in body
    assert "&lt;script&gt;" in body


def test_a_draft_that_says_the_same_differs_for_nobody(desk: Desk) -> None:
    desk.program.put(file_of(case("F9", "2026-01-12"), id="C-LATE"), paris("2026-03-11"))
    id_ = drafted(desk, numbered(bootstrap.policy_texts()["standard"], 2))
    tried(desk, id_)
    assert desk.policies.drafts[id_].tally["differing"] == 0


def test_the_trial_replays_the_debtors_of_its_policy_alone(desk: Desk) -> None:
    for n, name in enumerate(["key_account", "standard", "gone"]):
        desk.program.put(file_of(case("F9", "2026-01-12"), id=f"C-{n}", policy=name), paris("2026-03-11"))
    id_ = drafted(desk, text_with("when: due + 2 business days", "when: due + 20 business days"))
    tried(desk, id_)
    # C001 of the desk, C-1, and C-2 whose policy is not known: the standard one serves them.
    assert desk.policies.drafts[id_].tally["replayed"] == 3


def test_every_function_sees_what_is_adopted_within_a_minute(desk: Desk) -> None:
    clock = [0.0]
    seen = PoliciesInForce(bootstrap.policies, desk.policies, lambda: clock[0])
    assert seen["standard"].version == 1
    id_ = drafted(desk, text_with("spacing_days: 5 ", "spacing_days: 6 "))
    tried(desk, id_)
    desk.act(f"{DRAFT}/adopt", desk.sign_in("manager"), {"why": "x"}, ids={"name": "standard", "draft": id_})
    clock[0] = 59.9
    assert seen["standard"].version == 1
    clock[0] = 60.0
    assert (seen["standard"].version, seen["standard"].spacing_days) == (2, 6)
    assert set(seen) == {"standard", "key_account", "public_body"}


def test_a_turn_of_a_trial_reads_few_files_however_many_debtors_there_are(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(40):
        desk.program.put(file_of(case("F9", "2026-01-12"), id=f"C-{n:03}"), paris("2026-03-11"))
    id_ = drafted(desk, text_with("spacing_days: 5 ", "spacing_days: 6 "))
    read: list[str] = []
    load = desk.program.store.load

    def counted(debtor_id: str, **how: bool) -> DebtorFile | None:
        read.append(debtor_id)
        return load(debtor_id, **how)

    monkeypatch.setattr(desk.program.store, "load", counted)
    ids = {"name": "standard", "draft": id_}
    turns = []
    while not desk.policies.drafts[id_].done:
        read.clear()
        desk.act(f"{DRAFT}/try", desk.sign_in("collector"), ids=ids)
        turns.append(len(read))
    assert max(turns) == 12
    assert desk.policies.drafts[id_].tally["replayed"] == 41
    assert [deed.what for deed in desk.audit.deeds] == ["/ops/policy/{name}/drafts"]  # turns are no deeds of a person


def test_pages_of_policies_read_little(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(name: str, known: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **words: Any) -> Any:
            asked.append(name)
            return known(*args, **words)

        return call

    for store in (desk.policies, desk.program.store, desk.program.offices):
        for name in ("adopted", "versions", "load", "debtors", "debtor_ids", "creditor"):
            if known := getattr(store, name, None):
                monkeypatch.setattr(store, name, counted(name, known))
    for path, most in (("/ops/policy", 2), ("/ops/policy/{name}", 3), ("/ops/policy/{name}/versions", 3)):
        asked.clear()
        see(desk, path, ids={"name": "standard"} if "{" in path else None)
        assert len(asked) <= most, asked
