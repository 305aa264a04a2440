"""The pipeline on real parts: DynamoDB, and S3, SQS and SES of the embedded stack, perhaps behind fault proxies."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config

from chalicelib.adapters.dynamodb import DynamoCaseStore
from chalicelib.adapters.dynamodb_mail_log import DynamoMailLog
from chalicelib.adapters.dynamodb_office import DynamoOfficeStore
from chalicelib.adapters.rendering import TEMPLATES, TemplateWriter
from chalicelib.adapters.rendering_typst import TypstPrinter
from chalicelib.adapters.s3 import S3Archive
from chalicelib.adapters.ses import ONCE, SesOutbox
from chalicelib.adapters.sqs import SqsQueue
from chalicelib.bootstrap import law_rules
from chalicelib.domain.debtor_file import DebtorFile
from chalicelib.domain.events import ContactSet, DebtorOpened, Event, InvoiceEntered, entries_after
from chalicelib.domain.propose import next_action_at
from chalicelib.pipeline.keep import office_of
from chalicelib.ports import Mailbox, Parts
from infra.local.ministack import MiniStack
from tests.parts.table import RealTable, dynamodb_client, new_real_table
from tests.sample import CREDITOR, policies

_numbers = itertools.count(1)


@dataclass(frozen=True)
class RealProgram:
    """Parts on the real things. `parts` may talk through proxies; `table` and `store` go straight."""

    parts: Parts
    table: RealTable
    store: DynamoCaseStore
    due_queue_url: str
    sqs: Any

    def file(self, debtor_id: str = "C001") -> DebtorFile:
        file = self.store.load(debtor_id, whole=True)
        assert file, f"no file {debtor_id}"
        return file

    def put(self, file: DebtorFile, at: datetime) -> None:
        events: list[Event] = [DebtorOpened(debtor=file.debtor)]
        events += [ContactSet(contact=c) for c in file.contacts.values()]
        events += [InvoiceEntered(case=c) for c in file.cases.values()]
        entries = entries_after(0, [(event, "sample") for event in events], at=at, who="test")
        wake = next_action_at(file, office_of(self.parts), at=at)
        assert self.store.save(None, entries, next_action_at=wake), "the file was there already"


def real_program(
    dynamodb: str, stack: MiniStack, at: datetime, *, dynamodb_through: str = "", ses_through: str = ""
) -> RealProgram:
    """A program with a table, a bucket and queues of its own that has read its payments and its mailbox at `at`."""
    table = new_real_table(dynamodb)
    through = dynamodb_client(dynamodb_through) if dynamodb_through else table.client
    settings: dict[str, Any] = dict(stack.client_settings())
    name = f"e2e-{next(_numbers)}"
    s3, sqs = boto3.client("s3", **settings), boto3.client("sqs", **settings)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    urls = [sqs.create_queue(QueueName=f"{name}-{what}")["QueueUrl"] for what in ("due", "mail")]
    ses_settings = {**settings, **({"endpoint_url": ses_through} if ses_through else {})}
    ses = boto3.client("ses", **ses_settings, config=ONCE.merge(Config(read_timeout=5)))
    ses.verify_domain_identity(Domain="verre-clair.example")
    archive = S3Archive(s3, name)
    parts = Parts(
        store=DynamoCaseStore(through, table.name),
        offices=DynamoOfficeStore(through, table.name),
        mail_log=DynamoMailLog(through, table.name),
        archive=archive,
        outbox=SesOutbox(ses),
        writer=TemplateWriter(archive),
        printer=TypstPrinter(TEMPLATES),
        due_queue=SqsQueue(sqs, urls[0]),
        mail_queue=SqsQueue(sqs, urls[1]),
        mailbox=_no_mailbox,
        policies=policies(),
        rules=law_rules(),
    )
    parts.offices.set_creditor(CREDITOR)
    parts.offices.note_read("payments", at)
    parts.offices.note_read("mailbox", at)
    return RealProgram(parts, table, DynamoCaseStore(table.client, table.name), urls[0], sqs)


def _no_mailbox() -> Mailbox:
    raise AssertionError("this test reads no mailbox")


__all__ = ["RealProgram", "real_program"]
