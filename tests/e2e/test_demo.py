"""The demonstration's sixty days, judged by what its clients know: when they paid, what they wrote, what they got.

One run for all tests. What the program believes is read from its table only to be compared with that.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import zipfile
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email import policy
from email.parser import BytesParser
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import pytest
from pypdf import PdfReader

from chalicelib.banking.read import read_statements
from chalicelib.domain.apply import apply_all
from chalicelib.domain.calendar import zone_of
from chalicelib.domain.debtor_file import (
    DESK,
    CreditKind,
    DebtorFile,
    LetterState,
    Notice,
    PlanState,
    PromiseState,
    TaskKind,
)
from chalicelib.domain.events import (
    CreditAllocated,
    CreditReceived,
    Entry,
    FormalNoticeApproved,
    ReplyReceived,
    TaskClosed,
    TaskRaised,
)
from chalicelib.domain.money import Money
from chalicelib.domain.propose import Action, Plan, propose
from chalicelib.einvoicing.read import read_invoice
from chalicelib.pipeline.import_dropped import WHO as IMPORT
from chalicelib.pipeline.keep import office_of
from chalicelib.ports import MailRecord, MailState
from demo.__main__ import main
from demo.chronicle import Chronicle, Got, Said
from demo.clients import GONE
from demo.company import AS_FACTUR_X
from demo.play import Played

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.slow]

FINANCE = "finance@ateliers-kerbrat.example"
DIRECTOR = "Hélène Kerbrat"
CALLED = ("call", "broken_promise")
GRACE_BUSINESS_DAYS = {"": 2, "public_body": 5, "key_account": 3}
HOLD_BUSINESS_DAYS = {"": 5, "public_body": 10, "key_account": 5}

NO_ANSWER = frozenset({"forged", "absence", "acknowledgement", "newsletter", "stranger"})
INTENTS = {
    "promise": "promise_to_pay", "vague": "promise_to_pay", "unknown_sender": "promise_to_pay",
    "remittance": "remittance", "dispute": "dispute", "plan": "payment_plan_request",
    "document": "document_request", "contact": "contact_change", "complaint": "complaint",
    "insolvency": "insolvency",
}  # fmt: skip


@dataclass
class Seen:
    """What the run left, taken while everything was up."""

    state: Path
    code: int = -1
    printed: str = ""
    chronicle: Chronicle = field(default=None)  # type: ignore[assignment]
    files: dict[str, DebtorFile] = field(default_factory=dict)
    journals: dict[str, list[Entry]] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    mails: tuple[bytes, ...] = ()
    records: dict[str, MailRecord] = field(default_factory=dict)
    mail_rows: int = 0
    dead_letters: dict[str, int] = field(default_factory=dict)

    def look(self, played: Played) -> None:
        stage = played.stage
        self.chronicle, self.mails = played.chronicle, played.mails
        self.dead_letters = stage.dead_letters()
        office = office_of(stage.parts)
        for id_ in stage.parts.store.debtor_ids():
            file = stage.parts.store.load(id_, whole=True)
            assert file is not None
            self.files[id_] = file
            self.journals[id_] = list(stage.parts.store.journal(id_))
            self.plans[id_] = propose(file, office, at=self.chronicle.last_run_at or stage.clock.at)
        for said in self.chronicle.said:
            if record := stage.parts.mail_log.get(said.id):
                self.records[said.id] = record
        self.mail_rows = stage.count_rows("MAIL#")

    def notice(self, got: Got) -> Notice:
        """The notice that a delivered mail is, by the token in its Reply-To."""
        token = got.mail.reply_to.partition("+")[2].partition("@")[0]
        found = self.notices.get(token, [])
        assert len(found) == 1, f"{got.account}: {len(found)} notices have the token of a mail that arrived"
        return found[0]

    @cached_property
    def notices(self) -> dict[str, list[Notice]]:
        by_token: dict[str, list[Notice]] = {}
        for notice in (n for f in self.files.values() for n in f.notices.values()):
            by_token.setdefault(notice.token, []).append(notice)
        return by_token

    @cached_property
    def asked(self) -> list[tuple[Got, str, datetime]]:
        """Every delivered reminder with each invoice that it takes a step for, and when it left."""
        return [
            (got, number, got.mail.sent_at.astimezone(UTC))
            for got in self.reminders
            for number, _ in self.notice(got).takes
        ]

    @cached_property
    def reminders(self) -> list[Got]:
        """Every mail that chases: not those that put into writing what was said."""
        return [got for got in self.chronicle.got if not self.notice(got).ordered]


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    state = tmp_path_factory.mktemp("demo") / "state"
    result = Seen(state)
    said, complained = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(complained):
        patch.setenv("CI", "true")
        last_day = os.environ.get("RELANCE_DEMO_LAST_DAY", "")
        on = ["--last-day", last_day] if last_day else []
        result.code = main(["--state", str(state), *on], look=result.look)
    result.printed = said.getvalue()
    if result.code != 0:
        pytest.fail(f"{result.printed}\n{complained.getvalue()}")
    return result


def test_the_demonstration_ends_with_0_and_leaves_no_dead_letters(seen: Seen) -> None:
    assert seen.code == 0
    assert seen.dead_letters == {}
    assert "Mails sent:" in seen.printed
    assert len(seen.printed.splitlines()) < 200
    assert len(seen.chronicle.books.clients) >= 40
    assert len(seen.chronicle.books.sales) >= 150
    assert (seen.chronicle.last_day - seen.chronicle.first_day).days == 59


def test_no_reminder_leaves_for_an_invoice_whose_payment_was_imported(seen: Seen) -> None:
    wrong = []
    for got, number, at in seen.asked:
        known = [p for p in seen.chronicle.paid if p.imported_at and p.imported_at <= at]
        paid = sum((amount for p in known for n, amount in p.meant if n == number), Decimal())
        if paid >= seen.chronicle.books.sales[number].amount:
            wrong.append(f"{got.account} {number}: paid, and reminded at {at}")
    assert wrong == []
    assert any(p.imported_at for p in seen.chronicle.paid)


def test_a_statement_of_the_bank_is_imported_every_business_day_and_none_refused(seen: Seen) -> None:
    told = seen.chronicle
    off = holidays.country_holidays("FR", years=[told.first_day.year, told.last_day.year])
    days = [told.first_day + timedelta(days=n) for n in range((told.last_day - told.first_day).days + 1)]
    open_days = [d for d in days if d == told.first_day or (d.weekday() < 5 and d not in off)]
    assert len(told.statements) in (len(open_days), len(open_days) - 1)  # today's may still be to come
    assert [t for t in seen.files[DESK].tasks.values() if t.kind is TaskKind.LEDGER] == []
    balances: dict[str, Money] = {}
    for raw in told.statements:
        for statement in read_statements(raw, name="statement"):
            assert statement.source.startswith("camt.053")
            assert statement.opening is not None
            assert statement.closing is not None
            signs = {"credit": 1, "debit": -1, "charge": -1}
            moved = sum((e.amount.amount * signs[e.kind.value] for e in statement.entries), Decimal())
            assert statement.opening.amount + moved == statement.closing.amount
            assert balances.get(statement.account, statement.opening) == statement.opening
            balances[statement.account] = statement.closing
    assert {b.currency for b in balances.values()} == {"EUR", "GBP"}


def test_each_payment_is_recorded_once_on_the_file_of_whoever_paid(seen: Seen) -> None:
    paid = Counter(
        (t.account, t.on, t.amount, t.currency) for p in seen.chronicle.paid if p.imported_at for t in (p.transfer,)
    )
    recorded = Counter(
        (id_, c.on, c.amount.amount, c.amount.currency)
        for id_, file in seen.files.items()
        for c in file.credits.values()
        if c.kind is CreditKind.PAYMENT
    )
    assert recorded == paid
    assert paid.total() > 60
    assert seen.chronicle.sent_again  # and one statement came twice


def test_a_payment_settles_what_its_payer_meant_or_waits_as_a_task(seen: Seen) -> None:
    meant: dict[tuple[object, ...], set[str]] = {}
    for paid in seen.chronicle.paid:
        t = paid.transfer
        meant.setdefault((t.account, t.on, t.amount, t.currency), set()).update(n for n, _ in paid.meant)
    alone: set[str] = set()
    waited: set[str] = set()
    wrong = []
    for id_, journal in seen.journals.items():
        file = seen.files[id_]
        received = [e.event.credit for e in journal if isinstance(e.event, CreditReceived)]
        for credit in (c for c in received if c.kind is CreditKind.PAYMENT):
            task = f"{TaskKind.ALLOCATE_PAYMENT}-{credit.id}"
            allocated = [
                e for e in journal if isinstance(e.event, CreditAllocated) and e.event.credit_id == credit.id
            ]
            key = (id_, credit.on, credit.amount.amount, credit.amount.currency)
            numbers = {e.event.number for e in allocated if isinstance(e.event, CreditAllocated)}
            if not numbers <= meant[key]:
                wrong.append(f"{id_}: {credit.reference} settled {numbers}, meant was {meant[key]}")
            if any(isinstance(e.event, TaskRaised) and e.event.task.id == task for e in journal):
                waited.add(credit.id)
                assert not any(e.who == IMPORT for e in allocated), credit.reference
            else:
                alone.add(credit.id)
                assert allocated, credit.reference
            if not allocated:
                assert file.tasks[task].is_open, credit.reference
    assert wrong == []
    assert len(waited) >= 2
    assert len(alone) > 4 * len(waited)


def test_reminders_enclose_the_invoices_that_came_as_documents_and_no_others(seen: Seen) -> None:
    enclosed: set[str] = set()
    for got in seen.reminders:
        if seen.notice(got).letter:
            continue
        mail = BytesParser(policy=policy.default).parsebytes(got.delivery.raw)
        pdfs = [a.get_content() for a in mail.iter_attachments() if a.get_content_type() == "application/pdf"]
        numbers = {read_invoice(pdf).number for pdf in pdfs}
        taken = {n for n, _ in seen.notice(got).takes}
        # Beside what is late, what falls due soon is only listed.
        late = {n for n in taken if seen.chronicle.books.sales[n].due_on < _local(got.mail.sent_at)}
        taken = (late or taken) & AS_FACTUR_X
        assert taken <= numbers <= AS_FACTUR_X, f"{got.account}: {taken} asked, {numbers} enclosed"
        enclosed |= numbers
    assert len(enclosed) >= 5
    for number in AS_FACTUR_X:
        sale = seen.chronicle.books.sales[number]
        case = seen.files[sale.account].cases[number]
        assert case.document.endswith(".pdf")
        assert (case.amount.amount, case.due_on) == (sale.amount, sale.due_on)


def test_no_reminder_leaves_for_a_disputed_invoice(seen: Seen) -> None:
    disputes = _meant(seen, "dispute")
    for sale in seen.chronicle.books.sales.values():
        if sale.disputed:
            disputes.append((sale.account, sale.number, _instant(sale.entered_on), date.max))
    assert len(disputes) >= 3
    resolved = {
        (w.account, n): w.at for w in seen.chronicle.worked if w.kind == TaskKind.ANSWER_DISPUTE for n in w.numbers
    } | {
        (s.account, s.takes_back): _instant(s.entered_on) for s in seen.chronicle.books.sales.values() if s.takes_back
    }
    wrong = [
        f"{account} {number}: disputed since {since}, and reminded at {at}"
        for account, number, since, _ in disputes
        for got, asked, at in seen.asked
        if asked == number and since <= at < resolved.get((account, number), datetime.max.replace(tzinfo=UTC))
    ]
    assert wrong == []


def test_no_reminder_leaves_for_a_promised_invoice_until_the_grace_is_over(seen: Seen) -> None:
    by_phone = [w for w in seen.chronicle.worked if w.outcome == "promised" and w.on]
    promises = [
        *((*promise, None) for promise in _meant(seen, "promise")),
        *((w.account, n, w.at, w.on or date.max, w.amount) for w in by_phone for n in w.numbers),
    ]
    assert len(promises) >= 8
    wrong = []
    for account, number, since, day, part in promises:
        until = _add(day, GRACE_BUSINESS_DAYS[seen.chronicle.books.clients[account].policy])
        # A promised part that has come is a promise kept: of the rest nothing was said.
        kept_at = _imported(seen, number, since)[:1] if part else []
        wrong += [
            f"{account} {number}: promised for {day}, and reminded on {at}"
            for _, asked, at in seen.asked
            if asked == number and since <= at and _local(at) <= until and not (kept_at and kept_at[0] <= at)
        ]
    assert wrong == []


def test_no_reminder_leaves_for_an_announced_payment_until_the_bank_had_its_time(seen: Seen) -> None:
    announced = _meant(seen, "remittance")
    assert len(announced) >= 4
    wrong = []
    for account, number, since, _ in announced:
        until = _add(_local(since), HOLD_BUSINESS_DAYS[seen.chronicle.books.clients[account].policy])
        wrong += [
            f"{account} {number}: announced on {since}, and reminded on {at}"
            for _, asked, at in seen.asked
            if asked == number and since <= at and _local(at) <= until
        ]
    assert wrong == []


def test_nobody_writes_to_the_insolvent_or_to_whoever_asked_us_to_stop(seen: Seen) -> None:
    enough = ("insolvency", "complaint")
    silenced = [(s.account, s.read_at) for s in seen.chronicle.said for m in s.means if m.kind in enough]
    assert {account for account, _ in silenced} == {"C127", "C128"}
    for account, since in silenced:
        assert since is not None
        assert [g for g in seen.chronicle.got if g.account == account and g.mail.sent_at > since] == []


def test_mail_leaves_on_business_days_of_both_sides_and_in_the_clients_hours(seen: Seen) -> None:
    wrong = []
    for got in seen.chronicle.got:
        client = seen.chronicle.books.clients[got.account]
        here = got.mail.sent_at.astimezone(ZoneInfo("Europe/Paris"))
        there = got.mail.sent_at.astimezone(ZoneInfo(zone_of(client.country, "Europe/Paris")))
        closed_here = here.weekday() > 4 or here.date() in holidays.country_holidays("FR", years=here.year)
        away = holidays.country_holidays(client.country, years=there.year)
        closed_there = there.weekday() > 4 or there.date() in away
        if closed_here or closed_there or not 9 <= there.hour < 17:
            wrong.append(f"{got.account} ({client.country}): {there}")
    assert wrong == []
    assert len(seen.chronicle.got) > 100


def test_no_step_is_taken_twice_for_an_invoice_and_recipient(seen: Seen) -> None:
    taken = Counter(
        (got.account, number, step, got.delivery.recipients[0])
        for got in seen.reminders if not got.bounced
        for number, step in seen.notice(got).takes
    )  # fmt: skip
    assert [t for t, times in taken.items() if times > 1] == []


def test_a_debtor_gets_one_reminder_a_day_and_currency_at_most(seen: Seen) -> None:
    days = Counter((g.account, _local(g.mail.sent_at), seen.notice(g).currency) for g in seen.reminders)
    assert [d for d, times in days.items() if times > 1] == []


def test_what_the_clients_got_is_what_the_table_says_was_sent(seen: Seen) -> None:
    sent = [n for f in seen.files.values() for n in f.notices.values() if n.state in ("sent", "bounced")]
    told = [d for d in seen.chronicle.inside if d.recipients[0] != FINANCE]
    assert len(sent) == len(seen.chronicle.got) + len(seen.chronicle.refused) + len(told)
    assert len(told) == sum(n.internal for n in sent)
    assert len({n.message_id for n in sent}) == len(sent)
    files = sorted((seen.state / "mail" / "out").glob("*.eml"))
    assert len(files) == len(seen.chronicle.got) + len(seen.chronicle.inside)
    tokens, inside = {n.token for n in sent}, {d.number for d in seen.chronicle.inside}
    for path in files:
        mail = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
        if int(path.name[:5]) not in inside:
            assert str(mail["Reply-To"]).partition("+")[2].partition("@")[0] in tokens, path.name
        assert mail["Auto-Submitted"] == "auto-generated"


def test_every_mail_names_each_invoice_that_it_asks_for(seen: Seen) -> None:
    assert [(g.account, n) for g, n, _ in seen.asked if n not in g.mail.text] == []


def test_every_answer_has_exactly_one_record_and_none_is_left_unread(seen: Seen) -> None:
    said = [s.id for s in seen.chronicle.said if s.read_at]
    assert len(said) == len(set(said)) >= 25
    assert [id_ for id_ in said if id_ not in seen.records] == []
    assert [r.id for r in seen.records.values() if r.state is MailState.ARCHIVED] == []
    # Beside the clients' there are the reports of mail servers: one record each, and not one more.
    assert seen.mail_rows == len(set(seen.mails)) == len(list((seen.state / "mail" / "in").glob("*.eml")))
    for said_ in seen.chronicle.said:
        entries = [e for j in seen.journals.values() for e in j if _answers(e, said_)]
        unmatched = seen.records[said_.id].state is MailState.UNMATCHED
        nobodys = any(m.kind in ("newsletter", "unknown_sender", "stranger") for m in said_.means)
        assert len(entries) == (0 if unmatched or (not entries and nobodys) else 1), said_


def test_what_clients_mean_is_what_is_read(seen: Seen) -> None:
    """What the program acts on is what was meant; what it doubts is looked at by a person, and that is rare."""
    wrong, doubted = [], 0
    for said in seen.chronicle.said:
        meant = {INTENTS[m.kind] for m in said.means if m.kind in INTENTS}
        reading = seen.records[said.id].reading
        read = set(reading.get("intents") or ())
        if any(m.kind in NO_ANSWER for m in said.means) or read == meant:
            continue
        if reading.get("decision") == "review" and meant <= read:
            doubted += 1
        else:
            wrong.append(f"{said.account} on {said.at:%d %b}: meant {sorted(meant)}, read {sorted(read)}")
    assert wrong == []
    assert doubted <= 2


def test_what_clients_promised_stands_in_their_files_with_its_day(seen: Seen) -> None:
    wrong = []
    for account, number, _, day in _meant(seen, "promise"):
        promises = [p for p in seen.files[account].promises.values() if number in p.numbers and p.pay_on == day]
        if not promises:
            held = [(p.numbers, p.pay_on) for p in seen.files[account].promises.values()]
            wrong.append(f"{account} {number}: promised for {day}; the file has {held}")
    assert wrong == []


def test_a_promise_is_kept_or_broken_as_the_money_came(seen: Seen) -> None:
    checked = 0
    for account, number, _, day in _meant(seen, "promise"):
        grace = _add(day, GRACE_BUSINESS_DAYS[seen.chronicle.books.clients[account].policy])
        if grace >= seen.chronicle.last_day:
            continue
        replaced = [
            w for w in seen.chronicle.worked
            if number in w.numbers and (w.on or w.outcome == "agreed") and _local(w.at) <= grace and w.on != day
        ]  # fmt: skip
        if replaced:
            continue  # by another word of the same client
        imported = [_local(at) for at in _imported(seen, number)]
        promise = next(p for p in seen.files[account].promises.values() if number in p.numbers and p.pay_on == day)
        expected = PromiseState.KEPT if imported and max(imported) <= grace else PromiseState.BROKEN
        assert promise.state is expected, f"{account} {number}, promised for {day}, imported {imported}"
        checked += 1
    assert checked >= 4


def test_each_dead_or_silent_path_ends_in_a_task(seen: Seen) -> None:
    def kinds(account: str) -> set[TaskKind]:
        return {t.kind for t in seen.files[account].tasks.values()}

    assert TaskKind.DEAD_ADDRESS in kinds("C116")  # its server reports
    assert TaskKind.DEAD_ADDRESS in kinds("C117")  # its server refuses, the provider says so
    assert {TaskKind.CALL, TaskKind.APPROVE_NOTICE} <= kinds("C114")  # says nothing at all
    assert {TaskKind.CALL, TaskKind.APPROVE_NOTICE} <= kinds("C115")
    assert {TaskKind.CALL, TaskKind.APPROVE_NOTICE} <= kinds("C111")
    assert TaskKind.BROKEN_PROMISE in kinds("C103") | kinds("C138")
    assert TaskKind.BROKEN_PROMISE in kinds("C138")
    assert TaskKind.UNCONFIRMED_PAYMENT in kinds("C120")  # announced, never came
    assert TaskKind.ASK_PROMISE in kinds("C119")  # soon, one of these days
    assert TaskKind.NEGOTIATE_PLAN in kinds("C105")
    assert TaskKind.INSOLVENCY in kinds("C128")
    assert TaskKind.COMPLAINT in kinds("C127")
    assert TaskKind.CONFIRM_CONTACT in kinds("C108")
    assert {TaskKind.SEND_DOCUMENT, TaskKind.REVIEW_MAIL} & kinds("C109")
    assert TaskKind.SEND_DOCUMENT in kinds("C147")
    desk = [t for t in seen.files[DESK].tasks.values() if t.kind is TaskKind.REVIEW_MAIL]
    for kind in ("unknown_sender", "stranger"):
        mail = next(s for s in seen.chronicle.said if any(m.kind == kind for m in s.means))
        about = [t for t in (*desk, *seen.files["C143"].tasks.values()) if t.mail == mail.id]
        assert about, f"nobody looks at the mail of {kind}"


def test_whoever_paid_nothing_and_said_nothing_has_a_task_after_six_weeks(seen: Seen) -> None:
    spoke = {s.account for s in seen.chronicle.said} | {p.transfer.account for p in seen.chronicle.paid}
    silent = set(seen.chronicle.books.clients) - spoke
    assert silent
    for account in silent:
        oldest = min(s.due_on for s in seen.chronicle.books.of(account))
        if (seen.chronicle.last_day - max(oldest, seen.chronicle.first_day)).days > 42:
            assert seen.files[account].tasks, account


def test_a_forged_mail_changes_nothing_but_a_task_and_one_bounded_pause(seen: Seen) -> None:
    forged = next(s for s in seen.chronicle.said if any(m.kind == "forged" for m in s.means))
    entries = seen.journals["C134"]
    at = next(i for i, e in enumerate(entries) if _answers(e, forged))
    after = [type(e.event).__name__ for e in entries[at:] if e.at == entries[at].at]
    assert set(after) <= {"ReplyReceived", "BlockPlaced", "TaskRaised"}
    assert "TaskRaised" in after
    assert seen.files["C134"].claims == {}


def test_every_open_invoice_is_dealt_with_or_has_a_stated_reason(seen: Seen) -> None:
    for id_, file in seen.files.items():
        plan = seen.plans[id_]
        told = Counter([h.number for h in plan.held] + [n for p in plan.proposals for n, _ in p.takes])
        assert told == Counter(c.number for c in file.open_cases()), id_
        assert all(h.reason for h in plan.held), id_
        # Whatever was due has been done by the last run.
        assert [p for p in plan.proposals if p.action is not Action.NOTE] == [], id_


def test_a_call_was_closed_through_the_deployed_routes_by_whoever_signed(seen: Seen) -> None:
    by_routes = [
        entry
        for journal in seen.journals.values()
        for entry in journal
        if isinstance(entry.event, TaskClosed) and entry.who.startswith("arn:aws:iam:")
    ]
    assert [entry.event.outcome for entry in by_routes if isinstance(entry.event, TaskClosed)] == ["voicemail"]


def test_folding_every_journal_gives_the_file(seen: Seen) -> None:
    for id_, file in seen.files.items():
        assert apply_all(None, seen.journals[id_]) == file, id_
        assert [e.seq for e in seen.journals[id_]] == list(range(1, file.entries + 1))


def test_the_figures_in_demo_json_are_those_of_the_story(seen: Seen) -> None:
    left = json.loads((seen.state / "demo.json").read_text("utf-8"))
    figures = left["figures"]
    assert sum(figures["sent"].values()) == len(seen.chronicle.got) + len(seen.chronicle.refused)
    assert sum(figures["inside"].values()) == sum(d.recipients[0] != FINANCE for d in seen.chronicle.inside)
    assert figures["came_back"] == sum(g.bounced for g in seen.chronicle.got) + len(seen.chronicle.refused)
    assert sum(figures["answers"].values()) == len(seen.mails)
    tasks = [t for f in seen.files.values() for t in f.tasks.values()]
    assert sum(k["open"] for k in figures["tasks"].values()) == sum(t.is_open for t in tasks)
    assert sum(k["closed"] for k in figures["tasks"].values()) == sum(not t.is_open for t in tasks)
    entered = [s for s in seen.chronicle.books.sales.values() if s.entered_on <= seen.chronicle.last_day]
    assert sum(figures["cases"].values()) == sum(s.amount > 0 for s in entered)
    for currency in ("EUR", "GBP"):
        invoiced = sum((s.amount for s in entered if s.currency == currency), Decimal())
        collected = sum(
            (p.transfer.amount for p in seen.chronicle.paid if p.imported_at and p.transfer.currency == currency),
            Decimal(),
        )
        assert Decimal(figures["collected"][currency]) == collected
        still_open = Decimal(figures["still_open"][currency]) - Decimal(figures["unallocated"].get(currency, "0"))
        assert still_open == invoiced - collected
    assert left["routes"].startswith("http://127.0.0.1:")
    assert left["mail_page"].startswith("http://127.0.0.1:")
    assert left["sign_in"]


def test_an_import_of_the_ledger_that_comes_again_changes_nothing(seen: Seen) -> None:
    """Order numbers that were found came with a ledger that repeats known invoices."""
    corrected = seen.files["C106"]
    assert {c.purchase_order for c in corrected.cases.values()} >= {"PO-24-0933"}
    assert len(corrected.cases) == 3


# --- calls, agreements, letters


def test_what_was_said_on_the_phone_is_in_writing_the_same_day_and_our_notes_never(seen: Seen) -> None:
    calls = [w for w in seen.chronicle.worked if w.kind in CALLED and w.account not in GONE]
    outcomes = Counter(w.outcome for w in calls)
    assert {"promised", "reached", "refused", "agreed", "voicemail", "no_answer", "wrong_number"} <= set(outcomes)
    talked = [w for w in calls if w.outcome in ("promised", "reached", "refused", "agreed")]
    assert len(talked) >= 15
    unconfirmed = []
    for call in talked:
        mails = [
            g.mail.text for g in seen.chronicle.got
            if g.account == call.account and seen.notice(g).ordered and g.mail.sent_at >= call.at
            and _local(g.mail.sent_at) == _local(call.at)
        ]  # fmt: skip
        if not any(any(n in text for n in call.numbers) for text in mails):
            unconfirmed.append(f"{call.account}: {call.outcome} at {call.at}")
        assert not call.said or any(call.said in " ".join(text.split()) for text in mails), call
    assert unconfirmed == []
    notes = {c.note for f in seen.files.values() for c in f.calls.values() if len(c.note) > 10}
    assert notes
    assert [g.account for g in seen.chronicle.got if any(n in " ".join(g.mail.text.split()) for n in notes)] == []


def test_one_payment_plan_is_kept_and_one_is_broken_after_its_reminder(seen: Seen) -> None:
    told = seen.chronicle
    assert set(told.plans) == {"C105", "C138"}
    for account, instalments in told.plans.items():
        assert len(instalments) == 3
        plan = max(seen.files[account].plans.values(), key=lambda p: p.agreed_on)
        assert tuple((i.due_on, i.amount.amount) for i in plan.instalments) == instalments
        wrong = [
            f"{account} {n} at {at}" for g, n, at in seen.asked
            if g.account == account and n in plan.numbers
            and plan.agreed_on < _local(at) < (plan.ended_on or told.last_day)
        ]  # fmt: skip
        assert wrong == [], "nobody is chased about what a plan covers"
    kept = [p for p in seen.files["C105"].plans.values() if p.state is PlanState.KEPT]
    for plan in kept:
        paid = [p for p in told.paid if p.transfer.account == "C105" and p.transfer.number in plan.numbers]
        assert sum(p.transfer.amount for p in paid) == plan.owed.amount
        assert plan.ended_on
        assert plan.ended_on >= max(p.transfer.on for p in paid)
    assert kept
    (broken,) = seen.files["C138"].plans.values()
    assert broken.state is PlanState.BROKEN
    missed = broken.instalments[1].due_on
    mails = [(_local(g.mail.sent_at), g.mail.subject) for g in told.got if g.account == "C138"]
    (reminded,) = [day for day, subject in mails if subject.startswith("Payment plan: instalment of")]
    assert broken.ended_on
    assert missed < reminded < broken.ended_on
    after = [
        t for t in seen.files["C138"].tasks.values()
        if t.kind is TaskKind.BROKEN_PROMISE and t.raised_on == broken.ended_on
    ]  # fmt: skip
    assert [t.is_open for t in after] == [True]


def test_a_contested_invoice_is_settled_by_the_credit_note_that_the_ledger_brings(seen: Seen) -> None:
    (note,) = [s for s in seen.chronicle.books.sales.values() if s.takes_back]
    file = seen.files[note.account]
    case = file.cases[note.takes_back]
    assert (case.closed, case.balance.amount) == ("credited", Decimal())
    (dispute,) = [d for d in file.disputes.values() if note.takes_back in d.numbers]
    assert (dispute.resolution, dispute.resolved_on) == ("credit_note", note.entered_on)
    closed = [
        e for e in seen.journals[note.account]
        if isinstance(e.event, TaskClosed) and file.tasks[e.event.task_id].kind is TaskKind.ANSWER_DISPUTE
    ]  # fmt: skip
    assert [(e.who, _local(e.at)) for e in closed] == [(IMPORT, note.entered_on)]
    paid = {n for p in seen.chronicle.paid for n, _ in p.meant if p.transfer.account == note.account}
    assert note.takes_back not in paid


def test_sales_is_told_two_business_days_before_the_director_first_writes_to_a_client(seen: Seen) -> None:
    reps = {c.sales_rep for c in seen.chronicle.books.clients.values()}
    told: dict[str, date] = {}
    for delivery in seen.chronicle.inside:
        if delivery.recipients[0] in reps:
            mail = BytesParser(policy=policy.default).parsebytes(delivery.raw)
            body = mail.get_body(("plain",))
            assert body
            for number in re.findall(r"FK-\d{5}", str(body.get_content())):
                told.setdefault(number, _local(delivery.at))
    hard: dict[str, Got] = {}
    for got in seen.reminders:
        if got.mail.sender_name.startswith(DIRECTOR):
            hard.setdefault(got.account, got)
    wrong = []
    for account, got in hard.items():
        days = [told[n] for n, _ in seen.notice(got).takes if n in told]
        if not days or _add(min(days), 2) > _local(got.mail.sent_at):
            wrong.append(f"{account}: told {days}, written {got.mail.sent_at}")
    assert wrong == []
    assert len(hard) >= 5


def test_who_can_never_be_reached_is_unpaid_and_then_a_managers(seen: Seen) -> None:
    calls = [w for w in seen.chronicle.worked if w.account == "C111" and w.kind in CALLED]
    assert [w.outcome for w in calls] == ["no_answer", "voicemail", "no_answer"]
    since = {c.unpaid_since_on for c in seen.files["C111"].cases.values() if c.unpaid_since_on}
    assert since == {_local(calls[-1].at)}
    asked = [t for t in seen.files["C111"].tasks.values() if t.kind is TaskKind.APPROVE_NOTICE]
    assert _local(calls[-1].at) <= min(t.raised_on for t in asked) <= _add(_local(calls[-1].at), 8)


def test_a_formal_notice_leaves_with_the_directors_approval_alone_and_once(seen: Seen) -> None:
    formal = [g for g in seen.chronicle.got if re.match(r"Mise en demeure|Formal notice", g.mail.subject)]
    assert Counter(g.account for g in formal) == {"C111": 1, "C114": 1}
    for got in formal:
        approvals = [e for e in seen.journals[got.account] if isinstance(e.event, FormalNoticeApproved)]
        assert [e.who for e in approvals] == ["helene.kerbrat"]
        assert approvals[0].at < got.mail.sent_at
    closed = [e for e in seen.journals["C115"] if isinstance(e.event, TaskClosed) and e.event.outcome == "rejected"]
    assert [e.who for e in closed] == ["helene.kerbrat"]
    assert seen.files["C115"].letters == {}
    assert [id_ for id_, f in seen.files.items() if f.letters] == ["C111", "C114"]


def test_the_letter_demands_what_is_owed_and_is_enclosed_archived_and_shown(seen: Seen) -> None:
    (got,) = [g for g in seen.chronicle.got if g.mail.subject.startswith("Mise en demeure")]
    mail = BytesParser(policy=policy.default).parsebytes(got.delivery.raw)
    enclosed = [a.get_content() for a in mail.iter_attachments() if a.get_content_type() == "application/pdf"]
    shown = (seen.state / "formal-notice-C114.pdf").read_bytes()
    assert shown in enclosed
    (letter,) = seen.files["C114"].letters.values()
    assert letter.sha256 == sha256(shown).hexdigest()
    assert (letter.state, letter.tracking) == (LetterState.DELIVERED, "1A 203 114 7780 5")
    text = " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(shown)).pages)
    client, on = seen.chronicle.books.clients["C114"], _local(got.mail.sent_at)
    due = [s.number for s in seen.chronicle.books.of("C114") if s.due_on < on and s.entered_on <= on]
    paid = {n for p in seen.chronicle.paid for n, _ in p.meant}
    assert [n for n in due if n not in paid and n not in text] == []
    for words in (
        "MISE EN DEMEURE", "Menuiserie Le Bihan & Fils", client.legal_id, *client.address.split("|"), DIRECTOR,
        "123 456 782 RCS Quimper", "L441-10", "Un échéancier écrit reste possible", "Dernière relance", "Appel",
    ):  # fmt: skip
        assert words in text, words
    assert "formal-notice-C114.pdf" in seen.printed


def test_sales_holds_deliveries_to_the_oldest_debtor(seen: Seen) -> None:
    (closed,) = [w for w in seen.chronicle.worked if w.kind == TaskKind.CREDIT_HOLD]
    assert (closed.account, closed.outcome) == ("C111", "hold")
    oldest = min(s.due_on for s in seen.chronicle.books.of("C111"))
    task = seen.files["C111"].tasks[closed.id]
    assert (task.raised_on - oldest).days >= 60
    assert seen.files["C111"].credit_held_since_on == _local(closed.at)


def test_the_claim_on_the_insolvent_is_to_be_declared_within_two_months(seen: Seen) -> None:
    (confirmed,) = [w for w in seen.chronicle.worked if w.kind == TaskKind.INSOLVENCY]
    assert confirmed.on
    (task,) = [t for t in seen.files[confirmed.account].tasks.values() if t.kind is TaskKind.DECLARE_CLAIM]
    months = confirmed.on.month + 1
    first = date(confirmed.on.year + months // 12, months % 12 + 1, 1)
    assert task.is_open
    assert task.deadline_on
    assert task.deadline_on.replace(day=1) == first
    assert task.deadline_on.day in (confirmed.on.day, *range(28, confirmed.on.day))


def test_the_litigation_file_holds_what_happened_and_names_what_it_lacks(seen: Seen) -> None:
    with zipfile.ZipFile(seen.state / "litigation-C114.zip") as zipped:
        content = {name: zipped.read(name) for name in zipped.namelist()}
    assert (seen.state / "formal-notice-C114.pdf").read_bytes() in content.values()
    (index,) = [raw for name, raw in content.items() if name.endswith("index.csv")]
    rows = list(csv.reader(io.StringIO(index.decode("utf-8-sig")), delimiter=";"))
    hashes = {row[0]: row[4] for row in rows[1:] if row[4]}
    by_name = {name.partition("/")[2] if name not in hashes else name: raw for name, raw in content.items()}
    assert len(hashes) >= 10
    assert [name for name, hash_ in hashes.items() if sha256(by_name[name]).hexdigest() != hash_] == []
    mails = [name for name in content if name.endswith(".eml")]
    assert len(mails) >= sum(g.account == "C114" for g in seen.chronicle.got)
    assert any("MANQUANT" in " ".join(row) for row in rows), "its invoices came without documents"
    assert "litigation-C114.zip" in seen.printed


def test_finance_gets_one_review_each_monday_with_its_chart(seen: Seen) -> None:
    days = [seen.chronicle.first_day + timedelta(days=n) for n in range(60)]
    reviews = [d for d in seen.chronicle.inside if d.recipients == (FINANCE,)]
    mondays = [d for d in days if d.weekday() == 0 and (d < seen.chronicle.last_day or len(reviews) > 8)]
    assert [_local(d.at) for d in reviews] == mondays
    mail = BytesParser(policy=policy.default).parsebytes(reviews[-1].raw)
    pictures = [p.get_content() for p in mail.walk() if p.get_content_type() == "image/png"]
    assert [p[:8] for p in pictures] == [b"\x89PNG\r\n\x1a\n"]
    shown = json.loads((seen.state / "demo.json").read_text("utf-8"))["exhibits"]["review"]
    assert (seen.state / shown).read_bytes() == reviews[-1].raw


def test_nobody_is_told_of_blindness_for_the_mailbox_is_read_before_the_hours_that_need_it(seen: Seen) -> None:
    assert [t for t in seen.files[DESK].tasks.values() if t.kind in (TaskKind.BLIND, TaskKind.MAILBOX)] == []
    assert [t for f in seen.files.values() for t in f.tasks.values() if t.kind is TaskKind.REFUSED_MAIL] == []


def test_whoever_looks_at_the_end_finds_work_of_every_kind(seen: Seen) -> None:
    left = {t.kind for f in seen.files.values() for t in f.tasks.values() if t.is_open}
    for kind in (
        TaskKind.CALL, TaskKind.APPROVE_NOTICE, TaskKind.CHOOSE_ACTION, TaskKind.POST_LETTER, TaskKind.REVIEW_MAIL,
        TaskKind.ANSWER_DISPUTE, TaskKind.SEND_DOCUMENT, TaskKind.NEGOTIATE_PLAN, TaskKind.CONFIRM_CONTACT,
        TaskKind.DEAD_ADDRESS, TaskKind.WRONG_PHONE, TaskKind.BROKEN_PROMISE, TaskKind.UNCONFIRMED_PAYMENT,
        TaskKind.COMPLAINT, TaskKind.TIME_BAR, TaskKind.ALLOCATE_PAYMENT, TaskKind.CREDIT_HOLD,
        TaskKind.DECLARE_CLAIM, TaskKind.FILE_COURT_ORDER,
    ):  # fmt: skip
        assert kind in left, kind
    states = {r.state for r in seen.records.values()}
    assert {MailState.READ, MailState.UNMATCHED, MailState.QUARANTINED} <= states


def test_the_page_about_the_demonstration_names_what_it_leaves_and_whom_it_plays(seen: Seen) -> None:
    page = (Path(__file__).parents[2] / "docs" / "demo.md").read_text("utf-8")
    left = page.partition("## What it leaves")[2]
    named = re.findall(r"`([\w.-]+\.(?:pdf|zip|json|log)|[\w/]+/)`", left.replace("`.relance/`", ""))
    assert len(named) >= 6
    assert [name for name in named if not (seen.state / name).exists()] == []
    clients = seen.chronicle.books.clients
    told = re.findall(r"^\| (C\d{3}) ([^|]+?) \|", page, re.MULTILINE)
    assert len(told) >= 15
    assert [f"{account} {name}" for account, name in told if name not in clients[account].name] == []
    assert f"Of the {sum(s.amount > 0 for s in seen.chronicle.books.sales.values())} invoices" in page


def _meant(seen: Seen, kind: str) -> list[tuple[str, str, datetime, date]]:
    """(account, invoice, since when our program could know, day) of what clients meant by their mails."""
    return [
        (said.account, number, said.read_at, meaning.day or date.max)
        for said in seen.chronicle.said
        for meaning in said.means
        if meaning.kind == kind and said.read_at
        for number in meaning.numbers
    ]


def _imported(seen: Seen, number: str, since: datetime | None = None) -> list[datetime]:
    """When our program was told of each payment for an invoice."""
    told = [p.imported_at for p in seen.chronicle.paid for n, _ in p.meant if n == number and p.imported_at]
    return sorted(at for at in told if since is None or at > since)


def _answers(entry: Entry, said: Said) -> bool:
    return isinstance(entry.event, ReplyReceived) and entry.event.mail == said.id


def _local(at: datetime) -> date:
    return at.astimezone(ZoneInfo("Europe/Paris")).date()


def _instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _add(day: date, business_days: int) -> date:
    """Business days of France after a day, counted here and not by the program's own calendar."""
    off = holidays.country_holidays("FR", years=[day.year, day.year + 1])
    while business_days:
        day += timedelta(days=1)
        business_days -= day.weekday() < 5 and day not in off
    return day
