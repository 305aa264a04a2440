"""Nothing that a sender can write stops the reader, and nothing takes long."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.reading import Unreadable, parse, phrases, read, to_json
from tests.reading.crafted import TEXTS
from tests.reading.reading_of import CORPUS, context, mail, message

SEEDS = sorted((CORPUS / "replies" / "mail").glob("*.eml"))


def _survives(raw: bytes) -> None:
    try:
        parsed = parse(raw)
    except Unreadable as refused:
        if not refused.reason:
            raise
        return
    assert to_json(read(parsed, context()))["kind"]


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from(["cut", "flip", "insert", "double"]), st.binary(max_size=12)),
        max_size=6,
    ),
)
def test_damaged_mails_are_read_or_refused(seed: Path, damage: list[tuple[float, str, bytes]]) -> None:
    raw = seed.read_bytes()
    for where, how, octets in damage:
        at = int(where * len(raw))
        if how == "cut":
            raw = raw[:at] + raw[at + 40 :]
        elif how == "flip":
            raw = raw[:at] + octets + raw[at + len(octets) :]
        elif how == "insert":
            raw = raw[:at] + octets + raw[at:]
        else:
            raw = raw[:at] + raw[max(0, at - 300) :]
    _survives(raw)


@settings(max_examples=150)
@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    reading = read(message(text), context())
    assert reading.decision in ("apply", "review")


@settings(max_examples=60)
@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    _survives(raw)


def test_pythons_own_mail_samples_are_read_or_refused() -> None:
    found = importlib.util.find_spec("test.test_email")
    if found is None or not found.submodule_search_locations:
        pytest.skip("this Python was installed without its tests")
    samples = sorted(Path(next(iter(found.submodule_search_locations))).glob("data/*.txt"))
    assert samples
    for sample in samples:
        _survives(sample.read_bytes())


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_crafted_text_takes_no_longer_than_a_long_one(name: str) -> None:
    started = time.process_time()
    read(message(TEXTS[name]), context())
    assert time.process_time() - started < 4


@pytest.mark.parametrize("run", [" ", "\t", "\u00a0", "\n", " \n", "-", "_", ">"])
def test_a_long_run_is_read_as_a_short_one(run: str) -> None:
    parsed = parse(mail(f"Bonjour,\nla facture{run * 60_000}F-1041 sera réglée\nCordialement"))
    assert len(parsed.text) < 200
    assert "F-1041" in parsed.text
    started = time.process_time()
    read(parsed, context())
    assert time.process_time() - started < 4


def test_each_table_of_phrases_is_quick_on_crafted_text() -> None:
    tables = {k: v for k, v in vars(phrases).items() if isinstance(v, phrases.Phrases)}
    for reason, table in {**phrases.DISPUTE_STRONG, **phrases.DISPUTE_WEAK}.items():
        tables[reason] = table
    slow: dict[str, float] = {}
    for name, table in tables.items():
        table.search("")
        for text in TEXTS.values():
            started = time.process_time()
            for _ in table.finditer(text):
                pass
            took = time.process_time() - started
            slow[name] = max(slow.get(name, 0), took)
    assert {name: took for name, took in slow.items() if took > 0.8} == {}
