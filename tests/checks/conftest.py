from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.contracts import Contract, ContractColumn, Rule, RuleKind
from penstock.model import BATCH_COLUMN, FILE_COLUMN, RECORD_COLUMN, Severity

ARROW = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "FLOAT": pa.float32(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "TIMESTAMP": pa.timestamp("us"),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
    "DECIMAL(12,2)": pa.decimal128(12, 2),
    "DECIMAL(38,2)": pa.decimal128(38, 2),
}
CASTS = pa.list_(
    pa.struct([("column", pa.string()), ("value", pa.string()), ("reason", pa.string())])
)


class Shop:
    """Makes rules, contracts and tables as ingest writes them, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tables = 0

    def rule(
        self,
        name: str,
        kind: RuleKind,
        *columns: str,
        severity: Severity = Severity.MEDIUM,
        **arguments: Any,
    ) -> Rule:
        return Rule(id=name, kind=kind, columns=columns, severity=severity, arguments=arguments)

    def contract(
        self, types: dict[str, str], *rules: Rule, sensitive: Sequence[str] = ()
    ) -> Contract:
        return Contract(
            id="shop",
            version="1",
            dataset="orders",
            columns=tuple(
                ContractColumn(
                    name=name, type=type_, severity=Severity.HIGH, sensitive=name in sensitive
                )
                for name, type_ in types.items()
            ),
            rules=rules,
            digest="0" * 64,
            source="orders.yaml",
        )

    def table(
        self,
        types: dict[str, str],
        rows: Sequence[dict[str, Any]],
        *,
        first_record: int = 1,
        casts: Sequence[list[dict[str, str]]] | None = None,
    ) -> Path:
        """Write rows; one may bring its own file and record. The name must not matter."""
        self._tables += 1
        arrays: dict[str, Any] = {
            name: pa.array([row.get(name) for row in rows], ARROW[type_], from_pandas=False)
            for name, type_ in types.items()
        }
        arrays[BATCH_COLUMN] = pa.array(["batch"] * len(rows), pa.string())
        files = [row.get(FILE_COLUMN, "file:///landing/a.csv") for row in rows]
        arrays[FILE_COLUMN] = pa.array(files, pa.string())
        records = [row.get(RECORD_COLUMN, first_record + index) for index, row in enumerate(rows)]
        arrays[RECORD_COLUMN] = pa.array(records, pa.int64())
        if casts is not None:
            arrays["_penstock_casts"] = pa.array(casts, CASTS)
        path = self.folder / f"table [{self._tables}]*'.parquet"
        pq.write_table(pa.table(arrays), path)
        return path


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)
