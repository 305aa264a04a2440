"""A debtor's file: who they are, what they owe, what was said and done, what comes next and why not sooner."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby, islice
from typing import Any
from urllib.parse import quote, unquote

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.domain.calendar import local_day
from chalicelib.domain.call_sheet import CALLS
from chalicelib.domain.debtor_file import (
    Case,
    ClaimState,
    Contact,
    DebtorFile,
    Letter,
    Notice,
    PromiseState,
)
from chalicelib.domain.debtor_file import (
    Role as ContactRole,
)
from chalicelib.domain.events import Entry
from chalicelib.domain.ladder import next_step
from chalicelib.domain.money import Money, total
from chalicelib.domain.plan import Held, Hold, Plan, Proposal
from chalicelib.domain.plans import missing
from chalicelib.domain.propose import propose
from chalicelib.domain.reliability import reliability
from chalicelib.domain.view import View
from chalicelib.errors import PermanentError
from chalicelib.pipeline.keep import UnknownDebtor, load, office_of
from chalicelib.pipeline.remind import sent_key
from chalicelib.web.pages.debtor_words import Moment, Words, mail_state, timeline
from chalicelib.web.pages.guard import NotFound, Visit, page
from chalicelib.web.pages.session import Role

INVOICES_SHOWN = 25
MOMENTS_SHOWN = 49  # and one to know whether there are more: two pages of a query backwards
GROUP_SHOWN = 6
LINK_SECONDS = 600
"""A link into the archive is for whoever asked, now: it needs no sign-in."""
RECENT = 8
_TELLS_THE_STEP = (Hold.NOT_DUE, Hold.LADDER_DONE)
LONGEST_MAIL = 60_000


@dataclass(frozen=True)
class Row:
    """One invoice of the list, with its state and its level of the ladder."""

    case: Case
    late: str
    is_late: bool
    state: str
    tone: str
    taken: str  # the last step, in words
    taken_on: date | None
    next: str
    next_on: date | None
    why: str  # why nothing is done now, or what will be


@dataclass(frozen=True)
class Ahead:
    """What comes next for some invoices alike: at the next run, or held, and why."""

    what: str
    why: str
    numbers: tuple[str, ...]
    more: int
    sums: tuple[Money, ...]
    now: bool
    on: date | None = None
    order: str = ""  # id of an ordered mail


@page("/ops/debtors/{debtor_id}", Role.VIEWER)
def debtor(visit: Visit, debtor_id: str) -> Response:
    """Three reads, whatever the size of the store: the file, the office, the last entries of the journal."""
    look = Look(visit, debtor_id)
    cases = look.file.open_cases()
    remember(visit, look.file)
    return visit.show(
        "debtor/debtor.html.j2",
        **look.facts(),
        rows=[look.row(case) for case in cases[:INVOICES_SHOWN]],
        open_count=len(cases),
        totals=look.totals(),
        ahead=look.ahead(),
        next_action_at=look.plan.next_action_at,
        moments=look.moments(),
        older=look.older,
        contacts=look.contacts(),
        tasks=[(task, f"/ops/debtors/{quote(debtor_id, safe='')}/calls/{quote(task.id, safe='')}"
                if task.kind in CALLS else f"/ops/today/{quote(debtor_id, safe='')}/{quote(task.id, safe='')}")
               for task in look.file.open_tasks()],
        reliable=reliability(look.file),
        promises=sorted((p for p in look.file.promises.values() if p.state is PromiseState.OPEN),
                        key=lambda p: (p.pay_on, p.id)),
        claims=[c for c in look.file.claims.values() if c.state is ClaimState.OPEN],
        plans=[(p, list(zip(p.instalments, missing(p, look.file), strict=True)))
               for p in look.file.plans.values() if p.runs],
        disputes=sorted((d for d in look.file.disputes.values() if d.is_open), key=lambda d: (d.opened_on, d.id)),
        blocks=sorted((b for b in look.file.blocks.values() if b.is_open), key=lambda b: (b.placed_on, b.id)),
        letters=sorted(look.file.letters.values(), key=lambda x: (x.approved_at, x.id), reverse=True),
        policy=look.office.policy(look.file.debtor.policy),
        rep=look.file.debtor.sales_rep,
    )  # fmt: skip


@page("/ops/debtors/{debtor_id}/invoices", Role.VIEWER)
def invoices(visit: Visit, debtor_id: str) -> Response:
    """All invoices, a page at a time: open ones by their due date, settled ones the last settled first."""
    settled = visit.query.get("show") == "settled"
    look = Look(visit, debtor_id, whole=settled)
    if settled:
        cases = sorted((c for c in look.file.cases.values() if not c.is_open), key=_settled_place, reverse=True)
        places = [_settled_place(c) for c in cases]
        after = visit.query.get("after", "")
        start = next((i for i, place in enumerate(places) if place < after), len(places)) if after else 0
        place = _settled_place
    else:
        cases, place = look.file.open_cases(), _open_place
        after = visit.query.get("after", "")
        start = next((i for i, c in enumerate(cases) if place(c) > after), len(cases)) if after else 0
    shown = cases[start : start + 2 * INVOICES_SHOWN]
    rest = len(cases) > start + len(shown)
    return visit.show(
        "debtor/invoices.html.j2", **look.facts(), rows=[look.row(case) for case in shown], settled=settled,
        next=place(shown[-1]) if rest and shown else "", first=not after, count=len(cases),
    )  # fmt: skip


@page("/ops/debtors/{debtor_id}/timeline", Role.VIEWER)
def older(visit: Visit, debtor_id: str) -> Response:
    """The journal, the last entry first, a page at a time."""
    look = Look(visit, debtor_id)
    return visit.show(
        "debtor/timeline.html.j2", **look.facts(), moments=look.moments(_seq(visit.query.get("after", ""))),
        older=look.older, first=not visit.query.get("after"),
    )  # fmt: skip


@page("/ops/debtors/{debtor_id}/habit", Role.VIEWER)
def habit(visit: Visit, debtor_id: str) -> Response:
    """How this debtor pays, read off all that it has settled: asked for apart, for it reads the past too."""
    from chalicelib.domain.call_sheet import _habit  # the call sheet's own figure, not a second one

    look = Look(visit, debtor_id, whole=True)
    template = "debtor/habit_piece.html.j2" if visit.is_piece else "debtor/habit.html.j2"
    return visit.show(template, **look.facts(), habit=_habit(look.file, look.today))


@page("/ops/debtors/{debtor_id}/mails/{notice_id}", Role.VIEWER)
def sent_mail(visit: Visit, debtor_id: str, notice_id: str) -> Response:
    """A mail of ours as it left, from the archive: its words alone, none of its markup."""
    look = Look(visit, debtor_id)
    notice = look.file.notices.get(notice_id) or _past_notice(debtor_id, notice_id)
    return visit.show(
        "debtor/mail.html.j2", **look.facts(), notice=notice, mail=mail_text(debtor_id, notice),
        state=mail_state(notice.state, visit.language),
    )  # fmt: skip


@page("/ops/debtors/{debtor_id}/letters/{letter_id}", Role.VIEWER)
def letter(visit: Visit, debtor_id: str, letter_id: str) -> Response:
    """A formal notice on paper, with links to its copy and its proof that are good for ten minutes."""
    look = Look(visit, debtor_id, whole=True)
    if letter_id not in look.file.letters:
        raise NotFound(f"no letter {letter_id}")
    found = look.file.letters[letter_id]
    return show_letter(visit, look, found)


def show_letter(visit: Visit, look: Look, found: Letter, **more: Any) -> Response:
    archive = bootstrap.parts().archive
    named = {"key": "formal-notice", "proof": "proof-of-delivery"}
    links = {
        what: archive.link(getattr(found, what), seconds=LINK_SECONDS, name=f"{name}{_suffix(getattr(found, what))}")
        for what, name in named.items()
        if getattr(found, what)
    }
    return visit.show("debtor/letter.html.j2", **{
        **look.facts(), "letter": found, "link": links.get("key", ""), "proof_link": links.get("proof", ""), **more
    })  # fmt: skip


class Look:
    """A debtor's file as one request sees it, with what several parts of the page need of it."""

    def __init__(self, visit: Visit, debtor_id: str, *, whole: bool = False) -> None:
        parts = bootstrap.parts()
        self.visit, self.office = visit, office_of(parts)
        found = parts.store.load(debtor_id, whole=True) if whole else load(parts, debtor_id)
        if found is None or debtor_id == "desk":
            raise UnknownDebtor(f"no debtor {debtor_id!r}")
        self.file: DebtorFile = found
        self.words = Words(visit.language)
        self.today = local_day(visit.at, self.office.creditor.zone)
        self.view = View(self.file, self.office, visit.at)
        self.older = ""
        self._plan: Plan | None = None
        self._fates: tuple[dict[str, Held], dict[str, Proposal]] | None = None

    @property
    def plan(self) -> Plan:
        if self._plan is None:
            self._plan = propose(self.file, self.office, at=self.visit.at)
        return self._plan

    @property
    def fates(self) -> tuple[dict[str, Held], dict[str, Proposal]]:
        if self._fates is None:
            self._fates = (
                {held.number: held for held in self.plan.held},
                {number: p for p in self.plan.proposals for number in p.numbers},
            )
        return self._fates

    def facts(self) -> dict[str, Any]:
        """What every page of the debtor shows."""
        return {
            "file": self.file, "debtor": self.file.debtor, "words": self.words, "today": self.today,
            "here": f"/ops/debtors/{quote(self.file.id, safe='')}", "creditor": self.office.creditor,
        }  # fmt: skip

    def totals(self) -> list[dict[str, Any]]:
        """By currency: owed, overdue, contested, and what stands on the account unallocated."""
        cases = self.file.open_cases()
        currencies = {c.balance.currency for c in cases} | {c.remaining.currency for c in self.file.credits.values()}
        found = []
        for currency in sorted(currencies):
            some = [c for c in cases if c.balance.currency == currency]
            late = [c for c in some if c.due_on < self.today]
            contested = [c for c in some if self.file.dispute_on(c.number)]
            found.append({
                "owed": total((c.balance for c in some), currency), "count": len(some),
                "overdue": total((c.balance for c in late), currency), "late": len(late),
                "disputed": total((c.balance for c in contested), currency), "contested": len(contested),
                "unallocated": self.file.unallocated(currency),
                "oldest": max(((self.today - c.due_on).days for c in late), default=0),
            })  # fmt: skip
        return found

    def row(self, case: Case) -> Row:
        state, tone = self.words.state(case, self.file)
        taken = self.view.progress.get(case.number, {})
        last = max(taken, key=lambda step: (taken[step], _rank(self.view, step)), default="")
        step, on = next_step(self.view, case) if case.is_open else (None, None)
        held, due = self.fates if case.is_open else ({}, {})
        why = ""
        if case.number in due:
            why, step = self.words.action(due[case.number]), None
        elif case.number in held:
            why = self.words.held(held[case.number], self.file)
            if held[case.number].hold in _TELLS_THE_STEP:
                step = None  # said already
        return Row(
            case=case, late=self.words.due(case, self.today) if case.is_open else "",
            is_late=case.is_open and case.due_on < self.today, state=state, tone=tone,
            taken=self.words.step(last) if last else "", taken_on=taken.get(last),
            next=self.words.step(step.id) if step else "", next_on=on, why=why,
        )  # fmt: skip

    def ahead(self) -> list[Ahead]:
        """What the program does next: what is due now, mails that wait, then what is held, the nearest day first."""
        found = [
            self._ahead(self.words.action(p), "", p.numbers or _numbers_of(p), now=True)
            for p in self.plan.proposals
            if p.takes or p.notice
        ]
        for waiting in self.plan.waiting:
            order = self.file.orders[waiting.order_id]
            what = self.words.step(order.template)
            why = self.words.held(Held(number="", hold=waiting.hold, reason=waiting.reason,
                                       until=waiting.until.date() if waiting.until else None), self.file)
            found.append(replace(self._ahead(what, why, order.numbers, now=False), order=order.id))

        def alike(held: Held) -> tuple[str, str, str]:
            why = self.words.held(held, self.file)
            if held.hold is Hold.NOT_DUE:
                why = self.words.not_sooner(held.step, self.view.policy)
            return (held.until.isoformat() if held.until else "9999", why, held.step)

        for (until, why, step), some in groupby(sorted(self.plan.held, key=alike), key=alike):
            on = None if until == "9999" else date.fromisoformat(until)
            found.append(self._ahead(self.words.step(step) if step else "", why, [h.number for h in some],
                                     now=False, on=on))  # fmt: skip
        return found

    def moments(self, before: int = 0) -> list[Moment]:
        entries: list[Entry] = list(
            islice(bootstrap.parts().store.journal_before(self.file.id, before), MOMENTS_SHOWN + 1)
        )
        more = len(entries) > MOMENTS_SHOWN
        shown = entries[: MOMENTS_SHOWN]
        self.older = str(shown[-1].seq) if more else ""
        return timeline(shown, self.file, self.words)

    def contacts(self) -> list[tuple[str, list[tuple[Contact, list[tuple[str, str]]]]]]:
        """By role, in the order in which one calls."""
        order = [ContactRole.PAYER, ContactRole.APPROVER, ContactRole.BUYER, ContactRole.DIRECTOR,
                 ContactRole.RECIPIENT]  # fmt: skip
        found = sorted(self.file.contacts.values(), key=lambda c: (order.index(c.role), c.id))
        return [
            (role.value, [(c, self.words.contact_state(c, self.today)) for c in some])
            for role, some in groupby(found, key=lambda c: c.role)
        ]

    def _ahead(
        self, what: str, why: str, numbers: Iterable[str], *, now: bool, on: date | None = None
    ) -> Ahead:
        numbers = tuple(numbers)
        cases = [self.file.cases[n] for n in numbers if n in self.file.cases]
        currencies = sorted({c.balance.currency for c in cases})
        sums = tuple(total((c.balance for c in cases if c.balance.currency == k), k) for k in currencies)
        return Ahead(
            what=what, why=why, numbers=numbers[:GROUP_SHOWN], more=max(len(numbers) - GROUP_SHOWN, 0), sums=sums,
            now=now, on=on,
        )  # fmt: skip


@dataclass(frozen=True)
class MailText:
    """A mail in a safe form: decoded words, never markup."""

    subject: str
    sender: str
    to: str
    cc: str
    sent_at: datetime | None
    text: str
    attachments: tuple[str, ...]


def mail_text(debtor_id: str, notice: Notice) -> MailText | None:
    """What left for a notice; None where the archive does not hold it."""
    try:
        raw = bootstrap.parts().archive.get(sent_key(debtor_id, notice.id))
    except PermanentError:
        return None
    return text_of(raw)


def text_of(raw: bytes) -> MailText:
    from chalicelib.reading import parse

    message = parse(raw)

    def people(addresses: Sequence[tuple[str, str]]) -> str:
        return ", ".join(f"{name} <{address}>" if name else address for name, address in addresses)

    return MailText(
        subject=message.subject, sender=people(message.from_addresses), to=people(message.to), cc=people(message.cc),
        sent_at=message.sent_at, text=message.text[:LONGEST_MAIL].strip(),
        attachments=tuple(a.name or "" for a in message.attachments),
    )  # fmt: skip


def remember(visit: Visit, file: DebtorFile) -> None:
    """Keep in the browser, until it is closed, which debtors were opened last."""
    kept = [(id_, name) for id_, name in recent(visit) if id_ != file.id]
    opened = [(file.id, file.debtor.name[:40]), *kept][:RECENT]
    lines = "\n".join(f"{quote(id_, safe='')} {name}" for id_, name in opened)
    visit.baked.append(visit.jar.bake("recent", quote(lines, safe="")))


def recent(visit: Visit) -> list[tuple[str, str]]:
    """The debtors that were opened last, the last one first: what the browser says, so nothing is relied upon."""
    lines = unquote(visit.held("recent"))[:4000].splitlines()
    return [(unquote(id_), name) for id_, _, name in (line.partition(" ") for line in lines[:RECENT]) if id_ and name]


def _past_notice(debtor_id: str, notice_id: str) -> Notice:
    whole = bootstrap.parts().store.load(debtor_id, whole=True)
    if whole is None or notice_id not in whole.notices:
        raise NotFound(f"no mail {notice_id}")
    return whole.notices[notice_id]


def _numbers_of(proposal: Proposal) -> tuple[str, ...]:
    return tuple(number for number, _ in proposal.notice.takes) if proposal.notice else ()


def _rank(view: View, step: str) -> int:
    return next((i for i, one in enumerate(view.policy.steps) if one.id == step), -1)


def _open_place(case: Case) -> str:
    return f"{case.due_on}/{case.number}"


def _settled_place(case: Case) -> str:
    return f"{case.settled_on or case.due_on}/{case.number}"


def _seq(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else 0


def _suffix(key: str) -> str:
    found = re.search(r"\.[a-z]{3,4}$", key)
    return found.group() if found else ""
