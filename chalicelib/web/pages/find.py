"""Find a debtor from anywhere: by number, words of its name, invoice, e-mail address, SIREN or VAT number."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.domain.company import plain_name, siren_in, words_of
from chalicelib.domain.debtor_file import DESK, Debtor
from chalicelib.ports import CaseStore
from chalicelib.web.pages.guard import Visit, page
from chalicelib.web.pages.session import Role

LONGEST = 200
MOST = 20
# A name is known with its country: those that our clients' clients have. More would be more reads.
COUNTRIES = (
    "FR", "BE", "LU", "CH", "DE", "NL", "ES", "IT", "PT", "GB", "IE", "AT", "DK", "SE", "FI", "NO", "PL", "CZ", "SK",
    "HU", "RO", "BG", "GR", "HR", "SI", "EE", "LV", "LT", "CY", "MT", "MC", "US", "CA", "MA", "TN", "DZ",
)  # fmt: skip


@page("/ops/find", Role.VIEWER)
def find(visit: Visit) -> Response:
    """One debtor found is opened; several are listed; none is told with what can be searched for."""
    asked = visit.query.get("q", "").strip()[:LONGEST]
    found = debtors_named(bootstrap.parts().store, asked) if asked else []
    if len(found) == 1:
        return visit.go(f"/ops/debtors/{quote(found[0].id, safe='')}")
    return visit.show("ground/find.html.j2", asked=asked, found=found, most=MOST)


def debtors_named(store: CaseStore, asked: str) -> list[Debtor]:
    """Debtors by anything exact about them, else by the beginnings of words of their names, in eight reads at most."""
    names = [f"name:{country} {plain_name(asked)}" for country in COUNTRIES] if plain_name(asked) else []
    keys = [*names, f"vat:{''.join(asked.split()).upper()}"]
    if siren := siren_in(asked):
        keys.append(f"siren:{siren}")
    ids = {asked, asked.upper()}
    for many in (store.find_many("company", keys), store.find_many("invoice", {asked, asked.upper()})):
        ids.update(id_ for found in many.values() for id_ in found)
    if "@" in asked:
        ids.update(store.find("address", asked))
    known = _known(store, ids)
    if any(debtor.id in (asked, asked.upper()) for debtor in known) or "@" in asked:
        return known
    # A name that is typed whole may begin others too: whoever asks chooses.
    more = set(store.named(words_of(asked))) - {debtor.id for debtor in known}
    return sorted([*known, *_known(store, more)][:MOST], key=lambda debtor: (debtor.name, debtor.id))


def _known(store: CaseStore, ids: Iterable[str]) -> list[Debtor]:
    found = store.debtors(sorted({*ids} - {DESK, ""})[:MOST])
    return sorted(found.values(), key=lambda debtor: (debtor.name, debtor.id))
