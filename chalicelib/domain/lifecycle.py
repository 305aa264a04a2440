"""What a status of an invoice's life does to the debtor's file: the buyer's own answer, given through its platform.

Refused or in dispute: the invoice leaves the chasing, with a task. Payment sent or cashed: a claim of payment, which
holds chasing until the bank confirms. Suspended: a document is missing. All else is noted in the journal and on the
case. A status that comes twice, or later than a newer one, changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.domain import disputes
from chalicelib.domain import events as e
from chalicelib.domain.calendar import local_day
from chalicelib.domain.creditor import Office
from chalicelib.domain.debtor_file import (
    Block,
    BlockKind,
    Case,
    DebtorFile,
    Dispute,
    PaymentClaim,
    Task,
    TaskKind,
)
from chalicelib.domain.money import Money, total

Happened = tuple[e.Event, str]

STATUSES = {
    "200": "deposited", "201": "issued", "202": "received", "203": "made available", "204": "taken in hand",
    "205": "approved", "206": "partly approved", "207": "in dispute", "208": "suspended", "209": "completed",
    "210": "refused", "211": "payment sent", "212": "cashed", "213": "rejected", "214": "endorsed", "220": "cancelled",
    "221": "not routed", "224": "direct payment requested", "225": "assigned to a factor",
    "226": "assigned to a factor in confidence", "227": "account to pay changed", "228": "no longer with a factor",
}  # fmt: skip
"""The French statuses in words: 200 to 213 are those of the reform, the others as platforms name them."""

DISPUTED = frozenset({"206", "207", "210", "213", "221"})
PAID = frozenset({"211", "212"})
LOOK = frozenset({"220", "224", "225", "226", "227", "228"})
"""Somebody else may be the one to pay, or to be paid: a person looks."""
_SETTLES = frozenset({"205", "211", "212"})
"""After one of these, what a status had put in dispute is so no longer."""

_AMOUNTS = {"MPA": "paid", "MEN": "cashed"}
_REASONS = {
    "TX_TVA_ERR": "price", "MONTANTTOTAL_ERR": "price", "CALCUL_ERR": "price", "PU_ERR": "price", "REM_ERR": "price",
    "QTE_ERR": "quantity", "ART_ERR": "quality", "QUALITE_ERR": "quality", "LIVR_INCOMP": "not_delivered",
    "TRANSAC_INC": "not_ordered", "CONTRAT_TERM": "not_ordered", "DOUBLON": "duplicate", "DOUBLE_FACT": "duplicate",
    "CMD_ERR": "missing_reference", "REF_CT_ABSENT": "missing_reference", "REF_ERR": "missing_reference",
    "SIRET_ERR": "missing_reference", "CODE_ROUTAGE_ERR": "missing_reference", "NON_CONFORME": "missing_reference",
}  # fmt: skip
"""Reason codes of the French list, as our reason for a dispute; one that is not named here is "other"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceStatus:
    """One status of one invoice from a lifecycle message: what the buyer (or a platform) says of it, and since when."""

    id: str  # of the message, with the place of the status in it
    number: str
    code: str
    on: date
    from_role: str = ""  # UNCL 3035: BY buyer, SE seller, WK platform …
    from_siren: str = ""
    issued_on: date | None = None  # of the invoice
    reasons: tuple[str, ...] = ()  # codes, for example TX_TVA_ERR
    words: str = ""  # what is said beside the codes
    amounts: tuple[tuple[str, Money], ...] = ()  # (type, amount): MEN cashed, MPA paid …

    @property
    def mail(self) -> str:
        """What the journal knows it by: the same status is applied once."""
        return f"status-{hashlib.sha256(f'{self.id}/{self.number}/{self.code}'.encode()).hexdigest()[:24]}"

    def __str__(self) -> str:
        why = "; ".join(part for part in (", ".join(self.reasons), self.words) if part)
        return f"{STATUSES[self.code]} on {self.on}" + (f" ({why})" if why else "")


def apply_status(file: DebtorFile, status: InvoiceStatus, office: Office, *, at: datetime) -> list[Happened]:
    """The entries that a status causes. The caller sees to it that the same message is applied once."""
    case = file.cases.get(status.number)
    what = f"{status.number} is {status}"
    came = e.ReplyReceived(
        mail=status.mail, kind="status", intents=(STATUSES[status.code].replace(" ", "_"),), decision="apply",
        sender=status.from_siren,
    )  # fmt: skip
    happened: list[Happened] = [(came, what)]
    if case is None or (case.buyer_status_on and case.buyer_status_on > status.on):
        return happened  # settled and gone, or a newer status is known: on record only
    happened.append((e.BuyerStatusNoted(number=case.number, status=status.code, on=status.on), what))
    if case.is_open:
        happened += _effects(file, case, status, office, at)
    return happened


def _effects(file: DebtorFile, case: Case, status: InvoiceStatus, office: Office, at: datetime) -> Iterator[Happened]:
    policy, calendar = office.policy(file.debtor.policy), office.creditor.calendar
    today = local_day(at, office.creditor.zone)
    due_on = calendar.add(today, policy.review_due_business_days)
    if status.code in _SETTLES:
        yield from _settle(file, case, status, at)
    if status.code in DISPUTED and file.dispute_on(case.number) is None:
        reason = next((_REASONS[code] for code in status.reasons if code in _REASONS), "other")
        dispute = Dispute(
            id=f"{_PREFIX}{status.mail[-8:]}", numbers=(case.number,), reason=reason, opened_on=status.on,
            owner=disputes.owner_of(file, office.creditor), mail=status.mail,
        )  # fmt: skip
        why = f"{case.number} is {status}: find out and resolve"
        yield e.DisputeOpened(dispute=dispute), why
        yield _task(TaskKind.ANSWER_DISPUTE, case, status, why, today, due_on, assignee=file.debtor.sales_rep)
    elif status.code in PAID and file.claim_on(case.number) is None:
        yield _claim(case, status, office, file, today)
    elif status.code == "208":
        why = f"{case.number} is {status}: send what the client needs to pay"
        until = today + timedelta(days=policy.document_pause_days)
        block = Block(
            id=f"{_PREFIX}{status.mail[-8:]}", kind=BlockKind.DOCUMENT, reason=why, placed_on=today, until=until,
            numbers=(case.number,),
        )  # fmt: skip
        yield e.BlockPlaced(block=block), why
        yield _task(TaskKind.SEND_DOCUMENT, case, status, why, today, due_on)
    elif status.code in LOOK:
        why = f"{case.number} is {status}: see who owes it now, and to whom"
        yield _task(TaskKind.CHECK_INVOICE, case, status, why, today, due_on)


_PREFIX = "status-"


def _settle(file: DebtorFile, case: Case, status: InvoiceStatus, at: datetime) -> Iterator[Happened]:
    """Disputes that a status opened end when the buyer approves or pays; those that a person wrote of do not."""
    why = f"{case.number} is {status}"
    for dispute in file.disputes.values():
        if dispute.is_open and dispute.numbers == (case.number,) and dispute.id.startswith(_PREFIX):
            resolution = STATUSES[status.code].replace(" ", "_")
            yield e.DisputeResolved(dispute_id=dispute.id, resolution=resolution, on=status.on), why
            for task in file.open_tasks():
                if task.kind is TaskKind.ANSWER_DISPUTE and task.mail == dispute.mail:
                    yield e.TaskClosed(task_id=task.id, outcome="void", note=why, at=at), why


def _claim(case: Case, status: InvoiceStatus, office: Office, file: DebtorFile, today: date) -> Happened:
    said = [m for kind, m in status.amounts if kind in _AMOUNTS and m.currency == case.balance.currency]
    days = office.policy(file.debtor.policy).claim_hold_business_days
    claim = PaymentClaim(
        id=f"{_PREFIX}{status.mail[-8:]}", numbers=(case.number,), claimed_on=today,
        hold_on=office.creditor.calendar.add(max(today, min(status.on, today + timedelta(days=10))), days),
        paid_on=status.on, amount=total(said, case.balance.currency) if said else None, mail=status.mail,
    )  # fmt: skip
    why = f"{case.number} is {status}; to be seen at the bank by {claim.hold_on}"
    return e.PaymentClaimed(claim=claim), why


def _task(
    kind: TaskKind, case: Case, status: InvoiceStatus, why: str, today: date, due_on: date, assignee: str = ""
) -> Happened:
    task = Task(
        id=f"{today:%Y%m%d}-{kind}-{status.mail[-8:]}", kind=kind, raised_on=today, due_on=due_on, reason=why,
        numbers=(case.number,), at_stake=case.balance, mail=status.mail, assignee=assignee,
    )  # fmt: skip
    return e.TaskRaised(task=task), why
