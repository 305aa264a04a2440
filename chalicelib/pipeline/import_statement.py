"""Take bank statements in: what is certain settles invoices, the rest waits on an account for a person.

Every entry is taken in once, whichever file brings it and however often: its money stands as a credit with the
entry's id, on the file of the debtor who paid or, where nobody knows who did, on the desk's. Money that the bank takes
back leaves the credit it came as, and the invoices that this credit had settled are open again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from chalicelib.banking.model import BankEntry, EntryKind, Statement
from chalicelib.domain import events as e
from chalicelib.domain.apply import apply_all
from chalicelib.domain.calendar import local_day
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import DESK, ClaimState, Credit, CreditKind, DebtorFile, Task, TaskKind
from chalicelib.domain.money import Money
from chalicelib.domain.settle import consequences, note_came
from chalicelib.errors import BadInput
from chalicelib.matching.match import Matcher, in_order
from chalicelib.matching.model import Account, Advice, Certainty, Ledger, OpenItem, Proposal
from chalicelib.pipeline.keep import RACES, Happened, LostRaces, keep, office_of, save
from chalicelib.ports import Parts

Event = tuple[e.Event, str]
_TAKEN_BACK = (EntryKind.REVERSAL, EntryKind.RETURNED_DEBIT)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What was made of the entries of the statements."""

    entries: int = 0
    known: int = 0  # that we had already
    applied: int = 0  # certain: invoices settled
    waiting: int = 0  # a person must say what they pay
    taken_back: int = 0
    others: int = 0  # debits, charges: nothing that concerns a debtor
    last_entry_on: date | None = None


def import_statements(parts: Parts, statements: Sequence[Statement], *, at: datetime, who: str) -> Taken:
    """Take every entry in that is new. Races with other imports are decided file by file, by the credit's id."""
    office = office_of(parts)
    entries = in_order(entry for statement in statements for entry in statement.entries)
    known = _known(parts, entries)
    fresh = [entry for entry in entries if entry.id not in known]
    paid = {entry.id for entry in fresh if entry.kind is EntryKind.CREDIT and entry.amount}
    matcher = Matcher(ledger_of(parts)) if paid else None
    applied = waiting = taken_back = 0
    for entry in fresh:
        if entry.kind in _TAKEN_BACK:
            _take_back(parts, office, entry, at=at, who=who)
            taken_back += 1
        elif matcher is not None and entry.id in paid:
            proposal = matcher.match(entry)
            if _take_in(parts, office, proposal, at=at, who=who):
                applied += 1
            else:
                waiting += 1
    days = [entry.booked_on for entry in entries] + [s.to_on for s in statements if s.to_on]
    last = min(max(days), local_day(at, office.creditor.zone)) if days else None
    parts.offices.note_read("payments", at)
    if last is not None:
        parts.offices.note_read("statement", datetime.combine(last, time(), UTC))
    others = len(fresh) - applied - waiting - taken_back
    return Taken(
        entries=len(entries), known=len(known), applied=applied, waiting=waiting, taken_back=taken_back, others=others,
        last_entry_on=last,
    )  # fmt: skip


def allocate(parts: Parts, debtor_id: str, credit_id: str, numbers: Sequence[str], *, at: datetime, who: str) -> None:
    """A person says which invoices a waiting payment settles, in order; none named: it stays on this debtor's account.

    Money that waits on the desk moves to the debtor's file first. What a person says once is learned: the IBAN is not
    kept with a credit, so that only payments matched by themselves teach IBANs.
    """
    office = office_of(parts)
    desk = parts.store.load(DESK)
    moved = desk.credits.get(credit_id) if desk and debtor_id != DESK else None

    def decide(file: DebtorFile) -> Happened:
        credit = file.credits.get(credit_id) or moved
        if credit is None:
            raise BadInput(credit_id, f"debtor {debtor_id} has no such credit to allocate", "`relance tasks` names it")
        happened: list[Event] = []
        if credit_id not in file.credits:
            happened.append((e.CreditReceived(credit=credit), f"{who} says that {debtor_id} paid it"))
        left = credit.remaining
        for number in numbers:
            case = file.cases.get(number)
            if case is None or not case.is_open:
                raise BadInput(number, f"is no open invoice of debtor {debtor_id}", "`relance match` lists candidates")
            part = min(left, case.balance)
            if part:
                allocated = e.CreditAllocated(credit_id=credit_id, number=number, amount=part, on=credit.on)
                happened.append((allocated, f"{who} says so"))
                left = left - part
        settled = [event.number for event, _ in happened if isinstance(event, e.CreditAllocated)]
        happened += note_came(file, credit, settled) if settled else ()
        return _with_consequences(file, [*happened, *_closing(file, credit_id, at, who)], credit.on, at)

    keep(parts, office, debtor_id, decide, at=at, who=who)
    if moved is not None:
        keep(parts, office, DESK, lambda file: _moved(file, moved, debtor_id, at, who), at=at, who=who)


def undo(parts: Parts, debtor_id: str, credit_id: str, *, at: datetime, who: str, why: str = "") -> list[str]:
    """Take every allocation of a credit back: its invoices are as open as before. Gives their numbers."""
    numbers: list[str] = []

    def decide(file: DebtorFile) -> Happened:
        undone = _undone(parts, file, credit_id, why or f"undone by {who}")
        numbers[:] = [event.number for event, _ in undone if isinstance(event, e.AllocationUndone)]
        return undone

    if _keep_whole(parts, office_of(parts), debtor_id, decide, at=at, who=who) is None:
        raise BadInput(debtor_id, f"has no credit {credit_id!r} that settles an invoice", "see the debtor's journal")
    return numbers


def ledger_of(parts: Parts) -> Ledger:
    """All that is open, of every debtor: one query a debtor, once an import."""
    items: list[OpenItem] = []
    accounts: list[Account] = []
    advices: list[Advice] = []
    for debtor_id in parts.store.debtor_ids():
        file = parts.store.load(debtor_id) if debtor_id != DESK else None
        if file is None:
            continue
        accounts.append(Account(id=file.id, name=file.debtor.name, ibans=file.debtor.ibans))
        items += [
            OpenItem(
                number=c.number, account=file.id, balance=c.balance, due_on=c.due_on, issued_on=c.issued_on,
                purchase_order=c.purchase_order,
            )
            for c in file.open_cases()
        ]  # fmt: skip
        items += [
            OpenItem(number=c.id, account=file.id, balance=-c.remaining, due_on=c.on, issued_on=c.on)
            for c in file.credits.values()
            if c.kind is CreditKind.CREDIT_NOTE and c.remaining
        ]
        advices += [
            Advice(account=file.id, numbers=c.numbers, amount=c.amount, reference=c.reference)
            for c in file.claims.values()
            if c.state is ClaimState.OPEN
        ]
    items.sort(key=lambda item: (item.account, item.number))
    return Ledger(items=items, accounts=sorted(accounts, key=lambda a: a.id), advices=advices)


# --- one entry


def _known(parts: Parts, entries: Sequence[BankEntry]) -> set[str]:
    """Ids of entries that were taken in before: themselves, or as the sum or the parts of the same batch."""
    asked: dict[str, set[str]] = {}
    for entry in entries:
        base, dash, place = entry.id.removeprefix("bank-").partition("-")
        whole = f"bank-{base}" if dash and place.isdigit() else entry.id
        for id_ in (entry.id, whole, f"{whole}-1"):
            if id_ == entry.id or id_ == whole or whole == entry.id:
                asked.setdefault(id_, set()).add(entry.id)
    held = parts.store.find_many("credit", asked)
    return {id_ for found in held for id_ in asked[found]}


def _take_in(parts: Parts, office: Office, proposal: Proposal, *, at: datetime, who: str) -> bool:
    """Keep the money of an entry; whether it was allocated."""
    entry = proposal.entry
    debtor_id = proposal.account or DESK
    sure = proposal.certainty is Certainty.CERTAIN
    today = local_day(at, office.creditor.zone)
    allocated = False

    def decide(file: DebtorFile) -> Happened:
        nonlocal allocated
        allocated = False
        if entry.id in file.credits:
            return []
        happened: list[Event] = [(e.CreditReceived(credit=_credit(entry)), f"bank, {proposal.reason}")]
        if sure and _still_fits(file, proposal):
            allocated = True
            happened += _allocations(file, proposal)
            iban = proposal.learned_iban
            if iban and iban not in file.debtor.ibans:
                debtor = replace(file.debtor, ibans=(*file.debtor.ibans, iban))
                happened.append((e.DebtorChanged(debtor=debtor), "it paid from this IBAN"))
            return _with_consequences(file, happened, entry.booked_on, at)
        return [*happened, _task(proposal, today)]

    keep(parts, office, debtor_id, decide, at=at, who=who)
    return allocated


def _credit(entry: BankEntry, remaining: Money | None = None) -> Credit:
    said = " ".join(filter(None, (entry.payer, " ".join(entry.text.split()), entry.bank_reference)))
    return Credit(
        id=entry.id, kind=CreditKind.PAYMENT, on=entry.booked_on, amount=entry.amount,
        remaining=entry.amount if remaining is None else remaining, reference=said[:140],
    )  # fmt: skip


def _still_fits(file: DebtorFile, proposal: Proposal) -> bool:
    """Whether nobody has settled any of it since the ledger was looked at."""
    for share in proposal.shares:
        if share.amount.amount < 0:
            note = file.credits.get(share.number)
            if note is None or note.remaining != -share.amount:
                return False
            continue
        case = file.cases.get(share.number)
        if case is None or not case.is_open or case.balance < share.amount:
            return False
    return True


def _allocations(file: DebtorFile, proposal: Proposal) -> list[Event]:
    """Credit notes and deductions first, then the payment: who closes an invoice last is how it was paid."""
    entry = proposal.entry
    result: list[Event] = []
    purses = [(s.number, -s.amount) for s in proposal.shares if s.amount.amount < 0]
    wanted = {s.number: s.amount for s in proposal.shares if s.amount.amount > 0}
    for number, kept in proposal.deductions.items():
        credit = Credit(
            id=f"deduction-{entry.id}-{number}", kind=CreditKind.CREDIT_NOTE, on=entry.booked_on, amount=kept,
            remaining=kept, reference="kept back by the payer, within the tolerance",
        )  # fmt: skip
        result.append((e.CreditReceived(credit=credit), f"{kept} kept back of {number}"))
        allocated = e.CreditAllocated(credit_id=credit.id, number=number, amount=kept, on=entry.booked_on)
        result.append((allocated, proposal.reason))
    purses.append((entry.id, entry.amount))
    for number, amount in wanted.items():
        while amount and purses:
            credit_id, left = purses[0]
            part = min(left, amount)
            amount, left = amount - part, left - part
            allocated = e.CreditAllocated(credit_id=credit_id, number=number, amount=part, on=entry.booked_on)
            result.append((allocated, proposal.reason))
            purses = [(credit_id, left), *purses[1:]] if left else purses[1:]
    return result


def _task(proposal: Proposal, today: date) -> Event:
    entry = proposal.entry
    options = [
        f"{c.account}: {', '.join(f'{s.number} {s.amount}' for s in c.shares)} ({c.why})" for c in proposal.candidates
    ]
    said = " ".join(filter(None, (entry.payer, entry.payer_iban, " ".join(entry.text.split()))))
    why = f"{entry.amount} of {entry.booked_on} ({said[:120] or 'without a word'}): {proposal.reason}"
    task = Task(
        id=f"{TaskKind.ALLOCATE_PAYMENT}-{entry.id}", kind=TaskKind.ALLOCATE_PAYMENT, raised_on=today, due_on=today,
        reason=why, at_stake=entry.amount, note="\n".join(options),
    )  # fmt: skip
    return e.TaskRaised(task=task), why


def _closing(file: DebtorFile, credit_id: str, at: datetime, who: str) -> list[Event]:
    id_ = f"{TaskKind.ALLOCATE_PAYMENT}-{credit_id}"
    task = file.tasks.get(id_)
    if task is None or not task.is_open:
        return []
    return [(e.TaskClosed(task_id=id_, outcome="done", note=f"allocated by {who}", at=at), f"allocated by {who}")]


def _moved(file: DebtorFile, credit: Credit, debtor_id: str, at: datetime, who: str) -> list[Event]:
    if credit.id not in file.credits or not file.credits[credit.id].remaining:
        return []
    left = file.credits[credit.id].remaining
    gone = e.CreditWithdrawn(credit_id=credit.id, amount=left, on=credit.on)
    return [(gone, f"{who} says that {debtor_id} paid it"), *_closing(file, credit.id, at, who)]


def _with_consequences(file: DebtorFile, happened: list[Event], on: date, at: datetime) -> list[Event]:
    if not any(isinstance(event, e.CreditAllocated) for event, _ in happened):
        return happened
    before = file if file.entries else None
    opened: list[Event] = [] if before else [(e.DebtorOpened(debtor=file.debtor), "first entry")]
    after = apply_all(before, e.entries_after(file.entries, [*opened, *happened], at=at, who=""))
    return [*happened, *consequences(after, on=on, at=at)]


# --- money taken back


def _take_back(parts: Parts, office: Office, entry: BankEntry, *, at: datetime, who: str) -> None:
    """Undo what the money that left had settled; where nobody knows which money it was, a person must look."""
    found = _came_as(parts, entry)
    reason = "a direct debit came back" if entry.kind is EntryKind.RETURNED_DEBIT else "the bank took a payment back"
    if found is None:
        today = local_day(at, office.creditor.zone)
        nobody = Proposal(entry=entry, certainty=Certainty.NONE, reason=f"{reason}, and which one is not told")
        noted = (e.CreditReceived(credit=_credit(entry, Money.zero(entry.amount.currency))), reason)

        def look(file: DebtorFile) -> Happened:
            return [] if entry.id in file.credits else [noted, _task(nobody, today)]

        keep(parts, office, DESK, look, at=at, who=who)
        return
    debtor_id, credit_id = found

    def decide(file: DebtorFile) -> Happened:
        if entry.id in file.credits:
            return []
        noted = e.CreditReceived(credit=_credit(entry, Money.zero(entry.amount.currency)))
        undone = _undone(parts, file, credit_id, reason)
        gone = e.CreditWithdrawn(credit_id=credit_id, amount=entry.amount, on=entry.booked_on)
        return [(noted, reason), *undone, (gone, reason), *_closing(file, credit_id, at, who)]

    _keep_whole(parts, office, debtor_id, decide, at=at, who=who)


def _came_as(parts: Parts, entry: BankEntry) -> tuple[str, str] | None:
    """Debtor and id of the one credit that this reversal speaks of: by the bank's reference, of the same amount."""
    words = {entry.bank_reference, entry.mandate, *entry.references, *entry.text.replace("\n", " ").split()}
    told = {w for w in words if len(w) >= 6 and any(c.isdigit() for c in w)}
    found: list[tuple[str, str]] = []
    for debtor_id in parts.store.debtor_ids():
        file = parts.store.load(debtor_id, whole=True)
        for credit in file.credits.values() if file else ():
            if credit.kind is not CreditKind.PAYMENT or credit.amount != entry.amount or credit.id == entry.id:
                continue
            if credit.id.startswith("bank-") and told & set(credit.reference.split()):
                found.append((debtor_id, credit.id))
    found = [one for one in found if one[0] != DESK] or found  # what moved from the desk has left a trace there
    return found[0] if len(found) == 1 else None


def _undone(parts: Parts, file: DebtorFile, credit_id: str, why: str) -> list[Event]:
    """The entries that take back what a credit settles now, as the journal tells."""
    settles: dict[str, Money] = {}
    for entry in parts.store.journal(file.id):
        match entry.event:
            case e.CreditAllocated(credit_id=id_, number=number, amount=amount) if id_ == credit_id:
                settles[number] = settles.get(number, Money.zero(amount.currency)) + amount
            case e.AllocationUndone(credit_id=id_, number=number, amount=amount) if id_ == credit_id:
                settles[number] = settles[number] - amount
            case _:
                continue
    return [
        (e.AllocationUndone(credit_id=credit_id, number=number, amount=amount), why)
        for number, amount in settles.items()
        if amount
    ]


def _keep_whole(
    parts: Parts, office: Office, debtor_id: str, decide: Callable[[DebtorFile], Happened], *, at: datetime, who: str
) -> DebtorFile | None:
    """Like `keep`, on the whole file: what is undone is no longer among what is live. None: nothing was decided."""
    for _ in range(RACES):
        file = parts.store.load(debtor_id, whole=True)
        if file is None:
            raise BadInput(debtor_id, "no such debtor", "check the account")
        happened = decide(file)
        if not happened:
            return None
        saved = save(parts, office, file, happened, at=at, who=who)
        if saved is not None:
            return saved
    raise LostRaces(f"file {debtor_id} was changed by others {RACES} times in a row")


__all__ = ["Taken", "allocate", "import_statements", "ledger_of", "undo"]
