"""The statistics of a column, as aggregates of the fused query."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from penstock.checks.expressions import as_text, cell, missing
from penstock.checks.fused import Fused, Row, only
from penstock.checks.workspace import Workspace
from penstock.contracts import ContractColumn
from penstock.contracts.types import Family, family_of
from penstock.model import RECORD_COLUMN, ColumnProfile, Frequency

__all__ = ["count_values", "plan_column"]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MAX_VALUES = 100
NEAR_MAX_VALUES = 125
"""HyperLogLog is a few percent off: what it puts a little above the limit is counted, too."""
MAX_VALUE_CHARACTERS = 200
SAMPLE_ROWS = 250_000
"""Quantiles of a larger batch are over about so many rows: exact to a tenth of a percent in rank,
which is what a t-digest gives, at a fifth of its price."""
LARGE = "1e150"
"""Moments are over numbers of a smaller magnitude: the squares of larger ones are infinite."""


def plan_column(
    fused: Fused, column: ContractColumn, *, rows: int
) -> Callable[[Row], ColumnProfile]:
    """Add a column's statistics and return how to read its profile.

    Values of a sensitive column are left out; what only counts them stays.
    """
    family = family_of(column.type)
    here = cell(column.name)
    there: exp.Expr = cell(column.name)
    if family is Family.FLOAT:
        there = only(there, exp.not_(missing(column.name, column.type)))
    read: dict[str, Callable[[Row], Any]] = {
        "missing": fused.count(missing(column.name, column.type)),
        "distinct": fused.add(exp.ApproxDistinct(this=there)),
    }
    if family is not Family.BOOLEAN and not column.sensitive:
        for key, kind in (("minimum", exp.Min), ("maximum", exp.Max)):
            read[key] = fused.add(as_text(kind(this=there.copy())))
    if family.is_number:
        read |= _numbers(fused, column, rows)
    if family is Family.TEXT:
        length = exp.Length(this=here.copy())
        zero = exp.EQ(this=length.copy(), expression=exp.Literal.number(0))
        read |= {
            "empty": fused.count(zero),
            "length_minimum": fused.add(exp.Min(this=length.copy())),
            "length_maximum": fused.add(exp.Max(this=length.copy())),
            "length_mean": fused.add(exp.Avg(this=length.copy())),
        }

    def decode(row: Row) -> ColumnProfile:
        values = {key: reading(row) for key, reading in read.items()}
        quantiles = values.pop("quantiles", None)
        # An estimate may be too high; there are never more values than rows that have one.
        values["distinct"] = min(values["distinct"], rows - values["missing"])
        return ColumnProfile(
            name=column.name,
            type=column.type,
            quantiles=None if quantiles is None else tuple(map(float, quantiles)),
            **{key: _plain(value) for key, value in values.items()},
        )

    return decode


def _numbers(fused: Fused, column: ContractColumn, rows: int) -> dict[str, Any]:
    here, zero = cell(column.name), exp.Literal.number(0)
    number: exp.Expr = exp.cast(here, exp.DataType.build("DOUBLE"))
    if family_of(column.type) is Family.FLOAT:  # false for infinities, and for NaN as the greatest
        usual = exp.LT(this=exp.Abs(this=here.copy()), expression=exp.Literal.number(LARGE))
        number = only(number, usual)
    found = {
        "mean": fused.add(exp.Avg(this=number.copy())),
        "stddev": fused.add(exp.StddevSamp(this=number.copy())),
        "zeros": fused.count(exp.EQ(this=here.copy(), expression=zero)),
        "negatives": fused.count(exp.LT(this=here.copy(), expression=zero.copy())),
    }
    if not column.sensitive:
        shares = exp.Array(expressions=[exp.Literal.number(str(share)) for share in QUANTILES])
        sample = only(number.copy(), _sampled(rows))
        found["quantiles"] = fused.add(
            exp.Anonymous(this="approx_quantile", expressions=[sample, shares])
        )
    return found


def _sampled(rows: int) -> exp.Expr | None:
    """Return whether a row is in the sample for quantiles, the same rows in every run."""
    step = math.ceil(rows / SAMPLE_ROWS)
    if step <= 1:
        return None
    key = exp.Anonymous(this="hash", expressions=[cell(RECORD_COLUMN)])
    rest = exp.Mod(this=key, expression=exp.Literal.number(step))
    return exp.EQ(this=rest, expression=exp.Literal.number(0))


def _plain(value: Any) -> Any:  # noqa: ANN401 - any aggregate's value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def count_values(
    workspace: Workspace, columns: list[ContractColumn], profiles: dict[str, ColumnProfile]
) -> dict[str, ColumnProfile]:
    """Add the frequencies of text and boolean columns with few, short values.

    Columns that the first pass found to have many are not read again, so that the cost is bounded.
    """
    few = [
        column
        for column in columns
        if not column.sensitive
        and family_of(column.type) in {Family.TEXT, Family.BOOLEAN}
        and (profiles[column.name].distinct or 0) <= NEAR_MAX_VALUES
        and (profiles[column.name].length_maximum or 0) <= MAX_VALUE_CHARACTERS
    ]
    if not few:
        return profiles
    histograms = [
        exp.alias_(exp.Anonymous(this="histogram", expressions=[cell(column.name)]), f"h{index}")
        for index, column in enumerate(few)
    ]
    row = workspace.row(exp.select(*histograms).from_("typed"))
    counted = dict(profiles)
    for column, found in zip(few, row, strict=True):
        histogram: dict[Any, int] = found or {}
        update: dict[str, Any] = {"distinct": len(histogram)}
        if len(histogram) <= MAX_VALUES:
            pairs = sorted(
                ((_text(value), rows) for value, rows in histogram.items()),
                key=lambda pair: (-pair[1], pair[0]),
            )
            update["frequencies"] = tuple(Frequency(value=v, rows=rows) for v, rows in pairs)
        counted[column.name] = profiles[column.name].model_copy(update=update)
    return counted


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
