"""Tell what is wrong with a file or a field, where, and what to do, in the reader's language.

Findings are English, for the command line and the log. Their French stands in `findings_french.py`, with the holes of
`reasons.py` and one more, `quoted`: what was given, in quotation marks. A finding that is not known stays as it is.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from chalicelib.domain.findings_french import FINDINGS
from chalicelib.domain.reasons import LONGEST, Patterns, in_words, patterns_of, told_by
from chalicelib.errors import BadInput


def finding_in_words(text: str, language: str) -> str:
    """What was found, or what to do about it."""
    return _french(text) if language == "fr" and len(text) <= LONGEST else text


def told_whole(error: BadInput, language: str) -> str:
    """What is wrong, and what to do, without the place: it stands at its field."""
    parts = [finding_in_words(part, language) for part in (error.what, error.remedy) if part]
    return ("\u00a0; " if language == "fr" else "; ").join(parts)


def place_in_words(where: str, language: str) -> str:
    """Where it stands: line 3, key steps.when."""
    if language != "fr":
        return where
    return re.sub("(?:^|(?<=, )|(?<=: ))(line|column|key|the file)(?= |,|$)", lambda found: _PLACES[found[0]], where)


@lru_cache(maxsize=4096)
def _french(text: str) -> str:
    for english, french in _BEGINNINGS.items():
        if text.startswith(english):
            return french + _french(text.removeprefix(english))
    told = told_by(_patterns(), text)
    return told[0] if told else in_words(text, "fr")


@cache
def _patterns() -> Patterns:
    return patterns_of(FINDINGS)


_BEGINNINGS = {
    "expected ": "attendu\u00a0: ", "write one of ": "écrivez l’un de ", "one of ": "l’un de ",
    "for example ": "par exemple ",
}  # fmt: skip
_PLACES = {"line": "ligne", "column": "colonne", "key": "clé", "the file": "le fichier"}
