"""Any graph of steps: what is accepted can run, and cannot get around the gate."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model import Claim, Value
from penstock.workflows import AgentSpec, Step, wire
from penstock.workflows.graph import find_cycle, find_way, layers_of, sort_steps, steps_before
from penstock.workflows.misfit import Misfit


class Thing(Value):
    """What every agent here takes and gives."""


class Things(Value):
    things: tuple[Thing, ...]


def spec(name: str, takes: type[Value], role: Literal["judge", "gate", "effect"]) -> AgentSpec:
    return AgentSpec(name=name, version=1, takes=takes, gives=Thing, role=role)


AGENTS = {
    "start": spec("start", Claim, "judge"),
    "judge": spec("judge", Things, "judge"),
    "gate": spec("gate", Things, "gate"),
    "effect": spec("effect", Things, "effect"),
}


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """Any graph over up to seven names, in any order, cycles included."""
    names = draw(st.permutations([f"s{number}" for number in range(draw(st.integers(1, 7)))]))
    return {
        name: tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=3)))
        for name in names
    }


@st.composite
def acyclic(draw: st.DrawFn) -> tuple[Step, ...]:
    """Steps of a graph without cycles, one of them the gate, written in any order."""
    count = draw(st.integers(3, 8))
    gate = draw(st.integers(1, count - 2))
    steps = []
    for number in range(count):
        earlier = [f"s{other}" for other in range(number)]
        # Mostly a line with a few more edges: else hardly any would be accepted.
        needs = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=2)) if earlier else []
        if number and not needs and draw(st.booleans()):
            needs = [f"s{number - 1}"]
        if number > gate:
            needs = [need for need in needs if int(need[1:]) >= gate] or (
                needs if draw(st.booleans()) else [f"s{gate}"]
            )
        later = draw(st.sampled_from(["judge", "effect", "effect"]))
        agent = "gate" if number == gate else "judge" if number < gate else later
        agent = agent if needs else "start"
        steps.append(Step(name=f"s{number}", agent=agent, needs=tuple(needs)))
    return tuple(draw(st.permutations(steps)))


def ways_to(steps: tuple[Step, ...], name: str) -> list[list[str]]:
    """Write out every way from a first step: the slow and plain truth."""
    needs = next(step.needs for step in steps if step.name == name)
    if not needs:
        return [[name]]
    return [[*way, name] for need in needs for way in ways_to(steps, need)]


@given(steps=acyclic())
def test_accepted_steps_run_after_their_needs_and_pass_the_gate(steps: tuple[Step, ...]) -> None:
    try:
        wires = wire(steps, AGENTS)
    except Misfit:
        wires = None

    roles = {step.name: AGENTS[step.agent].role for step in steps}
    gates = [name for name, role in roles.items() if role == "gate"]
    around = [
        way
        for name, role in roles.items()
        if role == "effect"
        for way in ways_to(steps, name)
        if not set(way) & set(gates)
    ]
    unseen = [
        name
        for name, role in roles.items()
        if role == "judge"
        and not any(name in way for gate in gates for way in ways_to(steps, gate))
        and not any(set(way) & set(gates) for way in ways_to(steps, name))
    ]

    assert (wires is not None) == (len(gates) == 1 and not around and not unseen)
    if wires is not None:
        place = {one.step: position for position, one in enumerate(wires)}
        assert sorted(place) == sorted(roles)
        assert all(place[need] < place[step.name] for step in steps for need in step.needs)
        for step, one in ((step, wires[place[step.name]]) for step in steps):
            assert sorted(need for fill in one.fills for need in fill.needs) == sorted(step.needs)


@given(needs=graphs())
def test_cycle_is_found_exactly_when_there_is_one(needs: dict[str, tuple[str, ...]]) -> None:
    cycle = find_cycle(needs)

    has_one = any(name in steps_before(needs, name) for name in needs)
    assert (cycle is not None) == has_one
    if cycle is None:
        order = sort_steps(needs)
        assert all(order.index(need) < order.index(name) for name in needs for need in needs[name])
    else:
        assert cycle[0] == cycle[-1]
        assert len(set(cycle)) == len(cycle) - 1
        assert all(one in needs[next_] for one, next_ in pairwise(cycle))


def test_layers_hold_every_step_once_and_after_its_needs() -> None:
    needs = {"d": ("b", "c"), "b": ("a",), "c": (), "a": ()}

    assert layers_of(needs) == (("c", "a"), ("b",), ("d",))


@pytest.mark.parametrize(
    ("to", "way"), [("d", ("c", "d")), ("b", None), ("a", ("a",)), ("gate", None)]
)
def test_way_around_is_the_shortest(to: str, way: tuple[str, ...] | None) -> None:
    needs = {"a": (), "c": (), "gate": ("a",), "b": ("gate",), "e": ("c",), "d": ("b", "e", "c")}

    assert find_way(needs, to=to, around="gate") == way
