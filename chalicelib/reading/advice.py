# ruff: noqa: E501  (one row of a table of phrases is one line)
"""Payment documents (remittance advices, bank confirmations, payment proposals, portal notices): lines, total, day, reference.

The same reading serves attached files and mails that consist of such a document.
Totals are checked against their lines; a payee who is not us, an invoice that is not
ours, or a sum that does not tie is reported and goes to a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from chalicelib.reading import amounts, dates, references
from chalicelib.reading.fold import fold
from chalicelib.reading.model import KnownItem
from chalicelib.reading.payment_facts import payment_reference


@dataclass(frozen=True, slots=True)
class Advice:
    kind: Literal["remittance", "promise"]
    numbers: tuple[str, ...]
    lines: tuple[tuple[str, Decimal | None], ...]  # invoice, amount paid
    total: Decimal | None
    on: date | None
    reference: str | None
    problems: tuple[str, ...]  # total, foreign-invoice, foreign-payee
    where: tuple[int, int]  # the span of the words that make it one
    tied: bool = False  # what was taken off explains why less than the balances was paid
    contested: tuple[tuple[str, tuple[str, ...]], ...] = ()  # lines that say what is wrong, of which invoices
    parts: tuple[Advice, ...] = ()  # of a statement whose rows say different things: what is paid, what is to be paid


_IS_ADVICE = re.compile(
    r"(?m)^[^\w\n]*(?:remittance (?=\S*\d)|(?:payment ref(?:erence)?|value date|(?:date de )?valeur|reference du (?:paiement|virement)|wertstellung|fecha valor|data valuta)[^\S\n]{0,12}:)|\b(?:remittance (?:advice|details|notification|slip)|payment (?:advice|specification|confirmation|notification|details|remittance|document|summary|voucher)|bill payment|p ?a ?y ?m ?e ?n ?t {1,3}a ?d ?v ?i ?c ?e|avis (?:de |d')(?:virement|paiement|reglement|operation)|ordre de virement|confirmation d'execution|confirmation de (?:virement|paiement)|virements? (?:sepa|emis|execute|effectue|recu)|virement du \d|detail du (?:virement|reglement|paiement)|releve de (?:virement|paiement)|bordereau de (?:reglement|virement|paiement)|mandatement|avis de mise en paiement|preuve de (?:virement|paiement)|zahlungsavis|zahlungsbestatigung|uberweisungsbestatigung|ausfuhrungsbestatigung|betaal(?:specificatie|bevestiging|advies)|aviso de (?:pago|transferencia)|comprobante de (?:pago|transferencia)|justificante de (?:pago|transferencia)|avviso di (?:pagamento|bonifico)|contabile (?:di )?bonifico|distinta (?:di )?(?:pagamento|bonifico)|check (?:no|number|stub|date)|cheque (?:no|number|stub|date)|mt ?103|ntry|camt\.05\d|bktocstmr|:32a:|:20:|faster payment|settled by bank transfer|items listed below are settled|amount (?:paid|remitted)|montant (?:vire|regle|paye|du virement)|total (?:vire|regle|paye|paid|remitted)|paid (?:eur|gbp|usd|amount)|gezahlter betrag|betaald bedrag|donneur d'ordre|ordering (?:customer|party))\b|:32a:|:20:"
)
_IS_PLAN = re.compile(
    r"\b(?:draft|proposal|payment proposal|zahlungsvorschlag\w*|entwurf|not released|nicht freigegeben|projet de (?:reglement|virement)|prevision\w*|previsionnel\w*|en attente de (?:validation|signature)|a valider|non valide|unreleased|pending (?:approval|release)|scheduled payment date|approved for payment|scheduled for payment|will be paid|planned payment|payment (?:is )?scheduled|bozza|borrador|concept(?:lijst)?|betaalvoorstel|voorstel|propuesta de pago|proposta di pagamento|sera paye\w?|paiement (?:prevu|programme|planifie)|date de (?:paiement|reglement|mise en paiement|virement) previ?(?:sionnelle|ue)|mise en paiement prevue|date de mise en paiement|expected payment date|estimated payment date|due to be paid)\b"
)
# Taken off because the goods, the price or the paper was wrong; a discount, a retention or a credit note is no quarrel.
_DEBIT = re.compile(
    r"\b(?:notes? de debit|debit (?:note|memo)s?|charge ?back|n\.?d\b|d\.?[mn]\b|nota (?:di addebito|de (?:cargo|debito|adeudo))|cargo|belastung\w*|lastschriftanzeige|debetnota|claims?|litiges?|reclam\w*|retours?|returns?|short\w*|missing|damaged?|defect\w*|manquant\w*|abim\w*|casse\w*|avari\w*|defaut\w*|surfactur\w*|overcharg\w*|ecart\w*|penalit\w*|malus|beschadigt\w*|fehlmenge\w*|preisdifferenz\w*|reklamation\w*|prijsverschil\w*|beschadigd\w*|danneggiat\w*|difettos\w*|mancant\w*|defectuos\w*|faltante\w*|danad\w*|price (?:variance|difference)|ecart de prix|differenza prezzo|diferencia de precio)\b"
)
_SHORT = re.compile(
    r"\b(?:qty|quantit\w*|menge\w*|price|preis\w*|prix|prezzo|precio|prijs|received|recus?|receipted)\b"
)
_NO_QUARREL = re.compile(
    r"\b(?:escompte|skonto|discount|sconto|descuento|korting|retenue de garantie|retention|commission|provision|avoir|credit note|gutschrift|creditnota|nota di credito|abono|rappel|rfa|bonus|remise|frais|fees?|tva|vat|iva)\b"
)
_TOTAL = re.compile(
    r"^\W*net\b|(?:^|[|\s(])(?:net (?:regle|vire|paye|a payer|verse|pagado|pagato|betaald|gezahlt|uberwiesen)|(?:grand|sum|payment|net|bank|cheque|check|amount|sub)?[ -]?total(?: \w+){0,4}|summe|gesamt\w*|totaal\w*|totale\w*|importe total|somme|montant(?: total| vire| regle| paye| net| du virement| de l'operation)?|amount (?:paid|remitted|of payment|of transfer)|payment amount|paid amount|transfer amount|net (?:amount|payment|paid)|zahlbetrag|betrag|bedrag|importe|importo|applied amt|amount)\b"
)
_NOT_TOTAL = re.compile(
    r"\b(?:capital|share capital|balance after|solde apres|frais|fees?|charges|tva|vat|interets?|discount|deduction|hors taxe|ht\b)\b"
)
_PAID_ON = re.compile(
    r"\b(?:payment date|date of payment|paid on|value(?: date)?|date de valeur|valeur|date d'execution|execute le|executed(?: on)?|date de (?:paiement|reglement|virement|l'operation|mise en paiement)|virement (?:du|execute le|effectue le)|regle le|vire le|check date|cheque date|transfer date|settlement date|remittance date|paid|ausfuhrung\w*|ausgefuhrt am|wertstellung|valuta|zahlungsdatum|buchung\w*|betaaldatum|uitvoering\w*|valutadatum|fecha de (?:pago|valor|ejecucion)|data (?:di )?(?:esecuzione|pagamento|valuta|bonifico)|scheduled payment date|lauf|run|payment run|date of transfer|value|of)\b[^\d\n]{0,30}$"
)
_KEYED = re.compile(
    r"\b(?:date de saisie|saisi\w*|keyed|created|date de creation|erfasst|entered|printed|edite le|imprime|date d'edition|due|echeance|fallig\w*|invoice date|bill date|doc(?:ument)? date|date de facture|issued)\b[^\d\n]{0,20}$"
)
_REFERENCE = re.compile(
    r"\b(?:reference de bout en bout|reference donneur d'ordre|end.to.end(?: id| reference)?|payment (?:document|reference|ref|no|number|id)|reference (?:du |de )?(?:virement|paiement|reglement)|our (?:payment )?ref(?:erence)?|votre reference de paiement|remittance (?:no|number|ref|advice)|transaction (?:id|ref|no|number|reference)|check no|check number|cheque no|cheque number|check #|avis(?: de \w+)? n\S{0,2}|n\S{0,2} d'(?:avis|ordre)|kenmerk|zahlungsbeleg|belegnr|payment advice(?: note)?|bank transfer|bill payment|remise|bordereau|virement n\S{0,2}|ordre n\S{0,2}|reference|ref|referenz|referencia|riferimento|cro|trn|mandat n\S{0,2})\b[ .:°#/|a-z]{0,22}?[:#| ]\s?\|?\s?#?"
)
_PAYEE = re.compile(
    r"^\W*(?:payee|pay to|beneficiaire|beneficiary|beneficiary name|begunstigter|empfanger|begunstigde|beneficiario|crediteur|fournisseur|supplier|vendor|creditor|a l'ordre de|paid to|kreditor|proveedor|fornitore|ordre de(?! (?:virement|paiement)))\b(?: \S{1,12})?\s?(?::|\|)\s?(.{3,80})"
)
_DEDUCTED = re.compile(  # "Deduction: 1 stool short delivered", below the rows
    r"^\W*(?:deductions?|deducted|abzuge?|deduit|retenues?|deduccion(?:es)?|trattenut[ae]|inhouding(?:en)?|reason|motif|grund)\b[^|]{0,16}:"
)
_UNKNOWN_INVOICE = re.compile(
    r"\b(?:[a-z]{1,5}[-/]?\d{2,4}[-/]\d{2,8}|(?:inv|fa|fac|fact|re|rg|bill)[-# ]?\d{4,10}|[a-z]{2,4}-\d{3,8}|\d{8,10})\b"
)


SOON = timedelta(5)  # a list of payments that nobody calls an advice and whose day lies further ahead is a plan
_SAYS = (
    ("held", re.compile(r"\b(?:disput\w*|litige|contest\w*|blocked|on hold|held|bloque\w*|suspend\w*|refus\w*|rejet\w*|gesperrt|reklam\w*|strittig|geblokkeerd|betwist|bloccat\w*|bloquead\w*|retenid\w*|withheld|non livre\w*|not delivered)\b")),
    ("planned", re.compile(r"\b(?:to be paid|to pay|scheduled|planned|approved|a payer|a regler|prevue?s?|programme\w*|planifie\w*|geplant|eingeplant|zahlung am|gepland|ingepland|te betalen|da pagare|previst[oa]|programmat[oa]|a pagar|programad[oa]|pendiente de pago|will be paid|next run|echeance)\b")),
    ("paid", re.compile(r"\b(?:paid|settled|cleared|pay(?:e|ee|es|ees)|regle\w*|vire\w*|solde\w*|bezahlt|uberwiesen|ausgeglichen|betaald|overgemaakt|voldaan|pagat[oa]|saldat[oa]|pagad[oa]|transferid[oa])\b")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    """One invoice of a statement, and what its row says of it: held, planned, paid or nothing."""

    line: str
    number: str
    amount: Decimal | None
    on: date | None
    says: str


def is_one(text: str) -> bool:
    """Whether a text calls itself a payment document."""
    return bool(_IS_ADVICE.search(fold(text)))


def no_quarrel(folded: str) -> bool:
    """Whether a row takes off what nobody contests: a credit note, a discount, a retention."""
    return bool(_NO_QUARREL.search(folded) and re.search(r"\d[.,]\d\d\b", folded)) and not _DEBIT.search(folded)


def find(
    text: str,
    items: Sequence[KnownItem],
    base: date,
    *,
    elsewhere: Mapping[str, KnownItem] | None = None,
    month_first: bool = False,
    our_names: frozenset[str] = frozenset(),
    sure: bool = False,
) -> Advice | None:
    """The payment document that a text is, or None. sure: the mail already says that it encloses one."""
    folded = fold(text)
    mark = _IS_ADVICE.search(folded)
    planned = _IS_PLAN.search(folded)
    if not (mark or planned or sure):
        return None
    if re.search(r"\b(?:iban|releve d'identite bancaire)\b", folded) and not mark and not planned:
        return None
    lines = folded.split("\n")
    read = _Lines(lines, items, base, month_first, elsewhere or {})
    numbers = tuple(dict.fromkeys(n for n, _ in read.paid))
    problems: list[str] = []
    total = read.total()
    # A swift message states amount and day in one field: :32A:261119EUR55398,63
    swift = re.search(r":32a:(\d{2})(\d{2})(\d{2})([a-z]{3})([\d.,]+)", folded)
    on = read.on()
    if swift:
        total = amounts.parse(swift[5].rstrip(",."))
        try:
            on = date(2000 + int(swift[1]), int(swift[2]), int(swift[3]))
        except ValueError:
            on = None
    known = {i.number: i for i in items}
    sums = [a for _, a in read.paid if a is not None]
    each_has_one = len(sums) == len(read.paid)
    if total is None and numbers and each_has_one:
        total = sum(sums, Decimal(0))
    unknown = sum(read.unknown_amounts, Decimal(0))
    summed, gross = sum(sums, Decimal(0)) + unknown, gross_of(numbers, known) + unknown
    deductions = sum(read.deductions, Decimal(0))
    taken_off = sum((a for _, a in read.taken_off), Decimal(0))
    stated = read.stated_total()
    if stated is not None and len(read.paid) + len(read.unknown_amounts) > 1 and each_has_one:
        fitting = (summed, summed + deductions, summed - abs(deductions), gross, gross - abs(deductions))
        if stated not in fitting and stated + taken_off not in fitting:
            problems.append("total")
    if read.foreign or read.unknown_amounts:
        problems.append("foreign-invoice")
    payee = next((m[1] for m in (_PAYEE.match(line) for line in lines if line.count(" | ") <= 1) if m), None)
    if payee and our_names and not any(n in payee for n in our_names):
        problems.append("foreign-payee")
    if not numbers and total is None and on is None:
        return None
    if sure and not mark and not planned and not numbers:
        return None
    start, end = (mark or planned).span() if (mark or planned) else (0, min(len(text), 80))  # type: ignore[union-attr]
    ahead = not mark and on is not None and on > base + SOON  # a list that nobody calls an advice, of a day to come
    final = bool(planned or ahead) and not re.search(
        r"\b(?:confirmation d'execution|has been paid|was paid|execute le|executed|paid on|settled)\b", folded
    )
    return Advice(
        kind="promise" if final and (on is None or on >= base) else "remittance",
        numbers=numbers,
        lines=tuple(read.paid),
        total=total,
        on=on,
        reference=_reference(folded, items) or _repeated(lines, items),
        problems=tuple(problems),
        where=(start, end),
        tied=bool(taken_off and total is not None and total + taken_off == gross_of(numbers, known))
        or read.shows_gross,
        contested=(
            *read.withheld,
            *(
                (line, numbers if len(numbers) == 1 else ())
                for line, _ in read.taken_off
                if _DEBIT.search(line) and not _NO_QUARREL.search(line)
            ),
        ),
        parts=_parts(read.rows, (start, end)),
    )


def _parts(rows: Sequence[_Row], where: tuple[int, int]) -> tuple[Advice, ...]:
    """What a statement says row by row, where it does not say the same of all: one document of what is paid, one of
    what will be; rows that are held ride on the first."""
    if len({row.says for row in rows} - {""}) < 2:
        return ()
    held = tuple((row.line, (row.number,)) for row in rows if row.says == "held")
    out = []
    for kind, says in (("remittance", "paid"), ("promise", "planned")):
        mine = [row for row in rows if row.says == says]
        amounts_ = [row.amount for row in mine if row.amount is not None]
        if mine:
            out.append(
                Advice(
                    kind=kind,  # type: ignore[arg-type]
                    numbers=tuple(row.number for row in mine),
                    lines=tuple((row.number, row.amount) for row in mine),
                    total=sum(amounts_, Decimal(0)) if len(amounts_) == len(mine) else None,
                    on=max((row.on for row in mine if row.on), default=None),
                    reference=None,
                    problems=(),
                    where=where,
                )
            )
    if out and held:
        out[0] = replace(out[0], contested=held)
    return tuple(out)


def gross_of(numbers: Sequence[str], known: Mapping[str, KnownItem]) -> Decimal:
    return sum((known[n].amount for n in numbers if n in known), Decimal(0))


class _Lines:
    def __init__(
        self,
        lines: Sequence[str],
        items: Sequence[KnownItem],
        base: date,
        month_first: bool,
        elsewhere: Mapping[str, KnownItem],
    ) -> None:
        self.paid: list[tuple[str, Decimal | None]] = []
        self.unknown_amounts: list[Decimal] = []
        self.deductions: list[Decimal] = []
        self.taken_off: list[tuple[str, Decimal]] = []  # lines of no invoice of ours, with what they take off
        self.rows: list[_Row] = []
        self.withheld: list[tuple[str, tuple[str, ...]]] = []  # rows that say why less was paid
        self.shows_gross = False  # a row shows the balance, what was taken off it and what was paid
        balances = {i.number: i.amount for i in items}
        self.foreign: list[str] = []
        self._issued = {i.issued_on for i in items} | {i.due_on for i in items}
        self._totals: list[tuple[Decimal, str]] = []
        self._singles: list[Decimal] = []
        self._dates: list[tuple[int, date]] = []  # weight, day
        waiting: str | None = None
        header = False
        for raw in lines[:3000]:
            line = raw.strip()
            if not line:
                continue
            blank = re.sub(r"https?://\S+|\S+@\S+", " ", line)
            found_dates = dates.find(blank, base, month_first=month_first)
            found = references.find(blank, items, (), found_dates, known_elsewhere=elsewhere)
            named = [n for r in found.found if r.how in ("number", "order", "fragment") for n in r.numbers]
            exact = [n for r in found.found if r.how == "number" for n in r.numbers]
            named = list(dict.fromkeys(exact or named))
            cells = _cells(blank, found_dates, found)
            money = [v for v in map(_money, cells) if v is not None]
            total_line = _TOTAL.search(line) and not named
            if not money and " | " in line and cells and _WHOLE.fullmatch(cells[-1].strip()):
                whole = Decimal(cells[-1].strip())  # a sheet writes round sums without their cents
                if total_line or whole in [balances[n] for n in named]:
                    money = [whole]
            self._note_dates(line, found_dates, bool(named))
            if total_line and money and not _NOT_TOTAL.search(line):
                self._totals.append((money[-1], line))
                waiting = None
            elif named:
                positive = [m for m in money if m > 0]
                self.deductions += [abs(m) for m in money if m < 0]
                if len(named) == 1:
                    amount = positive[-1] if positive else None
                    days = [d.past or d.future for d in found_dates if not d.weak]
                    says = next((name for name, words in _SAYS if words.search(line)), "")
                    self.rows.append(_Row(line, named[0], amount, days[-1] if days else None, says))
                    balance = balances[named[0]]
                    if (
                        amount is not None
                        and amount < balance
                        and {balance, balance - amount} <= {abs(m) for m in money}
                    ):
                        self.shows_gross = True
                        if (_DEBIT.search(line) or _SHORT.search(line)) and not _NO_QUARREL.search(line):
                            self.withheld.append((line, (named[0],)))
                    previous = next((i for i, (n, _) in enumerate(self.paid) if n == named[0]), None)
                    if previous is None:
                        self.paid.append((named[0], amount))
                    elif self.paid[previous][1] is None:
                        self.paid[previous] = (named[0], amount)
                    waiting = named[0] if amount is None else None
                elif positive and positive[-1] == sum(balances[n] for n in named):  # one booking of several invoices
                    self.paid += [(n, balances[n]) for n in named if n not in [q for q, _ in self.paid]]
                else:
                    self.paid += [(n, None) for n in named if n not in [q for q, _ in self.paid]]
            elif money and money[-1] < 0:
                self.taken_off.append((line, abs(money[-1])))
            elif found.foreign:
                self.foreign += found.foreign
                self.unknown_amounts += [m for m in money[-1:] if m > 0]
            elif waiting and len(money) == 1 and money[0] > 0 and re.fullmatch(r"[\d.,' €£$-]+", line):
                self.paid = [(n, money[0] if n == waiting and a is None else a) for n, a in self.paid]
                waiting = None
            elif (
                header
                and money
                and money[-1] not in (sum((a for _, a in self.paid if a), Decimal(0)), *[v for v, _ in self._totals])
                and _UNKNOWN_INVOICE.search(line)
                and not total_line
                and not re.search(r"\b(?:iban|bic|siret|vat|tva|tel|rcs)\b", line)
            ):
                self.unknown_amounts.append(money[-1])
            elif money and not _NOT_TOTAL.search(line):
                self._singles += money
            if re.search(
                r"\b(?:invoices?|factures?|documents?|rechnung|factuur|fattura|factura|your reference|supplier|reference no)\b.*\b(?:amount|montant|betrag|paid|amt|importo|importe|bedrag|gross|net)\b",
                line,
            ):
                header = True
            if re.match(r"(?:facture|invoice|document)\b", line) and not money:
                header = True
        notes = [line for line in lines if _DEDUCTED.match(line) and (_DEBIT.search(line) or _SHORT.search(line))]
        if self.shows_gross and not self.withheld and notes and not _NO_QUARREL.search(notes[0]):
            numbers = tuple(dict.fromkeys(n for n, _ in self.paid))
            self.withheld.append((notes[0], numbers if len(numbers) == 1 else ()))

    def _note_dates(self, line: str, found: Sequence[dates.FoundDate], row: bool) -> None:
        for d in found:
            on = d.past or d.future
            if on is None or d.weak or not (d.full or d.past == d.future):
                continue
            before = line[max(0, d.start - 44) : d.start]
            if _KEYED.search(before):
                weight = 0
            elif _PAID_ON.search(before):
                weight = (
                    3
                    if re.search(
                        r"exec|valeur|value|wertstell|valuta|ausf|uitvoer|payment date|betaaldatum|paid", before
                    )
                    else 2
                )
            else:
                weight = 0 if row or " | " in line else 1
            self._dates.append((weight, on))

    def total(self) -> Decimal | None:
        stated = self.stated_total()
        if stated is not None:
            return stated
        distinct = list(dict.fromkeys(self._singles))
        return distinct[0] if len(distinct) == 1 and not any(a for _, a in self.paid) else None

    def stated_total(self) -> Decimal | None:
        if not self._totals:
            return None
        strong = [
            v
            for v, line in self._totals
            if re.search(r"total|sum|net\b|paid|payment amount|vire|regle|zahlbetrag|totaal", line)
        ]
        return (strong or [v for v, _ in self._totals])[-1]

    def on(self) -> date | None:
        if not self._dates:
            return None
        best = max(w for w, _ in self._dates)
        if best == 0:
            days = {d for w, d in self._dates}
            of_rows = {row.on for row in self.rows if row.on}  # the last day of each row: issued, due, then paid
            if of_rows and not of_rows & self._issued:
                return max(of_rows)
            return days.pop() if len(days) == 1 and not days & self._issued else None
        return max(d for w, d in self._dates if w == best)


def _cells(line: str, found: Sequence[dates.FoundDate], refs: references.References) -> list[str]:
    """Number-like pieces of a row, dates and invoice numbers blanked out."""
    chars = list(line)
    for d in found:
        if not d.weak:
            chars[d.start : d.end] = " " * (d.end - d.start)
    for r in refs.found:
        if r.how in ("number", "order", "fragment"):
            chars[r.start : r.end] = "|" * (r.end - r.start)
    blank = "".join(chars)
    if " | " in line:
        return [c for c in blank.split("|") if re.search(r"\d", c)]
    return [
        m[0]
        for m in re.finditer(
            r"(?<![\w/.-])(?:(?<=\S\s)[-–]\s)?[-(*]{0,3}(?:[€£$] ?)?\d{1,3}(?:[ .,']\d{3})*[.,]\d{2}(?!\d)-?\)?|(?<![\w/.-])[-(*]{0,3}\d{1,9}[.,]\d{2}(?!\d)",
            blank,
        )
    ]


_WHOLE = re.compile(r"\d{2,7}")


def _money(cell: str) -> Decimal | None:
    text = re.sub(r"\b(?:eur|gbp|usd|chf)\b|[€£$*]", "", cell).strip().replace("–", "-")
    if not re.fullmatch(r"[-(]?\s?\d[\d .,']*\)?-?", text) or not re.search(r"[.,]\d{2}\)?-?$", text):
        inner = re.search(r"(?<![\w/.-])-?\d{1,3}(?:[ .,']\d{3})*[.,]\d{2}(?!\d)", text)
        return amounts.parse(inner[0]) if inner and "%" not in text else None
    return amounts.parse(text)


def _repeated(lines: Sequence[str], items: Sequence[KnownItem]) -> str | None:
    """A token with digits that stands in every row with an invoice: the column of the payment's reference."""
    rows = [
        line
        for line in lines
        if " | " in line
        and any(re.sub(r"[^a-z0-9]", "", fold(i.number)) in re.sub(r"[^a-z0-9]", "", line) for i in items)
    ]
    if not rows:
        return None
    common = set.intersection(*({c.strip() for c in row.split(" | ")} for row in rows))
    for token in sorted(common, key=len, reverse=True):
        if (
            re.search(r"\d", token)
            and 4 <= len(token) <= 35
            and " " not in token
            and not re.fullmatch(r"[\d/.-]{8,10}|[\d.,]+", token)
            and not (
                len(rows) == 1
                and re.sub(r"[^a-z0-9]", "", token) in {re.sub(r"[^a-z0-9]", "", fold(i.number)) for i in items}
            )
        ):
            return token.upper()
    return None


def _reference(folded: str, items: Sequence[KnownItem]) -> str | None:
    compact = {re.sub(r"[^a-z0-9]", "", fold(i.number)) for i in items}
    for m in _REFERENCE.finditer(folded):
        token = re.match(r"([a-z0-9][a-z0-9./_-]{3,34})", folded[m.end() :])
        if not token or not re.search(r"\d", token[1]):
            continue
        bare = re.sub(r"[^a-z0-9]", "", token[1])
        if bare in compact or re.fullmatch(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}", token[1]) or bare.startswith("po4"):
            continue
        return token[1].rstrip(".-/").upper()
    swift = re.search(r":20:(\S{3,35})", folded)
    if swift:
        return swift[1].upper()
    return payment_reference(folded[:3000], [i.number for i in items])
