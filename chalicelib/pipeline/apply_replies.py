"""Read one archived mail, find whose it is, and let it change that debtor's file (or become a task).

A queue may deliver twice and a worker may die half-way: the file's save and the mark that this mail has been answered
are one transaction, and the mail's own record is settled last.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.domain.answers import Answer, respond
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import DebtorFile, NoticeState, TaskKind
from chalicelib.domain.money import Money
from chalicelib.errors import PermanentError
from chalicelib.pipeline.desk import raise_on_desk
from chalicelib.pipeline.keep import keep, load, office_of
from chalicelib.pipeline.remind import sent_key
from chalicelib.pipeline.whose_mail import Owner, answered_notice, whose
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

NO_OWNER_NEEDED = ("unrelated", "receipt")
"""Kinds of mail that may belong to nobody without anybody having to look (unless the reader asks for it)."""


def apply_reply(parts: Parts, mail_id: str, *, at: datetime) -> str:
    """What was made of the mail, in a word: read, unmatched, quarantined, or settled before."""
    mail = parts.mail_log.get(mail_id)
    if mail is None:
        raise PermanentError(f"no mail {mail_id} on record")
    if mail.state is not MailState.ARCHIVED:
        return "settled before"
    office = office_of(parts)
    try:
        message = parse(parts.archive.get(mail.archive))
    except Unreadable as error:
        return _quarantine(parts, office, mail, error, at=at)

    owners = whose(parts, message)
    if len(owners) != 1:
        return _without_owner(parts, office, mail, message, owners, at=at)
    file = load(parts, owners[0].debtor_id)
    reading = read(message, _context(parts, office, mail, file, message))
    answer = _answer(mail, message, reading, file, office)
    if file.id not in parts.store.find("mail", mail.id):
        keep(parts, office, file.id, lambda f: respond(f, answer, office, at=at), at=at, who=answer.sender or "mail")
    parts.mail_log.settle(_settled(mail, MailState.READ, message, reading, debtor_id=file.id))
    return "read"


def _quarantine(parts: Parts, office: Office, mail: MailRecord, error: Unreadable, *, at: datetime) -> str:
    raise_on_desk(
        parts,
        office,
        TaskKind.REVIEW_MAIL,
        f"quarantined, to be read by a person: {error}",
        about=mail.id,
        at=at,
        mail=mail.id,
    )
    parts.mail_log.settle(
        mail.becomes(MailState.QUARANTINED, sender=error.sender or "", subject=error.subject or "", why=error.reason)
    )
    return "quarantined"


def _without_owner(
    parts: Parts, office: Office, mail: MailRecord, message: InboundMessage, owners: tuple[Owner, ...], *, at: datetime
) -> str:
    """Nobody's, or several debtors': a person tells whose, unless it is plainly no answer at all."""
    reading = read(message, Context(our_addresses=_ours(office), received_at=mail.received_at))
    if reading.kind in NO_OWNER_NEEDED and reading.decision == "apply":
        parts.mail_log.settle(_settled(mail, MailState.READ, message, reading))
        return "read"
    why = (
        f"could be of {', '.join(o.debtor_id for o in owners[:5])}: a person tells whose it is"
        if owners
        else "no debtor of ours could be recognised"
    )
    raise_on_desk(
        parts,
        office,
        TaskKind.REVIEW_MAIL,
        f"mail from {message.sender or 'nobody'}: {why}",
        about=mail.id,
        at=at,
        mail=mail.id,
    )
    parts.mail_log.settle(_settled(mail, MailState.UNMATCHED, message, reading, why=why))
    return "unmatched"


def _settled(
    mail: MailRecord, state: MailState, message: InboundMessage, reading: Reading, **values: Any
) -> MailRecord:
    said: Mapping[str, Any] = to_json(reading)
    return mail.becomes(
        state,
        sender=message.sender or "",
        subject=message.subject[:300],
        reading=said,
        **{"why": reading.reason_text, **values},
    )


def _ours(office: Office) -> frozenset[str]:
    creditor = office.creditor
    return frozenset({creditor.mailbox.lower(), *(p.email.lower() for p in creditor.personas.values())})


def _context(parts: Parts, office: Office, mail: MailRecord, file: DebtorFile, message: InboundMessage) -> Context:
    debtor = file.debtor
    addresses = frozenset(c.email.lower() for c in file.contacts.values() if c.email)
    account = KnownAccount(
        account_id=debtor.id,
        name=debtor.name,
        country=debtor.country,
        language=debtor.language,
        domains=frozenset(a.rpartition("@")[2] for a in addresses) - FREE_MAIL,
        addresses=addresses,
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
        received_at=mail.received_at,
        accounts={debtor.id: account},
        items=items,
        sent_texts=_sent_texts(parts, file, answered_notice(file, message)),
        account_hint=debtor.id,
    )


FREE_MAIL = frozenset(
    """gmail.com googlemail.com outlook.com outlook.fr hotmail.com hotmail.fr live.fr live.com yahoo.com yahoo.fr
    orange.fr wanadoo.fr free.fr sfr.fr neuf.fr laposte.net bbox.fr icloud.com me.com gmx.de gmx.net web.de
    t-online.de proton.me protonmail.com aol.com""".split()
)
"""Domains where anybody has an address: sharing one with a contact proves nothing."""


def _sent_texts(parts: Parts, file: DebtorFile, notice_id: str) -> tuple[str, ...]:
    """The text that the client has before its eyes: the notice it answers, else our last one."""
    sent = [n for n in file.notices.values() if n.state in (NoticeState.SENT, NoticeState.UNKNOWN, NoticeState.BOUNCED)]
    notice = file.notices.get(notice_id) or max(sent, key=lambda n: (n.on, n.id), default=None)
    if notice is None:
        return ()
    try:
        return (parse(parts.archive.get(sent_key(file.id, notice.id))).text,)
    except PermanentError:  # not archived (sent before the archive, or by hand): the reader falls back on its rules
        return ()


def _answer(mail: MailRecord, message: InboundMessage, reading: Reading, file: DebtorFile, office: Office) -> Answer:
    currencies = {c.balance.currency for c in file.open_cases()} or {"EUR"}
    currency = "EUR" if "EUR" in currencies else min(currencies)
    promise, remittance, bounce = reading.promise, reading.remittance, reading.bounce
    pinned = bool(office.creditor.authserv_id)
    return Answer(
        mail=mail.id,
        kind=reading.kind,
        decision=reading.decision,
        reason=reading.reason_text or reading.reason,
        trusted=reading.trust == "verified"
        or (not pinned and reading.trust != "failed" and reading.account_id == file.id),
        sender=message.sender or "",
        intents=reading.intents,
        numbers=reading.invoices,
        promise_on=promise.date if promise else None,
        promise_amount=Money.of(promise.amount, currency) if promise and promise.amount else None,
        paid_on=remittance.date if remittance else None,
        paid_amount=Money.of(remittance.amount, currency) if remittance and remittance.amount else None,
        reference=(remittance.reference or "")[:140] if remittance else "",
        dispute_reason=reading.dispute.reason if reading.dispute else "",
        return_on=reading.return_date,
        contacts=reading.contacts,
        bounced=(bounce.recipient or "") if bounce else "",
        bounced_for_good=bounce.permanent if bounce else False,
        notice_id=answered_notice(file, message),
        per_invoice=tuple((f.number, f.intent, f.date) for f in reading.facts if f.number),
    )
