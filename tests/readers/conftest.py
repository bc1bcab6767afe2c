"""Landing of small files, and reading them back with the conservation of records checked."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from penstock.contracts import Contract, ContractColumn, CsvDialect, DriftPolicy, Rule
from penstock.model import BatchId, Finding, Severity
from penstock.readers import Limits, ReadResult, SourceFile, read_files

BATCH = BatchId("b" * 64)
KEYS = ("_penstock_batch", "_penstock_file", "_penstock_record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A batch that was read, as plain values."""

    result: ReadResult
    typed: list[dict[str, Any]]
    miscast: list[dict[str, Any]]
    rejects: list[dict[str, Any]]

    def cells(self, *names: str) -> list[tuple[Any, ...]]:
        """Return these columns of the typed rows."""
        return [tuple(row[name] for name in names) for row in self.typed]

    def records(self) -> list[int]:
        """Return the record numbers of the typed rows."""
        return [row["_penstock_record"] for row in self.typed]

    def finding(self, kind: str) -> Finding:
        """Return the one finding of a kind."""
        (found,) = [finding for finding in self.result.findings if finding.kind == kind]
        return found

    def kinds(self) -> list[str]:
        """Return the kinds of all findings, worst first."""
        return [finding.kind for finding in self.result.findings]


def make_contract(
    columns: dict[str, str] | list[ContractColumn],
    *,
    csv: CsvDialect | None = None,
    drift: DriftPolicy | None = None,
    rules: tuple[Rule, ...] = (),
) -> Contract:
    if isinstance(columns, dict):
        columns = [
            ContractColumn(name=name, type=kind, severity=Severity.MEDIUM)
            for name, kind in columns.items()
        ]
    return Contract(
        id="sales",
        version="1.0.0",
        dataset="sales",
        columns=tuple(columns),
        rules=rules,
        csv=csv or CsvDialect(),
        drift=drift or DriftPolicy(),
        digest="0" * 64,
        source="sales.odcs.yaml",
    )


@pytest.fixture(scope="session")
def contract() -> Callable[..., Contract]:
    return make_contract


@pytest.fixture(scope="session")
def plain() -> Contract:
    return make_contract({"id": "INTEGER", "name": "VARCHAR", "price": "DECIMAL(12,2)"})


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Read]:
    """Land files given as name to bytes, and read them as one batch."""
    folder = tmp_path_factory.mktemp("landing")
    numbers = itertools.count()

    def read_them(files: dict[str, bytes], contract: Contract, **options: Limits) -> Read:
        out = folder / str(next(numbers))
        out.mkdir()
        sources = []
        for name, data in files.items():
            path = out / f"landed-{len(sources)}"
            path.write_bytes(data)
            sources.append(SourceFile(path=path, uri=f"s3://landing/sales/{name}"))
        result = read_files(sources, contract, batch=BATCH, out=out, **options)
        found = Read(
            result=result,
            typed=_rows(result.typed),
            miscast=_rows(result.miscast),
            rejects=_rows(result.rejects),
        )
        _require_conserved(found)
        assert not list(out.glob("*.arrows"))
        return found

    return read_them


def _rows(path: Path | None) -> list[dict[str, Any]]:
    return [] if path is None else pq.ParquetFile(path).read().to_pylist()


def _require_conserved(found: Read) -> None:
    for file in found.result.files:
        tables = (found.typed, found.miscast, found.rejects)
        counts = [sum(row["_penstock_file"] == file.uri for row in table) for table in tables]
        is_kept = file.rows_miscast == 0 and counts[1] > 0  # discard_value: typed as well
        assert counts == [
            file.rows_typed,
            counts[1] if is_kept else file.rows_miscast,
            file.records_rejected,
        ]
        accounted = file.rows_typed + file.rows_miscast + file.records_rejected
        if file.records is None:
            assert accounted == 0
            assert any(
                finding.severity is Severity.CRITICAL and file.uri in finding.message
                for finding in found.result.findings
            )
        else:
            assert file.records == accounted
    for row in (*found.typed, *found.miscast, *found.rejects):
        assert row["_penstock_batch"] == BATCH
        assert row["_penstock_record"] >= 1
    for row in found.rejects:
        assert row["reason"]
