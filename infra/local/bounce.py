"""Write the report a mail system sends back for a mail it could not deliver (RFC 3464)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from uuid import uuid4

REPORTING_MTA = "mx.relance.invalid"


@dataclass(frozen=True)
class BounceReason:
    """Why a mail comes back: the enhanced status (RFC 3463) and what the far server said."""

    status: str = "5.1.1"
    diagnostic: str = "550 5.1.1 user unknown"
    action: str = "failed"


def write_bounce(raw: bytes, *, to: str, recipient: str, reason: BounceReason, at: datetime) -> bytes:
    """The report for mail `raw` that did not reach `recipient`, addressed to `to`, its envelope sender.

    It carries the whole returned mail, as Amazon SES does, so that its Message-ID can be found. `at` is an
    aware instant.
    """
    boundary = f"=_report_{uuid4().hex}"
    headers = [
        f"From: Mail Delivery System <MAILER-DAEMON@{REPORTING_MTA}>",
        f"To: {to}",
        "Subject: Delivery Status Notification (Failure)",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{uuid4().hex}@{REPORTING_MTA}>",
        # Postfix and others mark their reports so: a reader that looks for it first takes them for absences.
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
    ]
    original_id = re.search(rb"^message-id:\s*(<[^>\r\n]+>)", raw, re.IGNORECASE | re.MULTILINE)
    if original_id:
        headers.append(f"In-Reply-To: {original_id[1].decode('ascii', 'replace')}")
    explanation = [
        "An error occurred while trying to deliver the mail to the following recipients:",
        recipient,
    ]
    status = [
        f"Reporting-MTA: dns; {REPORTING_MTA}",
        f"Arrival-Date: {format_datetime(at)}",
        "",
        f"Final-Recipient: rfc822; {recipient}",
        f"Action: {reason.action}",
        f"Status: {reason.status}",
        f"Diagnostic-Code: smtp; {reason.diagnostic}",
    ]
    return b"\r\n".join(
        [
            *(line.encode() for line in headers),
            b"",
            *_part(boundary, "text/plain; charset=us-ascii", explanation),
            *_part(boundary, "message/delivery-status", status),
            f"--{boundary}".encode(),
            b"Content-Type: message/rfc822",
            b"",
            raw.rstrip(b"\r\n"),
            b"",
            f"--{boundary}--".encode(),
            b"",
        ]
    )


def _part(boundary: str, content_type: str, lines: list[str]) -> list[bytes]:
    text = [f"--{boundary}", f"Content-Type: {content_type}", "", *lines, ""]
    return [line.encode() for line in text]
