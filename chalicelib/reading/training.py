"""Labelled examples → the learned voice. The same examples, in any order of files, give the same bytes.

A logistic model with one head for each intent. A text has what one of its clauses has,
so a clause learns in the measure in which it spoke for the text. No chance: examples
are taken in the order of a hash.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zlib import crc32

from chalicelib.reading.examples import Example
from chalicelib.reading.intents import Ground, understand
from chalicelib.reading.learned_features import BITS, Heard, hear
from chalicelib.reading.learned_voice import HEADS, MARKS_COUNT, Voice, logistic, together
from chalicelib.reading.model import INTENTS, KnownItem

ROUNDS = 15
_RATE = 3.0
_FADES = 0.3  # the rate of round n is divided by 1 + 0.3 n
_FORGETS = 0.001  # of every weight, each round
_ENOUGH = 0.02  # an error so small teaches nothing
_SAID_BY_FEW = 4.0  # at most so much more does an example of a rare intent count


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    heard: tuple[Heard, ...]
    said: tuple[bool, ...]  # of HEADS


@dataclass
class _Weights:
    """In the making: full precision."""

    tables: list[array[float]]
    bias: list[float]

    def scores(self, head: int, heard: Sequence[Heard]) -> list[float]:
        table, bias = self.tables[head].__getitem__, self.bias[head]
        return [
            bias
            + sum(map(table, one.words)) / math.sqrt(len(one.words) or 1)
            + MARKS_COUNT * sum(map(table, one.marks)) / math.sqrt(len(one.marks) or 1)
            for one in heard
        ]


def train(hands: Mapping[str, Sequence[Example]], *, rounds: int = ROUNDS) -> Voice:
    """A voice of all examples, its probabilities calibrated on hands it had not heard.

    hands: name of a file → its examples. With one hand alone nothing is left out, and the scores count as they are.
    """
    names = sorted(hands)
    rows = {name: _rows(hands[name]) for name in names}
    weights = _fit([row for name in names for row in rows[name]], rounds)
    heldout: list[tuple[list[float], tuple[bool, ...]]] = []
    if len(names) > 1:
        for left_out in names:
            partial = _fit([row for name in names if name != left_out for row in rows[name]], rounds)
            heldout += [
                ([together(partial.scores(head, row.heard)) for head in range(len(HEADS))], row.said)
                for row in rows[left_out]
            ]
    slope, offset = _calibrate(heldout)
    return _small(weights, slope, offset, {"examples": _digests(hands), "rounds": rounds})


def _digests(hands: Mapping[str, Sequence[Example]]) -> dict[str, str]:
    """For the manifest: of each file the number of examples and a hash of all that training reads of them."""
    return {
        name: f"{len(given)} {hashlib.sha256(repr(sorted(given, key=lambda e: e.id)).encode()).hexdigest()[:16]}"
        for name, given in sorted(hands.items())
    }


def _rows(given: Sequence[Example]) -> list[_Row]:
    return [row for row in map(_row, sorted(given, key=lambda e: e.id)) if row.heard]


def _row(example: Example) -> _Row:
    base = example.written_at.date()
    items = tuple(KnownItem(number, "", Decimal(0), "EUR", base, base) for number in example.invoices)
    said = understand(example.text, Ground(base=base, items=items))
    return _Row(
        example.id,
        hear(said.clauses, base),
        tuple(intent in example.intents for intent in INTENTS),
    )


def _fit(rows: Sequence[_Row], rounds: int) -> _Weights:
    heads = range(len(HEADS))
    weights = _Weights([array("d", bytes(8 << BITS)) for _ in heads], [-2.0 for _ in heads])
    often = [sum(row.said[head] for row in rows) for head in heads]
    counts = [min(_SAID_BY_FEW, max(1.0, math.sqrt((len(rows) - n) / (1 + n)))) for n in often]
    for turn in range(rounds):
        rate = _RATE / (1 + _FADES * turn)
        for row in sorted(rows, key=lambda r: (crc32(f"{turn} {r.id}".encode()), r.id)):
            for head in heads:
                _learn(weights, head, row, rate, counts[head])
        weights.tables = [array("d", [w * (1 - _FORGETS) for w in table]) for table in weights.tables]
    return weights


def _learn(weights: _Weights, head: int, row: _Row, rate: float, counts: float) -> None:
    scores = weights.scores(head, row.heard)
    score = together(scores)
    error = logistic(score) - row.said[head]
    if abs(error) < _ENOUGH:
        return
    if row.said[head]:
        error *= counts
    table = weights.tables[head]
    for one, own in zip(row.heard, scores, strict=True):
        share = error * math.exp(own - score)
        if abs(share) < _ENOUGH / 4:
            continue
        weights.bias[head] -= 0.05 * share
        step = rate * share / math.sqrt(len(one.words) or 1)
        for place in one.words:
            table[place] -= step
        step = rate * share * MARKS_COUNT / math.sqrt(len(one.marks) or 1)
        for place in one.marks:
            table[place] -= step


def _calibrate(heldout: Sequence[tuple[Sequence[float], Sequence[bool]]]) -> tuple[list[float], list[float]]:
    """Slope and offset of each head. All intents share a slope; each has its own offset, held near the common one."""
    if not heldout:
        return [1.0] * len(HEADS), [0.0] * len(HEADS)
    pairs = [[(scores[head], said[head]) for scores, said in heldout] for head in range(len(HEADS))]
    slope, common = _line([pair for own in pairs for pair in own])
    return [round(slope, 6)] * len(HEADS), [round(_offset(own, slope, common), 6) for own in pairs]


def _line(pairs: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """Slope and offset of greatest likelihood, by Newton's method."""
    a, b = 1.0, 0.0
    for _ in range(25):
        ga = gb = 0.0
        haa = hbb = 1e-3
        hab = 0.0
        for x, y in pairs:
            q = logistic(a * x + b)
            d, v = q - y, q * (1 - q)
            ga, gb = ga + d * x, gb + d
            haa, hab, hbb = haa + v * x * x, hab + v * x, hbb + v
        det = haa * hbb - hab * hab
        if det <= 1e-9:
            break
        a, b = a - (hbb * ga - hab * gb) / det, b - (haa * gb - hab * ga) / det
        a, b = max(0.05, min(5.0, a)), max(-5.0, min(5.0, b))
    return a, b


def _offset(pairs: Sequence[tuple[float, bool]], slope: float, common: float) -> float:
    b = common
    for _ in range(25):
        pull = 10.0  # as if ten doubtful examples spoke for the common offset
        g, h = pull * (b - common), pull
        for x, y in pairs:
            q = logistic(slope * x + b)
            g, h = g + q - y, h + q * (1 - q)
        b -= g / h
    return b


def _small(weights: _Weights, slope: list[float], offset: list[float], manifest: dict[str, object]) -> Voice:
    """Weights of one byte: a step is the 127th part of the greatest."""
    scale = [round((max(max(table), -min(table)) or 1.0) / 127, 9) for table in weights.tables]
    return Voice(
        tables=tuple(
            array("b", [max(-127, min(127, round(w / step))) for w in table])
            for table, step in zip(weights.tables, scale, strict=True)
        ),
        scale=tuple(scale),
        bias=tuple(round(b, 6) for b in weights.bias),
        slope=tuple(slope),
        offset=tuple(offset),
        manifest=manifest,
    )
