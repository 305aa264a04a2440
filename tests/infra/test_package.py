"""The zip by itself: what runs in Lambda must not lean on what happens to be installed here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.local.package import AWS_SERVICES, PROJECT, Package, PackagingFailed, inputs, package

BUSY = 56_000_000
"""Bytes of the zip above which somebody should ask what came in (Typst and its fonts are 33 million, the voice two)."""

UNPACKED_MOST = 139_000_000
"""Half of what Lambda allows (250 MB)."""

ALONE = """
import sys
sys.path[:] = [{task!r}, *[p for p in sys.path if "site-packages" not in p and "dist-packages" not in p]]
{code}
strangers = {{
    name: m.__file__ for name, m in sys.modules.items()
    if getattr(m, "__file__", None) and ("site-packages" in m.__file__ or {ours!r} in m.__file__)
}}
assert not strangers, strangers
"""


def run_alone(task: Path, code: str) -> str:
    """Run code where nothing is installed but Python and the unpacked zip."""
    script = ALONE.format(task=str(task), code=code, ours=str(PROJECT / "chalicelib"))
    # -S: no site-packages; -I: no PYTHONPATH, no user's packages, no current folder.
    command = [sys.executable, "-I", "-S", "-B", "-c", script]
    env = {"PATH": os.defpath, "AWS_DEFAULT_REGION": "eu-west-3"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=task, env=env, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_zip_alone_imports_the_application_and_every_module_of_it(unzipped: Path) -> None:
    code = """
import app, importlib, pathlib
for path in pathlib.Path("chalicelib").rglob("*.py"):
    importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
print(sorted(app.app.handler_map) if hasattr(app.app, "handler_map") else "imported")
"""
    assert run_alone(unzipped, code)


def test_the_zip_alone_makes_a_client_of_every_service_it_needs(unzipped: Path) -> None:
    services = {"dynamodb", "s3", "sqs", "ses", "sesv2", "secretsmanager", "sts", *asked_for()}
    code = f"""
import boto3
for service in {sorted(services)!r}:
    boto3.client(service, aws_access_key_id="x", aws_secret_access_key="x")
print("made")
"""
    assert run_alone(unzipped, code).strip() == "made"


def test_every_service_that_the_functions_ask_for_is_shipped() -> None:
    assert "dynamodb" in asked_for()
    assert asked_for() <= AWS_SERVICES


def asked_for() -> set[str]:
    """The services of AWS that bootstrap makes clients of, but those of the command line alone."""
    made = re.findall(r'_client\("([a-z0-9-]+)"', (PROJECT / "chalicelib" / "bootstrap.py").read_text("utf-8"))
    return set(made) - {"cloudformation", "lambda"}


def test_the_zip_alone_reads_every_policy_and_renders_every_template(unzipped: Path) -> None:
    """Each template is rendered into a whole mail, with the very records and creditor that the other tests use."""
    tests = [(PROJECT / "tests" / name).read_text("utf-8") for name in ("sample.py", "notices.py")]
    facts = [text.replace("from __future__ import annotations\n", "").replace("__file__", "'.'") for text in tests]
    code = "\n".join(facts) + f"""
from email import message_from_bytes
from chalicelib import bootstrap
from chalicelib.adapters.rendering import TemplateWriter
from chalicelib.domain.debtor_file import Promise
assert "standard" in bootstrap.policies()
assert str(bootstrap.TEMPLATES).startswith({str(unzipped)!r}), bootstrap.TEMPLATES

class Shelf:
    def get(self, key):
        return b"%PDF-1.4 a copy"

writer = TemplateWriter(Shelf(), templates=bootstrap.TEMPLATES)
file = file_of(case("F1", "2026-02-10", document="f1.pdf"))
promise = Promise(
    id="p", numbers=("F1",), made_on=TODAY, pay_on=TODAY, grace_on=TODAY, amount=eur("1200"), owed=eur("1200")
)
done = 0
for language in ("fr", "en"):
    for template in (*LADDER, *ANSWERS):
        known = with_records(file, promises=[promise]) if template == "call_agreed" else file
        step = template if template in LADDER else "first_reminder"
        told = notice(step, "F1", template=template, language=language)
        raw = writer.write(known, told, CREDITOR, today=TODAY, at=paris(TODAY))
        mail = message_from_bytes(raw)
        assert mail["Subject"] and len(raw) > 2000, template
        done += 1
print(done)
"""
    assert int(run_alone(unzipped, code)) == 18


def test_a_part_that_is_not_configured_is_named_with_what_it_is(unzipped: Path) -> None:
    code = """
from chalicelib import bootstrap
try:
    bootstrap.parts()
except bootstrap.MissingSetting as error:
    print(error)
"""
    said = run_alone(unzipped, code)
    assert "RELANCE_TABLE is not set" in said
    assert "TableName" in said


def test_the_zip_alone_prints_a_page(unzipped: Path) -> None:
    code = """
from datetime import date
from chalicelib import bootstrap
from chalicelib.adapters.rendering_typst import TypstPrinter
from chalicelib.domain.letter_facts import JournalFacts, LetterParty, facts_of
party = LetterParty(name="Garage Morel", address=())
facts = JournalFacts(sender=party, debtor=party, debtor_id="C1", zone="Europe/Paris", written_on=date(2026, 1, 1),
                     invoices=(), entries=())
print(TypstPrinter(bootstrap.TEMPLATES).print("journal", "fr", facts_of(facts))[:5])
"""
    assert "b'%PDF-'" in run_alone(unzipped, code)


def test_the_zip_holds_what_runs_and_nothing_else(packaged: Package) -> None:
    with zipfile.ZipFile(packaged.zip) as archive:
        names = archive.namelist()
    assert {"app.py", "chalice/app.py", "chalicelib/bootstrap.py", "templates/policies/standard.yaml"} <= set(names)
    assert not [n for n in names if n.startswith(("tests/", "demo/", "infra/"))]
    assert {n for n in names if n.endswith(".pyc")} >= {f"__pycache__/app.{sys.implementation.cache_tag}.pyc"}
    tops = {n.split("/")[0] for n in names}
    assert not tops & {"chalice_cli", "pip", "setuptools", "click", "moto", "pytest", "ministack", "inquirer"}
    assert packaged.zip.stat().st_size < BUSY
    with zipfile.ZipFile(packaged.zip) as archive:
        assert sum(entry.file_size for entry in archive.infolist()) < UNPACKED_MOST


def test_the_zip_holds_the_very_versions_that_the_tests_ran_with(packaged: Package) -> None:
    lock = (PROJECT / "requirements-dev.lock").read_text("utf-8").splitlines()
    pinned = {line.split(" ")[0].lower().replace("_", "-") for line in lock if "==" in line}
    with zipfile.ZipFile(packaged.zip) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    shipped = [top.removesuffix(".dist-info").rsplit("-", 1) for top in tops if top.endswith(".dist-info")]
    assert len(shipped) > 10
    assert {f"{name.lower().replace('_', '-')}=={version}" for name, version in shipped} <= pinned


@pytest.mark.slow
def test_the_same_project_gives_the_same_bytes(packaged: Package, project: Path, tmp_path: Path) -> None:
    again = package("local", project=project, kept_in=tmp_path)
    assert again.zip != packaged.zip
    assert again.zip.read_bytes() == packaged.zip.read_bytes()


def test_a_package_is_made_once_and_again_when_a_name_has_changed(packaged: Package, project: Path) -> None:
    assert package("local", project=project) == packaged
    before = {path.relative_to(project) for path in inputs(project)}
    renamed = project / "templates" / "policies" / "key_account.yaml"
    renamed.rename(renamed.with_name("key.yaml"))
    try:
        after = {path.relative_to(project) for path in inputs(project)}
    finally:
        renamed.with_name("key.yaml").rename(renamed)
    assert len(before) == len(after)
    assert before != after


def test_production_runs_with_the_settings_of_the_trial() -> None:
    config = json.loads((PROJECT / ".chalice" / "config.json").read_text("utf-8"))
    assert config["stages"] == {"prod": {}, "local": {}}
    assert config["autogen_policy"] is False


def test_a_package_index_that_has_not_what_we_pin_is_told_in_one_line(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(PackagingFailed, match="babel") as raised:
        package("local", project=project, kept_in=tmp_path / "kept")
    assert len(str(raised.value).splitlines()) == 1
    assert "Traceback" in raised.value.said
    assert list((tmp_path / "kept").iterdir()) == []
