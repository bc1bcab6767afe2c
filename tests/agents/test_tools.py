"""An agent reaches only what it was handed."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.agents import AGENTS
from penstock.errors import NotAllowed
from penstock.settings import Settings
from penstock.tools import Tool, Tools

REACH = {
    Tool.OBJECTS: lambda box: box.objects,
    Tool.HISTORY: lambda box: box.history,
    Tool.REFERENCES: lambda box: box.references,
    Tool.LINEAGE: lambda box: box.lineage,
    Tool.EVIDENCE: lambda box: box.evidence,
    Tool.DECISIONS: lambda box: box.decisions,
    Tool.PUBLISHER: lambda box: box.publisher,
    Tool.EFFECTS: lambda box: box.effects,
    Tool.TARGETS: lambda box: box.targets,
    Tool.LANDING: lambda box: box.fetch(None, None),
}


def test_every_tool_is_tried_here() -> None:
    assert set(REACH) == set(Tool)


@pytest.mark.parametrize("tool", list(Tool))
def test_a_tool_outside_the_allowlist_is_refused_before_anything_is_opened(
    tool: Tool, tmp_path: Path
) -> None:
    tools = Tools(settings=Settings(home=tmp_path))
    others = frozenset(Tool) - {tool}

    with (
        tools.toolbox(others, targets=()) as box,
        pytest.raises(NotAllowed, match=f"reached for '{tool.value}'"),
    ):
        REACH[tool](box)

    assert [path.name for path in tmp_path.iterdir()] == ["scratch"]


@pytest.mark.parametrize("name", list(AGENTS))
def test_only_effects_may_write_outside(name: str) -> None:
    agent = AGENTS[name]
    writing = agent.tools & {Tool.PUBLISHER, Tool.EFFECTS, Tool.TARGETS}

    assert not writing or agent.spec.role == "effect"


def test_scratch_is_gone_after_the_step(tmp_path: Path) -> None:
    tools = Tools(settings=Settings(home=tmp_path))

    with tools.toolbox(frozenset(), targets=()) as box:
        (box.scratch / "x").touch()
        folder = box.scratch

    assert not folder.exists()
