"""Measure the detector: false alarms on good batches, recall on injected and on real errors.

    python benchmarks/detection.py [--data FOLDER] [--retail-days N]

`FOLDER` holds `retail_daily/*.csv.gz` and `fbposts/{clean,dirty}/*.tsv.gz`.
A batch is an *alarm* when the judgement says so, *held* when a finding is at least high.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from penstock.detect import Context, Judgement, judge
from penstock.model import (
    BatchId,
    ColumnProfile,
    Frequency,
    HistoryEntry,
    Profile,
    Severity,
)

LEARN = 30
"""Good batches of history before anything is measured."""

RETAIL = {
    "InvoiceNo": "VARCHAR",
    "StockCode": "VARCHAR",
    "Description": "VARCHAR",
    "Quantity": "BIGINT",
    "InvoiceDate": "TIMESTAMP",
    "UnitPrice": "DOUBLE",
    "CustomerID": "DOUBLE",
    "Country": "VARCHAR",
}
POSTS = {
    "page": "VARCHAR",
    "num_likes": "BIGINT",
    "domain": "VARCHAR",
    "outlet": "VARCHAR",
    "title": "VARCHAR",
    "description": "VARCHAR",
    "contenttype": "VARCHAR",
    "image": "VARCHAR",
    "url": "VARCHAR",
    "text": "VARCHAR",
    "right_of_center": "VARCHAR",
}

REPLACED: dict[str, tuple[int, dict[str, str]]] = {
    "CustomerID 20 % missing": (20, {"CustomerID": "NULL"}),
    "Description 20 % missing": (20, {"Description": "NULL"}),
    "Quantity 20 % missing": (20, {"Quantity": "NULL"}),
    "UnitPrice 20 % missing": (20, {"UnitPrice": "NULL"}),
    "Quantity 5 % missing": (5, {"Quantity": "NULL"}),
    "Quantity x100": (100, {"Quantity": "Quantity * 100"}),
    "UnitPrice x100": (100, {"UnitPrice": "UnitPrice * 100"}),
    "UnitPrice x100 in 20 % of rows": (20, {"UnitPrice": "UnitPrice * 100"}),
    "Quantity negative in 40 % of rows": (40, {"Quantity": "-abs(Quantity)"}),
    "Country in capitals in 20 % of rows": (20, {"Country": "upper(Country)"}),
    "Quantity and UnitPrice swapped": (
        100,
        {"Quantity": "CAST(UnitPrice AS BIGINT)", "UnitPrice": "CAST(Quantity AS DOUBLE)"},
    ),
    "StockCode and Description swapped": (
        100,
        {"StockCode": "Description", "Description": "StockCode"},
    ),
}
"""Errors in values: the share of rows hit, in percent, and what they get instead."""

RESHAPED = {
    "truncated to 20 % of the rows": "FROM batch LIMIT (SELECT count(*) // 5 FROM batch)",
    "truncated to 50 % of the rows": "FROM batch LIMIT (SELECT count(*) // 2 FROM batch)",
    "every row twice": "FROM batch UNION ALL FROM batch",
}
"""Errors in rows."""


def injections() -> dict[str, str]:
    """Return the queries that give the batch with an error; the same rows in every run."""
    queries = {}
    for name, (percent, expressions) in REPLACED.items():
        replaced = ", ".join(
            f"CASE WHEN hash(rowid, 'penstock') % 100 < {percent} THEN {expression}"
            f' ELSE "{column}" END AS "{column}"'
            for column, expression in expressions.items()
        )
        queries[name] = f"SELECT * REPLACE ({replaced}) FROM batch"  # noqa: S608 - constants
    return queries | RESHAPED


@dataclass
class Tally:
    """Outcomes of one kind of batch."""

    judged: int = 0
    alarms: int = 0
    held: int = 0
    causes: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, judgement: Judgement) -> None:
        """Count a judgement."""
        self.judged += 1
        self.alarms += judgement.alarm
        self.held += any(f.severity.rank >= Severity.HIGH.rank for f in judgement.findings)
        for finding in judgement.findings:
            self.causes[f"{finding.column or 'batch'}.{finding.kind}"] += 1

    def line(self, name: str) -> str:
        """Return a row of the table."""
        part = f"{self.alarms / self.judged:7.1%} {self.held / self.judged:7.1%}"
        return f"{name:<38} {self.judged:>6} {part}"


class Profiler:
    """Profiles of batches from plain DuckDB."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self.columns = columns
        self.duck = duckdb.connect(config={"threads": 2})

    def load(self, path: Path, *, delimiter: str) -> None:
        """Read a file as the table `batch`, all columns as text and then cast."""
        casts = ", ".join(
            f'TRY_CAST(nullif("{name}", \'\') AS {kind}) AS "{name}"'
            for name, kind in self.columns.items()
        )
        self.duck.execute("DROP TABLE IF EXISTS batch")
        self.duck.execute(
            f"CREATE TABLE batch AS SELECT {casts} FROM read_csv(?, delim=?,"  # noqa: S608 - constants
            " header=true, all_varchar=true, quote='\"', escape='\"', strict_mode=false)",
            [str(path), delimiter],
        )

    def profile(self, query: str = "FROM batch") -> Profile:
        """Profile what a query over `batch` gives."""
        self.duck.execute(f"CREATE OR REPLACE TEMP TABLE given AS {query}")
        pieces = [piece for name in self.columns for piece in self._pieces(name)]
        answer = self.duck.execute(f"SELECT count(*), {', '.join(pieces)} FROM given")  # noqa: S608 - constants
        row = answer.fetchone()
        assert row is not None  # noqa: S101 - an aggregate gives one row
        values = iter(row[1:])
        columns = tuple(
            self._column(name, row[0], [next(values) for _ in self._pieces(name)])
            for name in self.columns
        )
        return Profile(rows=row[0], columns=columns, engine="duckdb-2")

    def _pieces(self, name: str) -> list[str]:
        column = f'"{name}"'
        pieces = [f"count({column})", f"approx_count_distinct({column})"]
        match self.columns[name]:
            case "BIGINT" | "DOUBLE":
                pieces += [
                    f"avg({column})",
                    f"stddev_samp({column})",
                    f"approx_quantile({column}, [.05, .25, .5, .75, .95])",
                    f"count(*) FILTER ({column} = 0)",
                    f"count(*) FILTER ({column} < 0)",
                ]
            case "VARCHAR":
                pieces += [f"avg(length({column}))", f"count(*) FILTER ({column} = '')"]
        return pieces

    def _column(self, name: str, rows: int, values: Sequence[object]) -> ColumnProfile:
        present, distinct, *rest = values
        kind = self.columns[name]
        fields: dict[str, object] = {
            "name": name,
            "type": kind,
            "missing": rows - int(str(present)),
            "distinct": distinct,
        }
        if kind in {"BIGINT", "DOUBLE"}:
            fields |= dict(
                zip(("mean", "stddev", "quantiles", "zeros", "negatives"), rest, strict=True)
            )
        elif kind == "VARCHAR":
            fields |= dict(zip(("length_mean", "empty"), rest, strict=True))
            fields["frequencies"] = self._frequencies(name, int(str(distinct)))
        return ColumnProfile.model_validate(fields)

    def _frequencies(self, name: str, distinct: int) -> tuple[Frequency, ...] | None:
        if distinct > 110:
            return None
        rows = self.duck.execute(
            f'SELECT "{name}", count(*) AS n FROM given WHERE "{name}" IS NOT NULL'  # noqa: S608 - constants
            " GROUP BY 1 ORDER BY 2 DESC, 1"
        ).fetchall()
        if len(rows) > 100:
            return None
        return tuple(Frequency(value=value, rows=count) for value, count in rows)


def entry(number: int, at: datetime, profile: Profile) -> HistoryEntry:
    """Return a batch of the past."""
    return HistoryEntry(
        batch=BatchId(f"{number:064x}"), at=at, digests=(f"{number:064x}",), profile=profile
    )


def judged(number: int, at: datetime, profile: Profile, history: list[HistoryEntry]) -> Judgement:
    """Judge a batch as the pipeline would."""
    name = f"{number + 10**6:064x}"
    return judge(profile, history, Context(batch=BatchId(name), claimed_at=at, digests=(name,)))


def retail(folder: Path, *, days: int) -> Iterator[tuple[str, Tally]]:
    """Judge untouched days after 30 days of history, and errors injected into the same days."""
    profiler = Profiler(RETAIL)
    tallies: dict[str, Tally] = defaultdict(Tally)
    history: list[HistoryEntry] = []
    for number, path in enumerate(sorted(folder.glob("*.csv.gz"))[: LEARN + days]):
        at = datetime.fromisoformat(path.name[:10]).replace(hour=22, tzinfo=UTC)
        profiler.load(path, delimiter=",")
        profile = profiler.profile()
        if number >= LEARN:
            untouched = judged(number, at, profile, history)
            tallies["untouched (false alarms)"].add(untouched)
            for name, query in injections().items():
                tallies[name].add(judged(number, at, profiler.profile(query), history))
        history.append(entry(number, at, profile))
    yield from tallies.items()


def posts(folder: Path, *, learn: int) -> Iterator[tuple[str, Tally]]:
    """Judge clean and dirty weeks, each against the clean weeks before it."""
    profiler = Profiler(POSTS)
    tallies: dict[str, Tally] = defaultdict(Tally)
    history: list[HistoryEntry] = []
    for number, path in enumerate(sorted((folder / "clean").glob("*.tsv.gz"))):
        at = datetime(2020, 1, 6, tzinfo=UTC) + timedelta(weeks=number)
        profiler.load(path, delimiter="\t")
        clean = profiler.profile()
        if number >= learn:
            tallies[f"clean weeks from {learn + 1} (false alarms)"].add(
                judged(number, at, clean, history)
            )
            profiler.load(folder / "dirty" / path.name, delimiter="\t")
            tallies[f"dirty weeks from {learn + 1} (recall)"].add(
                judged(number, at, profiler.profile(), history)
            )
        history.append(entry(number, at, clean))
    yield from tallies.items()


def show(title: str, tallies: Iterator[tuple[str, Tally]]) -> None:
    """Print a table."""
    started = time.perf_counter()
    lines = [
        (tally.line(name), sorted(tally.causes.items(), key=lambda c: -c[1])[:4])
        for name, tally in tallies
    ]
    print(f"\n{title:<38} {'judged':>6} {'alarms':>7} {'held':>7}  most frequent findings")
    for line, causes in lines:
        print(line, " ", ", ".join(f"{name} {count}" for name, count in causes))
    print(f"{time.perf_counter() - started:.1f} s")


def main() -> None:
    """Run every measurement that has its data."""
    here = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=here)
    parser.add_argument("--retail-days", type=int, default=1000)
    given = parser.parse_args()
    if (given.data / "retail_daily").is_dir():
        show("retail_daily", retail(given.data / "retail_daily", days=given.retail_days))
    if (given.data / "fbposts").is_dir():
        show("fbposts", posts(given.data / "fbposts", learn=4))
        show("fbposts", posts(given.data / "fbposts", learn=20))


if __name__ == "__main__":
    main()
