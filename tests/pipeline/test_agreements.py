"""What is agreed, from the task to the last payment, through the program as it runs: each mail and record looked at."""

from __future__ import annotations

import csv
import email
import io
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import policy as mail_policy
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap, cli
from chalicelib.adapters.rendering import TemplateWriter
from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Credit, CreditKind, Dispute, PlanState, Task, TaskKind
from chalicelib.domain.outcomes import Outcome
from chalicelib.domain.settle import consequences, receive
from chalicelib.errors import BadInput
from chalicelib.ledger.records import InvoiceRow
from chalicelib.pipeline.agreements import (
    NoSuchRecord,
    credit_holds,
    lift_block,
    note_progress,
    place_block,
    refute_insolvency,
    set_credit_hold,
    withdraw_plan,
)
from chalicelib.pipeline.by_hand import resolve_dispute
from chalicelib.pipeline.import_ledger import import_invoices
from chalicelib.pipeline.import_statement import allocate, undo
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.pipeline.remind import remind
from chalicelib.pipeline.work_tasks import close_task
from tests.pipeline.desk import Program
from tests.sample import after, case, eur, file_of, paris

AT = paris("2026-03-02")
TASK = Task(
    id="t1", kind=TaskKind.NEGOTIATE_PLAN, raised_on=AT.date(), due_on=AT.date(), reason="asks for time",
    numbers=("F1", "F2"),
)  # fmt: skip


@pytest.fixture
def program() -> Program:
    program = Program(AT)
    program.parts = replace(program.parts, writer=TemplateWriter(program.archive))
    program.put(file_of(case("F1", "2026-02-10", "700"), case("F2", "2026-02-20", "500")), AT)
    happen(program, AT, e.TaskRaised(task=TASK))
    return program


def happen(program: Program, at: datetime, *events: e.Event) -> None:
    happened = [(event, "test") for event in events]
    keep(program.parts, office_of(program.parts), "C001", lambda _: happened, at=at, who="test")


def pay(program: Program, at: datetime, amount: str, kind: CreditKind = CreditKind.PAYMENT) -> None:
    credit = Credit(id=f"{kind}-{at}", kind=kind, on=at.date(), amount=eur(amount), remaining=eur(amount))

    def decide(file: Any) -> Any:
        happened = receive(file, credit, sorted(file.cases))
        settled = after(file, *(event for event, _ in happened), at=at)
        return [*happened, *consequences(settled, on=at.date(), at=at)]

    keep(program.parts, office_of(program.parts), "C001", decide, at=at, who="bank")


def run(program: Program, first: str, last: str, pays: dict[str, str] | None = None) -> Iterator[tuple[str, str]]:
    """Run as production does, by the agenda, each hour of the day; yield the day and template of each mail."""
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        if pays and str(day) in pays:
            pay(program, paris(day, "08:00"), pays[str(day)])
        for hour in range(8, 18):
            at = paris(day, f"{hour:02}:05")
            program.see(at)
            before = set(program.file().notices)
            for debtor_id in list(program.store.due(at)):
                remind(program.parts, debtor_id, at=at)
            notices = program.file().notices
            yield from ((str(day), n.template) for i, n in notices.items() if i not in before)
        day += timedelta(days=1)


def text_of(program: Program, template: str) -> tuple[str, str]:
    """Subject and text of the last mail of a template."""
    notice = max((n for n in program.file().notices.values() if n.template == template), key=lambda n: n.on)
    raw = program.archive.get(f"sent/C001/{notice.id}.eml")
    mail = email.message_from_bytes(raw, policy=mail_policy.default)
    body = mail.get_body(("plain",))
    assert body
    return str(mail["Subject"]).replace("\u00a0", " "), " ".join(str(body.get_content()).replace("\u00a0", " ").split())


def test_a_plan_that_is_kept_from_the_task_to_the_last_instalment(program: Program) -> None:
    close_task(program.parts, "C001", "t1", Outcome(outcome="agreed", means="virement"), at=AT, who="nadia")
    pays = {"2026-03-03": "400", "2026-03-17": "400", "2026-04-01": "400"}
    mails = list(run(program, "2026-03-02", "2026-04-10", pays))
    assert mails == [
        ("2026-03-02", "plan_agreed"), ("2026-03-16", "instalment_due"), ("2026-03-30", "instalment_due"),
    ]  # fmt: skip
    subject, text = text_of(program, "plan_agreed")
    assert subject == "Échéancier convenu : 1 200,00 € en 3 versements"
    assert "- 400,00 € au plus tard le 2 mars 2026 - 400,00 € au plus tard le 17 mars 2026" in text
    subject, text = text_of(program, "instalment_due")
    assert subject == "Échéancier : 400,00 € à régler le 1er avril 2026"
    assert "400,00 € le 17 mars 2026 (réglé)" in text
    file = program.file()
    (plan,) = file.plans.values()
    assert (plan.state, plan.paid, file.promises_kept) == (PlanState.KEPT, eur("1200"), 1)
    assert all(not c.is_open for c in file.cases.values())


def test_an_english_debtor_reads_of_its_plan_in_english() -> None:
    program = Program(AT)
    program.parts = replace(program.parts, writer=TemplateWriter(program.archive))
    program.put(file_of(case("F1", "2026-02-10"), language="en"), AT)
    happen(program, AT, e.TaskRaised(task=replace(TASK, numbers=("F1",))))
    close_task(program.parts, "C001", "t1", Outcome(outcome="agreed"), at=AT, who="nadia")
    list(run(program, "2026-03-02", "2026-03-19", {"2026-03-03": "400"}))
    assert [text_of(program, name)[0] for name in ("plan_agreed", "instalment_due", "instalment_late")] == [
        "Payment plan agreed: €1,200.00 in 3 instalments", "Payment plan: €400.00 due on 17 March 2026",
        "Payment plan: instalment of 17 March 2026 not received, €400.00",
    ]  # fmt: skip
    assert "overdue" not in text_of(program, "instalment_due")[1]


def test_a_plan_that_is_broken_is_reminded_of_once_and_then_somebodys_call(program: Program) -> None:
    close_task(program.parts, "C001", "t1", Outcome(outcome="agreed"), at=AT, who="nadia")
    mails = list(run(program, "2026-03-02", "2026-03-24", {"2026-03-03": "400"}))
    assert mails == [("2026-03-02", "plan_agreed"), ("2026-03-16", "instalment_due"), ("2026-03-19", "instalment_late")]
    subject, text = text_of(program, "instalment_late")
    assert subject == "Échéancier : versement du 17 mars 2026 non reçu, 400,00 €"
    assert "Merci de le régler au plus tard le 24 mars 2026." in text
    list(run(program, "2026-03-25", "2026-03-25"))
    file = program.file()
    (plan,) = file.plans.values()
    assert (plan.state, plan.ended_on) == (PlanState.BROKEN, date(2026, 3, 25))
    assert [t.kind for t in file.open_tasks()] == [TaskKind.BROKEN_PROMISE]
    assert (file.hardened("F1"), file.hardened("F2")) == (1, 1)


def test_the_sales_rep_reads_what_will_be_sent_when_and_how_to_stop_it(program: Program) -> None:
    mails = list(run(program, "2026-03-02", "2026-04-10"))
    told, written = mails.index(("2026-03-12", "sales_heads_up")), mails.index(("2026-03-16", "third_reminder"))
    assert told < written
    subject, text = text_of(program, "sales_heads_up")
    assert subject == "Garage Morel : le ton va monter (2 factures)"
    assert "- facture F1, 700,00 € : troisième relance, prévue le 16 mars 2026" in text
    assert "relance block C001" in text
    assert "IBAN" not in text


def test_a_mail_that_is_ordered_and_leaves_at_one_look_says_what_was_ordered(program: Program) -> None:
    """Nobody looked before nine: the order, its claim and its mail are of one moment."""
    close_task(program.parts, "C001", "t1", Outcome(outcome="agreed"), at=AT, who="nadia")
    pay(program, paris("2026-03-03", "08:00"), "400")
    for day in ("2026-03-03", "2026-03-16"):
        program.see(paris(day, "10:05"))
        remind(program.parts, "C001", at=paris(day, "10:05"))
    assert text_of(program, "instalment_due")[0] == "Échéancier : 400,00 € à régler le 17 mars 2026"
    assert program.file().open_tasks() == []


def test_our_answer_to_a_dispute_is_the_persons_words_and_no_markup(program: Program) -> None:
    dispute = Dispute(id="d", numbers=("F1",), reason="price", opened_on=AT.date())
    answer = replace(TASK, id="t2", kind=TaskKind.ANSWER_DISPUTE, numbers=("F1",))
    happen(program, AT, e.DisputeOpened(dispute=dispute), e.TaskRaised(task=answer))
    words = "Le prix est celui de votre commande.\n<b>Voir</b> la ligne 3 {{ creditor }}."
    close_task(program.parts, "C001", "t2", Outcome(outcome="rejected", message=words), at=AT, who="lea")
    list(run(program, "2026-03-02", "2026-03-02"))
    subject, text = text_of(program, "dispute_answer")
    assert subject == "Votre réclamation : facture F1"
    assert "Le prix est celui de votre commande. <b>Voir</b> la ligne 3 {{ creditor }}." in text
    notice = next(n for n in program.file().notices.values() if n.template == "dispute_answer")
    html = email.message_from_bytes(program.archive.get(f"sent/C001/{notice.id}.eml"), policy=mail_policy.default)
    body = html.get_body(("html",))
    assert body
    assert "&lt;b&gt;Voir&lt;/b&gt;" in str(body.get_content())


def test_a_block_has_a_reason_an_owner_and_ends_by_a_person(program: Program) -> None:
    placed = place_block(program.parts, "C001", reason="in talks", owner="lea", until=None, at=AT, who="lea")
    assert list(run(program, "2026-03-02", "2026-03-10")) == []
    lift_block(program.parts, "C001", placed.id, why="agreed on nothing", at=paris("2026-03-10"), who="lea")
    with pytest.raises(NoSuchRecord):
        lift_block(program.parts, "C001", placed.id, why="", at=paris("2026-03-10"), who="lea")
    assert next(run(program, "2026-03-11", "2026-03-11")) == ("2026-03-11", "first_reminder")


@pytest.mark.parametrize(
    ("facts", "what"),
    [({"reason": " "}, "says why"), ({"owner": ""}, "belongs to somebody"), ({"until": AT.date()}, "no day to wait"),
     ({"numbers": ("F9",)}, "F9 is not open")],
)  # fmt: skip
def test_a_block_without_what_it_needs_is_refused(program: Program, facts: dict[str, Any], what: str) -> None:
    known: dict[str, Any] = {"reason": "in talks", "owner": "lea", "until": None}
    with pytest.raises(BadInput, match=what):
        place_block(program.parts, "C001", **{**known, **facts}, at=AT, who="lea")


def test_progress_of_a_dispute_and_the_end_of_a_plan_are_noted_by_a_person(program: Program) -> None:
    dispute = Dispute(id="d", numbers=("F1",), reason="price", opened_on=AT.date())
    close_task(program.parts, "C001", "t1", Outcome(outcome="agreed"), at=AT, who="nadia")
    happen(program, AT, e.DisputeOpened(dispute=dispute))
    note_progress(program.parts, "C001", "d", "asked the warehouse", at=paris("2026-03-05"), who="lea")
    (plan,) = program.file().plans.values()
    withdraw_plan(program.parts, "C001", plan.id, why="it was for another client", at=paris("2026-03-05"), who="lea")
    file = program.file()
    assert (file.disputes["d"].progressed_on, file.disputes["d"].progress) == (date(2026, 3, 5), "asked the warehouse")
    assert file.plans[plan.id].state is PlanState.WITHDRAWN
    with pytest.raises(NoSuchRecord):
        withdraw_plan(program.parts, "C001", plan.id, why="again", at=paris("2026-03-05"), who="lea")


class TestPromisedCreditNote:
    @pytest.fixture
    def waiting(self, program: Program) -> Program:
        """A dispute about F1 that lea ended with the word to credit; no note came by 9 March."""
        dispute = Dispute(id="d", numbers=("F1",), reason="price", opened_on=AT.date(), owner="lea")
        happen(program, AT, e.TaskClosed(task_id="t1", outcome="refused", note="", at=AT))
        happen(program, AT, e.DisputeOpened(dispute=dispute))
        resolve_dispute(program.parts, "C001", "d", Outcome(outcome="credit_note"), at=AT, who="lea")
        assert list(run(program, "2026-03-03", "2026-03-09"))
        return program

    def test_a_task_asks_for_it_and_nobody_writes_about_the_invoice(self, waiting: Program) -> None:
        (task,) = asking(waiting)
        assert (task.numbers, task.assignee) == (("F1",), "lea")
        assert list(run(waiting, "2026-03-10", "2026-04-10"))
        assert not {n.id for n in waiting.file().notices.values() if "F1" in dict(n.takes)}

    @pytest.mark.parametrize("credits", [("F1",), ()], ids=["naming the invoice", "on the account"])
    def test_the_ledger_brings_it_and_the_rest_is_chased(self, waiting: Program, credits: tuple[str, ...]) -> None:
        note = InvoiceRow(
            line=2, number="A1", account="C001", client="Garage Morel", country="FR", issued_on=date(2026, 3, 9),
            due_on=date(2026, 3, 9), amount=eur("-200"), credits=credits,
        )  # fmt: skip
        import_invoices(waiting.parts, [note], at=paris("2026-03-10", "08:00"), who="ledger")
        assert asking(waiting) == []
        assert list(run(waiting, "2026-03-10", "2026-03-20"))
        assert [n.id for n in waiting.file().notices.values() if "F1" in dict(n.takes)]

    def test_one_that_named_another_invoice_is_said_by_a_person_to_be_it(self, waiting: Program) -> None:
        note = InvoiceRow(
            line=2, number="A1", account="C001", client="Garage Morel", country="FR", issued_on=date(2026, 2, 27),
            due_on=date(2026, 2, 27), amount=eur("-200"), credits=("F9",),
        )  # fmt: skip
        import_invoices(waiting.parts, [note], at=paris("2026-03-10", "08:00"), who="ledger")
        assert len(asking(waiting)) == 1
        allocate(waiting.parts, "C001", "A1", ["F2"], at=paris("2026-03-10", "09:00"), who="lea")
        assert len(asking(waiting)) == 1
        undo(waiting.parts, "C001", "A1", at=paris("2026-03-10", "10:00"), who="lea")
        allocate(waiting.parts, "C001", "A1", ["F1"], at=paris("2026-03-10", "11:00"), who="lea")
        assert asking(waiting) == []
        (lifted,) = [x.event for x in waiting.store.journal("C001") if isinstance(x.event, e.BlockLifted)]
        assert lifted.on == AT.date(), "not the day of the note, which is older than the promise of it"

    def test_lifting_the_block_by_hand_answers_the_task(self, waiting: Program) -> None:
        (block,) = [b for b in waiting.file().blocks.values() if b.is_open]
        lift_block(waiting.parts, "C001", block.id, why="no note is owed", at=paris("2026-03-10"), who="lea")
        assert asking(waiting) == []


def asking(program: Program) -> list[Task]:
    return [t for t in program.file().open_tasks() if t.kind is TaskKind.MISSING_CREDIT_NOTE]


class TestCommand:
    """The commands, on the program in memory."""

    @pytest.fixture(autouse=True)
    def on_the_program(self, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bootstrap, "parts", lambda: program.parts)

    def test_the_list_of_credit_holds_is_safe_for_a_spreadsheet(
        self, program: Program, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hostile = replace(program.file().debtor, name='=HYPERLINK("http://evil.example","Morel")')
        happen(program, AT, e.DebtorChanged(debtor=hostile))
        set_credit_hold(program.parts, "C001", hold=True, why="lea said so", at=AT, who="lea")
        assert cli.main(["credit-holds", "--csv"]) == 0
        header, row = csv.reader(io.StringIO(capsys.readouterr().out), delimiter=";")
        told = dict(zip(header, row, strict=True))
        assert told["name"] == '\'=HYPERLINK("http://evil.example","Morel")'
        assert (told["debtor"], told["held_since"]) == ("C001", "2026-03-02")
        set_credit_hold(program.parts, "C001", hold=False, why="", at=AT, who="lea")
        assert list(credit_holds(program.parts, at=AT)) == []

    def test_show_tells_what_was_agreed_and_what_the_word_is_worth(
        self, program: Program, capsys: pytest.CaptureFixture[str]
    ) -> None:
        close_task(program.parts, "C001", "t1", Outcome(outcome="agreed"), at=AT, who="nadia")
        assert cli.main(["show", "C001", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["word"]["told"] == "no promise has been judged yet"
        assert [i["amount"] for i in told["plans"][0]["instalments"]] == ["400.00 EUR"] * 3
        assert cli.main(["show", "C001"]) == 0
        assert "0.00 EUR of 1200.00 EUR paid" in capsys.readouterr().out

    def test_what_may_be_offered_is_shown_ready(self, program: Program, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["plan", "offer", "C001", "--on", "2026-03-02"]) == 0
        assert capsys.readouterr().out.splitlines() == [
            "1200.00 EUR for F1, F2", "  2026-03-02  400.00 EUR", "  2026-03-17  400.00 EUR",
            "  2026-04-01  400.00 EUR",
        ]  # fmt: skip

    def test_a_task_is_closed_with_instalments_of_ones_own(
        self, program: Program, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cli, "_now", lambda: AT)
        own = ["--instalment", "2026-03-10 200.00 EUR", "--instalment", "2026-04-10 1000.00 EUR"]
        assert cli.main(["tasks", "close", "C001/t1", "agreed", *own]) == 0
        (plan,) = program.file().plans.values()
        assert [(i.due_on, i.amount) for i in plan.instalments] == [
            (date(2026, 3, 10), eur("200")), (date(2026, 4, 10), eur("1000")),
        ]  # fmt: skip
        capsys.readouterr()

    def test_the_commands_that_the_page_shows_are_taken(
        self, program: Program, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cli, "_now", lambda: AT)
        page = (Path(__file__).parents[2] / "docs" / "agreements.md").read_text("utf-8")
        shown = re.findall(r"^\$ relance (.+)$", page, re.MULTILINE)
        assert len(shown) == 2
        for n, line in enumerate(shown):
            happen(program, AT, e.TaskRaised(task=replace(TASK, id=f"shown{n}")))
            assert cli.main(shlex.split(line.replace("TASK", f"shown{n}"))) == 0, line
        assert "closed, agreed" in capsys.readouterr().out
        named = set(re.findall(r"`relance ([a-z-]+)", page))
        for command in sorted(named):
            with pytest.raises(SystemExit) as told:
                cli.main([command, "--help"])
            assert told.value.code == 0, command

    def test_a_block_is_placed_and_lifted(self, program: Program, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["block", "C001", "F1", "--reason", "in talks", "--owner", "lea"]) == 0
        (block,) = program.file().blocks.values()
        assert (block.numbers, block.owner, block.until) == (("F1",), "lea", None)
        assert cli.main(["unblock", f"C001/{block.id}"]) == 0
        assert not program.file().blocks[block.id].is_open
        assert cli.main(["unblock", f"C001/{block.id}"]) == 1
        assert "has no open block" in capsys.readouterr().err


def test_an_insolvency_confirmed_by_mistake_is_taken_back_and_what_hung_on_it_ends(program: Program) -> None:
    task = replace(TASK, id="i", kind=TaskKind.INSOLVENCY)
    happen(program, AT, e.TaskRaised(task=task))
    close_task(program.parts, "C001", "i", Outcome(outcome="confirmed", on=AT.date()), at=AT, who="nadia")
    with pytest.raises(BadInput, match="says why"):
        refute_insolvency(program.parts, "C001", why=" ", at=AT, who="nadia")
    refute_insolvency(program.parts, "C001", why="another Morel", at=AT, who="nadia")
    file = program.file()
    assert (file.insolvent_since_on, file.insolvency_published_on) == (None, None)
    assert {t.kind for t in file.open_tasks()} == {TaskKind.NEGOTIATE_PLAN}
    assert program.store.agenda["C001"] <= paris("2026-03-03"), "the ladder goes on"
    with pytest.raises(NoSuchRecord):
        refute_insolvency(program.parts, "C001", why="again", at=AT, who="nadia")
