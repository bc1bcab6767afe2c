"""Coordination: what runs when, and the gate. No data logic."""

from penstock.flows.deployments import build_deployments
from penstock.flows.drain import drain
from penstock.flows.process_batch import process_batch

__all__ = ["build_deployments", "drain", "process_batch"]
