"""The deployments that `penstock up` and the demo create; `prefect.yaml` describes the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType

from penstock.flows.drain import drain
from penstock.flows.process_batch import process_batch

__all__ = ["build_deployments"]


def build_deployments(
    *, drain_every: timedelta | None, environment: Mapping[str, str] | None = None
) -> list[RunnerDeployment]:
    """Return the deployments: a drain, scheduled unless `drain_every` is None, and a batch's.

    Runs have the environment of their worker. `environment` comes on top, and can be read by
    whoever sees the deployment in Prefect: no secrets there.
    """
    variables = {"env": dict(environment or {})}
    return [
        RunnerDeployment.from_flow(
            drain,
            "drain",
            interval=drain_every,
            concurrency_limit=ConcurrencyLimitConfig(
                limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
            ),
            job_variables=variables,
            entrypoint_type=EntrypointType.MODULE_PATH,
        ),
        RunnerDeployment.from_flow(
            process_batch,
            "process-batch",
            job_variables=variables,
            entrypoint_type=EntrypointType.MODULE_PATH,
        ),
    ]
