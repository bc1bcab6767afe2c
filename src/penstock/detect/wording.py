"""Findings in words for a steward: one for each column, told by its worst statistic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from penstock.detect.expectation import Expectation, Mode
from penstock.model import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.detect.context import Context
    from penstock.model import ColumnProfile, HistoryEntry, Profile

__all__ = ["Comparison", "describe"]

QUOTED = 60
"""Batches of the past that a message speaks of, and that its range is taken from."""

WORDS = {
    "row_count": "rows",
    "missing": "missing",
    "distinct": "distinct",
    "zero": "zero",
    "negative": "negative",
    "empty": "empty text",
    "unseen": "values never seen before",
    "mix": "moved to other values",
    "length": "mean length",
    "mean": "mean",
    "spread": "standard deviation",
    "q05": "5 % quantile",
    "q25": "25 % quantile",
    "q50": "median",
    "q75": "75 % quantile",
    "q95": "95 % quantile",
}

TOUCHED = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.25, "q95": 0.05}
"""Rows that must have changed for a quantile to move."""

OUTLIERS = 0.05
"""Rows that a mean or standard deviation can move with, when no quantile moved."""

TENS, LEGIBLE, ASTRONOMIC = 10, 1e4, 1e15
"""From these on: percent without decimals, numbers written out, numbers as powers of ten."""

NAMED = 3
"""New values that a message names."""

IMPACTS = ((0.5, Severity.CRITICAL), (0.03, Severity.HIGH), (0.003, Severity.MEDIUM))
"""Magnitude times share from which a finding has a severity."""

DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A batch beside the past it was compared with."""

    batch: Profile
    history: Sequence[HistoryEntry]
    context: Context
    threshold: float
    worst: Severity
    """No finding is graver than this."""


def describe(strained: Sequence[Expectation], comparison: Comparison) -> tuple[Finding, ...]:
    """Return one finding per column, gravest first."""
    columns: dict[str | None, list[Expectation]] = {}
    for expectation in strained:
        columns.setdefault(expectation.series.column, []).append(expectation)
    if None in columns:
        # The number of rows moves the share of distinct values: one cause, one finding.
        columns = {
            name: found
            for name, found in columns.items()
            if name is None or any(e.series.statistic != "distinct" for e in found)
        }
    findings = [_finding(found, comparison) for found in columns.values()]
    return tuple(sorted(findings, key=_gravity))


def _gravity(finding: Finding) -> tuple[int, float, str]:
    share = 1.0 if finding.rows_share is None else finding.rows_share
    return -finding.severity.rank, -share, finding.id


def _finding(found: Sequence[Expectation], comparison: Comparison) -> Finding:
    threshold = comparison.threshold
    lead = max(found, key=lambda e: (_magnitude(e, threshold) * _touched([e]), e.strain))
    series, name = lead.series, lead.series.column
    past, value = series.measurements[:-1], lead.measured
    low, high = lead.band(threshold)
    share = _touched(found)
    magnitude = max(_magnitude(e, threshold) for e in found)
    message = _sentence(lead, _same(lead, past, comparison))
    if series.statistic == "unseen" and name is not None:
        message += _name_unseen(comparison.batch.column(name), comparison)
    others = [WORDS[e.series.statistic] for e in found if e is not lead]
    if others:
        message += f" Also unusual: {', '.join(others)}."
    return Finding(
        id=f"detect:{name}" if name is not None else "detect:row_count",
        kind=series.statistic,
        message=message,
        severity=min(_severity(magnitude * share), comparison.worst, key=_rank),
        column=name,
        expected=_span(low, high, lead),
        observed=_amount(value, lead),
        rows=None if name is None else round(share * comparison.batch.rows),
        rows_share=None if name is None else round(share, 6),
        method=_method(lead, comparison),
        series=(*past, value),
        band=(low, high),
    )


def _magnitude(expectation: Expectation, threshold: float) -> float:
    """Return 0 at the threshold, and ever closer to 1 beyond it."""
    return max(1 - threshold / expectation.strain, 0.0)


def _rank(severity: Severity) -> int:
    return severity.rank


def _severity(impact: float) -> Severity:
    return next((severity for least, severity in IMPACTS if impact >= least), Severity.LOW)


def _touched(found: Sequence[Expectation]) -> float:
    """Estimate the share of the batch's rows that these statistics moved with."""
    moved = sum(TOUCHED.get(e.series.statistic, 0.0) for e in found)
    return min(max(moved, *(_share_of(e) for e in found)), 1.0)


def _share_of(expectation: Expectation) -> float:
    series = expectation.series
    value, expected = expectation.measured, series.measured(expectation.expected)
    change = abs(value - expected)
    match series.unit:
        case "share":
            return change
        case "rows" | "characters":
            return change / max(abs(value), abs(expected), 1.0)
        case "number":
            return TOUCHED.get(series.statistic, OUTLIERS)
        case _:
            assert_never(series.unit)


def _same(lead: Expectation, past: Sequence[float | None], comparison: Comparison) -> list[float]:
    """Return the past values that a message compares with, oldest first."""
    if lead.mode is Mode.WEEKDAY:
        day = comparison.context.claimed_at.weekday()
        entries = zip(past, comparison.history, strict=True)
        past = [value for value, entry in entries if entry.at.weekday() == day]
    return [value for value in past if value is not None][-QUOTED:]


def _sentence(lead: Expectation, same: Sequence[float]) -> str:
    series = lead.series
    word = WORDS[series.statistic]
    amount = _amount(lead.measured, lead)
    subject = "The batch has" if series.column is None else f"`{series.column}`:"
    what = f"{amount} {word}" if series.unit in {"rows", "share"} else f"{word} {amount}"
    span = _span(min(same), max(same), lead)
    batches = "batch" if len(same) == 1 else f"{len(same)} batches"
    match lead.mode:
        case Mode.LEVEL:
            return f"{subject} {what}; the last {batches} had {span}."
        case Mode.WEEKDAY:
            return f"{subject} {what}; the last {batches} of the same weekday had {span}."
        case Mode.DIFFERENCE:
            before = _amount(same[-1], lead)
            return (
                f"{subject} {what} after {before} in the batch before, a greater step than usual;"
                f" the last {batches} had {span}."
            )
        case _:
            assert_never(lead.mode)


def _span(low: float, high: float, lead: Expectation) -> str:
    lowest, highest = _amount(low, lead), _amount(high, lead)
    return highest if lowest == highest else f"{lowest.removesuffix(' %')} to {highest}"


def _name_unseen(column: ColumnProfile | None, comparison: Comparison) -> str:
    if column is None:
        return ""
    known = {
        frequency.value
        for entry in comparison.history
        for past in (entry.profile.column(column.name),)
        if past is not None
        for frequency in past.frequencies or ()
    }
    new = [f for f in column.frequencies or () if f.value not in known]
    named = ", ".join(f"`{f.value[:40]}` ({f.rows} rows)" for f in new[:NAMED])
    more = f" and {len(new) - NAMED} more" if len(new) > NAMED else ""
    return f" New: {named}{more}."


def _method(lead: Expectation, comparison: Comparison) -> str:
    history = comparison.history
    match lead.mode:
        case Mode.LEVEL:
            return f"level of {len(history)} accepted batches"
        case Mode.DIFFERENCE:
            return f"change from the batch before, over {len(history)} accepted batches"
        case Mode.WEEKDAY:
            day = comparison.context.claimed_at.weekday()
            same = sum(entry.at.weekday() == day for entry in history)
            return f"level of {same} accepted {DAYS[day]}"
        case _:
            assert_never(lead.mode)


def _amount(value: float, lead: Expectation) -> str:
    match lead.series.unit:
        case "rows":
            return f"{value:,.0f}"
        case "share":
            percent = 100 * value
            return f"{percent:.{1 if percent < 1 else 2 if percent < TENS else 3}g} %"
        case "number" | "characters":
            return f"{value:.4g}" if not LEGIBLE <= abs(value) < ASTRONOMIC else f"{value:,.0f}"
        case _:
            assert_never(lead.series.unit)
