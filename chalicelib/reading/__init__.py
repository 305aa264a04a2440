"""Read what clients answer: bytes → InboundMessage → Reading. Pure: no clock, no network, no disk.

message = parse(raw)                 # Unreadable where it is too big, too deep or broken
reading = read(message, context)     # never raises
to_json(reading)                     # the fields of a label line, and the evidence
"""

from __future__ import annotations

from chalicelib.reading.mime import parse
from chalicelib.reading.model import (
    DEFAULT_CAPS,
    INTENTS,
    Attachment,
    Bounce,
    Caps,
    Context,
    Dispute,
    Evidence,
    Fact,
    InboundMessage,
    KnownAccount,
    KnownItem,
    Promise,
    Reading,
    Remittance,
    Unreadable,
)
from chalicelib.reading.reader import read
from chalicelib.reading.show import to_json

__all__ = [
    "DEFAULT_CAPS",
    "INTENTS",
    "Attachment",
    "Bounce",
    "Caps",
    "Context",
    "Dispute",
    "Evidence",
    "Fact",
    "InboundMessage",
    "KnownAccount",
    "KnownItem",
    "Promise",
    "Reading",
    "Remittance",
    "Unreadable",
    "parse",
    "read",
    "to_json",
]
