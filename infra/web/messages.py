"""Collect the texts of the pages into their catalogues: `python -m infra.web.messages`, `make messages`.

Each folder of `templates/web/` has its catalogue, `templates/web/messages/fr/<folder>.po`, with the texts of its
templates and of the page modules whose names begin so (`today.py`, `today_calls.py`). The rest is `ground.po`.
What has no French yet is listed, and the command ends with 1.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po

PROJECT = Path(__file__).resolve().parents[2]
PAGES = Path("chalicelib", "web", "pages")
TEMPLATES = Path("templates", "web")
SOURCES = Path("templates", "web", "messages")
LANGUAGES = ("fr",)  # English is what stands in the sources
GROUND = "ground"
HEAD = r"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\n"

"""
NOT_PAGES = {"messages", "static", "vendor"}
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None}


def collect(project: Path = PROJECT) -> dict[str, Catalog]:
    """What the sources say, by catalogue."""
    folders = sorted(p.name for p in (project / TEMPLATES).iterdir() if p.is_dir() and p.name not in NOT_PAGES)
    found = {name: Catalog(charset="utf-8") for name in folders}
    for path in sorted((project / TEMPLATES).rglob("*.j2")):
        _add(found[path.relative_to(project / TEMPLATES).parts[0]], path, "jinja2.ext:babel_extract", project)
    for path in sorted((project / PAGES).glob("*.py")):
        owners = [name for name in folders if path.stem == name or path.stem.startswith(f"{name}_")]
        _add(found[max(owners, key=len, default=GROUND)], path, "python", project)
    for name, catalog in found.items():
        for text in [m.id for m in catalog if m.id and name != GROUND and m.id in found[GROUND]]:
            catalog.delete(text)  # one text, one translation
    return found


def update(project: Path = PROJECT) -> list[str]:
    """Bring the catalogues up to date; gives what has no translation, "fr/today.po: Call them"."""
    missing: list[str] = []
    for name, texts in collect(project).items():
        for language in LANGUAGES:
            path = project / SOURCES / language / f"{name}.po"
            before = read_po(BytesIO(path.read_bytes()), locale=language) if path.exists() else Catalog(locale=language)
            before.update(texts, no_fuzzy_matching=True)
            before.obsolete.clear()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_written(before))
            missing += [f"{language}/{name}.po: {_key(m.id)}" for m in before if m.id and not _is_whole(m.string)]
    return missing


def _add(catalog: Catalog, path: Path, method: str, project: Path) -> None:
    options = {
        "trimmed": "true", "silent": "false", "newstyle_gettext": "true",
        "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols",
    } if method != "python" else {}  # fmt: skip
    with path.open("rb") as file:
        for _line, text, comments, context in extract(
            method, file, keywords=KEYWORDS, comment_tags=("NOTE:",), options=options
        ):
            place = path.relative_to(project).as_posix()
            catalog.add(text, None, [(place, 0)], auto_comments=comments, context=context)


def _written(catalog: Catalog) -> bytes:
    """Only texts: dates and line numbers would change with every run and set two people against each other."""
    out = BytesIO()
    write_po(out, catalog, omit_header=True, no_location=True, sort_output=True, width=0)
    return HEAD.encode() + out.getvalue().lstrip(b"\n")


def _is_whole(string: object) -> bool:
    return all(string) if isinstance(string, list | tuple) else bool(string)


def _key(id_: object) -> str:
    return str(id_[0] if isinstance(id_, list | tuple) else id_)


def main() -> int:
    missing = update()
    for one in missing:
        print(f"no translation: {one}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
