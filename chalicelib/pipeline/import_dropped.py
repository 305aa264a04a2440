"""Import a file that was dropped for import: all of it or nothing. The folder says what it holds.

invoices/ (CSV, XLSX, Factur-X PDF, CII, UBL), payments/, statements/ (camt.053, camt.054, MT940, OFX, a bank's CSV),
statuses/ (CDAR). invoices/sage/ledger.csv is read by the mapping that is remembered for the source "sage".
dropped/<id>/ledger.csv comes from the page: its content says what it holds, and a table whose columns nobody has
named waits for a person who names them. What became of each file is kept in the log.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

from chalicelib.banking import guess as bank
from chalicelib.banking.read import format_of, read_statements
from chalicelib.domain.debtor_file import TaskKind
from chalicelib.einvoicing.read import is_pdf, is_xml
from chalicelib.errors import BadFile, BadInput
from chalicelib.ledger.guess import Head, looks_like_invoices, read_head
from chalicelib.ledger.mapping import INVOICE_COLUMNS, OURS, PAYMENT_COLUMNS, ColumnMap
from chalicelib.ledger.read import GoodRows, check, read_invoices, read_payments
from chalicelib.ledger.records import Finding
from chalicelib.pipeline.desk import raise_on_desk
from chalicelib.pipeline.import_einvoices import import_einvoices
from chalicelib.pipeline.import_ledger import Imported, import_invoices, import_payments
from chalicelib.pipeline.import_statement import import_statements
from chalicelib.pipeline.keep import office_of
from chalicelib.pipeline.sources import mapping_of, remembered
from chalicelib.ports import Archive, FileFinding, FileImport, ImportLog, ImportState, Parts

WHO = "import"
BY_HAND = "dropped"
SHOWN = 20
"""So many findings of a file are kept."""


def import_dropped(
    parts: Parts, files: Archive, key: str, *, at: datetime, log: ImportLog | None = None
) -> Imported | None:
    """Import the file under `key`; the folder in which it lies, or its content, says what it holds.

    A file that cannot be used writes nothing and becomes a task that names every wrong row (then None is
    given): to try it again would not mend it. One that a person has given on the page is answered there, in the log.
    """
    given = _given(log, key, at)
    if given and given.state is not ImportState.EXPECTED:
        return None  # delivered twice: what the first one did stands
    who = given.who if given else WHO
    name = given.name if given else key
    said = _Said("")

    def tell(state: ImportState, **facts: Any) -> None:
        if log and given:
            after = replace(given, read_at=at, turn=given.turn + 1, state=state, **facts)
            log.keep(given if given.turn else None, after)

    try:
        raw = files.get(key)
        said = _said_by(parts, key, raw)
        if said.unnamed:
            tell(ImportState.UNNAMED, kind=said.kind, columns=said.unnamed.columns, sample=said.unnamed.sample)
            return None
        done = _import(parts, key, name, raw, said, at=at, who=who)
    except BadInput as error:
        found = findings_of(error)
        tell(
            ImportState.REFUSED, kind=said.kind, findings=found[:SHOWN], more=max(0, len(found) - SHOWN),
            columns=said.named.columns if said.named else (), sample=said.named.sample if said.named else (),
        )  # fmt: skip
        if given is None or not _is_by_hand(key):
            reason = f"a ledger file was refused and nothing of it imported: {error}"
            raise_on_desk(parts, office_of(parts), TaskKind.LEDGER, reason, about=key, at=at)
        return None
    tell(
        ImportState.TAKEN, kind=said.kind, rows=done.rows, debtors=done.debtors, new=done.new, known=done.known,
        findings=tuple(_finding(f.as_error()) for f in done.findings[:SHOWN]),
    )  # fmt: skip
    return done


def findings_of(error: BadInput) -> tuple[FileFinding, ...]:
    """What is wrong with a file, line by line."""
    return tuple(_finding(one) for one in (error.findings if isinstance(error, BadFile) else (error,)))


@dataclass(frozen=True)
class _Said:
    """What a file holds, and how it is read.

    `unnamed`: nobody has said what its columns hold; `named`: somebody has, and may have been wrong.
    """

    kind: str
    mapping: ColumnMap = OURS
    unnamed: Head | None = None
    named: Head | None = None


def _import(parts: Parts, key: str, name: str, raw: bytes, said: _Said, *, at: datetime, who: str) -> Imported:
    source, mapping = io.BytesIO(raw), said.mapping
    match said.kind:
        case "einvoices":
            return import_einvoices(parts, [(name, raw)], at=at, who=who)
        case "invoices":
            check(source, read_invoices, mapping, name=name, skip_bad=False)
            return import_invoices(parts, GoodRows(source, read_invoices, mapping), at=at, who=who)
        case "statements":
            taken = import_statements(parts, read_statements(raw, name=name, mapping=mapping), at=at, who=who)
            return Imported(rows=taken.entries, new=taken.entries - taken.known, known=taken.known)
        case "payments":
            check(source, read_payments, mapping, name=name, skip_bad=False)
            return import_payments(parts, GoodRows(source, read_payments, mapping), at=at, who=who)
        case _:
            remedy = "drop it in invoices/, payments/, statements/ or statuses/"
            raise BadInput(key, f"{said.kind!r} says nothing of its content", remedy)


def _said_by(parts: Parts, key: str, raw: bytes) -> _Said:
    """What the folders of a key say, or its content where a person gave it."""
    folders = PurePosixPath(key).parts[:-1]
    if _is_by_hand(key):
        return _said_by_content(parts, raw)
    if len(folders) >= 2 and folders[-2] in ("invoices", "payments", "statements"):
        folder, mapping = folders[-2], mapping_of(parts.archive, folders[-1])
    else:
        folder, mapping = (folders[-1] if folders else ""), OURS
    if folder in ("invoices", "statuses") and (is_pdf(raw) or is_xml(raw)):
        return _Said("einvoices")
    if folder == "payments" and format_of(raw) != "csv":
        return _Said("statements", mapping)
    return _Said(folder, mapping)


def _said_by_content(parts: Parts, raw: bytes) -> _Said:
    """Told by the bytes. A table is taken alone only where its columns leave no doubt."""
    if not raw.strip():
        raise BadInput("line 1", "the file is empty", "export it again")
    if is_pdf(raw):
        return _Said("einvoices")
    if is_xml(raw):
        return _Said("statements" if re.search(rb"camt\.05[234]", raw[:4000]) else "einvoices")
    if format_of(raw) != "csv":
        return _Said("statements")
    head = read_head(io.BytesIO(raw))
    if isinstance(head, Head):
        if head.has(INVOICE_COLUMNS):
            return _Said("invoices")
        if head.has(PAYMENT_COLUMNS):
            return _Said("payments")
    statement = bank.read_bank_head(raw)
    # A person may have said of the first line that it is a statement's, where nothing tells so by itself.
    for kind, one in (("invoices", head), ("payments", head), ("statements", statement), ("statements", head)):
        mapping = remembered(parts.archive, source_of(kind, one)) if isinstance(one, Head) else None
        if mapping and isinstance(one, Head):
            return _Said(kind, mapping, named=one)
    return _said_by_names(head, statement)


def _said_by_names(head: Head | Finding, statement: Head | None) -> _Said:
    """A table in words of others: taken for a statement where banks speak like this, else a person is asked."""
    # A ledger has dates and amounts too: it must never be taken for money that came in.
    is_ledger = any(isinstance(one, Head) and looks_like_invoices(one) for one in (head, statement))
    is_first = isinstance(head, Head) and (statement is None or statement.mark == head.mark)
    if statement and not is_ledger:
        good, findings = bank.preview(statement, OURS)
        if bank.names_a_statement(statement) and (good or not findings):
            return _Said("statements")
        # Only statements are read from below other lines.
        return _Said("" if is_first else "statements", unnamed=statement)
    if isinstance(head, Head) and (is_first or looks_like_invoices(head)):
        return _Said("", unnamed=head)
    if isinstance(head, Finding) and statement is None:
        raise head.as_error()
    raise BadInput(
        "line 1", "lines stand above the header of the table", "delete them, so that the first line names the columns"
    )


def source_of(kind: str, head: Head) -> str:
    """The name under which the mapping of all files with these columns is remembered."""
    return f"{kind}-{head.mark}"


def _is_by_hand(key: str) -> bool:
    return key.startswith(f"{BY_HAND}/")


def _given(log: ImportLog | None, key: str, at: datetime) -> FileImport | None:
    """The file's row in the log; a new one for a file that nobody announced."""
    if log is None:
        return None
    path = PurePosixPath(key)
    if _is_by_hand(key):
        known = log.get(path.parts[1]) if len(path.parts) == 3 else None
        return replace(known, name=path.name, key=key) if known else None
    id_ = f"{at:%Y%m%dT%H%M%S}-{sha256(key.encode()).hexdigest()[:16]}"
    return log.get(id_) or FileImport(id=id_, who=WHO, at=at, name=key, key=key)


_WHERE = re.compile(r"(?:.*?: )?line ([0-9]+)(?:, (?:column )?(.*))?", re.DOTALL)


def _finding(error: BadInput) -> FileFinding:
    found = _WHERE.fullmatch(error.where)
    line, column = (int(found[1]), found[2] or "") if found else (0, "")
    return FileFinding(line=line, column=column[:200], what=error.what[:500], remedy=error.remedy[:300])
