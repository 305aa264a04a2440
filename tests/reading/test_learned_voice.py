"""The voice learned from examples: reproducible, calibrated, small, and silent where there is nothing to hear."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from chalicelib.errors import BadInput
from chalicelib.reading import INTENTS, Promise, Reading, learned_voice, parse
from chalicelib.reading.examples import Example, corrected, read_examples
from chalicelib.reading.intents import understand
from chalicelib.reading.learned_voice import (
    NEARLY,
    RESOURCE,
    DamagedVoice,
    Opinion,
    Voice,
    in_words,
    pack,
    unpack,
    voice,
)
from chalicelib.reading.statements import Ground, found_by
from chalicelib.reading.training import train
from chalicelib.train_command import SHIPPED, main
from tests.reading.reading_of import said

EXAMPLES = Path(__file__).parents[1] / "corpus" / "examples"
DAY = date(2026, 11, 24)  # a Tuesday


def opinion(words: str, by: Voice | None = None) -> Opinion:
    told = understand(words, Ground(base=DAY))
    return (by or voice()).listen(told.clauses, DAY, found_by(told.statements))


def few(name: str, count: int = 40) -> list[Example]:
    return read_examples((EXAMPLES / name).read_text("utf-8"), name)[:count]


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        ("Le virement partira vendredi.", "promise_to_pay"),
        ("We paid this invoice last week.", "remittance"),
        ("Nous contestons cette facture, le prix ne correspond pas au devis.", "dispute"),
        ("Could you send us a copy of the invoice?", "document_request"),
        ("Serait-il possible de payer en trois fois ?", "payment_plan_request"),
    ],
)
def test_it_hears_what_is_plainly_said(words: str, intent: str) -> None:
    heard = opinion(words)
    assert max(heard.probability, key=heard.probability.__getitem__) == intent
    assert heard.sure([intent]) > 0.5


def test_evidence_is_the_clause_that_speaks_loudest() -> None:
    words = "Bonjour et merci de votre patience. Le virement a été fait hier."
    start, end = opinion(words).place["remittance"]
    assert words[start:end].strip() == "Le virement a été fait hier."


@pytest.mark.parametrize("words", ["", "\n\n", "...", "?!"])
def test_nothing_is_heard_in_nothing(words: str) -> None:
    assert set(opinion(words).probability.values()) == {0.0}


def test_figures_are_masked_so_that_one_invoice_teaches_about_all() -> None:
    one, other = (
        opinion(f"Facture {n} réglée par virement de {a} €.") for n, a in (("F-77123", "12,50"), ("X9/4410", "980,00"))
    )
    assert one.probability == other.probability


@pytest.mark.parametrize(
    ("probability", "taken", "told"),
    [
        (NEARLY - 0.01, [], "doubtful: "),
        (NEARLY, [], "doubtful: remittance"),
        (1 - NEARLY - 0.01, ["remittance"], "doubtful: remittance"),
        (1 - NEARLY + 0.01, ["remittance"], "doubtful: "),
    ],
)
def test_what_is_doubtful_is_told_in_words(probability, taken, told) -> None:
    heard = Opinion({**dict.fromkeys(INTENTS, 0.0), "remittance": probability}, {}, {})
    assert in_words(heard.doubtful(taken)) == told


def test_how_sure_it_is_of_the_whole_is_the_product_of_its_parts() -> None:
    heard = Opinion({**dict.fromkeys(INTENTS, 0.0), "remittance": 0.9, "dispute": 0.2}, {}, {})
    assert heard.sure(["remittance"]) == pytest.approx(0.9 * 0.8)
    assert heard.sure(["remittance", "dispute"]) == pytest.approx(0.9 * 0.2)


def test_a_phrase_of_the_rules_makes_an_intent_more_probable() -> None:
    clauses = understand("Nous reviendrons vers vous au sujet de la somme.", Ground(base=DAY)).clauses
    alone = voice().listen(clauses, DAY, {"dispute": True}).probability["promise_to_pay"]
    assert voice().listen(clauses, DAY, {"promise_to_pay": True}).probability["promise_to_pay"] > alone


def test_the_same_examples_give_the_same_bytes_in_any_order() -> None:
    one, two = few("hand_b.jsonl"), few("hand_c.jsonl")
    first = pack(train({"b": one, "c": two}, rounds=2))
    assert pack(train({"c": two[::-1], "b": one[::-1]}, rounds=2)) == first
    assert pack(train({"c": two, "b": one[:-1]}, rounds=2)) != first


def test_what_is_packed_is_unpacked() -> None:
    learned = train({"b": few("hand_b.jsonl", 20)}, rounds=1)
    assert unpack(pack(learned)) == learned


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-5], lambda b: b"x" + b, lambda b: b"", lambda b: b[:40] + b"!" + b[41:]]
)
def test_a_damaged_file_is_refused_with_what_to_do(damage) -> None:
    with pytest.raises(DamagedVoice, match="relance train"):
        unpack(damage(SHIPPED.read_bytes()))


def test_the_shipped_voice_is_small_and_learned_from_the_examples_that_lie_here() -> None:
    assert SHIPPED.stat().st_size < 5_000_000
    given = {path.stem: read_examples(path.read_text("utf-8"), path.name) for path in EXAMPLES.glob("*.jsonl")}
    learned = {name: int(told.split()[0]) for name, told in voice().manifest["examples"].items()}
    assert learned == {name: len(examples) for name, examples in given.items()}


def test_nothing_that_was_kept_aside_is_an_example() -> None:
    folders = (EXAMPLES.parent / name / "mail" for name in ("fifth", "eighteenth"))
    aside = [parse(path.read_bytes()).text for folder in folders for path in sorted(folder.iterdir())]
    kept = " ".join(" ".join(aside).split())
    given = [e for path in EXAMPLES.glob("*.jsonl") for e in read_examples(path.read_text("utf-8"), path.name)]
    assert len(aside) == 400
    assert not [e.id for e in given if len(e.text) > 60 and " ".join(e.text.split()) in kept]


def test_importing_it_opens_no_weights() -> None:
    code = (
        "import sys, chalicelib.reading.learned_voice as v; "
        "sys.exit(v.voice.cache_info().currsize or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_correction_is_one_more_example() -> None:
    read = Reading(
        kind="reply", language="fr", intents=("remittance",), own_words="Payé vendredi", promise=Promise(DAY)
    )
    line = corrected(
        read,
        id="k1",
        written_at=datetime(2026, 11, 24, tzinfo=UTC),
        intents=["promise_to_pay"],
        decision="apply",
        why="future",
    )
    (example,) = read_examples(line, "corrections.jsonl")
    assert (example.intents, example.decision, example.text) == (("promise_to_pay",), "apply", "Payé vendredi")
    assert json.loads(line)["remittance"] is None
    assert json.loads(line)["promise"] == {"date": "2026-11-24", "amount": None}


@pytest.mark.parametrize("change", [{"intents": ["promise"]}, {"decision": "maybe"}, {"text": " "}, {"date": "soon"}])
def test_a_line_that_is_no_example_is_named(change: dict[str, object]) -> None:
    line = json.loads((EXAMPLES / "hand_b.jsonl").read_text("utf-8").splitlines()[0])
    with pytest.raises(BadInput, match="x.jsonl, line 2"):
        read_examples("\n" + json.dumps(line | change), "x.jsonl")


def test_the_command_writes_and_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few_lines = tmp_path / "hand.jsonl"
    lines = (EXAMPLES / "hand_b.jsonl").read_text("utf-8").splitlines()
    few_lines.write_text("\n".join(lines[:15]), "utf-8")
    out = str(tmp_path / RESOURCE)
    assert main(["--out", out, str(few_lines)]) == 0
    assert main(["--out", out, "--check", str(few_lines)]) == 0
    few_lines.write_text("\n".join(lines[:14]), "utf-8")
    assert main(["--out", out, "--check", str(few_lines)]) == 1
    assert main(["--out", out, str(tmp_path / "none.jsonl")]) == 2
    assert "none.jsonl" in capsys.readouterr().err


def hears(monkeypatch: pytest.MonkeyPatch, **probability: float) -> None:
    heard = Opinion({**dict.fromkeys(INTENTS, 0.0), **probability}, dict.fromkeys(INTENTS, (0, 5)), {"other": 1.0})
    monkeypatch.setattr(learned_voice, "opinion", lambda clauses, base, found: heard)


def test_where_it_is_not_sure_a_person_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    words = "La F-1041 a été réglée par virement le 20 novembre."
    hears(monkeypatch, remittance=0.99)
    assert said(words).decision == "apply"
    hears(monkeypatch, remittance=0.7, dispute=0.45)
    reading = said(words)
    assert (reading.decision, reading.reason) == ("review", "second-voice")
    assert "dispute" in reading.reason_text
    assert reading.intents == ("remittance",)


def test_what_it_denies_is_not_shown_and_what_it_hears_is(monkeypatch: pytest.MonkeyPatch) -> None:
    hears(monkeypatch, dispute=0.7)
    reading = said("La F-1041 a été réglée par virement le 20 novembre.")
    assert reading.intents == ("dispute",)
    assert reading.decision == "review"
