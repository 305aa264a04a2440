"""Hand mails to Amazon SES, each at most once.

The first version of the API is used (`send_raw_email`): it keeps every header but Message-ID and Date, on AWS and on
the local stack alike. The client must make one attempt only (`ONCE`): the SDK's default retries send a mail again
whose reply was lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from chalicelib.errors import OutcomeUnknown, Refused, Throttled

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient

ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)
"""How a client for SES must be configured."""

# Errors that say nothing about the one mail: quota, or the account as a whole. The mail stays due, so that one wrong
# setting does not fail every notice of a night.
_NOT_NOW = frozenset(
    {
        "Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "LimitExceeded",
        "LimitExceededException", "ServiceUnavailable", "SlowDown",
        "AccountSendingPausedException", "ConfigurationSetSendingPausedException",
        "ConfigurationSetDoesNotExist", "ConfigurationSetDoesNotExistException",
        "AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId",
        "IncompleteSignature", "MissingAuthenticationToken", "OptInRequired", "RequestExpired",
        "SignatureDoesNotMatch", "UnrecognizedClientException",
    }
)  # fmt: skip

_NEVER_REACHED = (
    EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError, NoCredentialsError, PartialCredentialsError,
    CredentialRetrievalError,
)  # fmt: skip

_ANSWER_LOST = (HTTPClientError, IncompleteReadError, ResponseParserError, SSLError)

_UNFIT_FOR_TAG = re.compile(r"[^A-Za-z0-9_-]")


class SesOutbox:
    """An Outbox. Refuses a client that would try more than once."""

    def __init__(self, client: SESClient, *, configuration_set: str = "") -> None:
        if (getattr(client.meta.config, "retries", None) or {}).get("total_max_attempts") != 1:
            raise ValueError("a client for SES makes one attempt: build it with config=ses.ONCE")
        self._client = client
        self._configuration_set = configuration_set

    def send(self, raw: bytes, *, sender: str, recipients: Sequence[str], tags: Mapping[str, str]) -> str:
        """The Message-ID under which the mail arrives. Tag values keep letters, digits, "_" and "-"."""
        chosen = {"ConfigurationSetName": self._configuration_set} if self._configuration_set else {}
        try:
            answer = self._client.send_raw_email(
                Source=sender,
                Destinations=list(recipients),
                RawMessage={"Data": raw},
                Tags=[{"Name": name, "Value": _tag(value)} for name, value in tags.items() if value],
                **chosen,
            )
        except ClientError as error:
            raise _meaning(error) from error
        except _NEVER_REACHED as error:
            raise Throttled(f"Amazon SES was not reached, nothing left: {error}") from error
        except _ANSWER_LOST as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):  # refused by us, before a byte of the mail
                raise Throttled(f"Amazon SES was not trusted, nothing left: {error}") from error
            raise OutcomeUnknown(f"Amazon SES gave no answer: {error}") from error
        except BotoCoreError as error:  # found wrong before anything was sent
            raise Refused(f"Amazon SES cannot be asked to send it: {error}") from error
        return _message_id(answer["MessageId"], self._client.meta.region_name)


def _meaning(error: ClientError) -> Exception:
    code = error.response["Error"].get("Code", "")
    told = f"Amazon SES says {code}: {error.response['Error'].get('Message', '')}"
    if code in _NOT_NOW:
        return Throttled(told)
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
        return OutcomeUnknown(told)  # it failed inside, before or after it took the mail
    return Refused(told)


def _message_id(id_: str, region: str) -> str:
    """SES answers with the left half; the right half is its region's name, but in its oldest region "email"."""
    if "@" in id_:
        return f"<{id_}>"
    return f"<{id_}@{'email' if region == 'us-east-1' else region}.amazonses.com>"


def _tag(value: str) -> str:
    return _UNFIT_FOR_TAG.sub("_", value)[:256]
