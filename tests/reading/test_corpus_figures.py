# ruff: noqa: E501  (a mail is one line of a table)
"""What the reader reaches on the corpora: floors that may rise and never fall."""

from __future__ import annotations

import pytest

from tests.reading.reading_of import corpus
from tests.reading.score import Row, Score, report, score

LUMEN, OMBELLE = "compta@atelier-lumen.example", "facturation@ombelle-mobilier.example"
OPEN = {
    "replies": (
        LUMEN,
        {
            "kind": 0.99,
            "f1": 0.96,
            "handled": 0.93,
            "harmful": 0.01,
            "promise": 0.93,
            "remittance": 0.88,
            "invoices": 0.93,
        },
    ),
    "written": (
        OMBELLE,
        {
            "kind": 0.98,
            "f1": 0.93,
            "handled": 0.88,
            "harmful": 0.03,
            "promise": 0.93,
            "remittance": 0.92,
            "invoices": 0.95,
        },
    ),
    "written/kept-aside": (
        OMBELLE,
        {
            "kind": 0.98,
            "f1": 0.97,
            "handled": 0.85,
            "harmful": 0.015,
            "promise": 0.95,
            "remittance": 0.95,
            "invoices": 0.93,
        },
    ),
    "second": (
        OMBELLE,
        {
            "kind": 0.99,
            "f1": 0.97,
            "handled": 0.88,
            "harmful": 0.02,
            "promise": 0.93,
            "remittance": 0.95,
            "invoices": 0.95,
        },
    ),
}


@pytest.mark.parametrize("folder", sorted(OPEN))
def test_the_reader_keeps_what_it_reached(folder: str) -> None:
    mailbox, floors = OPEN[folder]
    done = score(*corpus(folder, mailbox))
    print(report(done))
    assert done.unanswered == 0
    assert done.harmful_share <= floors["harmful"], "\n".join(w for w in done.wrong if "HARMFUL" in w)
    assert done.handled_share >= floors["handled"]
    assert done.intents_f1 >= floors["f1"]
    assert done.share("kind") >= floors["kind"]
    assert done.share("promise date") >= floors["promise"]
    assert done.share("remittance amount") >= floors["remittance"]
    assert done.share("invoices") >= floors["invoices"]


def test_what_is_kept_aside_is_measured_and_never_shown() -> None:
    done = score(*corpus("third", OMBELLE))
    print(report(done))
    assert done.unanswered == 0
    assert done.share("kind") >= 0.98
    assert done.share("invoices") >= 0.95
    assert done.share("promise date") >= 0.93
    assert done.share("remittance amount") >= 0.93
    assert done.intents_f1 >= 0.93
    # These two are what is reached, not what is wanted: docs/reading.md
    assert done.handled_share >= 0.79
    assert done.harmful_share <= 0.03


def test_an_acted_upon_mistake_counts_as_harmful() -> None:
    label = {"kind": "reply", "language": "fr", "intents": ["dispute"], "invoices": [], "promise": None, "remittance": None,
             "dispute": {"reason": "price"}, "return_date": None, "contacts": [], "decision": "apply"}  # fmt: skip
    right = {**label, "decision": "apply"}
    wrong = {**right, "intents": ["remittance"]}
    careful = {**wrong, "decision": "review"}

    def shares(said: Row) -> tuple[float, float]:
        done: Score = score({"a.eml": label}, {"a.eml": said})
        return done.handled_share, done.harmful_share

    assert shares(right) == (1.0, 0.0)
    assert shares(wrong) == (0.0, 1.0)
    assert shares(careful) == (0.0, 0.0)
