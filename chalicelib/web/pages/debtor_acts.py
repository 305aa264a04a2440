"""What a person does with a debtor's file: each act has a form of its own, and says at the field what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.domain.debtor_file import Case, Contact
from chalicelib.domain.debtor_file import Role as ContactRole
from chalicelib.domain.disputes import owner_of
from chalicelib.domain.money import Money, total
from chalicelib.domain.outcomes import Outcome
from chalicelib.domain.plans import MOST_INSTALMENTS, offers
from chalicelib.errors import BadInput
from chalicelib.pipeline import agreements, by_hand, letters
from chalicelib.pipeline.keep import load
from chalicelib.web.pages.debtor import Look, show_letter, text_of
from chalicelib.web.pages.debtor_form import Form
from chalicelib.web.pages.debtor_words import MEANS
from chalicelib.web.pages.guard import NotFound, Visit, act, page
from chalicelib.web.pages.marked import N_
from chalicelib.web.pages.render import amount, texts
from chalicelib.web.pages.session import Role

CASES_OFFERED = 60
"""So many invoices can be ticked one by one; for all of them none need be."""
SPARE_ROWS = 3


def _show(visit: Visit, look: Look, what: str, form: Form, **more: Any) -> Response:
    """A form with what was typed; 422 where something in it is wrong."""
    status = HTTPStatus.OK if form.is_right else HTTPStatus.UNPROCESSABLE_ENTITY
    cases = [c for c in look.file.open_cases() if what != "dispute" or not look.file.dispute_on(c.number)]
    facts = {**look.facts(), "form": form, "cases": cases[:CASES_OFFERED], "left": len(cases) - CASES_OFFERED, **more}
    return visit.show(f"debtor/{what}.html.j2", status=status, **facts)


def _back(visit: Visit, debtor_id: str, said: str, undo: str = "") -> Response:
    here = f"/ops/debtors/{quote(debtor_id, safe='')}"
    return visit.go(here, said=texts(visit.language).gettext(said), undo=f"{here}/{undo}" if undo else "")


# --- blocks


@page("/ops/debtors/{debtor_id}/block", Role.COLLECTOR)
def block_form(visit: Visit, debtor_id: str) -> Response:
    return _show(visit, Look(visit, debtor_id), "block", Form(visit, owner=visit.who))


@act("/ops/debtors/{debtor_id}/block", Role.COLLECTOR)
def block(visit: Visit, debtor_id: str) -> Response:
    """Hold the chasing, with a reason, an owner, and a day on which it ends (or a review, where it has none)."""
    look, form = Look(visit, debtor_id), Form(visit)
    reason, owner = form.text("reason", required=True), form.text("owner", required=True)
    until = form.day("until", after=look.today)
    if form.is_right:
        try:
            placed = agreements.place_block(
                bootstrap.parts(), debtor_id, reason=reason, owner=owner, until=until, numbers=form.ticked("numbers"),
                at=visit.at, who=visit.who,
            )  # fmt: skip
            return _back(visit, debtor_id, N_("Blocked"), undo=f"blocks/{quote(placed.id, safe='')}/lift")
        except BadInput as error:
            form.refused(error, invoices="numbers")
    return _show(visit, look, "block", form)


@act("/ops/debtors/{debtor_id}/blocks/{block_id}/lift", Role.COLLECTOR)
def lift(visit: Visit, debtor_id: str, block_id: str) -> Response:
    agreements.lift_block(
        bootstrap.parts(), debtor_id, block_id, why=visit.said("why"), at=visit.at, who=visit.who
    )
    return _back(visit, debtor_id, N_("The block is lifted"))


# --- promises


@page("/ops/debtors/{debtor_id}/promise", Role.COLLECTOR)
def promise_form(visit: Visit, debtor_id: str) -> Response:
    look = Look(visit, debtor_id)
    return _show(visit, look, "promise", Form(visit, means="transfer"), **_promising(look))


@act("/ops/debtors/{debtor_id}/promise", Role.COLLECTOR)
def promise(visit: Visit, debtor_id: str) -> Response:
    """Note the debtor's word: who gave it, by which day, how much, by what means."""
    look, form = Look(visit, debtor_id), Form(visit)
    more = _promising(look)
    on = form.day("on", required=True, after=date.fromordinal(look.today.toordinal() - 1))
    money = form.money("amount", visit.said("currency") or _currency(look.file.open_cases()))
    if form.is_right and on:
        try:
            by_hand.record_promise(
                bootstrap.parts(), debtor_id, numbers=form.ticked("numbers"), on=on, amount=money,
                means=visit.said("means"), said_by=form.text("said_by"), note=form.text("note"), at=visit.at,
                who=visit.who,
            )  # fmt: skip
            known = set(look.file.promises)
            made = next((id_ for id_ in load(bootstrap.parts(), debtor_id).promises if id_ not in known), "")
            undo = f"promises/{quote(made, safe='')}/withdraw" if made else ""
            return _back(visit, debtor_id, N_("The promise is noted"), undo=undo)
        except BadInput as error:
            form.refused(error)
    return _show(visit, look, "promise", form, **more)


@act("/ops/debtors/{debtor_id}/promises/{promise_id}/withdraw", Role.COLLECTOR)
def withdraw_promise(visit: Visit, debtor_id: str, promise_id: str) -> Response:
    by_hand.withdraw_promise(
        bootstrap.parts(), debtor_id, promise_id, why=visit.said("why"), at=visit.at, who=visit.who
    )
    return _back(visit, debtor_id, N_("The promise is withdrawn"))


# --- plans


@page("/ops/debtors/{debtor_id}/plan", Role.COLLECTOR)
def plan_form(visit: Visit, debtor_id: str) -> Response:
    return _show_plan(visit, Look(visit, debtor_id), Form(visit, means="transfer"))


@act("/ops/debtors/{debtor_id}/plan", Role.COLLECTOR)
def plan(visit: Visit, debtor_id: str) -> Response:
    """Agree on instalments that come to what is owed, to the cent."""
    look, form = Look(visit, debtor_id), Form(visit)
    _ = texts(visit.language).gettext
    offer = _offer(visit, look)
    if offer is None or visit.said("do") == "again":
        return _show_plan(visit, look, form)
    given: list[tuple[date, Money]] = []
    for n in range(MOST_INSTALMENTS):
        if not (visit.said(f"on-{n}") or visit.said(f"amount-{n}")):
            continue
        on = form.day(f"on-{n}", required=True, after=date.fromordinal(look.today.toordinal() - 1))
        money = form.money(f"amount-{n}", offer.owed.currency, required=True)
        if on and money:
            if given and on <= given[-1][0]:
                form.wrong(f"on-{n}", _("Give the earliest first: this day is not after the one before"))
            given.append((on, money))
    latest = look.view.policy.plan.longest_days
    if given and (given[-1][0] - look.today).days > latest:
        form.wrong("instalments", _("The policy allows %(n)s days at most until the last instalment") % {"n": latest})
    if form.is_right:
        come_to = total((money for _on, money in given), offer.owed.currency)
        if come_to != offer.owed:
            facts = {"sum": amount(come_to, visit.language), "owed": amount(offer.owed, visit.language)}
            short = offer.owed - come_to
            gap = amount(short if short > Money.zero(short.currency) else -short, visit.language)
            told = _("The instalments come to %(sum)s, the invoices to %(owed)s:") % facts
            rest = _("%(gap)s is missing") if short > Money.zero(short.currency) else _("%(gap)s is too much")
            form.wrong("instalments", f"{told} {rest % {'gap': gap}}")
    if form.is_right:
        try:
            by_hand.agree_plan(
                bootstrap.parts(), debtor_id, numbers=offer.numbers, instalments=given, means=visit.said("means"),
                at=visit.at, who=visit.who,
            )  # fmt: skip
            return _back(visit, debtor_id, N_("The payment plan is agreed; the debtor gets it in writing"))
        except BadInput as error:
            form.refused(error, numbers="instalments", on="instalments")
    return _show_plan(visit, look, form)


@act("/ops/debtors/{debtor_id}/plans/{plan_id}/end", Role.COLLECTOR)
def end_plan(visit: Visit, debtor_id: str, plan_id: str) -> Response:
    why = visit.said("why") or texts(visit.language).gettext("ended by hand")
    agreements.withdraw_plan(bootstrap.parts(), debtor_id, plan_id, why=why, at=visit.at, who=visit.who)
    return _back(visit, debtor_id, N_("The payment plan is ended: its invoices are back on the ladder"))


# --- disputes


@page("/ops/debtors/{debtor_id}/dispute", Role.COLLECTOR)
def dispute_form(visit: Visit, debtor_id: str) -> Response:
    look = Look(visit, debtor_id)
    return _show(visit, look, "dispute", Form(visit, owner=owner_of(look.file, look.office.creditor)))


@act("/ops/debtors/{debtor_id}/dispute", Role.COLLECTOR)
def dispute(visit: Visit, debtor_id: str) -> Response:
    look, form = Look(visit, debtor_id), Form(visit)
    reason = form.text("reason", required=True)
    numbers = form.ticked("numbers")
    if not numbers:
        form.wrong("numbers", texts(visit.language).gettext("Tick the invoices that are contested"))
    chosen = [look.file.cases[n] for n in numbers if n in look.file.cases]
    money = form.money("amount", _currency(chosen))
    if form.is_right:
        try:
            by_hand.open_dispute(
                bootstrap.parts(), debtor_id, numbers=numbers, reason=reason, owner=form.text("owner"), amount=money,
                at=visit.at, who=visit.who,
            )  # fmt: skip
            return _back(visit, debtor_id, N_("The dispute is open; its invoices are not chased meanwhile"))
        except BadInput as error:
            form.refused(error)
    return _show(visit, look, "dispute", form)


@page("/ops/debtors/{debtor_id}/disputes/{dispute_id}", Role.VIEWER)
def one_dispute(visit: Visit, debtor_id: str, dispute_id: str) -> Response:
    return _show_dispute(visit, Look(visit, debtor_id), dispute_id, Form(visit))


@act("/ops/debtors/{debtor_id}/disputes/{dispute_id}/progress", Role.COLLECTOR)
def progress(visit: Visit, debtor_id: str, dispute_id: str) -> Response:
    look, form = Look(visit, debtor_id), Form(visit)
    note = form.text("note", required=True)
    if not form.is_right:
        return _show_dispute(visit, look, dispute_id, form)
    agreements.note_progress(bootstrap.parts(), debtor_id, dispute_id, note, at=visit.at, who=visit.who)
    return _back(visit, debtor_id, N_("The progress is noted"))


@act("/ops/debtors/{debtor_id}/disputes/{dispute_id}/resolve", Role.COLLECTOR)
def resolve(visit: Visit, debtor_id: str, dispute_id: str) -> Response:
    look, form = Look(visit, debtor_id), Form(visit)
    outcome = form.text("outcome", required=True)
    message = form.text("message")
    _ = texts(visit.language).gettext
    if outcome not in ("", "credit_note", "corrected_invoice", "rejected", "paid"):
        form.wrong("outcome", _("Choose one of these"))
    if outcome == "rejected" and not message:
        form.wrong("message", _("Say to the debtor why: this goes out as our answer"))
    if form.is_right:
        said = Outcome(outcome=outcome, message=message, note=form.text("why"))
        try:
            by_hand.resolve_dispute(bootstrap.parts(), debtor_id, dispute_id, said, at=visit.at, who=visit.who)
            return _back(visit, debtor_id, N_("The dispute is resolved"))
        except BadInput as error:
            form.refused(error)
    return _show_dispute(visit, look, dispute_id, form)


# --- who they are


@page("/ops/debtors/{debtor_id}/contact", Role.COLLECTOR)
def contact_form(visit: Visit, debtor_id: str) -> Response:
    look = Look(visit, debtor_id)
    found = _contact(look, visit.query.get("id", ""))
    first = {name: str(getattr(found, name)) for name in ("name", "email", "phone", "title", "language")}
    form = Form(visit, id=found.id, role=found.role.value, **first)
    return _show(visit, look, "contact", form, contact=found)


@act("/ops/debtors/{debtor_id}/contact", Role.COLLECTOR)
def set_contact(visit: Visit, debtor_id: str) -> Response:
    """Add or change a contact. A new address is confirmed before it counts: where mail goes decides who reads it."""
    look, form = Look(visit, debtor_id), Form(visit)
    _ = texts(visit.language).gettext
    found = _contact(look, visit.said("id"))
    role = visit.said("role")
    if role not in [r.value for r in ContactRole]:
        form.wrong("role", _("Choose one of these"))
    email, phone = form.text("email"), form.text("phone")
    alive = visit.said("alive") == "yes" or email.lower() != found.email.lower()
    if not form.is_right:
        return _show(visit, look, "contact", form, contact=found)
    made = replace(
        found, role=ContactRole(role), name=form.text("name"), email=email, phone=phone, title=form.text("title"),
        language=visit.said("language"), dead_since_on=None if alive else found.dead_since_on,
        away_until=None if visit.said("back") == "yes" else found.away_until,
        deputy="" if visit.said("back") == "yes" else found.deputy,
        phone_wrong_since_on=found.phone_wrong_since_on if phone == found.phone else None,
    )  # fmt: skip
    if email and email.lower() != found.email.lower() and visit.said("sure") != email:
        form.wrong("sure", _("From now on mail goes to %(email)s. Check it with the debtor, then confirm.")
                   % {"email": email})  # fmt: skip
        return _show(visit, look, "contact", form, contact=found, confirm=email)
    try:
        by_hand.set_contact(bootstrap.parts(), debtor_id, made, at=visit.at, who=visit.who)
    except BadInput as error:
        form.refused(error)
        return _show(visit, look, "contact", form, contact=found)
    return _back(visit, debtor_id, N_("The contact is kept"))


@page("/ops/debtors/{debtor_id}/identity", Role.COLLECTOR)
def identity_form(visit: Visit, debtor_id: str) -> Response:
    look = Look(visit, debtor_id)
    debtor = look.file.debtor
    form = Form(visit, legal_id=debtor.legal_id, vat_number=debtor.vat_number, address="\n".join(debtor.address))
    return _show(visit, look, "identity", form)


@act("/ops/debtors/{debtor_id}/identity", Role.COLLECTOR)
def identity(visit: Visit, debtor_id: str) -> Response:
    look, form = Look(visit, debtor_id), Form(visit)
    try:
        letters.identify(
            bootstrap.parts(), debtor_id, address=tuple(visit.said("address").splitlines()),
            legal_id=visit.said("legal_id"), vat_number=visit.said("vat_number"), at=visit.at, who=visit.who,
        )  # fmt: skip
    except BadInput as error:
        form.refused(error)
        return _show(visit, look, "identity", form)
    return _back(visit, debtor_id, N_("The details are kept"))


@page("/ops/debtors/{debtor_id}/policy", Role.MANAGER)
def policy_form(visit: Visit, debtor_id: str) -> Response:
    look = Look(visit, debtor_id)
    form = Form(visit, policy=look.file.debtor.policy)
    return _show(visit, look, "policy", form, policies=look.office.policies)


@act("/ops/debtors/{debtor_id}/policy", Role.MANAGER)
def policy(visit: Visit, debtor_id: str) -> Response:
    look, form = Look(visit, debtor_id), Form(visit)
    before = look.file.debtor.policy
    try:
        by_hand.choose_policy(
            bootstrap.parts(), debtor_id, visit.said("policy"), why=visit.said("why"), at=visit.at, who=visit.who
        )
    except BadInput as error:
        form.refused(error)
        return _show(visit, look, "policy", form, policies=look.office.policies)
    return _back(visit, debtor_id, N_("The policy is changed"), undo=f"policy-back/{quote(before, safe='')}")


@act("/ops/debtors/{debtor_id}/policy-back/{policy_name}", Role.MANAGER)
def policy_back(visit: Visit, debtor_id: str, policy_name: str) -> Response:
    by_hand.choose_policy(bootstrap.parts(), debtor_id, policy_name, at=visit.at, who=visit.who)
    return _back(visit, debtor_id, N_("The policy is what it was"))


@act("/ops/debtors/{debtor_id}/credit-hold", Role.COLLECTOR)
def credit_hold(visit: Visit, debtor_id: str) -> Response:
    hold = visit.said("hold") == "yes"
    agreements.set_credit_hold(
        bootstrap.parts(), debtor_id, hold=hold, why=visit.said("why"), at=visit.at, who=visit.who
    )
    said = N_("Credit hold: deliveries only against prepayment") if hold else N_("The credit hold is released")
    return _back(visit, debtor_id, said)


# --- notes and mails


@act("/ops/debtors/{debtor_id}/note", Role.COLLECTOR)
def note(visit: Visit, debtor_id: str) -> Response:
    text = visit.said("text")
    if not text:
        return _back(visit, debtor_id, N_("The note was empty: nothing is kept"))
    by_hand.write_note(bootstrap.parts(), debtor_id, text, at=visit.at, who=visit.who)
    return _back(visit, debtor_id, N_("The note is kept"))


@page("/ops/debtors/{debtor_id}/mail", Role.COLLECTOR)
def mail_form(visit: Visit, debtor_id: str) -> Response:
    look = Look(visit, debtor_id)
    return _show(visit, look, "write", Form(visit, template="answer"), templates=by_hand.MAILS, preview=None)


@act("/ops/debtors/{debtor_id}/mail", Role.COLLECTOR)
def mail(visit: Visit, debtor_id: str) -> Response:
    """Show the mail as it will look; on the second press let it leave."""
    look, form = Look(visit, debtor_id), Form(visit)
    facts: dict[str, Any] = {
        "template": visit.said("template"), "numbers": form.ticked("numbers"), "words": visit.said("words"),
        "contact": visit.said("contact"), "at": visit.at,
    }  # fmt: skip
    preview = leaves_at = None
    if facts["template"] == "answer" and not facts["words"]:
        form.wrong("words", texts(visit.language).gettext("Fill this in"))
    if form.is_right:
        try:
            if visit.said("do") == "send":
                order = by_hand.order_mail(bootstrap.parts(), debtor_id, **facts, who=visit.who)
                undo = f"orders/{quote(order.id, safe='')}/withdraw"
                return _back(visit, debtor_id, N_("The mail is ordered: it leaves within the hours of mail"), undo=undo)
            written = by_hand.preview_mail(bootstrap.parts(), debtor_id, **facts)
            preview, leaves_at = text_of(written.raw), written.leaves_at
        except BadInput as error:
            form.refused(error, words="words", template="template")
    return _show(visit, look, "write", form, templates=by_hand.MAILS, preview=preview, leaves_at=leaves_at)


@act("/ops/debtors/{debtor_id}/orders/{order_id}/withdraw", Role.COLLECTOR)
def withdraw_mail(visit: Visit, debtor_id: str, order_id: str) -> Response:
    by_hand.withdraw_mail(bootstrap.parts(), debtor_id, order_id, at=visit.at, who=visit.who)
    return _back(visit, debtor_id, N_("The mail is taken back: it will not leave"))


@act("/ops/debtors/{debtor_id}/letters/{letter_id}/posted", Role.COLLECTOR)
def posted(visit: Visit, debtor_id: str, letter_id: str) -> Response:
    """The registered letter was posted, with this tracking number."""
    look, form = Look(visit, debtor_id, whole=True), Form(visit)
    found = look.file.letters.get(letter_id)
    if found is None:
        raise NotFound(f"no letter {letter_id}")
    tracking = form.text("tracking", required=True)
    on = form.day("on", past=True, until=look.today)
    if form.is_right:
        try:
            letters.post(
                bootstrap.parts(), debtor_id, letter_id, tracking=tracking, on=on, at=visit.at, who=visit.who
            )
            return _back(visit, debtor_id, N_("The letter is noted as posted"))
        except BadInput as error:
            form.refused(error)
    return show_letter(visit, look, found, form=form)


# --- what the acts share


def _show_plan(visit: Visit, look: Look, form: Form) -> Response:
    """The offer of the policy as instalments that can be changed, for the invoices that are ticked."""
    offer = _offer(visit, look)
    rows: list[tuple[str, str]] = []
    if form.sent and visit.said("do") != "again":
        rows = [(visit.said(f"on-{n}"), visit.said(f"amount-{n}")) for n in range(MOST_INSTALMENTS)]
        rows = rows[: max((n + 1 for n, row in enumerate(rows) if any(row)), default=0)]
    elif offer:
        rows = [(i.due_on.isoformat(), _typed(i.amount, visit.language)) for i in offer.instalments]
    rows += [("", "")] * min(SPARE_ROWS, MOST_INSTALMENTS - len(rows))
    currencies = sorted({c.balance.currency for c in look.file.open_cases()})
    plain = [c for c in look.file.open_cases() if not look.file.dispute_on(c.number)]
    return _show(
        visit, look, "plan", form, offer=offer, instalments=rows, currencies=currencies,
        cases=[c for c in plain if offer is None or c.balance.currency == offer.owed.currency][:CASES_OFFERED],
        chosen=set(offer.numbers) if offer else set(), terms=look.view.policy.plan,
    )  # fmt: skip


def _offer(visit: Visit, look: Look) -> Any:
    """The policy's offer for the invoices ticked (none: all), in the currency asked for, else the largest."""
    ticked = [n for n in visit.all_said("numbers") if n in look.file.cases]
    found = offers(look.file, ticked, look.office, on=look.today)
    wanted = visit.said("currency") or visit.query.get("currency", "")
    fitting = [o for o in found if o.owed.currency == wanted]
    return fitting[0] if fitting else max(found, key=lambda o: o.owed.amount, default=None)


def _typed(money: Money, language: str) -> str:
    return str(money.amount).replace(".", ",") if language == "fr" else str(money.amount)


def _show_dispute(visit: Visit, look: Look, dispute_id: str, form: Form) -> Response:
    found = look.file.disputes.get(dispute_id)
    if found is None:
        raise NotFound(f"no dispute {dispute_id}")
    about = [look.file.cases[n] for n in found.numbers if n in look.file.cases]
    return _show(visit, look, "one_dispute", form, dispute=found, cases=about)


def _promising(look: Look) -> dict[str, Any]:
    return {"means": MEANS, "currencies": sorted({c.balance.currency for c in look.file.open_cases()})}


def _currency(cases: Sequence[Case]) -> str:
    """That of the most money: what an amount is in where nobody says."""
    return max(cases, key=lambda c: c.balance.amount).balance.currency if cases else "EUR"


def _contact(look: Look, id_: str) -> Contact:
    if id_ and id_ not in look.file.contacts:
        raise NotFound(f"no contact {id_}")
    return look.file.contacts[id_] if id_ else Contact(id="")
