"""Today: what a person must do now and why, the most money and the oldest first; and what the program did meanwhile.

The list stands beside what is open of it. Every act answers with both, so that a script can put them in place and the
keyboard stays where it was; without a script the same forms load the page anew.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.domain.calendar import local_day
from chalicelib.domain.call_sheet import CALLS, call_sheet
from chalicelib.domain.debtor_file import DESK, Case, DebtorFile, Task, TaskKind
from chalicelib.domain.findings import told_whole
from chalicelib.domain.formal_notice import FormalNotice, draft
from chalicelib.domain.plans import offers
from chalicelib.domain.worklist import SECTIONS, Item, days_left
from chalicelib.errors import BadInput
from chalicelib.pipeline.day import MOST, Chosen, Day, day_of
from chalicelib.pipeline.keep import UnknownDebtor, load, office_of
from chalicelib.pipeline.work_tasks import (
    NoSuchTask,
    assign_task,
    close_task,
    has_followed,
    reopen_task,
    snooze_task,
    unsnooze_task,
)
from chalicelib.web.pages import today_form, today_words
from chalicelib.web.pages.guard import Denied, Visit, act, page
from chalicelib.web.pages.marked import N_
from chalicelib.web.pages.render import short_day, texts
from chalicelib.web.pages.session import Role

HERE = "/ops/today"
FILTERS = ("section", "who", "when", "after")
MINE, NOBODY = "me", "nobody"
LONGEST_NAME = 120
CASES_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Row:
    """One task as the list shows it."""

    item: Item
    name: str
    anchor: str
    path: str
    left: int | None

    @property
    def task(self) -> Task:
        return self.item.task


@dataclass(frozen=True, kw_only=True)
class Toast:
    said: str
    undo: str = ""


@page("/ops/today", Role.VIEWER)
def today(visit: Visit) -> Response:
    return _show(visit)


@page("/ops/today/{debtor_id}/{task_id}", Role.VIEWER)
def opened(visit: Visit, debtor_id: str, task_id: str) -> Response:
    """A task beside the list, or for the script alone; `do` opens its form, `snooze` that of putting it off."""
    # Going back in the browser asks for the page as a piece, too.
    if visit.is_piece and visit.headers.get("hx-history-restore-request") != "true":
        return visit.show("today/panel.html.j2", **{**_words(visit), **_panel(visit, debtor_id, task_id)})
    return _show(visit, (debtor_id, task_id))


@act("/ops/today/{debtor_id}/{task_id}/assign", Role.COLLECTOR)
def assign(visit: Visit, debtor_id: str, task_id: str) -> Response:
    """To me, to a colleague, or (an empty name) to nobody."""
    t = texts(visit.language)
    to = visit.said("to") or visit.query.get("to", "")
    to = visit.who if to == MINE else "" if to == NOBODY else to
    if len(to) > LONGEST_NAME:
        raise BadInput("to", "no name is so long", f"{LONGEST_NAME} characters at most")
    try:
        before = _task(load(bootstrap.parts(), debtor_id), task_id).assignee
        assign_task(bootstrap.parts(), debtor_id, task_id, assignee=to, at=visit.at, who=visit.who)
    except NoSuchTask:
        return _answer(visit, _lost(visit))
    if not to:
        said = t.gettext("Given to nobody")
    else:
        said = t.gettext("Assigned to you") if to == visit.who else t.gettext("Assigned to %(name)s") % {"name": to}
    undo = _path(debtor_id, task_id, "assign", to=before or NOBODY) if before != to else ""
    return _answer(visit, Toast(said=said, undo=undo))


@act("/ops/today/{debtor_id}/{task_id}/snooze", Role.COLLECTOR)
def snooze(visit: Visit, debtor_id: str, task_id: str) -> Response:
    t = texts(visit.language)
    try:
        until = _day(visit.said("until"))
        before = snooze_task(
            bootstrap.parts(), debtor_id, task_id, until=until, reason=visit.said("reason"), at=visit.at, who=visit.who
        )
    except NoSuchTask:
        return _answer(visit, _lost(visit))
    except BadInput as error:
        told = {error.where: t.gettext(_WRONG_SNOOZE.get(error.where, _WRONG_SNOOZE["until"]))}
        return _again(visit, debtor_id, task_id, told, mode="snooze")
    said = t.gettext("Put off until %(day)s") % {"day": short_day(until, visit.language)}
    undo = _path(debtor_id, task_id, "unsnooze", back=before.isoformat())
    return _answer(visit, Toast(said=said, undo=undo))


@act("/ops/today/{debtor_id}/{task_id}/unsnooze", Role.COLLECTOR)
def unsnooze(visit: Visit, debtor_id: str, task_id: str) -> Response:
    t = texts(visit.language)
    back_to = _day(visit.query.get("back", "") or visit.at.date().isoformat())
    try:
        unsnooze_task(bootstrap.parts(), debtor_id, task_id, back_to=back_to, at=visit.at, who=visit.who)
    except NoSuchTask:
        return _answer(visit, _lost(visit))
    return _answer(visit, Toast(said=t.gettext("Due again")))


@act("/ops/today/{debtor_id}/{task_id}/do", Role.COLLECTOR)
def do(visit: Visit, debtor_id: str, task_id: str) -> Response:
    """Close a task with what came of it."""
    t = texts(visit.language)
    parts = bootstrap.parts()
    try:
        file = load(parts, debtor_id)
        task = _task(file, task_id)
        if task.kind is TaskKind.APPROVE_NOTICE and not visit.may(Role.MANAGER):
            raise Denied("a manager approves formal notices")
        said = today_form.read(visit, task, _currency(file, task))
        close_task(parts, debtor_id, task_id, said, at=visit.at, who=visit.who)
    except NoSuchTask:
        return _answer(visit, _lost(visit))
    except BadInput as error:
        where, what = today_form.field_of(error, visit.said("outcome"))
        told = t.gettext(what) if what else t.gettext("This cannot be noted as it stands.")
        detail = "" if what else told_whole(error, visit.language)
        return _again(visit, debtor_id, task_id, {where: told}, mode="do", detail=detail)
    label = next(c.label for c in today_form.choices(task, file, t.gettext, visit.language) if c.value == said.outcome)
    if has_followed(parts, debtor_id, task_id, at=visit.at):
        told = t.gettext("Noted: %(what)s. What follows from it is changed in the debtor’s file.") % {"what": label}
        return _answer(visit, Toast(said=told))
    told = t.gettext("Noted: %(what)s") % {"what": label}
    return _answer(visit, Toast(said=told, undo=_path(debtor_id, task_id, "reopen")))


@act("/ops/today/{debtor_id}/{task_id}/reopen", Role.COLLECTOR)
def reopen(visit: Visit, debtor_id: str, task_id: str) -> Response:
    """Take a closing back that nothing has followed from."""
    t = texts(visit.language)
    try:
        file = bootstrap.parts().store.load(debtor_id, whole=True)
        task = file.tasks.get(task_id) if file else None
        if task and task.kind is TaskKind.APPROVE_NOTICE and not visit.may(Role.MANAGER):
            raise Denied("a manager approves formal notices")
        reopen_task(bootstrap.parts(), debtor_id, task_id, at=visit.at, who=visit.who)
    except (BadInput, NoSuchTask):
        return _answer(visit, Toast(said=t.gettext("This can no longer be taken back here: see the debtor’s file.")))
    return _answer(visit, Toast(said=t.gettext("Taken back: the task is open again")))


_WRONG_SNOOZE = {
    "until": N_("Give a day after today, within three months, and before any legal deadline."),
    "reason": N_("Say why, in a few words."),
}


def _answer(visit: Visit, toast: Toast) -> Response:
    """After an act: the list anew for the script, else the page by itself."""
    if visit.is_piece:
        return visit.show("today/work.html.j2", **_words(visit), **_list(visit), told=toast)
    return visit.go(HERE, said=toast.said, undo=toast.undo, **_filters(visit))


def _again(
    visit: Visit, debtor_id: str, task_id: str, errors: dict[str, str], *, mode: str, detail: str = ""
) -> Response:
    """The same form with what was typed, and what is wrong with it."""
    try:
        panel = _panel(visit, debtor_id, task_id, errors=errors, mode=mode, detail=detail)
    except NoSuchTask:
        return _answer(visit, _lost(visit))
    if visit.is_piece:  # a script puts in place only what answers with success
        return visit.show("today/panel.html.j2", **{**_words(visit), **panel})
    facts = {**_words(visit), **_list(visit), **panel}
    return visit.show("today/today.html.j2", status=HTTPStatus.UNPROCESSABLE_ENTITY, told=None, **facts)


def _lost(visit: Visit) -> Toast:
    return Toast(said=texts(visit.language).gettext("Somebody has closed this task meanwhile: nothing was changed."))


def _show(visit: Visit, open_: tuple[str, str] | None = None) -> Response:
    facts = {**_words(visit), **_list(visit), "told": None}
    if open_:
        try:
            facts |= _panel(visit, *open_)
        except (NoSuchTask, UnknownDebtor):
            # A link from yesterday: the work is shown all the same.
            facts["told"] = Toast(said=texts(visit.language).gettext("This task is closed, or never was."))
    return visit.show("today/today.html.j2", **facts)


def _words(visit: Visit) -> dict[str, Any]:
    """What every template of Today needs: the words by what they stand for, and links that keep the filters."""
    filters = _filters(visit)
    return {
        "w": today_words,
        "filters": filters,
        "here": lambda **changed: visit.url(HERE, **{**filters, "after": "", **changed}),
        "to": lambda path, **more: _with(visit.url(path), {**filters, **more}),
        "tel": lambda phone: re.sub(r"[^0-9+]", "", phone),
        "opened": None,
        "me": visit.who,
    }


def _list(visit: Visit) -> dict[str, Any]:
    filters = _filters(visit)
    chosen = Chosen(
        section=filters.get("section", ""),
        assignee=visit.who if filters.get("who") == MINE else "",
        unassigned=filters.get("who") == NOBODY,
        later=filters.get("when") == "later",
        after=filters.get("after", ""),
    )
    day = day_of(bootstrap.parts(), bootstrap.numbers_store(), chosen, me=visit.who, at=visit.at)
    on = local_day(visit.at, day.office.creditor.zone)
    rows = [_row(visit, item, day, on) for item in day.items]
    if chosen.later or chosen.section:
        groups = [(chosen.section, rows)] if rows else []
    else:
        groups = [(s, found) for s in SECTIONS if (found := [row for row in rows if row.item.section == s])]
    return {"day": day, "on": on, "groups": groups, "chosen": chosen, "people": _people(visit, day), "most": MOST}


def _row(visit: Visit, item: Item, day: Day, on: date) -> Row:
    known = day.debtors.get(item.debtor_id)
    desk = texts(visit.language).gettext("No debtor: your own desk")
    made_of = hashlib.sha256(f"{item.debtor_id}\0{item.task.id}".encode()).hexdigest()[:12]
    return Row(
        item=item,
        name=known.name if known else desk if item.debtor_id == DESK else item.debtor_id,
        anchor=f"task-{made_of}",
        path=_path(item.debtor_id, item.task.id),
        left=days_left(item.task, on),
    )


def _panel(
    visit: Visit, debtor_id: str, task_id: str, *, errors: dict[str, str] | None = None, mode: str = "",
    detail: str = "",
) -> dict[str, Any]:  # fmt: skip
    """One task with all that is needed to do it: the file of one debtor is read, whatever the size of the ledger."""
    parts = bootstrap.parts()
    office = office_of(parts)
    on = local_day(visit.at, office.creditor.zone)
    file = parts.store.load(debtor_id, whole=True) if debtor_id != DESK else load(parts, DESK)
    if file is None:
        raise UnknownDebtor(f"no debtor {debtor_id!r}")
    task = _task(file, task_id)
    t = texts(visit.language)
    cases = [case for case in file.open_cases() if case.number in task.numbers]
    approves = task.kind is TaskKind.APPROVE_NOTICE
    sheet = call_sheet(file, task, office, on=on) if task.kind in CALLS else None
    return {
        "opened": task,
        "file": file,
        "path_of_task": _path(debtor_id, task_id),
        "on": on,
        "name": t.gettext("No debtor: your own desk") if debtor_id == DESK else file.debtor.name,
        "is_desk": debtor_id == DESK,
        "debtor_path": f"/ops/debtors/{quote(debtor_id, safe='')}",
        "mail_path": f"/ops/mailbox/{quote(task.mail, safe='')}" if task.mail else "",
        "cases": cases[:CASES_SHOWN],
        "more_cases": max(len(cases) - CASES_SHOWN, 0),
        "left": days_left(task, on),
        "sheet": sheet,
        "message": bootstrap.call_sheets().message(sheet) if sheet else "",
        "offers": _offers(file, task, office, on),
        "draft": _draft(file, office, on) if approves else None,
        "credits": _credits(file, task),
        "choices": today_form.choices(task, file, t.gettext, visit.language),
        "may_do": visit.may(Role.MANAGER if approves else Role.COLLECTOR),
        "mode": mode or ("do" if "do" in visit.query else "snooze" if "snooze" in visit.query else ""),
        "chosen_outcome": visit.said("outcome"),
        "sent": lambda name, default="": visit.said(name) or default,
        "errors": errors or {},
        "detail": detail,
        "colleagues": _people(visit, None, office),
    }


def _offers(file: DebtorFile, task: Task, office: Any, on: date) -> list[Any]:
    """What the policy allows to offer, for a task that negotiates; a call's sheet brings its own."""
    if task.kind is not TaskKind.NEGOTIATE_PLAN:
        return []
    return [offer for offer in offers(file, task.numbers, office, on=on) if offer.instalments]


def _draft(file: DebtorFile, office: Any, on: date) -> FormalNotice:
    return draft(file, office, office.rules, on=on, is_draft=True)


def _credits(file: DebtorFile, task: Task) -> list[Any]:
    """Money on the account, where the task is to say what it pays."""
    if task.kind not in (TaskKind.ALLOCATE_PAYMENT, TaskKind.UNCONFIRMED_PAYMENT):
        return []
    return sorted((c for c in file.credits.values() if c.remaining), key=lambda c: (c.on, c.id))[:CASES_SHOWN]


def _people(visit: Visit, day: Day | None, office: Any = None) -> list[str]:
    """Colleagues whom a task can be given to: who has tasks, who signs for the creditor, and the person themselves."""
    creditor = (day.office if day else office).creditor
    known = {visit.who, *(day.people if day else ()), *(persona.email for persona in creditor.personas.values())}
    return sorted(known - {""})


def _task(file: DebtorFile, task_id: str) -> Task:
    task = file.tasks.get(task_id)
    if task is None or not task.is_open:
        raise NoSuchTask(f"debtor {file.id} has no open task {task_id!r}")
    return task


def _currency(file: DebtorFile, task: Task) -> str:
    found: list[Case] = [case for case in file.open_cases() if case.number in task.numbers]
    return task.at_stake.currency if task.at_stake else found[0].balance.currency if found else "EUR"


def _filters(visit: Visit) -> dict[str, str]:
    kept = {name: visit.query.get(name, "") for name in FILTERS}
    if kept["section"] not in SECTIONS:
        kept["section"] = ""
    return {name: value for name, value in kept.items() if value}


def _path(debtor_id: str, task_id: str, does: str = "", **query: str) -> str:
    path = f"{HERE}/{quote(debtor_id, safe='')}/{quote(task_id, safe='')}" + (f"/{does}" if does else "")
    return path + (f"?{urlencode(query)}" if query else "")


def _with(url: str, query: dict[str, Any]) -> str:
    return url + ("&" if "?" in url else "?") + urlencode(query) if query else url


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput("until", f"{text[:40]!r} is no day") from error


