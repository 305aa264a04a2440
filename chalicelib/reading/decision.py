"""May a program act on this reading alone? In doubt a person looks: acting wrongly is the worst mistake.

Each rule has a code, the same in every language, and says in words why a person is
asked. The first that applies is the reason given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.reading.model import Decision


@dataclass(frozen=True, slots=True)
class Decided:
    decision: Decision
    code: str
    words: str


# Order: what is dangerous first, what is unclear last.
REASONS: dict[str, str] = {
    "reader-failed": "the reader met something it was not built for",
    "instructions-inside": "the mail contains instructions to a machine",
    "authentication-failed": "the sender's identity failed the check of the receiving server",
    "sender-ambiguous": "it is unclear who sent it",
    "header-injection": "the headers carry control characters",
    "name-imitates-address": "the sender's name shows another address than the mail came from",
    "reply-goes-elsewhere": "answers would go to another domain than the sender's",
    "message-id-of-another": "it carries the message-id of another debtor",
    "foreign-domain": "the sender's domain is not one of the debtor's",
    "unknown-debtor": "the debtor is not known",
    "insolvency": "an insolvency procedure is a matter for a person at once",
    "complaint": "a complaint is answered by a person",
    "legal": "lawyers, courts or a succession are mentioned",
    "bank-details": "bank details are questioned or changed",
    "refund": "money is asked of us",
    "contact-elsewhere": "the new contact is on another domain",
    "contact-unclear": "somebody else is to be written to, but no address is given",
    "foreign-invoice": "an invoice is named that is not one of this debtor's open items",
    "foreign-payee": "the payment went to somebody else",
    "total": "the stated total differs from the sum of the lines",
    "invoice-not-named": "it is unclear which invoice is meant",
    "duplicate-differs": "a duplicate is claimed of an invoice with another amount",
    "invoice-unexplained": "nothing was understood of one of the invoices that it names",
    "contradiction": "the statements contradict each other",
    "amount-differs": "the amount fits none of the invoices named",
    "sum-unclear": "a sum may be told that was not understood",
    "date-unlikely": "the date named lies in the past or far ahead",
    "date-uncertain": "the date can be understood in two ways",
    "promise-without-date": "a promise without a date is no promise yet",
    "payment-unclear": "a payment is claimed without day, amount or invoice",
    "second-voice": "the words as a whole sound like something else than the phrases found",
    "taken-back": "it takes back what it said",
    "in-hand": "money is said to have been given to somebody of ours by hand",
    "hearsay": "somebody else is said to have paid",
    "conditional": "the payment depends on a condition",
    "payment-asked": "it asks whether a payment was made",
    "blocked": "an invoice is blocked, the reason is unclear",
    "unreadable-attachment": "what matters stands in a file that cannot be read",
    "picture-only": "everything stands in a picture",
    "damaged": "the text is damaged",
    "parts-differ": "the plain text and the HTML say different things",
    "forwarded": "it hands on somebody else's words",
    "debt-not-acknowledged": "it asks for time and contests the debt",
    "settlement": "it offers or takes a settlement",
    "trouble": "it tells of serious financial trouble",
    "hostile": "the tone is hostile",
    "internal": "it seems to be an internal note sent by mistake",
    "question": "it asks a question that a person must answer",
    "call": "it asks for a call",
    "automatic-unclear": "a machine wrote it, and it is unclear what it wants",
    "nothing-recognised": "nothing in it was recognised",
    "challenge": "somebody must prove that we are no robot",
    "server-blocked": "our own mail server is refused",
    "supplier-invoice": "somebody's invoice to us",
    "unverified": "nobody vouched for the sender",
}


def decide(codes: Iterable[str]) -> Decided:
    """Review for the first code of REASONS that is among the codes, else apply."""
    given = set(codes)
    for code, words in REASONS.items():
        if code in given:
            return Decided("review", code, words)
    return Decided("apply", "clear", "clear, known sender, nothing unusual")
