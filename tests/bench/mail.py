"""How many reminders a second one core writes and hands to an SMTP server, and what writing alone costs."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from chalicelib.adapters.memory import FakeArchive
from chalicelib.adapters.rendering import TemplateWriter
from chalicelib.adapters.smtp import SmtpOutbox, SmtpSettings
from tests.bench.figure import Figure
from tests.notices import TODAY, notice
from tests.sample import CREDITOR, case, file_of, paris

MAILS = 600
INVOICES = 5  # in each mail


def measure(directory: Path) -> Iterator[Figure]:
    file = file_of(*(case(f"FA-{n:04}", "2026-03-10") for n in range(INVOICES)))
    reminders = [replace(notice("first_reminder", *file.cases), id=f"n{n}", token=f"{n:026}") for n in range(MAILS)]
    writer = TemplateWriter(FakeArchive())
    at = paris(TODAY)
    writer.write(file, reminders[0], CREDITOR, today=TODAY, at=at)  # templates are compiled once a container

    started = time.process_time()
    for reminder in reminders:
        writer.write(file, reminder, CREDITOR, today=TODAY, at=at)
    written = time.process_time() - started
    yield Figure("mails written a second", MAILS / written)

    with _sink() as port:
        outbox = SmtpOutbox(SmtpSettings(host="127.0.0.1", port=port, security="none"))
        started = time.perf_counter()
        for reminder in reminders:
            raw = writer.write(file, reminder, CREDITOR, today=TODAY, at=at)
            outbox.send(raw, sender=CREDITOR.reply_address(reminder.token), recipients=[reminder.to], tags={})
        took = time.perf_counter() - started
        outbox.close()
    yield Figure("mails written and handed to a loopback SMTP server a second", MAILS / took, at_least=150)
    yield Figure("size of a mail with five invoices and a QR code", len(raw) / 1024, "kB")
    yield Figure("peak memory of this process", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB")


class _sink:  # noqa: N801 — read as a verb where it is used
    """An SMTP server in a process of its own that takes everything and keeps nothing."""

    def __enter__(self) -> int:
        ours, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        port: int = ours.recv()
        return port

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.join(5)


def _serve(pipe: Connection) -> None:
    import socketserver

    class Sink(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 sink\r\n")
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    while self.rfile.readline() != b".\r\n":
                        pass
                elif verb == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                self.wfile.write(b"250 taken\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sink) as server:
        pipe.send(server.server_address[1])
        server.serve_forever()
