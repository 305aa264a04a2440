"""The words of the mailbox: what a mail says, why a person is asked, whether its sender is who it seems."""

from __future__ import annotations

from chalicelib.web.pages.marked import N_

SHELVES = {
    "review": N_("To review"),
    "unmatched": N_("Unmatched"),
    "quarantined": N_("Quarantined"),
    "alone": N_("Handled alone"),
    "done": N_("Settled by people"),
    "all": N_("All recent"),
}
"""The lists, in the order of their tabs."""

EMPTY = {
    "review": N_("Answers of which the program is not sure wait here. It has paused reminders until you have looked."),
    "unmatched": N_("Mails for which no debtor was found wait here, until you say whose they are."),
    "quarantined": N_("Mails that could not be read safely wait here. Nothing in them was opened."),
    "alone": N_("Clear answers of known senders are applied at once, and are shown here with what was done."),
    "done": N_("Mails that you or a colleague have accepted, corrected, reassigned or answered are kept here."),
    "all": N_("Mails appear here as soon as the mailbox has been collected, every five minutes."),
}

KINDS = {
    "reply": N_("An answer"),
    "auto_reply": N_("An automatic answer"),
    "bounce": N_("A report that our mail did not arrive"),
    "receipt": N_("A receipt"),
    "challenge": N_("A filter that wants proof that we are human"),
    "unrelated": N_("No answer to us"),
}

INTENTS = {
    "promise_to_pay": N_("Promise to pay"),
    "remittance": N_("Remittance advice"),
    "dispute": N_("Dispute"),
    "payment_plan_request": N_("Asks for a payment plan"),
    "document_request": N_("Asks for a document"),
    "contact_change": N_("Change of contact"),
    "insolvency": N_("Insolvency"),
    "complaint": N_("Complaint"),
}

TONES = {
    "promise_to_pay": "good", "remittance": "good", "dispute": "warn", "payment_plan_request": "accent",
    "document_request": "accent", "contact_change": "accent", "insolvency": "bad", "complaint": "bad",
}  # fmt: skip

DISPUTES = {
    "price": N_("The price"),
    "quantity": N_("The quantity"),
    "quality": N_("The quality"),
    "not_delivered": N_("Not delivered"),
    "not_ordered": N_("Not ordered"),
    "duplicate": N_("Invoiced twice"),
    "missing_reference": N_("A reference is missing"),
    "credit_note": N_("A credit note is due"),
    "other": N_("Something else"),
}

MEANS = {
    "": N_("Not said"),
    "transfer": N_("Bank transfer"),
    "cheque": N_("Cheque"),
    "card": N_("Card"),
    "direct_debit": N_("Direct debit"),
}

TRUST = {
    "verified": N_("The receiving server vouches that it comes from this sender’s domain."),
    "unverified": N_("Nobody vouches for the sender: it is probably genuine, but not proven."),
    "failed": N_("The sender’s identity failed the check: it may be forged. Do not act on it without asking them."),
}
TRUST_SHORT = {
    "verified": N_("Sender verified"), "unverified": N_("Sender not proven"), "failed": N_("May be forged"),
}  # fmt: skip
TRUST_TONES = {"verified": "good", "unverified": "warn", "failed": "bad"}

VERDICTS = {
    "accepted": N_("Accepted"),
    "corrected": N_("Corrected"),
    "nothing": N_("Nothing to do"),
    "reassigned": N_("Reassigned"),
    "answered": N_("Answered"),
    "worked": N_("Dealt with as a task"),
    "erased": N_("Erased"),
}

ANSWERS = {
    "answer": N_("In your own words"),
    "ask_promise": N_("Ask for the day, the amount and the means"),
    "document_sent": N_("Send copies of the invoices"),
    "plan_offer": N_("Offer the policy’s payment plan"),
}

DOUBTS = {
    "reader-failed": N_("The reader met something it was not built for."),
    "instructions-inside": N_("The mail contains instructions to a machine."),
    "authentication-failed": N_("The sender’s identity failed the check of the receiving server."),
    "sender-ambiguous": N_("It is unclear who sent it."),
    "header-injection": N_("The headers carry control characters."),
    "name-imitates-address": N_("The sender’s name shows another address than the mail came from."),
    "reply-goes-elsewhere": N_("Answers would go to another domain than the sender’s."),
    "message-id-of-another": N_("It continues a conversation with another debtor."),
    "foreign-domain": N_("The sender’s domain is not one of the debtor’s."),
    "unknown-debtor": N_("The debtor is not known."),
    "insolvency": N_("An insolvency procedure is a matter for a person at once."),
    "complaint": N_("A complaint is answered by a person."),
    "legal": N_("Lawyers, courts or a succession are mentioned."),
    "bank-details": N_("Bank details are questioned or changed."),
    "refund": N_("Money is asked back."),
    "contact-elsewhere": N_("The new contact is on another domain."),
    "contact-unclear": N_("Somebody else is to be written to, but no address is given."),
    "foreign-invoice": N_("An invoice is named that is not an open one of this debtor."),
    "foreign-payee": N_("The payment went to somebody else."),
    "total": N_("The stated total differs from the sum of the lines."),
    "invoice-not-named": N_("It is unclear which invoice is meant."),
    "duplicate-differs": N_("A duplicate is claimed of an invoice with another amount."),
    "invoice-unexplained": N_("Nothing was understood of one of the invoices that it names."),
    "contradiction": N_("The statements contradict each other."),
    "amount-differs": N_("The amount fits none of the invoices named."),
    "sum-unclear": N_("A sum may be told that was not understood."),
    "date-unlikely": N_("The date named lies in the past or far ahead."),
    "date-uncertain": N_("The date can be understood in two ways."),
    "promise-without-date": N_("A promise without a date is no promise yet."),
    "payment-unclear": N_("A payment is claimed without day, amount or invoice."),
    "second-voice": N_("The words as a whole sound like something else than the phrases found."),
    "taken-back": N_("It takes back what it said."),
    "in-hand": N_("Money is said to have been given to somebody of ours by hand."),
    "hearsay": N_("Somebody else is said to have paid."),
    "conditional": N_("The payment depends on a condition."),
    "payment-asked": N_("It asks whether a payment was made."),
    "blocked": N_("An invoice is blocked, the reason is unclear."),
    "unreadable-attachment": N_("What matters stands in a file that cannot be read."),
    "picture-only": N_("Everything stands in a picture."),
    "damaged": N_("The text is damaged."),
    "parts-differ": N_("The plain text and the HTML say different things."),
    "forwarded": N_("It hands on somebody else’s words."),
    "debt-not-acknowledged": N_("It asks for time and contests the debt."),
    "settlement": N_("It offers or takes a settlement."),
    "trouble": N_("It tells of serious financial trouble."),
    "hostile": N_("The tone is hostile."),
    "internal": N_("It seems to be an internal note sent by mistake."),
    "question": N_("It asks a question that a person must answer."),
    "call": N_("It asks for a call."),
    "automatic-unclear": N_("A machine wrote it, and it is unclear what it wants."),
    "nothing-recognised": N_("Nothing in it was recognised."),
    "challenge": N_("Somebody must prove that we are no robot."),
    "server-blocked": N_("Our own mail server is refused."),
    "supplier-invoice": N_("It is somebody’s invoice to us."),
    "unverified": N_("Nobody vouched for the sender."),
    "clear": N_("Clear words of a known sender, nothing unusual."),
}
"""Why a person is asked, by the reader's code."""

WRONG = {
    "intents": N_("Choose at least one thing that the mail says, or “Nothing to do”."),
    "promise_on": N_("A promise is for today or later. Give the day on which the money leaves."),
    "promise_amount": N_("This is no amount. Write for example 1234.56."),
    "paid_on": N_("A payment announced for later is a promise."),
    "paid_amount": N_("This is no amount. Write for example 1234.56."),
    "dispute_reason": N_("Choose what is disputed."),
    "return_on": N_("This is no day."),
    "numbers": N_("Choose invoices of the list."),
    "words": N_("Write the answer, in at most 3,000 characters."),
    "template": N_("This answer does not fit: there is no open invoice, or no archived copy of one."),
    "debtor": N_("Choose another debtor than the present one."),
    "day": N_("This is no day."),
}
"""What is said at a field, by the field."""
