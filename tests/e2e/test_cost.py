"""What a run costs in AWS calls: it follows the work that is due, never the size of the ledger."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.domain.debtor_file import Contact
from chalicelib.pipeline.before_tonight import before_tonight
from chalicelib.pipeline.keep import office_of
from chalicelib.pipeline.remind import Outcome, remind
from chalicelib.pipeline.run_dunning import run_dunning
from chalicelib.ports import MailRecord, MailState, Shelf
from infra.local.ministack import MiniStack
from tests.e2e.real import RealProgram, real_program
from tests.parts.calls import Calls, counted
from tests.sample import case, file_of, paris

AT = paris("2026-03-12")

pytestmark = pytest.mark.needs_java


@pytest.fixture(scope="module")
def program(dynamodb_local: str, ministack: MiniStack) -> RealProgram:
    return real_program(dynamodb_local, ministack, AT)


def fill(program: RealProgram, count: int, prefix: str, invoices: int = 1) -> None:
    """Put many debtors with invoices that are not due: one by the store, the others as copies of its rows."""
    program.put(file_of(*(case(f"F{n or ''}", "2026-06-30") for n in range(invoices)), id=prefix), AT)
    rows = [row for row in program.table.rows(f"DEBTOR#{prefix}").values() if not row["sk"]["S"].startswith("JOURNAL")]
    text = json.dumps(rows)
    requests: list[Any] = []
    for n in range(count - 1):
        copies = json.loads(text.replace(f'"{prefix}"', f'"{prefix}{n}"').replace(f"#{prefix}", f"#{prefix}{n}"))
        requests += [{"PutRequest": {"Item": row}} for row in copies]
    for start in range(0, len(requests), 25):
        answer = program.table.client.batch_write_item(RequestItems={program.table.name: requests[start : start + 25]})
        assert not answer["UnprocessedItems"]


def night(program: RealProgram) -> Calls:
    with counted() as calls:
        assert run_dunning(program.parts, at=AT).due == 0
    return calls


def test_a_night_with_nothing_due_makes_the_same_three_calls_for_a_hundred_and_for_twenty_thousand_debtors(
    program: RealProgram,
) -> None:
    fill(program, 100, "A")
    few = night(program)
    fill(program, 19_900, "B")
    many = night(program)
    assert many.by_name == few.by_name == {"dynamodb.Query": 2, "dynamodb.PutItem": 1}
    assert many.read_units == few.read_units <= 2


def test_a_due_debtor_costs_five_calls_its_mail_and_its_record_included(
    dynamodb_local: str, ministack: MiniStack
) -> None:
    program = real_program(dynamodb_local, ministack, AT)
    debtors = [f"C{n:03}" for n in range(20)]
    for id_ in debtors:
        contact = Contact(id="payer", email=f"cost-{id_.lower()}@garage-morel.example")
        program.put(file_of(case(f"{id_}-F1", "2026-03-10"), contact=contact, id=id_), paris("2026-03-11"))

    with counted() as run:
        assert run_dunning(program.parts, at=AT).due == 20
    assert run.total == 3 + 2, "the handing over is batched by ten"

    office = office_of(program.parts)  # read once for a batch of the queue, as app.py does
    with counted() as calls:
        for id_ in debtors:
            assert remind(program.parts, id_, at=AT, office=office) is Outcome.DONE
    assert calls.by_name == {
        "dynamodb.Query": 20,  # load
        "dynamodb.TransactWriteItems": 40,  # claim, confirm
        "s3.PutObject": 20,  # the copy of what is sent
        "ses.SendRawEmail": 20,
    }
    assert calls.total / len(debtors) <= 5

    with counted() as again:
        assert run_dunning(program.parts, at=AT).due == 0
    assert again.total == 3


def test_a_debtor_that_is_looked_at_and_not_due_costs_a_read_and_a_note_of_when_to_look_again(
    program: RealProgram,
) -> None:
    office = office_of(program.parts)
    program.put(file_of(case("N1", "2026-03-31"), id="NOT-DUE"), AT)
    with counted() as calls:
        assert remind(program.parts, "NOT-DUE", at=AT, office=office) is Outcome.NOTHING_DUE
    assert calls.by_name == {"dynamodb.Query": 1, "dynamodb.UpdateItem": 1}


def test_a_page_of_the_mailbox_and_of_the_next_run_costs_the_same_few_calls_whatever_lies_behind_it(
    dynamodb_local: str, ministack: MiniStack
) -> None:
    program = real_program(dynamodb_local, ministack, AT)

    def mails(first: int, last: int) -> None:
        for n in range(first, last):
            mail = MailRecord(
                id=f"m{n}", mailbox="a@b.example", folder="INBOX", uid_validity=1, uid=n, size=9, received_at=AT,
                collected_at=AT, archive=f"mail/m{n}.eml",
            )  # fmt: skip
            program.parts.mail_log.record(mail)
            program.parts.mail_log.settle(mail.becomes(MailState.READ, asks=bool(n % 2)))

    def pages() -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
        with counted() as one:
            assert len(program.parts.mail_log.on_shelf(Shelf.REVIEW, limit=20).mails) == 20
        with counted() as every:
            assert len(program.parts.mail_log.on_shelf(limit=20).mails) == 20
        with counted() as tonight:
            assert before_tonight(program.parts, at=AT, limit=5).looked_at == 5
        return one.by_name, every.by_name, tonight.by_name

    mails(0, 60)
    for n in range(10):
        program.put(file_of(case(f"T{n}", "2026-03-10"), id=f"T{n}"), paris("2026-03-11"))
    few = pages()
    mails(60, 300)
    for n in range(10, 60):
        program.put(file_of(case(f"T{n}", "2026-03-10"), id=f"T{n}"), paris("2026-03-11"))
    assert pages() == few
    assert few[0] == {"dynamodb.Query": 1, "dynamodb.BatchGetItem": 1}
    assert few[1]["dynamodb.Query"] <= 2 * len(Shelf)
    assert few[2] == {"dynamodb.Query": 1 + 1 + 5}, "the office, the agenda, five files"
