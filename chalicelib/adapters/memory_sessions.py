"""The sessions of the pages in memory: the same promises as DynamoDB's, for tests."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from threading import Lock

from chalicelib.ports import Session, SignInAttempt


class FakeSessionStore:
    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.attempts: dict[str, SignInAttempt] = {}
        self.counts: Counter[str] = Counter()
        self._one_at_a_time = Lock()

    def open(self, key: str, session: Session, *, forget_at: datetime) -> None:
        self.sessions[key] = session

    def find(self, key: str) -> Session | None:
        return self.sessions.get(key)

    def note_seen(self, key: str, at: datetime) -> None:
        if key in self.sessions:
            self.sessions[key] = replace(self.sessions[key], seen_at=at)

    def end(self, key: str) -> None:
        self.sessions.pop(key, None)

    def end_all(self, email: str) -> int:
        theirs = [key for key, one in self.sessions.items() if one.person.email.casefold() == email.casefold()]
        for key in theirs:
            self.end(key)
        return len(theirs)

    def begin(self, key: str, attempt: SignInAttempt, *, forget_at: datetime) -> None:
        self.attempts[key] = attempt

    def take(self, key: str) -> SignInAttempt | None:
        return self.attempts.pop(key, None)

    def count(self, what: str, *, limit: int, forget_at: datetime) -> bool:
        with self._one_at_a_time:
            if self.counts[what] >= limit:
                return False
            self.counts[what] += 1
            return True
