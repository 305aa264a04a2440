"""Whose mail is it: the strongest sign counts, several debtors are told apart, a stranger owns nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Contact
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.pipeline.whose_mail import AT_MOST, Owner, answered_notice, named_in, whose
from chalicelib.reading import InboundMessage
from tests.pipeline.desk import Program
from tests.sample import case, file_of, paris

DAY = paris("2026-03-11")
TOKEN, OTHER_TOKEN, FORGED = "a" * 26, "b" * 26, "c" * 26
SENT_AS, OTHER_SENT_AS = "<0102@eu-west-3.amazonses.com>", "<0103@eu-west-3.amazonses.com>"


@pytest.fixture
def program() -> Program:
    """Two debtors with an accountant in common; each has been written to once."""
    program = Program(DAY)
    for id_, domain, token, sent_as in (
        ("C001", "garage-morel.example", TOKEN, SENT_AS), ("C002", "garage-petit.example", OTHER_TOKEN, OTHER_SENT_AS),
    ):  # fmt: skip
        program.put(file_of(case(f"FA-{id_}", "2026-03-10"), id=id_, contact=contact("payer", f"Paul@{domain}")), DAY)
        _happens(program, id_, e.ContactSet(contact=contact("books", "books@cabinet.example")))
        _happens(program, id_, e.ContactSet(contact=contact("home", f"{id_.lower()}@gmail.com")))
        _happens(program, id_, e.NoticeClaimed(notice=_notice(id_, token)))
        _happens(program, id_, e.NoticeSent(notice_id=f"n-{id_}", message_id=sent_as, at=DAY))
    return program


def contact(id_: str, email: str) -> Contact:
    return Contact(id=id_, email=email)


def _notice(id_: str, token: str) -> Any:
    from chalicelib.domain.debtor_file import Notice

    return Notice(
        id=f"n-{id_}", step="first_reminder", takes=((f"FA-{id_}", "first_reminder"),), on=DAY.date(), language="fr",
        currency="EUR", contact="payer", to="x@y.example", token=token,
    )  # fmt: skip


def _happens(program: Program, id_: str, event: Any) -> None:
    keep(program.parts, office_of(program.parts), id_, lambda _: [(event, "test")], at=DAY, who="test")


def message(sender: str = "stranger@elsewhere.example", **facts: Any) -> InboundMessage:
    return InboundMessage(from_addresses=(("", sender),) if sender else (), **facts)


ONE = (Owner(debtor_id="C001", sign="token"),)


@pytest.mark.parametrize(
    ("came", "owners"),
    [
        (message(tokens=(TOKEN,)), "C001 token"),
        (message(tokens=(TOKEN,), in_reply_to=OTHER_SENT_AS), "C001 token"),
        (message("paul@garage-petit.example", tokens=(TOKEN,)), "C001 token"),
        (message(tokens=(FORGED,)), ""),
        (message("paul@garage-morel.example", tokens=(FORGED,)), "C001 address"),
        (message(tokens=(FORGED, TOKEN)), "C001 token"),
        (message(tokens=(TOKEN, OTHER_TOKEN)), "C001 token, C002 token"),
        (message("paul@garage-petit.example", tokens=(TOKEN, OTHER_TOKEN)), "C002 token"),
        (message(in_reply_to=SENT_AS), "C001 thread"),
        (message(references=("<x@y>", SENT_AS, "<z@y>")), "C001 thread"),
        (message(references=(SENT_AS, *(f"<{n}@y>" for n in range(AT_MOST - 1)))), "C001 thread"),
        (message(references=(*(f"<{n}@y>" for n in range(90)), SENT_AS)), "C001 thread"),
        (message("paul@garage-petit.example", in_reply_to=SENT_AS), "C001 thread"),
        (message("paul@garage-morel.example"), "C001 address"),
        (message("books@cabinet.example"), "C001 address, C002 address"),
        (message("books@cabinet.example", subject="Facture FA-C002"), "C002 address"),
        (message("books@cabinet.example", subject="FA-C001 et FA-C002"), "C001 address, C002 address"),
        (message("books@cabinet.example", subject="Facture FA-C009"), "C001 address, C002 address"),
        (message("anne@garage-morel.example", text="votre facture fa-c001 du 10"), "C001 invoice"),
        (message("anne@compta.garage-morel.example", subject="FA-C001"), "C001 invoice"),
        (message("anne@garage-morel.example"), ""),
        (message("anne@garage-morel.example", subject="FA-C002"), ""),
        (message("stranger@elsewhere.example", subject="FA-C001"), ""),
        (message("stranger@gmail.com", subject="FA-C001"), ""),
        (message("anne@notgarage-morel.example", subject="FA-C001"), ""),
        (message("", subject="FA-C001"), ""),
        (message(), ""),
    ],
)  # fmt: skip
def test_the_strongest_sign_tells(program: Program, came: InboundMessage, owners: str) -> None:
    assert ", ".join(f"{o.debtor_id} {o.sign}" for o in whose(program.parts, came)) == owners


def test_a_message_with_two_senders_is_nobodys_by_its_address(program: Program) -> None:
    two = InboundMessage(from_addresses=(("", "paul@garage-morel.example"), ("", "x@y.example")))
    assert whose(program.parts, two) == ()


@pytest.mark.parametrize(
    ("came", "sign"),
    [
        ({"returned_headers": f"Received: from <x@y>\nMessage-ID: {SENT_AS}\nTo: <a@b>"}, "thread"),
        ({"returned_headers": f"Reply-To: compta+{TOKEN.upper()}@verre-clair.example"}, "token"),
        ({"attached_messages": (InboundMessage(message_id=SENT_AS),)}, "thread"),
        ({"attached_messages": (InboundMessage(reply_to=(("", f"compta+{TOKEN}@verre-clair.example"),)),)}, "token"),
        ({"report": ({"final-recipient": "rfc822; Paul@Garage-Morel.example"},)}, "address"),
        ({"report": ({"action": "failed"}, {"original-recipient": "rfc822;<paul@garage-morel.example>"})}, "address"),
    ],
)  # fmt: skip
def test_a_bounce_belongs_to_whom_it_reports_on(program: Program, came: dict[str, Any], sign: str) -> None:
    (owner,) = whose(program.parts, message("mailer-daemon@mx.example", **came))
    assert owner == Owner(debtor_id="C001", sign=sign)


def test_a_hostile_message_costs_few_lookups(program: Program) -> None:
    asked: list[int] = []
    find_many = program.store.find_many

    def counting(what: str, values: Any) -> Any:
        values = list(values)
        asked.append(len(values))
        return find_many(what, values)

    program.store.find_many = counting  # type: ignore[method-assign]
    many = tuple(f"<{n}@x>" for n in range(5000))
    assert whose(program.parts, message(references=many, text=" ".join(f"INV{n}" for n in range(5000)))) == ()
    assert asked
    assert max(asked) <= AT_MOST


@pytest.mark.parametrize(
    ("came", "notice"),
    [
        (message(tokens=(TOKEN,)), "n-C001"),
        (message(in_reply_to=SENT_AS), "n-C001"),
        (message(tokens=(OTHER_TOKEN,), in_reply_to=OTHER_SENT_AS), ""),
        (message("paul@garage-morel.example"), ""),
    ],
)
def test_the_notice_that_is_answered(program: Program, came: InboundMessage, notice: str) -> None:
    assert answered_notice(program.file(), came) == notice


def test_a_notice_without_a_message_id_is_not_answered_by_a_mail_without_a_thread(program: Program) -> None:
    file = program.file()
    from dataclasses import replace

    unknown = replace(file, notices={"n": replace(file.notices["n-C001"], message_id="", token="")})
    assert answered_notice(unknown, message()) == ""


@pytest.mark.parametrize("signs", [
    {"tokens": (OTHER_TOKEN,), "in_reply_to": OTHER_SENT_AS, "references": (SENT_AS, OTHER_SENT_AS)},
    {"in_reply_to": OTHER_SENT_AS, "references": (SENT_AS, OTHER_SENT_AS)},
    {"references": (SENT_AS, OTHER_SENT_AS)},
])  # fmt: skip
def test_the_last_of_our_mails_in_a_thread_is_the_one_that_is_answered(
    program: Program, signs: dict[str, Any]
) -> None:
    second = replace(_notice("C001", OTHER_TOKEN), id="second")
    _happens(program, "C001", e.NoticeClaimed(notice=second))
    _happens(program, "C001", e.NoticeSent(notice_id="second", message_id=OTHER_SENT_AS, at=DAY))
    file = program.parts.store.load("C001")
    assert file is not None
    assert answered_notice(file, message(**signs)) == "second"


def test_whose_invoices_are_named_is_a_hint(program: Program) -> None:
    assert named_in(program.parts, message(subject="FA-C002 et fa-c001")) == ("C001", "C002")
