"""The texts of the pages by language: English is the key, French stands in `templates/web/messages/fr/`.

Each page has a file of its own there (`today.po`), so that two pages can be written at once. A package carries them
compiled (`messages/fr.mo`); elsewhere they are compiled when they are first asked for, and again when they change.
"""

from __future__ import annotations

import gettext
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path

from chalicelib import bootstrap

NO_DAY = datetime(1980, 1, 1, tzinfo=UTC)


def catalogue(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; English answers with the key itself."""
    if language == "en":
        return gettext.NullTranslations()
    folder = bootstrap.TEMPLATES / "web" / "messages"
    packed = folder / f"{language}.mo"
    if packed.exists():
        return _compiled(packed)
    sources = tuple(sorted((folder / language).glob("*.po")))
    return _read(sources, tuple(path.stat().st_mtime_ns for path in sources))


def compile_sources(sources: tuple[Path, ...]) -> bytes:
    """The .mo of several .po files. A text that two of them translate differently is told by a test."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    # A date of its own would make every package another.
    whole = Catalog(locale=sources[0].parent.name if sources else "fr", fuzzy=False, creation_date=NO_DAY)
    whole.revision_date = NO_DAY
    for source in sources:
        with source.open("rb") as file:
            for message in read_po(file, locale=whole.locale):
                if message.id and message.string:
                    whole.add(message.id, message.string, context=message.context, flags=message.flags)
    out = BytesIO()
    write_mo(out, whole)
    return out.getvalue()


@cache
def _compiled(packed: Path) -> gettext.NullTranslations:
    with packed.open("rb") as file:
        return gettext.GNUTranslations(file)


@cache
def _read(sources: tuple[Path, ...], changed_at: tuple[int, ...]) -> gettext.NullTranslations:
    return gettext.GNUTranslations(BytesIO(compile_sources(sources)))
