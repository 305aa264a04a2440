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


def numbered(statement: Statement) -> Statement:
    """The statement with its entries' ids: equal entries of one file are told apart by their occurrence."""
    return numbered_all([statement])[0]


def numbered_all(statements: list[Statement]) -> list[Statement]:
    """The same for the statements of one file, which may split a day between them."""
    seen: Counter[tuple[str, ...]] = Counter()
    result = []
    for statement in statements:
        entries = []
        for entry in statement.entries:
            if entry.id:  # a part of a batch: named after the whole
                entries.append(entry)
                continue
            facts = facts_of(entry)
            seen[facts] += 1
            entries.append(replace(entry, id=f"bank-{digest(*facts, str(seen[facts]))}"))
        result.append(replace(statement, entries=tuple(entries)))
    return result
