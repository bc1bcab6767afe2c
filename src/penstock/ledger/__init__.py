"""The relational store of record, with its hash-chained audit."""

from penstock.ledger.audit_chain import AuditBreak
from penstock.ledger.ledger import Ledger

__all__ = ["AuditBreak", "Ledger"]
