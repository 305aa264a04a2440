"""Print letters as PDF/A-2b and charts as PNG, by the Typst templates of templates/letter.

Facts travel as JSON and are shown as text: a template never evaluates them, so `#eval` in a debtor's name is five
letters. Typst reads files under the template folder only, fonts from its own wheel only, and nothing from a network.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from chalicelib.adapters import rendering_words as words
from chalicelib.adapters.rendering_glyphs import SHOWN
from chalicelib.adapters.rendering_png import with_palette
from chalicelib.domain.message import written_in
from chalicelib.domain.money import Money
from chalicelib.errors import BadInput, PermanentError

PDF_STANDARD = "a-2b"
PICTURE_PPI = 192
"""Two pixels for each that a template counts (96 to the inch): sharp on a telephone too."""

MISSING = "\ufffd"
"""Stands visibly for a character that the font lacks: PDF/A-2 forbids the font's own sign (ISO 19005-2, 6.2.11.8)."""

TEXT_LONGEST = 4_000
"""Characters of one text; the rest is cut. A title is made of three, and PDF/A-2 ends a string at 32,767 bytes."""

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff \t]+")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\ufff8]"
)
_MARKS = re.compile(r"([\u0300-\u0331\u0338\u0342-\u0363\u05b0-\u05c6]{2})[\u0300-\u0363\u05b0-\u05c6]+")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LONG_WORD = re.compile(r"[^\s\u00a0\u202f-]{19,}")
_BROKEN_EVERY = 9


class TypstPrinter:
    """A LetterPrinter. Typst is imported when the first page is printed: whoever prints nothing does not pay for it."""

    def __init__(self, templates: Path) -> None:
        self._folder = templates / "letter"

    def print(self, template: str, language: str, facts: Mapping[str, Any]) -> bytes:
        return unmistakable(self._compile(template, language, facts, format="pdf", pdf_standards=[PDF_STANDARD]))

    def picture(self, template: str, language: str, facts: Mapping[str, Any]) -> bytes:
        return with_palette(self._compile(template, language, facts, format="png", ppi=PICTURE_PPI))

    def _compile(self, template: str, language: str, facts: Mapping[str, Any], **options: Any) -> bytes:
        import typst

        language = written_in(language)
        path = self._folder / language / f"{template}.typ"
        if not path.is_file() or path.parent.parent != self._folder:
            raise BadInput(f"templates/letter/{language}/{template}.typ", "there is no such template", "write it")
        written_on = facts.get("written_on") or date(2000, 1, 1)
        compiler = typst.Compiler(
            root=self._folder,
            ignore_system_fonts=True,
            sys_inputs={"facts": json.dumps(encoded(facts, language), ensure_ascii=False)},
        )
        try:
            made = compiler.compile(
                path, timestamp=datetime(written_on.year, written_on.month, written_on.day, 12, tzinfo=UTC), **options
            )
        except typst.TypstError as error:
            raise PermanentError(f"templates/letter/{language}/{template}.typ: {error.message}") from error
        if not isinstance(made, bytes):
            pages = "no page" if not made else f"{len(made)} pages"
            raise PermanentError(f"templates/letter/{language}/{template}.typ: a picture is one page, this is {pages}")
        return made


def unmistakable(pdf: bytes) -> bytes:
    """The PDF with a two-byte line end after each stream whose last byte is a carriage return.

    Typst ends a stream by a line feed. Behind a carriage return, which one stream in 256 ends in, a checker of PDF/A
    that looks back from `endstream` takes both for the line end and finds the stream too short (ISO 19005-2, 6.1.7.1).
    """
    ends = [found.start() + 1 for found in re.finditer(rb"\r\nendstream", pdf)]
    head, mark, tail = pdf.rpartition(b"\nxref\n")
    if not ends or not mark:
        return pdf

    def moved(offset: int) -> int:
        return offset + sum(end < offset for end in ends)

    table = re.sub(rb"(\d{10})(?= \d{5} n)", lambda entry: b"%010d" % moved(int(entry[1])), tail)
    table = re.sub(rb"(?<=startxref\n)\d+", lambda start: b"%d" % moved(int(start[0])), table)
    return head.replace(b"\r\nendstream", b"\r\r\nendstream") + mark + table


def encoded(value: Any, language: str) -> Any:
    """Facts as JSON holds them: amounts and days with their words in the language, texts fit to be shown."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str) and not isinstance(value, Enum):
        return shown(value)
    if isinstance(value, Enum):
        return shown(str(value.value))
    if isinstance(value, Money):
        return {
            "text": words.amount(value, language),
            "amount": str(value.amount),
            "currency": value.currency,
            "zero": not value,
        }
    if isinstance(value, Decimal):
        return {"text": words.figure(value, language), "amount": f"{value:f}"}
    if isinstance(value, date) and not isinstance(value, datetime):
        return {
            "long": words.day(value, language),
            "short": words.short_day(value, language),
            "year": value.year,
            "month": value.month,
            "day": value.day,
        }
    if isinstance(value, Mapping):
        return {str(key): encoded(item, language) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [encoded(item, language) for item in value]
    if is_dataclass(value):
        return encoded({name: getattr(value, name) for name in _names(value)}, language)
    raise TypeError(f"{type(value).__name__} is nothing that a letter can say")


def shown(text: str) -> str:
    """One line that can be printed: no control, nothing invisible that turns or joins, no character without a glyph.

    A word that no line could hold may be broken; a piece written from right to left keeps its direction to itself.
    """
    line = _CONTROLS.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))
    if not line.strip():
        return ""
    if len(line) > TEXT_LONGEST:
        line = line[: TEXT_LONGEST - 1] + "…"
    line = "".join(char if char in SHOWN else _stand_in(char) for char in line)
    line = _MARKS.sub(r"\1", line)
    if _RIGHT_TO_LEFT.search(line):
        return f"\u2068{_breakable(line)}\u2069"
    return _breakable(line)


def _stand_in(char: str) -> str:
    """The same sign in plainer dress (a full-width A, a bold one), where the font has that."""
    plain = unicodedata.normalize("NFKC", char)
    return plain if plain and all(c in SHOWN for c in plain) else MISSING


def _breakable(line: str) -> str:
    return _LONG_WORD.sub(lambda word: "\u200b".join(re.findall(f".{{1,{_BROKEN_EVERY}}}", word[0])), line)


def _names(record: Any) -> list[str]:
    """Of its fields and of what it reckons from them."""
    kind = type(record)
    reckoned = [name for name in dir(kind) if not name.startswith("_") and isinstance(getattr(kind, name), property)]
    return [field.name for field in fields(record)] + reckoned
