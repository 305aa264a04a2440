"""Read a UN/CEFACT Cross Industry Invoice: every profile of Factur-X and ZUGFeRD, the first version of 2014 too.

Version 1 has other names for the containers and the same ones for what they hold; each is looked for under both.
"""

from __future__ import annotations

from decimal import Decimal

from chalicelib.domain.money import Money
from chalicelib.einvoicing.fields import Fields
from chalicelib.einvoicing.model import EInvoice, Party, Preceding
from chalicelib.einvoicing.parties import AUDIENCE, NO_ONE, clean_email, clean_vat, siren_of
from chalicelib.einvoicing.totals import CREDIT_NOTES, check_dates, check_sums, check_type, own_tax
from chalicelib.einvoicing.xml_tree import Element

NAMESPACES = {
    "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100": "CII",
    "urn:ferd:CrossIndustryDocument:invoice:1p0": "ZUGFeRD 1.0",
}

_HEAD = "ExchangedDocument|HeaderExchangedDocument"
_CONTEXT = "ExchangedDocumentContext|SpecifiedExchangedDocumentContext"
_TRADE = "SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction"
_AGREEMENT = "ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement"
_SETTLEMENT = "ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement"
_SUMS = "SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
_LINE = "IncludedSupplyChainTradeLineItem"
_LINE_SETTLEMENT = "SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement"
_LINE_SUMS = "SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation"


def read_cii(root: Element, name: str) -> EInvoice:
    """The invoice; BadFile names each element that must be read and cannot, by line and path."""
    fields = Fields(root, name)
    head, trade = root.first(_HEAD), root.first(_TRADE)
    agreement = trade.first(_AGREEMENT) if trade else None
    settlement = trade.first(_SETTLEMENT) if trade else None
    if head is None or agreement is None or trade is None or settlement is None:
        for path in ((_HEAD,), (_TRADE, _AGREEMENT), (_TRADE, _SETTLEMENT)):
            if root.first(*path) is None:
                fields.required(root, *path)
        fields.refuse_unreadable()
        raise AssertionError("refused above")

    number = fields.required(head, "ID")
    code = fields.required(head, "TypeCode")
    check_type(fields, head.first("TypeCode"))
    fields.required(head, "IssueDateTime", "DateTimeString|DateTime")
    issued = fields.day(head.first("IssueDateTime", "DateTimeString|DateTime"))
    fields.find_currency(settlement, "InvoiceCurrencyCode")
    fields.required(settlement, _SUMS, "GrandTotalAmount")
    sums, total_at = settlement.first(_SUMS), settlement.first(_SUMS, "GrandTotalAmount")
    total = fields.amount(total_at)
    is_credit = code in CREDIT_NOTES or bool(total and total.amount < 0)
    profile = root.said(_CONTEXT, "GuidelineSpecifiedDocumentContextParameter", "ID")

    prepaid_at, due_amount_at = _of(sums, "TotalPrepaidAmount"), _of(sums, "DuePayableAmount")
    prepaid = fields.amount(prepaid_at)
    due = fields.amount(due_amount_at)
    net_at, tax_at = _of(sums, "TaxBasisTotalAmount"), own_tax(fields, sums.all("TaxTotalAmount") if sums else ())
    net, tax = fields.amount(net_at), fields.amount(tax_at)
    rounding_at = _of(sums, "RoundingAmount")

    due_days = settlement.all("SpecifiedTradePaymentTerms", "DueDateDateTime", "DateTimeString|DateTime")
    dues = sorted(((d, e) for e in due_days if (d := fields.day(e))), key=lambda pair: pair[0])
    due_on, due_at = dues[-1] if dues else (None, None)
    if due_at is not None and len(dues) > 1:
        fields.note(due_at, f"{len(dues)} due dates: the last one, {due_on}, is taken", "watch the earlier ones")

    if not is_credit:
        check_dates(fields, issued, due_on, due_at)
    check_sums(
        fields, lines=_line_totals(trade), line_total=_of(sums, "LineTotalAmount"), net=net_at,
        taxes=list(settlement.all("ApplicableTradeTax", "CalculatedAmount")), tax=tax_at, total=total_at,
        prepaid=prepaid_at, rounding=rounding_at, due=due_amount_at, charges=_of(sums, "ChargeTotalAmount"),
        allowances=_of(sums, "AllowanceTotalAmount"), is_credit=is_credit, says_prepaid=not profile.endswith("minimum"),
        line_slack=Decimal("0.01") if NAMESPACES.get(root.namespace) == "ZUGFeRD 1.0" else Decimal(0),
    )  # fmt: skip
    fields.refuse_unreadable()
    if total is None or issued is None:
        raise AssertionError("refused above")
    zero = Money.zero(total.currency)
    if prepaid is None:  # the minimum profile says only what is left
        prepaid = total - due if due is not None and profile.endswith("minimum") and not is_credit else zero
    means = settlement.first("SpecifiedTradeSettlementPaymentMeans")
    return EInvoice(
        number=number, type_code=code, is_credit_note=is_credit, issued_on=issued, due_on=due_on,
        terms=settlement.said("SpecifiedTradePaymentTerms", "Description"), currency=total.currency, net=net, tax=tax,
        total=_size(total) if is_credit else total, prepaid=prepaid, rounding=fields.number(rounding_at) or Decimal(0),
        due=due if due is not None else total - prepaid,
        seller=_party(agreement.first("SellerTradeParty")), buyer=_party(agreement.first("BuyerTradeParty")),
        purchase_order=agreement.said("BuyerOrderReferencedDocument", "IssuerAssignedID|ID"),
        buyer_reference=agreement.said("BuyerReference"),
        contract=agreement.said("ContractReferencedDocument", "IssuerAssignedID|ID"),
        iban=means.said("PayeePartyCreditorFinancialAccount", "IBANID").replace(" ", "") if means else "",
        bic=means.said("PayeeSpecifiedCreditorFinancialInstitution", "BICID") if means else "",
        payment_reference=settlement.said("PaymentReference"),
        preceding=_preceding(fields, settlement),
        notes=tuple(text for e in head.all("IncludedNote", "Content") if (text := e.text.strip())),
        audience=next(
            (e.said("Content") for e in head.all("IncludedNote") if e.said("SubjectCode") == AUDIENCE), ""
        ),
        syntax=NAMESPACES.get(root.namespace, "CII"),
        profile=profile,
        troubles=tuple(fields.troubles),
    )  # fmt: skip


def _of(sums: Element | None, name: str) -> Element | None:
    return sums.first(name) if sums else None


def _line_totals(trade: Element) -> list[Element]:
    """The totals of the lines that count: detail lines, not sub-totals and not remarks (extended profile)."""
    counted = []
    for line in trade.all(_LINE):
        kind = line.said("AssociatedDocumentLineDocument", "LineStatusReasonCode")
        amount = line.first(_LINE_SETTLEMENT, _LINE_SUMS, "LineTotalAmount")
        if amount is not None and kind in ("", "DETAIL"):
            counted.append(amount)
    return counted


def _preceding(fields: Fields, settlement: Element) -> tuple[Preceding, ...]:
    found: dict[str, Preceding] = {}
    for reference in settlement.all("InvoiceReferencedDocument"):
        number = reference.said("IssuerAssignedID|ID")
        if number:
            day = fields.day(reference.first("FormattedIssueDateTime", "DateTimeString"))
            found.setdefault(number, Preceding(number=number, issued_on=day))
    return tuple(found.values())


def _party(element: Element | None) -> Party:
    if element is None:
        return NO_ONE
    legal_id = element.said("SpecifiedLegalOrganization", "ID")
    identifiers = [
        (e.attributes.get("schemeID", ""), e.text.strip())
        for e in (*element.all("GlobalID"), *element.all("ID"), *element.all("SpecifiedLegalOrganization", "ID"))
        if e.text.strip()
    ]
    tax = [(e.attributes.get("schemeID", ""), e.text.strip()) for e in element.all("SpecifiedTaxRegistration", "ID")]
    vat = next((value for scheme, value in tax if scheme == "VA"), "")
    contact = element.first("DefinedTradeContact")
    uri = element.first("URIUniversalCommunication", "URIID")
    email = contact.said("EmailURIUniversalCommunication", "URIID|CompleteNumber") if contact else ""
    if not email and uri is not None and uri.attributes.get("schemeID") == "EM":
        email = uri.text
    place = element.first("PostalTradeAddress")
    said = place.said if place else (lambda *_: "")
    town = " ".join(part for part in (said("PostcodeCode"), said("CityName")) if part)
    lines = (said("LineOne"), said("LineTwo"), said("LineThree"), town)
    return Party(
        name=element.said("Name") or element.said("SpecifiedLegalOrganization", "TradingBusinessName"),
        siren=siren_of(identifiers, vat),
        legal_id=legal_id,
        vat_number=clean_vat(vat),
        account=next((value for scheme, value in identifiers if not scheme and value != legal_id), ""),
        identifiers=tuple(identifiers),
        email=clean_email(email),
        contact=contact.said("PersonName") or contact.said("DepartmentName") if contact else "",
        phone=contact.said("TelephoneUniversalCommunication", "CompleteNumber") if contact else "",
        address=tuple(line for line in lines if line),
        country=said("CountryID").upper(),
    )


def _size(amount: Money) -> Money:
    return -amount if amount.amount < 0 else amount
