from __future__ import annotations

from collections.abc import Callable

import pytest

from penstock.contracts import Contract, read_contract

HEAD = """\
kind: DataContract
apiVersion: v3.1.0
id: shop
version: 1.0.0
"""


@pytest.fixture
def of_columns() -> Callable[..., Contract]:
    """Read a contract of one table `orders` from its columns, and more below or above them."""

    def read(columns: str, *, table: str = "", top: str = "") -> Contract:
        lines = "".join(f"      {line}\n" for line in columns.strip("\n").splitlines())
        more = "".join(f"    {line}\n" for line in table.strip("\n").splitlines() if line)
        text = f"{HEAD}schema:\n  - name: orders\n{more}    properties:\n{lines}{top}"
        return read_contract(text, source="orders.odcs.yaml")

    return read
