"""Match bank entries with open items: for each entry what it pays, how sure that is, and the reason.

Entries are taken in the order of their days, whatever file they came in, and what a certain one settles is no longer
open for the next. Two things must agree before anything is certain: what the text names, the amount to the cent, and
who paid. Either alone is only proposed.

1. Money taken back undoes the entry that it speaks of; what is no credit is nobody's payment.
2. A remittance advice with this very amount.
3. Numbers named: all of them, less a charge, in part, with a credit note deducted, or with too much.
4. Order numbers and parts of numbers, where they make the amount.
5. A known payer and an amount that only one choice of its invoices makes.
6. Nobody known: invoices of this amount, for a person to look at.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from chalicelib.banking.identity import known
from chalicelib.banking.model import BankEntry, EntryKind
from chalicelib.domain.money import Money
from chalicelib.matching.model import Advice, Candidate, Certainty, Ledger, OpenItem, Proposal, Share, Tolerance
from chalicelib.matching.names import Names
from chalicelib.matching.references import Mentions, Numbers, compact
from chalicelib.matching.sums import only_subset

MOST_CANDIDATES = 5
CHANCE = 2000
"""An amount proves a choice of invoices only where so many times fewer choices than amounts are possible."""
SINGLE_CHANCE = 100


def match_all(entries: Iterable[BankEntry], ledger: Ledger, tolerance: Tolerance | None = None) -> list[Proposal]:
    """A proposal for each entry, in the order of their days. An entry that comes twice is looked at once."""
    matcher = Matcher(ledger, tolerance)
    return [matcher.match(entry) for entry in in_order(entries)]


def in_order(entries: Iterable[BankEntry]) -> list[BankEntry]:
    """Each entry once, by day and the bank's reference; what takes money back comes after the money of its day."""
    once = {entry.id: entry for entry in entries}
    return sorted(once.values(), key=lambda e: (e.booked_on, e.kind is not EntryKind.CREDIT, e.bank_reference, e.id))


class Matcher:
    """A ledger with its indexes, and what is still open of it while entries are matched one after the other."""

    def __init__(self, ledger: Ledger, tolerance: Tolerance | None = None) -> None:
        self.items = tuple(ledger.items)
        self.tolerance = tolerance or Tolerance()
        self._open: list[Money] = [item.balance for item in self.items]
        self._numbers = Numbers((item.number, item.purchase_order) for item in self.items)
        self._names = Names((account.id, account.name) for account in ledger.accounts)
        self._name_of = {account.id: account.name for account in ledger.accounts}
        self._ibans: dict[str, set[str]] = defaultdict(set)
        for account in ledger.accounts:
            for iban in account.ibans:
                self._ibans[_plain(iban)].add(account.id)
        self._of_account: dict[str, list[int]] = defaultdict(list)
        self._of_amount: dict[Money, set[int]] = defaultdict(set)
        for place, item in enumerate(self.items):
            self._of_account[item.account].append(place)
            self._of_amount[item.balance].add(place)
        for places in self._of_account.values():
            places.sort(key=lambda p: (self.items[p].due_on, self.items[p].number))
        self._advices: dict[Money, list[Advice]] = defaultdict(list)
        for advice in ledger.advices:
            if advice.amount is not None:
                self._advices[advice.amount].append(advice)
        self._done: dict[str, Proposal] = {}
        self._undone: set[str] = set()
        self._waiting: dict[int, str] = {}  # items that an undecided payment names

    def match(self, entry: BankEntry) -> Proposal:
        """What this entry pays; a certain answer takes it off what is open."""
        look = _Look(self, entry)
        proposal = self._checked(look.proposal())
        if proposal.certainty is Certainty.CERTAIN:
            self._settle(proposal, 1)
            if entry.payer_iban and (look.agrees(proposal.account) or not entry.payer):
                # Who pays for another, once, must not be taken for it the next time.
                proposal = replace(proposal, learned_iban=_plain(entry.payer_iban))
                self._ibans[proposal.learned_iban].add(proposal.account)
        elif proposal.certainty is Certainty.PROPOSED:
            numbers = {share.number for share in proposal.shares}
            for place in look.mentions.whole:
                if self.items[place].number in numbers:
                    self._waiting.setdefault(place, entry.bank_reference or entry.id)
        if proposal.undoes:
            self._settle(self._done[proposal.undoes], -1)
            self._undone.add(proposal.undoes)
        self._done[entry.id] = proposal
        return proposal

    def _settle(self, proposal: Proposal, sign: int) -> None:
        if proposal.certainty is not Certainty.CERTAIN:
            return
        for share in proposal.shares:
            for place in self._numbers.named(share.number):
                if self.items[place].number == share.number:
                    taken = share.amount + proposal.deductions.get(share.number, Money.zero(share.amount.currency))
                    before = self._open[place]
                    self._of_amount[before].discard(place)
                    self._open[place] = before - taken if sign > 0 else before + taken
                    self._of_amount[self._open[place]].add(place)

    @staticmethod
    def _checked(proposal: Proposal) -> Proposal:
        """The last guard: nothing is certain that would give away more than came in."""
        if proposal.certainty is Certainty.CERTAIN and proposal.left.amount < 0:
            return replace(proposal, certainty=Certainty.PROPOSED)
        return proposal


class _Look:
    """One entry beside the ledger."""

    def __init__(self, matcher: Matcher, entry: BankEntry) -> None:
        self.of, self.entry, self.amount = matcher, entry, entry.amount
        self.by_iban = frozenset(matcher._ibans.get(_plain(entry.payer_iban), ())) if entry.payer_iban else frozenset()
        self.by_name = matcher._names.accounts(entry.payer) if entry.payer else frozenset()
        self.only_in_text = False
        if not self.by_name and not self.by_iban:
            self.only_in_text = bool(entry.payer)
            self.by_name = matcher._names.within(f"{entry.payer}\n{entry.text}")
        self.who = self._payer()
        self.mentions: Mentions = matcher._numbers.mentions([entry.text, *entry.references])

    # --- who paid

    def _payer(self) -> str:
        """The one account that the payer is known as; empty where nobody, or where the signs disagree."""
        if self.by_iban and self.by_name:
            both = self.by_iban & self.by_name
            return next(iter(both)) if len(both) == 1 else ""
        one = self.by_iban or self.by_name
        return next(iter(one)) if len(one) == 1 else ""

    def agrees(self, account: str) -> bool:
        """Whether the payer's account or name is this debtor's (among others that share it, if any)."""
        if self.by_iban and self.by_name:
            return account in self.by_iban and account in self.by_name
        return account in (self.by_iban or self.by_name)

    def is_other(self, account: str) -> bool:
        """Whether the payer is known, and is somebody else."""
        signs = [some for some in (self.by_iban, self.by_name) if some]
        return any(account not in some for some in signs)

    def _payer_in_words(self, account: str) -> str:
        name = self.of._name_of.get(account, account)
        if account in self.by_iban:
            return f"{name} has paid from this IBAN before"
        return f"the payer is {name}" if account in self.by_name else f"the payer is not known as {name}"

    # --- what is open

    def open(self, place: int) -> Money:
        return self.of._open[place]

    def _is_open(self, place: int) -> bool:
        return bool(self.open(place)) and self.open(place).currency == self.amount.currency

    def open_of(self, account: str) -> list[int]:
        """The account's open items in the entry's currency, oldest due first."""
        return [place for place in self.of._of_account.get(account, []) if self._is_open(place)]

    def sum_of(self, places: Iterable[int]) -> Money:
        total = Money.zero(self.amount.currency)
        for place in places:
            total = total + self.open(place)
        return total

    # --- answers

    def proposal(self) -> Proposal:
        match self.entry.kind:
            case EntryKind.REVERSAL | EntryKind.RETURNED_DEBIT:
                return self._taken_back()
            case EntryKind.CREDIT if self.amount:
                pass
            case kind:
                return self._none(f"a {kind.value.replace('_', ' ')}, no payment of a debtor")
        ways = (
            self._as_advised, self._as_named, self._as_ordered, self._by_parts, self._by_amount, self._by_amount_alone,
        )  # fmt: skip
        for way in ways:
            found = way()
            if found is not None:
                return found
        return self._nothing()

    def _none(self, reason: str, account: str = "", undoes: str = "") -> Proposal:
        return Proposal(
            entry=self.entry, certainty=Certainty.NONE, reason=reason, account=account, undoes=undoes
        )  # fmt: skip

    def _answer(
        self, sure: bool, places: Sequence[int], reason: str, *, amounts: dict[int, Money] | None = None,
        deductions: dict[str, Money] | None = None, others: Sequence[Candidate] = (),
    ) -> Proposal:  # fmt: skip
        shares = self._shares(places, amounts)
        account = self.of.items[places[0]].account
        first = Candidate(account=account, shares=shares, why=reason)
        return Proposal(
            entry=self.entry, certainty=Certainty.CERTAIN if sure else Certainty.PROPOSED, reason=reason,
            account=account if sure or self.agrees(account) else "", shares=shares,
            candidates=() if sure else (first, *others)[:MOST_CANDIDATES], deductions=deductions or {},
        )  # fmt: skip

    def _shares(self, places: Sequence[int], amounts: dict[int, Money] | None = None) -> tuple[Share, ...]:
        """Each item's whole balance, or what it gets of the amount; never more than there is."""
        given = amounts or {place: self.open(place) for place in places}
        return tuple(Share(number=self.of.items[place].number, amount=given[place]) for place in places)

    # --- 1: taken back

    def _taken_back(self) -> Proposal:
        what = "a direct debit came back" if self.entry.kind is EntryKind.RETURNED_DEBIT else "a payment was taken back"
        before = [
            p for p in self.of._done.values()
            if p.entry.kind is EntryKind.CREDIT and p.entry.amount == self.amount and p.entry.id not in self.of._undone
            and p.entry.account == self.entry.account
        ]  # fmt: skip
        own = {r for r in (self.entry.bank_reference, self.entry.mandate, *self.entry.references) if known(r)}
        words = {w for w in self.entry.text.replace("\n", " ").split() if len(w) >= 6 and any(c.isdigit() for c in w)}

        def refers(p: Proposal) -> bool:
            theirs = {r for r in (p.entry.bank_reference, p.entry.mandate, *p.entry.references) if known(r)}
            return bool(theirs & (own | words))

        for sign, fitting in (
            ("by its reference", [p for p in before if refers(p)]),
            ("by payer and amount", [p for p in before if p.entry.payer_iban and _same_iban(p.entry, self.entry)]),
        ):
            if len(fitting) == 1:
                undone = fitting[0]
                numbers = ", ".join(s.number for s in undone.shares)
                again = f": {numbers} open again" if numbers and undone.certainty is Certainty.CERTAIN else ""
                named = undone.entry.bank_reference or undone.entry.id
                return self._none(f"{what}; {sign} it is {named}{again}", undone.account, undoes=undone.entry.id)
        return self._none(f"{what}; which one is not told: a person must look", self.who)

    # --- 2: remittance advices

    def _as_advised(self) -> Proposal | None:
        advices = self.of._advices.get(self.amount, [])
        if not advices:
            return None
        text = f"{self.entry.text} {' '.join(self.entry.references)}".upper()
        fitting = []
        for advice in advices:
            places = [p for n in advice.numbers for p in self.of._numbers.named(n) if self._is_open(p)]
            places = [p for p in dict.fromkeys(places) if self.of.items[p].account == advice.account]
            quoted = len(advice.reference) >= 6 and advice.reference.upper() in text
            if places and self.sum_of(places) == self.amount and (quoted or not self.is_other(advice.account)):
                fitting.append((advice, places, quoted or self.agrees(advice.account)))
        backed = [one for one in fitting if one[2]]
        named = {*self.mentions.whole, *self.mentions.checked}
        if len(backed) == 1 and (not named or named == set(backed[0][1])):
            advice, places, _ = backed[0]
            return self._answer(True, places, f"as the remittance advice of {advice.account} says, to the cent")
        if len(fitting) == 1 and not named:
            advice, places, _ = fitting[0]
            why = f"a remittance advice of {advice.account} has this amount, and nothing else tells who paid"
            return self._answer(False, places, why)
        return None

    # --- 3: numbers

    def _as_named(self) -> Proposal | None:
        sure = dict.fromkeys((*self.mentions.whole, *self.mentions.checked))
        named = list(dict.fromkeys((*sure, *self.mentions.loose)))
        if not named:
            return None
        shown = ", ".join(dict.fromkeys(self.of.items[p].number for p in named))
        places = [p for p in named if self._is_open(p)]
        if not places:
            currencies = {self.open(p).currency for p in named if self.open(p)}
            if currencies:
                return self._none(f"{shown} is in {', '.join(currencies)}, the payment in {self.amount.currency}")
            account = self.of.items[named[0]].account
            return self._none(f"{shown} is settled already: paid twice?", account if self.agrees(account) else "")
        accounts = {self.of.items[p].account for p in places}
        if len(accounts) > 1:
            mine = [p for p in places if self.agrees(self.of.items[p].account)]
            if mine and self.sum_of(mine) == self.amount and len({self.of.items[p].account for p in mine}) == 1:
                return self._answer(False, mine, f"the payer's own of {shown}, which belong to several debtors")
            exact = self.sum_of(places) == self.amount
            why = f"{shown} belong to {len(accounts)} debtors" + (", together of this amount" if exact else "")
            return self._answer(False, places, why) if exact else self._by_account(places, why)
        account = accounts.pop()
        return self._named_of(account, places, sure, shown, settled=len(places) < len(named))

    def _by_account(self, places: Sequence[int], why: str) -> Proposal:
        groups: dict[str, list[int]] = defaultdict(list)
        for place in places:
            groups[self.of.items[place].account].append(place)
        ranked = sorted(groups.items(), key=lambda g: (not self.agrees(g[0]), self.sum_of(g[1]) != self.amount, g[0]))
        options = []
        for account, some in ranked:
            amounts = self._oldest_first(some)
            taken = [p for p in some if p in amounts]
            if taken:
                options.append(Candidate(account=account, shares=self._shares(taken, amounts), why=why))
        return Proposal(
            entry=self.entry, certainty=Certainty.PROPOSED if options else Certainty.NONE, reason=why,
            shares=options[0].shares if options else (), candidates=tuple(options[:MOST_CANDIDATES]), account=self.who,
        )  # fmt: skip

    def _named_of(
        self, account: str, places: list[int], sure: dict[int, None], shown: str, *, settled: bool
    ) -> Proposal:
        """All that is named belongs to one debtor."""
        agrees, other = self.agrees(account), self.is_other(account)
        whole = all(p in sure for p in places)
        strong = whole and all(p in self.mentions.checked or self._is_telling(p) for p in places)
        total = self.sum_of(places)
        payer = self._payer_in_words(account)
        if total == self.amount:
            alike = None if agrees else self._nearly_the_same(places)
            if other:
                return self._answer(False, places, f"{shown} is named, of this amount, but {self._other_in_words()}")
            if (agrees or strong) and alike is None and not (waiting := self._waiting(places)):
                return self._answer(True, places, f"{shown} named, the amount to the cent; {payer}")
            doubt = payer
            if alike is not None:
                doubt = f"{self.of.items[alike].number} has this amount too and is written nearly the same"
            elif agrees or strong:
                doubt = f"{waiting} speaks of it too and is not decided yet"
            return self._answer(False, places, f"{shown} named, the amount to the cent, but {doubt}")
        with_parts = self._with_parts(account, places)
        if with_parts and agrees:
            numbers = ", ".join(self.of.items[p].number for p in with_parts)
            return self._answer(True, with_parts, f"{numbers} named, some in part, the amount to the cent; {payer}")
        if other and self.who:  # a number mistyped, or taken from an old transfer
            own = [p for p in self.open_of(self.who) if self.open(p) == self.amount]
            if len(own) == 1:
                why = f"{shown} is of another debtor, and one invoice of the payer has this amount"
                return self._answer(False, own, why)
        doubts = self._doubts(account, places, agrees, whole, settled)
        if self.amount < total:
            return self._too_little(account, places, shown, total - self.amount, doubts)
        return self._too_much(account, places, shown, doubts)

    def _with_parts(self, account: str, places: list[int]) -> list[int]:
        """The named items with those that parts of numbers mean, where together they make the amount."""
        more = []
        for part in self.mentions.parts:
            mine = [p for p in part if self.of.items[p].account == account and self._is_open(p) and p not in places]
            if len(mine) == 1:
                more.append(mine[0])
        together = [*places, *dict.fromkeys(more)]
        return together if more and self.sum_of(together) == self.amount else []

    def _doubts(self, account: str, places: list[int], agrees: bool, whole: bool, settled: bool) -> str:
        """Why an amount that differs from what is named must be looked at; empty where nothing speaks against it."""
        if not agrees:
            return self._other_in_words() if self.is_other(account) else self._payer_in_words(account)
        if not whole:
            return "the number is not written as it is"
        if settled:
            return "another number that it names is settled already"
        if waiting := self._waiting(places):
            return f"{waiting} speaks of it too and is not decided yet"
        if self.mentions.strangers:
            return f"it also names {self.mentions.strangers[0]}, which is not in the books"
        if self._also_names(account, places) or self.mentions.orders.keys() - set(places):
            return "it also names something else"
        also = [p for p in self.open_of(account) if p not in places and self.open(p) == self.amount]
        if also:
            return f"{self.of.items[also[0]].number} has exactly this amount"
        return ""

    def _also_names(self, account: str, places: Sequence[int]) -> bool:
        """Whether a part of a number in the text means an invoice of this debtor's that is not among these."""
        mine = [{p for p in part if self.of.items[p].account == account} for part in self.mentions.parts]
        return any(some and not some & set(places) for some in mine)

    def _too_little(self, account: str, places: list[int], shown: str, short: Money, doubts: str) -> Proposal:
        notes = [p for p in self.open_of(account) if self.open(p) == -short and p not in places]
        if notes:
            if len(notes) > 1:
                doubts = doubts or f"{len(notes)} credit notes have this amount"
            elif _is_round(short):
                doubts = doubts or "a round sum may be missing by chance"
            number = self.of.items[notes[0]].number
            why = f"{shown} named, less the credit note {number}, to the cent"
            return self._answer(not doubts, [*places, notes[0]], f"{why}, but {doubts}" if doubts else why)
        if any(self.open(p).amount < 0 for p in places):
            amounts = self._oldest_first([p for p in places if self.open(p).amount > 0])
            return self._answer(False, list(amounts), f"{shown} named, {short} missing", amounts=amounts)
        total = self.amount + short
        amounts = self._oldest_first(places)
        limit = min(self.of.tolerance.charges, total.amount * self.of.tolerance.charges_rate)
        if short.amount <= limit:
            last = max(places, key=lambda p: self.open(p).amount)
            amounts = {p: self.open(p) - short if p == last else self.open(p) for p in places}
            deductions = {self.of.items[last].number: short}
            why = f"{shown} named, {short} kept back, which bank charges explain"
            sure = not doubts
            why = f"{why}, but {doubts}" if doubts else why
            return self._answer(sure, places, why, amounts=amounts, deductions=deductions)
        rate = short.amount / total.amount
        if rate <= max(Decimal("0.03"), self.of.tolerance.discount):
            sure = not doubts and Decimal(0) < self.of.tolerance.discount >= rate
            why = f"{shown} named, {short} kept back, a cash discount of {rate:.2%}?"
            largest = max(places, key=lambda p: self.open(p).amount)
            shares = {p: self.open(p) - short if p == largest else self.open(p) for p in places}
            deductions = {self.of.items[largest].number: short} if sure else {}
            return self._answer(sure, places, why, amounts=shares, deductions=deductions)
        if len(places) == 1:
            why = f"{shown} named, paid in part; {self._payer_in_words(account)}"
            return self._answer(not doubts, places, f"{shown} named, paid in part, but {doubts}" if doubts else why,
                                amounts=amounts)  # fmt: skip
        taken = [p for p in places if p in amounts]
        why = f"{shown} named, {short} missing: which of them is short is not told"
        return self._answer(False, taken, why, amounts=amounts)

    def _too_much(self, account: str, places: list[int], shown: str, doubts: str) -> Proposal:
        over = self.amount - self.sum_of(places)
        if any(self.open(p).amount < 0 for p in places):
            doubts = doubts or "a credit note is named too"
        rest = [
            p for p in self.open_of(account) if p not in places and Money.zero(over.currency) < self.open(p) <= over
        ]
        if rest:  # the list of numbers may have been cut by the bank
            doubts = doubts or f"{self.of.items[rest[0]].number} may be meant too"
        if self.sum_of(self.open_of(account)) == self.amount:
            every = self.open_of(account)
            why = f"{shown} named, and all that is open makes the amount"
            return self._answer(False, every, why)
        if doubts:
            amounts = self._oldest_first(places)
            if amounts:
                why = f"{shown} named, {over} too much, but {doubts}"
                return self._answer(False, list(amounts), why, amounts=amounts)
        elif places:
            return self._answer(True, places, f"{shown} named, {over} too much, which stays on the account")
        return self._none(f"{shown} is a credit note, and money came in", account)

    def _oldest_first(self, places: Sequence[int]) -> dict[int, Money]:
        left, amounts = self.amount, {}
        for place in sorted(places, key=lambda p: (self.of.items[p].due_on, self.of.items[p].number)):
            part = min(left, self.open(place))
            if part.amount > 0:
                amounts[place] = part
                left = left - part
        return amounts

    def _is_telling(self, place: int) -> bool:
        """Whether a number is long enough not to stand in a text by chance."""
        bare = self.of._numbers.compacts[place]
        digits = sum(c.isdigit() for c in bare)
        return (len(bare) >= 5 and digits >= 3 and not bare.isdigit()) or digits >= 7

    def _nearly_the_same(self, places: Sequence[int]) -> int | None:
        """Another item with the same amount whose number is one slip of the pen away: which one was meant?"""
        for place in places:
            mine = self.of._numbers.compacts[place]
            for other in sorted(self.of._of_amount.get(self.open(place), ())):
                if other in places:
                    continue
                theirs = self.of._numbers.compacts[other]
                if _one_slip(mine, theirs):
                    return other
        return None

    def _waiting(self, places: Sequence[int]) -> str:
        """The bank's reference of an earlier payment that names one of these and that a person must decide on."""
        return next((self.of._waiting[p] for p in places if p in self.of._waiting), "")

    def _other_in_words(self) -> str:
        names = sorted(self.of._name_of.get(a, a) for a in (self.by_iban | self.by_name))
        return f"the payer is known as {', '.join(names[:3])}"

    # --- 4: orders and parts

    def _as_ordered(self) -> Proposal | None:
        places = [p for p in self.mentions.orders if self._is_open(p)]
        accounts = {self.of.items[p].account for p in places}
        if not places:
            return None
        orders = ", ".join(sorted({self.of.items[p].purchase_order for p in places}))
        if len(accounts) > 1:
            mine = [p for p in places if self.agrees(self.of.items[p].account)]
            if len({self.of.items[p].account for p in mine}) != 1:
                return self._by_account(places, f"order {orders} is of several debtors")
            places, accounts = mine, {self.of.items[mine[0]].account}
        account = accounts.pop()
        chosen = places if self.sum_of(places) == self.amount else [p for p in places if self.open(p) == self.amount]
        if not chosen or (len(chosen) > 1 and self.sum_of(chosen) != self.amount):
            amounts = self._oldest_first(places)
            taken = [p for p in places if p in amounts]
            why = f"order {orders} named, the amount is another"
            return self._answer(False, taken, why, amounts=amounts) if taken else None
        long = all(len(self.of.items[p].purchase_order) >= 6 for p in chosen)
        sure = (self.agrees(account) or (long and not self.by_name and not self.by_iban)) and not self.is_other(account)
        sure = sure and not self.mentions.strangers
        why = f"order {orders} named, the amount to the cent; {self._payer_in_words(account)}"
        return self._answer(sure, chosen, why)

    def _by_parts(self) -> Proposal | None:
        parts = [[p for p in part if self._is_open(p)] for part in self.mentions.parts]
        if self.who:
            mine = [[p for p in part if self.of.items[p].account == self.who] for part in parts]
            single = [some for some in mine if len(some) == 1]
            chosen = list(dict.fromkeys(some[0] for some in single))
            exact = bool(chosen) and self.sum_of(chosen) == self.amount
            if not exact:  # several items end alike, or a figure in the text is no number: the amount tells which
                fitting = list(dict.fromkeys(p for some in mine for p in some if self.open(p) == self.amount))
                chosen, exact = (fitting, True) if len(fitting) == 1 else ([], False)
            if exact:
                numbers = ", ".join(self.of.items[p].number for p in chosen)
                why = f"{numbers} named in part, the amount to the cent; {self._payer_in_words(self.who)}"
                return self._answer(True, chosen, why)
            return None
        fitting = list(dict.fromkeys(p for part in parts for p in part if self.open(p) == self.amount))
        if not fitting:
            return None
        why = "a part of the number and the amount fit"
        if len(fitting) > 1:
            return self._by_account(fitting, f"{why} {len(fitting)} invoices")
        return self._answer(False, fitting, f"{why}, but nothing tells who paid")

    # --- 5: amount and payer

    def _by_amount(self) -> Proposal | None:
        if not self.who:
            return None
        places = [p for p in self.open_of(self.who) if self.of.items[p].issued_on <= self.entry.booked_on]
        owed = [p for p in places if self.open(p).amount > 0]
        payer = self._payer_in_words(self.who)
        doubt = "its name stands in the text only" if self.only_in_text else ""
        if self.mentions.strangers:
            doubt = f"it names {self.mentions.strangers[0]}, which is not in the books"
        singles = [p for p in owed if self.open(p) == self.amount]
        if len(singles) == 1:
            mine = self.of._numbers.compacts[singles[0]]
            if self.mentions.strangers and all(_one_slip(compact(s), mine) for s in self.mentions.strangers):
                doubt = "its name stands in the text only" if self.only_in_text else ""
                payer = f"{payer}, {self.mentions.strangers[0]} is a slip of the pen away"
            sure = not doubt and self._proves(owed, len(owed), SINGLE_CHANCE)
            sure = sure and not self._also_names(self.who, singles)
            why = f"{payer}, and one invoice has this amount"
            return self._answer(sure, singles, f"{why}, but {doubt}" if doubt else why)
        if singles:
            others = [Candidate(account=self.who, shares=self._shares([p]), why="of the same amount")
                      for p in singles[1:]]  # fmt: skip
            why = f"{payer}, and {len(singles)} invoices have this amount: the oldest?"
            return self._answer(False, singles[:1], why, others=others)
        if len(places) > 1 and self.sum_of(places) == self.amount:
            sure = not doubt and self._proves(owed, len(owed), SINGLE_CHANCE)
            why = f"{payer}, and all that is open makes the amount"
            return self._answer(sure, places, f"{why}, but {doubt}" if doubt else why)
        chosen, _ = only_subset([_mills(self.open(p)) for p in owed], _mills(self.amount))
        if chosen is not None:
            some = [owed[place] for place in chosen]
            choices = sum(math.comb(len(owed), size) for size in range(1, len(some) + 1))
            sure = not doubt and self._proves(owed, choices, CHANCE) and bool(self.by_iban)
            sure = sure and not self._also_names(self.who, some)
            why = f"{payer}, and only these {len(some)} invoices make the amount"
            return self._answer(sure, some, f"{why}, but {doubt}" if doubt else why)
        return self._near(owed, payer)

    def _proves(self, places: Sequence[int], choices: int, chance: int) -> bool:
        """Whether the amount could hardly fit by chance: few choices, and amounts that are not round.

        A debtor that pays 1000.00 on account pays by chance what some invoice comes to.
        """
        if len(places) == 1:
            return True
        step = math.gcd(_mills(self.amount), *(_mills(self.open(p)) for p in places))
        return not _is_round(self.amount) and choices * chance <= _mills(self.amount) // max(step, 1)

    def _near(self, owed: Sequence[int], payer: str) -> Proposal | None:
        """One invoice from which bank charges or a discount may have been kept back."""
        near = [
            p for p in owed
            if self.amount < self.open(p)
            and (self.open(p) - self.amount).amount <= max(self.of.tolerance.charges, self.open(p).amount * 3 / 100)
        ]  # fmt: skip
        if len(near) != 1:
            return None
        short = self.open(near[0]) - self.amount
        why = f"{payer}, and one invoice is {short} larger: charges or a discount?"
        return self._answer(False, near, why, amounts={near[0]: self.amount})

    # --- 6: the amount alone

    def _by_amount_alone(self) -> Proposal | None:
        if self.who:
            return None
        fitting = [
            p for p in sorted(self.of._of_amount.get(self.amount, ()))
            if self.of.items[p].issued_on <= self.entry.booked_on
        ]  # fmt: skip
        known_as = self.by_iban | self.by_name
        if known_as:
            fitting = [p for p in fitting if self.of.items[p].account in known_as] or fitting
        if not fitting or len(fitting) > MOST_CANDIDATES:
            return None
        fitting.sort(key=lambda p: (self.of.items[p].due_on, self.of.items[p].number))
        others = [
            Candidate(account=self.of.items[p].account, shares=self._shares([p]), why="of this amount")
            for p in fitting[1:]
        ]
        count = "one invoice has" if len(fitting) == 1 else f"{len(fitting)} invoices have"
        why = f"nothing tells who paid; {count} this amount"
        return self._answer(False, fitting[:1], why, others=others)

    def _nothing(self) -> Proposal:
        if not self.who:
            return self._none("nothing tells who paid, and no invoice has this amount")
        name = self.of._name_of.get(self.who, self.who)
        if not self.open_of(self.who):
            return self._none(f"paid by {name}, who owes nothing: a prepayment, or paid twice", self.who)
        return self._none(f"paid by {name}, and no choice of its invoices makes the amount", self.who)


def _one_slip(one: str, other: str) -> bool:
    """Whether one sign, or two neighbours, differ."""
    if len(one) != len(other):
        return False
    wrong = [i for i in range(len(one)) if one[i] != other[i]]
    return len(wrong) <= 1 or (len(wrong) == 2 and wrong[1] - wrong[0] == 1)


def _plain(iban: str) -> str:
    return iban.replace(" ", "").upper()


def _same_iban(one: BankEntry, other: BankEntry) -> bool:
    return _plain(one.payer_iban) == _plain(other.payer_iban)


def _is_round(amount: Money) -> bool:
    return amount.amount == amount.amount.to_integral_value()


def _mills(amount: Money) -> int:
    """Thousandths: whole numbers for every currency."""
    return int(amount.amount * 1000)


__all__ = ["Matcher", "OpenItem", "in_order", "match_all"]
