"""The numbers: each reckoned by hand beside its test, and what must hold whatever the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import numbers as n
from chalicelib.domain.contribution import CALL_STEP, heard_lately, numbers_of
from chalicelib.domain.debtor_file import (
    Block,
    BlockKind,
    Call,
    Case,
    Closed,
    Contact,
    Credit,
    CreditKind,
    DebtorFile,
    Dispute,
    Instalment,
    Notice,
    NoticeState,
    PaymentPlan,
    Promise,
    PromiseState,
    Task,
    TaskKind,
)
from chalicelib.domain.events import Entry, ReplyReceived
from chalicelib.domain.money import Money, total
from tests.sample import case, eur, file_of, paris

MONDAY = date(2026, 11, 23)
ZONE = "Europe/Paris"


def day(days: int) -> date:
    """So many days from the Monday of the snapshot."""
    return MONDAY + timedelta(days=days)


def due(number: str, days: int, amount: str = "100.00", **facts: Any) -> Case:
    return case(number, day(days).isoformat(), amount, **facts)


def closed(number: str, due_in: int, settled_in: int, amount: str = "100.00", how: Closed = Closed.PAID) -> Case:
    return due(number, due_in, amount, balance=eur("0"), settled_on=day(settled_in), closed=how)


def file_with(*cases: Case, **facts: Any) -> DebtorFile:
    """A file with these cases, and records by kind: promises=[…]."""
    debtor = {key: facts.pop(key) for key in ("id", "name") if key in facts}
    contact = facts.pop("contact", None)
    file = file_of(contact=contact, **debtor) if contact else file_of(**debtor)
    records = {
        kind: {r.id: r for r in found} if isinstance(found, list) else found for kind, found in facts.items()
    }  # fmt: skip
    return replace(file, cases={c.number: c for c in cases}, **records)


def counted(*files: DebtorFile, entries: tuple[Entry, ...] = ()) -> n.Numbers:
    result = n.nothing(MONDAY)
    for file in files:
        result = n.fold(result, numbers_of(file, entries, on=MONDAY, zone=ZONE))
    return result


def promise(days: int, state: PromiseState = PromiseState.OPEN, **facts: Any) -> Promise:
    known: dict[str, Any] = {
        "id": "p", "numbers": ("A",), "made_on": day(-30), "pay_on": day(days), "grace_on": day(days + 2),
        "amount": eur("100.00"), "owed": eur("100.00"),
    }  # fmt: skip
    return Promise(**{**known, "state": state, **facts})


def notice(step: str, days: int, *numbers: str, state: NoticeState = NoticeState.SENT, **facts: Any) -> Notice:
    return Notice(
        id=f"{step}{days}", step=step, takes=tuple((number, step) for number in numbers), on=day(days), language="fr",
        currency="EUR", contact="payer", to="paul@garage-morel.example", state=state, **facts,
    )  # fmt: skip


# --- ageing


@pytest.mark.parametrize(
    ("late", "name"),
    [
        (-1, "not_due"), (0, "not_due"), (1, "1_30"),
        (29, "1_30"), (30, "1_30"), (31, "31_60"),
        (59, "31_60"), (60, "31_60"), (61, "61_90"),
        (89, "61_90"), (90, "61_90"), (91, "over_90"),
    ],
)  # fmt: skip
def test_an_invoice_stands_in_the_bucket_of_its_days_late(late: int, name: str) -> None:
    assert n.BUCKETS[n.bucket(day(-late), MONDAY)] == name


def test_the_ageing_counts_sums_and_tells_what_is_disputed() -> None:
    disputed = Dispute(id="d", numbers=("B",), reason="price", opened_on=day(-3))
    solved = Dispute(id="s", numbers=("C",), reason="price", opened_on=day(-9), resolved_on=day(-8))
    found = counted(
        file_with(due("A", 5, "10.00"), due("B", -10, "20.50"), due("C", -12, "30.00"), disputes=[disputed, solved])
    )
    not_due, late, *others = found.ageing["EUR"]
    assert (not_due.open.count, not_due.open.sum) == (1, eur("10.00"))
    assert (late.open.count, late.open.sum) == (2, eur("50.50"))  # 20.50 + 30.00
    assert (late.disputed.count, late.disputed.sum) == (1, eur("20.50"))
    assert not any(band.open.count for band in others)
    assert found.owed("EUR") == eur("60.50")
    assert (found.overdue("EUR"), found.disputed("EUR")) == (eur("50.50"), eur("20.50"))
    assert found.debtors == 1


def test_two_currencies_are_never_added() -> None:
    found = counted(file_with(due("A", -5, "10.00"), due("B", -5, "7.00", currency="GBP")))
    assert found.owed("EUR") == eur("10.00")
    assert found.owed("GBP") == Money.of("7.00", "GBP")
    assert found.debtors == 1


# --- DSO


def sales(on: date, owed: str, **months: str) -> n.Numbers:
    tally = n.Tally(count=1, sum=eur(owed))
    zero = n.Tally(sum=eur("0"))
    band = n.Band(open=tally, disputed=zero)
    return n.Numbers(
        on=on,
        ageing={"EUR": (band, *[n.Band(open=zero, disputed=zero)] * 4)},
        invoiced={"EUR": {f"{m[1:5]}-{m[5:]}": eur(amount) for m, amount in months.items()}},
    )


def test_the_dso_of_the_published_example() -> None:
    """Benji Pays, "Mastering DSO calculation: the count-back method explained": 212,000 receivable; sales of 100,000,
    80,000 and 70,000. 212 - 100 = 112, - 80 = 32, then 32/70 of a month. In calendar days of June, May and April 2026:
    30 + 31 + 30 x 32,000/70,000 = 74.714…"""
    found = n.dso(sales(date(2026, 7, 1), "212000", m202606="100000", m202605="80000", m202604="70000"), "EUR")
    assert found == n.Dso(days=Decimal("74.7"))


def test_the_month_that_runs_counts_as_far_as_it_has_come() -> None:
    # 22 days of November explain 22,000, October the other 31,000 of 62,000: 22 + 31 x 31/62 = 37.5
    found = n.dso(sales(MONDAY, "53000", m202611="22000", m202610="62000"), "EUR")
    assert found == n.Dso(days=Decimal("37.5"))


@pytest.mark.parametrize(("owed", "days"), [("99.99", "30.0"), ("100.00", "30.0"), ("100.01", "30.0")])
def test_a_month_explained_to_the_cent_gives_all_its_days(owed: str, days: str) -> None:
    found = n.dso(sales(date(2026, 12, 1), owed, m202611="100", m202610="310"), "EUR")
    assert found == n.Dso(days=Decimal(days))


def test_a_month_without_sales_passes_too() -> None:
    # October whole (31), September without sales (30), half of August (15.5)
    found = n.dso(sales(date(2026, 11, 1), "150", m202610="100", m202608="100"), "EUR")
    assert found == n.Dso(days=Decimal("76.5"))


def test_what_the_known_sales_cannot_explain_is_told_as_at_least() -> None:
    found = n.dso(sales(date(2026, 11, 1), "101", m202610="100"), "EUR")
    assert found is not None
    assert found.at_least
    assert found.days > 700  # two years of months


def test_no_sales_no_dso_and_nothing_owed_is_none_at_all() -> None:
    assert n.dso(sales(MONDAY, "10"), "EUR") is None
    assert n.dso(sales(MONDAY, "0", m202611="100"), "EUR") == n.Dso(days=Decimal("0.0"))


def test_what_was_withdrawn_or_credited_away_was_no_sale() -> None:
    found = counted(
        file_with(
            due("A", 20, "10.00"),
            closed("B", 20, -1, "5.00"),
            closed("C", 20, -1, "70.00", Closed.WITHDRAWN),
            closed("D", 20, -1, "90.00", Closed.CREDITED),
        )
    )
    assert found.invoiced == {"EUR": {"2026-11": eur("15.00")}}  # issued 30 days before day 20: on 13 November


# --- promises


def test_the_word_of_debtors_is_judged_by_count_and_by_money() -> None:
    found = counted(
        file_with(promises=[
            promise(-20, PromiseState.KEPT, id="1", kept_on=day(-21), amount=eur("300.00")),
            promise(-20, PromiseState.KEPT, id="2", kept_on=day(-20), amount=eur("100.00")),
            promise(-20, PromiseState.PARTLY_KEPT, id="3", amount=eur("200.00"), came=eur("50.00")),
            promise(-20, PromiseState.BROKEN, id="4", amount=eur("150.00")),
            promise(-20, PromiseState.WITHDRAWN, id="5"),
            promise(9, id="6"),
        ])
    )  # fmt: skip
    word = found.word["EUR"]
    assert (word.kept.count, word.partly_kept.count, word.broken.count) == (2, 1, 1)
    assert n.kept_rate(word) == Decimal("50.0")  # 2 of 4
    assert n.kept_rate_by_amount(word) == Decimal("60.0")  # (400 + 50) of 750


@pytest.mark.parametrize(("grace_ended", "counts"), [(-92, 0), (-91, 1), (-90, 1), (-3, 1), (-2, 1), (-1, 0)])
def test_a_broken_promise_counts_from_the_day_after_its_grace_for_ninety_days(grace_ended: int, counts: int) -> None:
    # -91 + 1 = 90 days ago is in, 91 days ago is not; what is judged today belongs to tomorrow's morning.
    word = counted(file_with(promises=[promise(0, PromiseState.BROKEN, grace_on=day(grace_ended))])).word
    assert (word["EUR"].broken.count if word else 0) == counts


# --- effect of steps


@pytest.mark.parametrize(("settled", "paid"), [(-14, 1), (-13, 1), (-12, 0)])
def test_paid_within_seven_days_of_a_step(settled: int, paid: int) -> None:
    taken = notice("first_reminder", -20, "A")  # the seventh day after it is -13
    found = counted(file_with(closed("A", -40, settled), notices=[taken])).effects["EUR"]["first_reminder"]
    assert (found.taken.count, found.paid.count) == (1, paid)
    assert found.paid.sum == eur("100.00" if paid else "0")


@pytest.mark.parametrize(("settled", "counts"), [(-21, 0), (-20, 0), (-19, 1)])
def test_what_was_settled_by_the_very_day_is_no_effect(settled: int, counts: int) -> None:
    found = counted(file_with(closed("A", -40, settled), notices=[notice("first_reminder", -20, "A")])).effects
    assert (found["EUR"]["first_reminder"].taken.count if found else 0) == counts


@pytest.mark.parametrize(("taken_on", "counts"), [(-181, 0), (-180, 1), (-8, 1), (-7, 0)])
def test_a_step_is_looked_at_when_its_week_is_over_and_for_half_a_year(taken_on: int, counts: int) -> None:
    found = counted(file_with(due("A", -300), notices=[notice("first_reminder", taken_on, "A")])).effects
    assert (found["EUR"]["first_reminder"].taken.count if found else 0) == counts


def test_what_was_promised_before_the_step_is_not_its_effect_but_what_is_promised_after_it_is() -> None:
    taken = notice("first_reminder", -20, "A", "B")
    before = promise(-15, PromiseState.KEPT, id="before", numbers=("A",), made_on=day(-21), kept_on=day(-16))
    after_it = promise(-15, PromiseState.KEPT, id="after", numbers=("B",), made_on=day(-19), kept_on=day(-16))
    found = counted(
        file_with(closed("A", -40, -16), closed("B", -40, -16), notices=[taken], promises=[before, after_it])
    ).effects["EUR"]["first_reminder"]
    assert (found.taken.count, found.paid.count) == (1, 1)


def test_a_bounced_mail_had_no_chance_and_a_call_that_reached_nobody_neither() -> None:
    calls = [
        Call(id="1", task="t", at=paris(day(-20)), on=day(-20), outcome="voicemail", numbers=("A",), next_on=day(-18)),
        Call(id="2", task="t", at=paris(day(-18)), on=day(-18), outcome="promised", numbers=("A",), next_on=day(-9)),
    ]
    bounced = notice("first_reminder", -20, "A", state=NoticeState.BOUNCED)
    found = counted(file_with(closed("A", -40, -17), notices=[bounced], calls=calls)).effects["EUR"]
    assert set(found) == {CALL_STEP}
    assert n.rate(found[CALL_STEP].paid.count, found[CALL_STEP].taken.count) == Decimal("100.0")


# --- lateness and cash to come


def test_the_average_lateness_lets_no_early_payer_make_up_for_a_late_one() -> None:
    # 0 (ten days early), 4 and 11 days late: 15 / 3
    found = counted(file_with(closed("A", -20, -30), closed("B", -20, -16), closed("C", -20, -9)))
    assert found.paid == n.Paid(count=3, on_time=1, days_late=15)
    assert n.average_days_late(found.paid) == Decimal("5.0")


def test_cash_is_expected_by_promise_by_plan_and_by_habit() -> None:
    plan = PaymentPlan(
        id="plan", numbers=("P",), agreed_on=day(-5), owed=eur("300.00"), paid=eur("100.00"), credited=eur("0"),
        instalments=(
            Instalment(due_on=day(-5), amount=eur("100.00")), Instalment(due_on=day(10), amount=eur("100.00")),
            Instalment(due_on=day(60), amount=eur("100.00")),
        ),
    )  # fmt: skip
    file = file_with(
        closed("old", -100, -90, "1.00"),  # ten days late: the habit
        due("A", -30, "250.00"),  # 100 of it promised, the rest 30 days late: beyond the habit
        due("B", 4, "40.00"),  # + 10 = day 14: the third week
        due("C", 50, "60.00"),  # + 10 = day 60: later
        due("D", 4, "70.00"),  # disputed
        due("P", -20, "200.00"),
        promises=[promise(3)],
        plans=[plan],
        disputes=[Dispute(id="d", numbers=("D",), reason="price", opened_on=day(-3))],
    )
    found = counted(file).forecast["EUR"]
    zero = eur("0")
    assert found.weeks[0] == n.Expected(promised=eur("100.00"), planned=zero, habit=zero)
    assert found.weeks[1] == n.Expected(promised=zero, planned=eur("100.00"), habit=zero)
    assert found.weeks[2] == n.Expected(promised=zero, planned=zero, habit=eur("40.00"))
    assert all(not week.sum for week in found.weeks[3:])
    assert found.later == eur("160.00")  # the last instalment and C
    assert found.undated == eur("220.00")  # 150 of A, 70 disputed


@pytest.mark.parametrize(("due_in", "week"), [(6, 0), (7, 1), (55, 7), (56, None)])
def test_a_week_begins_on_its_eighth_day(due_in: int, week: int | None) -> None:
    found = counted(file_with(due("A", due_in))).forecast["EUR"]
    weeks = [index for index, one in enumerate(found.weeks) if one.sum]
    assert weeks == ([] if week is None else [week])
    assert bool(found.later) == (week is None)


def test_an_insolvent_debtor_pays_on_no_day() -> None:
    file = replace(file_with(due("A", 5), promises=[promise(3)]), insolvent_since_on=day(-1))
    assert counted(file).forecast["EUR"].undated == eur("100.00")
    assert counted(file).calls == {}


# --- whom to call


def test_whom_to_call_first_goes_by_money_times_days_late() -> None:
    small_and_old = file_with(due("A", -90, "100.00"), id="old", name="Old")  # 9,000
    large_and_young = file_with(due("B", -5, "1000.00"), due("C", -3, "1500.00"), id="large", name="Large")  # 9,500
    not_due = file_with(due("D", 5, "99999.00"), id="fine", name="Fine")
    found = counted(small_and_old, large_and_young, not_due)
    weights = [(c.debtor_id, c.weight) for c in found.first_calls(5)]
    assert weights == [("large", Decimal("9500.00")), ("old", Decimal("9000.00"))]
    assert found.first_calls(5)[0].at_stake == eur("2500.00")
    assert [o.debtor_id for o in found.top["EUR"]] == ["large", "old"]


@pytest.mark.parametrize(
    "held",
    [
        {"promises": [promise(3)]},
        {"disputes": [Dispute(id="d", numbers=("A",), reason="price", opened_on=day(-3))]},
        {"blocks": [Block(id="b", kind=BlockKind.MANUAL, reason="talks", placed_on=day(-1), until=None)]},
        {"credits": [Credit(id="c", kind=CreditKind.PAYMENT, on=day(-1), amount=eur("100"), remaining=eur("100"))]},
    ],
    ids=["promised", "disputed", "blocked", "paid and not yet allocated"],
)
def test_nobody_is_called_about_what_is_held(held: dict[str, Any]) -> None:
    assert counted(file_with(due("A", -5), **held)).calls == {}
    assert counted(file_with(due("A", -5))).calls["EUR"][0].at_stake == eur("100.00")


def test_the_reason_to_call_is_the_strongest_that_holds_and_the_phone_is_one_that_answers() -> None:
    wrong = Contact(id="payer", name="Paul", phone="+33 1", phone_wrong_since_on=day(-1))
    late = due("A", -20)
    (overdue,) = counted(file_with(late, contact=wrong)).calls["EUR"]
    assert (overdue.reason, overdue.since_on, overdue.phone) == (n.CallFor.OVERDUE, day(-20), "")
    reminded = file_with(late, notices=[notice("first_reminder", -9, "A")])
    (silent,) = counted(reminded).calls["EUR"]
    assert (silent.reason, silent.since_on, silent.phone) == (n.CallFor.NO_ANSWER, day(-9), "+33 1 00 00 00 00")
    call = Task(id="t", kind=TaskKind.CALL, raised_on=day(-4), due_on=day(-3), reason="call", numbers=("A",))
    to_call = replace(reminded, tasks={"t": call})
    assert counted(to_call).calls["EUR"][0].reason is n.CallFor.CALL_DUE
    unpaid = replace(to_call, cases={"A": replace(late, unpaid_since_on=day(-2))})
    assert counted(unpaid).calls["EUR"][0].reason is n.CallFor.UNPAID
    broken = replace(unpaid, last_word="broken", last_word_on=day(-1))
    assert (counted(broken).calls["EUR"][0].reason, counted(broken).calls["EUR"][0].since_on) == (
        n.CallFor.BROKEN_WORD, day(-1),
    )  # fmt: skip


# --- last week and this week


@pytest.mark.parametrize(("came", "counts"), [(-8, 0), (-7, 1), (-1, 1), (0, 0)])
def test_last_week_is_the_seven_days_before_the_morning(came: int, counts: int) -> None:
    credit = Credit(id="c", kind=CreditKind.PAYMENT, on=day(came), amount=eur("80.00"), remaining=eur("0"))
    found = counted(
        file_with(
            credits=[credit],
            promises=[promise(came, PromiseState.KEPT, kept_on=day(came))],
            disputes=[Dispute(id="d", numbers=("A",), reason="r", opened_on=day(-40), resolved_on=day(came))],
            notices=[notice("first_reminder", came, "A"), notice("x", came, "A", state=NoticeState.BOUNCED)],
        )
    ).last_week
    assert (found.money_in["EUR"].sum if counts else eur("80.00")) == eur("80.00")
    assert len(found.money_in) == found.promises_kept == found.disputes_resolved == counts
    assert (found.mails_sent, found.mails_failed) == (counts, counts)
    assert found.disputes_opened == 0


def test_replies_are_those_read_alone_and_those_given_to_a_person() -> None:
    def reply(seq: int, mail: str, decision: str, days: int, kind: str = "reply") -> Entry:
        event = ReplyReceived(mail=mail, kind=kind, intents=(), decision=decision)
        return Entry(seq=seq, at=paris(day(days)), who="reader", why="", event=event)

    entries = (
        reply(1, "m1", "apply", -3), reply(2, "m2", "review", -2), reply(3, "m3", "apply", -8),
        reply(4, "m4", "apply", -2, kind="bounce"), reply(5, "m5", "apply", -1), reply(6, "m6", "apply", 0),
    )  # fmt: skip
    doubted = Task(
        id="t", kind=TaskKind.REVIEW_MAIL, raised_on=day(-1), due_on=day(1), reason="?", mail="m5", numbers=("A",)
    )
    stranger = replace(doubted, id="u", mail="m7")
    found = counted(file_with(tasks=[doubted, stranger]), entries=entries).last_week
    assert found.replies_read_alone == 1  # m1; m5 was given to a person after all
    assert found.replies_read_by_people == 3  # m2, m5, m7


@pytest.mark.parametrize(("heard", "lately"), [(-8, False), (-7, True), (-1, True)])
def test_the_journal_is_asked_only_where_somebody_was_heard(heard: int, lately: bool) -> None:
    file = replace(file_with(), last_heard_at=paris(day(heard)))
    assert heard_lately(file, on=MONDAY, zone=ZONE) is lately


@pytest.mark.parametrize(("due_in", "counts", "late"), [(-1, 1, 1), (0, 1, 0), (6, 1, 0), (7, 0, 0)])
def test_this_week_holds_what_is_due_by_its_last_day(due_in: int, counts: int, late: int) -> None:
    task = Task(id="t", kind=TaskKind.CALL, raised_on=day(-4), due_on=day(due_in), reason="call")
    found = counted(file_with(due("A", -9), tasks=[task], promises=[promise(due_in)])).this_week
    assert (found.tasks.get("call", 0), found.tasks_late) == (counts, late)
    assert ("EUR" in found.promises) == bool(counts)


def test_formal_notices_that_wait_are_counted_whenever_they_are_due() -> None:
    task = Task(
        id="t", kind=TaskKind.APPROVE_NOTICE, raised_on=day(-4), due_on=day(30), reason="?", at_stake=eur("70.00")
    )
    assert counted(file_with(tasks=[task])).this_week.to_approve == {"EUR": n.Tally(count=1, sum=eur("70.00"))}


# --- whatever the ledger


@st.composite
def files(draw: st.DrawFn) -> DebtorFile:
    cases = [
        due(
            f"N{i}",
            draw(st.integers(-200, 80)),
            str(draw(st.decimals("0.01", "9999.99", places=2))),
            currency=draw(st.sampled_from(["EUR", "GBP"])),
        )
        for i in range(draw(st.integers(0, 5)))
    ]
    promised = draw(st.booleans())
    disputed = draw(st.booleans())
    return file_with(
        *cases,
        id=f"D{draw(st.integers(0, 10**9))}",
        promises=[promise(draw(st.integers(-5, 70)), numbers=("N0", "N1"))] if promised else [],
        disputes=[Dispute(id="d", numbers=("N1",), reason="r", opened_on=day(-3))] if disputed else [],
    )


@given(st.lists(files(), max_size=5))
def test_the_ageing_sums_to_all_that_is_owed_and_so_does_the_cash_to_come(some: list[DebtorFile]) -> None:
    found = counted(*some)
    for currency in ("EUR", "GBP"):
        owed = total((file.owed(currency) for file in some), currency)
        assert found.owed(currency) == owed
        forecast = found.forecast.get(currency)
        if forecast:
            assert total((w.sum for w in forecast.weeks), currency) + forecast.later + forecast.undated == owed


@given(st.lists(files(), max_size=5, unique_by=lambda f: f.id), st.randoms(use_true_random=False), st.integers(0, 5))
def test_the_order_and_the_grouping_of_debtors_do_not_matter(some: list[DebtorFile], random: Any, cut: int) -> None:
    shuffled = random.sample(some, len(some))
    by_pages = n.fold(counted(*shuffled[:cut]), counted(*shuffled[cut:]))
    assert by_pages == counted(*some)


def test_a_list_keeps_the_same_debtors_whatever_the_order() -> None:
    many = [file_with(due("A", -5, "100.00"), id=f"D{i:02d}", name=f"Debtor {i}") for i in range(n.LISTED + 5)]
    forwards, backwards = counted(*many), counted(*reversed(many))
    assert forwards == backwards
    assert len(forwards.calls["EUR"]) == n.LISTED


def test_numbers_of_two_days_are_not_folded() -> None:
    with pytest.raises(ValueError, match="cannot be folded"):
        n.fold(n.nothing(MONDAY), n.nothing(day(1)))


def test_nothing_is_the_share_of_nobody() -> None:
    one = counted(file_with(due("A", -5)))
    assert n.fold(n.nothing(MONDAY), one) == one == n.fold(one, n.nothing(MONDAY))


def test_credit_holds_are_counted_and_listed_those_held_before_those_asked_about() -> None:
    asked = file_with(due("F1", -40), credit_hold_asked_on=day(-9))
    held = file_with(due("F2", -50), id="C002", credit_held_since_on=day(-2))
    found = counted(asked, held)
    assert (found.on_hold, found.hold_asked) == (1, 1)
    assert [(h.debtor_id, h.overdue) for h in found.holds] == [("C002", (eur("100.00"),)), ("C001", (eur("100.00"),))]
