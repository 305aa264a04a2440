"""Put what is due for one debtor together: the gate to the whole debtor, then tasks, then one e-mail a currency."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from chalicelib.domain import events as e
from chalicelib.domain.calendar import instant
from chalicelib.domain.debtor_file import Contact, DebtorFile, Notice, Role, Task, TaskKind, at_stake
from chalicelib.domain.ladder import Due
from chalicelib.domain.plan import Action, Held, Hold, Proposal
from chalicelib.domain.policy import Do
from chalicelib.domain.view import View, new_task, short

APPROVED = "approved"
"""The outcome of an approval task that lets a formal notice leave."""


LANGUAGES = ("fr", "en")
"""The languages we write in; whoever speaks another is written to in English."""


_ROLES = (Role.PAYER, Role.APPROVER, Role.BUYER, Role.DIRECTOR, Role.RECIPIENT)


def bundle(view: View, due: list[Due], *, written: bool = False) -> tuple[list[Proposal], list[Held]]:
    """Put what is due together: the gate to the whole debtor first, then tasks, then one e-mail for a currency.

    `written`: an ordered mail leaves for the debtor in the same run, so that reminders wait their time.
    """
    if not due:
        return [], []
    if view.blind:
        return [], [wait(d, Hold.BLIND, f"the program is blind: {view.blind}") for d in due]
    day = view.contact_day(view.today)
    if day != view.today:
        return [], [wait(d, Hold.CLOSED_DAY, "no business day here or at the client", day) for d in due]

    def doing(do: Do) -> list[Due]:
        return [d for d in due if d.step.do is do]

    proposals: list[Proposal] = []
    if doing(Do.CALL):
        proposals.append(_call(view, doing(Do.CALL)))
    if doing(Do.CHOOSE):
        proposals.append(_choice(view, doing(Do.CHOOSE)))
    asked, approved, awaiting = _approvals(view, doing(Do.FORMAL_NOTICE))
    reminders = doing(Do.EMAIL)
    if written:
        later = view.contact_day(view.today + timedelta(days=view.policy.spacing_days))
        kept = [wait(d, Hold.SPACING, "another mail leaves today", later) for d in approved + reminders]
        return proposals + asked, awaiting + kept
    mailed, waiting = _mails(view, approved + reminders)
    if approved and reminders and any(p.action is Action.EMAIL for p in mailed):
        # A formal notice leaves alone: it lists the other invoices without taking their steps.
        mailed, _ = _mails(view, approved)
        later = view.contact_day(view.today + timedelta(days=view.policy.spacing_days))
        waiting = [wait(d, Hold.SPACING, "a formal notice leaves today", later) for d in reminders]
    return proposals + asked + mailed, awaiting + waiting


def _call(view: View, due: list[Due]) -> Proposal:
    """One call for all that is due: a new task, or more invoices for the call that is still to be made."""
    takes = tuple((d.case.number, d.step.id, view.today) for d in due)
    reason = "; ".join(sorted({d.why for d in due}))
    waiting = [t for t in view.file.open_tasks() if t.kind is TaskKind.CALL]
    event: e.Event
    if waiting:
        numbers = {*waiting[0].numbers, *(d.case.number for d in due)}
        event = e.TaskExtended(
            task_id=waiting[0].id,
            takes=takes,
            at_stake=at_stake([c for c in view.file.open_cases() if c.number in numbers]),
        )
    else:
        event = e.TaskRaised(task=_step_task(view, TaskKind.CALL, due, f"call the debtor: {reason}"))
    return Proposal(
        action=Action.CALL,
        step=_highest(view, due).step.id,
        reason=reason,
        events=((event, reason),),
        takes=tuple((number, step) for number, step, _ in takes),
    )


def _choice(view: View, due: list[Due]) -> Proposal:
    reason = "; ".join(sorted({d.why for d in due}))
    task = _step_task(view, TaskKind.CHOOSE_ACTION, due, f"choose what follows the ladder: {reason}")
    return Proposal(
        action=Action.CHOOSE,
        step=_highest(view, due).step.id,
        reason=reason,
        events=((e.TaskRaised(task=task), reason),),
        takes=tuple((d.case.number, d.step.id) for d in due),
    )


def _approvals(view: View, due: list[Due]) -> tuple[list[Proposal], list[Due], list[Held]]:
    """Sort formal notices: to be asked for, approved, waiting for the manager. None leaves without an approval."""
    free_on = _next_formal_notice_on(view)
    if view.today < free_on:
        return [], [], [wait(d, Hold.SPACING, "a formal notice left lately: this joins the next", free_on) for d in due]
    approved, waiting, new = [], [], []
    asks = [t for t in view.file.tasks.values() if t.kind is TaskKind.APPROVE_NOTICE]
    for d in due:
        about = [t for t in asks if d.case.number in t.numbers]
        if any(t.is_open for t in asks):
            waiting.append(wait(d, Hold.AWAITING_APPROVAL, "a manager is to approve the formal notice"))
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
        action=Action.APPROVE,
        step=_highest(view, new).step.id,
        reason=reason,
        events=((e.TaskRaised(task=task), reason),),
        takes=tuple((d.case.number, d.step.id) for d in new),
    )
    return [ask], approved, waiting


def _next_formal_notice_on(view: View) -> date:
    """From when on another formal notice may leave: it speaks of every open invoice, so one a month is enough."""
    formal = {step.id for step in view.policy.steps if step.do is Do.FORMAL_NOTICE}
    last = max((n.on for n in view.file.notices.values() if n.counts and n.step in formal), default=date.min)
    return last + timedelta(days=view.policy.formal_notice_spacing_days) if last > date.min else date.min


def _fresh_approval(task: Task, at: datetime) -> bool:
    """An approval is good for a fortnight: later the facts that the manager saw are no longer the facts."""
    return task.outcome == APPROVED and task.closed_at is not None and at - task.closed_at < timedelta(days=15)


def _mails(view: View, due: list[Due]) -> tuple[list[Proposal], list[Held]]:
    """One e-mail for each currency, if the spacing, the hour and the address allow a mail at all."""
    if not due:
        return [], []
    policy, file = view.policy, view.file
    if file.last_contact_on:
        free_on = view.contact_day(file.last_contact_on + timedelta(days=policy.spacing_days))
        if view.today < free_on:
            why = (
                f"the last mail left on {file.last_contact_on} and the policy keeps {policy.spacing_days} days between"
            )
            return [], [wait(d, Hold.SPACING, why, free_on) for d in due]
    opens, closes = (instant(view.today, hour, view.client_zone) for hour in policy.hours)
    if not opens <= view.at < closes:
        later = view.today if view.at < opens else view.contact_day(view.today + timedelta(days=1))
        hours = f"{policy.hours[0]:%H:%M} to {policy.hours[1]:%H:%M}"
        return [], [wait(d, Hold.CLOSED_HOUR, f"outside the client's hours, {hours}", later) for d in due]
    contact = payer(file)
    if contact is None:
        return _ask_for_address(view, due)
    if not contact.reachable(view.today) and not contact.deputy:
        why = f"{contact.email} is away until {contact.away_until}"
        return [], [wait(d, Hold.AWAY, why, view.contact_day(contact.away_until or view.today)) for d in due]
    by_currency: dict[str, list[Due]] = {}
    for d in due:
        by_currency.setdefault(d.case.balance.currency, []).append(d)
    return [_mail(view, contact, currency, by_currency[currency]) for currency in sorted(by_currency)], []


def _mail(view: View, contact: Contact, currency: str, due: list[Due]) -> Proposal:
    file, policy = view.file, view.policy
    top = _highest(view, due)
    tone = policy.tone(top.step.id, max(file.hardened(d.case.number) for d in due if d.step.id == top.step.id))
    to = contact.email if contact.reachable(view.today) else contact.deputy
    id_ = f"{view.today:%Y%m%d}-{top.step.id}-{currency}-{short(to)}"
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
        action=Action.EMAIL,
        step=top.step.id,
        reason=reason,
        takes=notice.takes,
        notice=notice,
        events=((e.NoticeClaimed(notice=notice), reason),),
    )


def _ask_for_address(view: View, due: list[Due]) -> tuple[list[Proposal], list[Held]]:
    why = "the file has no living e-mail address: a person finds the right contact"
    held = [wait(d, Hold.NO_ADDRESS, why) for d in due]
    if any(t.kind is TaskKind.DEAD_ADDRESS for t in view.file.open_tasks()):
        return [], held
    task = replace(_step_task(view, TaskKind.DEAD_ADDRESS, due, why), takes=())
    return [Proposal(action=Action.NOTE, reason=why, events=((e.TaskRaised(task=task), why),))], held


def _step_task(view: View, kind: TaskKind, due: list[Due], reason: str) -> Task:
    takes = tuple((d.case.number, d.step.id, view.today) for d in due)
    return replace(new_task(view, kind, repr(takes), [d.case for d in due], reason), takes=takes)


def payer(file: DebtorFile) -> Contact | None:
    """Whom we write to: the payer, else the next role that has a living address."""
    alive = [c for c in file.contacts.values() if c.email and c.dead_since_on is None]
    return min(alive, key=lambda c: (_ROLES.index(c.role), c.id), default=None)


def _highest(view: View, due: list[Due]) -> Due:
    return max(due, key=lambda d: (view.policy.rank(d.step.id), d.case.number))


def wait(due: Due, hold: Hold, reason: str, until: date | None = None) -> Held:
    return Held(number=due.case.number, hold=hold, reason=f"{due.why}, but {reason}", until=until, step=due.step.id)
