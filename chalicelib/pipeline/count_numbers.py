"""Count the whole ledger once a day, page by page: what is cut off goes on where it stopped.

Each debtor's whole file is one query. The row of the day says how far the count has come, and is moved on under the
condition that nobody else has moved it: two runs at once do the work of one, and a finished day is never changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import islice

from chalicelib.domain.calendar import instant
from chalicelib.domain.contribution import heard_lately, numbers_of
from chalicelib.domain.numbers import Numbers, fold, nothing
from chalicelib.ports import Counting, NumbersStore, Parts

DEBTORS_A_PAGE = 250
DEBTORS_A_RUN = 5_000
"""So many are counted well within a function's time; the next run, a quarter of an hour later, goes on."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    on: date
    debtors: int  # read by this run
    done: bool


def count_numbers(
    parts: Parts, store: NumbersStore, *, on: date, most: int = DEBTORS_A_RUN, page: int = DEBTORS_A_PAGE
) -> Counted:
    """Bring the snapshot of `on`, the creditor's today, to its end, or as near as `most` debtors bring it.

    Once it is finished another run reads one row and gives the same numbers. The files are read one after the other,
    so what happens during the count is in it for some debtors and not for others: a morning before work is the time.
    """
    counting = store.counting(on)
    if counting and counting.done:
        return Counted(on=on, debtors=0, done=True)
    zone, read = parts.offices.creditor().zone, 0
    ids = parts.store.debtor_ids(after=counting.after if counting else "")
    while read < most:
        some = list(islice(ids, min(page, most - read)))
        numbers = counting.numbers if counting else nothing(on)
        for debtor_id in some:
            numbers = fold(numbers, share_of(parts, debtor_id, on=on, zone=zone))
        last = some[-1] if some else (counting.after if counting else "")
        after = Counting(numbers=numbers, after=last, done=not some)
        if not store.advance(counting, after):
            break  # another run is at it, and further than we are
        counting, read = after, read + len(some)
        if after.done:
            break
    return Counted(on=on, debtors=read, done=counting is not None and counting.done)


def count_now(parts: Parts, *, on: date) -> Numbers:
    """The numbers as they are at this moment, all in one go; nothing is kept."""
    zone, numbers = parts.offices.creditor().zone, nothing(on)
    for debtor_id in parts.store.debtor_ids():
        numbers = fold(numbers, share_of(parts, debtor_id, on=on, zone=zone))
    return numbers


def share_of(parts: Parts, debtor_id: str, *, on: date, zone: str) -> Numbers:
    """One debtor's share: its whole file, and of its journal the last week where somebody was heard."""
    file = parts.store.load(debtor_id, whole=True)
    if file is None:
        return nothing(on)
    heard = heard_lately(file, on=on, zone=zone)
    start_at = instant(on - timedelta(days=7), time(0), zone)
    entries = tuple(parts.store.journal_since(debtor_id, start_at)) if heard else ()
    return numbers_of(file, entries, on=on, zone=zone)
