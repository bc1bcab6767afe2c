from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from penstock.checks import ScanInput, scan
from penstock.model import ColumnProfile, Frequency, digest_of

if TYPE_CHECKING:
    from tests.checks.conftest import Shop

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def profile_of(shop: Shop, type_: str, values: list[Any], **options: Any) -> ColumnProfile:
    types = {"a": type_}
    path = shop.table(types, [{"a": value} for value in values])
    _, profile = scan(ScanInput(typed=path), shop.contract(types, **options), now=NOW)
    assert profile.engine == "duckdb-2"
    assert profile.rows == len(values)
    digest_of(profile, tag="test/1")
    return profile.columns[0]


def test_numbers_have_level_and_spread(shop: Shop) -> None:
    found = profile_of(shop, "BIGINT", [0, -1, 2, 7, None])

    assert (found.missing, found.distinct, found.zeros, found.negatives) == (1, 4, 1, 1)
    assert (found.minimum, found.maximum, found.mean) == ("-1", "7", 2.0)
    assert found.stddev == pytest.approx(3.559026)
    assert found.quantiles is not None
    assert len(found.quantiles) == 5
    assert found.frequencies is None


def test_nan_is_missing_and_infinity_does_not_swallow_the_mean(shop: Shop) -> None:
    found = profile_of(shop, "DOUBLE", [1.0, 3.0, math.nan, math.inf, None])

    assert (found.missing, found.mean, found.maximum) == (2, 2.0, "inf")
    assert found.quantiles is not None
    assert all(math.isfinite(q) for q in found.quantiles)


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("DOUBLE", [1.7e308, -1.7e308, 1.7e308]),
        ("DOUBLE", [math.nan, math.nan]),
        ("FLOAT", [3.4e38, -3.4e38]),
        ("BIGINT", [2**63 - 1, -(2**63), 2**63 - 1]),
        ("DECIMAL(38,2)", [Decimal("9e35"), Decimal("9e35"), Decimal("-9e35")]),
        ("BIGINT", []),
        ("VARCHAR", [None, None]),
    ],
)
def test_no_value_is_too_large_or_too_few(shop: Shop, type_: str, values: list[Any]) -> None:
    assert profile_of(shop, type_, values).name == "a"


def test_text_has_lengths_and_frequencies(shop: Shop) -> None:
    found = profile_of(shop, "VARCHAR", ["b", "日本語", "", None, "b", "a"])

    assert (found.missing, found.empty) == (1, 1)
    assert (found.length_minimum, found.length_maximum, found.length_mean) == (0, 3, 1.2)
    assert found.frequencies == (
        Frequency(value="b", rows=2),
        Frequency(value="", rows=1),
        Frequency(value="a", rows=1),
        Frequency(value="日本語", rows=1),
    )


def test_booleans_have_frequencies(shop: Shop) -> None:
    found = profile_of(shop, "BOOLEAN", [True, False, True, None])

    assert found.frequencies == (Frequency(value="true", rows=2), Frequency(value="false", rows=1))


def test_text_of_many_or_long_values_has_no_frequencies(shop: Shop) -> None:
    many = profile_of(shop, "VARCHAR", [f"{n}" for n in range(101)])
    just = profile_of(shop, "VARCHAR", [f"{n}" for n in range(100)] * 2)
    long = profile_of(shop, "VARCHAR", ["x" * 201, "y"])

    assert many.frequencies is None
    assert just.frequencies is not None
    assert len(just.frequencies) == 100
    assert long.frequencies is None
    assert long.minimum == "x" * 200


def test_dates_have_a_span(shop: Shop) -> None:
    days = profile_of(shop, "DATE", [date(2020, 1, 2), None, date(2020, 1, 1)])
    moments = profile_of(shop, "TIMESTAMP WITH TIME ZONE", [NOW])

    assert (days.minimum, days.maximum, days.mean) == ("2020-01-01", "2020-01-02", None)
    assert moments.minimum == "2026-11-21 00:00:00+00"


def test_values_of_sensitive_columns_stay_out(shop: Shop) -> None:
    text = profile_of(shop, "VARCHAR", ["ann@x.org", "bob@x.org"], sensitive=["a"])
    number = profile_of(shop, "BIGINT", [1234, 5678], sensitive=["a"])

    for found in (text, number):
        assert found.minimum is None
        assert found.maximum is None
        assert found.quantiles is None
        assert found.frequencies is None
        assert found.distinct == 2
