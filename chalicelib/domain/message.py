"""What a mail to a debtor says: every line, sum and date of a notice, before anybody chooses words or layout.

Only what the notice takes for a step is asked for. Everything else that is open in its currency is shown with
its state and never summed into what is asked: a disputed, promised or announced invoice is named, not chased.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from chalicelib.domain.calls import left_alone
from chalicelib.domain.creditor import Creditor, Persona
from chalicelib.domain.debtor_file import (
    Case,
    ClaimState,
    Debtor,
    DebtorFile,
    DebtorKind,
    Fact,
    Letter,
    Notice,
    NoticeState,
    Order,
    PromiseState,
)
from chalicelib.domain.money import Money, total
from chalicelib.domain.transfer_code import remittance_text, transfer_code
from chalicelib.errors import BadInput

LANGUAGES = ("fr", "en")
"""The languages that we write in."""

FORMAL_NOTICE = "formal_notice"
FORMAL_NOTICE_DAYS = 8

OTHERS_SHOWN = 30

_DAYS_TO_PAY = {"second_reminder": 5, "third_reminder": 5, "last_reminder": 7}
"""Days that a reminder leaves: fewer than to the next rung, so that its day is over by then."""

INDEMNITY = Money.of(40, "EUR")
"""For recovery costs, a late invoice: Code de commerce D441-5, Code de la commande publique D2192-35."""

# Controls, halves of characters, line separators, and the marks that reverse the direction of what follows.
_UNTRUSTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")

_EU = frozenset(re.findall("..", "ATBEBGCYCZDEDKEEESFIFRGRHRHUIEITLTLULVMTNLPLPTROSESISK"))


class Kind(StrEnum):
    """What a mail is for, read off its template."""

    REMINDER = "reminder"
    CALL_AGREED = "call_agreed"  # confirms in writing what was agreed on the phone
    ASK_PROMISE = "ask_promise"  # answers a vague promise: which amount, which day, by what means?
    DOCUMENT_SENT = "document_sent"  # encloses what the debtor asked for
    ORDERED = "ordered"  # anything else that was ordered: its template says what


class Standing(StrEnum):
    """Where an invoice stands, as the debtor may know it (our own blocks are nobody else's business)."""

    ASKED = "asked"
    LATE = "late"
    UPCOMING = "upcoming"
    DISPUTED = "disputed"
    PROMISED = "promised"
    PLANNED = "planned"  # a payment plan runs
    ANNOUNCED = "announced"  # the debtor says that it has paid
    COVERED = "covered"  # by credit notes or payments on the account


class Law(StrEnum):
    """Which rule on late payment the mail may cite: only where both parties sit under it."""

    FR_BUSINESS = "fr_business"  # Code de commerce L441-10 and D441-5
    FR_PUBLIC = "fr_public"  # Code de la commande publique L2192-13, R2192-31 and D2192-35
    FR_CONSUMER = "fr_consumer"  # Code civil 1231-6: legal rate, from the formal notice on, no indemnity
    EU_BUSINESS = "eu_business"  # Directive 2011/7/EU, articles 3 and 6
    GB_BUSINESS = "gb_business"  # Late Payment of Commercial Debts (Interest) Act 1998
    NONE = "none"


_FRENCH = {
    DebtorKind.BUSINESS: Law.FR_BUSINESS,
    DebtorKind.PUBLIC: Law.FR_PUBLIC,
    DebtorKind.CONSUMER: Law.FR_CONSUMER,
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One open invoice. `on`: the day promised, or the day on which payment was announced as made."""

    number: str
    issued_on: date
    due_on: date
    days_late: int  # 0 up to and on the due date
    amount: Money
    balance: Money
    standing: Standing
    on: date | None = None
    purchase_order: str = ""
    document: str = ""

    @property
    def is_late(self) -> bool:
        return self.days_late > 0

    @property
    def is_part_paid(self) -> bool:
        return self.balance != self.amount


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """An earlier mail about what is asked now, by the template whose words it used."""

    on: date
    template: str
    to: str
    before_due: bool  # a courtesy, no reminder: nothing of it was late yet


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A promise as we understood it: what will be paid, by which day, by what means (may be empty)."""

    numbers: tuple[str, ...]
    amount: Money
    pay_on: date
    means: str
    made_on: date


@dataclass(frozen=True, kw_only=True)
class Message:
    """Everything a mail says. Sums are in `currency`; `to_pay` is `asked_total` less spare credit."""

    kind: Kind
    template: str
    language: str
    currency: str
    written_on: date
    creditor: Creditor
    debtor: Debtor
    persona: Persona
    addressee: str
    asked: tuple[Line, ...]
    others: tuple[Line, ...]
    asked_total: Money
    credit: Money
    to_pay: Money
    pay_by: date | None
    earlier: tuple[Earlier, ...]
    thread: tuple[str, ...]  # message ids of our earlier mails in this conversation, oldest first
    agreed: tuple[Agreement, ...]
    broken: tuple[Agreement, ...]
    law: Law
    indemnity: Money | None
    asks_to_pay: bool  # then it shows the sum and our bank details
    internal: bool  # to one of our own people
    facts: tuple[Fact, ...]  # what an ordered mail was given to say
    letter: Letter | None  # the formal notice that it encloses
    remittance: str  # what the debtor writes on the transfer
    transfer_code: str  # what the QR code of the transfer holds; empty where it cannot have one

    @property
    def is_formal(self) -> bool:
        return self.template == FORMAL_NOTICE

    @property
    def demanded(self) -> tuple[Money, ...]:
        """What is demanded in each currency, that of this mail first."""
        sums = self.letter.totals if self.letter else ()
        return (self.to_pay, *(one for one in sums if one.currency != self.currency))

    def fact(self, name: str) -> Fact:
        """The first fact of that name; an empty one where there is none."""
        return next((fact for fact in self.facts if fact.name == name), Fact(name=name))

    def all(self, name: str) -> tuple[Fact, ...]:
        """Every fact of that name, in order."""
        return tuple(fact for fact in self.facts if fact.name == name)

    @property
    def title(self) -> str:
        """The writer's job title in the language of the mail; empty where the file has none."""
        return self.persona.title.get(self.language, "")

    @property
    def full_name(self) -> str:
        """The creditor with its legal form, as a contract names it: without the capital that letters must print."""
        form = self.creditor.legal_form.partition(" au capital")[0]
        return _with_form(self.creditor.name, form)

    @property
    def imprint(self) -> tuple[str, ...]:
        name = _with_form(self.creditor.name, self.creditor.legal_form)
        return tuple(part for part in (name, *self.creditor.address, self.creditor.legal_id) if part)

    @property
    def debtor_imprint(self) -> tuple[str, ...]:
        parts = (self.debtor.name, *self.debtor.address, self.debtor.legal_id)
        return tuple(part for part in parts if part)

    @property
    def late(self) -> tuple[Line, ...]:
        return tuple(line for line in self.asked if line.is_late)

    @property
    def reminders(self) -> tuple[Earlier, ...]:
        """The earlier mails that were reminders, of what was late already."""
        return tuple(mail for mail in self.earlier if not mail.before_due)

    @property
    def others_shown(self) -> tuple[Line, ...]:
        """The other invoices that the mail lists one by one, the oldest due first."""
        return self.others[:OTHERS_SHOWN]

    @property
    def others_summed(self) -> tuple[Line, ...]:
        """Those that it gives as a number and a sum: nobody reads two thousand lines, and mail programs cut them."""
        return self.others[OTHERS_SHOWN:]

    def sum(self, lines: tuple[Line, ...]) -> Money:
        return total((line.balance for line in lines), self.currency)

    @property
    def documents(self) -> tuple[Line, ...]:
        return tuple(line for line in self.asked if line.document and not self.internal)


def written_in(language: str) -> str:
    """The language of ours in which whoever speaks this one is written to: English, unless we write theirs."""
    return language if language in LANGUAGES else "en"


def compose(file: DebtorFile, notice: Notice, creditor: Creditor, *, today: date) -> Message:
    """What this notice says to the debtor on `today` (a day of the creditor's calendar).

    Refuses with BadInput when nothing of what it takes may be asked for any more: a mail that asks for what
    was paid, disputed or promised meanwhile is the one mail that must not leave.
    """
    file = _as_of(file, today)
    template = notice.template or notice.step
    order = file.orders.get(notice.id)
    letter = file.letters.get(notice.letter)
    kind = _kind(template, order)
    open_cases = [c for c in file.open_cases() if c.balance.currency == notice.currency]
    covered, credit = file.covered(notice.currency)
    about = _demanded(file, letter, notice) if letter else _asked(file, notice, kind, covered, today)
    numbers = {case.number for case in about}
    agreed = _agreements(file, numbers, notice.currency, PromiseState.OPEN)
    names_none = order is not None and not order.numbers
    promised = kind is Kind.CALL_AGREED and (order is None or order.pay_by is not None)
    if (not about and not names_none) or (promised and not agreed):
        what = "none of its invoices may be asked for any more" if not about else "no promise of it is open"
        raise BadInput(f"notice {notice.id}", what, "look at the debtor's file again")
    agreed = agreed if promised else ()
    internal = order is not None and order.internal
    asks_to_pay = order.to_pay is not None or kind is Kind.ASK_PROMISE if order else kind is not Kind.DOCUMENT_SENT
    broken = _agreements(file, numbers, notice.currency, PromiseState.BROKEN)
    asked = [
        _line(file, case, today, _asked_as(file, case, covered, today, asks_to_pay=asks_to_pay, ordered=bool(order)))
        for case in about
    ]
    others = [
        _line(file, case, today, _standing(file, case, covered, today))
        for case in open_cases if case.number not in numbers and not internal
    ]  # fmt: skip
    asked_total = total((line.balance for line in asked), notice.currency)
    credit = Money.zero(notice.currency) if agreed else _smaller(credit, asked_total)
    to_pay = total((a.amount for a in agreed), notice.currency) if agreed else asked_total - credit
    pay_by = agreed[0].pay_on if len(agreed) == 1 else _pay_by(template, creditor, today)
    if order and not agreed:
        to_pay, pay_by = order.to_pay or to_pay, order.pay_by or pay_by
    if letter:  # interest and indemnities are in what the letter demands
        demanded = next((sum_ for sum_ in letter.totals if sum_.currency == notice.currency), to_pay)
        to_pay, pay_by = demanded, letter.deadline_on
    late = sum(line.is_late for line in asked)
    law = _law(creditor, file.debtor) if late and not file.insolvent_since_on else Law.NONE
    remittance = remittance_text(line.number for line in asked)
    asks_one_sum = asks_to_pay and len(agreed) < 2
    return Message(
        kind=kind,
        template=template,
        language=written_in(notice.language),
        currency=notice.currency,
        written_on=today,
        creditor=_clean_creditor(creditor),
        debtor=_clean_debtor(file.debtor),
        persona=_clean_persona(creditor.persona(notice.sender)),
        addressee=_colleague(creditor, notice) if internal else _addressee(file, notice),
        asked=tuple(asked),
        others=tuple(others),
        asked_total=asked_total,
        credit=credit,
        to_pay=to_pay,
        pay_by=pay_by,
        earlier=_earlier(file, notice, numbers),
        thread=() if internal else _thread(file, notice),
        agreed=agreed,
        broken=broken if kind is Kind.REMINDER else (),
        law=law,
        asks_to_pay=asks_to_pay,
        internal=internal,
        facts=tuple(replace(fact, text=_one_line(fact.text)) for fact in order.facts) if order else (),
        letter=letter,
        indemnity=_times(INDEMNITY, late) if law in (Law.FR_BUSINESS, Law.FR_PUBLIC) else None,
        remittance=remittance,
        transfer_code=transfer_code(
            name=creditor.name, iban=creditor.iban, bic=creditor.bic, amount=to_pay, remittance=remittance
        ) if asks_one_sum else "",
    )  # fmt: skip


def _kind(template: str, order: Order | None) -> Kind:
    if template in (Kind.CALL_AGREED, Kind.ASK_PROMISE, Kind.DOCUMENT_SENT):
        return Kind(template)
    return Kind.ORDERED if order else Kind.REMINDER


def _as_of(file: DebtorFile, today: date) -> DebtorFile:
    """The file without the promises, announcements and blocks whose time is over.

    The run that writes this mail notes their end in the same moment, and may do so only after it.
    """
    promises = {
        id_: replace(p, state=PromiseState.BROKEN) if p.state is PromiseState.OPEN and p.grace_on < today else p
        for id_, p in file.promises.items()
    }
    claims = {
        id_: replace(c, state=ClaimState.LAPSED) if c.state is ClaimState.OPEN and c.hold_on < today else c
        for id_, c in file.claims.items()
    }
    blocks = {
        id_: replace(b, lifted_on=today) if b.over_on(today) else b
        for id_, b in file.blocks.items()
    }
    return replace(file, promises=promises, claims=claims, blocks=blocks)


def _asked(file: DebtorFile, notice: Notice, kind: Kind, covered: frozenset[str], today: date) -> list[Case]:
    """The cases that this mail is about, in the order of their due dates."""
    taken = dict(notice.takes)
    cases = [c for c in file.cases.values() if c.number in taken and c.balance.currency == notice.currency]
    cases.sort(key=lambda c: (c.due_on, c.number))
    if kind is Kind.DOCUMENT_SENT:  # a copy of a paid invoice may be asked for too
        return cases
    cases = [c for c in cases if c.is_open]
    if kind is not Kind.REMINDER:
        return cases
    cases = [c for c in cases if not _on_hold(file, c) and c.number not in covered]
    if (notice.template or notice.step) == FORMAL_NOTICE:  # what joined it for a lower step is only shown
        return [c for c in cases if taken[c.number] == notice.step]
    # In a reminder of what is late, an invoice that is not yet due is mentioned, not asked for.
    return [c for c in cases if c.due_on < today] or cases


def _demanded(file: DebtorFile, letter: Letter, notice: Notice) -> list[Case]:
    """What the letter demands in the mail's currency; none where something of it is settled or held by now."""
    if any(n not in file.cases or not file.cases[n].is_open or _on_hold(file, file.cases[n]) for n in letter.numbers):
        return []
    cases = [file.cases[n] for n in letter.numbers]
    return [c for c in cases if c.balance.currency == notice.currency]


def _on_hold(file: DebtorFile, case: Case) -> bool:
    return file.insolvent_since_on is not None or left_alone(file, case.number)


def _asked_as(
    file: DebtorFile, case: Case, covered: frozenset[str], today: date, *, asks_to_pay: bool, ordered: bool
) -> Standing:
    """A mail about a plan asks for an instalment: its invoices are part of the plan, not late."""
    if ordered and file.plan_on(case.number):
        return Standing.PLANNED
    return Standing.ASKED if asks_to_pay else _standing(file, case, covered, today)


def _standing(file: DebtorFile, case: Case, covered: frozenset[str], today: date) -> Standing:
    if file.dispute_on(case.number):
        return Standing.DISPUTED
    if file.claim_on(case.number):
        return Standing.ANNOUNCED
    if file.plan_on(case.number):
        return Standing.PLANNED
    if file.promise_on(case.number):
        return Standing.PROMISED
    if case.number in covered:
        return Standing.COVERED
    return Standing.LATE if case.due_on < today else Standing.UPCOMING


def _line(file: DebtorFile, case: Case, today: date, standing: Standing) -> Line:
    on = None
    if standing is Standing.PROMISED and (promise := file.promise_on(case.number)):
        on = promise.pay_on
    if standing is Standing.ANNOUNCED and (claim := file.claim_on(case.number)):
        on = claim.paid_on or claim.claimed_on
    return Line(
        number=_one_line(case.number),
        issued_on=case.issued_on,
        due_on=case.due_on,
        days_late=max((today - case.due_on).days, 0),
        amount=case.amount,
        balance=case.balance,
        standing=standing,
        on=on,
        purchase_order=_one_line(case.purchase_order),
        document=case.document,
    )


def _addressee(file: DebtorFile, notice: Notice) -> str:
    """The contact's name, unless somebody else (a replacement) gets the mail."""
    contact = file.contacts.get(notice.contact)
    return _one_line(contact.name) if contact and contact.email == notice.to else ""


def _colleague(creditor: Creditor, notice: Notice) -> str:
    """The name of the persona whose address it is."""
    found = (p.name for p in creditor.personas.values() if p.email.lower() == notice.to.lower())
    return _one_line(next(found, ""))


def _pay_by(template: str, creditor: Creditor, today: date) -> date | None:
    """The day by which it asks to be paid: a business day, but the eighth day in a formal notice."""
    if template == FORMAL_NOTICE:
        return today + timedelta(days=FORMAL_NOTICE_DAYS)
    if template not in _DAYS_TO_PAY:
        return None
    return creditor.calendar.add(today + timedelta(days=_DAYS_TO_PAY[template] + 1), -1)


def _earlier(file: DebtorFile, notice: Notice, numbers: set[str]) -> tuple[Earlier, ...]:
    """Our earlier mails that reached the debtor about any of what is asked now, oldest first."""
    mails = []
    for mail in _sent_before(file, notice):
        about = [file.cases[n] for n, _ in mail.takes if n in numbers]
        template = mail.template or mail.step
        if about and not mail.ordered and template not in set(Kind):
            before_due = all(case.due_on >= mail.on for case in about)
            mails.append(Earlier(on=mail.on, template=template, to=mail.to, before_due=before_due))
    return tuple(mails)


def _thread(file: DebtorFile, notice: Notice) -> tuple[str, ...]:
    same = (m for m in _sent_before(file, notice) if m.language == notice.language and m.message_id)
    return tuple(mail.message_id for mail in same)


def _sent_before(file: DebtorFile, notice: Notice) -> list[Notice]:
    """Mails of this currency that left and did not come back; what may be lost is held against nobody."""
    return sorted(
        (
            m for m in file.notices.values()
            if m.id != notice.id and m.state is NoticeState.SENT and m.currency == notice.currency and not m.internal
            and m.on <= notice.on
        ),
        key=lambda m: (m.on, m.settled_at.timestamp() if m.settled_at else 0.0, m.id),
    )  # fmt: skip


def _agreements(file: DebtorFile, numbers: set[str], currency: str, state: PromiseState) -> tuple[Agreement, ...]:
    found = []
    for promise in sorted(file.promises.values(), key=lambda p: (p.pay_on, p.id)):
        about = [
            file.cases[n] for n in promise.numbers
            if n in file.cases and file.cases[n].balance.currency == currency
        ]  # fmt: skip
        if promise.state is not state or not any(case.number in numbers for case in about):
            continue
        found.append(
            Agreement(
                numbers=tuple(_one_line(case.number) for case in about),
                amount=promise.amount or total((case.balance for case in about), currency),
                pay_on=promise.pay_on,
                means=_one_line(promise.means),
                made_on=promise.made_on,
            )
        )
    return tuple(found)


def _law(creditor: Creditor, debtor: Debtor) -> Law:
    parties = (creditor.country, debtor.country)
    if parties == ("FR", "FR"):
        return _FRENCH[debtor.kind]
    if debtor.kind is DebtorKind.CONSUMER:
        return Law.NONE
    if _EU.issuperset(parties):
        return Law.EU_BUSINESS
    return Law.GB_BUSINESS if parties == ("GB", "GB") else Law.NONE


def _times(money: Money, count: int) -> Money:
    return Money.of(money.amount * count, money.currency)


def _with_form(name: str, form: str) -> str:
    """The legal form follows the name, unless the name ends in it already."""
    said = form.partition(" ")[0]
    return name if not form or said.lower() in name.lower().split() else f"{name} {form}"


def _clean_creditor(creditor: Creditor) -> Creditor:
    return replace(
        creditor,
        name=_one_line(creditor.name),
        legal_form=_one_line(creditor.legal_form),
        address=_lines(creditor.address),
        legal_id=_one_line(creditor.legal_id),
        vat_number=_one_line(creditor.vat_number),
        iban=_one_line(creditor.iban),
        bic=_one_line(creditor.bic),
    )


def _clean_debtor(debtor: Debtor) -> Debtor:
    return replace(
        debtor,
        name=_one_line(debtor.name),
        address=_lines(debtor.address),
        legal_id=_one_line(debtor.legal_id),
    )


def _clean_persona(persona: Persona) -> Persona:
    title = {language: _one_line(words) for language, words in persona.title.items()}
    return replace(persona, name=_one_line(persona.name), title=title, phone=_one_line(persona.phone))


def _lines(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(line for text in texts if (line := _one_line(text)))


def _smaller(one: Money, other: Money) -> Money:
    return one if one <= other else other


def _one_line(text: str) -> str:
    """A line to be trusted: no breaks to smuggle more in, no controls, no marks that turn it round."""
    return " ".join(_UNTRUSTED.sub(" ", text).split())
