"""The litigation file holds all there is, names what it lacks, and nothing in it can harm who opens it."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import re
import threading
import time
from dataclasses import dataclass, replace
from datetime import date
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO
from zipfile import ZipFile

import boto3
import pytest

from chalicelib.adapters.rendering_typst import TypstPrinter
from chalicelib.adapters.s3 import S3Archive
from chalicelib.bootstrap import TEMPLATES
from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Demand, Dispute, Letter, NoticeState, Order, Promise, Task, TaskKind
from chalicelib.domain.journal_words import told
from chalicelib.domain.money import Money
from chalicelib.errors import BadInput, PermanentError, RetryableError
from chalicelib.litigation_command import write_file
from chalicelib.pipeline import pieces
from chalicelib.pipeline.keep import UnknownDebtor, keep, office_of
from chalicelib.pipeline.litigation_file import assemble
from chalicelib.pipeline.pieces import FETCHED_AT_ONCE, Assembled, Bound, TooLarge, table
from chalicelib.pipeline.remind import remind
from tests.letters.pdfa import faults
from tests.letters.test_typst_printer import text_of
from tests.pipeline.desk import Program
from tests.pipeline.letters import AT, arrive, bounce, letter, reminded
from tests.sample import case, file_of, paris

_buckets = itertools.count(1)
PROMISE = Promise(
    id="P1", numbers=("F1",), made_on=date(2026, 3, 13), pay_on=date(2026, 3, 20), grace_on=date(2026, 3, 24),
    amount=Money.of(1200, "EUR"),
)  # fmt: skip


@pytest.fixture
def program() -> Program:
    """Garage Morel was reminded of F1, promised to pay, and has a formal notice in the archive."""
    program = Program(AT)
    program.archive.put("invoices/F1", b"%PDF-1.7 invoice", content_type="application/pdf")
    token = reminded(program, case("F1", "2026-03-10", document="invoices/F1"), case("F2", "2026-03-20"))
    arrive(program, letter("Bonjour, nous réglons la facture F1 par virement le 20 mars.", token=token))
    program.archive.put("letters/C001/MD-1.pdf", b"%PDF-1.7 letter", content_type="application/pdf")
    return program


def opened(program: Program, language: str = "fr") -> tuple[ZipFile, Assembled]:
    out = io.BytesIO()
    done = assemble(program.parts, "C001", out, language=language)
    return ZipFile(out), done


def index(zip_: ZipFile, delimiter: str = ";") -> list[list[str]]:
    return list(csv.reader(io.StringIO(zip_.read("index.csv").decode("utf-8-sig")), delimiter=delimiter))


def journal_of(zip_: ZipFile) -> io.StringIO:
    return io.StringIO(zip_.read("4-journal/journal.csv").decode("utf-8-sig"))


def happen(program: Program, *events: e.Event, at=AT) -> None:
    happened = [(event, "=cmd|' /C calc'!A0") for event in events]
    keep(program.parts, office_of(program.parts), "C001", lambda _: happened, at=at, who="@SUM(1+1)")


def test_it_holds_letter_invoices_journal_and_both_sides_of_the_mail(program: Program) -> None:
    zip_, done = opened(program)
    notice, *_ = program.file().notices.values()
    (mail,) = program.mail_log.mails.values()
    assert zip_.namelist() == [
        "1-mises-en-demeure/MD-1.pdf",
        "2-factures/facture-F1.pdf",
        "4-journal/journal.pdf",
        "4-journal/journal.csv",
        f"5-courriels/2026-03-12-envoye-{notice.step}-{notice.id}.eml",
        f"5-courriels/2026-03-13-recu-{mail.id[:16]}.eml",
        "index.csv",
        "LISEZMOI.txt",
    ]
    assert zip_.read("2-factures/facture-F1.pdf") == b"%PDF-1.7 invoice"
    assert zip_.read(zip_.namelist()[4]) == program.archive.get(f"sent/C001/{notice.id}.eml")
    assert b"20 mars" in zip_.read(zip_.namelist()[5])
    assert (done.files, done.missing) == (6, ("Facture F2: aucun document enregistré",))
    assert zip_.testzip() is None


def test_the_index_gives_size_and_hash_of_every_file_and_names_what_is_missing(program: Program) -> None:
    zip_, _ = opened(program)
    head, *rows = index(zip_)
    assert head == ["Fichier", "Pièce", "Date", "Octets", "SHA-256", "Remarque"]
    listed = {row[0]: row for row in rows if row[0]}
    assert set(listed) == set(zip_.namelist()) - {"index.csv", "LISEZMOI.txt"}
    for name, row in listed.items():
        content = zip_.read(name)
        assert (row[3], row[4]) == (str(len(content)), hashlib.sha256(content).hexdigest())
    assert [row for row in rows if not row[0]] == [
        ["", "Facture F2", "2026-02-18", "", "", "MANQUANT : aucun document enregistré"]
    ]
    assert "- Facture F2: aucun document enregistré" in zip_.read("LISEZMOI.txt").decode("utf-8-sig")


def test_the_same_file_gives_the_same_bytes(program: Program) -> None:
    program = replace_printer(program)
    one, other = io.BytesIO(), io.BytesIO()
    for out in (one, other):
        assemble(program.parts, "C001", out)
    assert one.getvalue() == other.getvalue()


def test_it_is_dated_by_its_last_entry(program: Program) -> None:
    zip_, _ = opened(program)
    assert {info.date_time for info in zip_.infolist()} == {(2026, 3, 13, 9, 30, 0)}


def replace_printer(program: Program) -> Program:
    program.parts = replace(program.parts, printer=TypstPrinter(TEMPLATES))
    return program


@pytest.mark.parametrize(("language", "said"), [("fr", "Promesse de règlement"), ("en", "Promise to pay")])
def test_the_journal_is_printed_as_pdf_a_in_the_language_of_the_reader(program: Program, language, said) -> None:
    happen(program, e.PromiseMade(promise=PROMISE))
    zip_, _ = opened(replace_printer(program), language)
    pdf = zip_.read("4-journal/journal.pdf")
    assert faults(pdf) == []
    text = text_of(pdf)
    assert said in text
    assert ("20/03/2026" if language == "fr" else "20 Mar 2026") in text
    assert ("1 200,00 €" if language == "fr" else "€1,200.00") in text


def test_the_journal_as_csv_has_a_line_for_each_entry_and_no_formula(program: Program) -> None:
    happen(program, e.InvoiceEntered(case=case("=F9", "2026-05-01")))
    zip_, _ = opened(program)
    raw = zip_.read("4-journal/journal.csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";")
    assert head == ["N°", "Date", "Heure", "Qui", "Quoi", "Pourquoi"]
    assert len(rows) == len(list(program.store.journal("C001")))
    assert rows[-1][3:] == ["'@SUM(1+1)", rows[-1][4], "'=cmd|' /C calc'!A0"]
    assert "=F9" in rows[-1][4]


def test_the_journal_says_why_in_the_language_of_the_reader(program: Program) -> None:
    raised = Task(
        id="t", kind=TaskKind.BROKEN_PROMISE, raised_on=AT.date(), due_on=AT.date(), numbers=("F1",),
        reason="call about a broken promise: promised for 2026-03-02, nothing by 2026-03-04",
    )  # fmt: skip
    happened = [(e.TaskRaised(task=raised), raised.reason), (e.NoteWritten(text="x"), "anna: because")]
    keep(program.parts, office_of(program.parts), "C001", lambda _: happened, at=AT, who="relance")
    for language, delimiter in (("fr", ";"), ("en", ",")):
        raw = opened(program, language)[0].read("4-journal/journal.csv").decode("utf-8-sig")
        *_, task, note = csv.reader(io.StringIO(raw), delimiter=delimiter)
        french = "appeler après une promesse rompue : promis pour le 2 mars 2026, rien au 4 mars 2026"
        assert task[5].replace("\u00a0", " ") == (french if language == "fr" else raised.reason)
        assert "promised for" not in task[4]  # what stands in the reason is not said twice
        assert note[5] == "anna: because"
    program.parts = replace_printer(program).parts
    text = text_of(opened(program)[0].read("4-journal/journal.pdf"))
    assert "rompue" in text
    assert "promised" not in text


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\t=1", " =1", "\r\n=1", "|calc", "%0A", "＝1"])
def test_no_cell_begins_as_a_formula(cell: str) -> None:
    (row,) = csv.reader(io.StringIO(table([[cell]], "fr").decode("utf-8-sig")), delimiter=";")
    assert row[0].startswith("'")


@pytest.mark.parametrize("cell", ["a;b", 'a"b', "2026-01-01", "12", "é€", ""])
def test_a_plain_cell_stays_what_it_is(cell: str) -> None:
    for language, delimiter in (("fr", ";"), ("en", ",")):
        (row, *_) = csv.reader(io.StringIO(table([[cell, "x"]], language).decode("utf-8-sig")), delimiter=delimiter)
        assert row == [cell, "x"]


@pytest.mark.parametrize(
    "number", ["../../etc/passwd", "/abs", "C:\\x", "CON", "a/b", "..", ".", "-rf", "\x00", "é" * 300, "W" * 300, "😀"]
)
def test_no_name_leads_out_of_the_folder(number: str) -> None:
    program = Program(AT)
    program.archive.put("doc", b"%PDF", content_type="application/pdf")
    program.put(file_of(case(number, "2026-03-10", document="doc")), AT)
    zip_, _ = opened(program)
    (name,) = [name for name in zip_.namelist() if name.startswith("2-factures/")]
    file = name.partition("/")[2]
    assert "/" not in file
    assert file.isascii()
    assert file.endswith(".pdf")
    assert not file.startswith(("-", "."))
    assert ".." not in file
    assert len(file) < 100


def test_numbers_that_differ_in_letters_a_name_cannot_have_get_names_of_their_own() -> None:
    program = Program(AT)
    numbers = ["F/1", "F\\1", "f-1", "F 1"]
    for number in numbers:
        program.archive.put(number, number.encode(), content_type="application/pdf")
    program.put(file_of(*(case(number, "2026-03-10", document=number) for number in numbers)), AT)
    zip_, _ = opened(program)
    names = [name for name in zip_.namelist() if name.startswith("2-factures/")]
    assert len({name.lower() for name in names}) == 4
    assert {zip_.read(name) for name in names} == {number.encode() for number in numbers}


def test_an_archive_that_lost_a_piece_stops_nothing(program: Program) -> None:
    for key in [key for key in program.archive.kept if not key.startswith("letters/")]:
        del program.archive.kept[key]
    zip_, done = opened(program)
    assert len(done.missing) == 4
    assert sum("MANQUANT : l’archive ne l’a pas" in row[5] for row in index(zip_)[1:]) == 3


def test_a_mail_whose_record_is_gone_is_named_as_missing(program: Program) -> None:
    program.mail_log.mails.clear()
    _, done = opened(program)
    assert "Courriel reçu de paul@garage-morel.example: le courriel n’est plus enregistré" in done.missing


def test_the_letters_of_a_debtor_whose_id_goes_on_behind_a_slash_stay_out(program: Program) -> None:
    program.archive.put("letters/C001/B/MD-9.pdf", b"%PDF", content_type="application/pdf")
    program.archive.put("letters/C0012/MD-8.pdf", b"%PDF", content_type="application/pdf")
    assert [n for n in opened(program)[0].namelist() if n.startswith("1-")] == ["1-mises-en-demeure/MD-1.pdf"]


def printed(program: Program, content: bytes) -> None:
    """Garage Morel's F3 was demanded by a letter that the journal names with its hash, and the receipt came back."""
    key, digest = "letters/C001/N9.pdf", hashlib.sha256(b"%PDF printed").hexdigest()
    program.archive.put(key, content, content_type="application/pdf")
    program.archive.put("letters/C001/N9-proof.jpg", b"\xff\xd8\xff", content_type="image/jpeg")
    owed = Money.of(1200, "EUR")
    letter_ = Letter(
        id="L9", task="T9", approved_at=AT, approved_by="hugo", demands=(Demand(number="F3", balance=owed),),
        totals=(owed,),
    )  # fmt: skip
    happen(
        program,
        e.InvoiceEntered(case=case("F3", "2026-03-01")),
        e.FormalNoticeApproved(letter=letter_),
        e.LetterPrinted(
            letter_id="L9", notice_id="N9", on=AT.date(), deadline_on=date(2026, 3, 21), takes=(), totals=(owed,),
            key=key, sha256=digest,
        ),
        e.LetterPosted(letter_id="L9", on=AT.date(), tracking="1A 234"),
        e.LetterDelivered(letter_id="L9", on=date(2026, 3, 17), proof="letters/C001/N9-proof.jpg"),
        e.InvoiceWithdrawn(number="F3", on=AT.date()),
    )  # fmt: skip


def test_a_printed_letter_its_proof_and_what_it_demanded_are_in_the_file(program: Program) -> None:
    printed(program, b"%PDF printed")
    zip_, done = opened(program)
    rows = {row[0]: row for row in index(zip_)}
    assert [name for name in zip_.namelist() if name.startswith("1-")] == [
        "1-mises-en-demeure/N9.pdf", "1-mises-en-demeure/N9-proof.jpg", "1-mises-en-demeure/MD-1.pdf",
    ]  # fmt: skip
    assert rows["1-mises-en-demeure/N9.pdf"][1:3] == ["Lettre", "2026-03-13"]
    assert rows["1-mises-en-demeure/N9-proof.jpg"][1:3] == ["Preuve de distribution", "2026-03-17"]
    assert rows["1-mises-en-demeure/N9.pdf"][5] == ""
    assert "Facture F3: aucun document enregistré" in done.missing
    journal = zip_.read("4-journal/journal.csv").decode("utf-8-sig")
    assert "Lettre recommandée remise à la poste : 2026-03-13, 1A 234" in journal


def test_a_letter_that_is_not_the_one_printed_is_told(program: Program) -> None:
    printed(program, b"%PDF another")
    zip_, done = opened(program)
    rows = {row[0]: row for row in index(zip_)}
    assert rows["1-mises-en-demeure/N9.pdf"][5] == "ce n’est pas le fichier consigné au journal"
    assert "Lettre: ce n’est pas le fichier consigné au journal" in done.missing


def test_evidence_in_the_archive_is_in_the_file(program: Program) -> None:
    program.archive.put("evidence/C001/bon-de-livraison.jpg", b"\xff\xd8\xff\xe0", content_type="image/jpeg")
    assert "3-preuves/bon-de-livraison.jpg" in opened(program)[0].namelist()


class TestABound:
    """The sample file has six pieces and names a seventh that it lacks."""

    def built(self, program: Program, bound: Bound | None) -> bytes:
        out = io.BytesIO()
        assemble(program.parts, "C001", out, bound=bound)
        return out.getvalue()

    @pytest.mark.parametrize(("pieces", "made"), [(6, False), (7, True), (8, True)])
    def test_as_many_pieces_as_it_allows(self, program: Program, pieces: int, made: bool) -> None:
        fetched: list[str] = []
        fetch = program.archive.fetch
        program.archive.fetch = lambda key, to: (fetched.append(key), fetch(key, to))[1]  # type: ignore[method-assign]
        bound = Bound(pieces=pieces, bytes=10**9)
        if made:
            assert self.built(program, bound) == self.built(program, None)
        else:
            with pytest.raises(TooLarge, match="there are 7, and 6 may be"):
                self.built(program, bound)
            assert fetched == [], "it is refused before anything is fetched"

    @pytest.mark.parametrize(("spare", "made"), [(-1, False), (0, True), (1, True)])
    def test_as_many_bytes_as_it_allows(self, program: Program, spare: int, made: bool) -> None:
        listed = sum(int(row[3]) for row in index(opened(program)[0])[1:] if row[3])
        bound = Bound(pieces=400, bytes=listed + spare)
        if made:
            assert self.built(program, bound) == self.built(program, None)
        else:
            with pytest.raises(TooLarge, match=f"there are over {listed - 1}"):
                self.built(program, bound)

    def test_what_is_fetched_ahead_comes_in_its_order_however_late(self) -> None:
        program = Program(AT)
        numbers = [f"F{n:02}" for n in range(3 * FETCHED_AT_ONCE + 1)]
        for number in numbers:
            program.archive.put(number, number.encode(), content_type="application/pdf")
        program.put(file_of(*(case(number, "2026-03-10", document=number) for number in numbers)), AT)
        fetch, lock, under_way, most = program.archive.fetch, threading.Lock(), [0], [0]

        def slow(key: str, to: BinaryIO) -> None:
            with lock:
                under_way[0] += 1
                most[0] = max(most[0], under_way[0])
            time.sleep(0.02 if key.endswith(("0", "5")) else 0.001)
            fetch(key, to)
            with lock:
                under_way[0] -= 1

        program.archive.fetch = slow  # type: ignore[method-assign]
        zip_, _ = opened(program)
        names = [name for name in zip_.namelist() if name.startswith("2-factures/")]
        assert names == [f"2-factures/facture-{number}.bin" for number in numbers]
        assert [zip_.read(name).decode() for name in names] == numbers
        assert 1 < most[0] <= FETCHED_AT_ONCE

    def test_an_archive_that_does_not_answer_ends_it_at_once(self, program: Program) -> None:
        def silent(key: str, to: BinaryIO) -> None:
            raise RetryableError("the archive did not answer")

        program.archive.fetch = silent  # type: ignore[method-assign]
        with pytest.raises(RetryableError):
            self.built(program, None)

    @pytest.mark.parametrize("broken", [RetryableError("the archive did not answer"), OSError("no space left")])
    def test_given_up_it_leaves_no_temporary_file_open(
        self, monkeypatch: pytest.MonkeyPatch, broken: Exception
    ) -> None:
        program, held = Program(AT), []
        numbers = [f"F{n:02}" for n in range(3 * FETCHED_AT_ONCE)]
        for number in numbers:
            program.archive.put(number, number.encode(), content_type="application/pdf")
        program.put(file_of(*(case(number, "2026-03-10", document=number) for number in numbers)), AT)

        def remembered(**how: int) -> IO[bytes]:
            held.append(SpooledTemporaryFile(**how))  # noqa: SIM115 — who asked for it closes it, or fails here
            return held[-1]

        def breaking(key: str, to: BinaryIO) -> None:
            to.write(b"%PDF")
            if key == numbers[5]:
                raise broken
            time.sleep(0.01 if key > numbers[5] else 0)

        monkeypatch.setattr(pieces, "SpooledTemporaryFile", remembered)
        program.archive.fetch = breaking  # type: ignore[method-assign]
        with pytest.raises(type(broken), match=str(broken)):
            self.built(program, None)
        assert len(held) > 5
        assert all(one.closed for one in held)


class TestWhatStaysAmongOurselves:
    LEA = "lea.dumas@verre-clair.example"

    @pytest.fixture
    def told(self, program: Program) -> Program:
        """The sales representative was told of F2, and that mail came back."""
        order = Order(id="told", template="sales_heads_up", ordered_on=AT.date(), numbers=("F2",), to=self.LEA)
        happen(program, e.NoticeOrdered(order=order))
        program.see(AT)
        remind(program.parts, "C001", at=AT)
        notice = program.file().notices["told"]
        assert notice.internal
        raw = bounce(self.LEA, original=program.archive.get("sent/C001/told.eml").decode(), full=True)
        token = f"To: compta+{notice.token}@verre-clair.example"
        arrive(program, raw.replace(b"To: compta@verre-clair.example", token.encode()))
        return program

    def test_a_mail_to_our_own_people_is_in_neither_folder_nor_index(self, told: Program) -> None:
        (_, mail) = told.mail_log.mails.values()
        assert mail.notice_id == "told"
        zip_, done = opened(told)
        assert sum(name.startswith("5-") for name in zip_.namelist()) == 2, "the reminder and the client's answer"
        assert done.files == 6
        assert not [name for name in zip_.namelist() if self.LEA.encode() in zip_.read(name)]

    @pytest.mark.parametrize(("text", "headers", "left_out"), [
        ("Je suis absente jusqu'au 30 mars 2026.", {"Auto_Submitted": "auto-replied"}, {"ReplyReceived"}),
        ("Je les appelle, ne les relancez pas.", {}, {"ReplyReceived", "TaskRaised"}),
    ], ids=["absence", "answer"])  # fmt: skip
    def test_nor_is_what_our_own_people_answer_to_it(
        self, told: Program, text: str, headers: dict[str, str], left_out: set[str]
    ) -> None:
        token, before, known = told.file().notices["told"].token, opened(told)[0], told.file().entries
        arrive(told, letter(text, sender=f"Lea Dumas <{self.LEA.title()}>", token=token, **headers))
        *_, mail = told.mail_log.mails.values()
        assert (mail.debtor_id, mail.notice_id) == ("C001", "told")
        zip_, _ = opened(told)
        mails = [[name for name in one.namelist() if name.startswith("5-")] for one in (before, zip_)]
        assert mails[0] == mails[1]
        listed = {int(row[0]) for row in [*csv.reader(journal_of(zip_), delimiter=";")][1:]}
        fresh = [x for x in told.store.journal("C001") if x.seq > known]
        assert {type(x.event).__name__ for x in fresh if x.seq not in listed} == left_out

    def test_what_they_write_of_anything_else_stays(self, told: Program) -> None:
        (token,) = [n.token for n in told.file().notices.values() if not n.internal]
        arrive(told, letter("Le client paie lundi.", sender=self.LEA, token=token))
        assert sum(name.startswith("5-") for name in opened(told)[0].namelist()) == 3

    def test_the_journal_leaves_its_entries_out_keeps_its_numbers_and_the_read_me_says_so(self, told: Program) -> None:
        zip_, _ = opened(told, "en")
        _, *rows = csv.reader(journal_of(zip_))
        whole = list(told.store.journal("C001"))
        left_out = {x.seq: type(x.event).__name__ for x in whole} | {int(row[0]): "" for row in rows}
        assert sorted(name for name in left_out.values() if name) == [
            "NoticeBounced", "NoticeClaimed", "NoticeOrdered", "NoticeSent", "ReplyReceived", "TaskRaised",
        ]  # fmt: skip
        assert "their numbers are missing in the journal" in zip_.read("README.txt").decode("utf-8-sig")


def test_a_mail_that_never_left_is_no_evidence(program: Program) -> None:
    (notice,) = program.file().notices.values()
    happen(program, e.NoticeFailed(notice_id=notice.id, at=AT))
    assert program.file().notices[notice.id].state is NoticeState.FAILED
    assert not [name for name in opened(program)[0].namelist() if "-envoye-" in name]


def test_paid_invoices_are_left_out() -> None:
    program = Program(AT)
    program.put(file_of(case("F1", "2026-03-10"), case("F2", "2026-03-10")), paris("2026-03-11"))
    happen(program, e.InvoiceWithdrawn(number="F1", on=AT.date()))
    assert opened(program)[1].missing == ("Lettre: aucune lettre archivée", "Facture F2: aucun document enregistré")


def test_a_debtor_that_is_not_there_is_named() -> None:
    with pytest.raises(UnknownDebtor, match="no debtor 'C404'"):
        assemble(Program(AT).parts, "C404", io.BytesIO())


def test_the_command_writes_whole_or_not_at_all(program: Program, tmp_path, capsys) -> None:
    out = tmp_path / "C001.zip"
    assert write_file(program.parts, "C001", str(out)) == 0
    told_ = capsys.readouterr()
    assert told_.out == f"{out}: 6 files of C001, 1 missing; index.csv has their SHA-256\n"
    assert told_.err == "missing: Facture F2: aucun document enregistré\n"
    before = out.read_bytes()
    with pytest.raises(UnknownDebtor):
        write_file(program.parts, "C404", str(out))
    assert out.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["C001.zip"]


def test_the_command_refuses_what_cannot_be(program: Program, tmp_path) -> None:
    with pytest.raises(BadInput, match="no such folder"):
        write_file(program.parts, "C001", str(tmp_path / "none" / "x.zip"))
    with pytest.raises(BadInput, match="one of fr, en"):
        write_file(program.parts, "C001", str(tmp_path / "x.zip"), "de")


def test_an_event_without_words_of_its_own_is_told_by_its_name(program: Program) -> None:
    @dataclass(frozen=True, kw_only=True)
    class LetterShredded:
        number: str
        on: date

    pieces = told(LetterShredded(number="F1", on=date(2026, 3, 1)), program.file(), "fr")  # type: ignore[arg-type]
    assert pieces == ("Letter shredded", " : ", "F1", ", ", date(2026, 3, 1))


def test_what_stands_in_the_reason_is_not_said_twice(program: Program) -> None:
    event = e.DisputeOpened(dispute=Dispute(id="D", numbers=("F1",), reason="broken", opened_on=date(2026, 3, 1)))
    assert "broken" in told(event, program.file(), "en")
    assert "broken" not in told(event, program.file(), "en", why="broken")


def test_what_an_event_names_by_its_id_is_told(program: Program) -> None:
    (notice,) = program.file().notices.values()
    words = "".join(
        str(p) for p in told(e.NoticeSent(notice_id=notice.id, message_id="<1@x>", at=AT), program.file(), "fr")
    )
    assert words.startswith("Courriel parti : <1@x>")
    assert "F1" in words
    assert "paul@garage-morel.example" in words


# --- on the S3 of the embedded stack


def test_it_is_put_together_from_a_real_bucket(program: Program, ministack) -> None:
    s3 = boto3.client("s3", **ministack.client_settings())
    bucket = f"litigation-{next(_buckets)}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    archive = S3Archive(s3, bucket)
    for key, (content, content_type) in program.archive.kept.items():
        archive.put(key, content, content_type=content_type)
    large = b"X" * 9_000_000  # more than is held in memory
    archive.put("letters/C001/annexe é+.pdf", large, content_type="application/pdf")
    program.archive.put("letters/C001/annexe é+.pdf", large, content_type="application/pdf")
    in_memory, _ = opened(program)
    program.parts = replace(program.parts, archive=archive)
    real, done = opened(program)
    assert real.namelist() == in_memory.namelist()
    assert all(real.read(name) == in_memory.read(name) for name in real.namelist())
    assert done.missing == ("Facture F2: aucun document enregistré",)


def test_a_bucket_of_more_than_a_page_of_keys_is_listed_whole_and_in_order(ministack) -> None:
    s3 = boto3.client("s3", **ministack.client_settings())
    s3.create_bucket(Bucket="many-keys", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    archive = S3Archive(s3, "many-keys")
    for n in range(1005):
        archive.put(f"letters/C1/{n:04}", b"", content_type="text/plain")
    archive.put("letters/C2/x", b"", content_type="text/plain")
    assert list(archive.keys("letters/C1/")) == [f"letters/C1/{n:04}" for n in range(1005)]
    with pytest.raises(PermanentError, match="holds no such key"):
        archive.fetch("letters/C3/none", io.BytesIO())


def test_the_command_line_writes_it(program: Program, tmp_path, monkeypatch, capsys) -> None:
    from chalicelib import bootstrap, cli

    monkeypatch.setattr(bootstrap, "parts", lambda: program.parts)
    out = tmp_path / "C001.zip"
    assert cli.main(["litigation", "C001", "--out", str(out), "--language", "en"]) == 0
    assert "6 files of C001, 1 missing" in capsys.readouterr().out
    assert "README.txt" in ZipFile(out).namelist()
    assert cli.main(["litigation", "C404", "--out", str(out)]) == 1
    assert "no debtor 'C404'" in capsys.readouterr().err


def test_the_documentation_names_the_folders_as_they_are(program: Program) -> None:
    page = (TEMPLATES.parent / "docs" / "letters.md").read_text("utf-8")
    program.archive.put("evidence/C001/x", b"%PDF", content_type="application/pdf")
    folders = [name.partition("/")[0] for name in opened(program, "en")[0].namelist() if "/" in name]
    assert re.findall(r"^\| `([1-5]-[a-z-]+)/` \|", page, re.MULTILINE) == list(dict.fromkeys(folders))
