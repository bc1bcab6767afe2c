from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from penstock.detect import Context
from penstock.model import BatchId, ColumnProfile, Frequency, HistoryEntry, Profile

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
"""A Monday."""


@dataclass(frozen=True, kw_only=True)
class Day:
    """A batch of a shop as a few numbers, from which its profile is made."""

    rows: int = 2000
    missing: float = 0.0
    negative: float = 0.02
    mean: float = 12.0
    countries: Mapping[str, float] = field(default_factory=lambda: {"GB": 0.9, "FR": 0.1})

    def profile(self) -> Profile:
        present = round(self.rows * (1 - self.missing))
        quantity = ColumnProfile(
            name="quantity",
            type="DOUBLE",
            missing=self.rows - present,
            distinct=min(present, 300),
            mean=self.mean,
            stddev=self.mean / 2,
            quantiles=tuple(self.mean * part for part in (0.1, 0.5, 0.9, 1.4, 2.0)),
            zeros=0,
            negatives=round(present * self.negative),
        )
        country = ColumnProfile(
            name="country",
            type="VARCHAR",
            missing=0,
            distinct=len(self.countries),
            empty=0,
            length_mean=2.0,
            frequencies=tuple(
                Frequency(value=name, rows=round(self.rows * share))
                for name, share in self.countries.items()
            ),
        )
        return Profile(rows=self.rows, columns=(quantity, country), engine="duckdb-2")


def batch_id(number: int) -> BatchId:
    return BatchId(f"{number:064x}")


def at(number: int) -> datetime:
    return START + timedelta(days=number)


def entry(number: int, profile: Profile) -> HistoryEntry:
    digest = f"c{number:063x}"
    return HistoryEntry(batch=batch_id(number), at=at(number), digests=(digest,), profile=profile)


def context(number: int, **more: object) -> Context:
    fields = {
        "batch": batch_id(number),
        "claimed_at": at(number),
        "digests": (f"c{number:063x}",),
        **more,
    }
    return Context.model_validate(fields)


def days(count: int, *, seed: int = 7, of: Callable[[int, Day], Day] | None = None) -> list[Day]:
    """Return good days that vary a little; `of` shapes the day of a number."""
    chance = random.Random(seed)  # noqa: S311 - test data
    made = []
    for number in range(count):
        day = Day(
            rows=round(2000 * chance.uniform(0.9, 1.1)),
            negative=chance.uniform(0.01, 0.03),
            mean=12 * chance.uniform(0.95, 1.05),
        )
        made.append(of(number, day) if of is not None else day)
    return made


def as_history(made: list[Day]) -> list[HistoryEntry]:
    return [entry(number, day.profile()) for number, day in enumerate(made)]


@pytest.fixture
def good_day() -> Day:
    return replace(Day(), rows=2010)
