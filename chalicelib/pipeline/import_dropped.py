"""Import a ledger file that was dropped for import, invoices/… or payments/…: all of it or nothing."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import PurePosixPath

from chalicelib.domain.debtor_file import TaskKind
from chalicelib.errors import BadInput
from chalicelib.ledger.mapping import OURS
from chalicelib.ledger.read import check, good_rows, read_invoices, read_payments
from chalicelib.pipeline.desk import raise_on_desk
from chalicelib.pipeline.import_ledger import Imported, import_invoices, import_payments
from chalicelib.pipeline.keep import office_of
from chalicelib.ports import Archive, Parts

WHO = "import"


def import_dropped(parts: Parts, files: Archive, key: str, *, at: datetime) -> Imported | None:
    """Import the file under `key`; the folder in which it lies says what it holds.

    A file that cannot be used writes nothing and becomes a task that names every wrong row (then None is
    given): to try it again would not mend it.
    """
    source = io.BytesIO(files.get(key))
    try:
        match PurePosixPath(key).parent.name:
            case "invoices":
                check(source, read_invoices, OURS, name=key, skip_bad=False)
                source.seek(0)
                return import_invoices(parts, good_rows(source, read_invoices, OURS), at=at, who=WHO)
            case "payments":
                check(source, read_payments, OURS, name=key, skip_bad=False)
                source.seek(0)
                return import_payments(parts, good_rows(source, read_payments, OURS), at=at, who=WHO)
            case folder:
                raise BadInput(key, f"{folder!r} says nothing of its content", "drop it in invoices/ or payments/")
    except BadInput as error:
        reason = f"a ledger file was refused and nothing of it imported: {error}"
        raise_on_desk(parts, office_of(parts), TaskKind.LEDGER, reason, about=key, at=at)
        return None
