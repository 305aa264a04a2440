"""Settings: the creditor as the program holds it, changed by a manager; and how the parts of the program are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import yaml
from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.domain.creditor import Creditor, Health
from chalicelib.domain.creditor_file import read_creditor
from chalicelib.domain.findings import place_in_words, told_whole
from chalicelib.domain.policy import Policy
from chalicelib.domain.policy_file import SENDERS
from chalicelib.errors import BadFile, PermanentError, RetryableError
from chalicelib.ports import Change, Parts
from chalicelib.web.pages.guard import Visit, act, page
from chalicelib.web.pages.marked import N_
from chalicelib.web.pages.render import texts
from chalicelib.web.pages.session import Role

RUNS_LOOKED_BACK = timedelta(days=5)
"""From a Friday evening over a long weekend: a run is hourly on weekdays."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = (
    N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday"),
)  # fmt: skip
LINES = {"address", "folders", "approvers", "weekly_review.to"}
"""Fields of several lines, a text a line."""

FIELDS = {
    "name": N_("Company"), "legal_form": N_("Legal form"), "address": N_("Address"), "country": N_("Country"),
    "legal_id": N_("Register and number"), "vat_number": N_("VAT number"), "iban": N_("IBAN"), "bic": N_("BIC"),
    "payment_link": N_("Payment link"), "late_interest_rate": N_("Late interest, per cent a year"),
    "mailbox": N_("Mailbox for answers"), "folders": N_("Folders that are read"),
    "authserv_id": N_("Receiving mail server"), "zone": N_("Time zone"), "subdivision": N_("Region of holidays"),
    "approvers": N_("Who may approve formal notices"), "weekly_review.to": N_("Weekly review to"),
    "weekly_review.on": N_("Day of the review"), "weekly_review.at": N_("Hour of the review"),
    "weekly_review.language": N_("Language of the review"),
}  # fmt: skip
ROLES = {"collector": N_("Collector"), "sales_rep": N_("Sales representative"), "director": N_("Director")}
OF_A_PERSON = {
    "name": N_("Name"), "title.fr": N_("Job title in French"), "title.en": N_("Job title in English"),
    "email": N_("E-mail"), "phone": N_("Phone"),
}  # fmt: skip
HINTS = {
    "address": N_("One line of the address a line."),
    "country": N_("Two capital letters, for example FR: its calendar of holidays and its law."),
    "legal_id": N_("As printed on letters, for example RCS Lyon 123 456 782."),
    "iban": N_("Leave it empty to keep the one on file. Every reminder carries it: its check digits are verified."),
    "payment_link": N_("https://… with {number} where the invoice number goes; empty for none."),
    "late_interest_rate": N_("By your terms of sale. Empty: the rate of the law."),
    "mailbox": N_("The plain address. Each mail adds its own +token to it, so that answers find their file."),
    "folders": N_("One a line. The folder for spam is read besides."),
    "authserv_id": N_("Its name in Authentication-Results; only its word on who wrote counts."),
    "zone": N_("For example Europe/Paris."),
    "subdivision": N_("Where holidays differ within the country, for example 57 (Moselle)."),
    "approvers": N_("Addresses, one a line, * for any part. Empty: every manager."),
    "weekly_review.to": N_("Addresses, one a line. Empty: nobody gets it."),
    "weekly_review.at": N_("For example 07:30."),
}
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (N_("Company"), ("name", "legal_form", "address", "country", "legal_id", "vat_number")),
    (N_("Bank details and interest"), ("iban", "bic", "payment_link", "late_interest_rate")),
    (N_("Mail and calendar"), ("mailbox", "folders", "authserv_id", "zone", "subdivision", "approvers")),
    (N_("Weekly review"), ("weekly_review.to", "weekly_review.on", "weekly_review.at", "weekly_review.language")),
)


@dataclass(frozen=True, kw_only=True)
class Look:
    """One part of the program: how it is, and what to do about it. state: good, warn, bad."""

    name: str
    state: str
    what: str
    remedy: str = ""
    at: datetime | None = None


@page("/ops/settings", Role.VIEWER)
def settings(visit: Visit) -> Response:
    """Who we are, and how the program is."""
    parts = bootstrap.parts()
    creditor, health = parts.offices.load()
    return visit.show(
        "settings/settings.html.j2", creditor=creditor, values=masked(values_of(creditor)), groups=GROUPS,
        fields=FIELDS, roles=ROLES, days=DAYS, policies=parts.policies.values(),
        looks=list(looks(parts, health, parts.policies["standard"], visit)),
    )  # fmt: skip


@page("/ops/settings/edit", Role.MANAGER)
def edit(visit: Visit) -> Response:
    creditor = bootstrap.parts().offices.creditor()
    return _form(visit, creditor, values_of(creditor) | {"iban": ""}, {})


@act("/ops/settings", Role.MANAGER)
def change(visit: Visit) -> Response:
    """Check what was filled in, as a creditor's file is checked; tell each mistake at its field."""
    t, offices = texts(visit.language), bootstrap.parts().offices
    creditor = offices.creditor()
    said = {name: visit.said(name).replace("\r\n", "\n") for name in names()}
    try:
        after = read_creditor(as_file(said | {"iban": said["iban"] or creditor.iban}), "settings")
    except BadFile as error:
        return _form(visit, creditor, said, dict(_at_fields(error, visit.language)))
    if visit.said("seen") != _seen(creditor):
        # Between this look and the write a second is left, in which two managers would have to press at once.
        told = {"": t.gettext("Somebody has changed the settings since you opened them. Compare, then save again.")}
        return _form(visit, creditor, said, told)
    before_values, after_values = masked(values_of(creditor)), masked(values_of(after))
    changes = [
        Change(what=name, before=before_values[name], after=after_values[name])
        for name in names() if before_values[name] != after_values[name]
    ]  # fmt: skip
    if after.iban != creditor.iban and not any(one.what == "iban" for one in changes):
        changes.append(Change(what="iban", before=before_values["iban"], after=after_values["iban"]))
    if not changes:
        return visit.go("/ops/settings", said=t.gettext("Nothing was different"))
    offices.set_creditor(after)
    visit.changed.extend(changes)
    return visit.go("/ops/settings", said=t.gettext("Saved: the next mail carries it"))


def names() -> list[str]:
    """Every field of the form, as the file names it."""
    return [*FIELDS, *(f"personas.{role}.{field}" for role in SENDERS for field in OF_A_PERSON)]


def values_of(creditor: Creditor) -> dict[str, str]:
    """The creditor as the fields of the form hold it."""
    review = creditor.weekly_review
    values = {
        "name": creditor.name, "legal_form": creditor.legal_form, "address": "\n".join(creditor.address),
        "country": creditor.country, "legal_id": creditor.legal_id, "vat_number": creditor.vat_number,
        "iban": creditor.iban, "bic": creditor.bic, "payment_link": creditor.payment_link,
        "late_interest_rate": "" if creditor.late_interest_rate is None else str(creditor.late_interest_rate),
        "mailbox": creditor.mailbox, "folders": "\n".join(creditor.folders), "authserv_id": creditor.authserv_id,
        "zone": creditor.zone, "subdivision": creditor.subdivision or "", "approvers": "\n".join(creditor.approvers),
        "weekly_review.to": "\n".join(review.to) if review else "",
        "weekly_review.on": WEEKDAYS[review.on] if review else "monday",
        "weekly_review.at": f"{review.at:%H:%M}" if review else "07:30",
        "weekly_review.language": review.language if review else "fr",
    }  # fmt: skip
    for role in SENDERS:
        persona = creditor.personas.get(role)
        told = (
            {"name": persona.name, "email": persona.email, "phone": persona.phone,
             **{f"title.{language}": persona.title.get(language, "") for language in ("fr", "en")}}
            if persona else {}
        )  # fmt: skip
        values |= {f"personas.{role}.{field}": told.get(field, "") for field in OF_A_PERSON}
    return values


def masked(values: Mapping[str, str]) -> dict[str, str]:
    """Bank details as far as they need to be seen to be recognised."""
    iban = values["iban"]
    return {**values, "iban": f"{iban[:4]} •••• •••• {iban[-4:]}" if len(iban) > 8 else iban}


def as_file(values: Mapping[str, str]) -> str:
    """The fields as the text of a creditor's file, so that one reader checks both."""
    tree: dict[str, Any] = {}
    for name, value in values.items():
        if name.startswith("weekly_review.") and not values["weekly_review.to"]:
            continue
        told: Any = [line.strip() for line in value.split("\n") if line.strip()] if name in LINES else value
        if not told:
            continue
        place = tree
        *path, last = name.split(".")
        for key in path:
            place = place.setdefault(key, {})
        place[last] = told
    return str(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, width=10_000))


def looks(parts: Parts, health: Health, policy: Policy, visit: Visit) -> Iterator[Look]:
    """How the parts are that this function may look at: a handful of calls, each of which may fail by itself."""
    t = texts(visit.language)
    for name, read_at, field, remedy in (
        (t.gettext("Payments"), health.payments_read_at, "payments_read_at",
         t.gettext("Import the bank's statement, or the ledger with its payments.")),
        (t.gettext("Mailbox"), health.mailbox_read_at, "mailbox_read_at",
         t.gettext("See that the mailbox's login still works and that its schedule runs.")),
    ):  # fmt: skip
        fresh = Health(payments_read_at=visit.at, mailbox_read_at=visit.at)
        if read_at is None:
            what = t.gettext("Never read: nobody is chased until it has been.")
            yield Look(name=name, state="warn", what=what, remedy=remedy)
        elif replace(fresh, **{field: read_at}).blind(policy, visit.at):
            what = t.gettext("Read too long ago: nobody is chased until it is read again.")
            yield Look(name=name, state="bad", what=what, remedy=remedy, at=read_at)
        else:
            yield Look(name=name, state="good", what=t.gettext("Last read"), at=read_at)
    yield _last_run(parts, visit)
    hold = parts.offices.hold()
    if hold is not None:
        what = t.gettext("All sending is held by %(who)s: %(reason)s") % {"who": hold.who, "reason": hold.reason}
        yield Look(name=t.gettext("Sending"), state="bad", what=what, at=hold.at)
    for name, key in ((t.gettext("Reminders to send"), "due queue"), (t.gettext("Mails to read"), "mail queue")):
        yield _queue(name, bootstrap.looks()[key], visit)
    yield _numbers(visit)


def _last_run(parts: Parts, visit: Visit) -> Look:
    t = texts(visit.language)
    name = t.gettext("Dunning run")
    for run in parts.offices.runs_since(visit.at - RUNS_LOOKED_BACK):
        at = run["at"] if isinstance(run["at"], datetime) else datetime.fromisoformat(str(run["at"]))
        return Look(name=name, state="good", what=t.gettext("Last run"), at=at)
    return Look(
        name=name, state="warn", what=t.gettext("No run in the last five days."),
        remedy=t.gettext("See that the schedule of the run is switched on."),
    )  # fmt: skip


def _queue(name: str, look: Callable[[], tuple[str, str]], visit: Visit) -> Look:
    t = texts(visit.language)
    try:
        _, remedy = look()
    except Exception:  # noqa: BLE001 — no right, no queue, no network: the page says that it cannot be seen
        return Look(name=name, state="warn", what=t.gettext("The queue cannot be looked at from here."))
    if remedy:
        told = t.gettext("Look into the function's log, mend the cause, then redrive the dead-letter queue.")
        return Look(name=name, state="bad", what=t.gettext("Some were given up after several attempts."), remedy=told)
    return Look(name=name, state="good", what=t.gettext("Nothing is stuck"))


def _numbers(visit: Visit) -> Look:
    t = texts(visit.language)
    name = t.gettext("Numbers")
    try:
        numbers = bootstrap.numbers_store().latest()
    except (PermanentError, RetryableError):
        return Look(name=name, state="warn", what=t.gettext("The numbers cannot be read."))
    if numbers is None:
        return Look(name=name, state="warn", what=t.gettext("Not counted yet: they are each morning."))
    old = (visit.at.date() - numbers.on).days > 2
    what = t.gettext("Counted on %(day)s") % {"day": _day(numbers.on, visit)}
    remedy = t.gettext("See that the schedule of the numbers is switched on.") if old else ""
    return Look(name=name, state="warn" if old else "good", what=what, remedy=remedy)


def _day(on: Any, visit: Visit) -> str:
    from chalicelib.web.pages.render import day

    return day(on, visit.language)


def _form(visit: Visit, creditor: Creditor, values: Mapping[str, str], errors: Mapping[str, str]) -> Response:
    return visit.show(
        "settings/edit.html.j2", status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        values=values, errors=errors, groups=GROUPS, fields=FIELDS, hints=HINTS, roles=ROLES, of_a_person=OF_A_PERSON,
        lines=LINES, weekdays=list(zip(WEEKDAYS, DAYS, strict=True)), seen=_seen(creditor),
        kept_iban=masked(values_of(creditor))["iban"],
    )  # fmt: skip


def _at_fields(error: BadFile, language: str) -> Iterator[tuple[str, str]]:
    """Each finding under the name of its field; what belongs to none under the empty name."""
    known, colon = names(), "\u00a0: " if language == "fr" else ": "
    for finding in error.findings:
        key = finding.where.rpartition("key ")[2]
        told = told_whole(finding, language)
        if key in known:
            yield key, told
        elif first := next((name for name in known if name.startswith(f"{key}.")), ""):
            yield first, told
        else:
            yield "", f"{place_in_words(finding.where, language)}{colon}{told}"


def _seen(creditor: Creditor) -> str:
    """A short name of what is on file, so that a form says on what it was filled in."""
    return hashlib.sha256(repr(sorted(values_of(creditor).items())).encode()).hexdigest()[:16]
