"""A ledger comes in: new, known, corrected, contradicting; money settles; twice is once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.debtor_file import Closed, DebtorKind, PromiseState, TaskKind
from chalicelib.domain.events import ContactDied, ContactSet
from chalicelib.domain.money import Money, total
from chalicelib.errors import BadInput
from chalicelib.ledger.records import InvoiceRow, PaymentRow
from chalicelib.pipeline.import_ledger import import_invoices, import_payments
from chalicelib.pipeline.keep import keep, office_of
from tests.pipeline.desk import Program
from tests.sample import eur, paris

AT = paris("2026-03-12")


def invoice(number: str = "F1", amount: str = "1200.00", line: int = 2, **facts: Any) -> InvoiceRow:
    known: dict[str, Any] = {
        "account": "C001", "client": "Garage Morel", "country": "FR", "issued_on": date(2026, 2, 8),
        "due_on": date(2026, 3, 10), "email": "paul@garage-morel.example",
    }  # fmt: skip
    currency = facts.pop("currency", "EUR")
    return InvoiceRow(line=line, number=number, amount=Money.of(amount, currency), **{**known, **facts})


def payment(amount: str, number: str = "", line: int = 2, **facts: Any) -> PaymentRow:
    known: dict[str, Any] = {"account": "C001", "paid_on": date(2026, 3, 11), "reference": "VIR"}
    return PaymentRow(line=line, amount=eur(amount), number=number, **{**known, **facts})


@pytest.fixture
def program() -> Program:
    return Program(AT)


def enter(program: Program, *rows: InvoiceRow, **how: Any) -> Any:
    return import_invoices(program.parts, rows, at=AT, who="lea", **how)


def pay(program: Program, *rows: PaymentRow, **how: Any) -> Any:
    return import_payments(program.parts, rows, at=AT, who="bank", **how)


class TestInvoices:
    def test_a_new_ledger_opens_files_with_contacts_and_cases(self, program: Program) -> None:
        done = enter(program, invoice("F1"), invoice("F2", account="C002", client="Lycée Moulin"))
        assert (done.rows, done.debtors, done.new, done.known) == (2, 2, 2, 0)
        file = program.file("C001")
        assert (file.debtor.name, file.contacts["payer"].email) == ("Garage Morel", "paul@garage-morel.example")
        assert file.cases["F1"].balance == eur("1200")

    def test_the_same_ledger_again_changes_nothing(self, program: Program) -> None:
        rows = [invoice("F1"), invoice("F2"), invoice("A1", "-50.00")]
        enter(program, *rows)
        before = program.file()
        done = enter(program, *rows)
        assert (done.new, done.known) == (0, 3)
        assert program.file() == before

    def test_an_invoice_that_is_settled_does_not_come_back(self, program: Program) -> None:
        enter(program, invoice("F1"), invoice("F2"))
        pay(program, payment("1200", "F1"))
        enter(program, invoice("F1"), invoice("F2"))
        assert [c.number for c in program.file().open_cases()] == ["F2"]

    def test_history_that_is_paid_already_is_not_entered(self, program: Program) -> None:
        enter(program, invoice("F1", paid_on=date(2026, 3, 1)), invoice("F2"))
        assert list(program.file().cases) == ["F2"]

    def test_the_ledger_may_say_that_a_known_invoice_is_paid(self, program: Program) -> None:
        enter(program, invoice("F1"))
        enter(program, invoice("F1", paid_on=date(2026, 3, 11)))
        case = program.file().cases["F1"]
        assert (case.closed, case.settled_on) == (Closed.PAID, date(2026, 3, 11))

    def test_changed_facts_are_corrected_on_record(self, program: Program) -> None:
        enter(program, invoice("F1"))
        enter(program, invoice("F1", due_on=date(2026, 4, 10), purchase_order="BC-7"))
        case = program.file().cases["F1"]
        assert (case.due_on, case.purchase_order) == (date(2026, 4, 10), "BC-7")

    @pytest.mark.parametrize(
        ("row", "where", "what"),
        [
            (invoice("F1", "1200.01", line=7), "line 7, column amount", "1200.00 EUR, here with 1200.01 EUR"),
            (invoice("F1", account="C002", line=7), "line 7, column number", "invoice of debtor C001"),
            (invoice("F9", policy="gentle", line=7), "line 7, column policy", "no policy 'gentle'"),
        ],
    )
    def test_a_row_that_contradicts_our_books_stops_the_whole_import(
        self, program: Program, row: InvoiceRow, where: str, what: str
    ) -> None:
        enter(program, invoice("F1"))
        before = program.store.saves
        with pytest.raises(BadInput) as error:
            enter(program, invoice("F5", line=2), row)
        assert (error.value.where, what in error.value.what) == (where, True)
        assert program.store.saves == before, "nothing half-written"

    def test_if_asked_the_wrong_rows_alone_are_left_out_and_named(self, program: Program) -> None:
        enter(program, invoice("F1"))
        done = enter(program, invoice("F5", line=2), invoice("F1", "9.00", line=3), skip_bad=True)
        assert ([f.line for f in done.findings], done.new) == ([3], 1)

    def test_a_credit_note_stands_on_the_account(self, program: Program) -> None:
        enter(program, invoice("F1"), invoice("A1", "-200.00"))
        assert program.file().unallocated("EUR") == eur("200")

    def test_an_address_that_a_person_replaced_is_not_brought_back_by_the_ledger(self, program: Program) -> None:
        enter(program, invoice("F1"))
        contact = replace(program.file().contacts["payer"], email="new@garage-morel.example")
        keep(
            program.parts, office_of(program.parts), "C001", lambda f: [(ContactSet(contact=contact), "on the phone")],
            at=AT, who="lea",
        )  # fmt: skip
        enter(program, invoice("F1"), invoice("F2"))
        assert program.file().contacts["payer"].email == "new@garage-morel.example"

    def test_a_dead_address_is_not_revived_by_the_ledger_but_a_new_one_is_taken(self, program: Program) -> None:
        enter(program, invoice("F1"))
        died = ContactDied(contact_id="payer", on=AT.date())
        keep(program.parts, office_of(program.parts), "C001", lambda f: [(died, "bounced")], at=AT, who="mail")
        enter(program, invoice("F1"))
        assert program.file().contacts["payer"].dead_since_on
        enter(program, invoice("F1", email="compta@garage-morel.example"))
        assert program.file().contacts["payer"].dead_since_on is None

    def test_a_public_body_without_an_order_number_is_a_task_on_entry(self, program: Program) -> None:
        enter(
            program, invoice("F1", kind=DebtorKind.PUBLIC), invoice("F2", kind=DebtorKind.PUBLIC, purchase_order="E4")
        )
        assert [(t.kind, t.numbers) for t in program.file().open_tasks()] == [(TaskKind.CHECK_INVOICE, ("F1",))]

    def test_a_dispute_known_to_the_ledger_stays_out_of_the_chasing(self, program: Program) -> None:
        enter(program, invoice("F1", disputed=True))
        assert program.file().dispute_on("F1")
        assert [t.kind for t in program.file().open_tasks()] == [TaskKind.ANSWER_DISPUTE]


class TestPayments:
    def test_a_payment_settles_what_it_names_and_keeps_the_promise(self, program: Program) -> None:
        from chalicelib.domain.debtor_file import Promise
        from chalicelib.domain.events import PromiseMade

        enter(program, invoice("F1"))
        promise = Promise(id="p", numbers=("F1",), made_on=AT.date(), pay_on=AT.date(), grace_on=AT.date())
        keep(
            program.parts,
            office_of(program.parts),
            "C001",
            lambda f: [(PromiseMade(promise=promise), "")],
            at=AT,
            who="x",
        )
        pay(program, payment("1200", "F1"))
        file = program.file()
        assert file.cases["F1"].closed is Closed.PAID
        assert (file.promises["p"].state, file.promises_kept) == (PromiseState.KEPT, 1)

    def test_the_same_payments_again_change_nothing(self, program: Program) -> None:
        enter(program, invoice("F1"), invoice("F2"))
        pay(program, payment("1200", "F1"), payment("300", "F2"))
        before = program.file()
        done = pay(program, payment("1200", "F1"), payment("300", "F2"))
        assert (done.new, done.known, program.file()) == (0, 2, before)

    def test_two_equal_payments_of_one_day_are_two(self, program: Program) -> None:
        enter(program, invoice("F1"))
        pay(program, payment("300", "F1"), payment("300", "F1", occurrence=2))
        assert program.file().cases["F1"].balance == eur("600")

    @pytest.mark.parametrize(
        ("amount", "balance", "left"), [("1199.99", "0.01", "0"), ("1200.00", "0", "0"), ("1200.01", "0", "0.01")]
    )
    def test_too_little_stays_open_and_too_much_stays_on_the_account(
        self, program: Program, amount: str, balance: str, left: str
    ) -> None:
        enter(program, invoice("F1"))
        pay(program, payment(amount, "F1"))
        file = program.file()
        assert (file.cases["F1"].balance, file.unallocated("EUR")) == (eur(balance), eur(left))

    def test_a_payment_that_names_nothing_settles_only_what_it_fits_exactly(self, program: Program) -> None:
        enter(program, invoice("F1", "100.00"), invoice("F2", "250.00", due_on=date(2026, 3, 20)))
        pay(program, payment("350.00"))
        assert program.file().open_cases() == []
        enter(program, invoice("F3", "80.00"))
        pay(program, payment("79.00"))
        assert (program.file().cases["F3"].balance, program.file().unallocated("EUR")) == (eur("80"), eur("79"))

    def test_the_payment_of_an_invoice_that_the_ledger_called_paid_is_the_same_money(self, program: Program) -> None:
        enter(program, invoice("F1"), invoice("F2"))
        enter(program, invoice("F1", paid_on=date(2026, 3, 11)))
        done = pay(program, payment("1200", "F1"))
        assert (done.new, done.known) == (0, 1)
        assert program.file().unallocated("EUR") == eur("0"), "else it would hold back the reminders of F2"

    def test_money_that_settles_nothing_is_a_task_for_it_holds_reminders_back(self, program: Program) -> None:
        enter(program, invoice("F1"))
        pay(program, payment("50", "F-OF-LONG-AGO"))
        (task,) = program.file().open_tasks()
        assert (task.kind, task.at_stake) == (TaskKind.ALLOCATE_PAYMENT, eur("50"))

    def test_payments_of_a_debtor_we_do_not_know_are_named_by_line(self, program: Program) -> None:
        with pytest.raises(BadInput, match="line 4, column account: no debtor 'C999'"):
            pay(program, payment("10", line=4, account="C999"))

    def test_a_file_without_a_payment_still_says_that_the_bank_was_read(self) -> None:
        program = Program()
        pay(program)
        assert program.offices.health().payments_read_at == AT

    def test_tasks_about_settled_invoices_are_closed(self, program: Program) -> None:
        enter(program, invoice("F1", kind=DebtorKind.PUBLIC))
        pay(program, payment("1200", "F1"))
        assert program.file().open_tasks() == []


@given(
    amounts=st.lists(st.integers(1, 500_00), min_size=1, max_size=5),
    payments=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 700_00)), max_size=8),
)
def test_no_cent_is_lost_or_made(amounts: list[int], payments: list[tuple[int, int]]) -> None:
    program = Program(AT)
    enter(program, *(invoice(f"F{n}", f"{cents / 100:.2f}") for n, cents in enumerate(amounts)))
    rows = [
        payment(f"{cents / 100:.2f}", f"F{n}" if n < len(amounts) else "", occurrence=i)
        for i, (n, cents) in enumerate(payments)
    ]
    pay(program, *rows)
    file = program.file()
    owed = total((c.amount for c in file.cases.values()), "EUR")
    received = total((r.amount for r in rows), "EUR")
    assert owed - file.owed("EUR") == received - file.unallocated("EUR")
    assert all(c.balance >= eur("0") for c in file.cases.values())
    assert all((c.balance == eur("0")) == (not c.is_open) for c in file.cases.values())
