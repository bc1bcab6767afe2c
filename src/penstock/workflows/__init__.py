"""Workflow definitions: YAML, checked when loaded, a DAG that drives the run."""
