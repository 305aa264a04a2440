"""A voice learned from labelled examples, weighed with what the rules found: how probable each intent is.

It hears the same clauses as the rules. Words, letter groups and marks of a clause add
up to a few numbers; a small net reads these beside those of its neighbours and of the
whole text. Each clause speaks for itself, a text has the intents of its clauses, and
the loudest is the evidence. How much its word counts beside a phrase of the rules was
learned too, on hands that neither had seen
(docs/decisions/phrases-and-examples-are-weighed-together.md).

The weights stand in one file of the package, made by `relance train` (training.py). It is
opened at the first mail, not at import, and read without any package.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from importlib import resources
from operator import mul

from chalicelib.errors import PermanentError
from chalicelib.reading.clauses import Clause
from chalicelib.reading.learned_features import Heard, hear
from chalicelib.reading.model import DISPUTE_REASONS, INTENTS, DisputeReason, Intent

RESOURCE = "learned_voice.bin"
MARKS_COUNT = 0.7  # how much the marks weigh beside the words where they speak for a head directly
REASON = "reason "  # before the name of a ground of dispute
HEADS: tuple[str, ...] = (*INTENTS, *(REASON + reason for reason in DISPUTE_REASONS))
SENSE, HIDDEN = 24, 32  # numbers of a clause, numbers of the net between them and the heads
LANES = SENSE + len(HEADS)  # of a feature: its share of the sense, and what it says of each head directly
_MAGIC = b"RELANCE-VOICE-3\n"

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
class Net:
    """The weights between the sense of a clause and the heads: rows of the hidden layer, then one for each head."""

    hidden: tuple[tuple[float, ...], ...]  # HIDDEN × 4 SENSE: the clause, the one before, the one after, all of them
    hidden_bias: tuple[float, ...]
    heads: tuple[tuple[float, ...], ...]  # HEADS × HIDDEN
    bias: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Voice:
    """What each feature that was met often enough adds, the net, and how all is weighed with the rules."""

    rows: Mapping[int, int]  # place of a feature → its LANES in one number, see `row_of`
    scale: tuple[float, ...]  # of each lane
    net: Net
    weighing: tuple[float, ...]  # of `features_of`, all intents alike
    offset: tuple[float, ...]  # of each intent
    manifest: Mapping[str, object]

    def listen(self, clauses: Sequence[Clause], base: date, found: Found) -> Opinion:
        """The opinion on the clauses of a text written on a day, in which the rules found some intents."""
        heard = hear(clauses, base)
        if not heard:
            return Opinion(dict.fromkeys(INTENTS, 0.0), {}, {})
        scores = self.scores(heard)  # of each clause, the heads
        probability: dict[Intent, float] = {}
        place: dict[Intent, tuple[int, int]] = {}
        for head, intent in enumerate(INTENTS):
            told = [row[head] for row in scores]
            features = features_of(together(told), intent, found)
            weighed = sum(w * x for w, x in zip(self.weighing, features, strict=True))
            probability[intent] = logistic(weighed + self.offset[head])
            loudest = heard[told.index(max(told))]
            place[intent] = (loudest.start, loudest.end)
        reasons: dict[DisputeReason, float] = {}
        if probability["dispute"] >= PROBABLE:
            reasons = {
                reason: together([row[HEADS.index(REASON + reason)] for row in scores]) for reason in DISPUTE_REASONS
            }
        return Opinion(probability, place, reasons)

    def scores(self, heard: Sequence[Heard]) -> list[list[float]]:
        """How loudly each clause speaks for each head."""
        told = [(self._sum(one.words), self._sum(one.marks)) for one in heard]
        senses = [[math.tanh(w + m) for w, m in zip(words[:SENSE], marks, strict=False)] for words, marks in told]
        silence = [0.0] * SENSE
        mean = [sum(column) / len(senses) for column in zip(*senses, strict=True)]
        out: list[list[float]] = []
        for index, (words, marks) in enumerate(told):
            before = senses[index - 1] if index else silence
            after = senses[index + 1] if index + 1 < len(senses) else silence
            around = senses[index] + before + after + mean
            inner = [
                max(0.0, bias + sum(map(mul, row, around)))
                for row, bias in zip(self.net.hidden, self.net.hidden_bias, strict=True)
            ]
            out.append(
                [
                    bias + sum(map(mul, row, inner)) + words[SENSE + head] + MARKS_COUNT * marks[SENSE + head]
                    for head, (row, bias) in enumerate(zip(self.net.heads, self.net.bias, strict=True))
                ]
            )
        return out

    def _sum(self, places: Sequence[int]) -> list[float]:
        """The lanes of all features together, over the root of their number."""
        met = [row for place in places if (row := self.rows.get(place)) is not None]
        lanes = [0] * LANES
        for start in range(0, len(met), _MOST):
            some = met[start : start + _MOST]
            told = memoryview(sum(some).to_bytes(2 * LANES, "little")).cast("H")
            lanes = [lane + one - 128 * len(some) for lane, one in zip(lanes, told, strict=True)]
        root = math.sqrt(len(met) or 1)
        return [lane * scale / root for lane, scale in zip(lanes, self.scale, strict=True)]


_MOST = 250  # so many bytes are summed in sixteen bits
_SIGNED = bytes((byte + 128) % 256 for byte in range(256))


def row_of(weights: bytes) -> int:
    """Signed bytes as one number of sixteen bits a lane: rows are added in one go, however many lanes they have.

    A lane holds its weight plus 128, so that none borrows from the next.
    """
    wide = bytearray(2 * len(weights))
    wide[::2] = weights.translate(_SIGNED)
    return int.from_bytes(wide, "little")


def weights_of(row: int) -> bytes:
    """The reverse of row_of."""
    return row.to_bytes(2 * LANES, "little")[::2].translate(_SIGNED)


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
    """The bytes of a voice: a line of JSON with all but the rows, then places and weights of the rows, compressed."""
    places = array("I", sorted(voice.rows))
    told = {
        "lanes": LANES, "heads": HEADS, "scale": voice.scale, "net": asdict(voice.net),
        "weighing": voice.weighing, "offset": voice.offset, "manifest": dict(voice.manifest),
    }  # fmt: skip
    head = json.dumps(told, sort_keys=True).encode()
    rows = zlib.compress(places.tobytes() + b"".join(weights_of(voice.rows[place]) for place in places), 9)
    return _MAGIC + struct.pack(">III", len(head), len(places), zlib.crc32(rows)) + head + rows


def unpack(packed: bytes) -> Voice:
    """The reverse of pack; DamagedVoice for anything else."""
    at = len(_MAGIC) + 12
    try:
        if not packed.startswith(_MAGIC):
            raise ValueError("it begins otherwise")
        length, count, check = struct.unpack(">III", packed[len(_MAGIC) : at])
        told, rows = json.loads(packed[at : at + length]), packed[at + length :]
        if told["lanes"] != LANES or tuple(told["heads"]) != HEADS or zlib.crc32(rows) != check:
            raise ValueError("it is of another version, or cut")
        raw = zlib.decompress(rows)
        places, weights, net = array("I", raw[: 4 * count]), raw[4 * count :], told["net"]
        if len(weights) != count * LANES:
            raise ValueError("rows are missing")
        return Voice(
            rows={place: row_of(weights[i * LANES : (i + 1) * LANES]) for i, place in enumerate(places)},
            scale=tuple(told["scale"]),
            net=Net(
                hidden=tuple(map(tuple, net["hidden"])),
                hidden_bias=tuple(net["hidden_bias"]),
                heads=tuple(map(tuple, net["heads"])),
                bias=tuple(net["bias"]),
            ),
            weighing=tuple(told["weighing"]),
            offset=tuple(told["offset"]),
            manifest=told["manifest"],
        )
    except (ValueError, KeyError, TypeError, struct.error, zlib.error) as error:
        raise DamagedVoice(f"{RESOURCE} cannot be used ({error}); `relance train` makes it anew") from error
