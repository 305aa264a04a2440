"""The shortest answers and the dates they consist of, read on Tuesday 24 November 2026."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import pytest

from chalicelib.reading import learned_voice
from chalicelib.reading.amounts import find as find_amounts
from chalicelib.reading.brief import answer
from chalicelib.reading.dates import find
from chalicelib.reading.fold import flat
from tests.reading.reading_of import said

BASE = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def rules_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned_voice, "opinion", lambda clauses, base, found: None)


def _answer(words: str) -> tuple[str, str | None] | None:
    folded = flat(words)
    found = answer(folded, find(folded, BASE), BASE)
    return None if found is None else (found.intent, found.on.isoformat() if found.on else None)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("vdr", "2026-11-27"),
        ("Thu.", "2026-11-26"),
        ("ok mardi", "2026-12-01"),
        ("Am Do.", "2026-11-26"),
        ("Uiterlijk donderdag.", "2026-11-26"),
        ("Le 3 décembre au plus tard.", "2026-12-03"),
        ("Pas le 2, le 9 !", "2026-12-09"),
        ("Nicht am 2., sondern am 9. Dezember.", "2026-12-09"),
        ("Not the 2nd, sorry, the 9th.", "2026-12-09"),
        ("Entre le 7 et le 9 décembre.", "2026-12-09"),
        ("El 20 no pudo ser; será el 28.", "2026-11-28"),
        ("kommt", None),
        ("Any day now.", None),
        ("Le 31 novembre.", None),
        ("Après le 15 janvier.", None),
    ],
)
def test_a_day_alone_is_a_promise(words: str, day: str | None) -> None:
    assert _answer(words) == ("promise_to_pay", day)


@pytest.mark.parametrize(
    ("words", "day"),
    [("fait hier", "2026-11-23"), ("done", None), ("erl.", None), ("chq posté", None), ("Last Friday.", "2026-11-20")],
)
def test_a_deed_or_a_day_behind_is_a_payment(words: str, day: str | None) -> None:
    assert _answer(words) == ("remittance", day)


@pytest.mark.parametrize(
    "words",
    ["Vendredi ?", "Lundi je suis absent", "je m'en occupe", "will do", "komt goed", "merci", "4 manquants", "x" * 171],
)
def test_what_answers_nothing_is_left_alone(words: str) -> None:
    assert _answer(words) is None


@pytest.mark.parametrize(
    "words",
    [
        "La F-1041 aurait dû être payée vendredi.",
        "We would have paid F-1041 on Monday.",
        "Die F-1041 hätte am Freitag überwiesen werden sollen.",
        "De F-1041 had donderdag betaald moeten zijn.",
        "Il paraît que la F-1041 est réglée.",
    ],
)
def test_what_should_have_been_paid_is_no_payment(words: str) -> None:
    assert not {"promise_to_pay", "remittance"} & set(said(words).intents)
    assert said(words).decision == "review"


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("le dernier jour ouvré du mois", "2026-11-30"),
        ("the first Monday of December", "2026-12-07"),
        ("am letzten Freitag im Dezember", "2026-12-25"),
        ("on the first working day of next month", "2026-12-01"),
        ("week commencing 7 December", "2026-12-11"),
        ("dans la semaine du 7 décembre", "2026-12-11"),
        ("Friday fortnight", "2026-12-11"),
        ("Freitag in acht Tagen", "2026-12-04"),
        ("a week on Friday", "2026-12-04"),
        ("nächste Woche Mittwoch", "2026-12-02"),
        ("fin de trimestre", "2026-12-31"),
        ("zum Ultimo", "2026-11-30"),
        ("the 10th prox.", "2026-12-10"),
        ("28 c.m.", "2026-11-28"),
        ("de 17e", "2026-12-17"),
        ("tmrw", "2026-11-25"),
        ("el día 10", "2026-12-10"),
        ("ai primi di dicembre", "2026-12-05"),
    ],
)
def test_days_counted_from_the_mail(words: str, day: str) -> None:
    (found,) = find(flat(words), BASE)
    assert found.future == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("words", "day"), [("the 28th ult.", "2026-10-28"), ("28 u.s.", "2026-10-28"), ("20-Nov-2026", "2026-11-20")]
)
def test_days_of_trade_and_of_machines(words: str, day: str) -> None:
    (found,) = find(flat(words), BASE)
    assert found.past == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("words", "worth"),
    [
        ("mille deux cents euros", "1200"),
        ("nonante-neuf euros", "99"),
        ("cent euros", "100"),
        ("cent un euros", "101"),
        ("zwölfhundert Euro", "1200"),
        ("vijftienhonderd euro", "1500"),
        ("duemilacinquecento euro", "2500"),
        ("dos mil quinientos euros", "2500"),
        ("two thousand six hundred pounds", "2600"),
        ("1234€50", "1234.50"),
        ("1k2", "1200"),
    ],
)
def test_sums_in_words(words: str, worth: str) -> None:
    (found,) = find_amounts(flat(words))
    assert found.value == Decimal(worth)


@pytest.mark.parametrize("words", ["un virement", "mon paiement", "une grande facture", "les deux factures"])
def test_words_that_are_no_sums(words: str) -> None:
    assert find_amounts(flat(words)) == []


@pytest.mark.parametrize("word", ["un ", "cent cent ", "und", "mille e ", "after the ", "semaine du ", "le lendemain "])
def test_repeated_words_cost_no_more_than_their_length(word: str) -> None:
    text = word * (40_000 // len(word))
    started = time.perf_counter()
    find_amounts(text)
    find(text, BASE)
    assert time.perf_counter() - started < 3
