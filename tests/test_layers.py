"""The arrows of the architecture, read from the imports: any other arrow fails.

    app, cli, web → pipeline → domain, reading, ledger, einvoicing, banking, matching, ports ← adapters

ledger (other programs' exports), einvoicing (electronic invoices), banking (statements) and matching (who paid what)
are pure like domain and reading, and speak domain's money and records.

bootstrap alone builds adapters and reads the environment; the core reads no clock, disk or network.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

ENTRY = {"bootstrap", "pipeline", "domain", "law", "ledger", "reading", "ports", "errors"}
# From each layer, the layers it may import besides itself.
ARROWS: dict[str, set[str]] = {
    "app": ENTRY | {"web", "entry"},
    "cli": ENTRY
    | {"banking", "doctor", "einvoicing", "interest_command", "match_command", "reading_command", "train_command"}
    | {"simulate", "litigation_command", "agreements_command", "numbers_command"}
    | {"call_sheet_command", "notice_command", "personal_command"},
    "doctor": {"domain", "law", "ports", "errors"},
    # `relance read`: mails in, lines out; no store and no ledger.
    "reading_command": {"reading", "errors"},
    # `relance train`: examples in, one file of weights out.
    "train_command": {"reading", "errors"},
    # `relance match`: a ledger and statements in, lines out; no store.
    # `relance litigation`: one debtor's ZIP.
    "litigation_command": {"pipeline", "domain", "ports", "errors"},
    # `relance show, plan, dispute, block, credit-holds`.
    "agreements_command": {"pipeline", "domain", "ports", "errors"},
    # `relance notice, letter, debtor`: formal notices, their approval and their way by post.
    "notice_command": {"pipeline", "domain", "ports", "errors"},
    # `relance personal`: what names people, out as a ZIP or gone.
    "personal_command": {"litigation_command", "pipeline", "domain", "ports", "errors"},
    # `relance call-sheet`: one call's page.
    "call_sheet_command": {"pipeline", "domain", "ports", "errors"},
    "match_command": {"banking", "matching", "ledger", "domain", "errors"},
    # `relance interest`: one invoice in, what the law grants on it out; no store.
    # `relance numbers`: the last snapshot, or a count on the spot.
    "numbers_command": {"pipeline", "domain", "ports", "errors"},
    "interest_command": {"law", "domain", "ledger", "errors"},
    "web": ENTRY | {"entry"},
    # What the entry points share: the event's clock, the log, failures one by one.
    "entry": {"domain", "ports", "errors"},
    "simulate": {"domain", "ledger", "errors"},
    "bootstrap": {"adapters", "pipeline", "domain", "law", "reading", "ports", "errors"},
    # A policy is tried on the ledger by the replay before it is adopted.
    "pipeline": {
        "domain",
        "law",
        "ledger",
        "einvoicing",
        "banking",
        "matching",
        "reading",
        "simulate",
        "ports",
        "errors",
    },
    "adapters": {"domain", "reading", "ports", "errors"},
    "ports": {"domain", "law", "reading", "errors"},
    "ledger": {"domain", "errors"},
    "einvoicing": {"domain", "ledger", "errors"},
    "banking": {"domain", "ledger", "errors"},
    "matching": {"banking", "domain", "errors"},
    "reading": {"banking", "errors"},  # a camt.054 attached to a mail
    # law speaks domain's money; domain asks law what may be claimed.
    "law": {"domain", "errors"},
    "domain": {"law", "errors"},
    "errors": set(),
    # chalicelib/__init__.py tells the pipeline and does nothing.
    "__init__": set(),
}
# Who stands outside may import the application; the application knows nobody outside.
OUTSIDE = {"demo", "infra", "tests", "app"}

PURE = {"domain", "law", "ledger", "einvoicing", "banking", "matching", "reading"}
IMPURE_MODULES = {
    "aiohttp", "asyncio", "boto3", "botocore", "chalice", "glob", "http", "imapclient", "imaplib",
    "importlib", "jinja2", "logging", "multiprocessing", "os", "pathlib", "random", "requests", "secrets",
    "shutil", "smtplib", "socket", "sqlite3", "subprocess", "tempfile", "threading", "urllib.request", "uuid",
}  # fmt: skip

# Weights are no source code: one module reads its own resource of the package, which is the same at every call.
READS_ITS_RESOURCE = {"chalicelib.reading.learned_voice": "importlib.resources"}

WITHOUT_CLOCK = PURE | {"pipeline"}
CLOCKS = {
    "date.today", "datetime.now", "datetime.today", "datetime.utcnow", "time.ctime", "time.gmtime",
    "time.localtime", "time.time", "time.time_ns",
}  # fmt: skip

# app is shipped with chalicelib; what it needs from the environment bootstrap hands it.
READS_ENVIRONMENT = {"bootstrap"}
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv"}


def violations(module: str, source: str) -> list[str]:
    """What this module of the application does that its layer may not, one line each."""
    tree = ast.parse(source)
    layer = layer_of(module)
    return [
        f"{module}, line {line}: {what}"
        for line, what in sorted(
            {
                *_wrong_arrows(module, layer, tree),
                *_impurities(module, layer, tree),
                *_clocks(layer, tree),
                *_environment(layer, tree),
                *_swallowed_errors(tree),
            }
        )
    ]


def layer_of(module: str) -> str:
    """The layer of a module of the application: "chalicelib.domain.money" is of domain, "app" of app."""
    parts = module.split(".")
    return parts[1] if parts[0] == "chalicelib" and len(parts) > 1 else parts[0]


def imported(module: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every module (or name in a module) that is imported, in full, anywhere in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*module.split(".")[: -node.level], *filter(None, [base])])
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def _wrong_arrows(module: str, layer: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    if layer not in ARROWS:
        yield 1, f"the layer {layer} is unknown; give it its arrows here"
        return
    for line, target in imported(module, tree):
        root = target.split(".")[0]
        if root in OUTSIDE:
            yield line, f"imports {target}, which stands outside the application"
        elif root == "chalicelib":
            to = layer_of(target)
            if to not in ARROWS[layer] | {layer}:
                yield line, f"{layer} may not import {to} ({target})"
            elif to == layer == "adapters" and not _same_technology(module, target):
                yield line, f"an adapter may not import another ({target})"


def _same_technology(module: str, target: str) -> bool:
    ours, theirs = (name.split(".")[2:3] or ["adapters"] for name in (module, target))
    # dynamodb.py may have its codec in dynamodb_items.py.
    return ours[0].split("_")[0] == theirs[0].split("_")[0]


def _impurities(module: str, layer: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    if layer not in PURE:
        return
    for line, target in imported("", tree):
        for impure in IMPURE_MODULES:
            allowed = target == READS_ITS_RESOURCE.get(module)
            if not allowed and (target == impure or target.startswith(f"{impure}.")):
                yield line, f"{layer} is pure and may not import {impure}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _dotted(node.func) in ("open", "print", "input"):
            yield node.lineno, f"{layer} is pure and may not call {_dotted(node.func)}()"


def _clocks(layer: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    if layer not in WITHOUT_CLOCK:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = ".".join(_dotted(node).split(".")[-2:])
            if name in CLOCKS:
                yield node.lineno, f"{layer} is told the time and may not read {name}"
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            for alias in node.names:
                if f"time.{alias.name}" in CLOCKS:
                    yield node.lineno, f"{layer} is told the time and may not read time.{alias.name}"


def _environment(layer: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    if layer in READS_ENVIRONMENT:
        return
    names = {_dotted(node): node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {target: line for line, target in imported("", tree)}
    for name, line in names.items():
        if name in ENVIRONMENT:
            yield line, f"only bootstrap reads the environment ({name})"


def _swallowed_errors(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and _catches_all(node.type) and all(map(_says_nothing, node.body)):
            yield node.lineno, "swallows every error and says nothing"
        if isinstance(node, ast.Call) and _dotted(node.func).split(".")[-1] == "suppress":
            yield from ((node.lineno, "suppresses every error") for caught in node.args if _catches_all(caught))


def _catches_all(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(map(_catches_all, caught.elts))
    return caught is None or _dotted(caught) in ("Exception", "BaseException")


def _says_nothing(statement: ast.stmt) -> bool:
    idle = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return idle or isinstance(statement, ast.Pass | ast.Continue)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return "?"


def application() -> list[tuple[str, Path]]:
    """Every module that is shipped, with its name."""
    found = [("app", REPOSITORY / "app.py")] if (REPOSITORY / "app.py").exists() else []
    for path in sorted((REPOSITORY / "chalicelib").rglob("*.py")):
        parts = path.relative_to(REPOSITORY).with_suffix("").parts
        # A package's own file counts as a module in it (chalicelib.domain.__init__): relative imports
        # resolve the same way in both.
        found.append((".".join(parts), path))
    return found


@pytest.mark.parametrize(("module", "path"), application(), ids=[name for name, _ in application()])
def test_the_module_keeps_to_its_layer(module: str, path: Path) -> None:
    assert violations(module, path.read_text("utf-8")) == []


def test_every_layer_of_the_architecture_is_looked_at() -> None:
    assert {layer_of(module) for module, _ in application()} >= {"domain", "reading", "ports", "errors"}


def test_code_around_the_application_swallows_no_error() -> None:
    around = [*(REPOSITORY / "infra").rglob("*.py"), *(REPOSITORY / "demo").rglob("*.py")]
    found = {path.name: list(_swallowed_errors(ast.parse(path.read_text("utf-8")))) for path in around}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("module", "source", "told"),
    [
        ("chalicelib.domain.bad", "from chalicelib.pipeline import run_dunning", "may not import pipeline"),
        ("chalicelib.domain.bad", "from chalicelib.reading.model import Reading", "may not import reading"),
        ("chalicelib.domain.bad", "from chalicelib import adapters", "may not import adapters"),
        ("chalicelib.domain.bad", "from ..adapters.dynamodb import X", "may not import adapters"),
        ("chalicelib.domain.bad", "def f():\n    import chalicelib.cli", "may not import cli"),
        ("chalicelib.reading.bad", "from chalicelib.ports import Mailbox", "may not import ports"),
        ("chalicelib.ports", "from chalicelib.adapters.s3 import S3Archive", "may not import adapters"),
        ("chalicelib.pipeline.bad", "from chalicelib.adapters.ses import Ses", "may not import adapters"),
        ("chalicelib.pipeline.bad", "from chalicelib.bootstrap import build", "may not import bootstrap"),
        ("chalicelib.adapters.ses", "from chalicelib.pipeline import send", "may not import pipeline"),
        ("chalicelib.adapters.ses", "from chalicelib.adapters.smtp import Smtp", "may not import another"),
        ("chalicelib.adapters.ses", "from .smtp import Smtp", "may not import another"),
        ("chalicelib.adapters.ses", "from chalicelib.adapters import smtp", "may not import another"),
        ("chalicelib.web.bad", "from chalicelib.adapters import dynamodb", "may not import adapters"),
        ("chalicelib.cli", "from chalicelib.web import pages", "may not import web"),
        ("app", "from chalicelib.adapters.dynamodb import Store", "may not import adapters"),
        ("chalicelib.bootstrap", "from infra.local import ministack", "stands outside"),
        ("chalicelib.odds_and_ends", "x = 1", "is unknown"),
        ("chalicelib.domain.bad", "import os", "may not import os"),
        ("chalicelib.domain.bad", "import boto3", "may not import boto3"),
        ("chalicelib.reading.bad", "from urllib.request import urlopen", "may not import urllib.request"),
        ("chalicelib.reading.bad", "from pathlib import Path", "may not import pathlib"),
        ("chalicelib.domain.bad", "text = open('policy.yaml').read()", "may not call open()"),
        ("chalicelib.domain.bad", "from datetime import date\nd = date.today()", "may not read date.today"),
        ("chalicelib.domain.bad", "import datetime as dt\nd = dt.date.today()", "may not read date.today"),
        ("chalicelib.reading.bad", "from datetime import datetime\nclock = datetime.now", "datetime.now"),
        ("chalicelib.pipeline.bad", "import datetime\nd = datetime.datetime.now()", "datetime.now"),
        ("chalicelib.pipeline.bad", "import time\nt = time.time()", "may not read time.time"),
        ("chalicelib.pipeline.bad", "from time import time\nt = time()", "may not read time.time"),
        ("chalicelib.adapters.s3", "import os\nb = os.environ['BUCKET']", "only bootstrap reads"),
        ("chalicelib.cli", "import os\nb = os.getenv('BUCKET')", "only bootstrap reads"),
        ("chalicelib.cli", "from os import environ\n", "only bootstrap reads"),
        ("chalicelib.cli", "try:\n    f()\nexcept Exception:\n    pass", "swallows every error"),
        ("chalicelib.cli", "try:\n    f()\nexcept:\n    ...", "swallows every error"),
        ("chalicelib.cli", "try:\n    f()\nexcept (OSError, Exception):\n    pass", "swallows every error"),
        ("chalicelib.cli", "for x in y:\n  try: f()\n  except Exception: continue", "swallows every error"),
        ("chalicelib.cli", "import contextlib\nwith contextlib.suppress(Exception):\n    f()", "suppresses"),
    ],
)  # fmt: skip
def test_a_bad_module_is_found_out(module: str, source: str, told: str) -> None:
    assert any(told in line for line in violations(module, source)), violations(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("chalicelib.domain.good", "from datetime import date\nfrom chalicelib.errors import BadInput"),
        ("chalicelib.domain.good", "from .money import Money\nfrom chalicelib.domain import events as e"),
        ("chalicelib.pipeline.good", "from chalicelib import ports\nfrom chalicelib.domain import propose"),
        ("chalicelib.adapters.dynamodb", "from chalicelib.adapters.dynamodb_items import encode"),
        ("chalicelib.adapters.ses", "from datetime import UTC, datetime\nat = datetime.now(UTC)"),
        ("chalicelib.bootstrap", "import os\nfrom chalicelib.adapters import s3\nb = os.environ['B']"),
        ("chalicelib.cli", "try:\n    f()\nexcept OSError:\n    pass"),
        ("chalicelib.cli", "try:\n    f()\nexcept Exception as e:\n    log(e)"),
        ("app", "from chalicelib import bootstrap\nfrom chalicelib.web import routes"),
    ],
)
def test_a_good_module_is_left_alone(module: str, source: str) -> None:
    assert violations(module, source) == []
