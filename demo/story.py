"""Sixty days, ending today: ledgers come in, schedules fire, clients read, answer and pay, a person works."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from zoneinfo import ZoneInfo

from demo import clients, person
from demo.bank import Bank
from demo.chronicle import Chronicle, Got, Paid, Said, Worked
from demo.company import HOME, invoices_csv, read_books
from demo.factur_x import factur_x
from demo.letters import Received, read_received, write_letter
from demo.scene import Act, Pays, Says, Scene
from demo.stage import Stage

DAYS = 60
_CONFIRMS = re.compile(
    r"Suite à notre|Following our|Échéancier|Payment plan|Vos? (?:répon|factu|récl)|Your (?:reply|invoi|query)"
)
"""Subjects of our mails that put into writing what was said: whoever said it has nothing to answer."""

ZONE = ZoneInfo("Europe/Paris")


class Story:
    """The days, one after the other. `progress` is told after each what it brought."""

    def __init__(self, stage: Stage, *, today: date, days: int = DAYS) -> None:
        first = today - timedelta(days=days - 1)
        self.stage = stage
        self.chronicle = Chronicle(first_day=first, last_day=today, books=read_books(first))
        self._account = Bank(stage.creditor, self.chronicle.books)
        self._waiting: list[tuple[datetime, str, bytes, Says]] = []  # clients' mails not yet handed in
        self._orders: dict[str, str] = {}  # order numbers found meanwhile
        self._reminders: dict[str, int] = {}  # our mails about something overdue, by account
        self._seen = 0  # deliveries looked at
        self._of_domain = {
            c.email.rpartition("@")[2]: c.account for c in self.chronicle.books.clients.values()
        } | {a.rpartition("@")[2]: account for account, a in clients.NEW_ADDRESS.items()}

    def play(self, progress: Callable[[date, Chronicle], None]) -> Chronicle:
        """Every day up to today; of today what has already been by the real clock."""
        for account in clients.GONE:
            email = self.chronicle.books.clients[account].email
            if account == "C117":
                self.stage.server.refuse(email, "550 5.1.1 no such user here")
            else:
                self.stage.server.bounce(email)
        self.stage.play_clock()
        day = self.chronicle.first_day
        while day <= self.chronicle.last_day:
            self._day(day)
            progress(day, self.chronicle)
            day += timedelta(days=1)
        self._come_to_now()
        self.stage.real_clock()
        self.chronicle.worked.extend(person.work_by_routes(self.stage.ask, at=datetime.now(UTC)))
        return self.chronicle

    def _come_to_now(self) -> None:
        """The story ends between two polls: whoever looks at it now finds mailbox and numbers as fresh as they are."""
        now = min(datetime.now(UTC).replace(microsecond=0), _at(self.chronicle.last_day, "19:00"))
        self._poll(now)
        self.stage.quiet()
        self._count(now)
        self.stage.fire("Watch", now)

    def _count(self, at: datetime) -> None:
        """The numbers of the day, and on Mondays the review of the week."""
        self.stage.fire("Numbers", at)
        self.stage.await_mail()
        self._read_ours(_local_day(at), at)

    def _day(self, day: date) -> None:
        works = HOME.is_business_day(day)
        scenes: list[tuple[str, Callable[[datetime], object]]] = []
        if day.weekday() == 0:
            scenes.append(("07:35", self._count))
        if day == self.chronicle.first_day or works:
            scenes += [("08:10", lambda at: self._enter(day, at)), ("08:20", lambda at: self._bank(day, at))]
        scenes.append(("08:55", self._poll))
        if day.weekday() < 5:
            scenes += [("09:05", lambda at: self._run(day, at)), ("10:05", lambda at: self._run(day, at))]
        scenes += [("12:00", lambda _: self._habits(day)), ("13:55", self._poll_if_any)]
        if works:
            scenes += [("14:05", lambda at: self._work(day, at)), ("14:35", lambda at: self._run_if_worked(day, at))]
            scenes.append(("14:50", lambda at: self.stage.fire("Watch", at)))
        for clock, scene in scenes:
            at = _at(day, clock)
            if at <= datetime.now(UTC):
                scene(at)

    def _enter(self, day: date, at: datetime) -> None:
        """The weekly export of the accounting program: what is new, and the order numbers found since.

        Some of the new ones lie beside it as Factur-X, and so do credit notes.
        """
        books = self.chronicle.books
        sales = books.sales
        new = [s for s in sales.values() if s.entered_on == day or (s.entered_on < day == self.chronicle.first_day)]
        corrected = [sales[n] for n in self._orders if sales[n] not in new]
        listed = [s for s in new if not s.is_document]
        if listed or (corrected and day.weekday() == 0):
            self.stage.drop(f"invoices/{day}.csv", invoices_csv(books, listed + corrected), at)
            if corrected:
                self._orders.clear()
        for sale in new:
            if sale.is_document:
                document = factur_x(sale, books.clients[sale.account], self.stage.creditor)
                self.stage.drop(f"invoices/{sale.number}.pdf", document, at)

    def _bank(self, day: date, at: datetime) -> None:
        """The bank's statement of the days before; without an entry it still says that nothing came."""
        new = [i for i, p in enumerate(self.chronicle.paid) if p.imported_at is None and p.transfer.on < day]
        for i in new:
            self.chronicle.paid[i] = replace(self.chronicle.paid[i], imported_at=at)
        transfers = [self.chronicle.paid[i].transfer for i in new]
        statement = self._account.statement(transfers, to=day - timedelta(days=1), at=at)
        self.chronicle.statements.append(statement)
        self.stage.drop(f"statements/{day}.xml", statement, at)
        if len(transfers) > 2 and not self.chronicle.sent_again:
            # It happens that a bank's statement is fetched twice.
            self.chronicle.sent_again.append(f"statements/{day}-2.xml")
            self.stage.drop(self.chronicle.sent_again[0], statement, at)

    def _poll(self, at: datetime) -> None:
        """Clients' mails reach the mailbox, each at its own time; then ours is collected."""
        ready = sorted((w for w in self._waiting if w[0] <= at), key=lambda w: w[0])
        self._waiting = [w for w in self._waiting if w[0] > at]
        for sent_at, account, raw, act in ready:
            self.stage.clock.at = sent_at
            letter = act.letter
            to = act.answers.reply_to if act.answers else self.stage.creditor.mailbox
            self.stage.hand_in(raw, sender=letter.envelope or letter.email, to=to)
            taken = self.stage.server.deliveries()[-1].raw
            self.chronicle.said.append(
                Said(account=account, at=sent_at, id=sha256(taken).hexdigest(), means=act.means, read_at=at)
            )
        found = self.stage.fire("MailboxPoll", at)
        if found.get("fetched"):
            self.stage.quiet("Mail", "Due")  # some answers are answered at once

    def _poll_if_any(self, at: datetime) -> None:
        """The mailbox is polled every five minutes. Played are the one before work, within whose six hours all runs
        and the watch of a day lie (later the program would call itself blind), and one that finds something.
        """
        if any(sent_at <= at for sent_at, *_ in self._waiting):
            self._poll(at)

    def _run_if_worked(self, day: date, at: datetime) -> None:
        """The run is hourly; played are those at which the clients' doors open, and one after the person's work."""
        if any(_local_day(w.at) == day for w in self.chronicle.worked):
            self._run(day, at)

    def _run(self, day: date, at: datetime) -> None:
        found = self.stage.fire("DunningRun", at)
        self.chronicle.last_run_at = at
        if found.get("due"):
            self.stage.quiet("Due")
            self.stage.await_mail()
            self._read_ours(day, at)

    def _read_ours(self, day: date, at: datetime) -> None:
        """Our mails lie before the clients, who think of what to do."""
        deliveries = self.stage.server.deliveries()
        new, self._seen = deliveries[self._seen :], len(deliveries)
        for delivery in new:
            if not self.stage.is_ours(delivery):
                continue
            domain = delivery.recipients[0].rpartition("@")[2].lower()
            if domain == self.stage.creditor.mailbox.rpartition("@")[2]:
                self.chronicle.inside.append(delivery)  # to sales, before the director writes; to finance, the review
                continue
            account = self._of_domain[domain]
            got = Got(
                account=account, delivery=delivery, mail=read_received(delivery.raw), bounced=bool(delivery.bounced)
            )
            self.chronicle.got.append(got)
            if not got.bounced and not _CONFIRMS.match(got.mail.subject):
                self._think(account, got.mail, day)
        for address in self.stage.server.refusals()[len(self.chronicle.refused) :]:
            self.chronicle.refused.append(address)
            self._report_refusal(address, at)

    def _think(self, account: str, mail: Received, day: date) -> None:
        scene = self._scene(account, day, mail)
        if scene.overdue:
            self._reminders[account] = self._reminders.get(account, 0) + 1
        self._do(clients.answer(replace(scene, nth=self._reminders.get(account, 0) if scene.overdue else 0)))

    def _habits(self, day: date) -> None:
        number = (day - self.chronicle.first_day).days
        for account in self.chronicle.books.clients:
            self._do(clients.habit(self._scene(account, day, None), number))

    def _work(self, day: date, at: datetime) -> None:
        for worked in person.work(self.stage.parts, self.chronicle, day=day, at=at, orders=self._orders):
            self.chronicle.worked.append(worked)
            if worked.outcome == "promised" and worked.on:
                scene = self._scene(worked.account, day, None)
                self._do(clients.phone_promise(scene, worked.numbers, worked.on))
            elif worked.outcome == "agreed":
                self._do(clients.plan_agreed(self._planned(worked, day), self.chronicle.plans[worked.account]))
        # What was said on the phone is confirmed at once.
        self.stage.quiet("Due")
        self.stage.await_mail()
        self._read_ours(day, at)

    def _planned(self, worked: Worked, day: date) -> Scene:
        scene = self._scene(worked.account, day, None)
        return replace(scene, owed=[(sale, rest) for sale, rest in scene.owed if sale.number in worked.numbers])

    def _scene(self, account: str, day: date, mail: Received | None) -> Scene:
        books = self.chronicle.books
        owed = []
        taken_back = {s.takes_back: s.amount for s in books.sales.values() if s.takes_back and s.issued_on <= day}
        for sale in books.of(account):
            left = self.chronicle.left(sale) + taken_back.get(sale.number, Decimal())
            if left > 0 and sale.issued_on <= day:
                owed.append((sale, left))
        return Scene(client=books.clients[account], today=day, nth=0, mail=mail, owed=owed)

    def _do(self, acts: Iterable[Act]) -> None:
        for act in acts:
            if isinstance(act, Pays):
                meant = dict(act.meant)
                for transfer in act.transfers:
                    for_this = tuple(meant.items()) if not transfer.number else ((transfer.number, transfer.amount),)
                    self.chronicle.paid.append(Paid(transfer=transfer, meant=for_this))
            else:
                account = self._of_letter(act)
                zone = self._scene(account, act.at.date(), None).zone if account else ZONE.key
                raw = write_letter(act.letter, act.answers, to=self.stage.creditor.mailbox, at=act.at, zone=zone)
                self._waiting.append((act.at, account, raw, act))

    def _of_letter(self, act: Says) -> str:
        for address in (act.answers.to if act.answers else "", act.letter.email):
            domain = address.rpartition("@")[2].lower()
            for known, account in self._of_domain.items():
                if domain == known or domain.endswith(f".{known}"):
                    return account
        return ""  # a stranger's

    def _report_refusal(self, address: str, at: datetime) -> None:
        """Amazon SES meets the refusal behind our back and publishes it; the relay of the local stack cannot."""
        account = self._of_domain[address.rpartition("@")[2].lower()]
        file = self.stage.parts.store.load(account, whole=True)
        sent = [n for n in file.notices.values() if n.to == address and n.state == "sent"] if file else []
        for notice in sent:
            self.stage.report({
                "eventType": "Bounce",
                "at": at.isoformat(),
                "mail": {
                    "messageId": notice.message_id.strip("<>").partition("@")[0], "timestamp": at.isoformat(),
                    "tags": {"debtor": [account], "notice": [notice.id]},
                },
                "bounce": {
                    "bounceType": "Permanent", "timestamp": at.isoformat(),
                    "bouncedRecipients": [
                        {"emailAddress": address, "status": "5.1.1",
                         "diagnosticCode": "smtp; 550 5.1.1 no such user here"}
                    ],
                },
            })  # fmt: skip


def _local_day(at: datetime) -> date:
    return at.astimezone(ZONE).date()


def _at(day: date, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime.combine(day, time(hour, minute), tzinfo=ZONE).astimezone(UTC)
