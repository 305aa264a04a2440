"""What every PolicyStore does: one version after the other, none written anew, a trial that counts once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.dynamodb_policies import DynamoPolicyStore
from chalicelib.adapters.memory_office import FakePolicyStore
from chalicelib.ports import PolicyDraft, PolicyStore, PolicyVersion
from tests.contract.conftest import FAKE, REAL, one_of
from tests.parts.table import RealTable

AT = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(days=30)
TWO = PolicyVersion(
    name="standard", number=2, text="name: standard # « é »\n", who="maud@acme.test", at=AT, why="a third call"
)


@pytest.fixture(params=[FAKE, REAL])
def policies(request: pytest.FixtureRequest) -> PolicyStore:
    return one_of(request, FakePolicyStore, DynamoPolicyStore)


def test_nothing_is_adopted_at_first(policies: PolicyStore) -> None:
    assert policies.adopted() == ()
    assert policies.versions("standard") == ()
    assert policies.version("standard", 2) is None


def test_a_version_is_in_force_and_its_forerunners_are_kept(policies: PolicyStore) -> None:
    three = replace(TWO, number=3, text="three", why="")
    other = replace(TWO, name="public_body")
    assert [policies.adopt(one) for one in (TWO, three, other)] == [True, True, True]
    assert set(policies.adopted()) == {three, other}
    assert policies.versions("standard") == (three, TWO)
    assert policies.versions("standard", limit=1) == (three,)
    assert policies.version("standard", 2) == TWO


@pytest.mark.parametrize("number", [1, 2])
def test_a_number_that_was_in_force_is_never_taken_again(policies: PolicyStore, number: int) -> None:
    assert policies.adopt(TWO)
    assert not policies.adopt(replace(TWO, number=number, text="another"))
    assert policies.adopted() == (TWO,)
    assert policies.versions("standard") == (TWO,)


def test_versions_follow_their_numbers_and_not_their_digits(policies: PolicyStore) -> None:
    for number in (9, 10, 11):
        assert policies.adopt(replace(TWO, number=number))
    assert [one.number for one in policies.versions("standard")] == [11, 10, 9]


@pytest.mark.needs_java
def test_of_two_who_adopt_at_once_one_wins(real: RealTable) -> None:
    store = DynamoPolicyStore(real.client, real.name)
    both = [replace(TWO, who=f"{n}@acme.test") for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(store.adopt, both))
    assert sum(won) == 1
    assert store.adopted()[0] == both[won.index(True)] == store.version("standard", 2)


def test_a_trial_goes_on_from_the_turn_that_was_read(policies: PolicyStore) -> None:
    begun = PolicyDraft(id="d1", name="standard", text="x", who="maud@acme.test", at=AT, tally={"first": ["C1"]})
    assert policies.draft("d1") is None
    assert policies.keep_draft(begun, before=None, forget_at=LATER)
    assert not policies.keep_draft(begun, before=None, forget_at=LATER)
    went_on = replace(begun, turn=1, after="C1", tally={"now": {"email": [1, 0]}})
    assert policies.keep_draft(went_on, before=begun, forget_at=LATER)
    assert not policies.keep_draft(replace(begun, turn=1), before=begun, forget_at=LATER)
    assert policies.draft("d1") == went_on
