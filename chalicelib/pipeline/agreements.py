"""What people decide about a debtor outside a task: blocks, progress of a dispute, the end of a plan, credit holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from chalicelib.domain import events as e
from chalicelib.domain import insolvency
from chalicelib.domain.calendar import local_day
from chalicelib.domain.credit_hold import overdue_of
from chalicelib.domain.debtor_file import Block, BlockKind, DebtorFile, Dispute, TaskKind
from chalicelib.domain.money import Money
from chalicelib.errors import BadInput, PermanentError
from chalicelib.pipeline.keep import Happened, keep, office_of
from chalicelib.ports import Parts

_ABOUT_A_BLOCK = {TaskKind.REVIEW_BLOCK: "lift", TaskKind.MISSING_CREDIT_NOTE: "resume"}
"""Tasks whose note is the id of a block, each with its outcome where the block is lifted."""


class NoSuchRecord(PermanentError):
    """The block, dispute or plan is not open, or never was."""


def place_block(
    parts: Parts,
    debtor_id: str,
    *,
    reason: str,
    owner: str,
    until: date | None,
    numbers: Sequence[str] = (),
    at: datetime,
    who: str,
) -> Block:
    """Hold the chasing of a debtor, or of some of its invoices, until a day or until somebody lifts it."""
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)
    if not reason.strip():
        raise BadInput("reason", "a block says why", "give it in a few words")
    if not owner.strip():
        raise BadInput("owner", "a block belongs to somebody", "name who lifts it, or ends it")
    if until and until <= today:
        raise BadInput("until", f"{until} is no day to wait for", "give a day after today")
    made_of = "\0".join((at.isoformat(), reason, *numbers))
    block = Block(
        id=f"{today:%Y%m%d}-{BlockKind.MANUAL}-{sha256(made_of.encode()).hexdigest()[:8]}",
        kind=BlockKind.MANUAL, reason=reason.strip(), placed_on=today, until=until, owner=owner.strip(),
        numbers=tuple(numbers),
    )  # fmt: skip

    def decide(file: DebtorFile) -> Happened:
        unknown = [n for n in numbers if n not in file.cases or not file.cases[n].is_open]
        if unknown:
            raise BadInput("invoices", f"{', '.join(unknown)} is not open", "name open invoices, or none for all")
        return [(e.BlockPlaced(block=block), f"{who}: {block.reason}")]

    keep(parts, office, debtor_id, decide, at=at, who=who)
    return block


def lift_block(parts: Parts, debtor_id: str, block_id: str, *, why: str, at: datetime, who: str) -> None:
    """End a block before its day. The task that asks about it, if any, ends with it."""
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)

    def decide(file: DebtorFile) -> Happened:
        block = file.blocks.get(block_id)
        if block is None or not block.is_open:
            raise NoSuchRecord(f"debtor {debtor_id} has no open block {block_id!r}")
        reason = why or f"lifted by {who}"
        asked = [t for t in file.open_tasks() if t.kind in _ABOUT_A_BLOCK and t.note == block_id]
        closing = [
            (e.TaskClosed(task_id=t.id, outcome=_ABOUT_A_BLOCK[t.kind], note=reason, at=at), reason) for t in asked
        ]
        return [(e.BlockLifted(block_id=block_id, on=today), reason), *closing]

    keep(parts, office, debtor_id, decide, at=at, who=who)


def note_progress(parts: Parts, debtor_id: str, dispute_id: str, note: str, *, at: datetime, who: str) -> None:
    """Say what was done about a dispute: it is not stalled, and its days count from now."""
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)
    if not note.strip():
        raise BadInput("note", "progress says what was done", "give it in a few words")

    def decide(file: DebtorFile) -> Happened:
        dispute_under_way(file, dispute_id)
        return [(e.DisputeProgressed(dispute_id=dispute_id, note=note.strip(), on=today), f"{who}: {note.strip()}")]

    keep(parts, office, debtor_id, decide, at=at, who=who)


def dispute_under_way(file: DebtorFile, dispute_id: str) -> Dispute:
    dispute = file.disputes.get(dispute_id)
    if dispute is None or not dispute.is_open:
        raise NoSuchRecord(f"debtor {file.id} has no open dispute {dispute_id!r}")
    return dispute


def withdraw_plan(parts: Parts, debtor_id: str, plan_id: str, *, why: str, at: datetime, who: str) -> None:
    """End a payment plan by a person's decision: its invoices go back to the ladder where they stood."""
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)
    if not why.strip():
        raise BadInput("why", "a plan that is withdrawn says why", "give it in a few words")

    def decide(file: DebtorFile) -> Happened:
        plan = file.plans.get(plan_id)
        if plan is None or not plan.runs:
            raise NoSuchRecord(f"debtor {debtor_id} has no running plan {plan_id!r}")
        return [(e.PlanWithdrawn(plan_id=plan_id, on=today), f"{who}: {why.strip()}")]

    keep(parts, office, debtor_id, decide, at=at, who=who)


def refute_insolvency(parts: Parts, debtor_id: str, *, why: str, at: datetime, who: str) -> None:
    """No insolvency procedure is open after all: the debtor's invoices go back to the ladder where they stood."""
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)
    if not why.strip():
        raise BadInput("why", "who takes an insolvency back says why", "give it in a few words")

    def decide(file: DebtorFile) -> Happened:
        if file.insolvent_since_on is None:
            raise NoSuchRecord(f"debtor {debtor_id} is not known to be insolvent")
        reason = f"{who}: {why.strip()}"
        return [(event, reason) for event in insolvency.refuted(file, today=today, at=at, why=why.strip())]

    keep(parts, office, debtor_id, decide, at=at, who=who)


def set_credit_hold(parts: Parts, debtor_id: str, *, hold: bool, why: str, at: datetime, who: str) -> None:
    """Put a debtor on credit hold, or release it, outside the question to sales. Doing it twice changes nothing."""
    office = office_of(parts)
    today = local_day(at, office.creditor.zone)

    def decide(file: DebtorFile) -> Happened:
        if hold is (file.credit_held_since_on is not None):
            return []
        event = e.CreditHeld(on=today) if hold else e.CreditReleased(on=today)
        reason = why or f"{'held' if hold else 'released'} by {who}"
        asked = [t for t in file.open_tasks() if t.kind is TaskKind.CREDIT_HOLD]
        outcome = "hold" if hold else "no_hold"
        closing = [(e.TaskClosed(task_id=t.id, outcome=outcome, note=reason, at=at), reason) for t in asked]
        return [(event, reason), *closing]

    keep(parts, office, debtor_id, decide, at=at, who=who)


@dataclass(frozen=True, kw_only=True)
class CreditHold:
    """One debtor of the list: held, or waiting for the answer of sales."""

    debtor: str
    name: str
    legal_id: str
    sales_rep: str
    held_since_on: date | None
    asked_on: date | None
    overdue: tuple[Money, ...]
    oldest_due_on: date | None


def credit_holds(parts: Parts, *, at: datetime) -> Iterator[CreditHold]:
    """Every debtor on credit hold or asked about: the file decides of each that ever was."""
    today = local_day(at, parts.offices.creditor().zone)
    for debtor_id in parts.store.find("credit_hold", "asked"):
        file = parts.store.load(debtor_id)
        if file and (file.credit_held_since_on or file.credit_hold_asked_on):
            late = [c.due_on for c in file.open_cases() if c.due_on < today]
            yield CreditHold(
                debtor=file.id, name=file.debtor.name, legal_id=file.debtor.legal_id, sales_rep=file.debtor.sales_rep,
                held_since_on=file.credit_held_since_on, asked_on=file.credit_hold_asked_on,
                overdue=tuple(overdue_of(file, today).values()), oldest_due_on=min(late, default=None),
            )  # fmt: skip
