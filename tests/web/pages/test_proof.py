"""The proof of delivery: handed over for one letter alone, looked at, kept by the same verb as the command's."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Demand, Letter
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.pipeline.letters import LARGEST_PROOF_BYTES, prove
from chalicelib.pipeline.litigation_file import assemble
from chalicelib.ports import Parts
from tests.sample import eur
from tests.web.pages.conftest import AT, Answer, Desk, value_of

LETTER = "/ops/debtors/{debtor_id}/letters/{letter_id}"
SCAN = b"\xff\xd8\xff signed by Paul Morel"
HOSTILE = '<script>alert(1)</script>"'


def print_letter(parts: Parts, debtor_id: str, number: str, *, at: datetime, id_: str = "L9") -> str:
    """A formal notice about an invoice was approved, printed and posted."""
    owed = eur("1200.00")
    letter = Letter(
        id=id_, task="T9", approved_at=at, approved_by="hugo", demands=(Demand(number=number, balance=owed),),
        totals=(owed,),
    )  # fmt: skip
    key = f"letters/{debtor_id}/N-{id_}.pdf"
    parts.archive.put(key, b"%PDF printed", content_type="application/pdf")
    events: list[e.Event] = [
        e.FormalNoticeApproved(letter=letter),
        e.LetterPrinted(letter_id=id_, notice_id=f"N-{id_}", on=at.date(), deadline_on=at.date(), takes=(),
                        totals=(owed,), key=key, sha256="0" * 64),
        e.LetterPosted(letter_id=id_, on=at.date(), tracking="1A 234"),
    ]  # fmt: skip
    keep(parts, office_of(parts), debtor_id, lambda _: [(one, "test") for one in events], at=at, who="test")
    return id_


@pytest.fixture
def letter(desk: Desk) -> str:
    return print_letter(desk.program.parts, "C001", "F1", at=AT)


def show(desk: Desk, letter: str, path: str = "", role: str = "collector", **ids: str) -> Answer:
    return desk.ask(
        "GET", LETTER + path, ids={"debtor_id": "C001", "letter_id": letter, **ids}, cookies=desk.sign_in(role)
    )


def hand_over(desk: Desk, letter: str, content: bytes = SCAN) -> str:
    """The browser sends the signed form to the bucket, and is sent back; gives what was given."""
    body = show(desk, letter, "/proof").body
    key = re.search(r'name="key" value="([^"]+)"', body)
    back = re.search(rf'value="https://[^"]+/letters/{letter}/proof/([0-9a-f]+)"', body)
    assert key
    assert back
    desk.import_files.put(key[1], content, content_type="application/octet-stream")
    return back[1]


def deliver(desk: Desk, letter: str, given: str, on: str = "", **asked: Any) -> Answer:
    role = asked.pop("role", "collector")
    ids = {"debtor_id": "C001", "letter_id": letter, "given": given, **asked}
    return desk.act(f"{LETTER}/proof/{{given}}", desk.sign_in(role), {"on": on}, ids=ids)


def test_a_scan_is_kept_and_noted_as_the_command_does_it(desk: Desk, letter: str) -> None:
    given = hand_over(desk, letter)
    assert "The scan has arrived" in show(desk, letter, "/proof/{given}", given=given).body
    answer = deliver(desk, letter, given, "2026-03-12")
    assert (answer.status, answer.place) == (303, f"/api/ops/debtors/C001/letters/{letter}")
    assert "on%20file" in value_of(answer.cookies["__Host-relance-toast"])
    entry = list(desk.program.store.journal("C001"))[-1]
    assert isinstance(entry.event, e.LetterDelivered)
    assert (entry.who, entry.event.on) == ("collector@acme.example", date(2026, 3, 12))
    assert desk.program.archive.get(entry.event.proof) == SCAN
    prove(desk.program.parts, "C001", letter, SCAN, on=date(2026, 3, 12), at=AT, who="command")
    assert list(desk.program.store.journal("C001"))[-1] == entry, "the command finds nothing left to do"


def test_a_better_scan_keeps_the_day_on_which_the_letter_arrived(desk: Desk, letter: str) -> None:
    deliver(desk, letter, hand_over(desk, letter), "2026-03-12")
    desk.at += timedelta(days=9)
    given = hand_over(desk, letter, b"%PDF sharper")
    assert 'value="2026-03-12"' in show(desk, letter, "/proof/{given}", given=given).body
    assert deliver(desk, letter, given).status == 303
    kept = desk.program.file().letters[letter]
    assert (kept.delivered_on, kept.proof.endswith(".pdf")) == (date(2026, 3, 12), True)


def test_the_same_scan_sent_twice_is_one_delivery(desk: Desk, letter: str) -> None:
    given = hand_over(desk, letter)
    for _ in range(2):
        assert deliver(desk, letter, given, "2026-03-12").status == 303
    assert deliver(desk, letter, hand_over(desk, letter)).status == 303
    events = [entry.event for entry in desk.program.store.journal("C001")]
    assert sum(isinstance(one, e.LetterDelivered) for one in events) == 1


def test_whoever_sees_the_letter_may_download_the_proof_and_the_litigation_file_holds_it(
    desk: Desk, letter: str
) -> None:
    deliver(desk, letter, hand_over(desk, letter))
    assert "Download the proof of delivery" in show(desk, letter, role="viewer").body
    zip_ = io.BytesIO()
    assemble(desk.program.parts, "C001", zip_)
    names = zipfile.ZipFile(zip_).namelist()
    assert [n for n in names if n.startswith("1-") and n.endswith(".jpg")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<html><script>alert(1)</script>", "neither PDF, JPEG nor PNG"),
        (b"PK\x03\x04", "neither PDF, JPEG nor PNG"),
        (b"", "neither PDF, JPEG nor PNG"),
        (b" %PDF-1.4", "neither PDF, JPEG nor PNG"),
        (b"%PDF" + b"x" * LARGEST_PROOF_BYTES, "weighs"),
    ],
    ids=["html", "zip", "empty", "not-at-its-beginning", "large"],
)
def test_what_is_no_scan_is_told_in_words_and_nothing_is_kept(
    desk: Desk, letter: str, content: bytes, told: str
) -> None:
    before = dict(desk.program.archive.kept)
    answer = deliver(desk, letter, hand_over(desk, letter, content), "2026-03-12")
    assert answer.status == 422
    assert told in answer.body
    assert "Choose another file" in answer.body
    assert 'value="2026-03-12"' in answer.body, "what was typed is not lost"
    assert desk.program.archive.kept == before
    assert not desk.program.file().letters[letter].proof


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"\x89PNG\r\n", b"\xff\xd8\xff"])
def test_pdf_png_and_jpeg_are_told_by_their_first_bytes(desk: Desk, letter: str, content: bytes) -> None:
    assert deliver(desk, letter, hand_over(desk, letter, content)).status == 303


@pytest.mark.parametrize("on", ["2026-03-13", "tomorrow", "2026-03-11"])
def test_a_day_that_cannot_be_is_told_at_its_field(desk: Desk, letter: str, on: str) -> None:
    answer = deliver(desk, letter, hand_over(desk, letter), on)
    assert answer.status == 422
    assert 'id="f-on-error"' in answer.body
    assert not desk.program.file().letters[letter].proof


def test_the_form_takes_one_file_of_a_name_of_ours_up_to_the_size_that_is_kept(desk: Desk, letter: str) -> None:
    answer = show(desk, letter, "/proof")
    assert re.search(r'name="key" value="proofs/[0-9a-f]{32}/[0-9a-f]{32}"', answer.body)
    assert "${filename}" not in answer.body
    assert f"up to {LARGEST_PROOF_BYTES} bytes" in answer.body
    assert "form-action 'self' https://imports.example" in answer.headers["Content-Security-Policy"]
    assert "imports.example" not in show(desk, letter).headers["Content-Security-Policy"]


def test_what_was_given_for_one_letter_is_no_proof_of_another(desk: Desk, letter: str) -> None:
    other = print_letter(desk.program.parts, "C001", "F1", at=AT, id_="L8")
    given = hand_over(desk, letter)
    assert deliver(desk, other, given).status == 404
    assert not desk.program.file().letters[other].proof


@pytest.mark.parametrize("given", ["0" * 32, "../../x", "", HOSTILE, "0" * 31, "A" * 32])
def test_what_never_arrived_is_nothing(desk: Desk, letter: str, given: str) -> None:
    hand_over(desk, letter)
    for answer in (show(desk, letter, "/proof/{given}", given=given or " "), deliver(desk, letter, given or " ")):
        assert answer.status == 404
        assert "<script>alert" not in answer.body


def test_a_letter_that_was_not_printed_asks_for_no_proof(desk: Desk) -> None:
    assert show(desk, "L1", "/proof").status == 404


def test_a_viewer_files_nothing(desk: Desk, letter: str) -> None:
    given = hand_over(desk, letter)
    assert "File the proof" not in show(desk, letter, role="viewer").body
    assert show(desk, letter, "/proof", role="viewer").status == 403
    assert deliver(desk, letter, given, role="viewer").status == 403
