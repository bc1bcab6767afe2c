"""Statistics of a batch as time series: what is compared with the past, and in which unit."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from penstock.model import ColumnProfile, Profile

__all__ = ["Series", "Unit", "read_series"]

Unit = Literal["rows", "share", "number", "characters"]

SHARE_FLOOR = 0.0025
"""A share that never moved is expected to move by this much; four times it is 1 %."""

NUMBER_FLOOR = 0.005
"""A number that never moved is expected to move by this part of itself."""

DISTINCT_FLOOR = 0.02
"""Distinct values are counted approximately (HyperLogLog): this much is the counter's noise."""

ROWS_FLOOR = 0.01
"""Smallest bound of the logarithm of the row count: one row in a hundred."""

EXPONENT = 300.0
"""Bands stop here: beyond it a float can not tell what was measured."""

SMALLEST = 1e-150
"""Typical sizes stay between this and its inverse, out of reach of overflow."""

QUANTILES = ("q05", "q25", "q50", "q75", "q95")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One statistic over the history, oldest first, with the batch that is judged last.

    `measurements` are as measured; `values` are in the scale they are compared in: shares as they
    are, row counts and numbers far above their typical size as logarithms, so that a dataset may
    grow while a slip stays a slip.
    """

    column: str | None
    statistic: str
    unit: Unit
    values: tuple[float | None, ...]
    measurements: tuple[float | None, ...]
    floor: float
    """Smallest deviation that is worth a thought, in the scale of the values."""
    rises_only: bool = False
    """True when only a rise is bad news."""
    typical: float | None = None
    """Typical size of a number: below it the scale is linear, far above it logarithmic."""

    def measured(self, value: float) -> float:
        """Turn a value of the scale back into what was measured."""
        if self.typical is not None:
            return math.sinh(_cut(value)) * self.typical
        return math.expm1(_cut(value)) if self.unit == "rows" else value


def read_series(history: Sequence[Profile], batch: Profile) -> list[Series]:
    """Return every statistic of the batch that some batch of the history has too."""
    profiles = [*history, batch]
    totals = [profile.rows for profile in profiles]
    by_name = [{column.name: column for column in profile.columns} for profile in profiles]
    found = [_rows(totals)]
    for name in by_name[-1]:
        found.extend(_column_series(name, [columns.get(name) for columns in by_name], totals))
    return [
        series
        for series in found
        if series.values[-1] is not None and any(v is not None for v in series.values[:-1])
    ]


def _rows(totals: Sequence[int]) -> Series:
    return Series(
        column=None,
        statistic="row_count",
        unit="rows",
        values=tuple(math.log1p(total) for total in totals),
        measurements=tuple(float(total) for total in totals),
        floor=ROWS_FLOOR,
    )


def _column_series(
    name: str, past: Sequence[ColumnProfile | None], totals: Sequence[int]
) -> Iterator[Series]:
    row = 1 / max(totals[-1], 1)  # a single stray row is no pattern

    def shares(
        statistic: str,
        count: Callable[[ColumnProfile], int | None],
        *,
        floor: float = SHARE_FLOOR,
        of_present: bool = True,
    ) -> Series:
        values = tuple(
            None if column is None else _share(count(column), _base(column, total, of_present))
            for column, total in zip(past, totals, strict=True)
        )
        return Series(
            column=name,
            statistic=statistic,
            unit="share",
            values=values,
            measurements=values,
            floor=max(floor, row),
        )

    yield shares("missing", lambda column: column.missing, of_present=False)
    yield shares("distinct", lambda column: column.distinct, floor=DISTINCT_FLOOR)
    yield shares("zero", lambda column: column.zeros)
    yield shares("negative", lambda column: column.negatives)
    yield shares("empty", lambda column: column.empty)
    yield _number(
        name, "length", [None if c is None else c.length_mean for c in past], unit="characters"
    )
    yield _number(name, "mean", [None if c is None else c.mean for c in past])
    yield _number(name, "spread", [None if c is None else c.stddev for c in past])
    for position, statistic in enumerate(QUANTILES):
        yield _number(
            name, statistic, [c.quantiles[position] if c and c.quantiles else None for c in past]
        )
    yield from _categories(name, past, floor=max(SHARE_FLOOR, row))


def _cut(value: float) -> float:
    return min(max(value, -EXPONENT), EXPONENT)


def _base(column: ColumnProfile, total: int, of_present: bool) -> int:
    return total - column.missing if of_present else total


def _share(count: int | None, of: int) -> float | None:
    return None if count is None or of <= 0 else min(count / of, 1.0)


def _number(
    name: str, statistic: str, values: Sequence[float | None], *, unit: Unit = "number"
) -> Series:
    finite = tuple(v if v is not None and math.isfinite(v) else None for v in values)
    sizes = sorted(abs(v) for v in finite[:-1] if v is not None)
    typical = (sizes[len(sizes) // 2] if sizes else 0.0) or max(sizes, default=0.0) or 1.0
    typical = min(max(typical, SMALLEST), 1 / SMALLEST)
    return Series(
        column=name,
        statistic=statistic,
        unit=unit,
        values=tuple(None if v is None else _cut(math.asinh(v / typical)) for v in finite),
        measurements=finite,
        floor=NUMBER_FLOOR,
        typical=typical,
    )


def _categories(
    name: str, past: Sequence[ColumnProfile | None], *, floor: float
) -> Iterator[Series]:
    """Yield the share of rows with values never seen before, and the distance of the mix."""
    pooled: Counter[str] = Counter()
    complete = True
    unseen: list[float | None] = []
    mix: list[float | None] = []
    for column in past:
        now = column.frequencies if column is not None else None
        rows = sum(frequency.rows for frequency in now or ())
        known = pooled.total()
        if now is None or not rows or not known or not complete:
            unseen.append(None)
            mix.append(None)
        else:
            unseen.append(sum(f.rows for f in now if f.value not in pooled) / rows)
            shares = {f.value: f.rows / rows for f in now}
            mix.append(
                sum(max(share - pooled[value] / known, 0.0) for value, share in shares.items())
            )
        # A batch with too many values to list hides which ones it had.
        complete = complete and (column is None or now is not None or column.distinct in {None, 0})
        pooled.update({f.value: f.rows for f in now or ()})
    for statistic, values in (("unseen", unseen), ("mix", mix)):
        yield Series(
            column=name,
            statistic=statistic,
            unit="share",
            values=tuple(values),
            measurements=tuple(values),
            floor=floor if statistic == "unseen" else max(DISTINCT_FLOOR, floor),
            rises_only=True,
        )
