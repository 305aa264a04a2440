"""How quickly answers are read: messages a second with parsing alone beside it, the slowest one, the cold import."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figure import Figure
from tests.reading.crafted import TEXTS

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
COLD = "import time; t = time.perf_counter(); import chalicelib.reading; print(time.perf_counter() - t)"


def measure(directory: Path) -> Iterator[Figure]:
    from chalicelib.reading import Context, Unreadable, parse, read

    raws = [path.read_bytes() for path in sorted(CORPUS.rglob("*.eml"))]
    plain = [raw for raw in raws if b"attachment" not in raw.lower()]
    context = Context()
    parsed = []
    slowest = 0.0
    started = time.process_time()
    for raw in plain:
        try:
            parsed.append(parse(raw))
        except Unreadable:
            continue
    parsing = time.process_time() - started
    for message in parsed:
        before = time.process_time()
        read(message, context)
        slowest = max(slowest, time.process_time() - before)
    took = time.process_time() - started
    yield Figure("messages without attachment", len(plain))
    yield Figure("parsed and read a second, one core", len(plain) / took, at_least=100)
    yield Figure("parsed alone a second", len(plain) / parsing)
    for raw in raws:
        before = time.process_time()
        try:
            read(parse(raw), context)
        except Unreadable:
            continue
        slowest = max(slowest, time.process_time() - before)
    yield Figure("slowest message, attachments included", slowest, "s", at_most=2)
    crafted = max(map(_seconds, TEXTS.values()))
    yield Figure(f"slowest of {len(TEXTS)} crafted texts of 20,000 letters", crafted, "s", at_most=2)
    imports = sorted(
        float(subprocess.run([sys.executable, "-c", COLD], capture_output=True, check=True, text=True).stdout)
        for _ in range(5)
    )
    yield Figure("cold import of the reader, median of five", 1000 * imports[2], "ms", at_most=300)


def _seconds(text: str) -> float:
    from chalicelib.reading import Context, parse, read

    message = parse(f"From: a@b.example\nContent-Type: text/plain; charset=utf-8\n\nBonjour,\n{text}".encode())
    before = time.process_time()
    read(message, Context())
    return time.process_time() - before
