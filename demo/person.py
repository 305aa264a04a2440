"""The people at the desk: one calls, agrees, corrects, resolves; the director approves; some of it, as days go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from chalicelib.domain.debtor_file import DESK, DebtorFile, Task, TaskKind
from chalicelib.domain.outcomes import Outcome
from chalicelib.pipeline.agreements import note_progress
from chalicelib.pipeline.import_statement import allocate
from chalicelib.pipeline.letters import post, prove
from chalicelib.pipeline.work_tasks import close_task
from chalicelib.ports import Parts
from demo import clients
from demo.chronicle import Chronicle, Worked
from demo.company import HOME, Sale
from demo.factur_x import page

WHO = "claire.morvan"
DIRECTOR = "helene.kerbrat"
SALES = "yann.legoff"
CALLS_A_DAY = 6
APPROVED = {"C114": 1, "C111": 21}
"""After how many days the director approves a formal notice. C111 is abroad: she has somebody visit it first."""

REJECTED = frozenset({"C115"})
POSTED = {"C114": "1A 203 114 7780 5"}
RECEIPT_DAYS = 3
CALLED = frozenset({TaskKind.CALL, TaskKind.BROKEN_PROMISE})

CREDITED = frozenset({"C104"})
"""Whose contested invoice is taken back whole by a credit note."""

UNREACHED = frozenset({"C123"})
"""What these have paid is still to be asked."""

CONFIRMED = {"C108": "solenn.bihan@armor-distribution.example"}
ORDER_NUMBERS = {"C106": "PO-24-0933"}
LEFT_LYING_DAYS = 6
"""On the last days nobody finds the time for more than calls and the court: whoever looks then finds a living desk."""


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
        if task.kind is TaskKind.ANSWER_DISPUTE and account in CREDITED:
            _credit(parts, chronicle, account, task, day=day, at=at)
            continue
        if task.kind is TaskKind.POST_LETTER and account in POSTED:
            post(parts, account, task.note, tracking=POSTED[account], at=at, who=WHO)
            chronicle.posted[account] = (task.note, day)
            yield Worked(
                account=account, kind=task.kind.value, outcome="posted", numbers=task.numbers, at=at, id=task.id
            )
            continue
        said = _say(chronicle, account, task, day, orders)
        if said is None:
            continue
        calls += task.kind in CALLED
        file = close_task(parts, account, task.id, said, at=at, who=_who(task))
        if said.outcome == "agreed":
            chronicle.plans[account] = _instalments(file, task)
        yield Worked(
            account=account, kind=task.kind.value, outcome=said.outcome, numbers=task.numbers, at=at, on=said.on,
            amount=said.amount.amount if said.amount else None, said=said.message if task.kind in CALLED else "",
            id=task.id,
        )  # fmt: skip
    _receipts(parts, chronicle, day=day, at=at)


def _who(task: Task) -> str:
    match task.kind:
        case TaskKind.APPROVE_NOTICE | TaskKind.CHOOSE_ACTION:
            return DIRECTOR
        case TaskKind.CREDIT_HOLD:
            return SALES
    return WHO


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


def _instalments(file: DebtorFile, task: Task) -> tuple[tuple[date, Decimal], ...]:
    """What was just agreed, as it was said to the client."""
    plan = next(p for p in file.plans.values() if p.runs and p.id.startswith(f"plan-{task.id}-"))
    return tuple((i.due_on, i.amount.amount) for i in plan.instalments)


def _receipts(parts: Parts, chronicle: Chronicle, *, day: date, at: datetime) -> None:
    """The post brings back the receipts that debtors signed; each is scanned."""
    for account, (letter_id, posted_on) in chronicle.posted.items():
        if account not in chronicle.proven and (day - posted_on).days >= RECEIPT_DAYS:
            scan = page(["Accusé de réception", f"N° {POSTED[account]}", chronicle.books.clients[account].name])
            prove(parts, account, letter_id, scan, on=day, at=at, who=WHO)
            chronicle.proven.add(account)


def work_by_routes(ask: Callable[..., Any], *, at: datetime) -> Iterator[Worked]:
    """Today, as an operator's own program would: take the first open call with its sheet, say what came of it."""
    for found in ask("/tasks?kind=call&limit=1")["tasks"]:
        account, task = found["debtor"], found["task"]
        path = f"/tasks/{quote(account)}/{quote(task['id'])}"
        ask(f"{path}/assign", {"assignee": WHO})
        ask(f"{path}/call-sheet")
        closed = ask(f"{path}/close", {"outcome": "voicemail", "note": "message laissé"})["task"]
        yield Worked(
            account=account, kind=closed["kind"], outcome=closed["outcome"], numbers=tuple(closed["numbers"]), at=at,
            id=closed["id"],
        )  # fmt: skip


def _say(chronicle: Chronicle, account: str, task: Task, day: date, orders: dict[str, str]) -> Outcome | None:
    """What the person comes to about a task today; None: not today, or never."""
    waited = (day - task.raised_on).days
    if task.kind in CALLED:
        return _call(chronicle, account, day) if day >= task.due_on else None
    if task.kind is TaskKind.CHOOSE_ACTION and account in POSTED and waited >= 1:
        return Outcome(outcome="court_order", note="injonction de payer, le dossier est prêt")
    if (chronicle.last_day - day).days < LEFT_LYING_DAYS:
        return None
    match task.kind:
        case TaskKind.APPROVE_NOTICE if account in APPROVED:
            return _approve(account, day) if waited >= APPROVED[account] else None
        case TaskKind.APPROVE_NOTICE if account in REJECTED and not _done(chronicle, account, task.kind):
            return Outcome(outcome="rejected", note="je passe les voir", on=day + timedelta(days=15))
        case TaskKind.CREDIT_HOLD if waited >= 1:
            return Outcome(outcome="hold", note="plus de livraison sans paiement d'avance")
        case TaskKind.DEAD_ADDRESS if account in clients.NEW_ADDRESS and waited >= 2:
            return Outcome(outcome="corrected", email=clients.NEW_ADDRESS[account], note="trouvée sur leur site")
        case TaskKind.WRONG_PHONE if account in clients.RIGHT_NUMBER and waited >= 2:
            return Outcome(outcome="corrected", phone=clients.RIGHT_NUMBER[account], note="demandé au standard")
        case TaskKind.ANSWER_DISPUTE if account in ORDER_NUMBERS and waited >= 4:
            _find_order(chronicle, task, ORDER_NUMBERS[account], orders)
            return Outcome(outcome="corrected_invoice", note="numéro d'engagement obtenu, facture renvoyée")
        case TaskKind.SEND_DOCUMENT if waited >= 1:
            return Outcome(outcome="sent", note="duplicata et RIB envoyés")
        case TaskKind.NEGOTIATE_PLAN if account == "C105" and waited >= 1:
            return Outcome(outcome="agreed", note="un tiers tout de suite, puis 15 et 30 jours", means="transfer")
        case TaskKind.CONFIRM_CONTACT if account in CONFIRMED and waited >= 1:
            return Outcome(outcome="confirmed", email=CONFIRMED[account], note="confirmé au téléphone")
        case TaskKind.ASK_PROMISE if waited >= 1:
            return Outcome(outcome="asked", note="montant, date et moyen demandés")
        case TaskKind.UNCONFIRMED_PAYMENT if waited >= 2:
            return Outcome(outcome="not_paid", note="leur banque n'a rien émis")
        case TaskKind.INSOLVENCY if waited >= 1:
            judged_on = task.raised_on - timedelta(days=4)
            return Outcome(outcome="confirmed", on=task.raised_on, since=judged_on, note="vu au BODACC")
        case TaskKind.REVIEW_MAIL if account == DESK and waited >= 1:
            return Outcome(outcome="nothing", note="lu")
        case TaskKind.REVIEW_MAIL:
            return _read(chronicle, task, day)
    return None


def _read(chronicle: Chronicle, task: Task, day: date) -> Outcome | None:
    """A mail that the program did not dare to act on: a person sees at once that it is a promise."""
    said = next((said for said in chronicle.said if said.id == task.mail), None)
    for meaning in said.means if said else ():
        if meaning.kind == "promise" and meaning.day and meaning.day >= day:
            return Outcome(outcome="promised", on=meaning.day, note="promesse claire, relue", means="transfer")
    return None


def _done(chronicle: Chronicle, account: str, kind: TaskKind) -> bool:
    return any(w.account == account and w.kind == kind for w in chronicle.worked)


def _approve(account: str, day: date) -> Outcome:
    """One as it stands, one with a later deadline and a sentence of the director's own."""
    if account != "C114":
        return Outcome(outcome="approved", note="visite restée sans suite")
    return Outcome(
        outcome="edited", on=day + timedelta(days=15), note="je laisse quelques jours de plus",
        message="Un échéancier écrit reste possible si vous nous appelez avant cette date.",
    )  # fmt: skip


def _call(chronicle: Chronicle, account: str, day: date) -> Outcome | None:
    nth = 1 + sum(w.account == account and w.kind in CALLED for w in chronicle.worked)
    came_to = clients.on_the_phone(account, nth)
    if came_to is None:
        return None
    if came_to.outcome == "promised":
        on = HOME.on_or_after(day + timedelta(days=came_to.days))
        return Outcome(outcome="promised", on=on, note=f"me promet un virement le {on:%d/%m}", means="transfer")
    means = "transfer" if came_to.outcome == "agreed" else ""
    return Outcome(
        outcome=came_to.outcome, cause=came_to.cause, note=came_to.note, message=came_to.said, means=means
    )


def _credit(parts: Parts, chronicle: Chronicle, account: str, task: Task, *, day: date, at: datetime) -> None:
    """Have a credit note written. It comes with the books' next export, and ends the dispute by itself."""
    number = f"AV-{account[1:]}"
    file = parts.store.load(account)
    dispute = next((d for d in file.disputes.values() if d.is_open), None) if file else None
    if number in chronicle.books.sales or dispute is None or (day - task.raised_on).days < 4:
        return
    contested = chronicle.books.sales[task.numbers[0]]
    monday = day + timedelta(days=7 - day.weekday())
    chronicle.books.sales[number] = Sale(
        number=number, account=account, issued_on=day, due_on=day, amount=-contested.amount, currency="EUR",
        purchase_order="", entered_on=HOME.on_or_after(monday), disputed=False, takes_back=contested.number,
    )  # fmt: skip
    note_progress(parts, account, dispute.id, f"avoir {number} établi", at=at, who=WHO)


def _find_order(chronicle: Chronicle, task: Task, order: str, orders: dict[str, str]) -> None:
    for number in task.numbers:
        orders[number] = order
        chronicle.books.sales[number] = replace(chronicle.books.sales[number], purchase_order=order)
