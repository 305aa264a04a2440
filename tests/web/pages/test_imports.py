"""Import: who gives a file is kept, what is wrong is said by line, unknown columns are named once and remembered."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from openpyxl import Workbook

from chalicelib.banking import guess
from chalicelib.domain.debtor_file import DESK
from chalicelib.errors import BadInput
from chalicelib.ledger.guess import Head
from chalicelib.pipeline.import_dropped import import_dropped, source_of
from chalicelib.pipeline.sources import mapping_of
from chalicelib.ports import FileImport, ImportState
from tests.sample import case, file_of
from tests.web.pages.conftest import AT, Desk

FILE = "/ops/import/files/{file_id}"
NAMED = (
    "number,account,client,country,issued,due,amount,currency\nF9,C009,Café Lune,FR,2026-02-01,2026-03-01,12.00,EUR\n"
)
UNNAMED = (
    "N° facture;Code client;Raison sociale;Date facture;Échéance;Montant TTC\n"
    "FA1;C101;Garage Nord;05/03/2026;30/04/2026;1 200,50\n"
    "FA2;C102;<script>alert(1)</script>;06/03/2026;05/04/2026;99,00\n"
)


def begin(desk: Desk, name: str = "ledger.csv", **asked: Any) -> FileImport:
    """A collector announces a file; gives its row."""
    answer = desk.act("/ops/import/files", desk.sign_in("collector"), {"name": name}, **asked)
    assert answer.status == 200
    (file,) = desk.imports.latest(1)
    return file


def drop(desk: Desk, content: str | bytes, name: str = "ledger.csv") -> FileImport:
    """It arrives in the bucket, and the queue's function reads it."""
    file = begin(desk, name)
    key = f"dropped/{file.id}/{name}"
    desk.program.archive.put(key, content.encode() if isinstance(content, str) else content, content_type="x")
    read(desk, key)
    found = desk.imports.get(file.id)
    assert found
    return found


def read(desk: Desk, key: str) -> None:
    import_dropped(desk.program.parts, desk.program.archive, key, at=desk.at, log=desk.imports)


def show(desk: Desk, file: FileImport, role: str = "viewer", **asked: Any) -> Any:
    return desk.ask("GET", FILE, ids={"file_id": file.id}, cookies=desk.sign_in(role), **asked)


def choose(desk: Desk, file: FileImport, do: str = "take", **chosen: str) -> Any:
    """The form of columns as it is proposed, with what is chosen otherwise."""
    body = show(desk, file, "collector").body
    form = {"kind": "invoices", "date_format": "", "decimal": "", "constant_country": "FR", "constant_currency": "EUR"}
    for name, options in re.findall(r'<select[^>]*name="(column_\w+)"[^>]*>(.*?)</select>', body, re.DOTALL):
        picked = re.search(r'<option value="(\d*)" selected', options)
        form[name] = picked[1] if picked else ""
    return desk.act(
        f"{FILE}/columns", desk.sign_in("collector"), {**form, **chosen, "do": do}, ids={"file_id": file.id}
    )


def test_the_empty_page_teaches_and_offers_samples(desk: Desk) -> None:
    body = desk.ask("GET", "/ops/import", cookies=desk.sign_in("collector")).body
    assert "No file has come in yet" in body
    for name in re.findall(r"/ops/import/samples/([\w.]+)", body):
        answer = desk.ask("GET", "/ops/import/samples/{name}", ids={"name": name}, cookies=desk.sign_in("viewer"))
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert drop(desk, answer.body, name).state is ImportState.TAKEN, name


@pytest.mark.parametrize("name", ["../ops.css", "secret.csv", "invoices.csv\n"])
def test_nothing_but_the_samples_is_served_under_their_path(desk: Desk, name: str) -> None:
    answer = desk.ask("GET", "/ops/import/samples/{name}", ids={"name": name}, cookies=desk.sign_in("viewer"))
    assert answer.status == 404


def test_a_viewer_sees_and_hands_over_nothing(desk: Desk) -> None:
    body = desk.ask("GET", "/ops/import", cookies=desk.sign_in("viewer")).body
    assert "data-drop" not in body
    assert desk.act("/ops/import/files", desk.sign_in("viewer")).status == 403
    assert not desk.imports.files


def test_the_page_may_reach_the_bucket_and_no_other_page_may(desk: Desk) -> None:
    cookies = desk.sign_in("collector")
    policy = desk.ask("GET", "/ops/import", cookies=cookies).headers["Content-Security-Policy"]
    assert "connect-src 'self' https://imports.example;" in policy
    assert "form-action 'self' https://imports.example https://people.example;" in policy
    assert "imports.example" not in desk.ask("GET", "/ops/money", cookies=cookies).headers["Content-Security-Policy"]


def test_the_form_is_signed_for_one_place_and_comes_back_here(desk: Desk) -> None:
    answer = desk.act("/ops/import/files", desk.sign_in("collector"))
    (file,) = desk.imports.latest(1)
    assert (file.who, file.state) == ("collector@acme.example", ImportState.EXPECTED)
    assert f'name="key" value="dropped/{file.id}/${{filename}}"' in answer.body
    assert f"/api/ops/import/files/{file.id}" in answer.body
    assert 'type="file"' in answer.body


def test_the_script_is_given_the_row_and_the_form(desk: Desk) -> None:
    answer = desk.act(
        "/ops/import/files", desk.sign_in("collector"), {"name": "<b>é.csv"}, headers={"HX-Request": "true"}
    )
    assert "&lt;b&gt;é.csv" in answer.body
    assert "success_action_redirect" not in answer.body
    assert "<html" not in answer.body


def test_a_file_in_our_columns_is_taken_in_by_who_gave_it(desk: Desk) -> None:
    file = drop(desk, NAMED)
    assert (file.state, file.kind, file.rows, file.new) == (ImportState.TAKEN, "invoices", 1, 1)
    assert {entry.who for entry in desk.program.store.journal("C009")} == {"collector@acme.example"}
    assert "1 line read, 1 new, 0 known already" in show(desk, file).body


def test_a_file_in_our_columns_is_not_looked_through_for_a_statement(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(_: bytes) -> Head | None:
        raise AssertionError("a large workbook would be read once more")

    monkeypatch.setattr(guess, "read_bank_head", look)
    assert drop(desk, NAMED).state is ImportState.TAKEN


def test_a_file_that_is_delivered_twice_keeps_what_the_first_one_did(desk: Desk) -> None:
    file = drop(desk, NAMED)
    read(desk, file.key)
    assert desk.imports.get(file.id) == file


@pytest.mark.parametrize(
    ("language", "what", "to_do"),
    [("en", "“31/02/2026” is no date|has no day|is no day", "write|correct"), ("fr", "est vide", "complétez-la")],
)
def test_a_refused_file_says_line_column_and_what_to_do(desk: Desk, language: str, what: str, to_do: str) -> None:
    content = NAMED + "F10,C009,,FR,2026-02-01,31/02/2026,12.00,EUR\n"
    file = drop(desk, content)
    assert (file.state, file.findings[0].line) == (ImportState.REFUSED, 3)
    body = show(desk, file, headers={"Accept-Language": language}).body
    assert "client" in body
    assert re.search(what, body) or language == "en"
    assert re.search(to_do, body)
    assert desk.program.store.load("C009") is None, "nothing was written"
    assert not list(desk.program.store.open_tasks()), "whoever gave it sees it here"


def test_unknown_columns_are_proposed_with_the_first_lines_as_they_would_be_read(desk: Desk) -> None:
    file = drop(desk, UNNAMED)
    assert file.state is ImportState.UNNAMED
    body = show(desk, file, "collector").body
    assert "Garage Nord" in body
    assert "€1,200.50" in body
    assert "30 Apr 2026" in body
    assert "<script>alert" not in body
    assert desk.program.store.load("C101") is None


def test_columns_once_named_are_remembered_and_the_next_file_is_read_by_itself(desk: Desk) -> None:
    file = drop(desk, UNNAMED)
    answer = choose(desk, file)
    assert (answer.status, answer.place) == (303, f"/api/ops/import/files/{file.id}")
    (message,) = desk.import_queue.bodies
    read(desk, message["key"])
    taken = desk.imports.get(file.id)
    assert taken
    assert (taken.state, taken.new) == (ImportState.TAKEN, 2)
    assert desk.program.file("C101").cases["FA1"].due_on.isoformat() == "2026-04-30"
    desk.at += timedelta(hours=1)
    again = drop(desk, UNNAMED.replace("FA1", "FA3").replace("FA2", "FA4"), "next.csv")
    assert (again.state, again.new) == (ImportState.TAKEN, 2)


def test_columns_that_were_named_wrongly_are_named_anew_where_they_let_nothing_be_read(desk: Desk) -> None:
    choose(desk, drop(desk, UNNAMED))
    desk.at += timedelta(hours=1)
    text = UNNAMED.replace("05/03/2026", "03/25/2026").replace("06/03/2026", "03/26/2026")
    file = drop(desk, text.replace("30/04/2026", "04/30/2026").replace("05/04/2026", "04/05/2026"), "american.csv")
    assert (file.state, file.may_be_named) == (ImportState.REFUSED, True)
    body = show(desk, file, "collector").body
    assert "Or were its columns named wrongly?" in body
    assert choose(desk, file, date_format="MM/DD/YYYY").status == 303
    again = desk.imports.get(file.id)
    assert again
    assert (again.state, again.findings) == (ImportState.EXPECTED, ())
    read(desk, desk.import_queue.bodies[-1]["key"])
    taken = desk.imports.get(file.id)
    assert taken
    assert (taken.state, taken.may_be_named) == (ImportState.TAKEN, False)
    assert desk.program.file("C101").cases["FA1"].issued_on == date(2026, 3, 25)


def test_a_statement_that_was_taken_for_payments_is_named_anew_as_what_it_is(desk: Desk) -> None:
    text = "Jour;Quoi;Payeur;Somme\n12/03/2026;VIR FA-1;Garage Nord;1 200,50\n"
    file = drop(desk, text)
    choose(desk, file, kind="payments", column_account="2", column_paid_on="0", column_amount="3")
    read(desk, desk.import_queue.bodies[-1]["key"])
    refused = desk.imports.get(file.id)
    assert refused
    assert (refused.state, refused.kind) == (ImportState.REFUSED, "payments")
    assert re.search(r'kind=payments" aria-current="page"', show(desk, file, "collector").body), "as it was named"
    said = {"column_booked_on": "0", "column_amount": "3", "column_payer": "2", "column_text": "1"}
    assert choose(desk, refused, kind="statements", **said).status == 303
    read(desk, desk.import_queue.bodies[-1]["key"])
    taken = desk.imports.get(file.id)
    assert taken
    assert (taken.state, taken.kind, taken.new) == (ImportState.TAKEN, "statements", 1)
    desk.at += timedelta(hours=1)
    again = drop(desk, text.replace("12/03", "13/03"), "tomorrow.csv")
    assert (again.state, again.kind) == (ImportState.TAKEN, "statements")


def test_a_file_in_our_own_columns_that_is_refused_is_not_named_anew(desk: Desk) -> None:
    file = drop(desk, NAMED.replace("12.00", "twelve"))
    assert (file.state, file.may_be_named) == (ImportState.REFUSED, False)
    assert choose(desk, file).status == 303
    assert not desk.import_queue.bodies


def test_looking_again_takes_nothing_in(desk: Desk) -> None:
    file = drop(desk, UNNAMED)
    answer = choose(desk, file, do="preview", date_format="MM/DD/YYYY")
    assert answer.status == 422
    assert "30/04/2026" in answer.body
    assert not desk.import_queue.bodies
    assert desk.imports.get(file.id) == file


def test_a_column_that_is_needed_and_not_chosen_is_said_at_its_field(desk: Desk) -> None:
    file = drop(desk, UNNAMED)
    answer = choose(desk, file, column_due="")
    assert answer.status == 422
    assert 'id="f-column_due-error"' in answer.body
    assert not desk.import_queue.bodies
    head = Head(file.columns, file.sample)
    with pytest.raises(BadInput):
        mapping_of(desk.program.archive, source_of("invoices", head))


def test_two_who_name_the_columns_have_it_read_once(desk: Desk) -> None:
    file = drop(desk, UNNAMED)
    choose(desk, file)
    answer = desk.act(f"{FILE}/columns", desk.sign_in("collector"), {"do": "take"}, ids={"file_id": file.id})
    assert answer.status == 303
    assert len(desk.import_queue.bodies) == 1


BANK = (
    "Banque Populaire du Port;;;;\nCompte;FR7630006000011234567890189;;;\nSolde au;31/03/2026;9 812,50;;\n\n"
    "Jour;Intitulé;Donneur d’ordre;Somme;Nature\n"
    "12/03/2026;VIR FA-2026-0101;Garage Nord;1 200,50;VIR\n13/03/2026;LOYER;SCI du Quai;-800,00;PRLV\n"
)
DEBITS = "Date;Libellé;Débit;Crédit\n12/03/2026;VIR Garage Nord FA-1;;1 200,50\n13/03/2026;LOYER;800,00;\n"


def options(body: str, name: str) -> list[tuple[str, str]]:
    """The columns that a field of the form offers: their place and what is shown."""
    found = re.search(rf'<select[^>]*name="{name}"[^>]*>(.*?)</select>', body, re.DOTALL)
    return re.findall(r'<option value="(\d*)"[^>]*>(.*?)</option>', found[1]) if found else []


def test_a_banks_table_in_unknown_words_is_named_once_and_its_money_comes_in(desk: Desk) -> None:
    desk.program.put(file_of(case("FA-2026-0101", "2026-03-10", amount="1200.50"), id="C101"), AT)
    file = drop(desk, BANK, "bank.csv")
    assert (file.state, file.kind) == (ImportState.UNNAMED, "statements")
    assert file.columns == ("Jour", "Intitulé", "Donneur d’ordre", "Somme", "Nature"), "below the lines of the bank"
    body = show(desk, file, "collector").body
    assert "kind=invoices" not in body, "a ledger is never read from below other lines"
    answer = choose(desk, file, do="preview", kind="statements", column_text="1", column_payer="2")
    assert "Garage Nord" in answer.body
    assert re.search(r"€1,200\.50.*came in.*€800\.00.*left", answer.body, re.DOTALL)
    assert choose(desk, file, kind="statements", column_text="1", column_payer="2").status == 303
    (message,) = desk.import_queue.bodies
    read(desk, message["key"])
    taken = desk.imports.get(file.id)
    assert taken
    assert (taken.state, taken.kind, taken.rows) == (ImportState.TAKEN, "statements", 2)
    (credit,) = desk.program.file("C101").credits.values()
    assert (str(credit.amount), credit.on.isoformat()) == ("1200.50 EUR", "2026-03-12")
    desk.at += timedelta(hours=1)
    # The lines above the header and the rows are others each day; the columns are not.
    again = drop(desk, BANK.replace("31/03", "01/04").replace("13/03", "19/03"), "tomorrow.csv")
    assert (again.state, again.kind, again.new, again.known) == (ImportState.TAKEN, "statements", 1, 1)


def test_what_a_person_alone_takes_for_a_statement_is_remembered_as_one(desk: Desk) -> None:
    file = drop(desk, 'Jour;Quoi;Somme\n12/03/2026;"VIR\nFA-1";1 200,50\n')
    assert (file.state, file.kind) == (ImportState.UNNAMED, ""), "no single line looks like an entry"
    assert choose(desk, file, kind="statements", column_text="1").status == 303
    read(desk, desk.import_queue.bodies[-1]["key"])
    (credit,) = desk.program.file(DESK).credits.values()
    assert (str(credit.amount), credit.reference) == ("1200.50 EUR", "VIR FA-1")


def test_a_header_of_two_lines_shows_the_page_and_is_no_statement(desk: Desk) -> None:
    file = drop(desk, 'Jour;Quoi;"Somme\nen EUR"\n12/03/2026;VIR;1,50\n')
    assert file.state is ImportState.UNNAMED
    assert show(desk, file).status == 200
    assert choose(desk, file, kind="statements").status == 422


def test_a_banks_words_without_a_currency_are_asked_for_it_and_not_refused(desk: Desk) -> None:
    file = drop(desk, DEBITS)
    assert (file.state, file.kind) == (ImportState.UNNAMED, "")
    body = show(desk, file, "collector").body
    assert re.search(r'kind=statements" aria-current="page"', body)
    assert "came in" in body
    refused = choose(desk, file, kind="statements", constant_currency="")
    assert refused.status == 422
    assert 'id="f-column_currency-error"' in refused.body
    assert choose(desk, file, kind="statements", constant_currency="CHF").status == 303
    read(desk, desk.import_queue.bodies[-1]["key"])
    assert {str(c.amount.currency) for c in desk.program.file(DESK).credits.values()} == {"CHF"}


def test_a_statement_without_a_column_of_sums_is_told_at_the_field(desk: Desk) -> None:
    file = drop(desk, DEBITS)
    answer = choose(desk, file, kind="statements", column_debit="", column_credit="")
    assert answer.status == 422
    assert "choose the amount, or the debit and the credit" in answer.body
    assert 'id="f-column_amount-error"' in answer.body
    assert not desk.import_queue.bodies


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (
            {"column_amount": "", "column_debit": "2", "column_credit": "2"},
            'id="f-column_credit-error">another field has',
        ),
        ({"column_amount": "0"}, 'id="f-column_amount-error">no column of amounts'),
        ({"column_payer": "1", "column_text": "1"}, ">Text of the entry: another field has"),
    ],
    ids=["sums", "day and sum", "extras"],
)
def test_a_column_of_a_statement_is_one_thing_and_none_is_dropped_unsaid(
    desk: Desk, chosen: dict[str, str], told: str
) -> None:
    file = drop(desk, "Jour;Quoi;Somme\n12/03/2026;VIR Garage Nord FA-1;1 200,50\n")
    answer = choose(desk, file, kind="statements", **chosen)
    assert answer.status == 422
    assert told in answer.body
    assert not desk.import_queue.bodies


@pytest.mark.parametrize("column", ["column_amount", "column_text"])
def test_of_two_columns_of_one_name_the_second_is_never_read_as_the_first(desk: Desk, column: str) -> None:
    file = drop(desk, "Jour;Quoi;Somme;Somme\n12/03/2026;VIR FA-1;9 999,00;1,50\n")
    answer = choose(desk, file, kind="statements", **{"column_amount": "2", column: "3"})
    assert answer.status == 422
    assert re.search(f'id="f-{column}-error">the header names it twice; keep one', answer.body)
    assert not desk.import_queue.bodies


def test_a_column_that_a_person_left_out_is_not_read_by_its_name(desk: Desk) -> None:
    file = drop(desk, "Date;Nom;Libellé;Montant\n12/03/2026;ACME SARL;VIR FA-1;12,00\n")
    assert choose(desk, file, kind="statements", column_payer="").status == 303
    read(desk, desk.import_queue.bodies[-1]["key"])
    (credit,) = desk.program.file(DESK).credits.values()
    assert "ACME" not in credit.reference


def test_days_that_none_of_our_forms_reads_are_asked_for(desk: Desk) -> None:
    file = drop(desk, "Date,Description,Amount,Currency\n03/25/2026,Wire INV-1,1200.50,USD\n")
    assert file.state is ImportState.UNNAMED
    body = show(desk, file, "collector").body
    assert "25 Mar 2026" in body, "only one form reads it, which is proposed"
    assert choose(desk, file, kind="statements", date_format="DD.MM.YYYY", constant_currency="").status == 422


def test_a_wrong_line_of_a_statement_is_told_with_its_column_in_words(desk: Desk) -> None:
    file = drop(desk, "Date;Libellé;Montant;Devise\n12/03/2026;VIR;1,00;EUR\n31/02/2026;VIR;1,00;EUR\n")
    assert (file.state, file.findings[0].column) == (ImportState.REFUSED, "booked_on")
    body = show(desk, file, headers={"Accept-Language": "fr"}).body
    assert "Date de l’opération" in body
    assert "booked_on" not in body


def test_a_banks_workbook_is_named_like_a_csv_file(desk: Desk) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["Relevé"], [], ["Jour", "Quoi", "Somme"],
        [date(2026, 3, 12), "VIR\nFA-1", 1200.5], [date(2026, 3, 13), "LOYER", -800.25],
    ):  # fmt: skip
        sheet.append(row)
    raw = io.BytesIO()
    book.save(raw)
    file = drop(desk, raw.getvalue(), "bank.xlsx")
    assert (file.state, file.kind, file.columns) == (ImportState.UNNAMED, "statements", ("Jour", "Quoi", "Somme"))
    assert choose(desk, file, kind="statements", column_text="1").status == 303
    read(desk, desk.import_queue.bodies[-1]["key"])
    (credit,) = desk.program.file(DESK).credits.values()
    assert (str(credit.amount), credit.reference) == ("1200.50 EUR", "VIR FA-1")


def test_a_workbook_whose_names_stand_on_two_lines_may_hold_anything(desk: Desk) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in ["Jour", "Code\ntiers", "Somme\nen EUR"], [date(2026, 3, 12), "C101", 1200.5]:
        sheet.append(row)
    raw = io.BytesIO()
    book.save(raw)
    desk.program.put(file_of(case("FA-2026-0101", "2026-03-10", amount="1200.50"), id="C101"), AT)
    file = drop(desk, raw.getvalue(), "payments.xlsx")
    assert (file.state, file.kind) == (ImportState.UNNAMED, "")
    said = {"column_account": "1", "column_paid_on": "0", "column_amount": "2"}
    assert choose(desk, file, kind="payments", **said).status == 303
    read(desk, desk.import_queue.bodies[-1]["key"])
    (credit,) = desk.program.file("C101").credits.values()
    assert str(credit.amount) == "1200.50 EUR"


def test_a_ledger_below_a_title_is_neither_money_nor_a_table_of_the_bank(desk: Desk) -> None:
    ledger = "Balance âgée\nN° facture;Client;Date;Échéance;Montant;Devise\nF1;Morel;2026-03-01;2026-04-01;100,00;EUR\n"
    file = drop(desk, ledger)
    assert file.state is ImportState.REFUSED
    assert file.findings[0].what == "lines stand above the header of the table"


def test_the_rows_under_the_header_are_offered_and_none_above(desk: Desk) -> None:
    body = show(desk, drop(desk, BANK), "collector").body
    assert ("3", "Somme · 1 200,50") in options(body, "column_amount")
    assert "Banque Populaire" not in body


def test_a_ledger_with_dates_and_amounts_is_never_taken_for_money_that_came_in(desk: Desk) -> None:
    ledger = "N° facture;Client;Date;Échéance;Montant\nF1;Morel;2026-03-01;2026-04-01;100,00\n"
    assert drop(desk, ledger).state is ImportState.UNNAMED


@pytest.mark.parametrize(
    "content",
    [b"", b"   \n", b"\x00\x01\x02", b"%PDF-1.4 nothing", b"PK\x03\x04", b"<x/>", b"one\ntwo\n",
     b"x" * 30_000, b'"' * 50_000, b"1;" * 2_000],
    ids=lambda raw: repr(raw[:9]),
)  # fmt: skip
def test_what_is_no_file_of_ours_is_refused_in_words(desk: Desk, content: bytes) -> None:
    file = drop(desk, content, "strange.bin")
    assert file.state is ImportState.REFUSED
    assert file.findings[0].what


def test_a_file_that_somebody_else_drops_in_the_bucket_is_listed_too(desk: Desk) -> None:
    desk.program.archive.put("invoices/night.csv", NAMED.encode(), content_type="text/csv")
    read(desk, "invoices/night.csv")
    (file,) = desk.imports.latest(5)
    assert (file.who, file.name, file.state) == ("import", "invoices/night.csv", ImportState.TAKEN)


def test_a_row_asks_by_itself_while_its_file_is_read_and_no_longer_than_a_quarter_of_an_hour(desk: Desk) -> None:
    file = begin(desk)
    piece: dict[str, Any] = {"headers": {"HX-Request": "true"}, "query": {"as": "row"}}
    assert 'hx-trigger="every 2s"' in show(desk, file, **piece).body
    desk.at += timedelta(minutes=15)
    assert "hx-trigger" not in show(desk, file, **piece).body


def test_the_list_is_one_bounded_read(desk: Desk) -> None:
    for number in range(60):
        desk.imports.keep(None, FileImport(id=f"2026-{number:03}", who="x", at=AT, name="é" * 200, turn=1))
    answer = desk.ask("GET", "/ops/import", cookies=desk.sign_in("viewer"))
    assert answer.body.count('class="item"') == 25
    assert len(answer.body.encode()) < 200_000


def test_hostile_names_and_findings_stay_text(desk: Desk) -> None:
    file = drop(desk, UNNAMED, "<script>x</script>.csv")
    desk.imports.keep(
        file, replace(file, turn=9, columns=("<img src=x onerror=alert(1)>", "b"), sample=(("<i>", "2"),))
    )
    for body in (
        show(desk, file, "collector").body,
        desk.ask("GET", "/ops/import", cookies=desk.sign_in("viewer")).body,
    ):
        assert "<script>x" not in body
        assert "<img src=x" not in body


def test_an_unknown_file_is_nothing(desk: Desk) -> None:
    answer = desk.ask("GET", FILE, ids={"file_id": "20260312-nobody"}, cookies=desk.sign_in("viewer"))
    assert answer.status == 404
