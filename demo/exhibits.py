"""What somebody opens after the story: letters, the litigation file, the review; and what happened, a line each."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from chalicelib.domain.debtor_file import DESK, DebtorFile, Letter, TaskKind
from chalicelib.domain.numbers import Numbers, dso, kept_rate
from chalicelib.litigation_command import write_file
from chalicelib.pipeline.print_letter import letter_pdf
from chalicelib.ports import Parts
from demo.chronicle import Chronicle

LITIGATION = "C114"
"""Whose file goes to court."""


@dataclass(frozen=True, kw_only=True)
class Exhibits:
    """Files that were written, by what they are: path from the folder of the state."""

    letters: Mapping[str, str]  # by account
    litigation: str
    review: str


def write(parts: Parts, files: Mapping[str, DebtorFile], chronicle: Chronicle, *, to: Path) -> Exhibits:
    """Each as the command that a person would type writes it."""
    letters: dict[str, str] = {}
    for account, file in files.items():
        for letter in file.letters.values():
            if letter.is_printed:
                letters[account] = f"formal-notice-{account}.pdf"
                (to / letters[account]).write_bytes(letter_pdf(parts, file, letter.id))
    litigation = f"litigation-{LITIGATION}.zip"
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):  # its index says what it has and lacks
        write_file(parts, LITIGATION, str(to / litigation))
    reviews = [d for d in chronicle.inside if d.recipients[0].startswith("finance@")]
    review = next((to / "mail" / "out").glob(f"{reviews[-1].number:05d}-*"), to) if reviews else to
    return Exhibits(letters=letters, litigation=litigation, review=str(review.relative_to(to)))


def happened(
    files: Mapping[str, DebtorFile], chronicle: Chronicle, numbers: Numbers | None, made: Exhibits, state: Path
) -> Iterator[str]:
    """What came of calls, agreements and letters, in a few lines each."""
    debtors = [file for id_, file in files.items() if id_ != DESK]
    calls = Counter(call.outcome for file in debtors for call in file.calls.values())
    confirmed = sum(n.template == "call_agreed" for file in debtors for n in file.notices.values())
    yield f"Calls: {calls.total()} ({_counted(calls)}), {confirmed} confirmed in writing the same day"
    for file in debtors:
        yield from (f"  {_name(file)}: nobody reached, {c} unpaid" for c in _unpaid(file))
    yield "Payment plans:"
    for file in debtors:
        for plan in file.plans.values():
            met = sum(i.met_on is not None for i in plan.instalments)
            since = f" on {plan.ended_on}" if plan.ended_on else ""
            yield f"  {_name(file)}: {plan.owed}, {met} of {len(plan.instalments)} met, {plan.state}{since}"
    yield "Disputes:"
    for file in debtors:
        for one in file.disputes.values():
            how = f"{_words(one.resolution)} on {one.resolved_on}" if one.resolved_on else f"open, {one.owner}"
            yield f"  {_name(file)}: {', '.join(one.numbers)}, {how}"
    for file in debtors:
        yield from _decided(file)
    told = sum(n.template == "sales_heads_up" for file in debtors for n in file.notices.values())
    yield f"Sales told before the director wrote: {told} times"
    yield "Formal notices:"
    for file in debtors:
        for letter in file.letters.values():
            yield f"  {_name(file)}: {_way(letter)}"
            if letter.is_printed:
                yield f"    {state / made.letters[file.id]}"
        rejected = [t for t in file.tasks.values() if t.kind is TaskKind.APPROVE_NOTICE and t.outcome == "rejected"]
        yield from (f"  {_name(file)}: rejected: {t.note}" for t in rejected)
    yield f"Litigation file of {_name(files[LITIGATION])}:"
    yield f"    {state / made.litigation}"
    reviews = [d for d in chronicle.inside if d.recipients[0].startswith("finance@")]
    yield f"Weekly review: {len(reviews)} mails, one each Monday; the last:"
    yield f"    {state / made.review}"
    if numbers:
        yield f"Numbers of {numbers.on}:"
        yield from (f"  {line}" for line in _ratios(numbers))


def _unpaid(file: DebtorFile) -> Iterator[str]:
    for case in file.cases.values():
        if case.unpaid_since_on:
            yield f"{case.number} since {case.unpaid_since_on}"


def _decided(file: DebtorFile) -> Iterator[str]:
    """Credit hold, insolvency."""
    if file.credit_held_since_on:
        yield f"Credit hold: {_name(file)} since {file.credit_held_since_on}"
    elif file.credit_hold_asked_on:
        yield f"Credit hold: {_name(file)}, sales was asked on {file.credit_hold_asked_on}"
    if file.insolvent_since_on:
        last = [t.deadline_on for t in file.tasks.values() if t.kind is TaskKind.DECLARE_CLAIM and t.deadline_on]
        yield f"Insolvency: {_name(file)} since {file.insolvent_since_on}, to be declared by {_day(last)}"


def _way(letter: Letter) -> str:
    said = [f"{letter.state}, approved by {letter.approved_by}"]
    said += [f"until {letter.deadline_on}"] if letter.deadline_on else []
    said += [f"registered {letter.tracking}"] if letter.tracking else []
    said += [f"received {letter.delivered_on}"] if letter.delivered_on else []
    return ", ".join(said)


def _ratios(numbers: Numbers) -> Iterator[str]:
    for currency in numbers.currencies():
        found, word = dso(numbers, currency), numbers.word.get(currency)
        said = [f"{numbers.owed(currency)} owed", f"{numbers.overdue(currency)} overdue"]
        said += [f"DSO {'over ' if found.at_least else ''}{found.days} days"] if found else []
        said += [f"promises kept {word.kept.count} of {word.judged} ({kept_rate(word)} %)"] if word else []
        yield ", ".join(said)


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{_words(what)} {count}" for what, count in counter.most_common())


def _name(file: DebtorFile) -> str:
    return f"{file.id} {file.debtor.name}"


def _words(what: str) -> str:
    return what.replace("_", " ")


def _day(days: list[date]) -> str:
    return str(min(days)) if days else "a day that is still to be found"
