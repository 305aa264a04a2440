"""Draw a QR code as a PNG that scans from a screen in light and dark mode."""

from __future__ import annotations

import struct
import zlib

import segno

_QUIET_ZONE = 4  # modules of white around the code, by ISO/IEC 18004
_MASK = 3  # any mask is readable; to try all eight for the prettiest costs four times the drawing


def png(text: str, *, scale: int = 4) -> bytes:
    """The picture of a code with error level M and at most version 13, as EPC069-12 wants it."""
    code = segno.make_qr(text, error="m", boost_error=False, encoding="utf-8", mask=_MASK)
    if int(code.version) > 13:
        raise ValueError(f"{len(text)} characters are too many for the QR code of a transfer")
    margin = b"L" * _QUIET_ZONE
    light = b"L" * (len(code.matrix) + 2 * _QUIET_ZONE)
    rows = [margin + row.translate(_LETTERS) + margin for row in map(bytes, code.matrix)]
    return _black_and_white([light] * _QUIET_ZONE + rows + [light] * _QUIET_ZONE, scale)


def _black_and_white(rows: list[bytes], scale: int) -> bytes:
    """A PNG of one bit a dot, from rows of D (dark, 0) and L (light, 1), each module `scale` dots wide and high.

    Written here: segno's own writer takes as long as all the rest of a mail.
    """
    width, height = len(rows[0]) * scale, len(rows) * scale
    data = []
    for row in rows:
        bits = row.replace(b"D", b"0" * scale).replace(b"L", b"1" * scale).ljust(-(-width // 8) * 8, b"1")
        data.append((b"\x00" + int(bits, 2).to_bytes(len(bits) // 8, "big")) * scale)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    image = zlib.compress(b"".join(data), 6)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", image) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


_LETTERS = bytes.maketrans(b"\x00\x01", b"LD")
