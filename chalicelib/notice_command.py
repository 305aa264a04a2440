"""relance notice, letter, debtor: look at a formal notice, approve or reject it, and follow its letter by post.

relance notice DEBTOR TASK [--draft FILE.pdf | --approve | --reject REASON [--until DATE]]
                           [--deadline DATE] [--add-paragraph FILE] [--without NUMBER]
relance letter DEBTOR LETTER [--save FILE.pdf | --tracking NUMBER [--on DATE] | --proof SCAN [--delivered-on DATE]]
relance debtor DEBTOR [--address LINE …] [--legal-id ID] [--vat-number NUMBER]
"""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.errors import BadInput

if TYPE_CHECKING:
    from chalicelib.domain.formal_notice import FormalNotice
    from chalicelib.ports import Parts

PartsOf = Callable[[argparse.Namespace], "Parts"]


def add_commands(
    commands: Any, add_stack: Callable[[argparse.ArgumentParser], None], day: Callable[[str], date], parts_of: PartsOf,
    now: Callable[[], datetime],
) -> None:  # fmt: skip
    """Register the commands. `parts_of` gives the parts of the stack that the arguments name, `now` the time."""

    def command(parser: argparse.ArgumentParser, run: Callable[[Parts, argparse.Namespace, datetime], int]) -> None:
        add_stack(parser)
        parser.set_defaults(run=lambda args: run(parts_of(args), args, now()))

    notice = commands.add_parser("notice", help="look at the draft of a formal notice, approve it or reject it")
    notice.add_argument("debtor", metavar="DEBTOR")
    notice.add_argument("task", metavar="TASK", help="the task that asks for the approval")
    what = notice.add_mutually_exclusive_group()
    what.add_argument("--draft", metavar="FILE.pdf", help="write the draft as a PDF, marked as one")
    what.add_argument("--approve", action="store_true", help="let it leave")
    what.add_argument("--reject", metavar="REASON", default="", help="let it wait")
    notice.add_argument("--until", type=day, metavar="DATE", help="with --reject: when to ask again (in 14 days)")
    notice.add_argument("--deadline", type=day, metavar="DATE", help="another last day than the eighth")
    notice.add_argument("--add-paragraph", metavar="FILE", help="text to be added; blank lines part paragraphs")
    notice.add_argument("--without", metavar="NUMBER", action="append", default=[], help="leave this invoice out")
    command(notice, _notice)

    letter = commands.add_parser("letter", help="a printed formal notice: save it, note its posting and its delivery")
    letter.add_argument("debtor", metavar="DEBTOR")
    letter.add_argument("letter", metavar="LETTER")
    what = letter.add_mutually_exclusive_group()
    what.add_argument("--save", metavar="FILE.pdf", help="the archived copy, as it was printed")
    what.add_argument("--tracking", metavar="NUMBER", help="it was posted: the number of the registered letter")
    what.add_argument("--proof", metavar="SCAN", help="it arrived: the signed receipt as PDF, JPEG or PNG")
    letter.add_argument("--on", type=day, metavar="DATE", help="with --tracking: when it was posted (today)")
    letter.add_argument("--delivered-on", type=day, metavar="DATE", help="with --proof: when it arrived (today)")
    command(letter, _letter)

    debtor = commands.add_parser("debtor", help="complete what a letter must say of a debtor")
    debtor.add_argument("debtor", metavar="DEBTOR")
    debtor.add_argument("--address", metavar="LINE", action="append", default=[], help="one for each line, in order")
    debtor.add_argument("--legal-id", metavar="ID", default="", help="SIREN or company number")
    debtor.add_argument("--vat-number", metavar="NUMBER", default="")
    command(debtor, _debtor)


def _notice(parts: Parts, args: argparse.Namespace, at: datetime) -> int:
    from chalicelib.domain.outcomes import Outcome
    from chalicelib.pipeline.letters import draft_of
    from chalicelib.pipeline.work_tasks import close_task

    added = _text(args.add_paragraph) if args.add_paragraph else ""
    who, name = getpass.getuser(), f"{args.debtor}/{args.task}"
    if args.reject:
        said = Outcome(outcome="rejected", note=args.reject, on=args.until)
        close_task(parts, args.debtor, args.task, said, at=at, who=who)
        print(f"{name}: rejected")
        return 0
    if args.approve:
        edited = bool(args.deadline or added or args.without)
        said = Outcome(
            outcome="edited" if edited else "approved", on=args.deadline, message=added, without=tuple(args.without)
        )
        file = close_task(parts, args.debtor, args.task, said, at=at, who=who)
        letter = next(one for one in file.letters.values() if one.task == args.task)
        print(f"{name}: {said.outcome}; {letter.id} demands {_sums(letter.totals)} and leaves with the next run")
        return 0
    paragraphs = tuple(" ".join(part.split()) for part in added.split("\n\n") if part.strip())
    drafted, pdf = draft_of(
        parts, args.debtor, args.task, at=at, deadline_on=args.deadline, added=paragraphs, without=tuple(args.without)
    )
    _tell(drafted)
    if args.draft:
        if pdf is None:
            raise BadInput(name, "; ".join(drafted.missing), "complete the file first")
        Path(args.draft).write_bytes(pdf)
        print(f"{args.draft}: {len(pdf)} bytes")
    return 0


def _tell(drafted: FormalNotice) -> None:
    if facts := drafted.facts:
        for one in facts.invoices:
            print(
                f"{one.number:<20} due {one.due_on}  {one.balance!s:>16}  interest {one.interest!s:>12}"
                f"  indemnity {one.indemnity!s:>10}"
            )
        print(f"demanded:            {_sums(drafted.totals)} by {facts.deadline_on}, signed by {facts.signer_name}")
    for left in drafted.left_out:
        print(f"left out:            {left.number}: {left.why}")
    for what in drafted.missing:
        print(f"missing:             {what}")


def _letter(parts: Parts, args: argparse.Namespace, at: datetime) -> int:
    from chalicelib.pipeline.letters import letter_of, post, prove
    from chalicelib.pipeline.print_letter import letter_pdf

    who = getpass.getuser()
    if args.tracking:
        post(parts, args.debtor, args.letter, tracking=args.tracking, on=args.on, at=at, who=who)
    elif args.proof:
        scan = Path(args.proof)
        if not scan.is_file():
            raise BadInput(args.proof, "there is no such file", "check the path")
        prove(parts, args.debtor, args.letter, scan.read_bytes(), on=args.delivered_on, at=at, who=who)
    file, letter = letter_of(parts, args.debtor, args.letter)
    if args.save:
        Path(args.save).write_bytes(letter_pdf(parts, file, args.letter))
    for name, value in (
        ("letter", f"{letter.id}, {letter.state}"), ("demands", _sums(letter.totals)),
        ("invoices", ", ".join(letter.numbers)), ("approved", f"{letter.approved_at:%Y-%m-%d %H:%M} UTC"),
        ("by", letter.approved_by), ("printed", letter.printed_on), ("deadline", letter.deadline_on),
        ("archived", letter.key), ("sha-256", letter.sha256), ("posted", letter.posted_on),
        ("tracking", letter.tracking), ("delivered", letter.delivered_on), ("proof", letter.proof),
        ("why", letter.why),
    ):  # fmt: skip
        if value:
            print(f"{name + ':':<12} {value}")
    return 0


def _debtor(parts: Parts, args: argparse.Namespace, at: datetime) -> int:
    from chalicelib.pipeline.letters import identify

    file = identify(
        parts, args.debtor, address=tuple(args.address), legal_id=args.legal_id, vat_number=args.vat_number, at=at,
        who=getpass.getuser(),
    )  # fmt: skip
    debtor = file.debtor
    print(", ".join(part for part in (debtor.name, *debtor.address, debtor.legal_id, debtor.vat_number) if part))
    return 0


def _sums(totals: tuple[object, ...]) -> str:
    return " and ".join(str(one) for one in totals)


def _text(name: str) -> str:
    path = Path(name)
    if not path.is_file():
        raise BadInput(name, "there is no such file", "check the path")
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(name, "is not UTF-8", "save it as UTF-8") from error
