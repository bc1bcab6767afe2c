"""Landed files read into typed Parquet; every record is accounted for."""
