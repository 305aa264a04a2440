"""Compare readings with labels: exactness by field, precision and recall by intent, and what it would have done.

    python -m tests.reading.score LABELS.jsonl READINGS.jsonl [--show]

handled: of the mails a program may act on alone, the share on which it acted and was right.
harmful: of all mails, the share on which it acted and should not have, or acted on something wrong.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]


@dataclass
class Score:
    right: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)  # intents: true, too many, missed
    extra: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    may_act: int = 0
    handled: int = 0
    harmful: int = 0
    messages: int = 0
    unanswered: int = 0
    wrong: list[str] = field(default_factory=list)

    def share(self, what: str) -> float:
        return self.right[what] / self.asked[what] if self.asked[what] else 1.0

    @property
    def handled_share(self) -> float:
        return self.handled / self.may_act if self.may_act else 1.0

    @property
    def harmful_share(self) -> float:
        return self.harmful / self.messages if self.messages else 0.0

    @property
    def intents_f1(self) -> float:
        true, wrong = sum(self.found.values()), sum(self.extra.values()) + sum(self.missed.values())
        return 2 * true / (2 * true + wrong) if true or wrong else 1.0


def score(labels: Mapping[str, Row], readings: Mapping[str, Row]) -> Score:
    out = Score()
    for name, label in labels.items():
        said = readings.get(name, {})
        out.messages += 1
        out.unanswered += name not in readings
        want, have = set(label["intents"]), set(said.get("intents") or ())
        out.found.update(want & have)
        out.extra.update(have - want)
        out.missed.update(want - have)
        for what, ok in _fields(label, said):
            out.asked[what] += 1
            out.right[what] += ok
        mistakes = _mistakes(label, said)
        acted = said.get("decision") == "apply"
        harmful = acted and bool(mistakes or label["decision"] == "review")
        out.harmful += harmful
        if label["decision"] == "apply":
            out.may_act += 1
            out.handled += acted and not mistakes
        if harmful or mistakes or (label["decision"] == "apply" and not acted):
            mark = "HARMFUL" if harmful else ""
            out.wrong.append(
                f"{name:12} {mark:8} {', '.join(mistakes) or said.get('reason', '-')}: {label.get('why', '')}"
            )
    return out


def _fields(label: Row, said: Row) -> list[tuple[str, bool]]:
    out = [("kind", said.get("kind") == label["kind"]), ("language", said.get("language") == label["language"])]
    if label["kind"] == "reply":
        out.append(("invoices", set(said.get("invoices") or ()) == set(label["invoices"])))
    for part, keys in (("promise", ("date", "amount")), ("remittance", ("date", "amount", "reference"))):
        if label[part]:
            out += [(f"{part} {key}", _same(key, label[part][key], _get(said, part, key))) for key in keys]
    if label["dispute"]:
        out.append(("dispute reason", _get(said, "dispute", "reason") == label["dispute"]["reason"]))
    if label["return_date"]:
        out.append(("return date", said.get("return_date") == label["return_date"]))
    if label["contacts"]:
        out.append(("contacts", _lower(said.get("contacts")) == _lower(label["contacts"])))
    return out


def _mistakes(label: Row, said: Row) -> list[str]:
    """What would have had a wrong effect, had the program acted."""
    bad = []
    if said.get("kind") != label["kind"]:
        bad.append("kind")
    if set(said.get("intents") or ()) != set(label["intents"]):
        bad.append("intents")
    if label["invoices"] and set(said.get("invoices") or ()) != set(label["invoices"]):
        bad.append("invoices")
    if label["promise"] and _get(said, "promise", "date") != label["promise"]["date"]:
        bad.append("promise date")
    for part in ("promise", "remittance"):
        want = (label[part] or {}).get("amount")
        if want is not None and not _same("amount", want, _get(said, part, "amount")):
            bad.append(f"{part} amount")
    if label["return_date"] and said.get("return_date") != label["return_date"]:
        bad.append("return date")
    if label["contacts"] and _lower(said.get("contacts")) != _lower(label["contacts"]):
        bad.append("contacts")
    return bad


def _get(row: Row, part: str, key: str) -> Any:
    return (row.get(part) or {}).get(key)


def _same(key: str, one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    if key == "amount":
        return round(float(one), 2) == round(float(other), 2)
    if key == "reference":
        return _letters(str(one)) == _letters(str(other))
    return bool(one == other)


def _letters(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum())


def _lower(addresses: Any) -> set[str]:
    return {a.lower() for a in addresses or ()}


def rows(path: Path) -> dict[str, Row]:
    return {row["file"]: row for row in map(json.loads, path.read_text("utf-8").splitlines()) if row}


def report(done: Score) -> str:
    lines = [f"messages {done.messages}, without an answer {done.unanswered}"]
    lines += [f"{what:24} {done.right[what]:4}/{done.asked[what]:<4} {done.share(what):.3f}" for what in done.asked]
    for intent in sorted({*done.found, *done.extra, *done.missed}):
        true, extra, missed = done.found[intent], done.extra[intent], done.missed[intent]
        lines.append(
            f"{intent:24} precision {true / max(1, true + extra):.3f}"
            f"  recall {true / max(1, true + missed):.3f}  ({true + missed})"
        )
    lines.append(f"intents micro-F1 {done.intents_f1:.3f}")
    lines.append(f"handled {done.handled_share:.3f} ({done.handled}/{done.may_act})")
    lines.append(f"harmful {done.harmful_share:.3f} ({done.harmful}/{done.messages})")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    paths = [a for a in arguments if not a.startswith("--")]
    if len(paths) != 2:
        print(__doc__)
        return 2
    done = score(rows(Path(paths[0])), rows(Path(paths[1])))
    if "--show" in arguments:
        print("\n".join(done.wrong))
    print(report(done))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
