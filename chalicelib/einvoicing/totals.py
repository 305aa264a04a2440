"""See whether the totals and dates of an invoice agree with one another, as EN 16931 demands (BR-CO-10 to BR-CO-16)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from chalicelib.einvoicing.fields import Fields
from chalicelib.einvoicing.xml_tree import Element

CREDIT_NOTES = frozenset("81 83 261 262 296 308 381 396 420 458 502 503 532".split())
"""UNTDID 1001: type codes of credit notes in EN 16931 and, from 502, in its French extension."""

INVOICES = frozenset(
    """71 80 82 84 102 130 202 203 204 211 218 219 295 326 331 380 382 383 384 385 386 387 388 389 390 393 394 395
    456 457 471 472 473 500 501 527 553 575 623 633 751 780 817 870 875 876 877 935""".split()
)
NO_CLAIM = {"325": "a pro-forma invoice", "220": "an order", "231": "an order response", "310": "an offer"}


def check_sums(
    fields: Fields, *, lines: Sequence[Element], line_total: Element | None, net: Element | None,
    taxes: Sequence[Element], tax: Element | None, total: Element | None, prepaid: Element | None,
    rounding: Element | None, due: Element | None, charges: Element | None, allowances: Element | None,
    is_credit: bool, says_prepaid: bool = True, for_others: Sequence[Element] = (), line_slack: Decimal = Decimal(0),
) -> None:  # fmt: skip
    """Note each sum that is not what its parts come to. What the document leaves out is not missed.

    `says_prepaid` is False for a profile that has no field for it, `for_others` are amounts collected for third
    parties (XRechnung's extension), and `line_slack` is what each line may be off (ZUGFeRD 1 rounded as it liked).
    """

    def expect(whole: Element | None, parts: Decimal, words: str, slack: Decimal = Decimal(0)) -> None:
        stated = fields.number(whole)
        if whole is not None and stated is not None and abs(stated - parts) > slack:
            fields.contradicts(whole, f"{stated} is not {words} ({parts})")

    if lines and line_total is not None:
        expect(line_total, _sum(fields, lines), f"the sum of the {len(lines)} lines", line_slack * len(lines))
    if net is not None and line_total is not None:
        base = _value(fields, line_total) + _value(fields, charges) - _value(fields, allowances)
        expect(net, base, "lines plus charges less allowances")
    if taxes and tax is not None:
        expect(tax, _sum(fields, taxes), "the sum of the taxes by rate")
    if net is not None and total is not None:
        expect(total, _value(fields, net) + _value(fields, tax), "the net amount plus the tax")
    if total is not None and not is_credit and says_prepaid:
        owed = _value(fields, total) - _value(fields, prepaid) + _value(fields, rounding) + _sum(fields, for_others)
        expect(due, owed, "the total less what is prepaid")


def own_tax(fields: Fields, totals: Iterable[Element]) -> Element | None:
    """The tax in the invoice's own currency: another total may state it in the currency of accounting (BT-111)."""
    own = [e for e in totals if e.attributes.get("currencyID", fields.currency) == fields.currency]
    for other in own[1:]:
        if fields.number(other) != fields.number(own[0]):
            fields.contradicts(other, f"{other.text} and {own[0].text} are stated as tax in the same currency")
    return own[0] if own else None


def check_dates(fields: Fields, issued: date | None, due: date | None, element: Element | None) -> None:
    if issued and due and element is not None and due < issued:
        fields.contradicts(element, f"{due} lies before the day of issue, {issued}")


def check_type(fields: Fields, element: Element | None) -> None:
    code = element.text.strip() if element else ""
    if element is None or not code:
        return
    if code in NO_CLAIM:
        fields.unread(element, f"{code} is {NO_CLAIM[code]}: nothing is owed by it", "import the invoice")
    elif code not in INVOICES | CREDIT_NOTES:
        fields.unread(element, f"{code!r} is no invoice and no credit note of UNTDID 1001", "write 380 or 381")


def _sum(fields: Fields, elements: Sequence[Element]) -> Decimal:
    return sum((_value(fields, e) for e in elements), Decimal(0))


def _value(fields: Fields, element: Element | None) -> Decimal:
    return fields.number(element) or Decimal(0)
