"""The deployed application, policies enforced: every function does its job under its own role, and no more."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from chalicelib.adapters.dynamodb import DynamoCaseStore
from chalicelib.adapters.dynamodb_mail_log import DynamoMailLog
from chalicelib.adapters.dynamodb_office import DynamoOfficeStore
from chalicelib.adapters.dynamodb_sessions import DynamoSessionStore
from chalicelib.domain.creditor import WeeklyReview
from chalicelib.domain.debtor_file import DESK, DebtorFile, NoticeState, TaskKind
from chalicelib.domain.events import InvoiceWithdrawn, ReplyReceived, entries_after
from chalicelib.ports import MailRecord, MailState, Person
from chalicelib.web.pages.session import Role, key_of, open_session
from infra.local.deploy import Deployed, deploy
from infra.local.mailserver import MailServer, run_mailserver
from infra.local.ministack import MiniStack, run_ministack
from infra.local.package import Package
from infra.local.people import PEOPLE, admit, sign_in_settings
from tests.einvoicing.documents import cii, pdf
from tests.sample import CREDITOR, paris

pytestmark = pytest.mark.slow

Found = TypeVar("Found")
AT = paris("2026-03-12")
SECONDS = 20.0
DOMAIN = CREDITOR.mailbox.rpartition("@")[2]


@dataclass
class Stack:
    """A deployed stack and the hands of an administrator."""

    ministack: MiniStack
    mail: MailServer
    deployed: Deployed

    def client(self, service: str) -> Any:
        settings: dict[str, Any] = dict(self.ministack.client_settings())
        return boto3.client(service, **settings)  # type: ignore[call-overload]

    def __getitem__(self, output: str) -> str:
        return self.deployed.outputs[output]

    @property
    def store(self) -> DynamoCaseStore:
        return DynamoCaseStore(self.client("dynamodb"), self["TableName"])

    def file(self, debtor_id: str) -> DebtorFile | None:
        return self.store.load(debtor_id, whole=True)

    def invoke(self, function: str, event: dict[str, Any]) -> tuple[Any, str]:
        """What a function gives, and its error if it fails."""
        answer = self.client("lambda").invoke(FunctionName=self[f"{function}Name"], Payload=json.dumps(event).encode())
        return json.loads(answer["Payload"].read() or b"null"), answer.get("FunctionError", "")

    def put(self, queue: str, body: dict[str, Any]) -> None:
        self.client("sqs").send_message(QueueUrl=self[f"{queue}QueueUrl"], MessageBody=json.dumps(body))

    def counts(self, queue: str) -> tuple[int, int]:
        """Messages that wait, and that are hidden because they are being worked on or have failed."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client("sqs").get_queue_attributes(QueueUrl=self[f"{queue}QueueUrl"], AttributeNames=names)
        return int(found["Attributes"][names[0]]), int(found["Attributes"][names[1]])


@pytest.fixture(scope="module")
def stack(packaged: Package, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("deployed")
    with (
        run_mailserver(creditor=CREDITOR.mailbox, kept_in=folder / "in", kept_out=folder / "out") as mail,
        run_ministack(
            folder / "aws", smtp_relay=(mail.host, mail.smtp_port), enforce_policies=True, persist=False
        ) as ministack,
    ):
        settings = {k: v for k, v in ministack.client_settings().items() if k != "endpoint_url"}
        deployed = deploy(
            "local", endpoint=ministack.endpoint, settings=settings, say=lambda _: None,
            # The emulator does not tell a function under which name its API is reached, as API Gateway does.
            parameters={"SenderDomain": DOMAIN, "Schedules": "DISABLED", "PagesUrl": f"https://relances.{DOMAIN}"},
            packaged=packaged,
        )  # fmt: skip
        stack = Stack(ministack, mail, deployed)
        stack.client("ses").verify_domain_identity(Domain=DOMAIN)
        login = {"host": mail.host, "port": mail.imap_port, "user": mail.creditor, "password": mail.password}
        stack.client("secretsmanager").put_secret_value(
            SecretId=stack["MailboxSecret"], SecretString=json.dumps({**login, "tls": False})
        )
        open_office(stack)
        yield stack


def open_office(stack: Stack) -> None:
    """Enter the creditor, whose payments and mailbox have just been read."""
    offices = DynamoOfficeStore(stack.client("dynamodb"), stack["TableName"])
    offices.set_creditor(CREDITOR)
    offices.note_read("payments", AT)
    offices.note_read("mailbox", AT)


@pytest.fixture
def account() -> str:
    return f"C{uuid4().hex[:8]}"


def scheduled(at: datetime) -> dict[str, Any]:
    """The event that a rule, or the scheduler, hands to a function."""
    return {
        "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": "0",
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "region": "eu-west-3", "resources": [], "detail": "{}",
    }  # fmt: skip


def eventually(look: Callable[[], Found]) -> Found:
    """What `look` gives once it gives something."""
    deadline = time.monotonic() + SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"nothing within {SECONDS} s"
        time.sleep(0.05)
    return found


def invoices(account: str, *, due: str = "2026-03-10") -> bytes:
    return (
        "number,account,client,country,issued,due,amount,currency,email\n"
        f"F-{account},{account},Garage Morel,FR,2026-02-08,{due},1200.00,EUR,paul@{account.lower()}.example\n"
    ).encode()


def imported(stack: Stack, account: str) -> None:
    """A debtor with an invoice that is due for its first reminder, known since the day before."""
    key = f"replayed/invoices/{account}.csv"  # S3 reports what is dropped in invoices/, and with the real clock
    stack.client("s3").put_object(Bucket=stack["ImportBucket"], Key=key, Body=invoices(account))
    stack.put("Import", {"key": key, "at": paris("2026-03-11").isoformat()})
    eventually(lambda: stack.file(account))


# Files → imports


def test_a_ledger_dropped_in_the_bucket_is_imported(stack: Stack, account: str) -> None:
    stack.client("s3").put_object(Bucket=stack["ImportBucket"], Key=f"invoices/{account}.csv", Body=invoices(account))
    file = eventually(lambda: stack.file(account))
    assert file
    assert [c.number for c in file.open_cases()] == [f"F-{account}"]


def test_an_electronic_invoice_dropped_in_the_bucket_is_entered_with_its_document(stack: Stack, account: str) -> None:
    raw = pdf(cii(f"E-{account}", seller="", siren="", account=account, buyer=f"Client {account}"))
    stack.client("s3").put_object(Bucket=stack["ImportBucket"], Key=f"invoices/{account}.pdf", Body=raw)
    file = eventually(lambda: stack.file(account))
    assert file
    document = file.cases[f"E-{account}"].document
    kept = stack.client("s3").get_object(Bucket=stack["ArchiveBucket"], Key=document)["Body"].read()
    assert kept == raw


def test_a_ledger_that_is_wrong_becomes_a_task_and_no_dead_letter(stack: Stack) -> None:
    stack.client("s3").put_object(Bucket=stack["ImportBucket"], Key="payments/bad.csv", Body=b"a;b\n1;2\n")

    def refused() -> bool:
        desk = stack.file(DESK)
        return bool(desk and any(t.kind is TaskKind.LEDGER for t in desk.open_tasks()))

    eventually(refused)
    eventually(lambda: stack.counts("Import") == (0, 0))


# Run → due → mail → provider's report


def test_a_run_reminds_who_is_due_and_a_bounce_takes_the_reminder_back(stack: Stack, account: str) -> None:
    imported(stack, account)
    result, error = stack.invoke("DunningRun", scheduled(AT))
    assert error == "", result
    assert result["due"] >= 1

    def sent() -> Any:
        file = stack.file(account)
        return file and [n for n in file.notices.values() if n.state is NoticeState.SENT]

    (notice,) = eventually(sent)
    (delivery,) = eventually(lambda: [d for d in stack.mail.deliveries() if notice.to in d.recipients])
    assert notice.token.encode() in delivery.raw
    key = f"sent/{account}/{notice.id}.eml"
    assert stack.client("s3").get_object(Bucket=stack["ArchiveBucket"], Key=key)["Body"].read()

    report = {
        "eventType": "Bounce",
        "mail": {"messageId": "0102", "tags": {"debtor": [account], "notice": [notice.id]}},
        "bounce": {
            "bounceType": "Permanent", "bounceSubType": "General", "timestamp": "2026-03-12T09:30:00.000Z",
            "bouncedRecipients": [{"emailAddress": notice.to, "status": "5.1.1", "diagnosticCode": "550 unknown"}],
        },
    }  # fmt: skip
    stack.client("sns").publish(TopicArn=topic_of_reports(stack), Message=json.dumps(report))

    def bounced() -> bool:
        file = stack.file(account)
        return bool(file and file.notices[notice.id].state is NoticeState.BOUNCED)

    eventually(bounced)
    file = stack.file(account)
    assert file
    assert any(t.kind is TaskKind.DEAD_ADDRESS for t in file.open_tasks())


def test_mail_leaves_by_an_smtp_server_where_that_is_chosen(stack: Stack, packaged: Package, account: str) -> None:
    settings = {k: v for k, v in stack.ministack.client_settings().items() if k != "endpoint_url"}
    deployed = deploy(
        "local", endpoint=stack.ministack.endpoint, settings=settings, stack="relance-smtp", packaged=packaged,
        parameters={"SenderDomain": DOMAIN, "Schedules": "DISABLED", "Outbox": "smtp"}, say=lambda _: None,
    )  # fmt: skip
    other = Stack(stack.ministack, stack.mail, deployed)
    server = {"host": stack.mail.host, "port": stack.mail.smtp_port, "security": "none"}
    other.client("secretsmanager").put_secret_value(SecretId=other["SmtpSecret"], SecretString=json.dumps(server))
    open_office(other)
    imported(other, account)
    other.put("Due", {"debtor_id": account, "at": AT.isoformat()})

    def sent() -> Any:
        file = other.file(account)
        return file and [n for n in file.notices.values() if n.state is NoticeState.SENT]

    (notice,) = eventually(sent)
    (delivery,) = [d for d in stack.mail.deliveries() if notice.to in d.recipients]
    assert notice.message_id.encode() in delivery.raw


def topic_of_reports(stack: Stack) -> str:
    resources = stack.client("cloudformation").describe_stack_resources(StackName=stack.deployed.stack)
    found = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources["StackResources"]}
    return str(found["ProviderTopic"])


def test_of_a_batch_only_the_message_that_failed_stays(stack: Stack, account: str) -> None:
    imported(stack, account)
    eventually(lambda: stack.counts("Due") == (0, 0))
    sqs, url = stack.client("sqs"), stack["DueQueueUrl"]
    bodies = [{"debtor_id": id_, "at": AT.isoformat()} for id_ in (account, "nobody", account)]
    sqs.send_message_batch(
        QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": json.dumps(b)} for n, b in enumerate(bodies)]
    )
    eventually(lambda: stack.counts("Due") == (0, 1))
    assert stack.file(account)
    sqs.purge_queue(QueueUrl=url)


def test_what_fails_again_and_again_goes_to_the_dead_letters(stack: Stack) -> None:
    sqs, url = stack.client("sqs"), stack["ProviderEventQueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
    try:
        stack.put("ProviderEvent", {"at": AT.isoformat(), "nonsense": True})
        found = eventually(lambda: sqs.receive_message(QueueUrl=stack["ProviderEventDeadLettersUrl"]).get("Messages"))
        assert "nonsense" in found[0]["Body"]
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "360"})


# Mailbox → archive → reading


def test_a_mail_is_collected_archived_and_read(stack: Stack) -> None:
    raw = (
        f"From: Jeanne Roy <jeanne@nobody-we-know.example>\r\nTo: {CREDITOR.mailbox}\r\nSubject: Bonjour\r\n"
        f"Message-ID: <{uuid4()}@nobody-we-know.example>\r\nDate: Thu, 12 Mar 2026 09:00:00 +0100\r\n\r\n"
        "Bonjour, pouvez-vous me rappeler ?\r\n"
    ).encode()
    stack.mail.deliver(raw, to=CREDITOR.mailbox)
    result, error = stack.invoke("MailboxPoll", scheduled(AT))
    assert error == "", result
    assert result["new"] >= 1
    kept = stack.client("s3").list_objects_v2(Bucket=stack["ArchiveBucket"], Prefix="mail/")["Contents"]
    log = DynamoMailLog(stack.client("dynamodb"), stack["TableName"])

    def all_read() -> bool:
        records = [log.get(item["Key"].removeprefix("mail/").removesuffix(".eml")) for item in kept]
        return all(record and record.state is not MailState.ARCHIVED for record in records)

    eventually(all_read)
    assert stack.counts("Mail") == (0, 0)


def test_the_watch_says_whether_we_are_blind(stack: Stack) -> None:
    result, error = stack.invoke("Watch", scheduled(AT))
    assert (error, result["blind"]) == ("", "")


def test_the_numbers_are_counted_and_the_week_is_mailed_once(stack: Stack, account: str) -> None:
    imported(stack, account)
    to = f"finance-{account.lower()}@{DOMAIN}"
    offices = DynamoOfficeStore(stack.client("dynamodb"), stack["TableName"])
    offices.set_creditor(replace(CREDITOR, weekly_review=WeeklyReview(to=(to,))))
    try:
        for _ in range(2):
            result, error = stack.invoke("Numbers", scheduled(AT))
            assert (error, result["done"], result["review"]) == ("", True, "sent"), result
    finally:
        offices.set_creditor(CREDITOR)
    (delivery,) = eventually(lambda: [d for d in stack.mail.deliveries() if to in d.recipients])
    assert b"Content-Type: image/png" in delivery.raw, "drawn in the function itself"
    kept = stack.client("s3").list_objects_v2(Bucket=stack["ArchiveBucket"], Prefix="sent/desk/weekly-review-")
    assert kept["KeyCount"] == 1


def test_schedules_that_are_switched_off_are_off(stack: Stack) -> None:
    rules = stack.client("events").list_rules()["Rules"]
    schedules = stack.client("scheduler").list_schedules()["Schedules"]
    assert [rule["State"] for rule in rules] == ["DISABLED"] * len(rules)
    assert [schedule["State"] for schedule in schedules] == ["DISABLED"] * len(schedules)
    assert len(rules) >= 2
    assert len(schedules) >= 1


# Rights


def test_a_function_that_is_sent_to_another_table_is_denied_it(stack: Stack) -> None:
    dynamodb, functions = stack.client("dynamodb"), stack.client("lambda")
    key: Any = {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}
    dynamodb.create_table(
        TableName="somebody-elses", BillingMode="PAY_PER_REQUEST", KeySchema=list(key),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    )  # fmt: skip
    name = stack["WatchName"]
    before = functions.get_function_configuration(FunctionName=name)["Environment"]
    changed = {"Variables": {**before["Variables"], "RELANCE_TABLE": "somebody-elses"}}
    functions.update_function_configuration(FunctionName=name, Environment=changed)
    try:
        result, error = stack.invoke("Watch", scheduled(AT))
    finally:
        functions.update_function_configuration(FunctionName=name, Environment=before)
    assert error
    assert "AccessDenied" in result["errorMessage"]


def ask(stack: Stack, path: str, keys: tuple[str, str] | None, body: Any = None) -> tuple[int, Any]:
    """Call a route, signed with these keys."""
    url = f"{stack.ministack.endpoint}/_aws/execute-api/{stack['RestAPIId']}/api{path}"
    data = None if body is None else json.dumps(body).encode()
    request = AWSRequest("POST" if data else "GET", url, data=data, headers={"Content-Type": "application/json"})
    if keys:
        SigV4Auth(Credentials(*keys), "execute-api", stack.ministack.region).add_auth(request)
    sent = urllib.request.Request(url, data=data, headers=dict(request.headers))
    try:
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read() or b"{}")


@pytest.fixture(scope="module")
def anne(stack: Stack) -> tuple[str, str]:
    """The keys of a person who may call the routes."""
    iam = stack.client("iam")
    iam.create_user(UserName="anne")
    iam.attach_user_policy(UserName="anne", PolicyArn=stack["OperatorsPolicy"])
    key = iam.create_access_key(UserName="anne")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def test_the_routes_open_to_whoever_has_the_operators_policy_and_to_nobody_else(
    stack: Stack, anne: tuple[str, str]
) -> None:
    iam = stack.client("iam")
    iam.create_user(UserName="mallory")
    key = iam.create_access_key(UserName="mallory")["AccessKey"]
    status, health = ask(stack, "/health", anne)
    assert (status, health["payments_read_at"] is not None) == (200, True)
    assert ask(stack, "/health", None)[0] == 403
    assert ask(stack, "/health", (key["AccessKeyId"], key["SecretAccessKey"]))[0] == 403


def test_a_task_is_found_assigned_and_closed_by_its_routes_in_the_name_of_who_did_it(
    stack: Stack, account: str, anne: tuple[str, str]
) -> None:
    stack.client("s3").put_object(Bucket=stack["ImportBucket"], Key=f"payments/{account}.csv", Body=b"no ledger")

    def listed() -> Any:
        status, page = ask(stack, "/tasks?kind=ledger&limit=200", anne)
        assert status == 200, page
        return [item for item in page["tasks"] if account in item["task"]["reason"]]

    (found,) = eventually(listed)
    path = f"/tasks/{found['debtor']}/{found['task']['id']}"
    assert ask(stack, f"{path}/assign", anne, {"assignee": "anne"})[0] == 200
    assert ask(stack, f"{path}/close", anne, {"outcome": "promised"})[0] == 400
    assert ask(stack, f"{path}/close", anne, {"outcome": "done", "note": "sent again"})[0] == 200
    assert ask(stack, f"{path}/close", anne, {"outcome": "done"})[0] == 409
    assert ask(stack, path, anne)[1]["task"]["outcome"] == "done"
    last = list(stack.store.journal(DESK))[-1]
    assert last.who.endswith("user/anne")


def test_a_debtors_file_and_journal_are_shown(stack: Stack, account: str, anne: tuple[str, str]) -> None:
    imported(stack, account)
    status, shown = ask(stack, f"/debtors/{account}", anne)
    assert (status, shown["cases"][0]["case"]["number"]) == (200, f"F-{account}")
    assert ask(stack, f"/debtors/{account}/journal", anne)[1]["entries"][0]["event"] == "DebtorOpened"
    assert ask(stack, "/debtors/nobody", anne)[0] == 404


def visit(stack: Stack, path: str, cookies: str = "") -> tuple[int, Any, str]:
    """Open a page as a browser does, following nothing: (status, headers, body)."""
    port = urlsplit(stack.ministack.endpoint).port
    browser = http.client.HTTPConnection("127.0.0.1", port or 80, timeout=60)
    try:
        headers = {"Accept-Language": "fr", "Cookie": cookies}
        browser.request("GET", f"/_aws/execute-api/{stack['RestAPIId']}/api{path}", headers=headers)
        answer = browser.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        browser.close()


def test_somebody_signs_in_to_the_deployed_pages_by_their_own_pool(stack: Stack) -> None:
    pool, client, someone = stack["PeoplePool"], stack["PagesClient"], PEOPLE[1]
    callbacks = stack.client("cognito-idp").describe_user_pool_client(UserPoolId=pool, ClientId=client)
    (back,) = callbacks["UserPoolClient"]["CallbackURLs"]
    assert back == f"{stack['PagesURL']}/ops/signed-in"
    admit(stack.ministack, pool=pool, client=client, pages_url=stack["PagesURL"])
    # The very secret of the stack: of an embedded one only the description lies elsewhere.
    stack.client("secretsmanager").put_secret_value(
        SecretId=f"{stack.deployed.stack}-sign-in",
        SecretString=sign_in_settings(stack.ministack, pool=pool, client=client),
    )
    status, headers, body = visit(stack, "/ops/sign-in")
    assert (status, "Se connecter" in body) == (200, True)
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    status, headers, _ = visit(stack, "/ops/sign-in/start?to=/ops/today")
    attempt = headers["Set-Cookie"].partition(";")[0]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(headers["Location"]).query).items()}
    assert (status, attempt.startswith("__Host-relance-attempt="), asked["redirect_uri"]) == (303, True, back)
    form = urlencode({**asked, "username": someone.email, "password": someone.password}).encode()
    provider = http.client.HTTPConnection("127.0.0.1", urlsplit(stack.ministack.endpoint).port or 80, timeout=30)
    provider.request("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
    code = urlsplit(provider.getresponse().headers["Location"]).query
    provider.close()
    status, headers, _ = visit(stack, f"/ops/signed-in?{code}", attempt)
    session = [c.partition(";")[0] for c in headers.get_all("Set-Cookie") if c.startswith("__Host-relance-session=")]
    assert (status, len(session)) == (303, 1)
    assert someone.name in visit(stack, "/ops/today", session[0])[2]


def test_personal_data_is_handed_out_and_erased_under_the_pages_own_rights(stack: Stack, account: str) -> None:
    imported(stack, account)
    s3, bucket = stack.client("s3"), stack["ArchiveBucket"]
    log = DynamoMailLog(stack.client("dynamodb"), stack["TableName"])
    mail = MailRecord(
        id=f"{account}{'0' * 55}", mailbox=CREDITOR.mailbox, folder="INBOX", uid_validity=1, uid=1, size=4,
        received_at=AT, collected_at=AT, archive=f"mail/{account}{'0' * 55}.eml", state=MailState.READ,
        debtor_id=account, sender=f"paul@{account.lower()}.example",
    )  # fmt: skip
    log.record(mail)
    keys = [
        mail.archive, f"attachments/{mail.id}/1", f"examples/{mail.id}-1.jsonl", f"sent/{account}/n.eml",
        f"letters/{account}/l.pdf", f"litigation/{account}/1.zip", f"evidence/{account}/e.pdf",
    ]  # fmt: skip
    for key in (*keys, *keys):  # two versions each
        s3.put_object(Bucket=bucket, Key=key, Body=b"Paul")
    file = stack.file(account)
    assert file
    answered = ReplyReceived(mail=mail.id, kind="reply", intents=(), decision="apply", sender=mail.sender)
    gone = InvoiceWithdrawn(number=f"F-{account}", on=AT.date())
    entries = entries_after(file.entries, [(answered, "from Paul"), (gone, "")], at=AT, who="test")
    assert stack.store.save(file, entries, next_action_at=None)

    manager = Person(subject="m", email=f"claire@{DOMAIN}", groups=("manager",))
    sessions = DynamoSessionStore(stack.client("dynamodb"), stack["TableName"])
    id_ = open_session(sessions, manager, Role.MANAGER, at=datetime.now(UTC))
    session = sessions.find(key_of(id_))
    assert session
    here, cookie = f"/ops/debtors/{account}/personal", f"__Host-relance-session={id_}"
    told = visit(stack, here, cookie)[2]
    assert f"sent/{account}/n.eml" in told
    status, _, body = act(stack, f"{here}/export", cookie, csrf=session.csrf)
    assert (status, "exports/personal/" in body) == (200, True), body[:500]
    status, headers, body = act(stack, f"{here}/erase", cookie, csrf=session.csrf, confirm=account)
    assert status == 303, body[:500]
    assert headers["Location"].endswith(f"/ops/debtors/{account}")
    left = s3.list_object_versions(Bucket=bucket)
    kept = {one["Key"] for one in (*left.get("Versions", ()), *left.get("DeleteMarkers", ()))}
    assert {key for key in kept if account in key} == {f"evidence/{account}/e.pdf"}
    told = repr((stack.file(account), list(stack.store.journal(account)), log.get(mail.id)))
    assert "paul@" not in told
    assert "Paul" not in told


def act(stack: Stack, path: str, cookie: str, **form: str) -> tuple[int, Any, str]:
    """Send a form as the page does."""
    place = urlsplit(stack.ministack.endpoint)
    browser = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    headers = {
        "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded", "Accept-Language": "en",
        "Origin": stack["PagesURL"],
    }  # fmt: skip
    try:
        browser.request("POST", f"/_aws/execute-api/{stack['RestAPIId']}/api{path}", urlencode(form).encode(), headers)
        answer = browser.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        browser.close()


# Deploying


def test_deploying_again_changes_nothing_and_keeps_what_was_set(stack: Stack, packaged: Package) -> None:
    said: list[str] = []
    settings = {k: v for k, v in stack.ministack.client_settings().items() if k != "endpoint_url"}
    again = deploy("local", endpoint=stack.ministack.endpoint, settings=settings, packaged=packaged, say=said.append)
    assert again.outputs == stack.deployed.outputs
    assert any("nothing has changed" in line for line in said)


def test_a_deploy_that_cannot_work_says_why_in_a_line(
    stack: Stack, packaged: Package, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from infra.local import deploy as module

    monkeypatch.setattr(module, "package", lambda _: packaged)
    code = module.main(["--stage", "local", "--endpoint", stack.ministack.endpoint, "--stack", "relance-other"])
    said = capsys.readouterr().err
    assert code == 1
    assert "SenderDomain" in said
    assert len(said.splitlines()) == 1
