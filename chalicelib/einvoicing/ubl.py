"""Read an OASIS UBL 2.1 Invoice or CreditNote (EN 16931, Peppol BIS, XRechnung, the French extension)."""

from __future__ import annotations

import re
from decimal import Decimal

from chalicelib.domain.money import Money
from chalicelib.einvoicing.fields import Fields
from chalicelib.einvoicing.model import EInvoice, Party, Preceding
from chalicelib.einvoicing.parties import AUDIENCE, NO_ONE, clean_email, clean_vat, siren_of
from chalicelib.einvoicing.totals import CREDIT_NOTES, check_dates, check_sums, check_type, own_tax
from chalicelib.einvoicing.xml_tree import Element

NAMESPACES = {
    "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2": "Invoice",
    "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2": "CreditNote",
}

_NO_ORDER = frozenset({"NA", "N/A"})  # Peppol demands an order or a buyer reference: "NA" stands for none


def read_ubl(root: Element, name: str) -> EInvoice:
    """The invoice; BadFile names each element that must be read and cannot, by line and path."""
    fields = Fields(root, name)
    credit_root = NAMESPACES.get(root.namespace, root.name) == "CreditNote"
    profile = root.said("CustomizationID")
    number = fields.required(root, "ID")
    code_name = "CreditNoteTypeCode" if credit_root else "InvoiceTypeCode"
    code = "381" if credit_root and root.first(code_name) is None else fields.required(root, code_name)
    check_type(fields, root.first(code_name))
    fields.required(root, "IssueDate")
    issued = fields.day(root.first("IssueDate"))
    fields.find_currency(root, "DocumentCurrencyCode")

    fields.required(root, "LegalMonetaryTotal", "PayableAmount")
    sums = root.first("LegalMonetaryTotal")
    total_at, due_amount_at = _of(sums, "TaxInclusiveAmount"), _of(sums, "PayableAmount")
    due = fields.amount(due_amount_at)
    prepaid_at, rounding_at = _of(sums, "PrepaidAmount"), _of(sums, "PayableRoundingAmount")
    prepaid = fields.amount(prepaid_at)
    total = fields.amount(total_at)
    net_at, tax_at = _of(sums, "TaxExclusiveAmount"), own_tax(fields, root.all("TaxTotal", "TaxAmount"))
    net, tax = fields.amount(net_at), fields.amount(tax_at)
    is_credit = code in CREDIT_NOTES or credit_root or bool(total and total.amount < 0)

    due_at = root.first("DueDate") or root.first("PaymentMeans", "PaymentDueDate")
    due_on = fields.day(due_at)
    if not is_credit:
        check_dates(fields, issued, due_on, due_at)
    taxes = tax_at.parent if tax_at is not None else None
    check_sums(
        fields, lines=list(root.all("InvoiceLine|CreditNoteLine", "LineExtensionAmount")),
        line_total=_of(sums, "LineExtensionAmount"), net=net_at,
        taxes=list(taxes.all("TaxSubtotal", "TaxAmount")) if taxes else [], tax=tax_at, total=total_at,
        prepaid=prepaid_at, rounding=rounding_at, due=due_amount_at, charges=_of(sums, "ChargeTotalAmount"),
        allowances=_of(sums, "AllowanceTotalAmount"), is_credit=is_credit,
        for_others=list(root.all("PrepaidPayment", "PaidAmount")) if "extension" in profile else [],
    )  # fmt: skip
    fields.refuse_unreadable()
    if due is None or issued is None:
        raise AssertionError("refused above")
    zero = Money.zero(due.currency)
    total = total if total is not None else due + (prepaid or zero)
    notes = [_note(e.text) for e in root.all("Note") if e.text]
    order = root.said("OrderReference", "ID")
    means = [e for e in root.all("PaymentMeans") if e.said("PayeeFinancialAccount", "ID")]
    return EInvoice(
        number=number, type_code=code, is_credit_note=is_credit, issued_on=issued, due_on=due_on,
        terms=root.said("PaymentTerms", "Note"), currency=due.currency, net=net, tax=tax,
        total=-total if is_credit and total.amount < 0 else total, prepaid=prepaid or zero,
        rounding=fields.number(rounding_at) or Decimal(0), due=due,
        seller=_party(root.first("AccountingSupplierParty", "Party")),
        buyer=_party(root.first("AccountingCustomerParty", "Party")),
        purchase_order="" if order.upper() in _NO_ORDER else order,
        buyer_reference=root.said("BuyerReference"),
        contract=root.said("ContractDocumentReference", "ID"),
        iban=means[0].said("PayeeFinancialAccount", "ID").replace(" ", "") if means else "",
        bic=means[0].said("PayeeFinancialAccount", "FinancialInstitutionBranch", "ID") if means else "",
        payment_reference=root.said("PaymentMeans", "PaymentID"),
        preceding=_preceding(fields, root),
        notes=tuple(text for _, text in notes),
        audience=next((text for subject, text in notes if subject == AUDIENCE), ""),
        syntax="UBL",
        profile=profile,
        troubles=tuple(fields.troubles),
    )  # fmt: skip


def _note(text: str) -> tuple[str, str]:
    """The subject code and the words of a note: UBL has no field for the code and writes "#AAB#words"."""
    found = re.match(r"#([A-Z]{3})#", text)
    return (found[1], text[found.end() :].strip()) if found else ("", text)


def _of(sums: Element | None, name: str) -> Element | None:
    return sums.first(name) if sums else None


def _preceding(fields: Fields, root: Element) -> tuple[Preceding, ...]:
    found: dict[str, Preceding] = {}
    for reference in root.all("BillingReference", "InvoiceDocumentReference"):
        number = reference.said("ID")
        if number:
            day = fields.day(reference.first("IssueDate"))
            found.setdefault(number, Preceding(number=number, issued_on=day))
    return tuple(found.values())


def _party(element: Element | None) -> Party:
    if element is None:
        return NO_ONE
    identifiers = [
        (e.attributes.get("schemeID", ""), e.text.strip())
        for e in (*element.all("PartyIdentification", "ID"), *element.all("PartyLegalEntity", "CompanyID"))
        if e.text.strip()
    ]
    vat = next(
        (
            scheme.said("CompanyID")
            for scheme in element.all("PartyTaxScheme")
            if scheme.said("TaxScheme", "ID") in ("VAT", "VA") and scheme.said("CompanyID")
        ),
        "",
    )
    contact = element.first("Contact")
    endpoint = element.first("EndpointID")
    email = contact.said("ElectronicMail") if contact else ""
    if not email and endpoint is not None and endpoint.attributes.get("schemeID") == "EM":
        email = endpoint.text
    place = element.first("PostalAddress")
    said = place.said if place else (lambda *_: "")
    town = " ".join(part for part in (said("PostalZone"), said("CityName")) if part)
    lines = (said("StreetName"), said("AdditionalStreetName"), said("AddressLine", "Line"), town)
    legal_id = element.said("PartyLegalEntity", "CompanyID")
    own_number = (v for e in element.all("PartyIdentification", "ID") if not e.attributes and (v := e.text.strip()))
    return Party(
        name=element.said("PartyLegalEntity", "RegistrationName") or element.said("PartyName", "Name"),
        siren=siren_of(identifiers, vat),
        legal_id=legal_id,
        vat_number=clean_vat(vat),
        account=next(own_number, ""),
        identifiers=tuple(identifiers),
        email=clean_email(email),
        contact=contact.said("Name") if contact else "",
        phone=contact.said("Telephone") if contact else "",
        address=tuple(line for line in lines if line),
        country=said("Country", "IdentificationCode").upper(),
    )
