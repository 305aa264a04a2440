"""What is wrong with a file or a field stands in the reader's language on the page that tells it."""

from __future__ import annotations

import html
import re

import pytest

from chalicelib import bootstrap
from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import Task, TaskKind
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.pipeline.policies import numbered
from chalicelib.web.pages.imports_words import said_in
from chalicelib.web.pages.settings import values_of
from tests.sample import eur
from tests.web.pages.conftest import AT, Answer, Desk

HOSTILE = "<script>alert(1)</script>"


def sent(desk: Desk, resource: str, form: dict[str, str], role: str, language: str, **ids: str) -> Answer:
    cookies = {**desk.sign_in(role), "__Host-relance-language": language}
    return desk.act(resource, cookies, form, ids=ids)


def words(text: str) -> str:
    plain = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))
    return plain.replace("\u202f", " ").replace("\xa0", " ")


@pytest.mark.parametrize(
    ("old", "new", "english", "french"),
    [
        ("spacing_days: 5 ", "spacing_days: ninety ", "'ninety' is no whole number",
         "« ninety » n’est pas un nombre entier – attendu : un nombre entier de 0 à 90"),
        ("version: 2", "version: 7", "write version: 2", "7 n’est pas le numéro qui suit"),
        ("do: choose", "do: chose", "did you mean choose?", "« chose » est inconnu – vouliez-vous dire « choose » ?"),
        ("steps:", "steps: &x", "an alias or an anchor", "un alias ou une ancre (& ou *) – écrivez la valeur"),
        ("spacing_days: 5 ", f"spacing_days: {HOSTILE} ", f"'{HOSTILE}' is no whole number",
         f"« {HOSTILE} » n’est pas un nombre entier"),
    ],
)  # fmt: skip
def test_a_policys_lines_are_found_wrong_in_the_readers_language(
    desk: Desk, old: str, new: str, english: str, french: str
) -> None:
    text = numbered(bootstrap.policy_texts()["standard"], 2)
    assert old in text
    form = {"text": text.replace(old, new)}
    for language, told, other in (("fr", french, english), ("en", english, french)):
        answer = sent(desk, "/ops/policy/{name}/drafts", form, "collector", language, name="standard")
        assert answer.status == 422
        (found,) = re.findall(r'<section[^>]*id="findings".*?</section>', answer.body, re.DOTALL)
        assert told in words(found)
        assert other not in words(found)
        assert 'lang="en"' not in found
        assert HOSTILE not in answer.body


@pytest.mark.parametrize(
    ("field", "value", "french"),
    [
        ("iban", "FR76 3000 6000 0112 3456 7890 188",
         "la clé de contrôle est fausse ; recopiez-le depuis le relevé d’identité bancaire"),
        ("name", "", "manque ; attendu : un texte"),
        ("zone", "Europe/Nowhere", "« Europe/Nowhere » n’est pas un fuseau horaire ; attendu : par exemple"),
        ("country", "France", "« France » ne convient pas ; attendu : deux lettres majuscules, par exemple FR"),
        ("weekly_review.to", "nobody", "« nobody » n’est pas une adresse électronique"),
    ],
)  # fmt: skip
def test_a_setting_is_found_wrong_in_french(desk: Desk, field: str, value: str, french: str) -> None:
    cookies = desk.sign_in("manager")
    seen = re.search(r'name="seen" value="(\w+)"', desk.ask("GET", "/ops/settings/edit", cookies=cookies).body)
    assert seen
    form = values_of(desk.program.offices.creditor()) | {"iban": "", "seen": seen[1], field: value}
    answer = sent(desk, "/ops/settings", form, "manager", "fr")
    assert answer.status == 422
    error = re.search(rf'id="f-{re.escape(field)}-error">(.*?)</p>', answer.body, re.DOTALL)
    assert error
    assert french in words(error[1])


def test_what_an_approval_still_lacks_is_told_in_the_readers_language(desk: Desk) -> None:
    task = Task(
        id="t1", kind=TaskKind.APPROVE_NOTICE, raised_on=AT.date(), due_on=AT.date(), reason="x", numbers=("F1",),
        at_stake=eur("1200.00"),
    )  # fmt: skip
    parts = desk.program.parts
    keep(parts, office_of(parts), "C001", lambda _: [(e.TaskRaised(task=task), "x")], at=AT, who="relance")
    ids = {"debtor_id": "C001", "task_id": "t1"}
    path = "/ops/today/{debtor_id}/{task_id}/do"
    french = sent(desk, path, {"outcome": "approved"}, "manager", "fr", **ids)
    english = sent(desk, path, {"outcome": "approved"}, "manager", "en", **ids)
    assert (french.status, english.status) == (422, 422)
    assert "(C001) manque : une lettre recommandée en a besoin ; complétez le dossier" in words(french.body)
    assert "(C001) is missing: a registered letter needs it; complete the file, then approve" in words(english.body)


def test_what_a_debtors_file_refuses_is_told_whole(desk: Desk) -> None:
    form = {"reason": "half was broken", "numbers": "F1", "owner": "lea@acme.example"}
    path = "/ops/debtors/{debtor_id}/dispute"
    assert sent(desk, path, form, "collector", "fr", debtor_id="C001").status == 303
    again = sent(desk, path, form, "collector", "fr", debtor_id="C001")
    assert again.status == 422
    assert "F1 : un litige est déjà ouvert ; notez ce qu’il y a de nouveau" in words(again.body)


@pytest.mark.parametrize(
    ("finding", "french"),
    [
        ("is empty", "est vide"),
        ("the workbook is encrypted", "le classeur est chiffré"),
        ("'12,345' can be 12.345 or 12 and 345 thousandths", "« 12,345 » peut être 12.345, ou 12 et 345 millièmes"),
        ("no statement begins here (no :20: and no :25:)", "aucun relevé ne commence ici (ni :20: ni :25:)"),
    ],
)
def test_the_rarer_findings_of_an_import_are_french_too(finding: str, french: str) -> None:
    assert said_in("fr", finding).replace("\xa0", " ") == french
    assert said_in("en", finding) == finding
