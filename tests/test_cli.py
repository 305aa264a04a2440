"""The relance command: what it prints, what it refuses in one line, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib import bootstrap, cli
from chalicelib.domain.debtor_file import TaskKind
from chalicelib.errors import PermanentError
from chalicelib.pipeline.remind import remind
from tests.pipeline.desk import Program
from tests.sample import CREDITOR

REPOSITORY = Path(__file__).parents[1]
HEADER = "number,account,client,country,issued,due,amount,currency,paid_on,email"
AT = datetime(2026, 2, 9, 9, 0, tzinfo=UTC)  # a Monday, 10:00 in Paris


@pytest.fixture
def invoices(tmp_path: Path) -> Path:
    path = tmp_path / "invoices.csv"
    path.write_text(
        f"{HEADER}\n"
        "F1,C1,Nord,FR,2026-01-05,2026-02-04,1200.50,EUR,,compta@nord.example\n"
        "F2,C1,Nord,FR,2026-01-05,2026-02-04,80,EUR,2026-02-04,\n",
        "utf-8",
    )
    return path


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Program:
    """A running program in memory, at AT."""
    program = Program(AT)
    monkeypatch.setattr(bootstrap, "parts", lambda: program.parts)
    monkeypatch.setattr(bootstrap, "now", lambda: AT)
    return program


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever ran before: no setting of a stack in the environment, and nothing built from one."""
    for name in bootstrap.WHAT:
        monkeypatch.delenv(name, raising=False)
    build = bootstrap.parts
    build.cache_clear()
    yield
    build.cache_clear()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*words: object) -> tuple[int, str, str]:
        try:
            code = cli.main([str(word) for word in words])
        except SystemExit as exit_:  # argparse
            code = int(exit_.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


# --- simulate


def test_simulate_prints_a_json_line_for_each_action_and_nothing_else(run, invoices):
    code, out, err = run("simulate", "--invoices", invoices, "--jsonl")
    lines = [json.loads(line) for line in out.splitlines()]

    assert code == 0
    assert lines[0] == {
        "date": "2026-01-30", "account": "C1", "action": "email", "step": "courtesy", "channel": "email",
        "invoices": ["F1", "F2"], "reason": "courtesy is due since 2026-01-30 (due - 5 days)",
    }  # fmt: skip
    assert [line["step"] for line in lines][-1] == "after_notice"
    assert "invoices paid by the due date            1" in err, "the figures do not disturb the lines"


def test_simulate_prints_a_table_and_figures_for_people(run, invoices):
    code, out, err = run("simulate", "--invoices", invoices)

    assert code == 0
    assert out.splitlines()[0].split()[:4] == ["2026-01-30", "C1", "email", "courtesy"]
    assert "e-mails                                  6" in out
    assert err == ""


def test_simulate_prints_only_the_figures_where_that_is_asked_for(run, invoices):
    _, out, _ = run("simulate", "--invoices", invoices, "--summary")

    assert out.splitlines()[0].split() == ["debtors", "1"]


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ((), "2026-01-30", "2026-03-17"),
        (("--to", "2026-02-09"), "2026-01-30", "2026-02-09"),
        (("--from", "2026-03-02", "--to", "2026-03-09"), "2026-03-02", "2026-03-09"),
        (("--policy", "public_body"), "2026-02-11", "2026-04-14"),
    ],
)
def test_simulate_follows_its_options(run, invoices, words, first, last):
    code, out, _ = run("simulate", "--invoices", invoices, "--jsonl", *words)
    days = [json.loads(line)["date"] for line in out.splitlines()]

    assert (code, days[0], days[-1]) == (0, first, last)


def test_simulate_takes_payments(run, invoices, tmp_path):
    payments = tmp_path / "payments.csv"
    payments.write_text("account;number;paid_on;amount;currency\nC1;F1;06/02/2026;1 200,50;EUR\n", "cp1252")

    _, out, _ = run("simulate", "--invoices", invoices, "--payments", payments, "--jsonl")

    assert [json.loads(line)["step"] for line in out.splitlines()] == ["courtesy"]


def test_simulate_takes_a_policy_and_a_mapping_of_files(run, tmp_path):
    (tmp_path / "p.yaml").write_text(
        "name: mine\nversion: 1\ntitle: {en: Mine}\nsteps: [{id: only, when: due + 1 day, do: email}]\n", "utf-8"
    )
    (tmp_path / "m.yaml").write_text("columns: {number: Beleg}\nconstants: {country: DE}\n", "utf-8")
    (tmp_path / "i.csv").write_text(
        "Beleg;account;client;issued;due;amount;currency\nR1;C1;Nord;05.01.2026;04.02.2026;10,00;EUR\n", "utf-8"
    )

    _, out, _ = run(
        "simulate", "--invoices", tmp_path / "i.csv", "--map", tmp_path / "m.yaml", "--policy", tmp_path / "p.yaml",
        "--jsonl",
    )  # fmt: skip

    assert [json.loads(line)["step"] for line in out.splitlines()] == ["only"]


def test_simulate_stops_at_a_wrong_row_and_names_it(run, invoices):
    with invoices.open("a") as out:
        out.write("F3,C1,Nord,FR,2026-01-05,2026-01-04,10,EUR,,\n")

    code, out, err = run("simulate", "--invoices", invoices)

    assert (code, out) == (2, "")
    assert err == (
        f"relance: {invoices}: line 4, column due: 2026-01-04 lies before the day of issue, 2026-01-05; "
        "correct one of the two dates\n"
    )


def test_simulate_leaves_a_wrong_row_out_only_when_asked_to_and_says_so(run, invoices):
    with invoices.open("a") as out:
        out.write("F3,C1,Nord,FR,2026-01-05,2026-01-04,10,EUR,,\n")

    code, out, err = run("simulate", "--invoices", invoices, "--summary", "--skip-bad")

    assert code == 0
    assert "invoices                                 2" in out
    assert err.startswith(f"left out: {invoices}: line 4, column due: ")


def test_simulate_leaves_out_what_the_ledger_contradicts_itself_about(run, invoices, tmp_path):
    payments = tmp_path / "payments.csv"
    payments.write_text("account,paid_on,amount,currency\nC9,2026-02-06,10,EUR\n")
    words = ("simulate", "--invoices", invoices, "--payments", payments, "--summary")

    code, _, err = run(*words)
    assert (code, "line 2, column account: no invoice is of account 'C9'" in err) == (2, True)

    code, _, err = run(*words, "--skip-bad")
    assert (code, "left out" in err) == (0, True)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--invoices", "nix.csv"), "nix.csv: there is no such file; check the path"),
        (("--policy", "soft"), "--policy: no policy 'soft'; one of key_account, public_body, standard, or a YAML file"),
        (("--map", "sap"), "--map: no mapping 'sap'; one of french, ibm_accounts_receivable, or a YAML file"),
        (("--country", "UK"), "--country: 'UK' is no ISO 3166 country of two letters; write for example FR"),
        (("--from", "2026-02-02", "--to", "2026-02-01"),
         "--to: 2026-02-01 lies before --from 2026-02-02; give a later day"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_one_line(run, invoices, words, what):
    code, out, err = run("simulate", "--invoices", invoices, *words)

    assert (code, out, err) == (2, "", f"relance: {what}\n")


def test_a_file_that_a_shipped_mapping_fits_is_answered_with_its_name(run, tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(
        "Numéro;Compte;Client;Pays;Émise le;Échéance;Montant;Devise\nF1;C1;Nord;FR;05/01/2026;04/02/2026;5;EUR\n"
    )

    code, _, err = run("simulate", "--invoices", path)
    assert code == 2
    assert err.splitlines()[-1].endswith("these are the columns of a mapping that is shipped; add --map french")

    assert run("simulate", "--invoices", path, "--map", "french", "--summary")[0] == 0


def test_a_wrong_day_on_the_command_line_is_refused(run, invoices):
    code, _, err = run("simulate", "--invoices", invoices, "--from", "02/09/2026")

    assert code == 2
    assert "'02/09/2026' is no day: write YYYY-MM-DD" in err


def test_a_reader_that_has_seen_enough_is_no_error(ibm_ledger):
    command = [sys.executable, "-c", "from chalicelib.cli import main; raise SystemExit(main())", "simulate",
               "--invoices", str(ibm_ledger), "--map", "ibm_accounts_receivable"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=REPOSITORY) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()

    assert (process.returncode, err) == (0, b"")


def test_simulate_needs_no_aws_and_starts_without_its_packages(invoices):
    script = (
        "import sys; from chalicelib.cli import main; code = main(sys.argv[1:])\n"
        "print([m for m in ('boto3', 'botocore', 'jinja2', 'imapclient', 'chalice') if m in sys.modules], code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "simulate", "--invoices", str(invoices), "--summary"],
        env={"PATH": "/usr/bin:/bin"}, cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert done.stdout.splitlines()[-1] == "[] 0"


# --- import


def test_import_writes_the_ledger_and_may_be_repeated(run, program, invoices):
    invoices.write_text(invoices.read_text("utf-8").replace("EUR,2026-02-04,", "EUR,,"), "utf-8")

    assert run("import", "invoices", invoices)[:2] == (0, f"{invoices}: 2 invoices of 1 debtors: 2 new, 0 known\n")
    entries = program.file("C1").entries

    assert run("import", "invoices", invoices)[:2] == (0, f"{invoices}: 2 invoices of 1 debtors: 0 new, 2 known\n")
    assert program.file("C1").entries == entries


def test_import_takes_payments(run, program, invoices, tmp_path):
    run("import", "invoices", invoices)
    payments = tmp_path / "payments.csv"
    payments.write_text("account,number,paid_on,amount,currency\nC1,F1,2026-02-06,1200.50,EUR\n")

    code, out, _ = run("import", "payments", payments)

    assert (code, out) == (0, f"{payments}: 1 payments of 1 debtors: 1 new, 0 known\n")
    assert not program.file("C1").cases["F1"].is_open


def test_a_wrong_file_writes_nothing(run, program, invoices):
    with invoices.open("a") as out:
        out.write("F3,C1,Nord,FR,2026-01-05,2026-02-04,ten,EUR,,\n")

    code, _, err = run("import", "invoices", invoices)

    assert code == 2
    assert err.startswith(f"relance: {invoices}: line 4, column amount: 'ten' is no amount")
    assert list(program.store.debtor_ids()) == []


def test_a_row_that_contradicts_the_books_is_named_by_file_and_line(run, program, invoices):
    run("import", "invoices", invoices)
    invoices.write_text(invoices.read_text("utf-8").replace("1200.50", "1300.50"), "utf-8")
    entries = program.file("C1").entries

    code, _, err = run("import", "invoices", invoices)

    assert code == 2
    assert err.startswith(f"relance: {invoices}: line 2, column amount: F1 stands in our books with 1200.50 EUR")
    assert program.file("C1").entries == entries


def test_a_dry_run_checks_and_writes_nothing(run, invoices):
    code, out, _ = run("import", "invoices", invoices, "--dry-run")

    assert code == 0
    assert out == f"{invoices}: 2 invoices can be read; nothing was written or compared with the books\n"


# --- tasks


@pytest.fixture
def call(run, program, invoices) -> str:
    """The name of an open call task."""
    run("import", "invoices", invoices)
    remind(program.parts, "C1", at=AT)
    program.see(AT + timedelta(days=1))
    remind(program.parts, "C1", at=AT + timedelta(days=1))
    tasks = [t for t in program.file("C1").open_tasks() if t.kind is TaskKind.CALL]
    assert len(tasks) == 1
    return f"C1/{tasks[0].id}"


def test_tasks_are_listed(run, call):
    code, out, _ = run("tasks")

    assert code == 0
    assert call in out
    assert "1200.50 EUR" in out
    assert out.splitlines()[-1].endswith("open task") or out.splitlines()[-1].endswith("open tasks")


def test_tasks_are_chosen_by_kind_and_person_and_printed_as_json(run, call):
    assert run("tasks", "list", "--kind", "blind", "--json")[1] == ""
    assert run("tasks", "list", "--assignee", "lea", "--json")[1] == ""
    (line,) = run("tasks", "list", "--kind", "call", "--json")[1].splitlines()

    told = json.loads(line)
    assert (f"{told['debtor']}/{told['task']}", told["kind"], told["invoices"]) == (call, "call", ["F1"])


def test_a_task_is_shown_with_what_a_caller_needs(run, call):
    code, out, _ = run("tasks", "show", call)

    assert code == 0
    assert "compta@nord.example" in out
    assert "F1, due 2026-02-04, 1200.50 EUR of 1200.50 EUR open" in out
    assert "outcomes:    agreed, disputed, no_answer, paid" in out


def test_a_task_is_assigned_and_closed_with_its_outcome(run, program, call):
    assert run("tasks", "assign", call, "lea")[0] == 0
    assert program.file("C1").tasks[call[3:]].assignee == "lea"

    code, out, err = run("tasks", "close", call, "promised", "--on", "2026-02-20", "--note", "spoke to Lou")

    assert (code, out, err) == (0, f"{call}: closed, promised\n", "")
    (promise,) = program.file("C1").promises.values()
    assert str(promise.pay_on) == "2026-02-20"


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (("show", "C1"), 2, "C1: names no task; write DEBTOR/TASK as `relance tasks` shows it"),
        (("show", "C1/nix"), 2, "C1/nix: there is no such task; `relance tasks` lists them"),
        (("assign", "C1/nix", "lea"), 1, "debtor C1 has no open task 'nix'"),
        (("close", "CALL", "asleep"), 2, "outcome: 'asleep' is no outcome of call; one of agreed, disputed, "),
        (("close", "CALL", "promised"), 2, "on: a promise needs its day; "),
        (("close", "CALL", "promised", "--amount", "12"), 2, "--amount: '12' has no currency; "),
    ],
)
def test_a_task_that_cannot_be_worked_says_why(run, call, words, code, what):
    got, _, err = run("tasks", *(call if word == "CALL" else word for word in words))

    assert got == code
    assert err.startswith(f"relance: {what}")
    assert len(err.splitlines()) == 1


# --- setup, doctor, errors


def test_setup_enters_the_creditor(run, program):
    sample = REPOSITORY / "templates" / "creditor.yaml"

    code, out, _ = run("setup", sample)

    assert (code, out) == (0, f"{sample}: Atelier Exemple is set up; `relance doctor` checks the rest\n")
    assert program.offices.creditor().name == "Atelier Exemple"


def test_setup_writes_nothing_of_a_wrong_file(run, program, tmp_path):
    wrong = tmp_path / "c.yaml"
    wrong.write_text((REPOSITORY / "templates" / "creditor.yaml").read_text("utf-8").replace("0189", "0198"), "utf-8")
    wrong.write_text(wrong.read_text("utf-8").replace("7890 189", "7890 198"), "utf-8")

    code, _, err = run("setup", wrong)

    assert code == 2
    assert "key iban: the check digits do not agree" in err
    assert program.offices.creditor() == CREDITOR


def test_doctor_says_what_is_well_and_what_to_do(run, program, monkeypatch):
    def broken() -> tuple[str, str]:
        raise PermanentError("there is no such table")

    monkeypatch.setattr(
        bootstrap, "looks", lambda: {"table": broken, "due queue": lambda: ("due: 0 waiting, 2 given up", "redrive it")}
    )

    code, out, _ = run("doctor")

    assert code == 1
    assert "fail  table           there is no such table\n                      deploy the stack, or correct" in out
    assert "warn  due queue       due: 0 waiting, 2 given up\n                      redrive it" in out
    assert "ok    creditor        Atelier Verre Clair, answers to compta@verre-clair.example" in out
    assert "ok    mailbox         logged in" in out
    assert "ok    fresh payments" in out


def test_doctor_is_content_where_nothing_is_wrong(run, program, monkeypatch):
    monkeypatch.setattr(bootstrap, "looks", dict)

    code, out, _ = run("doctor")

    assert code == 0
    assert {line.split()[0] for line in out.splitlines()} == {"ok"}


@pytest.mark.parametrize(("hours", "state"), [(95, "ok"), (96, "ok"), (97, "fail")])
def test_doctor_fails_on_stale_payments_for_then_nothing_is_chased(run, program, monkeypatch, hours, state):
    monkeypatch.setattr(bootstrap, "looks", dict)
    monkeypatch.setattr(bootstrap, "now", lambda: AT + timedelta(hours=hours))

    _, out, _ = run("doctor")

    (line,) = [line for line in out.splitlines() if " fresh payments" in line]
    assert line.split()[0] == state


def test_doctor_only_warns_of_what_was_never_read(run, monkeypatch):
    program = Program(None)
    monkeypatch.setattr(bootstrap, "parts", lambda: program.parts)
    monkeypatch.setattr(bootstrap, "looks", dict)

    code, out, _ = run("doctor")

    assert code == 0
    assert "the payments were never read: nothing is chased" in out


def test_doctor_says_which_setting_is_missing(run, monkeypatch):
    monkeypatch.setenv("RELANCE_TABLE", "t")
    monkeypatch.delenv("RELANCE_ARCHIVE_BUCKET", raising=False)
    bootstrap.parts.cache_clear()

    code, out, _ = run("doctor")

    assert code == 1
    assert "fail  settings        RELANCE_ARCHIVE_BUCKET is not set: " in out
    assert "set it, or name the stack with --stack" in out


def test_without_settings_a_command_says_which_one_is_missing(run, monkeypatch):
    monkeypatch.delenv("RELANCE_TABLE", raising=False)
    bootstrap.parts.cache_clear()

    code, out, err = run("tasks")

    assert (code, out) == (1, "")
    assert err.startswith("relance: RELANCE_TABLE is not set: ")


def test_an_error_that_nobody_foresaw_is_one_line_and_a_traceback_only_where_asked_for(run, monkeypatch):
    def breaks() -> None:
        raise ZeroDivisionError("first line\nsecond line")

    monkeypatch.setattr(bootstrap, "parts", breaks)

    assert run("tasks") == (1, "", "relance: ZeroDivisionError: first line (--debug tells more)\n")
    assert "Traceback" in run("tasks", "--debug")[2]


def test_the_version_is_told(run):
    code, out, _ = run("--version")

    assert code == 0
    assert out.startswith("relance ")


@pytest.mark.parametrize("words", [(), ("fly",), ("import", "clients", "f.csv")])
def test_a_command_that_does_not_exist_is_refused(run, words):
    assert run(*words)[0] == 2


STATEMENT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-03-12T06:00:00</CreDtTm></GrpHdr>
<Stmt><Id>S1</Id><CreDtTm>2026-03-12T06:00:00</CreDtTm><Acct><Id><IBAN>FR7630006000011234567890189</IBAN></Id></Acct>
<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
<BookgDt><Dt>2026-03-12</Dt></BookgDt><AcctSvcrRef>REF1</AcctSvcrRef><BkTxCd><Prtry><Cd>VIR</Cd></Prtry></BkTxCd>
<NtryDtls><TxDtls><RltdPties><Dbtr><Nm>CAFE NORD</Nm></Dbtr></RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>
</NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"""


def test_a_statement_settles_what_is_certain_and_a_person_the_rest_and_may_take_it_back(
    run, program, invoices, tmp_path
):
    run("import", "invoices", invoices)
    (number,) = [c.number for c in program.file("C1").open_cases()][:1]
    balance = program.file("C1").cases[number].balance
    statement = tmp_path / "statement.xml"
    statement.write_text(STATEMENT.format(amount="7.00", text="merci"), "utf-8")
    assert run("import", "statement", statement)[0] == 0
    (task,) = [t for _, t in program.store.open_tasks() if t.kind == "allocate_payment"]
    credit = task.id.removeprefix("allocate_payment-")
    assert run("allocate", credit, "C1", number)[0] == 0
    assert program.file("C1").cases[number].balance.amount == balance.amount - 7
    assert run("undo", credit, "C1", "--why", "another client's")[0] == 0
    assert program.file("C1").cases[number].balance == balance
    assert run("allocate", "bank-unknown", "C1", number)[0] in (1, 2)
