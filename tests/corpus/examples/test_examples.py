"""The examples are well-formed: labels are known, fields agree with each other and with the words."""

import datetime as dt
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.labels import INTENTS, REASONS

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("hand_*.jsonl"))

LANGUAGES = {"fr", "en", "de", "nl", "it", "es", "pt"}
# What an intent carries: present exactly where the intent is.
DETAILS = {
    "promise": ("promise_to_pay", {"date", "amount"}),
    "remittance": ("remittance", {"date", "amount", "reference"}),
    "dispute": ("dispute", {"reason"}),
}
FIELDS = {"id", "lang", "date", "text", "intents", "invoices", *DETAILS, "contacts", "decision", "why"}

Example = dict[str, Any]


def examples(path: Path) -> list[Example]:
    """The lines of one file, in order."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def figures(text: str) -> list[str]:
    """The figures of a text without their separators: "7,402.50", "7.402,50" and "7 402,50" are one."""
    return [digits(figure) for figure in re.findall(r"\d[\d.,'\s]*", text)]


def without(text: str, names: list[str]) -> str:
    for name in names:
        text = text.replace(name, " - ")
    return text


def complaints(example: Example) -> list[str]:
    """Everything that is wrong with one example, in words; empty where it is sound."""
    wrong: list[str] = []

    def check(sound: bool, otherwise: str) -> None:
        if not sound:
            wrong.append(f"{example.get('id')}: {otherwise}")

    check(set(example) == FIELDS, f"fields {sorted(set(example) ^ FIELDS)}")
    if wrong:
        return wrong
    text, intents = example["text"], example["intents"]
    written_at = dt.datetime.fromisoformat(example["date"])
    check(example["lang"] in LANGUAGES, "unknown language")
    check(written_at.tzinfo is not None and 2025 <= written_at.year <= 2029, "date without offset or out of range")
    check(bool(text.strip()) and bool(example["why"].strip()), "empty text or why")
    check(set(intents) <= INTENTS and len(set(intents)) == len(intents), "unknown or repeated intent")
    check(example["decision"] in {"apply", "review"}, "unknown decision")
    check(bool(intents) or example["decision"] == "review", "nothing recognised must be reviewed")
    check(not {"insolvency", "complaint"} & set(intents) or example["decision"] == "review", "law or anger applied")
    for field, (intent, keys) in DETAILS.items():
        value = example[field]
        check((value is not None) == (intent in intents), f"{field} without {intent} or the reverse")
        if value is None:
            continue
        check(set(value) == keys, f"{field} has keys {sorted(value)}")
        if value.get("date"):
            dt.date.fromisoformat(value["date"])
        if value.get("amount"):
            check(re.fullmatch(r"\d+\.\d\d", value["amount"]) is not None, f"amount {value['amount']!r}")
            whole = value["amount"][:-3]  # some write no decimals, some write words ("nonante-cinq") or "1k2"
            known = figures(without(text, example["invoices"]))
            spoken = all(len(figure) < 3 for figure in known)
            check(spoken or any(whole in figure for figure in known), f"amount {value['amount']} is not in the text")
        if value.get("reference"):
            check(value["reference"] in text, f"reference {value['reference']} is not in the text")
    if example["promise"] and example["promise"]["date"]:
        past = example["promise"]["date"] < written_at.date().isoformat()
        check(not past or example["decision"] == "review", "promise in the past applied")
    if example["dispute"]:
        check(example["dispute"]["reason"] in REASONS, "unknown reason")
    for spelled in (*example["invoices"], *example["contacts"]):
        check(spelled in text, f"{spelled} is not in the text")
    check("contact_change" in intents or not example["contacts"], "contacts without contact_change")
    for domain in re.findall(r"@([\w.-]+\w)", text):
        check(domain.endswith(".example"), f"{domain} may be somebody's")
    return wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_example_is_well_formed(path: Path) -> None:
    assert [wrong for example in examples(path) for wrong in complaints(example)] == []


def test_no_text_stands_twice() -> None:
    seen = Counter(example["text"] for path in FILES for example in examples(path))
    assert [text for text, times in seen.items() if times > 1] == []


def test_ids_are_unique_over_all_hands() -> None:
    seen = Counter(example["id"] for path in FILES for example in examples(path))
    assert [name for name, times in seen.items() if times > 1] == []


def test_every_intent_and_every_reason_has_examples() -> None:
    lines = [example for path in FILES for example in examples(path)]
    assert {intent for line in lines for intent in line["intents"]} == INTENTS
    assert {line["dispute"]["reason"] for line in lines if line["dispute"]} == REASONS


SOUND: Example = {
    "id": "x1",
    "lang": "fr",
    "date": "2026-03-02T09:00:00+01:00",
    "text": "FA-1 : 10,00 € vendredi",
    "intents": ["promise_to_pay"],
    "invoices": ["FA-1"],
    "promise": {"date": "2026-03-06", "amount": "10.00"},
    "remittance": None,
    "dispute": None,
    "contacts": [],
    "decision": "apply",
    "why": "a sound one",
}


@pytest.mark.parametrize(
    "change",
    [
        {"lang": "xx"},
        {"date": "2026-03-02T09:00:00"},
        {"intents": ["promise"]},
        {"intents": []},
        {"invoices": ["FA-2"]},
        {"promise": {"date": "2026-03-01", "amount": None}},
        {"promise": {"date": None, "amount": "11.00"}},
        {"dispute": {"reason": "price"}},
        {"contacts": ["a@b.example"]},
        {"decision": "maybe"},
        {"text": "FA-1 : 10,00 € vendredi, a@b.com"},
    ],
    ids=str,
)
def test_a_malformed_example_is_named(change: Example) -> None:
    assert complaints(SOUND) == []
    assert complaints(SOUND | change) != []
