"""Audit log: what people did on the pages, the last first; by person and by day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.web.pages.audit_words import words_of
from chalicelib.web.pages.guard import Visit, page
from chalicelib.web.pages.render import texts, zone_of
from chalicelib.web.pages.session import Role

ON_A_PAGE = 50


@page("/ops/audit", Role.MANAGER)
def audit(visit: Visit) -> Response:
    """One page: a read of the log, and one of the debtors' names."""
    t = texts(visit.language)
    who, asked, after = visit.query.get("who", "").strip(), visit.query.get("on", ""), visit.query.get("after", "")
    error, since, until = "", None, None
    if asked:
        try:
            since = datetime.combine(date.fromisoformat(asked), time.min, tzinfo=zone_of(visit))
            until = datetime.combine(since.date() + timedelta(days=1), time.min, tzinfo=zone_of(visit))
        except (ValueError, OverflowError):
            error = t.gettext("This is no day.")
    found = bootstrap.audit_log().page(limit=ON_A_PAGE, who=who, since=since, until=until, after=after)
    debtors = bootstrap.parts().store.debtors({deed.debtor_id for deed in found.deeds if deed.debtor_id})
    return visit.show(
        "audit/audit.html.j2", deeds=[(deed, words_of(deed.what, t)) for deed in found.deeds], next=found.next,
        first=not after, who=who, on=asked, error=error, debtors=debtors, me=visit.who,
    )  # fmt: skip
