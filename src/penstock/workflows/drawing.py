"""A workflow for people: as text in a terminal, and as a Mermaid diagram."""

from __future__ import annotations

from penstock.model import Condition
from penstock.workflows.definition import WebhookTo
from penstock.workflows.wire import Wire
from penstock.workflows.workflow import Workflow

__all__ = ["draw_mermaid", "draw_text"]

SHAPES = {"judge": ("[", "]"), "gate": ("{", "}"), "effect": ("[[", "]]")}
"""A judge is a box, the gate a rhombus, an effect a box with double sides."""


def draw_text(workflow: Workflow) -> str:
    """Return what the workflow says: its facts, its steps as a table, and the order they run in."""
    facts = [
        ("workflow", workflow.label),
        ("about", workflow.description or "-"),
        ("dataset", workflow.dataset),
        ("landing", f"{workflow.landing.uri} ({workflow.landing.pattern})"),
        ("contract", workflow.contract),
        ("asks if", " or ".join(_condition(one) for one in workflow.gate.ask_if)),
        ("proof", workflow.gate.proof),
        ("in order", "yes" if workflow.in_order else "no"),
        ("publish", workflow.publish.table),
        ("stewards", ", ".join(workflow.stewards)),
        (
            "notify",
            ", ".join(
                f"webhook ({one.url_env})" if isinstance(one, WebhookTo) else one.kind
                for one in workflow.notify
            ),
        ),
        ("history", f"{workflow.history.limit} batches"),
        ("source", workflow.source),
        ("digest", workflow.digest),
    ]
    width = max(len(name) for name, _ in facts)
    lines = [f"{name:<{width}}  {_plain(value)}" for name, value in facts]
    runs = " -> ".join(
        layer[0] if len(layer) == 1 else f"({', '.join(layer)})" for layer in workflow.layers
    )
    return "\n".join([*lines, "", *_table(workflow), "", runs]) + "\n"


def draw_mermaid(workflow: Workflow) -> str:
    """Return the steps and their needs as a Mermaid flowchart."""
    # NOTE: Nodes are numbered: a step may be called `end`, which is a word of Mermaid's own.
    ids = {wire.step: f"s{number}" for number, wire in enumerate(workflow.wires)}
    lines = ["flowchart LR"]
    for wire in workflow.wires:
        left, right = SHAPES[wire.role]
        lines.append(f'    {ids[wire.step]}{left}"{wire.step}"{right}')
    lines += [
        f"    {ids[need]} --> {ids[wire.step]}"
        for wire in workflow.wires
        for need in workflow.step(wire.step).needs
    ]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Return text as one line, without the codes that would colour or clear a terminal."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))


def _condition(condition: Condition) -> str:
    value = condition.value
    shown = f"[{', '.join(value)}]" if isinstance(value, tuple) else str(value)
    return f"{condition.field} {condition.op} {shown}"


def _table(workflow: Workflow) -> list[str]:
    head = ("step", "agent", "role", "needs", "retries", "timeout", "on error")
    rows = [head, *(_row(workflow, wire) for wire in workflow.wires)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _row(workflow: Workflow, wire: Wire) -> tuple[str, ...]:
    step = workflow.step(wire.step)
    return (
        step.name,
        wire.agent,
        wire.role,
        ", ".join(step.needs) or "-",
        str(step.retries),
        f"{step.timeout_s:g} s",
        step.on_error,
    )
