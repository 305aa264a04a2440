"""Personal data in a debtor's file: which words name people, whether they may go now, and what reads without them.

A person may have their data erased (Regulation (EU) 2016/679, art. 17(1)) unless the creditor needs it to establish or
exercise a legal claim (art. 17(3)(e)) or must keep it by law (art. 17(3)(b); accounting papers ten years: Code de
commerce, art. L123-22). So while a claim is open nothing is erased but a contact who has left; when none is, names,
addresses, phones and free words go, and sums, days, invoice numbers and hashes of documents stay.

`redacted` is one function for records and for the entries that led to them: folding a redacted journal gives the
redacted file, whatever was folded, and no sum, day or step of it changes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import (
    KINDS,
    Block,
    Call,
    Case,
    ClaimState,
    Contact,
    Credit,
    Debtor,
    DebtorFile,
    DebtorKind,
    Dispute,
    Fact,
    Letter,
    Notice,
    NoticeState,
    PaymentClaim,
    Task,
    TaskKind,
)
from chalicelib.domain.events import ERASED as ERASED
from chalicelib.domain.money import Money
from chalicelib.law.late_payment import time_bar_on
from chalicelib.law.rules import Rules

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """A field that may name people: what is left of it, and whether it names one person or none (`exact`).

    A place that was empty stays empty, and one that is erased stays as it is.
    """

    left: str = ERASED
    exact: bool = False
    known: bool = False  # only where it is one of their addresses: our own people stand there too
    references: bool = False  # words with a digit stay: by them a bank takes a payment back


WORDS, GONE, REFERENCES, WHO = Place(), Place(""), Place(references=True), Place(exact=True, known=True)
ADDRESS, NAMED, OF_THEIRS = Place("", exact=True), Place(exact=True), Place("", exact=True)

PERSONAL: Mapping[type, Mapping[str, Place]] = {
    Debtor: {"address": GONE, "ibans": GONE},
    Contact: {"name": NAMED, "email": OF_THEIRS, "phone": OF_THEIRS, "title": OF_THEIRS, "deputy": ADDRESS},
    Credit: {"reference": REFERENCES},
    Notice: {"to": NAMED, "cc": ADDRESS, "why": WORDS},
    Fact: {"text": WORDS},
    Call: {"spoke_to": WORDS, "note": WORDS},
    Task: {"reason": WORDS, "note": WORDS, "snoozed": WORDS},
    PaymentClaim: {"reference": WORDS},
    Dispute: {"reason": WORDS, "progress": WORDS},
    Block: {"reason": WORDS},
    Letter: {"added": GONE, "why": WORDS, "key": GONE, "proof": GONE},
    e.AbsenceNoted: {"deputy": ADDRESS},
    e.ReplyReceived: {"sender": ADDRESS},
    e.ReplySettled: {"note": WORDS},
    e.DisputeProgressed: {"note": WORDS},
    e.TaskUrged: {"reason": WORDS},
    e.TaskSnoozed: {"reason": WORDS},
    e.TaskClosed: {"note": WORDS},
    e.LetterWithdrawn: {"reason": WORDS},
    e.LetterNotPosted: {"reason": WORDS},
    e.LetterPrinted: {"key": GONE},
    e.LetterDelivered: {"proof": GONE},
    e.NoteWritten: {"text": WORDS},
    e.Entry: {"who": WHO, "why": WORDS},
}
"""By record and event the fields that may name people or hold free words, and what stands there afterwards.

A company's name and numbers are no personal data (recital 14) and its accounts need them; a consumer's go, see
`_of_a_consumer`. Our own people (who, owner, assignee, caller) stay: the creditor answers for what they did.
"""

DEFINING = (e.ContactSet, e.AbsenceNoted, e.ReplyReceived, e.NoticeClaimed, e.DebtorOpened, e.DebtorChanged)
"""Entries that tell what to look for. They are written again last, so that a crash halfway leaves them to find by."""

_A_COURT_PATH = {
    TaskKind.CHOOSE_ACTION, TaskKind.FILE_COURT_ORDER, TaskKind.FILE_SUMMARY_PROCEEDINGS, TaskKind.HAND_TO_AGENCY,
    TaskKind.SELL_CLAIM, TaskKind.ASK_MEDIATOR, TaskKind.DECLARE_CLAIM, TaskKind.POST_LETTER,
}  # fmt: skip
_A_PERSON_ANSWERS = {
    TaskKind.REVIEW_MAIL, TaskKind.COMPLAINT, TaskKind.ANSWER_DISPUTE, TaskKind.INSOLVENCY, TaskKind.SEND_DOCUMENT,
    TaskKind.NEGOTIATE_PLAN,
}  # fmt: skip
_AN_ADDRESS = r"[^\s<>\"'(),:;@\[\]]{1,64}@[^\s<>\"'(),:;@\[\]]{1,255}"
_SHORTEST_NAME = 3
_NO_NAMES = frozenset({
    "mme", "mlle", "madame", "monsieur", "mademoiselle", "mrs", "miss", "des", "les", "del", "der", "dos", "van", "von",
    "the",
})  # fmt: skip
_SHORTEST_PHONE = 6


@dataclass(frozen=True, kw_only=True)
class Whom:
    """Whose data: everybody's at the debtor, or (`address`) that of one person, with all that is known them by.

    `addresses`, `names` and `phones` are looked for in free words; `ids` are the records and mails that are theirs
    alone (their answers, the calls with them), `notices` the mails that went to them.
    """

    address: str = ""
    addresses: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    mails: frozenset[str] = frozenset()
    notices: frozenset[str] = frozenset()
    in_passing: bool = False  # in another's file: only where they are named

    @property
    def everybody(self) -> bool:
        return not self.address and not self.in_passing

    def masked(self, text: str) -> str:
        """The text with what names them covered. An address of somebody else's stays, though it holds their name."""
        return self._pattern.sub(self._covered, text) if text else text

    def _covered(self, found: re.Match[str]) -> str:
        if "@" not in found[0]:
            return ERASED
        address = found[0].rstrip(".!?\"'")
        return ERASED + found[0][len(address) :] if address.lower() in self.addresses else found[0]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        words = [_AN_ADDRESS]
        for name in sorted(self.names, key=len, reverse=True):
            pieces = [re.escape(piece) for piece in name.split()]
            if len("".join(pieces)) >= _SHORTEST_NAME:
                words.append(_whole_word(r"\s+".join(pieces)))
        words += [pattern for phone in sorted(self.phones) if (pattern := _phone(phone))]
        return re.compile("|".join(words), re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """What stands in the way of erasure now. `on`: when it lapses by law (a last day in court); None: when it ends."""

    kind: str  # open, disputed, promised, plan, court, announced, dispute, task, mail, order, sending
    about: str
    on: date | None = None
    amount: Money | None = None

    def __str__(self) -> str:
        bar = f"; the time to go to court ends on {self.on}" if self.on else ""
        return _OBSTACLES[self.kind].format(self.about, self.amount) + bar


_OBSTACLES = {
    "open": "invoice {} is open ({}): possible once it is paid, credited or withdrawn",
    "disputed": "invoice {} is open and disputed ({}): possible once it is paid, credited or withdrawn",
    "promised": "invoice {} is open and promised ({}): possible once it is paid, credited or withdrawn",
    "plan": "invoice {} is in a payment plan ({}): possible once it is paid, credited or withdrawn",
    "court": "invoice {} is on its way to court ({}): possible once it is paid, credited or withdrawn",
    "announced": "a payment is announced for {}: possible once the bank confirms it, or it lapses",
    "dispute": "dispute {} is open: possible once it is resolved",
    "task": "task {} is open: possible once it is closed",
    "mail": "task {} asks a person to answer: possible once that is done",
    "order": "mail {} waits to leave: possible once it has left or is taken back",
    "sending": "mail {} is leaving: possible within the hour",
}


def obstacles(file: DebtorFile, *, home: str, rules: Rules | None) -> tuple[Obstacle, ...]:
    """What a claim still needs the data for (art. 17(3)(e)), and what is under way. `file` is whole.

    The day is the first on which the claim is time-barred (between businesses five years: Code de commerce,
    art. L110-4): a last day that an acknowledgement or a court may have moved, so it is named and decides nothing.
    """
    found = [_open(file, case, home, rules) for case in file.open_cases()]
    found += [
        Obstacle(kind="announced", about=", ".join(claim.numbers))
        for claim in file.claims.values() if claim.state is ClaimState.OPEN
    ]  # fmt: skip
    still = {case.number for case in file.open_cases()}
    found += [
        Obstacle(kind="dispute", about=one.id)
        for one in file.disputes.values() if one.is_open and not still & set(one.numbers)
    ]  # fmt: skip
    for task in file.open_tasks():
        if task.kind in _A_COURT_PATH:
            found.append(Obstacle(kind="task", about=task.id, on=task.deadline_on))
        elif task.kind in _A_PERSON_ANSWERS:
            found.append(Obstacle(kind="mail", about=task.id))
    found += [Obstacle(kind="order", about=order.id) for order in file.open_orders()]
    found += [Obstacle(kind="sending", about=n.id) for n in file.notices.values() if n.state is NoticeState.CLAIMED]
    return tuple(found)


def whom(entries: Iterable[e.Entry], *, address: str = "", ours: Iterable[str] = ()) -> Whom:
    """Everything that a journal knows the person with this address by; without one, everybody at the debtor.

    `ours`: addresses of the creditor's own people, which are nobody's at the debtor.
    """
    address = address.strip().lower()
    trace = _Trace(address, frozenset(one.lower() for one in ours))
    for entry in entries:
        trace.see(entry.event)
    return trace.whom()


def is_known(found: Whom) -> bool:
    """Whether anything of theirs was found (by an address alone nobody is known)."""
    return bool(found.names or found.phones or found.ids or found.mails or found.notices)


def redacted(what: T, whose: Whom) -> T:
    """A record, an event or an entry of the journal without what names them; itself where nothing does."""
    return _redacted(what, whose)  # type: ignore[no-any-return]


def redactions(file: DebtorFile, whose: Whom, *, at: datetime) -> list[tuple[e.Event, str]]:
    """The events by which the file loses their words; none where it holds none. `file` is whole.

    Of everybody: what was still to be done about them (an address to be found) is closed, nobody can do it any more.
    """
    happened: list[tuple[e.Event, str]] = []
    for task in file.open_tasks() if whose.everybody else ():
        closed = e.TaskClosed(task_id=task.id, outcome="erased", note="", at=at)
        happened.append((closed, "the personal data that it was about is erased"))
        file = replace(file, tasks={**file.tasks, task.id: replace(task, outcome="erased", note="", closed_at=at)})
    return happened + [(event, "") for event in _rewritten(file, whose)]


def left_contact(file: DebtorFile, whose: Whom) -> list[tuple[e.Event, str]]:
    """A person leaves the contacts, and deputies, while the claim goes on; journal and mails stay as its evidence."""
    return [
        (e.ContactSet(contact=after), "left the contacts; journal and mails stay while the claim needs them")
        for contact in file.contacts.values() if (after := redacted(contact, whose)) != contact
    ]  # fmt: skip


def others_reachable(file: DebtorFile, address: str, on: date) -> bool:
    """Whether mail can go to somebody else at the debtor."""
    return any(c.reachable(on) and c.email.lower() != address.lower() for c in file.contacts.values())


def fingerprint(debtor_id: str, address: str) -> str:
    """What stands in the place of an erased address: enough to tell that a ledger brings it back, and no more."""
    return f"sha256:{hashlib.sha256(f'{debtor_id} {address.lower()}'.encode()).hexdigest()}"


# --- obstacles


def _open(file: DebtorFile, case: Case, home: str, rules: Rules | None) -> Obstacle:
    number = case.number
    in_court = any(t.is_open and t.kind in _A_COURT_PATH and number in t.numbers for t in file.tasks.values())
    kind = (
        "court" if in_court or file.letter_on(number) or file.declared_on
        else "disputed" if file.dispute_on(number)
        else "plan" if file.plan_on(number)
        else "promised" if file.promise_on(number)
        else "open"
    )  # fmt: skip
    bars = (
        [time_bar_on(case.due_on, country, file.debtor.kind.value, rules) for country in {home, file.debtor.country}]
        if rules else []
    )  # fmt: skip
    return Obstacle(kind=kind, about=number, on=max((bar for bar in bars if bar), default=None), amount=case.balance)


# --- who they are


@dataclass
class _Trace:
    """Gathers from a journal, entry by entry, what a person is known by."""

    address: str
    ours: frozenset[str]
    addresses: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    mails: set[str] = field(default_factory=set)
    notices: set[str] = field(default_factory=set)
    contacts: dict[str, str] = field(default_factory=dict)  # id → whose address it is at this point
    from_mails: dict[str, set[str]] = field(default_factory=dict)  # mail → tasks and disputes that it led to

    def see(self, event: e.Event) -> None:
        match event:
            case e.ContactSet(contact=contact):
                self.contacts[contact.id] = contact.email.lower()
                if self._them(contact.email) or not self.address:
                    self._knows(contact.email, contact.name, contact.phone)
                if not self.address:
                    self._knows(contact.deputy)
            case e.AbsenceNoted(deputy=deputy) if not self.address:
                self._knows(deputy)
            case e.ReplyReceived(mail=mail, sender=sender) if self._them(sender) or not self.address:
                self._knows(sender)
                self.mails.add(mail)
            case e.NoticeClaimed(notice=notice) if not notice.internal:
                if any(self._them(to) for to in (notice.to, *notice.cc)) or not self.address:
                    self.notices.add(notice.id)
                    for to in (notice.to, *notice.cc):
                        self._knows(to if self._them(to) or not self.address else "")
            case e.CallLogged(call=call) if self.address:
                if self.contacts.get(call.contact) == self.address:
                    self.ids.add(call.id)
            case e.TaskRaised(task=task) | e.TaskReopened(task=task):
                self.from_mails.setdefault(task.mail, set()).add(task.id)
            case e.DisputeOpened(dispute=dispute):
                self.from_mails.setdefault(dispute.mail, set()).add(dispute.id)
            case e.CreditReceived(credit=credit) if not self.address:
                self.ids |= {credit.id, f"{TaskKind.ALLOCATE_PAYMENT}-{credit.id}"}
            case _:
                return

    def whom(self) -> Whom:
        everybody = not self.address
        return Whom(
            address=self.address,
            addresses=frozenset(self.addresses | {self.address} - {""}),
            names=frozenset(self.names | (set() if everybody else {w for n in self.names for w in _surnames(n)})),
            phones=frozenset(self.phones),
            ids=frozenset(self.ids.union(self.mails, *(self.from_mails.get(mail, ()) for mail in self.mails - {""}))),
            mails=frozenset(self.mails),
            notices=frozenset(self.notices),
        )

    def _them(self, address: str) -> bool:
        return bool(self.address) and address.lower() == self.address

    def _knows(self, address: str, name: str = "", phone: str = "") -> None:
        if "@" in address and address.lower() not in self.ours:
            self.addresses.add(address.lower())
        self.names |= {name} - {"", ERASED}
        self.phones |= {phone} - {""}


def _surnames(name: str) -> list[str]:
    """The words of a name by which somebody is spoken of: "Mme Roy a appelé"."""
    words = re.findall(r"[^\W\d_][\w'’-]+", name)
    return [w for w in words if len(w) >= _SHORTEST_NAME and w[0].isupper() and w.lower() not in _NO_NAMES]


def _whole_word(pattern: str) -> str:
    return rf"(?<![\w@]){pattern}(?![\w@])"


def _phone(number: str) -> str:
    """The number however it is grouped; with or without what a country puts before it."""
    digits = "".join(c for c in number if c.isdigit())[-9:]
    if len(digits) < _SHORTEST_PHONE:
        return ""
    between = r"[ .()/-]*"
    return rf"(?<!\d)(?:\+?\d{{1,3}}{between}|0)?{between.join(digits)}(?!\d)"


# --- redaction


def _rewritten(file: DebtorFile, whose: Whom) -> Iterator[e.Event]:
    """The records that change, a few to an event: a store saves an event in one piece."""
    debtor = _redacted(file.debtor, whose)
    some: dict[str, Any] = {}
    size = count = 0
    if debtor != file.debtor:
        yield e.RecordsRedacted(debtor=debtor)
    for kind in (name for name in KINDS if name in _REDACTED_KINDS):
        for record in getattr(file, kind).values():
            after = _redacted(record, whose)
            if after == record:
                continue
            some[kind] = (*some.get(kind, ()), after)
            size, count = size + len(repr(after)), count + 1
            if size > _EVENT_CHARACTERS or count >= _EVENT_RECORDS:
                yield e.RecordsRedacted(**some)
                some, size, count = {}, 0, 0
    if some:
        yield e.RecordsRedacted(**some)


_REDACTED_KINDS = {f.name for f in fields(e.RecordsRedacted)}
_EVENT_CHARACTERS = 60_000
_EVENT_RECORDS = 25
"""A transaction takes a hundred rows and a row 400 KB."""


def _redacted(thing: Any, whose: Whom) -> Any:
    if isinstance(thing, tuple):
        return tuple(_redacted(one, whose) for one in thing)
    if not is_dataclass(thing) or isinstance(thing, type | Money):
        return thing
    wholly = whose.everybody or _is_theirs(thing, whose)
    places = PERSONAL.get(type(thing), {})
    changed: dict[str, Any] = {}
    for one in fields(thing):
        before = getattr(thing, one.name)
        if one.name in places:
            # Who stands in for a person is somebody else.
            all_of_it = wholly and (whose.everybody or one.name != "deputy")
            after = _without(before, places[one.name], whose, wholly=all_of_it)
        elif isinstance(before, tuple) or is_dataclass(before):
            after = _redacted(before, whose)
        else:
            continue
        if after != before:
            changed[one.name] = after
    if isinstance(thing, Notice) and thing.internal:  # it went to one of our own
        changed = {name: after for name, after in changed.items() if name not in ("to", "cc")}
    if isinstance(thing, Debtor) and whose.everybody and thing.kind is DebtorKind.CONSUMER:
        changed |= _of_a_consumer(thing)
    return replace(thing, **changed) if changed else thing


def _without(before: Any, place: Place, whose: Whom, *, wholly: bool) -> Any:
    """What stands in a place afterwards."""
    if isinstance(before, tuple):
        kept = () if wholly else tuple(one for one in before if _without(one, place, whose, wholly=False) == one)
        return kept if len(kept) < len(before) else before
    if not before:
        return before
    if wholly and not place.known:
        return _references(before) if place.references else place.left
    if place.exact:
        return place.left if before.lower() in whose.addresses else before
    masked = whose.masked(before)
    return place.left if masked != before and not place.left else masked


def _references(said: str) -> str:
    """The words of a bank's text that are references: they hold a digit, and no address."""
    return " ".join(w for w in said.split() if len(w) >= 6 and any(c.isdigit() for c in w) and "@" not in w)


def _is_theirs(thing: Any, whose: Whom) -> bool:
    """Whether all words in it are about them."""
    if isinstance(thing, Contact):
        return bool(whose.address) and thing.email.lower() == whose.address
    if isinstance(thing, e.Entry):
        return _is_theirs(thing.event, whose) or any(
            is_dataclass(carried) and _is_theirs(carried, whose)
            for carried in (getattr(thing.event, one.name) for one in fields(thing.event))
        )
    return any(getattr(thing, name, None) in whose.ids for name in ("id", "task_id", "dispute_id", "mail"))


def _of_a_consumer(debtor: Debtor) -> dict[str, Any]:
    left = {"name": ERASED, "legal_id": "", "vat_number": ""}
    return {name: text for name, text in left.items() if getattr(debtor, name)}
