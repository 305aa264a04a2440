"""Real parts as fixtures, each started once a process when a test first asks; what is missing is told aloud.

A test that asks for a part this machine lacks is left out, counted, and named at the end of the run. With
RELANCE_REQUIRE_ALL_PARTS=1 a run that leaves anything out fails.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest

from infra.local.mailserver import MailServer, run_mailserver
from infra.local.ministack import MiniStack, run_ministack
from tests.parts.dovecot import Dovecot, run_dovecot
from tests.parts.dynamodb_local import run_dynamodb_local
from tests.parts.faults import Faults, run_faults
from tests.parts.missing import INSTALL, ledger, why_missing

CREDITOR = "relances@acme.test"
REQUIRE_ALL_PARTS = "RELANCE_REQUIRE_ALL_PARTS"
LEFT_OUT = "left out, part missing: "
CANNOT_BE_INSTALLED = (f"{LEFT_OUT}ledger", "this Python was installed without its tests")
# A test that asks for one of these fixtures needs the part, marked or not.
PART_OF_FIXTURE = {
    "dynamodb_local": "java",
    "dovecot": "dovecot",
    "chromium": "chromium",
    "ibm_ledger": "ledger",
}

# No test may reach a real account, whatever the developer's shell holds.
for variable in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[variable]
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="eu-west-3",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
)

# Machines that build are shared and slow: an example may take its time, and a failure must come back.
hypothesis.settings.register_profile("relance", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("relance")


@pytest.fixture(scope="session")
def part_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the parts of this run write what they print."""
    return tmp_path_factory.mktemp("parts")


@pytest.fixture(scope="session")
def dynamodb_local(part_logs: Path) -> Iterator[str]:
    """The endpoint URL of a real DynamoDB, empty at the start; a test names its own table."""
    with run_dynamodb_local(part_logs) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def dovecot(part_logs: Path) -> Iterator[Dovecot]:
    """A real IMAP server; a test takes a mailbox of its own from `new_address()`."""
    with run_dovecot(part_logs) as server:
        yield server


@pytest.fixture(scope="session")
def mailserver(part_logs: Path) -> Iterator[MailServer]:
    """The embedded mail server, shared by the tests of a process; tell mails apart by address."""
    kept = part_logs / "mail"
    with run_mailserver(creditor=CREDITOR, kept_in=kept / "in", kept_out=kept / "out") as server:
        yield server


@pytest.fixture(scope="session")
def ministack(part_logs: Path, mailserver: MailServer) -> Iterator[MiniStack]:
    """AWS on the loopback, its SES handing mail to `mailserver`; policies are not enforced."""
    relay = (mailserver.host, mailserver.smtp_port)
    with run_ministack(part_logs / "ministack", smtp_relay=relay, persist=False) as stack:
        yield stack


@pytest.fixture(scope="session")
def _fault_proxies(part_logs: Path) -> Iterator[Callable[[str, tuple[str, ...]], Faults]]:
    with ExitStack() as started:
        proxies: dict[tuple[str, tuple[str, ...]], Faults] = {}

        def before(upstream: str, services: tuple[str, ...]) -> Faults:
            key = (upstream, services)
            if key not in proxies:
                proxies[key] = started.enter_context(run_faults(upstream, logs=part_logs, services=services))
            return proxies[key]

        yield before


@pytest.fixture
def faults(
    _fault_proxies: Callable[[str, tuple[str, ...]], Faults],
) -> Iterator[Callable[..., Faults]]:
    """`faults(endpoint, "dynamodb", …)`: a proxy before this endpoint, without orders of other tests."""
    used: list[Faults] = []

    def before(upstream: str, *services: str) -> Faults:
        proxy = _fault_proxies(upstream, services)
        proxy.clear()
        used.append(proxy)
        return proxy

    yield before
    for proxy in used:
        proxy.clear()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    return shutil.which("chromium") or "chromium"


@pytest.fixture(scope="session")
def ibm_ledger() -> Path:
    """The public ledger of 2,466 invoices."""
    path = ledger()
    if path is None:
        raise FileNotFoundError("the public ledger")
    return path


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A file's bytes are no name: a workbook made twice differs by its clock, and so would the workers' lists."""
    return argname if isinstance(val, bytes) and len(val) > 80 else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in PART_OF_FIXTURE:
                item.add_marker(f"needs_{PART_OF_FIXTURE[fixture]}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for part in INSTALL:
        if item.get_closest_marker(f"needs_{part}") and (reason := why_missing(part)):
            pytest.skip(f"{LEFT_OUT}{part} ({reason})")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a run that left something out into a failed one, where every part was asked for."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and _missed(reporter.stats.get("skipped", [])) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _missed(skipped: list[pytest.TestReport]) -> bool:
    """Whether anything was left out that this run was to have. Nobody can be asked to install a foreign ledger."""
    required = os.environ.get(REQUIRE_ALL_PARTS, "") not in ("", "0")
    return required and any(not _reason(report).startswith(CANNOT_BE_INSTALLED) for report in skipped)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    reasons = Counter(_reason(report) for report in skipped)
    terminalreporter.section("LEFT OUT", sep="!", red=True, bold=True)
    for reason, count in reasons.most_common():
        part = reason.removeprefix(LEFT_OUT).split(" ")[0] if reason.startswith(LEFT_OUT) else ""
        advice = f"; install {INSTALL[part]}" if part else ""
        terminalreporter.line(
            f"left out: {count} test{'s' if count > 1 else ''}, {reason.removeprefix('left out, ')}{advice}"
        )
    if _missed(skipped):
        terminalreporter.line(f"{REQUIRE_ALL_PARTS} is set: a run that leaves such things out has failed", red=True)


def _reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return str(report.longrepr)
