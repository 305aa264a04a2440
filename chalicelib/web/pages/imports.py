"""Import: hand over files, see what became of each, say once what the columns of an unknown table hold.

A file goes from the browser straight to the import bucket by a form that is signed for it; its row in the log says who
gave it, and later what was found. The page reads the log alone, in one bounded query.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.errors import BadInput
from chalicelib.ledger.guess import CONSTANT, DATE_FORMATS, Head, written
from chalicelib.ledger.mapping import ColumnMap
from chalicelib.ledger.records import Finding
from chalicelib.pipeline import name_columns
from chalicelib.pipeline.import_dropped import BY_HAND, source_of
from chalicelib.pipeline.name_columns import EXTRAS, REQUIRED
from chalicelib.pipeline.sources import forget_mapping, remember_mapping
from chalicelib.ports import FileFinding, FileImport, ImportState
from chalicelib.web.pages.guard import NotFound, Visit, act, page
from chalicelib.web.pages.imports_words import COLUMNS, COLUMNS_OF, DATES, HINTS, KINDS, OF_BANKS_ALONE, STATES, said_in
from chalicelib.web.pages.marked import N_
from chalicelib.web.pages.render import texts
from chalicelib.web.pages.safety import reaching
from chalicelib.web.pages.session import Role

LISTED = 25
LARGEST = 50 * 1024 * 1024
FORM_SECONDS = 900
WAITS = timedelta(minutes=15)
"""A file is read within a minute; when so long has passed the page no longer asks by itself."""
TWICE, KEEP_ONE = "the header names it twice", "keep one of the two columns"
SAMPLES = ("invoices.csv", "payments.csv", "statement.csv")


@page("/ops/import", Role.VIEWER)
def imports(visit: Visit) -> Response:
    files = bootstrap.import_log().latest(LISTED)
    return _reaching(
        visit.show("imports/imports.html.j2", files=files, largest=LARGEST, samples=SAMPLES, **_words(visit))
    )


@act("/ops/import/files", Role.COLLECTOR)
def begin(visit: Visit) -> Response:
    """Announce one file: its row in the log, and the signed form that hands it over."""
    id_ = f"{visit.at:%Y%m%dT%H%M%S}-{secrets.token_hex(8)}"
    file = FileImport(id=id_, who=visit.who, at=visit.at, turn=1, name=visit.said("name")[:200])
    bootstrap.import_log().keep(None, file)
    place = visit.url(f"/ops/import/files/{id_}")
    form = bootstrap.upload_door().open(
        f"{BY_HAND}/{id_}/", largest=LARGEST, seconds=FORM_SECONDS, back="" if visit.is_piece else visit.origin + place
    )
    template = "imports/begun.html.j2" if visit.is_piece else "imports/upload.html.j2"
    return _reaching(visit.show(template, file=file, form=form, **_words(visit)))


@page("/ops/import/files/{file_id}", Role.VIEWER)
def file(visit: Visit, file_id: str) -> Response:
    found = _found(file_id)
    if visit.is_piece:
        as_row = visit.query.get("as") == "row"
        template = "imports/row_piece.html.j2" if as_row else "imports/state.html.j2"
        return visit.show(template, file=found, **_words(visit))
    return visit.show("imports/file.html.j2", file=found, **_words(visit), **_mapping(visit, found))


@act("/ops/import/files/{file_id}/columns", Role.COLLECTOR)
def columns(visit: Visit, file_id: str) -> Response:
    """See the first rows as they would be read; once they are right, remember the columns and take the file in."""
    found = _found(file_id)
    t = texts(visit.language)
    if not found.may_be_named:
        return visit.go(f"/ops/import/files/{file_id}", said=t.gettext("Somebody has named the columns meanwhile."))
    shown = _mapping(visit, found)
    if visit.said("do") != "take" or shown["findings"] or shown["errors"]:
        wrong = bool(shown["findings"] or shown["errors"])
        status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong and not visit.is_piece else HTTPStatus.OK
        return visit.show("imports/file.html.j2", status=status, file=found, **_words(visit), **shown)
    kind, head = shown["kind"], Head(found.columns, found.sample)
    archive = bootstrap.parts().archive
    try:
        remember_mapping(archive, source_of(kind, head), written(shown["mapping"], found.name))
        if found.kind not in ("", kind):
            forget_mapping(archive, source_of(found.kind, head))  # what it was taken for, wrongly
    except BadInput as error:
        shown["findings"] = [_told(visit, FileFinding(what=str(error)))]
        return visit.show(
            "imports/file.html.j2", status=HTTPStatus.UNPROCESSABLE_ENTITY, file=found, **_words(visit), **shown
        )
    again = replace(found, state=ImportState.EXPECTED, turn=found.turn + 1, at=visit.at, findings=(), more=0)
    if bootstrap.import_log().keep(found, again):
        bootstrap.import_queue().put([{"key": found.key, "at": visit.at.isoformat()}])
    said = t.gettext("These columns are remembered. The file is being read.")
    return visit.go(f"/ops/import/files/{file_id}", said=said)


@page("/ops/import/samples/{name}", Role.VIEWER)
def sample(visit: Visit, name: str) -> Response:
    if name not in SAMPLES:
        raise NotFound(f"no sample {name}")
    text = (bootstrap.TEMPLATES / "web" / "imports" / "samples" / name).read_text("utf-8")
    return visit.download(text, name=name, kind="text/csv; charset=utf-8")


def _found(file_id: str) -> FileImport:
    found = bootstrap.import_log().get(file_id)
    if found is None:
        raise NotFound(f"no file {file_id}")
    return found


def _words(visit: Visit) -> Mapping[str, Any]:
    """What the templates say about files."""
    say = texts(visit.language).gettext
    return {
        "kinds": {key: say(text) for key, text in KINDS.items()},
        "states": {key: (say(text), tone) for key, (text, tone) in STATES.items()},
        "is_waited_for": lambda f: f.state is ImportState.EXPECTED and visit.at - f.at < WAITS,
        "told": lambda finding: _told(visit, finding),
    }


def _told(visit: Visit, finding: FileFinding) -> FileFinding:
    """The finding in the person's language, as far as its words are known."""
    column = finding.column
    return replace(
        finding, what=said_in(visit.language, finding.what), remedy=said_in(visit.language, finding.remedy),
        column=texts(visit.language).gettext(COLUMNS[column]) if column in OF_BANKS_ALONE else column,
    )  # fmt: skip


def _mapping(visit: Visit, found: FileImport) -> dict[str, Any]:
    """The columns of a file to be named: as they were chosen, else as proposed; and the first rows read by them."""
    if not found.may_be_named:
        return {"kind": ""}
    head = Head(found.columns, found.sample)
    wished = visit.said("kind") or visit.query.get("kind", "")
    able = (found.kind,) if found.kind and found.state is ImportState.UNNAMED else name_columns.KINDS
    kind = wished if wished in able else found.kind or name_columns.likely_kind(head)
    chosen = bool(visit.form)
    mapping = _chosen(visit, head, kind) if chosen else _proposed(head, kind)
    say = texts(visit.language).gettext
    good, findings = name_columns.preview(head, kind, mapping)
    names = {ours: say(text) for ours, text in {**COLUMNS, **COLUMNS_OF.get(kind, {})}.items()}
    errors = {
        f.column: _at_its_field(_told(visit, _as_file(f)), kind)
        for f in findings
        if f.is_error and name_columns.is_missing(f, kind)
    }
    if chosen:
        errors |= {ours: f"{say(TWICE)}; {say(KEEP_ONE)}" for ours in _ambiguous(visit, head, mapping)}
    return {
        "kind": kind,
        "able": able,
        "mapping": mapping,
        "required": [(ours, names[ours]) for ours in REQUIRED[kind]],
        "extras": [(ours, names[ours]) for ours in EXTRAS[kind]],
        "hints": {ours: say(text) for ours, text in HINTS.get(kind, {}).items()},
        "constant": CONSTANT,
        "choices": [("", say(N_("– not in the file –")))]
        + [(str(place), _with_sample(head, place)) for place in range(len(head.columns)) if head.columns[place]],
        "placed": {ours: str(head.columns.index(theirs)) for ours, theirs in mapping.columns.items()},
        "dates": [(form, say(DATES[form])) for form in DATE_FORMATS],
        "head": head,
        "good": good,
        "errors": errors,
        "findings": [
            _told(visit, _as_file(replace(f, column=names.get(f.column, f.column))))
            for f in findings
            if f.is_error and not name_columns.is_missing(f, kind) and (f.column or not errors)
        ],
    }


def _at_its_field(finding: FileFinding, kind: str) -> str:
    """A ledger's remedy names all columns of the file, which stand in the choice itself."""
    return f"{finding.what}; {finding.remedy}" if kind == "statements" and finding.remedy else finding.what


def _as_file(finding: Finding) -> FileFinding:
    return FileFinding(line=finding.line, column=finding.column, what=finding.what, remedy=finding.remedy)


def _proposed(head: Head, kind: str) -> ColumnMap:
    """As the names say; what a whole file has alike is filled in with the creditor's own."""
    mapping = name_columns.propose(head, kind)
    constants = {"currency": "EUR", **mapping.constants}
    if kind == "invoices":
        constants["country"] = bootstrap.parts().offices.creditor().country
    return replace(mapping, constants={k: v for k, v in constants.items() if k not in mapping.columns and v})


def _chosen(visit: Visit, head: Head, kind: str) -> ColumnMap:
    columns, constants = {}, {}
    for ours in (*REQUIRED[kind], *EXTRAS[kind]):
        place = visit.said(f"column_{ours}")
        if place.isdecimal() and len(place) < 4 and int(place) < len(head.columns):
            columns[ours] = head.columns[int(place)]
        elif ours in CONSTANT and visit.said(f"constant_{ours}"):
            constants[ours] = visit.said(f"constant_{ours}")[:20].upper()
    form, decimal = visit.said("date_format"), visit.said("decimal")
    mapping = ColumnMap(
        columns=columns, constants=constants, date_format=form if form in DATE_FORMATS else "",
        decimal=decimal if decimal in (".", ",") else "",
    )  # fmt: skip
    return name_columns.chosen(mapping, kind)


def _ambiguous(visit: Visit, head: Head, mapping: ColumnMap) -> list[str]:
    """What was chosen from the second of two columns of one name: a mapping would read the first."""
    return [
        ours for ours, theirs in mapping.columns.items()
        if int(visit.said(f"column_{ours}")) != head.columns.index(theirs)
    ]  # fmt: skip


def _with_sample(head: Head, place: int) -> str:
    shown: Sequence[str] = [row[place] for row in head.sample if row[place]]
    return head.columns[place] + (f" · {shown[0][:30]}" if shown else "")


def _reaching(response: Response) -> Response:
    return reaching(response, bootstrap.upload_door().origin())
