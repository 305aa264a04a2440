"""Read the creditor's mailbox by IMAP4rev1 (RFC 3501): by UID, with PEEK, changing nothing."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from chalicelib.errors import PermanentError, RetryableError
from chalicelib.ports import Fetched

LARGEST = 30_000_001
"""Bytes read of one message: one more than the reader accepts, so that a larger one is quarantined as too large."""

AT_ONCE = 20
"""Messages fetched by one command, and"""
BYTES_AT_ONCE = 8_000_000
"""so many bytes, unless one message alone is larger: all of one answer stands in memory."""

UIDS_AT_ONCE = 50_000
"""UIDs asked for at once: a folder of 150,000 mails answers in one line that the library refuses as too long."""

_MAY_PASS = ("[unavailable]", "[inuse]", "[limit]", "[serverbug]", "temporar", "too many", "server unavailable")
"""What servers say where they refuse only for now (RFC 5530, and words of those that give no code)."""

_STUMBLES = (ValueError, TypeError, AttributeError, IndexError)
"""What the library raises, beside its own errors, over an answer that makes no sense."""

_SPAM_NAMES = ("junk", "spam", "junk e-mail", "junk email", "courrier indésirable", "indésirables", "pourriel")


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
        self._client = _connect(settings)
        self._selected, self._uid_next = "", 1

    def __enter__(self) -> ImapMailbox:
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self._client.logout()
        except (IMAPClientError, OSError):
            _hang_up(self._client)  # the server went first: nothing was changed, so nothing is lost

    def spam_folder(self) -> str:
        """The folder marked \\Junk (RFC 6154), else one with a usual name; empty where there is none."""
        folders = [
            ({flag.lower() for flag in flags}, str(name), (separator or b"/").decode("ascii", "replace"))
            for flags, separator, name in self._asking(self._client.list_folders)
        ]
        marked = [name for flags, name, _ in folders if flags & {b"\\junk", b"\\spam"}]
        named = [name for _, name, separator in folders if name.split(separator)[-1].lower() in _SPAM_NAMES]
        return (marked + named + [""])[0]

    def status(self, folder: str) -> tuple[int, int]:
        """(UIDVALIDITY, UIDNEXT) of the folder."""
        found = self._select(folder)
        validity = found.get(b"UIDVALIDITY")
        if not isinstance(validity, int):
            raise PermanentError(f"folder {folder}: the server gives no UIDVALIDITY, so UIDs cannot be relied on")
        return validity, self._uid_next

    def fetch_after(self, folder: str, uid: int, *, limit: int) -> Iterator[Fetched]:
        """Messages with a higher UID, lowest first, a few at a time so that memory stays bounded.

        Fewer than `limit` come only where there are no more. A message whose bytes the server refuses to give comes
        with none, once a later one was given: one damaged mail must not stop all that follow it.
        """
        if self._selected != folder:
            self._select(folder)
        refused: list[Fetched] = []
        given = 0
        for some in self._batches(uid):
            for message in self._fetch(some):
                if not message.raw:
                    refused.append(message)
                    continue
                for one in (*refused, message):
                    yield one
                    given += 1
                    if given == limit:
                        return
                refused.clear()
        if refused:
            raise RetryableError(f"folder {folder}: the server does not give message {refused[0].uid}")

    def _batches(self, after: int) -> Iterator[list[int]]:
        """UIDs in groups that fit into memory, by the sizes that the server tells."""
        batch: list[int] = []
        held = 0
        for uid, size in self._sizes(after):
            if batch and (len(batch) == AT_ONCE or held + size > BYTES_AT_ONCE):
                yield batch
                batch, held = [], 0
            batch.append(uid)
            held += min(size, LARGEST)
        if batch:
            yield batch

    def _sizes(self, after: int) -> Iterator[tuple[int, int]]:
        """(UID, bytes) of the messages above `after`, asked for a stretch of UIDs at a time."""
        for start in range(after + 1, self._uid_next, UIDS_AT_ONCE):
            # Never "n:*": that always names the last message, also when its UID is lower than n (RFC 3501, 6.4.8).
            span = f"{start}:{min(start + UIDS_AT_ONCE, self._uid_next) - 1}"
            uids = sorted(self._asking(self._client.search, ["UID", span]))
            for i in range(0, len(uids), 10 * AT_ONCE):
                some = uids[i : i + 10 * AT_ONCE]
                sizes = self._asking(self._client.fetch, some, ["RFC822.SIZE"])
                yield from ((u, sizes[u].get(b"RFC822.SIZE", LARGEST)) for u in some if u in sizes)

    def _fetch(self, uids: list[int]) -> Iterator[Fetched]:
        """The messages of these UIDs that are still there. What is refused is asked for once more, one by one."""
        why = "the server gave no bytes"
        try:
            got = self._client.fetch(uids, [f"BODY.PEEK[]<0.{LARGEST}>", "INTERNALDATE"])
        except (IMAPClientAbortError, OSError) as error:
            raise _broken(error) from error
        except (IMAPClientError, *_STUMBLES) as error:
            if len(uids) > 1:
                for uid in uids:
                    yield from self._fetch([uid])
                return
            got, why = {}, str(error)[:200]
        for uid in uids:
            answer = got.get(uid, {})
            # Deleted since the search: nothing comes, or NIL. Somebody cleans up, there is nothing to archive.
            if (raw := _body(answer)) or self._still_there(uid):
                received_at = _aware(answer.get(b"INTERNALDATE"))
                yield Fetched(uid=uid, received_at=received_at, raw=raw, why="" if raw else why)

    def _still_there(self, uid: int) -> bool:
        self._asking(self._client.noop)  # lets the server tell this session what others have deleted
        return bool(self._asking(self._client.search, ["UID", str(uid)]))

    def _select(self, folder: str) -> dict[bytes, object]:
        self._selected = ""
        try:
            found: dict[bytes, object] = self._client.select_folder(folder, readonly=True)
        except (IMAPClientAbortError, OSError) as error:
            raise _broken(error) from error
        except IMAPClientError as error:
            if _may_pass(error):
                raise RetryableError(f"folder {folder} cannot be opened for now: {error}") from error
            raise PermanentError(f"folder {folder}: {error}") from error
        uid_next = found.get(b"UIDNEXT")
        if not isinstance(uid_next, int):  # optional in RFC 3501: "*" is the highest UID, of a folder that has any
            any_there = found.get(b"EXISTS") != 0
            uid_next = max(self._asking(self._client.search, ["UID", "*"]), default=0) + 1 if any_there else 1
        self._selected, self._uid_next = folder, uid_next
        return found

    @staticmethod
    def _asking(ask: Callable[..., Any], *what: object) -> Any:
        try:
            return ask(*what)
        except (IMAPClientError, OSError, *_STUMBLES) as error:
            raise _broken(error) from error


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
    except ssl.SSLCertVerificationError as error:
        raise PermanentError(f"the mail server {where} is not trusted: {error.verify_message}") from error
    except (OSError, IMAPClientError) as error:
        raise RetryableError(f"the mail server {where} cannot be reached: {error}") from error
    client.normalise_times = False
    try:
        _log_in(client, settings, where)
    except BaseException:
        _hang_up(client)
        raise
    return client


def _log_in(client: IMAPClient, settings: ImapSettings, where: str) -> None:
    if any(c in settings.user + settings.password + settings.access_token for c in "\r\n\0"):
        # Pasted with its line's end; sent, the rest would be a command of its own.
        raise PermanentError(f"the login of {settings.user.strip()} holds a line break: take it out of the secret")
    try:
        if settings.access_token:
            client.oauth2_login(settings.user, settings.access_token)
        elif (settings.user + settings.password).isascii():
            client.login(settings.user, settings.password)
        else:  # LOGIN knows ASCII only; SASL PLAIN is UTF-8 (RFC 4616)
            client.plain_login(settings.user, settings.password)
    except LoginError as error:
        # The library calls everything a LoginError, a broken connection included.
        if isinstance(error.__context__, IMAPClientAbortError) or _may_pass(error):
            raise RetryableError(f"the mail server {where} takes no login for now") from error
        raise PermanentError(
            f"the mail server {where} refuses the login of {settings.user}: renew the password or token in the secret"
        ) from error
    except (IMAPClientError, OSError) as error:
        raise RetryableError(f"the mail server {where} broke off at the login: {error}") from error


def _hang_up(client: IMAPClient) -> None:
    try:
        client.shutdown()
    except (IMAPClientError, OSError):
        return  # it is closed already


def _may_pass(error: Exception) -> bool:
    said = str(error).lower()
    return any(words in said for words in _MAY_PASS)


def _broken(error: Exception) -> RetryableError:
    return RetryableError(f"the mailbox broke off: {error}")


def _body(got: dict[bytes, object]) -> bytes:
    # Servers answer with the origin octet in the name ("BODY[]<0>"): take whichever body came.
    return next((v for k, v in got.items() if k.startswith(b"BODY[]") and isinstance(v, bytes)), b"")


def _aware(internal_date: object) -> datetime:
    if isinstance(internal_date, datetime) and internal_date.tzinfo is not None:
        return internal_date.astimezone(UTC)
    return datetime.fromtimestamp(0, UTC)  # the server gives none: the parser then bounds nothing by it
