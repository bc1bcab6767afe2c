"""Penstock's own facets: what a batch is, and who let it through."""

from __future__ import annotations

from typing import Any

import attr
from openlineage.client.facet_v2 import RunFacet

__all__ = ["SCHEMAS", "ApprovalRunFacet", "BatchRunFacet", "ProgressRunFacet"]

BATCH = "urn:penstock:lineage:batch:1-0-0#/$defs/PenstockBatchRunFacet"
APPROVAL = "urn:penstock:lineage:approval:1-0-0#/$defs/PenstockApprovalRunFacet"
PROGRESS = "urn:penstock:lineage:progress:1-0-0#/$defs/PenstockProgressRunFacet"


@attr.define
class BatchRunFacet(RunFacet):
    """`penstock_batch`: which batch a run is about, and where its rows went."""

    claim: str
    release: str
    batch: str | None = None
    evidence: str | None = None
    workflow: str | None = None
    contract: str | None = None
    requestedBy: str | None = None  # noqa: N815 - OpenLineage's spelling
    rows: dict[str, int | None] | None = None

    @staticmethod
    def _get_schema() -> str:
        return BATCH


@attr.define
class ApprovalRunFacet(RunFacet):
    """`penstock_approval`: what was asked of stewards and what they said."""

    state: str
    evidence: str | None = None
    request: str | None = None
    decision: str | None = None
    decidedBy: str | None = None  # noqa: N815 - OpenLineage's spelling

    @staticmethod
    def _get_schema() -> str:
        return APPROVAL


@attr.define
class ProgressRunFacet(RunFacet):
    """`penstock_progress`: which step of a run a RUNNING event tells of."""

    step: str

    @staticmethod
    def _get_schema() -> str:
        return PROGRESS


def _schema(url: str, required: list[str], properties: dict[str, Any]) -> dict[str, Any]:
    identity, _, name = url.partition("#/$defs/")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": identity,
        "$defs": {
            name: {
                "allOf": [
                    {"$ref": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunFacet"},
                    {"type": "object", "required": required, "properties": properties},
                ]
            }
        },
    }


TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}

SCHEMAS: dict[str, dict[str, Any]] = {
    "penstock_batch": _schema(
        BATCH,
        ["claim", "release"],
        {
            **dict.fromkeys(("claim", "release", "batch", "evidence"), TEXT),
            **dict.fromkeys(("workflow", "contract", "requestedBy"), TEXT),
            "rows": {
                "type": "object",
                "properties": dict.fromkeys(
                    ("landed", "published", "quarantined", "rejected"), COUNT
                ),
            },
        },
    ),
    "penstock_approval": _schema(
        APPROVAL,
        ["state"],
        {
            "state": {"enum": ["requested", "automatic", "approve", "quarantine", "reject"]},
            **dict.fromkeys(("evidence", "request", "decision", "decidedBy"), TEXT),
        },
    ),
    "penstock_progress": _schema(PROGRESS, ["step"], {"step": TEXT}),
}
"""JSON Schema of each facet, by its name."""
