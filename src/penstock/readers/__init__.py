"""Landed files read into typed Parquet; every record is accounted for."""

from penstock.readers.read import ReadFile, ReadResult, read_files
from penstock.readers.source import Limits, SourceFile

__all__ = ["Limits", "ReadFile", "ReadResult", "SourceFile", "read_files"]
