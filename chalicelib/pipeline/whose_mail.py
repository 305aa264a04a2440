"""Whose mail is it: find the debtor that a message belongs to, by the strongest sign that it carries.

Token of our Reply-To, then our Message-IDs in its thread, then the address that we know, then an invoice number that
it names together with an address of the same domain. What nothing proves goes to a person, never away.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chalicelib.domain.debtor_file import DebtorFile
from chalicelib.ports import Parts
from chalicelib.reading import InboundMessage

_MESSAGE_ID = re.compile(r"<[^<>\s]{3,250}>")
_NUMBERISH = re.compile(r"[A-Z0-9][A-Z0-9/_.-]{3,24}", re.IGNORECASE)

AT_MOST = 40
"""Signs looked up for one mail: a hostile one could name thousands."""


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The debtor that a mail belongs to, the sign that says so, and the notice that it answers (where known)."""

    debtor_id: str
    sign: str  # token, thread, address, invoice
    notice_id: str = ""


def whose(parts: Parts, message: InboundMessage) -> tuple[Owner, ...]:
    """Every debtor that the strongest sign points to: one is an owner, several are for a person to tell apart."""
    for sign, what, values in (
        ("token", "token", message.tokens),
        ("thread", "message_id", _our_ids(message)),
        ("address", "address", _addresses(message)),
        ("invoice", "invoice", _numbers(message)),
    ):
        found = parts.store.find_many(what, dict.fromkeys(values[:AT_MOST])) if values else {}
        ids = {debtor_id for debtor_ids in found.values() for debtor_id in debtor_ids}
        if ids:
            return tuple(Owner(debtor_id=id_, sign=sign) for id_ in sorted(ids))
    return ()


def answered_notice(file: DebtorFile, message: InboundMessage) -> str:
    """The id of the notice that this mail answers, by token or thread; empty where it is not known."""
    ids = set(_our_ids(message))
    for notice in file.notices.values():
        if (notice.token and notice.token in message.tokens) or (notice.message_id and notice.message_id in ids):
            return notice.id
    return ""


def _our_ids(message: InboundMessage) -> tuple[str, ...]:
    thread = (message.in_reply_to or "", *message.references, message.returned_headers)
    return tuple(_MESSAGE_ID.findall(" ".join(thread)))


def _addresses(message: InboundMessage) -> tuple[str, ...]:
    """The sender's, and for a bounce the addresses it reports on."""
    reported = [
        value.rpartition(";")[2].strip().lower()
        for group in message.report
        for name, value in group.items()
        if name.lower() in ("final-recipient", "original-recipient")
    ]
    return tuple(filter(None, [message.sender or "", *reported]))


def _numbers(message: InboundMessage) -> tuple[str, ...]:
    """Words of the subject and the text's beginning that could be invoice numbers: they hold a digit."""
    words = _NUMBERISH.findall(f"{message.subject}\n{message.text[:4000]}")
    return tuple(w.strip(".-/_") for w in words if any(c.isdigit() for c in w))
