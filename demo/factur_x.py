"""Write an invoice as a Factur-X: a page that a person reads, and the same invoice as CII XML attached to it."""

from __future__ import annotations

import io
from decimal import Decimal
from xml.sax.saxutils import escape

import pypdf

from chalicelib.domain.company import siren_in
from chalicelib.domain.creditor import Creditor
from demo.company import Client, Sale

ATTACHED_AS = "factur-x.xml"
VAT = Decimal("20")

_CII = """<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
 <rsm:ExchangedDocumentContext>
  <ram:GuidelineSpecifiedDocumentContextParameter>
   <ram:ID>urn:factur-x.eu:1p0:basicwl</ram:ID>
  </ram:GuidelineSpecifiedDocumentContextParameter>
 </rsm:ExchangedDocumentContext>
 <rsm:ExchangedDocument>
  <ram:ID>{number}</ram:ID>
  <ram:TypeCode>{code}</ram:TypeCode>
  <ram:IssueDateTime><udt:DateTimeString format="102">{issued}</udt:DateTimeString></ram:IssueDateTime>
 </rsm:ExchangedDocument>
 <rsm:SupplyChainTradeTransaction>
  <ram:ApplicableHeaderTradeAgreement>
   <ram:SellerTradeParty>
    <ram:Name>{seller}</ram:Name>
    <ram:SpecifiedLegalOrganization><ram:ID schemeID="0002">{siren}</ram:ID></ram:SpecifiedLegalOrganization>
    <ram:PostalTradeAddress><ram:CountryID>{home}</ram:CountryID></ram:PostalTradeAddress>
    <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">{vat_number}</ram:ID></ram:SpecifiedTaxRegistration>
   </ram:SellerTradeParty>
   <ram:BuyerTradeParty>
    <ram:ID>{account}</ram:ID>
    <ram:Name>{buyer}</ram:Name>
    <ram:PostalTradeAddress><ram:CountryID>{country}</ram:CountryID></ram:PostalTradeAddress>
    <ram:URIUniversalCommunication><ram:URIID schemeID="EM">{email}</ram:URIID></ram:URIUniversalCommunication>
   </ram:BuyerTradeParty>{order}
  </ram:ApplicableHeaderTradeAgreement>
  <ram:ApplicableHeaderTradeDelivery/>
  <ram:ApplicableHeaderTradeSettlement>
   <ram:PaymentReference>{number}</ram:PaymentReference>
   <ram:InvoiceCurrencyCode>{currency}</ram:InvoiceCurrencyCode>
   <ram:SpecifiedTradeSettlementPaymentMeans>
    <ram:TypeCode>30</ram:TypeCode>
    <ram:PayeePartyCreditorFinancialAccount><ram:IBANID>{iban}</ram:IBANID></ram:PayeePartyCreditorFinancialAccount>
   </ram:SpecifiedTradeSettlementPaymentMeans>
   <ram:ApplicableTradeTax>
    <ram:CalculatedAmount>{tax}</ram:CalculatedAmount>
    <ram:TypeCode>VAT</ram:TypeCode>{exempt}
    <ram:BasisAmount>{net}</ram:BasisAmount>
    <ram:CategoryCode>{category}</ram:CategoryCode>
    <ram:RateApplicablePercent>{rate}</ram:RateApplicablePercent>
   </ram:ApplicableTradeTax>
   <ram:SpecifiedTradePaymentTerms>
    <ram:DueDateDateTime><udt:DateTimeString format="102">{due}</udt:DateTimeString></ram:DueDateDateTime>
   </ram:SpecifiedTradePaymentTerms>
   <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
    <ram:LineTotalAmount>{net}</ram:LineTotalAmount>
    <ram:TaxBasisTotalAmount>{net}</ram:TaxBasisTotalAmount>
    <ram:TaxTotalAmount currencyID="{currency}">{tax}</ram:TaxTotalAmount>
    <ram:GrandTotalAmount>{total}</ram:GrandTotalAmount>
    <ram:DuePayableAmount>{total}</ram:DuePayableAmount>
   </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
{before}  </ram:ApplicableHeaderTradeSettlement>
 </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
"""


def factur_x(sale: Sale, client: Client, creditor: Creditor) -> bytes:
    """The PDF; the same bytes whenever the same invoice is written."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(page(_words(sale, client, creditor))))
    writer.add_attachment(ATTACHED_AS, cii(sale, client, creditor))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def cii(sale: Sale, client: Client, creditor: Creditor) -> bytes:
    net, tax = _parts(sale, client)
    before = f"""   <ram:InvoiceReferencedDocument>
    <ram:IssuerAssignedID>{escape(sale.takes_back)}</ram:IssuerAssignedID>
   </ram:InvoiceReferencedDocument>
"""
    order = f"""
   <ram:BuyerOrderReferencedDocument>
    <ram:IssuerAssignedID>{escape(sale.purchase_order)}</ram:IssuerAssignedID>
   </ram:BuyerOrderReferencedDocument>"""
    exempt = "\n    <ram:ExemptionReason>Delivered outside France</ram:ExemptionReason>"
    said = {
        "number": sale.number, "issued": f"{sale.issued_on:%Y%m%d}", "due": f"{sale.due_on:%Y%m%d}",
        "seller": creditor.name, "siren": siren_in(creditor.legal_id), "vat_number": creditor.vat_number,
        "home": creditor.country, "iban": creditor.iban.replace(" ", ""), "account": client.account,
        "buyer": client.name, "country": client.country, "email": client.email, "currency": sale.currency,
        "net": f"{net:.2f}", "tax": f"{tax:.2f}", "total": f"{abs(sale.amount):.2f}",
        "code": 381 if sale.amount < 0 else 380,
        "category": "S" if tax else "G", "rate": f"{VAT if tax else Decimal():.2f}",
    }  # fmt: skip
    written = {key: escape(str(value)) for key, value in said.items()}
    parts = {
        "order": order if sale.purchase_order else "", "exempt": "" if tax else exempt,
        "before": before if sale.takes_back else "",
    }  # fmt: skip
    return _CII.format(**written, **parts).encode()


def _parts(sale: Sale, client: Client) -> tuple[Decimal, Decimal]:
    """Net and tax of what is invoiced or credited; what is delivered abroad is invoiced without tax."""
    amount = abs(sale.amount)
    if client.country != "FR":
        return amount, Decimal()
    net = (amount / (1 + VAT / 100)).quantize(Decimal("0.01"))
    return net, amount - net


def _words(sale: Sale, client: Client, creditor: Creditor) -> list[str]:
    net, tax = _parts(sale, client)
    french = client.language == "fr"
    titles = (
        ("Facture", "Date", "Échéance", "Client", "Total HT", "TVA", "Total à payer", "À virer sur")
        if french
        else ("Invoice", "Date", "Due", "Client", "Net", "VAT", "To be paid", "Pay by transfer to")
    )
    values = (
        sale.number, f"{sale.issued_on:%d/%m/%Y}", f"{sale.due_on:%d/%m/%Y}", f"{client.name} ({client.account})",
        f"{net:.2f} {sale.currency}", f"{tax:.2f} {sale.currency}", f"{abs(sale.amount):.2f} {sale.currency}",
        creditor.iban,
    )  # fmt: skip
    colon = " :" if french else ":"
    rows = [f"{title}{colon} {value}" for title, value in zip(titles, values, strict=True)]
    if sale.amount < 0:  # who is credited pays nothing, by no day
        rows = [f"Avoir{colon} {sale.number}, sur la facture {sale.takes_back}", rows[1], *rows[3:6]]
    return [creditor.name, *creditor.address, creditor.legal_id, "", *rows]


def page(lines: list[str]) -> bytes:
    """A page of Helvetica with these lines; the first is the letterhead."""
    shown = ["BT 56 780 Td 16 TL"]
    for place, line in enumerate(lines):
        bare = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        shown.append(f"/F1 {16 if place == 0 else 11} Tf ({bare}) Tj T*")
    content = "\n".join([*shown, "ET"]).encode("cp1252", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = io.BytesIO(b"%PDF-1.7\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return out.getvalue()
