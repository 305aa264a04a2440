"""Which policies are in force, when the store does not answer and when a version cannot be read any more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.memory_office import FakePolicyStore
from chalicelib.errors import BadFile, RetryableError
from chalicelib.pipeline.policies import PoliciesInForce, adopt, checked, numbered
from chalicelib.ports import PolicyVersion

AT = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
TEXT = numbered(bootstrap.policy_texts()["standard"], 2)


class Silent(FakePolicyStore):
    """Does not answer while `silent`."""

    silent = False

    def adopted(self) -> tuple[PolicyVersion, ...]:
        if self.silent:
            raise RetryableError("no answer")
        return super().adopted()


def test_a_store_that_does_not_answer_leaves_what_was_known() -> None:
    store, clock = Silent(), [0.0]
    seen = PoliciesInForce(bootstrap.policies, store, lambda: clock[0])
    assert adopt(store, TEXT, name="standard", number=2, who="maud", at=AT, why="x")
    assert seen["standard"].version == 2
    store.silent, clock[0] = True, 100.0
    assert seen["standard"].version == 2


def test_a_store_that_never_answered_is_no_reason_to_chase_by_the_files() -> None:
    store = Silent()
    store.silent = True
    with pytest.raises(RetryableError):
        PoliciesInForce(bootstrap.policies, store, lambda: 0.0)["standard"]


def test_a_version_that_cannot_be_read_any_more_is_named_and_nothing_takes_its_place() -> None:
    store = FakePolicyStore()
    store.adopt(PolicyVersion(name="standard", number=7, text="name: standard\n", who="maud", at=AT, why="x"))
    with pytest.raises(BadFile, match="standard, version 7"):
        PoliciesInForce(bootstrap.policies, store, lambda: 0.0)["standard"]


def test_a_policy_keeps_its_name_and_takes_the_number_that_follows() -> None:
    assert checked(TEXT, name="standard", number=2).version == 2
    for name, number in (("standard", 3), ("key_account", 2)):
        with pytest.raises(BadFile):
            checked(TEXT, name=name, number=number)


def test_the_number_alone_is_replaced() -> None:
    assert numbered("a: 1\nversion:  12 # why\nsteps: [version: 1]\n", 9) == (
        "a: 1\nversion:  9 # why\nsteps: [version: 1]\n"
    )
