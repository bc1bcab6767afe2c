"""Claims: the new files of a landing become one batch under a durable manifest."""

from penstock.landing.claims import ClaimLog
from penstock.landing.landed import as_landed, describe_file, fetch_landed, is_unchanged
from penstock.landing.lease import Lease
from penstock.landing.pattern import compile_pattern, is_landed

__all__ = [
    "ClaimLog",
    "Lease",
    "as_landed",
    "compile_pattern",
    "describe_file",
    "fetch_landed",
    "is_landed",
    "is_unchanged",
]
