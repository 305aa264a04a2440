# ruff: noqa: E501  (a mail is one line of a table)
"""What the reader reaches on the corpora: floors that may rise and never fall."""

from __future__ import annotations

import pytest

from tests.reading.reading_of import corpus
from tests.reading.score import Row, Score, report, score

LUMEN, OMBELLE = "compta@atelier-lumen.example", "facturation@ombelle-mobilier.example"
# Of each folder: mailbox, then kind, F1 of the intents, handled, harmful (at most), promise date, amount paid, invoices.
OPEN = {
    "replies": (LUMEN, 0.99, 0.97, 0.93, 0.01, 0.93, 0.90, 0.93),
    "written": (OMBELLE, 0.98, 0.97, 0.93, 0.01, 0.95, 0.95, 0.95),
    "written/kept-aside": (OMBELLE, 0.98, 0.97, 0.85, 0.015, 0.95, 0.95, 0.93),
    "second": (OMBELLE, 0.99, 0.97, 0.88, 0.02, 0.95, 0.95, 0.95),
    "third": (OMBELLE, 0.99, 0.97, 0.90, 0.01, 0.95, 0.95, 0.95),
    "fourth": (OMBELLE, 0.99, 0.97, 0.87, 0.01, 0.95, 0.95, 0.95),
    "sixth": (OMBELLE, 0.99, 0.97, 0.87, 0.01, 0.93, 0.93, 0.95),
    "seventh": (OMBELLE, 0.99, 0.97, 0.83, 0.015, 0.95, 0.93, 0.95),
    "eighth": (OMBELLE, 0.99, 0.97, 0.81, 0.015, 0.92, 0.92, 0.95),
    "ninth": (OMBELLE, 0.98, 0.97, 0.81, 0.025, 0.95, 0.92, 0.95),
    "tenth": (OMBELLE, 0.99, 0.97, 0.86, 0.015, 0.95, 0.95, 0.95),
    "eleventh": (OMBELLE, 0.99, 0.97, 0.90, 0.01, 0.95, 0.95, 0.95),
    "twelfth": (OMBELLE, 0.98, 0.97, 0.88, 0.01, 0.95, 0.95, 0.95),
    "thirteenth": (OMBELLE, 0.98, 0.97, 0.82, 0.025, 0.95, 0.95, 0.91),
    "fourteenth": (OMBELLE, 0.99, 0.97, 0.85, 0.01, 0.95, 0.95, 0.95),
    "fifteenth": (OMBELLE, 0.99, 0.97, 0.86, 0.015, 0.92, 0.95, 0.95),
    "sixteenth": (OMBELLE, 0.99, 0.97, 0.88, 0.01, 0.95, 0.95, 0.95),
    "seventeenth": (OMBELLE, 0.98, 0.97, 0.89, 0.015, 0.95, 0.95, 0.95),
    "nineteenth": (OMBELLE, 0.99, 0.97, 0.89, 0.01, 0.95, 0.95, 0.95),
    "twentieth": (OMBELLE, 0.99, 0.97, 0.84, 0.01, 0.95, 0.92, 0.95),
    "twentyfirst": (OMBELLE, 0.99, 0.97, 0.83, 0.01, 0.95, 0.95, 0.95),
    "twentysecond": (OMBELLE, 0.99, 0.97, 0.85, 0.015, 0.97, 0.92, 0.97),
    "twentythird": (OMBELLE, 0.99, 0.97, 0.89, 0.015, 0.95, 0.95, 0.97),
    "twentyfourth": (OMBELLE, 0.98, 0.97, 0.85, 0.015, 0.95, 0.95, 0.95),
    "twentyfifth": (OMBELLE, 0.99, 0.97, 0.89, 0.02, 0.97, 0.95, 0.95),
    "twentysixth": (OMBELLE, 0.97, 0.97, 0.74, 0.025, 0.95, 0.93, 0.95),
    "twentyseventh": (OMBELLE, 0.99, 0.96, 0.86, 0.01, 0.97, 0.95, 0.95),
}


@pytest.mark.parametrize("folder", sorted(OPEN))
def test_the_reader_keeps_what_it_reached(folder: str) -> None:
    mailbox, kind, f1, handled, harmful, promise, paid, invoices = OPEN[folder]
    done = score(*corpus(folder, mailbox))
    print(report(done))
    assert done.unanswered == 0
    assert done.harmful_share <= harmful, "\n".join(w for w in done.wrong if "HARMFUL" in w)
    assert done.handled_share >= handled
    assert done.intents_f1 >= f1
    assert done.share("kind") >= kind
    assert done.share("promise date") >= promise
    assert done.share("remittance amount") >= paid
    assert done.share("invoices") >= invoices


# What is reached on mail that nobody who builds the reader has read, not what is wanted: docs/reading.md
ASIDE = {
    "fifth": (0.98, 0.97, 0.88, 0.01, 0.95, 0.95, 0.95),
    "eighteenth": (0.99, 0.97, 0.87, 0.01, 0.98, 0.95, 0.98),
}


@pytest.mark.parametrize("folder", sorted(ASIDE))
def test_what_is_kept_aside_is_measured_and_never_shown(folder: str) -> None:
    kind, f1, handled, harmful, promise, paid, invoices = ASIDE[folder]
    done = score(*corpus(folder, OMBELLE))
    print(report(done))
    assert done.unanswered == 0
    assert done.share("kind") >= kind
    assert done.intents_f1 >= f1
    assert done.handled_share >= handled
    assert done.harmful_share <= harmful
    assert done.share("promise date") >= promise
    assert done.share("remittance amount") >= paid
    assert done.share("invoices") >= invoices


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
