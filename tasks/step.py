"""One step of a workflow as one Prefect task: retries, cache key, timeout, stored result."""

from __future__ import annotations

import logging
from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE, CacheKeyFnPolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.tasks import exponential_backoff

from penstock.agents import Agent, Brief
from penstock.errors import Transient
from penstock.model import BatchId, Digest, ReleaseId, Value, digest_of
from penstock.notify import Target
from penstock.tasks.results import result_shelf
from penstock.tools import Tools
from penstock.workflows import Step

__all__ = ["StepCall", "build_task"]

logging.getLogger("prefect.task_runs").addFilter(
    # Prefect says at every task that its timeout does not interrupt a thread. Here that is meant:
    # a step that took too long fails when it comes back.
    lambda record: not str(record.msg).startswith("Timeout of %s seconds configured")
)

JITTER = 0.5
"""Share by which a retry's delay varies, so that many batches don't come back at once."""


class StepCall(Value):
    """What a step is called with, and all that its cache key is made of."""

    batch: BatchId | Digest
    """The batch, or the claim's digest before the batch is known."""
    release: ReleaseId
    step: str
    agent: str
    given: dict[str, Any]
    """The agent's input as JSON: values and references, never rows."""

    @property
    def key(self) -> Digest:
        """Digest of batch, release, step, agent and input."""
        return digest_of(self, tag="penstock/step/1")


def build_task(
    step: Step, agent: Agent[Any, Any], *, brief: Brief, tools: Tools, targets: tuple[Target, ...]
) -> Task[[StepCall], dict[str, Any]]:
    """Return the task of a step. It takes a `StepCall` and gives the agent's output as JSON.

    Judging steps are cached by `StepCall.key`. Effects never are: they look for themselves.
    """

    def run(call: StepCall) -> dict[str, Any]:
        given = agent.spec.takes.model_validate(call.given)
        with tools.toolbox(agent.tools, targets=targets) as toolbox:
            made: Value = agent.decide(given, brief, toolbox)
        return made.model_dump(mode="json")

    is_effect = agent.spec.role == "effect"
    return Task(
        run,
        name=step.name,
        description=(agent.decide.__doc__ or "").strip(),
        version=agent.spec.label,
        tags=[brief.workflow.dataset],
        task_run_name=f"{step.name} {brief.claim.dataset}#{brief.claim.sequence}",
        cache_policy=NO_CACHE if is_effect else CacheKeyFnPolicy(cache_key_fn=_cache_key),
        persist_result=True,
        result_serializer="json",
        result_storage=result_shelf(tools.settings.store_uri),
        cache_result_in_memory=False,
        retries=step.retries,
        retry_delay_seconds=exponential_backoff(backoff_factor=step.retry_delay_s),
        retry_jitter_factor=JITTER,
        retry_condition_fn=_is_transient,
        timeout_seconds=step.timeout_s,
    )


def _cache_key(_context: TaskRunContext, parameters: dict[str, Any]) -> str:
    call: StepCall = parameters["call"]
    return f"{call.step}-{call.key}"


def _is_transient(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    # NOTE: must stay a plain function; Prefect never calls a bound method or callable object.
    error = state.result(raise_on_failure=False, _sync=True)
    return isinstance(error, Transient)
