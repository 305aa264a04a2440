"""A mail asks for what is due and for nothing else, to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.debtor_file import (
    Block,
    BlockKind,
    Case,
    Closed,
    Contact,
    Credit,
    CreditKind,
    DebtorFile,
    DebtorKind,
    Dispute,
    Notice,
    NoticeState,
    PaymentClaim,
    Promise,
    PromiseState,
)
from chalicelib.domain.message import INDEMNITY, Law, Message, Standing, compose
from chalicelib.domain.money import Money, total
from chalicelib.domain.propose import Action, propose
from chalicelib.errors import BadInput
from tests.notices import LADDER, PAYER, TODAY, keyed, notice, sent, with_records
from tests.sample import CREDITOR, case, eur, file_of, office, paris

DAY = timedelta(days=1)


def said(file: DebtorFile, what: Notice, *, today: date = TODAY, **creditor: Any) -> Message:
    return compose(file, what, replace(CREDITOR, **creditor), today=today)


def asked(message: Message) -> list[str]:
    return [line.number for line in message.asked]


def standing(message: Message) -> dict[str, Standing]:
    return {line.number: line.standing for line in message.others}


def promise(number: str, grace_on: date, **facts: Any) -> Promise:
    known: dict[str, Any] = {
        "id": f"p-{number}",
        "numbers": (number,),
        "made_on": date(2026, 3, 2),
        "pay_on": grace_on - 2 * DAY,
        "grace_on": grace_on,
    }
    return Promise(**{**known, **facts})


def claim(number: str, hold_on: date) -> PaymentClaim:
    return PaymentClaim(
        id=f"c-{number}", numbers=(number,), claimed_on=hold_on - 5 * DAY, hold_on=hold_on, paid_on=None
    )


def dispute(number: str) -> Dispute:
    return Dispute(id=f"d-{number}", numbers=(number,), reason="price", opened_on=date(2026, 3, 9))


def block(number: str, until: date | None) -> Block:
    return Block(
        id=f"b-{number}", kind=BlockKind.MANUAL, reason="x", placed_on=date(2026, 3, 9), until=until,
        numbers=(number,),
    )  # fmt: skip


def credit(amount: str) -> Credit:
    return Credit(id="k", kind=CreditKind.CREDIT_NOTE, on=date(2026, 3, 1), amount=eur(amount), remaining=eur(amount))


def test_it_asks_for_what_it_takes_and_lists_the_rest_with_its_state() -> None:
    file = file_of(
        case("LATE", "2026-03-05"), case("ALSO", "2026-03-10"), case("NEW", "2026-04-10"),
        case("DISP", "2026-03-01"), case("PROM", "2026-03-02"), case("PAID", "2026-03-03"),
    )  # fmt: skip
    file = with_records(
        file, disputes=[dispute("DISP")], promises=[promise("PROM", TODAY + 5 * DAY)],
        claims=[claim("PAID", TODAY + 2 * DAY)],
    )  # fmt: skip
    message = said(file, notice("second_reminder", "LATE"))
    assert asked(message) == ["LATE"]
    assert message.to_pay == eur("1200.00")
    assert standing(message) == {
        "DISP": Standing.DISPUTED,
        "PROM": Standing.PROMISED,
        "PAID": Standing.ANNOUNCED,
        "ALSO": Standing.LATE,
        "NEW": Standing.UPCOMING,
    }
    on = {line.number: line.on for line in message.others if line.on}
    assert on == {"PROM": TODAY + 3 * DAY, "PAID": TODAY - 3 * DAY}


@given(st.lists(st.decimals("0.01", "99999999.99", places=2), min_size=1, max_size=60), st.data())
def test_what_is_asked_adds_up_to_the_cent(amounts: list[Decimal], data: st.DataObject) -> None:
    cases = [case(f"F{i}", "2026-03-05", str(amount)) for i, amount in enumerate(amounts)]
    taken = data.draw(st.lists(st.sampled_from(cases), min_size=1, unique=True))
    disputed = data.draw(st.lists(st.sampled_from(cases), unique=True))
    wanted = [c for c in cases if c in taken and c not in disputed]
    file = with_records(file_of(*cases), disputes=[dispute(c.number) for c in disputed])
    what = notice("first_reminder", *(c.number for c in taken))
    if not wanted:
        with pytest.raises(BadInput):
            said(file, what)
        return
    message = said(file, what)
    assert message.asked_total.amount == sum(c.balance.amount for c in wanted)
    assert sorted(asked(message)) == sorted(c.number for c in wanted)
    assert sorted(asked(message) + list(standing(message))) == sorted(c.number for c in cases)
    assert message.asked_total + message.sum(message.others) == file.owed("EUR")


@pytest.mark.parametrize(
    "records",
    [
        {"disputes": [dispute("F1")]},
        {"promises": [promise("F1", TODAY)]},
        {"claims": [claim("F1", TODAY)]},
        {"blocks": [block("F1", TODAY + DAY)]},
        {"blocks": [block("F1", None)]},
        {"credits": [credit("1200.00")]},
    ],
    ids=lambda records: next(iter(records)),
)
def test_what_is_disputed_promised_announced_blocked_or_covered_is_never_asked(records: Any) -> None:
    two = with_records(file_of(case("F1", "2026-03-05"), case("F2", "2026-03-06")), **records)
    assert asked(said(two, notice("first_reminder", "F1", "F2"))) == ["F2"]
    one = with_records(file_of(case("F1", "2026-03-05")), **records)
    with pytest.raises(BadInput, match="none of its invoices"):
        said(one, notice("first_reminder", "F1"))


def test_what_was_paid_meanwhile_is_neither_asked_nor_listed() -> None:
    paid = case("F1", "2026-03-05", closed=Closed.PAID, settled_on=TODAY, balance=eur("0.00"))
    message = said(file_of(paid, case("F2", "2026-03-06")), notice("first_reminder", "F1", "F2"))
    assert asked(message) == ["F2"]
    assert not message.others


@pytest.mark.parametrize(("grace_on", "is_asked"), [(TODAY - DAY, True), (TODAY, False), (TODAY + DAY, False)])
def test_a_promise_holds_to_the_end_of_its_grace_and_is_then_named_as_broken(grace_on: date, is_asked: bool) -> None:
    cases = (case("F1", "2026-02-10"), case("F2", "2026-03-06"))
    file = with_records(file_of(*cases), promises=[promise("F1", grace_on)])
    message = said(file, notice("second_reminder", "F1", "F2"))
    assert ("F1" in asked(message)) is is_asked
    assert [(b.numbers, b.amount, b.pay_on) for b in message.broken] == (
        [(("F1",), eur("1200.00"), grace_on - 2 * DAY)] if is_asked else []
    )


@pytest.mark.parametrize(("hold_on", "is_asked"), [(TODAY - DAY, True), (TODAY, False), (TODAY + DAY, False)])
def test_an_announced_payment_holds_to_the_end_of_its_day(hold_on: date, is_asked: bool) -> None:
    cases = (case("F1", "2026-02-10"), case("F2", "2026-03-06"))
    file = with_records(file_of(*cases), claims=[claim("F1", hold_on)])
    assert ("F1" in asked(said(file, notice("second_reminder", "F1", "F2")))) is is_asked


@pytest.mark.parametrize(("until", "is_asked"), [(TODAY - DAY, True), (TODAY, True), (TODAY + DAY, False)])
def test_a_block_holds_up_to_its_end(until: date, is_asked: bool) -> None:
    cases = (case("F1", "2026-02-10"), case("F2", "2026-03-06"))
    file = with_records(file_of(*cases), blocks=[block("F1", until)])
    assert ("F1" in asked(said(file, notice("second_reminder", "F1", "F2")))) is is_asked


def test_our_own_blocks_are_not_told_to_the_debtor() -> None:
    file = with_records(file_of(case("F1", "2026-02-10"), case("F2", "2026-03-06")), blocks=[block("F1", None)])
    assert standing(said(file, notice("first_reminder", "F2"))) == {"F1": Standing.LATE}


@pytest.mark.parametrize(("due_on", "days_late"), [(TODAY - DAY, 1), (TODAY, 0), (TODAY + DAY, 0)])
def test_days_late_count_from_the_day_after_the_due_date(due_on: date, days_late: int) -> None:
    file = file_of(case("F1", due_on.isoformat()), case("OLD", "2026-01-05"))
    message = said(file, notice("first_reminder", "F1", "OLD"))
    lines = {line.number: line for line in (*message.asked, *message.others)}
    assert lines["F1"].days_late == days_late
    # In a reminder of what is late, what is not is only mentioned.
    assert ("F1" in asked(message)) is (days_late > 0)


def test_a_courtesy_notice_asks_for_what_falls_due() -> None:
    message = said(file_of(case("F1", "2026-03-25"), case("F2", "2026-03-27")), notice("courtesy", "F1", "F2"))
    assert asked(message) == ["F1", "F2"]
    assert message.late == ()
    assert message.law is Law.NONE


def test_a_formal_notice_puts_only_its_own_step_under_notice() -> None:
    file = file_of(case("OLD", "2026-01-10"), case("NEWER", "2026-03-10"))
    takes = (("OLD", "formal_notice"), ("NEWER", "first_reminder"))
    message = said(file, notice("formal_notice", takes=takes))
    assert asked(message) == ["OLD"]
    assert standing(message) == {"NEWER": Standing.LATE}
    assert message.pay_by == date(2026, 3, 28)
    assert message.is_formal


@pytest.mark.parametrize(
    ("template", "pay_by"),
    [
        ("courtesy", None),
        ("first_reminder", None),
        ("second_reminder", date(2026, 3, 25)),
        ("last_reminder", date(2026, 3, 27)),
        ("formal_notice", date(2026, 3, 28)),  # its eight days are calendar days
    ],
)
def test_a_mail_names_the_day_by_which_it_wants_to_be_paid(template: str, pay_by: date | None) -> None:
    assert said(file_of(case("F1", "2026-01-10")), notice(template, "F1")).pay_by == pay_by


def test_a_reminder_never_names_a_holiday_as_the_last_day() -> None:
    # Five days after 31 March 2026 is Easter Sunday, and Good Friday is a business day in most of France.
    message = said(file_of(case("F1", "2026-01-10")), notice("second_reminder", "F1"), today=date(2026, 3, 31))
    assert message.pay_by == date(2026, 4, 3)


def test_credit_covers_the_oldest_invoices_and_what_is_left_lowers_the_sum() -> None:
    file = file_of(
        case("F1", "2026-02-10", "500.00"),
        case("F2", "2026-02-11", "800.00"),
        case("F3", "2026-02-12", "90.00"),
    )
    message = said(with_records(file, credits=[credit("600.00")]), notice("first_reminder", "F2"))
    assert message.asked_total == eur("800.00")
    assert message.credit == eur("10.00")  # 600 cover F1 and F3
    assert message.to_pay == eur("790.00")
    assert standing(message) == {"F1": Standing.COVERED, "F3": Standing.COVERED}


@given(
    st.lists(st.tuples(st.integers(1, 40), st.decimals("1.00", "5000.00", places=2)), min_size=1, max_size=8),
    st.decimals("0.00", "9000.00", places=2),
    st.sets(st.integers(0, 7)),
)
def test_whatever_is_proposed_can_be_written_and_asks_for_exactly_that(
    facts: list[tuple[int, Decimal]], on_account: Decimal, disputed: set[int]
) -> None:
    at = paris(TODAY)
    cases = [case(f"F{i}", (TODAY - days * DAY).isoformat(), str(a)) for i, (days, a) in enumerate(facts)]
    file = with_records(
        file_of(*cases),
        credits=[credit(str(on_account))] if on_account else [],
        disputes=[dispute(f"F{i}") for i in disputed if i < len(cases)],
    )
    for proposal in propose(file, office(at), at=at).proposals:
        if proposal.action is Action.EMAIL and proposal.notice:
            message = compose(file, proposal.notice, CREDITOR, today=TODAY)
            assert sorted(asked(message)) == sorted(proposal.numbers)
            assert message.to_pay > eur("0.00")


def test_currencies_are_never_mixed() -> None:
    file = file_of(case("EUR1", "2026-03-05"), case("CHF1", "2026-03-05", "77.00", currency="CHF"))
    message = said(file, notice("first_reminder", "CHF1", currency="CHF"))
    assert asked(message) == ["CHF1"]
    assert message.others == ()
    assert message.to_pay == Money.of("77.00", "CHF")
    assert message.transfer_code == ""


def test_earlier_mails_are_those_that_arrived_about_what_is_asked() -> None:
    file = replace(
        file_of(case("F1", "2026-02-10"), case("F2", "2026-02-11")),
        notices=keyed(
            sent("second_reminder", date(2026, 3, 4), "F1"),
            sent("courtesy", date(2026, 2, 5), "F1", "F2"),
            sent("first_reminder", date(2026, 2, 12), "F1", state=NoticeState.BOUNCED),
            sent("first_reminder", date(2026, 2, 14), "F1", state=NoticeState.UNKNOWN),
            sent("first_reminder", date(2026, 2, 16), "F2"),
            sent("first_reminder", date(2026, 2, 17), "F1", currency="CHF"),
            sent("first_reminder", date(2026, 2, 18), "F1", language="en", contact="x", to="x@y.example"),
            sent("ask_promise", date(2026, 3, 1), "F1"),
            notice("third_reminder", "F1"),
        ),
    )
    message = said(file, notice("third_reminder", "F1"))
    assert [(mail.on, mail.template, mail.to) for mail in message.earlier] == [
        (date(2026, 2, 5), "courtesy", PAYER),
        (date(2026, 2, 18), "first_reminder", "x@y.example"),
        (date(2026, 3, 4), "second_reminder", PAYER),
    ]
    assert [mail.on for mail in message.reminders] == [date(2026, 2, 18), date(2026, 3, 4)]
    assert message.thread == (
        "<20260205.courtesy@eu-west-3.amazonses.com>",
        "<20260216.first_reminder@eu-west-3.amazonses.com>",
        "<20260301.ask_promise@eu-west-3.amazonses.com>",
        "<20260304.second_reminder@eu-west-3.amazonses.com>",
    )


def test_a_replacement_is_not_greeted_by_the_absent_person_s_name() -> None:
    file = file_of(case("F1", "2026-02-10"), contact=Contact(id="payer", name="Paul Morel", email=PAYER))
    assert said(file, notice("first_reminder", "F1")).addressee == "Paul Morel"
    assert said(file, notice("first_reminder", "F1", to="deputy@garage-morel.example")).addressee == ""


@pytest.mark.parametrize(
    ("creditor", "debtor", "kind", "law"),
    [
        ("FR", "FR", DebtorKind.BUSINESS, Law.FR_BUSINESS),
        ("FR", "FR", DebtorKind.PUBLIC, Law.FR_PUBLIC),
        ("FR", "FR", DebtorKind.CONSUMER, Law.FR_CONSUMER),
        ("FR", "DE", DebtorKind.BUSINESS, Law.EU_BUSINESS),
        ("FR", "DE", DebtorKind.CONSUMER, Law.NONE),
        ("FR", "GB", DebtorKind.BUSINESS, Law.NONE),
        ("GB", "GB", DebtorKind.BUSINESS, Law.GB_BUSINESS),
        ("FR", "US", DebtorKind.BUSINESS, Law.NONE),
    ],
)
def test_the_law_is_cited_only_where_both_parties_sit_under_it(
    creditor: str, debtor: str, kind: DebtorKind, law: Law
) -> None:
    file = file_of(case("F1", "2026-02-10"), country=debtor, kind=kind)
    assert said(file, notice("formal_notice", "F1"), country=creditor).law is law


def test_the_indemnity_is_40_euros_for_each_late_invoice() -> None:
    cases = [case(f"F{i}", "2026-02-10") for i in range(3)]
    message = said(file_of(*cases), notice("formal_notice", "F0", "F1", "F2"))
    assert message.indemnity == total([INDEMNITY] * 3, "EUR") == eur("120.00")


def test_nothing_is_chased_and_no_law_is_cited_once_the_debtor_is_insolvent() -> None:
    file = replace(file_of(case("F1", "2026-02-10")), insolvent_since_on=date(2026, 3, 1))
    with pytest.raises(BadInput):
        said(file, notice("last_reminder", "F1"))
    assert said(file, notice("document_sent", "F1")).law is Law.NONE


def test_what_was_agreed_on_the_phone_is_what_the_promise_says() -> None:
    file = file_of(case("F1", "2026-02-10"), case("F2", "2026-02-11"))
    made = promise("F1", TODAY + 9 * DAY, numbers=("F1", "F2"), amount=eur("1000.00"), means="virement")
    message = said(with_records(file, promises=[made]), notice("call_agreed", "F1", "F2"))
    assert [(a.numbers, a.amount, a.pay_on) for a in message.agreed] == [
        (("F1", "F2"), eur("1000.00"), TODAY + 7 * DAY)
    ]
    assert message.to_pay == eur("1000.00")
    assert message.pay_by == TODAY + 7 * DAY
    assert "EUR1000.00" in message.transfer_code


def test_two_agreed_payments_have_no_single_transfer_code() -> None:
    file = file_of(case("F1", "2026-02-10"), case("F2", "2026-02-11"))
    made = [promise("F1", TODAY + 3 * DAY), promise("F2", TODAY + 9 * DAY)]
    message = said(with_records(file, promises=made), notice("call_agreed", "F1", "F2"))
    assert message.to_pay == eur("2400.00")
    assert (message.pay_by, message.transfer_code) == (None, "")


def test_without_a_promise_there_is_nothing_to_confirm() -> None:
    kept = promise("F1", TODAY + 3 * DAY, state=PromiseState.WITHDRAWN)
    file = with_records(file_of(case("F1", "2026-02-10")), promises=[kept])
    with pytest.raises(BadInput, match="no promise"):
        said(file, notice("call_agreed", "F1"))


def test_a_question_about_a_promise_may_be_asked_while_reminders_pause() -> None:
    file = with_records(file_of(case("F1", "2026-02-10")), blocks=[block("F1", TODAY + 5 * DAY)])
    assert asked(said(file, notice("ask_promise", "F1"))) == ["F1"]


def test_a_copy_of_a_paid_invoice_can_be_sent_and_asks_for_no_money() -> None:
    paid = case("F1", "2026-03-05", closed=Closed.PAID, settled_on=TODAY, balance=eur("0.00"), document="k")
    message = said(file_of(paid), notice("document_sent", "F1"))
    assert asked(message) == ["F1"]
    assert not message.asks_to_pay
    assert message.transfer_code == ""


def test_a_language_that_we_do_not_write_becomes_english() -> None:
    assert said(file_of(case("F1", "2026-02-10")), notice("first_reminder", "F1", language="de")).language == "en"


@pytest.mark.parametrize("template", LADDER)
def test_what_comes_from_outside_stays_on_its_line(template: str) -> None:
    hostile = "A\r\nBcc: x@evil.example\u2028\u202eB\x00\t C"
    due = "2026-03-25" if template == "courtesy" else "2026-01-10"
    file = file_of(
        case(hostile, due, purchase_order=hostile),
        contact=Contact(id="payer", name=hostile, email=PAYER),
        name=hostile,
        address=(hostile, "", "\n"),
    )
    message = said(file, notice(template, hostile), name=hostile, legal_form="")
    clean = "A Bcc: x@evil.example B C"
    assert message.asked[0].number == message.asked[0].purchase_order == clean
    assert message.addressee == message.debtor.name == message.creditor.name == clean
    assert message.debtor_imprint == (clean, clean)


def test_the_legal_form_is_not_said_twice() -> None:
    file, what = file_of(case("F1", "2026-02-10")), notice("first_reminder", "F1")
    assert said(file, what).full_name == "Atelier Verre Clair SAS"
    assert said(file, what, name="Atelier Verre Clair SAS").full_name == "Atelier Verre Clair SAS"
    assert said(file, what, legal_form="").full_name == "Atelier Verre Clair"


def test_the_capital_is_printed_in_the_imprint_and_spoken_nowhere() -> None:
    file, what = file_of(case("F1", "2026-02-10")), notice("first_reminder", "F1")
    message = said(file, what, legal_form="SAS au capital de 120 000 €")
    assert message.full_name == "Atelier Verre Clair SAS"
    assert message.imprint[0] == "Atelier Verre Clair SAS au capital de 120 000 €"


@pytest.mark.parametrize(("others", "summed"), [(29, 0), (30, 0), (31, 1)])
def test_a_mail_lists_thirty_other_invoices_and_sums_the_rest(others: int, summed: int) -> None:
    cases = [case(f"F{i:02}", "2026-04-10", "10.01") for i in range(others)]
    message = said(file_of(case("LATE", "2026-02-10"), *cases), notice("first_reminder", "LATE"))
    assert len(message.others_shown) == others - summed
    assert message.sum(message.others_summed) == (eur("10.01") if summed else eur("0.00"))


def part_paid(number: str) -> Case:
    return case(number, "2026-02-10", "1000.00", balance=eur("250.00"))


def test_only_the_open_balance_of_a_part_paid_invoice_is_asked() -> None:
    message = said(file_of(part_paid("F1")), notice("first_reminder", "F1"))
    assert message.to_pay == eur("250.00")
    assert message.asked[0].is_part_paid
