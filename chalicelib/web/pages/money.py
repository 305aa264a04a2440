"""Money: what is owed and since when, what will come and why, which steps move it. All from the morning's snapshot.

One row is read, whatever the size of the ledger. Where today's is not counted yet, a piece of the page says how far
the count has come, and a collector may carry it on: each request counts some debtors and hands over to the next.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.domain import numbers as n
from chalicelib.domain.calendar import local_day
from chalicelib.pipeline.count_numbers import count_numbers
from chalicelib.web.pages.guard import NotFound, Visit, act, page
from chalicelib.web.pages.marked import N_
from chalicelib.web.pages.money_sheet import as_csv, as_xlsx, in_order, step_name
from chalicelib.web.pages.money_words import BUCKETS, MEANS
from chalicelib.web.pages.render import LOCALES, texts, zone_of
from chalicelib.web.pages.session import Role

DEBTORS_A_REQUEST = 100
"""So many are counted well within the time that a route has."""
LINK_SECONDS = 120
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@page("/ops/money", Role.VIEWER)
def money(visit: Visit) -> Response:
    numbers = bootstrap.numbers_store().latest()
    if numbers is None:
        return visit.show("money/none.html.j2")
    known = numbers.currencies()
    currency = visit.query.get("currency", "")
    if currency not in known:
        currency = known[0] if known else ""
    return visit.show(
        "money/money.html.j2",
        numbers=numbers,
        currency=currency,
        currencies=known,
        means={key: texts(visit.language).gettext(text) for key, text in MEANS.items()},
        is_old=numbers.on < visit.at.astimezone(zone_of(visit)).date(),
        **(_figures(visit, numbers, currency) if currency else {}),
    )


@page("/ops/money/count", Role.VIEWER)
def counting(visit: Visit) -> Response:
    """How far today's count has come."""
    today = _today(visit)
    return _piece(visit, today, bootstrap.numbers_store().counting(today))


@act("/ops/money/count", Role.COLLECTOR)
def count(visit: Visit) -> Response:
    """Carry today's count on, by as many debtors as one request may read."""
    today = _today(visit)
    done = count_numbers(bootstrap.parts(), bootstrap.numbers_store(), on=today, most=DEBTORS_A_REQUEST)
    t = texts(visit.language)
    if done.done:
        return visit.go("/ops/money", said=t.gettext("Counted: these are the numbers of today."))
    if visit.is_piece:
        return _piece(visit, today, bootstrap.numbers_store().counting(today), goes_on=True)
    return visit.go("/ops/money", said=t.gettext("Some more debtors are counted. Count again to go on."))


@page("/ops/money/export.csv", Role.VIEWER)
def csv(visit: Visit) -> Response:
    numbers = _numbers()
    content = as_csv(numbers, visit.language, texts(visit.language).gettext)
    return visit.download(content, name=f"relance-{numbers.on}.csv", kind="text/csv; charset=utf-8")


@page("/ops/money/export.xlsx", Role.VIEWER)
def xlsx(visit: Visit) -> Response:
    """Through the archive: bytes do not pass API Gateway. What lies under exports/ is deleted after a day."""
    numbers, archive = _numbers(), bootstrap.parts().archive
    key = f"exports/{numbers.on}-{secrets.token_urlsafe(16)}.xlsx"
    archive.put(key, as_xlsx(numbers, texts(visit.language).gettext), content_type=XLSX)
    return visit.leave(archive.link(key, seconds=LINK_SECONDS, name=f"relance-{numbers.on}.xlsx"))


def _numbers() -> n.Numbers:
    numbers = bootstrap.numbers_store().latest()
    if numbers is None:
        raise NotFound("no numbers have been counted yet")
    return numbers


def _today(visit: Visit) -> date:
    return local_day(visit.at, bootstrap.parts().offices.creditor().zone)


def _piece(visit: Visit, today: date, counting: Any, *, goes_on: bool = False) -> Response:
    return visit.show("money/count.html.j2", status=HTTPStatus.OK, today=today, counting=counting, goes_on=goes_on)


def _day_and_month(day: date, language: str) -> str:
    """Below a bar, where there is no room for the year."""
    from babel.dates import format_date

    return str(format_date(day, "d MMM", locale=LOCALES[language]))


def _figures(visit: Visit, numbers: n.Numbers, currency: str) -> Mapping[str, Any]:
    """What the page shows of one currency, and the charts' values beside it."""
    say = texts(visit.language).gettext
    bands = [
        (say(BUCKETS[name]), band) for name, band in zip(n.BUCKETS, numbers.ageing.get(currency, ()), strict=False)
    ]
    forecast = numbers.forecast.get(currency)
    weeks = [(numbers.on + timedelta(days=7 * i), week) for i, week in enumerate(forecast.weeks if forecast else ())]
    found = numbers.effects.get(currency, {})
    steps = [(step_name(step, say), found[step], n.rate(found[step].paid.count, found[step].taken.count))
             for step in in_order(list(found)) if found[step].taken.count]  # fmt: skip
    word, owed = numbers.word.get(currency), numbers.owed(currency)
    return {
        "owed": owed,
        "overdue": numbers.overdue(currency),
        "overdue_rate": n.rate(numbers.overdue(currency).amount, owed.amount),
        "disputed": numbers.disputed(currency),
        "dso": n.dso(numbers, currency),
        "word": word,
        "kept": n.kept_rate(word) if word else None,
        "kept_by_amount": n.kept_rate_by_amount(word) if word else None,
        "late": n.average_days_late(numbers.paid),
        "bands": bands,
        "forecast": forecast,
        "weeks": weeks,
        "steps": steps,
        "top": numbers.top.get(currency, ()),
        "charts": {
            "ageing": {
                "labels": [name for name, _ in bands],
                "series": [
                    {"label": say(N_("Undisputed")),
                     "values": [float((b.open.sum - b.disputed.sum).amount) for _, b in bands]},
                    {"label": say(N_("Disputed")), "values": [float(b.disputed.sum.amount) for _, b in bands]},
                ],
            },
            "forecast": {
                "labels": [_day_and_month(first, visit.language) for first, _ in weeks],
                "series": [
                    {"label": say(N_("Promised")), "values": [float(w.promised.amount) for _, w in weeks]},
                    {"label": say(N_("Planned")), "values": [float(w.planned.amount) for _, w in weeks]},
                    {"label": say(N_("By habit")), "values": [float(w.habit.amount) for _, w in weeks]},
                ],
            },
            "effects": {
                "labels": [name for name, _, _ in steps],
                "series": [
                    {"label": say(N_("Paid within 7 days")), "values": [float(share or 0) for _, _, share in steps]}
                ],
            },
        },
    }  # fmt: skip
