"""The mailbox's routes over a program in memory: lists, one mail, decisions, downloads; what they cost."""

from __future__ import annotations

import re
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from chalicelib.domain.debtor_file import DESK, PromiseState
from chalicelib.pipeline.apply_replies import apply_reply
from chalicelib.pipeline.collect_mail import collect_mail
from chalicelib.ports import MailState, Shelf
from chalicelib.reading.decision import REASONS
from chalicelib.reading.model import DISPUTE_REASONS, INTENTS
from chalicelib.web.pages import mailbox_words as words
from chalicelib.web.pages.mailbox_view import Piece, pieces, safe_name
from tests.web.pages.conftest import AT, Desk

ONE = "/ops/mailbox/{mail_id}"
UNCLEAR = "Bonjour, le virement de la facture F1 part le 20 mars. Qui dois-je appeler au sujet de F2 ?"


def come(desk: Desk, text: str, *, sender: str = "paul@garage-morel.example", subject: str = "Facture F1",
         file: str = "") -> str:  # fmt: skip
    message = EmailMessage()
    message["Authentication-Results"] = "mx.verre-clair.example; dmarc=pass header.from=garage-morel.example"
    message["From"], message["To"], message["Subject"] = sender, "compta@verre-clair.example", subject
    message["Date"], message["Message-ID"] = "Thu, 12 Mar 2026 09:30:00 +0100", f"<{len(text)}@garage-morel.example>"
    message.set_content(text)
    if file:
        message.add_attachment(b"<svg onload=alert(1)>", maintype="image", subtype="svg+xml", filename=file)
    desk.program.mailbox.deliver(message.as_bytes())
    collect_mail(desk.program.parts, at=AT)
    (body,) = desk.program.mail_queue.take()
    apply_reply(desk.program.parts, body["mail_id"], at=AT)
    return str(body["mail_id"])


def act(desk: Desk, what: str, mail: str, **form: str) -> Any:
    cookies = desk.sign_in("collector")
    return desk.act(f"{ONE}/{what}", cookies, {"turn": "0", **form}, ids={"mail_id": mail})


def see(desk: Desk, mail: str, role: str = "viewer", **query: str) -> Any:
    return desk.ask("GET", ONE, ids={"mail_id": mail}, query=query or None, cookies=desk.sign_in(role))


def test_each_list_shows_its_mails_and_an_empty_one_teaches(desk: Desk) -> None:
    come(desk, UNCLEAR, subject="Which one")
    for shelf in words.SHELVES:
        answer = desk.ask("GET", "/ops/mailbox", query={"shelf": shelf}, cookies=desk.sign_in("viewer"))
        assert answer.status == 200
        assert ("Which one" in answer.body) is (shelf in ("review", "all"))
        assert len(answer.body) < 200_000
    assert desk.ask("GET", "/ops/mailbox", query={"shelf": "../x"}, cookies=desk.sign_in("viewer")).status == 200


def test_a_list_goes_on_on_its_next_page(desk: Desk) -> None:
    mail = desk.program.mail_log.mails[come(desk, UNCLEAR)]
    for n in range(70):
        one = mail.becomes(MailState.READ, received_at=AT - timedelta(minutes=n), subject=f"Mail {n:02}")
        desk.program.mail_log.mails[f"m{n}"] = type(one)(**{**one.__dict__, "id": f"m{n}"})
    seen: list[str] = []
    query: dict[str, str] = {"shelf": "all"}
    for _ in range(5):
        answer = desk.ask("GET", "/ops/mailbox", query=query, cookies=desk.sign_in("viewer"))
        seen += re.findall(r">(Mail \d\d)<", answer.body)
        after = re.search(r'rel="next" href="[^"]*after=([^"&]+)"', answer.body)
        if not after:
            break
        from urllib.parse import unquote_plus

        query = {"shelf": "all", "after": unquote_plus(after[1])}
    assert seen == [f"Mail {n:02}" for n in range(70)]


def test_the_words_stand_beside_what_was_understood_and_why_a_person_is_asked(desk: Desk) -> None:
    body = see(desk, come(desk, UNCLEAR)).body
    assert "<mark" in body
    assert "Promise to pay" in body
    assert "20 March 2026" in body
    assert words.DOUBTS["question"] in body or words.DOUBTS["call"] in body
    assert "Sender verified" in body


def test_a_viewer_is_offered_no_act(desk: Desk) -> None:
    mail = come(desk, UNCLEAR)
    assert "/accept" not in see(desk, mail, "viewer").body
    assert "/accept" in see(desk, mail, "collector").body


def test_an_unknown_mail_is_not_there(desk: Desk) -> None:
    assert see(desk, "0" * 64).status == 404
    assert act(desk, "accept", "0" * 64).status == 404


def test_accepting_applies_what_was_read(desk: Desk) -> None:
    mail = come(desk, UNCLEAR)
    assert act(desk, "accept", mail).status == 303
    (promise,) = desk.program.file().promises.values()
    assert promise.state is PromiseState.OPEN
    assert desk.program.mail_log.mails[mail].settled_by == "collector@acme.example"
    again = act(desk, "nothing", mail)
    assert again.status == 303
    assert "first" in again.cookies["__Host-relance-toast"]
    assert desk.program.file().promises[promise.id].state is PromiseState.OPEN


def test_a_wrong_correction_shows_the_form_again_with_what_was_typed(desk: Desk) -> None:
    mail = come(desk, UNCLEAR)
    answer = act(desk, "correct", mail, intents="promise_to_pay", promise_on="2026-03-01", note="typed")
    assert answer.status == 422
    assert "A promise is for today or later" in answer.body
    assert 'value="typed"' in answer.body
    for field, value in (("promise_amount", "abc"), ("paid_amount", "-5"), ("return_on", "soon"), ("day:F1", "x")):
        assert act(desk, "correct", mail, intents="remittance", **{field: value}).status == 422
    assert act(desk, "correct", mail).status == 422, "nothing is chosen"
    assert desk.program.mail_log.mails[mail].turn == 0


def test_a_correction_is_applied_and_kept_as_an_example(desk: Desk) -> None:
    mail = come(desk, UNCLEAR)
    form = {"intents": "promise_to_pay", "numbers:promise_to_pay": "F2", "promise_on": "2026-03-30",
            "promise_amount": "1 000,50"}  # fmt: skip
    assert act(desk, "correct", mail, **form).status == 303
    (promise,) = [p for p in desk.program.file().promises.values() if p.state is PromiseState.OPEN]
    assert (promise.numbers, str(promise.amount.amount)) == (("F2",), "1000.50")  # type: ignore[union-attr]
    assert any(key.startswith("examples/") for key in desk.program.archive.kept)


def test_a_debtor_is_found_by_name_number_invoice_and_address(desk: Desk) -> None:
    mail = come(desk, UNCLEAR, sender="someone@elsewhere.example")
    assert desk.program.mail_log.mails[mail].shelf is Shelf.UNMATCHED
    for asked in ("garage morel", "C001", "F1", "f1", "PAUL@garage-morel.example", "Garage Morel SARL", "gar", "Morél"):
        assert "It is theirs" in see(desk, mail, "collector", q=asked).body, asked
    assert "It is theirs" not in see(desk, mail, "collector", q="arage").body
    assert desk.program.store.load(DESK)
    assert "It is theirs" not in see(desk, mail, "collector", q=DESK).body, "the desk owes nothing"
    assert act(desk, "debtor", mail, debtor="NOBODY").status == 422
    assert act(desk, "debtor", mail, debtor="C001").status == 303
    assert desk.program.mail_log.mails[mail].debtor_id == "C001"


def test_an_answer_is_shown_before_it_is_ordered(desk: Desk) -> None:
    mail = come(desk, UNCLEAR)
    shown = act(desk, "answer", mail, template="answer", words="Merci <b>", go="preview")
    assert shown.status == 200
    assert "Merci &lt;b&gt;" in shown.body
    assert desk.program.file().orders == {}
    assert act(desk, "answer", mail, template="answer", words="", go="send").status == 422
    assert act(desk, "answer", mail, template="document_sent", go="send").status == 422, "no copy is archived"
    assert act(desk, "answer", mail, template="answer", words="Merci", go="send").status == 303
    assert len(desk.program.file().orders) == 1


@pytest.mark.parametrize("template", list(words.ANSWERS))
def test_every_kind_of_answer_has_its_page(desk: Desk, template: str) -> None:
    mail = come(desk, UNCLEAR)
    answer = desk.ask(
        "GET", f"{ONE}/answer", ids={"mail_id": mail}, query={"template": template}, cookies=desk.sign_in("collector")
    )
    assert answer.status == 200


def test_the_original_and_a_file_are_links_that_save_and_never_show(desk: Desk) -> None:
    mail = come(desk, UNCLEAR, file="../../évil<script>.svg")
    cookies = desk.sign_in("viewer")
    eml = desk.ask("GET", f"{ONE}/eml", ids={"mail_id": mail}, cookies=cookies)
    assert eml.place.startswith(f"memory://mail/{mail}.eml")
    assert "name=" in eml.place
    file = desk.ask("GET", f"{ONE}/files/{{number}}", ids={"mail_id": mail, "number": "1"}, cookies=cookies)
    assert file.place.startswith(f"memory://attachments/{mail}/1?")
    assert desk.program.archive.kept[f"attachments/{mail}/1"][1] == "application/octet-stream"
    for number in ("0", "2", "x", "-1"):
        answer = desk.ask("GET", f"{ONE}/files/{{number}}", ids={"mail_id": mail, "number": number}, cookies=cookies)
        assert answer.status == 404


def test_what_a_stranger_wrote_is_never_markup(desk: Desk) -> None:
    script = "<script>alert(1)</script>"
    mail = come(desk, f"{UNCLEAR} {script}", subject=script, file=f"{script}.pdf")
    for body in (see(desk, mail, "collector").body, desk.ask(
        "GET", "/ops/mailbox", cookies=desk.sign_in("viewer")).body):  # fmt: skip
        assert script not in body
        assert "&lt;script&gt;" in body


def test_evidence_may_overlap_lie_elsewhere_or_be_wrong() -> None:
    text = "je paie le 20 mars"
    spans = [
        {"what": "a", "words": "paie le 20", "start": 3, "end": 13},
        {"what": "b", "words": "20 mars", "start": 11, "end": 18},
        {"what": "c", "words": "mars", "start": 0, "end": 4},  # shifted: looked for
        {"what": "d", "words": "août", "start": 0, "end": 4},  # not there
        {"what": "e", "words": "x", "start": -5, "end": 900},
        {"what": "f", "words": "je", "start": 0, "end": 2, "where": "subject"},
        {"what": "g", "words": "", "start": 2, "end": 2},
    ]
    found = pieces(text, spans)
    assert "".join(piece.text for piece in found) == text
    assert found == [
        Piece(text="je "), Piece(text="paie le ", what=("a",)), Piece(text="20", what=("a", "b")),
        Piece(text=" ", what=("b",)), Piece(text="mars", what=("b", "c")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kept"),
    [("../../etc/passwd", "passwd"), ("a\\b\\c.doc", "c.doc"), ("x\r\nSet-Cookie: y", "xSet-Cookie: y"), ("  .. ", "")],
)
def test_a_file_is_saved_under_a_harmless_name(name: str, kept: str) -> None:
    assert safe_name(name) == kept


def test_every_code_of_the_reader_has_its_words() -> None:
    assert set(REASONS) | {"clear"} == set(words.DOUBTS)
    assert set(words.INTENTS) == set(INTENTS)
    assert set(words.DISPUTES) == set(DISPUTE_REASONS)
    assert set(words.SHELVES) == {*map(str, Shelf), "all"}
