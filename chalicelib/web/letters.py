"""The JSON routes of formal notices: the draft, its approval, the printed letter and its way by post."""

from __future__ import annotations

from typing import Any

from chalicelib import bootstrap
from chalicelib.domain.after_notice import OPTIONS
from chalicelib.domain.outcomes import Outcome
from chalicelib.pipeline import letters
from chalicelib.pipeline.work_tasks import NoSuchTask, close_task
from chalicelib.web.answering import answering, caller
from chalicelib.web.routes import gone, routes
from chalicelib.web.shapes import read_approval, read_identity, read_rejection, read_tracking

LINK_SECONDS = 600
"""A link to a letter is for whoever asked, now: it needs no sign-in."""


@answering(routes, "/notices/{debtor_id}/{task_id}/draft")
def draft(debtor_id: str, task_id: str) -> Any:
    """What a formal notice would say today, what it leaves out, and what is missing before it may be approved."""
    drafted = letters.draft_of(bootstrap.parts(), debtor_id, task_id, at=bootstrap.now(), printed=False)[0]
    return {"debtor": debtor_id, "draft": drafted, "totals": drafted.totals}


@answering(routes, "/notices/{debtor_id}/{task_id}/approve", method="POST")
def approve(debtor_id: str, task_id: str) -> Any:
    """Approve it: {} as it stands, or {"deadline_on": …, "added": "…", "without": [numbers]}."""
    said = read_approval(routes.current_request.json_body)
    _close(debtor_id, task_id, said)
    return {"debtor": debtor_id, "letter": letters.approved_by_task(bootstrap.parts(), debtor_id, task_id)}


@answering(routes, "/notices/{debtor_id}/{task_id}/reject", method="POST")
def reject(debtor_id: str, task_id: str) -> Any:
    """Reject it: {"reason": "…", "until": …}."""
    _close(debtor_id, task_id, read_rejection(routes.current_request.json_body))
    return {"debtor": debtor_id, "rejected": task_id}


@answering(routes, "/letters/{debtor_id}/{letter_id}")
def letter(debtor_id: str, letter_id: str) -> Any:
    """A letter, and links to its one copy and to the proof of its delivery, good for ten minutes."""
    parts = bootstrap.parts()
    _, found = letters.letter_of(parts, debtor_id, letter_id)
    return {
        "debtor": debtor_id,
        "letter": found,
        "link": parts.archive.link(found.key, seconds=LINK_SECONDS) if found.key else None,
        "proof_link": parts.archive.link(found.proof, seconds=LINK_SECONDS) if found.proof else None,
    }


@answering(routes, "/letters/{debtor_id}/{letter_id}/tracking", method="POST")
def tracking(debtor_id: str, letter_id: str) -> Any:
    """It was posted: {"tracking": "…", "on": …}."""
    who = caller(routes)
    number, on = read_tracking(routes.current_request.json_body)
    posted = letters.post(
        bootstrap.parts(), debtor_id, letter_id, tracking=number, on=on, at=bootstrap.now(), who=who
    )
    return {"debtor": debtor_id, "letter": posted}


@answering(routes, "/debtors/{debtor_id}/identity", method="POST")
def identity(debtor_id: str) -> Any:
    """Complete what a letter must say of a debtor: {"address": [lines], "legal_id": "…", "vat_number": "…"}."""
    who = caller(routes)
    facts = read_identity(routes.current_request.json_body)
    file = letters.identify(bootstrap.parts(), debtor_id, **facts, at=bootstrap.now(), who=who)
    return {"debtor": file.debtor}


@answering(routes, "/after-notice")
def after_notice() -> Any:
    """What may follow a formal notice that brought no money: each option with its costs and needs."""
    return {"options": OPTIONS}


def _close(debtor_id: str, task_id: str, said: Outcome) -> None:
    who = caller(routes)
    try:
        close_task(bootstrap.parts(), debtor_id, task_id, said, at=bootstrap.now(), who=who)
    except NoSuchTask as error:
        raise gone(debtor_id, task_id, error) from error
