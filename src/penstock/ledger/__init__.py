"""The relational store of record, with its hash-chained audit."""
