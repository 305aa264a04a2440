"""What a debtor's word has been worth: promises and payment plans kept, kept in part, broken, and how late.

A promise kept in part counts half. Of few promises the figures are told with a warning: one of one is no habit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chalicelib.domain.debtor_file import DebtorFile

FEW = 3
"""Below so many words given, a rate says little."""


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """`rate` in whole per cent; None where no word was ever judged. `average_days_late` of the payments promised."""

    kept: int
    partly_kept: int
    broken: int
    rate: int | None
    average_days_late: int | None
    few: bool
    last: str  # kept, partly_kept, broken; empty: none yet
    last_on: date | None

    @property
    def given(self) -> int:
        return self.kept + self.partly_kept + self.broken

    def __str__(self) -> str:
        if not self.given:
            return "no promise has been judged yet"
        parts = [f"{self.kept} of {self.given} promises kept"]
        if self.partly_kept:
            parts.append(f"{self.partly_kept} in part")
        if self.average_days_late is not None:
            parts.append(f"{self.average_days_late} days late on average" if self.average_days_late else "paid in time")
        parts.append(f"the last {self.last.replace('_', ' ')} on {self.last_on}")
        told = ", ".join(parts)
        return f"{told} (few promises: no habit yet)" if self.few else f"{told}: {self.rate} %"


def reliability(file: DebtorFile) -> Reliability:
    """What became of the debtor's word so far. Open promises and what a person set aside do not count."""
    kept, partly, broken = file.promises_kept, file.promises_partly_kept, file.promises_broken
    given = kept + partly + broken
    payments = file.promised_payments
    return Reliability(
        kept=kept,
        partly_kept=partly,
        broken=broken,
        rate=_rounded(100 * (2 * kept + partly), 2 * given) if given else None,
        average_days_late=_rounded(file.promised_days_late, payments) if payments else None,
        few=given < FEW,
        last=file.last_word,
        last_on=file.last_word_on,
    )


def _rounded(number: int, by: int) -> int:
    """Half up, in whole numbers."""
    return (2 * number + by) // (2 * by)
