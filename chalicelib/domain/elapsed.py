"""What became true merely because time passed: promises broken, instalments missed, blocks over, disputes stalled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from chalicelib.domain import credit_hold, disputes, formal_notice, insolvency, open_tasks, plans, silence, time_bar
from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Block, ClaimState, Notice, NoticeState, PromiseState, TaskKind
from chalicelib.domain.money import Money
from chalicelib.domain.plan import Proposal, note
from chalicelib.domain.view import View, new_task

OUTCOME_WITHIN = timedelta(minutes=15)
"""A claimed notice without an outcome after so long is `unknown`: longer than any function may run."""


def elapsed(view: View) -> list[Proposal]:
    """What became true merely because time passed, each with the task that it calls for."""
    return [
        *(
            _broken(view, p.id)
            for p in view.file.promises.values()
            # Blind, we cannot know whether it was kept.
            if p.state is PromiseState.OPEN and view.today > p.grace_on and not view.blind
        ),
        *(
            _lapsed(view, c.id)
            for c in view.file.claims.values()
            if c.state is ClaimState.OPEN and view.today > c.hold_on
        ),
        *(
            _lost(view, n)
            for n in view.file.notices.values()
            if n.state is NoticeState.CLAIMED and n.claimed_at and view.at - n.claimed_at >= OUTCOME_WITHIN
        ),
        *(
            note(f"the block until {b.until} is over: {b.reason}", e.BlockLifted(block_id=b.id, on=view.today))
            for b in view.file.blocks.values()
            if b.over_on(view.today)
        ),
        *(_review(view, b) for b, day in _reviews(view) if view.today >= day),
        *plans.watch(view),
        *disputes.stalled(view),
        *disputes.missing_credit_notes(view),
        *credit_hold.watch(view),
        *insolvency.watch(view),
        *time_bar.warn(view),
        *formal_notice.withdrawn(view),
        *open_tasks.watch(view),
        *silence.watch(view),
    ]


def wake_days(view: View) -> list[date]:
    """The days, today and before included where something waits for us to see, on which time may bring this about."""
    file = view.file
    return [
        *(b.until for b in file.blocks.values() if b.is_open and b.until),
        *(p.grace_on + timedelta(days=1) for p in file.promises.values() if p.state is PromiseState.OPEN),
        *(c.hold_on + timedelta(days=1) for c in file.claims.values() if c.state is ClaimState.OPEN),
        *(day for _, day in _reviews(view)),
        *plans.wake_days(view),
        *disputes.wake_days(view),
        *credit_hold.wake_days(view),
        *insolvency.wake_days(view),
        *time_bar.wake_days(view),
        *formal_notice.wake_days(view),
        *open_tasks.wake_days(view),
        *silence.wake_days(view),
    ]


def _broken(view: View, promise_id: str) -> Proposal:
    promise = view.file.promises[promise_id]
    cases = view.file.open_among(promise.numbers)
    if promise.kept(view.file.cases):
        return note("what was promised has been paid", e.PromiseKept(promise_id=promise_id, on=view.today))
    came, expected = promise.came, promise.expected
    if came and expected and came > Money.zero(came.currency):
        why = f"{came} of the {expected} promised for {promise.pay_on} came by {promise.grace_on}"
        task = new_task(view, TaskKind.BROKEN_PROMISE, promise_id, cases, f"call about the rest of a promise: {why}")
        partly = e.PromisePartlyKept(promise_id=promise_id, on=promise.grace_on, came=came, expected=expected)
        return note(why, partly, e.TaskRaised(task=task))
    why = f"promised for {promise.pay_on}, nothing by {promise.grace_on}"
    task = new_task(view, TaskKind.BROKEN_PROMISE, promise_id, cases, f"call about a broken promise: {why}")
    return note(why, e.PromiseBroken(promise_id=promise_id), e.TaskRaised(task=task))


def _lapsed(view: View, claim_id: str) -> Proposal:
    claim = view.file.claims[claim_id]
    cases = view.file.open_among(claim.numbers)
    if not cases:
        return note("every invoice of the payment notice is settled", e.PaymentClaimConfirmed(claim_id=claim_id))
    why = f"announced on {claim.claimed_on}, not at the bank by {claim.hold_on}"
    task = new_task(view, TaskKind.UNCONFIRMED_PAYMENT, claim_id, cases, f"ask for the proof of payment: {why}")
    return note(why, e.PaymentClaimLapsed(claim_id=claim_id), e.TaskRaised(task=task))


def _reviews(view: View) -> Iterator[tuple[Block, date]]:
    """Blocks without an end that nobody is looking at, each with the day on which somebody is to."""
    after = view.policy.block_review_days
    asked = {t.note for t in view.file.open_tasks() if t.kind in (TaskKind.REVIEW_BLOCK, TaskKind.MISSING_CREDIT_NOTE)}
    still_open = {c.number for c in view.file.open_cases()}
    for block in view.file.blocks.values():
        holds = not block.numbers or still_open & set(block.numbers)  # of what is settled nobody is asked
        if after and holds and block.is_open and block.until is None and block.id not in asked:
            yield block, (block.reviewed_on or block.placed_on) + timedelta(days=after)


def _review(view: View, block: Block) -> Proposal:
    cases = [c for c in view.file.open_cases() if block.covers(c.number)]
    why = f"blocked since {block.placed_on} without an end: {block.reason}. Is it still right?"
    task = replace(
        new_task(view, TaskKind.REVIEW_BLOCK, f"{block.id} {view.today}", cases, why),
        numbers=block.numbers,
        note=block.id,
        assignee=block.owner,
    )
    return note(why, e.TaskRaised(task=task))


def _lost(view: View, notice: Notice) -> Proposal:
    why = f"claimed at {notice.claimed_at:%Y-%m-%d %H:%M} UTC and no outcome known"
    cases = [] if notice.internal else view.file.open_among(dict(notice.takes))
    task = replace(
        new_task(view, TaskKind.UNKNOWN_DELIVERY, notice.id, cases, f"find out whether this mail left: {why}"),
        note=notice.id,
    )
    return note(why, e.NoticeLost(notice_id=notice.id, at=view.at), e.TaskRaised(task=task))
