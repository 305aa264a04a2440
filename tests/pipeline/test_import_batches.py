"""A ledger is taken in by batches, and nobody can tell from the books."""

from __future__ import annotations

import io

import pytest

from chalicelib.errors import BadInput
from chalicelib.ledger.mapping import OURS
from chalicelib.ledger.read import GoodRows, read_invoices
from chalicelib.ledger.records import InvoiceRow
from chalicelib.pipeline import import_ledger
from chalicelib.pipeline.import_ledger import Imported, import_invoices
from tests.pipeline.desk import Program
from tests.sample import paris

AT = paris("2026-03-12")
HEADER = "number,account,client,country,issued,due,amount,currency,email\n"


def rows_of(*lines: str) -> GoodRows[InvoiceRow]:
    return GoodRows(io.BytesIO((HEADER + "\n".join(lines)).encode()), read_invoices, OURS)


def line(number: str, account: str = "C1", amount: str = "10.00", client: str = "Nord") -> str:
    return f"{number},{account},{client},FR,2026-01-05,2026-03-05,{amount},EUR,compta@{account.lower()}.example"


LEDGER = [line(f"F{n}", f"C{n % 3}", client=f"Client {n}") for n in range(20)]


def imported(*lines: str, batch: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Program, Imported]:
    monkeypatch.setattr(import_ledger, "BATCH", batch)
    program = Program(AT)
    return program, import_invoices(program.parts, rows_of(*lines), at=AT, who="lea")


@pytest.mark.parametrize("batch", [1, 2, 7, 20, 21])
def test_the_size_of_a_batch_changes_nothing(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, one = imported(*LEDGER, batch=1000, monkeypatch=monkeypatch)
    parted, many = imported(*LEDGER, batch=batch, monkeypatch=monkeypatch)
    assert one == many == Imported(rows=20, debtors=3, new=20)
    for account in ("C0", "C1", "C2"):
        a, b = whole.file(account), parted.file(account)
        assert (a.cases, a.contacts, a.debtor) == (b.cases, b.contacts, b.debtor)


def test_a_contradiction_in_the_last_batch_leaves_the_first_unwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    program, _ = imported(line("F9", amount="99.00"), batch=2, monkeypatch=monkeypatch)
    saves = program.store.saves
    with pytest.raises(BadInput, match="F9 stands in our books with 99.00 EUR"):
        import_invoices(program.parts, rows_of(*(line(f"F{n}") for n in range(10))), at=AT, who="lea")
    assert program.store.saves == saves


def test_rows_that_can_be_read_once_only_are_imported_as_well() -> None:
    program = Program(AT)
    assert import_invoices(program.parts, iter(rows_of(*LEDGER)), at=AT, who="lea").new == 20


def test_progress_counts_rows_up_to_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_ledger, "BATCH", 7)
    told: list[tuple[int, int]] = []
    import_invoices(
        Program(AT).parts, rows_of(*LEDGER), at=AT, who="lea", progress=lambda done, of: told.append((done, of))
    )
    assert told == sorted(told)
    assert told[-1] == (20, 20)
