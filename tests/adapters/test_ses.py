"""Mail by Amazon SES leaves at most once, whatever is lost, and comes back with the id under which it arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email import message_from_bytes
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    SSLError,
)
from botocore.stub import ANY, Stubber

from chalicelib.adapters.memory import FakeArchive
from chalicelib.adapters.rendering import TemplateWriter
from chalicelib.adapters.ses import ONCE, SesOutbox
from chalicelib.errors import OutcomeUnknown, Refused, RetryableError, Throttled
from infra.local.mailserver import Delivery, MailServer
from infra.local.ministack import MiniStack
from infra.local.ports import free_port
from tests.notices import TODAY, notice
from tests.parts.faults import Faults
from tests.sample import CREDITOR, case, file_of, paris

SENDER = "nadia.ferrand@verre-clair.example"
RAW = b"From: Nadia <" + SENDER.encode() + b">\r\nTo: x@debtor.example\r\nSubject: x\r\n\r\nBonjour\r\n"


def client(endpoint: str, config: Config = ONCE, region: str = "eu-west-3") -> Any:
    return boto3.client("ses", endpoint_url=endpoint, region_name=region, config=config)


def send(outbox: SesOutbox, raw: bytes = RAW, *recipients: str) -> str:
    tags = {"debtor": "C001/é", "notice": "20260320-x", "none": ""}
    return outbox.send(raw, sender=SENDER, recipients=recipients or ("x@debtor.example",), tags=tags)


# Against the local stack, which hands on to a real mail server


@pytest.fixture
def recipient() -> str:
    return f"{uuid4().hex}@debtor.example"


@pytest.fixture
def verified(ministack: MiniStack) -> MiniStack:
    client(ministack.endpoint).verify_email_identity(EmailAddress=SENDER)
    return ministack


def arrived(mailserver: MailServer, recipient: str) -> list[Delivery]:
    """The mail, waited for: the stack hands on in the background."""
    until = monotonic() + 10
    while not (found := [d for d in mailserver.deliveries() if recipient in d.recipients]) and monotonic() < until:
        sleep(0.02)
    return found


def accepted(stack: MiniStack) -> int:
    """How many mails SES has accepted so far."""
    return int(client(stack.endpoint).get_send_quota()["SentLast24Hours"])


def test_a_written_mail_arrives_whole_under_the_id_that_was_returned(
    verified: MiniStack, mailserver: MailServer, recipient: str
) -> None:
    copy = f"copy-{recipient}"
    what = notice("first_reminder", "F-1", to=recipient, contact="", cc=(copy,))
    raw = TemplateWriter(FakeArchive()).write(
        file_of(case("F-1", "2026-03-05")), what, CREDITOR, today=TODAY, at=paris(TODAY)
    )
    message_id = send(SesOutbox(client(verified.endpoint)), raw, recipient, copy)
    (mail,) = arrived(mailserver, recipient)
    assert mail.recipients == (recipient, copy)
    sent, got = message_from_bytes(raw), message_from_bytes(mail.raw)
    assert got["Message-ID"] == message_id != sent["Message-ID"]
    for name in ("From", "Reply-To", "To", "Cc", "Subject", "Auto-Submitted", "X-Auto-Response-Suppress"):
        assert got[name] == sent[name], name
    assert [p.get_payload(decode=True) for p in got.walk()] == [p.get_payload(decode=True) for p in sent.walk()]


def test_a_lost_reply_is_never_followed_by_a_second_mail(
    verified: MiniStack, mailserver: MailServer, faults: Callable[..., Faults], recipient: str
) -> None:
    proxy, before = faults(verified.endpoint, "ses"), accepted(verified)
    proxy.lose_reply("ses", times=3)
    with pytest.raises(OutcomeUnknown):
        send(SesOutbox(client(proxy.endpoint)), RAW, recipient)
    assert accepted(verified) == before + 1
    assert len(arrived(mailserver, recipient)) == 1
    assert len(proxy.struck()) == 1


def test_a_connection_cut_before_ses_heard_of_the_mail_is_unknown_too(
    verified: MiniStack, faults: Callable[..., Faults], recipient: str
) -> None:
    proxy, before = faults(verified.endpoint, "ses"), accepted(verified)
    proxy.reset("ses")
    with pytest.raises(OutcomeUnknown):  # from here it looks like the one above: nobody may guess
        send(SesOutbox(client(proxy.endpoint)), RAW, recipient)
    assert accepted(verified) == before


def test_an_answer_that_comes_too_late_is_unknown(
    verified: MiniStack, faults: Callable[..., Faults], recipient: str
) -> None:
    proxy = faults(verified.endpoint, "ses")
    proxy.delay("ses", milliseconds=1500)
    impatient = ONCE.merge(Config(read_timeout=0.3))
    with pytest.raises(OutcomeUnknown):
        send(SesOutbox(client(proxy.endpoint, impatient)), RAW, recipient)


@pytest.mark.parametrize("code", ["Throttling", "ThrottlingException"])
def test_a_throttled_mail_stays_due_and_none_has_left(
    verified: MiniStack, mailserver: MailServer, faults: Callable[..., Faults], recipient: str, code: str
) -> None:
    proxy, before = faults(verified.endpoint, "ses"), accepted(verified)
    proxy.refuse("ses", code=code, message="Maximum sending rate exceeded.")
    outbox = SesOutbox(client(proxy.endpoint))
    with pytest.raises(Throttled, match="Maximum sending rate exceeded"):
        send(outbox, RAW, recipient)
    assert accepted(verified) == before
    send(outbox, RAW, recipient)
    assert len(arrived(mailserver, recipient)) == 1


def test_where_nobody_answers_the_mail_stays_due() -> None:
    with pytest.raises(Throttled, match="not reached"):
        send(SesOutbox(client(f"http://127.0.0.1:{free_port()}")))


# What each answer means


@pytest.fixture
def stubbed() -> Iterator[tuple[SesOutbox, Stubber]]:
    ses = client("http://127.0.0.1:9")
    with Stubber(ses) as stub:
        yield SesOutbox(ses, configuration_set="relance"), stub


@pytest.mark.parametrize(
    ("code", "status", "message", "means"),
    [
        ("Throttling", 400, "Maximum sending rate exceeded.", Throttled),
        ("Throttling", 400, "Daily message quota exceeded.", Throttled),
        ("LimitExceededException", 400, "", Throttled),
        ("ServiceUnavailable", 503, "", Throttled),
        ("AccountSendingPausedException", 400, "", Throttled),
        ("ConfigurationSetSendingPausedException", 400, "", Throttled),
        ("ConfigurationSetDoesNotExist", 400, "", Throttled),
        ("ExpiredToken", 403, "", Throttled),
        ("AccessDenied", 403, "", Throttled),
        ("MessageRejected", 400, "Email address is not verified.", Refused),
        ("MailFromDomainNotVerifiedException", 400, "", Refused),
        ("InvalidParameterValue", 400, "Local address contains control or whitespace", Refused),
        ("SomethingNew", 400, "", Refused),
        ("InternalFailure", 500, "", OutcomeUnknown),
        ("SomethingNew", 502, "", OutcomeUnknown),
    ],
)
def test_each_error_has_its_consequence(
    stubbed: tuple[SesOutbox, Stubber], code: str, status: int, message: str, means: type[Exception]
) -> None:
    outbox, stub = stubbed
    stub.add_client_error("send_raw_email", code, message, status)
    with pytest.raises(means, match=f"Amazon SES says {code}: {message}") as told:
        send(outbox)
    assert isinstance(told.value, RetryableError) is (means is Throttled)


@pytest.mark.parametrize(
    ("error", "means"),
    [
        (EndpointConnectionError(endpoint_url="x"), Throttled),
        (ConnectTimeoutError(endpoint_url="x"), Throttled),
        (NoCredentialsError(), Throttled),
        (SSLError(endpoint_url="x", error="CERTIFICATE_VERIFY_FAILED"), Throttled),
        (SSLError(endpoint_url="x", error="EOF occurred in violation of protocol"), OutcomeUnknown),
        (ReadTimeoutError(endpoint_url="x"), OutcomeUnknown),
        (ConnectionClosedError(endpoint_url="x"), OutcomeUnknown),
        (ParamValidationError(report="x"), Refused),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
def test_each_breakdown_has_its_consequence(
    monkeypatch: pytest.MonkeyPatch, error: Exception, means: type[Exception]
) -> None:
    ses = client("http://127.0.0.1:9")

    def breaks(**_: object) -> None:
        raise error

    monkeypatch.setattr(ses, "send_raw_email", breaks)
    with pytest.raises(means):
        send(SesOutbox(ses))


def test_what_is_asked_of_ses(stubbed: tuple[SesOutbox, Stubber]) -> None:
    outbox, stub = stubbed
    stub.add_response(
        "send_raw_email",
        {"MessageId": "0107018f-000000"},
        {
            "Source": SENDER,
            "Destinations": ["x@debtor.example", "y@debtor.example"],
            "RawMessage": {"Data": RAW},
            "Tags": [{"Name": "debtor", "Value": "C001__"}, {"Name": "notice", "Value": "20260320-x"}],
            "ConfigurationSetName": "relance",
        },
    )
    assert send(outbox, RAW, "x@debtor.example", "y@debtor.example") == "<0107018f-000000@eu-west-3.amazonses.com>"
    stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("region", "message_id"),
    [
        ("us-east-1", "<0100018f-000000@email.amazonses.com>"),
        ("us-east-2", "<0100018f-000000@us-east-2.amazonses.com>"),
        ("eu-west-3", "<0100018f-000000@eu-west-3.amazonses.com>"),
    ],
)
def test_the_id_is_completed_as_the_region_does(region: str, message_id: str) -> None:
    ses = client("http://127.0.0.1:9", region=region)
    with Stubber(ses) as stub:
        stub.add_response(
            "send_raw_email",
            {"MessageId": "0100018f-000000"},
            {"Source": ANY, "Destinations": ANY, "RawMessage": ANY, "Tags": ANY},
        )
        assert send(SesOutbox(ses)) == message_id


@pytest.mark.parametrize("retries", [None, {"max_attempts": 1}, {"total_max_attempts": 2}, {"mode": "standard"}])
def test_a_client_that_would_try_twice_is_not_accepted(retries: Any) -> None:
    config = Config(retries=retries) if retries else Config()
    with pytest.raises(ValueError, match="one attempt"):
        SesOutbox(client("http://127.0.0.1:9", config))
