"""Put what is due for one debtor together: the gate to the whole debtor, then tasks, then one e-mail a currency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from chalicelib.domain import events as e
from chalicelib.domain import formal_notice
from chalicelib.domain.calendar import instant
from chalicelib.domain.debtor_file import (
    Contact,
    DebtorFile,
    Letter,
    Notice,
    NoticeState,
    Role,
    Task,
    TaskKind,
    at_stake,
)
from chalicelib.domain.ladder import Due, demanded_early
from chalicelib.domain.message import FORMAL_NOTICE, written_in
from chalicelib.domain.plan import Action, Held, Hold, Proposal, note
from chalicelib.domain.policy import Do, Step, When
from chalicelib.domain.view import View, new_task, short

_STEP_GONE = Step(id=FORMAL_NOTICE, when=When("due", 0), do=Do.FORMAL_NOTICE, sender="director")
"""How a printed letter is mailed whose step the debtor's policy does not know any more."""

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
    letters, kept = _letters(view, approved)
    if letters:
        # A formal notice leaves alone: what it demands for other steps does not advance them.
        later = view.contact_day(view.today + timedelta(days=view.policy.spacing_days))
        return proposals + asked + letters, awaiting + [
            wait(d, Hold.SPACING, "a formal notice leaves today", later) for d in reminders
        ]
    mailed, waiting = _mails(view, reminders)
    return proposals + asked + mailed, awaiting + kept + waiting


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
            at_stake=at_stake(view.file.open_among(numbers)),
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
    reason = "; ".join([*sorted({d.why for d in due}), *demanded_early(view, (d.case for d in due))])
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
    letter = formal_notice.approved_letter(view)
    asked = any(t.kind is TaskKind.APPROVE_NOTICE for t in view.file.open_tasks())
    for d in due:
        if letter and d.case.number in letter.numbers:
            approved.append(d)
        elif asked or letter:
            waiting.append(wait(d, Hold.AWAITING_APPROVAL, "a manager is to approve the formal notice"))
        else:
            new.append(d)
    if not new:
        return [], approved, waiting
    reason = "; ".join(sorted({d.why for d in new}))
    task = _step_task(view, TaskKind.APPROVE_NOTICE, new, formal_notice.asking(view, reason))
    task = replace(task, takes=())  # the step is taken by the letter, not by asking for it
    ask = Proposal(
        action=Action.APPROVE,
        step=_highest(view, new).step.id,
        reason=reason,
        events=((e.TaskRaised(task=task), reason),),
        takes=tuple((d.case.number, d.step.id) for d in new),
    )
    return [ask], approved, waiting


def _next_formal_notice_on(view: View) -> date:
    """From when on another formal notice may leave: it speaks of every open invoice, so one a month is enough.

    What one that is paid demanded is past (and not loaded): the next need not wait for it.
    """
    formal = {step.id for step in view.policy.steps if step.do is Do.FORMAL_NOTICE}
    still_open = {c.number for c in view.file.open_cases()}
    sent = [
        n.on for n in view.file.notices.values() if n.counts and n.step in formal and still_open & dict(n.takes).keys()
    ]
    printed = [x.printed_on for x in view.file.letters.values() if x.printed_on and still_open & set(x.numbers)]
    last = max(sent + printed, default=date.min)
    return last + timedelta(days=view.policy.formal_notice_spacing_days) if last > date.min else date.min


def _letters(view: View, due: list[Due]) -> tuple[list[Proposal], list[Held]]:
    """The approved formal notice for all currencies: a letter, with an e-mail where the debtor has an address.

    An absence holds nothing back: it goes by registered post all the same.
    """
    letter = formal_notice.approved_letter(view)
    if not due or letter is None:
        return [], []
    if closed := _not_now(view, due):
        return [], closed
    top = _highest(view, due)
    takes = tuple((d.case.number, d.step.id) for d in due)
    printing = formal_notice.print_events(view, letter, takes)
    reason = "; ".join(sorted({d.why for d in due}))
    contact = payer(view.file)
    if contact is None:
        why = f"{reason}; the file has no living e-mail address: it goes by post alone"
        return [
            Proposal(
                action=Action.LETTER, step=top.step.id, reason=why, takes=takes, letter=letter.id,
                events=tuple((event, why) for event, _ in printing),
            )
        ], []  # fmt: skip
    proposals = []
    for n, (currency, some) in enumerate(_by_currency(letter, takes)):
        notice = _letter_notice(view, letter, contact, currency, some, is_first=n == 0)
        proposals.append(
            Proposal(
                action=Action.EMAIL, step=top.step.id, reason=reason, takes=some, notice=notice, letter=letter.id,
                events=(*(() if n else printing), (e.NoticeClaimed(notice=notice), reason)),
            )
        )  # fmt: skip
    return proposals, []


def _by_currency(letter: Letter, takes: tuple[tuple[str, str], ...]) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """A mail speaks of one currency, as all do: the steps of a letter by currency, the one with the most owed first."""
    balances = {demand.number: demand.balance for demand in letter.demands}
    found: dict[str, list[tuple[str, str]]] = {}
    for number, step in takes:
        found.setdefault(balances[number].currency, []).append((number, step))
    return sorted(
        ((currency, tuple(some)) for currency, some in found.items()),
        key=lambda pair: (-sum(balances[number].amount for number, _ in pair[1]), pair[0]),
    )


def _letter_notice(
    view: View, letter: Letter, contact: Contact, currency: str, takes: tuple[tuple[str, str], ...], *, is_first: bool
) -> Notice:
    """The e-mail that a letter is enclosed in. Its id is the letter's print, so that it leaves once."""
    step = takes[0][1]
    tone = next((s for s in view.policy.steps if s.id == step), _STEP_GONE)
    printed = letter.notice or f"{view.today:%Y%m%d}-{letter.id}"
    id_ = printed if is_first else f"{printed}-{currency}"
    earlier = view.file.notices.get(id_)
    return Notice(
        id=id_,
        step=step,
        takes=takes,
        on=view.today,
        language=formal_notice.language_of(view.file),
        currency=currency,
        letter=letter.id,
        contact=contact.id,
        to=contact.address_on(view.today),
        cc=(view.file.debtor.sales_rep,) if tone.copy_sales_rep and view.file.debtor.sales_rep else (),
        sender=tone.sender,
        template=tone.template or tone.id,
        attempts=earlier.attempts + 1 if earlier else 1,
        contact_before_on=view.file.last_contact_on,
        claimed_at=view.at,
    )


def letters_again(view: View) -> list[Proposal]:
    """E-mails of printed letters that did not leave or came back, where they can now: with the very same letter."""
    contact = payer(view.file)
    if contact is None or view.blind or view.contact_day(view.today) != view.today or _closed_hours(view):
        return []
    proposals = []
    for letter, notice in _unmailed(view, contact):
        reason = f"the formal notice of {letter.printed_on} has not reached the debtor by e-mail"
        proposals.append(
            Proposal(
                action=Action.EMAIL, step=notice.step, reason=reason, notice=notice, letter=letter.id,
                events=((e.NoticeClaimed(notice=notice), reason),),
            )
        )  # fmt: skip
    return proposals


def letters_wait_until(view: View) -> list[datetime]:
    """The next opening, where such a mail waits for it."""
    contact = payer(view.file)
    if contact is None or not list(_unmailed(view, contact)):
        return []
    opening = view.opening(view.contact_day(view.today))
    return [opening if view.at <= opening else view.opening(view.contact_day(view.today + timedelta(days=1)))]


def _unmailed(view: View, contact: Contact) -> Iterator[tuple[Letter, Notice]]:
    for letter in view.file.letters.values():
        if not letter.is_printed or not letter.deadline_on or view.today > letter.deadline_on or not letter.takes:
            continue
        for n, (currency, takes) in enumerate(_by_currency(letter, letter.takes)):
            notice = _letter_notice(view, letter, contact, currency, takes, is_first=n == 0)
            before = view.file.notices.get(notice.id)
            may_leave = _may_leave_again(view, before, contact) if before else True
            if may_leave and not formal_notice.overtaken(view, letter):
                yield letter, notice


def _may_leave_again(view: View, before: Notice, contact: Contact) -> bool:
    if any(t.note == before.id and t.kind is TaskKind.REFUSED_MAIL for t in view.file.open_tasks()):
        return False
    if before.state is NoticeState.DEFERRED:
        return True
    # Refused and mended, or come back from an address that is no longer the debtor's.
    again = before.state is NoticeState.FAILED or before.to.lower() != contact.email.lower()
    return before.state in (NoticeState.BOUNCED, NoticeState.FAILED) and again


def _not_now(view: View, due: list[Due]) -> list[Held]:
    """What the spacing between contacts, or the hour, holds back now."""
    policy, file = view.policy, view.file
    if file.last_contact_on:
        free_on = view.contact_day(file.last_contact_on + timedelta(days=policy.spacing_days))
        if view.today < free_on:
            why = (
                f"the last mail left on {file.last_contact_on} and the policy keeps {policy.spacing_days} days between"
            )
            return [wait(d, Hold.SPACING, why, free_on) for d in due]
    if _closed_hours(view):
        later = view.today if view.at < view.opening(view.today) else view.contact_day(view.today + timedelta(days=1))
        hours = f"{policy.hours[0]:%H:%M} to {policy.hours[1]:%H:%M}"
        return [wait(d, Hold.CLOSED_HOUR, f"outside the client's hours, {hours}", later) for d in due]
    return []


def _closed_hours(view: View) -> bool:
    opens, closes = (instant(view.today, hour, view.client_zone) for hour in view.policy.hours)
    return not opens <= view.at < closes


def _mails(view: View, due: list[Due]) -> tuple[list[Proposal], list[Held]]:
    """One e-mail for each currency, if the spacing, the hour and the address allow a mail at all."""
    if not due:
        return [], []
    file = view.file
    if closed := _not_now(view, due):
        return [], closed
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
    to = contact.address_on(view.today)
    id_ = f"{view.today:%Y%m%d}-{top.step.id}-{currency}-{short(to)}"
    earlier = file.notices.get(id_)
    notice = Notice(
        id=id_,
        step=top.step.id,
        takes=tuple((d.case.number, d.step.id) for d in due),
        on=view.today,
        language=written_in(contact.language or file.debtor.language),
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
    return [note(why, e.TaskRaised(task=task))], held


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
