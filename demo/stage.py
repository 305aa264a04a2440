"""The stage: the embedded AWS with the deployed application and the mail server, and the few hands that move them.

Everything that happens goes through what is deployed: a schedule is its function invoked with the event of that
instant, a ledger file lies in the import bucket, work waits in the queues. What a day that is played cannot have is
the real clock: S3's own notice of a file would say that it was dropped today, so while days are played the notice
is put into the queue with the day's time.
"""

from __future__ import annotations

import json
import shutil
import smtplib
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from chalicelib.adapters.dynamodb import DynamoCaseStore
from chalicelib.adapters.dynamodb_mail_log import DynamoMailLog
from chalicelib.adapters.dynamodb_numbers import DynamoNumbersStore
from chalicelib.adapters.dynamodb_office import DynamoOfficeStore
from chalicelib.adapters.imap import ImapMailbox, ImapSettings
from chalicelib.adapters.rendering import TemplateWriter
from chalicelib.adapters.rendering_typst import TypstPrinter
from chalicelib.adapters.s3 import S3Archive
from chalicelib.adapters.ses import ONCE, SesOutbox
from chalicelib.adapters.sqs import SqsQueue
from chalicelib.bootstrap import TEMPLATES, law_rules, policies
from chalicelib.domain.creditor import Creditor
from chalicelib.ports import Parts
from demo.mx import vouching
from infra.local.deploy import Deployed, deploy
from infra.local.mailserver import Delivery, MailServer, run_mailserver
from infra.local.ministack import ACCESS_KEY, SECRET_KEY, MiniStack, run_ministack

QUEUES = ("Due", "Mail", "Import", "ProviderEvent")
PLAYED = {"Schedules": "DISABLED", "TlsOnly": "no"}  # days are played by hand, on a loopback without TLS
QUIET_WITHIN_SECONDS = 180.0  # a busy machine starts the first workers slowly
LOOK_EVERY_SECONDS = 0.02


class StageBroken(Exception):
    """Something on the stage does not work; the message says what, in one line."""


@dataclass
class Clock:
    """The day that is played; the mail server marks mails with it."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.at


class Stage:
    """What the story moves. `parts` are the application's own, on the deployed table, queues and buckets."""

    def __init__(
        self, stack: MiniStack, outputs: Mapping[str, str], server: MailServer, clock: Clock, creditor: Creditor
    ) -> None:
        self.stack, self.outputs, self.server, self.clock, self.creditor = stack, outputs, server, clock, creditor
        settings = stack.client_settings()
        once = Config(retries={"total_max_attempts": 1}, read_timeout=120)
        self._lambda = boto3.client("lambda", config=once, **settings)
        self._sqs = boto3.client("sqs", **settings)
        self._s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}), **settings)
        self._ses = boto3.client("ses", config=ONCE, **settings)
        self.seconds: dict[str, float] = {}
        self.calls: dict[str, int] = {}
        self._notices: Any = {}
        self.parts = self._parts(settings)

    def fire(self, function: str, at: datetime) -> dict[str, Any]:
        """Invoke a schedule's function with the event of that instant; gives what it gives."""
        self.clock.at = at
        event = {
            "version": "0", "id": f"demo-{at:%Y%m%d%H%M}", "source": "aws.events", "account": "000000000000",
            "detail-type": "Scheduled Event", "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self.stack.region, "resources": [], "detail": {},
        }  # fmt: skip
        with self._timed(function):
            answer = self._lambda.invoke(
                FunctionName=self.outputs[f"{function}Name"], Payload=json.dumps(event).encode()
            )
            said = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            raise StageBroken(f"{function} failed for {event['time']}: {str(said)[:300]}")
        return said or {}

    def drop(self, key: str, content: bytes, at: datetime, *, for_real: bool = False) -> None:
        """Put a file into the import bucket and have it imported. `for_real`: S3 itself reports it."""
        with self._timed("Imports"):
            kind = guess_type(key)[0] or "application/octet-stream"
            self._s3.put_object(Bucket=self.outputs["ImportBucket"], Key=key, Body=content, ContentType=kind)
            if not for_real:
                self._put("Import", {"key": key, "at": at.isoformat()})
            else:
                self._await_sent("Import")
            self.quiet("Import")

    def report(self, event: Mapping[str, Any]) -> None:
        """What Amazon SES would publish of a mail's fate."""
        self._put("ProviderEvent", event)
        self.quiet("ProviderEvent")

    def hand_in(self, raw: bytes, *, sender: str, to: str) -> None:
        """A client's server delivers its mail to ours."""
        with smtplib.SMTP(self.server.host, self.server.smtp_port, timeout=20) as smtp:
            smtp.sendmail(sender, [to], raw)

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call a deployed route as an operator does: signed; GET, or POST where there is a body."""
        content = None if body is None else json.dumps(body).encode()
        request = AWSRequest(
            method="GET" if content is None else "POST",
            url=f"{self.routes.rstrip('/')}{path}",
            data=content,
            headers={"Content-Type": "application/json"},
        )
        SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "execute-api", self.stack.region).add_auth(request)
        with self._timed("routes"):
            sent = urllib.request.Request(  # noqa: S310 — the loopback
                str(request.url), data=content, headers=dict(request.headers.items()), method=request.method
            )
            try:
                with urllib.request.urlopen(sent, timeout=60) as answer:  # noqa: S310 — the loopback
                    return json.loads(answer.read())
            except urllib.error.HTTPError as error:
                said = error.read().decode("utf-8", "replace")[:300]
                raise StageBroken(f"{request.method} {path}: {error.code} {said}") from error

    def quiet(self, *queues: str) -> None:
        """Wait until these queues (all, if none is named) hold nothing that waits or is worked on."""
        deadline = time.monotonic() + QUIET_WITHIN_SECONDS
        left = [*(queues or QUEUES)]
        while left:
            left = [queue for queue in left if any(self._waiting(self.outputs[f"{queue}QueueUrl"]))]
            if left and time.monotonic() > deadline:
                raise StageBroken(f"the queue {left[0]} is not empty after {QUIET_WITHIN_SECONDS:.0f} s")
            if left:
                time.sleep(LOOK_EVERY_SECONDS)

    def await_mail(self) -> None:
        """Wait until every mail that SES took has come to the relay (it hands on behind our back)."""
        deadline = time.monotonic() + QUIET_WITHIN_SECONDS
        while True:
            taken = int(float(self._ses.get_send_quota()["SentLast24Hours"]))
            arrived = sum(map(self.is_ours, self.server.deliveries())) + len(self.server.refusals())
            if arrived >= taken:
                return
            if time.monotonic() > deadline:
                raise StageBroken(f"SES took {taken} mails, {arrived} have come to the relay")
            time.sleep(LOOK_EVERY_SECONDS)

    def wake(self, say: Callable[[str], None]) -> None:
        """Switch the schedules on: from now on they run by the real clock."""
        self.outputs = _deploy(self.stack, {"Schedules": "ENABLED"}, say).outputs

    @property
    def numbers(self) -> DynamoNumbersStore:
        """The snapshots of the numbers, and what became of each week's review."""
        return DynamoNumbersStore(boto3.client("dynamodb", **self.stack.client_settings()), self.outputs["TableName"])

    @property
    def routes(self) -> str:
        """Where the deployed routes are: the local stack answers for every API under one path."""
        api = urlsplit(self.outputs["EndpointURL"])
        return f"{self.stack.endpoint}/_aws/execute-api/{(api.hostname or '').partition('.')[0]}{api.path}"

    def is_ours(self, delivery: Delivery) -> bool:
        """Whether we sent it: the envelope's sender is our mailbox, with the notice's token."""
        return self.server.mailbox_of(delivery.sender) == self.server.creditor

    def dead_letters(self) -> dict[str, int]:
        """What nobody could work on, by queue; empty where all is well."""
        counts = {q: sum(self._waiting(self.outputs[f"{q}DeadLettersUrl"])) for q in QUEUES}
        return {queue: count for queue, count in counts.items() if count}

    def count_rows(self, prefix: str) -> int:
        """Rows of the application's table whose partition begins so."""
        pages = boto3.client("dynamodb", **self.stack.client_settings()).get_paginator("scan").paginate(
            TableName=self.outputs["TableName"], Select="COUNT", FilterExpression="begins_with(pk, :prefix)",
            ExpressionAttributeValues={":prefix": {"S": prefix}},
        )  # fmt: skip
        return sum(page["Count"] for page in pages)

    def play_clock(self) -> None:
        """From now on S3's notices of dropped files stay away: they would carry the real clock."""
        bucket = self.outputs["ImportBucket"]
        found = self._s3.get_bucket_notification_configuration(Bucket=bucket)
        self._notices = {k: v for k, v in found.items() if k.endswith("Configurations")}
        self._s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})

    def real_clock(self) -> None:
        """S3 reports dropped files again."""
        self._s3.put_bucket_notification_configuration(
            Bucket=self.outputs["ImportBucket"], NotificationConfiguration=self._notices
        )

    def _parts(self, settings: Mapping[str, Any]) -> Parts:
        dynamodb = boto3.client("dynamodb", **settings)
        archive = S3Archive(self._s3, self.outputs["ArchiveBucket"])
        table = self.outputs["TableName"]
        return Parts(
            store=DynamoCaseStore(dynamodb, table),
            offices=DynamoOfficeStore(dynamodb, table),
            mail_log=DynamoMailLog(dynamodb, table),
            archive=archive,
            outbox=SesOutbox(self._ses, configuration_set=""),
            writer=TemplateWriter(archive, templates=TEMPLATES),
            printer=TypstPrinter(TEMPLATES),
            due_queue=SqsQueue(self._sqs, self.outputs["DueQueueUrl"]),
            mail_queue=SqsQueue(self._sqs, self.outputs["MailQueueUrl"]),
            mailbox=lambda: ImapMailbox(ImapSettings(**mailbox_login(self.server))),
            policies=policies(),
            rules=law_rules(),
        )

    def _put(self, queue: str, body: Mapping[str, Any]) -> None:
        self._sqs.send_message(QueueUrl=self.outputs[f"{queue}QueueUrl"], MessageBody=json.dumps(body))

    def _waiting(self, url: str) -> tuple[int, ...]:
        found = self._sqs.get_queue_attributes(
            QueueUrl=url,
            AttributeNames=[
                "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesDelayed",
            ],
        )["Attributes"]  # fmt: skip
        return tuple(int(count) for count in found.values())

    def _await_sent(self, queue: str) -> None:
        """S3 reports in its own time: give it a moment to begin."""
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline and not any(self._waiting(self.outputs[f"{queue}QueueUrl"])):
            time.sleep(LOOK_EVERY_SECONDS)

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[what] = self.seconds.get(what, 0.0) + time.monotonic() - started
            self.calls[what] = self.calls.get(what, 0) + 1


def mailbox_login(server: MailServer) -> dict[str, Any]:
    return {
        "host": server.host, "port": server.imap_port, "user": server.creditor, "password": server.password,
        "tls": False,
    }  # fmt: skip


def _deploy(stack: MiniStack, parameters: Mapping[str, str], say: Callable[[str], None]) -> Deployed:
    settings = {k: v for k, v in stack.client_settings().items() if k != "endpoint_url"}
    return deploy("local", endpoint=stack.endpoint, parameters=parameters, settings=settings, say=say)


@contextmanager
def set_up(
    folder: Path,
    creditor: Creditor,
    clock: Clock,
    *,
    say: Callable[[str], None],
    aws_port: int | None = None,
    mail_page_port: int | None = None,
) -> Iterator[Stage]:
    """Start everything, deploy, and give the stage while the block lasts. `folder` receives mails, logs and state."""
    for old in (folder / "mail", folder / "aws"):
        shutil.rmtree(old, ignore_errors=True)
    aliases = tuple({p.email for p in creditor.personas.values()} - {creditor.persona("sales_rep").email})
    say("starting the mail server and the embedded AWS …")
    with (
        run_mailserver(
            creditor=creditor.mailbox, aliases=aliases, kept_out=folder / "mail" / "out",
            kept_in=folder / "mail" / "in", clock=clock, stamp=vouching(creditor.authserv_id),
            http_port=mail_page_port,
        ) as server,
        run_ministack(
            folder / "aws", port=aws_port, smtp_relay=(server.host, server.smtp_port), persist=False
        ) as stack,
    ):  # fmt: skip
        settings = stack.client_settings()
        domain = creditor.mailbox.rpartition("@")[2]
        boto3.client("ses", **settings).verify_domain_identity(Domain=domain)
        deployed = deploy(
            "local",
            endpoint=stack.endpoint,
            parameters={"SenderDomain": domain, "Schedules": "DISABLED", "CreditorZone": creditor.zone},
            settings={k: v for k, v in settings.items() if k != "endpoint_url"},
            say=say,
        )
        boto3.client("secretsmanager", **settings).put_secret_value(
            SecretId=deployed.outputs["MailboxSecret"], SecretString=json.dumps(mailbox_login(server))
        )
        yield Stage(stack, deployed.outputs, server, clock, creditor)
