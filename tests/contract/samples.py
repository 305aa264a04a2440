"""Small histories of a debtor, for the contract of the stores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import (
    Block,
    BlockKind,
    Call,
    Case,
    Contact,
    Credit,
    CreditKind,
    Debtor,
    DebtorFile,
    Demand,
    Dispute,
    Fact,
    Instalment,
    Letter,
    Notice,
    Order,
    PaymentPlan,
    Promise,
    Task,
    TaskKind,
)
from chalicelib.domain.money import Money
from chalicelib.ports import CaseStore

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)


def entries(file: DebtorFile | None, *events: e.Event, at: datetime = AT) -> tuple[e.Entry, ...]:
    """The events as the entries that follow in this file."""
    return e.entries_after(file.entries if file else 0, [(event, "") for event in events], at=at, who="test")


def opened(store: CaseStore, debtor_id: str, *events: e.Event, next_action_at: datetime | None = AT) -> DebtorFile:
    """A new debtor with these events, saved."""
    begins = e.DebtorOpened(debtor=Debtor(id=debtor_id, name=f"Société {debtor_id}"))
    file = store.save(None, entries(None, begins, *events), next_action_at=next_action_at)
    assert file is not None
    return file


def invoice(number: str, amount: str = "100.00", due_on: date = TODAY) -> e.InvoiceEntered:
    money = Money.of(amount, "EUR")
    case = Case(
        number=number,
        issued_on=date(2026, 1, 31),
        due_on=due_on,
        amount=money,
        balance=money,
        entered_on=TODAY,
    )
    return e.InvoiceEntered(case=case)


def contact(id_: str, email: str) -> e.ContactSet:
    return e.ContactSet(contact=Contact(id=id_, email=email))


def paid(number: str, amount: str = "100.00") -> Sequence[e.Event]:
    """The invoice's money comes and is allocated."""
    money = Money.of(amount, "EUR")
    credit = Credit(id=f"p-{number}", kind=CreditKind.PAYMENT, on=TODAY, amount=money, remaining=money)
    allocated = e.CreditAllocated(credit_id=credit.id, number=number, amount=money, on=TODAY)
    return (e.CreditReceived(credit=credit), allocated)


def notice(id_: str, *numbers: str, on: date = TODAY, **values: Any) -> Notice:
    return Notice(**{
        "id": id_, "step": "first", "takes": tuple((n, "first") for n in numbers), "on": on, "language": "fr",
        "currency": "EUR", "contact": "c", "to": "compta@client.test", "token": f"token-{id_}", "claimed_at": AT,
        **values,
    })  # fmt: skip


def claimed(id_: str, *numbers: str, **values: Any) -> e.NoticeClaimed:
    return e.NoticeClaimed(notice=notice(id_, *numbers, **values))


def task(id_: str, *numbers: str, due_on: date = TODAY) -> e.TaskRaised:
    return e.TaskRaised(
        task=Task(id=id_, kind=TaskKind.CALL, raised_on=TODAY, due_on=due_on, reason="why", numbers=numbers)
    )


def ordered(id_: str, *numbers: str, **values: Any) -> e.NoticeOrdered:
    """A mail is ordered, with facts of every kind."""
    facts = (
        Fact(name="means", text="virement <b>, 50 % d’escompte"), Fact(name="day", on=TODAY),
        Fact(name="amount", amount=Money.of("60.00", "EUR")),
    )  # fmt: skip
    order = Order(**{
        "id": id_, "template": "call_agreed", "ordered_on": TODAY, "numbers": numbers, "facts": facts,
        "to_pay": Money.of("60.00", "EUR"), "pay_by": TODAY, "about": "promise-1", **values,
    })  # fmt: skip
    return e.NoticeOrdered(order=order)


def called(id_: str, *numbers: str, **values: Any) -> e.CallLogged:
    """A call was made, with everything that can be said of one."""
    call = Call(**{
        "id": id_, "task": "t1", "at": AT, "on": TODAY, "outcome": "promised", "numbers": numbers, "next_on": TODAY,
        "caller": "nadia", "contact": "c", "spoke_to": "Mme Blin", "cause": "cash", "pay_on": TODAY,
        "amount": Money.of("60.00", "EUR"), "means": "chèque", "note": "« rappeler »", **values,
    })  # fmt: skip
    return e.CallLogged(call=call)


def replied(mail: str) -> e.ReplyReceived:
    return e.ReplyReceived(mail=mail, kind="human", intents=(), decision="review")


AGREEMENTS = frozenset({
    "PromisePartlyKept", "PlanAgreed", "InstalmentAnnounced", "InstalmentMissed", "InstalmentMet", "PlanBroken",
    "PlanKept", "PlanWithdrawn", "DisputeProgressed", "DisputeEscalated", "BlockReviewed", "InsolvencyReported",
    "DebtDeclared", "InsolvencyRefuted", "CreditHoldProposed", "CreditHeld", "CreditReleased", "TaskUrged",
    "TaskSnoozed", "TaskClosed", "TaskReopened", "NoteWritten",
})  # fmt: skip
"""Every event of what is agreed and decided about a debtor, by name."""


def plan(id_: str, *numbers: str, owed: str = "300.00") -> PaymentPlan:
    money, zero = Money.of(owed, "EUR"), Money.zero("EUR")
    return PaymentPlan(
        id=id_, numbers=numbers, instalments=(Instalment(due_on=TODAY, amount=money),), agreed_on=TODAY, owed=money,
        paid=zero, credited=zero, means="transfer",
    )  # fmt: skip


def agreements(*numbers: str) -> Sequence[e.Event]:
    """A history in which everything that can be agreed or decided happens to two open invoices."""
    one, zero = Money.of("1.00", "EUR"), Money.zero("EUR")
    note = Credit(id="n", kind=CreditKind.CREDIT_NOTE, on=TODAY, amount=one, remaining=one)
    return (
        e.PromiseMade(promise=Promise(id="p", numbers=numbers, made_on=TODAY, pay_on=TODAY, grace_on=TODAY)),
        e.PromisePartlyKept(promise_id="p", on=TODAY, came=one, expected=Money.of("300.00", "EUR")),
        e.PlanAgreed(plan=plan("plan", *numbers)), e.PlanAgreed(plan=plan("kept", *numbers[:1])),
        e.PlanAgreed(plan=plan("set aside", *numbers[:1])),
        e.InstalmentAnnounced(plan_id="plan", index=0, on=TODAY),
        e.CreditReceived(credit=note), e.CreditAllocated(credit_id="n", number=numbers[-1], amount=one, on=TODAY),
        e.InstalmentMissed(plan_id="plan", index=0, on=TODAY, short=one),
        e.InstalmentMet(plan_id="kept", index=0, on=TODAY), e.PlanKept(plan_id="kept", on=TODAY),
        e.PlanWithdrawn(plan_id="set aside", on=TODAY), e.PlanBroken(plan_id="plan", on=TODAY, short=one),
        e.DisputeOpened(
            dispute=Dispute(id="d", numbers=numbers[:1], reason="price", opened_on=TODAY, amount=one, credited=zero)
        ),
        e.DisputeEscalated(dispute_id="d", to="director@creditor.test", on=TODAY),
        e.DisputeProgressed(dispute_id="d", note="called", on=TODAY),
        e.BlockPlaced(block=Block(id="b", kind=BlockKind.MANUAL, reason="floods", placed_on=TODAY, until=None)),
        e.BlockReviewed(block_id="b", on=TODAY),
        task("t", *numbers), e.TaskUrged(task_id="t", due_on=TODAY, urgency=2, reason="two days are left"),
        e.NoteWritten(text="« leur comptable est <b>nouvelle</b> »\nappeler le lundi"),
        e.TaskSnoozed(task_id="t", due_on=TODAY, reason="« rappeler » <b>jeudi</b>"),
        e.TaskClosed(task_id="t", outcome="done", note="", at=AT), e.TaskReopened(task=task("t", *numbers).task),
        e.CreditHoldProposed(on=TODAY, overdue=one, since_on=TODAY), e.CreditHeld(on=TODAY),
        e.CreditReleased(on=TODAY),
        e.InsolvencyReported(on=TODAY, published_on=TODAY), e.DebtDeclared(on=TODAY, reference="2026/17"),
        e.InsolvencyRefuted(on=TODAY),
    )  # fmt: skip


def letter(id_: str, *numbers: str) -> e.FormalNoticeApproved:
    """A formal notice is approved, with every field that an approval fills."""
    demands = tuple(Demand(number=number, balance=Money.of("100.00", "EUR")) for number in numbers)
    return e.FormalNoticeApproved(
        letter=Letter(
            id=id_, task="t", approved_at=AT, approved_by="hugo", demands=demands, totals=(Money.of("145.20", "EUR"),),
            deadline_on=TODAY, added=("Nous restons <b>ouverts</b>.",),
        )
    )  # fmt: skip


def printed(id_: str, *numbers: str) -> e.LetterPrinted:
    return e.LetterPrinted(
        letter_id=id_, notice_id=f"20260302-{id_}", on=TODAY, deadline_on=TODAY,
        takes=tuple((number, "formal_notice") for number in numbers), totals=(Money.of("145.20", "EUR"),),
        key=f"letters/D/20260302-{id_}.pdf", sha256="0" * 64,
    )  # fmt: skip
