"""winmail.dat: what Outlook packs into its own format (MS-OXTNEF), unpacked with tnefparse, under caps.

The library is loaded at the first such file. Whatever it makes of a hostile one, the mail goes on without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.reading.html_text import visible_text


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The message and the files of a winmail.dat."""

    text: str
    files: tuple[tuple[str, bytes], ...]


def is_winmail(content_type: str, name: str) -> bool:
    return content_type in ("application/ms-tnef", "application/vnd.ms-tnef") or name.lower() == "winmail.dat"


def unpack(content: bytes, *, most_files: int, most_chars: int) -> Unpacked | None:
    """What a winmail.dat holds; None where it cannot be opened. Never raises for what a sender wrote."""
    from tnefparse import TNEF, tnef

    tnef.logger.disabled = True  # it would write senders' words into our logs
    try:
        packed = TNEF(content, do_checksum=False)
        text = _text(packed.body) or visible_text(_text(packed.htmlbody)[:most_chars])
        files = tuple((_name(one), bytes(one.data or b"")) for one in packed.attachments[:most_files])
    except Exception:  # noqa: BLE001 a library of 1,000 lines on hostile bytes: a file that cannot be opened says so
        return None
    return Unpacked(text[:most_chars].replace("\r\n", "\n").replace("\0", ""), files)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value.decode("cp1252", "replace")
    return value if isinstance(value, str) else ""


def _name(one: Any) -> str:
    long = one.long_filename() if callable(one.long_filename) else one.long_filename
    return (_text(long) or _text(one.name) or "part").strip("\0 ")[:255]
