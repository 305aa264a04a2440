"""Take the invoice's XML out of a Factur-X or ZUGFeRD PDF."""

from __future__ import annotations

import io
import re

from chalicelib.errors import BadInput

MAX_BYTES = 50_000_000
NAMES = ("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml")
"""How the attachment is called, in order of preference; capitals do not matter (ZUGFeRD 1 has them)."""


def attached_xml(raw: bytes, name: str = "PDF") -> bytes:
    """The XML attached to an invoice; BadInput where the PDF is encrypted, broken, or merely a picture of one."""
    if len(raw) > MAX_BYTES:
        raise BadInput(name, f"is larger than {MAX_BYTES:,} bytes", "import the XML itself")
    import pypdf  # here: nothing but a PDF needs it

    try:
        reader = pypdf.PdfReader(io.BytesIO(raw))
        if reader.is_encrypted:
            raise BadInput(name, "the PDF is encrypted", "import it without its password: PDF/A allows none")
        found = _by_name(reader)
    except BadInput:
        raise
    except Exception as error:  # hostile bytes: a parser fails at them in ways of its own
        what = f"the PDF cannot be read ({type(error).__name__})"
        raise BadInput(name, what, "open it, print it anew, or import the XML itself") from error
    if not found:
        remedy = f"an attachment named {NAMES[0]} makes it a Factur-X: import the XML, or enter it as CSV"
        raise BadInput(name, "the PDF carries no electronic invoice", remedy)
    return found


def _by_name(reader: object) -> bytes:
    """The best-named attachment; only the one that is wanted is unpacked."""
    listed: dict[str, object] = {}
    for attachment in reader.attachment_list:  # type: ignore[attr-defined]
        key = re.sub(r".*[/\\]", "", str(attachment.name)).lower()
        listed.setdefault(key, attachment)
    for wanted in NAMES:
        if wanted in listed:
            return bytes(listed[wanted].content)  # type: ignore[attr-defined]
    return b""
