"""Bytes to a message: what is repaired, what is refused, and what is known of the refused."""

from __future__ import annotations

import base64
import time
from email.message import EmailMessage

import pytest

from chalicelib.errors import PermanentError
from chalicelib.reading import Caps, Unreadable, parse
from tests.reading.reading_of import THEM, US, mail

HEAD = b"From: Marie <marie@client.example>\r\nTo: compta@us.example\r\nSubject: Re: rappel\r\nMessage-ID: <a@b>\r\n"


def test_an_ordinary_mail_is_decoded() -> None:
    message = parse(mail("Réglé hier.\n", In_Reply_To="<1@us.example>", References="<0@us.example> <1@us.example>"))
    assert message.sender == THEM
    assert message.in_reply_to == "<1@us.example>"
    assert message.references == ("<0@us.example>", "<1@us.example>")
    assert message.text.strip() == "Réglé hier."
    assert message.sent_at is not None
    assert message.sent_at.isoformat() == "2026-11-24T09:00:00+01:00"


@pytest.mark.parametrize("header", ["To", "Cc", "Delivered-To", "X-Original-To"])
def test_our_token_is_found_in_any_recipient(header: str) -> None:
    token = "abcdefghijklmnopqrstuvwx27"
    raw = mail("ok").replace(b"Subject:", f"{header}: relance+{token}@us.example\nSubject:".encode())
    assert parse(raw).tokens == (token,)


@pytest.mark.parametrize(
    ("declared", "encoded_as"),
    [
        ("iso-8859-1", "cp1252"),
        ("us-ascii", "utf-8"),
        ("us-ascii", "cp1252"),
        ("iso-8859-1", "utf-8"),
        ("x-unknown", "utf-8"),
        ("x-unknown", "cp1252"),
        ("utf-8", "cp1252"),
        ("utf-16", "utf-16"),
    ],
)
def test_a_wrong_charset_is_repaired(declared: str, encoded_as: str) -> None:
    body = "Réglé à l'échéance : 12 €"
    encoded = base64.b64encode(body.encode(encoded_as))
    raw = (
        HEAD
        + f"Content-Type: text/plain; charset={declared}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
        + encoded
    )
    assert parse(raw).text.strip() == body


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_raw_letters_in_a_header_are_kept(encoding: str) -> None:
    raw = (
        b"From: "
        + "Hélène Bâti".encode(encoding)
        + b" <h@client.example>\r\nSubject: "
        + "Réglé".encode(encoding)
        + b"\r\n\r\nok"
    )
    message = parse(raw)
    assert message.subject == "Réglé"
    assert message.from_addresses == (("Hélène Bâti", "h@client.example"),)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Thoma, Jürgen <j@client.example>", "Thoma, Jürgen"),
        ("Hansen & Vogt GmbH <j@client.example>", "Hansen & Vogt GmbH"),
    ],
)
def test_an_unquoted_name_stays_one_sender(written: str, name: str) -> None:
    message = parse(b"From: " + written.encode() + b"\r\n\r\nok")
    assert message.from_addresses == ((name, "j@client.example"),)


def test_two_senders_are_no_sender() -> None:
    assert parse(b"From: a@client.example, b@client.example\r\n\r\nok").sender is None


def test_nuls_are_dropped() -> None:
    assert parse(HEAD + b"\r\nR\x00egl\x00e").text.strip() == "Regle"


def test_line_breaks_hidden_in_encoded_words_are_told() -> None:
    hidden = base64.b64encode(b"Rappel\r\nBcc: all@us.example").decode()
    message = parse(b"From: a@client.example\r\nSubject: =?utf-8?b?" + hidden.encode() + b"?=\r\n\r\nok")
    assert "\n" not in message.subject
    assert any("control characters" in d for d in message.defects)


def test_an_attached_mail_is_not_merged_into_the_text() -> None:
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Subject"] = THEM, US, "tr"
    outer.set_content("Voir ci-joint.")
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "x@y.example", "vieux"
    inner.set_content("Facture F-1041 payée.")
    outer.add_attachment(inner)
    message = parse(outer.as_bytes())
    assert message.text.strip() == "Voir ci-joint."
    (attached,) = message.attached_messages
    assert attached.text.strip() == "Facture F-1041 payée."


def test_the_html_is_read_without_what_is_hidden() -> None:
    outer = EmailMessage()
    outer["From"] = THEM
    outer.set_content("Bonjour, la F-1041 est payée depuis le 12.")
    outer.add_alternative(
        "<p>Bonjour, la F-1041 est payée depuis le 12.</p><div style='display:none'>F-1058 aussi</div>"
        "<p style='color:#ffffff'>et F-1077</p><blockquote>votre rappel</blockquote>"
        "<table><tr><td>F-1041</td><td>1 250,00</td></tr></table>",
        subtype="html",
    )
    message = parse(outer.as_bytes())
    assert "1058" not in message.text
    assert "1077" not in message.text
    assert "> votre rappel" in message.text
    assert "F-1041 | 1 250,00" in message.text


def _nested(depth: int) -> bytes:
    out = [b"From: a@b.example\r\nSubject: deep\r\n"]
    for level in range(depth):
        out.append(f'Content-Type: multipart/mixed; boundary="b{level}"\r\n\r\n--b{level}\r\n'.encode())
    return b"".join(out) + b"Content-Type: text/plain\r\n\r\nhi"


HOSTILE = {
    "1,200 nested parts": _nested(1200),
    "40 nested parts": _nested(40),
    "100,000 boundaries": b'From: a@b.example\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n'
    + b"--x\r\n\r\nhi\r\n" * 100_000,
    "an endless content type": b"From: a@b.example\r\nContent-Type: text/plain; " + b'a="' * 200_000 + b"\r\n\r\nhi",
    "a header of two megabytes": b"From: a@b.example\r\nX: " + b"y" * 2_000_000 + b"\r\n\r\nhi",
    "folded without end": b"From: a@b.example\r\nContent-Type: text/plain;\r\n" + b" a=b;\r\n" * 100_000 + b"\r\nhi",
}


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_what_would_break_the_parser_is_refused_in_time_with_what_is_known(case: str) -> None:
    started = time.process_time()
    with pytest.raises(Unreadable) as refused:
        parse(HOSTILE[case])
    assert time.process_time() - started < 2
    assert isinstance(refused.value, PermanentError)
    assert refused.value.sender == "a@b.example"
    assert refused.value.reason


BEARABLE = {
    "500 nested comments in To": b"From: a@b.example\r\nTo: " + b"(" * 500 + b")" * 500 + b" x@us.example\r\n\r\nhi",
    "100,000 commas in To": b"From: a@b.example\r\nTo: " + b"," * 50_000 + b"\r\n\r\nhi",
    "5,000 recipients": b"From: a@b.example\r\nTo: "
    + b", ".join(b"u%d@x.example" % n for n in range(3000))
    + b"\r\n\r\nhi",
    "no header at all": b"\r\nhi",
    "nothing": b"",
    "binary": bytes(range(256)) * 50,
    "one line without end": b"From: a@b.example\r\n\r\n" + b"hi " * 300_000,
    "encoded words without end": b"From: a@b.example\r\nSubject: " + b"=?utf-8?q?a?= " * 3000 + b"\r\n\r\nhi",
    "broken base64": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8\xff\xff=a=b",
    "utf-7": HEAD + b"Content-Type: text/plain; charset=utf-7\r\n\r\n+ADw-script+AD4-",
    "html of 20,000 open tags": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div><table><tr><td>" * 20_000,
    "html of brackets": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<" * 200_000,
    "html of comments": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<!--" * 50_000,
    "html of scripts": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<script>" * 30_000,
}


@pytest.mark.parametrize("case", sorted(BEARABLE))
def test_what_is_odd_is_read_in_time(case: str) -> None:
    started = time.process_time()
    parse(BEARABLE[case])
    assert time.process_time() - started < 2


@pytest.mark.parametrize(("size", "refused"), [(999, False), (1000, False), (1001, True)])
def test_the_cap_on_bytes_is_a_sharp_line(size: int, refused: bool) -> None:
    raw = HEAD + b"\r\n" + b"x" * (size - len(HEAD) - 2)
    caps = Caps(message_bytes=1000)
    if refused:
        with pytest.raises(Unreadable, match="1001 bytes"):
            parse(raw, caps=caps)
    else:
        assert parse(raw, caps=caps).size == size


def test_a_damaged_encoded_word_costs_the_header_and_not_the_mail() -> None:
    damaged = b"Subject: =?utf-8?B?UmU6IA==\x00=x?= rappel"
    raw = mail("La F-1041 part vendredi.").replace(b"Subject: Re: rappel", damaged)
    message = parse(raw)
    assert "F-1041" in message.text
    assert message.sender == THEM
