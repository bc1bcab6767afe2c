"""What the ledger keeps of each step's output; keeping it twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.ledger import Ledger
from penstock.model import (
    BatchState,
    Claim,
    Disposition,
    Ingested,
    Published,
    ReleaseId,
    Reported,
    Scanned,
    Value,
)

__all__ = ["keep"]


def keep(
    ledger: Ledger,
    claim: Claim,
    release: ReleaseId,
    output: Value,
    *,
    earlier: Iterable[Value | None],
) -> None:
    """Keep what the ledger answers for: identity, profile, and how the batch ended.

    Args:
        ledger: where it is kept.
        claim: the claim that is worked on.
        release: the release that it is worked on under.
        output: what a step gave.
        earlier: what the steps before it gave.
    """
    match output:
        case Ingested():
            ledger.identify(claim.digest, output)
        case Scanned():
            ledger.save_profile(output.batch, release, claim.dataset, output.profile)
        case Published(verdict=verdict):
            reported = next((one for one in earlier if isinstance(one, Reported)), None)
            is_rejected = verdict.disposition is Disposition.NOTHING
            ledger.settle(
                claim.digest,
                BatchState.REJECTED if is_rejected else BatchState.PUBLISHED,
                reason=f"decided by {verdict.decided_by}",
                evidence=verdict.evidence,
                page=None if reported is None else reported.page,
                snapshot=output.snapshot,
                counts=output.counts,
            )
        case _:
            pass
