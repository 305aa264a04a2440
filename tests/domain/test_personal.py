"""What names people goes, what is owed stays, and folding a redacted journal gives the redacted file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.bootstrap import law_rules
from chalicelib.domain import events as e
from chalicelib.domain.apply import apply_all
from chalicelib.domain.debtor_file import (
    KINDS,
    ClaimState,
    Contact,
    Credit,
    CreditKind,
    Debtor,
    DebtorFile,
    DebtorKind,
    Dispute,
    Notice,
    PaymentClaim,
    Promise,
    Task,
    TaskKind,
)
from chalicelib.domain.money import Money
from chalicelib.domain.personal import (
    ERASED,
    PERSONAL,
    Place,
    Whom,
    fingerprint,
    is_known,
    left_contact,
    obstacles,
    others_reachable,
    redacted,
    redactions,
    whom,
)
from chalicelib.domain.reasons import in_words
from tests.contract.samples import AT, TODAY, called, claimed, contact, entries, invoice, ordered, paid, plan, task
from tests.contract.test_histories import _anything
from tests.sample import CREDITOR, after, case, eur, file_of, paris

PAUL, MARIE = "paul@garage-morel.example", "marie@garage-morel.example"
WHOLE = Whom()
HOME = CREDITOR.country

KEPT = {
    # Who owes, as a company, and how it is dealt with; a consumer's name goes all the same.
    "Debtor": "id name country language policy legal_id vat_number subdivision zone sales_rep",
    "Contact": "id language",
    "Case": "number purchase_order document buyer_status",
    "Credit": "id",
    "Notice": "id step takes language currency contact sender template token message_id letter",
    "Order": "id template numbers currency about contact to language sender",
    "Fact": "name",
    "Call": "id task outcome numbers caller contact cause means",
    "Task": "id numbers takes mail assignee outcome closed_by",
    "Promise": "id numbers means mail",
    "PaymentPlan": "id numbers means",
    "PaymentClaim": "id numbers mail",
    "Dispute": "id numbers owner mail resolution escalated_to",
    "Block": "id owner numbers",
    "Letter": "id task approved_by takes notice sha256 tracking",
    "Settlement": "credit_id",
    "Demand": "number",
}
"""Texts that stay: ids, numbers, words of the program, our own people, and references that name a paper."""

OF_EVENTS_KEPT = {
    "InvoiceCorrected": "number purchase_order document",
    "BuyerStatusNoted": "number status",
    "NoticeSent": "notice_id message_id",
    "ReplyReceived": "mail kind intents decision",
    "ReplySettled": "mail verdict intents",
    "SendingHeld": "reason",  # about ourselves, in the desk's journal
    "SendingResumed": "reason",
    "DisputeResolved": "dispute_id resolution",
    "DisputeEscalated": "dispute_id to",
    "DebtDeclared": "reference",  # the court's own
    "TaskAssigned": "task_id assignee",
    "TaskClosed": "task_id outcome",
    "TaskNarrowed": "task_id numbers",
    "TaskExtended": "task_id takes",
    "LetterPrinted": "letter_id notice_id takes sha256",
    "LetterPosted": "letter_id tracking",
    "LetterDelivered": "letter_id sha256",
}


def texts_of(kind: type) -> Iterator[str]:
    """The fields of a record that hold text of any kind."""
    for name, hint in get_type_hints(kind).items():
        if hint is str or (get_args(hint) and _leaves(hint) & {str}):
            yield name


def _leaves(hint: Any) -> set[Any]:
    inner = get_args(hint)
    return set().union(*map(_leaves, inner)) if inner else {hint}


def records() -> Iterator[type]:
    seen: set[type] = set()
    waiting: list[type] = [*KINDS.values(), Debtor]
    while waiting:
        kind = waiting.pop()
        if kind in seen or kind is Money:
            continue
        seen.add(kind)
        yield kind
        held = [one for hint in get_type_hints(kind).values() for one in _leaves(hint)]
        waiting += [one for one in held if isinstance(one, type) and is_dataclass(one)]


def test_of_every_text_on_record_it_is_decided_whether_it_names_people() -> None:
    """A new field stands in PERSONAL of domain/personal.py, or here with what makes it harmless."""
    for kind in (*records(), *e.EVENTS.values()):
        told = {**KEPT, **OF_EVENTS_KEPT}.get(kind.__name__, "").split()
        ids = [name for name in texts_of(kind) if name.endswith("_id") or name == "number"]
        open_ = set(texts_of(kind)) - {*PERSONAL.get(kind, {}), *told, *(ids if kind in e.EVENTS.values() else ())}
        assert not open_, (kind.__name__, open_)
        assert set(PERSONAL.get(kind, {})) <= {f.name for f in fields(kind)}, kind.__name__


# --- the property


def money(file: DebtorFile) -> Any:
    """Everything that is owed, paid, promised, planned, and every step taken."""
    return (
        file.cases,
        {id_: replace(c, reference="") for id_, c in file.credits.items()},
        file.progress(), file.promises, file.plans,
        {id_: (c.state, c.amount, c.hold_on) for id_, c in file.claims.items()},
        {id_: (d.is_open, d.amount, d.credited) for id_, d in file.disputes.items()},
        {id_: (x.state, x.demands, x.totals, x.sha256, x.takes) for id_, x in file.letters.items()},
        {id_: (n.state, n.takes, n.on) for id_, n in file.notices.items()},
        file.owed("EUR"), file.unallocated("EUR"), file.last_contact_on, file.promises_broken, file.last_word,
    )  # fmt: skip


def planted(thing: Any, words: str, address: str) -> Any:
    """The same with these words in every place that may name people, and the address where an address stands."""
    if isinstance(thing, tuple):
        return tuple(planted(one, words, address) for one in thing)
    if not is_dataclass(thing) or isinstance(thing, type | Money):
        return thing
    changed: dict[str, Any] = {}
    for one in fields(thing):
        before = getattr(thing, one.name)
        place: Place | None = PERSONAL.get(type(thing), {}).get(one.name)
        ours = isinstance(thing, Notice) and thing.internal and one.name in ("to", "cc")
        if place is None or ours:
            changed[one.name] = planted(before, words, address)
        elif one.name in ("email", "sender", "deputy", "to", "cc"):
            changed[one.name] = (address,) if isinstance(before, tuple) else address
        else:
            changed[one.name] = (words,) if isinstance(before, tuple) else words
    return replace(thing, **changed)


def history(data: st.DataObject, sayings: list[tuple[str, str]]) -> list[e.Entry]:
    """Anything that can happen to a debtor, told in one of these ways each."""
    file = apply_all(None, entries(None, e.DebtorOpened(debtor=Debtor(id="D", name="SARL D")), invoice("F0"),
                                   contact("c", "a@client.test")))  # fmt: skip
    happened: list[e.Event] = [e.DebtorOpened(debtor=file.debtor), invoice("F0"), contact("c", "a@client.test")]
    for step in range(data.draw(st.integers(1, 6), label="saves")):
        some = list(_anything(data, file, step))
        happened += some
        file = apply_all(file, entries(file, *some))
    told = [planted(event, *data.draw(st.sampled_from(sayings), label="words")) for event in happened]
    return [replace(x, why=data.draw(st.sampled_from(sayings))[0]) for x in entries(None, *told)]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_of_everybody_no_word_is_left_and_no_sum_or_step_changes(data: st.DataObject) -> None:
    journal = history(data, [("Zoé Quidam", "zoe@quidam.example"), ("06 11 22 33 44", "zoe@quidam.example")])
    file = apply_all(None, journal)
    after_ = apply_all(file, entries(file, *(event for event, _ in redactions(file, WHOLE, at=AT))))
    rewritten = [redacted(entry, WHOLE) for entry in journal]
    folded = apply_all(None, rewritten)
    closed = {t.id for t in file.open_tasks()}
    assert money(folded) == money(file)
    assert money(after_) == money(file)
    for said in ("Zoé", "zoe@", "06 11"):
        assert said not in repr(folded)
        assert said not in repr(rewritten)
        assert said not in repr(after_)
    assert replace(folded, tasks={}, entries=0) == replace(after_, tasks={}, entries=0)
    assert {t for t in folded.tasks if t not in closed} == {t for t in after_.tasks if t not in closed}
    assert [redacted(entry, WHOLE) for entry in rewritten] == rewritten
    assert not list(redactions(after_, WHOLE, at=AT))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_of_one_person_no_word_is_left_and_the_others_keep_theirs(data: st.DataObject) -> None:
    journal = history(data, [("M. Paul Quidam a dit", "paul@d.example"), ("Zoé Autre", "zoe@d.example")])
    known = e.ContactSet(contact=Contact(id="p", name="Paul Quidam", email="Paul@d.example", phone="06 11 22 33 44"))
    journal = [*journal, *e.entries_after(len(journal), [(known, "ring +33 611.22.33.44")], at=AT, who="test")]
    file = apply_all(None, journal)
    paul = whom(journal, address="paul@D.example")
    rewritten = [redacted(entry, paul) for entry in journal]
    folded = apply_all(None, rewritten)
    after_ = apply_all(file, entries(file, *(event for event, _ in redactions(file, paul, at=AT))))
    assert replace(folded, entries=0) == replace(after_, entries=0)
    assert money(folded) == money(file)
    for said in ("Quidam", "paul@", "Paul@", "11 22 33", "611.22"):
        assert said not in repr(rewritten)
        assert said not in repr(folded)
    assert repr(rewritten).count("Zoé Autre") <= repr(journal).count("Zoé Autre")
    assert [redacted(entry, paul) for entry in rewritten] == rewritten


def test_words_of_somebody_else_stay_as_they_were() -> None:
    said = f"Paul Morel is away; write to {MARIE}, call +33 1 00 00 00 01, not 01.00.00.00.00"
    director = Contact(id="director", name="Marie Morel", email=MARIE, phone="+33 1 00 00 00 01", deputy=PAUL)
    file = after(file_of(case("F1", "2026-03-10")), e.ContactSet(contact=director), claimed("n1", "F1", to=MARIE))
    journal = e.entries_after(0, [(e.ContactSet(contact=c), "") for c in file.contacts.values()], at=AT, who="t")
    paul = whom(journal, address=PAUL)
    left = redacted(e.NoteWritten(text=said), paul)
    assert left.text == f"{ERASED} is away; write to {MARIE}, call +33 1 00 00 00 01, not {ERASED}"
    assert redacted(file.contacts["director"], paul) == replace(director, deputy="")
    assert redacted(file.contacts["payer"], paul) == Contact(id="payer", name=ERASED)
    assert redacted(file.notices["n1"], paul).to == MARIE


@pytest.mark.parametrize(
    ("name", "said", "left"),
    [
        ("Mme Anne Roy", "Mme Roy a rappelé, un roy", "Mme [erased] a rappelé, un [erased]"),
        ("JEAN DES MOULINS", "Des pièces des Moulins", "Des pièces des [erased]"),
        ("Li Wu", "Li Wu is ill, Wu says", "[erased] is ill, Wu says"),
        ("Paul Morel", "paul@elsewhere.example, Pauline, PAUL", "paul@elsewhere.example, Pauline, [erased]"),
        ("Zoé  D’Arc", "Zoé D’Arc; d’arc; Zoé", "[erased]; [erased]; [erased]"),
    ],
)
def test_somebody_is_covered_by_name_and_surname_and_nobody_else(name: str, said: str, left: str) -> None:
    known = [(e.ContactSet(contact=Contact(id="c", name=name, email="a@b.example")), "")]
    person = whom(e.entries_after(0, known, at=AT, who="t"), address="a@b.example")
    assert person.masked(said) == left
    assert person.masked(left) == left


def test_what_a_mail_of_theirs_led_to_and_a_call_with_them_is_about_them() -> None:
    asked = Task(id="t1", kind=TaskKind.REVIEW_MAIL, raised_on=TODAY, due_on=TODAY, reason="ill since May", mail="m1")
    happened: list[e.Event] = [
        e.ContactSet(contact=Contact(id="payer", email=PAUL)),
        called("call-paul", "F1", contact="payer"),
        e.ContactSet(contact=Contact(id="payer", email=MARIE)),
        called("call-marie", "F1", contact="payer"),
        e.TaskRaised(task=asked),
        e.ReplyReceived(mail="m1", kind="reply", intents=(), decision="review", sender=PAUL.upper()),
        e.ReplyReceived(mail="m2", kind="reply", intents=(), decision="review", sender=MARIE),
        e.TaskClosed(task_id="t1", outcome="done", note="on sick leave", at=AT),
        claimed("n1", "F1", to=MARIE, cc=(PAUL,)),
        claimed("n2", "F1", to=MARIE),
    ]
    paul = whom(e.entries_after(0, [(event, "") for event in happened], at=AT, who="t"), address=f" {PAUL} ")
    assert paul.mails == {"m1"}
    assert paul.notices == {"n1"}
    assert paul.ids == {"m1", "t1", "call-paul"}
    left = [redacted(event, paul) for event in happened]
    assert "ill since May" not in repr(left)
    assert "sick leave" not in repr(left)
    assert left[3] == happened[3]
    assert left[6] == happened[6]
    assert left[9] == happened[9]
    assert is_known(paul)
    assert not is_known(whom((), address=PAUL))


def test_our_own_people_and_what_a_company_is_called_stay() -> None:
    sent = claimed("n1", "F1", to="lea.dumas@verre-clair.example", cc=("nadia@verre-clair.example",), internal=True)
    assert redacted(sent, WHOLE).notice.to == "lea.dumas@verre-clair.example"
    known = Debtor(id="D", name="Garage Morel", legal_id="123", vat_number="FR1")
    company = replace(known, address=("1 rue X",), ibans=("FR7",))
    assert redacted(company, WHOLE) == known
    consumer = replace(company, kind=DebtorKind.CONSUMER)
    assert redacted(consumer, WHOLE) == Debtor(id="D", name=ERASED, kind=DebtorKind.CONSUMER)
    everybody = whom(
        e.entries_after(0, [(claimed("n1", "F1", to=PAUL, cc=("lea@ours.example",)), "")], at=AT, who="t"),
        ours=("Lea@ours.example",),
    )
    assert everybody.addresses == {PAUL}


def test_of_what_a_bank_said_the_reference_stays_by_which_it_takes_money_back() -> None:
    credit = Credit(
        id="bank-1", kind=CreditKind.PAYMENT, on=TODAY, amount=eur("1"), remaining=eur("0"),
        reference="M PAUL MOREL VIR SEPA paul75@x.example F2026-001 RF18539007547034 NOTPROVIDED",
    )  # fmt: skip
    assert redacted(credit, WHOLE).reference == "F2026-001 RF18539007547034"


# --- what stands in the way


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        (None, "open"),
        (e.DisputeOpened(dispute=Dispute(id="d", numbers=("F1",), reason="price", opened_on=TODAY)), "disputed"),
        (e.PromiseMade(promise=Promise(id="p", numbers=("F1",), made_on=TODAY, pay_on=TODAY, grace_on=TODAY)),
         "promised"),
        (e.PlanAgreed(plan=plan("plan", "F1")), "plan"),
        (e.TaskRaised(task=Task(id="t", kind=TaskKind.FILE_COURT_ORDER, raised_on=TODAY, due_on=TODAY, reason="",
                                numbers=("F1",))), "court"),
        (e.DebtDeclared(on=TODAY), "court"),
    ],
)  # fmt: skip
def test_an_open_invoice_stands_in_the_way_and_is_named_with_its_state(what: e.Event | None, kind: str) -> None:
    file = file_of(case("F1", "2026-03-10"))
    file = after(file, what) if what else file
    first, *_ = obstacles(file, home=HOME, rules=law_rules())
    assert (first.kind, first.about, first.on, first.amount) == (kind, "F1", date(2031, 3, 10), eur("1200.00"))
    assert "invoice F1 is " in str(first)
    french = in_words(str(first), "fr").replace("\u00a0", " ").replace("\u202f", " ")
    assert french.startswith("la facture F1 est ")
    assert french.endswith("le délai pour aller en justice finit le 10 mars 2031")
    assert "the time to go to court ends on 2031-03-10" in str(first)
    assert "1200.00 EUR" in str(first)


def test_a_consumers_claim_lapses_after_two_years() -> None:
    file = file_of(case("F1", "2026-03-10"), kind=DebtorKind.CONSUMER)
    assert [o.on for o in obstacles(file, home=HOME, rules=law_rules())] == [date(2028, 3, 10)]


def test_a_paid_invoice_stands_in_nobodys_way() -> None:
    file = after(file_of(case("F1", "2026-03-10", "100.00")), *paid("F1"))
    assert obstacles(file, home=HOME, rules=law_rules()) == ()


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        (e.PaymentClaimed(claim=PaymentClaim(id="c", numbers=("F1",), claimed_on=TODAY, hold_on=TODAY,
                                             state=ClaimState.OPEN)), "announced"),
        (e.DisputeOpened(dispute=Dispute(id="d", numbers=("F1",), reason="x", opened_on=TODAY)), "dispute"),
        (e.TaskRaised(task=Task(id="t", kind=TaskKind.DECLARE_CLAIM, raised_on=TODAY, due_on=TODAY, reason="")),
         "task"),
        (e.TaskRaised(task=Task(id="t", kind=TaskKind.REVIEW_MAIL, raised_on=TODAY, due_on=TODAY, reason="",
                                mail="m")), "mail"),
        (ordered("o1"), "order"),
        (claimed("n1"), "sending"),
    ],
)  # fmt: skip
def test_what_is_under_way_stands_in_the_way_though_all_is_paid(what: e.Event, kind: str) -> None:
    file = after(file_of(case("F1", "2026-03-10", "100.00")), *paid("F1"), what)
    (found,) = obstacles(file, home=HOME, rules=law_rules())
    assert found.kind == kind
    assert ": possible " in str(found)


def test_a_task_to_find_an_address_is_closed_with_the_erasure() -> None:
    file = after(file_of(case("F1", "2026-03-10", "100.00")), *paid("F1"), task("find"))
    assert obstacles(file, home=HOME, rules=law_rules()) == ()
    happened = [event for event, _ in redactions(file, WHOLE, at=AT)]
    assert isinstance(happened[0], e.TaskClosed)
    assert not after(file, *happened).open_tasks()


def test_many_records_are_redacted_a_few_at_a_time() -> None:
    file = after(file_of(case("F1", "2026-03-10")), *(called(f"c{n}", "F1") for n in range(120)))
    happened = [event for event, _ in redactions(file, WHOLE, at=AT)]
    assert max(len(event.calls) for event in happened if isinstance(event, e.RecordsRedacted)) <= 25
    assert all(call.note == ERASED for call in after(file, *happened).calls.values())


# --- a person leaves while the claim goes on


def test_whoever_has_left_leaves_the_contacts_and_stands_in_for_nobody() -> None:
    marie = Contact(id="director", email=MARIE, deputy=PAUL, away_until=TODAY + timedelta(days=3))
    file = after(file_of(case("F1", "2026-03-10")), e.ContactSet(contact=marie))
    journal = e.entries_after(0, [(e.ContactSet(contact=c), "") for c in file.contacts.values()], at=AT, who="t")
    paul = whom(journal, address=PAUL)
    left = after(file, *(event for event, _ in left_contact(file, paul)))
    assert left.contact_at(PAUL) is None
    assert left.contacts["director"] == replace(marie, deputy="")
    assert left.cases == file.cases


def test_somebody_must_stay_who_can_be_written_to() -> None:
    file = file_of(case("F1", "2026-03-10"))
    on = paris("2026-03-12").date()
    assert not others_reachable(file, PAUL, on)
    dead = after(file, e.ContactSet(contact=Contact(id="director", email=MARIE, dead_since_on=on)))
    assert not others_reachable(dead, PAUL, on)
    assert others_reachable(after(file, e.ContactSet(contact=Contact(id="director", email=MARIE))), PAUL, on)


def test_the_mark_of_an_erased_address_tells_it_from_others_and_debtors_apart() -> None:
    assert fingerprint("C1", PAUL) == fingerprint("C1", PAUL.upper())
    assert len({fingerprint("C1", PAUL), fingerprint("C2", PAUL), fingerprint("C1", MARIE)}) == 3
    assert "paul" not in fingerprint("C1", PAUL)
