"""Make a drawn PNG small: a palette instead of 32 bits a pixel (PNG, third edition: 9.2 filters, 11.2.1 palette).

For drawings on white: colours are rounded to sixteen steps a channel, which the eye does not see on soft edges, and
transparency is dropped. A picture of more colours than a palette holds is returned as it came.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ROUNDED = bytes(min(255, (value + 8) // 17 * 17) for value in range(256))
_RGBA = (8, 6, 0, 0, 0)  # depth, colour type, compression, filter, interlace
_PIXEL = 4


def with_palette(png: bytes) -> bytes:
    """The same picture with a palette of at most 256 colours, where that is possible and smaller."""
    chunks = dict(_chunks(png))
    width, height, *form = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    if tuple(form) != _RGBA:
        return png
    colours: dict[bytes, int] = {}
    rows, before, written = bytearray(), b"", b""
    for row in _rows(zlib.decompress(chunks[b"IDAT"]), width * _PIXEL, height):
        if row != before:  # most rows of a drawing are like the one above
            shades = row.translate(_ROUNDED)
            pixels = (shades[x : x + 3] for x in range(0, len(shades), _PIXEL))
            indices = [colours.setdefault(pixel, len(colours)) for pixel in pixels]
            if len(colours) > 256:
                return png
            before, written = row, b"\0" + bytes(indices)
        rows += written
    made = b"".join(
        [
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", b"".join(colours)),
            _chunk(b"IDAT", zlib.compress(bytes(rows), 9)),
            _chunk(b"IEND", b""),
        ]
    )
    return min(made, png, key=len)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each chunk, the pieces of the picture as one."""
    at, data = len(_SIGNATURE), b""
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        content = png[at + 8 : at + 8 + length]
        if name == b"IDAT":
            data += content
        else:
            yield name, content
        at += 12 + length
    yield b"IDAT", data


def _rows(raw: bytes, stride: int, height: int) -> Iterator[bytes]:
    """The rows without their filters."""
    above = bytes(stride)
    for start in range(0, height * (stride + 1), stride + 1):
        above = _unfiltered(raw[start], raw[start + 1 : start + 1 + stride], above)
        yield above


def _unfiltered(kind: int, row: bytes, above: bytes) -> bytes:
    if kind == 0:
        return row
    if kind == 2:
        return _added(row, above)
    line = bytearray(_PIXEL) + row  # a black pixel before the first
    up = bytes(_PIXEL) + above
    for x in range(_PIXEL, len(line)):
        left = line[x - _PIXEL]
        match kind:
            case 1:
                guess = left
            case 3:
                guess = (left + up[x]) >> 1
            case _:
                guess = _paeth(left, up[x], up[x - _PIXEL])
        line[x] = (line[x] + guess) & 255
    return bytes(line[_PIXEL:])


def _added(one: bytes, other: bytes) -> bytes:
    """Byte by byte modulo 256, all bytes of a row at once: the carries are kept from their neighbours."""
    low = int.from_bytes(b"\x7f" * len(one), "big")
    a, b = int.from_bytes(one, "big"), int.from_bytes(other, "big")
    return (((a & low) + (b & low)) ^ ((a ^ b) & ~low & ((1 << 8 * len(one)) - 1))).to_bytes(len(one), "big")


def _paeth(left: int, up: int, corner: int) -> int:
    by_left, by_up, by_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    if by_left <= by_up and by_left <= by_corner:
        return left
    return up if by_up <= by_corner else corner


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
