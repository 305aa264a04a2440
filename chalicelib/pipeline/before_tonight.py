"""Show what the next run will send, and how each mail will look, without claiming or changing anything.

It is the very decision and the very writer of the run: `propose` over the debtors that the agenda holds due by then,
a page of them at a time, and the mail as the writer writes it. What happens until then (an answer, a payment) may
still hold it back.
"""

from __future__ import annotations

import base64
import email
import email.policy
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any

from chalicelib.domain import events as e
from chalicelib.domain.apply import foreseen
from chalicelib.domain.calendar import instant, local_day
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import DebtorFile, Notice, Order
from chalicelib.domain.money import Money, total
from chalicelib.domain.orders import ordered_mails
from chalicelib.domain.propose import Plan, Proposal, propose
from chalicelib.domain.view import View
from chalicelib.errors import PermanentError
from chalicelib.pipeline.keep import load, office_of
from chalicelib.ports import Parts

FIRST_HOUR, LAST_HOUR = 7, 18
"""The run is started hourly in these hours on weekdays (RunSchedule in infra/)."""

NOBODYS = "preview"
"""Stands where a mail that leaves has its secret token."""

COUNTED = 2000
"""So many debtors are counted at most; beyond it is said that there are more."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail as it would leave: its words as the recipient's program shows them."""

    subject: str
    sender: str
    to: str
    cc: tuple[str, ...]
    text: str
    html: str  # pictures are in it; nothing else is loaded
    attached: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Sending:
    """One proposal that sends: whose, which step, about what, and why now."""

    debtor_id: str
    name: str
    step: str
    to: str
    numbers: tuple[str, ...]
    amount: Money | None
    reason: str
    at: datetime  # the run with which it leaves: the client's office is open then
    letter: bool = False


@dataclass(frozen=True, kw_only=True)
class Tonight:
    """A page of what the runs until `until` do. `work`: debtors for whom they only raise tasks or note that time
    passed."""

    at: datetime  # the next run
    until: datetime  # the last run of its day
    sendings: tuple[Sending, ...]
    work: int
    looked_at: int
    due: int  # debtors due by then, all pages together, COUNTED at most
    blind: str
    next: str = ""


def next_run_at(at: datetime, zone: str) -> datetime:
    """When the run starts next: the full hour, on weekdays, within its hours, in the creditor's zone."""
    day = local_day(at, zone)
    for on in (day + timedelta(days=n) for n in range(4)):
        if on.weekday() < 5:
            for hour in range(FIRST_HOUR, LAST_HOUR + 1):
                start = instant(on, time(hour), zone)
                if start > at:
                    return start
    raise AssertionError("four days hold a weekday")


def last_run_at(run_at: datetime, zone: str) -> datetime:
    """The last run of the day of a run."""
    return instant(local_day(run_at, zone), time(LAST_HOUR), zone)


def before_tonight(parts: Parts, *, at: datetime, after: str = "", limit: int = 25) -> Tonight:
    """One page. Costs a read of the agenda and one for each debtor on the page."""
    office = office_of(parts)
    run_at = next_run_at(at, office.creditor.zone)
    until = last_run_at(run_at, office.creditor.zone)
    ids = list(islice(parts.store.due(until), COUNTED + 1))
    page, rest = _page(ids, after, limit)
    sendings: list[Sending] = []
    work = 0
    for debtor_id in page:
        file = parts.store.load(debtor_id)
        if file is None:
            continue
        plan, leaves_at = _decided(file, office, at, run_at, until)
        found = _sendings(file, plan, leaves_at)
        sendings += found
        work += bool(plan.proposals and not found)
    return Tonight(
        at=run_at, until=until, sendings=tuple(sendings), work=work, looked_at=len(page), due=min(len(ids), COUNTED),
        blind=office.health.blind(office.policy("standard"), at), next=page[-1] if rest and page else "",
    )  # fmt: skip


def preview(parts: Parts, debtor_id: str, *, at: datetime) -> list[tuple[Sending, Mail | None, str]]:
    """Each mail that the next run sends to one debtor, as it will look; None, and why, where it cannot be written."""
    office = office_of(parts)
    run_at = next_run_at(at, office.creditor.zone)
    file = load(parts, debtor_id)
    plan, leaves_at = _decided(file, office, at, run_at, last_run_at(run_at, office.creditor.zone))
    return [
        (sending, *written(parts, office, file, proposal.notice, at=leaves_at))
        for proposal, sending in zip(_that_send(plan), _sendings(file, plan, leaves_at), strict=True)
    ]


def preview_order(parts: Parts, file: DebtorFile, order: Order, *, at: datetime) -> tuple[Mail | None, str]:
    """The mail of an order that has not been given yet; or why it would not leave."""
    office = office_of(parts)
    ordered, why = foreseen(file, [(e.NoticeOrdered(order=order), "")], at=at), "it would not leave"
    for _ in range(3):  # what is written at night leaves in the morning: the mail as it will look then
        proposals, waiting = ordered_mails(View(ordered, office, at))
        notice = next((p.notice for p in proposals if p.notice and p.notice.id == order.id), None)
        if notice:
            return written(parts, office, ordered, notice, at=at)
        held = next((w for w in waiting if w.order_id == order.id), None)
        if held is None or held.until is None:
            return None, held.reason if held else why
        at, why = held.until, held.reason
    return None, why


def written(
    parts: Parts, office: Office, file: DebtorFile, notice: Notice | None, *, at: datetime
) -> tuple[Mail | None, str]:
    """A notice's mail by the real writer, under no token: nobody can answer a preview."""
    if notice is None:
        return None, "it goes by post"
    today = local_day(at, office.creditor.zone)
    try:
        raw = parts.writer.write(file, replace(notice, token=NOBODYS), office.creditor, today=today, at=at)
    except PermanentError as error:
        return None, str(error)
    return as_shown(raw), ""


def as_shown(raw: bytes) -> Mail:
    """What a mail program shows of a mail of ours: its pictures within its HTML."""
    message: Any = email.message_from_bytes(raw, policy=email.policy.default)
    html_part, text_part = message.get_body(("html",)), message.get_body(("plain",))
    html = str(html_part.get_content()) if html_part else ""
    for part in message.walk():
        if part.get_content_maintype() == "image" and part["Content-ID"]:
            picture = base64.b64encode(part.get_payload(decode=True)).decode("ascii")
            html = html.replace(
                f"cid:{part['Content-ID'].strip('<>')}", f"data:{part.get_content_type()};base64,{picture}"
            )
    copies = [one.strip() for one in str(message["Cc"] or "").split(",") if one.strip()]
    return Mail(
        subject=str(message["Subject"] or ""),
        sender=str(message["From"] or ""),
        to=str(message["To"] or ""),
        cc=tuple(copies),
        text=str(text_part.get_content()) if text_part else "",
        html=html,
        attached=tuple(name for part in message.iter_attachments() if (name := part.get_filename())),
    )


def _seeing(office: Office, now: datetime, at: datetime) -> Office:
    """Who sees now is taken to see at `at` too: payments and mailbox are read again until then, or nothing leaves."""
    if office.health.blind(office.policy("standard"), now):
        return office
    return replace(office, health=replace(office.health, payments_read_at=at, mailbox_read_at=at))


def _decided(
    file: DebtorFile, office: Office, now: datetime, run_at: datetime, until: datetime
) -> tuple[Plan, datetime]:
    """What is decided at the next run, or at the run of its day at which something leaves: most offices open later."""
    at, plan = run_at, propose(file, _seeing(office, now, run_at), at=run_at)
    for _ in range(LAST_HOUR - FIRST_HOUR):
        wake = plan.next_action_at
        if _that_send(plan) or wake is None or not at < wake <= until:
            break
        at = _full_hour(wake)
        plan = propose(file, _seeing(office, now, at), at=at)
    return plan, at


def _full_hour(at: datetime) -> datetime:
    start = at.replace(minute=0, second=0, microsecond=0)
    return start if start == at else start + timedelta(hours=1)


def _page(ids: list[str], after: str, limit: int) -> tuple[list[str], bool]:
    """The debtors that follow the last one shown; from the start where that one is not due any more."""
    start = ids.index(after) + 1 if after in ids else 0
    return ids[start : start + limit], len(ids) > start + limit


def _that_send(plan: Plan) -> list[Proposal]:
    return [p for p in plan.proposals if p.sends]


def _sendings(file: DebtorFile, plan: Plan, at: datetime) -> list[Sending]:
    return [_sending(file, p, at) for p in _that_send(plan)]


def _sending(file: DebtorFile, proposal: Proposal, at: datetime) -> Sending:
    notice = proposal.notice
    numbers = tuple(n for n, _ in notice.takes) if notice else proposal.numbers
    cases = [file.cases[n] for n in numbers if n in file.cases]
    currency = notice.currency if notice else (cases[0].balance.currency if cases else "EUR")
    balances: Iterable[Money] = (c.balance for c in cases if c.balance.currency == currency)
    return Sending(
        debtor_id=file.id,
        name=file.debtor.name,
        step=proposal.step,
        to=notice.to if notice else "",
        numbers=numbers,
        amount=total(balances, currency) if cases else None,
        reason=proposal.reason,
        at=at,
        letter=bool(proposal.letter),
    )
