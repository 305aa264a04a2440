"""The words of Before tonight: the steps of the ladder and the mails that are ordered."""

from __future__ import annotations

from chalicelib.web.pages.marked import N_

STEPS = {
    "courtesy": N_("Courtesy before the due date"),
    "first_reminder": N_("First reminder"),
    "second_reminder": N_("Second reminder"),
    "third_reminder": N_("Third reminder"),
    "last_reminder": N_("Last reminder"),
    "formal_notice": N_("Formal notice"),
    "call_agreed": N_("Confirmation of a call"),
    "call_missed": N_("Note after a call without answer"),
    "ask_promise": N_("Question for the day of payment"),
    "document_sent": N_("Copy of an invoice"),
    "dispute_answer": N_("Answer to a dispute"),
    "answer": N_("Answer to a mail"),
    "plan_agreed": N_("Confirmation of a payment plan"),
    "instalment_due": N_("Announcement of an instalment"),
    "instalment_late": N_("Reminder of an instalment"),
    "sales_heads_up": N_("Word to sales"),
}
