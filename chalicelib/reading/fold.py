"""Fold text for matching without moving a letter: lower case, no accents, plain quotes and spaces, same length."""

from __future__ import annotations

import unicodedata


def _table() -> dict[int, str]:
    table: dict[int, str] = {}
    for code in range(0x20, 0x250):
        plain = unicodedata.normalize("NFD", chr(code))[0].lower()
        table[code] = plain if len(plain) == 1 else chr(code).lower()[0]
    for odd, plain in {
        "œ": "o", "Œ": "o", "æ": "a", "Æ": "a", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "ß": "s", "đ": "d",
        "’": "'", "‘": "'", "´": "'", "`": "'", "“": '"', "”": '"', "«": '"', "»": '"', "„": '"',
        "–": "-", "—": "-", "‑": "-", "‐": "-", "−": "-", "…": ".",
        "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " ", "\u2002": " ", "\u2003": " ",
        "\t": " ", "\u200b": " ", "\ufeff": " ", "º": "o", "ª": "a", "°": "°",
    }.items():  # fmt: skip
        table[ord(odd)] = plain
    return table


_TABLE = _table()


def fold(text: str) -> str:
    """The same text, character for character, fit for matching: 'Réglé' → 'regle'. Newlines stay."""
    return text.translate(_TABLE)


def flat(text: str) -> str:
    """Folded, and on one line."""
    return fold(text).replace("\n", " ").replace("\r", " ")
