"""Snapshots of the numbers and review mails in memory: the fake that quick tests run on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from chalicelib.domain.numbers import Numbers
from chalicelib.ports import NUMBERS_KEPT, Counting, Mailing


class FakeNumbersStore:
    """A NumbersStore. `meanwhile(act)` runs `act` once just before the next write: what another run does."""

    def __init__(self) -> None:
        self.days: dict[date, Counting] = {}
        self.mailings: dict[str, Mailing] = {}
        self._meanwhile: Callable[[], object] | None = None

    def latest(self) -> Numbers | None:
        done = [counting for counting in self.days.values() if counting.done]
        return max(done, key=lambda c: c.numbers.on).numbers if done else None

    def counting(self, on: date) -> Counting | None:
        return self.days.get(on)

    def advance(self, before: Counting | None, after: Counting) -> bool:
        self._act()
        stands = self.days.get(after.numbers.on)
        if (stands is None) != (before is None):
            return False
        if stands and before and (stands.done or stands.after != before.after):
            return False
        self.days[after.numbers.on] = after
        if before is None:
            self.days = {on: kept for on, kept in self.days.items() if on > after.numbers.on - NUMBERS_KEPT}
        return True

    def mailing(self, week: str) -> Mailing | None:
        return self.mailings.get(week)

    def settle(self, before: Mailing | None, after: Mailing) -> bool:
        self._act()
        stands = self.mailings.get(after.week)
        if (stands is None) != (before is None):
            return False
        if stands and before and (stands.state, stands.attempts) != (before.state, before.attempts):
            return False
        self.mailings[after.week] = after
        return True

    def meanwhile(self, act: Callable[[], object]) -> None:
        self._meanwhile = act

    def _act(self) -> None:
        act, self._meanwhile = self._meanwhile, None
        if act:
            act()
