"""Settings, people and the audit log: what a manager may change, what is refused at its field, what is kept of it."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from chalicelib import bootstrap
from chalicelib.domain.creditor_file import read_creditor
from chalicelib.ports import Deed, Member
from chalicelib.web.pages.settings import as_file, values_of
from tests.sample import CREDITOR
from tests.web.pages.conftest import AT, Desk

HOSTILE = "<script>alert(1)</script>"
VERA = Member(id="id-vera", email="vera@acme.example", name="Véra", roles=("viewer",))


def see(desk: Desk, resource: str, role: str = "manager", **asked: object) -> str:
    answer = desk.ask("GET", resource, cookies=desk.sign_in(role), **asked)  # type: ignore[arg-type]
    assert answer.status == 200, answer.body[:500]
    return answer.body


def filled(desk: Desk, **changed: str) -> dict[str, str]:
    seen = re.search(r'name="seen" value="(\w+)"', see(desk, "/ops/settings/edit"))
    assert seen
    return values_of(desk.program.offices.creditor()) | {"iban": "", "seen": seen[1]} | changed


def test_the_fields_say_all_that_the_program_holds() -> None:
    assert read_creditor(as_file(values_of(CREDITOR))) == CREDITOR


def test_settings_show_who_we_are_and_only_part_of_the_bank_details(desk: Desk) -> None:
    body = see(desk, "/ops/settings", "viewer")
    assert "Atelier Verre Clair" in body
    assert "FR76 •••• •••• 0189" in body
    assert CREDITOR.iban not in body
    assert "/ops/settings/edit" not in body
    assert CREDITOR.iban not in see(desk, "/ops/settings/edit")


def test_a_change_is_kept_and_stands_in_the_audit_log_with_before_and_after(desk: Desk) -> None:
    form = filled(desk, mailbox="relances@verre-clair.example", **{"personas.director.name": "Ève <b>"})
    assert desk.act("/ops/settings", desk.sign_in("manager"), form).status == 303
    creditor = desk.program.offices.creditor()
    assert (creditor.mailbox, creditor.personas["director"].name) == ("relances@verre-clair.example", "Ève <b>")
    assert creditor.iban == CREDITOR.iban
    (deed,) = desk.audit.deeds
    assert {(c.what, c.before, c.after) for c in deed.changes} == {
        ("mailbox", "compta@verre-clair.example", "relances@verre-clair.example"),
        ("personas.director.name", "Hugo Perrin", "Ève <b>"),
    }
    body = see(desk, "/ops/audit")
    assert "changed the settings" in body
    assert "Ève &lt;b&gt;" in body


def test_another_iban_is_kept_whole_and_told_in_part(desk: Desk) -> None:
    form = filled(desk, iban="FR14 2004 1010 0505 0001 3M02 606")
    assert desk.act("/ops/settings", desk.sign_in("manager"), form).status == 303
    assert desk.program.offices.creditor().iban == "FR1420041010050500013M02606"
    (change,) = desk.audit.deeds[0].changes
    assert (change.what, change.before, change.after) == ("iban", "FR76 •••• •••• 0189", "FR14 •••• •••• 2606")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("iban", "FR76 3000 6000 0112 3456 7890 188", "the check digits do not agree"),
        ("name", "", "is missing"),
        ("mailbox", "compta+x@verre-clair.example", "has a + already"),
        ("zone", "Europe/Nowhere", "no time zone"),
        ("country", "France", "two capital letters"),
        ("late_interest_rate", "12,5", "does not fit"),
        ("weekly_review.to", "nobody", "no e-mail address"),
        ("personas.collector.email", "nobody", "one address"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_kept(desk: Desk, field: str, value: str, told: str) -> None:
    form = filled(desk, **{field: value, "legal_form": "SARL"})
    answer = desk.act("/ops/settings", desk.sign_in("manager"), form)
    assert answer.status == 422
    error = re.search(rf'id="f-{re.escape(field)}-error">(.*?)</p>', answer.body)
    assert error, re.findall(r'class="error".*?</p>', answer.body)
    assert told in html.unescape(error[1])
    assert 'value="SARL"' in answer.body
    assert desk.program.offices.creditor() == CREDITOR
    assert desk.audit.deeds == []


def test_who_was_second_is_told_and_overwrites_nothing(desk: Desk) -> None:
    mine, theirs = filled(desk, name="Mine"), filled(desk, name="Theirs")
    assert desk.act("/ops/settings", desk.sign_in("manager"), theirs).status == 303
    answer = desk.act("/ops/settings", desk.sign_in("manager"), mine)
    assert answer.status == 422
    assert "Somebody has changed the settings" in answer.body
    assert 'value="Mine"' in answer.body
    assert desk.program.offices.creditor().name == "Theirs"


def test_the_parts_say_how_they_are_and_what_to_do(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck() -> tuple[str, str]:
        return "3 given up", "mend it"

    monkeypatch.setattr(bootstrap, "looks", lambda: {"due queue": lambda: ("fine", ""), "mail queue": stuck})
    body = see(desk, "/ops/settings", "viewer")
    assert "Nothing is stuck" in body
    assert "Some were given up" in body
    desk.at += timedelta(days=9)
    assert body.count("Read too long ago") == 0
    assert see(desk, "/ops/settings", "viewer").count("Read too long ago") == 2


def test_people_are_invited_given_a_role_and_switched_off(desk: Desk) -> None:
    assert desk.directory is not None
    cookies = desk.sign_in("manager")
    answer = desk.act("/ops/people", cookies, {"email": "Nina@acme.example", "name": HOSTILE, "role": "collector"})
    assert answer.status == 303
    (nina,) = desk.directory.members.values()
    assert (nina.email, nina.roles, nina.confirmed) == ("nina@acme.example", ("collector",), False)
    ids = {"person": nina.id}
    assert desk.act("/ops/people/{person}/role", cookies, {"role": "manager"}, ids=ids).status == 303
    assert desk.act("/ops/people/{person}/off", cookies, ids=ids).status == 303
    (nina,) = desk.directory.members.values()
    assert (nina.roles, nina.enabled) == (("manager",), False)
    body = see(desk, "/ops/people")
    assert HOSTILE not in body
    assert "switched off" in body
    told = [(d.what, [(c.before, c.after) for c in d.changes]) for d in desk.audit.deeds]
    assert told == [
        ("/ops/people", [("", "collector")]),
        ("/ops/people/{person}/role", [("collector", "manager")]),
        ("/ops/people/{person}/off", [("may sign in", "switched off")]),
    ]


@pytest.mark.parametrize(("what", "form"), [("role", {"role": "collector"}), ("off", {})])
def test_whoever_gets_another_role_or_is_switched_off_is_signed_out_everywhere(
    desk: Desk, what: str, form: dict[str, str]
) -> None:
    assert desk.directory is not None
    stays, manager = [desk.sign_in("viewer"), desk.sign_in("viewer")], desk.sign_in("manager")
    desk.directory.members["v"] = Member(id="v", email="Viewer@acme.example", roles=("viewer",))
    assert [desk.ask("GET", "/ops/debtors", cookies=stay).status for stay in stays] == [200, 200]
    assert desk.act(f"/ops/people/{{person}}/{what}", manager, form, ids={"person": "v"}).status == 303
    for stay in stays:
        assert "/ops/sign-in" in desk.ask("GET", "/ops/debtors", cookies=stay).headers["Location"]
    assert desk.ask("GET", "/ops/debtors", cookies=manager).status == 200


def test_nobody_changes_their_own_role_or_locks_themselves_out(desk: Desk) -> None:
    assert desk.directory is not None
    me = Member(id="me", email="manager@acme.example", roles=("manager",))
    desk.directory.members["me"] = me
    for what, form in (("role", {"role": "viewer"}), ("off", {})):
        answer = desk.act(f"/ops/people/{{person}}/{what}", desk.sign_in("manager"), form, ids={"person": "me"})
        assert answer.status == 422
    assert desk.directory.members["me"] == me


@pytest.mark.parametrize("form", [{"email": "x", "role": "viewer"}, {"email": "a@b.example", "role": "king"}])
def test_a_wrong_invitation_is_told_at_its_field(desk: Desk, form: dict[str, str]) -> None:
    answer = desk.act("/ops/people", desk.sign_in("manager"), form)
    assert answer.status == 422
    assert 'class="error"' in answer.body
    assert f'value="{form["email"]}"' in answer.body


def test_somebody_who_is_known_is_not_invited_twice(desk: Desk) -> None:
    assert desk.directory is not None
    desk.directory.members[VERA.id] = VERA
    answer = desk.act("/ops/people", desk.sign_in("manager"), {"email": VERA.email, "role": "viewer"})
    assert answer.status == 422
    assert "perhaps they are in the list already" in answer.body


def test_without_a_pool_of_our_own_the_commands_are_shown(desk: Desk) -> None:
    desk.directory = None
    assert "admin-create-user" in see(desk, "/ops/people")
    assert desk.act("/ops/people/{person}/off", desk.sign_in("manager"), ids={"person": "x"}).status == 404


def test_an_act_on_a_debtor_leaves_who_what_and_whose(desk: Desk) -> None:
    desk.audit.note(
        Deed(at=AT, who="colin@acme.example", what="/ops/debtors/{debtor_id}/x", debtor_id="C001", why=HOSTILE)
    )
    body = see(desk, "/ops/audit")
    assert "Garage Morel" in body
    assert HOSTILE not in body
    assert "Garage Morel" in see(desk, "/ops/audit", query={"who": "colin@acme.example", "on": "2026-03-12"})
    assert "Garage Morel" not in see(desk, "/ops/audit", query={"who": "other@acme.example"})
    assert "Garage Morel" not in see(desk, "/ops/audit", query={"on": "2026-03-11"})
    assert "This is no day." in see(desk, "/ops/audit", query={"on": "tomorrow"})


def test_the_log_pages_by_cursor(desk: Desk) -> None:
    for n in range(60):
        desk.audit.note(Deed(at=AT + timedelta(seconds=n), who="a@b.example", what="/ops/settings"))
    body = see(desk, "/ops/audit")
    after = re.search(r'rel="next" href="[^"]*after=([^"]+)"', body)
    assert after
    assert body.count('class="entry') == 50
    from urllib.parse import unquote

    assert see(desk, "/ops/audit", query={"after": unquote(after[1])}).count('class="entry') == 10


def test_an_act_that_cannot_be_noted_is_done_all_the_same(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(deed: Deed) -> None:
        raise OSError("no disk")

    monkeypatch.setattr(desk.audit, "note", broken)
    form = filled(desk, name="Another")
    assert desk.act("/ops/settings", desk.sign_in("manager"), form).status == 303
    assert desk.program.offices.creditor().name == "Another"


@pytest.mark.parametrize("role", ["viewer", "collector"])
@pytest.mark.parametrize("path", ["/ops/people", "/ops/audit", "/ops/settings/edit"])
def test_only_a_manager_sees_people_and_the_log(desk: Desk, role: str, path: str) -> None:
    assert desk.ask("GET", path, cookies=desk.sign_in(role)).status == 403
