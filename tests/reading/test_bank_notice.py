"""A camt.054 notification attached to an answer is read as the payment advice that it is."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from chalicelib.reading import Reading, parse, read
from tests.reading.reading_of import THEM, US, context

NOTICE = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
<GrpHdr><MsgId>N1</MsgId><CreDtTm>2026-11-20T18:00:00</CreDtTm></GrpHdr>
<Ntfctn><Id>1</Id><CreDtTm>2026-11-20T18:00:00</CreDtTm><Acct><Id><IBAN>FR7630006000011234567890189</IBAN></Id></Acct>
<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-11-20</Dt></BookgDt><ValDt><Dt>2026-11-20</Dt></ValDt>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><TxDtls><Refs><EndToEndId>VIR-2026-118</EndToEndId></Refs>
<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry></Ntfctn>
</BkToCstmrDbtCdtNtfctn></Document>"""


def answered(amount: str, text: str) -> Reading:
    out = EmailMessage()
    out["From"], out["To"], out["Subject"] = THEM, US, "RE: rappel"
    out["Date"], out["Message-ID"] = "Tue, 24 Nov 2026 09:00:00 +0100", "<m1@client.example>"
    out["In-Reply-To"] = "<1@us.example>"
    out.set_content("Bonjour, ci-joint notre avis de virement.")
    notice = NOTICE.format(amount=amount, text=text).encode()
    out.add_attachment(notice, maintype="application", subtype="xml", filename="avis.xml")
    return read(parse(out.as_bytes()), context())


def test_amount_day_reference_and_invoices_are_the_banks() -> None:
    reading = answered("1598.20", "F-1041 F-1058")
    assert reading.kind == "reply"
    assert reading.intents == ("remittance",)
    assert reading.invoices == ("F-1041", "F-1058")
    assert reading.remittance is not None
    assert (str(reading.remittance.amount), str(reading.remittance.date)) == ("1598.20", "2026-11-20")
    assert reading.remittance.reference == "VIR-2026-118"
    assert reading.decision == "apply"


def test_a_sum_that_fits_no_invoice_goes_to_a_person() -> None:
    assert answered("999.99", "F-1041 F-1058").decision == "review"


@pytest.mark.parametrize("broken", ["<Ustrd", "BkToCstmrDbtCdtNtfctn>"])
def test_a_notice_that_cannot_be_read_goes_to_a_person(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.NOTICE", NOTICE.replace(broken, broken[1:], 1))
    assert answered("1598.20", "F-1041 F-1058").decision == "review"
