"""Calls to Prefect's API. A busy SQLite server answers 503 now and then: every call is retried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic, sleep
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import State
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import get_current_settings
from prefect.states import Scheduled
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random_exponential

from penstock.errors import Conflict, NotFound, StoreUnavailable

__all__ = [
    "BATCH_DEPLOYMENT",
    "DRAIN_DEPLOYMENT",
    "WORK_POOL",
    "deploy",
    "has_server",
    "is_waiting",
    "resume_run",
    "spawn_batch_run",
    "start_run",
    "wait_for_run",
    "wake_run",
]

BATCH_DEPLOYMENT = "process-batch/process-batch"
DRAIN_DEPLOYMENT = "drain/drain"
WORK_POOL = "penstock"

HTTP_SERVER_ERROR = 500

NO_FORM_YET = "schema not found"
"""What Prefect says for the moment between a run's suspension and the arrival of its form."""


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, StoreUnavailable):
        return True
    if isinstance(error, PrefectHTTPStatusError):
        return error.response.status_code >= HTTP_SERVER_ERROR
    return isinstance(error, httpx.TransportError)


_patiently = retry(
    retry=retry_if_exception(_may_pass),
    wait=wait_random_exponential(multiplier=0.2, max=5),
    stop=stop_after_attempt(8),
    reraise=True,
)


def has_server() -> bool:
    """True when an address of a Prefect server is set; without one each client starts its own."""
    return bool(get_current_settings().api.url)


def is_waiting(flow_run: str) -> bool:
    """True when a run is suspended or about to start, and so will come back to its batch."""
    with get_client(sync_client=True) as client:
        try:
            state = _read_state(client, UUID(flow_run))
        except ObjectNotFound:
            return False
    return state is not None and (state.is_paused() or state.is_scheduled() or state.is_pending())


def wake_run(flow_run: str) -> None:
    """Let a suspended run go on without an answer; nothing happens to a run in another state."""
    with get_client(sync_client=True) as client:
        state = _read_state(client, UUID(flow_run))
        if state is not None and state.is_paused():
            _schedule(client, UUID(flow_run))


@_patiently
def _schedule(client: SyncPrefectClient, flow_run: UUID) -> None:
    client.set_flow_run_state(flow_run, Scheduled(name="Resuming"))


def spawn_batch_run(*, workflow: str, sequence: int, idempotency_key: str) -> str | None:
    """Start a run of the `process-batch` deployment; None when it was never deployed."""
    with get_client(sync_client=True) as client:
        try:
            return _spawn(client, workflow, sequence, idempotency_key)
        except ObjectNotFound:
            return None


@_patiently
def _spawn(client: SyncPrefectClient, workflow: str, sequence: int, idempotency_key: str) -> str:
    deployment = client.read_deployment_by_name(BATCH_DEPLOYMENT)
    run = client.create_flow_run_from_deployment(
        deployment.id,
        parameters={"workflow": workflow, "sequence": sequence},
        idempotency_key=idempotency_key,
        state=Scheduled(),
    )
    return str(run.id)


def resume_run(flow_run: str, *, answer: dict[str, str]) -> None:
    """Wake a suspended run up, with the answer that its form asks for.

    Raises:
        NotFound: when Prefect no longer knows the run.
        Conflict: when the run is not suspended, or its form refuses the answer.
        StoreUnavailable: when the server does not answer.
    """
    with get_client(sync_client=True) as client:
        try:
            result = _resume(client, UUID(flow_run), answer)
        except ObjectNotFound as exc:
            raise NotFound(
                f"Prefect does not know flow run {flow_run}.",
                remedy="The next drain starts a new one for the batch.",
            ) from exc
        except httpx.HTTPError as exc:
            raise StoreUnavailable(
                f"Prefect's server did not resume flow run {flow_run}: {type(exc).__name__}.",
                remedy="Check PREFECT_API_URL and that the server runs, then try again.",
            ) from exc
    if result != "ACCEPT":
        raise Conflict(
            f"Flow run {flow_run} was not resumed: {result}.",
            remedy="If it is not suspended, the next drain picks the batch up.",
        )


@_patiently
def _resume(client: SyncPrefectClient, flow_run: UUID, answer: dict[str, str]) -> str:
    # NOTE: asked to resume a run that it does not know, the server breaks (500).
    client.read_flow_run(flow_run)
    result = client.resume_flow_run(flow_run, run_input=answer)
    if NO_FORM_YET in str(getattr(result.details, "reason", "")):
        raise StoreUnavailable(
            f"Flow run {flow_run} is suspended, but Prefect does not have its form yet.",
            remedy="Try again in a few seconds.",
        )
    return str(result.status.value)


@_patiently
def _read_state(client: SyncPrefectClient, flow_run: UUID) -> State | None:
    return client.read_flow_run(flow_run).state


@_patiently
def deploy(deployments: Sequence[RunnerDeployment]) -> None:
    """Create or update the work pool and these deployments in it."""
    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name=WORK_POOL, type="process"), overwrite=True)
    for deployment in deployments:
        deployment.apply(work_pool_name=WORK_POOL)


@_patiently
def start_run(deployment: str, parameters: Mapping[str, str | int | None]) -> str:
    """Start a run of a deployment, given as `flow/deployment`, and return its id."""
    with get_client(sync_client=True) as client:
        found = client.read_deployment_by_name(deployment)
        run = client.create_flow_run_from_deployment(found.id, parameters=dict(parameters))
    return str(run.id)


def wait_for_run(flow_run: str, *, timeout_s: float, pause_s: float = 0.5) -> State:
    """Return the state of a run as soon as it has ended or waits for a person.

    Raises:
        StoreUnavailable: when it has done neither in time.
    """
    end = monotonic() + timeout_s
    with get_client(sync_client=True) as client:
        while monotonic() < end:
            state = _read_state(client, UUID(flow_run))
            if state is not None and (state.is_final() or state.is_paused()):
                return state
            sleep(pause_s)
    raise StoreUnavailable(
        f"Flow run {flow_run} has not ended after {timeout_s:.0f} s.",
        remedy="Look at it in the Prefect UI: is a worker running, and what does it log?",
    )
