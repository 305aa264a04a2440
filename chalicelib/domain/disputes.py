"""Disputes that nobody moves, and the credit note that ended one and does not come: a person is told, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from chalicelib.domain import events as e
from chalicelib.domain.creditor import Creditor
from chalicelib.domain.debtor_file import Block, DebtorFile, Dispute, Task, TaskKind, at_stake
from chalicelib.domain.plan import Proposal, note
from chalicelib.domain.view import View, new_task, short


def owner_of(file: DebtorFile, creditor: Creditor) -> str:
    """Who answers a dispute, or a complaint: the sales representative, else the collector.

    One that is nobody's would hold for ever.
    """
    return file.debtor.sales_rep or creditor.persona("collector").email


def stalled(view: View) -> list[Proposal]:
    """Disputes without progress for the policy's business days: once for each stall they go to the next person."""
    return [_escalate(view, dispute) for dispute, day in _days(view) if view.today >= day]


def missing_credit_notes(view: View) -> list[Proposal]:
    """Credit notes that were promised and are not in the books on their day: their invoices wait on, with a task."""
    waiting = view.file.waiting_for_notes()
    return [_ask_for_note(view, block) for block in waiting if block.until and block.until <= view.today]


def wake_days(view: View) -> Iterator[date]:
    yield from (day for _, day in _days(view) if day > view.today)


def _days(view: View) -> Iterator[tuple[Dispute, date]]:
    patience = view.policy.dispute_progress_business_days
    for dispute in sorted(view.file.disputes.values(), key=lambda d: d.id):
        if patience and dispute.is_open and dispute.escalated_on is None:
            yield dispute, view.calendar.add(dispute.moved_on, patience)


def _ask_for_note(view: View, block: Block) -> Proposal:
    cases = view.file.open_among(block.numbers)
    if not cases:
        return note("every invoice that it is about is settled", e.BlockLifted(block_id=block.id, on=view.today))
    why = f"the credit note promised on {block.placed_on} has not come: issue it, or reopen the dispute"
    task = replace(
        new_task(view, TaskKind.MISSING_CREDIT_NOTE, block.id, cases, why),
        note=block.id,
        assignee=block.owner or owner_of(view.file, view.office.creditor),
    )
    return note(why, e.BlockPlaced(block=replace(block, until=None, reason=why)), e.TaskRaised(task=task))


def _escalate(view: View, dispute: Dispute) -> Proposal:
    """The open task about it changes hands; where there is none, one is raised."""
    to = view.office.creditor.persona(view.policy.dispute_escalate_to).email
    cases = view.file.open_among(dispute.numbers)
    age = (view.today - dispute.opened_on).days
    why = f"disputed for {age} days ({dispute.reason}) and no progress since {dispute.moved_on}: {to} takes it over"
    events: list[e.Event] = [e.DisputeEscalated(dispute_id=dispute.id, to=to, on=view.today)]
    open_tasks = [
        t for t in view.file.open_tasks() if t.kind is TaskKind.ANSWER_DISPUTE and set(t.numbers) & set(dispute.numbers)
    ]
    for task in open_tasks:
        events.append(e.TaskAssigned(task_id=task.id, assignee=to))
        events.append(e.TaskUrged(task_id=task.id, due_on=view.today, urgency=task.urgency + 1, reason=why))
    if not open_tasks:
        task = Task(
            id=f"{view.today:%Y%m%d}-{TaskKind.ANSWER_DISPUTE}-{short(view.file.id, dispute.id)}",
            kind=TaskKind.ANSWER_DISPUTE,
            raised_on=view.today,
            due_on=view.today,
            reason=why,
            numbers=dispute.numbers,
            at_stake=at_stake(cases),
            assignee=to,
            urgency=1,
        )
        events.append(e.TaskRaised(task=task))
    return note(why, *events)
