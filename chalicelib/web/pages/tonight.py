"""Before tonight: what the next runs will send, each mail as it will look; hold one, or hold all."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.domain.calendar import local_day
from chalicelib.domain.debtor_file import BlockKind
from chalicelib.errors import BadInput
from chalicelib.pipeline.agreements import NoSuchRecord, lift_block, place_block
from chalicelib.pipeline.before_tonight import before_tonight, next_run_at, preview
from chalicelib.pipeline.hold_sending import hold_sending, resume_sending
from chalicelib.pipeline.keep import load
from chalicelib.web.pages import tonight_words as words
from chalicelib.web.pages.guard import NotFound, Visit, act, page
from chalicelib.web.pages.render import texts
from chalicelib.web.pages.safety import headers_of_a_shown_mail
from chalicelib.web.pages.session import Role

ON_A_PAGE = 25
HOLDS = (1, 3, 7, 14, 30)
"""For how many days one may be held here; a longer block is placed in the debtor's file."""


@page("/ops/tonight", Role.VIEWER)
def tonight(visit: Visit) -> Response:
    """A page of debtors that are due: the agenda is read once, each debtor of the page once."""
    return _list(visit)


@page("/ops/tonight/{debtor_id}", Role.VIEWER)
def one_debtor(visit: Visit, debtor_id: str) -> Response:
    """The mails of one debtor, as they will look."""
    return _one(visit, debtor_id)


@page("/ops/tonight/{debtor_id}/mail/{number}", Role.VIEWER)
def shown_mail(visit: Visit, debtor_id: str, number: str) -> Response:
    """The HTML of a mail of ours for its frame: it may use its own styles, and nothing else at all."""
    if not number.isdecimal():
        raise NotFound("no such mail")
    found = preview(bootstrap.parts(), debtor_id, at=visit.at)
    mail = found[int(number)][1] if int(number) < len(found) else None
    if mail is None:
        raise NotFound("nothing is to be sent any more")
    headers: dict[str, str | list[str]] = {
        "Content-Type": "text/html; charset=utf-8", **headers_of_a_shown_mail(visit.jar.secure)
    }  # fmt: skip
    return Response(body=mail.html, headers=headers)


@act("/ops/tonight/{debtor_id}/hold", Role.COLLECTOR)
def hold_one(visit: Visit, debtor_id: str) -> Response:
    """Send this debtor nothing for some days: a block, with its reason and its end."""
    t, parts = texts(visit.language), bootstrap.parts()
    days, reason = visit.said("days"), visit.said("reason")[:300]
    if days not in map(str, HOLDS):
        raise BadInput("days", f"{days!r} is none of the days offered", "choose one")
    if not reason:
        return _one(visit, debtor_id, error=t.gettext("Say why, in a few words: it stands in the file."), days=days)
    today = local_day(visit.at, parts.offices.creditor().zone)
    # Until the day after what is shown: what leaves on Monday is held on Friday evening too.
    first = local_day(next_run_at(visit.at, parts.offices.creditor().zone), parts.offices.creditor().zone)
    until = max(first, today) + timedelta(days=int(days))
    block = place_block(
        parts, debtor_id, reason=reason, owner=visit.who, until=until, at=visit.at, who=visit.who
    )
    name = load(parts, debtor_id).debtor.name
    return visit.go(
        "/ops/tonight", said=t.gettext("%(name)s gets nothing for now") % {"name": name},
        undo=f"/ops/tonight/{debtor_id}/lift/{block.id}",
    )  # fmt: skip


@act("/ops/tonight/{debtor_id}/lift/{block_id}", Role.COLLECTOR)
def lift_one(visit: Visit, debtor_id: str, block_id: str) -> Response:
    t, parts = texts(visit.language), bootstrap.parts()
    block = load(parts, debtor_id).blocks.get(block_id)
    if block is None or block.kind is not BlockKind.MANUAL:
        raise NotFound("no such block")
    try:
        lift_block(parts, debtor_id, block_id, why="", at=visit.at, who=visit.who)
    except NoSuchRecord:
        return visit.go("/ops/tonight", said=t.gettext("It was lifted already"))
    return visit.go("/ops/tonight", said=t.gettext("The hold is taken back: it will be sent"))


@act("/ops/tonight/all/hold", Role.MANAGER)
def hold_all(visit: Visit) -> Response:
    """The switch: from the next mail on nothing leaves."""
    t = texts(visit.language)
    reason = visit.said("reason")[:300]
    if not reason:
        return _list(visit, error=t.gettext("Say why: everybody will see it on every page."))
    hold = hold_sending(bootstrap.parts(), reason=reason, at=visit.at, who=visit.who)
    if hold.who != visit.who or hold.at != visit.at:
        return visit.go("/ops/tonight", said=t.gettext("All sending was held already"))
    return visit.go("/ops/tonight", said=t.gettext("All sending is held"), undo="/ops/tonight/all/resume")


@act("/ops/tonight/all/resume", Role.MANAGER)
def resume_all(visit: Visit) -> Response:
    resume_sending(bootstrap.parts(), at=visit.at, who=visit.who)
    return visit.go("/ops/tonight", said=texts(visit.language).gettext("Mails leave again with the next run"))


def _list(visit: Visit, *, error: str = "") -> Response:
    after = visit.query.get("after", "")[:200]
    found = before_tonight(bootstrap.parts(), at=visit.at, after=after, limit=ON_A_PAGE)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return visit.show(
        "tonight/tonight.html.j2", status=status, tonight=found, first=not after, error=error, words=words,
        held=bootstrap.parts().offices.hold(),
    )  # fmt: skip


def _one(visit: Visit, debtor_id: str, *, error: str = "", days: str = "1") -> Response:
    parts = bootstrap.parts()
    file = load(parts, debtor_id)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return visit.show(
        "tonight/one.html.j2", status=status, file=file, found=preview(parts, debtor_id, at=visit.at), error=error,
        days=days, holds=HOLDS, words=words,
    )  # fmt: skip
