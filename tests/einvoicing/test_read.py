"""What comes from strangers is read safely, or refused in words that say where."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.money import Money
from chalicelib.einvoicing import pdf as pdf_module
from chalicelib.einvoicing import xml_tree
from chalicelib.einvoicing.model import EInvoice, Preceding
from chalicelib.einvoicing.read import is_pdf, is_xml, read_document, read_invoice
from chalicelib.einvoicing.xml_tree import read_xml
from chalicelib.errors import BadFile, BadInput
from tests.einvoicing.documents import cdar, cii, pdf, ubl


def read(raw: bytes) -> EInvoice:
    found = read_document(raw, "f.xml")
    assert isinstance(found, EInvoice)
    return found


def refusal(raw: bytes) -> str:
    with pytest.raises(BadInput) as error:
        read_document(raw, "f.xml")
    return str(error.value)


class TestSafety:
    @pytest.mark.parametrize(
        "doctype",
        [
            "<!DOCTYPE x>",
            '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>',
            '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
            '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
            '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p.dtd"> %p;]>',
        ],
    )
    def test_a_document_type_is_refused_whatever_it_would_do(self, doctype: str) -> None:
        raw = cii().replace(b"?>\n", f"?>\n{doctype}\n".encode(), 1)
        assert refusal(raw) == "f.xml: line 2: it declares a document type, which is not read; remove the <!DOCTYPE …>"

    def test_an_entity_that_nobody_declared_is_no_xml(self) -> None:
        assert refusal(cii(buyer="x").replace(b"<ram:Name>x", b"<ram:Name>&xxe;")) == (
            "f.xml: line 19: this is no well-formed XML: undefined entity; export it again"
        )

    @pytest.mark.parametrize(("depth", "safe"), [(63, True), (64, True), (65, False)])
    def test_depth_is_capped(self, depth: int, safe: bool) -> None:
        raw = b"<a>" * depth + b"</a>" * depth
        if safe:
            assert read_xml(raw).name == "a"
        else:
            with pytest.raises(BadInput, match="nested deeper than 64"):
                read_xml(raw)

    def test_deep_nesting_without_an_end_is_refused_before_it_is_kept(self) -> None:
        started = time.monotonic()
        with pytest.raises(BadInput, match="nested deeper"):
            read_xml(b"<a>" * 1_000_000)
        assert time.monotonic() - started < 2

    def test_elements_and_bytes_are_capped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(xml_tree, "MAX_ELEMENTS", 3)
        with pytest.raises(BadInput, match="^XML: line 2: it has more than 3 elements"):
            read_xml(b"<a><b/>\n<b/><b/></a>")
        monkeypatch.setattr(xml_tree, "MAX_BYTES", 10)
        with pytest.raises(BadInput, match="larger than 10 bytes"):
            read_xml(b"<a>1234567</a>")

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "cp1252"])
    def test_encodings_that_xml_states_are_read(self, encoding: str) -> None:
        text = cii(buyer="Société Générale").decode().replace('encoding="UTF-8"', f'encoding="{encoding}"')
        assert read(text.encode(encoding)).buyer.name == "Société Générale"

    def test_an_encoding_that_nobody_knows_is_refused(self) -> None:
        assert "line 1" in refusal(cii().replace(b"UTF-8", b"EBCDIC-1"))

    @given(st.binary(max_size=200))
    def test_any_bytes_give_a_document_or_a_bad_input(self, raw: bytes) -> None:
        with pytest.raises(BadInput):
            read_document(raw, "f.xml")

    @given(st.integers(0, 3000), st.binary(min_size=1, max_size=3))
    def test_an_invoice_with_damaged_bytes_is_read_or_refused_and_never_crashes(self, at: int, wrong: bytes) -> None:
        raw = cii()
        with suppress(BadInput):
            read_document(raw[:at] + wrong + raw[at + 1 :], "f.xml")


class TestPdf:
    @pytest.mark.parametrize(
        "name", ["factur-x.xml", "zugferd-invoice.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml", "FACTUR-X.XML"]
    )
    def test_the_attachment_is_found_under_each_of_its_names(self, name: str) -> None:
        assert read(pdf(cii("F7"), name)).number == "F7"

    @pytest.mark.parametrize(
        ("raw", "what"),
        [
            (pdf(None), "f.xml: the PDF carries no electronic invoice"),
            (pdf(cii(), "invoice.xml"), "f.xml: the PDF carries no electronic invoice"),
            (pdf(cii(), password="secret"), "f.xml: the PDF is encrypted"),
            (b"%PDF-1.7\nnothing", "f.xml: the PDF cannot be read"),
            (pdf(cii())[:400], "f.xml: the PDF cannot be read"),
            (pdf(b"<Invoice/>"), "f.xml: line 1: this is <Invoice> of no namespace"),
        ],
        ids=["nothing-attached", "another-name", "encrypted", "no-pdf", "cut", "another-xml"],  # the bytes hold chance
    )
    def test_what_is_no_electronic_invoice_is_refused_in_words(self, raw: bytes, what: str) -> None:
        assert refusal(raw).startswith(what)

    def test_a_huge_pdf_is_refused_unread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pdf_module, "MAX_BYTES", 100)
        assert "larger than 100 bytes" in refusal(pdf(cii()))

    def test_what_it_is_is_told_by_the_first_bytes(self) -> None:
        assert is_pdf(pdf(None))
        assert all(map(is_xml, [cii(), b"\xef\xbb\xbf" + cii(), cii().decode().encode("utf-16"), b"\n <a/>"]))
        assert not any(map(is_xml, [b"number;account", b"PK\x03\x04", b"", b"%PDF-1.7"]))


class TestFields:
    def test_every_field_of_a_cii_invoice(self) -> None:
        invoice = read(cii(terms="30 jours", order="BC-7", email="a@b.example", vat="FR 96 552100554", account="C1",
                           prepaid="200.00", payable="1000.00", preceding="F0", iban="FR76 3000 6000"))  # fmt: skip
        assert (invoice.number, invoice.type_code, invoice.is_credit_note) == ("F1", "380", False)
        assert (invoice.issued_on, invoice.due_on, invoice.terms) == (date(2026, 2, 8), date(2026, 3, 10), "30 jours")
        assert [str(m) for m in (invoice.net, invoice.tax, invoice.total, invoice.prepaid, invoice.due)] == [
            "1000.00 EUR", "200.00 EUR", "1200.00 EUR", "200.00 EUR", "1000.00 EUR",
        ]  # fmt: skip
        assert invoice.preceding == (Preceding(number="F0"),)
        assert (invoice.iban, invoice.purchase_order, invoice.rounding) == ("FR7630006000", "BC-7", Decimal(0))
        buyer = invoice.buyer
        assert (buyer.name, buyer.siren, buyer.vat_number, buyer.account, buyer.email, buyer.country) == (
            "Garage Morel", "552100554", "FR96552100554", "C1", "a@b.example", "FR",
        )  # fmt: skip
        assert buyer.address == ("1 rue du Port", "69003 Lyon")
        assert (invoice.syntax, invoice.troubles) == ("CII", ())

    def test_ubl_says_the_same(self) -> None:
        one, other = read(ubl()), read(cii(order="BC-7"))
        for field in ("number", "type_code", "issued_on", "due_on", "total", "due", "purchase_order", "is_credit_note"):
            assert getattr(one, field) == getattr(other, field), field
        assert (one.buyer.siren, one.buyer.email) == ("552100554", "compta@garage-morel.example")

    def test_a_ubl_order_that_stands_for_none_is_none(self) -> None:
        assert read(ubl(order="NA")).purchase_order == ""

    def test_an_overpaid_ubl_invoice_is_no_credit_note(self) -> None:
        invoice = read(ubl(prepaid="1300.00", payable="-100.00"))
        assert (invoice.is_credit_note, invoice.due.amount) == (False, Decimal("-100.00"))

    @pytest.mark.parametrize(
        "raw", [cii(type_code="381"), ubl(credit=True), cii(net="-1000", tax="-200", total="-1200")]
    )
    def test_a_credit_note_says_what_it_credits_above_zero(self, raw: bytes) -> None:
        invoice = read(raw)
        assert (invoice.is_credit_note, invoice.total) == (True, Money.of("1200", "EUR"))

    def test_the_minimum_profile_says_what_is_prepaid_by_what_is_left(self) -> None:
        invoice = read(cii(due="", payable="900.00", profile="urn:factur-x.eu:1p0:minimum"))
        assert (invoice.prepaid, invoice.contradictions, invoice.due_on) == (Money.of("300", "EUR"), (), None)

    def test_a_siren_is_taken_from_a_siret_or_a_french_vat_number(self) -> None:
        assert read(cii(siren="", vat="FR96552100554")).buyer.siren == "552100554"
        siret = cii(siren="55210055400013").replace(b'"0002">55210055400013', b'"0009">55210055400013')
        assert read(siret).buyer.siren == "552100554"

    @pytest.mark.parametrize(
        ("facts", "where", "what"),
        [
            ({"number": ""}, "line 10, CrossIndustryInvoice/ExchangedDocument/ID", "is empty"),
            ({"number": "x" * 65}, "ExchangedDocument/ID", "longer than 64"),
            ({"type_code": "325"}, "ExchangedDocument/TypeCode", "pro-forma"),
            ({"type_code": "999"}, "ExchangedDocument/TypeCode", "no invoice and no credit note"),
            ({"issued": "20260230"}, "line 12", "no day of the calendar"),
            ({"issued": "30012026"}, "line 12", "no day"),
            ({"issued": "19890101"}, "line 12", "in the year 1989"),
            ({"due": "soon"}, "DueDateDateTime/DateTimeString", "'soon' is no day in format 102"),
            ({"currency": "EURO"}, "InvoiceCurrencyCode", "no ISO 4217 code"),
            ({"total": "1.200,00"}, "GrandTotalAmount", "no amount"),
            ({"total": "1200.001"}, "GrandTotalAmount", "too many decimals"),
            ({"total": "1e3"}, "GrandTotalAmount", "no amount"),
            ({"total": "99999999999999.00"}, "GrandTotalAmount", "too large"),
        ],
    )
    def test_what_cannot_be_read_is_named_by_line_and_path(self, facts: dict[str, str], where: str, what: str) -> None:
        told = refusal(cii(**{"payable": "1200.00", **facts}))
        assert where in told
        assert what in told

    def test_everything_that_is_wrong_is_told_at_once(self) -> None:
        with pytest.raises(BadFile) as error:
            read_invoice(cii(number="", issued="x", currency="?"))
        assert len(error.value.findings) == 3

    @pytest.mark.parametrize(
        ("facts", "what"),
        [
            ({"payable": "1199.99"}, "1199.99 is not the total less what is prepaid (1200.00)"),
            ({"total": "1200.01"}, "1200.01 is not the net amount plus the tax (1200.00)"),
            ({"due": "20260207"}, "2026-02-07 lies before the day of issue, 2026-02-08"),
        ],
    )
    def test_what_contradicts_itself_is_told_and_the_rest_is_read(self, facts: dict[str, str], what: str) -> None:
        invoice = read(cii(**facts))
        assert invoice.number == "F1"
        assert [t.what for t in invoice.contradictions] == [what]

    @pytest.mark.parametrize("due", ["20260208", "20260209"])
    def test_due_on_the_day_of_issue_or_later_is_no_contradiction(self, due: str) -> None:
        assert read(cii(due=due)).contradictions == ()


class TestStatuses:
    def test_a_message_gives_its_status_with_reasons_and_amounts(self) -> None:
        characteristic = '<ram:TypeCode>MPA</ram:TypeCode><ram:ValueAmount currencyID="CHF">7.5</ram:ValueAmount>'
        (status,) = read_document(
            cdar("211", inside="<ram:ReasonCode>AUTRE</ram:ReasonCode><ram:Reason>voir note</ram:Reason>"
                 f"<ram:SpecifiedDocumentCharacteristic>{characteristic}</ram:SpecifiedDocumentCharacteristic>")
        )  # type: ignore[misc]  # fmt: skip
        assert (status.number, status.code, status.on, status.from_role, status.from_siren) == (
            "F1", "211", date(2026, 3, 12), "BY", "552100554",
        )  # fmt: skip
        assert (status.reasons, status.words) == (("AUTRE",), "voir note")
        assert status.amounts == (("MPA", Money.of("7.50", "CHF")),)

    def test_several_statuses_of_one_invoice_are_each_read_with_their_day(self) -> None:
        inside = "".join(
            f"<ram:SpecifiedDocumentStatus><ram:ReferenceDateTime><qdt:DateTimeString>{day}</qdt:DateTimeString>"
            f"</ram:ReferenceDateTime><ram:ProcessConditionCode>{code}</ram:ProcessConditionCode>"
            "</ram:SpecifiedDocumentStatus>" for code, day in (("205", "20260310"), ("211", "20260311"))
        )  # fmt: skip
        raw = cdar("205").replace(b"<ram:ProcessConditionCode>205</ram:ProcessConditionCode>", inside.encode())
        statuses = read_document(raw)
        assert not isinstance(statuses, EInvoice)
        assert [(s.code, s.on) for s in statuses] == [("205", date(2026, 3, 10)), ("211", date(2026, 3, 11))]

    @pytest.mark.parametrize(
        ("raw", "what"),
        [
            (cdar("299"), "'299' is no status of French e-invoicing"),
            (cdar(""), "ProcessConditionCode: is empty"),
            (cdar("205", ""), "IssuerAssignedID: is empty"),
            (cdar("205").replace(b"ReferenceReferencedDocument", b"Other"), "ReferenceReferencedDocument: is missing"),
        ],
    )
    def test_a_message_that_says_nothing_usable_is_refused_with_its_line(self, raw: bytes, what: str) -> None:
        told = refusal(raw)
        assert what in told
        assert "line " in told
