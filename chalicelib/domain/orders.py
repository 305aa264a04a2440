"""Ordered mails: what a call, an answer or a plan asks to be written, whatever the ladder says.

An ordered mail confirms, asks or tells; it chases nobody. So neither the spacing nor blindness nor a promise holds it
back, but business days, hours and a dead address do. It leaves once (its notice has the order's id), and not at all
once its facts are void: what is not true any more must not be confirmed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from chalicelib.domain import events as e
from chalicelib.domain import plans, sales_rep
from chalicelib.domain.bundle import payer
from chalicelib.domain.calendar import instant
from chalicelib.domain.debtor_file import (
    BlockKind,
    Contact,
    DebtorFile,
    Notice,
    NoticeState,
    Order,
    PromiseState,
    TaskKind,
)
from chalicelib.domain.message import written_in
from chalicelib.domain.money import total
from chalicelib.domain.plan import Action, Hold, Proposal, Waiting, note
from chalicelib.domain.view import View, new_task

GOOD_FOR = timedelta(days=14)
"""What could not be said for so long is not said any more."""


def ordered_mails(view: View) -> tuple[list[Proposal], list[Waiting]]:
    """What becomes of each open order now: its mail, its end, or what holds it back."""
    proposals: list[Proposal] = []
    waiting: list[Waiting] = []
    for order in view.file.open_orders():
        look = _look_at(view, order)
        (proposals if isinstance(look, Proposal) else waiting).append(look)  # type: ignore[arg-type]
    return proposals + _ask_for_address(view, waiting), waiting


def void(file: DebtorFile, order: Order, *, today: date) -> str:
    """Why this mail must not leave any more, in words; empty while what it says still holds."""
    if today - order.ordered_on > GOOD_FOR:
        return f"ordered on {order.ordered_on}: it is too late to write it"
    if not order.internal and file.insolvent_since_on:
        return f"the debtor is insolvent since {file.insolvent_since_on}"
    if not order.internal and any(b.is_open and b.kind is BlockKind.COMPLAINT for b in file.blocks.values()):
        return "the debtor complained about being written to"
    settled = order.numbers and not any(n in file.cases and file.cases[n].is_open for n in order.numbers)
    if settled and order.template not in _TOLD_OF_SETTLED:
        return "its invoices are settled"
    rule = VOID.get(order.template)
    return rule(file, order, today) if rule else ""


def _promise_gone(file: DebtorFile, order: Order, today: date) -> str:
    """A confirmed promise must still be open, its day to come. What else a call ended in stays true, its sum not."""
    if overtaken := _asks_too_much(file, order):
        return overtaken
    if order.pay_by is None:
        return ""
    promise = file.promises.get(order.about)
    if promise is None or promise.state is not PromiseState.OPEN:
        return "the promise that it confirms is not open any more"
    return f"the promised day, {promise.pay_on}, is past" if promise.pay_on < today else ""


def _asks_too_much(file: DebtorFile, order: Order, today: date | None = None) -> str:
    """Where it asks for money: that much is owed no more, or the debtor has answered otherwise since."""
    if order.to_pay is None:
        return ""
    cases = [c for n in order.numbers if (c := file.cases.get(n)) and c.is_open]
    if any(file.dispute_on(c.number) or file.claim_on(c.number) or file.plan_on(c.number) for c in cases):
        return "the debtor has answered meanwhile"
    if cases and total((c.balance for c in cases), order.to_pay.currency) < order.to_pay:
        return f"{order.to_pay} is not owed any more"
    return ""


def unanswered(file: DebtorFile, order: Order) -> tuple[str, ...]:
    """The invoices of a question that are still open, and neither promised, announced nor contested."""
    return tuple(
        n for n in order.numbers
        if n in file.cases and file.cases[n].is_open
        and not (file.promise_on(n) or file.claim_on(n) or file.dispute_on(n))
    )  # fmt: skip


def _answered(file: DebtorFile, order: Order, today: date) -> str:
    return "" if unanswered(file, order) or not order.numbers else "the debtor has answered meanwhile"


VOID: Mapping[str, Callable[[DebtorFile, Order, date], str]] = {
    "call_agreed": _promise_gone,
    "call_missed": _asks_too_much,
    sales_rep.TEMPLATE: sales_rep.not_to_be_said,
    "ask_promise": _answered,
    "plan_agreed": plans.not_to_be_said,
    "instalment_due": plans.not_to_be_said,
    "instalment_late": plans.not_to_be_said,
}
"""By template: when its facts hold no more, in words. A template that is not named has no rule of its own."""

_TOLD_OF_SETTLED = frozenset({"document_sent"})
"""A copy of a paid invoice may be asked for too."""


def _look_at(view: View, order: Order) -> Proposal | Waiting:
    why = void(view.file, order, today=view.today)
    if why:
        reason = f"{order.template} is not written: {why}"
        return note(reason, e.OrderWithdrawn(order_id=order.id))

    def wait(hold: Hold, reason: str, until: datetime | None = None) -> Waiting:
        return Waiting(order_id=order.id, hold=hold, reason=f"{order.template} is ordered, but {reason}", until=until)

    for task in view.file.open_tasks():
        if task.note == order.id and task.kind in (TaskKind.REFUSED_MAIL, TaskKind.UNKNOWN_DELIVERY):
            return wait(Hold.REFUSED, f"a person has a task about it since {task.raised_on}: {task.reason}")
    contested = any(view.file.dispute_on(n) or view.file.claim_on(n) for n in order.numbers)
    if contested and order.template in plans.INSTALMENT_MAILS:
        return wait(Hold.DISPUTED, "an invoice of the plan is contested or announced as paid")
    recipient = _recipient(view, order)
    if recipient is None:
        return wait(Hold.NO_ADDRESS, "the file has no living e-mail address")
    contact, to = recipient
    earlier = view.file.notices.get(order.id)
    if earlier and earlier.state is NoticeState.BOUNCED and earlier.to.lower() == to.lower():
        return wait(Hold.NO_ADDRESS, f"it came back from {to}")
    closed = _closed(view, order)
    if closed:
        hold, reason, until = closed
        return wait(hold, reason, until)
    return _mail(view, order, contact, to)


def _closed(view: View, order: Order) -> tuple[Hold, str, datetime] | None:
    """The days and hours of the debtor; for our own people ours."""
    zone = view.office.creditor.zone if order.internal else view.client_zone
    open_day = view.calendar.on_or_after if order.internal else view.contact_day
    opens, closes = (instant(view.today, hour, zone) for hour in view.policy.hours)
    day = open_day(view.today)
    if day != view.today:
        return Hold.CLOSED_DAY, "it is no business day", instant(day, view.policy.hours[0], zone)
    if opens <= view.at < closes:
        return None
    day = day if view.at < opens else open_day(day + timedelta(days=1))
    hours = f"{view.policy.hours[0]:%H:%M} to {view.policy.hours[1]:%H:%M}"
    return Hold.CLOSED_HOUR, f"it is outside the hours of mail, {hours}", instant(day, view.policy.hours[0], zone)


def _recipient(view: View, order: Order) -> tuple[Contact | None, str] | None:
    """Whom it goes to. An absence holds nothing: what was agreed is put in writing all the same."""
    if order.internal:
        return None, order.to
    named = view.file.contacts.get(order.contact)
    contact = named if named and named.email and named.dead_since_on is None else payer(view.file)
    if contact is None:
        return None
    return contact, contact.address_on(view.today)


def _mail(view: View, order: Order, contact: Contact | None, to: str) -> Proposal:
    file = view.file
    earlier = file.notices.get(order.id)
    home = "fr" if view.office.creditor.country == "FR" else "en"
    spoken = home if contact is None else contact.language or file.debtor.language
    notice = Notice(
        id=order.id,
        step=order.template,
        takes=tuple((number, order.template) for number in order.numbers),
        on=view.today,
        language=written_in(order.language or spoken),
        currency=order.currency,
        contact=contact.id if contact else "",
        to=to,
        cc=(file.debtor.sales_rep,) if order.copy_sales_rep and file.debtor.sales_rep else (),
        sender=order.sender,
        template=order.template,
        attempts=earlier.attempts + 1 if earlier else 1,
        contact_before_on=file.last_contact_on,
        claimed_at=view.at,
        ordered=True,
        internal=order.internal,
    )
    reason = f"{order.template} was ordered on {order.ordered_on}"
    return Proposal(
        action=Action.EMAIL,
        step=order.template,
        reason=reason,
        notice=notice,
        events=((e.NoticeClaimed(notice=notice), reason),),
    )


def _ask_for_address(view: View, waiting: list[Waiting]) -> list[Proposal]:
    """A person looks for the right address, once for all that waits for it."""
    lost = [w for w in waiting if w.hold is Hold.NO_ADDRESS and not view.file.orders[w.order_id].internal]
    if not lost or any(t.kind is TaskKind.DEAD_ADDRESS for t in view.file.open_tasks()):
        return []
    why = f"find the right contact: {lost[0].reason}"
    task = replace(
        new_task(view, TaskKind.DEAD_ADDRESS, lost[0].order_id, view.file.open_cases(), why), due_on=view.today
    )
    return [note(why, e.TaskRaised(task=task))]
