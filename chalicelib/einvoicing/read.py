"""Read an electronic document from its bytes: a Factur-X PDF, a CII or UBL invoice, or statuses of invoices.

    match read_document(raw, "F1.pdf"):
        case EInvoice() as invoice: ...
        case statuses: ...

What cannot be read is refused with its line and path; what contradicts itself is read, and `troubles` tells it.
"""

from __future__ import annotations

from chalicelib.einvoicing import cdar, cii, ubl
from chalicelib.einvoicing.model import Document, EInvoice
from chalicelib.einvoicing.pdf import attached_xml
from chalicelib.einvoicing.xml_tree import Element, read_xml
from chalicelib.errors import BadInput

_FOREIGN = {
    "SCRDMCCBDACIOMessageStructure": "an order (Order-X)",
    "Order": "an order",
    "ApplicationResponse": "a UBL application response, which is not read",
    "FatturaElettronica": "an Italian FatturaPA, which is not read",
    "Document": "a bank's message",
}


def is_pdf(raw: bytes) -> bool:
    return b"%PDF-" in raw[:1024]


def is_xml(raw: bytes) -> bool:
    """Whether it looks like XML: in UTF-8, or in UTF-16 with or without its mark."""
    head = raw[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith((b"<", b"\xff\xfe<", b"\xfe\xff\x00<", b"\x00<", b"<\x00"))


def read_document(raw: bytes, name: str = "document") -> Document:
    """An invoice, or the statuses of a lifecycle message; BadInput (BadFile) says what is wrong and where."""
    if is_pdf(raw):
        return read_invoice(raw, name)
    root = read_xml(raw, name)
    if root.namespace == cdar.NAMESPACE:
        return cdar.read_cdar(root, name)
    return _invoice(root, name)


def read_invoice(raw: bytes, name: str = "invoice") -> EInvoice:
    """An invoice or credit note from a PDF or from XML."""
    xml = attached_xml(raw, name) if is_pdf(raw) else raw
    return _invoice(read_xml(xml, name), name)


def _invoice(root: Element, name: str) -> EInvoice:
    if root.namespace in cii.NAMESPACES:
        return cii.read_cii(root, name)
    if root.namespace in ubl.NAMESPACES:
        return ubl.read_ubl(root, name)
    what = _FOREIGN.get(root.name, f"<{root.name}> of {root.namespace or 'no namespace'}")
    remedy = "an invoice is CrossIndustryInvoice (CII, Factur-X) or a UBL Invoice or CreditNote"
    raise BadInput(f"{name}: line {root.line}", f"this is {what}", remedy)
