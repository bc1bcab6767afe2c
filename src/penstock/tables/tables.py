"""The published tables of one warehouse, as the rest of Penstock sees them."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Self

from penstock.errors import ConfigError, NotAllowed, NotConserved, Tampered
from penstock.model import FileRef, hash_file, utc_now
from penstock.stores import LocalStore, ObjectStore, join_uri, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    import pyarrow as pa

    from penstock.model import BatchId, Clock, Column
    from penstock.tables.warehouse import Warehouse

__all__ = ["Tables"]

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


def _ignore(step: str) -> None:
    del step


class Tables:
    """Iceberg tables of one catalog and one warehouse.

    `catalog` is the SQLAlchemy URL of a SQLite file or a PostgreSQL database, `warehouse` a folder
    or `s3://bucket/prefix`, reached with the standard AWS_* environment.
    One instance may be used by several threads. Nothing is opened before the first call.
    `on_step` is told what was just done (`placed`, `looked`, `created`, `branched`, `added`,
    `audited`, `compared`, `swapped`): tests stop a publisher there.
    """

    def __init__(
        self,
        *,
        catalog: str,
        warehouse: str,
        clock: Clock = utc_now,
        on_step: Callable[[str], None] = _ignore,
    ) -> None:
        self._url = catalog
        self._warehouse_uri = warehouse
        self._clock = clock
        self._on_step = on_step

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the catalog's connections back; the next call opens new ones."""
        if (warehouse := self.__dict__.pop("_warehouse", None)) is not None:
            warehouse.close()

    def place(self, dataset: str, ref: FileRef, source: Path) -> FileRef:
        """Copy a file to where the table expects it, under its digest, and return where that is.

        Placing it again changes nothing. A file that is in place is not published yet.

        Raises:
            Tampered: the source, or what was in its place already, is not what the digest names.
        """
        key = _key(dataset, ref.digest)
        if (found := hash_file(source)) != ref.digest:
            raise Tampered(
                f"File {str(source)!r} has the digest {found}, expected is {ref.digest}.",
                remedy="Prepare the batch again from the stored originals.",
            )
        uri = join_uri(self._store.root, key)
        if not self._is_in_place(key, ref):
            self._store.upload(source, key)
            if not self._is_in_place(key, ref):
                raise Tampered(
                    f"{uri} does not have the content that was just written to it.",
                    remedy="Check the disk or the object store, then publish the batch again.",
                )
        self._on_step("placed")
        return ref.model_copy(update={"uri": uri})

    def publish(
        self,
        dataset: str,
        file: FileRef,
        *,
        columns: Sequence[Column],
        batch: BatchId,
        summary: Mapping[str, str],
    ) -> int:
        """Publish a placed file, and return the snapshot that brought it.

        A batch that main has already is left alone and its snapshot returned. `summary` goes into
        the snapshot's summary, each key with the prefix `penstock.`, beside `penstock.batch`,
        `penstock.rows` and `penstock.file` (the digest). Columns new to the table are added to it.

        Raises:
            PublishRace: another batch was published meanwhile; call again.
            NotConserved: the file does not hold `file.rows` rows of this batch.
            ConfigError: a column of the table is gone, or has another type.
            NotAllowed: the file was not placed.
        """
        from penstock.tables.publication import Offer  # noqa: PLC0415 - pyiceberg takes 2 s to load

        key = _key(dataset, file.digest)
        if file.uri != join_uri(self._store.root, key):
            raise NotAllowed(
                f"{file.uri} does not lie in the folder of table {dataset!r}.",
                remedy="Place the file first, and publish what that returns.",
            )
        if file.rows is None:
            raise NotConserved(
                f"{file.uri} does not say how many rows it has.",
                remedy="Count its rows when it is written.",
            )
        offer = Offer(
            dataset=dataset,
            batch=batch,
            location=f"{_plain_root(self._store)}/{key}",
            digest=file.digest,
            rows=file.rows,
            summary=summary,
        )
        return self._warehouse.publish(offer, columns)

    def find(self, dataset: str, batch: BatchId) -> int | None:
        """Return the snapshot in main's ancestry that brought a batch, None if there is none.

        Branches and rolled-back snapshots do not count, nor does a batch whose rows were deleted.
        """
        _check(dataset)
        return self._warehouse.find(dataset, batch)

    def verify(self, dataset: str, batch: BatchId, *, rows: int) -> None:
        """Read a batch back from main.

        Raises:
            NotConserved: main does not have the batch with exactly these rows.
        """
        _check(dataset)
        self._warehouse.verify(dataset, batch, rows=rows)

    def snapshot(self, dataset: str) -> int | None:
        """Return main's present snapshot, None if there is no table."""
        _check(dataset)
        return self._warehouse.snapshot(dataset)

    def export(
        self, dataset: str, columns: Sequence[str], to: Path, *, snapshot: int | None = None
    ) -> int | None:
        """Write columns of main, or of one snapshot, as Parquet; return the rows written.

        Without such a table nothing is written and None returned.
        """
        _check(dataset)
        return self._warehouse.export(dataset, columns, to, snapshot=snapshot)

    def names(self) -> list[str]:
        """Return the names of the published tables, sorted."""
        return self._warehouse.names()

    def query(self, sql: str) -> pa.Table:
        """Answer one SELECT over published tables (`orders` or `penstock.orders`).

        Raises:
            NotAllowed: it is not one SELECT, or reaches for files, settings or the network.
            NotFound: it names a table that is not published.
            ConfigError: it cannot be understood or computed.
        """
        return self._warehouse.query(sql)

    @cached_property
    def _store(self) -> ObjectStore:
        store = open_store(self._warehouse_uri)
        root = _plain_root(store)
        if not root.startswith(("file://", "s3://")) or "#" in root or "?" in root:
            raise ConfigError(
                f"Warehouse {self._warehouse_uri!r} cannot hold tables.",
                remedy="Use a folder or s3://bucket/prefix without `#` and `?`.",
            )
        return store

    @cached_property
    def _warehouse(self) -> Warehouse:
        from penstock.tables.warehouse import Warehouse  # noqa: PLC0415 - pyiceberg takes 2 s to load

        return Warehouse(
            catalog=self._url,
            root=_plain_root(self._store),
            clock=self._clock,
            on_step=self._on_step,
        )

    def _is_in_place(self, key: str, ref: FileRef) -> bool:
        """Read a local copy back; of an object store's, which checks what it receives, the size."""
        if isinstance(self._store, LocalStore):
            path = self._store.path(key)
            return path.is_file() and hash_file(path) == ref.digest
        return any(info.key == key and info.size == ref.size for info in self._store.list(key))


def _plain_root(store: ObjectStore) -> str:
    """Return a store's uri as Iceberg reads it: nothing in it is percent-encoded."""
    return f"file://{store.folder}" if isinstance(store, LocalStore) else store.root


def _key(dataset: str, digest: str) -> str:
    return f"{_check(dataset)}/data/{digest}.parquet"


def _check(dataset: str) -> str:
    if not NAME.fullmatch(dataset):
        raise ConfigError(
            f"Dataset name {dataset!r} cannot name a table.",
            remedy="Use up to 128 letters, digits, `_`, `-`, `.`; neither `-` nor `.` comes first.",
        )
    return dataset
