"""The checks that make a workflow safe: its gate cannot be passed by, and nothing is overlooked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from penstock.model import Judged, Published, Reported
from penstock.workflows.agent import AgentSpec
from penstock.workflows.definition import Step
from penstock.workflows.graph import find_way, steps_before
from penstock.workflows.misfit import Misfit
from penstock.workflows.wire import Wire

__all__ = ["check_gate", "check_skips"]


def check_gate(steps: Sequence[Step], specs: Mapping[str, AgentSpec]) -> None:
    """Refuse steps without exactly one gate that every effect comes after and every judge before.

    Raises:
        Misfit: at the step that is in the wrong place.
    """
    needs = {step.name: step.needs for step in steps}
    gates = [step.name for step in steps if specs[step.name].role == "gate"]
    if not gates:
        raise Misfit(
            ("steps",),
            "No step is a gate.",
            remedy="Add the gate between the report and the first effect.",
        )
    if len(gates) > 1:
        raise Misfit(
            ("steps", [step.name for step in steps].index(gates[1]), "agent"),
            f"Steps {gates[0]!r} and {gates[1]!r} are both gates; a batch is decided on once.",
            remedy="Keep one of them.",
        )
    for index, step in enumerate(steps):
        if specs[step.name].role != "effect":
            continue
        way = find_way(needs, to=step.name, around=gates[0])
        if way is not None:
            raise Misfit(
                ("steps", index, "needs"),
                f"Step {step.name!r} can be reached around the gate {gates[0]!r}:"
                f" {' -> '.join(way)}.",
                remedy="Let it need only what comes after the gate.",
            )
    _check_seen(steps, specs, needs, gates[0])


def _check_seen(
    steps: Sequence[Step],
    specs: Mapping[str, AgentSpec],
    needs: Mapping[str, tuple[str, ...]],
    gate: str,
) -> None:
    """Refuse a judgement that nobody would look at: it would seem to guard, and would not."""
    before = steps_before(needs, gate)
    for index, step in enumerate(steps):
        spec = specs[step.name]
        if spec.role != "judge":
            continue
        if step.name not in before and gate not in steps_before(needs, step.name):
            raise Misfit(
                ("steps", index),
                f"Step {step.name!r} judges, but nothing that leads to the gate {gate!r} needs it.",
                remedy="Add it to the needs of a step before the gate, or take it away.",
            )
        takers = [specs[name].gives for name, its in needs.items() if step.name in its]
        seen = any(issubclass(gives, (Reported, Judged)) for gives in takers)
        if issubclass(spec.gives, Judged) and not seen:
            raise Misfit(
                ("steps", index),
                f"The findings of step {step.name!r} do not get into the evidence.",
                remedy="Add it to the needs of the step that reports.",
            )


def check_skips(
    steps: Sequence[Step], specs: Mapping[str, AgentSpec], wires: Mapping[str, Wire]
) -> None:
    """Refuse `on_error: skip` on the gate, on publishing, and where the output is needed.

    Raises:
        Misfit: at the first `on_error` that is refused.
    """
    held = {step.name for step in steps if step.on_error == "hold"}
    for index, step in enumerate(steps):
        if step.name in held:
            continue
        place = ("steps", index, "on_error")
        spec = specs[step.name]
        if spec.role == "gate" or issubclass(spec.gives, Published):
            raise Misfit(
                place,
                f"Step {step.name!r} may not be skipped: it"
                + (" is the gate." if spec.role == "gate" else " publishes."),
                remedy="Write on_error: hold.",
            )
        for other in wires.values():
            for one in other.fills:
                can_do_without = one.takes == "optional" or (
                    one.takes == "many" and any(need in held for need in one.needs)
                )
                if step.name in one.needs and not can_do_without:
                    raise Misfit(
                        place,
                        f"Step {step.name!r} may not be skipped: step {other.step!r} cannot do"
                        f" without it (input {one.field!r}).",
                        remedy="Write on_error: hold.",
                    )
