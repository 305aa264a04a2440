"""A voice learned from labelled examples: how probable each intent is. Plain Python.

It hears the same clauses as the rules, but decides by weights. The intents of a mail
are those of its clauses: each clause speaks for itself, and the loudest is the
evidence. It is meant to contradict, never to act: where it hears something else than
the rules, a person looks (docs/decisions/a-voice-learned-from-examples.md).

The weights stand in one file of the package, made by `relance train` (training.py). It is
opened at the first mail, not at import.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from chalicelib.errors import PermanentError
from chalicelib.reading.clauses import Clause
from chalicelib.reading.learned_features import BITS, Heard, hear
from chalicelib.reading.model import INTENTS, Intent

RESOURCE = "learned_voice.bin"
MARKS_COUNT = 0.7  # how much the marks weigh beside the words
HEADS: tuple[str, ...] = INTENTS
_MAGIC = b"RELANCE-VOICE-1\n"

# Set on hands that were left out of the training (docs/decisions/a-voice-learned-from-examples.md).
SAYS = 0.7  # an intent the rules did not find is added from this probability: a person looks anyway
HEARS = 0.6  # an intent the rules did not find, and so probable: the voices disagree
DENIES = 0.2  # an intent of the rules that is less probable: the voices disagree
SILENT = 0.02  # below: the rules were probably wrong, and what a person is shown leaves it out


class DamagedVoice(PermanentError):
    """The file of weights is not one of ours, or of another version: `relance train` makes it anew."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the learned voice thinks of a text."""

    probability: Mapping[Intent, float]
    place: Mapping[Intent, tuple[int, int]]  # the clause that speaks loudest for it

    def missed(self, intents: Collection[Intent], at: float = HEARS) -> tuple[Intent, ...]:
        """What it hears and the rules did not find."""
        return tuple(i for i in INTENTS if i not in intents and self.probability[i] >= at)

    def denied(self, intents: Collection[Intent]) -> tuple[Intent, ...]:
        """What the rules found and it does not hear."""
        return tuple(i for i in INTENTS if i in intents and self.probability[i] < DENIES)


def in_words(missed: Sequence[Intent], denied: Sequence[Intent]) -> str:
    """The disagreement, for the person who looks."""
    said = [f"the examples also say {_plain(i)}" for i in missed]
    return ", ".join(said + [f"the examples do not say {_plain(i)}" for i in denied])


@dataclass(frozen=True, slots=True)
class Voice:
    """Weights of one byte, a table for each head; bias, scale and calibration beside them."""

    tables: tuple[array[int], ...]
    scale: tuple[float, ...]
    bias: tuple[float, ...]
    slope: tuple[float, ...]  # calibration: probability = logistic(slope · score + offset)
    offset: tuple[float, ...]
    manifest: Mapping[str, object]

    def listen(self, clauses: Sequence[Clause], base: date) -> Opinion:
        """The opinion on the clauses of a text written on a day."""
        heard = hear(clauses, base)
        probability: dict[Intent, float] = {}
        place: dict[Intent, tuple[int, int]] = {}
        if not heard:
            return Opinion(dict.fromkeys(INTENTS, 0.0), {})
        for head, intent in enumerate(INTENTS):
            scores = self._scores(head, heard)
            probability[intent] = self._calibrated(head, together(scores))
            loudest = heard[scores.index(max(scores))]
            place[intent] = (loudest.start, loudest.end)
        return Opinion(probability, place)

    def _scores(self, head: int, heard: Sequence[Heard]) -> list[float]:
        table, scale, bias = self.tables[head].__getitem__, self.scale[head], self.bias[head]
        return [
            bias
            + scale
            * (
                sum(map(table, one.words)) / math.sqrt(len(one.words) or 1)
                + MARKS_COUNT * sum(map(table, one.marks)) / math.sqrt(len(one.marks) or 1)
            )
            for one in heard
        ]

    def _calibrated(self, head: int, score: float) -> float:
        return logistic(self.slope[head] * score + self.offset[head])


@cache
def voice() -> Voice:
    """The voice of this package."""
    return unpack((resources.files("chalicelib.reading") / RESOURCE).read_bytes())


def opinions(clauses: Sequence[Clause], base: date) -> dict[Intent, float]:
    """How probable each intent is by the voice of this package; empty where there is nothing to hear."""
    opinion = voice().listen(clauses, base)
    return dict(opinion.probability) if opinion.place else {}


def together(scores: Sequence[float]) -> float:
    """The score of a text from those of its clauses: a soft maximum."""
    top = max(scores)
    return top + math.log(sum(math.exp(score - top) for score in scores))


def logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, x))))


def pack(voice: Voice) -> bytes:
    """The bytes of a voice: a line of JSON that says what it was made of, then the weights, compressed."""
    told = {
        "bits": BITS, "heads": HEADS, "scale": voice.scale, "bias": voice.bias,
        "slope": voice.slope, "offset": voice.offset, "manifest": dict(voice.manifest),
    }  # fmt: skip
    head = json.dumps(told, sort_keys=True).encode()
    weights = zlib.compress(b"".join(table.tobytes() for table in voice.tables), 9)
    return _MAGIC + struct.pack(">II", len(head), zlib.crc32(weights)) + head + weights


def unpack(packed: bytes) -> Voice:
    """The reverse of pack; DamagedVoice for anything else."""
    at = len(_MAGIC) + 8
    try:
        if not packed.startswith(_MAGIC):
            raise ValueError("it begins otherwise")
        length, check = struct.unpack(">II", packed[len(_MAGIC) : at])
        told, weights = json.loads(packed[at : at + length]), packed[at + length :]
        if told["bits"] != BITS or tuple(told["heads"]) != HEADS or zlib.crc32(weights) != check:
            raise ValueError("it is of another version, or cut")
        raw, size = zlib.decompress(weights), 1 << BITS
        tables = tuple(array("b", raw[i * size : (i + 1) * size]) for i in range(len(HEADS)))
        return Voice(
            tables=tables,
            scale=tuple(told["scale"]),
            bias=tuple(told["bias"]),
            slope=tuple(told["slope"]),
            offset=tuple(told["offset"]),
            manifest=told["manifest"],
        )
    except (ValueError, KeyError, TypeError, struct.error, zlib.error) as error:
        raise DamagedVoice(f"{RESOURCE} cannot be used ({error}); `relance train` makes it anew") from error


def _plain(intent: Intent) -> str:
    return intent.replace("_", " ")
