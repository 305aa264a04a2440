"""The debtors: found by what is known of them, those opened last, those with the most overdue."""

from __future__ import annotations

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.domain.company import plain_name
from chalicelib.domain.numbers import Numbers, Owing
from chalicelib.web.pages.debtor import recent
from chalicelib.web.pages.find import MOST, debtors_named
from chalicelib.web.pages.guard import Visit, page
from chalicelib.web.pages.session import Role

LONGEST_QUESTION = 200


@page("/ops/debtors", Role.VIEWER)
def debtors(visit: Visit) -> Response:
    """One read for the last snapshot; a question costs eight more at most, whatever the size of the store."""
    asked = visit.query.get("q", "").strip()[:LONGEST_QUESTION]
    latest = bootstrap.numbers_store().latest()
    known, top = recent(visit), _top(latest)
    found: dict[str, tuple[str, str]] = {}
    if asked:
        found = {d.id: (d.name, "") for d in debtors_named(bootstrap.parts().store, asked)}
        plain = plain_name(asked)
        at_hand = [*known, *((one.debtor_id, one.name) for _, some in top for one in some)]
        for id_, name in at_hand:
            if plain and plain in plain_name(name):
                found.setdefault(id_, (name, "part"))
    return visit.show(
        "debtors/debtors.html.j2", asked=asked, found=list(found.items()), recent=known, numbers=latest, top=top,
        most=MOST, overdue={one.debtor_id: one.overdue for _, some in top for one in some},
    )  # fmt: skip


def _top(latest: Numbers | None) -> list[tuple[str, tuple[Owing, ...]]]:
    """Who has the most overdue, by currency, as last counted."""
    if latest is None:
        return []
    return [(currency, latest.top[currency]) for currency in latest.currencies() if latest.top.get(currency)]
