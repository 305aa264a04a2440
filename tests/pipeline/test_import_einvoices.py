"""Electronic invoices come in: whose they are, what is owed, what is wrong with them; and what buyers answer."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from chalicelib.domain.debtor_file import BlockKind, ClaimState, Closed, Debtor, DebtorKind, TaskKind
from chalicelib.errors import BadInput
from chalicelib.ledger.records import InvoiceRow
from chalicelib.pipeline.import_dropped import import_dropped
from chalicelib.pipeline.import_einvoices import import_einvoices
from chalicelib.pipeline.import_ledger import Imported, import_invoices
from chalicelib.pipeline.sources import mapping_of, remember_mapping
from tests.einvoicing.documents import cdar, cii, pdf, ubl
from tests.pipeline.desk import Program
from tests.sample import case, eur, file_of, paris

AT = paris("2026-03-12")
SIREN = "552100554"


@pytest.fixture
def program() -> Program:
    return Program(AT)


def take(program: Program, *documents: bytes) -> Imported:
    named = [(f"{place}.xml", raw) for place, raw in enumerate(documents, 1)]
    return import_einvoices(program.parts, named, at=AT, who="import")


def ledger(program: Program, **facts: Any) -> None:
    known: dict[str, Any] = {
        "line": 2, "number": "F0", "account": "C001", "client": "Garage Morel", "country": "FR",
        "issued_on": date(2026, 2, 8), "due_on": date(2026, 3, 10), "amount": eur("10.00"),
    }  # fmt: skip
    import_invoices(program.parts, [InvoiceRow(**known | facts)], at=AT, who="lea")


class TestInvoices:
    def test_an_unknown_buyer_is_opened_under_its_siren_with_what_the_invoice_says(self, program: Program) -> None:
        done = take(program, cii(email="compta@garage-morel.example", order="BC-7"))
        file = program.file(SIREN)
        assert (done.new, done.debtors, done.findings) == (1, 1, ())
        assert (file.debtor.name, file.debtor.legal_id, file.debtor.address) == (
            "Garage Morel", SIREN, ("1 rue du Port", "69003 Lyon"),
        )  # fmt: skip
        assert file.contacts["payer"].email == "compta@garage-morel.example"
        entered = file.cases["F1"]
        assert (entered.issued_on, entered.due_on, entered.purchase_order) == (
            date(2026, 2, 8), date(2026, 3, 10), "BC-7",
        )  # fmt: skip
        assert entered.balance == eur("1200")

    def test_twice_is_once(self, program: Program) -> None:
        take(program, cii())
        before = program.file(SIREN)
        done = take(program, cii())
        assert (done.new, done.known) == (0, 1)
        assert program.file(SIREN) == before

    def test_the_pdf_is_archived_and_is_the_document_that_reminders_attach(self, program: Program) -> None:
        raw = pdf(cii())
        take(program, raw)
        document = program.file(SIREN).cases["F1"].document
        assert document.startswith("documents/")
        assert program.archive.kept[document] == (raw, "application/pdf")

    def test_xml_alone_is_archived_and_not_attached(self, program: Program) -> None:
        take(program, cii())
        assert program.file(SIREN).cases["F1"].document == ""
        ((raw, kind),) = program.archive.kept.values()
        assert (raw, kind) == (cii(), "application/xml")

    def test_the_pdf_joins_an_invoice_that_the_ledger_has_entered(self, program: Program) -> None:
        ledger(program, number="F1", amount=eur("1200.00"))
        take(program, pdf(cii()))
        assert program.file("C001").cases["F1"].document

    @pytest.mark.parametrize(
        ("debtor", "buyer"),
        [
            ({"legal_id": "RCS Lyon 552 100 554"}, {"buyer": "Morel"}),
            ({"vat_number": "FR96 552100554"}, {"buyer": "Morel", "siren": "", "vat": "FR96552100554"}),
            ({"id": "C042"}, {"buyer": "Morel", "siren": "", "account": "C042"}),
            ({"id": SIREN}, {"buyer": "Morel"}),
            ({}, {"buyer": "Morel", "siren": "", "email": "paul@garage-morel.example"}),
            ({}, {"buyer": "S.A.R.L. GARAGE MOREL", "siren": ""}),
        ],
    )
    def test_a_known_debtor_is_found(self, program: Program, debtor: dict[str, Any], buyer: dict[str, Any]) -> None:
        program.put(file_of(case("F0", "2026-03-01"), **debtor), AT)
        take(program, cii(**buyer))
        assert "F1" in program.file(debtor.get("id", "C001")).cases
        assert program.file(debtor.get("id", "C001")).debtor.name == "Garage Morel", "its name is left as it is"

    def test_the_same_name_with_another_siren_is_another_company(self, program: Program) -> None:
        program.put(file_of(legal_id="732 829 320"), AT)
        take(program, cii())
        assert "F1" in program.file(SIREN).cases

    def test_two_accounts_of_one_company_are_told_apart_by_the_account_else_refused(self, program: Program) -> None:
        program.put(file_of(id="C1", legal_id=SIREN), AT)
        program.put(file_of(id="C2", legal_id=SIREN), AT)
        take(program, cii(account="C2"))
        assert "F1" in program.file("C2").cases
        with pytest.raises(BadInput, match="may be any of the debtors C1, C2"):
            take(program, cii("F2"))

    def test_a_number_that_the_ledger_has_leads_to_its_debtor(self, program: Program) -> None:
        ledger(program, number="F1", client="Other spelling", amount=eur("1200.00"))
        done = take(program, cii())
        assert (done.known, done.debtors) == (1, 1)

    def test_what_is_prepaid_is_not_owed(self, program: Program) -> None:
        take(program, cii(prepaid="300.00", payable="900.00"))
        entered = program.file(SIREN).cases["F1"]
        assert (entered.amount, entered.balance) == (eur("1200"), eur("900"))

    def test_what_is_paid_in_advance_is_not_entered(self, program: Program) -> None:
        done = take(program, cii(prepaid="1200.00", payable="0.00"))
        assert [f.what for f in done.findings] == ["F1 is paid in advance, ignored"]
        assert list(program.store.debtor_ids()) == []

    def test_an_invoice_that_we_have_not_sold_is_refused(self, program: Program) -> None:
        with pytest.raises(BadInput, match="the seller is Atelier Verre Clair .732829320., we are 123456782"):
            take(program, cii(seller="732829320"))

    def test_one_document_that_contradicts_itself_stops_the_batch_and_names_its_line(self, program: Program) -> None:
        with pytest.raises(BadInput) as error:
            take(program, cii("F1"), cii("F2", payable="1.00"))
        assert str(error.value).startswith("2.xml: line 34, CrossIndustryInvoice/SupplyChainTradeTransaction/")
        assert "DuePayableAmount: 1.00 is not the total less what is prepaid (1200.00)" in str(error.value)
        assert program.store.saves == 0
        assert program.archive.kept == {}

    def test_an_amount_that_our_books_deny_is_refused_by_its_file(self, program: Program) -> None:
        ledger(program, number="F1", amount=eur("999.00"))
        with pytest.raises(BadInput, match="^1.xml: F1 stands in our books with 999.00 EUR, here with 1200.00 EUR"):
            take(program, cii())

    def test_one_number_twice_in_a_batch_is_one_invoice_or_an_error(self, program: Program) -> None:
        assert take(program, cii(), cii()).new == 1
        with pytest.raises(BadInput, match="F2 is in the batch twice with other content"):
            take(program, cii("F2"), cii("F2", order="BC-8"))


class TestDueDates:
    @pytest.mark.parametrize(
        ("terms", "due_on"),
        [
            ("30 jours net", date(2026, 3, 10)), ("60 days end of month", date(2026, 4, 30)),
            ("45 jours fin de mois", date(2026, 3, 31)), ("2% d'escompte à 10 jours", date(2026, 3, 10)),
            ("10 jours 5%, 30 jours net", date(2026, 3, 10)), ("", date(2026, 3, 10)),
            ("à réception", date(2026, 3, 10)),
        ],
    )  # fmt: skip
    def test_without_a_due_date_the_terms_count_else_thirty_days_and_a_person_looks(
        self, program: Program, terms: str, due_on: date
    ) -> None:
        take(program, cii(due="", terms=terms))
        file = program.file(SIREN)
        assert file.cases["F1"].due_on == due_on
        (task,) = file.open_tasks()
        assert task.kind is TaskKind.CHECK_INVOICE
        assert "states no due date" in task.reason

    def test_a_due_date_that_the_ledger_knows_is_left(self, program: Program) -> None:
        ledger(program, number="F1", amount=eur("1200.00"), due_on=date(2026, 4, 1))
        take(program, cii(due="", profile="urn:factur-x.eu:1p0:minimum"))
        assert program.file("C001").cases["F1"].due_on == date(2026, 4, 1)


class TestChecks:
    def test_a_debtor_that_demands_an_order_number_gets_a_task_and_no_refusal(self, program: Program) -> None:
        program.put(file_of(legal_id=SIREN, purchase_order_required=True), AT)
        take(program, cii())
        (task,) = program.file("C001").open_tasks()
        assert task.reason == "F1 carries no order number, without which this client does not pay"

    def test_a_public_buyer_with_long_terms_gets_one_task_with_both_findings(self, program: Program) -> None:
        program.put(file_of(legal_id=SIREN, kind=DebtorKind.PUBLIC), AT)
        take(program, cii(due="20260430"))
        (task,) = program.file("C001").open_tasks()
        assert "no order number" in task.reason
        assert "R2192-10" in task.reason

    def test_other_bank_details_than_ours_are_shown_to_a_person(self, program: Program) -> None:
        take(program, cii(iban="DE89370400440532013000"))
        (task,) = program.file(SIREN).open_tasks()
        assert "names the account DE89370400440532013000" in task.reason


class TestCreditNotes:
    def test_a_credit_note_settles_the_invoice_that_it_names(self, program: Program) -> None:
        take(program, cii("A1", type_code="381", preceding="F1"), cii("F1"))
        assert program.file(SIREN).cases["F1"].closed in (Closed.CREDITED, Closed.PAID)
        assert program.file(SIREN).unallocated("EUR") == eur("0")

    def test_part_of_an_invoice_may_be_credited(self, program: Program) -> None:
        take(program, ubl("F1"), ubl("A1", credit=True, total="200.00", payable="200.00", preceding="F1"))
        assert program.file(SIREN).cases["F1"].balance == eur("1000")

    def test_a_credit_note_for_an_invoice_that_we_do_not_have_stands_on_the_account(self, program: Program) -> None:
        take(program, cii("A1", type_code="381", preceding="F9"))
        assert program.file(SIREN).unallocated("EUR") == eur("1200")

    def test_a_negative_invoice_is_a_credit_note(self, program: Program) -> None:
        take(program, cii("A1", net="-1000.00", tax="-200.00", total="-1200.00"))
        assert program.file(SIREN).unallocated("EUR") == eur("1200")

    def test_a_corrected_invoice_keeps_the_one_it_replaces_from_being_chased(self, program: Program) -> None:
        take(program, cii("F1"))
        take(program, cii("F2", type_code="384", preceding="F1"))
        file = program.file(SIREN)
        block = file.block_on("F1")
        assert block is not None
        assert (block.kind, block.until, file.block_on("F2")) == (BlockKind.MANUAL, None, None)
        assert [t.kind for t in file.open_tasks()] == [TaskKind.CHECK_INVOICE]


class TestStatuses:
    @pytest.fixture
    def known(self, program: Program) -> Program:
        take(program, cii("F1"))
        return program

    @pytest.mark.parametrize("code", ["206", "207", "210", "213", "221"])
    def test_what_is_refused_leaves_the_chasing_with_a_task(self, known: Program, code: str) -> None:
        take(known, cdar(code, inside="<ram:ReasonCode>QTE_ERR</ram:ReasonCode><ram:Reason>12 reçus</ram:Reason>"))
        file = known.file(SIREN)
        dispute = file.dispute_on("F1")
        assert dispute is not None
        assert (dispute.reason, dispute.opened_on) == ("quantity", date(2026, 3, 12))
        (task,) = file.open_tasks()
        assert task.kind is TaskKind.ANSWER_DISPUTE
        assert "QTE_ERR; 12 reçus" in task.reason

    @pytest.mark.parametrize(("code", "kind"), [("211", "MPA"), ("212", "MEN")])
    def test_payment_sent_is_a_claim_and_no_payment(self, known: Program, code: str, kind: str) -> None:
        amount = f'<ram:TypeCode>{kind}</ram:TypeCode><ram:ValueAmount currencyID="EUR">1200.00</ram:ValueAmount>'
        take(
            known,
            cdar(code, inside=f"<ram:SpecifiedDocumentCharacteristic>{amount}</ram:SpecifiedDocumentCharacteristic>"),
        )
        file = known.file(SIREN)
        claim = file.claim_on("F1")
        assert claim is not None
        assert (claim.state, claim.amount, claim.paid_on) == (ClaimState.OPEN, eur("1200"), date(2026, 3, 12))
        assert file.cases["F1"].balance == eur("1200")

    @pytest.mark.parametrize("code", ["200", "201", "202", "203", "204", "205", "209"])
    def test_what_asks_nothing_is_noted_in_the_journal_and_on_the_case(self, known: Program, code: str) -> None:
        take(known, cdar(code))
        file = known.file(SIREN)
        assert (file.cases["F1"].buyer_status, file.cases["F1"].buyer_status_on) == (code, date(2026, 3, 12))
        assert file.open_tasks() == []
        assert "F1 is" in list(known.store.journal(SIREN))[-1].why

    def test_a_suspended_invoice_waits_for_a_document(self, known: Program) -> None:
        take(known, cdar("208", inside="<ram:ReasonCode>JUSTIF_ABS</ram:ReasonCode>"))
        file = known.file(SIREN)
        block = file.block_on("F1")
        assert block is not None
        assert block.kind is BlockKind.DOCUMENT
        assert [t.kind for t in file.open_tasks()] == [TaskKind.SEND_DOCUMENT]

    def test_approval_ends_the_dispute_that_a_status_opened_and_its_task(self, known: Program) -> None:
        take(known, cdar("207", on="20260311"))
        take(known, cdar("205", on="20260312"))
        file = known.file(SIREN)
        assert file.dispute_on("F1") is None
        assert file.open_tasks() == []

    def test_a_dispute_that_a_person_wrote_of_is_not_ended_by_a_status(self, known: Program) -> None:
        ledger(known, number="F1", account=SIREN, amount=eur("1200.00"), disputed=True)
        take(known, cdar("205"))
        assert known.file(SIREN).dispute_on("F1")

    def test_a_status_twice_is_once(self, known: Program) -> None:
        take(known, cdar("210"))
        before = known.file(SIREN)
        assert take(known, cdar("210")).known == 1
        assert known.file(SIREN) == before

    def test_an_old_status_that_comes_late_changes_nothing(self, known: Program) -> None:
        take(known, cdar("205", on="20260312"))
        take(known, cdar("207", on="20260301"))
        assert known.file(SIREN).dispute_on("F1") is None
        assert known.file(SIREN).cases["F1"].buyer_status == "205"

    def test_a_refusal_of_an_invoice_that_nobody_knows_is_a_task_on_the_desk_and_news_of_it_is_not(
        self, program: Program
    ) -> None:
        take(program, cdar("202", "F9"))
        assert program.store.load("desk") is None
        take(program, cdar("210", "F9"))
        (task,) = program.file("desk").open_tasks()
        assert "F9 is refused" in task.reason

    def test_a_status_beside_its_invoice_finds_it(self, program: Program) -> None:
        take(program, cdar("205"), cii("F1"))
        assert program.file(SIREN).cases["F1"].buyer_status == "205"


class TestDropped:
    def drop(self, program: Program, key: str, raw: bytes) -> Imported | None:
        program.archive.put(key, raw, content_type="")
        return import_dropped(program.parts, program.archive, key, at=AT)

    @pytest.mark.parametrize(
        ("key", "raw"),
        [
            ("invoices/f1.pdf", pdf(cii())),
            ("invoices/f1.xml", ubl()),
            ("invoices/x", cii()),
            ("statuses/s.xml", cdar("205")),
        ],
    )
    def test_the_content_tells_what_a_dropped_file_is(self, program: Program, key: str, raw: bytes) -> None:
        done = self.drop(program, key, raw)
        assert done is not None
        assert done.rows == 1

    def test_what_cannot_be_used_is_a_task_that_names_line_and_path(self, program: Program) -> None:
        assert self.drop(program, "invoices/f1.xml", cii(currency="EURO")) is None
        (task,) = program.file("desk").open_tasks()
        assert task.kind is TaskKind.LEDGER
        assert "line 28, CrossIndustryInvoice/" in task.reason
        assert "'EURO' is no ISO 4217 code" in task.reason

    def test_a_source_is_read_by_the_mapping_that_it_was_given_once(self, program: Program) -> None:
        mapping = "columns: {number: Facture}\nconstants: {country: FR, currency: EUR}\ndate_format: DD.MM.YYYY\n"
        remember_mapping(program.archive, "sage", mapping)
        ledger_file = "Facture,account,client,issued,due,amount\nF1,C1,Nord,08.02.2026,10.03.2026,1200.00\n"
        done = self.drop(program, "invoices/sage/2026-02.csv", ledger_file.encode())
        assert done is not None
        assert done.new == 1

    def test_a_source_that_nobody_named_is_a_task_that_says_how(self, program: Program) -> None:
        assert self.drop(program, "invoices/ebp/x.csv", b"a,b\n") is None
        (task,) = program.file("desk").open_tasks()
        assert "--source ebp --map" in task.reason

    def test_a_wrong_mapping_is_not_remembered(self, program: Program) -> None:
        remember_mapping(program.archive, "sage", "columns: {number: A}\n")
        with pytest.raises(BadInput, match="unknown"):
            remember_mapping(program.archive, "sage", "colums: {number: B}\n")
        assert mapping_of(program.archive, "sage").columns == {"number": "A"}

    @pytest.mark.parametrize("name", ["", "../x", "Sage", "a/b", "x" * 64])
    def test_a_source_cannot_have_any_name(self, program: Program, name: str) -> None:
        with pytest.raises(BadInput, match="is no name of a source"):
            remember_mapping(program.archive, name, "decimal: ','\n")


def test_the_debtor_that_an_invoice_opens_is_a_debtor_like_any_other(program: Program) -> None:
    take(program, cii(country="DE", siren="", vat="DE123456788", buyer="Müller GmbH"))
    assert program.file("DE123456788").debtor == Debtor(
        id="DE123456788", name="Müller GmbH", country="DE", language="en", vat_number="DE123456788",
        address=("1 rue du Port", "69003 Lyon"),
    )  # fmt: skip
