"""Try a policy on the ledger before it is adopted: how would the last sixty days have differed?

Both policies, the one in force and the draft, are replayed over the same debtors by `simulate`; what comes of the two
is compared, never a replay with what really happened. Clients are supposed to have paid and disputed on the very days
on which they did, whatever we would have sent.

A trial goes on in turns, each small enough for one request: it reads a few files, adds what it counts to the draft,
and keeps it under the turn that it went on from. A trial that is left alone stands still and can be taken up again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from chalicelib.domain.creditor import Creditor
from chalicelib.domain.debtor_file import Case, Closed, DebtorFile, Role
from chalicelib.domain.policy import Policy
from chalicelib.errors import PermanentError
from chalicelib.ledger.records import InvoiceRow, PaymentRow
from chalicelib.ports import Parts, PolicyDraft, PolicyStore
from chalicelib.simulate import Act, Ledger, simulate

DAYS = 60
MOST = 200
"""Debtors that are replayed at most: enough to see what a change does, and it costs seconds, not hours."""

FILES_A_TURN = 12
LOOKED_AT_A_TURN = 300
DIFFERING = 10
INVOICES_OF_ONE = 150
"""Invoices of one debtor that are replayed, the latest: a replay costs their number squared."""

COUNTED = ("email", "call", "formal_notice")
KEPT_FOR = timedelta(days=30)


def begin(
    store: PolicyStore, id_: str, text: str, *, name: str, who: str, at: datetime, first: Sequence[str] = ()
) -> PolicyDraft:
    """A draft whose trial has not begun. `first`: debtors to look at before the others, those that owe the most."""
    draft = PolicyDraft(id=id_, name=name, text=text, who=who, at=at, tally={"first": list(first)[:60]})
    store.keep_draft(draft, before=None, forget_at=at + KEPT_FOR)
    return draft


def go_on(
    parts: Parts, store: PolicyStore, draft: PolicyDraft, now: Policy, then: Policy, *, today: date, at: datetime
) -> PolicyDraft:
    """One turn more; the draft as it stands afterwards, by us or by whoever was faster."""
    if draft.done:
        return draft
    tally = _begun(draft.tally)
    room = min(FILES_A_TURN, MOST - tally["replayed"])
    ids, after, seen, ended = _next_debtors(parts, draft, tally, room)
    tally["looked_at"] += seen
    creditor = parts.offices.creditor()
    for debtor_id in ids:
        file = parts.store.load(debtor_id, whole=True)
        if file is not None:
            _count(tally, file, creditor, now, then, today)
    done = ended or tally["replayed"] >= MOST
    tally["complete"] = ended
    went_on = replace(draft, after=after, turn=draft.turn + 1, done=done, tally=tally)
    if store.keep_draft(went_on, before=draft, forget_at=draft.at + KEPT_FOR):
        return went_on
    return store.draft(draft.id) or draft


def _begun(tally: Mapping[str, Any]) -> dict[str, Any]:
    weeks = DAYS // 7 + 1
    begun: dict[str, Any] = {
        "first": [], "replayed": 0, "looked_at": 0, "failed": 0, "invoices": 0, "differing": 0, "complete": False,
        "now": {}, "then": {}, "steps_now": {}, "steps_then": {}, "debtors": [],
    }  # fmt: skip
    for which in ("now", "then"):
        begun[which] = {kind: [0] * weeks for kind in COUNTED}
    return {**begun, **tally}


def _next_debtors(
    parts: Parts, draft: PolicyDraft, tally: Mapping[str, Any], room: int
) -> tuple[list[str], str, int, bool]:
    """Debtors of this policy to be replayed now, where to go on, how many were looked at, whether there are no more."""
    first: list[str] = tally["first"]
    if tally["looked_at"] == 0 and first:
        # Those that owe the most are looked at first; the walk by id passes over them later.
        return _of_policy(parts, draft.name, first[:room]), "", len(first[:room]), False
    skip = set(first[:FILES_A_TURN])
    found: list[str] = []
    after = draft.after
    walk = parts.store.debtor_ids(after=after)
    seen = 0
    while len(found) < room and seen < LOOKED_AT_A_TURN:
        some = list(islice(walk, 25))
        if not some:
            return found, after, seen, True
        ours = set(_of_policy(parts, draft.name, some))
        for debtor_id in some:
            if len(found) >= room:
                break
            seen, after = seen + 1, debtor_id
            if debtor_id in ours and debtor_id not in skip:
                found.append(debtor_id)
    return found, after, seen, False


def _of_policy(parts: Parts, name: str, ids: Sequence[str]) -> list[str]:
    """Those whom this policy serves: the standard one serves all that name none that we know."""
    known = set(parts.policies)
    debtors = parts.store.debtors(ids)
    return [
        id_ for id_ in ids
        if id_ in debtors and (debtors[id_].policy == name or (name == "standard" and debtors[id_].policy not in known))
    ]  # fmt: skip


def _count(tally: dict[str, Any], file: DebtorFile, creditor: Creditor, now: Policy, then: Policy, today: date) -> None:
    """Add one debtor's two replays to what was counted."""
    since = today - timedelta(days=DAYS)
    rows, payments = rows_of(file, since, now.name)
    if not rows:
        return
    try:
        before, after = (
            _replayed(rows, payments, policy, creditor, since, today) for policy in (now, then)
        )  # fmt: skip
    except (PermanentError, AssertionError):
        tally["failed"] += 1  # told on the page: a file that cannot be replayed is no reason to show nothing
        return
    tally["replayed"] += 1
    tally["invoices"] += len(rows)
    for which, acts in (("now", before), ("then", after)):
        for act in acts:
            if act.action in COUNTED:
                tally[which][act.action][min((act.date - since).days // 7, DAYS // 7)] += 1
            if act.step:
                steps = tally[f"steps_{which}"]
                steps[act.step] = steps.get(act.step, 0) + len(act.invoices)
    _differ(tally, file, before, after)


def _differ(tally: dict[str, Any], file: DebtorFile, before: Sequence[Act], after: Sequence[Act]) -> None:
    """Keep the debtors for whom the two differ most: acts that only one of them has, on that day."""
    was, is_ = (Counter((a.date, a.action, a.step) for a in acts if a.action in COUNTED) for acts in (before, after))
    gone, new = was - is_, is_ - was
    weight = gone.total() + new.total()
    if not weight:
        return
    tally["differing"] += 1
    told = {
        "id": file.id, "name": file.debtor.name, "weight": weight,
        "now": _by_kind(before), "then": _by_kind(after),
        "gone": _told(gone), "new": _told(new),
    }  # fmt: skip
    known = [*tally["debtors"], told]
    tally["debtors"] = sorted(known, key=lambda d: (-d["weight"], d["id"]))[:DIFFERING]


def _by_kind(acts: Iterable[Act]) -> dict[str, int]:
    counted = Counter(act.action for act in acts)
    return {kind: counted[kind] for kind in COUNTED}


def _told(acts: Counter[tuple[date, str, str]]) -> list[list[str]]:
    return [[on.isoformat(), action, step] for on, action, step in sorted(acts)[:6]]


def _replayed(
    rows: Sequence[InvoiceRow], payments: Sequence[PaymentRow], policy: Policy, creditor: Creditor, since: date,
    today: date,
) -> list[Act]:  # fmt: skip
    ledger = Ledger(invoices=rows, payments=payments, policies={policy.name: policy}, policy=policy.name)
    return [act for act in simulate(ledger, creditor, until=today) if act.date > since]


def rows_of(file: DebtorFile, since: date, policy: str) -> tuple[list[InvoiceRow], list[PaymentRow]]:
    """A file as the ledger that would have led to it: what mattered since that day, and a month before for the spacing.

    A dispute that is open keeps its invoice out from its day on; one that was resolved counts as none.
    """
    debtor = file.debtor
    contact = next((c for c in file.contacts.values() if c.role is Role.PAYER and c.email), None)
    disputed = {
        number: dispute.opened_on for dispute in file.disputes.values() if dispute.is_open for number in dispute.numbers
    }
    matters = [case for case in file.cases.values() if _matters(case, since - timedelta(days=30))]
    matters = sorted(matters, key=lambda case: (case.issued_on, case.number))[-INVOICES_OF_ONE:]
    rows, payments = [], []
    for line, case in enumerate(matters, 2):
        rows.append(
            InvoiceRow(
                line=line, number=case.number, account=debtor.id, client=debtor.name, country=debtor.country,
                issued_on=case.issued_on, due_on=case.due_on, amount=case.amount, paid_on=case.settled_on,
                disputed=case.number in disputed, disputed_on=disputed.get(case.number), email=contact.email if contact
                else "", language=debtor.language, kind=debtor.kind, policy=policy, sales_rep=debtor.sales_rep,
                client_since_on=debtor.client_since_on,
            )
        )  # fmt: skip
        payments += [
            PaymentRow(line=line, account=debtor.id, paid_on=part.on, amount=part.amount, number=case.number)
            for part in case.settlements
            if case.is_open or part.on != case.settled_on
        ]
    return rows, payments


def _matters(case: Case, since: date) -> bool:
    if case.amount.amount <= 0 or case.closed is Closed.WITHDRAWN:
        return False
    return case.is_open or (case.settled_on is not None and case.settled_on >= since)
