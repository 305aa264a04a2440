"""A policy in words: what each step does and when, what each key of its patience means, in the person's language."""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from chalicelib.domain.policy import Do, Part, Policy, Step, When
from chalicelib.web.pages.marked import N_
from chalicelib.web.pages.render import number, texts

STEPS = {
    "early_call": N_("Call before the due date"),
    "courtesy": N_("Courtesy notice"),
    "first_reminder": N_("First reminder"),
    "first_call": N_("First call"),
    "second_reminder": N_("Second reminder"),
    "second_call": N_("Second call"),
    "third_reminder": N_("Third reminder"),
    "last_reminder": N_("Last reminder"),
    "formal_notice": N_("Formal notice"),
    "after_notice": N_("Choice of what follows"),
}
DOES = {
    Do.EMAIL: N_("e-mail"),
    Do.CALL: N_("call by a person"),
    Do.FORMAL_NOTICE: N_("letter and e-mail, once a manager approves"),
    Do.CHOOSE: N_("a person chooses"),
}
SENDERS = {
    "collector": N_("the collector"),
    "sales_rep": N_("the sales representative"),
    "director": N_("the director"),
}
TONES = {"calm": N_("friendly"), "firm": N_("firm"), "hard": N_("formal"), "person": N_("spoken")}

RULES = {
    "hours": N_("Mail leaves between these hours on business days, on the client’s clock."),
    "spacing_days": N_(
        "At least so long between two mails to one debtor. What falls due meanwhile joins the next mail."
    ),
    "formal_notice_spacing_days": N_("At least so long between two formal notices to one debtor."),
    "blind_after_hours.payments": N_(
        "If payments were not read for so long, nobody is chased: who has paid must not be reminded."
    ),
    "blind_after_hours.mailbox": N_(
        "If the mailbox was not read for so long, nobody is chased: who has answered must not be reminded."
    ),
    "promise.grace_business_days": N_(
        "A promise is believed until so long after its day; then it counts as broken and the tone rises."
    ),
    "promise.longest_days": N_(
        "A promise for a later day than this is not taken by the program alone: a person decides."
    ),
    "promise.ask_business_days": N_("So long we wait for the answer when we ask for amount, date and means."),
    "claimed_payment.hold_business_days": N_(
        "“We have paid” stops reminders for so long; if the bank shows nothing by then, a person is asked."
    ),
    "pause.reply_days": N_("Any answer from a person pauses reminders for so long, until it has been dealt with."),
    "pause.unverified_days": N_("An answer whose sender cannot be proven pauses reminders once, for so long."),
    "pause.document_days": N_("A client who asks for a document is left in peace for so long."),
    "block_review_days": N_("A block without an end is brought back to a person after so long."),
    "tasks.call_due_business_days": N_("So long a person has for a call before it is overdue."),
    "tasks.review_due_business_days": N_("So long a person has to review a mail before it is overdue."),
    "calls.retry_business_days": N_("After a call that reached nobody, the next one."),
    "calls.follow_up_days": N_("After a talk in which no day was agreed, the next step."),
    "calls.unreached_calls": N_(
        "After so many calls in vain the invoice counts as unpaid, and its formal notice is asked for at once."
    ),
    "calls.voicemail_mail": N_("Whether a short mail follows a message left on voicemail."),
    "silence.mails": N_("So many reminders without any answer, from a debtor who used to answer, ask for a call."),
    "silence.minimum": N_("The sum from which silence matters."),
    "silence.large": N_("From this sum on, fewer reminders are enough, whoever the debtor is."),
    "silence.large_mails": N_("How many reminders are enough for a large sum."),
    "silence.after_business_days": N_("So long after the last of them the call is asked for."),
    "plan.instalments": N_("What may be offered to a client who cannot pay at once: always something now."),
    "plan.minimum": N_("The sum from which a plan may be offered."),
    "plan.longest_days": N_("The last instalment comes no later than this."),
    "plan.notice_days": N_("So long before an instalment a friendly notice leaves."),
    "plan.reminder_business_days": N_("So long after a missed instalment a reminder leaves."),
    "plan.grace_business_days": N_("So long after a missed instalment the plan is broken, and the ladder goes on."),
    "dispute.progress_business_days": N_("A dispute without progress for so long goes to the next person."),
    "dispute.escalate_to": N_("Who is told of a dispute that does not move."),
    "credit_hold.overdue_amount": N_("From so much overdue on, sales is asked to deliver against prepayment only."),
    "credit_hold.overdue_days": N_("How long it must have been overdue for that."),
    "tell_sales_rep_business_days": N_("So long before the director first writes, the sales representative is told."),
}
"""What each key of a policy's patience does."""


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One step as people read it. `day`: about so many days after the due date."""

    step: Step
    name: str
    when: str
    does: str
    sender: str
    tone: str
    tone_word: str
    day: int
    but: tuple[str, ...]  # what limits it


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One key of the file: its name there, what it is set to, and what it does."""

    key: str
    value: str
    does: str


def rungs(policy: Policy, language: str) -> list[Rung]:
    """The ladder from its first step to its last."""
    t = texts(language)
    days = nominal_days(policy)
    return [
        Rung(
            step=step,
            name=step_name(step.id, t),
            when=_when(step.when, t),
            does=t.gettext(DOES[step.do]),
            sender=t.gettext(SENDERS[step.sender]) if step.do in (Do.EMAIL, Do.FORMAL_NOTICE) else "",
            tone=_tone(step),
            tone_word=t.gettext(TONES[_tone(step)]),
            day=days[step.id],
            but=tuple(_limits(step, t, language)),
        )
        for step in policy.steps
    ]


def nominal_days(policy: Policy) -> dict[str, int]:
    """About how many days after the due date each step comes where nothing delays it: five business days a week."""
    days = {"due": 0}
    for step in policy.steps:
        offset = round(step.when.offset * 7 / 5) if step.when.business else step.when.offset
        days[step.id] = days[step.when.anchor] + offset
    del days["due"]
    return days


def step_name(id_: str, t: gettext.NullTranslations) -> str:
    return t.gettext(STEPS[id_]) if id_ in STEPS else id_.replace("_", " ")


def _tone(step: Step) -> str:
    if step.do is Do.FORMAL_NOTICE:
        return "hard"
    if step.do is not Do.EMAIL:
        return "person"
    return "firm" if step.sender == "director" else "calm"


def _when(when: When, t: gettext.NullTranslations) -> str:
    many = abs(when.offset)
    if not when.offset:
        what = t.gettext("on the due date") if when.anchor == "due" else t.gettext("the same day as: %(step)s")
        return what if when.anchor == "due" else what % {"step": step_name(when.anchor, t)}
    if when.business:
        span = t.ngettext("%(n)d business day", "%(n)d business days", many) % {"n": many}
    else:
        span = t.ngettext("%(n)d day", "%(n)d days", many) % {"n": many}
    if when.anchor != "due":
        return t.gettext("%(span)s after: %(step)s") % {"span": span, "step": step_name(when.anchor, t)}
    if when.offset < 0:
        return t.gettext("%(span)s before the due date") % {"span": span}
    return t.gettext("%(span)s after the due date") % {"span": span}


def _limits(step: Step, t: gettext.NullTranslations, language: str) -> Iterator[str]:
    if step.minimum:
        yield t.gettext("from %(amount)s on") % {"amount": _decimal(step.minimum, language)}
    if step.new_within_days:
        yield t.gettext("below it, for clients of less than %(n)d days") % {"n": step.new_within_days}
    if step.copy_sales_rep:
        yield t.gettext("copy to the sales representative")


def patience(policy: Policy, language: str) -> list[tuple[str, list[Rule]]]:
    """Every key beside the steps, in groups: its value, and in words what it does."""
    t = texts(language)

    def days(n: int) -> str:
        return str(t.ngettext("%(n)d day", "%(n)d days", n) % {"n": n}) if n else t.gettext("never")

    def business(n: int) -> str:
        return str(t.ngettext("%(n)d business day", "%(n)d business days", n) % {"n": n}) if n else t.gettext("never")

    def hours(n: int) -> str:
        return str(t.ngettext("%(n)d hour", "%(n)d hours", n) % {"n": n})

    def money(amount: Decimal) -> str:
        return _decimal(amount, language) if amount else t.gettext("never")

    p = policy

    def rule(key: str, value: str) -> Rule:
        return Rule(key=key, value=value, does=t.gettext(RULES[key]))

    spread = ", ".join(_part(part, t) for part in p.plan.parts)
    return [
        (
            t.gettext("When mail may leave"),
            [
                rule("hours", f"{p.hours[0]:%H:%M}–{p.hours[1]:%H:%M}"),
                rule("spacing_days", days(p.spacing_days)),
                rule("formal_notice_spacing_days", days(p.formal_notice_spacing_days)),
                rule("blind_after_hours.payments", hours(p.blind_after_hours_payments)),
                rule("blind_after_hours.mailbox", hours(p.blind_after_hours_mailbox)),
            ],
        ),
        (
            t.gettext("Promises and announced payments"),
            [
                rule("promise.grace_business_days", business(p.promise_grace_business_days)),
                rule("promise.longest_days", days(p.promise_longest_days)),
                rule("promise.ask_business_days", business(p.promise_ask_business_days)),
                rule("claimed_payment.hold_business_days", business(p.claim_hold_business_days)),
            ],
        ),
        (
            t.gettext("Pauses"),
            [
                rule("pause.reply_days", days(p.reply_pause_days)),
                rule("pause.unverified_days", days(p.unverified_pause_days)),
                rule("pause.document_days", days(p.document_pause_days)),
                rule("block_review_days", days(p.block_review_days)),
            ],
        ),
        (
            t.gettext("Calls and tasks"),
            [
                rule("tasks.call_due_business_days", business(p.call_due_business_days)),
                rule("tasks.review_due_business_days", business(p.review_due_business_days)),
                rule("calls.retry_business_days", business(p.calls.retry_business_days)),
                rule("calls.follow_up_days", days(p.calls.follow_up_days)),
                rule("calls.unreached_calls", number(p.calls.unreached_calls, language)),
                rule("calls.voicemail_mail", t.gettext("yes") if p.calls.voicemail_mail else t.gettext("no")),
            ],
        ),
        (
            t.gettext("Suspicious silence"),
            [
                rule("silence.mails", number(p.silence.mails, language) if p.silence.mails else t.gettext("never")),
                rule("silence.minimum", _decimal(p.silence.minimum, language)),
                rule("silence.large", _decimal(p.silence.large, language)),
                rule("silence.large_mails", number(p.silence.large_mails, language)),
                rule("silence.after_business_days", business(p.silence.after_business_days)),
            ],
        ),
        (
            t.gettext("Payment plans"),
            [
                rule("plan.instalments", spread),
                rule("plan.minimum", _decimal(p.plan.minimum, language)),
                rule("plan.longest_days", days(p.plan.longest_days)),
                rule("plan.notice_days", days(p.plan.notice_days)),
                rule("plan.reminder_business_days", business(p.plan.reminder_business_days)),
                rule("plan.grace_business_days", business(p.plan.grace_business_days)),
            ],
        ),
        (
            t.gettext("Disputes, sales and credit"),
            [
                rule("dispute.progress_business_days", business(p.dispute_progress_business_days)),
                rule("dispute.escalate_to", t.gettext(SENDERS.get(p.dispute_escalate_to, p.dispute_escalate_to))),
                rule("credit_hold.overdue_amount", money(p.credit_hold.overdue_amount)),
                rule("credit_hold.overdue_days", days(p.credit_hold.overdue_days)),
                rule("tell_sales_rep_business_days", business(p.tell_sales_rep_business_days)),
            ],
        ),
    ]


def _part(part: Part, t: gettext.NullTranslations) -> str:
    shares = {
        Fraction(1, 2): t.gettext("half"),
        Fraction(1, 3): t.gettext("a third"),
        Fraction(1, 4): t.gettext("a quarter"),
    }
    share = t.gettext("the rest") if part.share is None else shares.get(part.share, f"{int(part.share * 100)} %")
    if not part.days:
        return t.gettext("%(share)s now") % {"share": share}
    return t.gettext("%(share)s after %(n)d days") % {"share": share, "n": part.days}


def _decimal(amount: Decimal, language: str) -> str:
    return number(amount, language, 2 if amount % 1 else 0)
