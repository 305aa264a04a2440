"""Recognise a debtor by the name that a bank prints: without case, accents and legal form, perhaps cut short."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

_FORMS = frozenset(
    """SA SAS SASU SARL EURL SNC SCI SCOP SELARL SCA EI EIRL GIE GMBH AG KG OHG UG MBH BV NV VOF CV SPRL SRL SPA BVBA
    ASBL LTD LIMITED PLC LLP INC CORP LLC CO CIE COMPANY COMPAGNIE AB AS OY APS SL SLU LDA STE SOCIETE ETS
    ETABLISSEMENTS MR MME M MLLE MONSIEUR MADAME""".split()
)
_SMALL = frozenset("ET AND UND EN Y E DE DU DES LA LE LES D L THE OF".split())
CUT_FROM = 10
"""A printed name of so many letters may be the beginning of a longer one: banks cut names."""


@lru_cache(maxsize=65536)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name that tell it from others; all of them where nothing else is left."""
    plain = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("ß", "ss")).encode("ascii", "ignore").decode()
    every = tuple(re.findall(r"[A-Z0-9]+", plain.upper().replace("'", " ").replace(".", "")))
    told = tuple(word for word in every if word not in _FORMS and word not in _SMALL)
    return told or every


class Names:
    """Accounts by their names. A name that two accounts share identifies neither."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._by_key: dict[str, set[str]] = defaultdict(set)
        self._longest = 1
        for account, name in names:
            words = words_of(name)
            if words:
                self._by_key["".join(words)].add(account)
                self._longest = max(self._longest, len(words))
        self._keys = sorted(self._by_key)

    def accounts(self, payer: str) -> frozenset[str]:
        """Who bears this name, whole or cut short by the bank."""
        key = "".join(words_of(payer))
        if key in self._by_key:
            return frozenset(self._by_key[key])
        if len(key) < CUT_FROM:
            return frozenset()
        found: set[str] = set()
        place = bisect_left(self._keys, key)
        while place < len(self._keys) and self._keys[place].startswith(key) and len(found) < 3:
            found |= self._by_key[self._keys[place]]
            place += 1
        return frozenset(found)

    def within(self, text: str) -> frozenset[str]:
        """Whose whole name stands in a text: of two names, or of one long enough not to be any word."""
        words = words_of(text)
        found: set[str] = set()
        for start in range(len(words)):
            for end in range(start + 1, min(len(words), start + self._longest) + 1):
                key = "".join(words[start:end])
                if key in self._by_key and (end - start >= 2 or len(key) >= 8) and not key.isdigit():
                    found |= self._by_key[key]
        return frozenset(found)
