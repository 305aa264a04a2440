"""relance personal: give somebody their personal data as a ZIP, or erase it where no claim needs it any more.

relance personal export DEBTOR [--person EMAIL] --out FILE.zip [--language fr|en]
relance personal erase DEBTOR [--person EMAIL] --by WHO [--dry-run]
relance personal list --before DATE
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from chalicelib.errors import BadInput

if TYPE_CHECKING:
    from chalicelib.pipeline.personal import Erased, Survey
    from chalicelib.ports import AuditLog, Parts

PartsOf = Callable[[argparse.Namespace], "Parts"]
MAILS_NAMED = 50


def add_commands(
    commands: Any, add_stack: Callable[[argparse.ArgumentParser], None], day: Callable[[str], date],
    parts_of: PartsOf, audit_of: Callable[[], AuditLog], now: Callable[[], datetime],
) -> None:  # fmt: skip
    """Register the commands. `parts_of` gives the parts of the stack that the arguments name, `audit_of` its log."""
    verbs = commands.add_parser("personal", help="export or erase what names people").add_subparsers(
        required=True, metavar="export | erase | list"
    )
    export = verbs.add_parser("export", help="everything that names them, as a ZIP")
    export.add_argument("debtor", metavar="DEBTOR")
    export.add_argument("--person", metavar="EMAIL", default="", help="of one person alone")
    export.add_argument("--out", required=True, metavar="FILE.zip")
    export.add_argument("--language", default="", metavar="LL", help="fr or en (by the creditor's country)")
    export.set_defaults(run=lambda args: _export(parts_of(args), args, now()))
    erase = verbs.add_parser("erase", help="erase it for good, where no claim needs it")
    erase.add_argument("debtor", metavar="DEBTOR")
    erase.add_argument("--person", metavar="EMAIL", default="", help="of one person alone")
    erase.add_argument("--by", required=True, metavar="WHO", help="who answers for it: stands in journal and audit log")
    erase.add_argument("--dry-run", action="store_true", help="tell what would go, and change nothing")
    erase.set_defaults(run=lambda args: _erase(parts_of(args), audit_of, args, now()))
    listed = verbs.add_parser("list", help="debtors about whom nothing is open and nothing has happened for long")
    listed.add_argument("--before", type=day, required=True, metavar="DATE", help="since this day nothing")
    listed.set_defaults(run=lambda args: _list(parts_of(args), args.before))
    for parser in (export, erase, listed):
        add_stack(parser)


def _export(parts: Parts, args: argparse.Namespace, at: datetime) -> int:
    from chalicelib.litigation_command import language_of, tell, whole_file
    from chalicelib.pipeline.export_personal import export_personal

    language = language_of(parts, args.language)
    with whole_file(args.out) as made:
        done = export_personal(parts, args.debtor, made, person=args.person, language=language, at=at)
    tell(done, args.out, args.person or args.debtor)
    return 0


def _erase(parts: Parts, audit_of: Callable[[], AuditLog], args: argparse.Namespace, at: datetime) -> int:
    from chalicelib.pipeline.personal import DEED, erase_personal, survey
    from chalicelib.ports import Deed

    if not args.by.strip():
        raise BadInput("--by", "nobody is named", "name who answers for it")
    if args.dry_run:
        for line in foreseen(survey(parts, args.debtor, person=args.person, at=at)):
            print(line)
        return 0
    audit = audit_of()
    done = erase_personal(parts, audit, args.debtor, person=args.person, at=at, who=args.by)
    if not done.is_nothing:
        audit.note(Deed(at=at, who=args.by, what=DEED, debtor_id=args.debtor))
    for line in _told(done, parts.offices.creditor().mailbox):
        print(line)
    return 0


def _list(parts: Parts, before: date) -> int:
    from chalicelib.domain.calendar import instant
    from chalicelib.pipeline.personal import no_longer_needed

    zone = parts.offices.creditor().zone
    for file, at in no_longer_needed(parts, before=instant(before, time.min, zone)):
        print(f"{file.id:<14}  {at:%Y-%m-%d}  {file.debtor.name}")
    return 0


def foreseen(found: Survey) -> Iterator[str]:
    """What an erasure would do now, a line each."""
    for obstacle in found.obstacles:
        yield f"in the way: {obstacle}"
    if found.alone:
        yield "in the way: nobody else can be written to about what is owed"
    if found.is_empty:
        yield "nothing that names them is on file"
        return
    if not found.scope:
        yield "nothing would be erased now"
        return
    yield from (f"contact: {line}" for line in found.contacts)
    if found.scope == "contact":
        yield "nothing else would be erased now: journal and mails stay while the claim needs them"
        return
    yield from (f"records: {count} {kind} would lose words" for kind, count in found.records.items())
    yield f"journal: {found.rows} of {len(found.entries)} entries would lose words"
    for mail in found.mails[:MAILS_NAMED]:
        yield f"mail received: {mail.received_at:%Y-%m-%d} from {mail.sender}, {mail.archive}, with what was attached"
    if len(found.mails) > MAILS_NAMED:
        yield f"mail received: {len(found.mails) - MAILS_NAMED} more"
    yield from (f"archive: {key}" for key in found.sent)
    yield from (f"stays: mail {id_} is another debtor's too" for id_ in found.shared)
    yield from (f"stays: mail {id_} waits for somebody to say whose it is" for id_ in found.waiting)
    yield "stays: sums, days, invoice numbers, invoices and evidence of delivery"


def _told(done: Erased, mailbox: str) -> Iterator[str]:
    if done.is_nothing:
        yield "nothing that names them is on file"
        return
    if done.scope == "contact":
        yield "erased from the contacts; journal and mails stay while the claim needs them:"
        yield from (f"  {obstacle}" for obstacle in done.later)
        return
    yield (
        f"erased: words of {done.records} records and {done.rows} entries of the journal, {done.mails} mails received, "
        f"{done.objects} objects of the archive with every version, {done.elsewhere} entries elsewhere"
    )
    if done.mails:
        yield f"{done.mails} mails may still lie in {mailbox}: the program never deletes there, people do"
