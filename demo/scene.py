"""What a client has before its eyes when it acts, and what it can do: write, pay, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from chalicelib.domain.calendar import zone_of
from demo.company import HOME, Client, Sale, Transfer
from demo.letters import Letter, Received

_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What the client means by a mail: the story's own knowledge, against which the program is checked.

    `day` is the promised day, the day of the announced payment, or that of the return, as `kind` says.
    """

    kind: str
    numbers: tuple[str, ...] = ()
    day: date | None = None


@dataclass(frozen=True, kw_only=True)
class Says:
    """A mail that will be sent at `at`; `means` may be more than one thing."""

    letter: Letter
    at: datetime
    means: tuple[Meaning, ...]
    answers: Received | None


@dataclass(frozen=True, kw_only=True)
class Pays:
    """Money that will reach our bank, and what of it the client means for which invoice."""

    transfers: tuple[Transfer, ...]
    meant: tuple[tuple[str, Decimal], ...]


Act = Says | Pays


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One client at the moment in which one of our mails (or none) lies before it.

    `nth` counts our mails about something overdue (0: nothing is overdue, a courtesy). `owed` is what is unpaid
    of each invoice that the client has received, the oldest due first.
    """

    client: Client
    today: date
    nth: int
    mail: Received | None
    owed: Sequence[tuple[Sale, Decimal]] = field(default=())

    @property
    def zone(self) -> str:
        return zone_of(self.client.country, "Europe/Paris")

    @property
    def overdue(self) -> list[str]:
        return [sale.number for sale, _ in self.owed if sale.due_on < self.today]

    @property
    def asked(self) -> list[str]:
        """What is overdue and stands in the mail before us."""
        named = self.mail.numbers if self.mail else ()
        return [number for number in self.overdue if number in named] or self.overdue

    def sum(self, numbers: Sequence[str]) -> Decimal:
        return sum((rest for sale, rest in self.owed if sale.number in numbers), Decimal())

    def sale(self, number: str) -> Sale:
        return next(sale for sale, _ in self.owed if sale.number == number)

    # Days

    def business_day(self, days: int) -> date:
        """So many of the client's business days from today."""
        return self.client.calendar.add(self.today, days)

    def next(self, weekday: int, *, at_least: int = 1) -> date:
        """The next such weekday (0: Monday) at least so many days away that is a business day; else the one after."""
        day = self.today + timedelta(days=at_least)
        while day.weekday() != weekday or not (self.client.calendar.is_business_day(day) and HOME.is_business_day(day)):
            day += timedelta(days=1)
        return day

    def month_end(self) -> date:
        first = date(self.today.year + self.today.month // 12, self.today.month % 12 + 1, 1)
        return first - timedelta(days=1)

    def at(self, day: date, clock: str) -> datetime:
        hour, minute = map(int, clock.split(":"))
        return datetime.combine(day, time(hour, minute), tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    # Acts

    def says(
        self, words: str, *means: Meaning, day: date | None = None, clock: str = "10:40", program: str = "gmail",
        name: str = "", email: str = "", subject: str = "", alone: bool = False,
        headers: dict[str, str] | None = None, envelope: str = "",
    ) -> Says:  # fmt: skip
        """An answer to the mail before us (`alone`: a mail of its own), on `day`, else on the next business day."""
        letter = Letter(
            words=words.strip("\n") + "\n",
            name=name or self.client.contact,
            email=email or self.client.email,
            program=program,
            language="fr" if self.client.language == "fr" else "en",
            subject=subject,
            headers=headers or {},
            envelope=envelope,
        )
        at = self.at(day or self.business_day(1), clock)
        return Says(letter=letter, at=at, means=means, answers=None if alone else self.mail)

    def pays(
        self, numbers: Sequence[str], on: date, *, reference: str = "", part: Decimal | None = None
    ) -> Pays:
        """The money for these invoices, each in full (or `part` of the first), at our bank on a business day."""
        on = HOME.on_or_after(on)
        transfers = []
        for sale, rest in self.owed:
            if sale.number in numbers:
                amount = min(part, rest) if part is not None else rest
                transfers.append(
                    Transfer(
                        account=sale.account, number=sale.number, amount=amount, currency=sale.currency, on=on,
                        reference=reference,
                    )
                )  # fmt: skip
        return Pays(transfers=tuple(transfers), meant=tuple((t.number, t.amount) for t in transfers))

    def pays_instalments(self, instalments: Sequence[tuple[date, Decimal]]) -> Pays:
        """So much on each of these days, for the oldest invoices first; each transfer names its invoice."""
        transfers = []
        left = {sale.number: rest for sale, rest in self.owed}
        for on, amount in instalments:
            for sale, _ in self.owed:
                part = min(amount, left[sale.number])
                if part:
                    amount, left[sale.number] = amount - part, left[sale.number] - part
                    transfers.append(
                        Transfer(
                            account=sale.account, number=sale.number, amount=part, currency=sale.currency,
                            on=HOME.on_or_after(on), reference="ECHEANCIER",
                        )
                    )  # fmt: skip
        return Pays(transfers=tuple(transfers), meant=())

    def pays_at_once(self, numbers: Sequence[str], on: date, *, reference: str) -> Pays:
        """One transfer for several invoices that names none of them."""
        sale = self.sale(numbers[0])
        transfer = Transfer(
            account=sale.account, number="", amount=self.sum(numbers), currency=sale.currency,
            on=HOME.on_or_after(on), reference=reference,
        )  # fmt: skip
        meant = tuple((sale.number, rest) for sale, rest in self.owed if sale.number in numbers)
        return Pays(transfers=(transfer,), meant=meant)


def fr(day: date, *, weekday: bool = False) -> str:
    """12 octobre, or lundi 12 octobre."""
    said = f"{'1er' if day.day == 1 else day.day} {_MONTHS[day.month - 1]}"
    return f"{_DAYS[day.weekday()]} {said}" if weekday else said


def en(day: date) -> str:
    return f"{day.day} {day:%B}"


def eur(amount: Decimal) -> str:
    """2 840,00 € as people type it."""
    return f"{amount:,.2f}".replace(",", " ").replace(".", ",") + " €"
