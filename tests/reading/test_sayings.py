"""One line of words, one expectation: the intents of the tables beside this file, and the day."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reading.reading_of import said

SHORT = {
    "promise": "promise_to_pay",
    "document": "document_request",
    "plan": "payment_plan_request",
    "contact": "contact_change",
}


def _lines(name: str) -> list[tuple[frozenset[str], str | None, str]]:
    out = []
    for line in (Path(__file__).parent / name).read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            want, day, words = (part.strip() for part in line.split("|", 2))
            intents = frozenset(SHORT.get(w, w) for w in want.split(",") if w != "none")
            out.append((intents, None if day == "-" else day, words))
    return out


# What the reader does not understand yet. A line that is understood must leave this list.
NOT_YET = {
    "Just paid F-1041 online.",
    "L'installation facturée sous F-1077 n'est toujours pas terminée, nous paierons quand ce sera fait.",
    "Our treasurer signs only the Friday of the next week, 4 December, then the F-1041 is payed.",
    "Votre virement F-1041 date du 13 novembre, référence 20261113-01.",
    "F-1041 hit your account on Friday according to our bank.",
    "Invoice F-1041 Status: Paid Payment date: 20-Nov-2026",
    "La F-1058 concerne un article que nous avons rendu au chauffeur.",
    "Il était question de 300 € pour la 1058, pas de 348,20.",
    "Vous aviez promis 10 % de remise sur la 1041, je ne les vois pas.",
    "New vendor set-up: please return the attached form with your bank letter.",
    "Laissez-nous passer les fêtes pour la F-1077, s'il vous plaît.",
    "Mag de 1077 in januari?",
    "Je suis en congés jusqu'à lundi, je verrai à mon retour.",
}


@pytest.mark.parametrize(
    ("intents", "day", "words"),
    [
        pytest.param(*line, marks=pytest.mark.xfail(strict=True) if line[2] in NOT_YET else (), id=line[2][:60])
        for name in ("said.txt", "said-oddly.txt")
        for line in _lines(name)
    ],
)
def test_these_words_mean_this(intents: frozenset[str], day: str | None, words: str) -> None:
    reading = said(words)
    assert set(reading.intents) == intents
    assert reading.kind == "reply"
    if "promise_to_pay" in intents:
        assert reading.promise is not None
        assert (reading.promise.date.isoformat() if reading.promise.date else None) == day
    elif "remittance" in intents:
        assert reading.remittance is not None
        assert (reading.remittance.date.isoformat() if reading.remittance.date else None) == day
