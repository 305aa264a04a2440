"""A second opinion on what a text is about: a small linear model over words, pairs of words and letter groups.

The rules know phrases; the model notices what a text as a whole sounds like. It never
makes a program act: where it disagrees strongly with the rules, a person looks, and is
shown the intents on which both can live. Numbers, dates and addresses are replaced by
signs first, so that it learns how people speak, not what they owe.

The weights are rebuilt from the labelled corpus by `python -m tests.reading.train`;
the same examples give the same weights.
"""

from __future__ import annotations

import math
import re
import zlib
from array import array
from base64 import b85decode
from collections.abc import Iterable, Mapping
from functools import lru_cache

from chalicelib.reading.fold import fold
from chalicelib.reading.model import INTENTS, Intent

BUCKETS = 1 << 15
SURE = 0.6  # above: the model hears an intent
DEAF = 0.1  # below: it hears nothing of the kind
FAINT = 0.3  # below: what the rules only guessed is no more than a guess
SILENT = 0.02  # below: the rules were probably wrong
_WORD = re.compile(r"[a-z]+|<[a-z]+>|[?!]")
_SIGNS = (
    (re.compile(r"\S{1,80}@\S{1,120}"), " <mail> "),
    (re.compile(r"https?://\S{1,200}"), " <web> "),
    (re.compile(r"\b(?:[a-z]{1,4}[-/]?)?\d[\d/-]{3,20}\b"), " <ref> "),
    (re.compile(r"\d[\d .,']{0,20}\d ?(?:€|eur|euros?|£|\$|gbp|usd|k)?|\d"), " <num> "),
)


def opinions(text: str) -> dict[Intent, float]:
    """How likely each intent sounds, from 0 to 1; empty where there is too little text."""
    given = features(text)
    if len(given) < 8:
        return {}
    return {intent: probability(given, *_weights(intent)) for intent in INTENTS}


def disagreement(heard: Mapping[Intent, float], ruled: Iterable[Intent]) -> tuple[set[Intent], set[Intent]]:
    """Intents that only the model hears, and intents of the rules of which it hears nothing."""
    present = set(ruled)
    missed = {intent for intent, p in heard.items() if p > SURE and intent not in present}
    doubted = {intent for intent, p in heard.items() if p < DEAF and intent in present}
    return missed, doubted


def features(text: str) -> dict[int, float]:
    """Hashed words, pairs and letter groups of a text, together of unit length."""
    plain = fold(text[:4000])
    for pattern, sign in _SIGNS:
        plain = pattern.sub(sign, plain)
    found: set[str] = set()
    previous = "^"
    for word in _WORD.findall(plain)[:400]:
        found.add(word)
        found.add(f"{previous} {word}")
        if len(word) >= 4 and word[0] != "<":
            padded = f"_{word[:30]}_"
            for size in (4, 5):
                found.update("#" + padded[i : i + size] for i in range(len(padded) - size + 1))
        previous = word
    if not found:
        return {}
    weight = 1 / math.sqrt(len(found))
    out: dict[int, float] = {}
    for name in sorted(found):
        bucket = zlib.crc32(name.encode()) % BUCKETS
        out[bucket] = out.get(bucket, 0.0) + weight
    return out


def probability(
    given: Mapping[int, float], bias: float, scale: float, weights: Mapping[int, float] | array[int]
) -> float:
    total = bias + scale * sum(weights[k] * v for k, v in given.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@lru_cache(maxsize=len(INTENTS))
def _weights(intent: Intent) -> tuple[float, float, array[int]]:
    """Bias, scale and one small integer for each bucket."""
    from chalicelib.reading.second_voice_weights import WEIGHTS

    bias, scale, packed = WEIGHTS[intent]
    return bias, scale, array("b", zlib.decompress(b85decode(packed)))
