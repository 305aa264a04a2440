# ruff: noqa: E501  (one row of a table of phrases is one line)
"""A text cut into sentences and clauses, each with the dates, amounts and invoices that stand in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.reading.amounts import FoundAmount
from chalicelib.reading.dates import FoundDate
from chalicelib.reading.fold import fold
from chalicelib.reading.pointing import FoundReference


@dataclass(frozen=True, slots=True)
class Clause:
    index: int  # its place among the text's clauses
    start: int
    end: int
    text: str  # folded
    sentence: int  # index of the sentence it belongs to
    question: bool
    row: bool  # a row of a table or one line of a list
    dates: tuple[FoundDate, ...]
    amounts: tuple[FoundAmount, ...]
    references: tuple[FoundReference, ...]

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(n for r in self.references for n in r.numbers))


_ABBREVIATION = re.compile(
    r"(?:\b(?:m|mm|mme|mlle|mr|mrs|ms|dr|me|st|ste|n|no|nos|nr|num|art|env|ref|tel|cf|ex|inv|fact|fac|rech|bzw|ca|i\.a|z\.b|e\.g|i\.e|etc|approx|incl|inkl|vs|sig|dott|doc|docs|bel|belegnr|tot|mdt|fr|ri|ba|ric|sr|sra|p|pp|v|h|o|a|c|d|s|jan|janv|feb|fev|fevr|mar|apr|avr|jun|jul|juil|aug|sep|sept|oct|okt|nov|dec|dez|lun|ven|jeu|mer|lim|co|corp|ltd|inc|chq|vir|cpte|ht|ttc|r\.g|mio|tsd|max|min|std|dpt|bte)|\d)$"
)
_END = re.compile(r"[.!?;…]+(?=[\s)\"']|$)|\n+")
_BULLET = re.compile(r"^\s*(?:[-*•–·>o]\s|\d{1,2}[.)]\s|[a-z]\)\s)")
_JOIN = re.compile(
    r",\s|\s-\s|;\s|\s/\s|\s\(|\)\s|:\s|\s(?:et|and|mais|but|und|aber|sowie|y|pero|ma|mentre|maar|terwijl|while|whereas|however|tandis que|alors que|puis|then|ensuite|quant a|as for|car|parce que|because|since|so|donc|therefore|ainsi|which|qui|que|dass|que|che|dat|e|en|por|porque|perche|want|omdat|weil|denn|daher|also|after which|sauf|except)\s"
)


_ASKING = re.compile(
    r"\s*(?:(?:bonjour|bonsoir|hello|hi|hallo|dis|salut|madame|monsieur|mireille|solene|bastien|\w{2,12})?[\s,!.]{0,3})?(?:pou|peu[xt]|est-ce|avez|as-tu|auriez|serait|seriez|voul|voudr|sauri|quand|comment|pourquoi|ou |quel|qui |que |n'a|elle n'|accept|can |could|would|will |did |do |does |have |has |is |are |was |were |may |might|when|where|why|what|which|who|how|any |kan |kunt|zou|mag |wil |heeft|hebt|is |konn|mochten|haben sie|ist |wann|wo |warum|podr|pued|cuando|tien|potre|puo|avete|sarebbe|quando|vous (?:pourr|avez|me|nous)|tu (?:peux|pourr|as|vois))"
)


_ASKS_WITHOUT_MARK = re.compile(
    r"\s*(?:(?:bonjour|bonsoir|hello|hi|hallo|slt|salut|bjr)[\s,!.]{1,3})?(?:est[ -]ce qu|puis-je|peut-on|pourrait-on|serait-il|can (?:we|i|you)|could (?:we|i|you)|would (?:you|it)|may (?:we|i)|mag (?:ik|het|de)|kunnen (?:we|wij)|kan (?:ik|u|je)|konnen (?:wir|sie)|konnten (?:wir|sie)|podemos|podriamos|possiamo|potremmo)\b"
)


def soften(text: str) -> str:
    """Folded text in which the line breaks of a wrapped paragraph are spaces; same length."""
    folded = fold(text)
    lines = folded.split("\n")
    out: list[str] = []
    for index, line in enumerate(lines):
        out.append(line)
        if index + 1 == len(lines):
            break
        following = lines[index + 1]
        wrapped = (
            48 <= len(line) <= 130
            and bool(following.strip())
            and " | " not in line
            and " | " not in following
            and not _BULLET.match(following)
            and not re.search(r"[.:!?;]\s*$", line)
            and "  " not in line.strip()
            and not re.match(r"\s{2,}", following)
        )
        out.append(" " if wrapped else "\n")
    return "".join(out)


def cut(
    folded: str,
    dates: Sequence[FoundDate],
    amounts: Sequence[FoundAmount],
    references: Sequence[FoundReference],
    signals: Callable[[str, bool, bool], bool],
) -> list[Clause]:
    """Clauses in order. A sentence is cut further only where both sides say something of their own.

    signals(text, dated, named) tells whether a piece says something: `dated`, `named`, with a date, an invoice in it.
    """
    clauses: list[Clause] = []

    def inside(
        start: int, end: int
    ) -> tuple[tuple[FoundDate, ...], tuple[FoundAmount, ...], tuple[FoundReference, ...]]:
        return (
            tuple(d for d in dates if start <= d.start < end),
            tuple(a for a in amounts if start <= a.start < end),
            tuple(r for r in references if start <= r.start < end),
        )

    def talks(start: int, end: int) -> bool:
        d, _, r = inside(start, end)
        return signals(folded[start:end], bool(d), bool(r))

    for number, (start, end, asks) in enumerate(_sentences(folded)):
        row = " | " in folded[start:end]
        asks = asks or bool(_ASKS_WITHOUT_MARK.match(folded[start:end]))
        pieces = [(start, end)] if row else _pieces(folded, start, end, talks, dates, amounts, references)
        told = start  # "paid yesterday, can you see it?": up to its last comma the sentence tells, then it asks
        if asks and not row and not _ASKING.match(folded[start:end]):
            comma = max(folded.rfind(", ", start, end), folded.rfind(" - ", start, end))
            if comma > start and talks(start, comma) and not talks(comma, end):
                pieces = [p for p in pieces if p[1] <= comma] or [(start, comma)]
                pieces.append((comma + 1, end))
            told = max(comma, start)
        for s, e in pieces:
            question = asks and e > told
            d, a, r = inside(s, e)
            listed = row or bool(_BULLET.match(folded[s:e]))
            clauses.append(Clause(len(clauses), s, e, folded[s:e], number, question, listed, d, a, r))
    return clauses


def _sentences(folded: str) -> list[tuple[int, int, bool]]:
    out: list[tuple[int, int, bool]] = []
    start = 0
    for m in _END.finditer(folded):
        mark = m[0]
        if mark[0] != "\n" and " | " in folded[folded.rfind("\n", 0, m.start()) + 1 : m.start()]:
            continue  # a row of a table ends with its line
        if mark == "." and not _ends_sentence(folded, m):
            continue
        end = m.end() if mark[0] != "\n" else m.start()
        if folded[start:end].strip():
            out.append((start, end, "?" in mark))
        start = m.end()
    if folded[start:].strip():
        out.append((start, len(folded), False))
    return out[:600]


# After a number and a full stop, these words begin a sentence; others go on: "20.11. our doc.", "n. 12".
_BEGINS = re.compile(
    r"\s+(?:ils?|elles?|celle|celui|both|all|nothing|rien|invoice|facture|rechnung|factuur|factura|fattura|payment|please|bitte|for|ik|wij|graag|per|por|los|hi|je|nous|vous|on|le|la|les|merci|pour|we|i|you|the|it|thanks|wir|ich|ce|cette|this|that|un|une|a|cordialement|bien|s'il|pouvez|pourriez|can|could|quant|par|dans|en|kind|best|regards|mit (?=freundl|best|herzl|vielen)|die|der|das|es|if|si|as|and|et|mais|but|so|our|notre|votre|your|puis|then)\b"
)


# "20.11. our doc.", "am 3. Mai", "1. Rechnung": a day or a rank, behind which a full stop ends nothing.
_COUNTS = re.compile(r"(?:^|[^\w.,])(?:\d{1,2}|\d{1,2}\.\d{1,2})$")


def _ends_sentence(folded: str, stop: re.Match[str]) -> bool:
    """Whether a single full stop ends a sentence: not after an abbreviation, nor inside a date."""
    before = folded[max(0, stop.start() - 8) : stop.start()]
    after = folded[stop.end() : stop.end() + 2]
    if not after.strip() or not _ABBREVIATION.search(before):
        return True
    if not before[-1:].isdigit() or after.startswith("\n"):
        return before[-1:].isdigit()
    return not _COUNTS.search(before) or bool(_BEGINS.match(folded, stop.end()))


def _pieces(
    folded: str,
    start: int,
    end: int,
    talks: Callable[[int, int], bool],
    dates: Sequence[FoundDate],
    amounts: Sequence[FoundAmount],
    references: Sequence[FoundReference],
) -> list[tuple[int, int]]:
    """Cut at a joint where what stands before and what follows both talk; greedy from the left."""
    joints = [
        m
        for m in _JOIN.finditer(folded, start, end)
        if not any(f.start < m.end() - 1 and m.start() < f.end for group in (dates, amounts, references) for f in group)
    ][:24]
    pieces: list[tuple[int, int]] = []
    left = start
    for index, joint in enumerate(joints):
        stop = joints[index + 1].start() if index + 1 < len(joints) else end
        # what follows up to the sentence's end must talk, and so must what stands before
        if re.match(r"\s(?:et|and|und|y|e|en)\s", joint[0]) and re.match(
            r"(?:\w{3,14}(?:ees?|es)|paid|settled|paye|regle|vire|sent|bezahlt|uberwiesen|betaald)\b(?! par)",
            folded[joint.end() : joint.end() + 20],
        ):
            continue  # "seront mandatées et payées": one verb with two participles
        if talks(left, joint.start()) and (talks(joint.end(), stop) or talks(joint.end(), end)):
            if not talks(joint.end(), stop):
                continue
            pieces.append((left, joint.start()))
            left = joint.end()
    pieces.append((left, end))
    return pieces
