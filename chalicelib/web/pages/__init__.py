"""The operations pages. Each module registers its pages and acts when it is imported; `pages` is the blueprint."""

from __future__ import annotations

from chalicelib.web.pages import (
    audit,
    debtor,
    debtor_acts,
    debtor_call,
    debtor_personal,
    debtor_proof,
    debtors,
    find,
    imports,
    mailbox,
    money,
    people,
    policy,
    settings,
    sign_in,
    static,
    today,
    tonight,
)
from chalicelib.web.pages.guard import pages

# A new page module is named here; without it its routes do not exist.
MODULES = (
    audit,
    people,
    policy,
    settings,
    find,
    mailbox,
    imports,
    money,
    sign_in,
    static,
    today,
    tonight,
    debtor,
    debtor_acts,
    debtor_call,
    debtor_personal,
    debtor_proof,
    debtors,
)

__all__ = ["MODULES", "pages"]
