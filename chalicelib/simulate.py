"""Replay a ledger day by day through the same core as the dunning run, and tell every action with its reason.

Nothing is sent and nothing is kept. The ledger says what happened (invoices issued, money received, disputes); what
Relance would have done comes from `propose`, and is supposed to succeed at once: mails arrive, calls are made on
their due day, a manager approves each formal notice the same day, and the debtor does what the ledger says it did.

Only debtors about whom something can change are looked at: an agenda of instants, as in the real run.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from chalicelib.domain import events as e
from chalicelib.domain import formal_notice
from chalicelib.domain.apply import apply_all, foreseen
from chalicelib.domain.calendar import instant, local_day, zone_of
from chalicelib.domain.creditor import Creditor, Health, Office
from chalicelib.domain.debtor_file import (
    Case,
    Contact,
    Credit,
    CreditKind,
    Debtor,
    DebtorFile,
    DebtorKind,
    Demand,
    Dispute,
    Task,
    TaskKind,
    live_part,
)
from chalicelib.domain.money import Money, total
from chalicelib.domain.plan import Action, Proposal
from chalicelib.domain.policy import CreditHoldRule, Do, Policy
from chalicelib.domain.propose import propose
from chalicelib.domain.settle import consequences, oldest_first, receive
from chalicelib.domain.view import View
from chalicelib.errors import BadFile
from chalicelib.ledger.records import Finding, InvoiceRow, PaymentRow

SUPPOSED = "payer@debtor.invalid"
"""The address that debtors are supposed to have where the ledger names no address at all."""

_CHANNELS = {Do.EMAIL: "email", Do.FORMAL_NOTICE: "email", Do.CALL: "phone", Do.CHOOSE: "task"}
_SUPPOSED = "; a manager is supposed to approve it"
_FACTS_IN_ORDER = ("entered", "credit", "disputed", "payment", "settled")


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One step of the ladder taken for some invoices of a debtor, or a task.

    A mail or call carries every invoice that is due, each at its own step. It is told by its highest step; an act for
    each lower one follows, whose action and channel are `joined`: it goes with the mail or call told before it.
    """

    date: date
    account: str
    action: str  # email, call, formal_notice, choose, task, joined
    step: str  # empty where a task takes none
    channel: str  # email, phone, task, joined
    invoices: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What a simulation replays. `policy` serves debtors for whom the ledger names none."""

    invoices: Sequence[InvoiceRow]
    payments: Sequence[PaymentRow] = ()
    policies: Mapping[str, Policy] = field(default_factory=dict)
    policy: str = "standard"

    def contradictions(self) -> list[Finding]:
        """Rows that the ledger itself denies: an unknown policy, a payment of a debtor without invoices."""
        known, accounts = sorted(self.policies), {row.account for row in self.invoices}
        return [
            Finding(row.line, "policy", f"no policy {row.policy!r}", f"write one of {', '.join(known)}")
            for row in self.invoices
            if row.policy and row.policy not in self.policies
        ] + [
            Finding(row.line, "account", f"no invoice is of account {row.account!r}", "is the spelling the same?")
            for row in self.payments
            if row.account not in accounts
        ]

    def without(self, contradictions: Sequence[Finding]) -> Ledger:
        """The ledger without the rows that are named."""
        invoices = {f.line for f in contradictions if f.column == "policy"}
        payments = {f.line for f in contradictions if f.column == "account"}
        return replace(
            self,
            invoices=[row for row in self.invoices if row.line not in invoices],
            payments=[row for row in self.payments if row.line not in payments],
        )


def simulate(
    ledger: Ledger, creditor: Creditor, *, since: date | None = None, until: date | None = None,
    disputed_from: str = "issued", settled: MutableMapping[str, date] | None = None,
) -> Iterator[Act]:  # fmt: skip
    """Every action in the order of time, from the day on which the program is switched on to the last day.

    Without `since` it is on from the first invoice; without `until` it runs until nothing is left to do. An invoice
    that the ledger calls disputed without a day is disputed from its issue or its due date (`disputed_from`).
    `settled` is filled, by invoice number, with the days on which the ledger's money settled them.
    """
    if contradictions := ledger.contradictions():
        raise BadFile("ledger", [f.as_error() for f in contradictions])
    plays = _plays(ledger, creditor, since, disputed_from)
    agenda = [(play.next_at, account) for account, play in plays.items() if play.next_at]
    heapq.heapify(agenda)
    while agenda:
        at, account = heapq.heappop(agenda)
        if until and local_day(at, creditor.zone) > until:
            break
        play = plays[account]
        yield from play.wake(at)
        if play.next_at:
            heapq.heappush(agenda, (play.next_at, account))
    if settled is not None:
        for play in plays.values():
            play.learn(until or date.max, datetime.max.replace(tzinfo=UTC))
            settled.update(play.settled)


def simulated_creditor(country: str) -> Creditor:
    """A creditor of that country, for whom nobody is written to: its calendar and clock are all that matters."""
    return Creditor(
        name="", legal_form="", address=(), country=country, legal_id="", vat_number="", iban="", bic="",
        mailbox="", zone=zone_of(country, "Europe/Paris"),
    )  # fmt: skip


class _Play:
    """One debtor's file as the days pass, with the facts of the ledger that are still to come."""

    def __init__(
        self, debtor: Debtor, email: str, facts: Sequence[_Fact], ledger: Ledger, creditor: Creditor, since: date | None
    ) -> None:
        self._facts, self._ledger, self._creditor = list(reversed(facts)), ledger, creditor
        self._zone = debtor.zone or zone_of(debtor.country, creditor.zone)
        policy = ledger.policies[debtor.policy]
        self._opens = policy.hours[0]
        self.settled: dict[str, date] = {}
        self.next_at = self._opening(max(facts[0].on, since or facts[0].on))
        opening: list[tuple[e.Event, str]] = [(e.DebtorOpened(debtor=debtor), "ledger")]
        if email:
            opening.append((e.ContactSet(contact=Contact(id="payer", email=email)), "ledger"))
        self._file = apply_all(None, e.entries_after(0, opening, at=self.next_at, who="ledger"))

    next_at: datetime | None

    def wake(self, at: datetime) -> list[Act]:
        """Let the ledger's facts happen, do what is due, and set `next_at`."""
        today = local_day(at, self._creditor.zone)
        self.learn(today, at)
        for task in self._file.open_tasks():
            if task.kind is TaskKind.CALL and task.due_on <= today:
                self._close(task, "called", at)
        acts, wake_at = self._do_what_is_due(at, today)
        instants = [wake_at] if wake_at else []
        coming = next((fact for fact in reversed(self._facts) if fact.may_bring_work), None)
        if coming:
            instants.append(self._opening(coming.on))
        soonest = min(instants, default=None)
        self.next_at = soonest and (soonest if soonest > at else self._opening(today + timedelta(days=1)))
        self._file = live_part(self._file)
        return acts

    def learn(self, today: date, at: datetime) -> None:
        """Let everything happen that the ledger says of the days up to today."""
        while self._facts and self._facts[-1].on <= today:
            self._happen(_events_of(self._facts.pop(), self._file, today, at), at)
        self.settled.update({c.number: c.settled_on for c in self._file.cases.values() if c.settled_on})

    def _do_what_is_due(self, at: datetime, today: date) -> tuple[list[Act], datetime | None]:
        office = Office(
            creditor=self._creditor, health=Health(payments_read_at=at, mailbox_read_at=at),
            policies={name: _chasing_alone(policy) for name, policy in self._ledger.policies.items()},
        )  # fmt: skip
        acts: list[Act] = []
        for _ in range(9):
            plan = propose(self._file, office, at=at)
            approvals = [p for p in plan.proposals if p.action is Action.APPROVE]
            for proposal in approvals or plan.proposals:
                self._happen(proposal.events, at)
                if proposal.action is Action.APPROVE:
                    asked = [t for t in self._file.open_tasks() if t.kind is TaskKind.APPROVE_NOTICE]
                    for task in asked:
                        self._approve(task, office, at)
                    continue
                if proposal.notice:
                    sent = e.NoticeSent(notice_id=proposal.notice.id, message_id="", at=at)
                    self._happen([(sent, "supposed to arrive")], at)
                acts += _acts(proposal, self._file.debtor, office, today)
            if not plan.proposals:
                return acts, plan.next_action_at
        raise AssertionError(f"the plan for {self._file.id} at {at} never comes to rest")

    def _happen(self, happened: Iterable[tuple[e.Event, str]], at: datetime) -> None:
        self._file = foreseen(self._file, list(happened), at=at)

    def _close(self, task: Task, outcome: str, at: datetime) -> None:
        closed = e.TaskClosed(task_id=task.id, outcome=outcome, note="", at=at)
        self._happen([(closed, "supposed to be done")], at)

    def _approve(self, task: Task, office: Office, at: datetime) -> None:
        """The manager approves what is asked, though a ledger tells no postal address and no rate is looked up."""
        demanded = formal_notice.demandable(View(self._file, office, at))
        demands = tuple(Demand(number=case.number, balance=balance) for case, balance, _ in demanded)
        letter = formal_notice.letter(task, demands, (), at=at, who="simulation")
        self._happen([(e.FormalNoticeApproved(letter=letter), "supposed to be approved")], at)
        self._close(task, "approved", at)

    def _opening(self, day: date) -> datetime:
        return instant(day, self._opens, self._zone)


def _chasing_alone(policy: Policy) -> Policy:
    """A policy without what concerns our own people: here nobody resolves a dispute or answers about a credit hold."""
    return replace(
        policy, credit_hold=CreditHoldRule(), dispute_progress_business_days=0, block_review_days=0,
        tell_sales_rep_business_days=0,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Fact:
    """Something that the ledger says happened on a day."""

    on: date
    kind: str  # one of _FACTS_IN_ORDER
    row: InvoiceRow | PaymentRow

    @property
    def may_bring_work(self) -> bool:
        """Whether something may be due sooner for it: a dispute only holds.

        Money may: a credit that is used up covers nothing more, and a call that was about what is paid now was not
        about the rest, of which nothing is heard.
        """
        return self.kind != "disputed"


def _plays(ledger: Ledger, creditor: Creditor, since: date | None, disputed_from: str) -> dict[str, _Play]:
    facts: dict[str, list[_Fact]] = {}
    last: dict[str, InvoiceRow] = {}
    emails: dict[str, str] = {}
    for row in ledger.invoices:
        facts.setdefault(row.account, []).extend(_facts_of(row, disputed_from))
        last[row.account] = row
        emails[row.account] = row.email or emails.get(row.account, "")
    for payment in ledger.payments:
        facts[payment.account].append(_Fact(payment.paid_on, "payment", payment))
    supposed = "" if any(emails.values()) else SUPPOSED
    plays = {}
    for account, some in facts.items():
        some.sort(key=lambda fact: (fact.on, _FACTS_IN_ORDER.index(fact.kind)))
        debtor = _debtor(last[account], ledger.policy)
        plays[account] = _Play(debtor, emails[account] or supposed, some, ledger, creditor, since)
    return plays


def _debtor(row: InvoiceRow, policy: str) -> Debtor:
    return Debtor(
        id=row.account, name=row.client, country=row.country, policy=row.policy or policy,
        language=row.language or "fr", kind=row.kind or DebtorKind.BUSINESS, sales_rep=row.sales_rep,
        client_since_on=row.client_since_on,
    )  # fmt: skip


def _facts_of(row: InvoiceRow, disputed_from: str) -> Iterator[_Fact]:
    if row.is_credit_note:
        yield _Fact(row.issued_on, "credit", row)
        if row.paid_on:
            yield _Fact(max(row.paid_on, row.issued_on), "settled", row)
        return
    yield _Fact(row.issued_on, "entered", row)
    if row.disputed:
        on = row.disputed_on or (row.due_on if disputed_from == "due" else row.issued_on)
        yield _Fact(max(on, row.issued_on), "disputed", row)
    if row.paid_on:
        yield _Fact(max(row.paid_on, row.issued_on), "settled", row)


def _events_of(fact: _Fact, file: DebtorFile, today: date, at: datetime) -> list[tuple[e.Event, str]]:
    """What a fact of the ledger does to the file."""
    row = fact.row
    if isinstance(row, PaymentRow):
        numbers = [row.number] if row.number else oldest_first(file.open_cases(), row.amount)
        return _received(file, _credit(f"payment-{row.line}", CreditKind.PAYMENT, fact.on, row.amount), numbers, at)
    case = file.cases.get(row.number)
    if fact.kind == "entered":
        case = Case(
            number=row.number, issued_on=row.issued_on, due_on=row.due_on, amount=row.amount, balance=row.amount,
            entered_on=today, purchase_order=row.purchase_order, document=row.document,
        )  # fmt: skip
        return [(e.InvoiceEntered(case=case), "ledger")]
    if fact.kind == "credit":
        return _received(file, _credit(row.number, CreditKind.CREDIT_NOTE, fact.on, -row.amount), [], at)
    if fact.kind == "settled" and row.is_credit_note:
        return _used_up(file, row.number, fact.on, at)
    if case is None or not case.is_open:
        return []
    if fact.kind == "disputed":
        dispute = Dispute(id=f"ledger-{row.number}", numbers=(row.number,), reason="other", opened_on=fact.on)
        return [(e.DisputeOpened(dispute=dispute), "ledger")]
    rest = _credit(f"ledger-{row.number}", CreditKind.PAYMENT, fact.on, case.balance)
    return _received(file, rest, [row.number], at)


def _credit(id_: str, kind: CreditKind, on: date, amount: Money) -> Credit:
    return Credit(id=id_, kind=kind, on=on, amount=amount, remaining=amount)


def _received(file: DebtorFile, credit: Credit, numbers: list[str], at: datetime) -> list[tuple[e.Event, str]]:
    happened = receive(file, credit, numbers)
    after = foreseen(file, happened, at=at)
    return [*happened, *consequences(after, on=credit.on, at=at)]


def _used_up(file: DebtorFile, credit_id: str, on: date, at: datetime) -> list[tuple[e.Event, str]]:
    """A credit note that the ledger calls settled: deducted from the oldest open invoices of its currency."""
    credit = file.credits.get(credit_id)
    happened: list[tuple[e.Event, str]] = []
    left = credit.remaining if credit else None
    for case in file.open_cases():
        if left and case.balance.currency == left.currency:
            part = min(left, case.balance)
            left -= part
            event = e.CreditAllocated(credit_id=credit_id, number=case.number, amount=part, on=on)
            happened.append((event, "deducted"))
    after = foreseen(file, happened, at=at)
    return [*happened, *consequences(after, on=on, at=at)]


def _acts(proposal: Proposal, debtor: Debtor, office: Office, today: date) -> list[Act]:
    """How an action is told: none for what is only a note in the journal."""
    if not proposal.takes:
        tasks = [event.task for event, _ in proposal.events if isinstance(event, e.TaskRaised)]
        return [
            Act(
                date=today, account=debtor.id, action="task", step="", channel="task", invoices=task.numbers,
                reason=proposal.reason,
            )
            for task in tasks
        ]  # fmt: skip
    policy = office.policy(debtor.policy)
    by_step: dict[str, list[str]] = {}
    for number, step in sorted(proposal.takes, key=lambda take: -policy.rank(take[1])):
        by_step.setdefault(step, []).append(number)
    acts: list[Act] = []
    for step, numbers in by_step.items():
        do = policy.step(step).do
        action, channel = (do.value, _CHANNELS[do]) if not acts else ("joined", "joined")
        reason = _reason(proposal.reason, step) + (_SUPPOSED if do is Do.FORMAL_NOTICE else "")
        acts.append(
            Act(
                date=today, account=debtor.id, action=action, step=step, channel=channel, invoices=tuple(numbers),
                reason=reason,
            )
        )  # fmt: skip
    return acts


def _reason(reason: str, step: str) -> str:
    """The part of a proposal's reason that speaks of one step."""
    parts = [part for part in reason.split("; ") if part.startswith(f"{step} ")]
    return "; ".join(parts) or reason


class Summary:
    """Counts what a simulation tells, as it is told."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._actions: Counter[str] = Counter()
        self._steps: Counter[str] = Counter()
        self.settled: dict[str, date] = {}  # for `simulate` to fill
        self._contacted: set[str] = set()  # invoices written or called about, at all
        self._reminded: set[str] = set()  # by mail, after the due date
        steps = [step for policy in ledger.policies.values() for step in policy.steps]
        self._writes_after_due = {
            step.id: not step.before_due for step in steps if step.do in (Do.EMAIL, Do.FORMAL_NOTICE)
        }

    def note(self, act: Act) -> None:
        self._actions[act.action] += 1
        if act.step:
            self._steps[act.step] += len(act.invoices)
        if act.channel != "task":
            self._contacted |= set(act.invoices)
        if self._writes_after_due.get(act.step):
            self._reminded |= set(act.invoices)

    def figures(self) -> dict[str, int | str]:
        """The figures by their names, in the order in which they are shown."""
        claims = [r for r in self._ledger.invoices if not r.is_credit_note]
        paid = {r.number: self.settled[r.number] <= r.due_on for r in claims if r.number in self.settled}
        disputed = [r for r in claims if r.disputed]
        currencies = sorted({r.amount.currency for r in claims})
        figures: dict[str, int | str] = {
            "debtors": len({r.account for r in claims}),
            "invoices": len(claims),
            "invoiced": ", ".join(
                str(total((r.amount for r in claims if r.amount.currency == c), c)) for c in currencies
            ),
            "credit notes": len(self._ledger.invoices) - len(claims),
            "e-mails": self._actions["email"] + self._actions["formal_notice"],
            "of which formal notices": self._actions["formal_notice"],
            "calls": self._actions["call"],
            "tasks to choose what follows": self._actions["choose"],
            "other tasks": self._actions["task"],
        }
        order = {step.id: i for policy in self._ledger.policies.values() for i, step in enumerate(policy.steps)}
        for step in sorted(self._steps, key=lambda s: order.get(s, 99)):
            figures[f"invoices at {step}"] = self._steps[step]
        figures |= {
            "invoices paid by the due date": sum(paid.values()),
            "invoices paid late, before any reminder": sum(
                not in_time and number not in self._reminded for number, in_time in paid.items()
            ),
            "invoices paid after a reminder": sum(number in self._reminded for number in paid),
            "invoices never spoken of": sum(r.number not in self._contacted for r in claims),
            "disputed invoices, left out": len(disputed),
            "invoices not paid": len(claims) - len(paid),
        }
        return figures
