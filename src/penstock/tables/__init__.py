"""Publish audited files into Iceberg tables, look for them there, and query the tables."""

from penstock.tables.tables import Tables

__all__ = ["Tables"]
