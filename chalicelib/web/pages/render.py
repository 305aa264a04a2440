"""Turn a visit, a template and facts into HTML: escaped, in one language, with links that work wherever we are.

What templates can use, besides the facts that the page gives:

    _("…"), ngettext("…", "…", n), {% trans %}   texts; the English source is the key, French is in messages/fr/
    money|amount   day|day   day|short_day   instant|moment   instant|clock   instant|ago   number|number
    text|finding   what is wrong with a file or a field, and what to do, which the program finds in English
    text|reason    why the program did something, which is kept in English; what people wrote stays as it is
    visit, may("collector"), url("/ops/…", q=…), static("ops.css"), csrf()
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from chalicelib import bootstrap
from chalicelib.domain.findings import finding_in_words
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import in_words
from chalicelib.domain.reasons_french import STEPS, WORDS
from chalicelib.errors import PermanentError, RetryableError
from chalicelib.ports import SendingHold
from chalicelib.web.pages.guard import Visit, local_path
from chalicelib.web.pages.messages import catalogue
from chalicelib.web.pages.static import hashed

LOCALES = {"fr": "fr", "en": "en_GB"}  # the day before the month in both


def render(visit: Visit, template: str, facts: Mapping[str, Any]) -> str:
    toast, undo = _toast(visit)
    return environment(visit.language).get_template(template).render(
        **facts,
        visit=visit,
        language=visit.language,
        zone=zone_of(visit),
        path=visit.path,
        may=visit.may,
        url=visit.url,
        static=lambda name: visit.url(f"/ops/static/{hashed(name)}") if hashed(name) else "",
        csrf=lambda: _csrf(visit),
        sending_hold=_sending_hold(visit),
        toast=toast,
        undo=undo,
    )  # fmt: skip


def texts(language: str) -> gettext.NullTranslations:
    """The catalogue for sentences that Python makes: `texts(visit.language).gettext("…")`."""
    return catalogue(language)


def zone_of(visit: Visit) -> ZoneInfo:
    """The person's zone, else the creditor's, else UTC: an unknown name is passed over."""
    for name in (visit.zone, _zone_of_creditor):
        try:
            key = name if isinstance(name, str) else name()
            if key:
                return ZoneInfo(key)
        except (ValueError, OSError, KeyError, PermanentError, RetryableError):
            continue  # no such zone (a KeyError), no creditor yet, a store that does not answer: the next one
    return ZoneInfo("UTC")


@cache
def environment(language: str) -> Environment:
    """One environment a language, kept as long as the container lives."""
    made = Environment(
        loader=FileSystemLoader(bootstrap.TEMPLATES / "web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=bool(bootstrap.pages_url().startswith("http://127.0.0.1")),
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    made.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(
        amount=lambda money: amount(money, language),
        number=lambda value, digits=0: number(value, language, digits),
        percent=lambda value, digits=0: f"{number(Decimal(str(value)) * 100, language, digits)}\u00a0%",
        day=lambda value: day(value, language),
        short_day=lambda value: short_day(value, language),
        reason=lambda text: reason(text, language),
        finding=lambda text: finding_in_words(text, language),
        moment=_moment,
        clock=_clock,
        ago=_ago,
    )
    return made


def amount(money: Money, language: str) -> str:
    """1 234,56 € and €1,234.56."""
    from babel.numbers import format_currency

    return str(format_currency(money.amount, money.currency, locale=LOCALES[language]))


def number(value: Decimal | int | float, language: str, digits: int = 0) -> str:
    from babel.numbers import format_decimal

    pattern = "#,##0" + (f".{'0' * digits}" if digits else "")
    return str(format_decimal(value, format=pattern, locale=LOCALES[language]))


def day(value: date, language: str) -> str:
    """12 mars 2026; 12 March 2026."""
    from babel.dates import format_date

    first = language == "fr" and value.day == 1
    return str(format_date(value, "d'er' MMMM y" if first else "d MMMM y", locale=LOCALES[language]))


def short_day(value: date, language: str) -> str:
    """12 mars; 12 Mar. With its year where a reader could mistake it is `day`'s work."""
    from babel.dates import format_date

    return str(format_date(value, "d MMM y", locale=LOCALES[language]))


def reason(text: str, language: str) -> str:
    """A reason of the program's in the reader's language; in English the ids of steps and kinds in plain words."""
    if language == "fr":
        return in_words(text, language)
    return _IDS.sub(lambda found: found[0].replace("_", " "), text)


_IDS = re.compile(
    rf"(?<![\w.@+-])(?:{'|'.join(sorted((id_ for id_ in {*STEPS, *WORDS} if '_' in id_), reverse=True))})(?![\w.@+-])"
)


@pass_context
def _moment(context: Context, value: datetime) -> str:
    """12 mars 2026, 14:05 in the person's zone."""
    here = value.astimezone(context["zone"])
    return f"{day(here.date(), context['language'])}, {here:%H:%M}"


@pass_context
def _clock(context: Context, value: datetime) -> str:
    return f"{value.astimezone(context['zone']):%H:%M}"


@pass_context
def _ago(context: Context, value: datetime | date) -> str:
    """il y a 3 jours; in 2 hours."""
    from babel.dates import format_timedelta

    visit: Visit = context["visit"]
    here = visit.at.astimezone(context["zone"])
    if isinstance(value, datetime):
        span = value.astimezone(UTC) - visit.at
    else:
        days = value - here.date()
        if not days:
            return str(catalogue(visit.language).gettext("today"))
        return str(
            format_timedelta(days, granularity="day", threshold=30, add_direction=True, locale=LOCALES[visit.language])
        )
    return str(format_timedelta(span, add_direction=True, locale=LOCALES[visit.language]))


def _csrf(visit: Visit) -> Markup:
    """The hidden field that every form carries."""
    token = visit.session.csrf if visit.session else ""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(token)


def _toast(visit: Visit) -> tuple[str, str]:
    """The word that the last act left, shown once: the answer clears it."""
    kept = visit.held("toast")
    if not kept or visit.is_piece:
        return "", ""
    if not any(cookie.startswith(f"{visit.jar.name('toast')}=") for cookie in visit.baked):
        visit.baked.append(visit.jar.clear("toast"))
    said, _, undo = unquote(kept).partition("\n")
    return said, local_path(undo) if undo else ""


def _sending_hold(visit: Visit) -> SendingHold | None:
    """Who holds all sending, for the banner. A page that cannot know shows itself without."""
    if visit.session is None or visit.is_piece:
        return None
    try:
        return bootstrap.parts().offices.hold()
    except (PermanentError, RetryableError):
        return None


def _zone_of_creditor() -> str:
    return bootstrap.parts().offices.creditor().zone
