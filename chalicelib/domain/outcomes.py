"""What closing a task does: a person's outcome as entries of the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from chalicelib.domain import after_notice, calls, disputes, formal_notice, insolvency, plans
from chalicelib.domain import events as e
from chalicelib.domain.calendar import local_day
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import (
    Block,
    BlockKind,
    Contact,
    CreditKind,
    DebtorFile,
    Dispute,
    Fact,
    NoticeState,
    Order,
    PaymentClaim,
    Promise,
    PromiseState,
    Role,
    Task,
    TaskKind,
    at_stake,
)
from chalicelib.domain.money import Money
from chalicelib.errors import BadInput

Happened = tuple[e.Event, str]

_LOOK = frozenset({"done", "promised", "paid", "disputed", "nothing"})

_ON_ITS_WAY = {"credit_note": "a credit note", "corrected_invoice": "a corrected invoice"}
_RESOLVED_BY_NOTE = f"resolved by {_ON_ITS_WAY['credit_note']}"

OUTCOMES: dict[TaskKind, frozenset[str]] = {
    TaskKind.CALL: calls.OUTCOMES | {"agreed"},
    TaskKind.BROKEN_PROMISE: calls.OUTCOMES | {"agreed"},
    TaskKind.APPROVE_NOTICE: frozenset({*formal_notice.APPROVING, "rejected"}),
    TaskKind.POST_LETTER: frozenset({"posted", "not_posted"}),
    TaskKind.CHOOSE_ACTION: after_notice.OUTCOMES,
    TaskKind.REVIEW_MAIL: _LOOK,
    TaskKind.ANSWER_DISPUTE: frozenset({"credit_note", "corrected_invoice", "rejected", "paid"}),
    TaskKind.SEND_DOCUMENT: frozenset({"sent"}),
    TaskKind.NEGOTIATE_PLAN: frozenset({"promised", "refused", "agreed"}),
    TaskKind.CONFIRM_CONTACT: frozenset({"confirmed", "rejected"}),
    TaskKind.ASK_PROMISE: frozenset({"promised", "asked", "refused"}),
    TaskKind.DEAD_ADDRESS: frozenset({"corrected", "not_found"}),
    TaskKind.WRONG_PHONE: frozenset({"corrected", "not_found"}),
    TaskKind.UNCONFIRMED_PAYMENT: frozenset({"paid", "not_paid", "promised"}),
    TaskKind.UNKNOWN_DELIVERY: frozenset({"sent", "not_sent"}),
    TaskKind.REFUSED_MAIL: frozenset({"mended"}),
    TaskKind.INSOLVENCY: frozenset({"confirmed", "not_so"}),
    TaskKind.DECLARE_CLAIM: frozenset({"declared", "published", "not_declared", "not_so"}),
    TaskKind.COMPLAINT: frozenset({"answered"}),
    TaskKind.CREDIT_HOLD: frozenset({"hold", "no_hold"}),
    TaskKind.REVIEW_BLOCK: frozenset({"keep", "lift"}),
    TaskKind.MISSING_CREDIT_NOTE: frozenset({"credit_note", "reopen", "resume"}),
}
"""The outcomes that a kind of task knows; a kind that is not named closes as `done`."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a person says on closing a task. `on` is the promised day, or the day until which to wait.

    Of a call: the `cause` that the debtor gives, the `contact` called (its id), who answered instead, the `message`
    that the confirming mail adds for the client (`note` stays ours), and the day on which something follows.
    Of a plan: its `instalments` where they are not those of the policy. Of an insolvency: `on` is the day of its
    publication, `since` that of the judgment. Of a rejected dispute: `message` answers the client.
    Of a formal notice: `on` is the deadline, `message` what is added to it, `without` the invoices that are left out.
    Of a letter: `on` is the day on which it was posted, `reference` its tracking number.
    """

    outcome: str
    note: str = ""
    on: date | None = None
    amount: Money | None = None
    means: str = ""
    email: str = ""
    cause: str = ""
    contact: str = ""
    spoke_to: str = ""
    message: str = ""
    next_on: date | None = None
    phone: str = ""
    instalments: tuple[tuple[date, Money], ...] = ()
    since: date | None = None
    without: tuple[str, ...] = ()
    reference: str = ""


def close(file: DebtorFile, task: Task, said: Outcome, office: Office, *, at: datetime, who: str) -> list[Happened]:
    """The entries that closing a task causes. BadInput where the outcome does not fit the task or lacks its facts."""
    known = OUTCOMES.get(task.kind, frozenset({"done"}))
    if said.outcome not in known:
        raise BadInput(
            "outcome", f"{said.outcome!r} is no outcome of {task.kind}", f"one of {', '.join(sorted(known))}"
        )
    why = said.note or f"{task.kind} closed by {who}: {said.outcome}"
    today = local_day(at, office.creditor.zone)
    closing = e.TaskClosed(task_id=task.id, outcome=said.outcome, note=said.note, at=at)
    effects = list(_effects(file, task, said, office, today, at))
    if task.kind is TaskKind.APPROVE_NOTICE and said.outcome in formal_notice.APPROVING:
        effects.append(_approved(file, task, said, office, at=at, who=who))
    if task.kind in (TaskKind.CALL, TaskKind.BROKEN_PROMISE):
        effects += calls.called(file, task, said, office, today=today, at=at, who=who)
    return [(closing, why), *((event, why) for event in effects)]


def by_hand(
    file: DebtorFile, said: Outcome, office: Office, *, kind: TaskKind, numbers: Sequence[str], source: str,
    at: datetime,
) -> list[e.Event]:  # fmt: skip
    """What an outcome causes where no task asked for it: `kind` is whose outcome it is, `source` makes the ids."""
    today = local_day(at, office.creditor.zone)
    task = Task(id=source, kind=kind, raised_on=today, due_on=today, reason="", numbers=tuple(numbers))
    return list(_effects(file, task, said, office, today, at))


def _effects(
    file: DebtorFile, task: Task, said: Outcome, office: Office, today: date, at: datetime
) -> Iterator[e.Event]:
    numbers = tuple(c.number for c in file.open_among(task.numbers))
    match task.kind, said.outcome:
        case TaskKind.MISSING_CREDIT_NOTE, outcome:
            yield from _missing_note(file, task, said, outcome, office, numbers, today)
        case _, "promised":
            yield from _promise(file, task, said, office, numbers, today)
        case _, "disputed":
            yield from _dispute(file, task, said, office, numbers, today)
        case _, "paid":
            yield from _resolved(file, task, said.outcome, today)
            yield from _claim(file, task, said, office, numbers, today)
        case TaskKind.DEAD_ADDRESS, "not_found":
            yield _wait(
                task, numbers, said.on or today + timedelta(days=14), "no address of the debtor's was found", today
            )
        case TaskKind.APPROVE_NOTICE, "rejected":
            yield _wait(task, numbers, said.on or today + timedelta(days=14), "the formal notice was rejected", today)
        case TaskKind.POST_LETTER, "posted" if task.note in file.letters:
            yield e.LetterPosted(letter_id=task.note, on=_past(said.on, today), tracking=said.reference)
        case TaskKind.POST_LETTER, "not_posted":
            if not said.note:
                raise BadInput("note", "why it was not posted is not said", "give the reason")
            if task.note in file.letters:
                yield e.LetterNotPosted(letter_id=task.note, reason=said.note)
        case TaskKind.CHOOSE_ACTION, "wait":
            yield _wait(task, numbers, said.on or today + timedelta(days=14), "a person chose to wait", today)
        case TaskKind.CHOOSE_ACTION, option:
            cases = [file.cases[n] for n in numbers]
            chosen = after_notice.follow_up(file, task, option, cases, office.creditor.calendar, today=today)
            if chosen:
                yield e.TaskRaised(task=chosen)
        case _, "agreed":
            agreed = plans.agree(
                file, numbers, office, today=today, at=at, source=task.id, given=said.instalments,
                first_on=said.on, means=said.means,
            )  # fmt: skip
            yield from (event for event, _ in agreed)
        case TaskKind.ANSWER_DISPUTE, resolution:
            yield from _resolved(file, task, resolution, today)
            if resolution == "rejected" and said.message:
                yield e.NoticeOrdered(order=_answer(file, task, said, numbers, today))
            if resolution in _ON_ITS_WAY and numbers:
                until = _in_the_books_by(file, said, office, today)
                waiting = _wait(task, numbers, until, f"resolved by {_ON_ITS_WAY[resolution]}", today)
                yield _for_the_note(file, task, waiting, office) if resolution == "credit_note" else waiting
        case TaskKind.WRONG_PHONE, "corrected":
            yield from calls.new_phone(file, task, said.phone, office, today=today)
        case TaskKind.DEAD_ADDRESS | TaskKind.CONFIRM_CONTACT, "corrected" | "confirmed":
            yield e.ContactSet(contact=_contact(file, said))
        case TaskKind.UNKNOWN_DELIVERY, outcome:
            notice = file.notices.get(task.note)
            if notice and notice.state is NoticeState.UNKNOWN:
                if outcome == "sent":
                    yield e.NoticeSent(notice_id=notice.id, message_id=notice.message_id, at=at)
                else:
                    yield e.NoticeFailed(notice_id=notice.id, at=at)
        case TaskKind.INSOLVENCY, "confirmed":
            yield from _insolvent(file, said, office, today)
        case TaskKind.DECLARE_CLAIM, "declared":
            yield e.DebtDeclared(on=_past(said.on, today), reference=said.note)
        case TaskKind.DECLARE_CLAIM, "published":
            published_on = _past(said.on, today)
            yield e.InsolvencyReported(on=file.insolvent_since_on or published_on, published_on=published_on)
            yield e.TaskRaised(task=_declaring(file, office, published_on, today))
        case TaskKind.DECLARE_CLAIM | TaskKind.INSOLVENCY, "not_so":
            ended = insolvency.refuted(file, today=today, at=at, why=said.note)
            # The task that says so is closed with its own outcome.
            yield from (x for x in ended if not (isinstance(x, e.TaskClosed) and x.task_id == task.id))
        case TaskKind.CREDIT_HOLD, "hold":
            yield e.CreditHeld(on=today)
        case TaskKind.REVIEW_BLOCK, outcome:
            yield from _review(file, task, said, outcome, today)
        case TaskKind.COMPLAINT, _:
            yield from _lift(file, BlockKind.COMPLAINT, today)


def _promise(
    file: DebtorFile, task: Task, said: Outcome, office: Office, numbers: tuple[str, ...], today: date
) -> Iterator[e.Event]:
    if said.on is None:
        raise BadInput("on", "a promise needs its day", "give the day on which the money leaves, as YYYY-MM-DD")
    if said.on < today:
        raise BadInput("on", f"{said.on} is past", "a promise is for today or later")
    for promise in file.promises.values():
        if promise.state is PromiseState.OPEN and set(promise.numbers) & set(numbers):
            yield e.PromiseWithdrawn(promise_id=promise.id)
    policy = office.policy(file.debtor.policy)
    cases = file.open_among(numbers)
    grace_on = policy.believed_until(said.on, cases, office.creditor.calendar)
    if cases:
        promise = Promise(
            id=f"promise-{task.id}",
            numbers=numbers,
            made_on=today,
            pay_on=said.on,
            grace_on=grace_on,
            amount=said.amount,
            owed=at_stake(cases),
            means=said.means,
        )
        yield e.PromiseMade(promise=promise)


def _approved(
    file: DebtorFile, task: Task, said: Outcome, office: Office, *, at: datetime, who: str
) -> e.FormalNoticeApproved:
    if said.outcome == "edited" and not (said.on or said.message or said.without):
        raise BadInput("outcome", "nothing is edited", "give a deadline, a paragraph or an invoice to leave out")
    if said.outcome == "approved" and (said.on or said.message or said.without):
        raise BadInput("outcome", "approved is the draft as it stands", "close it as edited")
    return formal_notice.approve(
        file, task, office, at=at, who=who, deadline_on=said.on, added=said.message, without=said.without
    )


def _answer(file: DebtorFile, task: Task, said: Outcome, numbers: tuple[str, ...], today: date) -> Order:
    """Our answer to a dispute that we do not accept, in the person's own words: a fact for each of its lines."""
    currencies = sorted({file.cases[n].balance.currency for n in numbers})
    return Order(
        id=f"dispute_answer-{task.id}",
        template="dispute_answer",
        ordered_on=today,
        numbers=numbers,
        currency=currencies[0] if currencies else "EUR",
        facts=tuple(Fact(name="words", text=line) for line in said.message.splitlines() if line.strip()),
        about=task.id,
        copy_sales_rep=True,
    )


def _insolvent(file: DebtorFile, said: Outcome, office: Office, today: date) -> Iterator[e.Event]:
    """Nothing that was agreed may be paid any more, and what is owed must be declared by a day that is counted."""
    published_on = _past(said.on, today) if said.on else None
    since = _past(said.since, today) if said.since else published_on or today
    if published_on and since > published_on:
        raise BadInput("since", f"{since} lies after the publication", "the judgment comes before it")
    yield e.InsolvencyReported(on=since, published_on=published_on)
    for plan in file.plans.values():
        if plan.runs:
            yield e.PlanWithdrawn(plan_id=plan.id, on=today)
    for promise in file.promises.values():
        if promise.state is PromiseState.OPEN:
            yield e.PromiseWithdrawn(promise_id=promise.id)
    yield e.TaskRaised(task=_declaring(file, office, published_on, today))


def _declaring(file: DebtorFile, office: Office, published_on: date | None, today: date) -> Task:
    collector = office.creditor.persona("collector").email
    return insolvency.declaring(file, office, published_on=published_on, today=today, collector=collector)


def _past(on: date | None, today: date) -> date:
    """A day on which something happened: today where none is given, never one to come (a wrong year, mostly)."""
    if on and on > today:
        raise BadInput("on", f"{on} has not come yet", "give the day on which it happened")
    return on or today


def _review(file: DebtorFile, task: Task, said: Outcome, outcome: str, today: date) -> Iterator[e.Event]:
    block = file.blocks.get(task.note)
    if block is None or not block.is_open:
        return
    if outcome == "lift":
        yield e.BlockLifted(block_id=block.id, on=today)
        return
    yield e.BlockReviewed(block_id=block.id, on=today)
    if said.on:
        if said.on <= today:
            raise BadInput("on", f"{said.on} is no day to wait for", "give a day after today")
        yield e.BlockPlaced(block=replace(block, until=said.on, reviewed_on=today))


def _dispute(
    file: DebtorFile, task: Task, said: Outcome, office: Office, numbers: tuple[str, ...], today: date
) -> Iterator[e.Event]:
    """A dispute told to a person, with the task to answer it: without one it would hold its invoices for ever.

    `amount`: the part that is contested; credit notes of as much settle it.
    """
    cases = [c for c in file.open_among(numbers) if file.dispute_on(c.number) is None]
    if not cases:
        return
    fresh, owner = tuple(c.number for c in cases), disputes.owner_of(file, office.creditor)
    yield e.DisputeOpened(
        dispute=Dispute(
            id=f"dispute-{task.id}", numbers=fresh, reason="other", opened_on=today, owner=owner, amount=said.amount
        )
    )
    yield e.TaskRaised(
        task=Task(
            id=f"{TaskKind.ANSWER_DISPUTE}-{task.id}",
            kind=TaskKind.ANSWER_DISPUTE,
            raised_on=today,
            due_on=today,
            reason="the client disputes, as told to a person: find out and resolve",
            numbers=fresh,
            at_stake=at_stake(cases),
            assignee=owner,
        )
    )


def _resolved(file: DebtorFile, task: Task, resolution: str, today: date) -> Iterator[e.Event]:
    if task.kind is TaskKind.ANSWER_DISPUTE:
        for dispute in file.disputes.values():
            if dispute.is_open and set(dispute.numbers) & set(task.numbers):
                yield e.DisputeResolved(dispute_id=dispute.id, resolution=resolution, on=today)


def _in_the_books_by(file: DebtorFile, said: Outcome, office: Office, today: date) -> date:
    """When what settles a dispute is to have reached our ledger, and the client: before, nothing is asked for.

    It has as long as money that the client announced has to reach our bank.
    """
    days = office.policy(file.debtor.policy).claim_hold_business_days
    return said.on or office.creditor.calendar.add(today, days)


def _for_the_note(file: DebtorFile, task: Task, waiting: e.BlockPlaced, office: Office) -> e.BlockPlaced:
    """Until the credit note is in the books; a plain wait where one came since the dispute was opened."""
    found = [d for d in file.disputes.values() if d.is_open and set(d.numbers) & set(task.numbers)]
    since = min((d.opened_on for d in found), default=waiting.block.placed_on)
    spare = [c for c in file.credits.values() if c.kind is CreditKind.CREDIT_NOTE and c.remaining and c.on >= since]
    if spare or any(d.credited for d in found):
        return waiting
    owner = next((d.owner for d in found if d.owner), "") or disputes.owner_of(file, office.creditor)
    return e.BlockPlaced(block=replace(waiting.block, kind=BlockKind.CREDIT_NOTE, owner=owner))


def _missing_note(
    file: DebtorFile, task: Task, said: Outcome, outcome: str, office: Office, numbers: tuple[str, ...], today: date
) -> Iterator[e.Event]:
    """The note is issued now, and waited for anew; or the dispute is open again; or what is left is chased."""
    if outcome == "reopen":
        yield from _dispute(file, task, said, office, numbers, today)
    block = file.blocks.get(task.note)
    if block is None or not block.is_open:
        return
    if outcome == "credit_note":
        again = _wait(task, block.numbers, _in_the_books_by(file, said, office, today), _RESOLVED_BY_NOTE, today)
        yield e.BlockPlaced(block=replace(block, until=again.block.until, reason=again.block.reason, placed_on=today))
    else:
        yield e.BlockLifted(block_id=block.id, on=today)


def _claim(
    file: DebtorFile, task: Task, said: Outcome, office: Office, numbers: tuple[str, ...], today: date
) -> Iterator[e.Event]:
    """A person says that it is paid: the bank has some days to show it, and meanwhile nobody writes."""
    if numbers:
        policy = office.policy(file.debtor.policy)
        yield e.PaymentClaimed(
            claim=PaymentClaim(
                id=f"claim-{task.id}",
                numbers=numbers,
                claimed_on=today,
                hold_on=office.creditor.calendar.add(today, policy.claim_hold_business_days),
                paid_on=said.on,
                amount=said.amount,
                mail=task.mail,
            )
        )


def _wait(task: Task, numbers: tuple[str, ...], until: date, reason: str, today: date) -> e.BlockPlaced:
    if until <= today:
        raise BadInput("on", f"{until} is no day to wait for", "give a day after today")
    block = Block(
        id=f"block-{task.id}", kind=BlockKind.MANUAL, reason=reason, placed_on=today, until=until, numbers=numbers
    )
    return e.BlockPlaced(block=block)


def _contact(file: DebtorFile, said: Outcome) -> Contact:
    if "@" not in said.email:
        raise BadInput("email", f"{said.email!r} is no e-mail address", "give the address to write to from now on")
    dead = [c for c in file.contacts.values() if c.dead_since_on]
    old = min(dead or file.contacts.values(), key=_first_to_write_to, default=Contact(id="payer"))
    return replace(old, email=said.email, dead_since_on=None, away_until=None, deputy="")


def _first_to_write_to(contact: Contact) -> tuple[bool, str]:
    """The payer is whom reminders go to: a new address is the payer's, not that of whose id comes first."""
    return contact.role is not Role.PAYER, contact.id


def _lift(file: DebtorFile, kind: BlockKind, today: date) -> Iterator[e.Event]:
    for block in file.blocks.values():
        if block.is_open and block.kind is kind:
            yield e.BlockLifted(block_id=block.id, on=today)
