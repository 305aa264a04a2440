"""Read a dunning policy from its YAML file, or say of every mistake its line, its key and what was expected.

`templates/policies/standard.yaml` explains the keys. Only `name`, `version`, `title`, `steps` must be there;
for the rest a missing key means the default of `Policy`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from fractions import Fraction

from chalicelib.domain.policy import CallRules, CreditHoldRule, Do, Part, PlanTerms, Policy, SilenceRules, Step, When
from chalicelib.domain.yaml_keys import Keys, free_texts, read_keys
from chalicelib.errors import BadFile, BadInput

SENDERS = ("collector", "sales_rep", "director")
COURTESY = "courtesy"
"""The words of a notice before the due date: they say "will be due", and are refused anywhere else."""

_WORD = r"[a-z][a-z0-9_]{0,39}"
_WORD_EXAMPLE = "small letters, digits and _, for example first_reminder"
_WHEN = re.compile(rf"({_WORD})(?:\s*([+-])\s*([0-9]{{1,4}})\s+(business\s+)?days?)?")
_WHEN_EXAMPLE = '"due - 5 days", "due + 2 business days" or "first_reminder + 7 days"'
_LONGEST_OFFSET = 400
_SHARES = {"half": Fraction(1, 2), "third": Fraction(1, 3), "quarter": Fraction(1, 4)}
_PART = re.compile(r"(half|third|quarter|rest|[1-9][0-9]?%)\s+(?:now|\+\s*([0-9]{1,3})\s+days?)")
_PART_EXAMPLE = '"third now", "25% + 15 days" or, for the last one, "rest + 30 days"'
_HOURS = (time(9), time(17))


def load_policies(texts: Mapping[str, str]) -> dict[str, Policy]:
    """Policies by name, from texts by file name. BadFile tells every finding of the first wrong file."""
    policies: dict[str, Policy] = {}
    files: dict[str, str] = {}
    for file_name, text in sorted(texts.items()):
        policy = read_policy(text, file_name)
        if policy.name in policies:
            what = f"the policy {policy.name!r} is in {files[policy.name]} too"
            raise BadFile(file_name, [BadInput("key name", what, "give each policy a name of its own")])
        policies[policy.name], files[policy.name] = policy, file_name
    if "standard" not in policies:
        where = ", ".join(sorted(texts)) or "policies"
        remedy = "name one of them standard: it serves every debtor that has none of its own"
        raise BadFile(where, [BadInput("key name", "no policy is named standard", remedy)])
    return policies


def read_policy(text: str, file_name: str = "policy") -> Policy:
    """One policy; BadFile with all findings, the first line first, when anything in it is wrong."""
    findings: list[BadInput] = []
    top = read_keys(text, file_name, findings)
    policy = _policy(top)
    top.done()
    if findings:
        raise BadFile(file_name, sorted(findings, key=_line))
    return policy


def _policy(top: Keys) -> Policy:
    name = top.text("name", pattern=_WORD, example=_WORD_EXAMPLE)
    version = top.whole("version", lowest=1, highest=1_000_000)
    wrong = len(top.findings)
    title_keys = top.section("title", required=True)
    title = dict(free_texts(title_keys, key_pattern="[a-z]{2}", example="fr or en"))
    if not title and len(top.findings) == wrong:
        top.report("title", "names no language", "expected for example {fr: Entreprises, en: Companies}")

    hours = _hours(top)
    spacing = top.whole("spacing_days", 5, highest=90)
    formal_spacing = top.whole("formal_notice_spacing_days", 30, highest=365)
    promise, claimed = top.section("promise"), top.section("claimed_payment")
    pause, tasks, blind = top.section("pause"), top.section("tasks"), top.section("blind_after_hours")
    dispute = top.section("dispute")
    result = Policy(
        name=name,
        version=version,
        title=title,
        hours=hours,
        spacing_days=spacing,
        formal_notice_spacing_days=formal_spacing,
        promise_grace_business_days=promise.whole("grace_business_days", 2, highest=30),
        promise_longest_days=promise.whole("longest_days", 60, lowest=1, highest=365),
        promise_ask_business_days=promise.whole("ask_business_days", 3, lowest=1, highest=30),
        calls=_calls(top),
        silence=_silence(top),
        claim_hold_business_days=claimed.whole("hold_business_days", 5, highest=60),
        reply_pause_days=pause.whole("reply_days", 5, highest=60),
        unverified_pause_days=pause.whole("unverified_days", 3, highest=30),
        document_pause_days=pause.whole("document_days", 3, highest=60),
        call_due_business_days=tasks.whole("call_due_business_days", 1, highest=30),
        review_due_business_days=tasks.whole("review_due_business_days", 1, highest=30),
        blind_after_hours_payments=blind.whole("payments", 96, lowest=1, highest=24 * 31),
        blind_after_hours_mailbox=blind.whole("mailbox", 6, lowest=1, highest=24 * 31),
        plan=_plan(top),
        credit_hold=_credit_hold(top),
        dispute_progress_business_days=dispute.whole("progress_business_days", 5, highest=60),
        dispute_escalate_to=dispute.text("escalate_to", "director", one_of=SENDERS),
        block_review_days=top.whole("block_review_days", 90, highest=366),
        tell_sales_rep_business_days=top.whole("tell_sales_rep_business_days", 0, highest=20),
        steps=_steps(top),
    )
    for section in (promise, claimed, pause, tasks, blind, dispute):
        section.done()
    return result


def _plan(top: Keys) -> PlanTerms:
    keys, least = top.section("plan"), PlanTerms()
    terms = PlanTerms(
        parts=_parts(keys) if "instalments" in keys else least.parts,
        minimum=keys.amount("minimum", least.minimum),
        longest_days=keys.whole("longest_days", least.longest_days, lowest=1, highest=730),
        notice_days=keys.whole("notice_days", least.notice_days, highest=30),
        reminder_business_days=keys.whole("reminder_business_days", least.reminder_business_days, lowest=1, highest=30),
        grace_business_days=keys.whole("grace_business_days", least.grace_business_days, lowest=2, highest=60),
    )
    if terms.grace_business_days <= terms.reminder_business_days:
        remedy = f"expected more than reminder_business_days, {terms.reminder_business_days}"
        keys.report("grace_business_days", "ends before the reminder could be answered", remedy)
    if terms.parts[-1].days > terms.longest_days:
        what = f"the last instalment, after {terms.parts[-1].days} days, is later"
        keys.report("longest_days", what, f"expected {terms.parts[-1].days} at least")
    keys.done()
    return terms


def _parts(keys: Keys) -> tuple[Part, ...]:
    parts: list[Part] = []
    for text in keys.texts("instalments"):
        found = _PART.fullmatch(text)
        if not found:
            keys.report("instalments", f"{text!r} is not understood", f"expected {_PART_EXAMPLE}")
            return PlanTerms().parts
        share, days = found.groups()
        known = None if share == "rest" else _SHARES.get(share) or Fraction(int(share[:-1]), 100)
        parts.append(Part(known, int(days or 0)))
    shares = [part.share for part in parts]
    days = [part.days for part in parts]
    if not parts or None in shares[:-1] or shares[-1] is not None:
        keys.report("instalments", "the last one, and no other, takes the rest", f"expected {_PART_EXAMPLE}")
    elif days[0] != 0 or days != sorted(set(days)):
        keys.report("instalments", "they do not begin now and follow one another", f"expected {_PART_EXAMPLE}")
    elif sum(share for share in shares if share) >= 1:
        keys.report("instalments", "they leave no rest", "expected shares that come to less than the whole")
    else:
        return tuple(parts)
    return PlanTerms().parts


def _credit_hold(top: Keys) -> CreditHoldRule:
    keys, least = top.section("credit_hold"), CreditHoldRule()
    rule = CreditHoldRule(
        overdue_days=keys.whole("overdue_days", least.overdue_days, lowest=1, highest=3660),
        overdue_amount=keys.amount("overdue_amount", least.overdue_amount),
    )
    keys.done()
    return rule


def _calls(top: Keys) -> CallRules:
    keys, known = top.section("calls"), CallRules()
    rules = CallRules(
        retry_business_days=keys.whole("retry_business_days", known.retry_business_days, lowest=1, highest=30),
        follow_up_days=keys.whole("follow_up_days", known.follow_up_days, lowest=1, highest=60),
        unreached_calls=keys.whole("unreached_calls", known.unreached_calls, lowest=1, highest=20),
        voicemail_mail=keys.truth("voicemail_mail", known.voicemail_mail),
    )
    keys.done()
    return rules


def _silence(top: Keys) -> SilenceRules:
    keys, known = top.section("silence"), SilenceRules()
    rules = SilenceRules(
        mails=keys.whole("mails", known.mails, highest=20),
        minimum=keys.amount("minimum", known.minimum),
        large=keys.amount("large", known.large),
        large_mails=keys.whole("large_mails", known.large_mails, lowest=1, highest=20),
        after_business_days=keys.whole("after_business_days", known.after_business_days, lowest=1, highest=30),
    )
    keys.done()
    return rules


def _hours(top: Keys) -> tuple[time, time]:
    if "hours" not in top:
        top.section("hours")
        return _HOURS
    hours = top.section("hours")
    first, last = hours.clock("from", _HOURS[0]), hours.clock("to", _HOURS[1])
    if first >= last:
        what = f"{last:%H:%M} is not after {first:%H:%M}"
        hours.report("to", what, "expected a later time of the same day")
    hours.done()
    return first, last


def _steps(top: Keys) -> tuple[Step, ...]:
    items = top.items("steps", required=True)
    if "steps" in top and not items:
        top.report("steps", "a ladder without steps", "expected at least one step, for example an e-mail")
    steps: list[Step] = []
    for item in items:
        steps.append(_step(item, steps))
        item.done()
    return tuple(steps)


def _step(keys: Keys, earlier: list[Step]) -> Step:
    id_ = keys.text("id", pattern=_WORD, example=_WORD_EXAMPLE)
    if id_ == "due" or id_ in {step.id for step in earlier}:
        what = "is the due date's own word" if id_ == "due" else "is the id of an earlier step"
        keys.report("id", f"{id_!r} {what}", "give each step an id of its own")
    when = _when(keys, earlier)
    do = Do(keys.text("do", one_of=[d.value for d in Do]) or Do.EMAIL)
    mails = do in (Do.EMAIL, Do.FORMAL_NOTICE)
    template = keys.text("template", "", pattern=_WORD, example=_WORD_EXAMPLE)
    step = Step(
        id=id_,
        when=when,
        do=do,
        template=template or (id_ if mails else ""),
        sender=keys.text("sender", "collector", one_of=SENDERS),
        copy_sales_rep=keys.truth("copy_sales_rep", False),
        minimum=keys.amount("minimum", Decimal(0)),
        new_within_days=keys.whole("new_within_days", 0, highest=3660),
    )
    if do is Do.EMAIL and step.template == COURTESY and not step.before_due:
        remedy = 'it speaks of a day to come: expected for example "due - 5 days"'
        keys.report("when", f"a courtesy notice on {when}", remedy)
    if do in (Do.FORMAL_NOTICE, Do.CHOOSE) and step.before_due:
        keys.report("when", f"{do} before the due date", "nothing is owed yet: expected a day after it")
    if template and not mails:
        keys.report("template", f"a step that does {do} writes no mail", "remove the template")
    if step.new_within_days and not step.minimum:
        remedy = "it takes new clients in below the minimum: set minimum too"
        keys.report("new_within_days", "adds to nothing", remedy)
    return step


def _when(keys: Keys, earlier: list[Step]) -> When:
    fallback = When("due", 0)
    text = keys.text("when", example=_WHEN_EXAMPLE)
    if not text:
        return fallback
    found = _WHEN.fullmatch(text)
    if not found:
        keys.report("when", f"{text!r} is not understood", f"expected {_WHEN_EXAMPLE}")
        return fallback
    anchor, sign, days, business = found.groups()
    when = When(anchor, int(days or 0) * (-1 if sign == "-" else 1), bool(business))
    known = [step.id for step in earlier]
    if anchor != "due" and anchor not in known:
        remedy = f"expected due or an earlier step: {', '.join(known)}" if known else "expected due"
        keys.report("when", f"{anchor!r} is no earlier step", remedy)
        return fallback
    if abs(when.offset) > _LONGEST_OFFSET:
        keys.report("when", f"{days} days is too far", f"expected {_LONGEST_OFFSET} days at most")
    if anchor != "due" and when.offset < 0:
        keys.report("when", f"{when} lies before {anchor}", f'expected "{anchor} + … days"')
    _check_order(keys, when, earlier)
    return when


def _check_order(keys: Keys, when: When, earlier: list[Step]) -> None:
    """The ladder is climbed from top to bottom: no day may lie before the one above it."""
    past = [s for s in earlier if not s.before_due]
    by_due = [s for s in earlier if s.when.anchor == when.anchor == "due"]
    behind = [s for s in by_due if s.when.business == when.business and s.when.offset > when.offset]
    remedy = "put the steps in order"
    if when.anchor == "due" and when.offset < 0 and past:
        keys.report("when", f"{when} stands below {past[-1].id}, which comes later", remedy)
    elif behind:
        keys.report("when", f"{when} stands below {behind[-1].id} ({behind[-1].when})", remedy)


def _line(finding: BadInput) -> int:
    found = re.match(r"line ([0-9]+)", finding.where)
    return int(found[1]) if found else 0
