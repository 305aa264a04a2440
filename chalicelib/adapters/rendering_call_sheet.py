"""Write a call sheet as text: one page to print, and the message to leave, in French or English."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import jinja2

from chalicelib.adapters import rendering_words as words
from chalicelib.domain.call_sheet import CallSheet
from chalicelib.domain.message import written_in
from chalicelib.domain.reasons import in_words


class CallSheetWriter:
    """Templates are `templates/call_sheet/<language>.j2` and `<language>-message.j2`."""

    def __init__(self, templates: Path) -> None:
        self._folder = templates / "call_sheet"

    def page(self, sheet: CallSheet, *, language: str) -> str:
        """The whole sheet in the caller's language, with the message in the language of whom is called first."""
        return self._render("", sheet, language, message=self.message(sheet))

    def message(self, sheet: CallSheet) -> str:
        """What may be left on an answering machine: facts alone, in the debtor's language."""
        language = sheet.people[0].language if sheet.people else sheet.debtor.language
        return self._render("-message", sheet, language).strip()

    def _render(self, part: str, sheet: CallSheet, language: str, **values: str) -> str:
        language = written_in(language)
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._folder),
            autoescape=False,  # noqa: S701 — a plain text, printed and read
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(
            amount=partial(words.amount, language=language),
            day=partial(words.day, language=language),
            short_day=partial(words.short_day, language=language),
            listing=partial(words.listing, language=language),
            line=_line,
            reason=partial(in_words, language=language),
        )
        text = environment.get_template(f"{language}{part}.j2").render(sheet=sheet, **values)
        return text.replace(words.NBSP, " ")


def _line(text: str) -> str:
    """A text on one line, without controls: a terminal obeys some of them."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
