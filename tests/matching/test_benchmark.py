"""Ten thousand invoices and five thousand entries as life makes them: nothing that is applied alone is wrong."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from chalicelib.matching.match import match_all
from chalicelib.matching.model import Certainty
from tests.matching.mess import make_mess


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_applied_alone_is_always_right(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    mess = make_mess(seed)
    assert (len(mess.ledger.items), len(mess.entries)) == (10_000, 5_000)
    started = time.process_time()
    proposals = match_all(mess.entries, mess.ledger)
    seconds = time.process_time() - started
    wrong, right, proposed = [], Counter[str](), Counter[str]()
    for proposal in proposals:
        truth, kind = mess.truth[proposal.entry.id], mess.kinds[proposal.entry.id]
        if proposal.certainty is Certainty.CERTAIN:
            if {s.number: s.amount for s in proposal.shares} != truth:
                wrong.append((kind, proposal.entry.text, proposal.reason, truth))
            right[kind] += 1
        elif proposal.certainty is Certainty.PROPOSED:
            proposed[kind] += 1
    payable = sum(bool(truth) for truth in mess.truth.values())
    recall = right.total() / payable
    with capsys.disabled():
        print(
            f"\nseed {seed}: {right.total()} of {payable} payments applied alone, {len(wrong)} wrong, "
            f"recall {recall:.3f}, {proposed.total()} proposed, {seconds:.1f} s"
        )
    assert wrong == []
    assert recall > 0.70, dict(right)
    # What nobody can know is never applied alone.
    assert not {"stranger", "debit", "taken back", "nothing known", "paid twice"} & right.keys()
    assert seconds < 60


def test_the_mess_has_everything_in_it() -> None:
    assert set(make_mess(1).kinds.values()) >= {
        "grouped", "no number", "wrong amount", "mistyped", "other payer", "taken back", "on behalf", "part", "cut",
        "several debtors", "number of another", "charges", "too much", "less credit note", "paid twice", "broken",
    }  # fmt: skip
