"""Measure what Relance costs and how quick it is; prints a table. Run by `make bench`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from infra.local.process import PartUnavailable
from tests.bench import cost, importing, mail, numbers, pages, reading
from tests.bench.figure import Figure

# Emulators on the loopback take any key; a real account's must not be picked up from the shell.
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="eu-west-3",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE=os.devnull,
)


def main() -> int:
    measurements: tuple[tuple[str, Callable[[Path], Iterator[Figure]]], ...] = (
        ("cost of a run (AWS calls and DynamoDB units)", cost.measure),
        ("mail written and handed over", mail.measure),
        ("answers read", reading.measure),
        ("ledgers imported", importing.measure),
        ("numbers counted", numbers.measure),
        ("pages shown", pages.measure),
    )
    failed = False
    for title, measure in measurements:
        print(f"\n{title}", flush=True)
        with tempfile.TemporaryDirectory() as directory:
            try:
                for figure in measure(Path(directory)):
                    print(f"  {figure}", flush=True)
                    failed = failed or not figure.good
            except PartUnavailable as error:
                print(f"  left out: {error}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
