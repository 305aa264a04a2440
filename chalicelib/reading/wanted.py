"""Which document is asked for: the invoice itself, of which we have a copy, or another that a person looks for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chalicelib.reading.fold import fold

_INVOICE = re.compile(
    r"\b(?:factures?|duplicatas?|invoices?|bills?|rechnung\w*|facturas?|fattur[ae]|factuur|facturen)\b"
)
_OTHER = re.compile(
    r"\b(?:bl|bons?|bdc|bc|pv|pod|po|rib|iban|kbis|releves?|statements?|avoirs?|credit notes?|contrats?|contracts?|"
    r"devis|quotes?|commandes?|orders?|livraisons?|delivery|delivered|receptions?|emarge\w*|sign\w+|proofs?|preuves?|"
    r"justificatifs?|attestations?|certificat\w*|timesheets?|feuilles?|rapports?|reports?|corrig\w+|correct\w+|"
    r"rectifi\w+|modifi\w+|original\w*|chorus|portail|portal|xml|ubl|lieferschein\w*|bestell\w*|albaran\w*|bolla|ddt|"
    r"pakbon\w*|gutschrift\w*)\b"
)


def wants_invoice(words: Iterable[str]) -> bool:
    """Whether the words that ask for a document ask for a copy of the invoice, and for nothing else beside it."""
    said = [fold(text) for text in words if text]
    return bool(said) and all(_INVOICE.search(text) and not _OTHER.search(text) for text in said)
