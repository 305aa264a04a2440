"""A replayed ledger: what the core would have done, and the promises that hold whatever the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalicelib.domain.calendar import BusinessCalendar, instant
from chalicelib.domain.formal_notice import GOOD_FOR
from chalicelib.domain.money import Money
from chalicelib.domain.policy import Do, Policy
from chalicelib.domain.policy_file import load_policies, read_policy
from chalicelib.errors import BadFile
from chalicelib.ledger.mapping import read_mapping
from chalicelib.ledger.read import read_invoices
from chalicelib.ledger.records import InvoiceRow, PaymentRow
from chalicelib.simulate import Act, Ledger, Summary, _plays, simulate, simulated_creditor

TEMPLATES = Path(__file__).parents[1] / "templates"
FRANCE = simulated_creditor("FR")


@cache
def policies() -> dict[str, Policy]:
    return load_policies({f.name: f.read_text("utf-8") for f in (TEMPLATES / "policies").glob("*.yaml")})


def invoice(
    number: str, *, issued: str = "2026-01-05", due: str = "2026-02-04", amount: str = "1000", **said
) -> InvoiceRow:
    row = {"line": 2, "account": "C1", "client": "Client", "country": "FR", **said}
    currency = row.pop("currency", "EUR")
    return InvoiceRow(
        number=number, issued_on=date.fromisoformat(issued), due_on=date.fromisoformat(due),
        amount=Money.of(amount, currency), **row,
    )  # fmt: skip


def ledger(*invoices: InvoiceRow, payments: Sequence[PaymentRow] = (), policy: str = "standard") -> Ledger:
    return Ledger(invoices=invoices, payments=payments, policies=policies(), policy=policy)


def play(*invoices: InvoiceRow, payments: Sequence[PaymentRow] = (), policy: str = "standard", **how) -> list[Act]:
    return list(simulate(ledger(*invoices, payments=payments, policy=policy), FRANCE, **how))


def told(acts: Sequence[Act]) -> list[tuple[str, str, str]]:
    return [(str(act.date), act.action, act.step) for act in acts]


def broken_promises(acts: Sequence[Act], of: Ledger) -> list[str]:
    """What the acts do that Relance must never do, in words."""
    rows = {row.number: row for row in of.invoices}
    found = []
    taken: dict[str, list[str]] = {}
    mails: dict[tuple[str, str], list[date]] = {}
    noticed: dict[str, tuple[date, int]] = {}  # accounts, each with the day of its last formal notice, and its rank
    with_credits = {r.account for r in of.invoices if r.is_credit_note} | {p.account for p in of.payments}
    for i, act in enumerate(acts):
        row = rows[act.invoices[0]]
        for number in act.invoices:
            paid = rows[number].paid_on
            if paid and act.date >= paid:
                found.append(f"{act.date}: {number} is settled since {paid}")
            if rows[number].disputed and act.date >= (rows[number].disputed_on or rows[number].issued_on):
                found.append(f"{act.date}: {number} is disputed")
            if act.date < rows[number].issued_on:
                found.append(f"{act.date}: {number} is not issued yet")
        for country in ("FR", row.country):
            if not BusinessCalendar(country).is_business_day(act.date):
                found.append(f"{act.date}: no business day in {country}")
        if act.channel == "email":
            currencies = {rows[number].amount.currency for number in act.invoices}
            if len(currencies) != 1:
                found.append(f"{act.date}: one mail speaks of {currencies}")
            mails.setdefault((act.account, currencies.pop()), []).append(act.date)
        if act.action == "joined":
            before = acts[i - 1]
            if (before.date, before.account) != (act.date, act.account):
                found.append(f"{act.date}: joined to nothing")
        for number in act.invoices if act.step else ():
            step = act.step
            policy = of.policies[rows[number].policy or of.policy]
            ladder = [
                s for s in policy.steps
                if not s.before_due and rows[number].amount.amount >= s.minimum
            ]  # fmt: skip
            before = taken.setdefault(number, [])
            if step in before:
                found.append(f"{act.date}: {number} repeats {step}")
            # A formal notice demands what is late beside what it is for, unless credit covers that.
            demanded_on, demanded = noticed.get(act.account, (date.min, -1))
            behind = demanded if rows[number].due_on < demanded_on else -1
            formal = [policy.rank(s.id) for s in policy.steps if s.do is Do.FORMAL_NOTICE]
            # It was approved up to so long before it left, and what fell due meanwhile is not in it.
            surely = behind >= 0 and rows[number].due_on < demanded_on - GOOD_FOR and act.account not in with_credits
            if surely and policy.rank(step) < formal[0]:
                found.append(f"{act.date}: {number} gets {step} though a formal notice demanded it")
            wanted = [s.id for s in ladder if behind < policy.rank(s.id) < policy.rank(step)]
            if [s for s in wanted if s not in before]:
                found.append(f"{act.date}: {number} comes to {step} after {before}")
            if any(policy.rank(s) > policy.rank(step) for s in before):
                found.append(f"{act.date}: {number} falls back to {step} after {before}")
            before.append(step)
            if policy.rank(step) in formal:
                _, last = noticed.get(act.account, (date.min, -1))
                noticed[act.account] = act.date, max(last, policy.rank(step))
    spacing = min(p.spacing_days for p in of.policies.values())
    for (account, _), days in mails.items():
        found += [f"{b}: {account} had a mail on {a}" for a, b in pairwise(days) if (b - a).days < spacing]
    return found


# --- the story of one invoice


def test_an_unpaid_invoice_climbs_the_whole_ladder_and_ends_with_a_choice():
    assert told(play(invoice("F1"))) == [
        ("2026-01-30", "email", "courtesy"),
        ("2026-02-06", "email", "first_reminder"),
        ("2026-02-09", "call", "first_call"),
        ("2026-02-13", "email", "second_reminder"),
        ("2026-02-20", "email", "third_reminder"),
        ("2026-02-24", "call", "second_call"),
        ("2026-02-27", "email", "last_reminder"),
        ("2026-03-09", "formal_notice", "formal_notice"),
        ("2026-03-17", "choose", "after_notice"),
    ]


def test_every_action_says_why():
    first = play(invoice("F1"))[0]

    assert first.reason == "courtesy is due since 2026-01-30 (due - 5 days)"
    assert (first.channel, first.invoices) == ("email", ("F1",))


@pytest.mark.parametrize(
    ("paid", "last"), [("2026-02-05", "courtesy"), ("2026-02-06", "courtesy"), ("2026-02-07", "first_reminder")]
)
def test_nothing_is_done_from_the_day_of_payment_on(paid, last):
    acts = play(invoice("F1", paid_on=date.fromisoformat(paid)))

    assert acts[-1].step == last


@pytest.mark.parametrize(
    ("said", "steps"),
    [
        ({"disputed": True}, []),
        ({"disputed": True, "disputed_on": date(2026, 2, 5)}, ["courtesy"]),
        ({"disputed": True, "disputed_on": date(2026, 2, 7)}, ["courtesy", "first_reminder"]),
    ],
)
def test_a_disputed_invoice_leaves_the_chasing(said, steps):
    assert [act.step for act in play(invoice("F1", **said))] == steps


def test_a_dispute_without_a_day_may_be_supposed_to_begin_when_the_invoice_is_due():
    assert [act.step for act in play(invoice("F1", disputed=True), disputed_from="due")] == ["courtesy"]


def test_a_disputed_invoice_does_not_silence_the_others():
    acts = play(invoice("F1", disputed=True), invoice("F2"))

    assert len(acts) == 9
    assert {act.invoices for act in acts} == {("F2",)}


def test_invoices_that_are_due_together_go_in_one_mail():
    acts = play(invoice("F1"), invoice("F2", amount="20"))

    assert (acts[1].step, acts[1].invoices) == ("first_reminder", ("F1", "F2"))
    assert [act.invoices for act in acts if act.action == "call"] == [("F1",), ("F1",)], "20 EUR is no call's worth"


def test_an_invoice_at_a_lower_step_joins_the_mail_and_is_told_after_it():
    acts = play(invoice("F1"), invoice("F2", due="2026-02-11"))
    day = [act for act in acts if act.date == date(2026, 2, 13)]

    assert [(a.action, a.channel, a.step, a.invoices, a.reason) for a in day] == [
        ("email", "email", "second_reminder", ("F1",),
         "second_reminder is due since 2026-02-13 (first_reminder + 7 days)"),
        ("joined", "joined", "first_reminder", ("F2",),
         "first_reminder is due since 2026-02-13 (due + 2 business days)"),
    ]  # fmt: skip


def test_a_credit_note_holds_back_what_it_covers():
    assert play(invoice("F1"), invoice("A1", issued="2026-01-10", amount="-1000")) == []
    assert play(invoice("F1"), invoice("A1", issued="2026-01-10", amount="-999.99")) != []


def test_a_payment_settles_the_invoice_that_it_names():
    payment = PaymentRow(line=2, account="C1", number="F1", paid_on=date(2026, 2, 10), amount=Money.of(1000, "EUR"))

    assert [act.step for act in play(invoice("F1"), payments=[payment])] == ["courtesy", "first_reminder", "first_call"]


def test_a_payment_that_names_nothing_settles_the_oldest_that_it_fits():
    payment = PaymentRow(line=2, account="C1", paid_on=date(2026, 2, 5), amount=Money.of(1000, "EUR"))
    acts = play(invoice("F1"), invoice("F2", due="2026-02-20"), payments=[payment])

    assert [act.step for act in acts if "F1" in act.invoices] == ["courtesy"]
    assert sum("F2" in act.invoices for act in acts) == 9


def test_a_part_payment_does_not_stop_the_chasing():
    payment = PaymentRow(line=2, account="C1", number="F1", paid_on=date(2026, 2, 5), amount=Money.of(999, "EUR"))

    assert len(play(invoice("F1"), payments=[payment])) == 9


def test_a_payment_of_an_unknown_debtor_is_refused_by_its_line():
    payment = PaymentRow(line=7, account="C9", paid_on=date(2026, 2, 5), amount=Money.of(999, "EUR"))

    with pytest.raises(BadFile, match="line 7, column account: no invoice is of account 'C9'"):
        play(invoice("F1"), payments=[payment])


def test_an_unknown_policy_is_refused_by_its_line():
    with pytest.raises(BadFile, match="line 2, column policy: no policy 'soft'; write one of key_account, "):
        play(invoice("F1", policy="soft"))


def test_a_debtor_may_have_a_policy_of_its_own():
    steps = [act.step for act in play(invoice("F1", policy="public_body"))]

    assert "courtesy" not in steps
    assert steps[0] == "first_reminder"


def test_a_policy_of_a_file_is_followed():
    short = read_policy(
        "name: short\nversion: 1\ntitle: {en: Short}\nsteps: [{id: only, when: due + 1 day, do: email}]"
    )
    acts = simulate(Ledger(invoices=[invoice("F1")], policies={"short": short}, policy="short"), FRANCE)

    assert told(list(acts)) == [("2026-02-05", "email", "only")]


def test_what_is_old_when_relance_is_switched_on_begins_at_the_first_reminder():
    acts = play(invoice("F1", due="2025-06-01", issued="2025-05-01"), since=date(2026, 2, 2))

    assert told(acts)[0] == ("2026-02-02", "email", "first_reminder")
    assert len({act.date for act in acts}) == len(acts), "nor is it chased in a burst"


@pytest.mark.parametrize(("until", "count"), [("2026-02-05", 1), ("2026-02-06", 2), ("2026-02-07", 2)])
def test_nothing_is_told_after_the_last_day(until, count):
    assert len(play(invoice("F1"), until=date.fromisoformat(until))) == count


def test_a_debtor_without_an_address_gets_a_task_where_the_ledger_knows_addresses():
    acts = play(invoice("F1"), invoice("F2", account="C2", email="compta@c2.example"))
    first = [act for act in acts if act.account == "C1"]

    assert told(first)[0] == ("2026-01-30", "task", "")
    assert first[0].invoices == ("F1",)
    assert not [act for act in first if act.channel == "email"]


def test_each_currency_has_a_mail_of_its_own():
    acts = play(invoice("F1"), invoice("F2", currency="USD"))

    assert [a.invoices for a in acts if a.date == date(2026, 2, 6) and a.channel == "email"] == [("F1",), ("F2",)]


def test_a_client_in_another_zone_is_written_to_on_its_own_business_days():
    steps = play(invoice("F1", country="US", due="2026-07-01"))

    assert date(2026, 7, 3) not in [a.date for a in steps], "Independence Day is kept on the Friday"


def test_the_summary_counts_what_was_told():
    of = ledger(
        invoice("F1"),
        invoice("F2", account="C2", paid_on=date(2026, 2, 4)),
        invoice("F3", account="C3", paid_on=date(2026, 2, 5)),
        invoice("F4", account="C4", paid_on=date(2026, 2, 10)),
        invoice("F5", account="C5", disputed=True),
        invoice("A1", account="C5", amount="-10"),
    )
    summary = Summary(of)
    for act in simulate(of, FRANCE, settled=summary.settled):
        summary.note(act)
    figures = summary.figures()

    assert figures["debtors"] == 5
    assert (figures["invoices"], figures["credit notes"], figures["invoiced"]) == (5, 1, "5000.00 EUR")
    assert (figures["e-mails"], figures["of which formal notices"], figures["calls"]) == (10, 1, 3)
    assert figures["invoices at courtesy"] == 4
    assert figures["invoices paid by the due date"] == 1
    assert figures["invoices paid late, before any reminder"] == 1
    assert figures["invoices paid after a reminder"] == 1
    assert figures["disputed invoices, left out"] == 1
    assert figures["invoices never spoken of"] == 1
    assert figures["invoices not paid"] == 2


# --- whatever the ledger

DAYS = st.integers(0, 200).map(lambda n: date(2026, 1, 1) + timedelta(days=n))


@st.composite
def ledgers(draw) -> Ledger:
    rows = []
    for i in range(draw(st.integers(1, 8))):
        issued = draw(DAYS)
        sign = draw(st.sampled_from(["", "", "", "-"]))
        rows.append(
            invoice(
                f"F{i}",
                issued=str(issued),
                due=str(issued + timedelta(days=draw(st.sampled_from([0, 3, 30, 45, 60])))),
                amount=sign + draw(st.sampled_from(["10", "60", "200", "5000", "20000"])),
                account=draw(st.sampled_from(["C1", "C2"])),
                country=draw(st.sampled_from(["FR", "US", "DE"])),
                currency=draw(st.sampled_from(["EUR", "EUR", "USD"])),
                paid_on=draw(st.none() | st.integers(0, 120).map(lambda n, d=issued: d + timedelta(days=n))),
                disputed=draw(st.sampled_from([False, False, True])),
                disputed_on=None,
            )
        )
    payments = [
        PaymentRow(
            line=i, account=draw(st.sampled_from(sorted({r.account for r in rows}))),
            number=draw(st.sampled_from(["", *(r.number for r in rows)])), paid_on=draw(DAYS),
            amount=Money.of(draw(st.sampled_from(["10", "60", "195", "5000"])), "EUR"),
        )
        for i in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
    # One country a debtor: the last row's, as the file has it.
    last = {row.account: row.country for row in rows}
    rows = [replace(row, country=last[row.account]) for row in rows]
    policy = draw(st.sampled_from(["standard", "public_body", "key_account"]))
    return Ledger(invoices=rows, payments=payments, policies=policies(), policy=policy)


def test_the_promises_below_can_be_broken():
    of = ledger(invoice("F1", paid_on=date(2026, 2, 10)))
    mail = next(a for a in simulate(of, FRANCE) if a.step == "first_reminder")
    on = {name: replace(mail, date=date.fromisoformat(day)) for name, day in (
        ("sunday", "2026-02-08"), ("paid", "2026-02-10"), ("next day", "2026-02-09"),
    )}  # fmt: skip

    assert broken_promises([mail], of) == []
    assert broken_promises([on["sunday"]], of) == ["2026-02-08: no business day in FR"] * 2
    assert broken_promises([on["paid"]], of) == ["2026-02-10: F1 is settled since 2026-02-10"]
    assert broken_promises([mail, on["next day"]], of) == [
        "2026-02-09: F1 repeats first_reminder", "2026-02-09: C1 had a mail on 2026-02-06",
    ]  # fmt: skip
    assert broken_promises([replace(mail, step="second_reminder")], of) == [
        "2026-02-06: F1 comes to second_reminder after []"
    ]


@settings(max_examples=150)
@given(ledgers())
def test_no_ledger_breaks_a_promise(of):
    assert broken_promises(list(simulate(of, FRANCE)), of) == []


@st.composite
def ladders(draw) -> Policy:
    """Any ladder that its reader accepts: odd anchors, large minimums, formal notices and choices in the middle."""
    lines = ["name: drawn", "version: 1", "title: {en: Drawn}", f"spacing_days: {draw(st.integers(0, 9))}", "steps:"]
    past_due = 0
    for i in range(draw(st.integers(1, 7))):
        unit = draw(st.sampled_from(["days", "business days"]))
        if i == 0 and draw(st.booleans()):
            when = f"due - {draw(st.integers(1, 20))} {unit}"
            do = draw(st.sampled_from(["email", "call"]))
        else:
            anchor = draw(st.sampled_from(["due", *(f"s{n}" for n in range(i))]))
            past_due += draw(st.integers(0, 10))
            when = f"{anchor} + {past_due if anchor == 'due' else draw(st.integers(0, 12))} {unit}"
            do = draw(st.sampled_from(["email", "email", "call", "formal_notice", "choose"]))
        minimum = draw(st.sampled_from([0, 0, 0, 100, 10000]))
        lines.append(f"  - {{id: s{i}, when: {when}, do: {do}, minimum: {minimum}}}")
    try:
        return read_policy("\n".join(lines))
    except BadFile:
        assume(False)
        raise


@settings(max_examples=150)
@given(ledgers(), ladders())
def test_no_ladder_breaks_a_promise(of, ladder):
    drawn = replace(of, policies={"standard": ladder, "drawn": ladder}, policy="drawn")

    assert broken_promises(list(simulate(drawn, FRANCE)), drawn) == []


@settings(max_examples=40)
@given(ledgers())
def test_the_agenda_misses_nothing_that_a_look_at_every_debtor_on_every_day_would_see(of):
    plays = _plays(of, FRANCE, None, "issued")
    daily = []
    day = min(row.issued_on for row in of.invoices)
    while day < date(2027, 6, 1):
        for one in plays.values():
            daily += one.wake(instant(day, one._opens, one._zone))
        day += timedelta(days=1)

    def order(acts: Sequence[Act]) -> list[tuple]:
        return sorted((a.date, a.account, a.action, a.step, a.invoices) for a in acts)

    assert order(list(simulate(of, FRANCE))) == order(daily)


@given(ledgers())
def test_actions_come_in_the_order_of_time_and_the_same_ledger_gives_the_same(of):
    acts = list(simulate(of, FRANCE))

    assert [a.date for a in acts] == sorted(a.date for a in acts)
    assert acts == list(simulate(of, FRANCE))


# --- the public ledger


@pytest.fixture(scope="module")
def public(ibm_ledger) -> Ledger:
    mapping = read_mapping((TEMPLATES / "mappings" / "ibm_accounts_receivable.yaml").read_text("utf-8"))
    with Path(ibm_ledger).open("rb") as source:
        return Ledger(invoices=list(read_invoices(source, mapping)), policies=policies())


@pytest.mark.parametrize("policy", ["standard", "public_body", "key_account"])
def test_the_public_ledger_breaks_no_promise(public, policy):
    of = Ledger(invoices=public.invoices, policies=policies(), policy=policy)
    acts = list(simulate(of, FRANCE))

    assert len(of.invoices) == 2466
    assert broken_promises(acts, of) == []
    assert max(Counter((a.account, a.date) for a in acts if a.channel == "email").values()) == 1
