"""Read the creditor's mailbox by IMAP4rev1 (RFC 3501): by UID, with PEEK, changing nothing."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from chalicelib.errors import PermanentError, RetryableError
from chalicelib.ports import Fetched

LARGEST = 30_000_001
"""Bytes read of one message: one more than the reader accepts, so that a larger one is quarantined as too large."""

AT_ONCE = 20


@dataclass(frozen=True, kw_only=True, repr=False)
class ImapSettings:
    """How to log in. With `access_token` the login is XOAUTH2, as Microsoft 365 and Google demand."""

    host: str
    port: int = 993
    user: str = ""
    password: str = ""
    access_token: str = ""
    tls: bool = True
    tls_verify: bool = True
    timeout_seconds: float = 20


class ImapMailbox:
    """One logged-in connection; use it in a `with` block.

    Raises PermanentError where the server refuses the login or the folder, RetryableError where it cannot be reached
    or breaks off. Neither ever names the password.
    """

    def __init__(self, settings: ImapSettings) -> None:
        self._settings = settings
        self._client = _connect(settings)
        self._selected = ""

    def __enter__(self) -> ImapMailbox:
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self._client.logout()
        except (IMAPClientError, OSError):
            self._client.shutdown()  # the server went first: nothing was changed, so nothing is lost

    def status(self, folder: str) -> tuple[int, int]:
        """(UIDVALIDITY, UIDNEXT) of the folder."""
        found = self._select(folder)
        validity = found.get(b"UIDVALIDITY")
        if not isinstance(validity, int):
            raise PermanentError(f"folder {folder}: the server gives no UIDVALIDITY, so UIDs cannot be relied on")
        uid_next = found.get(b"UIDNEXT")
        if not isinstance(uid_next, int):  # optional in RFC 3501: look for the highest UID instead
            uid_next = max(self._asking(partial(self._client.search, "ALL")), default=0) + 1
        return validity, uid_next

    def fetch_after(self, folder: str, uid: int, *, limit: int) -> Iterator[Fetched]:
        """Messages with a higher UID, lowest first, a few at a time so that memory stays bounded."""
        if self._selected != folder:
            self._select(folder)
        # "n:*" always names the last message, also when its UID is lower than n (RFC 3501, 6.4.8).
        found = self._asking(partial(self._client.search, ["UID", f"{uid + 1}:*"]))
        uids = sorted(u for u in found if u > uid)[:limit]
        for start in range(0, len(uids), AT_ONCE):
            some = uids[start : start + AT_ONCE]
            part = f"BODY.PEEK[]<0.{LARGEST}>"
            got = self._asking(partial(self._client.fetch, some, [part, "INTERNALDATE"]))
            for u in some:
                if u in got:  # else it was deleted since the search: somebody cleans up, nothing to archive
                    yield Fetched(uid=u, received_at=_aware(got[u].get(b"INTERNALDATE")), raw=_body(got[u]))

    def _select(self, folder: str) -> dict[bytes, object]:
        try:
            found: dict[bytes, object] = self._client.select_folder(folder, readonly=True)
        except (IMAPClientAbortError, OSError) as error:
            raise RetryableError(f"the mailbox broke off: {error}") from error
        except IMAPClientError as error:
            raise PermanentError(f"folder {folder}: {error}") from error
        self._selected = folder
        return found

    @staticmethod
    def _asking(ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except (IMAPClientError, OSError) as error:
            raise RetryableError(f"the mailbox broke off: {error}") from error


def _connect(settings: ImapSettings) -> IMAPClient:
    context = ssl.create_default_context()
    if not settings.tls_verify:  # for a server of one's own with its own certificate; never the default
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    where = f"{settings.host}:{settings.port}"
    try:
        client = IMAPClient(
            settings.host, settings.port, ssl=settings.tls, ssl_context=context if settings.tls else None,
            timeout=settings.timeout_seconds,
        )  # fmt: skip
        client.normalise_times = False
    except (OSError, IMAPClientError) as error:
        raise RetryableError(f"the mail server {where} cannot be reached: {error}") from error
    try:
        if settings.access_token:
            client.oauth2_login(settings.user, settings.access_token)
        else:
            client.login(settings.user, settings.password)
    except LoginError as error:
        raise PermanentError(
            f"the mail server {where} refuses the login of {settings.user}: renew the password or token in the secret"
        ) from error
    except (IMAPClientError, OSError) as error:
        raise RetryableError(f"the mail server {where} broke off at the login: {error}") from error
    return client


def _body(got: dict[bytes, object]) -> bytes:
    # Servers answer with the origin octet in the name ("BODY[]<0>"): take whichever body came.
    return next((v for k, v in got.items() if k.startswith(b"BODY[]") and isinstance(v, bytes)), b"")


def _aware(internal_date: object) -> datetime:
    if isinstance(internal_date, datetime) and internal_date.tzinfo is not None:
        return internal_date.astimezone(UTC)
    return datetime.fromtimestamp(0, UTC)  # the server gives none: the parser then bounds nothing by it
