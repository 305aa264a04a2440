"""Labelled examples → the learned voice. The same examples, in any order of files, give the same bytes on one machine.

A clause is a bag of features. What they add up to goes through a small net beside its
neighbours' sums, and to each head directly; a text has what one of its clauses has,
so a clause learns in the measure in which it spoke for the text. Chance comes from a
fixed seed. Needs numpy, which nothing that runs in Lambda does.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.reading.examples import Example
from chalicelib.reading.intents import understand
from chalicelib.reading.learned_features import Heard, hear
from chalicelib.reading.learned_voice import (
    FEATURES,
    HEADS,
    HIDDEN,
    LANES,
    MARKS_COUNT,
    SENSE,
    Found,
    Net,
    Voice,
    features_of,
    logistic,
    row_of,
)
from chalicelib.reading.model import DISPUTE_REASONS, INTENTS, KnownItem
from chalicelib.reading.statements import Ground, found_by

ROUNDS = 7
FOLDS = 4  # parts of the hands that are left out in turn, to learn how far the voice can be trusted
_MET = 5  # texts in which a feature must occur
_RATE = 0.0025
_TEXTS = 32  # at a time
_FORGOTTEN = 0.1  # share of the features of a clause that are hidden from it, anew each time
_SILENT = 0.2  # share of the inner numbers that are
_SEED = 20261122

Numbers = NDArray[np.floating[Any]]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    heard: tuple[Heard, ...]
    said: tuple[bool, ...]  # of HEADS
    found: Found  # by the rules


def train(
    hands: Mapping[str, Sequence[Example]], *, known_to_rules: Collection[str] = (), rounds: int = ROUNDS
) -> Voice:
    """A voice of all examples, weighed with the rules on hands that it had not heard.

    hands: name of a file → its examples. known_to_rules: those from which the rules were written; they teach the voice
    but not how far the rules can be trusted. With one hand alone nothing is left out, and scores count as they are.
    """
    names = sorted(hands)
    rows = {name: _rows(hands[name]) for name in names}
    learner = _fit([row for name in names for row in rows[name]], rounds)
    heldout: list[tuple[Sequence[float], _Row]] = []
    folds = min(FOLDS, len(names))
    for fold in range(folds if folds > 1 else 0):
        judges = [name for name in names[fold::folds] if name not in known_to_rules]
        if not judges:
            continue
        partial = _fit([row for name in names if name not in names[fold::folds] for row in rows[name]], rounds)
        fresh = [row for name in judges for row in rows[name]]
        heldout += zip(partial.hear_out(fresh), fresh, strict=True)
    weighing, offset = weigh(heldout)
    return learner.voice(weighing, offset, {"examples": _digests(hands), "rounds": rounds})


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


def _fit(rows: Sequence[_Row], rounds: int) -> _Learner:
    learner = _Learner(rows)
    for turn in range(rounds):
        rate = _RATE * (1.05 - turn / rounds)
        for some in _batches(len(rows), learner.chance):
            learner.learn([rows[i] for i in some], rate)
    return learner


def _batches(count: int, chance: np.random.Generator) -> Iterator[list[int]]:
    order = chance.permutation(count).tolist()
    for start in range(0, count, _TEXTS):
        yield order[start : start + _TEXTS]


@dataclass(frozen=True)
class _Texts:
    """Some texts as flat arrays: all features of all clauses, words and marks apart."""

    text: Places  # of each clause, its text
    words: tuple[Places, Places, Numbers]  # features, the clause of each, one over the root of their number by clause
    marks: tuple[Places, Places, Numbers]
    count: int


class _Learner:
    """The voice in the making: full precision, and what the optimizer remembers of each weight (Adam)."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        met = Counter(place for row in rows for place in {p for one in row.heard for p in (*one.words, *one.marks)})
        enough = min(_MET, 1 + len(rows) // 200)  # a handful of examples: every feature counts
        self.places = sorted(place for place, texts in met.items() if texts >= enough)
        self.at = {place: i for i, place in enumerate(self.places)}
        self.chance = chance = np.random.default_rng(_SEED)
        table = np.zeros((len(self.places), LANES), np.float32)
        table[:, :SENSE] = chance.normal(0.0, 0.05, (len(self.places), SENSE))
        self.weights: dict[str, Numbers] = {
            "table": table,
            "hidden": self._drawn(HIDDEN, 4 * SENSE),
            "hidden_bias": np.zeros(HIDDEN, np.float32),
            "heads": self._drawn(len(HEADS), HIDDEN),
            "bias": np.full(len(HEADS), -2.0, np.float32),
        }
        self._first = {name: np.zeros_like(w) for name, w in self.weights.items()}
        self._second = {name: np.zeros_like(w) for name, w in self.weights.items()}
        self._steps = 0

    def _drawn(self, out: int, into: int) -> Numbers:
        bound = 1 / math.sqrt(into)
        return self.chance.uniform(-bound, bound, (out, into)).astype(np.float32)

    def learn(self, rows: Sequence[_Row], rate: float) -> None:
        """One step on some texts."""
        texts = self._flat(rows, forgotten=_FORGOTTEN)
        said = np.array([row.said for row in rows], np.float32)
        w, chance = self.weights, self.chance
        direct, sense, size, around = self._hear(texts)
        heard = chance.random(around.shape, np.float32) >= _SILENT
        around = around * heard / (1 - _SILENT)
        raw = around @ w["hidden"].T + w["hidden_bias"]
        kept = (chance.random(raw.shape, np.float32) >= _SILENT) / np.float32(1 - _SILENT)
        inner = np.maximum(raw, 0) * kept
        top, share = self._loudest(texts, inner @ w["heads"].T + w["bias"] + direct)
        error = (1 / (1 + np.exp(-top)) - said) / len(rows)
        d_scores = error[texts.text] * share
        d_inner = (d_scores @ w["heads"]) * kept * (raw > 0)
        d_around = (d_inner @ w["hidden"]) * heard / (1 - _SILENT)
        own, prior, next_, whole = np.split(d_around, 4, axis=1)
        d_sense = own + (_added(whole, texts.text, texts.count) / size[:, None])[texts.text]
        same = texts.text[1:] == texts.text[:-1]
        d_sense[:-1] += prior[1:] * same[:, None]
        d_sense[1:] += next_[:-1] * same[:, None]
        d_sum = d_sense * (1 - sense * sense)
        self._steps += 1
        self._step_rows(texts, d_sum, d_scores, rate)
        for name, gradient in (
            ("hidden", d_inner.T @ around),
            ("hidden_bias", d_inner.sum(axis=0)),
            ("heads", d_scores.T @ inner),
            ("bias", d_scores.sum(axis=0)),
        ):
            self._step(name, slice(None), gradient, rate)

    def hear_out(self, rows: Sequence[_Row]) -> list[list[float]]:
        """The scores of texts for the intents."""
        out: list[list[float]] = []
        w = self.weights
        for start in range(0, len(rows), 256):
            texts = self._flat(rows[start : start + 256], forgotten=0.0)
            direct, _, _, around = self._hear(texts)
            inner = np.maximum(around @ w["hidden"].T + w["hidden_bias"], 0)
            top, _ = self._loudest(texts, inner @ w["heads"].T + w["bias"] + direct)
            out += top[:, : len(INTENTS)].tolist()
        return out

    def _hear(self, texts: _Texts) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """What each clause says directly, its sense, how many clauses a text has, and all that the net reads."""
        words, marks = self._sums(texts, texts.words), self._sums(texts, texts.marks)
        sense = np.tanh(words[:, :SENSE] + marks[:, :SENSE])
        before, after = self._neighbours(texts, sense)
        size = np.bincount(texts.text, minlength=texts.count).astype(np.float32)
        mean = _added(sense, texts.text, texts.count) / size[:, None]
        around = np.concatenate([sense, before, after, mean[texts.text]], axis=1)
        return words[:, SENSE:] + MARKS_COUNT * marks[:, SENSE:], sense, size, around

    def voice(self, weighing: list[float], offset: list[float], manifest: dict[str, object]) -> Voice:
        """Weights of one byte: a step is the 127th part of the greatest of its lane."""
        table = self.weights["table"]
        scale = np.maximum(np.abs(table).max(axis=0, initial=0.0), 1e-6) / 127
        small = np.clip(np.rint(table / scale), -127, 127).astype(np.int8)

        def plain(name: str) -> Any:
            return np.round(self.weights[name].astype(float), 5).tolist()

        return Voice(
            rows={place: row_of(small[i].tobytes()) for i, place in enumerate(self.places)},
            scale=tuple(np.round(scale.astype(float), 9).tolist()),
            net=Net(
                hidden=tuple(map(tuple, plain("hidden"))),
                hidden_bias=tuple(plain("hidden_bias")),
                heads=tuple(map(tuple, plain("heads"))),
                bias=tuple(plain("bias")),
            ),
            weighing=tuple(weighing),
            offset=tuple(offset),
            manifest=manifest,
        )

    def _flat(self, rows: Sequence[_Row], *, forgotten: float) -> _Texts:
        clauses = [(i, one) for i, row in enumerate(rows) for one in row.heard]

        def bag(given: Sequence[Sequence[int]]) -> tuple[Places, Places, Numbers]:
            known = [[self.at[p] for p in places if p in self.at] for places in given]
            of = np.repeat(np.arange(len(known)), [len(k) for k in known])
            features = np.array([f for k in known for f in k], np.int64)
            if forgotten:
                left = self.chance.random(len(features)) >= forgotten
                features, of = features[left], of[left]
            count = np.maximum(np.bincount(of, minlength=len(known)), 1)
            return features, of, (1 / np.sqrt(count)).astype(np.float32)

        return _Texts(
            text=np.array([i for i, _ in clauses], np.int64),
            words=bag([one.words for _, one in clauses]),
            marks=bag([one.marks for _, one in clauses]),
            count=len(rows),
        )

    def _sums(self, texts: _Texts, bag: tuple[Places, Places, Numbers]) -> Numbers:
        features, of, root = bag
        return _added(self.weights["table"][features], of, len(texts.text)) * root[:, None]

    @staticmethod
    def _neighbours(texts: _Texts, sense: Numbers) -> tuple[Numbers, Numbers]:
        same = (texts.text[1:] == texts.text[:-1])[:, None]
        before, after = np.zeros_like(sense), np.zeros_like(sense)
        before[1:] = sense[:-1] * same
        after[:-1] = sense[1:] * same
        return before, after

    @staticmethod
    def _loudest(texts: _Texts, scores: Numbers) -> tuple[Numbers, Numbers]:
        """The soft maximum of each text, and the share that each clause has in it."""
        starts = np.flatnonzero(np.r_[True, texts.text[1:] != texts.text[:-1]])
        top = np.maximum.reduceat(scores, starts, axis=0)
        told = np.exp(scores - top[texts.text])
        total = np.add.reduceat(told, starts, axis=0)
        return top + np.log(total), told / total[texts.text]

    def _step_rows(self, texts: _Texts, d_sum: Numbers, d_scores: Numbers, rate: float) -> None:
        """The rows of the features that occurred; the others rest."""
        told = []
        for (features, of, root), counts in ((texts.words, 1.0), (texts.marks, MARKS_COUNT)):
            told.append((features, (np.concatenate([d_sum, counts * d_scores], axis=1) * root[:, None])[of]))
        features = np.concatenate([f for f, _ in told])
        order = np.argsort(features, kind="stable")
        features = features[order]
        starts = np.flatnonzero(np.r_[True, features[1:] != features[:-1]])
        gradient = np.add.reduceat(np.concatenate([g for _, g in told])[order], starts, axis=0)
        self._step("table", features[starts], gradient, rate)

    def _step(self, name: str, where: Any, gradient: Numbers, rate: float) -> None:
        first, second, weight = self._first[name], self._second[name], self.weights[name]
        first[where] = 0.9 * first[where] + 0.1 * gradient
        second[where] = 0.999 * second[where] + 0.001 * gradient * gradient
        mean = first[where] / (1 - 0.9**self._steps)
        spread = np.sqrt(second[where] / (1 - 0.999**self._steps)) + 1e-8
        weight[where] -= (rate * mean / spread).astype(np.float32)


def _added(rows: Numbers, of: Places, count: int) -> Numbers:
    """Rows added up by the place that `of` names, in order."""
    out = np.zeros((count, rows.shape[1]), np.float32)
    if len(of):
        starts = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
        out[of[starts]] = np.add.reduceat(rows, starts, axis=0)
    return out


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
    for _ in range(60):
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
        far = max(1.0, *map(abs, step))  # a whole step from far away may lead farther away
        theta = [t - d / far for t, d in zip(theta, step, strict=True)]
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
