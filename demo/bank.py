"""The bank: a camt.053 statement every business day, with payers and words as real ones have them.

What a transfer was meant for is not in it unless its payer wrote so. Most write the invoice's number, each in its own
way; some write it wrong, and some write nothing that helps.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from xml.sax.saxutils import escape

from chalicelib.domain.creditor import Creditor
from demo.company import HOME, Books, Client, Transfer

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"
OPENING = {"EUR": Decimal("48210.37"), "GBP": Decimal("6150.00")}
LINE = 35
"""Banks hand remittance text on in lines of so many letters, wherever that cuts it."""

MUTE = frozenset({"C110", "C135", "C146"})
"""They write no invoice number: only the amount and the payer tell what is paid."""

PAID_BY = {"C106": "DDFIP DU FINISTERE", "C131": "CMA PONANT AGENCE COMPTABLE"}
"""Whose name stands at a payment, where that is not the client's."""

MANGLED: dict[str, Callable[[str], str]] = {
    "C123": lambda digits: f"REGLEMENT FACTURE FK-{digits.replace('0', 'O')}",  # the letter O
    "C125": lambda digits: f"FACT {digits[1:]}",
    "C130": lambda digits: f"FACTURE FK-{digits[:3]} {digits[3:]}",
    "C132": lambda digits: f"MDT 2291 BORD 77 FACT {digits}",
    "C147": lambda digits: f"fact. n°FK.{digits} merci",
}

WRITTEN: Sequence[Callable[[str], str]] = (
    lambda digits: f"FACTURE FK-{digits}",
    lambda digits: f"facture FK{digits}",
    lambda digits: f"Règlement facture n° FK-{digits} Ateliers Kerbrat",
    lambda digits: f"VIR SEPA KERBRAT FK {digits}",
    lambda digits: f"Invoice FK-{digits}",
)

STANDING: Sequence[tuple[int, str, str, str]] = (
    (2, "SCIERIE DE L'ARGOAT", "2460.00", "PRLV BOIS ET PANNEAUX"),
    (8, "URSSAF BRETAGNE", "3912.00", "PRLV COTISATIONS"),
    (17, "QUINCAILLERIE DU QUAI", "418.64", "FACTURE 88112"),
    (24, "LOCATION UTILITAIRES CORNOUAILLE", "689.00", "LOYER"),
)
"""What leaves the account each month: day, to whom, amount, words. None of it concerns a debtor."""

CHARGE = Decimal("24.60")

TRANSFER_IN = "<Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd>"
CHEQUE = "<Cd>RCHQ</Cd><SubFmlyCd>CCHQ</SubFmlyCd>"


@dataclass
class Bank:
    """Our accounts, one in each currency; a statement ends where the one before began."""

    creditor: Creditor
    books: Books
    balances: dict[str, Decimal] = field(default_factory=lambda: dict(OPENING))
    count: int = 0
    stated_to: date | None = None

    def statement(self, transfers: Sequence[Transfer], *, to: date, at: datetime) -> bytes:
        """The statement of the days since the last one, up to `to`; without an entry it says that nothing came."""
        since = self.stated_to + timedelta(days=1) if self.stated_to else to
        entries: dict[str, list[str]] = defaultdict(list)
        sums: dict[str, Decimal] = defaultdict(Decimal)
        ordered = sorted(transfers, key=lambda t: (t.on, t.account, t.number, t.amount))
        for transfer in ordered:
            sums[transfer.currency] += transfer.amount
            entries[transfer.currency].append(self._credit(transfer, len(entries[transfer.currency])))
        for entry, amount in _standing(since, to):
            sums["EUR"] -= amount
            entries["EUR"].append(entry)
        self.count += 1
        told = ["EUR", *(currency for currency in sorted(entries) if currency != "EUR")]
        text = "".join(self._account(c, entries[c], sums[c], since, to, at) for c in told)
        for currency in told:
            self.balances[currency] += sums[currency]
        self.stated_to = to
        head = f"<GrpHdr><MsgId>KERBRAT-{at:%Y%m%d}</MsgId><CreDtTm>{at:%Y-%m-%dT%H:%M:%S}Z</CreDtTm></GrpHdr>"
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}">\n'
            f"<BkToCstmrStmt>\n{head}\n{text}</BkToCstmrStmt>\n</Document>\n"
        ).encode()

    def _account(
        self, currency: str, entries: Sequence[str], sum_: Decimal, since: date, to: date, at: datetime
    ) -> str:
        iban = self.creditor.iban.replace(" ", "") if currency == "EUR" else french_iban(12345678902)
        before = self.balances[currency]
        lines = "".join(entries)
        return (
            f"<Stmt>\n<Id>{currency}-{self.count:05d}</Id><ElctrncSeqNb>{self.count}</ElctrncSeqNb>"
            f"<CreDtTm>{at:%Y-%m-%dT%H:%M:%S}Z</CreDtTm>\n"
            f"<FrToDt><FrDtTm>{since}T00:00:00</FrDtTm><ToDtTm>{to}T23:59:59</ToDtTm></FrToDt>\n"
            f"<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>{currency}</Ccy>"
            f"<Ownr><Nm>{escape(self.creditor.name)}</Nm></Ownr></Acct>\n"
            f"{_balance('OPBD', before, currency, since)}{_balance('CLBD', before + sum_, currency, to)}"
            f"{lines}</Stmt>\n"
        )

    def _credit(self, transfer: Transfer, place: int) -> str:
        client = self.books.clients[transfer.account]
        cheque = transfer.reference.startswith("CHQ")
        reference = f"{transfer.on:%y%m%d}{_digest(transfer, place)}"
        account = "" if cheque else f"<DbtrAcct><Id><IBAN>{iban_of(client)}</IBAN></Id></DbtrAcct>"
        words = self._words(transfer)
        remittance = "".join(f"<Ustrd>{escape(line)}</Ustrd>" for line in _lines(words))
        own = transfer.reference.replace(" ", "-")[:LINE] or "NOTPROVIDED"
        family = CHEQUE if cheque else TRANSFER_IN
        return _entry(
            transfer.amount, transfer.currency, "CRDT", transfer.on, reference, family,
            f"<TxDtls><Refs><AcctSvcrRef>{reference}</AcctSvcrRef><EndToEndId>{escape(own)}</EndToEndId></Refs>"
            f"<RltdPties><Dbtr><Nm>{escape(payer_name(client))}</Nm></Dbtr>{account}</RltdPties>"
            f"<RmtInf>{remittance}</RmtInf></TxDtls>",
        )  # fmt: skip

    def _words(self, transfer: Transfer) -> str:
        """What the payer wrote."""
        client = self.books.clients[transfer.account]
        if not transfer.number or transfer.account in MUTE:
            return transfer.reference or "VIREMENT"
        digits = transfer.number.rpartition("-")[2]
        own = MANGLED.get(client.account, WRITTEN[int(client.account[1:]) % (len(WRITTEN) - 1)])
        if client.language != "fr" and client.account not in MANGLED:
            own = WRITTEN[-1]
        whose = client.name.upper() if client.account in PAID_BY else ""
        return " ".join(filter(None, (transfer.reference, whose, own(digits))))


def payer_name(client: Client) -> str:
    """As banks print it: capitals without accents, cut."""
    plain = unicodedata.normalize("NFKD", PAID_BY.get(client.account, client.name)).encode("ascii", "ignore").decode()
    return plain.upper()[:27].strip()


def iban_of(client: Client) -> str:
    """A sound IBAN under the specimen bank codes of its country, the same one in every run."""
    serial = 7_000_000 + int(client.account[1:])
    match client.country:
        case "GB":
            return _iban("GB", f"NWBK601613{serial:08d}")
        case "IE":
            return _iban("IE", f"AIBK931152{serial:08d}")
        case "BE":
            return _iban("BE", f"539{serial:07d}{int(f'539{serial:07d}') % 97 or 97:02d}")
        case "DE":
            return _iban("DE", f"37040044{serial:010d}")
        case "CH":
            return _iban("CH", f"00762{serial:012d}")
        case _:
            return french_iban(serial)


def french_iban(account: int) -> str:
    key = 97 - (89 * 30006 + 15 * 1 + 3 * account) % 97
    return _iban("FR", f"3000600001{account:011d}{key:02d}")


def _iban(country: str, rest: str) -> str:
    check = 98 - int("".join(str(int(sign, 36)) for sign in f"{rest}{country}00")) % 97
    return f"{country}{check:02d}{rest}"


def _standing(since: date, to: date) -> Iterator[tuple[str, Decimal]]:
    """What leaves the account in these days."""
    for day in _days(since, to):
        for due, name, amount, words in STANDING:
            if HOME.on_or_after(day.replace(day=due)) == day:
                reference = f"{day:%y%m%d}D{due:02d}"
                detail = (
                    f"<TxDtls><RltdPties><Cdtr><Nm>{escape(name)}</Nm></Cdtr></RltdPties>"
                    f"<RmtInf><Ustrd>{escape(words)}</Ustrd></RmtInf></TxDtls>"
                )
                family = "<Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd>"
                yield _entry(Decimal(amount), "EUR", "DBIT", day, reference, family, detail), Decimal(amount)
        if HOME.on_or_after(day.replace(day=1)) == day:
            charge = "<TxDtls><RmtInf><Ustrd>FRAIS DE TENUE DE COMPTE</Ustrd></RmtInf></TxDtls>"
            family = "<Cd>MDOP</Cd><SubFmlyCd>CHRG</SubFmlyCd>"
            yield _entry(CHARGE, "EUR", "DBIT", day, f"{day:%y%m%d}F01", family, charge), CHARGE


def _days(since: date, to: date) -> Iterable[date]:
    return (since + timedelta(days=n) for n in range((to - since).days + 1))


def _entry(amount: Decimal, currency: str, mark: str, on: date, reference: str, family: str, detail: str) -> str:
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd><Sts>BOOK</Sts>'
        f"<BookgDt><Dt>{on}</Dt></BookgDt><ValDt><Dt>{on}</Dt></ValDt><AcctSvcrRef>{reference}</AcctSvcrRef>"
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly>{family}</Fmly></Domn></BkTxCd>"
        f"<NtryDtls>{detail}</NtryDtls></Ntry>\n"
    )


def _balance(code: str, amount: Decimal, currency: str, on: date) -> str:
    mark = "CRDT" if amount >= 0 else "DBIT"
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{abs(amount):.2f}</Amt>'
        f"<CdtDbtInd>{mark}</CdtDbtInd><Dt><Dt>{on}</Dt></Dt></Bal>\n"
    )


def _lines(words: str) -> list[str]:
    return [words[start : start + LINE] for start in range(0, len(words), LINE)]


def _digest(transfer: Transfer, place: int) -> str:
    """The bank's own id of the entry: eight letters and digits that mean nothing to anybody else."""
    said = f"{transfer.account}/{transfer.number}/{transfer.amount}/{transfer.on}/{place}"
    return sha256(said.encode()).hexdigest()[:8].upper()
