"""The proof that a registered letter arrived: its scan is handed over, then noted with the day of the delivery.

The scan goes from the browser straight to the import bucket, by a form that is signed for one place, one size and this
letter alone; the function takes it from there into the archive. Its own name never reaches us.
"""

from __future__ import annotations

import re
import secrets
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import quote

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.domain.debtor_file import Letter
from chalicelib.domain.findings import told_whole
from chalicelib.errors import BadInput
from chalicelib.pipeline import letters
from chalicelib.web.pages.debtor import Look
from chalicelib.web.pages.debtor_form import Form
from chalicelib.web.pages.guard import NotFound, Visit, act, page
from chalicelib.web.pages.render import texts
from chalicelib.web.pages.safety import reaching
from chalicelib.web.pages.session import Role

PLACE = "/ops/debtors/{debtor_id}/letters/{letter_id}/proof"
FORM_SECONDS = 900


@page(PLACE, Role.COLLECTOR)
def scan(visit: Visit, debtor_id: str, letter_id: str) -> Response:
    """The form that hands the scan over; whoever sends it comes back with the place where it lies."""
    look = Look(visit, debtor_id, whole=True)
    letter, given = _printed(look, letter_id), secrets.token_hex(16)
    door = bootstrap.upload_door()
    back = visit.origin + visit.url(f"{_here(debtor_id, letter_id)}/proof/{given}")
    form = door.open(
        _folder(debtor_id, letter_id), name=given, largest=letters.LARGEST_PROOF_BYTES, seconds=FORM_SECONDS, back=back
    )
    shown = visit.show("debtor/proof.html.j2", **look.facts(), letter=letter, upload=form)
    return reaching(shown, door.origin())


@page(f"{PLACE}/{{given}}", Role.COLLECTOR)
def arrived(visit: Visit, debtor_id: str, letter_id: str, given: str) -> Response:
    """It lies there: when did the debtor get the letter?"""
    look = Look(visit, debtor_id, whole=True)
    letter = _printed(look, letter_id)
    _key(debtor_id, letter_id, given)
    known = letter.delivered_on.isoformat() if letter.delivered_on else ""
    return _ask(visit, look, letter, given, Form(visit, on=known))


@act(f"{PLACE}/{{given}}", Role.COLLECTOR)
def delivered(visit: Visit, debtor_id: str, letter_id: str, given: str) -> Response:
    """Keep the scan as the proof; it is looked at here for the first time."""
    look, form = Look(visit, debtor_id, whole=True), Form(visit)
    letter = _printed(look, letter_id)
    key = _key(debtor_id, letter_id, given)
    on = form.day("on", past=True, until=look.today)
    if form.is_right:
        try:
            proof = bootstrap.import_files().get(key)
            letters.prove(bootstrap.parts(), debtor_id, letter_id, proof, on=on, at=visit.at, who=visit.who)
        except BadInput as error:
            if error.where == "proof":
                form.wrong("proof", told_whole(error, visit.language))
            else:
                form.refused(error)
        else:
            said = texts(visit.language).gettext("The proof of delivery is on file")
            return visit.go(_here(debtor_id, letter_id), said=said)
    return _ask(visit, look, letter, given, form)


def _ask(visit: Visit, look: Look, letter: Letter, given: str, form: Form) -> Response:
    status = HTTPStatus.OK if form.is_right else HTTPStatus.UNPROCESSABLE_ENTITY
    return visit.show("debtor/proved.html.j2", status=status, **look.facts(), letter=letter, given=given, form=form)


def _printed(look: Look, letter_id: str) -> Letter:
    letter = look.file.letters.get(letter_id)
    if letter is None or not letter.is_printed:
        raise NotFound(f"no printed letter {letter_id}")
    return letter


def _key(debtor_id: str, letter_id: str, given: str) -> str:
    """Where the scan lies; NotFound where nothing does. What was given for one letter is none of another."""
    key = f"{_folder(debtor_id, letter_id)}{given}"
    if not re.fullmatch("[0-9a-f]{32}", given) or key not in bootstrap.import_files().keys(key):
        raise NotFound(f"no scan {given}")
    return key


def _folder(debtor_id: str, letter_id: str) -> str:
    mark = sha256(f"{debtor_id}\0{letter_id}".encode()).hexdigest()[:32]
    return f"proofs/{mark}/"


def _here(debtor_id: str, letter_id: str) -> str:
    return f"/ops/debtors/{quote(debtor_id, safe='')}/letters/{quote(letter_id, safe='')}"
