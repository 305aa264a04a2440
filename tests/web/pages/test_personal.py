"""The page of personal data: managers alone, nothing without the id typed, and the same words in both languages."""

from __future__ import annotations

import io
import re
from zipfile import ZipFile

import pytest

from chalicelib.pipeline.personal import DEED
from chalicelib.web.pages.guard import ROUTES
from chalicelib.web.pages.session import Role
from tests.pipeline.letters import PAUL
from tests.pipeline.test_personal import MARIE, SECRETS, everything, pay, with_a_past
from tests.web.pages.conftest import Desk
from tests.web.pages.test_debtor import act, said, show, words


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Garage Morel has a past."""
    from chalicelib.adapters.memory import FakeArchive, FakeCaseStore, FakeMailLog

    store, archive, log = FakeCaseStore(), FakeArchive(), FakeMailLog()
    program = desk.program
    program.store.__dict__.update(store.__dict__)
    program.archive.__dict__.update(archive.__dict__)
    program.mail_log.__dict__.update(log.__dict__)
    with_a_past(program, desk.audit)
    return desk


def test_the_routes_are_the_managers_alone() -> None:
    mine = {r.path: r.role for r in ROUTES if "/personal" in r.path}
    assert set(mine.values()) == {Role.MANAGER}
    assert DEED in mine


def test_a_manager_is_led_there_and_others_are_not(desk: Desk) -> None:
    assert "/personal" in show(desk, role="manager").body
    assert "/personal" not in show(desk, role="collector").body


@pytest.mark.parametrize(
    ("language", "stands", "confirm"),
    [
        ("en", "invoice F1 is open (1200.00 EUR): possible once it is paid", "Type C001 to confirm"),
        ("fr", "la facture F1 est ouverte (1 200,00 €) : possible une fois payée", "Tapez C001 pour confirmer"),
    ],
)
def test_what_stands_in_the_way_is_told_and_then_what_would_go(
    desk: Desk, language: str, stands: str, confirm: str
) -> None:
    told = words(show(desk, "/personal", role="manager", language=language))
    assert stands in told
    assert confirm not in told
    pay(desk.program)
    told = words(show(desk, "/personal", role="manager", language=language))
    assert stands not in told
    assert confirm in told
    assert f"Paul Morel &lt;{PAUL}&gt; +33 1 00 00 00 00" in told
    assert "sent/C001/" in told
    assert MARIE in told


@pytest.mark.parametrize("typed", ["", "C002", "c001", "C001 x"])
def test_nothing_is_erased_before_the_id_is_typed(desk: Desk, typed: str) -> None:
    pay(desk.program)
    before = everything(desk.program, desk.audit)
    answer = act(desk, "/personal/erase", {"confirm": typed}, role="manager")
    assert answer.status == 422
    assert "what is erased does not come back" in words(answer)
    assert everything(desk.program, desk.audit) == before


def test_everything_is_erased_and_who_did_it_is_in_the_audit_log(desk: Desk) -> None:
    pay(desk.program)
    answer = act(desk, "/personal/erase", {"confirm": "C001"}, role="manager")
    assert answer.status == 303
    assert "The personal data is erased" in said(answer).replace("%20", " ")
    left = everything(desk.program, desk.audit)
    assert [one for one in SECRETS if one in left] == []
    last = desk.audit.deeds[-1]
    assert (last.who, last.what, last.debtor_id) == ("manager@acme.example", DEED, "C001")
    page = show(desk, role="manager")
    assert "personal data erased on" in words(page)
    assert "[erased]" in page.body
    assert "[effacé]" in show(desk, role="manager", language="fr").body
    assert "Nothing that names them is on file" in words(show(desk, "/personal", role="manager"))
    (mail, *_) = desk.program.mail_log.mails
    shown = desk.ask("GET", "/ops/mailbox/{mail_id}", ids={"mail_id": mail}, cookies=desk.sign_in("manager"))
    assert shown.status == 200
    assert "It is not in the archive any more" in shown.body
    assert "/nothing" not in shown.body


def test_while_the_claim_goes_on_it_is_refused_and_said(desk: Desk) -> None:
    before = everything(desk.program, desk.audit)
    answer = act(desk, "/personal/erase", {"confirm": "C001"}, role="manager")
    assert answer.status == 422
    assert "It cannot be erased yet" in words(answer)
    assert everything(desk.program, desk.audit) == before


def test_a_person_who_left_goes_from_the_contacts_at_once(desk: Desk) -> None:
    told = words(show(desk, "/personal", role="manager", query={"person": PAUL}))
    assert "erase again once it has ended" in told
    answer = act(desk, "/personal/erase", {"confirm": "C001", "person": PAUL}, role="manager")
    assert answer.status == 303
    assert desk.program.file().contact_at(PAUL) is None
    assert desk.program.file().contact_at(MARIE)


def test_an_export_is_linked_to_and_kept_where_it_is_forgotten_in_a_day(desk: Desk) -> None:
    answer = act(desk, "/personal/export", {"person": MARIE}, role="manager")
    assert answer.status == 200
    (key,) = [key for key in desk.program.archive.kept if key.startswith("exports/personal/C001/")]
    assert re.search(rf"memory://{key}\?seconds=600", answer.body)
    names = ZipFile(io.BytesIO(desk.program.archive.kept[key][0])).namelist()
    assert "README.txt" in names
    assert "personal-data-C001-" in answer.body


def test_the_desk_and_strangers_have_no_such_page(desk: Desk) -> None:
    for id_ in ("desk", "C404"):
        assert show(desk, "/personal", role="manager", ids={"debtor_id": id_}).status == 404
        assert act(desk, "/personal/erase", {"confirm": id_}, role="manager", debtor_id=id_).status == 404
    assert act(desk, "/personal/export", {"person": "a@b.example"}, role="manager").status == 400


def test_a_hostile_name_is_shown_as_text(desk: Desk) -> None:
    answer = show(desk, "/personal", role="manager", query={"person": '"><script>alert(1)</script>'})
    assert "<script>alert" not in answer.body
