"""What the program says of a file or a field that cannot be used has its French, as far as the pages show it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.findings import finding_in_words, place_in_words
from chalicelib.domain.findings_french import FINDINGS

ROOT = Path(__file__).parents[2] / "chalicelib"

MODULES = [
    *(f"domain/{name}.py" for name in (
        "policy_file", "yaml_keys", "creditor_file", "outcomes", "calls", "plans", "snooze", "formal_notice", "money",
    )),
    *(f"pipeline/{name}.py" for name in (
        "by_hand", "settle_mail", "policies", "agreements", "letters", "hold_sending", "work_tasks", "sources",
        "export_personal", "import_ledger", "import_dropped", "import_einvoices", "import_statement",
    )),
    *(f"ledger/{name}.py" for name in ("read", "table", "xlsx", "cells", "guess", "records")),
    *(f"banking/{name}.py" for name in ("tree", "camt", "mt940", "ofx", "csv", "guess")),
    *(f"web/pages/{name}.py" for name in ("guard", "mailbox", "tonight", "today")),
]  # fmt: skip
MAKERS = {
    "BadInput": 1, "report": 1, "_report": 2, "Finding": 2, "FileFinding": 9, "wrong": 1, "warn": 1, "_scalar": 2,
    "Unreadable": 0, "WrongField": 1,
}  # fmt: skip
"""What makes a finding, and which of its arguments is the first that a person reads."""
NAMES = frozenset({"what", "remedy", "expected", "example", "said", "_AGAIN", "more"})


def _skeletons(node: ast.expr) -> Iterator[str]:
    """A literal with {} for each hole, and {!r} where what was given stands in quotes."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        for parts in product(*(list(_skeletons(part)) for part in node.values)):
            yield "".join(parts)
    elif isinstance(node, ast.FormattedValue):
        yield "{!r}" if node.conversion == ord("r") else "{}"
    elif isinstance(node, ast.IfExp):
        yield from _skeletons(node.body)
        yield from _skeletons(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for one in node.values:
            yield from _skeletons(one)


def _findings() -> Iterator[tuple[str, str]]:
    for module in MODULES:
        for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
            for text in _told_by(node):
                if re.search("[a-z]{2}", text.replace("!r", "")):
                    yield f"{module}:{getattr(node, 'lineno', 0)}", text


def _told_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        said = [*node.args[MAKERS[name] :]] if name in MAKERS else []
        said += [word.value for word in node.keywords if word.arg in NAMES]
        for one in said:
            yield from _skeletons(one)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and (target.id in NAMES or target.id.endswith("_EXAMPLE")):
                yield from _skeletons(node.value)


GIVEN = ("FA-1", "3", "2026-11-21", "120.00 EUR", "09:00", "first_reminder", "due + 7 days", "a list", "the text 'abc'")
"""What may stand in a hole."""

NOT_TOLD = frozenset({
    "is the due date's own word", "is the id of an earlier step",  # behind the word itself
    "is neither PDF, JPEG nor PNG", "weighs {} bytes",  # behind "the scan"
    " (and {} more)",  # behind the finding that repeats
    "an OpenDocument file", "a zip, but no XLSX workbook",  # behind "this is"
    "the row cannot be read{}: {}", "the scan {}", "this is {}",  # with each of what stands there, told below
    "fr or en", "https://…/{number}, or nothing",  # examples behind "expected"
    "read as {}", "{} is out of bounds",
})  # fmt: skip


def _is_told(skeleton: str) -> bool:
    return any(finding_in_words(text, "fr") != text for text in _filled(skeleton))


def _filled(skeleton: str) -> Iterator[str]:
    parts = skeleton.replace("{!r}", "'abc'").split("{}")
    for values in product(GIVEN, repeat=len(parts) - 1):
        yield parts[0] + "".join(value + part for value, part in zip(values, parts[1:], strict=True))


def test_every_finding_in_the_source_has_its_french() -> None:
    lost = [f"{where}  {text}" for where, text in _findings() if text not in NOT_TOLD and not _is_told(text)]
    assert not lost, "no French in chalicelib/domain/findings_french.py:\n" + "\n".join(lost)


def test_the_collector_sees_what_files_and_fields_are_told() -> None:
    found = {text for _, text in _findings()}
    assert len(found) > 400
    assert {"unknown key", "{!r} is no earlier step", "give a day after today"} <= found


SAMPLES = {
    "day": "2026-11-21", "clock": "09:00", "n": "3", "sum": "1200.50 EUR", "step": "first_reminder",
    "when": "due + 7 days", "kind": "formal_notice", "word": "not_received", "quoted": "'what was given'", "x": "FA-1",
    "why": "the client answered", "known": "the client answered",
}  # fmt: skip


@pytest.mark.parametrize(("english", "french"), FINDINGS)
def test_each_finding_is_told_with_all_that_it_says(english: str, french: str) -> None:
    holes = [name for _, name, _, _ in Formatter().parse(english) if name]
    assert sorted(holes) == sorted(name for _, name, _, _ in Formatter().parse(french) if name)
    text = english.format(**{name: SAMPLES[name.rstrip("0123456789")] for name in holes})
    told = finding_in_words(text, "fr")
    assert told != text or english == french
    assert finding_in_words(text, "en") == text
    for left in ("2026-", "1200.50", "the client answered", "'what was given'"):
        assert left not in told
    for kept in ("FA-1", "what was given"):
        assert (kept in text) is (kept in told)


@pytest.mark.parametrize(
    ("finding", "french"),
    [
        ("expected a whole number from 0 to 90", "attendu : un nombre entier de 0 à 90"),
        ("expected one of email, call", "attendu : l’un de email, call"),
        ("expected for example fr or en", "attendu : par exemple fr ou en"),
        ("expected https://…/{number}, or nothing", "attendu : https://…/{number}, ou rien"),
        ("the text 'soon' stands here", "il y a ici le texte « soon »"),
        ("'L’an' is no earlier step", "« L’an » n’est pas une étape précédente"),
        ('"L\'an" is no whole number', "« L'an » n’est pas un nombre entier"),
        ("'this is an OpenDocument file' is no date", "« this is an OpenDocument file » n’est pas une date"),
        ("2026-11-21 is past", "le 21 novembre 2026 est passé"),
        ("they come to 1200.50 EUR", "leur total est de 1 200,50 €"),
        ("the scan weighs 99 bytes", "le document numérisé pèse 99 octets"),
        ("this is an OpenDocument file", "c’est un fichier OpenDocument"),
        ("the row cannot be read (up to line 7): cut", "la ligne ne peut pas être lue (jusqu’à la ligne 7) : cut"),
        ("formal_notice before the due date", "« mise en demeure » avant l’échéance"),
        ("credit notes or payments on the account cover it", "des avoirs ou paiements sur le compte la couvrent"),
    ],
)
def test_a_finding_reads_in_french(finding: str, french: str) -> None:
    assert finding_in_words(finding, "fr").replace("\u00a0", " ").replace("\u202f", " ") == french
    assert finding_in_words(finding, "en") == finding


@pytest.mark.parametrize(
    ("where", "french"),
    [
        ("line 3, key steps.when", "ligne 3, clé steps.when"),
        ("line 12, column due", "ligne 12, colonne due"),
        ("the file", "le fichier"),
        ("march.csv: line 2", "march.csv: ligne 2"),
        ("key the line", "clé the line"),
        ("on", "on"),
    ],
)
def test_a_place_reads_in_french(where: str, french: str) -> None:
    assert place_in_words(where, "fr") == french
    assert place_in_words(where, "en") == where


@given(st.text(alphabet="'\"{} ;,:%n\nan1", max_size=200))
def test_what_nobody_knows_is_neither_lost_nor_stumbled_over(text: str) -> None:
    assert bool(finding_in_words(text, "fr")) is bool(text)
    assert finding_in_words(text, "en") == text
