"""The operations pages. Each module registers its pages and acts when it is imported; `pages` is the blueprint."""

from __future__ import annotations

from chalicelib.web.pages import find, sign_in, static, today
from chalicelib.web.pages.guard import pages

# A new page module is named here; without it its routes do not exist.
MODULES = (sign_in, static, today, find)

__all__ = ["MODULES", "pages"]
