"""relance train: the learned voice made anew from files of labelled examples; the same examples give the same bytes.

relance train [--out FILE] [--check] [--known-to-rules NAME,…] EXAMPLES.jsonl…
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from chalicelib.errors import BadInput
from chalicelib.reading.examples import Example, read_examples
from chalicelib.reading.learned_voice import RESOURCE, pack

MAILS = ("replies", "written", "written_rest", "second", "third", "fourth", "sixth", "seventh", "eighth", "ninth",
         "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth",
         "seventeenth", "nineteenth", "twentieth", "twentyfirst",
         "twentysecond", "twentythird", "twentyfourth", "twentyfifth", "twentysixth")  # fmt: skip
KNOWN_TO_RULES = ("hand_b", "hand_c", *(f"mail_{name}" for name in MAILS))
SHIPPED = Path(__file__).parent / "reading" / RESOURCE


def main(args: Sequence[str]) -> int:
    """0: written, or the same with --check; 1: --check found other bytes; 2: a file is missing or wrong."""
    parser = argparse.ArgumentParser(prog="relance train", description="Learn from labelled examples.")
    parser.add_argument("--out", metavar="FILE", default=str(SHIPPED), help="file of weights (default: the one in use)")
    parser.add_argument("--check", action="store_true", help="write nothing; tell whether FILE would be the same")
    parser.add_argument(
        "--known-to-rules",
        metavar="NAMES",
        default=",".join(KNOWN_TO_RULES),
        help="files from which the phrases were written: they do not judge how far phrases can be trusted",
    )
    parser.add_argument("examples", metavar="EXAMPLES", nargs="+", help="one JSON object a line; a file is one hand")
    try:
        options = parser.parse_args(list(args))
    except SystemExit as end:  # argparse has said why
        return int(end.code or 0) if isinstance(end.code, int) else 2
    try:
        from chalicelib.reading.training import train
    except ModuleNotFoundError as missing:
        print(f"relance train: {missing.name} is missing: pip install {missing.name}", file=sys.stderr)
        return 2
    hands: dict[str, list[Example]] = {}
    try:
        for name in options.examples:
            path = Path(name)
            hands[path.stem] = hands.get(path.stem, []) + read_examples(path.read_text("utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        print(f"relance train: {error}", file=sys.stderr)
        return 2
    except BadInput as wrong:
        print(f"relance train: {wrong}", file=sys.stderr)
        return 2
    packed, out = pack(train(hands, known_to_rules=options.known_to_rules.split(","))), Path(options.out)
    count = sum(map(len, hands.values()))
    if options.check:
        same = out.is_file() and out.read_bytes() == packed
        print(f"{out.name}: {'the very same' if same else 'other'} bytes from {count} examples")
        return 0 if same else 1
    out.write_bytes(packed)
    print(f"{out.name}: {len(packed)} bytes learned from {count} examples of {len(hands)} hands")
    return 0
