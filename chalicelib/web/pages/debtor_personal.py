"""Personal data of a debtor: what there is, as a file to hand out, and its erasure once no claim needs it."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from urllib.parse import quote

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.pipeline.export_personal import export_personal
from chalicelib.pipeline.personal import EXPORTS, NotYet, erase_personal, survey
from chalicelib.pipeline.pieces import HELD_IN_MEMORY_BYTES
from chalicelib.web.pages.debtor import LINK_SECONDS, Look
from chalicelib.web.pages.debtor_form import Form
from chalicelib.web.pages.guard import Visit, act, page
from chalicelib.web.pages.render import texts
from chalicelib.web.pages.session import Role

MAILS_SHOWN = 25
LONGEST_ADDRESS = 320


@page("/ops/debtors/{debtor_id}/personal", Role.MANAGER)
def personal(visit: Visit, debtor_id: str) -> Response:
    """What is on file of everybody, or of one person; what erasing would take, and what stands in its way."""
    return _show(visit, debtor_id, visit.query.get("person", ""), Form(visit))


@act("/ops/debtors/{debtor_id}/personal/export", Role.MANAGER)
def export(visit: Visit, debtor_id: str) -> Response:
    """Put it together now, keep it for a day at most, and link to it for ten minutes."""
    look, person = Look(visit, debtor_id), visit.said("person")[:LONGEST_ADDRESS]
    archive = bootstrap.parts().archive
    with SpooledTemporaryFile(max_size=HELD_IN_MEMORY_BYTES) as made:
        done = export_personal(
            bootstrap.parts(), debtor_id, made, person=person, language=visit.language, at=visit.at  # type: ignore[arg-type]
        )
        made.seek(0)
        content = made.read()
    key = f"{EXPORTS}{debtor_id}/{hashlib.sha256(content).hexdigest()[:16]}.zip"
    archive.put(key, content, content_type="application/zip")
    link = archive.link(key, seconds=LINK_SECONDS, name=f"personal-data-{debtor_id}-{look.today}.zip")
    if visit.is_piece:
        return visit.show("debtor/personal_piece.html.j2", **look.facts(), link=link, done=done)
    return _show(visit, debtor_id, person, Form(visit), link=link, done=done)


@act("/ops/debtors/{debtor_id}/personal/erase", Role.MANAGER)
def erase(visit: Visit, debtor_id: str) -> Response:
    """For good: so the debtor's id is typed, by hand."""
    form, person = Form(visit), visit.said("person")[:LONGEST_ADDRESS]
    _ = texts(visit.language).gettext
    if visit.said("confirm") != debtor_id:
        form.wrong("confirm", _("Type %(id)s: what is erased does not come back") % {"id": debtor_id})
        return _show(visit, debtor_id, person, form)
    try:
        done = erase_personal(
            bootstrap.parts(), bootstrap.audit_log(), debtor_id, person=person, at=visit.at, who=visit.who
        )
    except NotYet:
        form.wrong("confirm", _("It cannot be erased yet: see what stands in the way"))
        return _show(visit, debtor_id, person, form)
    said = (
        _("Nothing that names them was left to erase") if done.is_nothing
        else _("Erased from the contacts; journal and mails stay while the claim needs them") if done.later
        else _("The personal data is erased")
    )  # fmt: skip
    return visit.go(f"/ops/debtors/{quote(debtor_id, safe='')}", said=said)


def _show(visit: Visit, debtor_id: str, person: str, form: Form, **more: object) -> Response:
    person = person.strip()[:LONGEST_ADDRESS]
    look = Look(visit, debtor_id)
    everybody = survey(bootstrap.parts(), debtor_id, at=visit.at)
    found = survey(bootstrap.parts(), debtor_id, person=person, at=visit.at) if person else everybody
    status = HTTPStatus.OK if form.is_right else HTTPStatus.UNPROCESSABLE_ENTITY
    facts = {"link": "", "done": None, **more}
    return visit.show(
        "debtor/personal.html.j2", status=status, **look.facts(), form=form, found=found, person=person,
        people=sorted(everybody.whose.addresses), records=sum(found.records.values()),
        mails=found.mails[:MAILS_SHOWN], mailbox=look.office.creditor.mailbox, **facts,
    )  # fmt: skip
