"""Dates of payment phrases, read on Tuesday 24 November 2026 unless said otherwise."""

from __future__ import annotations

from datetime import date

import pytest

from chalicelib.reading.dates import find
from chalicelib.reading.fold import flat

BASE = date(2026, 11, 24)


def _one(words: str, *, past: bool = False, base: date = BASE, month_first: bool = False) -> str | None:
    found = find(flat(words), base, month_first=month_first)
    assert len(found) == 1, found
    on = found[0].on(past=past)
    return on.isoformat() if on else None


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("vendredi", "2026-11-27"),
        ("mardi", "2026-12-01"),
        ("vendredi en huit", "2026-12-04"),
        ("fin de semaine", "2026-11-27"),
        ("fin de semaine prochaine", "2026-12-04"),
        ("d'ici la fin du mois", "2026-11-30"),
        ("fin décembre", "2026-12-31"),
        ("début décembre", "2026-12-05"),
        ("à la mi-décembre", "2026-12-15"),
        ("première quinzaine de décembre", "2026-12-15"),
        ("semaine 49", "2026-12-04"),
        ("S49", "2026-12-04"),
        ("sous huitaine", "2026-12-02"),
        ("sous 8 jours", "2026-12-02"),
        ("sous quinzaine", "2026-12-09"),
        ("sous 48 heures", "2026-11-26"),
        ("après-demain", "2026-11-26"),
        ("le 15/12", "2026-12-15"),
        ("le 5 du mois prochain", "2026-12-05"),
        ("le premier du mois prochain", "2026-12-01"),
        ("the end of next month", "2026-12-31"),
        ("within 5 working days", "2026-12-01"),
        ("in a fortnight", "2026-12-08"),
        ("by the 10th", "2026-12-10"),
        ("December 7th", "2026-12-07"),
        ("half December", "2026-12-15"),
        ("month end", "2026-11-30"),
        ("am Freitag", "2026-11-27"),
        ("Ende Dezember", "2026-12-31"),
        ("bis Monatsende", "2026-11-30"),
        ("KW 49", "2026-12-04"),
        ("el viernes", "2026-11-27"),
        ("a mediados de diciembre", "2026-12-15"),
        ("entro la fine del mese", "2026-11-30"),
        ("eind december", "2026-12-31"),
        ("the week after next", "2026-12-11"),
        ("tomorrow week", "2026-12-02"),
        ("Freitag in einer Woche", "2026-12-04"),
        ("tra una settimana", "2026-12-01"),
        ("até sexta", "2026-11-27"),
        ("para a semana", "2026-12-04"),
        ("dentro de uma semana", "2026-12-01"),
        ("daqui a 15 dias", "2026-12-09"),
        ("em 10 dias", "2026-12-04"),
        ("dans le courant du mois", "2026-11-30"),
        ("el lunes siguiente al día 10", "2026-12-14"),
        ("le lundi 28", "2026-12-28"),
        ("maandag de 28e", "2026-12-28"),
        ("donderdag", "2026-11-26"),
        ("5 janvier", "2027-01-05"),
    ],
)
def test_a_day_that_is_to_come(words: str, day: str) -> None:
    assert _one(words) == day


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("depuis le 10", "2026-11-10"),
        ("le 12/11", "2026-11-12"),
        ("vendredi dernier", "2026-11-20"),
        ("last Friday", "2026-11-20"),
        ("hier", "2026-11-23"),
        ("yesterday", "2026-11-23"),
        ("gestern", "2026-11-23"),
        ("samedi", "2026-11-21"),
        ("am 12.11.", "2026-11-12"),
        ("3 février", "2026-02-03"),
        ("il y a trois jours", "2026-11-21"),
        ("two days ago", "2026-11-22"),
        ("esta misma mañana", "2026-11-24"),
    ],
)
def test_a_day_that_is_over(words: str, day: str) -> None:
    assert _one(words, past=True) == day


@pytest.mark.parametrize(
    "words", ["dans les prochains jours", "bientôt", "as soon as possible", "in due course", "demnächst", "en breve"]
)
def test_soon_has_no_date(words: str) -> None:
    (found,) = find(flat(words), BASE)
    assert found.vague
    assert found.future is None


@pytest.mark.parametrize(("month_first", "day"), [(False, "2026-11-12"), (True, "2026-12-11")])
def test_americans_write_the_month_first(month_first: bool, day: str) -> None:
    assert _one("12/11/2026", month_first=month_first) == day


@pytest.mark.parametrize(
    ("base", "day"),
    [("2026-11-26", "2026-11-27"), ("2026-11-27", "2026-12-04"), ("2026-11-28", "2026-12-04")],
)
def test_a_weekday_is_the_next_one_never_today(base: str, day: str) -> None:
    assert _one("vendredi", base=date.fromisoformat(base)) == day


@pytest.mark.parametrize(
    "words", ["12 014,64", "1.277,32 EUR", "30 jours fin de mois", "0113", "le 31 juin", "24/7", "10 %", "CN-S27-118"]
)
def test_these_are_no_dates(words: str) -> None:
    assert [f for f in find(flat(words), BASE) if f.future or f.past] == []


def test_every_find_stands_where_it_says() -> None:
    words = "Payé le 12 novembre, le reste fin décembre."
    for found in find(flat(words), BASE):
        assert flat(words)[found.start : found.end] == found.words
