"""A contract proposed from a file, for looking at it: types only, no rules, nothing decided."""

from __future__ import annotations

from pathlib import Path

import duckdb

from penstock.contracts.contract import Contract, ContractColumn, CsvDialect
from penstock.errors import ConfigError
from penstock.model import Severity, hash_file

__all__ = ["propose_contract"]

LENIENT = "header = true, strict_mode = false, null_padding = true, ignore_errors = true"
"""A ragged record is for the readers to reject: it must not keep columns from being made out."""


def propose_contract(path: Path) -> Contract:
    """Propose the columns and types that a file seems to have.

    DuckDB's sniffer looks at the first records. What it proposes is then read as any contract is:
    a value that doesn't fit is counted as a failed cast, not bent.

    Raises:
        ConfigError: when no columns can be made out.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    delimiter = ","
    with duckdb.connect() as connection:
        try:
            if ".parquet" in suffixes:
                relation = connection.read_parquet(str(path))
            elif {".jsonl", ".ndjson"} & set(suffixes):
                relation = connection.read_json(str(path), format="newline_delimited")
            else:
                delimiter = "\t" if ".tsv" in suffixes else _sniff_delimiter(connection, path)
                relation = connection.sql(
                    f"FROM read_csv(?, delim = ?, {LENIENT})",
                    params=[str(path), delimiter],
                )
            columns = list(zip(relation.columns, relation.types, strict=True))
        except duckdb.Error as exc:
            raise ConfigError(
                f"No columns can be made out in {path}.",
                remedy="Check that it is a CSV, TSV, JSON lines or Parquet file with column names,"
                " or give a contract with --contract.",
            ) from exc
    return Contract(
        id="proposed",
        version="0",
        dataset=path.name.split(".")[0] or "file",
        columns=tuple(
            ContractColumn(name=name, type=_scalar(str(type_)), severity=Severity.MEDIUM)
            for name, type_ in columns
        ),
        rules=(),
        csv=CsvDialect(delimiter=delimiter),
        digest=hash_file(path),
        source=str(path),
    )


def _sniff_delimiter(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    sniffed = connection.execute(
        f"SELECT Delimiter FROM sniff_csv(?, {LENIENT})",  # noqa: S608 - our own words
        [str(path)],
    ).fetchone()
    return "," if sniffed is None else str(sniffed[0])


def _scalar(type_: str) -> str:
    """Return a type that readers know; whatever is nested or rare is looked at as text."""
    plain = {"BIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "VARCHAR"}
    return type_ if type_ in plain or type_.startswith("DECIMAL(") else "VARCHAR"
