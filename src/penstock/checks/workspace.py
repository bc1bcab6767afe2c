"""A DuckDB of one's own, that can reach the tables it was given and nothing else."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
from sqlglot import exp

__all__ = ["ENGINE", "Limits", "Workspace"]

ENGINE = f"duckdb-{duckdb.__version__.split('.')[0]}"
DIALECT = "duckdb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one scan may use; beyond its memory it spills to disk."""

    memory_mb: int = 2048
    threads: int = 4


class Workspace:
    """One connection over some Parquet files, each a view under its own name.

    The files are linked under plain names into a scratch folder, so that no path of a user
    reaches SQL or is taken for a pattern, and everything outside is closed to the engine.
    """

    def __init__(
        self, tables: Mapping[str, Path], *, limits: Limits | None = None, near: Path | None = None
    ) -> None:
        self._tables = tables
        self._limits = limits or Limits()
        self._near = near

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix=".scan-", dir=self._near)).resolve()
        try:
            self._open()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _open(self) -> None:
        threads = min(self._limits.threads, os.cpu_count() or 1)
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "threads": str(threads),
                "memory_limit": f"{self._limits.memory_mb}MB",
                "temp_directory": str(self.folder / "spill"),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
        real = [path.resolve() for path in self._tables.values()]
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.execute(f"SET allowed_paths = {_texts(real)}")
        self._connection.execute(f"SET allowed_directories = {_texts([self.folder])}")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")
        for (name, _), path in zip(self._tables.items(), real, strict=True):
            link = self.folder / f"{name}.parquet"
            link.symlink_to(path)
            self.add_view(name, link)

    def add_view(self, name: str, path: Path) -> None:
        """Make a Parquet file within the folder a view.

        NOTE: Parquet statistics leave NaN out, and without `can_have_nan` DuckDB 2.0 takes them at
        their word: it answers `isnan(x)` with false unseen, and skips row groups that have NaN.
        """
        can_have_nan = exp.EQ(this=exp.column("can_have_nan"), expression=exp.true())
        file = exp.Literal.string(str(path))
        source = exp.Anonymous(this="read_parquet", expressions=[file, can_have_nan])
        self.create("VIEW", name, exp.select("*").from_(source))

    def create(self, kind: str, name: str, query: exp.Query) -> None:
        """Create a view, or a temporary table that lives as long as the workspace."""
        self._connection.execute(
            exp.Create(this=exp.to_table(name), kind=kind, expression=query).sql(dialect=DIALECT)
        )

    def rows(self, query: exp.Query) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        found: list[tuple[Any, ...]] = self._connection.execute(
            query.sql(dialect=DIALECT)
        ).fetchall()
        return found

    def row(self, query: exp.Query) -> tuple[Any, ...]:
        """Run a query that gives exactly one row."""
        (row,) = self.rows(query)
        return row

    def columns(self, table: str) -> dict[str, str]:
        """Return a table's columns with their types."""
        query = exp.select("*").from_(table).limit(0).sql(dialect=DIALECT)
        relation = self._connection.sql(query)
        return dict(zip(relation.columns, map(str, relation.types), strict=True))

    def write(self, query: exp.Query, name: str) -> Path:
        """Write a query's rows, in its order, to a Parquet file in the folder."""
        path = self.folder / name
        self._connection.sql(query.sql(dialect=DIALECT)).write_parquet(
            str(path), compression="zstd"
        )
        return path


def _texts(paths: Iterable[Path]) -> str:
    return exp.Array(expressions=[exp.Literal.string(str(path)) for path in paths]).sql(
        dialect=DIALECT
    )
