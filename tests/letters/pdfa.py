"""Ask the checker of PDF/A what it finds wrong."""

from __future__ import annotations

import page


def faults(pdf: bytes) -> list[str]:
    """Rules that a PDF breaks that says of itself to be PDF/A; ValueError where it does not even say so."""
    try:
        report = page.validate_pdf_bytes(pdf)
    except page.PageError as error:
        raise ValueError(str(error)) from error
    return [f"{failure.rule_id}: {failure.message}" for failure in report.failures]
