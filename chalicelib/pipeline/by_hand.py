"""What people record on a debtor's file by hand: promises, plans, disputes, contacts, its policy, notes, mails.

Each verb loads, decides and saves like a task's outcome does, and stands in the journal with its person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256

from chalicelib.domain import events as e
from chalicelib.domain.apply import foreseen
from chalicelib.domain.calendar import local_day
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import (
    Contact,
    DebtorFile,
    Fact,
    Notice,
    Order,
    PromiseState,
    TaskKind,
)
from chalicelib.domain.money import Money
from chalicelib.domain.outcomes import Outcome, by_hand, close
from chalicelib.domain.plans import spared
from chalicelib.domain.propose import propose
from chalicelib.errors import BadInput
from chalicelib.pipeline.agreements import NoSuchRecord, dispute_under_way
from chalicelib.pipeline.keep import Happened, hand_over, keep, load, office_of
from chalicelib.ports import Parts

LONGEST_NOTE = 4000
LONGEST_LINE = 200

MAILS = ("answer", "ask_promise", "document_sent")
"""Templates that a person may write with: in own words, a question for a date, copies of invoices."""

_ASKING = frozenset({TaskKind.CALL, TaskKind.BROKEN_PROMISE, TaskKind.ASK_PROMISE})


def record_promise(
    parts: Parts, debtor_id: str, *, numbers: Sequence[str] = (), on: date, amount: Money | None = None,
    means: str = "", said_by: str = "", note: str = "", at: datetime, who: str,
) -> DebtorFile:  # fmt: skip
    """The debtor promises to pay by a day. No number named: all that is open and not contested."""
    office = office_of(parts)
    said = Outcome(outcome="promised", on=on, amount=amount, means=means)
    why = _told(who, f"{said_by} promised it" if said_by else "promised", note)

    def decide(file: DebtorFile) -> Happened:
        about = _chosen(file, numbers)
        _check_amount(file, about, amount)
        source = _source(at, debtor_id, *about)
        made = by_hand(file, said, office, kind=TaskKind.NEGOTIATE_PLAN, numbers=about, source=source, at=at)
        calls = spared(file, set(about), _ASKING, "the debtor has promised it", at=at)
        return [*((event, why) for event in made), *calls]

    return keep(parts, office, debtor_id, decide, at=at, who=who)


def withdraw_promise(parts: Parts, debtor_id: str, promise_id: str, *, why: str = "", at: datetime, who: str) -> None:
    """A promise is set aside: it was misheard, or taken back. It does not count against the debtor."""

    def decide(file: DebtorFile) -> Happened:
        promise = file.promises.get(promise_id)
        if promise is None or promise.state is not PromiseState.OPEN:
            raise NoSuchRecord(f"debtor {debtor_id} has no open promise {promise_id!r}")
        return [(e.PromiseWithdrawn(promise_id=promise_id), _told(who, "set aside", why))]

    keep(parts, office_of(parts), debtor_id, decide, at=at, who=who)


def agree_plan(
    parts: Parts, debtor_id: str, *, numbers: Sequence[str], instalments: Sequence[tuple[date, Money]],
    means: str = "", at: datetime, who: str,
) -> DebtorFile:  # fmt: skip
    """A payment plan with these instalments, which come to what its invoices owe. The debtor gets it in writing."""
    office = office_of(parts)
    said = Outcome(outcome="agreed", instalments=tuple(instalments), means=means)

    def decide(file: DebtorFile) -> Happened:
        about = _chosen(file, numbers)
        source = _source(at, debtor_id, *about)
        made = by_hand(file, said, office, kind=TaskKind.NEGOTIATE_PLAN, numbers=about, source=source, at=at)
        return [(event, _told(who, "a payment plan was agreed")) for event in made]

    file = keep(parts, office, debtor_id, decide, at=at, who=who)
    hand_over(parts, file, at=at)
    return file


def open_dispute(
    parts: Parts, debtor_id: str, *, numbers: Sequence[str], reason: str, owner: str = "",
    amount: Money | None = None, at: datetime, who: str,
) -> DebtorFile:  # fmt: skip
    """The debtor contests invoices: they leave the chasing, and their owner gets the task to answer."""
    office = office_of(parts)
    if not reason.strip():
        raise BadInput("reason", "a dispute says what is contested", "give it in a few words")
    if not numbers:
        raise BadInput("numbers", "a dispute is about invoices", "name those that are contested")
    said = Outcome(outcome="disputed", amount=amount)

    def decide(file: DebtorFile) -> Happened:
        about = _chosen(file, numbers)
        if contested := [n for n in about if file.dispute_on(n)]:
            raise BadInput("numbers", f"{', '.join(contested)} is disputed already", "note what is new about it")
        _check_amount(file, about, amount)
        source = _source(at, debtor_id, *about)
        made = by_hand(file, said, office, kind=TaskKind.NEGOTIATE_PLAN, numbers=about, source=source, at=at)
        return [(_with_reason(event, reason.strip(), owner.strip()), _told(who, reason)) for event in made]

    return keep(parts, office, debtor_id, decide, at=at, who=who)


def resolve_dispute(
    parts: Parts, debtor_id: str, dispute_id: str, said: Outcome, *, at: datetime, who: str
) -> DebtorFile:
    """End a dispute, with the task about it where there is one: credit_note, corrected_invoice, rejected or paid."""
    office = office_of(parts)

    def decide(file: DebtorFile) -> Happened:
        dispute = dispute_under_way(file, dispute_id)
        tasks = [
            t for t in file.open_tasks()
            if t.kind is TaskKind.ANSWER_DISPUTE and set(t.numbers) & set(dispute.numbers)
        ]  # fmt: skip
        if tasks:
            happened = close(file, tasks[0], said, office, at=at, who=who)
        else:
            source = _source(at, debtor_id, dispute_id)
            why = _told(who, said.outcome, said.note)
            made = by_hand(
                file, said, office, kind=TaskKind.ANSWER_DISPUTE, numbers=dispute.numbers, source=source, at=at
            )
            happened = [(event, why) for event in made]
        if not any(isinstance(event, e.DisputeResolved) and event.dispute_id == dispute_id for event, _ in happened):
            raise NoSuchRecord(f"debtor {debtor_id} has no open dispute {dispute_id!r}")
        return happened

    file = keep(parts, office, debtor_id, decide, at=at, who=who)
    hand_over(parts, file, at=at)
    return file


def set_contact(parts: Parts, debtor_id: str, contact: Contact, *, at: datetime, who: str) -> DebtorFile:
    """Add a contact, or change one (an empty id: a new one). Whoever sets an address vouches that it is alive."""
    for name in ("name", "email", "phone", "title"):
        if len(getattr(contact, name)) > LONGEST_LINE:
            raise BadInput(name, "it is too long", f"write {LONGEST_LINE} characters at most")
    if not (contact.name or contact.email or contact.phone):
        raise BadInput("name", "nobody is named", "give a name, an address or a number")
    local, at_sign, domain = contact.email.partition("@")
    if contact.email and not (local and at_sign and "." in domain and not set(contact.email) & set(" ,;<>\"\r\n")):
        raise BadInput("email", f"{contact.email!r} is no e-mail address", "write it like name@example.com")
    if contact.phone and sum(c.isdigit() for c in contact.phone) < 6:
        raise BadInput("phone", f"{contact.phone!r} is no phone number", "write its digits")
    office = office_of(parts)

    def decide(file: DebtorFile) -> Happened:
        if contact.id and contact.id not in file.contacts:
            raise NoSuchRecord(f"debtor {debtor_id} has no contact {contact.id!r}")
        made = contact if contact.id else replace(contact, id=_new_id(file, contact))
        if file.contacts.get(made.id) == made:
            return []
        return [(e.ContactSet(contact=made), _told(who, "set by hand")), *_found(file, made, at, who)]

    file = keep(parts, office, debtor_id, decide, at=at, who=who)
    hand_over(parts, file, at=at)
    return file


def choose_policy(parts: Parts, debtor_id: str, policy: str, *, why: str = "", at: datetime, who: str) -> DebtorFile:
    """Chase this debtor by another dunning policy from now on; steps that were taken stay taken."""
    office = office_of(parts)
    if policy not in office.policies:
        raise BadInput("policy", f"{policy!r} is no policy", f"one of {', '.join(sorted(office.policies))}")

    def decide(file: DebtorFile) -> Happened:
        if file.debtor.policy == policy:
            return []
        return [(e.DebtorChanged(debtor=replace(file.debtor, policy=policy)), _told(who, f"policy {policy}", why))]

    return keep(parts, office, debtor_id, decide, at=at, who=who)


def write_note(parts: Parts, debtor_id: str, text: str, *, at: datetime, who: str) -> None:
    """Keep a person's words in the journal."""
    if not text.strip():
        raise BadInput("text", "a note says something", "write it")
    if len(text) > LONGEST_NOTE:
        raise BadInput("text", f"it has {len(text)} characters", f"write {LONGEST_NOTE} at most")
    happened = [(e.NoteWritten(text=text.strip()), "")]
    keep(parts, office_of(parts), debtor_id, lambda _: happened, at=at, who=who)


@dataclass(frozen=True, kw_only=True)
class Written:
    """A mail before it is ordered: as it would leave now (`raw`), to whom, and from when it may leave."""

    notice: Notice
    raw: bytes
    leaves_at: datetime | None = None  # None: with the next hand-over


def preview_mail(
    parts: Parts, debtor_id: str, template: str, *, numbers: Sequence[str] = (), words: str = "", contact: str = "",
    at: datetime,
) -> Written:  # fmt: skip
    """The mail as it would be written; nothing is kept. BadInput: it cannot be written so."""
    office, file = office_of(parts), load(parts, debtor_id)
    order = _order(file, office, template, numbers, words, contact, at)
    after = foreseen(file, [(e.NoticeOrdered(order=order), "preview")], at=at)
    leaves_at = None
    plan = propose(after, office, at=at)
    waiting = next((w for w in plan.waiting if w.order_id == order.id), None)
    if waiting and waiting.until:
        leaves_at = waiting.until
        plan = propose(after, office, at=leaves_at)
    notice = next((p.notice for p in plan.proposals if p.notice and p.notice.id == order.id), None)
    if notice is None:
        reason = waiting.reason if waiting else "it would not be written"
        raise BadInput("template", reason, "correct the contact first")
    today = local_day(leaves_at or at, office.creditor.zone)
    raw = parts.writer.write(after, notice, office.creditor, today=today, at=leaves_at or at)
    return Written(notice=notice, raw=raw, leaves_at=leaves_at)


def order_mail(
    parts: Parts, debtor_id: str, template: str, *, numbers: Sequence[str] = (), words: str = "", contact: str = "",
    at: datetime, who: str,
) -> Order:  # fmt: skip
    """Let a mail leave that a person wrote: at once, or as soon as the debtor's days and hours allow."""
    office = office_of(parts)
    made: list[Order] = []

    def decide(file: DebtorFile) -> Happened:
        made[:] = [_order(file, office, template, numbers, words, contact, at)]
        return [(e.NoticeOrdered(order=made[0]), f"{who} writes")]

    hand_over(parts, keep(parts, office, debtor_id, decide, at=at, who=who), at=at)
    return made[0]


def withdraw_mail(parts: Parts, debtor_id: str, order_id: str, *, at: datetime, who: str) -> None:
    """Take an ordered mail back, as long as it has not left."""

    def decide(file: DebtorFile) -> Happened:
        order = file.orders.get(order_id)
        if order is None or not order.is_open:
            raise NoSuchRecord(f"debtor {debtor_id} has no mail {order_id!r} that waits")
        return [(e.OrderWithdrawn(order_id=order_id), _told(who, "taken back"))]

    keep(parts, office_of(parts), debtor_id, decide, at=at, who=who)


# --- what the verbs share


def _chosen(file: DebtorFile, numbers: Sequence[str]) -> tuple[str, ...]:
    """The invoices that are named, or all that are open and not contested; BadInput where one is not open."""
    if unknown := [n for n in numbers if n not in file.cases or not file.cases[n].is_open]:
        raise BadInput("numbers", f"{', '.join(unknown)} is not open", "name open invoices")
    found = tuple(numbers) or tuple(c.number for c in file.open_cases() if not file.dispute_on(c.number))
    if not found:
        raise BadInput("numbers", "no invoice is open", "there is nothing to agree on")
    return found


def _check_amount(file: DebtorFile, numbers: Sequence[str], amount: Money | None) -> None:
    if amount is None:
        return
    if not amount > Money.zero(amount.currency):
        raise BadInput("amount", f"{amount} is not above zero", "leave it empty for all of it")
    if not any(file.cases[n].balance.currency == amount.currency for n in numbers):
        raise BadInput("amount", f"no invoice of these is in {amount.currency}", "give the invoices' currency")


def _with_reason(event: e.Event, reason: str, owner: str) -> e.Event:
    match event:
        case e.DisputeOpened(dispute=dispute):
            return e.DisputeOpened(dispute=replace(dispute, reason=reason, owner=owner or dispute.owner))
        case e.TaskRaised(task=task):
            told = f"the client disputes: {reason}"
            return e.TaskRaised(task=replace(task, reason=told, assignee=owner or task.assignee))
    return event


def _found(file: DebtorFile, made: Contact, at: datetime, who: str) -> Iterator[tuple[e.Event, str]]:
    """The tasks that looked for what has just been found."""
    before = file.contacts.get(made.id)
    for task in file.open_tasks():
        address = task.kind is TaskKind.DEAD_ADDRESS and made.email and (before is None or before.email != made.email)
        revived = task.kind is TaskKind.DEAD_ADDRESS and before and before.dead_since_on and not made.dead_since_on
        phone = task.kind is TaskKind.WRONG_PHONE and task.note == made.id and made.callable
        if address or revived or phone:
            why = _told(who, "found by hand")
            yield e.TaskClosed(task_id=task.id, outcome="corrected", note=made.email if not phone else "", at=at), why


def _new_id(file: DebtorFile, contact: Contact) -> str:
    known = {c.id for c in file.contacts.values()}
    names = [str(contact.role), *(f"{contact.role}-{n}" for n in range(2, len(known) + 3))]
    return next(name for name in names if name not in known)


def _order(
    file: DebtorFile, office: Office, template: str, numbers: Sequence[str], words: str, contact: str, at: datetime
) -> Order:
    if template not in MAILS:
        raise BadInput("template", f"{template!r} is no mail to be written by hand", f"one of {', '.join(MAILS)}")
    if contact and contact not in file.contacts:
        raise BadInput("contact", "there is no such contact", "choose another")
    lines = tuple(line.strip() for line in words.splitlines() if line.strip())
    if template == "answer" and not lines:
        raise BadInput("words", "the mail says nothing", "write it")
    if len(words) > LONGEST_NOTE:
        raise BadInput("words", f"it has {len(words)} characters", f"write {LONGEST_NOTE} at most")
    about = _chosen(file, numbers) if numbers or template != "answer" or file.open_cases() else ()
    currencies = sorted({file.cases[n].balance.currency for n in about})
    currency = currencies[0] if currencies else "EUR"
    some = tuple(n for n in about if file.cases[n].balance.currency == currency)
    if template == "document_sent" and not any(file.cases[n].document for n in some):
        raise BadInput("template", "no copy of these invoices is on file", "write in your own words")
    today = local_day(at, office.creditor.zone)
    return Order(
        id=f"{template}-{_source(at, file.id, words, *some)}",
        template=template,
        ordered_on=today,
        numbers=some,
        currency=currency,
        facts=tuple(Fact(name="words", text=line) for line in lines) if template == "answer" else (),
        contact=contact,
    )


def _source(at: datetime, *of: str) -> str:
    """What the ids of one act are made of: the same act twice is the same record."""
    return f"{at:%Y%m%d}-{sha256(chr(0).join((at.isoformat(), *of)).encode()).hexdigest()[:10]}"


def _told(who: str, what: str, note: str = "") -> str:
    return f"{who}: {what}" + (f" ({note.strip()})" if note.strip() else "")

