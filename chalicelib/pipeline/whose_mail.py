"""Whose mail is it: find the debtor that a message belongs to, by the strongest sign that it carries.

Token of our Reply-To, then our Message-IDs in its thread, then the address that we know, then an invoice number that
it names while it comes from the company's own domain. Where a sign points to several (two companies with one
accountant), the next ones tell them apart. What nothing proves goes to a person, never away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.domain.debtor_file import DebtorFile
from chalicelib.ports import Parts
from chalicelib.reading import InboundMessage

_RETURNED_ID = re.compile(r"(?im)^message-id:\s*(<[^<>\s]{1,900}>)")
_TOKEN = re.compile(r"\+([a-z2-7]{26})@")
_NUMBERISH = re.compile(r"[A-Z0-9][A-Z0-9/_.-]{2,30}", re.IGNORECASE)

AT_MOST = 40
"""Signs of a kind looked up for one mail: a hostile one could name thousands."""

FREE_MAIL = frozenset(
    """gmail.com googlemail.com outlook.com outlook.fr hotmail.com hotmail.fr live.fr live.com yahoo.com yahoo.fr
    orange.fr wanadoo.fr free.fr sfr.fr neuf.fr laposte.net bbox.fr icloud.com me.com gmx.de gmx.net web.de
    t-online.de proton.me protonmail.com aol.com msn.com""".split()
)
"""Domains where anybody has an address: sharing one with a contact proves nothing."""


@dataclass(frozen=True, kw_only=True)
class Owner:
    """A debtor that a mail may belong to, and the strongest sign that says so: token, thread, address or invoice."""

    debtor_id: str
    sign: str


def whose(parts: Parts, message: InboundMessage) -> tuple[Owner, ...]:
    """Every debtor that the signs point to together: one is the owner, several are for a person to tell apart."""
    candidates: set[str] = set()
    strongest = ""
    for sign, what, values in (
        ("token", "token", _tokens(message)),
        ("thread", "message_id", _our_ids(message)),
        ("address", "address", _addresses(message)),
        ("invoice", "invoice", _numbers(message)),
    ):
        found = _found(parts, what, values)
        if sign == "invoice" and not candidates:
            found = {id_ for id_ in sorted(found)[:5] if _writes_for(parts, id_, message)}
        both = found & candidates if candidates else found
        if both:
            candidates, strongest = both, strongest or sign
        if len(candidates) == 1:
            break
    return tuple(Owner(debtor_id=id_, sign=strongest) for id_ in sorted(candidates))


def named_in(parts: Parts, message: InboundMessage) -> tuple[str, ...]:
    """Debtors of the invoices that a message names: a hint for the person who looks for its owner, no proof."""
    return tuple(sorted(_found(parts, "invoice", _numbers(message))))


def answered_notice(file: DebtorFile, message: InboundMessage) -> str:
    """The id of the notice that this mail answers, by token or thread; empty where it is not known.

    The likeliest sign comes first: a thread names all our earlier mails too, and they are not what is answered.
    """
    signs = {n.token: n.id for n in file.notices.values()} | {n.message_id: n.id for n in file.notices.values()}
    return next((signs[sign] for sign in (*_tokens(message), *_our_ids(message)) if sign and sign in signs), "")


def knows(file: DebtorFile, address: str) -> bool:
    """Whether an address is a contact's, or of a domain that is the debtor's own."""
    address = address.lower()
    domain = address.rpartition("@")[2]
    return address in addresses_of(file) or any(domain == d or domain.endswith(f".{d}") for d in domains_of(file))


def addresses_of(file: DebtorFile) -> frozenset[str]:
    return frozenset(c.email.lower() for c in file.contacts.values() if c.email)


def domains_of(file: DebtorFile) -> frozenset[str]:
    """Domains of the debtor's contacts where not everybody has an address."""
    return frozenset(address.rpartition("@")[2] for address in addresses_of(file)) - FREE_MAIL


def _found(parts: Parts, what: str, values: Iterator[str]) -> set[str]:
    asked = list(dict.fromkeys(value for value in values if value))[:AT_MOST]
    found = parts.store.find_many(what, asked) if asked else {}
    return {debtor_id for ids in found.values() for debtor_id in ids}


def _writes_for(parts: Parts, debtor_id: str, message: InboundMessage) -> bool:
    file = parts.store.load(debtor_id)
    return file is not None and knows(file, message.sender or "")


def _tokens(message: InboundMessage) -> Iterator[str]:
    """Of the addresses written to; of a mail of ours that comes back, those that it asked answers to."""
    yield from message.tokens
    yield from _TOKEN.findall(message.returned_headers.lower())
    for returned in message.attached_messages:
        yield from (token for _, address in returned.reply_to for token in _TOKEN.findall(address.lower()))


def _our_ids(message: InboundMessage) -> Iterator[str]:
    """Message-IDs that may be ours, the likeliest first: a long thread names more than are looked up."""
    yield message.in_reply_to or ""
    yield from _RETURNED_ID.findall(message.returned_headers)
    yield from (returned.message_id or "" for returned in message.attached_messages)
    yield from reversed(message.references)


def _addresses(message: InboundMessage) -> Iterator[str]:
    """The sender's, and for a bounce the addresses it reports on."""
    yield message.sender or ""
    for group in message.report:
        for name in ("original-recipient", "final-recipient"):
            yield group.get(name, "").rpartition(";")[2].strip(" <>").lower()


def _numbers(message: InboundMessage) -> Iterator[str]:
    """Words of the subject and the text's beginning that could be invoice numbers: they hold a digit."""
    for word in _NUMBERISH.findall(f"{message.subject}\n{message.text[:4000]}"):
        if any(c.isdigit() for c in word):
            yield word.strip(".-/_")
            yield word.strip(".-/_").upper()
