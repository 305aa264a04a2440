"""A policy file is read whole, or refused with the line, the key and what was expected of every mistake."""

from __future__ import annotations

import time as clock
from datetime import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.policy import CreditHoldRule, Do, Part, PlanTerms, Policy, When
from chalicelib.domain.policy_file import load_policies, read_policy
from chalicelib.errors import BadFile

SHIPPED = Path(__file__).parents[2] / "templates" / "policies"

GOOD = """\
name: small
version: 3
title: {fr: Petite, en: Small}
hours: {from: 9:00, to: 17:30}
spacing_days: 4
promise:
  grace_business_days: 1
steps:
  - id: courtesy
    when: due - 5 days
    do: email
  - id: first_reminder
    when: due + 2 business days
    do: email
    sender: director
    copy_sales_rep: yes
  - id: first_call
    when: first_reminder + 1 business day
    do: call
    minimum: 99.50
    new_within_days: 90
"""


def findings(text: str) -> list[str]:
    with pytest.raises(BadFile) as refused:
        read_policy(text, "p.yaml")
    return [str(f) for f in refused.value.findings]


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def test_a_policy_is_read_with_its_defaults():
    policy = read_policy(GOOD)

    assert (policy.name, policy.version, policy.title) == ("small", 3, {"fr": "Petite", "en": "Small"})
    assert policy.hours == (time(9), time(17, 30))
    assert (policy.spacing_days, policy.promise_grace_business_days) == (4, 1)
    assert policy.promise_longest_days == 60, "a key that is not there keeps its default"
    assert [s.when for s in policy.steps] == [
        When("due", -5), When("due", 2, True), When("first_reminder", 1, True),
    ]  # fmt: skip
    assert [s.do for s in policy.steps] == [Do.EMAIL, Do.EMAIL, Do.CALL]
    assert [s.template for s in policy.steps] == ["courtesy", "first_reminder", ""]
    assert (policy.steps[1].sender, policy.steps[1].copy_sales_rep) == ("director", True)
    assert (policy.steps[2].minimum, policy.steps[2].new_within_days) == (Decimal("99.50"), 90)


def test_the_defaults_of_the_reader_are_those_of_the_policy():
    least = read_policy("name: a\nversion: 1\ntitle: {en: A}\nsteps: [{id: b, when: due, do: email}]")

    assert least == Policy(name="a", version=1, title={"en": "A"}, steps=least.steps)


def test_the_policies_that_are_shipped_are_read():
    texts = {f.name: f.read_text("utf-8") for f in SHIPPED.glob("*.yaml")}

    policies = load_policies(texts)

    assert {"standard", "public_body", "key_account"} <= set(policies)
    assert all(f"{name}.yaml" in texts for name in policies)


def test_a_day_is_written_as_it_is_read():
    for step in load_policies({"s": (SHIPPED / "standard.yaml").read_text("utf-8")})["standard"].steps:
        text = changed("when: due + 2 business days", f"when: {step.when}").replace("due - 5", "due - 50")
        if step.when.anchor == "due" and step.when.offset >= 0:
            assert read_policy(text).steps[1].when == step.when


AGREED = GOOD.replace("steps:\n", """\
plan:
  instalments: [half now, 25% + 10 days, rest + 20 days]
  minimum: 500
  longest_days: 60
  notice_days: 0
  reminder_business_days: 3
  grace_business_days: 6
dispute: {progress_business_days: 4, escalate_to: sales_rep}
credit_hold: {overdue_days: 45, overdue_amount: 750.50}
block_review_days: 30
tell_sales_rep_business_days: 3
steps:
""")


def test_what_may_be_agreed_is_read():
    policy = read_policy(AGREED)

    assert policy.plan == PlanTerms(
        parts=(Part(Fraction(1, 2)), Part(Fraction(1, 4), 10), Part(None, 20)), minimum=Decimal(500), longest_days=60,
        notice_days=0, reminder_business_days=3, grace_business_days=6,
    )  # fmt: skip
    assert policy.credit_hold == CreditHoldRule(overdue_days=45, overdue_amount=Decimal("750.50"))
    assert (policy.dispute_progress_business_days, policy.dispute_escalate_to) == (4, "sales_rep")
    assert (policy.block_review_days, policy.tell_sales_rep_business_days) == (30, 3)


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("[half now,", "[two now,",
         "line 9, key plan.instalments: 'two now' is not understood; "
         'expected "third now", "25% + 15 days" or, for the last one, "rest + 30 days"'),
        ("rest + 20 days]", "quarter + 20 days]",
         "line 9, key plan.instalments: the last one, and no other, takes the rest; "
         'expected "third now", "25% + 15 days" or, for the last one, "rest + 30 days"'),
        ("[half now,", "[half + 5 days,",
         "line 9, key plan.instalments: they do not begin now and follow one another; "
         'expected "third now", "25% + 15 days" or, for the last one, "rest + 30 days"'),
        ("rest + 20 days]", "rest + 10 days]",
         "line 9, key plan.instalments: they do not begin now and follow one another; "
         'expected "third now", "25% + 15 days" or, for the last one, "rest + 30 days"'),
        ("25% + 10 days", "half + 10 days",
         "line 9, key plan.instalments: they leave no rest; expected shares that come to less than the whole"),
        ("longest_days: 60", "longest_days: 19",
         "line 11, key plan.longest_days: the last instalment, after 20 days, is later; expected 20 at least"),
        ("grace_business_days: 6\n", "grace_business_days: 3\n",
         "line 14, key plan.grace_business_days: ends before the reminder could be answered; "
         "expected more than reminder_business_days, 3"),
        ("escalate_to: sales_rep", "escalate_to: boss",
         "line 15, key dispute.escalate_to: 'boss' is unknown; expected one of collector, sales_rep, director"),
        ("overdue_amount: 750.50", "overdue_amount: much",
         "line 16, key credit_hold.overdue_amount: 'much' is no amount of zero or more; "
         "expected for example 150 or 99.50"),
    ],
)  # fmt: skip
def test_of_what_may_be_agreed_every_mistake_has_its_line(old, new, finding):
    assert AGREED.count(old) == 1
    assert findings(AGREED.replace(old, new)) == [finding]


WRONG = [
    # an old piece of the good file, what stands in its place, the findings
    ("version: 3", "", ["line 1, key version: is missing; expected a whole number from 1 to 1000000"]),
    ("version: 3", "version: three",
     ["line 2, key version: 'three' is no whole number; expected a whole number from 1 to 1000000"]),
    ("version: 3", "version: 0",
     ["line 2, key version: 0 is out of bounds; expected a whole number from 1 to 1000000"]),
    ("name: small", "name: Small One",
     ["line 1, key name: 'Small One' does not fit; "
      "expected small letters, digits and _, for example first_reminder"]),
    ("name: small", "name:",
     ["line 1, key name: has no value; expected small letters, digits and _, for example first_reminder"]),
    ("{fr: Petite, en: Small}", "Small",
     ["line 3, key title: the text 'Small' stands here; expected keys with values, one a line"]),
    ("{fr: Petite, en: Small}", "{french: Petite}",
     ["line 3, key title.french: does not fit as a key here; expected for example fr or en"]),
    ("{fr: Petite, en: Small}", "{}",
     ["line 3, key title: names no language; expected for example {fr: Entreprises, en: Companies}"]),
    ("spacing_days: 4", "spacing_days: -1",
     ["line 5, key spacing_days: -1 is out of bounds; expected a whole number from 0 to 90"]),
    ("spacing_days: 4", "spacing_days: [4]",
     ["line 5, key spacing_days: a list stands here; expected a whole number from 0 to 90"]),
    ("spacing_days: 4", "spacing_day: 4",
     ["line 5, key spacing_day: unknown key; did you mean spacing_days?"]),
    ("  grace_business_days: 1", "  grace_days: 1",
     ["line 7, key promise.grace_days: unknown key; did you mean grace_business_days?"]),
    ("spacing_days: 4", "version: 4",
     ["line 5, key version: stands here again (first in line 2); keep one of them"]),
    ("to: 17:30", "to: 9:00",
     ["line 4, key hours.to: 09:00 is not after 09:00; expected a later time of the same day"]),
    ("to: 17:30", "to: 25:00",
     ["line 4, key hours.to: '25:00' is no time of day; expected for example \"09:00\""]),
    ("{from: 9:00, to: 17:30}", "{from: 9:00}",
     ["line 4, key hours.to: is missing; expected a time of day, for example \"09:00\""]),
    ("  - id: first_call", "  - id: courtesy",
     ["line 17, key steps[3].id: 'courtesy' is the id of an earlier step; give each step an id of its own"]),
    ("  - id: first_call", "  - id: due",
     ["line 17, key steps[3].id: 'due' is the due date's own word; give each step an id of its own"]),
    ("when: due + 2 business days", "when: due + 2 weeks",
     ["line 13, key steps[2].when: 'due + 2 weeks' is not understood; expected "
      '"due - 5 days", "due + 2 business days" or "first_reminder + 7 days"']),
    ("when: first_reminder + 1 business day", "when: first_remind + 1 day",
     ["line 18, key steps[3].when: 'first_remind' is no earlier step; "
      "expected due or an earlier step: courtesy, first_reminder"]),
    ("when: first_reminder + 1 business day", "when: first_call + 1 day",
     ["line 18, key steps[3].when: 'first_call' is no earlier step; "
      "expected due or an earlier step: courtesy, first_reminder"]),
    ("when: due - 5 days", "when: first_call + 1 day",
     ["line 10, key steps[1].when: 'first_call' is no earlier step; expected due",
      "line 10, key steps[1].when: a courtesy notice on due; "
      'it speaks of a day to come: expected for example "due - 5 days"']),
    ("when: first_reminder + 1 business day", "when: first_reminder - 1 day",
     ["line 18, key steps[3].when: first_reminder - 1 day lies before first_reminder; "
      'expected "first_reminder + … days"']),
    ("when: first_reminder + 1 business day", "when: due - 1 day",
     ["line 18, key steps[3].when: due - 1 day stands below first_reminder, which comes later; "
      "put the steps in order"]),
    ("when: first_reminder + 1 business day", "when: due + 1 business day",
     ["line 18, key steps[3].when: "
      "due + 1 business day stands below first_reminder (due + 2 business days); put the steps in order"]),
    ("when: due - 5 days", "when: due + 1 day",
     ["line 10, key steps[1].when: a courtesy notice on due + 1 day; "
      'it speaks of a day to come: expected for example "due - 5 days"']),
    ("when: due + 2 business days", "when: due + 999 days",
     ["line 13, key steps[2].when: 999 days is too far; expected 400 days at most"]),
    ("do: call", "do: phone",
     ["line 19, key steps[3].do: 'phone' is unknown; expected one of email, call, formal_notice, choose"]),
    ("do: call", "do: calls", ["line 19, key steps[3].do: 'calls' is unknown; did you mean call?"]),
    ("sender: director", "sender: boss",
     ["line 15, key steps[2].sender: 'boss' is unknown; expected one of collector, sales_rep, director"]),
    ("copy_sales_rep: yes", "copy_sales_rep: maybe",
     ["line 16, key steps[2].copy_sales_rep: 'maybe' is neither yes nor no; expected yes or no"]),
    ("minimum: 99.50", "minimum: -5",
     ["line 20, key steps[3].minimum: '-5' is no amount of zero or more; expected for example 150 or 99.50",
      "line 21, key steps[3].new_within_days: adds to nothing; "
      "it takes new clients in below the minimum: set minimum too"]),
    ("    minimum: 99.50", "    template: first_call\n    minimum: 1",
     ["line 20, key steps[3].template: a step that does call writes no mail; remove the template"]),
    ("  - id: courtesy\n    when: due - 5 days\n    do: email",
     "  - id: notice\n    when: due - 5 days\n    do: formal_notice",
     ["line 10, key steps[1].when: formal_notice before the due date; "
      "nothing is owed yet: expected a day after it"]),
    ("name: small", "\tname: small", ["line 1: a tab stands in the indentation; indent with spaces"]),
    ("  grace_business_days: 1", "\tgrace_business_days: 1",
     ["line 7: a tab stands in the indentation; indent with spaces"]),
    ("name: small", "name: small\n---", ["line 2: a second document begins; one file holds one document"]),
    ("version: 3", "version: &v 3", ["line 2: an alias or an anchor (& or *); write the value out"]),
    ("name: small", "name: !!python/object/apply:os.system [id]",
     ["line 1: a tag (tag:yaml.org,2002:python/object/apply:os.system); write the plain value"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), WRONG, ids=lambda v: repr(v)[:40])
def test_a_wrong_file_is_refused_with_line_key_and_what_was_expected(old, new, expected):
    assert findings(changed(old, new)) == expected


def test_a_file_that_is_no_yaml_is_refused_where_it_breaks():
    assert findings("name: [a, b\nversion: 1\n") == [
        "line 2, column 8: no valid YAML: while parsing a flow sequence, expected ',' or ']', but got ':'"
    ]
    assert findings("name: a\x07b\n")[0].startswith("line 1: ")


@pytest.mark.parametrize("text", ["", "# only words\n"])
def test_an_empty_file_is_refused(text):
    assert findings(text) == ["line 1: the file is empty; write keys with values, one a line"]


def test_a_list_in_place_of_a_policy_is_refused():
    assert findings("- a\n- b\n")[0] == "line 1: a list stands here; expected keys with values, one a line"


def test_every_finding_is_told_at_once_in_the_order_of_the_lines():
    text = GOOD.replace("version: 3", "version: x").replace("do: call", "do: fax").replace("9:00", "9h")

    assert [f.split(":")[0] for f in findings(text)] == [
        "line 2, key version", "line 4, key hours.from", "line 19, key steps[3].do",
    ]  # fmt: skip


def test_no_steps_are_refused():
    head = GOOD[: GOOD.index("steps:")]

    assert findings(head) == [
        "line 1, key steps: is missing; expected a list, each item beginning with a dash"
    ]
    assert findings(head + "steps: []") == [
        "line 8, key steps: a ladder without steps; expected at least one step, for example an e-mail"
    ]


def test_aliases_that_multiply_are_refused_at_once():
    pairs = zip("abcdefgh", "bcdefghi", strict=True)
    bomb = "a: &a [x, x]\n" + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in pairs)
    started = clock.monotonic()

    assert findings(bomb)[0] == "line 1: an alias or an anchor (& or *); write the value out"
    assert clock.monotonic() - started < 1


def test_values_nested_without_end_are_refused():
    assert findings("a: " + "[" * 5000) == ["line 1: values are nested deeper than 8 levels"]


@pytest.mark.parametrize(("size", "refused"), [(64 * 1024, False), (64 * 1024 + 1, True)])
def test_a_file_that_is_too_large_is_refused(size, refused):
    text = GOOD + "#" * (size - len(GOOD))

    if refused:
        assert findings(text) == [
            "the file: is larger than 64 kB; such files are a page or two: is it the right one?"
        ]
    else:
        assert read_policy(text).name == "small"


def test_the_error_names_the_file_in_every_line():
    with pytest.raises(BadFile) as refused:
        read_policy(GOOD.replace("version: 3", "version: x").replace("do: call", "do: fax"), "mine.yaml")

    assert all(line.startswith("mine.yaml: line ") for line in str(refused.value).splitlines())


def test_two_files_cannot_hold_the_same_policy():
    with pytest.raises(BadFile, match=r"b\.yaml: key name: the policy 'small' is in a\.yaml too"):
        load_policies({"a.yaml": GOOD, "b.yaml": GOOD})


def test_one_policy_must_be_the_standard():
    with pytest.raises(BadFile, match="no policy is named standard"):
        load_policies({"a.yaml": GOOD})


def outcome(text: str) -> str:
    try:
        return read_policy(text).name
    except BadFile as refused:
        return str(refused)


@given(st.text(max_size=200))
def test_whatever_the_text_it_is_read_or_refused(text):
    assert outcome(text)


@given(st.data())
def test_a_good_file_with_a_piece_cut_out_is_read_or_refused(data):
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, len(GOOD)))
    assert outcome(GOOD[:start] + data.draw(st.text(max_size=5)) + GOOD[end:])
