"""winmail.dat: the words and the files that Outlook packed are read like any others; damaged ones say so."""

from __future__ import annotations

import struct
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.reading import parse, read
from chalicelib.reading.winmail import unpack
from tests.reading.reading_of import THEM, US, context

BODY, RENDERED, TITLE, CONTENT = 0x0002800C, 0x00069002, 0x00018010, 0x0006800F


def packed(body: str = "", **files: str) -> bytes:
    """A winmail.dat as MS-OXTNEF, 2.1.3, lays it out: signature, key, then level, id, length, bytes and a checksum."""

    def attribute(level: int, id_: int, content: bytes) -> bytes:
        return struct.pack("<BII", level, id_, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)

    out = struct.pack("<IH", 0x223E9F78, 1)
    if body:
        out += attribute(1, BODY, body.encode("cp1252") + b"\0")
    for name, text in files.items():
        out += attribute(2, RENDERED, bytes(14))
        out += attribute(2, TITLE, name.replace("_", ".").encode() + b"\0")
        out += attribute(2, CONTENT, text.encode())
    return out


def mail(winmail: bytes, text: str = "") -> bytes:
    out = EmailMessage()
    out["From"], out["To"], out["Subject"] = THEM, US, "RE: rappel"
    out["Date"], out["Message-ID"] = "Tue, 24 Nov 2026 09:00:00 +0100", "<m1@client.example>"
    out["In-Reply-To"] = "<1@us.example>"
    out.set_content(text)
    out.add_attachment(winmail, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    return out.as_bytes()


def test_the_words_that_outlook_packed_are_the_clients_own() -> None:
    message = parse(mail(packed("Bonjour, la F-1041 sera réglée vendredi 27 novembre.")))
    reading = read(message, context())
    assert reading.intents == ("promise_to_pay",)
    assert reading.promise is not None
    assert str(reading.promise.date) == "2026-11-27"
    assert reading.decision == "apply"


def test_words_beside_it_come_first_and_nothing_is_said_twice() -> None:
    words = "Bonjour, la F-1041 sera réglée vendredi 27 novembre."
    assert parse(mail(packed(words), words)).text.count("F-1041") == 1


def test_a_remittance_advice_inside_is_read() -> None:
    advice = "Avis de virement\nFacture;Montant\nF-1041;1250,00\nF-1058;348,20\nTotal;1598,20\nVirement du 20/11/2026\n"
    message = parse(mail(packed("Ci-joint notre avis de virement.", avis_csv=advice)))
    assert [a.name for a in message.attachments] == ["avis.csv"]
    reading = read(message, context())
    assert reading.remittance is not None
    assert str(reading.remittance.amount) == "1598.20"
    assert reading.invoices == ("F-1041", "F-1058")


@pytest.mark.parametrize("damaged", [b"", b"x", packed("a")[:12], b"\x78\x9f\x3e\x22" + b"\xff" * 40])
def test_one_that_cannot_be_opened_goes_to_a_person(damaged: bytes) -> None:
    message = parse(mail(damaged, "Bonjour, voir ci-joint."))
    assert "winmail.dat not opened" in message.defects
    assert read(message, context()).decision == "review"


@given(st.binary(max_size=300))
def test_any_bytes_behind_the_signature_are_opened_or_refused(noise: bytes) -> None:
    unpack(b"\x78\x9f\x3e\x22\x01\x00" + noise, most_files=5, most_chars=1000)
