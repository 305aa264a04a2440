"""The person at the desk: calls, approves, corrects, resolves — some of it, as days go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from chalicelib.domain.debtor_file import DESK, Task, TaskKind
from chalicelib.domain.money import Money
from chalicelib.domain.outcomes import Outcome
from chalicelib.pipeline.import_statement import allocate
from chalicelib.pipeline.work_tasks import close_task
from chalicelib.ports import Parts
from demo import clients
from demo.chronicle import Chronicle, Worked
from demo.company import HOME, Sale

WHO = "claire.morvan"
CALLS_A_DAY = 6
APPROVED = frozenset({"C111", "C114"})
REJECTED = frozenset({"C115"})
CALLED = frozenset({TaskKind.CALL, TaskKind.BROKEN_PROMISE})

CREDIT_NOTE_OF = {"C104": Decimal("-1040.00")}
"""What a dispute comes to: two of six pieces of furniture were never delivered."""

UNREACHED = frozenset({"C123"})
"""What these have paid is still to be asked."""

CONFIRMED = {"C108": "solenn.bihan@armor-distribution.example"}
ORDER_NUMBERS = {"C106": "PO-24-0933"}


def work(
    parts: Parts, chronicle: Chronicle, *, day: date, at: datetime, orders: dict[str, str]
) -> Iterator[Worked]:
    """Close what this day brings to an end; gives each as it was closed. `orders` receives order numbers found."""
    calls = 0
    for account, task in list(parts.store.open_tasks()):
        if task.kind in CALLED and calls >= CALLS_A_DAY:
            continue
        if task.kind is TaskKind.ALLOCATE_PAYMENT:
            if allocated := _allocate(parts, chronicle, account, task, day=day, at=at):
                yield allocated
            continue
        said = _say(chronicle, account, task, day, orders)
        if said is None:
            continue
        calls += task.kind in CALLED
        close_task(parts, account, task.id, said, at=at, who=WHO)
        yield Worked(
            account=account, kind=task.kind.value, outcome=said.outcome, numbers=task.numbers, at=at, on=said.on,
            amount=said.amount.amount if said.amount else None,
        )  # fmt: skip


def _allocate(
    parts: Parts, chronicle: Chronicle, account: str, task: Task, *, day: date, at: datetime
) -> Worked | None:
    """Ask the client what its payment is for, and say so. Some have not been reached yet."""
    file = parts.store.load(account)
    credit = file.credits.get(task.id.removeprefix(f"{TaskKind.ALLOCATE_PAYMENT}-")) if file else None
    if file is None or credit is None or account in UNREACHED or (day - task.raised_on).days < 1:
        return None
    meant = [
        number
        for paid in chronicle.paid
        if paid.imported_at and (paid.transfer.account, paid.transfer.on) == (account, credit.on)
        and (paid.transfer.amount, paid.transfer.currency) == (credit.amount.amount, credit.amount.currency)
        for number, _ in paid.meant
    ]  # fmt: skip
    numbers = tuple(n for n in dict.fromkeys(meant) if n in file.cases and file.cases[n].is_open)
    if not numbers:
        return None
    allocate(parts, account, credit.id, numbers, at=at, who=WHO)
    return Worked(account=account, kind=task.kind.value, outcome="done", numbers=numbers, at=at)


def work_by_routes(ask: Callable[..., Any], *, at: datetime) -> Iterator[Worked]:
    """Today, as an operator's own program would: take the first open call, give it to somebody, say what came of it."""
    for found in ask("/tasks?kind=call&limit=1")["tasks"]:
        account, task = found["debtor"], found["task"]
        path = f"/tasks/{quote(account)}/{quote(task['id'])}"
        ask(f"{path}/assign", {"assignee": WHO})
        closed = ask(f"{path}/close", {"outcome": "voicemail", "note": _NOTES["voicemail"]})["task"]
        yield Worked(
            account=account, kind=closed["kind"], outcome=closed["outcome"], numbers=tuple(closed["numbers"]), at=at
        )


def _say(chronicle: Chronicle, account: str, task: Task, day: date, orders: dict[str, str]) -> Outcome | None:
    """What the person comes to about a task today; None: not today, or never."""
    waited = (day - task.raised_on).days
    match task.kind:
        case TaskKind.CALL | TaskKind.BROKEN_PROMISE if day >= task.due_on:
            return _call(chronicle, account, task, day)
        case TaskKind.APPROVE_NOTICE if account in APPROVED:
            return Outcome(outcome="approved", note="relu avec la direction")
        case TaskKind.APPROVE_NOTICE if account in REJECTED:
            return Outcome(outcome="rejected", note="je passe les voir", on=day + timedelta(days=15))
        case TaskKind.DEAD_ADDRESS if account in clients.NEW_ADDRESS and waited >= 2:
            return Outcome(outcome="corrected", email=clients.NEW_ADDRESS[account], note="trouvée sur leur site")
        case TaskKind.ANSWER_DISPUTE if account in CREDIT_NOTE_OF and waited >= 4:
            return _credit(chronicle, account, task, day)
        case TaskKind.ANSWER_DISPUTE if account in ORDER_NUMBERS and waited >= 4:
            _find_order(chronicle, task, ORDER_NUMBERS[account], orders)
            return Outcome(outcome="corrected_invoice", note="numéro d'engagement obtenu, facture renvoyée")
        case TaskKind.SEND_DOCUMENT if waited >= 1:
            return Outcome(outcome="sent", note="duplicata et RIB envoyés")
        case TaskKind.NEGOTIATE_PLAN if account == "C105" and waited >= 1:
            on = HOME.on_or_after(day + timedelta(days=7))
            first = Money.of(clients.FIRST_INSTALMENT[account], "EUR")
            return Outcome(outcome="promised", on=on, amount=first, note="un premier versement", means="virement")
        case TaskKind.CONFIRM_CONTACT if account in CONFIRMED and waited >= 1:
            return Outcome(outcome="confirmed", email=CONFIRMED[account], note="confirmé au téléphone")
        case TaskKind.ASK_PROMISE if waited >= 1:
            return Outcome(outcome="asked", note="montant, date et moyen demandés")
        case TaskKind.UNCONFIRMED_PAYMENT if waited >= 2:
            return Outcome(outcome="not_paid", note="leur banque n'a rien émis")
        case TaskKind.INSOLVENCY if waited >= 1:
            return Outcome(outcome="confirmed", note="vu au BODACC, créance à déclarer")
        case TaskKind.REVIEW_MAIL if account == DESK and waited >= 1:
            return Outcome(outcome="nothing", note="lu")
    return None


def _call(chronicle: Chronicle, account: str, task: Task, day: date) -> Outcome | None:
    nth = 1 + sum(w.account == account and w.kind in CALLED for w in chronicle.worked)
    came_to = clients.on_the_phone(account, nth)
    if came_to is None:
        return None
    outcome, days = came_to
    if outcome != "promised":
        return Outcome(outcome=outcome, note=_NOTES.get(outcome, ""))
    on = HOME.on_or_after(day + timedelta(days=days))
    return Outcome(outcome="promised", on=on, note=f"me promet un virement le {on:%d/%m}", means="virement")


def _credit(chronicle: Chronicle, account: str, task: Task, day: date) -> Outcome | None:
    """The credit note is written first and comes with the ledger's next export; then the dispute is over."""
    number = f"AV-{account[1:]}"
    written = chronicle.books.sales.get(number)
    if written is None:
        monday = day + timedelta(days=7 - day.weekday())
        chronicle.books.sales[number] = Sale(
            number=number, account=account, issued_on=day, due_on=day, amount=CREDIT_NOTE_OF[account],
            currency="EUR", purchase_order="", entered_on=HOME.on_or_after(monday), disputed=False,
        )  # fmt: skip
        return None
    if day < written.entered_on:
        return None
    return Outcome(outcome="credit_note", note=f"avoir {number} émis")


def _find_order(chronicle: Chronicle, task: Task, order: str, orders: dict[str, str]) -> None:
    for number in task.numbers:
        orders[number] = order
        chronicle.books.sales[number] = replace(chronicle.books.sales[number], purchase_order=order)


_NOTES = {
    "voicemail": "message laissé : numéro, date, montant, échéance, mon nom et mon téléphone",
    "no_answer": "ça sonne dans le vide",
    "reached": "transmet à sa direction, me rappelle",
    "refused": "ne veut pas en parler avant son associé",
}
