# ruff: noqa: E501  (one row of a table of phrases is one line)
"""A text in the course of being read: its clauses, what was said so far, and whose invoices are spoken of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from chalicelib.reading import phrases as p
from chalicelib.reading.clauses import Clause
from chalicelib.reading.model import Intent
from chalicelib.reading.statements import Ground, Statement

EMAIL = re.compile(r"[a-z0-9._%+'&-]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,190}[a-z0-9])?\.[a-z]{2,24}", re.IGNORECASE)


class Talk:
    """The clauses of a text, with the statements and flags that the looks at them have found."""

    blocked_at: int | None = None  # the clause in which an invoice is said to be blocked

    def __init__(self, clauses: Sequence[Clause], folded: str, ground: Ground) -> None:
        self.clauses = clauses
        self.folded = folded
        self.ground = ground
        self.statements: list[Statement] = []
        self.flags: set[str] = set()

    def sentence(self, clause: Clause) -> str:
        same = [c for c in self.clauses if c.sentence == clause.sentence]
        return self.folded[same[0].start : same[-1].end]

    def say(self, intent: Intent, index: int, match: re.Match[str] | None, **facts: object) -> None:
        clause = self.clauses[index]
        if match is not None:
            words = (clause.start + match.start(), clause.start + match.end())
        else:
            words = (clause.start, clause.end)
        said = Statement(intent, clause.start, clause.end, words, index)
        self.statements.append(replace(said, **facts))  # type: ignore[arg-type]

    def numbers(self, index: int, *, inherit: bool = True) -> tuple[str, ...]:
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

    def spoken_of_money(self, clause: Clause) -> bool:
        earlier = [c for c in self.clauses if clause.sentence - 2 <= c.sentence < clause.sentence]
        return any(c.numbers or c.amounts or p.PAYMENT_NOUN.search(c.text) for c in earlier) or not earlier

    def near_refusal(self, clause: Clause) -> bool:
        near = [c for c in self.clauses if abs(c.sentence - clause.sentence) <= 2]
        return any(p.REFUSES.search(c.text) or p.BLOCKED.search(c.text) for c in near)

    def next_sentence(self, clause: Clause) -> str:
        following = [c for c in self.clauses if c.sentence == clause.sentence + 1]
        return self.folded[following[0].start : following[-1].end] if following else ""

    def promised_nearby(self, clause: Clause) -> bool:
        return any(s.intent == "promise_to_pay" and s.on is not None for s in self.statements)

    def unmarked(self, clause: Clause, *, figures: bool) -> str:
        """A clause with its dates and invoice numbers blanked out, its amounts too unless they are what is looked for."""
        text = clause.text
        spans = [(d.start, d.end) for d in clause.dates] + [(r.start, r.end) for r in clause.references]
        if not figures:
            spans += [(a.start, a.end) for a in clause.amounts]
        for start, end in spans:
            s, e = max(0, start - clause.start), min(len(text), end - clause.start)
            text = text[:s] + "~" * (e - s) + text[e:]
        return text
