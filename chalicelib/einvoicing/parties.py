"""Make what documents say of a company comparable: its SIREN, its VAT number, its e-mail address."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chalicelib.domain.creditor_file import siren_is_sound
from chalicelib.einvoicing.model import Party

NO_ONE = Party()

AUDIENCE = "ADN"
"""The subject of the note that says to whom the invoice is addressed in the French reform (B2G: a public body)."""

SIREN, SIRET = "0002", "0009"
"""ISO 6523 schemes of the French register: a company, and one of its places."""


def siren_of(identifiers: Sequence[tuple[str, str]], vat_number: str) -> str:
    """The SIREN that a company is registered under; taken from its French VAT number where nothing else says it."""
    for scheme, value in identifiers:
        digits = re.sub(r"[\s.]", "", value)
        if scheme == SIREN and re.fullmatch("[0-9]{9}", digits):
            return digits
    for scheme, value in identifiers:
        digits = re.sub(r"[\s.]", "", value)
        if scheme in (SIRET, SIREN) and re.fullmatch("[0-9]{14}", digits):
            return digits[:9]
    found = re.fullmatch("FR[0-9A-Z]{2}([0-9]{9})", clean_vat(vat_number))
    return found[1] if found and siren_is_sound(found[1]) else ""


def clean_vat(text: str) -> str:
    return re.sub(r"[\s.-]", "", text).upper()


def clean_email(text: str) -> str:
    """One address, or nothing: what a document calls an address may be anything."""
    bare = text.strip().removeprefix("mailto:")
    return (
        bare
        if re.fullmatch(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]+\.[^\s@<>,;:\"()\[\]\\.]{2,}", bare)
        else ""
    )
