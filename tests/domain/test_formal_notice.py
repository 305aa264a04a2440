"""The draft of a formal notice: what it demands, what it leaves out, and what an approval is worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.bootstrap import law_rules
from chalicelib.domain import events as e
from chalicelib.domain import formal_notice
from chalicelib.domain.debtor_file import (
    Block,
    BlockKind,
    Call,
    Contact,
    Credit,
    CreditKind,
    DebtorFile,
    DebtorKind,
    Dispute,
    Instalment,
    LetterState,
    Notice,
    NoticeState,
    PaymentClaim,
    PaymentPlan,
    Promise,
    Role,
    Settlement,
    Task,
    TaskKind,
    live_part,
)
from chalicelib.domain.formal_notice import FormalNotice, draft
from chalicelib.domain.message import FORMAL_NOTICE
from chalicelib.domain.money import Money
from chalicelib.domain.plan import Action, Hold
from chalicelib.domain.policy_file import read_policy
from chalicelib.domain.propose import propose
from chalicelib.errors import BadInput
from tests.sample import after, approved, case, eur, file_of, office, paris, performed

ON = date(2026, 5, 4)
AT = paris("2026-05-04")
OFFICE = replace(office(AT), rules=law_rules())
ADDRESS = ("12 rue du Garage", "35000 Rennes")
TASK = Task(id="t1", kind=TaskKind.APPROVE_NOTICE, raised_on=ON, due_on=ON, reason="approve", numbers=("F1",))


def late(*more: Any, **debtor: Any) -> DebtorFile:
    """A debtor with F1 (due on 10 March) and F2 (due on 1 April), both late."""
    known: dict[str, Any] = {"address": ADDRESS, **debtor}
    return file_of(case("F1", "2026-03-10"), case("F2", "2026-04-01", "300"), *more, **known)


def drafted(file: DebtorFile, **edits: Any) -> FormalNotice:
    return draft(file, OFFICE, law_rules(), on=ON, **edits)


def numbers(file: DebtorFile, **edits: Any) -> list[str]:
    return [demand.number for demand in drafted(file, **edits).demands]


class TestWhatIsDemanded:
    def test_every_late_invoice_with_interest_and_indemnity(self) -> None:
        found = drafted(late())
        assert found.facts
        assert [(i.number, i.balance, i.days_late) for i in found.facts.invoices] == [
            ("F1", eur("1200.00"), 55), ("F2", eur("300.00"), 33),
        ]  # fmt: skip
        # 2.15 % of 1 January 2026 and 10 points: 1200 x 12.15 % x 55 / 365 and 300 x 12.15 % x 33 / 365.
        assert [i.interest for i in found.facts.invoices] == [eur("21.97"), eur("3.30")]
        assert [i.indemnity for i in found.facts.invoices] == [eur("40.00")] * 2
        assert found.totals == (eur("1605.27"),)
        assert found.facts.deadline_on == date(2026, 5, 12)
        assert (found.facts.signer_name, found.facts.signer_title) == ("Hugo Perrin", "Directeur")
        assert found.facts.place == "Nantes"
        assert not found.missing

    def test_a_french_letter_says_where_each_rate_comes_from_as_the_law_counts_it(self) -> None:
        def source(**debtor: Any) -> str:
            facts = drafted(late(**debtor)).facts
            assert facts
            return facts.invoices[0].periods[0].source

        bank = "Banque centrale européenne, opérations principales de refinancement : 2,15 % au 01/01/2026"
        assert source() == f"{bank}, plus 10 points"
        # Belgium rounds the sum up: what the letter adds to the bank's rate are the law's points all the same.
        belgian = source(country="BE", kind=DebtorKind.PUBLIC)
        assert belgian == f"{bank}, plus 8 points, arrondi vers le haut à 0,5"

    @pytest.mark.parametrize(("due", "demanded"), [("2026-05-03", True), ("2026-05-04", False), ("2026-05-05", False)])
    def test_not_before_the_day_after_the_due_date(self, due: str, demanded: bool) -> None:
        assert ("F3" in numbers(late(case("F3", due)))) is demanded

    @pytest.mark.parametrize("hold", [
        e.DisputeOpened(dispute=Dispute(id="d", numbers=("F2",), reason="price", opened_on=ON)),
        e.PromiseMade(promise=Promise(id="p", numbers=("F2",), made_on=ON, pay_on=ON, grace_on=ON)),
        e.PaymentClaimed(claim=PaymentClaim(id="c", numbers=("F2",), claimed_on=ON, hold_on=ON)),
        e.BlockPlaced(block=Block(
            id="b", kind=BlockKind.MANUAL, reason="asked", placed_on=ON, until=None, numbers=("F2",),
        )),
        e.PlanAgreed(plan=PaymentPlan(
            id="pl", numbers=("F2",), instalments=(Instalment(due_on=ON, amount=eur("300")),), agreed_on=ON,
            owed=eur("300"), paid=eur("0"), credited=eur("0"),
        )),
        e.CreditReceived(credit=Credit(
            id="k", kind=CreditKind.PAYMENT, on=ON, amount=eur("300"), remaining=eur("300"),
        )),
    ], ids=lambda event: type(event).__name__)  # fmt: skip
    def test_never_what_is_held(self, hold: e.Event) -> None:
        # F1 is larger than the credit, and older: the credit covers F2.
        found = drafted(after(late(), hold))
        assert "F2" not in [d.number for d in found.demands]
        assert [left.number for left in found.left_out] == ["F2"]
        assert found.left_out[0].why

    def test_nothing_of_an_insolvent_debtor(self) -> None:
        found = drafted(after(late(), e.InsolvencyReported(on=ON)))
        assert found.facts is None
        assert found.demands == ()
        assert "there is no invoice that may be demanded now" in found.missing

    def test_spare_credit_lowers_the_oldest(self) -> None:
        credit = Credit(id="k", kind=CreditKind.PAYMENT, on=date(2026, 4, 20), amount=eur("100"), remaining=eur("100"))
        found = drafted(after(late(), e.CreditReceived(credit=credit)))
        assert [(d.number, d.balance) for d in found.demands] == [("F1", eur("1100")), ("F2", eur("300"))]
        assert found.facts
        assert [(p.base, p.days) for p in found.facts.invoices[0].periods] == [(eur("1200"), 41), (eur("1100"), 14)]

    def test_part_payments_lower_the_base_from_the_day_after_they_came(self) -> None:
        credit = Credit(id="k", kind=CreditKind.PAYMENT, on=date(2026, 4, 9), amount=eur("200"), remaining=eur("200"))
        file = after(
            late(), e.CreditReceived(credit=credit),
            e.CreditAllocated(credit_id="k", number="F1", amount=eur("200"), on=date(2026, 4, 9)),
        )  # fmt: skip
        assert file.cases["F1"].settlements == (Settlement(credit_id="k", on=date(2026, 4, 9), amount=eur("200")),)
        facts = drafted(live_part(file)).facts
        assert facts
        assert [(p.from_on, p.days, p.base) for p in facts.invoices[0].periods] == [
            (date(2026, 3, 11), 30, eur("1200")), (date(2026, 4, 10), 25, eur("1000")),
        ]  # fmt: skip
        back = after(file, e.AllocationUndone(credit_id="k", number="F1", amount=eur("200")))
        assert back.cases["F1"].settlements == ()

    def test_where_the_days_of_part_payments_are_not_known_the_balance_bears_interest(self) -> None:
        facts = drafted(file_of(case("F1", "2026-03-10", balance=eur("1000")), address=ADDRESS)).facts
        assert facts
        assert [p.base for p in facts.invoices[0].periods] == [eur("1000")]

    def test_of_a_consumer_no_indemnity_of_the_code_de_commerce(self) -> None:
        facts = drafted(late(kind=DebtorKind.CONSUMER)).facts
        assert facts
        assert [(i.interest, i.indemnity) for i in facts.invoices] == [(eur("0"), eur("0"))] * 2
        assert facts.articles == ()

    def test_a_foreign_company_owes_by_the_seller_s_law_and_one_without_rules_nothing(self) -> None:
        belgian, american = drafted(late(country="BE")).facts, drafted(late(country="US")).facts
        assert belgian
        assert american
        assert belgian.country == "FR"
        assert any("L441-10" in article for article in belgian.articles)
        assert [i.interest for i in american.invoices] == [eur("0"), eur("0")]

    def test_a_manager_may_leave_an_invoice_out(self) -> None:
        assert numbers(late(), without=("F2",)) == ["F1"]

    @given(st.lists(st.tuples(
        st.integers(-30, 400), st.integers(1, 2_000_000), st.sampled_from(["EUR", "EUR", "GBP", "USD"]),
    ), min_size=1, max_size=12))  # fmt: skip
    def test_totals_are_the_sum_of_their_lines(self, invoices: list[tuple[int, int, str]]) -> None:
        file = file_of(
            *(
                case(f"F{n}", str(ON - timedelta(days=days)), f"{cents / 100:.2f}", currency=currency)
                for n, (days, cents, currency) in enumerate(invoices)
            ),
            address=ADDRESS,
        )  # fmt: skip
        found = drafted(file)
        late_ones = [n for n, (days, _, _) in enumerate(invoices) if days > 0]
        assert sorted(d.number for d in found.demands) == sorted(f"F{n}" for n in late_ones)
        if not found.facts:
            assert not late_ones
            return
        for total in found.facts.totals:
            currency = total.balance.currency
            lines = [
                money for i in found.facts.invoices for money in (i.balance, i.interest, i.indemnity)
                if money.currency == currency
            ]  # fmt: skip
            assert total.sum == sum(lines, Money.zero(currency))
        for invoice in found.facts.invoices:
            assert invoice.interest == sum((p.interest for p in invoice.periods), Money.zero(invoice.interest.currency))


class TestWhatCameBefore:
    def test_mails_that_left_letters_and_calls_in_the_order_of_their_days(self) -> None:
        def notice(id_: str, on: date, **facts: Any) -> Notice:
            known: dict[str, Any] = {
                "step": id_, "takes": (("F1", id_),), "language": "fr", "currency": "EUR", "contact": "payer",
                "to": "paul@garage-morel.example", "template": id_, "state": NoticeState.SENT,
            }  # fmt: skip
            return Notice(id=id_, on=on, **{**known, **facts})

        call = Call(
            id="k", task="t", at=paris("2026-03-20"), on=date(2026, 3, 20), outcome="voicemail", numbers=("F1",),
            next_on=ON, contact="payer",
        )  # fmt: skip
        file = after(
            late(),
            e.NoticeClaimed(notice=notice("second_reminder", date(2026, 3, 27))),
            e.NoticeClaimed(notice=notice("first_reminder", date(2026, 3, 13))),
            e.NoticeClaimed(notice=notice("third_reminder", date(2026, 4, 3), state=NoticeState.BOUNCED)),
            e.NoticeClaimed(notice=notice("last_reminder", date(2026, 4, 10), state=NoticeState.UNKNOWN)),
            e.NoticeClaimed(notice=notice("sales_heads_up", date(2026, 3, 30), internal=True)),
            e.CallLogged(call=call),
        )
        facts = drafted(live_part(file)).facts
        assert facts
        assert [(c.on, c.means, c.what) for c in facts.earlier] == [
            (date(2026, 3, 13), "email", "Première relance"),
            (date(2026, 3, 20), "call", "Appel : message laissé"),
            (date(2026, 3, 27), "email", "Deuxième relance"),
        ]


class TestParties:
    def test_both_are_named_with_their_legal_identity(self) -> None:
        file = late(legal_id="RCS Rennes 987 654 324", vat_number="FR32987654324")
        director = Contact(id="boss", role=Role.DIRECTOR, name="Anne Morel")
        facts = drafted(after(file, e.ContactSet(contact=director))).facts
        assert facts
        assert (facts.sender.name, facts.sender.legal_id) == ("Atelier Verre Clair", "RCS Nantes 123 456 782")
        assert (facts.recipient.address, facts.recipient.legal_id) == (ADDRESS, "RCS Rennes 987 654 324")
        assert facts.recipient.attention == "Anne Morel"

    def test_without_a_postal_address_it_is_shown_and_cannot_be_approved(self) -> None:
        found = drafted(late(address=()))
        assert found.facts
        (why,) = found.missing
        assert "postal address of Garage Morel" in why
        with pytest.raises(BadInput, match="postal address"):
            formal_notice.approve(late(address=()), TASK, OFFICE, at=AT, who="lea")

    def test_a_missing_rate_is_told_and_never_guessed(self) -> None:
        found = draft(late(), OFFICE, law_rules(), on=date(2035, 1, 2))
        assert found.facts is None
        assert any("no rate is known" in what for what in found.missing)


class TestApproval:
    def test_it_keeps_what_was_approved_by_whom_and_when(self) -> None:
        letter = formal_notice.approve(late(), TASK, OFFICE, at=AT, who="lea").letter
        assert (letter.approved_by, letter.approved_at, letter.task) == ("lea", AT, "t1")
        assert [(d.number, d.balance) for d in letter.demands] == [("F1", eur("1200")), ("F2", eur("300"))]
        assert letter.totals == (eur("1605.27"),)
        assert (letter.state, letter.deadline_on) == (LetterState.APPROVED, None)

    def test_only_whom_the_creditor_names(self) -> None:
        named = replace(OFFICE, creditor=replace(OFFICE.creditor, approvers=("arn:aws:iam::*:user/direction", "hugo")))
        assert formal_notice.approve(late(), TASK, named, at=AT, who="arn:aws:iam::123:user/direction")
        for who in ("lea", "hugo2", ""):
            with pytest.raises(BadInput, match="may not approve"):
                formal_notice.approve(late(), TASK, named, at=AT, who=who)

    @pytest.mark.parametrize(("days", "taken"), [(0, False), (1, True), (60, True), (61, False)])
    def test_a_deadline_lies_within_sixty_days(self, days: int, taken: bool) -> None:
        on = ON + timedelta(days=days)
        if taken:
            letter = formal_notice.approve(late(), TASK, OFFICE, at=AT, who="lea", deadline_on=on).letter
            assert letter.deadline_on == on
        else:
            with pytest.raises(BadInput, match="no deadline"):
                formal_notice.approve(late(), TASK, OFFICE, at=AT, who="lea", deadline_on=on)

    @pytest.mark.parametrize(("length", "taken"), [(1999, True), (2000, True), (2001, False)])
    def test_an_added_text_is_bounded(self, length: int, taken: bool) -> None:
        if taken:
            assert formal_notice.approve(late(), TASK, OFFICE, at=AT, who="lea", added="x" * length).letter.added
        else:
            with pytest.raises(BadInput, match="characters"):
                formal_notice.approve(late(), TASK, OFFICE, at=AT, who="lea", added="x" * length)

    def test_paragraphs_are_parted_by_blank_lines_and_stay_plain(self) -> None:
        added = "Nous *restons* ouverts\nà un accord.\n\n#eval(1)\n"
        letter = formal_notice.approve(late(), TASK, OFFICE, at=AT, who="lea", added=added).letter
        assert letter.added == ("Nous *restons* ouverts à un accord.", "#eval(1)")

    def test_an_invoice_that_is_not_there_cannot_be_left_out(self) -> None:
        with pytest.raises(BadInput, match="F9 is no open invoice"):
            formal_notice.approve(late(), TASK, OFFICE, at=AT, who="lea", without=("F9",))

    def test_not_without_an_invoice_that_asked_for_it(self) -> None:
        with pytest.raises(BadInput, match="none of its invoices"):
            formal_notice.approve(late(), TASK, OFFICE, at=AT, who="lea", without=("F1",))


def ready() -> DebtorFile:
    """F1 has had every reminder, and the task to approve its formal notice is open; F2 is late and had one."""
    file = late()
    for n, (step, on) in enumerate(
        [("first_reminder", "2026-03-12"), ("second_reminder", "2026-03-19"), ("third_reminder", "2026-03-26"),
         ("last_reminder", "2026-04-24")]
    ):  # fmt: skip
        notice = Notice(
            id=f"n{n}", step=step, takes=(("F1", step),), on=date.fromisoformat(on), language="fr", currency="EUR",
            contact="payer", to="paul@garage-morel.example", sender="director", state=NoticeState.SENT,
        )  # fmt: skip
        file = after(file, e.NoticeClaimed(notice=notice))
    file = after(file, e.NoticeClaimed(notice=Notice(
        id="f2", step="first_reminder", takes=(("F2", "first_reminder"),), on=date(2026, 4, 28), language="fr",
        currency="EUR", contact="payer", to="paul@garage-morel.example", state=NoticeState.SENT,
    )))  # fmt: skip
    return after(file, e.TaskRaised(task=TASK))


def issued() -> DebtorFile:
    """The same after the formal notice left: for F1, and with a demand of F2, whose second reminder is to come."""
    file = approved(ready(), AT)
    return performed(file, propose(file, office(AT), at=AT).proposals, AT)


class TestBetweenApprovalAndSending:
    def test_it_leaves_and_what_it_demands_for_other_steps_waits_for_its_deadline(self) -> None:
        file = approved(ready(), AT)
        (mail,) = [p for p in propose(file, office(AT), at=AT).proposals if p.action is Action.EMAIL]
        assert mail.takes == (("F1", "formal_notice"),)
        file = after(file, *(event for event, _ in mail.events), at=AT)
        (letter,) = file.letters.values()
        assert (letter.state, letter.deadline_on) == (LetterState.PRINTED, date(2026, 5, 12))
        assert [t.kind for t in file.open_tasks()] == [TaskKind.POST_LETTER]
        assert file.progress()["F1"]["formal_notice"] == ON
        for day, held in (("2026-05-11", True), ("2026-05-12", False), ("2026-05-13", False)):
            holds = {h.number: h.hold for h in propose(file, office(paris(day)), at=paris(day)).held}
            assert (holds.get("F2") is Hold.IN_NOTICE) is held

    @pytest.mark.parametrize(("day", "chosen"), [("2026-05-11", ()), ("2026-05-12", ("F1", "F2")), ("2026-05-13", ())])
    def test_from_its_deadline_on_all_that_it_demands_is_for_a_person_to_choose_about(
        self, day: str, chosen: tuple[str, ...]
    ) -> None:
        file, plans = issued(), {}
        for at in (paris(f"2026-05-{n}") for n in range(11, 14)):
            plans[str(at.date())] = propose(file, office(at), at=at)
            file = performed(file, plans[str(at.date())].proposals, at)
        choices = [p for p in plans[day].proposals if p.action is Action.CHOOSE]
        assert [p.numbers for p in choices] == ([chosen] if chosen else [])
        for choice in choices:
            assert "the formal notice of 2026-05-04 also demanded F2, ahead of the ladder" in choice.reason

    def test_no_reminder_ever_follows_it_and_what_it_did_not_demand_climbs_on(self) -> None:
        file = after(issued(), e.InvoiceEntered(case=case("F3", "2026-05-08")))
        mails: list[tuple[tuple[str, str], ...]] = []
        for n in range(120):
            at = AT + timedelta(days=n)
            found = propose(file, office(at), at=at).proposals
            mails += [p.takes for p in found if p.action is Action.EMAIL]
            file = performed(file, found, at)
        assert mails
        assert {number for takes in mails for number, _ in takes} == {"F3"}

    @pytest.mark.parametrize("ladder", [
        "[{id: r, when: due + 2 days, do: email}, {id: last, when: r + 9 days, do: email}]",
        "[{id: r, when: due + 2 days, do: email}, {id: demand, when: r + 9 days, do: formal_notice},"
        " {id: choice, when: demand + 8 days, do: choose}]",
        "[{id: demand, when: due + 9 days, do: formal_notice}, {id: r, when: demand + 200 days, do: email}]",
    ], ids=["without one", "named otherwise", "with a mail behind it"])  # fmt: skip
    def test_nor_under_another_policy(self, ladder: str) -> None:
        other = read_policy(f"name: standard\nversion: 9\ntitle: {{fr: Autre}}\nsteps: {ladder}")
        file = issued()
        for day in ("2026-05-12", "2026-05-20", "2026-06-15", "2026-08-03"):
            at = paris(day)
            found = propose(file, replace(office(at), policies={"standard": other}), at=at)
            assert not [p for p in found.proposals if p.action is Action.EMAIL]
            assert not [p for p in found.proposals if p.action is Action.APPROVE]

    def test_one_whose_step_the_policy_no_longer_knows_is_mailed_again_in_the_words_of_a_formal_notice(self) -> None:
        ladder = "[{id: r, when: due + 2 days, do: email}]"
        other = read_policy(f"name: standard\nversion: 9\ntitle: {{fr: Autre}}\nsteps: {ladder}")
        file, at = issued(), paris("2026-05-05")
        (sent,) = [n for n in file.notices.values() if n.letter]
        file = after(file, e.NoticeFailed(notice_id=sent.id, at=AT))
        (again,) = propose(file, replace(office(at), policies={"standard": other}), at=at).proposals
        assert again.notice
        assert (again.notice.id, again.notice.attempts, again.notice.letter) == (sent.id, 2, sent.letter)
        assert (again.notice.template, again.notice.sender) == (FORMAL_NOTICE, "director")

    def test_what_a_second_one_demands_again_keeps_the_day_of_the_first(self) -> None:
        file = issued()
        (first,) = file.letters.values()
        again = replace(first, id="again", takes=(("F3", "formal_notice"),), printed_on=date(2026, 6, 8))
        for letters in ((first, again), (again, first)):
            both = replace(file, letters={one.id: one for one in letters})
            assert {both.progress()[number]["formal_notice"] for number in ("F1", "F2")} == {ON}
            assert [both.demanded_early_on(number) for number in ("F1", "F2", "F3")] == [None, ON, None]

    def test_one_that_is_only_approved_or_was_withdrawn_changes_nothing(self) -> None:
        file = approved(ready(), AT)
        (letter,) = file.letters.values()
        withdrawn = after(file, e.LetterWithdrawn(letter_id=letter.id, on=ON, reason="F1 is settled"))
        for one in (file, withdrawn):
            assert list(one.progress()["F2"]) == ["first_reminder"]

    @pytest.mark.parametrize("change", [
        (e.DisputeOpened(dispute=Dispute(id="d", numbers=("F2",), reason="price", opened_on=ON)),),
        (
            e.CreditReceived(credit=Credit(
                id="k", kind=CreditKind.PAYMENT, on=ON, amount=eur("300"), remaining=eur("300"),
            )),
            e.CreditAllocated(credit_id="k", number="F2", amount=eur("300"), on=ON),
        ),
        (
            e.CreditReceived(credit=Credit(
                id="k", kind=CreditKind.PAYMENT, on=ON, amount=eur("1"), remaining=eur("1"),
            )),
            e.CreditAllocated(credit_id="k", number="F1", amount=eur("1"), on=ON),
        ),
    ], ids=["disputed", "paid", "part paid"])  # fmt: skip
    def test_what_changed_meanwhile_stops_it_and_asks_anew_with_the_reason(self, change: tuple[e.Event, ...]) -> None:
        file = after(approved(ready(), AT), *change)
        found = propose(file, replace(office(AT), rules=law_rules()), at=AT)
        assert not any(p.notice and p.notice.step == "formal_notice" for p in found.proposals)
        file = after(file, *(event for p in found.proposals for event, _ in p.events), at=AT)
        (letter,) = file.letters.values()
        assert letter.state is LetterState.WITHDRAWN
        (task,) = [t for t in file.open_tasks() if t.kind is TaskKind.APPROVE_NOTICE]
        assert f"the draft approved before was not sent: {letter.why}" in task.reason

    def test_an_invoice_that_fell_due_meanwhile_is_not_in_it_and_does_not_stop_it(self) -> None:
        file = after(approved(ready(), AT), e.InvoiceEntered(case=case("F3", "2026-05-01")))
        (mail,) = [p for p in propose(file, office(AT), at=AT).proposals if p.action is Action.EMAIL]
        assert mail.letter
        assert file.letters[mail.letter].numbers == ("F1", "F2")

    def test_without_an_address_it_goes_by_post_alone_and_the_step_counts(self) -> None:
        file = after(approved(ready(), AT), e.ContactDied(contact_id="payer", on=ON))
        (print_,) = [p for p in propose(file, office(AT), at=AT).proposals if p.action is Action.LETTER]
        file = after(file, *(event for event, _ in print_.events), at=AT)
        assert file.progress()["F1"]["formal_notice"] == ON
        assert TaskKind.POST_LETTER in {t.kind for t in file.open_tasks()}

    def test_the_choice_waits_for_a_later_deadline(self) -> None:
        file = approved(ready(), AT)
        (letter,) = file.letters.values()
        file = replace(file, letters={letter.id: replace(letter, deadline_on=date(2026, 5, 25))})
        (mail,) = [p for p in propose(file, office(AT), at=AT).proposals if p.action is Action.EMAIL]
        file = after(file, *(event for event, _ in mail.events), at=AT)
        (notice,) = [n for n in file.notices.values() if n.step == "formal_notice"]
        file = after(file, e.NoticeSent(notice_id=notice.id, message_id="<m>", at=AT))
        for day, chooses in (("2026-05-22", False), ("2026-05-26", True)):
            at = paris(day)
            assert any(p.action is Action.CHOOSE for p in propose(file, office(at), at=at).proposals) is chooses

    def test_a_mail_that_was_deferred_leaves_again_with_the_same_letter(self) -> None:
        file = approved(ready(), AT)
        (mail,) = [p for p in propose(file, office(AT), at=AT).proposals if p.action is Action.EMAIL]
        assert mail.notice
        file = after(file, *(event for event, _ in mail.events), e.NoticeDeferred(notice_id=mail.notice.id, at=AT))
        (again,) = [p for p in propose(file, office(AT), at=AT).proposals if p.notice]
        assert again.notice
        assert (again.notice.id, again.notice.attempts) == (mail.notice.id, 2)
        assert not any(isinstance(event, e.LetterPrinted) for event, _ in again.events)
        assert file.progress()["F1"]["formal_notice"] == ON
