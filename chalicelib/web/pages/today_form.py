"""The form with which a task is closed: its outcomes in words, the fields of each, and what was filled in.

Every field is named after its outcome ("promised.on"), so that all of them stand in one form and only those of the
chosen outcome are shown: by style alone, without a script.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from chalicelib.domain.after_notice import OPTIONS
from chalicelib.domain.debtor_file import DebtorFile, Task, TaskKind
from chalicelib.domain.money import Money
from chalicelib.domain.outcomes import OUTCOMES, Outcome
from chalicelib.errors import BadInput
from chalicelib.ledger.cells import Unreadable, money
from chalicelib.web.pages import today_words as words
from chalicelib.web.pages.guard import Visit
from chalicelib.web.pages.marked import N_

LONGEST_NOTE = 2000

_TALK = "contact spoke_to message note"
_FIELDS: dict[str, str] = {  # "!": it must be given
    "reached": f"cause next_on {_TALK}",
    "promised": f"on! amount means {_TALK}",
    "agreed": "on means contact note",
    "paid": "on amount means contact note",
    "disputed": f"amount {_TALK}",
    "refused": f"cause next_on {_TALK}",
    "voicemail": "contact next_on note",
    "no_answer": "contact next_on note",
    "wrong_number": "contact note",
    "credit_note": "on note",
    "corrected_invoice": "on note",
    "confirmed": "email! note",
    "corrected": "email! note",
    "not_found": "on note",
    "declared": "on note",
    "published": "on! note",
    "keep": "on note",
    "posted": "on reference",
    "not_posted": "note!",
    "wait": "on note",
}
_OF_A_KIND: dict[tuple[TaskKind, str], str] = {
    (TaskKind.ANSWER_DISPUTE, "rejected"): "message note",
    (TaskKind.APPROVE_NOTICE, "rejected"): "on note!",
    (TaskKind.APPROVE_NOTICE, "edited"): "on message without",
    (TaskKind.WRONG_PHONE, "corrected"): "phone! note",
    (TaskKind.WRONG_PHONE, "not_found"): "note",
    (TaskKind.INSOLVENCY, "confirmed"): "since on note",
}
_CALLED = frozenset({TaskKind.CALL, TaskKind.BROKEN_PROMISE})
_OF_A_CALL = frozenset({"contact", "spoke_to", "cause", "next_on", "message"})

_LABELS = {
    "on": N_("Day"),
    "next_on": N_("Next date"),
    "since": N_("Day of the judgment"),
    "amount": N_("Amount"),
    "means": N_("By what means"),
    "cause": N_("Cause they give"),
    "contact": N_("Whom you called"),
    "spoke_to": N_("Who answered instead"),
    "message": N_("To add to the confirming mail"),
    "note": N_("Note for us"),
    "email": N_("E-mail address"),
    "phone": N_("Phone number"),
    "reference": N_("Tracking number"),
    "without": N_("Invoices to leave out"),
}
_LABELS_OF = {
    "promised.on": N_("They pay on"),
    "paid.on": N_("Paid on"),
    "agreed.on": N_("First instalment on"),
    "disputed.amount": N_("Amount contested"),
    "credit_note.on": N_("Wait until"),
    "corrected_invoice.on": N_("Wait until"),
    "not_found.on": N_("Wait until"),
    "rejected.on": N_("Ask again on"),
    "rejected.message": N_("Our answer to the client"),
    "wait.on": N_("Wait until"),
    "keep.on": N_("Until"),
    "confirmed.on": N_("Published on"),
    "declared.on": N_("Declared on"),
    "declared.note": N_("Reference of the representative"),
    "published.on": N_("Published on"),
    "edited.on": N_("Deadline"),
    "edited.message": N_("Paragraph to add"),
    "posted.on": N_("Posted on"),
    "rejected.note": N_("Why"),
    "not_posted.note": N_("Why"),
}
_HINTS = {
    "next_on": N_("Left empty, the policy's own delay."),
    "amount": N_("Left empty: all of it."),
    "message": N_("Sent to the client as you write it."),
    "note": N_("Stays in the file; the client never sees it."),
    "without": N_("Numbers, one a line."),
    "agreed.on": N_("Left empty: today."),
    "disputed.amount": N_("Left empty: all of it."),
    "rejected.note": "",
    "not_posted.note": "",
    "declared.note": "",
}
_WRONG = {
    "promised.on": N_("A promise is for today or later."),
    "agreed.on": N_("The first instalment is for today or later."),
    "paid.on": N_("This day has not come yet."),
    "posted.on": N_("This day has not come yet."),
    "declared.on": N_("This day has not come yet."),
    "published.on": N_("This day has not come yet."),
    "confirmed.on": N_("This day has not come yet."),
    "edited.on": N_("Give a day after today, within sixty days."),
    "on": N_("Give a day after today."),
    "next_on": N_("Give a day after today."),
    "since": N_("The judgment comes before its publication, and not after today."),
    "amount": N_("This is no amount. Write for example 1234.56."),
    "email": N_("This is no e-mail address."),
    "phone": N_("This is no phone number."),
    "cause": N_("Choose one of the causes."),
    "contact": N_("Say whose number was called."),
    "message": N_("This is too long."),
    "note": N_("Say why, in a few words."),
    "without": N_("Name open invoices of the draft."),
    "reference": N_("Copy it from the receipt, for example 1A 123 456 7890 1."),
    "outcome": N_("Choose what came of it."),
    "instalments": N_("The policy allows no plan here. Agree the instalments in the debtor's file."),
    "who": N_("You are not among the approvers that the creditor's profile names."),
}
NEEDED = N_("Needed here.")
NO_DAY = N_("This is no day.")

_DAYS = frozenset({"on", "next_on", "since"})


@dataclass(frozen=True, kw_only=True)
class Field:
    name: str  # as sent: "promised.on"
    what: str  # as the outcome calls it: "on"
    label: str
    hint: str
    kind: str  # of the input; "choice" where `choices` are given
    required: bool
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One outcome: its words, what follows from it, its fields."""

    value: str
    label: str
    follows: str
    fields: tuple[Field, ...]


class WrongField(BadInput):
    """What was filled in does not do; `where` is the field's name, `what` the words to show there, translated later."""


def choices(task: Task, file: DebtorFile, gettext: Any, language: str) -> list[Choice]:
    """What can come of a task, in the words of a language."""
    known = OUTCOMES.get(task.kind, frozenset({"done"}))
    options = {option.outcome: option for option in OPTIONS}
    order = [*words.OUTCOMES, *options]
    people = ((c.id, c.name or c.email or c.id) for c in file.contacts.values())
    contacts = (("", gettext(N_("The first on the sheet"))), *people)
    found = []
    for outcome in sorted(known, key=lambda o: order.index(o) if o in order else len(order)):
        if outcome in words.OUTCOMES:
            label, follows = gettext(words.OUTCOMES[outcome]), _follows(task.kind, outcome)
            follows = gettext(follows) if follows else ""
        else:
            option = options[outcome]
            label = option.title[language]
            follows = f"{option.what[language]} ({option.costs[language]})"
        fields = tuple(_field(outcome, name, contacts, gettext) for name in _names(task.kind, outcome))
        found.append(Choice(value=outcome, label=label, follows=follows, fields=fields))
    return found


def read(visit: Visit, task: Task, currency: str) -> Outcome:
    """What a person filled in. WrongField names the field that does not do."""
    outcome = visit.said("outcome")
    if outcome not in OUTCOMES.get(task.kind, frozenset({"done"})):
        raise WrongField("outcome", _WRONG["outcome"])
    facts: dict[str, Any] = {}
    for name in _names(task.kind, outcome):
        what, sent = name.rstrip("!"), f"{outcome}.{name.rstrip('!')}"
        text = visit.said(sent)
        if not text:
            if name.endswith("!"):
                raise WrongField(sent, NEEDED)
            continue
        facts[what] = _value(what, sent, text, currency)
    return Outcome(outcome=outcome, **facts)


def field_of(error: BadInput, outcome: str) -> tuple[str, str]:
    """(the field, the words) of what the domain refused; the field is empty where none is to blame."""
    if isinstance(error, WrongField):
        return error.where, error.what
    sent = f"{outcome}.{error.where}"
    said = _WRONG.get(sent) or _WRONG.get(error.where, "")
    named = error.where in _LABELS
    return (sent if named else "", said)


def _names(kind: TaskKind, outcome: str) -> list[str]:
    if (kind, outcome) in _OF_A_KIND:
        return _OF_A_KIND[kind, outcome].split()
    names = _FIELDS.get(outcome, "note").split()
    return [name for name in names if kind in _CALLED or name not in _OF_A_CALL]


def _follows(kind: TaskKind, outcome: str) -> str:
    if outcome == "not_found" and kind is TaskKind.WRONG_PHONE:
        return ""
    if outcome == "promised" and kind not in _CALLED:
        return N_("Reminders stop until that day and its grace.")
    return words.FOLLOWS.get(outcome, "")


def _field(outcome: str, name: str, contacts: tuple[tuple[str, str], ...], gettext: Any) -> Field:
    what, sent = name.rstrip("!"), f"{outcome}.{name.rstrip('!')}"
    kinds: Mapping[str, str] = {
        **dict.fromkeys(_DAYS, "date"), "email": "email", "phone": "tel", "note": "textarea", "message": "textarea",
        "without": "textarea", "contact": "choice", "cause": "choice", "means": "choice",
    }  # fmt: skip
    given = {
        "contact": contacts,
        "cause": tuple((value, gettext(text)) for value, text in words.CAUSES.items()),
        "means": tuple((value, gettext(words.MEANS_WORDS[value])) for value in words.MEANS),
    }
    hint = _HINTS.get(sent, _HINTS.get(what, ""))
    return Field(
        name=sent, what=what, label=gettext(_LABELS_OF.get(sent, _LABELS[what])), hint=gettext(hint) if hint else "",
        kind=kinds.get(what, "text"), required=name.endswith("!"), choices=given.get(what, ()),
    )  # fmt: skip


def _value(what: str, sent: str, text: str, currency: str) -> Any:
    if what in _DAYS:
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise WrongField(sent, NO_DAY) from error
    if what == "amount":
        return _amount(sent, text, currency)
    if what == "without":
        return tuple(text.split())
    if len(text) > LONGEST_NOTE:
        raise WrongField(sent, _WRONG["message"])
    return text


def _amount(sent: str, text: str, currency: str) -> Money:
    try:
        found = money(text, currency, "")
    except Unreadable as error:
        raise WrongField(sent, _WRONG["amount"]) from error
    if found.amount <= 0:
        raise WrongField(sent, _WRONG["amount"])
    return found
