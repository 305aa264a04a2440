"""Draft the formal notice: what is demanded of a debtor, by which day, and whether a manager's approval still holds.

A draft demands every invoice that is due and free: not disputed, promised, under a plan, announced as paid, blocked or
covered. A manager approves it, with the deadline or a paragraph changed or an invoice left out; what was approved is
kept as a `Letter`. It is printed as long as each of its demands is still what is owed: otherwise it is withdrawn, and a
new draft asks again. Nothing else lets a formal notice leave.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from chalicelib.domain import events as e
from chalicelib.domain.calendar import instant, local_day
from chalicelib.domain.creditor import Creditor, Office
from chalicelib.domain.debtor_file import (
    Case,
    Debtor,
    DebtorFile,
    DebtorKind,
    Demand,
    Letter,
    LetterState,
    NoticeState,
    Role,
    Task,
    TaskKind,
)
from chalicelib.domain.gate import held_back
from chalicelib.domain.letter_facts import (
    EarlierContact,
    FormalNoticeFacts,
    InterestPeriod,
    LetterInvoice,
    LetterParty,
    totals_of,
)
from chalicelib.domain.message import FORMAL_NOTICE_DAYS, written_in
from chalicelib.domain.money import Money
from chalicelib.domain.plan import Hold, Proposal, note
from chalicelib.domain.policy import Do, Policy, Step
from chalicelib.domain.transfer_code import remittance_text
from chalicelib.domain.view import View, short
from chalicelib.errors import BadInput
from chalicelib.law.late_payment import LatePayment, Overdue, late_payment
from chalicelib.law.rules import MissingRate, Rules

GOOD_FOR = timedelta(days=15)
"""An approval is good for a fortnight: later the facts that the manager saw are no longer the facts."""

LONGEST_DEADLINE = timedelta(days=60)
LONGEST_ADDED = 2000
MOST_PARAGRAPHS = 5

APPROVING = ("approved", "edited")

_FREES = {
    Hold.INSOLVENT, Hold.DISPUTED, Hold.CLAIMED_PAID, Hold.PLANNED, Hold.PROMISED, Hold.BLOCKED, Hold.COVERED,
    Hold.IN_NOTICE,
}  # fmt: skip
"""What keeps an invoice out of a formal notice. That a mail about it is on its way, or was refused to us, does not."""


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """An open invoice that the formal notice does not demand, and why."""

    number: str
    why: str


@dataclass(frozen=True, kw_only=True)
class FormalNotice:
    """A draft: what it would say, what it leaves out, and what is missing before anybody may approve it.

    Without `facts` there is nothing to be shown: nothing may be demanded, or it cannot be reckoned; `missing` says so.
    """

    language: str
    demands: tuple[Demand, ...]
    left_out: tuple[LeftOut, ...]
    missing: tuple[str, ...] = ()
    facts: FormalNoticeFacts | None = None

    @property
    def totals(self) -> tuple[Money, ...]:
        """What is demanded in each currency, interest and indemnities included."""
        return tuple(t.sum for t in self.facts.totals) if self.facts else ()


def draft(
    file: DebtorFile,
    office: Office,
    rules: Rules | None,
    *,
    on: date,
    deadline_on: date | None = None,
    added: tuple[str, ...] = (),
    without: Collection[str] = (),
    only: Collection[str] | None = None,
    is_draft: bool = False,
) -> FormalNotice:
    """The formal notice as it would be written on `on`, a day of the creditor's calendar.

    `deadline_on` replaces the eighth day, `added` are paragraphs, `without` names invoices that a manager leaves out,
    `only` those that he approved. MissingRate and a missing address are told in `missing`, never guessed.
    """
    view = View(file, office, instant(on, office.policy(file.debtor.policy).hours[0], office.creditor.zone))
    language = language_of(file)
    found = list(demandable(view))
    demands = tuple(
        Demand(number=case.number, balance=balance)
        for case, balance, _ in found
        if case.number not in without and (only is None or case.number in only)
    )
    left_out = (*_left_out(view), *(LeftOut(number=n, why="a manager leaves it out") for n in without))
    missing = list(_missing(file.debtor))
    if not demands:
        missing.append("there is no invoice that may be demanded now")
    bare = FormalNotice(language=language, demands=demands, left_out=left_out, missing=tuple(missing))
    if not demands:
        return bare
    try:
        law = _law_country(office.creditor, file.debtor, rules)
        asked = {demand.number for demand in demands}
        reckoned = [
            _invoice(case, balance, spare, file, office, rules, law, on, language)
            for case, balance, spare in found if case.number in asked
        ]  # fmt: skip
    except MissingRate as error:
        return replace(bare, missing=(*missing, str(error)))
    invoices = tuple(invoice for invoice, _ in reckoned)
    deadline_on = deadline_on or on + timedelta(days=FORMAL_NOTICE_DAYS)
    step = formal_step(view.policy)
    signer = office.creditor.persona(step.sender if step else "director")
    facts = FormalNoticeFacts(
        reference=f"MD-{file.id}-{on:%Y%m%d}",
        place=_place(office.creditor),
        written_on=on,
        deadline_on=deadline_on,
        days_to_pay=(deadline_on - on).days,
        sender=_sender(office.creditor),
        recipient=_recipient(file),
        signer_name=signer.name,
        signer_title=signer.title.get(language, ""),
        invoices=invoices,
        totals=totals_of(invoices),
        country=law,
        articles=tuple(dict.fromkeys(article for _, late in reckoned for article in late.articles)),
        earlier=tuple(_earlier(file, asked, on, language)),
        added=added,
        remittance=remittance_text(invoice.number for invoice in invoices),
        is_draft=is_draft,
    )
    return replace(bare, facts=facts)


def demandable(view: View) -> Iterator[tuple[Case, Money, Money]]:
    """Each case that may be demanded, with what of it, and the spare credit on the account that lowers it.

    What is on the account and covers no invoice whole goes to the oldest debt (Code civil 1342-10).
    """
    left: dict[str, Money] = {}
    for case in view.file.open_cases():
        if _why_not(view, case):
            continue
        currency = case.balance.currency
        spare = left.setdefault(currency, view.file.covered(currency)[1])
        spare = min(spare, case.balance)
        left[currency] -= spare
        if case.balance > spare:
            yield case, case.balance - spare, spare


def language_of(file: DebtorFile) -> str:
    return written_in(file.debtor.language)


def formal_step(policy: Policy) -> Step | None:
    return next((step for step in policy.steps if step.do is Do.FORMAL_NOTICE), None)


# --- approval


def approve(
    file: DebtorFile, task: Task, office: Office, *, at: datetime, who: str,
    deadline_on: date | None = None, added: str = "", without: Collection[str] = (),
) -> e.FormalNoticeApproved:  # fmt: skip
    """The approval on record. BadInput in words where `who` may not, or the draft lacks what a letter must say."""
    today = local_day(at, office.creditor.zone)
    if not office.creditor.may_approve(who):
        remedy = "ask one of the approvers that the creditor's profile names"
        raise BadInput("who", f"{who} may not approve formal notices", remedy)
    if deadline_on and not today < deadline_on <= today + LONGEST_DEADLINE:
        what = f"{deadline_on} is no deadline for a letter of {today}"
        raise BadInput("on", what, f"give a day from {today + timedelta(days=1)} to {today + LONGEST_DEADLINE}")
    if unknown := sorted(set(without) - {case.number for case in file.open_cases()}):
        raise BadInput("without", f"{', '.join(unknown)} is no open invoice", "name invoices of the draft")
    paragraphs = _paragraphs(added)
    drafted = draft(file, office, office.rules, on=today, deadline_on=deadline_on, added=paragraphs, without=without)
    if drafted.missing:
        raise BadInput(f"task {task.id}", "; ".join(drafted.missing), "complete the file, then approve")
    if not {demand.number for demand in drafted.demands} & set(task.numbers):
        raise BadInput(f"task {task.id}", "none of its invoices is demanded any more", "reject the draft")
    return e.FormalNoticeApproved(
        letter=letter(task, drafted.demands, drafted.totals, at=at, who=who, deadline_on=deadline_on, added=paragraphs)
    )


def letter(
    task: Task, demands: tuple[Demand, ...], totals: tuple[Money, ...], *, at: datetime, who: str,
    deadline_on: date | None = None, added: tuple[str, ...] = (),
) -> Letter:  # fmt: skip
    return Letter(
        id=f"letter-{short(task.id)}", task=task.id, approved_at=at, approved_by=who, demands=demands, totals=totals,
        deadline_on=deadline_on, added=added,
    )  # fmt: skip


def approved_letter(view: View) -> Letter | None:
    """The letter that waits to leave; there is one at most, for a manager has one draft at a time."""
    found = [x for x in view.file.letters.values() if x.state is LetterState.APPROVED]
    return max(found, key=lambda x: (x.approved_at, x.id), default=None)


def withdrawn(view: View) -> list[Proposal]:
    """Approved letters that must not leave any more: what was approved is no longer so."""
    proposals = []
    for one in view.file.letters.values():
        if one.state is LetterState.APPROVED and (why := changed(view, one)):
            day = local_day(one.approved_at, view.office.creditor.zone)
            reason = f"the formal notice approved on {day} is withdrawn: {why}"
            event = e.LetterWithdrawn(letter_id=one.id, on=view.today, reason=why)
            proposals.append(note(reason, event))
    return proposals


def changed(view: View, one: Letter) -> str:
    """Why an approved letter is no longer what was approved, in words; empty while it is."""
    if view.at - one.approved_at >= GOOD_FOR:
        return f"the approval is over {GOOD_FOR.days} days old"
    if one.deadline_on and one.deadline_on <= view.today:
        return f"its deadline, {one.deadline_on}, is past"
    owed = {case.number: balance for case, balance, _ in demandable(view)}
    said = []
    for demand in one.demands:
        if demand.number not in owed:
            said.append(f"{demand.number} {_what_became(view, demand.number)}")
        elif owed[demand.number] != demand.balance:
            said.append(f"{owed[demand.number]} of {demand.number} is open and not {demand.balance}")
    return "; ".join(said)


def overtaken(view: View, one: Letter) -> bool:
    """Whether a printed letter demands what is settled, contested or agreed by now: then it is not mailed again."""
    for demand in one.demands:
        case = view.file.cases.get(demand.number)
        if case is None or not case.is_open or case.balance < demand.balance:
            return True
        held = held_back(view, case)
        if held and held.hold in _FREES - {Hold.IN_NOTICE}:
            return True
    return False


def wake_days(view: View) -> Iterator[date]:
    """When an approval runs out."""
    for one in view.file.letters.values():
        if one.state is LetterState.APPROVED:
            yield local_day(one.approved_at + GOOD_FOR, view.office.creditor.zone) + timedelta(days=1)
            if one.deadline_on:
                yield one.deadline_on


def asking(view: View, why: str) -> str:
    """The reason of an approval task: which steps are due, what is missing, what became of the draft before."""
    parts = [f"approve the formal notice: {why}"]
    still_open = {case.number for case in view.file.open_cases()}
    recent = [x for x in view.file.letters.values() if still_open & set(x.numbers)]
    last = max(recent, key=lambda x: x.approved_at, default=None)
    if last and last.state is LetterState.WITHDRAWN:
        parts.append(f"the draft approved before was not sent: {last.why}")
    missing = draft(view.file, view.office, view.office.rules, on=view.today).missing if view.office.rules else ()
    if missing:
        parts.append(f"cannot be approved yet: {', '.join(missing)}")
    return ". ".join(parts)


def print_events(view: View, one: Letter, takes: tuple[tuple[str, str], ...]) -> tuple[tuple[e.Event, str], ...]:
    """The entries of printing a letter today: the copy itself, and the task to post it."""
    notice_id = one.notice or f"{view.today:%Y%m%d}-{one.id}"
    deadline_on = one.deadline_on or view.today + timedelta(days=FORMAL_NOTICE_DAYS)
    why = f"approved by {one.approved_by} at {one.approved_at:%Y-%m-%d %H:%M} UTC"
    printed = e.LetterPrinted(
        letter_id=one.id, notice_id=notice_id, on=view.today, deadline_on=deadline_on, takes=takes, totals=one.totals,
        key=letter_key(view.file.id, notice_id),
    )  # fmt: skip
    post = Task(
        id=f"{TaskKind.POST_LETTER}-{one.id}",
        kind=TaskKind.POST_LETTER,
        raised_on=view.today,
        due_on=view.calendar.on_or_after(view.today),
        reason=f"print the formal notice {one.id}, send it registered with acknowledgement of receipt: {printed.key}",
        numbers=one.numbers,
        at_stake=max(one.totals, key=lambda m: m.amount, default=None),
        note=one.id,
    )
    return (printed, why), (e.TaskRaised(task=post), why)


def letter_key(debtor_id: str, notice_id: str) -> str:
    """Where a letter is archived."""
    return f"letters/{debtor_id}/{notice_id}.pdf"


def proof_key(debtor_id: str, notice_id: str, suffix: str) -> str:
    return f"letters/{debtor_id}/{notice_id}-proof{suffix}"


def _paragraphs(text: str) -> tuple[str, ...]:
    """Plain paragraphs, parted by blank lines."""
    if len(text) > LONGEST_ADDED:
        raise BadInput("message", f"{len(text)} characters are added", f"write {LONGEST_ADDED} at most")
    found = tuple(" ".join(part.split()) for part in re.split(r"\n[ \t]*\n", text.strip()) if part.strip())
    if len(found) > MOST_PARAGRAPHS:
        raise BadInput("message", f"{len(found)} paragraphs are added", f"write {MOST_PARAGRAPHS} at most")
    return found


# --- what may be demanded


def _why_not(view: View, case: Case) -> str:
    """Why a case is not demanded; empty where it is."""
    if case.due_on >= view.today:
        return f"it is due on {case.due_on} only"
    held = held_back(view, case)
    return held.reason if held and held.hold in _FREES else ""


def _left_out(view: View) -> Iterator[LeftOut]:
    for case in view.file.open_cases():
        if why := _why_not(view, case):
            yield LeftOut(number=case.number, why=why)


def _what_became(view: View, number: str) -> str:
    case = view.file.cases.get(number)
    if case is None or not case.is_open:
        return "is settled"
    return f"is held: {_why_not(view, case) or 'credit on the account covers it'}"


def _missing(debtor: Debtor) -> Iterator[str]:
    if not any(line.strip() for line in debtor.address):
        yield f"the postal address of {debtor.name} ({debtor.id}) is missing: a registered letter needs it"


# --- interest


def _law_country(creditor: Creditor, debtor: Debtor, rules: Rules | None) -> str:
    """Whose law counts: between companies the seller's (Regulation (EC) 593/2008, art. 4(1)(a) and (b)).

    Only where the debtor's own country knows such a claim too; consumers (art. 6) and public bodies keep their own law.
    """
    both = rules and all(rules.of(c, debtor.kind.value).claims for c in (creditor.country, debtor.country))
    return creditor.country if both and debtor.kind is DebtorKind.BUSINESS else debtor.country


def _invoice(
    case: Case, balance: Money, spare: Money, file: DebtorFile, office: Office, rules: Rules | None, law: str, on: date,
    language: str,
) -> tuple[LetterInvoice, LatePayment]:  # fmt: skip
    if rules is None:
        raise MissingRate("rules", "no rules of late payment are loaded", "install templates/law")
    paid = sorted((s.on, s.amount) for s in case.settlements)
    owed = sum((amount for _, amount in paid), case.balance)  # what was lowered on days that we do not know stays out
    if spare:
        paid.append((min(c.on for c in file.credits.values() if c.remaining.currency == spare.currency), spare))
    late = late_payment(
        Overdue(
            amount=owed, due_on=case.due_on, country=law, kind=file.debtor.kind.value, paid=tuple(sorted(paid)),
            agreed_rate=office.creditor.late_interest_rate,
        ),
        rules,
        on=on,
    )  # fmt: skip
    invoice = LetterInvoice(
        number=case.number,
        issued_on=case.issued_on,
        due_on=case.due_on,
        days_late=(on - case.due_on).days,
        amount=case.amount,
        balance=balance,
        interest=late.interest,
        indemnity=late.indemnity,
        purchase_order=case.purchase_order,
        periods=tuple(
            InterestPeriod(
                from_on=p.from_on, to_on=p.to_on, days=p.days, base=p.base, rate=p.rate, interest=p.interest,
                source=p.source_fr if language == "fr" else p.source,
            )
            for p in late.periods
        ),
    )  # fmt: skip
    return invoice, late


# --- the parties


def _sender(creditor: Creditor) -> LetterParty:
    collector = creditor.persona("collector")
    return LetterParty(
        name=creditor.name,
        address=creditor.address,
        legal_form=creditor.legal_form,
        legal_id=creditor.legal_id,
        vat_number=creditor.vat_number,
        email=creditor.mailbox,
        phone=collector.phone,
        iban=creditor.iban,
        bic=creditor.bic,
    )


def _recipient(file: DebtorFile) -> LetterParty:
    """The company at its address, for the attention of its director where one is known."""
    directors = sorted((c for c in file.contacts.values() if c.role is Role.DIRECTOR and c.name), key=lambda c: c.id)
    return LetterParty(
        name=file.debtor.name,
        address=file.debtor.address,
        legal_id=file.debtor.legal_id,
        vat_number=file.debtor.vat_number,
        attention=directors[0].name if directors else "",
    )


def _place(creditor: Creditor) -> str:
    """The town of the creditor's address, where its last line is a post code and a town."""
    last = creditor.address[-1] if creditor.address else ""
    found = re.fullmatch(r"(?:[A-Z]{1,2}-)?\d{4,5}\s+(\D{2,40})", last.strip())
    return re.sub(r"\s+CEDEX.*$", "", found[1], flags=re.IGNORECASE).strip() if found else ""


# --- reminders and calls before it

_MAILS = {  # French, English
    "pre_due": ("Avis avant échéance", "Notice before the due date"),
    "courtesy": ("Avis avant échéance", "Notice before the due date"),
    "first_reminder": ("Première relance", "First reminder"),
    "second_reminder": ("Deuxième relance", "Second reminder"),
    "third_reminder": ("Troisième relance", "Third reminder"),
    "last_reminder": ("Dernière relance", "Last reminder"),
    "formal_notice": ("Mise en demeure", "Formal notice"),
}
_A_MAIL = ("Relance", "Reminder")
_CALLS = {
    "reached": ("Appel : interlocuteur joint", "Call: spoken to"),
    "promised": ("Appel : règlement promis", "Call: payment promised"),
    "agreed": ("Appel : échéancier convenu", "Call: payment plan agreed"),
    "disputed": ("Appel : contestation", "Call: disputed"),
    "paid": ("Appel : règlement annoncé", "Call: payment announced"),
    "refused": ("Appel : refus de payer", "Call: refused to pay"),
    "voicemail": ("Appel : message laissé", "Call: message left"),
    "no_answer": ("Appel : sans réponse", "Call: no answer"),
}
_A_CALL = ("Appel", "Call")
_NO_CALL = {"wrong_number", "void", ""}


def _earlier(file: DebtorFile, asked: Set[str], on: date, language: str) -> Iterable[EarlierContact]:
    """What reached the debtor about any of these invoices: mails that left and did not come back, letters, calls."""
    place = 0 if language == "fr" else 1
    found = []
    for notice in file.notices.values():
        left = notice.state is NoticeState.SENT and not notice.internal and not notice.ordered and notice.on <= on
        if left and asked & dict(notice.takes).keys():
            what = _MAILS.get(notice.template or notice.step, _A_MAIL)[place]
            found.append(EarlierContact(on=notice.on, means="email", what=what, to=notice.to))
    for one in file.letters.values():
        if one.posted_on and asked & set(one.numbers):
            what = _MAILS["formal_notice"][place] + (f" ({one.tracking})" if one.tracking else "")
            found.append(EarlierContact(on=one.posted_on, means="letter", what=what, to=file.debtor.name))
    logged = set()
    for call in file.calls.values():
        logged.add(call.task)
        if asked & set(call.numbers) and call.outcome not in _NO_CALL:
            contact = file.contacts.get(call.contact)
            to = call.spoke_to or (contact.name or contact.phone if contact else "")
            found.append(EarlierContact(on=call.on, means="call", what=_CALLS.get(call.outcome, _A_CALL)[place], to=to))
    for task in file.tasks.values():
        is_call = task.kind in (TaskKind.CALL, TaskKind.BROKEN_PROMISE) and task.id not in logged
        if is_call and task.closed_at and task.outcome in _CALLS and asked & set(task.numbers):
            what = _CALLS[task.outcome][place]
            found.append(EarlierContact(on=task.closed_at.date(), means="call", what=what))
    return sorted(found, key=lambda contact: (contact.on, contact.means, contact.what, contact.to))
