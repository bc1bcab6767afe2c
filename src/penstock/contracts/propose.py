"""A contract proposed from a file, for looking at it: types only, no rules, nothing decided."""

from __future__ import annotations

from pathlib import Path

import duckdb

from penstock.contracts.contract import Contract, ContractColumn, CsvDialect
from penstock.errors import ConfigError
from penstock.model import Severity, hash_file

__all__ = ["propose_contract"]

DELIMITERS = {".tsv": "\t"}


def propose_contract(path: Path) -> Contract:
    """Propose the columns and types that a file seems to have.

    DuckDB's sniffer looks at the first records. What it proposes is then read as any contract is:
    a value that doesn't fit is counted as a failed cast, not bent.

    Raises:
        ConfigError: when no columns can be made out.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    delimiter = next((DELIMITERS[s] for s in suffixes if s in DELIMITERS), ",")
    with duckdb.connect() as connection:
        try:
            if ".parquet" in suffixes:
                relation = connection.read_parquet(str(path))
            elif {".jsonl", ".ndjson"} & set(suffixes):
                relation = connection.read_json(str(path), format="newline_delimited")
            else:
                relation = connection.read_csv(str(path), delimiter=delimiter, header=True)
            columns = list(zip(relation.columns, relation.types, strict=True))
        except duckdb.Error as exc:
            raise ConfigError(
                f"No columns can be made out in {path}: {str(exc).splitlines()[0]}",
                remedy="Check the file, or give a contract with --contract.",
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


def _scalar(type_: str) -> str:
    """Return a type that readers know; whatever is nested or rare is looked at as text."""
    plain = {"BIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "VARCHAR"}
    return type_ if type_ in plain or type_.startswith("DECIMAL(") else "VARCHAR"
