"""Rules as one fused scan: counts, profile and, where something failed, the failed rows."""

from penstock.checks.findings import findings_of, quarantine_finding, weigh
from penstock.checks.samples import MASK, read_examples, read_samples
from penstock.checks.scan import ScanInput, scan
from penstock.checks.split import CASTS_COLUMN, REASONS_COLUMN, SplitFiles, split
from penstock.checks.workspace import Limits

__all__ = [
    "CASTS_COLUMN",
    "MASK",
    "REASONS_COLUMN",
    "Limits",
    "ScanInput",
    "SplitFiles",
    "findings_of",
    "quarantine_finding",
    "read_examples",
    "read_samples",
    "scan",
    "split",
    "weigh",
]
