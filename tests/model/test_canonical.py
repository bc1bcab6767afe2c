"""One encoding: equal values have equal digests, and nothing without one meaning has any."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model import canonical, digest_of

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, width=32)
)
VALUES = st.recursive(
    SCALARS.filter(lambda value: value not in {float("inf"), float("-inf")}),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), VALUES))
def test_the_order_of_keys_does_not_count(value: dict[str, object]) -> None:
    turned = dict(reversed(list(value.items())))

    assert canonical(value, tag="t/1") == canonical(turned, tag="t/1")


@given(VALUES)
def test_the_encoding_is_json_that_encodes_to_itself(value: object) -> None:
    encoded = canonical(value, tag="t/1")

    assert canonical(json.loads(encoded)["value"], tag="t/1") == encoded


@given(VALUES, VALUES)
def test_different_values_have_different_digests(one: object, other: object) -> None:
    same = canonical(one, tag="t/1") == canonical(other, tag="t/1")

    assert (digest_of(one, tag="t/1") == digest_of(other, tag="t/1")) is same


def test_another_tag_is_another_digest() -> None:
    assert digest_of([1], tag="t/1") != digest_of([1], tag="t/2")


def test_the_last_digits_of_a_float_do_not_count() -> None:
    assert digest_of(0.1 + 0.2, tag="t/1") == digest_of(0.3, tag="t/1")
    assert digest_of(0.3001, tag="t/1") != digest_of(0.3, tag="t/1")


def test_the_same_instant_in_another_zone_is_the_same() -> None:
    instant = datetime(2026, 11, 21, 12, tzinfo=UTC)

    assert digest_of(instant, tag="t/1") == digest_of(
        instant.astimezone(timezone(timedelta(hours=5))), tag="t/1"
    )


def test_decimals_keep_every_digit() -> None:
    assert canonical(Decimal("1.10"), tag="t/1") == b'{"tag":"t/1","value":"1.10"}'


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), datetime(2026, 1, 1), {1: "x"}, {"a", "b"}, object(), b"x"],  # noqa: DTZ001 - what is refused
    ids=repr,
)
def test_a_value_without_one_meaning_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value, tag="t/1")
