"""Applying answers: from the bytes in the mailbox to the debtor's file, once each, and never away."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import DESK, BlockKind, Contact, NoticeState, PromiseState, TaskKind
from chalicelib.errors import PermanentError, RetryableError
from chalicelib.pipeline import apply_replies
from chalicelib.pipeline.apply_replies import TASKS_WAITING, apply_reply
from chalicelib.pipeline.collect_mail import collect_mail
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.pipeline.remind import remind
from chalicelib.ports import MailState
from chalicelib.reading import Evidence, Fact, Reading
from tests.pipeline.desk import Program
from tests.pipeline.letters import AT, PAUL, REMINDED, arrive, bounce, letter, reminded
from tests.sample import CREDITOR, case, eur, file_of, paris

PROMISE = "Bonjour,\r\n\r\nNous réglerons la facture F1 par virement le 20 mars 2026.\r\n\r\nPaul Morel"
UNCLEAR = "Bonjour,\r\n\r\nVotre message nous est bien parvenu, à bientôt.\r\n\r\nPaul Morel"


@pytest.fixture
def program() -> Program:
    return Program(REMINDED)


def kinds(program: Program, debtor_id: str = "C001") -> list[TaskKind]:
    return [task.kind for task in program.file(debtor_id).open_tasks()]


def desk(program: Program) -> list[TaskKind]:
    file = program.store.load(DESK)
    return [task.kind for task in file.open_tasks()] if file else []


def blocks(program: Program, debtor_id: str = "C001") -> list[BlockKind]:
    return [block.kind for block in program.file(debtor_id).blocks.values() if block.is_open]


def replies(program: Program, debtor_id: str = "C001") -> list[str]:
    entries = program.store.journal(debtor_id)
    return [entry.event.mail for entry in entries if isinstance(entry.event, e.ReplyReceived)]


def unpin(program: Program) -> None:
    program.offices.set_creditor(replace(CREDITOR, authserv_id=""))


class TestAnAnswer:
    def test_a_promise_in_the_thread_holds_the_invoice_and_is_on_record(self, program: Program) -> None:
        token = reminded(program)
        assert arrive(program, letter(PROMISE, token=token)) == ["read"]
        (promise,) = program.file().promises.values()
        assert (promise.pay_on, promise.numbers, promise.state) == (date(2026, 3, 20), ("F1",), PromiseState.OPEN)
        assert blocks(program) == [BlockKind.ANSWERED]
        assert kinds(program) == []
        (mail,) = program.mail_log.mails.values()
        assert (mail.state, mail.debtor_id, mail.sender) == (MailState.READ, "C001", PAUL)
        assert mail.reading["promise"]["date"] == "2026-03-20"
        assert replies(program) == [mail.id]

    def test_it_stops_the_next_reminder(self, program: Program) -> None:
        token = reminded(program)
        arrive(program, letter(PROMISE, token=token))
        remind(program.parts, "C001", at=paris("2026-03-20"))
        assert len(program.outbox.sent) == 1

    def test_an_unclear_answer_is_a_task_and_a_pause(self, program: Program) -> None:
        token = reminded(program)
        arrive(program, letter(UNCLEAR, token=token))
        assert kinds(program) == [TaskKind.REVIEW_MAIL]
        assert blocks(program) == [BlockKind.ANSWERED]

    def test_each_invoice_gets_what_is_said_of_it(self, program: Program) -> None:
        token = reminded(program, case("FA-2026-0101", "2026-03-10"), case("FA-2026-0102", "2026-03-10", "300.00"))
        words = (
            "Bonjour,\r\n\r\nLa facture FA-2026-0101 sera réglée le 20 mars 2026.\r\n"
            "Nous contestons la facture FA-2026-0102 : le prix ne correspond pas au devis.\r\n\r\nPaul Morel"
        )
        arrive(program, letter(words, token=token))
        file = program.file()
        assert [p.numbers for p in file.promises.values()] == [("FA-2026-0101",)]
        assert [(d.numbers, d.reason) for d in file.disputes.values()] == [(("FA-2026-0102",), "price")]

    @pytest.mark.parametrize(
        ("currencies", "amount"), [(("EUR",), "500.00 EUR"), (("USD",), "500.00 USD"), (("EUR", "USD"), "None")]
    )
    def test_an_amount_takes_the_currency_of_its_invoices_and_is_never_guessed(
        self, program: Program, currencies: tuple[str, ...], amount: str
    ) -> None:
        program.put(file_of(*(case(f"F{c}", "2026-03-10", currency=c) for c in currencies)), REMINDED)
        arrive(program, letter("Bonjour,\r\n\r\nNous vous verserons un acompte de 500,00 le 20 mars 2026.\r\n"))
        made = [p.amount for p in program.file().promises.values()]
        assert [f"{a.amount} {a.currency}" if a else "None" for a in made] in ([amount], [])
        reading = next(iter(program.mail_log.mails.values())).reading
        assert made or reading["decision"] == "review"


class TestTrust:
    @pytest.mark.parametrize(
        ("sender", "vouched", "pinned", "block"),
        [
            (PAUL, True, True, BlockKind.ANSWERED),
            ("anne@garage-morel.example", True, True, BlockKind.ANSWERED),
            (PAUL, False, True, BlockKind.UNVERIFIED),
            (PAUL, False, False, BlockKind.ANSWERED),
            ("paul@elsewhere.example", True, True, BlockKind.UNVERIFIED),
            ("paul@elsewhere.example", False, False, BlockKind.UNVERIFIED),
            ("paul.morel@gmail.com", True, True, BlockKind.UNVERIFIED),
        ],
    )
    def test_a_token_says_whose_mail_it_is_not_who_wrote_it(
        self, program: Program, sender: str, vouched: bool, pinned: bool, block: BlockKind
    ) -> None:
        token = reminded(program)
        if not pinned:
            unpin(program)
        arrive(program, letter(PROMISE, token=token, sender=sender, vouched=vouched))
        assert blocks(program) == [block]
        assert bool(program.file().promises) is (block is BlockKind.ANSWERED)

    def test_results_that_fail_count_without_a_pinned_server(self, program: Program) -> None:
        token = reminded(program)
        unpin(program)
        forged = letter(PROMISE, token=token, vouched=False, Authentication_Results="mx.other.example; dmarc=fail")
        arrive(program, forged)
        assert blocks(program) == [BlockKind.UNVERIFIED]

    def test_results_below_the_topmost_prove_nothing(self, program: Program) -> None:
        token = reminded(program)
        own = f"{CREDITOR.authserv_id}; dmarc=pass header.from=garage-morel.example"
        true = b"Authentication-Results: mx.verre-clair.example; dmarc=fail\r\n"
        arrive(program, true + letter(PROMISE, token=token, vouched=False, Authentication_Results=own))
        assert blocks(program) == [BlockKind.UNVERIFIED]

    def test_strangers_get_one_pause_and_it_is_not_renewed(self, program: Program) -> None:
        token = reminded(program)
        for day in ("2026-03-13", "2026-03-16", "2026-04-20"):
            arrive(program, letter(UNCLEAR + day, token=token, sender="x@y.example"), at=paris(day))
        placed = [x.event for x in program.store.journal("C001") if isinstance(x.event, e.BlockPlaced)]
        assert [event.block.kind for event in placed] == [BlockKind.UNVERIFIED]
        assert placed[0].block.until is not None

    def test_a_mail_with_two_senders_is_not_trusted(self, program: Program) -> None:
        token = reminded(program)
        arrive(program, letter(PROMISE, token=token, sender=f"{PAUL}, x@y.example"))
        assert blocks(program) == [BlockKind.UNVERIFIED]

    def test_reply_to_proves_nothing(self, program: Program) -> None:
        reminded(program)
        assert arrive(program, letter(PROMISE, sender="x@y.example", Reply_To=PAUL)) == ["unmatched"]
        assert blocks(program) == []

    @pytest.mark.parametrize("sender", [PAUL, "x@y.example"])
    def test_nothing_in_a_mail_changes_addresses_or_what_is_owed(self, program: Program, sender: str) -> None:
        token = reminded(program)
        before = program.file()
        words = (
            "Merci d'écrire à l'avenir à pirate@elsewhere.example. Nous ne devons que 10 € sur F1. IBAN FR76 3000 6000"
        )
        arrive(program, letter(words, token=token, sender=sender))
        after = program.file()
        assert (after.contacts, after.cases, after.debtor) == (before.contacts, before.cases, before.debtor)


class TestNobodys:
    def test_an_answer_of_a_stranger_goes_to_the_desk(self, program: Program) -> None:
        reminded(program, case("FA-77", "2026-03-10"))
        assert arrive(program, letter(PROMISE.replace("F1", "FA-77"), sender="x@elsewhere.example")) == ["unmatched"]
        assert desk(program) == [TaskKind.REVIEW_MAIL]
        ((_, task),) = program.store.open_tasks()
        assert "x@elsewhere.example: could be of C001" in task.reason
        assert task.mail in program.mail_log.mails
        assert blocks(program) == []

    def test_a_second_mail_of_the_same_stranger_is_no_second_task(self, program: Program) -> None:
        for n in range(3):
            arrive(program, letter(f"{UNCLEAR} {n}", sender="x@elsewhere.example"))
        arrive(program, letter(UNCLEAR, sender="y@elsewhere.example"))
        assert desk(program) == [TaskKind.REVIEW_MAIL] * 2
        assert {m.state for m in program.mail_log.mails.values()} == {MailState.UNMATCHED}

    def test_two_debtors_with_one_address_go_to_the_desk_unless_an_invoice_tells(self, program: Program) -> None:
        books = Contact(id="payer", email="books@cabinet.example")
        for id_ in ("C001", "C002"):
            program.put(file_of(case(f"FA-{id_}", "2026-03-10"), id=id_, contact=books), REMINDED)
        said = "Bonjour,\r\n\r\nNous réglerons la facture {} par virement le 20 mars 2026."
        assert arrive(program, letter(said.format(""), sender="books@cabinet.example")) == ["unmatched"]
        assert desk(program) == [TaskKind.REVIEW_MAIL]
        for id_ in ("C001", "C002"):  # one of them has answered: neither is chased meanwhile, once
            assert (blocks(program, id_), kinds(program, id_)) == ([BlockKind.UNVERIFIED], [])
        assert arrive(program, letter(said.format("FA-C002"), sender="books@cabinet.example")) == ["read"]
        assert [p.numbers for p in program.file("C002").promises.values()] == [("FA-C002",)]
        assert program.file("C001").promises == {}
        assert len(replies(program, "C001")) == 1

    def test_a_newsletter_is_nobodys_work(self, program: Program) -> None:
        news = letter(
            "Découvrez nos offres de printemps ! Pour vous désinscrire, cliquez ici : https://news.example/unsubscribe",
            sender="news@shop.example", subject="Nos offres de printemps : -20 %", vouched=False,
            List_Unsubscribe="<https://news.example/unsubscribe>", List_Id="<news.shop.example>", Precedence="bulk",
        )  # fmt: skip
        assert arrive(program, news) == ["read"]
        assert desk(program) == []

    @pytest.mark.parametrize(("words", "owned"), [(PROMISE, False), (UNCLEAR, False), (PROMISE, True)])
    def test_of_the_folder_of_spam_only_what_is_a_debtors_counts(
        self, program: Program, words: str, owned: bool
    ) -> None:
        token = reminded(program)
        sender = PAUL if owned else "x@elsewhere.example"
        arrive(program, letter(words, sender=sender, token=token if owned else ""), folder="Junk")
        assert desk(program) == []
        assert blocks(program) == ([BlockKind.ANSWERED] if owned else [])

    def test_absence_of_results_is_evidence_enough_against_spam(self, program: Program) -> None:
        token = reminded(program)
        unpin(program)
        arrive(program, letter(PROMISE, token=token, vouched=False), folder="Junk")
        assert blocks(program) == [BlockKind.UNVERIFIED]

    def test_a_copy_of_our_own_reminder_is_no_answer(self, program: Program) -> None:
        token = reminded(program)
        own = letter("Rappel", sender=CREDITOR.mailbox, token=token, Auto_Submitted="auto-generated")
        assert arrive(program, own) == ["read"]
        assert (desk(program), blocks(program), replies(program)) == ([], [], [])


class TestBounces:
    @pytest.mark.parametrize("original", ["Message-ID: <1@provider.example>", "Reply-To: {reply_to}"])
    @pytest.mark.parametrize("full", [False, True])
    def test_a_dead_address_is_found_by_what_comes_back(self, program: Program, original: str, full: bool) -> None:
        token = reminded(program)
        original = original.format(reply_to=f"compta+{token}@verre-clair.example")
        assert arrive(program, bounce(original=original, full=full)) == ["read"]
        file = program.file()
        assert [n.state for n in file.notices.values()] == [NoticeState.BOUNCED]
        assert file.contacts["payer"].dead_since_on == AT.date()
        assert kinds(program) == [TaskKind.DEAD_ADDRESS]

    def test_a_report_that_knows_the_address_alone_is_for_a_person(self, program: Program) -> None:
        reminded(program)
        assert arrive(program, bounce(original="Subject: x")) == ["read"]
        assert program.file().contacts["payer"].dead_since_on is None
        assert kinds(program) == [TaskKind.REVIEW_MAIL]

    def test_a_report_that_comes_back_to_our_token_needs_no_original(self, program: Program) -> None:
        token = reminded(program)
        raw = bounce().replace(f"To: {CREDITOR.mailbox}".encode(), f"To: {CREDITOR.reply_address(token)}".encode())
        assert arrive(program, raw) == ["read"]
        assert program.file().contacts["payer"].dead_since_on == AT.date()

    def test_a_full_mailbox_is_no_dead_address(self, program: Program) -> None:
        reminded(program)
        arrive(
            program,
            bounce(status="4.2.2", reason="452 4.2.2 mailbox full", original="Message-ID: <1@provider.example>"),
        )
        assert program.file().contacts["payer"].dead_since_on is None

    def test_a_bounce_of_nobody_we_know_goes_to_the_desk_or_needs_nobody(self, program: Program) -> None:
        assert arrive(program, bounce(to="x@elsewhere.example")) == ["unmatched"]
        assert desk(program) == [TaskKind.REVIEW_MAIL]


class TestOnce:
    def test_a_queue_that_delivers_twice_answers_once(self, program: Program) -> None:
        token = reminded(program)
        arrive(program, letter(PROMISE, token=token))
        (id_,) = program.mail_log.mails
        assert apply_reply(program.parts, id_, at=AT) == "settled before"
        assert replies(program) == [id_]

    def test_a_worker_that_dies_between_the_file_and_the_record_answers_once(self, program: Program) -> None:
        token = reminded(program)

        class Dies:
            def __getattr__(self, name: str) -> Any:
                return getattr(program.mail_log, name)

            def settle(self, mail: Any) -> bool:
                raise KeyboardInterrupt

        program.mailbox.received_at = AT
        program.mailbox.deliver(letter(PROMISE, token=token))
        collect_mail(program.parts, at=AT)
        (id_,) = program.mail_log.mails
        with pytest.raises(KeyboardInterrupt):
            apply_reply(replace(program.parts, mail_log=Dies()), id_, at=AT)
        assert apply_reply(program.parts, id_, at=AT + timedelta(minutes=2)) == "read"
        assert replies(program) == [id_]
        assert program.mail_log.mails[id_].state is MailState.READ
        assert len(program.file().promises) == 1

    def test_two_workers_at_once_answer_once(self, program: Program) -> None:
        token = reminded(program)
        program.mailbox.received_at = AT
        program.mailbox.deliver(letter(PROMISE, token=token))
        collect_mail(program.parts, at=AT)
        (id_,) = program.mail_log.mails
        program.store.meanwhile(lambda: apply_reply(program.parts, id_, at=AT))
        assert apply_reply(program.parts, id_, at=AT) == "read"
        assert replies(program) == [id_]

    def test_a_payment_that_comes_in_between_is_seen(self, program: Program) -> None:
        token = reminded(program)
        program.mailbox.received_at = AT
        program.mailbox.deliver(letter(PROMISE, token=token))
        collect_mail(program.parts, at=AT)
        withdrawn = e.InvoiceWithdrawn(number="F1", on=AT.date())
        program.store.meanwhile(
            lambda: keep(program.parts, office_of(program.parts), "C001", lambda _: [(withdrawn, "x")], at=AT, who="x")
        )
        apply_reply(program.parts, next(iter(program.mail_log.mails)), at=AT)
        assert program.file().promises == {}
        assert len(replies(program)) == 1

    def test_a_mail_that_nobody_recorded_is_told(self, program: Program) -> None:
        with pytest.raises(PermanentError, match="no mail m1 on record"):
            apply_reply(program.parts, "m1", at=AT)

    def test_a_store_that_fails_leaves_the_mail_to_the_queue(self, program: Program) -> None:
        token = reminded(program)

        class Away:
            def __getattr__(self, name: str) -> Any:
                raise RetryableError("throttled")

        program.mailbox.received_at = AT
        program.mailbox.deliver(letter(PROMISE, token=token))
        collect_mail(program.parts, at=AT)
        (id_,) = program.mail_log.mails
        with pytest.raises(RetryableError):
            apply_reply(replace(program.parts, store=Away()), id_, at=AT)
        assert program.mail_log.mails[id_].state is MailState.ARCHIVED


def test_the_time_spent_on_attachments_is_bounded(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    token = reminded(program)
    told: list[float] = []

    def read(message: Any, context: Any, *, elapsed: Any) -> Any:
        told.append(elapsed())
        return real(message, context, elapsed=elapsed)

    real = apply_replies.read
    monkeypatch.setattr(apply_replies, "read", read)
    arrive(program, letter(PROMISE, token=token))
    assert len(told) == 1
    assert 0 <= told[0] < 2


class TestQuarantine:
    BOMB = b"From: x@elsewhere.example\r\nSubject: bomb\r\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1200)
    )

    def test_a_mail_that_cannot_be_parsed_is_a_task_and_the_next_is_read(self, program: Program) -> None:
        token = reminded(program)
        assert arrive(program, self.BOMB, letter(PROMISE, token=token)) == ["quarantined", "read"]
        assert desk(program) == [TaskKind.REVIEW_MAIL]
        bomb = next(m for m in program.mail_log.mails.values() if m.state is MailState.QUARANTINED)
        assert (bomb.sender, bomb.subject) == ("x@elsewhere.example", "bomb")
        assert "nested parts" in bomb.why

    def test_that_of_a_known_debtor_pauses_its_chasing_once_too(self, program: Program) -> None:
        reminded(program)
        bomb = self.BOMB.replace(b"x@elsewhere.example", b"Paul Morel <Paul@Garage-Morel.example>")
        assert arrive(program, bomb) == ["quarantined"]
        assert (kinds(program), desk(program)) == ([TaskKind.REVIEW_MAIL], [])
        assert blocks(program) == [BlockKind.UNVERIFIED]

    @pytest.mark.parametrize("error", [RecursionError("x"), ValueError("Paul's words"), KeyError("x"), MemoryError()])
    @pytest.mark.parametrize("where", ["parse", "read"])
    def test_a_mail_that_breaks_the_reader_is_quarantined_at_once(
        self, program: Program, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception
    ) -> None:
        token = reminded(program)

        def breaks(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(apply_replies, where, breaks)
        assert arrive(program, letter(PROMISE, token=token)) == ["quarantined"]
        (mail,) = program.mail_log.mails.values()
        assert type(error).__name__ in mail.why
        assert "words" not in mail.why
        assert len(kinds(program) + desk(program)) == 1

    def test_what_the_server_did_not_give_is_a_task_that_says_where_it_lies(self, program: Program) -> None:
        program.mailbox.damaged = {1}
        assert arrive(program, b"lost", letter(UNCLEAR, sender="x@y.example")) == ["quarantined", "unmatched"]
        reasons = [task.reason for _, task in program.store.open_tasks()]
        assert any("look into folder INBOX, UID 1" in reason for reason in reasons)


class TestTooMuch:
    def test_a_flood_is_on_record_and_raises_few_tasks(self, program: Program) -> None:
        token = reminded(program)
        for n in range(30):
            arrive(program, letter(f"{UNCLEAR} {n}", token=token), at=AT + n * timedelta(minutes=5))
        assert len(replies(program)) == 30
        assert kinds(program) == [TaskKind.REVIEW_MAIL] * TASKS_WAITING
        assert blocks(program) == [BlockKind.ANSWERED]

    def test_the_pause_of_a_later_day_reaches_further(self, program: Program) -> None:
        token = reminded(program)
        for day in ("2026-03-13", "2026-03-14"):
            arrive(program, letter(UNCLEAR + day, token=token), at=paris(day))
        until = [block.until for block in program.file().blocks.values()]
        assert len(set(until)) == 2

    def test_once_a_person_has_worked_the_tasks_new_ones_are_raised(self, program: Program) -> None:
        token = reminded(program)
        for n in range(TASKS_WAITING + 2):
            arrive(program, letter(f"{UNCLEAR} {n}", token=token))
        done = [
            (e.TaskClosed(task_id=task.id, outcome="done", note="", at=AT), "done")
            for task in program.file().open_tasks()
        ]
        keep(program.parts, office_of(program.parts), "C001", lambda _: done, at=AT, who="lea")
        arrive(program, letter(f"{UNCLEAR} again", token=token))
        assert kinds(program) == [TaskKind.REVIEW_MAIL]

    @pytest.mark.parametrize("much", ["own_words", "contacts", "facts", "evidence", "words of evidence"])
    def test_the_record_of_an_endless_mail_stays_small(
        self, program: Program, monkeypatch: pytest.MonkeyPatch, much: str
    ) -> None:
        token = reminded(program)
        said: dict[str, Any] = {
            "own_words": "x" * 500_000,
            "contacts": tuple(f"a{n}@x.example" for n in range(40_000)),
            "facts": tuple(Fact("promise_to_pay", f"F{n}") for n in range(10_000)),
            "evidence": tuple(Evidence("invoice", "F1", n, n + 2) for n in range(10_000)),
            "words of evidence": (Evidence("invoice", "x" * 500_000, 0, 2),),
        }
        reading = Reading(kind="reply", language="fr", **{much.split(" ")[-1]: said[much]})
        monkeypatch.setattr(apply_replies, "read", lambda *_, **__: reading)
        arrive(program, letter("x", token=token))
        (mail,) = program.mail_log.mails.values()
        assert len(json.dumps(dict(mail.reading))) < 60_000
        assert max((len(task.reason) for _, task in program.store.open_tasks()), default=0) < 10_000


class TestLate:
    @pytest.mark.parametrize(("days", "decided"), [(29, True), (30, True), (31, False)])
    def test_an_answer_that_was_old_when_it_was_collected_is_decided_by_a_person(
        self, program: Program, days: int, decided: bool
    ) -> None:
        token = reminded(program)
        program.mailbox.received_at = AT - timedelta(days=days)
        program.mailbox.deliver(letter(PROMISE, token=token))
        collect_mail(program.parts, at=AT)
        apply_reply(program.parts, next(iter(program.mail_log.mails)), at=AT)
        assert bool(program.file().promises) is decided
        assert (TaskKind.REVIEW_MAIL in kinds(program)) is not decided

    def test_ten_years_of_a_mailbox_that_is_read_for_the_first_time_are_nobodys_work(self, program: Program) -> None:
        program.mailbox.received_at = AT - timedelta(days=400)
        program.mailbox.deliver(letter(UNCLEAR, sender="x@elsewhere.example"))
        collect_mail(program.parts, at=AT)
        assert apply_reply(program.parts, next(iter(program.mail_log.mails)), at=AT) == "unmatched"
        assert desk(program) == []


def test_a_remittance_is_a_claim_and_no_payment(program: Program) -> None:
    token = reminded(program)
    arrive(program, letter("Bonjour,\r\n\r\nLa facture F1 de 1 200,00 € a été réglée par virement hier.", token=token))
    file = program.file()
    assert [claim.numbers for claim in file.claims.values()] == [("F1",)]
    assert file.cases["F1"].balance == eur("1200.00")
