"""Read the fields of a document's elements as days and amounts; gather what is wrong with the line and the path."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from chalicelib.domain.money import CURRENCIES, Money
from chalicelib.einvoicing.model import Trouble
from chalicelib.einvoicing.xml_tree import Element
from chalicelib.errors import BadFile

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_LONGEST = 30  # digits: no amount of money needs more


class Fields:
    """The fields of one document; `refuse_unreadable` raises what must be read and cannot."""

    def __init__(self, root: Element, name: str) -> None:
        self.root, self._name = root, name
        self.unreadable: list[Trouble] = []
        self.troubles: list[Trouble] = []
        self.currency = ""

    def unread(self, element: Element, what: str, remedy: str = "", *, lacks: str = "") -> None:
        """The document cannot be used: for what stands in an element, or `lacks` there."""
        path = f"{element.path}/{lacks}" if lacks else element.path
        self.unreadable.append(Trouble(path, element.line, what, remedy))

    def contradicts(self, element: Element, what: str) -> None:
        self.troubles.append(Trouble(element.path, element.line, what, "correct the invoice where it was made"))

    def note(self, element: Element, what: str, remedy: str = "") -> None:
        self.troubles.append(Trouble(element.path, element.line, what, remedy, is_error=False))

    def required(self, within: Element, *path: str, longest: int = 64) -> str:
        """The text of an element that there must be; noted with the line of what it should stand in where it is not."""
        element = within.first(*path)
        if element is None:
            for name in path:  # as deep as the document goes along
                further = within.first(name)
                if further is None:
                    break
                within, path = further, path[1:]
            lacks = "/".join(name.split("|")[0] for name in path)
            self.unread(within, "is missing", "a document of this kind must have it", lacks=lacks)
            return ""
        text = " ".join(element.text.split())
        if not text:
            self.unread(element, "is empty", "a document of this kind must have it")
        elif len(text) > longest:
            self.unread(element, f"is longer than {longest} characters", "shorten it")
        elif not text.isprintable():
            self.unread(element, "holds a control character", "remove it")
        return text

    def find_currency(self, within: Element, *path: str) -> None:
        code = self.required(within, *path)
        element = within.first(*path)
        if code and element is not None and code not in CURRENCIES:
            self.unread(element, f"{code!r} is no ISO 4217 code", "write for example EUR")
        self.currency = code if code in CURRENCIES else ""

    def day(self, element: Element | None) -> date | None:
        """A day as CII writes it (format 102: 20260131; also 610, 203, 204) or UBL does (2026-01-31)."""
        if element is None or not element.text:
            return None
        text = element.text.strip()
        layout = element.attributes.get("format", "")
        found = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T[0-9:.]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?", text)
        if not found and layout in ("", "102", "203", "204"):
            found = re.fullmatch(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:[0-9]{4}|[0-9]{6})?", text)
        if not found:
            said = f" in format {layout}" if layout else ""
            self.unread(element, f"{text[:40]!r} is no day{said}", "write 20260131 with format 102, or 2026-01-31")
            return None
        try:
            day = date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            self.unread(element, f"{text!r} is no day of the calendar", "correct it")
            return None
        if not 1990 <= day.year <= 2100:
            self.unread(element, f"{text!r} is in the year {day.year}", "is the year right?")
            return None
        return day

    def number(self, element: Element | None) -> Decimal | None:
        if element is None:
            return None
        text = element.text.strip()
        if not _DECIMAL.fullmatch(text) or len(text) > _LONGEST:
            self.unread(element, f"{text[:40]!r} is no amount", "write for example 1234.56")
            return None
        return Decimal(text)

    def amount(self, element: Element | None) -> Money | None:
        """An amount in the document's currency; another `currencyID` is a contradiction."""
        exact = self.number(element)
        if element is None or exact is None or not self.currency:
            return None
        stated = element.attributes.get("currencyID", self.currency)
        if stated != self.currency:
            self.unread(element, f"is in {stated}, the invoice in {self.currency}", "correct one of them")
            return None
        amount = Money.of(exact, self.currency)
        if amount.amount != exact:
            digits = -int(amount.amount.as_tuple().exponent)
            self.unread(element, f"{element.text.strip()} has too many decimals", f"{self.currency} has {digits}")
        if abs(exact) >= Decimal(10) ** 13:
            self.unread(element, f"{element.text.strip()} is too large to be an amount")
        return amount

    def refuse_unreadable(self) -> None:
        if self.unreadable:
            raise BadFile(self._name, [t.as_error() for t in self.unreadable[:20]])
