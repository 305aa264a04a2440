"""What a person typed into a form of a debtor's file: days and amounts as people write them, errors at their fields."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from chalicelib.domain.findings import told_whole
from chalicelib.domain.money import Money
from chalicelib.errors import BadInput
from chalicelib.web.pages.guard import Visit
from chalicelib.web.pages.render import texts

LONGEST = 4000


class Form:
    """The fields of one form, what was typed in them, and what is wrong with each."""

    def __init__(self, visit: Visit, **first: str) -> None:
        self._visit, self._first = visit, first
        self.errors: dict[str, str] = _Errors()
        self._ = texts(visit.language).gettext

    @property
    def is_right(self) -> bool:
        return not self.errors

    @property
    def sent(self) -> bool:
        return bool(self._visit.form)

    def typed(self, name: str) -> str:
        """What stands in a field: what was typed, before that what it begins with."""
        return self._visit.said(name) if self.sent else self._first.get(name, "")

    def ticked(self, name: str) -> list[str]:
        return self._visit.all_said(name)

    def wrong(self, name: str, what: str) -> None:
        self.errors.setdefault(name, what)

    def text(self, name: str, *, required: bool = False) -> str:
        text = self._visit.said(name)
        if required and not text:
            self.wrong(name, self._("Fill this in"))
        if len(text) > LONGEST:
            self.wrong(name, self._("This is too long"))
        return text

    def day(self, name: str, *, required: bool = False, after: date | None = None, until: date | None = None,
            past: bool = False) -> date | None:  # fmt: skip
        """A day; `after`: the first day that is too early, `past`: it may not be to come (of `until`)."""
        text = self.text(name, required=required)
        if not text:
            return None
        found = read_day(text)
        if found is None:
            self.wrong(name, self._("This is no day: write it like 2026-11-30 or 30/11/2026"))
        elif after and found <= after:
            self.wrong(name, self._("Give a later day: this one is past or too early"))
        elif past and until and found > until:
            self.wrong(name, self._("This day has not come yet"))
        return found

    def money(self, name: str, currency: str, *, required: bool = False) -> Money | None:
        text = self.text(name, required=required)
        if not text:
            return None
        found = read_amount(text, currency)
        if found is None or not found > Money.zero(currency):
            self.wrong(name, self._("This is no amount above zero: write it like 1234.56"))
            return None
        return found

    def refused(self, error: BadInput, **fields: str) -> None:
        """What the verb itself found wrong, at the field that it names (its name here, where that differs)."""
        where = error.where.split(",")[0]
        field = fields.get(where, where)
        known = {
            "on": self._("This day cannot be used here"),
            "email": self._("This is no e-mail address"),
            "phone": self._("This is no phone number"),
            "contact": self._("This contact cannot be used"),
            "numbers": self._("These invoices cannot be used: paid meanwhile, or disputed already"),
            "amount": self._("This amount cannot be used for these invoices"),
        }
        told, language = known.get(field, self._("This cannot be used")), self._visit.language
        self.wrong(field, f"{told}{chr(0xA0) if language == 'fr' else ''}: {told_whole(error, language)}")


class _Errors(dict[str, str]):
    """What is wrong, by field; a field with which nothing is wrong says nothing."""

    def __missing__(self, name: str) -> str:
        return ""


def read_day(text: str) -> date | None:
    """A day as a browser sends it (2026-11-30) or as one types it here (30/11/2026)."""
    if found := re.fullmatch(r"([0-9]{1,2})[/. ]([0-9]{1,2})[/. ]([0-9]{4})", text):
        text = f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}"
    try:
        return date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9][0-9]-[0-9][0-9]", text) else None
    except ValueError:
        return None


def read_amount(text: str, currency: str) -> Money | None:
    """An amount as people write it in French or English; None where it could be read in two ways, or not at all.

    >>> str(read_amount("1 234,50 €", "EUR")), str(read_amount("1,234.50", "EUR")), read_amount("1,234", "EUR")
    ('1234.50 EUR', '1234.50 EUR', None)
    """
    bare = re.sub(r"[\s\u00a0\u202f'’€$£]|EUR|USD|GBP|CHF", "", text)
    if re.fullmatch(r"[0-9]{1,3}[.,][0-9]{3}", bare):
        return None  # 1,234: a thousand to some, one and a bit to others
    if re.fullmatch(r"([0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,[0-9]+)?", bare):
        return _money(bare.replace(".", "").replace(",", "."), currency)
    if re.fullmatch(r"([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]+)?", bare):
        return _money(bare.replace(",", ""), currency)
    return None


def _money(text: str, currency: str) -> Money | None:
    try:
        money = Money.of(text, currency)
    except BadInput:
        return None
    # More digits than the currency has would be rounded away unseen.
    return money if money.amount == Decimal(text) else None
