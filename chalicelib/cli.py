"""The `relance` command: simulate and read without any AWS; import, tasks, setup and doctor on a deployed stack.

Exit code 0: done. 1: it failed, or something is wrong with the installation. 2: what was given cannot be used. Every
error is a line on stderr that says where, what, and what to do; `--debug` adds the traceback for who repairs Relance.
"""

from __future__ import annotations

import argparse
import getpass
import io
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from chalicelib.errors import BadFile, BadInput, OutcomeUnknown, PermanentError, RetryableError

# Each command imports what it needs when it runs: `simulate` must start fast and without boto3.
if TYPE_CHECKING:
    from chalicelib.domain.debtor_file import Task
    from chalicelib.domain.money import Money
    from chalicelib.domain.policy import Policy
    from chalicelib.ledger.mapping import ColumnMap
    from chalicelib.ledger.read import R, Reader
    from chalicelib.ledger.records import Finding
    from chalicelib.ports import AuditLog, NumbersStore, Parts
    from chalicelib.simulate import Act

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
NOTES_SHOWN = 20


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code. Never raises for what a user can cause."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        if words[:1] == ["read"]:  # it parses its own options
            from chalicelib.reading_command import main as read

            return read(words[1:])
        if words[:1] == ["train"]:
            from chalicelib.train_command import main as train

            return train(words[1:])
        if words[:1] == ["interest"]:
            from chalicelib.bootstrap import law_rules
            from chalicelib.interest_command import main as interest

            return interest(words[1:], law_rules)
        if words[:1] == ["numbers"]:
            from chalicelib.numbers_command import main as numbers

            return numbers(words[1:], _stack_of_numbers, at=_now())
        args = _parser().parse_args(words)
        done: int = args.run(args)
        sys.stdout.flush()
        return done
    except BrokenPipeError:  # `relance … | head`: who reads has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except BadInput as error:
        return _fail(str(error), 2, debug)
    except (PermanentError, RetryableError, OutcomeUnknown) as error:
        return _fail(str(error), 1, debug)
    except OSError as error:
        return _fail(f"{error.filename or 'the system'}: {error.strerror or error}", 1, debug)
    except Exception as error:  # noqa: BLE001 — a user sees one line; --debug shows the rest
        first = (str(error).splitlines() or [""])[0]
        return _fail(f"{type(error).__name__}: {first} (--debug tells more)", 1, debug)


def _fail(what: str, code: int, debug: bool = False) -> int:
    if debug:
        traceback.print_exc()
    for line in what.splitlines():
        print(f"relance: {line}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="relance", description="Get invoices paid and keep the client.")
    parser.add_argument("--version", action="version", version=f"relance {_version()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    # It is taken by `main` wherever it stands; named here for the help.
    parser.add_argument("--debug", action="store_true", help="on an error, show the traceback too")

    simulate = commands.add_parser("simulate", help="replay a ledger and print every action with its reason")
    simulate.add_argument("--invoices", required=True, metavar="FILE", help="CSV of invoices, or - for stdin")
    simulate.add_argument("--payments", metavar="FILE", help="CSV of payments")
    simulate.add_argument("--policy", default="standard", metavar="P", help="a policy's name or a YAML file")
    _add_mapping(simulate)
    simulate.add_argument("--from", dest="since", type=_day, metavar="DATE", help="the day Relance is switched on")
    simulate.add_argument("--to", dest="until", type=_day, metavar="DATE", help="the last day")
    simulate.add_argument("--country", default="FR", metavar="CC", help="the creditor's country (FR)")
    simulate.add_argument(
        "--disputed-from", choices=("issued", "due"), default="issued",
        help="since when an invoice is disputed of which the ledger only says yes (issued)",
    )  # fmt: skip
    simulate.add_argument("--skip-bad", action="store_true", help="leave wrong rows out instead of stopping")
    shown = simulate.add_mutually_exclusive_group()
    shown.add_argument("--jsonl", action="store_true", help="one JSON object a line, nothing else on stdout")
    shown.add_argument("--summary", action="store_true", help="only the figures at the end")
    simulate.set_defaults(run=_simulate)

    commands.add_parser("read", help="read mails and print what they say, one JSON line each", add_help=False)
    commands.add_parser("train", help="learn from labelled examples how clients speak", add_help=False)

    commands.add_parser("interest", help="reckon interest and indemnity on a late invoice", add_help=False)
    commands.add_parser("numbers", help="show ageing, DSO, promises kept, cash to come", add_help=False)

    match = commands.add_parser("match", help="tell which invoices the entries of bank statements pay")
    match.add_argument("--invoices", required=True, metavar="FILE", help="CSV of invoices")
    match.add_argument("--accounts", metavar="FILE", help="CSV of debtors: account, client, iban where known")
    match.add_argument("statements", nargs="+", metavar="STATEMENT", help="camt.053, camt.054, MT940, OFX or CSV")
    _add_mapping(match)
    match.add_argument("--skip-bad", action="store_true", help="leave wrong invoice rows out instead of stopping")
    match.add_argument("--jsonl", action="store_true", help="one JSON object a line, nothing else on stdout")
    match.set_defaults(run=_match)

    imports = commands.add_parser("import", help="take invoices or payments into the store")
    imports.add_argument("what", choices=("invoices", "payments", "statement"))
    imports.add_argument(
        "file", metavar="FILE", nargs="+",
        help="CSV or XLSX, or - for stdin; invoices also as Factur-X PDF, CII, UBL, and statuses as CDAR; "
        "a statement as camt.053, camt.054, MT940, OFX or a bank's CSV",
    )  # fmt: skip
    _add_mapping(imports)
    imports.add_argument(
        "--source", metavar="NAME", default="",
        help="where the file comes from: read by the mapping that --map gave this name once",
    )  # fmt: skip
    imports.add_argument("--skip-bad", action="store_true", help="leave wrong rows out instead of stopping")
    imports.add_argument("--dry-run", action="store_true", help="check the file and write nothing")
    _add_stack(imports)
    imports.set_defaults(run=_import)

    allocate = commands.add_parser("allocate", help="say which invoices a waiting payment pays")
    allocate.add_argument("credit", metavar="CREDIT", help="its id, as the task names it: bank-…")
    allocate.add_argument("debtor", metavar="DEBTOR", help="who paid it")
    allocate.add_argument("numbers", metavar="NUMBER", nargs="*", help="invoices in order; none: it stays on account")
    _add_stack(allocate)
    allocate.set_defaults(run=_allocate)
    undo = commands.add_parser("undo", help="take the allocations of a payment back")
    undo.add_argument("credit", metavar="CREDIT", help="its id: bank-…")
    undo.add_argument("debtor", metavar="DEBTOR")
    undo.add_argument("--why", default="", help="the reason, for the journal")
    _add_stack(undo)
    undo.set_defaults(run=_undo)

    tasks = commands.add_parser("tasks", help="list, show, assign and close the work for people")
    verbs = tasks.add_subparsers(metavar="list | show | assign | close")
    _add_stack(tasks)
    tasks.set_defaults(run=_list_tasks, kind="", assignee="", json=False)
    listed = verbs.add_parser("list", help="open tasks, the earliest due first")
    listed.add_argument("--kind", default="", help="only this kind, for example call")
    listed.add_argument("--assignee", default="", help="only this person's")
    listed.add_argument("--json", action="store_true", help="one JSON object a line")
    _add_stack(listed)
    show = verbs.add_parser("show", help="everything about one task")
    show.add_argument("task", metavar="DEBTOR/TASK")
    show.set_defaults(run=_show_task)
    _add_stack(show)
    assign = verbs.add_parser("assign", help="give a task to somebody")
    assign.add_argument("task", metavar="DEBTOR/TASK")
    assign.add_argument("person")
    assign.set_defaults(run=_assign_task)
    _add_stack(assign)
    close = verbs.add_parser("close", help="close a task with its outcome")
    close.add_argument("task", metavar="DEBTOR/TASK")
    close.add_argument("outcome", help="for example reached, promised, approved, done")
    close.add_argument("--note", default="", help="what was said")
    close.add_argument("--on", type=_day, metavar="DATE", help="the promised day, or the day until which to wait")
    close.add_argument("--amount", metavar="AMOUNT", help='what was promised, for example "1200.00 EUR"')
    close.add_argument("--means", default="", help="transfer, cheque, direct debit")
    close.add_argument("--email", default="", help="the address to write to from now on")
    for name, what in (
        ("cause", "of a call: forgot, not_received, missing_document, approval_pending, cash, dispute, other"),
        ("contact", "of a call: the id of the contact called"),
        ("spoke-to", "of a call: who answered, where it was somebody else"),
        ("message", "of a call: a sentence that the confirming mail adds for the client"),
        ("phone", "the right number, found"),
    ):
        close.add_argument(f"--{name}", default="", help=what)
    close.add_argument(
        "--instalment", action="append", metavar='"DATE AMOUNT CUR"', default=[],
        help='of a plan that is not the policy\'s, one for each: "2026-03-10 400.00 EUR"',
    )  # fmt: skip
    close.add_argument("--since", type=_day, metavar="DATE", help="of an insolvency: the day of the judgment")
    close.add_argument("--reference", default="", help="of a letter: the number of the registered letter")
    close.add_argument("--without", action="append", default=[], metavar="NUMBER", help="out of a formal notice")
    close.add_argument("--next-on", type=_day, metavar="DATE", help="of a call: the day on which something follows")
    close.set_defaults(run=_close_task)
    _add_stack(close)

    examples = commands.add_parser("examples", help="print the mails that people corrected, for `relance train`")
    _add_stack(examples)
    examples.set_defaults(run=_examples)

    litigation = commands.add_parser("litigation", help="put a debtor's file for the lawyer or the court into a ZIP")
    litigation.add_argument("debtor", metavar="DEBTOR")
    litigation.add_argument("--out", required=True, metavar="FILE.zip")
    litigation.add_argument("--language", default="", metavar="LL", help="fr or en (by the creditor's country)")
    _add_stack(litigation)
    litigation.set_defaults(run=_litigation)

    from chalicelib.agreements_command import add_commands as add_agreements

    add_agreements(commands, _add_stack, _day, _parts)

    from chalicelib.notice_command import add_commands as add_notices

    add_notices(commands, _add_stack, _day, _parts, _now)

    from chalicelib.personal_command import add_commands as add_personal

    add_personal(commands, _add_stack, _day, _parts, _audit_log, _now)

    sheet = commands.add_parser("call-sheet", help="everything for one call, on one page to print")
    sheet.add_argument("task", nargs="+", metavar="DEBTOR/TASK")
    sheet.add_argument("--language", choices=("fr", "en"), default="", help="the caller's (the creditor's own)")
    sheet.add_argument("--json", action="store_true", help="one JSON object")
    sheet.set_defaults(run=_call_sheet)
    _add_stack(sheet)

    setup = commands.add_parser("setup", help="enter the creditor's profile (a sample: templates/creditor.yaml)")
    setup.add_argument("file", metavar="FILE.yaml")
    setup.add_argument("--dry-run", action="store_true", help="check the file and write nothing")
    _add_stack(setup)
    setup.set_defaults(run=_setup)

    doctor = commands.add_parser("doctor", help="check everything Relance needs and say what to do")
    _add_stack(doctor)
    doctor.set_defaults(run=_doctor)
    return parser


def _add_mapping(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--map", metavar="M", help="how foreign columns and dates are read: a YAML file, or the name of a shipped one"
    )


def _add_stack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stack", default=argparse.SUPPRESS, metavar="NAME",
        help="the CloudFormation stack to work on, instead of the RELANCE_… variables",
    )  # fmt: skip


# --- simulate


def _simulate(args: argparse.Namespace) -> int:
    from chalicelib.ledger.read import read_invoices, read_payments
    from chalicelib.simulate import Ledger, Summary, simulate, simulated_creditor

    policies, policy = _policies(args.policy)
    mapping = _mapping(args.map)
    country = _country(args.country)
    if args.since and args.until and args.until < args.since:
        raise BadInput("--to", f"{args.until} lies before --from {args.since}", "give a later day")
    invoices = _rows(args.invoices, read_invoices, mapping, skip_bad=args.skip_bad)
    payments = _rows(args.payments, read_payments, mapping, skip_bad=args.skip_bad) if args.payments else []
    ledger = Ledger(invoices=invoices, payments=payments, policies=policies, policy=policy)
    if contradictions := ledger.contradictions():
        if not args.skip_bad:
            raise BadFile(args.invoices, [f.as_error() for f in contradictions[:NOTES_SHOWN]])
        ledger = ledger.without(contradictions)
        _tell(args.invoices, contradictions)

    summary = Summary(ledger)
    print_act = _print_json if args.jsonl else _print_nothing if args.summary else _print_row
    for act in simulate(
        ledger,
        simulated_creditor(country),
        since=args.since,
        until=args.until,
        disputed_from=args.disputed_from,
        settled=summary.settled,
    ):
        summary.note(act)
        print_act(act)
    figures = summary.figures()
    width = max(map(len, figures))
    to = sys.stderr if args.jsonl else sys.stdout
    for name, figure in figures.items():
        print(f"{name:<{width}}  {figure}", file=to)
    return 0


def _print_nothing(act: Act) -> None:
    pass


def _print_json(act: Act) -> None:
    told = {
        "date": act.date.isoformat(), "account": act.account, "action": act.action, "step": act.step,
        "channel": act.channel, "invoices": list(act.invoices), "reason": act.reason,
    }  # fmt: skip
    print(json.dumps(told, ensure_ascii=False))


def _print_row(act: Act) -> None:
    numbers = ", ".join(act.invoices[:3]) + (f" and {len(act.invoices) - 3} more" if len(act.invoices) > 3 else "")
    print(f"{act.date}  {act.account:<14}  {act.action:<13}  {act.step:<15}  {numbers:<36}  {act.reason}")


# --- match


def _match(args: argparse.Namespace) -> int:
    from chalicelib.ledger.read import read_invoices
    from chalicelib.match_command import match_files

    mapping = _mapping(args.map)
    invoices = _rows(args.invoices, read_invoices, mapping, skip_bad=args.skip_bad)
    return match_files(invoices, args.accounts or "", args.statements, mapping, jsonl=args.jsonl)


# --- import


def _import(args: argparse.Namespace) -> int:
    """Each table by itself, all electronic documents together: a credit note may name an invoice of the next file."""
    if args.what == "statement":
        return _import_statements(args)
    documents = [] if args.what == "payments" else [name for name in args.file if _is_document(name)]
    tables = [name for name in args.file if name not in documents]
    mapping = _source_mapping(args)
    for name in tables:
        _import_table(args, name, mapping)
    if documents:
        _import_documents(args, documents)
    return 0


def _import_table(args: argparse.Namespace, name: str, mapping: ColumnMap) -> None:
    from chalicelib.ledger.read import GoodRows, read_invoices, read_payments

    with _opened(name) as source:  # gone over three times (checked, compared, written) and never held whole
        reader: Any = read_invoices if args.what == "invoices" else read_payments
        _check(name, source, reader, mapping, skip_bad=args.skip_bad)
        rows: GoodRows[Any] = GoodRows(source, reader, mapping)
        if args.dry_run:
            found = sum(1 for _ in rows)
            print(f"{name}: {found} {args.what} can be read; nothing was written or compared with the books")
            return
        parts, at = _parts(args), _now()
        from chalicelib.pipeline.import_ledger import import_invoices, import_payments

        who, tell = getpass.getuser(), _progress()
        try:
            take = import_invoices if args.what == "invoices" else import_payments
            done = take(parts, rows, at=at, who=who, skip_bad=args.skip_bad, progress=tell)
        except BadInput as error:  # a row that contradicts our books knows its line, not its file
            where = f"{name}: {error.where}" if error.where.startswith("line ") else error.where
            raise BadInput(where, error.what, error.remedy) from error
    _tell(name, done.findings)
    print(f"{name}: {done.rows} {args.what} of {done.debtors} debtors: {done.new} new, {done.known} known")


def _import_statements(args: argparse.Namespace) -> int:
    from chalicelib.banking.read import read_statements

    mapping = _source_mapping(args)
    statements = []
    for name in args.file:
        with _opened(name) as source:
            read = read_statements(source.read(), name=name, mapping=mapping)
        statements += read
        for one in read:
            print(f"{name}: {one.source}, account {one.account}, {len(one.entries)} entries")
    if args.dry_run:
        print("nothing was written or compared with the books")
        return 0
    from chalicelib.pipeline.import_statement import import_statements

    done = import_statements(_parts(args), statements, at=_now(), who=getpass.getuser())
    print(
        f"{done.entries} entries to {done.last_entry_on or 'no day'}: {done.applied} settle invoices, {done.waiting} "
        f"wait for a person, {done.taken_back} taken back, {done.others} concern no debtor, {done.known} known"
    )
    return 0


def _allocate(args: argparse.Namespace) -> int:
    from chalicelib.pipeline.import_statement import allocate

    allocate(_parts(args), args.debtor, args.credit, args.numbers, at=_now(), who=getpass.getuser())
    print(f"{args.credit}: {', '.join(args.numbers) or 'kept on the account'} of {args.debtor}")
    return 0


def _undo(args: argparse.Namespace) -> int:
    from chalicelib.pipeline.import_statement import undo

    numbers = undo(_parts(args), args.debtor, args.credit, at=_now(), who=getpass.getuser(), why=args.why)
    print(f"{args.credit}: {', '.join(numbers)} of {args.debtor} open again")
    return 0


def _import_documents(args: argparse.Namespace, names: Sequence[str]) -> None:
    from chalicelib.pipeline.import_einvoices import import_einvoices, read_all

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it remarks on what many PDFs do and it can mend
    documents = [(name, Path(name).read_bytes()) for name in names]
    if args.dry_run:
        read = read_all(documents, None)
        for name, _, invoice in read.invoices:
            kind = "credit note" if invoice.is_credit_note else "invoice"
            amount = invoice.total if invoice.is_credit_note else invoice.due
            due = invoice.due_on or "on a day that is not said"
            print(f"{name}: {kind} {invoice.number} to {invoice.buyer.name}, {amount}, due {due}")
            for trouble in invoice.troubles:
                print(f"note: {name}: {trouble}", file=sys.stderr)
        for name, status in read.statuses:
            print(f"{name}: {status.number} is {status}")
        print("nothing was written or compared with the books")
        return
    done = import_einvoices(_parts(args), documents, at=_now(), who=getpass.getuser(), progress=_progress())
    for finding in done.findings:
        print(f"note: {finding.column}: {finding.what}", file=sys.stderr)
    many = "1 document" if len(names) == 1 else f"{len(names)} documents"
    print(f"{many}: {done.rows} invoices and statuses of {done.debtors} debtors: {done.new} new, {done.known} known")


def _is_document(name: str) -> bool:
    from chalicelib.einvoicing.read import is_pdf, is_xml

    if name == "-":
        return False
    with _opened(name) as source:
        head = source.read(1024)
    return is_pdf(head) or is_xml(head)


def _source_mapping(args: argparse.Namespace) -> ColumnMap:
    """The mapping that is given; with a source it is remembered for it, or is the one remembered."""
    if not args.source:
        return _mapping(args.map)
    from chalicelib.pipeline.sources import mapping_of, remember_mapping

    if not args.map:
        return mapping_of(_parts(args).archive, args.source)
    mapping = _mapping(args.map)
    if args.dry_run:
        return mapping
    return remember_mapping(_parts(args).archive, args.source, _mapping_text(args.map))


def _progress() -> Callable[[int, int], None] | None:
    if not sys.stderr.isatty():
        return None

    def tell(done: int, of: int) -> None:
        print(f"\r{done} of {of} rows", end="\n" if done == of else "", file=sys.stderr, flush=True)

    return tell


# --- tasks


def _list_tasks(args: argparse.Namespace) -> int:
    from chalicelib.pipeline.work_tasks import list_tasks

    count = 0
    for debtor_id, task in list_tasks(_parts(args), kind=args.kind, assignee=args.assignee):
        count += 1
        if args.json:
            print(json.dumps(_task_facts(debtor_id, task), ensure_ascii=False))
        else:
            stake = str(task.at_stake or "")
            print(f"{task.due_on}  {task.kind:<20}  {stake:>16}  {task.assignee or '-':<24}  {debtor_id}/{task.id}")
            print(f"            {task.reason}")
    if not args.json:
        print(f"{count} open tasks" if count != 1 else "1 open task")
    return 0


def _show_task(args: argparse.Namespace) -> int:
    from chalicelib.domain.calendar import local_day
    from chalicelib.domain.lifecycle import STATUSES
    from chalicelib.domain.outcomes import OUTCOMES
    from chalicelib.domain.plans import NEGOTIATING, offers
    from chalicelib.domain.reliability import reliability
    from chalicelib.pipeline.keep import office_of

    parts = _parts(args)
    debtor_id, task_id = _task_named(args.task)
    file = parts.store.load(debtor_id, whole=True)
    if file is None or task_id not in file.tasks:
        raise BadInput(args.task, "there is no such task", "`relance tasks` lists them")
    task = file.tasks[task_id]
    for name, value in _task_facts(debtor_id, task).items():
        print(f"{name + ':':<12} {', '.join(value) if isinstance(value, list) else value}")
    print(f"{'outcomes:':<12} {', '.join(sorted(OUTCOMES.get(task.kind, ['done'])))}")
    print(f"{'debtor:':<12} {file.debtor.name} ({file.debtor.country})")
    for contact in file.contacts.values():
        dead = f", dead since {contact.dead_since_on}" if contact.dead_since_on else ""
        print(f"{contact.role + ':':<12} {contact.name} {contact.email} {contact.phone}{dead}")
    for case in file.open_cases():
        if not task.numbers or case.number in task.numbers:
            said = f", {STATUSES[case.buyer_status]} on {case.buyer_status_on}" if case.buyer_status else ""
            print(f"{'invoice:':<12} {case.number}, due {case.due_on}, {case.balance} of {case.amount} open{said}")
    print(f"{'word:':<12} {reliability(file)}")
    if task.kind in NEGOTIATING and task.is_open:
        office = office_of(parts)
        for offer in offers(file, task.numbers, office, on=local_day(_now(), office.creditor.zone)):
            told = offer.why_not or ", ".join(f"{i.amount} on {i.due_on}" for i in offer.instalments)
            print(f"{'may offer:':<12} {told}")
    return 0


def _assign_task(args: argparse.Namespace) -> int:
    from chalicelib.pipeline.work_tasks import assign_task

    debtor_id, task_id = _task_named(args.task)
    assign_task(_parts(args), debtor_id, task_id, assignee=args.person, at=_now(), who=getpass.getuser())
    print(f"{args.task}: assigned to {args.person}")
    return 0


def _close_task(args: argparse.Namespace) -> int:
    from chalicelib.domain.outcomes import Outcome
    from chalicelib.pipeline.work_tasks import close_task

    debtor_id, task_id = _task_named(args.task)
    said = Outcome(
        outcome=args.outcome, note=args.note, on=args.on, amount=_money(args.amount), means=args.means,
        email=args.email, cause=args.cause, contact=args.contact, spoke_to=args.spoke_to, message=args.message,
        next_on=args.next_on, phone=args.phone, since=args.since, reference=args.reference,
        without=tuple(args.without),
        instalments=tuple(_instalment(text) for text in args.instalment),
    )  # fmt: skip
    close_task(_parts(args), debtor_id, task_id, said, at=_now(), who=getpass.getuser())
    print(f"{args.task}: closed, {args.outcome}")
    return 0


def _task_named(name: str) -> tuple[str, str]:
    debtor_id, slash, task_id = name.rpartition("/")
    if not slash or not debtor_id or not task_id:
        raise BadInput(name, "names no task", "write DEBTOR/TASK as `relance tasks` shows it")
    return debtor_id, task_id


def _task_facts(debtor_id: str, task: Task) -> dict[str, object]:
    return {
        "debtor": debtor_id, "task": task.id, "kind": task.kind.value, "due": task.due_on.isoformat(),
        "raised": task.raised_on.isoformat(), "reason": task.reason, "invoices": list(task.numbers),
        "at_stake": str(task.at_stake or ""), "assignee": task.assignee, "mail": task.mail, "note": task.note,
        "closed": task.closed_at.isoformat() if task.closed_at else "", "outcome": task.outcome,
    }  # fmt: skip


# --- examples


def _examples(args: argparse.Namespace) -> int:
    """A line each: `relance examples > corrected.jsonl`, then `relance train … corrected.jsonl`."""
    from chalicelib.pipeline.settle_mail import examples

    for line in examples(_parts(args)):
        print(line)
    return 0


# --- litigation


def _litigation(args: argparse.Namespace) -> int:
    from chalicelib.litigation_command import write_file

    return write_file(_parts(args), args.debtor, args.out, args.language)


def _call_sheet(args: argparse.Namespace) -> int:
    from chalicelib import bootstrap
    from chalicelib.call_sheet_command import print_sheet

    parts = _parts(args)
    debtor_id, task_id = _task_named("/".join(args.task))
    return print_sheet(
        parts, bootstrap.call_sheets(), debtor_id, task_id, at=_now(), language=args.language, as_json=args.json
    )


# --- setup and doctor


def _setup(args: argparse.Namespace) -> int:
    from chalicelib.domain.creditor_file import read_creditor

    creditor = read_creditor(_text(args.file), args.file)
    if args.dry_run:
        print(f"{args.file}: the profile of {creditor.name} is sound; nothing was written")
        return 0
    _parts(args).offices.set_creditor(creditor)
    print(f"{args.file}: {creditor.name} is set up; `relance doctor` checks the rest")
    return 0


def _doctor(args: argparse.Namespace) -> int:
    from chalicelib import bootstrap
    from chalicelib.doctor import State, examine

    if stack := getattr(args, "stack", ""):
        bootstrap.use_stack(stack)
    worst = State.OK
    for line in examine(bootstrap.parts, bootstrap.looks(), bootstrap.policies, bootstrap.law_rules, at=_now()):
        print(f"{line.state:<4}  {line.name:<14}  {line.what}")
        if line.remedy:
            print(f"{'':<22}{line.remedy}")
        if line.state is State.FAIL:
            worst = State.FAIL
    return 1 if worst is State.FAIL else 0


# --- what is given on the command line


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield io.BytesIO(sys.stdin.buffer.read())
        return
    if not Path(name).is_file():
        what = "this is a folder" if Path(name).is_dir() else "there is no such file"
        raise BadInput(name, what, "name one file" if Path(name).is_dir() else "check the path")
    with Path(name).open("rb") as source:
        yield source


def _rows(name: str, reader: Reader[R], mapping: ColumnMap, *, skip_bad: bool) -> list[R]:
    """The rows of a ledger file, all checked before any is used; what was noted is told on stderr."""
    from chalicelib.ledger.read import load

    try:
        with _opened(name) as source:
            read = load(source, reader, mapping, name=name, skip_bad=skip_bad)
    except BadFile as refused:
        raise BadFile(name, [*refused.findings, *_fitting_mapping(name, reader, mapping)]) from None
    _tell(name, read[1])
    return read[0]


def _check(name: str, source: BinaryIO, reader: Reader[R], mapping: ColumnMap, *, skip_bad: bool) -> None:
    """Go over the whole file once: BadFile tells everything that is wrong, stderr what was noted."""
    from chalicelib.ledger.read import check

    try:
        findings = check(source, reader, mapping, name=name, skip_bad=skip_bad)
    except BadFile as refused:
        raise BadFile(name, [*refused.findings, *_fitting_mapping(name, reader, mapping)]) from None
    _tell(name, findings)


def _fitting_mapping(name: str, reader: Reader[R], mapping: ColumnMap) -> list[BadInput]:
    """The shipped mapping that knows the columns of a file whose header is not ours, as a last word on it."""
    from chalicelib.ledger.mapping import OURS
    from chalicelib.ledger.records import Finding

    def fits(other: ColumnMap) -> bool:
        with _opened(name) as source, closing(reader(source, other)) as items:
            # A note on the encoding may come before what is found in the header.
            return not any(isinstance(item, Finding) and item.is_error for item in islice(items, 2))

    if mapping is not OURS or name == "-" or fits(OURS):
        return []
    for shipped in _shipped_mappings():
        if fits(_mapping(shipped)):
            return [BadInput("line 1", "these are the columns of a mapping that is shipped", f"add --map {shipped}")]
    return []


def _tell(name: str, findings: Sequence[Finding]) -> None:
    for finding in findings[:NOTES_SHOWN]:
        print(f"{'left out' if finding.is_error else 'note'}: {name}: {finding}", file=sys.stderr)
    if len(findings) > NOTES_SHOWN:
        print(f"note: {name}: {len(findings) - NOTES_SHOWN} more", file=sys.stderr)


def _text(name: str) -> str:
    with _opened(name) as source:
        try:
            return source.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadInput(name, "is not UTF-8", "save it as UTF-8") from error


def _policies(given: str) -> tuple[Mapping[str, Policy], str]:
    """Every shipped policy, with the one of a file added where a file is given, and the name of the one to use."""
    from chalicelib.domain.policy_file import load_policies, read_policy

    folder = TEMPLATES / "policies"
    policies = load_policies({path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.yaml"))})
    if given.endswith((".yaml", ".yml")) or "/" in given:
        policy = read_policy(_text(given), given)
        return {**policies, policy.name: policy}, policy.name
    if given not in policies:
        raise BadInput("--policy", f"no policy {given!r}", f"one of {', '.join(sorted(policies))}, or a YAML file")
    return policies, given


def _mapping(given: str | None) -> ColumnMap:
    from chalicelib.ledger.mapping import OURS, read_mapping

    return read_mapping(_mapping_text(given), given) if given else OURS


def _mapping_text(given: str) -> str:
    shipped = _shipped_mappings()
    if given in shipped:
        return (TEMPLATES / "mappings" / f"{given}.yaml").read_text("utf-8")
    if not given.endswith((".yaml", ".yml")) and "/" not in given:
        raise BadInput("--map", f"no mapping {given!r}", f"one of {', '.join(shipped)}, or a YAML file")
    return _text(given)


def _shipped_mappings() -> list[str]:
    return sorted(path.stem for path in (TEMPLATES / "mappings").glob("*.yaml"))


def _country(given: str) -> str:
    from chalicelib.ledger.cells import Unreadable, country

    try:
        return country(given)
    except Unreadable as error:
        raise BadInput("--country", error.what, "write for example FR") from error


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{given!r} is no day: write YYYY-MM-DD") from None


def _money(given: str | None) -> Money | None:
    from chalicelib.domain.money import Money

    if not given:
        return None
    amount, _, currency = given.strip().rpartition(" ")
    if not amount:
        raise BadInput("--amount", f"{given!r} has no currency", 'write for example "1200.00 EUR"')
    return Money.of(amount, currency)


def _instalment(given: str) -> tuple[date, Money]:
    day, _, amount = given.strip().partition(" ")
    money = _money(amount)
    on: date | None = None
    with suppress(ValueError):
        on = date.fromisoformat(day)
    if on is None or money is None:
        raise BadInput("--instalment", f"{given!r} is not understood", 'write for example "2026-03-10 400.00 EUR"')
    return on, money


def _parts(args: argparse.Namespace) -> Parts:
    from chalicelib import bootstrap

    if stack := getattr(args, "stack", ""):
        bootstrap.use_stack(stack)
    return bootstrap.parts()


def _stack_of_numbers(stack: str) -> tuple[Parts, NumbersStore]:
    from chalicelib import bootstrap

    if stack:
        bootstrap.use_stack(stack)
    return bootstrap.parts(), bootstrap.numbers_store()


def _audit_log() -> AuditLog:
    from chalicelib import bootstrap

    return bootstrap.audit_log()


def _now() -> datetime:
    from chalicelib import bootstrap

    return bootstrap.now()


def _version() -> str:
    try:
        return version("relance")
    except PackageNotFoundError:
        return "(not installed)"
