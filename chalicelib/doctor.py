"""Examine an installation: each part that Relance needs, what is wrong with it, and what to do. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.creditor import Creditor, Health
from chalicelib.domain.policy import Do, Policy
from chalicelib.errors import PermanentError, RetryableError
from chalicelib.law.rules import FILE, Rules
from chalicelib.ports import Parts

FOLDER = "INBOX"


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Line:
    """One thing examined. `what` never holds a secret: the parts name their secrets and keep their values."""

    name: str
    state: State
    what: str
    remedy: str = ""


Look = Callable[[], tuple[str, str]]
"""A look at one part: gives what it found and what to do about it (empty: all is well), or raises."""

_REMEDIES = {
    "policies": "correct the file in templates/policies",
    "settings": "set it, or name the stack with --stack",
    "table": "deploy the stack, or correct RELANCE_TABLE",
    "creditor": "run `relance setup FILE.yaml`",
    "mailbox": "check the mailbox's address and the login in its secret",
    "mail out": "verify the sender in Amazon SES, or check the login in the SMTP secret",
}
_REMEDY = "see that the stack is deployed, and that these credentials may look at it"


def examine(
    parts: Callable[[], Parts],
    looks: Mapping[str, Look],
    policies: Callable[[], Mapping[str, Policy]],
    rules: Callable[[], Rules],
    *,
    at: datetime,
) -> Iterator[Line]:
    """Every line as soon as it is known; one that fails does not keep the others from being examined.

    `looks` are the looks at technical parts that bootstrap knows how to take.
    """
    yield _examined("policies", lambda: (_policies(policies()), ""))
    yield from _rates(rules, at)
    settings = _examined("settings", lambda: _built(parts))
    yield settings
    if settings.state is State.FAIL:
        return
    for name, look in looks.items():
        yield _examined(name, look)
    yield _examined("creditor", lambda: (_creditor(parts().offices.creditor()), ""))
    yield _examined("mailbox", lambda: (_mailbox(parts()), ""))
    yield from _freshness(parts, at)


def _examined(name: str, look: Look) -> Line:
    try:
        what, remedy = look()
    except (PermanentError, RetryableError) as error:
        return Line(name, State.FAIL, _one_line(error), _REMEDIES.get(name, _REMEDY))
    except Exception as error:  # noqa: BLE001 — whatever breaks is what the user wants to read here
        return Line(name, State.FAIL, f"{type(error).__name__}: {_one_line(error)}", _REMEDIES.get(name, _REMEDY))
    return Line(name, State.WARN if remedy else State.OK, what, remedy)


def _policies(policies: Mapping[str, Policy]) -> str:
    return ", ".join(f"{p.name} (version {p.version}, {len(p.steps)} steps)" for p in policies.values())


def _rates(rules: Callable[[], Rules], at: datetime) -> Iterator[Line]:
    """A rate of the running half-year that is missing stops no mail, only what states interest: a warning."""
    try:
        read = rules()
    except PermanentError as error:
        yield Line("law", State.FAIL, _one_line(error), f"correct {FILE}")
        return
    for series in read.series.values():
        wanted_on = read.wanted_on(series, at.date())
        known = f"{series.publisher}, entered up to {series.known_until}"
        if wanted_on <= series.known_until:
            yield Line("rates", State.OK, known)
        else:
            what = f"{known}: no interest can be reckoned from {wanted_on} on"
            yield Line("rates", State.WARN, what, f"in {FILE}, series {series.id}: {series.remedy(wanted_on)}")


def _built(parts: Callable[[], Parts]) -> tuple[str, str]:
    parts()
    return "complete", ""


def _creditor(creditor: Creditor) -> str:
    roles = ", ".join(sorted(creditor.personas))
    return f"{creditor.name}, answers to {creditor.mailbox}, signed by {roles}"


def _mailbox(parts: Parts) -> str:
    with parts.mailbox() as mailbox:
        _, uid_next = mailbox.status(FOLDER)
    return f"logged in, {FOLDER} is at UID {uid_next - 1}"


def _freshness(parts: Callable[[], Parts], at: datetime) -> Iterator[Line]:
    """Stale knowledge stops all chasing, so it is a failure; what was never read is only not begun."""
    try:
        health, policy = parts().offices.health(), parts().policies["standard"]
    except (PermanentError, RetryableError) as error:
        yield Line("freshness", State.FAIL, _one_line(error), "correct what is told above")
        return
    remedies = {
        "payments": "import payments (a file without a row says that nothing came in)",
        "mailbox": "see that the mailbox schedule runs and its login works",
    }
    for name, read_at in (("payments", health.payments_read_at), ("mailbox", health.mailbox_read_at)):
        other = {"payments_read_at": at, "mailbox_read_at": at, f"{name}_read_at": read_at}
        why = Health(**other).blind(policy, at)
        if not why and read_at:
            yield Line(f"fresh {name}", State.OK, f"read at {read_at:%Y-%m-%d %H:%M} UTC")
        else:
            state = State.FAIL if read_at else State.WARN
            yield Line(f"fresh {name}", state, f"{why}: nothing is chased", remedies[name])
    if health.last_entry_on:
        fresh = Health(payments_read_at=at, mailbox_read_at=at, last_entry_on=health.last_entry_on)
        old = fresh.blind(policy, at)
        remedy = "import the bank's newer statements" if old else ""
        state = State.FAIL if old else State.OK
        yield Line("bank statement", state, old or f"reaches to {health.last_entry_on}", remedy)
    if not any(step.do is Do.EMAIL for step in policy.steps):
        yield Line("ladder", State.WARN, "the standard policy writes no e-mail", "add a step with do: email")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
