"""AWS calls and DynamoDB units of an idle and of a busy run, by a size meter: emulators bill every call alike."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from pathlib import Path

from chalicelib.domain.debtor_file import Contact
from chalicelib.pipeline.keep import office_of
from chalicelib.pipeline.remind import remind
from chalicelib.pipeline.run_dunning import run_dunning
from infra.local.mailserver import run_mailserver
from infra.local.ministack import run_ministack
from tests.bench.figure import Figure
from tests.e2e.real import real_program
from tests.parts.calls import counted
from tests.parts.dynamodb_local import run_dynamodb_local
from tests.sample import case, file_of, paris

AT = paris("2026-03-12")
IDLE, DUE, INVOICES = 2_000, 100, 5


def measure(directory: Path) -> Iterator[Figure]:
    with (
        run_dynamodb_local(directory) as dynamodb,
        run_mailserver(
            creditor="compta@verre-clair.example", kept_in=directory / "in", kept_out=directory / "out"
        ) as mail,
        run_ministack(directory / "stack", smtp_relay=(mail.host, mail.smtp_port), persist=False) as stack,
    ):
        program = real_program(dynamodb, stack, AT)
        for n in range(IDLE):
            program.put(file_of(case(f"I{n}", "2026-06-30"), id=f"IDLE{n}"), AT)
        with counted() as idle:
            run_dunning(program.parts, at=AT)
        yield Figure(f"calls of a night with nothing due, {IDLE:,} debtors", idle.total, at_most=3)
        yield Figure("  read units", idle.read_units)
        yield Figure("  write units", idle.write_units)

        for n in range(DUE):
            cases = [case(f"D{n}-{i}", "2026-03-10") for i in range(INVOICES)]
            contact = Contact(id="payer", email=f"due-{n}@garage-morel.example")
            program.put(file_of(*cases, id=f"DUE{n}", contact=contact), paris("2026-03-11"))
        with counted() as run:
            run_dunning(program.parts, at=AT)
        yield Figure(f"calls of a night that hands over {DUE} debtors", run.total)
        office = office_of(program.parts)
        started = time.perf_counter()
        with counted() as calls:
            for n in range(DUE):
                remind(program.parts, f"DUE{n}", at=AT, office=office)
        took = time.perf_counter() - started
        yield Figure(f"calls for a due debtor with {INVOICES} invoices", calls.total / DUE, at_most=5)
        yield Figure("  read units", calls.read_units / DUE)
        yield Figure("  write units", calls.write_units / DUE)
        yield Figure("  milliseconds, emulators included", 1000 * took / DUE, "ms")
        yield Figure("peak memory of this process", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB")
