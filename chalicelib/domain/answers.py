"""What a mail of the debtor's does to its file: from an answer as understood to the entries that it causes.

A person's answer pauses chasing at once, always with an end; what it says clearly is acted on; the rest becomes a
task. Machines are no answer: an absence moves the next mail, a bounce kills an address, a receipt changes nothing.
Nothing that a mail says ever changes an address, bank details or an amount owed by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from chalicelib.domain import events as e
from chalicelib.domain.apply import foreseen
from chalicelib.domain.calendar import local_day
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import (
    Block,
    BlockKind,
    Case,
    ClaimState,
    DebtorFile,
    Dispute,
    Notice,
    NoticeState,
    Order,
    PaymentClaim,
    Promise,
    PromiseState,
    Task,
    TaskKind,
    at_stake,
    by_currency,
)
from chalicelib.domain.disputes import owner_of
from chalicelib.domain.money import Money

LONGEST_ABSENCE = timedelta(days=30)
"""An automatic answer cannot silence us for longer, whatever return date it names."""

BOUNCE_WITHIN = timedelta(days=14)
"""A bounce is believed only of a notice that left no longer ago; anybody can write one."""

_WITHOUT_DATE = "promise-without-date"
"""The reader's code for a promise that names no day."""

Happened = tuple[e.Event, str]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A mail as understood. `trusted`: the sender is proven to be who the debtor's file knows."""

    mail: str
    kind: str  # reply, auto_reply, bounce, receipt, challenge, unrelated
    decision: str  # apply, review
    reason: str
    trusted: bool
    sender: str = ""
    intents: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()  # invoices that the client's own words name
    promise_on: date | None = None
    promise_amount: Money | None = None
    promise_means: str = ""
    paid_on: date | None = None
    paid_amount: Money | None = None
    reference: str = ""
    dispute_reason: str = ""
    doubts: tuple[str, ...] = ()  # every reason for a person to look, by its code
    wants_invoice: bool = False  # the document that is asked for is the invoice itself
    return_on: date | None = None
    contacts: tuple[str, ...] = ()
    bounced: str = ""
    bounced_for_good: bool = False
    notice_id: str = ""  # the notice that it answers, by token or thread
    per_invoice: tuple[tuple[str, str, date | None], ...] = ()  # (number, intent, day) where invoices differ


def respond(file: DebtorFile, answer: Answer, office: Office, *, at: datetime) -> list[Happened]:
    """The entries that an answer causes in this debtor's file, in order. Always at least that it came."""
    desk = _Desk(file, answer, office, at)
    happened: list[Happened] = [
        (
            e.ReplyReceived(
                mail=answer.mail,
                kind=answer.kind,
                intents=answer.intents,
                decision=answer.decision,
                sender=answer.sender,
                trusted=answer.trusted,
            ),
            answer.reason,
        )
    ]
    return happened + list(_effects(desk))


_SETTLED = {
    "accepted": "read by a person: applied as it was understood",
    "corrected": "read by a person: it says something else",
    "nothing": "read by a person: there is nothing to do",
    "reassigned": "read by a person: it is another debtor's",
    "answered": "read by a person, and answered",
}

_CAUSED = (BlockKind.DOCUMENT, BlockKind.PLAN, BlockKind.INSOLVENCY, BlockKind.COMPLAINT)
"""The blocks that stand for what a mail says; the two pauses only for that it came."""


def settle(
    file: DebtorFile, answer: Answer, office: Office, *, at: datetime, verdict: str, turn: int, note: str = ""
) -> list[Happened]:
    """The entries that a person's decision about a mail causes, in order.

    Accepted: what was read is applied. Corrected: what the program had made of the mail is taken back, and what the
    person says is applied. Nothing, reassigned: it is taken back. Whatever the decision, the task to look is closed.
    """
    desk, why = _Desk(file, answer, office, at), note or _SETTLED[verdict]
    applied = verdict in ("accepted", "corrected")
    said = e.ReplySettled(
        mail=answer.mail, turn=turn, verdict=verdict, intents=answer.intents if applied else (), note=note
    )
    happened: list[Happened] = [(said, why)]
    takes_back = verdict in ("corrected", "nothing", "reassigned")
    if takes_back:
        happened += [(event, why) for event in _taken_back(desk, pauses=verdict == "reassigned")]
    happened += [
        (e.TaskClosed(task_id=t.id, outcome=verdict, note=note, at=at), why)
        for t in file.open_tasks() if t.mail == answer.mail and (takes_back or t.kind is TaskKind.REVIEW_MAIL)
    ]  # fmt: skip
    if applied:
        after = foreseen(file, happened, at=at)
        vouched = replace(answer, trusted=True, decision="apply", doubts=())
        happened += list(_vouched(_Desk(after, vouched, office, at)))
    return happened


def _vouched(desk: _Desk) -> Iterator[Happened]:
    """What a mail says, once a person stands for it."""
    if desk.answer.kind in ("bounce", "auto_reply", "challenge"):
        yield from _effects(desk)
        return
    stopped = {b.kind for b in desk.file.blocks.values() if b.is_open}
    asked = {t.kind for t in desk.file.open_tasks()}
    for event, why in _stops(desk):
        placed = isinstance(event, e.BlockPlaced) and event.block.kind in stopped
        if not placed and not (isinstance(event, e.TaskRaised) and event.task.kind in asked):
            yield event, why
    yield from _act(desk)


def _taken_back(desk: _Desk, *, pauses: bool) -> Iterator[e.Event]:
    """What stands in the file because of this mail, and is not true."""
    file, mail = desk.file, desk.answer.mail
    for promise in file.promises.values():
        if promise.mail == mail and promise.state is PromiseState.OPEN:
            yield e.PromiseWithdrawn(promise_id=promise.id)
    for claim in file.claims.values():
        if claim.mail == mail and claim.state is ClaimState.OPEN:
            yield e.PaymentClaimLapsed(claim_id=claim.id)
    for dispute in file.disputes.values():
        if dispute.mail == mail and dispute.is_open:
            yield e.DisputeResolved(dispute_id=dispute.id, resolution="misread", on=desk.today)
    for order in file.open_orders():
        if order.about == mail:
            yield e.OrderWithdrawn(order_id=order.id)
    kinds = (*_CAUSED, BlockKind.ANSWERED, BlockKind.UNVERIFIED) if pauses else _CAUSED
    ends = tuple(desk.id(kind).partition("-")[2] for kind in kinds)
    for block in file.blocks.values():
        if block.is_open and block.id.endswith(ends):
            yield e.BlockLifted(block_id=block.id, on=desk.today)


class _Desk:
    """One answer beside the file that it concerns."""

    def __init__(self, file: DebtorFile, answer: Answer, office: Office, at: datetime) -> None:
        self.file, self.answer, self.at, self.creditor = file, answer, at, office.creditor
        self.policy = office.policy(file.debtor.policy)
        self.calendar = self.creditor.calendar
        self.today = local_day(at, self.creditor.zone)

    def cases(self, *intents: str) -> list[Case]:
        """The open cases an answer speaks of: those it names, else those we wrote about, else all that are overdue."""
        open_cases = self.file.open_cases()
        singled = {n for n, intent, _ in self.answer.per_invoice if intent in intents}
        others = {n for n, intent, _ in self.answer.per_invoice if intent not in intents}
        named = singled or (set(self.answer.numbers) - others)
        if named:
            return [c for c in open_cases if c.number in named]
        notice = self.file.notices.get(self.answer.notice_id)
        asked = {n for n, _ in notice.takes} - others if notice else set()
        return (
            [c for c in open_cases if c.number in asked]
            or [c for c in open_cases if c.due_on < self.today and c.number not in others]
            or open_cases
        )

    def id(self, what: str) -> str:
        return f"{self.today:%Y%m%d}-{what}-{hashlib.sha256((self.answer.mail + what).encode()).hexdigest()[:8]}"

    def task(
        self, kind: TaskKind, reason: str, cases: list[Case], *, assignee: str = "", urgent: bool = False
    ) -> Happened:
        task = Task(
            id=self.id(kind),
            kind=kind,
            raised_on=self.today,
            due_on=self.today if urgent else self.calendar.add(self.today, self.policy.review_due_business_days),
            reason=reason,
            numbers=tuple(c.number for c in cases),
            at_stake=at_stake(cases),
            mail=self.answer.mail,
            assignee=assignee,
        )
        return e.TaskRaised(task=task), reason

    def pause(self, kind: BlockKind, days: int | None, reason: str, cases: list[Case] | None = None) -> Happened:
        collector = self.creditor.persona("collector").email
        block = Block(
            id=self.id(kind),
            kind=kind,
            reason=reason,
            placed_on=self.today,
            until=None if days is None else self.today + timedelta(days=days),
            owner=owner_of(self.file, self.creditor) if kind is BlockKind.COMPLAINT else collector,
            numbers=tuple(c.number for c in cases or ()),
        )
        return e.BlockPlaced(block=block), reason


def _effects(desk: _Desk) -> Iterator[Happened]:
    match desk.answer.kind:
        case "bounce":
            yield from _bounce(desk)
        case "auto_reply":
            yield from _auto_reply(desk)
        case "challenge":
            yield desk.task(TaskKind.REVIEW_MAIL, "the client's mail filter asks us to prove that we are human", [])
        case "receipt" | "unrelated":
            if desk.answer.decision == "review":
                yield desk.task(TaskKind.REVIEW_MAIL, desk.answer.reason, [])
        case _:
            yield from _reply(desk)


def _reply(desk: _Desk) -> Iterator[Happened]:
    answer, policy = desk.answer, desk.policy
    if not answer.trusted:
        if desk.file.paused_unverified_on is None:
            why = "somebody who is not proven to be the client answered: one pause, not renewed"
            yield desk.pause(BlockKind.UNVERIFIED, policy.unverified_pause_days, why)
        yield desk.task(_review_kind(answer), answer.reason, desk.cases(*answer.intents))
        return
    yield desk.pause(BlockKind.ANSWERED, policy.reply_pause_days, "the client answered")
    yield from _stops(desk)
    if answer.decision != "apply" or not answer.intents:
        if answer.intents == ("promise_to_pay",) and answer.promise_on is None:
            yield from _promise(desk, desk.cases("promise_to_pay"))
        elif not {"insolvency", "complaint"} & set(answer.intents):
            yield desk.task(TaskKind.REVIEW_MAIL, answer.reason, desk.cases(*answer.intents))
        return
    yield from _act(desk)


def _stops(desk: _Desk) -> Iterator[Happened]:
    """Two answers stop all chasing whether or not a person has looked: going on could be unlawful, or insolent."""
    if "insolvency" in desk.answer.intents:
        why = "the client announces an insolvency procedure"
        yield desk.pause(BlockKind.INSOLVENCY, None, why)
        yield desk.task(
            TaskKind.INSOLVENCY, f"{why}: check it and declare the claim", desk.file.open_cases(), urgent=True
        )
    if "complaint" in desk.answer.intents:
        why = "the client complains about being written to"
        yield desk.pause(BlockKind.COMPLAINT, None, why)
        yield desk.task(
            TaskKind.COMPLAINT,
            f"{why}: answer in person",
            desk.file.open_cases(),
            assignee=desk.file.debtor.sales_rep,
            urgent=True,
        )


def _act(desk: _Desk) -> Iterator[Happened]:
    """Do what a trusted, clear answer says; what it settles need not be called about any more."""
    happened = _one_task_each(desk, _by_intent(desk))
    yield from happened
    yield from _spare_the_call(desk, happened)


def _one_task_each(desk: _Desk, happened: Iterator[Happened]) -> list[Happened]:
    """Two things that one mail says and that ask for the same work are one task, about the invoices of both."""
    tasks: dict[str, Task] = {}
    others: list[Happened] = []
    for event, why in happened:
        if not isinstance(event, e.TaskRaised):
            others.append((event, why))
        elif event.task.id not in tasks:
            tasks[event.task.id] = event.task
        else:
            known = tasks[event.task.id]
            numbers = tuple(dict.fromkeys((*known.numbers, *event.task.numbers)))
            stake = at_stake([desk.file.cases[n] for n in numbers])
            reason = f"{known.reason}; {event.task.reason}"
            tasks[known.id] = replace(known, numbers=numbers, at_stake=stake, reason=reason)
    return [*others, *((e.TaskRaised(task=task), task.reason) for task in tasks.values())]


def _by_intent(desk: _Desk) -> Iterator[Happened]:
    answer, policy = desk.answer, desk.policy
    for intent in answer.intents:
        cases = desk.cases(intent)
        match intent:
            case "remittance":
                yield from _remittance(desk, cases)
            case "promise_to_pay":
                yield from _promise(desk, cases)
            case "dispute":
                yield from _dispute(desk, cases)
            case "payment_plan_request":
                why = "the client asks for instalments or time: obtain a first instalment now"
                yield desk.pause(BlockKind.PLAN, policy.reply_pause_days, why, cases)
                yield desk.task(TaskKind.NEGOTIATE_PLAN, why, cases)
            case "document_request":
                why = "the client asks for a document that it needs to pay"
                yield desk.pause(BlockKind.DOCUMENT, policy.document_pause_days, why, cases)
                yield from _send_copies(desk, cases) or [desk.task(TaskKind.SEND_DOCUMENT, why, cases)]
            case "contact_change":
                who = ", ".join(answer.contacts) or "a portal or person named in the mail"
                yield desk.task(TaskKind.CONFIRM_CONTACT, f"the client wants us to write to {who}", cases)


def _spare_the_call(desk: _Desk, happened: list[Happened]) -> Iterator[Happened]:
    """Nobody is called about what the client has just promised, announced or contested in writing."""
    answered: set[str] = set()
    for event, _ in happened:
        match event:
            case e.PromiseMade(promise=record) | e.PaymentClaimed(claim=record) | e.DisputeOpened(dispute=record):
                answered |= set(record.numbers)
    still_open = {c.number for c in desk.file.open_cases()}
    spared = (TaskKind.CALL, TaskKind.ASK_PROMISE)
    for task in desk.file.open_tasks():
        if answered and task.kind in spared and set(task.numbers) & still_open <= answered:
            why = "the client has answered in writing"
            yield e.TaskClosed(task_id=task.id, outcome="answered", note=why, at=desk.at), why


def _remittance(desk: _Desk, cases: list[Case]) -> Iterator[Happened]:
    if not cases:
        return  # everything it speaks of is settled already
    answer = desk.answer
    sent_on = max(answer.paid_on or desk.today, desk.today)
    hold_on = desk.calendar.add(min(sent_on, desk.today + timedelta(days=10)), desk.policy.claim_hold_business_days)
    claim = PaymentClaim(
        id=desk.id("claim"),
        numbers=tuple(c.number for c in cases),
        claimed_on=desk.today,
        hold_on=hold_on,
        paid_on=answer.paid_on,
        amount=answer.paid_amount,
        reference=answer.reference,
        mail=answer.mail,
    )
    yield e.PaymentClaimed(claim=claim), f"the client announces its payment; the bank has until {hold_on}"


def _promise(desk: _Desk, cases: list[Case]) -> Iterator[Happened]:
    """A promise for each day that is named: what is promised for the 20th is not broken on the 5th."""
    answer, latest = desk.answer, desk.today + timedelta(days=desk.policy.promise_longest_days)
    named = {number: day for number, intent, day in answer.per_invoice if intent == "promise_to_pay" and day}
    by_day: dict[date, list[Case]] = {}
    vague: list[Case] = []
    unlikely: list[Case] = []
    for case in cases:
        day = named.get(case.number, answer.promise_on)
        if day is None:
            vague.append(case)
        elif desk.today <= day <= latest:
            by_day.setdefault(day, []).append(case)
        else:
            unlikely.append(case)
    if vague:
        why = "a vague promise: ask for the amount, the date and the means"
        yield from _ask_by_mail(desk, vague) or [desk.task(TaskKind.ASK_PROMISE, why, vague)]
    if unlikely:
        days = sorted({named.get(case.number, answer.promise_on) or desk.today for case in unlikely})
        why = " and ".join(f"the promised day {d} is {'past' if d < desk.today else 'far off'}" for d in days)
        yield desk.task(TaskKind.NEGOTIATE_PLAN, f"{why}: obtain a nearer one", unlikely)
    for day, some in by_day.items():
        yield from _promise_for(desk, day, some, answer.promise_amount if len(some) == len(cases) else None)


def _ask_by_mail(desk: _Desk, cases: list[Case]) -> list[Happened]:
    """Our question for the date, once for an invoice, where the lack of it is all that is doubtful about the mail."""
    answer = desk.answer
    clear = answer.decision == "apply" or set(answer.doubts) == {_WITHOUT_DATE}
    if not (clear and answer.trusted) or _ordered(desk, "ask_promise", cases):
        return []
    why = "a vague promise is asked about in writing"
    return [_order(desk, "ask_promise", currency, some, why) for currency, some in by_currency(cases)]


def _send_copies(desk: _Desk, cases: list[Case]) -> list[Happened]:
    """The invoices asked for, where we have them all; what was sent already is for a person to look at."""
    answer = desk.answer
    clear = answer.decision == "apply" and answer.trusted and answer.wants_invoice
    if not clear or not cases or not all(c.document for c in cases) or _ordered(desk, "document_sent", cases):
        return []
    why = "the client asks for a copy: it is sent"
    return [_order(desk, "document_sent", currency, some, why) for currency, some in by_currency(cases)]


def _ordered(desk: _Desk, template: str, cases: list[Case]) -> bool:
    numbers = {c.number for c in cases}
    return any(o.template == template and numbers & set(o.numbers) for o in desk.file.orders.values())


def _order(desk: _Desk, template: str, currency: str, cases: list[Case], why: str) -> Happened:
    contact = desk.file.contact_at(desk.answer.sender)
    order = Order(
        id=f"{desk.id(template)}-{currency}",
        template=template,
        ordered_on=desk.today,
        numbers=tuple(c.number for c in cases),
        currency=currency,
        about=desk.answer.mail,
        contact=contact.id if contact else "",
    )
    return e.NoticeOrdered(order=order), why


def _promise_for(desk: _Desk, pay_on: date, cases: list[Case], amount: Money | None) -> Iterator[Happened]:
    numbers = {c.number for c in cases}
    for earlier in desk.file.promises.values():
        if earlier.state is PromiseState.OPEN and numbers & set(earlier.numbers):
            yield e.PromiseWithdrawn(promise_id=earlier.id), "replaced by a newer promise"
    grace_on = desk.policy.believed_until(pay_on, cases, desk.calendar)
    promise = Promise(
        id=desk.id(f"promise-{pay_on:%Y%m%d}"),
        numbers=tuple(c.number for c in cases),
        made_on=desk.today,
        pay_on=pay_on,
        grace_on=grace_on,
        amount=amount,
        owed=at_stake(cases),
        means=desk.answer.promise_means,
        mail=desk.answer.mail,
    )
    yield e.PromiseMade(promise=promise), f"the client promises to pay by {pay_on}; believed until {grace_on}"


def _dispute(desk: _Desk, cases: list[Case]) -> Iterator[Happened]:
    fresh = [c for c in cases if desk.file.dispute_on(c.number) is None]
    if not fresh:
        return
    reason = desk.answer.dispute_reason or "other"
    dispute = Dispute(
        id=desk.id("dispute"),
        numbers=tuple(c.number for c in fresh),
        reason=reason,
        opened_on=desk.today,
        owner=owner_of(desk.file, desk.creditor),
        mail=desk.answer.mail,
    )
    yield e.DisputeOpened(dispute=dispute), f"the client disputes: {reason}"
    yield desk.task(
        TaskKind.ANSWER_DISPUTE,
        f"the client disputes ({reason}): find out and resolve",
        fresh,
        assignee=desk.file.debtor.sales_rep,
    )


def _auto_reply(desk: _Desk) -> Iterator[Happened]:
    answer = desk.answer
    contact = desk.file.contact_at(answer.sender)
    if contact and answer.return_on and answer.return_on > desk.today:
        until = min(answer.return_on, desk.today + LONGEST_ABSENCE)
        # Whom the reader doubts (a stranger's domain, one where anybody has an address) is not written to instead.
        named = answer.contacts if answer.decision == "apply" else ()
        deputy = next((c for c in named if _domain(c) == _domain(contact.email)), "")
        if answer.trusted:
            yield (
                e.AbsenceNoted(contact_id=contact.id, until=until, deputy=deputy),
                f"{contact.email} is away until {until}" + (f"; {deputy} stands in" if deputy else ""),
            )
    elif "contact_change" in answer.intents:
        who = ", ".join(answer.contacts) or "somebody else"
        yield desk.task(TaskKind.CONFIRM_CONTACT, f"an automatic answer names {who} as the one to write to", [])


def _bounce(desk: _Desk) -> Iterator[Happened]:
    """A bounce counts where it answers a notice of ours to that address.

    Reports come back to the address that we gave with the mail, so a real one carries our token. One that only
    names an address could be anybody's: a person looks, and nothing changes.
    """
    answer, file = desk.answer, desk.file
    if not answer.bounced_for_good:
        return
    notice = _bounced_notice(desk)
    if notice and notice.internal and answer.notice_id:
        why = f"mail to our own address {notice.to} comes back for good"
        yield e.NoticeBounced(notice_id=notice.id, at=desk.at), why
        yield desk.task(TaskKind.REFUSED_MAIL, f"correct the address: {why}", [])
        return
    contact = file.contact_at(answer.bounced) or (file.contacts.get(notice.contact) if notice else None)
    if notice is None or contact is None or contact.dead_since_on:
        return
    why = f"mail to {contact.email} comes back for good"
    if not answer.notice_id:
        yield desk.task(TaskKind.REVIEW_MAIL, f"a report without our token says that {why}", [])
        return
    yield e.NoticeBounced(notice_id=notice.id, at=desk.at), why
    yield e.ContactDied(contact_id=contact.id, on=desk.today), why
    yield desk.task(TaskKind.DEAD_ADDRESS, f"find the right contact: {why}", file.open_cases())


def _bounced_notice(desk: _Desk) -> Notice | None:
    answer = desk.answer
    sent = [
        n
        for n in desk.file.notices.values()
        if n.state in (NoticeState.SENT, NoticeState.UNKNOWN)
        and n.to.lower() == answer.bounced.lower()
        and desk.today - n.on <= BOUNCE_WITHIN
        and (not answer.notice_id or n.id == answer.notice_id)
    ]
    return max(sent, key=lambda n: (n.on, n.id), default=None)


def _review_kind(answer: Answer) -> TaskKind:
    for intent, kind in (("insolvency", TaskKind.INSOLVENCY), ("complaint", TaskKind.COMPLAINT)):
        if intent in answer.intents:
            return kind
    return TaskKind.REVIEW_MAIL


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
