"""What a run shows of a batch's evidence in the Prefect UI: one Markdown artifact."""

from __future__ import annotations

from uuid import UUID

from prefect import get_run_logger, runtime
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
)

from penstock.model import Digest, Evidence
from penstock.report import build_markdown, headline

__all__ = ["show_evidence"]

KEY_LENGTH = 12


def show_evidence(evidence: Evidence, *, digest: Digest, link: str) -> None:
    """Create the artifact of a batch, once for each run; a resumed run has it already.

    The evidence lies in the object store. This is a view of it, so that a batch never waits or
    fails for it.
    """
    key = f"evidence-{evidence.batch[:KEY_LENGTH]}"
    try:
        if not _is_there(key):
            create_markdown_artifact(
                build_markdown(evidence, digest=digest, link=link),
                key=key,
                description=f"{evidence.dataset}: {headline(evidence)}",
            )
    except Exception as exc:  # noqa: BLE001 - whatever Prefect's API answers, the batch goes on
        get_run_logger().warning("Artifact %s was not created: %s.", key, type(exc).__name__)


def _is_there(key: str) -> bool:
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(
            artifact_filter=ArtifactFilter(
                key=ArtifactFilterKey(any_=[key]),
                flow_run_id=ArtifactFilterFlowRunId(any_=[UUID(str(runtime.flow_run.id))]),
            ),
            limit=1,
        )
    return bool(found)
