"""One batch going through its workflow: the declared steps in their order, once each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from penstock.agents import AGENTS, SPECS, Brief
from penstock.flows.gate import pass_gate
from penstock.flows.journal import keep
from penstock.tasks import StepCall, build_task
from prefect import get_run_logger
from prefect.futures import PrefectFuture

from penstock.errors import PenstockError
from penstock.model import BatchId, Claim, Published, Release, Reported, Value, Verdict
from penstock.notify import Target
from penstock.tools import Tools
from penstock.workflows import LoadedWorkflow, Step

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
    outputs: dict[str, Value] = field(default_factory=dict[str, Value])

    @property
    def batch(self) -> BatchId:
        """The batch's id, or the claim's digest while the content was not read."""
        for output in self.outputs.values():
            if hasattr(output, "batch"):
                return BatchId(output.batch)
        return BatchId(self.claim.digest)


def run_steps(run: BatchRun) -> Published | None:
    """Carry out the workflow. None means that the batch is held and a steward must be asked.

    Steps whose needs are met run side by side. What was already done under the same release
    comes from the cache, and effects look before they act: running a batch again is safe.
    """
    published: Published | None = None
    for layer in _layers(run.loaded.workflow.steps):
        futures = {step: _submit(run, step) for step in layer if SPECS[step.agent].role != "gate"}
        for step, future in futures.items():
            output = _collect(run, step, future)
            if output is not None:
                run.outputs[step.name] = output
                keep(run.tools.ledger, run.claim, run.release.id, output)
                published = output if isinstance(output, Published) else published
        for step in layer:
            if SPECS[step.agent].role == "gate":
                verdict = _ask(run, step)
                if verdict is None:
                    return None
                run.outputs[step.name] = verdict
    return published


def _layers(steps: tuple[Step, ...]) -> Iterator[list[Step]]:
    done: set[str] = set()
    waiting = list(steps)
    while waiting:
        layer = [step for step in waiting if done.issuperset(step.needs)]
        yield layer
        done.update(step.name for step in layer)
        waiting = [step for step in waiting if step not in layer]


def _submit(run: BatchRun, step: Step) -> PrefectFuture[dict[str, Any]] | None:
    given = _given(run, step)
    if given is None:
        return None
    agent = AGENTS[step.agent]
    brief = Brief(
        step=step.name,
        agent=agent.spec.label,
        workflow=run.loaded.workflow,
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
    return task.submit(call=call)


def _given(run: BatchRun, step: Step) -> Value | None:
    """Return the agent's input, or None when a need that cannot be missed was skipped."""
    takes = SPECS[step.agent].takes
    if takes is Claim:
        return run.claim
    given: dict[str, Any] = {}
    wiring: Mapping[str, tuple[str, ...]] = run.loaded.workflow.wiring[step.name]
    for name, needs in wiring.items():
        values = [run.outputs[need] for need in needs if need in run.outputs]
        is_many = str(takes.model_fields[name].annotation).startswith("tuple[")
        given[name] = tuple(values) if is_many else values[0] if values else None
    try:
        return takes(**given)
    except ValueError:
        get_run_logger().warning("Step %s is left out: what it needs was skipped.", step.name)
        return None


def _collect(
    run: BatchRun, step: Step, future: PrefectFuture[dict[str, Any]] | None
) -> Value | None:
    if future is None:
        return None
    try:
        made = future.result()
    except PenstockError as exc:
        if step.on_error != "skip":
            raise
        get_run_logger().warning("Step %s failed and is left out: %s", step.name, exc)
        run.tools.ledger.audit(
            kind="step.skipped",
            subject=f"batch:{run.batch}",
            body={"step": step.name, "reason": str(exc)},
        )
        return None
    return SPECS[step.agent].gives.model_validate(made)


def _ask(run: BatchRun, step: Step) -> Verdict | None:
    (need,) = run.loaded.workflow.wiring[step.name]["reported"]
    reported = run.outputs[need]
    assert isinstance(reported, Reported)  # noqa: S101 - the loader has checked the wiring
    return pass_gate(
        reported,
        tools=run.tools,
        claim=run.claim,
        release=run.release,
        targets=run.targets,
        flow_run=run.flow_run,
        may_suspend=run.may_suspend,
    )
