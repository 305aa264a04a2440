"""Take a ledger in: debtors, contacts, invoices and credit notes, and the payments of a bank or an accounting program.

Everything is checked against what we have before anything is written, so that a wrong file writes nothing. What is
written is idempotent row by row: a file imported twice, or again after a crash half-way, changes nothing more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import TypeVar

from chalicelib.domain import events as e
from chalicelib.domain.apply import foreseen
from chalicelib.domain.calendar import local_day
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import (
    Case,
    Contact,
    Credit,
    CreditKind,
    Debtor,
    DebtorFile,
    Dispute,
    Role,
    Task,
    TaskKind,
)
from chalicelib.domain.entry_checks import entry_checks
from chalicelib.domain.money import Money
from chalicelib.domain.personal import fingerprint
from chalicelib.domain.settle import consequences, oldest_first, receive
from chalicelib.errors import BadInput
from chalicelib.ledger.records import Finding, InvoiceRow, PaymentRow
from chalicelib.pipeline.keep import Happened, keep, office_of
from chalicelib.ports import Parts

R = TypeVar("R", InvoiceRow, PaymentRow)
Progress = Callable[[int, int], None]  # (rows done, rows in all)

BATCH = 10_000
"""So many rows are held at a time, sorted by account: a ledger of any size takes the same memory."""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import did. `findings` name the rows that were left out (empty unless that was asked for)."""

    rows: int = 0
    debtors: int = 0
    new: int = 0  # invoices, credit notes or payments that we did not have
    known: int = 0  # that we had already
    findings: tuple[Finding, ...] = ()


def import_invoices(
    parts: Parts,
    rows: Iterable[InvoiceRow],
    *,
    at: datetime,
    who: str,
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Enter what is new, correct what changed, leave what is settled. BadInput where a row contradicts our books.

    The rows are gone over twice, to be compared and to be written: what can be read again (a list, `GoodRows`) is
    never held whole, an iterator is.
    """
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)
    if isinstance(rows, Iterator):
        rows = list(rows)
    findings: list[Finding] = []
    count = 0
    for batch in _batches(rows):
        count += len(batch)
        owners = parts.store.find_many("invoice", [row.number for row in batch])
        for some in _by_account(batch).values():
            findings += _contradictions(parts, office, some, owners)
    _refuse(findings, skip_bad=skip_bad)
    bad = {f.line for f in findings}
    done = new = known = 0
    debtors: set[str] = set()
    for batch in _batches(rows):
        for account, some in _by_account(row for row in batch if row.line not in bad).items():
            fresh, before = _enter_all(parts, office, account, some, today=today, at=at, who=who)
            new, known, done = new + fresh, known + before, done + len(some)
            debtors.add(account)
            if progress:
                progress(done, count - len(bad))
    return Imported(rows=done, debtors=len(debtors), new=new, known=known, findings=tuple(findings))


def _enter_all(
    parts: Parts, office: Office, account: str, rows: Sequence[InvoiceRow], *, today: date, at: datetime, who: str
) -> tuple[int, int]:
    """Enter rows of one debtor; how many were new, and how many known."""
    numbers = parts.store.find_many("invoice", [r.number for r in rows])
    credits = parts.store.find_many("credit", [r.number for r in rows if r.is_credit_note])
    given = {r.email.lower() for r in rows if r.email}
    marks = {fingerprint(account, address): address for address in given}  # an address that was erased stays erased
    addresses = parts.store.find_many("address", [*given, *marks])
    settled = {n for n, ids in {**numbers, **credits}.items() if account in ids}
    once_known = {marks.get(a, a) for a, ids in addresses.items() if account in ids}

    def decide(file: DebtorFile) -> Happened:
        return _take_in(file, rows, settled, once_known, home=office.creditor.country, today=today, at=at)

    keep(parts, office, account, decide, at=at, who=who, opens=_debtor(account, rows))
    # What was paid before is history, not news.
    return len({r.number for r in rows if not r.paid_on} - settled), len(settled)


def import_payments(
    parts: Parts,
    rows: Iterable[PaymentRow],
    *,
    at: datetime,
    who: str,
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Settle what the payments name; keep the rest on the account. A file without a row says that nothing came in."""
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)
    accounts = _by_account(rows)
    findings = [
        Finding(row.line, "account", f"no debtor {account!r}", "import its invoices first")
        for account, some in accounts.items()
        if parts.store.load(account) is None
        for row in some
    ]
    accounts = _without(accounts, findings, skip_bad=skip_bad)
    rows_read = sum(map(len, accounts.values()))
    done = new = known = 0
    for account, some in accounts.items():
        ids = {payment_id(r): r for r in some}
        had = {i for i, owners in parts.store.find_many("credit", ids).items() if account in owners}
        # The ledger itself may have called an invoice paid before its payment came: that is the same money.
        told = parts.store.find_many("credit", [f"ledger-{r.number}" for r in some if r.number])
        had |= {i for i, r in ids.items() if account in told.get(f"ledger-{r.number}", ())}
        fresh = {i: r for i, r in ids.items() if i not in had}

        def decide(file: DebtorFile, fresh: Mapping[str, PaymentRow] = fresh) -> Happened:
            return _receive_all(file, fresh, today=today, at=at)

        if fresh:
            keep(parts, office, account, decide, at=at, who=who)
        known += len(had)
        new += len(fresh)
        done += len(some)
        if progress:
            progress(done, rows_read)
    parts.offices.note_read("payments", at)
    return Imported(rows=rows_read, debtors=len(accounts), new=new, known=known, findings=tuple(findings))


def payment_id(row: PaymentRow) -> str:
    """The same payment gives the same id in every file; equal rows of one file are told apart by their occurrence."""
    facts = (row.account, row.number, row.paid_on.isoformat(), str(row.amount), row.reference, str(row.occurrence))
    return "payment-" + hashlib.sha256("\0".join(facts).encode()).hexdigest()[:16]


def _receive_all(file: DebtorFile, fresh: Mapping[str, PaymentRow], *, today: date, at: datetime) -> Happened:
    happened: list[tuple[e.Event, str]] = []
    after = file
    for id_, row in fresh.items():
        credit = Credit(
            id=id_,
            kind=CreditKind.PAYMENT,
            on=row.paid_on,
            amount=row.amount,
            remaining=row.amount,
            reference=row.reference[:140],
        )
        numbers = [row.number] if row.number else oldest_first(after.open_cases(), row.amount)
        some = receive(after, credit, numbers)
        after = foreseen(after, some, at=at)
        happened += some
        if left := after.credits[id_].remaining:
            happened.append(_whose(id_, row, left, today=today))
    last = max((row.paid_on for row in fresh.values()), default=date.min)
    return [*happened, *consequences(after, on=last, at=at)] if happened else []


def _whose(credit_id: str, row: PaymentRow, left: Money, *, today: date) -> tuple[e.Event, str]:
    """Money that no invoice absorbed holds reminders back, for ever if nobody says what it pays."""
    named = f"names {row.number}" if row.number else "names no invoice that it fits"
    why = f"{left} of the payment of {row.paid_on} stand on the account: it {named}; say what it pays"
    task = Task(
        id=f"{TaskKind.ALLOCATE_PAYMENT}-{credit_id}",
        kind=TaskKind.ALLOCATE_PAYMENT,
        raised_on=today,
        due_on=today,
        reason=why,
        at_stake=left,
    )
    return e.TaskRaised(task=task), why


def _take_in(
    file: DebtorFile,
    rows: Sequence[InvoiceRow],
    settled: set[str],
    once_known: set[str],
    *,
    home: str,
    today: date,
    at: datetime,
) -> Happened:
    """The entries that a debtor's rows cause in its file."""
    happened: list[tuple[e.Event, str]] = []
    # A ledger that lists what was settled long ago must not bring back what was erased since; a new invoice may.
    is_old = file.erased_on is not None and all(row.number in settled for row in rows)
    debtor = file.debtor if is_old else _updated(file.debtor, rows)
    if debtor != file.debtor:
        happened.append((e.DebtorChanged(debtor=debtor), "the ledger says so"))
    happened += [] if is_old else _contact(file, rows, once_known)
    after = file
    for row in rows:
        some = _invoice(after, row, debtor, settled, home=home, today=today)
        # Contacts and the debtor do not touch cases: applying the case entries alone is enough to go on.
        after = foreseen(after, some, at=at)
        happened += some
    if any(isinstance(event, e.CreditReceived) for event, _ in happened):
        happened += consequences(after, on=today, at=at)
    return happened


def _invoice(
    file: DebtorFile, row: InvoiceRow, debtor: Debtor, settled: set[str], *, home: str, today: date
) -> list[tuple[e.Event, str]]:
    case = file.cases.get(row.number)
    if row.is_credit_note:
        if row.number in file.credits or row.number in settled:
            return []
        credit = Credit(
            id=row.number, kind=CreditKind.CREDIT_NOTE, on=row.issued_on, amount=-row.amount, remaining=-row.amount
        )
        return receive(file, credit, row.credits)
    if case is None:
        if row.number in settled or row.paid_on:
            return []  # settled before: history, nothing to chase
        return _enter(row, debtor, home=home, today=today)
    happened: list[tuple[e.Event, str]] = []
    facts = (row.issued_on, row.due_on, row.purchase_order or case.purchase_order, row.document or case.document)
    if case.is_open and facts != (case.issued_on, case.due_on, case.purchase_order, case.document):
        issued, due, order, document = facts
        corrected = e.InvoiceCorrected(
            number=row.number, issued_on=issued, due_on=due, purchase_order=order, document=document
        )
        happened.append((corrected, "the ledger says so"))
    if case.is_open and row.paid_on:
        credit = Credit(
            id=f"ledger-{row.number}",
            kind=CreditKind.PAYMENT,
            on=row.paid_on,
            amount=case.balance,
            remaining=case.balance,
        )
        happened += receive(file, credit, [row.number])
    if case.is_open and row.disputed and not row.paid_on and file.dispute_on(row.number) is None:
        happened += _dispute(row, debtor, today)
    return happened


def _enter(row: InvoiceRow, debtor: Debtor, *, home: str, today: date) -> list[tuple[e.Event, str]]:
    case = Case(
        number=row.number,
        issued_on=row.issued_on,
        due_on=row.due_on,
        amount=row.amount,
        balance=row.amount if row.owed is None else row.owed,
        entered_on=today,
        purchase_order=row.purchase_order,
        document=row.document,
    )
    happened: list[tuple[e.Event, str]] = [(e.InvoiceEntered(case=case), f"ledger, line {row.line}")]
    if row.disputed:
        happened += _dispute(row, debtor, today)
    if findings := [*entry_checks(case, debtor, home), *row.remarks]:
        why = "; ".join(findings)
        task = Task(
            id=f"{TaskKind.CHECK_INVOICE}-{row.number}",
            kind=TaskKind.CHECK_INVOICE,
            raised_on=today,
            due_on=today,
            reason=why,
            numbers=(row.number,),
            at_stake=row.amount,
        )
        happened.append((e.TaskRaised(task=task), why))
    return happened


def _dispute(row: InvoiceRow, debtor: Debtor, today: date) -> list[tuple[e.Event, str]]:
    dispute = Dispute(
        id=f"ledger-{row.number}",
        numbers=(row.number,),
        reason="other",
        opened_on=row.disputed_on or today,
        owner=debtor.sales_rep,
    )
    why = "the ledger says that it is disputed"
    task = Task(
        id=f"{TaskKind.ANSWER_DISPUTE}-{row.number}",
        kind=TaskKind.ANSWER_DISPUTE,
        raised_on=today,
        due_on=today,
        reason=why,
        numbers=(row.number,),
        at_stake=row.amount,
        assignee=debtor.sales_rep,
    )
    return [(e.DisputeOpened(dispute=dispute), why), (e.TaskRaised(task=task), why)]


def _contact(file: DebtorFile, rows: Sequence[InvoiceRow], once_known: set[str]) -> list[tuple[e.Event, str]]:
    """Contacts that the ledger names for the first time.

    An address that the file has ever had is left alone: a person may have replaced it since, or it may be dead, and
    a ledger that still carries it must not bring it back.
    """
    happened: list[tuple[e.Event, str]] = []
    seen = {c.email.lower() for c in file.contacts.values()} | once_known
    for row in rows:
        if row.email and row.email.lower() not in seen:
            seen.add(row.email.lower())
            role = row.role or Role.PAYER
            contact = Contact(
                id=role.value, role=role, name=row.contact, email=row.email, phone=row.phone, language=row.language
            )
            happened.append((e.ContactSet(contact=contact), "the ledger names this contact"))
    if not file.contacts and not happened and rows[-1].phone:
        contact = Contact(id=Role.PAYER.value, name=rows[-1].contact, phone=rows[-1].phone, language=rows[-1].language)
        happened.append((e.ContactSet(contact=contact), "the ledger names a phone and no address"))
    return happened


def _debtor(account: str, rows: Sequence[InvoiceRow]) -> Debtor:
    return _updated(Debtor(id=account, name=rows[-1].client, country=rows[-1].country), rows)


def _updated(debtor: Debtor, rows: Sequence[InvoiceRow]) -> Debtor:
    """The debtor as its last row says; what the ledger leaves empty stays as it is."""
    row = rows[-1]
    said = {
        "name": row.client,
        "country": row.country,
        "language": row.language,
        "kind": row.kind,
        "policy": row.policy,
        "sales_rep": row.sales_rep,
        "client_since_on": row.client_since_on,
        "legal_id": row.legal_id,
        "vat_number": row.vat_number,
        "address": row.address,
    }
    return replace(debtor, **{key: value for key, value in said.items() if value})  # type: ignore[arg-type]


def _contradictions(
    parts: Parts, office: Office, rows: Sequence[InvoiceRow], owners: Mapping[str, tuple[str, ...]]
) -> list[Finding]:
    """What a debtor's rows say that our books deny: a number of somebody else's, another amount."""
    account = rows[0].account
    findings = [
        Finding(r.line, "policy", f"no policy {r.policy!r}", f"one of {', '.join(sorted(office.policies))}")
        for r in rows
        if r.policy and r.policy not in office.policies
    ]
    if not any(row.number in owners for row in rows):
        return findings
    file = parts.store.load(account)
    for row in rows:
        others = [o for o in owners.get(row.number, ()) if o != account]
        case = file.cases.get(row.number) if file else None
        if others:
            what = f"{row.number} is an invoice of debtor {others[0]}"
            findings.append(Finding(row.line, "number", what, "an invoice number belongs to one debtor"))
        elif case and case.amount != row.amount:
            what = f"{row.number} stands in our books with {case.amount}, here with {row.amount}"
            findings.append(Finding(row.line, "amount", what, "enter a credit note, or withdraw the invoice first"))
    return findings


def _refuse(findings: Sequence[Finding], *, skip_bad: bool) -> None:
    """BadInput names the first finding, unless wrong rows are to be left out."""
    if findings and not skip_bad:
        first = findings[0].as_error()
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        raise BadInput(first.where, first.what + more, first.remedy)


def _batches(rows: Iterable[InvoiceRow]) -> Iterator[list[InvoiceRow]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch


def _by_account(rows: Iterable[R]) -> dict[str, list[R]]:
    accounts: dict[str, list[R]] = {}
    for row in rows:
        accounts.setdefault(row.account, []).append(row)
    return accounts


def _without(accounts: dict[str, list[R]], findings: Sequence[Finding], *, skip_bad: bool) -> dict[str, list[R]]:
    """The rows that may be written: all, or (if asked for) all but the wrong ones; else BadInput names the first."""
    _refuse(findings, skip_bad=skip_bad)
    bad = {f.line for f in findings}
    left = {account: [r for r in some if r.line not in bad] for account, some in accounts.items()}
    return {account: some for account, some in left.items() if some}
