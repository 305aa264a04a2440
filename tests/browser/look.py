"""What a browser complains of, and where it goes: watched from before the first request."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from playwright.sync_api import Page

_watched: WeakKeyDictionary[Page, Watched] = WeakKeyDictionary()


@dataclass
class Watched:
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    cut_off: bool = False

    @classmethod
    def begin(cls, page: Page) -> None:
        watched = _watched[page] = cls()
        page.on("console", lambda m: watched.said.append(f"{m.type}: {m.text}") if m.type != "log" else None)
        page.on("pageerror", lambda error: watched.said.append(f"error: {error}"))
        # What a click on the next link cuts off is no failure.
        page.on("requestfailed", lambda r: watched.fail(r.url, str(r.failure)))
        page.on("request", lambda r: watched.asked.append(r.url))


    def fail(self, url: str, why: str) -> None:
        if "ERR_ABORTED" in why:
            self.cut_off = True
        else:
            self.said.append(f"failed: {url} {why}")


def assert_quiet(page: Page) -> None:
    """No error or warning in the console, no failed request, none that leaves the host of the pages."""
    watched = _watched[page]
    if watched.cut_off:
        watched.said = [line for line in watched.said if "htmx:sendError" not in line and "htmx:sendAbort" not in line]
    host = urlsplit(page.url).netloc
    away = [url for url in watched.asked if urlsplit(url).scheme != "data" and urlsplit(url).netloc != host]
    assert (watched.said, away) == ([], [])


def assert_fits(page: Page) -> None:
    """Nothing makes the page wider than the screen."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"
