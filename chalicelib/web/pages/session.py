"""Sessions of the pages: who is signed in, for how long, in which role; what the browser holds of it.

The browser holds a random id, the store its hash: who reads the table cannot step into a session. The id is new at
each sign-in, so one that was planted beforehand opens nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from chalicelib.ports import Person, Session, SessionStore, SignInAttempt

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
SEEN_EVERY = timedelta(minutes=1)  # a page that is looked at costs a write at most so often
ATTEMPT_LASTS = timedelta(minutes=10)

COUNTED_OVER = timedelta(minutes=5)
ATTEMPTS_OF_ONE_ADDRESS = 30  # one address may be a whole office
ATTEMPTS_OF_ALL = 600


class Role(IntEnum):
    """What somebody may do; each may do what those before may."""

    NOBODY = 0  # need not be signed in
    VIEWER = 1
    COLLECTOR = 2
    MANAGER = 3


@dataclass(frozen=True)
class Cookies:
    """The names of our cookies and what goes with them, by how the pages are reached."""

    secure: bool

    def name(self, what: str) -> str:
        # The prefix makes the browser refuse one that was set by a sibling host, or without TLS.
        return f"__Host-relance-{what}" if self.secure else f"relance-{what}"

    def bake(self, what: str, value: str, *, lasts: timedelta | None = None) -> str:
        """A Set-Cookie that scripts cannot read and other sites' forms do not send. Without `lasts` the browser
        forgets it when it is closed."""
        age = "" if lasts is None else f"; Max-Age={int(lasts.total_seconds())}"
        secure = "; Secure" if self.secure else ""
        return f"{self.name(what)}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}"

    def clear(self, what: str) -> str:
        return self.bake(what, "", lasts=timedelta(0))


def role_of(person: Person) -> Role | None:
    """The highest role among a person's groups; None for somebody who has none here."""
    found = [role for role in Role if role and role.name.lower() in person.groups]
    return max(found, default=None)


def open_session(store: SessionStore, person: Person, role: Role, *, at: datetime) -> str:
    """Start a stay; gives the id for the browser."""
    id_ = _secret()
    session = Session(person=person, role=role.name.lower(), csrf=_secret(), started_at=at, seen_at=at)
    store.open(key_of(id_), session, forget_at=at + LONGEST)
    return id_


def present_session(store: SessionStore, id_: str, *, at: datetime) -> Session | None:
    """The session that this id opens, unless it has ended, stood idle or lasted too long."""
    if not id_:
        return None
    key = key_of(id_)
    session = store.find(key)
    if session is None:
        return None
    if at - session.seen_at >= IDLE or at - session.started_at >= LONGEST:
        store.end(key)
        return None
    if at - session.seen_at >= SEEN_EVERY:
        store.note_seen(key, at)
    return session


def end_session(store: SessionStore, id_: str) -> None:
    if id_:
        store.end(key_of(id_))


def begin_attempt(store: SessionStore, return_to: str, *, at: datetime) -> tuple[str, SignInAttempt]:
    """What a browser must come back with, and the id that binds it to this browser."""
    id_ = _secret()
    attempt = SignInAttempt(
        state=_secret(), nonce=_secret(), verifier=secrets.token_urlsafe(48), return_to=return_to, started_at=at
    )
    store.begin(key_of(id_), attempt, forget_at=at + ATTEMPT_LASTS)
    return id_, attempt


def take_attempt(store: SessionStore, id_: str, *, at: datetime) -> SignInAttempt | None:
    """The attempt that this browser began, once and within ten minutes."""
    attempt = store.take(key_of(id_)) if id_ else None
    return attempt if attempt and at - attempt.started_at < ATTEMPT_LASTS else None


def may_try(store: SessionStore, what: str, address: str, *, at: datetime) -> bool:
    """Whether there is room for one more attempt to sign in ("start" or "back"), from this address and from all."""
    span = int(at.timestamp() // COUNTED_OVER.total_seconds())
    forget_at = at + 2 * COUNTED_OVER
    mine = f"{what}#{span}#{hashlib.sha256(address.encode()).hexdigest()[:32]}"
    # The address first: one that is turned away takes no place from the others.
    return store.count(mine, limit=ATTEMPTS_OF_ONE_ADDRESS, forget_at=forget_at) and store.count(
        f"{what}#{span}#all", limit=ATTEMPTS_OF_ALL, forget_at=forget_at
    )


def key_of(id_: str) -> str:
    return hashlib.sha256(id_.encode()).hexdigest()


def _secret() -> str:
    return secrets.token_urlsafe(32)
