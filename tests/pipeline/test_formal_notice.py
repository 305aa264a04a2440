"""A formal notice on its way: never without an approval, printed once, and the same letter whatever dies between."""

from __future__ import annotations

import email.policy
import hashlib
from dataclasses import replace
from datetime import date
from email.parser import BytesParser
from typing import Any

import pytest

from chalicelib.adapters.rendering import TemplateWriter
from chalicelib.adapters.rendering_typst import TypstPrinter
from chalicelib.bootstrap import TEMPLATES
from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import DebtorFile, Letter, LetterState, Notice, NoticeState, Task, TaskKind
from chalicelib.domain.events import Event
from chalicelib.domain.outcomes import Outcome as Said
from chalicelib.domain.plan import Action, Proposal
from chalicelib.domain.propose import propose
from chalicelib.errors import BadInput, PermanentError, RetryableError, Throttled
from chalicelib.law.rules import Rules, load_rules
from chalicelib.pipeline import remind as remind_module
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.pipeline.letters import draft_of, identify, post, prove
from chalicelib.pipeline.print_letter import letter_pdf
from chalicelib.pipeline.remind import Outcome, remind
from chalicelib.pipeline.work_tasks import NoSuchTask, close_task
from tests.pipeline.desk import Program
from tests.sample import case, file_of, paris

AT = paris("2026-05-04")
ON = date(2026, 5, 4)
LATER = paris("2026-05-04", "11:00")
REMINDERS = (
    ("first_reminder", "2026-03-12"), ("second_reminder", "2026-03-19"), ("third_reminder", "2026-03-26"),
    ("last_reminder", "2026-04-24"),
)  # fmt: skip


def happen(program: Program, *events: Event) -> None:
    happened = [(event, "test") for event in events]
    keep(program.parts, office_of(program.parts), "C001", lambda _: happened, at=AT, who="test")


def reminded() -> list[Event]:
    """The reminders of F1, all sent."""
    events: list[Event] = []
    for n, (step, on) in enumerate(REMINDERS):
        notice = Notice(
            id=f"n{n}", step=step, takes=(("F1", step),), on=date.fromisoformat(on), language="fr", currency="EUR",
            contact="payer", to="paul@garage-morel.example", sender="director", template=step,
        )  # fmt: skip
        events += [e.NoticeClaimed(notice=notice), e.NoticeSent(notice_id=notice.id, message_id=f"<{n}>", at=AT)]
    return events


@pytest.fixture
def program() -> Program:
    """A debtor whose formal notice is due: the task to approve it is open."""
    program = Program(AT)
    file = file_of(
        case("F1", "2026-03-10"), case("F2", "2026-05-01", "300"), address=("12 rue du Garage", "35000 Rennes"),
        sales_rep="",
    )  # fmt: skip
    program.put(file, paris("2026-05-01"))
    happen(program, *reminded())
    assert remind(program.parts, "C001", at=AT) is Outcome.DONE
    return program


@pytest.fixture
def real(program: Program) -> Program:
    """The same with the real writer and the real printer."""
    program.parts = replace(
        program.parts, writer=TemplateWriter(program.archive), printer=TypstPrinter(TEMPLATES)
    )
    return program


def rules_before(day: str) -> Rules:
    """The rules of law as they stood before the rates of that day and later were entered."""
    text = (TEMPLATES / "law" / "late_payment.yaml").read_text("utf-8")
    rates = [line for line in text.splitlines() if line.strip()[:2] == "20"]
    return load_rules("\n".join(line for line in text.splitlines() if line not in rates or line.strip() < day))


def asked(program: Program) -> Task:
    (task,) = [t for t in program.file().open_tasks() if t.kind is TaskKind.APPROVE_NOTICE]
    return task


def approve(program: Program, outcome: str = "approved", **said: Any) -> Letter:
    file = close_task(program.parts, "C001", asked(program).id, Said(outcome=outcome, **said), at=AT, who="hugo")
    return max(file.letters.values(), key=lambda one: one.approved_at)


def letter(program: Program) -> Letter:
    (found,) = program.file().letters.values()
    return found


def formal(program: Program) -> list[Notice]:
    return [n for n in program.file().notices.values() if n.step == "formal_notice"]


def letters_sent(program: Program) -> int:
    return sum("letter" in tags["notice"] for _, tags in program.outbox.sent)


def pdfs(program: Program) -> list[str]:
    return [key for key in program.archive.kept if key.startswith("letters/")]


class TestNothingLeavesWithoutAnApproval:
    def test_whatever_the_day(self, program: Program) -> None:
        for day in ("2026-05-05", "2026-05-12", "2026-06-02", "2026-07-01", "2026-09-01"):
            at = paris(day)
            program.see(at)
            remind(program.parts, "C001", at=at)
        assert formal(program) == []
        assert pdfs(program) == []

    def test_a_proposal_made_by_hand_is_refused_at_the_last_door(
        self, program: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        notice = Notice(
            id="forged", step="formal_notice", takes=(("F1", "formal_notice"),), on=ON, language="fr", currency="EUR",
            contact="payer", to="paul@garage-morel.example", template="formal_notice",
        )  # fmt: skip
        forged = Proposal(
            action=Action.EMAIL, reason="", events=((e.NoticeClaimed(notice=notice), ""),), notice=notice,
            takes=notice.takes, step="formal_notice",
        )  # fmt: skip
        plan = propose(program.file(), office_of(program.parts), at=AT)
        monkeypatch.setattr(remind_module, "propose", lambda *_, **__: replace(plan, proposals=(forged,)))
        with pytest.raises(PermanentError, match="no approved letter"):
            remind(program.parts, "C001", at=AT)
        assert letters_sent(program) == len(formal(program)) == 0

    def test_nor_by_closing_the_task_without_the_letter_on_record(self, program: Program) -> None:
        happen(program, e.TaskClosed(task_id=asked(program).id, outcome="approved", note="", at=AT))
        remind(program.parts, "C001", at=AT)
        assert formal(program) == []
        assert asked(program), "it is asked for again"

    def test_nor_with_an_approval_that_has_grown_old(self, program: Program) -> None:
        approve(program)
        at = paris("2026-05-19")
        program.see(at)
        remind(program.parts, "C001", at=at)
        assert formal(program) == []
        assert letter(program).state is LetterState.WITHDRAWN
        assert "15 days old" in asked(program).reason

    def test_nor_when_it_is_rejected(self, program: Program) -> None:
        close_task(
            program.parts, "C001", asked(program).id, Said(outcome="rejected", note="they called me"), at=AT, who="hugo"
        )
        remind(program.parts, "C001", at=LATER)
        assert formal(program) == []
        assert program.file().letters == {}

    def test_of_two_approvals_at_once_one_counts(self, program: Program) -> None:
        task, approved = asked(program), Said(outcome="approved")
        program.store.meanwhile(lambda: close_task(program.parts, "C001", task.id, approved, at=AT, who="first"))
        with pytest.raises(NoSuchTask):
            close_task(program.parts, "C001", task.id, approved, at=AT, who="second")
        assert letter(program).approved_by == "first"
        for _ in range(3):
            remind(program.parts, "C001", at=AT)
        assert letters_sent(program) == 1

    def test_nor_in_a_half_year_whose_rate_is_missing_though_it_was_approved_before(self, program: Program) -> None:
        approved_at, printed_at = paris("2026-06-30", "19:00"), paris("2026-07-02")
        program.see(approved_at)
        close_task(program.parts, "C001", asked(program).id, Said(outcome="approved"), at=approved_at, who="hugo")
        program.parts = replace(program.parts, rules=rules_before("2026-07-01"))
        program.see(printed_at)
        for _ in range(3):
            remind(program.parts, "C001", at=printed_at)
        assert (formal(program), letter(program).state) == ([], LetterState.WITHDRAWN)
        assert "no rate is known" in letter(program).why
        assert "cannot be approved yet" in asked(program).reason
        with pytest.raises(BadInput, match="no rate is known"):
            close_task(program.parts, "C001", asked(program).id, Said(outcome="approved"), at=printed_at, who="hugo")

    def test_nor_while_the_postal_address_is_missing(self, program: Program) -> None:
        happen(program, e.DebtorChanged(debtor=replace(program.file().debtor, address=())))
        with pytest.raises(BadInput, match="postal address of Garage Morel"):
            approve(program)
        identify(program.parts, "C001", address=("12 rue du Garage", "35000 Rennes"), at=AT, who="lea")
        assert approve(program).demands


class TestOneLetter:
    def test_it_is_printed_archived_sent_and_to_be_posted(self, program: Program) -> None:
        approve(program)
        assert remind(program.parts, "C001", at=AT) is Outcome.DONE
        one = letter(program)
        assert (one.state, one.printed_on, one.deadline_on) == (LetterState.PRINTED, ON, date(2026, 5, 12))
        assert pdfs(program) == [one.key] == [f"letters/C001/{one.notice}.pdf"]
        assert one.sha256 == hashlib.sha256(program.archive.get(one.key)).hexdigest()
        assert [(n.id, n.state) for n in formal(program)] == [(one.notice, NoticeState.SENT)]
        (task,) = [t for t in program.file().open_tasks() if t.kind is TaskKind.POST_LETTER]
        assert one.key in task.reason

    def test_a_message_that_is_delivered_again_changes_nothing(self, program: Program) -> None:
        approve(program)
        first = remind(program.parts, "C001", at=AT)
        again = [remind(program.parts, "C001", at=at) for at in (AT, LATER)]
        assert [first, *again] == [Outcome.DONE, Outcome.NOTHING_DUE, Outcome.NOTHING_DUE]
        assert letters_sent(program) == len(pdfs(program)) == 1

    def test_of_two_workers_one_sends_it_and_both_printed_the_same(self, program: Program) -> None:
        approve(program)
        program.store.meanwhile(lambda: remind(program.parts, "C001", at=AT))
        assert remind(program.parts, "C001", at=AT) is Outcome.LOST_RACE
        assert letters_sent(program) == len(pdfs(program)) == 1
        assert letter_pdf(program.parts, program.file(), letter(program).id)

    @pytest.mark.parametrize("dies", ["after the archive", "after the claim"])
    def test_a_crash_leaves_the_same_letter(self, program: Program, dies: str) -> None:
        approve(program)

        class Killed(BaseException):
            """The process is gone."""

        def die(*_: Any, **__: Any) -> Any:
            raise Killed

        class DeadStore:
            def __getattr__(self, name: str) -> Any:
                return die if name == "save" else getattr(program.store, name)

        class DeadOutbox:
            send = staticmethod(die)

        broken = {"store": DeadStore()} if dies == "after the archive" else {"outbox": DeadOutbox()}
        with pytest.raises(Killed):
            remind(replace(program.parts, **broken), "C001", at=AT)
        (key,) = pdfs(program)
        first = program.archive.get(key)
        program.archive.kept[key] = (first + b"%the first", "application/pdf")  # what is printed again would differ
        if dies == "after the claim":
            program.archive.kept[key] = (first, "application/pdf")
        for clock in ("10:30", "11:30"):
            program.see(paris(ON, clock))
            remind(program.parts, "C001", at=paris(ON, clock))
        assert pdfs(program) == [key]
        assert program.archive.get(key).startswith(first)
        assert letter(program).sha256 == hashlib.sha256(program.archive.get(key)).hexdigest()
        if dies == "after the archive":
            assert letters_sent(program) == 1
        else:
            assert [n.state for n in formal(program)] == [NoticeState.UNKNOWN], "never resent by itself"
            assert letters_sent(program) == 0

    def test_an_archive_that_does_not_answer_leaves_all_as_it_was(self, program: Program) -> None:
        approve(program)

        class NoArchive:
            def __getattr__(self, name: str) -> Any:
                raise RetryableError("the archive did not answer")

        with pytest.raises(RetryableError):
            remind(replace(program.parts, archive=NoArchive()), "C001", at=AT)
        assert letter(program).state is LetterState.APPROVED
        assert remind(program.parts, "C001", at=LATER) is Outcome.DONE

    def test_a_letter_that_cannot_be_printed_is_asked_for_again_with_the_reason(self, program: Program) -> None:
        approve(program)

        class NoPrinter:
            def print(self, *_: Any) -> bytes:
                raise PermanentError("the page is too small")

        remind(replace(program.parts, printer=NoPrinter()), "C001", at=AT)  # type: ignore[arg-type]
        assert formal(program) == []
        remind(program.parts, "C001", at=LATER)
        assert "could not be printed: the page is too small" in asked(program).reason

    def test_a_throttled_mail_leaves_later_with_the_same_letter(self, program: Program) -> None:
        approve(program)
        program.outbox.script = [Throttled("slower")]
        assert remind(program.parts, "C001", at=AT) is Outcome.DEFERRED
        sha256, printed = letter(program).sha256, len(program.printer.printed)
        at = paris("2026-05-06")
        program.see(at)
        assert remind(program.parts, "C001", at=at) is Outcome.DONE
        assert letter(program).sha256 == sha256
        assert len(program.printer.printed) == printed
        assert [(n.id, n.attempts, n.state) for n in formal(program)] == [(letter(program).notice, 2, NoticeState.SENT)]

    def test_without_an_address_it_is_printed_for_the_post_alone(self, program: Program) -> None:
        approve(program)
        happen(program, e.ContactDied(contact_id="payer", on=ON))
        remind(program.parts, "C001", at=AT)
        assert formal(program) == []
        assert letter(program).state is LetterState.PRINTED
        assert program.file().progress()["F1"]["formal_notice"] == ON

    def test_paid_between_approval_and_sending_it_does_not_leave(self, program: Program) -> None:
        from chalicelib.domain.debtor_file import Credit, CreditKind
        from tests.sample import eur

        approve(program)
        credit = Credit(id="k", kind=CreditKind.PAYMENT, on=ON, amount=eur("300"), remaining=eur("300"))
        happen(
            program, e.CreditReceived(credit=credit),
            e.CreditAllocated(credit_id="k", number="F2", amount=eur("300"), on=ON),
        )  # fmt: skip
        remind(program.parts, "C001", at=AT)
        assert formal(program) == []
        assert pdfs(program) == []
        assert "F2 is settled" in asked(program).reason
        again = approve(program)
        assert again.numbers == ("F1",)
        remind(program.parts, "C001", at=LATER)
        assert len(formal(program)) == 1


class TestTwoCurrencies:
    @pytest.fixture
    def both(self, real: Program) -> Program:
        """A second invoice, in pounds, whose formal notice is due too."""
        pounds = case("G1", "2026-03-10", "5000", currency="GBP")
        events: list[Event] = [e.InvoiceEntered(case=pounds)]
        for n, (step, on) in enumerate(REMINDERS):
            notice = Notice(
                id=f"g{n}", step=step, takes=(("G1", step),), on=date.fromisoformat(on), language="fr", currency="GBP",
                contact="payer", to="paul@garage-morel.example", sender="director", state=NoticeState.SENT,
            )  # fmt: skip
            events.append(e.NoticeClaimed(notice=notice))
        happen(real, *events)
        approve(real)
        return real

    def test_one_letter_in_a_mail_for_each(self, both: Program) -> None:
        remind(both.parts, "C001", at=AT)
        one = letter(both)
        assert dict(one.takes) == {"F1": "formal_notice", "G1": "formal_notice"}
        assert sorted((n.currency, dict(n.takes), n.letter) for n in formal(both)) == [
            ("EUR", {"F1": "formal_notice"}, one.id), ("GBP", {"G1": "formal_notice"}, one.id),
        ]  # fmt: skip
        assert letters_sent(both) == 2
        assert pdfs(both) == [one.key]
        for notice in formal(both):
            mail = BytesParser(policy=email.policy.default).parsebytes(both.archive.get(f"sent/C001/{notice.id}.eml"))
            (pdf,) = [part.get_content() for part in mail.iter_attachments() if part.get_content_type().endswith("pdf")]
            assert pdf == both.archive.get(one.key)
        assert remind(both.parts, "C001", at=LATER) is Outcome.NOTHING_DUE

    def test_neither_leaves_where_it_cannot_be_printed(self, both: Program) -> None:
        class NoPrinter:
            def print(self, *_: Any) -> bytes:
                raise PermanentError("the page is too small")

        remind(replace(both.parts, printer=NoPrinter()), "C001", at=AT)  # type: ignore[arg-type]
        assert formal(both) == []
        assert letter(both).state is LetterState.WITHDRAWN

    def test_the_one_that_was_throttled_leaves_again(self, both: Program) -> None:
        both.outbox.script = [Throttled("slower")]
        assert remind(both.parts, "C001", at=AT) is Outcome.DEFERRED
        assert remind(both.parts, "C001", at=LATER) is Outcome.DONE
        assert [n.state for n in formal(both)] == [NoticeState.SENT] * 2
        assert letters_sent(both) == 2


class TestThePages:
    def test_the_mail_encloses_the_letter_as_it_is_archived(self, real: Program) -> None:
        text = "Nous restons ouverts à un accord <b>écrit</b>."
        approve(real, "edited", on=date(2026, 5, 20), message=text)
        remind(real.parts, "C001", at=AT)
        one = letter(real)
        raw = real.archive.get(f"sent/C001/{one.notice}.eml")
        mail = BytesParser(policy=email.policy.default).parsebytes(raw)
        (pdf,) = [part for part in mail.iter_attachments() if part.get_content_type() == "application/pdf"]
        assert pdf.get_content() == real.archive.get(one.key)
        assert pdf.get_filename() == f"mise-en-demeure-{one.id}.pdf"
        body = mail.get_body(("plain",))
        assert body
        said = " ".join(body.get_content().split())
        assert "met en demeure Garage Morel" in said
        assert "20 mai 2026" in said
        assert "Hugo Perrin" in said
        page = read(real.archive.get(one.key))
        for words in ("MISE EN DEMEURE DE PAYER", "20 mai 2026", text, "Première relance", "12 rue du Garage", "F2"):
            assert words in page, words
        assert "PROJET" not in page
        (total,) = one.totals
        amount = f"{total.amount:,.2f}".replace(",", " ").replace(".", ",")
        assert amount in page.replace("\u202f", " ").replace("\xa0", " ")

    def test_a_draft_is_marked_as_one_and_changes_nothing(self, real: Program) -> None:
        before = real.file()
        drafted, pdf = draft_of(real.parts, "C001", asked(real).id, at=AT)
        assert pdf
        assert "PROJET" in read(pdf)
        assert drafted.totals
        assert real.file() == before
        assert pdfs(real) == []


class TestByPost:
    @pytest.fixture
    def printed(self, program: Program) -> Program:
        approve(program)
        remind(program.parts, "C001", at=AT)
        return program

    def test_it_is_posted_once_and_the_task_is_done(self, printed: Program) -> None:
        id_ = letter(printed).id
        for _ in range(2):
            one = post(printed.parts, "C001", id_, tracking="1A 234 567 8901 2", at=AT, who="lea")
        assert (one.state, one.posted_on, one.tracking) == (LetterState.POSTED, ON, "1A 234 567 8901 2")
        assert [t.kind for t in printed.file().open_tasks() if t.kind is TaskKind.POST_LETTER] == []
        posted = [entry for entry in printed.store.journal("C001") if isinstance(entry.event, e.LetterPosted)]
        assert len(posted) == 1

    def test_the_task_may_be_closed_with_the_number_or_with_a_reason(self, printed: Program) -> None:
        (task,) = [t for t in printed.file().open_tasks() if t.kind is TaskKind.POST_LETTER]
        with pytest.raises(BadInput, match="why it was not posted"):
            close_task(printed.parts, "C001", task.id, Said(outcome="not_posted"), at=AT, who="lea")
        close_task(printed.parts, "C001", task.id, Said(outcome="posted", reference="1A 1"), at=AT, who="lea")
        assert letter(printed).tracking == "1A 1"

    @pytest.mark.parametrize("scan", [b"%PDF-1.4", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n"])
    def test_the_proof_is_archived(self, printed: Program, scan: bytes) -> None:
        one = prove(printed.parts, "C001", letter(printed).id, scan, on=ON, at=AT, who="lea")
        assert (one.state, one.delivered_on) == (LetterState.DELIVERED, ON)
        assert printed.archive.get(one.proof) == scan

    def test_what_is_no_scan_and_what_is_no_letter_is_refused(self, printed: Program) -> None:
        with pytest.raises(BadInput, match="neither PDF"):
            prove(printed.parts, "C001", letter(printed).id, b"MZ", at=AT, who="lea")
        with pytest.raises(BadInput, match="no such letter"):
            post(printed.parts, "C001", "letter-0", tracking="1A", at=AT, who="lea")
        with pytest.raises(BadInput, match="no tracking number"):
            post(printed.parts, "C001", letter(printed).id, tracking="<b>", at=AT, who="lea")
        with pytest.raises(BadInput, match="has not come yet"):
            post(printed.parts, "C001", letter(printed).id, tracking="1A", on=date(2026, 5, 5), at=AT, who="lea")

    def test_a_changed_copy_is_not_given_out(self, printed: Program) -> None:
        one = letter(printed)
        printed.archive.kept[one.key] = (b"%PDF other", "application/pdf")
        with pytest.raises(PermanentError, match="is not what was printed"):
            letter_pdf(printed.parts, printed.file(), one.id)


class TestAfterIt:
    @pytest.fixture
    def choosing(self, program: Program) -> Program:
        approve(program)
        remind(program.parts, "C001", at=AT)
        at = paris("2026-05-12")
        program.see(at)
        remind(program.parts, "C001", at=at)
        return program

    @pytest.mark.parametrize(("outcome", "kind"), [
        ("court_order", TaskKind.FILE_COURT_ORDER), ("summary_proceedings", TaskKind.FILE_SUMMARY_PROCEEDINGS),
        ("collection_agency", TaskKind.HAND_TO_AGENCY), ("factoring", TaskKind.SELL_CLAIM),
        ("mediator", TaskKind.ASK_MEDIATOR), ("write_off", TaskKind.WRITE_OFF),
    ])  # fmt: skip
    def test_what_is_chosen_becomes_a_task_and_money_ends_it(
        self, choosing: Program, outcome: str, kind: TaskKind
    ) -> None:
        at = paris("2026-05-12", "11:00")
        close_task(choosing.parts, "C001", choice(choosing.file()).id, Said(outcome=outcome), at=at, who="hugo")
        (task,) = [t for t in choosing.file().open_tasks() if t.kind is kind]
        assert "relance litigation C001" in task.reason
        assert task.numbers == ("F1", "F2")
        pay_all(choosing)
        assert [t.kind for t in choosing.file().open_tasks()] == []

    def test_what_it_demanded_before_its_turn_is_never_reminded_of_again(self, choosing: Program) -> None:
        assert choice(choosing.file()).numbers == ("F1", "F2")
        before = len(choosing.outbox.sent)
        for day in ("2026-05-13", "2026-05-20", "2026-06-03", "2026-06-17", "2026-08-03"):
            at = paris(day)
            choosing.see(at)
            remind(choosing.parts, "C001", at=at)
        assert len(choosing.outbox.sent) == before
        assert choice(choosing.file()).is_open

    def test_waiting_is_a_block_with_an_end(self, choosing: Program) -> None:
        at = paris("2026-05-12", "11:00")
        said = Said(outcome="wait", on=date(2026, 5, 26))
        close_task(choosing.parts, "C001", choice(choosing.file()).id, said, at=at, who="hugo")
        (block,) = choosing.file().blocks.values()
        assert block.until == date(2026, 5, 26)


def choice(file: DebtorFile) -> Task:
    (task,) = [t for t in file.open_tasks() if t.kind is TaskKind.CHOOSE_ACTION]
    return task


def pay_all(program: Program) -> None:
    from chalicelib.domain.debtor_file import Credit, CreditKind
    from chalicelib.domain.settle import consequences, receive
    from tests.sample import after, eur

    def decide(file: DebtorFile) -> list[tuple[Event, str]]:
        credit = Credit(id="all", kind=CreditKind.PAYMENT, on=ON, amount=eur("1500"), remaining=eur("1500"))
        received = receive(file, credit, ["F1", "F2"])
        settled = after(file, *(event for event, _ in received), at=AT)
        return [*received, *consequences(settled, on=ON, at=AT)]

    keep(program.parts, office_of(program.parts), "C001", decide, at=paris("2026-05-13"), who="bank")


def read(pdf: bytes) -> str:
    import io

    from pypdf import PdfReader

    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


