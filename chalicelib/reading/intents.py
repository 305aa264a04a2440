# ruff: noqa: E501  (one row of a table of phrases is one line)
"""What the client's words say: intents and facts, clause by clause, each with the words that prove it.

Tense decides between promise and remittance: the verb's first, the date's where the
verb leaves it open. A condition on something of ours ("dès réception de l'avoir") is
no promise; a refusal is a dispute; a question is neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from chalicelib.reading import amounts as amounts_
from chalicelib.reading import brief as brief_
from chalicelib.reading import dates as dates_
from chalicelib.reading import phrases as p
from chalicelib.reading import references as references_
from chalicelib.reading import tallies
from chalicelib.reading.clauses import Clause, cut, soften
from chalicelib.reading.model import DisputeReason, Intent, KnownItem

EMAIL = re.compile(r"[a-z0-9._%+'&-]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,190}[a-z0-9])?\.[a-z]{2,24}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing said: of some invoices, of an amount, of a day."""

    intent: Intent
    start: int
    end: int
    words: tuple[int, int]  # the span of the deciding words
    clause: int
    numbers: tuple[str, ...] = ()
    on: date | None = None
    amount: Decimal | None = None
    reference: str | None = None
    reason: DisputeReason | None = None
    certain: bool = True  # the date is what anybody would understand
    vague: bool = False
    loose: bool = False  # a word of paying and a day, no turn of phrase


@dataclass(frozen=True, slots=True)
class Said:
    """All that a text says, before anybody decides."""

    statements: tuple[Statement, ...] = ()
    contacts: tuple[tuple[str, int, int], ...] = ()  # address and where it stands
    numbers: tuple[str, ...] = ()
    references: tuple[references_.FoundReference, ...] = ()
    foreign: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()  # what a person ought to know
    open_question: bool = False  # a question of some length that no statement explains
    clauses: tuple[Clause, ...] = field(default=(), repr=False)

    def of(self, intent: Intent) -> tuple[Statement, ...]:
        return tuple(s for s in self.statements if s.intent == intent)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the text is read against."""

    base: date
    items: tuple[KnownItem, ...] = ()  # the debtor's open items
    elsewhere: Mapping[str, KnownItem] = field(default_factory=dict)
    month_first: bool = False
    holidays: frozenset[date] = frozenset()
    our_addresses: frozenset[str] = frozenset()
    sender: str | None = None
    above: Mapping[int, tuple[str, ...]] = field(
        default_factory=dict
    )  # offset of an own block → invoices of the quoted line above
    subject_numbers: tuple[str, ...] = ()


def understand(own: str, ground: Ground) -> Said:
    """Read a text in the client's own words."""
    folded = soften(own)
    masked = _without_addresses(folded)
    month_first = ground.month_first or bool(_AMERICAN.search(masked))
    dates = dates_.find(masked, ground.base, month_first=month_first, holidays=ground.holidays)
    amounts = _amounts(masked, ground, dates)
    dates = [d for d in dates if not any(a.start <= d.start and d.end <= a.end for a in amounts)]
    found = references_.find(masked, ground.items, amounts, dates, known_elsewhere=ground.elsewhere)
    hidden = {r.start for r in found.found if r.how == "number"}
    dates = [
        d
        for d in dates
        if not any(r.start <= d.start < r.end for r in found.found if r.how in ("number", "order"))
        or (d.start not in hidden and not any(r.start <= d.start < r.end for r in found.found))
    ]
    clauses = cut(masked, dates, amounts, found.found, _talks)
    reader = _Clauses(clauses, folded, ground)
    reader.read()
    statements = tuple(sorted(reader.statements, key=lambda s: s.start))
    contacts = _contacts(folded, own, clauses, ground)
    if contacts and not any(s.intent == "contact_change" for s in statements):
        _, start, end = contacts[0]
        statements = (*statements, Statement("contact_change", start, end, (start, end), _at(clauses, start)))
    statements = _settle(statements, contacts, reader.flags)
    return Said(
        statements=statements,
        contacts=contacts,
        numbers=found.numbers,
        references=found.found,
        foreign=found.foreign,
        flags=frozenset(reader.flags),
        open_question=_asks_something_else(clauses, statements),
        clauses=tuple(clauses),
    )


def found_by(statements: Iterable[Statement]) -> dict[Intent, bool]:
    """The intents of the rules, each with whether one of its statements at least rests on a turn of phrase."""
    found: dict[Intent, bool] = {}
    for s in statements:
        found[s.intent] = found.get(s.intent, False) or not s.loose
    return found


def heard(intent: Intent, place: tuple[int, int], said: Said, own: str, ground: Ground) -> Statement:
    """The statement of an intent that no phrase told but the learned voice heard in a clause: with its facts."""
    reader = _Clauses(said.clauses, soften(own), ground)
    index = max(_at(said.clauses, place[0]), 0)
    return reader.heard(intent, index)


_AMERICAN = re.compile(r"\bach\b|\bck ?#|\bcheck ?#|\bcheck run\b|\$ ?\d{1,3}(?:,\d{3})*\.\d\d\b")


def _without_addresses(folded: str) -> str:
    """Mail and web addresses blanked out, same length: digits in them are no dates and no invoices."""
    blank = EMAIL.sub(lambda m: "@" * len(m[0]), folded)
    return re.sub(r"https?://\S{1,300}", lambda m: "@" * len(m[0]), blank)


def _amounts(folded: str, ground: Ground, dates: Sequence[dates_.FoundDate]) -> list[amounts_.FoundAmount]:
    """Amounts of the text; bare whole numbers count where they are one of the open balances."""
    full = [(d.start, d.end) for d in dates if d.full or not d.weak]
    found = [
        a for a in amounts_.find(folded) if not any(s <= a.start and a.end <= e and a.currency is None for s, e in full)
    ]
    spans = [(a.start, a.end) for a in found] + [(d.start, d.end) for d in dates]
    balances = {i.amount for i in ground.items}
    for m in _BARE_NUMBER.finditer(folded):
        if any(s < m.end(1) and m.start(1) < e for s, e in spans):
            continue
        value = amounts_.parse(m[1])
        if value is None or value < 50:
            continue
        grouped = bool(re.search(r"[ .,']\d{3}$", m[1]))
        whole = any(int(b) == value for b in balances)
        paying = bool(
            re.search(
                r"\b(?:fais|fait|vire|verse|envoye|envoie|paie|paye|pay|send|transfer|acompte|deposit|of|de|the|les)\s$",
                folded[max(0, m.start(1) - 10) : m.start(1)],
            )
        )
        if (whole and (grouped or paying)) or (
            value % 50 == 0
            and value >= 100
            and paying
            and re.match(
                r"\s(?:€|euros?|sur|vendredi|lundi|mardi|mercredi|jeudi|demain|le|on|for|fin|hier|this|next|today|tomorrow|friday|monday|tuesday|wednesday|thursday)",
                folded[m.end(1) :],
            )
        ):
            found.append(amounts_.FoundAmount(m.start(1), m.end(1), m[1], value, None, False))
    return sorted(found, key=lambda a: a.start)


_BARE_NUMBER = re.compile(
    r"(?<![\w.,/:#°-])(\d{1,3}(?:[ .,']\d{3})+|\d{3,6})(?![\d%/:]|[.,-]\d|\s?(?:%|h\b|jours|days|pieces|pcs|units))"
)


def _talks(text: str, reference_and_date: bool) -> bool:
    return bool(
        reference_and_date
        or p.PAID.search(text)
        or p.WILL_PAY.search(text)
        or p.PAID_TOO.search(text)
        or p.WILL_PAY_TOO.search(text)
        or (p.PAY_STEM.search(text) and re.search(r"\d", text))
        or p.REFUSES.search(text)
        or p.BLOCKED.search(text)
        or any(r.search(text) for r in p.DISPUTE_STRONG.values())
        or p.NOT_YET_PAID.search(text)
        or (p.PLAN_WORDS.search(text))
        or (p.DOCUMENT.search(text) and p.ASK.search(text))
        or (len(text) > 9 and any(r.search(text) for r in p.GROUNDS.values()))
    )


def _at(clauses: Sequence[Clause], position: int) -> int:
    return next((i for i, c in enumerate(clauses) if c.start <= position < c.end), -1)


def _asks_something_else(clauses: Sequence[Clause], statements: Sequence[Statement]) -> bool:
    """A question that is none of the requests, and no mere 'did it arrive?'."""
    told = {clauses[s.clause].sentence for s in statements if s.clause >= 0}
    return any(
        c.question and c.sentence not in told and len(c.text.split()) >= 5 and not _MERE_QUESTION.search(c.text)
        for c in clauses
    )


_MERE_QUESTION = re.compile(
    r"\b(?:pointer|verifi\w+|confirm\w*|accus\w+|vu(?:e|s|es)? (?:passer|arriver)|arrive\w*|seen|landed|show(?:n|ing)? up|reached you|gesehen|angekommen|llegad\w+|arrivat\w+|aangekomen|bien (?:recu|ca|sa)|recu|vos (?:releves|comptes)|ok|d'accord|convient|check|received?|allocate|apply|look again|all right|alright|works?|hope|erhalten|eingegangen|recibid\w+|ricevut\w+|ontvangen|binnen|comprenez|comprendre|understand|pu(?:is|ede|o)|savez|know|affectation|ca vous|lisible|mettre a jour|update|lettrer|kijken|in english|en francais|auf deutsch|en espanol|in het nederlands|in italiano)\b"
)


class _Clauses:
    """One pass over the clauses of a text."""

    def __init__(self, clauses: Sequence[Clause], folded: str, ground: Ground) -> None:
        self.clauses = clauses
        self.folded = folded
        self.ground = ground
        self.statements: list[Statement] = []
        self.flags: set[str] = set()
        self._flag_whole_text()

    def _flag_whole_text(self) -> None:
        text = _without_addresses(self.folded)  # "…@dupont-avocats.example" threatens nobody
        for flag, pattern in (
            ("legal", p.LEGAL),
            ("bank-details", p.BANK_WORRY),
            ("refund", p.REFUND),
            ("instructions", p.TO_A_MACHINE),
            ("internal", p.INTERNAL_NOTE),
            ("call", p.CALL_ME),
            ("hostile", p.HOSTILE),
            ("acompte", p.DOWN_PAYMENT),
            ("settlement", p.SETTLEMENT),
            ("hearsay", p.HEARSAY),
        ):
            if pattern.search(text):
                self.flags.add(flag)

    def read(self) -> None:
        for index, clause in enumerate(self.clauses):
            sentence = self._sentence(clause)
            before = len(self.statements)
            self._insolvency(index, clause)
            plan = self._plan(index, clause, sentence)
            dispute = self._dispute(index, clause, sentence)
            if not plan:
                self._payment(index, clause, sentence, dispute)
            self._documents(index, clause, sentence)
            self._complaint(index, clause)
            if clause.question and len(self.statements) == before:
                self.flags.add("question")
        self._late_disputes()
        self._shortest()

    def _shortest(self) -> None:
        """A text that says nothing by its sentences may still answer the reminder: "Friday", "done"."""
        if self.statements or not self.clauses or self.flags & {"payment-asked", "instructions", "hearsay"}:
            return
        found = brief_.answer(self.folded, [d for c in self.clauses for d in c.dates], self.ground.base)
        if found is None:
            return
        index = max(_at(self.clauses, found.start), 0)
        clause = self.clauses[index]
        said = Statement(found.intent, clause.start, clause.end, (found.start, found.end), index)
        amount = self._amount(index, clause) if len(self.clauses) <= 2 else None
        self.statements.append(
            replace(said, numbers=self._numbers(index), on=found.on, amount=amount, certain=found.certain)
        )

    def heard(self, intent: Intent, index: int) -> Statement:
        clause = self.clauses[index]
        sentence = self._sentence(clause)
        match intent:
            case "promise_to_pay":
                self._promise(index, clause, sentence, None)
            case "remittance":
                self._remit(index, clause, sentence, None)
            case "dispute":
                reason, strong = self._strong_reason(clause, sentence)
                reason = reason or self._weak_reason(sentence) or self._weak_reason(self.folded)
                self._say(intent, index, strong, reason=reason, numbers=self._numbers(index))
            case _:
                self._say(intent, index, None, numbers=self._numbers(index))
        return self.statements[-1]

    def _sentence(self, clause: Clause) -> str:
        same = [c for c in self.clauses if c.sentence == clause.sentence]
        return self.folded[same[0].start : same[-1].end]

    def _say(self, intent: Intent, index: int, match: re.Match[str] | None, **facts: object) -> None:
        clause = self.clauses[index]
        if match is not None:
            words = (clause.start + match.start(), clause.start + match.end())
        else:
            words = (clause.start, clause.end)
        said = Statement(intent, clause.start, clause.end, words, index)
        self.statements.append(replace(said, **facts))  # type: ignore[arg-type]

    # ------------------------------------------------------------ whose invoice

    def _numbers(self, index: int, *, inherit: bool = True) -> tuple[str, ...]:
        """The invoices of a clause: its own, its sentence's, those of the line it answers, those just spoken of."""
        clause = self.clauses[index]
        if clause.numbers:
            return clause.numbers
        same = [c for c in self.clauses if c.sentence == clause.sentence]
        mine = tuple(dict.fromkeys(n for c in same if c.end <= clause.start for n in c.numbers))
        if mine:
            return mine
        for start in sorted(self.ground.above, reverse=True):
            if start <= clause.start and not any(c.numbers for c in self.clauses if start <= c.start < clause.start):
                return self.ground.above[start]
        if inherit:
            for earlier in reversed(self.clauses[:index]):
                if earlier.numbers:
                    return earlier.numbers
        return ()

    # ------------------------------------------------------------ grave matters

    def _insolvency(self, index: int, clause: Clause) -> None:
        if re.search(
            r"\b(?:looking at filing|have to file|may file|might file|call in the loan|we're done|we are done|going under|go under|mettre la cle|fermer boutique|cesser (?:notre|l'|mon) activite|close (?:the|our) doors)\b",
            clause.text,
        ):
            self.flags.add("trouble")
        for m in p.INSOLVENCY.finditer(clause.text):
            before = clause.text[max(0, m.start() - 60) : m.start()]
            after = clause.text[m.end() : m.end() + 50]
            if p.NOT_A_PROCEDURE.search(self._sentence(clause)) or (
                p.THIRD_PARTY.search(before) and not p.LEGAL.search(self.folded)  # a lawyer's client is the debtor
            ):
                continue
            if p.DENIES.search(before) or (
                re.search(r"\b(?:rumeur|unfounded|n'est pas|not true|has been started|is planned)\b", after)
                and p.DENIES.search(clause.text)
            ):
                self.flags.add("insolvency-denied")
                continue
            if re.search(r"\b(?:si|if|falls|en cas de|in case of|in the event)\b", before):
                continue
            if re.search(
                r"\b(?:devoir|vais devoir|risque\w*|sinon|otherwise|would have to|might have to|may have to|force\w* (?:a|de)|oblige\w* de|menace\w*)\b",
                before,
            ):
                self.flags.add("trouble")
                continue
            self._say("insolvency", index, m)
            return

    def _complaint(self, index: int, clause: Clause) -> None:
        m = p.STOP_WRITING.search(clause.text) or p.PRIVACY.search(clause.text) or p.THREAT.search(clause.text)
        if m and p.NO_COMPLAINT.search(self._sentence(clause)):
            return
        if m:
            self._say("complaint", index, m)
            return
        hits = list({h[0]: h for h in p.HOSTILE.finditer(clause.text)}.values())
        if not hits:
            return
        loud = self.folded.count("!") >= 2 or bool(
            re.search(
                r"\b(?:votre|vos|your|ihre?r?|su|sus|vostr[aoie]|uw|jullie|you|vous|c'est|this is|cette?|ces)\b",
                clause.text,
            )
        )
        everywhere = len({h[0] for h in p.HOSTILE.finditer(self.folded)})
        if len(hits) >= 2 or loud or everywhere >= 2:
            self._say("complaint", index, hits[0])

    # ------------------------------------------------------------ more time

    def _plan(self, index: int, clause: Clause, sentence: str) -> bool:
        m = p.PLAN_WORDS.search(clause.text)
        if not m and clause.question:
            m = _ASKS_LATER.search(clause.text)
        if (
            not m
            and (p.PAY_STEM.search(clause.text) or clause.amounts)
            and any(d.future for d in clause.dates)
            and not p.PAID.search(clause.text)
        ):
            near = sentence + (self._next_sentence(clause) if len(self._next_sentence(clause)) < 120 else "")
            m = p.CONSENT.search(near) and re.compile(r"\S.*", re.DOTALL).search(clause.text)
        if not m or (p.PLAN_AGREED.search(sentence) and not clause.question):
            return False
        if (
            re.match(r"patienter|attendre|bear with|wait until|hold|report\b|un (?:petit )?delai", m[0])
            and (clause.dates or self._promised_nearby(clause))
            and not clause.question
            and not re.search(
                r"\b(?:report|sollicit|demand|accord|souhait|aimer|voudr|besoin|apprecia|grateful|would|could|need)\w*",
                clause.text,
            )
        ):
            return False
        near = sentence + self._next_sentence(clause)
        ask = (
            clause.question
            or bool(p.CONSENT.search(near))
            or bool(p.PLAN_ASK.search(clause.text))
            or bool(p.PLAN_ASK.search(sentence))
            or bool(re.search(r"\?", near))
        )
        if not ask:
            return False
        if re.match(
            r"un (?:petit |court )?delai|mensualit|moitie|calendrier|report|attendre|patienter|hold|extend|arrangement|part.?payment|raten\b|plazos",
            m[0],
        ) and not (p.PLAN_ASK.search(clause.text) or clause.question):
            return False
        if re.search(r"\b(?:attendre|patienter|wait until|bear with)\b", m[0]) and (
            p.DISPUTE_STRONG["credit_note"].search(sentence)
        ):
            return False
        self._say("payment_plan_request", index, m, numbers=self._numbers(index))
        deposit = re.search(
            r"\b(?:acompte|premier (?:versement|reglement|paiement)|down payment|first (?:payment|instal?ment)|deposit|anzahlung|anticipo|acconto|aanbetaling)\b",
            clause.text,
        )
        return not (deposit and (p.WILL_PAY.search(clause.text) or clause.dates) and not clause.question)

    def _promised_nearby(self, clause: Clause) -> bool:
        return any(s.intent == "promise_to_pay" and s.on is not None for s in self.statements)

    def _next_sentence(self, clause: Clause) -> str:
        following = [c for c in self.clauses if c.sentence == clause.sentence + 1]
        return self.folded[following[0].start : following[-1].end] if following else ""

    # ------------------------------------------------------------ disputes

    def _dispute(self, index: int, clause: Clause, sentence: str) -> bool:
        text = clause.text
        if p.NO_DISPUTE.search(text) or (p.NO_DISPUTE.search(sentence) and not p.REFUSES.search(text)):
            self.flags.add("dispute-denied")
            return False
        reason, m = self._strong_reason(clause, sentence)
        refuses = p.REFUSES.search(text)
        asking = clause.question and (
            p.PLAN_WORDS.search(text)
            or re.match(r"\W*(?:would|could|can|may|pou|peut|est-ce|serait|accept|mag|kan|konn|podr|potre)", text)
        )
        if asking and not p.CONTEST.search(text):
            return False
        if not refuses and clause.references:
            refuses = _NOT_THAT_ONE.match(self.folded, clause.references[-1].end) or re.compile(
                r"(?:en revanche|par contre|mais|but|aber|maar|pero|ma),? (?:pas|not|nicht|niet|no|non) (?:la |le |les |the |die |de |el )?$"
            ).search(self.folded[max(clause.start, clause.references[0].start - 30) : clause.references[0].start])
            if refuses:
                self.statements.append(
                    Statement(
                        "dispute",
                        clause.start,
                        clause.end,
                        refuses.span(),
                        index,
                        numbers=self._numbers(index),
                        reason=reason,
                    )
                )
                return True
        if m is not None and reason is not None:
            if (
                clause.question
                and not refuses
                and not p.CONTEST.search(text)
                and reason == "quality"
                and re.search(r"\bpanne\b", m[0])
            ):
                return False
            if clause.question and not refuses and reason in ("credit_note", "price") and not p.CONTEST.search(text):
                return False
            self._say("dispute", index, refuses or m, reason=reason, numbers=self._numbers(index))
            return True
        if refuses and not self._about_means(sentence) and not (p.PLAN_WORDS.search(text) and p.PLAN_ASK.search(text)):
            self._say("dispute", index, refuses, reason=None, numbers=self._numbers(index), vague=True)
            return True
        blocked, contest = p.BLOCKED.search(text), p.CONTEST.search(text)
        if contest and re.search(r"\brumeurs?\b|\brumou?rs?\b|geruchte?\b", sentence):
            contest = None
        if contest and contest[0] == "not due" and re.match(r"\s(?:until|before|for|till|yet)", text[contest.end() :]):
            contest = None
        if (
            contest
            and re.match(r"(?:erreur|error|fehler|error|anomalie|mistake)", contest[0])
            and re.search(
                r"sauf erreur|erreur d'aiguillage|erreur de destinataire|in error|par erreur|unless i am mistaken|bevue",
                text,
            )
        ):
            contest = None
        if contest and (
            re.search(
                r"\b(?:iban|rib|bic|konto\w*|bank details|account number|compte)\W{1,3}(?:est |is |was |ist )?$",
                text[: contest.start()],
            )
            or re.search(r"\b(?:have|got|reached|vous (?:m'|nous )avez) (?:the )?$", text[: contest.start()])
            or p.NOT_A_PROCEDURE.search(sentence)
        ):
            contest = None
        if blocked and re.search(r"\bvous (?:m'|nous )avez $", text[: blocked.start()]):
            blocked = None  # what they were refused, not what they refuse
        weak = self._weak_reason(sentence)
        if contest and (
            weak
            or re.match(
                r"contest|disput|litig|desaccord|pas d'accord|disagree|oppos|n'est pas due|ne (?:vous )?do|don't owe|not (?:due|owed|ours)|(?<!rumeur est )fausse|faux|errone|incorrect|wrong|falsch|klopt|onjuist|errat|sbagliat|equivocad|stimmt|bestreit|reklam|betwist",
                contest[0],
            )
        ):
            if re.match(
                r"\s(?:person|department|address|mailbox|inbox|number|contact|service|adresse|personne)",
                text[contest.end() : contest.end() + 12],
            ):
                return False
            if clause.question and not re.match(r"contest|disput|litig", contest[0]):
                self.flags.add("question")
                return False
            self._say("dispute", index, contest, reason=weak, numbers=self._numbers(index))
            return True
        if blocked and weak and not p.WILL_PAY.search(text):
            waits = self._without_paper(text) is not None
            self._say("dispute", index, blocked, reason=weak, numbers=self._numbers(index), vague=waits)
            return True
        if (
            blocked
            and re.search(
                r"bloqu|rejet|refus|blocked|on hold|rejected|gesperrt|geblokkeerd|bounced|retourn|hold queue|mise? en attente",
                blocked[0],
            )
            and not re.search(
                r"\b(?:rien|plus|no longer|nothing|nichts|mehr|niente|nada|niets|meer)\b[^.]{0,24}$|debloqu",
                text[: blocked.end()],
            )
        ):
            self.flags.add("blocked")
            self._blocked = index
        return False

    _blocked: int | None = None

    def _strong_reason(self, clause: Clause, sentence: str) -> tuple[DisputeReason | None, re.Match[str] | None]:
        text = clause.text
        found: list[tuple[DisputeReason, re.Match[str]]] = list(self._grounds(clause))
        for reason, pattern in p.DISPUTE_STRONG.items():
            m = pattern.search(text if reason != "quantity" else self._unmarked(clause, figures=False))
            if m is None or any(f[0] == reason for f in found):
                continue
            if self._is_no_ground(reason, m, clause, sentence):
                continue
            if (
                reason == "quantity"
                and re.search(r"manqu|missing|faltan|mancano", m[0])
                and any(
                    r.start - clause.start < m.end()
                    and m.start() < r.end - clause.start
                    and r.how in ("number", "fragment")
                    for r in clause.references
                )
            ):
                continue  # "il me manque la F-1058": the paper, not the goods
            if (
                reason == "duplicate"
                and re.search(r"\bduplicatas?\b|\bduplicate (?:copy|invoice)\b|copie", text)
                and not re.search(r"double emploi|doublon|twice|deux fois|is a duplicate", text)
            ):
                continue
            if reason == "duplicate" and re.match(r"duplicad", m[0]) and p.ASK.search(sentence):
                continue
            if (
                reason == "credit_note"
                and re.search(
                    r"\b(?:deja|bien) (?:recu|deduit|impute)|credit note (?:received|already|applied|taken)|deducted",
                    text,
                )
                and p.PAID.search(text)
            ):
                continue
            if (
                reason == "price"
                and not re.search(r"prec|prezz|prijs|preis|rabatt|scont|descuent|korting", m[0])
                and not (
                    p.CONTEST.search(sentence)
                    or p.REFUSES.search(sentence)
                    or p.BLOCKED.search(sentence)
                    or re.search(
                        r"surfactur|promised|exced|exceeds|what|over.?charg|failed|ecart|erreur|difference|mismatch|discrep|au lieu|instead|rather than|wrong|incorrect|trop |oubli|missing|omitted|forgot|pas (?:ete )?(?:applique|deduit)|not (?:been )?(?:applied|deducted)|should (?:be|have been)|vous (?:l'avez|avez) (?:passe|factur)|you (?:have )?(?:charged|invoiced|billed)|factur|higher|inversion|ne correspond|never agreed|falsch|weicht|stimmt|incorrecto|errato|klopt",
                        sentence,
                    )
                    or self._near_refusal(clause)
                )
            ):
                continue
            if (
                reason == "other"
                and re.search(r"\b(?:contact|adresse mail|ecrire|e-?mail)\b", text)
                and not p.REFUSES.search(sentence)
            ):
                continue
            found.append((reason, m))  # type: ignore[arg-type]
        if not found:
            return None, None
        order = (
            "credit_note",
            "duplicate",
            "not_ordered",
            "missing_reference",
            "quality",
            "not_delivered",
            "quantity",
            "price",
            "other",
        )
        found.sort(key=lambda f: order.index(f[0]))
        told = {f[0]: f for f in found}
        if "price" in told and p.FEE.search(text) and found[0][0] in ("not_ordered", "quality", "quantity"):
            return told["price"]  # a surcharge that nobody asked for
        if "price" in told and found[0][0] == "quality" and "conform" in found[0][1][0]:
            return told["price"]  # "prix non conforme au marche"
        if "other" in told and p.TAX.search(told["other"][1][0]):
            return told["other"]
        return found[0]

    def _is_no_ground(self, reason: DisputeReason | str, m: re.Match[str], clause: Clause, around: str) -> bool:
        """Words of a ground that are none: of somebody else's goods, of nothing missing, of a paper, of an address."""
        rest = clause.text[m.end() :]
        match reason:
            case "quality":
                return p.NOT_THEIR_GOODS.search(around) is not None
            case "duplicate":
                return _NO_SECOND_BILL.match(rest) is not None
            case "quantity" if _NO_GOODS_MISSING.match(rest) or tallies.figures_agree(m[0]):
                return True
            case "missing_reference":
                return m[0].startswith("quot") and EMAIL.search(self.folded[clause.start : clause.end]) is not None
            case "not_delivered" | "quantity":
                return bool(self._about_a_paper(clause.text, m))
        return False

    def _grounds(self, clause: Clause) -> Iterator[tuple[DisputeReason, re.Match[str]]]:
        """Grounds that need no other word beside them, and figures that ought to be one."""
        text = clause.text
        for reason, pattern in p.GROUNDS.items():
            m = pattern.search(text if reason != "quantity" else self._unmarked(clause, figures=False))
            if m is None or (clause.question and reason not in ("not_ordered", "price")):
                continue
            if self._is_no_ground(reason, m, clause, text):
                continue
            yield reason, m  # type: ignore[misc]
        if clause.question:
            return
        m = tallies.counts_differ(self._unmarked(clause, figures=False))
        if m:
            yield "quantity", m
        m = tallies.prices_differ(self._unmarked(clause, figures=True))
        if m:
            yield "price", m

    def _unmarked(self, clause: Clause, *, figures: bool) -> str:
        """A clause with its dates and invoice numbers blanked out, its amounts too unless they are what is looked for."""
        text = clause.text
        spans = [(d.start, d.end) for d in clause.dates] + [(r.start, r.end) for r in clause.references]
        if not figures:
            spans += [(a.start, a.end) for a in clause.amounts]
        for start, end in spans:
            s, e = max(0, start - clause.start), min(len(text), end - clause.start)
            text = text[:s] + "~" * (e - s) + text[e:]
        return text

    @staticmethod
    def _about_a_paper(text: str, m: re.Match[str]) -> bool:
        """'La facture n'est jamais arrivée' is no missing delivery."""
        goods = re.search(
            r"\b(?:marchandise|materiel|colis|produit|livr|luminaire|lampe|projecteur|palette|article|carton|goods|delivery|deliver|order|lamp|light|fitting|shipment|parcel|pallet|items?|boxes|pieces?|units?|geliefert|ware|merce|mercancia|geleverd)\w*",
            text,
        )
        paper = re.search(
            r"\b(?:factures?|mails?|courriers?|courriels?|relances?|copies?|duplicata|rib|releves?|avoirs?|invoices?|e-?mails?|letters?|reminders?|copy|statements?|reponse|bon de livraison|bl|pod|delivery note|justificatifs?|documents?|rechnung|factura|fattura|factuur|paiement|virement|payment)\b",
            text,
        )
        return bool(paper) and not goods

    def _near_refusal(self, clause: Clause) -> bool:
        near = [c for c in self.clauses if abs(c.sentence - clause.sentence) <= 2]
        return any(p.REFUSES.search(c.text) or p.BLOCKED.search(c.text) for c in near)

    @staticmethod
    def _weak_reason(sentence: str) -> DisputeReason | None:
        for reason in (
            "credit_note",
            "duplicate",
            "not_ordered",
            "missing_reference",
            "quality",
            "quantity",
            "not_delivered",
            "price",
        ):
            if p.DISPUTE_WEAK[reason].search(sentence):
                return reason
        return None

    @staticmethod
    def _about_means(sentence: str) -> bool:
        """'We cannot pay in one go' is want of money, no dispute."""
        return bool(
            re.search(
                r"\b(?:tresorerie|difficult\w*|d'un coup|en une (?:seule )?fois|tout de suite|pour l'instant|actuellement|cash|in one go|at once|right now|at the moment|at present|currently|struggling|unable|tight|difficult|before|avant|this month|ce mois|moyens|liquid\w+|momentan|derzeit|de golpe|ora|nu)\b",
                sentence,
            )
        )

    def _late_disputes(self) -> None:
        """Reasons for refusals that stood alone, and blocks that a later or earlier sentence explains."""
        whole = self.folded
        for i, said in enumerate(self.statements):
            if said.intent == "dispute" and said.reason is None:
                others = [s.reason for s in self.statements if s.intent == "dispute" and s.reason is not None]
                reason: DisputeReason = (
                    others[0]
                    if others
                    else (
                        self._weak_reason(whole)
                        if self._weak_reason(whole) not in ("price",) or p.CONTEST.search(whole)
                        else None
                    )
                    or "other"
                )
                self.statements[i] = replace(said, reason=reason)
        if (
            "blocked" in self.flags
            and not any(s.intent == "dispute" for s in self.statements)
            and self._blocked is not None
        ):
            clause = self.clauses[self._blocked]
            near = [c for c in self.clauses if abs(c.sentence - clause.sentence) <= 2]
            text = " ".join(c.text for c in near)
            contest = p.CONTEST.search(text)
            weak = self._weak_reason(text)
            if weak and (
                contest or weak in ("quantity", "missing_reference", "quality", "not_delivered", "credit_note")
            ):
                self._say(
                    "dispute",
                    self._blocked,
                    p.BLOCKED.search(clause.text),
                    reason=weak,
                    numbers=self._numbers(self._blocked),
                    vague=True,
                )
                self.flags.discard("blocked")
        elif any(s.intent == "dispute" for s in self.statements):
            self.flags.discard("blocked")

    # ------------------------------------------------------------ payments

    def _payment(self, index: int, clause: Clause, sentence: str, disputed: bool) -> None:
        text = clause.text
        paid = p.PAID.search(text) or p.PAID_TOO.search(text)
        will = p.WILL_PAY.search(text) or p.WILL_PAY_TOO.search(text)
        if p.REFUSES.search(text) and not (paid and disputed):
            return
        if p.UNREAL.search(text):
            return
        if paid and _SENT_BACK.search(sentence):
            paid = None
        if p.HEARSAY.search(sentence):
            self.flags.add("hearsay")
            return
        if paid and p.HANDED_ON.search(sentence):
            self.flags.add("hearsay")
        if paid and re.search(r"\bsur le point d'etre|\babout to be|\ben passe d'etre", text):
            paid, will = None, paid
        if re.match(r"\W*(?:si|if|wenn|falls|se|als|assuming|unless|provided)\b", sentence) and not re.match(
            r"\W*(?:si (?:vous|besoin|ca|cela|oui|ok|non|jamais|rien|pas|(?:le |un |votre |l')?(?:virement|paiement|reglement|argent|montant|somme)? ?n'|quelque chose|il (?:y a|manque))|if (?:you|that|this|not|so|yes|ok|anything|something|nothing|(?:it|they|the (?:money|payment|funds|transfer)|we)(?: \S{1,9})? ?(?:has|have|is|are|does|do|still|should|can)?n't|(?:it|they) (?:is|are|has) (?:still|not)|for (?:any|some) reason)|wenn (?:sie|es|ja|nicht|das geld)|falls (?:sie|nicht|ja|etwas|noch)|se (?:non|vuole|si|fra|tra|entro|ci|manca|mancasse)|als (?:u|je|ja|het (?:er |geld )?(?:nog )?niet))(?:\b|(?<='))",
            sentence,
        ):
            self.flags.add("conditional")
        negated = p.NOT_YET_PAID.search(text)
        if negated and paid and negated.start() <= paid.end() and paid.start() <= negated.end() + 12:
            paid = None
        if negated and will and negated.start() < will.end() and will.start() < negated.end():
            will = None
        if will and re.search(
            r"\b(?:pour|afin de|um|in order to|so we can|so i can|om)\s(?:vous |la |le |les |it |you |them )?$",
            text[: will.start()],
        ):
            will = None  # "pour la passer au paiement": a purpose
        barred = _CANNOT.search(text)
        if barred and will and barred.start() <= will.start():
            will = None
        if disputed and not (paid or (will and clause.dates)):
            return
        if paid and not self._about_money(clause, sentence, paid):
            paid = None
        if will and not self._about_money(clause, sentence, will):
            will = None
        if not paid and not will:
            if not negated and not disputed:
                before = len(self.statements)
                self._loose_payment(index, clause, sentence)
                self.statements[before:] = [replace(s, loose=True) for s in self.statements[before:]]
            return
        if p.QUESTION_PAID.search(text) and (clause.question or not (clause.dates or clause.amounts)):
            self.flags.add("payment-asked")
            return
        past = self._is_past(clause, paid, will)
        if not past and will is None and paid is None:
            return
        if (
            not past
            and re.search(r"\b(?:by now|deja (?:du|etre|arrive)|inzwischen|by this time)\b", text)
            and not clause.dates
        ):
            return
        if not past:
            if not clause.dates and (
                _THEN_PAY.search(sentence) or (_WHEN_PAID.search(sentence) and p.CONDITION.search(sentence))
            ):
                self.flags.add("conditional")
                return
            if sentence.rstrip().endswith("?") and re.match(r"\W*(?:si|if|wenn|falls|se|als)\b", sentence):
                self.flags.add("question")
                return
            if self._conditional(clause, sentence):
                self._condition(index, clause, sentence)
                return
            if clause.question and not (
                clause.dates and not re.match(r"\s*(?:would|could|can|pou|est-ce|serait|accept)", text)
            ):
                self.flags.add("question")
                return
            if UNRELATED_PAYMENT.search(text) and not clause.numbers:
                return
            weak_only = (
                will is not None
                and re.match(r"(?:part|suivra|goes?|going|go|leave|je|on|nous|il|elle|we|i)\b", will[0].strip())
                is not None
            )
            if weak_only and not (
                re.search(r"\b(?:vir|pai|paye|vers|sold)", will[0] if will else "")
                or clause.dates
                or p.PAYMENT_NOUN.search(sentence)
                or clause.numbers
                or clause.amounts
            ):
                return
            if not (
                clause.dates
                or p.PAYMENT_NOUN.search(sentence)
                or clause.numbers
                or clause.amounts
                or re.search(
                    r"\b(?:paie|paye|regl|vir|sold|verse|acquit|pay|paid|settle|clear|bezahl|uberw|zahl|pag|bonific|betaal|overma)",
                    text,
                )
            ):
                return
            self._promise(index, clause, sentence, will or paid)
        else:
            if UNRELATED_PAYMENT.search(text) and not clause.numbers:
                return
            if clause.question and p.QUESTION_PAID.search(sentence):
                self.flags.add("payment-asked")
                return
            self._remit(index, clause, sentence, paid or will)

    def _about_money(self, clause: Clause, sentence: str, m: re.Match[str]) -> bool:
        """'Sera envoyé lundi' and 'has been sent' speak of a payment only beside money, an invoice or an amount."""
        if _MONEY_VERB.search(m[0]):
            return True
        if p.PAYMENT_NOUN.search(clause.text) or clause.amounts:
            return True
        if _OTHER_GOODS.search(clause.text):
            return False
        if clause.numbers:
            return True
        return bool(p.PAYMENT_NOUN.search(sentence)) or bool(
            PRONOUN.match(clause.text) and self._spoken_of_money(clause)
        )

    def _spoken_of_money(self, clause: Clause) -> bool:
        earlier = [c for c in self.clauses if clause.sentence - 2 <= c.sentence < clause.sentence]
        return any(c.numbers or c.amounts or p.PAYMENT_NOUN.search(c.text) for c in earlier) or not earlier

    def _is_past(self, clause: Clause, paid: re.Match[str] | None, will: re.Match[str] | None) -> bool:
        base = self.ground.base
        told = [d for d in clause.dates if d.past and d.future and d.past == d.future]
        only_future = any(
            d.past is None
            and d.future is not None
            and not re.search(
                r"\b(?:compte[rz]|allow|takes?|delai de|dauert|duurt)\s\S{0,8}\s?$",
                self.folded[max(0, d.start - 18) : d.start],
            )
            for d in clause.dates
        )
        if (
            paid
            and re.search(r"\b(?:c'?est|est|sont|is|are|ist|sind|e|esta)\b", paid[0])
            and not re.search(r"\b(?:ete|deja|bien|already|been|bereits|schon|gia|ya)\b", paid[0])
            and len(clause.dates) == 1
            and not told
        ):
            # "le virement est effectué le 22": the nearer 22nd, the coming one in doubt
            one = clause.dates[0]
            if one.past and one.future and one.weak:
                return (base - one.past) < (one.future - base)
        if (
            will
            and told
            and re.search(r"\b(?:pagamos|transferimos|abonamos|ingresamos|hicimos)\b", clause.text)
            and all(d.past and d.past < base for d in told)
        ):
            return True
        if (
            paid
            and re.match(r"\W*(?:c'?est|it's|it is)\b", paid[0])
            and clause.dates
            and not told
            and not any(d.future is None for d in clause.dates)
        ):
            return False  # "lundi c'est réglé"
        if (
            paid
            and told
            and all(d.past and d.past > base for d in told)
            and re.search(r"\b(?:scadenza|echeance|maturity|fallig\w*|vencimiento|vervaldatum)\b", clause.text)
        ):
            return False
        if (
            paid
            and not will
            and not clause.dates
            and re.search(
                r"\b(?:is|are|est|sont|gets?) (?:\S{1,8} )?(?:payed|paid|settled|pay\w*|regl\w*)\b",
                paid[0] + " " + clause.text[paid.start() : paid.end() + 8],
            )
        ):
            near = [
                d for c in self.clauses if c.sentence == clause.sentence for d in c.dates if not self._other_day(c, d)
            ]
            if near and all((d.past is None) or (d.past == d.future and d.past > base) for d in near):
                return False
        if paid and not will:
            bare = re.match(
                r"[|,:;(.\n\s-]*(?:est|sont|is|are|facture\w?|la|les|et)?\s?(?:\w+ee?s?|paid|settled)\b", paid[0]
            ) and not re.search(
                r"\b(?:ai|a|avons|ont|ete|have|has|had|been|was|were|avis|preuve|advice|proof)\b", paid[0]
            )
            if bare and (only_future or (told and all(d.past and d.past > base for d in told))):
                return False
            return not (
                only_future
                and not told
                and not re.search(r"\b(?:avis|preuve|ordre|advice|proof|ete|have|has|ai|avons|ont)\b", paid[0])
            )
        if will and not paid:
            if (
                told
                and re.search(
                    r"payment date|date (?:de|of) (?:paiement|reglement|payment)|value date|zahlungsdatum", clause.text
                )
                and all(d.past and d.past <= base for d in told)
            ):
                return True
            if told and all(d.past and d.past < base for d in told) and not STRONG_FUTURE.search(clause.text):
                return bool(p.PAST_MARK.search(clause.text)) or clause.row
            return False
        if STRONG_FUTURE.search(clause.text):
            strong_past = paid is not None and re.search(
                r"\b(?:a|ont|avons|ai) (?:\S{1,12} ){0,2}(?:ete |bien |deja )?(?:regle|paye|vire|solde)|\b(?:has|have|had|was|were) (?:been )?(?:paid|settled|sent|wired|transferred)",
                paid[0],
            )
            return (
                bool(strong_past)
                and not only_future
                and (paid is not None and will is not None and paid.start() < will.start())
                and not told
            )
        if told:
            return all(d.past is not None and d.past <= base for d in told)
        return not only_future

    @staticmethod
    def _conditional(clause: Clause, sentence: str) -> bool:
        m = p.CONDITION.search(clause.text) or p.CONDITION.search(sentence)
        if not m:
            return False
        return not re.match(
            r"des que possible|as soon as possible|si (?:tout|besoin|ca|cela|vous (?:y |le |la |preferez|voulez|souhaitez|avez|desirez|pouvez|etes d))|if (?:you (?:have|need|would|require|prefer|like|want|wish)|that|need|any)|en attendant|selon",
            sentence[m.start() :],
        )

    def _condition(self, index: int, clause: Clause, sentence: str) -> None:
        """'Paid once …': of ours it is a dispute or a request; of theirs, nothing to rely on."""
        m = p.CONDITION.search(sentence)
        after = sentence[m.start() :] if m else sentence
        reason, strong = self._strong_reason(clause, sentence)
        if strong is not None and reason is not None:
            if not any(s.clause == index and s.intent == "dispute" for s in self.statements):
                self._say("dispute", index, strong, reason=reason, numbers=self._numbers(index))
            return
        if re.search(r"\bavoirs?\b|credit note|gutschrift|creditnota|nota di credito|abono", after):
            self._say("dispute", index, None, reason="credit_note", numbers=self._numbers(index))
            return
        if p.CORRECTED.search(after):
            if not any(s.intent == "dispute" for s in self.statements):
                self._say("dispute", index, None, reason=None, numbers=self._numbers(index))
            return
        if p.DOCUMENT.search(after) and not clause.dates:
            self._say("document_request", index, None, numbers=self._numbers(index))
            return
        dated = [
            d for d in clause.dates if d.future and d.future >= self.ground.base and not self._other_day(clause, d)
        ]
        theirs = _OWN_MEANS.search(after) or _OWN_MEANS.search(sentence)
        if dated and (theirs or not p.OUR_ACT.search(after)):
            self._promise(index, clause, sentence, p.WILL_PAY.search(clause.text) or p.PAY_STEM.search(clause.text))
            return
        if any(
            s.intent == "dispute" and abs(self.clauses[s.clause].sentence - clause.sentence) <= 2
            for s in self.statements
        ):
            return
        if theirs:
            self._promise(index, clause, sentence, p.WILL_PAY.search(clause.text) or p.PAY_STEM.search(clause.text))
            self.flags.add("conditional")
            return
        part = re.split(r"[,;.]|\b(?:je|nous|on|we|i|wir|ich)\b", after[2:])[0]
        if p.OUR_ACT.search(part) or p.CONTEST.search(after) or any(w.search(after) for w in p.DISPUTE_WEAK.values()):
            self._say(
                "dispute", index, m if False else None, reason=self._weak_reason(after), numbers=self._numbers(index)
            )
            return
        self.flags.add("conditional")

    def _loose_payment(self, index: int, clause: Clause, sentence: str) -> None:
        """No known turn of phrase: a word of paying (or an invoice, or a balance) and a day. The day's direction decides."""
        text = clause.text
        if p.UNREAL.search(text) or p.HEARSAY.search(text):
            return
        if re.search(
            r"\b(?:gave|granted|given|allowed) us (?:until|till)\b|\b(?:accorde|laisse)\w{0,2} jusqu|\bbis zum \S{1,12} zeit\b",
            text,
        ):
            return  # more time that was granted is no promise
        if clause.question and not re.search(r"\b(?:yes|ok|okay|oui|ja|si|hein|no)\s?\?", text):
            return
        days = [d for d in clause.dates if not d.vague and (d.past or d.future) and not self._other_day(clause, d)]
        money = p.PAY_STEM.search(text) or (PRONOUN.match(text) and p.PAY_STEM.search(sentence))
        known = [a for a in clause.amounts if any(a.value == i.amount for i in self.ground.items)]
        named = bool(clause.numbers) or bool(PRONOUN.match(text) and len(text) < 80 and self._numbers(index))
        if not days or len(text) > 200:
            return
        if not (
            money
            or (named and clause.amounts)
            or (named and len(text) < 120)
            or (known and len(text) < 140)
            or (clause.amounts and not self.statements and len(text) < 120)
        ):
            return
        if (p.DOCUMENT.search(text) and p.ASK.search(text)) or p.PLAN_WORDS.search(text) or p.INSOLVENCY.search(text):
            return
        if re.match(
            r"\W*(?:r?envoy(?:ez|e)|renvoie|envoie|faites|send|resend|schick\w+|senden|stuur|mand\w+|envi\w+)\b", text
        ):
            return
        if p.NOT_A_PAYMENT_DAY.search(text) and not (money and (clause.amounts or named)):
            return
        if not money and (p.BLOCKED.search(text) or p.CONTEST.search(text)):
            return
        if p.QUESTION_PAID.search(text) and not re.search(r"\bje croi\w*|i think|i believe", text):
            self.flags.add("payment-asked")
            return
        base = self.ground.base
        ahead = any(
            (d.past is None and d.future is not None) or (d.past == d.future and d.future and d.future > base)
            for d in days
        )
        behind = any(
            (d.future is None and d.past is not None) or (d.past == d.future and d.past and d.past < base) for d in days
        )
        if any(
            re.search(
                r"\b(?:depuis|since|seit|desde|dal|sinds|al op|deja le)\s(?:le |the |dem |el )?$",
                self.folded[max(clause.start, d.start - 14) : d.start],
            )
            or d.words.startswith(("depuis", "seit", "desde", "dal ", "sinds"))
            for d in days
        ):
            behind, ahead = True, False
        past_mark, future_mark = p.PAST_MARK.search(text), p.FUTURE_MARK.search(text)
        m = money or re.compile(re.escape(days[0].words)).search(text)
        if self._conditional(clause, sentence) and not ahead and not behind:
            self._condition(index, clause, sentence)
            return
        if ahead and not behind:
            if (
                past_mark
                and not future_mark
                and not any(d.past is None for d in days)
                and money
                and re.search(r"\b(?:ordre|order|instruct)", text)
            ):
                self._remit(index, clause, sentence, m)
            else:
                self._promise(index, clause, sentence, m)
        elif behind and not ahead:
            if future_mark and not past_mark:
                self._promise(index, clause, sentence, m)
            elif (
                money
                or (
                    clause.amounts
                    and (
                        named
                        or past_mark
                        or any(a.value == i.amount for a in clause.amounts for i in self.ground.items)
                    )
                )
                or (named and past_mark)
            ):
                self._remit(index, clause, sentence, m)
        elif past_mark and not future_mark and (money or clause.amounts):
            self._remit(index, clause, sentence, m)
        elif future_mark or not past_mark:
            self._promise(index, clause, sentence, m)
            doubtful = re.search(r"\b(?:releves?|comptes?|account|statement|bank|banque|chez vous)\b", text)
            if self.statements and (
                (future_mark is None and doubtful) or (ahead and behind)
            ):  # "Friday", said of the past or of the future
                self.statements[-1] = replace(self.statements[-1], certain=False)

    def _elliptic(self, index: int, clause: Clause, sentence: str) -> None:
        """'le reste fin de mois', '826: Friday': a reference and a date beside other words on payment."""
        if not clause.numbers or not clause.dates or len(clause.text) > 70 or clause.question:
            return
        if p.DOCUMENT.search(clause.text) and p.ASK.search(clause.text):
            return
        if (
            re.search(
                r"\b(?:du|de|vom|from|of|dated|issued|emise)\b[^,]{0,12}$",
                clause.text[: max(0, clause.dates[0].start - clause.start)],
            )
            and clause.references[0].how != "rest"
        ):
            return
        around = [
            s
            for s in self.statements
            if s.intent in ("promise_to_pay", "remittance")
            and abs(self.clauses[s.clause].sentence - clause.sentence) <= 2
        ]
        rest = clause.references[0].how in ("rest", "all")
        if not around and not rest:
            return
        words = clause.dates[-1]
        m = re.compile(re.escape(words.words)).search(clause.text)
        if words.future and words.future >= self.ground.base:
            self._promise(index, clause, sentence, m)
        elif words.past and around and around[-1].intent == "remittance":
            self._remit(index, clause, sentence, m)

    def _promise(self, index: int, clause: Clause, sentence: str, m: re.Match[str] | None) -> None:
        on, certain, vague = self._date(index, clause, sentence, past=False)
        amount = self._amount(index, clause)
        self._say(
            "promise_to_pay", index, m, numbers=self._numbers(index), on=on, amount=amount, certain=certain, vague=vague
        )

    def _remit(self, index: int, clause: Clause, sentence: str, m: re.Match[str] | None) -> None:
        on, certain, _ = self._date(index, clause, sentence, past=True)
        if p.HANDED_ON.search(sentence):
            self.flags.add("hearsay")
        if on is None and not clause.dates and _JUST_NOW.search(clause.text):
            on = self.ground.base
        amount = self._amount(index, clause)
        reference = self._payment_reference(index, clause)
        self._say(
            "remittance",
            index,
            m,
            numbers=self._numbers(index),
            on=on,
            amount=amount,
            reference=reference,
            certain=certain,
        )

    def _date(self, index: int, clause: Clause, sentence: str, *, past: bool) -> tuple[date | None, bool, bool]:
        """The day the money leaves or left, whether that is certain, whether it is a vague 'soon'."""
        base = self.ground.base
        candidates = [d for d in clause.dates if not self._other_day(clause, d)]
        if not candidates:
            same = [c for c in self.clauses if c.sentence == clause.sentence and c is not clause]
            taken = {s.clause for s in self.statements}
            for other in same:
                if self.clauses.index(other) not in taken and not p.ARRIVES.search(other.text):
                    candidates += [d for d in other.dates if not self._other_day(other, d) and not d.weak]
        if not past and candidates and all(d.future is None or d.future <= base for d in candidates):
            taken = {s.clause for s in self.statements}
            for i, other in enumerate(self.clauses):
                if other.sentence == clause.sentence and i > index and i not in taken:
                    candidates = candidates + [
                        d for d in other.dates if d.future and d.future > base and not self._other_day(other, d)
                    ]
        if not candidates and re.search(
            r"\b(?:ce (?:meme )?jour.la|le (?:meme|meme) jour|le jour meme|that (?:same )?day|same day|am selben tag|ese (?:mismo )?dia|lo stesso giorno|dezelfde dag|a cette date|on that date|by then|d'ici la)\b",
            sentence,
        ):
            earlier = [d for c in self.clauses[:index] for d in c.dates]
            candidates = earlier[-1:]
        vague = any(d.vague for d in candidates)
        chosen: list[tuple[date, bool, dates_.FoundDate]] = []
        for d in candidates:
            on = d.on(past=past)
            if on is None or d.vague:
                continue
            if past and on > base + timedelta(14):
                continue
            chosen.append((on, d.certain, d))
        if not chosen:
            following = [c for c in self.clauses[index + 1 : index + 3] if c.sentence <= clause.sentence + 1]
            for c in following:
                if (
                    not vague
                    and c.dates
                    and len(c.text) < 60
                    and not any(s.clause == self.clauses.index(c) for s in self.statements)
                    and not c.numbers
                    and re.match(
                        r"\s*(?:date|le|on|am|ce sera|it will|value|valeur|prevu|probablement|normalement|sans doute|au plus tard|at the latest)\b",
                        c.text,
                    )
                ):
                    for d in c.dates:
                        on = d.on(past=past)
                        if on is not None and not self._other_day(c, d):
                            return on, d.certain, False
            return None, True, vague
        if len(chosen) > 1 and any(re.search(r"\d", c[2].words) for c in chosen):
            chosen = [c for c in chosen if re.search(r"\d", c[2].words)]  # "the month end run on the 29th"
        if len(chosen) > 1:
            leaving = [c for c in chosen if not self._arrival(clause, c[2])]
            chosen = leaving or chosen
        if past:
            value = [
                c
                for c in chosen
                if re.search(
                    r"\b(?:valeur|value|execut\w+|wertstellung|valuta)\W{0,3}(?:date|le|du|on)?\W{0,3}$",
                    self.folded[max(0, c[2].start - 22) : c[2].start],
                )
            ]
            chosen = value or chosen
        best = max(chosen, key=lambda c: c[0])
        spread = {c[0] for c in chosen}
        certain = best[1] and (len(spread) == 1 or not past or len(spread) <= 2)
        return best[0], certain, False

    def _other_day(self, clause: Clause, d: dates_.FoundDate) -> bool:
        """A date of an invoice, a delivery, a letter: not the day of a payment."""
        article = re.match(r"(?:le|du|au|the|on|of|am|vom|el|il|del|de|depuis le|des le|pour le|avant le)\s", d.words)
        before = self.folded[max(clause.start, d.start - 44) : d.start] + (article[0] if article else "")
        if any(r.start <= d.start < r.end for r in clause.references if r.how == "issued"):
            return True
        if re.search(
            r"\b(?:echue?s? (?:le|au|du|depuis)|echeance|due|payable|fallig|emise?s? (?:le|du)|dated|datee?s? du|factures? (?:\S{1,20} )?(?:du\b|de\b|d')|invoices? (?:\S{1,20} )?(?:of|dated|from)|rechnung (?:\S{1,20} )?vom|livre\w* (?:le|du)|delivered on|commande (?:\S{1,14} )?du|order (?:\S{1,14} )?of|relance du|mail du|courriel du|message du|courrier du|reminder of|letter of|email of|your (?:mail|email|letter|message) of|releve (?:au|du)|statement of|as at|depuis le mail|(?:courriel|mail|message|e-mail|email) (?:du|le|of|vom|del|van)|honoree du|devis (?:\S{1,10} )?du|quotation of|quote of|bon de livraison (?:\S{1,10} )?du|bl (?:\S{1,10} )?du|avoir (?:\S{1,10} )?du|loyers rentrent|reunion|conseil|meeting|absent\w*|conges?|ferme\w*|holiday|closed|on leave)\s?(?:le|du|on|of|the|au|:|d)?\s?\S{0,6}$",
            before,
        ):
            if re.search(
                r"\b(?:payment|transfer|remittance|proof of payment|cheque|check|paiement|virement|reglement|versement|avis de virement|ordre de virement|uberweisungsbeleg|uberweisung|zahlung|pago|transferencia|bonifico|betaling)\s(?:\S{1,12}\s)?(?:dated|of|du|de|en date du|vom|del|van)\s(?:the |le )?$",
                before,
            ):
                return False
            return not re.search(r"\b(?:lcr|traite|echeance du|a echeance|a l'echeance)\b", before) or bool(
                re.search(r"echue", before)
            )
        return False

    def _arrival(self, clause: Clause, d: dates_.FoundDate) -> bool:
        piece = re.split(r"[,;(]|\bet\b|\band\b|\bund\b", self.folded[max(clause.start, d.start - 200) : d.start])[-1]
        tail = self.folded[d.end : d.end + 30]
        return bool(
            p.ARRIVES.search(piece)
            or re.match(r"\s?(?:chez vous|bei ihnen|in your account|with you|sur votre compte)", tail)
        )

    def _amount(self, index: int, clause: Clause) -> Decimal | None:
        usable = self._usable(clause)
        if not usable and not clause.row:
            same = [c for c in self.clauses if c.sentence == clause.sentence and c is not clause]
            taken = {s.clause for s in self.statements}
            for other in same:
                if self.clauses.index(other) not in taken:
                    usable += self._usable(other)
        if not usable and not clause.references and index:
            earlier = [c for c in self.clauses[:index] if c.sentence == clause.sentence - 1]
            taken = {s.clause for s in self.statements}
            if earlier and all(self.clauses.index(c) not in taken for c in earlier):
                usable = [a for c in earlier for a in self._usable(c)]
                if not PRONOUN.search(clause.text) and not (
                    len(usable) == 1 and any(usable[0].value == i.amount for i in self.ground.items)
                ):
                    usable = []
        if not usable:
            keyed = {
                a.value
                for c in self.clauses
                if _KEYED_AMOUNT.match(c.text) and not c.references
                for a in c.amounts[-1:]
            }
            return keyed.pop() if len(keyed) == 1 else None
        if len(usable) > 1 and not clause.row and not _listed(self.folded, usable):
            verb = p.PAID.search(clause.text) or p.WILL_PAY.search(clause.text) or p.PAY_STEM.search(clause.text)
            if verb:
                at = clause.start + verb.start()
                usable = [min(usable, key=lambda a: (abs(a.start - at), a.start))]
        return _total([a.value for a in usable], [i.amount for i in self.ground.items])

    def _usable(self, clause: Clause) -> list[amounts_.FoundAmount]:
        """Amounts that may be what is paid: not what remains, not unit prices, not what was billed before."""
        usable = []
        for a in clause.amounts:
            before = self.folded[max(clause.start, a.start - 40) : a.start]
            if re.search(
                r"\b(?:reste(?:ra|rait|nt)?|restants?|solde (?:de|restant)|il reste|remain\w*|balance of|leaving|moins|less|minus|hors|sauf|frais|penalites?|indemnite|interets?|interest|fee|skonto\w*|escompte|avoir (?:de|n\S* de)|credit (?:note )?(?:of|for)|au lieu de|instead of|capital|discount|deduct\w*|deduction|deduit|retenue|remise)\s?(?:\S{0,3}\s?)?$",
                before,
            ):
                continue
            usable.append(a)
        if len(usable) > 1:  # what it is set against, or a part of it, counts only where nothing else is said
            apart = [
                a for a in usable if not _SET_AGAINST.search(self.folded[max(clause.start, a.start - 24) : a.start])
            ]
            usable = apart or usable
        values = {a.value for a in usable}
        return [a for i, a in enumerate(usable) if a.value in values and a.value not in {b.value for b in usable[:i]}]

    def _payment_reference(self, index: int, clause: Clause) -> str | None:
        start, end = clause.start, clause.end
        return payment_reference(
            self.folded[start:end], [r.words for r in clause.references], clause, start
        ) or self._reference_nearby(index, clause)

    def _reference_nearby(self, index: int, clause: Clause) -> str | None:
        for other in self.clauses[index + 1 : index + 3]:
            if other.sentence <= clause.sentence + 1 and re.match(
                r"\W*(?:our |notre |sous |under |with |avec |la |the |payment |transfer )?\W*(?:ref|n°|reference|doc|libelle|ordre|cheque|check|vir\b|trn|cro|sous le)",
                other.text,
            ):
                found = payment_reference(other.text, [r.words for r in other.references], other, other.start)
                if found:
                    return found
        return None

    # ------------------------------------------------------------ requests

    def _documents(self, index: int, clause: Clause, sentence: str) -> None:
        text = clause.text
        m = p.DOCUMENT_SHORT.search(text)
        if (
            m
            and not p.CORRECTED.search(text)
            and not (EMAIL.search(self.folded[clause.start : clause.end]))
            and not p.WILL_PAY.search(text[: m.start()])
        ):
            if re.search(r"marchandise|materiel|livr|goods|deliver", text) and not re.search(
                r"facture|invoice|copie|copy|duplicata|bon de livraison|delivery note|\bbl\b|pod", text
            ):
                return
            self._say("document_request", index, m, numbers=self._numbers(index))
            return
        asked = _asks_for_paper(text)
        if (
            asked is None
            and clause.references
            and (
                clause.question
                or re.search(
                    r"\b(?:merci de|veuillez|svp|stp|please|pls|kindly|bitte|graag|gelieve|rogamos|prego)\b", text
                )
            )
        ):
            again = None if p.STOP_WRITING.search(text) else _TRANSFER_AGAIN.search(text)
            near = [r for r in clause.references if again and -50 < r.start - clause.start - again.end() < 30]
            asked = again if near else None
        if (
            asked is None
            and clause.references
            and not clause.amounts
            and _LACK.search(text)
            and not p.PAY_STEM.search(text)
            and not p.REFUSES.search(text)
            and not re.search(
                r"marchandise|materiel|livr|goods|deliver|lamp|ware|merce|mercanc|goederen|avoir|credit|gutschrift",
                text,
            )
        ):
            asked = _LACK.search(text)
        if asked is None and not p.GROUNDS["missing_reference"].search(text):
            asked = self._without_paper(text)
        if asked is None or any(s.intent == "complaint" and s.clause == index for s in self.statements):
            return
        if p.CORRECTED.search(sentence) or (
            p.OFFERED.search(text)
            and not re.search(
                r"\?|pou[vr]\w+|(?:merci de|veuillez|please) (?!find|trouver|noter|note|see|voir|prendre|be|accept)(?:\S{1,12} ){0,2}?(?:r?envoy|transm|adress|fourn|commun|send|resend|provide|forward|confirm)|can you|could you|besoin|need",
                text,
            )
        ):
            return
        address = EMAIL.search(self.folded[clause.start : clause.end])
        if (address or p.PORTAL.search(sentence)) and PLAIN_PAPER.fullmatch(asked[0]):
            return
        if re.search(r"\b(?:zero.balance|solde nul|quitus|main levee)\b", text):
            return
        plain = bool(PLAIN_PAPER.fullmatch(asked[0]) or not _TRANSFER.search(text))
        self._say("document_request", index, asked, numbers=self._numbers(index), vague=plain)

    @staticmethod
    def _without_paper(text: str) -> re.Match[str] | None:
        """'We cannot pay without a signed delivery note': the paper that payment waits for."""
        for paper in p.DOCUMENT.finditer(text):
            lead = text[max(0, paper.start() - 24) : paper.start()]
            if PLAIN_PAPER.fullmatch(paper[0]) or not _WITHOUT.search(lead):
                continue
            if p.REFUSES.search(text) or p.BLOCKED.search(text) or p.NOT_YET_PAID.search(text):
                return paper
        return None


_WITHOUT = re.compile(
    r"\b(?:without|sans|ohne|zonder|sin|senza|faute d[e']|absence d[e']|failing|fehlende[rns]?|lack of|absent|missing)\b(?: \S{1,12}){0,2} ?$|faute d'$"
)
_NO_GOODS_MISSING = re.compile(
    r"\s?(?:signature|validation|piece\b|reponse|info\w*|ligne\b|date\b|tampon|visa\b|annexe|page\b|approval|stamp|unterschrift|handtekening|firma\b)"
)
_NO_SECOND_BILL = re.compile(
    r"\s(?:of (?:ticket|the ticket|case)|du ticket|ticket|reminders?|e-?mails?|request|message|relance|rappel|mahnung|herinnering|recordatorio|sollecito)"
)
_NOT_THAT_ONE = re.compile(
    r"\s?[:,-]?\s?(?:non|not|no|nicht|nein|niet|nee)\b\s?(?=[,.;:!-]|$|because|car|weil|want|porque|perche|parce)"
)
_CANNOT = re.compile(
    r"\b(?:ne (?:peut|peuvent|pouvons|puis|pourra|pourrons|saurait)|cannot|can't|can not|unable to|kann nicht|konnen (?:wir )?nicht|no pued\w+|no podemos|non poss\w+|non puo|kan niet|kunnen (?:wij |we )?niet)\b"
)
_SET_AGAINST = re.compile(
    r"\b(?:against|in place of|statt|anstatt|davon|dont|of which|di cui|waarvan|de los cuales|sur les|facture de|invoice (?:of|for))\s(?:€ ?|£ ?|eur )?$"
)
_KEYED_AMOUNT = re.compile(
    r"\W*(?:montant|amount|importo|importe|betrag|bedrag|net (?:paye|vire|paid|amount)|net|gross|totale?|totaal|summe|sum)\b[^\n]{0,40}\d"
)
# A transfer that came back has not been paid.
_SENT_BACK = re.compile(
    r"\b(?:virement|paiement|prelevement|cheque|fichier|payment|transfer|wire|uberweisung|bonifico|transferencia|betaling)\b[^.\n]{0,40}\b(?:rejetee?|revenue?s?|retournee?|bounced|returned|rejected|failed|zuruckgekommen|respinto|tornato|rechazada|devuelta|teruggekomen|geweigerd)\b"
)
# "Paid when we are paid": nothing to rely on.
_WHEN_PAID = re.compile(
    r"\b(?:clients?|customers?|kunden?|clientes?|klant|maitre d'ouvrage|donneur d'ordre|constructora|committente|insurers?|assur\w+|promoteur|bailleur)\b[^.\n]{0,40}\b(?:pa(?:ye|ie|y|id|gh?[aoi])\w*|regl\w*|zahl\w*|uberw\w*|settl\w*|betaal\w*|come through|rembours\w*)\b|\b(?:cobremos|cobramos|nos paguen|ci pagano|incassiamo)\b|\bquand (?:je|on|nous) (?:peux|pourra\w*|peut|pouvons)\b|\b(?:customer|client) settles\b"
)
# "Reissue it and we'll pay": an order to us, and what follows from it.
_THEN_PAY = re.compile(
    r"\b(?:reissue|send|correct|fix|amend|replace|credit|refaites|envoyez|corrigez|rectifiez|bitte|schicken sie|korrigieren sie|corrijan|manden|correggete|mandate|stuur)\b[^.\n]{0,90}\b(?:and (?:then )?(?:we|i)(?:'ll| will)|then (?:we|i)(?:'ll| will)|dann|et (?:on|nous|je) (?:vous )?(?:pai|regl)|y (?:les )?pagamos|e paghiamo|dan betalen)|\berst danach\b"
)
_JUST_NOW = re.compile(
    r"\b(?:viens? (?:juste )?de|venons (?:juste )?de|vient d|just (?:paid|sent|made|wired|transferred|settled|now)|have just|soeben|gerade eben|acabo de|acabamos de|ho appena|abbiamo appena|zojuist|net (?:betaald|overgemaakt))\b"
)
_ORDERS = re.compile(
    r"\W*(?:r?envoy(?:ez|e)|renvoie|envoie|faites|send|resend|schick\w+|senden|stuur|mand\w+|envi\w+)\b"
)
_OWN_MEANS = re.compile(
    r"\b(?:(?:mon|notre|nos|mes|ma|le|la|l') ?(?:client|paie|paye|recette|caisse|prime|acompte|banque|maitre d'ouvrage|tresorerie|subvention|salaire|pret|credit|conseil|mairie|departement|etat|salon|saison)\w{0,2}|encaiss\w+|rentree? d'argent|j'ai (?:les|de quoi|l'argent|des)|que je peux|que possible|quand je peux|je pourrai|on pourra|me paie|nous paie|me regle|nous regle|nous payer|de la tresorerie|(?:our|my) (?:own )?(?:customer|client|bank|funding|grant|loan|season|money|cash|owner|boss|director|board)\w{0,2}|we (?:can|are paid|get paid|have the|receive (?:our|the) (?:money|payment|funds|grant))|i can|i have|i get|cash|funds|pays us|pay us|paid us|approval|signature|signs?|signed|wir (?:konnen|haben|wieder)|unser kunde|abgerechnet|sobald moglich|podamos|cobremos|nos paguen|potremo|ci pagano|incass\w+|we kunnen|onze klant|betaald krijgen|vote|votes?|budget|ouverture|accord du|visa|les fetes|conseil municipal)\b"
)
_ASKS_LATER = re.compile(
    r"\b(?:would|could|can|may|might|is it|ok|okay|open to|possible|mag|zou\w*|kan|konnten|konnen|ware|podri\w+|podemos|potremmo|possiamo|sarebbe|serait|seriez|pourri\w+|pourrais|puis-je|peut-on|est-ce|accept\w*|d'accord|voudriez|auriez)\b[^?\n]{0,90}\b(?:pay|settle|clear|spread|later|regl\w+|pay\w+|vers\w+|solder|restants?|reste|betal\w*|zahl\w*|bezahl\w*|pagar\w*|pagare|gennaio|febbraio|marzo|aprile|enero|febrero|abril|januari|februari|maart|januar|februar|marz|january|february|march|april|may|june|july|august|september|october|november|december|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)\b[^?\n]{0,80}(?:\b(?:gennaio|febbraio|marzo|aprile|enero|febrero|abril|januari|februari|maart|januar|februar|marz|may|june|july|august|september|october|november|december|january|february|march|april|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|mois|months?|weeks?|semaines?|later|plus tard|fois|parts?|times|keer|raten|plazos|veces|rate)\b|(?<=januari)|(?<=februari)|(?<=gennaio)|(?<=febbraio)|(?<=januar)|(?<=enero)|(?<=january)|(?<=janvier)|(?<=february)|(?<=fevrier))"
)
_TRANSFER_AGAIN = re.compile(
    r"\b(?:remet\w*|doorsturen|mailen|mail|r?envoy(?:er|ez|iez)|renvoie\w*|rimand\w*|doormail\w*|doorsturen|opsturen|nasturen|remettre|retransm\w*|transmettre|repass\w*|refais\w*|ping|sending|faire suivre|faire parvenir|adresser|communiquer|email|e-mail|resend|re-send|send|forward|zusenden|schicken|senden|sturen|toesturen|enviar\w*|reenvi\w*|inviar\w*|mandar\w*|opnieuw)\b"
)


def _listed(folded: str, found: Sequence[amounts_.FoundAmount]) -> bool:
    """Amounts that stand side by side as a list: '409,81 + 564,31', 'A de 212,43 et B de 849,35', or with a total."""
    for first, second in pairwise(found):
        between = folded[first.end : second.start]
        if len(between) > 60 or re.search(
            r"\b(?:alors que|au lieu|instead|while|whereas|mais|but|for|pour une|n'est que|rather|reste|remain|not|et non|only|seulement)\b",
            between,
        ):
            return False
        if not re.search(
            r"\b(?:et|and|und|y|e|en|plus|soit|total|totalling|ensemble|respectivement|respectively)\b|[+&,=/(]",
            between,
        ):
            return False
    return True


_MONEY_VERB = re.compile(
    r"regl|pay|paie|vire|virement|vers[eo]|sold|acquit|mandat|honor|decaiss|debit|remb|apur|liquid|ordonnanc|cheque|check|\bpaid|settl|clear|transf|remit|wire|fund|money|fric|argent|bezahl|uberw|beglich|beglei|angew|zahl|ausgeziff|pag|abon|ingres|transfer|liquid|sald|bonific|betal|betaal|overg|voldaan|gestort|comptes?\b|account|banque|bank|run\b|campagne|echeanc|bacs|chaps|lcr|traite|sepa|avis|remittance|invoice|facture"
)
_OTHER_GOODS = re.compile(
    r"\b(?:techniciens?|livraisons?|livre\w*|colis|palettes?|marchandises?|materiel|retours?|equipes?|collegues?|mails?|courriels?|courrier|reponse|dossier|visa|photos?|copies?|duplicata|facture corrigee|avoir|devis|commande|contrat|formulaire|attestation|technician|engineer|delivery|goods|parcel|pallets?|colleague|team|e-?mails?|answer|reply|photos?|pictures?|copy|form|quote|order|contract|credit note|corrected|reminder|letter|lieferung|ware|antwort|unterlagen|entrega|mercancia|respuesta|merce|consegna|risposta|levering|goederen|antwoord|offerte)\b"
)
STRONG_FUTURE = re.compile(
    r"\b(?:sera|seront|sere[zt]|va|vont|vais|allons|partira|partiront|quitter(?:a|ont)|reglera|reglerons|reglerai|paierons|paierai|paiera|virerons|virerai|virera|verserons|solderons|ferons|ferai|fera|effectuerons|procederons|procederai|enverrons|enverrai|aurez|auras|recevrez|interviendra|passera|will|'ll|shall|going to|wird|werden|worden|wordt|zal|zullen|pagaremos|pagheremo|sara|verra|scheduled|prevue?s?|programmee?s?|planned|gets cut|goes|going)\b"
)
UNRELATED_PAYMENT = re.compile(
    r"\b(?:aucun (?:virement|paiement|reglement) (?:fournisseur|ne)|s'engage a (?:payer|regler) ses fournisseurs|paie ses fournisseurs|supplier payments? due|payments? (?:is|are) made (?:by|on|every)|nos (?:paiements|reglements) (?:s'effectuent|se font|sont)|payment terms|conditions de (?:paiement|reglement)|notre client|nos clients|our (?:own )?(?:customer|client)s? (?:pay|has|have|will)|nous (?:doit|doivent)|m'ont (?:paye|regle)|owes us|owe us|maitre d'ouvrage|subvention|early.payment|escompte|votre honoree|toujours (?:ete )?(?:paye|regle|honore)\w*|(?:reglons|payons|regle|paye) (?:toujours|habituellement|generalement|nos fournisseurs)|(?:always|usually|normally|generally) (?:pay|paid|settle)|zahlen (?:wir )?(?:immer|grundsatzlich|stets)|siempre (?:hemos )?pag|sempre pag|altijd betaal|will you pay|you will pay|allez-vous payer|reglement (?:interieur|general|des honoraires)|reglement par cheque (?:est )?accepte|rgpd|gdpr)\b"
)
PRONOUN = re.compile(
    r"^\W*(?:(?:or|and|but|et|mais|ou|donc|so|then|puis)\s)?(?:elles?|ils?|ce(?:lle|lui)?-?c?i?|cela|ca|le tout|la somme|le (?:reglement|virement|paiement|montant)|it|this|that|they|these|the (?:payment|amount|transfer|money)|sie|es|dies|esta|este|questa|deze|het|dat|nous|on|je|we|i|both|all|dont|le cheque|virement|paiement|reglement|payment|transfer|settled|paid)\b"
)
PLAIN_PAPER = re.compile(
    r"(?:factures?|invoices?|rechnung|factura|fattur[ae]|factuur|facturen|iban|statements?|vat number|copies|cop(?:y|ies)|releves?)"
)
_TRANSFER = re.compile(
    r"\b(?:r?envoy\w*|renvoie\w*|envoie\w*|enverr\w+|(?:re)?transmett\w*|adress(?:er|ez|iez)|joindre|joignez|fournir|fournissez|communiquer|communiquez|faire parvenir|faire suivre|remettre|reediter|obtenir|recevoir|avoir (?:la|une|copie|le)|refaire passer|repass\w+|(?:re|re-)?send\w*|resend|forward|e?-?mail (?:me|us|over|across|a|the)|provide|supply|let (?:me|us) have|have a|shoot|attach|senden|schicken|zusenden|zukommen|envi\w+|mand\w+|remit\w+|facilit\w+|inviar\w*|inoltr\w+|stuur\w{0,2}|sturen|toesturen|mailen|need|besoin|necesit\w+|hace falta|serve|nodig|benotig\w+|brauch\w+|il (?:nous|me) (?:faut|faudrait|manque)|exige|scan)\b"
)
_LACK = re.compile(
    r"\b(?:lay my hands on|never reached|m'a echappe\w?|(?:me|nous) manque|trouve plus|trouve pas|retrouve plus|retrouve pas|(?:not|n't) on (?:our|the|my) (?:ledger|system|books)|ik mis|non trovo|no encuentro|finde nicht|fehlt mir|mir fehlt|uns fehlt|(?:pas|jamais|rien|aucun\w?)(?: \S{1,8}){0,3}? ?(?:recue?s?|trouvee?s?|retrouvee?s?|vue?s?|trace)|introuvables?|impossible de (?:remettre la main|retrouver|trouver|mettre la main)|egare\w{0,2}|perdue?s?|ne (?:la |les |le )?(?:retrouv|trouv)\w+|chez moi je n'ai rien|(?:not|never|n't)(?: \S{1,8}){0,3}? (?:received?|got|get|seen|see|have(?! been| to)|find|locate|trace)|no (?:trace|record|sign|copy)|lost|mislaid|misplaced|missing|(?:can't|cannot|couldn't|unable to) (?:find|locate|trace)|nicht (?:erhalten|vor|auffindbar|gefunden)|liegt uns nicht|no (?:la |lo |hemos |he )?(?:hemos |encuentro|encontramos|recibid\w+|encontrad\w+)|non (?:la |abbiamo |ho |trov)\w*(?: mai)?(?: ricevut\w)?|niet (?:ontvangen|gevonden|terug|binnen)|kwijt|comer el perro|missen)\b"
)


_HAVE = re.compile(
    r"(?:\b(?:j'ai|nous avons|on a|ai|avons|i have|i've|we have|we've|ich habe|wir haben|tengo|tenemos|abbiamo|ho|ik heb|we hebben|wij hebben)(?: (?:bien|already|now|got|found|deja|hier|also|aussi|just|schon|ya|gia|al|retrouve|recu|received|reperito|gevonden)){0,3} (?:la |le |les |l'|the |your |votre |vos |die |den |el |il |de |uw )?(?:copie de |copy of )?(?:la |the )?$)"
)
_AT_HAND = re.compile(
    r"(?: de livraison)? (?:sous les yeux|in front of me|before me|en main|vor mir|delante|davanti)\b|\s?acquittees?\b|\s?are due\b"
)


def _asks_for_paper(text: str) -> re.Match[str] | None:
    """The paper that is asked for: a specific one with any polite turn, a plain 'invoice' only with send, need or lost."""
    for paper in p.DOCUMENT.finditer(text):
        if _HAVE.search(text[max(0, paper.start() - 40) : paper.start()]) or _AT_HAND.match(text, paper.end()):
            continue  # "I have the delivery note": nothing is asked
        around = text[max(0, paper.start() - 110) : paper.end() + 90]
        plain = bool(PLAIN_PAPER.fullmatch(paper[0]))
        transfer, lack = _TRANSFER.search(around), _LACK.search(around)
        if re.search(
            r"\b(?:notre|nos|mon|mes|our|my|unsere?n?|nuestr[oa]s?|nostr[oaei]|onze|ons)\s(?:propre |own )?$",
            text[: paper.start()],
        ):
            continue  # theirs, not ours
        if plain and not transfer and not lack:
            continue
        if (
            plain
            and transfer
            and not lack
            and re.match(r"need|besoin|brauch|nodig|serve|exige|mand", transfer[0])
            and not re.search(
                r"(?:need|besoin d\S{0,3}|brauchen?|benotigen?|nodig|serve|necesitamos)(?: \S{1,10}){0,3} (?:invoice|facture|rechnung|factuur|fattura|factura)",
                around,
            )
        ):
            continue
        if (
            plain
            and transfer
            and re.match(r"r?envoy|adress|transm|send|forward", transfer[0])
            and re.search(
                r"\b(?:vous (?:nous )?(?:avez|aviez) (?:envoye|adresse|transmis)|(?:nous|je|on) (?:vous )?(?:avons|ai|a|vais|allons) (?:\S{1,8} )?(?:envoye|transmis|adresse|transmettre|envoyer)|you (?:have )?sent|we (?:have )?(?:sent|forwarded|passed)|i(?:'ve| have)? (?:sent|forwarded|passed)|forwarded (?:it|your|the)|transmis(?:e)? (?:a|au))\b",
                around,
            )
            and not lack
        ):
            continue
        if re.match(r"\s(?:absente?|manquante?|erronee?|renvoyee|rejetee|refusee|retournee)", text[paper.end() :]):
            continue
        if not (transfer or lack) and not p.ASK.search(around):
            continue
        return paper
    return None


_REFERENCE_LEAD = re.compile(
    r"(?:\b(?:ref(?:erence|s)?|reference (?:de |du )?(?:virement|paiement|notre)|libelle|intitule|sous (?:le |la )?(?:n[o°]|numero|reference|ref)|cro|trn|ordre(?: de virement)?|avis|swift|end.to.end|sepa|our doc|doc|beleg(?:nummer)?|zahlungsbeleg|verwendungszweck|kenmerk|referencia|riferimento|transaction(?: id)?|confirmation|remise|mandat|bordereau|bacs|chaps|wire|ach|payment|paiement|virement|vir|transfer|uberweisung|bank transfer|under|sous|lot|cheque|check|chq|chk|ck)\b)(?:\s?(?:n\s?°|n°|no\.?|nos\.?|nr\.?|num\.?|numero|number|#|id|ref\.?|reference|bancaire|:|-|=|\.|sepa|du \S{1,12}|de virement|de paiement|is|est))*\s*[:#(]?\s*"
)
_REFERENCE_TOKEN = re.compile(r"#?([a-z]{2,4} [a-z]{2,4} \d{3,8}|[a-z0-9][a-z0-9]*(?:[-/._][a-z0-9]+)*)")


def payment_reference(
    folded: str, invoices: Sequence[str], clause: Clause | None = None, offset: int = 0
) -> str | None:
    """The client's payment, transfer or cheque number in a clause, in capitals; None if there is none."""
    compact = {re.sub(r"[^a-z0-9]", "", w) for w in invoices}
    for lead in _REFERENCE_LEAD.finditer(folded):
        m = _REFERENCE_TOKEN.match(folded, lead.end())
        if not m:
            continue
        token = m[1].strip()
        bare = re.sub(r"[^a-z0-9]", "", token)
        if len(bare) < 3 or not re.search(r"\d", bare) or bare in compact:
            continue
        if re.fullmatch(r"\d{1,2}[/.-]\d{1,2}(?:[/.-]\d{2,4})?|20\d\d", token) or (
            len(bare) < 4 and not re.search(r"cheque|check|chq|ck", lead[0])
        ):
            continue
        if clause is not None:
            at = offset + m.start(1)
            if any(d.start <= at < d.end for d in clause.dates) or any(a.start <= at < a.end for a in clause.amounts):
                continue
        return token.upper()
    return None


def _total(values: Sequence[Decimal], balances: Sequence[Decimal]) -> Decimal | None:
    """Several amounts of one statement: the one that is the sum of the others, else their sum."""
    distinct = list(dict.fromkeys(v for v in values if v > 0))
    if not distinct:
        return None
    if len(distinct) == 1:
        return distinct[0]
    for v in distinct:
        rest = sum((o for o in distinct if o != v), Decimal(0))
        if rest == v:
            return v
    known = [v for v in distinct if v in balances]
    if known:
        return sum(known, Decimal(0))
    return sum(distinct, Decimal(0))


def _contacts(folded: str, own: str, clauses: Sequence[Clause], ground: Ground) -> tuple[tuple[str, int, int], ...]:
    """Addresses that the client tells us to write to."""
    out: list[tuple[str, int, int]] = []
    for m in EMAIL.finditer(folded):
        address = own[m.start() : m.end()].strip(".'")
        if address.lower() in ground.our_addresses or re.match(r"(?:no-?reply|ne-?pas|do-?not)", address.lower()):
            continue
        index = _at(clauses, m.start())
        around = folded[max(0, m.start() - 220) : m.end() + 120]
        line_start = folded.rfind("\n", 0, m.start()) + 1
        line = folded[line_start : m.start()]
        sentence = " ".join(c.text for c in clauses if index >= 0 and abs(c.sentence - clauses[index].sentence) <= 1)
        own_address = ground.sender is not None and address.lower() == ground.sender
        if own_address and not (p.REDIRECT.search(sentence + " " + around) or p.NOT_ME.search(sentence)):
            continue
        before = folded[max(0, m.start() - 60) : m.start()]
        if re.search(
            r"\b(?:ecrit a|envoye a|adresse a|transmis a|recu de|provenant de|mail de|message de|sent (?:it |this |them )?to|wrote to|written to|forwarded (?:it |this )?to|received from|came from|copied|from|de la part de|compte|paypal)\s?[:<(]?\s?$",
            before,
        ) and not re.search(r"\b(?:etre|be|please|doit|doivent|must|should|to be|merci)\b[^.]{0,40}$", before):
            continue
        if re.match(r"\s*(?:e-?mail|mail|courriel|m)\s?:\s*$", line) and not p.NOT_ME.search(folded):
            continue
        out.append((address, m.start(), m.end()))
    return tuple({a.lower(): (a, s, e) for a, s, e in reversed(out)}.values())[::-1]


def _settle(statements: tuple[Statement, ...], contacts: Sequence[object], flags: set[str]) -> tuple[Statement, ...]:
    """Drop what another statement makes impossible."""
    kept = list(statements)
    if contacts:
        kept = [s for s in kept if not (s.intent == "dispute" and s.reason in (None, "other") and not s.numbers)]
    if any(s.intent == "insolvency" for s in kept):
        grave = {s.clause for s in kept if s.intent == "insolvency"}
        kept = [s for s in kept if s.intent != "payment_plan_request" or s.clause not in grave]
    asked = {s.clause for s in kept if s.intent == "document_request"}
    kept = [
        s
        for s in kept
        if not (s.intent == "promise_to_pay" and s.on is None and any(0 < s.clause - a <= 1 for a in asked))
    ]
    short = {s.clause for s in kept if s.intent == "dispute"}
    kept = [
        s
        for s in kept
        if not (
            s.intent == "remittance"
            and s.on is None
            and s.reference is None
            and any(0 <= c - s.clause <= 1 for c in short)
            and "acompte" in flags
        )
    ]
    doubles = [s for s in kept if s.intent == "dispute" and s.reason == "duplicate"]
    if doubles:
        kept = [
            s
            for s in kept
            if not (
                s.intent == "remittance"
                and s.reference is None
                and any(
                    abs(s.clause - d.clause) <= 2 and (set(s.numbers) <= set(d.numbers) or not s.numbers)
                    for d in doubles
                )
            )
        ]
    if (
        asked or "bank-details" in flags
    ):  # "without the delivery note we do not pay": a paper is wanted, nothing is contested
        kept = [s for s in kept if not (s.intent == "dispute" and s.vague)]
    disputed = {s.clause for s in kept if s.intent == "dispute"}
    kept = [
        s for s in kept if not (s.intent == "document_request" and s.vague and s.clause in disputed and not contacts)
    ]
    if any(s.intent == "insolvency" for s in kept):
        kept = [
            s
            for s in kept
            if s.intent != "promise_to_pay" and not (s.intent == "dispute" and s.reason in (None, "other"))
        ]
    if any(
        s.intent in ("contact_change", "complaint", "document_request", "payment_plan_request", "dispute") for s in kept
    ):
        kept = [
            s
            for s in kept
            if not (
                s.intent == "promise_to_pay" and s.on is None and s.amount is None and not s.vague and not s.numbers
            )
        ]
    return tuple(kept)
