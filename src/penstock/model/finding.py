"""Findings and rule results: what was noticed about a batch."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from penstock.model.value import Severity, Value

__all__ = ["Example", "Finding", "Outcome", "RuleResult"]


class Outcome(StrEnum):
    """Result of a rule; a rule that could not run is unknown, and unknown is never passed."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Example(Value):
    """One place in the landed data that shows a finding."""

    file: str = Field(description="uri of the landed file")
    record: int | None = Field(
        default=None, description="1-based record number, header not counted"
    )
    value: str | None = Field(default=None, description="the cell as text, cut at 200 characters")


class Finding(Value):
    """One statement about a batch."""

    id: str = Field(description="stable within a batch, as in `validate:quantity.range`")
    kind: str = Field(description="what was noticed, as in `range`, `row_count`, `redelivery`")
    message: str = Field(description="one sentence in words for a steward, with remedy if known")
    severity: Severity
    column: str | None = None
    rule: str | None = Field(default=None, description="id of the contract's rule")
    expected: str | None = None
    observed: str | None = None
    rows: int | None = Field(default=None, ge=0, description="rows touched")
    rows_share: float | None = Field(default=None, ge=0, le=1, description="of the batch's rows")
    method: str | None = Field(default=None, description="how the expectation was formed")
    examples: tuple[Example, ...] = ()
    series: tuple[float | None, ...] = Field(
        default=(), description="the statistic over the history, oldest first, this batch last"
    )
    band: tuple[float | None, float | None] | None = Field(
        default=None, description="lowest and highest expected value of the statistic"
    )


class RuleResult(Value):
    """What one compiled rule said about a batch."""

    rule: str = Field(description="id, as in `quantity.range`")
    kind: str
    columns: tuple[str, ...]
    severity: Severity
    outcome: Outcome
    expected: str
    observed: str
    rows_checked: int = Field(ge=0)
    rows_failed: int = Field(ge=0, description="0 for a rule about the batch as a whole")
    splits_rows: bool = Field(description="True when failed rows can be told apart")
    reason: str | None = Field(default=None, description="why it is unknown")
    contract_line: int | None = Field(default=None, description="where the contract states it")
