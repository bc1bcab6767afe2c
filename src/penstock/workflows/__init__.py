"""Workflow definitions: YAML, checked when loaded, a DAG that drives the run."""

from penstock.workflows.agent import AgentSpec
from penstock.workflows.conditions import reasons_to_ask
from penstock.workflows.definition import (
    Gate,
    HistoryUse,
    Landing,
    LogTo,
    NotifyTo,
    PublishTo,
    Step,
    WebhookTo,
)
from penstock.workflows.drawing import draw_mermaid, draw_text
from penstock.workflows.reading import read_workflow
from penstock.workflows.store import ConfigStore, LoadedAll, LoadedWorkflow, open_config
from penstock.workflows.wire import Fill, Wire
from penstock.workflows.wiring import fill, wire
from penstock.workflows.workflow import Workflow

__all__ = [
    "AgentSpec",
    "ConfigStore",
    "Fill",
    "Gate",
    "HistoryUse",
    "Landing",
    "LoadedAll",
    "LoadedWorkflow",
    "LogTo",
    "NotifyTo",
    "PublishTo",
    "Step",
    "WebhookTo",
    "Wire",
    "Workflow",
    "draw_mermaid",
    "draw_text",
    "fill",
    "open_config",
    "read_workflow",
    "reasons_to_ask",
    "wire",
]
