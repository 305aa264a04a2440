"""Which dunning policies are in force: those that the program brings, changed by what a manager has adopted.

    shipped (templates/policies) ──┐
                                   ├──► in force: every function sees a change within a minute
    adopted (PolicyStore) ─────────┘

A version is the text of the file, with its comments, and is read by the same reader as the shipped ones. Its number is
the `version` that stands in it. Notices that have left keep what they said; what is decided from now on goes by the
version in force.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache

from chalicelib.domain.policy import Policy
from chalicelib.domain.policy_file import read_policy
from chalicelib.errors import BadFile, BadInput, RetryableError
from chalicelib.ports import PolicyStore, PolicyVersion

BELIEVED_SECONDS = 60.0
"""So long what was read of the store is believed: a run of a thousand debtors reads it once."""

_VERSION = re.compile(r"^(version[ \t]*:[ \t]*)([0-9]+)", re.MULTILINE)

_log = logging.getLogger(__name__)


class PoliciesInForce(Mapping[str, Policy]):
    """Policies by name, read anew from the store when they have been believed long enough.

    A store that does not answer leaves what was known; it must answer once. An adopted text that cannot be read any
    more is an error that names it: to chase by a policy that nobody chose would be worse than to stop.
    """

    def __init__(self, shipped: Callable[[], Mapping[str, Policy]], store: PolicyStore, clock: Callable[[], float]):
        self._shipped, self._store, self._clock = shipped, store, clock
        self._known: Mapping[str, Policy] | None = None
        self._read_at = 0.0

    def __getitem__(self, name: str) -> Policy:
        return self._present()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._present())

    def __len__(self) -> int:
        return len(self._present())

    def _present(self) -> Mapping[str, Policy]:
        now = self._clock()
        if self._known is None or now - self._read_at >= BELIEVED_SECONDS:
            try:
                self._known = in_force(self._shipped(), self._store)
            except RetryableError as error:
                if self._known is None:
                    raise
                _log.warning(f"the policies in force are believed a little longer: {error}")
            self._read_at = now
        return self._known


def in_force(shipped: Mapping[str, Policy], store: PolicyStore) -> dict[str, Policy]:
    """The policies by name, as they stand now."""
    return {**shipped, **{version.name: read_version(version) for version in store.adopted()}}


def read_version(version: PolicyVersion) -> Policy:
    return _read(version.text, f"{version.name}, version {version.number}")


def numbered(text: str, number: int) -> str:
    """The text with this number as its version; as it is where it names none."""
    return _VERSION.sub(rf"\g<1>{number}", text, count=1)


def checked(text: str, *, name: str, number: int) -> Policy:
    """The policy that a text says, to be adopted under this name and number. BadFile with every finding."""
    policy = read_policy(text, name)
    findings = []
    if policy.name != name:
        remedy = f"write name: {name}"
        findings.append(
            BadInput(f"line {_line_of(text, 'name')}, key name", f"{policy.name!r} is another policy", remedy)
        )
    if policy.version != number:
        what = f"{policy.version} is not the number that follows"
        findings.append(BadInput(f"line {_line_of(text, 'version')}, key version", what, f"write version: {number}"))
    if findings:
        raise BadFile(name, findings)
    return policy


def adopt(store: PolicyStore, text: str, *, name: str, number: int, who: str, at: datetime, why: str) -> bool:
    """Put a text in force; False where somebody else has put another in force since."""
    checked(text, name=name, number=number)
    return store.adopt(PolicyVersion(name=name, number=number, text=text, who=who, at=at, why=why))


def _line_of(text: str, key: str) -> int:
    found = re.search(rf"^{key}[ \t]*:", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 1


@lru_cache(maxsize=16)
def _read(text: str, name: str) -> Policy:
    return read_policy(text, name)
