"""Bank statements come in: the certain settles, the rest waits; twice is once; what is undone or taken back reopens."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.dynamodb import DynamoCaseStore
from chalicelib.adapters.dynamodb_office import DynamoOfficeStore
from chalicelib.banking.model import BankEntry, EntryKind, Statement
from chalicelib.domain.apply import apply_all
from chalicelib.domain.creditor import Health
from chalicelib.domain.debtor_file import DESK, Closed, TaskKind
from chalicelib.domain.money import Money, total
from chalicelib.errors import BadInput
from chalicelib.ledger.records import InvoiceRow
from chalicelib.pipeline.import_dropped import import_dropped
from chalicelib.pipeline.import_ledger import import_invoices
from chalicelib.pipeline.import_statement import Taken, allocate, import_statements, undo
from chalicelib.pipeline.sources import remember_mapping
from tests.parts.table import new_real_table
from tests.pipeline.desk import Program
from tests.sample import CREDITOR, eur, paris, policies

AT = paris("2026-03-12")
IBAN = "FR7610096000301234567890185"


def invoice(number: str, amount: str, account: str = "C001", client: str = "Garage Morel", **facts: Any) -> InvoiceRow:
    return InvoiceRow(
        line=2, number=number, account=account, client=client, country="FR", issued_on=date(2026, 2, 8),
        due_on=date(2026, 3, 10), amount=eur(amount), **facts,
    )  # fmt: skip


def entry(id_: str, amount: str, text: str = "", **facts: Any) -> BankEntry:
    known: dict[str, Any] = {
        "account": "FR76OURS", "booked_on": date(2026, 3, 11), "kind": EntryKind.CREDIT, "payer": "GARAGE MOREL",
        "payer_iban": IBAN, "bank_reference": f"REF{id_}00001",
    }  # fmt: skip
    return BankEntry(id=f"bank-{id_}", amount=eur(amount), text=text, **{**known, **facts})


def statement(*entries: BankEntry) -> Statement:
    return Statement(account="FR76OURS", currency="EUR", entries=entries, source="test")


@pytest.fixture
def program() -> Program:
    started = Program(AT)
    rows = [
        invoice("FA-2026-0101", "1200.50"),
        invoice("FA-2026-0102", "310.40"),
        invoice("FA-2026-0201", "1200.50", "C002", "Lycée Moulin"),
    ]
    import_invoices(started.parts, rows, at=AT, who="lea")
    return started


def take(program: Program, *entries: BankEntry, on: Any = AT) -> Taken:
    return import_statements(program.parts, [statement(*entries)], at=on, who="bank")


def balances(program: Program) -> dict[str, str]:
    files = [program.file(id_) for id_ in program.store.debtor_ids() if id_ != DESK]
    return {c.number: str(c.balance.amount) for file in files for c in file.cases.values()}


def test_a_certain_entry_settles_its_invoice_and_teaches_the_iban(program: Program) -> None:
    done = take(program, entry("1", "1200.50", "FACT FA-2026-0101"))
    file = program.file()
    assert (done.applied, done.waiting) == (1, 0)
    assert (file.cases["FA-2026-0101"].closed, file.cases["FA-2026-0101"].settled_on) == (
        Closed.PAID, date(2026, 3, 11),
    )  # fmt: skip
    assert file.debtor.ibans == (IBAN,)


def test_the_same_statement_again_changes_nothing(program: Program) -> None:
    entries = [entry("1", "1200.50", "FA-2026-0101"), entry("2", "7.00", "divers", payer="X", payer_iban="")]
    take(program, *entries)
    before = {id_: program.file(id_) for id_ in program.store.debtor_ids()}
    done = take(program, *entries)
    assert (done.known, done.applied, done.waiting) == (2, 0, 0)
    assert {id_: program.file(id_) for id_ in program.store.debtor_ids()} == before


def test_the_parts_of_a_batch_whose_sum_was_taken_in_are_known(program: Program) -> None:
    take(program, entry("9", "1510.90", "REMISE", payer="", payer_iban=""))
    done = take(program, entry("9-1", "1200.50", "FA-2026-0101"), entry("9-2", "310.40", "FA-2026-0102"))
    assert (done.known, done.applied) == (2, 0)


def test_the_sum_of_a_batch_whose_parts_were_taken_in_is_known(program: Program) -> None:
    take(program, entry("9-1", "1200.50", "FA-2026-0101"), entry("9-2", "310.40", "FA-2026-0102"))
    assert take(program, entry("9", "1510.90", "REMISE", payer="", payer_iban="")).known == 1


def test_money_of_a_known_debtor_without_a_reason_holds_reminders_back_and_asks_a_person(program: Program) -> None:
    assert take(program, entry("1", "999.99", "VIREMENT")).waiting == 1
    file = program.file()
    assert file.unallocated("EUR") == eur("999.99")
    assert [t.kind for t in file.open_tasks()] == [TaskKind.ALLOCATE_PAYMENT]


def test_money_of_nobody_known_waits_on_the_desk_with_candidates(program: Program) -> None:
    take(program, entry("1", "1200.50", "VIREMENT", payer="X", payer_iban=""))
    desk = program.file(DESK)
    [task] = desk.open_tasks()
    assert desk.unallocated("EUR") == eur("1200.50")
    assert "FA-2026-0101" in task.note
    assert "FA-2026-0201" in task.note
    assert balances(program)["FA-2026-0101"] == "1200.50"


def test_a_person_allocates_what_waits_on_the_desk(program: Program) -> None:
    take(program, entry("1", "1200.50", "VIREMENT", payer="X", payer_iban=""))
    allocate(program.parts, "C002", "bank-1", ["FA-2026-0201"], at=AT, who="lea")
    assert balances(program)["FA-2026-0201"] == "0.00"
    assert program.file(DESK).unallocated("EUR") == eur("0")
    assert program.file(DESK).open_tasks() == []


def test_a_person_allocates_what_waits_on_the_debtors_account(program: Program) -> None:
    take(program, entry("1", "400.00", "VIREMENT"))
    allocate(program.parts, "C001", "bank-1", ["FA-2026-0102", "FA-2026-0101"], at=AT, who="lea")
    assert balances(program) == {"FA-2026-0101": "1110.90", "FA-2026-0102": "0.00", "FA-2026-0201": "1200.50"}
    assert program.file().open_tasks() == []


def test_an_unknown_invoice_is_refused_and_nothing_moves(program: Program) -> None:
    take(program, entry("1", "400.00", "VIREMENT"))
    with pytest.raises(BadInput, match="no open invoice"):
        allocate(program.parts, "C001", "bank-1", ["FA-9"], at=AT, who="lea")
    assert program.file().unallocated("EUR") == eur("400")


def test_undoing_restores_what_was_open(program: Program) -> None:
    before = balances(program)
    take(program, entry("1", "1510.90", "FA-2026-0101 FA-2026-0102"))
    assert balances(program)["FA-2026-0101"] == "0.00"
    assert sorted(undo(program.parts, "C001", "bank-1", at=AT, who="lea")) == ["FA-2026-0101", "FA-2026-0102"]
    assert balances(program) == before
    assert program.file().unallocated("EUR") == eur("1510.90")
    assert program.file().cases["FA-2026-0101"].is_open


def test_undoing_twice_is_refused(program: Program) -> None:
    take(program, entry("1", "1200.50", "FA-2026-0101"))
    undo(program.parts, "C001", "bank-1", at=AT, who="lea")
    with pytest.raises(BadInput, match="settles an invoice"):
        undo(program.parts, "C001", "bank-1", at=AT, who="lea")


@pytest.mark.parametrize("kind", [EntryKind.REVERSAL, EntryKind.RETURNED_DEBIT])
def test_money_taken_back_reopens_the_invoice_and_leaves_the_account(program: Program, kind: EntryKind) -> None:
    take(program, entry("1", "1200.50", "FA-2026-0101"))
    back = entry("2", "1200.50", "REJET REF100001", kind=kind, payer="", payer_iban="")
    for _ in range(2):  # twice is once
        take(program, back)
        file = program.file()
        assert file.cases["FA-2026-0101"].balance == eur("1200.50")
        assert file.unallocated("EUR") == eur("0")


def test_money_taken_back_in_the_same_statement_reopens_too(program: Program) -> None:
    take(program, entry("2", "1200.50", "REF100001", kind=EntryKind.REVERSAL), entry("1", "1200.50", "FA-2026-0101"))
    assert program.file().cases["FA-2026-0101"].is_open
    assert program.file().unallocated("EUR") == eur("0")


def test_money_taken_back_that_nobody_can_place_is_a_task(program: Program) -> None:
    take(program, entry("1", "1200.50", "FA-2026-0101"))
    take(program, entry("2", "1200.50", "REJET", kind=EntryKind.REVERSAL, payer="", payer_iban="", bank_reference=""))
    assert [t.kind for t in program.file(DESK).open_tasks()] == [TaskKind.ALLOCATE_PAYMENT]
    assert not program.file().cases["FA-2026-0101"].is_open


def test_bank_charges_kept_back_settle_the_invoice_whole(program: Program) -> None:
    take(program, entry("1", "1199.00", "FA-2026-0101"))
    file = program.file()
    assert file.cases["FA-2026-0101"].closed is Closed.PAID
    assert file.unallocated("EUR") == eur("0")


def test_a_credit_note_named_with_its_invoice_is_deducted(program: Program) -> None:
    import_invoices(program.parts, [invoice("AV-2026-0007", "-100.10")], at=AT, who="lea")
    take(program, entry("1", "1100.40", "FA-2026-0101 - AV-2026-0007"))
    file = program.file()
    assert (file.cases["FA-2026-0101"].closed, file.unallocated("EUR")) == (Closed.PAID, eur("0"))


@pytest.mark.parametrize(("days", "blind"), [(6, False), (7, False), (8, True)])
def test_an_old_statement_leaves_the_program_blind(program: Program, days: int, blind: bool) -> None:
    take(program, entry("1", "5.00"))
    health = program.offices.health()
    assert health.last_entry_on == date(2026, 3, 11)
    at = paris("2026-03-11") + timedelta(days=days)
    fresh = replace(health, payments_read_at=at, mailbox_read_at=at)
    assert bool(fresh.blind(policies()["standard"], at)) is blind


def test_who_imports_no_statements_is_not_blind_for_it() -> None:
    assert Health(payments_read_at=AT, mailbox_read_at=AT).blind(policies()["standard"], AT) == ""


_MT940 = """:20:X
:25:FR7630006000011234567890189
:60F:C260310EUR0,
:61:2603110311C1200,50NTRFNONREF//BANK1
:86:GARAGE MOREL FACT FA-2026-0101
:62F:C260311EUR1200,50
-
"""


@pytest.mark.parametrize("key", ["statements/march.sta", "payments/march.sta", "statements/bnp/march.txt"])
def test_a_statement_dropped_in_the_bucket_is_imported(program: Program, key: str) -> None:
    if "bnp" in key:
        remember_mapping(program.archive, "bnp", "decimal: ','")
    program.archive.put(key, _MT940.encode(), content_type="text/plain")
    done = import_dropped(program.parts, program.archive, key, at=AT)
    assert done is not None
    assert (done.rows, done.new, balances(program)["FA-2026-0101"]) == (1, 1, "0.00")


def test_a_wrong_statement_in_the_bucket_writes_nothing_and_becomes_a_task(program: Program) -> None:
    program.archive.put("statements/x.sta", _MT940.replace(":61:26", ":61:XX").encode(), content_type="text/plain")
    assert import_dropped(program.parts, program.archive, "statements/x.sta", at=AT) is None
    [task] = program.file(DESK).open_tasks()
    assert (task.kind, "line 4" in task.reason) == (TaskKind.LEDGER, True)
    assert balances(program)["FA-2026-0101"] == "1200.50"


def test_on_a_real_table_settling_undoing_and_taking_back_go_the_same_way(dynamodb_local: str) -> None:
    table = new_real_table(dynamodb_local)
    program = Program(AT)
    program.store = DynamoCaseStore(table.client, table.name)  # type: ignore[assignment]
    program.offices = DynamoOfficeStore(table.client, table.name)  # type: ignore[assignment]
    program.parts = replace(program.parts, store=program.store, offices=program.offices)
    program.offices.set_creditor(CREDITOR)
    rows = [invoice("FA-2026-0101", "1200.50"), invoice("FA-2026-0102", "310.40")]
    import_invoices(program.parts, rows, at=AT, who="lea")
    before = balances(program)
    first = entry("1", "1510.90", "FA-2026-0101 FA-2026-0102")
    assert take(program, first).applied == 1
    assert balances(program) == {"FA-2026-0101": "0.00", "FA-2026-0102": "0.00"}
    undo(program.parts, "C001", "bank-1", at=AT, who="lea")
    assert balances(program) == before
    allocate(program.parts, "C001", "bank-1", ["FA-2026-0101", "FA-2026-0102"], at=AT, who="lea")
    take(program, entry("2", "1510.90", "REJET REF100001", kind=EntryKind.REVERSAL))
    assert balances(program) == before
    assert program.file().unallocated("EUR") == eur("0")
    assert take(program, first).known == 1
    assert program.offices.health().last_entry_on == date(2026, 3, 11)
    # Folding the journal gives the file.
    assert apply_all(None, program.store.journal("C001")) == program.file()


_texts = st.sampled_from(["FA-2026-0101", "FA-2026-0102", "FA-2026-0201", "FA-2026-0101 FA-2026-0102", "", "VIR"])
_amounts = st.sampled_from(["1200.50", "310.40", "1510.90", "100.00", "1199.00"])
_payers = st.sampled_from(["GARAGE MOREL", "LYCEE MOULIN", ""])


@settings(max_examples=60)
@given(st.lists(st.tuples(_texts, _amounts, _payers), max_size=6))
def test_no_cent_is_made_or_lost(drawn: list[tuple[str, str, str]]) -> None:
    program = Program(AT)
    rows = [invoice("FA-2026-0101", "1200.50"), invoice("FA-2026-0102", "310.40"),
            invoice("FA-2026-0201", "1200.50", "C002", "Lycée Moulin")]  # fmt: skip
    import_invoices(program.parts, rows, at=AT, who="lea")
    entries = [entry(str(n), a, t, payer=p, payer_iban="") for n, (t, a, p) in enumerate(drawn)]
    take(program, *entries)
    files = [program.file(id_) for id_ in program.store.debtor_ids()]
    owed = total((c.balance for f in files for c in f.cases.values()), "EUR")
    kept_back = total((c.amount for f in files for i, c in f.credits.items() if i.startswith("deduction")), "EUR")
    waiting = total((f.unallocated("EUR") for f in files), "EUR")
    came_in = total((e_.amount for e_ in entries), "EUR")
    assert Money.of("2711.40", "EUR") - owed == came_in + kept_back - waiting
    before = balances(program)
    take(program, *reversed(entries))
    assert balances(program) == before


def test_a_remittance_advice_read_from_mail_tells_what_its_money_pays_and_is_confirmed(program: Program) -> None:
    from chalicelib.domain.debtor_file import ClaimState, PaymentClaim
    from chalicelib.domain.events import PaymentClaimed
    from chalicelib.pipeline.keep import keep, office_of

    numbers = ("FA-2026-0101", "FA-2026-0102")
    claim = PaymentClaim(
        id="c1", numbers=numbers, claimed_on=date(2026, 3, 9), hold_on=date(2026, 3, 16), amount=eur("1510.90")
    )
    told = [(PaymentClaimed(claim=claim), "mail")]
    keep(program.parts, office_of(program.parts), "C001", lambda file: told, at=AT, who="mail")
    assert take(program, entry("1", "1510.90", "VIREMENT")).applied == 1
    file = program.file()
    assert (file.claims["c1"].state, file.unallocated("EUR")) == (ClaimState.CONFIRMED, eur("0"))


def test_an_iban_learned_from_one_statement_serves_the_next(program: Program) -> None:
    take(program, entry("1", "1200.50", "GARAGE MOREL FA-2026-0101", payer=""))
    assert take(program, entry("2", "310.40", "VIREMENT", payer="")).applied == 1
