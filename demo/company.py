"""The sample company's books: who owes what, dated from the first day of the story."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from chalicelib.domain.calendar import BusinessCalendar

LEDGER = Path(__file__).with_name("ledger")
HOME = BusinessCalendar("FR")

INVOICE_HEAD = (
    "number", "account", "client", "country", "issued", "due", "amount", "currency", "disputed", "email",
    "purchase_order", "contact", "phone", "language", "kind", "policy", "sales_rep", "client_since", "legal_id",
    "address",
)  # fmt: skip

AS_FACTUR_X = frozenset({
    "FK-30592", "FK-30593", "FK-30597", "FK-30603", "FK-30604", "FK-30609", "FK-30612", "FK-30617",
})  # fmt: skip
"""Invoices that come one by one as Factur-X; the accounting program's weekly export names the others.

A credit note always comes so: it says which invoice it takes back.
"""


@dataclass(frozen=True, kw_only=True)
class Client:
    """One line of debtors.csv."""

    account: str
    name: str
    country: str
    language: str
    kind: str
    policy: str
    contact: str
    email: str
    phone: str
    sales_rep: str
    since_on: date
    legal_id: str
    address: str  # its lines parted by |, as the ledger's export has them

    @property
    def calendar(self) -> BusinessCalendar:
        return BusinessCalendar(self.country)


@dataclass(frozen=True, kw_only=True)
class Sale:
    """One invoice (or credit note, below zero) and the day on which the ledger's export first names it."""

    number: str
    account: str
    issued_on: date
    due_on: date
    amount: Decimal
    currency: str
    purchase_order: str
    entered_on: date
    disputed: bool
    takes_back: str = ""  # the invoice that a credit note is for

    @property
    def is_document(self) -> bool:
        return self.number in AS_FACTUR_X or self.amount < 0


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """Money that reached our bank. `number` is the invoice that it is for, empty where it is for several at once.

    `reference` is the client's own, if it has one. What its bank hands on is for the bank to say.
    """

    account: str
    number: str
    amount: Decimal
    currency: str
    on: date
    reference: str


@dataclass(frozen=True)
class Books:
    clients: dict[str, Client]
    sales: dict[str, Sale]

    def of(self, account: str) -> list[Sale]:
        """The invoices of a client, the oldest due first."""
        mine = [s for s in self.sales.values() if s.account == account and s.amount > 0]
        return sorted(mine, key=lambda s: (s.due_on, s.number))


def read_books(first_day: date, *, folder: Path = LEDGER) -> Books:
    """The two files of the ledger; their days count from `first_day`."""

    def day(text: str) -> date:
        return first_day + timedelta(days=int(text))

    clients = {
        row["account"]: Client(
            account=row["account"], name=row["client"], country=row["country"], language=row["language"],
            kind=row["kind"], policy=row["policy"], contact=row["contact"], email=row["email"],
            phone=row["phone"], sales_rep=row["sales_rep"], since_on=day(row["client_since_day"]),
            legal_id=row["legal_id"], address=row["address"],
        )
        for row in _rows(folder / "debtors.csv")
    }  # fmt: skip
    sales = {
        row["number"]: Sale(
            number=row["number"], account=row["account"], issued_on=day(row["issued_day"]),
            due_on=day(row["due_day"]), amount=Decimal(row["amount"]), currency=row["currency"],
            purchase_order=row["purchase_order"], disputed=row["disputed"] == "yes",
            entered_on=_entered(first_day, day(row["entered_day"] or row["issued_day"])),
        )
        for row in _rows(folder / "invoices.csv")
    }  # fmt: skip
    return Books(clients, sales)


def invoices_csv(books: Books, sales: Iterable[Sale]) -> bytes:
    """An export of the accounting program."""
    lines = []
    for sale in sales:
        client = books.clients[sale.account]
        lines.append((
            sale.number, sale.account, client.name, client.country, sale.issued_on, sale.due_on, sale.amount,
            sale.currency, "yes" if sale.disputed else "", client.email,
            sale.purchase_order, client.contact, client.phone, client.language,
            client.kind, client.policy, client.sales_rep, client.since_on, client.legal_id, client.address,
        ))  # fmt: skip
    return _csv(INVOICE_HEAD, lines)


def _entered(first_day: date, day: date) -> date:
    """The export is made on Mondays: what was issued in a week is in our program the Monday after."""
    if day < first_day:
        return first_day
    monday = day + timedelta(days=7 - day.weekday())
    return HOME.on_or_after(monday)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _csv(head: Sequence[str], lines: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(lines)
    return text.getvalue().encode("utf-8")
