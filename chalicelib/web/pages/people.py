"""People: who may sign in and in which role. A manager invites, changes roles, switches off; never themselves.

Whoever gets another role or is switched off is signed out everywhere: the role of a stay is that of its sign-in.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.errors import PermanentError, Refused
from chalicelib.ports import Change, Directory, Member
from chalicelib.web.pages.guard import NotFound, Visit, act, page
from chalicelib.web.pages.marked import N_
from chalicelib.web.pages.render import texts
from chalicelib.web.pages.session import Role

ROLES = {"viewer": N_("Viewer"), "collector": N_("Collector"), "manager": N_("Manager")}
MAY = {
    "viewer": N_("sees everything"),
    "collector": N_("also works on debtors: calls, promises, blocks, mails, imports"),
    "manager": N_("also approves formal notices, holds sending, changes policy, settings and people"),
}
ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]+\.[^\s@<>,;:\"()\[\]\\.]{2,}")


@page("/ops/people", Role.MANAGER)
def people(visit: Visit) -> Response:
    return _list(visit)


@act("/ops/people", Role.MANAGER)
def invite(visit: Visit) -> Response:
    """The provider writes to them with a first password."""
    t, directory = texts(visit.language), _directory()
    email, name, role = visit.said("email").lower(), visit.said("name")[:100], visit.said("role")
    if not ADDRESS.fullmatch(email) or len(email) > 254:
        return _list(visit, errors={"email": t.gettext("This is no e-mail address.")})
    if role not in ROLES:
        return _list(visit, errors={"role": t.gettext("Choose a role.")})
    try:
        directory.invite(email, name=name, role=role)
    except Refused:
        told = t.gettext("They could not be invited: perhaps they are in the list already.")
        return _list(visit, errors={"email": told})
    visit.changed.append(Change(what=email, after=role))
    return visit.go("/ops/people", said=t.gettext("%(who)s is invited by e-mail") % {"who": email})


@act("/ops/people/{person}/role", Role.MANAGER)
def change_role(visit: Visit, person: str) -> Response:
    """One role, which counts at once: they sign in anew."""
    t, member, role = texts(visit.language), _member(person), visit.said("role")
    if member.email == visit.who:
        return _list(visit, errors={"": t.gettext("You cannot change your own role: ask another manager.")})
    if role and role not in ROLES:
        return _list(visit, errors={"": t.gettext("Choose a role.")})
    _directory().set_role(member, role)
    bootstrap.sessions().end_all(member.email)
    visit.changed.append(Change(what=member.email, before=" ".join(member.roles), after=role))
    return visit.go("/ops/people", said=t.gettext("The role of %(who)s is changed") % {"who": member.email})


@act("/ops/people/{person}/off", Role.MANAGER)
def switch_off(visit: Visit, person: str) -> Response:
    return _switch(visit, person, enabled=False)


@act("/ops/people/{person}/on", Role.MANAGER)
def switch_on(visit: Visit, person: str) -> Response:
    return _switch(visit, person, enabled=True)


def _switch(visit: Visit, person: str, *, enabled: bool) -> Response:
    t, member = texts(visit.language), _member(person)
    if member.email == visit.who:
        return _list(visit, errors={"": t.gettext("You cannot switch yourself off: ask another manager.")})
    _directory().set_enabled(member, enabled)
    if not enabled:
        # After the provider: it opens no new stay any more.
        bootstrap.sessions().end_all(member.email)
    was, is_ = ("switched off", "may sign in") if enabled else ("may sign in", "switched off")
    visit.changed.append(Change(what=member.email, before=was, after=is_))
    said = t.gettext("%(who)s may sign in again") if enabled else t.gettext("%(who)s can no longer sign in")
    undo = "" if enabled else f"/ops/people/{person}/on"
    return visit.go("/ops/people", said=said % {"who": member.email}, undo=undo)


def _list(visit: Visit, errors: dict[str, str] | None = None) -> Response:
    directory, trouble = bootstrap.directory(), ""
    found = None
    if directory is not None:
        try:
            found = directory.page(after=visit.query.get("after", ""))
        except (PermanentError, ValueError) as error:
            trouble = str(error)
    return visit.show(
        "people/people.html.j2", status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        members=found.members if found else (), next=found.next if found else "", known=directory is not None,
        first=not visit.query.get("after"), trouble=trouble, errors=errors or {}, roles=ROLES, role_may=MAY,
        email=visit.said("email"), name=visit.said("name"), role=visit.said("role"),
    )  # fmt: skip


def _directory() -> Directory:
    directory = bootstrap.directory()
    if directory is None:
        raise NotFound("another provider looks after the people")
    return directory


def _member(id_: str) -> Member:
    member = _directory().find(id_)
    if member is None:
        raise NotFound("nobody of this id")
    return member
