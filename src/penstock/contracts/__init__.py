"""Contracts: ODCS files read, refused where unknown, and compiled to rules."""

from penstock.contracts.contract import (
    Contract,
    ContractColumn,
    CsvDialect,
    DriftMode,
    DriftPolicy,
    Rule,
    RuleKind,
)

__all__ = [
    "Contract",
    "ContractColumn",
    "CsvDialect",
    "DriftMode",
    "DriftPolicy",
    "Rule",
    "RuleKind",
]
