"""Look at the parts of an installation without using them: does it exist, does it let us in, does anything lie there.

Each look gives what it found and what to do about it (empty: all is well), or raises.
"""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.errors import PermanentError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ses import SESClient
    from mypy_boto3_sqs import SQSClient

Found = tuple[str, str]


def look_at_table(client: DynamoDBClient, name: str) -> Found:
    table = client.describe_table(TableName=name)["Table"]
    indexes = {i["IndexName"]: i.get("IndexStatus", "ACTIVE") for i in table.get("GlobalSecondaryIndexes", [])}
    building = [index for index, status in indexes.items() if status != "ACTIVE"]
    what = f"{name} is {table['TableStatus']}, about {table.get('ItemCount', 0)} items, {len(indexes)} indexes"
    if table["TableStatus"] not in ("ACTIVE", "UPDATING"):
        raise PermanentError(what)
    return what, f"wait until {', '.join(building)} is built" if building else ""


def look_at_queue(client: SQSClient, url: str) -> Found:
    """How much waits, and how much was given up: what lies in the dead-letter queue needs a person."""
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    waiting = attributes.get("ApproximateNumberOfMessages", "0")
    dead = _dead_letters(client, attributes)
    what = f"{url.rsplit('/', 1)[-1]}: {waiting} waiting" + (f", {dead} given up" if dead else "")
    return what, "look into the function's log, mend the cause, redrive the dead-letter queue" if dead else ""


def _dead_letters(client: SQSClient, attributes: Mapping[Any, str]) -> int:
    arn = json.loads(attributes.get("RedrivePolicy", "{}")).get("deadLetterTargetArn", "")
    if not arn:
        return 0
    url = client.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
    counted = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(counted["Attributes"]["ApproximateNumberOfMessages"])


def look_at_bucket(client: S3Client, name: str) -> Found:
    client.head_bucket(Bucket=name)
    return name, ""


def look_at_ses(client: SESClient, senders: Iterable[str]) -> Found:
    """Whether Amazon SES knows every sender, by its address or its domain, and how much of the day's quota is left."""
    addresses = sorted(set(senders))
    domains = sorted({address.rpartition("@")[2] for address in addresses})
    known: Mapping[str, Any] = client.get_identity_verification_attributes(Identities=[*addresses, *domains])[
        "VerificationAttributes"
    ]
    proven = {name for name, facts in known.items() if facts.get("VerificationStatus") == "Success"}
    unproven = [a for a in addresses if a not in proven and a.rpartition("@")[2] not in proven]
    if unproven:
        raise PermanentError(f"Amazon SES has not verified {', '.join(unproven)}")
    quota = client.get_send_quota()
    left = quota["Max24HourSend"] - quota["SentLast24Hours"]
    what = f"{', '.join(addresses)} verified; {left:.0f} mails left today, {quota['MaxSendRate']:.0f} a second"
    return what, "" if quota["Max24HourSend"] > 200 else "leave the SES sandbox: ask AWS for production access"


def look_at_smtp(settings: Any) -> Found:
    """Log in and hang up. `settings` are those of the SMTP outbox."""
    context = ssl.create_default_context()
    if not settings.tls_verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    where = f"{settings.host}:{settings.port}"
    try:
        if settings.security == "tls":
            session: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=10, context=context)
        else:
            session = smtplib.SMTP(settings.host, settings.port, timeout=10)
        with session:
            if settings.security == "starttls":
                session.starttls(context=context)
            if settings.user:
                session.login(settings.user, settings.password)
            session.noop()
    except smtplib.SMTPAuthenticationError:
        raise PermanentError(f"{where} refuses the login of {settings.user}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise PermanentError(f"{where} does not answer as it should: {type(error).__name__}") from None
    return f"{where} lets {settings.user or 'anybody'} in", ""
