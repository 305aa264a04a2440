"""Labelled examples → the learned voice. The same examples, in any order of files, give the same bytes.

A logistic model with one head for each intent. A text has what one of its clauses has,
so a clause learns in the measure in which it spoke for the text. No chance: examples
are taken in the order of a hash.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zlib import crc32

from chalicelib.reading.examples import Example
from chalicelib.reading.intents import understand
from chalicelib.reading.learned_features import BITS, Heard, hear
from chalicelib.reading.learned_voice import FEATURES, HEADS, MARKS_COUNT, Found, Voice, features_of, logistic, together
from chalicelib.reading.model import DISPUTE_REASONS, INTENTS, KnownItem
from chalicelib.reading.statements import Ground, found_by

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
    found: Found  # by the rules


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


def train(
    hands: Mapping[str, Sequence[Example]], *, known_to_rules: Collection[str] = (), rounds: int = ROUNDS
) -> Voice:
    """A voice of all examples, weighed with the rules on hands that it had not heard.

    hands: name of a file → its examples. known_to_rules: those from which the rules were written; they teach the voice
    but not how far the rules can be trusted. With one hand alone nothing is left out, and scores count as they are.
    """
    names = sorted(hands)
    rows = {name: _rows(hands[name]) for name in names}
    weights = _fit([row for name in names for row in rows[name]], rounds)
    heldout: list[tuple[list[float], _Row]] = []
    intents = range(len(INTENTS))
    for left_out in names if len(names) > 1 else ():
        if left_out in known_to_rules:
            continue
        partial = _fit([row for name in names if name != left_out for row in rows[name]], rounds, intents)
        heldout += [([together(partial.scores(head, row.heard)) for head in intents], row) for row in rows[left_out]]
    weighing, offset = weigh(heldout)
    return _small(weights, weighing, offset, {"examples": _digests(hands), "rounds": rounds})


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
        (
            *(intent in example.intents for intent in INTENTS),
            *(reason == example.reason for reason in DISPUTE_REASONS),
        ),
        found_by(said.statements),
    )


def _fit(rows: Sequence[_Row], rounds: int, heads: range = range(len(HEADS))) -> _Weights:
    """Weights of the heads asked for; the others stay empty."""
    weights = _Weights([array("d", bytes(8 << BITS)) for _ in HEADS], [-2.0 for _ in HEADS])
    often = [sum(row.said[head] for row in rows) for head in range(len(HEADS))]
    counts = [min(_SAID_BY_FEW, max(1.0, math.sqrt((len(rows) - n) / (1 + n)))) for n in often]
    for turn in range(rounds):
        rate = _RATE / (1 + _FADES * turn)
        for row in sorted(rows, key=lambda r: (crc32(f"{turn} {r.id}".encode()), r.id)):
            for head in heads:
                _learn(weights, head, row, rate, counts[head])
        for head in heads:
            weights.tables[head] = array("d", [w * (1 - _FORGETS) for w in weights.tables[head]])
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


def weigh(heldout: Sequence[tuple[Sequence[float], _Row]]) -> tuple[list[float], list[float]]:
    """How much each feature of `features_of` counts, the same for all heads, and the offset of each head.

    A logistic model of greatest likelihood by Newton's method, held near "the voice alone" where examples are few.
    """
    start, size = [1.0] + [0.0] * (FEATURES - 1), FEATURES + len(INTENTS)
    if not heldout:
        return start, [0.0] * len(INTENTS)
    theta = start + [0.0] * len(INTENTS)
    rows = [
        (FEATURES + head, features_of(scores[head], intent, row.found), row.said[head])
        for scores, row in heldout
        for head, intent in enumerate(INTENTS)
    ]
    for _ in range(20):
        pull = 2.0  # as if two doubtful examples spoke for where we began
        gradient = [pull * (theta[k] - (start[k] if k < FEATURES else 0.0)) for k in range(size)]
        hessian = [[pull if i == j else 0.0 for j in range(size)] for i in range(size)]
        for own, features, said in rows:
            q = logistic(theta[own] + sum(theta[k] * x for k, x in enumerate(features)))
            error, v = q - said, q * (1 - q)
            told = [(k, x) for k, x in enumerate(features) if x] + [(own, 1.0)]
            for i, x in told:
                gradient[i] += error * x
                for j, y in told:
                    hessian[i][j] += v * x * y
        step = _solve(hessian, gradient)
        theta = [t - d for t, d in zip(theta, step, strict=True)]
        if max(map(abs, step)) < 1e-7:
            break
    return [round(t, 6) for t in theta[:FEATURES]], [round(t, 6) for t in theta[FEATURES:]]


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The solution of a system with a positive definite matrix, by elimination."""
    size = len(right)
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    for i in range(size):
        for j in range(i + 1, size):
            factor = rows[j][i] / rows[i][i]
            if factor:
                rows[j] = [x - factor * y for x, y in zip(rows[j], rows[i], strict=True)]
    out = [0.0] * size
    for i in reversed(range(size)):
        out[i] = (rows[i][size] - sum(rows[i][j] * out[j] for j in range(i + 1, size))) / rows[i][i]
    return out


def _small(weights: _Weights, weighing: list[float], offset: list[float], manifest: dict[str, object]) -> Voice:
    """Weights of one byte: a step is the 127th part of the greatest."""
    scale = [round((max(max(table), -min(table)) or 1.0) / 127, 9) for table in weights.tables]
    return Voice(
        tables=tuple(
            array("b", [max(-127, min(127, round(w / step))) for w in table])
            for table, step in zip(weights.tables, scale, strict=True)
        ),
        scale=tuple(scale),
        bias=tuple(round(b, 6) for b in weights.bias),
        weighing=tuple(weighing),
        offset=tuple(offset),
        manifest=manifest,
    )
