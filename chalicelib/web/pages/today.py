"""Today: what a person must do now, the most money and the oldest first."""

from __future__ import annotations

from chalice.app import Response

from chalicelib.web.pages.guard import Visit, page
from chalicelib.web.pages.session import Role


@page("/ops/today", Role.VIEWER)
def today(visit: Visit) -> Response:
    return visit.show("today/today.html.j2")
