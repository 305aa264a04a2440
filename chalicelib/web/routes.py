"""The JSON routes: the tasks, a debtor's file with what comes next and why, its journal, and how fresh we are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

from chalice.app import Blueprint

from chalicelib import bootstrap
from chalicelib.domain.calendar import local_day
from chalicelib.domain.debtor_file import DebtorFile, Task
from chalicelib.domain.numbers import average_days_late, ratios
from chalicelib.domain.outcomes import OUTCOMES
from chalicelib.domain.plans import NEGOTIATING, Offer, missing, offers
from chalicelib.domain.propose import propose
from chalicelib.domain.reliability import reliability
from chalicelib.pipeline.keep import UnknownDebtor, load, office_of
from chalicelib.pipeline.work_tasks import NoSuchTask, assign_task, close_task, list_tasks, sheet_of
from chalicelib.web.answering import Conflict, answering, caller
from chalicelib.web.shapes import read_assignee, read_count, read_flag, read_outcome

PAGE = 50
LARGEST_PAGE = 200

routes = Blueprint(__name__)


@answering(routes, "/numbers")
def numbers() -> Any:
    """The last snapshot of the whole ledger: one row is read. Before the first morning there is none: null."""
    latest = bootstrap.numbers_store().latest()
    if latest is None:
        return {"numbers": None}
    return {"numbers": latest, "ratios": ratios(latest), "average_days_late": average_days_late(latest.paid)}


@answering(routes, "/tasks")
def tasks() -> Any:
    """Open tasks, the earliest due first: ?kind=, ?assignee=, ?overdue=true, ?limit=, ?after= (`next` of a page)."""
    limit = read_count(_query("limit"), "limit", default=PAGE, most=LARGEST_PAGE)
    today = _today() if read_flag(_query("overdue"), "overdue") else None
    found = sorted(_chosen(today), key=lambda pair: _place(*pair))
    after = _query("after")
    page = list(islice((pair for pair in found if _place(*pair) > after), limit + 1))
    return {
        "tasks": [{"debtor": debtor_id, "task": task} for debtor_id, task in page[:limit]],
        "next": _place(*page[limit - 1]) if len(page) > limit else None,
    }


@answering(routes, "/tasks/{debtor_id}/{task_id}")
def task(debtor_id: str, task_id: str) -> Any:
    """One task, open or closed, with the outcomes that close it and the invoices that it is about."""
    file = _whole(debtor_id)
    found = file.tasks.get(task_id)
    if found is None:
        raise NoSuchTask(f"debtor {debtor_id} has no task {task_id!r}")
    return {
        "debtor": file.debtor,
        "task": found,
        "outcomes": sorted(OUTCOMES.get(found.kind, {"done"})) if found.is_open else [],
        "cases": [case for number, case in file.cases.items() if number in found.numbers],
        "contacts": list(file.contacts.values()),
        "offers": _offers(file, found),
    }


@answering(routes, "/tasks/{debtor_id}/{task_id}/call-sheet")
def sheet(debtor_id: str, task_id: str) -> Any:
    """Whom to call, about what, what is known of them, what to obtain, and what to leave as a message."""
    found = sheet_of(bootstrap.parts(), debtor_id, task_id, at=bootstrap.now())
    return {"sheet": found, "reliability": found.reliability, "message": bootstrap.call_sheets().message(found)}


@answering(routes, "/tasks/{debtor_id}/{task_id}/assign", method="POST")
def assign(debtor_id: str, task_id: str) -> Any:
    """Give an open task to somebody: {"assignee": "…"}."""
    parts, who = bootstrap.parts(), caller(routes)
    assignee = read_assignee(routes.current_request.json_body)
    try:
        file = assign_task(parts, debtor_id, task_id, assignee=assignee, at=bootstrap.now(), who=who)
    except NoSuchTask as error:
        raise gone(debtor_id, task_id, error) from error
    return {"debtor": debtor_id, "task": file.tasks[task_id]}


@answering(routes, "/tasks/{debtor_id}/{task_id}/close", method="POST")
def close(debtor_id: str, task_id: str) -> Any:
    """Close an open task: {"outcome": "…", "note": …, "on": …, "amount": …, "means": …, "email": …}."""
    parts, who = bootstrap.parts(), caller(routes)
    said = read_outcome(routes.current_request.json_body)
    try:
        close_task(parts, debtor_id, task_id, said, at=bootstrap.now(), who=who)
    except NoSuchTask as error:
        raise gone(debtor_id, task_id, error) from error
    return {"debtor": debtor_id, "task": _whole(debtor_id).tasks[task_id]}


@answering(routes, "/debtors/{debtor_id}")
def debtor(debtor_id: str) -> Any:
    """The live part of a file, and what the program will do next about each invoice, and why."""
    parts, at = bootstrap.parts(), bootstrap.now()
    file = load(parts, debtor_id)
    plan = propose(file, office_of(parts), at=at)
    held = {hold.number: hold for hold in plan.held}
    proposed = {number: proposal for proposal in plan.proposals for number in proposal.numbers}
    return {
        "debtor": file.debtor,
        "at": at,
        "owed": [file.owed(currency) for currency in sorted({c.balance.currency for c in file.open_cases()})],
        "unallocated": list(file.credits.values()),
        "last_contact_on": file.last_contact_on,
        "insolvent_since_on": file.insolvent_since_on,
        "next_action_at": plan.next_action_at,
        "next": [{"action": p.action, "step": p.step, "numbers": p.numbers, "why": p.reason} for p in plan.proposals],
        "cases": [
            {"case": case, "steps": file.progress().get(case.number, {}), **_fate(case.number, held, proposed)}
            for case in file.open_cases()
        ],
        "contacts": list(file.contacts.values()),
        "tasks": file.open_tasks(),
        "promises": list(file.promises.values()),
        "claims": list(file.claims.values()),
        "plans": [
            {"plan": p, "missing": missing(p, file) if p.runs else ()} for p in file.plans.values()
        ],
        "word": {**vars(reliability(file)), "told": str(reliability(file))},
        "disputes": list(file.disputes.values()),
        "blocks": list(file.blocks.values()),
        "credit_held_since_on": file.credit_held_since_on,
        "notices": list(file.notices.values()),
        "orders": file.open_orders(),
        "waiting": list(plan.waiting),
        "calls": list(file.calls.values()),
    }


@answering(routes, "/debtors/{debtor_id}/journal")
def journal(debtor_id: str) -> Any:
    """Everything that happened to a debtor, in order: ?limit=, ?after= (`next` of a page)."""
    limit = read_count(_query("limit"), "limit", default=PAGE, most=LARGEST_PAGE)
    after = read_count(_query("after"), "after", default=0, most=10**8)
    parts = bootstrap.parts()
    load(parts, debtor_id)
    entries = list(islice((e for e in parts.store.journal(debtor_id) if e.seq > after), limit + 1))
    return {
        "entries": [
            {"seq": e.seq, "at": e.at, "who": e.who, "why": e.why, "event": type(e.event).__name__, "facts": e.event}
            for e in entries[:limit]
        ],
        "next": entries[limit - 1].seq if len(entries) > limit else None,
    }


@answering(routes, "/health")
def health() -> Any:
    """When payments and mailbox were last read, and whether that makes us blind (then nobody is chased, and why)."""
    parts, at = bootstrap.parts(), bootstrap.now()
    office = office_of(parts)
    blind = office.health.blind(office.policy("standard"), at)
    return {"at": at, "blind": bool(blind), "why": blind, **vars(office.health)}


def _fate(number: str, held: dict[str, Any], proposed: dict[str, Any]) -> dict[str, Any]:
    """What happens to one invoice now, or what holds it and until when."""
    if number in proposed:
        return {
            "does": proposed[number].action,
            "step": dict(proposed[number].takes)[number],
            "why": proposed[number].reason,
        }
    hold = held[number]
    return {"held": hold.hold, "step": hold.step, "why": hold.reason, "until": hold.until}


def _offers(file: DebtorFile, task: Task) -> list[Offer]:
    """The payment plans that the policy allows to offer, ready to be said, where a task negotiates one."""
    if task.kind not in NEGOTIATING or not task.is_open:
        return []
    return offers(file, task.numbers, office_of(bootstrap.parts()), on=_today())


def _chosen(today: date | None) -> Iterator[tuple[str, Task]]:
    found = list_tasks(bootstrap.parts(), kind=_query("kind"), assignee=_query("assignee"))
    return ((debtor_id, t) for debtor_id, t in found if today is None or t.due_on < today)


def _place(debtor_id: str, task: Task) -> str:
    """Where a task stands in the list: a page goes on after it even if it has been closed meanwhile."""
    return f"{task.due_on}/{debtor_id}/{task.id}"


def gone(debtor_id: str, task_id: str, error: NoSuchTask) -> Exception:
    """Why a task cannot be worked: it never was, or somebody has closed it."""
    closed = _whole(debtor_id).tasks.get(task_id)
    if closed is None or closed.closed_at is None:
        return error
    by = f" by {closed.closed_by}" if closed.closed_by else ""
    return Conflict(f"task {task_id} was closed{by} at {closed.closed_at:%Y-%m-%d %H:%M} UTC: {closed.outcome}")


def _whole(debtor_id: str) -> DebtorFile:
    file = bootstrap.parts().store.load(debtor_id, whole=True)
    if file is None:
        raise UnknownDebtor(f"no debtor {debtor_id!r}")
    return file


def _today() -> date:
    return local_day(bootstrap.now(), bootstrap.parts().offices.creditor().zone)


def _query(name: str) -> str:
    asked = routes.current_request.query_params
    return (asked.get(name) if asked else None) or ""
