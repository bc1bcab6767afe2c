"""What the ledger keeps of each step's output; keeping it twice changes nothing."""

from __future__ import annotations

from functools import singledispatch

from penstock.ledger import Ledger
from penstock.model import (
    BatchState,
    Claim,
    Ingested,
    Published,
    ReleaseId,
    Reported,
    Scanned,
    Value,
)

__all__ = ["keep"]


def keep(ledger: Ledger, claim: Claim, release: ReleaseId, output: Value) -> None:
    """Keep what the ledger answers for: identity, profile, evidence, and how it ended."""
    _keep(output, ledger, claim, release)


@singledispatch
def _keep(_output: Value, _ledger: Ledger, _claim: Claim, _release: ReleaseId) -> None:
    """Keep nothing of an output that the ledger does not answer for."""


@_keep.register
def _(output: Ingested, ledger: Ledger, claim: Claim, _release: ReleaseId) -> None:
    ledger.identify(claim.digest, output)


@_keep.register
def _(output: Scanned, ledger: Ledger, claim: Claim, release: ReleaseId) -> None:
    ledger.save_profile(output.batch, release, claim.dataset, output.profile)


@_keep.register
def _(output: Reported, ledger: Ledger, claim: Claim, _release: ReleaseId) -> None:
    ledger.attach_evidence(claim.digest, evidence=output.evidence, page=output.page)


@_keep.register
def _(output: Published, ledger: Ledger, claim: Claim, _release: ReleaseId) -> None:
    was_published = output.snapshot is not None or output.verdict.choice is None
    ledger.settle(
        claim.digest,
        BatchState.PUBLISHED if was_published else BatchState.REJECTED,
        reason=f"decided by {output.verdict.decided_by}",
        snapshot=output.snapshot,
        counts=output.counts,
    )
