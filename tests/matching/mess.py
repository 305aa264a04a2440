"""A ledger and a bank statement as life makes them, drawn from a seed, with the truth of what every entry pays.

Numbers are left out, cut, mistyped and broken over lines; sums are wrong, grouped, short of charges; the payer is
unknown, another company, or one of two with nearly one name; money is taken back. What an entry pays is what the payer
meant by it, never what can be told from the entry.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from chalicelib.banking.model import BankEntry, EntryKind
from chalicelib.domain.money import Money
from chalicelib.matching.model import Account, Ledger, OpenItem

FIRST = date(2026, 1, 5)
OURS = "FR7630006000011234567890189"
HOLDING = "LU280019400644750000"  # pays for whoever belongs to it
_ROOTS = """Morel Vauban Lenoir Sénéchal Bâti Clairval Dunant Hérault Isère Jura Kermadec Lorient Mercier Noiret Odéon
    Perrin Quercy Rivoli Saulnier Tessier Urbain Valmy Weber Yvelines Zénith Armor Breizh Cézanne Delorme
    Estuaire""".split()
_TRADES = """Garage Hôtel Menuiserie Transports Boulangerie Imprimerie Construction Électricité Plomberie Verrerie
    Logistique Conseil Négoce Pharma Textile Métal Bois Énergie Marine Optique""".split()
_FORMS = ["SA", "SAS", "SARL", "& Fils", "GmbH", "Ltd", "", "et Cie"]


@dataclass
class Mess:
    ledger: Ledger
    entries: list[BankEntry] = field(default_factory=list)
    truth: dict[str, Mapping[str, Money]] = field(default_factory=dict)  # by entry: what each invoice gets
    kinds: dict[str, str] = field(default_factory=dict)  # by entry: what was done to it


def make_mess(seed: int, *, invoices: int = 10_000, entries: int = 5_000, debtors: int = 700) -> Mess:
    return _Maker(random.Random(seed), invoices, debtors).make(entries)


class _Maker:
    def __init__(self, rng: random.Random, invoices: int, debtors: int) -> None:
        self.rng = rng
        self.accounts = self._accounts(debtors)
        self.items = self._items(invoices)
        self.mess = Mess(Ledger(items=self.items, accounts=self.known_accounts()))
        self.unpaid: dict[str, list[OpenItem]] = {}
        for item in self.items:
            self.unpaid.setdefault(item.account, []).append(item)
        self.count = 0

    def _accounts(self, debtors: int) -> list[Account]:
        rng, found, names = self.rng, [], set()
        for n in range(debtors):
            while True:
                name = f"{rng.choice(_TRADES)} {rng.choice(_ROOTS)}"
                if rng.random() < 0.6:
                    name += f" {rng.choice(_ROOTS)}"
                name = f"{name} {rng.choice(_FORMS)}".strip()
                if name not in names:
                    break
            names.add(name)
            found.append(Account(id=f"C{n:04}", name=name, ibans=(self.iban(),)))
        return found

    def known_accounts(self) -> list[Account]:
        """Only half of the IBANs have been seen before."""
        return [a if n % 2 else Account(id=a.id, name=a.name) for n, a in enumerate(self.accounts)]

    def iban(self) -> str:
        return "FR76" + "".join(self.rng.choice("0123456789") for _ in range(23))

    def _items(self, invoices: int) -> list[OpenItem]:
        rng = self.rng
        weights = [rng.paretovariate(1.2) for _ in self.accounts]
        owners = rng.choices(self.accounts, weights, k=invoices)
        fees = [Decimal(rng.randrange(5, 80)) * 10 for _ in self.accounts]  # what they pay for every month
        found = []
        for n, owner in enumerate(owners):
            issued = FIRST + timedelta(days=n * 300 // invoices)
            style = int(owner.id[1:]) % 10
            number = (
                f"F26{issued.month:02}/{n % 10000:04}" if style == 0
                else f"2026{n:05}" if style <= 2
                else f"FA-2026-{n:05}"
            )  # fmt: skip
            if rng.random() < 0.15:
                amount = fees[int(owner.id[1:])]
            elif rng.random() < 0.1:
                amount = Decimal(rng.randrange(1, 60) * 100)
            else:
                amount = Decimal(rng.randrange(3_000, 2_000_000)) / 100
            order = f"PO-{40_000 + n // 2}" if rng.random() < 0.3 else ""
            if rng.random() < 0.03:
                amount, number = -(amount / 10).quantize(Decimal("0.01")), f"AV-2026-{n:05}"
            found.append(
                OpenItem(
                    number=number, account=owner.id, balance=Money.of(amount, "EUR"), issued_on=issued,
                    due_on=issued + timedelta(days=30), purchase_order=order,
                )
            )  # fmt: skip
        return found

    def make(self, entries: int) -> Mess:
        ways = {
            self.plain: 30, self.grouped: 12, self.no_number: 12, self.grouped_without_numbers: 4, self.part: 5,
            self.cut: 4, self.broken: 6, self.mistyped: 4, self.wrong_amount: 4, self.wrong_amount_no_number: 3,
            self.charges: 3, self.discount: 2, self.too_much: 2, self.other_payer: 3, self.stranger: 3,
            self.by_order: 4, self.structured: 3, self.nothing_known: 3, self.less_credit_note: 2, self.twice: 1,
            self.taken_back: 1, self.debit: 2, self.on_behalf: 1, self.prefixless: 4, self.several_debtors: 1,
            self.number_of_other: 1, self.two_halves: 2, self.holding_without_number: 2,
        }  # fmt: skip
        while len(self.mess.entries) < entries:
            way = self.rng.choices(list(ways), list(ways.values()))[0]
            way()
        del self.mess.entries[entries:]
        return self.mess

    # --- pieces

    def some(self, least: int = 1, most: int = 1) -> tuple[Account, list[OpenItem]] | None:
        for _ in range(30):
            account = self.rng.choice(self.accounts)
            mine = [i for i in self.unpaid.get(account.id, []) if i.balance.amount > 0]
            if len(mine) >= least:
                mine.sort(key=lambda i: i.due_on)
                count = self.rng.randint(least, min(most, len(mine)))
                if self.rng.random() < 0.6:
                    return account, mine[:count]
                return account, self.rng.sample(mine, count)
        return None

    def pay(
        self, kind: str, account: Account | None, shares: Mapping[str, Money], amount: Money, text: str,
        *, payer: str | None = None, iban: str | None = None, references: tuple[str, ...] = (),
        what: EntryKind = EntryKind.CREDIT, reference: str = "",
    ) -> BankEntry:  # fmt: skip
        self.count += 1
        id_ = f"e{self.count:05}"
        name = self.print_name(account.name) if account else ""
        shown_iban = (account.ibans[0] if account else self.iban()) if self.rng.random() < 0.8 else ""
        entry = BankEntry(
            id=id_, account=OURS, booked_on=FIRST + timedelta(days=320 + self.count // 100), amount=amount, kind=what,
            payer=name if payer is None else payer, payer_iban=shown_iban if iban is None else iban, text=text,
            references=references, bank_reference=reference or f"BK{self.count:07}",
        )  # fmt: skip
        self.mess.entries.append(entry)
        self.mess.truth[id_], self.mess.kinds[id_] = dict(shares), kind
        if account:
            left = self.unpaid.get(account.id, [])
            self.unpaid[account.id] = [i for i in left if i.number not in shares]
        return entry

    def print_name(self, name: str) -> str:
        roll = self.rng.random()
        if roll < 0.5:
            return name.upper()
        if roll < 0.7:
            return name[:27].upper()
        if roll < 0.85:
            return name.rpartition(" ")[0].upper() or name
        if roll < 0.93:
            return ""
        return name.replace("é", "e").replace("ô", "o")

    def spelled(self, number: str) -> str:
        roll = self.rng.random()
        if roll < 0.5:
            return number
        if roll < 0.65:
            return number.replace("-", " ")
        if roll < 0.8:
            return number.replace("-", "").replace("/", "")
        if roll < 0.9:
            return number.lower()
        return number.replace("-", "/")

    def around(self, said: str) -> str:
        day = f"{self.rng.randint(1, 28):02}/{self.rng.randint(1, 12):02}/2026"
        return self.rng.choice(
            ["{}", "VIR SEPA RECU {}", "FACTURE {}", "Reglement fact. {} du " + day, "INV {} / 0142", "{} MERCI",
             "PAIEMENT {}\nCLIENT 7731", "Votre facture n° {}", "RE {}, " + day]
        ).format(said)  # fmt: skip

    @staticmethod
    def full(items: list[OpenItem]) -> dict[str, Money]:
        return {i.number: i.balance for i in items}

    @staticmethod
    def sum_of(items: list[OpenItem]) -> Money:
        total = Money.zero("EUR")
        for item in items:
            total = total + item.balance
        return total

    # --- ways

    def plain(self) -> None:
        if found := self.some():
            account, items = found
            self.pay("plain", account, self.full(items), items[0].balance, self.around(self.spelled(items[0].number)))

    def grouped(self) -> None:
        if found := self.some(2, 7):
            account, items = found
            sign = self.rng.choice([", ", " + ", " ", "\n", "; ", " et "])
            text = self.around(sign.join(self.spelled(i.number) for i in items))
            if self.rng.random() < 0.15:
                text = text[: max(20, len(text) // 2)]
            elif self.rng.random() < 0.2:  # FA-2026-00012/13
                text = self.around("/".join([items[0].number, *(i.number[-5:] for i in items[1:])]))
            self.pay("grouped", account, self.full(items), self.sum_of(items), text)

    def no_number(self) -> None:
        if found := self.some():
            account, items = found
            self.pay(
                "no number", account, self.full(items), items[0].balance, self.rng.choice(["", "VIREMENT", "FACT"])
            )

    def grouped_without_numbers(self) -> None:
        if found := self.some(2, 5):
            account, items = found
            self.pay("grouped, no number", account, self.full(items), self.sum_of(items), "VIR FOURNISSEURS")

    def part(self) -> None:
        if found := self.some(2, 2):
            account, items = found
            paid = Money.of(items[0].balance.amount * self.rng.choice([Decimal("0.3"), Decimal("0.5")]), "EUR")
            self.pay("part", account, {items[0].number: paid}, paid, f"ACOMPTE {self.spelled(items[0].number)}")

    def two_halves(self) -> None:
        if found := self.some():
            account, items = found
            half = Money.of(items[0].balance.amount / 2, "EUR")
            for amount in (half, items[0].balance - half):
                self.pay("two halves", account, {items[0].number: amount}, amount, f"FACT {items[0].number}")

    def cut(self) -> None:
        if found := self.some():
            account, items = found
            number = items[0].number
            self.pay("cut", account, self.full(items), items[0].balance, f"PAIEMENT FACTURE {number[:-1]}")

    def broken(self) -> None:
        if found := self.some(1, 3):
            account, items = found
            text = self.around(" ".join(i.number for i in items))
            width = self.rng.choice([27, 35])
            text = "\n".join(text[i : i + width] for i in range(0, len(text), width))
            self.pay("broken", account, self.full(items), self.sum_of(items), text)

    def mistyped(self) -> None:
        if found := self.some():
            account, items = found
            number = list(items[0].number)
            place = self.rng.randrange(len(number) - 4, len(number))
            if self.rng.random() < 0.5 and place + 1 < len(number):
                number[place], number[place + 1] = number[place + 1], number[place]
            else:
                number[place] = self.rng.choice("0123456789")
            amount, written = items[0].balance, "".join(number)
            meant = [i for i in self.unpaid[account.id] if i.number == written and i.balance == amount]
            self.pay("mistyped", account, self.full(meant or items), amount, self.around(written))  # as good as meant

    def wrong_amount(self) -> None:
        if found := self.some():
            account, items = found
            paid = Money.of(items[0].balance.amount * Decimal(self.rng.choice(["0.9", "0.99", "0.83"])), "EUR")
            self.pay("wrong amount", account, {items[0].number: paid}, paid, self.around(items[0].number))

    def wrong_amount_no_number(self) -> None:
        if found := self.some():
            account, items = found
            paid = Money.of(items[0].balance.amount * Decimal(self.rng.choice(["0.9", "0.5", "0.83"])), "EUR")
            if self.rng.random() < 0.3:
                paid = Money.of(self.rng.randrange(1, 60) * 100, "EUR")
            self.pay("wrong amount, no number", account, {items[0].number: paid}, paid, "VIREMENT")

    def charges(self) -> None:
        if found := self.some():
            account, items = found
            paid = items[0].balance - Money.of(self.rng.choice(["1.50", "3.20", "12.00"]), "EUR")
            if paid.amount > 0:
                self.pay("charges", account, {items[0].number: paid}, paid, self.around(items[0].number))

    def discount(self) -> None:
        if found := self.some():
            account, items = found
            paid = Money.of(items[0].balance.amount * Decimal("0.98"), "EUR")
            self.pay("discount", account, {items[0].number: paid}, paid, self.around(items[0].number + " escompte 2%"))

    def too_much(self) -> None:
        if found := self.some():
            account, items = found
            paid = items[0].balance + Money.of(self.rng.choice(["0.10", "40.00", "1000.00"]), "EUR")
            self.pay("too much", account, self.full(items), paid, self.around(items[0].number))

    def other_payer(self) -> None:
        if found := self.some():
            account, items = found
            text = self.around(self.spelled(items[0].number))
            self.pay(
                "other payer", account, self.full(items), items[0].balance, text, payer="HOLDING ORION", iban=HOLDING
            )

    def holding_without_number(self) -> None:
        if found := self.some():
            account, items = found
            self.pay("holding, no number", account, self.full(items), items[0].balance, "VIREMENT",
                     payer="HOLDING ORION", iban=HOLDING)  # fmt: skip

    def on_behalf(self) -> None:
        """A debtor pays for another one, whose number it names or not."""
        if found := self.some():
            account, items = found
            helper = self.rng.choice(self.accounts)
            text = self.rng.choice([self.around(items[0].number), "", "POUR " + account.name])
            self.pay("on behalf", account, self.full(items), items[0].balance, text, payer=helper.name.upper(),
                     iban=helper.ibans[0])  # fmt: skip

    def number_of_other(self) -> None:
        """The payer types a number that is somebody else's."""
        if found := self.some():
            account, items = found
            wrong = self.rng.choice(self.items)
            self.pay("number of another", account, self.full(items), items[0].balance, self.around(wrong.number))

    def stranger(self) -> None:
        amount = self.rng.choice(self.items).balance
        if amount.amount > 0:
            self.pay("stranger", None, {}, amount, self.rng.choice(["LOYER", "REMBOURSEMENT", "FACTURE 0012"]),
                     payer=self.rng.choice(["CAISSE DU NORD", "IMPOTS", "DUPONT JEAN"]), iban=self.iban())  # fmt: skip

    def nothing_known(self) -> None:
        if found := self.some():
            account, items = found
            self.pay("nothing known", account, self.full(items), items[0].balance, "REMISE CHEQUE", payer="", iban="")

    def by_order(self) -> None:
        if (found := self.some(2, 8)) and (ordered := [i for i in found[1] if i.purchase_order]):
            text = self.around(ordered[0].purchase_order)
            self.pay("order", found[0], self.full(ordered[:1]), ordered[0].balance, text)

    def structured(self) -> None:
        if found := self.some():
            account, items = found
            body = items[0].number.replace("-", "").replace("/", "")
            check = 98 - int("".join(str(int(c, 36)) for c in body + "RF00")) % 97
            reference = f"RF{check:02}{body}"
            self.pay("structured", account, self.full(items), items[0].balance, "", references=(reference,))

    def less_credit_note(self) -> None:
        for account in self.rng.sample(self.accounts, 40):
            mine = self.unpaid.get(account.id, [])
            notes = [i for i in mine if i.balance.amount < 0]
            owed = [i for i in mine if notes and i.balance.amount > -notes[0].balance.amount]
            if notes and owed:
                text = owed[0].number + (f" - {notes[0].number}" if self.rng.random() < 0.5 else "")
                items = [owed[0], notes[0]]
                self.pay("less credit note", account, self.full(items), self.sum_of(items), text)
                return

    def twice(self) -> None:
        if found := self.some():
            account, items = found
            text = self.around(items[0].number)
            self.pay("plain", account, self.full(items), items[0].balance, text)
            self.pay("paid twice", account, {}, items[0].balance, text)

    def taken_back(self) -> None:
        if found := self.some():
            account, items = found
            text = self.around(items[0].number)
            first = self.pay("plain", account, self.full(items), items[0].balance, text)
            self.pay("taken back", None, {}, items[0].balance, f"REJET {first.bank_reference}", payer="", iban="",
                     what=EntryKind.REVERSAL, references=(first.bank_reference,))  # fmt: skip

    def debit(self) -> None:
        amount = Money.of(Decimal(self.rng.randrange(100, 90_000)) / 100, "EUR")
        kind = self.rng.choice([EntryKind.DEBIT, EntryKind.CHARGE, EntryKind.RETURNED_TRANSFER])
        number = self.rng.choice(self.items).number
        self.pay("debit", None, {}, amount, number, payer="FOURNISSEUR", iban=self.iban(), what=kind)

    def prefixless(self) -> None:
        if found := self.some():
            account, items = found
            number = items[0].number
            text = self.around(self.rng.choice([number[3:], number[-5:], number[-4:]]))
            self.pay("prefixless", account, self.full(items), items[0].balance, text)

    def several_debtors(self) -> None:
        """A group's treasury pays for two of its companies at once."""
        one, other = self.some(), self.some()
        if one and other and one[0] != other[0]:
            items = [*one[1], *other[1]]
            text = self.around(" ".join(i.number for i in items))
            self.pay("several debtors", None, self.full(items), self.sum_of(items), text, payer="TRESORERIE GROUPE",
                     iban=self.iban())  # fmt: skip
            for account, some in (one, other):
                self.unpaid[account.id] = [i for i in self.unpaid[account.id] if i not in some]
