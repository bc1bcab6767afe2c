"""The statistics of a column, as aggregates of the fused query."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from penstock.checks.expressions import as_text, cell, missing
from penstock.checks.fused import Fused, Row
from penstock.checks.workspace import Workspace
from penstock.contracts import ContractColumn
from penstock.contracts.types import Family, family_of
from penstock.model import ColumnProfile, Frequency

__all__ = ["count_values", "plan_column"]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MAX_VALUES = 100
NEAR_MAX_VALUES = 125
"""HyperLogLog is a few percent off: what it puts a little above the limit is counted, too."""
MAX_VALUE_CHARACTERS = 200
LARGE = "1e150"
"""Moments are over numbers of a smaller magnitude: the squares of larger ones are infinite."""


def plan_column(fused: Fused, column: ContractColumn) -> Callable[[Row], ColumnProfile]:
    """Add a column's statistics and return how to read its profile.

    Values of a sensitive column are left out; what only counts them stays.
    """
    family = family_of(column.type)
    here = cell(column.name)
    present = exp.not_(missing(column.name, column.type))
    read: dict[str, Callable[[Row], Any]] = {
        "missing": fused.count(missing(column.name, column.type)),
        "distinct": fused.add(_where(exp.ApproxDistinct(this=here), present, family)),
    }
    if family is not Family.BOOLEAN and not column.sensitive:
        for key, kind in (("minimum", exp.Min), ("maximum", exp.Max)):
            read[key] = fused.add(as_text(_where(kind(this=here.copy()), present, family)))
    if family.is_number:
        read |= _numbers(fused, column, family)
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
        return ColumnProfile(
            name=column.name,
            type=column.type,
            quantiles=None if quantiles is None else tuple(map(float, quantiles)),
            **{key: _plain(value) for key, value in values.items()},
        )

    return decode


def _numbers(fused: Fused, column: ContractColumn, family: Family) -> dict[str, Any]:
    here = cell(column.name)
    number: exp.Expr = exp.cast(here, exp.DataType.build("DOUBLE"))
    usual: exp.Expr | None = None
    if family is Family.FLOAT:  # false for infinities and, since NaN is the greatest, for NaN
        usual = exp.LT(this=exp.Abs(this=here.copy()), expression=exp.Literal.number(LARGE))
    shares = exp.Array(expressions=[exp.Literal.number(str(share)) for share in QUANTILES])
    zero = exp.Literal.number(0)
    found = {
        "mean": fused.add(_filter(exp.Avg(this=number.copy()), usual)),
        "stddev": fused.add(_filter(exp.StddevSamp(this=number.copy()), usual)),
        "zeros": fused.count(exp.EQ(this=here.copy(), expression=zero)),
        "negatives": fused.count(exp.LT(this=here.copy(), expression=zero.copy())),
    }
    if not column.sensitive:
        quantile = exp.Anonymous(this="approx_quantile", expressions=[number.copy(), shares])
        found["quantiles"] = fused.add(_filter(quantile, usual))
    return found


def _where(aggregate: exp.Expr, present: exp.Expr, family: Family) -> exp.Expr:
    return _filter(aggregate, present if family is Family.FLOAT else None)


def _filter(aggregate: exp.Expr, claim: exp.Expr | None) -> exp.Expr:
    if claim is None:
        return aggregate
    return exp.Filter(this=aggregate, expression=exp.Where(this=claim.copy()))


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
