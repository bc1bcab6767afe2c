"""Values of sensitive columns, which are shown nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penstock.contracts import Contract
    from penstock.model import Example

__all__ = ["MASK", "is_sensitive", "mask"]

MASK = "•••"
"""Stands where the value of a sensitive column would be."""


def mask(example: Example) -> Example:
    """Return an example without its value, of which only the presence is shown."""
    return example.model_copy(update={"value": None if example.value is None else MASK})


def is_sensitive(contract: Contract, name: str | None) -> bool:
    """Return True when the contract says that a column's values must not be shown."""
    column = contract.column(name) if name else None
    return column is not None and column.sensitive
