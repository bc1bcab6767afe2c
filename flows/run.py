"""One batch going through its workflow: the declared steps in their order, once each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from prefect import get_run_logger
from prefect.futures import PrefectFuture

from penstock.agents import AGENTS, SPECS, Brief, GateGiven
from penstock.errors import PenstockError
from penstock.flows.gate import pass_gate
from penstock.flows.journal import keep
from penstock.model import BatchId, Claim, Ingested, Published, Release, Reported, Value, Verdict
from penstock.notify import Target
from penstock.tasks import StepCall, build_task
from penstock.tools import Tools
from penstock.workflows import LoadedWorkflow, Step, fill

__all__ = ["BatchRun", "run_steps"]


@dataclass(frozen=True, kw_only=True)
class BatchRun:
    """A claim, and everything that is fixed while it is worked on."""

    tools: Tools
    loaded: LoadedWorkflow
    release: Release
    claim: Claim
    targets: tuple[Target, ...]
    flow_run: str
    may_suspend: bool
    outputs: dict[str, Value | None] = field(default_factory=dict[str, Value | None])

    @property
    def batch(self) -> BatchId:
        """The batch's id, or the claim's digest while the content was not read."""
        for output in self.outputs.values():
            if isinstance(output, Ingested):
                return output.batch
        return BatchId(self.claim.digest)


def run_steps(run: BatchRun) -> Published | None:
    """Carry out the workflow. None means that the batch is held and a steward must be asked.

    Steps whose needs are met run side by side. What was already done under the same release
    comes from the cache, and effects look before they act: running a batch again is safe.
    """
    try:
        for layer in run.loaded.workflow.layers:
            if not _run_layer(run, layer):
                return None
    except Exception:
        _settle(run)
        raise
    return _settle(run)


def _run_layer(run: BatchRun, layer: Sequence[str]) -> bool:
    """Run steps side by side; False when the batch is held."""
    steps = [run.loaded.workflow.step(name) for name in layer]
    futures = {step: _submit(run, step) for step in steps if SPECS[step.agent].role != "gate"}
    for step, future in futures.items():
        output = run.outputs[step.name] = _collect(run, step, future)
        if output is not None and not isinstance(output, Published):
            _keep(run, output)
    for step in steps:
        if SPECS[step.agent].role == "gate":
            verdict = _ask(run, step)
            if verdict is None:
                return False
            run.outputs[step.name] = verdict
    return True


def _settle(run: BatchRun) -> Published | None:
    """Record how the batch ended, if it did.

    This comes after the last step: a batch whose process died between publishing and notifying
    is not settled yet, so that the next drain takes it up and those who wait are told.
    """
    for output in run.outputs.values():
        if isinstance(output, Published):
            _keep(run, output)
            return output
    return None


def _keep(run: BatchRun, output: Value) -> None:
    keep(run.tools.ledger, run.claim, run.release.id, output, earlier=run.outputs.values())


def _submit(run: BatchRun, step: Step) -> PrefectFuture[dict[str, Any]] | None:
    """Start a step; None when what it cannot do without was skipped."""
    workflow, agent = run.loaded.workflow, AGENTS[step.agent]
    try:
        given = fill(agent.spec, workflow.fills(step.name), run.outputs, claim=run.claim)
    except ValueError as exc:
        get_run_logger().warning("Step %s is left out: %s", step.name, exc)
        return None
    brief = Brief(
        step=step.name,
        agent=agent.spec.label,
        workflow=workflow,
        contract=run.loaded.contract,
        release=run.release,
        claim=run.claim,
    )
    task = build_task(step, agent, brief=brief, tools=run.tools, targets=run.targets)
    call = StepCall(
        batch=run.batch,
        release=run.release.id,
        step=step.name,
        agent=agent.spec.label,
        given=given.model_dump(mode="json"),
    )
    return task.submit(call)


def _collect(
    run: BatchRun, step: Step, future: PrefectFuture[dict[str, Any]] | None
) -> Value | None:
    if future is None:
        return None
    try:
        made = future.result()
    except Exception as exc:
        if step.on_error != "skip":
            raise
        reason = str(exc) if isinstance(exc, PenstockError) else type(exc).__name__
        get_run_logger().warning("Step %s failed and is left out: %s", step.name, reason)
        run.tools.ledger.audit(
            kind="step.skipped",
            subject=f"batch:{run.batch}",
            body={"step": step.name, "reason": reason},
        )
        return None
    return SPECS[step.agent].gives.model_validate(made)


def _ask(run: BatchRun, step: Step) -> Verdict | None:
    given = fill(
        SPECS[step.agent], run.loaded.workflow.fills(step.name), run.outputs, claim=run.claim
    )
    reported: Reported = GateGiven.model_validate(given).reported
    return pass_gate(
        reported,
        tools=run.tools,
        claim=run.claim,
        release=run.release,
        targets=run.targets,
        flow_run=run.flow_run,
        may_suspend=run.may_suspend,
    )
