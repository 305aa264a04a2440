"""relance interest: what the law grants on one invoice that is paid late, period by period; text or JSON; no store.

relance interest --amount 1000 --currency EUR --country FR --due 2024-06-15 --on 2024-08-14 [--kind public] [--json]
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from chalicelib.domain.money import Money
from chalicelib.errors import BadInput
from chalicelib.law.late_payment import LatePayment, Overdue, Period, late_payment
from chalicelib.law.rules import KINDS, Rules
from chalicelib.ledger.cells import Unreadable, country

_OTHER_NAMES = {"UK": "GB", "EL": "GR"}  # as VAT numbers and people write them


def main(argv: Sequence[str], rules: Callable[[], Rules]) -> int:
    """Reckon and print. What is given is read here, so that every mistake is told in the same words."""
    return _interest(_parser().parse_args(argv), rules())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="relance interest", description="Reckon interest and indemnity on an invoice that is paid late."
    )
    parser.add_argument("--amount", required=True, metavar="AMOUNT", help="of the invoice, VAT included: 999.95")
    parser.add_argument("--currency", default="EUR", metavar="CUR", help="an ISO 4217 code (EUR)")
    parser.add_argument("--country", default="FR", metavar="CC", help="whose law counts (FR)")
    parser.add_argument("--due", required=True, metavar="DATE", help="the day on which it had to be paid")
    parser.add_argument("--on", required=True, metavar="DATE", help="the last day that is counted")
    parser.add_argument("--kind", default="business", metavar="KIND", help=f"of the debtor: {', '.join(KINDS)}")
    parser.add_argument("--rate", metavar="PERCENT", help="a year, where the contract fixes it")
    parser.add_argument(
        "--paid", action="append", default=[], metavar="DATE:AMOUNT",
        help="a part payment or a credit note; may be given several times",
    )  # fmt: skip
    parser.add_argument("--insolvent", metavar="DATE", help="the day on which an insolvency procedure was opened")
    parser.add_argument("--json", action="store_true", help="one JSON object, nothing else on stdout")
    return parser


def _interest(args: argparse.Namespace, rules: Rules) -> int:
    overdue = Overdue(
        amount=_money("--amount", args.amount, args.currency.upper()),
        due_on=_day("--due", args.due),
        country=_country(args.country),
        kind=_kind(args.kind),
        paid=tuple(sorted((_paid(text, args.currency.upper()) for text in args.paid), key=lambda paid: paid[0])),
        agreed_rate=None if args.rate is None else _decimal("--rate", args.rate.removesuffix("%").strip()),
        insolvent_on=_day("--insolvent", args.insolvent) if args.insolvent else None,
    )
    on = _day("--on", args.on)
    found = late_payment(overdue, rules, on=on)
    print(json.dumps(told(found), ensure_ascii=False, indent=2) if args.json else "\n".join(_lines(overdue, found, on)))
    return 0


def told(found: LatePayment) -> dict[str, object]:
    """For programs: amounts and rates as text with all their decimals."""
    return {
        "interest": str(found.interest.amount),
        "currency": found.interest.currency,
        "indemnity": str(found.indemnity.amount),
        "indemnity_currency": found.indemnity.currency,
        "periods": [
            {
                "from": period.from_on.isoformat(), "to": period.to_on.isoformat(), "days": period.days,
                "base": str(period.base.amount), "rate": str(period.rate), "interest": str(period.interest.amount),
                "source": period.source,
            }
            for period in found.periods
        ],
        "articles": list(found.articles),
        "why": found.why,
    }  # fmt: skip


def _lines(overdue: Overdue, found: LatePayment, on: date) -> list[str]:
    lines = [f"{overdue.amount} due on {overdue.due_on}, {overdue.kind} debtor, law of {overdue.country}"]
    late_days = (on - overdue.due_on).days
    lines += [f"{late_days} day{'' if late_days == 1 else 's'} late on {on}" if late_days > 0 else f"not late on {on}"]
    lines.append("")
    lines += [_row(period) for period in found.periods]
    if found.periods:
        lines.append("")
    lines += [f"interest   {found.interest!s:>16}", f"indemnity  {found.indemnity!s:>16}", "", f"{found.why}."]
    lines += dict.fromkeys(f"Rate: {period.source}." for period in found.periods)
    lines += [f"Law: {article}." for article in found.articles]
    return lines


def _row(period: Period) -> str:
    return (
        f"{period.from_on} to {period.to_on}  {period.days:>4} days  {period.base!s:>16}  x {period.rate} % / 365"
        f"  = {period.interest!s:>14}"
    )


def _country(given: str) -> str:
    try:
        return country(_OTHER_NAMES.get(given.strip().upper(), given))
    except Unreadable as error:
        raise BadInput("--country", error.what, "write for example FR, BE or GB") from error


def _kind(given: str) -> str:
    if given not in KINDS:
        raise BadInput("--kind", f"{given!r} is unknown", f"write one of {', '.join(KINDS)}")
    return given


def _day(where: str, given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise BadInput(where, f"{given!r} is no day", "write it as YYYY-MM-DD") from None


def _money(where: str, given: str, currency: str) -> Money:
    amount = _decimal(where, given)
    money = Money.of(amount, currency)
    if money.amount != amount:
        raise BadInput(where, f"{given} has more decimals than {currency} has", f"write for example {money.amount}")
    if amount <= 0:
        raise BadInput(where, f"{given} is not above zero", "give what was asked for, or what was paid")
    return money


def _paid(given: str, currency: str) -> tuple[date, Money]:
    day, colon, amount = given.partition(":")
    if not colon:
        raise BadInput("--paid", f"{given!r} is no payment", "write it as YYYY-MM-DD:AMOUNT")
    return _day("--paid", day), _money("--paid", amount, currency)


def _decimal(where: str, given: str) -> Decimal:
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,9})?", given):
        raise BadInput(where, f"{given!r} is no number that can be reckoned with", "write for example 1000 or 999.95")
    return Decimal(given)
