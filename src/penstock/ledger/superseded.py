"""Requests that no longer count: another took their place, or their batch came to an end."""

from __future__ import annotations

from penstock.ledger.change import Change, find_all, select_as
from penstock.ledger.schema import requests
from penstock.model import Digest, Request

__all__ = ["supersede_requests"]


def supersede_requests(change: Change, claim: Digest, *, by: str) -> None:
    """Close the open requests about a claim, but for the one that takes their place."""
    is_other = (requests.c.claim == claim) & (requests.c.state == "open") & (requests.c.id != by)
    for other in find_all(change.connection, Request, select_as(requests, Request).where(is_other)):
        change.update(requests, requests.c.id == other.id, {"state": "superseded"})
        change.audit(
            "request.superseded", f"batch:{other.batch}", {"request": other.id, "superseded_by": by}
        )
