"""Flow: one batch, through its workflow, suspended where a steward must be asked."""

from __future__ import annotations

from time import sleep

from prefect import flow, runtime

from penstock.agents import SPECS
from penstock.errors import Conflict
from penstock.flows.work import Work
from penstock.landing import ClaimLog, Lease
from penstock.settings import read_settings
from penstock.tools import Tools
from penstock.workflows import open_config

__all__ = ["process_batch"]

LEASE_TRIES = 30
LEASE_PAUSE_S = 2.0


@flow(
    name="process-batch",
    flow_run_name="{workflow}#{sequence}",
    persist_result=True,
    result_serializer="json",
)
def process_batch(workflow: str, sequence: int) -> dict[str, str | int | None]:
    """Process one claimed batch; after a steward's decision the same run goes on here.

    Args:
        workflow: name of the workflow definition.
        sequence: position of the claim in the dataset's order of arrival.
    """
    tools = Tools(settings=read_settings())
    loaded = open_config(tools.settings.config_uri, agents=SPECS).load(workflow)
    flow_run = str(runtime.flow_run.id)
    work = Work(tools=tools, loaded=loaded, flow_run=flow_run, may_suspend=is_deployed())
    lease = _wait_for_lease(work.claims, sequence, owner=f"flow-run:{flow_run}")
    record = work.process(work.claims.read(sequence), lease)
    return record.model_dump(mode="json", include={"batch", "state", "rows_published", "snapshot"})


def is_deployed() -> bool:
    """True when this run belongs to a deployment: only such a run can suspend."""
    return runtime.deployment.id is not None


def _wait_for_lease(claims: ClaimLog, sequence: int, *, owner: str) -> Lease:
    for _ in range(LEASE_TRIES):
        lease = claims.acquire(sequence, owner=owner)
        if lease is not None:
            return lease
        sleep(LEASE_PAUSE_S)
    raise Conflict(
        f"Claim {sequence} is being worked on by another run.",
        remedy="Wait for that run, or for its lease to end, and retry this one.",
    )
