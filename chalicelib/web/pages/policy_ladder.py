"""The ladder as a picture: where each step stands on the days around the due date. Figures only; a template draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.web.pages.policy_words import Rung

WIDTH, LEFT, RIGHT = 760, 290, 726
ROW, TOP, BOTTOM = 34, 34, 12
TICKS_AT_MOST = 8


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One rung's place: the middle of its row, and its day on the axis."""

    x: int
    y: int
    rung: Rung


@dataclass(frozen=True, kw_only=True)
class Picture:
    width: int
    height: int
    left: int
    right: int
    due_x: int
    ticks: tuple[tuple[int, int], ...]  # (x, day)
    marks: tuple[Mark, ...]
    path: str  # the stairs from rung to rung


def picture(rungs: Sequence[Rung]) -> Picture:
    days = [rung.day for rung in rungs]
    first, last = min([*days, 0]), max([*days, 7])

    def x(day: int) -> int:
        return round(LEFT + (day - first) * (RIGHT - LEFT) / (last - first))

    marks = tuple(Mark(x=x(rung.day), y=TOP + ROW // 2 + n * ROW, rung=rung) for n, rung in enumerate(rungs))
    path = ""
    for mark in marks:
        path += f"V{mark.y}H{mark.x}" if path else f"M{mark.x} {mark.y}"
    return Picture(
        width=WIDTH, height=TOP + ROW * len(marks) + BOTTOM, left=LEFT, right=RIGHT, due_x=x(0),
        ticks=tuple((x(day), day) for day in _ticks(first, last)), marks=marks, path=path,
    )  # fmt: skip


def _ticks(first: int, last: int) -> list[int]:
    """Round days, few enough to be read; the due date is drawn by itself."""
    apart = next(n for n in (5, 7, 10, 15, 30, 60, 90, 180, 400) if (last - first) / n <= TICKS_AT_MOST)
    return [day for day in range(-(-first // apart) * apart, last + 1, apart) if day]
