"""Each judged batch shows its evidence in the Prefect UI, once for each run."""

from __future__ import annotations

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact

from penstock.flows import drain
from workbench import Workbench, bad, good

pytestmark = pytest.mark.timeout(120)


def artifacts(key: str) -> list[Artifact]:
    with get_client(sync_client=True) as client:
        return client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
        )


def test_published_and_held_batches_have_one_artifact_each(bench: Workbench) -> None:
    bench.land("a.csv", good())
    bench.land("b.csv", bad())

    drain("orders")

    texts = []
    for record in bench.batches():
        (artifact,) = artifacts(f"evidence-{str(record.batch)[:12]}")
        assert record.page is not None
        assert record.page.uri in str(artifact.data)
        texts.append(str(artifact.data).splitlines()[0])
    assert texts == ["## May pass: nobody needs to be asked", "## Held: a steward must decide"]


def test_a_batch_goes_on_when_its_artifact_cannot_be_created(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_named: object) -> list[Artifact]:
        raise httpx.ConnectError("no server")

    monkeypatch.setattr(SyncPrefectClient, "read_artifacts", refuse)
    bench.land("a.csv", good())

    assert drain("orders") == {"published": 1}
