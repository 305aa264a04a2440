"""Words of a debtor's file for people: steps, holds, states, tasks, and each entry of the journal."""

from __future__ import annotations

import gettext
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Case, Contact, DebtorFile, Letter, NoticeState, Task
from chalicelib.domain.events import Entry
from chalicelib.domain.journal_words import told
from chalicelib.domain.letter_facts import Told
from chalicelib.domain.money import Money
from chalicelib.domain.plan import Action, Held, Hold, Proposal
from chalicelib.domain.plans import next_instalment
from chalicelib.domain.policy import Policy, When
from chalicelib.domain.reliability import Reliability, reliability
from chalicelib.web.pages.marked import N_
from chalicelib.web.pages.render import amount, day, reason, texts

STEPS = {
    "early_call": N_("call before the due date"),
    "courtesy": N_("courtesy notice"),
    "pre_due": N_("courtesy notice"),
    "first_reminder": N_("first reminder"),
    "second_reminder": N_("second reminder"),
    "third_reminder": N_("third reminder"),
    "last_reminder": N_("last reminder"),
    "first_call": N_("first call"),
    "second_call": N_("second call"),
    "call": N_("call"),
    "formal_notice": N_("formal notice"),
    "after_notice": N_("choice of what follows the notice"),
    "call_agreed": N_("confirmation of a call"),
    "call_missed": N_("note that we tried to call"),
    "ask_promise": N_("question for amount, date and means"),
    "document_sent": N_("copies of invoices"),
    "dispute_answer": N_("answer to a dispute"),
    "plan_agreed": N_("payment plan in writing"),
    "instalment_due": N_("notice of an instalment"),
    "instalment_late": N_("reminder of an instalment"),
    "sales_heads_up": N_("word to the sales representative"),
    "answer": N_("mail in our own words"),
}
TASKS = {
    "call": N_("Call"),
    "approve_notice": N_("Approve the formal notice"),
    "choose_action": N_("Choose what follows"),
    "review_mail": N_("Review a mail"),
    "answer_dispute": N_("Answer a dispute"),
    "send_document": N_("Send a document"),
    "negotiate_plan": N_("Negotiate a payment plan"),
    "confirm_contact": N_("Confirm a contact"),
    "ask_promise": N_("Ask for a dated promise"),
    "dead_address": N_("Find an address"),
    "wrong_phone": N_("Find a phone number"),
    "broken_promise": N_("Call about a broken promise"),
    "unconfirmed_payment": N_("Check an announced payment"),
    "unknown_delivery": N_("Find out whether a mail left"),
    "refused_mail": N_("Mend a refused mail"),
    "insolvency": N_("Check an insolvency"),
    "complaint": N_("Answer a complaint"),
    "check_invoice": N_("Check an invoice"),
    "time_bar": N_("Act before the claim lapses"),
    "allocate_payment": N_("Allocate a payment"),
    "credit_hold": N_("Decide on a credit hold"),
    "review_block": N_("Review a block"),
    "missing_credit_note": N_("Issue a promised credit note"),
    "post_letter": N_("Post a registered letter"),
    "declare_claim": N_("Declare the claim"),
    "write_off": N_("Write off"),
    "file_court_order": N_("File for a court order"),
    "file_summary_proceedings": N_("Start summary proceedings"),
    "hand_to_agency": N_("Hand over to an agency"),
    "sell_claim": N_("Sell the claim"),
    "ask_mediator": N_("Ask the mediator"),
}
ROLES = {
    "buyer": N_("Buyer"), "approver": N_("Approver"), "payer": N_("Payer"), "director": N_("Director"),
    "recipient": N_("Recipient of deliveries"),
}  # fmt: skip
KINDS = {"business": N_("Company"), "public": N_("Public body"), "consumer": N_("Consumer")}
MEANS = {
    "transfer": N_("bank transfer"), "cheque": N_("cheque"), "direct_debit": N_("direct debit"), "card": N_("card"),
    "cash": N_("cash"), "draft": N_("bill of exchange"),
}  # fmt: skip
LETTERS = {
    "approved": N_("approved"), "printed": N_("printed, to be posted"), "posted": N_("posted"),
    "delivered": N_("delivered"), "withdrawn": N_("withdrawn"),
}  # fmt: skip
OUTCOMES = {
    "reached": N_("Reached, nothing agreed"),
    "promised": N_("Promise to pay"),
    "agreed": N_("Payment plan agreed, as offered"),
    "paid": N_("Says that it is paid"),
    "disputed": N_("Disputes"),
    "refused": N_("Refuses to pay"),
    "voicemail": N_("Left a message"),
    "no_answer": N_("No answer"),
    "wrong_number": N_("Wrong number"),
}
CAUSES = {
    "forgot": N_("forgot"), "not_received": N_("invoice not received"), "missing_document": N_("a document is missing"),
    "approval_pending": N_("approval pending"), "cash": N_("short of cash"), "dispute": N_("dispute"),
    "other": N_("other"),
}  # fmt: skip
OBTAIN = {
    "cause": N_("the cause of the delay"), "amount": N_("the amount"), "date": N_("the day of payment"),
    "means": N_("the means (transfer, cheque…)"), "received": N_("has the invoice been received?"),
    "conforming": N_("does it conform, is nothing missing?"), "approved": N_("is it approved for payment?"),
    "run": N_("in which payment run?"),
}  # fmt: skip
WHOM = {
    "not approved yet": N_("the invoice is not approved yet: the payer can do nothing about it"),
    "marks invoices good to pay": N_("marks invoices good to pay"),
    "triggers the payment": N_("triggers the payment"),
    "the others did not help": N_("the others did not help"),
    "last resort": N_("last resort"),
    "ordered": N_("ordered"),
    "signed the delivery": N_("signed the delivery"),
}
DISPUTES = {
    "other": N_("contested"), "wrong_amount": N_("wrong amount"), "wrong_price": N_("wrong price"),
    "not_received": N_("goods not received"), "not_delivered": N_("goods not received"),
    "not_ordered": N_("not ordered"), "defective": N_("defective"), "quality": N_("quality"),
    "missing_reference": N_("a reference is missing"), "already_paid": N_("already paid"),
    "duplicate": N_("invoiced twice"), "wrong_debtor": N_("not their invoice"),
}  # fmt: skip
RESOLUTIONS = {
    "credit_note": N_("by a credit note"), "corrected_invoice": N_("by a corrected invoice"),
    "rejected": N_("not accepted"), "paid": N_("paid"), "misread": N_("it was none"),
}  # fmt: skip

_ACTIONS = {
    Action.EMAIL: N_("Send: %(step)s"),
    Action.CALL: N_("Ask for a call: %(step)s"),
    Action.LETTER: N_("Send by post: %(step)s"),
    Action.APPROVE: N_("Ask a manager to approve the formal notice"),
    Action.CHOOSE: N_("Ask a person to choose what follows"),
    Action.NOTE: N_("Note what time has changed"),
}


class Words:
    """What a page says in one language."""

    MEANS, ROLES, KINDS = MEANS, ROLES, KINDS

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts: gettext.NullTranslations = texts(language)

    def __call__(self, table: Mapping[str, str], key: str) -> str:
        """A word of one of the tables; what is not in it in plain words."""
        return self._texts.gettext(table[key]) if key in table else str(key).replace("_", " ")

    def step(self, step: str) -> str:
        return self(STEPS, step)

    def task(self, task: Task) -> str:
        return self(TASKS, task.kind.value)

    def role(self, role: str) -> str:
        return self(ROLES, role)

    def means(self, means: str) -> str:
        return self(MEANS, means)

    def dispute(self, reason: str) -> str:
        return self(DISPUTES, reason)

    def resolution(self, resolution: str) -> str:
        return self(RESOLUTIONS, resolution)

    def letter(self, letter: Letter) -> str:
        return self._texts.gettext("Formal notice: %(state)s") % {"state": self(LETTERS, letter.state.value)}

    def word(self, word: Reliability) -> str:
        """What the debtor's word has been worth."""
        _ = self._texts
        if not word.given:
            return _.gettext("no promise judged yet")
        told = _.ngettext("%(kept)s of %(n)s promise kept", "%(kept)s of %(n)s promises kept", word.given) % {
            "kept": word.kept, "n": word.given,
        }  # fmt: skip
        if word.partly_kept:
            told += ", " + _.gettext("%(n)s in part") % {"n": word.partly_kept}
        if word.average_days_late:
            told += ", " + _.ngettext("%(n)s day late", "%(n)s days late", word.average_days_late) % {
                "n": word.average_days_late
            }
        return told + (" · " + _.gettext("too few for a habit") if word.few else f" · {word.rate}\u00a0%")

    def word_of(self, file: DebtorFile) -> str:
        return self.word(reliability(file))

    def choices(self, table: Mapping[str, str]) -> list[tuple[str, str]]:
        return [(key, self._texts.gettext(text)) for key, text in table.items()]

    def templates(self, names: Sequence[str]) -> list[tuple[str, str]]:
        return [(name, self.step(name)) for name in names]

    def people(self, file: DebtorFile) -> list[tuple[str, str]]:
        """Contacts to choose from; whoever comes first of itself when nobody is chosen."""
        first = [("", self._texts.gettext("whoever comes first"))]
        return first + [
            (c.id, f"{c.name or c.email or c.phone} ({self.role(c.role.value)})") for c in file.contacts.values()
        ]

    @staticmethod
    def same(values: Sequence[str]) -> list[tuple[str, str]]:
        return [(value, value) for value in values]

    def action(self, proposal: Proposal) -> str:
        step = proposal.step or (proposal.takes[0][1] if proposal.takes else "")
        return self._texts.gettext(_ACTIONS[proposal.action]) % {"step": self.step(step)}

    def when(self, when: When) -> str:
        """The day of a step in the words of its policy: 7 days after the first reminder."""
        _, n = self._texts, abs(when.offset)
        facts = {"n": n, "step": self.step(when.anchor)}
        if when.anchor == "due":
            if not n:
                return _.gettext("on the due date")
            if when.offset < 0:
                return _.ngettext("%(n)s day before the due date", "%(n)s days before the due date", n) % facts
            if when.business:
                return _.ngettext(
                    "%(n)s business day after the due date", "%(n)s business days after the due date", n
                ) % facts
            return _.ngettext("%(n)s day after the due date", "%(n)s days after the due date", n) % facts
        if when.business:
            return _.ngettext("%(n)s business day after: %(step)s", "%(n)s business days after: %(step)s", n) % facts
        return _.ngettext("%(n)s day after: %(step)s", "%(n)s days after: %(step)s", n) % facts

    def not_sooner(self, step: str, policy: Policy) -> str:
        """Why a step waits for its day: the policy's own rule."""
        when = next((one.when for one in policy.steps if one.id == step), None)
        told = self._texts.gettext("not sooner: the policy sets this day")
        return f"{told} ({self.when(when)})" if when else told

    def due(self, case: Case, today: date) -> str:
        late = (today - case.due_on).days
        _ = self._texts
        if late > 0:
            return _.ngettext("%(n)s day late", "%(n)s days late", late) % {"n": late}
        return _.gettext("due today") if late == 0 else _.gettext("not due yet")

    def held(self, held: Held, file: DebtorFile) -> str:
        """Why nothing is done about an invoice now, in words."""
        _ = self._texts.gettext
        on = day(held.until, self.language) if held.until else ""
        step = self.step(held.step) if held.step else ""
        number = held.number
        match held.hold:
            case Hold.NOT_DUE:
                return _("%(step)s on %(on)s, not before: the policy sets this day") % {"step": step, "on": on}
            case Hold.DISPUTED if dispute := file.dispute_on(number):
                since = day(dispute.opened_on, self.language)
                return _("disputed since %(since)s: not chased until a person resolves it") % {"since": since}
            case Hold.PROMISED if promise := file.promise_on(number):
                facts = {"on": day(promise.pay_on, self.language), "grace": day(promise.grace_on, self.language)}
                return _("promised for %(on)s, believed until %(grace)s") % facts
            case Hold.PLANNED if plan := file.plan_on(number):
                coming = next_instalment(plan, file)
                if coming:
                    facts = {"on": day(coming[0].due_on, self.language), "sum": amount(coming[1], self.language)}
                    return _("a payment plan runs: %(sum)s on %(on)s") % facts
                return _("a payment plan runs: every instalment is paid")
            case Hold.CLAIMED_PAID if claim := file.claim_on(number):
                facts = {"on": day(claim.claimed_on, self.language), "until": day(claim.hold_on, self.language)}
                return _("payment announced on %(on)s: the bank has until %(until)s to show it") % facts
            case Hold.BLOCKED if block := file.block_on(number):
                if block.until:
                    until = day(block.until, self.language)
                    return _("blocked until %(until)s: %(reason)s") % {"until": until, "reason": self.why(block.reason)}
                return _("blocked until a person lifts it: %(reason)s") % {"reason": self.why(block.reason)}
            case Hold.INSOLVENT:
                return _("the debtor is insolvent: chasing is not lawful")
            case Hold.COVERED:
                return _("credit notes or payments on the account cover it")
            case Hold.SPACING:
                return _("another mail left a few days ago: the next may leave from %(on)s on") % {"on": on}
            case Hold.CLOSED_DAY:
                return _("no business day here or at the debtor's: from %(on)s on") % {"on": on}
            case Hold.CLOSED_HOUR:
                return _("outside the hours in which mail leaves: from %(on)s on") % {"on": on}
            case Hold.NO_ADDRESS:
                return _("no living e-mail address is on file: a person looks for one")
            case Hold.AWAY:
                return _("the contact is away until %(on)s") % {"on": on}
            case Hold.IN_NOTICE:
                return _("a formal notice demands it by %(on)s") % {"on": on}
            case Hold.AWAITING_APPROVAL:
                return _("the formal notice waits for a manager's approval")
            case Hold.UNCERTAIN:
                return _("a mail is on its way, or may have been lost: a person finds out first")
            case Hold.REFUSED:
                return _("our mail provider refused the mail: a person mends the cause first")
            case Hold.BLIND:
                return _("payments or mailbox have not been read for too long: nobody is chased blind")
            case Hold.SALES_REP:
                return _("the sales representative was told and may stop it until %(on)s") % {"on": on}
            case Hold.LADDER_DONE:
                return _("every step of the ladder has been taken")
        return self.why(held.reason)

    def state(self, case: Case, file: DebtorFile) -> tuple[str, str]:
        """How an invoice stands, in a word, and its tone."""
        _ = self._texts.gettext
        if case.closed:
            return {
                "paid": (_("paid"), "good"), "credited": (_("credited"), "neutral"),
                "withdrawn": (_("withdrawn"), "neutral"),
            }[case.closed.value]  # fmt: skip
        number = case.number
        if file.dispute_on(number):
            return _("disputed"), "warn"
        if file.plan_on(number):
            return _("in a plan"), "accent"
        if file.promise_on(number):
            return _("promised"), "accent"
        if file.claim_on(number):
            return _("payment announced"), "accent"
        if file.block_on(number):
            return _("blocked"), "warn"
        if case.unpaid_since_on:
            return _("unpaid, nobody reached"), "bad"
        return _("open"), "neutral"

    def contact_state(self, contact: Contact, today: date) -> list[tuple[str, str]]:
        _ = self._texts.gettext
        found = []
        if contact.dead_since_on:
            since = day(contact.dead_since_on, self.language)
            found.append((_("mail comes back since %(since)s") % {"since": since}, "bad"))
        if contact.phone_wrong_since_on:
            found.append((_("number is wrong"), "bad"))
        if contact.away_until and today < contact.away_until:
            text = _("away until %(until)s") % {"until": day(contact.away_until, self.language)}
            found.append((text + (_(", deputy %(who)s") % {"who": contact.deputy} if contact.deputy else ""), "warn"))
        return found

    def why(self, text: str) -> str:
        """A reason of the program's own in the person's language; what people wrote stays as they wrote it."""
        return reason(text, self.language)

    def moment(self, entry: Entry, file: DebtorFile) -> Line:
        """One entry of the journal as a line of the timeline."""
        pieces = told(entry.event, file, self.language, why=entry.why)
        kind = type(entry.event).__name__
        link = ""
        match entry.event:
            case e.ReplyReceived(mail=mail) | e.ReplySettled(mail=mail):
                link = f"/ops/mailbox/{mail}"
            case e.NoticeClaimed(notice=notice):
                link = f"/ops/debtors/{{debtor}}/mails/{notice.id}"
            case e.NoticeSent(notice_id=id_) | e.NoticeBounced(notice_id=id_) | e.NoticeFailed(notice_id=id_):
                link = f"/ops/debtors/{{debtor}}/mails/{id_}"
            case e.LetterPrinted(letter_id=id_) | e.LetterPosted(letter_id=id_) | e.LetterDelivered(letter_id=id_):
                link = f"/ops/debtors/{{debtor}}/letters/{id_}"
        return Line(
            seq=entry.seq, title=str(pieces[0]), detail=self._detail(pieces[1:]), why=self.why(entry.why), link=link,
            tone=_TONES.get(kind, "neutral"), is_note=isinstance(entry.event, e.NoteWritten), kind=kind,
        )  # fmt: skip

    def _detail(self, pieces: tuple[Told, ...]) -> str:
        shown: list[str] = []
        for piece in pieces:
            if isinstance(piece, Money):
                shown.append(amount(piece, self.language))
            elif isinstance(piece, date):
                shown.append(day(piece, self.language))
            else:
                shown.append(str(piece))
        text = "".join(shown).lstrip(" ,:\u00a0")
        text = re.sub(r"(?:, )?(?:<[^<>\s]+@[^<>\s]+>|\b[0-9a-f]{64}\b)", "", text)
        return text.strip(" ,")


@dataclass(frozen=True)
class Line:
    """One thing that happened, ready to be shown."""

    seq: int
    title: str
    detail: str
    why: str
    link: str
    tone: str
    is_note: bool
    kind: str


@dataclass(frozen=True)
class Moment:
    """What was recorded at one instant by one person, or by the program (`who` empty)."""

    at: datetime
    who: str
    lines: list[Line] = field(default_factory=list)

    @property
    def tone(self) -> str:
        return max((line.tone for line in self.lines), key=("neutral", "accent", "good", "warn", "bad").index)


def timeline(entries: list[Entry], file: DebtorFile, words: Words) -> list[Moment]:
    """Entries, the last one first, put together where one act caused several."""
    seen: list[Moment] = []
    file = _with_records(file, entries)
    for entry in entries:
        who = entry.who if "@" in entry.who else ""
        if not seen or (seen[-1].at, seen[-1].who) != (entry.at, who):
            seen.append(Moment(entry.at, who))
        seen[-1].lines.insert(0, words.moment(entry, file))
    return seen


def mail_state(state: NoticeState, language: str) -> str:
    _ = texts(language).gettext
    return {
        NoticeState.CLAIMED: _("being sent"), NoticeState.SENT: _("sent"), NoticeState.DEFERRED: _("deferred"),
        NoticeState.FAILED: _("refused, nothing left"), NoticeState.BOUNCED: _("came back"),
        NoticeState.UNKNOWN: _("may have been lost"),
    }[state]  # fmt: skip


def _with_records(file: DebtorFile, entries: list[Entry]) -> DebtorFile:
    """The live file, and what these entries carry of the past: they tell what an id stands for."""
    tasks, notices, promises = dict(file.tasks), dict(file.notices), dict(file.promises)
    for entry in entries:
        match entry.event:
            case e.TaskRaised(task=task):
                tasks.setdefault(task.id, task)
            case e.NoticeClaimed(notice=notice):
                notices.setdefault(notice.id, notice)
            case e.PromiseMade(promise=promise):
                promises.setdefault(promise.id, promise)
    return replace(file, tasks=tasks, notices=notices, promises=promises)


_TONES = {
    "NoticeSent": "accent", "NoticeBounced": "bad", "NoticeFailed": "bad", "NoticeLost": "warn", "ContactDied": "bad",
    "ReplyReceived": "accent", "PromiseMade": "accent", "PromiseKept": "good", "PromiseBroken": "bad",
    "PromisePartlyKept": "warn", "PlanAgreed": "accent", "PlanKept": "good", "PlanBroken": "bad",
    "InstalmentMet": "good", "InstalmentMissed": "warn", "CreditReceived": "good", "CreditAllocated": "good",
    "PaymentClaimed": "accent", "PaymentClaimConfirmed": "good", "PaymentClaimLapsed": "warn",
    "DisputeOpened": "warn", "DisputeResolved": "good", "BlockPlaced": "warn", "InsolvencyReported": "bad",
    "CreditHeld": "bad", "CreditReleased": "good", "CallLogged": "accent", "FormalNoticeApproved": "warn",
    "LetterPrinted": "warn", "LetterPosted": "warn", "LetterDelivered": "good", "CaseDeclaredUnpaid": "bad",
}  # fmt: skip
