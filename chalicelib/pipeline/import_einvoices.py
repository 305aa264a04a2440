"""Take electronic invoices in, and what the buyers' platforms say of them: all of a batch or nothing.

Every document is read and compared with who we are before anything is written. An invoice becomes a row like one of a
ledger, with its debtor found by SIREN, VAT number, account, e-mail or name (or opened under its SIREN), its PDF in the
archive, and what a person must look at as a task. A status is applied to the case as the buyer's own answer.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from chalicelib.domain import events as e
from chalicelib.domain.calendar import end_of_month, local_day
from chalicelib.domain.company import company_keys, plain_name, siren_in
from chalicelib.domain.creditor import Creditor, Office
from chalicelib.domain.debtor_file import Block, BlockKind, Debtor, DebtorFile, DebtorKind, Task, TaskKind
from chalicelib.domain.lifecycle import DISPUTED, LOOK, PAID, InvoiceStatus, apply_status
from chalicelib.einvoicing.model import EInvoice, Party
from chalicelib.einvoicing.read import is_pdf, read_document
from chalicelib.errors import BadFile, BadInput, PermanentError
from chalicelib.ledger.records import Finding, InvoiceRow
from chalicelib.pipeline.desk import raise_on_desk
from chalicelib.pipeline.import_ledger import Imported, Progress, import_invoices
from chalicelib.pipeline.keep import Happened, keep, office_of
from chalicelib.ports import Parts

DEFAULT_TERM = timedelta(days=30)
"""Where nothing is agreed, payment is due within 30 days (Code de commerce, article L441-10, I)."""

CORRECTED = frozenset({"384", "471", "472", "473"})
"""Type codes of invoices that take the place of an earlier one."""

_SPEAK_FRENCH = frozenset({"FR", "BE", "LU", "MC", "CH", "RE", "GP", "MQ", "GF", "YT", "NC", "PF", ""})


@dataclass(frozen=True, kw_only=True)
class _Read:
    """The documents of a batch: invoices with their name and bytes, statuses with their name."""

    invoices: tuple[tuple[str, bytes, EInvoice], ...]
    statuses: tuple[tuple[str, InvoiceStatus], ...]


def import_einvoices(
    parts: Parts,
    documents: Sequence[tuple[str, bytes]],
    *,
    at: datetime,
    who: str,
    progress: Progress | None = None,
) -> Imported:
    """Import documents given as (name, bytes). BadInput where one of them cannot be used: then nothing is written."""
    office = office_of(parts)
    read = read_all(documents, office.creditor)
    rows: list[tuple[int, InvoiceRow]] = []  # with the place of its document
    notes: list[Finding] = []
    taken: dict[str, tuple[str, str]] = {}  # number: the debtor, and the bytes' digest
    for place, (name, raw, invoice) in enumerate(read.invoices):
        digest = hashlib.sha256(raw).hexdigest()
        file, account = _debtor(parts, name, invoice, taken)
        before = taken.setdefault(invoice.number, (account, digest))
        if before != (account, digest):
            raise BadInput(name, f"{invoice.number} is in the batch twice with other content", "keep the right one")
        if any(row.number == invoice.number for _, row in rows):
            notes.append(Finding(place + 1, name, f"{invoice.number} repeats another file, ignored", is_error=False))
        elif not invoice.is_credit_note and invoice.due.amount <= 0:
            notes.append(Finding(place + 1, name, f"{invoice.number} is paid in advance, ignored", is_error=False))
        else:
            document = f"documents/{digest}.{'pdf' if is_pdf(raw) else 'xml'}"
            row = _row(invoice, file, account, office.creditor, document)
            rows.append((place, replace(row, line=place + 1)))
    for place, row in rows:  # archived first: a case never names a document that is not there
        kind = "application/pdf" if row.document.endswith(".pdf") else "application/xml"
        parts.archive.put(row.document, read.invoices[place][1], content_type=kind)
    rows.sort(key=lambda pair: pair[1].is_credit_note)  # a credit note finds the invoice that it names
    try:
        done = import_invoices(parts, [_with_pdf_only(row) for _, row in rows], at=at, who=who, progress=progress)
    except BadInput as error:  # what contradicts our books knows its place in the batch, not its file
        found = re.match("line ([0-9]+)", error.where)
        where = read.invoices[int(found[1]) - 1][0] if found else error.where
        raise BadInput(where, error.what, error.remedy) from error
    for _, _, invoice in read.invoices:
        if invoice.type_code in CORRECTED and invoice.preceding:
            _hold_replaced(parts, office, taken[invoice.number][0], invoice, at=at, who=who)
    new = known = 0
    for name, status in read.statuses:
        fresh = _apply(parts, office, name, status, at=at)
        new, known = new + fresh, known + (not fresh)
    return replace(
        done, rows=done.rows + len(read.statuses), new=done.new + new, known=done.known + known,
        findings=(*done.findings, *notes),
    )  # fmt: skip


def read_all(documents: Sequence[tuple[str, bytes]], creditor: Creditor | None) -> _Read:
    """Every document of a batch, or BadFile with all that is wrong in any of them. No creditor: not asked who sells."""
    invoices: list[tuple[str, bytes, EInvoice]] = []
    statuses: list[tuple[str, InvoiceStatus]] = []
    wrong: list[BadInput] = []
    for name, raw in documents:
        try:
            read = read_document(raw, name)
        except BadFile as error:
            wrong += [BadInput(f"{name}: {f.where}", f.what, f.remedy) for f in error.findings]
            continue
        except BadInput as error:
            wrong.append(error)
            continue
        if not isinstance(read, EInvoice):
            statuses += [(name, status) for status in read]
            continue
        refused = [t.as_error() for t in read.contradictions]
        if creditor and (foreign := _not_ours(read.seller, creditor)):
            refused.append(BadInput("seller", foreign, "import what you have sold, not what you have bought"))
        wrong += [BadInput(f"{name}: {f.where}", f.what, f.remedy) for f in refused]
        invoices.append((name, raw, read))
    if wrong:
        raise BadDocuments(wrong)
    return _Read(invoices=tuple(invoices), statuses=tuple(statuses))


class BadDocuments(BadFile):
    """Documents cannot be used. Each finding names its own file."""

    def __init__(self, findings: Sequence[BadInput]) -> None:
        super().__init__("documents", findings)
        self.what = "\n".join(map(str, findings))


def _not_ours(seller: Party, creditor: Creditor) -> str:
    """Why the creditor is not the seller, in words; empty where it is, or where the document does not say."""
    ours = siren_in(creditor.legal_id)
    if seller.siren and ours:
        return "" if seller.siren == ours else f"the seller is {seller.name} ({seller.siren}), we are {ours}"
    our_vat = re.sub(r"[\s.-]", "", creditor.vat_number).upper()
    if seller.vat_number and our_vat:
        return "" if seller.vat_number == our_vat else f"the seller is {seller.name} ({seller.vat_number})"
    return ""


def _debtor(
    parts: Parts, name: str, invoice: EInvoice, taken: Mapping[str, tuple[str, str]]
) -> tuple[DebtorFile | None, str]:
    """Whose invoice it is: a file that we have, or the id under which a new one is opened."""
    buyer = invoice.buyer
    keys = company_keys(siren=buyer.siren, vat_number=buyer.vat_number, name=buyer.name, country=buyer.country or "FR")
    found = parts.store.find_many("company", keys.values())
    candidates = [found.get(keys.get(kind, ""), ()) for kind in ("siren", "vat")]
    candidates += [tuple(i for i in (buyer.siren, buyer.account) if i and parts.store.load(i))]
    candidates += [parts.store.find("address", buyer.email) if buyer.email else (), found.get(keys.get("name", ""), ())]
    owners = parts.store.find("invoice", invoice.number)
    for some in candidates:
        files = {i: file for i in some if (file := parts.store.load(i)) and _may_be(file.debtor, buyer)}
        if len(files) > 1:  # several accounts of one company: the surer signs decide, each in its turn
            for other in (owners, *candidates):
                if len(narrowed := {i: files[i] for i in other if i in files}) == 1:
                    files = narrowed
                    break
        if len(files) > 1:
            remedy = "write its account into the invoice (BT-46), or enter it as CSV"
            raise BadInput(name, f"{buyer.name} may be any of the debtors {', '.join(sorted(files))}", remedy)
        for id_, file in files.items():
            return file, id_
    if len(owners) == 1 and (file := parts.store.load(owners[0])) and _may_be(file.debtor, buyer):
        return file, owners[0]  # the ledger knows the number, and names the buyer otherwise
    if not (buyer.name or buyer.siren):
        raise BadInput(name, "no buyer is named", "an invoice must name its buyer (BT-44)")
    return None, _new_id(buyer)


def _may_be(debtor: Debtor, buyer: Party) -> bool:
    """Whether nothing surer than the sign by which it was found says that it is another company."""
    theirs = siren_in(debtor.legal_id)
    return not (theirs and buyer.siren and theirs != buyer.siren)


def _new_id(buyer: Party) -> str:
    """A stable id: the SIREN, else the account that we gave it, its VAT number, or a digest of name and country."""
    digest = hashlib.sha256(f"{plain_name(buyer.name)}/{buyer.country}".encode()).hexdigest()[:12]
    own = buyer.account if re.fullmatch(r"[\w.\-/]{1,64}", buyer.account) and buyer.account != "desk" else ""
    return buyer.siren or own or buyer.vat_number or f"client-{digest}"


def _row(invoice: EInvoice, file: DebtorFile | None, account: str, creditor: Creditor, document: str) -> InvoiceRow:
    buyer, known = invoice.buyer, file.debtor if file else None
    due_on, remark = _due_on(invoice, file)
    remarks = [remark] if remark else []
    remarks += [t.what for t in invoice.troubles if not t.is_error]
    ours = re.sub(r"\s", "", creditor.iban)
    if invoice.iban and ours and invoice.iban.upper() != ours.upper():
        remarks.append(f"{invoice.number} names the account {invoice.iban}, our profile {ours}")
    credit = invoice.is_credit_note
    amount = max(invoice.total, invoice.due) if not credit else -invoice.total
    return InvoiceRow(
        line=0, number=invoice.number, account=account,
        # What a ledger or a person has entered of a debtor is not overwritten by how an invoice spells it.
        client=known.name if known else buyer.name or buyer.siren,
        country=known.country if known else buyer.country or creditor.country,
        kind=DebtorKind.PUBLIC if invoice.audience == "B2G" and not known else None,
        language="" if known or buyer.country in _SPEAK_FRENCH else "en",
        legal_id="" if known and known.legal_id else buyer.siren or buyer.legal_id,
        vat_number="" if known and known.vat_number else buyer.vat_number,
        address=() if known and known.address else buyer.address,
        issued_on=invoice.issued_on, due_on=due_on, amount=amount, owed=None if credit else invoice.due,
        purchase_order=invoice.purchase_order, document=document, email=buyer.email, contact=buyer.contact,
        phone=buyer.phone, credits=tuple(p.number for p in invoice.preceding), remarks=tuple(remarks),
    )  # fmt: skip


def _with_pdf_only(row: InvoiceRow) -> InvoiceRow:
    """A reminder attaches what a person can read: the PDF. XML is archived and not attached."""
    return row if row.document.endswith(".pdf") else replace(row, document="")


def _due_on(invoice: EInvoice, file: DebtorFile | None) -> tuple[date, str]:
    """The due date: stated, else what our books have, what the terms say in days, or 30 days; with a remark for it."""
    if invoice.due_on or invoice.is_credit_note:
        return invoice.due_on or invoice.issued_on, ""
    case = file.cases.get(invoice.number) if file else None
    if case:
        return case.due_on, ""
    stated = _term(invoice)
    if stated:
        return stated, f"{invoice.number} states no due date: {stated} is reckoned from {invoice.terms[:60]!r}"
    due_on = invoice.issued_on + DEFAULT_TERM
    return due_on, f"{invoice.number} states no due date: {due_on}, 30 days after its issue, is taken"


def _term(invoice: EInvoice) -> date | None:
    """The due date in terms like "30 jours net" or "45 days end of month"; None where they say anything else."""
    found = re.findall(r"\b([0-9]{1,3})\s*(?:jours?|days?|tagen?)\b", invoice.terms, re.IGNORECASE)
    if len(found) != 1 or not 0 < int(found[0]) <= 120 or re.search(r"escompte|discount|skonto|%", invoice.terms, re.I):
        return None
    day = invoice.issued_on + timedelta(days=int(found[0]))
    if re.search(r"fin de mois|\bfdm\b|end of month|\beom\b|monatsende", invoice.terms, re.IGNORECASE):
        day = end_of_month(day)
    return day


def _hold_replaced(parts: Parts, office: Office, account: str, invoice: EInvoice, *, at: datetime, who: str) -> None:
    """A corrected invoice takes the place of an earlier one, which must not be chased beside it."""
    today = local_day(at, office.creditor.zone)

    def decide(file: DebtorFile) -> Happened:
        happened: list[tuple[e.Event, str]] = []
        for number in (p.number for p in invoice.preceding):
            case = file.cases.get(number)
            id_ = f"replaced-{number}"
            if case is None or not case.is_open or id_ in file.blocks:
                continue
            why = f"{invoice.number} corrects {number}: withdraw {number}, or lift the block if both are owed"
            block = Block(id=id_, kind=BlockKind.MANUAL, reason=why, placed_on=today, until=None, numbers=(number,))
            task = Task(
                id=f"{TaskKind.CHECK_INVOICE}-{id_}", kind=TaskKind.CHECK_INVOICE, raised_on=today, due_on=today,
                reason=why, numbers=(number,), at_stake=case.balance,
            )  # fmt: skip
            happened += [(e.BlockPlaced(block=block), why), (e.TaskRaised(task=task), why)]
        return happened

    keep(parts, office, account, decide, at=at, who=who)


def _apply(parts: Parts, office: Office, name: str, status: InvoiceStatus, *, at: datetime) -> bool:
    """Apply a status to the debtor that has the invoice; False where it was applied before."""
    owners = parts.store.find("invoice", status.number)
    if len(owners) != 1 and status.code not in {*DISPUTED, *PAID, *LOOK}:
        return False  # news of an invoice that we do not follow
    if len(owners) != 1:
        what = "no invoice of ours has this number" if not owners else f"several debtors have it: {', '.join(owners)}"
        reason = f"a status was received and not applied: {status.number} is {status}; {what}"
        raise_on_desk(parts, office, TaskKind.LEDGER, reason, about=f"{name}/{status.id}", at=at)
        return True
    if owners[0] in parts.store.find("mail", status.mail):
        return False
    try:
        keep(parts, office, owners[0], lambda file: apply_status(file, status, office, at=at), at=at, who="platform")
    except PermanentError as error:
        raise BadInput(name, f"the status of {status.number} cannot be applied: {error}") from error
    return True
