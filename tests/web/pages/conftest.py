"""The pages over a program in memory, asked as API Gateway asks; people come and go without a provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.memory import FakeArchive, FakeQueue
from chalicelib.adapters.memory_imports import FakeImportLog, FakeUploadDoor
from chalicelib.adapters.memory_numbers import FakeNumbersStore
from chalicelib.adapters.memory_office import FakeAuditLog, FakeDirectory, FakePolicyStore
from chalicelib.adapters.memory_sessions import FakeSessionStore
from chalicelib.errors import Refused
from chalicelib.ports import Person, SignInAttempt
from chalicelib.web.pages.session import Role, key_of, open_session
from tests.pipeline.desk import Program
from tests.sample import case, file_of, paris

AT = paris("2026-03-12")
HOST = "abc.execute-api.eu-west-3.amazonaws.com"
ORIGIN = f"https://{HOST}"
STAGE = "/api"
PROVIDER = "https://people.example"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    cookies: dict[str, str]  # name → the whole Set-Cookie
    body: str

    @property
    def place(self) -> str:
        return self.headers.get("Location", "")


@dataclass
class FakeProvider:
    """Vouches for `person`, or refuses."""

    person: Person | None = None
    attempts: list[SignInAttempt] = field(default_factory=list)

    def origin(self) -> str:
        return PROVIDER

    def sign_in_url(self, attempt: SignInAttempt, *, back: str, language: str) -> str:
        self.attempts.append(attempt)
        return f"{PROVIDER}/authorize?{urlencode({'state': attempt.state, 'redirect_uri': back})}"

    def redeem(self, code: str, attempt: SignInAttempt, *, back: str) -> Person:
        if self.person is None:
            raise Refused("nobody")
        return self.person

    def sign_out_url(self, *, back: str) -> str:
        return f"{PROVIDER}/logout?{urlencode({'logout_uri': back})}"


@dataclass
class Desk:
    """A browser before the pages: it keeps no cookies by itself."""

    program: Program
    sessions: FakeSessionStore
    provider: FakeProvider
    at: datetime = AT
    numbers: FakeNumbersStore = field(default_factory=FakeNumbersStore)
    imports: FakeImportLog = field(default_factory=FakeImportLog)
    import_queue: FakeQueue = field(default_factory=FakeQueue)
    import_files: FakeArchive = field(default_factory=FakeArchive)
    policies: FakePolicyStore = field(default_factory=FakePolicyStore)
    audit: FakeAuditLog = field(default_factory=FakeAuditLog)
    directory: FakeDirectory | None = field(default_factory=FakeDirectory)

    def ask(
        self, method: str, resource: str, *, ids: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None, cookies: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None, address: str = "203.0.113.7",
    ) -> Answer:  # fmt: skip
        from app import app

        path = resource
        for name, value in (ids or {}).items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        sent = {"Accept-Language": "en", **(headers or {})}
        if cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        if method == "POST":
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        event = {
            "resource": resource, "path": path, "httpMethod": method, "headers": sent,
            "multiValueHeaders": {name: [value] for name, value in sent.items()},
            "multiValueQueryStringParameters": {n: [v] for n, v in query.items()} if query else None,
            "pathParameters": {n: quote(v, safe="") for n, v in ids.items()} if ids else None, "stageVariables": None,
            "requestContext": {
                "requestId": "r1", "stage": "api", "resourcePath": resource, "httpMethod": method,
                "path": f"{STAGE}{path}", "domainName": HOST, "identity": {"sourceIp": address},
            },
            "body": urlencode(form or {}) if method == "POST" else None, "isBase64Encoded": False,
        }  # fmt: skip
        told: dict[str, Any] = app(event, None)
        baked = [value for name, values in (told.get("multiValueHeaders") or {}).items()
                 if name.lower() == "set-cookie" for value in values]  # fmt: skip
        return Answer(
            told["statusCode"], dict(told.get("headers") or {}), {c.split("=", 1)[0]: c for c in baked}, told["body"]
        )

    def person(self, role: str, **facts: Any) -> Person:
        return Person(**{"subject": role, "email": f"{role}@acme.example", "groups": (role,), **facts})

    def sign_in(self, role: str, **facts: Any) -> dict[str, str]:
        """The cookies of somebody of this role."""
        id_ = open_session(self.sessions, self.person(role, **facts), Role[role.upper()], at=self.at)
        return {"__Host-relance-session": id_}

    def token(self, cookies: Mapping[str, str]) -> str:
        return self.sessions.sessions[key_of(cookies["__Host-relance-session"])].csrf

    def act(
        self, resource: str, cookies: Mapping[str, str], form: Mapping[str, str] | None = None, **asked: Any
    ) -> Answer:
        """A form of ours, sent as a browser sends it."""
        whole = {"csrf": self.token(cookies), **(form or {})}
        headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin", **asked.pop("headers", {})}
        return self.ask("POST", resource, cookies=cookies, form=whole, headers=headers, **asked)


def value_of(cookie: str) -> str:
    (morsel,) = SimpleCookie(cookie).values()
    return morsel.value


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    program = Program(AT)
    desk = Desk(program, FakeSessionStore(), FakeProvider())
    monkeypatch.setattr(bootstrap, "parts", lambda: program.parts)
    monkeypatch.setattr(bootstrap, "sessions", lambda: desk.sessions)
    monkeypatch.setattr(bootstrap, "identity", lambda: desk.provider)
    monkeypatch.setattr(bootstrap, "numbers_store", lambda: desk.numbers)
    monkeypatch.setattr(bootstrap, "import_log", lambda: desk.imports)
    monkeypatch.setattr(bootstrap, "import_files", lambda: desk.import_files)
    monkeypatch.setattr(bootstrap, "import_queue", lambda: desk.import_queue)
    monkeypatch.setattr(bootstrap, "upload_door", FakeUploadDoor)
    monkeypatch.setattr(bootstrap, "policy_store", lambda: desk.policies)
    monkeypatch.setattr(bootstrap, "audit_log", lambda: desk.audit)
    monkeypatch.setattr(bootstrap, "directory", lambda: desk.directory)
    monkeypatch.setattr(bootstrap, "now", lambda: desk.at)
    monkeypatch.setenv("RELANCE_SIGN_IN_ORIGIN", PROVIDER)
    monkeypatch.delenv("RELANCE_PAGES_URL", raising=False)
    program.put(file_of(case("F1", "2026-03-10"), case("F2", "2026-06-30")), paris("2026-03-11"))
    return desk


@pytest.fixture
def later(desk: Desk) -> Callable[[timedelta], None]:
    def pass_time(by: timedelta) -> None:
        desk.at += by

    return pass_time
