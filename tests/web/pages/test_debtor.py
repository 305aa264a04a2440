"""The debtor's file: what it shows, what it lets people do, and that it reads little."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import (
    Contact,
    DebtorFile,
    NoticeState,
    PromiseState,
    Role,
    Task,
    TaskKind,
)
from chalicelib.pipeline import by_hand, litigation_file
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.pipeline.pieces import Bound
from chalicelib.pipeline.remind import remind, sent_key
from chalicelib.web.pages.debtor_form import read_amount, read_day
from tests.sample import case, eur, file_of, paris
from tests.web.pages.conftest import AT, Answer, Desk, value_of

FILE = "/ops/debtors/{debtor_id}"
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'


def show(desk: Desk, path: str = "", role: str = "viewer", language: str = "en", **asked: Any) -> Answer:
    ids = {"debtor_id": "C001", **asked.pop("ids", {})}
    cookies = {**desk.sign_in(role), "__Host-relance-language": language, **asked.pop("cookies", {})}
    return desk.ask("GET", FILE + path, ids=ids, cookies=cookies, **asked)


def act(desk: Desk, path: str, form: dict[str, str] | None = None, role: str = "collector", **ids: str) -> Answer:
    cookies = {**desk.sign_in(role), "__Host-relance-language": "en"}
    return desk.act(FILE + path, cookies, form, ids={"debtor_id": "C001", **ids})


def happen(desk: Desk, *events: e.Event) -> DebtorFile:
    happened = [(event, "test") for event in events]
    return keep(desk.program.parts, office_of(desk.program.parts), "C001", lambda _: happened, at=AT, who="test")


def words(answer: Answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.body)).replace("\u202f", " ").replace("\xa0", " ")


def said(answer: Answer) -> str:
    return value_of(answer.cookies["__Host-relance-toast"])


def call_task() -> e.TaskRaised:
    return e.TaskRaised(task=Task(id="T1", kind=TaskKind.CALL, raised_on=AT.date(), due_on=AT.date(),
                                  reason="call about F1", numbers=("F1",), at_stake=eur("1200.00")))  # fmt: skip


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("path", ["", "/invoices", "/timeline", "/habit", "/block", "/promise", "/plan", "/dispute",
                                  "/contact", "/identity", "/policy", "/mail", "/litigation"])  # fmt: skip
def test_every_page_of_a_debtor_shows_in_both_languages(desk: Desk, path: str, language: str) -> None:
    answer = show(desk, path, "manager", language)
    assert answer.status == 200
    assert "Garage Morel" in answer.body


def test_the_file_says_who_what_is_owed_and_what_comes_next_and_why(desk: Desk) -> None:
    told = words(show(desk))
    assert "Garage Morel" in told
    assert "€2,400.00" in told
    assert "2 days late" in told
    assert "Send: first reminder" in told
    assert "courtesy notice on 25 June 2026" in told
    assert "lea.dumas@verre-clair.example" in told
    assert 'href="tel:+33100000000"' in show(desk).body


def test_the_same_in_french_without_a_word_of_english(desk: Desk) -> None:
    told = words(show(desk, language="fr"))
    assert "2 jours de retard" in told
    assert "première relance" in told
    assert not re.search(r"\b(late|reminder|Owed|promise|invoices?|because|until|since)\b", told)


def test_a_debtor_that_is_not_there_is_not_found_and_the_desk_is_no_debtor(desk: Desk) -> None:
    for id_ in ("nobody", "desk"):
        assert show(desk, ids={"debtor_id": id_}).status == 404


def test_a_viewer_sees_no_act_and_a_collector_no_policy(desk: Desk) -> None:
    assert "/C001/promise" not in show(desk).body
    assert "/C001/policy" not in show(desk, role="collector").body
    assert "/ops/debtors/C001/policy" in show(desk, role="manager").body


# --- blocks


def test_a_block_has_reason_owner_and_end_and_is_undone_from_the_toast(desk: Desk) -> None:
    answer = act(desk, "/block", {"reason": "call from the mayor", "owner": "lea@acme.example", "until": "2026-03-20"})
    assert answer.status == 303
    (block,) = desk.program.file().blocks.values()
    assert (block.reason, block.owner, str(block.until)) == ("call from the mayor", "lea@acme.example", "2026-03-20")
    assert f"blocks/{block.id}/lift" in said(answer).replace("%2F", "/")
    assert "blocked until 20 March 2026: call from the mayor" in words(show(desk))
    assert act(desk, "/blocks/{block_id}/lift", block_id=block.id).status == 303
    assert not desk.program.file().blocks[block.id].is_open
    assert act(desk, "/blocks/{block_id}/lift", block_id=block.id).status == 409


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"reason": "", "owner": "x"}, "Fill this in"),
        ({"reason": "why not", "owner": ""}, "Fill this in"),
        ({"reason": "why not", "owner": "x", "until": "2026-03-12"}, "Give a later day"),
        ({"reason": "why not", "owner": "x", "until": "31/02/2026"}, "This is no day"),
        ({"reason": "why not", "owner": "x", "numbers": "F9"}, "These invoices cannot be used"),
    ],
)
def test_what_is_wrong_with_a_block_is_said_at_the_field_and_nothing_typed_is_lost(
    desk: Desk, form: dict[str, str], told: str
) -> None:
    answer = act(desk, "/block", form)
    assert answer.status == 422
    assert told in words(answer)
    assert form["reason"] in answer.body
    assert not desk.program.file().blocks


# --- promises


def test_a_promise_names_who_said_it_and_stops_the_chasing(desk: Desk) -> None:
    happen(desk, call_task())
    form = {"on": "2026-03-20", "amount": "1 000,50", "means": "transfer", "said_by": "Mme Petit", "numbers": "F1"}
    assert act(desk, "/promise", form).status == 303
    (promise,) = desk.program.file().promises.values()
    assert (promise.numbers, str(promise.amount), promise.means) == (("F1",), "1000.50 EUR", "transfer")
    assert not desk.program.file().tasks["T1"].is_open, "nobody is called about what was just promised"
    told = words(show(desk))
    assert "promised for 20 March 2026" in told
    assert "Mme Petit promised it" in told
    assert act(desk, "/promises/{promise_id}/withdraw", promise_id=promise.id).status == 303
    assert desk.program.file().promises[promise.id].state is PromiseState.WITHDRAWN
    assert desk.program.file().promises_broken == 0


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({}, "Fill this in"),
        ({"on": "2026-03-11"}, "Give a later day"),
        ({"on": "2026-03-20", "amount": "1,234"}, "This is no amount"),
        ({"on": "2026-03-20", "amount": "-5"}, "This is no amount"),
    ],
)
def test_a_promise_without_a_day_to_come_or_a_readable_amount_is_none(
    desk: Desk, form: dict[str, str], told: str
) -> None:
    answer = act(desk, "/promise", form)
    assert answer.status == 422
    assert told in words(answer)
    assert not desk.program.file().promises


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1234.56", "1234.56"), ("1234,56", "1234.56"), ("1 234,56 €", "1234.56"), ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"), ("1\u202f234\u00a0€", "1234.00"), ("0,10", "0.10"), ("1,234", None), ("1.234", None),
        ("12,345.678", None), ("1e5", None), ("", None), ("NaN", None), ("12.3.4", None), ("١٢", None),
        ("1,234,567", "1234567.00"), ("1.234.567", "1234567.00"),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_people_write_it_or_not_at_all(typed: str, amount: str | None) -> None:
    found = read_amount(typed, "EUR")
    assert (str(found.amount) if found else None) == amount


def test_a_day_is_read_as_a_browser_sends_it_or_as_one_types_it() -> None:
    assert str(read_day("2026-03-01")) == str(read_day("1/3/2026")) == str(read_day("01.03.2026")) == "2026-03-01"
    assert read_day("2026-02-30") is read_day("tomorrow") is read_day("20260301") is None


# --- plans


def test_the_plan_that_the_policy_proposes_can_be_changed_and_must_come_to_the_cent(desk: Desk) -> None:
    offered = show(desk, "/plan", "collector")
    values = dict(re.findall(r'name="((?:on|amount)-\d)" type="\w+" value="([^"]*)"', offered.body))
    assert values["on-0"] == "2026-03-12"
    assert values["amount-0"] == "800.00"
    wrong = {**values, "amount-2": "799.99", "currency": "EUR"}
    answer = act(desk, "/plan", wrong)
    assert answer.status == 422
    assert "The instalments come to €2,399.99, the invoices to €2,400.00: €0.01 is missing" in words(answer)
    assert 'value="799.99"' in answer.body
    assert act(desk, "/plan", {**values, "means": "transfer"}).status == 303
    (plan,) = desk.program.file().plans.values()
    assert [str(i.amount.amount) for i in plan.instalments] == ["800.00", "800.00", "800.00"]
    assert "a payment plan runs" in words(show(desk))
    assert act(desk, "/plans/{plan_id}/end", plan_id=plan.id).status == 303
    assert not desk.program.file().plans[plan.id].runs


def test_instalments_out_of_order_or_too_late_are_said_at_the_field(desk: Desk) -> None:
    form = {"on-0": "2026-04-01", "amount-0": "1200", "on-1": "2026-03-20", "amount-1": "1200"}
    assert "Give the earliest first" in words(act(desk, "/plan", form))
    form = {"on-0": "2026-04-01", "amount-0": "1200", "on-1": "2026-12-20", "amount-1": "1200"}
    assert "The policy allows 90 days at most" in words(act(desk, "/plan", form))
    assert not desk.program.file().plans


# --- disputes


def test_a_dispute_is_opened_followed_and_resolved(desk: Desk) -> None:
    assert act(desk, "/dispute", {"reason": "half was broken"}).status == 422
    form = {"reason": "half was broken", "numbers": "F1", "amount": "600", "owner": "lea@acme.example"}
    assert act(desk, "/dispute", form).status == 303
    (dispute,) = desk.program.file().disputes.values()
    (task,) = desk.program.file().open_tasks()
    assert (dispute.reason, dispute.owner, dispute.numbers) == ("half was broken", "lea@acme.example", ("F1",))
    assert (task.kind, task.assignee) == (TaskKind.ANSWER_DISPUTE, "lea@acme.example")
    assert "half was broken" in words(show(desk))
    assert act(desk, "/dispute", form).status == 422, "it is disputed already"
    ids = {"dispute_id": dispute.id}
    assert act(desk, "/disputes/{dispute_id}/progress", {"note": "asked the driver"}, **ids).status == 303
    assert "asked the driver" in words(show(desk, "/disputes/{dispute_id}", ids=ids))
    assert act(desk, "/disputes/{dispute_id}/resolve", {"outcome": "rejected"}, **ids).status == 422
    answer = {"outcome": "rejected", "message": "The delivery note is signed."}
    assert act(desk, "/disputes/{dispute_id}/resolve", answer, **ids).status == 303
    file = desk.program.file()
    assert file.disputes[dispute.id].resolution == "rejected"
    assert not file.open_tasks()
    assert [order.template for order in file.orders.values()] == ["dispute_answer"]


# --- contacts, policy, notes


def test_a_new_address_counts_only_once_it_is_confirmed(desk: Desk) -> None:
    happen(desk, e.ContactDied(contact_id="payer", on=AT.date()),
           e.TaskRaised(task=Task(id="D", kind=TaskKind.DEAD_ADDRESS, raised_on=AT.date(), due_on=AT.date(),
                                  reason="find it")))  # fmt: skip
    assert "mail comes back since 12 March 2026" in words(show(desk))
    form = {"id": "payer", "role": "payer", "name": "Paul Morel", "email": "new@garage-morel.example", "phone": ""}
    asked = act(desk, "/contact", form)
    assert asked.status == 422
    assert "From now on mail goes to new@garage-morel.example" in words(asked)
    assert desk.program.file().contacts["payer"].email == "paul@garage-morel.example"
    assert act(desk, "/contact", {**form, "sure": "other@x.example"}).status == 422
    assert act(desk, "/contact", {**form, "sure": form["email"]}).status == 303
    contact = desk.program.file().contacts["payer"]
    assert (contact.email, contact.dead_since_on) == ("new@garage-morel.example", None)
    assert not desk.program.file().open_tasks()


def test_a_contact_is_added_with_an_id_of_its_own_and_a_dead_one_revived(desk: Desk) -> None:
    form = {"role": "payer", "name": "Anne", "email": "anne@garage-morel.example", "sure": "anne@garage-morel.example"}
    assert act(desk, "/contact", form).status == 303
    assert desk.program.file().contacts["payer-2"].role is Role.PAYER
    happen(desk, e.ContactDied(contact_id="payer", on=AT.date()))
    same = {"id": "payer", "role": "payer", "name": "Paul Morel", "email": "paul@garage-morel.example", "alive": "yes"}
    assert act(desk, "/contact", same).status == 303
    assert desk.program.file().contacts["payer"].dead_since_on is None


@pytest.mark.parametrize(
    ("field", "value"), [("email", "no address"), ("email", "a@b\r\nBcc: c@d.e"), ("phone", "12"), ("role", "boss")]
)
def test_a_contact_that_cannot_be_used_is_refused_at_the_field(desk: Desk, field: str, value: str) -> None:
    form = {"role": "payer", "name": "Anne", field: value, "sure": value}
    answer = act(desk, "/contact", form)
    assert answer.status == 422
    assert f'id="f-{field}-error"' in answer.body
    assert len(desk.program.file().contacts) == 1


def test_a_manager_chooses_another_policy_and_takes_it_back(desk: Desk) -> None:
    assert act(desk, "/policy", {"policy": "key_account"}, role="collector").status == 403
    answer = act(desk, "/policy", {"policy": "key_account", "why": "big client"}, role="manager")
    assert desk.program.file().debtor.policy == "key_account"
    assert "policy-back/standard" in said(answer).replace("%2F", "/")
    assert act(desk, "/policy-back/{policy_name}", role="manager", policy_name="standard").status == 303
    assert desk.program.file().debtor.policy == "standard"
    assert act(desk, "/policy", {"policy": "../x"}, role="manager").status == 422


def test_a_note_stands_in_the_journal_with_its_person(desk: Desk) -> None:
    assert act(desk, "/note", {"text": "Their accountant is new.\nCall on Mondays."}).status == 303
    entry = next(desk.program.store.journal_before("C001"))
    assert (entry.who, entry.event) == (
        "collector@acme.example", e.NoteWritten(text="Their accountant is new.\nCall on Mondays.")
    )  # fmt: skip
    assert "Their accountant is new." in words(show(desk))


# --- mails


def test_a_mail_is_seen_before_it_leaves_and_can_be_taken_back(desk: Desk) -> None:
    form = {"template": "answer", "words": "Thank you for your call.", "contact": "payer"}
    preview = act(desk, "/mail", {**form, "do": "preview"})
    assert preview.status == 200
    assert "As it will leave" in words(preview)
    assert not desk.program.file().orders
    answer = act(desk, "/mail", {**form, "do": "send"})
    assert answer.status == 303
    (order,) = desk.program.file().orders.values()
    assert [fact.text for fact in order.facts] == ["Thank you for your call."]
    assert desk.program.due_queue.bodies
    assert act(desk, "/orders/{order_id}/withdraw", order_id=order.id).status == 303
    assert act(desk, "/orders/{order_id}/withdraw", order_id=order.id).status == 409
    assert act(desk, "/mail", {"template": "answer", "words": ""}).status == 422
    assert act(desk, "/mail", {"template": "formal_notice", "words": "pay"}).status == 422


def test_a_mail_that_left_is_shown_by_its_words_alone(desk: Desk) -> None:
    remind(desk.program.parts, "C001", at=AT)
    (notice,) = desk.program.file().notices.values()
    assert notice.state is NoticeState.SENT
    raw = (
        b"From: a@verre-clair.example\r\nTo: paul@garage-morel.example\r\nSubject: <b>bold</b> & more\r\n"
        b"Content-Type: text/html\r\n\r\n<p>Bonjour <script>alert(1)</script><img src=https://evil.example/x> fin</p>"
    )
    desk.program.archive.put(sent_key("C001", notice.id), raw, content_type="message/rfc822")
    body = show(desk, "/mails/{notice_id}", ids={"notice_id": notice.id}).body
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; more" in body
    assert "Bonjour" in body
    assert "evil.example" not in body
    assert "<script>alert" not in body
    assert f"/mails/{notice.id}" in show(desk).body
    assert show(desk, "/mails/{notice_id}", ids={"notice_id": "../../creditor"}).status == 404


# --- calls


def test_the_call_sheet_takes_the_outcome_and_says_what_it_lacks(desk: Desk) -> None:
    happen(desk, call_task())
    ids = {"task_id": "T1"}
    sheet = words(show(desk, "/calls/{task_id}", "collector", ids=ids))
    assert "Whom to call, in this order" in sheet
    assert "Paul Morel" in sheet
    lacking = act(desk, "/calls/{task_id}", {"outcome": "promised", "note": "will pay"}, **ids)
    assert lacking.status == 422
    assert "will pay" in lacking.body
    assert act(desk, "/calls/{task_id}", {"outcome": "promised", "on": "2026-03-20"}, **ids).status == 303
    file = desk.program.file()
    assert not file.tasks["T1"].is_open
    assert len(file.promises) == len(file.calls) == 1
    assert act(desk, "/calls/{task_id}", {"outcome": "reached"}, **ids).status == 409
    assert "This call is done" in words(show(desk, "/calls/{task_id}", ids=ids))
    assert show(desk, "/calls/{task_id}", ids={"task_id": "none"}).status == 404


# --- the litigation file


def test_the_litigation_file_is_put_together_on_request_and_linked(desk: Desk) -> None:
    answer = act(desk, "/litigation")
    assert answer.status == 200
    link = r'href="memory://litigation/C001/[0-9a-f]{16}\.zip\?seconds=600&amp;name=litigation-C001'
    assert re.search(link, answer.body)
    assert "no document is recorded" in words(answer)
    (key,) = [key for key in desk.program.archive.kept if key.startswith("litigation/")]
    assert desk.program.archive.kept[key][0].startswith(b"PK")


def test_a_litigation_file_above_the_bound_is_refused_with_the_command(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(litigation_file, "WHILE_SOMEBODY_WAITS", Bound(pieces=1, bytes=60_000_000))
    answer = act(desk, "/litigation")
    assert answer.status == 422
    assert "more than 1 pieces or 60 MB" in words(answer)
    assert "relance litigation C001 --out C001.zip" in words(answer)
    assert not [key for key in desk.program.archive.kept if key.startswith("litigation/")]


# --- hostile content, size, reads


def test_what_others_wrote_is_shown_and_never_run(desk: Desk) -> None:
    file = file_of(
        case(f"F{HOSTILE}", "2026-03-10"), id="C-X", name=HOSTILE, sales_rep=HOSTILE, legal_id=HOSTILE,
        address=(HOSTILE,),
        contact=Contact(id="payer", name=HOSTILE, title=HOSTILE, email="a@b.example", phone=HOSTILE),
    )  # fmt: skip
    desk.program.put(file, paris("2026-03-11"))
    by_hand.write_note(desk.program.parts, "C-X", HOSTILE, at=AT, who="a@b.example")
    for path in ("", "/invoices", "/timeline", "/promise", "/contact", "/plan", "/identity", "/mail"):
        body = show(desk, path, "collector", ids={"debtor_id": "C-X"}).body
        assert "<img" not in body.replace('<img src="/api/ops/static', "")
        assert "<script>" not in body
        assert "&lt;script&gt;alert(2)" in body


def test_a_debtor_with_two_thousand_invoices_is_a_small_page_with_all_of_them_reachable(desk: Desk) -> None:
    cases = [case(f"N{n:04}", f"2026-0{1 + n % 3}-1{n % 9}") for n in range(2000)]
    desk.program.put(file_of(*cases, id="BIG", name="Big"), paris("2026-01-02"))
    answer = show(desk, ids={"debtor_id": "BIG"})
    assert answer.status == 200
    assert len(answer.body.encode()) < 200_000
    assert "2,000 open invoices" in words(answer) or "2000 open invoices" in words(answer)
    seen: set[str] = set()
    after: str | None = ""
    pages = 0
    while after is not None:
        page = show(desk, "/invoices", ids={"debtor_id": "BIG"}, query={"after": after} if after else None).body
        assert len(page.encode()) < 200_000
        seen |= set(re.findall(r"N\d{4}", page))
        found = re.search(r'rel="next" href="[^"]*after=([^"&]+)"', page)
        after = found[1].replace("%2F", "/") if found else None
        pages += 1
    assert len(seen) == 2000
    assert pages == 40


def test_the_timeline_goes_on_where_the_page_ended(desk: Desk) -> None:
    for n in range(70):
        by_hand.write_note(desk.program.parts, "C001", f"note {n:03}", at=AT, who=f"p{n}@acme.example")
    first = show(desk).body
    assert "note 069" in first
    assert "note 019" not in first
    (after,) = re.findall(r"timeline\?after=(\d+)", first)
    second = show(desk, "/timeline", query={"after": after}).body
    assert "note 019" in second
    assert "note 021" not in second
    assert "File opened" in second


# --- the list


def test_the_list_finds_by_number_invoice_address_and_name_and_remembers_what_was_opened(desk: Desk) -> None:
    cookies = {**desk.sign_in("viewer"), "__Host-relance-language": "en"}

    def ask(question: str, **more: str) -> str:
        return desk.ask("GET", "/ops/debtors", query={"q": question}, cookies={**cookies, **more}).body

    for question in ("C001", "F1", "paul@garage-morel.example", "garage MOREL sarl"):
        assert "/ops/debtors/C001" in ask(question), question
    assert "Nobody is known by this" in ask("orel")
    opened = show(desk)
    kept = value_of(opened.cookies["__Host-relance-recent"])
    assert "/ops/debtors/C001" in ask("orel", **{"__Host-relance-recent": kept})
    forged = {"__Host-relance-recent": "..%252F..%2520%3Cscript%3Ex%0Azzz"}
    assert "<script>" not in ask("zzz", **forged)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("mo", {"C001", "C2"}), ("MÔR", {"C001", "C2"}), ("gar mor", {"C001"}), ("mor gar", {"C001"}),
        ("garage morel", {"C001"}), ("morel gar", {"C001"}), ("orel", set()), ("m", set()), ("etan", {"C2"}),
        ("étanchéité d morel", {"C2"}), ("gar etan", set()), ("desk", set()), ("<script>", set()), ("sarl", set()),
    ],
)  # fmt: skip
def test_a_debtor_is_found_by_the_beginning_of_any_word_of_its_name(
    desk: Desk, question: str, found: set[str]
) -> None:
    desk.program.put(file_of(case("F9", "2026-03-10"), id="C2", name="Société d'Étanchéité Morél & Fils SARL"), AT)
    body = desk.ask("GET", "/ops/debtors", query={"q": question}, cookies=desk.sign_in("viewer")).body
    assert set(re.findall(r'href="/api/ops/debtors/(\w+)"', body)) == found
    answer = desk.ask("GET", "/ops/find", query={"q": question}, cookies=desk.sign_in("viewer"))
    if len(found) == 1:
        assert answer.place == f"/api/ops/debtors/{next(iter(found))}"
    else:
        assert set(re.findall(r'href="/api/ops/debtors/(\w+)"', answer.body)) == found


def test_of_many_who_are_named_so_twenty_are_listed_and_it_is_said(desk: Desk) -> None:
    def ask(path: str) -> str:
        return desk.ask("GET", path, query={"q": "mor"}, cookies=desk.sign_in("viewer")).body

    for n in range(19):
        assert "type more of the name" not in ask("/ops/find")
        desk.program.put(file_of(id=f"C1{n:02}", name=f"Morin {n}"), AT)
    desk.program.put(file_of(id="C200", name="Morin"), AT)
    for path in ("/ops/find", "/ops/debtors"):
        body = ask(path)
        assert len(set(re.findall(r'href="/api/ops/debtors/(C\w+)"', body))) == 20
        assert "type more of the name" in body


def test_before_the_first_numbers_the_list_teaches(desk: Desk) -> None:
    body = desk.ask("GET", "/ops/debtors", cookies={**desk.sign_in("viewer"), "__Host-relance-language": "en"}).body
    assert "Import invoices first" in body


