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
    border = b"\x01" * (_QUIET_ZONE * scale)
    rows = []
    for row in code.matrix:
        dots = border + b"".join((b"\x00" if dark else b"\x01") * scale for dark in row) + border
        rows.extend([dots] * scale)
    blank = [b"\x01" * len(rows[0])] * (_QUIET_ZONE * scale)
    return _black_and_white([*blank, *rows, *blank])


def _black_and_white(rows: list[bytes]) -> bytes:
    """A PNG of one bit a dot: 0 is black, 1 is white. Written here: segno's writer takes as long as all the rest."""
    width, height = len(rows[0]), len(rows)
    packed: dict[bytes, bytes] = {}
    for row in set(rows):
        bits = row.translate(_DIGITS).ljust(-(-width // 8) * 8, b"1")
        packed[row] = b"\x00" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = zlib.compress(b"".join(packed[row] for row in rows), 6)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


_DIGITS = bytes.maketrans(b"\x00\x01", b"01")
