"""Answer one SELECT over published tables, without any way out of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb
import pyarrow.dataset as ds

from penstock.errors import ConfigError, NotAllowed, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

__all__ = ["run_query"]

SEALED = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "python_enable_replacements": "false",
}


def run_query(
    sql: str, *, names: Sequence[str], read: Callable[[str], ds.Dataset], schema: str
) -> pa.Table:
    """Run a statement that is one SELECT; `read` is called for the tables it names, lazily read.

    Raises:
        NotAllowed: the statement is something else than one SELECT, or reaches for a file.
        NotFound: it names a table that is not published.
        ConfigError: it cannot be understood or computed.
    """
    with duckdb.connect(":memory:", config=dict(SEALED)) as connection:
        try:
            _require_select(connection, sql)
            connection.execute(f'CREATE SCHEMA "{schema}"')
            for name in _named(sql, names=names):
                connection.register(f"_{name}", read(name))
                for home in ("main", schema):  # NOTE: names of datasets hold no quotes
                    connection.execute(f'CREATE VIEW "{home}"."{name}" AS FROM "_{name}"')
            connection.execute("SET lock_configuration = true")
            return connection.sql(sql).to_arrow_table()
        except duckdb.PermissionException as exc:
            raise NotAllowed(
                "The query reaches outside the published tables.",
                remedy=f"Read published tables only; they are {_listed(names)}.",
            ) from exc
        except duckdb.CatalogException as exc:
            raise NotFound(
                f"The query names something unknown: {_first_line(exc)}",
                remedy=f"Published tables are {_listed(names)}.",
            ) from exc
        except (duckdb.ParserException, duckdb.BinderException) as exc:
            raise ConfigError(
                f"The query cannot be understood: {_first_line(exc)}",
                remedy="Correct it; names with `-` or `.` stand in double quotes.",
            ) from exc
        except duckdb.Error as exc:
            # The message of such an error may quote a row's value.
            raise ConfigError(
                f"The query cannot be computed ({type(exc).__name__}).",
                remedy="Where a value does not convert, use TRY_CAST.",
            ) from None


def _require_select(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    statements = connection.extract_statements(sql)
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        raise NotAllowed(
            "The query is not one SELECT.",
            remedy="Published tables are only read: write a single SELECT statement.",
        )


def _named(sql: str, *, names: Sequence[str]) -> list[str]:
    """Return the published tables whose name stands in a statement, at least those it reads.

    DuckDB's own list of names is none for a join USING tables that it does not know yet.
    """
    return [
        name
        for name in names
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql, re.IGNORECASE | re.ASCII)
    ]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none yet"


def _first_line(exc: Exception) -> str:
    return str(exc).splitlines()[0]
