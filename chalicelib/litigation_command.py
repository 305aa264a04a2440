"""relance litigation: one debtor's file for the lawyer or the court, as a ZIP.

relance litigation DEBTOR --out FILE.zip [--language fr|en]
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from chalicelib.domain.message import LANGUAGES
from chalicelib.errors import BadInput
from chalicelib.pipeline.litigation_file import assemble
from chalicelib.pipeline.pieces import Assembled
from chalicelib.ports import Parts


def write_file(parts: Parts, debtor_id: str, out: str, language: str = "") -> int:
    language = language_of(parts, language)
    with whole_file(out) as made:
        done = assemble(parts, debtor_id, made, language=language)
    tell(done, out, debtor_id)
    return 0


def language_of(parts: Parts, language: str) -> str:
    """The one asked for, else that of the creditor's country."""
    if language and language not in LANGUAGES:
        raise BadInput("--language", f"{language!r} is none of ours", f"one of {', '.join(LANGUAGES)}")
    return language or ("fr" if parts.offices.creditor().country == "FR" else "en")


@contextmanager
def whole_file(out: str) -> Iterator[BinaryIO]:
    """Write a file beside its name first: whoever looks at `out` sees a whole file or none. Only its owner reads it."""
    path = Path(out)
    if not path.parent.is_dir():
        raise BadInput(out, "there is no such folder", "make it, or name another")
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as made:
        try:
            yield made.file  # type: ignore[misc]
        except BaseException:
            os.unlink(made.name)
            raise
    os.replace(made.name, path)


def tell(done: Assembled, out: str, whose: str) -> None:
    for line in done.missing:
        print(f"missing: {line}", file=sys.stderr)
    print(f"{out}: {done.files} files of {whose}, {len(done.missing)} missing; index.csv has their SHA-256")
