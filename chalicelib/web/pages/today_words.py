"""The words of Today: sections, kinds of task and what came of them, in English; French stands in `today.po`."""

from __future__ import annotations

from chalicelib.domain.debtor_file import TaskKind
from chalicelib.web.pages.mail_names import MAILS
from chalicelib.web.pages.marked import N_

SECTIONS = {
    "alerts": (N_("Alerts"), N_("Something keeps the program from working as it should.")),
    "deadlines": (N_("Legal deadlines"), N_("Rights that are lost on a day. Counted from today.")),
    "notices": (N_("Formal notices"), N_("Drafts that wait for a manager, and letters to post.")),
    "calls": (N_("Calls to make"), N_("A talk moves more than a mail. The call sheet opens beside the list.")),
    "broken": (
        N_("Broken promises and missed instalments"),
        N_("Their word was not kept. Reminders wait until somebody has called."),
    ),
    "mail": (N_("Mail to review"), N_("Answers that the program will not judge alone.")),
    "disputes": (N_("Disputes to answer"), N_("Their invoices are not chased until the dispute is resolved.")),
    "agreements": (N_("Agreements to obtain"), N_("They mean to pay, but have not said when, how much and how.")),
    "payments": (N_("Payments to allocate"), N_("Money that came, or was announced, and settles nothing yet.")),
    "contacts": (N_("Addresses and numbers to find"), N_("Nobody can be reached until they are corrected.")),
    "documents": (N_("Documents to send"), N_("They wait for a paper before they pay.")),
    "court": (
        N_("After the formal notice"), N_("Its deadline has passed without the money: choose, and follow it up."),
    ),
    "credit": (N_("Credit holds and blocks"), N_("Decide whether deliveries, or reminders, stay on hold.")),
    "sending": (N_("Mails whose fate is unknown"), N_("Look whether they left before anything is sent again.")),
}  # fmt: skip
"""Each section's title, and what it is."""

KINDS = {
    TaskKind.CALL: N_("Call"),
    TaskKind.APPROVE_NOTICE: N_("Approve the formal notice"),
    TaskKind.CHOOSE_ACTION: N_("Choose what follows the formal notice"),
    TaskKind.REVIEW_MAIL: N_("Read the answer"),
    TaskKind.ANSWER_DISPUTE: N_("Answer the dispute"),
    TaskKind.SEND_DOCUMENT: N_("Send the document"),
    TaskKind.NEGOTIATE_PLAN: N_("Negotiate a payment plan"),
    TaskKind.CONFIRM_CONTACT: N_("Confirm the new contact"),
    TaskKind.ASK_PROMISE: N_("Ask for a day and an amount"),
    TaskKind.DEAD_ADDRESS: N_("Find an e-mail address"),
    TaskKind.WRONG_PHONE: N_("Find a phone number"),
    TaskKind.BROKEN_PROMISE: N_("Call: the word was not kept"),
    TaskKind.UNCONFIRMED_PAYMENT: N_("Find the payment that was announced"),
    TaskKind.UNKNOWN_DELIVERY: N_("Find out whether a mail left"),
    TaskKind.REFUSED_MAIL: N_("Mend a mail that was refused"),
    TaskKind.INSOLVENCY: N_("Verify the insolvency"),
    TaskKind.COMPLAINT: N_("Answer the complaint"),
    TaskKind.CHECK_INVOICE: N_("Check the invoice"),
    TaskKind.TIME_BAR: N_("Interrupt the limitation"),
    TaskKind.BLIND: N_("Let the program see again"),
    TaskKind.MAILBOX: N_("Repair the mailbox"),
    TaskKind.ALLOCATE_PAYMENT: N_("Allocate the payment"),
    TaskKind.LEDGER: N_("Correct the ledger file"),
    TaskKind.CREDIT_HOLD: N_("Deliver only against prepayment?"),
    TaskKind.REVIEW_BLOCK: N_("Is this block still right?"),
    TaskKind.MISSING_CREDIT_NOTE: N_("Issue the promised credit note"),
    TaskKind.WEEKLY_REVIEW: N_("Look after the weekly review"),
    TaskKind.POST_LETTER: N_("Print and post the letter"),
    TaskKind.FILE_COURT_ORDER: N_("File the order to pay"),
    TaskKind.FILE_SUMMARY_PROCEEDINGS: N_("Begin summary proceedings"),
    TaskKind.HAND_TO_AGENCY: N_("Hand over to the collection agency"),
    TaskKind.SELL_CLAIM: N_("Sell the claim"),
    TaskKind.ASK_MEDIATOR: N_("Ask the business mediator"),
    TaskKind.WRITE_OFF: N_("Write the claim off"),
    TaskKind.DECLARE_CLAIM: N_("Declare the claim to the procedure"),
}

OUTCOMES = {
    "done": N_("Done"),
    "nothing": N_("Nothing to do"),
    "reached": N_("Talked to, no date yet"),
    "promised": N_("They promise to pay"),
    "agreed": N_("They accept the payment plan"),
    "paid": N_("They say that it is paid"),
    "disputed": N_("They contest it"),
    "refused": N_("They refuse"),
    "voicemail": N_("Left a message"),
    "no_answer": N_("Nobody answered"),
    "wrong_number": N_("The number is wrong"),
    "credit_note": N_("A credit note follows"),
    "corrected_invoice": N_("A corrected invoice follows"),
    "rejected": N_("Rejected"),
    "sent": N_("It was sent"),
    "not_sent": N_("It was not sent"),
    "confirmed": N_("Confirmed"),
    "asked": N_("Asked, no answer yet"),
    "corrected": N_("Found and corrected"),
    "not_found": N_("Not found"),
    "not_paid": N_("It was not paid"),
    "mended": N_("Mended"),
    "not_so": N_("It is not so"),
    "declared": N_("Declared"),
    "published": N_("Published: count the deadline"),
    "not_declared": N_("Not declared"),
    "answered": N_("Answered"),
    "hold": N_("Yes: deliver only against prepayment"),
    "no_hold": N_("No: deliver as before"),
    "keep": N_("Keep the block"),
    "lift": N_("Lift the block"),
    "reopen": N_("Reopen the dispute"),
    "resume": N_("It has come, or none is owed: chase the rest"),
    "approved": N_("Approve as it stands"),
    "edited": N_("Approve with changes"),
    "posted": N_("Posted as registered letter"),
    "not_posted": N_("Not posted"),
}

FOLLOWS = {
    "reached": N_("Nothing is sent until the next date; what was said is confirmed by mail."),
    "promised": N_("Reminders stop until that day and its grace; the promise is confirmed by mail."),
    "agreed": N_("The instalments of the policy are watched like invoices; reminders stop."),
    "paid": N_("The bank has some days to show it; meanwhile nobody writes."),
    "disputed": N_("These invoices leave the reminders; a task to answer is raised."),
    "credit_note": N_("Its invoices wait for it. If it is not in the books by that day, you are asked."),
    "reopen": N_("Its invoices stay out of the reminders; a task to answer is raised."),
    "resume": N_("Reminders go on where they stood."),
    "voicemail": N_("The call is made again on the next date; a short mail announces it."),
    "no_answer": N_("The call is made again on the next date."),
    "wrong_number": N_("A task to find the number is raised; somebody else is called meanwhile."),
    "not_found": N_("Nothing is sent until that day."),
    "approved": N_("It is printed tonight, archived, and a task to post it is raised."),
    "edited": N_("It is printed tonight with your changes."),
    "hold": N_("Sales is told; the list of credit holds shows it."),
}
"""What an outcome leads to, where somebody ought to know it before."""

CAUSES = {
    "": N_("Not said"),
    "forgot": N_("Forgot"),
    "not_received": N_("Invoice not received"),
    "missing_document": N_("A document is missing"),
    "approval_pending": N_("Waits for approval"),
    "cash": N_("Short of cash"),
    "dispute": N_("Dispute"),
    "other": N_("Something else"),
}

MEANS = ("", "transfer", "cheque", "card", "direct_debit")
MEANS_WORDS = {
    "": N_("Not said"),
    "transfer": N_("Bank transfer"),
    "cheque": N_("Cheque"),
    "card": N_("Card"),
    "direct_debit": N_("Direct debit"),
}

ROLES = {
    "payer": N_("payer"),
    "approver": N_("approver"),
    "director": N_("director"),
    "buyer": N_("buyer"),
    "recipient": N_("recipient"),
}

WHY_IN_PLACE = {
    "not approved yet": N_("the invoice is not approved yet: the payer can do nothing"),
    "marks invoices good to pay": N_("marks invoices good to pay"),
    "triggers the payment": N_("triggers the payment"),
    "the others did not help": N_("the others did not help"),
    "last resort": N_("last resort"),
    "ordered": N_("ordered"),
}

OBTAIN = {
    "cause": N_("the cause of the delay"),
    "amount": N_("the amount"),
    "date": N_("the day of the payment"),
    "means": N_("by what means"),
    "received": N_("has the invoice arrived?"),
    "conforming": N_("is everything in order?"),
    "approved": N_("is it good to pay?"),
    "run": N_("in which payment run?"),
}

CONTACTED = {"call": N_("Call"), **MAILS}

SILENCED = {
    "disputed": N_("disputed"),
    "a payment plan runs": N_("a payment plan runs"),
    "payment announced": N_("payment announced"),
}
