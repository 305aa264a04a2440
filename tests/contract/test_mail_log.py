"""What every MailLog does: one record a mail, settled once, and a cursor that moves forward."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.ports import Cursor, MailRecord, MailState

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def mail(id_: str, **values) -> MailRecord:
    return MailRecord(**{
        "id": id_, "mailbox": "compta@acme.test", "folder": "INBOX", "uid_validity": 1, "uid": 7, "size": 2048,
        "received_at": AT - 900 * MINUTE, "collected_at": AT, "archive": f"mail/{id_}.eml", **values,
    })  # fmt: skip


def test_a_mail_is_recorded_once(mail_log):
    assert mail_log.get("m1") is None
    assert mail_log.record(mail("m1")) is True
    assert mail_log.record(mail("m1", uid=8)) is False
    assert mail_log.get("m1") == mail("m1")


def test_a_mail_is_settled_once_and_the_first_reading_counts(mail_log):
    mail_log.record(mail("m1"))
    reading = {"kind": "human", "intents": ["promise"], "certainty": 0.87, "facts": {"on": None, "n": 3, "ok": True}}
    read = mail("m1").becomes(MailState.READ, debtor_id="D1", reading=reading, subject="Re: \udce9t\u00e9")
    assert mail_log.settle(read) is True
    assert mail_log.settle(mail("m1").becomes(MailState.QUARANTINED, why="late")) is False
    kept = mail_log.get("m1")
    assert kept.state is MailState.READ
    assert (kept.debtor_id, kept.reading) == ("D1", reading)
    assert mail_log.record(mail("m1")) is False


def test_a_mail_that_nobody_recorded_is_not_settled(mail_log):
    assert mail_log.settle(mail("m1").becomes(MailState.READ)) is False
    assert mail_log.get("m1") is None


def test_mails_that_wait_are_listed_the_oldest_first(mail_log):
    for minutes, id_ in enumerate(["c", "a", "d", "b"]):
        mail_log.record(mail(id_, collected_at=AT + minutes * MINUTE))
    mail_log.settle(mail("a", collected_at=AT + MINUTE).becomes(MailState.READ))
    assert list(mail_log.pending(AT)) == []
    assert list(mail_log.pending(AT + MINUTE / 2)) == ["c"]
    assert list(mail_log.pending(AT + 3 * MINUTE)) == ["c", "d"]
    assert list(mail_log.pending(AT + 4 * MINUTE)) == ["c", "d", "b"]


def test_the_cursor_moves_forward_only(mail_log):
    first = Cursor(uid_validity=1, uid=20)
    assert mail_log.cursor("a@acme.test", "INBOX") is None
    mail_log.advance("a@acme.test", "INBOX", first)
    for uid, kept in ((19, 20), (20, 20), (21, 21)):
        mail_log.advance("a@acme.test", "INBOX", replace(first, uid=uid))
        assert mail_log.cursor("a@acme.test", "INBOX") == replace(first, uid=kept)


def test_another_uidvalidity_begins_anew(mail_log):
    mail_log.advance("a@acme.test", "INBOX", Cursor(uid_validity=1, uid=20))
    mail_log.advance("a@acme.test", "INBOX", Cursor(uid_validity=2, uid=3))
    assert mail_log.cursor("a@acme.test", "INBOX") == Cursor(uid_validity=2, uid=3)


def test_each_folder_of_each_mailbox_has_its_cursor(mail_log):
    mail_log.advance("a@acme.test", "INBOX", Cursor(uid_validity=1, uid=20))
    mail_log.advance("a@acme.test", "Relances/Été", Cursor(uid_validity=5, uid=1))
    assert mail_log.cursor("b@acme.test", "INBOX") is None
    assert mail_log.cursor("a@acme.test", "Relances/Été") == Cursor(uid_validity=5, uid=1)
    assert mail_log.cursor("a@acme.test", "INBOX") == Cursor(uid_validity=1, uid=20)
