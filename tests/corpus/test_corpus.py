"""The hand-written corpus is well formed: labels agree with the definitions, with the mails and with the books."""

from __future__ import annotations

import csv
import email
import io
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.corpus import write_corpus as corpus
from tests.corpus.labels import INTENTS, REASONS

WRITTEN = Path(__file__).parent / "written"
ASIDE = WRITTEN / "kept-aside"
FIELDS = {
    "id",
    "file",
    "language",
    "kind",
    "intents",
    "invoices",
    "promise",
    "remittance",
    "dispute",
    "return_date",
    "contacts",
    "decision",
    "why",
}
KINDS = {"reply", "auto_reply", "bounce", "receipt", "challenge", "unrelated"}
LANGUAGES = {"fr", "en", "de", "es", "it", "nl", "pt"}


def labels(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "labels.jsonl").read_text("utf-8").splitlines()]


@cache
def invoices(folder: Path) -> dict[str, dict[str, str]]:
    """The open invoices of a folder's creditor, by number; what is kept aside has the books of its parent."""
    books = folder if (folder / "invoices.csv").exists() else folder.parent
    with (books / "invoices.csv").open(encoding="utf-8", newline="") as stream:
        return {row["number"]: row for row in csv.DictReader(stream)}


@cache
def parsed(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def mail(folder: Path, label: dict[str, Any]) -> EmailMessage:
    return parsed(folder / "mail" / label["file"])


LATER = ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
         "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth",
         "nineteenth", "twentieth", "twentyfirst", "twentysecond", "twentythird", "twentyfourth",
         "twentyfifth", "twentysixth", "twentyseventh")  # fmt: skip
FOLDERS = (WRITTEN, ASIDE, *(WRITTEN.parent / name for name in LATER))
EVERY = [(folder, label) for folder in FOLDERS for label in labels(folder)]


def every_message(check: Callable[[Path, dict[str, Any]], None]) -> Callable[[Path], None]:
    """One test for each folder, which names every mail that the check refuses."""

    def test(folder: Path) -> None:
        wrong = {}
        for label in labels(folder):
            try:
                check(folder, label)
            except AssertionError as refused:
                wrong[label["id"]] = str(refused)
        assert wrong == {}

    test.__name__, test.__doc__ = check.__name__, check.__doc__
    return pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)(test)


def sent_on(folder: Path, label: dict[str, Any]) -> date:
    return parsedate_to_datetime(str(mail(folder, label)["Date"])).date()


@every_message
def test_a_label_line_has_every_field_with_a_value_the_definitions_know(folder: Path, label: dict[str, Any]) -> None:
    assert set(label) == FIELDS
    assert label["file"] == f"{label['id']}.eml"
    assert label["kind"] in KINDS
    assert set(label["intents"]) <= INTENTS
    assert len(set(label["intents"])) == len(label["intents"])
    assert label["language"] in LANGUAGES
    assert label["decision"] in {"apply", "review"}
    assert label["why"].strip()
    assert all(contact.endswith(".example") and contact.count("@") == 1 for contact in label["contacts"])


@every_message
def test_facts_stand_exactly_where_their_intent_stands(folder: Path, label: dict[str, Any]) -> None:
    assert (label["promise"] is not None) == ("promise_to_pay" in label["intents"])
    assert (label["remittance"] is not None) == ("remittance" in label["intents"])
    assert (label["dispute"] is not None) == ("dispute" in label["intents"])
    assert not label["contacts"] or "contact_change" in label["intents"]
    if label["dispute"]:
        assert label["dispute"]["reason"] in REASONS
    if label["return_date"]:
        assert label["kind"] == "auto_reply"
    if label["kind"] == "auto_reply":
        assert set(label["intents"]) <= {"contact_change"}
    elif label["kind"] != "reply":
        assert label["intents"] == []


@every_message
def test_what_law_anger_insolvency_or_silence_says_is_for_a_person(folder: Path, label: dict[str, Any]) -> None:
    if label["kind"] == "challenge" or {"insolvency", "complaint"} & set(label["intents"]):
        assert label["decision"] == "review"
    if label["kind"] == "reply" and not label["intents"]:
        assert label["decision"] == "review"
    if label["kind"] in {"receipt", "auto_reply"}:
        assert label["decision"] == "apply"


@every_message
def test_an_invoice_of_a_label_is_one_open_invoice_of_one_account(folder: Path, label: dict[str, Any]) -> None:
    assert len(set(label["invoices"])) == len(label["invoices"])
    assert len({invoices(folder)[number]["account"] for number in label["invoices"]}) <= 1
    for number in label["invoices"]:
        assert invoices(folder)[number]["issued"] <= sent_on(folder, label).isoformat()


@every_message
def test_a_promise_lies_ahead_and_a_payment_behind(folder: Path, label: dict[str, Any]) -> None:
    sent = sent_on(folder, label)
    if label["promise"] and label["promise"]["date"] and label["decision"] == "apply":
        assert sent <= date.fromisoformat(label["promise"]["date"]) <= sent + timedelta(days=120)
    if label["remittance"] and label["remittance"]["date"] and label["decision"] == "apply":
        # Value dates run a few days ahead of the notice.
        assert sent - timedelta(days=120) <= date.fromisoformat(label["remittance"]["date"]) <= sent + timedelta(days=4)
    if label["return_date"]:
        assert sent < date.fromisoformat(label["return_date"]) <= sent + timedelta(days=200)
    for fact in (label["promise"], label["remittance"]):
        if fact and fact["amount"]:
            assert Decimal(fact["amount"]) == Decimal(fact["amount"]).quantize(Decimal("0.01")) > 0


@every_message
def test_a_mail_parses_and_its_text_can_be_had(folder: Path, label: dict[str, Any]) -> None:
    message = mail(folder, label)
    assert message["From"]
    assert message["Subject"]
    assert parsedate_to_datetime(str(message["Date"])).tzinfo is not None
    for part in message.walk():
        if part.get_content_maintype() == "text":
            assert isinstance(part.get_payload(decode=True), bytes)


@every_message
def test_nobody_in_it_is_real(folder: Path, label: dict[str, Any]) -> None:
    raw = (folder / "mail" / label["file"]).read_bytes().decode("latin-1").replace("=\r\n", "")
    for field in ("From", "To", "Reply-To", "Return-Path"):
        for value in mail(folder, label).get_all(field, []):
            assert "@" not in str(value) or ".example" in str(value)
    assert not re.search(r"[\w-]@?\.(com|org|net|fr|de)\b(?!\.)|@(gmail|outlook|orange)\.", raw.lower())


def test_about_a_third_is_kept_aside_and_the_hash_says_which() -> None:
    aside = {label["id"] for label in labels(ASIDE)}
    open_ = {label["id"] for label in labels(WRITTEN)}
    assert not aside & open_
    assert 0.27 <= len(aside) / len(aside | open_) <= 0.40
    assert all(corpus.is_kept_aside(i) for i in aside)
    assert not any(corpus.is_kept_aside(i) for i in open_)


def test_every_mail_has_one_label_and_every_label_one_mail() -> None:
    for folder in FOLDERS:
        files = sorted(path.name for path in (folder / "mail").iterdir())
        assert files == sorted(label["file"] for label in labels(folder))


def test_every_part_holds_every_kind_every_intent_and_both_decisions() -> None:
    for folder in FOLDERS:
        mine = labels(folder)
        assert {label["kind"] for label in mine} == KINDS
        assert {intent for label in mine for intent in label["intents"]} == INTENTS
        applied = sum(label["decision"] == "apply" for label in mine) / len(mine)
        assert 0.60 <= applied <= 0.90
        replies = sum(label["kind"] == "reply" for label in mine) / len(mine)
        assert 0.65 <= replies <= 0.90


def test_the_mails_are_what_the_words_and_the_writer_make() -> None:
    for folder in (WRITTEN, ASIDE):
        for letter in corpus.read_words(folder / "words.txt"):
            written = (folder / "mail" / f"{letter.id}.eml").read_bytes()
            assert corpus.write_mail(letter) == written, f"{letter.id}: run write_corpus.py"


def test_the_attachments_open_with_the_libraries_a_reader_would_use() -> None:
    pypdf = pytest.importorskip("pypdf")
    openpyxl = pytest.importorskip("openpyxl")
    opened = 0
    for folder, label in EVERY:
        for part in mail(folder, label).walk():
            data = part.get_payload(decode=True)
            if part.get_content_type() == "application/pdf" and isinstance(data, bytes):
                assert len(pypdf.PdfReader(io.BytesIO(data)).pages) == 1
                opened += 1
            elif part.get_content_type().endswith("spreadsheetml.sheet") and isinstance(data, bytes):
                assert openpyxl.load_workbook(io.BytesIO(data)).active.max_row > 1
                opened += 1
    assert opened > 5


LESS_IS_PAID = ("part", "half", "slice", "reduced", "deducted", "discount", "taken off", "down payment", "correct")


def test_a_total_that_a_label_gives_for_whole_invoices_is_their_sum() -> None:
    """Where one intent stands alone and a program may act on it, the amount is no more than the invoices named."""
    for folder, label in EVERY:
        for key in ("promise", "remittance"):
            fact = label[key]
            if fact and fact["amount"] and label["decision"] == "apply" and label["invoices"]:
                owed = sum(Decimal(invoices(folder)[number]["amount"]) for number in label["invoices"])
                assert Decimal(fact["amount"]) <= owed, label["id"]
                if label["intents"] == [key if key == "remittance" else "promise_to_pay"] and not any(
                    word in label["why"] for word in LESS_IS_PAID
                ):
                    whole = {sum(map(Decimal, some)) for some in sums(folder, label["invoices"])}
                    assert Decimal(fact["amount"]) in whole, label["id"]


def sums(folder: Path, numbers: list[str]) -> list[list[str]]:
    """Every non-empty choice among the amounts of these invoices."""
    amounts = [invoices(folder)[number]["amount"] for number in numbers]
    return [[a for i, a in enumerate(amounts) if mask >> i & 1] for mask in range(1, 1 << len(amounts))]


def test_every_mail_is_dated_in_the_two_years_that_the_books_cover() -> None:
    for folder, label in EVERY:
        assert sent_on(folder, label).year in {2026, 2027}
