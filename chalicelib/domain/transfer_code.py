"""The text of a QR code that fills in a euro transfer, by the guidelines EPC069-12, version 002."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

from chalicelib.domain.money import Money

REMITTANCE_LONGEST = 140
_NAME_LONGEST = 70
_SMALLEST, _LARGEST = Decimal("0.01"), Decimal("999999999.99")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
# The characters that every bank of the SEPA area must take (EPC217-08): others could stop the transfer.
_UNSAFE = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")

_SPELT = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O", "’": "'", "&": "+"})


def transfer_code(*, name: str, iban: str, bic: str, amount: Money, remittance: str) -> str:
    """What the QR code of a transfer holds, or nothing where the standard has no room for it.

    It knows euros only, from 0.01 to 999,999,999.99, to a valid IBAN. The BIC is optional in version 002; one
    that is malformed is left out. Name and remittance are put into the letters that every bank takes.
    """
    iban, bic = _compact(iban), _compact(bic)
    beneficiary = _safe(name)[:_NAME_LONGEST].strip()
    fits = amount.currency == "EUR" and _SMALLEST <= amount.amount <= _LARGEST
    if not (fits and beneficiary and is_iban(iban)):
        return ""
    lines = [
        "BCD",
        "002",
        "1",  # UTF-8
        "SCT",
        bic if _BIC.fullmatch(bic) else "",
        beneficiary,
        iban,
        f"EUR{amount.amount:.2f}",
        "",  # purpose
        "",  # structured reference: either this or the free text
        _safe(remittance)[:REMITTANCE_LONGEST],
    ]
    return "\n".join(lines).rstrip("\n")


def remittance_text(numbers: Iterable[str]) -> str:
    """Invoice numbers as they go on a transfer: as many whole ones as its 140 characters hold."""
    text = ""
    for number in numbers:
        longer = f"{text}, {number}" if text else number[:REMITTANCE_LONGEST]
        if len(longer) > REMITTANCE_LONGEST:
            break
        text = longer
    return text


def is_iban(text: str) -> bool:
    """Whether an IBAN's check digits are right (ISO 13616: turned, as digits, it is 1 modulo 97)."""
    compact = _compact(text)
    if not _IBAN.fullmatch(compact):
        return False
    digits = "".join(str(int(character, 36)) for character in compact[4:] + compact[:4])
    return int(digits) % 97 == 1


def _compact(text: str) -> str:
    return "".join(text.split()).upper()


def _safe(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_SPELT))
    words = _UNSAFE.sub(" ", "".join(c for c in plain if not unicodedata.combining(c)))
    return " ".join(words.split())
