"""Read a lifecycle message of French e-invoicing: UN/CEFACT Cross Domain Acknowledgement and Response (CDAR).

The French list of statuses stands in ProcessConditionCode of each document that is referred to (or of each status
below it); ReasonCode, Reason and the notes say why, characteristics of type MEN and MPA how much was cashed or paid.
"""

from __future__ import annotations

from datetime import date

from chalicelib.domain.lifecycle import STATUSES, InvoiceStatus
from chalicelib.domain.money import CURRENCIES, Money
from chalicelib.einvoicing.fields import Fields
from chalicelib.einvoicing.parties import siren_of
from chalicelib.einvoicing.xml_tree import Element

NAMESPACE = "urn:un:unece:uncefact:data:standard:CrossDomainAcknowledgementAndResponse:100"


def read_cdar(root: Element, name: str) -> tuple[InvoiceStatus, ...]:
    """Every status in the message, in its order; BadFile names what cannot be read."""
    fields = Fields(root, name)
    message = root.said("ExchangedDocument", "ID")
    sent = root.first("ExchangedDocument", "IssueDateTime", "DateTimeString")
    said_on = fields.day(root.first("AcknowledgementDocument", "IssueDateTime", "DateTimeString")) or fields.day(sent)
    issuer = root.first("ExchangedDocument", "IssuerTradeParty") or root.first("ExchangedDocument", "SenderTradeParty")
    statuses: list[InvoiceStatus] = []
    for document in root.all("AcknowledgementDocument", "ReferenceReferencedDocument"):
        statuses += _statuses(fields, document, message, said_on, issuer, len(statuses))
    if not statuses and not fields.unreadable:
        fields.required(root, "AcknowledgementDocument", "ReferenceReferencedDocument")
    fields.refuse_unreadable()
    return tuple(statuses)


def _statuses(
    fields: Fields, document: Element, message: str, said_on: date | None, issuer: Element | None, before: int
) -> list[InvoiceStatus]:
    number = fields.required(document, "IssuerAssignedID")
    issued = fields.day(document.first("FormattedIssueDateTime", "DateTimeString"))
    of_document = document.first("ProcessConditionCode")
    blocks = list(document.all("SpecifiedDocumentStatus"))
    groups = [[b] for b in blocks if b.first("ProcessConditionCode")] if of_document is None else [blocks]
    if of_document is None and not groups:
        fields.unread(document, "has no ProcessConditionCode", "a status must have its code, 200 to 228")
        return []
    found = []
    for place, group in enumerate(groups, before + 1):
        holder = document if of_document is not None else group[0]
        code = fields.required(holder, "ProcessConditionCode", longest=8)
        if code and code not in STATUSES:
            fields.unread(holder, f"{code!r} is no status of French e-invoicing", f"known: {', '.join(STATUSES)}")
        on = _on(fields, document, group) or said_on
        if on is None:
            fields.unread(document, "no day is stated, neither here nor for the message", "state IssueDateTime")
            continue
        found.append(
            InvoiceStatus(
                id=f"{message or number}-{place}", number=number, code=code, on=on,
                from_role=issuer.said("RoleCode") if issuer else "", from_siren=_siren(issuer), issued_on=issued,
                reasons=_reasons(group), words=_words(document, group), amounts=_amounts(fields, group),
            )
        )  # fmt: skip
    return found


def _on(fields: Fields, document: Element, group: list[Element]) -> date | None:
    for block in group:
        if day := fields.day(block.first("ReferenceDateTime", "DateTimeString")):
            return day
    return fields.day(document.first("ReceiptDateTime", "DateTimeString"))


def _reasons(group: list[Element]) -> tuple[str, ...]:
    codes = [e.text.strip() for block in group for e in block.all("ReasonCode")]
    return tuple(dict.fromkeys(code for code in codes if code))


def _siren(party: Element | None) -> str:
    if party is None:
        return ""
    return siren_of([(e.attributes.get("schemeID", ""), e.text.strip()) for e in party.all("GlobalID|ID")], "")


def _words(document: Element, group: list[Element]) -> str:
    said = [document.said("ProcessCondition")]
    for block in group:
        said += [
            e.text for e in (*block.all("Reason"), *block.all("IncludedNote", "Content"), *block.all("RequestedAction"))
        ]
    return "; ".join(dict.fromkeys(" ".join(text.split()) for text in said if text.strip()))[:500]


def _amounts(fields: Fields, group: list[Element]) -> tuple[tuple[str, Money], ...]:
    """Amounts by type. Without a currency it is the euro, in which the reform reckons."""
    found = []
    for block in group:
        for characteristic in block.all("SpecifiedDocumentCharacteristic"):
            amount = characteristic.first("ValueAmount")
            if amount is None or (exact := fields.number(amount)) is None:
                continue
            code = amount.attributes.get("currencyID", "EUR")
            if code not in CURRENCIES:
                fields.unread(amount, f"{code!r} is no ISO 4217 code", "write for example EUR")
            else:
                found.append((characteristic.said("TypeCode"), Money.of(exact, code)))
    return tuple(found)
