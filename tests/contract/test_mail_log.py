"""What every MailLog does: one record a mail, settled once, and a cursor that moves forward."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.ports import Cursor, MailRecord, MailState, Shelf

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


def read(id_: str, minutes: int, **values) -> MailRecord:
    facts = {"state": MailState.READ, "received_at": AT + minutes * MINUTE, **values}
    return mail(id_).becomes(facts.pop("state"), **facts)


def test_what_a_person_decides_is_kept_once_a_turn(mail_log):
    mail_log.record(mail("m1"))
    before = read("m1", 0, asks=True)
    mail_log.settle(before)
    after = replace(before, turn=1, verdict="accepted", asks=False, settled_by="nadia", settled_at=AT)
    assert mail_log.amend(before, after) is True
    assert mail_log.amend(before, replace(after, verdict="nothing")) is False
    assert mail_log.get("m1") == after
    again = replace(after, state=MailState.ARCHIVED, turn=2, verdict="")
    assert mail_log.amend(after, again) is True
    assert list(mail_log.pending(AT + MINUTE)) == ["m1"]
    assert mail_log.amend(mail("m2"), mail("m2")) is False, "nobody recorded it"


def test_mails_lie_on_shelves_the_last_received_first(mail_log):
    kept = {
        "review": read("review", 3, asks=True), "alone": read("alone", 1), "waits": None,
        "unmatched": read("unmatched", 4, state=MailState.UNMATCHED),
        "quarantined": read("quarantined", 2, state=MailState.QUARANTINED),
        "done": read("done", 5, verdict="accepted", turn=1),
        "set aside": read("set aside", 6, state=MailState.UNMATCHED, verdict="nothing", turn=1),
    }  # fmt: skip
    for id_, looked_at in kept.items():
        mail_log.record(mail(id_))
        if looked_at:
            mail_log.settle(looked_at)

    def on(*shelves):
        return [m.id for m in mail_log.on_shelf(*shelves, limit=10).mails]

    assert on(Shelf.REVIEW) == ["review"]
    assert on(Shelf.UNMATCHED) == ["unmatched"]
    assert on(Shelf.QUARANTINED) == ["quarantined"]
    assert on(Shelf.DONE) == ["set aside", "done"]
    assert on(Shelf.ALONE, Shelf.REVIEW) == ["review", "alone"]
    assert on() == ["set aside", "done", "unmatched", "review", "quarantined", "alone"]


def test_a_shelf_is_read_page_by_page_without_a_gap(mail_log):
    for n in range(60):
        mail_log.record(mail(f"m{n:02}"))
        mail_log.settle(read(f"m{n:02}", n // 2, asks=n % 3 == 0))
    everything = [m.id for m in mail_log.on_shelf(limit=100).mails]
    assert len(everything) == 60
    pages, after = [], ""
    while True:
        page = mail_log.on_shelf(limit=7, after=after)
        pages.append([m.id for m in page.mails])
        after = page.next
        if not after:
            break
    assert [len(p) for p in pages] == [7] * 8 + [4]
    assert [id_ for page in pages for id_ in page] == everything
    exact = mail_log.on_shelf(limit=60)
    assert (len(exact.mails), exact.next) == (60, "")
