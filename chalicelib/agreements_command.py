"""relance show, plan, dispute, block, unblock, credit-holds: what was agreed with a debtor, and what people decide.

relance show DEBTOR [--json]
relance plan offer|withdraw …
relance dispute progress DEBTOR/DISPUTE "what was done"
relance block DEBTOR [NUMBER…] --reason … [--until DATE] [--owner …] and relance unblock DEBTOR/BLOCK
relance not-insolvent DEBTOR --why …
relance credit-holds [--csv] and relance credit-hold DEBTOR hold|release
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from chalicelib.errors import BadInput

if TYPE_CHECKING:
    from chalicelib.domain.creditor import Office
    from chalicelib.domain.debtor_file import DebtorFile
    from chalicelib.ports import Parts

PartsOf = Callable[[argparse.Namespace], "Parts"]


def add_commands(
    commands: Any, add_stack: Callable[[argparse.ArgumentParser], None], day: Callable[[str], date], parts_of: PartsOf
) -> None:
    """Register the commands. `parts_of` gives the parts of the stack that the arguments name."""

    def command(parser: argparse.ArgumentParser, run: Callable[[Parts, argparse.Namespace, datetime], int]) -> None:
        add_stack(parser)
        parser.set_defaults(run=lambda args: run(parts_of(args), args, datetime.now(UTC)))

    show = commands.add_parser("show", help="a debtor: what comes next and why, its word, plans, disputes, blocks")
    show.add_argument("debtor", metavar="DEBTOR")
    show.add_argument("--json", action="store_true")
    command(show, _show)

    verbs = commands.add_parser("plan", help="payment plans: what may be offered, end one").add_subparsers(
        required=True, metavar="offer | withdraw"
    )
    offer = verbs.add_parser("offer", help="what the policy allows to propose")
    offer.add_argument("debtor", metavar="DEBTOR")
    offer.add_argument("numbers", metavar="NUMBER", nargs="*", help="only these invoices (none: all that are open)")
    offer.add_argument("--on", type=day, metavar="DATE", help="the day of the first instalment (today)")
    offer.add_argument("--json", action="store_true")
    command(offer, _offer)
    withdraw = verbs.add_parser("withdraw", help="end a plan: its invoices go back to the ladder")
    withdraw.add_argument("plan", metavar="DEBTOR/PLAN")
    withdraw.add_argument("--why", required=True)
    command(withdraw, _withdraw)

    verbs = commands.add_parser("dispute", help="say what was done about a dispute").add_subparsers(
        required=True, metavar="progress"
    )
    progress = verbs.add_parser("progress", help="note progress: the dispute is not stalled")
    progress.add_argument("dispute", metavar="DEBTOR/DISPUTE")
    progress.add_argument("note")
    command(progress, _progress)

    block = commands.add_parser("block", help="hold the chasing of a debtor, or of some invoices")
    block.add_argument("debtor", metavar="DEBTOR")
    block.add_argument("numbers", metavar="NUMBER", nargs="*", help="only these invoices (none: all)")
    block.add_argument("--reason", required=True)
    block.add_argument("--until", type=day, metavar="DATE", help="its end (none: until somebody lifts it)")
    block.add_argument("--owner", default="", help="whose it is (you)")
    command(block, _block)
    unblock = commands.add_parser("unblock", help="lift a block")
    unblock.add_argument("block", metavar="DEBTOR/BLOCK")
    unblock.add_argument("--why", default="")
    command(unblock, _unblock)

    refute = commands.add_parser("not-insolvent", help="no insolvency procedure is open after all: chasing goes on")
    refute.add_argument("debtor", metavar="DEBTOR")
    refute.add_argument("--why", required=True)
    command(refute, _refute)

    holds = commands.add_parser("credit-holds", help="debtors on credit hold, or asked about")
    shown = holds.add_mutually_exclusive_group()
    shown.add_argument("--csv", action="store_true", help="for a spreadsheet or the order desk")
    shown.add_argument("--json", action="store_true", help="one JSON object a line")
    command(holds, _holds)
    hold = commands.add_parser("credit-hold", help="put a debtor on credit hold, or release it")
    hold.add_argument("debtor", metavar="DEBTOR")
    hold.add_argument("verb", choices=("hold", "release"))
    hold.add_argument("--why", default="")
    command(hold, _hold)


def debtor_facts(file: DebtorFile, office: Office, *, at: datetime) -> dict[str, Any]:
    """What is agreed and decided about a debtor, and what comes next for each invoice and why, as plain values."""
    from chalicelib.domain.calendar import local_day
    from chalicelib.domain.plans import missing
    from chalicelib.domain.propose import propose
    from chalicelib.domain.reliability import reliability

    today = local_day(at, office.creditor.zone)
    plan = propose(file, office, at=at)
    word = reliability(file)
    return {
        "debtor": file.id,
        "name": file.debtor.name,
        "word": {**{k: _plain(v) for k, v in vars(word).items()}, "told": str(word)},
        "next": [{"action": p.action.value, "invoices": list(p.numbers), "why": p.reason} for p in plan.proposals],
        "held": [
            {"invoice": h.number, "hold": h.hold.value, "why": h.reason, "until": _plain(h.until)} for h in plan.held
        ],
        "plans": [
            {
                "plan": p.id, "state": p.state.value, "invoices": list(p.numbers), "owed": str(p.owed),
                "paid": str(p.paid), "credited": str(p.credited),
                "instalments": [
                    {"due": i.due_on.isoformat(), "amount": str(i.amount), "missing": str(short_of)}
                    for i, short_of in zip(p.instalments, missing(p, file), strict=True)
                ],
            }
            for p in file.plans.values()
        ],
        "disputes": [
            {
                "dispute": d.id, "invoices": list(d.numbers), "reason": d.reason, "owner": d.owner,
                "age_days": (today - d.opened_on).days, "progress": d.progress, "progressed": _plain(d.progressed_on),
                "escalated_to": d.escalated_to if d.escalated_on else "",
            }
            for d in file.disputes.values() if d.is_open
        ],
        "blocks": [
            {
                "block": b.id, "kind": b.kind.value, "reason": b.reason, "owner": b.owner, "until": _plain(b.until),
                "invoices": list(b.numbers),
            }
            for b in file.blocks.values() if b.is_open
        ],
        "credit_held_since": _plain(file.credit_held_since_on),
        "insolvent_since": _plain(file.insolvent_since_on),
        "declared": _plain(file.declared_on),
    }  # fmt: skip


def _show(parts: Parts, args: argparse.Namespace, at: datetime) -> int:
    from chalicelib.pipeline.keep import load, office_of

    facts = debtor_facts(load(parts, args.debtor), office_of(parts), at=at)
    if args.json:
        print(json.dumps(facts, ensure_ascii=False))
        return 0
    print(f"{facts['debtor']}, {facts['name']}")
    print(f"word: {facts['word']['told']}")
    for name in ("credit_held_since", "insolvent_since", "declared"):
        if facts[name]:
            print(f"{name.replace('_', ' ')} {facts[name]}")
    for plan in facts["plans"]:
        print(f"plan {plan['plan']} ({plan['state']}): {plan['paid']} of {plan['owed']} paid")
        for instalment in plan["instalments"]:
            print(f"  {instalment['due']}  {instalment['amount']:>16}  missing {instalment['missing']}")
    for dispute in facts["disputes"]:
        whose = dispute["escalated_to"] or dispute["owner"] or "nobody"
        progress = f", {dispute['progress']} on {dispute['progressed']}" if dispute["progress"] else ""
        print(f"dispute {dispute['dispute']}: {dispute['reason']}, {dispute['age_days']} days, {whose}{progress}")
    for block in facts["blocks"]:
        print(f"block {block['block']}: {block['reason']}, until {block['until'] or 'lifted'}, {block['owner'] or '-'}")
    for step in facts["next"]:
        print(f"now: {step['action']} {', '.join(step['invoices'])} because {step['why']}")
    for held in facts["held"]:
        print(f"{held['invoice']}: {held['hold']}, {held['why']}")
    return 0


def _offer(parts: Parts, args: argparse.Namespace, at: datetime) -> int:
    from chalicelib.domain.calendar import local_day
    from chalicelib.domain.plans import offers
    from chalicelib.pipeline.keep import load, office_of

    office = office_of(parts)
    on = args.on or local_day(at, office.creditor.zone)
    for offer in offers(load(parts, args.debtor), args.numbers, office, on=on):
        if args.json:
            steps = [{"due": i.due_on.isoformat(), "amount": str(i.amount)} for i in offer.instalments]
            told = {"invoices": list(offer.numbers), "owed": str(offer.owed), "why_not": offer.why_not}
            print(json.dumps({**told, "instalments": steps}, ensure_ascii=False))
            continue
        print(f"{offer.owed} for {', '.join(offer.numbers)}{': ' + offer.why_not if offer.why_not else ''}")
        for instalment in offer.instalments:
            print(f"  {instalment.due_on}  {instalment.amount}")
    return 0


def _withdraw(parts: Parts, args: argparse.Namespace, at: datetime) -> int:
    from chalicelib.pipeline.agreements import withdraw_plan

    debtor, plan = _named(args.plan, "plan")
    withdraw_plan(parts, debtor, plan, why=args.why, at=at, who=getpass.getuser())
    print(f"{args.plan}: withdrawn")
    return 0


def _progress(parts: Parts, args: argparse.Namespace, at: datetime) -> int:
    from chalicelib.pipeline.agreements import note_progress

    debtor, dispute = _named(args.dispute, "dispute")
    note_progress(parts, debtor, dispute, args.note, at=at, who=getpass.getuser())
    print(f"{args.dispute}: noted")
    return 0


def _block(parts: Parts, args: argparse.Namespace, at: datetime) -> int:
    from chalicelib.pipeline.agreements import place_block

    who = getpass.getuser()
    block = place_block(
        parts, args.debtor, reason=args.reason, owner=args.owner or who, until=args.until, numbers=args.numbers,
        at=at, who=who,
    )  # fmt: skip
    print(f"{args.debtor}/{block.id}: {block.reason}, until {block.until or 'it is lifted'}")
    return 0


def _refute(parts: Parts, args: argparse.Namespace, at: datetime) -> int:
    from chalicelib.pipeline.agreements import refute_insolvency

    refute_insolvency(parts, args.debtor, why=args.why, at=at, who=getpass.getuser())
    print(f"{args.debtor} is not insolvent: its invoices go back to the ladder")
    return 0


def _unblock(parts: Parts, args: argparse.Namespace, at: datetime) -> int:
    from chalicelib.pipeline.agreements import lift_block

    debtor, block = _named(args.block, "block")
    lift_block(parts, debtor, block, why=args.why, at=at, who=getpass.getuser())
    print(f"{args.block}: lifted")
    return 0


def _holds(parts: Parts, args: argparse.Namespace, at: datetime) -> int:
    from chalicelib.pipeline.agreements import credit_holds

    rows = [_hold_row(hold) for hold in credit_holds(parts, at=at)]
    if args.csv:
        from chalicelib.pipeline.pieces import table

        cells = [_COLUMNS, *([row[column] for column in _COLUMNS] for row in rows)]
        language = "fr" if parts.offices.creditor().country == "FR" else "en"
        sys.stdout.write(table(cells, language).decode("utf-8-sig"))
    elif args.json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
    else:
        for row in rows:
            state = f"held since {row['held_since']}" if row["held_since"] else f"asked on {row['asked']}"
            print(f"{row['debtor']:<14}  {row['name']:<32}  {state:<22}  {row['overdue']}")
        print("1 debtor" if len(rows) == 1 else f"{len(rows)} debtors")
    return 0


def _hold(parts: Parts, args: argparse.Namespace, at: datetime) -> int:
    from chalicelib.pipeline.agreements import set_credit_hold

    set_credit_hold(parts, args.debtor, hold=args.verb == "hold", why=args.why, at=at, who=getpass.getuser())
    print(f"{args.debtor}: {'held' if args.verb == 'hold' else 'released'}")
    return 0


_COLUMNS = ("debtor", "name", "legal_id", "held_since", "asked", "overdue", "oldest_due", "sales_rep")


def _hold_row(hold: Any) -> dict[str, str]:
    return {
        "debtor": hold.debtor, "name": hold.name, "legal_id": hold.legal_id, "held_since": _plain(hold.held_since_on),
        "asked": _plain(hold.asked_on), "overdue": _joined(hold.overdue), "oldest_due": _plain(hold.oldest_due_on),
        "sales_rep": hold.sales_rep,
    }  # fmt: skip


def _joined(amounts: Sequence[Any]) -> str:
    return ", ".join(map(str, amounts))


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else value


def _named(name: str, what: str) -> tuple[str, str]:
    debtor, slash, id_ = name.rpartition("/")
    if not slash or not debtor or not id_:
        raise BadInput(name, f"names no {what}", f"write DEBTOR/{what.upper()} as `relance show` prints it")
    return debtor, id_
