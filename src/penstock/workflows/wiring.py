"""Wiring: which output fills which input, in what order, and whether the gate can be passed by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin

from penstock.documents import suggest
from penstock.model import Claim, Value
from penstock.workflows.agent import AgentSpec
from penstock.workflows.definition import Step
from penstock.workflows.graph import find_cycle, sort_steps
from penstock.workflows.guard import check_gate, check_skips
from penstock.workflows.misfit import Misfit
from penstock.workflows.wire import Fill, Wire

__all__ = ["fill", "wire"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """What a field of an input model takes."""

    field: str
    type: type[Value]
    takes: Literal["one", "optional", "many"]


def wire(steps: Sequence[Step], agents: Mapping[str, AgentSpec]) -> tuple[Wire, ...]:
    """Return the steps in the order they run: topological, else as they are written.

    Raises:
        Misfit: at the first place, as `("steps", 2, "needs", 0)`, that cannot run or is not safe:
            a name that is taken or unknown, a cycle, types that do not fit, an effect that can be
            reached around the gate, a judgement that the gate does not see.
    """
    specs = _find_agents(steps, agents)
    needs = _find_needs(steps)
    cycle = find_cycle(needs)
    if cycle is not None:
        index = _index(steps, cycle[0])
        raise Misfit(
            ("steps", index, "needs"),
            f"The steps run in a circle: {' -> '.join(cycle)}.",
            remedy="Take one of these needs away.",
        )
    wires = {
        step.name: Wire(
            step=step.name,
            agent=specs[step.name].label,
            role=specs[step.name].role,
            fills=_fill_fields(index, step, specs),
        )
        for index, step in enumerate(steps)
    }
    check_gate(steps, specs)
    check_skips(steps, specs, wires)
    return tuple(wires[name] for name in sort_steps(needs))


def fill(
    spec: AgentSpec, fills: Sequence[Fill], outputs: Mapping[str, Value | None], *, claim: Claim
) -> Value:
    """Return an agent's input, made from the outputs of its needs.

    The output of a skipped step is None: an optional field is then None, a field that takes many
    gets the others.

    Raises:
        KeyError: when a need has no output yet.
        ValueError: when a field would be left empty that the agent cannot do without.
    """
    if spec.takes is Claim:
        return claim
    given: dict[str, Value | tuple[Value, ...] | None] = {}
    for one in fills:
        there = tuple(value for need in one.needs if (value := outputs[need]) is not None)
        if not there and one.takes != "optional":
            raise ValueError(f"{spec.label} has no {one.field}: {', '.join(one.needs)} gave none.")
        given[one.field] = there if one.takes == "many" else there[0] if there else None
    return spec.takes.model_validate(given)


def _find_agents(steps: Sequence[Step], agents: Mapping[str, AgentSpec]) -> dict[str, AgentSpec]:
    specs: dict[str, AgentSpec] = {}
    for index, step in enumerate(steps):
        if step.name in specs:
            raise Misfit(
                ("steps", index, "name"),
                f"The name {step.name!r} is taken by steps[{_index(steps, step.name)}].",
                remedy="Give each step a name of its own.",
            )
        if step.agent not in agents:
            raise Misfit(
                ("steps", index, "agent"),
                f"Step {step.name!r} names the agent {step.agent!r}, which does not exist.",
                remedy=suggest(step.agent, agents),
            )
        specs[step.name] = agents[step.agent]
    return specs


def _find_needs(steps: Sequence[Step]) -> dict[str, tuple[str, ...]]:
    names = [step.name for step in steps]
    for index, step in enumerate(steps):
        for position, need in enumerate(step.needs):
            place = ("steps", index, "needs", position)
            if need not in names:
                raise Misfit(
                    place,
                    f"Step {step.name!r} needs {need!r}, which is no step.",
                    remedy=suggest(need, [name for name in names if name != step.name]),
                )
            if need in step.needs[:position]:
                raise Misfit(
                    place, f"Step {step.name!r} needs {need!r} twice.", remedy="Keep one of them."
                )
    return {step.name: step.needs for step in steps}


def _fill_fields(index: int, step: Step, specs: Mapping[str, AgentSpec]) -> tuple[Fill, ...]:
    spec = specs[step.name]
    place = ("steps", index, "needs")
    if spec.takes is Claim:
        if step.needs:
            raise Misfit(
                (*place, 0),
                f"Step {step.name!r} needs {step.needs[0]!r}, but {spec.label} is a first step:"
                " it takes only the claim.",
                remedy="Write needs: [].",
            )
        return ()
    slots = _slots(spec)
    taken: dict[str, list[str]] = {slot.field: [] for slot in slots}
    for position, need in enumerate(step.needs):
        gives = specs[need].gives
        fields = [slot.field for slot in slots if gives is slot.type]
        fields = fields or [slot.field for slot in slots if issubclass(gives, slot.type)]
        if len(fields) != 1:
            _refuse_need((*place, position), step, need, specs, fields)
        taken[fields[0]].append(need)
    for slot in slots:
        _check_slot(place, step, slot, taken[slot.field], specs)
    return tuple(
        Fill(field=slot.field, takes=slot.takes, needs=tuple(taken[slot.field])) for slot in slots
    )


def _slots(spec: AgentSpec) -> tuple[_Slot, ...]:
    slots: list[_Slot] = []
    for field, info in spec.takes.model_fields.items():
        takes: Literal["one", "optional", "many"] = "one"
        kind: object = info.annotation
        inner = get_args(kind)
        if get_origin(kind) is tuple and len(inner) == 2 and inner[1] is Ellipsis:  # noqa: PLR2004 - T, ...
            takes, kind = "many", inner[0]
        elif get_origin(kind) in {Union, UnionType} and len(inner) == 2 and NoneType in inner:  # noqa: PLR2004 - T | None
            takes, kind = "optional", next(item for item in inner if item is not NoneType)
        if not (isinstance(kind, type) and issubclass(kind, Value)):
            raise TypeError(
                f"{spec.takes.__name__}.{field} must be T, T | None or tuple[T, ...] of a Value."
            )
        slots.append(_Slot(field=field, type=kind, takes=takes))
    return tuple(slots)


def _refuse_need(
    place: tuple[str | int, ...],
    step: Step,
    need: str,
    specs: Mapping[str, AgentSpec],
    fields: Sequence[str],
) -> None:
    spec, gives = specs[step.name], specs[need].gives.__name__
    if fields:
        raise Misfit(
            place,
            f"Step {step.name!r} needs {need!r}, but its output {gives} fits several inputs of"
            f" {spec.label}: {', '.join(fields)}.",
            remedy="Correct the agent: each output must fit one input.",
        )
    inputs = ", ".join(_describe(slot) for slot in _slots(spec)) or "nothing"
    raise Misfit(
        place,
        f"Step {step.name!r} needs {need!r}, but {spec.label} has no use for its output {gives};"
        f" it takes {inputs}.",
        remedy="Take this need away, or name a step that gives what is taken.",
    )


def _describe(slot: _Slot) -> str:
    name = slot.type.__name__
    return {"one": name, "optional": f"{name} or none", "many": f"one or more {name}"}[slot.takes]


def _check_slot(
    place: tuple[str | int, ...],
    step: Step,
    slot: _Slot,
    taken: Sequence[str],
    specs: Mapping[str, AgentSpec],
) -> None:
    label = specs[step.name].label
    if not taken and slot.takes != "optional":
        givers = [
            repr(name)
            for name, spec in specs.items()
            if issubclass(spec.gives, slot.type) and name != step.name
        ]
        raise Misfit(
            place,
            f"Step {step.name!r} lacks the input {slot.field!r} of {label}: none of its needs"
            f" gives {slot.type.__name__}.",
            remedy=f"Add {' or '.join(givers)} to its needs."
            if givers
            else f"Add a step that gives {slot.type.__name__}, and need it.",
        )
    if len(taken) > 1 and slot.takes != "many":
        raise Misfit(
            (*place, step.needs.index(taken[1])),
            f"Step {step.name!r} has {len(taken)} outputs for the input {slot.field!r} of {label},"
            f" which takes one: {', '.join(taken)}.",
            remedy="Keep one of them.",
        )


def _index(steps: Sequence[Step], name: str) -> int:
    return next(index for index, step in enumerate(steps) if step.name == name)
