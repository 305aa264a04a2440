"""Read one archived mail, find whose it is, and let it change that debtor's file (or become a task).

A queue may deliver twice and a worker may die half-way: the file's save and the mark that this mail has been answered
are one transaction, and the mail's own record is settled last. A mail that cannot be read is quarantined with a task.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from chalicelib.domain import events as e
from chalicelib.domain.answers import Answer, respond
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import Block, DebtorFile, NoticeState, Task, TaskKind
from chalicelib.domain.money import Money
from chalicelib.errors import PermanentError
from chalicelib.pipeline.desk import raise_on_desk
from chalicelib.pipeline.keep import Happened, hand_over, keep, load, office_of
from chalicelib.pipeline.remind import sent_key
from chalicelib.pipeline.whose_mail import Owner, addresses_of, answered_notice, domains_of, knows, named_in, whose
from chalicelib.ports import MailRecord, MailState, Parts
from chalicelib.reading import (
    Context,
    InboundMessage,
    KnownAccount,
    KnownItem,
    Reading,
    Unreadable,
    parse,
    read,
    to_json,
)
from chalicelib.reading.machine import unrelated
from chalicelib.reading.wanted import wants_invoice

LATE = timedelta(days=30)
"""An answer this old when it is collected (a mailbox read for the first time) is no news: a person decides on it."""

TASKS_WAITING = 5
"""So many open tasks of one kind are raised by a debtor's mails: the next ones are on record beside them."""

WHOSE = frozenset({"foreign-domain", "unknown-debtor", "unverified", "message-id-of-another"})
"""The doubts that are gone once a person says whose a mail is."""

_ADDRESS = re.compile(r"[^\s<>\"(),:;@]{1,64}@[^\s<>\"(),:;@]{1,255}")
_T = TypeVar("_T")


def apply_reply(parts: Parts, mail_id: str, *, at: datetime) -> str:
    """What was made of the mail, in a word: read, unmatched, quarantined, or settled before."""
    mail = parts.mail_log.get(mail_id)
    if mail is None:
        raise PermanentError(f"no mail {mail_id} on record")
    if mail.state is not MailState.ARCHIVED:
        return "settled before"
    office = office_of(parts)
    try:
        settled = _settled(parts, office, mail, at=at)
    except Unreadable as error:
        settled = quarantine(parts, office, mail, error, at=at)
    parts.mail_log.settle(settled)
    return str(settled.state)


def quarantine(parts: Parts, office: Office, mail: MailRecord, error: Unreadable, *, at: datetime) -> MailRecord:
    """A task for a person, and where the sender is known the one pause of an unverified mail. Gives the record."""
    why = f"quarantined, to be read by a person: {error.reason}"
    senders = tuple(("", address.lower()) for address in _ADDRESS.findall(error.sender or ""))
    owners = whose(parts, InboundMessage(from_addresses=senders, subject=error.subject or ""))
    debtor_id = owners[0].debtor_id if len(owners) == 1 else ""
    if debtor_id:
        sender = senders[0][1] if senders else ""
        answer = Answer(mail=mail.id, kind="reply", decision="review", reason=why, trusted=False, sender=sender)
        _answer_once(parts, office, debtor_id, answer, at=at)
    elif not _in_spam(mail, office):
        raise_on_desk(parts, office, TaskKind.REVIEW_MAIL, why, about=mail.id, at=at, mail=mail.id)
    known = {"sender": (error.sender or "")[:320], "subject": (error.subject or "")[:300], "debtor_id": debtor_id}
    return mail.becomes(MailState.QUARANTINED, why=error.reason[:500], **known)


def _settled(parts: Parts, office: Office, mail: MailRecord, *, at: datetime) -> MailRecord:
    """Understand a mail and act on it; the record that says so."""
    if not mail.size:
        where = f"folder {mail.folder}, UID {mail.uid}"
        raise Unreadable(f"the mail server did not give it ({mail.why}): look into {where}")
    message = _unharmed(parse, parts.archive.get(mail.archive))
    if _our_own(message, office):
        return mail.becomes(MailState.READ, subject=message.subject[:300], why="a copy of a mail of ours")
    owners = whose(parts, message)
    if len(owners) != 1:
        return _without_owner(parts, office, mail, message, owners, at=at)
    return read_for(parts, office, mail, message, load(parts, owners[0].debtor_id), at=at)


def read_for(
    parts: Parts, office: Office, mail: MailRecord, message: InboundMessage, file: DebtorFile, *, at: datetime,
    vouched: bool = False,
) -> MailRecord:
    """Read a mail as this debtor's and let it change the file; the record that says so.

    `vouched`: a person says that it is theirs, so that only what it says is in doubt, no longer who says it.
    """
    reading = _read(message, _context(parts, office, mail, file, message))
    answer = _answer(mail, message, reading, file, office)
    if vouched:
        sure = set(answer.doubts) <= WHOSE and not _is_late(mail)
        answer = replace(answer, trusted=True, decision="apply" if sure else answer.decision)
    after = _answer_once(parts, office, file.id, answer, at=at)
    # What is asked of a person: to look. A promise to be negotiated, a document to be sent is work that follows.
    looks = (TaskKind.REVIEW_MAIL, TaskKind.INSOLVENCY, TaskKind.COMPLAINT)
    asks = any(t.mail == mail.id and t.kind in looks for t in after.open_tasks()) or answer.decision == "review"
    record = _record(mail, MailState.READ, message, reading, debtor_id=file.id, notice_id=answer.notice_id)
    return replace(record, asks=asks)


def answer_of(mail: MailRecord, file: DebtorFile) -> Answer:
    """What stands on record of a mail's reading, as the answer that it is."""
    said = mail.reading
    promise, remittance, bounce = said.get("promise") or {}, said.get("remittance") or {}, said.get("bounce") or {}
    numbers = tuple(said.get("invoices") or ())

    def money(text: str | None) -> Money | None:
        return amount_in(file, numbers, Decimal(text)) if text else None

    return Answer(
        mail=mail.id,
        kind=str(said.get("kind") or "reply"),
        decision=str(said.get("decision") or "review"),
        reason=mail.why,
        trusted=False,
        sender=mail.sender,
        intents=tuple(said.get("intents") or ()),
        numbers=numbers,
        promise_on=_day(promise.get("date")),
        promise_amount=money(promise.get("amount")),
        paid_on=_day(remittance.get("date")),
        paid_amount=money(remittance.get("amount")),
        reference=(remittance.get("reference") or "")[:140],
        dispute_reason=(said.get("dispute") or {}).get("reason") or "",
        wants_invoice=wants_invoice(e["words"] for e in said.get("evidence") or () if e["what"] == "document_request"),
        return_on=_day(said.get("return_date")),
        contacts=tuple(said.get("contacts") or ()),
        bounced=(bounce.get("recipient") or "")[:320],
        bounced_for_good=bool(bounce.get("permanent")),
        notice_id=mail.notice_id,
        per_invoice=tuple(
            (f["invoice"], f["intent"], _day(f.get("date"))) for f in said.get("facts") or () if f.get("invoice")
        ),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _read(message: InboundMessage, context: Context) -> Reading:
    started = time.monotonic()  # bounds the time that is spent on attachments; what is read does not depend on it
    return _unharmed(lambda: read(message, context, elapsed=lambda: time.monotonic() - started), about=message)


def _unharmed(work: Callable[..., _T], *what: Any, about: InboundMessage | None = None) -> _T:
    """Do pure work on a mail. Whatever it raises it would raise again each time: that mail is for a person."""
    try:
        return work(*what)
    except Unreadable:
        raise
    except Exception as error:
        told = {"sender": about.sender, "subject": about.subject} if about else {}
        raise Unreadable(f"it breaks the reader ({type(error).__name__})", **told) from error


def _answer_once(
    parts: Parts, office: Office, debtor_id: str, answer: Answer, *, at: datetime, raises_task: bool = True
) -> DebtorFile:
    """Let an answer change the file, unless it has: a queue delivers twice, and two workers may be at it."""

    def decide(file: DebtorFile) -> Happened:
        # Looked up after the file was loaded: whoever answers in between makes our save lose, and we look again.
        if file.id in parts.store.find("mail", answer.mail):
            return []
        news = _news(file, respond(file, answer, office, at=at))
        return [(event, why) for event, why in news if raises_task or not isinstance(event, e.TaskRaised)]

    file = keep(parts, office, debtor_id, decide, at=at, who=answer.sender or "mail")
    hand_over(parts, file, at=at)
    return file


def _news(file: DebtorFile, happened: Happened) -> Iterator[tuple[e.Event, str]]:
    """Leave out what stands in the file already: two programs that answer each other must not fill it without end."""
    waiting = Counter(task.kind for task in file.open_tasks())
    for event, why in happened:
        if isinstance(event, e.BlockPlaced) and _is_held(file, event.block):
            continue
        if isinstance(event, e.TaskRaised) and not _is_wanted(event.task, waiting):
            continue
        yield event, why


def _is_wanted(task: Task, waiting: Counter[TaskKind]) -> bool:
    # Disputes are as many as there are invoices to dispute, and each needs its answer.
    return task.kind is TaskKind.ANSWER_DISPUTE or waiting[task.kind] < TASKS_WAITING


def _is_held(file: DebtorFile, new: Block) -> bool:
    """Whether an open block of this kind holds the same invoices as long."""
    return any(
        b.is_open and b.kind is new.kind and b.numbers == new.numbers
        and (b.until is None or (new.until is not None and b.until >= new.until))
        for b in file.blocks.values()
    )  # fmt: skip


def _without_owner(
    parts: Parts, office: Office, mail: MailRecord, message: InboundMessage, owners: Sequence[Owner], *, at: datetime
) -> MailRecord:
    """Nobody's, or several debtors': a person tells whose, unless it is plainly no answer at all."""
    context = Context(our_addresses=_ours(office), received_at=_received_at(mail))
    reading = _read(message, context)
    hints = [owner.debtor_id for owner in owners] or named_in(parts, message)
    nobody_needed = _needs_nobody(message, reading)
    if nobody_needed and not hints:
        return _record(mail, MailState.READ, message, reading)
    why = f"could be of {', '.join(hints[:5])}: a person tells whose it is" if hints else "no debtor is recognised"
    # A stranger in the folder of spam is spam, and what is old was looked at by people when it came.
    sender = (message.sender or "an unclear sender")[:320]
    if owners or not (_in_spam(mail, office) or _is_late(mail)):
        # One task a sender: who looks at it sees that sender's other mails beside it.
        reason = f"mail from {sender}: {why}"
        raise_on_desk(parts, office, TaskKind.REVIEW_MAIL, reason, about=sender, at=at, mail=mail.id)
    if reading.kind in ("reply", "unrelated") and not nobody_needed and not _is_late(mail):
        # One of them has answered: until a person tells which, each is left in peace, once.
        answer = Answer(mail=mail.id, kind="reply", decision="review", reason=why, trusted=False, sender=sender)
        for owner in owners[:5]:
            _answer_once(parts, office, owner.debtor_id, answer, at=at, raises_task=False)
    return _record(mail, MailState.UNMATCHED, message, reading, why=why)


def _needs_nobody(message: InboundMessage, reading: Reading) -> bool:
    """A receipt, an automatic answer, mail sent to many. That the reader knows no debtor in it says nothing here."""
    if reading.decision != "apply":
        return False
    if reading.kind == "unrelated":
        return unrelated(message, message.text, known_sender=False, names_us=False) == "bulk"
    return reading.kind in ("receipt", "auto_reply")


def _record(mail: MailRecord, state: MailState, message: InboundMessage, reading: Reading, **values: Any) -> MailRecord:
    said = to_json(reading)
    # The whole text stands in the archive; a record has 400 KB.
    said["own_words"] = said["own_words"][:20_000]
    said["contacts"], said["facts"] = said["contacts"][:20], said["facts"][:200]
    said["evidence"] = [{**one, "words": one["words"][:500]} for one in said["evidence"][:100]]
    sender, subject = (message.sender or "")[:320], message.subject[:300]
    return mail.becomes(state, sender=sender, subject=subject, reading=said, **{"why": reading.reason_text, **values})


def _our_own(message: InboundMessage, office: Office) -> bool:
    """A mail that this program sent comes in again, as a copy or by a rule: it answers nothing."""
    automatic = (message.header("auto-submitted") or "no").strip().lower() != "no"
    return automatic and message.sender in _ours(office)


def _ours(office: Office) -> frozenset[str]:
    creditor = office.creditor
    return frozenset({creditor.mailbox.lower(), *(p.email.lower() for p in creditor.personas.values())})


def _in_spam(mail: MailRecord, office: Office) -> bool:
    return mail.folder not in office.creditor.folders


def _is_late(mail: MailRecord) -> bool:
    return mail.collected_at - mail.received_at > LATE


def _received_at(mail: MailRecord) -> datetime:
    """No later than we collected it, however fast the server's clock goes."""
    return min(mail.received_at, mail.collected_at)


def _context(parts: Parts, office: Office, mail: MailRecord, file: DebtorFile, message: InboundMessage) -> Context:
    debtor = file.debtor
    account = KnownAccount(
        account_id=debtor.id,
        name=debtor.name,
        country=debtor.country,
        language=debtor.language,
        domains=domains_of(file),
        addresses=addresses_of(file),
    )
    items = {
        c.number: KnownItem(
            number=c.number,
            account_id=debtor.id,
            amount=c.balance.amount,
            currency=c.balance.currency,
            issued_on=c.issued_on,
            due_on=c.due_on,
            purchase_order=c.purchase_order or None,
        )
        for c in file.open_cases()
    }
    return Context(
        our_addresses=_ours(office),
        authserv_id=office.creditor.authserv_id or None,
        received_at=_received_at(mail),
        accounts={debtor.id: account},
        items=items,
        sent_texts=_sent_texts(parts, file, answered_notice(file, message)),
        account_hint=debtor.id,
    )


def _sent_texts(parts: Parts, file: DebtorFile, notice_id: str) -> tuple[str, ...]:
    """The text that the client has before its eyes: the notice it answers, else our last one."""
    left = (NoticeState.SENT, NoticeState.UNKNOWN, NoticeState.BOUNCED)
    sent = [n for n in file.notices.values() if n.state in left and not n.internal]
    notice = file.notices.get(notice_id) or max(sent, key=lambda n: (n.on, n.id), default=None)
    if notice is None:
        return ()
    try:
        ours = parse(parts.archive.get(sent_key(file.id, notice.id)))
        # A program quotes the plain part or the HTML, as it shows them: both are our words.
        return tuple(dict.fromkeys(text for text in (ours.plain, ours.html_text) if text))
    except PermanentError:  # not archived (sent before the archive, or by hand): the reader falls back on its rules
        return ()


def _answer(mail: MailRecord, message: InboundMessage, reading: Reading, file: DebtorFile, office: Office) -> Answer:
    promise, remittance, bounce = reading.promise, reading.remittance, reading.bounce
    late = f"it came on {mail.received_at:%Y-%m-%d}, long before it was collected"
    return Answer(
        mail=mail.id,
        kind=reading.kind,
        decision="review" if _is_late(mail) else reading.decision,
        reason=late if _is_late(mail) else reading.reason_text or reading.reason,
        trusted=_trusted(mail, message, reading, file, office),
        sender=(message.sender or "")[:320],
        intents=reading.intents,
        numbers=reading.invoices,
        promise_on=promise.date if promise else None,
        promise_amount=_money(file, reading, promise.amount) if promise else None,
        paid_on=remittance.date if remittance else None,
        paid_amount=_money(file, reading, remittance.amount) if remittance else None,
        reference=(remittance.reference or "")[:140] if remittance else "",
        dispute_reason=reading.dispute.reason if reading.dispute else "",
        doubts=reading.doubts,
        wants_invoice=wants_invoice(e.words for e in reading.evidence if e.what == "document_request"),
        return_on=reading.return_date,
        contacts=tuple(contact[:320] for contact in reading.contacts[:20]),
        bounced=(bounce.recipient or "")[:320] if bounce else "",
        bounced_for_good=bounce.permanent if bounce else False,
        notice_id=answered_notice(file, message),
        per_invoice=tuple((f.number, f.intent, f.date) for f in reading.facts if f.number),
    )


def _trusted(mail: MailRecord, message: InboundMessage, reading: Reading, file: DebtorFile, office: Office) -> bool:
    """Whether it is proven enough that somebody of this debtor's wrote it.

    A token says whose mail it is, not who wrote it: reminders are forwarded. So the sender must be known in the file,
    and be vouched for where we know by whom. Else, and out of the folder of spam never, absence is no evidence.
    """
    if not knows(file, message.sender or ""):
        return False
    if office.creditor.authserv_id or _in_spam(mail, office):
        return reading.trust == "verified"
    return reading.trust != "failed"


def _money(file: DebtorFile, reading: Reading, amount: Decimal | None) -> Money | None:
    return amount_in(file, reading.invoices, amount)


def amount_in(file: DebtorFile, numbers: Sequence[str], amount: Decimal | None) -> Money | None:
    """An amount in the currency of the invoices it speaks of; None where they have several: it is not guessed."""
    cases = file.open_among(numbers) or file.open_cases()
    currencies = {c.balance.currency for c in cases}
    return Money.of(amount, *currencies) if amount is not None and len(currencies) == 1 else None
