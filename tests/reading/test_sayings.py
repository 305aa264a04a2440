"""One line of words, one expectation: what the rules alone make of the tables beside this file, intents and day."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.reading import Reading, learned_voice
from tests.reading.reading_of import said

# The share of lines that the rules understand: floors that may rise and never fall.
TABLES = {
    "said.txt": 0.95,
    "said-oddly.txt": 0.88,
    "said-traps.txt": 0.84,
    "said-at-length.txt": 0.90,
    "said-elsewhere.txt": 0.76,
    "said-more.txt": 0.70,
    "said-by-families.txt": 0.90,
}
SHORT = {
    "promise": "promise_to_pay",
    "document": "document_request",
    "plan": "payment_plan_request",
    "contact": "contact_change",
}


def lines(name: str) -> list[tuple[frozenset[str], str | None, str]]:
    out = []
    for line in (Path(__file__).parent / name).read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            want, day, words = (part.strip() for part in line.split("|", 2))
            intents = frozenset(SHORT.get(w, w) for w in want.split(",") if w != "none")
            out.append((intents, None if day == "-" else day, words))
    return out


def _understood(reading: Reading, intents: frozenset[str], day: str | None) -> bool:
    if set(reading.intents) != intents or reading.kind != "reply":
        return False
    part = reading.promise if "promise_to_pay" in intents else reading.remittance
    return part is None or (part.date.isoformat() if part.date else None) == day


@pytest.fixture
def rules_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second voice has learned these very lines: here only the rules speak."""
    monkeypatch.setattr(learned_voice, "opinion", lambda clauses, base, found: None)


@pytest.mark.usefixtures("rules_alone")
@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_rules_understand_what_they_understood(name: str) -> None:
    asked = lines(name)
    missed = [words for intents, day, words in asked if not _understood(said(words), intents, day)]
    share = 1 - len(missed) / len(asked)
    assert share >= TABLES[name], "\n".join(missed)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_hardly_ever_is_something_wrong_acted_upon(name: str) -> None:
    asked = lines(name)
    acted = [
        words
        for intents, day, words in asked
        if (reading := said(words)).decision == "apply" and not _understood(reading, intents, day)
    ]
    assert len(acted) <= 0.03 * len(asked), "\n".join(acted)
