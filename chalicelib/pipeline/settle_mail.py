"""Let a person decide what a mail means: accept what was read, correct it, give it to another debtor, answer it.

Each decision is a turn of the mail. The file's save and the mark that this turn was taken are one transaction, so that
two people, or one who presses twice, decide once; the mail's own record is written last and tells who was late. What
the program had made of a mail that it misread is taken back by entries of the journal, never by deleting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from chalicelib.domain import events as e
from chalicelib.domain.answers import Answer, settle
from chalicelib.domain.calendar import local_day
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import DESK, DebtorFile, Fact, Order
from chalicelib.domain.money import Money
from chalicelib.errors import BadInput, PermanentError
from chalicelib.pipeline.apply_replies import answer_of, read_for
from chalicelib.pipeline.keep import Happened, hand_over, keep, load, office_of
from chalicelib.ports import MailRecord, MailState, Parts
from chalicelib.reading import Reading, parse
from chalicelib.reading.examples import corrected as example_line
from chalicelib.reading.model import DISPUTE_REASONS, INTENTS, Dispute, Promise, Remittance

EXAMPLES = "examples/"
"""Where corrected mails are archived as labelled examples, one line each."""

ANSWERS = ("ask_promise", "document_sent", "answer")
"""The templates by which a person answers a mail."""

LONGEST_ANSWER = 3000


class NoSuchMail(PermanentError):
    """There is no mail with this id on record."""


class AlreadySettled(PermanentError):
    """Somebody has decided about the mail since it was opened."""


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What a person says that a mail means. `numbers`: the invoices that each intent speaks of (none: those due)."""

    intents: tuple[str, ...]
    numbers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    promise_on: date | None = None
    promise_days: Mapping[str, date] = field(default_factory=dict)  # by invoice, where they differ
    promise_amount: Money | None = None
    promise_means: str = ""
    paid_on: date | None = None
    paid_amount: Money | None = None
    reference: str = ""
    dispute_reason: str = ""
    contacts: tuple[str, ...] = ()
    return_on: date | None = None
    note: str = ""


def accept(parts: Parts, mail_id: str, *, turn: int, at: datetime, who: str) -> MailRecord:
    """Apply what was read, as if the program had been sure of it."""
    mail = opened(parts, mail_id, turn)
    _owned(mail)
    return _decide(parts, mail, None, "accepted", at=at, who=who)


def correct(parts: Parts, mail_id: str, said: Meaning, *, turn: int, at: datetime, who: str) -> MailRecord:
    """Take back what was made of it, apply what the person says, and keep it as an example to learn from."""
    mail = opened(parts, mail_id, turn)
    file = load(parts, _owned(mail))
    _check(said, file, local_day(at, parts.offices.creditor().zone))
    after = _decide(parts, mail, said, "corrected", at=at, who=who)
    line = _example(mail, said)
    if line:
        key = f"{EXAMPLES}{mail.id}-{after.turn}.jsonl"
        parts.archive.put(key, f"{line}\n".encode(), content_type="application/jsonl; charset=utf-8")
    return after


def nothing_to_do(parts: Parts, mail_id: str, *, turn: int, note: str = "", at: datetime, who: str) -> MailRecord:
    """Set a mail aside: what was made of it is taken back, the task to look at it is closed."""
    return _decide(parts, opened(parts, mail_id, turn), None, "nothing", note=note, at=at, who=who)


def reassign(parts: Parts, mail_id: str, debtor_id: str, *, turn: int, at: datetime, who: str) -> MailRecord:
    """Read it again as this debtor's, and take back at the other what had been made of it."""
    mail = opened(parts, mail_id, turn)
    if mail.debtor_id == debtor_id:
        raise BadInput("debtor", "it is this debtor's already", "name another")
    if not mail.size:
        raise BadInput("mail", "the mail server never gave it, so it cannot be read", "answer it from the mailbox")
    office = office_of(parts)
    file = load(parts, debtor_id)
    message = parse(parts.archive.get(mail.archive))  # Unreadable is a PermanentError that says why
    known = debtor_id in parts.store.find("mail", mail.id)
    after = read_for(parts, office, mail, message, file, at=at, vouched=True)
    if mail.debtor_id:
        _settle_file(parts, office, mail, None, "reassigned", note=f"it is {debtor_id}'s", at=at, who=who)
    _close_on_desk(parts, office, mail, "reassigned", at=at, who=who)
    # It had been this debtor's before, and was answered for: what it says now a person applies.
    after = replace(after, asks=after.asks or known)
    return _record(parts, mail, after, "reassigned", at=at, who=who)


def answer_mail(
    parts: Parts, mail_id: str, template: str, *, words: str = "", turn: int, at: datetime, who: str
) -> MailRecord:
    """Order our answer: it leaves with the next hand-over, in the thread of our last mail."""
    mail = opened(parts, mail_id, turn)
    _owned(mail)
    today = local_day(at, parts.offices.creditor().zone)

    def order(file: DebtorFile) -> list[tuple[e.Event, str]]:
        made = order_of(mail, file, template, words, today=today)
        return [(e.NoticeOrdered(order=made), f"{who} answers the mail")]

    return _decide(parts, mail, None, "answered", at=at, who=who, besides=order)


def order_of(mail: MailRecord, file: DebtorFile, template: str, words: str, *, today: date) -> Order:
    """The answer as an order: about the invoices that the mail names, else all that are open in one currency."""
    if template not in ANSWERS:
        raise BadInput("template", f"{template!r} is no answer", f"one of {', '.join(ANSWERS)}")
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    if template == "answer" and not lines:
        raise BadInput("words", "an answer says something", "write it")
    if len(words) > LONGEST_ANSWER:
        raise BadInput("words", f"it is longer than {LONGEST_ANSWER} characters", "shorten it")
    cases = file.open_among(mail.reading.get("invoices") or ()) or file.open_cases()
    if not cases and template != "answer":
        raise BadInput("template", "the debtor has no open invoice that it could speak of", "answer in your own words")
    if template == "document_sent" and not any(c.document for c in cases):
        raise BadInput("template", "no copy of these invoices is archived", "answer in your own words")
    currency = cases[0].balance.currency if cases else "EUR"
    contact = file.contact_at(mail.sender)
    return Order(
        id=f"{template}-{mail.id[:16]}-{mail.turn + 1}",
        template=template,
        ordered_on=today,
        numbers=tuple(c.number for c in cases if c.balance.currency == currency),
        currency=currency,
        facts=tuple(Fact(name="words", text=line) for line in lines) if template == "answer" else (),
        about=mail.id,
        contact=contact.id if contact else "",
    )


def read_again(parts: Parts, mail_id: str, *, turn: int, at: datetime, who: str) -> MailRecord:
    """Hand a mail that could not be read to its reader once more: the reader may have been mended meanwhile."""
    mail = opened(parts, mail_id, turn)
    if mail.state is not MailState.QUARANTINED:
        raise BadInput("mail", "it has been read", "correct what was understood instead")
    if not mail.size:
        raise BadInput("mail", "the mail server never gave its content", "look for it in the mailbox")
    after = replace(
        mail, state=MailState.ARCHIVED, why="", verdict="", turn=mail.turn + 1, settled_by=who, settled_at=at
    )
    if not parts.mail_log.amend(mail, after):
        raise AlreadySettled(f"mail {mail_id} was changed by somebody else")
    parts.mail_queue.put([{"mail_id": mail_id, "at": at.isoformat()}])
    return after


def opened(parts: Parts, mail_id: str, turn: int | None = None) -> MailRecord:
    """The record, provided that nobody has decided since turn `turn` was looked at."""
    mail = parts.mail_log.get(mail_id)
    if mail is None:
        raise NoSuchMail(f"no mail {mail_id} on record")
    if turn is not None and (mail.turn != turn or mail.is_erased):
        raise AlreadySettled(f"mail {mail_id} was settled by {mail.settled_by or 'somebody else'}: {mail.verdict}")
    return mail


def examples(parts: Parts) -> Iterator[str]:
    """What people corrected, a line each, for `relance train`."""
    for key in parts.archive.keys(EXAMPLES):
        yield parts.archive.get(key).decode().strip()


def _decide(
    parts: Parts, mail: MailRecord, said: Meaning | None, verdict: str, *, note: str = "", at: datetime, who: str,
    besides: Callable[[DebtorFile], Happened] | None = None,
) -> MailRecord:
    """Settle a mail in its debtor's file, at the desk, and on its record."""
    office = office_of(parts)
    note = note or (said.note if said else "")
    if mail.debtor_id:
        _settle_file(parts, office, mail, said, verdict, note=note, at=at, who=who, besides=besides)
    _close_on_desk(parts, office, mail, verdict, at=at, who=who)
    reading = {**mail.reading, "said": _told(said)} if said else mail.reading
    return _record(parts, mail, replace(mail, reading=reading, asks=False), verdict, at=at, who=who)


def _settle_file(
    parts: Parts, office: Office, mail: MailRecord, said: Meaning | None, verdict: str, *, note: str, at: datetime,
    who: str, besides: Callable[[DebtorFile], Happened] | None = None,
) -> None:  # fmt: skip
    turn = mail.turn + 1

    def decide(file: DebtorFile) -> Happened:
        # Looked up after the file was loaded, as for an answer: whoever is first in between makes our save lose.
        if file.id in parts.store.find("mail", f"{mail.id}#{turn}"):
            return []
        answer = answer_of(mail, file)
        answer = _as_said(answer, said) if said else answer
        happened = settle(file, answer, office, at=at, verdict=verdict, turn=turn, note=note)
        return [*happened, *(besides(file) if besides else ())]

    file = keep(parts, office, mail.debtor_id, decide, at=at, who=who)
    hand_over(parts, file, at=at)


def _close_on_desk(parts: Parts, office: Office, mail: MailRecord, verdict: str, *, at: datetime, who: str) -> None:
    """The desk's task to look at this very mail. Another mail of the same sender keeps its own."""
    if mail.debtor_id and mail.state is MailState.READ:
        return

    def decide(file: DebtorFile) -> Happened:
        return [
            (e.TaskClosed(task_id=t.id, outcome=verdict, note="", at=at), f"the mail was settled: {verdict}")
            for t in file.open_tasks() if t.mail == mail.id
        ]  # fmt: skip

    keep(parts, office, DESK, decide, at=at, who=who)


def _record(
    parts: Parts, mail: MailRecord, after: MailRecord, verdict: str, *, at: datetime, who: str
) -> MailRecord:
    after = replace(after, turn=mail.turn + 1, verdict=verdict, settled_by=who, settled_at=at)
    if not parts.mail_log.amend(mail, after):
        raise AlreadySettled(f"mail {mail.id} was settled by somebody else at the same moment")
    return after


def _owned(mail: MailRecord) -> str:
    if not mail.debtor_id or mail.state is not MailState.READ:
        raise BadInput("mail", "nobody knows yet whose it is", "say which debtor's it is first")
    return mail.debtor_id


def _check(said: Meaning, file: DebtorFile, today: date) -> None:
    unknown = set(said.intents) - set(INTENTS)
    if unknown or not said.intents:
        raise BadInput("intents", f"{sorted(unknown)} is nothing that a mail can say", "choose at least one")
    if "promise_to_pay" in said.intents:
        for day in filter(None, (said.promise_on, *said.promise_days.values())):
            if day < today:
                raise BadInput("promise_on", f"{day} is past", "a promise is for today or later")
    if "remittance" in said.intents and said.paid_on and (said.paid_on - today).days > 31:
        raise BadInput("paid_on", f"{said.paid_on} is far ahead", "a payment announced for later is a promise")
    if "dispute" in said.intents and said.dispute_reason not in DISPUTE_REASONS:
        raise BadInput("dispute_reason", "a dispute has its reason", f"one of {', '.join(DISPUTE_REASONS)}")
    named = {number for numbers in said.numbers.values() for number in numbers} | set(said.promise_days)
    strangers = sorted(named - set(file.cases))
    if strangers:
        raise BadInput("numbers", f"{', '.join(strangers)} is no invoice of this debtor's", "choose from the list")


def _as_said(answer: Answer, said: Meaning) -> Answer:
    """The answer that the person says it is."""
    per_invoice = [
        (number, intent, said.promise_days.get(number, said.promise_on) if intent == "promise_to_pay" else None)
        for intent in said.intents for number in said.numbers.get(intent, ())
    ]  # fmt: skip
    return replace(
        answer,
        kind="auto_reply" if said.return_on and not said.intents else "reply",
        intents=tuple(i for i in INTENTS if i in said.intents),
        numbers=tuple(dict.fromkeys(number for number, _, _ in per_invoice)),
        promise_on=said.promise_on,
        promise_amount=said.promise_amount,
        promise_means=said.promise_means,
        paid_on=said.paid_on,
        paid_amount=said.paid_amount,
        reference=said.reference[:140],
        dispute_reason=said.dispute_reason,
        contacts=said.contacts,
        return_on=said.return_on,
        per_invoice=tuple(per_invoice),
    )


def _told(said: Meaning) -> dict[str, Any]:
    """What the person said, beside what was read: for whoever opens the mail later."""
    money = {k: str(v.amount) if (v := getattr(said, k)) else None for k in ("promise_amount", "paid_amount")}
    days = {k: v.isoformat() if (v := getattr(said, k)) else None for k in ("promise_on", "paid_on", "return_on")}
    return {
        "intents": list(said.intents),
        "invoices": _numbers(said),
        **money,
        **days,
        "reference": said.reference,
        "dispute_reason": said.dispute_reason,
        "contacts": list(said.contacts),
    }


def _numbers(said: Meaning) -> list[str]:
    return sorted({number for intent in said.intents for number in said.numbers.get(intent, ())})


def _example(mail: MailRecord, said: Meaning) -> str:
    """The line that teaches; empty where nothing of the client's own words is on record."""
    words = str(mail.reading.get("own_words") or "")
    if not words.strip():
        return ""
    sum_ = said.paid_amount.amount if said.paid_amount else None
    paid = Remittance(date=said.paid_on, amount=sum_, reference=said.reference or None)
    promised = Promise(date=said.promise_on, amount=said.promise_amount.amount if said.promise_amount else None)
    reading = Reading(
        kind="reply",
        language=str(mail.reading.get("language") or "fr"),
        invoices=tuple(_numbers(said)),
        promise=promised,
        remittance=paid,
        dispute=Dispute(reason=next((r for r in DISPUTE_REASONS if r == said.dispute_reason), "other")),
        contacts=said.contacts,
        own_words=words,
    )
    intents = [i for i in INTENTS if i in said.intents]
    # These two go to a person whatever is said besides.
    return example_line(
        reading, id=f"corrected-{mail.id[:16]}", written_at=mail.received_at, intents=intents,
        decision="review" if {"insolvency", "complaint"} & set(intents) else "apply", why="corrected by a person",
    )  # fmt: skip

