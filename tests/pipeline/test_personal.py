"""Personal data on request: nothing is left out of an export, nothing is left after an erasure, and no money moves."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from zipfile import ZipFile

import pytest

from chalicelib.adapters.memory_office import FakeAuditLog
from chalicelib.domain import events as e
from chalicelib.domain.apply import apply_all
from chalicelib.domain.debtor_file import DESK, Contact, Credit, CreditKind, DebtorKind, TaskKind
from chalicelib.domain.outcomes import Outcome
from chalicelib.domain.personal import ERASED
from chalicelib.domain.settle import consequences, receive
from chalicelib.errors import BadInput
from chalicelib.pipeline import by_hand, personal
from chalicelib.pipeline.apply_replies import apply_reply
from chalicelib.pipeline.collect_mail import collect_mail
from chalicelib.pipeline.export_personal import export_personal
from chalicelib.pipeline.import_ledger import import_invoices
from chalicelib.pipeline.keep import UnknownDebtor, keep, office_of
from chalicelib.pipeline.personal import NotYet, erase_personal, survey
from chalicelib.pipeline.remind import remind
from chalicelib.pipeline.settle_mail import AlreadySettled, accept, nothing_to_do
from chalicelib.pipeline.work_tasks import close_task
from chalicelib.ports import AuditLog, Deed, Shelf
from tests.domain.test_personal import money
from tests.pipeline.desk import Program
from tests.pipeline.letters import AT, PAUL, REMINDED, arrive, bounce, letter, reminded
from tests.pipeline.test_import_ledger import invoice
from tests.sample import case, eur, file_of, paris

LATER = paris("2026-04-20")
WHO = "claire.manager@verre-clair.example"
MARIE = "marie.blin@garage-morel.example"
SECRETS = ("Paul", "paul@", "00 00 00 00", "souffrant", "Morel a dit", "marie", "Blin", "rue des Lilas")
"""What names people at Garage Morel, or is told of them."""


@pytest.fixture
def program() -> Program:
    return Program(REMINDED)


@pytest.fixture
def audit() -> FakeAuditLog:
    return FakeAuditLog()


def with_a_past(program: Program, audit: AuditLog) -> None:
    """Garage Morel was reminded, answered, was called, was complained of, and owes F1 still."""
    token = reminded(program)
    at, parts = AT, program.parts
    by_hand.set_contact(parts, "C001", Contact(id="", name="Marie Blin", email=MARIE), at=at, who=WHO)
    by_hand.write_note(parts, "C001", "Paul Morel est souffrant, rue des Lilas", at=at, who=WHO)
    arrive(program, letter("Bonjour,\r\n\r\nVotre message est bien parvenu. Paul est souffrant.\r\n", token=token))
    arrive(program, letter("Bonjour,\r\n\r\nJe réponds pour Paul Morel.\r\n", token=token, sender=MARIE))
    for task in program.file().open_tasks():
        if task.kind is TaskKind.REVIEW_MAIL:
            close_task(parts, "C001", task.id, Outcome(outcome="done", note="M. Morel a dit"), at=at, who=WHO)
    audit.note(Deed(at=at, who=WHO, what="/ops/debtors/{debtor_id}/block", debtor_id="C001", why="Paul souffrant"))
    audit.note(Deed(at=at, who=WHO, what="/ops/debtors/{debtor_id}/block", debtor_id="C009", why="Paul souffrant"))
    program.archive.put("documents/f1.pdf", b"%PDF", content_type="application/pdf")
    program.archive.put("evidence/C001/delivery.pdf", b"%PDF", content_type="application/pdf")
    program.archive.put("litigation/C001/1.zip", b"PK Paul", content_type="application/zip")
    for entry in program.store.journal("C001"):
        if isinstance(entry.event, e.ReplyReceived):
            mail = entry.event.mail
            program.archive.put(f"attachments/{mail}/1", b"Paul", content_type="text/plain")
            program.archive.put(f"examples/{mail}-1.jsonl", b"Paul", content_type="application/jsonl")


def pay(program: Program, number: str = "F1", amount: str = "1200.00", debtor_id: str = "C001") -> None:
    credit = Credit(
        id=f"bank-{number}", kind=CreditKind.PAYMENT, on=AT.date(), amount=eur(amount), remaining=eur(amount),
        reference="M PAUL MOREL VIR F20260001",
    )  # fmt: skip
    office = office_of(program.parts)
    keep(program.parts, office, debtor_id, lambda f: receive(f, credit, [number]), at=AT, who="bank")
    keep(program.parts, office, debtor_id, lambda f: consequences(f, on=AT.date(), at=AT), at=AT, who="bank")


def everything(program: Program, audit: FakeAuditLog) -> str:
    """All that is kept anywhere, as text; without our own people's names."""
    journals = [list(program.store.journal(id_)) for id_ in program.store.debtor_ids()]
    files = [program.store.load(id_, whole=True) for id_ in program.store.debtor_ids()]
    archive = [(key, content.decode("utf-8", "replace")) for key, (content, _) in program.archive.kept.items()]
    mails, lookups = list(program.mail_log.mails.values()), [k for k, ids in program.store._known.items() if ids]
    return repr((journals, files, archive, mails, lookups, [d for d in audit.deeds if d.debtor_id != "C009"]))


def erase(program: Program, audit: FakeAuditLog, person: str = "", debtor_id: str = "C001") -> personal.Erased:
    return erase_personal(program.parts, audit, debtor_id, person=person, at=LATER, who=WHO)


class TestEverybody:
    def test_nothing_that_names_people_is_left_anywhere_and_no_money_moved(
        self, program: Program, audit: FakeAuditLog
    ) -> None:
        with_a_past(program, audit)
        pay(program)
        before = program.file()
        done = erase(program, audit)
        assert (done.scope, done.mails) == ("debtor", 2)
        left = everything(program, audit)
        assert [said for said in SECRETS if said in left] == []
        after = program.file()
        assert money(after) == money(before)
        assert apply_all(None, program.store.journal("C001")) == after
        assert (after.debtor.name, after.erased_on, after.erasing_since_on) == ("Garage Morel", LATER.date(), None)
        assert after.credits["bank-F1"].reference == "F20260001"

    def test_the_invoices_papers_and_the_evidence_stay(self, program: Program, audit: FakeAuditLog) -> None:
        with_a_past(program, audit)
        pay(program)
        erase(program, audit)
        assert sorted(program.archive.kept) == ["documents/f1.pdf", "evidence/C001/delivery.pdf"]

    def test_that_it_was_done_by_whom_and_when_stays(self, program: Program, audit: FakeAuditLog) -> None:
        with_a_past(program, audit)
        pay(program)
        erase(program, audit)
        *_, last = program.store.journal("C001")
        assert (last.who, last.at) == (WHO, LATER)
        assert isinstance(last.event, e.PersonalErased)
        assert [(d.who, d.debtor_id, d.why) for d in audit.deeds] == [
            (WHO, "C001", ERASED), (WHO, "C009", "Paul souffrant"),
        ]  # fmt: skip

    def test_it_is_refused_in_words_while_an_invoice_is_open_and_nothing_changes(
        self, program: Program, audit: FakeAuditLog
    ) -> None:
        with_a_past(program, audit)
        before = everything(program, audit)
        with pytest.raises(NotYet, match=r"invoice F1 is open .*1200.00 EUR.*ends on 2031-03-10"):
            erase(program, audit)
        assert everything(program, audit) == before

    def test_a_second_time_finds_nothing_and_writes_nothing(self, program: Program, audit: FakeAuditLog) -> None:
        with_a_past(program, audit)
        pay(program)
        erase(program, audit)
        saves = program.store.saves
        assert erase(program, audit) == personal.Erased(scope="debtor")
        assert program.store.saves == saves

    def test_what_came_afterwards_is_erased_the_next_time(self, program: Program, audit: FakeAuditLog) -> None:
        with_a_past(program, audit)
        pay(program)
        erase(program, audit)
        by_hand.write_note(program.parts, "C001", "Paul souffrant", at=LATER, who=WHO)
        assert erase(program, audit).rows == 1
        assert "souffrant" not in everything(program, audit)

    def test_a_consumer_is_not_even_found_by_name(self, program: Program, audit: FakeAuditLog) -> None:
        program.put(file_of(case("F1", "2026-03-10"), name="Zoé Quidam", kind=DebtorKind.CONSUMER), REMINDED)
        assert [k for k in program.store._known if "quidam" in repr(k).lower()]
        pay(program)
        erase(program, audit)
        assert "quidam" not in everything(program, audit).lower()
        assert program.file().debtor.name == ERASED

    def test_a_company_that_is_no_debtor_is_none(self, program: Program, audit: FakeAuditLog) -> None:
        for debtor_id in ("nobody", DESK):
            with pytest.raises(UnknownDebtor):
                erase(program, audit, debtor_id=debtor_id)


class TestAfterwards:
    @pytest.fixture
    def erased(self, program: Program, audit: FakeAuditLog) -> Program:
        with_a_past(program, audit)
        pay(program)
        erase(program, audit)
        return program

    def test_the_mailbox_read_anew_brings_nothing_back(self, erased: Program, audit: FakeAuditLog) -> None:
        erased.mailbox.renumber()
        assert collect_mail(erased.parts, at=LATER).new == 0
        assert erased.mail_queue.take() == []
        assert "souffrant" not in everything(erased, audit)

    def test_a_queue_that_delivers_late_reads_nothing(self, erased: Program) -> None:
        for mail_id in erased.mail_log.mails:
            assert apply_reply(erased.parts, mail_id, at=LATER) == "settled before"

    def test_an_erased_mail_lies_on_no_shelf_and_nobody_decides_about_it(self, erased: Program) -> None:
        assert erased.mail_log.on_shelf(*Shelf, limit=9).mails == ()
        for mail in erased.mail_log.mails.values():
            with pytest.raises(AlreadySettled):
                accept(erased.parts, mail.id, turn=mail.turn, at=LATER, who=WHO)
            with pytest.raises(AlreadySettled):
                nothing_to_do(erased.parts, mail.id, turn=mail.turn, at=LATER, who=WHO)

    def test_a_ledger_does_not_bring_an_address_back_and_a_person_can(self, erased: Program) -> None:
        for email in (PAUL.upper(), "compta@garage-morel.example"):
            row = invoice("F2", account="C001", client="Garage Morel", email=email)
            import_invoices(erased.parts, [row], at=LATER, who="ledger")
        assert erased.file().contact_at(PAUL) is None
        by_hand.set_contact(erased.parts, "C001", Contact(id="", email=PAUL), at=LATER, who=WHO)
        assert erased.file().contact_at(PAUL)

    def test_a_ledger_that_lists_what_is_settled_changes_nothing(self, erased: Program) -> None:
        before = erased.file()
        old = invoice("F1", client="Garage Morel, chez Paul", email="new@garage-morel.example")
        import_invoices(erased.parts, [old], at=LATER, who="ledger")
        assert erased.file() == before
        import_invoices(erased.parts, [old, invoice("F9", client="Garage Morel 2")], at=LATER, who="ledger")
        assert erased.file().debtor.name == "Garage Morel 2"

    def test_a_reversal_of_the_bank_still_opens_the_invoice(self, erased: Program) -> None:
        office = office_of(erased.parts)
        undone = e.AllocationUndone(credit_id="bank-F1", number="F1", amount=eur("1200.00"))
        whole = erased.file()
        entries = e.entries_after(whole.entries, [(undone, "")], at=LATER, who="bank")
        assert erased.store.save(whole, entries, next_action_at=LATER)
        assert [c.number for c in erased.file().open_cases()] == ["F1"]
        remind(erased.parts, "C001", at=LATER, office=office)
        assert len(erased.outbox.sent) == 1, "nobody is there to be written to"


class TestHalfway:
    """Whatever dies in between is done again from the start."""

    @pytest.mark.parametrize("nth", range(12))
    def test_killed_after_any_write_it_is_done_by_the_next_turn(
        self, program: Program, audit: FakeAuditLog, nth: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with_a_past(program, audit)
        pay(program)
        before = program.file()
        dying = Dying(nth)
        for part, name in (
            (program.store, "save"), (program.store, "rewrite"), (program.store, "forget"),
            (program.archive, "erase"), (program.mail_log, "amend"), (audit, "redact"),
        ):  # fmt: skip
            monkeypatch.setattr(part, name, dying.before(getattr(part, name)))
        died = 0
        for _ in range(4):
            try:
                erase(program, audit)
            except Killed:
                died += 1
                assert money(program.file()) == money(before)
                assert apply_all(None, program.store.journal("C001")).cases == before.cases
        assert died <= 1
        left = everything(program, audit)
        assert [said for said in SECRETS if said in left] == []
        assert money(program.file()) == money(before)
        assert apply_all(None, program.store.journal("C001")) == program.file()
        assert program.file().erasing_since_on is None

    def test_the_rows_that_tell_what_to_look_for_are_written_last(
        self, program: Program, audit: FakeAuditLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of one person words can be told from others' only by what the contact was called."""
        with_a_past(program, audit)
        pay(program)
        rewrite = program.store.rewrite

        def dies_in_the_middle(debtor_id: str, entries: Any) -> None:
            for n, entry in enumerate(list(entries)):
                if n == 2:
                    raise Killed
                rewrite(debtor_id, [entry])

        monkeypatch.setattr(program.store, "rewrite", dies_in_the_middle)
        with pytest.raises(Killed):
            erase(program, audit, PAUL)
        monkeypatch.setattr(program.store, "rewrite", rewrite)
        erase(program, audit, PAUL)
        left = repr((list(program.store.journal("C001")), program.file(), program.store._known))
        assert [said for said in ("Paul", "paul@", "00 00 00 00", "souffrant") if said in left] == ["souffrant"]

    def test_an_entry_that_comes_meanwhile_is_redacted_too(self, program: Program, audit: FakeAuditLog) -> None:
        with_a_past(program, audit)
        pay(program)

        def note() -> None:
            by_hand.write_note(program.parts, "C001", "Paul souffrant", at=LATER, who=WHO)

        erase_objects = program.archive.erase
        calls: list[int] = []

        def erase_and_note(prefixes: Any) -> int:
            if not calls:
                calls.append(1)
                note()
            return erase_objects(prefixes)

        program.archive.erase = erase_and_note  # type: ignore[method-assign]
        erase(program, audit)
        assert "souffrant" not in everything(program, audit)
        assert [type(x.event).__name__ for x in program.store.journal("C001")].count("PersonalErased") == 1

    def test_an_invoice_that_comes_meanwhile_stops_it(self, program: Program, audit: FakeAuditLog) -> None:
        with_a_past(program, audit)
        pay(program)
        erase_objects = program.archive.erase

        def enter(prefixes: Any) -> int:
            office = office_of(program.parts)
            new = e.InvoiceEntered(case=case("F2", "2026-05-10"))
            keep(program.parts, office, "C001", lambda f: [] if "F2" in f.cases else [(new, "")], at=LATER, who="x")
            return erase_objects(prefixes)

        program.archive.erase = enter  # type: ignore[method-assign]
        with pytest.raises(NotYet, match="invoice F2 is open"):
            erase(program, audit)
        assert program.file().erasing_since_on == LATER.date()


class Killed(Exception):
    pass


class Dying:
    """Lets so many writes through and dies once."""

    def __init__(self, nth: int) -> None:
        self.left, self.dead = nth, False

    def before(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(*args: Any, **named: Any) -> Any:
            if self.left == 0 and not self.dead:
                self.dead = True
                raise Killed
            self.left -= 1
            return act(*args, **named)

        return acted


class TestOnePerson:
    def test_while_the_claim_goes_on_the_contact_goes_and_the_rest_is_told(
        self, program: Program, audit: FakeAuditLog
    ) -> None:
        with_a_past(program, audit)
        mails = dict(program.mail_log.mails)
        archived = dict(program.archive.kept)
        done = erase(program, audit, PAUL)
        assert done.scope == "contact"
        assert "invoice F1 is open" in str(done.later[0])
        assert program.file().contact_at(PAUL) is None
        assert program.file().contact_at(MARIE)
        assert program.mail_log.mails == mails
        assert program.archive.kept == archived
        assert apply_all(None, program.store.journal("C001")) == program.file()
        with pytest.raises(NotYet, match="the claim still needs what names them"):
            erase(program, audit, PAUL)

    def test_whoever_alone_can_be_written_to_stays_until_there_is_another(
        self, program: Program, audit: FakeAuditLog
    ) -> None:
        reminded(program)
        with pytest.raises(NotYet, match="nobody else can be written to.*invoice F1 is open.*enter another contact"):
            erase(program, audit, PAUL)
        assert program.file().contact_at(PAUL)

    def test_once_nothing_is_owed_all_of_theirs_goes_and_their_colleagues_stays(
        self, program: Program, audit: FakeAuditLog
    ) -> None:
        with_a_past(program, audit)
        erase(program, audit, PAUL)
        pay(program)
        before = program.file()
        done = erase(program, audit, PAUL.upper())
        assert (done.scope, done.mails) == ("person", 1)
        file, journal = program.file(), list(program.store.journal("C001"))
        for said in ("Paul", "paul@", "00 00 00 00"):
            assert said not in repr((file, journal, [m for m in program.mail_log.mails.values() if m.sender != MARIE]))
        assert file.contact_at(MARIE)
        assert money(file) == money(before)
        assert apply_all(None, journal) == file
        (kept,) = [m for m in program.mail_log.mails.values() if not m.is_erased]
        assert kept.sender == MARIE
        assert kept.archive in program.archive.kept
        assert not [key for key in program.archive.kept if key.startswith(("sent/", "litigation/"))]

    def test_of_a_stranger_nothing_is_found_and_nothing_written(self, program: Program, audit: FakeAuditLog) -> None:
        with_a_past(program, audit)
        pay(program)
        saves = program.store.saves
        assert erase(program, audit, "nobody@elsewhere.example") == personal.Erased(scope="person")
        assert program.store.saves == saves

    def test_a_mail_that_came_back_from_their_address_is_theirs(self, program: Program, audit: FakeAuditLog) -> None:
        token = reminded(program)
        by_hand.set_contact(program.parts, "C001", Contact(id="", name="Marie", email=MARIE), at=AT, who=WHO)
        arrive(program, bounce(PAUL, original=f"Reply-To: <compta+{token}@verre-clair.example>", full=True))
        pay(program)
        assert erase(program, audit, PAUL).mails == 1


class TestOthers:
    def test_a_mail_that_two_debtors_answer_for_stays(self, program: Program, audit: FakeAuditLog) -> None:
        accountant = Contact(id="payer", name="Ida Compta", email="ida@cabinet.example")
        for id_, number in (("C001", "F1"), ("C002", "G1")):
            program.put(file_of(case(number, "2026-03-10"), contact=accountant, id=id_), REMINDED)
        arrive(program, letter("Bonjour,\r\n\r\nNous regardons.\r\n", sender="ida@cabinet.example"))
        pay(program)
        found = survey(program.parts, "C001", at=LATER)
        (mail,) = program.mail_log.mails.values()
        assert found.shared == (mail.id,)
        assert found.waiting == (mail.id,)
        erase(program, audit)
        assert program.mail_log.mails[mail.id] == mail
        assert mail.archive in program.archive.kept
        assert program.store.find("address", "ida@cabinet.example") == ("C002",)
        assert "ida@" not in repr(program.file())
        assert program.file("C002").contact_at("ida@cabinet.example")
        pay(program, "G1", debtor_id="C002")
        for task in program.file("C002").open_tasks():
            close_task(program.parts, "C002", task.id, Outcome(outcome="done"), at=AT, who=WHO)
        erase(program, audit, debtor_id="C002")
        assert program.mail_log.mails[mail.id].is_erased
        assert mail.archive not in program.archive.kept

    def test_what_the_desk_said_of_their_mail_and_money_goes(self, program: Program, audit: FakeAuditLog) -> None:
        with_a_past(program, audit)
        pay(program)
        office = office_of(program.parts)
        from tests.contract.samples import task

        raised = replace(task("allocate_payment-bank-F1").task, reason="1200 (PAUL MOREL): who?", note="C001: F1")
        other = replace(task("review").task, reason="mail from ida@cabinet.example: whose?")
        mail = replace(task("mail").task, reason=f"mail from {PAUL}: whose?")
        also = replace(task("also").task, reason="Paul Morel of another company asks")
        for one in (raised, other, mail, also):
            happened = [(e.TaskRaised(task=one), one.reason)]
            keep(program.parts, office, DESK, partial(lambda told, _: told, happened), at=AT, who="relance")
        to = io.BytesIO()
        export_personal(program.parts, "C001", to, at=LATER)
        assert "1200 (PAUL MOREL): who?" in ZipFile(to).read("1-donnees/personal-data.json").decode()
        erase(program, audit)
        desk = program.file(DESK)
        assert (desk.tasks[raised.id].reason, desk.tasks[raised.id].note) == (ERASED, ERASED)
        assert desk.tasks[other.id] == other
        assert desk.tasks[also.id] == also, "somebody else may be called so"
        assert desk.tasks[mail.id].reason == f"mail from {ERASED}: whose?"
        assert apply_all(None, program.store.journal(DESK)) == desk
        assert "PAUL" not in repr(list(program.store.journal(DESK)))


class TestExport:
    def exported(self, program: Program, person: str = "", language: str = "fr") -> ZipFile:
        to = io.BytesIO()
        export_personal(program.parts, "C001", to, person=person, language=language, at=LATER)
        return ZipFile(to)

    def test_everything_that_names_them_is_in_it(self, program: Program, audit: FakeAuditLog) -> None:
        with_a_past(program, audit)
        zip_ = self.exported(program)
        names = zip_.namelist()
        assert names[:2] == ["1-donnees/personal-data.json", "2-journal/journal.csv"]
        assert sum(name.endswith(".eml") for name in names) == 3
        assert names[-2:] == ["index.csv", "LISEZMOI.txt"]
        data = json.loads(zip_.read(names[0]))
        assert {c["email"] for c in data["contacts"]} == {PAUL, MARIE}
        assert data["known_by"]["addresses"] == [MARIE, PAUL]
        assert len(data["mails"]) == 2
        assert data["cases"][0]["balance"] == "1200.00 EUR"
        journal = zip_.read(names[1]).decode("utf-8-sig")
        assert "souffrant" in journal
        readme = zip_.read("LISEZMOI.txt").decode("utf-8-sig")
        assert "art. 15" in readme
        assert "Garage Morel" in readme

    def test_of_one_person_it_holds_no_mail_and_no_contact_of_a_colleague(
        self, program: Program, audit: FakeAuditLog
    ) -> None:
        with_a_past(program, audit)
        zip_ = self.exported(program, person=MARIE, language="en")
        told = "".join(zip_.read(name).decode("utf-8", "replace") for name in zip_.namelist())
        assert MARIE in told
        assert "paul@" not in told
        assert "souffrant" not in told
        assert sum(name.endswith(".eml") for name in zip_.namelist()) == 1
        assert "README.txt" in zip_.namelist()

    def test_of_a_stranger_there_is_none(self, program: Program, audit: FakeAuditLog) -> None:
        with_a_past(program, audit)
        with pytest.raises(BadInput, match="nobody with the address"):
            self.exported(program, person="nobody@elsewhere.example")

    def test_after_an_erasure_it_holds_no_words(self, program: Program, audit: FakeAuditLog) -> None:
        with_a_past(program, audit)
        pay(program)
        erase(program, audit)
        zip_ = self.exported(program)
        told = "".join(zip_.read(name).decode("utf-8", "replace") for name in zip_.namelist())
        assert [said for said in SECRETS if said in told] == []
        assert "F1" in told


def test_a_survey_changes_nothing_and_tells_what_would_go(program: Program, audit: FakeAuditLog) -> None:
    with_a_past(program, audit)
    before = everything(program, audit)
    found = survey(program.parts, "C001", at=LATER)
    assert (found.scope, [o.about for o in found.obstacles]) == ("", ["F1"])
    assert any(PAUL in line for line in found.contacts)
    assert len(found.mails) == 2
    assert len(found.sent) == 2
    pay(program)
    found = survey(program.parts, "C001", at=LATER)
    assert found.scope == "debtor"
    done = erase(program, audit)
    assert (done.mails, done.records) == (len(found.mails), sum(found.records.values()))
    assert before != everything(program, audit)
