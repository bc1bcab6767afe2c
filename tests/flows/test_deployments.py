"""`prefect.yaml` and `penstock up` describe the same deployments."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.deployments.runner import RunnerDeployment
from prefect.utilities.importtools import import_object
from ruamel.yaml import YAML

from penstock.flows import build_deployments
from penstock.orchestration import BATCH_DEPLOYMENT, DRAIN_DEPLOYMENT, WORK_POOL

FILE = Path(__file__).parents[2] / "prefect.yaml"
NAMES = ("drain", "process-batch")


def _declared() -> dict[str, dict[str, Any]]:
    document = YAML(typ="safe").load(FILE.read_text())
    return {one["name"]: one for one in document["deployments"]}


def _built() -> dict[str, RunnerDeployment]:
    interval = timedelta(seconds=_declared()["drain"]["schedules"][0]["interval"])
    made = build_deployments(drain_every=interval, environment={"PENSTOCK_HOME": "/home"})
    return {one.name: one for one in made}


def test_both_declare_the_deployments_that_are_started_by_name() -> None:
    assert set(_declared()) == set(_built()) == set(NAMES)
    flows = {f"{one.flow_name}/{name}" for name, one in _built().items()}
    assert flows == {DRAIN_DEPLOYMENT, BATCH_DEPLOYMENT}


@pytest.mark.parametrize("name", NAMES)
def test_both_enter_through_the_same_module(name: str) -> None:
    entrypoint = _declared()[name]["entrypoint"]

    assert _built()[name].entrypoint == entrypoint
    assert import_object(entrypoint).name == name


@pytest.mark.parametrize("name", NAMES)
def test_both_limit_runs_alike(name: str) -> None:
    built = _built()[name]
    options = built.concurrency_options

    assert _declared()[name].get("concurrency_limit") == (
        None
        if built.concurrency_limit is None or options is None
        else {
            "limit": built.concurrency_limit,
            "collision_strategy": options.collision_strategy.value,
        }
    )


def test_only_the_drain_is_scheduled() -> None:
    assert [name for name, one in _declared().items() if one.get("schedules")] == ["drain"]
    assert [name for name, one in _built().items() if one.schedules] == ["drain"]


def test_the_declared_pool_is_the_one_that_workers_are_started_for() -> None:
    assert {one["work_pool"]["name"] for one in _declared().values()} == {WORK_POOL}


def test_workers_are_not_sent_into_the_folder_that_was_deployed_from() -> None:
    assert YAML(typ="safe").load(FILE.read_text())["pull"] == []
