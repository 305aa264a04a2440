"""ID tokens of others are refused: another signer, algorithm, issuer, audience, time, nonce or use."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from chalicelib.adapters.oidc import OidcSettings, OpenIdProvider
from chalicelib.errors import PermanentError, Refused, RetryableError
from chalicelib.ports import SignInAttempt

KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
ATTEMPT = SignInAttempt(
    state="s", nonce="n0nce", verifier="v" * 64, return_to="/ops/today", started_at=datetime.now(UTC)
)
BACK = "https://relances.example/ops/signed-in"


@dataclass
class Provider:
    """A provider on the loopback that gives the token it is told to."""

    url: str = ""
    token: str = ""
    status: int = 200
    issuer: str = ""
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def sees(self, path: str, body: bytes) -> tuple[int, Any]:
        self.paths.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer or self.url, "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
                "end_session_endpoint": f"{self.url}/logout",
            }  # fmt: skip
        if path == "/keys":
            return 200, {"keys": [json.loads(RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "k1", "alg": "RS256"}]}
        self.asked.append(parse_qs(body.decode()))
        return self.status, {"id_token": self.token, "access_token": "a"}

    def claims(self, **changed: Any) -> dict[str, Any]:
        now = int(time.time())
        known = {
            "iss": self.url, "aud": "client", "sub": "sub-1", "iat": now, "exp": now + 300, "nonce": ATTEMPT.nonce,
            "email": "anne@acme.example", "email_verified": True, "name": "Anne", "token_use": "id",
            "cognito:groups": ["collector"],
        }  # fmt: skip
        return {key: value for key, value in {**known, **changed}.items() if value is not None}


@pytest.fixture
def provider() -> Iterator[Provider]:
    told = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = told.sees(self.path, body)
            raw = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield told
    server.shutdown()
    server.server_close()


def ours(provider: Provider) -> OpenIdProvider:
    return OpenIdProvider(lambda: OidcSettings(issuer=provider.url, client_id="client"))


def signed(claims: dict[str, Any], key: Any = KEY, algorithm: str = "RS256", **headers: Any) -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "k1", **headers})


def by_hand(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None = None) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in (header, claims)]
    text = b".".join(parts)
    mark = hmac.new(secret, text, hashlib.sha256).digest() if secret else b""
    return (text + b"." + base64.urlsafe_b64encode(mark).rstrip(b"=")).decode()


def test_a_person_comes_of_a_token_that_is_right(provider: Provider) -> None:
    provider.token = signed(provider.claims())
    person = ours(provider).redeem("c0de", ATTEMPT, back=BACK)
    assert (person.subject, person.email, person.groups) == ("sub-1", "anne@acme.example", ("collector",))
    assert provider.asked[0]["code_verifier"] == [ATTEMPT.verifier]
    assert provider.asked[0]["redirect_uri"] == [BACK]


NOW = int(time.time())


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["client", "another"], "azp": "another"},
        pytest.param({"exp": NOW - 3600, "iat": NOW - 7200}, id="run out"),  # named: the clock is no stable name
        pytest.param({"iat": NOW + 3600, "exp": NOW + 7200}, id="of later"),
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"exp": None},
        {"sub": None},
        {"aud": None},
        {"token_use": "access"},
        {"email_verified": False},
    ],
    ids=str,
)
def test_a_token_that_was_not_made_for_this_sign_in_is_refused(provider: Provider, changed: dict[str, Any]) -> None:
    provider.token = signed(provider.claims(**changed))
    with pytest.raises(Refused):
        ours(provider).redeem("c0de", ATTEMPT, back=BACK)


def test_a_token_that_the_provider_did_not_sign_is_refused(provider: Provider) -> None:
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    claims = provider.claims()
    right = signed(claims)
    forged = [
        signed(claims, OTHER_KEY),
        signed(claims, OTHER_KEY, kid="unknown"),
        signed(claims, KEY, "RS512"),
        by_hand({"alg": "none", "kid": "k1"}, claims),
        by_hand({"alg": "None", "kid": "k1"}, claims),
        # The published key taken for the secret of another algorithm.
        by_hand({"alg": "HS256", "kid": "k1"}, claims, public),
        right[:-4] + ("AAAA" if not right.endswith("AAAA") else "BBBB"),
        "no.token", "", "a.b.c",
    ]  # fmt: skip
    for token in forged:
        provider.token = token
        with pytest.raises(Refused):
            ours(provider).redeem("c0de", ATTEMPT, back=BACK)


def test_a_code_that_the_provider_does_not_take_is_refused_and_its_failure_is_not(provider: Provider) -> None:
    provider.status = 400
    with pytest.raises(Refused):
        ours(provider).redeem("c0de", ATTEMPT, back=BACK)
    provider.status = 500
    with pytest.raises(RetryableError):
        ours(provider).redeem("c0de", ATTEMPT, back=BACK)


def test_a_provider_that_cannot_be_reached_is_asked_later() -> None:
    gone = OpenIdProvider(lambda: OidcSettings(issuer="http://127.0.0.1:9", client_id="client"))
    with pytest.raises(RetryableError):
        gone.sign_in_url(ATTEMPT, back=BACK, language="fr")


def test_a_description_of_another_issuer_is_not_taken(provider: Provider) -> None:
    provider.issuer = "https://evil.example"
    with pytest.raises(PermanentError, match="another issuer"):
        ours(provider).sign_in_url(ATTEMPT, back=BACK, language="fr")


def test_an_address_that_is_no_web_address_is_not_opened() -> None:
    local = OpenIdProvider(lambda: OidcSettings(issuer="x", client_id="c", metadata="file:///etc/passwd"))
    with pytest.raises(PermanentError, match="no web address"):
        local.origin()


def test_the_browser_is_sent_with_a_challenge_and_never_with_the_verifier(provider: Provider) -> None:
    url = ours(provider).sign_in_url(ATTEMPT, back=BACK, language="fr")
    asked = parse_qs(urlsplit(url).query)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(ATTEMPT.verifier.encode()).digest()).rstrip(b"=").decode()
    assert (asked["code_challenge"], asked["code_challenge_method"]) == ([challenge], ["S256"])
    assert ATTEMPT.verifier not in url


def test_description_and_keys_are_asked_for_once(provider: Provider) -> None:
    us = ours(provider)
    for _ in range(3):
        provider.token = signed(provider.claims())
        us.redeem("c0de", ATTEMPT, back=BACK)
    assert provider.paths.count("/keys") == provider.paths.count("/.well-known/openid-configuration") == 1
