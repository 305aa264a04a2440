"""One measured figure, with the bound that we promise where there is one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`at_least` and `at_most` are promises; a figure without either is for information."""

    what: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def good(self) -> bool:
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    def __str__(self) -> str:
        promise = ""
        if self.at_least is not None:
            promise = f"  (at least {self.at_least:g})"
        if self.at_most is not None:
            promise = f"  (at most {self.at_most:g})"
        mark = "" if self.good else "  <-- MISSED"
        return f"{self.what:<58}{self.value:>12,.2f} {self.unit}{promise}{mark}"
