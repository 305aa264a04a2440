"""Give every entry an id that the same entry gets again, whichever file brings it."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace

from chalicelib.banking.model import BankEntry, Statement

NO_REFERENCE = frozenset({"", "NONREF", "NOTPROVIDED", "NOTPROV", "NOREF", "NONE", "0", "EREF", "MARF", "PREF"})
"""What banks write where they have no reference: equal in a thousand entries, so it proves nothing."""


def known(reference: str) -> str:
    """The reference, empty where it only says that there is none."""
    bare = reference.strip()
    return "" if bare.upper().replace(" ", "") in NO_REFERENCE else bare


def digest(*facts: str) -> str:
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:20]


def facts_of(entry: BankEntry) -> tuple[str, ...]:
    """What makes an entry this one: the bank's reference with day and sum, else everything that it says."""
    account = entry.account.replace(" ", "").upper()
    always = (account, entry.booked_on.isoformat(), str(entry.amount), entry.kind.value)
    if known(entry.bank_reference):
        return (*always, entry.bank_reference)
    return (*always, entry.payer, entry.payer_iban, " ".join(entry.text.split()), *entry.references)


def numbered_all(statements: list[Statement]) -> list[Statement]:
    """The statements of one file with their entries' ids; equal entries are told apart by their occurrence.

    An entry without a reference is counted through the file, whose statements may split a day. One with a reference
    is counted in each statement by itself: in two that overlap it is the same.
    """
    in_the_file: Counter[tuple[str, ...]] = Counter()
    result = []
    for statement in statements:
        in_this: Counter[tuple[str, ...]] = Counter()
        entries = []
        for entry in statement.entries:
            if entry.id:  # a part of a batch: named after the whole
                entries.append(entry)
                continue
            facts, seen = facts_of(entry), in_this if known(entry.bank_reference) else in_the_file
            seen[facts] += 1
            entries.append(replace(entry, id=f"bank-{digest(*facts, str(seen[facts]))}"))
        result.append(replace(statement, entries=tuple(entries)))
    return result
