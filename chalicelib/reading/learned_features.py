"""What the learned voice looks at in a clause: its words with figures masked, letter groups, and which phrases occur.

Numbers, amounts, invoices and dates are replaced by what they are, a date by where it
lies from the day of the mail: an example about one invoice teaches about all.
A feature's place is the CRC-32 of its name, the same on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from zlib import crc32

from chalicelib.reading import phrases as p
from chalicelib.reading.clauses import Clause
from chalicelib.reading.dates import FoundDate

_GROUPS = (4, 5)  # letters of a group, inside a word
MOST_CHARS = 4000  # of a text; what a mail is about stands above
MOST_CLAUSES = 40

# Patterns of the rules that serve as marks. A change of one of them calls for new training.
_MARKS = (
    "PAYMENT_NOUN PAID WILL_PAY NOT_YET_PAID PAY_STEM PAST_MARK FUTURE_MARK NOT_A_PAYMENT_DAY REFUSES BLOCKED CONTEST "
    "NO_DISPUTE DOCUMENT ASK DOCUMENT_SHORT OFFERED CORRECTED PLAN_WORDS PLAN_ASK DOWN_PAYMENT CONSENT PLAN_AGREED "
    "REDIRECT NOT_ME PORTAL PORTAL_ACT INSOLVENCY DENIES THREAT STOP_WRITING PRIVACY HOSTILE LEGAL BANK_WORRY REFUND "
    "TO_A_MACHINE CONDITION OUR_ACT QUESTION_PAID ARRIVES ENDED UNTIL_CONTEXT INTERNAL_NOTE CALL_ME"
).split()
_PATTERNS: tuple[tuple[str, p.Phrases], ...] = (
    *((name, getattr(p, name)) for name in _MARKS),
    *((f"strong {reason}", pattern) for reason, pattern in p.DISPUTE_STRONG.items()),
    *((f"weak {reason}", pattern) for reason, pattern in p.DISPUTE_WEAK.items()),
)


@dataclass(frozen=True, slots=True)
class Heard:
    """One clause as the learned voice hears it: the places of its words and of its marks."""

    start: int
    end: int
    words: tuple[int, ...]
    marks: tuple[int, ...]


def hear(clauses: Sequence[Clause], base: date) -> tuple[Heard, ...]:
    """The clauses that say anything, each with what stands in it and what was marked in the one before."""
    told = [c for c in clauses if c.start <= MOST_CHARS and any(letter.isalnum() for letter in c.text)][:MOST_CLAUSES]
    out: list[Heard] = []
    before: tuple[str, ...] = ()
    for index, clause in enumerate(told):
        marks = _marks(clause, base)
        places = {_place("m " + one) for one in marks}
        places |= {_place(f"m {one} {two}") for i, one in enumerate(marks) for two in marks[i + 1 :]}
        places |= {_place("before " + one) for one in before}
        places |= {
            _place(f"of {min(len(told), 4)}"),
            _place(f"last {index == len(told) - 1}"),
            _place(f"first {not index}"),
        }
        if not marks:
            places.add(_place("unmarked"))
        out.append(Heard(clause.start, clause.end, _words(clause, base), tuple(sorted(places))))
        before = marks
    return tuple(out)


def _marks(clause: Clause, base: date) -> tuple[str, ...]:
    found = {name for name, pattern in _PATTERNS if pattern.search(clause.text)}
    found |= {"day " + _lies(d, base) for d in clause.dates}
    if clause.amounts:
        found.add("amount")
    if clause.references:
        found.add("reference")
    if clause.question:
        found.add("question")
    return tuple(sorted(found))


def _words(clause: Clause, base: date) -> tuple[int, ...]:
    tokens = ["^", *_tokens(clause, base), "?" if clause.question else "$"]
    places: set[int] = set()
    for i, token in enumerate(tokens):
        places.add(_place(token))
        if i:
            places.add(_place(f"{tokens[i - 1]} {token}"))
        if i > 1:
            places.add(_place(f"{tokens[i - 2]} {tokens[i - 1]} {token}"))
        if token[0] != "<" and len(token) > 2:
            places.update(_groups(token))
        if clause.question:
            places.add(_place("asked " + token))
    for day in clause.dates:
        places.update(_place("day " + word) for word in day.words.split() if word.isalpha())
    return tuple(sorted(places))


_TOKEN = re.compile(r"<[a-z]+>|[a-z]+|[?!%€]")
_ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}|https?://\S{1,300}|@{3,}")
_FIGURE = re.compile(r"(?<![a-z0-9])[a-z/_.-]{0,12}\d[a-z0-9/_.-]{0,40}")


def _tokens(clause: Clause, base: date) -> list[str]:
    spans = sorted(
        [(d.start, d.end, _lies(d, base)) for d in clause.dates]
        + [(a.start, a.end, "amount") for a in clause.amounts]
        + [(r.start, r.end, "reference") for r in clause.references]
    )
    pieces: list[str] = []
    at = clause.start
    for start, end, what in spans:
        if start >= at:
            pieces += (_masked(clause.text[at - clause.start : start - clause.start]), f" <{what}> ")
            at = min(end, clause.end)
    pieces.append(_masked(clause.text[at - clause.start :]))
    return _TOKEN.findall("".join(pieces))


def _masked(text: str) -> str:
    return _FIGURE.sub(_what_figure, _ADDRESS.sub(" <address> ", text))


def _what_figure(match: re.Match[str]) -> str:
    word = match[0].strip("/_.-")
    if re.search("[a-z]", word):
        return " <reference> "
    return " <number> " if len(word) <= 2 else " <figure> "


def _lies(day: FoundDate, base: date) -> str:
    """Where a date lies: what the grammar says of the past and of the future, seen from the day of the mail."""
    days = {d for d in ((day.future or day.past,) if day.full else (day.past, day.future)) if d is not None}
    if day.vague or not days:
        return "soon"
    if all(d < base for d in days):
        return "past"
    if all(d > base for d in days):
        return "future"
    return "today" if days == {base} else "day"


@lru_cache(maxsize=20_000)
def _groups(word: str) -> tuple[int, ...]:
    edged = f"<{word}>"
    return tuple(_place("g" + edged[i : i + n]) for n in _GROUPS for i in range(len(edged) - n + 1))


def _place(feature: str) -> int:
    return crc32(feature.encode())
