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
from penstock.contracts.odcs import load_contract, read_contract

__all__ = [
    "Contract",
    "ContractColumn",
    "CsvDialect",
    "DriftMode",
    "DriftPolicy",
    "Rule",
    "RuleKind",
    "load_contract",
    "read_contract",
]
