"""What a batch looks like in numbers; kept for every batch and compared with later ones."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from penstock.model.value import BatchId, Value

__all__ = ["ColumnProfile", "Frequency", "HistoryEntry", "Profile"]


class Frequency(Value):
    """A value and how many rows have it."""

    value: str
    rows: int


class ColumnProfile(Value):
    """Statistics of one column; fields that do not apply to its type are None."""

    name: str
    type: str = Field(description="DuckDB type name")
    missing: int = Field(description="rows that are null or NaN")
    distinct: int | None = Field(default=None, description="approximate (HyperLogLog)")
    minimum: str | None = None
    maximum: str | None = None
    mean: float | None = None
    stddev: float | None = None
    quantiles: tuple[float, ...] | None = Field(
        default=None, description="at .05, .25, .5, .75, .95; approximate (t-digest)"
    )
    zeros: int | None = None
    negatives: int | None = None
    empty: int | None = Field(default=None, description="rows with text of length 0")
    length_minimum: int | None = None
    length_maximum: int | None = None
    length_mean: float | None = None
    frequencies: tuple[Frequency, ...] | None = Field(
        default=None,
        description="every value with its rows, for text and boolean columns of at most"
        " 100 distinct values; most frequent first",
    )


class Profile(Value):
    """Statistics of one batch, from one engine: never compare across engines."""

    rows: int = Field(ge=0)
    columns: tuple[ColumnProfile, ...]
    engine: str = Field(description="name and major version, as in `duckdb-2`")

    def column(self, name: str) -> ColumnProfile | None:
        """Return the profile of a column, or None when the batch has no such column."""
        return next((column for column in self.columns if column.name == name), None)


class HistoryEntry(Value):
    """An accepted batch of the past."""

    batch: BatchId
    at: AwareDatetime = Field(description="when it was claimed")
    digests: tuple[str, ...] = Field(description="content digests of its landed files")
    profile: Profile
