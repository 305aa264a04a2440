"""Import a file that was dropped for import: all of it or nothing. The folder says what it holds.

invoices/ (CSV, XLSX, Factur-X PDF, CII, UBL), payments/, statements/ (camt.053, camt.054, MT940, OFX, a bank's CSV),
statuses/ (CDAR). invoices/sage/ledger.csv is read by the mapping that is remembered for the source "sage".
"""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import PurePosixPath

from chalicelib.banking.read import format_of, read_statements
from chalicelib.domain.debtor_file import TaskKind
from chalicelib.einvoicing.read import is_pdf, is_xml
from chalicelib.errors import BadInput
from chalicelib.ledger.mapping import OURS, ColumnMap
from chalicelib.ledger.read import GoodRows, check, read_invoices, read_payments
from chalicelib.pipeline.desk import raise_on_desk
from chalicelib.pipeline.import_einvoices import import_einvoices
from chalicelib.pipeline.import_ledger import Imported, import_invoices, import_payments
from chalicelib.pipeline.import_statement import import_statements
from chalicelib.pipeline.keep import office_of
from chalicelib.pipeline.sources import mapping_of
from chalicelib.ports import Archive, Parts

WHO = "import"


def import_dropped(parts: Parts, files: Archive, key: str, *, at: datetime) -> Imported | None:
    """Import the file under `key`; the folder in which it lies says what it holds.

    A file that cannot be used writes nothing and becomes a task that names every wrong row (then None is
    given): to try it again would not mend it.
    """
    raw = files.get(key)
    source = io.BytesIO(raw)
    try:
        folder, mapping = _said_by(parts, key)
        match folder:
            case "invoices" | "statuses" if is_pdf(raw) or is_xml(raw):
                return import_einvoices(parts, [(key, raw)], at=at, who=WHO)
            case "invoices":
                check(source, read_invoices, mapping, name=key, skip_bad=False)
                return import_invoices(parts, GoodRows(source, read_invoices, mapping), at=at, who=WHO)
            case "statements" | "payments" if folder == "statements" or format_of(raw) != "csv":
                taken = import_statements(parts, read_statements(raw, name=key, mapping=mapping), at=at, who=WHO)
                return Imported(rows=taken.entries, new=taken.entries - taken.known, known=taken.known)
            case "payments":
                check(source, read_payments, mapping, name=key, skip_bad=False)
                return import_payments(parts, GoodRows(source, read_payments, mapping), at=at, who=WHO)
            case _:
                remedy = "drop it in invoices/, payments/, statements/ or statuses/"
                raise BadInput(key, f"{folder!r} says nothing of its content", remedy)
    except BadInput as error:
        reason = f"a ledger file was refused and nothing of it imported: {error}"
        raise_on_desk(parts, office_of(parts), TaskKind.LEDGER, reason, about=key, at=at)
        return None


def _said_by(parts: Parts, key: str) -> tuple[str, ColumnMap]:
    """What the folders of a key say: what the file holds, and by which mapping it is read."""
    folders = PurePosixPath(key).parts[:-1]
    if len(folders) >= 2 and folders[-2] in ("invoices", "payments", "statements"):
        return folders[-2], mapping_of(parts.archive, folders[-1])
    return (folders[-1] if folders else ""), OURS
