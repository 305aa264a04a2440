"""The mail of a notice: the same words and sums in both parts, headers that say what is meant, whatever the data."""

from __future__ import annotations

import re
import shutil
import struct
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default as modern
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import jinja2
import mailparser
import pytest
import segno
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.memory import FakeArchive
from chalicelib.adapters.rendering import ATTACHED_LARGEST_BYTES, TEMPLATES, TemplateWriter
from chalicelib.adapters.rendering_mime import checked_address
from chalicelib.adapters.rendering_qr import png
from chalicelib.adapters.rendering_words import amount, day, days, iban, listing, payment_link, short_day
from chalicelib.domain.creditor import Creditor, Persona
from chalicelib.domain.debtor_file import (
    Closed,
    Contact,
    Credit,
    CreditKind,
    DebtorFile,
    DebtorKind,
    Dispute,
    Notice,
    PaymentClaim,
    Promise,
    PromiseState,
)
from chalicelib.domain.message import compose
from chalicelib.domain.money import Money
from chalicelib.errors import BadInput
from tests.notices import ANSWERS, LADDER, PAYER, TODAY, TOKEN, keyed, notice, sent, with_records
from tests.sample import CREDITOR, case, eur, file_of, policies

AT = datetime(2026, 3, 20, 9, 30, tzinfo=UTC)
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 8
ALL = (*LADDER, *ANSWERS)
NBSP = "\u00a0"


def written(
    file: DebtorFile,
    what: Notice,
    *,
    creditor: Creditor = CREDITOR,
    archive: FakeArchive | None = None,
    today: date = TODAY,
) -> EmailMessage:
    """The mail, as the standard library reads it."""
    raw = raw_mail(file, what, creditor=creditor, archive=archive, today=today)
    return message_from_bytes(raw, policy=modern)


def raw_mail(
    file: DebtorFile,
    what: Notice,
    *,
    creditor: Creditor = CREDITOR,
    archive: FakeArchive | None = None,
    today: date = TODAY,
) -> bytes:
    return writer_with(archive or NO_DOCUMENTS).write(file, what, creditor, today=today, at=AT)


@cache
def writer_with(archive: FakeArchive) -> TemplateWriter:
    """One for an archive: to compile the templates takes longer than a hundred mails."""
    return TemplateWriter(archive)


NO_DOCUMENTS = FakeArchive()


def text_of(mail: EmailMessage) -> str:
    return str(cast(EmailMessage, mail.get_body(("plain",))).get_content()).replace("\r\n", "\n")


def html_of(mail: EmailMessage) -> str:
    return str(cast(EmailMessage, mail.get_body(("html",))).get_content())


def decoded(raw: bytes, name: str) -> str:
    """A header as a reader sees it; the newer parser of the standard library loses no-break spaces."""
    return str(make_header(decode_header(str(message_from_bytes(raw)[name]))))


class _Seen(HTMLParser):
    """What a reader sees of an HTML mail, and every address it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.addresses: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "background")]
        self._hidden += tag in ("style", "title")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def seen(html: str) -> _Seen:
    parser = _Seen()
    parser.feed(html)
    return parser


def squeezed(text: str) -> str:
    return " ".join(text.split())


def situation(**debtor: Any) -> DebtorFile:
    """A file with everything in it: late, not due, disputed, promised, announced, part paid, and a credit."""
    file = file_of(
        case("F-1", "2026-02-10", "2400.00", balance=eur("1900.00"), purchase_order="BC-77", document="k/1"),
        case("F-2", "2026-02-20", "1048.57"),
        case("F-3", "2026-02-25", "310.00"),
        case("F-4", "2026-02-26", "320.00"),
        case("F-5", "2026-02-27", "330.00"),
        case("F-6", "2026-04-12", "777.77"),
        **debtor,
    )
    file = with_records(
        file,
        disputes=[Dispute(id="d", numbers=("F-3",), reason="price", opened_on=date(2026, 3, 2))],
        promises=[
            Promise(
                id="p", numbers=("F-4",), made_on=date(2026, 3, 9), pay_on=date(2026, 3, 27),
                grace_on=date(2026, 3, 31), means="virement",
            ),
            Promise(
                id="b", numbers=("F-1",), made_on=date(2026, 2, 12), pay_on=date(2026, 2, 27),
                grace_on=date(2026, 3, 3), state=PromiseState.BROKEN,
            ),
        ],
        claims=[
            PaymentClaim(
                id="c", numbers=("F-5",), claimed_on=date(2026, 3, 18), hold_on=date(2026, 3, 25)
            )
        ],
        credits=[
            Credit(
                id="k", kind=CreditKind.CREDIT_NOTE, on=TODAY, amount=eur("100.00"), remaining=eur("100.00")
            )
        ],
    )  # fmt: skip
    return replace(
        file,
        notices=keyed(
            sent("courtesy", date(2026, 2, 5), "F-1"),
            sent("first_reminder", date(2026, 2, 12), "F-1", "F-2"),
            sent("second_reminder", date(2026, 3, 5), "F-1", "F-2"),
        ),
    )


def for_template(template: str, **facts: Any) -> Notice:
    numbers = {"courtesy": ("F-6",), "call_agreed": ("F-4",), "document_sent": ("F-1",)}
    return notice(template, *numbers.get(template, ("F-1", "F-2")), **facts)


def archive_with(**documents: bytes) -> FakeArchive:
    archive = FakeArchive()
    for key, content in documents.items():
        archive.put(key.replace("_", "/"), content, content_type="application/pdf")
    return archive


DOCUMENTS = archive_with(k_1=PDF)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("template", ALL)
def test_both_parts_carry_the_same_numbers_days_and_sums(template: str, language: str) -> None:
    file, what = situation(language=language), for_template(template, language=language)
    mail = written(file, what, archive=DOCUMENTS)
    message = compose(file, what, CREDITOR, today=TODAY)
    text, html = squeezed(text_of(mail)), squeezed("".join(seen(html_of(mail)).words))
    facts = [line.number for line in (*message.asked, *message.others)]
    facts += [amount(line.balance, language) for line in (*message.asked, *message.others)]
    facts += [short_day(line.due_on, language) for line in message.asked]
    facts += [short_day(line.on, language) for line in message.others if line.on]
    facts += [message.persona.name, message.creditor.name, "RCS Nantes 123 456 782"]
    if message.asks_to_pay:
        facts += [amount(message.to_pay, language), iban(CREDITOR.iban), "AGRIFRPP", message.remittance]
    if message.pay_by:
        facts.append(day(message.pay_by, language))
    for fact in facts:
        assert squeezed(fact) in text, fact
        assert squeezed(fact) in html, fact
    # And no figure stands in one part only.
    apart = " ".join(seen(html_of(mail)).words)
    assert set(re.findall(r"\d+", text)) == set(re.findall(r"\d+", apart))


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("template", ALL)
def test_every_paragraph_of_the_text_stands_in_the_html(template: str, language: str) -> None:
    mail = written(situation(language=language), for_template(template, language=language), archive=DOCUMENTS)
    html = squeezed(" ".join(seen(html_of(mail)).words)).casefold()
    html = re.sub(r"\s+([.,;:?!)])", r"\1", html)
    for paragraph in text_of(mail).split("\n\n"):
        if paragraph[:1] not in "-" and not paragraph.isupper() and ":" not in paragraph:
            assert re.sub(r"\s+([.,;:?!)])", r"\1", squeezed(paragraph)).casefold() in html.replace("( ", "(")


def test_the_figures_of_the_text_are_right_to_the_cent() -> None:
    text = text_of(written(situation(), notice("second_reminder", "F-1", "F-2")))
    assert f"Total{NBSP}: 2{NBSP}948,57{NBSP}€" in text
    assert f"À déduire, crédit de votre compte{NBSP}: -100,00{NBSP}€" in text
    assert f"Reste à régler{NBSP}: 2{NBSP}848,57{NBSP}€" in text
    assert f"Montant{NBSP}: 2{NBSP}848,57{NBSP}€" in text


def test_disputed_promised_and_announced_invoices_are_told_apart() -> None:
    text = squeezed(text_of(written(situation(), notice("third_reminder", "F-1", "F-2"))))
    others = text.partition("VOS AUTRES FACTURES OUVERTES")[2]
    assert "F-3 du 26/01/2026 : 310,00 € réclamation en cours d’examen, hors de cette demande" in others
    assert "F-4 du 27/01/2026 : 320,00 € règlement convenu pour le 27/03/2026" in others
    assert "F-5 du 28/01/2026 : 330,00 € règlement annoncé le 18/03/2026, en attente de réception" in others
    assert "F-6 du 13/03/2026 : 777,77 € à échéance le 12/04/2026" in others


def test_a_broken_promise_and_earlier_reminders_are_recalled() -> None:
    text = squeezed(text_of(written(situation(), notice("second_reminder", "F-1", "F-2"))))
    assert "Malgré nos relances des 12 février 2026 et 5 mars 2026, nous n’avons toujours pas reçu" in text
    assert "Vous nous aviez annoncé un règlement de 1 900,00 € pour le 27 février 2026" in text


LEGAL = ("L441-10", "D441-5", "40", "1344", "L2192-13")


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("template", ["courtesy", "first_reminder", "second_reminder", *ANSWERS])
def test_the_law_is_not_mentioned_while_the_tone_is_commercial(template: str, language: str) -> None:
    mail = written(situation(language=language), for_template(template, language=language), archive=DOCUMENTS)
    words = text_of(mail)
    assert not [word for word in ("L441-10", "D441-5", "indemnit", "compensation", "pénalit") if word in words]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("template", ["third_reminder", "last_reminder", "formal_notice"])
def test_the_law_is_cited_once_the_tone_is_firm(template: str, language: str) -> None:
    words = text_of(written(situation(language=language), for_template(template, language=language)))
    assert "L441-10" in words
    assert "D441-5" in words


@pytest.mark.parametrize(
    ("kind", "country", "cited", "not_cited"),
    [
        (DebtorKind.PUBLIC, "FR", ["L2192-13", "R2192-31", "D2192-35"], ["L441-10"]),
        (DebtorKind.CONSUMER, "FR", ["1231-6"], ["L441-10", "D441-5", "L2192-13"]),
        (DebtorKind.BUSINESS, "BE", ["2011/7/UE"], ["L441-10", "1344"]),
        (DebtorKind.BUSINESS, "US", [], ["L441-10", "2011/7", "1344"]),
    ],
)
def test_a_formal_notice_cites_the_law_of_the_debtor_s_kind(
    kind: DebtorKind, country: str, cited: list[str], not_cited: list[str]
) -> None:
    words = text_of(written(situation(kind=kind, country=country), for_template("formal_notice")))
    assert [word for word in cited if word not in words] == []
    assert [word for word in not_cited if word in words] == []


def test_a_formal_notice_says_all_that_a_court_looks_for() -> None:
    file = situation(legal_id="SIREN 987 654 321", address=("1 rue du Port", "56000 Vannes"))
    what = for_template("formal_notice")
    words = squeezed(text_of(written(file, what)))
    subject = decoded(raw_mail(file, what), "Subject")
    assert subject == f"Mise en demeure de payer 2{NBSP}848,57{NBSP}€ sous huit jours – Atelier Verre Clair SAS"
    assert "MISE EN DEMEURE DE PAYER Le 20 mars 2026" in words
    assert "Créancier : Atelier Verre Clair SAS, 4 rue des Souffleurs, 44000 Nantes, RCS Nantes 123 456 782" in words
    assert "Débiteur : Garage Morel, 1 rue du Port, 56000 Vannes, SIREN 987 654 321" in words
    assert "met en demeure Garage Morel de lui payer la somme de 2 848,57 €" in words
    assert "dans un délai de huit jours à compter de ce jour, soit au plus tard le 28 mars 2026" in words
    assert f"le 5 février 2026, avis avant échéance adressé à {PAYER}" in words
    assert f"le 5 mars 2026, relance adressée à {PAYER}" in words
    assert "soit 80,00 €" in words
    assert "nous saisirons, sans autre avis, la juridiction compétente" in words


@pytest.mark.parametrize("template", ALL)
def test_french_typography_has_no_break_spaces_and_never_a_narrow_one(template: str) -> None:
    raw = raw_mail(situation(), for_template(template), archive=DOCUMENTS)
    mail = message_from_bytes(raw, policy=modern)
    for words in (decoded(raw, "Subject"), text_of(mail), "".join(seen(html_of(mail)).words)):
        assert "\u202f" not in words
        assert not re.search(r"[^\S\u00a0][;:!?»€]|«[^\u00a0]|\d (?:€|factures?|jours?)\b", words)
        assert "'" not in words


def test_an_english_subject_of_plain_letters_travels_as_it_is() -> None:
    raw = raw_mail(situation(), for_template("courtesy", language="en"))
    assert b"\r\nSubject: Invoice F-6 falls due on 12 April 2026\r\n" in raw


def test_data_is_not_retouched_by_typography() -> None:
    file = file_of(case("F 1 : 2 ?", "2026-02-10"))
    assert "F 1 : 2 ?" in text_of(written(file, notice("first_reminder", "F 1 : 2 ?")))


def test_the_headers_say_what_is_meant() -> None:
    mail = written(situation(), notice("second_reminder", "F-1", "F-2", cc=("lea.dumas@verre-clair.example",)))
    assert mail["From"].addresses[0].display_name == "Nadia Ferrand (Atelier Verre Clair)"
    assert mail["From"].addresses[0].addr_spec == "nadia.ferrand@verre-clair.example"
    assert mail["Reply-To"] == f"compta+{TOKEN}@verre-clair.example"
    assert str(mail["To"]) == f"Paul Morel <{PAYER}>"
    assert mail["Cc"] == "lea.dumas@verre-clair.example"
    assert mail["Date"].datetime == AT
    assert mail["Date"].datetime.utcoffset() == timedelta(hours=1)
    assert mail["Message-ID"] == f"<relance.{TOKEN}@verre-clair.example>"
    assert mail["In-Reply-To"] == "<20260305.second_reminder@eu-west-3.amazonses.com>"
    assert str(mail["References"]).split() == [
        "<20260205.courtesy@eu-west-3.amazonses.com>",
        "<20260212.first_reminder@eu-west-3.amazonses.com>",
        "<20260305.second_reminder@eu-west-3.amazonses.com>",
    ]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "fr"
    # We want to hear of absences and of people who have left.
    assert set(str(mail["X-Auto-Response-Suppress"]).split(", ")).isdisjoint({"OOF", "AutoReply", "All"})
    assert all(not mail[name].defects for name in ("From", "Reply-To", "To", "Cc", "Subject", "Date"))


def test_a_first_mail_answers_nothing() -> None:
    mail = written(file_of(case("F-1", "2026-03-10")), notice("first_reminder", "F-1"))
    assert (mail["In-Reply-To"], mail["References"], mail["Cc"]) == (None, None, None)


def test_whoever_receives_it_is_not_in_copy_too() -> None:
    mail = written(situation(), notice("first_reminder", "F-1", cc=(PAYER.upper(), "a@b.example", "a@b.example")))
    assert mail["Cc"] == "a@b.example"


def test_a_director_signs_and_sends_what_the_policy_gives_him() -> None:
    mail = written(situation(), notice("last_reminder", "F-1", sender="director"))
    assert mail["From"].addresses[0].addr_spec == "hugo.perrin@verre-clair.example"
    assert "Hugo Perrin\nDirecteur\nAtelier Verre Clair" in text_of(mail)


def test_without_a_token_the_notice_gives_its_ids() -> None:
    mail = written(situation(), notice("first_reminder", "F-1", token="", id="20260320-x/é-EUR"))
    assert mail["Reply-To"] == "compta@verre-clair.example"
    assert mail["Message-ID"] == "<relance.20260320-x---EUR@verre-clair.example>"


def test_the_same_notice_is_written_in_the_same_bytes() -> None:
    file, what = situation(), notice("second_reminder", "F-1", "F-2")
    assert raw_mail(file, what) == TemplateWriter(FakeArchive()).write(file, what, CREDITOR, today=TODAY, at=AT)


@pytest.mark.parametrize(
    "address",
    ["", "paul", "é@garage.example", "paul@garagé.example", "a@b", "a b@c.example", "a@b.example\r\nBcc: x@y.z",
     "a@b.example,c@d.example", "<a@b.example>", ".a@b.example", "a..b@c.example", "a@-b.example",
     "x" * 65 + "@b.example", "a@" + "b" * 64 + ".example", "a@b.example>"],
)  # fmt: skip
def test_an_address_that_not_every_server_takes_is_refused_by_name(address: str) -> None:
    for facts in ({"to": address}, {"cc": (address,)}):
        with pytest.raises(BadInput, match="notice 20260320-first_reminder"):
            raw_mail(situation(), notice("first_reminder", "F-1", **facts))


@pytest.mark.parametrize("address", ["a@b.example", "a.b+c_d-e'f@x-y.co.uk", "x" * 64 + "@b.example", "1@2.example"])
def test_an_ordinary_address_is_taken(address: str) -> None:
    assert checked_address(address, "here") == address


def test_a_mailbox_of_ours_that_is_no_address_is_refused() -> None:
    with pytest.raises(BadInput, match="mailbox for replies"):
        raw_mail(situation(), notice("first_reminder", "F-1"), creditor=replace(CREDITOR, mailbox="compta"))


def test_a_step_without_words_is_refused_with_the_file_that_it_needs() -> None:
    with pytest.raises(BadInput, match=r"templates/email/fr/stern_letter-subject\.j2"):
        raw_mail(situation(), notice("stern_letter", "F-1"))


@pytest.mark.parametrize("words", ["{% block opening %}{{ message.nothing }}{% endblock %}", "{% block opening %}{{"])
def test_a_template_with_a_mistake_is_refused_by_its_name(tmp_path: Path, words: str) -> None:
    shutil.copytree(TEMPLATES, tmp_path, dirs_exist_ok=True)
    broken = tmp_path / "email" / "fr" / "first_reminder-body-text.j2"
    broken.write_text("{% extends layout %}" + words, "utf-8")
    writer = TemplateWriter(FakeArchive(), templates=tmp_path)
    with pytest.raises(BadInput, match=r"templates/email/fr/first_reminder-body-text\.j2: .*correct the template"):
        writer.write(situation(), notice("first_reminder", "F-1"), CREDITOR, today=TODAY, at=AT)


def test_what_is_not_listed_one_by_one_is_given_as_a_number_and_a_sum() -> None:
    cases = [case(f"N{i:03}", "2026-04-10", "10.01") for i in range(2000)]
    mail = written(file_of(case("LATE", "2026-02-10"), *cases), notice("first_reminder", "LATE"))
    for words in (text_of(mail), " ".join(seen(html_of(mail)).words)):
        assert "et 1970 autres factures" in squeezed(words)
        assert "19 719,70 €" in squeezed(words)
        assert "N029" in words
        assert "N030" not in words


def test_every_step_that_writes_has_its_words_in_both_languages() -> None:
    for policy in policies().values():
        steps = {s.template or s.id for s in policy.steps if s.do in ("email", "formal_notice")}
        assert steps <= writer_with(NO_DOCUMENTS).templates("fr")
    assert writer_with(NO_DOCUMENTS).templates("fr") == writer_with(NO_DOCUMENTS).templates("en") >= set(ALL)


# Shapes, enclosures and the transfer code


def shape(part: EmailMessage) -> Any:
    if part.is_multipart():
        return part.get_content_subtype(), [shape(cast(EmailMessage, p)) for p in part.iter_parts()]
    return part.get_content_type()


def test_the_parts_are_nested_so_that_every_mail_program_finds_its_own() -> None:
    mail = written(situation(), notice("first_reminder", "F-1", "F-2"), archive=DOCUMENTS)
    html = ("related", ["text/html", "image/png"])
    assert shape(mail) == ("mixed", [("alternative", ["text/plain", html]), "application/pdf"])
    plain = written(situation(), for_template("document_sent"), archive=DOCUMENTS)
    assert shape(plain) == ("mixed", [("alternative", ["text/plain", "text/html"]), "application/pdf"])


def test_invoices_go_along_byte_for_byte() -> None:
    mail = written(situation(), notice("first_reminder", "F-1", "F-2"), archive=DOCUMENTS)
    (attached,) = mail.iter_attachments()
    assert attached.get_content() == PDF
    assert attached.get_filename() == "facture-F-1.pdf"
    assert f"Pièce jointe{NBSP}: facture-F-1.pdf." in text_of(mail)


@pytest.mark.parametrize(
    ("content", "name", "content_type"),
    [
        (PDF, "facture-F-1.pdf", "application/pdf"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Invoice/>", "facture-F-1.xml", "application/xml"),
        (b"\n<?xml version='1.0'?><Invoice/>", "facture-F-1.xml", "application/xml"),
        (b"PK\x03\x04", "facture-F-1", "application/octet-stream"),
    ],
)
def test_an_enclosure_is_named_by_what_it_is(content: bytes, name: str, content_type: str) -> None:
    mail = written(situation(), notice("first_reminder", "F-1"), archive=archive_with(k_1=content))
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == (name, content_type)
    assert attached.get_payload(decode=True) == content


def test_a_copy_of_a_settled_invoice_says_so_and_asks_for_nothing() -> None:
    paid = case("F-1", "2026-02-10", balance=eur("0.00"), closed=Closed.PAID, settled_on=TODAY, document="k/1")
    mail = written(file_of(paid), notice("document_sent", "F-1"), archive=DOCUMENTS)
    for words in (text_of(mail), " ".join(seen(html_of(mail)).words)):
        assert "soldée" in words
        assert "de retard" not in words
        assert "IBAN" not in words


def test_files_whose_names_collide_are_still_two_files() -> None:
    archive = archive_with(a=PDF, b=PDF + b"2")
    file = file_of(
        case("F/1", "2026-02-10", document="a"),
        case("F:1", "2026-02-11", document="b"),
        case("é", "2026-02-12", document="a"),
    )
    mail = written(file, notice("first_reminder", "F/1", "F:1", "é", language="en"), archive=archive)
    assert [a.get_filename() for a in mail.iter_attachments()] == [
        "invoice-F-1.pdf",
        "2-invoice-F-1.pdf",
        "invoice.pdf",
    ]


@pytest.mark.parametrize(("extra", "count"), [(-1, 2), (0, 2), (1, 0)])
def test_enclosures_stop_at_five_megabytes_all_or_none(extra: int, count: int) -> None:
    half = ATTACHED_LARGEST_BYTES // 2
    archive = archive_with(a=b"%PDF".ljust(half, b"x"), b=b"%PDF".ljust(half + extra, b"x"))
    file = file_of(case("F-1", "2026-02-10", document="a"), case("F-2", "2026-02-11", document="b"))
    mail = written(file, notice("first_reminder", "F-1", "F-2"), archive=archive)
    assert len(list(mail.iter_attachments())) == count
    assert ("n’ont pas pu être jointes" in text_of(mail)) is (count == 0)
    assert ("n’ont pas pu être jointes" in squeezed("".join(seen(html_of(mail)).words))) is (count == 0)


def test_a_document_that_the_archive_lost_does_not_hold_the_reminder_back() -> None:
    mail = written(situation(), notice("first_reminder", "F-1"), archive=FakeArchive())
    assert list(mail.iter_attachments()) == []
    assert "n’a pas pu être jointe" in text_of(mail)


def test_a_copy_that_was_asked_for_is_not_announced_where_there_is_none() -> None:
    with pytest.raises(BadInput, match="no document is on file"):
        raw_mail(situation(), notice("document_sent", "F-2"))


def test_the_transfer_code_in_the_mail_asks_for_what_the_mail_asks_for() -> None:
    mail = written(situation(), notice("second_reminder", "F-1", "F-2"))
    (picture,) = [p for p in mail.walk() if p.get_content_type() == "image/png"]
    html = html_of(mail)
    assert f'src="cid:{picture["Content-ID"][1:-1]}"' in html
    assert picture.get_content_disposition() == "inline"
    payload = "BCD\n002\n1\nSCT\nAGRIFRPP\nAtelier Verre Clair\nFR7630006000011234567890189\nEUR2848.57\n\n\nF-1, F-2"
    assert compose(situation(), notice("x", "F-1", "F-2"), CREDITOR, today=TODAY).transfer_code == payload
    assert cast(EmailMessage, picture).get_content() == png(payload)


def test_the_picture_is_the_code_that_was_asked_for() -> None:
    payload = "BCD\n002\n1\nSCT\n\nÉtoile\nFR7630006000011234567890189\nEUR1.00"
    code = segno.make_qr(payload, error="m", boost_error=False, encoding="utf-8", mask=3)
    drawn = dots(png(payload, scale=1))
    size = len(drawn)
    assert size == len(code.matrix) + 8
    assert [row[4:-4] for row in drawn[4:-4]] == [[bool(dark) for dark in row] for row in code.matrix]
    assert not any(any(row) for row in drawn[:4] + drawn[-4:])
    assert not any(row[i] for row in drawn for i in (0, 1, 2, 3, -1, -2, -3, -4))
    assert dots(png(payload, scale=3))[12 : 12 + 3 * 7 : 3] == [
        [dot for dot in row for _ in range(3)] for row in drawn[4:11]
    ]


def dots(picture: bytes) -> list[list[bool]]:
    """The dark dots of a PNG of one bit a dot, every checksum verified."""
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, size = 8, b"", (0, 0)
    while at < len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        kind, body = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        assert struct.unpack(">I", picture[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
            assert body[8:] == b"\x01\x00\x00\x00\x00"
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    width, height = size
    raw, stride = zlib.decompress(data), 1 + -(-width // 8)
    assert len(raw) == stride * height
    rows = [raw[i * stride + 1 : (i + 1) * stride] for i in range(height)]
    return [[not row[x // 8] >> (7 - x % 8) & 1 for x in range(width)] for row in rows]


@pytest.mark.parametrize(
    "creditor",
    [{"iban": "FR7630006000011234567890188"}, {"iban": ""}],
    ids=["wrong check digits", "no account"],
)
def test_without_a_valid_account_there_is_no_code_and_no_broken_picture(creditor: dict[str, Any]) -> None:
    mail = written(situation(), notice("first_reminder", "F-1"), creditor=replace(CREDITOR, **creditor))
    assert "image/png" not in str(shape(mail))
    assert "cid:" not in html_of(mail)
    assert ("IBAN" in text_of(mail)) is bool(creditor["iban"])


def test_payment_links_are_safe_whatever_the_number() -> None:
    linked = replace(CREDITOR, payment_link="https://pay.verre-clair.example/i/{number}")
    mail = written(file_of(case("F/1?a=b&c", "2026-02-10")), notice("first_reminder", "F/1?a=b&c"), creditor=linked)
    link = "https://pay.verre-clair.example/i/F%2F1%3Fa%3Db%26c"
    assert f"Payer en ligne{NBSP}: {link}" in text_of(mail)
    assert link in seen(html_of(mail)).addresses
    assert payment_link("javascript:alert({number})", "1") == ""


def test_the_html_fetches_nothing_and_can_be_read_aloud() -> None:
    page = seen(html_of(written(situation(), notice("second_reminder", "F-1", "F-2"))))
    assert [a for a in page.addresses if not a.startswith(("cid:", "mailto:"))] == []
    tags = [tag for tag, _ in page.tags]
    assert not {"script", "link", "iframe", "form", "object", "embed", "base"} & set(tags)
    assert ("html", {"lang": "fr", "dir": "ltr"}) in page.tags
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.tags if tag == "th")
    assert all(attrs.get("alt") for tag, attrs in page.tags if tag == "img")
    # Two tables hold data; every other one only lays out.
    assert sum(tag == "table" and attrs.get("role") != "presentation" for tag, attrs in page.tags) == 2


# Hostile data

NAMES = [
    'Zoé "Zo" O\'Neil, Ltd. (x)', "😀" * 40, "é" * 300, "A" * 300, "שלום עולם, \"x\" <a@b>", 'a\\"b\\',
    "=?utf-8?q?fake?=", "x" * 80 + " é " + "y" * 80, "a@b.c", "é, <evil@x.example>", '" <evil@x.example>, "é', "|", ";",
    "<b>x</b>", "{{ 7 * 7 }}", "{% raw %}", "](javascript:x)", "\u200d", "x" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_hostile_name_reaches_the_reader_as_it_is_and_moves_no_header(name: str) -> None:
    file = file_of(case(name, "2026-02-10"), contact=Contact(id="payer", name=name, email=PAYER), name=name)
    persona = Persona(name=name, title={}, email="n@verre-clair.example")
    creditor = replace(CREDITOR, name=name, legal_form="", personas={"collector": persona})
    raw = raw_mail(file, notice("first_reminder", name), creditor=creditor)
    mail = message_from_bytes(raw, policy=modern)
    assert [a.addr_spec for a in mail["To"].addresses] == [PAYER]
    assert [a.addr_spec for a in mail["From"].addresses] == ["n@verre-clair.example"]
    assert decoded(raw, "To").endswith(f" <{PAYER}>")
    assert unquoted(decoded(raw, "To")) == shortened(name)
    assert unquoted(decoded(raw, "From")) == shortened(f"{name} ({name})")
    assert f"Bonjour {name}," in squeezed(text_of(mail)) or len(name) > 70
    assert name in "".join(seen(html_of(mail)).words)
    wire_is_sound(raw)


def unquoted(mailbox: str) -> str:
    name = mailbox.rpartition(" <")[0].strip()
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if len(name) > 1 and name[0] == '"' == name[-1] else name


def shortened(name: str) -> str:
    return name if len(name) <= 120 else name[:119] + "…"


def wire_is_sound(raw: bytes) -> None:
    """ASCII, CRLF only, no line over 998; every header is one that we set."""
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    known = {
        b"Date", b"From", b"Reply-To", b"To", b"Cc", b"Subject", b"Message-ID", b"In-Reply-To", b"References",
        b"Auto-Submitted", b"X-Auto-Response-Suppress", b"Content-Language", b"MIME-Version", b"Content-Type",
    }  # fmt: skip
    assert set(names) <= known
    assert len(names) == len(set(names))


HOSTILE = st.one_of(
    st.text(min_size=1, max_size=80),
    st.text(alphabet="\r\n\t\0 :;,<>\"'\\=?@&{}%#.-/é😀\u202e\u2028\u00a0a", min_size=1, max_size=80),
    st.sampled_from(["\r\nBcc: x@evil.example", "--=_mixed_" + TOKEN, "</td><script>alert(1)</script>", "{{ x }}"]),
).filter(lambda text: bool(text.strip("\x00\r\n\t ")))


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("template", ALL)
def test_every_template_survives_hostile_data(template: str, language: str, data: st.DataObject) -> None:
    draw = data.draw
    number, order, name, street = (draw(HOSTILE) for _ in range(4))
    due = "2026-03-25" if template == "courtesy" else "2026-01-10"
    value = draw(st.decimals("0.01", "99999999999.99", places=2))
    file = file_of(
        case(number, due, str(value), purchase_order=order, document="k/1"),
        case("other" + number, "2026-04-10"),
        contact=Contact(id="payer", name=name, email=PAYER),
        name=name,
        address=(street,),
    )
    if template == "call_agreed":
        made = Promise(id="p", numbers=(number,), made_on=TODAY, pay_on=TODAY, grace_on=TODAY, means=draw(HOSTILE))
        file = with_records(file, promises=[made])
    persona = Persona(name=name, title={language: order}, email="n@verre-clair.example", phone=street)
    creditor = replace(
        CREDITOR, name=name, address=(street,), legal_id=order, bic=order, personas={"collector": persona}
    )
    what = notice(template, number, language=language)
    raw = raw_mail(file, what, creditor=creditor, archive=DOCUMENTS)
    wire_is_sound(raw)
    mail = message_from_bytes(raw, policy=modern)
    assert [a.addr_spec for a in mail["To"].addresses] == [PAYER]
    assert mail["From"].addresses[0].addr_spec == "n@verre-clair.example"
    assert str(mail["Subject"]).strip()
    assert "\n" not in decoded(raw, "Subject")
    message = compose(file, what, creditor, today=TODAY)
    text, page = text_of(mail), seen(html_of(mail))
    clean = squeezed(message.asked[0].number)
    assert clean in squeezed(text)
    assert clean in squeezed("".join(page.words))
    assert squeezed(amount(eur(str(value)), language)) in squeezed(text)
    assert "script" not in [tag for tag, _ in page.tags]
    assert len([p for p in mail.walk() if p.get_content_type() == "application/pdf"]) == 1


@pytest.mark.parametrize("template", ALL)
def test_mail_parser_reads_the_same_as_the_standard_library(template: str) -> None:
    raw = raw_mail(situation(), for_template(template), archive=DOCUMENTS)
    other, mail = mailparser.parse_from_bytes(raw), message_from_bytes(raw, policy=modern)
    assert other.subject == mail["Subject"]
    assert other.from_ == [("Nadia Ferrand (Atelier Verre Clair)", "nadia.ferrand@verre-clair.example")]
    assert other.to == [("Paul Morel", PAYER)]
    assert other.reply_to[0][1] == f"compta+{TOKEN}@verre-clair.example"
    assert squeezed(other.text_plain[0]) == squeezed(text_of(mail))
    assert squeezed(other.text_html[0]) == squeezed(html_of(mail))
    assert not other.defects


# Words and figures


@pytest.mark.parametrize(
    ("money", "french", "english"),
    [
        (Money.of("1234567.89", "EUR"), "1 234 567,89 €", "€1,234,567.89"),
        (Money.of("-0.05", "GBP"), "-0,05 £", "-£0.05"),
        (Money.of("999.99", "USD"), "999,99 USD", "USD 999.99"),
        (Money.of("1000", "JPY"), "1 000 JPY", "JPY 1,000"),
        (Money.of("1.234", "TND"), "1,234 TND", "TND 1.234"),
        (Money.of("1E+3", "EUR"), "1 000,00 €", "€1,000.00"),
    ],
)
def test_amounts_are_written_as_each_language_does(money: Money, french: str, english: str) -> None:
    assert amount(money, "fr") == french.replace(" ", NBSP)
    assert amount(money, "en") == english.replace(" ", NBSP)


def test_days_are_written_as_each_language_does() -> None:
    assert day(date(2026, 11, 1), "fr") == f"1er{NBSP}novembre 2026"
    assert day(date(2026, 11, 1), "en") == f"1{NBSP}November 2026"
    assert short_day(date(2026, 11, 2), "fr") == "02/11/2026"
    assert short_day(date(2026, 11, 2), "en") == f"2{NBSP}Nov{NBSP}2026"
    near = [date(2026, 3, 1), date(2026, 3, 9), date(2026, 3, 16)]
    assert days(near, "fr") == f"1er, 9 et 16{NBSP}mars 2026"
    assert days(near[:1], "en") == f"1{NBSP}March 2026"
    assert days([date(2025, 3, 1), date(2026, 3, 1)], "en") == f"1{NBSP}March 2025 and 1{NBSP}March 2026"


def test_lists_are_written_as_each_language_does() -> None:
    assert [listing(["a", "b", "c"][:n], "fr") for n in range(4)] == ["", "a", "a et b", "a, b et c"]
    assert listing(["a", "b", "c"], "en") == "a, b and c"


def test_templates_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    raw_mail(situation(), notice("first_reminder", "F-1"))

    def fails(*_: object) -> None:
        raise AssertionError("a template was compiled again")

    monkeypatch.setattr(jinja2.Environment, "compile", fails)
    raw_mail(situation(), notice("first_reminder", "F-1"))


def test_no_template_is_without_its_language(tmp_path: Path) -> None:
    writer = TemplateWriter(FakeArchive(), templates=tmp_path)
    assert writer.templates("fr") == frozenset()
    with pytest.raises(BadInput, match=r"templates/email/fr/labels\.j2"):
        writer.write(situation(), notice("first_reminder", "F-1"), CREDITOR, today=TODAY, at=AT)
