"""The few errors of Relance, named by what has to follow from them."""

from __future__ import annotations

from collections.abc import Sequence


class PermanentError(Exception):
    """Trying again will not help: a person or a task must settle it."""


class RetryableError(Exception):
    """Nothing is wrong with the work itself: the queue or the next run tries it again."""


class BadInput(PermanentError):
    """What somebody gave us cannot be used. Says where, what is wrong, and what to do.

    >>> print(BadInput("line 3, column due", "31/02/2026 is no date", "write the day as YYYY-MM-DD"))
    line 3, column due: 31/02/2026 is no date; write the day as YYYY-MM-DD
    """

    def __init__(self, where: str, what: str, remedy: str = "") -> None:
        self.where, self.what, self.remedy = where, what, remedy
        super().__init__(f"{where}: {what}" + (f"; {remedy}" if remedy else ""))


class BadFile(BadInput):
    """A file cannot be used: every finding at once, so that one round of corrections is enough."""

    def __init__(self, name: str, findings: Sequence[BadInput]) -> None:
        self.findings = tuple(findings)
        super().__init__(name, "\n".join(f"{name}: {finding}" for finding in findings))

    def __str__(self) -> str:
        return self.what


class Throttled(RetryableError):
    """The other side took nothing for now (quota, rate, greylisting): later."""


class Refused(PermanentError):
    """The other side refused for good, and took nothing."""


class OutcomeUnknown(Exception):
    """It may or may not have been done (the answer was lost): never done again by itself."""


class AddressRefused(Refused):
    """The receiving side knows no such address: it is dead, whatever else is right."""
