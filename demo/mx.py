"""The receiving server's word on a mail: what a real MX writes above it after SPF, DKIM and DMARC."""

from __future__ import annotations

from collections.abc import Callable
from email.parser import BytesHeaderParser
from email.utils import parseaddr


def vouching(server: str) -> Callable[[str, bytes], bytes]:
    """A stamp of this server. On the loopback there is no DNS to ask: a mail handed in under the domain that its From
    shows passes, one handed in under another fails; a report, which has no sender, is not judged.
    """

    def stamp(sender: str, raw: bytes) -> bytes:
        shown = parseaddr(str(BytesHeaderParser().parsebytes(raw)["From"] or ""))[1].rpartition("@")[2].lower()
        handed_in = sender.rpartition("@")[2].lower()
        if not sender:
            verdict = "dmarc=none"
        elif shown and shown == handed_in:
            verdict = f"spf=pass smtp.mailfrom={handed_in}; dmarc=pass header.from={shown}"
        else:
            verdict = f"spf=fail smtp.mailfrom={handed_in}; dmarc=fail header.from={shown or 'unknown'}"
        return f"Authentication-Results: {server}; {verdict}\r\n".encode() + raw

    return stamp
