"""The names of the mails that we send, as a page that counts or lists them says them."""

from __future__ import annotations

from chalicelib.web.pages.marked import N_

MAILS = {
    "courtesy": N_("Courtesy notice"),
    "pre_due": N_("Courtesy notice"),
    "first_reminder": N_("First reminder"),
    "second_reminder": N_("Second reminder"),
    "third_reminder": N_("Third reminder"),
    "last_reminder": N_("Last reminder"),
    "formal_notice": N_("Formal notice"),
    "call_agreed": N_("Call confirmed by mail"),
    "call_missed": N_("Call announced by mail"),
    "ask_promise": N_("Date asked for by mail"),
    "document_sent": N_("Document sent"),
}
"""In the order of the ladder."""
