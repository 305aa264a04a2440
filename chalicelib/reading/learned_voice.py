"""A voice learned from labelled examples, weighed with what the rules found: how probable each intent is.

It hears the same clauses as the rules, but decides by weights. The intents of a mail
are those of its clauses: each clause speaks for itself, and the loudest is the
evidence. How much its word counts beside a phrase of the rules was learned too, on
hands that neither had seen (docs/decisions/phrases-and-examples-are-weighed-together.md).

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
from chalicelib.reading.model import DISPUTE_REASONS, INTENTS, DisputeReason, Intent

RESOURCE = "learned_voice.bin"
MARKS_COUNT = 0.7  # how much the marks weigh beside the words
REASON = "reason "  # before the name of a ground of dispute
HEADS: tuple[str, ...] = (*INTENTS, *(REASON + reason for reason in DISPUTE_REASONS))
_MAGIC = b"RELANCE-VOICE-2\n"

Found = Mapping[Intent, bool]
"""What the rules found: intents, each with whether a turn of phrase said it (else only a word and a day)."""


class DamagedVoice(PermanentError):
    """The file of weights is not one of ours, or of another version: `relance train` makes it anew."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the learned voice thinks of a text."""

    probability: Mapping[Intent, float]
    place: Mapping[Intent, tuple[int, int]]  # the clause that speaks loudest for it
    reasons: Mapping[DisputeReason, float]  # of a dispute that is probable: how loudly each ground speaks

    def sure(self, intents: Collection[Intent]) -> float:
        """How probable it is that a text says these intents and no others, each taken for itself."""
        told = (p if intent in intents else 1 - p for intent, p in self.probability.items())
        return math.prod(told)

    def doubtful(self, intents: Collection[Intent]) -> tuple[Intent, ...]:
        """The intents that it would have taken otherwise, or nearly so."""
        wrong = {i: 1 - p if i in intents else p for i, p in self.probability.items()}
        return tuple(i for i in INTENTS if wrong.get(i, 0.0) >= NEARLY)


PROBABLE = 0.5  # an intent is taken for said from here on
NEARLY = 0.15


def in_words(intents: Sequence[Intent]) -> str:
    """What is doubtful, for the person who looks."""
    return "doubtful: " + ", ".join(intent.replace("_", " ") for intent in intents)


@dataclass(frozen=True, slots=True)
class Voice:
    """Weights of one byte, a table for each head; bias and scale, and how it is weighed with the rules."""

    tables: tuple[array[int], ...]
    scale: tuple[float, ...]
    bias: tuple[float, ...]
    weighing: tuple[float, ...]  # of `features_of`, all heads alike
    offset: tuple[float, ...]  # of each intent
    manifest: Mapping[str, object]

    def listen(self, clauses: Sequence[Clause], base: date, found: Found) -> Opinion:
        """The opinion on the clauses of a text written on a day, in which the rules found some intents."""
        heard = hear(clauses, base)
        probability: dict[Intent, float] = {}
        place: dict[Intent, tuple[int, int]] = {}
        if not heard:
            return Opinion(dict.fromkeys(INTENTS, 0.0), {}, {})
        for head, intent in enumerate(INTENTS):
            scores = self._scores(head, heard)
            features = features_of(together(scores), intent, found)
            weighed = sum(w * x for w, x in zip(self.weighing, features, strict=True))
            probability[intent] = logistic(weighed + self.offset[head])
            loudest = heard[scores.index(max(scores))]
            place[intent] = (loudest.start, loudest.end)
        reasons: dict[DisputeReason, float] = {}
        if probability["dispute"] >= PROBABLE:
            reasons = {
                reason: together(self._scores(HEADS.index(REASON + reason), heard)) for reason in DISPUTE_REASONS
            }
        return Opinion(probability, place, reasons)

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


def features_of(score: float, intent: Intent, found: Found) -> tuple[float, ...]:
    """What decides about an intent: how loud the voice is, whether the rules found it by a phrase or by a guess, and
    whether they found nothing at all."""
    said = found.get(intent)
    return (score, float(said is True), float(said is False), score if said else 0.0, float(not found))


FEATURES = 5


@cache
def voice() -> Voice:
    """The voice of this package."""
    return unpack((resources.files("chalicelib.reading") / RESOURCE).read_bytes())


def opinion(clauses: Sequence[Clause], base: date, found: Found) -> Opinion | None:
    """What the voice of this package thinks; None where there is nothing to hear."""
    heard = voice().listen(clauses, base, found)
    return heard if heard.place else None


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
        "weighing": voice.weighing, "offset": voice.offset, "manifest": dict(voice.manifest),
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
            weighing=tuple(told["weighing"]),
            offset=tuple(told["offset"]),
            manifest=told["manifest"],
        )
    except (ValueError, KeyError, TypeError, struct.error, zlib.error) as error:
        raise DamagedVoice(f"{RESOURCE} cannot be used ({error}); `relance train` makes it anew") from error
