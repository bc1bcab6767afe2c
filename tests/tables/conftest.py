"""Batches to publish, and processes that publish them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import pytest

from penstock.model import BatchId, Column, FileRef, hash_bytes, hash_file
from penstock.tables import Tables

COLUMNS = (
    Column(name="id", type="BIGINT"),
    Column(name="item", type="VARCHAR"),
    Column(name="amount", type="DECIMAL(12,2)"),
)
SELECT = "i AS id, 'item ' || i AS item, (i / 4)::DECIMAL(12,2) AS amount"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A prepared file of one batch, not in the warehouse yet."""

    id: BatchId
    source: Path
    ref: FileRef
    columns: tuple[Column, ...]

    @property
    def rows(self) -> int:
        assert self.ref.rows is not None
        return self.ref.rows


MakeBatch = Callable[..., Batch]


def prepare_batch(
    folder: Path,
    name: str = "a",
    *,
    rows: int = 3,
    select: str = SELECT,
    columns: Sequence[Column] = COLUMNS,
    claimed_rows: int | None = None,
) -> Batch:
    """Write a file as *prepare* does: the contract's columns and where each row comes from."""
    batch = BatchId(hash_bytes(name.encode()))
    source = folder / f"prepared-{name}.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT {select}, '{batch}' AS _penstock_batch,"  # noqa: S608 - the test's own words
            f" 'file:///{name}.csv' AS _penstock_file, i AS _penstock_record"
            f" FROM range({rows}) AS source(i)) TO '{source}' (FORMAT parquet)"
        )
    ref = FileRef(
        uri=source.as_uri(),
        digest=hash_file(source),
        size=source.stat().st_size,
        rows=rows if claimed_rows is None else claimed_rows,
    )
    return Batch(id=batch, source=source, ref=ref, columns=tuple(columns))


@pytest.fixture
def make_batch(tmp_path: Path) -> MakeBatch:
    """Prepare batches in the test's own folder."""
    return partial(prepare_batch, tmp_path)


@pytest.fixture
def catalog(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'catalog.db'}"


@pytest.fixture
def warehouse(tmp_path: Path) -> str:
    return str(tmp_path / "warehouse")


@pytest.fixture
def tables(catalog: str, warehouse: str) -> Iterator[Tables]:
    with Tables(catalog=catalog, warehouse=warehouse) as tables:
        yield tables


def publish(
    tables: Tables,
    batch: Batch,
    *,
    dataset: str = "orders",
    summary: Mapping[str, str] | None = None,
) -> int:
    """Place and publish as one does."""
    placed = tables.place(dataset, batch.ref, batch.source)
    return tables.publish(
        dataset,
        placed,
        columns=batch.columns,
        batch=batch.id,
        summary={"release": "r1", "evidence": "e1"} if summary is None else summary,
    )


def published_rows(tables: Tables, dataset: str = "orders") -> dict[str, int]:
    """Rows by batch, as a reader sees them."""
    answer = tables.query(
        f'SELECT _penstock_batch AS batch, count(*) AS rows FROM "{dataset}" GROUP BY ALL'  # noqa: S608 - the test's own words
    )
    return dict(zip(answer["batch"].to_pylist(), answer["rows"].to_pylist(), strict=True))


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tables]:
    """Two tables of the same three rows; tests only read them."""
    folder = tmp_path_factory.mktemp("filled")
    with Tables(
        catalog=f"sqlite:///{folder / 'catalog.db'}", warehouse=str(folder / "warehouse")
    ) as tables:
        for dataset in ("orders", "a.b-c"):
            publish(tables, prepare_batch(folder), dataset=dataset)
        yield tables


Publish = Callable[..., int]
PublishedRows = Callable[..., dict[str, int]]


@pytest.fixture(name="publish")
def publish_fixture() -> Publish:
    return publish


@pytest.fixture(name="published_rows")
def published_rows_fixture() -> PublishedRows:
    return published_rows


@pytest.fixture(scope="session")
def publisher() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", str(Path(__file__).with_name("publisher.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        yield process
        process.stdin.close()
        process.wait(30)


PublishApart = Callable[..., list[int]]


@pytest.fixture
def publish_apart(publisher: subprocess.Popen[str], catalog: str, warehouse: str) -> PublishApart:
    """Publish batches at the same moment, each in its process; return the exit codes."""

    def run(*batches: Batch, die_at: str | None = None, dataset: str = "orders") -> list[int]:
        jobs = [
            {
                "catalog": catalog,
                "warehouse": warehouse,
                "dataset": dataset,
                "batch": batch.id,
                "source": str(batch.source),
                "ref": batch.ref.model_dump(),
                "columns": [column.model_dump() for column in batch.columns],
                "die_at": die_at,
            }
            for batch in batches
        ]
        assert publisher.stdin is not None
        assert publisher.stdout is not None
        publisher.stdin.write(json.dumps(jobs) + "\n")
        publisher.stdin.flush()
        codes: list[int] = json.loads(publisher.stdout.readline())
        return codes

    return run
