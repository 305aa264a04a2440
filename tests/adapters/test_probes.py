"""The looks that `relance doctor` takes, at real queues, tables and servers: what is found, never a secret."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.adapters.probes import look_at_bucket, look_at_queue, look_at_ses, look_at_smtp, look_at_table
from chalicelib.adapters.smtp import SmtpSettings
from chalicelib.errors import PermanentError


@pytest.fixture
def client(ministack) -> Any:
    return lambda service: boto3.client(service, **ministack.client_settings())


def test_a_queue_tells_what_waits_and_what_was_given_up(client):
    sqs, name = client("sqs"), f"q{uuid4().hex[:8]}"
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    url = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")

    assert look_at_queue(sqs, url) == (f"{name}: 1 waiting", "")

    sqs.send_message(QueueUrl=dead, MessageBody="{}")
    what, remedy = look_at_queue(sqs, url)
    assert what == f"{name}: 1 waiting, 1 given up"
    assert "dead-letter queue" in remedy


def test_a_table_is_told_with_its_indexes(client):
    dynamodb, name = client("dynamodb"), f"t{uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
    )  # fmt: skip

    assert look_at_table(dynamodb, name) == (f"{name} is ACTIVE, about 0 items, 0 indexes", "")


def test_what_does_not_exist_raises(client):
    with pytest.raises(ClientError, match="ResourceNotFound|not found"):
        look_at_table(client("dynamodb"), "nothing")
    with pytest.raises(ClientError):
        look_at_bucket(client("s3"), "there-is-no-such-bucket")


def test_ses_must_know_each_sender_by_its_address_or_its_domain(client):
    ses, domain = client("ses"), f"d{uuid4().hex[:8]}.example"
    senders = [f"compta@{domain}", f"direction@other-{domain}"]
    ses.verify_domain_identity(Domain=domain)

    with pytest.raises(PermanentError, match=f"has not verified direction@other-{domain}$"):
        look_at_ses(ses, senders)

    ses.verify_email_identity(EmailAddress=senders[1])
    what, _ = look_at_ses(ses, senders)
    assert what.startswith(f"{senders[0]}, {senders[1]} verified; ")


def test_a_mail_server_lets_us_in_or_the_password_stays_unsaid(mailserver):
    right = SmtpSettings(host=mailserver.host, port=mailserver.smtp_port, security="none")

    assert look_at_smtp(right) == (f"{mailserver.host}:{mailserver.smtp_port} lets anybody in", "")

    wrong = SmtpSettings(
        host=mailserver.host, port=mailserver.smtp_port, user="compta", password="hunter-2", security="none"
    )
    with pytest.raises(PermanentError) as refused:
        look_at_smtp(wrong)
    assert "hunter-2" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_mail_server_that_is_not_there_is_told_by_its_address():
    nobody = SimpleNamespace(host="127.0.0.1", port=9, user="", password="", security="none", tls_verify=True)

    with pytest.raises(PermanentError, match=r"127\.0\.0\.1:9 does not answer as it should"):
        look_at_smtp(nobody)
