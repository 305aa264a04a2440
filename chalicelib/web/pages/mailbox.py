"""The mailbox: each mail as it was read, the client's words beside what was understood, and a person's decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.domain.calendar import local_day
from chalicelib.domain.debtor_file import DebtorFile, Notice
from chalicelib.domain.money import Money
from chalicelib.domain.plans import offers
from chalicelib.errors import BadInput, PermanentError
from chalicelib.ledger.cells import Unreadable, money
from chalicelib.pipeline.before_tonight import preview_order
from chalicelib.pipeline.keep import office_of
from chalicelib.pipeline.settle_mail import (
    AlreadySettled,
    Meaning,
    NoSuchMail,
    accept,
    answer_mail,
    correct,
    nothing_to_do,
    opened,
    order_of,
    read_again,
    reassign,
)
from chalicelib.ports import MailRecord, MailState, Parts, Shelf
from chalicelib.web.pages import mailbox_view as view
from chalicelib.web.pages import mailbox_words as words
from chalicelib.web.pages.find import debtors_named
from chalicelib.web.pages.guard import NotFound, Visit, act, page
from chalicelib.web.pages.render import amount, day, texts
from chalicelib.web.pages.session import Role

ON_A_PAGE = 30
LINK_SECONDS = 120
INVOICES_SHOWN = 40
OF_INVOICES = ("promise_to_pay", "remittance", "dispute", "payment_plan_request", "document_request")
"""What may be said of one invoice and not of another."""


@page("/ops/mailbox", Role.VIEWER)
def mailbox(visit: Visit) -> Response:
    """A list of mails, the last received first: a query for each shelf, a batch for the page."""
    parts = bootstrap.parts()
    shelf = visit.query.get("shelf", "review")
    shelf = shelf if shelf in words.SHELVES else "review"
    after = visit.query.get("after", "")[:200]
    shelves = () if shelf == "all" else (Shelf(shelf),)
    found = parts.mail_log.on_shelf(*shelves, limit=ON_A_PAGE, after=after)
    debtors = parts.store.debtors({mail.debtor_id for mail in found.mails if mail.debtor_id})
    return visit.show(
        "mailbox/mailbox.html.j2", mails=found.mails, next=found.next, first=not after, shelf=shelf, words=words,
        debtors=debtors, snippet=view.snippet,
    )  # fmt: skip


@page("/ops/mailbox/{mail_id}", Role.VIEWER)
def one_mail(visit: Visit, mail_id: str) -> Response:
    return _mail_page(visit, _mail(mail_id))


@page("/ops/mailbox/{mail_id}/eml", Role.VIEWER)
def original(visit: Visit, mail_id: str) -> Response:
    """The mail as it came, from the archive's own address: no script of ours ever sees it as a page."""
    mail = _mail(mail_id)
    if not mail.size:
        raise NotFound("the mail server never gave it")
    return visit.leave(
        bootstrap.parts().archive.link(mail.archive, seconds=LINK_SECONDS, name=f"mail-{mail.id[:12]}.eml")
    )


@page("/ops/mailbox/{mail_id}/files/{number}", Role.VIEWER)
def attached_file(visit: Visit, mail_id: str, number: str) -> Response:
    """An attached file, to be saved and never to be shown."""
    mail, parts = _mail(mail_id), bootstrap.parts()
    if not number.isdecimal():
        raise NotFound("no such file")
    try:
        key, name = view.attached(parts, mail, int(number))
    except PermanentError as error:
        raise NotFound(str(error)) from error
    return visit.leave(parts.archive.link(key, seconds=LINK_SECONDS, name=name))


@act("/ops/mailbox/{mail_id}/accept", Role.COLLECTOR)
def accept_mail(visit: Visit, mail_id: str) -> Response:
    t = texts(visit.language)
    done = t.gettext("Accepted: what was read is applied")
    return _settled(visit, mail_id, done, accept)


@act("/ops/mailbox/{mail_id}/nothing", Role.COLLECTOR)
def nothing(visit: Visit, mail_id: str) -> Response:
    t = texts(visit.language)
    done = t.gettext("Set aside: there is nothing to do")
    return _settled(visit, mail_id, done, nothing_to_do, note=visit.said("note")[:500])


@act("/ops/mailbox/{mail_id}/again", Role.COLLECTOR)
def again(visit: Visit, mail_id: str) -> Response:
    t = texts(visit.language)
    done = t.gettext("It will be read again within a minute")
    return _settled(visit, mail_id, done, read_again)


@act("/ops/mailbox/{mail_id}/debtor", Role.COLLECTOR)
def give_to(visit: Visit, mail_id: str) -> Response:
    t, debtor_id = texts(visit.language), visit.said("debtor")
    mail = _mail(mail_id)
    if not debtor_id or bootstrap.parts().store.load(debtor_id) is None:
        return _mail_page(visit, mail, errors={"debtor": t.gettext("Choose a debtor of the list.")})
    try:
        done = t.gettext("Reassigned, and read as this debtor’s")
        return _settled(visit, mail_id, done, reassign, debtor_id)
    except BadInput:
        return _mail_page(visit, mail, errors={"debtor": t.gettext(words.WRONG["debtor"])})


@act("/ops/mailbox/{mail_id}/correct", Role.COLLECTOR)
def correct_mail(visit: Visit, mail_id: str) -> Response:
    t, mail = texts(visit.language), _mail(mail_id)
    file = _file(mail)
    if file is None:
        return _mail_page(visit, mail, errors={"debtor": t.gettext("Say first whose mail it is.")})
    try:
        said = _meaning(visit, file, mail)
        done = t.gettext("Corrected, applied, and kept as an example")
        return _settled(visit, mail_id, done, correct, said)
    except BadInput as error:
        wrong = words.WRONG.get(error.where.partition(":")[0], words.WRONG["day"])
        return _mail_page(visit, mail, errors={error.where: t.gettext(wrong)}, typed=visit.form)


@page("/ops/mailbox/{mail_id}/answer", Role.COLLECTOR)
def answer_form(visit: Visit, mail_id: str) -> Response:
    return _answer_page(visit, _mail(mail_id), visit.query.get("template", "answer"), "")


@act("/ops/mailbox/{mail_id}/answer", Role.COLLECTOR)
def answer(visit: Visit, mail_id: str) -> Response:
    """Show how the answer will look, or (`go=send`) order it."""
    t, template, said = texts(visit.language), visit.said("template"), visit.said("words")
    mail = _mail(mail_id)
    if visit.said("go") != "send":
        return _answer_page(visit, mail, template, said, typed=True)
    try:
        done = t.gettext("Your answer leaves within the client’s hours")
        return _settled(visit, mail_id, done, answer_mail, _template(template), words=said)
    except BadInput as error:
        return _answer_page(visit, mail, template, said, typed=True, error=error)


@dataclass(frozen=True)
class _Filled:
    """What stands in a form's fields, and whether it is unfolded."""

    get: Callable[[str], str]
    has: Callable[[str, str], bool]
    open: bool


def _settled(
    visit: Visit, mail_id: str, done: str, verb: Callable[..., MailRecord], *what: Any, **how: Any
) -> Response:
    """Do it, and say so; whoever was first is named, and nothing is done twice."""
    t, turn = texts(visit.language), visit.said("turn")
    if not turn.isdecimal():
        raise BadInput("turn", "the form is not whole", "load the page anew")
    try:
        after = verb(bootstrap.parts(), mail_id, *what, turn=int(turn), at=visit.at, who=visit.who, **how)
    except NoSuchMail as error:
        raise NotFound(str(error)) from error
    except AlreadySettled:
        mail = _mail(mail_id)
        verdict = t.gettext(words.VERDICTS[mail.verdict]) if mail.verdict in words.VERDICTS else ""
        told = t.gettext("Somebody was first: %(verdict)s, %(who)s. Nothing was done twice.")
        return visit.go(f"/ops/mailbox/{mail_id}", said=told % {"verdict": verdict, "who": mail.settled_by})
    if after.asks or after.state is MailState.ARCHIVED:
        return visit.go(f"/ops/mailbox/{mail_id}", said=done)
    return visit.go("/ops/mailbox", said=done, shelf=visit.said("shelf") if visit.said("shelf") != "review" else "")


def _mail(mail_id: str) -> MailRecord:
    try:
        return opened(bootstrap.parts(), mail_id)
    except NoSuchMail as error:
        raise NotFound(str(error)) from error


def _file(mail: MailRecord) -> DebtorFile | None:
    return bootstrap.parts().store.load(mail.debtor_id) if mail.debtor_id else None


def _mail_page(
    visit: Visit, mail: MailRecord, *, errors: Mapping[str, str] | None = None,
    typed: Mapping[str, list[str]] | None = None,
) -> Response:  # fmt: skip
    parts, file = bootstrap.parts(), _file(mail)
    cases = file.open_cases()[:INVOICES_SHOWN] if file else []
    said = mail.reading
    asked = visit.query.get("q", "").strip()[:120]
    evidence = [one for one in said.get("evidence") or () if one.get("words")]
    doubts = [code for code in said.get("doubts") or () if code in words.DOUBTS]
    reason = said.get("reason") or ""
    why = list(dict.fromkeys([code for code in (reason, *doubts) if code in words.DOUBTS]))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return visit.show(
        "mailbox/mail.html.j2", status=status, mail=mail, file=file, said=defaultdict(lambda: None, said), words=words,
        cases=cases,
        pieces=view.pieces(str(said.get("own_words") or ""), evidence),
        elsewhere=[one for one in evidence if one.get("where", "body") != "body"],
        shown=view.shown(parts, mail), why=why, errors=defaultdict(str, errors or {}),
        form=_form(mail, typed),
        understood=_understood(visit, mail, file), notice=_notice(file, mail), asked=asked,
        found=debtors_named(parts.store, asked) if asked else [], of_invoices=OF_INVOICES,
        is_open=mail.shelf in (Shelf.REVIEW, Shelf.UNMATCHED, Shelf.QUARANTINED), has_said=bool(said.get("intents")),
    )  # fmt: skip


def _notice(file: DebtorFile | None, mail: MailRecord) -> Notice | None:
    return file.notices.get(mail.notice_id) if file and mail.notice_id else None


def _understood(visit: Visit, mail: MailRecord, file: DebtorFile | None) -> list[tuple[str, str]]:
    """The facts that were read, each with its label, in the person's language."""
    t, said = texts(visit.language).gettext, mail.reading
    currency = file.open_cases()[0].balance.currency if file and file.open_cases() else ""

    def sum_(text: str | None) -> str:
        if not text:
            return ""
        return amount(Money.of(Decimal(text), currency), visit.language) if currency else text

    def on(text: str | None) -> str:
        return day(date.fromisoformat(text), visit.language) if text else ""

    promise, paid = said.get("promise") or {}, said.get("remittance") or {}
    bounce, dispute = said.get("bounce") or {}, said.get("dispute") or {}
    facts = [
        (t("Invoices"), ", ".join(said.get("invoices") or ())),
        (t("Promised for"), on(promise.get("date"))),
        (t("Amount promised"), sum_(promise.get("amount"))),
        (t("Paid on"), on(paid.get("date"))),
        (t("Amount paid"), sum_(paid.get("amount"))),
        (t("Reference of the payment"), paid.get("reference") or ""),
        (t("What is disputed"), t(words.DISPUTES.get(dispute["reason"], "")) if dispute.get("reason") else ""),
        (t("New contacts"), ", ".join(said.get("contacts") or ())),
        (t("Back on"), on(said.get("return_date"))),
        (t("Did not reach"), bounce.get("recipient") or ""),
    ]
    return [(label, value) for label, value in facts if value]


def _form(mail: MailRecord, typed: Mapping[str, list[str]] | None) -> _Filled:
    """What the form of a correction shows: what was typed, else what was understood."""
    if typed is not None:
        return _Filled(
            get=lambda name: next(iter(typed.get(name, ())), ""),
            has=lambda name, value: value in typed.get(name, ()),
            open=True,
        )
    said = mail.reading
    promise, paid = said.get("promise") or {}, said.get("remittance") or {}
    values = {
        "promise_on": promise.get("date"), "promise_amount": promise.get("amount"), "paid_on": paid.get("date"),
        "paid_amount": paid.get("amount"), "reference": paid.get("reference"),
        "dispute_reason": (said.get("dispute") or {}).get("reason"), "contacts": ", ".join(said.get("contacts") or ()),
        "return_on": said.get("return_date"),
    }  # fmt: skip
    facts = [(f.get("intent"), f.get("invoice"), f.get("date")) for f in said.get("facts") or ()]
    values.update({f"day:{number}": on for intent, number, on in facts if intent == "promise_to_pay" and number and on})
    intents, invoices = list(said.get("intents") or ()), list(said.get("invoices") or ())
    singled = {(intent, number) for intent, number, _ in facts if number}

    def has(name: str, value: str) -> bool:
        if name == "intents":
            return value in intents
        intent = name.partition(":")[2]
        if any(one == intent for one, _ in singled):
            return (intent, value) in singled
        return intent in intents and value in invoices

    return _Filled(get=lambda name: values.get(name) or "", has=has, open=False)


def _meaning(visit: Visit, file: DebtorFile, mail: MailRecord) -> Meaning:
    """What was filled in. BadInput names the field that does not do."""
    intents = tuple(intent for intent in words.INTENTS if intent in visit.all_said("intents"))
    cases = file.open_cases()
    numbers = {i: tuple(visit.all_said(f"numbers:{i}")) for i in intents if i in OF_INVOICES}
    currency = next((c.balance.currency for c in cases), "EUR")
    days = {c.number: on for c in cases if (on := _day(visit, f"day:{c.number}"))}
    promised = set(numbers.get("promise_to_pay", ()))
    return Meaning(
        intents=intents,
        numbers=numbers,
        promise_on=_day(visit, "promise_on"),
        promise_days={number: on for number, on in days.items() if number in promised},
        promise_amount=_amount(visit, "promise_amount", currency),
        promise_means=visit.said("promise_means")[:60],
        paid_on=_day(visit, "paid_on"),
        paid_amount=_amount(visit, "paid_amount", currency),
        reference=visit.said("reference")[:140],
        dispute_reason=visit.said("dispute_reason"),
        contacts=tuple(one for one in visit.said("contacts").replace(",", " ").split() if "@" in one)[:20],
        return_on=_day(visit, "return_on"),
        note=visit.said("note")[:500],
    )


def _day(visit: Visit, name: str) -> date | None:
    text = visit.said(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInput(name, f"{text!r} is no day", "write YYYY-MM-DD") from error


def _amount(visit: Visit, name: str, currency: str) -> Money | None:
    text = visit.said(name)
    if not text:
        return None
    try:
        found = money(text, currency, "")
    except Unreadable as error:
        raise BadInput(name, f"{text!r} is no amount", "write 1234.56") from error
    if found.amount <= 0:
        raise BadInput(name, "it is nothing", "write 1234.56")
    return found


def _template(choice: str) -> str:
    return "answer" if choice == "plan_offer" else choice


def _answer_page(
    visit: Visit, mail: MailRecord, choice: str, said: str, *, typed: bool = False, error: BadInput | None = None
) -> Response:
    t, parts, file = texts(visit.language), bootstrap.parts(), _file(mail)
    if file is None or mail.state is not MailState.READ:
        return _mail_page(visit, mail, errors={"debtor": t.gettext("Say first whose mail it is.")})
    choice = choice if choice in words.ANSWERS else "answer"
    if choice == "plan_offer" and not typed:
        said = _plan_offer(parts, file, visit)
    shown, why = None, ""
    if _template(choice) != "answer" or said:
        try:
            office = office_of(parts)
            order = order_of(mail, file, _template(choice), said, today=local_day(visit.at, office.creditor.zone))
            shown, why = preview_order(parts, file, order, at=visit.at)
        except BadInput as refused:
            error = error or refused
    wrong = {error.where: t.gettext(words.WRONG.get(error.where, words.WRONG["template"]))} if error else {}
    return visit.show(
        "mailbox/answer.html.j2", status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong and typed else HTTPStatus.OK,
        mail=mail, file=file, choice=choice, said=said, preview=shown, held=why, errors=defaultdict(str, wrong),
        words=words,
    )  # fmt: skip


def _plan_offer(parts: Parts, file: DebtorFile, visit: Visit) -> str:
    """The policy's own plan in words, in the client's language, for the person to change."""
    language = file.debtor.language if file.debtor.language in ("fr", "en") else "en"
    t, office = texts(language), office_of(parts)
    found = [o for o in offers(file, (), office, on=local_day(visit.at, office.creditor.zone)) if o.instalments]
    if not found:
        return ""
    lines = [t.gettext("We can offer you to pay in instalments:")]
    for instalment in found[0].instalments:
        told = {"amount": amount(instalment.amount, language), "day": day(instalment.due_on, language)}
        lines.append("– " + t.gettext("%(amount)s by %(day)s") % told)
    lines.append(t.gettext("If this suits you, please confirm it by answering this message."))
    return "\n".join(lines)
