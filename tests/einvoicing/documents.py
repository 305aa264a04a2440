"""Write electronic invoices and statuses for tests: plain facts, changed by keyword where a test needs others."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

import pypdf

_CII = """<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"
 xmlns:qdt="urn:un:unece:uncefact:data:standard:QualifiedDataType:100">
<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>
<ram:ID>{profile}</ram:ID>
</ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
<rsm:ExchangedDocument>
<ram:ID>{number}</ram:ID>
<ram:TypeCode>{type_code}</ram:TypeCode>
<ram:IssueDateTime><udt:DateTimeString format="102">{issued}</udt:DateTimeString></ram:IssueDateTime>
</rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction>
<ram:ApplicableHeaderTradeAgreement>
<ram:SellerTradeParty><ram:Name>Atelier Verre Clair</ram:Name>
<ram:SpecifiedLegalOrganization><ram:ID schemeID="0002">{seller}</ram:ID></ram:SpecifiedLegalOrganization>
</ram:SellerTradeParty>
<ram:BuyerTradeParty>{account}<ram:Name>{buyer}</ram:Name>
{siren}
<ram:PostalTradeAddress><ram:PostcodeCode>69003</ram:PostcodeCode><ram:LineOne>1 rue du Port</ram:LineOne>
<ram:CityName>Lyon</ram:CityName><ram:CountryID>{country}</ram:CountryID></ram:PostalTradeAddress>
{email}{vat}
</ram:BuyerTradeParty>{order}
</ram:ApplicableHeaderTradeAgreement>
<ram:ApplicableHeaderTradeDelivery/>
<ram:ApplicableHeaderTradeSettlement>
<ram:InvoiceCurrencyCode>{currency}</ram:InvoiceCurrencyCode>{iban}{terms}
<ram:SpecifiedTradeSettlementHeaderMonetarySummation>
<ram:TaxBasisTotalAmount>{net}</ram:TaxBasisTotalAmount>
<ram:TaxTotalAmount currencyID="{currency}">{tax}</ram:TaxTotalAmount>
<ram:GrandTotalAmount>{total}</ram:GrandTotalAmount>{prepaid}
<ram:DuePayableAmount>{payable}</ram:DuePayableAmount>
</ram:SpecifiedTradeSettlementHeaderMonetarySummation>{preceding}
</ram:ApplicableHeaderTradeSettlement>
</rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>"""


def cii(number: str = "F1", **facts: Any) -> bytes:
    """An invoice of 1200.00 from us to Garage Morel, issued on 2026-02-08, due on 2026-03-10, unless said otherwise."""
    said: dict[str, Any] = {
        "number": number, "type_code": "380", "issued": "20260208", "due": "20260310", "terms": "",
        "seller": "123456782", "buyer": "Garage Morel", "siren": "552100554", "vat": "", "account": "", "email": "",
        "country": "FR", "order": "", "currency": "EUR", "net": "1000.00", "tax": "200.00", "total": "1200.00",
        "prepaid": "", "payable": None, "preceding": "", "iban": "", "profile": "urn:cen.eu:en16931:2017",
    } | facts  # fmt: skip
    bits = {key: escape(str(value)) for key, value in said.items() if value is not None}
    payable = said["payable"] if said["payable"] is not None else said["total"]
    day = f'<udt:DateTimeString format="102">{bits["due"]}</udt:DateTimeString>'
    due = f"<ram:DueDateDateTime>{day}</ram:DueDateDateTime>"
    description = f"<ram:Description>{bits['terms']}</ram:Description>" if said["terms"] else ""
    terms = f"{description}{due if said['due'] else ''}"
    siren = f'<ram:ID schemeID="0002">{bits["siren"]}</ram:ID>'
    return _CII.format(**bits | {
        "payable": payable,
        "terms": f"\n<ram:SpecifiedTradePaymentTerms>{terms}</ram:SpecifiedTradePaymentTerms>" if terms else "",
        "siren": f"<ram:SpecifiedLegalOrganization>{siren}</ram:SpecifiedLegalOrganization>" if said["siren"] else "",
        "account": f"<ram:ID>{bits['account']}</ram:ID>" if said["account"] else "",
        "email": f'<ram:URIUniversalCommunication><ram:URIID schemeID="EM">{bits["email"]}</ram:URIID>'
        "</ram:URIUniversalCommunication>" if said["email"] else "",
        "vat": f'<ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">{bits["vat"]}</ram:ID>'
        "</ram:SpecifiedTaxRegistration>" if said["vat"] else "",
        "order": f"\n<ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>{bits['order']}</ram:IssuerAssignedID>"
        "</ram:BuyerOrderReferencedDocument>" if said["order"] else "",
        "iban": "\n<ram:SpecifiedTradeSettlementPaymentMeans><ram:PayeePartyCreditorFinancialAccount><ram:IBANID>"
        f"{bits['iban']}</ram:IBANID></ram:PayeePartyCreditorFinancialAccount>"
        "</ram:SpecifiedTradeSettlementPaymentMeans>" if said["iban"] else "",
        "prepaid": f"\n<ram:TotalPrepaidAmount>{bits['prepaid']}</ram:TotalPrepaidAmount>" if said["prepaid"] else "",
        "preceding": "".join(
            f"\n<ram:InvoiceReferencedDocument><ram:IssuerAssignedID>{escape(n)}</ram:IssuerAssignedID>"
            "</ram:InvoiceReferencedDocument>" for n in str(said["preceding"]).split()
        ),
    }).encode()  # fmt: skip


def ubl(number: str = "F1", *, credit: bool = False, **facts: Any) -> bytes:
    """The same invoice as UBL, or a credit note."""
    said: dict[str, Any] = {
        "issued": "2026-02-08", "due": "2026-03-10", "siren": "552100554", "total": "1200.00", "prepaid": "0.00",
        "payable": "1200.00", "preceding": "", "code": "381" if credit else "380", "order": "BC-7",
    } | facts  # fmt: skip
    root = "CreditNote" if credit else "Invoice"
    preceding = "".join(
        "<cac:BillingReference><cac:InvoiceDocumentReference>"
        f"<cbc:ID>{n}</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>"
        for n in said["preceding"].split()
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>
<cbc:ID>{number}</cbc:ID><cbc:IssueDate>{said["issued"]}</cbc:IssueDate>
{"" if credit else f"<cbc:DueDate>{said['due']}</cbc:DueDate>"}
<cbc:{root}TypeCode>{said["code"]}</cbc:{root}TypeCode>
<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:OrderReference><cbc:ID>{said["order"]}</cbc:ID></cac:OrderReference>{preceding}
<cac:AccountingSupplierParty><cac:Party><cac:PartyLegalEntity>
<cbc:RegistrationName>Atelier Verre Clair</cbc:RegistrationName><cbc:CompanyID schemeID="0002">123456782</cbc:CompanyID>
</cac:PartyLegalEntity></cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party>
<cac:PostalAddress><cac:Country><cbc:IdentificationCode>FR</cbc:IdentificationCode></cac:Country></cac:PostalAddress>
<cac:PartyLegalEntity><cbc:RegistrationName>Garage Morel</cbc:RegistrationName>
<cbc:CompanyID schemeID="0002">{said["siren"]}</cbc:CompanyID></cac:PartyLegalEntity>
<cac:Contact><cbc:ElectronicMail>compta@garage-morel.example</cbc:ElectronicMail></cac:Contact>
</cac:Party></cac:AccountingCustomerParty>
<cac:LegalMonetaryTotal>
<cbc:TaxInclusiveAmount currencyID="EUR">{said["total"]}</cbc:TaxInclusiveAmount>
<cbc:PrepaidAmount currencyID="EUR">{said["prepaid"]}</cbc:PrepaidAmount>
<cbc:PayableAmount currencyID="EUR">{said["payable"]}</cbc:PayableAmount>
</cac:LegalMonetaryTotal>
</{root}>""".encode()


def cdar(code: str, number: str = "F1", *, on: str = "20260312", message: str = "", inside: str = "") -> bytes:
    """A lifecycle message of one status; `inside` is what its SpecifiedDocumentStatus holds."""
    status = f"<ram:SpecifiedDocumentStatus>{inside}</ram:SpecifiedDocumentStatus>" if inside else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossDomainAcknowledgementAndResponse
 xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossDomainAcknowledgementAndResponse:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"
 xmlns:qdt="urn:un:unece:uncefact:data:standard:QualifiedDataType:100">
<rsm:ExchangedDocument><ram:ID>{message or f"{number}-{code}-{on}"}</ram:ID>
<ram:IssueDateTime><udt:DateTimeString format="204">{on}101500</udt:DateTimeString></ram:IssueDateTime>
<ram:IssuerTradeParty><ram:GlobalID schemeID="0002">552100554</ram:GlobalID><ram:RoleCode>BY</ram:RoleCode>
</ram:IssuerTradeParty></rsm:ExchangedDocument>
<rsm:AcknowledgementDocument><ram:TypeCode>23</ram:TypeCode>
<ram:IssueDateTime><udt:DateTimeString format="204">{on}101500</udt:DateTimeString></ram:IssueDateTime>
<ram:ReferenceReferencedDocument><ram:IssuerAssignedID>{number}</ram:IssuerAssignedID>
<ram:TypeCode>380</ram:TypeCode>
<ram:FormattedIssueDateTime><qdt:DateTimeString format="102">20260208</qdt:DateTimeString></ram:FormattedIssueDateTime>
<ram:ProcessConditionCode>{code}</ram:ProcessConditionCode>{status}
</ram:ReferenceReferencedDocument></rsm:AcknowledgementDocument>
</rsm:CrossDomainAcknowledgementAndResponse>""".encode()


def pdf(xml: bytes | None, name: str = "factur-x.xml", *, password: str = "") -> bytes:
    """A page with an attachment, as a Factur-X is one."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(595, 842)
    if xml is not None:
        writer.add_attachment(name, xml)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
