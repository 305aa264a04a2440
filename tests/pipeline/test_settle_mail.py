"""A person decides what a mail means: applied once, taken back where it was misread, kept as an example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from email.message import EmailMessage

import pytest

from chalicelib.domain.debtor_file import DESK, BlockKind, ClaimState, Contact, OrderState, PromiseState, TaskKind
from chalicelib.domain.events import ReplySettled
from chalicelib.domain.outcomes import Outcome
from chalicelib.errors import BadInput
from chalicelib.pipeline.apply_replies import apply_reply
from chalicelib.pipeline.collect_mail import collect_mail
from chalicelib.pipeline.settle_mail import (
    AlreadySettled,
    Meaning,
    NoSuchMail,
    accept,
    answer_mail,
    correct,
    examples,
    nothing_to_do,
    opened,
    read_again,
    reassign,
)
from chalicelib.pipeline.work_tasks import close_task
from chalicelib.ports import MailState, Shelf
from chalicelib.reading.examples import Example, read_examples
from chalicelib.reading.intents import understand
from chalicelib.reading.statements import Ground
from chalicelib.reading.training import train
from tests.pipeline.desk import Program
from tests.sample import case, eur, file_of, paris

AT = paris("2026-03-12")
LATER = AT + timedelta(hours=2)
VOUCHED = "mx.verre-clair.example; dmarc=pass header.from=garage-morel.example"


def mail_of(
    words: str, *, sender: str = "paul@garage-morel.example", subject: str = "Facture F1", vouched: bool = True
) -> bytes:
    message = EmailMessage()
    if vouched:
        message["Authentication-Results"] = VOUCHED
    message["From"], message["To"], message["Subject"] = sender, "compta@verre-clair.example", subject
    message["Message-ID"] = f"<{abs(hash((words, sender)))}@x.example>"
    message["Date"] = "Thu, 12 Mar 2026 09:30:00 +0100"
    message.set_content(words)
    return message.as_bytes()


@pytest.fixture
def program() -> Program:
    program = Program(AT)
    program.put(file_of(case("F1", "2026-03-02"), case("F2", "2026-03-04", "80.00")), paris("2026-03-05"))
    other = Contact(id="payer", name="Ida", email="ida@clinique.example")
    program.put(file_of(case("G1", "2026-03-02"), contact=other, id="C002", name="Clinique"), paris("2026-03-05"))
    return program


def come(program: Program, raw: bytes) -> str:
    program.mailbox.deliver(raw)
    collect_mail(program.parts, at=AT)
    (body,) = program.mail_queue.take()
    apply_reply(program.parts, body["mail_id"], at=AT)
    return str(body["mail_id"])


def settled(program: Program, debtor_id: str = "C001") -> list[ReplySettled]:
    return [entry.event for entry in program.store.journal(debtor_id) if isinstance(entry.event, ReplySettled)]


UNCLEAR = "Bonjour, le virement de la facture F1 part le 20 mars. Qui dois-je appeler au sujet de F2 ?"


def test_what_was_read_is_applied_by_a_persons_word_and_the_task_is_closed(program: Program) -> None:
    id_ = come(program, mail_of("Le virement de la facture F1 partira le 20 mars 2026.", vouched=False))
    assert opened(program.parts, id_).shelf is Shelf.REVIEW
    assert [t.kind for t in program.file().open_tasks()] == [TaskKind.REVIEW_MAIL]
    after = accept(program.parts, id_, turn=0, at=LATER, who="nadia")
    (promise,) = program.file().promises.values()
    assert (promise.numbers, promise.pay_on, promise.mail) == (("F1",), date(2026, 3, 20), id_)
    assert program.file().open_tasks() == []
    assert (after.shelf, after.settled_by, after.turn) == (Shelf.DONE, "nadia", 1)
    assert [(s.verdict, s.turn) for s in settled(program)] == [("accepted", 1)]
    (entry,) = [x for x in program.store.journal("C001") if isinstance(x.event, ReplySettled)]
    assert entry.who == "nadia"


def test_accepting_twice_is_told_and_done_once(program: Program) -> None:
    id_ = come(program, mail_of("Le virement de la facture F1 partira le 20 mars 2026.", vouched=False))
    accept(program.parts, id_, turn=0, at=LATER, who="nadia")
    entries = program.file().entries
    with pytest.raises(AlreadySettled, match="nadia"):
        accept(program.parts, id_, turn=0, at=LATER, who="paul")
    assert program.file().entries == entries


def test_two_people_at_the_same_moment_decide_once(program: Program) -> None:
    id_ = come(program, mail_of("Le virement de la facture F1 partira le 20 mars 2026.", vouched=False))
    program.store.meanwhile(lambda: nothing_to_do(program.parts, id_, turn=0, at=LATER, who="paul"))
    with pytest.raises(AlreadySettled):
        accept(program.parts, id_, turn=0, at=LATER, who="nadia")
    assert program.file().promises == {}
    assert [s.verdict for s in settled(program)] == ["nothing"]


def test_whoever_dies_before_the_record_is_written_may_begin_again(program: Program) -> None:
    id_ = come(program, mail_of("Le virement de la facture F1 partira le 20 mars 2026.", vouched=False))
    mail = opened(program.parts, id_)
    accept(program.parts, id_, turn=0, at=LATER, who="nadia")
    program.mail_log.mails[id_] = mail  # as if the last write had never come
    entries = program.file().entries
    accept(program.parts, id_, turn=0, at=LATER, who="nadia")
    assert program.file().entries == entries
    assert opened(program.parts, id_).shelf is Shelf.DONE


def test_a_correction_takes_back_what_was_misread_and_applies_what_is_said(program: Program) -> None:
    id_ = come(program, mail_of("Le virement de la facture F1 partira le 20 mars 2026."))
    assert opened(program.parts, id_).shelf is Shelf.ALONE
    said = Meaning(
        intents=("promise_to_pay", "dispute"), numbers={"promise_to_pay": ("F1",), "dispute": ("F2",)},
        promise_on=date(2026, 3, 25), promise_amount=eur("600.00"), promise_means="chèque", dispute_reason="price",
        note="il parle de F2 aussi",
    )  # fmt: skip
    correct(program.parts, id_, said, turn=0, at=LATER, who="nadia")
    promises = {p.pay_on: p for p in program.file().promises.values()}
    assert promises[date(2026, 3, 20)].state is PromiseState.WITHDRAWN
    new = promises[date(2026, 3, 25)]
    assert (new.state, new.numbers, new.amount, new.means) == (PromiseState.OPEN, ("F1",), eur("600.00"), "chèque")
    (dispute,) = program.file().disputes.values()
    assert (dispute.numbers, dispute.reason) == (("F2",), "price")
    assert [t.kind for t in program.file().open_tasks()] == [TaskKind.ANSWER_DISPUTE]
    assert opened(program.parts, id_).reading["said"]["dispute_reason"] == "price"


def test_each_invoice_may_have_its_own_promised_day(program: Program) -> None:
    id_ = come(program, mail_of(UNCLEAR))
    said = Meaning(
        intents=("promise_to_pay",), numbers={"promise_to_pay": ("F1", "F2")}, promise_on=date(2026, 3, 20),
        promise_days={"F2": date(2026, 3, 31)},
    )  # fmt: skip
    correct(program.parts, id_, said, turn=0, at=LATER, who="nadia")
    open_ = {p.numbers: p.pay_on for p in program.file().promises.values() if p.state is PromiseState.OPEN}
    assert open_ == {("F1",): date(2026, 3, 20), ("F2",): date(2026, 3, 31)}


def test_a_payment_that_a_person_reads_holds_until_the_bank_has_had_its_days(program: Program) -> None:
    id_ = come(program, mail_of(UNCLEAR))
    said = Meaning(
        intents=("remittance",), numbers={"remittance": ("F1",)}, paid_on=date(2026, 3, 11), paid_amount=eur("1200"),
        reference="VIR 7",
    )  # fmt: skip
    correct(program.parts, id_, said, turn=0, at=LATER, who="nadia")
    (claim,) = [c for c in program.file().claims.values() if c.state is ClaimState.OPEN]
    assert (claim.numbers, claim.paid_on, claim.amount, claim.reference) == (
        ("F1",), date(2026, 3, 11), eur("1200"), "VIR 7",
    )  # fmt: skip


def test_a_correction_is_kept_as_an_example_that_training_reads(program: Program) -> None:
    id_ = come(program, mail_of(UNCLEAR))
    said = Meaning(
        intents=("promise_to_pay",), numbers={"promise_to_pay": ("F1",)}, promise_on=date(2026, 3, 20)
    )
    correct(program.parts, id_, said, turn=0, at=LATER, who="nadia")
    (line,) = examples(program.parts)
    (example,) = read_examples(line, "corrected")
    assert (example.intents, example.invoices, example.decision) == (("promise_to_pay",), ("F1",), "apply")
    assert "le virement de la facture F1" in example.text
    assert "nadia" not in line, "whoever corrected it is nobody's business in training"


def test_corrections_teach(program: Program) -> None:
    """After a few corrections the learned voice hears a promise in words in which it heard less of one before."""
    for n in range(6):
        words = f"Le pigeon vous portera de quoi solder F1 {'bientôt ' * n}, juré."
        id_ = come(program, mail_of(words, subject=f"n {n}"))
        said = Meaning(intents=("promise_to_pay",), numbers={"promise_to_pay": ("F1",)}, promise_on=date(2026, 3, 20))
        correct(program.parts, id_, said, turn=0, at=LATER, who="nadia")
    taught = read_examples("\n".join(examples(program.parts)), "corrected")
    assert len(taught) == 6
    hand = [
        replace(one, id=f"hand-{n}", text=f"La livraison {n} était incomplète : nous contestons.", intents=("dispute",))
        for n, one in enumerate(taught)
    ]

    def hears(**hands: list[Example]) -> float:
        clauses = understand("Le pigeon vous portera de quoi solder, juré.", Ground(base=AT.date())).clauses
        return train(hands).listen(clauses, AT.date(), {}).probability["promise_to_pay"]

    assert hears(hand=hand, people=taught) > hears(hand=hand) + 0.1


@pytest.mark.parametrize(
    ("said", "where"),
    [
        (Meaning(intents=()), "intents"),
        (Meaning(intents=("lottery",)), "intents"),
        (Meaning(intents=("promise_to_pay",), promise_on=date(2026, 3, 11)), "promise_on"),
        (Meaning(intents=("dispute",), dispute_reason="mood"), "dispute_reason"),
        (Meaning(intents=("remittance",), paid_on=date(2027, 3, 11)), "paid_on"),
        (Meaning(intents=("dispute",), dispute_reason="price", numbers={"dispute": ("G1",)}), "numbers"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_field_and_changes_nothing(
    program: Program, said: Meaning, where: str
) -> None:
    id_ = come(program, mail_of(UNCLEAR))
    entries = program.file().entries
    with pytest.raises(BadInput) as refused:
        correct(program.parts, id_, said, turn=0, at=LATER, who="nadia")
    assert refused.value.where == where
    assert (program.file().entries, opened(program.parts, id_).turn) == (entries, 0)


def test_a_mail_that_says_nothing_is_set_aside_and_what_was_made_of_it_goes(program: Program) -> None:
    id_ = come(program, mail_of("Le virement de la facture F1 partira le 20 mars 2026."))
    nothing_to_do(program.parts, id_, turn=0, note="an old mail, forwarded", at=LATER, who="nadia")
    assert [p.state for p in program.file().promises.values()] == [PromiseState.WITHDRAWN]
    assert opened(program.parts, id_).shelf is Shelf.DONE


def test_insolvency_that_was_misread_lets_chasing_go_on(program: Program) -> None:
    id_ = come(program, mail_of("Nous avons été placés en redressement judiciaire le 2 mars 2026."))
    assert any(b.kind is BlockKind.INSOLVENCY and b.is_open for b in program.file().blocks.values())
    nothing_to_do(program.parts, id_, turn=0, at=LATER, who="nadia")
    assert not any(b.kind is BlockKind.INSOLVENCY and b.is_open for b in program.file().blocks.values())
    assert program.file().open_tasks() == []


def test_a_mail_of_another_debtors_is_read_anew_there_and_taken_back_here(program: Program) -> None:
    id_ = come(program, mail_of("Le virement de la facture G1 partira le 20 mars 2026.", subject="G1"))
    after = reassign(program.parts, id_, "C002", turn=0, at=LATER, who="nadia")
    assert after.debtor_id == "C002"
    assert not [t for t in program.file("C001").open_tasks() if t.mail == id_]
    assert not [b for b in program.file("C001").blocks.values() if b.is_open and b.kind is BlockKind.ANSWERED]
    (promise,) = program.file("C002").promises.values()
    assert (promise.numbers, promise.mail) == (("G1",), id_)
    assert [s.verdict for s in settled(program, "C001")] == ["reassigned"]


def test_a_mail_may_come_back_to_where_it_was(program: Program) -> None:
    id_ = come(program, mail_of(UNCLEAR))
    reassign(program.parts, id_, "C002", turn=0, at=LATER, who="nadia")
    after = reassign(program.parts, id_, "C001", turn=1, at=LATER, who="nadia")
    assert (after.debtor_id, after.shelf) == ("C001", Shelf.REVIEW)
    accept(program.parts, id_, turn=2, at=LATER, who="nadia")
    assert [p.pay_on for p in program.file().promises.values()] == [date(2026, 3, 20)]


def test_mail_of_an_unknown_sender_gets_its_debtor_and_leaves_the_desk(program: Program) -> None:
    id_ = come(program, mail_of("Je paie F1 le 20 mars 2026.", sender="someone@elsewhere.example", subject="bonjour"))
    assert opened(program.parts, id_).shelf is Shelf.UNMATCHED
    assert len(program.file(DESK).open_tasks()) == 1
    with pytest.raises(BadInput):
        accept(program.parts, id_, turn=0, at=LATER, who="nadia")
    reassign(program.parts, id_, "C001", turn=0, at=LATER, who="nadia")
    assert program.file(DESK).open_tasks() == []
    assert opened(program.parts, id_).state is MailState.READ


def test_an_answer_is_ordered_in_the_persons_words_and_handed_over(program: Program) -> None:
    id_ = come(program, mail_of(UNCLEAR))
    program.due_queue.take()
    answer_mail(
        program.parts, id_, "answer", words="Bonjour,\n\nNadia Ferrand vous répond.", turn=0, at=LATER, who="nadia"
    )
    (order,) = program.file().orders.values()
    assert (order.template, [f.text for f in order.facts], order.about) == (
        "answer", ["Bonjour,", "Nadia Ferrand vous répond."], id_,
    )  # fmt: skip
    assert [body["debtor_id"] for body in program.due_queue.take()] == ["C001"], "handed over once"
    assert opened(program.parts, id_).shelf is Shelf.DONE
    assert program.file().open_tasks() == []


@pytest.mark.parametrize(("template", "words"), [("answer", " \n "), ("answer", "x" * 3001), ("third_reminder", "")])
def test_an_answer_that_cannot_be_given_closes_nothing(program: Program, template: str, words: str) -> None:
    id_ = come(program, mail_of(UNCLEAR))
    before = program.file()
    with pytest.raises(BadInput):
        answer_mail(program.parts, id_, template, words=words, turn=0, at=LATER, who="nadia")
    assert program.file() == before


def test_a_nothing_takes_back_the_question_that_had_not_left(program: Program) -> None:
    id_ = come(program, mail_of("Nous vous réglerons la facture F1 prochainement."))
    if not program.file().orders:
        pytest.fail("the question for the day was not ordered")
    nothing_to_do(program.parts, id_, turn=0, at=LATER, who="nadia")
    assert {o.state for o in program.file().orders.values()} == {OrderState.WITHDRAWN}


def test_a_quarantined_mail_is_read_again_or_set_aside(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("unforeseen")

    with monkeypatch.context() as patched:
        patched.setattr("chalicelib.pipeline.apply_replies.read", broken)
        id_ = come(program, mail_of("Le virement de la facture F1 partira le 20 mars 2026."))
    assert opened(program.parts, id_).shelf is Shelf.QUARANTINED
    read_again(program.parts, id_, turn=0, at=LATER, who="nadia")
    (body,) = program.mail_queue.take()
    apply_reply(program.parts, body["mail_id"], at=LATER)
    mail = opened(program.parts, id_)
    assert (mail.debtor_id, mail.turn) == ("C001", 1)
    assert mail.shelf is Shelf.REVIEW, "it was answered for: a person applies it"
    accept(program.parts, id_, turn=1, at=LATER, who="nadia")
    assert len(program.file().promises) == 1
    with pytest.raises(BadInput):
        read_again(program.parts, id_, turn=2, at=LATER, who="nadia")


def test_whoever_closes_the_task_has_settled_the_mail(program: Program) -> None:
    id_ = come(program, mail_of(UNCLEAR))
    (task,) = [t for t in program.file().open_tasks() if t.mail == id_]
    close_task(program.parts, "C001", task.id, Outcome(outcome="nothing"), at=LATER, who="nadia")
    mail = opened(program.parts, id_)
    assert (mail.shelf, mail.verdict, mail.settled_by) == (Shelf.DONE, "worked", "nadia")


def test_no_mail_is_found_by_an_unknown_id(program: Program) -> None:
    with pytest.raises(NoSuchMail):
        nothing_to_do(program.parts, "0" * 64, turn=0, at=LATER, who="nadia")


@pytest.mark.parametrize("act", [
    lambda p, i: accept(p, i, turn=0, at=LATER, who="n"),
    lambda p, i: nothing_to_do(p, i, turn=0, at=LATER, who="n"),
    lambda p, i: reassign(p, i, "C002", turn=0, at=LATER, who="n"),
    lambda p, i: answer_mail(p, i, "answer", words="Merci", turn=0, at=LATER, who="n"),
])  # fmt: skip
def test_every_decision_closes_the_task_to_look(program: Program, act: Callable[..., object]) -> None:
    id_ = come(program, mail_of(UNCLEAR))
    assert any(t.mail == id_ and t.kind is TaskKind.REVIEW_MAIL for t in program.file().open_tasks())
    act(program.parts, id_)
    assert not any(t.mail == id_ and t.kind is TaskKind.REVIEW_MAIL for t in program.file().open_tasks())
