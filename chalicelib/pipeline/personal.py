"""Erase personal data on request, wherever it lies; and tell before what there is and what would go.

An erasure begins in the file (`ErasureBegun`, and the records without their words), goes on through mails, letters, the
desk, the audit log and the journal, and ends in the file (`PersonalErased`). Whatever dies in between is done again
from the start: each turn finds less. What tells what to look for goes last, so nothing is lost halfway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NoReturn

from chalicelib.domain import events as e
from chalicelib.domain.calendar import local_day
from chalicelib.domain.company import keys_of
from chalicelib.domain.creditor import Creditor, Office
from chalicelib.domain.debtor_file import DESK, KINDS, DebtorFile, DebtorKind
from chalicelib.domain.personal import (
    DEFINING,
    ERASED,
    Obstacle,
    Whom,
    fingerprint,
    is_known,
    left_contact,
    obstacles,
    others_reachable,
    redacted,
    redactions,
    whom,
)
from chalicelib.errors import BadInput
from chalicelib.pipeline.keep import RACES, LostRaces, UnknownDebtor, load_whole, office_of, save
from chalicelib.pipeline.remind import sent_key
from chalicelib.ports import ERASED as MAIL_ERASED
from chalicelib.ports import AuditLog, Deed, MailRecord, MailState, Parts, Shelf

EXPORTS = "exports/personal/"
"""Where the pages keep an export for the minutes in which it is fetched."""


DEED = "/ops/debtors/{debtor_id}/personal/erase"
"""By what the audit log knows an erasure, wherever it was asked for."""


class NotYet(BadInput):
    """It may not be erased now: a claim needs it. Says what stands in the way, and from when it will be possible."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What there is of somebody, and what erasing it would do now. `scope` empty: nothing, see `obstacles`.

    `scope`: debtor (everything), person (everything of theirs), contact (out of the contacts alone; the rest once
    nothing stands in the way any more).
    """

    debtor_id: str
    scope: str
    whose: Whom
    file: DebtorFile
    entries: tuple[e.Entry, ...]
    obstacles: tuple[Obstacle, ...] = ()
    alone: bool = False  # nobody else could be written to about the open claim
    contacts: tuple[str, ...] = ()
    records: Mapping[str, int] = field(default_factory=dict)  # by kind, how many would lose words
    rows: int = 0  # entries of the journal that would lose words
    mails: tuple[MailRecord, ...] = ()  # received, that would go
    sent: tuple[str, ...] = ()  # keys in the archive of what we wrote
    shared: tuple[str, ...] = ()  # ids of mails that stand in another debtor's file too: they stay
    waiting: tuple[str, ...] = ()  # ids of their mails of which nobody has said yet whose they are: they stay

    @property
    def is_empty(self) -> bool:
        """Whether nothing of theirs is left."""
        return not any((self.records, self.rows, self.mails, self.sent, self.file.erasing_since_on))


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What was done: `later` stands in the way of the rest."""

    scope: str
    records: int = 0
    rows: int = 0
    mails: int = 0
    objects: int = 0
    elsewhere: int = 0  # entries of the desk and of the audit log that lost words
    later: tuple[Obstacle, ...] = ()

    @property
    def is_nothing(self) -> bool:
        return not any((self.records, self.rows, self.mails, self.objects, self.elsewhere))


def survey(parts: Parts, debtor_id: str, *, person: str = "", at: datetime) -> Survey:
    """Look through everything and change nothing. UnknownDebtor: there is no such file."""
    if debtor_id == DESK:
        raise UnknownDebtor("the desk is no debtor")
    person = person.strip().lower()
    file, office = load_whole(parts, debtor_id), office_of(parts)
    entries = tuple(parts.store.journal(debtor_id))
    creditor = office.creditor
    whose = whom(entries, address=person, ours=_ours(creditor, file))
    stops = obstacles(file, home=creditor.country, rules=parts.rules)
    today = local_day(at, creditor.zone)
    alone = bool(person) and not others_reachable(file, person, today)
    if not stops:
        scope = "person" if person else "debtor"
    else:
        in_contacts = bool(left_contact(file, whose)) if person else False
        scope = "contact" if in_contacts and not alone else ""
    found = Survey(debtor_id=debtor_id, scope=scope, whose=whose, file=file, entries=entries)
    records = Counter(kind for kind, _ in records_of(file, whose))
    mails, shared = _mails(parts, found)
    return replace(
        found,
        obstacles=stops,
        alone=alone and scope == "" and bool(stops),
        contacts=tuple(_contact_lines(file, whose)),
        records=dict(records),
        rows=sum(redacted(entry, whose) != entry for entry in entries),
        mails=mails,
        shared=shared,
        sent=tuple(key for prefix in _sent_by_us(found) for key in parts.archive.keys(prefix)),
        waiting=tuple(_waiting(parts, whose)),
    )


def erase_personal(
    parts: Parts, audit: AuditLog, debtor_id: str, *, person: str = "", at: datetime, who: str
) -> Erased:
    """Erase what may be erased now; again wherever an earlier erasure died. NotYet: nothing may.

    Of a person whose debtor still owes, the contact alone: `later` says what keeps the rest, and until when.
    """
    office = office_of(parts)
    rows = records = mails = objects = elsewhere = 0
    for _ in range(RACES):
        found = survey(parts, debtor_id, person=person, at=at)
        if found.is_empty:
            return Erased(scope=found.scope)
        if not found.scope:
            _refuse(found, person)
        begun = _begin(parts, office, found, at=at, who=who)
        if begun is None:
            continue
        records += sum(found.records.values())
        if found.scope == "contact":
            return Erased(scope=found.scope, records=len(found.contacts), later=found.obstacles)
        gone = parts.archive.erase(_prefixes(found))
        mails, objects = mails + len(found.mails), objects + gone
        for mail in found.mails:
            _forget_mail(parts, mail.id, at=at, who=who)
        elsewhere += _redact_desk(parts, office, found, at=at, who=who) + _redact_audit(audit, found)
        _forget_lookups(parts, found)
        rows += _rewrite_journal(parts, debtor_id, found.whose)
        on = local_day(at, office.creditor.zone)
        done = e.PersonalErased(on=on, person=bool(person), mails=mails, objects=objects)
        if save(parts, office, begun, [(done, "")], at=at, who=who):
            return Erased(
                scope=found.scope, records=records, rows=rows, mails=mails, objects=objects, elsewhere=elsewhere
            )
    raise LostRaces(f"file {debtor_id} was changed by others {RACES} times in a row: its erasure is not done")


def no_longer_needed(parts: Parts, *, before: datetime) -> Iterator[tuple[DebtorFile, datetime]]:
    """Debtors about whom nothing is open and nothing has happened since then, with their last day (art. 5(1)(e)).

    Two reads a debtor; whose data was erased already is left out.
    """
    home = parts.offices.creditor().country
    for debtor_id in parts.store.debtor_ids():
        file = parts.store.load(debtor_id)
        if debtor_id == DESK or file is None or file.erased_on or obstacles(file, home=home, rules=parts.rules):
            continue
        last = next(parts.store.journal_before(debtor_id), None)
        if last and last.at < before:
            yield file, last.at


def records_of(file: DebtorFile, whose: Whom) -> Iterator[tuple[str, Any]]:
    """The records that name them, with their kind."""
    if redacted(file.debtor, whose) != file.debtor:
        yield "debtor", file.debtor
    for kind in KINDS:
        for record in getattr(file, kind).values():
            if redacted(record, whose) != record:
                yield kind, record


def at_the_desk(parts: Parts, found: Survey) -> list[e.Entry]:
    """The entries of the desk's journal that name them, the last one first."""
    passing = in_passing(found)
    return [entry for entry in parts.store.journal_since(DESK, _since(found)) if redacted(entry, passing) != entry]


def in_passing(found: Survey) -> Whom:
    """In another's file they are known by address, phone and ids alone: a name there may be somebody else's."""
    return replace(found.whose, in_passing=True, names=frozenset())


# --- what there is


def _ours(creditor: Creditor, file: DebtorFile) -> Iterator[str]:
    yield creditor.mailbox
    yield from (persona.email for persona in creditor.personas.values())
    yield file.debtor.sales_rep


def _contact_lines(file: DebtorFile, whose: Whom) -> Iterator[str]:
    for contact in file.contacts.values():
        if redacted(contact, whose) != contact:
            yield " ".join(filter(None, (contact.name, f"<{contact.email}>" if contact.email else "", contact.phone)))


def _mails(parts: Parts, found: Survey) -> tuple[tuple[MailRecord, ...], tuple[str, ...]]:
    """Their mails that are not erased yet, and the ids of those that are another debtor's as well."""
    theirs, shared = [], []
    answers = [x.event for x in found.entries if isinstance(x.event, e.ReplyReceived)]
    bounces = {x.mail for x in answers if x.kind == "bounce"} - found.whose.mails
    for mail_id in sorted(found.whose.mails | bounces):
        mail = parts.mail_log.get(mail_id)
        if mail is None or mail.is_erased or (mail_id in bounces and not _tells_of(mail, found.whose)):
            continue
        if mail.debtor_id == found.debtor_id or (not mail.debtor_id and not _others(parts, found, mail_id)):
            theirs.append(mail)
        else:
            shared.append(mail_id)
    return tuple(theirs), tuple(shared)


def _others(parts: Parts, found: Survey, mail_id: str) -> bool:
    """Whether a mail that is nobody's for sure stands in the file of another debtor that is not erased."""
    others = set(parts.store.find("mail", mail_id)) - {found.debtor_id}
    return any((file := parts.store.load(id_)) is not None and not file.erased_on for id_ in others)


def _tells_of(bounce: MailRecord, whose: Whom) -> bool:
    """Whether it is their address that a mail came back from."""
    told = bounce.reading.get("bounce") or {}
    return str(told.get("recipient") or "").lower() in whose.addresses


def _waiting(parts: Parts, whose: Whom) -> Iterator[str]:
    """Mails from these addresses that wait for a person to say whose they are."""
    after = ""
    while True:
        page = parts.mail_log.on_shelf(Shelf.UNMATCHED, Shelf.QUARANTINED, limit=200, after=after)
        yield from (mail.id for mail in page.mails if mail.sender.lower() in whose.addresses and not mail.debtor_id)
        if not page.next:
            return
        after = page.next


def _sent_by_us(found: Survey) -> Iterator[str]:
    """Where our mails to them lie; of everybody the letters too. Litigation files hold them all: they can be remade."""
    id_ = found.debtor_id
    if found.whose.address:
        yield from (sent_key(id_, notice) for notice in sorted(found.whose.notices))
    else:
        yield from (f"sent/{id_}/", f"letters/{id_}/")
    if not found.whose.address or is_known(found.whose):
        yield from (f"litigation/{id_}/", f"{EXPORTS}{id_}/")


def _prefixes(found: Survey) -> Iterator[str]:
    yield from _sent_by_us(found)
    for mail in found.mails:
        yield from (mail.archive, f"attachments/{mail.id}/", f"examples/{mail.id}-")


# --- erasing


def _refuse(found: Survey, person: str) -> NoReturn:
    said = "; ".join(str(obstacle) for obstacle in found.obstacles)
    if found.alone:
        raise NotYet(person, f"nobody else can be written to about what is owed; {said}", "enter another contact first")
    if person:
        raise NotYet(person, f"the claim still needs what names them; {said}", "erase it then")
    raise NotYet(found.debtor_id, f"the claim still needs it; {said}", "erase it then")


def _begin(parts: Parts, office: Office, found: Survey, *, at: datetime, who: str) -> DebtorFile | None:
    """The file with its records redacted; None where somebody changed it meanwhile."""
    if found.scope == "contact":
        return save(parts, office, found.file, left_contact(found.file, found.whose), at=at, who=who)
    happened = redactions(found.file, found.whose, at=at)
    if not found.file.erasing_since_on:
        begun = e.ErasureBegun(on=local_day(at, office.creditor.zone), person=bool(found.whose.address))
        happened = [(begun, ""), *happened]
    return save(parts, office, found.file, happened, at=at, who=who) if happened else found.file


def _forget_mail(parts: Parts, mail_id: str, *, at: datetime, who: str) -> None:
    """Of a mail its hash stays and where it lay: a mailbox that is read anew must not bring it back."""
    for _ in range(RACES):
        mail = parts.mail_log.get(mail_id)
        if mail is None or mail.is_erased:
            return
        state = MailState.READ if mail.state is MailState.ARCHIVED else mail.state
        left = replace(
            mail, state=state, sender="", subject="", reading={}, why="", asks=False, turn=mail.turn + 1,
            verdict=MAIL_ERASED, settled_by=who, settled_at=at,
        )  # fmt: skip
        if parts.mail_log.amend(mail, left):
            return
    raise LostRaces(f"mail {mail_id} was changed by others {RACES} times in a row")


def _redact_desk(parts: Parts, office: Office, found: Survey, *, at: datetime, who: str) -> int:
    """What the desk's tasks said of their mails and payments before somebody knew whose they are."""
    passing = in_passing(found)
    for _ in range(RACES):
        desk = parts.store.load(DESK, whole=True)
        if desk is None:
            return 0
        happened = redactions(desk, passing, at=at)
        if not happened or save(parts, office, desk, happened, at=at, who=who):
            break
    else:
        raise LostRaces(f"the desk's file was changed by others {RACES} times in a row")
    some = at_the_desk(parts, found)
    parts.store.rewrite(DESK, (redacted(entry, passing) for entry in some))
    return len(some)


def _redact_audit(audit: AuditLog, found: Survey) -> int:
    """Who did what to which debtor stays; the reasons that people typed go."""
    whose = found.whose

    def without(deed: Deed) -> Deed:
        about = deed.debtor_id == found.debtor_id or any(word in whose.ids for word in deed.about.split())
        if not about or not deed.why:
            return deed
        return replace(deed, why=ERASED if whose.everybody else whose.masked(deed.why))

    return audit.redact(without, since=_since(found))


def _since(found: Survey) -> datetime:
    """Nothing was known of them before: no entry of theirs, and no mail."""
    return min([found.entries[0].at, *(mail.received_at for mail in found.mails)])


def _forget_lookups(parts: Parts, found: Survey) -> None:
    id_ = found.debtor_id
    known = parts.store.find_many("address", sorted(found.whose.addresses))
    addresses = {address: fingerprint(id_, address) for address, ids in known.items() if id_ in ids}
    parts.store.forget(id_, "address", addresses)
    if found.whose.everybody and found.file.debtor.kind is DebtorKind.CONSUMER:
        events = [x.event for x in found.entries if isinstance(x.event, e.DebtorOpened | e.DebtorChanged)]
        names = {key for event in events if event.debtor.name != ERASED for key in keys_of(event.debtor)}
        parts.store.forget(id_, "company", dict.fromkeys(sorted(names), ""))


def _rewrite_journal(parts: Parts, debtor_id: str, whose: Whom) -> int:
    """First what only speaks of them, then what tells who they are."""
    entries = list(parts.store.journal(debtor_id))
    some = [after for entry in entries if (after := redacted(entry, whose)) != entry]
    for last in (False, True):
        parts.store.rewrite(debtor_id, (entry for entry in some if isinstance(entry.event, DEFINING) is last))
    return len(some)
