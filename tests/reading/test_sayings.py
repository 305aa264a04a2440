# ruff: noqa: E501  (a saying is one line)
"""One line of words, one expectation: the intents of the tables beside this file, and the day."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reading.reading_of import said

TABLES = ("said.txt", "said-oddly.txt", "said-traps.txt", "said-at-length.txt", "said-elsewhere.txt")
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
    'Just paid F-1041 online.',
    "L'installation facturée sous F-1077 n'est toujours pas terminée, nous paierons quand ce sera fait.",
    'Our treasurer signs only the Friday of the next week, 4 December, then the F-1041 is payed.',
    'Votre virement F-1041 date du 13 novembre, référence 20261113-01.',
    'F-1041 hit your account on Friday according to our bank.',
    "Je suis en congés jusqu'à lundi, je verrai à mon retour.",
    'Our office is closed on 26 and 27 November.',
    'La commande du 12 octobre a bien été reçue le 20.',
    'Vous serez payés quand les poules auront des dents.',
    'Nous avons déjà payé un acompte de 30 % à la commande, la F-1041 ne le déduit pas.',
    'Envoyez-moi la F-1041 avant vendredi et elle passera au prochain paiement.',
    "Bonjour, effectivement la F-1041 était restée coincée chez notre chef de travaux, c'est débloqué. Elle part avec le virement du 30.",
    "Toutes mes excuses, j'étais en arrêt. Je reprends vendredi 4 décembre et ma première tâche sera de vous régler la F-1041.",
    "j'te fais ça samedi promis 348 balles et 20",
    'Notre extrait de compte du 19 novembre indique la sortie des 348,20 €.',
    'La somme de 6 904,75 € vous a été adressée par LCR échue le 18 novembre.',
    'The small one went on Friday (348.20), the big one, F-1077, goes on the 30th.',
}


@pytest.mark.parametrize(
    ("intents", "day", "words"),
    [
        pytest.param(*line, marks=pytest.mark.xfail(strict=True) if line[2] in NOT_YET else (), id=line[2][:70])
        for name in TABLES
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
