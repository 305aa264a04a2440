"""Policy: the ladder as a picture, its mails with real data, its versions; a change is tried before it is adopted."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from http import HTTPStatus
from typing import Any

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.domain.calendar import local_day
from chalicelib.domain.policy import Policy, Step
from chalicelib.domain.policy_file import read_policy
from chalicelib.errors import BadFile, BadInput, PermanentError, RetryableError
from chalicelib.pipeline import policies as kept
from chalicelib.pipeline import try_policy
from chalicelib.pipeline.keep import office_of
from chalicelib.ports import Change, PolicyDraft, PolicyVersion
from chalicelib.web.pages.guard import LANGUAGES, NotFound, Visit, act, page
from chalicelib.web.pages.policy_ladder import picture
from chalicelib.web.pages.policy_sample import Sample, sample
from chalicelib.web.pages.policy_words import patience, rungs, step_name
from chalicelib.web.pages.render import texts
from chalicelib.web.pages.safety import headers_of_a_shown_mail
from chalicelib.web.pages.session import Role

AROUND = 3
"""Lines that stay the same, shown on either side of a change."""

OFFERED = 20
"""Debtors offered for a preview: those that owe the most."""

SHIPPED = "shipped"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A policy as it is in force: its text, what that says, and who put it there (None: the program brought it)."""

    name: str
    text: str
    policy: Policy
    version: PolicyVersion | None

    def title(self, language: str) -> str:
        titles = self.policy.title
        return titles.get(language) or next(iter(titles.values()))


@dataclass(frozen=True, kw_only=True)
class DiffLine:
    """A line of a comparison. kind: same, gone, new, skip."""

    kind: str
    before: int = 0
    after: int = 0
    text: str = ""


@page("/ops/policy", Role.VIEWER)
def policies(visit: Visit) -> Response:
    """Every policy, in one read."""
    standing = _standing()
    shown = [(one, one.title(visit.language), rungs(one.policy, visit.language)) for one in standing.values()]
    shown.sort(key=lambda one: (one[0].name != "standard", one[1]))
    return visit.show("policy/list.html.j2", policies=shown, picture=picture)


@page("/ops/policy/{name}", Role.VIEWER)
def policy(visit: Visit, name: str) -> Response:
    """One ladder as a picture and as a list, its patience in words, its versions."""
    one = _one(name)
    ladder = rungs(one.policy, visit.language)
    return visit.show(
        "policy/policy.html.j2", one=one, title=one.title(visit.language), ladder=ladder, drawn=picture(ladder),
        patience=patience(one.policy, visit.language), versions=bootstrap.policy_store().versions(name, limit=20),
    )  # fmt: skip


@page("/ops/policy/{name}/mails/{step}", Role.VIEWER)
def mail(visit: Visit, name: str, step: str) -> Response:
    """The mail of one step as it will look, with a debtor's own invoices, in either language."""
    one = _one(name)
    rung = _step(one, step)
    language, asked = _language(visit), visit.query.get("debtor", "").strip()
    offered = _most_overdue()
    found, wrong = _sample(one, rung, language, asked or next((id_ for id_, _ in offered), ""))
    t = texts(visit.language)
    mails = [(s, step_name(s.id, t)) for s in one.policy.steps if s.template]
    return visit.show(
        "policy/mail.html.j2", one=one, title=one.title(visit.language), step=rung, name=step_name(rung.id, t),
        shown=found, spoken=language, mails=mails, offered=offered, debtor=asked,
        error=t.gettext("There is no debtor of this number with an open invoice; a sample is shown.")
        if asked and wrong else "",
    )  # fmt: skip


@page("/ops/policy/{name}/mails/{step}/{language}", Role.VIEWER)
def framed_mail(visit: Visit, name: str, step: str, language: str) -> Response:
    """The HTML of that mail for its frame: it may use its own styles, and nothing else at all."""
    one = _one(name)
    if language not in LANGUAGES:
        raise NotFound("no such language")
    found, _ = _sample(one, _step(one, step), language, visit.query.get("debtor", ""))
    if found.mail is None:
        raise NotFound("there is no such mail")
    headers: dict[str, str | list[str]] = {
        "Content-Type": "text/html; charset=utf-8", **headers_of_a_shown_mail(visit.jar.secure)
    }  # fmt: skip
    return Response(body=found.mail.html, headers=headers)


@page("/ops/policy/{name}/versions", Role.VIEWER)
def versions(visit: Visit, name: str) -> Response:
    """Two versions compared, line by line."""
    one = _one(name)
    known = bootstrap.policy_store().versions(name, limit=50)
    numbers = [str(version.number) for version in known]
    ends = [*numbers, SHIPPED]
    old = visit.query.get("from", "") if visit.query.get("from") in ends else (ends[1] if len(ends) > 1 else SHIPPED)
    new = visit.query.get("to", "") if visit.query.get("to") in ends else ends[0]
    return visit.show(
        "policy/versions.html.j2", one=one, title=one.title(visit.language), known=known, old=old, new=new,
        lines=compared(_text_of(name, old, known), _text_of(name, new, known)), shipped=SHIPPED,
    )  # fmt: skip


@page("/ops/policy/{name}/edit", Role.COLLECTOR)
def edit(visit: Visit, name: str) -> Response:
    """The file as text, with its comments; from a draft or an older version where one is named."""
    one = _one(name)
    text = one.text
    if draft := bootstrap.policy_store().draft(visit.query.get("draft", "") or "-"):
        text = draft.text if draft.name == name else text
    elif asked := visit.query.get("from", ""):
        text = _text_of(name, asked, bootstrap.policy_store().versions(name, limit=50))
    return _editor(visit, one, kept.numbered(text, one.policy.version + 1))


@act("/ops/policy/{name}/drafts", Role.COLLECTOR)
def make_draft(visit: Visit, name: str) -> Response:
    """Check the text; what is right becomes a draft, what is wrong is told at its line and nothing typed is lost."""
    one = _one(name)
    text = _as_file(visit.said("text"))
    try:
        kept.checked(text, name=name, number=one.policy.version + 1)
    except BadFile as error:
        return _editor(visit, one, text, findings=error.findings)
    id_ = secrets.token_urlsafe(12)
    first = [id_ for id_, _ in _most_overdue()]
    try_policy.begin(bootstrap.policy_store(), id_, text, name=name, who=visit.who, at=visit.at, first=first)
    return visit.go(f"/ops/policy/{name}/drafts/{id_}")


@page("/ops/policy/{name}/drafts/{draft}", Role.COLLECTOR)
def draft(visit: Visit, name: str, draft: str) -> Response:
    """What a draft changes, and what it would have changed in the last sixty days."""
    return _draft(visit, _one(name), _draft_of(name, draft))


@act("/ops/policy/{name}/drafts/{draft}/try", Role.COLLECTOR, noted=False)
def go_on_trying(visit: Visit, name: str, draft: str) -> Response:
    """One turn of the trial; the page asks for the next by itself until it is done."""
    one, made = _one(name), _draft_of(name, draft)
    parts = bootstrap.parts()
    made = try_policy.go_on(
        parts, bootstrap.policy_store(), made, one.policy, read_policy(made.text, name),
        today=local_day(visit.at, parts.offices.creditor().zone), at=visit.at,
    )  # fmt: skip
    if visit.is_piece:
        return visit.show("policy/trial.html.j2", **_trial(visit, one, made))
    return visit.go(f"/ops/policy/{name}/drafts/{draft}")


@act("/ops/policy/{name}/drafts/{draft}/adopt", Role.MANAGER)
def adopt(visit: Visit, name: str, draft: str) -> Response:
    """Put a draft that was tried in force."""
    t, one, made = texts(visit.language), _one(name), _draft_of(name, draft)
    why = visit.said("why")
    if not made.done:
        return _draft(visit, one, made, error=t.gettext("Let the trial come to its end first."))
    if not why:
        return _draft(visit, one, made, error=t.gettext("Say why: it stands beside the version for good."))
    if made.text == one.text:
        return visit.go(f"/ops/policy/{name}", said=t.gettext("It is in force already"))
    number = one.policy.version + 1
    try:
        done = kept.adopt(
            bootstrap.policy_store(), made.text, name=name, number=number, who=visit.who, at=visit.at, why=why[:500]
        )
    except BadFile:
        done = False  # its number is that of a version that somebody else has put in force since
    if not done:
        said = t.gettext("Somebody has put another version in force since. Take your draft up again on top of it.")
        return _draft(visit, one, made, error=said, stale=True)
    before, after = (t.gettext("version %(n)d") % {"n": n} for n in (one.policy.version, number))
    visit.changed.append(Change(what=f"policy {name}", before=before, after=after))
    said = t.gettext("Version %(n)d is in force within a minute") % {"n": number}
    return visit.go(f"/ops/policy/{name}", said=said)


def compared(before: str, after: str) -> list[DiffLine]:
    """Two texts line by line; long runs that are the same are skipped."""
    old, new = before.splitlines(), after.splitlines()
    lines: list[DiffLine] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    groups = list(matcher.get_grouped_opcodes(AROUND))
    for group in groups:
        if group[0][1] or group[0][3]:
            lines.append(DiffLine(kind="skip"))
        for kind, a, b, c, d in group:
            if kind == "equal":
                lines += [
                    DiffLine(kind="same", before=a + n + 1, after=c + n + 1, text=old[a + n]) for n in range(b - a)
                ]
                continue
            lines += [DiffLine(kind="gone", before=n + 1, text=old[n]) for n in range(a, b)]
            lines += [DiffLine(kind="new", after=n + 1, text=new[n]) for n in range(c, d)]
    if groups and (groups[-1][-1][2] < len(old) or groups[-1][-1][4] < len(new)):
        lines.append(DiffLine(kind="skip"))
    return lines


def _standing() -> dict[str, Standing]:
    """Every policy as it stands this moment: read anew, not believed for a minute as elsewhere."""
    adopted = {version.name: version for version in bootstrap.policy_store().adopted()}
    shipped, brought = bootstrap.policy_texts(), bootstrap.policies()
    found = {}
    for name in sorted({*shipped, *adopted}):
        version = adopted.get(name)
        text = version.text if version else shipped[name]
        found[name] = Standing(
            name=name, text=text, policy=kept.read_version(version) if version else brought[name], version=version
        )
    return found


def _one(name: str) -> Standing:
    standing = _standing()
    if name not in standing:
        raise NotFound(f"no policy {name}")
    return standing[name]


def _step(one: Standing, id_: str) -> Step:
    found = next((step for step in one.policy.steps if step.id == id_ and step.template), None)
    if found is None:
        raise NotFound(f"no mail {id_}")
    return found


def _language(visit: Visit) -> str:
    asked = visit.query.get("language", "")
    return asked if asked in LANGUAGES else visit.language


def _sample(one: Standing, step: Step, language: str, debtor_id: str) -> tuple[Sample, bool]:
    """A preview, and whether the debtor that was asked for could not be shown."""
    parts = bootstrap.parts()
    office = office_of(parts)
    file = parts.store.load(debtor_id) if debtor_id else None
    found = sample(parts, office, one.policy, step, file, language)
    return found, found.debtor_id != debtor_id


def _most_overdue() -> list[tuple[str, str]]:
    """Id and name of those that owe the most, off the day's count; nobody where nothing was counted yet."""
    with suppress(PermanentError, RetryableError):
        numbers = bootstrap.numbers_store().latest()
        if numbers is not None:
            return [(one.debtor_id, one.name) for c in numbers.currencies() for one in numbers.top.get(c, ())][:OFFERED]
    return []


def _text_of(name: str, which: str, known: Sequence[PolicyVersion]) -> str:
    if which == SHIPPED:
        return bootstrap.policy_texts().get(name, "")
    found = next((version for version in known if str(version.number) == which), None)
    if found is None:
        raise NotFound(f"no version {which} of {name}")
    return found.text


def _as_file(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") + "\n"


def _editor(visit: Visit, one: Standing, text: str, findings: Sequence[BadInput] = ()) -> Response:
    lines = text.splitlines()
    told = []
    for finding in findings:
        digits = finding.where.removeprefix("line ").split(",")[0]
        number = int(digits) if digits.isdecimal() else 0
        told.append((number, lines[number - 1] if 0 < number <= len(lines) else "", finding))
    return visit.show(
        "policy/edit.html.j2", status=HTTPStatus.UNPROCESSABLE_ENTITY if findings else HTTPStatus.OK,
        one=one, title=one.title(visit.language), text=text, lines=len(lines), findings=told,
        wrong={number for number, _, _ in told},
    )  # fmt: skip


def _draft_of(name: str, id_: str) -> PolicyDraft:
    found = bootstrap.policy_store().draft(id_)
    if found is None or found.name != name:
        raise NotFound("no such draft")
    return found


def _draft(visit: Visit, one: Standing, made: PolicyDraft, *, error: str = "", stale: bool = False) -> Response:
    ladder = rungs(read_policy(made.text, one.name), visit.language)
    return visit.show(
        "policy/draft.html.j2", status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        title=one.title(visit.language), ladder=ladder, drawn=picture(ladder), error=error, why=visit.said("why"),
        lines=compared(one.text, made.text), stale=stale or _is_stale(one, made), **_trial(visit, one, made),
    )  # fmt: skip


def _is_stale(one: Standing, made: PolicyDraft) -> bool:
    return read_policy(made.text, one.name).version != one.policy.version + 1


def _trial(visit: Visit, one: Standing, made: PolicyDraft) -> Mapping[str, Any]:
    """What the piece about the trial shows."""
    t = texts(visit.language)
    tally = made.tally
    kinds = {"email": t.gettext("E-mails"), "call": t.gettext("Calls"), "formal_notice": t.gettext("Formal notices")}
    weeks: list[tuple[Any, list[tuple[int, int]]]] = []
    sums: list[tuple[str, int, int]] = []
    if "now" in tally:
        now, then = tally["now"], tally["then"]
        sums = [(name, sum(now[kind]), sum(then[kind])) for kind, name in kinds.items()]
        zone = bootstrap.parts().offices.creditor().zone
        first = local_day(made.at, zone) - timedelta(days=try_policy.DAYS)
        weeks = [
            (first + timedelta(days=7 * n), [(now[kind][n], then[kind][n]) for kind in kinds])
            for n in range(len(now["email"]))
        ]
    debtors = [
        {
            **told,
            "gone": [_told(one_act, visit, t) for one_act in told["gone"]],
            "new": [_told(one_act, visit, t) for one_act in told["new"]],
        }
        for told in tally.get("debtors", ())
    ]
    return {
        "one": one, "draft": made, "tally": tally, "kinds": list(kinds.values()),
        "heads": [(t.gettext("Week from"), ""), *((name, "num") for name in kinds.values())], "kind_keys": list(kinds),
        "sums": sums, "weeks": weeks, "debtors": debtors, "limit": try_policy.MOST,
        "days": try_policy.DAYS,
    }  # fmt: skip


def _told(act_: Sequence[str], visit: Visit, t: Any) -> tuple[Any, str]:
    on, _, step = act_
    return datetime.fromisoformat(on).date(), step_name(step, t)
