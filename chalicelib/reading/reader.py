# ruff: noqa: E501  (one row of a table of phrases is one line)
"""A message in its context → what it says: kind, own words, intents, facts, trust, decision. Pure; the story of reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from functools import cached_property

from chalicelib.reading import advice as advice_
from chalicelib.reading import (
    amounts,
    dates,
    disputes,
    doubts,
    language,
    learned_voice,
    machine,
    references,
    trust,
    words,
)
from chalicelib.reading import attachments as attachments_
from chalicelib.reading import intents as intents_
from chalicelib.reading import phrases as p
from chalicelib.reading.decision import decide
from chalicelib.reading.fold import fold
from chalicelib.reading.intents import understand
from chalicelib.reading.model import (
    INTENTS,
    Bounce,
    Context,
    Dispute,
    DisputeReason,
    Evidence,
    Fact,
    InboundMessage,
    Intent,
    KnownAccount,
    KnownItem,
    Promise,
    Reading,
    Remittance,
)
from chalicelib.reading.statements import Ground, Said, Statement, found_by

_PLATFORM = re.compile(
    r"\b(?:porta(?:il|le?|aal)|plateforme|platform|plattform|plataforma|piattaforma|espace fournisseurs?|supplier (?:area|network|zone)|p2p|chorus|extranet)\b"
)
_EPOCH = date(2000, 1, 1)
LOUDER = 2.0  # a ground that examples hear so much louder than the one that phrases told is taken instead
# How probable an intent must be. A phrase told it: that is enough. A word and a day told it: nearly certain. Only
# examples told it: a payment never (it would silence us), what becomes a person's task anyway if it is nearly certain.
BY_A_WORD, BY_EXAMPLES = 0.85, 0.9
UNHEARD = 0.3  # beside a document that speaks of a payment, a promise of the words must be heard at least so much
_BECOMES_A_TASK = frozenset({"dispute", "payment_plan_request", "document_request"})
# Less, and a person looks: how probable it is that the intent is right, or all of several. Long answers mislead more.
SURE, SURE_OF_SEVERAL = 0.6, 0.9
_OF_NO_INVOICE = frozenset({"complaint", "insolvency", "contact_change"})


def read(message: InboundMessage, context: Context, *, elapsed: Callable[[], float] | None = None) -> Reading:
    """Understand a message. Never raises for what a sender wrote; in doubt the decision is 'review'.

    elapsed: seconds since the caller began, where attachments are bounded by time.
    """
    try:
        return _read(message, context, elapsed)
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        # A defect of ours, met by a text nobody thought of: the mail is not lost, a person reads it.
        decided = decide(["reader-failed"])
        return Reading(
            kind="reply",
            language="en",
            decision=decided.decision,
            reason=decided.code,
            reason_text=f"{decided.words}: {type(error).__name__}",
            account_id=context.account_hint,
            own_words=message.text[:2000],
        )


def _read(message: InboundMessage, context: Context, elapsed: Callable[[], float] | None) -> Reading:
    verdict = trust.judge(message, context.authserv_id)
    bounced = machine.bounce(message, context.our_addresses)
    account = _account(message, context)
    hint = account.language if account else "en"
    if bounced is not None:
        return _bounce(message, bounced, verdict, context, hint)
    if machine.is_receipt(message):
        return _plain("receipt", message, verdict, account, hint, own=message.text[:500])
    return Draft(message, context, verdict, account, hint, elapsed).make()


def _bounce(message: InboundMessage, bounced: Bounce, verdict: trust.Verdict, context: Context, hint: str) -> Reading:
    account = _account_of(bounced.recipient, context) if bounced.recipient else None
    decided = decide(["server-blocked"] if machine.needs_somebody(message) else [])
    return Reading(
        kind="bounce",
        language=language.detect(message.text[:1500], "en"),
        decision=decided.decision,
        reason=decided.code,
        reason_text=decided.words,
        account_id=account.account_id if account else context.account_hint,
        trust=verdict.trust,
        bounce=bounced,
        own_words=message.text[:2000],
    )


def _plain(
    kind: str,
    message: InboundMessage,
    verdict: trust.Verdict,
    account: KnownAccount | None,
    hint: str,
    *,
    own: str,
    codes: Sequence[str] = (),
) -> Reading:
    decided = decide(codes)
    return Reading(
        kind=kind,  # type: ignore[arg-type]
        language=language.detect(f"{own}\n{message.subject}" if len(own) < 200 else own, hint),
        decision=decided.decision,
        reason=decided.code,
        reason_text=decided.words,
        account_id=account.account_id if account else None,
        trust=verdict.trust,
        own_words=own,
    )


class Draft:
    """One reading in the making: the steps in order, each with what the earlier ones found."""

    def __init__(
        self,
        message: InboundMessage,
        context: Context,
        verdict: trust.Verdict,
        account: KnownAccount | None,
        hint: str,
        elapsed: Callable[[], float] | None,
    ) -> None:
        self.message, self.context, self.verdict = message, context, verdict
        self.account, self.hint, self.elapsed = account, hint, elapsed
        self.base = _day(message, context)
        self.items = tuple(i for i in context.items.values() if account and i.account_id == account.account_id)
        self.month_first = bool(account and account.country == "US")
        name = message.from_addresses[0][0] if message.from_addresses else ""
        self.words = words.own_words(
            message.text,
            sender_name=name,
            sender_address=message.sender or "",
            sent_texts=context.sent_texts,
            our_addresses=tuple(context.our_addresses),
        )
        marked = any(line.kind == "mark" for line in self.words.lines)
        if marked or not advice_.is_one(self.words.own()):  # whose rows are the client's, of our numbers and amounts
            self.words = _without_our_rows(self.words, self.items, self.base)
        self.own = self.words.own()
        if len(self.own) < 80 and _SEE_SUBJECT.match(fold(self.own)):
            self.own = f"{_ANSWER_TO.sub('', message.subject)}\n{self.own}"
        self.codes: list[str] = []
        self.evidence: list[Evidence] = []
        self.doubtful: tuple[Intent, ...] = ()
        self.grounds: Mapping[DisputeReason, float] = {}

    def make(self) -> Reading:
        message, own = self.message, self.own
        whole = own or message.text[:3000]
        if machine.is_challenge(message, whole):
            return _plain("challenge", message, self.verdict, self.account, self.hint, own=whole, codes=["challenge"])
        self.subject = references.find(_subject(message.subject), self.items, known_elsewhere=self.context.items)
        said = self._said()
        automatic = machine.answered_by_itself(message, whole)
        if automatic and machine.newsletter(message, whole) and not said.references:
            return _plain("unrelated", message, self.verdict, self.account, self.hint, own=whole)
        advices = self._advices(said)
        if automatic and not self._speaks_of_payment(said, advices, automatic):
            return self._auto_reply(whole, said, sure=automatic == 2)
        known = self.account is not None
        names_us = bool(
            any(r.how != "site" for r in said.references)
            or self.subject.numbers
            or doubts.threaded(message, self.context)
            or advices
        )
        if not known and not names_us and not said.foreign and self.verdict.why != "header-injection":
            strong = {s.intent for s in said.statements} & {"insolvency", "complaint", "contact_change"}
            if _WANTS_PAPERS.search(fold(whole)):  # of our books, from somebody whom nobody knows
                strong |= {s.intent for s in said.statements} & {"document_request"}
            if not strong:
                codes = (
                    ["supplier-invoice"]
                    if machine.unrelated(message, whole, known_sender=False, names_us=False) == "supplier"
                    else []
                )
                if "instructions" in said.flags:
                    codes.append("instructions-inside")
                if not message.from_addresses:  # no mail at all, or the wreck of one: it may have been an answer
                    codes.append("nothing-recognised")
                return _plain("unrelated", message, self.verdict, self.account, self.hint, own=whole, codes=codes)
        if known and not names_us and not said.statements and machine.courtesy(whole):
            return _plain("unrelated", message, self.verdict, self.account, self.hint, own=whole)
        if (
            known
            and not names_us
            and machine.their_invoice(whole)
            and not any(s.intent in ("remittance", "promise_to_pay", "dispute") and s.numbers for s in said.statements)
        ):
            return _plain(
                "unrelated", message, self.verdict, self.account, self.hint, own=whole, codes=["supplier-invoice"]
            )
        other = machine.unrelated(message, whole + "\n" + message.text[:2000], known_sender=known, names_us=names_us)
        if other:
            codes = ["supplier-invoice"] if other == "supplier" else []
            if "instructions" in said.flags:
                codes.append("instructions-inside")
            return _plain("unrelated", message, self.verdict, self.account, self.hint, own=whole, codes=codes)
        return self._reply(said, advices)

    # ------------------------------------------------------------ what was said

    def _ground(self, base: date) -> Ground:
        return Ground(
            base=base,
            items=self.items,
            elsewhere=self.context.items,
            month_first=self.month_first,
            holidays=self.context.holidays,
            our_addresses=self.context.our_addresses,
            sender=self.message.sender,
            debtor=fold(" ".join((self.account.name, *self.account.domains))) if self.account else "",
            above=self.answered,
        )

    def _said(self) -> Said:
        """The own words; a note handed on where they say nothing; the full text where still nothing is recognised."""
        said = understand(self.own, self._ground(self.base))
        if said.statements and not _hands_on(self.own):
            return said
        handed = self._handed_on()
        if handed is not None:
            text, day = handed
            inner = understand(text, self._ground(day or self.base))
            if inner.statements:
                self.own = f"{self.own}\n\n{text}"
                merged = understand(self.own, self._ground(day or self.base)) if not said.statements else inner
                return replace(merged, contacts=said.contacts or merged.contacts)
        return said

    def _handed_on(self) -> tuple[str, date | None] | None:
        """The first forwarded block, where it was written by somebody of the client's, not by us."""
        by = fold(self.words.forwarded_by or "")
        if not by or any(a in by for a in self.context.our_addresses) or any(n in by for n in self._our_names()):
            return None
        lines = self.words.lines
        first = next((i for i, line in enumerate(lines) if line.kind == "mark"), None)
        if first is None:
            return None
        start = next((i for i in range(first, len(lines)) if lines[i].kind != "mark"), None)
        if start is None:
            return None
        end = next((i for i in range(start, len(lines)) if lines[i].kind == "mark"), len(lines))
        text = "\n".join(line.text.lstrip("> ") for line in lines[start:end]).strip()
        if not text or (
            any(n in fold(text)[-300:] for n in ("atelier", *self._our_names()))
            and "comptabilite clients" in fold(text)
        ):
            return None
        if any(line.kind == "quoted" for line in _without_our_rows(words.own_words(text), self.items, self.base).lines):
            return None  # our own reminder, quoted under a name that does not tell it
        inner = words.own_words(text)
        return (inner.own() or text)[:4000], words.quoted_day(self.words.forwarded_on, self.base)

    def _our_names(self) -> frozenset[str]:
        """Words of our own domains and of the names that senders give us: 'atelier', 'lumen'."""
        out: set[str] = set()
        for address in self.context.our_addresses:
            domain = address.rpartition("@")[2]
            out |= {w for w in re.split(r"[^a-z]", domain.rpartition(".")[0]) if len(w) >= 4}
        return frozenset(out - {"compta", "facturation", "mail", "example"})

    @cached_property
    def answered(self) -> dict[int, tuple[str, ...]]:
        """For each own block that follows a quoted line: the invoices of that line. Offsets are those of the own words."""
        out: dict[int, tuple[str, ...]] = {}
        offset = 0
        lines = self.words.lines
        for (start, _), block in zip(self.words.own_spans(), self.words.own_blocks(), strict=True):
            before = [line for line in lines if line.end <= start and line.kind != "blank"][-1:]
            if before and before[0].kind in ("quoted", "ours"):
                found = references.find(fold(before[0].text), self.items)
                numbers = tuple(dict.fromkeys(n for f in found.found if f.how == "number" for n in f.numbers))
                if len(numbers) == 1:
                    out[offset] = numbers
            offset += len(block) + 2
        return out

    def _advices(self, said: Said) -> list[tuple[str, advice_.Advice]]:
        """Payment documents: the body itself where it is one, then each attachment."""
        out: list[tuple[str, advice_.Advice]] = []
        self.attached = attachments_.texts(self.message.attachments, self.context.caps, elapsed=self.elapsed)
        sure = any(s.intent == "remittance" for s in said.statements) or bool(
            re.search(
                r"\b(?:avis|preuve|justific|remittance|advice|breakdown|specification|particulars|payment|virement|versement|reglement|stub|proof|zahlung|betaal|contabile|bonifico|transferencia|comprobante|comprovativo|distinta|detail|releve|prevision|going out|go out|attached|joint|piece jointe|situation|status|extrait|overview|overzicht|ubersicht|fichier|annexe|anbei|anhang|bijlage|allegat|adjunt|anexo)\w*",
                fold(self.own),
            )
        )
        names = self._our_names()
        pays = {s.intent for s in said.statements}
        for one in self.attached:
            if not one.text:
                continue
            found = advice_.find(
                one.text,
                self.items,
                self.base,
                elsewhere=self.context.items,
                month_first=self.month_first,
                our_names=names,
                sure=_spreadsheet(one)
                or (
                    sure
                    and bool(re.search(r"tota|sum|somm|montant|amount|betrag|bedrag|import|valor", fold(one.text)))
                    and not _is_bank_details(one.text)
                ),
            )
            if found and _DRAFTED.search(fold(self.own)):
                found = replace(found, kind="promise", parts=())
            if found and "payment_plan_request" in pays and (found.total, found.on) == (None, None):
                continue  # the instalments that are proposed
            if found:
                out += [(f"attachment:{one.name}", part) for part in found.parts or (found,)]
        listed = (
            sum(map(_is_sum_in_a_table, self.own.split("\n"))) >= 2
            and pays in ({"remittance"}, {"promise_to_pay"})
            and not any(s.amount for s in said.statements)
        )
        if not out and (_is_document(self.own) or listed):
            found = advice_.find(
                self.own,
                self.items,
                self.base,
                elsewhere=self.context.items,
                month_first=self.month_first,
                our_names=names,
                sure=listed,
            )
            if found and listed and "promise_to_pay" in pays:
                found = replace(found, kind="promise")
            if found and not found.parts:  # rows that say different things are sentences, and were read as such
                out.append(("body", found))
        return out

    def _speaks_of_payment(self, said: Said, advices: Sequence[object], automatic: int) -> bool:
        """A program's mail that tells of a payment is a reply; so is a person's answer that mentions a holiday."""
        if advices:
            return True
        if any(r.how == "number" for r in said.references) and not machine.absent(self.own):
            return True  # a program's word on an invoice; or a person's, who names a day until which something held
        facts = [
            s
            for s in said.statements
            if s.intent in ("remittance", "promise_to_pay", "dispute", "insolvency", "payment_plan_request")
        ]
        if automatic == 2:
            return any(
                s.intent in ("remittance", "promise_to_pay") and s.numbers and (s.on or s.amount) for s in facts
            ) and not machine.automatic(self.message)
        return bool(facts) or any(s.intent == "document_request" for s in said.statements)

    def _auto_reply(self, whole: str, said: Said, *, sure: bool) -> Reading:
        back, certain = machine.return_on(whole, self.base, month_first=self.month_first)
        ticket = not machine.away(whole)
        if ticket and machine.acknowledges(message_words(self.message, whole)):
            back = None
        contacts = self._contacts_of(said)
        if not contacts and ticket and re.search(r"unsubscribe|notification preferences", fold(whole)):
            contacts = ()
        closed = re.search(
            r"\b(?:retired|no longer (?:in use|monitored|used|read)|closed|discontinued|decommissioned|deleted unread|n'est plus (?:utilisee?|relevee?|active)|sera (?:fermee?|supprimee?)|ferm(?:e|ee)e? definitivement|nicht mehr (?:genutzt|gelesen|verwendet)|ya no se utiliza|non e piu attiv|niet meer in gebruik)\b",
            fold(whole),
        )
        if closed and contacts and not certain:
            back = None  # a mailbox that is closed for good: the day is that of the change
        portal = bool(closed and p.PORTAL.search(fold(whole)) and p.PORTAL_ACT.search(fold(whole)))
        if not portal and not contacts and back is None and _PLATFORM.search(fold(whole)):
            heard = learned_voice.opinion(said.clauses, self.base, found_by(said.statements))
            portal = heard is not None and heard.probability["contact_change"] >= 0.8
        intents: tuple[Intent, ...] = ("contact_change",) if contacts or portal else ()
        codes = []
        if back is not None and not certain:
            codes.append("date-uncertain")
        if contacts and any(not self.own_domain(c) for c in contacts):
            codes.append("contact-elsewhere")
        if self.verdict.trust == "failed":
            codes.append(self.verdict.why)
        if back is None and not contacts and not machine.explains_itself(message_words(self.message, whole), sure=sure):
            codes.append("automatic-unclear")
        decided = decide(codes)
        return Reading(
            kind="auto_reply",
            language=language.detect(whole, self.hint),
            intents=intents,
            return_date=back,
            contacts=contacts,
            decision=decided.decision,
            reason=decided.code,
            reason_text=decided.words,
            account_id=self.account.account_id if self.account else None,
            trust=self.verdict.trust,
            own_words=whole,
        )

    # ------------------------------------------------------------ replies

    def _reply(self, said: Said, advices: list[tuple[str, advice_.Advice]]) -> Reading:
        self.said = said
        self.numbers = said.numbers or self.subject.numbers
        statements = self._complete(said)
        contacts = self._contacts_of(said)
        folded = fold(self.own)
        if not contacts:
            statements = [s for s in statements if s.intent != "contact_change"]
            portal, not_me = p.PORTAL.search(folded), p.NOT_ME.search(folded)
            said_already = {s.intent for s in statements}
            if (
                portal
                and p.PORTAL_ACT.search(folded)
                and not said_already & {"dispute", "promise_to_pay", "remittance"}
            ):
                statements.append(Statement("contact_change", *portal.span(), portal.span(), -1))
            elif not_me and not said_already & {"dispute", "promise_to_pay", "remittance", "insolvency"}:
                statements.append(Statement("contact_change", *not_me.span(), not_me.span(), -1))
        present, statements = self._weigh(said, statements, advices, contacts)
        if "contact_change" in present and not contacts and not _PLATFORM.search(folded):
            self.codes.append("contact-unclear")
        promise, remittance, statements = self._payments(statements, advices)
        if withheld := _withheld(advices):
            present.add("dispute")
            statements = [withheld, *statements]
        present -= {"promise_to_pay", "remittance"}
        if promise is not None:
            present.add("promise_to_pay")
        if remittance is not None:
            present.add("remittance")
        intents = tuple(i for i in INTENTS if i in present)
        contested = [s for s in statements if s.intent == "dispute"]
        dispute = Dispute(self._reason(contested)) if "dispute" in present else None
        invoices = self._invoices(said, advices)
        for s in statements:
            if s.words != (0, 0):
                self.evidence.append(Evidence(s.intent, self.own[s.words[0] : s.words[1]], s.words[0], s.words[1]))
        for r in said.references:
            self.evidence.append(Evidence("invoice", self.own[r.start : r.end], r.start, r.end))
        for where, found in advices:
            self.evidence.append(
                Evidence(
                    "remittance" if found.kind == "remittance" else "promise_to_pay", "", *found.where, where=where
                )
            )
        doubts.judge(self, said, advices, statements, promise, remittance, dispute, invoices, contacts, intents)
        decided = decide(self.codes)
        return Reading(
            kind="reply",
            language=language.detect(
                self.own if len(self.own) > 25 else f"{self.own}\n{self.message.subject}", self.hint
            ),
            intents=intents,
            invoices=invoices,
            promise=promise,
            remittance=remittance,
            dispute=dispute,
            contacts=contacts if "contact_change" in intents else (),
            decision=decided.decision,
            reason=decided.code,
            reason_text="; ".join(
                [decided.words] + [learned_voice.in_words(self.doubtful)] * (decided.code == "second-voice")
            ),
            doubts=tuple(dict.fromkeys(self.codes)),
            account_id=self.account.account_id if self.account else None,
            trust=self.verdict.trust,
            evidence=tuple(self.evidence),
            own_words=self.own,
            facts=tuple(
                Fact(s.intent, n, s.on, s.amount, s.reference, s.reason)
                for s in statements
                for n in (s.numbers or (None,))
            ),
        )

    def _weigh(
        self,
        said: Said,
        statements: list[Statement],
        advices: Sequence[tuple[str, advice_.Advice]],
        contacts: Sequence[str],
    ) -> tuple[set[Intent], list[Statement]]:
        """The intents that phrases and examples together make probable, with the statements of each.

        Documents and addresses speak for themselves. Where the whole is not sure, a person looks.
        """
        found = found_by(statements)
        opinion = learned_voice.opinion(said.clauses, self.base, found)
        if any(where == "body" for where, _ in advices):  # a credit note among its rows is taken off, not contested
            rows = {i for i, c in enumerate(said.clauses) if advice_.no_quarrel(c.text)}
            statements = [s for s in statements if s.intent != "dispute" or s.clause not in rows]
            return set(found_by(statements)), statements
        if opinion is None:
            return set(found), statements
        settled: set[Intent] = {"contact_change"} if contacts else set()
        if "only-ordered" in said.flags:
            settled.add("remittance")  # the order of a payment that is promised for later
        if advices:
            settled |= {"promise_to_pay", "remittance", "document_request"}
            if opinion.probability["promise_to_pay"] < UNHEARD:  # beside "the detail of Friday's transfer"
                found.pop("promise_to_pay", None)
                statements = [s for s in statements if s.intent != "promise_to_pay"]
        present = {
            i for i in INTENTS if (i in found if i in settled else opinion.probability[i] >= learned_voice.PROBABLE)
        }
        if "insolvency" in present and "dispute" not in found:
            present.discard("dispute")  # that nothing can be paid any more contests nothing
        told = replace(opinion, probability={i: p for i, p in opinion.probability.items() if i not in settled})
        unfounded = [i for i in present - settled if not _founded(i, found.get(i), opinion.probability[i])]
        if told.sure(present) < (SURE_OF_SEVERAL if len(present) > 1 else SURE) or unfounded:
            self.codes.append("second-voice")
            self.doubtful = told.doubtful(present)
        self.grounds = opinion.reasons
        kept = [s for s in statements if s.intent in present]
        spoken_of = {n for s in kept for n in s.numbers}
        left = tuple(n for n in said.numbers if n not in spoken_of) or self.subject.numbers
        for i in INTENTS:
            if i in present and i not in found:
                heard = intents_.heard(i, opinion.place[i], said, self.own, self._ground(self.base))
                kept.append(heard if heard.numbers or i in _OF_NO_INVOICE else replace(heard, numbers=left))
        return present, kept

    def _reason(self, statements: Sequence[Statement]) -> DisputeReason:
        """The ground of a dispute: what phrases told, unless the examples are sure of another."""
        told = next((s.reason for s in statements if s.intent == "dispute" and s.reason not in (None, "other")), None)
        if not self.grounds:
            return told or "other"
        loudest = max(self.grounds, key=self.grounds.__getitem__)
        return told if told and self.grounds[told] > self.grounds[loudest] - LOUDER else loudest

    def _complete(self, said: Said) -> list[Statement]:
        """Statements without an invoice speak of those of the subject, or of the only one there is."""
        fallback = self.subject.numbers or (said.numbers if len(said.numbers) == 1 else ())
        return [s if s.numbers or s.intent in _OF_NO_INVOICE else replace(s, numbers=fallback) for s in said.statements]

    def _payments(
        self, statements: list[Statement], advices: Sequence[tuple[str, advice_.Advice]]
    ) -> tuple[Promise | None, Remittance | None, list[Statement]]:
        """One promise and one remittance of all statements: the sum and the latest day; documents complete the words."""
        if any(where == "body" for where, _ in advices):  # the figures were read as a document, not as sentences
            statements = [s for s in statements if s.intent not in ("promise_to_pay", "remittance")]
        paid_documents = [a for _, a in advices if a.kind == "remittance"]
        planned = [a for _, a in advices if a.kind == "promise"]
        if planned and not paid_documents and any(s.intent == "promise_to_pay" for s in statements):
            statements = [
                s
                for s in statements
                if s.intent != "remittance" or (s.on is not None and s.on <= self.base and s.reference)
            ]
        if planned and not any(s.intent == "promise_to_pay" for s in statements):
            statements = [s for s in statements if s.intent != "remittance"]
        promises = [s for s in statements if s.intent == "promise_to_pay"]
        if paid_documents and promises and not any(s.intent == "remittance" for s in statements):
            covered = {n for a in paid_documents for n in a.numbers}
            if all(not s.numbers or set(s.numbers) <= covered for s in promises) and all(
                s.on is None or s.on in [a.on for a in paid_documents] for s in promises
            ):
                statements = [s for s in statements if s.intent != "promise_to_pay"]
                promises = []
        if paid_documents:  # the document speaks of the payment that the words announce
            covered = {n for a in paid_documents for n in a.numbers}
            totals = [a.total for a in paid_documents if a.total is not None]
            loose = [
                s
                for s in promises
                if ((s.loose and s.amount is None) or s.amount in totals) and set(s.numbers) <= covered
            ]
            statements = [s for s in statements if s not in loose]
            promises = [s for s in promises if s not in loose]
        remitted = [s for s in statements if s.intent == "remittance"]
        promise: Promise | None = None
        remittance: Remittance | None = None
        stated = self._stated_total() if bool(promises) != bool(remitted) else None
        if promises or planned:
            days = [s.on for s in promises if s.on is not None] + [
                a.on for a in planned if a.on is not None and not promises
            ]
            amount = (None if remitted else self._instalments(promises)) or self._sum(promises) or stated or (None if remitted else self._only_amount(promises))
            if amount is None and len(planned) == 1:
                amount = planned[0].total
            if not days and planned:
                days = [a.on for a in planned if a.on is not None]
            promise = Promise(max(days) if days else None, amount)
        if remitted or paid_documents:
            days = [s.on for s in remitted if s.on is not None]
            document_days = [a.on for a in paid_documents if a.on is not None]
            amount = self._sum(remitted) or stated or (None if promises else self._only_amount(remitted))
            totals = [a.total for a in paid_documents if a.total is not None]
            if totals:
                if (
                    amount is not None
                    and amount != sum(totals, Decimal(0))
                    and amount not in [i for a in paid_documents for _, i in a.lines]
                ):
                    self.codes.append("contradiction")
                amount = sum(totals, Decimal(0))
            reference = next((a.reference for a in paid_documents if a.reference), None) or next(
                (s.reference for s in remitted if s.reference), None
            )
            remittance = Remittance(
                max(document_days or days) if document_days or days else None,
                amount,
                self._no_invoice(reference) or self._no_invoice(self._subject_reference(bool(paid_documents))),
            )
        return promise, remittance, statements

    def _sum(self, statements: Sequence[Statement]) -> Decimal | None:
        """The total of several statements. The same amount said twice counts once, unless it is told of several days
        and the invoice has room for both."""
        told = [s for s in statements if s.amount is not None]
        values = list({(s.numbers, s.amount): s.amount for s in told}.values())
        if not values:
            return None
        if len(set(values)) > 1:
            return sum((v for v in values if v is not None), Decimal(0))
        owed = {i.number: i.amount for i in self.items}
        room = sum((owed.get(n, Decimal(0)) for n in {n for s in told for n in s.numbers}), Decimal(0))
        days = {s.on for s in told}
        several = Decimal(len(days)) * (values[0] or Decimal(0))
        return several if len(days) == len(told) > 1 and None not in days and several <= room else values[0]

    def _instalments(self, statements: Sequence[Statement]) -> Decimal | None:
        """The balance spoken of, where all amounts told beside it make it up: "250 on the 5th, 250 …, 242.80 …"."""
        sentences = {self.said.clauses[s.clause].sentence for s in statements if s.clause >= 0}
        told = [a.value for c in self.said.clauses if c.sentence in sentences for a in c.amounts]
        owed = {i.number: i.amount for i in self.items}
        spoken = sum((owed[n] for n in {n for s in statements for n in s.numbers} if n in owed), Decimal(0))
        parts = [value for value in told if value != spoken]
        added = sum(parts, Decimal(0))
        return added if len(parts) > 1 and added == spoken else None

    def _only_amount(self, statements: Sequence[Statement]) -> Decimal | None:
        """The one amount of a text that names it beside the invoice and the payment in the next sentence."""
        told = {a.value for c in self.said.clauses for a in c.amounts}
        owed = {i.number: i.amount for i in self.items}
        spoken = sum((owed[n] for n in {n for s in statements for n in s.numbers} if n in owed), Decimal(0))
        return spoken if told == {spoken} else None

    def _stated_total(self) -> Decimal | None:
        """'Total : 18 986,52' on a line of its own, below a list of invoices."""
        folded = fold(self.own)
        lines = re.findall(r"(?m)^\W{0,3}(?:soit )?(?:un )?(?:total|summe|totaal|totale|soit)\b[^\n]{0,60}$", folded)
        found = [a.value for line in lines for a in amounts.find(line)]
        below = re.search(r"(?m)^ *(?:total|summe|totaal|totale)[^\n\d]{0,20}\n+([^\n]{3,20})$", folded)
        if below and not found:
            found = [a.value for a in amounts.find(below[1])]  # a table whose cells became lines
        if not found:
            ruled = re.search(r"(?m)^[ \t]*[-_=–]{4,}[ \t]*\n[ \t]*([\d][\d., ]{3,14}\d)(?: ?/| ?€| ?eur)?[ \t]*$", folded)
            found = [a.value for a in amounts.find(ruled[1])] if ruled else []
        return found[-1] if found else None

    def _no_invoice(self, reference: str | None) -> str | None:
        """A payment's reference; our own number, written there, says nothing of the payment."""
        numbers = {re.sub(r"[^a-z0-9]", "", fold(i.number)) for i in self.items}
        return None if reference and re.sub(r"[^a-z0-9]", "", fold(reference)) in numbers else reference

    def _subject_reference(self, document: bool) -> str | None:
        if not document:
            return None
        from chalicelib.reading.payment_facts import payment_reference

        return payment_reference(fold(self.message.subject), [i.number for i in self.items])

    def _invoices(self, said: Said, advices: Sequence[tuple[str, advice_.Advice]]) -> tuple[str, ...]:
        documented = any(a.numbers for _, a in advices)  # "all of it has been paid, see the list": what the list names
        numbers = [n for r in said.references if not (documented and r.how == "all") for n in r.numbers]
        numbers += [n for above in self.answered.values() for n in above]
        numbers += [n for n in self.subject.numbers if n not in numbers]
        for _, a in advices:
            told = (*a.numbers, *(n for _, held in a.contested for n in held))
            numbers += [n for n in told if n not in numbers]
        return tuple(dict.fromkeys(numbers))

    def _contacts_of(self, said: Said) -> tuple[str, ...]:
        return tuple(dict.fromkeys(a.lower() if a.isupper() else a for a, _, _ in said.contacts))

    def own_domain(self, address: str) -> bool:
        domain = address.rpartition("@")[2].lower()
        return bool(self.account and any(domain == d or domain.endswith("." + d) for d in self.account.domains))

    # ------------------------------------------------------------ what a person must see


def _withheld(advices: Sequence[tuple[str, advice_.Advice]]) -> Statement | None:
    """The dispute that a payment document tells by its debit notes; of which invoice only where it pays one alone."""
    told = next((line for _, a in advices for line in a.contested), None)
    if told is None:
        return None
    line, numbers = told
    return Statement("dispute", 0, 0, (0, 0), -1, numbers, reason=disputes.weak_reason(line) or "other")


def _founded(intent: Intent, by_phrase: bool | None, probability: float) -> bool:
    """Whether an intent rests on enough to act upon: told by a phrase (True), by a word and a day (False), by neither."""
    if by_phrase is None:
        return intent in _BECOMES_A_TASK and probability >= BY_EXAMPLES
    return by_phrase or probability >= BY_A_WORD


# ---------------------------------------------------------------- who, when


def _account(message: InboundMessage, context: Context) -> KnownAccount | None:
    """The debtor by sender address, then domain, then the hint of token or thread, then an invoice that only it has."""
    sender = message.sender or ""
    found = _account_of(sender, context)
    if found:
        return found
    if context.account_hint and context.account_hint in context.accounts:
        return context.accounts[context.account_hint]
    if len(context.accounts) == 1 and not sender:
        return next(iter(context.accounts.values()))
    text = fold(f"{message.subject}\n{message.text[:8000]}")
    compact = re.sub(r"[^a-z0-9]", "", text)
    accounts = {
        i.account_id
        for i in context.items.values()
        if len(i.number) >= 6 and re.sub(r"[^a-z0-9]", "", fold(i.number)) in compact
    }
    if len(accounts) == 1:
        return context.accounts.get(next(iter(accounts)))
    named = [
        a for a in context.accounts.values() if len(a.name) >= 8 and re.sub(r"[^a-z0-9]", "", fold(a.name)) in compact
    ]
    return named[0] if len(named) == 1 else None


def _account_of(address: str | None, context: Context) -> KnownAccount | None:
    if not address:
        return None
    address = address.lower()
    domain = address.rpartition("@")[2]
    by_address = [a for a in context.accounts.values() if address in a.addresses]
    if len(by_address) == 1:
        return by_address[0]
    by_domain = [
        a for a in context.accounts.values() if any(domain == d or domain.endswith("." + d) for d in a.domains)
    ]
    if context.account_hint:
        hinted = [a for a in by_domain if a.account_id == context.account_hint]
        if hinted:
            return hinted[0]
    return by_domain[0] if len(by_domain) == 1 else None


def _day(message: InboundMessage, context: Context) -> date:
    """The day of the mail at its sender; where the Date header is absent or absurd, the day we received it."""
    sent, received = message.sent_at, context.received_at
    if sent is None:
        return received.date() if received else _EPOCH
    if received is not None:
        at = received if received.tzinfo else received.replace(tzinfo=UTC)
        if not at - timedelta(30) <= sent <= at + timedelta(days=1):
            return at.date()
    return sent.date()


def message_words(message: InboundMessage, own: str) -> str:
    return f"{message.subject}\n{own[:4000]}"


def _without_our_rows(found: words.Words, items: Sequence[KnownItem], base: date) -> words.Words:
    """Rows of our reminder that came back without the mark of a quote are quoted: number, day and amount of our books."""
    lines = []
    for line in found.lines:
        # In a table the last column may answer.
        bare = line.kind == "own" and len(line.text) < 200 and " | " not in line.text
        folded = fold(line.text) if bare else ""
        told = {a.value for a in amounts.find(folded)}
        named = [i for i in items if i.amount in told and fold(i.number) in folded]
        if len(named) == 1 and not (p.PAID.search(folded) or p.WILL_PAY.search(folded)):
            days = {d.past for d in dates.find(folded, base) if d.full}
            if named[0].due_on in days or named[0].issued_on in days:
                line = replace(line, kind="quoted")
        lines.append(line)
    return replace(found, lines=tuple(lines))


# "Attached the draft of this week's run, it goes for signature tomorrow."
_DRAFTED = re.compile(
    r"\b(?:(?:le|un|notre|ce) projet(?! d'|\s(?:immobilier|de construction))|draft|entwurf|bozza|borrador|rascunho)\b|\b(?:part|passe|goes|geht) (?:a|en|to|for|zur) (?:la )?(?:signature|freigabe)\b"
)
# "See subject", and no more.
_SEE_SUBJECT = re.compile(
    r"\W*(?:\S{1,12}[\s,]{1,3}){0,2}(?:(?:zie|see|cf\.?|voir|siehe|vedi|ver|vease|vide) (?:the |l'|votre |el |het )?(?:onderwerp|subject|objet|betreff|oggetto|asunto|assunto)|(?:tout est )?dans l'objet)\b"
)
_ANSWER_TO = re.compile(r"(?i)^(?:\s*(?:re|aw|tr|fwd?|wg|rv|r|antw|sv)\s?:\s*)+")
_WANTS_PAPERS = re.compile(
    r"\b(?:statement of (?:our |the )?account|statement|bank details|iban|rib\b|coordonnees bancaires|releve de compte|copies? of the last payments|kontoauszug|bankverbindung|estratto conto|extracto|rekeningoverzicht)\b"
)


def _subject(subject: str) -> str:
    return fold(subject)[:500]


_GAP = re.compile(r" \| |\s{3}")
_DIGIT = re.compile(r"\d")
_NUMBER_AND_SUM = re.compile(r"\W{0,3}\S{0,20}\d{4}\S{0,20}(?: :)? [-\d .']{1,12}[.,]\d\d(?: ?(?:eur|€|£))?$")


def _is_row(line: str) -> bool:
    gap = _GAP.search(line)  # the first is enough: one pattern for both would try every gap with every digit
    return bool(gap and _DIGIT.search(line, gap.end())) or bool(_NUMBER_AND_SUM.match(line))


def _is_sum_in_a_table(line: str) -> bool:
    _, gap, cells = line.partition(" | ")
    return bool(gap and re.search(r"\d[.,]\d\d\b", cells))


def _is_document(own: str) -> bool:
    """Rows and figures rather than sentences."""
    folded = fold(own)
    labels = len(re.findall(r"(?m)^[a-z' ]{3,40}\s?: \S", folded))
    rows = sum(map(_is_row, folded.split("\n"))) + labels // 2
    if re.search(r":32a:|:20:", folded):
        return True
    return bool(advice_._IS_ADVICE.search(folded) or advice_._IS_PLAN.search(folded)) and rows >= 1


def _spreadsheet(one: attachments_.AttachedText) -> bool:
    return one.name.lower().endswith((".csv", ".xlsx", ".xlsm", ".tsv")) and bool(
        re.search(r" \| .*\d[.,]\d\d", one.text)
    )


def _is_bank_details(text: str) -> bool:
    return bool(re.search(r"releve d'identite bancaire|\brib\b|bank details", fold(text)))


def _hands_on(own: str) -> bool:
    """'Settled - Marcus's note underneath has what you need.'"""
    return bool(
        len(own) < 300
        and re.search(
            r"\b(?:note|mail|message|reponse|answer|reply|info\w*|details?) (?:\S{1,14} ){0,4}?(?:underneath|below|ci-dessous|plus bas|dessous|unten|hieronder|abajo|sotto)\b|\b(?:see|cf|voir|voyez|siehe|zie|vedi|ver) (?:\S{1,10} ){0,4}?(?:below|ci-dessous|ci-apres|dessous|underneath|unten|hieronder|sotto|abajo)\b|\b(?:fyi|pour info|transfere|je vous transfere|forward\w*|for your information)\b",
            fold(own),
        )
    )
