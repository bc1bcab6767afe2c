"""Measure the fused scan against a bare scan of the same Parquet file.

    python benchmarks/validation.py --rows 10000000

Every measurement runs in a process of its own, so that its CPU seconds and its peak memory are its
own; the table gives medians. A bare scan is `max()` of every column: what decoding costs.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from penstock.checks import ScanInput, scan, split
from penstock.contracts import Contract, RuleKind, read_contract

CONTRACT = r"""
kind: DataContract
apiVersion: v3.1.0
id: benchmark
version: 1.0.0
schema:
  - name: sales
    customProperties:
      - {property: penstock.compare, value: [{left: ordered, op: le, right: shipped}]}
    quality: [{metric: rowCount, mustBeGreaterThan: 0}]
    properties:
      - {name: id, logicalType: integer, required: true, unique: true}
      - name: customer
        logicalType: integer
        required: true
        logicalTypeOptions: {minimum: 1}
        relationships: [{to: customers.id}]
      - {name: quantity, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 120}}
      - {name: price, physicalType: "DECIMAL(12,2)", logicalTypeOptions: {exclusiveMinimum: 0}}
      - {name: score, logicalType: number, logicalTypeOptions: {minimum: 0, maximum: 1}}
      - {name: country, logicalType: string, enum: [{value: DE}, {value: FR}, {value: IT}]}
      - name: email
        logicalType: string
        required: true
        logicalTypeOptions: {maxLength: 40, pattern: '^[^@]+@[^@]+\.[a-z]+$'}
      - name: code
        logicalType: string
        logicalTypeOptions: {minLength: 3, pattern: '^[A-Z]{2}[0-9]+$'}
      - {name: note, logicalType: string, logicalTypeOptions: {maxLength: 60}}
      - {name: active, logicalType: boolean, required: true}
      - {name: ordered, logicalType: timestamp, required: true}
      - {name: shipped, logicalType: timestamp}
slaProperties: [{property: freshness, value: 10, unit: y, element: sales.ordered}]
"""
GENERATE = """
SELECT
    i AS id,
    (hash(i) % 100000 + 1)::BIGINT AS customer,
    CASE WHEN hash(i, 1) % 100 = 0 THEN NULL ELSE (hash(i, 2) % 121)::BIGINT END AS quantity,
    ((hash(i, 3) % 1000000 + 1) / 100)::DECIMAL(12, 2) AS price,
    (hash(i, 4) % 1000000) / 1e6 AS score,
    ['DE', 'FR', 'IT'][(hash(i, 5) % 3 + 1)::BIGINT] AS country,
    'user' || (hash(i, 6) % 1000000) || '@example.org' AS email,
    'AB' || (hash(i, 7) % 100000 + 10) AS code,
    'note ' || (hash(i, 8) % 5000) AS note,
    hash(i, 9) % 2 = 0 AS active,
    TIMESTAMP '2026-01-01' + to_seconds((hash(i, 10) % 10000000)::BIGINT) AS ordered,
    TIMESTAMP '2026-06-01' + to_seconds((hash(i, 11) % 10000000)::BIGINT) AS shipped,
    'batch' AS _penstock_batch, 'file:///sales.csv' AS _penstock_file, i AS _penstock_record
FROM range(1, ? + 1) AS r(i)
"""
SHARE_BAD = 1000
NOW = datetime(2026, 11, 21, tzinfo=UTC)
GROUPED = {RuleKind.UNIQUE, RuleKind.REFERENCE}


def generate(folder: Path, rows: int) -> None:
    """Write a clean table, one with one bad row in a thousand, and the table referred to."""
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE sales AS " + GENERATE, [rows])
        connection.table("sales").write_parquet(str(folder / "clean.parquet"), compression="zstd")
        connection.execute(
            "UPDATE sales SET quantity = -1, code = 'x' WHERE id % ? = 0", [SHARE_BAD]
        )
        connection.table("sales").order("id").write_parquet(
            str(folder / "bad.parquet"), compression="zstd"
        )
        connection.sql("SELECT range AS id FROM range(1, 100001)").write_parquet(
            str(folder / "customers.parquet")
        )


def contract_for(what: str) -> Contract:
    """Return the contract, with as many of its rules as the measurement is about."""
    contract = read_contract(CONTRACT, source="benchmark")
    left_out = {"rows": GROUPED, "unique": {RuleKind.REFERENCE}}.get(what, set())
    rules = tuple(rule for rule in contract.rules if rule.kind not in left_out)
    return contract.model_copy(update={"rules": rules})


def measure(what: str, folder: Path) -> None:
    """Do one thing once, and print what it took as JSON."""
    contract = contract_for(what)
    typed = folder / ("bad.parquet" if what == "split" else "clean.parquet")
    data = ScanInput(typed=typed, references={"customers": folder / "customers.parquet"})
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    failed = 0
    if what == "bare":
        with duckdb.connect() as connection:
            relation = connection.read_parquet(str(typed))
            relation.aggregate(", ".join(f'max("{name}")' for name in relation.columns)).fetchall()
    else:
        results, _ = scan(data, contract, now=NOW)
        failed = sum(result.rows_failed for result in results)
        if what == "split":
            with tempfile.TemporaryDirectory(dir=folder) as out:
                split(data, contract, results, out=Path(out))
    after = resource.getrusage(resource.RUSAGE_SELF)
    taken = {
        "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "wall_s": time.perf_counter() - started,
        "peak_mb": peak_mb(),
        "rules": len(contract.rules),
        "failed": failed,
    }
    print(json.dumps(taken))


def peak_mb() -> float:
    """Return this process's peak memory; `ru_maxrss` would start at its parent's."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


NAMES = {
    "bare": "bare scan",
    "rows": "fused scan: row rules and profile",
    "unique": "+ uniqueness",
    "all": "+ reference",
    "split": "+ split, 0.1 % of the rows bad",
}


def main() -> None:
    """Generate the data, run every measurement, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--one", choices=NAMES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measure(given.one, given.folder)
        return
    with tempfile.TemporaryDirectory(prefix="penstock-benchmark-") as name:
        folder = Path(name)
        generate(folder, given.rows)
        size_mb = (folder / "clean.parquet").stat().st_size / 1e6
        print(f"{given.rows:,} rows x 12 columns, {size_mb:,.0f} MB, medians of {given.repeat}")
        bare = 0.0
        for what, title in NAMES.items():
            command = [sys.executable, __file__, "--one", what, "--folder", name]
            runs = [
                json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
                for _ in range(given.repeat)
            ]
            middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            bare = bare or middle["cpu_s"]
            print(
                f"{title:36} {middle['rules'] if what != 'bare' else 0:3.0f} rules"
                f" {middle['cpu_s']:7.2f} CPU-s {middle['cpu_s'] / bare:5.1f} x bare"
                f" {middle['wall_s']:7.2f} s {middle['peak_mb']:6.0f} MB peak"
                f" {middle['failed']:8.0f} failures"
            )


if __name__ == "__main__":
    main()
