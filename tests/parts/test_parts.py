"""Every part starts, and one round trip shows that it is what the other tests take it for."""

from __future__ import annotations

import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from infra.local.mailserver import MailServer, run_mailserver
from infra.local.ministack import MiniStack, run_ministack
from infra.local.ports import accepts_connections
from infra.local.process import PartUnavailable
from tests.conftest import CREDITOR
from tests.parts.dovecot import Dovecot
from tests.parts.faults import Faults

# Latin-1 letters outside any declared charset and a line that is a lone dot: what careless servers change.
RAW = (
    b"From: client@debtor.test\r\nTo: relances@acme.test\r\nMessage-ID: <m1@debtor.test>\r\n"
    b"Subject: r\xe9ponse\r\n\r\npay\xe9 le 12\r\n.\r\nfin\r\n"
)


def client(service: Any, endpoint: str, *, attempts: int = 1, read_timeout: float = 10) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        config=Config(retries={"total_max_attempts": attempts}, read_timeout=read_timeout),
    )


def new_table(endpoint: str, name: str) -> Any:
    dynamodb = client("dynamodb", endpoint)
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    return dynamodb


def test_dynamodb_local_cancels_a_transaction_and_says_which_clause_failed(dynamodb_local: str) -> None:
    dynamodb = new_table(dynamodb_local, "parts-transaction")
    put = {"TableName": "parts-transaction", "Item": {"pk": {"S": "a"}}}
    once = {**put, "ConditionExpression": "attribute_not_exists(pk)"}
    dynamodb.put_item(**put)
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as refused:
        dynamodb.transact_write_items(TransactItems=[{"Put": once}])
    assert [r["Code"] for r in refused.value.response["CancellationReasons"]] == ["ConditionalCheckFailed"]


def test_dovecot_gives_back_every_byte_by_plus_address_over_tls(dovecot: Dovecot) -> None:
    address = dovecot.new_address()
    dovecot.deliver(RAW, to=address.replace("@", "+token@"))
    trust = ssl.create_default_context(cafile=str(dovecot.certificate))
    with IMAPClient(dovecot.host, dovecot.imaps_port, ssl=True, ssl_context=trust) as imap:
        imap.login(address, dovecot.password)
        imap.select_folder("INBOX", readonly=True)
        [(_, got)] = imap.fetch(imap.search(), ["BODY.PEEK[]"]).items()
    # LMTP adds its own lines on top; what we sent follows them untouched.
    assert got[b"BODY[]"].endswith(RAW)


def test_dovecot_opens_with_a_token_and_refuses_a_wrong_password_and_an_old_token(dovecot: Dovecot) -> None:
    address = dovecot.new_address()
    with IMAPClient(dovecot.host, dovecot.imap_port, ssl=False) as imap:
        imap.oauth2_login(address, dovecot.token(address))
        assert imap.select_folder("INBOX")[b"EXISTS"] == 0
    with IMAPClient(dovecot.host, dovecot.imap_port, ssl=False) as imap:
        with pytest.raises(LoginError):
            imap.login(address, "wrong")
    with IMAPClient(dovecot.host, dovecot.imap_port, ssl=False) as imap:
        with pytest.raises(LoginError):
            imap.oauth2_login(address, dovecot.token(address, expires_at=datetime(2020, 1, 1, tzinfo=UTC)))


def test_dovecot_changes_uidvalidity_when_told(dovecot: Dovecot) -> None:
    address = dovecot.new_address()
    dovecot.deliver(RAW, to=address)

    def uid_validity() -> int:
        with IMAPClient(dovecot.host, dovecot.imap_port, ssl=False) as imap:
            imap.login(address, dovecot.password)
            return int(imap.select_folder("INBOX", readonly=True)[b"UIDVALIDITY"])

    before = uid_validity()
    ordered = dovecot.renumber(address)
    assert before != ordered
    assert uid_validity() == ordered


def test_mail_server_gives_back_every_byte_by_imap(mailserver: MailServer) -> None:
    with smtplib.SMTP(mailserver.host, mailserver.smtp_port) as smtp:
        smtp.sendmail("client@debtor.test", ["relances+abc234@acme.test"], RAW)
    with IMAPClient(mailserver.host, mailserver.imap_port, ssl=False) as imap:
        imap.login(CREDITOR, mailserver.password)
        imap.select_folder("INBOX", readonly=True)
        bodies = [got[b"BODY[]"] for got in imap.fetch(imap.search(), ["BODY.PEEK[]"]).values()]
    assert RAW in bodies
    kept = [
        path.read_bytes() for d in mailserver.deliveries() for path in d.kept_in if path.parent.name == "in"
    ]
    assert RAW in kept


def test_mail_server_refuses_bounces_and_loses_replies_on_demand(tmp_path: Path) -> None:
    with run_mailserver(creditor=CREDITOR, kept_in=tmp_path / "in", kept_out=tmp_path / "out") as server:
        server.refuse("dead@debtor.test")
        server.refuse("busy@debtor.test", "451 4.7.1 try again later", times=1)
        server.bounce("gone@debtor.test")
        server.lose_reply("lost@debtor.test")

        def send(to: str) -> None:
            with smtplib.SMTP(server.host, server.smtp_port) as smtp:
                smtp.sendmail(CREDITOR, [to], RAW)

        with pytest.raises(smtplib.SMTPRecipientsRefused, match="user unknown"):
            send("dead@debtor.test")
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="try again"):
            send("busy@debtor.test")
        send("busy@debtor.test")
        send("gone@debtor.test")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send("lost@debtor.test")

        assert server.messages("lost@debtor.test") == [RAW]
        assert server.messages("gone@debtor.test") == []
        [report] = server.messages(CREDITOR)
        assert message_from_bytes(report).get_content_type() == "multipart/report"
        assert b"Final-Recipient: rfc822; gone@debtor.test" in report
        assert b"Message-ID: <m1@debtor.test>" in report
    assert [p.name for p in sorted((tmp_path / "out").iterdir())] == [
        "00001-busy@debtor.test.eml",
        "00002-gone@debtor.test.eml",
        "00004-lost@debtor.test.eml",
    ]
    assert [p.name for p in (tmp_path / "in").iterdir()] == ["00003-nobody.eml"]


def test_mail_server_shows_a_page_and_takes_only_the_right_password(mailserver: MailServer) -> None:
    with urllib.request.urlopen(mailserver.page, timeout=5) as page:
        assert page.status == 200
    with IMAPClient(mailserver.host, mailserver.imap_port, ssl=False) as imap:
        with pytest.raises(LoginError):
            imap.login(CREDITOR, "wrong")


def test_ses_of_ministack_hands_its_mail_to_the_mail_server(
    ministack: MiniStack, mailserver: MailServer
) -> None:
    ses = boto3.client("ses", **ministack.client_settings())
    ses.verify_email_identity(EmailAddress=CREDITOR)
    raw = (
        b"From: relances@acme.test\r\nTo: ses@debtor.test\r\nX-Relance: kept\r\nSubject: x\r\n\r\nbonjour\r\n"
    )
    answer = ses.send_raw_email(Source=CREDITOR, Destinations=["ses@debtor.test"], RawMessage={"Data": raw})
    deadline = time.monotonic() + 10
    while not (got := mailserver.messages("ses@debtor.test")) and time.monotonic() < deadline:
        time.sleep(0.05)
    mail = message_from_bytes(got[0])
    assert mail["X-Relance"] == "kept"
    assert answer["MessageId"] in mail["Message-ID"]


def test_ministack_keeps_its_state_when_told(tmp_path: Path) -> None:
    with run_ministack(tmp_path) as stack:
        boto3.client("sqs", **stack.client_settings()).create_queue(QueueName="kept")
    with run_ministack(tmp_path, port=stack.port) as stack:
        queues = boto3.client("sqs", **stack.client_settings()).list_queues()["QueueUrls"]
    assert queues == [f"{stack.endpoint}/000000000000/kept"]


def test_a_port_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for start in (
            lambda: run_ministack(tmp_path, port=port),
            lambda: run_mailserver(creditor=CREDITOR, smtp_port=port),
        ):
            with pytest.raises(PartUnavailable) as refused, start():
                pass
            assert f"port {port} of 127.0.0.1 is in use" in str(refused.value)
            assert "\n" not in str(refused.value)


def test_fault_proxy_throttles_delays_and_loses_the_reply_of_what_was_done(
    faults: Callable[..., Faults], dynamodb_local: str
) -> None:
    proxy = faults(dynamodb_local, "dynamodb")
    new_table(dynamodb_local, "parts-faults")
    dynamodb = client("dynamodb", proxy.endpoint, read_timeout=2)

    def put(key: str) -> None:
        dynamodb.put_item(TableName="parts-faults", Item={"pk": {"S": key}})

    def exists(key: str) -> bool:
        return "Item" in dynamodb.get_item(TableName="parts-faults", Key={"pk": {"S": key}})

    proxy.refuse("dynamodb", "PutItem", code="ThrottlingException")
    with pytest.raises(ClientError, match="ThrottlingException"):
        put("throttled")
    assert not exists("throttled")

    proxy.lose_reply("dynamodb", "PutItem")
    with pytest.raises((ConnectionError, HTTPClientError)):
        put("done")
    assert exists("done")

    proxy.reset("dynamodb", "PutItem")
    with pytest.raises((ConnectionError, HTTPClientError)):
        put("cut")
    assert not exists("cut")

    proxy.delay("dynamodb", "PutItem", milliseconds=2500)
    with pytest.raises(HTTPClientError, match="timeout"):
        put("late")

    assert [fault.operation for fault in proxy.struck()] == ["PutItem"] * 4


def test_fault_proxy_loses_the_reply_of_ses_after_the_mail_left(
    faults: Callable[..., Faults], ministack: MiniStack, mailserver: MailServer
) -> None:
    proxy = faults(ministack.endpoint, "ses", "sesv2")
    client("ses", ministack.endpoint).verify_email_identity(EmailAddress=CREDITOR)
    proxy.lose_reply("ses")
    raw = b"From: relances@acme.test\r\nTo: unsure@debtor.test\r\nSubject: x\r\n\r\nbonjour\r\n"
    with pytest.raises((ConnectionError, HTTPClientError)):
        client("sesv2", proxy.endpoint).send_email(
            FromEmailAddress=CREDITOR,
            Destination={"ToAddresses": ["unsure@debtor.test"]},
            Content={"Raw": {"Data": raw}},
        )
    deadline = time.monotonic() + 10
    while not mailserver.messages("unsure@debtor.test") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(mailserver.messages("unsure@debtor.test")) == 1


def test_chromium_reads_a_page(chromium: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<title>Relances</title><script>document.title += ' du jour'</script>", "utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"]
    shown = subprocess.run(
        [chromium, *flags, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert "Relances du jour" in shown.stdout


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="this system cannot tell a child of our death")
def test_a_part_ends_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom infra.local.ministack import run_ministack\n"
        "with run_ministack(Path(sys.argv[1]), persist=False) as stack:\n"
        "    print(stack.port, flush=True)\n    time.sleep(60)\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    port = int(starter.stdout.readline())
    assert accepts_connections(port)
    starter.kill()
    starter.communicate()
    deadline = time.monotonic() + 10
    while accepts_connections(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not accepts_connections(port)
