"""Count what happened: every figure of the table is counted from what the application's own table holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from chalicelib.domain.debtor_file import DESK, Case, CreditKind, DebtorFile
from chalicelib.ports import MailRecord, Parts


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The table's numbers; amounts as text by currency."""

    sent: Mapping[str, int]  # mails that left for clients, by step or by what they confirm
    inside: Mapping[str, int]  # mails to our own people
    came_back: int
    answers: Mapping[str, int]  # mails read, by kind
    intents: Mapping[str, int]
    reviewed: int  # of the answers, those that a person must look at
    cases: Mapping[str, int]  # by state
    tasks: Mapping[str, Mapping[str, int]]  # by kind: open, closed
    calls: Mapping[str, int]  # by outcome
    promises: Mapping[str, int]  # by what became of them, and so are the next three
    plans: Mapping[str, int]
    disputes: Mapping[str, int]
    letters: Mapping[str, int]
    collected: Mapping[str, str]
    unallocated: Mapping[str, str]
    still_open: Mapping[str, str]
    overdue: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def count(parts: Parts, files: Sequence[DebtorFile], mails: Iterable[bytes], *, today: date) -> Figures:
    """`mails` are the bytes of everything that reached the mailbox: each is looked up by its hash."""
    notices = [n for file in files for n in file.notices.values()]
    records = [record for raw in mails if (record := parts.mail_log.get(sha256(raw).hexdigest()))]
    tasks = [(task.kind.value, task.is_open) for file in files for task in file.tasks.values()]
    cases = [(file, case) for file in files if file.id != DESK for case in file.cases.values()]
    credits = [credit for file in files for credit in file.credits.values()]
    left = [n for n in notices if n.state in ("sent", "bounced")]
    return Figures(
        sent=_sorted(Counter(n.step or n.template for n in left if not n.internal)),
        inside=_sorted(Counter(n.template for n in left if n.internal)),
        came_back=sum(n.state == "bounced" for n in notices),
        answers=_sorted(Counter(_kind(r) for r in records)),
        intents=_sorted(Counter(i for r in records for i in r.reading.get("intents") or ())),
        reviewed=sum(r.state != "read" or r.reading.get("decision") == "review" for r in records),
        cases=_sorted(Counter(_state(file, case, today) for file, case in cases)),
        tasks={
            kind: {"open": tasks.count((kind, True)), "closed": tasks.count((kind, False))}
            for kind in sorted({kind for kind, _ in tasks})
        },
        calls=_sorted(Counter(c.outcome for f in files for c in f.calls.values())),
        promises=_sorted(Counter(p.state.value for f in files for p in f.promises.values())),
        plans=_sorted(Counter(p.state.value for f in files for p in f.plans.values())),
        disputes=_sorted(Counter(d.resolution or "open" for f in files for d in f.disputes.values())),
        letters=_sorted(Counter(x.state.value for f in files for x in f.letters.values())),
        collected=_sums((c.amount.currency, c.amount.amount) for c in credits if c.kind is CreditKind.PAYMENT),
        unallocated=_sums((c.remaining.currency, c.remaining.amount) for c in credits if c.remaining),
        still_open=_sums((c.balance.currency, c.balance.amount) for _, c in cases if c.is_open),
        overdue=_sums((c.balance.currency, c.balance.amount) for _, c in cases if c.is_open and c.due_on < today),
    )  # fmt: skip


def _kind(record: MailRecord) -> str:
    return str(record.reading.get("kind") or record.state.value)


def _state(file: DebtorFile, case: Case, today: date) -> str:
    """Where an invoice stands, as the collector would say it."""
    if case.closed:
        return case.closed.value
    if file.insolvent_since_on:
        return "insolvent"
    if file.dispute_on(case.number):
        return "disputed"
    if file.claim_on(case.number):
        return "announced"
    if file.plan_on(case.number):
        return "under a plan"
    if file.promise_on(case.number):
        return "promised"
    if file.block_on(case.number):
        return "paused"
    return "overdue" if case.due_on < today else "not due"


def _sorted(counter: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda pair: (-pair[1], pair[0])))


def _sums(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, str]:
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, Decimal()) + amount
    return {currency: f"{sums[currency]:.2f}" for currency in sorted(sums)}
