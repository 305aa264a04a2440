"""relance litigation: one debtor's file for the lawyer or the court, as a ZIP.

relance litigation DEBTOR --out FILE.zip [--language fr|en]
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from chalicelib.domain.message import LANGUAGES
from chalicelib.errors import BadInput
from chalicelib.pipeline.litigation_file import assemble
from chalicelib.ports import Parts


def write_file(parts: Parts, debtor_id: str, out: str, language: str = "") -> int:
    """Write the ZIP beside its name first: whoever looks at `out` sees a whole file or none."""
    path = Path(out)
    if not path.parent.is_dir():
        raise BadInput(out, "there is no such folder", "make it, or name another")
    if language and language not in LANGUAGES:
        raise BadInput("--language", f"{language!r} is none of ours", f"one of {', '.join(LANGUAGES)}")
    language = language or ("fr" if parts.offices.creditor().country == "FR" else "en")
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as made:
        try:
            done = assemble(parts, debtor_id, made.file, language=language)  # type: ignore[arg-type]
        except BaseException:
            os.unlink(made.name)
            raise
    os.replace(made.name, path)
    for line in done.missing:
        print(f"missing: {line}", file=sys.stderr)
    print(f"{out}: {done.files} files of {debtor_id}, {len(done.missing)} missing; index.csv has their SHA-256")
    return 0
