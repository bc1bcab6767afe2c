"""Steps whose needs are met run side by side."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier
from typing import Any

import pytest

from penstock.agents import AGENTS, Brief
from penstock.flows import drain
from penstock.tools import Toolbox
from workbench import Workbench, good

pytestmark = pytest.mark.timeout(120)

MEETING_S = 20


@pytest.fixture
def meeting() -> Iterator[Barrier]:
    """Let validate and detect go on only once both have begun."""
    barrier = Barrier(2)
    agents = [AGENTS["validate"], AGENTS["detect"]]
    originals = [agent.decide for agent in agents]

    def meet(agent: int) -> Any:
        def decide(given: Any, brief: Brief, tools: Toolbox) -> Any:
            barrier.wait(MEETING_S)
            return originals[agent](given, brief, tools)

        return decide

    for number, agent in enumerate(agents):
        object.__setattr__(agent, "decide", meet(number))
    yield barrier
    for agent, original in zip(agents, originals, strict=True):
        object.__setattr__(agent, "decide", original)


def test_validate_and_detect_run_at_the_same_time(bench: Workbench, meeting: Barrier) -> None:
    bench.land("a.csv", good())

    assert drain("orders") == {"published": 1}

    assert not meeting.broken
    assert bench.published() == list(good())
