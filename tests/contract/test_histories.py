"""Any history, by any number of savers: the journal folds into the file, and nobody wins twice."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain import events as e
from chalicelib.domain.apply import apply_all
from chalicelib.domain.debtor_file import (
    Block,
    BlockKind,
    DebtorFile,
    Dispute,
    LetterState,
    Notice,
    NoticeState,
    Promise,
    live_part,
)
from chalicelib.domain.money import Money
from chalicelib.ports import CaseStore
from tests.contract.samples import (
    AT,
    TODAY,
    called,
    claimed,
    contact,
    entries,
    invoice,
    letter,
    opened,
    ordered,
    paid,
    plan,
    printed,
    task,
)

# One table serves all examples: each has a debtor of its own.
many = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
_numbers = itertools.count(1)


@many
@given(data=st.data())
def test_the_journal_of_any_history_folds_into_the_file(store: CaseStore, data: st.DataObject) -> None:
    debtor_id = f"D{next(_numbers)}"
    opened(store, debtor_id, invoice("F0"), contact("c", "a@client.test"))
    for step in range(data.draw(st.integers(1, 8), label="saves")):
        before = store.load(debtor_id, whole=data.draw(st.booleans(), label="whole"))
        assert before is not None
        happened = _anything(data, before, step)
        assert store.save(before, entries(before, *happened), next_action_at=AT) is not None
    folded = apply_all(None, store.journal(debtor_id))
    assert store.load(debtor_id, whole=True) == folded
    assert _decisive(store.load(debtor_id)) == _decisive(live_part(folded))


@many
@given(moves=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["load", "save", "plan"])), max_size=25))
def test_of_savers_in_any_interleaving_only_those_with_the_latest_file_win(
    store: CaseStore, moves: list[tuple[int, str]]
) -> None:
    debtor_id = f"D{next(_numbers)}"
    begun = opened(store, debtor_id, invoice("F0"))
    held: list[DebtorFile] = [begun] * 3
    latest = begun.entries
    for turn, (saver, move) in enumerate(moves):
        file = held[saver]
        if move == "load":
            loaded = store.load(debtor_id)
            assert loaded is not None
            held[saver] = loaded
            assert loaded.entries == latest
            continue
        added = entries(file, task(f"t{turn}", "F0")) if move == "save" else ()
        saved = store.save(file, added, next_action_at=AT)
        assert (saved is not None) == (file.entries == latest)
        if saved is not None:
            held[saver] = saved
            latest = saved.entries
    journal = list(store.journal(debtor_id))
    assert [entry.seq for entry in journal] == list(range(1, latest + 1))
    assert store.load(debtor_id, whole=True) == apply_all(None, journal)


def _anything(data: st.DataObject, file: DebtorFile, step: int) -> Sequence[e.Event]:
    """One to a few events that this file can take, drawn from all that may happen."""
    happened: list[e.Event] = []
    for number in range(data.draw(st.integers(1, 4), label="events")):
        id_ = f"{step}-{number}"
        possible = _possible(file, id_)
        event = possible[data.draw(st.integers(0, len(possible) - 1), label="event")]
        happened += event
        file = apply_all(file, entries(file, *event))
    return happened


def _possible(file: DebtorFile, id_: str) -> list[Sequence[e.Event]]:
    some_open = tuple(case.number for case in file.open_cases())
    on = TODAY + timedelta(days=file.entries)
    found: list[Sequence[e.Event]] = [
        [invoice(f"F{id_}")],
        [contact("c", f"{id_}@client.test")],
        [task(f"t{id_}", *some_open[:1])],
        [claimed(f"n{id_}", *some_open, on=on, contact_before_on=file.last_contact_on)],
        [ordered(f"o{id_}", *some_open[:2])],
        [called(f"call{id_}", *some_open[:2])],
        [called(f"call{id_}", *some_open[-1:], outcome="no_answer")],
        [e.PhoneFoundWrong(contact_id="c", on=on)],
        [e.DebtorChanged(debtor=replace(file.debtor, name=f"Name {id_}"))],
        [e.ReplyReceived(mail=id_, kind="human", intents=("promise",), decision="apply")],
        [e.ReplySettled(mail="m", turn=file.entries, verdict="corrected", intents=("dispute",), note="« F2 »")],
        [e.SendingHeld(reason="prices are wrong"), e.SendingResumed()],
        [e.InsolvencyReported(on=on)],
        [e.BlockPlaced(block=Block(id=f"b{id_}", kind=BlockKind.UNVERIFIED, reason="", placed_on=on, until=None))],
    ]
    for number in some_open:
        case = file.cases[number]
        found += [
            paid_in_full(number, case.balance, id_),
            part_paid(number, id_) if case.balance > Money.of(1, "EUR") else [],
            [e.InvoiceWithdrawn(number=number, on=on)],
            [e.CaseDeclaredUnpaid(number=number, on=on)],
            [e.PromiseMade(promise=Promise(id=f"p{id_}", numbers=(number,), made_on=on, pay_on=on, grace_on=on))],
            [e.DisputeOpened(dispute=Dispute(id=f"d{id_}", numbers=(number,), reason="litige", opened_on=on))],
            [e.PlanAgreed(plan=plan(f"plan{id_}", number, owed="100.00"))],
        ]
    for notice in file.notices.values():
        found += [
            [e.NoticeSent(notice_id=notice.id, message_id=f"<{notice.id}>", at=AT)],
            [e.NoticeBounced(notice_id=notice.id, at=AT)],
        ]
    if some_open:
        found.append([letter(f"l{id_}", *some_open[:2])])
    for one in file.letters.values():
        if one.state is LetterState.APPROVED:
            found += [
                [e.LetterWithdrawn(letter_id=one.id, on=on, reason="paid")],
                [printed(one.id, *one.numbers)],
            ]
        elif one.is_printed:
            found += [
                [e.LetterPosted(letter_id=one.id, on=on, tracking="1A 1")],
                [e.LetterNotPosted(letter_id=one.id, reason="closed")],
                [e.LetterDelivered(letter_id=one.id, on=on, proof="letters/D/proof.pdf", sha256="1" * 64)],
            ]
    for order in file.open_orders():
        again = {"on": on, "contact_before_on": file.last_contact_on, "ordered": True}
        found += [
            [claimed(order.id, *order.numbers, **again)],
            [claimed(order.id, *order.numbers, **again, internal=True)],
            [e.OrderWithdrawn(order_id=order.id)],
        ]
    for credit in file.credits.values():
        for number in file.cases:
            if credit.id == f"full-{number}":
                found.append([e.AllocationUndone(credit_id=credit.id, number=number, amount=credit.amount)])
    found += [[e.PromiseBroken(promise_id=p.id)] for p in file.promises.values()]
    for running in file.plans.values():
        if running.runs:
            found += [
                [e.InstalmentMissed(plan_id=running.id, index=0, on=on, short=running.owed)],
                [e.PlanBroken(plan_id=running.id, on=on, short=running.owed)],
                [e.PlanKept(plan_id=running.id, on=on)],
            ]
    found += [[e.DisputeResolved(dispute_id=d.id, resolution="", on=on)] for d in file.disputes.values()]
    found += [[e.BlockLifted(block_id=b.id, on=on)] for b in file.blocks.values()]
    found += [[e.TaskNarrowed(task_id=t.id, numbers=t.numbers[:1])] for t in file.tasks.values() if t.is_open]
    found += [[e.TaskClosed(task_id=t.id, outcome="done", note="", at=AT)] for t in file.tasks.values() if t.is_open]
    return [events for events in found if events]


def paid_in_full(number: str, balance: Money, id_: str) -> Sequence[e.Event]:
    received, allocated = paid(number, str(balance.amount))
    assert isinstance(received, e.CreditReceived)
    assert isinstance(allocated, e.CreditAllocated)
    id_ = f"full-{number}" if balance == Money.of("100.00", "EUR") else f"rest-{id_}"
    return (
        e.CreditReceived(credit=replace(received.credit, id=id_)),
        replace(allocated, credit_id=id_),
    )


def part_paid(number: str, id_: str) -> Sequence[e.Event]:
    received, allocated = paid(number, "1.00")
    assert isinstance(received, e.CreditReceived)
    assert isinstance(allocated, e.CreditAllocated)
    return (
        e.CreditReceived(credit=replace(received.credit, id=f"part-{id_}")),
        replace(allocated, credit_id=f"part-{id_}"),
    )


def _decisive(file: DebtorFile | None) -> DebtorFile:
    """Without the notices that count as live for their day alone.

    When a mail bounces the file's last contact goes back to the day of an older notice. If its invoices are all
    closed, a load of the live part does not bring that notice back: nothing that is decided looks at it.
    """
    assert file is not None
    return replace(file, notices={i: n for i, n in file.notices.items() if _in_flight_or_owed(file, n)})


def _in_flight_or_owed(file: DebtorFile, notice: Notice) -> bool:
    owed = any(n in file.cases and file.cases[n].is_open for n, _ in notice.takes)
    return notice.state is NoticeState.CLAIMED or owed
