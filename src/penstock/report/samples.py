"""Failed rows with the failing cells marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.report.masking import MASK, is_sensitive
from penstock.report.words import cut, file_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.contracts import Contract
    from penstock.model import Evidence, SampleRow

__all__ = ["Cell", "Sample", "build_samples", "choose_columns"]

REASONS_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a sample row."""

    value: str | None
    is_failing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A failed row with the failing cells marked."""

    file: str
    record: int
    cells: tuple[Cell, ...]
    reasons: tuple[str, ...]


def choose_columns(evidence: Evidence, contract: Contract, *, limit: int) -> tuple[str, ...]:
    """Choose the columns to show: failing ones first, then the contract's order."""
    known = dict.fromkeys(column.name for column in contract.columns)
    known |= dict.fromkeys(name for sample in evidence.samples for name in sample.cells)
    present = {name for sample in evidence.samples for name in sample.cells}
    failing = {name for sample in evidence.samples for name in _failing(sample, evidence)}
    ordered = [name for name in known if name in present]
    chosen = sorted(ordered, key=lambda name: name not in failing)[:limit]
    return tuple(name for name in ordered if name in chosen)


def build_samples(
    evidence: Evidence,
    contract: Contract,
    *,
    names: Sequence[str],
    limit: int,
    text_limit: int,
) -> tuple[Sample, ...]:
    """Return the first failed rows with these columns, sensitive values masked."""
    samples = []
    for sample in evidence.samples[:limit]:
        failing = _failing(sample, evidence)
        cells = (
            Cell(
                value=_cell(sample, name, contract=contract, limit=text_limit // 3),
                is_failing=name in failing,
            )
            for name in names
        )
        samples.append(
            Sample(
                file=file_name(sample.file),
                record=sample.record,
                cells=tuple(cells),
                reasons=tuple(
                    cut(reason, limit=text_limit) for reason in sample.reasons[:REASONS_SHOWN]
                ),
            )
        )
    return tuple(samples)


def _cell(sample: SampleRow, name: str, *, contract: Contract, limit: int) -> str | None:
    value = sample.cells.get(name)
    if value is not None and is_sensitive(contract, name):
        return MASK
    return None if value is None else cut(value, limit=limit)


def _failing(sample: SampleRow, evidence: Evidence) -> frozenset[str]:
    """Return the columns that a sample's reasons speak of: a reason begins with their names."""
    groups = {(name,) for name in sample.cells} | {rule.columns for rule in evidence.rules}
    return frozenset(
        name
        for reason in sample.reasons
        for group in groups
        if group and reason.startswith(f"{', '.join(group)}:")
        for name in group
    )
