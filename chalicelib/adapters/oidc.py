"""Sign people in by OpenID Connect: authorization code with PKCE, and an ID token that is verified.

OpenID Connect Core 1.0 (section 3.1) and RFC 7636. The library is PyJWT; it and its cryptography cost a fifth of a
second, and are imported when somebody signs in.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import urllib.error
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from chalicelib.errors import PermanentError, Refused, RetryableError
from chalicelib.ports import Person, SignInAttempt

if TYPE_CHECKING:
    from jwt import PyJWKClient

PATIENCE_SECONDS = 5
CLOCKS_DIFFER_SECONDS = 30
KEYS_KEPT_SECONDS = 3600
LARGEST_ANSWER = 256 * 1024
SCOPES = "openid email profile"


@dataclass(frozen=True, kw_only=True)
class OidcSettings:
    """The provider, and who we are there. `metadata`: where its description is, if not below the issuer."""

    issuer: str
    client_id: str
    metadata: str = ""
    client_secret: str = ""
    groups_claim: str = "cognito:groups"


class OpenIdProvider:
    """An IdentityProvider. What it says of itself is read once; its keys anew when an unknown one signs."""

    def __init__(self, settings: Callable[[], OidcSettings]) -> None:
        self._ask_settings = settings
        self._settings: OidcSettings | None = None
        self._described: Mapping[str, Any] = {}
        self._keys: PyJWKClient | None = None

    def origin(self) -> str:
        place = urlsplit(self._describes("authorization_endpoint"))
        return f"{place.scheme}://{place.netloc}"

    def sign_in_url(self, attempt: SignInAttempt, *, back: str, language: str) -> str:
        challenge = urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": self._known.client_id, "redirect_uri": back, "scope": SCOPES,
            "state": attempt.state, "nonce": attempt.nonce, "code_challenge": challenge,
            "code_challenge_method": "S256", "ui_locales": language, "lang": language,
        }  # fmt: skip
        return f"{self._describes('authorization_endpoint')}?{urlencode(asked)}"

    def redeem(self, code: str, attempt: SignInAttempt, *, back: str) -> Person:
        asked = {
            "grant_type": "authorization_code", "client_id": self._known.client_id, "code": code,
            "redirect_uri": back, "code_verifier": attempt.verifier,
        }  # fmt: skip
        if self._known.client_secret:
            asked["client_secret"] = self._known.client_secret
        try:
            answer = _ask(self._describes("token_endpoint"), urlencode(asked).encode())
        except urllib.error.HTTPError as error:
            raise Refused(f"the identity provider does not take the code ({error.code})") from error
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Refused("the identity provider gave no ID token")
        return self._person(self._verified(token, attempt.nonce))

    def sign_out_url(self, *, back: str) -> str:
        page = str(self._description().get("end_session_endpoint") or "")
        # The standard's name of the way back, and Cognito's.
        asked = {"client_id": self._known.client_id, "post_logout_redirect_uri": back, "logout_uri": back}
        return f"{page}?{urlencode(asked)}" if page else ""

    @property
    def _known(self) -> OidcSettings:
        if self._settings is None:
            self._settings = self._ask_settings()
        return self._settings

    def _verified(self, token: str, nonce: str) -> Mapping[str, Any]:
        import jwt

        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._keys_of_provider().get_signing_key_from_jwt(token).key,
                algorithms=["RS256"],  # never what the token itself asks for
                audience=self._known.client_id,
                issuer=self._known.issuer,
                leeway=CLOCKS_DIFFER_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub", "nonce"]},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise RetryableError("the identity provider's keys cannot be had") from error
        except (jwt.PyJWTError, ValueError) as error:
            raise Refused(f"the ID token is not to be trusted: {type(error).__name__}") from error
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise Refused("the ID token is not to be trusted: it answers another sign-in")
        # Core 3.1.3.7: several audiences name the one it was made for. Cognito marks what is an ID token.
        if claims.get("azp", self._known.client_id) != self._known.client_id or claims.get("token_use", "id") != "id":
            raise Refused("the ID token is not to be trusted: it was made for another use")
        return claims

    def _person(self, claims: Mapping[str, Any]) -> Person:
        if claims.get("email_verified") in (False, "false"):
            raise Refused("the identity provider has not verified the e-mail address")
        groups = claims.get(self._known.groups_claim) or ()
        return Person(
            subject=str(claims["sub"]),
            email=str(claims.get("email") or claims.get("cognito:username") or claims["sub"]),
            name=str(claims.get("name") or ""),
            groups=tuple(map(str, groups if isinstance(groups, list | tuple) else [groups])),
            language=str(claims.get("locale") or ""),
            zone=str(claims.get("zoneinfo") or ""),
        )

    def _keys_of_provider(self) -> PyJWKClient:
        from jwt import PyJWKClient

        if self._keys is None:
            self._keys = PyJWKClient(
                self._describes("jwks_uri"), lifespan=KEYS_KEPT_SECONDS, timeout=PATIENCE_SECONDS
            )
        return self._keys

    def _describes(self, key: str) -> str:
        value = self._description().get(key)
        if not isinstance(value, str):
            raise PermanentError(f"the identity provider's description names no {key}")
        return value

    def _description(self) -> Mapping[str, Any]:
        if not self._described:
            place = self._known.metadata or f"{self._known.issuer}/.well-known/openid-configuration"
            try:
                described = _ask(place)
            except urllib.error.HTTPError as error:
                raise RetryableError(f"the identity provider does not describe itself ({error.code})") from error
            if described.get("issuer") != self._known.issuer:
                raise PermanentError("the identity provider describes itself as another issuer")
            self._described = described
        return self._described


def _ask(url: str, body: bytes | None = None) -> Mapping[str, Any]:
    """The JSON object there. An HTTPError is the caller's to explain."""
    if urlsplit(url).scheme not in ("https", "http"):
        raise PermanentError("the identity provider's address is no web address")
    request = urllib.request.Request(url, data=body, headers={"Accept": "application/json"})  # noqa: S310 — looked at
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 — looked at
            told = json.loads(answer.read(LARGEST_ANSWER))
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            raise RetryableError(f"the identity provider fails ({error.code})") from error
        raise
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise RetryableError(f"the identity provider cannot be asked: {type(error).__name__}") from error
    if not isinstance(told, dict):
        raise RetryableError("the identity provider's answer is no JSON object")
    return told
