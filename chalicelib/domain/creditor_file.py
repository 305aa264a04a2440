"""Read the creditor's profile from its YAML file, or say of every mistake its line, its key and what was expected.

`templates/creditor.yaml` is a sample with every key. What is read here stands on every notice: an IBAN with a wrong
digit would send the debtors' money away, so it is checked by its own check digits (ISO 13616, mod 97).
"""

from __future__ import annotations

import re
from datetime import time
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chalicelib.domain.calendar import zone_of
from chalicelib.domain.creditor import Creditor, Persona, WeeklyReview
from chalicelib.domain.policy_file import SENDERS
from chalicelib.domain.yaml_keys import Keys, free_texts, read_keys
from chalicelib.errors import BadFile, BadInput

_EMAIL = r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]+\.[^\s@<>,;:\"()\[\]\\.]{2,}"
_EMAIL_EXAMPLE = "one address, for example compta@example.fr"

_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FRENCH = {"FR", "MC", "BE", "LU", "GP", "MQ", "GF", "RE"}

# ISO 13616: how long an IBAN is, for the countries that we meet; elsewhere 15 to 34.
_IBAN_LENGTHS = {
    "AD": 24, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24,
    "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SE": 24, "SI": 19,
    "SK": 24, "SM": 27,
}  # fmt: skip


def read_creditor(text: str, file_name: str = "creditor") -> Creditor:
    """The creditor; BadFile with all findings when anything in the file is wrong."""
    findings: list[BadInput] = []
    top = read_keys(text, file_name, findings)
    country = top.text("country", pattern="[A-Z]{2}", example="two capital letters, for example FR")
    creditor = Creditor(
        name=top.text("name"),
        legal_form=top.text("legal_form", "", example="for example SAS au capital de 10 000 €"),
        address=tuple(top.texts("address", required=True)),
        country=country,
        legal_id=_legal_id(top, country),
        vat_number=top.text("vat_number", "", pattern="[A-Z]{2}[0-9A-Z ]{2,15}", example="for example FR40123456782"),
        iban=_iban(top),
        bic=top.text("bic", "", pattern="[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", example="8 or 11 letters and digits"),
        mailbox=_mailbox(top),
        folders=tuple(dict.fromkeys(top.texts("folders"))) or ("INBOX",),
        zone=_zone(top, country),
        subdivision=top.text("subdivision", "") or None,
        authserv_id=top.text("authserv_id", "", pattern=r"[A-Za-z0-9.-]+", example="the receiving server's name"),
        personas=_personas(top),
        payment_link=_payment_link(top),
        weekly_review=_weekly_review(top, country),
        approvers=tuple(dict.fromkeys(top.texts("approvers"))),
        late_interest_rate=_late_interest_rate(top),
    )
    top.done()
    if findings:
        raise BadFile(file_name, findings)
    return creditor


def iban_is_sound(iban: str) -> bool:
    """Whether an IBAN without blanks has its country's length and the right check digits.

    >>> iban_is_sound("FR7630006000011234567890189"), iban_is_sound("FR7630006000011234567890198")
    (True, False)
    """
    if not re.fullmatch("[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", iban):
        return False
    if len(iban) != _IBAN_LENGTHS.get(iban[:2], len(iban)):
        return False
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def siren_is_sound(digits: str) -> bool:
    """Whether nine digits (a SIREN) or fourteen (a SIRET) pass their Luhn check."""
    if not re.fullmatch("[0-9]{9}|[0-9]{14}", digits):
        return False
    doubled = [int(c) * (2 if i % 2 else 1) for i, c in enumerate(reversed(digits))]
    return sum(n // 10 + n % 10 for n in doubled) % 10 == 0


def _iban(top: Keys) -> str:
    iban = re.sub(r"\s", "", top.text("iban", example="for example FR76 3000 6000 0112 3456 7890 189")).upper()
    if not iban or iban_is_sound(iban):
        return iban
    length = _IBAN_LENGTHS.get(iban[:2])
    if length and len(iban) != length:
        top.report("iban", f"has {len(iban)} characters", f"an IBAN of {iban[:2]} has {length}")
    else:
        top.report("iban", "the check digits do not agree", "copy it again from the bank's own paper")
    return iban


def _legal_id(top: Keys, country: str) -> str:
    """As printed on letters ("RCS Lyon 123 456 782"): in France a SIREN stands in it."""
    text = top.text("legal_id", example="for example RCS Lyon 123 456 782")
    digits = re.sub(r"[^0-9]", "", text)
    if text and country == "FR" and not siren_is_sound(digits):
        top.report("legal_id", f"{text!r} holds no sound SIREN", "expected nine digits whose check digit agrees")
    return text


def _mailbox(top: Keys) -> str:
    mailbox = top.text("mailbox", pattern=_EMAIL, example=_EMAIL_EXAMPLE)
    if "+" in mailbox.partition("@")[0]:
        top.report("mailbox", f"{mailbox!r} has a + already", "Relance adds +token itself: give the plain address")
    return mailbox


def _zone(top: Keys, country: str) -> str:
    zone = top.text("zone", zone_of(country, "Europe/Paris"))
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        top.report("zone", f"{zone!r} is no time zone", "expected for example Europe/Paris")
    return zone


def _payment_link(top: Keys) -> str:
    link = top.text("payment_link", "", pattern=r"https://\S+", example="https://…/{number}, or nothing")
    if re.search(r"\{(?!number\})|(?<!number)\}", link):
        top.report("payment_link", "only {number} is replaced in it", "expected for example https://pay.example/{number}")
    return link


def _late_interest_rate(top: Keys) -> Decimal | None:
    """Per cent a year, as the terms of sale fix it; the law's own rate where they are silent."""
    example = "per cent a year, for example 12 or 11.5"
    text = top.text("late_interest_rate", "", pattern=r"[0-9]{1,2}(\.[0-9]{1,2})?", example=example)
    return Decimal(text) if text else None


def _weekly_review(top: Keys, country: str) -> WeeklyReview | None:
    if "weekly_review" not in top:
        return None
    keys = top.section("weekly_review")
    to = tuple(dict.fromkeys(keys.texts("to", required=True)))
    for address in to:
        if not re.fullmatch(_EMAIL, address):
            keys.report("to", f"{address[:80]!r} is no e-mail address", f"expected {_EMAIL_EXAMPLE}")
    day = keys.text("on", "monday", one_of=_WEEKDAYS)
    clock = keys.text("at", "07:30", pattern=_CLOCK, example='a time of day in quotes: "07:30"')
    language = keys.text("language", "fr" if country in _FRENCH else "en", one_of=("fr", "en"))
    keys.done()
    return WeeklyReview(
        to=to,
        on=_WEEKDAYS.index(day) if day in _WEEKDAYS else 0,
        at=time.fromisoformat(clock) if re.fullmatch(_CLOCK, clock) else time(7, 30),
        language=language,
    )


def _personas(top: Keys) -> dict[str, Persona]:
    people = top.section("personas", required=True)
    if "personas" in top and "collector" not in people:
        people.report("collector", "is missing", "the collector speaks for every role that nobody holds")
    personas = {}
    for role in SENDERS:
        if role in people:
            keys = people.section(role)
            title = keys.section("title", required=True)
            personas[role] = Persona(
                name=keys.text("name"),
                title=dict(free_texts(title, key_pattern="[a-z]{2}", example="fr or en")),
                email=keys.text("email", pattern=_EMAIL, example=_EMAIL_EXAMPLE),
                phone=keys.text("phone", "", pattern=r"\+?[0-9 ().-]{4,25}", example="for example +33 4 72 00 00 00"),
            )
            keys.done()
    people.done(SENDERS)
    return personas
