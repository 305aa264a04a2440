"""The call sheet with the form for the outcome, and the litigation file of a debtor."""

from __future__ import annotations

import hashlib
from datetime import date
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Any
from urllib.parse import quote

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.domain.outcomes import Outcome
from chalicelib.errors import BadInput
from chalicelib.pipeline import litigation_file
from chalicelib.pipeline.litigation_file import assemble
from chalicelib.pipeline.pieces import HELD_IN_MEMORY_BYTES, TooLarge
from chalicelib.pipeline.work_tasks import NoSuchTask, close_task, sheet_of
from chalicelib.web.pages.debtor import LINK_SECONDS, Look
from chalicelib.web.pages.debtor_form import Form
from chalicelib.web.pages.debtor_words import CAUSES, MEANS, OBTAIN, OUTCOMES, WHOM
from chalicelib.web.pages.guard import NotFound, Visit, act, page
from chalicelib.web.pages.render import texts
from chalicelib.web.pages.session import Role


@page("/ops/debtors/{debtor_id}/calls/{task_id}", Role.VIEWER)
def call_sheet(visit: Visit, debtor_id: str, task_id: str) -> Response:
    """Everything for one call on one page, with the form for what came of it. It prints."""
    return _sheet(visit, debtor_id, task_id, Form(visit, means="transfer"))


@act("/ops/debtors/{debtor_id}/calls/{task_id}", Role.COLLECTOR)
def log_call(visit: Visit, debtor_id: str, task_id: str) -> Response:
    """Keep what was said; the program confirms it in writing and knows the next date."""
    look, form = Look(visit, debtor_id), Form(visit)
    task = look.file.tasks.get(task_id)
    if task is None or not task.is_open:
        raise NoSuchTask(f"debtor {debtor_id} has no open task {task_id!r}")
    _ = texts(visit.language).gettext
    outcome = visit.said("outcome")
    if outcome not in OUTCOMES:
        form.wrong("outcome", _("Choose what came of the call"))
    yesterday = date.fromordinal(look.today.toordinal() - 1)
    on = form.day("on", required=outcome == "promised", after=yesterday if outcome in ("promised", "agreed") else None)
    cases = [look.file.cases[n] for n in task.numbers if n in look.file.cases]
    money = form.money("amount", cases[0].balance.currency if cases else "EUR")
    next_on = form.day("next_on", after=look.today)
    if form.is_right:
        said = Outcome(
            outcome=outcome, on=on, amount=money, means=visit.said("means"), cause=visit.said("cause"),
            contact=visit.said("contact"), spoke_to=form.text("spoke_to"), message=form.text("message"),
            note=form.text("note"), next_on=next_on,
        )  # fmt: skip
        try:
            close_task(bootstrap.parts(), debtor_id, task_id, said, at=visit.at, who=visit.who)
            return visit.go(f"/ops/debtors/{quote(debtor_id, safe='')}", said=_("The call is logged"))
        except BadInput as error:
            form.refused(error, instalments="outcome")
    return _sheet(visit, debtor_id, task_id, form)


@page("/ops/debtors/{debtor_id}/litigation", Role.COLLECTOR)
def litigation(visit: Visit, debtor_id: str) -> Response:
    """What the file for a lawyer or a court holds, before it is asked for."""
    return visit.show("debtor/litigation.html.j2", **Look(visit, debtor_id).facts(), link="", done=None, bound=None)


@act("/ops/debtors/{debtor_id}/litigation", Role.COLLECTOR)
def make_litigation(visit: Visit, debtor_id: str) -> Response:
    """Put the file together now, keep it in the archive, and link to it for ten minutes."""
    look = Look(visit, debtor_id)
    archive = bootstrap.parts().archive
    template = "debtor/litigation_piece.html.j2" if visit.is_piece else "debtor/litigation.html.j2"
    bound = litigation_file.WHILE_SOMEBODY_WAITS
    with SpooledTemporaryFile(max_size=HELD_IN_MEMORY_BYTES) as made:
        try:
            done = assemble(bootstrap.parts(), debtor_id, made, language=visit.language, bound=bound)  # type: ignore[arg-type]
        except TooLarge:
            status = HTTPStatus.OK if visit.is_piece else HTTPStatus.UNPROCESSABLE_ENTITY
            return visit.show(template, status=status, **look.facts(), link="", done=None, bound=bound)
        made.seek(0)
        content = made.read()
    key = f"litigation/{debtor_id}/{hashlib.sha256(content).hexdigest()[:16]}.zip"
    archive.put_once(key, content, content_type="application/zip")
    name = f"litigation-{debtor_id}-{look.today}.zip"
    link = archive.link(key, seconds=LINK_SECONDS, name=name)
    return visit.show(template, **look.facts(), link=link, done=done, size=len(content), bound=None)


def _sheet(visit: Visit, debtor_id: str, task_id: str, form: Form) -> Response:
    parts = bootstrap.parts()
    try:
        sheet = sheet_of(parts, debtor_id, task_id, at=visit.at)
    except NoSuchTask as error:
        raise NotFound(f"no call {task_id}") from error
    look = Look(visit, debtor_id)
    facts: dict[str, Any] = {
        **look.facts(), "sheet": sheet, "form": form, "message": bootstrap.call_sheets().message(sheet),
        "outcomes": OUTCOMES, "causes": CAUSES, "means": MEANS, "obtain": OBTAIN, "whom": WHOM,
    }  # fmt: skip
    status = HTTPStatus.OK if form.is_right else HTTPStatus.UNPROCESSABLE_ENTITY
    return visit.show("debtor/call.html.j2", status=status, **facts)
