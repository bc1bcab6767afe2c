"""How staged tables of one schema become the contract's columns."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from penstock.readers.casts import cast_expression
from penstock.readers.json_lines import FORCED
from penstock.readers.types import Target

__all__ = ["CastPlan", "connect", "query"]


def connect() -> duckdb.DuckDBPyConnection:
    """Open a DuckDB of our own: in UTC, and without extensions from elsewhere."""
    connection = duckdb.connect(
        config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def query(connection: duckdb.DuckDBPyConnection, table: pa.Table, sql: str) -> pa.Table:
    """Run SQL over a table that it knows as `staged`."""
    relation = connection.from_arrow(table).query("staged", sql)
    if relation is None:
        raise TypeError(sql)
    return relation.to_arrow_table()


class CastPlan:
    """Casts of the columns that need one; text that stays text passes as it is."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: pa.Schema,
        *,
        typed: pa.Schema,
        targets: Sequence[Target],
    ) -> None:
        columns = [f"c{index}" for index in range(len(targets))]
        relation = connection.from_arrow(schema.empty_table().select(columns))
        self.schema = schema
        self.sources = tuple(str(kind) for kind in relation.types)
        """DuckDB types of the staged columns."""
        expressions: dict[int, str] = {}
        for index, target in enumerate(targets):
            is_same = schema.types[index] == typed.types[index]
            if is_same and (target.type == "VARCHAR" or self.sources[index] != "VARCHAR"):
                continue
            expressions[index] = cast_expression(
                connection, columns[index], self.sources[index], target
            )
        self.casts = tuple(expressions)
        """Columns that are cast."""
        self._connection = connection
        values = ", ".join(f"{sql} AS v{index}" for index, sql in expressions.items())
        names = "".join(f"v{index}, " for index in self.casts)
        faults = " OR ".join(f"(c{index} IS NOT NULL AND v{index} IS NULL)" for index in self.casts)
        # Our own column names, and types as DuckDB spells them.
        self._sql = f"SELECT {names}{faults} AS bad FROM (SELECT *, {values} FROM staged)"  # noqa: S608 - see above

    def cast(self, table: pa.Table) -> tuple[list[pa.ChunkedArray], pa.ChunkedArray | None]:
        """Return the columns, failed cells null, and which rows have such; None for no row."""
        columns = list(table.columns[: len(self.sources)])
        bad = None
        if self.casts:
            found = query(
                self._connection, table.select([f"c{index}" for index in self.casts]), self._sql
            )
            bad = found.column(len(self.casts))
            for place, index in enumerate(self.casts):
                columns[index] = found.column(place)
        if FORCED in table.column_names and table[FORCED].null_count < len(table):
            forced = pc.is_valid(table[FORCED])
            bad = forced if bad is None else pc.or_(bad, forced)
        return columns, bad if bad is not None and pc.any(bad).as_py() else None
