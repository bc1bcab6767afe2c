"""A dataset's contract in the form the machinery works with."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field, JsonValue

from penstock.model import Digest, Severity, Value

__all__ = [
    "Contract",
    "ContractColumn",
    "CsvDialect",
    "DriftMode",
    "DriftPolicy",
    "Rule",
    "RuleKind",
]


class RuleKind(StrEnum):
    """What a rule says."""

    TYPE = "type"
    REQUIRED = "required"
    UNIQUE = "unique"
    RANGE = "range"
    SET = "set"
    PATTERN = "pattern"
    LENGTH = "length"
    ROW_COUNT = "row_count"
    FRESHNESS = "freshness"
    COMPARE = "compare"
    REFERENCE = "reference"
    MISSING = "missing"
    """Words that stand for a missing value, as in `N/A`."""
    TEXT = "text"
    """A promise in prose: no machine can show it, so that it is always unknown."""


class Rule(Value):
    """One check compiled from a contract.

    `arguments` by kind: range {minimum, maximum, exclusive_minimum, exclusive_maximum}, set
    {values}, pattern {regex, format}, length {minimum, maximum}, row_count {minimum, maximum},
    freshness {within_s}, compare {op} (eq, ne, lt, le, gt, ge over two columns), reference
    {table, column}, missing {values, nulls}, text {text}.

    A rule about rows may also carry `tolerance` {op, values, unit}: what the number of failing
    rows, or their percentage, is held against. It is then about the batch as a whole.
    """

    id: str = Field(description="as in `quantity.range`; stable when other rules are added")
    kind: RuleKind
    columns: tuple[str, ...]
    severity: Severity
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    description: str | None = None
    line: int | None = Field(default=None, description="line of the contract that states it")

    @property
    def splits_rows(self) -> bool:
        """True when the rule tells failed rows apart; False when it is about the whole batch."""
        about_batch = {RuleKind.ROW_COUNT, RuleKind.FRESHNESS, RuleKind.TEXT}
        return self.kind not in about_batch and "tolerance" not in self.arguments


class ContractColumn(Value):
    """A column that the contract promises."""

    name: str
    type: str = Field(description="DuckDB type, as in `DECIMAL(12,2)`, `TIMESTAMP`, `VARCHAR`")
    format: str | None = Field(
        default=None, description="strptime format of a date or time column in text files"
    )
    severity: Severity = Field(
        description="of a missing column; failed casts have that of the rule `<name>.type`"
    )
    sensitive: bool = Field(default=False, description="its values are masked wherever shown")
    description: str | None = None
    line: int | None = None


class CsvDialect(Value):
    """How delimited text is written (`customProperties: penstock.csv`)."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    encoding: str = "utf-8"
    nulls: tuple[str, ...] = Field(default=("",), description="unquoted text that means null")
    max_line_bytes: int = Field(default=8 << 20, description="a longer record is refused")


class DriftMode(StrEnum):
    """What happens to data that the contract does not foresee, in dlt's words."""

    EVOLVE = "evolve"
    FREEZE = "freeze"
    DISCARD_ROW = "discard_row"
    DISCARD_VALUE = "discard_value"


class DriftPolicy(Value):
    """Policy for extra columns and for values that fail their cast (`penstock.drift`)."""

    columns: Literal[DriftMode.FREEZE, DriftMode.DISCARD_VALUE] = Field(
        default=DriftMode.FREEZE,
        description="an extra column: `freeze` is a finding of severity high,"
        " `discard_value` drops the column with a finding of severity low",
    )
    types: Literal[DriftMode.DISCARD_ROW, DriftMode.DISCARD_VALUE] = Field(
        default=DriftMode.DISCARD_ROW,
        description="a failed cast: `discard_row` puts the row into quarantine,"
        " `discard_value` publishes it with the cell null",
    )


class Contract(Value):
    """What a dataset promises, compiled from an ODCS v3.1 file."""

    id: str
    version: str
    dataset: str = Field(description="name of the table in the contract")
    columns: tuple[ContractColumn, ...] = Field(min_length=1)
    rules: tuple[Rule, ...]
    csv: CsvDialect = CsvDialect()
    drift: DriftPolicy = DriftPolicy()
    digest: Digest = Field(description="SHA-256 of the contract file")
    source: str = Field(description="uri or path it was read from")

    @property
    def sensitive(self) -> tuple[str, ...]:
        """Names of the columns whose values are masked wherever shown."""
        return tuple(column.name for column in self.columns if column.sensitive)

    def column(self, name: str) -> ContractColumn | None:
        """Return a column by its exact name."""
        return next((column for column in self.columns if column.name == name), None)
