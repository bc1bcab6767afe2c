"""Rules as one fused scan: counts, profile and, where something failed, the failed rows."""

from penstock.checks.scan import ScanInput, scan
from penstock.checks.workspace import Limits

__all__ = ["Limits", "ScanInput", "scan"]
