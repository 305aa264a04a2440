"""By what a company is recognised whoever writes it down: its SIREN, its VAT number, its name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from chalicelib.domain.creditor_file import siren_is_sound
from chalicelib.domain.debtor_file import Debtor

SHORTEST_WORD = 2
"""Shorter beginnings of a word find nothing: they would find nearly everybody."""

_AS_TYPED = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})
"""Letters that no accent is taken off, as who has no such key types them."""
_FORMS = frozenset("sa sas sasu sarl eurl sci snc scop selarl gmbh ag kg ug bv nv srl spa ltd plc llc inc".split())


def company_keys(*, siren: str = "", vat_number: str = "", name: str = "", country: str = "") -> dict[str, str]:
    """What a company is found by, the surest first; only what is known.

    >>> company_keys(siren="123456782", name="Garage Morel, S.A.R.L.", country="FR")
    {'siren': 'siren:123456782', 'name': 'name:FR garage morel'}
    """
    vat = re.sub(r"[\s.-]", "", vat_number).upper()
    plain = plain_name(name)
    keys = {"siren": siren, "vat": vat, "name": f"{country} {plain}" if plain and country else ""}
    return {kind: f"{kind}:{value}" for kind, value in keys.items() if value}


def keys_of(debtor: Debtor) -> frozenset[str]:
    """What a debtor is found by."""
    siren = siren_in(debtor.legal_id) if debtor.country == "FR" else ""
    keys = company_keys(siren=siren, vat_number=debtor.vat_number, name=debtor.name, country=debtor.country)
    return frozenset(keys.values())


def siren_in(text: str) -> str:
    """The SIREN in a company's number as people write it ("RCS Lyon 123 456 782", a SIRET); empty where there is none.

    >>> siren_in("RCS Lyon 123 456 782"), siren_in("12345678200010"), siren_in("HRB 4711")
    ('123456782', '123456782', '')
    """
    for found in re.findall(r"(?<![0-9])[0-9](?:[ .\u00a0\u202f]?[0-9])*", text):
        digits = re.sub("[^0-9]", "", found)
        if len(digits) in (9, 14) and siren_is_sound(digits[:9]):
            return digits[:9]
    return ""


def plain_name(name: str) -> str:
    """A company's name without accents, case, punctuation and legal form."""
    return " ".join(word for word in _words(name) if word not in _FORMS)


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, by the beginning of any of which it is found; its legal form where it has no other word.

    >>> words_of("Société Générale d'Étanchéité, S.A."), words_of("SA"), words_of("Sœurs Łukasz")
    (('societe', 'generale', 'd', 'etancheite'), ('sa',), ('soeurs', 'lukasz'))
    """
    typed = name.casefold().translate(_AS_TYPED)
    return tuple(plain_name(typed).split()) or tuple(_words(typed))


def is_named(words: Iterable[str], asked: Iterable[str]) -> bool:
    """Whether for each word asked for one of these words begins so."""
    words = tuple(words)
    return all(any(word.startswith(beginning) for word in words) for beginning in asked)


def _words(name: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(c for c in folded if not unicodedata.combining(c)).replace(".", "")
    return re.findall(r"[^\W_]+", bare)
