"""Each act of the pages in words, by its route."""

from __future__ import annotations

import gettext

from chalicelib.web.pages.marked import N_

ACTS = {
    "/ops/sign-out": N_("signed out"),
    "/ops/debtors/{debtor_id}/block": N_("put reminders on hold"),
    "/ops/debtors/{debtor_id}/blocks/{block_id}/lift": N_("lifted a block"),
    "/ops/debtors/{debtor_id}/promise": N_("noted a promise"),
    "/ops/debtors/{debtor_id}/promises/{promise_id}/withdraw": N_("withdrew a promise"),
    "/ops/debtors/{debtor_id}/plan": N_("agreed a payment plan"),
    "/ops/debtors/{debtor_id}/plans/{plan_id}/end": N_("ended a payment plan"),
    "/ops/debtors/{debtor_id}/dispute": N_("opened a dispute"),
    "/ops/debtors/{debtor_id}/disputes/{dispute_id}/progress": N_("noted progress on a dispute"),
    "/ops/debtors/{debtor_id}/disputes/{dispute_id}/resolve": N_("resolved a dispute"),
    "/ops/debtors/{debtor_id}/contact": N_("changed a contact"),
    "/ops/debtors/{debtor_id}/identity": N_("changed the debtor’s details"),
    "/ops/debtors/{debtor_id}/policy": N_("gave the debtor another policy"),
    "/ops/debtors/{debtor_id}/policy-back/{policy_name}": N_("gave the debtor its former policy back"),
    "/ops/debtors/{debtor_id}/credit-hold": N_("decided on a credit hold"),
    "/ops/debtors/{debtor_id}/note": N_("wrote a note"),
    "/ops/debtors/{debtor_id}/mail": N_("ordered a mail"),
    "/ops/debtors/{debtor_id}/orders/{order_id}/withdraw": N_("withdrew a mail before it left"),
    "/ops/debtors/{debtor_id}/letters/{letter_id}/posted": N_("noted that a letter was posted"),
    "/ops/debtors/{debtor_id}/letters/{letter_id}/proof/{given}": N_("filed the proof that a letter arrived"),
    "/ops/debtors/{debtor_id}/calls/{task_id}": N_("logged a call"),
    "/ops/debtors/{debtor_id}/litigation": N_("made a litigation file"),
    "/ops/debtors/{debtor_id}/personal/export": N_("exported personal data"),
    "/ops/debtors/{debtor_id}/personal/erase": N_("erased personal data"),
    "/ops/import/files": N_("began an import"),
    "/ops/import/files/{file_id}/columns": N_("said which columns a file has"),
    "/ops/mailbox/{mail_id}/accept": N_("accepted how a mail was understood"),
    "/ops/mailbox/{mail_id}/correct": N_("corrected how a mail was understood"),
    "/ops/mailbox/{mail_id}/nothing": N_("said that a mail asks for nothing"),
    "/ops/mailbox/{mail_id}/again": N_("took a mail up again"),
    "/ops/mailbox/{mail_id}/debtor": N_("said whose mail it is"),
    "/ops/mailbox/{mail_id}/answer": N_("answered a mail"),
    "/ops/money/count": N_("asked for a fresh count of the numbers"),
    "/ops/today/{debtor_id}/{task_id}/assign": N_("assigned a task"),
    "/ops/today/{debtor_id}/{task_id}/snooze": N_("put a task off"),
    "/ops/today/{debtor_id}/{task_id}/unsnooze": N_("brought a task back"),
    "/ops/today/{debtor_id}/{task_id}/do": N_("settled a task"),
    "/ops/today/{debtor_id}/{task_id}/reopen": N_("opened a task again"),
    "/ops/tonight/{debtor_id}/hold": N_("held a debtor’s mails back"),
    "/ops/tonight/{debtor_id}/lift/{block_id}": N_("let a debtor’s mails leave again"),
    "/ops/tonight/all/hold": N_("held all sending"),
    "/ops/tonight/all/resume": N_("let mails leave again"),
    "/ops/policy/{name}/drafts": N_("wrote a draft of a policy"),
    "/ops/policy/{name}/drafts/{draft}/adopt": N_("put a policy in force"),
    "/ops/settings": N_("changed the settings"),
    "/ops/people": N_("invited somebody"),
    "/ops/people/{person}/role": N_("changed somebody’s role"),
    "/ops/people/{person}/off": N_("switched somebody off"),
    "/ops/people/{person}/on": N_("let somebody sign in again"),
}


def words_of(route: str, t: gettext.NullTranslations) -> str:
    """What was done; the route itself where nobody has put it in words."""
    return t.gettext(ACTS[route]) if route in ACTS else route.removeprefix("/ops/").replace("/", " · ")
