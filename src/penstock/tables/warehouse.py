"""The catalog and the files it points to: everything that needs pyiceberg, which loads slowly."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.io.pyarrow import PyArrowFileIO

from penstock.errors import ConfigError, NotConserved, NotFound, StoreUnavailable
from penstock.model import BATCH_COLUMN
from penstock.stores.staging import staged
from penstock.tables.catalog import NAMESPACE, ensure_namespace, open_catalog
from penstock.tables.faults import translated
from penstock.tables.presence import count_rows, look
from penstock.tables.publication import ATTEMPTS, Offer, publish_offer
from penstock.tables.query import run_query
from penstock.tables.shape import arrow_schema, missing_fields, read_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pyiceberg.schema import Schema
    from pyiceberg.table import Table

    from penstock.model import BatchId, Clock, Column

__all__ = ["Warehouse"]

BATCH_METRICS = f"write.metadata.metrics.column.{BATCH_COLUMN}"
PROPERTIES = {
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "30",
    "commit.retry.max-wait-ms": "500",
    "commit.retry.min-wait-ms": "20",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "30",
    BATCH_METRICS: "full",
}
"""Of a new table: few manifests, old metadata files removed, exact bounds of the batch."""


class Warehouse:
    """Tables by name below one root; `Tables` says what each method promises."""

    def __init__(
        self, *, catalog: str, root: str, clock: Clock, on_step: Callable[[str], None]
    ) -> None:
        self._catalog = open_catalog(catalog, warehouse=root)
        self._io = PyArrowFileIO(self._catalog.properties)
        self._root = root
        self._clock = clock
        self._on_step = on_step

    def close(self) -> None:
        """Give the catalog's connections back."""
        self._catalog.close()

    def publish(self, offer: Offer, columns: Sequence[Column]) -> int:
        """Publish a placed file unless its batch is there."""
        with translated(f"Publishing batch {offer.batch!r} to table {offer.dataset!r}"):
            table, looked_at = self._load(offer.dataset), None
            if table is not None:
                self._require_ours(table, offer.dataset)
                looked_at = table.metadata.current_snapshot_id
                if (published := look(table, offer.batch)) is not None:
                    return published
            self._on_step("looked")
            shape = read_shape(self._io, offer.location, dataset=offer.dataset, columns=columns)
            if shape.rows != offer.rows:
                raise NotConserved(
                    f"File {offer.location!r} of batch {offer.batch!r} has {shape.rows} rows,"
                    f" expected are {offer.rows}.",
                    remedy="Nothing was published. Prepare the batch again.",
                )
            if table is None:
                table = self._create(offer.dataset, shape.schema)
                self._on_step("created")
            table = self._grow(table, shape.schema, dataset=offer.dataset)
            return publish_offer(
                table, offer, looked_at=looked_at, clock=self._clock, on_step=self._on_step
            )

    def find(self, dataset: str, batch: BatchId) -> int | None:
        """Look for a batch in main."""
        with translated(f"Looking for batch {batch!r} in table {dataset!r}"):
            table = self._load(dataset)
            return None if table is None else look(table, batch)

    def verify(self, dataset: str, batch: BatchId, *, rows: int) -> None:
        """Count a batch in main, by metadata and by reading."""
        with translated(f"Reading batch {batch!r} back from table {dataset!r}"):
            table = self._load(dataset)
            main = None if table is None else table.metadata.current_snapshot_id
            if table is None or main is None or look(table, batch) is None:
                raise NotConserved(
                    f"Batch {batch!r} is not in table {dataset!r}, expected are {rows} rows.",
                    remedy="Publish it again, or see the table's history for who removed it.",
                )
            found = count_rows(table, batch, snapshot=main)
        if found.by_data != rows or found.by_metadata not in {rows, None}:
            raise NotConserved(
                f"Table {dataset!r} has {found.by_data} rows of batch {batch!r}"
                f" ({found.by_metadata} by metadata), expected are {rows}.",
                remedy="Roll the table back to the snapshot before, then publish the batch again.",
            )

    def snapshot(self, dataset: str) -> int | None:
        """Return main's present snapshot."""
        with translated(f"Looking at table {dataset!r}"):
            table = self._load(dataset)
            return None if table is None else table.metadata.current_snapshot_id

    def names(self) -> list[str]:
        """Return the names of all published tables."""
        with translated("Listing the published tables"), suppress(NoSuchNamespaceError):
            return sorted(identifier[-1] for identifier in self._catalog.list_tables(NAMESPACE))
        return []

    def query(self, sql: str) -> pa.Table:
        """Answer one SELECT."""
        with translated("Answering a query"):
            return run_query(sql, names=self.names(), read=self._read, schema=NAMESPACE)

    def export(
        self, dataset: str, columns: Sequence[str], to: Path, *, snapshot: int | None
    ) -> int | None:
        """Write columns of a table as Parquet."""
        with translated(f"Exporting from table {dataset!r}"):
            table = self._load(dataset)
            if table is None:
                return None
            data = self._dataset(table, snapshot=snapshot)
            for name in columns:
                if name not in data.schema.names:
                    raise ConfigError(
                        f"Published table {dataset!r} has no column {name!r}; it has"
                        f" {data.schema.names}.",
                        remedy="Correct the reference in the contract.",
                    )
            return _write(data, list(dict.fromkeys(columns)), to)

    def _load(self, dataset: str) -> Table | None:
        try:
            return self._catalog.load_table((NAMESPACE, dataset))
        except NoSuchTableError:
            return None
        except FileNotFoundError:
            # The pointer was read just before the file it names was cleaned away.
            return self._catalog.load_table((NAMESPACE, dataset))

    def _create(self, dataset: str, shape: Schema) -> Table:
        """Create a table with one empty snapshot, in one commit; or take the one just created."""
        ensure_namespace(self._catalog)
        name = (NAMESPACE, dataset)
        with (
            suppress(TableAlreadyExistsError, CommitFailedException),
            self._catalog.create_table_transaction(
                name, shape, location=f"{self._root}/{dataset}", properties=PROPERTIES
            ) as creation,
        ):
            mapping = creation.table_metadata.schema().name_mapping.model_dump_json()
            creation.set_properties({"schema.name-mapping.default": mapping})
            # A branch needs a snapshot to start from.
            creation.update_snapshot().fast_append().commit()
        return self._catalog.load_table(name)

    def _require_ours(self, table: Table, dataset: str) -> None:
        """Refuse a table that is not laid out as Penstock does, or lies in another warehouse."""
        expected = f"{self._root}/{dataset}"
        if table.location() != expected:
            raise ConfigError(
                f"Table {dataset!r} lies in {table.location()}, the warehouse has it in"
                f" {expected}.",
                remedy="Use the catalog and the warehouse that belong together.",
            )
        if table.current_snapshot() is None or table.properties.get(BATCH_METRICS) != "full":
            raise ConfigError(
                f"Table {dataset!r} was not created by Penstock.",
                remedy="Publish to another dataset, or rename that table in the catalog.",
            )

    def _grow(self, table: Table, shape: Schema, *, dataset: str) -> Table:
        """Add the columns that the table does not have yet."""
        for _ in range(ATTEMPTS):
            added = missing_fields(table, shape, dataset=dataset)
            if added is None:
                return table
            with suppress(CommitFailedException), table.update_schema() as update:
                update.union_by_name(added)
            table.refresh()
        raise StoreUnavailable(
            f"Columns could not be added to table {dataset!r}: others kept changing it.",
            remedy="Try again.",
        )

    def _read(self, dataset: str) -> ds.Dataset:
        table = self._load(dataset)
        if table is None:
            raise NotFound(
                f"There is no published table {dataset!r}.", remedy="Publish a batch first."
            )
        return self._dataset(table, snapshot=None)

    def _dataset(self, table: Table, *, snapshot: int | None) -> ds.Dataset:
        """Return main, or one snapshot, as data that is read when it is asked for."""
        schema = arrow_schema(table.schema())
        scan = table.scan(snapshot_id=snapshot)
        tasks = list(scan.plan_files())
        if any(task.delete_files for task in tasks):
            # Somebody else's row-level deletes: only Iceberg's own reader applies them.
            return ds.dataset(scan.to_arrow().cast(schema))
        paths = [PyArrowFileIO.parse_location(task.file.file_path) for task in tasks]
        scheme, netloc, _ = PyArrowFileIO.parse_location(table.location())
        return ds.FileSystemDataset.from_paths(
            [path for _, _, path in paths],
            schema=schema,
            format=ds.ParquetFileFormat(),
            filesystem=self._io.fs_by_scheme(scheme, netloc),
        )


def _write(data: ds.Dataset, columns: list[str], to: Path) -> int:
    scanner = data.scanner(columns=columns)
    rows = 0
    with staged(to) as temporary:
        with pq.ParquetWriter(temporary, scanner.projected_schema) as writer:
            for batch in scanner.to_batches():
                rows += batch.num_rows
                writer.write_batch(batch)
        temporary.replace(to)
    return rows
