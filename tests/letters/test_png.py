"""A palette makes the picture small and leaves it as it was, to a sixteenth of a colour's range."""

from __future__ import annotations

import random
import struct
import zlib

import pytest

from chalicelib.adapters.rendering_png import _rows, with_palette


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(rows: list[bytes], kinds: list[int]) -> bytes:
    """A picture whose rows are filtered by these kinds, as the specification has it."""
    stride, above, data = len(rows[0]), bytes(len(rows[0])), b""
    for row, kind in zip(rows, kinds, strict=True):
        left, corner = bytes(4) + row[:-4], bytes(4) + above[:-4]
        guesses = [
            [0] * stride, left, above, [(a + b) // 2 for a, b in zip(left, above, strict=True)],
            [min((abs(a + b - c - x), n, x) for n, x in enumerate((a, b, c)))[2]
             for a, b, c in zip(left, above, corner, strict=True)],
        ][kind]  # fmt: skip
        data += bytes([kind]) + bytes((x - g) & 255 for x, g in zip(row, guesses, strict=True))
        above = row
    header = struct.pack(">IIBBBBB", stride // 4, len(rows), 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def picture(colours: int, width: int = 40, height: int = 30) -> list[bytes]:
    draw = random.Random(7)
    known = [bytes(draw.choices(range(0, 256, 17), k=3)) + b"\xff" for _ in range(colours)]
    return [b"".join(draw.choices(known, k=width)) for _ in range(height)]


def shown(small: bytes) -> list[bytes]:
    """The pixels of a picture with a palette, as RGB."""
    at, found = 8, {}
    while at < len(small):
        length, name = struct.unpack(">I4s", small[at : at + 8])
        found[name] = small[at + 8 : at + 8 + length]
        assert small[at + 8 + length : at + 12 + length] == struct.pack(">I", zlib.crc32(name + found[name]))
        at += 12 + length
    width, height = struct.unpack(">II", found[b"IHDR"][:8])
    raw, palette = zlib.decompress(found[b"IDAT"]), found[b"PLTE"]
    rows = [raw[y * (width + 1) + 1 : (y + 1) * (width + 1)] for y in range(height)]
    return [b"".join(palette[3 * i : 3 * i + 3] for i in row) for row in rows]


@pytest.mark.parametrize("kind", range(5))
def test_every_filter_is_undone(kind):
    rows = picture(9)
    raw = zlib.decompress(png(rows, [kind] * 30)[8 + 25 + 8 : -16])
    assert list(_rows(raw, 160, 30)) == rows


def test_the_small_picture_shows_the_same():
    rows = picture(9)
    small = with_palette(png(rows, [n % 5 for n in range(30)]))
    assert shown(small) == [b"".join(row[x : x + 3] for x in range(0, 160, 4)) for row in rows]


@pytest.mark.parametrize("colours", [255, 256])
def test_a_palette_holds_256_colours(colours):
    made = png(picture(colours, 200, 60), [0] * 60)
    assert struct.unpack(">B", with_palette(made)[25:26])[0] == 3


def test_a_picture_of_more_colours_is_left_as_it_is():
    made = png(picture(600, 200, 60), [0] * 60)
    assert with_palette(made) == made
