"""Every record and every event goes into a row and comes back the same, whatever its texts."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.dynamodb_items import (
    MAX_KEY_BYTES,
    from_item,
    from_plain,
    instant,
    key_part,
    size,
    to_item,
    to_plain,
)
from chalicelib.domain.creditor import Creditor
from chalicelib.domain.debtor_file import KINDS, Debtor
from chalicelib.domain.events import EVENTS
from chalicelib.domain.money import CURRENCIES, Money
from chalicelib.errors import PermanentError
from chalicelib.ports import Cursor, MailRecord

KEPT = [*KINDS.values(), Debtor, Creditor, MailRecord, Cursor, *EVENTS.values()]

# What a machine makes of a mail is JSON: no key is empty, and no number is without bounds.
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text() | st.floats(-1e6, 1e6, width=32),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=8,
)
instants = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
moneys = st.builds(Money.of, st.decimals(-(10**12), 10**12, places=3), st.sampled_from(sorted(CURRENCIES)))
st.register_type_strategy(datetime, instants)
st.register_type_strategy(Money, moneys)
st.register_type_strategy(Decimal, st.decimals(-(10**12), 10**12, places=3))


def records(kind: type) -> st.SearchStrategy[Any]:
    special = {"reading": st.dictionaries(st.text(min_size=1), json_values, max_size=4)}
    given_fields = {f.name: special[f.name] for f in fields(kind) if f.name in special}
    return st.builds(kind, **given_fields, **_optional(kind))


def _optional(kind: type) -> dict[str, st.SearchStrategy[Any]]:
    """Fields with a default too: `builds` would leave them at it."""
    hints = get_type_hints(kind)
    return {f.name: st.from_type(hints[f.name]) for f in fields(kind) if f.name != "reading"}


@pytest.mark.parametrize("kind", KEPT, ids=lambda kind: kind.__name__)
def test_a_record_comes_back_from_its_row(kind: type) -> None:
    @settings(max_examples=25)
    @given(records(kind))
    def there_and_back(record: Any) -> None:
        item = to_item({"record": to_plain(record)})
        # What boto3 sends is JSON, and JSON is what it gets.
        assert from_plain(from_item(json.loads(json.dumps(item)))["record"], kind, "it") == record

    there_and_back()


@pytest.mark.parametrize("kind", KEPT, ids=lambda kind: kind.__name__)
def test_what_a_newer_version_adds_to_a_record_is_left_unread(kind: type) -> None:
    @settings(max_examples=3)
    @given(records(kind))
    def with_more(record: Any) -> None:
        assert from_plain({**to_plain(record), "colour": {"of": "blue"}}, kind, "it") == record

    with_more()


def test_half_a_character_out_of_a_broken_mail_is_shown_as_such() -> None:
    assert from_item(to_item({"subject": "D\udce9j\ud83d\udcb6"})) == {"subject": "D\ufffdj💶"}


def test_what_cannot_be_read_is_named() -> None:
    with pytest.raises(PermanentError, match="entry 3 cannot be read: .*due_on"):
        from_plain({"case": {"due_on": 5}}, EVENTS["InvoiceEntered"], "entry 3")


def test_an_item_is_as_large_as_dynamodb_counts_it() -> None:
    # The rules as published: names and texts in UTF-8, 3 bytes a map or list and 1 for each that is in it.
    assert size({"pk": {"S": "é"}, "n": {"N": "1234"}, "b": {"BOOL": True}}) == (2 + 2) + (1 + 4) + (1 + 1)
    assert size({"m": {"M": {"ab": {"S": "xyz"}}}}) == 1 + 3 + (1 + 2 + 3)
    assert size({"l": {"L": [{"S": "xyz"}, {"NULL": True}]}}) == 1 + 3 + (1 + 3) + (1 + 1)


@given(st.lists(instants, min_size=2, max_size=2))
def test_instants_sort_as_texts(pair: list[datetime]) -> None:
    first, second = pair
    assert (first < second) == (instant(first) < instant(second))
    assert datetime.fromisoformat(instant(first)) == first


@given(st.text(max_size=1200), st.text(max_size=1200))
def test_a_text_of_any_length_has_a_place_of_its_own_in_a_key(one: str, other: str) -> None:
    assert len(key_part(one).encode()) <= MAX_KEY_BYTES
    assert (key_part(one) == key_part(other)) == (one == other)


@pytest.mark.parametrize(("length", "kept"), [(799, True), (800, True), (801, False)])
def test_a_text_that_fits_is_its_own_key(length: int, kept: bool) -> None:
    assert (key_part("x" * length) == "x" * length) is kept


def test_a_float_is_no_amount() -> None:
    assert to_plain(Money.of("0.10", "EUR")) == {"amount": "0.10", "currency": "EUR"}
