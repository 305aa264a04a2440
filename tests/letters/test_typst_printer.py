"""Letters are PDF/A that a checker accepts, say what the facts say, and take nothing in them for markup."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.rendering_glyphs import SHOWN
from chalicelib.adapters.rendering_typst import TypstPrinter, shown, unmistakable
from chalicelib.bootstrap import TEMPLATES
from chalicelib.domain.letter_facts import (
    Bar,
    BarGroup,
    ChartFacts,
    EarlierContact,
    JournalFacts,
    JournalInvoice,
    JournalLine,
    facts_of,
)
from chalicelib.domain.money import Money
from chalicelib.errors import BadInput
from tests.letters.pdfa import faults
from tests.letters.samples import RECIPIENT, SENDER, WRITTEN_ON, formal_notice, invoice

PRINTER = TypstPrinter(TEMPLATES)
HOSTILE = [
    '#eval("1+1")', '#include "/etc/passwd"', '#read("page.typ")',
    "$x^2$ *gras* _ital_ @ref <label> \\ `code` // rien",
    "= Titre", "[x] #[y] #{1+1}", "\u202eabc\u2066\u200b\u200d", "שלום 123 עולם", "😀 漢字 العربية", "\x00\x07\x1b[31m",
    "W" * 300, "a\nb\r\n\n\nc", "e" + "\u0301" * 50, "\ud800", "", "0\u064b", "\ufeff\ufffe\uffff",
    "{{ 7*7 }} %s {number}",
]  # fmt: skip


def text_of(pdf: bytes) -> str:
    """The words of all pages, blanks made plain."""
    pages = pypdf.PdfReader(io.BytesIO(pdf), strict=True).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages).replace("\u200b", "")


def notice_pdf(notice=None, language: str = "fr") -> bytes:
    return PRINTER.print("formal_notice", language, facts_of(notice or formal_notice()))


def long_notice(count: int):
    lines = [
        invoice(f"2026-{n:04}", f"{n * 37.5 + 100:.2f}", due_on=date(2026, 6, 1) + timedelta(days=n))
        for n in range(count)
    ]
    return formal_notice(*lines)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("count", [1, 3, 60])
def test_a_formal_notice_is_pdf_a(language, count):
    assert faults(notice_pdf(long_notice(count), language)) == []


@pytest.mark.parametrize("count", range(14, 40))
def test_whatever_ends_a_stream_the_checker_finds_no_fault_and_the_table_of_objects_fits(count):
    pdf = notice_pdf(long_notice(count))
    assert faults(pdf) == []
    assert len(pypdf.PdfReader(io.BytesIO(pdf), strict=True).pages) >= 2


def test_the_checker_refuses_a_broken_file():
    pdf = notice_pdf()
    assert any("FONT-EMBEDDING" in fault for fault in faults(pdf.replace(b"/FontFile3", b"/FontFileX")))
    assert any("TRAILER-ID" in fault for fault in faults(pdf.replace(b"/ID[", b"/IX[")))
    with pytest.raises(ValueError, match="does not declare"):
        faults(pdf.replace(b"/Metadata ", b"/Metadatx "))
    with pytest.raises(ValueError, match="parser"):
        faults(pdf[: len(pdf) // 2])


def test_the_checker_finds_a_stream_that_ends_in_a_carriage_return_too_short_unless_we_help():
    """The trap that `unmistakable` is there for: one stream in 256 falls into it."""
    made = (as_typst_wrote_it(replace(formal_notice(), reference=f"MD-{n}")) for n in range(600))
    trapped = next(pdf for pdf in made if b"\r\nendstream" in pdf)
    assert any("STREAM-LENGTH" in fault for fault in faults(trapped))
    helped = unmistakable(trapped)
    assert faults(helped) == []
    assert text_of(helped) == text_of(trapped)


def as_typst_wrote_it(notice) -> bytes:
    return PRINTER._compile("formal_notice", "fr", facts_of(notice), format="pdf", pdf_standards=["a-2b"])


def test_its_metadata_name_title_author_language_and_day():
    reader = pypdf.PdfReader(io.BytesIO(notice_pdf()))
    assert reader.metadata.title == (
        "Mise en demeure de payer – Atelier Verre Clair / Garage Morel – MD-C001-2026-11-21"
    )
    assert reader.metadata.author == "Atelier Verre Clair"
    assert reader.metadata.creation_date.date() == WRITTEN_ON
    assert reader.trailer["/Root"]["/Lang"].lower().startswith("fr")
    english = pypdf.PdfReader(io.BytesIO(notice_pdf(language="en")))
    assert english.trailer["/Root"]["/Lang"].lower().startswith("en")


def test_the_same_facts_give_the_same_bytes():
    assert notice_pdf() == notice_pdf()


def test_it_says_everything_that_a_formal_notice_must_say():
    text = text_of(notice_pdf())
    for said in (
        "LETTRE RECOMMANDÉE AVEC ACCUSÉ DE RÉCEPTION", "MISE EN DEMEURE DE PAYER", "Nantes, le 21 novembre 2026",
        "Atelier Verre Clair", "RCS Nantes 123 456 782", "SAS au capital de 60 000 €", "TVA FR40123456782",
        "Garage Morel", "RCS Rennes 987 654 324", "118 avenue de la Gare", "2026-0412", "15/09/2026", "1 200,00 €",
        "27,31 €", "40,00 €", "1 267,31 €", "huit (8) jours", "29 novembre 2026", "mettons en demeure",
        "article 1344 du code civil", "Code de commerce, art. L441-10, II", "FR76 3000 6000 0112 3456 7890 189",
        "Annexe 1 – Calcul des intérêts de retard", "12,40 %", "16/09/2026", "2,40 % au 01/07/2026, plus 10 points",
        "Annexe 2 – Relances et appels", "17/09/2026", "Première relance", "Hugo Perrin", "1 / 2", "2 / 2",
    ):  # fmt: skip
        assert said in text, said


def test_it_says_so_in_english_too():
    text = text_of(notice_pdf(language="en"))
    for said in (
        "BY REGISTERED POST", "FORMAL NOTICE TO PAY", "Nantes, 21 November 2026", "15 Sep 2026", "€1,200.00",
        "€1,267.31", "eight (8) days", "29 November 2026", "12.40%", "How the interest was reckoned", "1 / 2",
    ):  # fmt: skip
        assert said in text, said


def test_a_demand_without_interest_speaks_of_none():
    zero = Money.zero("EUR")
    text = text_of(notice_pdf(formal_notice(invoice(interest=zero, indemnity=zero, periods=()), articles=())))
    assert "ntérêts" not in text
    assert "ndemnités" not in text
    assert "Annexe 1 – Relances et appels" in text


@pytest.mark.parametrize(("language", "mark"), [("fr", "PROJET"), ("en", "DRAFT")])
def test_a_draft_says_so_on_every_page_and_a_letter_does_not(language, mark):
    facts = facts_of(formal_notice())
    draft = PRINTER.print("formal_notice", language, {**facts, "is_draft": True})
    assert faults(draft) == []
    assert all(mark in page.extract_text().replace(" ", "") for page in pypdf.PdfReader(io.BytesIO(draft)).pages)
    assert mark not in text_of(notice_pdf(language=language))


def test_two_currencies_are_never_summed():
    text = text_of(notice_pdf(formal_notice(invoice(), invoice("US-1", "2500", "USD"))))
    assert "Total USD" in text
    assert "Total EUR" in text
    assert "2 556,90 USD" in text
    assert "1 307,31 €" in text  # both indemnities are owed in euros


def test_another_country_cites_no_french_code():
    assert "1344" not in text_of(notice_pdf(replace(formal_notice(), country="BE")))


def test_what_a_person_added_and_what_follows_stand_in_the_letter():
    text = text_of(notice_pdf(replace(formal_notice(), added=("Un paragraphe ajouté.",), follows=("La suite.",))))
    assert "Un paragraphe ajouté." in text
    assert "La suite." in text
    assert "juridiction compétente" not in text


def test_the_head_of_the_table_returns_and_its_total_never_stands_alone():
    for count in range(15, 32):
        pages = pypdf.PdfReader(io.BytesIO(notice_pdf(long_notice(count)))).pages
        texts = [" ".join(page.extract_text().split()) for page in pages]
        holder = next(text for text in texts if "Total " in text)
        assert f"2026-{count - 1:04}" in holder, f"{count} invoices: the total stands without its last line"
        assert "Jours de retard" in holder


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_in_a_text_is_markup_or_stops_the_letter(text):
    notice = formal_notice(
        invoice(text, purchase_order=text),
        sender=replace(SENDER, name=text, legal_form=text, address=(text, text), vat_number=text, iban=text, bic=text),
        recipient=replace(RECIPIENT, name=text, address=(text,) * 5, attention=text, legal_id=text),
        reference=text, place=text, signer_name=text, signer_title=text, articles=(text,), cause=text, added=(text,),
        remittance=text, enclosed=(text,),
        earlier=(EarlierContact(on=WRITTEN_ON, means=text, what=text, to=text),),
    )  # fmt: skip
    for language in ("fr", "en"):
        pdf = notice_pdf(notice, language)
        assert faults(pdf) == []
        said = text_of(pdf)
        assert "root:" not in said
        if text.isascii() and text.isprintable():
            assert "".join(text.split()) in "".join(said.split())


@pytest.mark.parametrize("text", ["W" * 50_000, "mot " * 10_000, "\u05d0" * 50_000])
def test_a_text_without_end_is_cut(text):
    notice = formal_notice(
        invoice(text), sender=replace(SENDER, name=text), recipient=replace(RECIPIENT, name=text), signer_name=text,
        reference=text, added=(text,),
    )  # fmt: skip
    assert faults(notice_pdf(notice)) == []


@pytest.mark.parametrize("length", [3_999, 4_000, 4_001])
def test_a_text_has_at_most_four_thousand_characters(length):
    line = shown("a " * (length // 2) + "a" * (length % 2))
    assert len(line) == min(length, 4_000)
    assert line.endswith("…") is (length > 4_000)


@settings(max_examples=25)
@given(st.text(max_size=60))
def test_any_text_at_all_gives_a_sound_letter(text):
    notice = formal_notice(invoice(text), recipient=replace(RECIPIENT, name=text, address=(text,)), signer_name=text)
    assert faults(notice_pdf(notice)) == []


@given(st.text())
def test_what_is_shown_is_one_line_of_known_characters(text):
    line = shown(text)
    assert set(line) <= SHOWN | {"\u200b", "\u2068", "\u2069"}
    assert shown(line).replace("\ufffd", "") == line.replace("\ufffd", "") or "\u2068" in line
    assert "\n" not in line


def test_a_character_without_a_glyph_is_visibly_replaced():
    assert shown("Café 漢 \U0001d400\uff21") == "Café \ufffd AA"


def test_every_character_that_we_count_on_has_a_glyph_in_every_style(tmp_path):
    """A newer wheel may bring another font: here it shows."""
    folder = tmp_path / "letter" / "fr"
    folder.mkdir(parents=True)
    (folder / "all.typ").write_text(
        "#let facts = json(bytes(sys.inputs.facts))\n"
        '#set text(font: "Libertinus Serif", fallback: false, lang: "fr")\n#set document(title: "x")\n'
        '#for c in facts.all [#c #strong(c) #emph(c) #text(weight: "semibold", c) ]'
    )
    pdf = TypstPrinter(tmp_path).print("all", "fr", {"all": sorted(SHOWN)})
    assert faults(pdf) == []
    assert len(SHOWN) > 2000


def test_a_template_cannot_read_outside_its_folder(tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "letter" / "fr"
    folder.mkdir(parents=True)
    (folder / "thief.typ").write_text('#read("../../secret.txt")')
    with pytest.raises(Exception, match="thief.typ"):
        TypstPrinter(tmp_path).print("thief", "fr", {})


@pytest.mark.parametrize("name", ["none", "../page", "../../email/fr/labels", ""])
def test_a_template_that_is_not_there_is_named(name):
    with pytest.raises(BadInput, match="there is no such template"):
        PRINTER.print(name, "fr", {})


def test_a_language_that_we_do_not_write_is_written_in_english():
    assert "FORMAL NOTICE" in text_of(notice_pdf(language="de"))


def test_typst_is_not_imported_before_something_is_printed():
    code = (
        "import sys; from pathlib import Path; from chalicelib.adapters.rendering_typst import TypstPrinter;"
        "TypstPrinter(Path('templates')); sys.exit('typst' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=TEMPLATES.parent).returncode == 0


def journal(entries: int = 3, text: str = "8 days late") -> JournalFacts:
    return JournalFacts(
        sender=SENDER, debtor=RECIPIENT, debtor_id="C001", zone="Europe/Paris", written_on=WRITTEN_ON,
        invoices=(
            JournalInvoice(
                number=text, issued_on=WRITTEN_ON, due_on=WRITTEN_ON, amount=Money.of(1200, "EUR"),
                balance=Money.zero("EUR"), state="payée",
            ),
        ),
        entries=tuple(
            JournalLine(
                seq=n + 1, on=WRITTEN_ON, clock="10:04", who=text, why=text,
                what=(text, ", ", Money.of(5, "EUR"), " : ", WRITTEN_ON),
            )
            for n in range(entries)
        ),
    )  # fmt: skip


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_journal_is_pdf_a_and_tells_each_entry(language):
    pdf = PRINTER.print("journal", language, facts_of(journal(300)))
    assert faults(pdf) == []
    text = text_of(pdf)
    assert " 300 " in text
    assert ("8 days late, 5,00 € : 21/11/2026" if language == "fr" else "8 days late, €5.00 : 21 Nov 2026") in text


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_journal_is_pdf_a(text):
    assert faults(PRINTER.print("journal", "fr", facts_of(journal(2, text)))) == []


def chart(**facts) -> ChartFacts:
    bars = tuple(
        Bar(label=f"{n * 30} à {n * 30 + 30} jours", value=Money.of(41200 // (n + 1), "EUR"), shade=n) for n in range(5)
    )
    weeks = tuple(Bar(label=f"Semaine {n}", value=Money.of(n * 1000, "EUR")) for n in range(5))
    groups = (BarGroup(title="Balance âgée", bars=bars), BarGroup(title="Encaissements attendus", bars=weeks))
    known = {"title": "Encours au 21 novembre 2026", "subtitle": "Total 184 250,00 €", "groups": groups}
    return ChartFacts(**{**known, **facts})


def test_a_chart_is_a_small_picture_1200_pixels_wide():
    png = PRINTER.picture("chart", "fr", facts_of(chart()))
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") == 1200
    assert len(png) < 40_000


@pytest.mark.parametrize(
    "bars",
    [(), (Bar(label="x", value=Money.zero("EUR")),), (Bar(label="-", value=Money.of(-5, "EUR"), shade=9),),
     (Bar(label="W" * 300, value=Money.of("999999999999.99", "EUR"), shade=-1, note="#eval(1)"),)],
)  # fmt: skip
def test_a_chart_of_nothing_of_debts_and_of_long_names_is_drawn(bars):
    assert PRINTER.picture("chart", "en", facts_of(chart(groups=(BarGroup(title="", bars=bars),))))


def test_a_picture_is_one_page():
    from chalicelib.errors import PermanentError

    with pytest.raises(PermanentError, match="a picture is one page"):
        PRINTER.picture("journal", "fr", facts_of(journal(300)))
