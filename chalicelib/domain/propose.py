"""Propose what is due for one debtor now, and say for everything else why not.

The plan is data: the dunning run performs it, the forecast and the simulation only show it. It is made in three looks:

1. what happened merely because time passed (a promise broken, a pause over, an announced payment that never came);
2. the gate and the ladder: for each open case its next step, or what holds it;
3. the bundle: one e-mail for a currency carries every case that is due, one call is made for all that are due.

Every open case appears exactly once, in a proposal that takes a step for it or in `held` (invariant I5).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.domain import events as e
from chalicelib.domain.apply import apply_all
from chalicelib.domain.calendar import BusinessCalendar, first_day, instant, local_day, zone_of
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import (
    Case,
    ClaimState,
    Contact,
    DebtorFile,
    Notice,
    NoticeState,
    PromiseState,
    Role,
    Task,
    TaskKind,
)
from chalicelib.domain.money import Money, total
from chalicelib.domain.policy import Do, Policy, Step

OUTCOME_WITHIN = timedelta(minutes=15)
"""A claimed notice without an outcome after so long is `unknown`: longer than any function may run."""

APPROVED = "approved"
"""The outcome of an approval task that lets a formal notice leave."""

LANGUAGES = ("fr", "en")
"""The languages we write in; whoever speaks another is written to in English."""

_ROLES = (Role.PAYER, Role.APPROVER, Role.BUYER, Role.DIRECTOR, Role.RECIPIENT)


class Action(StrEnum):
    NOTE = "note"  # time passed: entries for the journal, perhaps with a task
    EMAIL = "email"
    CALL = "call"
    APPROVE = "approve"  # ask a manager to approve the formal notice
    CHOOSE = "choose"


class Hold(StrEnum):
    """Why nothing is done about a case now."""

    NOT_DUE = "not_due"
    DISPUTED = "disputed"
    PROMISED = "promised"
    CLAIMED_PAID = "claimed_paid"
    BLOCKED = "blocked"
    INSOLVENT = "insolvent"
    COVERED = "covered"  # by credit notes or payments on the account
    SPACING = "spacing"
    CLOSED_DAY = "closed_day"
    CLOSED_HOUR = "closed_hour"
    NO_ADDRESS = "no_address"
    AWAY = "away"
    AWAITING_APPROVAL = "awaiting_approval"
    UNCERTAIN = "uncertain"  # a mail is in flight, or may have been lost
    REFUSED = "refused"  # our own mail provider refused the mail: a person mends the cause
    BLIND = "blind"
    LADDER_DONE = "ladder_done"


_HOLDING_TASKS = {
    TaskKind.UNKNOWN_DELIVERY: Hold.UNCERTAIN,
    TaskKind.REFUSED_MAIL: Hold.REFUSED,
    TaskKind.UNCONFIRMED_PAYMENT: Hold.CLAIMED_PAID,
}
"""Open tasks that hold their invoices: to write before they are settled could be to chase the paid or write twice."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """One thing to do. Recording `events` is what performs it; an EMAIL must also be handed to the outbox."""

    action: Action
    reason: str
    events: tuple[tuple[e.Event, str], ...]
    step: str = ""
    takes: tuple[tuple[str, str], ...] = ()  # (invoice number, step taken for it)
    notice: Notice | None = None

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(number for number, _ in self.takes)


@dataclass(frozen=True, kw_only=True)
class Held:
    """A case about which nothing is done now: why, in words, and from which day that may change."""

    number: str
    hold: Hold
    reason: str
    until: date | None = None
    step: str = ""  # the step that waits


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything about one debtor at one instant. `next_action_at` is the earliest instant at which it can change."""

    proposals: tuple[Proposal, ...]
    held: tuple[Held, ...]
    next_action_at: datetime | None


def propose(file: DebtorFile, office: Office, *, at: datetime) -> Plan:
    """What is due for this debtor at `at` (aware UTC), and why the rest is not. Changes nothing."""
    view = _View(file, office, at)
    noted = _elapsed(view)
    after = apply_all(file, e.entries_after(file.entries, _events(noted), at=at, who="clock")) if noted else file
    view = _View(after, office, at)

    due: list[_Due] = []
    held: list[Held] = []
    for case in after.open_cases():
        look = _look_at(view, case)
        (due if isinstance(look, _Due) else held).append(look)  # type: ignore[arg-type]

    proposals, waiting = _bundle(view, due)
    held += waiting
    return Plan(
        proposals=tuple(noted + proposals),
        held=tuple(held),
        next_action_at=_wake_at(view, held, proposals),
    )


def next_action_at(file: DebtorFile, office: Office, *, at: datetime) -> datetime | None:
    """When to look at this file again: kept on the agenda by every save."""
    return propose(file, office, at=at).next_action_at


class _View:
    """A file, its policy and calendars at one instant, with what several looks need of them."""

    def __init__(self, file: DebtorFile, office: Office, at: datetime) -> None:
        self.file, self.office, self.at = file, office, at
        creditor, debtor = office.creditor, file.debtor
        self.policy: Policy = office.policy(debtor.policy)
        self.today = local_day(at, creditor.zone)
        self.calendar = creditor.calendar
        self.client_calendar = BusinessCalendar(debtor.country, debtor.subdivision)
        self.client_zone = debtor.zone or zone_of(debtor.country, creditor.zone)
        self.progress = file.progress()
        self.covered = _covered_by_credit(file)
        self.blind = office.health.blind(self.policy, at)

    def contact_day(self, day: date) -> date:
        """The first day on or after `day` that is a business day here and at the client."""
        return first_day(
            day, lambda d: self.calendar.is_business_day(d) and self.client_calendar.is_business_day(d)
        )

    def opening(self, day: date) -> datetime:
        return instant(day, self.policy.hours[0], self.client_zone)


@dataclass(frozen=True)
class _Due:
    case: Case
    step: Step
    on: date
    why: str


def _look_at(view: _View, case: Case) -> _Due | Held:
    """The next step of one case if it is due today, else what holds it. First match wins."""
    held = _held_back(view, case)
    if held:
        return held
    step, on = _next_step(view, case)
    if step is None or on is None:
        return Held(number=case.number, hold=Hold.LADDER_DONE, reason="every step of the ladder has been taken")
    if view.today < on:
        return Held(
            number=case.number, hold=Hold.NOT_DUE, reason=f"{step.id} is due on {on}", until=on, step=step.id
        )
    return _Due(case, step, on, f"{step.id} is due since {on} ({step.when})")


def _held_back(view: _View, case: Case) -> Held | None:
    file, number = view.file, case.number

    def held(hold: Hold, reason: str, until: date | None = None) -> Held:
        return Held(number=number, hold=hold, reason=reason, until=until)

    if file.insolvent_since_on:
        return held(Hold.INSOLVENT, f"the debtor is insolvent since {file.insolvent_since_on}: chasing is not lawful")
    if dispute := file.dispute_on(number):
        return held(Hold.DISPUTED, f"disputed since {dispute.opened_on}: {dispute.reason}")
    if claim := file.claim_on(number):
        return held(
            Hold.CLAIMED_PAID, f"the debtor announced its payment on {claim.claimed_on}; the bank has until "
            f"{claim.hold_on} to confirm", claim.hold_on + timedelta(days=1),
        )  # fmt: skip
    if promise := file.promise_on(number):
        return held(
            Hold.PROMISED, f"promised for {promise.pay_on}, believed until {promise.grace_on}",
            promise.grace_on + timedelta(days=1),
        )  # fmt: skip
    if block := file.block_on(number):
        until = f"until {block.until}" if block.until else "until a person lifts it"
        return held(Hold.BLOCKED, f"blocked {until}: {block.reason}", block.until)
    if number in view.covered:
        return held(Hold.COVERED, "credit notes or payments on the account cover it")
    for notice in file.notices.values():
        if notice.state is NoticeState.CLAIMED and number in dict(notice.takes):
            return held(Hold.UNCERTAIN, f"notice {notice.id} is being sent")
    for task in file.open_tasks():
        if number in task.numbers and task.kind in _HOLDING_TASKS:
            return held(_HOLDING_TASKS[task.kind], f"a person has a task about it since {task.raised_on}: {task.reason}")
    return None


def _next_step(view: _View, case: Case) -> tuple[Step | None, date | None]:
    """The first step that this case has not taken and can still take, with the day it falls due.

    Steps before the due date lapse on it: what enters late starts at the first reminder. No other step lapses.
    """
    taken = view.progress.get(case.number, {})
    past = max((view.policy.rank(s) for s in taken if _known(view.policy, s)), default=-1)
    for rank, step in enumerate(view.policy.steps):
        if rank <= past or not step.concerns(case, view.file.debtor):
            continue
        if step.before_due and view.today >= case.due_on:
            continue
        return step, _due_day(view, case, step, taken)
    return None, None


def _due_day(view: _View, case: Case, step: Step, taken: dict[str, date]) -> date:
    """The day a step falls due: counted from the day its anchor was really taken, so that nothing ever bunches up.

    An anchor that this case skips (too small for it) passes on the day on which it would have been due. A mail
    leaves the step before it two days at least, so that catching up is never a burst.
    """
    anchor = step.when.anchor
    if anchor == "due":
        on = step.when.day(case.due_on, view.calendar)
    else:
        on = step.when.day(
            taken.get(anchor) or _due_day(view, case, view.policy.step(anchor), taken), view.calendar
        )
    if taken and step.do in (Do.EMAIL, Do.FORMAL_NOTICE):
        on = max(on, max(taken.values()) + timedelta(days=2))
    return on


def _known(policy: Policy, step_id: str) -> bool:
    """A step taken under an earlier version of the policy may be gone from this one."""
    return any(step.id == step_id for step in policy.steps)


def _bundle(view: _View, due: list[_Due]) -> tuple[list[Proposal], list[Held]]:
    """Put what is due together: the gate to the whole debtor first, then tasks, then one e-mail for a currency."""
    if not due:
        return [], []
    if view.blind:
        return [], [_wait(d, Hold.BLIND, f"the program is blind: {view.blind}") for d in due]
    day = view.contact_day(view.today)
    if day != view.today:
        return [], [_wait(d, Hold.CLOSED_DAY, "no business day here or at the client", day) for d in due]

    def doing(do: Do) -> list[_Due]:
        return [d for d in due if d.step.do is do]

    proposals: list[Proposal] = []
    if doing(Do.CALL):
        proposals.append(_call(view, doing(Do.CALL)))
    if doing(Do.CHOOSE):
        proposals.append(_choice(view, doing(Do.CHOOSE)))
    asked, approved, awaiting = _approvals(view, doing(Do.FORMAL_NOTICE))
    mailed, waiting = _mails(view, doing(Do.EMAIL) + approved)
    return proposals + asked + mailed, awaiting + waiting


def _call(view: _View, due: list[_Due]) -> Proposal:
    """One call for all that is due: a new task, or more invoices for the call that is still to be made."""
    takes = tuple((d.case.number, d.step.id, view.today) for d in due)
    reason = "; ".join(sorted({d.why for d in due}))
    waiting = [t for t in view.file.open_tasks() if t.kind is TaskKind.CALL]
    event: e.Event
    if waiting:
        numbers = {*waiting[0].numbers, *(d.case.number for d in due)}
        event = e.TaskExtended(
            task_id=waiting[0].id, takes=takes,
            at_stake=_at_stake([c for c in view.file.open_cases() if c.number in numbers]),
        )  # fmt: skip
    else:
        event = e.TaskRaised(task=_step_task(view, TaskKind.CALL, due, f"call the debtor: {reason}"))
    return Proposal(
        action=Action.CALL, step=_highest(view, due).step.id, reason=reason, events=((event, reason),),
        takes=tuple((number, step) for number, step, _ in takes),
    )  # fmt: skip


def _choice(view: _View, due: list[_Due]) -> Proposal:
    reason = "; ".join(sorted({d.why for d in due}))
    task = _step_task(view, TaskKind.CHOOSE_ACTION, due, f"choose what follows the ladder: {reason}")
    return Proposal(
        action=Action.CHOOSE, step=_highest(view, due).step.id, reason=reason,
        events=((e.TaskRaised(task=task), reason),), takes=tuple((d.case.number, d.step.id) for d in due),
    )  # fmt: skip


def _approvals(view: _View, due: list[_Due]) -> tuple[list[Proposal], list[_Due], list[Held]]:
    """Sort formal notices: to be asked for, approved, waiting for the manager. None leaves without an approval."""
    approved, waiting, new = [], [], []
    asks = [t for t in view.file.tasks.values() if t.kind is TaskKind.APPROVE_NOTICE]
    for d in due:
        about = [t for t in asks if d.case.number in t.numbers]
        if any(t.is_open for t in about):
            waiting.append(_wait(d, Hold.AWAITING_APPROVAL, "a manager is to approve the formal notice"))
        elif any(_fresh_approval(t, view.at) for t in about):
            approved.append(d)
        else:
            new.append(d)
    if not new:
        return [], approved, waiting
    reason = "; ".join(sorted({d.why for d in new}))
    task = replace(
        _step_task(view, TaskKind.APPROVE_NOTICE, new, f"approve the formal notice: {reason}"), takes=()
    )  # the step is taken by the notice, not by asking for it
    ask = Proposal(
        action=Action.APPROVE, step=_highest(view, new).step.id, reason=reason,
        events=((e.TaskRaised(task=task), reason),),
        takes=tuple((d.case.number, d.step.id) for d in new),
    )  # fmt: skip
    return [ask], approved, waiting


def _fresh_approval(task: Task, at: datetime) -> bool:
    """An approval is good for a fortnight: later the facts that the manager saw are no longer the facts."""
    return task.outcome == APPROVED and task.closed_at is not None and at - task.closed_at < timedelta(days=15)


def _mails(view: _View, due: list[_Due]) -> tuple[list[Proposal], list[Held]]:
    """One e-mail for each currency, if the spacing, the hour and the address allow a mail at all."""
    if not due:
        return [], []
    policy, file = view.policy, view.file
    if file.last_contact_on:
        free_on = view.contact_day(file.last_contact_on + timedelta(days=policy.spacing_days))
        if view.today < free_on:
            why = f"the last mail left on {file.last_contact_on} and the policy keeps {policy.spacing_days} days between"
            return [], [_wait(d, Hold.SPACING, why, free_on) for d in due]
    opens, closes = (instant(view.today, hour, view.client_zone) for hour in policy.hours)
    if not opens <= view.at < closes:
        later = view.today if view.at < opens else view.contact_day(view.today + timedelta(days=1))
        hours = f"{policy.hours[0]:%H:%M} to {policy.hours[1]:%H:%M}"
        return [], [_wait(d, Hold.CLOSED_HOUR, f"outside the client's hours, {hours}", later) for d in due]
    contact = _payer(file)
    if contact is None:
        return _ask_for_address(view, due)
    if not contact.reachable(view.today) and not contact.deputy:
        why = f"{contact.email} is away until {contact.away_until}"
        return [], [_wait(d, Hold.AWAY, why, view.contact_day(contact.away_until or view.today)) for d in due]
    by_currency: dict[str, list[_Due]] = {}
    for d in due:
        by_currency.setdefault(d.case.balance.currency, []).append(d)
    return [_mail(view, contact, currency, by_currency[currency]) for currency in sorted(by_currency)], []


def _mail(view: _View, contact: Contact, currency: str, due: list[_Due]) -> Proposal:
    file, policy = view.file, view.policy
    top = _highest(view, due)
    tone = policy.tone(top.step.id, max(file.hardened(d.case.number) for d in due if d.step.id == top.step.id))
    to = contact.email if contact.reachable(view.today) else contact.deputy
    id_ = f"{view.today:%Y%m%d}-{top.step.id}-{currency}-{_short(to)}"
    earlier = file.notices.get(id_)
    language = contact.language or file.debtor.language
    notice = Notice(
        id=id_,
        step=top.step.id,
        takes=tuple((d.case.number, d.step.id) for d in due),
        on=view.today,
        language=language if language in LANGUAGES else "en",
        currency=currency,
        contact=contact.id,
        to=to,
        cc=(file.debtor.sales_rep,) if tone.copy_sales_rep and file.debtor.sales_rep else (),
        sender=tone.sender,
        template=tone.template or tone.id,
        attempts=earlier.attempts + 1 if earlier else 1,
        contact_before_on=file.last_contact_on,
        claimed_at=view.at,
    )
    reason = "; ".join(sorted({d.why for d in due}))
    return Proposal(
        action=Action.EMAIL, step=top.step.id, reason=reason, takes=notice.takes, notice=notice,
        events=((e.NoticeClaimed(notice=notice), reason),),
    )  # fmt: skip


def _ask_for_address(view: _View, due: list[_Due]) -> tuple[list[Proposal], list[Held]]:
    why = "the file has no living e-mail address: a person finds the right contact"
    held = [_wait(d, Hold.NO_ADDRESS, why) for d in due]
    if any(t.kind is TaskKind.DEAD_ADDRESS for t in view.file.open_tasks()):
        return [], held
    task = replace(_step_task(view, TaskKind.DEAD_ADDRESS, due, why), takes=())
    return [Proposal(action=Action.NOTE, reason=why, events=((e.TaskRaised(task=task), why),))], held


def _elapsed(view: _View) -> list[Proposal]:
    """What became true merely because time passed, each with the task that it calls for."""
    return [
        *(_broken(view, p.id) for p in view.file.promises.values()
          if p.state is PromiseState.OPEN and view.today > p.grace_on),
        *(_lapsed(view, c.id) for c in view.file.claims.values()
          if c.state is ClaimState.OPEN and view.today > c.hold_on),
        *(_lost(view, n) for n in view.file.notices.values()
          if n.state is NoticeState.CLAIMED and n.claimed_at and view.at - n.claimed_at >= OUTCOME_WITHIN),
        *(_note(f"the block until {b.until} is over: {b.reason}", e.BlockLifted(block_id=b.id, on=view.today))
          for b in view.file.blocks.values() if b.is_open and b.until and view.today >= b.until),
    ]  # fmt: skip


def _broken(view: _View, promise_id: str) -> Proposal:
    promise = view.file.promises[promise_id]
    cases = [c for c in view.file.open_cases() if c.number in promise.numbers]
    if not cases:
        return _note("every invoice of the promise is settled", e.PromiseKept(promise_id=promise_id))
    why = f"promised for {promise.pay_on}, nothing by {promise.grace_on}"
    task = _task(view, TaskKind.BROKEN_PROMISE, promise_id, cases, f"call about a broken promise: {why}")
    return _note(why, e.PromiseBroken(promise_id=promise_id), e.TaskRaised(task=task))


def _lapsed(view: _View, claim_id: str) -> Proposal:
    claim = view.file.claims[claim_id]
    cases = [c for c in view.file.open_cases() if c.number in claim.numbers]
    if not cases:
        return _note("every invoice of the payment notice is settled", e.PaymentClaimConfirmed(claim_id=claim_id))
    why = f"announced on {claim.claimed_on}, not at the bank by {claim.hold_on}"
    task = _task(view, TaskKind.UNCONFIRMED_PAYMENT, claim_id, cases, f"ask for the proof of payment: {why}")
    return _note(why, e.PaymentClaimLapsed(claim_id=claim_id), e.TaskRaised(task=task))


def _lost(view: _View, notice: Notice) -> Proposal:
    why = f"claimed at {notice.claimed_at:%Y-%m-%d %H:%M} UTC and no outcome known"
    cases = [c for c in view.file.open_cases() if c.number in dict(notice.takes)]
    task = replace(
        _task(view, TaskKind.UNKNOWN_DELIVERY, notice.id, cases, f"find out whether this mail left: {why}"),
        note=notice.id,
    )
    return _note(why, e.NoticeLost(notice_id=notice.id, at=view.at), e.TaskRaised(task=task))


def _note(reason: str, *events: e.Event) -> Proposal:
    return Proposal(action=Action.NOTE, reason=reason, events=tuple((event, reason) for event in events))


def _step_task(view: _View, kind: TaskKind, due: list[_Due], reason: str) -> Task:
    takes = tuple((d.case.number, d.step.id, view.today) for d in due)
    return replace(_task(view, kind, repr(takes), [d.case for d in due], reason), takes=takes)


def _task(view: _View, kind: TaskKind, of: str, cases: list[Case], reason: str) -> Task:
    days = view.policy.call_due_business_days if kind is TaskKind.CALL else view.policy.review_due_business_days
    return Task(
        id=f"{view.today:%Y%m%d}-{kind}-{_short(view.file.id, kind, of)}",
        kind=kind,
        raised_on=view.today,
        due_on=view.calendar.add(view.today, days),
        reason=reason,
        numbers=tuple(c.number for c in cases),
        at_stake=_at_stake(cases),
    )


def _wake_at(view: _View, held: list[Held], proposals: list[Proposal]) -> datetime | None:
    """The earliest instant at which anything can change: now where something is due, else when a hold may end."""
    if proposals or any(h.hold is Hold.BLIND for h in held):
        return view.at
    instants = [view.opening(view.contact_day(h.until)) for h in held if h.until]
    instants += [
        n.claimed_at + OUTCOME_WITHIN
        for n in view.file.notices.values() if n.state is NoticeState.CLAIMED and n.claimed_at
    ]  # fmt: skip
    ends = [b.until for b in view.file.blocks.values() if b.is_open and b.until]
    ends += [p.grace_on + timedelta(days=1) for p in view.file.promises.values() if p.state is PromiseState.OPEN]
    ends += [c.hold_on + timedelta(days=1) for c in view.file.claims.values() if c.state is ClaimState.OPEN]
    return min(instants + [view.opening(view.contact_day(day)) for day in ends], default=None)


def _wait(due: _Due, hold: Hold, reason: str, until: date | None = None) -> Held:
    return Held(number=due.case.number, hold=hold, reason=f"{due.why}, but {reason}", until=until, step=due.step.id)


def _highest(view: _View, due: list[_Due]) -> _Due:
    return max(due, key=lambda d: (view.policy.rank(d.step.id), d.case.number))


def _payer(file: DebtorFile) -> Contact | None:
    """Whom we write to: the payer, else the next role that has a living address."""
    alive = [c for c in file.contacts.values() if c.email and c.dead_since_on is None]
    return min(alive, key=lambda c: (_ROLES.index(c.role), c.id), default=None)


def _covered_by_credit(file: DebtorFile) -> frozenset[str]:
    """Invoices that credit on the account would settle, the oldest first: chasing them would be chasing the paid."""
    covered = []
    left = {currency: file.unallocated(currency) for currency in {c.balance.currency for c in file.open_cases()}}
    for case in file.open_cases():
        if left[case.balance.currency] >= case.balance:
            left[case.balance.currency] -= case.balance
            covered.append(case.number)
    return frozenset(covered)


def _at_stake(cases: list[Case]) -> Money | None:
    """The sum of balances in the currency of the largest (sums of two currencies would mean nothing)."""
    if not cases:
        return None
    currency = max(cases, key=lambda c: c.balance.amount).balance.currency
    return total((c.balance for c in cases if c.balance.currency == currency), currency)


def _short(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def _events(proposals: Iterable[Proposal]) -> list[tuple[e.Event, str]]:
    return [event for proposal in proposals for event in proposal.events]
