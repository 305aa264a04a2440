"""A mail server on the loopback: takes what is sent, keeps it, bounces on demand, serves it by IMAP.

SMTP is ours: mail-devel's own delivers by the To header and rewrites what it takes, where a real server
follows the envelope and keeps every byte. The mailboxes, IMAP and the page to look at them are mail-devel's.
It drops IMAP keywords: no state may live in the mailbox.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from mail_devel import Service
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import FetchRequirement

from infra.local.bounce import BounceReason, write_bounce
from infra.local.ports import LOOPBACK, accepts_connections, claim_port
from infra.local.process import POLL_SECONDS, PartUnavailable

PASSWORD = "secret"
START_WITHIN_SECONDS = 10.0
ANSWER_WITHIN_SECONDS = 30.0

Result = TypeVar("Result")


@dataclass(frozen=True)
class Delivery:
    """One mail the server took: by whom and for whom the envelope says, and its exact bytes.

    `kept_in` are the files it was written to; `bounced` the recipients for which a report went back.
    """

    number: int
    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    at: datetime
    kept_in: tuple[Path, ...] = ()
    bounced: tuple[str, ...] = ()


@dataclass(frozen=True)
class Treatment:
    """What happens to mail for one address: refused in the session, bounced later, or its reply lost.

    `times` counts down with each use; None is for ever.
    """

    refusal: str | None = None
    bounce: BounceReason | None = None
    loses_reply: bool = False
    times: int | None = None


class MailServer:
    """A running server. Its methods may be called from any thread."""

    def __init__(
        self,
        *,
        creditor: str,
        aliases: tuple[str, ...],
        ports: tuple[int, int, int],
        kept_out: Path | None,
        kept_in: Path | None,
        clock: Callable[[], datetime],
        stamp: Callable[[str, bytes], bytes] | None = None,
    ) -> None:
        self.creditor = creditor.lower()
        self.password = PASSWORD
        self.host = LOOPBACK
        self.smtp_port, self.imap_port, self.http_port = ports
        self._aliases = aliases
        self._kept_out, self._kept_in = kept_out, kept_in
        self._clock = clock
        self._stamp = stamp
        self._refusals: list[str] = []
        self._treatments: dict[str, Treatment] = {}
        self._deliveries: list[Delivery] = []
        self._changed = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._service: Any = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, name="mail server", daemon=True)

    @property
    def page(self) -> str:
        """The address of the page that shows every mailbox."""
        return f"http://{self.host}:{self.http_port}/"

    def refuse(
        self, address: str, reply: str = "550 5.1.1 user unknown", *, times: int | None = None
    ) -> None:
        """Answer RCPT for this address with `reply`: 5xx for a dead address, 451 for "try again later"."""
        self._treat(address, Treatment(refusal=reply, times=times))

    def bounce(self, address: str, reason: BounceReason | None = None, *, times: int | None = None) -> None:
        """Take mail for this address, then report to its envelope sender, as SES does with a dead address."""
        self._treat(address, Treatment(bounce=reason or BounceReason(), times=times))

    def lose_reply(self, address: str, *, times: int | None = 1) -> None:
        """Take mail for this address, then cut the connection before saying so: done, but nobody knows."""
        self._treat(address, Treatment(loses_reply=True, times=times))

    def accept(self, address: str) -> None:
        """Forget what was said of this address."""
        with self._changed:
            self._treatments.pop(address.lower(), None)

    def deliver(self, raw: bytes, *, to: str, sender: str = "") -> Delivery:
        """Put a mail into the mailbox of `to` as if it had come by SMTP, treatments aside."""
        return self._on_loop(self._take(sender, (to,), raw))

    def deliveries(self) -> tuple[Delivery, ...]:
        """Every mail taken so far, oldest first; bounces that the server wrote are among them."""
        with self._changed:
            return tuple(self._deliveries)

    def refusals(self) -> tuple[str, ...]:
        """The recipients refused in the session so far."""
        with self._changed:
            return tuple(self._refusals)

    def wait_for(self, count: int, *, seconds: float = 10.0) -> tuple[Delivery, ...]:
        """`deliveries()` once there are `count` of them; TimeoutError says how many came instead."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._deliveries) >= count, seconds):
                raise TimeoutError(f"{len(self._deliveries)} mails came within {seconds} s, not {count}")
            return tuple(self._deliveries)

    def messages(self, address: str) -> list[bytes]:
        """The exact bytes of what lies in the inbox of this address, oldest first."""
        return self._on_loop(self._read_inbox(self.mailbox_of(address)))

    def mailbox_of(self, address: str) -> str:
        """The mailbox an address leads to: plus-addresses and aliases of the creditor lead to its own."""
        address = address.lower()
        local, _, domain = address.rpartition("@")
        if f"{local.partition('+')[0]}@{domain}" == self.creditor:
            return self.creditor
        if any(fnmatchcase(address, alias.lower()) for alias in self._aliases):
            return self.creditor
        return address

    # The hooks aiosmtpd calls, on the loop's thread; their names and arguments are its own.

    async def handle_RCPT(  # noqa: N802 — aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        treatment = self._treatment(address)
        if treatment and treatment.refusal:
            self._use(address)
            with self._changed:
                self._refusals.append(address)
            return treatment.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 — aiosmtpd's name
        content = envelope.original_content or b""
        await self._take(envelope.mail_from or "", tuple(envelope.rcpt_tos), content, treated=True)
        cut = False
        for address in envelope.rcpt_tos:
            treatment = self._treatment(address)
            if treatment and treatment.loses_reply:
                self._use(address)
                cut = True
        if cut and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 OK"

    def _check_login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, secret: Any
    ) -> AuthResult:
        right = isinstance(secret, LoginPassword) and secret.password == self.password.encode()
        return AuthResult(success=right, handled=right)

    async def _take(
        self, sender: str, recipients: tuple[str, ...], raw: bytes, *, treated: bool = False
    ) -> Delivery:
        if self._stamp and any(self.mailbox_of(address) == self.creditor for address in recipients):
            raw = self._stamp(sender, raw)
        with self._changed:
            number = len(self._deliveries) + 1
            delivery = Delivery(number, sender, recipients, raw, self._clock())
            self._deliveries.append(delivery)
        bounces: list[tuple[str, BounceReason]] = []
        for address in recipients:
            treatment = self._treatment(address) if treated else None
            if treatment and treatment.bounce:
                self._use(address)
                bounces.append((address, treatment.bounce))
            else:
                await self._append(self.mailbox_of(address), raw, delivery.at)
        delivery = replace(
            delivery, kept_in=self._keep(delivery), bounced=tuple(address for address, _ in bounces)
        )
        with self._changed:
            self._deliveries[number - 1] = delivery
            self._changed.notify_all()
        # A report has no sender: a report on a report would never end.
        if sender:
            for address, reason in bounces:
                report = write_bounce(raw, to=sender, recipient=address, reason=reason, at=delivery.at)
                await self._take("", (sender,), report)
        return delivery

    def _keep(self, delivery: Delivery) -> tuple[Path, ...]:
        sides = {self.mailbox_of(address) == self.creditor for address in delivery.recipients}
        wanted = ((self._kept_in, True), (self._kept_out, False))
        folders = [folder for folder, side in wanted if folder and side in sides]
        correspondent = delivery.sender if True in sides else delivery.recipients[0]
        label = re.sub(r"[^A-Za-z0-9@._+-]", "_", correspondent)[:100] or "nobody"
        name = f"{delivery.number:05d}-{label}.eml"
        for folder in folders:
            # Renamed into place: whoever watches the folder never reads half a mail.
            partial = folder / f".{name}"
            partial.write_bytes(delivery.raw)
            partial.rename(folder / name)
        return tuple(folder / name for folder in folders)

    async def _append(self, mailbox: str, raw: bytes, at: datetime) -> None:
        inbox = await (await self._service.mailboxes.get(mailbox)).get_mailbox("INBOX")
        await inbox.append(AppendMessage(literal=raw, when=at))

    async def _read_inbox(self, mailbox: str) -> list[bytes]:
        inbox = await (await self._service.mailboxes.get(mailbox)).get_mailbox("INBOX")
        return [
            bytes((await message.load_content(FetchRequirement.CONTENT)).content)
            async for message in inbox.messages()
        ]

    def _treat(self, address: str, treatment: Treatment) -> None:
        with self._changed:
            self._treatments[address.lower()] = treatment

    def _treatment(self, address: str) -> Treatment | None:
        with self._changed:
            return self._treatments.get(address.lower())

    def _use(self, address: str) -> None:
        with self._changed:
            treatment = self._treatments.get(address.lower())
            if treatment is None or treatment.times is None:
                return
            if treatment.times <= 1:
                del self._treatments[address.lower()]
            else:
                self._treatments[address.lower()] = replace(treatment, times=treatment.times - 1)

    def _on_loop(self, work: Coroutine[Any, Any, Result]) -> Result:
        if self._loop is None:
            raise RuntimeError("the mail server is not running")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_WITHIN_SECONDS)

    def _start(self) -> None:
        self._thread.start()
        deadline = time.monotonic() + START_WITHIN_SECONDS
        while not all(accepts_connections(port) for port in (self.smtp_port, self.imap_port, self.http_port)):
            if self._failure is not None or time.monotonic() > deadline:
                self._stop()
                raise PartUnavailable(f"mail server: did not start: {self._failure or 'no port answers'}")
            time.sleep(POLL_SECONDS / 5)

    def _stop(self) -> None:
        if self._loop is not None and self._stopping is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(ANSWER_WITHIN_SECONDS)

    def _serve(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:  # noqa: BLE001 — told by the thread that waits for the start
            self._failure = error

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        stopping = asyncio.Event()
        service = await Service.init(self._mail_devel_settings())
        # Its SMTP is replaced by ours (see above).
        service.smtp = None
        await service.mailboxes.get(self.creditor)
        smtp = await loop.create_server(self._smtp_session, self.host, self.smtp_port)
        self._loop, self._stopping, self._service = loop, stopping, service
        async with service.start():
            await stopping.wait()
            smtp.close()
            # From Python 3.12 a server waits for its open connections: an IMAP client in IDLE holds it.
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

    def _smtp_session(self) -> SMTP:
        return SMTP(
            self,
            hostname=self.host,
            ident="Relance's local mail server",
            enable_SMTPUTF8=True,
            authenticator=self._check_login,
            auth_require_tls=False,
        )

    def _mail_devel_settings(self) -> Any:
        return Service.parse(
            [
                f"--host={self.host}",
                f"--user={self.creditor}",
                f"--password={self.password}",
                "--multi-user",
                f"--imap-port={self.imap_port}",
                f"--http-port={self.http_port}",
            ]
        )


@contextmanager
def run_mailserver(
    *,
    creditor: str,
    aliases: tuple[str, ...] = (),
    kept_out: Path | None = None,
    kept_in: Path | None = None,
    smtp_port: int | None = None,
    imap_port: int | None = None,
    http_port: int | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    stamp: Callable[[str, bytes], bytes] | None = None,
) -> Iterator[MailServer]:
    """Run a mail server while the block lasts. Any address can receive; any login opens with `password`.

    creditor: our own mailbox; its plus-addresses and `aliases` (patterns such as "*@acme.test") lead there.
    kept_in, kept_out: folders that get a copy of every mail taken for the creditor, or for anybody else;
    a mail that bounces later is among them (it left), one refused in the session is not.
    clock: the instant mails are marked with. stamp: what our server writes above a mail for the creditor, from
    its envelope sender and its bytes. Refuses with PartUnavailable when a port is taken.
    """
    ports = (
        claim_port(smtp_port, "mail server (SMTP)"),
        claim_port(imap_port, "mail server (IMAP)"),
        claim_port(http_port, "mail server (page)"),
    )
    server = MailServer(
        creditor=creditor, aliases=aliases, ports=ports, kept_out=kept_out, kept_in=kept_in, clock=clock,
        stamp=stamp,
    )  # fmt: skip
    for folder in (kept_in, kept_out):
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
    server._start()
    try:
        yield server
    finally:
        server._stop()
