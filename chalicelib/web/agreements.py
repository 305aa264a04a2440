"""The JSON routes of what is agreed and decided: offers of plans, blocks, progress of disputes, credit holds."""

from __future__ import annotations

from datetime import date
from typing import Any

from chalicelib import bootstrap
from chalicelib.domain.calendar import local_day
from chalicelib.domain.plans import offers
from chalicelib.errors import BadInput
from chalicelib.pipeline import agreements
from chalicelib.pipeline.keep import load, office_of
from chalicelib.web.answering import answering, caller
from chalicelib.web.routes import routes
from chalicelib.web.shapes import read_block, read_hold, read_words


@answering(routes, "/debtors/{debtor_id}/plan-offer")
def plan_offer(debtor_id: str) -> Any:
    """What the policy allows to offer for the open invoices, one offer a currency: ?on= (day of the first one)."""
    parts = bootstrap.parts()
    office = office_of(parts)
    query = routes.current_request.query_params
    asked = (query.get("on") if query else None) or ""
    try:
        on = date.fromisoformat(asked) if asked else local_day(bootstrap.now(), office.creditor.zone)
    except ValueError:
        raise BadInput("on", f"{asked!r} is no day", "write YYYY-MM-DD") from None
    return {"offers": offers(load(parts, debtor_id), (), office, on=on)}


@answering(routes, "/debtors/{debtor_id}/blocks", method="POST")
def block(debtor_id: str) -> Any:
    """Hold the chasing: {"reason": "…", "until": …, "owner": …, "invoices": […]}; the owner is the caller's own."""
    who = caller(routes)
    facts = read_block(routes.current_request.json_body)
    placed = agreements.place_block(
        bootstrap.parts(), debtor_id, **{**facts, "owner": facts["owner"] or who}, at=bootstrap.now(), who=who
    )
    return {"debtor": debtor_id, "block": placed}


@answering(routes, "/debtors/{debtor_id}/blocks/{block_id}/lift", method="POST")
def lift(debtor_id: str, block_id: str) -> Any:
    """Lift a block: {"why": "…"}."""
    who = caller(routes)
    why = read_words(routes.current_request.json_body, "why")
    agreements.lift_block(bootstrap.parts(), debtor_id, block_id, why=why, at=bootstrap.now(), who=who)
    return {"debtor": debtor_id, "lifted": block_id}


@answering(routes, "/debtors/{debtor_id}/disputes/{dispute_id}/progress", method="POST")
def progress(debtor_id: str, dispute_id: str) -> Any:
    """Say what was done about a dispute: {"note": "…"}."""
    who = caller(routes)
    note = read_words(routes.current_request.json_body, "note")
    agreements.note_progress(bootstrap.parts(), debtor_id, dispute_id, note, at=bootstrap.now(), who=who)
    return {"debtor": debtor_id, "dispute": dispute_id}


@answering(routes, "/debtors/{debtor_id}/plans/{plan_id}/withdraw", method="POST")
def withdraw(debtor_id: str, plan_id: str) -> Any:
    """End a payment plan: {"why": "…"}."""
    who = caller(routes)
    why = read_words(routes.current_request.json_body, "why")
    agreements.withdraw_plan(bootstrap.parts(), debtor_id, plan_id, why=why, at=bootstrap.now(), who=who)
    return {"debtor": debtor_id, "withdrawn": plan_id}


@answering(routes, "/debtors/{debtor_id}/not-insolvent", method="POST")
def not_insolvent(debtor_id: str) -> Any:
    """Take an insolvency back that was confirmed by mistake: {"why": "…"}."""
    who = caller(routes)
    why = read_words(routes.current_request.json_body, "why")
    agreements.refute_insolvency(bootstrap.parts(), debtor_id, why=why, at=bootstrap.now(), who=who)
    return {"debtor": debtor_id, "insolvent": False}


@answering(routes, "/debtors/{debtor_id}/credit-hold", method="POST")
def credit_hold(debtor_id: str) -> Any:
    """Put a debtor on credit hold or release it: {"hold": true, "why": "…"}."""
    who = caller(routes)
    hold, why = read_hold(routes.current_request.json_body)
    agreements.set_credit_hold(bootstrap.parts(), debtor_id, hold=hold, why=why, at=bootstrap.now(), who=who)
    return {"debtor": debtor_id, "hold": hold}


@answering(routes, "/credit-holds")
def credit_holds() -> Any:
    """Debtors on credit hold, or asked about."""
    return {"holds": list(agreements.credit_holds(bootstrap.parts(), at=bootstrap.now()))}
