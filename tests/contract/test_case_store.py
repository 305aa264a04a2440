"""What every CaseStore does: keep files, lose races, find debtors, and tell what is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.apply import apply_all
from chalicelib.domain.company import keys_of, words_of
from chalicelib.domain.debtor_file import Closed, Debtor, NoticeState, OrderState, live_part
from chalicelib.domain.money import Money
from chalicelib.domain.personal import Whom, redacted, redactions
from tests.contract.samples import (
    AGREEMENTS,
    AT,
    TODAY,
    agreements,
    called,
    claimed,
    contact,
    entries,
    invoice,
    letter,
    opened,
    ordered,
    paid,
    replied,
    task,
)

SECOND = timedelta(microseconds=1)


def test_a_debtor_that_nobody_opened_has_no_file(store):
    assert store.load("nobody") is None
    assert store.load("nobody", whole=True) is None
    assert list(store.journal("nobody")) == []


def test_what_was_saved_is_loaded_again(store):
    file = opened(store, "D1", contact("c1", "Compta@Client.test"), invoice("F1"), task("t1", "F1"))
    assert store.load("D1") == file
    assert store.load("D1", whole=True) == file


def test_the_journal_folds_into_the_file(store):
    file = opened(store, "D1", invoice("F1"), invoice("F2"))
    file = store.save(file, entries(file, claimed("n1", "F1", "F2")), next_action_at=AT)
    file = store.save(file, entries(file, *paid("F1")), next_action_at=AT)
    assert apply_all(None, store.journal("D1")) == file == store.load("D1", whole=True)
    assert [entry.seq for entry in store.journal("D1")] == list(range(1, file.entries + 1))


def test_a_load_brings_what_is_live_and_a_whole_load_everything(store):
    file = opened(store, "D1", invoice("F1"), invoice("F2"), claimed("n1", "F1"))
    file = store.save(file, entries(file, *paid("F1")), next_action_at=AT)
    brought = store.load("D1")
    assert set(brought.cases) == {"F2"}
    assert brought == live_part(file)
    assert store.load("D1", whole=True).cases["F1"].closed is Closed.PAID


def test_a_save_from_the_live_part_keeps_what_is_past(store):
    file = opened(store, "D1", invoice("F1"), invoice("F2"))
    store.save(file, entries(file, *paid("F1")), next_action_at=AT)
    brought = store.load("D1")
    store.save(brought, entries(brought, claimed("n1", "F2")), next_action_at=AT)
    whole = store.load("D1", whole=True)
    assert set(whole.cases) == {"F1", "F2"}
    assert whole == apply_all(None, store.journal("D1"))


def test_a_case_that_is_open_again_is_live_again_with_its_notices(store):
    file = opened(store, "D1", invoice("F1"), claimed("n1", "F1", on=date(2026, 2, 1)), task("t1", "F1"))
    file = store.save(file, entries(file, *paid("F1")), next_action_at=AT)
    closed = e.TaskClosed(task_id="t1", outcome="reached", note="", at=AT)
    sent = e.NoticeSent(notice_id="n1", message_id="<m1>", at=AT)
    later = claimed("n2", on=TODAY)
    file = store.save(file, entries(file, sent, closed, later), next_action_at=AT)
    assert set(store.load("D1").notices) == {"n2"}
    assert store.load("D1").tasks == {}
    whole = store.load("D1", whole=True)
    undone = e.AllocationUndone(credit_id="p-F1", number="F1", amount=whole.cases["F1"].amount)
    store.save(whole, entries(whole, undone), next_action_at=AT)
    brought = store.load("D1")
    assert brought.cases["F1"].is_open
    assert brought.progress() == {"F1": {"first": date(2026, 2, 1)}}
    assert set(brought.tasks) == {"t1"}


def test_an_invoice_number_that_comes_again_replaces_the_past_one(store):
    file = opened(store, "D1", invoice("F1", "100.00"))
    file = store.save(file, entries(file, *paid("F1")), next_action_at=AT)
    brought = store.load("D1")
    again = store.save(brought, entries(brought, invoice("F1", "70.00")), next_action_at=AT)
    assert str(store.load("D1").cases["F1"].balance) == "70.00 EUR"
    assert store.load("D1", whole=True).cases["F1"] == again.cases["F1"]
    assert apply_all(None, store.journal("D1")).cases["F1"] == again.cases["F1"]


def test_an_ordered_mail_is_kept_with_all_its_facts_and_put_aside_with_its_notice(store):
    file = opened(store, "D1", invoice("F1"), ordered("o1", "F1"))
    assert store.load("D1") == file
    assert list(store.load("D1").orders) == ["o1"]
    file = store.save(file, entries(file, claimed("o1", "F1", ordered=True)), next_action_at=AT)
    assert [o.state for o in store.load("D1").orders.values()] == [OrderState.TAKEN]
    sent = e.NoticeSent(notice_id="o1", message_id="<m1>", at=AT)
    later = claimed("n2", on=TODAY + timedelta(days=1))
    file = store.save(file, entries(file, sent, *paid("F1"), later), next_action_at=AT)
    assert store.load("D1").orders == {}
    assert store.load("D1", whole=True).orders == apply_all(None, store.journal("D1")).orders


def test_a_call_is_kept_as_it_was_told_and_put_aside_with_its_invoices(store):
    file = opened(store, "D1", invoice("F1"), called("call1", "F1"))
    assert store.load("D1") == file
    assert store.load("D1").last_heard_at == AT
    store.save(file, entries(file, *paid("F1")), next_action_at=AT)
    assert store.load("D1").calls == {}
    assert list(store.load("D1", whole=True).calls) == ["call1"]


# Races


def test_of_two_that_open_the_same_debtor_one_wins(store):
    first = opened(store, "D1", invoice("F1"))
    begins = e.DebtorOpened(debtor=Debtor(id="D1", name="another"))
    assert store.save(None, entries(None, begins), next_action_at=AT) is None
    assert store.load("D1") == first
    assert len(list(store.journal("D1"))) == 2


def test_a_save_upon_a_file_that_somebody_changed_writes_nothing(store):
    before = opened(store, "D1", contact("c1", "a@client.test"), invoice("F1"))
    winner = store.save(before, entries(before, *paid("F1")), next_action_at=None)
    late = (claimed("n1", "F1"), contact("c2", "late@client.test"))
    assert store.save(before, entries(before, *late), next_action_at=AT) is None
    assert store.load("D1", whole=True) == winner
    assert len(list(store.journal("D1"))) == winner.entries
    assert list(store.due(AT)) == []
    assert store.find("token", "token-n1") == ()
    assert store.find("address", "late@client.test") == ()


def test_the_very_same_entries_saved_by_two_are_saved_once(store):
    before = opened(store, "D1", invoice("F1"))
    same = entries(before, claimed("n1", "F1"))
    assert store.save(before, same, next_action_at=AT) is not None
    assert store.save(before, same, next_action_at=AT) is None


def test_the_loser_loads_again_and_can_save(store):
    before = opened(store, "D1", invoice("F1"))
    store.save(before, entries(before, task("t1", "F1")), next_action_at=AT)
    again = store.load("D1")
    assert store.save(again, entries(again, task("t2", "F1")), next_action_at=AT) is not None
    assert set(store.load("D1").tasks) == {"t1", "t2"}


def test_a_save_upon_a_debtor_who_does_not_exist_is_lost(store):
    before = opened(store, "D1", invoice("F1"))
    elsewhere = apply_all(None, entries(None, e.DebtorOpened(debtor=Debtor(id="D2", name="x"))))
    assert store.save(elsewhere, entries(elsewhere, invoice("F9")), next_action_at=AT) is None
    assert store.load("D2") is None
    assert store.load("D1") == before


def test_entries_that_do_not_follow_are_refused_before_anything_is_written(store):
    before = opened(store, "D1", invoice("F1"))
    gap = entries(apply_all(before, entries(before, invoice("F2"))), invoice("F3"))
    with pytest.raises(ValueError, match="does not follow"):
        store.save(before, gap, next_action_at=AT)
    assert store.load("D1") == before


# The agenda


def test_a_debtor_is_due_at_its_instant_and_not_before(store):
    opened(store, "D1", next_action_at=AT)
    assert list(store.due(AT - SECOND)) == []
    assert list(store.due(AT)) == ["D1"]
    assert list(store.due(AT + SECOND)) == ["D1"]


def test_debtors_are_due_in_the_order_of_their_instants(store):
    for day, debtor_id in enumerate(["C", "A", "D", "B"]):
        opened(store, debtor_id, next_action_at=AT + timedelta(days=day))
    opened(store, "never", next_action_at=None)
    assert list(store.due(AT + timedelta(days=2))) == ["C", "A", "D"]


def test_an_instant_of_another_zone_is_the_same_instant(store):
    from zoneinfo import ZoneInfo

    opened(store, "D1", next_action_at=AT.astimezone(ZoneInfo("Europe/Paris")))
    assert list(store.due(AT - SECOND)) == []
    assert list(store.due(AT.astimezone(ZoneInfo("Asia/Tokyo")))) == ["D1"]


def test_an_instant_without_a_zone_is_refused(store):
    with pytest.raises(ValueError, match="aware"):
        opened(store, "D1", next_action_at=datetime(2026, 3, 2, 8))  # noqa: DTZ001 — what is refused
    with pytest.raises(ValueError, match="aware"):
        list(store.due(datetime(2026, 3, 2, 8)))  # noqa: DTZ001 — what is refused
    assert store.load("D1") is None


def test_a_save_moves_the_debtor_in_the_agenda_or_takes_it_off(store):
    file = opened(store, "D1", invoice("F1"), next_action_at=AT)
    file = store.save(file, entries(file, task("t1")), next_action_at=AT + timedelta(days=7))
    assert list(store.due(AT)) == []
    assert list(store.due(AT + timedelta(days=7))) == ["D1"]
    store.save(file, entries(file, task("t2")), next_action_at=None)
    assert list(store.due(datetime(9999, 1, 1, tzinfo=UTC))) == []


def test_a_save_without_entries_writes_the_agenda_and_nothing_else(store):
    file = opened(store, "D1", invoice("F1"), next_action_at=AT)
    later = AT + timedelta(days=3)
    assert store.save(file, (), next_action_at=later) == file
    assert (list(store.due(AT)), list(store.due(later))) == ([], ["D1"])
    assert store.load("D1") == file
    assert len(list(store.journal("D1"))) == file.entries
    assert store.save(file, (), next_action_at=None) == file
    assert list(store.due(later)) == []
    assert store.save(file, entries(file, task("t1")), next_action_at=AT) is not None


def test_a_save_without_entries_loses_its_race_too(store):
    file = opened(store, "D1", invoice("F1"), next_action_at=AT)
    store.save(file, entries(file, task("t1")), next_action_at=AT)
    assert store.save(file, (), next_action_at=None) is None
    assert list(store.due(AT)) == ["D1"]


def test_the_agenda_is_read_to_its_end(store):
    for number in range(30):
        opened(store, f"D{number:03d}", next_action_at=AT + timedelta(seconds=number))
    assert list(store.due(AT + timedelta(days=1))) == [f"D{number:03d}" for number in range(30)]


# Tasks


def test_open_tasks_are_listed_the_earliest_due_first_and_leave_when_closed(store):
    days = {"t1": date(2026, 3, 9), "t2": date(2026, 3, 4), "t3": date(2026, 3, 6)}
    file = opened(store, "D1", invoice("F1"), *(task(i, "F1", due_on=on) for i, on in days.items()))
    opened(store, "D2", task("t4", due_on=date(2026, 3, 5)))
    assert [(d, t.id) for d, t in store.open_tasks()] == [("D1", "t2"), ("D2", "t4"), ("D1", "t3"), ("D1", "t1")]
    assert [t for d, t in store.open_tasks() if t.id == "t2"] == [file.tasks["t2"]]
    closed = e.TaskClosed(task_id="t3", outcome="reached", note="pays on Friday", at=AT)
    assigned = e.TaskAssigned(task_id="t1", assignee="lea@acme.test")
    store.save(file, entries(file, closed, assigned), next_action_at=AT)
    assert [(d, t.id, t.assignee) for d, t in store.open_tasks()] == [
        ("D1", "t2", ""), ("D2", "t4", ""), ("D1", "t1", "lea@acme.test"),
    ]  # fmt: skip


def test_debtors_are_named_without_their_files_and_those_that_are_not_there_are_left_out(store):
    for number in range(3):
        opened(store, f"D{number}", invoice(f"F{number}"))
    found = store.debtors(["D0", "D2", "D2", "D9"])
    assert {id_: debtor.name for id_, debtor in found.items()} == {"D0": "Société D0", "D2": "Société D2"}
    assert store.debtors([]) == {}


def test_a_task_that_is_put_off_moves_in_the_list_and_one_that_is_opened_again_is_back(store):
    file = opened(store, "D1", invoice("F1"), task("t1", due_on=date(2026, 3, 4)), task("t2", due_on=date(2026, 3, 5)))
    before = file.tasks["t2"]
    put_off = e.TaskSnoozed(task_id="t1", due_on=date(2026, 3, 9), reason="away")
    closed = e.TaskClosed(task_id="t2", outcome="done", note="x", at=AT)
    file = store.save(file, entries(file, put_off, closed), next_action_at=AT)
    assert [(t.id, t.snoozed) for _, t in store.open_tasks()] == [("t1", "away")]
    store.save(file, entries(file, e.TaskReopened(task=before)), next_action_at=AT)
    assert [t.id for _, t in store.open_tasks()] == ["t2", "t1"]
    assert store.load("D1", whole=True).tasks["t2"] == before


# Finding


def test_a_debtor_is_found_by_token_message_address_and_invoice(store):
    file = opened(store, "D1", contact("c1", "Compta@Client.TEST"), invoice("F-1/é"), claimed("n1", "F-1/é"))
    sent = e.NoticeSent(notice_id="n1", message_id="<0107@eu-west-3.amazonses.com>", at=AT)
    assert store.find("message_id", "<0107@eu-west-3.amazonses.com>") == ()
    store.save(file, entries(file, sent), next_action_at=AT)
    assert store.find("token", "token-n1") == ("D1",)
    assert store.find("message_id", "<0107@eu-west-3.amazonses.com>") == ("D1",)
    assert store.find("address", "compta@client.test") == ("D1",)
    assert store.find("address", "COMPTA@client.test") == ("D1",)
    assert store.find("invoice", "F-1/é") == ("D1",)
    assert store.find("invoice", "F-1/É") == ()


def test_what_is_past_or_changed_is_still_found(store):
    file = opened(store, "D1", contact("c1", "old@client.test"), invoice("F1"), claimed("n1", "F1"))
    file = store.save(file, entries(file, *paid("F1")), next_action_at=AT)
    store.save(file, entries(file, contact("c1", "new@client.test")), next_action_at=AT)
    for what, value in [("address", "old@client.test"), ("address", "new@client.test"), ("invoice", "F1")]:
        assert store.find(what, value) == ("D1",)


def test_a_credit_is_found_by_its_id_and_a_mail_by_the_reply_that_it_was(store):
    file = opened(store, "D1", invoice("F1"))
    file = store.save(file, entries(file, *paid("F1"), replied("m1")), next_action_at=AT)
    assert store.find("credit", "p-F1") == ("D1",)
    assert store.find("mail", "m1") == ("D1",)
    assert store.find("mail", "m2") == ()


def test_a_mail_is_answered_once_by_each_debtor_that_it_concerns(store):
    file = opened(store, "D1", invoice("F1"))
    other = opened(store, "D2", invoice("F2"))
    file = store.save(file, entries(file, replied("m1"), task("t1")), next_action_at=AT)
    # The other worker lost its race, loaded again, and decided the same once more.
    again = store.load("D1")
    assert store.save(again, entries(again, replied("m1"), task("t2")), next_action_at=AT) is None
    assert store.load("D1") == file
    assert store.save(other, entries(other, replied("m1")), next_action_at=AT) is not None
    assert store.find("mail", "m1") == ("D1", "D2")
    assert store.save(again, entries(again, replied("m2")), next_action_at=AT) is not None


def test_a_value_of_several_debtors_gives_them_all(store):
    for debtor_id in ("B", "A"):
        opened(store, debtor_id, contact("c1", "shared@accountant.test"), invoice("2026-001"))
    assert store.find("address", "shared@accountant.test") == ("A", "B")
    assert store.find("invoice", "2026-001") == ("A", "B")


def test_a_company_is_found_by_its_siren_its_vat_number_and_its_name_also_by_those_it_had(store):
    debtor = Debtor(id="D1", name="Garage Morel SARL", legal_id="RCS Lyon 123 456 782", vat_number="FR 11 123456782")
    file = store.save(None, entries(None, e.DebtorOpened(debtor=debtor)), next_action_at=None)
    renamed = e.DebtorChanged(debtor=replace(debtor, name="Morel Père & Fils"))
    store.save(file, entries(file, renamed), next_action_at=None)
    for key in ("siren:123456782", "vat:FR11123456782", "name:FR garage morel", "name:FR morel pere fils"):
        assert store.find("company", key) == ("D1",), key
    assert store.find("company", "name:BE garage morel") == ()


def test_a_debtor_is_named_by_the_beginnings_of_the_words_of_its_present_name(store):
    def open_as(id_, name):
        return store.save(
            None, entries(None, e.DebtorOpened(debtor=Debtor(id=id_, name=name))), next_action_at=None
        )  # fmt: skip

    open_as("D#2", "Garage de l'Étang, S.A.")
    file = open_as("D1", "Garage Morel SARL")
    for asked, ids in (
        (("garage",), ("D#2", "D1")), (("ga",), ("D#2", "D1")), (("mor", "gar"), ("D1",)), (("etan",), ("D#2",)),
        (("l", "etang"), ("D#2",)), (("g",), ()), ((), ()), (("arage",), ()), (("garage", "x"), ()),
        (("garages",), ()), (("sarl",), ()), (("g" * 5000,), ()),
    ):  # fmt: skip
        assert store.named(asked) == ids, asked
    open_as("D3", "Les Sœurs Sørensen")
    for asked in ("soeurs", "SŒURS", "Sø", "so sor"):
        assert store.named(words_of(asked)) == ("D3",), asked
    renamed = replace(file.debtor, name="Garage Dupont " + "x" * 3000 + " de la Gare" * 9)
    file = store.save(file, entries(file, e.DebtorChanged(debtor=renamed)), next_action_at=None)
    assert store.named(("mor",)) == ()
    assert store.named(("dup", "ga")) == store.named(("x" * 3000, "gare")) == ("D1",)
    moved = replace(file.debtor, address=("1 rue Neuve",))
    store.save(file, entries(file, e.DebtorChanged(debtor=moved)), next_action_at=None)
    assert store.named(("dupont",)) == ("D1",)


def test_nothing_is_found_by_what_nobody_has(store):
    opened(store, "D1", contact("c1", ""), invoice("F1"), claimed("n1", "F1", token=""))
    for what in ("token", "message_id", "address", "invoice"):
        assert store.find(what, "") == ()
        assert store.find(what, "x" * 5000) == ()
    with pytest.raises(ValueError, match="colour"):
        store.find("colour", "blue")


def test_a_very_long_value_is_found_and_not_mistaken_for_another(store):
    opened(store, "D1", contact("c1", "a" * 3000 + "1@client.test"))
    opened(store, "D2", contact("c1", "a" * 3000 + "2@client.test"))
    assert store.find("address", "a" * 3000 + "1@client.test") == ("D1",)


def test_many_are_found_at_once(store):
    opened(store, "D1", *(invoice(f"F{n}") for n in range(130)))
    opened(store, "D2", invoice("F7"))
    wanted = [f"F{n}" for n in range(260)]
    found = store.find_many("invoice", [*wanted, "F7", ""])
    assert found == {f"F{n}": (("D1", "D2") if n == 7 else ("D1",)) for n in range(130)}
    assert store.find_many("invoice", []) == {}


def test_all_debtors_are_listed(store):
    for debtor_id in ("D1", "D2", "desk"):
        opened(store, debtor_id, invoice("F1"))
    assert sorted(store.debtor_ids()) == ["D1", "D2", "desk"]


# Size


def test_a_debtor_with_three_thousand_invoices_is_kept_chased_and_paid(store):
    numbers = [f"F{n:05d}" for n in range(3000)]
    file = opened(store, "D1", *map(invoice, numbers))
    assert store.load("D1") == file
    file = store.save(file, entries(file, claimed("n1", *numbers)), next_action_at=AT)
    assert store.load("D1").notices["n1"].takes == file.notices["n1"].takes
    file = store.save(file, entries(file, *paid(numbers[0])), next_action_at=AT)
    brought = store.load("D1")
    assert len(brought.cases) == 2999
    assert brought == live_part(file)
    assert store.find("invoice", numbers[-1]) == ("D1",)


def test_a_hundred_tasks_of_the_last_open_invoice_become_past_with_it(store):
    file = opened(store, "D1", invoice("F1"), *(task(f"t{n}", "F1") for n in range(100)))
    closed = [e.TaskClosed(task_id=f"t{n}", outcome="done", note="", at=AT) for n in range(100)]
    file = store.save(file, entries(file, *closed), next_action_at=AT)
    assert len(store.load("D1").tasks) == 100
    file = store.save(file, entries(file, *paid("F1")), next_action_at=AT)
    assert store.load("D1") == live_part(file)
    assert store.load("D1").tasks == {}
    assert store.load("D1", whole=True) == file
    file = store.save(store.load("D1"), entries(file, invoice("F2")), next_action_at=AT)
    assert store.load("D1") == live_part(file)


def test_texts_of_any_kind_come_back(store):
    odd = "é 漢字 🧾 \x00 \u202f \u2028 ' \" \\ # :x"
    file = opened(store, f"D {odd}", contact(odd, f"{odd}@client.test"), invoice(odd), task(odd, odd))
    assert store.load(f"D {odd}") == file
    assert apply_all(None, store.journal(f"D {odd}")) == file
    assert store.find("invoice", odd) == (f"D {odd}",)
    assert list(store.due(AT)) == [f"D {odd}"]


def test_a_notice_keeps_its_state_through_its_life(store):
    file = opened(store, "D1", invoice("F1"), claimed("n1", "F1"))
    lost = e.NoticeLost(notice_id="n1", at=AT)
    file = store.save(file, entries(file, lost), next_action_at=AT)
    assert store.load("D1").notices["n1"].state is NoticeState.UNKNOWN
    bounced = e.NoticeBounced(notice_id="n1", at=AT)
    file = store.save(store.load("D1"), entries(file, bounced), next_action_at=AT)
    assert store.load("D1").last_contact_on is None
    assert store.load("D1") == file


def test_debtors_whom_sales_was_ever_asked_about_are_found_also_after_their_release(store):
    asked = e.CreditHoldProposed(on=TODAY, overdue=Money.of("9000", "EUR"), since_on=TODAY)
    first = opened(store, "D1", invoice("F1"), asked)
    opened(store, "D2", invoice("F2"))
    assert store.find("credit_hold", "asked") == ("D1",)
    store.save(first, entries(first, e.CreditHeld(on=TODAY), e.CreditReleased(on=TODAY)), next_action_at=AT)
    assert store.find("credit_hold", "asked") == ("D1",)


def test_every_record_and_event_of_what_is_agreed_is_kept_as_it_was(store):
    first = opened(store, "D1", invoice("F1"), invoice("F2", "200.00"))
    after = store.save(first, entries(first, *agreements("F1", "F2")), next_action_at=AT)
    assert after is not None
    whole = store.load("D1", whole=True)
    assert whole == apply_all(None, store.journal("D1"))
    assert {type(entry.event).__name__ for entry in store.journal("D1")} >= AGREEMENTS
    assert (whole.plans["plan"].state, whole.plans["plan"].credited) == ("broken", Money.of("1.00", "EUR"))
    assert (whole.promises["p"].state, whole.disputes["d"].progress) == ("partly_kept", "called")


def test_an_entry_can_lose_words_and_nothing_else(store):
    note = e.NoteWritten(text="Mme Blin est malade")
    file = opened(store, "D1", invoice("F1"), note, contact("c1", "a@client.test"))
    journal = list(store.journal("D1"))
    left = replace(journal[2], who="[erased]", why="[erased]", event=e.NoteWritten(text="[erased]"))
    store.rewrite("D1", iter([left]))
    assert list(store.journal("D1")) == [journal[0], journal[1], left, journal[3]]
    assert store.load("D1", whole=True) == file == apply_all(None, store.journal("D1"))
    after = store.save(file, entries(file, task("t1", "F1")), next_action_at=AT)
    assert after is not None
    assert apply_all(None, store.journal("D1")) == store.load("D1", whole=True)


@pytest.mark.parametrize(
    "changed",
    [
        {"seq": 9}, {"who": "somebody else"}, {"at": AT + SECOND}, {"event": e.DebtDeclared(on=TODAY)},
    ],
)  # fmt: skip
def test_history_is_not_written_anew(store, changed):
    opened(store, "D1", e.NoteWritten(text="x"))
    journal = list(store.journal("D1"))
    with pytest.raises((ValueError, IndexError)):
        store.rewrite("D1", [replace(journal[1], **changed)])
    assert list(store.journal("D1")) == journal


def test_by_an_erased_address_the_debtor_is_found_no_more_and_the_others_are(store):
    opened(store, "D1", contact("c1", "Compta@Client.test"), contact("c2", "marie@client.test"))
    opened(store, "D2", contact("c1", "compta@client.test"))
    for _ in range(2):
        store.forget("D1", "address", {"compta@client.test": "sha256:1"})
    assert store.find("address", "COMPTA@client.test") == ("D2",)
    assert store.find("address", "sha256:1") == ("D1",)
    assert store.find("address", "marie@client.test") == ("D1",)
    store.forget("D2", "address", {"compta@client.test": ""})
    assert store.find("address", "compta@client.test") == ()
    store.forget("D2", "company", dict.fromkeys(keys_of(Debtor(id="D2", name="Société D2")), ""))
    assert not store.find_many("company", keys_of(Debtor(id="D2", name="Société D2")))


def test_redacted_records_take_the_place_of_those_that_had_words(store):
    file = opened(store, "D1", invoice("F1"), invoice("F2"), called("call1", "F1"), called("call2", "F2"),
                  ordered("o1", "F1"), claimed("n1", "F1"), letter("l1", "F1"), *paid("F1"))  # fmt: skip
    whole = store.load("D1", whole=True)
    happened = [event for event, _ in redactions(whole, Whom(), at=AT)]
    after = store.save(whole, entries(whole, *happened), next_action_at=AT)
    assert after == store.load("D1", whole=True) == apply_all(None, store.journal("D1"))
    assert {call.note for call in after.calls.values()} == {"[erased]"}
    assert after.cases == file.cases
    store.rewrite("D1", [redacted(entry, Whom()) for entry in store.journal("D1")])
    assert apply_all(None, store.journal("D1")) == after
    assert "rappeler" not in repr(list(store.journal("D1")))


def test_an_erasure_stands_in_the_file_until_it_is_done(store):
    file = opened(store, "D1", e.ErasureBegun(on=TODAY))
    assert store.load("D1").erasing_since_on == TODAY
    store.save(file, entries(file, e.PersonalErased(on=TODAY, mails=2, objects=5)), next_action_at=None)
    assert (store.load("D1").erasing_since_on, store.load("D1").erased_on) == (None, TODAY)
