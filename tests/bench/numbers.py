"""The morning's count of the whole ledger: calls, DynamoDB units, seconds, and what a page then reads."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from chalicelib.adapters.dynamodb import DynamoCaseStore
from chalicelib.adapters.dynamodb_numbers import DynamoNumbersStore
from chalicelib.adapters.dynamodb_office import DynamoOfficeStore
from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Contact, Credit, CreditKind, Debtor, Notice
from chalicelib.pipeline.count_numbers import count_numbers
from tests.bench.figure import Figure
from tests.parts.calls import counted
from tests.parts.dynamodb_local import run_dynamodb_local
from tests.parts.table import new_real_table
from tests.pipeline.desk import Program
from tests.sample import CREDITOR, case, paris

DEBTORS, INVOICES = 2_000, 10
MONDAY = date(2026, 11, 23)


def measure(directory: Path) -> Iterator[Figure]:
    with run_dynamodb_local(directory) as dynamodb:
        table = new_real_table(dynamodb)
        store, numbers = DynamoCaseStore(table.client, table.name), DynamoNumbersStore(table.client, table.name)
        parts = replace(Program().parts, store=store, offices=DynamoOfficeStore(table.client, table.name))
        parts.offices.set_creditor(CREDITOR)
        for index in range(DEBTORS):
            _fill(store, index)
        started = time.perf_counter()
        with counted() as calls:
            done = count_numbers(parts, numbers, on=MONDAY)
        took = time.perf_counter() - started
        assert done.done
        yield Figure(f"calls to count {DEBTORS:,} debtors with {DEBTORS * INVOICES:,} invoices", calls.total)
        yield Figure("  read units", calls.read_units)
        yield Figure("  write units", calls.write_units)
        yield Figure("  seconds, emulator included", took, "s")
        with counted() as again:
            count_numbers(parts, numbers, on=MONDAY)
        yield Figure("calls of a run once the day is counted", again.total, at_most=2)
        with counted() as shown:
            latest = numbers.latest()
        assert latest is not None
        assert latest.debtors == DEBTORS
        yield Figure("calls to show the numbers", shown.total, at_most=1)
        yield Figure("  read units", shown.read_units)
        yield Figure("peak memory of this process", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB")


def _fill(store: DynamoCaseStore, index: int) -> None:
    """A debtor with five invoices that it paid late after a reminder, and five that are open."""
    debtor = Debtor(id=f"D{index:05}", name=f"Debtor {index}")
    happened: list[e.Event] = [
        e.DebtorOpened(debtor=debtor),
        e.ContactSet(contact=Contact(id="payer", name="Payer", email=f"p{index}@x.example", phone="+33 1 00 00 00 00")),
    ]
    for n in range(INVOICES):
        one = case(f"F{index}-{n}", (MONDAY - timedelta(days=20 * n - 30)).isoformat(), f"{100 + n}.00")
        happened.append(e.InvoiceEntered(case=one))
        if n >= INVOICES // 2:
            notice = Notice(
                id=f"n{n}", step="first_reminder", takes=((one.number, "first_reminder"),), language="fr",
                on=one.due_on + timedelta(days=3), currency="EUR", contact="payer", to=f"p{index}@x.example",
            )  # fmt: skip
            paid_on = one.due_on + timedelta(days=n)
            credit = Credit(
                id=f"c{index}-{n}", kind=CreditKind.PAYMENT, on=paid_on, amount=one.amount, remaining=one.amount
            )
            happened += [
                e.NoticeClaimed(notice=notice),
                e.NoticeSent(notice_id=notice.id, message_id="<1@provider.example>", at=paris(notice.on)),
                e.CreditReceived(credit=credit),
                e.CreditAllocated(credit_id=credit.id, number=one.number, amount=one.amount, on=paid_on),
            ]
    entries = e.entries_after(0, [(event, "bench") for event in happened], at=paris("2026-11-20"), who="bench")
    assert store.save(None, entries, next_action_at=None)
