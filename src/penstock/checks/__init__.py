"""Rules as one fused scan: counts, profile and, where something failed, the failed rows."""
