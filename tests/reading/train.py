"""Rebuild the second voice's weights from the labelled examples of the repository.

    python -m tests.reading.train

What is kept aside is never learned from. Logistic regression by stochastic descent in
an order fixed by a checksum: the same examples give the same weights.
"""

from __future__ import annotations

import json
import math
import sys
import zlib
from array import array
from base64 import b85encode
from pathlib import Path

from chalicelib.reading import second_voice
from chalicelib.reading.model import INTENTS
from tests.reading.reading_of import CORPUS, corpus
from tests.reading.test_corpus_figures import OPEN
from tests.reading.test_sayings import TABLES, lines

Example = tuple[str, frozenset[str]]
TARGET = Path(second_voice.__file__).with_name("second_voice_weights.py")
ROUNDS, RATE, DECAY = 30, 2.0, 1e-4


def examples() -> list[Example]:
    out: list[Example] = []
    for folder, (mailbox, _) in sorted(OPEN.items()):
        labels, readings = corpus(folder, mailbox)
        for name, label in sorted(labels.items()):
            words = readings[name]["own_words"]
            if label["kind"] == "reply" and words.strip():
                out.append((words, frozenset(label["intents"])))
    for table in TABLES:
        out += [(words, intents) for intents, _, words in lines(table)]
    for path in sorted((CORPUS / "examples").glob("hand_*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            one = json.loads(line)
            out.append((one["text"], frozenset(one["intents"])))
    return out


def learn(given: list[Example]) -> dict[str, tuple[float, float, array[int]]]:
    seen = [second_voice.features(text) for text, _ in given]
    out: dict[str, tuple[float, float, array[int]]] = {}
    for intent in INTENTS:
        wanted = [float(intent in labels) for _, labels in given]
        positive = sum(wanted)
        rare = min(4.0, math.sqrt((len(wanted) - positive) / max(1.0, positive)))
        weights = [0.0] * second_voice.BUCKETS
        bias = math.log((positive + 1) / (len(wanted) - positive + 1))
        for turn in range(ROUNDS):
            step = RATE / (1 + 0.1 * turn)
            for index in sorted(range(len(seen)), key=lambda i, t=turn: zlib.crc32(f"{t}:{i}".encode())):  # type: ignore[misc]
                one = seen[index]
                total = bias + sum(weights[k] * v for k, v in one.items())
                error = wanted[index] - 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
                error *= rare if wanted[index] else 1.0
                bias += 0.05 * step * error
                for k, v in one.items():
                    weights[k] = weights[k] * (1 - DECAY * step) + step * error * v
        scale = max(abs(w) for w in weights) / 127
        out[intent] = (bias, scale, array("b", [round(w / scale) for w in weights]))
    return out


def main() -> int:
    given = examples()
    lines = [
        '"""Weights of the second voice, written by `python -m tests.reading.train`; not to be edited."""\n',
        "# fmt: off",
        "# ruff: noqa: E501",
        f"# learned from {len(given)} examples",
        "WEIGHTS: dict[str, tuple[float, float, str]] = {",
    ]
    for intent, (bias, scale, weights) in learn(given).items():
        packed = b85encode(zlib.compress(weights.tobytes(), 9)).decode()
        lines.append(f'    "{intent}": ({bias:.4f}, {scale:.6f}, {packed!r}),')
    lines.append("}\n")
    TARGET.write_text("\n".join(lines), "utf-8")
    print(f"{len(given)} examples, {TARGET.stat().st_size} bytes in {TARGET.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
