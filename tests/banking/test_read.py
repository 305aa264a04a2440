"""What banks state, format by format: direction, batches, returns, text and references; wrong lines named."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.banking.model import BankEntry, EntryKind, Statement
from chalicelib.banking.read import read_statements
from chalicelib.errors import BadFile
from chalicelib.ledger.mapping import ColumnMap

OURS = "FR7630006000011234567890189"
THEIRS = "FR7610096000301234567890185"


def camt(*entries: str, message: str = "BkToCstmrStmt", part: str = "Stmt", version: str = "053.001.08") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{version}"><{message}><GrpHdr><MsgId>M</MsgId></GrpHdr><{part}>
<Acct><Id><IBAN>{OURS}</IBAN></Id><Ccy>EUR</Ccy></Acct>
{"".join(entries)}
</{part}></{message}></Document>""".encode()


def ntry(
    amount: str = "100.00", side: str = "CRDT", *, details: str = "", reference: str = "BK1", extra: str = "",
    status: str = "<Sts><Cd>BOOK</Cd></Sts>",
) -> str:  # fmt: skip
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{extra}{status}'
        f"<BookgDt><Dt>2026-03-02</Dt></BookgDt><ValDt><Dt>2026-03-01</Dt></ValDt>"
        f"<AcctSvcrRef>{reference}</AcctSvcrRef>{details}</Ntry>"
    )


def tx(amount: str = "", text: str = "", *, name: str = "Garage Morel", refs: str = "", more: str = "") -> str:
    amt = f'<Amt Ccy="EUR">{amount}</Amt>' if amount else ""
    return (
        f"<TxDtls><Refs>{refs}<EndToEndId>NOTPROVIDED</EndToEndId></Refs>{amt}<RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty>"
        f"</Dbtr><DbtrAcct><Id><IBAN>{THEIRS}</IBAN></Id></DbtrAcct></RltdPties>"
        f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf>{more}</TxDtls>"
    )


def read(raw: bytes | str, mapping: ColumnMap | None = None) -> list[Statement]:
    content = raw.encode() if isinstance(raw, str) else raw
    return read_statements(content, name="file", mapping=mapping or ColumnMap())


def only(raw: bytes | str) -> BankEntry:
    [statement] = read(raw)
    [entry] = statement.entries
    return entry


class TestCamt:
    @pytest.mark.parametrize("version", [f"053.001.{n:02}" for n in range(1, 14)])
    def test_every_version_is_read(self, version: str) -> None:
        entry = only(camt(ntry(details=f"<NtryDtls>{tx(text='FA-1')}</NtryDtls>"), version=version))
        assert (str(entry.amount), entry.payer, entry.payer_iban) == ("100.00 EUR", "Garage Morel", THEIRS)
        assert (entry.text, entry.bank_reference, entry.kind) == ("FA-1", "BK1", EntryKind.CREDIT)
        assert (entry.booked_on, entry.valued_on, entry.account) == (date(2026, 3, 2), date(2026, 3, 1), OURS)
        assert entry.references == ()

    def test_a_notification_is_read_too(self) -> None:
        raw = camt(ntry(), message="BkToCstmrDbtCdtNtfctn", part="Ntfctn", version="054.001.08")
        assert read(raw)[0].source == "camt.054.001.08"

    def test_a_statement_and_a_notification_of_the_same_money_are_the_same_entry(self) -> None:
        details = f"<NtryDtls>{tx(text='FA-1')}</NtryDtls>"
        notified = camt(ntry(details=details), message="BkToCstmrDbtCdtNtfctn", part="Ntfctn", version="054.001.08")
        assert only(notified).id == only(camt(ntry())).id

    def test_a_batch_is_its_parts_where_they_come_to_the_sum(self) -> None:
        details = f"<NtryDtls>{tx('60.00', 'FA-1')}{tx('40.00', 'FA-2', name='Autre')}</NtryDtls>"
        entries = read(camt(ntry(details=details)))[0].entries
        assert [(str(e.amount.amount), e.text, e.payer) for e in entries] == [
            ("60.00", "FA-1", "Garage Morel"), ("40.00", "FA-2", "Autre"),
        ]  # fmt: skip
        assert [e.bank_reference for e in entries] == ["BK1/1", "BK1/2"]
        assert entries[0].id.removesuffix("-1") == only(camt(ntry())).id

    def test_a_batch_whose_parts_do_not_come_to_the_sum_stays_whole(self) -> None:
        details = f"<NtryDtls>{tx('60.00', 'FA-1')}{tx('30.00', 'FA-2')}</NtryDtls>"
        entry = only(camt(ntry(details=details)))
        assert (str(entry.amount), entry.text, entry.payer) == ("100.00 EUR", "FA-1\nFA-2", "")

    @pytest.mark.parametrize("status", ["<Sts><Cd>PDNG</Cd></Sts>", "<Sts>INFO</Sts>"])
    def test_what_is_not_booked_is_left_out(self, status: str) -> None:
        assert read(camt(ntry(status=status)))[0].entries == ()

    def test_the_old_way_of_saying_booked(self) -> None:
        assert only(camt(ntry(status="<Sts>BOOK</Sts>"), version="053.001.02")).kind is EntryKind.CREDIT

    @pytest.mark.parametrize(
        ("side", "extra", "family", "more", "kind"),
        [
            ("CRDT", "", "RCDT/ESCT", "", EntryKind.CREDIT),
            ("DBIT", "", "ICDT/ESCT", "", EntryKind.DEBIT),
            ("DBIT", "<RvslInd>true</RvslInd>", "RCDT/ESCT", "", EntryKind.REVERSAL),
            ("CRDT", "<RvslInd>true</RvslInd>", "ICDT/ESCT", "", EntryKind.RETURNED_TRANSFER),
            ("CRDT", "", "ICDT/RRTN", "", EntryKind.RETURNED_TRANSFER),
            ("DBIT", "", "IDDT/UPDD", "<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>", EntryKind.RETURNED_DEBIT),
            ("DBIT", "", "RCHQ/UPCQ", "", EntryKind.REVERSAL),
            ("DBIT", "", "CNTR/CHRG", "", EntryKind.CHARGE),
        ],
    )
    def test_the_direction_is_understood(self, side: str, extra: str, family: str, more: str, kind: EntryKind) -> None:
        code, sub = family.split("/")
        domain = f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{code}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>"
        entry = only(camt(ntry(side=side, extra=extra, details=f"{domain}<NtryDtls>{tx(more=more)}</NtryDtls>")))
        assert entry.kind is kind
        assert str(entry.amount) == "100.00 EUR"

    def test_structured_references_and_the_mandate_are_kept(self) -> None:
        more = "<RmtInf><Strd><RfrdDocInf><Nb>FA-7</Nb></RfrdDocInf><CdtrRefInf><Ref>RF18539007547034</Ref>"
        more += "</CdtrRefInf></Strd></RmtInf>"
        refs = "<MndtId>MD1</MndtId><ChqNb>1234567</ChqNb>"
        entry = only(camt(ntry(details=f"<NtryDtls>{tx(refs=refs, more=more)}</NtryDtls>")))
        assert (set(entry.references), entry.mandate) == ({"RF18539007547034", "FA-7", "1234567"}, "MD1")

    @pytest.mark.parametrize(
        ("raw", "told"),
        [
            (camt(ntry(amount="12,50")), "line 4: '12,50' is no amount"),
            (camt(ntry(amount="-12.50")), "line 4: '-12.50' is below zero"),
            (camt(ntry(side="XXXX")), "line 4: CdtDbtInd is 'XXXX'"),
            (camt(ntry()).replace(b"2026-03-02", b"2026-02-30"), "line 4: '2026-02-30' is no day"),
            (camt(ntry()).replace(b'"EUR"', b'"QQQ"'), "line 4: 'QQQ' is no ISO 4217 code"),
            (camt(ntry())[:-30], "line 5: the XML is broken"),
            (camt(ntry(), message="Other"), "line 2: the message is Other, no statement"),
            (b'<!DOCTYPE a SYSTEM "http://x.example/a.dtd">\n<a/>', "line 1: the file declares a document type"),
            (b"<a>" * 100, "line 1: more than"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_line(self, raw: bytes, told: str) -> None:
        with pytest.raises(BadFile) as refused:
            read(raw)
        assert f"file: {told}" in str(refused.value)

    def test_every_wrong_entry_is_named_at_once(self) -> None:
        with pytest.raises(BadFile) as refused:
            read(camt(ntry(amount="a"), "\n", ntry(), "\n", ntry(side="b")))
        assert [f.where for f in refused.value.findings] == ["line 4", "line 6"]


MT940 = """:20:X
:25:FR7630006000011234567890189
:60F:C260228EUR0,
:61:2603010302{mark}100,25N{type}NONREF//BANK1
:86:{text}
:62F:C260302EUR100,25
-
"""


def mt940(text: str = "FA-1", mark: str = "C", type_: str = "TRF") -> str:
    return MT940.format(text=text, mark=mark, type=type_)


class TestMt940:
    @pytest.mark.parametrize(
        ("mark", "type_", "text", "kind"),
        [
            ("C", "TRF", "FA-1", EntryKind.CREDIT), ("D", "TRF", "FA-1", EntryKind.DEBIT),
            ("RC", "TRF", "FA-1", EntryKind.REVERSAL), ("RD", "TRF", "FA-1", EntryKind.RETURNED_TRANSFER),
            ("D", "CHG", "", EntryKind.CHARGE), ("D", "DDT", "109?00RUECKLAST?20SVWZ+FA-1", EntryKind.RETURNED_DEBIT),
            ("C", "TRF", "159?00RETOURE?20FA-1", EntryKind.RETURNED_TRANSFER), ("CR", "TRF", "x", EntryKind.CREDIT),
        ],
    )  # fmt: skip
    def test_the_direction_is_understood(self, mark: str, type_: str, text: str, kind: EntryKind) -> None:
        entry = only(mt940(text, mark, type_))
        assert (entry.kind, str(entry.amount), entry.bank_reference) == (kind, "100.25 EUR", "BANK1")
        assert (entry.booked_on, entry.valued_on) == (date(2026, 3, 2), date(2026, 3, 1))

    def test_numbered_details(self) -> None:
        text = "166?00GUTSCHRIFT?20EREF+E2E-5?21MREF+MD1?22SVWZ+FA-2026-0101, FA-20?2326-0102\n?31DE123?32Garage?33 M"
        entry = only(mt940(text))
        assert (entry.payer, entry.payer_iban, entry.mandate) == ("Garage M", "DE123", "MD1")
        assert (entry.text, entry.references) == ("FA-2026-0101, FA-20\n26-0102", ("E2E-5",))

    def test_marked_details(self) -> None:
        entry = only(mt940("/TRTP/SEPA/IBAN/NL12ABNA0123456789/BIC/ABNANL2A/NAME/Garage Mor\nel/REMI/FA-1/EREF/E2E-5"))
        assert (entry.payer, entry.payer_iban, entry.text) == ("Garage Morel", "NL12ABNA0123456789", "FA-1")
        assert entry.references == ("E2E-5",)

    def test_the_day_of_booking_is_in_the_year_next_to_the_value_day(self) -> None:
        raw = mt940().replace("2603010302", "2512311201".replace("1201", "0102"))
        assert only(raw).booked_on == date(2026, 1, 2)

    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ("C100,25N", "X100,25N", "line 4: :61: '2603010302X100,25NTRFNONREF//BANK1' is no entry"),
            ("260301", "261301", "line 4: '261301' is no day"),
            ("EUR0,", "QQQ0,", "line 3: 'QQQ' is no ISO 4217 code"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_line(self, old: str, new: str, told: str) -> None:
        with pytest.raises(BadFile) as refused:
            read(mt940().replace(old, new, 1))
        assert f"file: {told}" in str(refused.value)


class TestCsv:
    def test_a_french_export_with_lines_before_its_header(self) -> None:
        raw = (
            "Compte;FR7630006000011234567890189\nSolde;1 234,56\n\n"
            "Date opération;Date valeur;Libellé;Débit euros;Crédit euros\n"
            "02/03/2026;01/03/2026;VIR GARAGE MOREL FA-1;;1 200,50\n03/03/2026;03/03/2026;FRAIS;-12,00;\n"
        ).encode("cp1252")
        [statement] = read(raw)
        assert [(str(e.amount), e.kind.value, e.booked_on.day) for e in statement.entries] == [
            ("1200.50 EUR", "credit", 2), ("12.00 EUR", "debit", 3),
        ]  # fmt: skip

    def test_our_own_columns(self) -> None:
        raw = "booked_on,amount,currency,payer,payer_iban,text,reference\n2026-03-02,-5.00,EUR,X,FR1 2,FA-1,R1\n"
        entry = only(raw)
        assert (entry.kind, entry.payer_iban, entry.bank_reference) == (EntryKind.DEBIT, "FR12", "R1")

    def test_columns_named_by_a_mapping(self) -> None:
        mapping = ColumnMap(
            columns={"booked_on": "Wann", "amount": "Wieviel"}, constants={"currency": "EUR"}, date_format="M/D/YYYY"
        )
        [statement] = read("Wann|Wieviel\n3/13/2026|10.00\n", mapping)
        assert statement.entries[0].booked_on == date(2026, 3, 13)

    @pytest.mark.parametrize(
        ("raw", "told"),
        [
            ("date;montant;devise\n02/03/2026;1.234;EUR\n", "line 2, column amount: '1.234' can be 1234 or 1"),
            ("date;montant;devise\n32/03/2026;1,23;EUR\n", "line 2, column booked_on:"),
            ("date;montant\n02/03/2026;1,23\n", "line 2: no currency"),
            ("a;b\n1;2\n", "line 1: no header of a statement is found"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_line(self, raw: str, told: str) -> None:
        with pytest.raises(BadFile) as refused:
            read(raw)
        assert f"file: {told}" in str(refused.value)


class TestIds:
    def test_the_same_entry_has_the_same_id_in_every_file(self) -> None:
        assert only(mt940()).id == only(mt940()).id
        assert only(mt940()).id != only(mt940(mark="D")).id

    def test_two_equal_entries_of_one_statement_are_two(self) -> None:
        entries = read(camt(ntry(reference="NONREF"), ntry(reference="NONREF")))[0].entries
        assert len({e.id for e in entries}) == 2

    def test_an_entry_with_a_reference_in_two_statements_of_a_file_that_overlap_is_one(self) -> None:
        raw = mt940() + mt940()
        assert len({e.id for s in read(raw) for e in s.entries}) == 1

    def test_entries_without_a_reference_in_two_statements_of_a_file_are_two(self) -> None:
        raw = (mt940() + mt940()).replace("//BANK1", "")
        assert len({e.id for s in read(raw) for e in s.entries}) == 2


_OFX = """OFXHEADER:100
DATA:OFXSGML

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>1<ACCTID>2</BANKACCTFROM><BANKTRANLIST>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260302<TRNAMT>10.00<FITID>F1<NAME>Garage</STMTTRN>
</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"""
_CSV = "date;montant;devise;libelle\n02/03/2026;1,23;EUR;FA-1\n"


class TestHostileFiles:
    def test_the_sample_downloads_are_sound(self) -> None:
        assert (only(_OFX).bank_reference, str(only(_OFX).amount)) == ("F1", "10.00 EUR")
        assert str(only(_CSV).amount) == "1.23 EUR"

    @settings(max_examples=400)
    @given(
        st.sampled_from([camt(ntry(details=f"<NtryDtls>{tx(text='FA-1')}</NtryDtls>")), mt940().encode(),
                         _OFX.encode(), _CSV.encode()]),
        st.integers(0, 1200), st.integers(0, 12), st.binary(max_size=12),
    )  # fmt: skip
    def test_a_damaged_file_is_read_or_refused_with_a_line(self, raw: bytes, at: int, cut: int, put: bytes) -> None:
        findings = []
        try:
            read(raw[:at] + put + raw[at + cut :])
        except BadFile as refused:
            findings = list(refused.findings)
        assert all(finding.where.startswith("line ") for finding in findings)
