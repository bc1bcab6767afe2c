"""What a statistic is expected to be, and how far from it the past itself strayed."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from penstock.detect.series import Series

__all__ = ["Expectation", "Mode", "expect"]

WINDOW = 60
"""Batches a level is the median of."""

LEAST = 3
"""Earlier values without which nothing is expected."""

WEEKDAY_LEAST = 4
WEEKDAY_HISTORY = 28
"""Same-weekday levels need four of the weekday, and this many batches."""

CLEARLY = 1.1
"""A difference or a weekday must vary less than the level by this much: noise is no pattern."""

FEW = 3.0
"""A bound from `n` deviations is widened by `1 + FEW / n`: the largest is yet to come."""

WORST = 3
"""The bound is the mean of this many of the largest deviations of the past."""


class Mode(StrEnum):
    """How a statistic is expected: whichever varied least in the past."""

    LEVEL = "level"
    DIFFERENCE = "difference"
    WEEKDAY = "weekday"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A statistic of the batch against what its own past lets expect.

    A strain of 1 is a deviation as large as the largest ones of the past.
    """

    series: Series
    mode: Mode
    expected: float
    bound: float
    strain: float
    """Deviation of the batch over the bound; 0 where only a rise is bad news and it fell."""
    past: tuple[float | None, ...]
    """The strain of each batch of the history, against the others' bound."""

    @property
    def measured(self) -> float:
        """Value of the batch, as measured."""
        return self.series.measurements[-1] or 0.0

    def band(self, threshold: float) -> tuple[float, float]:
        """Return the lowest and highest value that is no alarm, as measured."""
        reach = threshold * self.bound
        low = self.series.measured(self.expected - reach)
        high = self.series.measured(self.expected + reach)
        match self.series.unit:
            case "number":
                return low, high
            case "share":
                return max(low, 0.0), min(high, 1.0)
            case "rows" | "characters":
                return max(low, 0.0), high
            case _:
                assert_never(self.series.unit)


def expect(series: Series, weekdays: Sequence[int]) -> Expectation | None:
    """Form the expectation of the last value from the ones before it, or None from too few.

    Every value of the past is expected from what came before it only, so that its deviations are
    those a judge would have met at the time, drift included.
    """
    values = series.values
    modes = {Mode.LEVEL: _from_level(values), Mode.DIFFERENCE: _from_difference(values)}
    weekday = _from_weekday(values, weekdays)
    if weekday is not None:
        modes[Mode.WEEKDAY] = weekday
    deviations = {
        mode: [
            None if value is None or expected is None else value - expected
            for value, expected in zip(values, expectations, strict=True)
        ]
        for mode, expectations in modes.items()
    }
    usable = [mode for mode, found in deviations.items() if _is_usable(found)]
    if not usable:
        return None
    mode = _least_varying({mode: deviations[mode] for mode in usable})
    found = deviations[mode]
    sizes = [None if d is None else _size(d, rises_only=series.rises_only) for d in found]
    worst = sorted((size for size in sizes[:-1] if size is not None), reverse=True)[: WORST + 1]
    known = sum(size is not None for size in sizes[:-1])
    bound = max(_mean(worst[:WORST]) * (1 + FEW / known), series.floor)
    last, expected = sizes[-1], modes[mode][-1]
    if last is None or expected is None:
        return None
    return Expectation(
        series=series,
        mode=mode,
        expected=expected,
        bound=bound,
        strain=last / bound,
        past=tuple(
            None if size is None else size / max(_mean(_without(worst, size)), series.floor)
            for size in sizes[:-1]
        ),
    )


def _is_usable(deviations: Sequence[float | None]) -> bool:
    return deviations[-1] is not None and any(d is not None for d in deviations[:-1])


def _least_varying(deviations: Mapping[Mode, Sequence[float | None]]) -> Mode:
    """Return the mode whose expectations the past kept closest to, over the same batches."""
    rows = list(zip(*(found[:-1] for found in deviations.values()), strict=True))
    common = [row for row in rows if None not in row] or rows
    variations = {
        mode: round(_mean([abs(row[position] or 0.0) for row in common]), 12)
        * (1 if mode is Mode.LEVEL else CLEARLY)
        for position, mode in enumerate(deviations)
    }
    return min(variations, key=lambda mode: variations[mode])


def _size(deviation: float, *, rises_only: bool) -> float:
    return max(deviation, 0.0) if rises_only else abs(deviation)


def _without(worst: Sequence[float], size: float) -> list[float]:
    """Leave a batch's own deviation out of the bound it is held against."""
    others = list(worst)
    if size in others:
        others.remove(size)
    return others[:WORST]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _from_level(values: Sequence[float | None]) -> list[float | None]:
    expected: list[float | None] = []
    recent: list[float] = []
    ordered: list[float] = []
    for value in values:
        expected.append(_median(ordered) if len(ordered) >= LEAST else None)
        if value is not None:
            recent.append(value)
            insort(ordered, value)
            if len(recent) > WINDOW:
                ordered.pop(bisect_left(ordered, recent[-WINDOW - 1]))
    return expected


def _from_difference(values: Sequence[float | None]) -> list[float | None]:
    differences: list[float | None] = [None]
    previous = values[0] if values else None
    befores: list[float | None] = [None]
    for value in values[1:]:
        befores.append(previous)
        differences.append(None if value is None or previous is None else value - previous)
        previous = previous if value is None else value
    drift = _from_level(differences)
    return [
        None if before is None or step is None else before + step
        for before, step in zip(befores, drift, strict=True)
    ]


def _from_weekday(
    values: Sequence[float | None], weekdays: Sequence[int]
) -> list[float | None] | None:
    if len(values) - 1 < WEEKDAY_HISTORY or len(set(weekdays)) == 1:
        return None
    seen: dict[int, list[float]] = {}
    expected: list[float | None] = []
    for value, weekday in zip(values, weekdays, strict=True):
        same = seen.setdefault(weekday, [])
        expected.append(_median(same) if len(same) >= LEAST else None)
        if value is not None:
            insort(same, value)
    if len(seen[weekdays[-1]]) - (values[-1] is not None) < WEEKDAY_LEAST:
        return None
    return expected


def _median(ordered: Sequence[float]) -> float:
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
