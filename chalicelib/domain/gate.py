"""The gate: what holds a case back whatever step of the ladder is due. First match wins."""

from __future__ import annotations

from datetime import date, timedelta

from chalicelib.domain.debtor_file import Case, NoticeState, TaskKind
from chalicelib.domain.plan import Held, Hold
from chalicelib.domain.plans import next_instalment
from chalicelib.domain.view import View


def held_back(view: View, case: Case) -> Held | None:
    file, number = view.file, case.number

    def held(hold: Hold, reason: str, until: date | None = None) -> Held:
        return Held(number=number, hold=hold, reason=reason, until=until)

    if file.insolvent_since_on:
        return held(Hold.INSOLVENT, f"the debtor is insolvent since {file.insolvent_since_on}: chasing is not lawful")
    if dispute := file.dispute_on(number):
        return held(Hold.DISPUTED, f"disputed since {dispute.opened_on}: {dispute.reason}")
    if claim := file.claim_on(number):
        return held(
            Hold.CLAIMED_PAID,
            f"the debtor announced its payment on {claim.claimed_on}; the bank has until {claim.hold_on} to confirm",
            claim.hold_on + timedelta(days=1),
        )
    if plan := file.plan_on(number):
        coming = next_instalment(plan, file)
        what = f"{coming[1]} is due on {coming[0].due_on}" if coming else "every instalment is paid"
        return held(Hold.PLANNED, f"a payment plan runs since {plan.agreed_on}: {what}")
    if promise := file.promise_on(number):
        return held(
            Hold.PROMISED,
            f"promised for {promise.pay_on}, believed until {promise.grace_on}",
            promise.grace_on + timedelta(days=1),
        )
    if block := file.block_on(number):
        until = f"until {block.until}" if block.until else "until a person lifts it"
        return held(Hold.BLOCKED, f"blocked {until}: {block.reason}", block.until)
    letter = file.letter_on(number)
    if letter and letter.deadline_on and view.today < letter.deadline_on and number not in dict(letter.takes):
        return held(
            Hold.IN_NOTICE,
            f"the formal notice of {letter.printed_on} demands it by {letter.deadline_on}",
            letter.deadline_on,
        )
    if paid_on := file.part_paid_on(number):
        free_on = paid_on + timedelta(days=view.policy.reply_pause_days)
        if view.today < free_on:
            return held(Hold.BLOCKED, f"the part that was promised came on {paid_on}: the rest has time", free_on)
    if number in view.covered:
        return held(Hold.COVERED, "credit notes or payments on the account cover it")
    for notice in file.notices.values():
        if notice.state is NoticeState.CLAIMED and number in dict(notice.takes):
            return held(Hold.UNCERTAIN, f"notice {notice.id} is being sent")
    for task in file.open_tasks():
        if number in task.numbers and task.kind in _HOLDING_TASKS:
            return held(
                _HOLDING_TASKS[task.kind],
                f"a person has a task about it since {task.raised_on}: {task.reason}",
            )
        if number in task.numbers and task.kind is TaskKind.BROKEN_PROMISE and view.today <= task.due_on:
            return held(Hold.BLOCKED, "a word was not kept: a person calls first", task.due_on + timedelta(days=1))
    return None


_HOLDING_TASKS = {
    TaskKind.UNKNOWN_DELIVERY: Hold.UNCERTAIN,
    TaskKind.REFUSED_MAIL: Hold.REFUSED,
    TaskKind.UNCONFIRMED_PAYMENT: Hold.CLAIMED_PAID,
}
"""Open tasks that hold their invoices: to write before they are settled could be to chase the paid or write twice."""
