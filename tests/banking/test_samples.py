"""The public sample files inside packages: every valid one read as its package expects, every other one refused.

mt-940 gives for each of its files what it read of it; camt053 and ofxparse state in their tests and templates what
their samples hold; bankfile keeps one file for each thing that banks do to OFX.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from chalicelib.banking.model import BankEntry, EntryKind, Statement
from chalicelib.banking.read import read_statements
from chalicelib.errors import BadFile
from tests.banking.packages import samples_of

IN = (EntryKind.CREDIT, EntryKind.RETURNED_TRANSFER)

REFUSED_MT940 = {
    "amount_formats.sta": "",  # no entry in it, and two balances: read
    "empty_86.sta": "no statement begins here",
    "empty_entry_date.sta": "no currency stands before this entry",
    "missing_crlf_at_end.sta": "no statement begins here",
    "available_balance.sta": "no statement begins here",
    "closing_balance.sta": "no statement begins here",
    "cmxl/mt940.sta": "line 4: 'DEM' is no ISO 4217 code",
    "raphaelm.sta": "line 13: 'DEM' is no ISO 4217 code",
    "statement_details.sta": "no currency stands before this entry",
    "statement_line.sta": "no currency stands before this entry",
    "statement_number.sta": "no statement begins here",
    "empty_non_swift.sta": "no statement begins here",
    "invalid_statement.sta": "line 1: no header of a statement is found",
    "sparkassen.sta": "no currency stands before this entry",
}
"""Fragments of statements, for tests of the package's own, and marks that ended in 2001; all else is read."""

REFUSED_OFX = {
    "account_listing_aggregation.ofx": "no bank or card account",
    "bank_small.ofx": "no bank or card account",
    "error_message.ofx": "line 23: the bank answered 2000: General Server Error",
    "date_missing.ofx": "line 33: the entry has no day (DTPOSTED)",
    "decimal_error.ofx": "line 37: TRNAMT '$120' is no amount",
    "fidelity-savings.ofx": "no bank or card account",
    "fidelity.ofx": "no bank or card account",
    "investment_401k.ofx": "no bank or card account",
    "investment_medium.ofx": "no bank or card account",
    "signon_fail.ofx": "line 11: the bank answered 15500",
    "signon_success.ofx": "no bank or card account",
    "signon_success_no_message.ofx": "no bank or card account",
    "td_ameritrade.ofx": "no bank or card account",
    "tiaacref.ofx": "no bank or card account",
    "vanguard.ofx": "no bank or card account",
    "vanguard401k.ofx": "no bank or card account",
    "empty-tags-curdef-fitid-name.ofx": "line 43: no currency is stated",
}


def read(path: Path) -> list[Statement]:
    return read_statements(path.read_bytes(), name=path.name)


def entries_of(statements: list[Statement]) -> list[BankEntry]:
    return [entry for statement in statements for entry in statement.entries]


def signed(entry: BankEntry) -> Decimal:
    return entry.amount.amount if entry.kind in IN else -entry.amount.amount


def refusal(path: Path, table: dict[str, str]) -> str:
    return table.get(f"{path.parent.name}/{path.name}", table.get(path.name, ""))


# --- MT940


def test_every_mt940_sample_is_read_as_its_package_expects_or_refused_with_its_line() -> None:
    folder = samples_of("mt-940") / "mt940_tests"
    paths = sorted(folder.rglob("*.sta"))
    assert len(paths) == 49
    compared = 0
    for path in paths:
        if told := refusal(path, REFUSED_MT940):
            with pytest.raises(BadFile, match="line [0-9]+") as refused:
                read(path)
            assert told in str(refused.value), path.name
            continue
        found = entries_of(read(path))
        expected = _expected(path.with_suffix(".yml"))
        assert len(found) == len(expected), path.name
        for ours, theirs in zip(found, expected, strict=True):
            compared += 1
            amount = Decimal(theirs["amount"]["amount"])
            # The package gives the debit of a reversed credit a positive sign, and the other way round.
            assert abs(signed(ours)) == abs(amount), (path.name, ours)
            assert ours.amount.currency == theirs["amount"]["currency"], (path.name, ours)
            assert ours.valued_on == theirs["date"], (path.name, ours)
            if theirs["status"] in ("C", "D"):
                assert (signed(ours) > 0) == (theirs["status"] == "C"), (path.name, ours)
            if theirs.get("guessed_entry_date") or theirs.get("entry_date"):
                assert ours.booked_on == (theirs.get("guessed_entry_date") or theirs["entry_date"]), (path.name, ours)
            if len(theirs.get("bank_reference") or "") > 3:
                assert ours.bank_reference == theirs["bank_reference"].strip(), (path.name, ours)
    assert compared > 70


class _Plain(yaml.SafeLoader):
    """Reads the package's own records as plain mappings: nothing of it is run."""


def _plain(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):  # they hold each other: filled once they are there
        return _filled(loader, node)
    if isinstance(node, yaml.SequenceNode):
        values = loader.construct_sequence(node, deep=True)
        if suffix.endswith("models.Date") and values and isinstance(values[0], bytes):
            raw = values[0]
            return date(raw[0] * 256 + raw[1], raw[2], raw[3])
        return values[0] if suffix.endswith("Decimal") else values
    return None


def _filled(loader: yaml.SafeLoader, node: yaml.MappingNode) -> Iterator[dict[Any, Any]]:
    found: dict[Any, Any] = {}
    yield found
    found.update(loader.construct_mapping(node))


_Plain.add_multi_constructor("tag:yaml.org,2002:python/", _plain)


def _expected(path: Path) -> list[dict[str, Any]]:
    """The package's own reading, written in its file beside the sample."""
    kept = yaml.load(path.read_text("utf-8"), Loader=_Plain)  # noqa: S506 — a safe loader of our own
    return [
        t["data"] for t in kept["transactions"] if t and t.get("data", {}).get("amount") and t["data"].get("status")
    ]


# --- OFX


def _ofx_samples() -> Iterator[Path]:
    yield from sorted((samples_of("ofxparse") / "tests" / "fixtures").rglob("*.ofx"))
    yield from sorted((samples_of("bankfile") / "corpus").rglob("*.?fx"))


def test_every_ofx_sample_is_read_or_refused_with_its_line() -> None:
    paths = list(_ofx_samples())
    assert len(paths) == 24 + 19
    for path in paths:
        if told := refusal(path, REFUSED_OFX):
            with pytest.raises(BadFile, match="line [0-9]+") as refused:
                read(path)
            assert told in str(refused.value), path.name
            continue
        raw = path.read_bytes().decode("latin-1")
        stated = [
            Decimal(a.replace(",", ".").replace(" ", "")) for a in re.findall(r"<TRNAMT>\s*([-+ 0-9.,]+)", raw, re.I)
        ]
        assert [signed(e) for e in entries_of(read(path))] == stated, path.name


def test_ofx_samples_hold_what_the_tests_of_their_package_state() -> None:
    folder = samples_of("ofxparse") / "tests" / "fixtures"
    first = read(folder / "checking.ofx")[0]
    assert (first.currency, len(first.entries)) == ("USD", 3)
    credit = first.entries[0]
    assert (credit.amount.amount, credit.booked_on) == (Decimal("0.01"), date(2011, 3, 31))
    card = entries_of(read(folder / "anzcc.ofx"))[0]
    assert card.amount.currency == "AUD"
    medium = read(folder / "bank_medium.ofx")[0]
    assert medium.currency == "CAD"
    assert medium.closing is not None
    assert medium.closing.amount == Decimal("382.34")
    assert [str(signed(e)) for e in medium.entries] == ["-6.60", "-316.67", "-22.00"]
    assert medium.entries[0].payer == "MCDONALD'S #112"
    assert len(read(folder / "multiple_accounts.ofx")) == 2


# --- camt


def test_what_the_camt_package_writes_by_its_templates_is_read_field_by_field() -> None:
    folder = samples_of("camt053") / "camt053" / "templates"
    record = {
        "entry_ref": "N1", "currency": "EUR", "amount": "99.95", "credit_debit": "DBIT", "reversal_indicator": "true",
        "status": "BOOK", "booking_date": "2026-03-02", "value_date": "2026-03-01", "end_to_end_id": "E2E-77",
        "counterparty_name": "Garage Morel", "counterparty_account": "FR7610096000301234567890185",
    }  # fmt: skip
    for version in ("camt.053.001.08", "camt.053.001.14"):
        template = (folder / version / "template.xml").read_text("utf-8")
        xml = jinja2.Environment(autoescape=True).from_string(template).render(
            statement_msg_id="M1", creation_date_time="2026-03-02T08:00:00", statement_id="S1",
            account_id="FR7630006000011234567890189", account_currency="EUR", bal_type_code="CLBD", bal_currency="EUR",
            bal_amount="10.00", bal_credit_debit="CRDT", bal_date="2026-03-02", records=[record],
        )  # fmt: skip
        [statement] = read_statements(xml.encode(), name="template.xml")
        [entry] = statement.entries
        assert (statement.source, statement.account) == (version, "FR7630006000011234567890189")
        assert str(statement.closing) == "10.00 EUR"
        assert (entry.kind, str(entry.amount), entry.booked_on, entry.valued_on) == (
            EntryKind.REVERSAL, "99.95 EUR", date(2026, 3, 2), date(2026, 3, 1),
        )  # fmt: skip
        assert (entry.payer, entry.payer_iban) == ("Garage Morel", "FR7610096000301234567890185")
        assert (entry.bank_reference, "E2E-77" in entry.references) == ("N1", True)


def test_the_camt_messages_in_another_packages_tests_are_read_whole() -> None:
    tests = samples_of("pycamt") / "tests"
    texts = {
        node.value.strip()
        for path in tests.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "</Document>" in node.value
    }
    whole = [t for t in texts if t.startswith("<") and "BkToCstmrStmt>" in t and "<Acct>" in t and "<Ntry>" in t]
    read_whole, refused = 0, []
    for text in sorted(whole):
        try:
            found = entries_of(read_statements(text.encode(), name="sample.xml"))
        except BadFile as error:
            refused.append(re.sub("^sample.xml: line [0-9]+: ", "", str(error)).partition(";")[0])
            continue
        stated = re.findall(r"<Ntry>.*?<Amt[^>]*>([0-9.]+)</Amt>", text, re.DOTALL)
        assert sum((e.amount.amount for e in found), Decimal(0)) == sum(map(Decimal, stated))
        read_whole += 1
    # Two break the standard: thousandths of a franc, and a balance that does not say on which side it stands.
    assert set(refused) <= {
        "'12345.678' is below zero or has more decimals than CHF", "CdtDbtInd is '', neither CRDT nor DBIT",
    }  # fmt: skip
    assert read_whole >= 1, refused
    print(f"{read_whole} read, {len(refused)} refused")
