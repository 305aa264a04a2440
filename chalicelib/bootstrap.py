"""The composition root: the only reader of the environment and the only builder of adapters.

Everything is built when it is first asked for and kept as long as the container lives: what a function does
not use costs it no cold start.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.domain.policy import Policy
from chalicelib.domain.policy_file import load_policies, read_policy
from chalicelib.errors import PermanentError, Throttled
from chalicelib.law.rules import Rules, load_rules
from chalicelib.ports import (
    Archive,
    AuditLog,
    Directory,
    IdentityProvider,
    ImportLog,
    Mailbox,
    NumbersStore,
    Outbox,
    Parts,
    PolicyStore,
    Queue,
    ReviewWriter,
    SessionStore,
    UploadDoor,
)

if TYPE_CHECKING:
    from chalicelib.adapters.rendering_call_sheet import CallSheetWriter
    from chalicelib.adapters.secrets import SecretsManagerSecrets

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"

WHAT = {
    "RELANCE_TABLE": "the name of the DynamoDB table (output TableName of the stack)",
    "RELANCE_ARCHIVE_BUCKET": "the bucket of mails and documents (output ArchiveBucket)",
    "RELANCE_IMPORT_BUCKET": "the bucket where ledgers are dropped (output ImportBucket)",
    "RELANCE_IMPORT_QUEUE_URL": "the queue of files to be imported (output ImportQueueUrl)",
    "RELANCE_DUE_QUEUE_URL": "the queue of debtors that are due (output DueQueueUrl)",
    "RELANCE_MAIL_QUEUE_URL": "the queue of mails to be read (output MailQueueUrl)",
    "RELANCE_MAILBOX_SECRET": "the secret with the mailbox's login (output MailboxSecret)",
    "RELANCE_OUTBOX": "how mails leave: ses or smtp",
    "RELANCE_SES_CONFIGURATION_SET": "the configuration set of Amazon SES (output ConfigurationSetName)",
    "RELANCE_SMTP_SECRET": "the secret with the SMTP server's login",
    "RELANCE_SIGN_IN_SECRET": "the secret that says how people sign in to the pages (<stack>-sign-in)",
    "RELANCE_SIGN_IN_ORIGIN": "scheme and host of the identity provider's pages",
    "RELANCE_PAGES_URL": "where people reach the pages; empty for the address of API Gateway",
    "RELANCE_PEOPLE_POOL": "the user pool of the people who may sign in; empty where another provider has them",
}
"""Every variable that is read, and what it says."""


class MissingSetting(PermanentError):
    """A variable that is needed is not set."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not set: {WHAT[name]}")


def now() -> datetime:
    """The real clock, aware UTC: for web routes and the command line alone. All else is told the time."""
    return datetime.now(UTC)


@cache
def parts() -> Parts:
    """The parts of this container."""
    from chalicelib.adapters.dynamodb import DynamoCaseStore
    from chalicelib.adapters.dynamodb_mail_log import DynamoMailLog
    from chalicelib.adapters.dynamodb_office import DynamoOfficeStore
    from chalicelib.adapters.dynamodb_table import PATIENCE
    from chalicelib.adapters.rendering import TemplateWriter
    from chalicelib.adapters.rendering_typst import TypstPrinter
    from chalicelib.adapters.s3 import S3Archive
    from chalicelib.adapters.sqs import SqsQueue

    table = _setting("RELANCE_TABLE")
    dynamodb = _client("dynamodb", config=PATIENCE)
    archive = S3Archive(_client("s3"), _setting("RELANCE_ARCHIVE_BUCKET"))
    sqs = _client("sqs")
    return Parts(
        store=DynamoCaseStore(dynamodb, table),
        offices=DynamoOfficeStore(dynamodb, table),
        mail_log=DynamoMailLog(dynamodb, table),
        archive=archive,
        outbox=_outbox(),
        writer=TemplateWriter(archive, templates=TEMPLATES),
        printer=TypstPrinter(TEMPLATES),
        due_queue=SqsQueue(sqs, _setting("RELANCE_DUE_QUEUE_URL")),
        mail_queue=SqsQueue(sqs, _setting("RELANCE_MAIL_QUEUE_URL")),
        mailbox=open_mailbox,
        policies=_policies_in_force(),
        rules=law_rules(),
    )


@cache
def import_files() -> Archive:
    """The bucket where ledgers are dropped."""
    from chalicelib.adapters.s3 import S3Archive

    return S3Archive(_client("s3"), _setting("RELANCE_IMPORT_BUCKET"))


@cache
def import_log() -> ImportLog:
    """What became of the files that were given to us."""
    from chalicelib.adapters.dynamodb_imports import DynamoImportLog
    from chalicelib.adapters.dynamodb_table import PATIENCE

    return DynamoImportLog(_client("dynamodb", config=PATIENCE), _setting("RELANCE_TABLE"))


@cache
def import_queue() -> Queue:
    """Files that are to be read once more."""
    from chalicelib.adapters.sqs import SqsQueue

    return SqsQueue(_client("sqs"), _setting("RELANCE_IMPORT_QUEUE_URL"))


@cache
def upload_door() -> UploadDoor:
    """Where browsers hand over files for import."""
    from botocore.config import Config

    from chalicelib.adapters.s3_upload import S3UploadDoor

    # The bucket's own host in its region: what the pages' policy names must be where the form goes.
    own_host = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    return S3UploadDoor(_client("s3", config=own_host), _setting("RELANCE_IMPORT_BUCKET"))


@cache
def numbers_store() -> NumbersStore:
    """The snapshots of the numbers and the weekly mails."""
    from chalicelib.adapters.dynamodb_numbers import DynamoNumbersStore
    from chalicelib.adapters.dynamodb_table import PATIENCE

    return DynamoNumbersStore(_client("dynamodb", config=PATIENCE), _setting("RELANCE_TABLE"))


@cache
def review_writer() -> ReviewWriter:
    from chalicelib.adapters.rendering_review import TemplateReviewWriter

    return TemplateReviewWriter(TEMPLATES)


@cache
def policies() -> Mapping[str, Policy]:
    """Every dunning policy of templates/policies, by name."""
    return load_policies(
        {path.name: path.read_text("utf-8") for path in sorted((TEMPLATES / "policies").glob("*.yaml"))}
    )


@cache
def policy_texts() -> Mapping[str, str]:
    """The files of templates/policies as they are written, by the name of the policy."""
    texts = {path.name: path.read_text("utf-8") for path in sorted((TEMPLATES / "policies").glob("*.yaml"))}
    return {read_policy(text, file).name: text for file, text in texts.items()}


@cache
def policy_store() -> PolicyStore:
    """The policies that people have put in force."""
    from chalicelib.adapters.dynamodb_policies import DynamoPolicyStore
    from chalicelib.adapters.dynamodb_table import PATIENCE

    return DynamoPolicyStore(_client("dynamodb", config=PATIENCE), _setting("RELANCE_TABLE"))


@cache
def audit_log() -> AuditLog:
    """What people did on the pages."""
    from chalicelib.adapters.dynamodb_audit import DynamoAuditLog
    from chalicelib.adapters.dynamodb_table import PATIENCE

    return DynamoAuditLog(_client("dynamodb", config=PATIENCE), _setting("RELANCE_TABLE"))


@cache
def directory() -> Directory | None:
    """The people who may sign in; None where another provider than our own pool looks after them."""
    from chalicelib.adapters.cognito import CognitoDirectory

    pool = os.environ.get("RELANCE_PEOPLE_POOL", "")
    return CognitoDirectory(_client("cognito-idp"), pool) if pool else None


@cache
def call_sheets() -> CallSheetWriter:
    """Who writes call sheets."""
    from chalicelib.adapters.rendering_call_sheet import CallSheetWriter

    return CallSheetWriter(TEMPLATES)


@cache
def law_rules() -> Rules:
    """What the law grants on late payment: rules by country and dated rates."""
    return load_rules((TEMPLATES / "law" / "late_payment.yaml").read_text("utf-8"))


@cache
def sessions() -> SessionStore:
    """Who is signed in to the pages."""
    from chalicelib.adapters.dynamodb_sessions import DynamoSessionStore
    from chalicelib.adapters.dynamodb_table import PATIENCE

    return DynamoSessionStore(_client("dynamodb", config=PATIENCE), _setting("RELANCE_TABLE"))


@cache
def identity() -> IdentityProvider:
    """Who vouches for people on the pages."""
    from chalicelib.adapters.oidc import OidcSettings, OpenIdProvider

    def settings() -> OidcSettings:
        name = _setting("RELANCE_SIGN_IN_SECRET")
        found: OidcSettings = _login(OidcSettings, name, _secrets().get(name))
        return found

    return OpenIdProvider(settings)


def sign_in_origin() -> str:
    """Scheme and host of the identity provider's pages; empty where none is set up."""
    return os.environ.get("RELANCE_SIGN_IN_ORIGIN", "")


def pages_url() -> str:
    """Where people reach the pages, without a slash at the end; empty where API Gateway's own address serves."""
    return os.environ.get("RELANCE_PAGES_URL", "").rstrip("/")


def open_mailbox() -> Mailbox:
    """A logged-in connection to the mailbox; a login that was rotated meanwhile is read again once."""
    from chalicelib.adapters.imap import ImapMailbox, ImapSettings

    name = _setting("RELANCE_MAILBOX_SECRET")
    return _secrets().use(name, lambda text: ImapMailbox(_login(ImapSettings, name, text)))


def use_stack(name: str) -> None:
    """Take the settings of a deployed stack: those that its own functions run with. For the command line."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        stacks = _client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        outputs = {o["OutputKey"]: o["OutputValue"] for o in stacks[0].get("Outputs", [])}
        function = _client("lambda").get_function_configuration(FunctionName=outputs["DueName"])
    except (ClientError, BotoCoreError, KeyError) as error:
        raise PermanentError(f"stack {name} cannot be asked for its settings: {error}") from error
    settings = function.get("Environment", {}).get("Variables", {})
    os.environ.update({key: value for key, value in settings.items() if key in WHAT and value})


def looks() -> Mapping[str, Callable[[], tuple[str, str]]]:
    """How `relance doctor` looks at each technical part: what is found, and what to do about it."""
    from chalicelib.adapters import probes

    return {
        "table": lambda: probes.look_at_table(_client("dynamodb"), _setting("RELANCE_TABLE")),
        "archive": lambda: probes.look_at_bucket(_client("s3"), _setting("RELANCE_ARCHIVE_BUCKET")),
        "imports": lambda: probes.look_at_bucket(_client("s3"), _setting("RELANCE_IMPORT_BUCKET")),
        "due queue": lambda: probes.look_at_queue(_client("sqs"), _setting("RELANCE_DUE_QUEUE_URL")),
        "mail queue": lambda: probes.look_at_queue(_client("sqs"), _setting("RELANCE_MAIL_QUEUE_URL")),
        "mail out": _look_at_outbox,
    }


def _policies_in_force() -> Mapping[str, Policy]:
    from chalicelib.pipeline.policies import PoliciesInForce

    return PoliciesInForce(policies, policy_store(), time.monotonic)


def _look_at_outbox() -> tuple[str, str]:
    from chalicelib.adapters import probes

    if _setting("RELANCE_OUTBOX") == "ses":
        creditor = parts().offices.creditor()
        return probes.look_at_ses(_client("ses"), [persona.email for persona in creditor.personas.values()])
    from chalicelib.adapters.smtp import SmtpSettings

    name = _setting("RELANCE_SMTP_SECRET")
    return probes.look_at_smtp(_login(SmtpSettings, name, _secrets().get(name)))


def _outbox() -> Outbox:
    match _setting("RELANCE_OUTBOX"):
        case "ses":
            from chalicelib.adapters.ses import ONCE, SesOutbox

            client = _client("ses", config=ONCE)
            return SesOutbox(client, configuration_set=_setting("RELANCE_SES_CONFIGURATION_SET"))
        case "smtp":
            return _SmtpByItsSecret(_setting("RELANCE_SMTP_SECRET"))
        case other:
            raise PermanentError(f"RELANCE_OUTBOX is {other!r}: write ses or smtp")


class _SmtpByItsSecret:
    """An Outbox that logs in with its secret as it is when a mail leaves.

    Nothing is read before: of all functions only the sender may. A secret that was rotated is noticed within minutes.
    """

    def __init__(self, secret: str) -> None:
        self._secret, self._text = secret, ""
        self._outbox: Outbox | None = None

    def send(self, raw: bytes, *, sender: str, recipients: Sequence[str], tags: Mapping[str, str]) -> str:
        return self._present().send(raw, sender=sender, recipients=recipients, tags=tags)

    def _present(self) -> Outbox:
        from chalicelib.adapters.smtp import SmtpOutbox, SmtpSettings

        try:
            text = _secrets().get(self._secret)
            if self._outbox is None or text != self._text:
                self._outbox, self._text = SmtpOutbox(_login(SmtpSettings, self._secret, text)), text
        except PermanentError as error:
            # Nothing has left: a wrong setting must not fail every notice of the day, they stay due.
            raise Throttled(f"the mail server's login cannot be had: {error}") from error
        return self._outbox


@cache
def _secrets() -> SecretsManagerSecrets:
    from chalicelib.adapters.secrets import SecretsManagerSecrets

    return SecretsManagerSecrets(_client("secretsmanager"))


def _login(settings: Any, name: str, text: str) -> Any:
    """A secret's JSON as the settings of an adapter; an error names the secret, never a value."""
    try:
        return settings(**json.loads(text))
    except (ValueError, TypeError) as error:
        known = ", ".join(settings.__dataclass_fields__)
        raise PermanentError(f"secret {name} is no JSON object with keys among {known}") from error


def _client(service: str, config: Any = None) -> Any:
    import boto3

    return boto3.client(service, config=config)  # type: ignore[call-overload]


def _setting(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise MissingSetting(name)
    return value
